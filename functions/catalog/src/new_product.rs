//! A product as staff describe it: read from a request, and made into what the table keeps.

use domain::{
    CategoryId, ProductId,
    json::Json,
    product::{Price, PriceError, Product},
    stock::{Location, MAX_UNITS, ShownStock, StockLevel},
};
use serde_json::{Value, json};
use store::StockedProduct;
use web::{
    body::Payload,
    error::{Error, Result},
    fields::{self, Fields, Kind, boolean, integer, key, price, slug, text},
    shop::Shop,
};

/// The only currency of the shop unless a product says otherwise.
const DEFAULT_CURRENCY: &str = "ETB";

/// A product that comes one way only, and how many units there are of it.
pub(crate) struct NewProduct {
    pub(crate) category: CategoryId,
    name: String,
    slug: String,
    description: String,
    sku: Option<String>,
    price: Price,
    currency: String,
    specifications: Value,
    is_featured: bool,
    is_active: bool,
    initial_stock: u32,
}

impl NewProduct {
    /// Reads every field before anything is asked of the table.
    pub(crate) fn read(payload: Payload) -> Result<NewProduct> {
        let mut fields = Fields::of(payload)?;
        let category = fields.required("category_id", key(CategoryId));
        let name = fields.required("name", text().max(255));
        let slug = fields.required("slug", slug());
        let description = fields
            .optional("description", text().blankable())
            .unwrap_or_default();
        // A blank SKU is no SKU: it would be a unique one otherwise, and the second blank a clash.
        let sku = fields
            .optional("sku", text().max(50).nullable().blankable())
            .flatten()
            .filter(|sku| !sku.is_empty());
        let list_price = fields.required("price", price());
        let discounted = fields
            .optional("discount_price", price().nullable())
            .flatten();
        let currency = fields
            .optional("currency", text().max(3))
            .unwrap_or_else(|| DEFAULT_CURRENCY.to_owned());
        let specifications = fields
            .optional("specifications", fields::json())
            .unwrap_or_else(|| json!({}));
        let is_featured = fields
            .optional("is_featured", boolean())
            .unwrap_or_default();
        let is_active = fields.optional("is_active", boolean()).unwrap_or(true);
        let initial_stock = fields
            .optional("initial_stock", integer().min(0).max(MAX_UNITS.into()))
            .unwrap_or_default();
        fields.finish()?;
        Ok(NewProduct {
            category,
            name,
            slug,
            description,
            sku,
            price: Price::new(list_price, discounted).map_err(refuse_price)?,
            currency,
            specifications,
            is_featured,
            is_active,
            initial_stock: u32::try_from(initial_stock).unwrap_or(MAX_UNITS),
        })
    }

    /// The product with its one variant and the stock of that, under a new id.
    pub(crate) fn stocked(&self, shop: &Shop) -> StockedProduct {
        let id = ProductId(shop.entropy.id());
        let now = shop.clock.now();
        let product = Product {
            id,
            category: self.category,
            name: self.name.clone(),
            slug: self.slug.clone(),
            description: self.description.clone(),
            sku: self.sku.clone(),
            price: self.price,
            currency: self.currency.clone(),
            specifications: Json(self.specifications.clone()),
            weight_grams: None,
            low_stock_threshold: None,
            is_featured: self.is_featured,
            is_active: self.is_active,
            options: Vec::new(),
            variants: vec![Product::default_variant(id, self.sku.clone())],
            images: Vec::new(),
            shown_stock: ShownStock::default(),
            created_at: now,
            updated_at: now,
            version: shop.entropy.version(),
        };
        let place = Location::main();
        let stock = vec![StockLevel::new(
            id,
            id.into(),
            place,
            self.initial_stock,
            now,
        )];
        StockedProduct::new(product, stock)
    }
}

/// Two amounts that are no price, told by the field that is to be changed. As in the original, only
/// once every field is right for itself.
fn refuse_price(error: PriceError) -> Error {
    let field = match error {
        PriceError::NegativeList => "price",
        PriceError::NegativeDiscount | PriceError::DiscountAboveList => "discount_price",
    };
    Error::field(field, error.to_string())
}
