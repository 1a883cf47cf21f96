//! The one DynamoDB table: keys, items, and one function per access pattern.
//!
//! Every function is named by its pattern and says which key it reads and how consistently; what
//! each costs is in `docs/access-patterns.md`. No decision rests on an earlier read: whoever writes
//! states in the write itself what must still hold, and learns what did not.

mod addresses;
mod carts;
mod categories;
mod claims;
mod deliveries;
mod edit;
mod error;
mod images;
mod inventory;
mod item;
mod keys;
mod locations;
mod low_stock;
mod movements;
mod orders;
mod outbox;
mod page;
mod payments;
mod product_edits;
mod product_lists;
mod products;
mod read;
mod register;
mod shelves;
mod slugs;
mod staff;
mod stock;
mod throttles;
mod transaction;
mod users;

use aws_sdk_dynamodb::Client;

pub use carts::AccountItems;
pub use categories::CreateCategoryError;
pub use deliveries::Claim;
pub use edit::EditError;
pub use error::StoreError;
pub use images::EditImagesError;
pub use movements::{MoveStockError, StockChange};
pub use orders::{AdvanceError, PlaceOrderError};
pub use outbox::OUTBOX_SHARDS;
pub use page::{Page, PageRequest};
pub use payments::PaymentWrite;
pub use product_edits::EditProductError;
pub use product_lists::ProductFilter;
pub use products::{CreateProductError, ProductRefusal, StockedProduct};
pub use shelves::{DeleteCategoryError, MoveProductsError};
pub use staff::{ChangeAccountError, RosterChange};
pub use throttles::Attempts;
pub use users::CreateUserError;

/// The shop's table.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
}

impl Store {
    /// The table of this name, reached by this client.
    pub fn new(client: Client, table: impl Into<String>) -> Store {
        Store {
            client,
            table: table.into(),
        }
    }
}
