//! Users: found by id or e-mail address, made with their claims, edited whole.

use domain::{UserId, Version, event::Event, user::User};

use crate::{
    EditError, Store, StoreError,
    claims::UserClaim,
    item,
    keys::Key,
    outbox,
    transaction::{CommitError, Transaction},
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

impl Store {
    /// A user by id. GetItem `USER#id / USER`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.get(&Key::user(id)).await
    }

    /// A user by normalised e-mail address. GetItem `EMAIL#address / CLAIM`, then `USER#id / USER`,
    /// both fresh, one after the other.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_user_by_email(&self, normalized: &str) -> Result<Option<User>, StoreError> {
        match self.get::<UserClaim>(&Key::email_claim(normalized)).await? {
            Some(claim) => self.find_user(claim.user).await,
            None => Ok(None),
        }
    }

    /// Whether a first admin was made. GetItem `SINGLETON#ADMIN / CLAIM`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_first_admin(&self) -> Result<bool, StoreError> {
        let claim: Option<UserClaim> = self.get(&Key::first_admin_claim()).await?;
        Ok(claim.is_some())
    }

    /// Makes an account: user, claim of the address and event in one transaction.
    ///
    /// # Errors
    /// [`CreateUserError`]; nothing is written then.
    pub async fn create_user(&self, user: &User, event: &Event) -> Result<(), CreateUserError> {
        self.create(user, Some(event), false).await
    }

    /// Makes the first admin's account, once for ever: the claim on being the first is part of the
    /// transaction.
    ///
    /// # Errors
    /// [`CreateUserError`]; nothing is written then.
    pub async fn create_first_admin(&self, user: &User) -> Result<(), CreateUserError> {
        self.create(user, None, true).await
    }

    async fn create(
        &self,
        user: &User,
        event: Option<&Event>,
        first_admin: bool,
    ) -> Result<(), CreateUserError> {
        let claim = UserClaim { user: user.id };
        let mut transaction = Transaction::new();
        if first_admin {
            let item = item::compose(&Key::first_admin_claim(), [], &claim)?;
            transaction.put_new(&self.table, item, Taken::Admin)?;
        }
        let item = item::compose(&Key::email_claim(&user.email), [], &claim)?;
        transaction.put_new(&self.table, item, Taken::Email)?;
        let item = item::compose(&Key::user(user.id), [], user)?;
        transaction.put_new(&self.table, item, Taken::Id)?;
        if let Some(event) = event {
            transaction.put(&self.table, outbox::entry(event)?)?;
        }
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
}
