//! What did the departments send?
//!
//! Takes a [`Source`], gives an [`Extract`]: its files with digests, cut into chunks
//! (row groups of a Parquet file, stretches of a CSV file) that threads decode independently into a [`Chunk`] of plain
//! columns. Nothing is interpreted here beyond the physical type: text stays text, dates become days, codes written as
//! numbers become text. A file that cannot be used is an error; a bad value is not, and a row of which the text cannot
//! be told (a ragged CSV row, broken UTF-8) is set aside as a [`RowFault`].

mod all;
mod cell;
mod csv;
pub mod decoder;
pub mod describe;
mod encoding;
pub mod filled;
mod format;
mod header;
mod input;
mod lost;
mod merged;
mod parquet;
pub mod table;
mod thrift;
mod xlsx;

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};

use arrow::array::{Array, Date32Array, StringArray};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::digest;
use crate::error::{Error, Result, inert};
use crate::intake::study::{Binding, Encoding, Field, Limits, Source, Study};
use crate::privacy::personal;

pub use self::all::open_all;
pub use self::cell::{local_day, without_point};
pub use self::format::can_be_named;
use self::format::{FormatName, format_of};
pub use self::lost::LostCells;

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
    forms: Vec<Form>,
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
    /// Number of the last data row: more than there are rows where blank ones lie between them (XLSX).
    pub last_row: u64,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub digest: String,
    /// When it was last changed, as far as the system knows.
    modified: Option<std::time::SystemTime>,
}

/// Where a chunk of rows is found again: what `place` and `length` mean is up to the format of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ChunkPlace {
    file: usize,
    first_row: u64,
    rows: u64,
    place: u64,
    length: u64,
}

/// What was learnt about a file when it was opened, by format.
#[derive(Debug)]
enum Form {
    Parquet(parquet::Layout),
    /// Parquet whose footer another process has read.
    ParquetApart,
    Csv(csv::Layout),
    Xlsx(xlsx::Sheet),
}

/// What a format must know of the study.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Terms {
    limits: Limits,
    encoding: Encoding,
    /// Offset of the study's zone from UTC, in seconds.
    offset_seconds: i32,
}

impl Terms {
    fn of(study: &Study, source: &Source) -> Terms {
        let offset_seconds = study.reference.offset_seconds;
        Terms { limits: study.limits.clone(), encoding: source.encoding, offset_seconds }
    }
}

/// A file as opened by one of the formats.
struct Opened {
    /// Its flat columns, in the order of the file.
    names: Vec<String>,
    form: Form,
    chunks: Vec<ChunkPlace>,
    rows: u64,
    /// What each wanted column holds ([`cell::class`]); empty where cells have no types (CSV, XLSX).
    classes: Vec<Option<String>>,
}

/// Some consecutive rows of one file, column by column.
#[derive(Debug)]
pub struct Chunk {
    /// Index into [`Extract::files`].
    pub file: usize,
    /// Data row of the first row within its file, from 1.
    pub first_row: u64,
    /// Number of rows in the columns; rows that were set aside are not among them.
    pub rows: usize,
    /// One column per entry of [`Extract::columns`].
    pub columns: Vec<Column>,
    /// Rows that cannot be read; they are not in the columns.
    pub rejected: Vec<RowFault>,
    /// Data row within the file of each row; `None` if they are consecutive from `first_row`.
    pub row_numbers: Option<Vec<u64>>,
    /// Cells of a workbook that look empty and are not.
    pub lost: Vec<LostCells>,
}

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Data row within its file, from 1.
    pub row: u64,
    /// The column, if the fault is in one.
    pub column: Option<String>,
    /// Reason code: `ragged_row` (more or fewer fields than the header) or `undecodable_text`.
    pub reason: &'static str,
}

/// Longest text of a cell that is looked at. Of shorter ones a name or an address that is too long to be one is noted
/// and taken for none (`person`): texts of this length, compared with each other, would hold a run up.
const TEXT_BYTES_MAX: usize = 16 * 1024;

impl Chunk {
    /// Data row within its file, from 1, of a row of this chunk.
    #[must_use]
    pub fn row_number(&self, row: usize) -> u64 {
        let consecutive = self.first_row + row as u64;
        self.row_numbers.as_ref().map_or(consecutive, |numbers| numbers.get(row).copied().unwrap_or(consecutive))
    }

    /// The first column in which a row has a text longer than any name, number or address is.
    #[must_use]
    pub fn overlong(&self, row: usize) -> Option<usize> {
        let bytes = |column: &Column| match column {
            Column::Text(array) if !array.is_null(row) => usize::try_from(array.value_length(row)).unwrap_or(0),
            _ => 0,
        };
        self.columns.iter().position(|column| bytes(column) > TEXT_BYTES_MAX)
    }

    /// May one of these rows have such a text? Asked of all rows together, that costs nothing.
    #[must_use]
    pub fn has_overlong(&self, rows: Range<usize>) -> bool {
        let lengths = |ends: &[i32]| ends.windows(2).any(|two| two[1] - two[0] > TEXT_BYTES_MAX as i32);
        self.columns.iter().any(|column| match column {
            Column::Text(array) => array.value_offsets().get(rows.start..=rows.end).is_none_or(lengths),
            Column::Null | Column::Day(_) => false,
        })
    }
}

/// A column of a chunk in one of the few physical forms that matter.
#[derive(Clone)]
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
                let text = cell::trimmed(array.value(row));
                (!text.is_empty()).then_some(Cow::Borrowed(text))
            }
            Column::Day(array) => (!array.is_null(row)).then(|| Cow::Owned(cell::day_text(array.value(row)))),
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

/// Opens a source: finds its files and columns, counts rows, computes digests, plans the chunks.
///
/// # Errors
/// An input error names the file and, where it applies, the column that is missing and the nearest one there is.
pub fn open(study: &Study, source: usize) -> Result<Extract> {
    let Some(wanted) = study.sources.get(source) else {
        return Err(Error::study(format!("there is no source number {source}")).at_file(&study.file));
    };
    let columns = columns_of(wanted);
    let terms = Terms::of(study, wanted);
    let opened: Vec<Result<(ExtractFile, Opened)>> =
        wanted.files.par_iter().map(|path| open_file(&terms, path, &columns)).collect();
    let mut extract = Extract { source, files: Vec::new(), columns, rows: 0, chunks: Vec::new(), forms: Vec::new() };
    let mut first: Option<(PathBuf, Vec<Option<String>>)> = None;
    for one in opened {
        let (file, opened) = one?;
        check_classes(wanted, &extract.columns, &file.path, &opened.classes)?;
        if let Form::Xlsx(sheet) = &opened.form {
            lost::check(wanted, &extract.columns, &file.path, (&sheet.columns, &sheet.lost))?;
        }
        match &mut first {
            Some((path, known)) => agree(&extract.columns, (path, known), (&file.path, &opened.classes))?,
            None if opened.classes.is_empty() => {}
            None => first = Some((file.path.clone(), opened.classes.clone())),
        }
        // Parts without rows are alike by nature.
        let twin = extract.files.iter().find(|other| file.rows > 0 && other.digest == file.digest);
        if let Some(twin) = twin {
            let what = format!("has the same content as {}", inert(&twin.path.display().to_string()));
            return Err(Error::input(what).at_file(&file.path).hint("keep one of them in this source"));
        }
        let number = extract.files.len();
        extract.rows += opened.rows;
        extract.chunks.extend(opened.chunks.into_iter().map(|chunk| ChunkPlace { file: number, ..chunk }));
        extract.forms.push(opened.form);
        extract.files.push(file);
    }
    Ok(extract)
}

/// An ID number that was stored as a number has lost digits, leading zeros or its final X.
fn check_classes(source: &Source, columns: &[String], path: &Path, classes: &[Option<String>]) -> Result<()> {
    let is_number = |binding: &&Binding| matches!(binding.field, Field::IdNumber | Field::MotherIdNumber);
    let mut numbers = source.bindings.iter().filter(is_number).flat_map(|binding| &binding.columns);
    let class =
        |name: &String| columns.iter().position(|known| known == name).and_then(|at| classes.get(at)?.as_deref());
    match numbers.find_map(|name| class(name).filter(|class| *class != cell::TEXT).map(|class| (name, class))) {
        None => Ok(()),
        Some((name, class)) => {
            let what = format!("expected ID numbers as text, found {class}: leading zeros, final X or digits are lost");
            let error = Error::input(what).at_file(path).at_column(name);
            Err(error.hint("ask the sender to store ID numbers as text (a string column)"))
        }
    }
}

/// Files of one source must hold the same in a column: else one of them is not what it seems.
fn agree(
    columns: &[String],
    (first, known): (&Path, &mut Vec<Option<String>>),
    (path, classes): (&Path, &[Option<String>]),
) -> Result<()> {
    for ((name, known), class) in columns.iter().zip(known).zip(classes) {
        match (&*known, class) {
            (Some(known), Some(class)) if known != class => {
                let first = inert(&first.display().to_string());
                let what = format!("holds {class} here and {known} in {first}");
                let hint =
                    "files of one source must have the same columns: ask the sender, or make two sources of them";
                return Err(Error::input(what).at_file(path).at_column(name).hint(hint));
            }
            (None, _) => known.clone_from(class),
            _ => {}
        }
    }
    Ok(())
}

/// The names of the flat columns of a file, in its own order.
///
/// # Errors
/// An input error if the file cannot be used.
pub fn names(study: &Study, source: usize, path: &Path) -> Result<Vec<String>> {
    let missing = || Error::study(format!("there is no source number {source}")).at_file(&study.file);
    let source = study.sources.get(source).ok_or_else(missing)?;
    facts(path)?;
    Ok(opened(&Terms::of(study, source), format_of(path)?, path, &[])?.0.names)
}

/// The columns that a source needs: record id, those of the fields, and the one that says what a row means.
fn columns_of(source: &Source) -> Vec<String> {
    let bound = source.bindings.iter().flat_map(|binding| binding.columns.iter());
    let mut columns: Vec<String> = Vec::new();
    for column in source.record_id.iter().chain(bound).chain(source.rows.column.iter()) {
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    columns
}

fn open_file(terms: &Terms, path: &Path, columns: &[String]) -> Result<(ExtractFile, Opened)> {
    input::blame(path, open_any(terms, path, columns))
}

fn open_any(terms: &Terms, path: &Path, columns: &[String]) -> Result<(ExtractFile, Opened)> {
    let before = facts(path)?;
    let format = format_of(path)?;
    let (opened, digest) = match format {
        FormatName::Csv => opened(terms, format, path, columns)?,
        FormatName::Parquet | FormatName::Xlsx => {
            let (opened, digest) = rayon::join(|| opened(terms, format, path, columns), || digest_of(path));
            (opened?.0, digest?)
        }
    };
    if facts(path)? != before {
        return Err(changed(path));
    }
    if opened.rows > terms.limits.rows_max {
        let what = format!("has {} rows, more than the {} allowed", opened.rows, terms.limits.rows_max);
        return Err(Error::input(what).at_file(path).hint("raise `rows_max` in [limits] if this is right"));
    }
    let (rows, (bytes, modified)) = (opened.rows, before);
    let last_row = if let Form::Xlsx(sheet) = &opened.form { sheet.last_row() } else { rows };
    Ok((ExtractFile { path: path.to_path_buf(), bytes, rows, last_row, digest, modified }, opened))
}

/// Opens a file, in a process of its own where there can be one; a CSV file's digest is found on the way.
fn opened(terms: &Terms, format: FormatName, path: &Path, columns: &[String]) -> Result<(Opened, String)> {
    match decoder::pool() {
        Some(pool) => pool.open(terms, format, path, columns),
        None => opened_here(terms, format, path, columns),
    }
}

/// Like [`opened`], in this very process.
fn opened_here(terms: &Terms, format: FormatName, path: &Path, columns: &[String]) -> Result<(Opened, String)> {
    let opened = match format {
        FormatName::Csv => csv::open(terms, path, columns),
        FormatName::Parquet => parquet::open(terms, path, columns).map(|opened| (opened, String::new())),
        FormatName::Xlsx => xlsx::open(terms, path, columns).map(|opened| (opened, String::new())),
    };
    input::blame(path, opened)
}

/// Size and time of the last change of a regular file; anything else is an error.
fn facts(path: &Path) -> Result<(u64, Option<std::time::SystemTime>)> {
    let facts = std::fs::symlink_metadata(path).map_err(|error| Error::io(path, &error))?;
    if !facts.is_file() {
        let (what, hint) = match facts.file_type() {
            // A delivery could point anywhere with it.
            kind if kind.is_symlink() => ("a symbolic link", "name the file that it points to, or copy it here"),
            kind if kind.is_dir() => ("a folder", "name the files in it"),
            _ => ("a pipe or device", "write it to a file first"),
        };
        return Err(Error::input(format!("expected a file, found {what}")).at_file(path).hint(hint));
    }
    if facts.len() == 0 {
        return Err(Error::input("is empty (0 bytes)").at_file(path).hint("ask the sender for the file again"));
    }
    Ok((facts.len(), facts.modified().ok()))
}

fn changed(path: &Path) -> Error {
    Error::input("changed while it was read").at_file(path).hint("wait until the file is complete, then start again")
}

fn digest_of(path: &Path) -> Result<String> {
    let (_, digest) = digest::of_reader(&mut input::open(path)?).map_err(|error| Error::io(path, &error))?;
    Ok(digest)
}

/// Runs a decoding library; a panic in it becomes `None`.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).ok()
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
        let missing = || Error::study(format!("there is no source number {}", self.source)).at_file(&study.file);
        let source = study.sources.get(self.source).ok_or_else(missing)?;
        self.read_with(&Terms::of(study, source), chunk)
    }

    fn read_with(&self, terms: &Terms, chunk: usize) -> Result<Chunk> {
        let missing = || Error::input(format!("there is no chunk number {chunk}"));
        let place = self.chunks.get(chunk).ok_or_else(missing)?;
        let file = self.files.get(place.file).ok_or_else(missing)?;
        if facts(&file.path)? != (file.bytes, file.modified) {
            return Err(changed(&file.path));
        }
        let (path, columns) = (&file.path, self.columns.as_slice());
        let chunk = match (self.forms.get(place.file).ok_or_else(missing)?, decoder::pool()) {
            // A sheet is read as a whole when it is opened.
            (Form::Xlsx(sheet), _) => Ok(xlsx::read(sheet, place)),
            (Form::Csv(layout), Some(pool)) => pool.read(terms, Some(layout), path, place, columns),
            (Form::Csv(layout), None) => csv::read(layout, path, place, columns),
            (Form::Parquet(layout), _) => parquet::read(terms, layout, path, place, columns),
            (Form::ParquetApart, Some(pool)) => pool.read(terms, None, path, place, columns),
            (Form::ParquetApart, None) => Err(missing()),
        };
        input::blame(path, chunk)
    }
}

personal!(Column);

#[cfg(test)]
mod tests;
