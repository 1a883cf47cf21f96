//! What a link to choose a new password carries: whose account, and a token that works once.
//!
//! Nothing is stored for it. The token's seal covers the password and the address as they are when
//! it is issued, so it is void as soon as one of the two changes, and using it changes the password.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Timestamp, UserId, user::User};

use super::{Tokens, mac, same};

/// How long a link to choose a new password is good for, in seconds: 1 hour.
pub const RESET_SECS: i64 = 60 * 60;

/// How many bytes of the MAC go into a token: 192 bits, which are 32 characters without a bit to
/// spare.
const SEAL_BYTES: usize = 24;

const BASE: u64 = 36;

impl Tokens {
    /// The token that lets whoever holds it choose this user's password once, until [`RESET_SECS`]
    /// after `now`: when it was issued in base 36, a hyphen, and 32 characters that stand unescaped
    /// in URLs.
    pub fn reset_token(&self, user: &User, now: Timestamp) -> String {
        let issued_at = now.unix_secs();
        let seal = mac(
            &self.0.reset,
            &[
                &user.id.value().to_be_bytes(),
                &issued_at.to_be_bytes(),
                // The address has no fixed length, so its length goes before it: what ends it and
                // begins the hash cannot be shifted.
                &user.email.len().to_be_bytes(),
                user.email.as_bytes(),
                user.password_hash.as_bytes(),
            ],
        );
        let seal = URL_SAFE_NO_PAD.encode(seal.split_at(SEAL_BYTES).0);
        format!("{}-{seal}", base36(issued_at.unsigned_abs()))
    }

    /// Whether a token lets this user's password be chosen now: made by us, for the user as they
    /// are, and less than [`RESET_SECS`] ago. Only the one spelling that was issued is taken, since
    /// the token is made again and compared.
    pub fn reads_reset_token(&self, user: &User, token: &str, now: Timestamp) -> bool {
        let issued_at = token
            .split_once('-')
            .and_then(|(issued_at, _)| read_base36(issued_at))
            .and_then(|secs| i64::try_from(secs).ok())
            .map(Timestamp);
        issued_at.is_some_and(|issued_at| {
            now < issued_at.plus_secs(RESET_SECS)
                && same(
                    token.as_bytes(),
                    self.reset_token(user, issued_at).as_bytes(),
                )
        })
    }

    /// A short digest of a text that only the shop can make: it stands in keys of the table where
    /// the text (an address, an IP address) must not. `what` separates uses from each other.
    pub fn digest(&self, what: &str, text: &str) -> String {
        let parts = [&what.len().to_be_bytes(), what.as_bytes(), text.as_bytes()];
        URL_SAFE_NO_PAD.encode(super::shortened(mac(&self.0.digest, &parts)))
    }
}

/// A user's id as it stands in links: base 36, at most 11 characters.
pub fn uid(user: UserId) -> String {
    base36(user.value())
}

/// Reads what [`uid`] wrote; `None` for anything else, other spellings of the same number included.
pub fn read_uid(text: &str) -> Option<UserId> {
    UserId::try_from(read_base36(text)?).ok()
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % BASE).ok();
        digits.extend(digit.and_then(|digit| char::from_digit(digit, 36)));
        number /= BASE;
        if number == 0 {
            break;
        }
    }
    digits.iter().rev().collect()
}

/// Reads what [`base36`] wrote; no capitals, signs or leading zeros.
fn read_base36(text: &str) -> Option<u64> {
    let number = u64::from_str_radix(text, 36).ok()?;
    (base36(number) == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use domain::{Id, Version, user::Profile};

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn tokens() -> Tokens {
        Tokens::new(b"a signing secret for tests")
    }

    fn user() -> User {
        User {
            id: UserId(Id::compose(1_800_000_000_000, 7)),
            email: "abebe@example.com".into(),
            first_name: String::new(),
            last_name: String::new(),
            password_hash: "$argon2id$one".into(),
            is_active: true,
            is_staff: false,
            is_superuser: false,
            email_verified_at: None,
            profile: Profile::default(),
            sessions: Vec::new(),
            devices: Vec::new(),
            created_at: NOW,
            version: Version(Id::compose(0, 2)),
        }
    }

    #[test]
    fn a_reset_token_is_good_for_an_hour() {
        let token = tokens().reset_token(&user(), NOW);
        assert_eq!(token.len(), 6 + 1 + 32, "{token}");
        for (later, good) in [
            (0, true),
            (RESET_SECS - 1, true),
            (RESET_SECS, false),
            (99 * RESET_SECS, false),
        ] {
            let now = NOW.plus_secs(later);
            assert_eq!(tokens().reads_reset_token(&user(), &token, now), good);
        }
        let others = Tokens::new(b"another");
        assert!(!others.reads_reset_token(&user(), &token, NOW));
    }

    #[test]
    fn a_reset_token_is_for_one_user_as_they_are() {
        let token = tokens().reset_token(&user(), NOW);
        let other = UserId(Id::compose(1_800_000_000_000, 8));
        let changes: [fn(&mut User); 4] = [
            |user| user.password_hash.push('x'),
            |user| user.email.push('x'),
            |user| user.email.clear(),
            // The seal would be the same if it did not know where the address ends.
            |user| {
                user.password_hash = format!("{}{}", user.email.split_off(1), user.password_hash)
            },
        ];
        for change in changes {
            let mut changed = user();
            change(&mut changed);
            assert!(
                !tokens().reads_reset_token(&changed, &token, NOW),
                "{changed:?}"
            );
        }
        let mut stranger = user();
        stranger.id = other;
        assert!(!tokens().reads_reset_token(&stranger, &token, NOW));
        let mut renamed = user();
        renamed.first_name = "Derartu".into();
        assert!(tokens().reads_reset_token(&renamed, &token, NOW));
    }

    #[test]
    fn a_reset_token_with_any_bit_flipped_is_refused() {
        let token = tokens().reset_token(&user(), NOW);
        let mut tried = 0;
        for at in 0..token.len() {
            for bit in 0..8 {
                let mut bytes = token.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                // What is no UTF-8 any more never gets as far as a `&str`.
                let altered = String::from_utf8_lossy(&bytes).into_owned();
                // A later time of issue must not make it live longer, nor an earlier one pass.
                for now in [NOW, Timestamp(0)] {
                    let read = tokens().reads_reset_token(&user(), &altered, now);
                    assert!(!read, "{altered}");
                }
                tried += 1;
            }
        }
        assert_eq!(tried, 39 * 8);
    }

    #[test]
    fn a_reset_token_has_one_spelling() {
        let token = tokens().reset_token(&user(), NOW);
        let (issued_at, seal) = token.split_once('-').unwrap();
        for other in [
            format!("0{token}"),
            format!("+{token}"),
            format!("{}-{seal}", issued_at.to_uppercase()),
            format!("{token}="),
            format!("{token} "),
            format!(" {token}"),
            format!("{token}A"),
            format!("{token}-"),
            format!("{issued_at}--{seal}"),
            format!("{issued_at}-"),
            token.replace('-', ""),
            token[..token.len() - 1].to_owned(),
            "-".into(),
            String::new(),
            "zzzzzzzzzzzzz-a".into(),
            "1y2p0ij32e8e7-a".into(),
            "ä-ö".into(),
        ] {
            assert!(!tokens().reads_reset_token(&user(), &other, NOW), "{other}");
        }
    }

    #[test]
    fn a_uid_goes_there_and_back_and_has_one_spelling() {
        for value in [0, 1, 35, 36, 1_295, Id::MAX.value()] {
            let user = UserId::try_from(value).unwrap();
            assert_eq!(read_uid(&uid(user)), Some(user));
            assert!(uid(user).len() <= 11, "{}", uid(user));
        }
        let long = "1".repeat(10_000);
        let padded = format!("{}1", "0".repeat(10_000));
        for other in [
            "",
            "0a",
            "A",
            "+a",
            "-a",
            " a",
            "a ",
            "a_",
            "ä",
            "zzzzzzzzzzz",
            "2gosa7pa2gw",
            &long,
            &padded,
        ] {
            assert_eq!(read_uid(other), None, "{other}");
        }
    }

    #[test]
    fn a_digest_is_for_one_use_and_needs_the_secret() {
        let digest = tokens().digest("login", "abebe@example.com");
        assert_eq!(digest.len(), 22);
        assert_eq!(digest, tokens().digest("login", "abebe@example.com"));
        for other in [
            tokens().digest("reset", "abebe@example.com"),
            tokens().digest("logina", "bebe@example.com"),
            tokens().digest("login", "Abebe@example.com"),
            tokens().email_digest("abebe@example.com"),
            Tokens::new(b"another").digest("login", "abebe@example.com"),
        ] {
            assert_ne!(digest, other);
        }
    }
}
