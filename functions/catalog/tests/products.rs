use std::collections::BTreeMap;

use actors::Stage;
use domain::{
    CategoryId, Id, Money, ProductId, VariantId,
    json::Json,
    product::{Price, Product, ProductOption, Variant},
    stock::{Location, ShownStock, StockLevel},
};
use emulator::{Fault, FaultKind, Service};
use futures::future::join_all;
use serde_json::{Value, json};
use store::StockedProduct;

use crate::{CATEGORIES, PRODUCTS, at, category, made, open, product, slugs, version};

#[tokio::test]
async fn a_product_is_shown_as_the_original_shows_it_and_with_its_variants() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let body = json!({
        "category_id": phones["id"], "name": "Pixel 9", "slug": "pixel-9", "description": "A phone",
        "sku": "PX-9", "price": "250.00", "discount_price": 199.99, "is_featured": true,
        "specifications": { "ram": "12 GB" }, "initial_stock": 5,
        "id": 1, "total_stock": 99, "final_price": "0.01", "category": null,
    });
    let answer = staff.post(PRODUCTS, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let pixel = answer.json();
    let (id, created_at) = (&pixel["id"], &pixel["created_at"]);
    assert_eq!(
        answer.text(),
        format!(
            concat!(
                r#"{{"id":{id},"category":{category},"name":"Pixel 9","slug":"pixel-9","description":"A phone","#,
                r#""sku":"PX-9","price":"250.00","discount_price":"199.99","currency":"ETB","#,
                r#""specifications":{{"ram":"12 GB"}},"is_featured":true,"inventory_items":[{{"id":{id},"#,
                r#""product":{id},"product_name":"Pixel 9","quantity":5,"location":null,"last_updated":{at}}}],"#,
                r#""is_active":true,"created_at":{at},"updated_at":{at},"total_stock":5,"#,
                r#""final_price":"199.99","images":[],"weight_grams":null,"low_stock_threshold":null,"#,
                r#""options":[],"variants":[{{"id":{id},"sku":"PX-9","#,
                r#""options":{{}},"price":"250.00","discount_price":"199.99","final_price":"199.99","#,
                r#""available":5,"is_active":true}}]}}"#
            ),
            id = id,
            at = created_at,
            category = staff.get(&at(CATEGORIES, &phones)).await.text(),
        )
    );
    let shown = stage.anonymous(&router).get(&at(PRODUCTS, &pixel)).await;
    assert_eq!((shown.status, &shown.json()), (200, &pixel));
    assert_eq!(version(&shown), version(&answer));
    assert_eq!(
        stage.anonymous(&router).get(PRODUCTS).await.json(),
        json!([pixel])
    );
}

#[tokio::test]
async fn what_is_left_out_has_its_default() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let plain = product(&staff, &phones, "plain", json!({ "price": 1e2 })).await;
    for (field, value) in [
        ("description", json!("")),
        ("sku", Value::Null),
        ("price", json!("100.00")),
        ("discount_price", Value::Null),
        ("final_price", json!("100.00")),
        ("currency", json!("ETB")),
        ("specifications", json!({})),
        ("is_featured", json!(false)),
        ("is_active", json!(true)),
        ("total_stock", json!(0)),
    ] {
        assert_eq!(plain[field], value, "{field}");
    }
    assert_eq!(plain["inventory_items"][0]["quantity"], 0);
}

#[tokio::test]
async fn a_form_that_leaves_a_box_out_means_no() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let form = format!(
        "category_id={}&name=Pixel&slug=pixel&price=9.50&discount_price=&specifications=%7B%22a%22%3A1%7D&initial_stock=3",
        phones["id"]
    );
    let answer = staff.post_form(PRODUCTS, &form).await;
    let pixel = answer.json();
    assert_eq!(answer.status, 201, "{pixel}");
    assert_eq!(pixel["is_active"], false);
    assert_eq!(pixel["specifications"], json!({ "a": 1 }));
    assert_eq!(
        (&pixel["discount_price"], &pixel["total_stock"]),
        (&Value::Null, &json!(3))
    );
}

#[tokio::test]
async fn everything_wrong_with_a_product_is_told_and_nothing_is_written() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let required = json!(["This field is required."]);
    assert_eq!(
        staff.post(PRODUCTS, &json!({})).await.json(),
        json!({ "category_id": required, "name": required, "slug": required, "price": required })
    );
    let good = json!({ "category_id": phones["id"], "name": "n", "slug": "s", "price": "10" });
    for (field, value, message) in [
        (
            "category_id",
            json!("x"),
            "Incorrect type. Expected pk value, received str.",
        ),
        (
            "category_id",
            json!(true),
            "Incorrect type. Expected pk value, received bool.",
        ),
        ("category_id", Value::Null, "This field may not be null."),
        (
            "category_id",
            json!(99999),
            "Invalid pk \"99999\" - object does not exist.",
        ),
        ("name", json!(""), "This field may not be blank."),
        ("name", json!("a\u{0}"), "Null characters are not allowed."),
        ("name", json!(["n"]), "Not a valid string."),
        (
            "slug",
            json!("x".repeat(51)),
            "Ensure this field has no more than 50 characters.",
        ),
        (
            "sku",
            json!("x".repeat(51)),
            "Ensure this field has no more than 50 characters.",
        ),
        ("price", json!("NaN"), "A valid number is required."),
        (
            "price",
            json!("0.001"),
            "Ensure that there are no more than 2 decimal places.",
        ),
        (
            "price",
            json!("12345678901"),
            "Ensure that there are no more than 10 digits in total.",
        ),
        ("price", json!(-1), "Price cannot be negative."),
        ("discount_price", json!(-1), "Discount cannot be negative."),
        (
            "discount_price",
            json!("10.01"),
            "Discount price cannot be higher than the original price.",
        ),
        (
            "currency",
            json!("BIRR"),
            "Ensure this field has no more than 3 characters.",
        ),
        ("specifications", Value::Null, "This field may not be null."),
        (
            "specifications",
            json!({ "a": "\u{0}" }),
            "Null characters are not allowed.",
        ),
        ("is_featured", json!("perhaps"), "Must be a valid boolean."),
        ("is_active", Value::Null, "This field may not be null."),
        (
            "initial_stock",
            json!(-1),
            "Ensure this value is greater than or equal to 0.",
        ),
        (
            "initial_stock",
            json!(2_147_483_648_u32),
            "Ensure this value is less than or equal to 2147483647.",
        ),
        ("initial_stock", json!(1.5), "A valid integer is required."),
        ("initial_stock", Value::Null, "This field may not be null."),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let refused = staff.post(PRODUCTS, &bad).await;
        assert_eq!(
            (refused.status, refused.json()),
            (400, json!({ field: [message] })),
            "{bad}"
        );
    }
    assert_eq!(staff.get(PRODUCTS).await.json(), json!([]));
    assert_eq!(
        staff.post(PRODUCTS, &good).await.status,
        201,
        "and its slug is still free"
    );
}

#[tokio::test]
async fn slugs_and_skus_are_unique_but_a_blank_sku_is_none() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    product(&staff, &phones, "first", json!({ "sku": "S-1" })).await;
    let again = |slug: &str, sku: &str| json!({ "category_id": phones["id"], "name": "n", "slug": slug, "price": 1, "sku": sku });
    assert_eq!(
        staff.post(PRODUCTS, &again("first", "S-2")).await.json(),
        json!({ "slug": ["product with this slug already exists."] })
    );
    assert_eq!(
        staff.post(PRODUCTS, &again("second", "S-1")).await.json(),
        json!({ "sku": ["product with this sku already exists."] })
    );
    let mut worst = again("first", "S-1");
    worst["category_id"] = json!(99999);
    assert_eq!(
        staff.post(PRODUCTS, &worst).await.json(),
        json!({
            "slug": ["product with this slug already exists."],
            "sku": ["product with this sku already exists."],
            "category_id": ["Invalid pk \"99999\" - object does not exist."],
        })
    );
    for slug in ["second", "third"] {
        assert_eq!(
            made(&staff, PRODUCTS, &again(slug, "")).await["sku"],
            Value::Null
        );
    }
    // A category and a product may share a slug.
    product(&staff, &phones, "phones", json!({})).await;
}

#[tokio::test]
async fn of_parallel_creations_with_one_slug_one_succeeds() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let body = json!({ "category_id": phones["id"], "name": "n", "slug": "only", "price": 1, "initial_stock": 4 });
    let answers = join_all((0..8).map(|_| staff.post(PRODUCTS, &body))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(won.len(), 1);
    for answer in lost {
        let taken = json!({ "slug": ["product with this slug already exists."] });
        assert_eq!((answer.status, answer.json()), (400, taken));
    }
    assert_eq!(staff.get(PRODUCTS).await.json(), json!([won[0].json()]));
}

#[tokio::test]
async fn a_creation_whose_answer_was_lost_is_not_its_own_duplicate() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    // The first call asks who it is, the second writes.
    let fault = Fault {
        service: Service::Dynamodb,
        nth: 2,
        kind: FaultKind::LostAnswer,
        times: 1,
    };
    stage.wire.inject(fault).unwrap();
    let more = json!({ "initial_stock": 4 });
    let creation = product(&staff, &phones, "pixel", more);
    let (pixel, cost) = stage.wire.measured(creation).await;
    assert_eq!(cost.calls_of("dynamodb.TransactWriteItems"), 2, "{cost:?}");
    assert_eq!(staff.get(PRODUCTS).await.json(), json!([pixel]));
}

#[tokio::test]
async fn an_inactive_product_is_there_for_staff_only() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let hidden = product(&staff, &phones, "hidden", json!({ "is_active": false })).await;
    product(&staff, &phones, "shown", json!({})).await;
    for actor in [
        &stage.verified(&router).await.unwrap(),
        &stage.anonymous(&router),
    ] {
        for list in [PRODUCTS.to_owned(), format!("{PRODUCTS}?category=phones")] {
            assert_eq!(slugs(&actor.get(&list).await.json()), ["shown"]);
        }
        let answer = actor.get(&at(PRODUCTS, &hidden)).await;
        assert_eq!(
            (answer.status, &answer.json()["detail"]),
            (404, &json!("No Product matches the given query."))
        );
    }
    assert_eq!(staff.get(&at(PRODUCTS, &hidden)).await.json(), hidden);
    for list in [PRODUCTS.to_owned(), format!("{PRODUCTS}?category=phones")] {
        assert_eq!(slugs(&staff.get(&list).await.json()), ["shown", "hidden"]);
    }
}

#[tokio::test]
async fn a_product_in_a_hidden_category_keeps_its_name_but_shows_nothing_under_it() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let secret = json!({ "name": "Secret", "slug": "secret", "is_active": false });
    let secret = made(&staff, CATEGORIES, &secret).await;
    let inside = json!({ "name": "Inside", "slug": "inside", "parent_category": secret["id"] });
    made(&staff, CATEGORIES, &inside).await;
    let pixel = product(&staff, &secret, "pixel", json!({})).await;
    assert_eq!(slugs(&pixel["category"]["subcategories"]), ["inside"]);
    let anonymous = stage.anonymous(&router);
    let shown = anonymous.get(&at(PRODUCTS, &pixel)).await.json();
    assert_eq!(shown["category"]["slug"], "secret");
    assert_eq!(shown["category"]["subcategories"], json!([]));
    let by_category = anonymous.get(&format!("{PRODUCTS}?category=secret")).await;
    assert_eq!(by_category.json(), json!([]));
}

/// A shirt in two sizes of which the second is not sold.
async fn shirt(stage: &Stage, category: &Value) -> ProductId {
    let entropy = &stage.shop.entropy;
    let now = stage.shop.clock.now();
    let id = ProductId(entropy.id());
    let birr = |amount: i64| Price::new(Money::from_santim(amount * 100), None).unwrap();
    let variants: Vec<_> = [("M", 10, true), ("L", 12, false)]
        .into_iter()
        .map(|(size, price, is_active)| Variant {
            id: VariantId(entropy.id()),
            sku: Some(format!("SHIRT-{size}")),
            options: BTreeMap::from([("size".to_owned(), size.to_owned())]),
            price: Some(birr(price)),
            is_active,
        })
        .collect();
    let level = |variant: &Variant| StockLevel {
        product: id,
        variant: variant.id,
        location: Location::main(),
        available: 4,
        reserved: 3,
        updated_at: now,
        revision: 0,
        was_ordered: true,
    };
    let stock = variants.iter().map(level).collect();
    let product = Product {
        id,
        category: CategoryId(Id::try_from(category["id"].as_u64().unwrap()).unwrap()),
        name: "Shirt".into(),
        slug: "shirt".into(),
        description: String::new(),
        sku: None,
        price: birr(10),
        currency: "ETB".into(),
        specifications: Json(json!({})),
        weight_grams: None,
        low_stock_threshold: None,
        is_featured: false,
        is_active: true,
        options: vec![ProductOption {
            name: "size".into(),
            values: vec!["M".into(), "L".into()],
        }],
        variants,
        images: Vec::new(),
        shown_stock: ShownStock::default(),
        created_at: now,
        updated_at: now,
        version: entropy.version(),
    };
    stage
        .shop
        .store
        .create_product(&StockedProduct::new(product, stock))
        .await
        .unwrap();
    id
}

#[tokio::test]
async fn variants_that_are_not_sold_are_shown_to_staff_only() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let clothes = category(&staff, "clothes").await;
    let path = format!("{PRODUCTS}{}/", shirt(&stage, &clothes).await);
    let shown = stage.anonymous(&router).get(&path).await.json();
    assert_eq!(
        shown["options"],
        json!([{ "name": "size", "values": ["M", "L"] }])
    );
    let variants = shown["variants"].as_array().unwrap();
    assert_eq!(variants.len(), 1);
    assert_eq!(
        variants[0],
        json!({
            "id": variants[0]["id"], "sku": "SHIRT-M", "options": { "size": "M" }, "price": "10.00",
            "discount_price": null, "final_price": "10.00", "available": 4, "is_active": true,
        })
    );
    assert_eq!(
        (
            &shown["total_stock"],
            shown["inventory_items"].as_array().unwrap().len()
        ),
        (&json!(4), 1)
    );
    let all = staff.get(&path).await.json();
    assert_eq!(all["variants"].as_array().unwrap().len(), 2);
    assert_eq!(all["total_stock"], 8);
    assert_eq!(staff.get(PRODUCTS).await.json(), json!([all]));
    assert_eq!(
        stage.anonymous(&router).get(PRODUCTS).await.json(),
        json!([shown])
    );
}
