//! What did the departments send?
//!
//! Takes a [`Source`](crate::intake::study::Source), gives an [`Extract`]: its files with digests, cut into chunks
//! (row groups of a Parquet file, stretches of a CSV file) that threads decode independently into a [`Chunk`] of plain
//! columns. Nothing is interpreted here beyond the physical type: text stays text, dates become days, codes written as
//! numbers become text. A file that cannot be used is an error; a bad value is not.

pub mod csv;
pub mod parquet;
pub mod xlsx;

use std::borrow::Cow;
use std::path::PathBuf;

use arrow::array::{Array, Date32Array, StringArray};

use crate::error::Result;
use crate::intake::study::Study;

/// A source as it is: files, chunks, row counts, digests.
#[derive(Debug)]
pub struct Extract {
    /// Index of the source in [`Study::sources`].
    pub source: usize,
    /// The files, in the order of the study.
    pub files: Vec<ExtractFile>,
    /// The columns that are read, in the order of [`Chunk::columns`].
    pub columns: Vec<String>,
    /// Rows in all files.
    pub rows: u64,
    chunks: Vec<ChunkPlace>,
}

/// One file of a source.
#[derive(Debug, Clone)]
pub struct ExtractFile {
    /// Where it is.
    pub path: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
    /// Data rows.
    pub rows: u64,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub digest: String,
}

/// Where a chunk of rows is found again.
#[derive(Debug, Clone)]
struct ChunkPlace {
    file: usize,
    first_row: u64,
    rows: u64,
    place: u64,
}

/// Some consecutive rows of one file, column by column.
#[derive(Debug)]
pub struct Chunk {
    /// Index into [`Extract::files`].
    pub file: usize,
    /// Data row of the first row within its file, from 1.
    pub first_row: u64,
    /// Number of rows.
    pub rows: usize,
    /// One column per entry of [`Extract::columns`].
    pub columns: Vec<Column>,
    pub rejected: Vec<RowFault>,
}
#[derive(Debug, Clone)]
pub struct RowFault { pub row: u64, pub column: Option<String>, pub reason: &'static str }
impl Chunk { pub fn row_number(&self, at: usize) -> u64 { self.first_row + at as u64 } }

/// A column of a chunk in one of the few physical forms that matter.
#[derive(Debug, Clone)]
pub enum Column {
    /// Nothing but nulls.
    Null,
    /// Text, or numbers written out as text.
    Text(StringArray),
    /// Days since 1970-01-01, on the study's local calendar.
    Day(Date32Array),
}

impl Column {
    /// The trimmed text of a cell; `None` if it is null or blank. A date is written `YYYY-MM-DD`.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        match self {
            Column::Null => None,
            Column::Text(array) => {
                if array.is_null(row) {
                    return None;
                }
                let text = array.value(row).trim();
                (!text.is_empty()).then_some(Cow::Borrowed(text))
            }
            Column::Day(array) => (!array.is_null(row)).then(|| Cow::Owned(day_text(array.value(row)))),
        }
    }

    /// The day of a cell of a date column; `None` if it is null or the column is text.
    #[must_use]
    pub fn day(&self, row: usize) -> Option<i32> {
        match self {
            Column::Day(array) if !array.is_null(row) => Some(array.value(row)),
            _ => None,
        }
    }
}

/// A day number as `YYYY-MM-DD` (proleptic Gregorian).
fn day_text(day: i32) -> String {
    let epoch = jiff::civil::date(1970, 1, 1);
    match epoch.checked_add(jiff::Span::new().days(i64::from(day))) {
        Ok(date) => date.to_string(),
        Err(_) => String::from("out-of-range"),
    }
}

/// Opens a source: finds its files and columns, counts rows, computes digests, plans the chunks.
///
/// # Errors
/// An input error names the file and, where it applies, the column that is missing and the nearest one there is.
pub fn open(study: &Study, source: usize) -> Result<Extract> {
    let _ = (study, source);
    unimplemented!("reader")
}

impl Extract {
    /// Number of chunks.
    #[must_use]
    pub fn chunk_count(&self) -> usize {
        self.chunks.len()
    }

    /// Decodes one chunk. Chunks may be decoded on any thread, in any order.
    ///
    /// # Errors
    /// An input error that names file and column, never a value.
    pub fn read(&self, study: &Study, chunk: usize) -> Result<Chunk> {
        let _ = (study, chunk);
        unimplemented!("reader")
    }
}
