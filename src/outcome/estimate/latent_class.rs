//! How many are there by several lists, if persons are of kinds that nobody sees?
//!
//! Takes the count of every pattern of lists, gives the posterior of the number of persons: within a class all lists
//! are independent, the classes differ, and how many there are is left open (a truncated Dirichlet process). Unlike
//! [`log_linear`](super::log_linear) it names no dependence; what makes lists dependent is that the classes differ.
//!
//! Steps of a round of the Gibbs sampler: 1. the persons of each pattern are allotted to the classes; 2. those on no
//! list are drawn (prior of the total: 1/N) and allotted; 3. each class draws the probabilities of being on each
//! list; 4. the shares of the classes are drawn by stick-breaking; 5. the concentration of the process is drawn.
//!
//! Source: D. Manrique-Vallier, *Bayesian population size estimation using Dirichlet process mixtures*, Biometrics 72
//! (2016); the R package `LCMCR`.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Binomial, Distribution, Gamma, Poisson};

/// What is believed before the lists are seen, and how long the sampler runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampler {
    /// Most classes.
    pub classes: usize,
    /// Shape and rate of the gamma prior of the concentration.
    pub concentration: (f64, f64),
    /// Rounds before the first that counts.
    pub settling: usize,
    /// Rounds that count.
    pub rounds: usize,
    /// The seed.
    pub seed: u64,
}

/// The posterior of the number of persons.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Posterior {
    /// Its median.
    pub median: f64,
    /// Its 95 % interval, equal tails.
    pub interval: super::Interval,
}

/// The chain as it stands.
struct Chain {
    random: ChaCha8Rng,
    /// Share of each class.
    shares: Vec<f64>,
    /// By class and list, the probability of being on it.
    on_list: Vec<Vec<f64>>,
    concentration: f64,
}

/// The posterior from the counts of the patterns (bit i: on list i); patterns that are left out count 0. Nothing
/// without persons or lists.
#[must_use]
pub fn posterior(cells: &[(u32, u64)], lists: usize, sampler: &Sampler) -> Option<Posterior> {
    let seen: u64 = cells.iter().map(|cell| cell.1).sum();
    if seen == 0 || lists == 0 || sampler.rounds == 0 || sampler.classes < 2 {
        return None;
    }
    let mut random = ChaCha8Rng::seed_from_u64(sampler.seed);
    let on_list = (0..sampler.classes).map(|_| (0..lists).map(|_| beta(&mut random, 1.0, 1.0)).collect()).collect();
    let shares = vec![1.0 / sampler.classes as f64; sampler.classes];
    let mut chain = Chain { random, shares, on_list, concentration: 0.2 };
    let mut totals: Vec<f64> = Vec::with_capacity(sampler.rounds);
    for round in 0..sampler.settling + sampler.rounds {
        let unseen = chain.round(cells, seen, lists, sampler);
        if round >= sampler.settling {
            totals.push((seen + unseen) as f64);
        }
    }
    totals.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| totals[((share * (totals.len() - 1) as f64).round() as usize).min(totals.len() - 1)];
    Some(Posterior { median: at(0.5), interval: super::Interval { low: at(0.025), high: at(0.975) } })
}

impl Chain {
    /// One round; how many persons are on no list.
    fn round(&mut self, cells: &[(u32, u64)], seen: u64, lists: usize, sampler: &Sampler) -> u64 {
        let classes = self.shares.len();
        let mut members = vec![0u64; classes];
        let mut listed = vec![vec![0u64; lists]; classes];
        for (pattern, count) in cells.iter().filter(|cell| cell.0 != 0) {
            let weights = self.weights(*pattern);
            for (class, allotted) in allot(&mut self.random, *count, &weights).into_iter().enumerate() {
                members[class] += allotted;
                (0..lists).filter(|list| pattern >> list & 1 == 1).for_each(|list| listed[class][list] += allotted);
            }
        }
        // With the prior 1/N the unseen are negative binomial: a Poisson number whose mean is gamma.
        let weights = self.weights(0);
        let missed = weights.iter().sum::<f64>().clamp(1e-12, 1.0 - 1e-9);
        let mean = gamma(&mut self.random, seen as f64, (1.0 - missed) / missed);
        let unseen = Poisson::new(mean).map_or(0.0, |poisson| poisson.sample(&mut self.random)) as u64;
        for (class, allotted) in allot(&mut self.random, unseen, &weights).into_iter().enumerate() {
            members[class] += allotted;
        }
        for ((on_list, listed), members) in self.on_list.iter_mut().zip(&listed).zip(&members) {
            for (probability, on) in on_list.iter_mut().zip(listed) {
                *probability = beta(&mut self.random, 1.0 + *on as f64, 1.0 + (members - on) as f64);
            }
        }
        self.break_stick(&members, sampler);
        unseen
    }

    /// Share of each class times the probability of the pattern in it.
    fn weights(&self, pattern: u32) -> Vec<f64> {
        let of = |(share, on_list): (&f64, &Vec<f64>)| {
            let factors = on_list.iter().enumerate();
            factors.fold(*share, |product, (list, on)| product * if pattern >> list & 1 == 1 { *on } else { 1.0 - on })
        };
        self.shares.iter().zip(&self.on_list).map(of).collect()
    }

    fn break_stick(&mut self, members: &[u64], sampler: &Sampler) {
        let last = members.len() - 1;
        let (mut rest, mut log_rest) = (1.0f64, 0.0f64);
        let mut beyond: u64 = members.iter().sum();
        for (class, count) in members.iter().enumerate() {
            beyond -= count;
            let part = if class == last {
                1.0
            } else {
                beta(&mut self.random, 1.0 + *count as f64, self.concentration + beyond as f64)
            };
            self.shares[class] = rest * part;
            if class < last {
                let left = (1.0 - part).max(1e-12);
                rest *= left;
                log_rest += left.ln();
            }
        }
        let (shape, rate) = sampler.concentration;
        self.concentration = gamma(&mut self.random, shape + last as f64, rate - log_rest).max(1e-6);
    }
}

/// So many persons by classes in proportion to weights: a multinomial draw.
fn allot(random: &mut impl Rng, count: u64, weights: &[f64]) -> Vec<u64> {
    let (mut left, mut rest) = (count, weights.iter().sum::<f64>());
    let draw = |(class, weight): (usize, &f64)| {
        let all = class + 1 == weights.len() || left == 0;
        let share = if rest > 0.0 { (weight / rest).clamp(0.0, 1.0) } else { 1.0 };
        let drawn = if all { left } else { Binomial::new(left, share).map_or(0, |binomial| binomial.sample(random)) };
        left -= drawn;
        rest -= weight;
        drawn
    };
    weights.iter().enumerate().map(draw).collect()
}

fn beta(random: &mut impl Rng, one: f64, other: f64) -> f64 {
    Beta::new(one, other).map_or(0.5, |beta| beta.sample(random)).clamp(1e-9, 1.0 - 1e-9)
}

/// A gamma number by shape and rate.
fn gamma(random: &mut impl Rng, shape: f64, rate: f64) -> f64 {
    Gamma::new(shape, 1.0 / rate).map_or(shape / rate, |gamma| gamma.sample(random))
}

#[cfg(test)]
mod tests {
    use super::{Sampler, posterior};

    const SAMPLER: Sampler =
        Sampler { classes: 10, concentration: (0.25, 0.25), settling: 10_000, rounds: 60_000, seed: 1 };

    #[test]
    fn killings_in_kosovo() {
        // Lists EXH, ABA, OSCE, HRW from the highest bit down.
        let counts = [306, 936, 123, 845, 31, 217, 32, 1131, 106, 228, 42, 177, 18, 181, 27];
        let cells: Vec<(u32, u64)> = (1..).zip(counts).collect();
        assert_eq!(counts.iter().sum::<u64>(), 4400);
        let found = posterior(&cells, 4, &SAMPLER).unwrap();
        assert!((9_800.0..=10_700.0).contains(&found.median), "{found:?}");
        // Chains of other seeds and lengths end here, too: the interval is known to within some hundred persons only.
        assert!((7_000.0..9_200.0).contains(&found.interval.low), "{found:?}");
        assert!((12_000.0..14_500.0).contains(&found.interval.high), "{found:?}");
        let short = Sampler { settling: 10, rounds: 50, ..SAMPLER };
        assert_eq!(posterior(&cells, 4, &short), posterior(&cells, 4, &short));
    }

    #[test]
    fn two_independent_lists_are_among_what_is_possible() {
        // Two lists cannot tell classes from independence: the interval holds the two-list estimate, and more beyond
        // it.
        let cells = [(0b01, 180), (0b10, 80), (0b11, 720)];
        let found = posterior(&cells, 2, &Sampler { settling: 500, rounds: 4_000, ..SAMPLER }).unwrap();
        assert!(found.interval.low < 1_000.0 && 1_000.0 < found.interval.high, "{found:?}");
        assert!((990.0..1_100.0).contains(&found.median), "{found:?}");
        assert!(posterior(&[], 2, &SAMPLER).is_none());
    }
}
