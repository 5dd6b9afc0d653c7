//! How many of the unlinked persons are residents whom the roll missed, when nobody is known not to be?
//!
//! Where the roll lists few persons as living elsewhere, nothing shows what a person who has left looks like. Then the
//! share of missed residents among the unlinked is bounded by the density ratio: at whatever score the unlinked look
//! most like residents, they cannot be rarer than the missed ones among them.
//!
//! Steps: 1. [`cross_fitted`]: a classifier of residents against unlinked on the columns that being enumerated cannot
//! change, or on all columns with the residents seen as if they were not enumerated, each person scored by a fit
//! without that person's fold (a household is in one fold, and so are all copies of it when households are drawn again:
//! a fit that saw a copy would tell the two groups apart too well), and the scores of several draws of the folds
//! averaged, as one draw alone moved the share by a fifth, and the mean of four by a tenth; 2. [`share`]: for each
//! threshold, the share of the unlinked above it over the share of residents above it, at the threshold of the least
//! upper bound. Above the thresholds that matter there are few unlinked persons (in a district of 12,000, one to
//! thirty), so each share is the posterior of a Poisson count, about what [`Expected`] says beforehand, as far as that
//! is not contradicted.
//!
//! Sources: C. Elkan, K. Noto, *Learning classifiers from only positive and unlabeled data*, KDD 2008; S. Garg et al.,
//! *Mixture proportion estimation and PU learning: a modern approach*, NeurIPS 2021 (best bin estimation); C. Scott,
//! *A rate of convergence for mixture proportion estimation*, AISTATS 2015; A. Gelman et al., *Bayesian Data Analysis*,
//! 3rd ed. 2013, 2.6 (Poisson counts with a gamma prior); H. Schmidli et al., *Robust meta-analytic-predictive priors
//! in clinical trials with historical control information*, Biometrics 2014 (a mixture with a vague prior).

use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Gamma};
use statrs::function::gamma::ln_gamma;

use super::logistic::{Effort, Follower, Rows, counts, weighed};

const FOLDS: u64 = 5;

/// Draws of the folds; of households drawn again, whose shares differ far more from draw to draw of the households.
pub(super) const FOLD_DRAWS: u64 = 20;
pub(super) const FOLD_DRAWS_REDRAWN: u64 = 4;

/// Steps of a fit. Each starts from the fit of all folds and with its curvature; a step no longer than the tolerance
/// leaves next to nothing of that start (what is left is shorter than the step).
const EFFORT: Effort = Effort { ridge: 1.0, steps: 25, tolerance: 0.005 };

/// Least share of residents above a threshold that is looked at. Where it is small, few unlinked persons count, and the
/// least of many bounds is that of the threshold above which by chance there are fewest: too few missed persons are
/// expected then. Where it is great, those count who have left and look much like residents.
const POSITIVE_SHARE_MIN: f64 = 0.2;

/// Of two hundred thresholds the least bound is taken. Those near each other say the same, so that some twenty stand
/// for all, and each of these is to hold in all but one of two thousand (Bonferroni): 95 % for each followed the noise
/// of the highest ones (seen on simulated mixtures of normal scores), and 99 % still does where few count.
const CONFIDENCE: f64 = 0.9995;

/// Without anything known beforehand, Jeffreys's prior of a Poisson count.
const JEFFREYS: f64 = 0.5;

/// Persons without household registration are missed so many times as often as registered ones, give or take a half of
/// it: so sure is who has seen so many missed. A judgement: in post-enumeration surveys those who rent and those who
/// have moved are missed one and a half to four times as often.
const MISSED_TIMES: f64 = 2.0;
const MISSED_SEEN: f64 = 4.0;

/// So sure is it that what is known beforehand holds here at all. Else the same share is expected, but hardly known:
/// where those who are counted contradict it, they outweigh it (a robust mixture prior). A judgement, usual for such.
const HOLDS: f64 = 0.9;

/// Of a hundred enumerated persons so many more were missed, where no register tells of registered persons, or too few
/// are not on the roll to tell. A judgement: what post-enumeration surveys find lies between one in a hundred and a
/// few.
pub(super) const MISSED_ODDS_STATED: f64 = 0.02;

/// Thresholds that are looked at.
const THRESHOLDS: usize = 200;

/// In tenths it is looked at how the missed may be divided between two views.
const DIVISIONS: u32 = 10;

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
    fold_draws: u64,
) -> (Vec<f64>, Vec<f64>) {
    let (distinct, seen) = Rows::distinct([positives, unlabelled]);
    // Persons who look the same are one row, with their weight.
    let all = seen.each_ref().map(|seen| counts(seen, distinct.len()));
    let (outcome, weight) = weighed_alike(&all[0], &all[1]);
    // As heavy as all folds but one: so is the curvature.
    let lighter: Vec<f64> = weight.iter().map(|weight| weight * (FOLDS - 1) as f64 / FOLDS as f64).collect();
    let (mut whole, mut of_whole) = (vec![0.0; columns], Follower::default());
    of_whole.fit(&distinct, &outcome, &lighter, EFFORT, &mut whole);
    let draw = |draw: u64| {
        let folds = households.map(|group| group.iter().map(|household| fold(*household, draw)).collect::<Vec<u64>>());
        let mut scores = seen.each_ref().map(|seen| vec![0.0; seen.len()]);
        for fold in 0..FOLDS {
            let mut without = all.clone();
            for ((counts, seen), folds) in without.iter_mut().zip(&seen).zip(&folds) {
                seen.iter().zip(folds).filter(|(_, of)| **of == fold).for_each(|(row, _)| counts[*row] -= 1.0);
            }
            let (outcome, weight) = weighed_alike(&without[0], &without[1]);
            let (mut coefficients, mut follower) = (whole.clone(), of_whole.clone());
            follower.fit(&distinct, &outcome, &weight, EFFORT, &mut coefficients);
            let predicted = distinct.predict(&coefficients);
            for ((scores, seen), folds) in scores.iter_mut().zip(&seen).zip(&folds) {
                let held = scores.iter_mut().zip(seen).zip(folds).filter(|(_, of)| **of == fold);
                held.for_each(|((score, row), _)| *score = predicted[*row]);
            }
        }
        scores
    };
    let draws: Vec<[Vec<f64>; 2]> = (0..fold_draws).into_par_iter().map(draw).collect();
    let mean = |group: usize| {
        let of = |at: usize| draws.iter().map(|scores| scores[group][at]).sum::<f64>() / fold_draws as f64;
        (0..seen[group].len()).map(of).collect()
    };
    (mean(0), mean(1))
}

/// The same of numbers of persons, where both groups are to count the same.
fn weighed_alike(ones: &[f64], zeros: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (one, zero) = balanced(ones.iter().sum(), zeros.iter().sum());
    let times = |counts: &[f64], weight: f64| -> Vec<f64> { counts.iter().map(|count| count * weight).collect() };
    weighed(&times(ones, one), &times(zeros, zero))
}

/// Weights that make two groups count the same, neither more than its rows.
fn balanced(ones: f64, zeros: f64) -> (f64, f64) {
    let ratio = zeros.max(1.0) / ones.max(1.0);
    (ratio.min(1.0), (1.0 / ratio).min(1.0))
}

/// Missed that have been seen, among so many unlinked persons.
#[derive(Debug, Clone, Copy)]
struct Seen {
    missed: f64,
    among: f64,
}

impl Seen {
    /// As sure as of [`MISSED_SEEN`] missed, if so many were missed for each that was enumerated.
    fn of_odds(odds: f64, positives: usize, unlabelled: usize) -> Seen {
        let share = (odds * positives as f64 / unlabelled.max(1) as f64).min(1.0);
        Seen { missed: MISSED_SEEN, among: MISSED_SEEN / share.max(f64::MIN_POSITIVE) }
    }

    fn share(self) -> f64 {
        self.missed / self.among
    }

    /// The same share, hardly known.
    fn vague(self) -> Seen {
        let less = JEFFREYS / MISSED_SEEN;
        Seen { missed: self.missed * less, among: self.among * less }
    }

    /// Natural log of how likely so many are to be counted among so many (negative binomial), but for what is the same
    /// whatever was seen.
    fn log_likelihood(self, count: f64, among: f64) -> f64 {
        let (missed, all) = (self.missed, self.among + among);
        ln_gamma(missed + count) - ln_gamma(missed) + missed * (self.among / all).ln() + count * (among / all).ln()
    }

    /// What would have been seen in a draw of this share; `times` says how often it has each of them.
    fn redrawn(self, share: f64, times: impl Fn(u64) -> u8) -> Seen {
        let persons = if self.among > 0.0 { MISSED_SEEN as u64 } else { 0 };
        let drawn: f64 = (0..persons).map(|seen| f64::from(times(seen))).sum();
        Seen { missed: drawn.max(JEFFREYS * share), among: self.among * share }
    }
}

/// What is known of the share beforehand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    known: Seen,
    /// What is taken to be known where the data bound nothing.
    stated: Seen,
    /// Its share before any draw.
    stated_share: f64,
}

impl Expected {
    /// Of persons of whom registers say only that they are here, if of registered ones so many were missed for each
    /// that was enumerated; of registered ones themselves, nothing.
    pub fn beside_registered(missed_odds: Option<f64>, positives: usize, unlabelled: usize) -> Expected {
        if let Some(odds) = missed_odds.filter(|odds| *odds > 0.0) {
            let known = Seen::of_odds(MISSED_TIMES * odds, positives, unlabelled);
            return Expected { known, stated: known, stated_share: known.share() };
        }
        let known = Seen { missed: JEFFREYS, among: 0.0 };
        let stated = Seen::of_odds(MISSED_ODDS_STATED, positives, unlabelled);
        Expected { known, stated, stated_share: stated.share() }
    }

    /// What would be known, had others been seen: `times` says how often a draw of this share has each of them.
    pub fn redrawn(self, share: f64, times: impl Fn(u64) -> u8) -> Expected {
        let (known, stated) = (self.known.redrawn(share, &times), self.stated.redrawn(share, &times));
        Expected { known, stated, ..self }
    }

    /// The share if all that the data give is a bound of it: the stated one, as far as the bound allows. In draws fewer
    /// than stated are so many fewer; more are on the way to the bound, which a draw of twice as many reaches.
    pub fn share_within(self, bound: f64) -> f64 {
        let share = self.stated_share.min(bound);
        let beyond = self.stated.share() / self.stated_share - 1.0;
        share + beyond * if beyond < 0.0 { share } else { bound - share }
    }

    /// The share if there is nothing by which residents and unlinked persons could be told apart.
    pub fn stated_share(self) -> f64 {
        self.stated.share().min(1.0)
    }
}

/// Unlinked persons above a threshold, and what was seen beforehand, should it hold here or not.
struct Counted {
    count: f64,
    /// With how likely it is beforehand, and the most missed that there may be.
    seen: Vec<(Seen, f64, f64)>,
}

impl Counted {
    fn of(count: f64, known: Seen) -> Counted {
        let most = |seen: Seen| {
            let posterior = Gamma::new(seen.missed + count, 1.0);
            posterior.map_or(f64::INFINITY, |posterior| posterior.inverse_cdf(CONFIDENCE))
        };
        let is_known = known.among > 0.0;
        let seen = if is_known { vec![(known, HOLDS), (known.vague(), 1.0 - HOLDS)] } else { vec![(known, 1.0)] };
        Counted { count, seen: seen.into_iter().map(|(seen, likely)| (seen, likely, most(seen))).collect() }
    }

    /// A bound of the share that they are of so many, and the share. (The bound of a mixture lies between those of its
    /// parts, about so: it only says which threshold to take.)
    fn share_of(&self, among: f64) -> (f64, f64) {
        let logs = self.seen.iter().map(|(seen, likely, _)| match self.seen.len() {
            1 => 0.0,
            _ => likely.ln() + seen.log_likelihood(self.count, among),
        });
        let logs: Vec<f64> = logs.collect();
        let greatest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = logs.iter().map(|log| (log - greatest).exp()).collect();
        let all: f64 = weights.iter().sum();
        self.seen.iter().zip(weights).fold((0.0, 0.0), |(bound, share), ((seen, _, most), weight)| {
            let (weight, among) = (weight / all, seen.among + among);
            (bound + weight * most / among, share + weight * (seen.missed + self.count) / among)
        })
    }
}

/// A share of the unlinked persons.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    /// Estimated from the data, with what is known beforehand.
    pub found: f64,
    /// Estimated likewise; where the unlinked are too few for any bound, with what is stated being known beforehand.
    pub stated: f64,
    /// Are they too few, and is the least upper bound none?
    pub is_stated: bool,
}

impl Share {
    /// The lesser of two that bound the same.
    pub fn or_less(self, other: Share) -> Share {
        Share { found: self.found.min(other.found), stated: self.stated.min(other.found), ..self }
    }
}

/// Are so many unlinked persons too few to bound a share? If nobody of them lay above the threshold of the fewest
/// residents that are looked at, all of them might still be residents: so it is of thirty.
fn are_few(unlabelled: f64) -> bool {
    !Gamma::new(JEFFREYS, unlabelled * POSITIVE_SHARE_MIN).is_ok_and(|none| none.inverse_cdf(CONFIDENCE) < 1.0)
}

/// The share of missed residents among the unlinked. The residents are seen in one way or in several; how the missed
/// are divided between these nobody knows, so of all divisions that which allows for most of them holds.
pub(super) fn share(positives: &[&[f64]], unlabelled: &[f64], expected: Expected) -> Share {
    let descending = |mut scores: Vec<f64>| {
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
        scores
    };
    let views: Vec<Vec<f64>> = positives.iter().map(|scores| descending(scores.to_vec())).collect();
    let (all, unlabelled) = (descending(positives.concat()), descending(unlabelled.to_vec()));
    let zeros = unlabelled.len() as f64;
    let above = |scores: &[f64], threshold: f64| scores.partition_point(|score| *score >= threshold) as f64;
    // For each threshold the unlinked above it, and of each view the share of residents.
    let counted = |threshold: &f64| {
        let share = |view: &Vec<f64>| above(view, *threshold) / view.len().max(1) as f64;
        (above(&unlabelled, *threshold), views.iter().map(share).collect::<Vec<f64>>())
    };
    let mut thresholds: Vec<_> = all.iter().step_by((all.len() / THRESHOLDS).max(1)).map(counted).collect();
    thresholds.retain(|(_, shares)| shares.iter().any(|share| *share >= POSITIVE_SHARE_MIN));
    let last = if views.len() > 1 { DIVISIONS } else { 0 };
    let least = |known: Seen| {
        let counted: Vec<Counted> = thresholds.iter().map(|(count, _)| Counted::of(*count, known)).collect();
        let least = |part: u32| {
            let to_last = f64::from(part) / f64::from(DIVISIONS);
            let bounded = |(counted, (_, shares)): (&Counted, &(f64, Vec<f64>))| {
                let (first, other) = (shares.first()?, shares.last()?);
                let share = (1.0 - to_last) * first + to_last * other;
                (share >= POSITIVE_SHARE_MIN).then(|| counted.share_of(zeros * share))
            };
            let least = counted.iter().zip(&thresholds).filter_map(bounded);
            let least = least.min_by(|one, other| one.0.total_cmp(&other.0));
            least.map_or((1.0, 1.0), |(bound, share)| (bound, share.min(1.0)))
        };
        (0..=last).map(least).max_by(|one, other| one.1.total_cmp(&other.1)).unwrap_or((1.0, 1.0))
    };
    let (bound, found) = least(expected.known);
    let is_stated = bound >= 1.0 && are_few(zeros);
    Share { found, stated: if is_stated { least(expected.stated).1 } else { found }, is_stated }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::{Expected, share};

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
                    share(&[&positives], &unlabelled, Expected::beside_registered(None, 8000, 8000)).found
                })
                .collect();
            // Of many thresholds the least bound is taken, so noise can only lower it.
            let mean = found.iter().sum::<f64>() / 5.0;
            assert!((0.85..1.02).contains(&(mean / truth)), "{found:?} should be {truth}");
        }
    }

    #[test]
    fn however_the_missed_are_divided_between_two_views_the_share_allows_for_them() {
        let mut random = ChaCha8Rng::seed_from_u64(6);
        let mut normal = |mean: f64| mean + (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        let views = [2.5, 1.5].map(|mean| (0..6000).map(|_| normal(mean)).collect::<Vec<f64>>());
        for together in [0.0, 0.4, 1.0] {
            let missed = |at: i32| if f64::from(at) < 1800.0 * together { 1.5 } else { 2.5 };
            let unlabelled: Vec<f64> = (0..6000).map(|at| normal(if at < 1800 { missed(at) } else { -1.5 })).collect();
            let expected = Expected::beside_registered(None, 6000, 6000);
            let found = share(&[&views[0], &views[1]], &unlabelled, expected).found;
            assert!((0.28..0.45).contains(&found), "{found} of 0.3, {together} of them together");
        }
    }

    #[test]
    fn a_handful_of_persons_does_not_outweigh_what_is_known_of_registered_ones() {
        // Among the residents of the highest fifth of scores by chance one unlinked person stands in place of some
        // four: alone, it would say that six in a hundred of the unlinked were missed, in place of sixteen.
        let positives: Vec<f64> = (0..2000).map(|at| f64::from(at % 5)).collect();
        let unlabelled: Vec<f64> = (0..125).map(|at| if at == 0 { 4.0 } else { f64::from(at % 4) }).collect();
        let alone = share(&[&positives], &unlabelled, Expected::beside_registered(None, 2000, 125)).found;
        let known = share(&[&positives], &unlabelled, Expected::beside_registered(Some(0.005), 2000, 125)).found;
        assert!(alone < 0.07, "{alone}");
        assert!((0.08..0.16).contains(&known), "{known}");
    }

    #[test]
    fn what_is_known_of_registered_persons_gives_way_where_others_contradict_it() {
        // Two in a hundred of the registered were missed, so of three hundred others thirteen; more than half were.
        let positives: Vec<f64> = (0..2000).map(|at| f64::from(at % 10)).collect();
        let unlabelled: Vec<f64> = (0..300).map(|at| if at < 170 { f64::from(at % 10) } else { -1.0 }).collect();
        let of =
            |odds: f64| share(&[&positives], &unlabelled, Expected::beside_registered(Some(odds), 2000, 300)).found;
        assert!((0.5..0.6).contains(&of(0.0033)), "{}", of(0.0033));
        // What they do not contradict is believed as before.
        assert!((0.5..0.6).contains(&of(0.04)), "{}", of(0.04));
    }

    #[test]
    fn draws_of_what_is_stated_reach_as_far_as_the_bound() {
        let expected = Expected::beside_registered(Some(0.01), 1000, 200);
        let drawn = |times: u8, bound: f64| expected.redrawn(1.0, |_| times).share_within(bound);
        assert!((expected.share_within(0.5) - 0.1).abs() < 1e-9 && (expected.share_within(0.04) - 0.04).abs() < 1e-9);
        assert!((drawn(0, 0.5) - 0.0125).abs() < 1e-9 && (drawn(2, 0.5) - 0.5).abs() < 1e-9);
        assert!((drawn(2, 0.04) - 0.04).abs() < 1e-9);
    }

    #[test]
    fn what_so_few_persons_cannot_bound_is_what_is_stated() {
        // Nobody of whom only registers know looks like a resident, or everybody does: of five either says little.
        let positives: Vec<f64> = (0..100).map(|at| f64::from(at % 5)).collect();
        let expected = Expected::beside_registered(None, 100, 5);
        for (score, least, most) in [(-1.0, 0.2, 0.4), (4.0, 0.4, 0.8)] {
            let few = share(&[&positives], &[score; 5], expected);
            assert!(few.is_stated && (least..most).contains(&few.stated), "{score}: {few:?}");
        }
        assert!((expected.stated_share() - 0.4).abs() < 1e-9);
        // Of many it is said by themselves.
        let many = share(&[&positives], &[-1.0; 200], Expected::beside_registered(None, 100, 200));
        assert!(!many.is_stated && many.stated < 0.02, "{many:?}");
        // That most of many were missed is believed, however far it is from what is stated.
        let most = share(&[&positives], &vec![4.0; 2000], Expected::beside_registered(None, 100, 2000));
        assert!(!most.is_stated && most.stated > 0.9, "{most:?}");
    }
}
