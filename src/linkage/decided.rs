//! Which pairs have clerks decided?
//!
//! Takes [`Decisions`] by name, gives [`Decided`] by record: pairs that are one person whatever the model says, and
//! pairs that are not. They hold in resolution; the model is fitted and pairs are scored as if nobody had decided
//! anything, so that the model's opinion of them can still be seen and judged.

use rustc_hash::FxHashMap;

use super::blocking::Pair;
use super::resolution::Resolution;
use super::scoring::Score;
use crate::intake::decisions::{Decision, Decisions};
use crate::intake::study::Study;
use crate::person::bearer;
use crate::person::table::{PersonTable, RecordId};

/// Evidence of a decision, in bits: more than all comparisons of all records of a person can speak against.
const BINDING: f64 = 1e6;

/// What was decided, by record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decided {
    same: FxHashMap<Pair, bool>,
    /// Decisions on records that the extracts do not have (any more) as those of the same persons.
    pub unknown: u64,
    /// Those of them whose records are there, of which one is another person's now.
    pub of_others: u64,
    /// Decisions that hold and rest on the number of a row alone: the table has no mark of the person, and the source
    /// no ids of records.
    pub by_row_number: u64,
}

impl Decided {
    /// Finds the records of the decisions. Of two decisions on one pair the later one holds.
    #[must_use]
    pub fn of(decisions: &Decisions, study: &Study, table: &PersonTable) -> Decided {
        let mut records: FxHashMap<(&str, &str), Option<RecordId>> = FxHashMap::default();
        for (source, record) in decisions.rows.iter().flat_map(|decision| &decision.ends) {
            records.insert((source, record), None);
        }
        for (at, source) in study.sources.iter().enumerate() {
            for record in table.records(at) {
                if let Some(found) = records.get_mut(&(source.name.as_str(), table.record_id(record))) {
                    *found = Some(record);
                }
            }
        }
        let is_same = |(record, mark): (RecordId, &String)| {
            mark.is_empty() || bearer::is_same(mark, &bearer::mark(table, record))
        };
        let is_row_number = |(record, mark): (RecordId, &String)| {
            !bearer::is_mark(mark) && study.sources[table.source(record)].record_id.is_none()
        };
        let mut decided = Decided::default();
        for Decision { ends: [one, other], marks: [mark, other_mark], same } in &decisions.rows {
            let find = |end: &(String, String)| records.get(&(end.0.as_str(), end.1.as_str())).copied().flatten();
            let (Some(one), Some(other)) = (find(one), find(other)) else {
                decided.unknown += 1;
                continue;
            };
            let ends = [(one, mark), (other, other_mark)];
            let is_of_others = !ends.into_iter().all(is_same);
            if is_of_others || one == other {
                decided.unknown += 1;
                decided.of_others += u64::from(is_of_others);
                continue;
            }
            decided.by_row_number += u64::from(ends.into_iter().any(is_row_number));
            decided.same.insert((one.min(other), one.max(other)), *same);
        }
        decided
    }

    /// Decisions on pairs of records, the smaller one first.
    #[cfg(test)]
    pub(crate) fn of_pairs(pairs: impl IntoIterator<Item = (Pair, bool)>) -> Decided {
        Decided { same: pairs.into_iter().collect(), ..Decided::default() }
    }

    /// Is nothing decided?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.same.is_empty()
    }

    /// How many pairs are decided.
    #[must_use]
    pub fn len(&self) -> usize {
        self.same.len()
    }

    /// What was decided of a pair.
    #[must_use]
    pub fn of_pair(&self, pair: Pair) -> Option<bool> {
        if self.same.is_empty() { None } else { self.same.get(&pair).copied() }
    }

    /// The decided pairs that are not among these, sorted.
    #[must_use]
    pub fn missing_from(&self, pairs: &[Pair]) -> Vec<Pair> {
        let mut missing: Vec<Pair> =
            self.same.keys().filter(|pair| pairs.binary_search(pair).is_err()).copied().collect();
        missing.sort_unstable();
        missing
    }

    /// The scores as resolution must take them: a decided pair outweighs everything.
    #[must_use]
    pub fn imposed(&self, pairs: &[Pair], scores: &[Score]) -> Option<Vec<Score>> {
        if self.is_empty() {
            return None;
        }
        let mut imposed = scores.to_vec();
        for (pair, same) in &self.same {
            if let Ok(at) = pairs.binary_search(pair) {
                let bits = if *same { BINDING } else { -BINDING };
                imposed[at] = Score { weight: bits, log2_odds: bits };
            }
        }
        Some(imposed)
    }

    /// How many decisions a resolution does not follow: only decisions that contradict each other can be.
    #[must_use]
    pub fn not_followed(&self, resolution: &Resolution) -> u64 {
        let person = |record: RecordId| resolution.person_of.get(record as usize);
        self.same.iter().filter(|((one, other), same)| (person(*one) == person(*other)) != **same).count() as u64
    }
}
