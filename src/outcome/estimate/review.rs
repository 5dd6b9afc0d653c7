//! How sure are precision and recall that a reviewed sample gave?
//!
//! Takes strata of (units, reviewed, right), gives 95 % intervals by drawing the share of each stratum from its Jeffreys
//! posterior Beta(x + ½, n − x + ½): a stratum in which no error was found is not taken for one without errors.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};

use super::Interval;
use super::two_list::Band;

/// Draws: the ends of the interval are then known to about a fiftieth of its width.
const DRAWS: usize = 20_000;

/// The interval of the share of right units in all strata together.
#[must_use]
pub fn share(strata: &[Band], seed: u64) -> Interval {
    let all: f64 = strata.iter().map(|band| band.0).sum();
    interval(seed, |random| total(strata, random) / all)
}

/// The intervals of precision and recall, from reviewed samples of accepted and rejected pairs.
#[must_use]
pub fn precision_and_recall(accepted: &[Band], rejected: &[Band], seed: u64) -> [Interval; 2] {
    let recall = interval(seed, |random| {
        let (found, missed) = (total(accepted, random), total(rejected, random));
        found / (found + missed)
    });
    [share(accepted, seed), recall]
}

fn total(strata: &[Band], random: &mut ChaCha8Rng) -> f64 {
    let right = |(units, reviewed, right): &Band| {
        let posterior = Beta::new(right + 0.5, reviewed - right + 0.5);
        posterior.map_or(0.0, |posterior| units * posterior.sample(random))
    };
    strata.iter().map(right).sum()
}

fn interval(seed: u64, mut draw: impl FnMut(&mut ChaCha8Rng) -> f64) -> Interval {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn: Vec<f64> = (0..DRAWS).map(|_| draw(&mut random)).collect();
    drawn.sort_unstable_by(f64::total_cmp);
    Interval { low: drawn[DRAWS / 40], high: drawn[DRAWS - 1 - DRAWS / 40] }
}

#[cfg(test)]
mod tests {
    use super::{precision_and_recall, share};

    #[test]
    fn a_published_review() {
        let accepted = [
            (900_000.0, 1000.0, 998.0),
            (60_000.0, 1000.0, 988.0),
            (30_000.0, 1000.0, 930.0),
            (15_000.0, 1000.0, 520.0),
        ];
        let rejected = [(12_000.0, 1000.0, 149.0), (40_000.0, 1000.0, 35.0), (900_000.0, 2000.0, 1.0)];
        let [precision, recall] = precision_and_recall(&accepted, &rejected, 1);
        for (found, expected) in
            [(precision.low, 0.984_20), (precision.high, 0.989_84), (recall.low, 0.994_60), (recall.high, 0.996_99)]
        {
            assert!((found - expected).abs() < 2e-4, "{found} for {expected}");
        }
    }

    #[test]
    fn a_stratum_without_errors_is_not_certain() {
        let interval = share(&[(1000.0, 50.0, 50.0)], 1);
        assert!(interval.low < 0.98 && interval.high > 0.999);
    }
}
