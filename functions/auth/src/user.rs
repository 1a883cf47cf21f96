//! The account of who is logged in: /api/auth/user/.

use axum::{Json, extract::State};
use domain::{
    AddressId, UserId,
    address::AddressBook,
    json::Json as FreeJson,
    user::{Profile, User},
};
use serde::Serialize;
use serde_json::Value;
use web::{
    Error, Fields, Payload, Result, Shop,
    fields::{Kind, date, json, text},
    identity::{Credentials, Customer},
};

/// The most bytes of a user's preferences: the user's item is read on every request.
const MAX_PREFERENCES_BYTES: usize = 8192;

#[derive(Serialize)]
pub(crate) struct UserWire {
    id: UserId,
    email: String,
    first_name: String,
    last_name: String,
    profile: ProfileWire,
    addresses: Vec<AddressWire>,
}

#[derive(Serialize)]
struct ProfileWire {
    birth_date: Option<String>,
    profile_picture: String,
    preferences: Option<Value>,
}

#[derive(Serialize)]
struct AddressWire {
    id: AddressId,
    address_line_1: String,
    address_line_2: Option<String>,
    city: String,
    region: String,
    postal_code: Option<String>,
    country: String,
    location_pin: Option<Value>,
    is_default: bool,
}

/// What is sent; what is absent stays as it is, in PUT as in PATCH.
struct UserEdit {
    first_name: Option<String>,
    last_name: Option<String>,
    profile: Option<ProfileEdit>,
}

struct ProfileEdit {
    birth_date: Option<Option<String>>,
    profile_picture: Option<String>,
    preferences: Option<Option<Value>>,
}

pub(crate) async fn show(
    State(shop): State<Shop>,
    credentials: Credentials,
) -> Result<Json<UserWire>> {
    let id = credentials.user();
    let (user, book) = tokio::try_join!(shop.store.find_user(id), shop.store.find_addresses(id))?;
    let customer = credentials.admit(user, shop.clock.now())?;
    Ok(Json(UserWire::of(&customer.user, &book)))
}

pub(crate) async fn change(
    State(shop): State<Shop>,
    customer: Customer,
    payload: Payload,
) -> Result<Json<UserWire>> {
    let edit = UserEdit::read(payload)?;
    let id = customer.user.id;
    let edited = shop.store.edit_user(
        id,
        || shop.entropy.version(),
        |user| {
            edit.apply(user);
            Ok::<_, Error>(user.clone())
        },
    );
    let (user, book) = tokio::join!(edited, shop.store.find_addresses(id));
    let user = user?.ok_or_else(Error::not_authenticated)?;
    Ok(Json(UserWire::of(&user, &book?)))
}

impl UserEdit {
    fn read(payload: Payload) -> Result<Self> {
        let mut fields = Fields::of(payload)?;
        let edit = Self {
            first_name: fields.optional("first_name", text().max(150).blankable()),
            last_name: fields.optional("last_name", text().max(150).blankable()),
            profile: fields.nested("profile", |fields| ProfileEdit {
                birth_date: fields.optional("birth_date", date().nullable()),
                profile_picture: fields.optional("profile_picture", text().max(255).blankable()),
                preferences: fields
                    .optional("preferences", json().max(MAX_PREFERENCES_BYTES).nullable()),
            }),
        };
        fields.finish()?;
        Ok(edit)
    }

    fn apply(&self, user: &mut User) {
        if let Some(first_name) = &self.first_name {
            user.first_name.clone_from(first_name);
        }
        if let Some(last_name) = &self.last_name {
            user.last_name.clone_from(last_name);
        }
        let Some(edit) = &self.profile else { return };
        let Profile {
            birth_date,
            profile_picture,
            preferences,
        } = &mut user.profile;
        if let Some(day) = &edit.birth_date {
            birth_date.clone_from(day);
        }
        if let Some(picture) = &edit.profile_picture {
            profile_picture.clone_from(picture);
        }
        if let Some(wanted) = &edit.preferences {
            *preferences = wanted.clone().map(FreeJson);
        }
    }
}

impl UserWire {
    fn of(user: &User, book: &AddressBook) -> Self {
        let addresses = book
            .listed()
            .into_iter()
            .cloned()
            .map(|address| AddressWire {
                is_default: book.is_default(address.id),
                id: address.id,
                address_line_1: address.address_line_1,
                address_line_2: address.address_line_2,
                city: address.city,
                region: address.region,
                postal_code: address.postal_code,
                country: address.country,
                location_pin: address.location_pin.map(|pin| pin.0),
            });
        Self {
            id: user.id,
            email: user.email.clone(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            profile: ProfileWire {
                birth_date: user.profile.birth_date.clone(),
                profile_picture: user.profile.profile_picture.clone(),
                preferences: user.profile.preferences.clone().map(|json| json.0),
            },
            addresses: addresses.collect(),
        }
    }
}
