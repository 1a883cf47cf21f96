//! Items: what the domain knows, as attributes, under its keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::Version;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    StoreError,
    keys::{IndexKey, Key},
};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The layout of items. Code that changes it reads the older ones as well and writes the new.
const SCHEMA: u32 = 1;

/// An item: the attributes of `body`, its key, its places in the indexes, and the layout's number.
pub(crate) fn compose<T: Serialize>(
    key: &Key,
    indexes: impl IntoIterator<Item = IndexKey>,
    body: &T,
) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(body)?;
    item.extend(key.attributes());
    item.insert("schema".to_owned(), AttributeValue::N(SCHEMA.to_string()));
    for place in indexes {
        let name = place.index.name();
        item.insert(format!("{name}pk"), AttributeValue::S(place.pk));
        item.insert(format!("{name}sk"), AttributeValue::S(place.sk));
    }
    Ok(item)
}

/// What the domain knows of an item.
pub(crate) fn parse<T: DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    Ok(serde_dynamo::from_item(item)?)
}

/// The version that an item bears, if it has one.
pub(crate) fn version(item: &Item) -> Option<Version> {
    let text = item.get("version")?.as_n().ok()?;
    Version::try_from(text.parse::<u64>().ok()?).ok()
}

/// A version as an attribute.
pub(crate) fn version_value(version: Version) -> AttributeValue {
    AttributeValue::N(version.value().to_string())
}

/// A whole number of an item; 0 where it is missing.
pub(crate) fn number(item: &Item, name: &str) -> u32 {
    item.get(name)
        .and_then(|value| value.as_n().ok())
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}
