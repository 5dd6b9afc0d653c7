//! How often is a household drawn when the data are drawn again?
//!
//! Takes the study's seed, gives for each household and replicate a number with the Poisson distribution of mean 1.
//! This is the limit of drawing as many households as there are, with replacement. Each household is drawn by itself,
//! so neither order nor the number of threads matters. Source: J. Hanley, B. MacGibbon, *Creating non-parametric
//! bootstrap samples using Poisson frequencies*, Computer Methods and Programs in Biomedicine 83 (2006).

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use statrs::distribution::{DiscreteCDF, Poisson};

/// How often the data are drawn again. The standard error from so many is itself known to about one part in ten.
pub const REPLICATES: usize = 60;

/// Draws households.
#[derive(Debug, Clone)]
pub struct Draws {
    seed: u64,
    /// Of all 64-bit numbers, how many stand for 0 times, for at most 1, at most 2, and so on.
    at_most: Vec<u64>,
}

impl Draws {
    /// The draws of a seed, as many households as there are.
    #[must_use]
    pub fn new(seed: u64) -> Draws {
        Draws::of_share(seed, 1.0)
    }

    /// Draws of only a share of them (*m out of n*: P. Bickel, F. Götze, W. van Zwet, Statistica Sinica 7, 1997), after
    /// which deviations are to be multiplied by its square root. A share of 1 or more is all of them.
    #[must_use]
    pub fn of_share(seed: u64, share: f64) -> Draws {
        // More than twenty times is as good as never.
        let cumulative = Poisson::new(share.clamp(f64::MIN_POSITIVE, 1.0)).map_or_else(
            |_| Vec::new(),
            |poisson| (0..20).map(|times| (poisson.cdf(times) * 2.0f64.powi(64)) as u64).collect(),
        );
        Draws { seed, at_most: cumulative }
    }

    /// How often the replicate has the household, by inversion of the cumulative distribution.
    #[must_use]
    pub fn times(&self, household: u64, replicate: usize) -> u8 {
        // A small generator of its own for every draw: millions are drawn, and none must depend on another. Odd factors
        // spread the numbers over all bits; the generator's own seeding mixes them.
        let place =
            household.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (replicate as u64).wrapping_mul(0xd6e8_feb8_6659_fd93);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed ^ place);
        let drawn = random.next_u64();
        self.at_most.iter().take_while(|at_most| **at_most <= drawn).count() as u8
    }
}

/// Mean square distance from the mean.
#[must_use]
pub fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len().saturating_sub(1).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::{Draws, REPLICATES, variance};

    #[test]
    fn a_household_is_drawn_once_on_average_and_always_as_often() {
        let draws = Draws::new(7);
        let all: Vec<f64> = (0..500)
            .flat_map(|household| (0..REPLICATES).map(move |at| (household, at)))
            .map(|(h, r)| f64::from(draws.times(h, r)))
            .collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        assert!((variance(&all) - 1.0).abs() < 0.05);
        assert_eq!(draws.times(3, 5), Draws::new(7).times(3, 5));
        assert!((0..50).any(|at| draws.times(3, at) != Draws::new(8).times(3, at)));
    }

    #[test]
    fn the_variance_of_a_proportion_is_reproduced() {
        // 400 households, a quarter with a property: the share's variance is p(1-p)/n.
        let draws = Draws::new(1);
        let shares: Vec<f64> = (0..REPLICATES * 10)
            .map(|replicate| {
                let (mut with, mut all) = (0.0, 0.0);
                for household in 0..400u64 {
                    let times = f64::from(draws.times(household, replicate));
                    all += times;
                    with += if household % 4 == 0 { times } else { 0.0 };
                }
                with / all
            })
            .collect();
        let expected = 0.25 * 0.75 / 400.0;
        assert!((variance(&shares) / expected - 1.0).abs() < 0.2, "{} for {expected}", variance(&shares));
    }
}
