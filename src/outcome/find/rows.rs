//! Do the rows of the roll agree on a person, with each other and with the registers?
//!
//! Takes the present rows of a person, gives what speaks against one of them: the person is enumerated twice, or in
//! another dwelling than registers name, or placed elsewhere by the roll itself.

use super::{Case, evidence};
use crate::intake::study::RowKind;
use crate::outcome::discrepancy::{Discrepancy, DiscrepancyKind};
use crate::person::table::RecordId;

/// Share of the persons whom the roll lists only as living elsewhere in the area, and of whom no present row is known,
/// that were in fact not enumerated: the others have a row that linkage has not found. A judgement, from synthetic
/// districts with few and with many errors (0.88 of 269).
pub(super) const COUNTED_ELSEWHERE: f64 = 0.85;

/// Digits of registration of somebody registered elsewhere than in this community (item D8).
const REGISTERED_ELSEWHERE: std::ops::RangeInclusive<u8> = 2..=4;

impl Case<'_> {
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
        let support = |row: RecordId| {
            let named = self.elsewhere(row, registers);
            self.table.sources_of(named.filter(|(_, differs)| !differs).map(|(record, _)| record))
        };
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

    /// Two registers or more name a dwelling, all of them another one than the one row of the roll, and no second row
    /// explains it. Who is registered in another community has a dwelling there rightly: that record says nothing.
    pub(super) fn dwelling(
        &self,
        person: u32,
        present: &[RecordId],
        records: &[RecordId],
        registers: &[RecordId],
        found: &mut Vec<Discrepancy>,
    ) {
        let [row] = present else { return };
        if records.iter().any(|r| self.kind(*r) == RowKind::ElsewhereInArea) {
            return;
        }
        let is_elsewhere = REGISTERED_ELSEWHERE.contains(&self.table.registration[*row as usize]);
        let speaks = |record: &RecordId| !is_elsewhere || self.kind(*record) != RowKind::HouseholdRegistration;
        let registers: Vec<RecordId> = registers.iter().copied().filter(speaks).collect();
        let named: Vec<(RecordId, bool)> = self.elsewhere(*row, &registers).collect();
        // What a register says twice it still says alone.
        let sources = self.table.sources_of(named.iter().map(|(record, _)| *record));
        if sources >= 2 && named.iter().all(|(_, differs)| *differs) {
            let why = vec![evidence("address", format!("{sources} registers name another dwelling"))];
            found.push(self.discrepancy(DiscrepancyKind::HouseholdMismatch, person, Some(*row), *row, 0.5, why));
        }
    }

    /// Do registers name another dwelling than a row, as far as they say: by record.
    fn elsewhere<'r>(
        &'r self,
        row: RecordId,
        registers: &'r [RecordId],
    ) -> impl Iterator<Item = (RecordId, bool)> + 'r {
        let says_where = |record: &&RecordId| !matches!(self.kind(**record), RowKind::Ownership | RowKind::Death);
        let differs = move |record: &RecordId| {
            let differs = self.dwellings.differ(self.table, self.comparer, row, *record);
            differs.map(|differs| (*record, differs))
        };
        registers.iter().filter(says_where).filter_map(differs)
    }
}
