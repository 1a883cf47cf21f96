use actors::Actor;
use serde_json::{Value, json};

use crate::{PRODUCTS, at, category, made, open, product, version};

/// A shirt in two colours.
async fn shirt(staff: &Actor) -> Value {
    let clothes = category(staff, "clothes").await;
    let body = json!({
        "category_id": clothes["id"], "name": "Shirt", "slug": "shirt", "sku": "SHIRT",
        "price": "10", "discount_price": "8",
        "options": [{ "name": "colour", "values": ["red", "blue", "green"] }],
        "variants": [
            { "options": { "colour": "red" }, "sku": "RED", "initial_stock": 3 },
            { "options": { "colour": "blue" }, "sku": "BLUE", "price": "12", "initial_stock": 4 },
        ],
    });
    made(staff, PRODUCTS, &body).await
}

/// The variants as a client sends them back.
fn variants(product: &Value) -> Vec<Value> {
    product["variants"].as_array().unwrap().clone()
}

fn variant_path(product: &Value, place: usize) -> String {
    let id = &product["variants"][place]["id"];
    format!("{}variants/{id}/", at(PRODUCTS, product))
}

#[tokio::test]
async fn each_variant_has_its_own_sku_price_and_stock() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let shirt = shirt(&staff).await;
    let [red, blue] = &variants(&shirt)[..] else {
        panic!("{shirt}");
    };
    assert_eq!(
        *red,
        json!({
            "id": red["id"], "sku": "RED", "options": { "colour": "red" }, "price": "10.00",
            "discount_price": "8.00", "final_price": "8.00", "available": 3, "is_active": true,
        })
    );
    assert_eq!(
        (
            &blue["price"],
            &blue["discount_price"],
            &blue["final_price"]
        ),
        (&json!("12.00"), &Value::Null, &json!("12.00"))
    );
    assert_eq!(
        (&shirt["total_stock"], &shirt["price"]),
        (&json!(7), &json!("10.00"))
    );
    assert_eq!(shirt["inventory_items"].as_array().unwrap().len(), 2);
    // What leaves its price open follows the product's.
    let cheaper = json!({ "price": "9", "discount_price": null });
    let after = staff.patch(&at(PRODUCTS, &shirt), &cheaper).await.json();
    let prices: Vec<_> = variants(&after)
        .iter()
        .map(|one| one["price"].clone())
        .collect();
    assert_eq!(prices, ["9.00", "12.00"]);
}

#[tokio::test]
async fn everything_wrong_with_variants_is_told_at_its_place() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let shirt = shirt(&staff).await;
    let path = at(PRODUCTS, &shirt);
    let other = category(&staff, "other").await;
    product(&staff, &other, "other", json!({ "sku": "OTHER" })).await;
    let colours = json!([{ "name": "colour", "values": ["red", "blue"] }]);
    let red = |more: Value| {
        let mut variant = json!({ "options": { "colour": "red" } });
        for (name, value) in more.as_object().unwrap() {
            variant[name] = value.clone();
        }
        variant
    };
    let blue = json!({ "options": { "colour": "blue" } });
    let no_choice = "Name each option of the product with one of its values.";
    let sku_taken = "product with this sku already exists.";
    let above = "Discount price cannot be higher than the original price.";
    for (variants, refused) in [
        (
            json!([blue, red(json!({ "sku": "OTHER" }))]),
            json!([{}, { "sku": [sku_taken] }]),
        ),
        (
            json!([red(json!({ "sku": "A" })), { "options": { "colour": "blue" }, "sku": "A" }]),
            json!([{}, { "sku": [sku_taken] }]),
        ),
        (
            json!([blue, { "options": { "size": "S" } }, {}]),
            json!([{}, { "options": [no_choice] }, { "options": [no_choice] }]),
        ),
        (
            json!([blue, blue]),
            json!([{}, { "options": ["Another variant is this choice."] }]),
        ),
        (
            json!([blue, red(json!({ "price": "5", "discount_price": "6" }))]),
            json!([{}, { "discount_price": [above] }]),
        ),
        (
            json!([blue, red(json!({ "price": -1, "initial_stock": -1 }))]),
            json!([{}, { "initial_stock": ["Ensure this value is greater than or equal to 0."] }]),
        ),
        (
            json!([red(json!({ "id": 5 }))]),
            json!([{ "id": ["Invalid pk \"5\" - object does not exist."] }]),
        ),
        (
            json!([red(json!({ "id": shirt["variants"][0]["id"] })), { "id": shirt["variants"][0]["id"] }]),
            json!([{}, { "id": [format!("Invalid pk \"{}\" - object does not exist.", shirt["variants"][0]["id"])] }]),
        ),
        (json!([]), json!(["A product with options needs variants."])),
        (
            json!({}),
            json!(["Expected a list of items but got type \"dict\"."]),
        ),
        (
            json!(vec![blue.clone(); 41]),
            json!(["Ensure this field has no more than 40 elements."]),
        ),
    ] {
        let answer = staff
            .patch(&path, &json!({ "options": colours, "variants": variants }))
            .await;
        let expected = (400, json!({ "variants": refused }));
        assert_eq!((answer.status, answer.json()), expected, "{variants}");
    }
    let long = "x".repeat(51);
    for (options, refused) in [
        (
            json!([{ "name": "a", "values": ["1"] }, { "name": "a", "values": ["1"] }]),
            json!([{}, { "name": ["Another option has this name."] }]),
        ),
        (
            json!([{ "name": "a", "values": [] }, { "name": long }]),
            json!([
                { "values": ["This list may not be empty."] },
                {
                    "name": ["Ensure this field has no more than 50 characters."],
                    "values": ["This field is required."],
                },
            ]),
        ),
        (
            json!([{ "name": "a", "values": ["1", "1"] }]),
            json!([{ "values": ["The values of an option have to differ."] }]),
        ),
        (
            json!(vec![json!({}); 4]),
            json!(["Ensure this field has no more than 3 elements."]),
        ),
    ] {
        let answer = staff.patch(&path, &json!({ "options": options })).await;
        assert_eq!(
            (answer.status, &answer.json()["options"]),
            (400, &refused),
            "{options}"
        );
    }
    assert_eq!(staff.get(&path).await.json(), shirt);
}

#[tokio::test]
async fn a_list_of_variants_keeps_changes_adds_and_removes() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let shirt = shirt(&staff).await;
    let red = &shirt["variants"][0]["id"];
    let body = json!({ "variants": [
        { "options": { "colour": "green" }, "initial_stock": 9 },
        { "id": red, "sku": "CRIMSON", "price": "11", "initial_stock": 99 },
    ] });
    let answer = staff.patch(&at(PRODUCTS, &shirt), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let after = answer.json();
    let [green, crimson] = &variants(&after)[..] else {
        panic!("{after}");
    };
    assert_eq!(
        (&green["available"], &green["price"]),
        (&json!(9), &json!("10.00"))
    );
    assert_eq!((&crimson["id"], &crimson["available"]), (red, &json!(3)));
    assert_eq!(
        (&crimson["sku"], &crimson["price"]),
        (&json!("CRIMSON"), &json!("11.00"))
    );
    assert_eq!(crimson["options"], json!({ "colour": "red" }));
    assert_eq!(staff.get(&at(PRODUCTS, &shirt)).await.json(), after);
    // SKUs that were given up are free.
    let clothes = &shirt["category"];
    for sku in ["RED", "BLUE"] {
        product(&staff, clothes, &sku.to_lowercase(), json!({ "sku": sku })).await;
    }
}

#[tokio::test]
async fn a_product_may_get_options_and_lose_them() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let clothes = category(&staff, "clothes").await;
    let plain = product(
        &staff,
        &clothes,
        "plain",
        json!({ "sku": "P", "initial_stock": 5 }),
    )
    .await;
    let path = at(PRODUCTS, &plain);
    let sizes = json!({
        "options": [{ "name": "size", "values": ["S", "M"] }],
        "variants": [
            { "id": plain["id"], "options": { "size": "S" } },
            { "options": { "size": "M" }, "sku": "M", "initial_stock": 2 },
        ],
    });
    let several = staff.patch(&path, &sizes).await;
    assert_eq!(several.status, 200, "{}", several.text());
    assert_eq!(several.json()["total_stock"], 7);
    let refused = staff
        .patch(
            &path,
            &json!({ "options": [] , "variants": sizes["variants"] }),
        )
        .await;
    let one_way = json!({ "variants": ["A product without options comes one way only."] });
    assert_eq!((refused.status, refused.json()), (400, one_way));
    let mut again = staff.patch(&path, &json!({ "options": [] })).await.json();
    again["updated_at"] = plain["updated_at"].clone();
    assert_eq!(again, plain);
}

#[tokio::test]
async fn a_variant_that_was_ordered_stays() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let price = domain::Money::from_santim(10_000);
    let goods = stage.goods("Phone", price, None, 5).await.unwrap();
    let orders = orders::router(stage.shop.clone());
    let shopper = stage.shopper(&orders, &[&goods], 1).await.unwrap();
    assert_eq!(shopper.post("/api/orders/", &json!({})).await.status, 201);
    let path = format!("{PRODUCTS}{}/", goods.id);
    let sizes = |id: Value| {
        json!({
            "options": [{ "name": "size", "values": ["S"] }],
            "variants": [{ "id": id, "options": { "size": "S" } }],
        })
    };
    let refused = staff.patch(&path, &sizes(Value::Null)).await;
    let detail = "Orders refer to it; deactivate it instead.";
    assert_eq!(
        (refused.status, refused.json()),
        (409, json!({ "detail": detail }))
    );
    assert_eq!(
        staff.patch(&path, &sizes(json!(goods.id))).await.status,
        200
    );
}

#[tokio::test]
async fn one_variant_is_added_changed_and_removed_by_itself() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let shirt = shirt(&staff).await;
    let list = format!("{}variants/", at(PRODUCTS, &shirt));
    let anonymous = stage.anonymous(&router);
    assert_eq!(anonymous.get(&list).await.json(), shirt["variants"]);

    let green = json!({ "options": { "colour": "green" }, "sku": "GREEN", "initial_stock": 2 });
    let added = staff.post(&list, &green).await;
    assert_eq!(added.status, 201, "{}", added.text());
    let path = format!("{list}{}/", added.json()["id"]);
    assert_eq!(anonymous.get(&path).await.json(), added.json());
    assert_eq!(
        version(&staff.get(&at(PRODUCTS, &shirt)).await),
        version(&added)
    );
    for (body, refused) in [
        (
            json!({}),
            json!({ "options": ["Name each option of the product with one of its values."] }),
        ),
        (
            green,
            json!({ "options": ["Another variant is this choice."], "sku": ["product with this sku already exists."] }),
        ),
    ] {
        let answer = staff.post(&list, &body).await;
        assert_eq!((answer.status, answer.json()), (400, refused));
    }

    let change =
        json!({ "price": "7", "discount_price": "6.50", "sku": "LIME", "is_active": false });
    let changed = staff.patch(&path, &change).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let (shown, was) = (changed.json(), added.json());
    assert_eq!(
        (&shown["final_price"], &shown["sku"]),
        (&json!("6.50"), &json!("LIME"))
    );
    assert_eq!(
        (&shown["options"], &shown["available"]),
        (&was["options"], &was["available"])
    );
    assert_eq!(anonymous.get(&path).await.status, 404);
    assert_eq!(anonymous.get(&list).await.json(), shirt["variants"]);
    let taken = staff.patch(&path, &json!({ "sku": "RED" })).await;
    assert_eq!(
        taken.json(),
        json!({ "sku": ["product with this sku already exists."] })
    );
    let open_again = staff.patch(&path, &json!({ "price": null })).await.json();
    assert_eq!(open_again["price"], "10.00");

    let stale = staff.at(&router).saying("if-match", added.header("etag"));
    assert_eq!(stale.patch(&path, &json!({})).await.status, 412);
    assert_eq!(staff.delete(&path).await.status, 204);
    assert_eq!(staff.get(&path).await.status, 404);
    assert_eq!(staff.delete(&variant_path(&shirt, 0)).await.status, 204);
    let last = staff.delete(&variant_path(&shirt, 1)).await;
    assert_eq!(last.status, 409, "{}", last.text());
    let missing = staff.get(&format!("{list}1/")).await;
    assert_eq!(
        missing.json()["detail"],
        "No Variant matches the given query."
    );
}

#[tokio::test]
async fn the_variant_of_a_product_without_options_is_the_product() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let clothes = category(&staff, "clothes").await;
    let plain = product(&staff, &clothes, "plain", json!({})).await;
    let list = format!("{}variants/", at(PRODUCTS, &plain));
    let one_way = json!({ "non_field_errors": ["A product without options comes one way only."] });
    let refused = staff
        .post(&list, &json!({ "options": { "size": "S" } }))
        .await;
    assert_eq!((refused.status, refused.json()), (400, one_way.clone()));
    let path = variant_path(&plain, 0);
    let refused = staff.patch(&path, &json!({ "sku": "X" })).await;
    assert_eq!((refused.status, refused.json()), (400, one_way));
    assert_eq!(staff.delete(&path).await.status, 409);
}
