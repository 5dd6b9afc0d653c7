//! How many are there, if two lists each have some?
//!
//! Takes the sizes of two lists and of their overlap, gives Chapman's estimate (1951) of the number of persons; takes
//! an estimate with its variance and those who were seen, gives intervals. Counts are real numbers, because corrected
//! counts are.

use super::{Interval, NORMAL_95};

/// Sizes of the first and second list and of their overlap.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TwoLists {
    /// Persons on the first list.
    pub first: f64,
    /// Persons on the second list.
    pub second: f64,
    /// Persons on both.
    pub both: f64,
}

impl TwoLists {
    /// Chapman's estimator: finite without an overlap, and without bias where the lists together exceed the population.
    #[must_use]
    pub fn chapman(self) -> f64 {
        (self.first + 1.0) * (self.second + 1.0) / (self.both + 1.0) - 1.0
    }
}

/// The 95 % interval that is log-normal in the unseen (Chao 1987): never below those who were seen.
#[must_use]
pub fn log_normal(estimate: f64, variance: f64, seen: f64) -> Interval {
    let unseen = estimate - seen;
    if unseen <= 0.0 || variance <= 0.0 {
        return Interval { low: estimate, high: estimate };
    }
    let factor = (NORMAL_95 * (variance / (unseen * unseen)).ln_1p().sqrt()).exp();
    Interval { low: seen + unseen / factor, high: seen + unseen * factor }
}

/// The 95 % interval that is normal in the square root of the unseen: for sums of single doubts, whose variance grows
/// with the unseen as that of a Poisson number does (Bartlett 1936); the log-normal one takes it to grow with their
/// square, and its lower end lies too high where it does not. Never below those who were seen.
///
/// Where the standard error is greater than the unseen, the curvature of the root is taken no greater than at the
/// standard error: of nobody expected unseen, few may be.
#[must_use]
pub fn square_root(estimate: f64, variance: f64, seen: f64) -> Interval {
    let unseen = (estimate - seen).max(0.0);
    if variance <= 0.0 {
        return Interval { low: estimate, high: estimate };
    }
    let half = NORMAL_95 * variance.sqrt();
    let low = if unseen > 0.0 { (unseen.sqrt() - half / (2.0 * unseen.sqrt())).max(0.0).powi(2) } else { 0.0 };
    let high = unseen + half + half * half / (4.0 * unseen.max(variance.sqrt()));
    Interval { low: seen + low, high: seen + high }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, Poisson};

    use super::{Interval, TwoLists, log_normal, square_root};

    fn lists(first: f64, second: f64, both: f64) -> TwoLists {
        TwoLists { first, second, both }
    }

    #[test]
    fn the_root_of_a_poisson_number_is_stable() {
        // 25 unseen, Poisson: (5 ± 0.98)². Twice the standard error below 4 is nobody.
        let poisson = square_root(1_025.0, 25.0, 1_000.0);
        assert!((poisson.low - 1_016.160_6).abs() < 1e-3 && (poisson.high - 1_035.760_2).abs() < 1e-3, "{poisson:?}");
        assert_eq!(square_root(1_004.0, 25.0, 1_000.0).low, 1_000.0);
        assert_eq!(square_root(1_004.0, 0.0, 1_000.0).high, 1_004.0);
        // However few are expected, no more may be than the standard error allows, and the ends do not jump.
        let none = square_root(1_000.0, 1.0, 1_000.0);
        assert!(none.low == 1_000.0 && (1_002.91..1_002.93).contains(&none.high), "{none:?}");
        let [just_below, just_above] =
            [0.999_999, 1.000_001].map(|unseen| square_root(1_000.0 + unseen, 1.0, 1_000.0).high);
        assert!((just_below - just_above).abs() < 1e-5);
        // Of numbers drawn with mean 30, the interval misses the mean as often on either side.
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let poisson = Poisson::new(30.0).unwrap();
        let draws: Vec<f64> = (0..20_000).map(|_| poisson.sample(&mut random)).collect();
        let missed = |interval: fn(f64, f64, f64) -> Interval| {
            let ends: Vec<Interval> = draws.iter().map(|drawn| interval(500.0 + drawn, *drawn, 500.0)).collect();
            let count = |misses: fn(&Interval) -> bool| ends.iter().filter(|ends| misses(ends)).count();
            [count(|ends| 530.0 < ends.low), count(|ends| 530.0 > ends.high)]
        };
        let [below, above] = missed(square_root).map(|missed| missed as f64 / 20_000.0);
        assert!((0.015..0.035).contains(&below) && (0.015..0.035).contains(&above), "{below} {above}");
    }

    #[test]
    fn published_and_textbook_lists() {
        // Seber p. 107 and two round examples: Chapman's estimate, its standard error (Seber p. 60) and interval.
        let examples = [
            (
                lists(948.0, 421.0, 167.0),
                [2382.7976190476193, 129.05625929910178, 2155.7115272646374, 2663.9546658385293],
            ),
            (lists(100.0, 100.0, 20.0), [484.76190476190476, 82.03151372158726, 361.48328835606907, 691.7816600935437]),
            (lists(200.0, 300.0, 50.0), [1185.2941176470588, 129.51648888975714, 971.9987546230965, 1485.744692220085]),
        ];
        for (lists, [persons, error, low, high]) in examples {
            assert!((lists.chapman() - persons).abs() < 1e-9 * persons, "{} for {persons}", lists.chapman());
            let interval = log_normal(persons, error * error, lists.first + lists.second - lists.both);
            // The oracles took 1.96 for the normal point.
            assert!((interval.low / low - 1.0).abs() < 2e-5 && (interval.high / high - 1.0).abs() < 2e-5);
        }
        // Each two of the three lists of spina bifida.
        for ((first, second, both), persons) in
            [((513.0, 207.0, 154.0), 688.755), ((513.0, 188.0, 124.0), 776.168), ((207.0, 188.0, 16.0), 2311.471)]
        {
            assert!((lists(first, second, both).chapman() - persons).abs() < 5e-4);
        }
    }
}
