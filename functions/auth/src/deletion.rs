//! Deleting one's own account: DELETE /api/auth/user/.
//!
//! What is personal goes at once. Orders stay, since a shop has to keep its books; the consumer of
//! the event takes what they say about the person out of them, of those still to be delivered once
//! they are.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use domain::{
    AuditEntryId,
    event::EventKind,
    staff::{Act, AuditEntry, RightsRefused},
    user::User,
};
use store::{ChangeAccountError, RosterChange};
use web::{Error, Fields, Payload, Result, Shop, cookies, fields::text, identity::Customer};

use crate::password::check_password;

/// How often a deletion that met another change of the account starts again.
const MAX_TRIES: usize = 8;
const WRONG: &str = "Your password was entered incorrectly. Please enter it again.";

pub(crate) async fn delete(
    State(shop): State<Shop>,
    customer: Customer,
    headers: HeaderMap,
    payload: Payload,
) -> Result<impl IntoResponse> {
    let mut fields = Fields::of(payload)?;
    let password = fields.required("password", text().untrimmed());
    fields.finish()?;
    check_password(&shop, &customer.user, password, "password", WRONG).await?;
    erase(&shop, customer.user).await?;
    let forget = cookies::find(&headers, cookies::SESSION)
        .and_then(|_| cookies::no_session(shop.settings.has_secure_cookies()))
        .map(|cookie| (header::SET_COOKIE, cookie));
    Ok((StatusCode::NO_CONTENT, AppendHeaders(forget)))
}

async fn erase(shop: &Shop, checked: User) -> Result<()> {
    let deleted = EventKind::AccountDeleted {
        user: checked.id,
        before: None,
    };
    let event = shop.entropy.event(deleted);
    let mut user = checked.clone();
    for _ in 0..MAX_TRIES {
        let roster = off_the_roster(shop, &user).await?;
        match shop.store.delete_user(&user, roster.as_ref(), &event).await {
            Ok(()) => {
                shop.relay.announce(&[event]).await;
                return Ok(());
            }
            Err(ChangeAccountError::Changed) => {}
            Err(ChangeAccountError::Store(fault)) => return Err(fault.into()),
        }
        // Gone already: somebody pressed the button twice.
        let Some(current) = shop.store.find_user(checked.id).await? else {
            return Ok(());
        };
        if current.password_hash != checked.password_hash {
            return Err(Error::field("password", WRONG));
        }
        user = current;
    }
    Err(Error::unavailable("the account keeps changing"))
}

/// What the roster has to lose, if the user is on it.
async fn off_the_roster(shop: &Shop, user: &User) -> Result<Option<RosterChange>> {
    if !user.is_staff {
        return Ok(None);
    }
    let mut roster = shop.store.find_roster().await?;
    if !roster.lists(user.id) {
        return Ok(None);
    }
    let from = roster.version;
    roster
        .remove(user.id)
        .map_err(|refusal: RightsRefused| Error::detail(StatusCode::CONFLICT, refusal))?;
    roster.version = Some(shop.entropy.version());
    let entry = AuditEntry {
        id: AuditEntryId(shop.entropy.id()),
        at: shop.clock.now(),
        actor: user.id,
        subject: user.id,
        acts: vec![Act::AccountDeleted],
    };
    Ok(Some(RosterChange {
        from,
        roster,
        entry,
    }))
}
