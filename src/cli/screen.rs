//! How does a result come onto the screen?
//!
//! [`show`] writes to stdout; a reader that has seen enough (`| head`) ends the output, not the program. [`Table`]
//! aligns columns by the width that a terminal gives to characters: Han characters are two columns wide.

use std::io::{ErrorKind, Write, stderr, stdout};
use std::path::Path;

use crate::error::{Error, Kind, Result, inert};

/// Writes a result to stdout.
///
/// # Errors
/// An environment error if stdout cannot be written to, unless its reader has gone away.
pub(super) fn show(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(Kind::Environment, "the result cannot be written to stdout"))
        }
        _ => Ok(()),
    }
}

/// Writes a result as one JSON document.
///
/// # Errors
/// As [`show`].
pub(super) fn show_json(value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|_| Error::new(Kind::Environment, "the result cannot be written as JSON"))?;
    show(&(text + "\n"))
}

/// A file as it was named, as far as that does a terminal no harm.
pub(super) fn named(file: &Path) -> String {
    inert(&file.display().to_string())
}

/// Writes a line to stderr; if that fails there is nobody to tell.
pub(super) fn complain(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

/// Rows of cells under a heading; the first column is text and aligned left, the others right unless said so.
#[derive(Debug, Default)]
pub(super) struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
    left: Vec<usize>,
}

impl Table {
    pub(super) fn new(heading: &[&str]) -> Table {
        let heading = heading.iter().map(|&cell| cell.to_owned()).collect();
        Table { heading, rows: Vec::new(), left: vec![0] }
    }

    /// Aligns this column left, too.
    pub(super) fn left(mut self, column: usize) -> Table {
        self.left.push(column);
        self
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines, with two spaces between columns.
    pub(super) fn text(&self) -> String {
        let all = || std::iter::once(&self.heading).chain(&self.rows);
        let columns = all().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|at| all().filter_map(|row| row.get(at)).map(|cell| width(cell)).max().unwrap_or(0))
            .collect();
        let mut text = String::new();
        for row in all() {
            let mut line = String::new();
            for (at, (cell, wide)) in row.iter().zip(&widths).enumerate() {
                let space = " ".repeat(wide - width(cell).min(*wide));
                let gap = if at == 0 { "" } else { "  " };
                line += gap;
                if self.left.contains(&at) {
                    line += cell;
                    line += &space;
                } else {
                    line += &space;
                    line += cell;
                }
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }
}

/// Columns of a terminal that a text takes.
fn width(text: &str) -> usize {
    let is_wide = |character: char| {
        matches!(u32::from(character), 0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3
            | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x20000..=0x3fffd)
    };
    text.chars().map(|character| if is_wide(character) { 2 } else { 1 }).sum()
}

/// A whole number with separators: `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 pair`, `2 pairs`.
pub(super) fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A share with five decimals, or a dash if there is none.
pub(super) fn share(share: Option<f64>) -> String {
    share.map_or_else(|| String::from("-"), |share| format!("{share:.5}"))
}

/// Part of a whole in per cent, or a dash if there is no whole.
pub(super) fn per_cent(part: u64, whole: u64) -> String {
    if whole == 0 { String::from("-") } else { format!("{:.2}%", 100.0 * part as f64 / whole as f64) }
}

#[cfg(test)]
mod tests {
    use super::{Table, count, counted, per_cent, width};

    #[test]
    fn columns_are_aligned_by_width_on_a_terminal() {
        let mut table = Table::new(&["source", "rows"]);
        table.row(vec![String::from("公安"), String::from("7")]);
        table.row(vec![String::from("health"), String::from("1,000")]);
        assert_eq!(table.text(), "source   rows\n公安        7\nhealth  1,000\n");
        assert_eq!(width("坐落a"), 5);
    }

    #[test]
    fn numbers_are_easy_to_read() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), expected);
        }
        assert_eq!(
            ["0 pairs", "1 pair", "1,000 pairs"],
            [0, 1, 1000].map(|number| counted(number, "pair")).each_ref().map(String::as_str)
        );
        assert_eq!(per_cent(1, 3), "33.33%");
        assert_eq!(per_cent(0, 0), "-");
    }
}
