//! Who has an account, and what they may: /api/accounts/users/, for superusers.
//!
//! Rights are read from the user's item at every request, so whoever loses one loses it at the next.
//! Whether somebody decides about others is looked up in the roster once more, on the version that
//! the decision is written on: of two superusers who depose each other only one can succeed.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use domain::{
    AuditEntryId, UserId,
    staff::{AuditEntry, Rights, RightsRefused},
    user::{User, normalize_email},
};
use serde::Serialize;
use store::{ChangeAccountError, Page, RosterChange, StoreError};
use web::{
    Error, Fields, Payload, Result, Shop, fields::boolean, identity::Superuser, paging::Paging,
    request::PathId,
};

/// How often a decision is made anew when somebody changed the account or the roster meanwhile. Of
/// those that meet, one always gets through, so this bounds how many may meet.
const MAX_TRIES: usize = 24;

/// An account as superusers see it: nothing of how its owner logs in.
#[derive(Serialize)]
pub(crate) struct UserWire {
    id: UserId,
    email: String,
    first_name: String,
    last_name: String,
    is_staff: bool,
    is_superuser: bool,
    is_active: bool,
    email_verified: bool,
    created_at: String,
}

pub(crate) async fn list(
    State(shop): State<Shop>,
    _: Superuser,
    paging: Paging,
) -> Result<Response> {
    let is_for_staff = asks_for_staff(&paging)?;
    let email = paging.filter("email").filter(|text| !text.is_empty());
    let page = match email.map(normalize_email) {
        Some(email) => {
            let found = shop.store.find_user_by_email(&email).await?;
            let wanted = found.filter(|user| user.is_staff || !is_for_staff);
            let all = wanted.into_iter().collect();
            Page::cut(all, paging.request(), |user: &User| user.id.0)
        }
        None if is_for_staff => list_staff(&shop, &paging).await?,
        None => {
            let now = shop.clock.now();
            shop.store.list_users(paging.request(), now).await?
        }
    };
    Ok(paging.answer(page.map(UserWire::from)))
}

pub(crate) async fn show(
    State(shop): State<Shop>,
    _: Superuser,
    id: PathId,
) -> Result<Json<UserWire>> {
    let id = id.of("User", UserId)?;
    Ok(Json(find(&shop, id).await?.into()))
}

pub(crate) async fn change(
    State(shop): State<Shop>,
    Superuser(actor): Superuser,
    id: PathId,
    payload: Payload,
) -> Result<Json<UserWire>> {
    let id = id.of("User", UserId)?;
    let wanted = match read_rights(payload) {
        Ok(wanted) => wanted,
        // Whether the account is there comes before what is wrong with the edit.
        Err(refusal) => {
            find(&shop, id).await?;
            return Err(refusal);
        }
    };
    for _ in 0..MAX_TRIES {
        match try_change(&shop, actor.user.id, id, wanted).await? {
            Some(user) => return Ok(Json(user.into())),
            // Somebody was faster: what was read does not count, what they did may forbid this.
            None => continue,
        }
    }
    Err(StoreError::Contention("ROSTER".into()).into())
}

/// Decides on what the table says now, and writes it; `None` if that changed meanwhile.
async fn try_change(
    shop: &Shop,
    actor: UserId,
    subject: UserId,
    wanted: Rights,
) -> Result<Option<User>> {
    let (user, mut roster) = tokio::try_join!(find(shop, subject), async {
        Ok(shop.store.find_roster().await?)
    })?;
    if !roster.may_decide(actor) {
        return Err(Error::permission_denied());
    }
    let (mut changed, from) = (user.clone(), roster.version);
    let acts = roster.change(&mut changed, wanted).map_err(refuse)?;
    if acts.is_empty() {
        return Ok(Some(user));
    }
    changed.version = shop.entropy.version();
    roster.version = Some(shop.entropy.version());
    let entry = AuditEntry {
        id: AuditEntryId(shop.entropy.id()),
        at: shop.clock.now(),
        actor,
        subject,
        acts,
    };
    let change = RosterChange {
        from,
        roster,
        entry,
    };
    let written = shop.store.change_rights(&changed, user.version, &change);
    match written.await {
        Ok(()) => Ok(Some(changed)),
        Err(ChangeAccountError::Changed) => Ok(None),
        Err(ChangeAccountError::Store(fault)) => Err(fault.into()),
    }
}

async fn find(shop: &Shop, id: UserId) -> Result<User> {
    let found = shop.store.find_user(id).await?;
    found.ok_or_else(|| Error::not_found("User"))
}

/// The page of those on the roster: only the page is read, whatever the roster's length.
async fn list_staff(shop: &Shop, paging: &Paging) -> Result<Page<User>> {
    let roster = shop.store.find_roster().await?;
    let newest_first = roster.staff().iter().rev().copied().collect();
    let page = Page::cut(newest_first, paging.request(), |id: &UserId| id.0);
    let mut items = shop.store.find_users(&page.items).await?;
    items.reverse();
    Ok(Page {
        items,
        next: page.next,
    })
}

/// Whether only staff are asked for. Everybody but staff cannot be: there is no list of them that
/// could be read without reading past the staff.
fn asks_for_staff(paging: &Paging) -> Result<bool> {
    match paging.filter("is_staff").unwrap_or_default() {
        "" => Ok(false),
        "true" | "True" | "1" => Ok(true),
        _ => Err(Error::field("is_staff", "Only true can be asked for.")),
    }
}

fn read_rights(payload: Payload) -> Result<Rights> {
    let mut fields = Fields::partial(payload)?;
    let rights = Rights {
        is_staff: fields.optional("is_staff", boolean()),
        is_superuser: fields.optional("is_superuser", boolean()),
        is_active: fields.optional("is_active", boolean()),
    };
    fields.finish()?;
    Ok(rights)
}

fn refuse(refused: RightsRefused) -> Error {
    match refused {
        RightsRefused::LastSuperuser => Error::detail(StatusCode::CONFLICT, refused),
        RightsRefused::SuperuserIsStaff | RightsRefused::NotVerified | RightsRefused::Full => {
            Error::field("is_staff", refused.to_string())
        }
    }
}

impl From<User> for UserWire {
    fn from(user: User) -> Self {
        UserWire {
            id: user.id,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            is_staff: user.is_staff,
            is_superuser: user.is_superuser,
            is_active: user.is_active,
            email_verified: user.email_verified_at.is_some(),
            created_at: user.created_at.to_string(),
        }
    }
}
