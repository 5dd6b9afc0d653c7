//! How well is each column filled, and how much of it can be read?
//!
//! Takes the study and its [`Extract`]s, gives a [`ColumnProfile`] per bound field of each source: filled, valid (its
//! normaliser makes something of it), distinct, what was odd by code, and the years that dates span. It holds counts
//! and years, no value. Chunks are read in parallel and added up in any order: sums and sets do not mind.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

use rayon::prelude::*;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::date::{self, Date};
use super::id_number::{self, Fault};
use super::name::{self, Reading};
use super::{address, code};
use crate::error::Result;
use crate::intake::extract::{Chunk, Column, Extract};
use crate::intake::study::{Comparator, Field, Study};
use crate::progress::Progress;

/// The quality of one field of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnProfile {
    /// Index of the source.
    pub source: usize,
    /// What the column is to the study: a field's name, `record_id` or `rows`.
    pub field: String,
    /// The columns that make it up.
    pub columns: Vec<String>,
    /// Rows read.
    pub rows: u64,
    /// Rows that say something.
    pub filled: u64,
    /// Of these, rows of which the field's normaliser makes something.
    pub valid: u64,
    /// Different texts.
    pub distinct: u64,
    /// What was odd or mended, by code.
    pub notes: BTreeMap<String, u64>,
    /// First and last year, for dates.
    pub years: Option<(u16, u16)>,
}

/// What a column is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    RecordId,
    RowMeaning,
    Field(Field),
}

/// A column, or several joined, of one source.
struct Binding<'a> {
    study: &'a Study,
    source: usize,
    reader: Reader,
    name: &'a str,
    columns: Vec<String>,
    joiner: &'a str,
    format: Option<&'a str>,
    codes: Option<&'a BTreeMap<String, String>>,
}

/// What has been counted so far.
#[derive(Default)]
struct Counted {
    rows: u64,
    filled: u64,
    valid: u64,
    distinct: FxHashSet<u64>,
    notes: BTreeMap<&'static str, u64>,
    years: Option<(u16, u16)>,
}

/// Profiles every bound column of every source, in the order of the study.
///
/// # Errors
/// Only what the reader says of a file that cannot be used.
pub fn profile(study: &Study, extracts: &[Extract], progress: &dyn Progress) -> Result<Vec<ColumnProfile>> {
    progress.begin("profile", extracts.iter().map(|extract| extract.rows).sum());
    let mut profiles = Vec::new();
    for extract in extracts {
        let bindings = bindings(study, extract.source);
        let fresh = || -> Vec<Counted> { bindings.iter().map(|_| Counted::default()).collect() };
        let counted = (0..extract.chunk_count())
            .into_par_iter()
            .try_fold(fresh, |mut counted, at| {
                let chunk = extract.read(study, at)?;
                for (binding, counted) in bindings.iter().zip(&mut counted) {
                    counted.add(binding, extract, &chunk);
                }
                progress.advance(chunk.rows as u64);
                Ok(counted)
            })
            .try_reduce(fresh, |one, other| Ok(one.into_iter().zip(other).map(|(a, b)| a.join(b)).collect()))?;
        profiles.extend(bindings.into_iter().zip(counted).map(|(binding, counted)| counted.finish(binding)));
    }
    progress.finish(&format!("{} columns", profiles.len()));
    Ok(profiles)
}

/// Record id, row meaning and fields of a source.
fn bindings(study: &Study, at: usize) -> Vec<Binding<'_>> {
    let Some(source) = study.sources.get(at) else { return Vec::new() };
    let single = |column: &String, reader, name| {
        let columns = vec![column.clone()];
        Binding { study, source: at, reader, name, columns, joiner: "", format: None, codes: None }
    };
    let id = source.record_id.iter().map(|column| single(column, Reader::RecordId, "record_id"));
    let rows = source.rows.column.iter().map(|column| single(column, Reader::RowMeaning, "rows"));
    let fields = source.bindings.iter().map(|binding| Binding {
        study,
        source: at,
        reader: Reader::Field(binding.field),
        name: study.field_name(binding.field),
        columns: binding.columns.clone(),
        joiner: &binding.joiner,
        format: binding.format.as_deref(),
        codes: Some(&binding.codes),
    });
    id.chain(rows).chain(fields).collect()
}

impl Counted {
    fn add(&mut self, binding: &Binding<'_>, extract: &Extract, chunk: &Chunk) {
        let place = |name: &String| extract.columns.iter().position(|column| column == name);
        let columns: Vec<&Column> = binding.columns.iter().filter_map(|name| chunk.columns.get(place(name)?)).collect();
        self.rows += chunk.rows as u64;
        for row in 0..chunk.rows {
            let Some(text) = text(&columns, row, binding) else { continue };
            self.filled += 1;
            self.distinct.insert(FxBuildHasher.hash_one(text.as_bytes()));
            let day = columns.first().and_then(|column| column.day(row));
            self.valid += u64::from(self.read(binding, &text, day));
        }
    }

    /// Does the field's normaliser make something of it?
    fn read(&mut self, binding: &Binding<'_>, text: &str, day: Option<i32>) -> bool {
        let field = match binding.reader {
            Reader::RecordId => return true,
            Reader::RowMeaning => {
                let meaning = binding.study.sources.get(binding.source).map(|source| &source.rows);
                let known = meaning.is_some_and(|rows| rows.values.is_empty() || rows.values.contains_key(text));
                return self.noted(known, "other_value");
            }
            Reader::Field(field) => field,
        };
        match field {
            Field::Name | Field::FamilyName | Field::GivenName | Field::FormerName | Field::MotherName => {
                self.name(text)
            }
            Field::IdNumber | Field::MotherIdNumber => self.id_number(text),
            Field::BirthDate | Field::DeathDate | Field::LastSeen => self.date(text, day, binding.format),
            Field::Sex => self.noted(code::sex(text) != 0, "sex_unknown"),
            Field::Ethnicity => self.noted(code::ethnicity(text) != 0, "ethnicity_unknown"),
            Field::Relationship => {
                self.noted(code::relationship(text) != code::Relationship::Unknown, "relationship_unknown")
            }
            Field::Telephone => self.noted(code::telephone(text) != 0, "telephone_unusable"),
            Field::Division | Field::EnumerationArea => self.noted(code::division(text).is_some(), "division_unusable"),
            Field::Address => self.address(text),
            Field::Registration | Field::LeftRegistration => {
                self.noted(text.bytes().any(|byte| byte.is_ascii_digit()), "code_missing")
            }
            Field::Household => true,
            Field::Custom(index) => {
                let custom = binding.study.custom_fields.get(usize::from(index));
                match custom.map(|custom| custom.comparator) {
                    Some(Comparator::Date) => self.date(text, day, binding.format),
                    Some(Comparator::Numeric) => {
                        let finite = text.parse::<f64>().is_ok_and(f64::is_finite);
                        self.noted(finite, "number_unreadable")
                    }
                    _ => true,
                }
            }
        }
    }

    fn name(&mut self, text: &str) -> bool {
        match name::read(text) {
            Reading::Missing => self.noted(false, "name_unusable"),
            Reading::Placeholder(_) => self.noted(false, "name_placeholder"),
            Reading::Name(_, notes) => {
                for (bit, what) in NAME_NOTES {
                    self.noted(notes & bit == 0, what);
                }
                true
            }
        }
    }

    fn id_number(&mut self, text: &str) -> bool {
        let (id, fault) = id_number::read(text);
        if let Some(what) = fault.code() {
            self.noted(false, what);
        }
        id.is_some() && !matches!(fault, Fault::Check | Fault::Length)
    }

    fn date(&mut self, text: &str, day: Option<i32>, format: Option<&str>) -> bool {
        let date = day.map_or_else(|| date::read(text, format), Date::from_day);
        let Some(date) = date.filter(|date| date.is_some()) else { return self.noted(false, "date_unreadable") };
        self.noted(date.has_month(), "date_without_month");
        self.noted(date.has_day() || !date.has_month(), "date_without_day");
        let year = date.year();
        self.years = Some(self.years.map_or((year, year), |(first, last)| (first.min(year), last.max(year))));
        true
    }

    fn address(&mut self, text: &str) -> bool {
        let Some(parts) = address::read(text) else { return self.noted(false, "address_unusable") };
        self.noted(parts.place.is_empty() || parts.room != 0, "address_without_room");
        self.noted(!parts.place.is_empty(), "address_without_place")
    }

    /// Notes what is odd unless it is as it should be; gives back whether it is.
    fn noted(&mut self, good: bool, what: &'static str) -> bool {
        if !good {
            *self.notes.entry(what).or_default() += 1;
        }
        good
    }

    fn join(mut self, mut other: Counted) -> Counted {
        // The smaller set goes into the larger one.
        if self.distinct.len() < other.distinct.len() {
            std::mem::swap(&mut self.distinct, &mut other.distinct);
        }
        self.distinct.extend(other.distinct);
        self.rows += other.rows;
        self.filled += other.filled;
        self.valid += other.valid;
        for (what, count) in other.notes {
            *self.notes.entry(what).or_default() += count;
        }
        self.years = match (self.years, other.years) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        };
        self
    }

    fn finish(self, binding: Binding<'_>) -> ColumnProfile {
        ColumnProfile {
            source: binding.source,
            field: binding.name.to_owned(),
            columns: binding.columns,
            rows: self.rows,
            filled: self.filled,
            valid: self.valid,
            distinct: self.distinct.len() as u64,
            notes: self.notes.into_iter().map(|(what, count)| (what.to_owned(), count)).collect(),
            years: self.years,
        }
    }
}

/// The text of a row: joined columns, then the code list.
fn text<'c>(columns: &[&'c Column], row: usize, binding: &Binding<'c>) -> Option<Cow<'c, str>> {
    let mut cells = columns.iter().filter_map(|column| column.text(row));
    let mut text = cells.next()?;
    for cell in cells {
        text = Cow::Owned(format!("{text}{}{cell}", binding.joiner));
    }
    match binding.codes.and_then(|codes| codes.get(text.as_ref())) {
        Some(code) => Some(Cow::Borrowed(code.as_str())),
        None => Some(text),
    }
}

/// What is mended in a name, by the bit that says so.
const NAME_NOTES: [(u8, &str); 7] = [
    (name::note::SPACING, "name_spacing"),
    (name::note::FOLDED, "name_variant_characters"),
    (name::note::UNREADABLE, "name_unreadable_character"),
    (name::note::PINYIN, "name_pinyin_for_character"),
    (name::note::TITLE, "name_title"),
    (name::note::REMARK, "name_remark"),
    (name::note::SEVERAL, "name_of_several"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{ColumnProfile, profile};
    use crate::intake::extract;
    use crate::intake::study::file;
    use crate::progress::Silent;
    use crate::synthetic::{Plan, write_district};

    fn of_district(errors: f64) -> (BTreeMap<(String, String), ColumnProfile>, BTreeMap<String, u64>) {
        let folder = tempfile::tempdir().expect("folder");
        let plan = Plan { persons: 500, seed: 3, errors, uneven: 0.0, progress: &Silent };
        let made = write_district(folder.path(), &plan).expect("made");
        let study = file::read(&made.study).expect("study");
        let extracts: Vec<_> = (0..study.sources.len()).map(|at| extract::open(&study, at).expect("extract")).collect();
        let profiles = profile(&study, &extracts, &Silent).expect("profiled");
        let key = |profile: &ColumnProfile| (study.sources[profile.source].name.clone(), profile.field.clone());
        (profiles.into_iter().map(|profile| (key(&profile), profile)).collect(), made.rows)
    }

    #[test]
    fn every_column_is_counted_whole() {
        let (profiles, rows) = of_district(1.0);
        for ((source, _), profile) in &profiles {
            assert_eq!(profile.rows, rows[source]);
            assert!(profile.valid <= profile.filled && profile.filled <= profile.rows, "{profile:?}");
            assert!(profile.distinct <= profile.filled, "{profile:?}");
        }
        let of = |field: &str| &profiles[&(String::from("roll"), field.to_owned())];
        assert_eq!(of("record_id").distinct, rows["roll"]);
        assert_eq!(of("sex").valid, of("sex").filled);
        assert!(of("id_number").notes.keys().all(|what| what.starts_with("id_")));
        let (first, last) = of("birth_date").years.expect("dates");
        assert!((1880..=2021).contains(&first) && (2018..=2021).contains(&last));
    }

    #[test]
    fn worse_clerks_make_worse_columns() {
        let of = |errors| {
            let (profiles, _) = of_district(errors);
            let profile = &profiles[&(String::from("roll"), String::from("id_number"))];
            profile.notes.get("id_check").copied().unwrap_or(0)
        };
        assert!(of(5.0) > of(0.0));
    }
}
