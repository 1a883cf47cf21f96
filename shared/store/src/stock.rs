//! Stock levels: read beside their product, moved only within an order's transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ProductId, Timestamp, VariantId,
    stock::{Location, MoveKind, StockLevel, StockMove},
};

use crate::{
    Store, StoreError,
    item::{self, Item},
    keys::Key,
    read::Consistency,
    transaction::Transaction,
};

impl Store {
    /// The stock levels of these variants. BatchGetItem of `PRODUCT#id / STOCK#variant#location`,
    /// eventually consistent: what is shown, not what is decided on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_stock(
        &self,
        variants: &[(ProductId, VariantId)],
    ) -> Result<Vec<StockLevel>, StoreError> {
        let keys: Vec<Key> = variants
            .iter()
            .map(|(product, variant)| Key::stock(*product, *variant, &Location::main()))
            .collect();
        let found = self.get_all(&keys, Consistency::Eventual).await?;
        found.into_iter().map(item::parse).collect()
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
    let (expression, condition) = match movement.kind {
        MoveKind::Reserve => (
            "SET available = available - :quantity, reserved = reserved + :quantity, updated_at = :now",
            "available >= :quantity",
        ),
        MoveKind::Release => (
            "SET available = available + :quantity, reserved = reserved - :quantity, updated_at = :now",
            "reserved >= :quantity",
        ),
        MoveKind::Commit => (
            "SET reserved = reserved - :quantity, updated_at = :now",
            "reserved >= :quantity",
        ),
        MoveKind::Sell => (
            "SET available = available - :quantity, updated_at = :now",
            "available >= :quantity",
        ),
        MoveKind::Restock => (
            "SET available = available + :quantity, updated_at = :now",
            "attribute_exists(pk)",
        ),
    };
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
    ]);
    transaction.update(table, &key, expression, condition, values, refused)
}

/// How many units an item that refused a movement had available.
pub(crate) fn available_in(found: Option<&Item>) -> u32 {
    found.map_or(0, |item| item::number(item, "available"))
}
