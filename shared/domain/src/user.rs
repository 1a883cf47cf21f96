//! People with an account: who they are, what they may, where they are logged in.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{SessionId, Timestamp, UserId, Version, json::Json};

/// How long a login lasts, in seconds: 14 days from login, not sliding.
pub const SESSION_SECS: i64 = 14 * 24 * 60 * 60;
/// How many logins a user may have at once; the oldest gives way.
pub const MAX_SESSIONS: usize = 20;
/// How many devices an account knows; the one longest not seen gives way.
pub const MAX_DEVICES: usize = 10;
/// The most characters of a device's name that are kept: twenty sessions have to fit into one item.
const MAX_AGENT_CHARS: usize = 100;

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
    /// Where the person has logged in from, the latest last, at most [`MAX_DEVICES`].
    #[serde(default)]
    pub devices: Vec<Device>,
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
    /// Where from.
    #[serde(default)]
    pub origin: Origin,
}

/// Where a request comes from: the two things that its sender's owner may recognise.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The program, as it calls itself (`User-Agent`); possibly empty.
    pub agent: String,
    /// The IP address, if it is known.
    pub ip: Option<IpAddr>,
}

/// A program on a network: what is asked whether a login is from somewhere new.
///
/// The address alone would be too fine, since providers hand out others from day to day, and the
/// program alone too coarse, since millions use the same one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// As in [`Origin`].
    pub agent: String,
    /// The first 16 bits of an IPv4 address, the first 32 of an IPv6 one.
    pub network: Option<IpAddr>,
}

impl Origin {
    /// A request's origin; of a long name only the beginning is kept.
    pub fn new(agent: &str, ip: Option<IpAddr>) -> Origin {
        Origin {
            agent: agent.chars().take(MAX_AGENT_CHARS).collect(),
            ip,
        }
    }

    /// The device behind it.
    pub fn device(&self) -> Device {
        let network = self.ip.map(|ip| match ip.to_canonical() {
            IpAddr::V4(ip) => {
                let [a, b, ..] = ip.octets();
                IpAddr::V4([a, b, 0, 0].into())
            }
            IpAddr::V6(ip) => {
                let [a, b, ..] = ip.segments();
                IpAddr::V6([a, b, 0, 0, 0, 0, 0, 0].into())
            }
        });
        Device {
            agent: self.agent.clone(),
            network,
        }
    }
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
    ///
    /// Whether it comes from a device that the account does not know; from now on it does.
    pub fn open_session(&mut self, id: SessionId, origin: Origin, now: Timestamp) -> bool {
        let is_new = !self.knows(&origin.device());
        self.remember(origin.device());
        self.sessions.retain(|session| now < session.expires_at);
        let surplus = (self.sessions.len() + 1).saturating_sub(MAX_SESSIONS);
        self.sessions.drain(..surplus);
        self.sessions.push(Session {
            id,
            created_at: now,
            expires_at: now.plus_secs(SESSION_SECS),
            origin,
        });
        is_new
    }

    /// Whether the person has been seen on this device.
    pub fn knows(&self, device: &Device) -> bool {
        self.devices.contains(device)
    }

    /// Notes that the person was seen on this device.
    pub fn remember(&mut self, device: Device) {
        self.devices.retain(|known| *known != device);
        let surplus = (self.devices.len() + 1).saturating_sub(MAX_DEVICES);
        self.devices.drain(..surplus);
        self.devices.push(device);
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
            devices: Vec::new(),
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
        user.open_session(session(1), Origin::default(), Timestamp(0));
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
            let at = Timestamp(i64::from(number));
            user.open_session(session(number), Origin::default(), at);
        }
        assert_eq!(user.sessions.len(), MAX_SESSIONS);
        assert!(!user.admits(session(9), Timestamp(40)));
        assert!(user.admits(session(10), Timestamp(40)));
    }

    #[test]
    fn a_device_is_a_program_on_a_network() {
        let at = |agent: &str, ip: &str| Origin::new(agent, Some(ip.parse().unwrap()));
        let mut user = user();
        let opened = |user: &mut User, origin| user.open_session(session(1), origin, Timestamp(0));
        assert!(opened(&mut user, at("Firefox", "196.188.1.2")));
        assert!(!opened(&mut user, at("Firefox", "196.188.200.9")));
        assert!(opened(&mut user, at("Chrome", "196.188.1.2")));
        assert!(opened(&mut user, at("Firefox", "196.189.1.2")));
        assert!(opened(&mut user, at("Firefox", "2001:db8:1::1")));
        assert!(!opened(&mut user, at("Firefox", "2001:db8:2::1")));
        assert!(!opened(&mut user, at("Chrome", "::ffff:196.188.1.2")));
        for number in 0..20 {
            opened(&mut user, at(&format!("Agent {number}"), "196.188.1.2"));
        }
        assert_eq!(user.devices.len(), MAX_DEVICES);
        assert_eq!(
            Origin::new(&"ä".repeat(500), None).agent.chars().count(),
            100
        );
    }

    #[test]
    fn an_address_is_verified_once_and_only_as_it_was() {
        let mut user = user();
        assert!(!user.verify_email("other@example.com", Timestamp(1)));
        assert!(user.verify_email("abebe@example.com", Timestamp(1)));
        assert!(!user.verify_email("abebe@example.com", Timestamp(2)));
    }
}
