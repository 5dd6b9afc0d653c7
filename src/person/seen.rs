//! Which record ids repeat within a source?
//!
//! Takes the records of a source chunk by chunk, gives those whose id an earlier one has. Ids that only ever grow need
//! no look-up: none of them can repeat.

use std::ops::Range;

use hashbrown::HashTable;
use rustc_hash::FxHashSet;

use super::lexicon::{half_hash, spread};
use super::order::by_id;
use super::table::{PersonTable, RecordId};

/// Record ids seen so far in a source, to set repeated ones aside.
#[derive(Default)]
pub(super) struct SeenIds {
    /// Empty as long as every id is greater than the one before: then none can repeat.
    table: HashTable<(u32, u32)>,
    /// Records that are in the table, or would be.
    records: Range<RecordId>,
    sorted: bool,
}

impl SeenIds {
    /// Nothing is seen yet; the next record is the first of its source.
    pub(super) fn from(first: RecordId) -> SeenIds {
        SeenIds { table: HashTable::new(), records: first..first, sorted: true }
    }

    /// Which of a chunk's records repeat the id of an earlier one?
    pub(super) fn repeated(&mut self, table: &PersonTable, chunk: &PersonTable) -> Vec<bool> {
        let ids = (0..u32::try_from(chunk.len()).unwrap_or(0)).map(|record| chunk.record_id(record));
        if self.sorted {
            let last = self.records.clone().last().map(|last| table.record_id(last));
            let order = last.into_iter().chain(ids.clone()).map(by_id);
            if order.is_sorted_by(|one, next| one < next) {
                return vec![false; chunk.len()];
            }
            self.sorted = false;
            for record in self.records.clone() {
                self.insert(table, record);
            }
        }
        let mut inside: FxHashSet<&str> = FxHashSet::default();
        ids.map(|id| {
            let half = half_hash(id);
            let same = |(other, seen): &(u32, u32)| *other == half && table.record_id(*seen) == id;
            let before = self.table.find(spread(half), same).is_some();
            !inside.insert(id) || before
        })
        .collect()
    }

    /// Remembers the records that a chunk has added.
    pub(super) fn extend(&mut self, table: &PersonTable, added: Range<RecordId>) {
        self.records.end = added.end;
        if !self.sorted {
            added.for_each(|record| self.insert(table, record));
        }
    }

    fn insert(&mut self, table: &PersonTable, record: RecordId) {
        let half = half_hash(table.record_id(record));
        self.table.insert_unique(spread(half), (half, record), |(half, _)| spread(*half));
    }
}
