//! What each pattern costs, as `docs/access-patterns.md` says.

mod images;
mod inventory;

use std::{collections::BTreeMap, convert::Infallible, future::Future};

use domain::{
    UserId, Version,
    cart::CartError,
    category::{Category, CategoryRefusal, CategoryTree},
    event::EventKind,
    location::Locations,
    order::{Actor, Due, Settlement, Supply},
    payment::{PaymentStatus, TxRef},
    stock::Location,
};
use store::{PageRequest, PaymentWrite, ProductFilter, StockedProduct, Store};

use crate::samples::{Bench, NOW};

const PAGE: &str = include_str!("../../../docs/access-patterns.md");

pub struct Meter<'a> {
    bench: &'a Bench,
    measured: BTreeMap<&'static str, (f64, f64)>,
}

impl Meter<'_> {
    async fn measure<T>(&mut self, function: &'static str, call: impl Future<Output = T>) -> T {
        let (answer, cost) = self.bench.wire.measured(call).await;
        self.measured
            .insert(function, (cost.read_units, cost.write_units));
        answer
    }
}

/// The figures of the page, by function.
fn documented() -> BTreeMap<String, (String, String)> {
    let rows = PAGE.lines().filter(|line| line.starts_with('|'));
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let function = cells.get(3)?.strip_prefix('`')?.strip_suffix('`')?;
        Some((
            function.to_owned(),
            ((*cells.get(5)?).to_owned(), (*cells.get(6)?).to_owned()),
        ))
    })
    .collect()
}

async fn shopper_version(store: &Store, user: UserId) -> Version {
    store.find_user(user).await.unwrap().unwrap().version
}

#[tokio::test]
async fn every_pattern_costs_what_the_page_says() {
    let bench = Bench::open().await;
    let things = bench.stocked(24, 100).await;
    let three = &things[..3];
    let shopper = bench.shopper("abebe@example.com", three, 1).await;
    let mut meter = Meter {
        bench: &bench,
        measured: BTreeMap::new(),
    };
    let store = &bench.store;
    let user = shopper.user.id;

    meter
        .measure("find_user", store.find_user(user))
        .await
        .unwrap();
    meter
        .measure(
            "find_user_by_email",
            store.find_user_by_email("abebe@example.com"),
        )
        .await
        .unwrap();
    meter
        .measure("has_first_admin", store.has_first_admin())
        .await
        .unwrap();
    let new = bench.user("new@example.com");
    let event = bench.event(EventKind::UserRegistered { user: new.id });
    meter
        .measure("create_user", store.create_user(&new, &event))
        .await
        .unwrap();
    let admin = bench.user("admin@example.com");
    meter
        .measure(
            "create_first_admin",
            store.create_first_admin(&admin, &bench.initialized(&admin)),
        )
        .await
        .unwrap();
    let edit = store.edit_user(
        user,
        || bench.version(),
        |user| {
            user.first_name = "Derartu".into();
            Ok::<_, CartError>(())
        },
    );
    meter.measure("edit_user", edit).await.unwrap();
    let changed = bench.event(EventKind::PasswordChanged { user });
    let edit = store.edit_user_telling(
        user,
        || bench.version(),
        |user| {
            user.sessions.clear();
            Ok::<_, CartError>(((), vec![changed.clone()]))
        },
    );
    meter.measure("edit_user_telling", edit).await.unwrap();
    let told = store.tell_owner("abebe@example.com", &changed);
    meter.measure("tell_owner", told).await.unwrap();
    meter
        .measure("find_users", store.find_users(&[user, new.id]))
        .await
        .unwrap();
    let page = PageRequest {
        limit: 3,
        after: None,
    };
    meter
        .measure("list_users", store.list_users(page, NOW))
        .await
        .unwrap();

    let attempts = bench.attempts("abebe@example.com");
    for (function, is_first) in [("", true), ("count_attempt", false)] {
        let counted = store.count_attempt(&attempts, NOW, || bench.version());
        let counted = meter.measure(function, counted).await;
        assert!(counted.is_ok() || is_first);
    }
    meter.measured.remove("");
    let back = store.take_attempt_back(&attempts, NOW, || bench.version());
    meter.measure("take_attempt_back", back).await.unwrap();
    meter
        .measure("forget_attempts", store.forget_attempts(&attempts))
        .await
        .unwrap();

    let roster = meter
        .measure("find_roster", store.find_roster())
        .await
        .unwrap();
    let (mut person, read) = (
        store.find_user(user).await.unwrap().unwrap(),
        roster.version,
    );
    let change = bench.granting(roster, &mut person);
    let granted = store.change_rights(&person, shopper_version(store, user).await, &change);
    meter.measure("change_rights", granted).await.unwrap();
    assert_ne!(read, change.roster.version);
    let both = PageRequest { limit: 2, ..page };
    meter
        .measure("list_audit", store.list_audit(both, NOW))
        .await
        .unwrap();
    let deleted = bench.event(EventKind::AccountDeleted {
        user: new.id,
        before: None,
    });
    meter
        .measure("delete_user", store.delete_user(&new, None, &deleted))
        .await
        .unwrap();
    meter
        .measure("forget_leftovers", store.forget_leftovers(new.id))
        .await
        .unwrap();

    meter
        .measure("find_addresses", store.find_addresses(user))
        .await
        .unwrap();
    let edit = store.edit_addresses(
        user,
        || bench.version(),
        |book| book.add(bench.address(), false),
    );
    meter.measure("edit_addresses", edit).await.unwrap();
    meter
        .measure("find_cart", store.find_cart(user))
        .await
        .unwrap();
    meter
        .measure("find_account", store.find_account(user))
        .await
        .unwrap();
    meter
        .measure("find_checkout", store.find_checkout(user))
        .await
        .unwrap();
    let line = &things[0].product;
    let edit = store.edit_cart(
        user,
        NOW,
        || bench.version(),
        |cart| cart.set(line.variants[0].id, 2, 100, NOW),
    );
    let (cart, ()) = meter.measure("edit_cart", edit).await.unwrap();

    let edit = store.edit_locations(
        || bench.version(),
        |locations| locations.rename(&Location::main(), "Bole".into()),
    );
    meter.measure("edit_locations", edit).await.unwrap();
    meter
        .measure("find_locations", store.find_locations())
        .await
        .unwrap();
    meter
        .measure("category_tree", store.category_tree())
        .await
        .unwrap();
    meter
        .measure("fresh_category_tree", store.fresh_category_tree())
        .await
        .unwrap();
    let category = bench.category("more", Some(line.category));
    meter
        .measure("create_category", store.create_category(&category))
        .await
        .unwrap();
    meter
        .measure("find_product", store.find_product(line.id))
        .await
        .unwrap();
    let ids: Vec<_> = three.iter().map(|stocked| stocked.product.id).collect();
    meter
        .measure("find_products", store.find_products(&ids))
        .await
        .unwrap();
    let slugs: Vec<_> = three
        .iter()
        .map(|stocked| stocked.product.slug.as_str())
        .collect();
    meter
        .measure("find_products_by_slug", store.find_products_by_slug(&slugs))
        .await
        .unwrap();
    meter
        .measure("find_fresh_products", store.find_fresh_products(&ids))
        .await
        .unwrap();
    let mut supply = Supply::new(Locations::default());
    meter
        .measure("count_supply", store.count_supply(&mut supply, &ids))
        .await
        .unwrap();
    let page = PageRequest {
        limit: 24,
        after: None,
    };
    meter
        .measure(
            "list_products",
            store.list_products(&ProductFilter::default(), page),
        )
        .await
        .unwrap();
    let product = bench.product(line.category, "new", 5);
    meter
        .measure("create_product", store.create_product(&product))
        .await
        .unwrap();
    let id = product.product.id;
    let rename = |stocked: &mut StockedProduct| {
        stocked.product.slug = "newer".into();
        Ok::<_, Infallible>(())
    };
    let edit = store.edit_product(id, || bench.version(), rename);
    meter.measure("edit_product", edit).await.unwrap();
    let admit = |_: &StockedProduct| Ok::<_, Infallible>(());
    meter
        .measure("delete_product", store.delete_product(id, admit))
        .await
        .unwrap();

    let moved = |tree: &CategoryTree| {
        let before = tree.find(category.id).ok_or_else(Vec::new)?;
        let after = Category {
            parent: None,
            version: bench.version(),
            ..before.clone()
        };
        let edit = tree.change(before, after)?;
        Ok::<_, Vec<CategoryRefusal>>((edit, ()))
    };
    meter
        .measure("edit_categories", store.edit_categories(moved))
        .await
        .unwrap();
    for slug in ["one", "two", "three"] {
        let product = bench.product(category.id, slug, 5);
        store.create_product(&product).await.unwrap();
    }
    let shelved = meter
        .measure("shelved_products", store.shelved_products(category.id, 100))
        .await
        .unwrap();
    let (from, to) = (category.id, line.category);
    let moving = store.move_products(&shelved, from, to, NOW, || bench.version());
    assert_eq!(meter.measure("move_products", moving).await.unwrap(), 3);
    let admit = |_: &Category| Ok::<_, Infallible>(());
    let deleted = store.delete_category(from, || bench.version(), admit);
    meter.measure("delete_category", deleted).await.unwrap();

    let shopper = crate::samples::Shopper { cart, ..shopper };
    let change = bench.checkout(&shopper, three);
    meter
        .measure("place_order", bench.place(&shopper, &change))
        .await
        .unwrap();
    let order = change.order;
    meter
        .measure("refresh_shown_stock", store.refresh_shown_stock(ids[0]))
        .await
        .unwrap();
    meter
        .measure("reallocate", store.reallocate(&order, &ids))
        .await
        .unwrap()
        .unwrap();
    meter
        .measure("find_order", store.find_order(order.id))
        .await
        .unwrap();
    meter
        .measure("list_orders_of", store.list_orders_of(user, page))
        .await
        .unwrap();
    meter
        .measure(
            "list_orders",
            store.list_orders(
                PageRequest {
                    limit: 1,
                    after: None,
                },
                NOW,
            ),
        )
        .await
        .unwrap();
    let shard = order.id.value() % 4;
    let due = store.due_orders(Due::HoldEnds, shard, None, NOW.plus_secs(9_999), 100);
    assert_eq!(meter.measure("due_orders", due).await.unwrap().len(), 1);

    let tx_ref = TxRef::compose(order.id, 1);
    let payment = bench.payment(&order, tx_ref.clone());
    let begun = order
        .begin_payment(tx_ref.clone(), NOW, bench.version())
        .unwrap();
    let write = PaymentWrite {
        from: None,
        payment: payment.clone(),
    };
    store.advance_order(&begun, &[write], &[]).await.unwrap();
    let failed = payment.concluded(PaymentStatus::Failed, None, None, NOW, bench.version());
    let write = PaymentWrite {
        from: Some(payment.version),
        payment: failed.clone(),
    };
    meter
        .measure("save_payment", store.save_payment(&write, &[]))
        .await
        .unwrap();
    let Settlement::Pays(paid) = begun.order.settle(&tx_ref, NOW, bench.version()) else {
        panic!("it is unpaid")
    };
    let success = failed.concluded(PaymentStatus::Success, None, None, NOW, bench.version());
    let writes = [PaymentWrite {
        from: Some(failed.version),
        payment: success,
    }];
    let events = bench.events(&paid.events);
    let advance = store.advance_order(&paid, &writes, &events);
    meter.measure("advance_order", advance).await.unwrap();
    meter
        .measure("find_payment", store.find_payment(&tx_ref))
        .await
        .unwrap();
    meter
        .measure(
            "find_payments",
            store.find_payments(std::slice::from_ref(&tx_ref)),
        )
        .await
        .unwrap();
    meter
        .measure("payments_of", store.payments_of(order.id))
        .await
        .unwrap();
    let cancelled = paid.order.cancel(Actor::Staff, NOW, bench.version());
    let cancelled = cancelled.unwrap().unwrap();
    store.advance_order(&cancelled, &[], &[]).await.unwrap();
    let stripped = store.strip_order(order.id, || bench.version());
    assert!(meter.measure("strip_order", stripped).await.unwrap());

    let again = bench.event(EventKind::RegistrationRepeated { user });
    meter
        .measure("put_event", store.put_event(&again))
        .await
        .unwrap();
    let id = events[0].id.clone();
    let waiting = store.waiting_events(id.shard(4), NOW.plus_secs(60), 100);
    meter.measure("waiting_events", waiting).await.unwrap();
    meter
        .measure(
            "forget_waiting",
            store.forget_waiting(std::slice::from_ref(&id)),
        )
        .await
        .unwrap();
    meter
        .measure("claim_event", store.claim_event(&id, NOW))
        .await
        .unwrap();
    meter
        .measure("release_event", store.release_event(&id, NOW))
        .await
        .unwrap();
    meter
        .measure("finish_event", store.finish_event(&id, NOW))
        .await
        .unwrap();

    images::measure(&mut meter, things[6].product.id).await;
    inventory::measure(&mut meter, things[5].product.id).await;

    let measured: BTreeMap<String, (String, String)> = meter
        .measured
        .iter()
        .map(|(function, (read, write))| {
            (
                (*function).to_owned(),
                (read.to_string(), write.to_string()),
            )
        })
        .collect();
    assert_eq!(
        documented(),
        measured,
        "docs/access-patterns.md and the code differ"
    );
}
