//! What does a row of a returned list say?
//!
//! Takes the cells of a row, gives a visit, or the column at fault with the reason. A row counts only if everything in
//! it agrees: what stands beside a case number must be what was sent out with it, or else somebody has sorted one
//! column without the others.

use std::ops::Range;

use encoding_rs::GBK;
use jiff::SignedDuration;
use jiff::civil::Date;
use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;

use super::Known;
use super::clock::is_time;
use super::heading::Places;
use super::month;
use crate::casework::history::SUPERVISOR;
use crate::casework::store::{StoredCase, Visit};
use crate::intake::extract::filled::{CELL_CHARACTERS_MAX, NOT_COMPUTED};
use crate::intake::study::Language;
use crate::outcome::report::cases::CaseRow;
use crate::outcome::report::words::{Words, field, words};
use crate::outcome::visit::Outcome;
use crate::person;

pub(super) const CASE: usize = 0;
pub(super) const OUTCOME: usize = 1;
pub(super) const DATE: usize = 2;
pub(super) const NOTE: usize = 3;
const NAME: usize = 4;
const BIRTH: usize = 5;
pub(super) const MATTER: usize = 6;
pub(super) const DWELLING: usize = 7;
/// What a team writes.
pub(super) const FILLED_IN: [usize; 3] = [OUTCOME, DATE, NOTE];
/// What stands beside a case number and must belong to it.
pub(super) const BESIDE: [usize; 4] = [NAME, BIRTH, MATTER, DWELLING];

/// A column that matters.
pub(super) struct Column {
    /// Its heading as it goes out.
    pub(super) title: Words,
    /// Other words by which it is found.
    others: &'static [&'static str],
}

impl Column {
    /// Is this the very heading that went out?
    pub(super) fn is_sent_as(&self, heading: &str) -> bool {
        let heading = normal(heading).to_lowercase();
        [self.title.zh, self.title.en].iter().any(|title| title.to_lowercase() == heading)
    }

    /// Does this heading mean the column?
    pub(super) fn is_called(&self, heading: &str) -> bool {
        self.is_sent_as(heading) || self.others.contains(&normal(heading).to_lowercase().as_str())
    }
}

const fn column(title: Words, others: &'static [&'static str]) -> Column {
    Column { title, others }
}

/// The columns that matter.
pub(super) const COLUMNS: [Column; 8] = [
    column(field::COLUMNS[1], &["案件编号", "case number", "case no."]),
    column(field::OUTCOME, &["结果", "结果代码", "outcome code", "result"]),
    column(
        field::VISITED_ON,
        &[
            "核查日期",
            "走访时间",
            "访问日期",
            "访问时间",
            "日期",
            "date of visit",
            "visit date",
            "visited",
            "date visited",
            "date",
        ],
    ),
    column(field::NOTE, &["走访备注", "说明", "note", "remarks", "comments", "comment"]),
    column(field::COLUMNS[4], &[]),
    column(field::COLUMNS[6], &["birth"]),
    column(field::COLUMNS[2], &[]),
    column(field::COLUMNS[3], &[]),
];

/// A visit so long before the reference time is possible: where lists go round while the enumeration is prepared.
const DAYS_BEFORE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A text with full-width characters made narrow and spaces taken out of its ends.
pub(in crate::casework) fn normal(text: &str) -> String {
    text.nfkc()
        .filter(|c| !c.is_control() && *c != '\u{feff}' && *c != '\u{200b}')
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Numbers of days that may be the day of a visit, from 1998 on.
const SERIALS: Range<i32> = 36_000..80_000;

type Fault = (usize, Words);

/// A row of a returned list.
pub(super) struct Row<'a> {
    pub(super) cells: &'a [String],
    pub(super) columns: &'a Places,
    /// The team whose list it is, if that is known.
    pub(super) team: Option<&'a str>,
}

impl Row<'_> {
    fn cell(&self, column: usize) -> &str {
        self.columns[column].and_then(|at| self.cells.get(at)).map_or("", |text| text.trim())
    }

    /// The visit that the row tells of; nothing if it was not filled in.
    pub(super) fn read(
        &self,
        numbers: &FxHashMap<&str, &StoredCase>,
        known: &Known<'_>,
    ) -> Result<Option<Visit>, Fault> {
        let (outcome, date) = (normal(self.cell(OUTCOME)), normal(self.cell(DATE)));
        let is_empty = outcome.is_empty() && date.is_empty();
        let number = normal(self.cell(CASE));
        let known_number = case_number(&number);
        if known_number.is_none() && is_empty && self.tells_of_somebody() {
            return Err((
                NOTE,
                words(
                    "此行有备注但没有编号，未登记：请写入同一住所有编号的一行的备注，或另行上报",
                    "there is a remark and no case number, so nothing was noted: write it into the notes of a row of the \
                     same dwelling that has one, or report it apart",
                ),
            ));
        }
        if number.is_empty() {
            return if is_empty {
                Ok(None)
            } else {
                Err((
                    CASE,
                    words(
                        "缺少编号：请照下发清单填写",
                        "the case number is missing: copy it from the list that went out",
                    ),
                ))
            };
        }
        let number = match known_number {
            Some(number) => number,
            // A remark below the list, such as a total.
            None if is_empty => return Ok(None),
            None => {
                return Err((
                    CASE,
                    words(
                        "编号格式不对：应为八位，如 7K2M-4Q9X",
                        "this is no case number: expected eight characters such as 7K2M-4Q9X",
                    ),
                ));
            }
        };
        let case = numbers.get(number.as_str()).ok_or((
            CASE,
            words(
                "本项目没有此编号：是否为其他项目的清单，或编号抄错",
                "no case has this number in this study: is the list from another study, or was the number mistyped?",
            ),
        ))?;
        if !self.has_outcome(&outcome, &date)? {
            return Ok(None);
        }
        if let Err(fault) = self.beside(&case.row) {
            let went_out_so = |row: &CaseRow| self.beside(row).is_ok();
            if !(known.appearances)(case.id).iter().any(went_out_so) {
                return Err(fault);
            }
        }
        if self.cell(NOTE).chars().count() > CELL_CHARACTERS_MAX {
            return Err((
                NOTE,
                words(
                    "备注过长（超过 4000 字），未登记：请缩短后再交回",
                    "the note is longer than 4,000 characters, so nothing was noted: make it shorter",
                ),
            ));
        }
        let outcome = outcome_of(&outcome)?;
        if !outcome.fits(case.kind) {
            return Err((
                OUTCOME,
                words(
                    "此结果不适用于该事项：请另选",
                    "this outcome cannot be the answer to this question: choose another",
                ),
            ));
        }
        let visited_on = visit_day(&date, known.reference)?;
        // A supervisor decides for no team.
        let team = self.team.filter(|_| known.role != SUPERVISOR);
        if visited_on.is_empty() && case.may_be_another(known.role, outcome, self.cell(NOTE), team) {
            return Err((
                DATE,
                words(
                    "此结果已登记过（未填日期），此后该编号又有变动：若是新的走访，请填走访日期；若是旧清单重复导入，可不处理",
                    "this outcome is noted already, without a day, and the case has gone on since: write the day if it is another \
                     visit; an old list that came in again needs nothing",
                ),
            ));
        }
        let (note, team) = (self.cell(NOTE).to_owned(), team.map(str::to_owned));
        Ok(Some(Visit { id: case.id, outcome, visited_on, note, team }))
    }

    /// Has somebody added a person or a dwelling to the list, with a remark? Visitors note who else was missed.
    fn tells_of_somebody(&self) -> bool {
        let has = |column: usize| !normal(self.cell(column)).is_empty();
        has(NOTE) && (has(NAME) || has(DWELLING))
    }

    /// Is there an outcome? What somebody has written without one must not be lost, nor what a formula would say.
    fn has_outcome(&self, outcome: &str, date: &str) -> Result<bool, Fault> {
        if let Some(column) = FILLED_IN.into_iter().find(|column| self.cell(*column) == NOT_COMPUTED) {
            return Err((
                column,
                words(
                    "此格是公式，文件中没有计算结果：请用表格软件打开并保存后再交回",
                    "there is a formula without its value: open the file in a spreadsheet program, save it, and send it again",
                ),
            ));
        }
        if !outcome.is_empty() {
            return Ok(true);
        }
        if !date.is_empty() {
            return Err((
                OUTCOME,
                words(
                    "填了日期但没有结果：请填代码 01–16 或 19",
                    "there is a date but no outcome: write one of the codes 01–16 or 19",
                ),
            ));
        }
        if !normal(self.cell(NOTE)).is_empty() {
            return Err((
                OUTCOME,
                words(
                    "填了备注但没有结果：请填代码 01–16 或 19",
                    "there is a remark but no outcome: write one of the codes 01–16 or 19",
                ),
            ));
        }
        Ok(false)
    }

    /// What stands beside the number must be what was sent out with it.
    fn beside(&self, row: &CaseRow) -> Result<(), Fault> {
        let sent = &row.case;
        let mixed = || {
            words(
                "与编号不符：各列可能错行（只排序了一列？）",
                "does not belong to this case number: rows have been mixed up, perhaps by sorting one column",
            )
        };
        let name = self.cell(NAME);
        let with_relationship = format!("{}{}", sent.name, sent.relationship);
        if !name.is_empty() && !same(name, &sent.name) && !same(name, &with_relationship) {
            return Err((NAME, mixed()));
        }
        let birth = self.cell(BIRTH);
        if !birth.is_empty() && !is_born(&normal(birth), &normal(&sent.birth)) {
            return Err((BIRTH, mixed()));
        }
        // Households and newborns stand there without a name: what the case is about, and where, tell them apart.
        let changed = || {
            words(
                "与编号不符：各列可能错行，或文字被改动；请恢复原文，补充内容写在备注",
                "does not belong to this case number: rows have been mixed up, or the text was changed: put it back as it \
                 was, and write what you have to add into the notes",
            )
        };
        let either = |of: &dyn Fn(Language) -> String, cell: &str| {
            cell.is_empty() || [Language::Zh, Language::En].into_iter().any(|language| same(cell, &of(language)))
        };
        if !either(&|language| sent.matter.words().of(language).to_owned(), self.cell(MATTER)) {
            return Err((MATTER, changed()));
        }
        if !either(&|language| row.placed(language).dwelling, self.cell(DWELLING)) {
            return Err((DWELLING, changed()));
        }
        Ok(())
    }
}

/// Is a cell for people what was sent? Programs change the width of characters, spaces and line ends, and put the mark
/// of a text before it; one that saves in the encoding of Chinese Windows writes `?` for each character that GBK lacks,
/// or for each half of it.
fn same(cell: &str, sent: &str) -> bool {
    let squeezed = |text: &str| {
        let text = normal(text);
        text.trim_start_matches('\'').chars().filter(|c| !c.is_whitespace()).collect::<String>()
    };
    let cell = squeezed(cell).replace(char::REPLACEMENT_CHARACTER, "?");
    let lost: [fn(char) -> usize; 2] = [|_| 1, char::len_utf16];
    cell == squeezed(sent)
        || (cell.contains('?') && lost.into_iter().any(|marks| cell == squeezed(&in_gbk(sent, marks))))
}

/// A text without what GBK lacks, with so many `?` for each such character.
fn in_gbk(text: &str, marks: fn(char) -> usize) -> String {
    let is_lacking = |c: char| GBK.encode(c.encode_utf8(&mut [0; 4])).2;
    text.chars().map(|c| if is_lacking(c) { "?".repeat(marks(c)) } else { String::from(c) }).collect()
}

/// Is it the birth that went out? A program may have made a date of a year and month.
pub(super) fn is_born(cell: &str, sent: &str) -> bool {
    let parts = |text: &str| -> (String, Option<u32>) {
        let mut groups = text.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
        let first = groups.next().unwrap_or_default();
        let (year, rest) = first.split_at(first.len().min(4));
        let month = if rest.len() >= 2 { rest.get(..2) } else { groups.next() };
        (year.to_owned(), month.and_then(|month| month.parse().ok()))
    };
    let ((year, month), (sent_year, sent_month)) = (parts(cell), parts(sent));
    year == sent_year && (month.is_none() || sent_month.is_none() || month == sent_month)
}

/// A case number as it is stored, from how people write it.
pub(super) fn case_number(text: &str) -> Option<String> {
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

pub(super) fn outcome_of(text: &str) -> Result<Outcome, Fault> {
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
    // `1`, `1.0` and `1.00` are what spreadsheets make of `01`.
    let rest = without_decimals(&text[digits.len()..]).trim();
    let bare = |text: &str| normal(text).trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let rest = bare(rest);
    let said = |outcome: Outcome| {
        let words = field::outcome(outcome);
        [Language::Zh, Language::En].into_iter().any(|language| bare(words.of(language)) == rest)
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
        None if !rest.is_empty() => Err((
            OUTCOME,
            words(
                "代码旁的文字不是该代码的说明：只填代码，补充内容写在备注",
                "the words beside the code are not those of an outcome: write the code alone, and what you have to add into the notes",
            ),
        )),
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

/// What stands behind a number without the zeros behind its point.
fn without_decimals(rest: &str) -> &str {
    let after = rest.strip_prefix('.').map(|after| after.trim_start_matches('0'));
    after.filter(|after| after.len() + 1 < rest.len()).unwrap_or(rest)
}

/// A day as `YYYY-MM-DD`, from how people and spreadsheets write it; empty if there is none.
pub(super) fn visit_day(text: &str, reference: Date) -> Result<String, Fault> {
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
    let in_numbers = month::in_numbers(text);
    let text = in_numbers.as_deref().unwrap_or(text);
    // Beyond the day there may be a time; days of further visits belong into the notes.
    let is_behind = |c: char| c == ' ' || (c.is_alphabetic() && !"年月日号號".contains(c));
    let (day, time) = match text.split_once(['日', '号', '號']) {
        Some((day, time)) if is_time(time) => (day, time),
        _ => {
            let begin = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
            text.split_at(text[begin..].find(is_behind).map_or(text.len(), |at| begin + at))
        }
    };
    let is_serial = |days: &str| days.parse().is_ok_and(|days: i32| SERIALS.contains(&days));
    // So it does, as a part of a day, where a spreadsheet counts days.
    let day = day.split_once('.').map_or(day, |(days, time)| {
        if is_serial(days) && time.bytes().all(|byte| byte.is_ascii_digit()) { days } else { day }
    });
    let parts: Vec<i32> = day
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().unwrap_or(-1))
        .collect();
    let civil = match parts.as_slice() {
        [date] if (20_000_000..30_000_000).contains(date) => (date / 10_000, date / 100 % 100, date % 100),
        // Days since 1899-12-30, as a spreadsheet counts them.
        [serial] if SERIALS.contains(serial) => {
            let (year, month, day) = person::date::Date::from_day(serial - 25_569).ok_or_else(wrong)?.parts();
            (i32::from(year), i32::from(month), i32::from(day))
        }
        [year, month, day] if *year > 1_000 => (*year, *month, *day),
        [day, month, year] if *year > 1_000 && (*day > 12 || day == month) => (*year, *month, *day),
        [month, day, year] if *year > 1_000 && *day > 12 => (*year, *month, *day),
        [_, _, year] if *year > 1_000 => {
            return Err(fault(
                "哪个是月、哪个是日分不清：应为年月日，如 2020-12-01",
                "which is the day and which the month? Write year, month and day, such as 2020-12-01",
            ));
        }
        [year, _] if *year > 1_000 => {
            return Err(fault(
                "缺少日：应为年月日，如 2020-12-01",
                "the day is missing: write year, month and day, such as 2020-12-01",
            ));
        }
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
    let date = Date::new(year, month, day).map_err(|_| wrong())?;
    if !is_time(time) {
        return Err(fault(
            "日期后还有别的内容：只填最后一次走访的年月日，其余写在备注",
            "something stands behind the day: write the day of the last visit alone, and the rest into the notes",
        ));
    }
    if reference.duration_since(date) > DAYS_BEFORE {
        return Err(fault(
            "走访日期早于普查时点",
            "the visit would be before the reference time of the census: write the day of the visit",
        ));
    }
    if date.duration_since(today()).as_hours() > 48 {
        return Err(fault("走访日期在未来", "the visit would be in the future"));
    }
    Ok(date.to_string())
}

fn today() -> Date {
    let seconds = jiff::Timestamp::now().as_second();
    let days = SignedDuration::from_hours(24 * seconds.div_euclid(86_400));
    jiff::civil::date(1970, 1, 1).checked_add(days).unwrap_or(Date::MAX)
}
