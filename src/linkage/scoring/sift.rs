//! Which candidate pairs may yet matter?
//!
//! Takes the [`CandidatePairs`], gives what [`Sifted`] holds: the pairs that could reach the threshold, and how many of
//! the others showed which pattern. A pair is asked first what settles most for least; as soon as nothing that is still
//! open could lift it to the threshold, it is let go (Fagin, Lotem and Naor 2003 call it a threshold algorithm). Where
//! there are many, such hopeless pairs are counted by a sample: they only tell the fit what pairs of strangers and
//! relatives look like. No pair that could become a link is ever decided by a sample.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{ComparedPairs, Scorer};
use crate::linkage::blocking::{CandidatePairs, Pair};
use crate::linkage::comparison::level::{MISSING, SUPPORT_MANY};
use crate::linkage::comparison::{Comparison, Pattern, UNSETTLED, Variable};
use crate::linkage::model::em::PatternCounts;
use crate::linkage::model::{Likelihoods, Model};
use crate::person::table::RecordId;

/// Up to so many candidate pairs, every one is compared in full.
const COMPARED_IN_FULL: u64 = 4_000_000;

/// Of hopeless pairs beyond that, one in so many is compared in full and counts for all of them.
const SAMPLED: u64 = 64;

/// The level, in a partial pattern, of a comparison that was not made.
const UNKNOWN: u8 = 15;

/// What comparing all candidate pairs left: those that may yet matter, and how many of the others showed what.
#[derive(Debug, Default)]
pub struct Sifted {
    /// The pairs that may reach the threshold, sorted.
    pub kept: ComparedPairs,
    /// Patterns of all other pairs, sorted; of many pairs, as a sample tells.
    pub rest: PatternCounts,
    /// Candidate pairs, each counted once.
    pub pairs: u64,
    /// By rule, the pairs that its blocks were the first to give.
    pub new_pairs: Vec<u64>,
    /// Of each pattern of the rest, the greatest log2 odds that one of its pairs could have had.
    best: Vec<f64>,
    /// Partial patterns of pairs that were let go, with the greatest part that the rarity of values had in their odds.
    hopeless: Vec<((u32, Pattern), f64)>,
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
    hopeless: FxHashMap<(u32, Pattern), f64>,
    kept: Vec<(Pair, Pattern)>,
    pairs: u64,
    new_pairs: Vec<u64>,
}

/// What each level of each comparison weighs at most, in bits, between pairs that are no relatives.
struct Bounds {
    /// In the order of asking.
    steps: Vec<Step>,
    /// By class: log2 odds before anything is asked.
    priors: Vec<f64>,
    /// log2 of the shares of matches that live where they lived, and of those that do not.
    stayed: f64,
    moved: f64,
}

struct Step {
    variable: Variable,
    shift: u32,
    /// By level; of [`UNSETTLED`], the best of two different texts; of [`UNKNOWN`], the best of all.
    weights: [f64; 16],
    /// Is it a part of where a person lives?
    place: bool,
    /// Best of all later steps together: parts of the place, and all others.
    open_place: f64,
    open: f64,
    /// Bits of the levels at which rarity counts.
    rare: u16,
    /// By symbol, the bits that its rarity adds.
    rarity: Vec<f32>,
}

impl Bounds {
    fn of(scorer: &Scorer<'_>, rarity: bool) -> Bounds {
        let model = scorer.model;
        let mut steps: Vec<(f64, Step)> = Vec::new();
        for (comparison, shares) in scorer.comparer.comparisons.iter().zip(&model.shares) {
            let levels = scorer.comparer.usual_levels(comparison);
            let bits = |level: usize| match level {
                0 => 0.0,
                level => (shares.m[level].max(1e-300) / shares.u[level].max(1e-300)).log2(),
            };
            let best = |levels: std::ops::Range<usize>| levels.map(bits).fold(f64::NEG_INFINITY, f64::max);
            let mut weights = [0.0; 16];
            weights.iter_mut().enumerate().take(levels).for_each(|(level, weight)| *weight = bits(level));
            weights[usize::from(UNSETTLED)] = best(2..levels);
            weights[usize::from(UNKNOWN)] = best(0..levels);
            let expected: f64 = (1..levels).map(|level| shares.u[level] * weights[level]).sum();
            let mut settles = weights[usize::from(UNKNOWN)] - expected;
            if comparison.variable == Variable::Household {
                // Not known before households are.
                weights[0] = weights[usize::from(UNKNOWN)];
                settles = 0.0;
            }
            let rarity = match comparison.variable {
                Variable::Text(text) if rarity && scorer.comparer.weighs_frequency(text) => scorer.rarity(text),
                Variable::Name if rarity => scorer.name_rarity(),
                _ => Vec::new(),
            };
            let rare = comparison.levels.iter().enumerate().filter(|(_, level)| level.frequency);
            let rare = rare.fold(0u16, |rare, (level, _)| rare | 1 << level);
            let (variable, shift, place) = (comparison.variable, comparison.shift, comparison.place);
            steps.push((settles, Step { variable, shift, weights, place, open_place: 0.0, open: 0.0, rare, rarity }));
        }
        // What the numbers say must be known before birth date and sex are asked.
        let is_id = |step: &Step| step.variable == Variable::IdNumber;
        steps.sort_by(|(a, one), (b, other)| is_id(other).cmp(&is_id(one)).then(b.total_cmp(a)));
        let (mut open, mut open_place) = (0.0, 0.0);
        let mut steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
        for step in steps.iter_mut().rev() {
            (step.open, step.open_place) = (open, open_place);
            let rarest = step.rarity.iter().copied().fold(0.0, f32::max);
            open += f64::from(rarest);
            *(if step.place { &mut open_place } else { &mut open }) += step.weights[usize::from(UNKNOWN)];
        }
        let prior = |class: usize| model.prior_weight(class) - strangers(model, class).log2();
        let priors = (0..model.classes.len()).map(prior).collect();
        Bounds { priors, steps, stayed: model.stay.log2(), moved: (1.0 - model.stay).log2() }
    }

    /// The most that parts of a place can weigh which sum to so many bits: who has moved agrees as strangers do. The sum
    /// of two shares is at most twice the greater.
    fn place(&self, bits: f64) -> f64 {
        if self.stayed == 0.0 { bits } else { (bits + self.stayed).max(self.moved) + 1.0 }
    }

    /// The most that a pair with this partial pattern can reach, but for the rarity of its values.
    fn most(&self, class: u32, partial: Pattern) -> f64 {
        let weight = |step: &Step| step.weights[(partial >> step.shift & 15) as usize];
        let of = |place: bool| self.steps.iter().filter(|step| step.place == place).map(weight).sum::<f64>();
        self.priors[class as usize] + of(false) + self.place(of(true))
    }
}

/// Share of strangers among the pairs of a class that are no matches.
fn strangers(model: &Model, class: usize) -> f64 {
    let class = &model.classes[class];
    1.0 - class.relatives / (1.0 - class.matches).max(1e-12)
}

/// Is this pair in the sample of the hopeless ones?
fn is_sampled(one: RecordId, other: RecordId) -> bool {
    let mixed = (u64::from(one) << 32 | u64::from(other)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed >> 40 & (SAMPLED - 1) == 0
}

impl Scorer<'_> {
    /// The pattern at its best: other members of the households support it.
    fn supported(&self, pattern: Pattern) -> Pattern {
        self.comparer.of(Variable::Household).map_or(pattern, |household| household.set(pattern, SUPPORT_MANY))
    }

    /// By symbol of a text field, the bits that sharing this value rather than the average one adds.
    fn rarity(&self, text: u16) -> Vec<f32> {
        let symbols = self.table.text_fields[usize::from(text)].counts.len();
        (0..symbols).into_par_iter().map(|symbol| -self.text_ratio(usize::from(text), symbol).log2() as f32).collect()
    }

    fn name_rarity(&self) -> Vec<f32> {
        let symbols = 0..u32::try_from(self.table.names.counts.len()).unwrap_or(u32::MAX);
        symbols.map(|symbol| -self.names.ratio(symbol).log2() as f32).collect()
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

    /// The partial pattern of a pair that cannot reach `least`, and what rarity adds to it; `None` if it may.
    fn hopeless(&self, bounds: &Bounds, class: u32, pair: Pair, least: f64) -> Option<(Pattern, f64)> {
        let mut odds = bounds.priors[class as usize];
        let (mut rare, mut place) = (0.0, 0.0);
        let mut partial = Pattern::MAX;
        let mut id_level = MISSING;
        for step in &bounds.steps {
            let level = match step.variable {
                Variable::Text(text) => self.comparer.settle_text(text, pair.0, pair.1),
                variable => self.comparer.level(variable, pair.0, pair.1, &mut id_level),
            };
            partial ^= Pattern::from(UNKNOWN ^ level) << step.shift;
            *(if step.place { &mut place } else { &mut odds }) += step.weights[usize::from(level)];
            if step.rare >> level & 1 != 0 && !step.rarity.is_empty() {
                let symbol = match step.variable {
                    Variable::Text(text) => self.table.texts[usize::from(text)][pair.0 as usize],
                    _ => self.table.name[pair.0 as usize],
                };
                rare += f64::from(step.rarity[symbol as usize]);
            }
            if odds + rare + step.open + bounds.place(place + step.open_place) < least {
                // Names in each other's column are seen only where the texts are looked at.
                return (!self.comparer.may_be_crossed(pair.0, pair.1)).then_some((partial, rare));
            }
        }
        None
    }

    /// Compares a pair in full; it counts for `weight` pairs if it is let go.
    fn sift_pair(&self, class: u32, pair: Pair, weight: u64, least: f64, state: &mut Sifting) {
        let pattern = self.comparer.compare(pair.0, pair.1);
        let sieve = state.sieves.entry((class, pattern)).or_insert_with(|| self.sieve(class, pattern));
        let mut odds = sieve.odds;
        if sieve.frequency {
            let mut likelihoods = sieve.likelihoods;
            likelihoods.u *= self.ratio(pattern, pair.0);
            odds = self.model.weight(class as usize, likelihoods) + self.model.prior_weight(class as usize);
        }
        if odds >= least {
            state.kept.push((pair, pattern));
        } else {
            sieve.count += weight;
            sieve.best = sieve.best.max(odds);
        }
    }

    fn sift_stretch(
        &self,
        candidates: &CandidatePairs,
        stretch: usize,
        bounds: Option<&Bounds>,
        least: f64,
        state: &mut Sifting,
    ) {
        let before = state.pairs;
        candidates.each_row(stretch, |one, others| {
            state.pairs += others.len() as u64;
            for &other in others {
                let class = self.class(one, other);
                let hopeless = bounds.and_then(|bounds| self.hopeless(bounds, class, (one, other), least));
                match hopeless {
                    None => self.sift_pair(class, (one, other), 1, least, state),
                    Some((partial, rare)) => {
                        let most = state.hopeless.entry((class, partial)).or_insert(rare);
                        *most = most.max(rare);
                        if is_sampled(one, other) {
                            self.sift_pair(class, (one, other), SAMPLED, least, state);
                        }
                    }
                }
            }
        });
        if let Some(rule) = candidates.rule_of(stretch) {
            state.new_pairs.resize(candidates.rules.len(), 0);
            state.new_pairs[rule] += state.pairs - before;
        }
    }

    /// Compares all candidate pairs and keeps those whose log2 odds could reach `least` if their households supported
    /// them. No pair is held longer than its stretch.
    #[must_use]
    pub fn sift(&self, candidates: &CandidatePairs, least: f64) -> Sifted {
        self.sift_with(candidates, least, candidates.pairs_at_most() > COMPARED_IN_FULL)
    }

    fn sift_with(&self, candidates: &CandidatePairs, least: f64, sampled: bool) -> Sifted {
        let levels = |comparison: &Comparison| comparison.levels.len() <= usize::from(UNSETTLED);
        let bounded = sampled && self.comparer.comparisons.iter().all(levels);
        let bounds = bounded.then(|| Bounds::of(self, true));
        let done = (0..candidates.stretches())
            .into_par_iter()
            .fold(Sifting::default, |mut state, stretch| {
                self.sift_stretch(candidates, stretch, bounds.as_ref(), least, &mut state);
                state
            })
            .reduce(Sifting::default, Sifting::and);
        let mut kept = done.kept;
        kept.par_sort_unstable_by_key(|(pair, _)| *pair);
        let classes = kept.par_iter().map(|((one, other), _)| self.class(*one, *other)).collect();
        let patterns = kept.par_iter().map(|(_, pattern)| *pattern).collect();
        let pairs = kept.into_par_iter().map(|(pair, _)| pair).collect();
        let mut rest: Vec<_> = done.sieves.into_iter().filter(|(_, sieve)| sieve.count > 0).collect();
        rest.sort_unstable_by_key(|(key, _)| *key);
        let mut new_pairs = done.new_pairs;
        new_pairs.resize(candidates.rules.len(), 0);
        Sifted {
            kept: ComparedPairs { pairs, classes, patterns },
            best: rest.iter().map(|(_, sieve)| sieve.best).collect(),
            rest: rest.into_iter().map(|(key, sieve)| (key, sieve.count)).collect(),
            pairs: done.pairs,
            new_pairs,
            hopeless: done.hopeless.into_iter().collect(),
        }
    }

    /// Could a pair that `before` set aside reach `least` under this scorer's model?
    #[must_use]
    pub fn misses(&self, sifted: &Sifted, before: &Scorer<'_>, least: f64) -> bool {
        // What the ratio of a shared text may have fallen by, at most, since more of its records are one person's.
        let rarer = (((self.own_records - before.own_records).max(0.0) + 0.5) / 0.5).log2();
        let is_text = |comparison: &&Comparison| matches!(comparison.variable, Variable::Text(_));
        let texts: Vec<&Comparison> = self.comparer.comparisons.iter().filter(is_text).collect();
        let shared = |pattern: Pattern| texts.iter().filter(|comparison| comparison.level(pattern) == 1).count() as f64;
        let lifted = sifted.rest.iter().zip(&sifted.best).any(|(((class, pattern), _), best)| {
            let gained = self.sieve(*class, *pattern).odds - before.sieve(*class, *pattern).odds;
            best + gained + shared(*pattern) * rarer >= least
        });
        let bounds = Bounds::of(self, false);
        let hopeful = |((class, partial), rare): &((u32, Pattern), f64)| {
            bounds.most(*class, *partial) + rare + shared(*partial) * rarer >= least
        };
        lifted || sifted.hopeless.iter().any(hopeful)
    }
}

impl Sifting {
    fn and(mut self, mut more: Sifting) -> Sifting {
        self.kept.append(&mut more.kept);
        for (key, sieve) in more.sieves {
            let known = self.sieves.entry(key).or_insert(Sieve { count: 0, ..sieve });
            known.count += sieve.count;
            known.best = known.best.max(sieve.best);
        }
        for (key, rare) in more.hopeless {
            let most = self.hopeless.entry(key).or_insert(rare);
            *most = most.max(rare);
        }
        self.pairs += more.pairs;
        let rules = self.new_pairs.len().max(more.new_pairs.len());
        self.new_pairs.resize(rules, 0);
        self.new_pairs.iter_mut().zip(&more.new_pairs).for_each(|(all, new)| *all += new);
        self
    }
}
