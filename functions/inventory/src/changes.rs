//! Changes of stock by staff, each entered in the ledger: /api/inventory/{product}/adjust/ and
//! …/transfer/.
//!
//! A repeated request is a change of its own: whoever never heard the answer looks at the ledger. A
//! `counted` quantity does no harm when it is sent again, as long as nothing was sold since the count.

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    MovementId, ProductId, VariantId,
    event::EventKind,
    ledger::{self, Correction, Entry, MAX_REASON_LENGTH, MovementKind, StockRefused},
    location::Locations,
    product::Product,
    stock::{Location, MAX_UNITS, StockLevel},
    user::User,
};
use serde::Serialize;
use store::{MoveStockError, StockChange, StockedProduct};
use web::{
    Error, Fields, Payload, Result, Shop,
    fields::{Kind, choice, integer, key, text, unknown_key},
    identity::Staff,
    request::PathId,
};

use crate::{levels::LevelWire, movements::MovementWire};

/// What a change came to: the levels as they are now, and what the ledger says.
#[derive(Serialize)]
pub(crate) struct ChangeWire {
    levels: Vec<LevelWire>,
    movements: Vec<MovementWire>,
}

/// What is changed: the variant, which may be left out where there is only one, and why.
struct Subject {
    variant: Option<VariantId>,
    kind: MovementKind,
    reason: String,
}

/// `POST …/adjust/`: so many units more or less, or so many counted.
pub(crate) async fn adjust(
    State(shop): State<Shop>,
    Staff(staff): Staff,
    id: PathId,
    payload: Payload,
) -> Result<Json<ChangeWire>> {
    let product = id.of("Product", ProductId)?;
    let read = Adjustment::read(payload);
    let wanted = present(&shop, product, read).await?;
    move_stock(&shop, product, |stocked, locations| {
        let level = wanted
            .subject
            .level(stocked, locations, &wanted.place, "location")?;
        let entry = wanted.subject.entry(&shop, &staff.user);
        let id = MovementId(shop.entropy.id());
        let (after, movement) = ledger::adjust(&level, wanted.correction, locations, id, &entry)
            .map_err(|refused| refuse(&refused))?;
        Ok((vec![after], vec![movement]))
    })
    .await
}

/// `POST …/transfer/`: so many units from one place to another.
pub(crate) async fn transfer(
    State(shop): State<Shop>,
    Staff(staff): Staff,
    id: PathId,
    payload: Payload,
) -> Result<Json<ChangeWire>> {
    let product = id.of("Product", ProductId)?;
    let read = Transfer::read(payload);
    let wanted = present(&shop, product, read).await?;
    move_stock(&shop, product, |stocked, locations| {
        let from = wanted
            .subject
            .level(stocked, locations, &wanted.from, "from")?;
        let to = wanted.subject.level(stocked, locations, &wanted.to, "to")?;
        let entry = wanted.subject.entry(&shop, &staff.user);
        let ids = [(); 2].map(|()| MovementId(shop.entropy.id()));
        let moved = ledger::transfer(&from, &to, wanted.quantity, locations, ids, &entry);
        let (levels, movements) = moved.map_err(|refused| refuse(&refused))?;
        Ok((levels.into(), movements.into()))
    })
    .await
}

/// What was read, or why not; that there is no such product comes before what is wrong with the rest.
async fn present<T>(shop: &Shop, product: ProductId, read: Result<T>) -> Result<T> {
    if read.is_err() && shop.store.find_product(product).await?.is_none() {
        return Err(no_such_product());
    }
    read
}

/// Writes what `decide` says, sends the event and brings up to date what lists show. Should that not
/// be possible now, the event's consumer does it.
async fn move_stock(
    shop: &Shop,
    product: ProductId,
    mut decide: impl FnMut(
        &StockedProduct,
        &Locations,
    ) -> Result<(Vec<StockLevel>, Vec<ledger::Movement>)>,
) -> Result<Json<ChangeWire>> {
    let event = shop.entropy.event(EventKind::StockAdjusted { product });
    let mut read = None;
    let moved = shop.store.move_stock(
        product,
        || shop.entropy.version(),
        |stocked, locations| {
            let (levels, movements) = decide(stocked, locations)?;
            read = Some(stocked.clone());
            Ok(StockChange {
                levels,
                movements,
                event: event.clone(),
            })
        },
    );
    let change = moved.await.map_err(|error| match error {
        MoveStockError::Missing => no_such_product(),
        MoveStockError::Refused(refusal) => refusal,
        MoveStockError::Store(fault) => fault.into(),
    })?;
    let events = [event];
    let (shown, ()) = tokio::join!(
        shop.store.refresh_shown_stock(product),
        shop.relay.announce(&events)
    );
    if let Err(fault) = shown {
        tracing::warn!(%fault, %product, "lists show the stock when the event is handled");
    }
    let mut stocked = read.ok_or_else(no_such_product)?;
    for level in &change.levels {
        let mut known = stocked.stock.iter_mut();
        if let Some(known) = known.find(|known| is_same(known, level)) {
            known.clone_from(level);
        }
    }
    let levels = change.levels.iter();
    Ok(Json(ChangeWire {
        levels: levels.map(|level| LevelWire::of(&stocked, level)).collect(),
        movements: change.movements.into_iter().map(Into::into).collect(),
    }))
}

/// A correction as it is sent.
struct Adjustment {
    subject: Subject,
    place: Location,
    correction: Correction,
}

impl Adjustment {
    fn read(payload: Payload) -> Result<Adjustment> {
        let mut fields = Fields::of(payload)?;
        let place = read_place(&mut fields, "location", false);
        let most = i64::from(MAX_UNITS);
        let delta = fields.optional("delta", integer().min(-most).max(most).nullable());
        let counted = fields.optional("counted", integer().min(0).max(most).nullable());
        let kind = fields.optional("kind", choice(MovementKind::named));
        let by_default = match counted.flatten() {
            Some(_) => MovementKind::Counted,
            None => MovementKind::Other,
        };
        let reason = text().max(MAX_REASON_LENGTH);
        let subject = Subject {
            variant: read_variant(&mut fields),
            kind: kind.unwrap_or(by_default),
            reason: fields.required("reason", reason),
        };
        if delta == Some(Some(0)) {
            fields.refuse("delta", "Ensure this value is not 0.");
        }
        let correction = match (delta.flatten(), counted.flatten()) {
            (Some(delta), None) => Some(Correction::By(delta)),
            (None, Some(counted)) => u32::try_from(counted).ok().map(Correction::Counted),
            _ => None,
        };
        if correction.is_none() && fields.is_clean() {
            fields.refuse_object("Send either delta or counted.");
        }
        fields.finish()?;
        Ok(Adjustment {
            subject,
            place,
            correction: correction.unwrap_or(Correction::By(0)),
        })
    }
}

/// A transfer as it is sent.
struct Transfer {
    subject: Subject,
    from: Location,
    to: Location,
    quantity: u32,
}

impl Transfer {
    fn read(payload: Payload) -> Result<Transfer> {
        let mut fields = Fields::of(payload)?;
        let from = read_place(&mut fields, "from", true);
        let to = read_place(&mut fields, "to", true);
        let quantity = fields.required("quantity", integer().min(1).max(MAX_UNITS.into()));
        let reason = text().max(MAX_REASON_LENGTH).blankable();
        let subject = Subject {
            variant: read_variant(&mut fields),
            kind: MovementKind::Transferred,
            reason: fields.optional("reason", reason).unwrap_or_default(),
        };
        if from == to && fields.is_clean() {
            fields.refuse("to", "Ensure this is another location.");
        }
        fields.finish()?;
        Ok(Transfer {
            subject,
            from,
            to,
            quantity: u32::try_from(quantity).unwrap_or(MAX_UNITS),
        })
    }
}

impl Subject {
    /// The level at a place; an empty one where the variant was never there. Of a place that is not
    /// listed, what came back to it can still be taken.
    fn level(
        &self,
        stocked: &StockedProduct,
        locations: &Locations,
        place: &Location,
        field: &str,
    ) -> Result<StockLevel> {
        let variant = self.choose(&stocked.product)?;
        let mut known = stocked.stock.iter();
        let known = known.find(|level| level.variant == variant && level.location == *place);
        match known {
            Some(level) => Ok(level.clone()),
            None if locations.find(place).is_some() => {
                let (id, now) = (stocked.product.id, stocked.product.updated_at);
                Ok(StockLevel::new(id, variant, place.clone(), 0, now))
            }
            None => Err(Error::field(
                field,
                format!("\"{place}\" is not a valid choice."),
            )),
        }
    }

    fn choose(&self, product: &Product) -> Result<VariantId> {
        match (self.variant, product.sole_variant()) {
            (Some(id), _) => product
                .variant(id)
                .map(|variant| variant.id)
                .ok_or_else(|| Error::field("variant", unknown_key(id))),
            (None, Some(only)) => Ok(only.id),
            (None, None) => Err(Error::field("variant", "This field is required.")),
        }
    }

    fn entry(&self, shop: &Shop, actor: &User) -> Entry {
        Entry {
            actor: actor.id,
            at: shop.clock.now(),
            kind: self.kind,
            reason: self.reason.clone(),
        }
    }
}

fn read_variant(fields: &mut Fields) -> Option<VariantId> {
    let variant = fields.optional("variant", key(VariantId).nullable());
    variant.flatten()
}

/// The place that a field names; the main one where it may be left out and is.
fn read_place(fields: &mut Fields, name: &str, is_required: bool) -> Location {
    let code = if is_required {
        Some(fields.required(name, text()))
    } else {
        fields.optional(name, text())
    };
    let Some(code) = code.filter(|_| fields.is_clean_at(name)) else {
        return Location::main();
    };
    Location::parse(&code).unwrap_or_else(|| {
        fields.refuse(name, format!("\"{code}\" is not a valid choice."));
        Location::main()
    })
}

fn is_same(one: &StockLevel, other: &StockLevel) -> bool {
    one.variant == other.variant && one.location == other.location
}

fn no_such_product() -> Error {
    Error::not_found("Product")
}

fn refuse(refused: &StockRefused) -> Error {
    Error::detail(StatusCode::CONFLICT, refused)
}
