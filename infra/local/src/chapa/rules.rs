//! What the gateway demands of an initialize call, as integrators met it.

use domain::Money;
use serde_json::{Map, Value, json};
use url::Url;

use super::transaction::Request;

const TX_REF_LONGEST: usize = 50;
const TITLE_LONGEST: usize = 16;
const DESCRIPTION_LONGEST: usize = 50;

/// Reads an initialize call.
///
/// # Errors
/// All bad fields at once, each with its messages: `{"amount": ["validation.required"]}`.
pub fn request(fields: &Map<String, Value>) -> Result<Request, Value> {
    let mut reader = Reader {
        fields,
        errors: Map::new(),
    };
    let request = Request {
        tx_ref: reader.tx_ref(),
        amount: reader.amount(),
        currency: reader.currency(),
        email: reader.checked("email", "validation.email", is_email),
        first_name: reader.text("first_name"),
        last_name: reader.text("last_name"),
        phone_number: reader.checked("phone_number", "validation.phone_number", is_phone_number),
        callback_url: reader.checked("callback_url", "validation.url", is_web_address),
        return_url: reader.checked("return_url", "validation.url", is_web_address),
        title: reader.customization("title", TITLE_LONGEST),
        description: reader.customization("description", DESCRIPTION_LONGEST),
        meta: fields.get("meta").cloned().unwrap_or(Value::Null),
    };
    if reader.errors.is_empty() {
        Ok(request)
    } else {
        Err(Value::Object(reader.errors))
    }
}

struct Reader<'a> {
    fields: &'a Map<String, Value>,
    errors: Map<String, Value>,
}

impl Reader<'_> {
    fn wrong(&mut self, name: &str, message: impl Into<String>) {
        self.errors.insert(name.to_owned(), json!([message.into()]));
    }

    /// A field as text; absent, null and empty are the same.
    fn text(&mut self, name: &str) -> Option<String> {
        match self.fields.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()).filter(|text| !text.is_empty()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(_) => {
                self.wrong(name, "validation.string");
                None
            }
        }
    }

    fn required(&mut self, name: &str) -> Option<String> {
        let text = self.text(name);
        if text.is_none() && !self.errors.contains_key(name) {
            self.wrong(name, "validation.required");
        }
        text
    }

    fn checked(&mut self, name: &str, message: &str, holds: fn(&str) -> bool) -> Option<String> {
        let text = self.text(name)?;
        if !holds(&text) {
            self.wrong(name, message);
        }
        Some(text)
    }

    fn tx_ref(&mut self) -> String {
        let text = self.required("tx_ref").unwrap_or_default();
        if text.len() > TX_REF_LONGEST {
            self.wrong(
                "tx_ref",
                format!("The tx_ref may not be greater than {TX_REF_LONGEST} characters."),
            );
        } else if !text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        {
            self.wrong(
                "tx_ref",
                "The tx_ref may only contain letters, numbers, hyphens and underscores.",
            );
        }
        text
    }

    fn amount(&mut self) -> Money {
        let Some(text) = self.required("amount") else {
            return Money::ZERO;
        };
        match Money::parse_gateway(&text) {
            None => self.wrong("amount", "validation.numeric"),
            Some(amount) if amount <= Money::ZERO => self.wrong("amount", "validation.min.numeric"),
            Some(amount) => return amount,
        }
        Money::ZERO
    }

    fn currency(&mut self) -> String {
        let text = self.required("currency").unwrap_or_default();
        if !text.is_empty() && !matches!(text.as_str(), "ETB" | "USD") {
            self.wrong(
                "currency",
                "Invalid currency. Supported currencies: ETB, USD",
            );
        }
        text
    }

    /// `customization[title]` as a flat key, or `title` in an object `customization`.
    fn customization(&mut self, name: &str, longest: usize) -> Option<String> {
        let flat = self.fields.get(&format!("customization[{name}]"));
        let value = flat.or_else(|| self.fields.get("customization")?.get(name))?;
        let text = value.as_str()?.to_owned();
        let path = format!("customization.{name}");
        if text.chars().count() > longest {
            self.wrong(
                &path,
                format!("The {path} may not be greater than {longest} characters."),
            );
        } else if !text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_. ".contains(c))
        {
            self.wrong(
                &path,
                format!("The {path} may only contain letters, numbers, hyphens, underscores, spaces, and dots."),
            );
        }
        Some(text)
    }
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host.contains('.')
            && !host.contains('@')
            && !text.contains(char::is_whitespace)
    })
}

/// `^0[79]\d{8}$`
fn is_phone_number(text: &str) -> bool {
    text.len() == 10
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.starts_with("07") || text.starts_with("09"))
}

fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: Value) -> Result<Request, Value> {
        request(fields.as_object().unwrap())
    }

    #[test]
    fn three_fields_are_required() {
        assert_eq!(
            read(json!({ "email": null })).unwrap_err(),
            json!({
                "amount": ["validation.required"],
                "currency": ["validation.required"],
                "tx_ref": ["validation.required"],
            })
        );
        let request =
            read(json!({ "amount": "400.00", "currency": "ETB", "tx_ref": "TX-1" })).unwrap();
        assert_eq!(request.amount, Money::from_santim(40_000));
    }

    #[test]
    fn each_field_has_its_rule() {
        let good = json!({
            "amount": 400, "currency": "ETB", "tx_ref": "TX_1-a", "phone_number": "0912345678",
            "email": "a@example.com", "callback_url": "http://127.0.0.1:3000/api/payments/webhook/",
            "customization": { "title": "Merkato", "description": "Order ORD-1. Thanks" },
        });
        assert_eq!(
            read(good.clone()).unwrap().title.as_deref(),
            Some("Merkato")
        );
        for (field, value, bad) in [
            ("amount", json!("0"), "amount"),
            ("amount", json!("-1"), "amount"),
            ("amount", json!("400.001"), "amount"),
            ("amount", json!("many"), "amount"),
            ("currency", json!("EUR"), "currency"),
            ("tx_ref", json!("TX/1"), "tx_ref"),
            ("tx_ref", json!("T".repeat(51)), "tx_ref"),
            ("email", json!("nobody"), "email"),
            ("phone_number", json!("+251912345678"), "phone_number"),
            ("return_url", json!("javascript:alert(1)"), "return_url"),
            (
                "customization[title]",
                json!("Order ORD-36AB13EF"),
                "customization.title",
            ),
            (
                "customization[description]",
                json!("Order #12"),
                "customization.description",
            ),
        ] {
            let mut fields = good.clone();
            fields[field] = value.clone();
            let errors = read(fields).unwrap_err();
            assert!(errors.get(bad).is_some(), "{field} {value}: {errors}");
            assert_eq!(errors.as_object().unwrap().len(), 1, "{errors}");
        }
    }
}
