//! The HTTP answer, made from what a function gave back.

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

/// What the gateway says in its own name: `{"message": "Not Found"}`.
pub fn message(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "message": text }))).into_response()
}

/// The answer of a function (payload format 2.0); `None` if it is not one.
pub fn http(answer: &Value) -> Option<Response> {
    let status = StatusCode::from_u16(u16::try_from(answer["statusCode"].as_u64()?).ok()?).ok()?;
    let body = match (
        &answer["body"],
        answer["isBase64Encoded"].as_bool().unwrap_or(false),
    ) {
        (Value::String(text), true) => STANDARD.decode(text).ok()?,
        (Value::String(text), false) => text.clone().into_bytes(),
        _ => Vec::new(),
    };
    let is_empty = body.is_empty();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        let (Ok(name), Some(value)) = (HeaderName::try_from(name.as_str()), header_value(value))
        else {
            return None;
        };
        // Lengths and connections are the business of the server that really answers.
        if name != header::CONTENT_LENGTH
            && name != header::TRANSFER_ENCODING
            && name != header::CONNECTION
        {
            headers.append(name, value);
        }
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten() {
        headers.append(header::SET_COOKIE, header_value(cookie)?);
    }
    if !is_empty && !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain;charset=UTF-8"),
        );
    }
    Some(response)
}

fn header_value(value: &Value) -> Option<HeaderValue> {
    HeaderValue::try_from(value.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn cookies_become_headers_and_base64_becomes_bytes() {
        let response = http(&json!({
            "statusCode": 201,
            "headers": { "content-type": "image/png", "vary": "Accept, Cookie" },
            "multiValueHeaders": {},
            "cookies": ["sessionid=a; Path=/", "csrftoken=b; Path=/"],
            "body": "/9g=",
            "isBase64Encoded": true,
        }))
        .unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        let cookies: Vec<_> = response
            .headers()
            .get_all(header::SET_COOKIE)
            .iter()
            .collect();
        assert_eq!(cookies, ["sessionid=a; Path=/", "csrftoken=b; Path=/"]);
        assert_eq!(response.headers()[header::VARY], "Accept, Cookie");
        let body = axum::body::to_bytes(response.into_body(), 100)
            .await
            .unwrap();
        assert_eq!(&body[..], [0xff, 0xd8]);
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for answer in [json!({}), json!({ "statusCode": 99 }), json!("text")] {
            assert!(http(&answer).is_none(), "{answer}");
        }
        let empty = http(&json!({ "statusCode": 204 })).unwrap();
        assert!(!empty.headers().contains_key(header::CONTENT_TYPE));
    }
}
