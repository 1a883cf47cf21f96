//! Orders: placed and moved on in one transaction with their stock, found by owner, month and due
//! time.

use domain::{
    Id, OrderId, ProductId, Timestamp, UserId, VariantId, Version,
    cart::Cart,
    event::Event,
    order::{Change, Due, Order},
    stock::{MoveKind, Shortage, StockMove},
};
use serde::{Deserialize, Serialize};

use crate::{
    Page, PageRequest, PaymentWrite, Store, StoreError,
    item::{self, Item},
    keys::{
        DUE_SHARDS, Index, IndexKey, Key, due_pk, due_sk, order_sk, register_month, register_pk,
        user_pk,
    },
    outbox, payments,
    read::{Consistency, Range, Run},
    stock,
    transaction::{CommitError, Refusal, Transaction},
};

/// How many months of the register one list request looks through before it hands on to the next.
const MAX_MONTHS: usize = 12;

/// Why an order was not placed. The customer may try again; nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum PlaceOrderError {
    /// The id is in use: draw another.
    #[error("the id is taken")]
    IdTaken,
    /// The cart is no longer the one that was read.
    #[error("the cart has changed")]
    CartChanged,
    /// There are too few units; every line that is short.
    #[error("not enough stock")]
    Short(Vec<Shortage>),
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an order was not moved on. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// The order or a payment is no longer what was read: read again and decide again.
    #[error("the order has changed")]
    Changed,
    /// There are too few units; every line that is short.
    #[error("not enough stock")]
    Short(Vec<Shortage>),
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Clone, PartialEq)]
enum Refused {
    Id,
    Changed,
    Short(StockMove),
}

#[derive(Serialize, Deserialize)]
struct Registered {
    order: OrderId,
}

impl Store {
    /// Writes a new order: the order, its entry in the month's register, its stock set aside, the
    /// cart emptied on condition of the version it was read at, and the events. One transaction.
    ///
    /// # Errors
    /// [`PlaceOrderError`]; nothing is written then.
    pub async fn place_order(
        &self,
        change: &Change,
        cart_read: Version,
        emptied: &Cart,
        events: &[Event],
    ) -> Result<(), PlaceOrderError> {
        let order = &change.order;
        let mut transaction = Transaction::new();
        transaction.put_new(&self.table, compose(order)?, Refused::Id)?;
        let entry = Registered { order: order.id };
        transaction.put(
            &self.table,
            item::compose(&Key::registered_order(order.id), [], &entry)?,
        )?;
        let cart = item::compose(&Key::cart(order.owner), [], emptied)?;
        transaction.replace(&self.table, cart, Some(cart_read), Refused::Changed)?;
        self.add_effects(&mut transaction, change, events)?;
        transaction.commit(self).await.map_err(|error| match error {
            CommitError::Store(fault) => PlaceOrderError::Store(fault),
            CommitError::Refused(refusals) => {
                // A cart that is gone was most likely ordered a moment ago: that comes first.
                if refusals
                    .iter()
                    .any(|refusal| refusal.meaning == Refused::Changed)
                {
                    PlaceOrderError::CartChanged
                } else if refusals
                    .iter()
                    .any(|refusal| refusal.meaning == Refused::Id)
                {
                    PlaceOrderError::IdTaken
                } else {
                    match shortages(&refusals) {
                        Ok(short) => PlaceOrderError::Short(short),
                        Err(fault) => PlaceOrderError::Store(fault),
                    }
                }
            }
        })
    }

    /// Moves an order on, on condition that it is still as it was read: the order, its stock, the
    /// payments that go with it and the events. One transaction.
    ///
    /// # Errors
    /// [`AdvanceError`]; nothing is written then.
    pub async fn advance_order(
        &self,
        change: &Change,
        payments: &[PaymentWrite],
        events: &[Event],
    ) -> Result<(), AdvanceError> {
        let mut transaction = Transaction::new();
        let order = compose(&change.order)?;
        transaction.replace(&self.table, order, Some(change.from), Refused::Changed)?;
        for write in payments {
            let item = payments::compose(&write.payment)?;
            transaction.replace(&self.table, item, write.from, Refused::Changed)?;
        }
        self.add_effects(&mut transaction, change, events)?;
        transaction.commit(self).await.map_err(|error| match error {
            CommitError::Store(fault) => AdvanceError::Store(fault),
            CommitError::Refused(refusals) => {
                if refusals
                    .iter()
                    .any(|refusal| refusal.meaning == Refused::Changed)
                {
                    AdvanceError::Changed
                } else {
                    match shortages(&refusals) {
                        Ok(short) => AdvanceError::Short(short),
                        Err(fault) => AdvanceError::Store(fault),
                    }
                }
            }
        })
    }

    fn add_effects(
        &self,
        transaction: &mut Transaction<Refused>,
        change: &Change,
        events: &[Event],
    ) -> Result<(), StoreError> {
        for movement in &change.moves {
            let refused = Refused::Short(movement.clone());
            let now = change.order.updated_at;
            stock::add_move(transaction, &self.table, movement, now, refused)?;
        }
        for event in events {
            transaction.put(&self.table, outbox::entry(event)?)?;
        }
        Ok(())
    }

    /// An order by id. GetItem `ORDER#id / ORDER`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.get(&Key::order(id)).await
    }

    /// A page of a user's orders, newest first. Query gsi1 `USER#id`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_orders_of(
        &self,
        owner: UserId,
        page: PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let run = Run {
            index: Some(Index::Gsi1),
            pk: user_pk(owner),
            range: page
                .after
                .map_or(Range::All, |id| Range::Below(order_sk(OrderId(id)))),
            newest_first: true,
            limit: page.limit,
            consistency: Consistency::Eventual,
            description: "orders of a user",
        };
        let (items, more) = self.run(run).await?;
        let items: Result<Vec<Order>, _> = items.into_iter().map(item::parse).collect();
        let items = items?;
        let next = if more {
            items.last().map(|order| order.id.0)
        } else {
            None
        };
        Ok(Page { items, next })
    }

    /// A page of all orders of the shop, newest first. Query `ORDERS#month`, month by month
    /// backwards, then BatchGetItem of the orders.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_orders(
        &self,
        page: PageRequest,
        now: Timestamp,
    ) -> Result<Page<Order>, StoreError> {
        let mut ids: Vec<OrderId> = Vec::new();
        let mut after = page.after;
        let mut month = after.map_or_else(|| now.month(), |id| register_month(OrderId(id)));
        let mut next: Option<Id> = None;
        for looked in 1..=MAX_MONTHS {
            let run = Run {
                index: None,
                pk: register_pk(&month),
                range: after.map_or(Range::All, |id| Range::Below(order_sk(OrderId(id)))),
                newest_first: true,
                limit: page.limit - ids.len(),
                consistency: Consistency::Eventual,
                description: "register of a month",
            };
            let (items, month_has_more) = self.run(run).await?;
            for found in items {
                ids.push(item::parse::<Registered>(found)?.order);
            }
            if ids.len() >= page.limit {
                let more = month_has_more || !is_first_month(&month);
                next = ids.last().filter(|_| more).map(|id| id.0);
                break;
            }
            if looked == MAX_MONTHS {
                next = first_id_of(&month);
            }
            match month_before(&month) {
                Some(earlier) => month = earlier,
                None => break,
            }
            after = None;
        }
        let keys: Vec<Key> = ids.iter().map(|id| Key::order(*id)).collect();
        let found = self.get_all(&keys, Consistency::Eventual).await?;
        let orders: Result<Vec<Order>, _> = found.into_iter().map(item::parse).collect();
        let mut orders = orders?;
        orders.sort_by_key(|order| std::cmp::Reverse(order.id));
        Ok(Page {
            items: orders,
            next,
        })
    }

    /// Orders of one shard for which something is due by `now`, the longest due first, at most
    /// `limit`, those behind `after`. Query gsi2 `DUE#HOLD#shard` or `DUE#CANCEL#shard`. As the
    /// index shows them: whatever is decided on them is written on condition of the version.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_orders(
        &self,
        due: Due,
        shard: u64,
        after: Option<&Order>,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Order>, StoreError> {
        let last_seen = after.and_then(|order| Some(due_sk(order.due()?.1, order.id)));
        // `!` sorts before all that keys are made of: the first key behind the last one seen.
        let from = last_seen.map_or_else(|| "0".to_owned(), |key| format!("{key}!"));
        let run = Run {
            index: Some(Index::Gsi2),
            pk: due_pk(due, shard),
            range: Range::Between(from, format!("{}#~", now.padded())),
            newest_first: false,
            limit,
            consistency: Consistency::Eventual,
            description: "due orders",
        };
        let (items, _) = self.run(run).await?;
        items.into_iter().map(item::parse).collect()
    }

    /// The shards that [`Store::due_orders`] reads.
    pub fn due_shards() -> std::ops::Range<u64> {
        0..DUE_SHARDS
    }
}

fn compose(order: &Order) -> Result<Item, StoreError> {
    let due = order
        .due()
        .map(|(due, at)| IndexKey::order_due(order, due, at));
    let places = due
        .into_iter()
        .chain([IndexKey::order_by_owner(order.owner, order.id)]);
    item::compose(&Key::order(order.id), places, order)
}

/// Every line that is short. A promise that cannot be ended because its units are not there is no
/// shortage but a broken table.
fn shortages(refusals: &[Refusal<Refused>]) -> Result<Vec<Shortage>, StoreError> {
    let mut short: Vec<Shortage> = Vec::new();
    for refusal in refusals {
        let Refused::Short(movement) = &refusal.meaning else {
            continue;
        };
        if !matches!(movement.kind, MoveKind::Reserve | MoveKind::Sell) {
            let (product, variant): (ProductId, VariantId) = (movement.product, movement.variant);
            let text = format!("{:?} refused by stock {product}/{variant}", movement.kind);
            return Err(StoreError::Corrupt(text));
        }
        short.push(Shortage {
            product: movement.product,
            variant: movement.variant,
            available: stock::available_in(refusal.found.as_ref()),
            requested: movement.quantity,
        });
    }
    Ok(short)
}

/// The month in which ids begin.
const FIRST_MONTH: &str = "2025-01";

/// The smallest id of a month: what comes after it in the register are the months before.
fn first_id_of(month: &str) -> Option<Id> {
    let start = Timestamp::start_of_month(month).filter(|_| !is_first_month(month))?;
    Some(Id::compose(
        u64::try_from(start.unix_secs()).ok()?.saturating_mul(1000),
        0,
    ))
}

fn is_first_month(month: &str) -> bool {
    month <= FIRST_MONTH
}

fn month_before(month: &str) -> Option<String> {
    if is_first_month(month) {
        return None;
    }
    let (year, number) = month.split_once('-')?;
    let (year, number): (u32, u32) = (year.parse().ok()?, number.parse().ok()?);
    Some(match number {
        1 => format!("{:04}-12", year - 1),
        _ => format!("{year:04}-{:02}", number - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_run_backwards_to_the_first() {
        assert_eq!(month_before("2026-01").as_deref(), Some("2025-12"));
        assert_eq!(month_before("2026-11").as_deref(), Some("2026-10"));
        assert_eq!(month_before("2025-01"), None);
        assert_eq!(month_before("1970-01"), None);
    }
}
