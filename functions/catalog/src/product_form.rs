//! A product as staff describe it: read from a request, and made into what the table keeps.

use std::collections::HashSet;

use domain::{
    CategoryId, Money, ProductId, Timestamp, VariantId,
    choices::{ChoiceFault, MAX_CHARS, MAX_OPTIONS, MAX_VALUES},
    json::Json,
    product::{
        MAX_DESCRIPTION_BYTES, MAX_SPECIFICATIONS_BYTES, MAX_VARIANTS, Price, Product,
        ProductOption,
    },
    stock::{Location, MAX_UNITS, ShownStock, StockLevel},
};
use serde_json::Value;
use store::{ProductRefusal, StockedProduct};
use web::{
    body::Payload,
    error::{Error, FieldErrors, NON_FIELD_ERRORS, Result},
    fields::{self, Fields, Kind, boolean, integer, key, price, slug, text, texts, unknown_key},
    shop::Shop,
};

use crate::variant_form::{VariantForm, field_of, read_sku, read_units};

/// The only currency of the shop unless a product says otherwise.
const DEFAULT_CURRENCY: &str = "ETB";

/// What is sent of a product; what is absent stays as it is, or has its default.
pub(crate) struct ProductForm {
    category: Option<CategoryId>,
    name: Option<String>,
    slug: Option<String>,
    description: Option<String>,
    sku: Option<Option<String>>,
    list_price: Option<Money>,
    discounted: Option<Option<Money>>,
    currency: Option<String>,
    specifications: Option<Value>,
    weight_grams: Option<Option<u32>>,
    low_stock_threshold: Option<Option<u32>>,
    is_featured: Option<bool>,
    is_active: Option<bool>,
    options: Option<Vec<ProductOption>>,
    variants: Option<Vec<VariantForm>>,
    /// Units of a new product that comes one way.
    initial_stock: u32,
}

impl ProductForm {
    /// A whole product: POST.
    pub(crate) fn of_new(payload: Payload) -> Result<ProductForm> {
        let mut fields = Fields::of(payload)?;
        let units = read_units(&mut fields);
        let mut form = ProductForm::read(&mut fields);
        let has_options = form.options.as_ref().is_some_and(|list| !list.is_empty());
        if units > 0 && has_options {
            fields.refuse("initial_stock", "Say it of each variant.");
        }
        form.initial_stock = units;
        fields.finish()?;
        Ok(form)
    }

    /// A product that is there: PUT, and PATCH if it is `partial`. Its units are left alone.
    pub(crate) fn of_known(payload: Payload, partial: bool) -> Result<ProductForm> {
        let mut fields = if partial {
            Fields::partial(payload)?
        } else {
            Fields::of(payload)?
        };
        let form = ProductForm::read(&mut fields);
        fields.finish()?;
        Ok(form)
    }

    fn read(fields: &mut Fields) -> ProductForm {
        ProductForm {
            category: fields.expected("category_id", key(CategoryId)),
            name: fields.expected("name", text().max(255)),
            slug: fields.expected("slug", slug()),
            description: read_description(fields),
            sku: read_sku(fields),
            list_price: fields.expected("price", price()),
            discounted: fields.optional("discount_price", price().nullable()),
            currency: fields.optional("currency", text().max(3)),
            specifications: fields.optional(
                "specifications",
                fields::json().max(MAX_SPECIFICATIONS_BYTES),
            ),
            weight_grams: read_count(fields, "weight_grams"),
            low_stock_threshold: read_count(fields, "low_stock_threshold"),
            is_featured: fields.optional("is_featured", boolean()),
            is_active: fields.optional("is_active", boolean()),
            options: fields.list("options", MAX_OPTIONS, |option| ProductOption {
                name: option.required("name", text().max(MAX_CHARS)),
                values: option.required("values", texts(text().max(MAX_CHARS), MAX_VALUES)),
            }),
            variants: fields.list("variants", MAX_VARIANTS, VariantForm::read),
            initial_stock: 0,
        }
    }

    /// A new product of this form.
    pub(crate) fn stocked(&self, shop: &Shop) -> Result<StockedProduct> {
        let (id, now) = (ProductId(shop.entropy.id()), shop.clock.now());
        let mut stocked = StockedProduct::new(blank(id, now, shop), Vec::new());
        self.apply(&mut stocked, shop)?;
        Ok(StockedProduct::new(stocked.product, stocked.stock))
    }

    /// Changes a product to what is sent; may run again on what another edit left.
    pub(crate) fn apply(&self, stocked: &mut StockedProduct, shop: &Shop) -> Result<()> {
        let before = stocked.product.clone();
        let product = &mut stocked.product;
        set(&mut product.category, &self.category);
        set(&mut product.name, &self.name);
        set(&mut product.slug, &self.slug);
        set(&mut product.description, &self.description);
        set(&mut product.sku, &self.sku);
        set(&mut product.currency, &self.currency);
        set(
            &mut product.specifications,
            &self.specifications.clone().map(Json),
        );
        set(&mut product.weight_grams, &self.weight_grams);
        set(&mut product.low_stock_threshold, &self.low_stock_threshold);
        set(&mut product.is_featured, &self.is_featured);
        set(&mut product.is_active, &self.is_active);
        set(&mut product.options, &self.options);
        let list = self.list_price.unwrap_or(before.price.list());
        let discounted = self.discounted.unwrap_or(before.price.discounted());
        // As in the original, only once every field is right for itself.
        product.price = Price::new(list, discounted)
            .map_err(|error| Error::field(field_of(error), error.to_string()))?;
        product.updated_at = shop.clock.now();
        if product.comes_one_way() {
            self.become_one_way(stocked, shop);
        } else {
            self.become_several(&before, stocked, shop)?;
        }
        admit(&stocked.product)
    }

    /// Makes the product its own and only variant. What a client says of that again is what the
    /// product says of itself.
    fn become_one_way(&self, stocked: &mut StockedProduct, shop: &Shop) {
        let StockedProduct { product, stock } = stocked;
        let sent = self.variants.as_deref().unwrap_or_default();
        if sent.len() > 1 || sent.iter().any(VariantForm::is_choice) {
            // To be refused as such.
            product.variants.clear();
            return;
        }
        let units = sent.first().map_or(0, |only| only.initial_stock);
        let id = VariantId::from(product.id);
        if product.variant(id).is_none() {
            let units = units.max(self.initial_stock);
            stock.push(level(product.id, id, units, shop.clock.now()));
        }
        product.variants = vec![Product::default_variant(product.id, product.sku.clone())];
    }

    /// Replaces the variants by those sent, if any are.
    fn become_several(
        &self,
        before: &Product,
        stocked: &mut StockedProduct,
        shop: &Shop,
    ) -> Result<()> {
        let Some(sent) = &self.variants else {
            return Ok(());
        };
        let StockedProduct { product, stock } = stocked;
        let mut variants = Vec::with_capacity(sent.len());
        let mut errors = vec![FieldErrors::default(); sent.len()];
        let mut named = HashSet::new();
        for (form, errors) in sent.iter().zip(&mut errors) {
            let built = match form.id {
                None => {
                    let id = VariantId(shop.entropy.id());
                    stock.push(level(product.id, id, form.initial_stock, shop.clock.now()));
                    form.variant(id, product)
                }
                Some(id) => {
                    let known = before.variant(id).filter(|_| named.insert(id));
                    let Some(known) = known else {
                        errors.add("id", unknown_key(id));
                        continue;
                    };
                    form.applied_to(known.clone(), before.price_of(known), product)
                }
            };
            match built {
                Ok(variant) => variants.push(variant),
                Err(error) => errors.add(field_of(error), error.to_string()),
            }
        }
        product.variants = variants;
        told(errors)
    }

    /// What others had before it, told by the field that is to be changed.
    pub(crate) fn refusal(&self, reasons: &[ProductRefusal]) -> Error {
        let mut errors = FieldErrors::default();
        let sent = self.variants.as_deref().unwrap_or_default();
        let mut of_variants = vec![FieldErrors::default(); sent.len()];
        for reason in reasons {
            match reason {
                ProductRefusal::SlugTaken => errors.add("slug", reason.to_string()),
                ProductRefusal::SkuTaken(sku) => {
                    let is_own = self
                        .sku
                        .as_ref()
                        .is_some_and(|own| own.as_ref() == Some(sku));
                    let place = sent.iter().position(|variant| variant.has_sku(sku));
                    match place.filter(|_| !is_own) {
                        Some(place) => of_variants[place].add("sku", reason.to_string()),
                        None => errors.add("sku", reason.to_string()),
                    }
                }
                ProductRefusal::CategoryMissing => {
                    let id = self.category.map(|id| id.to_string());
                    errors.add("category_id", unknown_key(id.unwrap_or_default()));
                }
                ProductRefusal::Ordered => return ordered(),
                ProductRefusal::TooLarge => errors.add(NON_FIELD_ERRORS, reason.to_string()),
            }
        }
        errors.list("variants", of_variants);
        Error::fields(&errors)
    }
}

/// 409: what was to go is in somebody's order.
pub(crate) fn ordered() -> Error {
    Error::detail(axum::http::StatusCode::CONFLICT, ProductRefusal::Ordered)
}

/// Whether options and variants fit together.
///
/// # Errors
/// 400 with everything that is wrong, at its place.
pub(crate) fn admit(product: &Product) -> Result<()> {
    let mut errors = FieldErrors::default();
    let mut of_options = vec![FieldErrors::default(); product.options.len()];
    let mut of_variants = vec![FieldErrors::default(); product.variants.len()];
    for fault in product.choice_faults() {
        let message = fault.to_string();
        match fault {
            ChoiceFault::RepeatedOption(place) => of_options[place].add("name", message),
            ChoiceFault::RepeatedValue(place) => of_options[place].add("values", message),
            ChoiceFault::NoVariants | ChoiceFault::NotOneWay => errors.add("variants", message),
            ChoiceFault::NoChoice(place) | ChoiceFault::RepeatedChoice(place) => {
                of_variants[place].add("options", message);
            }
            ChoiceFault::RepeatedSku(place) => of_variants[place].add("sku", message),
        }
    }
    errors.list("options", of_options);
    errors.list("variants", of_variants);
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Error::fields(&errors))
    }
}

/// The stock of a new variant, at the place that every shop has.
pub(crate) fn level(
    product: ProductId,
    variant: VariantId,
    units: u32,
    now: Timestamp,
) -> StockLevel {
    StockLevel::new(product, variant, Location::main(), units, now)
}

fn told(of_variants: Vec<FieldErrors>) -> Result<()> {
    let mut errors = FieldErrors::default();
    errors.list("variants", of_variants);
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Error::fields(&errors))
    }
}

fn set<T: Clone>(field: &mut T, sent: &Option<T>) {
    if let Some(value) = sent {
        field.clone_from(value);
    }
}

fn read_description(fields: &mut Fields) -> Option<String> {
    let description = fields.optional("description", text().blankable())?;
    if description.len() > MAX_DESCRIPTION_BYTES {
        let message = format!("Ensure this field has no more than {MAX_DESCRIPTION_BYTES} bytes.");
        fields.refuse("description", message);
    }
    Some(description)
}

/// A whole number that may be left open.
fn read_count(fields: &mut Fields, name: &str) -> Option<Option<u32>> {
    let count = fields.optional(name, integer().min(0).max(MAX_UNITS.into()).nullable());
    count.map(|count| count.and_then(|count| u32::try_from(count).ok()))
}

/// What a product is before anything is said of it.
fn blank(id: ProductId, now: Timestamp, shop: &Shop) -> Product {
    Product {
        id,
        category: CategoryId(id.0),
        name: String::new(),
        slug: String::new(),
        description: String::new(),
        sku: None,
        price: Price::FREE,
        currency: DEFAULT_CURRENCY.to_owned(),
        specifications: Json(Value::Object(serde_json::Map::new())),
        weight_grams: None,
        low_stock_threshold: None,
        is_featured: false,
        is_active: true,
        options: Vec::new(),
        variants: Vec::new(),
        images: Vec::new(),
        shown_stock: ShownStock::default(),
        created_at: now,
        updated_at: now,
        version: shop.entropy.version(),
    }
}
