//! JSON as a request may send it: bounded nesting, and faults told in the original's words.

use serde_json::Value;

/// How deep objects and lists may stand in one another.
pub const MAX_DEPTH: usize = 16;

/// Reads a body.
///
/// # Errors
/// What is wrong with it and where, worded as Python's parser does, since clients of the original
/// may show it.
pub fn parse(text: &str) -> Result<Value, String> {
    // The depth is bounded before parsing, so that no parser recurses as deep as a client likes.
    if depth(text) > MAX_DEPTH {
        return Err(format!("Nesting deeper than {MAX_DEPTH} levels"));
    }
    serde_json::from_str(text).map_err(|error| match Scanner::new(text).document() {
        Err(fault) => fault,
        // What Python's parser takes and ours does not: lone surrogates, numbers past all bounds.
        Ok(()) => error.to_string(),
    })
}

fn depth(text: &str) -> usize {
    let (mut deepest, mut open, mut quoted, mut escaped) = (0, 0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' if !quoted => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Walks a text as Python's `json` does, only to say where it goes wrong.
struct Scanner {
    text: Vec<char>,
    at: usize,
}

type Walk = Result<(), String>;

impl Scanner {
    fn new(text: &str) -> Self {
        Self {
            text: text.chars().collect(),
            at: 0,
        }
    }

    fn document(&mut self) -> Walk {
        self.blanks();
        self.value()?;
        self.blanks();
        match self.next() {
            None => Ok(()),
            Some(_) => self.fault("Extra data", self.at),
        }
    }

    fn value(&mut self) -> Walk {
        match self.next() {
            Some('{') => self.object(),
            Some('[') => self.list(),
            Some('"') => self.string(),
            _ => self.scalar(),
        }
    }

    fn object(&mut self) -> Walk {
        self.at += 1;
        self.blanks();
        if self.take('}') {
            return Ok(());
        }
        loop {
            if self.next() != Some('"') {
                return self.fault("Expecting property name enclosed in double quotes", self.at);
            }
            self.string()?;
            self.blanks();
            if !self.take(':') {
                return self.fault("Expecting ':' delimiter", self.at);
            }
            self.blanks();
            self.value()?;
            self.blanks();
            if self.take('}') {
                return Ok(());
            }
            self.comma()?;
        }
    }

    fn list(&mut self) -> Walk {
        self.at += 1;
        self.blanks();
        if self.take(']') {
            return Ok(());
        }
        loop {
            self.value()?;
            self.blanks();
            if self.take(']') {
                return Ok(());
            }
            self.comma()?;
        }
    }

    fn comma(&mut self) -> Walk {
        if !self.take(',') {
            return self.fault("Expecting ',' delimiter", self.at);
        }
        self.blanks();
        Ok(())
    }

    fn string(&mut self) -> Walk {
        let start = self.at;
        self.at += 1;
        loop {
            match self.next() {
                None => return self.fault("Unterminated string starting at", start),
                Some('"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('\\') => self.escape(start)?,
                Some(control) if control < ' ' => {
                    return self.fault("Invalid control character at", self.at);
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self, string_start: usize) -> Walk {
        self.at += 1;
        match self.next() {
            None => self.fault("Unterminated string starting at", string_start),
            Some('u') => {
                let digits = self.text.get(self.at + 1..self.at + 5);
                if !digits.is_some_and(|digits| digits.iter().all(char::is_ascii_hexdigit)) {
                    return self.fault("Invalid \\uXXXX escape", self.at);
                }
                self.at += 5;
                Ok(())
            }
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => {
                self.at += 1;
                Ok(())
            }
            Some(_) => self.fault("Invalid \\escape", self.at - 1),
        }
    }

    fn scalar(&mut self) -> Walk {
        for word in ["true", "false", "null"] {
            if self.take_word(word) {
                return Ok(());
            }
        }
        for word in ["NaN", "Infinity", "-Infinity"] {
            if self.take_word(word) {
                return Err(format!(
                    "Out of range float values are not JSON compliant: '{word}'"
                ));
            }
        }
        let start = self.at;
        self.take('-');
        match self.next() {
            Some('0') => self.at += 1,
            Some('1'..='9') => self.digits(),
            _ => return self.fault("Expecting value", start),
        }
        if self.next() == Some('.') && self.digit_at(self.at + 1) {
            self.at += 1;
            self.digits();
        }
        if matches!(self.next(), Some('e' | 'E')) {
            let signed = matches!(self.text.get(self.at + 1), Some('+' | '-'));
            let first = self.at + 1 + usize::from(signed);
            if self.digit_at(first) {
                self.at = first;
                self.digits();
            }
        }
        Ok(())
    }

    fn digits(&mut self) {
        while self.digit_at(self.at) {
            self.at += 1;
        }
    }

    fn digit_at(&self, at: usize) -> bool {
        self.text.get(at).is_some_and(char::is_ascii_digit)
    }

    fn blanks(&mut self) {
        while matches!(self.next(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn next(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.next() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let length = word.chars().count();
        let found = self
            .text
            .get(self.at..self.at + length)
            .is_some_and(|ahead| ahead.iter().copied().eq(word.chars()));
        if found {
            self.at += length;
        }
        found
    }

    fn fault(&self, what: &str, at: usize) -> Walk {
        let before = &self.text[..at.min(self.text.len())];
        let line = before.iter().filter(|&&c| c == '\n').count() + 1;
        let column = match before.iter().rposition(|&c| c == '\n') {
            Some(newline) => at - newline,
            None => at + 1,
        };
        Err(format!("{what}: line {line} column {column} (char {at})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        parse(text).unwrap_err()
    }

    #[test]
    fn faults_are_told_as_python_tells_them() {
        let at_2 = "line 1 column 2 (char 1)";
        assert_eq!(
            fault("{bad json}"),
            format!("Expecting property name enclosed in double quotes: {at_2}")
        );
        assert_eq!(fault("nope"), "Expecting value: line 1 column 1 (char 0)");
        assert_eq!(
            fault("[1 2]"),
            "Expecting ',' delimiter: line 1 column 4 (char 3)"
        );
        assert_eq!(
            fault("{\"a\" 1}"),
            "Expecting ':' delimiter: line 1 column 6 (char 5)"
        );
        assert_eq!(fault("{} x"), "Extra data: line 1 column 4 (char 3)");
        assert_eq!(fault("01"), format!("Extra data: {at_2}"));
        assert_eq!(
            fault("{\"a\":\n \"b}"),
            "Unterminated string starting at: line 2 column 2 (char 7)"
        );
        assert_eq!(
            fault("[\"\\x\"]"),
            "Invalid \\escape: line 1 column 3 (char 2)"
        );
        assert_eq!(
            fault("[\"\\u12g4\"]"),
            "Invalid \\uXXXX escape: line 1 column 4 (char 3)"
        );
        assert_eq!(
            fault("[NaN]"),
            "Out of range float values are not JSON compliant: 'NaN'"
        );
        assert_eq!(
            fault("{\"a\": 1,}"),
            "Expecting property name enclosed in double quotes: line 1 column 9 (char 8)"
        );
    }

    #[test]
    fn nesting_is_bounded_and_brackets_in_strings_do_not_count() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(&deep(16)).is_ok());
        assert!(fault(&deep(17)).contains("16"));
        assert!(fault(&deep(100_000)).contains("16"));
        assert!(parse(&format!("[\"\\\"{}\"]", "[".repeat(40))).is_ok());
    }
}
