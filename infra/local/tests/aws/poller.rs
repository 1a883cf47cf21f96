//! What Lambda would do with a queue.

use super::*;

/// Runs a poller over `Orders` until the queue and what it has in hand are empty of visible
/// messages, and gives the batches that `handle` saw.
async fn poll_once(bench: &Bench, handle: impl Fn(&str) -> Fate) -> Vec<Vec<String>> {
    let (close, stop) = watch::channel(false);
    let batches = std::sync::Mutex::new(Vec::new());
    let consumer = Consumer {
        function: "worker".to_owned(),
        queue: "Orders".to_owned(),
        batch_size: 10,
    };
    let work = poll(
        bench.backends.queues.clone(),
        &consumer,
        stop,
        |event: SqsEvent| {
            let fates: Vec<_> = event
                .records
                .iter()
                .map(|record| {
                    (
                        record.message_id.clone().unwrap(),
                        handle(record.body.as_deref().unwrap()),
                    )
                })
                .collect();
            let seen = event
                .records
                .iter()
                .map(|record| record.body.clone().unwrap())
                .collect();
            batches.lock().unwrap().push(seen);
            // Nothing else is visible now, so the poller stops when it has dealt with this batch.
            close.send_replace(true);
            async move {
                let mut response = SqsBatchResponse::default();
                for (id, fate) in fates {
                    match fate {
                        Fate::Done => {}
                        Fate::Failed => {
                            let mut failure = BatchItemFailure::default();
                            failure.item_identifier = id;
                            response.batch_item_failures.push(failure);
                        }
                        Fate::Stranger => {
                            let mut failure = BatchItemFailure::default();
                            failure.item_identifier = "stranger".to_owned();
                            response.batch_item_failures.push(failure);
                        }
                        Fate::Error => return Err("out of order"),
                        Fate::Panic => panic!("on purpose"),
                    }
                }
                Ok(response)
            }
        },
    );
    work.await.unwrap();
    batches.into_inner().unwrap()
}

#[derive(Clone, Copy)]
enum Fate {
    Done,
    Failed,
    Stranger,
    Error,
    Panic,
}

#[tokio::test]
async fn the_poller_deletes_what_succeeded_and_leaves_what_failed() {
    let bench = Bench::new().await;
    for body in ["one", "two", "three"] {
        bench.send(body).await;
    }
    let fate = |body: &str| {
        if body == "two" {
            Fate::Failed
        } else {
            Fate::Done
        }
    };
    assert_eq!(poll_once(&bench, fate).await, [["one", "two", "three"]]);
    assert_eq!(bench.depth("Orders"), (0, 1));

    bench.advance(180);
    assert_eq!(poll_once(&bench, |_| Fate::Done).await, [["two"]]);
    assert_eq!(bench.depth("Orders"), (0, 0));
}

#[tokio::test]
async fn an_error_a_panic_or_a_strange_answer_fails_the_whole_batch() {
    for fate in [Fate::Error, Fate::Panic, Fate::Stranger] {
        let bench = Bench::new().await;
        bench.send("one").await;
        bench.send("two").await;
        poll_once(&bench, |_| fate).await;
        assert_eq!(bench.depth("Orders"), (0, 2));
    }
}

#[tokio::test]
async fn the_poller_sleeps_until_something_is_sent() {
    let bench = Bench::new().await;
    let (batches, _) = tokio::join!(poll_once(&bench, |_| Fate::Done), bench.send("hello"));
    assert_eq!(batches, [["hello"]]);
}

#[tokio::test]
async fn the_poller_stops_when_told_and_refuses_a_queue_that_is_none() {
    let bench = Bench::new().await;
    let (close, stop) = watch::channel(false);
    let calls = AtomicUsize::new(0);
    let handle = |_: serde_json::Value| {
        calls.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, String>(serde_json::Value::Null) }
    };
    let mut consumer = Consumer {
        function: "worker".to_owned(),
        queue: "Orders".to_owned(),
        batch_size: 10,
    };
    let queues = &bench.backends.queues;
    let (ended, ()) = tokio::join!(
        poll(queues.clone(), &consumer, stop.clone(), handle),
        async {
            close.send_replace(true);
        }
    );
    ended.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 0);

    consumer.queue = "Unknown".to_owned();
    assert!(poll(queues.clone(), &consumer, stop, handle).await.is_err());
}

#[tokio::test]
async fn settling_wakes_what_failed_but_not_what_is_in_hand() {
    let bench = Bench::new().await;
    bench.send("one").await;
    let queues = bench.backends.queues.clone();
    poll_once(&bench, |_| {
        assert_eq!(queues.make_failed_visible().unwrap(), 0);
        Fate::Failed
    })
    .await;
    assert_eq!(bench.depth("Orders"), (0, 1));
    assert_eq!(queues.make_failed_visible().unwrap(), 1);
    assert_eq!(bench.depth("Orders"), (1, 0));
}
