//! Which records and pairs did a rule bring?
//!
//! Takes the table and the name of a rule, gives its blocks and its pairs, each rule by itself: what `trace` shows an
//! auditor beside the counts of a [`RuleReport`](super::RuleReport). A run does not come here.

use super::group::Gathered;
use super::key::{Entry, Keyer};
use super::rules::{Rule, rules};
use super::{CandidatePairs, Pair};
use crate::intake::study::Study;
use crate::linkage::comparison::Comparer;
use crate::person::table::{PersonTable, RecordId};

/// Records that have the same key under a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The records.
    pub records: Vec<RecordId>,
    /// Pairs that were left out, because even its divisions were too large.
    pub pairs_left_out: u64,
}

fn rule_of(study: &Study, keyer: &Keyer<'_>, name: &str) -> Option<Rule> {
    let mut rule = rules(study, keyer).into_iter().find(|rule| rule.name == name)?;
    rule.across_sources |= study.linkage.one_to_one;
    Some(rule)
}

/// All keys of a rule, the largest block first: as many records as the rule gave keys, blocks of one record too.
#[must_use]
pub fn blocks_of(study: &Study, table: &PersonTable, comparer: &Comparer<'_>, name: &str) -> Option<Vec<Block>> {
    let keyer = Keyer::new(table, comparer);
    let rule = rule_of(study, &keyer, name)?;
    let mut entries = Vec::new();
    keyer.entries(&rule.keys, &mut entries);
    entries.sort_unstable_by_key(|entry| (entry.key, entry.record));
    let maximum = study.linkage.block_pairs_max.max(rule.block_pairs);
    let block = |block: &[Entry]| {
        let large = (block.len() * block.len() / 2) as u64 > maximum;
        let left_out = if large { keyer.divide(block, rule.across_sources, maximum, &mut Vec::new()) } else { 0 };
        Block { records: block.iter().map(|entry| entry.record).collect(), pairs_left_out: left_out }
    };
    // Records that nobody seeks are not brought together.
    let parts = |met: &[Entry]| if met.iter().any(|entry| entry.seeks) { met.len() } else { 1 };
    let met = entries.chunk_by(|a, b| a.key == b.key).flat_map(|met| met.chunks(parts(met)));
    let mut blocks: Vec<Block> = met.map(block).collect();
    blocks.sort_by_key(|block| (std::cmp::Reverse(block.records.len()), block.records.clone()));
    Some(blocks)
}

/// The pairs of a rule, whatever other rules give.
#[must_use]
pub fn pairs_of(study: &Study, table: &PersonTable, comparer: &Comparer<'_>, name: &str) -> Option<CandidatePairs> {
    let keyer = Keyer::new(table, comparer);
    let rule = rule_of(study, &keyer, name)?;
    let mut gathered = Gathered::new(table, usize::from(rule.keys.is_single()));
    keyer.apply(&rule, study, &mut Vec::new(), &mut gathered);
    Some(gathered.finish())
}

impl CandidatePairs {
    /// Goes through the pairs of a stretch, the smaller record of each first.
    pub fn each_pair(&self, stretch: usize, mut take: impl FnMut(Pair)) {
        self.each_row(stretch, |row| row.pairs().for_each(&mut take));
    }

    /// Goes through the pairs that no other rule gives before this one, in the order in which new pairs are counted.
    pub fn each_new(&self, rule: usize, mut take: impl FnMut(Pair)) {
        let blocks = (0..self.stretches()).filter(|stretch| self.rule_of(*stretch) == Some(rule));
        blocks.for_each(|stretch| self.each_pair(stretch, &mut take));
        self.loose_of(rule).for_each(take);
    }
}
