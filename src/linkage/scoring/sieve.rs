//! Where does a compared pair stand?
//!
//! Takes a pair with its pattern and the threshold, gives its [`Standing`]: the pair is kept by itself, or it waits for
//! the support of households, or neither. [`Sieves`] remember what each pattern is worth, and count.

use rustc_hash::FxHashMap;

use super::sift::Sifter;
use crate::linkage::blocking::Pair;
use crate::linkage::comparison::level::SUPPORT_MANY;
use crate::linkage::comparison::{Comparison, Pattern, Variable};
use crate::linkage::model::Likelihoods;
use crate::linkage::model::em::PatternCounts;

/// A pair that households could lift to the threshold is kept by itself from so many bits below it on: one that is
/// nearly a match says something even if it is none.
const NEAR: f64 = 4.0;

/// Where a pair stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It could reach the threshold by itself.
    Kept,
    /// It could if other members of the households supported it.
    Waits,
    /// It cannot.
    Rest,
}

/// The greatest log2 odds of pairs that were not kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Best {
    /// Of those that even support could not lift, with support.
    pub(super) supported: f64,
    /// Of the others, without.
    pub(super) alone: f64,
}

impl Best {
    pub(super) const NONE: Best = Best { supported: f64::NEG_INFINITY, alone: f64::NEG_INFINITY };

    pub(super) fn and(self, other: Best) -> Best {
        Best { supported: self.supported.max(other.supported), alone: self.alone.max(other.alone) }
    }
}

/// What is known of a pattern of a class under the model that pairs are sifted by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sieve {
    /// As the pattern is, with the log2 odds of values of average rarity.
    pub(super) alone: (Likelihoods, f64),
    /// Like `alone`, at its best: other members of the households support it.
    pub(super) supported: (Likelihoods, f64),
    pub(super) frequency: bool,
    pub(super) rest: u64,
    pub(super) waiting: u64,
    pub(super) best: Best,
}

/// What is known of the patterns seen so far.
#[derive(Debug, Default)]
pub struct Sieves(pub(super) FxHashMap<(u32, Pattern), Sieve>);

impl Sifter<'_> {
    pub(super) fn sieve(&self, class: u32, pattern: Pattern) -> Sieve {
        let household = self.scorer.comparer.of(Variable::Household);
        let supported = household.map_or(pattern, |household| household.set(pattern, SUPPORT_MANY));
        let rare = |comparison: &Comparison| {
            let level = comparison.level(pattern);
            level != 0 && comparison.levels[level].frequency
        };
        let weighed = |pattern: Pattern| {
            let likelihoods = self.scorer.model.likelihoods(pattern, 1.0);
            (likelihoods, self.odds(class, likelihoods, 1.0))
        };
        Sieve {
            alone: weighed(pattern),
            supported: weighed(supported),
            frequency: self.scorer.comparer.comparisons.iter().any(rare),
            rest: 0,
            waiting: 0,
            best: Best::NONE,
        }
    }

    /// The log2 odds of pairs with these likelihoods, if their values are so much more common than the average.
    fn odds(&self, class: u32, mut likelihoods: Likelihoods, ratio: f64) -> f64 {
        let class = class as usize;
        likelihoods.u *= ratio;
        self.scorer.model.weight(class, likelihoods) + self.scorer.model.prior_weight(class)
    }

    /// The least log2 odds of a pair that is kept without support.
    pub(super) fn alone(&self, least: f64) -> f64 {
        if self.scorer.comparer.of(Variable::Household).is_some() { least - NEAR } else { least }
    }

    /// Where a pair stands that `least` is asked of, and its odds with support and alone.
    pub(super) fn judge(
        &self,
        sieve: &Sieve,
        class: u32,
        least: f64,
        ratio: impl FnOnce() -> f64,
        may_be_supported: impl FnOnce() -> bool,
    ) -> (Standing, Best) {
        let ratio = if sieve.frequency { ratio() } else { 1.0 };
        let odds = |(likelihoods, odds): (Likelihoods, f64)| {
            if sieve.frequency { self.odds(class, likelihoods, ratio) } else { odds }
        };
        let supported = odds(sieve.supported);
        if supported < least {
            return (Standing::Rest, Best { supported, ..Best::NONE });
        }
        let alone = odds(sieve.alone);
        let best = Best { alone, ..Best::NONE };
        match () {
            () if alone >= self.alone(least) => (Standing::Kept, best),
            () if may_be_supported() => (Standing::Waits, best),
            () => (Standing::Rest, best),
        }
    }

    /// Where a pair stands that `least` is asked of.
    #[must_use]
    pub fn standing(&self, sieves: &mut Sieves, pair: Pair, pattern: Pattern, least: f64) -> Standing {
        let class = self.scorer.class(pair.0, pair.1);
        let sieve = sieves.0.entry((class, pattern)).or_insert_with(|| self.sieve(class, pattern));
        let ratio = || self.scorer.ratio(pattern, pair.0);
        self.judge(sieve, class, least, ratio, || self.households.may_support(pair.0, pair.1)).0
    }
}

impl Sieves {
    /// How many pairs of each pattern are counted, sorted.
    pub(super) fn counts(&self, of: impl Fn(&Sieve) -> u64) -> PatternCounts {
        let mut counts: PatternCounts = self.0.iter().map(|(key, sieve)| (*key, of(sieve))).collect();
        counts.retain(|(_, count)| *count > 0);
        counts.sort_unstable();
        counts
    }
}
