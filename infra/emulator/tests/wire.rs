//! The wire counts exactly, and each fault does what it says.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, KeysAndAttributes, Put, TransactWriteItem, WriteRequest,
};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use emulator::{Fault, FaultKind, Service, Table, UNATTRIBUTED, Wire};

/// A table, a wire to it and a client over that wire.
struct Bench {
    table: Table,
    wire: Wire,
    client: Client,
}

impl Bench {
    async fn new() -> Self {
        let table = Table::memory().await.unwrap();
        let wire = Wire::new();
        let client = table.client_over(&wire);
        Self {
            table,
            wire,
            client,
        }
    }

    fn fail(&self, nth: u32, kind: FaultKind, times: u32) {
        self.wire
            .inject(Fault {
                service: Service::Dynamodb,
                nth,
                kind,
                times,
            })
            .unwrap();
    }

    async fn put(&self, key: &str) -> Result<(), String> {
        let key = AttributeValue::S(key.to_owned());
        let request = self
            .client
            .put_item()
            .table_name(self.table.name())
            .item("pk", key.clone())
            .item("sk", key);
        request.send().await.map(drop).map_err(|error| told(&error))
    }

    async fn put_both(&self, keys: [&str; 2]) -> Result<(), Vec<String>> {
        let mut request = self.client.transact_write_items();
        for key in keys {
            let key = AttributeValue::S(key.to_owned());
            let put = Put::builder()
                .table_name(self.table.name())
                .item("pk", key.clone())
                .item("sk", key)
                .build()
                .unwrap();
            request = request.transact_items(TransactWriteItem::builder().put(put).build());
        }
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let error = error.into_service_error();
                let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
                    panic!("{error:?}");
                };
                let reasons = cancelled.cancellation_reasons();
                Err(reasons
                    .iter()
                    .map(|reason| reason.code().unwrap().to_owned())
                    .collect())
            }
        }
    }

    /// Looks past the wire, so that looking neither counts nor fails.
    async fn holds(&self, key: &str) -> bool {
        get(&self.table.client(), self.table.name(), key).await
    }

    async fn sees(&self, key: &str) -> bool {
        get(&self.client, self.table.name(), key).await
    }
}

async fn get(client: &Client, table: &str, key: &str) -> bool {
    let key = AttributeValue::S(key.to_owned());
    let request = client
        .get_item()
        .table_name(table)
        .key("pk", key.clone())
        .key("sk", key);
    request.send().await.unwrap().item.is_some()
}

/// The service's error code, or what became of the connection.
fn told<E: ProvideErrorMetadata, R>(error: &aws_sdk_dynamodb::error::SdkError<E, R>) -> String {
    match error {
        aws_sdk_dynamodb::error::SdkError::DispatchFailure(_) => "no answer".to_owned(),
        other => other.code().unwrap_or("unknown").to_owned(),
    }
}

#[tokio::test]
async fn a_put_costs_its_write_unit_and_a_read_half_of_one() {
    let bench = Bench::new().await;
    let (outcome, cost) = bench.wire.measured(bench.put("A")).await;
    outcome.unwrap();
    assert_eq!((cost.read_units, cost.write_units), (0.0, 1.0));
    assert_eq!(cost.calls_of("dynamodb.PutItem"), 1);
    assert_eq!(cost.total_calls(), 1);

    let (_, cost) = bench.wire.measured(bench.sees("A")).await;
    assert_eq!((cost.read_units, cost.write_units), (0.5, 0.0));

    let (_, cost) = bench.wire.measured(bench.put_both(["B", "C"])).await;
    assert_eq!((cost.read_units, cost.write_units), (0.0, 4.0));
    let access = cost.accesses.first().unwrap();
    assert_eq!(
        (access.action.as_str(), access.resource.as_str()),
        ("dynamodb:PutItem", "merkato")
    );
}

#[tokio::test]
async fn an_access_tells_the_key_space_of_each_item_whatever_the_call() {
    let bench = Bench::new().await;
    let (client, table) = (&bench.client, bench.table.name());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let key = |pk: &str| {
        std::collections::HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text("K"))])
    };
    let query = |name: &str, pk: &str| {
        let query = client.query().table_name(table);
        let query = query.key_condition_expression("#pk = :pk AND #sk < :a");
        query
            .expression_attribute_names("#pk", format!("{name}pk"))
            .expression_attribute_names("#sk", format!("{name}sk"))
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":a", text("Z"))
    };
    let (_, cost) = bench
        .wire
        .measured(async {
            bench.put("PLAIN").await.unwrap();
            bench.put_both(["USER#1", "EMAIL#a#b"]).await.unwrap();
            bench.sees("USER#1").await;
            query("", "OUTBOX#1").send().await.unwrap();
            query("gsi1", "ORDER#1")
                .index_name("gsi1")
                .send()
                .await
                .unwrap();
            let wanted = KeysAndAttributes::builder().keys(key("USER#1"));
            let wanted = wanted.keys(key("CART#1")).build().unwrap();
            let get = client.batch_get_item().request_items(table, wanted);
            get.send().await.unwrap();
            let delete = DeleteRequest::builder().set_key(Some(key("EVENT#1")));
            let delete = WriteRequest::builder().delete_request(delete.build().unwrap());
            let write = client.batch_write_item();
            let write = write.request_items(table, vec![delete.build()]);
            write.send().await.unwrap();
        })
        .await;
    let accesses: Vec<_> = cost
        .accesses
        .iter()
        .map(|access| {
            let space = access.key_space.as_deref().unwrap_or("-");
            format!("{} {} {space}", access.action, access.resource)
        })
        .collect();
    let expected = [
        "dynamodb:BatchGetItem merkato CART#",
        "dynamodb:BatchGetItem merkato USER#",
        "dynamodb:BatchWriteItem merkato EVENT#",
        "dynamodb:GetItem merkato USER#",
        "dynamodb:PutItem merkato EMAIL#",
        "dynamodb:PutItem merkato PLAIN",
        "dynamodb:PutItem merkato USER#",
        "dynamodb:Query merkato OUTBOX#",
        "dynamodb:Query merkato/index/gsi1 ORDER#",
    ];
    assert_eq!(accesses, expected);
}

#[tokio::test]
async fn calls_in_sequence_are_round_trips_and_calls_at_once_are_one() {
    let bench = Bench::new().await;
    let (_, cost) = bench
        .wire
        .measured(async {
            bench.put("A").await.unwrap();
            bench.put("B").await.unwrap();
        })
        .await;
    assert_eq!((cost.total_calls(), cost.round_trips), (2, 2));

    let (_, cost) = bench
        .wire
        .measured(async { futures::join!(bench.put("A"), bench.put("B")) })
        .await;
    assert_eq!((cost.total_calls(), cost.round_trips), (2, 1));

    let (_, cost) = bench
        .wire
        .measured(async {
            let _ = futures::join!(bench.put("A"), bench.put("B"));
            let _ = futures::join!(bench.put("C"), bench.put("D"), bench.sees("A"));
        })
        .await;
    assert_eq!((cost.total_calls(), cost.round_trips), (5, 2));
}

#[tokio::test]
async fn the_ledger_sums_up_by_label_and_keeps_the_worst() {
    let bench = Bench::new().await;
    bench.wire.metered("shop", bench.put("A")).await.unwrap();
    bench
        .wire
        .metered("shop", async {
            bench.put("B").await.unwrap();
            bench.sees("B").await;
        })
        .await;
    bench.put("C").await.unwrap();

    let ledger = bench.wire.ledger();
    let [shop, outside] = ledger.as_slice() else {
        panic!("{ledger:?}")
    };
    assert_eq!(shop.label, "shop");
    assert_eq!((shop.requests, shop.aws_calls), (2, 3));
    assert_eq!((shop.round_trips, shop.round_trips_total), (2, 3));
    assert_eq!((shop.read_units, shop.write_units), (0.5, 2.0));
    assert_eq!(
        (outside.label.as_str(), outside.requests),
        (UNATTRIBUTED, 0)
    );
    assert_eq!(outside.write_units, 1.0);

    bench.wire.reset();
    assert!(bench.wire.ledger().is_empty());
}

#[tokio::test]
async fn a_request_within_a_request_counts_for_both() {
    let bench = Bench::new().await;
    let inner = bench.wire.metered("inner", bench.put("A"));
    let (_, outer) = bench.wire.measured(inner).await;
    assert_eq!(outer.total_calls(), 1);
    assert_eq!(bench.wire.ledger()[0].aws_calls, 1);
}

#[tokio::test]
async fn a_refused_call_does_nothing_and_the_sdk_calls_again() {
    let bench = Bench::new().await;
    bench.fail(1, FaultKind::Refused, 3);
    assert_eq!(bench.put("A").await, Err("no answer".to_owned()));
    assert!(!bench.holds("A").await);

    bench.fail(1, FaultKind::Refused, 1);
    let (outcome, cost) = bench.wire.measured(bench.put("A")).await;
    outcome.unwrap();
    assert_eq!((cost.total_calls(), cost.round_trips), (2, 2));
}

#[tokio::test]
async fn a_lost_answer_is_lost_after_the_work_was_done() {
    let bench = Bench::new().await;
    bench.fail(1, FaultKind::LostAnswer, 3);
    let (outcome, cost) = bench.wire.measured(bench.put("A")).await;
    assert_eq!(outcome, Err("no answer".to_owned()));
    assert!(bench.holds("A").await);
    assert_eq!(cost.write_units, 3.0);
}

#[tokio::test]
async fn throttling_is_the_tables_own_error() {
    let bench = Bench::new().await;
    bench.fail(1, FaultKind::Throttled, 3);
    assert_eq!(
        bench.put("A").await,
        Err("ProvisionedThroughputExceededException".to_owned())
    );
    bench.put("A").await.unwrap();
}

#[tokio::test]
async fn a_conflict_cancels_a_transaction_at_each_position() {
    let bench = Bench::new().await;
    bench.fail(1, FaultKind::Conflict, 1);
    let outcome = bench.put_both(["A", "B"]).await;
    assert_eq!(outcome, Err(vec!["TransactionConflict".to_owned(); 2]));
    assert!(!bench.holds("A").await);

    bench.fail(1, FaultKind::Conflict, 1);
    assert_eq!(
        bench.put("A").await,
        Err("TransactionConflictException".to_owned())
    );
}

#[tokio::test]
async fn a_read_passes_a_conflict_by() {
    let bench = Bench::new().await;
    bench.fail(1, FaultKind::Conflict, 1);
    assert!(!bench.sees("A").await);
    assert_eq!(
        bench.put("A").await,
        Err("TransactionConflictException".to_owned())
    );
}

#[tokio::test]
async fn faults_wait_for_their_turn_and_can_be_called_off() {
    let bench = Bench::new().await;
    bench.fail(2, FaultKind::Conflict, 2);
    let mut outcomes = Vec::new();
    for key in ["A", "B", "C", "D"] {
        outcomes.push(bench.put(key).await.is_ok());
    }
    assert_eq!(outcomes, [true, false, false, true]);

    bench.fail(1, FaultKind::Conflict, 1);
    bench.wire.clear_faults();
    bench.put("E").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_comes_three_seconds_late() {
    let wire = Wire::new();
    wire.inject(Fault {
        service: Service::Sqs,
        nth: 1,
        kind: FaultKind::Slow,
        times: 1,
    })
    .unwrap();
    let began = tokio::time::Instant::now();
    let client = sqs(&wire);
    // Nobody listens at that address: how long it took to find out is what counts.
    client
        .delete_message()
        .queue_url("q")
        .receipt_handle("r")
        .send()
        .await
        .unwrap_err();
    assert!(began.elapsed().as_secs() >= 3);
}

#[tokio::test]
async fn each_service_throttles_in_its_own_protocol() {
    let wire = Wire::new();
    for service in [Service::Sqs, Service::Ses, Service::Eventbridge] {
        wire.inject(Fault {
            service,
            nth: 1,
            kind: FaultKind::Throttled,
            times: 1,
        })
        .unwrap();
    }
    let sent = sqs(&wire)
        .send_message()
        .queue_url("q")
        .message_body("hello")
        .send()
        .await;
    assert_eq!(sent.unwrap_err().code(), Some("RequestThrottled"));

    let config = aws_sdk_ses::Config::builder()
        .behavior_version(aws_sdk_ses::config::BehaviorVersion::latest())
        .region(aws_sdk_ses::config::Region::from_static("local"))
        .credentials_provider(Credentials::from_keys("local", "local", None))
        .endpoint_url("http://127.0.0.1:9")
        .http_client(wire.http_client())
        .retry_config(aws_sdk_ses::config::retry::RetryConfig::disabled())
        .build();
    let body = aws_sdk_ses::types::Content::builder()
        .data("hello")
        .build()
        .unwrap();
    let message = aws_sdk_ses::types::Message::builder()
        .subject(body.clone())
        .body(aws_sdk_ses::types::Body::builder().text(body).build())
        .build();
    let mail = aws_sdk_ses::Client::from_conf(config)
        .send_email()
        .source("shop@example.com")
        .destination(
            aws_sdk_ses::types::Destination::builder()
                .to_addresses("a@b.c")
                .build(),
        )
        .message(message)
        .send()
        .await;
    assert_eq!(mail.unwrap_err().code(), Some("Throttling"));

    let config = aws_sdk_eventbridge::Config::builder()
        .behavior_version(aws_sdk_eventbridge::config::BehaviorVersion::latest())
        .region(aws_sdk_eventbridge::config::Region::from_static("local"))
        .credentials_provider(Credentials::from_keys("local", "local", None))
        .endpoint_url("http://127.0.0.1:9")
        .http_client(wire.http_client())
        .retry_config(aws_sdk_eventbridge::config::retry::RetryConfig::disabled())
        .build();
    let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
        .event_bus_name("merkato")
        .source("shop")
        .detail_type("OrderPaid")
        .detail("{}")
        .build();
    let put = aws_sdk_eventbridge::Client::from_conf(config)
        .put_events()
        .entries(entry)
        .send()
        .await;
    assert_eq!(put.unwrap_err().code(), Some("ThrottlingException"));

    let ledger = wire.ledger();
    let accesses: Vec<_> = ledger[0]
        .accesses
        .iter()
        .map(|access| format!("{} {}", access.action, access.resource))
        .collect();
    let expected = [
        "events:PutEvents merkato",
        "ses:SendEmail shop@example.com",
        "sqs:SendMessage q",
    ];
    assert_eq!(accesses, expected);
}

#[test]
fn a_fault_that_could_never_strike_is_refused() {
    let wire = Wire::new();
    let fault = Fault {
        service: Service::Sqs,
        nth: 1,
        kind: FaultKind::Conflict,
        times: 1,
    };
    assert!(wire.inject(fault).is_err());
    assert!(
        wire.inject(Fault {
            kind: FaultKind::Slow,
            nth: 0,
            ..fault
        })
        .is_err()
    );
    assert!(
        wire.inject(Fault {
            kind: FaultKind::Slow,
            times: 0,
            ..fault
        })
        .is_err()
    );
}

#[test]
fn the_payment_gateways_faults_are_asked_for() {
    let wire = Wire::new();
    let fault = Fault {
        service: Service::Chapa,
        nth: 2,
        kind: FaultKind::Refused,
        times: 1,
    };
    wire.inject(fault).unwrap();
    assert_eq!(wire.next_fault(Service::Chapa), None);
    assert_eq!(wire.next_fault(Service::Chapa), Some(FaultKind::Refused));
    assert_eq!(wire.next_fault(Service::Chapa), None);
}

fn sqs(wire: &Wire) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
        .region(aws_sdk_sqs::config::Region::from_static("local"))
        .credentials_provider(Credentials::from_keys("local", "local", None))
        .endpoint_url("http://127.0.0.1:9")
        .http_client(wire.http_client())
        .retry_config(aws_sdk_sqs::config::retry::RetryConfig::disabled())
        .build();
    aws_sdk_sqs::Client::from_conf(config)
}

/// S3 is called without a client of the SDK.
#[tokio::test]
async fn objects_are_counted_by_their_bucket_and_the_part_they_are_in() {
    let wire = Wire::new();
    let call = async |method: &'static str, path: &str, source: Option<&'static str>| {
        let fault = Fault {
            service: Service::S3,
            nth: 1,
            kind: FaultKind::Throttled,
            times: 1,
        };
        wire.inject(fault).unwrap();
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_method(method).unwrap();
        let uri = format!("http://127.0.0.1:9/pictures/{path}");
        request.set_uri(uri.as_str()).unwrap();
        request.headers_mut().insert("x-amz-content-sha256", "e3b0");
        if let Some(source) = source {
            request.headers_mut().insert("x-amz-copy-source", source);
        }
        let answer = wire.connector().call(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), 503);
    };
    call("GET", "uploads/1", None).await;
    call("PUT", "images/7/1.png", Some("/pictures/uploads/1")).await;
    call("DELETE", "images/7/1.png", None).await;
    let ledger = wire.ledger();
    let accesses: Vec<_> = ledger[0]
        .accesses
        .iter()
        .map(|access| format!("{} {}", access.action, access.resource))
        .collect();
    let expected = [
        "s3:DeleteObject pictures/images/*",
        "s3:GetObject pictures/uploads/*",
        "s3:PutObject pictures/images/*",
    ];
    assert_eq!(accesses, expected);
}
