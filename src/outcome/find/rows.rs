//! Do the rows of the roll say the same of a person as each other and as the registers?
//!
//! Takes the present rows of a person, gives what speaks against one of them: enumerated twice, in another dwelling than
//! registers name, or placed elsewhere by the roll itself.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{Case, evidence};
use crate::intake::study::RowKind;
use crate::linkage::Linked;
use crate::linkage::comparison::{Variable, address};
use crate::outcome::discrepancy::{Discrepancy, DiscrepancyKind};
use crate::person::table::{PersonTable, RecordId};

/// Share of the persons whom the roll lists only as living elsewhere in the area, and of whom no present row is known, that
/// were in fact not enumerated: the others have a row that linkage has not found. A judgement, from synthetic districts with
/// few and with many errors (0.88 of 269).
pub(super) const COUNTED_ELSEWHERE: f64 = 0.85;

/// Digits of registration of somebody registered elsewhere than in this community (item D8).
const REGISTERED_ELSEWHERE: std::ops::RangeInclusive<u8> = 2..=4;

/// Of persons whom the roll lists only as living elsewhere in the area, how likely the likeliest present row is theirs that the
/// linker held apart.
pub(super) struct HeldApart(FxHashMap<u32, f64>);

impl HeldApart {
    pub(super) fn of(table: &PersonTable, linked: &Linked) -> HeldApart {
        let owner = &linked.resolution.person_of;
        let elsewhere = |record: RecordId| table.kind[record as usize] == RowKind::ElsewhereInArea;
        let raise = |all: &mut FxHashMap<u32, f64>, person: u32, probability: f64| {
            let known = all.entry(person).or_default();
            *known = known.max(probability);
        };
        let look = |mut all: FxHashMap<u32, f64>, at: usize| {
            let ((one, other), score) = (linked.pairs[at], linked.scores[at]);
            if owner[one as usize] != owner[other as usize] {
                for (listed, present) in [(one, other), (other, one)] {
                    if elsewhere(listed) && table.is_present(present) {
                        raise(&mut all, owner[listed as usize], score.probability());
                    }
                }
            }
            all
        };
        let both = |mut all: FxHashMap<u32, f64>, more: FxHashMap<u32, f64>| {
            more.into_iter().for_each(|(person, probability)| raise(&mut all, person, probability));
            all
        };
        HeldApart(
            (0..linked.pairs.len()).into_par_iter().fold(FxHashMap::default, look).reduce(FxHashMap::default, both),
        )
    }
}

impl Case<'_> {
    pub(super) fn held_apart(&self, person: u32) -> f64 {
        self.held_apart.0.get(&person).copied().unwrap_or(0.0)
    }

    /// Every present row but the one that the most registers support; of equally supported ones the first is kept.
    pub(super) fn duplicates(
        &self,
        person: u32,
        present: &[RecordId],
        registers: &[RecordId],
        found: &mut Vec<Discrepancy>,
    ) {
        if present.len() < 2 {
            return;
        }
        let support =
            |row: RecordId| self.dwellings(row, registers).filter(|level| *level < address::SAME_BUILDING).count();
        let kept =
            present.iter().copied().max_by_key(|row| (support(*row), std::cmp::Reverse(*row))).unwrap_or(present[0]);
        for other in present.iter().copied().filter(|row| *row != kept) {
            let probability = self.pair_probability(kept, other);
            let why = vec![
                evidence("roll", "enumerated as present twice"),
                evidence("match_probability", format!("{probability:.4}")),
                evidence(
                    "registers",
                    format!("{} name this dwelling, {} the other one", support(other), support(kept)),
                ),
            ];
            let kind = DiscrepancyKind::DuplicateEnumeration;
            found.push(self.discrepancy(kind, person, Some(other), other, probability, why));
        }
    }

    /// Two registers or more name a dwelling, all of them another one than any row of the roll, and no second row explains
    /// it. Who is registered in another community has a dwelling there rightly: that record says nothing.
    pub(super) fn dwelling(
        &self,
        person: u32,
        present: &[RecordId],
        records: &[RecordId],
        registers: &[RecordId],
        found: &mut Vec<Discrepancy>,
    ) {
        let [row] = present else { return };
        // Beside a row that names no dwelling none is another one.
        if self.table.dwelling(*row).is_none() || records.iter().any(|r| self.kind(*r) == RowKind::ElsewhereInArea) {
            return;
        }
        let is_elsewhere = REGISTERED_ELSEWHERE.contains(&self.table.registration[*row as usize]);
        let speaks = |record: &RecordId| !is_elsewhere || self.kind(*record) != RowKind::HouseholdRegistration;
        let registers: Vec<RecordId> = registers.iter().copied().filter(speaks).collect();
        let levels: Vec<u8> = self.dwellings(*row, &registers).collect();
        if levels.len() >= 2 && levels.iter().all(|level| *level >= address::SAME_BUILDING) {
            let why = vec![evidence("address", format!("{} registers name another dwelling", levels.len()))];
            found.push(self.discrepancy(DiscrepancyKind::HouseholdMismatch, person, Some(*row), *row, 0.5, why));
        }
    }

    /// How near the dwellings that registers name for a person are to that of a row, as far as it is known.
    fn dwellings<'r>(&'r self, row: RecordId, registers: &'r [RecordId]) -> impl Iterator<Item = u8> + 'r {
        let comparison = self.comparer.of(Variable::Address);
        let says_where = |record: &&RecordId| {
            !matches!(self.kind(**record), RowKind::Ownership | RowKind::Death)
                && self.table.dwelling(**record).is_some()
        };
        let level = move |record: &RecordId| {
            let level = comparison?.level(self.comparer.compare(row, *record));
            u8::try_from(level).ok().filter(|level| *level != 0)
        };
        registers.iter().filter(says_where).filter_map(level)
    }
}
