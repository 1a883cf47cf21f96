//! Request bodies: JSON, form or multipart, read into one kind of payload.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use serde_json::{Map, Value};

use crate::{
    error::{Error, Result},
    json,
};

/// The most bytes of a body, unless a route says otherwise.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// The most fields of a form, as the original has it.
const MAX_FORM_FIELDS: usize = 1000;

/// What a request sent. An absent body is an empty object.
#[derive(Clone, Debug)]
pub struct Payload {
    /// The value as sent; of a form, an object of texts.
    pub value: Value,
    /// Whether it came as a form, where a box that is not ticked is not sent.
    pub is_form: bool,
}

impl<S: Send + Sync> FromRequest<S> for Payload {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let headers = request.headers().clone();
        let body =
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => too_large(),
                    status => Error::detail(status, "The request body could not be read."),
                })?;
        Self::read(&headers, body).await
    }
}

/// 413.
pub(crate) fn too_large() -> Error {
    Error::detail(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large.")
}

/// 415.
pub fn unsupported(content_type: &str) -> Error {
    Error::detail(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        format_args!("Unsupported media type \"{content_type}\" in request."),
    )
}

impl Payload {
    /// Reads a body by its content type.
    ///
    /// # Errors
    /// 400 for a body that is not what its type says, 415 for another type.
    pub async fn read(headers: &HeaderMap, body: Bytes) -> Result<Self> {
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .unwrap_or_default();
        let media = Media::of(&content_type);
        if body.is_empty() {
            let is_form = matches!(media, Media::Form | Media::Multipart);
            return Ok(Self {
                value: Value::Object(Map::new()),
                is_form,
            });
        }
        let value = match media {
            Media::Json => read_json(&body)?,
            Media::Form => read_form(&body)?,
            Media::Multipart => read_multipart(&content_type, body).await?,
            Media::Other => {
                return Err(unsupported(&content_type));
            }
        };
        Ok(Self {
            value,
            is_form: !matches!(media, Media::Json),
        })
    }
}

enum Media {
    Json,
    Form,
    Multipart,
    Other,
}

impl Media {
    fn of(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") {
            Self::Json
        } else if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Self::Form
        } else if essence.eq_ignore_ascii_case("multipart/form-data") {
            Self::Multipart
        } else {
            Self::Other
        }
    }
}

/// Whether a body of this type is a form that may carry a CSRF token in a field.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|text| matches!(Media::of(text), Media::Form | Media::Multipart))
}

fn read_json(body: &[u8]) -> Result<Value> {
    let refused = |fault: String| {
        Error::detail(
            StatusCode::BAD_REQUEST,
            format_args!("JSON parse error - {fault}"),
        )
    };
    let text = std::str::from_utf8(body).map_err(|fault| {
        let at = fault.valid_up_to();
        let byte = body.get(at).copied().unwrap_or_default();
        refused(format!(
            "'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: invalid start byte"
        ))
    })?;
    json::parse(text).map_err(refused)
}

fn read_form(body: &[u8]) -> Result<Value> {
    let mut fields = Map::new();
    for (count, (name, value)) in url::form_urlencoded::parse(body).enumerate() {
        if count == MAX_FORM_FIELDS {
            return Err(too_many_fields());
        }
        fields.insert(name.into_owned(), Value::String(value.into_owned()));
    }
    Ok(Value::Object(fields))
}

async fn read_multipart(content_type: &str, body: Bytes) -> Result<Value> {
    let refused = |fault: multer::Error| {
        Error::detail(
            StatusCode::BAD_REQUEST,
            format_args!("Multipart form parse error - {fault}"),
        )
    };
    let boundary = multer::parse_boundary(content_type).map_err(refused)?;
    let stream = futures::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut form = multer::Multipart::new(stream, boundary);
    let mut fields = Map::new();
    let mut count = 0;
    while let Some(field) = form.next_field().await.map_err(refused)? {
        count += 1;
        if count > MAX_FORM_FIELDS {
            return Err(too_many_fields());
        }
        // No endpoint takes a file; one that is sent along is passed over like any unknown field.
        let name = match (field.file_name(), field.name()) {
            (None, Some(name)) => name.to_owned(),
            _ => continue,
        };
        let text = field.text().await.map_err(refused)?;
        fields.insert(name, Value::String(text));
    }
    Ok(Value::Object(fields))
}

fn too_many_fields() -> Error {
    Error::detail(StatusCode::BAD_REQUEST, "Too many form fields.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn read(content_type: &str, body: impl Into<Bytes>) -> Result<Payload> {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        }
        Payload::read(&headers, body.into()).await
    }

    async fn refusal(content_type: &str, body: impl Into<Bytes>) -> (u16, String) {
        let error = read(content_type, body).await.unwrap_err();
        (
            error.status().as_u16(),
            error.body()["detail"].as_str().unwrap().to_owned(),
        )
    }

    const JSON: &str = "application/json; charset=utf-8";
    const FORM: &str = "application/x-www-form-urlencoded";

    #[tokio::test]
    async fn three_types_become_one_payload() {
        let payload = read(JSON, r#"{"city":"Addis","n":[1]}"#).await.unwrap();
        assert_eq!(
            (payload.value, payload.is_form),
            (json!({"city": "Addis", "n": [1]}), false)
        );
        let payload = read(FORM, "city=Addis+Ababa&a=1&a=%C3%A4&empty=")
            .await
            .unwrap();
        let expected = json!({"city": "Addis Ababa", "a": "ä", "empty": ""});
        assert_eq!((payload.value, payload.is_form), (expected, true));
        let body = concat!(
            "--XX\r\nContent-Disposition: form-data; name=\"city\"\r\n\r\nAddis\r\n",
            "--XX\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n",
            "Content-Type: image/png\r\n\r\n\u{0}\u{1}\r\n--XX--\r\n"
        );
        let payload = read("multipart/form-data; boundary=XX", body)
            .await
            .unwrap();
        assert_eq!(
            (payload.value, payload.is_form),
            (json!({"city": "Addis"}), true)
        );
    }

    #[tokio::test]
    async fn an_empty_body_is_an_empty_object_whatever_its_type() {
        for (content_type, is_form) in [
            ("", false),
            (JSON, false),
            (FORM, true),
            ("text/csv", false),
        ] {
            let payload = read(content_type, "").await.unwrap();
            assert_eq!((payload.value, payload.is_form), (json!({}), is_form));
        }
    }

    #[tokio::test]
    async fn other_types_and_broken_bodies_are_refused() {
        assert_eq!(
            refusal("application/xml", "<a/>").await,
            (
                415,
                "Unsupported media type \"application/xml\" in request.".into()
            )
        );
        assert_eq!(refusal("", "{}").await.0, 415);
        assert_eq!(
            refusal(JSON, "{bad").await,
            (
                400,
                "JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
                    .into()
            )
        );
        assert_eq!(
            refusal(JSON, vec![b'"', 0xff, b'"']).await,
            (
                400,
                "JSON parse error - 'utf-8' codec can't decode byte 0xff in position 1: invalid start byte"
                    .into()
            )
        );
        assert_eq!(refusal(JSON, "[".repeat(17)).await.0, 400);
        assert_eq!(refusal("multipart/form-data", "x").await.0, 400);
        assert_eq!(refusal(FORM, "a=1&".repeat(1001)).await.0, 400);
    }
}
