//! From which probability on does a pair hold records together?
//!
//! Takes a [`Study`] and the scores of all pairs, gives the least log2 odds: those of `link_probability`, or, where the
//! study names a tolerated share of false links, the lowest at which the pairs at or above it are expected to hold no
//! greater share (the mean of 1 − p over them).

use super::model::log2_odds;
use super::scoring::Score;
use crate::intake::study::Study;

/// More than any pair has: no pair is surely enough a match.
const BEYOND: f64 = 1000.0;

/// In bits.
const JUST_BELOW: f64 = 1e-9;

/// The least log2 odds of a pair that holds records together.
#[must_use]
pub fn minimum(study: &Study, scores: &[Score]) -> f64 {
    let linkage = &study.linkage;
    match linkage.false_links {
        None => log2_odds(linkage.link_probability),
        Some(share) => tolerating(share, scores).max(log2_odds(linkage.review_probability)),
    }
}

/// The lowest log2 odds such that of the pairs at or above them no greater share is expected to be false.
fn tolerating(share: f64, scores: &[Score]) -> f64 {
    let mut odds: Vec<f64> = scores.iter().map(|score| score.log2_odds).collect();
    odds.sort_unstable_by(|a, b| b.total_cmp(a));
    let (mut lowest, mut accepted, mut wrong) = (BEYOND, 0.0, 0.0);
    // Pairs of equal odds are accepted together.
    for equal in odds.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
        accepted += equal.len() as f64;
        wrong += equal.iter().map(|odds| 1.0 / (1.0 + odds.exp2())).sum::<f64>();
        if wrong > share * accepted {
            break;
        }
        // Records are held together by more than the threshold: it lies just below the last pairs that are accepted.
        lowest = equal[0] - JUST_BELOW;
    }
    lowest
}

#[cfg(test)]
mod tests {
    use super::{BEYOND, log2_odds, tolerating};
    use crate::linkage::scoring::Score;

    fn scores(probabilities: &[f64]) -> Vec<Score> {
        probabilities.iter().map(|probability| Score { weight: 0.0, log2_odds: log2_odds(*probability) }).collect()
    }

    #[test]
    fn the_lowest_threshold_is_taken_that_tolerates_no_more() {
        let scores = scores(&[0.6, 0.999, 0.9, 0.8, 0.99]);
        let at = |share: f64| crate::linkage::model::probability(tolerating(share, &scores));
        // Means of 1 − p from the top: 0.001, 0.0055, 0.037, 0.0778, 0.1422.
        for (share, threshold) in [(0.001_1, 0.999), (0.006, 0.99), (0.05, 0.9), (0.08, 0.8), (0.2, 0.6), (1.0, 0.6)] {
            assert!((at(share) - threshold).abs() < 1e-8, "{share}: {}", at(share));
        }
        // Pairs of one odds are all at it: they are held together by being above it.
        let alike = self::scores(&[0.999; 40]);
        assert!(tolerating(0.01, &alike) < alike[0].log2_odds);
        assert!(tolerating(1e-6, &scores) >= BEYOND);
        assert!(tolerating(0.5, &[]) >= BEYOND);
    }
}
