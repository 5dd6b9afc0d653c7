//! How many of the unlinked persons are residents whom the roll missed, when nobody is known not to be?
//!
//! Where the roll lists few persons as living elsewhere, nothing shows what a person who has left looks like. Then the
//! share of missed residents among the unlinked is bounded by the density ratio: at whatever score the unlinked look
//! most like residents, they cannot be rarer than the missed ones among them.
//!
//! Steps: 1. [`cross_fitted`]: a classifier of residents against unlinked on the columns that being enumerated cannot
//! change, each person scored by a fit without that person's fold (a household is in one fold, and so are all copies of
//! it when households are drawn again: a fit that saw a copy would tell the two groups apart too well), and the scores
//! of several draws of the folds averaged, as one draw alone moved the share by a fifth; 2. [`share`]: for
//! each threshold, the share of the unlinked above it over the share of residents above it, at the threshold of the
//! least upper confidence bound.
//!
//! Sources: C. Elkan, K. Noto, *Learning classifiers from only positive and unlabeled data*, KDD 2008; S. Garg et al.,
//! *Mixture proportion estimation and PU learning: a modern approach*, NeurIPS 2021 (best bin estimation); C. Scott,
//! *A rate of convergence for mixture proportion estimation*, AISTATS 2015.

use super::logistic::{self, Effort, Rows};

const FOLDS: u64 = 5;

/// Draws of the folds.
const DRAWS: u64 = 4;

/// Newton steps of a fit. Each starts from the one before, which a fifth of the rows tells apart; a step no longer than
/// the tolerance leaves nothing of that start (the error is the square of the step).
const EFFORT: Effort = Effort { ridge: 1.0, steps: 25, tolerance: 0.01 };

/// Least share of residents above a threshold that is looked at.
const POSITIVE_SHARE_MIN: f64 = 0.05;

/// One-sided 99 % of the normal distribution: of many thresholds the least bound is taken, and 95 % for each would too
/// often follow the noise of the highest ones (seen on simulated mixtures of normal scores).
const CONFIDENCE: f64 = 2.33;

/// Thresholds that are looked at.
const THRESHOLDS: usize = 200;

/// The fold of a household in one draw.
fn fold(household: u64, draw: u64) -> u64 {
    // Odd factors spread the numbers; the high bits are the best mixed.
    let mixed = household.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_add(draw).wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32) % FOLDS
}

/// Scores of residents and of unlinked persons, each by fits that did not see the row's fold. `households` are those of
/// the residents and of the unlinked persons.
pub(super) fn cross_fitted(
    positives: &Rows,
    unlabelled: &Rows,
    households: [&[u64]; 2],
    columns: usize,
) -> (Vec<f64>, Vec<f64>) {
    let mut scores = (vec![0.0; positives.len()], vec![0.0; unlabelled.len()]);
    let mut coefficients = vec![0.0; columns];
    for draw in 0..DRAWS {
        let folds = households.map(|group| group.iter().map(|household| fold(*household, draw)).collect::<Vec<u64>>());
        for fold in 0..FOLDS {
            let mut rows = positives.select(|at| folds[0].get(at) != Some(&fold));
            let ones = rows.len();
            rows.extend(&unlabelled.select(|at| folds[1].get(at) != Some(&fold)));
            let zeros = rows.len() - ones;
            let (one, zero) = balanced(ones, zeros);
            let outcome: Vec<f64> = (0..rows.len()).map(|at| f64::from(u8::from(at < ones))).collect();
            let weight: Vec<f64> = (0..rows.len()).map(|at| if at < ones { one } else { zero }).collect();
            coefficients = logistic::fit(&rows, &outcome, &weight, EFFORT, coefficients);
            for (rows, folds, scores) in [(positives, &folds[0], &mut scores.0), (unlabelled, &folds[1], &mut scores.1)]
            {
                for at in (0..rows.len()).filter(|at| folds.get(*at) == Some(&fold)) {
                    scores[at] += logistic::linear(rows.row(at), &coefficients) / DRAWS as f64;
                }
            }
        }
    }
    scores
}

/// Weights that make two groups count the same, neither more than its rows.
fn balanced(ones: usize, zeros: usize) -> (f64, f64) {
    let ratio = zeros.max(1) as f64 / ones.max(1) as f64;
    (ratio.min(1.0), (1.0 / ratio).min(1.0))
}

/// The share of missed residents among the unlinked.
pub(super) fn share(positives: &[f64], unlabelled: &[f64]) -> f64 {
    let descending = |scores: &[f64]| {
        let mut sorted = scores.to_vec();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        sorted
    };
    let (positives, unlabelled) = (descending(positives), descending(unlabelled));
    let (ones, zeros) = (positives.len().max(1) as f64, unlabelled.len().max(1) as f64);
    let mut curve: Vec<Ratio> = Vec::new();
    for threshold in positives.iter().step_by((positives.len() / THRESHOLDS).max(1)) {
        let above = |scores: &[f64]| scores.partition_point(|score| score >= threshold) as f64;
        let (residents, count) = (above(&positives), above(&unlabelled));
        let share = residents / ones;
        if share >= POSITIVE_SHARE_MIN {
            let precision = 1.0 / (1.0 / count.max(1.0) + 1.0 / residents.max(1.0));
            let ratio = count.max(1.0) / zeros / share;
            curve.push(Ratio { ratio, bound: ratio * (1.0 + CONFIDENCE / precision.sqrt()) });
        }
    }
    curve.iter().min_by(|one, other| one.bound.total_cmp(&other.bound)).map_or(1.0, |least| least.ratio.min(1.0))
}

/// What one threshold says of the share.
struct Ratio {
    ratio: f64,
    bound: f64,
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::share;

    #[test]
    fn the_share_of_a_mixture_is_found() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let mut normal = |mean: f64| mean + (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        let positives: Vec<f64> = (0..8000).map(|_| normal(2.0)).collect();
        for truth in [0.15, 0.35, 0.6] {
            let found: Vec<f64> = (0..5)
                .map(|_| {
                    let resident = |at: i32| f64::from(at) < 8000.0 * truth;
                    let unlabelled: Vec<f64> =
                        (0..8000).map(|at| normal(if resident(at) { 2.0 } else { -1.5 })).collect();
                    share(&positives, &unlabelled)
                })
                .collect();
            // Of many thresholds the least bound is taken, so noise can only lower it.
            let mean = found.iter().sum::<f64>() / 5.0;
            assert!((0.85..1.02).contains(&(mean / truth)), "{found:?} should be {truth}");
        }
    }
}
