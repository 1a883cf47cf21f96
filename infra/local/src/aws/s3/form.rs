//! Forms with which browsers upload, held against the policies that came with them.

use std::{collections::BTreeMap, convert::Infallible};

use axum::{
    body::Bytes,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::Timestamp;
use http::{StatusCode, header};
use serde_json::Value;

use super::{BUCKET, Call, Object, Objects, Refusal, signature};

/// Fields that no condition has to allow.
const FREE: [&str; 2] = ["policy", "x-amz-signature"];

/// What was sent. Names of fields are in small letters, as they mean the same in any.
struct Form {
    fields: BTreeMap<String, String>,
    file: Bytes,
}

/// Takes a file, if the form's policy is signed, not over, and met.
pub(super) async fn take(objects: &Objects, call: &Call) -> Result<Response, Refusal> {
    let form = read(call).await?;
    check(&form, objects.now())?;
    let name = form.field("key");
    if name.is_empty() {
        return Err(Refusal::bad(
            "InvalidArgument",
            "Bucket POST must contain a field named 'key'.",
        ));
    }
    let object = Object::new(form.file.to_vec(), form.field("content-type"));
    objects
        .put(name, &object)
        .map_err(|error| Refusal::broken(&error))?;
    let location = format!("/{BUCKET}/{name}");
    let headers = [(header::ETAG, object.tag), (header::LOCATION, location)];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

impl Form {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

async fn read(call: &Call) -> Result<Form, Refusal> {
    let malformed = |error: multer::Error| Refusal::bad("MalformedPOSTRequest", error.to_string());
    let content_type = call.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default()).map_err(malformed)?;
    let body = call.body.clone();
    let stream = futures::stream::once(async move { Ok::<_, Infallible>(body) });
    let mut multipart = multer::Multipart::new(stream, boundary);
    let mut fields = BTreeMap::new();
    while let Some(field) = multipart.next_field().await.map_err(malformed)? {
        let name = field.name().unwrap_or_default().to_ascii_lowercase();
        if name == "file" {
            // S3 reads no further either.
            let file = field.bytes().await.map_err(malformed)?;
            return Ok(Form { fields, file });
        }
        let value = field.text().await.map_err(malformed)?;
        fields.insert(name, value);
    }
    let message = "POST requires exactly one file upload per request.";
    Err(Refusal::bad("InvalidArgument", message))
}

fn check(form: &Form, now: i64) -> Result<(), Refusal> {
    let policy = form.field("policy");
    if policy.is_empty() {
        return Err(Refusal::denied("Access Denied"));
    }
    let (credential, signed) = (
        form.field("x-amz-credential"),
        form.field("x-amz-signature"),
    );
    signature::check_text(credential, policy.as_bytes(), signed)?;
    let invalid = || Refusal::bad("InvalidPolicyDocument", "Invalid Policy: Invalid JSON.");
    let policy = BASE64_STANDARD.decode(policy).map_err(|_| invalid())?;
    let policy: Value = serde_json::from_slice(&policy).map_err(|_| invalid())?;
    let expiration = policy["expiration"].as_str().ok_or_else(invalid)?;
    // Both are written so that texts sort as times do.
    if expiration <= Timestamp(now).to_string().as_str() {
        return Err(Refusal::denied(
            "Invalid according to Policy: Policy expired.",
        ));
    }
    let mut allowed: Vec<String> = FREE.map(str::to_owned).to_vec();
    for condition in policy["conditions"].as_array().ok_or_else(invalid)? {
        allowed.extend(meet(condition, form)?);
    }
    let mut fields = form.fields.keys();
    match fields.find(|name| !allowed.contains(name) && !name.starts_with("x-ignore-")) {
        None => Ok(()),
        Some(name) => Err(Refusal::denied(format!(
            "Invalid according to Policy: Extra input fields: {name}"
        ))),
    }
}

/// Holds a form against one condition, and gives the field that it allows.
fn meet(condition: &Value, form: &Form) -> Result<Option<String>, Refusal> {
    let failed = || {
        Refusal::denied(format!(
            "Invalid according to Policy: Policy Condition failed: {condition}"
        ))
    };
    if let Some(entries) = condition.as_object() {
        let (name, value) = entries.iter().next().ok_or_else(failed)?;
        let name = name.to_ascii_lowercase();
        let sent = match name.as_str() {
            "bucket" => BUCKET,
            name => form.field(name),
        };
        return if value == sent {
            Ok(Some(name))
        } else {
            Err(failed())
        };
    }
    let parts = condition.as_array().ok_or_else(failed)?;
    let [how, first, second] = parts.as_slice() else {
        return Err(failed());
    };
    if how == "content-length-range" {
        let size = u64::try_from(form.file.len()).unwrap_or(u64::MAX);
        if first.as_u64().is_some_and(|least| size < least) {
            let message = "Your proposed upload is smaller than the minimum allowed size";
            return Err(Refusal::bad("EntityTooSmall", message));
        }
        if second.as_u64().is_none_or(|most| size > most) {
            let message = "Your proposed upload exceeds the maximum allowed size";
            return Err(Refusal::bad("EntityTooLarge", message));
        }
        return Ok(None);
    }
    let name = first.as_str().and_then(|name| name.strip_prefix('$'));
    let name = name.ok_or_else(failed)?.to_ascii_lowercase();
    let (sent, wanted) = (form.field(&name), second.as_str().ok_or_else(failed)?);
    let is_met = match how.as_str() {
        Some("eq") => sent == wanted,
        Some("starts-with") => sent.starts_with(wanted),
        _ => false,
    };
    if is_met {
        Ok(Some(name))
    } else {
        Err(failed())
    }
}
