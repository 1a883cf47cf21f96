//! Who changed whose rights, and when: /api/accounts/audit/, for superusers.

use axum::{extract::State, response::Response};
use domain::{
    AuditEntryId, UserId,
    staff::{Act, AuditEntry},
};
use serde::Serialize;
use web::{Result, Shop, identity::Superuser, paging::Paging};

#[derive(Serialize)]
struct EntryWire {
    id: AuditEntryId,
    at: String,
    actor: UserId,
    subject: UserId,
    acts: Vec<Act>,
}

pub(crate) async fn list(
    State(shop): State<Shop>,
    _: Superuser,
    paging: Paging,
) -> Result<Response> {
    let now = shop.clock.now();
    let page = shop.store.list_audit(paging.request(), now).await?;
    Ok(paging.answer(page.map(EntryWire::from)))
}

impl From<AuditEntry> for EntryWire {
    fn from(entry: AuditEntry) -> Self {
        EntryWire {
            id: entry.id,
            at: entry.at.to_string(),
            actor: entry.actor,
            subject: entry.subject,
            acts: entry.acts,
        }
    }
}
