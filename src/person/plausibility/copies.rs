//! Does one list stand in the study twice?
//!
//! Takes the records of all sources, warns of two that are copies or deliveries of one list and no more the same bytes:
//! saved in another format, or drawn a month later. Everybody in it would be a person whom two sources found
//! independently, and no estimate of coverage survives that. True registers of one district share most of its persons,
//! but each numbers its records for itself, and writes days, telephone numbers and texts of its own.

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::ROWS_MIN;
use crate::intake::extract::Extract;
use crate::intake::study::{Field, RowKind, Source, Study};
use crate::person::id_number;
use crate::person::table::{NO_DAY, PersonTable, RecordId};

/// Records of a source that are looked at, about.
const LOOKED_AT: u64 = 1 << 16;

/// Share of the smaller one's records that the other has under the same ids from which both are one list. A judgement:
/// within a year, fewer persons come and go.
const SAME_IDS_MIN: f64 = 0.8;

/// The same of the larger one's records, column for column, where no ids tell. A judgement: what two offices wrote of
/// one person differs more often.
const SAME_CELLS_MIN: f64 = 0.9;

/// What is said of two that share so much.
const FOUND_TWICE: &str = "both have this share of their records in common, with all that is said there or with their ids: if they \
                           are copies or deliveries of one list, everybody in it is found twice, and no estimate holds: leave one \
                           of them out";

/// Some records of a list: those of some persons, who are the same in every list.
#[derive(Debug, Default)]
struct Sample {
    records: u64,
    /// Id of the record (or its row), person and what the row means.
    by_id: FxHashSet<u64>,
    /// Person and all that is said of it, where something is that each office writes for itself.
    by_cells: FxHashSet<u64>,
}

/// Warns of any two sources that are one list, and of any two files of a source that are.
pub(super) fn warn(study: &Study, extracts: &[Extract], table: &PersonTable) {
    let rows = extracts.iter().map(|extract| table.records(extract.source).len() as u64);
    let one_in = (rows.max().unwrap_or(0) / LOOKED_AT).max(1).next_power_of_two();
    let sample = |extract: &Extract| Sample::of(table.records(extract.source), one_in, table);
    let samples: Vec<Sample> = extracts.par_iter().map(sample).collect();
    for (at, (extract, sample)) in extracts.iter().zip(&samples).enumerate() {
        let source = &study.sources[extract.source];
        for (other, of_other) in extracts.iter().zip(&samples).take(at) {
            let other = &study.sources[other.source];
            // Rows have numbers of their own in every list: these tell something only of one that is read alike.
            let is_read_alike = columns(source) == columns(other);
            if !is_read_alike && (source.record_id.is_none() || other.record_id.is_none()) {
                continue;
            }
            let found = sample.shared(of_other, is_read_alike, source.role == other.role);
            if let Some(percent) = found.map(percent) {
                tracing::warn!(source = source.name, other = other.name, percent, "{FOUND_TWICE}");
            }
        }
        // Ids that come again are set aside, row by row.
        if source.record_id.is_none() && extract.files.len() > 1 {
            warn_of_files(source, extract, one_in, table);
        }
    }
}

fn warn_of_files(source: &Source, extract: &Extract, one_in: u64, table: &PersonTable) {
    let mut start = 0;
    let mut samples: Vec<(String, Sample)> = Vec::new();
    let records = table.records(extract.source);
    for file in &extract.files {
        let before = |row: u64| {
            let found = table.row.get(records.start as usize..records.end as usize).unwrap_or(&[]);
            records.start + found.partition_point(|known| u64::from(*known) < row) as RecordId
        };
        let sample = Sample::of(before(start)..before(start + file.last_row), one_in, table);
        start += file.last_row;
        for (other, of_other) in &samples {
            if let Some(percent) = sample.shared_cells(of_other).map(percent) {
                let file = file.path.display();
                tracing::warn!(source = source.name, %file, other, percent, "{FOUND_TWICE}");
            }
        }
        samples.push((file.path.display().to_string(), sample));
    }
}

fn percent(share: f64) -> u64 {
    (share * 100.0).round() as u64
}

/// The columns that a source reads, by field.
fn columns(source: &Source) -> BTreeSet<(Field, &[String])> {
    source.bindings.iter().map(|binding| (binding.field, binding.columns.as_slice())).collect()
}

impl Sample {
    fn of(records: Range<RecordId>, one_in: u64, table: &PersonTable) -> Sample {
        let mut sample = Sample::default();
        for record in records {
            let at = record as usize;
            let (name, number, birth) = (table.name[at], table.id_number[at], table.birth[at]);
            let is_known = number.is_some() || (name != 0 && birth.is_some());
            let person = if number.is_some() { (number.packed(), 0, 0) } else { (0, name, birth.packed()) };
            if !is_known || !FxBuildHasher.hash_one(person).is_multiple_of(one_in) {
                continue;
            }
            sample.records += 1;
            let row = (person, event(table.kind[at]));
            let id = table.record_id(record);
            // Two offices that number their records by ID numbers have the same ones.
            if !id_number::read(id).0.is_valid() {
                sample.by_id.insert(FxBuildHasher.hash_one((row, id)));
            }
            let texts = table.texts.row(at);
            let door = [table.building[at], table.unit[at], table.room[at]];
            let (telephone, last_seen) = (table.telephone[at], table.last_seen[at]);
            if telephone != 0 || last_seen != NO_DAY || texts.iter().any(|text| *text != 0) {
                let of_household = (table.relationship[at] as u8, table.ethnicity[at], table.registration[at]);
                let of_person = (name, table.former_name[at], birth.packed(), table.sex[at], table.death[at].packed());
                let of_place = (table.estate[at], door, table.division[at], telephone, last_seen, texts);
                sample.by_cells.insert(FxBuildHasher.hash_one((row, of_person, of_household, of_place)));
            }
        }
        sample
    }

    /// The share of records that two have in common, if they are one list.
    fn shared(&self, other: &Sample, is_read_alike: bool, is_of_one_role: bool) -> Option<f64> {
        let fewer = self.records.min(other.records);
        let by_id = common(&self.by_id, &other.by_id) as f64 / fewer.max(1) as f64;
        match by_id >= SAME_IDS_MIN && fewer >= ROWS_MIN {
            true => Some(by_id),
            // A roll and a register of the same persons may well say the same of them.
            false if is_read_alike && is_of_one_role => self.shared_cells(other),
            false => None,
        }
    }

    fn shared_cells(&self, other: &Sample) -> Option<f64> {
        let more = self.records.max(other.records);
        let by_cells = common(&self.by_cells, &other.by_cells) as f64 / more.max(1) as f64;
        (by_cells >= SAME_CELLS_MIN && more >= ROWS_MIN).then_some(by_cells)
    }
}

/// What a row tells of beside a person: the deaths that a register gives apart have the numbers of its records, too.
/// Who lives here is said by other words on a roll than in a register.
fn event(kind: RowKind) -> Option<RowKind> {
    [RowKind::Birth, RowKind::Death, RowKind::Ownership, RowKind::Tenancy].contains(&kind).then_some(kind)
}

fn common(one: &FxHashSet<u64>, other: &FxHashSet<u64>) -> u64 {
    let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    few.iter().filter(|key| many.contains(*key)).count() as u64
}

#[cfg(test)]
mod tests {
    use super::{Sample, columns};
    use crate::person::practice::{HEAD, Practice, source};
    use crate::synthetic::identity::with_check;

    /// A list of these persons: number of the record, name, ID number, day of the last sign of life.
    fn list(persons: impl Iterator<Item = u32>, id: impl Fn(u32) -> String, seen: impl Fn(u32) -> u32) -> String {
        let row = |person: u32| {
            let number = with_check(&format!("999999199003{:02}{person:03}", person % 28 + 1));
            format!("{},王丽,{number},2020-05-{:02}\n", id(person), seen(person) % 28 + 1)
        };
        persons.map(row).fold(String::from("id,n,i,s\n"), |text, row| text + &row)
    }

    /// The share that two lists have in common, if they are taken for one.
    fn shared(one: &str, other: &str, has_id: bool) -> Option<f64> {
        shared_by(one, other, has_id, true)
    }

    fn shared_by(one: &str, other: &str, has_id: bool, is_of_one_role: bool) -> Option<f64> {
        let fields = [("name", "n"), ("id_number", "i"), ("last_seen", "s")];
        let study =
            format!("{HEAD}{}{}", source("a", "roll", has_id, &fields), source("b", "register", has_id, &fields));
        let practice = Practice::of(&[("a.csv", one), ("b.csv", other)], &study);
        let table = practice.table();
        let sample = |source: usize| Sample::of(table.records(source), 1, &table);
        let [a, b] = [0, 1].map(|source| columns(&practice.study.sources[source]));
        sample(1).shared(&sample(0), a == b, is_of_one_role)
    }

    #[test]
    fn deliveries_of_one_list_are_told_from_registers_of_the_same_persons() {
        let own = |person: u32| format!("P{person}");
        let others = |person: u32| format!("W{}", person * 7);
        let all = list(0..100, own, |person| person);
        // Without the first row the numbers of the rows are others.
        assert_eq!(shared(&all, &list(1..100, own, |person| person), true), Some(1.0));
        assert_eq!(shared(&all, &list(1..100, own, |person| person), false), Some(0.99));
        assert_eq!(shared(&all, &list(10..110, own, |person| person + 1), true), Some(0.9));
        let alike = list((1..100).rev(), own, |person| person);
        assert_eq!(shared(&all, &alike, false), Some(0.99));
        assert_eq!(shared_by(&all, &alike, false, false), None, "a roll and a register may say the same");
        // A year later; the same persons in another register; in one without numbers of records.
        assert_eq!(shared(&all, &list(25..125, own, |person| person), true), None);
        assert_eq!(shared(&all, &list(0..100, others, |person| person + 1), true), None);
        assert_eq!(shared(&all, &list((0..100).rev(), others, |person| person + 1), false), None);
        // Both number their records anew, or by ID numbers.
        let anew = |from: u32| move |person: u32| format!("{}", person + from);
        assert_eq!(shared(&list(0..100, anew(0), |_| 1), &list(0..100, anew(1), |_| 2), true), None);
        let number = |person: u32| with_check(&format!("999999199003{:02}{person:03}", person % 28 + 1));
        assert_eq!(shared(&list(0..100, number, |_| 1), &list(0..100, number, |_| 2), true), None);
        assert_eq!(shared(&list(0..10, own, |_| 1), &list(0..10, own, |_| 1), true), None, "too few");
    }
}
