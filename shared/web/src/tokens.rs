//! What the shop signs: sessions, verification keys, links to choose a password, CSRF tokens,
//! cursors.
//!
//! Every purpose has a key of its own, derived from the one signing secret, so that what was signed
//! for one purpose never passes for another.

mod reset;

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Id, SessionId, Timestamp, UserId};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{Error as JwtError, ErrorKind},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::Sha256;
use subtle::ConstantTimeEq;

pub use reset::{RESET_SECS, read_uid, uid};

/// How long a verification key is good for, in seconds: 3 days.
pub const EMAIL_KEY_SECS: i64 = 3 * 24 * 60 * 60;

/// How many bytes of a MAC go into a cursor and into the digest of an address: enough against
/// guessing, and short.
const SHORT_MAC_BYTES: usize = 16;

/// Signs and checks, with the keys of every purpose.
#[derive(Clone)]
pub struct Tokens(Arc<Keys>);

struct Keys {
    session: JwtKeys,
    email: JwtKeys,
    email_digest: [u8; 32],
    csrf: [u8; 32],
    cursor: [u8; 32],
    reset: [u8; 32],
    digest: [u8; 32],
}

struct JwtKeys {
    signing: EncodingKey,
    checking: DecodingKey,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(..)")
    }
}

/// What a session token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionClaims {
    /// Whose session.
    pub user: UserId,
    /// Which one; it counts only while the user's item lists it.
    pub session: SessionId,
    /// When it was opened.
    pub issued_at: Timestamp,
    /// From when on it no longer counts.
    pub expires_at: Timestamp,
}

/// What a verification key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailKey {
    /// Whose address it proves.
    pub user: UserId,
    digest: String,
}

#[derive(Serialize, Deserialize)]
struct SessionWire {
    /// A text, as RFC 7519 has it.
    sub: String,
    sid: Id,
    iat: i64,
    exp: i64,
}

#[derive(Serialize, Deserialize)]
struct EmailWire {
    sub: String,
    /// A digest of the address, since keys stand in URLs and URLs in logs.
    adr: String,
    exp: i64,
}

impl Tokens {
    /// Derives the keys of all purposes from the signing secret.
    pub fn new(signing_secret: &[u8]) -> Self {
        // A process that serves several functions installs it once; later calls find it there.
        let _already_installed = HMAC_ONLY.install_default();
        let derive = |purpose: &str| mac(signing_secret, &[purpose.as_bytes()]);
        let jwt = |purpose: &str| {
            let key = derive(purpose);
            JwtKeys {
                signing: EncodingKey::from_secret(&key),
                checking: DecodingKey::from_secret(&key),
            }
        };
        Self(Arc::new(Keys {
            session: jwt("session"),
            email: jwt("verify-email"),
            email_digest: derive("email-digest"),
            csrf: derive("csrf"),
            cursor: derive("cursor"),
            reset: derive("reset-password"),
            digest: derive("digest"),
        }))
    }

    /// The token of a session: login's `key` and the cookie's value.
    ///
    /// # Errors
    /// When signing fails, which it cannot with HMAC keys.
    pub fn session(&self, claims: SessionClaims) -> Result<String, JwtError> {
        let wire = SessionWire {
            sub: claims.user.to_string(),
            sid: claims.session.0,
            iat: claims.issued_at.unix_secs(),
            exp: claims.expires_at.unix_secs(),
        };
        self.0.session.sign(&wire)
    }

    /// What a session token says, if it is ours and not expired.
    pub fn read_session(&self, token: &str, now: Timestamp) -> Option<SessionClaims> {
        let wire: SessionWire = self.0.session.check(token)?;
        let user = subject(&wire.sub)?;
        (now.unix_secs() < wire.exp).then_some(SessionClaims {
            user,
            session: SessionId(wire.sid),
            issued_at: Timestamp(wire.iat),
            expires_at: Timestamp(wire.exp),
        })
    }

    /// The key that proves an address, good for [`EMAIL_KEY_SECS`] from `now`.
    ///
    /// # Errors
    /// When signing fails, which it cannot with HMAC keys.
    pub fn email_key(&self, user: UserId, email: &str, now: Timestamp) -> Result<String, JwtError> {
        self.0.email.sign(&EmailWire {
            sub: user.to_string(),
            adr: self.email_digest(email),
            exp: now.plus_secs(EMAIL_KEY_SECS).unix_secs(),
        })
    }

    /// What a verification key says, if it is ours and not expired. Whether it is for the address
    /// that the user has by now, [`Tokens::proves`] tells.
    pub fn read_email_key(&self, key: &str, now: Timestamp) -> Option<EmailKey> {
        let wire: EmailWire = self.0.email.check(key)?;
        let user = subject(&wire.sub)?;
        (now.unix_secs() < wire.exp).then_some(EmailKey {
            user,
            digest: wire.adr,
        })
    }

    /// Whether a verification key was made for this address.
    pub fn proves(&self, key: &EmailKey, email: &str) -> bool {
        same(key.digest.as_bytes(), self.email_digest(email).as_bytes())
    }

    /// 32 bytes that only the shop can make from a session: what its CSRF token is written from.
    pub(crate) fn csrf_bytes(&self, session: SessionId) -> [u8; 32] {
        mac(&self.0.csrf, &[&session.value().to_be_bytes()])
    }

    /// Signs a place in a list; `list` says which list, and a cursor opens no other.
    pub(crate) fn seal_cursor(&self, after: Id, list: &str) -> String {
        let place = after.value().to_be_bytes();
        let mut sealed = place.to_vec();
        sealed.extend_from_slice(&self.cursor_mac(&place, list));
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The place that a cursor of this list names; `None` for any other text.
    pub(crate) fn open_cursor(&self, cursor: &str, list: &str) -> Option<Id> {
        let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (place, seal) = sealed.split_first_chunk::<8>()?;
        if !same(seal, &self.cursor_mac(place, list)) {
            return None;
        }
        Id::try_from(u64::from_be_bytes(*place)).ok()
    }

    fn cursor_mac(&self, place: &[u8], list: &str) -> [u8; SHORT_MAC_BYTES] {
        shortened(mac(&self.0.cursor, &[place, list.as_bytes()]))
    }

    fn email_digest(&self, email: &str) -> String {
        URL_SAFE_NO_PAD.encode(shortened(mac(&self.0.email_digest, &[email.as_bytes()])))
    }
}

/// Compares secrets without telling by the time it takes how much of them is right.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

fn subject(sub: &str) -> Option<UserId> {
    UserId::try_from(sub.parse::<u64>().ok()?).ok()
}

fn shortened(mac: [u8; 32]) -> [u8; SHORT_MAC_BYTES] {
    std::array::from_fn(|at| mac[at])
}

/// HMAC-SHA256. HMAC takes keys of any length, so the error of `new_from_slice` cannot happen; an
/// all-zero key stands there because the alternative is a panic.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hmac = keyed(key);
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

impl JwtKeys {
    fn sign(&self, claims: &impl Serialize) -> Result<String, JwtError> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.signing)
    }

    fn check<C: DeserializeOwned>(&self, token: &str) -> Option<C> {
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is compared by the caller with the shop's clock, not by the library with the
        // machine's.
        validation.validate_exp = false;
        let token = jsonwebtoken::decode::<C>(token, &self.checking, &validation).ok()?;
        Some(token.claims)
    }
}

/// The library's own providers bring RSA and elliptic curves; all that is signed here is HMAC.
static HMAC_ONLY: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| {
        let hmac = hs256(algorithm, key.as_bytes())?;
        Ok(Box::new(hmac) as Box<dyn JwtSigner>)
    },
    verifier_factory: |algorithm, key| {
        let hmac = hs256(algorithm, key.try_get_as_bytes()?)?;
        Ok(Box::new(hmac) as Box<dyn JwtVerifier>)
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(Hmac<Sha256>);

fn hs256(algorithm: &Algorithm, key: &[u8]) -> Result<Hs256, JwtError> {
    match algorithm {
        Algorithm::HS256 => Ok(Hs256(keyed(key))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

impl signature::Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let mut hmac = self.0.clone();
        hmac.update(message);
        Ok(hmac.finalize().into_bytes().to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl signature::Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let mut hmac = self.0.clone();
        hmac.update(message);
        hmac.verify_slice(signature)
            .map_err(signature::Error::from_source)
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn tokens() -> Tokens {
        Tokens::new(b"a signing secret for tests")
    }

    fn claims() -> SessionClaims {
        SessionClaims {
            user: UserId(Id::compose(0, 7)),
            session: SessionId(Id::compose(0, 8)),
            issued_at: NOW,
            expires_at: NOW.plus_secs(60),
        }
    }

    #[test]
    fn a_session_token_reads_back_until_it_expires() {
        let token = tokens().session(claims()).unwrap();
        assert_eq!(tokens().read_session(&token, NOW), Some(claims()));
        assert_eq!(tokens().read_session(&token, NOW.plus_secs(60)), None);
        assert_eq!(Tokens::new(b"another").read_session(&token, NOW), None);
    }

    #[test]
    fn an_altered_token_is_nobodys() {
        let token = tokens().session(claims()).unwrap();
        let (head, rest) = token.split_once('.').unwrap();
        let (body, seal) = rest.split_once('.').unwrap();
        let forged = URL_SAFE_NO_PAD.encode(r#"{"sub":"1","sid":1,"iat":0,"exp":9999999999}"#);
        let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let other = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS512","typ":"JWT"}"#);
        for bad in [
            format!("{head}.{forged}.{seal}"),
            format!("{unsigned}.{body}."),
            format!("{unsigned}.{body}.{seal}"),
            format!("{other}.{body}.{seal}"),
            format!("{head}.{body}"),
            String::new(),
            "..".into(),
            "ä.ö.ü".into(),
        ] {
            assert_eq!(tokens().read_session(&bad, NOW), None, "{bad}");
        }
    }

    #[test]
    fn purposes_do_not_mix() {
        let user = claims().user;
        let session = tokens().session(claims()).unwrap();
        let key = tokens().email_key(user, "a@b.co", NOW).unwrap();
        assert_eq!(tokens().read_email_key(&session, NOW), None);
        assert_eq!(tokens().read_session(&key, NOW), None);
    }

    #[test]
    fn a_verification_key_is_for_one_address_and_three_days() {
        let user = claims().user;
        let text = tokens().email_key(user, "a@b.co", NOW).unwrap();
        let key = tokens()
            .read_email_key(&text, NOW.plus_secs(EMAIL_KEY_SECS - 1))
            .unwrap();
        assert_eq!(key.user, user);
        assert!(tokens().proves(&key, "a@b.co"));
        assert!(!tokens().proves(&key, "x@b.co"));
        assert_eq!(
            tokens().read_email_key(&text, NOW.plus_secs(EMAIL_KEY_SECS)),
            None
        );
        let body = URL_SAFE_NO_PAD
            .decode(text.split('.').nth(1).unwrap())
            .unwrap();
        assert!(!String::from_utf8(body).unwrap().contains("a@b.co"));
    }

    #[test]
    fn a_cursor_opens_its_own_list_only() {
        let after = Id::compose(1_800_000_000_000, 5);
        let cursor = tokens().seal_cursor(after, "/api/orders?");
        assert_eq!(tokens().open_cursor(&cursor, "/api/orders?"), Some(after));
        assert_eq!(tokens().open_cursor(&cursor, "/api/products?"), None);
        assert_eq!(
            Tokens::new(b"another").open_cursor(&cursor, "/api/orders?"),
            None
        );
        for at in 0..cursor.len() {
            let mut bytes = cursor.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).unwrap();
            // The last character has bits that stand for nothing; a reader that ignored them would
            // take another spelling of the same cursor.
            assert_eq!(
                tokens().open_cursor(&altered, "/api/orders?"),
                None,
                "{altered}"
            );
        }
        for bad in ["", "AAAA", "not base64!"] {
            assert_eq!(tokens().open_cursor(bad, "/api/orders?"), None);
        }
    }
}
