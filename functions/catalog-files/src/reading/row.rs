//! Rows of a file, their cells by the names of their columns.

use std::{collections::HashMap, rc::Rc};

use domain::stock::MAX_UNITS;

use crate::{
    columns::{Column, HANDLE, PRICE, TITLE},
    formulas::restored,
    goods::Problem,
};

/// Why a file is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// The first line lacks columns that every file has.
    #[error("The first line has to name the columns; {0} is missing.")]
    NoColumn(&'static str),
    /// Nothing is in it.
    #[error("The file is empty.")]
    Empty,
}

/// Where each column stands.
type Places = Rc<HashMap<String, usize>>;

/// A row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) line: u64,
    cells: csv::StringRecord,
    places: Places,
}

/// All rows of a file; a row that cannot be read is a problem.
#[derive(Debug)]
pub(crate) struct Rows(Vec<Result<Row, Problem>>);

impl Row {
    /// What a cell says, without space around it; nothing where it is blank or the column missing.
    pub(super) fn text(&self, column: Column) -> Option<&str> {
        self.raw(column)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// What a cell says, as it stands there.
    pub(super) fn raw(&self, column: Column) -> Option<&str> {
        let place = self.places.get(&column.0.to_lowercase())?;
        self.cells.get(*place).map(restored)
    }
}

impl Rows {
    /// Reads a file: UTF-8, commas, quotes as in RFC 4180.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub(crate) fn of(file: &[u8]) -> Result<Rows, Unreadable> {
        let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        let header = reader.byte_headers().map_err(|_| Unreadable::Empty)?;
        if header.is_empty() {
            return Err(Unreadable::Empty);
        }
        let mut places = HashMap::new();
        for (place, name) in header.iter().enumerate() {
            let name = String::from_utf8_lossy(name).trim().to_lowercase();
            places.entry(name).or_insert(place);
        }
        for column in [HANDLE, TITLE, PRICE] {
            if !places.contains_key(&column.0.to_lowercase()) {
                return Err(Unreadable::NoColumn(column.0));
            }
        }
        let places = Rc::new(places);
        let rows = reader
            .byte_records()
            .map(|record| row(file, record, &places));
        Ok(Rows(rows.collect()))
    }

    /// Rows that follow each other with one handle, together.
    pub(super) fn by_handle(self) -> Vec<Result<Vec<Row>, Vec<Problem>>> {
        let mut groups: Vec<Result<Vec<Row>, Vec<Problem>>> = Vec::new();
        for row in self.0 {
            match row {
                Err(problem) => groups.push(Err(vec![problem])),
                Ok(row) => {
                    let handle = row.text(HANDLE).map(str::to_owned);
                    match groups.last_mut() {
                        Some(Ok(group))
                            if group.last().and_then(|last| last.text(HANDLE))
                                == handle.as_deref() =>
                        {
                            group.push(row);
                        }
                        _ => groups.push(Ok(vec![row])),
                    }
                }
            }
        }
        groups
    }
}

fn row(file: &[u8], record: csv::Result<csv::ByteRecord>, places: &Places) -> Result<Row, Problem> {
    let refuse = |line, message: &str| Problem {
        line,
        handle: None,
        column: HANDLE.0,
        message: message.to_owned(),
    };
    let record = record.map_err(|error| {
        let line = error
            .position()
            .map_or(0, |position| line_at(file, position));
        refuse(line, "The row cannot be read.")
    })?;
    let line = record
        .position()
        .map_or(0, |position| line_at(file, position));
    let cells = csv::StringRecord::from_byte_record(record)
        .map_err(|_| refuse(line, "The row is not UTF-8."))?;
    let row = Row {
        line,
        cells,
        places: Rc::clone(places),
    };
    match row.text(HANDLE) {
        Some(_) => Ok(row),
        None => Err(refuse(line, "This field is required.")),
    }
}

/// The line on which a record begins. The reader takes it to begin right after the carriage return of
/// the one before, which is still on that one's line.
fn line_at(file: &[u8], position: &csv::Position) -> u64 {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = file.get(start..).unwrap_or_default();
    let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + ends.map(|byte| u64::from(*byte == b'\n')).sum::<u64>()
}

/// `TRUE` or `false`.
pub(super) fn boolean(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err("Must be a valid boolean."),
    }
}

/// A whole number of something, from 0 on: `12`, and `12.0` as spreadsheets make of it.
pub(super) fn units(text: &str) -> Result<u32, &'static str> {
    let whole = match text.split_once('.') {
        Some((whole, places)) if places.bytes().all(|digit| digit == b'0') => whole,
        Some(_) => return Err("A valid integer is required."),
        None => text,
    };
    let number: i64 = whole.parse().map_err(|_| "A valid integer is required.")?;
    if number < 0 {
        return Err("Ensure this value is greater than or equal to 0.");
    }
    u32::try_from(number)
        .ok()
        .filter(|number| *number <= MAX_UNITS)
        .ok_or("Ensure this value is less than or equal to 2147483647.")
}

/// Units in stock. Shopify counts below zero what it sold without having it: that is nothing.
pub(super) fn stock(text: &str) -> Result<u32, &'static str> {
    match text.strip_prefix('-') {
        Some(below) => units(below).map(|_| 0),
        None => units(text),
    }
}
