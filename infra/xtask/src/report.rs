//! What a chore says on standard output: lines, and tables with aligned columns.

use std::io::{Write, stdout};
use std::time::Duration;

/// Prints one line. A closed pipe (`| head`) is not worth failing for.
pub fn line(text: &str) {
    let _ = writeln!(stdout().lock(), "{text}");
}

/// Prints rows under a heading, each column as wide as its widest cell. All columns
/// but the first are set to the right, because they hold figures.
pub fn table(heading: &[&str], rows: &[Vec<String>]) {
    for text in aligned(heading, rows) {
        line(&text);
    }
}

/// The same as a table of a Markdown page.
pub fn markdown(heading: &[&str], rows: &[Vec<String>]) -> String {
    let heading = format!("| {} |", heading.join(" | "));
    let rule = format!("|---{}|", "|--:".repeat(heading.matches(" | ").count()));
    let rows = rows.iter().map(|row| format!("| {} |", row.join(" | ")));
    let lines: Vec<String> = [heading, rule].into_iter().chain(rows).collect();
    lines.join("\n")
}

fn aligned(heading: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let heading: Vec<String> = heading.iter().map(|&cell| cell.to_owned()).collect();
    let mut widths: Vec<usize> = vec![0; heading.len()];
    for row in std::iter::once(&heading).chain(rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
    [&heading, &rule]
        .into_iter()
        .chain(rows)
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, &width))| {
                    if column == 0 {
                        format!("{cell:<width$}")
                    } else {
                        format!("{cell:>width$}")
                    }
                })
                .collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect()
}

/// A duration as a person says it: `0.4 s`, `12.3 s`, `3 min 05 s`.
pub fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{seconds}.{} s", duration.subsec_millis() / 100)
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

/// A size in megabytes with two decimals, in integers all the way: `2.20 MB`.
pub fn megabytes(bytes: u64) -> String {
    let hundredths = bytes.saturating_add(5_000) / 10_000;
    format!("{}.{:02} MB", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![
            vec!["fmt".to_owned(), "0.4 s".to_owned()],
            vec!["clippy".to_owned(), "12.3 s".to_owned()],
        ];
        assert_eq!(
            aligned(&["step", "time"], &rows),
            [
                "step      time",
                "------  ------",
                "fmt      0.4 s",
                "clippy  12.3 s"
            ]
        );
    }

    #[test]
    fn a_table_of_a_page_has_its_figures_on_the_right() {
        let rows = vec![vec!["cart".to_owned(), "6.4 ms".to_owned()]];
        assert_eq!(
            markdown(&["function", "median"], &rows),
            "| function | median |\n|---|--:|\n| cart | 6.4 ms |"
        );
    }

    #[test]
    fn figures_are_rounded_as_a_reader_expects() {
        assert_eq!(spoken(Duration::from_millis(449)), "0.4 s");
        assert_eq!(spoken(Duration::from_secs(185)), "3 min 05 s");
        assert_eq!(megabytes(2_199_999), "2.20 MB");
        assert_eq!(megabytes(4_999), "0.00 MB");
    }
}
