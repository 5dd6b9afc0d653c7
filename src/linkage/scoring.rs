//! How likely is each pair a match?
//!
//! Takes the compared pairs and the fitted [`Model`], gives a [`Score`] per pair: the weight of a pattern comes from a table,
//! one look-up per pair, adjusted by the frequency of the name (or other value) that both share.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::blocking::{CandidatePairs, Pair};
use super::comparison::level::SUPPORT_MANY;
use super::comparison::{Comparer, Comparison, Pattern, Variable};
use super::model::em::{self, PatternCounts};
use super::model::frequency::NameFrequencies;
use super::model::{Likelihoods, Model, WEIGHT_MAX, probability};
use crate::person::table::{PersonTable, RecordId, TextField};

/// The candidate pairs with their patterns, in the order of the pairs.
#[derive(Debug, Default)]
pub struct ComparedPairs {
    /// The pairs, sorted.
    pub pairs: Vec<Pair>,
    /// Class of each pair.
    pub classes: Vec<u32>,
    /// Pattern of each pair.
    pub patterns: Vec<Pattern>,
}

impl ComparedPairs {
    /// Adds sorted pairs that are not among them yet.
    pub fn add(&mut self, comparer: &Comparer<'_>, slot_of: &[u8], slots: usize, more: &[Pair]) {
        for pair in more {
            let at = self.pairs.partition_point(|other| other < pair);
            let slot = |record: RecordId| slot_of[record as usize];
            self.pairs.insert(at, *pair);
            self.classes.insert(at, em::class_of(slots, slot(pair.0), slot(pair.1)));
            self.patterns.insert(at, comparer.compare(pair.0, pair.1));
        }
    }

    /// The patterns, counted, of all but some pairs (sorted).
    #[must_use]
    pub fn counts_without(&self, left_out: &[Pair]) -> PatternCounts {
        if left_out.is_empty() {
            return em::count_patterns(&self.classes, &self.patterns);
        }
        let is_counted = |at: &usize| left_out.binary_search(&self.pairs[*at]).is_err();
        let counted: Vec<usize> = (0..self.pairs.len()).filter(is_counted).collect();
        let classes: Vec<u32> = counted.iter().map(|at| self.classes[*at]).collect();
        let patterns: Vec<Pattern> = counted.iter().map(|at| self.patterns[*at]).collect();
        em::count_patterns(&classes, &patterns)
    }
}

/// Scores single pairs or many.
#[derive(Debug)]
pub struct Scorer<'a> {
    /// The table the records are in.
    pub table: &'a PersonTable,
    /// The comparer that makes patterns.
    pub comparer: &'a Comparer<'a>,
    /// The fitted model.
    pub model: &'a Model,
    /// Slot of each record.
    pub slot_of: &'a [u8],
    names: &'a NameFrequencies,
    name_at: Option<usize>,
    /// By text field: one over the values that records have times the share of strangers who agree.
    text_scales: Vec<f64>,
    /// Records that share a value because they are one person's.
    own_records: f64,
}

/// The score of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// log2 Bayes factor of the pattern.
    pub weight: f64,
    /// log2 odds of a match: weight plus prior of the class.
    pub log2_odds: f64,
}

impl Score {
    /// Match probability.
    #[must_use]
    pub fn probability(self) -> f64 {
        probability(self.log2_odds)
    }
}

impl<'a> Scorer<'a> {
    /// A scorer for one table and model.
    #[must_use]
    pub fn new(
        comparer: &'a Comparer<'a>,
        table: &'a PersonTable,
        model: &'a Model,
        slot_of: &'a [u8],
        names: &'a NameFrequencies,
    ) -> Scorer<'a> {
        let name_at = comparer.comparisons.iter().position(|comparison| comparison.variable == Variable::Name);
        let scale = |(text, field): (usize, &TextField)| {
            let total: f64 = field.counts.iter().skip(1).map(|count| f64::from(*count)).sum();
            let variable = Variable::Text(u16::try_from(text).unwrap_or(0));
            let shares = comparer.comparisons.iter().position(|comparison| comparison.variable == variable);
            1.0 / (total.max(1.0) * shares.map_or(1.0, |at| model.shares[at].u[1]))
        };
        let text_scales = table.text_fields.iter().enumerate().map(scale).collect();
        let matches: f64 = model.classes.iter().map(|class| class.matches * class.pairs).sum();
        let own_records = (1.0 + 3.0 * matches / table.len().max(1) as f64).max(2.0);
        Scorer { table, comparer, model, slot_of, names, name_at, text_scales, own_records }
    }

    /// The class of a pair.
    #[must_use]
    pub fn class(&self, one: RecordId, other: RecordId) -> u32 {
        em::class_of(self.model.slots.len(), self.slot_of[one as usize], self.slot_of[other as usize])
    }

    /// By how much more common than the average the value is that both records share.
    #[must_use]
    pub fn ratio(&self, pattern: Pattern, one: RecordId, other: RecordId) -> f64 {
        let mut ratio = 1.0;
        if let Some(at) = self.name_at {
            let level = self.comparer.comparisons[at].level(pattern);
            if self.comparer.comparisons[at].levels[level].frequency {
                ratio *= self.names.ratio(self.table.name[one as usize]);
            }
        }
        for comparison in &self.comparer.comparisons {
            if let Variable::Text(text) = comparison.variable
                && comparison.level(pattern) == 1
                && self.comparer.weighs_frequency(text)
            {
                ratio *= self.text_ratio(usize::from(text), one, other);
            }
        }
        ratio
    }

    fn text_ratio(&self, text: usize, one: RecordId, _other: RecordId) -> f64 {
        let symbol = self.table.texts[text][one as usize] as usize;
        let count = self.table.text_fields[text].counts.get(symbol).copied().unwrap_or(0);
        let others = (f64::from(count) - self.own_records).max(0.0) + 0.5;
        (others * self.text_scales[text]).clamp(1e-4, 1e4)
    }

    /// The score of a pattern between two records.
    #[must_use]
    pub fn score(&self, pattern: Pattern, one: RecordId, other: RecordId) -> Score {
        let class = self.class(one, other) as usize;
        let weight = self.model.weight(class, self.model.likelihoods(pattern, self.ratio(pattern, one, other)));
        Score { weight, log2_odds: weight + self.model.prior_weight(class) }
    }

    /// Scores all compared pairs; `counts` are their patterns.
    #[must_use]
    pub fn score_all(&self, compared: &ComparedPairs, counts: &PatternCounts) -> Vec<Score> {
        let patterns: FxHashMap<Pattern, Likelihoods> =
            counts.iter().map(|((_, pattern), _)| (*pattern, self.model.likelihoods(*pattern, 1.0))).collect();
        let priors: Vec<f64> = (0..self.model.classes.len()).map(|class| self.model.prior_weight(class)).collect();
        (0..compared.pairs.len())
            .into_par_iter()
            .map(|at| {
                let (one, other) = compared.pairs[at];
                let pattern = compared.patterns[at];
                // Pairs that were added by decision are not counted.
                let known = patterns.get(&pattern).copied();
                let mut likelihoods = known.unwrap_or_else(|| self.model.likelihoods(pattern, 1.0));
                likelihoods.u *= self.ratio(pattern, one, other);
                let class = compared.classes[at] as usize;
                let weight = self.model.weight(class, likelihoods).clamp(-WEIGHT_MAX, WEIGHT_MAX);
                Score { weight, log2_odds: weight + priors[class] }
            })
            .collect()
    }
}

/// What comparing all candidate pairs left: those that may yet matter, and how many of the others showed what.
#[derive(Debug, Default)]
pub struct Sifted {
    /// The pairs that may reach the threshold, sorted.
    pub kept: ComparedPairs,
    /// Patterns of all other pairs, sorted.
    pub rest: PatternCounts,
    /// Of each pattern of the rest, the greatest log2 odds that one of its pairs could have had.
    best: Vec<f64>,
}

/// What is known of a pattern of a class under the model that pairs are sifted by.
#[derive(Debug, Clone, Copy)]
struct Sieve {
    likelihoods: Likelihoods,
    odds: f64,
    frequency: bool,
    count: u64,
    best: f64,
}

/// What one thread has sifted.
#[derive(Default)]
struct Sifting {
    sieves: FxHashMap<(u32, Pattern), Sieve>,
    pairs: Vec<Pair>,
    kept: Vec<(Pair, Pattern)>,
}

impl Scorer<'_> {
    /// The pattern at its best: other members of the households support it.
    fn supported(&self, pattern: Pattern) -> Pattern {
        self.comparer.of(Variable::Household).map_or(pattern, |household| household.set(pattern, SUPPORT_MANY))
    }

    fn sieve(&self, class: u32, pattern: Pattern) -> Sieve {
        let at = class as usize;
        let likelihoods = self.model.likelihoods(self.supported(pattern), 1.0);
        let odds = self.model.weight(at, likelihoods) + self.model.prior_weight(at);
        let rare = |comparison: &Comparison| {
            let level = comparison.level(pattern);
            level != 0 && comparison.levels[level].frequency
        };
        let frequency = self.comparer.comparisons.iter().any(rare);
        Sieve { likelihoods, odds, frequency, count: 0, best: f64::NEG_INFINITY }
    }

    fn sift_stretch(&self, candidates: &CandidatePairs, stretch: usize, least: f64, state: &mut Sifting) {
        candidates.pairs_of(stretch, &mut state.pairs);
        for &(one, other) in &state.pairs {
            let pattern = self.comparer.compare(one, other);
            let class = self.class(one, other);
            let sieve = state.sieves.entry((class, pattern)).or_insert_with(|| self.sieve(class, pattern));
            let mut odds = sieve.odds;
            if sieve.frequency {
                let mut likelihoods = sieve.likelihoods;
                likelihoods.u *= self.ratio(pattern, one, other);
                odds = self.model.weight(class as usize, likelihoods) + self.model.prior_weight(class as usize);
            }
            if odds >= least {
                state.kept.push(((one, other), pattern));
            } else {
                sieve.count += 1;
                sieve.best = sieve.best.max(odds);
            }
        }
    }

    /// Compares all candidate pairs and keeps those whose log2 odds could reach `least` if their households supported
    /// them. No pair is held longer than its stretch.
    #[must_use]
    pub fn sift(&self, candidates: &CandidatePairs, least: f64) -> Sifted {
        let done = (0..candidates.stretches())
            .into_par_iter()
            .fold(Sifting::default, |mut state, stretch| {
                self.sift_stretch(candidates, stretch, least, &mut state);
                state
            })
            .reduce(Sifting::default, |mut all, mut more| {
                all.kept.append(&mut more.kept);
                for (key, sieve) in more.sieves {
                    let known = all.sieves.entry(key).or_insert(Sieve { count: 0, ..sieve });
                    known.count += sieve.count;
                    known.best = known.best.max(sieve.best);
                }
                all
            });
        let mut kept = done.kept;
        kept.par_sort_unstable_by_key(|(pair, _)| *pair);
        let classes = kept.par_iter().map(|((one, other), _)| self.class(*one, *other)).collect();
        let patterns = kept.par_iter().map(|(_, pattern)| *pattern).collect();
        let pairs = kept.into_par_iter().map(|(pair, _)| pair).collect();
        let mut rest: Vec<_> = done.sieves.into_iter().filter(|(_, sieve)| sieve.count > 0).collect();
        rest.sort_unstable_by_key(|(key, _)| *key);
        Sifted {
            kept: ComparedPairs { pairs, classes, patterns },
            best: rest.iter().map(|(_, sieve)| sieve.best).collect(),
            rest: rest.into_iter().map(|(key, sieve)| (key, sieve.count)).collect(),
        }
    }

    /// Could a pair that `before` set aside reach `least` under this scorer's model?
    #[must_use]
    pub fn misses(&self, sifted: &Sifted, before: &Scorer<'_>, least: f64) -> bool {
        // What the ratio of a shared text may have fallen by, at most, since more of its records are one person's.
        let rarer = ((self.own_records - before.own_records).max(0.0) + 0.5) / 0.5;
        let texts =
            self.comparer.comparisons.iter().filter(|comparison| matches!(comparison.variable, Variable::Text(_)));
        let texts: Vec<&Comparison> = texts.collect();
        sifted.rest.iter().zip(&sifted.best).any(|(((class, pattern), _), best)| {
            let shared = texts.iter().filter(|comparison| comparison.level(*pattern) == 1).count();
            let gained = self.sieve(*class, *pattern).odds - before.sieve(*class, *pattern).odds;
            best + gained + shared as f64 * rarer.log2() >= least
        })
    }
}
