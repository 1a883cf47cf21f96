use emulator::{Fault, FaultKind, Service};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::{ITEMS, MY_CART, Shelf, put_in};

#[tokio::test]
async fn units_are_added_to_the_line_that_is_there() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let pixel = shelf.product("Pixel", 10, 25_000, None).await;
    let first = customer
        .post(ITEMS, &json!({ "product": pixel, "quantity": 2 }))
        .await;
    assert_eq!((first.status, &first.json()["quantity"]), (201, &json!(2)));
    // Nothing said means one; the original answered 500.
    let second = customer.post(ITEMS, &json!({ "product": pixel })).await;
    assert_eq!(
        (second.status, &second.json()["quantity"]),
        (200, &json!(3))
    );
    assert_eq!(second.json()["id"], first.json()["id"]);
    let form = customer
        .post_form(ITEMS, &format!("product={pixel}&quantity=4"))
        .await;
    assert_eq!((form.status, &form.json()["quantity"]), (200, &json!(7)));
    assert_eq!(customer.get(ITEMS).await.json(), json!([form.json()]));
}

#[tokio::test]
async fn the_whole_line_counts_against_the_stock() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let pixel = shelf.product("Pixel", 10, 25_000, None).await;
    let message = |requested: u32| {
        let text = format!(
            "Only 10 items currently available (including what's in other carts). Requested: {requested}"
        );
        (400, json!({ "quantity": [text] }))
    };
    let refused = customer
        .post(ITEMS, &json!({ "product": pixel, "quantity": 11 }))
        .await;
    assert_eq!((refused.status, refused.json()), message(11));
    put_in(&customer, pixel, 8).await;
    let refused = customer
        .post(ITEMS, &json!({ "product": pixel, "quantity": 5 }))
        .await;
    assert_eq!((refused.status, refused.json()), message(13));
    put_in(&customer, pixel, 2).await;
    // A cart promises nothing: what one customer has in it, another may still put in theirs.
    put_in(&shelf.customer().await, pixel, 10).await;
}

#[tokio::test]
async fn everything_wrong_with_a_line_is_told() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let pixel = shelf.product("Pixel", 2_000, 100, None).await;
    let off = shelf.product("Off", 10, 100, None).await;
    shelf.deactivate(off).await;
    let (shirt, sizes) = shelf.shirt().await;
    let unknown = |id: Value| format!("Invalid pk \"{id}\" - object does not exist.");
    for (body, errors) in [
        (json!({}), json!({ "product": ["This field is required."] })),
        (
            json!({ "product": "Pixel", "quantity": "x" }),
            json!({
                "product": ["Incorrect type. Expected pk value, received str."],
                "quantity": ["A valid integer is required."],
            }),
        ),
        (
            json!({ "product": null }),
            json!({ "product": ["This field may not be null."] }),
        ),
        (
            json!({ "product": 99999 }),
            json!({ "product": [unknown(json!(99999))] }),
        ),
        (
            json!({ "product": off }),
            json!({ "product": [unknown(json!(off))] }),
        ),
        (
            json!({ "product": pixel, "quantity": 0 }),
            json!({ "quantity": ["Ensure this value is greater than or equal to 1."] }),
        ),
        (
            json!({ "product": pixel, "quantity": 1000 }),
            json!({ "quantity": ["Ensure this value is less than or equal to 999."] }),
        ),
        (
            json!({ "product": pixel, "quantity": 1.5 }),
            json!({ "quantity": ["A valid integer is required."] }),
        ),
        (
            json!({ "product": pixel, "quantity": null }),
            json!({ "quantity": ["This field may not be null."] }),
        ),
        (
            json!({ "product": shirt }),
            json!({ "variant": ["This field is required."] }),
        ),
        (
            json!({ "product": shirt, "variant": 5 }),
            json!({ "variant": [unknown(json!(5))] }),
        ),
        (
            json!({ "product": shirt, "variant": pixel }),
            json!({ "variant": [unknown(json!(pixel))] }),
        ),
        (
            json!({ "product": shirt, "variant": sizes[2] }),
            json!({ "variant": [unknown(json!(sizes[2]))] }),
        ),
        (
            json!({ "product": pixel, "variant": "red" }),
            json!({ "variant": ["Incorrect type. Expected pk value, received str."] }),
        ),
    ] {
        let refused = customer.post(ITEMS, &body).await;
        assert_eq!((refused.status, refused.json()), (400, errors), "{body}");
    }
    assert_eq!(customer.get(MY_CART).await.json()["items"], json!([]));
    put_in(&customer, pixel, 999).await;
    let refused = customer.post(ITEMS, &json!({ "product": pixel })).await;
    assert_eq!(
        refused.json(),
        json!({ "quantity": ["Ensure this value is less than or equal to 999."] })
    );
}

#[tokio::test]
async fn each_variant_is_a_line_with_a_price_and_stock_of_its_own() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let (shirt, sizes) = shelf.shirt().await;
    for (size, title, price) in [(sizes[0], "M", 10.0), (sizes[1], "L", 12.0)] {
        let answer = customer
            .post(
                ITEMS,
                &json!({ "product": shirt, "variant": size, "quantity": 4 }),
            )
            .await;
        let line = answer.json();
        assert_eq!(answer.status, 201, "{line}");
        assert_eq!(
            (&line["id"], &line["variant"], &line["product"]),
            (&json!(size), &json!(size), &json!(shirt))
        );
        assert_eq!(
            (&line["unit_price"], &line["available"]),
            (&json!(price), &json!(4))
        );
        assert_eq!(
            (&line["variant_title"], &line["variant_options"]),
            (&json!(title), &json!({ "size": title }))
        );
        let refused = customer
            .post(ITEMS, &json!({ "product": shirt, "variant": size }))
            .await;
        assert_eq!(refused.status, 400);
    }
    assert_eq!(customer.get(MY_CART).await.json()["grand_total"], 88.0);
    let pixel = shelf.product("Pixel", 1, 100, None).await;
    let named = customer
        .post(ITEMS, &json!({ "product": pixel, "variant": pixel }))
        .await;
    assert_eq!(named.status, 201, "a sole variant may be named too");
}

#[tokio::test]
async fn twelve_parallel_adds_of_one_make_twelve() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let pixel = shelf.product("Pixel", 100, 100, None).await;
    let body = json!({ "product": pixel, "quantity": 1 });
    let answers = join_all((0..12).map(|_| customer.post(ITEMS, &body))).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        1
    );
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 200).count(),
        11
    );
    let items = customer.get(ITEMS).await.json();
    assert_eq!(
        (items.as_array().map(Vec::len), &items[0]["quantity"]),
        (Some(1), &json!(12))
    );
}

#[tokio::test]
async fn parallel_adds_do_not_go_past_the_stock() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let pixel = shelf.product("Pixel", 5, 100, None).await;
    let body = json!({ "product": pixel, "quantity": 1 });
    let answers = join_all((0..8).map(|_| customer.post(ITEMS, &body))).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 400).count(),
        3
    );
    assert_eq!(customer.get(ITEMS).await.json()[0]["quantity"], 5);
}

#[tokio::test]
async fn an_addition_whose_answer_was_lost_counts_once() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let pixel = shelf.product("Pixel", 10, 100, None).await;
    put_in(&customer, pixel, 1).await;
    // Who it is, the product, the cart; the fourth call writes.
    let fault = Fault {
        service: Service::Dynamodb,
        nth: 4,
        kind: FaultKind::LostAnswer,
        times: 1,
    };
    shelf.stage.wire.inject(fault).unwrap();
    let addition = put_in(&customer, pixel, 2);
    let (line, cost) = shelf.stage.wire.measured(addition).await;
    assert_eq!(cost.calls_of("dynamodb.PutItem"), 2, "{cost:?}");
    assert_eq!(line["quantity"], 3);
    assert_eq!(customer.get(ITEMS).await.json()[0]["quantity"], 3);
}
