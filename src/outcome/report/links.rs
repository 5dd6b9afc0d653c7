//! Which links were found, and what do the weights look like?
//!
//! Everything here is about patterns of levels, never about the values of a record.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::ReportInput;
use crate::intake::study::Study;
use crate::linkage::Linked;
use crate::linkage::comparison::Pattern;
use crate::linkage::model::{Model, log2_odds, probability};
use crate::privacy::mask;

/// The histogram of match weights: first bin, last bin and their width, in bits. What lies beyond is counted in the
/// outermost bins.
pub const BIN_FIRST: f64 = -40.0;
/// Upper end of the last bin.
pub const BIN_LAST: f64 = 60.0;
/// Width of a bin.
pub const BIN_WIDTH: f64 = 2.0;
const BINS: usize = 50;

/// The links of a study.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LinksFound {
    /// By pair of sources: their names, links, possible links, as many as `links.parquet` has rows.
    pub by_sources: Vec<(String, String, u64, u64)>,
    /// Pairs by weight: put into one person, not put together.
    pub weights: Vec<(u64, u64)>,
    /// Weight of every level of every comparison, in bits.
    pub comparisons: Vec<ComparisonWeights>,
    /// Example waterfalls: of a link, of a possible link.
    pub examples: Vec<Waterfall>,
}

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

/// Arranges the links.
#[must_use]
pub fn compose(input: &ReportInput<'_>) -> LinksFound {
    let linked = input.linked;
    let mut by_sources: BTreeMap<(usize, usize), (u64, u64)> = BTreeMap::new();
    for link in input.links {
        let sources = (input.table.source(link.pair.0), input.table.source(link.pair.1));
        let found = by_sources.entry((sources.0.min(sources.1), sources.0.max(sources.1))).or_default();
        if link.linked { found.0 += 1 } else { found.1 += 1 }
    }
    let mut weights = vec![(0u64, 0u64); BINS];
    for (at, (one, other)) in linked.pairs.iter().enumerate() {
        let Some(score) = linked.scores.get(at) else { continue };
        let person = |record: u32| linked.resolution.person_of.get(record as usize);
        let together = person(*one) == person(*other);
        if let Some(bin) = weights.get_mut(bin(score.weight)) {
            if together { bin.0 += 1 } else { bin.1 += 1 }
        }
    }
    for ((class, pattern), count) in &linked.rest {
        let weight = linked.model.weight(*class as usize, linked.model.likelihoods(*pattern, 1.0));
        if let Some(bin) = weights.get_mut(bin(weight)) {
            bin.1 += count;
        }
    }
    let name = |at: usize| input.study.sources.get(at).map_or(String::new(), |source| mask::plain(&source.name));
    let [link, possible] = examples(input.study, linked);
    let examples = [(true, link), (false, possible)];
    LinksFound {
        by_sources: by_sources.into_iter().map(|((a, b), (l, p))| (name(a), name(b), l, p)).collect(),
        weights,
        comparisons: comparisons(&linked.model),
        examples: examples
            .into_iter()
            .filter_map(|(link, most)| most.map(|(pattern, class)| waterfall(&linked.model, link, pattern, class)))
            .collect(),
    }
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

fn comparisons(model: &Model) -> Vec<ComparisonWeights> {
    let weight = |m: f64, u: f64| (m.max(1e-9) / u.max(1e-9)).log2();
    let of = |shares: &crate::linkage::model::Shares| ComparisonWeights {
        name: shares.comparison.clone(),
        levels: shares
            .levels
            .iter()
            .zip(shares.m.iter().zip(&shares.u))
            .skip(1)
            .map(|(level, (m, u))| (level.clone(), weight(*m, *u)))
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
