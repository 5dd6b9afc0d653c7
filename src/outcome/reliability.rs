//! Are the probabilities what they say?
//!
//! Takes what was [`Linked`] and what clerks [`Decided`], gives [`Reliability`]: by band of probability how many pairs there are,
//! how many matches the model expects among them, and, where clerks have judged some, how many their judgements make likely,
//! with a 95 % interval. Pairs of a band that are one person and those that are not are strata of their own, as clerks judge more
//! of the one than of the other.

use crate::intake::study::Study;
use crate::linkage::Linked;
use crate::linkage::decided::Decided;
use crate::linkage::lesson::{BANDS, band};
use crate::outcome::estimate::stratified::{self, Share, Stratum};

/// What probabilities are worth, from the lowest band to the highest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reliability {
    /// By band.
    pub bands: Vec<Band>,
    /// Match probability from which on pairs hold records together.
    pub threshold: f64,
    /// Pairs within persons that the model expects to be false.
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
    /// Share of matches by the judgements; nothing while pairs of the band are not judged on both sides of the decision.
    pub share: Option<Share>,
}

/// Sums up the listed pairs: those at or above the review probability, and those within persons.
#[must_use]
pub fn appraise(study: &Study, linked: &Linked, decided: &Decided) -> Reliability {
    let least = study.linkage.review_probability;
    let mut strata = [[(Stratum { size: 0, reviewed: 0, right: 0 }, 0.0); 2]; BANDS.len() + 1];
    let mut false_links = 0.0;
    for (pair, score) in linked.pairs.iter().zip(&linked.scores) {
        let person = |record: u32| linked.resolution.person_of.get(record as usize);
        let together = person(pair.0) == person(pair.1);
        let probability = score.probability();
        if !together && probability < least {
            continue;
        }
        false_links += if together { 1.0 - probability } else { 0.0 };
        let (stratum, expected) = &mut strata[band(probability)][usize::from(together)];
        stratum.size += 1;
        *expected += probability;
        if let Some(same) = decided.of_pair(*pair) {
            stratum.reviewed += 1;
            stratum.right += u64::from(same);
        }
    }
    let of_band = |(at, strata): (usize, &[(Stratum, f64); 2])| {
        let own: Vec<Stratum> = strata.iter().map(|(stratum, _)| *stratum).filter(|stratum| stratum.size > 0).collect();
        Band {
            low: if at == 0 { 0.0 } else { BANDS[at - 1] },
            high: BANDS.get(at).copied().unwrap_or(1.0),
            pairs: own.iter().map(|stratum| stratum.size).sum(),
            expected: strata.iter().map(|(_, expected)| expected).sum(),
            judged: own.iter().map(|stratum| stratum.reviewed).sum(),
            same: own.iter().map(|stratum| stratum.right).sum(),
            share: stratified::share(&own, study.linkage.seed),
        }
    };
    Reliability { bands: strata.iter().enumerate().map(of_band).collect(), threshold: linked.threshold, false_links }
}
