//! A customer's address book: /api/accounts/addresses/.
//!
//! One of the addresses is the default as long as there are any; the book itself sees to that.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    AddressId,
    address::{Address, AddressBook, AddressError},
    json::Json as FreeJson,
};
use serde::Serialize;
use serde_json::Value;
use store::Page;
use web::{
    Error, Fields, Payload, Result, Shop,
    fields::{Kind, boolean, json, text},
    identity::Verified,
    paging::Paging,
    request::{IfMatch, PathId, content_etag},
};

/// The most bytes of a map pin: fifty addresses have to fit into one item.
const MAX_PIN_BYTES: usize = 2048;

/// An address as it is shown.
#[derive(Serialize)]
pub(crate) struct AddressWire {
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

/// An address as it is sent: what is absent stays as it is.
struct AddressEdit {
    address_line_1: Option<String>,
    address_line_2: Option<Option<String>>,
    city: Option<String>,
    region: Option<String>,
    postal_code: Option<Option<String>>,
    country: Option<String>,
    location_pin: Option<Option<Value>>,
    is_default: Option<bool>,
}

pub(crate) async fn list(
    State(shop): State<Shop>,
    Verified(customer): Verified,
    paging: Paging,
) -> Result<Response> {
    let book = shop.store.find_addresses(customer.user.id).await?;
    let shown = book
        .listed()
        .into_iter()
        .map(|address| AddressWire::of(&book, address));
    let page = Page::cut(shown.collect(), paging.request(), |wire| wire.id.0);
    Ok(paging.answer(page))
}

pub(crate) async fn create(
    State(shop): State<Shop>,
    Verified(customer): Verified,
    payload: Payload,
) -> Result<impl IntoResponse> {
    let edit = AddressEdit::read(Fields::of(payload)?)?;
    let id = AddressId(shop.entropy.id());
    let as_default = edit.is_default.unwrap_or(false);
    let address = edit.applied_to(blank(id));
    let wire = shop
        .store
        .edit_addresses(
            customer.user.id,
            || shop.entropy.version(),
            |book| {
                book.add(address.clone(), as_default).map_err(refuse)?;
                AddressWire::find(book, id)
            },
        )
        .await?;
    Ok((StatusCode::CREATED, wire))
}

pub(crate) async fn show(
    State(shop): State<Shop>,
    Verified(customer): Verified,
    id: PathId,
) -> Result<AddressWire> {
    let id = id.of("Address", AddressId)?;
    let book = shop.store.find_addresses(customer.user.id).await?;
    AddressWire::find(&book, id)
}

pub(crate) async fn replace(
    shop: State<Shop>,
    who: Verified,
    id: PathId,
    based_on: IfMatch,
    payload: Payload,
) -> Result<AddressWire> {
    edit(
        shop,
        who,
        id,
        based_on,
        AddressEdit::read(Fields::of(payload)?),
    )
    .await
}

pub(crate) async fn change(
    shop: State<Shop>,
    who: Verified,
    id: PathId,
    based_on: IfMatch,
    payload: Payload,
) -> Result<AddressWire> {
    edit(
        shop,
        who,
        id,
        based_on,
        AddressEdit::read(Fields::partial(payload)?),
    )
    .await
}

async fn edit(
    State(shop): State<Shop>,
    Verified(customer): Verified,
    id: PathId,
    based_on: IfMatch,
    edit: Result<AddressEdit>,
) -> Result<AddressWire> {
    let id = id.of("Address", AddressId)?;
    let owner = customer.user.id;
    let edit = match edit {
        Ok(edit) => edit,
        // Whether the address is there comes before what is wrong with the edit.
        Err(refusal) => {
            AddressWire::find(&shop.store.find_addresses(owner).await?, id)?;
            return Err(refusal);
        }
    };
    let edited = shop
        .store
        .edit_addresses(
            owner,
            || shop.entropy.version(),
            |book| {
                based_on.admit_tag(&AddressWire::find(book, id)?.etag())?;
                let address = book.find(id).ok_or_else(not_found)?.clone();
                let as_default = edit.is_default.unwrap_or(false);
                book.change(edit.applied_to(address), as_default)
                    .map_err(refuse)?;
                AddressWire::find(book, id)
            },
        )
        .await?;
    Ok(edited)
}

pub(crate) async fn remove(
    State(shop): State<Shop>,
    Verified(customer): Verified,
    id: PathId,
    based_on: IfMatch,
) -> Result<StatusCode> {
    let id = id.of("Address", AddressId)?;
    shop.store
        .edit_addresses(
            customer.user.id,
            || shop.entropy.version(),
            |book| {
                based_on.admit_tag(&AddressWire::find(book, id)?.etag())?;
                book.remove(id).map_err(refuse)
            },
        )
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an edit with all required fields is applied to.
fn blank(id: AddressId) -> Address {
    Address {
        id,
        address_line_1: String::new(),
        address_line_2: None,
        city: String::new(),
        region: String::new(),
        postal_code: None,
        country: String::new(),
        location_pin: None,
    }
}

fn not_found() -> Error {
    Error::not_found("Address")
}

fn refuse(error: AddressError) -> Error {
    match error {
        AddressError::Unknown => not_found(),
        AddressError::Full => Error::object(error.to_string()),
    }
}

impl AddressEdit {
    fn read(mut fields: Fields) -> Result<Self> {
        let edit = Self {
            address_line_1: fields.expected("address_line_1", text().max(255)),
            address_line_2: fields
                .optional("address_line_2", text().max(255).blankable().nullable()),
            city: fields.expected("city", text().max(100)),
            region: fields.expected("region", text().max(100)),
            postal_code: fields.optional("postal_code", text().max(20).blankable().nullable()),
            country: fields.expected("country", text().max(100)),
            location_pin: fields.optional("location_pin", json().max(MAX_PIN_BYTES).nullable()),
            is_default: fields.optional("is_default", boolean()),
        };
        fields.finish()?;
        Ok(edit)
    }

    fn applied_to(&self, address: Address) -> Address {
        let pin = self.location_pin.clone().map(|pin| pin.map(FreeJson));
        Address {
            id: address.id,
            address_line_1: self
                .address_line_1
                .clone()
                .unwrap_or(address.address_line_1),
            address_line_2: self
                .address_line_2
                .clone()
                .unwrap_or(address.address_line_2),
            city: self.city.clone().unwrap_or(address.city),
            region: self.region.clone().unwrap_or(address.region),
            postal_code: self.postal_code.clone().unwrap_or(address.postal_code),
            country: self.country.clone().unwrap_or(address.country),
            location_pin: pin.unwrap_or(address.location_pin),
        }
    }
}

impl AddressWire {
    pub(crate) fn of(book: &AddressBook, address: &Address) -> Self {
        Self {
            id: address.id,
            address_line_1: address.address_line_1.clone(),
            address_line_2: address.address_line_2.clone(),
            city: address.city.clone(),
            region: address.region.clone(),
            postal_code: address.postal_code.clone(),
            country: address.country.clone(),
            location_pin: address.location_pin.clone().map(|pin| pin.0),
            is_default: book.is_default(address.id),
        }
    }

    fn find(book: &AddressBook, id: AddressId) -> Result<Self> {
        book.find(id)
            .map(|address| Self::of(book, address))
            .ok_or_else(not_found)
    }

    fn etag(&self) -> HeaderValue {
        content_etag(self)
    }
}

impl IntoResponse for AddressWire {
    fn into_response(self) -> Response {
        ([(header::ETAG, self.etag())], Json(self)).into_response()
    }
}
