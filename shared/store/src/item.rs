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

/// The highest layout of items that this code reads; it reads all below as well. What old code may
/// overlook without harm, such as one attribute more, leaves the number as it is; what it would
/// misread raises it. Items of a higher one this code does not touch: [`parse`] refuses them, and
/// every write that does not depend on an earlier read asks for [`IS_KNOWN`].
const KNOWN: u32 = 1;

/// The layout that this code writes. A release that raises [`KNOWN`] leaves this one behind, and the
/// next one lets it catch up: until then there is code at work that does not know the new layout.
const WRITTEN: u32 = 1;

/// The condition that an item is of a layout this code knows, or is not there.
pub(crate) const IS_KNOWN: &str = "(attribute_not_exists(#schema) OR #schema <= :schema)";

/// The name in [`IS_KNOWN`]: the word itself is reserved.
pub(crate) fn schema_name() -> (String, String) {
    ("#schema".to_owned(), "schema".to_owned())
}

/// The value in [`IS_KNOWN`].
pub(crate) fn schema_value() -> (String, AttributeValue) {
    (":schema".to_owned(), AttributeValue::N(KNOWN.to_string()))
}

/// Refuses an item of a layout above ours. Newer code is at work, or was until a rollback: whoever
/// asks is to come again, and will find it.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub(crate) fn check_layout(item: &Item) -> Result<(), StoreError> {
    let layout = number(item, "schema");
    if layout <= KNOWN {
        return Ok(());
    }
    // The sort key says what kind of item it is; a partition key may be somebody's address.
    let kind = item.get("sk").and_then(|value| value.as_s().ok());
    let kind = kind.map_or("an item", String::as_str);
    Err(StoreError::Unavailable(format!(
        "{kind} is of layout {layout}, and this code knows {KNOWN}: newer code wrote it"
    )))
}

/// An item: the attributes of `body`, its key, its places in the indexes, and the layout's number.
pub(crate) fn compose<T: Serialize>(
    key: &Key,
    indexes: impl IntoIterator<Item = IndexKey>,
    body: &T,
) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(body)?;
    item.extend(key.attributes());
    item.insert("schema".to_owned(), AttributeValue::N(WRITTEN.to_string()));
    for place in indexes {
        let name = place.index.name();
        item.insert(format!("{name}pk"), AttributeValue::S(place.pk));
        item.insert(format!("{name}sk"), AttributeValue::S(place.sk));
    }
    Ok(item)
}

/// What the domain knows of an item.
///
/// # Errors
/// [`StoreError::Unavailable`] for a layout that this code does not know yet, and
/// [`StoreError::Corrupt`] for an item that is not what it must be.
pub(crate) fn parse<T: DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    check_layout(&item)?;
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
