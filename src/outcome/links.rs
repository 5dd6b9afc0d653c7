//! Which pairs are links or possible links, and how sure is each?
//!
//! Takes who is who and what clerks have decided, gives the [`Link`]s as `links.parquet` has them.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::intake::study::Study;
use crate::linkage::Linked;
use crate::linkage::blocking::Pair;
use crate::linkage::comparison::{Comparer, Pattern};
use crate::linkage::decided::Decided;
use crate::linkage::model::{log2_odds, probability};
use crate::linkage::resolution::Resolution;
use crate::linkage::resolution::chain::strengthen;
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
/// their person's pairs gives: a pair that by itself says little is as sure as the pairs that hold it, and less sure
/// where rivals stand level with it. That of records of two persons is what the rivals of the pair leave it.
#[must_use]
pub fn gather(
    study: &Study,
    table: &PersonTable,
    comparer: &Comparer<'_>,
    linked: &Linked,
    decided: &Decided,
) -> Vec<Link> {
    let scorer = linked.scorer(comparer, table);
    let own = |at: usize| {
        let (pair, score) = (linked.pairs[at], linked.scores[at]);
        let probability = score.probability();
        Link { pair, pattern: linked.patterns[at], weight: score.weight, probability, linked: false }
    };
    let least = log2_odds(study.linkage.review_probability);
    let mut apart = linked.beside_rivals(&scorer, &linked.resolution, least);
    apart.retain(|(at, log2_odds)| *log2_odds >= least && decided.of_pair(linked.pairs[*at]).is_none());
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
                        Link { linked: true, probability: linked.probability_within(known), ..own(known) }
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
    links.extend(apart.into_iter().map(|(at, log2_odds)| Link { probability: probability(log2_odds), ..own(at) }));
    links.par_sort_unstable_by_key(|link| link.pair);
    links
}

/// The links that clerks have confirmed, and the others of the same persons, with their probabilities once these are
/// certain: what hangs on them by a chain is as sure as the rest of the chain.
fn believed(links: &[Link], resolution: &Resolution, decided: &Decided) -> FxHashMap<Pair, f64> {
    let is_confirmed = |pair: Pair| decided.of_pair(pair) == Some(true);
    let confirmed = links.iter().filter(|link| link.linked && is_confirmed(link.pair));
    let persons: BTreeSet<u32> = confirmed.map(|link| resolution.person_of[link.pair.0 as usize]).collect();
    let mut believed = FxHashMap::default();
    for person in persons {
        let records = resolution.records_of(person);
        let pairs = records.iter().enumerate();
        let pairs = pairs.flat_map(|(at, one)| records[at + 1..].iter().map(move |other| (*one, *other)));
        let of = |pair: Pair| {
            let model = links.binary_search_by_key(&pair, |link| link.pair).map_or(0.0, |at| links[at].probability);
            (pair, if is_confirmed(pair) { 1.0 } else { model })
        };
        let mut pairs: Vec<(Pair, f64)> = pairs.map(of).collect();
        strengthen(records.len(), &mut pairs, |(_, probability)| probability);
        believed.extend(pairs);
    }
    believed
}

/// How likely each of the links is false, what clerks have confirmed being certain. `links` are sorted.
pub fn doubts<'a>(
    links: &'a [Link],
    resolution: &Resolution,
    decided: &Decided,
) -> impl Iterator<Item = (Pair, f64)> + use<'a> {
    let believed = believed(links, resolution, decided);
    let of = move |link: &Link| 1.0 - believed.get(&link.pair).copied().unwrap_or(link.probability);
    links.iter().filter(|link| link.linked).map(move |link| (link.pair, of(link)))
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

#[cfg(test)]
mod tests {
    use super::{Link, doubts};
    use crate::linkage::decided::Decided;
    use crate::linkage::resolution::Resolution;

    #[test]
    fn what_clerks_have_confirmed_is_certain_and_holds_the_chains_that_hang_on_it() {
        let link = |pair, probability| Link { pair, pattern: 0, weight: 0.0, probability, linked: true };
        // 1 and 2 hang together by way of 0; 3 and 4 are another person, 4 and 5 a possible link.
        let mut links =
            [((0, 1), 0.2), ((0, 2), 0.9), ((1, 2), 0.18), ((3, 4), 0.7), ((4, 5), 0.6)].map(|(pair, p)| link(pair, p));
        links[4].linked = false;
        let resolution = Resolution::from_labels(&[0, 0, 0, 3, 3, 5]);
        let doubts_after = |decided: &[((u32, u32), bool)]| -> Vec<f64> {
            let decided = Decided::of_pairs(decided.iter().copied());
            doubts(&links, &resolution, &decided).map(|(_, doubt)| (doubt * 1e6).round() / 1e6).collect()
        };
        assert_eq!(doubts_after(&[]), [0.8, 0.1, 0.82, 0.3]);
        assert_eq!(doubts_after(&[((0, 1), true)]), [0.0, 0.1, 0.1, 0.3]);
        assert_eq!(doubts_after(&[((3, 4), true), ((4, 5), false)]), [0.8, 0.1, 0.82, 0.0]);
        assert_eq!(doubts_after(&[((3, 4), false)]), [0.8, 0.1, 0.82, 0.3], "it is linked all the same");
    }
}
