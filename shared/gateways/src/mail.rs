//! Mail through SES.

use aws_sdk_ses::{
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    types::{Body, Content, Destination, Message},
};

use crate::aws::Lazily;

/// A mail to one person, as text and as HTML.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The address it goes to.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text, for programs that show no HTML.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Sends mail from the shop's address.
#[derive(Debug, Clone)]
pub struct Mailer {
    client: Lazily<aws_sdk_ses::Client>,
    from: String,
}

/// SES did not take a mail.
#[derive(Debug, thiserror::Error)]
#[error("SES did not take the mail: {0}")]
pub struct MailError(String);

impl Mailer {
    /// Mail will come from this address.
    pub fn new(client: impl Into<Lazily<aws_sdk_ses::Client>>, from: impl Into<String>) -> Mailer {
        Mailer {
            client: client.into(),
            from: from.into(),
        }
    }

    /// Sends a mail.
    ///
    /// # Errors
    /// [`MailError`]; it may have been sent all the same if the answer got lost.
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let content = |text: &str| {
            Content::builder()
                .data(text)
                .charset("UTF-8")
                .build()
                .map_err(|error| MailError(error.to_string()))
        };
        let body = Body::builder()
            .text(content(&mail.text)?)
            .html(content(&mail.html)?)
            .build();
        let message = Message::builder()
            .subject(content(&mail.subject)?)
            .body(body)
            .build();
        self.client
            .send_email()
            .source(&self.from)
            .destination(Destination::builder().to_addresses(&mail.to).build())
            .message(message)
            .send()
            .await
            .map_err(|error| MailError(explain(&error)))?;
        Ok(())
    }
}

/// What went wrong, for the log. What SES itself says is left out but for its code: it may name the
/// address that the mail was for.
fn explain<E, R>(error: &SdkError<E, R>) -> String
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    match error.as_service_error() {
        Some(refusal) => refusal.code().unwrap_or("it gave no reason").to_owned(),
        None => DisplayErrorContext(error).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ses::{
        error::ErrorMetadata, operation::send_email::SendEmailError, types::error::MessageRejected,
    };

    use super::*;

    #[test]
    fn a_refusal_is_told_without_the_address_it_names() {
        let meta = ErrorMetadata::builder()
            .code("MessageRejected")
            .message("Email address is not verified: abebe@example.com")
            .build();
        let refusal = MessageRejected::builder()
            .message("Email address is not verified: abebe@example.com")
            .meta(meta)
            .build();
        let error = SdkError::service_error(SendEmailError::MessageRejected(refusal), ());
        assert_eq!(explain(&error), "MessageRejected");
    }
}
