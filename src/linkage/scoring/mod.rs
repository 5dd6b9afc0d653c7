//! How likely is each pair a match?
//!
//! Takes the compared pairs and the fitted [`Model`], gives a [`Score`] per pair: the weight of a pattern comes from a
//! table, one look-up per pair, adjusted by the frequency of the name (or other value) that both share.

mod answers;
mod asking;
mod bounds;
mod first_look;
mod marks;
mod near;
mod sieve;
mod sift;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::blocking::Pair;
use super::comparison::{Comparer, Pattern, Variable, date};
use super::model::em::{self, PatternCounts};
use super::model::frequency::NameFrequencies;
use super::model::slot;
use super::model::{Likelihoods, Model, probability};
use crate::person::date::Date;
use crate::person::table::{PersonTable, RecordId, TextField};

pub use self::marks::Marks;
pub use self::sieve::{Sieves, Standing};
pub use self::sift::{Sifted, Sifter};

/// The candidate pairs with their patterns, in the order of the pairs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ComparedPairs {
    /// The pairs, sorted.
    pub pairs: Vec<Pair>,
    /// Class of each pair.
    pub classes: Vec<u32>,
    /// Pattern of each pair.
    pub patterns: Vec<Pattern>,
}

impl ComparedPairs {
    /// Adds sorted pairs that are not among them yet, with their class and pattern.
    pub fn add(&mut self, more: &[(Pair, u32, Pattern)]) {
        if more.is_empty() {
            return;
        }
        let places: Vec<usize> = more.iter().map(|(pair, ..)| self.pairs.partition_point(|own| own < pair)).collect();
        insert(&mut self.pairs, &places, |at| more[at].0);
        insert(&mut self.classes, &places, |at| more[at].1);
        insert(&mut self.patterns, &places, |at| more[at].2);
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

/// Inserts values before the places named, which ascend.
fn insert<T: Copy>(list: &mut Vec<T>, places: &[usize], value: impl Fn(usize) -> T) {
    let mut longer = Vec::with_capacity(list.len() + places.len());
    let mut done = 0;
    for (at, place) in places.iter().enumerate() {
        longer.extend_from_slice(&list[done..*place]);
        longer.push(value(at));
        done = *place;
    }
    longer.extend_from_slice(&list[done..]);
    *list = longer;
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
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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

/// Records of one person share its values without strangers meeting. Each expected match of a record counts so often,
/// since whoever has many records has them all at once; and two of them are always possible. Judgements.
const OWN_MATCHES: f64 = 3.0;
const OWN_RECORDS_MIN: f64 = 2.0;

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
        let own_records = (1.0 + OWN_MATCHES * matches / table.len().max(1) as f64).max(OWN_RECORDS_MIN);
        Scorer { table, comparer, model, slot_of, names, name_at, text_scales, own_records }
    }

    /// The class of a pair.
    #[must_use]
    pub fn class(&self, one: RecordId, other: RecordId) -> u32 {
        slot::class_of(self.model.slots.len(), self.slot_of[one as usize], self.slot_of[other as usize])
    }

    /// By how much more common than the average the value is that both records share.
    #[must_use]
    pub fn ratio(&self, pattern: Pattern, one: RecordId) -> f64 {
        let of_name = || self.names.ratio(self.table.name[one as usize]);
        self.ratio_by(pattern, one, of_name, |text| self.records_of_text(text, one))
    }

    /// Like [`ratio`](Self::ratio), where the ratio of the name alone is known, and how many records say the same in a
    /// text field.
    fn ratio_by(
        &self,
        pattern: Pattern,
        one: RecordId,
        of_name: impl FnOnce() -> f64,
        records: impl Fn(u16) -> u32,
    ) -> f64 {
        let mut ratio = 1.0;
        self.each_ratio(pattern, one, (of_name, records), |_, of_comparison| ratio *= of_comparison);
        ratio
    }

    /// Like [`ratio`](Self::ratio), for each comparison by itself.
    #[must_use]
    pub fn ratios(&self, pattern: Pattern, one: RecordId) -> Vec<f64> {
        let mut ratios = vec![1.0; self.comparer.comparisons.len()];
        let of_name = || self.names.ratio(self.table.name[one as usize]);
        let records = |text| self.records_of_text(text, one);
        self.each_ratio(pattern, one, (of_name, records), |at, ratio| ratios[at] = ratio);
        ratios
    }

    /// Gives the ratios of the comparisons whose shared values are weighed by how rare they are.
    #[inline]
    fn each_ratio(
        &self,
        pattern: Pattern,
        one: RecordId,
        (of_name, records): (impl FnOnce() -> f64, impl Fn(u16) -> u32),
        mut give: impl FnMut(usize, f64),
    ) {
        if let Some(at) = self.name_at {
            let level = self.comparer.comparisons[at].level(pattern);
            if self.comparer.comparisons[at].levels[level].frequency {
                give(at, of_name());
            }
        }
        for (at, comparison) in self.comparer.comparisons.iter().enumerate() {
            if comparison.variable == Variable::BirthDate {
                let level = comparison.level(pattern);
                if comparison.levels[level].frequency {
                    give(at, self.day_ratio(at, self.table.birth[one as usize]));
                }
            }
            if let Variable::Text(text) = comparison.variable
                && comparison.level(pattern) == 1
                && self.comparer.weighs_frequency(text)
                && !self.model.is_implied(at, pattern)
            {
                give(at, self.ratio_of_records(usize::from(text), records(text)));
            }
        }
    }

    fn day_ratio(&self, at: usize, date: Date) -> f64 {
        let share = self.names.share_of_day(date, self.own_records);
        (share / self.model.shares[at].u[usize::from(date::EQUAL)]).clamp(1e-4, 1e4)
    }

    /// The bits that sharing the rarest day of birth adds at most.
    fn rarest_day(&self, at: usize) -> f64 {
        let is_weighed = self.comparer.comparisons[at].levels.iter().any(|level| level.frequency);
        if is_weighed { -self.day_ratio(at, Date::NONE).log2().min(0.0) } else { 0.0 }
    }

    /// How many records say the same as this one in a text field.
    fn records_of_text(&self, text: u16, record: RecordId) -> u32 {
        let text = usize::from(text);
        let symbol = self.table.texts.get(record, text) as usize;
        self.table.text_fields[text].counts.get(symbol).copied().unwrap_or(0)
    }

    /// The ratio of a text that so many records have.
    fn ratio_of_records(&self, text: usize, count: u32) -> f64 {
        let others = (f64::from(count) - self.own_records).max(0.0) + 0.5;
        (others * self.text_scales[text]).clamp(1e-4, 1e4)
    }

    /// The score of a pattern between two records.
    #[must_use]
    pub fn score(&self, pattern: Pattern, one: RecordId, other: RecordId) -> Score {
        let class = self.class(one, other) as usize;
        let weight = self.model.weight(class, self.model.likelihoods_in(class, pattern, self.ratio(pattern, one)));
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
                let (one, _) = compared.pairs[at];
                let (class, pattern) = (compared.classes[at] as usize, compared.patterns[at]);
                if self.model.is_left_over(class, pattern) {
                    return self.score(pattern, one, compared.pairs[at].1);
                }
                // Pairs that were added by decision are not counted.
                let known = patterns.get(&pattern).copied();
                let mut likelihoods = known.unwrap_or_else(|| self.model.likelihoods(pattern, 1.0));
                likelihoods.u *= self.ratio(pattern, one);
                let weight = self.model.weight(class, likelihoods);
                Score { weight, log2_odds: weight + priors[class] }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::intake::study;
    use crate::linkage;
    use crate::linkage::comparison::Comparer;
    use crate::linkage::decided::Decided;
    use crate::person::practice::table_of;
    use crate::progress::Silent;
    use crate::synthetic::{self, Plan};

    #[test]
    fn a_pair_weighs_the_same_alone_as_among_all() {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan { persons: 1_200, seed: 5, errors: 2.0, uneven: 0.0, progress: &Silent };
        let study = study::file::read(&synthetic::write_district(folder.path(), &plan).unwrap().study).unwrap();
        let table = table_of(&study);
        let comparer = Comparer::new(&study, &table);
        let linked = linkage::link(&study, &table, &comparer, &Decided::default(), || {}, &Silent).unwrap();
        let scorer = linked.scorer(&comparer, &table);
        assert!(linked.pairs.len() > 3_000);
        for ((pair, pattern), score) in linked.pairs.iter().zip(&linked.patterns).zip(&linked.scores) {
            assert_eq!(scorer.score(*pattern, pair.0, pair.1), *score, "to the last bit");
        }
    }
}
