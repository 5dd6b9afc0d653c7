//! How is a CSV file of unknown dialect read in stretches?
//!
//! Takes a file and the wanted columns, gives its [`Layout`] (delimiter, encoding, positions of columns) and chunks
//! that are stretches of bytes between two records, so that memory stays bounded and threads can share a file. One
//! pass when the file is opened finds the records, tells the encoding and computes the digest:
//!
//! 1. the delimiter is the one of `,` `;` tab `|` that stands most often in the header, outside quotation marks;
//! 2. the encoding is the declared one; else UTF-8 if there is a byte-order mark or if the non-ASCII text is mostly
//!    valid UTF-8; else GB18030, unless it is clearly one of the encodings of one byte for each character, of which
//!    nobody can tell which one: such a file is refused until one is declared;
//! 3. a record with more or fewer fields than the header, or with bytes that are no text, is set aside by its number;
//! 4. a file that ends in the middle of its last record was cut off, and is refused.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use ::csv::{ByteRecord, ReaderBuilder};
use arrow::array::{Array, StringBuilder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::encoding::{TextCount, decoded, decoded_as_far_as_it_goes, ends_within_character, has_second_bytes};
use super::input::{self, Input};
use super::{Chunk, ChunkPlace, Column, Form, Opened, RowFault, Terms, header};
use crate::digest::hex;
use crate::error::{Error, Result};
use crate::intake::study::Encoding;
use crate::intake::text_rows::{Ids, is_well_quoted};

/// Most rows of one chunk.
const CHUNK_ROWS: u64 = 65_536;

/// Bytes after which a chunk ends even if it has few rows.
const CHUNK_BYTES: u64 = 32 << 20;

/// Longest record, in bytes: beyond it a quotation mark was not closed.
const RECORD_BYTES_MAX: u64 = 16 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What was learnt about a CSV file when it was opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Layout {
    delimiter: u8,
    /// Never [`Encoding::Detect`].
    encoding: Encoding,
    fields: usize,
    /// The field of a record for each wanted column.
    positions: Vec<usize>,
}

/// Finds records, encoding and columns; gives the file's digest, too.
pub(super) fn open(terms: &Terms, path: &Path, wanted: &[String]) -> Result<(Opened, String)> {
    let io = |error: std::io::Error| Error::io(path, &error);
    let mut start = Vec::new();
    input::open(path)?.take(1 << 20).read_to_end(&mut start).map_err(io)?;
    let has_mark = start.starts_with(BYTE_ORDER_MARK);
    let skipped = if has_mark { BYTE_ORDER_MARK.len() as u64 } else { 0 };
    let delimiter = delimiter_of(start.get(skipped as usize..).unwrap_or_default());
    let scan = scan(terms, path, delimiter, skipped)?;
    let encoding = encoding_of(terms, path, has_mark, &scan.text)?;
    let names = scan.header.iter().map(|name| decoded(name, encoding).map(Cow::into_owned));
    let Some(names) = names.collect::<Option<Vec<String>>>() else {
        let what = format!("the header is not {} text", encoding.name());
        return Err(Error::input(what).at_file(path).at_row(1).hint(set_encoding()));
    };
    let positions = header::locate(path, wanted, &names)?;
    if let (Some(last), rows @ 1..) = (raw(path, scan.last), scan.rows)
        && let Some(hint) = cut_off(&last, delimiter, encoding, names.len())
    {
        let error = Error::input("the file ends in the middle of a row").at_file(path).at_row(rows);
        return Err(error.hint(hint));
    }
    let form = Form::Csv(Layout { delimiter, encoding, fields: names.len(), positions });
    Ok((Opened { names, form, chunks: scan.chunks, rows: scan.rows, classes: Vec::new() }, scan.digest))
}

/// The encoding that is declared, or that the text shows.
fn encoding_of(terms: &Terms, path: &Path, has_mark: bool, text: &TextCount) -> Result<Encoding> {
    let refused = |what: String| Err(Error::input(what).at_file(path).hint(set_encoding()));
    let misdeclared = |name: &str| refused(format!("is not {name}, as the study file says"));
    match terms.encoding {
        Encoding::Utf8 if text.is_hardly_utf8() => {
            misdeclared("UTF-8").map_err(|error| error.at_row(text.first_invalid_line))
        }
        Encoding::Utf8 => Ok(Encoding::Utf8),
        Encoding::Detect if has_mark || text.is_mostly_utf8() => Ok(Encoding::Utf8),
        Encoding::Detect if text.is_of_single_bytes() && text.is_utf8_but_for_a_few() => Ok(Encoding::Utf8),
        Encoding::Detect if text.is_of_single_bytes() => {
            let what = "is neither UTF-8 nor GB18030: its accented letters are single bytes, which mean other letters \
                        in each encoding";
            refused(what.to_owned()).map_err(|error| error.at_row(text.first_invalid_line))
        }
        Encoding::Detect => Ok(Encoding::Gb18030),
        // Read in such an encoding, every text would be another one.
        declared if has_mark || text.is_surely_utf8() => misdeclared(declared.name()),
        declared if has_second_bytes(declared) && text.is_surely_of_single_bytes() => misdeclared(declared.name()),
        declared => Ok(declared),
    }
}

fn set_encoding() -> String {
    let names = Encoding::names().join(", ");
    format!("save the file as UTF-8, or set `encoding` of this source to one of: {names}")
}

/// The most frequent of the usual delimiters in the first line, outside quotation marks.
fn delimiter_of(start: &[u8]) -> u8 {
    const DELIMITERS: [u8; 4] = *b",;\t|";
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for byte in start {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            other => {
                let known = DELIMITERS.iter().zip(&mut counts).filter(|(delimiter, _)| *delimiter == other);
                known.for_each(|(_, count)| *count += 1);
            }
        }
    }
    // The first of equals: a comma unless another one is more frequent.
    let best = DELIMITERS.iter().zip(counts).rev().max_by_key(|(_, count)| *count);
    best.map_or(b',', |(delimiter, _)| *delimiter)
}

fn reader_of<R: Read>(reader: R, delimiter: u8) -> ::csv::Reader<R> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter).buffer_capacity(1 << 18).from_reader(reader)
}

/// What one pass over the file finds.
struct Scan {
    header: ByteRecord,
    chunks: Vec<ChunkPlace>,
    rows: u64,
    /// Where the last record begins and ends.
    last: (u64, u64),
    digest: String,
    text: TextCount,
}

fn scan(terms: &Terms, path: &Path, delimiter: u8, skipped: u64) -> Result<Scan> {
    let file = input::open(path)?;
    let record_start = Rc::new(Cell::new(0));
    let watched = Watched {
        file,
        digest: Sha256::new(),
        text: TextCount::default(),
        skip: skipped,
        passed: 0,
        record_start: Rc::clone(&record_start),
    };
    let mut reader = reader_of(watched, delimiter);
    let mut header = ByteRecord::new();
    let mut rows = 0_u64;
    let explain = |error: ::csv::Error, row: u64| explained(path, error, row);
    if !reader.read_byte_record(&mut header).map_err(|error| explain(error, 0))? {
        return Err(Error::input("has no header").at_file(path).hint("the first line must hold the column names"));
    }
    let mut chunks: Vec<ChunkPlace> = Vec::new();
    let mut record = ByteRecord::new();
    let mut chunk_start = (1_u64, reader.position().byte());
    let close = |chunks: &mut Vec<ChunkPlace>, start: (u64, u64), rows: u64, end: u64| {
        let (first_row, from) = start;
        let place = from + skipped;
        if rows >= first_row {
            chunks.push(ChunkPlace { file: 0, first_row, rows: rows + 1 - first_row, place, length: end - from });
        }
    };
    let mut ids = Ids::default();
    let mut last = (0, 0);
    loop {
        let start = reader.position().byte();
        record_start.set(start);
        if !reader.read_byte_record(&mut record).map_err(|error| explain(error, rows + 1))? {
            break;
        }
        rows += 1;
        let place = (start + skipped, reader.position().byte() + skipped);
        last = place;
        if let Some(lines) = ids.rows_within(&record, header.len(), delimiter)
            && (lines.are_alike() || !raw(path, place).is_some_and(|raw| is_well_quoted(&raw, delimiter)))
        {
            let hint = "a quotation mark is opened here and not closed before the next rows; ask the sender to mend it";
            return Err(Error::input("a field of this row holds whole rows").at_file(path).at_row(rows).hint(hint));
        }
        if rows > terms.limits.rows_max {
            let what = format!("has more than the {} rows allowed", terms.limits.rows_max);
            return Err(Error::input(what).at_file(path).hint("raise `rows_max` in [limits] if this is right"));
        }
        let end = reader.position().byte();
        if rows + 1 - chunk_start.0 == CHUNK_ROWS || end - chunk_start.1 >= CHUNK_BYTES {
            close(&mut chunks, chunk_start, rows, end);
            chunk_start = (rows + 1, end);
        }
    }
    close(&mut chunks, chunk_start, rows, reader.position().byte());
    let watched = reader.into_inner();
    Ok(Scan { header, chunks, rows, last, digest: hex(&watched.digest.finalize()), text: watched.text })
}

/// Is the last record of a file only the beginning of one? If so, what to do. Without its last line end alone a file
/// is whole; so is one behind whose rows blanks stand, or the sign by which old systems end a file.
fn cut_off(last: &[u8], delimiter: u8, encoding: Encoding, fields: usize) -> Option<&'static str> {
    const END_OF_FILE: u8 = 0x1a;
    let text = decoded_as_far_as_it_goes(last, encoding);
    // A row put behind it is within its quotation marks, or one by itself.
    let probe = format!("{text}\nx");
    let mut reader = reader_of(probe.as_bytes(), delimiter);
    let mut record = ByteRecord::new();
    let has_record = reader.read_byte_record(&mut record).is_ok_and(|read| read);
    let is_short = has_record && record.len() < fields;
    if has_record && !reader.read_byte_record(&mut record).is_ok_and(|read| read) {
        return Some(
            "ask the sender for the file again; if it is whole, a quotation mark is opened in this row and not closed",
        );
    }
    let is_ended = last.ends_with(b"\n") || last.ends_with(b"\r") || last.ends_with(&[END_OF_FILE]);
    let is_cut = !is_ended && !text.trim().is_empty() && (is_short || ends_within_character(last, encoding));
    is_cut.then_some("ask the sender for the file again; if it is whole, its last line is no row: remove it")
}

/// The bytes of a record.
fn raw(path: &Path, (from, to): (u64, u64)) -> Option<Vec<u8>> {
    let mut file = input::open(path).ok()?;
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut raw = Vec::new();
    file.take(to - from).read_to_end(&mut raw).ok()?;
    Some(raw)
}

fn explained(path: &Path, error: ::csv::Error, row: u64) -> Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            let what = format!("this row is longer than {} MiB", RECORD_BYTES_MAX >> 20);
            let hint = "a quotation mark is opened here and not closed; ask the sender to mend it";
            Error::input(what).at_file(path).at_row(row).hint(hint)
        }
        ::csv::ErrorKind::Io(error) => Error::io(path, &error),
        _ => Error::input("cannot be read as CSV").at_file(path).at_row(row),
    }
}

/// The file while it is scanned: digest and encoding are found on the way, and a record without end is stopped.
struct Watched {
    file: Input,
    digest: Sha256,
    text: TextCount,
    skip: u64,
    passed: u64,
    record_start: Rc<Cell<u64>>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.skip > 0 {
            let mut mark = [0; 3];
            let few = usize::try_from(self.skip).unwrap_or(0).min(mark.len());
            let count = self.file.read(mark.get_mut(..few).unwrap_or_default())?;
            self.digest.update(mark.get(..count).unwrap_or_default());
            self.skip = if count == 0 { 0 } else { self.skip - count as u64 };
        }
        if self.passed.saturating_sub(self.record_start.get()) > RECORD_BYTES_MAX {
            return Err(std::io::Error::from(std::io::ErrorKind::InvalidData));
        }
        let count = self.file.read(buffer)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        self.digest.update(bytes);
        self.text.add(bytes);
        self.passed += count as u64;
        Ok(count)
    }
}

/// Reads one stretch of records.
pub(super) fn read(layout: &Layout, path: &Path, place: &ChunkPlace, wanted: &[String]) -> Result<Chunk> {
    let io = |error: std::io::Error| Error::io(path, &error);
    let mut file = input::open(path)?;
    file.seek(SeekFrom::Start(place.place)).map_err(io)?;
    let (bytes, encoding) = unambiguous(layout, file.take(place.length)).map_err(io)?;
    let mut reader = reader_of(bytes, layout.delimiter);
    let rows = usize::try_from(place.rows).unwrap_or(0);
    let mut builders: Vec<StringBuilder> =
        wanted.iter().map(|_| StringBuilder::with_capacity(rows, rows * 8)).collect();
    let mut rejected = Vec::new();
    let mut numbers = Vec::with_capacity(rows);
    let mut record = ByteRecord::new();
    let mut row = place.first_row;
    while reader.read_byte_record(&mut record).map_err(|error| explained(path, error, row))? {
        match fault_of(layout, encoding, &record, wanted) {
            Some((column, reason)) => rejected.push(RowFault { row, column, reason }),
            None => {
                append(layout, encoding, &record, &mut builders);
                numbers.push(row);
            }
        }
        row += 1;
    }
    if row != place.first_row + place.rows {
        return Err(super::changed(path));
    }
    let columns = builders.into_iter().map(column_of).collect();
    let row_numbers = (!rejected.is_empty()).then(|| numbers.clone());
    let (file, first_row, rows) = (place.file, place.first_row, numbers.len());
    Ok(Chunk { file, first_row, rows, columns, rejected, row_numbers, lost: Vec::new() })
}

/// The bytes of a chunk and their encoding. In some, `|` may be the second byte of a character: such a file is turned
/// into UTF-8 before it is split into fields.
fn unambiguous(layout: &Layout, mut bytes: std::io::Take<Input>) -> std::io::Result<(Box<dyn Read>, Encoding)> {
    if !(has_second_bytes(layout.encoding) && layout.delimiter == b'|') {
        return Ok((Box::new(bytes), layout.encoding));
    }
    let mut raw = Vec::new();
    bytes.read_to_end(&mut raw)?;
    let text = decoded_as_far_as_it_goes(&raw, layout.encoding).into_owned();
    Ok((Box::new(std::io::Cursor::new(text)), Encoding::Utf8))
}

fn column_of(mut builder: StringBuilder) -> Column {
    let text = builder.finish();
    if text.null_count() == text.len() { Column::Null } else { Column::Text(text) }
}

/// Why a record cannot be read: it is ragged, or a wanted field is no text.
fn fault_of(
    layout: &Layout,
    encoding: Encoding,
    record: &ByteRecord,
    wanted: &[String],
) -> Option<(Option<String>, &'static str)> {
    // Empty fields at the end, as spreadsheets leave them, are no fault.
    let surplus = record.iter().skip(layout.fields).any(|field| !field.is_empty());
    if record.len() < layout.fields || surplus {
        return Some((None, "ragged_row"));
    }
    for (name, position) in wanted.iter().zip(&layout.positions) {
        let bytes = record.get(*position).unwrap_or_default();
        // Of what was turned into UTF-8 before, signs of replacement tell what was no text.
        let was_turned = encoding != layout.encoding;
        let is_text = decoded(bytes, encoding).is_some_and(|text| !was_turned || !text.contains('\u{fffd}'));
        if !is_text {
            return Some((Some(name.clone()), "undecodable_text"));
        }
    }
    None
}

fn append(layout: &Layout, encoding: Encoding, record: &ByteRecord, builders: &mut [StringBuilder]) {
    for (builder, position) in builders.iter_mut().zip(&layout.positions) {
        let bytes = record.get(*position).unwrap_or_default();
        if bytes.is_empty() {
            builder.append_null();
        } else {
            builder.append_option(decoded(bytes, encoding));
        }
    }
}
