//! Which passwords are refused: Django's four rules, as the original applies them.

use std::{cmp::Ordering, collections::HashMap};

use crate::user::User;

/// The fewest characters of a password.
pub const MIN_CHARS: usize = 8;
/// The most characters of a password: hashing costs what the longest one costs.
pub const MAX_CHARS: usize = 128;

/// What people choose most often; sorted, lower-case, one a line. See `data/README.md`.
const COMMON: &str = include_str!("../data/common-passwords.txt");

/// Why a password is refused. The texts are those of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// It looks like something known about the user: the name of that.
    #[error("The password is too similar to the {0}.")]
    TooSimilar(&'static str),
    /// Fewer than [`MIN_CHARS`].
    #[error("This password is too short. It must contain at least {MIN_CHARS} characters.")]
    TooShort,
    /// More than [`MAX_CHARS`].
    #[error("Ensure this field has no more than {MAX_CHARS} characters.")]
    TooLong,
    /// On the list of common passwords.
    #[error("This password is too common.")]
    TooCommon,
    /// Nothing but digits.
    #[error("This password is entirely numeric.")]
    EntirelyNumeric,
}

/// What an attacker who knows the user would try first.
#[derive(Debug, Clone, Copy, Default)]
pub struct AboutUser<'a> {
    /// The first name.
    pub first_name: &'a str,
    /// The last name.
    pub last_name: &'a str,
    /// The e-mail address.
    pub email: &'a str,
}

impl<'a> AboutUser<'a> {
    /// What is known about somebody with an account.
    pub fn of(user: &'a User) -> AboutUser<'a> {
        AboutUser {
            first_name: &user.first_name,
            last_name: &user.last_name,
            email: &user.email,
        }
    }
}

/// All that speaks against a password, in the order similar, length, common, numeric.
pub fn faults(password: &str, about: AboutUser<'_>) -> Vec<PasswordFault> {
    similarity(password, about)
        .into_iter()
        .chain(weaknesses(password))
        .collect()
}

/// What speaks against a password whoever chooses it.
pub fn weaknesses(password: &str) -> Vec<PasswordFault> {
    let chars = password.chars().count();
    let mut faults = Vec::new();
    if chars < MIN_CHARS {
        faults.push(PasswordFault::TooShort);
    }
    if chars > MAX_CHARS {
        faults.push(PasswordFault::TooLong);
    }
    if is_common(password.to_lowercase().trim()) {
        faults.push(PasswordFault::TooCommon);
    }
    if !password.is_empty() && password.chars().all(char::is_numeric) {
        faults.push(PasswordFault::EntirelyNumeric);
    }
    faults
}

/// Whether a password looks like what is known about the user. Only the first likeness is told, as
/// the original does.
pub fn similarity(password: &str, about: AboutUser<'_>) -> Option<PasswordFault> {
    // A longer text is refused for its length, and comparing it would cost its length.
    let password: Vec<char> = password.to_lowercase().chars().take(MAX_CHARS).collect();
    [
        ("first name", about.first_name),
        ("last name", about.last_name),
        ("email", about.email),
    ]
    .into_iter()
    .find(|(_, value)| resembles(&password, value))
    .map(|(name, _)| PasswordFault::TooSimilar(name))
}

/// Whether a password is like a value or one of the words in it.
fn resembles(password: &[char], value: &str) -> bool {
    let value = value.to_lowercase();
    let words = value.split(|c: char| !c.is_alphanumeric() && c != '_');
    words
        .chain([value.as_str()])
        .filter(|part| !part.is_empty())
        .any(|part| {
            let part: Vec<char> = part.chars().collect();
            // Python's `SequenceMatcher.quick_ratio() >= 0.7`, in whole numbers: twice the characters
            // in common, whatever their order, over the length of both.
            20 * characters_in_common(password, &part) >= 7 * (password.len() + part.len())
        })
}

fn characters_in_common(one: &[char], other: &[char]) -> usize {
    let mut left: HashMap<char, usize> = HashMap::new();
    for c in one {
        *left.entry(*c).or_default() += 1;
    }
    let mut common = 0;
    for c in other {
        if let Some(count) = left.get_mut(c).filter(|count| **count > 0) {
            *count -= 1;
            common += 1;
        }
    }
    common
}

/// Halves the sorted text until the line is found. The list is searched where it lies in the
/// binary, since a set of it would be built anew at every cold start.
fn is_common(password: &str) -> bool {
    let mut rest = COMMON;
    while !rest.is_empty() {
        let middle = rest.as_bytes()[..rest.len() / 2]
            .iter()
            .rposition(|b| *b == b'\n');
        let start = middle.map_or(0, |newline| newline + 1);
        let end = rest.as_bytes()[start..].iter().position(|b| *b == b'\n');
        let end = end.map_or(rest.len(), |length| start + length);
        match rest[start..end].cmp(password) {
            Ordering::Equal => return true,
            Ordering::Less => rest = rest.get(end + 1..).unwrap_or_default(),
            Ordering::Greater => rest = &rest[..start],
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use PasswordFault::*;

    use super::*;

    fn abebe() -> AboutUser<'static> {
        AboutUser {
            first_name: "Abebe",
            last_name: "Bikila",
            email: "marathon.man@example.com",
        }
    }

    #[test]
    fn the_list_is_sorted_and_every_line_is_found() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert_eq!(lines.len(), 27_579);
        assert!(lines.is_sorted());
        assert!(lines.iter().all(|line| is_common(line)));
        for unknown in ["", "!!", "password1x", "zzzzzzzzzzzzzzzz", "correct horse"] {
            assert!(!is_common(unknown), "{unknown}");
        }
    }

    #[test]
    fn weaknesses_come_together_and_in_order() {
        assert_eq!(weaknesses("1234"), [TooShort, TooCommon, EntirelyNumeric]);
        assert_eq!(weaknesses("PassWord1 "), [TooCommon]);
        assert_eq!(weaknesses("83920174650182"), [EntirelyNumeric]);
        assert_eq!(weaknesses(&"é".repeat(128)), []);
        assert_eq!(weaknesses(&"é".repeat(129)), [TooLong]);
        assert_eq!(weaknesses("ሰላም ለዓለም ሁሉ"), []);
        assert_eq!(
            faults("marathon", abebe()),
            [TooSimilar("email"), TooCommon]
        );
    }

    #[test]
    fn likeness_is_measured_as_django_measures_it() {
        // Checked against Django 5.2's UserAttributeSimilarityValidator.
        for (password, fault) in [
            ("bikila-1960", Some(TooSimilar("last name"))),
            ("bikila-19", Some(TooSimilar("last name"))),
            ("nohtaram", Some(TooSimilar("email"))),
            ("marathon.man@example.com", Some(TooSimilar("email"))),
            ("abebe123", Some(TooSimilar("first name"))),
            ("examples", Some(TooSimilar("email"))),
            ("Rome-1960-barefoot", None),
            ("commander", None),
        ] {
            assert_eq!(similarity(password, abebe()), fault, "{password}");
        }
        assert_eq!(similarity("Rome-1960", AboutUser::default()), None);
    }

    #[test]
    fn texts_are_those_of_the_contract() {
        assert_eq!(
            TooSimilar("email").to_string(),
            "The password is too similar to the email."
        );
        assert_eq!(
            TooShort.to_string(),
            "This password is too short. It must contain at least 8 characters."
        );
    }
}
