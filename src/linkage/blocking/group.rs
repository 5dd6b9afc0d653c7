//! How are the pairs of all blocks gone through, each once?
//!
//! Takes the blocks of every rule, gives [`CandidatePairs`]: stretches of blocks whose pairs are made when they are
//! asked for. A pair belongs to the first rule under which both records stand in one block.

use std::ops::Range;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use rayon::prelude::*;

use super::key::Entry;
use super::within::PairsInBlocks;
use super::{Pair, RuleReport};
use crate::intake::study::Field;
use crate::person::table::{PersonTable, RecordId};

/// Pairs of a stretch, about.
const STRETCH_PAIRS: u64 = 1 << 13;

/// The blocks of one rule that give pairs which no earlier rule gives.
#[derive(Debug, Default)]
pub(super) struct Group {
    across_sources: bool,
    /// Records, block after block, ascending within.
    members: Vec<RecordId>,
    /// Where each block begins; one more entry than blocks.
    starts: Vec<u32>,
    /// The blocks, cut into stretches: one more entry than stretches.
    cuts: Vec<u32>,
    /// Pairs in all blocks of the rule.
    pairs: u64,
    /// Pairs in the blocks that are kept.
    kept: u64,
}

impl Group {
    fn add(&mut self, block: &[Entry], pairs: u64) {
        self.members.extend(block.iter().map(|entry| entry.record));
        self.starts.push(u32::try_from(self.members.len()).unwrap_or(u32::MAX));
        self.kept += pairs;
    }

    fn blocks(&self) -> usize {
        self.starts.len() - 1
    }

    fn block(&self, at: usize) -> &[RecordId] {
        &self.members[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// Pairs that a block gives.
fn pairs_of(block: &[Entry], across_sources: bool, table: &PersonTable) -> u64 {
    let pairs = |count: usize| (count as u64) * (count as u64 - 1) / 2;
    let mut all = pairs(block.len());
    if across_sources {
        let runs = block.chunk_by(|a, b| table.source(a.record) == table.source(b.record));
        all -= runs.map(|run| pairs(run.len())).sum::<u64>();
    }
    all
}

/// A record of a block, and those that it is paired with.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The records of the block, those of a source ascending and together.
    pub block: &'a [RecordId],
    /// Is it the first row of its block?
    pub is_first: bool,
    /// Position of the record in the block.
    pub one: u32,
    /// Positions of those that it is paired with.
    pub others: &'a [u32],
}

impl<'a> Row<'a> {
    /// The pairs, the smaller record of each first.
    pub fn pairs(self) -> impl Iterator<Item = Pair> + 'a {
        let Row { block, one, others, .. } = self;
        let one = block[one as usize];
        others.iter().map(move |other| (one.min(block[*other as usize]), one.max(block[*other as usize])))
    }
}

/// Room for what rows are made of.
#[derive(Default)]
struct Room {
    /// Positions of those that a record is paired with.
    others: Vec<u32>,
    /// Block numbers of a block's records under the earlier groups, group after group: many are compared at a time.
    by_group: Vec<u32>,
    /// Earlier groups that pair the record with one of the others.
    earlier: Vec<usize>,
}

/// A stretch of work of about [`STRETCH_PAIRS`] pairs.
#[derive(Debug, Clone)]
enum Stretch {
    /// Blocks of a group.
    Blocks(usize, Range<u32>),
    /// Loose pairs.
    Loose(Range<usize>),
}

/// The pairs to compare: blocks, and the pairs that no block gives.
#[derive(Debug, Default)]
pub struct CandidatePairs {
    /// What each rule brought; which pairs are new is known once they have been gone through.
    pub rules: Vec<RuleReport>,
    /// By rule, the fields whose values all its pairs share.
    shared: Vec<Vec<Field>>,
    groups: Vec<(usize, Group)>,
    within: PairsInBlocks,
    stretches: Vec<Stretch>,
}

/// Candidate pairs while rule after rule is added.
#[derive(Debug)]
pub(super) struct Gathered<'a> {
    table: &'a PersonTable,
    candidates: CandidatePairs,
    numbers: Vec<AtomicU32>,
}

impl Gathered<'_> {
    /// Nothing yet, and room for so many rules with one key per record.
    pub(super) fn new(table: &PersonTable, width: usize) -> Gathered<'_> {
        let sources = (0..table.source_count()).map(|source| table.records(source).end).collect();
        let numbers = (0..table.len() * width).into_par_iter().map(|_| AtomicU32::new(0)).collect();
        let within = PairsInBlocks { width, sources, ..PairsInBlocks::default() };
        Gathered { table, candidates: CandidatePairs { within, ..CandidatePairs::default() }, numbers }
    }

    /// Adds the blocks of a rule with one key per record; gives the pairs in them.
    ///
    /// Most blocks of later rules are the records of one person, whom an earlier rule has brought together: a block
    /// that lies within one of an earlier rule has nothing new, and is not kept.
    pub(super) fn add_blocks(&mut self, rule: usize, across_sources: bool, blocks: &[&[Entry]]) -> u64 {
        let counted: Vec<(u64, bool)> = blocks
            .par_iter()
            .map(|block| (pairs_of(block, across_sources, self.table), self.is_covered(block, across_sources)))
            .collect();
        let mut group = Group { across_sources, starts: vec![0], cuts: vec![0], ..Group::default() };
        let mut stretch = 0;
        for (block, (pairs, covered)) in blocks.iter().zip(counted) {
            group.pairs += pairs;
            if pairs == 0 || covered {
                continue;
            }
            group.add(block, pairs);
            stretch += pairs;
            if stretch >= STRETCH_PAIRS {
                group.cuts.push(u32::try_from(group.blocks()).unwrap_or(u32::MAX));
                stretch = 0;
            }
        }
        if stretch > 0 {
            group.cuts.push(u32::try_from(group.blocks()).unwrap_or(u32::MAX));
        }
        let (at, width) = (self.candidates.groups.len(), self.candidates.within.width);
        (0..group.blocks()).into_par_iter().with_min_len(1 << 10).for_each(|block| {
            for record in group.block(block) {
                let number = u32::try_from(block + 1).unwrap_or(u32::MAX);
                self.numbers[*record as usize * width + at].store(number, Relaxed);
            }
        });
        let pairs = group.pairs;
        self.candidates.rules[rule].pairs += pairs;
        self.candidates.within.across_sources.push(across_sources);
        self.candidates.groups.push((rule, group));
        pairs
    }

    /// Do all records of a block stand together in one block of an earlier rule, which gives the same pairs?
    fn is_covered(&self, block: &[Entry], across_sources: bool) -> bool {
        let groups = self.candidates.groups.len();
        let numbers = |entry: &Entry| &self.numbers[entry.record as usize * self.candidates.within.width..][..groups];
        let Some((first, others)) = block.split_first() else { return true };
        let within = |(at, number): (usize, &AtomicU32)| {
            let number = number.load(Relaxed);
            let serves = number != 0 && (across_sources || !self.candidates.groups[at].1.across_sources);
            serves && others.iter().all(|other| numbers(other)[at].load(Relaxed) == number)
        };
        numbers(first).iter().enumerate().any(within)
    }

    /// Adds what a rule brought, and its pairs that lie in no block; the number of the rule.
    pub(super) fn add_rule(&mut self, report: RuleReport, shared: Vec<Field>, loose: Vec<Pair>) -> usize {
        let rule = self.candidates.rules.len();
        self.candidates.shared.push(shared);
        self.candidates.rules.push(report);
        let loose = loose.into_iter().map(|pair| (pair, u32::try_from(rule).unwrap_or(u32::MAX)));
        self.candidates.within.loose.extend(loose);
        rule
    }

    /// Orders the loose pairs, cuts the work into stretches.
    pub(super) fn finish(self) -> CandidatePairs {
        let mut candidates = self.candidates;
        candidates.within.numbers = self.numbers.into_iter().map(AtomicU32::into_inner).collect();
        candidates.plan();
        candidates
    }
}

impl CandidatePairs {
    fn plan(&mut self) {
        let mut loose = std::mem::take(&mut self.within.loose);
        loose.par_sort_unstable();
        // A rule that gives a pair by several keys gives it once.
        loose.dedup();
        loose.iter().for_each(|(_, rule)| self.rules[*rule as usize].pairs += 1);
        loose.dedup_by_key(|(pair, _)| *pair);
        let within = &self.within;
        let loose = loose
            .into_par_iter()
            .map_init(Vec::new, |own, loose| (!within.in_one_block(loose.0, own)).then_some(loose));
        self.within.loose = loose.flatten().collect();
        for (at, (_, group)) in self.groups.iter().enumerate() {
            let cuts = group.cuts.windows(2).map(|cut| Stretch::Blocks(at, cut[0]..cut[1]));
            self.stretches.extend(cuts);
        }
        let size = usize::try_from(STRETCH_PAIRS).unwrap_or(1);
        let loose = self.within.loose.len();
        let ends = (0..loose).step_by(size);
        self.stretches.extend(ends.map(|first| Stretch::Loose(first..(first + size).min(loose))));
        for (_, rule) in &self.within.loose {
            self.rules[*rule as usize].new_pairs += 1;
        }
    }

    /// What each rule brought, and which pairs these were; they can no longer be gone through.
    #[must_use]
    pub fn into_rules(self) -> (Vec<RuleReport>, PairsInBlocks) {
        (self.rules, self.within)
    }

    /// Number of stretches that the work is cut into.
    #[must_use]
    pub fn stretches(&self) -> usize {
        self.stretches.len()
    }

    /// The most pairs that there can be: of those that several rules give, many are counted with each.
    #[must_use]
    pub fn pairs_at_most(&self) -> u64 {
        self.groups.iter().map(|(_, group)| group.kept).sum::<u64>() + self.within.loose.len() as u64
    }

    /// The rule whose blocks a stretch is of; loose pairs are counted with theirs already.
    #[must_use]
    pub fn rule_of(&self, stretch: usize) -> Option<usize> {
        match self.stretches.get(stretch)? {
            Stretch::Blocks(at, _) => Some(self.groups[*at].0),
            Stretch::Loose(_) => None,
        }
    }

    /// The fields whose values all pairs in the blocks of a rule share.
    #[must_use]
    pub fn shared(&self, rule: usize) -> &[Field] {
        self.shared.get(rule).map_or(&[], Vec::as_slice)
    }

    /// Stretches of every rule, spread evenly over its blocks: one in `every`, a few at least; each with the number of
    /// stretches that it stands for.
    #[must_use]
    pub fn sample(&self, every: usize) -> Vec<(usize, u64)> {
        const AT_LEAST: usize = 8;
        let all: Vec<usize> = (0..self.stretches()).collect();
        let of_rule = |stretches: &[usize]| -> Vec<(usize, u64)> {
            let wanted = (stretches.len() / every).max(AT_LEAST).min(stretches.len());
            let first = |at: usize| at * stretches.len() / wanted;
            (0..wanted).map(|at| (stretches[first(at)], (first(at + 1) - first(at)) as u64)).collect()
        };
        all.chunk_by(|a, b| self.rule_of(*a) == self.rule_of(*b)).flat_map(of_rule).collect()
    }

    /// The loose pairs that count as a rule's.
    pub(super) fn loose_of(&self, rule: usize) -> impl Iterator<Item = Pair> {
        self.within.loose.iter().filter(move |(_, own)| *own as usize == rule).map(|(pair, _)| *pair)
    }

    /// Goes through the pairs of a stretch, row by row.
    pub fn each_row(&self, stretch: usize, mut take: impl FnMut(Row<'_>)) {
        let mut room = Room::default();
        match self.stretches.get(stretch) {
            Some(Stretch::Loose(range)) => {
                let mut block = Vec::new();
                for pairs in self.within.loose[range.clone()].chunk_by(|((a, _), _), ((b, _), _)| a == b) {
                    block.clear();
                    block.push(pairs[0].0.0);
                    block.extend(pairs.iter().map(|((_, other), _)| *other));
                    room.others.clear();
                    room.others.extend((1..).zip(pairs).map(|(place, _)| place));
                    take(Row { block: &block, is_first: true, one: 0, others: &room.others });
                }
            }
            Some(Stretch::Blocks(at, blocks)) => {
                for block in blocks.clone() {
                    self.each_row_of(*at, self.groups[*at].1.block(block as usize), &mut room, &mut take);
                }
            }
            None => {}
        }
    }

    /// All pairs, sorted: for small tables.
    #[must_use]
    pub fn all(&self) -> Vec<Pair> {
        let mut all = Vec::new();
        for stretch in 0..self.stretches() {
            self.each_row(stretch, |row| all.extend(row.pairs()));
        }
        all.sort_unstable();
        all
    }

    fn each_row_of(&self, at: usize, block: &[RecordId], room: &mut Room, take: &mut impl FnMut(Row<'_>)) {
        let across = self.groups[at].1.across_sources;
        self.within.numbers_by_group(block, at, &mut room.by_group);
        let mut is_first = true;
        let mut start = 0;
        while let Some(first) = block.get(start) {
            let source_end = self.within.source_end(*first);
            let end = start + block[start..].partition_point(|record| *record < source_end);
            for one in start..end {
                room.others.clear();
                if !across {
                    self.fill((at, block), one, one + 1..end, true, room);
                }
                self.fill((at, block), one, end..block.len(), false, room);
                if !room.others.is_empty() {
                    take(Row { block, is_first, one: one as u32, others: &room.others });
                    is_first = false;
                }
            }
            start = end;
        }
    }

    /// Adds to a row those of `others` that no earlier group pairs with `one`.
    fn fill(
        &self,
        (at, block): (usize, &[RecordId]),
        one: usize,
        others: Range<usize>,
        same_source: bool,
        room: &mut Room,
    ) {
        let places = others.start as u32..others.end as u32;
        if at == 0 {
            return room.others.extend(places);
        }
        let Room { others: paired, by_group, earlier } = room;
        let numbers = |group: usize| &by_group[group * block.len()..][..block.len()];
        // Without an early end, so that many are compared at a time.
        let pairs = |group: &usize| {
            let numbers = numbers(*group);
            let same = |number: &u32| u32::from(*number == numbers[one]);
            numbers[one] != 0 && numbers[others.clone()].iter().map(same).sum::<u32>() != 0
        };
        let serves = |group: &usize| !(same_source && self.within.across_sources[*group]);
        earlier.clear();
        earlier.extend((0..at).filter(serves).filter(pairs));
        if earlier.is_empty() {
            return paired.extend(places);
        }
        let is_paired = |group: &usize, place: u32| numbers(*group)[place as usize] == numbers(*group)[one];
        paired.extend(places.filter(|place| !earlier.iter().any(|group| is_paired(group, *place))));
    }
}
