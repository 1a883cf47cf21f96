//! Registration and the proof of an address: /api/auth/registration/.
//!
//! No answer tells whether an address is known. Registering a known one looks the same from outside,
//! and its owner is told by mail.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use domain::{
    UserId,
    event::{Event, EventKind},
    password::{AboutUser, similarity, weaknesses},
    user::{Origin, Profile, User, normalize_email},
};
use serde::Serialize;
use store::CreateUserError;
use web::{
    Error, Fields, Payload, Result, Shop,
    fields::{email, text},
    identity::Visitor,
    request::Sender,
};

use crate::{
    attempts::{self, Mail},
    hashing,
};

/// How often a clash of ids is answered with a new one.
const MAX_DRAWS: usize = 4;

/// What most answers of this function consist of.
#[derive(Serialize)]
pub(crate) struct DetailWire {
    pub(crate) detail: &'static str,
}

struct Registration {
    email: String,
    password: String,
    first_name: String,
    last_name: String,
}

pub(crate) async fn register(
    State(shop): State<Shop>,
    _: Visitor,
    Sender(origin): Sender,
    payload: Payload,
) -> Result<impl IntoResponse> {
    let registration = Registration::read(payload)?;
    let counters = attempts::at_mail(&shop, Mail::Registration, &registration.email, &origin);
    attempts::count(&shop, &counters).await?;
    let password_hash = hashing::hash(&shop, registration.password.clone()).await?;
    let event = create(&shop, registration, password_hash, &origin).await?;
    shop.relay.announce(&[event]).await;
    let wire = DetailWire {
        detail: "Verification e-mail sent.",
    };
    Ok((StatusCode::CREATED, Json(wire)))
}

pub(crate) async fn verify_email(
    State(shop): State<Shop>,
    _: Visitor,
    payload: Payload,
) -> Result<Json<DetailWire>> {
    let mut fields = Fields::of(payload)?;
    let key = fields.required("key", text());
    fields.finish()?;
    prove_address(&shop, &key).await?;
    Ok(Json(DetailWire { detail: "ok" }))
}

pub(crate) async fn resend_email(
    State(shop): State<Shop>,
    _: Visitor,
    Sender(origin): Sender,
    payload: Payload,
) -> Result<Json<DetailWire>> {
    ask_for_mail(&shop, Mail::Verification, &origin, payload, |user| {
        (!user.is_verified()).then_some(EventKind::UserRegistered { user: user.id })
    })
    .await?;
    Ok(Json(DetailWire { detail: "ok" }))
}

/// Reads an address and has a mail sent to it if `wanted` says so of its account. Where there is
/// nobody to write to, something is asked for that takes as long.
///
/// # Errors
/// 400 that names `email`, and 429 to whoever asks too often, whether or not there is an account.
pub(crate) async fn ask_for_mail(
    shop: &Shop,
    mail: Mail,
    origin: &Origin,
    payload: Payload,
    wanted: impl FnOnce(&User) -> Option<EventKind>,
) -> Result<()> {
    let mut fields = Fields::of(payload)?;
    let email = normalize_email(&fields.required("email", email()));
    fields.finish()?;
    let counters = attempts::at_mail(shop, mail, &email, origin);
    attempts::count(shop, &counters).await?;
    let user = shop.store.find_user_by_email(&email).await?;
    let event = user.filter(|user| user.is_active).as_ref().and_then(wanted);
    let event = shop.entropy.event(event.unwrap_or(EventKind::Decoy));
    shop.store.put_event(&event).await?;
    shop.relay.announce(&[event]).await;
    Ok(())
}

/// Proves the address that a key from a mail was made for.
///
/// # Errors
/// 404 for a key that is not ours, has expired, was used already, or is for an address that the user
/// no longer has.
pub(crate) async fn prove_address(shop: &Shop, key: &str) -> Result<()> {
    let now = shop.clock.now();
    let key = shop
        .tokens
        .read_email_key(key, now)
        .ok_or_else(Error::no_such_path)?;
    let edited = shop
        .store
        .edit_user(
            key.user,
            || shop.entropy.version(),
            |user| {
                let email = user.email.clone();
                if shop.tokens.proves(&key, &email) && user.verify_email(&email, now) {
                    Ok(())
                } else {
                    Err(Error::no_such_path())
                }
            },
        )
        .await?;
    edited.ok_or_else(Error::no_such_path)
}

/// Makes the account, and gives the event that mails its owner: the new one, or the one who has the
/// address already. Either way that is two reads and one transaction.
async fn create(
    shop: &Shop,
    registration: Registration,
    password_hash: String,
    origin: &Origin,
) -> Result<Event> {
    let now = shop.clock.now();
    let mut user = User {
        id: UserId(shop.entropy.id()),
        email: registration.email,
        first_name: registration.first_name,
        last_name: registration.last_name,
        password_hash,
        is_active: true,
        is_staff: false,
        is_superuser: false,
        email_verified_at: None,
        profile: Profile::default(),
        sessions: Vec::new(),
        devices: vec![origin.device()],
        created_at: now,
        version: shop.entropy.version(),
    };
    for _ in 0..MAX_DRAWS {
        if let Some(owner) = shop.store.find_user_by_email(&user.email).await? {
            let repeated = EventKind::RegistrationRepeated { user: owner.id };
            let event = shop.entropy.event(repeated);
            shop.store.tell_owner(&user.email, &event).await?;
            return Ok(event);
        }
        let event = shop
            .entropy
            .event(EventKind::UserRegistered { user: user.id });
        match shop.store.create_user(&user, &event).await {
            Ok(()) => return Ok(event),
            Err(CreateUserError::IdTaken) => user.id = UserId(shop.entropy.id()),
            // Somebody registered it a moment ago: the next round finds them.
            Err(CreateUserError::EmailTaken) => {}
            Err(CreateUserError::Store(fault)) => return Err(fault.into()),
            Err(error @ CreateUserError::AdminExists) => return Err(Error::internal(error)),
        }
    }
    Err(Error::unavailable("no free id was drawn"))
}

impl Registration {
    fn read(payload: Payload) -> Result<Self> {
        let mut fields = Fields::of(payload)?;
        let email = fields.required("email", email());
        let password = fields.required("password1", text().untrimmed());
        if fields.is_clean_at("password1") {
            for fault in weaknesses(&password) {
                fields.refuse("password1", fault.to_string());
            }
        }
        let repeated = fields.required("password2", text().untrimmed());
        let first_name = fields
            .optional("first_name", text().max(150))
            .unwrap_or_default();
        let last_name = fields
            .optional("last_name", text().max(150))
            .unwrap_or_default();
        let registration = Self {
            email: normalize_email(&email),
            password,
            first_name,
            last_name,
        };
        if fields.is_clean() {
            if registration.password != repeated {
                fields.refuse_object("The two password fields didn't match.");
            } else if let Some(fault) = similarity(&registration.password, registration.about()) {
                fields.refuse_object(fault.to_string());
            }
        }
        fields.finish()?;
        Ok(registration)
    }

    fn about(&self) -> AboutUser<'_> {
        AboutUser {
            first_name: &self.first_name,
            last_name: &self.last_name,
            email: &self.email,
        }
    }
}
