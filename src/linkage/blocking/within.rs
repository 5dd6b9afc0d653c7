//! Do two records stand in one block?
//!
//! Takes the number of each record's block under every rule, and the pairs that lie in no block, gives
//! [`PairsInBlocks`]: it knows of any pair whether the rules give it. It is kept after the blocks are gone, which take
//! more memory.

use super::Pair;
use crate::person::table::RecordId;

/// A block number that no other record has.
const NEVER: u32 = u32::MAX;

/// The pairs that the rules give.
#[derive(Debug, Default)]
pub struct PairsInBlocks {
    /// Block number of each record under each group, record by record; 0 for none.
    pub(super) numbers: Vec<u32>,
    pub(super) width: usize,
    /// By group: does it only pair records of two sources?
    pub(super) across_sources: Vec<bool>,
    /// Where each source's records end.
    pub(super) sources: Vec<RecordId>,
    /// Pairs that lie in no block, sorted, with their rule.
    pub(super) loose: Vec<(Pair, u32)>,
}

impl PairsInBlocks {
    /// Is this pair, the smaller record first, one that the rules give?
    #[must_use]
    pub fn contains(&self, pair: Pair) -> bool {
        let same_source = self.same_source(pair.0, pair.1);
        let groups = self.across_sources.len();
        let numbers = self.numbers_of(pair.0, groups).iter().zip(self.numbers_of(pair.1, groups));
        let in_block = |((a, b), across): ((&u32, &u32), &bool)| *a != 0 && a == b && !(same_source && *across);
        numbers.zip(&self.across_sources).any(in_block)
            || self.loose.binary_search_by_key(&pair, |(pair, _)| *pair).is_ok()
    }

    /// Leaves the pairs that the rules give, the smaller record of each first.
    pub fn retain(&self, pairs: &mut Vec<Pair>) {
        // The numbers are fetched into the cache by loads of which none waits for another.
        let of_record = |record: RecordId| self.numbers.get(record as usize * self.width).copied().unwrap_or(0);
        let load = |all, pair: &Pair| all ^ of_record(pair.0) ^ of_record(pair.1);
        std::hint::black_box(pairs.iter().fold(0, load));
        pairs.retain(|pair| self.contains(*pair));
    }

    /// Leaves the pairs that no rule gives, the smaller record of each first; none of one source where all rules seek
    /// records of two, as they do where records are linked one to one.
    pub fn drop_from(&self, pairs: &mut Vec<Pair>) {
        let across_sources = self.across_sources.iter().all(|across| *across);
        let is_sought = |pair: &Pair| !across_sources || !self.same_source(pair.0, pair.1);
        pairs.retain(|pair| is_sought(pair) && !self.contains(*pair));
    }

    /// Does a block of any group give this pair? `own` is room for the numbers.
    pub(super) fn in_one_block(&self, (one, other): Pair, own: &mut Vec<u32>) -> bool {
        let groups = self.across_sources.len();
        self.own_numbers(one, groups, self.same_source(one, other), own);
        same_block(own, self.numbers_of(other, groups))
    }

    /// The block numbers of a record under the first groups.
    pub(super) fn numbers_of(&self, record: RecordId, groups: usize) -> &[u32] {
        &self.numbers[record as usize * self.width..][..groups]
    }

    /// The block numbers of records under the first groups, group after group.
    pub(super) fn numbers_by_group(&self, records: &[RecordId], groups: usize, numbers: &mut Vec<u32>) {
        numbers.clear();
        numbers.resize(groups * records.len(), 0);
        for (place, record) in records.iter().enumerate() {
            let own = self.numbers_of(*record, groups).iter().enumerate();
            own.for_each(|(group, number)| numbers[group * records.len() + place] = *number);
        }
    }

    /// The block numbers of a record under the first groups, where they would pair it with a record of the same source
    /// or of another one.
    pub(super) fn own_numbers(&self, one: RecordId, groups: usize, same_source: bool, own: &mut Vec<u32>) {
        let of_group = |(number, across): (&u32, &bool)| {
            if *number == 0 || (same_source && *across) { NEVER } else { *number }
        };
        own.clear();
        own.extend(self.numbers_of(one, groups).iter().zip(&self.across_sources).map(of_group));
    }

    pub(super) fn source_end(&self, record: RecordId) -> RecordId {
        self.sources.iter().copied().find(|end| record < *end).unwrap_or(RecordId::MAX)
    }

    fn same_source(&self, one: RecordId, other: RecordId) -> bool {
        self.source_end(one) == self.source_end(other)
    }
}

/// Is any of the numbers the same?
pub(super) fn same_block(mine: &[u32], theirs: &[u32]) -> bool {
    // Without an early end, so that several are compared at a time.
    mine.iter().zip(theirs).map(|(a, b)| u32::from(a == b)).sum::<u32>() != 0
}

#[cfg(test)]
mod tests {
    use super::PairsInBlocks;

    #[test]
    fn pairs_of_one_source_are_left_out_where_no_rule_seeks_them() {
        // Two records in each of two sources; the first three share a block.
        for (across, expected) in [(true, vec![(0, 3), (1, 3)]), (false, vec![(0, 3), (1, 3), (2, 3)])] {
            let within = PairsInBlocks {
                numbers: vec![1, 1, 1, 0],
                width: 1,
                across_sources: vec![across],
                sources: vec![2, 4],
                loose: Vec::new(),
            };
            let mut pairs = vec![(0, 1), (0, 2), (0, 3), (1, 3), (2, 3)];
            within.drop_from(&mut pairs);
            assert_eq!(pairs, expected, "{across}");
        }
    }
}
