//! How many pairs show each pattern?
//!
//! Takes the patterns of compared pairs, gives them counted: all that a fit needs to know of them.

use std::ops::AddAssign;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::linkage::comparison::Pattern;

/// How many pairs show each pattern, by class; sorted by class and pattern.
pub type PatternCounts = Vec<((u32, Pattern), u64)>;

/// Like [`PatternCounts`], of pairs that count in part.
pub type PatternWeights = Vec<((u32, Pattern), f64)>;

/// Counts the patterns of compared pairs by class.
#[must_use]
pub fn count_patterns(classes: &[u32], patterns: &[Pattern]) -> PatternCounts {
    let counts = classes
        .par_chunks(1 << 16)
        .zip(patterns.par_chunks(1 << 16))
        .map(|(classes, patterns)| {
            let mut counts: FxHashMap<(u32, Pattern), u64> = FxHashMap::default();
            for (class, pattern) in classes.iter().zip(patterns) {
                *counts.entry((*class, *pattern)).or_default() += 1;
            }
            counts
        })
        .reduce(FxHashMap::default, |mut all, more| {
            for (key, count) in more {
                *all.entry(key).or_default() += count;
            }
            all
        });
    let mut counts: PatternCounts = counts.into_iter().collect();
    counts.sort_unstable();
    counts
}

/// Two counts taken together.
#[must_use]
pub fn add_counts(one: &PatternCounts, other: &PatternCounts) -> PatternCounts {
    together(one.iter().chain(other).copied().collect())
}

/// Counts without some pairs that they hold.
#[must_use]
pub fn subtract_counts(counts: &PatternCounts, pairs: impl Iterator<Item = (u32, Pattern)>) -> PatternCounts {
    let mut counts = counts.clone();
    for pair in pairs {
        if let Ok(at) = counts.binary_search_by_key(&pair, |(key, _)| *key) {
            counts[at].1 = counts[at].1.saturating_sub(1);
        }
    }
    counts.retain(|(_, count)| *count > 0);
    counts
}

/// The counts of patterns that are changed.
#[must_use]
pub fn change_patterns(counts: &PatternCounts, change: impl Fn(Pattern) -> Pattern) -> PatternCounts {
    together(counts.iter().map(|((class, pattern), count)| ((*class, change(*pattern)), *count)).collect())
}

/// Weights of the same pattern taken together, in order of class and pattern.
#[must_use]
pub fn add_weights(weights: PatternWeights) -> PatternWeights {
    together(weights)
}

fn together<N: Copy + AddAssign>(mut counts: Vec<((u32, Pattern), N)>) -> Vec<((u32, Pattern), N)> {
    // The sort is stable: sums of fractions are the same every time.
    counts.sort_by_key(|(key, _)| *key);
    counts.dedup_by(|next, before| {
        let same = next.0 == before.0;
        if same {
            before.1 += next.1;
        }
        same
    });
    counts
}
