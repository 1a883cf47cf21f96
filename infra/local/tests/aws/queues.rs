//! SQS: receipts, timeouts, dead letters, batches, and what is refused.

use super::*;

#[tokio::test]
async fn a_message_is_handed_out_once_and_gone_when_deleted() {
    let bench = Bench::new().await;
    let id = bench.send("hello").await;
    assert_eq!(bench.depth("Orders"), (1, 0));

    let received = bench.receive("Orders").await;
    let [message] = received.as_slice() else {
        panic!("{received:?}")
    };
    assert_eq!(message.message_id(), Some(id.as_str()));
    assert_eq!(
        message.md5_of_body(),
        Some("5d41402abc4b2a76b9719d911017c592")
    );
    let attributes = message.attributes().unwrap();
    assert_eq!(
        attributes[&MessageSystemAttributeName::ApproximateReceiveCount],
        "1"
    );
    assert_eq!(
        attributes[&MessageSystemAttributeName::SentTimestamp],
        "1795435200000"
    );
    assert!(bench.receive("Orders").await.is_empty());
    assert_eq!(bench.depth("Orders"), (0, 1));

    bench.delete(message).await;
    bench.delete(message).await;
    assert_eq!(bench.depth("Orders"), (0, 0));
}

#[tokio::test]
async fn a_message_comes_back_when_the_clock_has_passed_its_timeout() {
    let bench = Bench::new().await;
    bench.send("hello").await;
    let first = bench.receive("Orders").await.remove(0);
    bench.advance(179);
    assert!(bench.receive("Orders").await.is_empty());
    bench.advance(1);
    let second = bench.receive("Orders").await.remove(0);
    let count = &second.attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount];
    assert_eq!(count, "2");

    // The first receipt is worth nothing any more.
    bench.delete(&first).await;
    assert_eq!(bench.depth("Orders"), (0, 1));
    bench.delete(&second).await;
    assert_eq!(bench.depth("Orders"), (0, 0));
}

#[tokio::test]
async fn what_is_received_too_often_goes_to_the_dead_letters() {
    let bench = Bench::new().await;
    let id = bench.send("poison").await;
    for _ in 0..3 {
        assert_eq!(bodies(&bench.receive("Orders").await), ["poison"]);
        bench.advance(180);
    }
    assert!(bench.receive("Orders").await.is_empty());
    assert_eq!(
        (bench.depth("Orders"), bench.depth("Dead")),
        ((0, 0), (1, 0))
    );
    let dead = bench.backends.queues.dead_letters().unwrap();
    assert_eq!(
        (dead[0].message_id.as_str(), dead[0].received),
        (id.as_str(), 3)
    );
    assert_eq!(bodies(&bench.receive("Dead").await), ["poison"]);
}

#[tokio::test]
async fn a_batch_is_taken_but_for_its_bad_entries() {
    let bench = Bench::new().await;
    let entry = |id: &str, body: &str| {
        SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body(body)
            .build()
            .unwrap()
    };
    let send = |entries: Vec<SendMessageBatchRequestEntry>| {
        let request = bench.sqs.send_message_batch().queue_url(url("Orders"));
        request.set_entries(Some(entries)).send()
    };
    let sent = send(vec![
        entry("a", "one"),
        entry("b", "\u{1}"),
        entry("c", "two"),
    ])
    .await
    .unwrap();
    let good: Vec<_> = sent.successful().iter().map(|entry| entry.id()).collect();
    assert_eq!(good, ["a", "c"]);
    assert_eq!(sent.failed()[0].code(), "InvalidMessageContents");

    let received = bench.receive("Orders").await;
    assert_eq!(bodies(&received), ["one", "two"]);
    let deletion = |id: &str, receipt: &str| {
        DeleteMessageBatchRequestEntry::builder()
            .id(id)
            .receipt_handle(receipt)
            .build()
            .unwrap()
    };
    let deleted = bench
        .sqs
        .delete_message_batch()
        .queue_url(url("Orders"))
        .entries(deletion("a", received[0].receipt_handle().unwrap()))
        .entries(deletion("b", "nonsense"))
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.successful()[0].id(), "a");
    assert_eq!(deleted.failed()[0].code(), "ReceiptHandleIsInvalid");
    assert_eq!(bench.depth("Orders"), (0, 1));

    for (entries, code) in [
        (vec![], "EmptyBatchRequest"),
        (vec![entry("a", "x"); 2], "BatchEntryIdsNotDistinct"),
        (vec![entry("a b", "x")], "InvalidBatchEntryId"),
        (
            (0..11).map(|n| entry(&n.to_string(), "x")).collect(),
            "TooManyEntriesInBatchRequest",
        ),
    ] {
        let error = send(entries).await.unwrap_err();
        assert_eq!(
            error.code(),
            Some(format!("AWS.SimpleQueueService.{code}").as_str())
        );
    }
}

#[tokio::test]
async fn message_attributes_come_back_with_their_sum() {
    let bench = Bench::new().await;
    let stamp = MessageAttributeValue::builder()
        .data_type("Number")
        .string_value("1493147359900")
        .build()
        .unwrap();
    let request = bench
        .sqs
        .send_message()
        .queue_url(url("Orders"))
        .message_body("hello");
    let sent = request
        .message_attributes("timestamp", stamp)
        .send()
        .await
        .unwrap();
    // The sum that AWS answers for this attribute.
    let sum = Some("235c5c510d26fb653d073faed50ae77c");
    assert_eq!(sent.md5_of_message_attributes(), sum);

    let request = bench.sqs.receive_message().queue_url(url("Orders"));
    let received = request.message_attribute_names("All").send().await.unwrap();
    let message = &received.messages()[0];
    assert_eq!(message.md5_of_message_attributes(), sum);
    assert_eq!(
        message.message_attributes().unwrap()["timestamp"].data_type(),
        "Number"
    );
    assert_eq!(message.attributes(), None);
}

#[tokio::test]
async fn who_waits_is_woken_by_a_send_and_by_the_clock() {
    let bench = Bench::new().await;
    let wait = || {
        let request = bench
            .sqs
            .receive_message()
            .queue_url(url("Orders"))
            .wait_time_seconds(20);
        request.send()
    };
    let began = std::time::Instant::now();
    let (received, _) = tokio::join!(wait(), bench.send("hello"));
    assert_eq!(bodies(received.unwrap().messages()), ["hello"]);

    let (received, ()) = tokio::join!(wait(), async { bench.advance(180) });
    assert_eq!(bodies(received.unwrap().messages()), ["hello"]);
    // Whoever is not woken sees it too, but only when his 20 seconds are over.
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_message_can_be_delayed_given_back_and_held_longer() {
    let bench = Bench::new().await;
    let request = bench
        .sqs
        .send_message()
        .queue_url(url("Orders"))
        .message_body("later");
    request.delay_seconds(60).send().await.unwrap();
    assert!(bench.receive("Orders").await.is_empty());
    bench.advance(60);
    let message = bench.receive("Orders").await.remove(0);
    let hide = |secs: i32| {
        let request = bench
            .sqs
            .change_message_visibility()
            .queue_url(url("Orders"));
        let receipt = message.receipt_handle().unwrap();
        request
            .receipt_handle(receipt)
            .visibility_timeout(secs)
            .send()
    };
    hide(1_000).await.unwrap();
    bench.advance(999);
    assert!(bench.receive("Orders").await.is_empty());
    hide(0).await.unwrap();
    assert_eq!(bench.depth("Orders"), (1, 0));
    let error = hide(0).await.unwrap_err().into_service_error();
    assert!(error.is_message_not_inflight(), "{error:?}");
}

#[tokio::test]
async fn a_queue_tells_its_address_and_its_attributes_and_can_be_purged() {
    let bench = Bench::new().await;
    let found = bench
        .sqs
        .get_queue_url()
        .queue_name("Orders")
        .send()
        .await
        .unwrap();
    assert!(found.queue_url().unwrap().ends_with("/000000000000/Orders"));
    bench.send("hello").await;
    let request = bench.sqs.get_queue_attributes().queue_url(url("Orders"));
    let attributes = request
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .unwrap()
        .attributes
        .unwrap();
    assert_eq!(
        attributes[&QueueAttributeName::ApproximateNumberOfMessages],
        "1"
    );
    assert_eq!(
        attributes[&QueueAttributeName::RedrivePolicy],
        r#"{"deadLetterTargetArn":"arn:aws:sqs:local:000000000000:Dead","maxReceiveCount":3}"#
    );
    bench
        .sqs
        .purge_queue()
        .queue_url(url("Orders"))
        .send()
        .await
        .unwrap();
    assert_eq!(bench.depth("Orders"), (0, 0));
}

#[tokio::test]
async fn what_sqs_would_refuse_is_refused_in_its_words() {
    let bench = Bench::new().await;
    let sent = bench
        .sqs
        .send_message()
        .queue_url(url("Unknown"))
        .message_body("x")
        .send()
        .await;
    let error = sent.unwrap_err().into_service_error();
    assert!(error.is_queue_does_not_exist(), "{error:?}");
    assert_eq!(
        error.code(),
        Some("AWS.SimpleQueueService.NonExistentQueue")
    );

    let deletion = bench
        .sqs
        .delete_message()
        .queue_url(url("Orders"))
        .receipt_handle("nonsense");
    let error = deletion.send().await.unwrap_err().into_service_error();
    assert!(error.is_receipt_handle_is_invalid(), "{error:?}");

    let request = bench.sqs.receive_message().queue_url(url("Orders"));
    let error = request.max_number_of_messages(11).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    let error = bench.sqs.list_queues().send().await.unwrap_err();
    assert_eq!(error.code(), Some("UnknownOperationException"));
}
