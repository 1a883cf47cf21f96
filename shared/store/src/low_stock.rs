//! Which products run low: an entry for each, always in step with what the product's item says.
//!
//! Whoever writes a product states in the same transaction what that makes of the entry. It holds
//! because a product is only written on condition that version and shown stock are as they were read.

use domain::{ledger::is_low, product::Product};

use crate::{StoreError, claims::ProductClaim, item, keys::Key, transaction::Transaction};

/// Puts or deletes the entry, where a product begins or ceases to run low. A product that is not there
/// yet comes from `None`.
pub(crate) fn note<M: Clone>(
    transaction: &mut Transaction<M>,
    table: &str,
    before: Option<&Product>,
    after: &Product,
) -> Result<(), StoreError> {
    let was_low = before.is_some_and(is_low);
    let key = Key::low_stock(after.id);
    match (was_low, is_low(after)) {
        (false, true) => {
            let claim = ProductClaim { product: after.id };
            transaction.put(table, item::compose(&key, [], &claim)?)
        }
        (true, false) => transaction.delete_whatever(table, &key),
        (true, true) | (false, false) => Ok(()),
    }
}
