//! What did linking find?
//!
//! [`Linked`]: who is who, the pairs behind it with their scores, and the model that gave them; takes questions on
//! single pairs and on persons.

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::blocking::{Pair, RuleReport};
use super::comparison::household::Households;
use super::comparison::{Comparer, Pattern, Variable};
use super::model::em::PatternCounts;
use super::model::frequency::NameFrequencies;
use super::model::{Model, log2_odds, probability};
use super::resolution::Resolution;
use super::resolution::household::Support;
use super::resolution::rivals::{self, Level};
use super::scoring::{Score, Scorer};
use crate::person::table::{PersonTable, RecordId};

/// Everything that linking found.
#[derive(Debug)]
pub struct Linked {
    /// Who is who.
    pub resolution: Resolution,
    /// Who is who by the model alone, where clerks have decided anything.
    pub undecided: Option<Resolution>,
    /// Candidate pairs in all.
    pub candidates: u64,
    /// Pairs that no rule gave, and that were compared as their households have members in common.
    pub unblocked: u64,
    /// Patterns of the candidate pairs that could not become links or possible links, counted and let go.
    pub rest: PatternCounts,
    /// The other candidate pairs, sorted.
    pub pairs: Vec<Pair>,
    /// Pattern of each pair.
    pub patterns: Vec<Pattern>,
    /// Score of each pair.
    pub scores: Vec<Score>,
    /// What is left of pairs within persons with which rivals of the study's review probability stand level.
    pub level: Level,
    /// The fitted model.
    pub model: Model,
    /// Match probability from which on pairs hold records together.
    pub threshold: f64,
    /// Slot of each record.
    pub slot_of: Vec<u8>,
    /// How often names occur.
    pub names: NameFrequencies,
    /// Who lives with whom.
    pub households: Households,
    /// What each blocking rule brought.
    pub rules: Vec<RuleReport>,
}

impl Linked {
    /// A scorer over the same table and model, to score or explain single pairs.
    #[must_use]
    pub fn scorer<'a>(&'a self, comparer: &'a Comparer<'a>, table: &'a PersonTable) -> Scorer<'a> {
        Scorer::new(comparer, table, &self.model, &self.slot_of, &self.names)
    }

    /// The class of a pair: which slots its records are in.
    #[must_use]
    pub fn class_of(&self, pair: Pair) -> usize {
        let slot = |record: u32| self.slot_of.get(record as usize).map_or(0, |slot| usize::from(*slot));
        self.model.class(slot(pair.0), slot(pair.1))
    }

    /// Of the persons with a record of which the first holds, how likely the likeliest record of which the second holds
    /// is theirs, if linking held one apart that it had compared.
    #[must_use]
    pub fn held_apart(
        &self,
        is_own: impl Fn(RecordId) -> bool + Sync,
        is_other: impl Fn(RecordId) -> bool + Sync,
    ) -> FxHashMap<u32, f64> {
        let owner = |record: RecordId| self.resolution.person_of[record as usize];
        let raise = |mut all: FxHashMap<u32, f64>, (person, probability): (u32, f64)| {
            let known = all.entry(person).or_default();
            *known = known.max(probability);
            all
        };
        let look = |mut all: FxHashMap<u32, f64>, at: usize| {
            let ((one, other), score) = (self.pairs[at], self.scores[at]);
            for (own, other) in [(one, other), (other, one)] {
                if is_own(own) && is_other(other) && owner(own) != owner(other) {
                    all = raise(all, (owner(own), score.probability()));
                }
            }
            all
        };
        let both = |all, more: FxHashMap<u32, f64>| more.into_iter().fold(all, raise);
        (0..self.pairs.len()).into_par_iter().fold(FxHashMap::default, look).reduce(FxHashMap::default, both)
    }

    /// The kept pairs across two persons of a resolution that by themselves have at least these log2 odds: where each
    /// stands, and the log2 odds that its rivals leave it.
    #[must_use]
    pub fn beside_rivals(&self, scorer: &Scorer<'_>, resolution: &Resolution, least: f64) -> Vec<(usize, f64)> {
        let person_of = &resolution.person_of;
        let household = scorer.comparer.of(Variable::Household);
        let support = household.map(|comparison| Support { households: &self.households, comparison, person_of });
        let minimum = log2_odds(self.threshold);
        rivals::beside(scorer, (&self.pairs, &self.scores), (resolution, support), (minimum, least))
    }

    /// How sure a kept pair within a person is by itself, or what rivals leave of that who stand level with it.
    #[must_use]
    pub fn probability_within(&self, at: usize) -> f64 {
        probability(self.level.left(at, self.scores[at]))
    }

    /// The kept pairs of at least these log2 odds, those of the study's review probability, and their odds: within a
    /// person, as the model alone finds persons, by themselves or what rivals leave that stand level, and across two
    /// what their rivals leave.
    #[must_use]
    pub fn at_least(&self, scorer: &Scorer<'_>, least: f64) -> Vec<(usize, f64)> {
        let resolution = self.undecided.as_ref().unwrap_or(&self.resolution);
        let person = |record: RecordId| resolution.person_of[record as usize];
        let together = |at: &usize| person(self.pairs[*at].0) == person(self.pairs[*at].1);
        let of_undecided = |resolution| rivals::level(scorer, (&self.pairs, &self.scores), resolution, least);
        let level = self.undecided.as_ref().map_or(Cow::Borrowed(&self.level), |own| Cow::Owned(of_undecided(own)));
        let within = (0..self.pairs.len()).filter(together).map(|at| (at, level.left(at, self.scores[at])));
        let mut found: Vec<(usize, f64)> = within.chain(self.beside_rivals(scorer, resolution, least)).collect();
        found.retain(|(_, log2_odds)| *log2_odds >= least);
        found.sort_unstable_by_key(|(at, _)| *at);
        found
    }

    /// The pattern of a pair that no blocking rule gave, household support included.
    #[must_use]
    pub fn pattern_of_unblocked(&self, comparer: &Comparer<'_>, pair: Pair) -> Pattern {
        let mut pattern = comparer.compare(pair.0, pair.1);
        if let Some(household) = comparer.of(Variable::Household) {
            let person_of = &self.resolution.person_of;
            pattern = Support { households: &self.households, comparison: household, person_of }.filled(pattern, pair);
        }
        pattern
    }
}
