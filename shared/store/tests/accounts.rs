//! People, their addresses and carts.

use std::sync::Arc;

use domain::{SessionId, cart::CartError, event::EventKind, user::Origin};
use emulator::{Fault, FaultKind, Service};
use store::{CreateUserError, EditError};

use crate::samples::{Bench, NOW};

#[tokio::test]
async fn a_user_is_found_by_id_and_by_address() {
    let bench = Bench::open().await;
    let user = bench.registered("abebe@example.com").await;
    assert_eq!(
        bench.store.find_user(user.id).await.unwrap(),
        Some(user.clone())
    );
    assert_eq!(
        bench
            .store
            .find_user_by_email("abebe@example.com")
            .await
            .unwrap(),
        Some(user)
    );
    assert_eq!(
        bench
            .store
            .find_user_by_email("nobody@example.com")
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn an_address_or_id_in_use_makes_no_account_and_no_event() {
    let bench = Bench::open().await;
    let first = bench.registered("abebe@example.com").await;
    let second = bench.user("abebe@example.com");
    let event = bench.event(EventKind::UserRegistered { user: second.id });
    let taken = bench.store.create_user(&second, &event).await;
    assert!(
        matches!(taken, Err(CreateUserError::EmailTaken)),
        "{taken:?}"
    );
    assert_eq!(bench.store.find_user(second.id).await.unwrap(), None);
    let mut third = bench.user("third@example.com");
    third.id = first.id;
    let taken = bench.store.create_user(&third, &event).await;
    assert!(matches!(taken, Err(CreateUserError::IdTaken)), "{taken:?}");
    assert_eq!(
        bench
            .store
            .find_user_by_email("third@example.com")
            .await
            .unwrap(),
        None
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_first_admins_at_once_one_is() {
    let bench = Arc::new(Bench::open().await);
    let tries = (0..8).map(|number| {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            let user = bench.user(&format!("admin-{number}@example.com"));
            let entry = bench.initialized(&user);
            bench.store.create_first_admin(&user, &entry).await
        })
    });
    let mut made = 0;
    for outcome in futures::future::join_all(tries).await {
        match outcome.unwrap() {
            Ok(()) => made += 1,
            Err(error) => assert!(matches!(error, CreateUserError::AdminExists), "{error:?}"),
        }
    }
    assert_eq!(made, 1);
    assert!(bench.store.has_first_admin().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_edits_at_once_all_count() {
    let bench = Arc::new(Bench::open().await);
    let things = bench.stocked(1, 100).await;
    let shopper = bench.shopper("abebe@example.com", &things, 1).await;
    let (product, variant) = (things[0].product.id, things[0].product.variants[0].id);
    let edits = (0..12).map(|_| {
        let bench = Arc::clone(&bench);
        let owner = shopper.user.id;
        tokio::spawn(async move {
            let add = |cart: &mut domain::cart::Cart| cart.add(product, variant, 1, 100, NOW);
            bench
                .store
                .edit_cart(owner, NOW, || bench.version(), add)
                .await
        })
    });
    for edit in futures::future::join_all(edits).await {
        edit.unwrap().unwrap();
    }
    let cart = bench
        .store
        .find_cart(shopper.user.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(cart.lines()[0].quantity, 13);
}

#[tokio::test]
async fn an_edit_whose_answer_was_lost_counts_once() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 100).await;
    let shopper = bench.shopper("abebe@example.com", &things, 1).await;
    let (product, variant) = (things[0].product.id, things[0].product.variants[0].id);
    // The first call reads the cart, the second writes it; the SDK then repeats the write.
    let lost = Fault {
        service: Service::Dynamodb,
        nth: 2,
        kind: FaultKind::LostAnswer,
        times: 1,
    };
    bench.wire.inject(lost).unwrap();
    bench
        .store
        .edit_cart(
            shopper.user.id,
            NOW,
            || bench.version(),
            |cart| cart.add(product, variant, 1, 100, NOW),
        )
        .await
        .unwrap();
    let cart = bench
        .store
        .find_cart(shopper.user.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(cart.lines()[0].quantity, 2);
}

#[tokio::test]
async fn a_refused_edit_changes_nothing() {
    let bench = Bench::open().await;
    let user = bench.registered("abebe@example.com").await;
    let refused = bench
        .store
        .edit_user(
            user.id,
            || bench.version(),
            |user| {
                user.open_session(SessionId(bench.id()), Origin::default(), NOW);
                Err::<(), _>("no")
            },
        )
        .await;
    assert!(matches!(refused, Err(EditError::Refused("no"))));
    assert_eq!(bench.store.find_user(user.id).await.unwrap(), Some(user));
    let nobody = bench.user("nobody@example.com");
    let missing = bench
        .store
        .edit_user(nobody.id, || bench.version(), |_| Ok::<_, CartError>(()))
        .await
        .unwrap();
    assert_eq!(missing, None);
}

#[tokio::test]
async fn an_account_is_read_at_once_whether_used_or_not() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let shopper = bench.shopper("abebe@example.com", &things, 1).await;
    let account = bench.store.find_account(shopper.user.id).await.unwrap();
    assert_eq!(account.user.as_ref(), Some(&shopper.user));
    assert_eq!(account.cart, Some(shopper.cart));
    assert_eq!(account.addresses.default_address(), Some(&shopper.address));
    let fresh = bench.registered("fresh@example.com").await;
    let account = bench.store.find_account(fresh.id).await.unwrap();
    assert_eq!(account.user, Some(fresh));
    assert_eq!(account.cart, None);
    assert!(account.addresses.listed().is_empty());
}
