//! S3, of which four calls are needed: a look at the beginning of an object, a copy, a deletion, and a
//! signature under a form with which a browser uploads.
//!
//! The SDK's client of it is larger than all others together and would be a good part of a function's
//! size. So the calls are signed here with the SDK's own signer, like the one of Secrets Manager.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, SharedHttpConnector},
    orchestrator::HttpRequest,
};
use aws_smithy_types::{base64, body::SdkBody, byte_stream::ByteStream};
use domain::Timestamp;
use serde_json::{Value, json};

/// How often is asked when the answer is missing or tells of a fault that passes. Each of the calls
/// may be repeated without harm.
const ATTEMPTS: usize = 3;

/// Access to S3 as a function's role. Clones share their connections.
#[derive(Debug, Clone)]
pub struct S3 {
    region: String,
    credentials: Credentials,
    connector: SharedHttpConnector,
    /// Where S3 is, if it is not AWS's: buckets are then the first part of the path.
    elsewhere: Option<String>,
}

/// What S3 answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    headers: aws_smithy_runtime_api::http::Headers,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The name of an error, which stands in a body of XML.
    pub(crate) fn code(&self) -> &str {
        let text = std::str::from_utf8(&self.body).unwrap_or_default();
        let code = text.split_once("<Code>").map(|(_, rest)| rest);
        let code = code.and_then(|rest| rest.split_once("</Code>"));
        code.map_or("", |(code, _)| code)
    }
}

impl S3 {
    /// S3 in a region, reached over these connections with these credentials, or `elsewhere` at an
    /// endpoint of its own.
    pub fn new(
        region: impl Into<String>,
        credentials: Credentials,
        connector: SharedHttpConnector,
        elsewhere: Option<String>,
    ) -> S3 {
        S3 {
            region: region.into(),
            credentials,
            connector,
            elsewhere,
        }
    }

    /// Where a bucket is, without a slash at the end.
    pub(crate) fn address(&self, bucket: &str) -> String {
        match &self.elsewhere {
            Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            None => {
                let region = &self.region;
                let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
                format!("https://{bucket}.s3.{region}.amazonaws.com{suffix}")
            }
        }
    }

    /// Calls S3 about one object, with no body.
    ///
    /// # Errors
    /// Why there is no answer, or none but a fault that passes.
    pub(crate) async fn call(
        &self,
        method: &'static str,
        uri: &str,
        headers: &[(&'static str, &str)],
        now: Timestamp,
    ) -> Result<Answer, String> {
        let mut problem = String::new();
        for _ in 0..ATTEMPTS {
            match self.send(method, uri, headers, now).await {
                Ok(answer) if answer.status < 500 => return Ok(answer),
                Ok(answer) => problem = format!("it answered {} {}", answer.status, answer.code()),
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    async fn send(
        &self,
        method: &'static str,
        uri: &str,
        headers: &[(&'static str, &str)],
        now: Timestamp,
    ) -> Result<Answer, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_method(method).map_err(|error| text(&error))?;
        request.set_uri(uri).map_err(|error| text(&error))?;
        let host = uri.split("://").last().unwrap_or_default();
        let host = host.split('/').next().unwrap_or_default();
        let headers: Vec<_> = [("host", host)].iter().chain(headers).copied().collect();
        for (name, value) in &headers {
            request.headers_mut().insert(*name, (*value).to_owned());
        }
        if method == "PUT" {
            // The connector says nothing of a body that is empty, and S3 refuses what has no length.
            request.headers_mut().insert("content-length", "0");
        }
        for (name, value) in self.signature(method, uri, &headers, now)? {
            request.headers_mut().insert(name, value);
        }
        let answer = self.connector.call(request).await;
        let mut answer = answer.map_err(|error| text(&error))?;
        let body = ByteStream::new(answer.take_body()).collect().await;
        Ok(Answer {
            status: answer.status().as_u16(),
            body: body.map_err(|error| text(&error))?.to_vec(),
            headers: answer.headers().clone(),
        })
    }

    /// The headers that make a request one of this function's role.
    fn signature(
        &self,
        method: &str,
        uri: &str,
        headers: &[(&'static str, &str)],
        now: Timestamp,
    ) -> Result<Vec<(String, String)>, String> {
        let mut settings = SigningSettings::default();
        // S3 differs from all other services: paths are signed as they are sent.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let identity = self.credentials.clone().into();
        let signer = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("s3")
            .time(system_time(now))
            .settings(settings)
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let headers = headers.iter().copied();
        let signable = SignableRequest::new(method, uri, headers, SignableBody::Bytes(b""))
            .map_err(|error| error.to_string())?;
        let signed = sign(signable, &signer).map_err(|error| error.to_string())?;
        let (instructions, _) = signed.into_parts();
        let headers = instructions.headers();
        Ok(headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }

    /// The fields of a form that uploads under these conditions until `expires_at`; those of the
    /// signature with the conditions that bind them. `bound` are fields with the values that they
    /// must have, `conditions` what else must hold.
    pub(crate) fn form(
        &self,
        bucket: &str,
        bound: &[(&str, &str)],
        conditions: &[Value],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Vec<(String, String)> {
        let stamp = now.to_string().replace(['-', ':'], "");
        let day = stamp.get(..8).unwrap_or_default();
        let (key_id, region) = (self.credentials.access_key_id(), &self.region);
        let mut fields: Vec<(String, String)> = bound
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut add = |name: &str, value: String| fields.push((name.to_owned(), value));
        add("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned());
        add(
            "x-amz-credential",
            format!("{key_id}/{day}/{region}/s3/aws4_request"),
        );
        add("x-amz-date", stamp.clone());
        if let Some(token) = self.credentials.session_token() {
            add("x-amz-security-token", token.to_owned());
        }
        let mut all = vec![json!({ "bucket": bucket })];
        all.extend(fields.iter().map(|(name, value)| json!({ name: value })));
        all.extend(conditions.iter().cloned());
        let policy = json!({ "expiration": expires_at.to_string(), "conditions": all });
        let policy = base64::encode(policy.to_string());
        let signature = self.sign_policy(&policy, now);
        fields.push(("policy".to_owned(), policy));
        fields.push(("x-amz-signature".to_owned(), signature));
        fields
    }

    /// The signature under a policy in base64.
    fn sign_policy(&self, policy: &str, now: Timestamp) -> String {
        let secret = self.credentials.secret_access_key();
        let key = v4::generate_signing_key(secret, system_time(now), &self.region, "s3");
        v4::calculate_signature(key, policy.as_bytes())
    }
}

fn system_time(now: Timestamp) -> SystemTime {
    let secs = u64::try_from(now.unix_secs()).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(secs)
}

#[cfg(test)]
mod tests {
    use aws_smithy_http_client::Connector;

    use super::*;

    /// What AWS's documentation signs its examples with.
    fn example(elsewhere: Option<&str>) -> S3 {
        let credentials = Credentials::new(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            None,
            None,
            "test",
        );
        let connector = SharedHttpConnector::new(Connector::builder().build_http());
        S3::new(
            "us-east-1",
            credentials,
            connector,
            elsewhere.map(str::to_owned),
        )
    }

    /// 2015-12-29T00:00:00Z
    const DAY_OF_THE_FORM: Timestamp = Timestamp(1_451_347_200);
    /// 2013-05-24T00:00:00Z
    const DAY_OF_THE_CALL: Timestamp = Timestamp(1_369_353_600);

    /// "Example: Browser-Based Upload using HTTP POST" in the API reference of S3, lines ended as there.
    #[test]
    fn a_policy_is_signed_as_in_the_documentation() {
        let policy = [
            r#"{ "expiration": "2015-12-30T12:00:00.000Z","#,
            r#"  "conditions": ["#,
            r#"    {"bucket": "sigv4examplebucket"},"#,
            r#"    ["starts-with", "$key", "user/user1/"],"#,
            r#"    {"acl": "public-read"},"#,
            r#"    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},"#,
            r#"    ["starts-with", "$Content-Type", "image/"],"#,
            r#"    {"x-amz-meta-uuid": "14365123651274"},"#,
            r#"    {"x-amz-server-side-encryption": "AES256"},"#,
            r#"    ["starts-with", "$x-amz-meta-tag", ""],"#,
            "",
            r#"    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},"#,
            r#"    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},"#,
            r#"    {"x-amz-date": "20151229T000000Z" }"#,
            "  ]",
            "}",
        ]
        .join("\r\n");
        assert_eq!(
            example(None).sign_policy(&base64::encode(policy), DAY_OF_THE_FORM),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }

    /// "Example: GET Object" in the API reference of S3.
    #[test]
    fn a_call_is_signed_as_in_the_documentation() {
        let headers = [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
        ];
        let uri = "https://examplebucket.s3.amazonaws.com/test.txt";
        let signed = example(None).signature("GET", uri, &headers, DAY_OF_THE_CALL);
        let signed = signed.unwrap();
        let authorization = signed.iter().find(|(name, _)| name == "authorization");
        assert_eq!(
            authorization.unwrap().1,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }

    #[test]
    fn a_bucket_is_a_host_on_aws_and_a_path_elsewhere() {
        assert_eq!(
            example(None).address("pictures"),
            "https://pictures.s3.us-east-1.amazonaws.com"
        );
        assert_eq!(
            example(Some("http://127.0.0.1:4001/")).address("pictures"),
            "http://127.0.0.1:4001/pictures"
        );
    }

    #[test]
    fn a_form_binds_each_of_its_fields() {
        let s3 = S3 {
            credentials: Credentials::new("id", "key", Some("session".into()), None, "test"),
            ..example(None)
        };
        let bound = [("key", "uploads/1"), ("Content-Type", "image/png")];
        let range = json!(["content-length-range", 1, 5]);
        let expires_at = DAY_OF_THE_FORM.plus_secs(600);
        let fields = s3.form("pictures", &bound, &[range], DAY_OF_THE_FORM, expires_at);
        let field = |wanted: &str| {
            let found = fields.iter().find(|(name, _)| name == wanted);
            found.unwrap().1.as_str()
        };
        let policy = base64::decode(field("policy")).unwrap();
        let policy: Value = serde_json::from_slice(&policy).unwrap();
        assert_eq!(
            policy,
            json!({
                "expiration": "2015-12-29T00:10:00Z",
                "conditions": [
                    { "bucket": "pictures" },
                    { "key": "uploads/1" },
                    { "Content-Type": "image/png" },
                    { "x-amz-algorithm": "AWS4-HMAC-SHA256" },
                    { "x-amz-credential": "id/20151229/us-east-1/s3/aws4_request" },
                    { "x-amz-date": "20151229T000000Z" },
                    { "x-amz-security-token": "session" },
                    ["content-length-range", 1, 5],
                ],
            })
        );
        let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[names.len() - 2..], ["policy", "x-amz-signature"]);
    }
}
