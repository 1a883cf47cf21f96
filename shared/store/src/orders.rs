//! Orders: placed and moved on in one transaction with their stock, found by owner, month and due
//! time.

use domain::{
    OrderId, ProductId, Timestamp, UserId, Version,
    cart::Cart,
    event::Event,
    order::{Change, Due, Order},
    stock::{MoveKind, StockMove},
};
use serde::Serialize;

use crate::{
    Page, PageRequest, PaymentWrite, Store, StoreError,
    edit::{MAX_TRIES, PutOutcome},
    item::{self, Item},
    keys::{DUE_SHARDS, Index, IndexKey, Key, Register, due_pk, due_sk, order_sk, user_pk},
    outbox, payments,
    read::{Consistency, Range, Run},
    stock,
    transaction::{CommitError, Refusal, Transaction, pause},
};

/// Why an order was not placed. The customer may try again; nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum PlaceOrderError {
    /// The id is in use: draw another.
    #[error("the id is taken")]
    IdTaken,
    /// The cart is no longer the one that was read.
    #[error("the cart has changed")]
    CartChanged,
    /// A place has too few units of these products, which says nothing about other places.
    #[error("not enough stock where it was to be taken from")]
    Short(Vec<ProductId>),
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
    /// A place has too few units of these products, which says nothing about other places.
    #[error("not enough stock where it was to be taken from")]
    Short(Vec<ProductId>),
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

#[derive(Serialize)]
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

    /// Takes what is personal out of an order that is over; whether there was anything to take.
    /// GetItem and a PutItem on condition of the version, repeated when somebody else was faster.
    ///
    /// # Errors
    /// [`StoreError`]; it may have happened all the same, and asking again is harmless.
    pub async fn strip_order(
        &self,
        id: OrderId,
        mut fresh_version: impl FnMut() -> Version,
    ) -> Result<bool, StoreError> {
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt.min(4)).await;
            }
            let Some(order) = self.find_order(id).await? else {
                return Ok(false);
            };
            let Some(stripped) = order.strip_personal_data(fresh_version()) else {
                return Ok(false);
            };
            let item = compose(&stripped)?;
            match self
                .put_version(item, Some(order.version), stripped.version)
                .await?
            {
                PutOutcome::Written => return Ok(true),
                PutOutcome::Stale => {}
            }
        }
        Err(StoreError::Contention(order_sk(id)))
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
        let (entries, next) = self.read_register(Register::Orders, page, now).await?;
        let keys: Vec<Key> = entries
            .iter()
            .map(|(id, _)| Key::order(OrderId(*id)))
            .collect();
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

/// The products that are short where units were to be taken. A promise that cannot be ended because
/// its units are not there is no shortage but a broken table.
fn shortages(refusals: &[Refusal<Refused>]) -> Result<Vec<ProductId>, StoreError> {
    let mut short = Vec::new();
    for refusal in refusals {
        let Refused::Short(movement) = &refusal.meaning else {
            continue;
        };
        if !matches!(movement.kind, MoveKind::Reserve | MoveKind::Sell) {
            let (product, variant) = (movement.product, movement.variant);
            let text = format!("{:?} refused by stock {product}/{variant}", movement.kind);
            return Err(StoreError::Corrupt(text));
        }
        if !short.contains(&movement.product) {
            short.push(movement.product);
        }
    }
    Ok(short)
}
