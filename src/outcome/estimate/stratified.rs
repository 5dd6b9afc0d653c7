//! How right are links, judged by a stratified sample of pairs?
//!
//! Takes for each stratum its size and what was found in its sample, gives precision and recall with 95 % intervals.
//! Estimates: TP = Σ over accepted strata of N·p̂, FN = Σ over rejected strata of N·p̂, precision TP/N, recall
//! TP/(TP+FN). Intervals: draws of each stratum's share from Beta(x+½, n−x+½) (Jeffreys), so that a stratum without an
//! error is not without doubt; of a stratum only the pairs that were not reviewed are in doubt.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};

use super::Interval;

/// Draws of the posterior.
const DRAWS: usize = 20_000;

/// A stratum of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stratum {
    /// Pairs in it.
    pub size: u64,
    /// Pairs reviewed.
    pub reviewed: u64,
    /// Of those, matches.
    pub right: u64,
}

impl Stratum {
    /// Expected matches.
    fn matches(self) -> f64 {
        self.size as f64 * self.right as f64 / self.reviewed as f64
    }
}

/// Precision and recall, each with its interval; nothing while a stratum is not reviewed at all, or nothing is accepted.
#[must_use]
pub fn precision_and_recall(accepted: &[Stratum], rejected: &[Stratum], seed: u64) -> Option<[(f64, Interval); 2]> {
    let all = || accepted.iter().chain(rejected);
    if accepted.is_empty() || all().any(|stratum| stratum.size == 0 || stratum.reviewed == 0) {
        return None;
    }
    let size: f64 = accepted.iter().map(|stratum| stratum.size as f64).sum();
    let shares = |found: f64, missed: f64| [found / size, if found > 0.0 { found / (found + missed) } else { 0.0 }];
    let sum = |strata: &[Stratum]| strata.iter().map(|stratum| stratum.matches()).sum::<f64>();
    let [precision, recall] = shares(sum(accepted), sum(rejected));
    let posterior = |stratum: &Stratum| {
        let (right, wrong) = (stratum.right as f64, (stratum.reviewed - stratum.right.min(stratum.reviewed)) as f64);
        let rest = (stratum.size - stratum.reviewed.min(stratum.size)) as f64;
        Some((right, rest, Beta::new(right + 0.5, wrong + 0.5).ok()?))
    };
    let posteriors: Vec<(f64, f64, Beta<f64>)> = all().map(posterior).collect::<Option<_>>()?;
    let (linked, apart) = posteriors.split_at(accepted.len());
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |strata: &[(f64, f64, Beta<f64>)]| -> f64 {
        strata.iter().map(|(right, rest, share)| right + rest * share.sample(&mut dice)).sum()
    };
    let draws: Vec<[f64; 2]> = (0..DRAWS).map(|_| shares(draw(linked), draw(apart))).collect();
    let interval = |of: usize| {
        let mut values: Vec<f64> = draws.iter().map(|draw| draw[of]).collect();
        values.sort_unstable_by(f64::total_cmp);
        Interval { low: values[DRAWS / 40], high: values[DRAWS - 1 - DRAWS / 40] }
    };
    Some([(precision, interval(0)), (recall, interval(1))])
}

#[cfg(test)]
mod tests {
    use super::{Stratum, precision_and_recall};

    fn strata(rows: &[(u64, u64, u64)]) -> Vec<Stratum> {
        rows.iter().map(|(size, reviewed, right)| Stratum { size: *size, reviewed: *reviewed, right: *right }).collect()
    }

    #[test]
    fn seven_strata_with_known_answers() {
        let accepted = strata(&[(900_000, 1000, 998), (60_000, 1000, 988), (30_000, 1000, 930), (15_000, 1000, 520)]);
        let rejected = strata(&[(12_000, 1000, 149), (40_000, 1000, 35), (900_000, 2000, 1)]);
        let [(precision, p), (recall, r)] = precision_and_recall(&accepted, &rejected, 1).expect("estimate");
        assert!((precision - 0.988_239).abs() < 1e-6 && (recall - 0.996_350).abs() < 1e-6);
        for (found, expected) in [(p.low, 0.98420), (p.high, 0.98984), (r.low, 0.99460), (r.high, 0.99699)] {
            assert!((found - expected).abs() < 2e-4, "{found} for {expected}");
        }
    }

    #[test]
    fn what_is_reviewed_whole_is_certain_and_what_is_not_reviewed_is_not_estimated() {
        let whole = strata(&[(50, 50, 48)]);
        let [(precision, interval), (recall, _)] = precision_and_recall(&whole, &[], 1).expect("estimate");
        assert_eq!((precision, interval.low, interval.high, recall), (0.96, 0.96, 0.96, 1.0));
        assert!(precision_and_recall(&whole, &strata(&[(10, 0, 0)]), 1).is_none());
        assert!(precision_and_recall(&[], &whole, 1).is_none());
        let without_error = strata(&[(1000, 100, 100)]);
        let [(precision, interval), _] = precision_and_recall(&without_error, &[], 1).expect("estimate");
        assert!(precision == 1.0 && interval.low < 0.99 && interval.high > 0.999);
    }
}
