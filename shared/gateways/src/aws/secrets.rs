//! Secrets Manager, of which one call is needed, and that in every start.
//!
//! The SDK's client of it would be a seventh of a start by itself: each of the SDK's clients reads a
//! table of AWS's regions when it is made. So the one call is signed here, with the SDK's own signer,
//! and sent through the connections of all.

use std::time::{Duration, UNIX_EPOCH};

use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde::Deserialize;
use serde_json::json;

use super::{Aws, Service, connections::send};
use crate::{clock::Clock, config};

/// How often is asked when the answer is missing or tells of a fault that passes.
const ATTEMPTS: usize = 3;

/// What Secrets Manager answers, as far as it matters.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "SecretString")]
    value: Option<String>,
    #[serde(rename = "__type")]
    error: Option<String>,
}

impl Aws {
    /// The value of a secret, by its ARN.
    ///
    /// # Errors
    /// Why it could not be had; never with anything of the value.
    pub(crate) async fn secret(&self, arn: &str) -> Result<String, String> {
        let endpoint = Service::SecretsManager.endpoint(&self.region, config::environment);
        self.secret_from(&endpoint, arn).await
    }

    async fn secret_from(&self, endpoint: &str, arn: &str) -> Result<String, String> {
        let mut problem = String::new();
        for _ in 0..ATTEMPTS {
            let (status, body) = match self.ask(endpoint, arn).await {
                Ok(answer) => answer,
                Err(error) => {
                    problem = error;
                    continue;
                }
            };
            let answer: Answer = serde_json::from_slice(&body)
                .map_err(|_| format!("Secrets Manager answered {status}, and no JSON"))?;
            match (status, answer) {
                (200, Answer { value, .. }) => return value.ok_or_else(|| "is no text".to_owned()),
                (_, Answer { error, .. }) => {
                    let error = error.unwrap_or_default();
                    problem = format!("Secrets Manager answered {status} {error}");
                    if status < 500 && !error.contains("Throttling") {
                        break;
                    }
                }
            }
        }
        Err(problem)
    }

    async fn ask(&self, endpoint: &str, arn: &str) -> Result<(u16, Vec<u8>), String> {
        let body = json!({ "SecretId": arn }).to_string();
        let endpoint = endpoint.trim_end_matches('/');
        let uri = format!("{endpoint}/");
        let host = endpoint.split("://").last().unwrap_or_default();
        let headers = [
            ("host", host),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "secretsmanager.GetSecretValue"),
        ];
        let mut request = HttpRequest::new(SdkBody::from(body.as_str()));
        request
            .set_method("POST")
            .map_err(|error| error.to_string())?;
        request
            .set_uri(uri.as_str())
            .map_err(|error| error.to_string())?;
        for (name, value) in headers {
            request.headers_mut().insert(name, value.to_owned());
        }
        for (name, value) in self.signature(&uri, &headers, body.as_bytes())? {
            request.headers_mut().insert(name, value);
        }
        let answer = send(&self.connector, request).await;
        answer.map_err(|error| format!("Secrets Manager is not reached: {error}"))
    }

    /// The headers that make a request one of this function's role.
    fn signature(
        &self,
        uri: &str,
        headers: &[(&'static str, &str)],
        body: &[u8],
    ) -> Result<Vec<(String, String)>, String> {
        let identity = self.credentials.clone().into();
        let secs = u64::try_from(Clock::system().now().unix_secs()).unwrap_or_default();
        let signer = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("secretsmanager")
            .time(UNIX_EPOCH + Duration::from_secs(secs))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let signable = SignableRequest::new(
            "POST",
            uri,
            headers.iter().copied(),
            SignableBody::Bytes(body),
        )
        .map_err(|error| error.to_string())?;
        let signed = sign(signable, &signer).map_err(|error| error.to_string())?;
        let (instructions, _) = signed.into_parts();
        let headers = instructions.headers();
        Ok(headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use aws_credential_types::Credentials;
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::http::{Response, StatusCode};

    use super::*;

    /// Answers the n-th call with the n-th of its answers, and the last one ever after.
    #[derive(Debug)]
    struct Manager {
        answers: Vec<(u16, &'static str)>,
        asked: Arc<AtomicUsize>,
    }

    impl HttpConnector for Manager {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
            assert_eq!(request.uri(), "https://secrets.example/");
            assert_eq!(header("x-amz-target"), "secretsmanager.GetSecretValue");
            assert_eq!(header("x-amz-security-token"), "session");
            assert_eq!(
                request.body().bytes().unwrap(),
                br#"{"SecretId":"arn:of:it"}"#
            );
            let authorization = header("authorization");
            let (credential, rest) = authorization.split_once(", ").unwrap();
            assert!(credential.starts_with("AWS4-HMAC-SHA256 Credential=id/"));
            assert!(credential.ends_with("/eu-west-1/secretsmanager/aws4_request"));
            assert!(rest.starts_with(
                "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
            ));
            let asked = self.asked.fetch_add(1, Ordering::SeqCst);
            let (status, body) = self.answers[asked.min(self.answers.len() - 1)];
            let status = StatusCode::try_from(status).unwrap();
            HttpConnectorFuture::ready(Ok(Response::new(status, SdkBody::from(body))))
        }
    }

    async fn fetched(answers: &[(u16, &'static str)]) -> (Result<String, String>, usize) {
        let asked = Arc::new(AtomicUsize::new(0));
        let manager = Manager {
            answers: answers.to_vec(),
            asked: Arc::clone(&asked),
        };
        let aws = Aws {
            region: "eu-west-1".to_owned(),
            credentials: Credentials::new("id", "key", Some("session".into()), None, "test"),
            connector: SharedHttpConnector::new(manager),
        };
        let value = aws
            .secret_from("https://secrets.example", "arn:of:it")
            .await;
        (value, asked.load(Ordering::SeqCst))
    }

    const GIVEN: (u16, &str) = (200, r#"{"Name":"it","SecretString":"injera"}"#);

    #[tokio::test]
    async fn a_secret_is_asked_for_as_the_role_of_the_function() {
        assert_eq!(fetched(&[GIVEN]).await, (Ok("injera".to_owned()), 1));
    }

    #[tokio::test]
    async fn what_passes_is_waited_for_a_little() {
        let busy = (503, "{}");
        let throttled = (400, r#"{"__type":"ThrottlingException"}"#);
        let (value, asked) = fetched(&[busy, throttled, GIVEN]).await;
        assert_eq!((value, asked), (Ok("injera".to_owned()), 3));
        let (value, asked) = fetched(&[busy]).await;
        assert_eq!((value.is_err(), asked), (true, ATTEMPTS));
    }

    #[tokio::test]
    async fn a_refusal_is_told_by_its_name_and_not_repeated() {
        let refused = (
            400,
            r#"{"__type":"AccessDeniedException","Message":"no, says injera"}"#,
        );
        let (value, asked) = fetched(&[refused]).await;
        let problem = value.unwrap_err();
        assert_eq!(
            (problem.as_str(), asked),
            ("Secrets Manager answered 400 AccessDeniedException", 1)
        );
        let (value, _) = fetched(&[(200, r#"{"SecretBinary":"aW5qZXJh"}"#)]).await;
        assert_eq!(value, Err("is no text".to_owned()));
        let (value, _) = fetched(&[(200, "injera")]).await;
        assert_eq!(
            value,
            Err("Secrets Manager answered 200, and no JSON".to_owned())
        );
    }
}
