//! The outbox, and the consumer's memory.

use domain::event::EventKind;
use store::{Claim, OUTBOX_SHARDS};

use crate::samples::{Bench, NOW};

async fn waiting(bench: &Bench, until: domain::Timestamp) -> Vec<domain::event::Event> {
    let mut events = Vec::new();
    for shard in 0..OUTBOX_SHARDS {
        events.extend(bench.store.waiting_events(shard, until, 100).await.unwrap());
    }
    events
}

#[tokio::test]
async fn an_event_waits_until_it_is_forgotten() {
    let bench = Bench::open().await;
    let user = bench.registered("abebe@example.com").await;
    assert!(waiting(&bench, NOW).await.is_empty(), "it is too young");
    let events = waiting(&bench, NOW.plus_secs(60)).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].kind, EventKind::UserRegistered { user: user.id });
    let ids = [events[0].id.clone(), events[0].id.clone()];
    bench.store.forget_waiting(&ids).await.unwrap();
    bench.store.forget_waiting(&ids).await.unwrap();
    assert!(waiting(&bench, NOW.plus_secs(60)).await.is_empty());
}

#[tokio::test]
async fn an_event_is_claimed_by_one_and_remembered() {
    let bench = Bench::open().await;
    let user = bench.user("abebe@example.com");
    let id = bench.event(EventKind::UserRegistered { user: user.id }).id;
    assert_eq!(
        bench.store.claim_event(&id, NOW).await.unwrap(),
        Claim::Ours
    );
    assert_eq!(
        bench.store.claim_event(&id, NOW).await.unwrap(),
        Claim::Busy
    );
    let later = NOW.plus_secs(60);
    assert_eq!(
        bench.store.claim_event(&id, later).await.unwrap(),
        Claim::Ours,
        "its owner died"
    );
    bench.store.release_event(&id, later).await.unwrap();
    assert_eq!(
        bench.store.claim_event(&id, later).await.unwrap(),
        Claim::Ours,
        "given back"
    );
    bench.store.finish_event(&id, later).await.unwrap();
    let much_later = NOW.plus_secs(9_999);
    assert_eq!(
        bench.store.claim_event(&id, much_later).await.unwrap(),
        Claim::Done
    );
    bench.store.release_event(&id, much_later).await.unwrap();
    let claim = bench.store.claim_event(&id, much_later).await.unwrap();
    assert_eq!(claim, Claim::Done, "who was slow undoes nothing");
}
