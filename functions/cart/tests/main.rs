//! The cart's endpoints, driven in process over a table of their own.

#![expect(
    clippy::unwrap_used,
    reason = "what the tests stand on fails as they do"
)]

mod adding;
mod changing;
mod events;
mod showing;

use std::collections::BTreeMap;

use actors::{Actor, Stage};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use domain::{
    Id, Money, ProductId, VariantId,
    product::{Price, ProductOption, Variant},
    stock::{Location, StockLevel},
};
use serde_json::{Value, json};
use store::StockedProduct;
use web::Shop;

const ITEMS: &str = "/api/cart/items/";
const MY_CART: &str = "/api/cart/my_cart/";

/// A stage with products on it, and the function's routes.
struct Shelf {
    stage: Stage,
    router: Router,
}

impl Shelf {
    async fn open() -> Shelf {
        let stage = Stage::open().await.unwrap();
        let router = cart::router(stage.shop.clone());
        Shelf { stage, router }
    }

    /// Somebody with an account whose address is not proved: that is enough for a cart.
    async fn customer(&self) -> Actor {
        self.stage.customer(&self.router).await.unwrap()
    }

    /// A product that comes one way only: of so many units, at prices in santim.
    async fn product(
        &self,
        name: &str,
        units: u32,
        list: i64,
        discounted: Option<i64>,
    ) -> ProductId {
        let discounted = discounted.map(Money::from_santim);
        let goods = self
            .stage
            .goods(name, Money::from_santim(list), discounted, units);
        goods.await.unwrap().id
    }

    /// A shirt at 10 and 12 birr in the sizes M and L, four of each, and XL, which is not sold.
    async fn shirt(&self) -> (ProductId, Vec<VariantId>) {
        let Shop {
            entropy,
            clock,
            store,
            ..
        } = &self.stage.shop;
        let birr = |amount: i64| Money::from_santim(amount * 100);
        let mut shirt = self.stage.goods("Shirt", birr(10), None, 0).await.unwrap();
        shirt.id = ProductId(entropy.id());
        shirt.slug = "shirt".into();
        shirt.options = vec![ProductOption {
            name: "size".into(),
            values: ["M", "L", "XL"].map(str::to_owned).to_vec(),
        }];
        shirt.variants = [("M", 10, true), ("L", 12, true), ("XL", 12, false)]
            .map(|(size, price, is_active)| Variant {
                id: VariantId(entropy.id()),
                sku: None,
                options: BTreeMap::from([("size".to_owned(), size.to_owned())]),
                price: Some(Price::new(birr(price), None).unwrap()),
                is_active,
            })
            .to_vec();
        let (product, sizes) = (shirt.id, shirt.variants.iter().map(|v| v.id).collect());
        let stock = shirt
            .variants
            .iter()
            .map(|variant| StockLevel::new(product, variant.id, Location::main(), 4, clock.now()));
        let stock = stock.collect();
        store
            .create_product(&StockedProduct::new(shirt, stock))
            .await
            .unwrap();
        (product, sizes)
    }

    /// Takes a product out of the catalogue, as staff will be able to.
    async fn deactivate(&self, product: ProductId) {
        let table = &self.stage.table;
        let update = table.client().update_item().table_name(table.name());
        let update = update
            .key("pk", text(format!("PRODUCT#{}", product.padded())))
            .key("sk", text("PRODUCT".into()))
            .update_expression("SET is_active = :no")
            .expression_attribute_values(":no", AttributeValue::Bool(false));
        update.send().await.unwrap();
    }

    /// Deletes a product with its stock, as staff will be able to.
    async fn delete(&self, product: ProductId) {
        let table = &self.stage.table;
        let pk = format!("PRODUCT#{}", product.padded());
        for sk in [
            "PRODUCT".to_owned(),
            format!("STOCK#{}#main", product.padded()),
        ] {
            let delete = table.client().delete_item().table_name(table.name());
            let delete = delete.key("pk", text(pk.clone())).key("sk", text(sk));
            delete.send().await.unwrap();
        }
    }
}

fn text(value: String) -> AttributeValue {
    AttributeValue::S(value)
}

/// Puts so many into the cart and gives the line as answered.
async fn put_in(actor: &Actor, product: ProductId, quantity: u32) -> Value {
    let answer = actor
        .post(ITEMS, &json!({ "product": product, "quantity": quantity }))
        .await;
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
    answer.json()
}

/// The path of a line.
fn at(line: &Value) -> String {
    format!("{ITEMS}{}/", line["id"])
}

/// An id as JSON has it.
fn number(id: Id) -> Value {
    json!(id.value())
}
