//! People with an account: who they are, what they may, where they are logged in.

use serde::{Deserialize, Serialize};

use crate::{SessionId, Timestamp, UserId, Version, json::Json};

/// How long a login lasts, in seconds: 14 days from login, not sliding.
pub const SESSION_SECS: i64 = 14 * 24 * 60 * 60;
/// How many logins a user may have at once; the oldest gives way.
pub const MAX_SESSIONS: usize = 20;

/// A person with an account. It is read whole on every request that needs to know who is asking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// The e-mail address, normalised by [`normalize_email`].
    pub email: String,
    /// The first name, possibly empty.
    pub first_name: String,
    /// The last name, possibly empty.
    pub last_name: String,
    /// The password as a PHC string of argon2id.
    pub password_hash: String,
    /// Whether the account may be used at all.
    pub is_active: bool,
    /// Whether the person works for the shop.
    pub is_staff: bool,
    /// Whether the person may do everything.
    pub is_superuser: bool,
    /// When the address was proved to be theirs.
    pub email_verified_at: Option<Timestamp>,
    /// What they tell about themselves.
    pub profile: Profile,
    /// The live logins, oldest first, at most [`MAX_SESSIONS`].
    pub sessions: Vec<Session>,
    /// When they registered.
    pub created_at: Timestamp,
    /// Drawn anew at every write.
    pub version: Version,
}

/// What a user may tell about themselves.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// A URL or path, possibly empty.
    pub profile_picture: String,
    /// Anything a frontend wants to remember.
    pub preferences: Option<Json>,
}

/// One login.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Named by the session token.
    pub id: SessionId,
    /// When the login happened.
    pub created_at: Timestamp,
    /// From when on it no longer counts.
    pub expires_at: Timestamp,
}

impl User {
    /// Whether this session is live and the account may be used.
    pub fn admits(&self, session: SessionId, now: Timestamp) -> bool {
        self.is_active
            && self
                .sessions
                .iter()
                .any(|live| live.id == session && now < live.expires_at)
    }

    /// Whether the person may do what needs a verified address.
    pub fn is_verified(&self) -> bool {
        self.email_verified_at.is_some() || self.is_superuser
    }

    /// Adds a login, drops those that expired and, beyond [`MAX_SESSIONS`], the oldest.
    pub fn open_session(&mut self, id: SessionId, now: Timestamp) {
        self.sessions.retain(|session| now < session.expires_at);
        let surplus = (self.sessions.len() + 1).saturating_sub(MAX_SESSIONS);
        self.sessions.drain(..surplus);
        self.sessions.push(Session {
            id,
            created_at: now,
            expires_at: now.plus_secs(SESSION_SECS),
        });
    }

    /// Ends one login; whether it was there.
    pub fn close_session(&mut self, id: SessionId) -> bool {
        let before = self.sessions.len();
        self.sessions.retain(|session| session.id != id);
        self.sessions.len() < before
    }

    /// Marks the address as proved, if `email` is still the address; whether anything changed, so
    /// that a verification key works once.
    pub fn verify_email(&mut self, email: &str, now: Timestamp) -> bool {
        let fresh = self.email_verified_at.is_none() && self.email == email;
        if fresh {
            self.email_verified_at = Some(now);
        }
        fresh
    }

    /// First and last name, or the part of the address before the @.
    pub fn display_name(&self) -> String {
        let name = format!("{} {}", self.first_name, self.last_name)
            .trim()
            .to_owned();
        if name.is_empty() {
            self.email.split('@').next().unwrap_or_default().to_owned()
        } else {
            name
        }
    }
}

/// The form in which addresses are stored and compared: trimmed and lower-case, as the original
/// stores them.
pub fn normalize_email(email: &str) -> String {
    email.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Id;

    fn user() -> User {
        User {
            id: UserId(Id::compose(0, 1)),
            email: "abebe@example.com".into(),
            first_name: "Abebe".into(),
            last_name: String::new(),
            password_hash: String::new(),
            is_active: true,
            is_staff: false,
            is_superuser: false,
            email_verified_at: None,
            profile: Profile::default(),
            sessions: Vec::new(),
            created_at: Timestamp(0),
            version: Version(Id::compose(0, 2)),
        }
    }

    fn session(number: u16) -> SessionId {
        SessionId(Id::compose(0, number))
    }

    #[test]
    fn a_session_ends_by_logout_and_by_time() {
        let mut user = user();
        user.open_session(session(1), Timestamp(0));
        assert!(user.admits(session(1), Timestamp(SESSION_SECS - 1)));
        assert!(!user.admits(session(1), Timestamp(SESSION_SECS)));
        assert!(!user.admits(session(2), Timestamp(1)));
        assert!(user.close_session(session(1)));
        assert!(!user.admits(session(1), Timestamp(1)));
    }

    #[test]
    fn sessions_are_bounded_and_the_oldest_gives_way() {
        let mut user = user();
        for number in 0..30 {
            user.open_session(session(number), Timestamp(i64::from(number)));
        }
        assert_eq!(user.sessions.len(), MAX_SESSIONS);
        assert!(!user.admits(session(9), Timestamp(40)));
        assert!(user.admits(session(10), Timestamp(40)));
    }

    #[test]
    fn an_address_is_verified_once_and_only_as_it_was() {
        let mut user = user();
        assert!(!user.verify_email("other@example.com", Timestamp(1)));
        assert!(user.verify_email("abebe@example.com", Timestamp(1)));
        assert!(!user.verify_email("abebe@example.com", Timestamp(2)));
    }
}
