//! What the HTTP functions need to know of the configuration.

use axum::http::{HeaderMap, header};
use url::Url;

use crate::shop::ShopConfig;

/// Settings shared by all HTTP functions.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where customers reach the API, without a slash at the end; links begin with it.
    pub public_url: String,
    /// What pages call the shop.
    pub shop_name: String,
    /// Whether the catalogue may be read without a login.
    pub is_catalog_public: bool,
    own_origin: Option<String>,
    allowed_origins: Vec<String>,
}

impl Settings {
    /// The part of the configuration that concerns HTTP.
    pub fn new(config: &ShopConfig) -> Self {
        let own_origin = Url::parse(&config.site.public_url).ok();
        Self {
            public_url: config.site.public_url.clone(),
            shop_name: config.site.shop_name.clone(),
            is_catalog_public: config.visitors.public_catalog,
            own_origin: own_origin.map(|url| url.origin().ascii_serialization()),
            allowed_origins: config.visitors.allowed_origins.clone(),
        }
    }

    /// Whether cookies are to go over https only.
    pub fn has_secure_cookies(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// The address of a path of the API, as customers reach it.
    pub fn link(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.public_url)
    }

    /// Whether a page of this origin may act for its user: the API's own, or on the list.
    ///
    /// The host that a request was sent to counts as our own as well: a browser fills in both
    /// headers by itself, so they agree only for a page that came from here. Not so a page that came
    /// over http while the shop is on https: anybody on the way may have written it.
    pub(crate) fn trusts_origin(&self, origin: &str, headers: &HeaderMap) -> bool {
        let scheme = if self.has_secure_cookies() {
            "https://"
        } else {
            "http://"
        };
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let is_own_host = host.is_some_and(|host| {
            let rest = origin.strip_prefix(scheme);
            rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host))
        });
        is_own_host
            || self.own_origin.as_deref() == Some(origin)
            || self
                .allowed_origins
                .iter()
                .any(|allowed| matches(allowed, origin))
    }
}

/// Whether an origin is the allowed one; `http://localhost:*` allows every port.
fn matches(allowed: &str, origin: &str) -> bool {
    match allowed.strip_suffix(":*") {
        Some(base) => origin
            .strip_prefix(base)
            .and_then(|rest| rest.strip_prefix(':'))
            .is_some_and(|port| port.parse::<u16>().is_ok()),
        None => allowed == origin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_a_port_and_nothing_else() {
        assert!(matches("http://localhost:*", "http://localhost:5173"));
        for evil in [
            "http://localhost:5173.evil.example",
            "http://localhost.evil.example:80",
            "http://localhost",
            "http://localhost:",
        ] {
            assert!(!matches("http://localhost:*", evil), "{evil}");
        }
        assert!(matches("https://shop.example", "https://shop.example"));
        assert!(!matches(
            "https://shop.example",
            "https://shop.example.evil.example"
        ));
    }
}
