//! Which records are the same person?
//!
//! [`link`]: block → compare → fit → score → resolve, then once more with what the first resolution says of
//! households. Takes a [`PersonTable`], gives [`Linked`].

pub mod blocking;
pub mod comparison;
pub mod model;
pub mod resolution;
pub mod scoring;

use crate::error::Result;
use crate::intake::study::Study;
use crate::person::table::PersonTable;
use crate::progress::Progress;
use blocking::{Pair, RuleReport};
use comparison::{Comparer, Pattern, Variable};
use model::frequency::NameFrequencies;
use model::{Model, em};
use resolution::Resolution;
use resolution::household::{Households, fill_support};
use scoring::{ComparedPairs, Score, Scorer};

/// Everything that linking found.
#[derive(Debug)]
pub struct Linked {
    /// Who is who.
    pub resolution: Resolution,
    /// The candidate pairs, sorted.
    pub pairs: Vec<Pair>,
    /// Pattern of each pair.
    pub patterns: Vec<Pattern>,
    /// Score of each pair.
    pub scores: Vec<Score>,
    /// The fitted model.
    pub model: Model,
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

    /// The pattern of a pair that no blocking rule gave, household support included.
    #[must_use]
    pub fn pattern_of_unblocked(&self, comparer: &Comparer<'_>, pair: Pair) -> Pattern {
        let mut pattern = [comparer.compare(pair.0, pair.1)];
        if let Some(household) = comparer.of(Variable::Household) {
            fill_support(&self.households, household, &self.resolution, &[pair], &mut pattern);
        }
        pattern[0]
    }
}

/// Links the records of a table.
///
/// # Errors
/// If the blocking rules would give more pairs than the study allows.
pub fn link(study: &Study, table: &PersonTable, comparer: &Comparer<'_>, progress: &dyn Progress) -> Result<Linked> {
    progress.begin("block", 0);
    let candidates = blocking::block(study, table, comparer)?;
    progress.finish(&format!("{} pairs", candidates.pairs.len()));
    let (slots, slot_of) = em::slots(table);
    progress.begin("compare", candidates.pairs.len() as u64);
    let mut compared = scoring::compare(comparer, slots.len(), &slot_of, candidates.pairs);
    progress.finish("");
    let names = NameFrequencies::of(table);
    let households = Households::of(table);
    let minimum = (study.linkage.link_probability / (1.0 - study.linkage.link_probability)).log2();
    progress.begin("fit and resolve", 0);
    let measured = em::measure(comparer, table, study.linkage.seed);
    let counts = em::count_patterns(&compared.classes, &compared.patterns);
    let mut model = em::fit(comparer, measured.clone(), slots.clone(), &counts);
    let mut scores = Scorer::new(comparer, table, &model, &slot_of, &names).score_all(&compared, &counts);
    let mut resolution = {
        let scorer = Scorer::new(comparer, table, &model, &slot_of, &names);
        resolution::resolve(&scorer, &compared.pairs, &scores, minimum)
    };
    if let Some(household) = comparer.of(Variable::Household) {
        fill_support(&households, household, &resolution, &compared.pairs, &mut compared.patterns);
        let counts = em::count_patterns(&compared.classes, &compared.patterns);
        model = em::fit(comparer, measured, slots, &counts);
        let scorer = Scorer::new(comparer, table, &model, &slot_of, &names);
        scores = scorer.score_all(&compared, &counts);
        resolution = resolution::resolve(&scorer, &compared.pairs, &scores, minimum);
    }
    progress.finish(&format!("{} persons", resolution.persons()));
    let ComparedPairs { pairs, patterns, .. } = compared;
    Ok(Linked { resolution, pairs, patterns, scores, model, slot_of, names, households, rules: candidates.rules })
}
