//! AWS's Signature Version 4, as far as a chore needs it: no query, few headers, a body in memory.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::macros::format_description;

/// Who signs, and for which service.
pub struct Signer<'a> {
    /// The id of the access key.
    pub key_id: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// The region called.
    pub region: &'a str,
    /// The service called, as ARNs name it.
    pub service: &'a str,
}

/// A request before it is signed.
pub struct Request<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The host with its port, as the client sends it.
    pub host: &'a str,
    /// The path, of characters that need no encoding.
    pub path: &'a str,
    /// The body, perhaps empty.
    pub body: &'a str,
}

/// The headers that make a request a signed one.
#[derive(Debug, PartialEq, Eq)]
pub struct Headers {
    /// `x-amz-date`.
    pub date: String,
    /// `authorization`.
    pub authorization: String,
}

impl Signer<'_> {
    /// Signs as of now.
    pub fn sign(&self, request: &Request) -> Headers {
        #[expect(
            clippy::disallowed_methods,
            reason = "a signature is good for a few minutes of the machine's own time"
        )]
        self.sign_at(OffsetDateTime::now_utc(), request)
    }

    fn sign_at(&self, now: OffsetDateTime, request: &Request) -> Headers {
        let Request {
            method,
            host,
            path,
            body,
        } = request;
        let date = now
            .format(format_description!(
                "[year][month][day]T[hour][minute][second]Z"
            ))
            .unwrap_or_default();
        let day = date.get(..8).unwrap_or_default();
        let signed = "host;x-amz-date";
        let canonical = format!(
            "{method}\n{path}\n\nhost:{host}\nx-amz-date:{date}\n\n{signed}\n{}",
            hex(&Sha256::digest(body))
        );
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
            hex(&Sha256::digest(canonical))
        );
        let key = [day, self.region, self.service, "aws4_request"]
            .iter()
            .fold(format!("AWS4{}", self.secret).into_bytes(), |key, part| {
                keyed(&key, part)
            });
        let signature = hex(&keyed(&key, &to_sign));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={signature}",
            self.key_id
        );
        Headers {
            date,
            authorization,
        }
    }
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    // A key of any length is a key for HMAC: this never fails.
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        },
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    /// `get-vanilla` and `post-vanilla` of AWS's own test suite for signatures.
    #[test]
    fn requests_are_signed_as_in_the_test_suite_of_aws() {
        let signer = Signer {
            key_id: "AKIDEXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "service",
        };
        let expected = [
            (
                "GET",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "POST",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
        ];
        for (method, signature) in expected {
            let request = Request {
                method,
                host: "example.amazonaws.com",
                path: "/",
                body: "",
            };
            let headers = signer.sign_at(datetime!(2015-08-30 12:36:00 UTC), &request);
            assert_eq!(headers.date, "20150830T123600Z");
            assert_eq!(
                headers.authorization,
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                     SignedHeaders=host;x-amz-date, Signature={signature}"
                )
            );
        }
    }
}
