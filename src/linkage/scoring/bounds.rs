//! What is the highest weight a pair can still reach before all its fields are compared?
//!
//! Takes the model that pairs are sifted by, gives [`Bounds`]: the comparisons in the order of asking (first the one
//! that settles most), and for each the highest weight of its levels and the most that all later comparisons could
//! still add.

use super::Scorer;
use super::answers::UNKNOWN;
use crate::intake::study::Field;
use crate::linkage::comparison::{LEVEL_MASK, LEVELS, Pattern, TextValue, UNSETTLED, Variable};
use crate::linkage::model::Model;
use crate::person::lexicon::Symbol;

/// What each level of each comparison weighs at most, in bits, between pairs that are no relatives. What households say
/// is not among the steps: it is not known yet.
pub(super) struct Bounds {
    /// In the order of asking.
    pub(super) steps: Vec<Step>,
    /// By class: log2 odds before anything is asked.
    pub(super) priors: Vec<f64>,
    /// The bits of a pattern that comparisons have.
    pub(super) compared: Pattern,
    /// The most that the support of households adds.
    pub(super) support: f32,
    /// log2 of the shares of matches that live where they lived, and of those that do not.
    stayed: f64,
    moved: f64,
}

pub(super) struct Step {
    pub(super) variable: Variable,
    pub(super) shift: u32,
    /// By level; of [`UNSETTLED`], the best of two different texts; of [`UNKNOWN`], the best of all.
    pub(super) weights: [f64; LEVELS],
    /// What the level weighs that weighs least.
    lowest: f64,
    /// Is it a part of where a person lives?
    pub(super) place: bool,
    /// Best of all later steps together: parts of the place, and all others.
    pub(super) open_place: f64,
    pub(super) open: f64,
    /// Bits of the levels at which rarity counts.
    pub(super) rare: u16,
    /// The bits that the rarity of a value adds.
    pub(super) rarity: Rarity,
    /// A value adds no less than this, however common it is.
    least_rare: f32,
}

/// The bits that the rarity of a value adds to a pair which shares it.
pub(super) enum Rarity {
    /// It does not count.
    None,
    /// By the number of records that have a text, of those that not many have.
    OfTexts(Vec<f32>),
    /// It is that of a name.
    OfNames,
}

/// Texts of fewer records than this have their rarity in a table.
const FEW: u32 = 1 << 12;

impl Bounds {
    /// With the rarity of values or without; of pairs that are known to share some fields, which are asked about last.
    pub(super) fn of(scorer: &Scorer<'_>, rarity: bool, shared: &[Field]) -> Bounds {
        let model = scorer.model;
        let mut steps: Vec<(f64, Step)> = Vec::new();
        let mut support = 0.0;
        for (at, (comparison, shares)) in scorer.comparer.comparisons.iter().zip(&model.shares).enumerate() {
            let levels = scorer.comparer.usual_levels(comparison);
            let bits = |level: usize| match level {
                0 => 0.0,
                level => (shares.m[level].max(1e-300) / shares.least_u(level).max(1e-300)).log2(),
            };
            let best = |levels: std::ops::Range<usize>| levels.map(bits).fold(f64::NEG_INFINITY, f64::max);
            if comparison.variable == Variable::Household {
                support = best(0..levels) as f32;
                continue;
            }
            if comparison.variable == Variable::Housemates {
                // Found long after; the slack has room for it.
                continue;
            }
            let mut weights = [0.0; LEVELS];
            weights.iter_mut().enumerate().take(levels).for_each(|(level, weight)| *weight = bits(level));
            let rarest = if comparison.variable == Variable::BirthDate { scorer.rarest_day(at) } else { 0.0 };
            weights.iter_mut().zip(&comparison.levels).filter(|(_, level)| level.frequency).for_each(|(weight, _)| {
                *weight += rarest;
            });
            weights[usize::from(UNSETTLED)] = best(2..levels);
            weights[usize::from(UNKNOWN)] = best(0..levels).max(weights[1]);
            let expected: f64 = (1..levels).map(|level| shares.u[level] * weights[level]).sum();
            let settles = weights[usize::from(UNKNOWN)] - expected;
            let rarity = match comparison.variable {
                Variable::Text(text) if rarity && scorer.comparer.weighs_frequency(text) => {
                    Rarity::OfTexts((0..FEW).map(|records| scorer.rarity(text, records)).collect())
                }
                Variable::Name if rarity => Rarity::OfNames,
                _ => Rarity::None,
            };
            // Of two values that go together only the one counts: a common one that does not count takes nothing away.
            let least_rare = if model.is_told(at) { 0.0 } else { f32::NEG_INFINITY };
            let rare = comparison.levels.iter().enumerate().filter(|(_, level)| level.frequency);
            let rare = rare.fold(0u16, |rare, (level, _)| rare | 1 << level);
            let (variable, shift, place) = (comparison.variable, comparison.shift, comparison.place);
            let (open_place, open) = (0.0, 0.0);
            let lowest = (0..levels).map(bits).fold(0.0, f64::min);
            let step = Step { variable, shift, weights, lowest, place, open_place, open, rare, rarity, least_rare };
            steps.push((settles, step));
        }
        // What the numbers say must be known before birth date and sex are asked.
        let is_id = |step: &Step| step.variable == Variable::IdNumber;
        let is_shared = |step: &Step| match step.variable {
            Variable::Text(text) => shared.contains(&scorer.table.text_fields[usize::from(text)].field),
            _ => false,
        };
        steps.sort_by(|(a, one), (b, other)| {
            is_id(other).cmp(&is_id(one)).then(is_shared(one).cmp(&is_shared(other))).then(b.total_cmp(a))
        });
        let (mut open, mut open_place) = (0.0, 0.0);
        let mut steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
        for step in steps.iter_mut().rev() {
            (step.open, step.open_place) = (open, open_place);
            *(if step.place { &mut open_place } else { &mut open }) += step.weights[usize::from(UNKNOWN)];
        }
        let prior = |class: usize| model.prior_weight(class) - strangers(model, class).log2();
        let compared = steps.iter().fold(0, |bits, step| bits | LEVEL_MASK << step.shift);
        let priors = (0..model.classes.len()).map(prior).collect();
        let (stayed, moved) = (model.stay.log2(), (1.0 - model.stay).log2());
        Bounds { steps, priors, compared, support, stayed, moved }
    }

    /// The most that parts of a place can weigh which sum to so many bits: who has moved agrees as strangers do. The
    /// sum of two shares is at most twice the greater.
    pub(super) fn place(&self, bits: f64) -> f64 {
        if self.stayed == 0.0 { bits } else { (bits + self.stayed).max(self.moved) + 1.0 }
    }

    /// The bits that rarity must add for a pair to have `least` which has so many without it at best.
    pub(super) fn needed(&self, least: f64, odds: f64, place: f64) -> f32 {
        // So much more than the rounding of a sum.
        (least - 1e-3 - odds - self.place(place)) as f32
    }

    /// How many of the first steps all pairs may as well be asked in one go: after fewer, none is hopeless whose values
    /// are no rarer than the average.
    pub(super) fn together(&self, least: f64) -> usize {
        let mut odds = self.priors.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut place = 0.0;
        let is_hopeless = |step: &Step| {
            *(if step.place { &mut place } else { &mut odds }) += step.lowest;
            self.needed(least, odds + step.open, place + step.open_place) > 0.0
        };
        self.steps.iter().position(is_hopeless).map_or(1, |at| at + 1)
    }

    /// The most that a pair with this partial pattern can reach, but for the rarity of its values and for support.
    pub(super) fn most(&self, class: u32, partial: Pattern) -> f64 {
        let (odds, place) = self.sums(partial);
        self.priors[class as usize] + odds + self.place(place)
    }

    /// The most that the parts of the place, and all else, can weigh of a pair with this partial pattern: first all
    /// else.
    pub(super) fn sums(&self, partial: Pattern) -> (f64, f64) {
        let weight = |step: &Step| step.weights[(partial >> step.shift & LEVEL_MASK) as usize];
        let of = |place: bool| self.steps.iter().filter(|step| step.place == place).map(weight).sum::<f64>();
        (of(false), of(true))
    }
}

impl Step {
    /// The bits that a pair which shares this text has of its rarity.
    #[inline]
    pub(super) fn rarity_of_text(&self, text: u16, value: &TextValue, scorer: &Scorer<'_>) -> f32 {
        let Rarity::OfTexts(few) = &self.rarity else { return 0.0 };
        let records = scorer.comparer.records_of(text, value);
        let bits = few.get(records as usize).copied().unwrap_or_else(|| scorer.rarity(text, records));
        bits.max(self.least_rare)
    }

    /// The bits that a pair which shares this name has of its rarity.
    pub(super) fn rarity_of_name(&self, name: Symbol, scorer: &Scorer<'_>) -> f32 {
        let Rarity::OfNames = &self.rarity else { return 0.0 };
        (-scorer.names.ratio(name).log2() as f32).max(self.least_rare)
    }

    pub(super) fn weighs_rarity(&self) -> bool {
        !matches!(self.rarity, Rarity::None)
    }
}

/// Share of strangers among the pairs of a class that are no matches.
fn strangers(model: &Model, class: usize) -> f64 {
    let class = &model.classes[class];
    1.0 - class.relatives / (1.0 - class.matches).max(1e-12)
}

impl Scorer<'_> {
    /// The bits that sharing a text which so many records have adds, rather than the average one.
    fn rarity(&self, text: u16, records: u32) -> f32 {
        -self.ratio_of_records(usize::from(text), records).log2() as f32
    }
}
