use axum::http::Method;
use domain::{Money, product::Price, stock::Location};
use serde_json::{Value, json};

use crate::{ITEMS, MY_CART, Shelf, at, number, put_in};

#[tokio::test]
async fn a_cart_that_was_never_used_is_empty_and_stays_the_same() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let answer = customer.get(MY_CART).await;
    let user = customer.user();
    let since = user.created_at;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.text(),
        format!(
            concat!(
                r#"{{"id":{id},"user":{id},"user_email":"{email}","items":[],"grand_total":0,"#,
                r#""created_at":"{since}","updated_at":"{since}"}}"#
            ),
            id = user.id,
            email = user.email,
            since = since,
        )
    );
    shelf.stage.shop.clock.advance(60);
    assert_eq!(customer.get(MY_CART).await.text(), answer.text());
    assert_eq!(customer.get(ITEMS).await.json(), json!([]));
    let pixel = shelf.product("Pixel", 5, 100, None).await;
    put_in(&customer, pixel, 1).await;
    let used = customer.get(MY_CART).await.json();
    assert_eq!(used["created_at"], answer.json()["created_at"]);
    assert_ne!(used["updated_at"], answer.json()["updated_at"]);
}

#[tokio::test]
async fn a_cart_charges_final_prices_as_json_numbers() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let pixel = shelf.product("Pixel 9", 10, 25_000, Some(19_990)).await;
    let cable = shelf.product("Cable", 3, 5, None).await;
    let answer = customer
        .post(ITEMS, &json!({ "product": pixel, "quantity": 2 }))
        .await;
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.text(),
        format!(
            concat!(
                r#"{{"id":{pixel},"cart":{cart},"product":{pixel},"product_name":"Pixel 9","unit_price":199.9,"#,
                r#""quantity":2,"total_price":399.8,"list_price":250.0,"available":10,"variant":{pixel},"#,
                r#""variant_title":"","variant_options":{{}}}}"#
            ),
            pixel = pixel,
            cart = customer.user().id,
        )
    );
    let line = answer.json();
    let other = put_in(&customer, cable, 3).await;
    let cart = customer.get(MY_CART).await;
    assert_eq!(cart.json()["items"], json!([line, other]));
    assert!(
        cart.text().contains(r#""grand_total":399.95"#),
        "{}",
        cart.text()
    );
    assert_eq!(customer.get(ITEMS).await.json(), json!([line, other]));
    assert_eq!(customer.get(&at(&line)).await.json(), line);
    assert_eq!(
        customer.get(MY_CART.trim_end_matches('/')).await.json(),
        cart.json()
    );
}

#[tokio::test]
async fn the_dearest_cart_there_can_be_is_shown_to_the_santim() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let yacht = shelf.product("Yacht", 999, 9_999_999_999, None).await;
    put_in(&customer, yacht, 999).await;
    let cart = customer.get(MY_CART).await.text();
    assert!(cart.contains(r#""grand_total":99899999990.01"#), "{cart}");
}

#[tokio::test]
async fn a_line_whose_product_is_no_longer_sold_stays_to_be_removed() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let (old, gone) = (
        shelf.product("Old", 5, 100, None).await,
        shelf.product("Gone", 5, 100, None).await,
    );
    let lines = [
        put_in(&customer, old, 2).await,
        put_in(&customer, gone, 2).await,
    ];
    shelf.deactivate(old).await;
    shelf.delete(gone).await;
    let items = customer.get(MY_CART).await.json()["items"].clone();
    assert_eq!(
        (&items[0]["product_name"], &items[0]["available"]),
        (&json!("Old"), &json!(0))
    );
    assert_eq!(
        (&items[0]["unit_price"], &items[0]["total_price"]),
        (&json!(1.0), &json!(2.0))
    );
    assert_eq!(
        (&items[1]["product_name"], &items[1]["available"]),
        (&json!(""), &json!(0))
    );
    assert_eq!(
        (&items[1]["product"], &items[1]["quantity"]),
        (&number(gone.0), &json!(2))
    );
    assert_eq!(customer.get(ITEMS).await.json(), items);
    for (line, listed) in lines.iter().zip(items.as_array().unwrap()) {
        assert_eq!(&customer.get(&at(line)).await.json(), listed);
        let refused = customer.patch(&at(line), &json!({ "quantity": 1 })).await;
        assert_eq!(
            (refused.status, refused.json()),
            (
                400,
                json!({ "quantity": ["Only 0 items currently available (including what's in other carts). Requested: 1"] })
            )
        );
    }
    assert_eq!(customer.delete(&at(&lines[0])).await.status, 204);
    assert_eq!(
        customer
            .patch(&at(&lines[1]), &json!({ "quantity": 0 }))
            .await
            .status,
        200
    );
    assert_eq!(customer.get(ITEMS).await.json(), json!([]));
}

#[tokio::test]
async fn one_sees_ones_own_cart_only() {
    let shelf = Shelf::open().await;
    let (alice, bob) = (shelf.customer().await, shelf.customer().await);
    let staff = shelf.stage.staff(&shelf.router).await.unwrap();
    let pixel = shelf.product("Pixel", 5, 100, None).await;
    let line = put_in(&alice, pixel, 2).await;
    let none = json!({ "detail": "No CartItem matches the given query." });
    for other in [&bob, &staff] {
        let body = json!({ "product": pixel, "quantity": 1 });
        for answer in [
            other.get(&at(&line)).await,
            other.put(&at(&line), &body).await,
            other.patch(&at(&line), &body).await,
            other.delete(&at(&line)).await,
        ] {
            assert_eq!((answer.status, answer.json()), (404, none.clone()));
        }
        assert_eq!(other.get(MY_CART).await.json()["items"], json!([]));
    }
    assert_eq!(alice.get(ITEMS).await.json(), json!([line]));
    for (id, detail) in [
        ("abc", "Not found."),
        (
            "99999999999999999999",
            "No CartItem matches the given query.",
        ),
    ] {
        let answer = alice.get(&format!("{ITEMS}{id}/")).await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, json!({ "detail": detail }))
        );
    }
}

#[tokio::test]
async fn a_cart_needs_a_login_and_cookies_a_csrf_token() {
    let shelf = Shelf::open().await;
    let anonymous = shelf.stage.anonymous(&shelf.router);
    let line = format!("{ITEMS}1/");
    for path in [MY_CART, ITEMS, &line] {
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            let refused = anonymous.send(method.clone(), path, None, "".into()).await;
            assert_eq!(refused.status, 403, "{method} {path}");
            assert_eq!(
                refused.json()["detail"],
                "Authentication credentials were not provided."
            );
        }
    }
    let pixel = shelf.product("Pixel", 5, 100, None).await;
    let customer = shelf.customer().await;
    put_in(&customer.as_bearer(), pixel, 1).await;
    let careless = customer.saying("x-csrftoken", "");
    let line = format!("{ITEMS}{pixel}/");
    for answer in [
        careless.post(ITEMS, &json!({ "product": pixel })).await,
        careless.patch(&line, &json!({ "quantity": 2 })).await,
        careless
            .put(&line, &json!({ "product": pixel, "quantity": 2 }))
            .await,
        careless.delete(&line).await,
    ] {
        assert_eq!(answer.status, 403);
        assert_eq!(answer.json()["detail"], "CSRF Failed: CSRF token missing.");
    }
    assert_eq!(careless.get(&line).await.json()["quantity"], 1);
    let refused = careless
        .at(&shelf.router)
        .as_bearer()
        .post(MY_CART, &json!({}))
        .await;
    assert_eq!(
        (refused.status, refused.header("allow")),
        (405, "GET, HEAD, OPTIONS")
    );
}

#[tokio::test]
async fn a_cart_costs_two_round_trips_however_many_lines_it_has() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    for number in 0..5 {
        let product = shelf.product(&format!("P{number}"), 5, 100, None).await;
        put_in(&customer, product, 1).await;
        let (answer, cost) = shelf.stage.wire.measured(customer.get(MY_CART)).await;
        assert_eq!(
            answer.json()["items"].as_array().map(Vec::len),
            Some(number + 1)
        );
        // User and cart, then each product with its stock, side by side.
        assert_eq!(cost.round_trips, 2, "{cost:?}");
        assert_eq!(cost.total_calls(), 3 + number as u64, "{cost:?}");
    }
}

#[tokio::test]
async fn what_can_be_bought_is_what_all_places_have_together() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let price = Price::new(Money::from_santim(100), None).unwrap();
    let units = [
        (Location::main(), 2),
        (Location::parse("annex").unwrap(), 3),
    ];
    let pixel = shelf.stage.goods_at("Pixel", price, &units).await.unwrap();
    let line = put_in(&customer, pixel.id, 4).await;
    assert_eq!(line["available"], 5);
    let cart = customer.get(MY_CART).await.json();
    assert_eq!(cart["items"], json!([line]));
    let more = json!({ "product": pixel.id, "quantity": 2 });
    let refused = customer.post(ITEMS, &more).await;
    let message =
        "Only 5 items currently available (including what's in other carts). Requested: 6";
    assert_eq!(refused.json(), json!({ "quantity": [message] }));
}

#[tokio::test]
async fn a_full_cart_comes_page_by_page_and_takes_no_more() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let user = customer.user();
    let shop = &shelf.stage.shop;
    let now = shop.clock.now();
    let version = || shop.entropy.version();
    let fill = |cart: &mut domain::cart::Cart| {
        (0..100).try_for_each(|place| {
            let id = domain::Id::compose(0, place);
            cart.add(domain::ProductId(id), domain::VariantId(id), 1, 1, now)
                .map(|_| ())
        })
    };
    shop.store
        .edit_cart(user.id, user.created_at, version, fill)
        .await
        .unwrap();
    let pixel = shelf.product("Pixel", 5, 100, None).await;
    let refused = customer.post(ITEMS, &json!({ "product": pixel })).await;
    let message = json!({ "non_field_errors": ["A cart holds at most 100 lines."] });
    assert_eq!((refused.status, refused.json()), (400, message));
    let mut seen: Vec<Value> = Vec::new();
    let mut next = Some(ITEMS.to_owned());
    while let Some(page) = next {
        let answer = customer.get(&page).await;
        let lines = answer.json().as_array().cloned().unwrap();
        assert_eq!(lines.len(), 50);
        seen.extend(lines);
        next = answer.next_page();
    }
    assert_eq!(customer.get(MY_CART).await.json()["items"], json!(seen));
    assert_eq!(seen.len(), 100);
}
