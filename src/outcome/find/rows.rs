//! Do the rows of the roll agree on a person, with each other and with the registers?
//!
//! Takes the present rows of a person, gives what speaks against one of them: the person is enumerated twice, or in
//! another dwelling than registers name, or placed elsewhere by the roll itself.

use super::{Case, evidence};
use crate::intake::study::{Field, RowKind, Source, Study};
use crate::outcome::discrepancy::{Discrepancy, DiscrepancyKind};
use crate::person::table::{PersonTable, RecordId};

/// Share of the persons whom the roll lists only as living elsewhere in the area, and of whom no present row is known,
/// that were in fact not enumerated: the others have a row that linkage has not found. A judgement, from synthetic
/// districts with few and with many errors (0.88 of 269).
pub(super) const COUNTED_ELSEWHERE: f64 = 0.85;

/// Of the rows for which two registers or more name one other dwelling, the share that is at a wrong dwelling, where
/// registers mostly have the roll's dwellings. In the others the person moved, and the registers have not heard of
/// it. A judgement, which synthetic districts bear out (docs/discrepancies.md).
const MISMATCH: f64 = 0.5;
/// The same where registers contradict each other, too: one of these at least is wrong. A judgement as well.
const MISMATCH_DISPUTED: f64 = 0.25;

/// Digits of registration of somebody registered elsewhere than in this community (item D8).
const REGISTERED_ELSEWHERE: std::ops::RangeInclusive<u8> = 2..=4;

/// Rows of the roll, one in so many, from which persons who are present twice are most likely listed where they do not
/// live, too. A judgement: censuses enumerate one or two in a hundred twice.
const DUPLICATES_SHARE: usize = 20;

/// Rows of the roll below which nothing is said of it.
const ROLL_ROWS_MIN: usize = 100;

/// Where nothing says which rows of the roll are of persons living elsewhere, these are duplicates, and all count.
pub(super) fn warn_of_many_duplicates(study: &Study, table: &PersonTable, found: &[Discrepancy]) {
    let Some((roll, source)) = study.roll().and_then(|roll| Some((roll, study.sources.get(roll)?))) else { return };
    let duplicates = found.iter().filter(|one| one.kind == DiscrepancyKind::DuplicateEnumeration).count();
    if may_list_others(source, table.records(roll).len(), duplicates) {
        tracing::warn!(
            source = source.name,
            duplicates,
            "many persons are on the roll twice, and nothing says which rows are of persons living elsewhere: every row \
             counts as present; if a column says it, name it in [source.rows]"
        );
    }
}

/// Does a roll of a census have more duplicates than a census that counts only who lives there?
pub(super) fn may_list_others(roll: &Source, rows: usize, duplicates: usize) -> bool {
    let is_of_census = roll.binding(Field::EnumerationArea).is_some();
    roll.rows.column.is_none() && is_of_census && rows >= ROLL_ROWS_MIN && duplicates * DUPLICATES_SHARE > rows
}

/// What registers say of the dwelling that the roll has for a person.
pub(super) struct Heard {
    pub row: RecordId,
    /// Registers that name a dwelling.
    sources: usize,
    /// All of them name another one.
    pub differs: bool,
    /// None of them contradicts another.
    agree: bool,
}

impl Case<'_> {
    /// Every present row but the one that the most registers support; of equally supported ones the first is kept.
    pub(super) fn duplicates(
        &self,
        person: u32,
        present: &[RecordId],
        records: &[RecordId],
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
            let probability = self.pair_probability(records, kept, other);
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

    /// Two registers or more name a dwelling, all of them another one than the one row of the roll.
    pub(super) fn dwelling(&self, person: u32, records: &[RecordId], found: &mut Vec<Discrepancy>) {
        let Some(heard) = self.heard(records).filter(|heard| heard.differs) else { return };
        let judged = if heard.agree { MISMATCH } else { MISMATCH_DISPUTED };
        let probability = judged * self.places.slips(self.table, heard.row);
        let disputed = if heard.agree { "" } else { ", not the same one" };
        let why = vec![evidence("address", format!("{} registers name another dwelling{disputed}", heard.sources))];
        let kind = DiscrepancyKind::HouseholdMismatch;
        found.push(self.discrepancy(kind, person, Some(heard.row), heard.row, probability, why));
    }

    /// What two registers or more say of the dwelling of the one row that has a person as present, and that no second
    /// row explains. Who is registered in another community has a dwelling there rightly: that record says nothing. A
    /// deed of the row's dwelling tells that it is no slip.
    pub(super) fn heard(&self, records: &[RecordId]) -> Option<Heard> {
        let mut present = records.iter().copied().filter(|record| self.table.is_present(*record));
        let (row, None) = (present.next()?, present.next()) else { return None };
        if records.iter().any(|record| self.kind(*record) == RowKind::ElsewhereInArea) {
            return None;
        }
        let roll = self.study.roll();
        let is_elsewhere = REGISTERED_ELSEWHERE.contains(&self.table.registration[row as usize]);
        let speaks = |record: &RecordId| !is_elsewhere || self.kind(*record) != RowKind::HouseholdRegistration;
        let from_registers = records.iter().copied().filter(|r| Some(self.table.source(*r)) != roll);
        let registers: Vec<RecordId> = from_registers.filter(speaks).collect();
        let named: Vec<(RecordId, bool)> = self.elsewhere(row, &registers).collect();
        // What a register says twice it still says alone.
        let sources = self.table.sources_of(named.iter().map(|(record, _)| *record));
        if sources < 2 {
            return None;
        }
        let differ = |one: RecordId, other: RecordId| self.dwellings.differ(self.table, self.comparer, one, other);
        let mut deeds = registers.iter().filter(|record| self.kind(**record) == RowKind::Ownership);
        let differs = named.iter().all(|(_, differs)| *differs) && !deeds.any(|deed| differ(row, *deed) == Some(false));
        let pairs =
            named.iter().enumerate().flat_map(|(at, one)| named[..at].iter().map(move |other| (one.0, other.0)));
        let agree = !differs || pairs.into_iter().all(|(one, other)| differ(one, other) != Some(true));
        Some(Heard { row, sources, differs, agree })
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
