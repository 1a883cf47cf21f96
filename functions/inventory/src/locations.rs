//! The places that hold stock, in the order in which orders take from them:
//! /api/inventory/locations/.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    Id,
    location::{Locations, LocationsError},
    stock::Location,
};
use serde::Serialize;
use store::{EditError, Page};
use web::{
    Error, Fields, Payload, Result, Shop,
    fields::{integer, text},
    identity::Staff,
    paging::Paging,
};

/// The most characters of a place's name.
const MAX_NAME_LENGTH: usize = 100;
/// The largest position that a client may send; whatever is beyond the end means the end.
const MAX_POSITION: i64 = 1000;

/// A place as staff see it.
#[derive(Serialize)]
pub(crate) struct PlaceWire {
    code: String,
    name: String,
    /// 1 is where orders take from first.
    position: usize,
    is_closing: bool,
}

/// A change of a place: what is absent stays as it is.
struct PlaceEdit {
    name: Option<String>,
    /// Counted from 0.
    position: Option<usize>,
}

pub(crate) async fn list(State(shop): State<Shop>, _: Staff, paging: Paging) -> Result<Response> {
    let locations = shop.store.find_locations().await?;
    // A page begins behind an id; the places have none, but there are few, in order.
    let at = |place: &PlaceWire| {
        let position = u64::try_from(place.position).unwrap_or(u64::MAX);
        Id::try_from(position).unwrap_or(Id::MAX)
    };
    Ok(paging.answer(Page::cut(PlaceWire::all(&locations), paging.request(), at)))
}

pub(crate) async fn show(
    State(shop): State<Shop>,
    _: Staff,
    Path(code): Path<String>,
) -> Result<Json<PlaceWire>> {
    let code = parse(&code)?;
    let locations = shop.store.find_locations().await?;
    PlaceWire::find(&locations, &code).map(Json)
}

pub(crate) async fn create(
    State(shop): State<Shop>,
    _: Staff,
    payload: Payload,
) -> Result<impl IntoResponse> {
    let mut fields = Fields::of(payload)?;
    let code = fields.required("code", text());
    let name = fields.optional("name", text().max(MAX_NAME_LENGTH));
    let location = Location::parse(&code);
    if location.is_none() && fields.is_clean_at("code") {
        fields.refuse("code", "Enter 1 to 30 small letters, digits and hyphens.");
    }
    let position = read_position(&mut fields);
    fields.finish()?;
    let location = location.ok_or_else(no_such_place)?;
    let made = shop
        .store
        .edit_locations(
            || shop.entropy.version(),
            |locations| {
                let name = name.clone().unwrap_or_else(|| code.clone());
                locations.add(location.clone(), name).map_err(refuse)?;
                if let Some(position) = position {
                    locations.reorder(&location, position).map_err(refuse)?;
                }
                PlaceWire::find(locations, &location)
            },
        )
        .await?;
    Ok((StatusCode::CREATED, Json(made)))
}

pub(crate) async fn change(
    State(shop): State<Shop>,
    _: Staff,
    Path(code): Path<String>,
    payload: Payload,
) -> Result<Json<PlaceWire>> {
    let code = parse(&code)?;
    let edit = match PlaceEdit::read(payload) {
        Ok(edit) => edit,
        // Whether the place is there comes before what is wrong with the edit.
        Err(refusal) => {
            PlaceWire::find(&shop.store.find_locations().await?, &code)?;
            return Err(refusal);
        }
    };
    let edited = shop
        .store
        .edit_locations(
            || shop.entropy.version(),
            |locations| {
                locations.find(&code).ok_or_else(no_such_place)?;
                if let Some(name) = &edit.name {
                    locations.rename(&code, name.clone()).map_err(refuse)?;
                }
                if let Some(position) = edit.position {
                    locations.reorder(&code, position).map_err(refuse)?;
                }
                PlaceWire::find(locations, &code)
            },
        )
        .await?;
    Ok(Json(edited))
}

/// `DELETE …/{code}/`, in three steps: nothing may be brought to the place any more; are there units;
/// then it goes, or is opened again. Should this end half way, the place stays closed, and the next
/// DELETE goes on.
pub(crate) async fn remove(
    State(shop): State<Shop>,
    _: Staff,
    Path(code): Path<String>,
) -> Result<StatusCode> {
    let code = parse(&code)?;
    edit(&shop, |locations| locations.set_closing(&code, true)).await?;
    let holds_units = shop.store.place_holds_units(&code).await?;
    if holds_units == Some(false) {
        edit(&shop, |locations| locations.remove(&code)).await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    edit(&shop, |locations| locations.set_closing(&code, false)).await?;
    let reason = match holds_units {
        None => "The location has too many stock levels to be looked through.",
        Some(_) => "The location holds stock. Transfer it first.",
    };
    Err(Error::detail(StatusCode::CONFLICT, reason))
}

async fn edit(
    shop: &Shop,
    change: impl Fn(&mut Locations) -> std::result::Result<(), LocationsError>,
) -> Result<()> {
    let edited = shop
        .store
        .edit_locations(|| shop.entropy.version(), |locations| change(locations));
    edited.await.map_err(|error| match error {
        EditError::Refused(refused) => refuse(refused),
        EditError::Store(fault) => fault.into(),
    })
}

impl PlaceEdit {
    fn read(payload: Payload) -> Result<PlaceEdit> {
        let mut fields = Fields::partial(payload)?;
        let edit = PlaceEdit {
            name: fields.optional("name", text().max(MAX_NAME_LENGTH)),
            position: read_position(&mut fields),
        };
        fields.finish()?;
        Ok(edit)
    }
}

fn read_position(fields: &mut Fields) -> Option<usize> {
    let position = fields.optional("position", integer().min(1).max(MAX_POSITION))?;
    usize::try_from(position - 1).ok()
}

/// The place of a path; what no code can be names none.
fn parse(code: &str) -> Result<Location> {
    Location::parse(code).ok_or_else(no_such_place)
}

fn no_such_place() -> Error {
    Error::not_found("Location")
}

fn refuse(error: LocationsError) -> Error {
    match error {
        LocationsError::Unknown => no_such_place(),
        LocationsError::CodeTaken => Error::field("code", error.to_string()),
        LocationsError::Full => Error::object(error.to_string()),
        LocationsError::MainStays | LocationsError::NotClosing => {
            Error::detail(StatusCode::CONFLICT, error)
        }
    }
}

impl PlaceWire {
    fn all(locations: &Locations) -> Vec<PlaceWire> {
        let places = locations.places().iter().zip(1..);
        places
            .map(|(place, position)| PlaceWire {
                code: place.code.to_string(),
                name: place.name.clone(),
                position,
                is_closing: place.is_closing,
            })
            .collect()
    }

    fn find(locations: &Locations, code: &Location) -> Result<PlaceWire> {
        let mut all = PlaceWire::all(locations).into_iter();
        let found = all.find(|place| place.code == code.name());
        found.ok_or_else(no_such_place)
    }
}
