//! How right is what was judged by a stratified sample, and how should one be drawn?
//!
//! [`allocate`] says how many units to draw of each stratum. From sizes and what was found in the samples come shares
//! over all strata, precision and recall, with standard errors and 95 % intervals. Estimates: TP = Σ over accepted
//! strata of N·p̂, FN = Σ over rejected strata of N·p̂, precision TP/N, recall TP/(TP+FN). Intervals: draws of each
//! stratum's share from Beta(x+½, n−x+½) (Jeffreys), so that a stratum without an error is not without doubt; of a
//! stratum only the units that were not reviewed are in doubt, and of these as many as by chance are right.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Binomial, Distribution};
use serde::Serialize;

/// No stratum is thought to be surer than this when it is allocated to.
const DOUBT_MIN: f64 = 0.01;

/// Draws of the posterior.
const DRAWS: usize = 20_000;

/// A stratum of units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stratum {
    /// Units in it.
    pub size: u64,
    /// Units reviewed.
    pub reviewed: u64,
    /// Of those, matches (or whatever was asked).
    pub right: u64,
}

/// A share with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// The estimate.
    pub share: f64,
    /// Its standard error by the formula of stratified samples; not a number if only one of a
    /// stratum's several units was reviewed: one unit tells nothing of the spread.
    pub standard_error: f64,
    /// Lower end of the interval (strata drawn from their posteriors).
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Share of what is right over all strata; nothing while a stratum is not reviewed at all, or there is none.
#[must_use]
pub fn share(strata: &[Stratum], seed: u64) -> Option<Share> {
    precision_and_recall(strata, &[], seed).map(|(share, _)| share)
}

/// Precision and recall; nothing while a stratum is not reviewed at all, or nothing is accepted. Where no match was
/// found there is no recall.
#[must_use]
pub fn precision_and_recall(accepted: &[Stratum], rejected: &[Stratum], seed: u64) -> Option<(Share, Option<Share>)> {
    let all = || accepted.iter().chain(rejected);
    if accepted.is_empty() || all().any(|stratum| stratum.size == 0 || stratum.reviewed == 0) {
        return None;
    }
    let size: f64 = accepted.iter().map(|stratum| stratum.size as f64).sum();
    let shares = |found: f64, missed: f64| [found / size, if found > 0.0 { found / (found + missed) } else { 0.0 }];
    let ((found, found_variance), (missed, missed_variance)) = (matches(accepted), matches(rejected));
    let recall_variance =
        (missed.powi(2) * found_variance + found.powi(2) * missed_variance) / (found + missed).powi(4);
    let variances = [found_variance / (size * size), recall_variance];
    let posterior = |stratum: &Stratum| {
        let (right, wrong) = (stratum.right as f64, stratum.reviewed.saturating_sub(stratum.right) as f64);
        let rest = stratum.size.saturating_sub(stratum.reviewed);
        Some((right, rest, Beta::new(right + 0.5, wrong + 0.5).ok()?))
    };
    let posteriors: Vec<(f64, u64, Beta<f64>)> = all().map(posterior).collect::<Option<_>>()?;
    let (linked, apart) = posteriors.split_at(accepted.len());
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |strata: &[(f64, u64, Beta<f64>)]| -> f64 {
        let of_stratum = |(right, rest, share): &(f64, u64, Beta<f64>)| {
            let share = share.sample(&mut dice);
            let more = Binomial::new(*rest, share).map_or(*rest as f64 * share, |rest| rest.sample(&mut dice) as f64);
            right + more
        };
        strata.iter().map(of_stratum).sum()
    };
    let draws: Vec<[f64; 2]> = (0..DRAWS).map(|_| shares(draw(linked), draw(apart))).collect();
    let figure = |of: usize| {
        let mut values: Vec<f64> = draws.iter().map(|draw| draw[of]).collect();
        values.sort_unstable_by(f64::total_cmp);
        let share = shares(found, missed)[of];
        Share {
            share,
            standard_error: if variances[of].is_finite() { variances[of].max(0.0).sqrt() } else { f64::NAN },
            // Where all that was looked at is right (or nothing), the share is an end of its own interval (Brown, Cai
            // and DasGupta, Statistical Science 16, 2001, 4.1.2).
            low: values[DRAWS / 40].min(share),
            high: values[DRAWS - 1 - DRAWS / 40].max(share),
        }
    };
    Some((figure(0), (found + missed > 0.0).then(|| figure(1))))
}

/// Expected matches of some strata, with the variance.
fn matches(strata: &[Stratum]) -> (f64, f64) {
    strata.iter().fold((0.0, 0.0), |(sum, variance), stratum| {
        let (all, reviewed) = (stratum.size as f64, stratum.reviewed as f64);
        let share = stratum.right as f64 / reviewed;
        // Of a stratum that was reviewed whole nothing is unknown, be it of one unit, of which the formula would make
        // 0/0.
        let spread = if stratum.reviewed >= stratum.size {
            0.0
        } else {
            all * all * (1.0 - reviewed / all) * share * (1.0 - share) / (reviewed - 1.0)
        };
        (sum + all * share, variance + spread)
    })
}

/// How many units to draw of each stratum, of so many in all: Neyman's allocation. `strata` has sizes and expected
/// matches; every stratum gets its floor, the rest is shared in proportion to size times √(p(1 − p)), nobody more than
/// it has.
#[must_use]
pub fn allocate(strata: &[(u64, f64)], sample: u64, floor: u64) -> Vec<u64> {
    let mut drawn: Vec<u64> = strata.iter().map(|(size, _)| floor.min(*size)).collect();
    let doubt = |(size, expected): &(u64, f64)| {
        let share = expected / (*size).max(1) as f64;
        *size as f64 * (share * (1.0 - share)).max(DOUBT_MIN * (1.0 - DOUBT_MIN)).sqrt()
    };
    let mut rest = sample.saturating_sub(drawn.iter().sum());
    while rest > 0 {
        let open: Vec<usize> = (0..strata.len()).filter(|at| drawn[*at] < strata[*at].0).collect();
        let total: f64 = open.iter().map(|at| doubt(&strata[*at])).sum();
        if open.is_empty() {
            break;
        }
        let before = rest;
        for at in open {
            let share = (before as f64 * doubt(&strata[at]) / total).round() as u64;
            let more = share.min(strata[at].0 - drawn[at]).min(rest);
            drawn[at] += more;
            rest -= more;
        }
        if rest == before {
            // Shares below one half each: the most doubtful stratum takes them.
            let open = (0..strata.len()).filter(|at| drawn[*at] < strata[*at].0);
            let Some(at) = open.max_by(|a, b| doubt(&strata[*a]).total_cmp(&doubt(&strata[*b]))) else { break };
            drawn[at] += 1;
            rest -= 1;
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::{Stratum, allocate, precision_and_recall, share};

    fn strata(rows: &[(u64, u64, u64)]) -> Vec<Stratum> {
        rows.iter().map(|(size, reviewed, right)| Stratum { size: *size, reviewed: *reviewed, right: *right }).collect()
    }

    #[test]
    fn seven_strata_with_known_answers() {
        let accepted = strata(&[(900_000, 1000, 998), (60_000, 1000, 988), (30_000, 1000, 930), (15_000, 1000, 520)]);
        let rejected = strata(&[(12_000, 1000, 149), (40_000, 1000, 35), (900_000, 2000, 1)]);
        let (precision, recall) = precision_and_recall(&accepted, &rejected, 1).expect("estimate");
        let recall = recall.expect("matches");
        for (found, expected) in [
            (precision.share, 0.988_238_805_970_149_2),
            (precision.standard_error, 0.001_322_954_553_965_187),
            (recall.share, 0.996_350_386_931_215_1),
            (recall.standard_error, 0.000_520_879_019_206_149_2),
        ] {
            assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        }
        for (found, expected) in
            [(precision.low, 0.98420), (precision.high, 0.98984), (recall.low, 0.99460), (recall.high, 0.99699)]
        {
            assert!((found - expected).abs() < 2e-4, "{found} for {expected}");
        }
    }

    #[test]
    fn what_is_reviewed_whole_is_certain_and_what_is_not_reviewed_is_not_estimated() {
        let whole = strata(&[(50, 50, 48)]);
        let (precision, recall) = precision_and_recall(&whole, &[], 1).expect("estimate");
        assert_eq!((precision.share, precision.low, precision.high), (0.96, 0.96, 0.96));
        assert_eq!(recall.expect("matches").share, 1.0);
        let (precision, recall) = precision_and_recall(&strata(&[(50, 9, 0)]), &strata(&[(7, 7, 0)]), 1).expect("both");
        assert!(precision.share == 0.0 && recall.is_none(), "of no matches none is missed: {recall:?}");
        assert!(precision_and_recall(&whole, &strata(&[(10, 0, 0)]), 1).is_none());
        assert!(precision_and_recall(&[], &whole, 1).is_none());
        let without_error = share(&strata(&[(1000, 50, 50)]), 1).expect("estimate");
        assert!(without_error.share == 1.0 && without_error.low < 0.98 && without_error.high == 1.0);
        assert!(share(&strata(&[(1000, 1, 1)]), 1).expect("estimate").standard_error.is_nan());
        // A stratum of one unit, reviewed, adds no doubt to the others.
        let with_one = strata(&[(1000, 50, 40), (1, 1, 1)]);
        let (precision, recall) = precision_and_recall(&with_one, &strata(&[(1, 1, 0)]), 1).expect("estimate");
        let recall = recall.expect("matches");
        let alone = share(&strata(&[(1000, 50, 40)]), 1).expect("estimate");
        assert!((precision.standard_error - alone.standard_error * 1000.0 / 1001.0).abs() < 1e-12, "{precision:?}");
        assert!(precision.share > 0.8 && recall.standard_error == 0.0, "{recall:?}");
        assert_eq!(share(&strata(&[(1, 1, 1)]), 1).expect("estimate").standard_error, 0.0);
    }

    /// Of strata of which much was reviewed, nineteen intervals in twenty hold the truth, too: what nobody looked at
    /// differs from what was looked at by chance.
    #[test]
    fn intervals_hold_the_truth_however_much_was_reviewed() {
        let mut dice = ChaCha8Rng::seed_from_u64(5);
        for (size, reviewed, right) in [(26, 20, 17), (310, 295, 168), (2000, 100, 1000)] {
            let held = (0..25).filter(|seed| {
                // The first units of a stratum in random order are those reviewed.
                let found = (0..reviewed)
                    .fold(0, |found, at| found + u64::from(dice.random_range(0..size - at) < right - found));
                let share = share(&strata(&[(size, reviewed, found)]), *seed).expect("estimate");
                (share.low..=share.high).contains(&(right as f64 / size as f64))
            });
            let held = held.count();
            assert!(held >= 21, "{held} of 25 for {size}, {reviewed}, {right}");
        }
    }

    #[test]
    fn the_doubtful_and_the_large_get_more_and_nobody_more_than_there_are() {
        // Sizes 9000, 900, 100, 5; expected shares .999, .9, .5, 1.
        let strata = [(9000, 8991.0), (900, 810.0), (100, 50.0), (5, 5.0)];
        let drawn = allocate(&strata, 300, 20);
        assert_eq!(drawn.iter().sum::<u64>(), 300);
        assert_eq!(drawn[3], 5, "all there are");
        assert!(drawn[0] > drawn[1] && drawn[1] > drawn[2] && drawn[2] >= 20, "{drawn:?}");
        // By the formula, above the floors: 9000·√(.01·.99) : 900·.3 : 100·.5.
        let above: Vec<f64> = drawn.iter().zip([20.0, 20.0, 20.0]).map(|(n, floor)| *n as f64 - floor).collect();
        assert!((above[0] / above[1] - 895.49 / 270.0).abs() < 0.2, "{drawn:?}");
        assert_eq!(allocate(&[(3, 1.0), (2, 1.0)], 100, 1), [3, 2]);
        assert_eq!(allocate(&[(50, 1.0)], 10, 20), [20], "the floor goes before the size");
        assert_eq!(allocate(&[], 10, 1), Vec::<u64>::new());
    }
}
