//! Which day, month or year is meant?
//!
//! Dates as written become a [`Date`] of whatever precision they have: no day is invented. The lunar reading of a
//! date is there for people whose birthday is known by the lunar calendar.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use crate::intake::extract;

/// A date of day, month or year precision, packed into 4 bytes; 0 is *none*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Date(u32);

/// Years that a date may be of: persons of the past are linked, too.
const YEARS: std::ops::RangeInclusive<u16> = 1000..=2200;

impl Date {
    /// No date.
    pub const NONE: Date = Date(0);

    /// A date from its parts; month or day 0 is *unknown*. `None` if there is no such date.
    #[must_use]
    pub fn from_parts(year: u16, month: u8, day: u8) -> Option<Date> {
        if !YEARS.contains(&year) || month > 12 || (month == 0 && day != 0) || day > days_in(year, month) {
            return None;
        }
        Some(Date((u32::from(year) << 9) | (u32::from(month) << 5) | u32::from(day)))
    }

    /// A date from days since 1970-01-01 (H. Hinnant, civil_from_days).
    #[must_use]
    pub fn from_day(day: i32) -> Option<Date> {
        let shifted = day.checked_add(719_468)?;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        Date::from_parts(u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }

    /// Year, month, day; 0 for what is unknown.
    #[must_use]
    pub fn parts(self) -> (u16, u8, u8) {
        ((self.0 >> 9) as u16, ((self.0 >> 5) & 15) as u8, (self.0 & 31) as u8)
    }

    /// Is there a date at all?
    #[must_use]
    pub fn is_some(self) -> bool {
        self.0 != 0
    }

    /// Is it known to the day?
    #[must_use]
    pub fn has_day(self) -> bool {
        self.0 & 31 != 0
    }

    /// Is it known at least to the month?
    #[must_use]
    pub fn has_month(self) -> bool {
        (self.0 >> 5) & 15 != 0
    }

    /// The packed form, to sort and hash by.
    #[must_use]
    pub fn packed(self) -> u32 {
        self.0
    }

    /// The date without its day.
    #[must_use]
    pub fn month(self) -> Date {
        Date(self.0 & !31)
    }

    /// The date without its month and day.
    fn without_month(self) -> Date {
        Date(self.0 & !511)
    }

    /// The year; 0 if there is none.
    #[must_use]
    pub fn year(self) -> u16 {
        (self.0 >> 9) as u16
    }

    /// Days since 1970-01-01 of the first day it may be.
    #[must_use]
    pub fn first_day(self) -> Option<i32> {
        let (year, month, day) = self.parts();
        self.is_some().then(|| day_number(year, month.max(1), day.max(1)))
    }

    /// Days since 1970-01-01 of the last day it may be.
    #[must_use]
    pub fn last_day(self) -> Option<i32> {
        let (year, month, day) = self.parts();
        let month = if month == 0 { 12 } else { month };
        self.is_some().then(|| day_number(year, month, if day == 0 { days_in(year, month) } else { day }))
    }

    /// Is it before that day? `None` if its precision does not tell.
    #[must_use]
    pub fn is_before(self, day: i32) -> Option<bool> {
        match (self.first_day()?, self.last_day()?) {
            (_, last) if last < day => Some(true),
            (first, _) if first >= day => Some(false),
            _ => None,
        }
    }

    /// Age in completed years on that day of whoever was born in the middle of the time that the precision allows: of
    /// those born in a month hardly anybody has had the birthday on its first day. Whoever may be born by then is.
    #[must_use]
    pub fn age_on(self, day: i32) -> Option<i32> {
        let (first, last) = (self.first_day()?, self.last_day()?);
        let (then, now) = (Date::from_day(first + (last - first) / 2)?.parts(), Date::from_day(day)?.parts());
        let years = i32::from(now.0) - i32::from(then.0);
        let age = if (now.1, now.2).cmp(&(then.1, then.2)) == Ordering::Less { years - 1 } else { years };
        Some(if first <= day { age.max(0) } else { age })
    }

    /// The month and day that the lunar calendar gives to this solar day, leap months counted as their month.
    #[must_use]
    pub fn lunar(self) -> Option<(u8, u8)> {
        let (year, month, day) = self.parts();
        if day == 0 {
            return None;
        }
        let solar = icu_calendar::Date::try_new_iso(i32::from(year), month, day).ok()?;
        let lunar = solar.to_calendar(icu_calendar::cal::ChineseTraditional::new());
        Some((lunar.month().number(), lunar.day_of_month().0))
    }
}

impl fmt::Display for Date {
    /// `2020-11-01`, `2020-11`, `2020`; nothing if there is none.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        // Digit by digit: formatting numbers took a fiftieth of the time of a run with fields of dates.
        let digit = |number: u16| b'0' + (number % 10) as u8;
        let mut text = *b"0000-00-00";
        let places = [(0, year / 1000), (1, year / 100), (2, year / 10), (3, year)];
        let of_part = |at: usize, part: u8| [(at, u16::from(part) / 10), (at + 1, u16::from(part))];
        let places = places.into_iter().chain(of_part(5, month)).chain(of_part(8, day));
        places.for_each(|(at, number)| text[at] = digit(number));
        let length = match (year, month, day) {
            (0, ..) => 0,
            (_, 0, _) => 4,
            (_, _, 0) => 7,
            _ => 10,
        };
        out.write_str(std::str::from_utf8(&text[..length]).unwrap_or_default())
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    match month {
        0 => 0,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 (H. Hinnant, *chrono-compatible low-level date algorithms*, days_from_civil).
fn day_number(year: u16, month: u8, day: u8) -> i32 {
    let (month, day) = (i32::from(month), i32::from(day));
    let year = i32::from(year) - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The day of a stamp such as 20200105093000, of so many digits: year to minute, to second, or to the thousandth of it.
fn stamped(stamp: u64, length: usize) -> Option<u64> {
    // The two digits behind the first so many; 0 where the stamp ends before.
    let part = |behind: usize| length.checked_sub(behind + 2).map_or(0, |rest| stamp / 10_u64.pow(rest as u32) % 100);
    (part(8) < 24 && part(10) < 60 && part(12) < 60).then(|| stamp / 10_u64.pow(length as u32 - 8))
}

/// A day that a spreadsheet has turned into its number: days since 30 December 1899.
fn from_serial(number: u64) -> Option<Date> {
    let day = i32::try_from(number).ok()? + day_number(1899, 12, 30);
    Date::from_day(day).filter(|date| (1900..=2099).contains(&date.year()))
}

/// Is it as well a year and a month without its nought (19903) as a day that a spreadsheet has turned into its number?
#[must_use]
pub(super) fn may_be_month(text: &str) -> bool {
    is_digits(text, 5) && ("19000".."21000").contains(&text)
}

/// Are numbers of five digits among these cells days as a spreadsheet counts them, and not years with a month that
/// lacks its nought? One that can be no month or ends in a nought says so, where no cell has its month in two digits:
/// 19900 may be a year of which the month is not known.
#[must_use]
pub(super) fn count_days<'c>(cells: impl Iterator<Item = Cow<'c, str>>) -> bool {
    let mut are_days = false;
    for cell in cells {
        if is_digits(&cell, 6) && read(&cell).is_some() {
            return false;
        }
        are_days |= is_digits(&cell, 5) && (!may_be_month(&cell) || cell.ends_with('0'));
    }
    are_days
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// How the dates of a column are written, and what the study says where that leaves something open.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// `strftime`; `None`: the usual forms.
    format: Option<&'a str>,
    has_short_year: bool,
    has_month: bool,
    has_day: bool,
    latest_year: u16,
    offset_seconds: i32,
}

impl<'a> Form<'a> {
    /// The form of a column. Two digits stand for no later year than `latest_year`; instants fall on the day of the
    /// zone that is so many seconds ahead of UTC.
    #[must_use]
    pub fn new(format: Option<&'a str>, latest_year: u16, offset_seconds: i32) -> Form<'a> {
        let has_short_year = format.is_some_and(|format| {
            let format = format.replace("%%", "");
            format.contains("%y") || format.contains("%D")
        });
        let has = |parts: &str| format.is_none_or(|format| parts_of(format).any(|part| parts.contains(part)));
        let (has_month, has_day) = (has("mbBhjFD"), has("dejFD"));
        Form { format, has_short_year, has_month, has_day, latest_year, offset_seconds }
    }

    /// What a whole date says in a column of this form. Of years and months a spreadsheet makes first days of months:
    /// what the format does not have was made up.
    #[must_use]
    pub fn as_declared(&self, date: Date) -> Date {
        match (self.has_month, self.has_day) {
            (_, true) => date,
            (true, false) => date.month(),
            (false, false) => date.without_month(),
        }
    }

    /// Does the study give a format? To read a text by it takes ten times as long as to look one up.
    pub(super) fn has_format(&self) -> bool {
        self.format.is_some()
    }

    /// Reads a date as written. With a format only that form is taken, and that which a workbook's dates have
    /// (`2020-11-01`).
    #[must_use]
    pub fn read(&self, text: &str) -> Option<Date> {
        match self.format {
            Some(format) => self.read_strictly(format, text).or_else(|| {
                let date = if is_iso_day(text) { read(text) } else { None };
                date.map(|date| self.as_declared(date))
            }),
            None => of_instant(text, self.offset_seconds).or_else(|| read(text)),
        }
    }

    fn read_strictly(&self, format: &str, text: &str) -> Option<Date> {
        let parsed = jiff::fmt::strtime::parse(format, text).ok()?;
        let mut year = u16::try_from(parsed.year()?).ok()?;
        while self.has_short_year && year > self.latest_year {
            year = year.checked_sub(100)?;
        }
        if let (None, Some(day)) = (parsed.month(), parsed.day_of_year()) {
            let date = Date::from_day(day_number(year, 1, 1) + i32::from(day) - 1)?;
            return Some(date).filter(|date| date.year() == year);
        }
        let part = |value: Option<i8>| u8::try_from(value.unwrap_or(0)).ok();
        Date::from_parts(year, part(parsed.month())?, part(parsed.day())?)
    }
}

/// The letters of the parts of a format: `d` of `%d` and `%-d`.
fn parts_of(format: &str) -> impl Iterator<Item = char> {
    let mut characters = format.chars();
    std::iter::from_fn(move || {
        characters.find(|character| *character == '%')?;
        characters.find(|character| character.is_ascii_alphabetic() || *character == '%')
    })
}

/// Is it written `2020-11-01`?
fn is_iso_day(text: &str) -> bool {
    text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() })
}

/// The day on which an instant with a zone (`1990-03-06T16:00:00Z`) falls in the study's own.
fn of_instant(text: &str, offset_seconds: i32) -> Option<Date> {
    let (day, time) = (text.get(..10)?, text.get(10..)?);
    let has_zone = time.starts_with(['T', 't', ' ']) && time.contains(['Z', 'z', '+', '-']);
    if !has_zone || !is_iso_day(day) {
        return None;
    }
    let instant: jiff::Timestamp = text.parse().ok()?;
    Date::from_day(extract::local_day(instant.as_second(), i64::from(offset_seconds)))
}

/// Reads a date in one of the usual forms: `2020-11-01`, `2020/11/1`, `20201101`, `202011`, `20201101093000`, `44136`
/// (a spreadsheet's number of a day), `2020年11月1日`, `2020-11`, `2020`, `01/11/2020` (day first unless it cannot be),
/// each with an optional time behind it. `None`: not a date.
#[must_use]
pub fn read(text: &str) -> Option<Date> {
    let mut numbers = [(0u64, 0usize); 4];
    let mut count = 0;
    let mut inside = false;
    for character in text.chars() {
        let digit = match character {
            '0'..='9' => u64::from(u32::from(character) - u32::from('0')),
            '０'..='９' => u64::from(u32::from(character) - u32::from('０')),
            _ => {
                inside = false;
                continue;
            }
        };
        if !inside {
            inside = true;
            count += 1;
        }
        let (value, length) = numbers.get_mut(count - 1)?;
        *value = value.checked_mul(10)?.checked_add(digit)?;
        *length += 1;
        if count == 4 {
            break; // a time of day follows
        }
    }
    let [(first, length), (second, second_length), (third, third_length), _] = numbers;
    let date = |year: u64, month: u64, day: u64| {
        Date::from_parts(u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    };
    let day = |digits: u64| date(digits / 10_000, digits / 100 % 100, digits % 100);
    match (count, length) {
        (_, 8) => day(first),
        (1, 12 | 14 | 17) => stamped(first, length).and_then(day),
        (_, 14) => None,
        // A spreadsheet's number of a day.
        (1, 5) => from_serial(first),
        (1, 6) => date(first / 100, first % 100, 0),
        (1, 4) => date(first, 0, 0),
        // January, or what a spreadsheet has left of October (1990.10 is the number 1990.1): only the year is sure.
        (2, 4) if text.ends_with(".1") => date(first, 0, 0),
        // Of two columns: year, and month with day; year with month, and day.
        (2, 4) if second_length == 4 => date(first, second / 100, second % 100),
        (2, 4) => date(first, second, 0),
        (2, 6) => date(first / 100, first % 100, second),
        (3 | 4, 4) => date(first, second, third),
        (3 | 4, 1 | 2) if third_length == 4 => date(third, second, first).or_else(|| date(third, first, second)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{Date, Form, count_days, day_number, may_be_month, read};
    use crate::intake::study::Field;
    use crate::person::cell::BoundField;

    fn check(text: &str, format: Option<&str>, expected: Option<(u16, u8, u8)>) {
        let form = Form::new(format, 2020, 8 * 3600);
        assert_eq!(form.read(text).map(Date::parts), expected, "{text}");
    }

    #[test]
    fn dates_are_read_in_the_usual_forms() {
        check("2020-11-01", None, Some((2020, 11, 1)));
        check("2020/1/2", None, Some((2020, 1, 2)));
        check("20201101", None, Some((2020, 11, 1)));
        check("202011", None, Some((2020, 11, 0)));
        check("２０２０１１", None, Some((2020, 11, 0)));
        check("2020年11月1日", None, Some((2020, 11, 1)));
        check("1990年3月", None, Some((1990, 3, 0)));
        check("1990", None, Some((1990, 0, 0)));
        check("2020-11-01 08:30:00", None, Some((2020, 11, 1)));
        check("2020-11-01T08:30:00+08:00", None, Some((2020, 11, 1)));
        check("31/12/1999", None, Some((1999, 12, 31)));
        check("12/31/1999", None, Some((1999, 12, 31)));
        check("199811", Some("%Y%m"), Some((1998, 11, 0)));
        check("01.02.1998", Some("%d.%m.%Y"), Some((1998, 2, 1)));
        check("20200105093000", None, Some((2020, 1, 5)));
        check("202001052359", None, Some((2020, 1, 5)));
        check("20200105093000123", None, Some((2020, 1, 5)));
        check("44136", None, Some((2020, 11, 1)));
        check("20000", None, Some((1954, 10, 3)));
        check("1990-0306", None, Some((1990, 3, 6)));
        check("199003-06", None, Some((1990, 3, 6)));
    }

    #[test]
    fn a_day_of_a_typed_column_says_no_more_either() {
        use crate::intake::extract::Column;
        use crate::person::practice::{HEAD, Practice, source};
        for (format, expected) in [(", format = \"%Y%m\"", (1990, 3, 0)), ("", (1990, 3, 1))] {
            let columns = format!("birth_date = {{ column = \"b\"{format} }}\n");
            let study = format!("{HEAD}{}{columns}", source("a", "register", false, &[("name", "n")]));
            let practice = Practice::of(&[("a.csv", "n,b\n王丽,\n")], &study);
            let (study, extract) = (&practice.study, &practice.extracts[0]);
            let mut chunk = extract.read(study, 0).unwrap();
            chunk.columns[1] = Column::Day(vec![Some(day_number(1990, 3, 1))].into());
            let binding = study.sources[0].binding(Field::BirthDate).unwrap();
            let date = BoundField::new(study, binding, &extract.columns).date(&chunk, 0).unwrap().unwrap();
            assert_eq!(date.parts(), expected, "{format}");
        }
    }

    #[test]
    fn a_whole_date_says_no_more_than_the_declared_form() {
        for (format, expected) in [
            ("%Y%m", (1990, 3, 0)),
            ("%Y-%m", (1990, 3, 0)),
            ("%B %Y", (1990, 3, 0)),
            ("%Y%%d%m", (1990, 3, 0)),
            ("%Y", (1990, 0, 0)),
            ("%Y%m%d", (1990, 3, 1)),
            ("%-e/%m/%Y", (1990, 3, 1)),
            ("%Y%j", (1990, 3, 1)),
            ("%D", (1990, 3, 1)),
        ] {
            check("1990-03-01", Some(format), Some(expected));
        }
        check("1990-03-01", None, Some((1990, 3, 1)));
    }

    #[test]
    fn some_numbers_of_days_are_years_and_months_as_well() {
        for (text, is_month) in
            [("19903", true), ("20991", true), ("20000", true), ("18999", false), ("44136", false), ("199012", false)]
        {
            assert_eq!(may_be_month(text), is_month, "{text}");
        }
        for (cells, are_days) in [
            (["19903", "20991", "1990-3", "19900306"], false),
            (["19903", "20991", "20000", "1990-3"], true),
            (["19903", "44136", "", ""], true),
            (["19903", "18999", "120199", ""], true),
            (["19900", "19903", "199012", ""], false),
            (["44136", "19903", "199012", ""], false),
        ] {
            assert_eq!(count_days(cells.map(Cow::from).into_iter()), are_days, "{cells:?}");
        }
    }

    #[test]
    fn two_digits_of_a_year_are_of_no_later_year_than_can_be() {
        check("31/12/68", Some("%d/%m/%y"), Some((1968, 12, 31)));
        check("31/12/20", Some("%d/%m/%y"), Some((2020, 12, 31)));
        check("31/12/21", Some("%d/%m/%y"), Some((1921, 12, 31)));
        check("12/31/45", Some("%D"), Some((1945, 12, 31)));
        check("31/12/2068", Some("%d/%m/%Y"), Some((2068, 12, 31)));
        let later = Form::new(Some("%d/%m/%y"), 2030, 0);
        assert_eq!(later.read("01/02/21").map(Date::parts), Some((2021, 2, 1)));
    }

    #[test]
    fn a_date_of_a_workbook_needs_no_other_form_and_days_of_the_year_are_days() {
        check("1990-12-25", Some("%m/%d/%Y"), Some((1990, 12, 25)));
        check("1990-13-25", Some("%m/%d/%Y"), None);
        check("1990/12/25", Some("%m/%d/%Y"), None);
        check("1990060", Some("%Y%j"), Some((1990, 3, 1)));
        check("1990366", Some("%Y%j"), None);
    }

    #[test]
    fn an_instant_with_a_zone_falls_on_the_day_of_the_study() {
        // Midnights in Shanghai: in winter, in a summer of shifted clocks, and with offsets.
        check("1990-03-06T16:00:00.000Z", None, Some((1990, 3, 7)));
        check("1990-03-06T15:59:59Z", None, Some((1990, 3, 6)));
        check("1988-07-14T15:00:00Z", None, Some((1988, 7, 15)));
        check("1990-03-06 23:30:00+00:00", None, Some((1990, 3, 7)));
        check("1990-03-07T00:00:00+08:00", None, Some((1990, 3, 7)));
        check("1990-03-06T16:00:00", None, Some((1990, 3, 6)));
    }

    #[test]
    fn a_month_that_a_number_may_have_lost_a_nought_of_is_not_known() {
        check("1990.1", None, Some((1990, 0, 0)));
        check("1990.1", Some("%Y.%m"), Some((1990, 1, 0)));
        check("1990.2", None, Some((1990, 2, 0)));
        check("1990.10", None, Some((1990, 10, 0)));
        check("1990.01", None, Some((1990, 1, 0)));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "20200105243000",
            "20200105096000",
            "99999",
            "2020-02-30",
            "19990230",
            "abc",
            "0000-00-00",
            "2020-13-01",
            "99999999999999999999",
        ] {
            check(text, None, None);
        }
        check("1998-11", Some("%Y%m%d"), None);
    }

    #[test]
    fn days_and_parts_agree() {
        assert_eq!(day_number(1970, 1, 1), 0);
        for day in (-50_000..60_000).step_by(37) {
            let date = Date::from_day(day).unwrap();
            assert_eq!((date.first_day(), date.last_day()), (Some(day), Some(day)));
        }
    }

    #[test]
    fn precision_decides_what_can_be_said() {
        let november = Date::from_parts(2020, 11, 0).unwrap();
        let reference = day_number(2020, 11, 1);
        assert_eq!(november.is_before(reference), Some(false));
        assert_eq!(november.is_before(reference + 5), None);
        assert_eq!(Date::from_parts(2020, 10, 0).unwrap().is_before(reference), Some(true));
    }

    #[test]
    fn an_age_is_that_of_most_who_were_born_then() {
        let reference = day_number(2020, 11, 1);
        for (birth, age) in [
            ("1990-11-01", 30),
            ("1990-11-02", 29),
            ("1990-10", 30),
            ("1990-11", 29),
            ("1990-12", 29),
            ("1990", 30),
            ("2019-10", 1),
            ("2019-11", 0),
            ("2020-11", 0),
            ("2020-12", -1),
        ] {
            assert_eq!(read(birth).and_then(|date| date.age_on(reference)), Some(age), "{birth}");
        }
        let november = Date::from_parts(2019, 11, 0).unwrap();
        assert_eq!(november.age_on(reference + 29), Some(1));
        assert_eq!(Date::from_parts(2020, 0, 0).unwrap().age_on(day_number(2020, 5, 7)), Some(0));
    }

    #[test]
    fn the_lunar_reading_is_known() {
        // Spring Festival of 2020 fell on 25 January, Mid-Autumn (8th month, 15th day) on 1 October.
        assert_eq!(Date::from_parts(2020, 1, 25).unwrap().lunar(), Some((1, 1)));
        assert_eq!(Date::from_parts(2020, 10, 1).unwrap().lunar(), Some((8, 15)));
    }
}
