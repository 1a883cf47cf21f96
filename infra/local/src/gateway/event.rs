//! The event of an HTTP API (payload format 2.0), made from an HTTP request.

use std::{collections::BTreeMap, net::IpAddr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Timestamp;
use http::{HeaderMap, header, request::Parts};
use serde_json::{Map, Value, json};

/// Where the shop is reached, as functions learn it from headers.
#[derive(Debug, Clone)]
pub struct Origin {
    /// `127.0.0.1`.
    pub host: String,
    /// The port of the shop.
    pub port: u16,
}

/// A request about to become an event.
#[derive(Debug)]
pub struct Event<'a> {
    /// Method, path and headers, as they came.
    pub parts: &'a Parts,
    /// The whole body.
    pub body: &'a [u8],
    /// The route that matched, as the template writes it.
    pub route_key: &'a str,
    /// What the variables of the route stand for.
    pub path_parameters: &'a BTreeMap<String, String>,
    /// Who called.
    pub source: IpAddr,
    /// Whom they called.
    pub origin: &'a Origin,
    /// The shop's time.
    pub now: Timestamp,
}

impl Event<'_> {
    /// The event as the function is given it.
    pub fn json(&self, request_id: &str) -> Value {
        let parts = self.parts;
        let path = parts.uri.path();
        let query = parts.uri.query().unwrap_or("");
        let (body, is_base64) = encoded(&parts.headers, self.body);
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.route_key,
            "rawPath": path,
            "rawQueryString": query,
            "headers": self.headers(),
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "local",
                "domainName": self.origin.host,
                "domainPrefix": "local",
                "http": {
                    "method": parts.method.as_str(),
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": self.source.to_string(),
                    "userAgent": text(&parts.headers, header::USER_AGENT),
                },
                "requestId": request_id,
                "routeKey": self.route_key,
                "stage": "$default",
                "time": self.now.to_string(),
                "timeEpoch": self.now.unix_secs().saturating_mul(1_000),
            },
            "isBase64Encoded": is_base64,
        });
        if let Some(fields) = event.as_object_mut() {
            // These are left out, not empty, where there is nothing to say.
            let cookies = cookies(&parts.headers);
            if !cookies.is_empty() {
                fields.insert("cookies".to_owned(), json!(cookies));
            }
            if !query.is_empty() {
                fields.insert(
                    "queryStringParameters".to_owned(),
                    Value::Object(query_parameters(query)),
                );
            }
            if !self.path_parameters.is_empty() {
                fields.insert("pathParameters".to_owned(), json!(self.path_parameters));
            }
            if let Some(body) = body {
                fields.insert("body".to_owned(), Value::String(body));
            }
        }
        event
    }

    /// Header names are lower case; equal ones are joined with commas; cookies stand apart.
    fn headers(&self) -> Map<String, Value> {
        let mut headers = Map::new();
        for name in self.parts.headers.keys() {
            if name == header::COOKIE {
                continue;
            }
            let values: Vec<_> = self
                .parts
                .headers
                .get_all(name)
                .iter()
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                .collect();
            headers.insert(name.as_str().to_owned(), Value::String(values.join(",")));
        }
        // What the gateway says of the caller replaces what the caller says of himself, but for
        // the chain of proxies, to which it adds.
        let forwarded = match headers.get("x-forwarded-for").and_then(Value::as_str) {
            Some(before) => format!("{before}, {}", self.source),
            None => self.source.to_string(),
        };
        headers.insert("x-forwarded-for".to_owned(), Value::String(forwarded));
        headers.insert(
            "x-forwarded-port".to_owned(),
            Value::String(self.origin.port.to_string()),
        );
        headers.insert(
            "x-forwarded-proto".to_owned(),
            Value::String("http".to_owned()),
        );
        headers
            .entry("host")
            .or_insert_with(|| Value::String(format!("{}:{}", self.origin.host, self.origin.port)));
        headers.insert(
            "content-length".to_owned(),
            Value::String(self.body.len().to_string()),
        );
        headers
    }
}

/// An id for one request, in the look of API Gateway's.
pub fn request_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(1);
    // Unique within this process is enough for logs, and a counter reads better than noise.
    format!("local-{:08}=", COUNT.fetch_add(1, Ordering::Relaxed))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .map(str::trim)
        .filter(|cookie| !cookie.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Decoded and, where a name comes twice, joined with commas.
fn query_parameters(query: &str) -> Map<String, Value> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        joined
            .entry(name.into_owned())
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    joined
        .into_iter()
        .map(|(name, value)| (name, Value::String(value)))
        .collect()
}

/// The body as text where its content type is text, else in base64; forms count as binary.
fn encoded(headers: &HeaderMap, body: &[u8]) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let content_type = text(headers, header::CONTENT_TYPE);
    let media_type = content_type
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase();
    let is_text = media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || matches!(
            media_type.as_str(),
            "application/json" | "application/javascript" | "application/xml"
        );
    match std::str::from_utf8(body) {
        Ok(text) if is_text => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(body)), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(request: http::Request<&[u8]>) -> Value {
        let (parts, body) = request.into_parts();
        Event {
            parts: &parts,
            body,
            route_key: "ANY /api/cart/{proxy+}",
            path_parameters: &BTreeMap::from([("proxy".to_owned(), "items".to_owned())]),
            source: IpAddr::from([127, 0, 0, 1]),
            origin: &Origin {
                host: "127.0.0.1".to_owned(),
                port: 3000,
            },
            now: Timestamp(1_795_435_200),
        }
        .json("local-1=")
    }

    #[test]
    fn the_path_stays_as_it_was_sent() {
        let event = event(
            http::Request::post("/api/cart/items%20x/?a=1&b=%C3%A9&a=2")
                .body(&b""[..])
                .unwrap(),
        );
        assert_eq!(event["rawPath"], "/api/cart/items%20x/");
        assert_eq!(event["rawQueryString"], "a=1&b=%C3%A9&a=2");
        assert_eq!(
            event["queryStringParameters"],
            json!({ "a": "1,2", "b": "é" })
        );
        assert_eq!(event["requestContext"]["stage"], "$default");
        assert_eq!(event["requestContext"]["http"]["method"], "POST");
        assert_eq!(event["pathParameters"], json!({ "proxy": "items" }));
        assert!(event.get("body").is_none());
        assert!(event.get("cookies").is_none());
    }

    #[test]
    fn cookies_stand_apart_and_equal_headers_are_joined() {
        let event = event(
            http::Request::get("/")
                .header("Cookie", "sessionid=a.b.c; csrftoken=x")
                .header("Cookie", "other=1")
                .header("X-Thing", "one")
                .header("X-Thing", "two")
                .header("X-Forwarded-For", "203.0.113.9")
                .body(&b""[..])
                .unwrap(),
        );
        assert_eq!(
            event["cookies"],
            json!(["sessionid=a.b.c", "csrftoken=x", "other=1"])
        );
        assert_eq!(event["headers"]["x-thing"], "one,two");
        assert_eq!(
            event["headers"]["x-forwarded-for"],
            "203.0.113.9, 127.0.0.1"
        );
        assert!(event["headers"].get("cookie").is_none());
    }

    #[test]
    fn only_text_travels_as_text() {
        for (content_type, body, expected) in [
            ("application/json", &b"{}"[..], ("{}", false)),
            ("application/json; charset=utf-8", b"{}", ("{}", false)),
            ("application/json", b"\xff", ("/w==", true)),
            ("application/x-www-form-urlencoded", b"a=1", ("YT0x", true)),
            ("multipart/form-data; boundary=x", b"--x", ("LS14", true)),
        ] {
            let event = event(
                http::Request::post("/")
                    .header("Content-Type", content_type)
                    .body(body)
                    .unwrap(),
            );
            assert_eq!(
                (
                    event["body"].as_str().unwrap(),
                    event["isBase64Encoded"].as_bool().unwrap()
                ),
                expected
            );
        }
    }
}
