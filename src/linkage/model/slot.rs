//! Among which records is a person expected once?
//!
//! Takes a table, gives its [`Slot`]s in a fixed order and the slot of each record; the pairs between two slots are a
//! class with a number of its own.

use crate::intake::study::RowKind;
use crate::linkage::comparison::household::Households;
use crate::person::table::PersonTable;

/// Records of one source and row kind: among the records of a slot a person is expected once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Index of the source.
    pub source: usize,
    /// Row kind.
    pub kind: RowKind,
    /// Number of records.
    pub records: u64,
    /// Pairs of its records that are of one household.
    pub household_pairs: u64,
}

/// The slots of a table in a fixed order, and each record's slot.
#[must_use]
pub fn slots(table: &PersonTable, households: &Households) -> (Vec<Slot>, Vec<u8>) {
    let mut slots: Vec<Slot> = Vec::new();
    let mut of_record = vec![0u8; table.len()];
    for source in 0..table.source_count() {
        let mut known = [None; 16];
        for record in table.records(source) {
            let kind = table.kind[record as usize];
            let slot = *known[kind as usize].get_or_insert_with(|| {
                slots.push(Slot { source, kind, records: 0, household_pairs: 0 });
                slots.len() - 1
            });
            slots[slot].records += 1;
            of_record[record as usize] = u8::try_from(slot).unwrap_or(u8::MAX);
        }
    }
    count_household_pairs(&mut slots, &of_record, households);
    (slots, of_record)
}

fn count_household_pairs(slots: &mut [Slot], slot_of: &[u8], households: &Households) {
    let mut members = vec![0u64; slots.len()];
    for household in 1..=households.last() {
        let of_slots = households.get(household).iter().map(|record| usize::from(slot_of[*record as usize]));
        for slot in of_slots.clone() {
            // Each with those that stand before it.
            slots[slot].household_pairs += members[slot];
            members[slot] += 1;
        }
        of_slots.for_each(|slot| members[slot] = 0);
    }
}

/// The class of a pair of records, given the slots of both.
#[must_use]
pub fn class_of(slots: usize, one: u8, other: u8) -> u32 {
    u32::try_from(class_index(slots, usize::from(one), usize::from(other))).unwrap_or(u32::MAX)
}

/// Position of the class of pairs between two of `slots` slots: the upper triangle, row by row.
#[must_use]
pub fn class_index(slots: usize, one: usize, other: usize) -> usize {
    let (low, high) = (one.min(other), one.max(other));
    low * slots - low * low.saturating_sub(1) / 2 - low + high
}

#[cfg(test)]
mod tests {
    use super::{class_index, slots};
    use crate::linkage::comparison::household::Households;
    use crate::person::practice::{HEAD, Practice, source};

    #[test]
    fn pairs_of_one_household_are_counted_within_their_slot() {
        let rows =
            "id,name,household,here\n1,赵一,h1,1\n2,赵二,h1,1\n3,赵三,h1,1\n4,赵四,h1,5\n5,钱一,h2,1\n6,孙一,,1\n";
        let columns = [("name", "name"), ("household", "household")];
        let kinds = "[source.rows]\ncolumn = \"here\"\npresent = [\"1\"]\nelsewhere = [\"5\"]\n";
        let study = format!("{HEAD}{}{kinds}", source("roll", "roll", true, &columns));
        let table = Practice::of(&[("roll.csv", rows)], &study).table();
        let (slots, _) = slots(&table, &Households::of(&table));
        let found: Vec<(u64, u64)> = slots.iter().map(|slot| (slot.records, slot.household_pairs)).collect();
        assert_eq!(found, [(5, 3), (1, 0)]);
    }

    #[test]
    fn every_pair_of_slots_has_a_class_of_its_own() {
        let slots = 7;
        let mut seen = Vec::new();
        for one in 0..slots {
            for other in one..slots {
                assert_eq!(class_index(slots, one, other), class_index(slots, other, one));
                seen.push(class_index(slots, one, other));
            }
        }
        let mut sorted = seen.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted, (0..slots * (slots + 1) / 2).collect::<Vec<_>>());
    }
}
