//! What do the clerks' decisions teach the model?
//!
//! Takes [`Decided`] pairs with their scores, gives a [`Lesson`]: labels, each standing for a number of pairs that
//! follows from the sampling fraction of its stratum, and all other pairs.
//!
//! Clerks judge a stratified sample (`rollcall review`). The strata here are the same as there: what the run made of a
//! pair (one person or not) and the band of its probability. In a stratum of N pairs, n of which were judged, the
//! judged pairs stand for the share α = n / (n + 20), that is N·α/n pairs each; the others keep the posterior of the
//! model and stand for the rest.

use super::blocking::Pair;
use super::decided::Decided;
use super::model::em::{self, Label, PatternCounts, PatternWeights};
use super::model::probability;
use super::resolution::Resolution;
use super::resolution::rivals::Level;
use super::scoring::{ComparedPairs, Score};

/// So many judged pairs of a stratum are worth as much as all that the model knows of it.
const PRIOR_JUDGED: f64 = 20.0;

/// Bounds of the bands of probability: the review draws by them, too.
pub const BANDS: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

/// What a fit learns from.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// Pairs of which nobody has said what they are.
    pub counts: PatternWeights,
    /// Pairs that were judged.
    pub labels: Vec<Label>,
}

/// The band that a probability lies in.
#[must_use]
pub fn band(probability: f64) -> usize {
    BANDS.iter().filter(|bound| probability >= **bound).count()
}

/// Draws the lesson from all pairs. `of` is a resolution that knew no decisions, what rivals leave of pairs within its
/// persons and across them, and the least log2 odds of pairs that clerks were shown; `added` are pairs that were
/// compared only because they are decided (sorted), `rest` the patterns of those let go.
#[must_use]
pub fn draw(
    decided: &Decided,
    compared: &ComparedPairs,
    scores: &[Score],
    of: (&Resolution, &Level, &[(usize, f64)], f64),
    added: &[Pair],
    rest: &PatternCounts,
) -> Lesson {
    let (resolution, level, apart, least) = of;
    let person = |record: u32| resolution.person_of[record as usize];
    let stratum = |at: usize| {
        let (one, other) = compared.pairs[at];
        let together = person(one) == person(other);
        let left = || apart.binary_search_by_key(&at, |(at, _)| *at).ok().map(|found| apart[found].1);
        let log2_odds = if together { Some(level.left(at, scores[at])) } else { left().filter(|left| *left >= least) };
        log2_odds.map(|log2_odds| 2 * band(probability(log2_odds)) + usize::from(together))
    };
    let is_counted = |at: &usize| added.binary_search(&compared.pairs[*at]).is_err();
    let mut strata = [(0.0, 0.0); 2 * (BANDS.len() + 1)];
    for at in (0..compared.pairs.len()).filter(is_counted) {
        if let Some(stratum) = stratum(at) {
            strata[stratum].0 += 1.0;
            strata[stratum].1 += if decided.of_pair(compared.pairs[at]).is_some() { 1.0 } else { 0.0 };
        }
    }
    let (mut labels, mut weights): (Vec<Label>, PatternWeights) = (Vec::new(), Vec::new());
    for at in (0..compared.pairs.len()).filter(is_counted) {
        let (class, pattern) = (compared.classes[at], compared.patterns[at]);
        let (size, judged) = stratum(at).map_or((1.0, 0.0), |stratum| strata[stratum]);
        // Where every pair was judged nobody else is left to stand for the rest.
        let share = if judged < size { judged / (judged + PRIOR_JUDGED) } else { 1.0 };
        match decided.of_pair(compared.pairs[at]).filter(|_| judged > 0.0) {
            Some(same) => labels.push(Label { class, pattern, same, weight: size * share / judged }),
            // The rest of the stratum is what the pairs not judged stand for.
            None if judged > 0.0 => weights.push(((class, pattern), (1.0 - share) * size / (size - judged))),
            None => weights.push(((class, pattern), 1.0)),
        }
    }
    weights.extend(rest.iter().map(|(key, count)| (*key, *count as f64)));
    Lesson { counts: em::add_weights(weights), labels }
}

#[cfg(test)]
mod tests {
    use super::{Lesson, draw};
    use crate::linkage::decided::Decided;
    use crate::linkage::resolution::Resolution;
    use crate::linkage::resolution::rivals::Level;
    use crate::linkage::scoring::{ComparedPairs, Score};

    #[test]
    fn judged_pairs_stand_for_their_stratum_and_all_pairs_still_count_once() {
        // Forty pairs of one record with others: half of them sure links, the others possible ones, of which five are
        // judged.
        let pairs: Vec<(u32, u32)> = (1..=40).map(|other| (0, other)).collect();
        let compared = ComparedPairs { pairs, classes: vec![0; 40], patterns: (0..40).map(|at| 1 + at / 20).collect() };
        let score = |at: u32| Score { weight: 0.0, log2_odds: if at < 20 { 12.0 } else { -2.0 } };
        let scores: Vec<Score> = (0..40).map(score).collect();
        let labels: Vec<u32> = (0..=40).map(|record| if record <= 20 { 0 } else { record }).collect();
        let resolution = Resolution::from_labels(&labels);
        let decided = Decided::of_pairs((21..=25).map(|other| ((0, other), other == 21)));
        let rest = vec![((0, 9), 1000)];
        let apart: Vec<(usize, f64)> = (20..40).map(|at| (at, -2.0)).collect();
        let of = (&resolution, &Level::default(), apart.as_slice(), -4.0);
        let Lesson { counts, labels } = draw(&decided, &compared, &scores, of, &[], &rest);
        let sum =
            counts.iter().map(|(_, weight)| weight).sum::<f64>() + labels.iter().map(|label| label.weight).sum::<f64>();
        assert!((sum - 1040.0).abs() < 1e-9, "{sum}");
        // α = 5 / 25 of 20 pairs, by five judged ones.
        assert!(labels.iter().all(|label| (label.weight - 0.8).abs() < 1e-9), "{labels:?}");
        assert_eq!(labels.iter().filter(|label| label.same).count(), 1);
        let of = |pattern: u64| counts.iter().find(|((_, seen), _)| *seen == pattern).map(|(_, weight)| *weight);
        assert_eq!((of(1), of(9)), (Some(20.0), Some(1000.0)));
        assert!((of(2).expect("the pairs not judged") - 16.0).abs() < 1e-9);
        // Nobody was shown pairs of which rivals leave too little: the judged ones do not stand for them.
        let apart: Vec<(usize, f64)> = (20..40).map(|at| (at, if at < 30 { -2.0 } else { -5.0 })).collect();
        let of = (&resolution, &Level::default(), apart.as_slice(), -4.0);
        let Lesson { labels, .. } = draw(&decided, &compared, &scores, of, &[], &rest);
        assert!(labels.iter().all(|label| (label.weight - 0.4).abs() < 1e-9), "{labels:?}");
        // Links with which rivals stand level lie in the band of what these leave, as the review draws them.
        let decided = Decided::of_pairs([1, 11, 12].map(|other| ((0, other), true)));
        let level = Level((0..10).map(|at| (at, -1.0)).collect());
        let Lesson { labels, .. } = draw(&decided, &compared, &scores, (&resolution, &level, &[], -4.0), &[], &rest);
        let weights: Vec<f64> = labels.iter().map(|label| (label.weight * 1e6).round() / 1e6).collect();
        assert_eq!(weights, [0.47619, 0.454545, 0.454545], "ten by one of 21, ten by two of 22");
    }
}
