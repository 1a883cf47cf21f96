//! Carts: one item a user; and the items of an account that a checkout reads at once.

use domain::{
    Timestamp, UserId, Version, address::AddressBook, cart::Cart, location::Locations, user::User,
};

use crate::{
    EditError, Store, StoreError,
    item::{self, Item},
    keys::Key,
    read::Consistency,
};

/// What a checkout needs to know of an account.
#[derive(Debug)]
pub struct AccountItems {
    /// Who.
    pub user: Option<User>,
    /// Their cart; `None` if they never used one.
    pub cart: Option<Cart>,
    /// Their addresses.
    pub addresses: AddressBook,
}

impl Store {
    /// A user's cart. GetItem `USER#id / CART`, fresh. `None` if it was never used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_cart(&self, owner: UserId) -> Result<Option<Cart>, StoreError> {
        self.get(&Key::cart(owner)).await
    }

    /// User, cart and addresses of an account in one round trip. BatchGetItem of `USER#id / USER`,
    /// `CART`, `ADDRESSES`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_account(&self, id: UserId) -> Result<AccountItems, StoreError> {
        let (account, _) = self.read_account(id, &[]).await?;
        Ok(account)
    }

    /// All that a checkout begins with in one round trip: user, cart and addresses of an account,
    /// and the places that hold stock. BatchGetItem of `USER#id / USER`, `CART`, `ADDRESSES` and
    /// `LOCATIONS / LOCATIONS`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_checkout(&self, id: UserId) -> Result<(AccountItems, Locations), StoreError> {
        self.read_account(id, &[Key::locations()]).await
    }

    async fn read_account(
        &self,
        id: UserId,
        more: &[Key],
    ) -> Result<(AccountItems, Locations), StoreError> {
        let mut keys = vec![Key::user(id), Key::cart(id), Key::addresses(id)];
        keys.extend_from_slice(more);
        let mut account = AccountItems {
            user: None,
            cart: None,
            addresses: AddressBook::empty(id),
        };
        let mut locations = Locations::default();
        for found in self.get_all(&keys, Consistency::Fresh).await? {
            match sort_key(&found).as_str() {
                "USER" => account.user = Some(item::parse(found)?),
                "CART" => account.cart = Some(item::parse(found)?),
                "LOCATIONS" => locations = item::parse(found)?,
                _ => account.addresses = item::parse(found)?,
            }
        }
        Ok((account, locations))
    }

    /// Changes a user's cart. GetItem and a PutItem on condition of the version, repeated when
    /// somebody else was faster; `change` may therefore run several times. A cart that was never
    /// used counts as there since `since`.
    ///
    /// # Errors
    /// [`EditError`]: what `change` refused, or a fault of the table.
    pub async fn edit_cart<R, E>(
        &self,
        owner: UserId,
        since: Timestamp,
        fresh_version: impl FnMut() -> Version,
        mut change: impl FnMut(&mut Cart) -> Result<R, E>,
    ) -> Result<(Cart, R), EditError<E>> {
        self.edit(
            &Key::cart(owner),
            fresh_version,
            |cart: Option<Cart>, version| {
                let mut cart = cart.unwrap_or_else(|| Cart::empty(owner, since));
                let result = change(&mut cart)?;
                cart.version = Some(version);
                Ok((cart.clone(), (cart, result)))
            },
            |cart| cart.version,
        )
        .await
    }
}

/// The sort key of an item.
pub(crate) fn sort_key(item: &Item) -> String {
    item.get("sk")
        .and_then(|value| value.as_s().ok())
        .cloned()
        .unwrap_or_default()
}
