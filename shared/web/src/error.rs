//! The one place where a failure becomes an HTTP answer.

use std::{convert::Infallible, error::Error as StdError, fmt, sync::Arc};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use store::{EditError, StoreError};

/// What a handler of any function gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong inside, kept beside an answer so that it is logged once and never sent.
#[derive(Clone, Debug)]
pub struct Cause(pub Arc<dyn StdError + Send + Sync>);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(inner) = source {
            write!(f, ": {inner}")?;
            source = inner.source();
        }
        Ok(())
    }
}

/// An answer that says no: its status, its JSON body, and the cause that only the log sees.
///
/// Boxed, because every handler carries it in its `Result` and most requests succeed.
#[derive(Debug)]
pub struct Error(Box<Refusal>);

#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    body: Vec<u8>,
    headers: HeaderMap,
    cause: Option<Cause>,
}

impl Error {
    /// Any status with any JSON body, for the few answers of the contract with a shape of their own.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => Self(Box::new(Refusal {
                status,
                body,
                headers: HeaderMap::new(),
                cause: None,
            })),
            Err(cause) => Self::internal(cause),
        }
    }

    /// `{"detail": text}`.
    pub fn detail(status: StatusCode, text: impl fmt::Display) -> Self {
        #[derive(Serialize)]
        struct Detail {
            detail: String,
        }
        let detail = text.to_string();
        Self::json(status, &Detail { detail })
    }

    /// 400 `{"detail": [texts]}`: how checkout says what is wrong with a cart.
    pub fn details(texts: impl IntoIterator<Item = String>) -> Self {
        #[derive(Serialize)]
        struct Details {
            detail: Vec<String>,
        }
        let detail = texts.into_iter().collect();
        Self::json(StatusCode::BAD_REQUEST, &Details { detail })
    }

    /// 400 with every field that was refused and why.
    pub fn fields(errors: &FieldErrors) -> Self {
        Self::json(StatusCode::BAD_REQUEST, errors)
    }

    /// 400 `{name: [message]}`: one field refused by a rule that only the table could tell.
    pub fn field(name: &str, message: impl Into<String>) -> Self {
        let mut errors = FieldErrors::default();
        errors.add(name, message);
        Self::fields(&errors)
    }

    /// 400 `{"non_field_errors": [message]}`.
    pub fn object(message: impl Into<String>) -> Self {
        Self::field(NON_FIELD_ERRORS, message)
    }

    /// 404 for an object that is not there, or not theirs: `No Address matches the given query.`
    pub fn not_found(what: &str) -> Self {
        Self::detail(
            StatusCode::NOT_FOUND,
            format_args!("No {what} matches the given query."),
        )
    }

    /// 404 for a path that names nothing at all.
    pub fn no_such_path() -> Self {
        Self::detail(StatusCode::NOT_FOUND, "Not found.")
    }

    /// 403 for a caller whom nobody vouches for. Not a 401: a session cookie offers no challenge.
    pub fn not_authenticated() -> Self {
        Self::detail(
            StatusCode::FORBIDDEN,
            "Authentication credentials were not provided.",
        )
    }

    /// 401 for a bearer token that is forged, expired or logged out.
    pub fn bad_bearer() -> Self {
        Self::detail(StatusCode::UNAUTHORIZED, "Invalid token.")
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 403 for a customer where only staff may go.
    pub fn permission_denied() -> Self {
        Self::detail(
            StatusCode::FORBIDDEN,
            "You do not have permission to perform this action.",
        )
    }

    /// 403 for a customer who has not confirmed the address yet.
    pub fn email_not_verified() -> Self {
        Self::detail(StatusCode::FORBIDDEN, "Email verification required.")
    }

    /// 403 `CSRF Failed: reason`.
    pub fn csrf(reason: impl fmt::Display) -> Self {
        Self::detail(StatusCode::FORBIDDEN, format_args!("CSRF Failed: {reason}"))
    }

    /// 412: the object has changed since the `ETag` that the caller edited.
    pub fn stale() -> Self {
        Self::detail(
            StatusCode::PRECONDITION_FAILED,
            "The object has changed since it was read.",
        )
    }

    /// 429 with `Retry-After`: too many attempts, come back after so many seconds.
    pub fn throttled(wait_secs: i64) -> Self {
        let wait_secs = wait_secs.max(1);
        let unit = if wait_secs == 1 { "second" } else { "seconds" };
        Self::detail(
            StatusCode::TOO_MANY_REQUESTS,
            format_args!("Request was throttled. Expected available in {wait_secs} {unit}."),
        )
        .with_header(header::RETRY_AFTER, HeaderValue::from(wait_secs))
    }

    /// 500: a fault of ours. The caller learns nothing, the log everything.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Box::new(Refusal {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            body: br#"{"detail":"A server error occurred."}"#.to_vec(),
            headers: HeaderMap::new(),
            cause: Some(Cause(cause.into().into())),
        }))
    }

    /// 503 with `Retry-After`: nothing was lost, the same call may succeed in a moment.
    pub fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Box::new(Refusal {
            status: StatusCode::SERVICE_UNAVAILABLE,
            body: br#"{"detail":"Temporarily unavailable, try again."}"#.to_vec(),
            headers: HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static("1"))]),
            cause: Some(Cause(cause.into().into())),
        }))
    }

    /// The same answer with one header more.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.append(name, value);
        self
    }

    /// The status it answers with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    #[cfg(test)]
    pub(crate) fn body(&self) -> serde_json::Value {
        serde_json::from_slice(&self.0.body).unwrap()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.status)?;
        match &self.0.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl StdError for Error {}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let Refusal {
            status,
            body,
            headers,
            cause,
        } = *self.0;
        let mut response = (
            status,
            [(header::CONTENT_TYPE, "application/json")],
            headers,
            body,
        )
            .into_response();
        if let Some(cause) = cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

/// Faults of the table: what passes is a 503, what does not is ours.
impl From<StoreError> for Error {
    fn from(fault: StoreError) -> Self {
        match fault {
            StoreError::Contention(_) | StoreError::Throttled(_) | StoreError::Unavailable(_) => {
                Self::unavailable(fault)
            }
            StoreError::Corrupt(_) => Self::internal(fault),
        }
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// An edit that the rules refused, or that the table could not do.
impl<E: Into<Error>> From<EditError<E>> for Error {
    fn from(error: EditError<E>) -> Self {
        match error {
            EditError::Refused(refusal) => refusal.into(),
            EditError::Store(fault) => fault.into(),
        }
    }
}

/// The name under which messages about an object as a whole stand.
pub const NON_FIELD_ERRORS: &str = "non_field_errors";

/// Messages by field, in the order in which the fields were read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldErrors(Vec<(String, Messages)>);

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Messages {
    Flat(Vec<String>),
    Nested(FieldErrors),
    Listed(Vec<FieldErrors>),
}

impl FieldErrors {
    /// Adds a message to a field's list.
    pub fn add(&mut self, name: &str, message: impl Into<String>) {
        for (known, messages) in &mut self.0 {
            if known == name
                && let Messages::Flat(list) = messages
            {
                list.push(message.into());
                return;
            }
        }
        self.0
            .push((name.to_owned(), Messages::Flat(vec![message.into()])));
    }

    /// Puts the errors of an object inside the object under its name.
    pub fn nest(&mut self, name: &str, errors: FieldErrors) {
        self.0.push((name.to_owned(), Messages::Nested(errors)));
    }

    /// Puts the errors of a list of objects under its name: `{}` stands for one that is right. A
    /// list without errors adds nothing.
    pub fn list(&mut self, name: &str, errors: Vec<FieldErrors>) {
        if errors.iter().any(|one| !one.is_empty()) {
            self.0.push((name.to_owned(), Messages::Listed(errors)));
        }
    }

    /// Whether anything was refused about a field.
    pub fn mentions(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Whether nothing was refused.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for FieldErrors {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, messages) in &self.0 {
            map.serialize_entry(name, messages)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_the_table_keep_their_cause_to_themselves() {
        let passing: Error = StoreError::Throttled("hot partition".into()).into();
        let response = passing.into_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        let cause = response.extensions().get::<Cause>().unwrap().to_string();
        assert!(cause.contains("hot partition"), "{cause}");
        let lasting: Error = StoreError::Corrupt("no such attribute".into()).into();
        assert_eq!(
            lasting.body(),
            serde_json::json!({ "detail": "A server error occurred." })
        );
        assert_eq!(lasting.status(), 500);
    }

    #[test]
    fn refusals_have_the_contracts_shapes() {
        assert_eq!(
            Error::not_found("Address").body(),
            serde_json::json!({ "detail": "No Address matches the given query." })
        );
        assert_eq!(
            Error::details(["Cart is empty.".to_owned()]).body(),
            serde_json::json!({ "detail": ["Cart is empty."] })
        );
        let bearer = Error::bad_bearer().into_response();
        assert_eq!(bearer.status(), 401);
        assert_eq!(bearer.headers()[header::WWW_AUTHENTICATE], "Bearer");
        assert_eq!(bearer.headers()[header::CONTENT_TYPE], "application/json");
    }
}
