//! Stock levels: read beside their product, moved only within an order's transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::{operation::update_item::UpdateItemError, types::AttributeValue};
use domain::{
    ProductId, Timestamp,
    ledger::is_low,
    order::{Order, Supply, SupplyError},
    product::Product,
    stock::{MoveKind, ShownStock, StockMove},
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    StockedProduct, Store, StoreError,
    edit::MAX_TRIES,
    item,
    keys::Key,
    low_stock,
    product_edits::as_read,
    products::compose,
    transaction::{CommitError, Transaction, pause},
};

/// How many products are read side by side.
const AT_ONCE: usize = 16;

impl Store {
    /// Products with all their stock, in no order; missing ones are left out. Query `PRODUCT#id` of
    /// each, side by side, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_fresh_products(
        &self,
        ids: &[ProductId],
    ) -> Result<Vec<StockedProduct>, StoreError> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let reads = ids.into_iter().map(|id| self.find_fresh_product(id));
        let found: Vec<_> = stream::iter(reads)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Counts the units of products that a place had too few of. Query `PRODUCT#id` of each, side by
    /// side, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_supply(
        &self,
        supply: &mut Supply,
        short: &[ProductId],
    ) -> Result<(), StoreError> {
        let found = self.find_fresh_products(short).await?;
        for id in short {
            let stocked = found.iter().find(|stocked| stocked.product.id == *id);
            supply.count(*id, stocked.map_or(&[], |stocked| &stocked.stock));
        }
        Ok(())
    }

    /// An order that is to take its units again, from other places where those it had are short of
    /// these products; or why there are none. The list of places, then the levels, all fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reallocate(
        &self,
        order: &Order,
        short: &[ProductId],
    ) -> Result<Result<Order, SupplyError>, StoreError> {
        let mut supply = Supply::new(self.find_locations().await?);
        self.count_supply(&mut supply, short).await?;
        Ok(order.reallocated(&supply))
    }

    /// Brings what lists say about a product's stock up to date. Query `PRODUCT#id`, fresh; then an
    /// update of `PRODUCT#id / PRODUCT`, unless what it says already is later than what was read. It
    /// leaves the product's version alone, so nobody's edit is refused for it. But an edit may change
    /// which levels there are: after one, what was read is no longer all, and is read again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refresh_shown_stock(&self, id: ProductId) -> Result<(), StoreError> {
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt.min(4)).await;
            }
            let Some(StockedProduct { product, stock }) = self.find_fresh_product(id).await? else {
                return Ok(());
            };
            let known = &product.shown_stock;
            let shown = ShownStock::of(&stock, known.retired);
            // A product that was stored before there were copies bears none, whatever its levels say.
            let is_there = !known.levels.is_empty() || shown.levels.is_empty();
            if is_there && shown.revision <= known.revision {
                return Ok(());
            }
            if self.show_stock(&product, &shown).await? {
                return Ok(());
            }
        }
        Err(StoreError::Contention(format!("shown stock of {id}")))
    }

    /// Writes the copy into the product as it was read; `false` when an edit or another copy came in
    /// between. Where the product begins or ceases to run low by it, so does its entry, in the same
    /// transaction: that is why the copy must still be the one that was read, and not just an earlier
    /// one.
    async fn show_stock(&self, product: &Product, shown: &ShownStock) -> Result<bool, StoreError> {
        let after = Product {
            shown_stock: shown.clone(),
            ..product.clone()
        };
        if is_low(product) != is_low(&after) {
            return self.show_turn(product, &after).await;
        }
        let values = HashMap::from([
            (
                ":shown".to_owned(),
                serde_dynamo::to_attribute_value(shown)?,
            ),
            (
                ":read".to_owned(),
                AttributeValue::N(product.shown_stock.revision.to_string()),
            ),
            (":version".to_owned(), item::version_value(product.version)),
            item::schema_value(),
        ]);
        let names = [
            item::schema_name(),
            ("#version".to_owned(), "version".to_owned()),
        ];
        let updated = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(Key::product(product.id).attributes()))
            .update_expression("SET shown_stock = :shown")
            .condition_expression(format!(
                "#version = :version AND (attribute_not_exists(shown_stock) \
                 OR shown_stock.revision = :read) AND {}",
                item::IS_KNOWN
            ))
            .set_expression_attribute_names(Some(HashMap::from(names)))
            .set_expression_attribute_values(Some(values))
            .send()
            .await;
        match updated {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => match StoreError::from_sdk(&error) {
                    // A transaction was at the item.
                    StoreError::Contention(_) => Ok(false),
                    fault => Err(fault),
                },
            },
        }
    }

    /// The same for a product that begins or ceases to run low.
    async fn show_turn(&self, before: &Product, after: &Product) -> Result<bool, StoreError> {
        let mut transaction = Transaction::new();
        transaction.put_if(&self.table, compose(after)?, &as_read(before), ())?;
        low_stock::note(&mut transaction, &self.table, Some(before), after)?;
        match transaction.commit(self).await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(_) | CommitError::Store(StoreError::Contention(_))) => {
                Ok(false)
            }
            Err(CommitError::Store(fault)) => Err(fault),
        }
    }
}

/// Adds one movement to a transaction. `refused` is what it means that there are too few units.
pub(crate) fn add_move<M: Clone>(
    transaction: &mut Transaction<M>,
    table: &str,
    movement: &StockMove,
    now: Timestamp,
    refused: M,
) -> Result<(), StoreError> {
    let (change, condition) = match movement.kind {
        MoveKind::Reserve => (
            "available = available - :quantity, reserved = reserved + :quantity, was_ordered = :yes",
            "available >= :quantity",
        ),
        MoveKind::Release => (
            "available = available + :quantity, reserved = reserved - :quantity, was_ordered = :yes",
            "reserved >= :quantity",
        ),
        MoveKind::Commit => (
            "reserved = reserved - :quantity, was_ordered = :yes",
            "reserved >= :quantity",
        ),
        MoveKind::Sell => (
            "available = available - :quantity, was_ordered = :yes",
            "available >= :quantity",
        ),
        MoveKind::Restock => (
            "available = available + :quantity, was_ordered = :yes",
            "attribute_exists(pk)",
        ),
    };
    let expression = format!(
        "SET {change}, updated_at = :now, revision = if_not_exists(revision, :zero) + :one"
    );
    let key = Key::stock(movement.product, movement.variant, &movement.location);
    let values = HashMap::from([
        (
            ":quantity".to_owned(),
            AttributeValue::N(movement.quantity.to_string()),
        ),
        (
            ":now".to_owned(),
            AttributeValue::N(now.unix_secs().to_string()),
        ),
        (":yes".to_owned(), AttributeValue::Bool(true)),
        (":zero".to_owned(), AttributeValue::N("0".to_owned())),
        (":one".to_owned(), AttributeValue::N("1".to_owned())),
    ]);
    transaction.update(table, &key, &expression, condition, values, refused)
}
