//! Slugs: the names of categories and products in URLs, made from what people call them.

use deunicode::deunicode;

/// The most characters of a slug.
pub const MAX_LENGTH: usize = 50;

/// How many numbers are tried behind a slug that is taken.
const MAX_NUMBER: usize = 30;

/// Whether a text consists of what slugs are made of: letters, digits, underscores, hyphens.
pub fn is_slug(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// A slug for a name in any script: its sound in Latin letters, in lower case, and a hyphen for
/// whatever is neither letter nor digit. At most [`MAX_LENGTH`] of `a-z`, `0-9` and `-`, not at the
/// ends; empty for a name without a sound.
pub fn make(name: &str) -> String {
    let mut slug = String::new();
    for letter in deunicode(name).chars().map(|c| c.to_ascii_lowercase()) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if letter == '\'' {
            // Part of a word: `Men's` is `mens`.
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    cut(&slug, MAX_LENGTH).to_owned()
}

/// What may stand for a slug that is taken, in the order in which it is to be tried: the slug itself,
/// then with `-2`, `-3` and so on, and in the end with `unique`, which nobody else has.
pub fn alternatives(slug: &str, unique: &str) -> impl Iterator<Item = String> {
    let numbers = (2..=MAX_NUMBER).map(|number| number.to_string());
    let endings = numbers.chain([make(unique)]);
    std::iter::once(slug.to_owned()).chain(endings.map(move |ending| joined(slug, &ending)))
}

/// A slug with an ending, shortened so that both fit.
fn joined(slug: &str, ending: &str) -> String {
    let room = MAX_LENGTH.saturating_sub(ending.len() + 1);
    format!("{}-{ending}", cut(slug, room))
}

/// At most so many characters of a slug, which are all ASCII, without a hyphen at the end.
fn cut(slug: &str, length: usize) -> &str {
    let end = slug.len().min(length);
    slug.get(..end).unwrap_or(slug).trim_end_matches('-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_many_scripts_become_slugs() {
        for (name, slug) in [
            ("Phones", "phones"),
            ("  Men's  Shoes & Boots!  ", "mens-shoes-boots"),
            ("Café Crème", "cafe-creme"),
            ("ሞባይል ስልኮች", "mobaayele-selekoce"),
            ("ልብስ", "lebese"),
            ("መጽሐፍት 2", "matsehhafete-2"),
            ("Телефоны", "telefony"),
            ("手机", "shou-ji"),
            ("A/B_C", "a-b-c"),
            ("", ""),
            ("!?…", ""),
        ] {
            assert_eq!(make(name), slug, "{name}");
        }
    }

    #[test]
    fn a_taken_slug_is_numbered_and_then_made_unique() {
        let all: Vec<_> = alternatives("phones", "0ABC").collect();
        assert_eq!(all[..3], ["phones", "phones-2", "phones-3"]);
        assert_eq!(all.last().unwrap(), "phones-0abc");
        let long = make(&"word ".repeat(40));
        assert!(long.ends_with("word") && long.len() <= MAX_LENGTH, "{long}");
        for alternative in alternatives(&long, "0ABC") {
            assert!(alternative.len() <= MAX_LENGTH, "{alternative}");
            assert!(!alternative.contains("--"), "{alternative}");
        }
    }

    proptest! {
        #[test]
        fn a_slug_is_short_and_plain_whatever_the_name(name in ".{0,80}") {
            let slug = make(&name);
            prop_assert!(slug.len() <= MAX_LENGTH);
            prop_assert!(slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            prop_assert!(!slug.starts_with('-') && !slug.ends_with('-') && !slug.contains("--"));
            prop_assert_eq!(make(&slug), slug, "a slug is its own slug");
        }
    }
}
