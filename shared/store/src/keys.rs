//! Every key of the table, formatted from typed ids in this one place.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    AuditEntryId, CategoryId, EventId, Id, ImageId, MovementId, OrderId, ProductId, Timestamp,
    UserId, VariantId,
    order::{Due, Order},
    payment::TxRef,
    stock::Location,
};

/// How many partitions share the orders that are due, and the payments to check. One DynamoDB
/// partition takes 1,000 writes a second.
pub(crate) const DUE_SHARDS: u64 = 4;

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub pk: String,
    pub sk: String,
}

/// Where an item stands in one of the two sparse indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndexKey {
    pub index: Index,
    pub pk: String,
    pub sk: String,
}

/// The sparse indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Index {
    /// Lists by their owner: a user's orders, an order's payments, the catalogue.
    Gsi1,
    /// What is due, and products by category.
    Gsi2,
}

impl Index {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Index::Gsi1 => "gsi1",
            Index::Gsi2 => "gsi2",
        }
    }
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Key {
        Key {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    pub(crate) fn user(id: UserId) -> Key {
        Key::new(user_pk(id), "USER")
    }

    pub(crate) fn addresses(owner: UserId) -> Key {
        Key::new(user_pk(owner), "ADDRESSES")
    }

    pub(crate) fn cart(owner: UserId) -> Key {
        Key::new(user_pk(owner), "CART")
    }

    pub(crate) fn email_claim(normalized: &str) -> Key {
        Key::new(format!("EMAIL#{normalized}"), "CLAIM")
    }

    pub(crate) fn category_slug_claim(slug: &str) -> Key {
        Key::new(format!("SLUG#CATEGORY#{slug}"), "CLAIM")
    }

    pub(crate) fn product_slug_claim(slug: &str) -> Key {
        Key::new(format!("SLUG#PRODUCT#{slug}"), "CLAIM")
    }

    pub(crate) fn sku_claim(sku: &str) -> Key {
        Key::new(format!("SKU#{sku}"), "CLAIM")
    }

    pub(crate) fn first_admin_claim() -> Key {
        Key::new("SINGLETON#ADMIN", "CLAIM")
    }

    /// Who works for the shop.
    pub(crate) fn roster() -> Key {
        Key::new("STAFF", "ROSTER")
    }

    /// An entry of the audit log, in its month.
    pub(crate) fn audit_entry(id: AuditEntryId) -> Key {
        Register::Audit.key(id.0)
    }

    /// The entry of a user in the register of the month of registration, which superusers read.
    pub(crate) fn registered_user(id: UserId) -> Key {
        Register::Users.key(id.0)
    }

    /// What is remembered of somebody's attempts at something; `who` is a digest.
    pub(crate) fn throttle(what: &str, who: &str) -> Key {
        Key::new(format!("THROTTLE#{what}#{who}"), "WINDOW")
    }

    pub(crate) fn category(id: CategoryId) -> Key {
        Key::new(CATEGORIES_PK, format!("CATEGORY#{}", id.padded()))
    }

    /// The version of the tree's shape. It sorts behind all categories, so that a query that goes
    /// backwards reads it first.
    pub(crate) fn category_tree() -> Key {
        Key::new(CATEGORIES_PK, TREE_SK)
    }

    /// That a product stands in a category: what a deletion of the category asks, freshly.
    pub(crate) fn shelved_product(category: CategoryId, product: ProductId) -> Key {
        Key::new(shelf_pk(category), product_sk(product))
    }

    pub(crate) fn product(id: ProductId) -> Key {
        Key::new(product_pk(id), "PRODUCT")
    }

    /// An upload that may become an image. Not in its product's partition: all that stands there
    /// beside the product is stock.
    pub(crate) fn upload(image: ImageId) -> Key {
        Key::new(format!("UPLOAD#{}", image.padded()), "UPLOAD")
    }

    pub(crate) fn stock(product: ProductId, variant: VariantId, location: &Location) -> Key {
        Key::new(
            product_pk(product),
            format!("STOCK#{}#{location}", variant.padded()),
        )
    }

    /// The places that hold stock.
    pub(crate) fn locations() -> Key {
        Key::new("LOCATIONS", "LOCATIONS")
    }

    /// That a variant has a stock level at a place that may be removed.
    pub(crate) fn level_at_place(place: &Location, product: ProductId, variant: VariantId) -> Key {
        let sk = format!("STOCK#{}#{}", product.padded(), variant.padded());
        Key::new(place_pk(place), sk)
    }

    /// The key of the stock level that such an entry speaks of.
    pub(crate) fn of_level_at_place(sk: &str, place: &Location) -> Option<Key> {
        let (product, variant) = sk.strip_prefix("STOCK#")?.split_once('#')?;
        let product = ProductId::try_from(product.parse::<u64>().ok()?).ok()?;
        let variant = VariantId::try_from(variant.parse::<u64>().ok()?).ok()?;
        Some(Key::stock(product, variant, place))
    }

    /// That a product runs low.
    pub(crate) fn low_stock(product: ProductId) -> Key {
        Key::new(LOW_STOCK_PK, product_sk(product))
    }

    /// An entry in the ledger of stock, in its month.
    pub(crate) fn movement(id: MovementId) -> Key {
        Register::Movements.key(id.0)
    }

    pub(crate) fn order(id: OrderId) -> Key {
        Key::new(order_pk(id), "ORDER")
    }

    /// The entry of an order in the register of its month, which staff read.
    pub(crate) fn registered_order(id: OrderId) -> Key {
        Register::Orders.key(id.0)
    }

    pub(crate) fn payment(tx_ref: &TxRef) -> Key {
        Key::new(format!("PAYMENT#{tx_ref}"), "PAYMENT")
    }

    pub(crate) fn outbox(event: &EventId) -> Key {
        Key::new(outbox_pk(event.shard(crate::OUTBOX_SHARDS)), event.as_str())
    }

    pub(crate) fn delivery(event: &EventId) -> Key {
        Key::new(format!("EVENT#{event}"), "DELIVERY")
    }

    pub(crate) fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

impl IndexKey {
    pub(crate) fn catalog(product: ProductId, is_active: bool) -> IndexKey {
        IndexKey {
            index: Index::Gsi1,
            pk: catalog_pk(is_active).to_owned(),
            sk: product_sk(product),
        }
    }

    pub(crate) fn product_by_category(
        category: CategoryId,
        product: ProductId,
        is_active: bool,
    ) -> IndexKey {
        IndexKey {
            index: Index::Gsi2,
            pk: category_pk(category, is_active),
            sk: product_sk(product),
        }
    }

    /// What the ledger says of a product, by the id of the entry.
    pub(crate) fn movement_by_product(product: ProductId, id: MovementId) -> IndexKey {
        IndexKey {
            index: Index::Gsi1,
            pk: product_pk(product),
            sk: movement_sk(id),
        }
    }

    pub(crate) fn order_by_owner(owner: UserId, order: OrderId) -> IndexKey {
        IndexKey {
            index: Index::Gsi1,
            pk: user_pk(owner),
            sk: order_sk(order),
        }
    }

    /// Where an order waits for a schedule: sorted by when it is due, then by id.
    pub(crate) fn order_due(order: &Order, due: Due, due_at: Timestamp) -> IndexKey {
        IndexKey {
            index: Index::Gsi2,
            pk: due_pk(due, order.id.value() % DUE_SHARDS),
            sk: due_sk(due_at, order.id),
        }
    }

    pub(crate) fn payment_by_order(order: OrderId, tx_ref: &TxRef) -> IndexKey {
        IndexKey {
            index: Index::Gsi1,
            pk: order_pk(order),
            sk: format!("PAYMENT#{tx_ref}"),
        }
    }

    pub(crate) fn payment_to_check(order: OrderId, next_check: Timestamp) -> IndexKey {
        IndexKey {
            index: Index::Gsi2,
            pk: format!("CHECK#{}", order.value() % DUE_SHARDS),
            sk: next_check.padded(),
        }
    }
}

pub(crate) const CATEGORIES_PK: &str = "CATEGORIES";
pub(crate) const TREE_SK: &str = "TREE";

pub(crate) fn user_pk(id: UserId) -> String {
    format!("USER#{}", id.padded())
}

pub(crate) fn product_pk(id: ProductId) -> String {
    format!("PRODUCT#{}", id.padded())
}

pub(crate) fn product_sk(id: ProductId) -> String {
    format!("PRODUCT#{}", id.padded())
}

pub(crate) fn category_pk(id: CategoryId, is_active: bool) -> String {
    let hidden = if is_active { "" } else { "#HIDDEN" };
    format!("CATEGORY#{}{hidden}", id.padded())
}

pub(crate) fn shelf_pk(id: CategoryId) -> String {
    format!("SHELF#{}", id.padded())
}

pub(crate) const LOW_STOCK_PK: &str = "LOW_STOCK";

pub(crate) fn place_pk(place: &Location) -> String {
    format!("LOCATION#{place}")
}

pub(crate) fn movement_sk(id: MovementId) -> String {
    format!("MOVEMENT#{}", id.padded())
}

pub(crate) fn catalog_pk(is_active: bool) -> &'static str {
    if is_active {
        "CATALOG"
    } else {
        "CATALOG#HIDDEN"
    }
}

pub(crate) fn order_pk(id: OrderId) -> String {
    format!("ORDER#{}", id.padded())
}

pub(crate) fn order_sk(id: OrderId) -> String {
    format!("ORDER#{}", id.padded())
}

/// A list of all there is of a kind, month by month, so that no partition grows for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Register {
    Orders,
    Users,
    Audit,
    Movements,
}

impl Register {
    pub(crate) fn pk(self, month: &str) -> String {
        match self {
            Register::Orders => format!("ORDERS#{month}"),
            Register::Users => format!("USERS#{month}"),
            Register::Audit => format!("AUDIT#{month}"),
            Register::Movements => format!("MOVEMENTS#{month}"),
        }
    }

    pub(crate) fn sk(self, id: Id) -> String {
        match self {
            Register::Orders => order_sk(OrderId(id)),
            Register::Users => user_pk(UserId(id)),
            Register::Audit => format!("AUDIT#{}", id.padded()),
            Register::Movements => movement_sk(MovementId(id)),
        }
    }

    fn key(self, id: Id) -> Key {
        Key::new(self.pk(&month_of(id)), self.sk(id))
    }
}

/// The month in which an id was drawn.
pub(crate) fn month_of(id: Id) -> String {
    let drawn_at = i64::try_from(id.unix_millis() / 1000).unwrap_or(i64::MAX);
    Timestamp(drawn_at).month()
}

pub(crate) fn due_pk(due: Due, shard: u64) -> String {
    match due {
        Due::HoldEnds => format!("DUE#HOLD#{shard}"),
        Due::Cancellation => format!("DUE#CANCEL#{shard}"),
    }
}

pub(crate) fn due_sk(due_at: Timestamp, order: OrderId) -> String {
    format!("{}#{}", due_at.padded(), order.padded())
}

pub(crate) fn outbox_pk(shard: u64) -> String {
    format!("OUTBOX#{shard}")
}
