//! What do the match weights look like?
//!
//! Takes a `Linked`, gives the histogram of all weights, what the levels of every comparison weigh, and how the weights
//! of the most frequent patterns add up. Everything here is about patterns of levels, never about the values of a
//! record.

use rustc_hash::FxHashMap;

use crate::intake::study::Study;
use crate::linkage::Linked;
use crate::linkage::comparison::Pattern;
use crate::linkage::model::{Model, Shares, log2_odds, probability};

/// The histogram of match weights: first bin, last bin and their width, in bits. What lies beyond is counted in the
/// outermost bins.
pub const BIN_FIRST: f64 = -40.0;
/// Upper end of the last bin.
pub const BIN_LAST: f64 = 60.0;
/// Width of a bin.
pub const BIN_WIDTH: f64 = 2.0;
const BINS: usize = 50;

/// One comparison and what its levels weigh.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonWeights {
    /// Name of the comparison.
    pub name: String,
    /// Level and log2 m/u, best level first.
    pub levels: Vec<(String, f64)>,
}

/// How the weights of a pattern add up.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    /// Was the pair put into one person?
    pub link: bool,
    /// log2 odds that any pair of the class is a match.
    pub prior: f64,
    /// Comparison, level, weight in bits; comparisons that say nothing left out.
    pub steps: Vec<(String, String, f64)>,
    /// Match probability in the end.
    pub probability: f64,
}

/// Pairs by bin of their weight: put into one person, not put together. Pairs that were let go are among the latter.
#[must_use]
pub fn histogram(linked: &Linked) -> Vec<(u64, u64)> {
    let mut bins = vec![(0u64, 0u64); BINS];
    for (at, (one, other)) in linked.pairs.iter().enumerate() {
        let Some(score) = linked.scores.get(at) else { continue };
        let person = |record: u32| linked.resolution.person_of.get(record as usize);
        let together = person(*one) == person(*other);
        if let Some(bin) = bins.get_mut(bin(score.weight)) {
            if together { bin.0 += 1 } else { bin.1 += 1 }
        }
    }
    for ((class, pattern), count) in &linked.rest {
        let weight = linked.model.weight(*class as usize, linked.model.likelihoods(*pattern, 1.0));
        if let Some(bin) = bins.get_mut(bin(weight)) {
            bin.1 += count;
        }
    }
    bins
}

/// Pattern and class of the most frequent link and of the most frequent possible link.
#[must_use]
pub fn examples(study: &Study, linked: &Linked) -> [Option<(Pattern, usize)>; 2] {
    let review = log2_odds(study.linkage.review_probability);
    let mut counts: [FxHashMap<(Pattern, usize), u64>; 2] = [FxHashMap::default(), FxHashMap::default()];
    for (pair, (score, pattern)) in linked.pairs.iter().zip(linked.scores.iter().zip(&linked.patterns)) {
        if score.log2_odds >= review {
            let person = |record: u32| linked.resolution.person_of.get(record as usize);
            let apart = usize::from(person(pair.0) != person(pair.1));
            *counts[apart].entry((*pattern, linked.class_of(*pair))).or_default() += 1;
        }
    }
    [most_frequent(&counts[0]), most_frequent(&counts[1])]
}

/// The weights that the bin of a weight holds; the outermost bins hold what lies beyond them.
#[must_use]
pub fn bin_of(weight: f64) -> std::ops::Range<f64> {
    let at = bin(weight);
    let low = BIN_FIRST + at as f64 * BIN_WIDTH;
    let start = if at == 0 { f64::NEG_INFINITY } else { low };
    start..if at == BINS - 1 { f64::INFINITY } else { low + BIN_WIDTH }
}

fn bin(weight: f64) -> usize {
    let at = ((weight - BIN_FIRST) / BIN_WIDTH).floor().clamp(0.0, (BINS - 1) as f64);
    at as usize
}

/// The most frequent pattern; of equally frequent ones the smallest.
fn most_frequent(counts: &FxHashMap<(Pattern, usize), u64>) -> Option<(Pattern, usize)> {
    counts.iter().max_by_key(|(key, count)| (**count, std::cmp::Reverse(**key))).map(|(key, _)| *key)
}

/// What a level weighs that has these shares among matches and among strangers, in bits.
#[must_use]
pub fn of_level(m: f64, u: f64) -> f64 {
    (m.max(1e-9) / u.max(1e-9)).log2()
}

/// What the levels of every comparison weigh.
#[must_use]
pub fn of_levels(model: &Model) -> Vec<ComparisonWeights> {
    let of = |shares: &Shares| ComparisonWeights {
        name: shares.comparison.clone(),
        levels: shares
            .levels
            .iter()
            .zip(shares.m.iter().zip(&shares.u))
            .skip(1)
            .map(|(level, (m, u))| (level.clone(), of_level(*m, *u)))
            .collect(),
    };
    model.shares.iter().map(of).collect()
}

/// How the weights of a pattern add up.
#[must_use]
pub fn waterfall(model: &Model, link: bool, pattern: Pattern, class: usize) -> Waterfall {
    let prior = model.prior_weight(class);
    let mut total = prior;
    let mut steps = Vec::new();
    for (at, weight) in model.waterfall(pattern, &[], class) {
        let Some((comparison, shares)) = model.comparisons().get(at).zip(model.shares.get(at)) else { continue };
        let level = comparison.level(pattern);
        total += weight;
        if level != 0 {
            steps.push((shares.comparison.clone(), shares.levels.get(level).cloned().unwrap_or_default(), weight));
        }
    }
    Waterfall { link, prior, steps, probability: probability(total) }
}
