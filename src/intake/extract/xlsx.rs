//! How is an XLSX workbook read without trusting it?
//!
//! Takes a file and the wanted columns, gives the rows of its only sheet with content. Two tiny files can make a reader
//! ask for hundreds of gigabytes (a sheet with cells in two far corners; a table of texts that declares thousands of
//! millions of entries), so:
//!
//! 1. the archive is looked through first: number of entries, real sizes after inflation, the declared number of
//!    shared texts against the bytes there are;
//! 2. cells are streamed; no grid is built;
//! 3. the first row with any cell is the header; rows without any cell are not data;
//! 4. what is merged downwards holds for each of its rows ([`merged`]);
//! 5. cells whose value was lost are read as empty ones, and told of ([`lost`]).

use std::io::{BufReader, Read};
use std::path::Path;

use arrow::array::{Array, Date32Array, Date32Builder, StringArray, StringBuilder};
use calamine::{DataRef, ExcelDateTime, Reader, Xlsx};

use super::input::{self, Input};
use super::lost::{Loss, LostCells};
use super::{Chunk, ChunkPlace, Column, Form, Opened, Terms, cell, guarded, header, lost, merged};
use crate::error::{Error, Result};

/// Most rows of one chunk.
const CHUNK_ROWS: usize = 65_536;

/// Most entries of the archive.
const ENTRIES_MAX: usize = 1_000;

/// Largest content of the archive after inflation, in bytes.
const INFLATED_BYTES_MAX: u64 = 512 << 20;

/// Content up to this size may be compressed to any degree.
const INFLATED_BYTES_HARMLESS: u64 = 64 << 20;

/// Beyond that, the content may be so many times the size of the file.
const INFLATION_MAX: u64 = 100;

/// Sheets that a message names at most.
const SHEETS_SHOWN: usize = 8;

/// Bytes of the smallest shared text, `<si/>`.
const SHARED_TEXT_BYTES_MIN: u64 = 5;

/// Most columns whose header is read.
const COLUMNS_MAX: u32 = 16_384;

/// The sheet of a workbook that has content, column by column.
#[derive(Debug)]
pub(super) struct Sheet {
    /// The wanted columns.
    pub(super) columns: Vec<Column>,
    /// Data row of each row, counted from the header; blank rows leave gaps.
    pub(super) numbers: Vec<u64>,
    /// Cells that look empty and are not.
    pub(super) lost: Vec<LostCells>,
}

impl Sheet {
    /// Number of the last data row.
    pub(super) fn last_row(&self) -> u64 {
        self.numbers.last().copied().unwrap_or(0)
    }
}

/// Checks the archive and reads the sheet with content.
pub(super) fn open(terms: &Terms, path: &Path, wanted: &[String]) -> Result<Opened> {
    inspect(path)?;
    let (sheet, names) = match guarded(|| sheet_of(terms, path, wanted)) {
        Some(sheet) => sheet?,
        None => return Err(damaged(path)),
    };
    let rows = sheet.numbers.len();
    let starts = (0..rows).step_by(CHUNK_ROWS);
    let chunks = starts.map(|start| {
        let first_row = sheet.numbers.get(start).copied().unwrap_or(1);
        let count = CHUNK_ROWS.min(rows - start) as u64;
        ChunkPlace { file: 0, first_row, rows: count, place: start as u64, length: count }
    });
    let names = names.into_iter().filter(|name| !name.is_empty()).collect();
    let chunks: Vec<ChunkPlace> = chunks.collect();
    Ok(Opened { names, chunks, rows: rows as u64, form: Form::Xlsx(sheet), classes: Vec::new() })
}

/// Some rows of the sheet.
pub(super) fn read(sheet: &Sheet, place: &ChunkPlace) -> Chunk {
    let start = usize::try_from(place.place).unwrap_or(0);
    let end = sheet.numbers.len().min(start + usize::try_from(place.rows).unwrap_or(0));
    let rows = end.saturating_sub(start);
    let slice = |column: &Column| match column {
        Column::Null => Column::Null,
        Column::Text(array) => Column::Text(array.slice(start, rows)),
        Column::Day(array) => Column::Day(array.slice(start, rows)),
    };
    let numbers = sheet.numbers.get(start..end).unwrap_or_default();
    // Rows in which all is lost belong to the chunk before.
    let from = if start == 0 { 1 } else { place.first_row };
    let to = sheet.numbers.get(end).map_or(u64::MAX, |next| next - 1);
    let consecutive = numbers.last().is_none_or(|last| *last + 1 == place.first_row + rows as u64);
    Chunk {
        file: place.file,
        first_row: place.first_row,
        rows,
        columns: sheet.columns.iter().map(slice).collect(),
        rejected: Vec::new(),
        row_numbers: (!consecutive).then(|| numbers.to_vec()),
        lost: sheet.lost.iter().filter_map(|cells| cells.within((from, to))).collect(),
    }
}

fn damaged(path: &Path) -> Error {
    Error::input("this workbook cannot be read").at_file(path).hint("save it again as .xlsx, or send CSV or Parquet")
}

fn too_large(path: &Path, what: impl Into<String>) -> Error {
    Error::input(what).at_file(path).hint("send such an amount of data as Parquet or CSV")
}

/// Looks through the archive before anything is loaded from it.
pub(super) fn inspect(path: &Path) -> Result<()> {
    let file = input::open(path)?;
    let file_bytes = file.size();
    let opened = guarded(|| zip::ZipArchive::new(BufReader::new(file)));
    let Some(Ok(mut archive)) = opened else { return Err(damaged(path)) };
    if archive.len() > ENTRIES_MAX {
        return Err(too_large(path, format!("has more than {ENTRIES_MAX} parts")));
    }
    let most = INFLATED_BYTES_MAX.min(INFLATED_BYTES_HARMLESS.max(file_bytes.saturating_mul(INFLATION_MAX)));
    let mut left = most;
    let (mut has_workbook, mut is_open_document) = (false, false);
    for index in 0..archive.len() {
        let Some(Ok(entry)) = guarded(|| archive.by_index(index)) else { return Err(damaged(path)) };
        let name = entry.name().map_err(|_| damaged(path))?.to_lowercase();
        has_workbook |= name == "xl/workbook.xml";
        is_open_document |= name == "content.xml";
        if name.ends_with("vbaproject.bin") {
            let error = Error::input("contains macros").at_file(path);
            return Err(error.hint("save it as a workbook without macros (.xlsx)"));
        }
        let (inflated, declared_texts) = inflate(entry, left).ok_or_else(|| damaged(path))?;
        left = left
            .checked_sub(inflated)
            .filter(|left| *left > 0)
            .ok_or_else(|| too_large(path, format!("is larger than {} MiB when it is unpacked", most >> 20)))?;
        if declared_texts.is_some_and(|count| count > inflated / SHARED_TEXT_BYTES_MIN) {
            return Err(damaged(path));
        }
    }
    if has_workbook {
        return Ok(());
    }
    let what = if is_open_document { "is an OpenDocument sheet (.ods)" } else { "is no XLSX workbook" };
    Err(Error::input(what).at_file(path).hint("open it and save it as .xlsx, or send CSV"))
}

/// The real size of an entry, read to at most `most` bytes, and the number of shared texts that it declares.
fn inflate(mut entry: impl Read, most: u64) -> Option<(u64, Option<u64>)> {
    guarded(move || {
        let mut start = Vec::new();
        let mut head = (&mut entry).take(4096.min(most));
        head.read_to_end(&mut start).ok()?;
        let read = start.len() as u64;
        let rest = std::io::copy(&mut entry.take(most - read), &mut std::io::sink()).ok()?;
        Some((read + rest, declared_texts(&start)))
    })?
}

/// The number after `uniqueCount=` in the head of a table of shared texts.
fn declared_texts(start: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(start);
    let (_, after) = text.split_once("uniqueCount")?;
    let digits: String = after.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    // More digits than a number can have are more than any file has bytes.
    Some(digits.parse().unwrap_or(u64::MAX))
}

fn sheet_of(terms: &Terms, path: &Path, wanted: &[String]) -> Result<(Sheet, Vec<String>)> {
    let mut workbook = Xlsx::new(BufReader::new(input::open(path)?)).map_err(|_| damaged(path))?;
    let sheet = &the_filled_sheet(path, &mut workbook)?;
    let mut cells = workbook.worksheet_cells_reader(sheet).map_err(|_| damaged(path))?;
    // Asked again after its end, the stream would complain.
    let mut ended = false;
    let mut next = || {
        let cell = if ended { None } else { cells.next_cell_with_formula_metadata().map_err(|_| damaged(path))? };
        ended = cell.is_none();
        Ok(cell)
    };
    let mut names: Vec<String> = Vec::new();
    let mut header_row = None;
    let mut pending = None;
    while let Some(cell) = next()? {
        let (row, column) = cell.pos;
        if matches!(cell.value, DataRef::Empty) || column >= COLUMNS_MAX {
            continue;
        }
        if *header_row.get_or_insert(row) != row {
            pending = Some(cell);
            break;
        }
        let column = column as usize;
        names.resize(names.len().max(column + 1), String::new());
        if let (Some(name), Some(value)) = (names.get_mut(column), value_of(&cell.value)) {
            *name = value.text();
        }
    }
    let Some(header_row) = header_row else { return Err(empty(path)) };
    let positions = match header::locate(path, wanted, &names) {
        Ok(positions) => positions,
        Err(error) => {
            drop(cells);
            // Of a title alone there is nothing to unmerge.
            let is_title = names.iter().filter(|name| !name.is_empty()).count() < 2;
            let regions = workbook.merge_cells_by_sheet_name(sheet).unwrap_or_default();
            let merged = merged::of_header(path, &regions, header_row).filter(|_| !is_title);
            return Err(merged.unwrap_or(error));
        }
    };
    let mut rows = Rows::new(&positions);
    while let Some(cell) = pending.take().map_or_else(&mut next, |cell| Ok(Some(cell)))? {
        let (row, column) = cell.pos;
        let number = u64::from(row).checked_sub(u64::from(header_row)).filter(|number| *number > 0);
        if let Some(value) = value_of(&cell.value) {
            rows.put(number.ok_or_else(|| damaged(path))?, column as usize, value).ok_or_else(|| damaged(path))?;
        } else if let (Some(number), Some(loss)) = (number, loss_of(&cell.value, cell.formula.is_some())) {
            rows.lose(number, column as usize, loss);
        }
        if rows.numbers.len() as u64 > terms.limits.rows_max {
            return Err(too_large(path, format!("has more than the {} rows allowed", terms.limits.rows_max)));
        }
    }
    rows.finish_row();
    drop(cells);
    // They stand behind the rows: the sheet is gone through once more.
    let regions = if wanted.is_empty() { Ok(Vec::new()) } else { workbook.merge_cells_by_sheet_name(sheet) };
    let regions = regions.map_err(|_| damaged(path))?;
    let stretches = merged::stretches(path, &regions, header_row, &positions, wanted)?;
    let columns = rows.columns.into_iter().map(Builder::finish);
    let filled = |(column, stretches)| merged::filled(column, &rows.numbers, stretches);
    let columns = columns.zip(&stretches).map(filled).collect();
    Ok((Sheet { columns, numbers: rows.numbers, lost: rows.lost }, names))
}

/// The only sheet with content. Where there are several the rows of the others would be left out in silence: an
/// explanation looks like persons without column names.
fn the_filled_sheet(path: &Path, workbook: &mut Xlsx<BufReader<Input>>) -> Result<String> {
    let mut filled: Vec<(usize, String)> = Vec::new();
    for (at, name) in workbook.sheet_names().into_iter().enumerate() {
        let mut cells = match workbook.worksheet_cells_reader(&name) {
            Ok(cells) => cells,
            Err(_) if at == 0 => return Err(damaged(path)),
            // A chart is a sheet, too, and has no cells.
            Err(_) => continue,
        };
        while let Some(cell) = cells.next_cell().map_err(|_| damaged(path))? {
            if value_of(cell.get_value()).is_some() {
                filled.push((at + 1, name));
                break;
            }
        }
    }
    match filled.len() {
        0 => Err(empty(path)),
        1 => Ok(filled.remove(0).1),
        _ => {
            // By their places: a sheet may be called like a household.
            let places: Vec<String> = filled.iter().take(SHEETS_SHOWN).map(|(place, _)| place.to_string()).collect();
            let more = if filled.len() > SHEETS_SHOWN { " …" } else { "" };
            let error =
                Error::input(format!("has more than one sheet with content: sheets {}{more}", places.join(", ")));
            let hint = "keep the sheet of the rows alone in the workbook: remove explanations and lists of codes, and save \
                        rows of other sheets as files of their own";
            Err(error.at_file(path).hint(hint))
        }
    }
}

fn empty(path: &Path) -> Error {
    Error::input("is empty: no sheet has any content").at_file(path).hint("put column names and rows on a sheet")
}

/// A cell's value in one of the two forms that matter.
enum Value {
    Text(String),
    Day(i32),
}

impl Value {
    fn text(&self) -> String {
        match self {
            Value::Text(text) => text.clone(),
            Value::Day(day) => cell::day_text(*day),
        }
    }
}

/// A cell's value as text; a date is written `YYYY-MM-DD`.
pub(super) fn text_of(value: &DataRef<'_>) -> Option<String> {
    value_of(value).map(|value| value.text())
}

fn value_of(value: &DataRef<'_>) -> Option<Value> {
    let text = match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => cell::number_text(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(date) => return Some(date_of(date)),
        // `#N/A` and its like stand for a value that is not known.
        DataRef::Error(_) | DataRef::Empty => return None,
    };
    (!text.is_empty()).then_some(Value::Text(text))
}

/// How a cell without a value lost it; `None` of an empty one. A formula may come to an empty text.
fn loss_of(value: &DataRef<'_>, is_formula: bool) -> Option<Loss> {
    match value {
        DataRef::Error(_) => Some(Loss::Error),
        DataRef::Empty if is_formula => Some(Loss::Formula),
        _ => None,
    }
}

fn date_of(date: &ExcelDateTime) -> Value {
    if !date.is_datetime() {
        return Value::Text(cell::number_text(date.as_f64()));
    }
    let (year, month, day, ..) = date.to_ymd_hms_milli();
    let parts = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
    let civil = match parts {
        (Ok(year), Ok(month), Ok(day)) => jiff::civil::Date::new(year, month, day).ok(),
        _ => None,
    };
    let epoch = jiff::civil::date(1970, 1, 1);
    let days = civil.map(|civil| civil.duration_since(epoch).as_secs().div_euclid(86_400));
    match days.and_then(|days| i32::try_from(days).ok()) {
        Some(day) => Value::Day(day),
        // The 29th of February 1900, which only spreadsheets know.
        None => Value::Text(format!("{year:04}-{month:02}-{day:02}")),
    }
}

/// The rows as they come from the stream.
struct Rows {
    /// For each column of the sheet, the wanted columns that it serves.
    wanted: Vec<Vec<usize>>,
    columns: Vec<Builder>,
    numbers: Vec<u64>,
    lost: Vec<LostCells>,
}

impl Rows {
    fn new(positions: &[usize]) -> Rows {
        let width = positions.iter().max().map_or(0, |most| most + 1);
        let mut wanted = vec![Vec::new(); width];
        for (index, position) in positions.iter().enumerate() {
            if let Some(served) = wanted.get_mut(*position) {
                served.push(index);
            }
        }
        let columns = positions.iter().map(|_| Builder::default()).collect();
        Rows { wanted, columns, numbers: Vec::new(), lost: Vec::new() }
    }

    /// Puts a value into a row; `None` if rows do not come in order.
    fn put(&mut self, number: u64, column: usize, value: Value) -> Option<()> {
        match self.numbers.last() {
            Some(last) if *last == number => {}
            Some(last) if *last > number => return None,
            _ => {
                self.finish_row();
                self.numbers.push(number);
            }
        }
        let rows = self.numbers.len();
        for index in self.wanted.get(column).into_iter().flatten() {
            self.columns.get_mut(*index)?.put(rows, &value);
        }
        Some(())
    }

    /// Keeps in mind that a cell has lost its value.
    fn lose(&mut self, number: u64, column: usize, loss: Loss) {
        for index in self.wanted.get(column).into_iter().flatten() {
            lost::add(&mut self.lost, *index, loss, number);
        }
    }

    /// Every column gets a null where the current row has no cell.
    fn finish_row(&mut self) {
        let rows = self.numbers.len();
        self.columns.iter_mut().for_each(|column| column.fill(rows));
    }
}

/// A column that is one of days until a text turns up.
#[derive(Default)]
struct Builder {
    text: StringBuilder,
    days: Date32Builder,
    has_text: bool,
    rows: usize,
}

impl Builder {
    fn put(&mut self, rows: usize, value: &Value) {
        self.fill(rows.saturating_sub(1));
        if self.rows + 1 != rows {
            return; // A second value for the same cell.
        }
        match value {
            Value::Text(text) => {
                self.has_text = true;
                self.text.append_value(text);
                self.days.append_null();
            }
            Value::Day(day) => {
                self.text.append_value(cell::day_text(*day));
                self.days.append_value(*day);
            }
        }
        self.rows = rows;
    }

    fn fill(&mut self, rows: usize) {
        while self.rows < rows {
            self.text.append_null();
            self.days.append_null();
            self.rows += 1;
        }
    }

    fn finish(mut self) -> Column {
        let text: StringArray = self.text.finish();
        let days: Date32Array = self.days.finish();
        match (text.null_count() == text.len(), self.has_text) {
            (true, _) => Column::Null,
            (false, true) => Column::Text(text),
            (false, false) => Column::Day(days),
        }
    }
}
