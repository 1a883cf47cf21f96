//! The MD5 sums with which SQS shows that it got what was sent.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Map, Value};

/// The MD5 of a body in hexadecimal.
pub(super) fn of_body(body: &str) -> String {
    hex(body.as_bytes())
}

/// The MD5 over message attributes as SQS defines it: by name, each name, type and value preceded
/// by its length in four bytes, and the value by one byte that says whether it is text.
pub(super) fn of_attributes(attributes: &Map<String, Value>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut sorted: Vec<_> = attributes.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| name.as_str());
    let mut bytes = Vec::new();
    for (name, value) in sorted {
        add(&mut bytes, name.as_bytes());
        add(
            &mut bytes,
            value["DataType"].as_str().unwrap_or_default().as_bytes(),
        );
        match value["BinaryValue"].as_str() {
            None => {
                bytes.push(1);
                add(
                    &mut bytes,
                    value["StringValue"].as_str().unwrap_or_default().as_bytes(),
                );
            }
            Some(encoded) => {
                bytes.push(2);
                add(
                    &mut bytes,
                    &BASE64_STANDARD.decode(encoded).unwrap_or_default(),
                );
            }
        }
    }
    Some(hex(&bytes))
}

fn add(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend(part);
}

fn hex(bytes: &[u8]) -> String {
    Md5::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
