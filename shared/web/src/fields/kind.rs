//! What a field may hold: the trait of all kinds of field, and "or null".

use serde_json::Value;

pub(super) const NULL: &str = "This field may not be null.";

/// One field's value as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The value; of a form, always a text or null.
    pub value: &'a Value,
    /// Whether it came in a form.
    pub is_form: bool,
}

/// A kind of field: how a value is read, and with which words it is refused.
pub trait Kind {
    /// What is read.
    type Value;

    /// Reads a value, which is null only for kinds that take null.
    ///
    /// # Errors
    /// All messages that apply.
    fn read(&self, input: Input<'_>) -> Result<Self::Value, Vec<String>>;

    /// What stands in for a refused value until `finish` fails.
    fn placeholder(&self) -> Self::Value;

    /// What a form means that does not send the field at all.
    fn unticked(&self) -> Option<Self::Value> {
        None
    }

    /// Whether null is a value.
    fn takes_null(&self) -> bool {
        false
    }

    /// Whether an empty text is a value.
    fn takes_blank(&self) -> bool {
        false
    }

    /// Whether an empty text is another way to say null, where null is a value.
    fn blank_is_null(&self) -> bool {
        false
    }

    /// The same kind, or null.
    fn nullable(self) -> Nullable<Self>
    where
        Self: Sized,
    {
        Nullable(self)
    }
}

/// A kind of field that may be null.
#[derive(Clone, Copy, Debug)]
pub struct Nullable<K>(pub(super) K);

impl<K: Kind> Kind for Nullable<K> {
    type Value = Option<K::Value>;

    fn read(&self, input: Input<'_>) -> Result<Self::Value, Vec<String>> {
        let blank = || {
            input
                .value
                .as_str()
                .is_some_and(|text| text.trim().is_empty())
        };
        if input.value.is_null() || (self.0.blank_is_null() && blank()) {
            return Ok(None);
        }
        self.0.read(input).map(Some)
    }

    fn placeholder(&self) -> Self::Value {
        None
    }

    fn takes_null(&self) -> bool {
        true
    }

    fn takes_blank(&self) -> bool {
        self.0.takes_blank()
    }
}

/// What Python calls the type of a value.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// The refusal with one message.
pub(super) fn refuse<V>(message: impl Into<String>) -> Result<V, Vec<String>> {
    Err(vec![message.into()])
}
