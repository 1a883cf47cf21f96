//! Fields that hold text: free text, e-mail addresses, slugs, URLs, choices.

use std::net::{Ipv4Addr, Ipv6Addr};

use domain::slug::is_slug;
use serde_json::Value;

use super::kind::{Input, Kind, Nullable, refuse};

pub(super) const NUL: &str = "Null characters are not allowed.";
const BLANK: &str = "This field may not be blank.";

/// Any text, trimmed, not blank. Numbers are taken as their text.
pub fn text() -> Text {
    Text {
        max: usize::MAX,
        takes_blank: false,
        keeps_spaces: false,
    }
}

/// See [`text`].
#[derive(Clone, Copy, Debug)]
pub struct Text {
    max: usize,
    takes_blank: bool,
    keeps_spaces: bool,
}

impl Text {
    /// Refuses more characters than this.
    #[must_use]
    pub fn max(mut self, chars: usize) -> Self {
        self.max = chars;
        self
    }

    /// Takes an empty text as well.
    #[must_use]
    pub fn blankable(mut self) -> Self {
        self.takes_blank = true;
        self
    }

    /// Keeps spaces at both ends, as passwords must.
    #[must_use]
    pub fn untrimmed(mut self) -> Self {
        self.keeps_spaces = true;
        self
    }

    /// Reads the text and checks it, in the order in which the original's messages come.
    fn read_checked(
        &self,
        input: Input<'_>,
        further: impl FnOnce(&str) -> Option<&'static str>,
    ) -> Result<String, Vec<String>> {
        let text = match input.value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return refuse("Not a valid string."),
        };
        let text = if self.keeps_spaces {
            text
        } else {
            text.trim().to_owned()
        };
        if text.is_empty() {
            return if self.takes_blank {
                Ok(text)
            } else {
                refuse(BLANK)
            };
        }
        let mut messages = Vec::new();
        if text.chars().count() > self.max {
            let max = self.max;
            messages.push(format!(
                "Ensure this field has no more than {max} characters."
            ));
        }
        if text.contains('\0') {
            messages.push(NUL.to_owned());
        }
        messages.extend(further(&text).map(str::to_owned));
        if messages.is_empty() {
            Ok(text)
        } else {
            Err(messages)
        }
    }
}

impl Kind for Text {
    type Value = String;

    fn read(&self, input: Input<'_>) -> Result<String, Vec<String>> {
        self.read_checked(input, |_| None)
    }

    fn placeholder(&self) -> String {
        String::new()
    }

    fn takes_blank(&self) -> bool {
        self.takes_blank
    }
}

impl Nullable<Text> {
    /// Takes an empty text as well.
    #[must_use]
    pub fn blankable(self) -> Self {
        Self(self.0.blankable())
    }
}

macro_rules! checked_texts {
    ($($(#[$doc:meta])* $make:ident $name:ident $max:literal $message:literal $check:ident;)*) => {$(
        $(#[$doc])*
        pub fn $make() -> $name {
            $name { max: $max, takes_blank: false }
        }

        #[doc = concat!("See [`", stringify!($make), "()`].")]
        #[derive(Clone, Copy, Debug)]
        pub struct $name {
            max: usize,
            takes_blank: bool,
        }

        impl $name {
            /// Refuses more characters than this.
            #[must_use]
            pub fn max(mut self, chars: usize) -> Self {
                self.max = chars;
                self
            }

            /// Takes an empty text as well.
            #[must_use]
            pub fn blankable(mut self) -> Self {
                self.takes_blank = true;
                self
            }
        }

        impl Kind for $name {
            type Value = String;

            fn read(&self, input: Input<'_>) -> Result<String, Vec<String>> {
                let text = Text { max: self.max, takes_blank: self.takes_blank, keeps_spaces: false };
                text.read_checked(input, |text| (!$check(text)).then_some($message))
            }

            fn placeholder(&self) -> String {
                String::new()
            }

            fn takes_blank(&self) -> bool {
                self.takes_blank
            }
        }
    )*};
}

checked_texts! {
    /// An e-mail address as sent, at most 254 characters, the most that mail can be sent to.
    email Email 254 "Enter a valid email address." is_email;
    /// A slug of at most 50 characters.
    slug Slug 50
        "Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens." is_slug;
    /// An absolute http, https, ftp or ftps URL.
    url WebAddress 2048 "Enter a valid URL." is_url;
}

/// One of several words: `choice(Status::from_word)`.
pub fn choice<T: Default>(from_word: fn(&str) -> Option<T>) -> Choice<T> {
    Choice(from_word)
}

/// See [`choice`].
#[derive(Clone, Copy, Debug)]
pub struct Choice<T>(fn(&str) -> Option<T>);

impl<T: Default> Kind for Choice<T> {
    type Value = T;

    fn read(&self, input: Input<'_>) -> Result<T, Vec<String>> {
        let word = match input.value {
            Value::String(word) => word.clone(),
            other => other.to_string(),
        };
        match (self.0)(&word) {
            Some(chosen) => Ok(chosen),
            None => refuse(format!("\"{word}\" is not a valid choice.")),
        }
    }

    fn placeholder(&self) -> T {
        T::default()
    }
}

/// Django's rule: a dot-atom or quoted local part, and a domain name with a top level, `localhost`,
/// or an IP address in brackets.
fn is_email(text: &str) -> bool {
    text.rsplit_once('@')
        .is_some_and(|(local, domain)| is_local_part(local) && is_mail_domain(domain))
}

fn is_local_part(local: &str) -> bool {
    let is_atom = |c: char| c.is_ascii_alphanumeric() || "-!#$%&'*+/=?^_`{}|~".contains(c);
    let is_dot_atom = || {
        local
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(is_atom))
    };
    let quoted = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    quoted.is_some_and(is_quotable) || is_dot_atom()
}

fn is_quotable(inside: &str) -> bool {
    let mut escaped = false;
    for c in inside.chars() {
        let is_text = c.is_ascii() && !matches!(c, '\0' | '\n' | '\r');
        let is_plain = is_text && !matches!(c, '\t' | ' ' | '"');
        match c {
            _ if escaped && !is_text => return false,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if !is_plain => return false,
            _ => {}
        }
    }
    !escaped
}

fn is_mail_domain(domain: &str) -> bool {
    if domain.eq_ignore_ascii_case("localhost") {
        return true;
    }
    if let Some(literal) = domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return literal.parse::<Ipv4Addr>().is_ok() || literal.parse::<Ipv6Addr>().is_ok();
    }
    // A name in another script is judged by the form in which it goes over the wire.
    let Ok(ascii) = url::Host::parse(domain).map(|host| host.to_string()) else {
        return false;
    };
    has_top_level(&ascii)
}

/// Whether a host is labels of letters, digits and hyphens with a top level that is no number.
fn has_top_level(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.rsplit_once('.').is_some_and(|(names, top)| {
        top.len() >= 2
            && is_label(top)
            && !top.bytes().all(|b| b.is_ascii_digit())
            && names.split('.').all(is_label)
    })
}

fn is_url(text: &str) -> bool {
    let is_clean = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let Some((scheme, _)) = text.split_once("://") else {
        return false;
    };
    let known = ["http", "https", "ftp", "ftps"];
    let known = known.iter().any(|name| scheme.eq_ignore_ascii_case(name));
    let Ok(parsed) = url::Url::parse(text) else {
        return false;
    };
    let host_is_good = match parsed.host() {
        Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => true,
        // `ftps` is unknown to the URL standard, so an address there comes as a name.
        Some(url::Host::Domain(name)) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse::<Ipv4Addr>().is_ok()
                || has_top_level(name.trim_end_matches('.'))
        }
        None => false,
    };
    is_clean && known && host_is_good
}
