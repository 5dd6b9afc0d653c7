//! What have visits settled of the persons of this run?
//!
//! Takes [`Outcomes`] of earlier visits by digests of records, gives [`Settled`]: by kind of discrepancy and person how
//! the visit ended. The person is found again by the records of the case that are still of the same person
//! ([`bearer`]); if linkage now holds them for several persons, the one who has most of them is meant.

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::discrepancy::{Discrepancy, DiscrepancyKind};
use super::visit::{Outcome, one_question};
use crate::digest::hex;
use crate::error::Result;
use crate::intake::named_table::wrong;
use crate::intake::outcomes::Outcomes;
use crate::intake::study::Study;
use crate::linkage::resolution::Resolution;
use crate::person::bearer;
use crate::person::table::{PersonTable, RecordId};

/// The digest by which a record is known again in a later run. Neither its source nor its id can be read from it;
/// whoever can guess an id (an ID number, say) can find out whether it is meant: tables with digests stay in the
/// office.
#[must_use]
pub fn record_digest(source: &str, record_id: &str) -> String {
    hex(&Sha256::digest(format!("{source}\u{1f}{record_id}"))[..12])
}

/// A record as cases and tables name it: its digest, and the mark of the person whose record it is.
#[must_use]
pub fn record_name(source: &str, table: &PersonTable, record: RecordId) -> String {
    format!("{}{MARKED}{}", record_digest(source, table.record_id(record)), bearer::mark(table, record))
}

/// The digest and the mark of a record so named; the mark is empty where it was named before there were marks.
#[must_use]
pub fn digest_and_mark(name: &str) -> (&str, &str) {
    name.split_once(MARKED).unwrap_or((name, ""))
}

const MARKED: char = '.';

/// How visits ended, by kind and person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    of: FxHashMap<(DiscrepancyKind, u32), Outcome>,
    /// By row of the roll: a person who was enumerated three times is two questions.
    of_duplicates: FxHashMap<RecordId, Outcome>,
    /// Outcomes of the table that settle a case of a person of this run.
    pub used: u64,
    /// Outcomes on records that the extracts do not have (any more) as those of the same persons.
    pub unknown: u64,
    /// Those of them whose records are there, and are other persons' now.
    pub of_others: u64,
    /// Outcomes that settle a case and rest on the number of a row alone: the table has no mark of the person, and the
    /// source no ids of records.
    pub by_row_number: u64,
}

impl Settled {
    /// Finds the persons of the outcomes. Of two outcomes about one person and kind the later one of the table holds,
    /// which is in the order of visits.
    ///
    /// # Errors
    /// An input error, with the row, for a kind or an outcome that does not exist.
    pub fn of(outcomes: &Outcomes, study: &Study, table: &PersonTable, resolution: &Resolution) -> Result<Settled> {
        let mut records: FxHashMap<&str, Option<RecordId>> = FxHashMap::default();
        for name in outcomes.rows.iter().flat_map(|row| &row.records) {
            records.insert(digest_and_mark(name).0, None);
        }
        for (at, source) in study.sources.iter().enumerate() {
            for record in table.records(at) {
                if let Some(found) = records.get_mut(record_digest(&source.name, table.record_id(record)).as_str()) {
                    *found = Some(record);
                }
            }
        }
        let there = |name: &String| records.get(digest_and_mark(name).0).copied().flatten();
        let is_same = |name: &String, record: &RecordId| {
            let then = digest_and_mark(name).1;
            then.is_empty() || bearer::is_same(then, &bearer::mark(table, *record))
        };
        let record = |name: &String| there(name).filter(|record| is_same(name, record));
        let is_row_number = |name: &String| {
            let unmarked = record(name).filter(|_| !bearer::is_mark(digest_and_mark(name).1));
            unmarked.is_some_and(|record| study.sources[table.source(record)].record_id.is_none())
        };
        let is_roll = |record: &RecordId| Some(table.source(*record)) == study.roll();
        let mut settled = Settled::default();
        for row in &outcomes.rows {
            let wrong = |column: &str, what: &str| wrong(&outcomes.table.path, row.row, column, what);
            let kind = DiscrepancyKind::of_name(&row.kind)
                .ok_or_else(|| wrong("kind", "expected a kind of discrepancy, such as missed_person"))?;
            let outcome = Outcome::of_code(&row.outcome)
                .filter(|outcome| outcome.is_final() && outcome.fits(kind))
                .ok_or_else(|| wrong("outcome", "expected the code of an outcome that settles a case of this kind"))?;
            let mut counts: FxHashMap<u32, u32> = FxHashMap::default();
            for record in row.records.iter().filter_map(record) {
                *counts.entry(resolution.person_of[record as usize]).or_default() += 1;
            }
            let most = counts.iter().max_by_key(|(person, count)| (**count, std::cmp::Reverse(**person)));
            let Some((most, _)) = most else {
                settled.unknown += 1;
                settled.of_others += u64::from(row.records.iter().any(|name| there(name).is_some()));
                continue;
            };
            settled.used += 1;
            settled.by_row_number += u64::from(row.records.iter().any(is_row_number));
            // The row at issue stands first.
            let at_issue = row.records.first().and_then(record).filter(is_roll);
            // A household is known again by any of its members.
            if kind == DiscrepancyKind::MissedHousehold {
                settled.of.extend(counts.keys().map(|person| ((kind, *person), outcome)));
            } else if let (DiscrepancyKind::DuplicateEnumeration, Some(row)) = (kind, at_issue) {
                settled.of_duplicates.insert(row, outcome);
            } else {
                settled.of.insert((one_question(kind), *most), outcome);
            }
        }
        Ok(settled)
    }

    /// Outcomes of persons, as given.
    #[cfg(test)]
    pub(crate) fn of_persons(outcomes: impl IntoIterator<Item = (DiscrepancyKind, u32, Outcome)>) -> Settled {
        let of = outcomes.into_iter().map(|(kind, person, outcome)| ((one_question(kind), person), outcome)).collect();
        Settled { of, ..Settled::default() }
    }

    /// How a visit about this ended, if there was one.
    #[must_use]
    pub fn answer(&self, discrepancy: &Discrepancy) -> Option<Outcome> {
        let is_duplicate = discrepancy.kind == DiscrepancyKind::DuplicateEnumeration;
        let row = discrepancy.roll_record.filter(|_| is_duplicate);
        let of_row = row.and_then(|row| self.of_duplicates.get(&row).copied());
        of_row.or_else(|| self.outcome(discrepancy.kind, discrepancy.person))
    }

    /// How a visit about this person ended, if there was one.
    fn outcome(&self, kind: DiscrepancyKind, person: u32) -> Option<Outcome> {
        if self.of.is_empty() { None } else { self.of.get(&(one_question(kind), person)).copied() }
    }

    /// Did the roll miss this person, as far as a visit says?
    #[must_use]
    pub fn missed(&self, person: u32) -> Option<bool> {
        let kind = DiscrepancyKind::MissedPerson;
        self.outcome(kind, person).and_then(|outcome| outcome.label(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::Settled;
    use crate::outcome::discrepancy::DiscrepancyKind;
    use crate::outcome::visit::Outcome;

    #[test]
    fn a_newborn_and_a_person_are_one_question_and_a_household_is_another() {
        let settled = Settled::of_persons([(DiscrepancyKind::MissedNewborn, 3, Outcome::Added)]);
        assert_eq!(settled.outcome(DiscrepancyKind::MissedPerson, 3), Some(Outcome::Added));
        assert_eq!((settled.missed(3), settled.missed(4)), (Some(true), None));
        assert_eq!(settled.outcome(DiscrepancyKind::MissedHousehold, 3), None);
        let gone = Settled::of_persons([(DiscrepancyKind::MissedPerson, 3, Outcome::MovedOutBefore)]);
        assert_eq!(gone.missed(3), Some(false));
    }
}
