//! What the HTTP functions need to know about the shop's place on the net.

use axum::http::{HeaderMap, header};
use url::Url;

/// Settings shared by all HTTP functions.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where customers reach the API; links in answers and mails begin with it.
    pub public_url: Url,
    /// Origins of frontends besides the API's own, such as `https://shop.example`.
    pub allowed_origins: Vec<String>,
    /// Whether the catalogue may be read without a login.
    pub is_catalog_public: bool,
}

impl Settings {
    /// Whether cookies are to go over https only.
    pub fn has_secure_cookies(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// Whether a page of this origin may act for its user: the API's own, or on the list.
    ///
    /// The host that a request was sent to counts as our own as well: a browser fills in both
    /// headers by itself, so they agree only for a page that came from here.
    pub(crate) fn trusts_origin(&self, origin: &str, headers: &HeaderMap) -> bool {
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let is_own_host = host.is_some_and(|host| {
            let rest = origin
                .strip_prefix("https://")
                .or(origin.strip_prefix("http://"));
            rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host))
        });
        is_own_host
            || origin == self.public_url.origin().ascii_serialization()
            || self.allowed_origins.iter().any(|allowed| allowed == origin)
    }

    /// The address of a path of the API, as customers reach it.
    pub fn link(&self, path_and_query: &str) -> String {
        let base = self.public_url.as_str().trim_end_matches('/');
        format!("{base}{path_and_query}")
    }
}
