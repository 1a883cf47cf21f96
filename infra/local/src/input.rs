//! Small bodies for the control surface, as JSON or as a form, and what is wrong with them.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value, json};

/// An answer that says what was wrong, in the shapes of the API: `{"detail": …}` or
/// `{"field": ["…"]}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    status: StatusCode,
    body: Value,
}

impl Refusal {
    /// One sentence about the whole request.
    pub fn detail(status: StatusCode, text: impl Into<String>) -> Refusal {
        Refusal {
            status,
            body: json!({ "detail": text.into() }),
        }
    }

    /// 404.
    pub fn not_found() -> Refusal {
        Refusal::detail(StatusCode::NOT_FOUND, "Not found.")
    }

    /// 500: the shop's own machinery failed. A developer reads this answer, so it says how.
    pub fn broken(error: impl std::fmt::Display) -> Refusal {
        let text = format!("{error:#}");
        tracing::error!(error = text, "the control surface failed");
        Refusal::detail(StatusCode::INTERNAL_SERVER_ERROR, text)
    }

    /// The body that will be sent.
    #[cfg(test)]
    pub(crate) fn body(&self) -> &Value {
        &self.body
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, axum::Json(self.body)).into_response()
    }
}

/// The fields of a body. Reads them one after the other and remembers everything that is wrong.
#[derive(Debug, Default)]
pub struct Input {
    fields: Map<String, Value>,
    errors: Map<String, Value>,
}

impl Input {
    /// Reads a body by its content type; without one it is taken for JSON.
    ///
    /// # Errors
    /// 400 if it is not an object, 415 if it is neither JSON nor a form.
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<Input, Refusal> {
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        let media_type = content_type
            .split(';')
            .next()
            .unwrap_or("")
            .trim()
            .to_ascii_lowercase();
        let fields = match media_type.as_str() {
            "application/x-www-form-urlencoded" => {
                // curl says this for every body unless told otherwise, so JSON that comes under
                // this name is read as JSON.
                if body.trim_ascii_start().starts_with(b"{") {
                    object(body)?
                } else {
                    form(body)?
                }
            }
            "" | "application/json" => object(body)?,
            other => {
                return Err(Refusal::detail(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    format!("Unsupported media type \"{other}\" in request."),
                ));
            }
        };
        Ok(Input {
            fields,
            errors: Map::new(),
        })
    }

    /// An integer, also as text; `default` if the field is absent, and required if there is none.
    /// A wrong field reads as the least allowed.
    pub fn integer(
        &mut self,
        name: &str,
        range: std::ops::RangeInclusive<i64>,
        default: Option<i64>,
    ) -> i64 {
        let number = match self.fields.get(name) {
            None | Some(Value::Null) => match default {
                Some(default) => return default,
                None => Err("This field is required.".to_owned()),
            },
            Some(Value::Number(number)) => number
                .as_i64()
                .ok_or_else(|| "A valid integer is required.".to_owned()),
            Some(Value::String(text)) => text
                .trim()
                .parse()
                .map_err(|_| "A valid integer is required.".to_owned()),
            Some(_) => Err("A valid integer is required.".to_owned()),
        };
        let number = number.and_then(|number| {
            if number < *range.start() {
                Err(format!(
                    "Ensure this value is greater than or equal to {}.",
                    range.start()
                ))
            } else if number > *range.end() {
                Err(format!(
                    "Ensure this value is less than or equal to {}.",
                    range.end()
                ))
            } else {
                Ok(number)
            }
        });
        number.unwrap_or_else(|message| {
            self.wrong(name, message);
            *range.start()
        })
    }

    /// One of the named choices, of which there is at least one; `default` if the field is absent,
    /// and required if there is none. A wrong field reads as the first choice, which nobody acts on
    /// because [`Input::finish`] refuses the body.
    pub fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)], default: Option<T>) -> T {
        let chosen = match (self.fields.get(name), default) {
            (None | Some(Value::Null), Some(default)) => return default,
            (None | Some(Value::Null), None) => None,
            (Some(Value::String(text)), _) => Some(text.clone()),
            (Some(other), _) => Some(other.to_string()),
        };
        let found = choices
            .iter()
            .find(|(text, _)| chosen.as_deref() == Some(text))
            .map(|(_, choice)| *choice);
        found.unwrap_or_else(|| {
            self.wrong(
                name,
                chosen.map_or_else(
                    || "This field is required.".to_owned(),
                    |chosen| format!("\"{chosen}\" is not a valid choice."),
                ),
            );
            choices[0].1
        })
    }

    /// Refuses the body if anything in it was wrong.
    ///
    /// # Errors
    /// 400 with all wrong fields.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Refusal {
                status: StatusCode::BAD_REQUEST,
                body: Value::Object(self.errors),
            })
        }
    }

    fn wrong(&mut self, name: &str, message: impl Into<String>) {
        self.errors.insert(name.to_owned(), json!([message.into()]));
    }
}

impl<S: Send + Sync> FromRequest<S> for Input {
    type Rejection = Refusal;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, Refusal> {
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|error| Refusal::detail(error.status(), error.body_text()))?;
        Input::read(&headers, &body)
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Refusal {
            status: StatusCode::BAD_REQUEST,
            body: json!({ "non_field_errors": ["Invalid data. Expected a dictionary."] }),
        }),
        Err(error) => Err(Refusal::detail(
            StatusCode::BAD_REQUEST,
            format!("JSON parse error - {error}"),
        )),
    }
}

fn form(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).map_err(|error| {
        Refusal::detail(
            StatusCode::BAD_REQUEST,
            format!("Form parse error - {error}"),
        )
    })?;
    Ok(pairs
        .into_iter()
        .map(|(name, value)| (name, Value::String(value)))
        .collect())
}

/// Whether a person is asking: `text/html` is named and liked at least as well as JSON. Tests and
/// curl, which say `*/*` or nothing, get JSON.
pub fn prefers_html(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let weight = |wanted: &str| {
        accept
            .split(',')
            .filter_map(|range| {
                let mut parts = range.split(';').map(str::trim);
                let media_type = parts.next()?;
                let quality = parts
                    .find_map(|part| part.strip_prefix("q="))
                    .unwrap_or("1");
                media_type
                    .eq_ignore_ascii_case(wanted)
                    .then(|| thousandths(quality))
            })
            .max()
            .unwrap_or(0)
    };
    let html = weight("text/html");
    html > 0 && html >= weight("application/json")
}

/// A quality of `Accept`, 0 to 1 with up to three places, in thousandths.
fn thousandths(quality: &str) -> u32 {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    format!("{whole}{fraction}").parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(accept: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, http::HeaderValue::from_static(accept))])
    }

    #[test]
    fn json_is_the_default_and_html_must_be_preferred() {
        for (accept, html) in [
            ("", false),
            ("*/*", false),
            ("application/json", false),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                true,
            ),
            ("application/json, text/html;q=0.9", false),
            ("text/html;q=0.4, application/json;q=0.35", true),
            ("text/html;q=0", false),
        ] {
            assert_eq!(prefers_html(&accepting(accept)), html, "{accept}");
        }
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let mut input = Input::read(&HeaderMap::new(), br#"{"nth": 0, "kind": "odd"}"#).unwrap();
        input.integer("nth", 1..=10, None);
        input.integer("times", 1..=10, None);
        input.choice("kind", &[("slow", ())], None);
        assert_eq!(
            input.finish().unwrap_err().body(),
            &json!({
                "kind": ["\"odd\" is not a valid choice."],
                "nth": ["Ensure this value is greater than or equal to 1."],
                "times": ["This field is required."],
            })
        );
    }

    #[test]
    fn forms_and_json_read_alike() {
        let headers = HeaderMap::from_iter([(
            header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/x-www-form-urlencoded"),
        )]);
        for body in [&b"advance_secs=600"[..], b"{\"advance_secs\": 600}"] {
            let mut input = Input::read(&headers, body).unwrap();
            assert_eq!(input.integer("advance_secs", 0..=1_000, None), 600);
            input.finish().unwrap();
        }
    }
}
