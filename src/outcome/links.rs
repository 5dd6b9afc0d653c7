//! Which pairs are links or possible links, and how sure is each?
//!
//! Takes who is who and what clerks have decided, gives the [`Link`]s as `links.parquet` has them.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::intake::study::Study;
use crate::linkage::Linked;
use crate::linkage::blocking::Pair;
use crate::linkage::comparison::{Comparer, Pattern};
use crate::linkage::decided::Decided;
use crate::linkage::model::probability;
use crate::person::table::PersonTable;

/// A link or possible link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// The records.
    pub pair: Pair,
    /// Their pattern.
    pub pattern: Pattern,
    /// log2 Bayes factor.
    pub weight: f64,
    /// Match probability.
    pub probability: f64,
    /// Are they one person?
    pub linked: bool,
}

/// All pairs at or above the review threshold, and every pair of records of one person: also those that no blocking
/// rule gave, compared now; without what clerks have decided to be two persons. Sorted by records.
///
/// The match weight is the pair's own. The match probability of two records of one person is the best that any chain of
/// their person's pairs gives: a pair that by itself says little is as sure as the pairs that hold it.
#[must_use]
pub fn gather(
    study: &Study,
    table: &PersonTable,
    comparer: &Comparer<'_>,
    linked: &Linked,
    decided: &Decided,
) -> Vec<Link> {
    let scorer = linked.scorer(comparer, table);
    let person = &linked.resolution.person_of;
    let own = |at: usize| {
        let (pair, score) = (linked.pairs[at], linked.scores[at]);
        let probability = score.probability();
        Link { pair, pattern: linked.patterns[at], weight: score.weight, probability, linked: false }
    };
    let apart = (0..linked.pairs.len())
        .into_par_iter()
        .filter(|at| person[linked.pairs[*at].0 as usize] != person[linked.pairs[*at].1 as usize])
        .map(own)
        .filter(|link| link.probability >= study.linkage.review_probability && decided.of_pair(link.pair).is_none());
    let apart: Vec<Link> = apart.collect();
    // The links within persons are by far the most: each has its place before it is made.
    let persons = 0..u32::try_from(linked.resolution.persons()).unwrap_or(u32::MAX);
    let pairs_of = |person: u32| {
        let records = linked.resolution.records_of(person).len();
        records * (records - 1) / 2
    };
    let within = persons.clone().map(pairs_of).sum::<usize>();
    let none = Link { pair: (0, 0), pattern: 0, weight: 0.0, probability: 0.0, linked: true };
    let mut links = Vec::with_capacity(apart.len() + within);
    links.resize(within, none);
    let mut rest = links.as_mut_slice();
    let mut places: Vec<(u32, &mut [Link])> = Vec::new();
    for first in persons.clone().step_by(PERSONS_AT_A_TIME) {
        let last = (first + PERSONS_AT_A_TIME as u32).min(persons.end);
        let (place, after) = rest.split_at_mut((first..last).map(pairs_of).sum());
        places.push((first, place));
        rest = after;
    }
    places.into_par_iter().for_each(|(first, mut rest)| {
        for person in (first..persons.end).take(PERSONS_AT_A_TIME) {
            let records = linked.resolution.records_of(person);
            let (place, after) = std::mem::take(&mut rest).split_at_mut(pairs_of(person));
            rest = after;
            let mut place_of = place.iter_mut();
            for (at, one) in records.iter().enumerate() {
                // Pairs are sorted: those of one record lie together, and its person's have few others between them.
                let mut known = linked.pairs.partition_point(|pair| *pair < (*one, 0));
                for (other, link) in records[at + 1..].iter().zip(place_of.by_ref()) {
                    let pair = (*one, *other);
                    known += linked.pairs[known..].iter().take_while(|other| **other < pair).count();
                    *link = if linked.pairs.get(known) == Some(&pair) {
                        Link { linked: true, ..own(known) }
                    } else {
                        let pattern = linked.pattern_of_unblocked(comparer, pair);
                        let score = scorer.score(pattern, pair.0, pair.1);
                        let probability = probability(score.log2_odds);
                        Link { pair, pattern, weight: score.weight, probability, linked: true }
                    };
                }
            }
            strengthen(records.len(), place, |link| &mut link.probability);
        }
    });
    links.extend(apart);
    links.par_sort_unstable_by_key(|link| link.pair);
    links
}

/// Links and possible links by pair of sources, the one that comes first in the study first.
#[must_use]
pub fn by_sources(table: &PersonTable, links: &[Link]) -> BTreeMap<(usize, usize), (u64, u64)> {
    let mut by_sources: BTreeMap<(usize, usize), (u64, u64)> = BTreeMap::new();
    for link in links {
        let sources = (table.source(link.pair.0), table.source(link.pair.1));
        let found = by_sources.entry((sources.0.min(sources.1), sources.0.max(sources.1))).or_default();
        if link.linked { found.0 += 1 } else { found.1 += 1 }
    }
    by_sources
}

/// Persons whose links are made by one thread at a time.
const PERSONS_AT_A_TIME: usize = 1 << 12;

/// Persons of more records keep the probabilities of the pairs as they are; two records are a chain by themselves.
const CHAINED_RECORDS: std::ops::RangeInclusive<usize> = 3..=32;

/// How sure it is that two of `count` records of one person are one: the best product of probabilities along a chain of
/// its pairs, of each of which `own` tells the probability by itself.
#[must_use]
pub fn best_chain(count: usize, (one, other): (usize, usize), own: impl Fn(usize, usize) -> f64) -> f64 {
    if !CHAINED_RECORDS.contains(&count) {
        return own(one.min(other), one.max(other));
    }
    let mut pairs: Vec<f64> = (0..count)
        .flat_map(|low| (low + 1..count).map(move |high| (low, high)))
        .map(|(low, high)| own(low, high))
        .collect();
    strengthen(count, &mut pairs, |probability| probability);
    pairs[place(count, one, other)]
}

/// Raises each pair of a person to the best product of probabilities along a chain of its pairs (Floyd–Warshall). These
/// are all pairs of `count` records, row by row.
fn strengthen<P>(count: usize, pairs: &mut [P], probability: impl Fn(&mut P) -> &mut f64) {
    if !CHAINED_RECORDS.contains(&count) {
        return;
    }
    for via in 0..count {
        for one in (0..count).filter(|one| *one != via) {
            for other in (one + 1..count).filter(|other| *other != via) {
                let [first, second] = [(one, via), (via, other)].map(|(from, to)| place(count, from, to));
                let chain = *probability(&mut pairs[first]) * *probability(&mut pairs[second]);
                let direct = probability(&mut pairs[place(count, one, other)]);
                *direct = direct.max(chain);
            }
        }
    }
}

/// Where a pair of `count` records stands among all their pairs, row by row.
fn place(count: usize, one: usize, other: usize) -> usize {
    let (low, high) = (one.min(other), one.max(other));
    low * (2 * count - low - 1) / 2 + high - low - 1
}

#[cfg(test)]
mod tests {
    use super::{Link, best_chain, place, strengthen};

    #[test]
    fn a_pair_is_as_sure_as_the_chain_that_holds_it() {
        let link = |pair, probability| Link { pair, pattern: 0, weight: 0.0, probability, linked: true };
        let mut links = vec![
            link((0, 1), 0.9),
            link((0, 2), 0.1),
            link((0, 3), 0.2),
            link((1, 2), 0.8),
            link((1, 3), 0.3),
            link((2, 3), 0.99),
        ];
        let own: Vec<f64> = links.iter().map(|link| link.probability).collect();
        strengthen(4, &mut links, |link| &mut link.probability);
        let probabilities: Vec<f64> = links.iter().map(|link| (link.probability * 1e4).round() / 1e4).collect();
        assert_eq!(probabilities, [0.9, 0.72, 0.7128, 0.8, 0.792, 0.99]);
        let of = |pair| best_chain(4, pair, |one, other| own[place(4, one, other)]);
        assert!(
            links
                .iter()
                .all(|link| of((link.pair.0 as usize, link.pair.1 as usize)).to_bits() == link.probability.to_bits())
        );
        assert!((of((3, 0)) - 0.7128).abs() < 1e-9);
        assert!((best_chain(2, (1, 0), |_, _| 0.3) - 0.3).abs() < 1e-9);
    }
}
