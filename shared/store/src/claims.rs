//! Claims: small items whose key is what must be unique in the shop.

use domain::{CategoryId, ProductId, UserId};
use serde::{Deserialize, Serialize};

/// Whose e-mail address it is, or who is the first admin.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UserClaim {
    pub user: UserId,
}

/// Whose slug it is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CategoryClaim {
    pub category: CategoryId,
}

/// Whose slug or SKU it is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProductClaim {
    pub product: ProductId,
}
