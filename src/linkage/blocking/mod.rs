//! Which pairs are worth looking at?
//!
//! Takes a [`PersonTable`], gives [`CandidatePairs`]: every pair of records that agrees on the key of at least one
//! named rule, each pair once. Each rule covers one way a record goes wrong: no ID number, a slip in it, a wrong birth
//! date, a homophone, a changed name, only name and address. A block that would give too many pairs is divided by
//! further keys, never dropped in silence; [`RuleReport`] says what each rule brought and cost.
//!
//! Steps: 1. every rule gives each record its keys (64-bit hashes); 2. keys that no second record has are sieved out;
//! 3. keys are sorted and each run of equal keys is a block; 4. the pairs of all rules are sorted and made unique.

mod choice;
mod key;
mod rules;

use bloomfilter::Bloom;
use rayon::prelude::*;
use serde::Serialize;

use self::key::{Entry, Keyer, hash};
use self::rules::{Rule, rules};
use super::comparison::Comparer;
use crate::error::{Error, Kind, Result};
use crate::intake::study::Study;
use crate::person::table::{PersonTable, RecordId};

/// A pair of records; the first id is the smaller one.
pub type Pair = (RecordId, RecordId);

/// The pairs to compare: sorted, each once.
#[derive(Debug, Default)]
pub struct CandidatePairs {
    /// The pairs.
    pub pairs: Vec<Pair>,
    /// What each rule brought.
    pub rules: Vec<RuleReport>,
}

/// What a blocking rule brought and cost.
#[derive(Debug, Clone, Serialize, PartialEq)]
pub struct RuleReport {
    /// The rule's name.
    pub rule: String,
    /// Keys given to records.
    pub keys: u64,
    /// Blocks of two records or more.
    pub blocks: u64,
    /// Records in the largest block.
    pub largest_block: u64,
    /// Blocks that were divided by further keys because they were too large.
    pub divided: u64,
    /// Pairs in blocks that even then were too large, and were left out.
    pub pairs_left_out: u64,
    /// Pairs given.
    pub pairs: u64,
    /// Pairs that no earlier rule had given.
    pub new_pairs: u64,
}

/// Finds the candidate pairs.
///
/// # Errors
/// If the rules would give more pairs than the study allows.
pub fn block(study: &Study, table: &PersonTable, comparer: &Comparer<'_>) -> Result<CandidatePairs> {
    let keyer = Keyer::new(table, comparer);
    let rules = rules(study, &keyer);
    if table.len() > PACKED_RECORDS_MAX {
        let what = format!("{} records are more than one run can pair ({PACKED_RECORDS_MAX})", table.len());
        return Err(Error::new(Kind::Study, what).at_file(&study.file).hint("divide the area into several studies"));
    }
    let mut found: Vec<u64> = Vec::new();
    let mut reports = Vec::with_capacity(rules.len());
    for (at, rule) in (0u8..).zip(&rules) {
        let (pairs, report) = keyer.apply(rule, study);
        found.par_extend(pairs.into_par_iter().map(|pair| pack(pair, at)));
        if found.len() as u64 > study.linkage.pairs_max {
            let what =
                format!("the blocking rules up to '{}' give more than {} pairs", rule.name, study.linkage.pairs_max);
            let hint = "make the rule tighter, or raise linkage.pairs_max";
            return Err(Error::new(Kind::Study, what).at_file(&study.file).hint(hint));
        }
        reports.push(report);
    }
    found.par_sort_unstable();
    found.dedup_by_key(|packed| *packed >> 8);
    for packed in &found {
        reports[(packed & 0xff) as usize].new_pairs += 1;
    }
    Ok(CandidatePairs { pairs: found.into_par_iter().map(unpack).collect(), rules: reports })
}

/// Most records of which two fit into a sorted word together with the rule that found them.
const PACKED_RECORDS_MAX: usize = 1 << 28;

fn pack(pair: Pair, rule: u8) -> u64 {
    (u64::from(pair.0) << 36) | (u64::from(pair.1) << 8) | u64::from(rule)
}

fn unpack(packed: u64) -> Pair {
    ((packed >> 36) as u32, (packed >> 8 & 0x0fff_ffff) as u32)
}

impl Keyer<'_> {
    /// All pairs of a rule, with duplicates where a record has several keys.
    fn apply(&self, rule: &Rule, study: &Study) -> (Vec<Pair>, RuleReport) {
        let mut entries = self.entries(&rule.keys);
        let keys = entries.len() as u64;
        sieve(&mut entries);
        entries.par_sort_unstable_by_key(|entry| (entry.key, entry.record));
        let mut report = RuleReport {
            rule: rule.name.clone(),
            keys,
            blocks: 0,
            largest_block: 0,
            divided: 0,
            pairs_left_out: 0,
            pairs: 0,
            new_pairs: 0,
        };
        let blocks: Vec<&[Entry]> = entries.chunk_by(|a, b| a.key == b.key).filter(|block| block.len() > 1).collect();
        report.blocks = blocks.len() as u64;
        report.largest_block = blocks.iter().map(|block| block.len() as u64).max().unwrap_or(0);
        let maximum = study.linkage.block_pairs_max;
        let results: Vec<(Vec<Pair>, u64, u64)> = blocks
            .par_chunks(1024)
            .map(|blocks| {
                let (mut pairs, mut divided, mut left_out) = (Vec::new(), 0, 0);
                for block in blocks {
                    if (block.len() * block.len() / 2) as u64 <= maximum {
                        self.pairs(block, rule.across_sources, &mut pairs);
                    } else {
                        divided += 1;
                        left_out += self.divide(block, rule.across_sources, maximum, &mut pairs);
                    }
                }
                (pairs, divided, left_out)
            })
            .collect();
        let mut all = Vec::with_capacity(results.iter().map(|(pairs, ..)| pairs.len()).sum());
        for (pairs, divided, left_out) in results {
            all.extend(pairs);
            report.divided += divided;
            report.pairs_left_out += left_out;
        }
        report.pairs = all.len() as u64;
        (all, report)
    }

    fn pairs(&self, block: &[Entry], across_sources: bool, pairs: &mut Vec<Pair>) {
        for (at, one) in block.iter().enumerate() {
            let source = across_sources.then(|| self.table.source(one.record));
            for other in block.iter().skip(at + 1) {
                let wanted = (one.seeks || other.seeks) && one.record != other.record;
                if wanted && source.is_none_or(|source| self.table.source(other.record) != source) {
                    pairs.push((one.record.min(other.record), one.record.max(other.record)));
                }
            }
        }
    }

    /// Divides a block that is too large by birth year and sex, by community, and by name: a pair that agrees on any
    /// of them is kept. Gives the number of pairs of divisions that are still too large.
    fn divide(&self, block: &[Entry], across_sources: bool, maximum: u64, pairs: &mut Vec<Pair>) -> u64 {
        let table = self.table;
        let mut left_out = 0;
        let dividers: [&dyn Fn(usize) -> u64; 4] = [
            &|at| if table.birth[at].has_month() { hash(table.birth[at].month()) } else { 0 },
            &|at| if table.estate[at] == 0 { 0 } else { hash(table.estate[at]) },
            &|at| if table.division[at] == 0 { 0 } else { hash((table.division[at], table.sex[at])) },
            &|at| if table.name[at] == 0 { 0 } else { hash(table.name[at]) },
        ];
        for divider in dividers {
            let mut parts: Vec<Entry> =
                block.iter().map(|entry| Entry { key: divider(entry.record as usize), ..*entry }).collect();
            parts.retain(|entry| entry.key != 0);
            parts.sort_unstable_by_key(|entry| (entry.key, entry.record));
            for part in parts.chunk_by(|a, b| a.key == b.key) {
                let count = (part.len() * part.len().saturating_sub(1) / 2) as u64;
                if count <= maximum {
                    self.pairs(part, across_sources, pairs);
                } else {
                    left_out += count;
                }
            }
        }
        left_out
    }
}

/// From this many keys on, keys that only one record has are sieved out by two Bloom filters before sorting. The bound
/// follows a measurement (docs/method.md): below it the filters cost more than the sorting that they spare.
const SIEVE_KEYS_MIN: usize = 8_000_000;

/// Drops entries whose key no other entry has. The first filter remembers keys seen, the second keys seen again; a
/// false positive only keeps an entry that pairs with nobody.
fn sieve(entries: &mut Vec<Entry>) {
    if entries.len() < SIEVE_KEYS_MIN {
        return;
    }
    let Ok(mut seen) = Bloom::new_for_fp_rate_with_seed(entries.len(), 0.02, &[7; 32]) else { return };
    let Ok(mut again) = Bloom::new_for_fp_rate_with_seed(entries.len() / 2, 0.02, &[11; 32]) else { return };
    for entry in entries.iter() {
        if seen.check_and_set(&entry.key) {
            again.set(&entry.key);
        }
    }
    entries.retain(|entry| again.check(&entry.key));
}
