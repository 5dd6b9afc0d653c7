//! What stands in the cells of a field?
//!
//! Takes the columns that a source binds to a field, gives what a row says there: cells joined, what programs write for
//! nothing left out, the `.0` that they put behind whole numbers taken off, the code list asked. Rows and profiles are
//! read by it alike.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::code;
use super::date::{self, Date, Form};
use super::han::compatible;
use crate::intake::extract::{Chunk, Column, without_point};
use crate::intake::study::nothing::{is_no_day, nothing_of};
use crate::intake::study::sex_words::{is_beside_mujer, is_f, is_m};
use crate::intake::study::{Binding, Comparator, Field, RowKind, RowMeaning, Study};

/// Years behind the reference time in which extracts may still be drawn.
const EXTRACT_YEARS_MAX: u16 = 10;

/// Share of the letters of a column, one in so many, below which one is a slip and no code.
const SLIP_SHARE: u64 = 50;

/// The columns of a field, found in the chunks of a source.
pub(super) struct BoundField<'a> {
    columns: Vec<usize>,
    binding: &'a Binding,
    /// What stands between joined cells.
    joiner: &'a str,
    /// If it is of dates: how they are written.
    dates: Option<Form<'a>>,
    /// Do numbers of five digits count days, by file and first row of the chunks in which that was asked?
    counts_days: Mutex<FxHashMap<(usize, u64), bool>>,
    /// May `M` be *mujer*, by the same?
    has_mujer: Mutex<FxHashMap<(usize, u64), bool>>,
    /// Is it of words or of ID numbers, which are read with what spreadsheets make of them?
    is_as_written: bool,
    /// Does a text of it say that there is nothing?
    says_nothing: fn(&str) -> bool,
    /// Are rounded numbers as good as others?
    may_be_rounded: bool,
}

impl<'a> BoundField<'a> {
    /// The columns of a binding among those of an extract.
    pub(super) fn new(study: &'a Study, binding: &'a Binding, present: &[String]) -> BoundField<'a> {
        let place = |name: &String| present.iter().position(|known| known == name);
        let is_as_written = binding.field.is_name()
            || matches!(binding.field, Field::Address | Field::IdNumber | Field::MotherIdNumber);
        let comparator = comparator(study, binding.field);
        let reference = Date::from_day(study.reference.day).unwrap_or_default().year();
        let latest_year = match binding.field {
            Field::BirthDate => Some(reference),
            Field::DeathDate | Field::LastSeen => Some(reference + EXTRACT_YEARS_MAX),
            _ => (comparator == Some(Comparator::Date)).then_some(reference),
        };
        let form = |latest| Form::new(binding.format.as_deref(), latest, study.reference.offset_seconds);
        // Parts of a date run together are other dates: 1990 and 3 the day of number 19903.
        let runs_together = latest_year.is_some() && binding.format.is_none() && binding.joiner.is_empty();
        BoundField {
            columns: binding.columns.iter().filter_map(place).collect(),
            binding,
            joiner: if runs_together { "-" } else { &binding.joiner },
            dates: latest_year.map(form),
            counts_days: Mutex::default(),
            has_mujer: Mutex::default(),
            is_as_written,
            says_nothing: nothing_of(binding.field),
            may_be_rounded: is_as_written || comparator == Some(Comparator::Numeric),
        }
    }

    /// The field.
    pub(super) fn field(&self) -> Field {
        self.binding.field
    }

    /// The text of a row: joined columns, then the code list. Of a date that is joined, parts behind a missing one say
    /// nothing.
    pub(super) fn text<'c>(&self, chunk: &'c Chunk, row: usize) -> Option<Cow<'c, str>>
    where
        'a: 'c,
    {
        let text = match self.columns.as_slice() {
            [column] => self.cell(chunk.columns.get(*column)?, row)?,
            _ => self.joined(chunk, row)?,
        };
        match self.binding.codes.get(text.as_ref()) {
            Some(code) => Some(Cow::Borrowed(code.as_str())),
            None if self.is_empty_day(&text) => None,
            None => Some(text),
        }
    }

    /// Does a text of a field of dates stand for none? What the column's form makes a date of is one (00 is a year).
    fn is_empty_day(&self, text: &str) -> bool {
        self.dates.is_some_and(|form| is_no_day(text) && form.read(text).is_none())
    }

    /// The cells of several columns as one text.
    fn joined<'c>(&self, chunk: &'c Chunk, row: usize) -> Option<Cow<'c, str>> {
        let cells = self.columns.iter().map(|column| self.cell(chunk.columns.get(*column)?, row));
        let mut cells = cells.take_while(|cell| self.dates.is_none() || cell.is_some()).flatten();
        let mut text = cells.next()?;
        for cell in cells {
            text = Cow::Owned(format!("{text}{}{cell}", self.joiner));
        }
        Some(text)
    }

    fn cell<'c>(&self, column: &'c Column, row: usize) -> Option<Cow<'c, str>> {
        let text = column.text(row)?;
        match () {
            () if self.binding.codes.contains_key(text.as_ref()) => Some(text),
            () if (self.says_nothing)(&text) => None,
            () if self.is_as_written => Some(text),
            () => Some(without_point(text)),
        }
    }

    /// The date of a row; an error if what stands there is none.
    pub(super) fn date(&self, chunk: &Chunk, row: usize) -> Option<Result<Date, ()>> {
        self.date_as(chunk, row, Form::read)
    }

    /// The same, where `read` says what date a text is.
    pub(super) fn date_as(
        &self,
        chunk: &Chunk,
        row: usize,
        read: impl FnOnce(&Form<'a>, &str) -> Option<Date>,
    ) -> Option<Result<Date, ()>> {
        let column = self.columns.first().and_then(|column| chunk.columns.get(*column));
        if let Some(day) = column.and_then(|column| column.day(row)) {
            let date = Date::from_day(day).map(|date| self.dates.map_or(date, |form| form.as_declared(date)));
            let is_empty = date.is_none() && self.is_empty_day(&column?.text(row)?);
            return (!is_empty).then_some(date.ok_or(()));
        }
        let text = self.text(chunk, row)?;
        let is_open = self.binding.format.is_none() && date::may_be_month(&text);
        if is_open && !column.is_some_and(|column| self.counts_days(chunk, column)) {
            return Some(Err(()));
        }
        Some(self.dates.and_then(|form| read(&form, &text)).ok_or(()))
    }

    /// Are numbers of five digits in this column days as a spreadsheet counts them? All cells of the chunk are asked:
    /// in a sorted column the months with two digits stand last. They are asked once: many rows may want to know.
    fn counts_days(&self, chunk: &Chunk, column: &Column) -> bool {
        let mut known = self.counts_days.lock().unwrap_or_else(PoisonError::into_inner);
        let cells = || (0..chunk.rows).filter_map(|row| self.cell(column, row));
        *known.entry((chunk.file, chunk.first_row)).or_insert_with(|| date::count_days(cells()))
    }

    /// The sex that a text of this field means; none that depends on the language.
    pub(super) fn sex(&self, chunk: &Chunk, text: &str) -> u8 {
        if is_m(&compatible(text)) && self.has_mujer(chunk) { 0 } else { code::sex(text) }
    }

    /// Does this column have letters that make `M` a woman's, and that the study does not call a woman's themselves?
    fn has_mujer(&self, chunk: &Chunk) -> bool {
        let [column] = self.columns.as_slice() else { return false };
        let Some(column) = chunk.columns.get(*column) else { return false };
        let is_of_men = |cell: &str| {
            is_beside_mujer(&compatible(cell)) && self.binding.codes.get(cell).is_none_or(|code| code::sex(code) != 2)
        };
        let mut known = self.has_mujer.lock().unwrap_or_else(PoisonError::into_inner);
        *known.entry((chunk.file, chunk.first_row)).or_insert_with(|| {
            let (mut of_men, mut of_women, mut all) = (0, 0, 0);
            for cell in (0..chunk.rows).filter_map(|row| self.cell(column, row)) {
                let (counts, text) = (is_of_men(&cell), compatible(&cell));
                let is_f = is_f(&text);
                of_men += u64::from(counts);
                of_women += u64::from(is_f);
                all += u64::from(counts || is_f || is_m(&text));
            }
            // Beside F, M is a man.
            of_men * SLIP_SHARE > all && of_women * SLIP_SHARE <= all
        })
    }

    /// Is this text a code of which a spreadsheet has left the first digits (`1.20106E+11`)? If so, what is noted of
    /// it.
    pub(super) fn rounded(&self, text: &str) -> Option<&'static str> {
        (!self.may_be_rounded && is_rounded(text)).then_some(match self.binding.field {
            Field::Division => "division_float_damage",
            Field::EnumerationArea => "area_float_damage",
            Field::Household => "household_float_damage",
            Field::Telephone => "telephone_float_damage",
            _ => "text_float_damage",
        })
    }

    /// Is this text longer than any name or address is? If so, what is noted of it.
    pub(super) fn overlong(&self, text: &str) -> Option<&'static str> {
        let (characters_max, what) = match self.binding.field {
            field if field.is_name() => (NAME_CHARACTERS_MAX, "name_too_long"),
            Field::Address => (TEXT_CHARACTERS_MAX, "address_too_long"),
            Field::Custom(_) => (TEXT_CHARACTERS_MAX, "field_too_long"),
            _ => return None,
        };
        (text.len() > characters_max && text.chars().count() > characters_max).then_some(what)
    }
}

/// Longest name, and longest address or text of the study's own, in characters: what is longer is none. Two texts are
/// compared in a time that grows with the product of their lengths.
const NAME_CHARACTERS_MAX: usize = 200;
const TEXT_CHARACTERS_MAX: usize = 1_000;

/// What the rows of a source mean, by the value of the column that says so.
pub(super) struct RowKinds<'a> {
    meaning: &'a RowMeaning,
    /// The listed values in the form of [`plain_code`], where only one kind has it.
    plain: FxHashMap<Cow<'a, str>, Option<RowKind>>,
}

impl<'a> RowKinds<'a> {
    pub(super) fn new(meaning: &'a RowMeaning) -> RowKinds<'a> {
        let mut plain: FxHashMap<Cow<'a, str>, Option<RowKind>> = FxHashMap::default();
        for (value, kind) in &meaning.values {
            let known = plain.entry(plain_code(value)).or_insert(Some(*kind));
            *known = known.filter(|known| known == kind);
        }
        RowKinds { meaning, plain }
    }

    /// What the study says that a row with this value is: the value as it was written, else as the same code written
    /// otherwise.
    pub(super) fn of(&self, value: &str) -> Option<RowKind> {
        self.meaning
            .values
            .get(value)
            .copied()
            .or_else(|| self.plain.get(plain_code(value).as_ref()).copied().flatten())
    }

    /// What a row with no such value is.
    pub(super) fn otherwise(&self) -> RowKind {
        self.meaning.otherwise
    }

    /// Does the column mean nothing?
    pub(super) fn list_nothing(&self) -> bool {
        self.meaning.values.is_empty()
    }

    /// Is a value that the study does not list one that it should? Where it says which values mean what all others mean
    /// as well, or calls these others nothing in particular.
    pub(super) fn are_all_listed(&self) -> bool {
        let RowMeaning { values, otherwise, .. } = self.meaning;
        !values.is_empty() && (*otherwise == RowKind::Other || values.values().any(|kind| kind == otherwise))
    }
}

/// A code as it is compared: in the usual width, a number without the `.0` behind it and the zeros before it.
fn plain_code(text: &str) -> Cow<'_, str> {
    let text = match compatible(text) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    let text = without_point(text);
    if !text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text;
    }
    let number = text.trim_start_matches('0');
    Cow::Owned(if number.is_empty() { "0" } else { number }.to_owned())
}

/// The comparator of a field of the study's own.
pub(super) fn comparator(study: &Study, field: Field) -> Option<Comparator> {
    study.custom_field(field).map(|custom| custom.comparator)
}

/// The number that a text is: with a decimal point, an exponent, or commas between the thousands.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = compatible(text);
    let text = text.trim();
    let whole = text.split('.').next().unwrap_or(text).trim_start_matches(['+', '-']);
    let mut groups = whole.split(',');
    let first = groups.next().map_or(0, str::len);
    let are_thousands = whole.contains(',') && (1..=3).contains(&first) && groups.all(|group| group.len() == 3);
    let text = if are_thousands { Cow::Owned(text.replace(',', "")) } else { Cow::Borrowed(text) };
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// `1.20106E+11`: all that is left of a long number.
fn is_rounded(text: &str) -> bool {
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // One digit stands before the point, or before the power.
    if !matches!(text.as_bytes(), [_, b'.' | b'E' | b'e', ..]) {
        return false;
    }
    let parts = text.split_once('+').and_then(|(number, power)| Some((number.strip_suffix(['E', 'e'])?, power)));
    parts.is_some_and(|(number, power)| {
        let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
        whole.len() == 1 && is_digits(whole) && is_digits(rest) && is_digits(power)
    })
}

#[cfg(test)]
mod tests {
    use super::{RowKinds, is_rounded, number};
    use crate::intake::study::{RowKind, RowMeaning};
    use crate::person::practice::{HEAD, Practice, field, source};

    #[test]
    fn what_stands_for_nothing_is_missing_unless_the_study_says_what_it_means() {
        let columns =
            [("family_name", "f"), ("given_name", "g"), ("death_date", "d"), ("household", "h"), ("id_number", "i")];
        let codes =
            "pay = { column = \"p\", codes = { \"无\" = \"none\" } }\nyear = { column = \"y\", format = \"%y\" }\n";
        let rows = "[source.rows]\ncolumn = \"k\"\npresent = [\"0\"]\nelsewhere = [\"无\"]\notherwise = \"other\"\n";
        let study = format!(
            "{HEAD}{}{}{}{codes}{rows}",
            field("pay", "exact"),
            field("year", "date"),
            source("a", "roll", false, &columns)
        );
        let text = "f,g,d,h,i,p,y,k\nNa,Nan Li,0000-00-00,/,无,无,00,0\n王,无,9999-12-31,—,未知,/,000000,无\n李,丽,2019-05-06,0,暂无,-,99,/\n";
        let found = Practice::of(&[("a.csv", text)], &study).standardised();
        let said = |at: usize| {
            let texts = found.table.texts.row(at).iter().zip(&found.table.text_fields);
            let texts: Vec<&str> = texts.map(|(symbol, field)| field.values.text(*symbol)).collect();
            (texts.join("|"), found.table.household[at] != 0, found.table.death[at].to_string(), found.table.kind[at])
        };
        assert_eq!(said(0), (String::from("na|nan li|none|2000"), false, String::new(), RowKind::Present));
        assert_eq!(said(1), (String::from("王|||"), false, String::new(), RowKind::Elsewhere));
        assert_eq!(said(2), (String::from("李|丽||1999"), true, String::from("2019-05-06"), RowKind::Other));
        // 李 丽 stand in two columns: of no cell is anything noted.
        assert_eq!(found.tallies[0].noted.keys().collect::<Vec<_>>(), ["name_spacing"]);
    }

    #[test]
    fn a_code_is_known_however_it_is_written() {
        let values = [("5", RowKind::Elsewhere), ("户籍", RowKind::HouseholdRegistration), ("0", RowKind::Present)];
        let values = values.map(|(value, kind)| (String::from(value), kind)).into();
        let meaning = RowMeaning { column: None, values, otherwise: RowKind::Present };
        let kinds = RowKinds::new(&meaning);
        assert!(kinds.are_all_listed());
        for (value, kind) in [
            ("5", Some(RowKind::Elsewhere)),
            ("５", Some(RowKind::Elsewhere)),
            ("05", Some(RowKind::Elsewhere)),
            ("5.0", Some(RowKind::Elsewhere)),
            ("00", Some(RowKind::Present)),
            ("户籍", Some(RowKind::HouseholdRegistration)),
            ("50", None),
            ("户口", None),
            ("", None),
        ] {
            assert_eq!(kinds.of(value), kind, "{value}");
        }
    }

    #[test]
    fn a_number_is_one_however_it_is_written() {
        for (text, expected) in [
            ("75389.00", Some(75_389.0)),
            ("85,482", Some(85_482.0)),
            ("-1,085,482.5", Some(-1_085_482.5)),
            ("92.550E3", Some(92_550.0)),
            ("１２", Some(12.0)),
            ("85,48", None),
            ("50636€", None),
            ("NaN", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn a_long_number_that_was_rounded_is_known() {
        for (text, expected) in [
            ("1.20106E+11", true),
            ("1.20106e+14", true),
            ("1E+11", true),
            ("120106001004", false),
            ("甲片-01", false),
            ("E+11", false),
            ("12.5E+11", false),
            ("+8613812345678", false),
        ] {
            assert_eq!(is_rounded(text), expected, "{text}");
        }
    }
}
