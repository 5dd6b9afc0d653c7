//! What stands in some columns of a table that is no extract?
//!
//! Takes a file of any format of extracts and the columns that are wanted, each by any of several names, gives their
//! texts, row by row. The file is trusted no more than an extract, and decoded where extracts are.

use std::path::Path;

use super::{Extract, Terms, format_of, header, open_file, opened};
use crate::error::{Error, Result};
use crate::intake::study::{Encoding, Limits};

/// The texts of the wanted columns, in the order of the file; an empty cell is an empty text.
///
/// # Errors
/// An input error that names the file, and the column that is missing or the row that cannot be read.
pub fn texts<const COLUMNS: usize>(path: &Path, wanted: [&[&str]; COLUMNS]) -> Result<Vec<[String; COLUMNS]>> {
    let terms = Terms { limits: Limits::default(), encoding: Encoding::Detect, offset_seconds: 0 };
    super::facts(path)?;
    let present = opened(&terms, format_of(path)?, path, &[])?.0.names;
    let mut columns = Vec::with_capacity(COLUMNS);
    for accepted in wanted {
        let found =
            accepted.iter().find_map(|name| present.iter().find(|other| header::normal(other) == header::normal(name)));
        let missing = || Error::input(format!("expected a column `{}`", accepted.join("` or `"))).at_file(path);
        columns.push(found.ok_or_else(missing)?.clone());
    }
    let (file, opened) = open_file(&terms, path, &columns)?;
    let (rows, chunks, forms) = (opened.rows, opened.chunks, vec![opened.form]);
    let extract = Extract { source: 0, files: vec![file], columns, rows, chunks, forms };
    let mut texts = Vec::new();
    for chunk in 0..extract.chunk_count() {
        let chunk = extract.read_with(&terms, chunk)?;
        if let Some(fault) = chunk.rejected.first() {
            let what = "this row has too many or too few fields, or is no text";
            return Err(Error::input(what).at_file(path).at_row(fault.row));
        }
        let text = |column: usize, row: usize| chunk.columns.get(column).and_then(|column| column.text(row));
        let cells = |row| std::array::from_fn(|column| text(column, row).unwrap_or_default().into_owned());
        texts.extend((0..chunk.rows).map(cells));
    }
    Ok(texts)
}
