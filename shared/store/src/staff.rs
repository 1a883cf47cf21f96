//! The roster of staff, the audit log, and what changes both: rights given and taken, accounts
//! deleted.

use domain::{
    Timestamp, UserId, Version,
    event::Event,
    staff::{AuditEntry, Roster},
    user::User,
};

use crate::{
    Page, PageRequest, Store, StoreError,
    claims::UserClaim,
    item,
    keys::{Key, Register},
    outbox,
    transaction::{CommitError, Transaction},
};

/// Why rights were not changed, or an account not deleted. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ChangeAccountError {
    /// The account or the roster is no longer what was read: read again and decide again.
    #[error("the account has changed")]
    Changed,
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A change of the roster, decided on the version that it was read at.
#[derive(Debug, Clone)]
pub struct RosterChange {
    /// The version that was read; `None` if there was no roster yet.
    pub from: Option<Version>,
    /// The roster as it shall be, with a version of its own.
    pub roster: Roster,
    /// What goes into the log.
    pub entry: AuditEntry,
}

impl Store {
    /// Who works for the shop. GetItem `STAFF / ROSTER`, fresh; of a shop whose first admin is older
    /// than the roster, `SINGLETON#ADMIN / CLAIM`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_roster(&self) -> Result<Roster, StoreError> {
        if let Some(roster) = self.get(&Key::roster()).await? {
            return Ok(roster);
        }
        let claim: Option<UserClaim> = self.get(&Key::first_admin_claim()).await?;
        Ok(claim.map_or_else(Roster::default, |claim| Roster::of_first_admin(claim.user)))
    }

    /// Writes an account whose rights were changed, on condition that it and the roster are still as
    /// they were read, and the log's entry. One transaction.
    ///
    /// # Errors
    /// [`ChangeAccountError`]; nothing is written then.
    pub async fn change_rights(
        &self,
        user: &User,
        user_read: Version,
        change: &RosterChange,
    ) -> Result<(), ChangeAccountError> {
        let mut transaction = Transaction::new();
        let item = item::compose(&Key::user(user.id), [], user)?;
        transaction.replace(&self.table, item, Some(user_read), ())?;
        self.add_roster_change(&mut transaction, change)?;
        commit(transaction, self).await
    }

    /// Deletes an account on condition that it is still as it was read: the user, the claim of the
    /// address, address book, cart and the entry in the register; the event that has its orders
    /// stripped; and, of somebody on the roster, their place there. One transaction.
    ///
    /// # Errors
    /// [`ChangeAccountError`]; nothing is written then.
    pub async fn delete_user(
        &self,
        user: &User,
        roster: Option<&RosterChange>,
        event: &Event,
    ) -> Result<(), ChangeAccountError> {
        let mut transaction = Transaction::new();
        transaction.delete(&self.table, &Key::user(user.id), user.version, ())?;
        for key in [
            Key::email_claim(&user.email),
            Key::registered_user(user.id),
            Key::addresses(user.id),
            Key::cart(user.id),
        ] {
            transaction.delete_whatever(&self.table, &key)?;
        }
        if let Some(change) = roster {
            self.add_roster_change(&mut transaction, change)?;
        }
        transaction.put(&self.table, outbox::entry(event)?)?;
        commit(transaction, self).await
    }

    /// Deletes what a request that was under way may have written for an account after its deletion.
    /// DeleteItem `USER#id / ADDRESSES` and `USER#id / CART`; repeating it does nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_leftovers(&self, user: UserId) -> Result<(), StoreError> {
        let deletions = [Key::addresses(user), Key::cart(user)].map(|key| async move {
            self.client
                .delete_item()
                .table_name(&self.table)
                .set_key(Some(key.attributes()))
                .send()
                .await
                .map_err(|error| StoreError::from_sdk(&error))
        });
        futures::future::try_join_all(deletions).await?;
        Ok(())
    }

    /// A page of the audit log, newest first. Query `AUDIT#month`, month by month backwards.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_audit(
        &self,
        page: PageRequest,
        now: Timestamp,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let (entries, next) = self.read_register(Register::Audit, page, now).await?;
        let items: Result<_, _> = entries
            .into_iter()
            .map(|(_, entry)| item::parse(entry))
            .collect();
        Ok(Page {
            items: items?,
            next,
        })
    }

    fn add_roster_change(
        &self,
        transaction: &mut Transaction<()>,
        change: &RosterChange,
    ) -> Result<(), StoreError> {
        let item = item::compose(&Key::roster(), [], &change.roster)?;
        transaction.replace(&self.table, item, change.from, ())?;
        let entry = item::compose(&Key::audit_entry(change.entry.id), [], &change.entry)?;
        transaction.put_new(&self.table, entry, ())
    }
}

async fn commit(transaction: Transaction<()>, store: &Store) -> Result<(), ChangeAccountError> {
    transaction
        .commit(store)
        .await
        .map_err(|error| match error {
            CommitError::Refused(_) => ChangeAccountError::Changed,
            CommitError::Store(fault) => ChangeAccountError::Store(fault),
        })
}
