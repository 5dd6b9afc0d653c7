//! What are two records to each other that found nobody else?
//!
//! Takes the pairs between two slots of which neither record is linked to any of the other's slot, gives what being left over
//! says: [`LeftOver`]. A person is in each slot once. Once the others of a place have found their other halves, two records
//! that are left over on both sides are each other's far more often than two records of that place are; and a match that was
//! left over shows, more often than matches do, the levels by which it could be missed (a nickname, a word for a given name).
//!
//! With τ the threshold, P(γ | match, left over) = m(γ) / Σ m(γ′) over the patterns γ′ below τ that miss the same fields;
//! the sum is taken over patterns drawn from m. The share of matches among the pairs left over, and m, are fitted by
//! expectation–maximisation as in [`em`](super::em): m from what is linked and what is left over together. The share of
//! relatives is that of the class: hopeless pairs, most of all relatives, are not among those that were kept.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::em::PatternCounts;
use super::{Likelihoods, Model};
use crate::linkage::comparison::{Pattern, Variable};

/// Patterns drawn from m for each set of fields that a pair has.
const DRAWS: u64 = 4_000;
/// Rounds of the fit: m and the shares of matches that cannot be linked, then the share of matches.
const ROUNDS: u32 = 8;
const STEPS: u32 = 20;
/// Weight of the m that all pairs gave, in matches.
const PRIOR_MATCHES: f64 = 30.0;
/// Fewer expected matches teach nothing.
const MATCHES_MIN: f64 = 10.0;
/// The least share of a set of fields' matches that cannot be linked.
const UNLINKED_MIN: f64 = 1e-4;

/// The pairs of a class that are left over on both sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeftOver {
    /// Share of matches among them.
    pub matches: f64,
    /// Share of relatives among them.
    pub relatives: f64,
    /// Share of each level among all matches of the class, by comparison.
    pub m: Vec<Vec<f64>>,
    /// By the bits of the fields that a pair has: the share of matches that their levels cannot link.
    pub unlinked: Vec<(Pattern, f64)>,
}

/// A pair that is left over on both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeftOverPair {
    /// Class of the pair.
    pub class: u32,
    /// Its pattern.
    pub pattern: Pattern,
    /// By how much more common than the average the values are that both share.
    pub ratio: f64,
}

/// Fits what being left over says, class by class. `linked` are the patterns of the pairs within persons, `possible` how
/// many pairs of each class are left over, compared or not; pairs below `minimum` (log2 odds) are not linked.
#[must_use]
pub fn fit(
    model: &Model,
    pairs: &[LeftOverPair],
    linked: &PatternCounts,
    possible: &[f64],
    (minimum, seed): (f64, u64),
) -> Vec<Option<LeftOver>> {
    let of_class = |class: usize| {
        let own: Vec<LeftOverPair> = pairs.iter().filter(|pair| pair.class as usize == class).copied().collect();
        let linked = linked.iter().filter(|((of, _), _)| *of as usize == class);
        let linked: Vec<(Pattern, f64)> = linked.map(|((_, pattern), count)| (*pattern, *count as f64)).collect();
        let fit = Fit { model, class, possible: *possible.get(class)?, minimum, seed };
        fit.run(&own, &linked)
    };
    (0..model.classes.len()).map(of_class).collect()
}

struct Fit<'a> {
    model: &'a Model,
    class: usize,
    possible: f64,
    minimum: f64,
    seed: u64,
}

impl Fit<'_> {
    fn run(&self, pairs: &[LeftOverPair], linked: &[(Pattern, f64)]) -> Option<LeftOver> {
        let class = &self.model.classes[self.class];
        let masks: FxHashSet<Pattern> = pairs.iter().map(|pair| mask(pair.pattern)).collect();
        let mut masks: Vec<Pattern> = masks.into_iter().collect();
        masks.sort_unstable();
        let mut left = LeftOver {
            matches: 0.0,
            relatives: class.relatives,
            m: self.model.shares.iter().map(|shares| shares.m.clone()).collect(),
            unlinked: Vec::new(),
        };
        let usual: f64 = pairs.iter().map(|pair| self.usual(pair)).sum();
        if self.possible < 1.0 || usual + linked.iter().map(|(_, count)| count).sum::<f64>() < MATCHES_MIN {
            return None;
        }
        left.matches = (usual + 0.5) / (self.possible + 1.0);
        let mut odds = vec![0.0; pairs.len()];
        for _ in 0..ROUNDS {
            left.unlinked = masks.par_iter().map(|mask| (*mask, self.unlinked(&left, *mask))).collect();
            let of = |pair: &LeftOverPair| {
                let likelihoods = self.model.likelihoods_with(Some(&left.m), pair.pattern, pair.ratio);
                (likelihoods.m / left.unlinked_of(pair.pattern), likelihoods.r, likelihoods.u)
            };
            let likelihoods: Vec<(f64, f64, f64)> = pairs.par_iter().map(of).collect();
            for _ in 0..STEPS {
                let mut matches = 0.0;
                for ((m, r, u), odds) in likelihoods.iter().zip(&mut odds) {
                    let strangers = (1.0 - left.matches - left.relatives) * u;
                    let parts = (left.matches * m, left.relatives * r);
                    let total = (parts.0 + parts.1 + strangers).max(1e-300);
                    *odds = parts.0 / total;
                    matches += parts.0 / total;
                }
                left.matches = ((matches + 0.5) / (self.possible + 1.0)).clamp(1e-12, 0.9);
            }
            self.learn(&mut left, linked, pairs, &odds);
        }
        (left.matches * self.possible >= MATCHES_MIN).then_some(left)
    }

    /// The probability of a match by the model of all pairs.
    fn usual(&self, pair: &LeftOverPair) -> f64 {
        let weight = self.model.weight(self.class, self.model.likelihoods(pair.pattern, pair.ratio));
        super::probability(weight + self.model.prior_weight(self.class))
    }

    /// m from the pairs that are linked and those that are left over together; the parts of a place are left as they are.
    fn learn(&self, left: &mut LeftOver, linked: &[(Pattern, f64)], pairs: &[LeftOverPair], odds: &[f64]) {
        let counted = || linked.iter().copied().chain(pairs.iter().map(|pair| pair.pattern).zip(odds.iter().copied()));
        for ((comparison, shares), m) in self.model.comparisons.iter().zip(&self.model.shares).zip(&mut left.m) {
            if comparison.place {
                continue;
            }
            let mut sums = vec![0.0; m.len()];
            counted().for_each(|(pattern, weight)| sums[comparison.level(pattern)] += weight);
            let own = |level: &usize| !comparison.levels[*level].given_id;
            let total: f64 = (1..sums.len()).filter(own).map(|level| sums[level]).sum();
            for level in (1..sums.len()).filter(own) {
                m[level] = (sums[level] + PRIOR_MATCHES * shares.m[level]) / (total + PRIOR_MATCHES);
            }
        }
    }

    /// Share of the matches with these fields that stay below the threshold.
    fn unlinked(&self, left: &LeftOver, mask: Pattern) -> f64 {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ mask);
        let prior = self.model.prior_weight(self.class);
        let below = (0..DRAWS).filter(|_| {
            let pattern = self.draw(left, mask, &mut rng);
            self.model.weight(self.class, self.model.likelihoods(pattern, 1.0)) + prior < self.minimum
        });
        (below.count() as f64 / DRAWS as f64).max(UNLINKED_MIN)
    }

    /// A pattern as matches show it that have these fields.
    fn draw(&self, left: &LeftOver, mask: Pattern, rng: &mut ChaCha8Rng) -> Pattern {
        let stayed = rng.random_range(0.0..1.0) < self.model.stay;
        let mut pattern = 0;
        for ((comparison, shares), m) in self.model.comparisons.iter().zip(&self.model.shares).zip(&left.m) {
            if comparison.level(mask) == 0 {
                continue;
            }
            let shares = if comparison.place && !stayed { &shares.u } else { m };
            let mut rest: f64 = rng.random_range(0.0..1.0);
            let levels = (1..shares.len()).filter(|level| !comparison.levels[*level].given_id);
            let mut drawn = 1;
            for level in levels {
                drawn = level;
                rest -= shares[level];
                if rest < 0.0 {
                    break;
                }
            }
            pattern = comparison.set(pattern, u8::try_from(drawn).unwrap_or(0));
        }
        pattern
    }
}

/// The bits of the comparisons that are not missing.
fn mask(pattern: Pattern) -> Pattern {
    let some = (pattern | pattern >> 1 | pattern >> 2 | pattern >> 3) & 0x1111_1111_1111_1111;
    some * 15
}

impl LeftOver {
    fn unlinked_of(&self, pattern: Pattern) -> f64 {
        let found = self.unlinked.binary_search_by_key(&mask(pattern), |(mask, _)| *mask);
        found.ok().and_then(|at| self.unlinked.get(at)).map_or(1.0, |(_, share)| *share)
    }
}

impl Model {
    /// Is this a pair that is left over on both sides, in a class of which it is known what that says?
    #[must_use]
    pub fn is_left_over(&self, class: usize, pattern: Pattern) -> bool {
        let marked = self.comparisons.iter().any(|one| one.variable == Variable::LeftOver && one.level(pattern) != 0);
        marked && self.left_over.get(class).is_some_and(Option::is_some)
    }

    /// The likelihoods of a pattern in a class; those of a pair that is left over on both sides are scaled so that with the
    /// shares of all pairs of the class they give the odds that the pairs left over have.
    #[must_use]
    pub fn likelihoods_in(&self, class: usize, pattern: Pattern, ratio: f64) -> Likelihoods {
        let left = self.left_over.get(class).and_then(Option::as_ref).filter(|_| self.is_left_over(class, pattern));
        let Some(left) = left else { return self.likelihoods(pattern, ratio) };
        let mark = self.comparisons.iter().find(|one| one.variable == Variable::LeftOver);
        let own = mark.map_or(pattern, |mark| mark.set(pattern, 0));
        let Likelihoods { m, u, r } = self.likelihoods_with(Some(&left.m), own, ratio);
        let all = &self.classes[class];
        let strangers = |matches: f64, relatives: f64| (1.0 - matches - relatives).max(1e-12);
        Likelihoods {
            m: m / left.unlinked_of(own) * left.matches / all.matches,
            r: r * left.relatives / all.relatives,
            u: u * strangers(left.matches, left.relatives) / strangers(all.matches, all.relatives),
        }
    }
}

/// The levels that must be known of each record: how many pairs of each class are left over on both sides.
#[must_use]
pub fn possible(model: &Model, left_by_slots: &FxHashMap<(u8, u8), u64>) -> Vec<f64> {
    let left = |one: usize, other: usize| {
        let key = (u8::try_from(one).unwrap_or(u8::MAX), u8::try_from(other).unwrap_or(u8::MAX));
        left_by_slots.get(&key).copied().unwrap_or(0) as f64
    };
    let of = |class: &super::PairClass| {
        if class.one == class.other { 0.0 } else { left(class.one, class.other) * left(class.other, class.one) }
    };
    model.classes.iter().map(of).collect()
}
