//! Users: found by id or e-mail address, made with their claims, edited whole, deleted.

use domain::{
    Id, Timestamp, UserId, Version,
    event::Event,
    staff::{AuditEntry, Roster},
    user::User,
};
use serde::Serialize;

use crate::{
    EditError, Page, PageRequest, Store, StoreError,
    claims::UserClaim,
    edit::{MAX_TRIES, PutOutcome},
    item,
    keys::{Key, Register},
    outbox,
    read::Consistency,
    transaction::{CommitError, Transaction, pause},
};

/// Why an account was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// The id is in use: draw another.
    #[error("the id is taken")]
    IdTaken,
    /// The e-mail address belongs to somebody.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// There is a first admin already.
    #[error("the first admin exists")]
    AdminExists,
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Clone, PartialEq)]
enum Taken {
    Id,
    Email,
    Admin,
}

/// An entry in the register of users.
#[derive(Serialize)]
struct Registered {
    user: UserId,
}

impl Store {
    /// A user by id. GetItem `USER#id / USER`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.get(&Key::user(id)).await
    }

    /// A user by normalised e-mail address. GetItem `EMAIL#address / CLAIM`, then `USER#id / USER`,
    /// both fresh, one after the other. For an address that nobody has, an item that nobody has is
    /// looked for, so that both answers take as long.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_user_by_email(&self, normalized: &str) -> Result<Option<User>, StoreError> {
        let claim: Option<UserClaim> = self.get(&Key::email_claim(normalized)).await?;
        let nobody = UserId(Id::compose(0, 0));
        self.find_user(claim.map_or(nobody, |claim| claim.user))
            .await
    }

    /// Users by their ids, as they may be a moment ago, in order of the ids. BatchGetItem
    /// `USER#id / USER`, up to 100 at a time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let keys: Vec<Key> = ids.iter().map(|id| Key::user(*id)).collect();
        let found = self.get_all(&keys, Consistency::Eventual).await?;
        let users: Result<Vec<User>, _> = found.into_iter().map(item::parse).collect();
        let mut users = users?;
        users.sort_by_key(|user| user.id);
        Ok(users)
    }

    /// A page of all users of the shop, newest first. Query `USERS#month`, month by month backwards,
    /// then BatchGetItem of the users.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_users(
        &self,
        page: PageRequest,
        now: Timestamp,
    ) -> Result<Page<User>, StoreError> {
        let (entries, next) = self.read_register(Register::Users, page, now).await?;
        let ids: Vec<UserId> = entries.iter().map(|(id, _)| UserId(*id)).collect();
        let mut items = self.find_users(&ids).await?;
        items.reverse();
        Ok(Page { items, next })
    }

    /// Whether a first admin was made. GetItem `SINGLETON#ADMIN / CLAIM`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_first_admin(&self) -> Result<bool, StoreError> {
        let claim: Option<UserClaim> = self.get(&Key::first_admin_claim()).await?;
        Ok(claim.is_some())
    }

    /// Makes an account: user, claim of the address, entry in the month's register and event in one
    /// transaction.
    ///
    /// # Errors
    /// [`CreateUserError`]; nothing is written then.
    pub async fn create_user(&self, user: &User, event: &Event) -> Result<(), CreateUserError> {
        let mut transaction = Transaction::new();
        transaction.put(&self.table, outbox::entry(event)?)?;
        self.create(user, transaction).await
    }

    /// Makes the first admin's account, once for ever: the claim on being the first is part of the
    /// transaction, and so are the roster that begins with them and the log's entry.
    ///
    /// # Errors
    /// [`CreateUserError`]; nothing is written then.
    pub async fn create_first_admin(
        &self,
        user: &User,
        entry: &AuditEntry,
    ) -> Result<(), CreateUserError> {
        let mut transaction = Transaction::new();
        let claim = UserClaim { user: user.id };
        let item = item::compose(&Key::first_admin_claim(), [], &claim)?;
        transaction.put_new(&self.table, item, Taken::Admin)?;
        let mut roster = Roster::of_first_admin(user.id);
        roster.version = Some(user.version);
        let item = item::compose(&Key::roster(), [], &roster)?;
        transaction.put_new(&self.table, item, Taken::Admin)?;
        let item = item::compose(&Key::audit_entry(entry.id), [], entry)?;
        transaction.put_new(&self.table, item, Taken::Id)?;
        self.create(user, transaction).await
    }

    async fn create(
        &self,
        user: &User,
        mut transaction: Transaction<Taken>,
    ) -> Result<(), CreateUserError> {
        let claim = UserClaim { user: user.id };
        let item = item::compose(&Key::email_claim(&user.email), [], &claim)?;
        transaction.put_new(&self.table, item, Taken::Email)?;
        let item = item::compose(&Key::user(user.id), [], user)?;
        transaction.put_new(&self.table, item, Taken::Id)?;
        let entry = Registered { user: user.id };
        let item = item::compose(&Key::registered_user(user.id), [], &entry)?;
        transaction.put(&self.table, item)?;
        transaction.commit(self).await.map_err(|error| match error {
            CommitError::Store(fault) => CreateUserError::Store(fault),
            CommitError::Refused(refusals) => {
                let taken = |what| refusals.iter().any(|refusal| refusal.meaning == what);
                if taken(Taken::Admin) {
                    CreateUserError::AdminExists
                } else if taken(Taken::Email) {
                    CreateUserError::EmailTaken
                } else {
                    CreateUserError::IdTaken
                }
            }
        })
    }

    /// Changes a user. GetItem and a PutItem on condition of the version, repeated when somebody
    /// else was faster; `change` may therefore run several times. `None` if there is no such user.
    ///
    /// # Errors
    /// [`EditError`]: what `change` refused, or a fault of the table.
    pub async fn edit_user<R, E>(
        &self,
        id: UserId,
        fresh_version: impl FnMut() -> Version,
        mut change: impl FnMut(&mut User) -> Result<R, E>,
    ) -> Result<Option<R>, EditError<E>> {
        let edited = self
            .edit(
                &Key::user(id),
                fresh_version,
                |user: Option<User>, version| {
                    let mut user = user.ok_or(None)?;
                    let result = change(&mut user).map_err(Some)?;
                    user.version = version;
                    Ok((user, result))
                },
                |user| Some(user.version),
            )
            .await;
        match edited {
            Ok(result) => Ok(Some(result)),
            Err(EditError::Refused(None)) => Ok(None),
            Err(EditError::Refused(Some(refusal))) => Err(EditError::Refused(refusal)),
            Err(EditError::Store(fault)) => Err(EditError::Store(fault)),
        }
    }

    /// Changes a user and tells of it: like [`Store::edit_user`], but with the events that `change`
    /// gives beside its result in one transaction with the user. Without events it is a plain edit.
    ///
    /// # Errors
    /// [`EditError`]: what `change` refused, or a fault of the table.
    pub async fn edit_user_telling<R, E>(
        &self,
        id: UserId,
        mut fresh_version: impl FnMut() -> Version,
        mut change: impl FnMut(&mut User) -> Result<(R, Vec<Event>), E>,
    ) -> Result<Option<(R, Vec<Event>)>, EditError<E>> {
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt.min(4)).await;
            }
            let Some(mut user) = self.find_user(id).await? else {
                return Ok(None);
            };
            let from = user.version;
            let (result, events) = change(&mut user).map_err(EditError::Refused)?;
            user.version = fresh_version();
            let item = item::compose(&Key::user(id), [], &user)?;
            if events.is_empty() {
                match self.put_version(item, Some(from), user.version).await? {
                    PutOutcome::Written => return Ok(Some((result, events))),
                    PutOutcome::Stale => continue,
                }
            }
            let mut transaction = Transaction::new();
            transaction.replace(&self.table, item, Some(from), ())?;
            for event in &events {
                transaction.put(&self.table, outbox::entry(event)?)?;
            }
            match transaction.commit(self).await {
                Ok(()) => return Ok(Some((result, events))),
                Err(CommitError::Refused(_)) => {}
                Err(CommitError::Store(fault)) => return Err(fault.into()),
            }
        }
        Err(StoreError::Contention("USER".into()).into())
    }

    /// Notes an event of an address that has an account, in a transaction that takes as long as
    /// making one: the claim is required to be there still, the event is put.
    ///
    /// # Errors
    /// [`StoreError`]; a claim that is gone is [`StoreError::Contention`]: the account was deleted at
    /// this moment, and the next attempt finds the address free.
    pub async fn tell_owner(&self, normalized: &str, event: &Event) -> Result<(), StoreError> {
        let mut transaction = Transaction::new();
        transaction.require(&self.table, &Key::email_claim(normalized), ())?;
        transaction.put(&self.table, outbox::entry(event)?)?;
        transaction.commit(self).await.map_err(|error| match error {
            CommitError::Refused(_) => StoreError::Contention("EMAIL".into()),
            CommitError::Store(fault) => fault,
        })
    }
}
