//! How are the pairs of all blocks gone through, each once?
//!
//! Takes the blocks of every rule, gives [`CandidatePairs`]: stretches of blocks whose pairs are made when they are asked
//! for. A pair belongs to the first rule under which both records stand in one block.

use std::ops::Range;

use rayon::prelude::*;

use super::key::Entry;
use super::{Pair, RuleReport};
use crate::person::table::{PersonTable, RecordId};

/// Pairs of a stretch, about.
const STRETCH_PAIRS: u64 = 1 << 16;

/// A block number that no other record has.
const NEVER: u32 = u32::MAX;

/// The blocks of one rule.
#[derive(Debug, Default)]
pub(super) struct Group {
    across_sources: bool,
    /// Records, block after block, ascending within.
    members: Vec<RecordId>,
    /// Where each block begins; one more entry than blocks.
    starts: Vec<u32>,
    /// Pairs of each block.
    counts: Vec<u64>,
}

impl Group {
    pub(super) fn new<'a>(
        across_sources: bool,
        blocks: impl Iterator<Item = &'a [Entry]>,
        table: &PersonTable,
    ) -> Group {
        let mut group = Group { across_sources, starts: vec![0], ..Group::default() };
        for block in blocks {
            let n = block.len() as u64;
            let mut pairs = n * (n - 1) / 2;
            if across_sources {
                let runs = block.chunk_by(|a, b| table.source(a.record) == table.source(b.record));
                pairs -= runs.map(|run| (run.len() as u64) * (run.len() as u64 - 1) / 2).sum::<u64>();
            }
            if pairs > 0 {
                group.members.extend(block.iter().map(|entry| entry.record));
                group.starts.push(u32::try_from(group.members.len()).unwrap_or(u32::MAX));
                group.counts.push(pairs);
            }
        }
        group
    }

    /// Pairs in all blocks.
    pub(super) fn pairs(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn block(&self, at: usize) -> &[RecordId] {
        &self.members[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// A stretch of work of about [`STRETCH_PAIRS`] pairs.
#[derive(Debug, Clone)]
enum Stretch {
    /// Blocks of a group.
    Blocks(usize, Range<usize>),
    /// Loose pairs.
    Loose(Range<usize>),
}

/// The pairs to compare: blocks, and the pairs that no block gives.
#[derive(Debug, Default)]
pub struct CandidatePairs {
    /// What each rule brought.
    pub rules: Vec<RuleReport>,
    /// Pairs in all, each counted once.
    pub pairs: u64,
    groups: Vec<(usize, Group)>,
    /// Block number of each record under each group, record by record; 0 for none.
    numbers: Vec<u32>,
    width: usize,
    sources: Vec<RecordId>,
    loose: Vec<(Pair, u8)>,
    stretches: Vec<Stretch>,
}

impl CandidatePairs {
    pub(super) fn new(table: &PersonTable, width: usize) -> CandidatePairs {
        let sources = (0..table.source_count()).map(|source| table.records(source).end).collect();
        CandidatePairs { numbers: vec![0; table.len() * width], width, sources, ..CandidatePairs::default() }
    }

    pub(super) fn add(&mut self, report: RuleReport, group: Option<Group>, loose: Vec<Pair>) {
        let rule = self.rules.len();
        self.rules.push(report);
        self.loose.extend(loose.into_iter().map(|pair| (pair, u8::try_from(rule).unwrap_or(u8::MAX))));
        let Some(group) = group else { return };
        let at = self.groups.len();
        for block in 0..group.counts.len() {
            for record in group.block(block) {
                self.numbers[*record as usize * self.width + at] = u32::try_from(block + 1).unwrap_or(NEVER);
            }
        }
        self.groups.push((rule, group));
    }

    /// Orders the loose pairs, cuts the work into stretches and counts the pairs.
    pub(super) fn plan(&mut self) {
        let mut loose = std::mem::take(&mut self.loose);
        loose.par_sort_unstable();
        loose.iter().for_each(|(_, rule)| self.rules[usize::from(*rule)].pairs += 1);
        loose.dedup_by_key(|(pair, _)| *pair);
        let last = self.groups.len();
        let kept: Vec<(Pair, u8)> = loose
            .into_par_iter()
            .filter(|((one, other), _)| {
                let mine = self.own_numbers(*one, last, self.same_source(*one, *other));
                !same_block(&mine, &self.numbers[*other as usize * self.width..][..last])
            })
            .collect();
        self.loose = kept;
        for (at, (_, group)) in self.groups.iter().enumerate() {
            let (mut first, mut pairs) = (0, 0);
            for (block, count) in group.counts.iter().enumerate() {
                pairs += count;
                if pairs >= STRETCH_PAIRS || block + 1 == group.counts.len() {
                    self.stretches.push(Stretch::Blocks(at, first..block + 1));
                    (first, pairs) = (block + 1, 0);
                }
            }
        }
        let size = usize::try_from(STRETCH_PAIRS).unwrap_or(1);
        let ends = (0..self.loose.len()).step_by(size);
        self.stretches.extend(ends.map(|first| Stretch::Loose(first..(first + size).min(self.loose.len()))));
        let counted: Vec<(usize, u64, u64)> = self
            .stretches
            .par_iter()
            .map_init(Vec::new, |pairs, stretch| {
                self.make(stretch, pairs);
                match stretch {
                    Stretch::Blocks(at, blocks) => {
                        let (rule, group) = &self.groups[*at];
                        (*rule, group.counts[blocks.clone()].iter().sum(), pairs.len() as u64)
                    }
                    Stretch::Loose(_) => (usize::MAX, 0, pairs.len() as u64),
                }
            })
            .collect();
        for (rule, pairs, new) in counted {
            self.pairs += new;
            if let Some(report) = self.rules.get_mut(rule) {
                report.pairs += pairs;
                report.new_pairs += new;
            }
        }
        for (_, rule) in &self.loose {
            self.rules[usize::from(*rule)].new_pairs += 1;
        }
    }

    /// Number of stretches that the work is cut into.
    #[must_use]
    pub fn stretches(&self) -> usize {
        self.stretches.len()
    }

    /// The pairs of a stretch, in place of what was in `pairs`.
    pub fn pairs_of(&self, stretch: usize, pairs: &mut Vec<Pair>) {
        pairs.clear();
        if let Some(stretch) = self.stretches.get(stretch) {
            self.make(stretch, pairs);
        }
    }

    /// All pairs, sorted: for small tables.
    #[must_use]
    pub fn all(&self) -> Vec<Pair> {
        let mut all = Vec::new();
        let mut pairs = Vec::new();
        for stretch in 0..self.stretches() {
            self.pairs_of(stretch, &mut pairs);
            all.extend_from_slice(&pairs);
        }
        all.sort_unstable();
        all
    }

    fn make(&self, stretch: &Stretch, pairs: &mut Vec<Pair>) {
        pairs.clear();
        match stretch {
            Stretch::Loose(range) => pairs.extend(self.loose[range.clone()].iter().map(|(pair, _)| *pair)),
            Stretch::Blocks(at, blocks) => {
                for block in blocks.clone() {
                    self.make_block(*at, self.groups[*at].1.block(block), pairs);
                }
            }
        }
    }

    fn make_block(&self, at: usize, members: &[RecordId], pairs: &mut Vec<Pair>) {
        let across = self.groups[at].1.across_sources;
        let mut rest = members;
        while let Some(first) = rest.first() {
            let end = self.source_end(*first);
            let (run, others) = rest.split_at(rest.partition_point(|record| *record < end));
            for (place, one) in run.iter().enumerate() {
                if !across {
                    self.make_row(at, *one, &run[place + 1..], true, pairs);
                }
                self.make_row(at, *one, others, false, pairs);
            }
            rest = others;
        }
    }

    fn make_row(&self, at: usize, one: RecordId, others: &[RecordId], same_source: bool, pairs: &mut Vec<Pair>) {
        if at == 0 {
            pairs.extend(others.iter().map(|other| (one, *other)));
            return;
        }
        let mine = self.own_numbers(one, at, same_source);
        for other in others {
            if !same_block(&mine, &self.numbers[*other as usize * self.width..][..at]) {
                pairs.push((one, *other));
            }
        }
    }

    /// The block numbers of a record under the first groups, where they would pair it with a record of the same source
    /// or of another one.
    fn own_numbers(&self, one: RecordId, groups: usize, same_source: bool) -> Vec<u32> {
        let numbers = &self.numbers[one as usize * self.width..][..groups];
        let own = numbers.iter().zip(&self.groups);
        own.map(
            |(number, (_, group))| {
                if *number == 0 || (same_source && group.across_sources) { NEVER } else { *number }
            },
        )
        .collect()
    }

    fn same_source(&self, one: RecordId, other: RecordId) -> bool {
        self.source_end(one) == self.source_end(other)
    }

    fn source_end(&self, record: RecordId) -> RecordId {
        self.sources.iter().copied().find(|end| record < *end).unwrap_or(RecordId::MAX)
    }
}

fn same_block(mine: &[u32], theirs: &[u32]) -> bool {
    mine.iter().zip(theirs).any(|(a, b)| a == b)
}
