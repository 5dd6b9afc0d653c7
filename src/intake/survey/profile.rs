//! What do the values of a column look like?
//!
//! Takes an extract, gives a [`Profile`] of each column: how many values, how many different ones, and how many have
//! the shape of an ID number, a date, a division code, a telephone number, a name or an address. No value leaves this
//! room except those of columns with few different ones (codes), which a study file must name.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::{dates, fields};
use crate::intake::extract::{Chunk, Column, without_point};
use crate::intake::study::nothing::{is_no_day, is_nothing, nothing_of};
use crate::intake::study::sex_words::sex_of;

/// Columns with at most so many different values are taken for codes, and their values are remembered.
pub(super) const CODES_MAX: usize = 24;

/// Rows of a chunk of which the shapes are looked at, about.
const SHAPED_ROWS: usize = 8_192;

/// Longest value of a code.
const CODE_CHARACTERS_MAX: usize = 40;

/// A shape that a value can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Shape {
    /// A citizen ID number of 18 or 15 characters.
    IdNumber,
    /// 6, 9, 12 or 15 digits that begin with a province.
    Division,
    /// A mobile telephone number of mainland China.
    Mobile,
    /// Two to four Han characters, or more with a middle dot.
    HanName,
    /// Han text with a number or a word of an address.
    HanAddress,
    /// Has Han characters.
    Han,
    /// Digits only.
    Digits,
    /// A number with a decimal point, or digits.
    Number,
    /// A date in a usual form.
    Date,
    /// A date with slashes that can only be month first.
    MonthFirst,
    /// A date with slashes that can only be day first.
    DayFirst,
    /// A date with slashes and a year of two digits.
    ShortYear,
    /// Day, month and year in eight digits, the year last.
    YearLastDigits,
    /// A time stamp in digits, or a spreadsheet's number of a day.
    OtherDate,
    /// A year of four digits.
    Year,
    /// 1 to 12.
    MonthNumber,
    /// 1 to 31.
    DayNumber,
    /// A code or word of a sex.
    Sex,
}

const SHAPES: usize = Shape::Sex as usize + 1;

/// What the values of a column look like.
#[derive(Debug, Clone, Default)]
pub(super) struct Profile {
    /// Its name.
    pub(super) name: String,
    /// Rows looked at.
    pub(super) rows: u64,
    /// Rows with a value.
    pub(super) filled: u64,
    /// Is it a date column in the file already?
    pub(super) has_days: bool,
    /// Values and their numbers while there are few.
    pub(super) codes: Option<BTreeMap<String, u64>>,
    /// Leading digits of codes, cut to 12, and their numbers.
    pub(super) prefixes: FxHashMap<String, u64>,
    /// The months of its dates, counted from year 0, and how many are of each.
    pub(super) months: BTreeMap<u32, u64>,
    characters: u64,
    digits: u64,
    /// Dates whose year stands last, by how they are written.
    patterns: FxHashMap<String, u64>,
    /// Values of which the shape was looked at.
    shaped: u64,
    shapes: [u64; SHAPES],
    different: FxHashSet<u64>,
    /// The same in lower case: one office writes in capitals, another does not.
    different_folded: FxHashSet<u64>,
    /// Values that are no day, in a column of dates, and a code in another: how often, and how often of those that are
    /// looked at for their shape.
    empty_days: BTreeMap<String, (u64, u64)>,
}

/// Share of the other values that must be dates for what stands for no day to be nothing.
const DATES_MIN: f64 = 0.5;

impl Profile {
    /// Nothing seen yet.
    pub(super) fn new(name: &str) -> Profile {
        Profile { name: name.to_owned(), codes: Some(BTreeMap::new()), ..Profile::default() }
    }

    /// Looks at the column in one chunk.
    pub(super) fn add(&mut self, chunk: &Chunk, column: &Column) {
        self.rows += chunk.rows as u64;
        self.has_days |= matches!(column, Column::Day(_));
        let step = (chunk.rows / SHAPED_ROWS).max(1);
        let texts = (0..chunk.rows).step_by(step).filter_map(|row| column.text(row)).filter(|text| !is_no_day(text));
        texts.filter_map(|text| dates::month_of(&text)).for_each(|month| *self.months.entry(month).or_default() += 1);
        let says_nothing = fields::field_of(&self.name).map_or(is_nothing as fn(&str) -> bool, |of| nothing_of(of.0));
        for row in 0..chunk.rows {
            // As a run takes cells: `1.0` is 1, and what stands for nothing is nothing.
            let text = column.text(row).map(without_point);
            if let Some(text) = text.filter(|text| !says_nothing(text)) {
                self.add_cell(&text, row % step == 0);
            }
        }
    }

    fn add_cell(&mut self, text: &str, is_shaped: bool) {
        if is_no_day(text) {
            let (all, shaped) = self.empty_days.entry(text.to_owned()).or_default();
            *all += 1;
            *shaped += u64::from(is_shaped);
            return;
        }
        self.add_value(text, 1);
        if is_shaped {
            self.add_shapes(text, 1);
        }
    }

    /// Decides, when all of a file was looked at, whether what may stand for no day does.
    pub(super) fn settle(&mut self) {
        /// A shorter one may be a code.
        const LENGTH_MIN: usize = 8;
        let empty_days = std::mem::take(&mut self.empty_days);
        let is_of_days = self.has_days || dates::readable(self) >= DATES_MIN;
        let says_no_other = self.filled == 0 && empty_days.keys().all(|text| text.len() >= LENGTH_MIN);
        for (text, (all, shaped)) in empty_days.into_iter().filter(|_| !is_of_days && !says_no_other) {
            self.add_value(&text, all);
            if shaped > 0 {
                self.add_shapes(&text, shaped);
            }
        }
    }

    /// Every value counts for how many different ones there are, and for the list of codes.
    fn add_value(&mut self, text: &str, times: u64) {
        self.filled += times;
        self.characters += times * text.chars().count() as u64;
        self.digits += times * text.bytes().filter(u8::is_ascii_digit).count() as u64;
        self.different.insert(FxBuildHasher.hash_one(text));
        self.different_folded.insert(FxBuildHasher.hash_one(text.to_lowercase().as_str()));
        if let Some(codes) = &mut self.codes {
            *codes.entry(text.to_owned()).or_default() += times;
            if codes.len() > CODES_MAX || text.chars().count() > CODE_CHARACTERS_MAX {
                self.codes = None;
            }
        }
    }

    /// Shapes are told from some values, evenly spread.
    fn add_shapes(&mut self, text: &str, times: u64) {
        self.shaped += times;
        for shape in shapes_of(text) {
            if let Some(count) = self.shapes.get_mut(shape as usize) {
                *count += times;
            }
        }
        if let Some(pattern) = dates::pattern_of(text) {
            *self.patterns.entry(pattern).or_default() += times;
        }
        if let Some(prefix) = text.get(..12.min(text.len())).filter(|_| is_division(text)) {
            *self.prefixes.entry(prefix.to_owned()).or_default() += times;
        }
    }

    /// Adds what the same column holds in another part of the extract.
    pub(super) fn absorb(&mut self, part: Profile) {
        self.rows += part.rows;
        self.filled += part.filled;
        self.has_days |= part.has_days;
        self.codes = self.codes.take().zip(part.codes).and_then(|(mut codes, others)| {
            others.into_iter().for_each(|(value, count)| *codes.entry(value).or_default() += count);
            (codes.len() <= CODES_MAX).then_some(codes)
        });
        part.prefixes.into_iter().for_each(|(prefix, count)| *self.prefixes.entry(prefix).or_default() += count);
        part.months.into_iter().for_each(|(month, count)| *self.months.entry(month).or_default() += count);
        self.characters += part.characters;
        self.digits += part.digits;
        part.patterns.into_iter().for_each(|(pattern, count)| *self.patterns.entry(pattern).or_default() += count);
        self.shaped += part.shaped;
        self.shapes.iter_mut().zip(part.shapes).for_each(|(count, of_part)| *count += of_part);
        self.different.extend(part.different);
        self.different_folded.extend(part.different_folded);
    }

    /// Share of the values with this shape.
    pub(super) fn share(&self, shape: Shape) -> f64 {
        ratio(self.shapes.get(shape as usize).copied().unwrap_or(0), self.shaped)
    }

    /// Number of different values.
    pub(super) fn distinct(&self) -> u64 {
        self.different.len() as u64
    }

    /// Different values for each value: 1 if none occurs twice.
    pub(super) fn distinct_share(&self) -> f64 {
        ratio(self.distinct(), self.filled)
    }

    /// Share of the different values of the column with fewer of them that the other one has, too.
    pub(super) fn overlap(&self, other: &Profile) -> f64 {
        let (one, two) = (&self.different_folded, &other.different_folded);
        if one.len() <= two.len() { self.share_in(other) } else { other.share_in(self) }
    }

    /// Share of its different values that the other column has, too.
    pub(super) fn share_in(&self, other: &Profile) -> f64 {
        let shared = self.different_folded.iter().filter(|value| other.different_folded.contains(value)).count();
        ratio(shared as u64, self.different_folded.len() as u64)
    }

    /// Does every row have a value of its own?
    pub(super) fn is_key(&self) -> bool {
        self.rows > 0 && self.filled == self.rows && self.distinct() == self.rows
    }

    /// Share of the characters that are digits.
    pub(super) fn digit_share(&self) -> f64 {
        ratio(self.digits, self.characters)
    }

    /// How most of its dates are written whose year stands last, if at least that share of all values is.
    pub(super) fn pattern(&self, share_min: f64) -> Option<&str> {
        let most = self.patterns.iter().max_by_key(|(pattern, count)| (**count, *pattern));
        most.filter(|(_, count)| **count as f64 >= share_min * self.shaped as f64).map(|(pattern, _)| pattern.as_str())
    }

    /// Mean length of the values, in characters.
    pub(super) fn mean_length(&self) -> f64 {
        ratio(self.characters, self.filled)
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Is it a Han character?
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// All shapes of a value.
fn shapes_of(text: &str) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let digits_only = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<f64>().is_ok_and(f64::is_finite);
    let mut put = |shape: Shape, is: bool| {
        if is {
            shapes.push(shape);
        }
    };
    put(Shape::IdNumber, is_id_number(text));
    put(Shape::Division, is_division(text));
    put(Shape::Mobile, digits_only && text.len() == 11 && text.starts_with('1') && !text.starts_with("10"));
    put(Shape::Digits, digits_only);
    put(Shape::Number, number);
    put(Shape::Sex, sex_of(text) > 0);
    let whole = if digits_only && text.len() <= 4 { text.parse().unwrap_or(0) } else { 0_u32 };
    put(Shape::Year, text.len() == 4 && (1800..=2100).contains(&whole));
    put(Shape::MonthNumber, (1..=12).contains(&whole));
    put(Shape::DayNumber, (1..=31).contains(&whole));
    if text.chars().any(is_han) {
        let count = text.chars().count();
        let name = text.chars().all(|c| is_han(c) || "·•‧・．".contains(c));
        let signs = ["号", "楼", "栋", "幢", "室", "路", "街", "村", "小区", "单元", "里", "门", "-"];
        let address = signs.iter().any(|sign| text.contains(sign)) && text.chars().any(char::is_numeric) && count >= 5;
        put(Shape::Han, true);
        put(Shape::HanName, name && ((2..=4).contains(&count) || (text.contains('·') && count <= 20)));
        put(Shape::HanAddress, address);
    }
    shapes.extend(dates::shapes_of(text));
    shapes
}

fn is_id_number(text: &str) -> bool {
    let (body, last) = match text.len() {
        18 if text.is_ascii() => text.split_at(17),
        15 => (text, "0"),
        _ => return false,
    };
    let month = if text.len() == 18 { text.get(10..12) } else { text.get(8..10) };
    let month = month.and_then(|month| month.parse::<u8>().ok());
    let digits = body.bytes().all(|byte| byte.is_ascii_digit());
    digits
        && (last.bytes().all(|byte| byte.is_ascii_digit()) || matches!(last, "X" | "x"))
        && month.is_some_and(|month| (1..=12).contains(&month))
}

fn is_division(text: &str) -> bool {
    let province =
        text.get(..2).and_then(|start| start.parse::<u8>().ok()).is_some_and(|code| (11..=82).contains(&code));
    province && matches!(text.len(), 6 | 9 | 12 | 15) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(values: &[&str]) -> Profile {
        let mut profile = Profile::new("c");
        profile.rows = values.len() as u64;
        for value in values.iter().filter(|value| !value.is_empty()) {
            profile.add_cell(value, true);
        }
        profile.settle();
        profile
    }

    #[test]
    fn a_value_has_the_shapes_that_it_looks_like() {
        let check =
            |text: &str, shape: Shape, is: bool| assert_eq!(shapes_of(text).contains(&shape), is, "{text} {shape:?}");
        check("999999200002290019", Shape::IdNumber, true);
        check("99999920000229001X", Shape::IdNumber, true);
        check("999999200013290019", Shape::IdNumber, false);
        check("120106012004", Shape::Division, true);
        check("990106012004", Shape::Division, false);
        check("13800000000", Shape::Mobile, true);
        check("王小明", Shape::HanName, true);
        check("风采里12号楼3门401", Shape::HanAddress, true);
        check("风采里12号楼3门401", Shape::HanName, false);
        for date in
            ["2020-11-01", "2020/1/1", "20201101", "202011", "2020年11月1日", "01/11/2020", "2020-11-01 00:00:00"]
        {
            check(date, Shape::Date, true);
        }
        for other in ["20201301", "1234567", "2020", "99/99/2020", "5218", "01/11/20"] {
            check(other, Shape::Date, false);
        }
        check("12/25/1990", Shape::MonthFirst, true);
        check("25/12/1990", Shape::DayFirst, true);
        check("25/12/90", Shape::ShortYear, true);
        check("F", Shape::Sex, true);
    }

    #[test]
    fn a_profile_counts_values_and_keys() {
        let codes = profile(&["a", "b", "a", ""]);
        assert_eq!((codes.filled, codes.distinct(), codes.is_key()), (3, 2, false));
        assert_eq!(codes.codes.unwrap().get("a"), Some(&2));
        assert!(profile(&["1", "2"]).is_key());
        assert!(!profile(&["1", ""]).is_key());
        assert!(!profile(&[]).is_key());
        assert_eq!(profile(&["1", "2", "3"]).overlap(&profile(&["3", "4"])), 0.5);
        assert_eq!(profile(&["1"]).overlap(&profile(&[])), 0.0);
        // Noughts are no days among days, and a code among codes.
        let filled = |values: &[&str]| profile(values).filled;
        assert_eq!(filled(&["0", "0", "2019-01-02", "0000-00-00", "9999-12-31"]), 1);
        assert_eq!([filled(&["0", "0", "3"]), filled(&["0"]), filled(&["0000-00-00"])], [3, 1, 0]);
        let many: Vec<String> = (0..=CODES_MAX).map(|value| value.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(profile(&many).codes.is_none());
    }
}
