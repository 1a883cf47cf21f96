//! The ledger of stock, by month and by product, and the changes of stock that staff make: each with
//! its entries in one transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use domain::{
    MovementId, ProductId, Timestamp, Version,
    event::Event,
    ledger::{Movement, on_hand},
    location::Locations,
    stock::StockLevel,
};
use serde::Serialize;

use crate::{
    EditProductError, Page, PageRequest, StockedProduct, Store, StoreError,
    edit::MAX_TRIES,
    item::{self, Item},
    keys::{Index, IndexKey, Key, Register, movement_sk, product_pk},
    outbox,
    read::{Consistency, Range, Run},
    transaction::{CommitError, Condition, Transaction, pause},
};

/// Why stock was not changed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum MoveStockError<E> {
    /// There is no such product, or no longer.
    #[error("no such product")]
    Missing,
    /// The rules refused it.
    #[error("refused")]
    Refused(E),
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A change of stock as it was decided: levels as they shall be, what the ledger says of it, and
/// what is told.
#[derive(Debug, Clone)]
pub struct StockChange {
    /// The levels; each moved once.
    pub levels: Vec<StockLevel>,
    /// The entries.
    pub movements: Vec<Movement>,
    /// What is told.
    pub event: Event,
}

/// What a failed condition means.
#[derive(Debug, Clone, PartialEq)]
enum Failed {
    /// A level or the list of places is no longer what was read.
    Moved,
    /// The id of an entry is in use.
    Entered(MovementId),
}

enum Outcome {
    Written,
    Again,
}

#[derive(Serialize)]
struct HeldLevel {
    product: ProductId,
}

impl Store {
    /// Changes the stock of a product as `decide` says. Query `PRODUCT#id` and GetItem
    /// `LOCATIONS / LOCATIONS`, fresh; then one transaction: update `PRODUCT#id / STOCK#…` on the
    /// revision that was read, put `MOVEMENTS#month / MOVEMENT#id` and `OUTBOX#shard / event`, and
    /// where units come to a place that may be removed, check that the list of places is as it was
    /// read. Repeated when somebody else was faster, be it an order: `decide` may run several times.
    ///
    /// # Errors
    /// [`MoveStockError`]; nothing is written then, but for an empty level.
    pub async fn move_stock<E>(
        &self,
        product: ProductId,
        mut fresh_version: impl FnMut() -> Version,
        mut decide: impl FnMut(&StockedProduct, &Locations) -> Result<StockChange, E>,
    ) -> Result<StockChange, MoveStockError<E>> {
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt.min(4)).await;
            }
            let (found, locations) =
                futures::try_join!(self.find_fresh_product(product), self.find_locations())?;
            let stocked = found.ok_or(MoveStockError::Missing)?;
            let change = decide(&stocked, &locations).map_err(MoveStockError::Refused)?;
            let is_new = |level: &&StockLevel| read_level(&stocked, level).is_none();
            let new: Vec<&StockLevel> = change.levels.iter().filter(is_new).collect();
            if !new.is_empty() {
                self.open_levels(product, &new, &mut fresh_version).await?;
                continue;
            }
            match self.record(&stocked, &locations, &change).await {
                Ok(Outcome::Written) => return Ok(change),
                Ok(Outcome::Again) | Err(StoreError::Contention(_)) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(StoreError::Contention(format!("stock of {product}")).into())
    }

    /// Makes levels that are not there yet, with no units in them, as an edit of the product: so that
    /// a deletion of the product or the variant that goes on meanwhile takes them along. Each is
    /// entered at its place first, where [`Store::place_holds_units`] looks for it.
    async fn open_levels<E>(
        &self,
        product: ProductId,
        levels: &[&StockLevel],
        fresh_version: &mut impl FnMut() -> Version,
    ) -> Result<(), MoveStockError<E>> {
        for level in levels {
            let key = Key::level_at_place(&level.location, level.product, level.variant);
            let entry = item::compose(&key, [], &HeldLevel { product })?;
            self.client
                .put_item()
                .table_name(&self.table)
                .set_item(Some(entry))
                .send()
                .await
                .map_err(|error| StoreError::from_sdk(&error))?;
        }
        let edited = self.edit_product(product, fresh_version, |stocked| {
            for level in levels {
                if read_level(stocked, level).is_none() {
                    let (location, now) = (level.location.clone(), level.updated_at);
                    let empty = StockLevel::new(product, level.variant, location, 0, now);
                    stocked.stock.push(empty);
                }
            }
            Ok::<(), std::convert::Infallible>(())
        });
        match edited.await {
            Ok(_) => Ok(()),
            Err(EditProductError::Missing) => Err(MoveStockError::Missing),
            Err(EditProductError::Store(fault)) => Err(fault.into()),
            Err(EditProductError::Refused(never)) => match never {},
            Err(EditProductError::Rejected(reasons)) => {
                let text = format!("a level of {product} was not made: {reasons:?}");
                Err(StoreError::Corrupt(text).into())
            }
        }
    }

    async fn record(
        &self,
        stocked: &StockedProduct,
        locations: &Locations,
        change: &StockChange,
    ) -> Result<Outcome, StoreError> {
        let mut transaction = Transaction::new();
        let mut may_close = false;
        for level in &change.levels {
            let read = read_level(stocked, level);
            may_close |= !level.location.is_main() && read.map(on_hand) < Some(on_hand(level));
            self.add_level(
                &mut transaction,
                level,
                read.map_or(0, |read| read.revision),
            )?;
        }
        for movement in &change.movements {
            let place = IndexKey::movement_by_product(movement.product, movement.id);
            let entry = item::compose(&Key::movement(movement.id), [place], movement)?;
            transaction.put_new(&self.table, entry, Failed::Entered(movement.id))?;
        }
        if let Some(version) = locations.version.filter(|_| may_close) {
            let as_read = Condition::version(version);
            let key = Key::locations();
            transaction.require_if(&self.table, &key, &as_read, Failed::Moved)?;
        }
        transaction.put(&self.table, outbox::entry(&change.event)?)?;
        let failed = match transaction.commit(self).await {
            Ok(()) => return Ok(Outcome::Written),
            Err(CommitError::Store(fault)) => return Err(fault),
            Err(CommitError::Refused(failed)) => failed,
        };
        for refusal in failed {
            if let Failed::Entered(id) = refusal.meaning {
                let entered: Option<Movement> = self.get(&Key::movement(id)).await?;
                if entered.is_some_and(|entered| change.movements.contains(&entered)) {
                    // It was this very change, whose answer got lost.
                    return Ok(Outcome::Written);
                }
            }
        }
        Ok(Outcome::Again)
    }

    fn add_level(
        &self,
        transaction: &mut Transaction<Failed>,
        level: &StockLevel,
        revision_read: u64,
    ) -> Result<(), StoreError> {
        let condition = if revision_read == 0 {
            "attribute_exists(pk) AND (attribute_not_exists(revision) OR revision = :read)"
        } else {
            "revision = :read"
        };
        let number = |value: String| AttributeValue::N(value);
        let values = HashMap::from([
            (":read".to_owned(), number(revision_read.to_string())),
            (":revision".to_owned(), number(level.revision.to_string())),
            (":available".to_owned(), number(level.available.to_string())),
            (
                ":now".to_owned(),
                number(level.updated_at.unix_secs().to_string()),
            ),
        ]);
        let key = Key::stock(level.product, level.variant, &level.location);
        transaction.update(
            &self.table,
            &key,
            "SET available = :available, updated_at = :now, revision = :revision",
            condition,
            values,
            Failed::Moved,
        )
    }

    /// Enters what an order did. PutItem `MOVEMENTS#month / MOVEMENT#id`, unless it is there; repeating
    /// it does nothing. `false` if another entry has the id.
    ///
    /// # Errors
    /// [`StoreError`]; it may have been entered.
    pub async fn enter_movement(&self, movement: &Movement) -> Result<bool, StoreError> {
        let place = IndexKey::movement_by_product(movement.product, movement.id);
        let entry = item::compose(&Key::movement(movement.id), [place], movement)?;
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(entry))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else { return Ok(true) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let known = failed.item().cloned().map(item::parse::<Movement>);
                Ok(known.transpose()?.as_ref() == Some(movement))
            }
            _ => Err(StoreError::from_sdk(&error)),
        }
    }

    /// A page of the ledger, newest first. Query `MOVEMENTS#month`, month by month backwards.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_movements(
        &self,
        page: PageRequest,
        now: Timestamp,
    ) -> Result<Page<Movement>, StoreError> {
        let (entries, next) = self.read_register(Register::Movements, page, now).await?;
        Ok(Page {
            items: parse(entries.into_iter().map(|(_, entry)| entry))?,
            next,
        })
    }

    /// A page of what the ledger says of a product, newest first. Query gsi1 `PRODUCT#id`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_movements_of(
        &self,
        product: ProductId,
        page: PageRequest,
    ) -> Result<Page<Movement>, StoreError> {
        let run = Run {
            index: Some(Index::Gsi1),
            pk: product_pk(product),
            range: page
                .after
                .map_or(Range::All, |id| Range::Below(movement_sk(MovementId(id)))),
            newest_first: true,
            limit: page.limit,
            consistency: Consistency::Eventual,
            description: "movements of a product",
        };
        let (items, more) = self.run(run).await?;
        let items = parse(items)?;
        let next = items.last().filter(|_| more).map(|entry| entry.id.0);
        Ok(Page { items, next })
    }
}

fn read_level<'a>(stocked: &'a StockedProduct, level: &StockLevel) -> Option<&'a StockLevel> {
    let mut known = stocked.stock.iter();
    known.find(|known| known.variant == level.variant && known.location == level.location)
}

fn parse(items: impl IntoIterator<Item = Item>) -> Result<Vec<Movement>, StoreError> {
    items.into_iter().map(item::parse).collect()
}
