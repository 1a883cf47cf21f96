//! Changing and deleting products: the item, the claims of its slug and SKUs, its place in the
//! category and the stock of its variants go together or not at all.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ProductId, Version,
    product::Product,
    stock::{ShownStock, StockLevel},
};

use crate::{
    ProductRefusal, StockedProduct, Store, StoreError,
    claims::ProductClaim,
    edit::MAX_TRIES,
    item,
    keys::Key,
    low_stock,
    products::compose,
    shelves::require_open,
    transaction::{CommitError, Condition, Transaction, pause},
};

/// Why a product was not changed, or not deleted.
#[derive(Debug, thiserror::Error)]
pub enum EditProductError<E> {
    /// There is no such product.
    #[error("no such product")]
    Missing,
    /// The caller's rules refused it.
    #[error("refused")]
    Refused(E),
    /// What others had before it, or have ordered, or have deleted; never empty.
    #[error("rejected: {0:?}")]
    Rejected(Vec<ProductRefusal>),
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a failed condition means.
#[derive(Debug, Clone)]
enum Failed {
    /// Somebody was faster: to be tried again on what there is now.
    Moved,
    /// Trying again would not help.
    Because(ProductRefusal),
}

/// What became of one try.
enum Outcome {
    Written,
    Moved,
}

impl Store {
    /// Changes a product with its variants. Query `PRODUCT#id`, fresh; then one transaction: put
    /// `PRODUCT#id / PRODUCT` on its version and on the revision of the stock it shows; put the
    /// claims `SLUG#PRODUCT#slug` and `SKU#sku` that it gains and delete those that it loses; if the
    /// category changes, require it and move the entry in `SHELF#category`; put the stock levels of
    /// new variants and delete those of variants that are gone. Repeated from the read when somebody
    /// else was faster, be it an edit or an order that moved stock: `change` may run several times.
    ///
    /// `change` alters the product as it likes, except for its id. To give a new variant stock it
    /// adds levels; a variant that it leaves out loses its own. Levels that were there before are
    /// not changed, whatever it does to them.
    ///
    /// # Errors
    /// [`EditProductError`]; nothing is written then.
    pub async fn edit_product<R, E>(
        &self,
        id: ProductId,
        mut fresh_version: impl FnMut() -> Version,
        mut change: impl FnMut(&mut StockedProduct) -> Result<R, E>,
    ) -> Result<(StockedProduct, R), EditProductError<E>> {
        let mut tried: Option<(StockedProduct, R)> = None;
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt.min(4)).await;
            }
            let before = self.find_fresh_product(id).await?;
            let before = before.ok_or(EditProductError::Missing)?;
            // Versions never repeat: it was our own write, whose answer got lost.
            let version = before.product.version;
            if let Some(ours) = tried.take_if(|(after, _)| after.product.version == version) {
                return Ok(ours);
            }
            let mut changed = before.clone();
            let result = change(&mut changed).map_err(EditProductError::Refused)?;
            changed.product.version = fresh_version();
            let (after, gone) = settle_stock(&before, changed);
            let edit = edit(&self.table, &before, &after, &gone)?;
            match self.try_edit(edit).await? {
                Outcome::Written => return Ok((after, result)),
                Outcome::Moved => tried = Some((after, result)),
            }
        }
        Err(StoreError::Contention(format!("product {id}")).into())
    }

    /// Deletes a product with its claims, its place in the category and its stock, and gives what it
    /// was. Query `PRODUCT#id`, fresh; then one transaction on the product's version and the
    /// revisions of its levels, refused if an order ever took a unit of it. `admit` may run several
    /// times.
    ///
    /// # Errors
    /// [`EditProductError`]; nothing is deleted then.
    pub async fn delete_product<E>(
        &self,
        id: ProductId,
        mut admit: impl FnMut(&StockedProduct) -> Result<(), E>,
    ) -> Result<StockedProduct, EditProductError<E>> {
        let mut tried: Option<StockedProduct> = None;
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt.min(4)).await;
            }
            let Some(before) = self.find_fresh_product(id).await? else {
                // Gone meanwhile, by our own write or another's: as was asked.
                return tried.ok_or(EditProductError::Missing);
            };
            admit(&before).map_err(EditProductError::Refused)?;
            match self.try_edit(deletion(&self.table, &before)?).await? {
                Outcome::Written => return Ok(before),
                Outcome::Moved => tried = Some(before),
            }
        }
        Err(StoreError::Contention(format!("product {id}")).into())
    }

    async fn try_edit<E>(
        &self,
        edit: Result<Transaction<Failed>, ProductRefusal>,
    ) -> Result<Outcome, EditProductError<E>> {
        let transaction = edit.map_err(|refusal| EditProductError::Rejected(vec![refusal]))?;
        let failed = match transaction.commit(self).await {
            Ok(()) => return Ok(Outcome::Written),
            Err(CommitError::Store(fault)) => return Err(fault.into()),
            Err(CommitError::Refused(failed)) => failed,
        };
        let mut reasons = Vec::new();
        for refusal in failed {
            match refusal.meaning {
                // What else failed may have failed for the same cause.
                Failed::Moved => return Ok(Outcome::Moved),
                Failed::Because(reason) => reasons.push(reason),
            }
        }
        reasons.sort_unstable();
        reasons.dedup();
        Err(EditProductError::Rejected(reasons))
    }
}

/// The product after a change, with the levels that it then has, and those that it loses.
fn settle_stock(
    before: &StockedProduct,
    changed: StockedProduct,
) -> (StockedProduct, Vec<StockLevel>) {
    let StockedProduct { mut product, stock } = changed;
    let is_sold = |level: &StockLevel| product.variant(level.variant).is_some();
    let (mut levels, gone): (Vec<_>, Vec<_>) = before.stock.iter().cloned().partition(is_sold);
    let is_new = |level: &StockLevel| !before.stock.iter().any(|known| is_same(known, level));
    levels.extend(
        stock
            .into_iter()
            .filter(|level| is_new(level) && is_sold(level)),
    );
    // As a query would give them.
    levels
        .sort_by(|one, other| (one.variant, &one.location).cmp(&(other.variant, &other.location)));
    let lost: u64 = gone.iter().map(|level| level.revision).sum();
    let retired = before.product.shown_stock.retired + lost;
    product.shown_stock = ShownStock::of(&levels, retired);
    let after = StockedProduct {
        product,
        stock: levels,
    };
    (after, gone)
}

fn is_same(one: &StockLevel, other: &StockLevel) -> bool {
    one.variant == other.variant && one.location == other.location
}

/// The transaction that makes `after` of `before`, or why there can be none.
fn edit(
    table: &str,
    before: &StockedProduct,
    after: &StockedProduct,
    gone: &[StockLevel],
) -> Result<Result<Transaction<Failed>, ProductRefusal>, StoreError> {
    let (old, new) = (&before.product, &after.product);
    let claim = ProductClaim { product: new.id };
    let mut transaction = Transaction::new();
    transaction.put_if(table, compose(new)?, &as_read(old), Failed::Moved)?;
    low_stock::note(&mut transaction, table, Some(old), new)?;
    for (key, taken) in claims(new) {
        if !claims(old).iter().any(|(known, _)| *known == key) {
            let item = item::compose(&key, [], &claim)?;
            transaction.put_new(table, item, Failed::Because(taken))?;
        }
    }
    for (key, _) in claims(old) {
        if !claims(new).iter().any(|(kept, _)| *kept == key) {
            transaction.delete_if(table, &key, &owned_by(old), Failed::Moved)?;
        }
    }
    if old.category != new.category {
        let missing = Failed::Because(ProductRefusal::CategoryMissing);
        require_open(&mut transaction, table, new.category, missing)?;
        let shelf = Key::shelved_product(new.category, new.id);
        transaction.put(table, item::compose(&shelf, [], &claim)?)?;
        transaction.delete_whatever(table, &Key::shelved_product(old.category, old.id))?;
    }
    for level in &after.stock {
        if !before.stock.iter().any(|known| is_same(known, level)) {
            let item = item::compose(&level_key(level), [], level)?;
            transaction.put_new(table, item, Failed::Moved)?;
        }
    }
    Ok(delete_levels(&mut transaction, table, gone)?.map(|()| transaction))
}

/// The transaction that deletes a product, or why there can be none.
fn deletion(
    table: &str,
    before: &StockedProduct,
) -> Result<Result<Transaction<Failed>, ProductRefusal>, StoreError> {
    let product = &before.product;
    let mut transaction = Transaction::new();
    transaction.delete(
        table,
        &Key::product(product.id),
        product.version,
        Failed::Moved,
    )?;
    for (key, _) in claims(product) {
        transaction.delete_if(table, &key, &owned_by(product), Failed::Moved)?;
    }
    if product.low_stock_threshold.is_some() {
        // Whether the entry is there may have changed since: that does not change the version.
        transaction.delete_whatever(table, &Key::low_stock(product.id))?;
    }
    let shelf = Key::shelved_product(product.category, product.id);
    transaction.delete_whatever(table, &shelf)?;
    Ok(delete_levels(&mut transaction, table, &before.stock)?.map(|()| transaction))
}

/// Deletes levels that no order ever took units of. That they are as they were read is a condition:
/// an order that comes in between wins, and the next read tells of it.
fn delete_levels(
    transaction: &mut Transaction<Failed>,
    table: &str,
    levels: &[StockLevel],
) -> Result<Result<(), ProductRefusal>, StoreError> {
    if levels.iter().any(|level| level.was_ordered) {
        return Ok(Err(ProductRefusal::Ordered));
    }
    for level in levels {
        transaction.delete_if(table, &level_key(level), &unmoved(level), Failed::Moved)?;
    }
    let fits = transaction.fits();
    Ok(if fits {
        Ok(())
    } else {
        Err(ProductRefusal::TooLarge)
    })
}

/// What is unique of a product, with what it means that another one has it.
fn claims(product: &Product) -> Vec<(Key, ProductRefusal)> {
    let slug = (
        Key::product_slug_claim(&product.slug),
        ProductRefusal::SlugTaken,
    );
    let skus = product.skus().into_iter().map(|sku| {
        (
            Key::sku_claim(sku),
            ProductRefusal::SkuTaken(sku.to_owned()),
        )
    });
    std::iter::once(slug).chain(skus).collect()
}

fn level_key(level: &StockLevel) -> Key {
    Key::stock(level.product, level.variant, &level.location)
}

/// The product is as it was read, and so is the copy of its stock, which changes without a version.
pub(crate) fn as_read(product: &Product) -> Condition {
    let revision = product.shown_stock.revision;
    let text = if revision == 0 {
        "(attribute_not_exists(shown_stock) OR shown_stock.revision = :shown)"
    } else {
        "shown_stock.revision = :shown"
    };
    Condition::new(text, [(":shown", number(revision))]).at_version(product.version)
}

fn owned_by(product: &Product) -> Condition {
    let id = number(product.id.value());
    Condition::new("product = :product", [(":product", id)])
}

fn unmoved(level: &StockLevel) -> Condition {
    let text = if level.revision == 0 {
        "(attribute_not_exists(was_ordered) OR was_ordered = :no) \
         AND (attribute_not_exists(revision) OR revision = :revision)"
    } else {
        "(attribute_not_exists(was_ordered) OR was_ordered = :no) AND revision = :revision"
    };
    let values = [
        (":no", AttributeValue::Bool(false)),
        (":revision", number(level.revision)),
    ];
    Condition::new(text, values)
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
