//! How complete are roll and registers, area by area?
//!
//! Takes the table and who is who, gives [`Coverage`]: plain counts of persons by area (community, township, district),
//! sex and age at the reference time, each person once at each level; [`estimated`] adds what they say of the unseen.
//! Every stratum adds up: `roll_present = in_both + only_roll` and `register_persons = in_both + only_register`.
//!
//! A person stands where the roll enumerated it, else where the roll lists it, else where the first register has it.

mod absent;
mod absent_places;
mod by_lists;
pub mod estimated;
mod level;
mod mended;
mod no_deaths;
mod post_strata;
mod stale;
mod warning;
mod within;

pub use self::level::{Level, UNKNOWN_AREA};
pub use self::within::is_within;

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::error::{Error, Kind, Result};
use crate::intake::study::{Role, RowKind, Study};
use crate::linkage::Linked;
use crate::linkage::resolution::Resolution;
use crate::outcome::residence;
use crate::person::date::Date;
use crate::person::lexicon::Symbol;
use crate::person::table::{PersonTable, RecordId};
use estimated::{Estimate, Summary};

/// Name of the table of counts.
pub const COVERAGE: &str = "coverage.parquet";
/// Name of the estimates of areas.
pub const ESTIMATES: &str = "coverage.json";

/// Age in five-year groups; the infants are a group of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgeGroup(u8);

impl AgeGroup {
    /// Not known.
    pub const UNKNOWN: AgeGroup = AgeGroup(19);
    const OLDEST: u8 = 18;

    /// All groups, the youngest first, the unknown one last.
    pub fn all() -> impl Iterator<Item = AgeGroup> {
        (0..=AgeGroup::UNKNOWN.0).map(AgeGroup)
    }

    /// The group of an age in completed years; a negative one (born after the reference time) is unknown.
    #[must_use]
    pub fn of(age: Option<i32>) -> AgeGroup {
        match age.and_then(|age| u8::try_from(age.min(200)).ok()) {
            None => AgeGroup::UNKNOWN,
            Some(0) => AgeGroup(0),
            Some(age) => AgeGroup((age / 5 + 1).min(AgeGroup::OLDEST)),
        }
    }

    /// `0`, `1-4`, `5-9`, … `85+`, `unknown`.
    #[must_use]
    pub fn name(self) -> String {
        match self.0 {
            0 => String::from("0"),
            1 => String::from("1-4"),
            AgeGroup::OLDEST => String::from("85+"),
            group if group < AgeGroup::OLDEST => format!("{}-{}", (group - 1) * 5, (group - 1) * 5 + 4),
            _ => String::from("unknown"),
        }
    }
}

/// Persons of one stratum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Enumerated on the roll as living here.
    pub roll_present: u64,
    /// Listed on the roll only as living elsewhere.
    pub roll_elsewhere: u64,
    /// In a register, and not known to have died before or been born after the reference time.
    pub register_persons: u64,
    /// Enumerated here and in a register.
    pub in_both: u64,
    /// Enumerated here and in no register.
    pub only_roll: u64,
    /// In a register and not enumerated here (those whom the roll lists elsewhere included).
    pub only_register: u64,
}

impl Counts {
    /// Adds the persons of another stratum.
    pub fn add(&mut self, other: &Counts) {
        self.roll_present += other.roll_present;
        self.roll_elsewhere += other.roll_elsewhere;
        self.register_persons += other.register_persons;
        self.in_both += other.in_both;
        self.only_roll += other.only_roll;
        self.only_register += other.only_register;
    }

    /// Do the parts make the wholes?
    #[must_use]
    pub fn balances(&self) -> bool {
        self.roll_present == self.in_both + self.only_roll && self.register_persons == self.in_both + self.only_register
    }
}

/// One area, sex and age group with its persons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stratum {
    /// How fine the area is.
    pub level: Level,
    /// Its code, or [`UNKNOWN_AREA`].
    pub area: String,
    /// 1 male, 2 female, 0 unknown.
    pub sex: u8,
    /// Age at the reference time.
    pub age_group: AgeGroup,
    /// The persons.
    pub counts: Counts,
}

/// The counts of all strata, sorted by level, area, sex and age group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Coverage {
    /// The strata.
    pub strata: Vec<Stratum>,
    /// The estimate of each stratum; empty until [`estimated::estimate`] has filled it.
    pub estimates: Vec<Estimate>,
    /// The estimates of areas and in total.
    pub summary: Summary,
}

/// A person as counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedPerson {
    /// The person.
    pub person: u32,
    /// Where it stands: symbol of [`PersonTable::divisions`].
    pub place: Symbol,
    /// 1 male, 2 female, 0 unknown.
    pub sex: u8,
    /// Age at the reference time.
    pub age_group: AgeGroup,
    /// What it counts as.
    pub counts: Counts,
}

/// Every person who counts as anything.
#[must_use]
pub fn persons(study: &Study, table: &PersonTable, resolution: &Resolution) -> Vec<CountedPerson> {
    each_person(&Census::of(study, table), resolution).collect()
}

/// The house of a person: all who have one household number, institutions included, or one dwelling; nothing if neither
/// is known.
#[must_use]
pub fn house(table: &PersonTable, resolution: &Resolution, person: u32) -> Option<u64> {
    let home = residence::home(table, resolution.records_of(person));
    let number = home.map_or(0, |record| table.household[record as usize]);
    match (number, home.and_then(|record| table.dwelling(record))) {
        (0, None) => None,
        (0, Some(dwelling)) => Some((1 << 62) | (FxBuildHasher.hash_one(dwelling) >> 2)),
        (number, _) => Some(u64::from(number)),
    }
}

fn each_person<'a>(
    census: &'a Census<'_>,
    resolution: &'a Resolution,
) -> impl ParallelIterator<Item = CountedPerson> + 'a {
    let counted = move |person: u32| {
        let records = resolution.records_of(person);
        let counts = census.counts(records);
        (counts != Counts::default()).then(|| CountedPerson {
            person,
            place: census.place(records),
            sex: census.sex(records),
            age_group: AgeGroup::of(census.birth(records).age_on(census.study.reference.day)),
            counts,
        })
    };
    (0..u32::try_from(resolution.persons()).unwrap_or(u32::MAX)).into_par_iter().filter_map(counted)
}

/// Counts the persons of every stratum.
#[must_use]
pub fn count(study: &Study, table: &PersonTable, linked: &Linked) -> Coverage {
    type Found = FxHashMap<(Symbol, u8, AgeGroup), Counts>;
    let census = Census::of(study, table);
    let add = |mut found: Found, person: CountedPerson| {
        found.entry((person.place, person.sex, person.age_group)).or_default().add(&person.counts);
        found
    };
    let both = |mut all: Found, more: Found| {
        more.into_iter().for_each(|(key, counts)| all.entry(key).or_default().add(&counts));
        all
    };
    let persons = each_person(&census, &linked.resolution);
    let found = persons.fold(Found::default, add).reduce(Found::default, both);
    let mut strata: BTreeMap<(Level, &str, u8, AgeGroup), Counts> = BTreeMap::new();
    for ((place, sex, age_group), counts) in &found {
        let code = table.divisions.text(*place);
        for level in Level::ALL {
            strata.entry((level, level.area(code), *sex, *age_group)).or_default().add(counts);
        }
    }
    let strata = strata.into_iter().map(|((level, area, sex, age_group), counts)| Stratum {
        level,
        area: area.to_owned(),
        sex,
        age_group,
        counts,
    });
    Coverage { strata: strata.collect(), ..Coverage::default() }
}

/// Is each source the roll?
fn roles(study: &Study, table: &PersonTable) -> Vec<bool> {
    let is_roll = |source: usize| study.sources.get(source).is_some_and(|source| source.role == Role::Roll);
    (0..table.source_count()).map(is_roll).collect()
}

struct Census<'a> {
    study: &'a Study,
    table: &'a PersonTable,
    roles: Vec<bool>,
    areas: AreasWithoutDivision,
}

/// Enumeration areas whose codes are those of no division: by estate and building, and by addresses that are a text as
/// a whole.
#[derive(Default)]
struct AreasWithoutDivision {
    buildings: FxHashMap<(Symbol, u16), Symbol>,
    addresses: FxHashMap<String, Symbol>,
}

impl AreasWithoutDivision {
    /// Whom only registers know stands in one of them, too, and no division says so.
    fn of(table: &PersonTable) -> AreasWithoutDivision {
        let symbols = 0..Symbol::try_from(table.divisions.len()).unwrap_or(Symbol::MAX);
        let is_none = |symbol: Symbol| {
            let code = table.divisions.text(symbol);
            !code.bytes().all(|byte| byte.is_ascii_digit()) && Level::District.area(code) == code
        };
        let is_none: Vec<bool> = symbols.map(is_none).collect();
        let mut areas = AreasWithoutDivision::default();
        if !is_none.contains(&true) {
            return areas;
        }
        for (record, at) in (0..).zip(0..table.len()) {
            let (area, estate) = (table.area[at], table.estate[at]);
            if table.division[at] != 0 || !is_none[area as usize] {
                continue;
            }
            if estate != 0 {
                let building = table.building[at];
                let known = areas.buildings.entry((estate, building)).or_insert(area);
                if building == 0 && *known != area {
                    // An estate without buildings that several areas share says nothing.
                    *known = 0;
                }
            } else if let Some(address) = table.written_address(record) {
                areas.addresses.entry(address.to_lowercase()).or_insert(area);
            }
        }
        areas
    }

    fn around(&self, table: &PersonTable, record: RecordId) -> Option<Symbol> {
        let at = record as usize;
        let building = self.buildings.get(&(table.estate[at], table.building[at]));
        let address = || table.written_address(record).and_then(|text| self.addresses.get(&text.to_lowercase()));
        building.or_else(address).copied().filter(|area| *area != 0)
    }
}

impl<'a> Census<'a> {
    fn of(study: &'a Study, table: &'a PersonTable) -> Census<'a> {
        Census { study, table, roles: roles(study, table), areas: AreasWithoutDivision::of(table) }
    }

    fn is_roll(&self, record: RecordId) -> bool {
        self.roles.get(self.table.source(record)).copied().unwrap_or(false)
    }

    fn counts(&self, records: &[RecordId]) -> Counts {
        let present = records.iter().any(|record| self.table.is_present(*record));
        let elsewhere = !present && records.iter().any(|record| self.is_roll(*record));
        let register = records.iter().any(|record| !self.is_roll(*record)) && self.lived(records);
        Counts {
            roll_present: u64::from(present),
            roll_elsewhere: u64::from(elsewhere),
            register_persons: u64::from(register),
            in_both: u64::from(present && register),
            only_roll: u64::from(present && !register),
            only_register: u64::from(!present && register),
        }
    }

    /// Not known to be dead, nor unborn, at the reference time.
    fn lived(&self, records: &[RecordId]) -> bool {
        let day = self.study.reference.day;
        let dead = records.iter().any(|record| self.table.death[*record as usize].is_before(day) == Some(true));
        let unborn = self.birth(records).is_before(day) == Some(false);
        !dead && !unborn
    }

    /// The most precise birth date; of equally precise ones the first.
    fn birth(&self, records: &[RecordId]) -> Date {
        let precision = |date: Date| u8::from(date.is_some()) + u8::from(date.has_month()) + u8::from(date.has_day());
        let mut best = Date::NONE;
        for record in records {
            let date = self.table.birth[*record as usize];
            if precision(date) > precision(best) {
                best = date;
            }
        }
        best
    }

    fn sex(&self, records: &[RecordId]) -> u8 {
        records.iter().map(|record| self.table.sex[*record as usize]).find(|sex| *sex != 0).unwrap_or(0)
    }

    fn place(&self, records: &[RecordId]) -> Symbol {
        let rank = |record: RecordId| match (self.table.kind[record as usize], self.is_roll(record)) {
            (RowKind::Present, _) => 0,
            (_, true) => 1,
            _ => 2,
        };
        let code = |record: RecordId| match self.table.division[record as usize] {
            0 => self.table.area[record as usize],
            division => division,
        };
        let known = records.iter().copied().filter(|record| code(*record) != 0);
        let around = |record: &RecordId| self.areas.around(self.table, *record);
        let code = known.min_by_key(|record| (rank(*record), *record)).map(code);
        code.or_else(|| records.iter().find_map(around)).unwrap_or(0)
    }
}

impl Coverage {
    /// Do the parts of every stratum make its wholes? Gives a sentence for each that does not.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let wrong = self.strata.iter().filter(|stratum| !stratum.counts.balances());
        let say = |stratum: &Stratum| {
            // Not which area: what was taken for its code may be a name.
            let (level, sex, age) = (stratum.level.name(), sex_name(stratum.sex), stratum.age_group.name());
            format!("coverage of a {level}, sex {sex}, age {age}: the parts do not make the wholes")
        };
        wrong.map(say).collect()
    }

    /// The areas of a level with all their persons, in the order of their codes.
    #[must_use]
    pub fn areas(&self, level: Level) -> Vec<(String, Counts)> {
        let mut areas: BTreeMap<&str, Counts> = BTreeMap::new();
        for stratum in self.strata.iter().filter(|stratum| stratum.level == level) {
            areas.entry(&stratum.area).or_default().add(&stratum.counts);
        }
        areas.into_iter().map(|(area, counts)| (area.to_owned(), counts)).collect()
    }

    /// All persons counted.
    #[must_use]
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.strata.iter().filter(|stratum| stratum.level == Level::District).for_each(|s| total.add(&s.counts));
        total
    }

    /// Writes `coverage.parquet` into a folder that nobody looks into yet; gives its rows.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_parquet(&self, path: &Path) -> Result<u64> {
        let failed = |error: parquet::errors::ParquetError| Error::unwritten(path, &error);
        let batch = self.batch().map_err(|_| Error::new(Kind::Environment, "the coverage table is not one table"))?;
        let file = std::fs::File::create(path).map_err(|error| Error::io(path, &error))?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).map_err(failed)?;
        writer.write(&batch).map_err(failed)?;
        writer.close().map_err(failed)?;
        Ok(batch.num_rows() as u64)
    }

    fn batch(&self) -> std::result::Result<RecordBatch, arrow::error::ArrowError> {
        let text = |value: &dyn Fn(&Stratum) -> String| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(self.strata.iter().map(value)))
        };
        let figure = |value: fn(&Counts) -> u64| -> ArrayRef {
            let values = self.strata.iter().map(|stratum| i64::try_from(value(&stratum.counts)).unwrap_or(i64::MAX));
            Arc::new(Int64Array::from_iter_values(values))
        };
        let estimated = |value: fn(&Estimate) -> f64| -> ArrayRef {
            let values = (0..self.strata.len()).map(|at| self.estimates.get(at).map(value));
            Arc::new(values.collect::<Float64Array>())
        };
        RecordBatch::try_from_iter_with_nullable([
            ("area", text(&|stratum| stratum.area.clone()), false),
            ("level", text(&|stratum| stratum.level.name().to_owned()), false),
            ("sex", text(&|stratum| sex_name(stratum.sex).to_owned()), false),
            ("age_group", text(&|stratum| stratum.age_group.name()), false),
            ("roll_present", figure(|counts| counts.roll_present), false),
            ("roll_elsewhere", figure(|counts| counts.roll_elsewhere), false),
            ("register_persons", figure(|counts| counts.register_persons), false),
            ("in_both", figure(|counts| counts.in_both), false),
            ("only_roll", figure(|counts| counts.only_roll), false),
            ("only_register", figure(|counts| counts.only_register), false),
            ("estimate", estimated(|estimate| estimate.persons), true),
            ("standard_error", estimated(|estimate| estimate.standard_error), true),
            ("estimate_low", estimated(|estimate| estimate.low), true),
            ("estimate_high", estimated(|estimate| estimate.high), true),
            ("enumerated_rightly", estimated(|estimate| estimate.enumerated), true),
            ("enumerated_wrongly", estimated(|estimate| estimate.erroneous), true),
            ("duplicate_rows", estimated(|estimate| estimate.duplicates), true),
            ("counted_elsewhere", estimated(|estimate| estimate.guests), true),
            ("resident_only_register", estimated(|estimate| estimate.only_register), true),
            ("unseen", estimated(|estimate| estimate.unseen), true),
            ("uncorrected", estimated(|estimate| estimate.uncorrected), true),
        ])
    }
}

fn sex_name(sex: u8) -> &'static str {
    match sex {
        1 => "male",
        2 => "female",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::{AgeGroup, Counts, Coverage, Level, Stratum, is_within};

    #[test]
    fn a_stratum_whose_parts_do_not_make_its_wholes_is_named() {
        let whole = Counts {
            roll_present: 5,
            register_persons: 6,
            in_both: 4,
            only_roll: 1,
            only_register: 2,
            ..Counts::default()
        };
        let stratum = |age: i32, counts: Counts| Stratum {
            level: Level::District,
            area: String::from("999999"),
            sex: 2,
            age_group: AgeGroup::of(Some(age)),
            counts,
        };
        let of = |strata: Vec<Stratum>| Coverage { strata, ..Coverage::default() }.check();
        assert_eq!(of(vec![stratum(3, whole), stratum(7, whole)]), Vec::<String>::new());
        let lost = Counts { only_register: 1, ..whole };
        let twice = Counts { roll_present: 6, ..whole };
        let wrong = of(vec![stratum(3, whole), stratum(7, lost), stratum(12, twice)]);
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].contains("a district, sex female, age 5-9"), "{wrong:?}");
    }

    #[test]
    fn divisions_hold_areas_and_other_codes_are_areas_themselves() {
        for (code, asked, expected) in [
            ("120106001001", "120106001", true),
            ("120106001001", "120106001001", true),
            ("120106001001", "120106002", false),
            ("120106", "120106001", false),
            ("EA-1", "EA-1", true),
            ("EA-10", "EA-1", false),
            ("甲片-01", "甲片", false),
            ("10", "1", false),
            ("120106-7", "120106", true),
            ("120106-7", "1201067", false),
            ("120106001011001A", "120106001011", true),
            ("120106001011001A", "120106001011001", false),
            ("120106001012-001", "120106001", true),
            ("120106001013001 甲片", "120106001013", true),
            ("120106001012-001", "120106001011", false),
            ("12010600101甲", "12010600101", false),
            ("EA-1", "", true),
        ] {
            assert_eq!(is_within(code, asked), expected, "{code} in {asked}");
        }
    }
}
