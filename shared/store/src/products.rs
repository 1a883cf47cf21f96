//! Products with their stock: one by one, in the cart's bulk, and new ones.

use domain::{
    ProductId,
    product::Product,
    stock::{ShownStock, StockLevel},
};

use crate::{
    Store, StoreError,
    carts::sort_key,
    claims::ProductClaim,
    item::{self, Item},
    keys::{IndexKey, Key, product_pk},
    low_stock,
    read::{Consistency, Range, Run},
    shelves::require_open,
    transaction::{CommitError, Transaction},
};

/// A product and what there is of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StockedProduct {
    /// The product.
    pub product: Product,
    /// The stock of its variants, by place.
    pub stock: Vec<StockLevel>,
}

impl StockedProduct {
    /// A product and all its stock levels, which its copy of them then agrees with.
    pub fn new(mut product: Product, stock: Vec<StockLevel>) -> StockedProduct {
        product.shown_stock = ShownStock::of(&stock, product.shown_stock.retired);
        StockedProduct { product, stock }
    }

    /// How many units of all variants can be bought now.
    pub fn available(&self) -> u64 {
        self.stock
            .iter()
            .map(|level| u64::from(level.available))
            .sum()
    }

    /// How many units of one variant can be bought now.
    pub fn available_of(&self, variant: domain::VariantId) -> u32 {
        self.stock
            .iter()
            .filter(|level| level.variant == variant)
            .fold(0, |sum, level| sum.saturating_add(level.available))
    }
}

/// Why a product was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateProductError {
    /// The id is in use: draw another.
    #[error("the id is taken")]
    IdTaken,
    /// All that others had before it, or that is gone; never empty.
    #[error("refused: {0:?}")]
    Refused(Vec<ProductRefusal>),
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One reason against a new product, or against a change of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum ProductRefusal {
    /// Another product has this slug.
    #[error("product with this slug already exists.")]
    SlugTaken,
    /// Another product has this SKU, or one of its variants has.
    #[error("product with this sku already exists.")]
    SkuTaken(String),
    /// The category is gone.
    #[error("the category does not exist")]
    CategoryMissing,
    /// An order took units of what was to go.
    #[error("Orders refer to it; deactivate it instead.")]
    Ordered,
    /// DynamoDB takes a hundred operations at once.
    #[error("This changes more than can be written at once: change or remove fewer variants.")]
    TooLarge,
}

impl Store {
    /// A product and its stock in one round trip. Query `PRODUCT#id`, eventually consistent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_product(&self, id: ProductId) -> Result<Option<StockedProduct>, StoreError> {
        self.read_product(id, Consistency::Eventual).await
    }

    /// A product and its stock as they are, to decide on. Query `PRODUCT#id`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_fresh_product(
        &self,
        id: ProductId,
    ) -> Result<Option<StockedProduct>, StoreError> {
        self.read_product(id, Consistency::Fresh).await
    }

    async fn read_product(
        &self,
        id: ProductId,
        consistency: Consistency,
    ) -> Result<Option<StockedProduct>, StoreError> {
        let run = Run {
            index: None,
            pk: product_pk(id),
            range: Range::All,
            newest_first: false,
            limit: 1_000,
            consistency,
            description: "product with stock",
        };
        let (items, _) = self.run(run).await?;
        let mut product = None;
        let mut stock = Vec::new();
        for found in items {
            if sort_key(&found) == "PRODUCT" {
                product = Some(item::parse(found)?);
            } else {
                stock.push(item::parse(found)?);
            }
        }
        Ok(product.map(|product| StockedProduct { product, stock }))
    }

    /// Products by id, in no order; missing ones are left out. BatchGetItem `PRODUCT#id / PRODUCT`,
    /// fresh: prices are charged from it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_products(&self, ids: &[ProductId]) -> Result<Vec<Product>, StoreError> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let keys: Vec<Key> = ids.into_iter().map(Key::product).collect();
        let found = self.get_all(&keys, Consistency::Fresh).await?;
        found.into_iter().map(item::parse).collect()
    }

    /// Makes a product: the item, the claims of its slug and SKUs and the stock of each variant in
    /// one transaction, on condition that the category exists.
    ///
    /// # Errors
    /// [`CreateProductError`]; nothing is written then.
    pub async fn create_product(&self, stocked: &StockedProduct) -> Result<(), CreateProductError> {
        let product = &stocked.product;
        let claim = ProductClaim {
            product: product.id,
        };
        // What a failed condition means; none for an id, which is drawn again.
        let mut transaction = Transaction::new();
        transaction.put_new(&self.table, compose(product)?, None)?;
        low_stock::note(&mut transaction, &self.table, None, product)?;
        let shelf = Key::shelved_product(product.category, product.id);
        transaction.put(&self.table, item::compose(&shelf, [], &claim)?)?;
        let item = item::compose(&Key::product_slug_claim(&product.slug), [], &claim)?;
        transaction.put_new(&self.table, item, Some(ProductRefusal::SlugTaken))?;
        for sku in product.skus() {
            let item = item::compose(&Key::sku_claim(sku), [], &claim)?;
            let taken = ProductRefusal::SkuTaken(sku.to_owned());
            transaction.put_new(&self.table, item, Some(taken))?;
        }
        for level in &stocked.stock {
            let key = Key::stock(level.product, level.variant, &level.location);
            transaction.put_new(&self.table, item::compose(&key, [], level)?, None)?;
        }
        let missing = Some(ProductRefusal::CategoryMissing);
        require_open(&mut transaction, &self.table, product.category, missing)?;
        transaction.commit(self).await.map_err(|error| match error {
            CommitError::Store(fault) => CreateProductError::Store(fault),
            CommitError::Refused(refusals) => {
                let mut meanings: Vec<_> = refusals.into_iter().filter_map(|r| r.meaning).collect();
                meanings.sort_unstable();
                meanings.dedup();
                if meanings.is_empty() {
                    CreateProductError::IdTaken
                } else {
                    CreateProductError::Refused(meanings)
                }
            }
        })
    }
}

/// The item of a product.
pub(crate) fn compose(product: &Product) -> Result<Item, StoreError> {
    let places = [
        IndexKey::catalog(product.id, product.is_active),
        IndexKey::product_by_category(product.category, product.id, product.is_active),
    ];
    item::compose(&Key::product(product.id), places, product)
}
