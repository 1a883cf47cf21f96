//! The demonstration catalogue: read from a data file, loaded into the table where it is missing.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::{Context as _, bail};
use domain::{
    CategoryId, Id, Money, ProductId, Timestamp, VariantId,
    category::Category,
    json::Json,
    product::{Price, Product, ProductOption, Variant},
    stock::{Location, ShownStock, StockLevel},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use gateways::{clock::Clock, entropy::Entropy};
use serde::Deserialize;
use store::{
    CreateCategoryError, CreateProductError, PageRequest, ProductFilter, ProductRefusal,
    StockedProduct, Store,
};

const CATALOGUE: &str = include_str!("../demo/catalogue.json");
/// How many writes are under way at once: the embedded table does them one by one anyway.
const AT_ONCE: usize = 8;
const PAGE: usize = 100;

/// The data file.
#[derive(Debug, Deserialize)]
struct Catalogue {
    categories: Vec<CategoryEntry>,
    products: Vec<ProductEntry>,
}

#[derive(Debug, Deserialize)]
struct CategoryEntry {
    slug: String,
    name: String,
    description: String,
    parent: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ProductEntry {
    slug: String,
    name: String,
    sku: Option<String>,
    description: String,
    category: String,
    price: String,
    discount_price: Option<String>,
    specifications: serde_json::Value,
    is_featured: bool,
    stock: u32,
    options: Vec<ProductOption>,
    variants: Vec<VariantEntry>,
}

#[derive(Debug, Deserialize)]
struct VariantEntry {
    sku: Option<String>,
    options: BTreeMap<String, String>,
    price: String,
    discount_price: Option<String>,
    stock: u32,
}

/// What was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// New categories.
    pub categories: usize,
    /// New products.
    pub products: usize,
}

/// Loads what of the catalogue is not in the table yet, found by its slug. A load that was
/// interrupted is completed, and a second load does nothing.
///
/// # Errors
/// If the data file is wrong or the table fails.
pub async fn load(store: &Store, clock: &Clock, entropy: &Entropy) -> anyhow::Result<Loaded> {
    let catalogue: Catalogue =
        serde_json::from_str(CATALOGUE).context("the demonstration catalogue")?;
    let mut ids = Ids {
        next_millis: clock.unix_millis(),
        entropy,
    };
    let now = clock.now();
    let tree = store.category_tree().await?;
    let mut categories: HashMap<String, CategoryId> = HashMap::new();
    let mut loaded = Loaded {
        categories: 0,
        products: 0,
    };
    // Parents stand before their children in the file, and there are few: one after the other.
    for entry in catalogue.categories {
        if let Some(known) = tree.find_by_slug(&entry.slug) {
            categories.insert(entry.slug, known.id);
            continue;
        }
        let parent = entry
            .parent
            .as_ref()
            .map(|slug| {
                categories
                    .get(slug)
                    .copied()
                    .with_context(|| format!("{}: no parent {slug}", entry.slug))
            })
            .transpose()?;
        let category = Category {
            id: CategoryId(ids.draw()),
            parent,
            name: entry.name,
            slug: entry.slug.clone(),
            description: entry.description,
            is_active: true,
            created_at: now,
            version: entropy.version(),
        };
        match store.create_category(&category).await {
            Ok(()) => loaded.categories += 1,
            Err(CreateCategoryError::Store(fault)) => return Err(fault.into()),
            Err(refused) => bail!("category {}: {refused}", category.slug),
        }
        categories.insert(entry.slug, category.id);
    }

    let known = product_slugs(store).await?;
    let missing: Vec<StockedProduct> = catalogue
        .products
        .into_iter()
        .filter(|entry| !known.contains(&entry.slug))
        .map(|entry| {
            let slug = entry.slug.clone();
            stocked(entry, &categories, now, &mut ids).with_context(|| format!("product {slug}"))
        })
        .collect::<anyhow::Result<_>>()?;
    loaded.products = missing.len();
    stream::iter(&missing)
        .map(Ok)
        .try_for_each_concurrent(AT_ONCE, |product| create(store, product))
        .await?;
    Ok(loaded)
}

/// Draws ids that are one millisecond apart and go backwards: distinct whatever the random bits,
/// and in lists, which show the newest first, in the order of the file.
struct Ids<'a> {
    next_millis: u64,
    entropy: &'a Entropy,
}

impl Ids<'_> {
    fn draw(&mut self) -> Id {
        self.next_millis -= 1;
        Id::compose(self.next_millis, u16::from_le_bytes(self.entropy.bytes()))
    }
}

async fn create(store: &Store, product: &StockedProduct) -> anyhow::Result<()> {
    match store.create_product(product).await {
        Ok(()) => Ok(()),
        Err(CreateProductError::Store(fault)) => Err(fault.into()),
        // A product of the shopkeeper's own has the slug or SKU: it stays.
        Err(CreateProductError::Refused(reasons))
            if !reasons.contains(&ProductRefusal::CategoryMissing) =>
        {
            tracing::warn!(
                slug = product.product.slug,
                "this demonstration product collides with another and is left out"
            );
            Ok(())
        }
        Err(refused) => bail!("product {}: {refused}", product.product.slug),
    }
}

async fn product_slugs(store: &Store) -> anyhow::Result<HashSet<String>> {
    let filter = ProductFilter {
        with_inactive: true,
        ..ProductFilter::default()
    };
    let mut slugs = HashSet::new();
    let mut after = None;
    loop {
        let page = store
            .list_products(&filter, PageRequest { limit: PAGE, after })
            .await?;
        slugs.extend(page.items.into_iter().map(|product| product.slug));
        after = page.next;
        if after.is_none() {
            return Ok(slugs);
        }
    }
}

fn stocked(
    entry: ProductEntry,
    categories: &HashMap<String, CategoryId>,
    now: Timestamp,
    ids: &mut Ids<'_>,
) -> anyhow::Result<StockedProduct> {
    let id = ProductId(ids.draw());
    let category = *categories
        .get(&entry.category)
        .with_context(|| format!("no category {}", entry.category))?;
    let own_price = price(&entry.price, entry.discount_price.as_deref())?;
    let variants: Vec<(Variant, u32)> = if entry.variants.is_empty() {
        vec![(Product::default_variant(id, entry.sku.clone()), entry.stock)]
    } else {
        let variants = entry.variants.into_iter().map(|variant| {
            Ok((
                Variant {
                    id: VariantId(ids.draw()),
                    sku: variant.sku,
                    options: variant.options,
                    price: Some(price(&variant.price, variant.discount_price.as_deref())?),
                    is_active: true,
                },
                variant.stock,
            ))
        });
        variants.collect::<anyhow::Result<_>>()?
    };
    let stock = variants
        .iter()
        .map(|(variant, available)| {
            StockLevel::new(id, variant.id, Location::main(), *available, now)
        })
        .collect();
    let product = Product {
        id,
        category,
        name: entry.name,
        slug: entry.slug,
        description: entry.description,
        sku: entry.sku,
        price: own_price,
        currency: "ETB".to_owned(),
        specifications: Json(entry.specifications),
        weight_grams: None,
        low_stock_threshold: None,
        is_featured: entry.is_featured,
        is_active: true,
        options: entry.options,
        variants: variants.into_iter().map(|(variant, _)| variant).collect(),
        images: Vec::new(),
        shown_stock: ShownStock::default(),
        created_at: now,
        updated_at: now,
        version: ids.entropy.version(),
    };
    Ok(StockedProduct::new(product, stock))
}

fn price(list: &str, discounted: Option<&str>) -> anyhow::Result<Price> {
    let discounted = discounted.map(Money::parse).transpose()?;
    Ok(Price::new(Money::parse(list)?, discounted)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shop() -> (emulator::Table, Store, Clock, Entropy) {
        let table = emulator::Table::memory().await.unwrap();
        let store = Store::new(table.client(), table.name());
        let clock = Clock::system();
        let entropy = Entropy::new(clock.clone());
        (table, store, clock, entropy)
    }

    #[tokio::test]
    async fn the_catalogue_is_loaded_once_and_in_its_own_order() {
        let (_table, store, clock, entropy) = shop().await;
        let first = load(&store, &clock, &entropy).await.unwrap();
        assert!(first.products >= 30 && first.categories > 3, "{first:?}");
        let again = load(&store, &clock, &entropy).await.unwrap();
        assert_eq!(
            again,
            Loaded {
                categories: 0,
                products: 0
            }
        );

        let page = store
            .list_products(
                &ProductFilter::default(),
                PageRequest {
                    limit: 1,
                    after: None,
                },
            )
            .await
            .unwrap();
        let catalogue: Catalogue = serde_json::from_str(CATALOGUE).unwrap();
        assert_eq!(page.items[0].slug, catalogue.products[0].slug);
    }

    #[tokio::test]
    async fn half_a_load_is_completed() {
        let (_table, store, clock, entropy) = shop().await;
        let catalogue: Catalogue = serde_json::from_str(CATALOGUE).unwrap();
        let root = &catalogue.categories[0];
        let category = Category {
            id: CategoryId(entropy.id()),
            parent: None,
            name: root.name.clone(),
            slug: root.slug.clone(),
            description: String::new(),
            is_active: true,
            created_at: clock.now(),
            version: entropy.version(),
        };
        store.create_category(&category).await.unwrap();
        let rest = load(&store, &clock, &entropy).await.unwrap();
        assert_eq!(rest.categories, catalogue.categories.len() - 1);
        assert_eq!(rest.products, catalogue.products.len());
    }
}
