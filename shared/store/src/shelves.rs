//! What stands in a category: asked and cleared before the category goes.
//!
//! A category that is to go is closed first: a mark on its item, which keeps products out. What
//! stands in it once it is marked is all there will be. Whatever writes the category takes the mark
//! away, so one that a crash left behind lasts until the next edit or deletion.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CategoryId, ProductId, Timestamp, Version, category::Category, product::Product};

use crate::{
    EditError, Store, StoreError,
    claims::ProductClaim,
    edit::MAX_TRIES,
    item,
    keys::{IndexKey, Key, shelf_pk},
    read::{Consistency, Range, Run},
    transaction::{CommitError, Condition, Transaction, pause},
};

/// The mark.
const IS_CLOSING: &str = "is_closing";
/// How many products move in one transaction: so many items of 400 KB, DynamoDB's most, stay below
/// the 4 MB that a transaction may hold.
const MAX_MOVED: usize = 8;

/// How many transactions the subcategories of one category take at most.
const MAX_STEPS: usize = 20;

/// Why a category was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteCategoryError<E> {
    /// There is no such category.
    #[error("no such category")]
    Missing,
    /// The caller's rules refused it.
    #[error("refused")]
    Refused(E),
    /// Products stand in it.
    #[error("products stand in it")]
    InUse,
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why products were not moved, or not all of them.
#[derive(Debug, thiserror::Error)]
pub enum MoveProductsError {
    /// The category they are to move to is gone, or closed.
    #[error("the category does not exist")]
    CategoryMissing,
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Clone, PartialEq)]
enum Refused {
    Changed,
    Category,
}

impl Store {
    /// Products that stand in a category, at most `limit`. Query `SHELF#category`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn shelved_products(
        &self,
        category: CategoryId,
        limit: usize,
    ) -> Result<Vec<ProductId>, StoreError> {
        let run = Run {
            index: None,
            pk: shelf_pk(category),
            range: Range::All,
            newest_first: false,
            limit,
            consistency: Consistency::Fresh,
            description: "products of a category",
        };
        let (items, _) = self.run(run).await?;
        let claims = items.into_iter().map(item::parse::<ProductClaim>);
        claims.map(|claim| Ok(claim?.product)).collect()
    }

    /// Deletes a category in which no product stands; its subcategories become roots. Query
    /// `CATEGORIES` and `SHELF#category`, fresh; put `CATEGORIES / CATEGORY#id` with the mark; ask
    /// `SHELF#category` again; then one transaction for each ninety subcategories, the last of which
    /// deletes `CATEGORIES / CATEGORY#id` and the claim of its slug: see [`Store::edit_categories`].
    /// `admit` may run several times, on the category as others left it.
    ///
    /// # Errors
    /// [`DeleteCategoryError`]; the category stays then, and so do the subcategories unless it was a
    /// fault of the table.
    pub async fn delete_category<E>(
        &self,
        id: CategoryId,
        mut fresh_version: impl FnMut() -> Version,
        mut admit: impl FnMut(&Category) -> Result<(), E>,
    ) -> Result<(), DeleteCategoryError<E>> {
        let mut ours = None;
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt.min(4)).await;
            }
            let (tree, shelved) =
                futures::try_join!(self.fresh_category_tree(), self.shelved_products(id, 1))?;
            let category = tree.find(id).ok_or(DeleteCategoryError::Missing)?;
            if ours != Some(category.version) {
                admit(category).map_err(DeleteCategoryError::Refused)?;
            }
            if !shelved.is_empty() {
                return Err(DeleteCategoryError::InUse);
            }
            let closed = Category {
                version: fresh_version(),
                ..category.clone()
            };
            ours = Some(closed.version);
            if !self.put_category(&closed, category.version, true).await? {
                continue;
            }
            if !self.shelved_products(id, 1).await?.is_empty() {
                let open = Category {
                    version: fresh_version(),
                    ..closed.clone()
                };
                self.put_category(&open, closed.version, false).await?;
                return Err(DeleteCategoryError::InUse);
            }
            if self.delete_closed(&closed, &mut fresh_version).await? {
                return Ok(());
            }
        }
        Err(StoreError::Contention(format!("category {id}")).into())
    }

    /// Deletes a category that bears the mark; false if somebody has changed it since.
    async fn delete_closed(
        &self,
        closed: &Category,
        fresh_version: &mut impl FnMut() -> Version,
    ) -> Result<bool, StoreError> {
        for _ in 0..MAX_STEPS {
            let step = self.edit_categories(|tree| {
                let found = tree.find(closed.id);
                let found = found.filter(|found| found.version == closed.version);
                let edit = tree.delete(found.ok_or(())?, fresh_version());
                let is_last = edit.deletes(closed.id);
                Ok((edit, is_last))
            });
            match step.await {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(EditError::Refused(())) => return Ok(false),
                Err(EditError::Store(fault)) => return Err(fault),
            }
        }
        let text = format!("the subcategories of {}", closed.id);
        Err(StoreError::Contention(text))
    }

    /// Puts a category that must be at the version `from`; false if it is not. In a transaction,
    /// which is tried again when it meets another one: products that are being made in the category
    /// ask for the same item.
    async fn put_category(
        &self,
        category: &Category,
        from: Version,
        is_closing: bool,
    ) -> Result<bool, StoreError> {
        let mut item = item::compose(&Key::category(category.id), [], category)?;
        if is_closing {
            item.insert(IS_CLOSING.to_owned(), AttributeValue::Bool(true));
        }
        let mut transaction = Transaction::new();
        transaction.replace(&self.table, item, Some(from), ())?;
        match transaction.commit(self).await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(_)) => Ok(false),
            Err(CommitError::Store(fault)) => Err(fault),
        }
    }

    /// Moves products from one category to another; those that are elsewhere stay there. How many
    /// were moved. BatchGetItem `PRODUCT#id / PRODUCT`, fresh, then transactions of eight products,
    /// one after the other, for they all ask for the same category: update `PRODUCT#id / PRODUCT`,
    /// move the entries in `SHELF#category`, require the category.
    ///
    /// # Errors
    /// [`MoveProductsError`]; what was moved before stays moved.
    pub async fn move_products(
        &self,
        ids: &[ProductId],
        from: CategoryId,
        to: CategoryId,
        now: Timestamp,
        mut fresh_version: impl FnMut() -> Version,
    ) -> Result<usize, MoveProductsError> {
        let mut moved = 0;
        for batch in ids.chunks(MAX_MOVED) {
            moved += self
                .move_batch(batch, from, to, now, &mut fresh_version)
                .await?;
        }
        Ok(moved)
    }

    async fn move_batch(
        &self,
        ids: &[ProductId],
        from: CategoryId,
        to: CategoryId,
        now: Timestamp,
        fresh_version: &mut impl FnMut() -> Version,
    ) -> Result<usize, MoveProductsError> {
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt.min(4)).await;
            }
            let mut products = self.find_products(ids).await?;
            products.retain(|product| product.category == from);
            if products.is_empty() {
                return Ok(0);
            }
            let mut transaction = Transaction::new();
            for product in &products {
                self.add_move(&mut transaction, product, to, now, fresh_version())?;
            }
            require_open(&mut transaction, &self.table, to, Refused::Category)?;
            match transaction.commit(self).await {
                Ok(()) => return Ok(products.len()),
                Err(CommitError::Store(fault)) => return Err(fault.into()),
                Err(CommitError::Refused(refusals)) => {
                    if refusals.iter().any(|one| one.meaning == Refused::Category) {
                        return Err(MoveProductsError::CategoryMissing);
                    }
                }
            }
        }
        Err(StoreError::Contention("products of a category".into()).into())
    }

    /// The product itself is updated and not put: the copy of its stock may move meanwhile.
    fn add_move(
        &self,
        transaction: &mut Transaction<Refused>,
        product: &Product,
        to: CategoryId,
        now: Timestamp,
        version: Version,
    ) -> Result<(), StoreError> {
        let table = &self.table;
        let place = IndexKey::product_by_category(to, product.id, product.is_active);
        let values = HashMap::from([
            (":to".to_owned(), AttributeValue::N(to.to_string())),
            (":place".to_owned(), AttributeValue::S(place.pk)),
            (":version".to_owned(), item::version_value(version)),
            (":read".to_owned(), item::version_value(product.version)),
            (
                ":now".to_owned(),
                AttributeValue::N(now.unix_secs().to_string()),
            ),
        ]);
        transaction.update(
            table,
            &Key::product(product.id),
            "SET category = :to, gsi2pk = :place, version = :version, updated_at = :now",
            "version = :read",
            values,
            Refused::Changed,
        )?;
        let claim = ProductClaim {
            product: product.id,
        };
        let shelf = Key::shelved_product(to, product.id);
        transaction.put(table, item::compose(&shelf, [], &claim)?)?;
        let left = Key::shelved_product(product.category, product.id);
        transaction.delete_whatever(table, &left)
    }
}

/// Requires that a category is there and lets products in.
pub(crate) fn require_open<M: Clone>(
    transaction: &mut Transaction<M>,
    table: &str,
    category: CategoryId,
    missing: M,
) -> Result<(), StoreError> {
    let text = format!("attribute_exists(pk) AND attribute_not_exists({IS_CLOSING})");
    let open = Condition::new(text, []);
    transaction.require_if(table, &Key::category(category), &open, missing)
}
