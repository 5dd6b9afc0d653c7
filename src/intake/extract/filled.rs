//! What stands in a form that people filled in?
//!
//! Takes a small workbook or text table that went through other hands (saved again by another program, columns moved,
//! rows sorted, notes added), gives its sheets as rows of texts with the row numbers that a spreadsheet shows. Nothing
//! is looked for here; the archive is looked through before it is opened, as everywhere.

use std::io::{BufReader, Read};
use std::path::Path;

use calamine::{DataRef, Dimensions, Reader, Xlsx};
use csv::ByteRecord;
use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::decoder::{self, Reply, Request, Work};
use super::{guarded, input, xlsx};
use crate::error::{Error, Result};
use crate::intake::text_rows::TextRows;
use crate::privacy::personal;

/// Largest file, in bytes.
const BYTES_MAX: u64 = 64 << 20;
/// Most rows of a sheet.
const ROWS_MAX: usize = 200_000;
/// Most columns.
const COLUMNS_MAX: u32 = 256;
/// Longest text of a cell, in characters. Of a longer one a character more is given: whoever reads it must say so.
pub const CELL_CHARACTERS_MAX: usize = 4_000;

/// What stands for a formula of which the file has no value.
pub const NOT_COMPUTED: &str = "=?";

/// Lines of a text table in which its delimiter is looked for, below whatever titles.
const TITLE_LINES_MAX: usize = 40;

/// A sheet as texts.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilledSheet {
    /// Its name; empty for a text table.
    pub name: String,
    /// Row number as a spreadsheet shows it, and the cells; rows without any text are left out.
    pub rows: Vec<(u64, Vec<String>)>,
    /// Cells that were merged with those below them, of which the file has the first alone.
    pub merged: Vec<Merged>,
    /// Why it could not be read any further.
    pub fault: Option<Error>,
}

/// A cell of a sheet that reaches over several rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The column, from 0; of a cell over several columns the first, in which its text stands.
    pub column: usize,
    /// The first row and the last, as a spreadsheet shows them.
    pub rows: [u64; 2],
}

impl FilledSheet {
    /// Writes merged cells of a column into all rows that they reach over, from a row on: that is what somebody sees
    /// who looks at the sheet. A row that has a text of its own there keeps it.
    pub fn fill_down(&mut self, column: usize, from: u64) {
        let mut merged: Vec<[u64; 2]> = self
            .merged
            .iter()
            .filter(|merged| merged.column == column && merged.rows[0] >= from)
            .map(|merged| merged.rows)
            .collect();
        merged.sort_unstable();
        let mut next = merged.into_iter().peekable();
        // The merged cell that the row is in, and its text.
        let mut current: Option<([u64; 2], String)> = None;
        for (number, cells) in &mut self.rows {
            while let Some(rows) = next.next_if(|rows| rows[0] <= *number) {
                let text =
                    if rows[0] == *number { cells.get(column).cloned().unwrap_or_default() } else { String::new() };
                current = Some((rows, text));
            }
            let Some((rows, text)) = &current else { continue };
            if *number > rows[1] || text.is_empty() || cells.get(column).is_some_and(|cell| !cell.is_empty()) {
                continue;
            }
            cells.resize(cells.len().max(column + 1), String::new());
            cells[column].clone_from(text);
        }
    }
}

/// Reads all sheets of a workbook (.xlsx), or a text table (.csv, .txt; UTF-8, UTF-16 or GB18030; comma, semicolon or
/// tab): of the latter a sheet for each delimiter that may be its own, as only the heading tells which is.
///
/// # Errors
/// If the file is of another form, damaged, protected by a password, or far too large for a list.
pub fn sheets(path: &Path) -> Result<Vec<FilledSheet>> {
    // A pipe would be waited for without end.
    if std::fs::metadata(path).is_ok_and(|facts| !facts.is_file()) {
        let error = Error::input("expected a file, found a folder, a pipe or a device").at_file(path);
        return Err(error.hint("name the filled list itself"));
    }
    let Some(pool) = decoder::pool() else { return read(path) };
    match pool.ask(Request { path: path.to_path_buf(), work: Work::Fill })? {
        Reply::Filled(sheets) => Ok(sheets),
        _ => Err(decoder::nonsense(path)),
    }
}

/// Fails if one of the sheets with the heading that is looked for could not be read to its end, or where none has that
/// heading, any sheet: what stands behind would be missing without a word.
///
/// # Errors
/// The first fault.
pub fn check_read(sheets: &[FilledSheet], headed: &[&FilledSheet]) -> Result<()> {
    let fault = match headed {
        [] => sheets.iter().find_map(|sheet| sheet.fault.clone()),
        headed => headed.iter().find_map(|sheet| sheet.fault.clone()),
    };
    fault.map_or(Ok(()), Err)
}

/// Like [`sheets`], in this very process.
pub(super) fn read(path: &Path) -> Result<Vec<FilledSheet>> {
    input::blame(path, read_any(path))
}

fn read_any(path: &Path) -> Result<Vec<FilledSheet>> {
    let mut file = input::open(path)?;
    if file.size() > BYTES_MAX {
        return Err(Error::input("is far larger than a list can be").at_file(path).hint("send the list itself"));
    }
    let mut start = [0u8; 8];
    let length = file.read(&mut start).map_err(|error| Error::io(path, &error))?;
    match start.get(..length).unwrap_or_default() {
        [] => Err(Error::input("is empty").at_file(path).hint("save the list again")),
        [b'P', b'K', ..] => workbook(path),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            let error = Error::input("is an old .xls workbook, or one with a password").at_file(path);
            Err(error.hint("save it as .xlsx without a password"))
        }
        [b'%', b'P', b'D', b'F', ..] => {
            Err(Error::input("is a PDF").at_file(path).hint("send the workbook (.xlsx) or a .csv"))
        }
        _ => text_table(path),
    }
}

fn workbook(path: &Path) -> Result<Vec<FilledSheet>> {
    xlsx::inspect(path)?;
    guarded(|| read_workbook(path)).unwrap_or_else(|| Err(damaged(path)))
}

fn damaged(path: &Path) -> Error {
    Error::input("this workbook cannot be read").at_file(path).hint("open it, save it again as .xlsx, or send a .csv")
}

fn read_workbook(path: &Path) -> Result<Vec<FilledSheet>> {
    let mut workbook = Xlsx::new(BufReader::new(input::open(path)?)).map_err(|_| damaged(path))?;
    let mut sheets = Vec::new();
    for name in workbook.sheet_names() {
        // A chart is a sheet, too, and has no cells.
        let Ok(mut cells) = workbook.worksheet_cells_reader(&name) else { continue };
        let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
        let mut without_value: FxHashSet<(u32, u32)> = FxHashSet::default();
        while let Some(cell) = cells.next_cell().map_err(|_| damaged(path))? {
            let (row, column) = cell.get_position();
            if matches!(cell.get_value(), DataRef::Empty) {
                without_value.insert((row, column));
            }
            let text = match cell.get_value() {
                DataRef::Error(_) => String::from("#?"),
                value => xlsx::text_of(value).unwrap_or_default(),
            };
            if column >= COLUMNS_MAX || text.trim().is_empty() {
                continue;
            }
            let number = u64::from(row) + 1;
            if rows.last().is_none_or(|(last, _)| *last != number) {
                if rows.len() >= ROWS_MAX {
                    return Err(Error::input("has more rows than a list can have").at_file(path));
                }
                rows.push((number, Vec::new()));
            }
            if let Some((_, cells)) = rows.last_mut() {
                let column = column as usize;
                cells.resize(cells.len().max(column + 1), String::new());
                cells[column] = shortened(&text);
            }
        }
        drop(cells);
        let mut sheet = FilledSheet { name, rows, ..FilledSheet::default() };
        if !without_value.is_empty() {
            mark_formulas(&mut workbook, &mut sheet, &without_value);
        }
        sheets.push(sheet);
    }
    for sheet in &mut sheets {
        let merged = workbook.merge_cells_by_sheet_name(&sheet.name).map_err(|_| damaged(path))?;
        let reaching = merged.iter().filter(|of| of.end.0 > of.start.0 && of.start.1 < COLUMNS_MAX);
        let of = |of: &Dimensions| Merged {
            column: of.start.1 as usize,
            rows: [u64::from(of.start.0) + 1, u64::from(of.end.0) + 1],
        };
        sheet.merged = reaching.take(ROWS_MAX).map(of).collect();
    }
    Ok(sheets)
}

/// Programs that write formulas need not compute them: such a cell is not an empty one. In rows without any text nobody
/// looks for them.
fn mark_formulas(
    workbook: &mut Xlsx<BufReader<input::Input>>,
    sheet: &mut FilledSheet,
    without_value: &FxHashSet<(u32, u32)>,
) {
    let Ok(mut cells) = workbook.worksheet_cells_reader(&sheet.name) else { return };
    while let Ok(Some(cell)) = cells.next_formula() {
        let (row, column) = cell.get_position();
        if cell.get_value().is_empty() || column >= COLUMNS_MAX || !without_value.contains(&(row, column)) {
            continue;
        }
        if let Ok(at) = sheet.rows.binary_search_by_key(&(u64::from(row) + 1), |(number, _)| *number) {
            let (cells, column) = (&mut sheet.rows[at].1, column as usize);
            cells.resize(cells.len().max(column + 1), String::new());
            NOT_COMPUTED.clone_into(&mut cells[column]);
        }
    }
}

fn shortened(text: &str) -> String {
    text.trim().chars().take(CELL_CHARACTERS_MAX + 1).collect()
}

fn text_table(path: &Path) -> Result<Vec<FilledSheet>> {
    let bytes = input::open(path)?.read_all().map_err(|error| Error::io(path, &error))?;
    let text = decoded(&bytes).ok_or_else(|| {
        let error = Error::input("is neither a workbook nor text in UTF-8 or GB18030").at_file(path);
        error.hint("send the workbook (.xlsx), or save it as CSV UTF-8")
    })?;
    Ok(readings(&text, path))
}

/// A text table by each delimiter that may be its own, the likeliest first. A title above may hold no delimiter, or
/// another one: only who knows the heading that is looked for can tell, and a wrong guess need not be a table at all.
fn readings(text: &str, path: &Path) -> Vec<FilledSheet> {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let is_in_lines = |mark: char| text.lines().filter(|line| line.contains(mark)).nth(1).is_some();
    let mut delimiters = [',', '\t', ';'];
    delimiters.sort_by_key(|mark| std::cmp::Reverse((is_in_lines(*mark), first.matches(*mark).count())));
    let [likeliest, others @ ..] = delimiters;
    let is_there = |mark: &char| text.lines().take(TITLE_LINES_MAX).any(|line| line.contains(*mark));
    std::iter::once(likeliest).chain(others.into_iter().filter(is_there)).map(|mark| cut(text, mark, path)).collect()
}

fn cut(text: &str, delimiter: char, path: &Path) -> FilledSheet {
    let mut records = TextRows::of(text.as_bytes(), delimiter as u8);
    let mut sheet = FilledSheet::default();
    sheet.fault = add_rows(&mut records, &mut sheet.rows).err().map(|error| error.at_file(path));
    sheet
}

fn add_rows(records: &mut TextRows<'_>, rows: &mut Vec<(u64, Vec<String>)>) -> Result<()> {
    let mut record = ByteRecord::new();
    while let Some(row) = records.next(&mut record)? {
        let fields = record.iter().take(COLUMNS_MAX as usize);
        let cells: Vec<String> = fields.map(|field| shortened(&String::from_utf8_lossy(field))).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push((row, cells));
        }
        if rows.len() > ROWS_MAX {
            return Err(Error::input("has more rows than a list can have"));
        }
    }
    Ok(())
}

/// The text of a file in one of the encodings that offices use; `None` if it is none of them.
fn decoded(bytes: &[u8]) -> Option<String> {
    let (encoding, rest) = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => return std::str::from_utf8(rest).ok().map(str::to_owned),
        [0xff, 0xfe, rest @ ..] => (UTF_16LE, rest),
        [0xfe, 0xff, rest @ ..] => (UTF_16BE, rest),
        rest => match std::str::from_utf8(rest) {
            Ok(text) => return (!text.contains('\0')).then(|| text.to_owned()),
            Err(_) => (GB18030, rest),
        },
    };
    let text = encoding.decode_without_bom_handling_and_without_replacement(rest)?;
    (!text.contains('\0')).then(|| text.into_owned())
}

personal!(FilledSheet);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{FilledSheet, check_read, readings};

    #[test]
    fn a_title_does_not_decide_how_a_table_is_cut() {
        for (text, row, width) in [
            ("编号,结果\na,1\n", 0, 2),
            ("第三小组\n编号,结果\na,1\n", 1, 2),
            ("第三小组,十二月,补\n编号;结果\na;1\n", 1, 2),
            ("Team 3; December\n编号\t结果\t备注\n", 1, 3),
        ] {
            let sheets = readings(text, Path::new("list.csv"));
            let headed: Vec<_> = sheets.iter().filter(|sheet| sheet.rows[row].1[0] == "编号").collect();
            assert_eq!((headed.len(), headed[0].rows[row].1.len()), (1, width), "{text}");
        }
    }

    #[test]
    fn a_fault_of_the_table_is_told_and_one_of_a_wrong_guess_is_not() {
        let open = "编号;结果;备注\nA1;1;\"x\nA2;2;y\nA3;3;z\n";
        let titled = format!("第三小组,十二月,补\n{open}");
        let unheaded = titled.replace("编号", "号");
        let inches = "编号;结果;备注\nA1;1;a,\"x\nA2;2;b,y\nA3;3;c,z\n";
        for (text, row) in [(open, Some(2)), (&titled, Some(3)), (&unheaded, Some(3)), (inches, None)] {
            let sheets = readings(text, Path::new("list.csv"));
            let is_headed = |sheet: &&FilledSheet| sheet.rows.iter().any(|(_, cells)| cells[0] == "编号");
            let headed: Vec<&FilledSheet> = sheets.iter().filter(is_headed).collect();
            let fault = check_read(&sheets, &headed).err().map(|error| error.to_string());
            let told = row.map(|row| format!("list.csv:{row}: a quotation mark is opened in this row"));
            assert_eq!(fault.is_some(), told.is_some(), "{text}");
            assert!(fault.unwrap_or_default().starts_with(&told.unwrap_or_default()), "{text}");
        }
    }
}
