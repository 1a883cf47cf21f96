//! What there is, what runs low, and what is promised.

use domain::Money;
use serde_json::json;

use crate::{INVENTORY, RESERVATIONS, adjusted, goods, open, places, shown, threshold};

#[tokio::test]
async fn levels_are_listed_by_product_and_place() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let (pixel, other) = (goods(&stage, 5).await, goods(&stage, 6).await);
    places(&staff, &["bole"]).await;
    adjusted(&staff, &pixel, json!({ "delta": 2, "location": "bole" })).await;
    let (main, bole) = (("main".to_owned(), 5, 0), ("bole".to_owned(), 2, 0));
    let of_pixel = format!("?product={}", pixel.id);
    assert_eq!(shown(&staff, &of_pixel).await, [bole.clone(), main.clone()]);
    let sixth = ("main".to_owned(), 6, 0);
    assert_eq!(
        shown(&staff, "").await,
        [sixth.clone(), bole.clone(), main.clone()]
    );
    assert_eq!(shown(&staff, "?location=main").await, [sixth, main]);
    assert_eq!(
        shown(&staff, &format!("{of_pixel}&location=bole")).await,
        [bole]
    );
    assert_eq!(shown(&staff, "?location=adama").await, []);
    assert_eq!(shown(&staff, "?product=77").await, []);
    let levels = staff
        .get(&format!("{INVENTORY}?product={}", other.id))
        .await;
    let level = &levels.json()[0];
    let expected = json!({
        "product": other.id, "product_name": "Pixel 9", "variant": other.id, "variant_title": "",
        "sku": null, "location": "main", "available": 6, "reserved": 0, "on_hand": 6,
        "low_stock_threshold": null, "is_low": false, "updated_at": level["updated_at"],
    });
    assert_eq!(*level, expected);
    for odd in ["?product=x", "?low_stock=perhaps", "?limit=0", "?cursor=x"] {
        assert_eq!(
            staff.get(&format!("{INVENTORY}{odd}")).await.status,
            400,
            "{odd}"
        );
    }
}

#[tokio::test]
async fn a_page_has_all_levels_of_its_products() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let first = goods(&stage, 1).await;
    let hidden = goods(&stage, 2).await;
    let edited = stage.shop.store.edit_product(
        hidden.id,
        || stage.shop.entropy.version(),
        |stocked| {
            stocked.product.is_active = false;
            Ok::<(), std::convert::Infallible>(())
        },
    );
    edited.await.unwrap();
    goods(&stage, 3).await;
    places(&staff, &["bole"]).await;
    adjusted(&staff, &first, json!({ "delta": 4, "location": "bole" })).await;
    let page = staff.get(&format!("{INVENTORY}?limit=2")).await;
    assert_eq!(page.json().as_array().unwrap().len(), 2);
    assert_eq!(page.json()[1]["available"], 2, "hidden ones too");
    let rest = staff.get(&page.next_page().unwrap()).await;
    assert_eq!(rest.json().as_array().unwrap().len(), 2);
    assert_eq!(rest.next_page(), None);
}

#[tokio::test]
async fn what_runs_low_is_a_list_of_its_own() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let (few, many) = (goods(&stage, 3).await, goods(&stage, 30).await);
    goods(&stage, 0).await;
    threshold(&stage, &few, 5).await;
    threshold(&stage, &many, 5).await;
    assert_eq!(
        shown(&staff, "?low_stock=true").await,
        [("main".into(), 3, 0)]
    );
    adjusted(&staff, &few, json!({ "delta": 2 })).await;
    assert_eq!(shown(&staff, "?low_stock=true").await, []);
    let answer = adjusted(&staff, &many, json!({ "counted": 4 })).await;
    assert_eq!(answer["levels"][0]["is_low"], true);
    assert_eq!(
        shown(&staff, "?low_stock=true").await,
        [("main".into(), 4, 0)]
    );
    let of_few = format!("?low_stock=true&product={}", few.id);
    assert_eq!(shown(&staff, &of_few).await, []);
}

#[tokio::test]
async fn promised_units_are_listed_until_they_are_free_again() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let price = Money::from_santim(10_000);
    let pixel = stage.goods("Pixel 9", price, None, 9).await.unwrap();
    let orders = orders::router(stage.shop.clone());
    let mut placed = Vec::new();
    for quantity in [1, 2, 3] {
        let shopper = stage.shopper(&orders, &[&pixel], quantity).await.unwrap();
        let order = shopper.post("/api/orders/", &json!({})).await;
        assert_eq!(order.status, 201, "{}", order.text());
        placed.push((shopper, order.json()));
    }
    let (mut found, mut next) = (Vec::new(), Some(format!("{RESERVATIONS}?limit=1")));
    while let Some(page) = next {
        let answer = staff.get(&page).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        found.extend(answer.json().as_array().unwrap().iter().cloned());
        next = answer.next_page();
    }
    assert_eq!(found.len(), 3);
    let (shopper, order) = &placed[0];
    let expected = json!({
        "order": order["id"],
        "order_number": order["order_number"],
        "customer": { "id": shopper.user().id, "email": shopper.user().email },
        "expires_at": order["expires_at"],
        "items": [{
            "product": pixel.id, "product_name": "Pixel 9", "variant": pixel.id,
            "variant_title": "", "sku": null, "quantity": 1,
            "places": [{ "location": "main", "quantity": 1 }],
        }],
    });
    assert!(found.contains(&expected), "{found:?} has no {expected}");
    assert_eq!(shown(&staff, "").await, [("main".into(), 3, 6)]);
}

#[tokio::test]
async fn pages_of_promised_units_join_without_gap_or_repetition() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let pixel = goods(&stage, 99).await;
    let orders = orders::router(stage.shop.clone());
    let mut placed = Vec::new();
    for number in 0..11 {
        let shopper = stage.shopper(&orders, &[&pixel], 1).await.unwrap();
        let order = shopper.post("/api/orders/", &json!({})).await;
        assert_eq!(order.status, 201, "{}", order.text());
        placed.push(order.json()["id"].clone());
        if number % 3 == 2 {
            stage.shop.clock.advance(1);
        }
    }
    for limit in 1..=12 {
        let (mut found, mut next) = (Vec::new(), Some(format!("{RESERVATIONS}?limit={limit}")));
        while let Some(page) = next {
            let answer = staff.get(&page).await;
            let held = answer.json();
            found.extend(
                held.as_array()
                    .unwrap()
                    .iter()
                    .map(|held| held["order"].clone()),
            );
            next = answer.next_page();
        }
        let mut sorted = found.clone();
        sorted.sort_by_key(|id| placed.iter().position(|known| known == id));
        assert_eq!(sorted, placed, "pages of {limit}");
    }
}
