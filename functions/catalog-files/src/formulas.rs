//! Cells that a spreadsheet would take for a formula, made harmless and read back.
//!
//! A product's name may come from anywhere, and a file that is exported is opened in a spreadsheet,
//! which runs what begins with `=`. An apostrophe before it makes it text; the same rule backwards
//! takes exactly that apostrophe away, so that a file goes out and in again unchanged.

use std::borrow::Cow;

const MARK: char = '\'';

/// What a spreadsheet begins a formula with, or strips before it looks.
fn begins_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// Whether a text would be read back as another one unless it is marked: a formula, or a text that
/// already looks like a marked one.
fn needs_mark(text: &str) -> bool {
    begins_formula(text.trim_start_matches(MARK))
}

/// The text as a cell that no spreadsheet runs.
pub(crate) fn inert(text: &str) -> Cow<'_, str> {
    if needs_mark(text) {
        Cow::Owned(format!("{MARK}{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that a cell stands for.
pub(crate) fn restored(cell: &str) -> &str {
    match cell.strip_prefix(MARK) {
        Some(text) if needs_mark(text) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_cell_begins_a_formula() {
        for text in ["=1+1", "@SUM(A1)", "+1", "-1", "\t=1", "\r=1", "＝1"] {
            assert!(inert(text).starts_with(MARK), "{text:?}");
        }
        assert_eq!(inert("Coffee = good"), "Coffee = good");
        assert_eq!(inert("'tis"), "'tis");
    }

    proptest! {
        #[test]
        fn every_text_is_read_back(text in "['=+@\\-\t]{0,3}.{0,8}") {
            let cell = inert(&text);
            prop_assert!(!begins_formula(&cell));
            prop_assert_eq!(restored(&cell), text.as_str());
        }
    }
}
