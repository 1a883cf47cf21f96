//! A file cut between products, each piece with the file's header, and the lines it came from.

use anyhow::{Result, ensure};

/// How many products a piece has at most.
const MAX_PRODUCTS: u64 = 200;
/// How large a piece is at most, unless one product is larger.
const MAX_BYTES: usize = 512 * 1024;

/// A part of the file that is a file of its own.
pub struct Piece {
    pub file: Vec<u8>,
    pub products: u64,
    /// The line of the whole file on which its first row stands.
    first_line: u64,
    /// How many lines the header takes.
    header_lines: u64,
}

impl Piece {
    /// The line of the whole file that a line of this piece came from.
    pub fn line_in_file(&self, line: u64) -> u64 {
        (self.first_line + line).saturating_sub(self.header_lines + 1)
    }
}

/// Where a product begins.
struct Start {
    byte: usize,
    line: u64,
}

/// Cuts a file.
pub fn cut(file: &[u8]) -> Result<Vec<Piece>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let names = reader.byte_headers()?.clone();
    let handle = names.iter().position(|name| {
        let name = name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name);
        name.trim_ascii().eq_ignore_ascii_case(b"handle")
    });
    ensure!(handle.is_some(), "the first line names no column Handle");
    let mut starts = Vec::new();
    let mut before: Option<Vec<u8>> = None;
    for record in reader.byte_records() {
        let record = record?;
        let this = handle
            .and_then(|place| record.get(place))
            .map(<[u8]>::to_vec);
        if this != before
            && let Some(position) = record.position()
        {
            // The reader takes a record to begin right after the carriage return of the one before.
            let byte = usize::try_from(position.byte())?;
            let rest = file.get(byte..).unwrap_or_default();
            let ends = rest
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            starts.push(Start {
                byte: byte + ends,
                line: position.line() + newlines(rest.get(..ends).unwrap_or_default()),
            });
        }
        before = this;
    }
    let header = file.get(..header_length(file)).unwrap_or_default();
    let mut pieces: Vec<Piece> = Vec::new();
    let header_lines = newlines(header);
    for (number, start) in starts.iter().enumerate() {
        let end = starts.get(number + 1).map_or(file.len(), |next| next.byte);
        let rows = file.get(start.byte..end).unwrap_or_default();
        let fitting = pieces.last_mut().filter(|piece| {
            piece.products < MAX_PRODUCTS && piece.file.len() + rows.len() <= MAX_BYTES
        });
        if let Some(piece) = fitting {
            piece.products += 1;
            piece.file.extend_from_slice(rows);
        } else {
            pieces.push(Piece {
                file: [header, rows].concat(),
                products: 1,
                first_line: start.line,
                header_lines,
            });
        }
    }
    Ok(pieces)
}

/// How many bytes the header takes, its end of line included.
pub fn header_length(file: &[u8]) -> usize {
    let mut is_quoted = false;
    for (place, byte) in file.iter().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => return place + 1,
            _ => {}
        }
    }
    file.len()
}

fn newlines(text: &[u8]) -> u64 {
    text.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_between_products_and_lines_are_found_again() {
        let mut file = b"\xef\xbb\xbfHandle,Title\r\n".to_vec();
        for number in 0..450 {
            let rows = format!("p{number},\"Two\nlines\"\r\np{number},\r\n");
            file.extend_from_slice(rows.as_bytes());
        }
        let pieces = cut(&file).unwrap();
        let products: Vec<u64> = pieces.iter().map(|piece| piece.products).collect();
        assert_eq!(products, [200, 200, 50]);
        let header = header_length(&file);
        let rows: Vec<u8> = pieces
            .iter()
            .flat_map(|piece| piece.file[header..].to_vec())
            .collect();
        assert!(rows == file[header..], "nothing is lost or sent twice");
        // Each product takes three lines, the header one.
        assert_eq!(pieces[0].line_in_file(2), 2);
        assert_eq!(pieces[1].line_in_file(2), 2 + 200 * 3);
        assert_eq!(pieces[1].line_in_file(5), 2 + 201 * 3);
    }

    #[test]
    fn a_large_product_is_a_piece_of_its_own() {
        let long = "x".repeat(MAX_BYTES);
        let file = format!("Handle,Title\na,A\nb,{long}\nc,C\n");
        assert_eq!(cut(file.as_bytes()).unwrap().len(), 3);
        assert!(cut(b"Name\nx\n").is_err());
    }
}
