//! The first admin, made once for ever by whoever knows the setup token: /api/auth/init-admin/.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use domain::{
    AuditEntryId, UserId,
    password::{AboutUser, faults},
    staff::{Act, AuditEntry},
    user::{Profile, User, normalize_email},
};
use gateways::sections::AdminSetupToken;
use serde::Serialize;
use store::CreateUserError;
use web::{
    Error, Fields, Payload, Result, Shop,
    fields::{email, text},
    identity::Visitor,
    request::Sender,
    tokens::same,
};

use crate::{attempts, hashing};

#[derive(Serialize)]
struct MessageWire {
    message: &'static str,
}

#[derive(Serialize)]
struct ErrorWire {
    error: &'static str,
}

struct Setup {
    token: String,
    email: String,
    password: String,
}

pub(crate) async fn initialize(
    State(shop): State<Shop>,
    State(AdminSetupToken(token)): State<AdminSetupToken>,
    _: Visitor,
    Sender(origin): Sender,
    payload: Payload,
) -> Result<impl IntoResponse> {
    let setup = Setup::read(payload)?;
    let guesses = attempts::at_setup(&shop, &origin);
    attempts::count(&shop, &guesses).await?;
    if !same(setup.token.as_bytes(), token.reveal().as_bytes()) {
        return Err(refuse(StatusCode::UNAUTHORIZED, "Invalid setup token."));
    }
    if shop.store.has_first_admin().await? {
        return Err(exists());
    }
    let password_hash = hashing::hash(&shop, setup.password).await?;
    let now = shop.clock.now();
    let admin = User {
        id: UserId(shop.entropy.id()),
        email: setup.email,
        first_name: String::new(),
        last_name: String::new(),
        password_hash,
        is_active: true,
        is_staff: true,
        is_superuser: true,
        email_verified_at: Some(now),
        profile: Profile::default(),
        sessions: Vec::new(),
        devices: vec![origin.device()],
        created_at: now,
        version: shop.entropy.version(),
    };
    let entry = AuditEntry {
        id: AuditEntryId(shop.entropy.id()),
        at: now,
        actor: admin.id,
        subject: admin.id,
        acts: vec![Act::AdminInitialized],
    };
    // Of several at once, the claim in the transaction lets one through.
    match shop.store.create_first_admin(&admin, &entry).await {
        Ok(()) => {
            let message = "Admin account created.";
            Ok((StatusCode::CREATED, Json(MessageWire { message })))
        }
        Err(CreateUserError::AdminExists) => Err(exists()),
        Err(CreateUserError::EmailTaken) => Err(refuse(
            StatusCode::BAD_REQUEST,
            "A user is already registered with this e-mail address.",
        )),
        Err(CreateUserError::Store(fault)) => Err(fault.into()),
        Err(clash @ CreateUserError::IdTaken) => Err(Error::unavailable(clash)),
    }
}

fn exists() -> Error {
    refuse(StatusCode::FORBIDDEN, "Admin already initialized.")
}

fn refuse(status: StatusCode, error: &'static str) -> Error {
    Error::json(status, &ErrorWire { error })
}

impl Setup {
    fn read(payload: Payload) -> Result<Self> {
        let mut fields = Fields::of(payload)?;
        let token = fields.required("setup_token", text());
        let email = normalize_email(&fields.required("email", email()));
        let password = fields.required("password", text().untrimmed());
        if fields.is_clean_at("password") {
            let about = AboutUser {
                email: &email,
                ..AboutUser::default()
            };
            for fault in faults(&password, about) {
                fields.refuse("password", fault.to_string());
            }
        }
        let repeated = fields.required("password_confirm", text().untrimmed());
        if fields.is_clean() && password != repeated {
            fields.refuse("password_confirm", "Passwords do not match.");
        }
        fields.finish()?;
        Ok(Self {
            token,
            email,
            password,
        })
    }
}
