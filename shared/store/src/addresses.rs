//! Address books: one item a user.

use domain::{UserId, Version, address::AddressBook};

use crate::{EditError, Store, StoreError, keys::Key};

impl Store {
    /// A user's address book. GetItem `USER#id / ADDRESSES`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_addresses(&self, owner: UserId) -> Result<AddressBook, StoreError> {
        let book = self.get(&Key::addresses(owner)).await?;
        Ok(book.unwrap_or_else(|| AddressBook::empty(owner)))
    }

    /// Changes a user's address book. GetItem and a PutItem on condition of the version, repeated
    /// when somebody else was faster; `change` may therefore run several times.
    ///
    /// # Errors
    /// [`EditError`]: what `change` refused, or a fault of the table.
    pub async fn edit_addresses<R, E>(
        &self,
        owner: UserId,
        fresh_version: impl FnMut() -> Version,
        mut change: impl FnMut(&mut AddressBook) -> Result<R, E>,
    ) -> Result<R, EditError<E>> {
        self.edit(
            &Key::addresses(owner),
            fresh_version,
            |book: Option<AddressBook>, version| {
                let mut book = book.unwrap_or_else(|| AddressBook::empty(owner));
                let result = change(&mut book)?;
                book.version = Some(version);
                Ok((book, result))
            },
            |book| book.version,
        )
        .await
    }
}
