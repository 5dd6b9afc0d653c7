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

use super::cell::{self, BoundField, RowKinds, comparator};
use super::date::Date;
use super::id_number::{self, Fault};
use super::name::{self, Reading};
use super::row::NAME_NOTES;
use super::{address, code};
use crate::error::Result;
use crate::intake::extract::{Chunk, Extract};
use crate::intake::study::nothing::{is_nothing, is_null};
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
enum Reader<'a> {
    RecordId(Option<usize>),
    RowMeaning(Option<usize>, RowKinds<'a>),
    Field(BoundField<'a>),
}

/// What is looked at in one source, by one name.
struct Asked<'a> {
    study: &'a Study,
    source: usize,
    name: &'a str,
    columns: Vec<String>,
    reader: Reader<'a>,
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
        let asked = asked(study, extract);
        let fresh = || -> Vec<Counted> { asked.iter().map(|_| Counted::default()).collect() };
        let counted = (0..extract.chunk_count())
            .into_par_iter()
            .try_fold(fresh, |mut counted, at| {
                let chunk = extract.read(study, at)?;
                for (asked, counted) in asked.iter().zip(&mut counted) {
                    counted.add(asked, &chunk);
                }
                progress.advance((chunk.rows + chunk.rejected.len()) as u64);
                Ok(counted)
            })
            .try_reduce(fresh, |one, other| Ok(one.into_iter().zip(other).map(|(a, b)| a.join(b)).collect()))?;
        profiles.extend(asked.into_iter().zip(counted).map(|(asked, counted)| counted.finish(asked)));
    }
    progress.finish(&format!("{} columns", profiles.len()));
    Ok(profiles)
}

/// Record id, row meaning and fields of a source.
fn asked<'a>(study: &'a Study, extract: &Extract) -> Vec<Asked<'a>> {
    let Some(source) = study.sources.get(extract.source) else { return Vec::new() };
    let asked = |name, columns: &[String], reader| Asked {
        study,
        source: extract.source,
        name,
        columns: columns.to_vec(),
        reader,
    };
    let single =
        |column: &'a String| (std::slice::from_ref(column), extract.columns.iter().position(|known| known == column));
    let id = source.record_id.iter().map(single);
    let id = id.map(|(columns, at)| asked("record_id", columns, Reader::RecordId(at)));
    let rows = source.rows.column.iter().map(single);
    let rows = rows.map(|(columns, at)| asked("rows", columns, Reader::RowMeaning(at, RowKinds::new(&source.rows))));
    let fields = source.bindings.iter().map(|binding| {
        let bound = BoundField::new(study, binding, &extract.columns);
        asked(study.field_name(binding.field), &binding.columns, Reader::Field(bound))
    });
    id.chain(rows).chain(fields).collect()
}

impl Reader<'_> {
    /// What a row says.
    fn text<'c>(&'c self, chunk: &'c Chunk, row: usize) -> Option<Cow<'c, str>> {
        let of = |column: &Option<usize>| chunk.columns.get((*column)?)?.text(row);
        match self {
            Reader::RecordId(column) => of(column).filter(|id| !is_null(id)),
            Reader::RowMeaning(column, kinds) => {
                of(column).filter(|value| kinds.of(value).is_some() || !is_nothing(value))
            }
            Reader::Field(bound) => bound.text(chunk, row),
        }
    }
}

impl Counted {
    fn add(&mut self, asked: &Asked<'_>, chunk: &Chunk) {
        self.rows += (chunk.rows + chunk.rejected.len()) as u64;
        for fault in &chunk.rejected {
            self.noted(false, fault.reason);
        }
        for row in 0..chunk.rows {
            // Such a row is set aside, whatever else it says.
            if chunk.overlong(row).is_some() {
                self.noted(false, "text_too_long");
                continue;
            }
            let Some(text) = asked.reader.text(chunk, row) else { continue };
            self.filled += 1;
            self.distinct.insert(FxBuildHasher.hash_one(text.as_bytes()));
            let valid = match &asked.reader {
                Reader::RecordId(_) => true,
                Reader::RowMeaning(_, kinds) => {
                    self.noted(kinds.of(&text).is_some() || kinds.list_nothing(), "other_value")
                }
                Reader::Field(bound) => match bound.rounded(&text).or_else(|| bound.overlong(&text)) {
                    Some(what) => self.noted(false, what),
                    None => self.read(asked.study, bound, &text, chunk, row),
                },
            };
            self.valid += u64::from(valid);
        }
    }

    /// Does the field's normaliser make something of it?
    fn read(&mut self, study: &Study, bound: &BoundField<'_>, text: &str, chunk: &Chunk, row: usize) -> bool {
        let date = || bound.date(chunk, row).map_or(Date::NONE, std::result::Result::unwrap_or_default);
        match bound.field() {
            Field::Name | Field::FamilyName | Field::GivenName | Field::FormerName | Field::MotherName => {
                self.name(text)
            }
            Field::IdNumber | Field::MotherIdNumber => self.id_number(text),
            Field::BirthDate => {
                let date = date();
                self.noted(date.is_before(study.reference.day) != Some(false), "birth_after_reference");
                self.date(date)
            }
            Field::DeathDate | Field::LastSeen => self.date(date()),
            Field::Sex => self.noted(bound.sex(chunk, text) != 0, "sex_unknown"),
            Field::Ethnicity => self.noted(code::ethnicity(text) != 0, "ethnicity_unknown"),
            Field::Relationship => {
                self.noted(code::relationship(text) != code::Relationship::Unknown, "relationship_unknown")
            }
            Field::Telephone => self.noted(code::telephone(text) != 0, "telephone_unusable"),
            Field::Division if code::is_of_a_person(text, Field::Division, &study.area) => {
                self.noted(false, "division_number_of_a_person")
            }
            Field::Division => self.noted(code::division(text).is_some(), "division_unusable"),
            Field::EnumerationArea if code::is_of_a_person(text, Field::EnumerationArea, &study.area) => {
                self.noted(false, "area_number_of_a_person")
            }
            Field::EnumerationArea => self.noted(code::area(text).is_some(), "area_unusable"),
            Field::Address => self.address(text),
            Field::Registration => self.noted(code::item(text).is_some(), "registration_unknown"),
            Field::LeftRegistration => self.noted(code::item(text).is_some(), "left_registration_unknown"),
            Field::Household => true,
            Field::Custom(_) => match comparator(study, bound.field()) {
                Some(Comparator::Date) => self.date(date()),
                Some(Comparator::Numeric) => self.noted(cell::number(text).is_some(), "number_unreadable"),
                _ => true,
            },
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

    fn date(&mut self, date: Date) -> bool {
        if !date.is_some() {
            return self.noted(false, "date_unreadable");
        }
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

    fn finish(self, asked: Asked<'_>) -> ColumnProfile {
        ColumnProfile {
            source: asked.source,
            field: asked.name.to_owned(),
            columns: asked.columns,
            rows: self.rows,
            filled: self.filled,
            valid: self.valid,
            distinct: self.distinct.len() as u64,
            notes: self.notes.into_iter().map(|(what, count)| (what.to_owned(), count)).collect(),
            years: self.years,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{ColumnProfile, profile};
    use crate::intake::extract;
    use crate::intake::study::file;
    use crate::person::practice::{HEAD, Practice, source};
    use crate::progress::Silent;
    use crate::synthetic::{Plan, write_district};

    fn of_district(errors: f64) -> (BTreeMap<(String, String), ColumnProfile>, BTreeMap<String, u64>) {
        let folder = tempfile::tempdir().expect("folder");
        let plan = Plan { persons: 500, seed: 3, errors, uneven: 0.0, progress: &Silent };
        let made = write_district(folder.path(), &plan).expect("made");
        let study = file::read(&made.study).expect("study");
        let extracts = extract::open_all(&study).expect("extracts");
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

    /// Profiles of a source of one file, by field.
    fn of_file(text: &str, columns: &str) -> BTreeMap<String, ColumnProfile> {
        let study = source("a", "register", false, &[]) + columns;
        let practice = Practice::of(&[("a.csv", text)], &format!("{HEAD}{study}"));
        let profiles = profile(&practice.study, &practice.extracts, &Silent).expect("profiled");
        profiles.into_iter().map(|profile| (profile.field.clone(), profile)).collect()
    }

    #[test]
    fn a_profile_takes_cells_as_a_run_does() {
        let text =
            "n,t,area,b,d\nNULL,NULL,甲片,2031-01-01,1.20106E+11\n王丽,13812345678.0,-,1990-01-01,120106001004.0\n";
        let columns =
            "name = \"n\"\ntelephone = \"t\"\nenumeration_area = \"area\"\nbirth_date = \"b\"\ndivision = \"d\"\n";
        let profiles = of_file(text, columns);
        let counts = |field: &str| (profiles[field].filled, profiles[field].valid);
        assert_eq!((counts("name"), counts("telephone"), counts("enumeration_area")), ((1, 1), (1, 1), (1, 1)));
        assert_eq!((counts("birth_date"), counts("division")), ((2, 2), (2, 1)));
        assert_eq!(profiles["birth_date"].notes["birth_after_reference"], 1);
        assert_eq!(profiles["division"].notes["division_float_damage"], 1);
    }

    #[test]
    fn a_row_kind_with_a_point_is_the_one_without() {
        let profiles =
            of_file("n,k\n王丽,1.0\n李明,3\n", "name = \"n\"\n[source.rows]\ncolumn = \"k\"\nbirth = [\"1\"]\n");
        assert_eq!((profiles["rows"].filled, profiles["rows"].valid), (2, 1));
    }

    #[test]
    fn rows_that_are_set_aside_are_rows() {
        let name = &of_file("n,a\n王丽,x\n李明,y,z\n", "name = \"n\"\n")["name"];
        assert_eq!((name.rows, name.filled, name.notes["ragged_row"]), (2, 1, 1));
    }

    #[test]
    fn a_text_without_end_holds_nothing_up() {
        let endless = ["王丽".to_owned() + &"bb".repeat(100_000), "一".repeat(300_000)];
        let profiles = of_file(
            &format!("n,a\n{},x\n王丽,{}\n李明,十号\n", endless[0], endless[1]),
            "name = \"n\"\naddress = \"a\"\n",
        );
        let name = &profiles["name"];
        assert_eq!((name.rows, name.filled, name.notes["text_too_long"]), (3, 1, 2));
    }

    #[test]
    fn what_is_longer_than_any_name_or_address_is_none() {
        let of = |name: usize, address: usize| {
            let text = format!("n,a\n{},{}\n李明,十号\n", "王".repeat(name), "路".repeat(address));
            let profiles = of_file(&text, "name = \"n\"\naddress = \"a\"\n");
            let noted = |field: &str, what: &str| profiles[field].notes.get(what).copied().unwrap_or(0);
            (noted("name", "name_too_long"), noted("address", "address_too_long"))
        };
        assert_eq!(of(200, 1_000), (0, 0));
        assert_eq!(of(201, 1_001), (1, 1));
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
