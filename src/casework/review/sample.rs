//! Which pairs should clerks look at?
//!
//! Takes the pairs of `links.parquet`, gives a random sample by stratum: linked or possible, by band of probability.
//! Many pairs are taken where the model is unsure and where there are many (Neyman's allocation, n ∝ N·√(p(1−p)), p the
//! stratum's expected share of matches), and some everywhere: what the model is sure of is just what needs a check.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::RecordName;
use crate::linkage::lesson::{BANDS, band};
use crate::outcome::estimate::stratified;
use crate::outcome::files::LinkRow;

/// Of the pairs of a sample, the share that is spread evenly over the strata.
const EVEN_SHARE: f64 = 0.3;

/// A sample of pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// How many pairs each stratum has.
    pub strata: BTreeMap<String, u64>,
    /// The pairs drawn, in the order in which they are shown, each with its stratum.
    pub pairs: Vec<([RecordName; 2], String)>,
}

/// The stratum of a pair: `link` or `possible`, and the band of its probability.
#[must_use]
pub fn stratum(link: &LinkRow) -> String {
    let band = band(link.match_probability);
    let low = band.checked_sub(1).map_or(0.0, |at| BANDS[at]);
    let high = BANDS.get(band).copied().unwrap_or(1.0);
    format!("{} {low}-{high}", link.decision)
}

/// Is it a stratum of pairs that the run takes for one person?
#[must_use]
pub fn is_accepted(stratum: &str) -> bool {
    stratum.starts_with("link ")
}

/// Draws a sample; the same links, number and seed give the same sample.
#[must_use]
pub fn draw(links: &[LinkRow], pairs: u64, seed: u64) -> Sample {
    let mut by_stratum: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, link) in links.iter().enumerate() {
        by_stratum.entry(stratum(link)).or_default().push(at);
    }
    let wanted = allocate(links, &by_stratum, pairs);
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn: Vec<(usize, &String)> = Vec::new();
    for ((stratum, members), wanted) in by_stratum.iter().zip(wanted) {
        let chosen = rand::seq::index::sample(&mut dice, members.len(), wanted as usize);
        drawn.extend(chosen.into_iter().map(|at| (members[at], stratum)));
    }
    // The order must not tell the stratum.
    drawn.sort_unstable_by_key(|(at, _)| *at);
    drawn.shuffle(&mut dice);
    let pair = |(at, stratum): (usize, &String)| ([links[at].one.clone(), links[at].other.clone()], stratum.clone());
    Sample {
        strata: by_stratum.iter().map(|(stratum, members)| (stratum.clone(), members.len() as u64)).collect(),
        pairs: drawn.into_iter().map(pair).collect(),
    }
}

/// How many pairs to take of each stratum: never more than it has, at least one.
fn allocate(links: &[LinkRow], strata: &BTreeMap<String, Vec<usize>>, pairs: u64) -> Vec<u64> {
    let known = |members: &Vec<usize>| {
        let expected: f64 = members.iter().map(|at| links[*at].match_probability).sum();
        (members.len() as u64, expected)
    };
    let known: Vec<(u64, f64)> = strata.values().map(known).collect();
    let even = (pairs as f64 * EVEN_SHARE / strata.len().max(1) as f64).round() as u64;
    stratified::allocate(&known, pairs, even.max(1))
}

#[cfg(test)]
mod tests {
    use super::{draw, is_accepted, stratum};
    use crate::outcome::files::LinkRow;

    fn links() -> Vec<LinkRow> {
        let link = |at: usize| {
            let (probability, decision) = match at % 10 {
                0 => (0.3, "possible"),
                1 => (0.95, "link"),
                _ => (0.9999, "link"),
            };
            LinkRow {
                one: (String::from("roll"), format!("R{at}")),
                other: (String::from("health"), format!("H{at}")),
                match_weight: 1.0,
                match_probability: probability,
                decision: decision.to_owned(),
            }
        };
        (0..5000).map(link).collect()
    }

    #[test]
    fn a_sample_is_of_every_stratum_and_always_the_same() {
        let (links, names) = (links(), ["link 0.9-0.99", "link 0.999-1", "possible 0-0.5"]);
        let sample = draw(&links, 200, 7);
        assert_eq!(sample.strata.keys().map(String::as_str).collect::<Vec<_>>(), names);
        assert_eq!(sample.strata.values().sum::<u64>(), 5000);
        let count = |name: &str| sample.pairs.iter().filter(|(_, stratum)| stratum == name).count();
        assert!(names.iter().all(|name| count(name) >= 20), "{:?}", names.map(count));
        assert_eq!(sample.pairs.len(), 200);
        assert_eq!(sample, draw(&links, 200, 7));
        assert_ne!(sample.pairs, draw(&links, 200, 8).pairs);
        // What is shown first tells nothing of the stratum.
        let first: std::collections::BTreeSet<_> = sample.pairs.iter().take(20).map(|(_, stratum)| stratum).collect();
        assert_eq!(first.len(), 3);
        let mut ends: Vec<_> = sample.pairs.iter().map(|(ends, _)| ends).collect();
        ends.sort();
        ends.dedup();
        assert_eq!(ends.len(), sample.pairs.len(), "no pair is drawn twice");
    }

    #[test]
    fn few_pairs_are_all_drawn() {
        let few: Vec<LinkRow> = links().into_iter().take(12).collect();
        assert_eq!(draw(&few, 200, 1).pairs.len(), 12);
        assert!(draw(&[], 200, 1).pairs.is_empty());
        assert!(is_accepted(&stratum(&few[1])) && !is_accepted(&stratum(&few[0])));
    }
}
