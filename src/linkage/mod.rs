//! Which records are the same person?
//!
//! [`link`]: block → compare → fit → score → resolve, then once more with what the first resolution says of
//! households. Takes a [`PersonTable`], gives [`Linked`].

pub mod blocking;
pub mod comparison;
pub mod decided;
pub mod kept;
pub mod lesson;
pub mod model;
pub mod resolution;
pub mod scoring;
pub mod threshold;

use crate::error::Result;
use crate::intake::study::Study;
use crate::person::table::PersonTable;
use crate::progress::Progress;
use blocking::{Pair, RuleReport};
use comparison::{Comparer, Pattern, Variable};
use decided::Decided;
use model::em::PatternCounts;
use model::frequency::NameFrequencies;
use model::{Model, Shares, em};
use resolution::Resolution;
use resolution::household::{Households, fill_support};
use resolution::left_over;
use scoring::{ComparedPairs, Score, Scorer, Sifted};

/// Everything that linking found.
#[derive(Debug)]
pub struct Linked {
    /// Who is who.
    pub resolution: Resolution,
    /// Who is who by the model alone, where clerks have decided anything.
    pub undecided: Option<Resolution>,
    /// Candidate pairs in all.
    pub candidates: u64,
    /// Patterns of the candidate pairs that could not become links or possible links, counted and let go.
    pub rest: PatternCounts,
    /// The other candidate pairs, sorted.
    pub pairs: Vec<Pair>,
    /// Pattern of each pair.
    pub patterns: Vec<Pattern>,
    /// Score of each pair.
    pub scores: Vec<Score>,
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
pub fn link(
    study: &Study,
    table: &PersonTable,
    comparer: &Comparer<'_>,
    decided: &Decided,
    progress: &dyn Progress,
) -> Result<Linked> {
    progress.begin("block", 0);
    let (candidates, beside) =
        rayon::join(|| blocking::block(study, table, comparer), || beside_blocks(study, table, comparer));
    let (candidates, (names, households, measured)) = (candidates?, beside);
    progress.finish(&format!("{} rules", candidates.rules.len()));
    let (slots, slot_of) = em::slots(table);
    progress.begin("compare", candidates.pairs_at_most());
    let review = log2_odds(study.linkage.review_probability);
    let mut reference = em::expected(comparer, measured.clone(), slots.clone());
    let mut slack = SLACK;
    if let Some(counts) = Scorer::new(comparer, table, &reference, &slot_of, &names).glance(&candidates) {
        // Where there are many pairs, a sample of them says beforehand what the fit will be like.
        reference = em::fit(comparer, measured.clone(), slots.clone(), &counts);
        slack = if table.text_fields.is_empty() { SLACK_FITTED } else { SLACK_ASKED };
    }
    let mut sifted = Scorer::new(comparer, table, &reference, &slot_of, &names).sift(&candidates, review - slack);
    let mut counts = em::add_counts(&sifted.rest, &em::count_patterns(&sifted.kept.classes, &sifted.kept.patterns));
    let mut model = em::fit(comparer, measured.clone(), slots.clone(), &counts);
    let misses = {
        let before = Scorer::new(comparer, table, &reference, &slot_of, &names);
        Scorer::new(comparer, table, &model, &slot_of, &names).misses(&sifted, &before, review)
    };
    tracing::debug!(kept = sifted.kept.pairs.len(), again = misses, "sifted");
    if misses {
        // The fit went further from what was expected than the slack allows: once more, by what was fitted.
        reference = model;
        sifted = Scorer::new(comparer, table, &reference, &slot_of, &names).sift(&candidates, review - SLACK_FITTED);
        counts = em::add_counts(&sifted.rest, &em::count_patterns(&sifted.kept.classes, &sifted.kept.patterns));
        model = em::fit(comparer, measured.clone(), slots.clone(), &counts);
    }
    // The blocks have served: their memory is needed for what follows.
    let mut rules = candidates.into_rules();
    let Sifted { kept: mut compared, rest, pairs: candidates, new_pairs, .. } = sifted;
    rules.iter_mut().zip(new_pairs).for_each(|(rule, new)| rule.new_pairs += new);
    progress.finish(&format!("{} of {candidates} pairs may matter", compared.pairs.len()));
    let added = decided.missing_from(&compared.pairs);
    compared.add(comparer, &slot_of, slots.len(), &added);
    progress.begin("fit and resolve", 0);
    let mut scores = Scorer::new(comparer, table, &model, &slot_of, &names).score_all(&compared, &counts);
    let resolve = |scorer: &Scorer<'_>, pairs: &[Pair], scores: &[Score]| {
        let imposed = decided.imposed(pairs, scores);
        resolution::resolve(scorer, pairs, imposed.as_deref().unwrap_or(scores), threshold::minimum(study, scores))
    };
    let alone = |scorer: &Scorer<'_>, pairs: &[Pair], scores: &[Score]| {
        resolution::resolve(scorer, pairs, scores, threshold::minimum(study, scores))
    };
    let mut resolution = {
        let scorer = Scorer::new(comparer, table, &model, &slot_of, &names);
        resolve(&scorer, &compared.pairs, &scores)
    };
    if let Some(household) = comparer.of(Variable::Household) {
        fill_support(&households, household, &resolution, &compared.pairs, &mut compared.patterns);
        counts = em::add_counts(&rest, &compared.counts_without(&added));
        model = em::fit(comparer, measured.clone(), slots.clone(), &counts);
        let scorer = Scorer::new(comparer, table, &model, &slot_of, &names);
        scores = scorer.score_all(&compared, &counts);
        resolution = resolve(&scorer, &compared.pairs, &scores);
    }
    if study.linkage.refit && !decided.is_empty() {
        let plain = alone(&Scorer::new(comparer, table, &model, &slot_of, &names), &compared.pairs, &scores);
        let lesson = lesson::draw(decided, &compared, &scores, (&plain, review), &added, &rest);
        model = em::fit_to(comparer, measured, slots, &lesson.counts, &lesson.labels);
        let scorer = Scorer::new(comparer, table, &model, &slot_of, &names);
        scores = scorer.score_all(&compared, &counts);
        resolution = resolve(&scorer, &compared.pairs, &scores);
    }
    if let Some(mark) = comparer.of(Variable::LeftOver) {
        left_over::mark(mark, &resolution, &slot_of, &mut compared);
        model.left_over = {
            let scorer = Scorer::new(comparer, table, &model, &slot_of, &names);
            let minimum = threshold::minimum(study, &scores);
            left_over::fit(&scorer, mark, &resolution, &compared, (minimum, study.linkage.seed))
        };
        if model.left_over.iter().any(Option::is_some) {
            let scorer = Scorer::new(comparer, table, &model, &slot_of, &names);
            scores = scorer.score_all(&compared, &counts);
            resolution = resolve(&scorer, &compared.pairs, &scores);
        }
    }
    let undecided = (!decided.is_empty())
        .then(|| alone(&Scorer::new(comparer, table, &model, &slot_of, &names), &compared.pairs, &scores));
    let threshold = model::probability(threshold::minimum(study, &scores));
    progress.finish(&format!("{} persons", resolution.persons()));
    let ComparedPairs { pairs, patterns, .. } = compared;
    Ok(Linked {
        resolution,
        undecided,
        candidates,
        rest,
        pairs,
        patterns,
        scores,
        model,
        threshold,
        slot_of,
        names,
        households,
        rules,
    })
}

/// What blocks do not bear on, and what can be found while they are made.
fn beside_blocks(
    study: &Study,
    table: &PersonTable,
    comparer: &Comparer<'_>,
) -> (NameFrequencies, Households, Vec<Shares>) {
    let (of_names, measured) = rayon::join(
        || (NameFrequencies::of(table), Households::of(table)),
        || em::measure(comparer, table, study.linkage.seed),
    );
    let (names, households) = of_names;
    (names, households, measured)
}

/// By how many bits the fitted model may value a pair higher than the expected one before pairs are sifted again.
const SLACK: f64 = 12.0;
/// The same, where what pairs are sifted by was fitted to some of them.
const SLACK_FITTED: f64 = 4.0;
/// The same, where pairs are asked about text after text: what is still open may rise with every weight.
const SLACK_ASKED: f64 = 8.0;

fn log2_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}
