//! Products with their stock: one by one, in the cart's bulk, and as lists newest first.

use domain::{
    CategoryId, Id, ProductId,
    product::Product,
    stock::{ShownStock, StockLevel},
};

use crate::{
    Page, PageRequest, Store, StoreError,
    carts::sort_key,
    claims::ProductClaim,
    item::{self, Item},
    keys::{Index, IndexKey, Key, catalog_pk, category_pk, product_pk, product_sk},
    low_stock,
    read::{Consistency, Range, Run},
    shelves::require_open,
    transaction::{CommitError, Transaction},
};

/// How many pages of the index one filtered list request reads before it hands on to the next.
const MAX_RUNS: usize = 5;
/// How many products one page of the index gives.
const RUN_LENGTH: usize = 100;

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

/// Which products a list shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProductFilter {
    /// Only those of this category.
    pub category: Option<CategoryId>,
    /// Only those that the shop shows off.
    pub featured: bool,
    /// Only those whose name contains this, whatever the case.
    pub search: Option<String>,
    /// Also those that customers do not see.
    pub with_inactive: bool,
}

impl ProductFilter {
    fn admits(&self, product: &Product) -> bool {
        (self.with_inactive || product.is_active)
            && (!self.featured || product.is_featured)
            && self
                .category
                .is_none_or(|category| product.category == category)
            && self
                .search
                .as_ref()
                .is_none_or(|wanted| product.name.to_lowercase().contains(&wanted.to_lowercase()))
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

    /// A page of the catalogue, newest first; of the stock only the copy that each product bears.
    /// Query gsi1 `CATALOG` (staff: also `CATALOG#HIDDEN`, merged), or gsi2 `CATEGORY#id` when one
    /// category is wanted. What the filter still drops is read within a bound of five pages of the
    /// index, so a page may be short without being the last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_products(
        &self,
        filter: &ProductFilter,
        page: PageRequest,
    ) -> Result<Page<Product>, StoreError> {
        let unfiltered = !filter.featured && filter.search.is_none() && filter.category.is_none();
        let length = if unfiltered { page.limit } else { RUN_LENGTH };
        let mut items = Vec::new();
        let mut after = page.after;
        for _ in 0..MAX_RUNS {
            let (run, more) = self.run_of_products(filter, after, length).await?;
            let last_read = run.last().map(|product| product.id.0);
            let mut candidates = run.into_iter();
            for product in candidates.by_ref() {
                after = Some(product.id.0);
                if filter.admits(&product) {
                    items.push(product);
                }
                if items.len() == page.limit {
                    break;
                }
            }
            if items.len() == page.limit {
                let next = (more || after != last_read).then_some(after).flatten();
                return Ok(Page { items, next });
            }
            if !more {
                return Ok(Page { items, next: None });
            }
        }
        Ok(Page { items, next: after })
    }

    /// A stretch of the index, newest first, and whether there is more behind it.
    async fn run_of_products(
        &self,
        filter: &ProductFilter,
        after: Option<Id>,
        length: usize,
    ) -> Result<(Vec<Product>, bool), StoreError> {
        let stretch = |index, pk: String| Run {
            index: Some(index),
            pk,
            range: after.map_or(Range::All, |id| Range::Below(product_sk(ProductId(id)))),
            newest_first: true,
            limit: length,
            consistency: Consistency::Eventual,
            description: "products",
        };
        let (items, more): (Vec<Item>, bool) = if let Some(category) = filter.category {
            self.run(stretch(Index::Gsi2, category_pk(category)))
                .await?
        } else if filter.with_inactive {
            let (shown, hidden) = futures::try_join!(
                self.run(stretch(Index::Gsi1, catalog_pk(true).to_owned())),
                self.run(stretch(Index::Gsi1, catalog_pk(false).to_owned())),
            )?;
            merge_stretches(shown, hidden)
        } else {
            self.run(stretch(Index::Gsi1, catalog_pk(true).to_owned()))
                .await?
        };
        let products: Result<Vec<Product>, _> = items.into_iter().map(item::parse).collect();
        let mut products = products?;
        products.sort_by_key(|product| std::cmp::Reverse(product.id));
        let more = more || products.len() > length;
        products.truncate(length);
        Ok((products, more))
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

/// Two stretches as one without gaps. Where a stretch was cut off, by its length or by the megabyte
/// that DynamoDB gives at a time, nobody knows what follows in it: so whatever the other one has
/// beyond that point is left for the next stretch.
fn merge_stretches(one: (Vec<Item>, bool), other: (Vec<Item>, bool)) -> (Vec<Item>, bool) {
    let place = |item: &Item| {
        let place = item.get("gsi1sk").and_then(|value| value.as_s().ok());
        place.cloned().unwrap_or_default()
    };
    let end = |(items, more): &(Vec<Item>, bool)| items.last().filter(|_| *more).map(place);
    let end = end(&one).max(end(&other));
    let more = one.1 || other.1;
    let items = one.0.into_iter().chain(other.0);
    let items = items.filter(|item| end.as_ref().is_none_or(|end| place(item) >= *end));
    (items.collect(), more)
}

/// The item of a product.
pub(crate) fn compose(product: &Product) -> Result<Item, StoreError> {
    let places = [
        IndexKey::catalog(product.id, product.is_active),
        IndexKey::product_by_category(product.category, product.id),
    ];
    item::compose(&Key::product(product.id), places, product)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    fn stretch(numbers: &[u16]) -> Vec<Item> {
        let place = |number: &u16| product_sk(ProductId(Id::compose(0, *number)));
        let item = |number| {
            let place = AttributeValue::S(place(number));
            Item::from([("gsi1sk".to_owned(), place)])
        };
        numbers.iter().map(item).collect()
    }

    #[test]
    fn merged_stretches_end_where_the_shorter_of_them_was_cut_off() {
        let cut = (stretch(&[9, 7]), true);
        let whole = (stretch(&[8, 6, 5]), false);
        let (items, more) = merge_stretches(cut, whole);
        assert!(more);
        assert_eq!(
            items,
            stretch(&[9, 7, 8]),
            "6 may stand behind something unread"
        );
        let (items, more) = merge_stretches((stretch(&[9]), false), (stretch(&[8]), false));
        assert!(!more);
        assert_eq!(items, stretch(&[9, 8]));
    }
}
