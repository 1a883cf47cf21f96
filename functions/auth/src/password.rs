//! Choosing a new password: with the old one, or through a link from a mail. Either way every other
//! login ends, and the owner is told.

use axum::{Json, extract::State};
use domain::{
    event::{Event, EventKind},
    password::{AboutUser, MAX_CHARS, faults},
    user::{Origin, User},
};
use web::{
    Error, Fields, Payload, Result, Shop,
    error::FieldErrors,
    fields::text,
    identity::{Customer, Visitor},
    request::Sender,
    tokens::read_uid,
};

use crate::{
    attempts::{self, Mail},
    hashing,
    registration::{DetailWire, ask_for_mail},
};

/// Django's words for a password that was asked for again and is wrong.
const WRONG_OLD: &str = "Your old password was entered incorrectly. Please enter it again.";

/// A new password as it is sent, twice.
pub(crate) struct NewPassword {
    new: String,
    repeated: String,
}

pub(crate) async fn change(
    State(shop): State<Shop>,
    customer: Customer,
    payload: Payload,
) -> Result<Json<DetailWire>> {
    let mut fields = Fields::of(payload)?;
    let old = fields.required("old_password", text().untrimmed());
    let new = NewPassword::read(&mut fields);
    fields.finish()?;
    let new = new.fitting(&customer.user).map_err(refuse)?;
    check_password(&shop, &customer.user, old, "old_password", WRONG_OLD).await?;
    let hash = hashing::hash(&shop, new).await?;
    let checked = &customer.user.password_hash;
    let edited = shop
        .store
        .edit_user_telling(
            customer.user.id,
            || shop.entropy.version(),
            |user| {
                if user.password_hash != *checked {
                    return Err(Error::field("old_password", WRONG_OLD));
                }
                user.password_hash.clone_from(&hash);
                user.sessions
                    .retain(|session| session.id == customer.session);
                Ok(((), changed(&shop, user)))
            },
        )
        .await?;
    let ((), told) = edited.ok_or_else(Error::not_authenticated)?;
    shop.relay.announce(&told).await;
    let detail = "New password has been saved.";
    Ok(Json(DetailWire { detail }))
}

/// Has a link mailed, and answers the same whether there is anybody to mail it to.
pub(crate) async fn ask_for_reset(
    State(shop): State<Shop>,
    _: Visitor,
    Sender(origin): Sender,
    payload: Payload,
) -> Result<Json<DetailWire>> {
    ask_for_mail(&shop, Mail::Reset, &origin, payload, |user| {
        Some(EventKind::PasswordResetRequested { user: user.id })
    })
    .await?;
    let detail = "Password reset e-mail has been sent.";
    Ok(Json(DetailWire { detail }))
}

pub(crate) async fn confirm_reset(
    State(shop): State<Shop>,
    _: Visitor,
    Sender(origin): Sender,
    payload: Payload,
) -> Result<Json<DetailWire>> {
    let mut fields = Fields::of(payload)?;
    let uid = fields.required("uid", text());
    let token = fields.required("token", text());
    let new = NewPassword::read(&mut fields);
    fields.finish()?;
    let user = whose_link(&shop, &uid, &token).await?;
    let new = new.fitting(&user).map_err(refuse)?;
    reset(&shop, &user, &token, new, &origin).await?;
    let detail = "Password has been reset with the new password.";
    Ok(Json(DetailWire { detail }))
}

/// Whose account a link is for.
///
/// # Errors
/// 400 that names `uid` or `token`.
pub(crate) async fn whose_link(shop: &Shop, uid: &str, token: &str) -> Result<User> {
    let nobody = || Error::field("uid", "Invalid value");
    let id = read_uid(uid).ok_or_else(nobody)?;
    let user = shop.store.find_user(id).await?;
    let user = user.filter(|user| user.is_active).ok_or_else(nobody)?;
    if shop
        .tokens
        .reads_reset_token(&user, token, shop.clock.now())
    {
        Ok(user)
    } else {
        Err(dead_token())
    }
}

/// Sets the password that a link lets choose. The mail reached its owner, so the address is proved,
/// and the device it was opened on is the only one known from now on.
///
/// # Errors
/// 400 that names `token`, if the link was used in the meantime.
pub(crate) async fn reset(
    shop: &Shop,
    user: &User,
    token: &str,
    new: String,
    origin: &Origin,
) -> Result<()> {
    let hash = hashing::hash(shop, new).await?;
    let now = shop.clock.now();
    let edited = shop
        .store
        .edit_user_telling(
            user.id,
            || shop.entropy.version(),
            |user| {
                if !user.is_active || !shop.tokens.reads_reset_token(user, token, now) {
                    return Err(dead_token());
                }
                user.password_hash.clone_from(&hash);
                user.sessions.clear();
                user.devices = vec![origin.device()];
                user.email_verified_at.get_or_insert(now);
                Ok(((), changed(shop, user)))
            },
        )
        .await?;
    let ((), told) = edited.ok_or_else(dead_token)?;
    // Whoever has the mailbox is not made to wait for what a stranger tried, nor for what they tried
    // themselves before they asked for the link.
    let anywhere = Origin::default();
    let mut counters = attempts::at_mail(shop, Mail::Reset, &user.email, &anywhere);
    counters.extend(attempts::at_login(shop, &user.email, None, &anywhere));
    counters.push(attempts::at_device(shop, &user.email, origin));
    counters.extend(attempts::at_password(shop, user.id));
    tokio::join!(
        shop.relay.announce(&told),
        attempts::forget(shop, &counters)
    );
    Ok(())
}

/// Checks the password of somebody who is logged in; `field` is what it was sent as.
///
/// # Errors
/// 400 that names the field, and 429 after too many wrong ones.
pub(crate) async fn check_password(
    shop: &Shop,
    user: &User,
    password: String,
    field: &str,
    wrong: &str,
) -> Result<()> {
    let counters = attempts::at_password(shop, user.id);
    attempts::count(shop, &counters).await?;
    if !hashing::verify(password, Some(user.password_hash.clone())).await? {
        return Err(Error::field(field, wrong));
    }
    attempts::forgive(shop, &counters).await;
    Ok(())
}

/// The event that tells the owner. An address that nobody has proved may be a stranger's, who is not
/// to be written to.
fn changed(shop: &Shop, user: &User) -> Vec<Event> {
    let changed = EventKind::PasswordChanged { user: user.id };
    let is_owners = user.email_verified_at.is_some();
    is_owners
        .then(|| shop.entropy.event(changed))
        .into_iter()
        .collect()
}

fn dead_token() -> Error {
    Error::field("token", "Invalid value")
}

fn refuse(faults: Vec<String>) -> Error {
    let mut errors = FieldErrors::default();
    for fault in faults {
        errors.add("new_password2", fault);
    }
    Error::fields(&errors)
}

impl NewPassword {
    pub(crate) fn read(fields: &mut Fields) -> Self {
        let kind = || text().max(MAX_CHARS).untrimmed();
        Self {
            new: fields.required("new_password1", kind()),
            repeated: fields.required("new_password2", kind()),
        }
    }

    /// The password, if it was sent twice and fits this user.
    ///
    /// # Errors
    /// All that speaks against it.
    pub(crate) fn fitting(self, user: &User) -> Result<String, Vec<String>> {
        if self.new != self.repeated {
            let mismatch = "The two password fields didn\u{2019}t match.";
            return Err(vec![mismatch.to_owned()]);
        }
        let faults = faults(&self.new, AboutUser::of(user));
        if faults.is_empty() {
            Ok(self.new)
        } else {
            Err(faults.iter().map(ToString::to_string).collect())
        }
    }
}
