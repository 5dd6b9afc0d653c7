//! What do the named columns of a small table hold?
//!
//! Takes a CSV table (UTF-8) that a study names, gives its rows, one by one, with the wanted columns in their order.
//! Every row must be right: one that is left out in silence would be worse than none.

use std::path::{Path, PathBuf};

use csv::ByteRecord;

use super::text_rows::TextRows;
use crate::digest;
use crate::error::{Error, Result};

/// Largest table, in bytes.
const BYTES_MAX: u64 = 1 << 30;

/// A table that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFile {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Its rows, without the heading.
    pub rows: u64,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub digest: String,
}

/// What tables of one kind are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form<const COLUMNS: usize> {
    /// What it is a table of.
    pub of: &'static str,
    /// What writes such a table.
    pub written_by: &'static str,
    /// The columns, in any order among others.
    pub columns: [&'static str; COLUMNS],
    /// So many of them, from the first on, must be there and filled in.
    pub needed: usize,
}

/// What is wrong with a row: the column, and what was expected.
pub(super) type Wrong = (&'static str, &'static str);

/// An error at a row of a table (as a spreadsheet counts them).
#[must_use]
pub fn wrong(path: &Path, row: u64, column: &str, what: &str) -> Error {
    Error::input(what).at_file(path).at_row(row).at_column(column)
}

/// Reads a table; `take` makes something of each row, as a spreadsheet counts it, and its cells.
///
/// # Errors
/// With file, row and column, if the table is not what is expected.
pub(super) fn read<const COLUMNS: usize, T>(
    path: &Path,
    form: Form<COLUMNS>,
    take: impl Fn(u64, [&str; COLUMNS]) -> std::result::Result<T, Wrong>,
) -> Result<(TableFile, Vec<T>)> {
    let io = |error: std::io::Error| Error::io(path, &error);
    if std::fs::metadata(path).map_err(io)?.len() > BYTES_MAX {
        return Err(Error::input(format!("is too large for a table of {}", form.of)).at_file(path));
    }
    let bytes = std::fs::read(path).map_err(io)?;
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let (mut records, mut record) = (TextRows::of(text, b','), ByteRecord::new());
    let mut next = |record: &mut ByteRecord| records.next(record).map_err(|error| error.at_file(path));
    next(&mut record)?;
    let mut positions = [None; COLUMNS];
    for (number, (name, at)) in form.columns.iter().zip(&mut positions).enumerate() {
        let missing = || {
            let error = Error::input("the column is missing").at_file(path).at_column(*name);
            error.hint(format!("{} writes a table of {}", form.written_by, form.of))
        };
        *at = record.iter().position(|cell| cell == name.as_bytes());
        if at.is_none() && number < form.needed {
            return Err(missing());
        }
    }
    let mut rows = Vec::new();
    while let Some(row) = next(&mut record)? {
        let mut cells = [""; COLUMNS];
        for (number, ((cell, at), column)) in cells.iter_mut().zip(positions).zip(form.columns).enumerate() {
            let bytes = at.and_then(|at| record.get(at)).unwrap_or_default();
            let text = std::str::from_utf8(bytes).ok().map(str::trim);
            *cell = text
                .filter(|text| !text.is_empty() || number >= form.needed)
                .ok_or_else(|| wrong(path, row, column, "expected UTF-8 text, found nothing or other bytes"))?;
        }
        rows.push(take(row, cells).map_err(|(column, what)| wrong(path, row, column, what))?);
    }
    let (digest, count) = (digest::of(&bytes), rows.len() as u64);
    Ok((TableFile { path: path.to_path_buf(), bytes: bytes.len() as u64, rows: count, digest }, rows))
}
