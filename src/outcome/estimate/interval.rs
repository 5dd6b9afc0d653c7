//! How sure is a proportion?
//!
//! Takes successes of trials, gives intervals: Wilson (1927), Clopper and Pearson (1934).

use statrs::distribution::{Beta, ContinuousCDF};

use super::Interval;

/// Wilson's score interval; `normal` is the normal point of the confidence. Everything is possible without trials.
#[must_use]
pub fn wilson(successes: f64, trials: f64, normal: f64) -> Interval {
    if trials <= 0.0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let (share, square) = (successes / trials, normal * normal);
    let centre = share + square / (2.0 * trials);
    let half = normal * (share * (1.0 - share) / trials + square / (4.0 * trials * trials)).sqrt();
    let scale = 1.0 + square / trials;
    Interval { low: ((centre - half) / scale).max(0.0), high: ((centre + half) / scale).min(1.0) }
}

/// The exact interval of Clopper and Pearson; `alpha` is what is left outside, 0.05 for 95 %.
#[must_use]
pub fn clopper_pearson(successes: u64, trials: u64, alpha: f64) -> Interval {
    let (x, rest) = (successes as f64, trials.saturating_sub(successes) as f64);
    let low = if successes == 0 { 0.0 } else { quantile(x, rest + 1.0, alpha / 2.0) };
    let high = if successes >= trials { 1.0 } else { quantile(x + 1.0, rest, 1.0 - alpha / 2.0) };
    Interval { low, high }
}

/// By bisection on the distribution function: monotone, so it cannot miss.
fn quantile(a: f64, b: f64, probability: f64) -> f64 {
    let Ok(beta) = Beta::new(a, b) else { return f64::NAN };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if beta.cdf(middle) < probability { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::super::{Interval, NORMAL_95};
    use super::{clopper_pearson, quantile, wilson};

    #[test]
    fn no_error_in_a_thousand_is_not_no_error() {
        assert!((clopper_pearson(0, 1000, 0.05).high - 0.00368).abs() < 5e-6);
        assert!((clopper_pearson(0, 1000, 0.10).high - 0.00299).abs() < 5e-6);
        let one = clopper_pearson(1000, 1000, 0.05);
        assert!((one.low - (1.0 - 0.003_682_1)).abs() < 1e-6 && one.high == 1.0);
    }

    #[test]
    fn fifty_of_a_hundred_thousand() {
        // The post-enumeration survey of 2020 if it were a simple random sample: 0.0371 % to 0.0659 %; with three times
        // the variance 0.030 % to 0.082 %.
        let simple = clopper_pearson(50, 100_000, 0.05);
        assert!((simple.low - 0.000_371).abs() < 5e-7 && (simple.high - 0.000_659).abs() < 5e-7, "{simple:?}");
        let clustered = clopper_pearson(17, 33_333, 0.05);
        assert!((clustered.low - 0.000_30).abs() < 5e-6 && (clustered.high - 0.000_82).abs() < 5e-6, "{clustered:?}");
    }

    #[test]
    fn exact_is_widest_and_all_hold_the_share() {
        for (successes, trials) in [(1, 10), (5, 10), (93, 100), (998, 1000)] {
            let share = successes as f64 / trials as f64;
            let exact = clopper_pearson(successes, trials, 0.05);
            let jeffreys = |outside| quantile(successes as f64 + 0.5, (trials - successes) as f64 + 0.5, outside);
            let jeffreys = Interval { low: jeffreys(0.025), high: jeffreys(0.975) };
            for other in [jeffreys, wilson(successes as f64, trials as f64, NORMAL_95)] {
                assert!(other.low < share && share < other.high);
                assert!(other.high - other.low < exact.high - exact.low);
            }
        }
        // 5 of 10: the textbook values.
        let half = wilson(5.0, 10.0, NORMAL_95);
        assert!((half.low - 0.2366).abs() < 5e-5 && (half.high - 0.7634).abs() < 5e-5);
        let half = clopper_pearson(5, 10, 0.05);
        assert!((half.low - 0.1871).abs() < 5e-5 && (half.high - 0.8129).abs() < 5e-5);
    }
}
