use futures::future::join_all;
use serde_json::json;

use crate::{ITEMS, MY_CART, Shelf, at, put_in};

#[tokio::test]
async fn put_and_patch_set_the_quantity() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let pixel = shelf.product("Pixel", 10, 100, None).await;
    let line = put_in(&customer, pixel, 2).await;
    let patched = customer
        .patch(&at(&line), &json!({ "quantity": "10" }))
        .await;
    assert_eq!(
        (patched.status, &patched.json()["quantity"]),
        (200, &json!(10))
    );
    assert_eq!(patched.json()["total_price"], 10.0);
    let put = customer
        .put(&at(&line), &json!({ "product": pixel, "quantity": 3 }))
        .await;
    assert_eq!((put.status, &put.json()["quantity"]), (200, &json!(3)));
    // Without a quantity it stays.
    for answer in [
        customer.put(&at(&line), &json!({ "product": pixel })).await,
        customer.patch(&at(&line), &json!({})).await,
        customer
            .patch(&at(&line), &json!({ "product": pixel, "variant": pixel }))
            .await,
    ] {
        assert_eq!((answer.status, answer.json()), (200, put.json()));
    }
    assert_eq!(customer.get(&at(&line)).await.json(), put.json());
}

#[tokio::test]
async fn everything_wrong_with_a_change_is_told_and_nothing_changes() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let (pixel, nokia) = (
        shelf.product("Pixel", 10, 100, None).await,
        shelf.product("Nokia", 10, 100, None).await,
    );
    let line = put_in(&customer, pixel, 2).await;
    for (body, errors) in [
        (
            json!({ "quantity": 11 }),
            json!({ "quantity": ["Only 10 items currently available (including what's in other carts). Requested: 11"] }),
        ),
        (
            json!({ "quantity": -1 }),
            json!({ "quantity": ["Ensure this value is greater than or equal to 0."] }),
        ),
        (
            json!({ "quantity": 1000 }),
            json!({ "quantity": ["Ensure this value is less than or equal to 999."] }),
        ),
        (
            json!({ "quantity": null }),
            json!({ "quantity": ["This field may not be null."] }),
        ),
        (
            json!({ "product": nokia, "quantity": 1 }),
            json!({ "product": ["The product of a cart line cannot be changed."] }),
        ),
        (
            json!({ "variant": nokia, "quantity": 1 }),
            json!({ "variant": ["The variant of a cart line cannot be changed."] }),
        ),
        (
            json!({ "product": "x" }),
            json!({ "product": ["Incorrect type. Expected pk value, received str."] }),
        ),
    ] {
        let refused = customer.patch(&at(&line), &body).await;
        assert_eq!((refused.status, refused.json()), (400, errors), "{body}");
    }
    let refused = customer.put(&at(&line), &json!({ "quantity": 1 })).await;
    assert_eq!(
        (refused.status, refused.json()),
        (400, json!({ "product": ["This field is required."] }))
    );
    assert_eq!(customer.get(ITEMS).await.json(), json!([line]));
}

#[tokio::test]
async fn a_quantity_of_zero_takes_the_line_out() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let pixel = shelf.product("Pixel", 10, 100, None).await;
    for by_put in [false, true] {
        let line = put_in(&customer, pixel, 2).await;
        let body = json!({ "product": pixel, "quantity": 0 });
        let answer = if by_put {
            customer.put(&at(&line), &body).await
        } else {
            customer.patch(&at(&line), &body).await
        };
        assert_eq!(answer.status, 200);
        assert_eq!(
            (&answer.json()["quantity"], &answer.json()["total_price"]),
            (&json!(0), &json!(0.0))
        );
        assert_eq!(customer.get(&at(&line)).await.status, 404);
        assert_eq!(customer.get(MY_CART).await.json()["items"], json!([]));
    }
}

#[tokio::test]
async fn a_line_is_taken_out_once() {
    let shelf = Shelf::open().await;
    let customer = shelf.customer().await;
    let (pixel, nokia) = (
        shelf.product("Pixel", 10, 100, None).await,
        shelf.product("Nokia", 10, 100, None).await,
    );
    let line = put_in(&customer, pixel, 2).await;
    let other = put_in(&customer, nokia, 2).await;
    let answers = join_all((0..3).map(|_| async { customer.delete(&at(&line)).await })).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404, 404]);
    assert_eq!(
        answers
            .iter()
            .filter(|answer| answer.text().is_empty())
            .count(),
        1
    );
    assert_eq!(customer.get(ITEMS).await.json(), json!([other]));
    assert_eq!(
        customer
            .patch(&at(&line), &json!({ "quantity": 1 }))
            .await
            .status,
        404
    );
    let cart = customer.get(MY_CART).await.json();
    assert_eq!(cart["grand_total"], 2.0);
}
