//! The cart's endpoints, driven in process over a table of their own.

mod adding;
mod changing;
mod showing;

use std::collections::BTreeMap;

use actors::{Actor, Stage};
use axum::Router;
use domain::{
    CategoryId, Id, Money, ProductId, VariantId,
    category::Category,
    json::Json,
    product::{Price, Product, ProductOption, Variant},
    stock::{Location, StockLevel},
};
use serde_json::{Value, json};
use store::StockedProduct;

const ITEMS: &str = "/api/cart/items/";
const MY_CART: &str = "/api/cart/my_cart/";

/// A stage with one category, and the function's routes on it.
struct Shelf {
    stage: Stage,
    router: Router,
    category: CategoryId,
}

impl Shelf {
    async fn open() -> Shelf {
        let stage = Stage::open().await.unwrap();
        let router = cart::router(stage.shop.clone());
        let category = Category {
            id: CategoryId(stage.shop.entropy.id()),
            parent: None,
            name: "All".into(),
            slug: "all".into(),
            description: String::new(),
            is_active: true,
            created_at: stage.shop.clock.now(),
            version: stage.shop.entropy.version(),
        };
        stage.shop.store.create_category(&category).await.unwrap();
        Shelf {
            stage,
            router,
            category: category.id,
        }
    }

    /// Somebody with an account whose address is not proved: that is enough for a cart.
    async fn customer(&self) -> Actor {
        self.stage.customer(&self.router).await.unwrap()
    }

    /// A product that comes one way only: of so many units, at prices in santim.
    async fn product(
        &self,
        name: &str,
        stock: u32,
        list: i64,
        discounted: Option<i64>,
    ) -> ProductId {
        let id = ProductId(self.stage.shop.entropy.id());
        let price =
            Price::new(Money::from_santim(list), discounted.map(Money::from_santim)).unwrap();
        let variant = Product::default_variant(id, None, price);
        self.put(id, name, price, vec![(variant, stock)]).await;
        id
    }

    /// A shirt at 10 and 12 birr in the sizes M and L, four of each, and XL, which is not sold.
    async fn shirt(&self) -> (ProductId, Vec<VariantId>) {
        let id = ProductId(self.stage.shop.entropy.id());
        let birr = |amount: i64| Price::new(Money::from_santim(amount * 100), None).unwrap();
        let sizes = [("M", 10, true), ("L", 12, true), ("XL", 12, false)];
        let variants: Vec<_> = sizes
            .into_iter()
            .map(|(size, price, is_active)| Variant {
                id: VariantId(self.stage.shop.entropy.id()),
                sku: None,
                options: BTreeMap::from([("size".to_owned(), size.to_owned())]),
                price: birr(price),
                is_active,
            })
            .map(|variant| (variant, 4))
            .collect();
        let ids = variants.iter().map(|(variant, _)| variant.id).collect();
        self.put(id, "Shirt", birr(10), variants).await;
        (id, ids)
    }

    async fn put(&self, id: ProductId, name: &str, price: Price, variants: Vec<(Variant, u32)>) {
        let now = self.stage.shop.clock.now();
        let stock = variants.iter().map(|(variant, units)| StockLevel {
            product: id,
            variant: variant.id,
            location: Location::main(),
            available: *units,
            reserved: 0,
            updated_at: now,
        });
        let stock = stock.collect();
        let options = match variants.len() {
            1 => Vec::new(),
            _ => vec![ProductOption {
                name: "size".into(),
                values: vec!["M".into(), "L".into(), "XL".into()],
            }],
        };
        let product = Product {
            id,
            category: self.category,
            name: name.into(),
            slug: format!("p-{id}"),
            description: String::new(),
            sku: None,
            price,
            currency: "ETB".into(),
            specifications: Json(json!({})),
            is_featured: false,
            is_active: true,
            options,
            variants: variants.into_iter().map(|(variant, _)| variant).collect(),
            created_at: now,
            updated_at: now,
            version: self.stage.shop.entropy.version(),
        };
        self.stage
            .shop
            .store
            .create_product(&StockedProduct { product, stock })
            .await
            .unwrap();
    }

    /// Takes a product out of the catalogue, as staff will be able to.
    async fn deactivate(&self, product: ProductId) {
        let table = &self.stage.table;
        let update = table.client().update_item().table_name(table.name());
        let update = update
            .key("pk", text(format!("PRODUCT#{}", product.padded())))
            .key("sk", text("PRODUCT".into()))
            .update_expression("SET is_active = :no")
            .expression_attribute_values(
                ":no",
                aws_sdk_dynamodb::types::AttributeValue::Bool(false),
            );
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

fn text(value: String) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::S(value)
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
