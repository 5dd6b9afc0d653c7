//! What did a team bring back?
//!
//! Takes a filled list, gives visits for the store and the rows that cannot be used, each with its reason. Columns are
//! found by their headings, rows by their case numbers, so that columns may be moved, rows sorted and notes added. A row
//! counts only if everything in it agrees: what stands beside a case number must be what was sent out with it, or else
//! somebody has sorted one column without the others.
//!
//! Steps: 1. [`read`] finds the sheet and its columns; 2. each row is read by itself; 3. two rows about one case must not
//! contradict each other; 4. [`take_back`] notes the good rows and lists the others.

use std::path::{Path, PathBuf};

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;

use super::FOLDER;
use super::store::{State, Store, StoredCase, Visit};
use crate::error::{Error, Kind, Result};
use crate::intake::extract::filled::{self, FilledSheet};
use crate::intake::study::Language;
use crate::outcome::report::file;
use crate::outcome::report::words::{Words, field, words};
use crate::outcome::visit::Outcome;
use crate::person::date::Date;
use crate::privacy::personal;

/// Rows above the heading that are looked through for it.
const HEADING_ROWS_MAX: usize = 30;

/// A row that cannot be used.
#[derive(Clone, PartialEq, Eq)]
pub struct WrongRow {
    /// Row as the spreadsheet shows it.
    pub row: u64,
    /// The column at fault.
    pub column: &'static str,
    /// What is wrong and what was expected.
    pub reason: Words,
    /// The row as it came back.
    pub cells: Vec<String>,
}

/// What a filled list said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Returned {
    /// Good rows, with their row numbers.
    pub visits: Vec<(u64, Visit)>,
    /// Rows that were not filled in.
    pub blank: u64,
    /// Rows that cannot be used.
    pub wrong: Vec<WrongRow>,
    /// The heading.
    pub heading: Vec<String>,
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
    /// Rows that cannot be used.
    pub wrong: Vec<WrongRow>,
    /// Where those rows stand with their reasons.
    pub wrong_file: Option<PathBuf>,
    /// Cases of the file that now have outcomes which contradict each other: number, codes.
    pub disputed: Vec<(String, Vec<&'static str>)>,
}

const CASE: usize = 0;
const OUTCOME: usize = 1;
const DATE: usize = 2;
const NOTE: usize = 3;
const NAME: usize = 4;
const BIRTH: usize = 5;

/// The columns that matter, with the words by which they are found.
const COLUMNS: [(&str, &[&str]); 6] = [
    ("编号", &["编号", "案件编号", "case", "case number", "case no."]),
    ("核查结果", &["核查结果", "结果", "结果代码", "outcome", "outcome code", "result"]),
    ("走访日期", &["走访日期", "核查日期", "日期", "visited on", "date of visit", "date"]),
    ("备注", &["备注", "说明", "notes", "note", "remarks"]),
    ("姓名", &["姓名", "name"]),
    ("出生年月", &["出生年月", "born", "birth"]),
];

/// Reads a filled list against the cases that are known. `year` is the reference year: no visit can be earlier.
///
/// # Errors
/// If no sheet of the file is a list.
pub fn read(path: &Path, cases: &[StoredCase], reference_year: u16) -> Result<Returned> {
    let sheets = filled::sheets(path)?;
    let list = sheets.iter().find_map(|sheet| Some((sheet, heading(sheet)?)));
    let Some((sheet, (at, columns))) = list else {
        let error = Error::input("no sheet has the columns 编号 (Case) and 核查结果 (Outcome)").at_file(path);
        return Err(error.hint("send back the list itself, with its heading row"));
    };
    let others = cases.iter().flat_map(|case| case.other_numbers.iter().map(move |number| (number.as_str(), case)));
    let numbered = cases.iter().map(|case| (case.number.as_str(), case));
    let known: FxHashMap<&str, &StoredCase> = others.chain(numbered).collect();
    let heading = sheet.rows.get(at).map(|(_, cells)| cells.clone()).unwrap_or_default();
    let mut returned = Returned { heading, ..Returned::default() };
    let mut repeated = 0;
    for (row, cells) in sheet.rows.iter().skip(at + 1) {
        let cell = |column: usize| columns[column].and_then(|at| cells.get(at)).map_or("", |text| text.trim());
        if *cells == returned.heading {
            // A heading that a program has repeated.
            repeated += 1;
            continue;
        }
        match read_row(&cell, &known, reference_year) {
            Ok(Some(visit)) => returned.visits.push((*row, visit)),
            Ok(None) => returned.blank += 1,
            Err((column, reason)) => {
                let column = COLUMNS[column].0;
                returned.wrong.push(WrongRow { row: *row, column, reason, cells: cells.clone() });
            }
        }
    }
    tracing::debug!(repeated, "headings repeated within the list");
    contradictions(&mut returned, sheet);
    Ok(returned)
}

/// Row and columns of the heading.
fn heading(sheet: &FilledSheet) -> Option<(usize, [Option<usize>; 6])> {
    let columns_of = |cells: &[String]| {
        COLUMNS.map(|(_, names)| cells.iter().position(|cell| names.contains(&normal(cell).to_lowercase().as_str())))
    };
    let rows = sheet.rows.iter().take(HEADING_ROWS_MAX);
    let mut all = rows.enumerate().map(|(at, (_, cells))| (at, columns_of(cells)));
    all.find(|(_, columns)| columns[CASE].is_some() && columns[OUTCOME].is_some())
}

/// A text with full-width characters made narrow and spaces taken out of its ends.
pub(super) fn normal(text: &str) -> String {
    text.nfkc()
        .filter(|c| !c.is_control() && *c != '\u{feff}' && *c != '\u{200b}')
        .collect::<String>()
        .trim()
        .to_owned()
}

type Fault = (usize, Words);

fn read_row<'a>(
    cell: &dyn Fn(usize) -> &'a str,
    known: &FxHashMap<&str, &StoredCase>,
    reference_year: u16,
) -> std::result::Result<Option<Visit>, Fault> {
    let (outcome, date) = (normal(cell(OUTCOME)), normal(cell(DATE)));
    let number = normal(cell(CASE));
    if number.is_empty() {
        return if outcome.is_empty() && date.is_empty() {
            Ok(None)
        } else {
            Err((
                CASE,
                words("缺少编号：请照下发清单填写", "the case number is missing: copy it from the list that went out"),
            ))
        };
    }
    let number = case_number(&number).ok_or((
        CASE,
        words(
            "编号格式不对：应为八位，如 7K2M-4Q9X",
            "this is no case number: expected eight characters such as 7K2M-4Q9X",
        ),
    ))?;
    let case = known.get(number.as_str()).ok_or((
        CASE,
        words(
            "本项目没有此编号：是否为其他项目的清单，或编号抄错",
            "no case has this number in this study: is the list from another study, or was the number mistyped?",
        ),
    ))?;
    if outcome.is_empty() {
        if date.is_empty() {
            return Ok(None);
        }
        return Err((
            OUTCOME,
            words(
                "填了日期但没有结果：请填代码 01–16 或 19",
                "there is a date but no outcome: write one of the codes 01–16 or 19",
            ),
        ));
    }
    beside(cell, case)?;
    let outcome = outcome_of(&outcome)?;
    if !outcome.fits(case.kind) {
        return Err((
            OUTCOME,
            words("此结果不适用于该事项：请另选", "this outcome cannot be the answer to this question: choose another"),
        ));
    }
    let visited_on = visit_day(&date, reference_year)?;
    Ok(Some(Visit { id: case.id, outcome, visited_on, note: cell(NOTE).to_owned() }))
}

/// What stands beside the number must be what was sent out with it.
fn beside<'a>(cell: &dyn Fn(usize) -> &'a str, case: &StoredCase) -> std::result::Result<(), Fault> {
    let same = |one: &str, other: &str| {
        let squeezed = |text: &str| normal(text).chars().filter(|c| !c.is_whitespace()).collect::<String>();
        squeezed(one) == squeezed(other)
    };
    let sent = &case.row.case;
    let (name, birth) = (cell(NAME), cell(BIRTH));
    let with_relationship = format!("{}{}", sent.name, sent.relationship);
    let mixed = || {
        words(
            "与编号不符：各列可能错行（只排序了一列？）",
            "does not belong to this case number: rows have been mixed up, perhaps by sorting one column",
        )
    };
    if !name.is_empty() && !same(name, &sent.name) && !same(name, &with_relationship) {
        return Err((NAME, mixed()));
    }
    // A program may have made a date of a year and month.
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).take(4).collect::<String>();
    if !birth.is_empty() && digits(&normal(birth)) != digits(&sent.birth) {
        return Err((BIRTH, mixed()));
    }
    Ok(())
}

/// A case number as it is stored, from how people write it.
fn case_number(text: &str) -> Option<String> {
    let characters: String = text
        .to_uppercase()
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '—' | '_' | '\''))
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    let right = characters.len() == 8 && characters.bytes().all(|byte| byte.is_ascii_alphanumeric());
    right.then(|| format!("{}-{}", &characters[..4], &characters[4..]))
}

fn outcome_of(text: &str) -> std::result::Result<Outcome, Fault> {
    let unknown = || {
        (
            OUTCOME,
            words(
                "结果代码不认识：应为 01–16 或 19 中的一个",
                "unknown outcome: expected one code of 01–16 or 19, or its words",
            ),
        )
    };
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    // `1` and `1.0` are what spreadsheets make of `01`.
    let rest = text[digits.len()..].trim_start_matches(".0").trim();
    let said = |outcome: Outcome| {
        let words = field::outcome(outcome);
        let same = |language| normal(words.of(language)).eq_ignore_ascii_case(&normal(rest));
        same(Language::Zh) || same(Language::En)
    };
    let by_words = Outcome::ALL.into_iter().find(|outcome| said(*outcome));
    if digits.is_empty() {
        return by_words.ok_or_else(unknown);
    }
    let code = digits.parse::<u8>().ok().filter(|_| digits.len() <= 2).map(|code| format!("{code:02}"));
    let by_code = code.and_then(|code| Outcome::of_code(&code)).ok_or_else(unknown)?;
    if rest.chars().any(|c| c.is_ascii_digit()) {
        return Err((
            OUTCOME,
            words(
                "填了不止一个结果：只填最终的一个代码",
                "more than one outcome: write one code, the last one that holds",
            ),
        ));
    }
    match by_words {
        Some(said) if said != by_code => Err((
            OUTCOME,
            words(
                "代码与文字不一致：只填一个代码",
                "the code and the words beside it say different things: write one code",
            ),
        )),
        _ => Ok(by_code),
    }
}

/// A day as `YYYY-MM-DD`, from how people and spreadsheets write it; empty if there is none.
fn visit_day(text: &str, reference_year: u16) -> std::result::Result<String, Fault> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let fault = |zh, en| (DATE, words(zh, en));
    let wrong = || {
        fault(
            "日期看不懂：应为年月日，如 2020-12-01",
            "this is no date: expected year, month and day, such as 2020-12-01",
        )
    };
    // Beyond the day there may be a time.
    let day = text.split(['T', ' ']).next().unwrap_or(text);
    let parts: Vec<i32> = day
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().unwrap_or(-1))
        .collect();
    let civil = match parts.as_slice() {
        [date] if (20_000_000..30_000_000).contains(date) => (date / 10_000, date / 100 % 100, date % 100),
        // Days since 1899-12-30, as a spreadsheet counts them.
        [serial] if (36_000..80_000).contains(serial) => {
            let (year, month, day) = Date::from_day(serial - 25_569).ok_or_else(wrong)?.parts();
            (i32::from(year), i32::from(month), i32::from(day))
        }
        [year, month, day] if *year > 1_000 => (*year, *month, *day),
        [_, _] => {
            return Err(fault(
                "缺少年份：应为年月日，如 2020-12-01",
                "the year is missing: write year, month and day, such as 2020-12-01",
            ));
        }
        _ => return Err(wrong()),
    };
    let (Ok(year), Ok(month), Ok(day)) = (i16::try_from(civil.0), i8::try_from(civil.1), i8::try_from(civil.2)) else {
        return Err(wrong());
    };
    let date = jiff::civil::Date::new(year, month, day).map_err(|_| wrong())?;
    if year < reference_year as i16 {
        return Err(fault("走访日期早于普查年份", "the visit would be before the census"));
    }
    if date.duration_since(today()).as_hours() > 48 {
        return Err(fault("走访日期在未来", "the visit would be in the future"));
    }
    Ok(date.to_string())
}

fn today() -> jiff::civil::Date {
    let seconds = jiff::Timestamp::now().as_second();
    let days = jiff::SignedDuration::from_hours(24 * seconds.div_euclid(86_400));
    jiff::civil::date(1970, 1, 1).checked_add(days).unwrap_or(jiff::civil::Date::MAX)
}

/// Two rows of one file about one case: the same is once, a contradiction is none.
fn contradictions(returned: &mut Returned, sheet: &FilledSheet) {
    let mut rows_of: FxHashMap<i64, Vec<usize>> = FxHashMap::default();
    for (at, (_, visit)) in returned.visits.iter().enumerate() {
        rows_of.entry(visit.id).or_default().push(at);
    }
    let mut out: Vec<usize> = Vec::new();
    for rows in rows_of.values().filter(|rows| rows.len() > 1) {
        let finals: Vec<Outcome> =
            rows.iter().map(|at| returned.visits[*at].1.outcome).filter(|outcome| outcome.is_final()).collect();
        if finals.windows(2).any(|pair| pair[0] != pair[1]) {
            out.extend(rows);
        }
    }
    out.sort_unstable();
    for at in out.into_iter().rev() {
        let (row, _) = returned.visits.remove(at);
        let cells = sheet.rows.iter().find(|(number, _)| *number == row).map(|(_, cells)| cells.clone());
        returned.wrong.push(WrongRow {
            row,
            column: COLUMNS[OUTCOME].0,
            reason: words(
                "同一编号在清单中出现两次且结果不同：只保留正确的一行",
                "the list has this case twice, with different outcomes: keep the row that holds",
            ),
            cells: cells.unwrap_or_default(),
        });
    }
    returned.wrong.sort_by_key(|wrong| wrong.row);
}

/// Takes a filled list back: notes its good rows, writes the others with their reasons into the casework's `returned/`.
///
/// # Errors
/// If the file is no list, or store or folder cannot be written.
pub fn take_back(
    store: &mut Store,
    run: &Path,
    path: &Path,
    role: &str,
    language: Language,
    reference_year: u16,
) -> Result<TakenBack> {
    let cases = store.cases()?;
    let returned = read(path, &cases, reference_year)?;
    let visits: Vec<Visit> = returned.visits.iter().map(|(_, visit)| visit.clone()).collect();
    let new = store.note_visits(&visits, role)?;
    let wrong_file = if returned.wrong.is_empty() { None } else { Some(write_wrong(run, path, &returned, language)?) };
    let mut disputed = Vec::new();
    if new > 0 {
        let ids: rustc_hash::FxHashSet<i64> = visits.iter().map(|visit| visit.id).collect();
        let now = store.cases()?;
        for case in now.iter().filter(|case| ids.contains(&case.id) && case.state() == State::Disputed) {
            let codes = case.visits().filter_map(|event| event.outcome).map(Outcome::code).collect();
            disputed.push((case.number.clone(), codes));
        }
    }
    Ok(TakenBack { good: visits.len() as u64, new, blank: returned.blank, wrong: returned.wrong, wrong_file, disputed })
}

const ROW_TITLE: Words = words("原行号", "Row");
const COLUMN_TITLE: Words = words("问题列", "Column");
const REASON_TITLE: Words = words("原因", "Reason");

fn write_wrong(run: &Path, path: &Path, returned: &Returned, language: Language) -> Result<PathBuf> {
    let folder = run.join(FOLDER).join("returned");
    file::folder(&folder)?;
    // By content: the name of a file that came back may hold anything.
    let digest = {
        use sha2::{Digest, Sha256};
        let bytes = std::fs::read(path).map_err(|error| Error::io(path, &error))?;
        crate::intake::study::file::hex(&Sha256::digest(bytes))
    };
    let target = folder.join(format!("wrong-{}.xlsx", &digest[..12]));
    let build = || -> std::result::Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        let bold = Format::new().set_bold();
        let text = Format::new().set_quote_prefix();
        let titles = [ROW_TITLE, COLUMN_TITLE, REASON_TITLE].map(|title| title.of(language).to_owned());
        for (column, title) in (0u16..).zip(titles.iter().chain(&returned.heading)) {
            sheet.write_string_with_format(0, column, title, &bold)?;
        }
        sheet.set_column_width(2, 60)?;
        sheet.set_freeze_panes(1, 3)?;
        for (row, wrong) in (1u32..).zip(&returned.wrong) {
            let first = [wrong.row.to_string(), wrong.column.to_owned(), wrong.reason.of(language).to_owned()];
            for (column, cell) in (0u16..).zip(first.iter().chain(&wrong.cells)) {
                sheet.write_string_with_format(row, column, cell, &text)?;
            }
        }
        file::workbook(&mut workbook)
    };
    let bytes = build().map_err(|_| Error::new(Kind::Environment, "the file of wrong rows cannot be put together"))?;
    file::publish(&target, &bytes)?;
    Ok(target)
}

personal!(WrongRow);
