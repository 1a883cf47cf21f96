//! Lists page by page: `limit` and `cursor` in, a `Link` header out.

use axum::{
    Json,
    extract::{FromRef, FromRequestParts, OriginalUri, Query},
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use domain::Id;
use serde::Serialize;
use serde_json::Value;
use store::{Page, PageRequest};

use crate::{
    body::Payload,
    error::{Error, Result},
    fields::{Fields, integer, text},
    shop::Shop,
};

/// How many entries a page has when the caller does not say.
pub const DEFAULT_LIMIT: i64 = 50;
/// The most entries of a page.
pub const MAX_LIMIT: i64 = 100;

/// Which page of a list is asked for, and how to name the next one.
#[derive(Clone, Debug)]
pub struct Paging {
    request: PageRequest,
    path: String,
    /// The query without `limit` and `cursor`, in the order sent.
    filters: Vec<(String, String)>,
    limit: Option<String>,
    shop: Shop,
}

impl<S> FromRequestParts<S> for Paging
where
    S: Send + Sync,
    Shop: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        // The path as it was sent, before the outer layer took its trailing slash.
        let path = match parts.extensions.get::<OriginalUri>() {
            Some(OriginalUri(uri)) => uri.path().to_owned(),
            None => parts.uri.path().to_owned(),
        };
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| Error::no_such_path())?;
        Self::read(path, pairs, Shop::from_ref(state))
    }
}

impl Paging {
    fn read(path: String, pairs: Vec<(String, String)>, shop: Shop) -> Result<Self> {
        let (own, filters): (Vec<_>, Vec<_>) = pairs
            .into_iter()
            .partition(|(name, _)| matches!(name.as_str(), "limit" | "cursor"));
        let find = |wanted: &str| {
            let found = own.iter().rev().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone())
        };
        let (limit, cursor) = (find("limit"), find("cursor"));
        let value: serde_json::Map<String, Value> = own
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect();
        let mut fields = Fields::of(Payload {
            value: value.into(),
            is_form: true,
        })?;
        let size = fields
            .optional("limit", integer().min(1).max(MAX_LIMIT))
            .unwrap_or(DEFAULT_LIMIT);
        let cursor = fields
            .optional("cursor", text())
            .or(cursor.filter(|text| !text.is_empty()));
        let after = cursor.and_then(|cursor| {
            let after = shop
                .tokens
                .open_cursor(&cursor, &list_name(&path, &filters));
            if after.is_none() && fields.is_clean() {
                fields.refuse("cursor", "Invalid cursor.");
            }
            after
        });
        fields.finish()?;
        let size = usize::try_from(size).unwrap_or_default();
        let request = PageRequest { limit: size, after };
        Ok(Self {
            request,
            path,
            filters,
            limit,
            shop,
        })
    }

    /// The same, but with [`MAX_LIMIT`] entries on a page where the caller does not say.
    #[must_use]
    pub fn largest(mut self) -> Self {
        if self.limit.is_none() {
            self.request.limit = usize::try_from(MAX_LIMIT).unwrap_or_default();
        }
        self
    }

    /// What to ask the table for.
    pub fn request(&self) -> PageRequest {
        self.request
    }

    /// The value of a query parameter; of several with one name the last, as in Django.
    pub fn filter(&self, name: &str) -> Option<&str> {
        let found = self.filters.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The page as a bare array, with a `Link` to the next one if there is more.
    pub fn answer<T: Serialize>(&self, page: Page<T>) -> Response {
        self.link(Json(page.items), page.next)
    }

    /// A body that holds a page among other things, with a `Link` to the next one if there is more.
    pub fn link(&self, body: impl IntoResponse, next: Option<Id>) -> Response {
        let mut response = body.into_response();
        if let Some(link) = next.and_then(|next| HeaderValue::from_str(&self.links(next)).ok()) {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }

    fn links(&self, next: Id) -> String {
        let cursor = self
            .shop
            .tokens
            .seal_cursor(next, &list_name(&self.path, &self.filters));
        let url = |cursor: Option<&str>| {
            let limit = self.limit.iter().map(|limit| ("limit", limit.as_str()));
            let filters = self
                .filters
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(filters.chain(limit))
                .extend_pairs(cursor.map(|cursor| ("cursor", cursor)))
                .finish();
            let separator = if query.is_empty() { "" } else { "?" };
            self.shop
                .settings
                .link(&format!("{}{separator}{query}", self.path))
        };
        format!(
            "<{}>; rel=\"next\", <{}>; rel=\"first\"",
            url(Some(&cursor)),
            url(None)
        )
    }
}

/// What a cursor is bound to: the path and the filters, whatever their order.
fn list_name(path: &str, filters: &[(String, String)]) -> String {
    let mut sorted = filters.to_vec();
    sorted.sort();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(sorted)
        .finish();
    format!("{}?{query}", path.trim_end_matches('/'))
}
