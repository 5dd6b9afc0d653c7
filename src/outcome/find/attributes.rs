//! On which items do linked records contradict a row of the roll?
//!
//! Takes a row with the records of its person in registers, gives the conflict of items: what differs, and how likely
//! it is that the roll is wrong on any of it. Of a birth date the row's own ID number is a witness, too.

use super::items::{BIRTH_DATE, Contradictions, ITEMS, contradictions, is_confusion, number_contradicts};
use super::{Case, evidence};
use crate::outcome::discrepancy::{Discrepancy, DiscrepancyKind};
use crate::person::table::RecordId;

/// Sources that have one value of an item.
struct Camp {
    /// The record that has the value; none for a number, which only contradicts.
    speaker: Option<RecordId>,
    sources: Vec<usize>,
}

impl Case<'_> {
    /// Items on which linked records contradict the roll, and how likely it is that the roll is wrong on any of them.
    pub(super) fn attributes(&self, person: u32, row: RecordId, registers: &[RecordId], found: &mut Vec<Discrepancy>) {
        let against_row: Vec<Contradictions> =
            registers.iter().map(|record| contradictions(self.comparer, self.table, row, *record)).collect();
        let mut why = Vec::new();
        let mut roll_right = 1.0;
        for (item, name) in ITEMS.iter().enumerate() {
            let camps = self.camps(item, row, registers, &against_row);
            // In one camp only a register contradicts itself.
            if camps.len() < 2 {
                continue;
            }
            let is_confusion = |one: usize, other: usize| match (camps[one].speaker, camps[other].speaker) {
                (Some(one), Some(other)) => is_confusion(self.comparer, self.table, item, [one, other]),
                _ => false,
            };
            let sources: Vec<Vec<usize>> = camps.iter().map(|camp| camp.sources.clone()).collect();
            roll_right *= 1.0 - self.errors.roll_wrong(item, &sources, is_confusion);
            let said: Vec<bool> = against_row.iter().filter_map(|differs| differs[item]).collect();
            let differ = said.iter().filter(|differs| **differs).count();
            let number = item == BIRTH_DATE && number_contradicts(self.table, row, row) == Some(true);
            let differing = match (said.len(), number) {
                (0, _) => String::from("the row's own ID number differs"),
                (of, true) => format!("{differ} of {of} register records and the row's own ID number differ"),
                (of, false) => format!("{differ} of {of} register records differ"),
            };
            why.push(evidence(name, differing));
        }
        if !why.is_empty() {
            let probability = 1.0 - roll_right;
            found.push(self.discrepancy(DiscrepancyKind::AttributeConflict, person, Some(row), row, probability, why));
        }
    }

    /// The sources of a person by the value that they have of an item, that of the roll first. Of several records of
    /// one source the first speaks.
    fn camps(&self, item: usize, row: RecordId, registers: &[RecordId], against_row: &[Contradictions]) -> Vec<Camp> {
        let mut camps = vec![Camp { speaker: Some(row), sources: vec![self.table.source(row)] }];
        for (record, differs) in registers.iter().zip(against_row) {
            let source = self.table.source(*record);
            let heard = camps.iter().flat_map(|camp| &camp.sources).any(|known| *known == source);
            let Some(differs) = differs[item].filter(|_| !heard) else { continue };
            let agrees = |camp: &Camp| {
                let speaker = camp.speaker.unwrap_or(row);
                contradictions(self.comparer, self.table, speaker, *record)[item] == Some(false)
            };
            let camp = if differs { (1..camps.len()).find(|camp| agrees(&camps[*camp])) } else { Some(0) };
            match camp {
                Some(camp) => camps[camp].sources.push(source),
                None => camps.push(Camp { speaker: Some(*record), sources: vec![source] }),
            }
        }
        if item == BIRTH_DATE && number_contradicts(self.table, row, row).is_some() {
            let number = self.errors.own_number();
            let agrees = |camp: &&mut Camp| {
                camp.speaker.is_some_and(|speaker| number_contradicts(self.table, row, speaker) == Some(false))
            };
            match camps.iter_mut().find(agrees) {
                Some(camp) => camp.sources.push(number),
                None => camps.push(Camp { speaker: None, sources: vec![number] }),
            }
        }
        camps
    }
}
