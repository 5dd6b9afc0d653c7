//! What did a team bring back?
//!
//! Takes a filled list, gives visits for the store and the rows that cannot be used, each with its reason. Columns are
//! found by their headings, rows by their case numbers, so that columns may be moved, rows sorted and notes added;
//! every sheet that is a list counts.
//!
//! Steps: 1. [`read`] finds the sheets and their columns; 2. each row is read by itself (`row`); 3. two rows about one
//! case must not contradict each other, on whatever sheets they stand; 4. [`take_back`] notes the good rows and lists
//! the others.

mod clock;
mod cover;
mod heading;
mod month;
mod role;
mod row;
mod torn;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rust_xlsxwriter::utility::column_number_to_name;
use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, Format, FormatAlign, FormatBorder, Workbook, XlsxError,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::decision::{self, Waiting};
use super::store::{Store, StoredCase, Visit};
use super::{FOLDER, held};
use crate::audit::log::NOBODY_NAMED;
use crate::audit::{manifest, vouched};
use crate::error::{Error, Kind, Result};
use crate::intake::extract::filled::{self, FilledSheet};
use crate::intake::study::Language;
use crate::outcome::report::cases::CaseRow;
use crate::outcome::report::follow_up;
use crate::outcome::report::words::{Words, words};
use crate::outcome::report::workbook::{self, A4, footer, height, line_count};
use crate::outcome::visit::Outcome;
use crate::privacy::personal;
use crate::whole_file;
use cover::{Cover, cover};
use heading::{Heading, Twice};
pub(super) use row::normal;
use row::{COLUMNS, FILLED_IN, OUTCOME, Row};
use torn::Torn;

/// Where a row stands in the file that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// Which of the file's lists it is on, from 0.
    pub list: usize,
    /// Row as the spreadsheet shows it.
    pub row: u64,
}

/// A row that cannot be used.
#[derive(Clone, PartialEq, Eq)]
pub struct WrongRow {
    /// Where it stands.
    pub spot: Spot,
    /// The column at fault.
    pub column: Words,
    /// The place of its cell, if the column has no heading.
    pub cell: Option<usize>,
    /// What is wrong and what was expected.
    pub reason: Words,
    /// The row as it came back.
    pub cells: Vec<String>,
}

impl WrongRow {
    /// The column at fault, for people: one without a heading by its letters.
    fn at_fault(&self, language: Language) -> String {
        let column = self.column.of(language);
        let letters = |cell: usize| column_number_to_name(u16::try_from(cell).unwrap_or(u16::MAX));
        self.cell.map_or_else(|| column.to_owned(), |cell| format!("{column} {}", letters(cell)))
    }
}

/// What a filled list said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Returned {
    /// Good rows.
    pub visits: Vec<(Spot, Visit)>,
    /// Rows that were not filled in.
    pub blank: u64,
    /// Rows that cannot be used.
    pub wrong: Vec<WrongRow>,
    /// The sheets that are lists: name and heading.
    pub lists: Vec<(String, Vec<String>)>,
    /// Lists that lack columns.
    pub incomplete: Vec<Incomplete>,
    /// The team on the cover, as covers name it; empty if none does.
    pub team: String,
    /// Does a row ask a supervisor, or the cover name one?
    pub asks_supervisor: bool,
    /// Is there a column of what is asked?
    pub says_what_is_asked: bool,
}

/// A list that lacks columns: what they hold was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// Which of the file's lists it is, from 0.
    pub list: usize,
    /// The columns that are not there.
    pub missing: Vec<Words>,
    /// Headings that nobody knows, as they may be shown: perhaps a missing column was given another.
    pub unknown: Vec<String>,
}

impl Returned {
    /// Where a row is, for people: the sheet is named only if there are several lists in the file.
    #[must_use]
    pub fn place(&self, spot: Spot) -> String {
        match self.sheet(spot.list) {
            Some(sheet) => format!("{sheet}, row {}", spot.row),
            None => format!("row {}", spot.row),
        }
    }

    /// Which sheet a list is, for people; nothing if it is the only list.
    fn sheet(&self, list: usize) -> Option<String> {
        // A name that somebody typed: control characters and escapes stay inert.
        let several = self.lists.get(list).filter(|_| self.lists.len() > 1);
        several.map(|(sheet, _)| format!("sheet {}", sheet.escape_debug()))
    }
}

/// What taking a file back did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenBack {
    /// Good rows.
    pub good: u64,
    /// Good rows that were not known yet.
    pub new: u64,
    /// Rows that were not filled in.
    pub blank: u64,
    /// Rows that cannot be used: where, the column at fault, and why.
    pub wrong: Vec<(String, String, Words)>,
    /// Lists that lack columns, each with its sheet if the file has several lists.
    pub incomplete: Vec<(Option<String>, Incomplete)>,
    /// Where those rows stand with their reasons.
    pub wrong_file: Option<PathBuf>,
    /// Cases of the file that wait for a supervisor now.
    pub waiting: Vec<Waiting>,
}

/// What returned rows are held against.
pub struct Known<'a> {
    /// The cases.
    pub cases: &'a [StoredCase],
    /// A case as each run had it that raised it: lists that went out before a fresh run say what was known then.
    pub appearances: &'a dyn Fn(i64) -> Vec<CaseRow>,
    /// The day of the reference time.
    pub reference: Date,
    /// Whose list it is: `field` or `supervisor`.
    pub role: &'a str,
}

/// Reads a filled list against the cases that are known.
///
/// # Errors
/// If no sheet of the file is a list, or two columns of one are filled in that mean the same.
pub fn read(path: &Path, known: &Known<'_>) -> Result<Returned> {
    let mut sheets = filled::sheets(path)?;
    for sheet in &mut sheets {
        spread_merged(path, sheet)?;
    }
    let mut lists: Vec<(&FilledSheet, Heading)> = Vec::new();
    for sheet in &sheets {
        let heading = heading::heading(sheet).map_err(|twice| stands_twice(path, sheet, &twice))?;
        lists.extend(heading.map(|heading| (sheet, heading)));
    }
    let read: Vec<&FilledSheet> = lists.iter().map(|(sheet, _)| *sheet).collect();
    filled::check_read(&sheets, &read)?;
    if lists.is_empty() {
        let error = Error::input("no sheet has the columns 编号 (Case) and 核查结果 (Outcome)").at_file(path);
        return Err(error.hint("send back the list itself, with its heading row"));
    }
    let others =
        known.cases.iter().flat_map(|case| case.other_numbers.iter().map(move |number| (number.as_str(), case)));
    let numbered = known.cases.iter().map(|case| (case.number.as_str(), case));
    let numbers: FxHashMap<&str, &StoredCase> = others.chain(numbered).collect();
    let cover = cover(&sheets, &read, known.cases);
    let team = if let Cover::Team(team) = cover { Some(team) } else { None };
    let mut returned = Returned {
        team: cover.as_written().to_owned(),
        asks_supervisor: cover == Cover::Supervisor,
        ..Returned::default()
    };
    for (list, (sheet, heading)) in lists.iter().enumerate() {
        let mut torn = torn::Rows::of(sheet, heading, known.reference);
        let Heading { at, places, missing, unknown } = heading;
        if !missing.is_empty() {
            returned.incomplete.push(Incomplete { list, missing: missing.clone(), unknown: unknown.clone() });
        }
        let heading = sheet.rows.get(*at).map(|(_, cells)| cells.clone()).unwrap_or_default();
        returned.says_what_is_asked |= heading.iter().any(|cell| heading::is_what_is_asked(cell));
        // A heading that a program has repeated within the list says nothing.
        for (at, (number, cells)) in sheet.rows.iter().enumerate().skip(at + 1).filter(|(_, row)| row.1 != heading) {
            let spot = Spot { list, row: *number };
            returned.asks_supervisor |= cells.iter().any(|cell| decision::asks_supervisor(cell));
            if let Some(Torn { column, cell, reason }) = torn.fault(at) {
                returned.wrong.push(WrongRow { spot, column, cell, reason, cells: cells.clone() });
                continue;
            }
            match (Row { cells, columns: places, team }).read(&numbers, known) {
                Ok(Some(visit)) => returned.visits.push((spot, visit)),
                Ok(None) => returned.blank += 1,
                Err((column, reason)) => {
                    let column = COLUMNS[column].title;
                    returned.wrong.push(WrongRow { spot, column, cell: None, reason, cells: cells.clone() });
                }
            }
        }
        returned.lists.push((sheet.name.clone(), heading));
    }
    contradictions(&mut returned, &read);
    // A sheet whose outcomes have another heading must not be lost beside one that can be read.
    let unread = sheets.iter().filter(|sheet| !read.iter().any(|list| std::ptr::eq(*list, *sheet)));
    for (sheet, (heading, unknown)) in unread.filter_map(|sheet| Some((sheet, heading::without_outcome(sheet)?))) {
        let missing = vec![COLUMNS[OUTCOME].title];
        returned.incomplete.push(Incomplete { list: returned.lists.len(), missing, unknown });
        returned.lists.push((sheet.name.clone(), heading.to_vec()));
    }
    Ok(returned)
}

/// Teams merge the outcome, the day and the notes over the rows of a household; a case number stays with its own row.
fn spread_merged(path: &Path, sheet: &mut FilledSheet) -> Result<()> {
    if sheet.merged.is_empty() {
        return Ok(());
    }
    let found = heading::heading(sheet).map_err(|twice| stands_twice(path, sheet, &twice))?;
    let Some(Heading { at, places, .. }) = found else { return Ok(()) };
    let below = sheet.rows.get(at).map_or(0, |(number, _)| number + 1);
    for column in FILLED_IN.into_iter().filter_map(|column| places[column]) {
        sheet.fill_down(column, below);
    }
    Ok(())
}

/// Nobody can tell which of the two is meant.
fn stands_twice(path: &Path, sheet: &FilledSheet, twice: &Twice) -> Error {
    let Twice { title, columns: [one, other] } = twice;
    let what = format!("columns {one} and {other} are both filled in and both mean {} ({})", title.zh, title.en);
    let error = Error::input(what).at_file(path);
    let sheet = if sheet.name.is_empty() { String::new() } else { format!(" on sheet {}", sheet.name.escape_debug()) };
    error.hint(format!("keep one of them{sheet}, or give the other a heading of its own"))
}

/// Two rows of one file about one case: the same is once, a contradiction is none.
fn contradictions(returned: &mut Returned, sheets: &[&FilledSheet]) {
    let mut rows_of: FxHashMap<i64, Vec<usize>> = FxHashMap::default();
    for (at, (_, visit)) in returned.visits.iter().enumerate() {
        rows_of.entry(visit.id).or_default().push(at);
    }
    let mut out: Vec<usize> = Vec::new();
    for rows in rows_of.values().filter(|rows| rows.len() > 1) {
        // Who settles a case and hands it to a supervisor in one list has said two things.
        let says = |outcome: &Outcome| outcome.is_final() || *outcome == Outcome::Supervisor;
        let finals: Vec<Outcome> = rows.iter().map(|at| returned.visits[*at].1.outcome).filter(says).collect();
        if finals.windows(2).any(|pair| pair[0] != pair[1]) {
            out.extend(rows);
        }
    }
    out.sort_unstable();
    for at in out.into_iter().rev() {
        let (spot, _) = returned.visits.remove(at);
        let cells = sheets.get(spot.list).and_then(|sheet| {
            let at = sheet.rows.binary_search_by_key(&spot.row, |(number, _)| *number).ok()?;
            Some(sheet.rows[at].1.clone())
        });
        returned.wrong.push(WrongRow {
            spot,
            column: COLUMNS[OUTCOME].title,
            cell: None,
            reason: words(
                "同一编号在清单中出现两次且结果不同：只保留正确的一行",
                "the list has this case twice, with different outcomes: keep the row that holds",
            ),
            cells: cells.unwrap_or_default(),
        });
    }
    returned.wrong.sort_by_key(|wrong| wrong.spot);
}

/// By whom and how files are taken back.
#[derive(Debug, Clone, Copy)]
pub struct Taking<'a> {
    /// Whose lists they are: `field` or `supervisor`.
    pub role: &'a str,
    /// Has somebody said that, or is it assumed?
    pub is_role_said: bool,
    /// Language of the reasons.
    pub language: Language,
    /// The day of the reference time.
    pub reference: Date,
    /// Who takes them back, for the audit log.
    pub actor: Option<&'a str>,
    /// The key file that signs the log's new end.
    pub sign_key: Option<&'a Path>,
}

/// Takes a filled list back: says so in the audit log, notes its good rows, writes the others with their reasons into
/// the casework's `returned/`.
///
/// # Errors
/// If the file is no list or cannot be one of this role, or log, store or folder cannot be written.
pub fn take_back(store: &mut Store, run: &Path, path: &Path, taking: &Taking<'_>) -> Result<TakenBack> {
    let Taking { role, is_role_said, language, reference, actor, sign_key } = *taking;
    let cases = store.cases()?;
    let unread = RefCell::new(None);
    let appearances = |id: i64| {
        store.appearances(id).unwrap_or_else(|error| {
            unread.replace(Some(error));
            Vec::new()
        })
    };
    let returned = read(path, &Known { cases: &cases, appearances: &appearances, reference, role })?;
    if let Some(error) = unread.take() {
        return Err(error);
    }
    role::check(path, (role, is_role_said), &returned, &cases)?;
    let visits: Vec<Visit> = returned.visits.iter().map(|(_, visit)| visit.clone()).collect();
    let digest = manifest::digest_of(path)?;
    let folder = held::hold(run)?;
    let said = serde_json::json!({ "file": digest, "role": role, "good": visits.len(), "wrong": returned.wrong.len() });
    let actor = actor.unwrap_or(NOBODY_NAMED);
    let mut log = vouched::open(&folder, actor, sign_key, "the import")?;
    log.add("import", said)?;
    log.sign(sign_key)?;
    let new = store.note_visits(&visits, role)?;
    let wrong_file =
        if returned.wrong.is_empty() { None } else { Some(write_wrong(run, &digest, &returned, language)?) };
    let ids: FxHashSet<i64> = visits.iter().map(|visit| visit.id).collect();
    let waiting = decision::waiting(store.cases()?.iter().filter(|case| ids.contains(&case.id)));
    let told = |wrong: &WrongRow| (returned.place(wrong.spot), wrong.at_fault(language), wrong.reason);
    let wrong = returned.wrong.iter().map(told).collect();
    let place = |list: &Incomplete| (returned.sheet(list.list), list.clone());
    let incomplete = returned.incomplete.iter().map(place).collect();
    let (good, blank) = (visits.len() as u64, returned.blank);
    Ok(TakenBack { good, new, blank, wrong, incomplete, wrong_file, waiting })
}

const ROW_TITLE: Words = words("原行号", "Row");
const COLUMN_TITLE: Words = words("问题列", "Column");
const REASON_TITLE: Words = words("原因", "Reason");
/// Widths of the columns of these, in characters; and of what stood in the list: as there, but for what is printed on
/// one page.
const OWN_WIDTHS: [f64; 3] = [7.0, 10.0, 34.0];
const WIDTH: f64 = 12.0;
const WIDTH_MAX: f64 = 26.0;

fn write_wrong(run: &Path, digest: &str, returned: &Returned, language: Language) -> Result<PathBuf> {
    let folder = run.join(FOLDER).join("returned");
    whole_file::folder(&folder)?;
    // By content: the name of a file that came back may hold anything.
    let target = folder.join(format!("wrong-{}.xlsx", &digest[..12]));
    let build = || -> std::result::Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        for (list, (name, heading)) in returned.lists.iter().enumerate() {
            let wrong: Vec<&WrongRow> = returned.wrong.iter().filter(|wrong| wrong.spot.list == list).collect();
            if !wrong.is_empty() {
                write_sheet(&mut workbook, name, heading, &wrong, language)?;
            }
        }
        cover::write(&mut workbook, &returned.team, language)?;
        workbook::bytes(&mut workbook)
    };
    let bytes = build().map_err(|_| Error::new(Kind::Environment, "the file of wrong rows cannot be put together"))?;
    whole_file::replace_for_owner(&target, bytes)?;
    Ok(target)
}

/// The wrong rows of one list, each with its reason, under the list's own heading.
fn write_sheet(
    workbook: &mut Workbook,
    name: &str,
    heading: &[String],
    wrong: &[&WrongRow],
    language: Language,
) -> std::result::Result<(), XlsxError> {
    // A name that no workbook of ours can have, or that another sheet has, is as good as none.
    let is_taken = workbook.worksheets().iter().any(|sheet| sheet.name().to_lowercase() == name.to_lowercase());
    let sheet = workbook.add_worksheet();
    if !is_taken {
        let _ = sheet.set_name(name);
    }
    let boxed = || {
        let font = Format::new().set_font_name("Microsoft YaHei").set_border(FormatBorder::Thin);
        font.set_border_color(0x99A1AD).set_text_wrap().set_align(FormatAlign::Top)
    };
    let bold = boxed().set_bold().set_background_color(0xE8ECF1);
    let text = boxed().set_quote_prefix();
    let width = |title: &String| follow_up::xlsx::column_width(title).map_or(WIDTH, |width| width.min(WIDTH_MAX));
    let widths: Vec<f64> = OWN_WIDTHS.into_iter().chain(heading.iter().map(width)).collect();
    let lines = |cells: &[String]| cells.iter().zip(&widths).map(|(cell, width)| line_count(cell, *width)).max();
    let mut write = |row: u32, cells: &[String], format: &Format| {
        for (column, cell) in (0u16..).zip(cells) {
            sheet.write_string_with_format(row, column, cell, format)?;
        }
        sheet.set_row_height(row, height(lines(cells).unwrap_or(1), 4.0)).map(|_| ())
    };
    let titles = [ROW_TITLE, COLUMN_TITLE, REASON_TITLE].map(|title| title.of(language).to_owned());
    write(0, &[&titles, heading].concat(), &bold)?;
    for (row, wrong) in (1u32..).zip(wrong) {
        let first = [wrong.spot.row.to_string(), wrong.at_fault(language), wrong.reason.of(language).to_owned()];
        write(row, &[&first, &wrong.cells[..]].concat(), &text)?;
    }
    for (column, width) in (0u16..).zip(&widths) {
        sheet.set_column_width(column, *width)?;
    }
    let outcomes = (0u16..).zip(titles.iter().chain(heading)).find(|(_, title)| COLUMNS[OUTCOME].is_called(title));
    if let Some((column, _)) = outcomes {
        // Words beside the codes would be longer than such a list may be.
        let codes = DataValidation::new().allow_list_strings(&Outcome::ALL.map(Outcome::code))?;
        let rows = u32::try_from(wrong.len()).unwrap_or(u32::MAX);
        sheet.add_data_validation(
            1,
            column,
            rows,
            column,
            &codes.set_error_style(DataValidationErrorStyle::Warning),
        )?;
    }
    sheet.set_freeze_panes(1, 3)?.set_paper_size(A4).set_landscape().set_margins(0.3, 0.3, 0.4, 0.5, 0.25, 0.25);
    sheet.set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?.set_footer(footer(language));
    Ok(())
}

personal!(WrongRow);

#[cfg(test)]
mod tests;
