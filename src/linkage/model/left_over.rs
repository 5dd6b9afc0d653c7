//! What does it say of a pair that neither record has found anybody else?
//!
//! Takes the pairs between two slots that are left over on both sides (neither record is linked to any record of the
//! other's slot), gives [`LeftOver`]: what this is worth. A person is in each slot once. Most persons of a place have
//! found their other record there, so two records that remain on both sides belong together far more often than any two
//! records of the place. A match that was left over also differs from other matches: it more often has the levels by
//! which it could be missed (a nickname, a word in place of a given name).
//!
//! With τ the threshold, P(γ | match, left over) = m(γ) / Σ m(γ′) over the patterns γ′ below τ that miss the same
//! fields; the sum is taken over patterns drawn from m. The share of matches among the pairs left over, and m, are
//! fitted by expectation–maximisation as in [`em`](super::em): m from what is linked and what is left over together.
//! The share of relatives is that of the class: hopeless pairs, most of all relatives, are not among those that were
//! kept.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::em::{PRIOR_MATCHES, PatternCounts};
use super::{Likelihoods, Model};
use crate::linkage::comparison::{Pattern, Variable};

/// Patterns drawn from m for each set of fields that a pair has.
const DRAWS: u64 = 4_000;
/// Rounds of the fit: m and the shares of matches that cannot be linked, then the share of matches.
const ROUNDS: u32 = 8;
const STEPS: u32 = 20;
/// Fewer expected matches teach nothing.
const MATCHES_MIN: f64 = 10.0;
/// The least share of a set of fields' matches that cannot be linked.
const UNLINKED_MIN: f64 = 1e-4;

/// The pairs of a class that are left over on both sides.
#[derive(Debug, Clone, PartialEq)]
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

/// Fits what being left over says, class by class. `linked` are the patterns of the pairs within persons, `possible`
/// how many pairs of each class are left over, compared or not; pairs below `minimum` (log2 odds) are not linked.
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

/// Of pairs that are no relatives, matches are no more than this share: strangers are left among them, too.
const MATCHES_OF_OTHERS_MAX: f64 = 0.9;

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
        let most = MATCHES_OF_OTHERS_MAX * (1.0 - left.relatives);
        left.matches = ((usual + 0.5) / (self.possible + 1.0)).min(most);
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
                left.matches = ((matches + 0.5) / (self.possible + 1.0)).clamp(1e-12, most);
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

    /// m from the pairs that are linked and those that are left over together; the parts of a place are left as they
    /// are.
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

    /// The likelihoods of a pattern in a class; those of a pair that is left over on both sides are scaled so that with
    /// the shares of all pairs of the class they give the odds that the pairs left over have.
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

/// How many pairs of each class are left over on both sides, from the records of each slot that are not in the other
/// one.
#[must_use]
pub fn possible(model: &Model, left_by_slots: &[u64]) -> Vec<f64> {
    let left = |one: usize, other: usize| left_by_slots[one * model.slots.len() + other] as f64;
    let of = |class: &super::PairClass| {
        if class.one == class.other { 0.0 } else { left(class.one, class.other) * left(class.other, class.one) }
    };
    model.classes.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::{LeftOverPair, fit, mask};
    use crate::linkage::comparison::level::{self, Level};
    use crate::linkage::comparison::{Comparison, Pattern, Variable};
    use crate::linkage::model::{Model, PairClass, Shares, probability};

    /// A given name, an initial, two parts of a place, and the mark.
    fn model() -> Model {
        let levels = || vec![Level::missing(), Level::new("equal", 0.9, 0.1), Level::new("different", 0.1, 0.9)];
        let comparison = |at: u16| Comparison {
            variable: if at == 4 { Variable::LeftOver } else { Variable::Text(at) },
            name: at.to_string(),
            levels: if at == 4 { level::left_over() } else { levels() },
            shift: 4 * u32::from(at),
            place: at == 2 || at == 3,
            sharing: None,
            fitted: false,
        };
        let comparisons: Vec<Comparison> = (0..5).map(comparison).collect();
        let shares = |(comparison, [m, u, r]): (&Comparison, [f64; 3])| {
            let of =
                |share: f64| if comparison.levels.len() == 2 { vec![0.0, 1.0] } else { vec![0.0, share, 1.0 - share] };
            Shares {
                comparison: comparison.name.clone(),
                levels: comparison.levels.iter().map(|level| level.name.clone()).collect(),
                m: of(m),
                u: of(u),
                r: of(r),
                given: None,
            }
        };
        let figures =
            [[0.998, 0.0002, 0.01], [0.98, 0.07, 0.1], [0.98, 0.002, 0.98], [0.98, 0.002, 0.98], [1.0, 1.0, 1.0]];
        Model {
            slots: Vec::new(),
            classes: vec![PairClass { one: 0, other: 1, pairs: 1e6, matches: 1e-3, relatives: 1.5e-3 }],
            shares: comparisons.iter().zip(figures).map(shares).collect(),
            stay: 0.9,
            family: 0.9,
            left_over: Vec::new(),
            iterations: 0,
            log_likelihood: Vec::new(),
            comparisons,
        }
    }

    fn odds(model: &Model, pattern: Pattern) -> f64 {
        probability(model.weight(0, model.likelihoods_in(0, pattern, 1.0)) + model.prior_weight(0))
    }

    #[test]
    fn who_is_left_over_with_the_same_initial_is_the_other_one() {
        let mut model = model();
        // The same place and initial, another given name; relatives have another initial, too.
        let (nickname, relative) = (0x1112, 0x1122);
        let before = odds(&model, nickname);
        let pair = |pattern: Pattern| LeftOverPair { class: 0, pattern, ratio: 1.0 };
        let pairs = [[pair(nickname)].repeat(60), [pair(relative)].repeat(120)].concat();
        let linked = vec![((0, 0x1111), 900), ((0, 0x2211), 50)];
        model.left_over = fit(&model, &pairs, &linked, &[1e5], (0.0, 1));
        let left = model.left_over[0].clone().expect("fitted");
        let marked = |pattern: Pattern| pattern | u64::from(level::LEFT_OVER) << 16;
        let (after, others) = (odds(&model, marked(nickname)), odds(&model, marked(relative)));
        assert!(before < 0.1 && after > 0.6 && others < 0.2, "{before} {after} {others}");
        assert!((20.0..90.0).contains(&(left.matches * 1e5)), "{}", left.matches * 1e5);
        // Others go by the model of all pairs; the steps of an explanation sum up.
        assert!((odds(&model, nickname) - before).abs() < 1e-12);
        for pattern in [marked(nickname), marked(relative), nickname] {
            let steps: f64 = model.waterfall(pattern, &[], 0).iter().map(|(_, step)| step).sum();
            let weight = model.weight(0, model.likelihoods_in(0, pattern, 1.0));
            assert!((steps - weight).abs() < 1e-9, "{pattern:x}: {steps} {weight}");
        }
        // The same again is the same again.
        assert_eq!(fit(&model, &pairs, &linked, &[1e5], (0.0, 1))[0], Some(left));
    }

    #[test]
    fn nothing_is_said_where_nobody_is_left_over() {
        assert_eq!(fit(&model(), &[], &Vec::new(), &[0.0], (0.0, 1)), [None]);
    }

    #[test]
    fn a_mask_has_the_bits_of_what_is_not_missing() {
        assert_eq!(mask(0x0903_0100), 0x0f0f_0f00);
    }
}
