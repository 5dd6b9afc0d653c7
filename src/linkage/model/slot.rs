//! Among which records is a person expected once?
//!
//! Takes a table, gives its [`Slot`]s in a fixed order and the slot of each record; the pairs between two slots are a
//! class with a number of its own.

use crate::intake::study::RowKind;
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
}

/// The slots of a table in a fixed order, and each record's slot.
#[must_use]
pub fn slots(table: &PersonTable) -> (Vec<Slot>, Vec<u8>) {
    let mut slots: Vec<Slot> = Vec::new();
    let mut of_record = vec![0u8; table.len()];
    for source in 0..table.source_count() {
        let mut known = [None; 16];
        for record in table.records(source) {
            let kind = table.kind[record as usize];
            let slot = *known[kind as usize].get_or_insert_with(|| {
                slots.push(Slot { source, kind, records: 0 });
                slots.len() - 1
            });
            slots[slot].records += 1;
            of_record[record as usize] = u8::try_from(slot).unwrap_or(u8::MAX);
        }
    }
    (slots, of_record)
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
    use super::class_index;

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
