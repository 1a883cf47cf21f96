use futures::future::join_all;
use serde_json::{Value, json};

use crate::{CATEGORIES, PRODUCTS, at, category, made, open, product, slugs, version};

#[tokio::test]
async fn what_is_sent_changes_and_the_rest_stays() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let (phones, audio) = (
        category(&staff, "phones").await,
        category(&staff, "audio").await,
    );
    let more = json!({ "sku": "PX", "price": "250", "discount_price": "199.99", "initial_stock": 5,
        "description": "A phone", "specifications": { "ram": "12 GB" } });
    let pixel = product(&staff, &phones, "pixel", more).await;
    let path = at(PRODUCTS, &pixel);
    stage.shop.clock.advance(5);

    let answer = staff
        .patch(
            &path,
            &json!({ "name": "Pixel 9", "id": 1, "initial_stock": 99, "total_stock": 7 }),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut expected = pixel.clone();
    expected["name"] = json!("Pixel 9");
    expected["inventory_items"][0]["product_name"] = json!("Pixel 9");
    expected["updated_at"] = answer.json()["updated_at"].clone();
    assert_ne!(expected["updated_at"], pixel["updated_at"]);
    assert_eq!(answer.json(), expected);

    let body = json!({
        "category_id": audio["id"], "name": "Buds", "slug": "buds", "price": 20,
        "discount_price": null, "sku": "", "currency": "USD", "specifications": ["any", "json"],
        "is_featured": true, "weight_grams": 55, "low_stock_threshold": 3,
    });
    let answer = staff.put(&path, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let buds = answer.json();
    assert_eq!(buds["category"]["slug"], "audio");
    for (field, value) in [
        ("slug", json!("buds")),
        ("description", json!("A phone")),
        ("sku", Value::Null),
        ("price", json!("20.00")),
        ("discount_price", Value::Null),
        ("currency", json!("USD")),
        ("specifications", json!(["any", "json"])),
        ("is_featured", json!(true)),
        ("weight_grams", json!(55)),
        ("low_stock_threshold", json!(3)),
        ("total_stock", json!(5)),
        ("created_at", pixel["created_at"].clone()),
    ] {
        assert_eq!(buds[field], value, "{field}");
    }
    assert_eq!(buds["variants"][0]["price"], "20.00");
    let shown = staff.get(&path).await;
    assert_eq!(shown.json(), buds);
    assert_eq!(version(&shown), version(&answer));
    let list = |slug: &str| format!("{PRODUCTS}?category={slug}");
    assert_eq!(slugs(&staff.get(&list("audio")).await.json()), ["buds"]);
    assert_eq!(staff.get(&list("phones")).await.json(), json!([]));
    // Slug and SKU are free again.
    product(&staff, &phones, "pixel", json!({ "sku": "PX" })).await;
}

#[tokio::test]
async fn everything_wrong_with_a_change_is_told_and_nothing_is_written() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    product(&staff, &phones, "other", json!({ "sku": "OTHER" })).await;
    let more = json!({ "sku": "PX", "price": "250", "discount_price": "199.99" });
    let pixel = product(&staff, &phones, "pixel", more).await;
    let path = at(PRODUCTS, &pixel);
    let long = "x".repeat(16 * 1024);
    for (body, refused) in [
        (
            json!({ "price": "100" }),
            json!({ "discount_price": ["Discount price cannot be higher than the original price."] }),
        ),
        (
            json!({ "discount_price": "250.01" }),
            json!({ "discount_price": ["Discount price cannot be higher than the original price."] }),
        ),
        (
            json!({ "slug": "other", "sku": "OTHER", "category_id": 99999 }),
            json!({
                "slug": ["product with this slug already exists."],
                "sku": ["product with this sku already exists."],
                "category_id": ["Invalid pk \"99999\" - object does not exist."],
            }),
        ),
        (
            json!({ "specifications": { "text": long } }),
            json!({ "specifications": ["Ensure this field has no more than 16384 characters."] }),
        ),
        (
            json!({ "description": "ሰ".repeat(66_667) }),
            json!({ "description": ["Ensure this field has no more than 200000 bytes."] }),
        ),
        (
            json!({ "weight_grams": -1, "low_stock_threshold": "x" }),
            json!({
                "weight_grams": ["Ensure this value is greater than or equal to 0."],
                "low_stock_threshold": ["A valid integer is required."],
            }),
        ),
        (
            json!({ "name": null, "slug": "" }),
            json!({
                "name": ["This field may not be null."],
                "slug": ["This field may not be blank."],
            }),
        ),
    ] {
        let answer = staff.patch(&path, &body).await;
        assert_eq!((answer.status, answer.json()), (400, refused), "{body}");
    }
    let answer = staff.put(&path, &json!({ "name": "Pixel" })).await;
    let required = json!(["This field is required."]);
    assert_eq!(
        answer.json(),
        json!({ "category_id": required, "slug": required, "price": required })
    );
    assert_eq!(staff.get(&path).await.json(), pixel);
    let missing = staff.put(&format!("{PRODUCTS}1/"), &json!({})).await;
    assert_eq!(missing.status, 404);
    assert_eq!(
        missing.json()["detail"],
        "No Product matches the given query."
    );
}

#[tokio::test]
async fn a_hidden_product_is_edited_and_shown_again_by_staff() {
    let (stage, router) = open().await;
    let (staff, anonymous) = (
        stage.staff(&router).await.unwrap(),
        stage.anonymous(&router),
    );
    let phones = category(&staff, "phones").await;
    let pixel = product(&staff, &phones, "pixel", json!({})).await;
    let path = at(PRODUCTS, &pixel);
    let hide = |is_active: bool| json!({ "is_active": is_active });
    assert_eq!(staff.patch(&path, &hide(false)).await.status, 200);
    assert_eq!(anonymous.get(&path).await.status, 404);
    assert_eq!(anonymous.get(PRODUCTS).await.json(), json!([]));
    assert_eq!(slugs(&staff.get(PRODUCTS).await.json()), ["pixel"]);
    let renamed = staff.patch(&path, &json!({ "slug": "pixel-9" })).await;
    assert_eq!(
        (renamed.status, &renamed.json()["is_active"]),
        (200, &json!(false))
    );
    assert_eq!(staff.patch(&path, &hide(true)).await.status, 200);
    assert_eq!(slugs(&anonymous.get(PRODUCTS).await.json()), ["pixel-9"]);
}

#[tokio::test]
async fn an_edit_based_on_another_version_is_refused() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let pixel = product(&staff, &phones, "pixel", json!({})).await;
    let path = at(PRODUCTS, &pixel);
    let first = staff.get(&path).await.header("etag").to_owned();
    let based_on = |tag: &str| {
        let staff = staff.at(&router).saying("if-match", tag);
        let path = path.clone();
        async move { staff.patch(&path, &json!({ "name": "Pixel 9" })).await }
    };
    let changed = based_on(&first).await;
    assert_eq!(changed.status, 200);
    assert_eq!(based_on(&first).await.status, 412);
    assert_eq!(based_on(changed.header("etag")).await.status, 200);
    let stale = staff.at(&router).saying("if-match", &first);
    assert_eq!(stale.delete(&path).await.status, 412);
    assert_eq!(staff.delete(&path).await.status, 204);
}

#[tokio::test]
async fn a_deleted_product_is_gone_and_an_ordered_one_stays() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let pixel = product(
        &staff,
        &phones,
        "pixel",
        json!({ "sku": "PX", "initial_stock": 3 }),
    )
    .await;
    let path = at(PRODUCTS, &pixel);
    assert_eq!(stage.anonymous(&router).delete(&path).await.status, 403);
    let answer = staff.delete(&path).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(staff.get(&path).await.status, 404);
    assert_eq!(staff.delete(&path).await.status, 404);
    assert_eq!(staff.get(PRODUCTS).await.json(), json!([]));
    product(&staff, &phones, "pixel", json!({ "sku": "PX" })).await;

    let price = domain::Money::from_santim(10_000);
    let goods = stage.goods("Phone", price, None, 5).await.unwrap();
    let orders = orders::router(stage.shop.clone());
    let shopper = stage.shopper(&orders, &[&goods], 1).await.unwrap();
    assert_eq!(shopper.post("/api/orders/", &json!({})).await.status, 201);
    let answer = staff.delete(&format!("{PRODUCTS}{}/", goods.id)).await;
    let detail = "Orders refer to it; deactivate it instead.";
    assert_eq!(
        (answer.status, answer.json()),
        (409, json!({ "detail": detail }))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_creations_or_renamings_at_once_one_gets_the_name() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let taken =
        |field: &str| json!({ field: [format!("product with this {field} already exists.")] });
    let body = |slug: String, sku: String| json!({ "category_id": phones["id"], "name": "n", "slug": slug, "sku": sku, "price": 1 });
    for field in ["slug", "sku"] {
        let bodies = (0..20).map(|number| match field {
            "slug" => body("only".into(), format!("A-{number}")),
            _ => body(format!("b-{number}"), "ONLY".into()),
        });
        let tries = bodies.map(|body| {
            let staff = staff.at(&router);
            tokio::spawn(async move { staff.post(PRODUCTS, &body).await })
        });
        let mut made = 0;
        for answer in join_all(tries).await {
            let answer = answer.unwrap();
            if answer.status == 201 {
                made += 1;
            } else {
                assert_eq!((answer.status, answer.json()), (400, taken(field)));
            }
        }
        assert_eq!(made, 1, "{field}");
    }
    let mut products = Vec::new();
    for number in 0..8 {
        products.push(product(&staff, &phones, &format!("c-{number}"), json!({})).await);
    }
    let tries = products.iter().map(|product| {
        let (staff, path) = (staff.at(&router), at(PRODUCTS, product));
        tokio::spawn(async move {
            staff
                .patch(&path, &json!({ "slug": "wanted" }))
                .await
                .status
        })
    });
    let statuses = join_all(tries).await;
    let won = statuses
        .iter()
        .filter(|status| *status.as_ref().unwrap() == 200);
    assert_eq!(won.count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn a_product_as_it_is_shown_can_be_sent_back() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let plain = product(
        &staff,
        &phones,
        "plain",
        json!({ "sku": "P", "initial_stock": 2 }),
    )
    .await;
    let body = json!({
        "category_id": phones["id"], "name": "Shirt", "slug": "shirt", "price": 10,
        "options": [{ "name": "size", "values": ["S", "M"] }],
        "variants": [
            { "options": { "size": "S" }, "initial_stock": 1 },
            { "options": { "size": "M" }, "price": 12, "sku": "M" },
        ],
    });
    let shirt = made(&staff, PRODUCTS, &body).await;
    for shown in [plain, shirt] {
        let mut body = shown.clone();
        body["category_id"] = phones["id"].clone();
        let answer = staff.put(&at(PRODUCTS, &shown), &body).await;
        assert_eq!(
            (answer.status, answer.json()),
            (200, shown),
            "{}",
            answer.text()
        );
    }
    assert_eq!(staff.get(CATEGORIES).await.status, 200);
}
