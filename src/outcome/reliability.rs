//! Are the probabilities what they say?
//!
//! Takes what was [`Linked`] and what clerks [`Decided`], gives [`Reliability`]: by band of probability how many pairs
//! there are, how many matches the model expects among them, and, where clerks have judged some, how many their
//! judgements make likely, with a 95 % interval. A pair stands in the band of its own probability, or of what rivals
//! leave of it (across two persons, and where they stand level with it), whatever was decided of it or holds it by way
//! of other records: else a judgement would move the pair that it judges. What the model alone would make one person
//! and what not are strata of their own, as clerks are shown more of the one than of the other.

use crate::intake::study::Study;
use crate::linkage::Linked;
use crate::linkage::decided::Decided;
use crate::linkage::lesson::{BANDS, band};
use crate::linkage::model;
use crate::linkage::scoring::Scorer;
use crate::outcome::estimate::stratified::{self, Share, Stratum};
use crate::outcome::links::{self, Link};

/// What probabilities are worth, from the lowest band to the highest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reliability {
    /// By band.
    pub bands: Vec<Band>,
    /// Match probability from which on pairs hold records together.
    pub threshold: f64,
    /// Pairs within persons that are expected to be false, those that clerks have confirmed being certain.
    pub false_links: f64,
}

/// The pairs whose probability lies in one band.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Lowest probability.
    pub low: f64,
    /// Highest probability, itself not in the band but for 1.
    pub high: f64,
    /// Pairs.
    pub pairs: u64,
    /// Matches expected among them: the sum of their probabilities.
    pub expected: f64,
    /// Pairs that clerks have judged.
    pub judged: u64,
    /// Of those, one person.
    pub same: u64,
    /// Share of matches by the judgements; nothing while a stratum of the band has no judged pair.
    pub share: Option<Share>,
}

/// Sums up the pairs at or above the review probability, and what is expected of the links.
#[must_use]
pub fn appraise(study: &Study, scorer: &Scorer<'_>, linked: &Linked, links: &[Link], decided: &Decided) -> Reliability {
    let mut strata = [([Stratum { size: 0, reviewed: 0, right: 0 }; 2], 0.0); BANDS.len() + 1];
    let person_of = &linked.undecided.as_ref().unwrap_or(&linked.resolution).person_of;
    for (at, log2_odds) in linked.at_least(scorer, model::log2_odds(study.linkage.review_probability)) {
        let (pair, probability) = (&linked.pairs[at], model::probability(log2_odds));
        let (strata, expected) = &mut strata[band(probability)];
        let together = person_of.get(pair.0 as usize) == person_of.get(pair.1 as usize);
        let stratum = &mut strata[usize::from(together)];
        stratum.size += 1;
        *expected += probability;
        if let Some(same) = decided.of_pair(*pair) {
            stratum.reviewed += 1;
            stratum.right += u64::from(same);
        }
    }
    let of_band = |(at, (strata, expected)): (usize, &([Stratum; 2], f64))| {
        let own: Vec<Stratum> = strata.iter().filter(|stratum| stratum.size > 0).copied().collect();
        let high = BANDS.get(at).copied().unwrap_or(1.0);
        let bound = if at == 0 { 0.0 } else { BANDS[at - 1] };
        Band {
            // Pairs below the review probability are not counted.
            low: bound.max(study.linkage.review_probability).min(high),
            high,
            pairs: own.iter().map(|stratum| stratum.size).sum(),
            expected: *expected,
            judged: own.iter().map(|stratum| stratum.reviewed).sum(),
            same: own.iter().map(|stratum| stratum.right).sum(),
            share: stratified::share(&own, study.linkage.seed),
        }
    };
    Reliability {
        bands: strata.iter().enumerate().map(of_band).collect(),
        threshold: linked.threshold,
        false_links: links::doubts(links, &linked.resolution, decided).fold(0.0, |sum, (_, doubt)| sum + doubt),
    }
}
