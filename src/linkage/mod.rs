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

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::error::{Error, Kind, Result};
use crate::intake::study::Study;
use crate::memory::freed::Kept;
use crate::person::table::{PersonTable, RecordId};
use crate::progress::Progress;
use blocking::{CandidatePairs, Pair, RuleReport};
use comparison::household::Households;
use comparison::level::SUPPORT_NONE;
use comparison::{Comparer, Pattern, Variable};
use decided::Decided;
use model::em::PatternCounts;
use model::frequency::NameFrequencies;
use model::{Model, Shares, Slot, em};
use resolution::household::{Support, supported};
use resolution::{Resolution, housemates, left_over};
use scoring::{ComparedPairs, Score, Scorer, Sifted, Sifter};

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

    /// For every person: the highest match probability among compared pairs that join one of its records (`is_own`) to
    /// a record of another person (`is_other`).
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

/// Links the records of a table. While blocking runs, `freed` memory is kept by the process, because blocking frees and
/// allocates a lot; it is released afterwards so that it does not add to the peak.
///
/// # Errors
/// If the blocking rules would give more pairs than the study allows.
pub fn link(
    study: &Study,
    table: &PersonTable,
    comparer: &Comparer<'_>,
    decided: &Decided,
    freed: Option<Kept>,
    progress: &dyn Progress,
) -> Result<Linked> {
    comparer.check(study)?;
    progress.begin("block", 0);
    let (candidates, beside) =
        rayon::join(|| blocking::block(study, table, comparer), || beside_blocks(study, table, comparer));
    let (candidates, (names, households, measured)) = (candidates?, beside);
    drop(freed);
    progress.finish(&format!("{} rules", candidates.rules.len()));
    let (slots, slot_of) = em::slots(table);
    check_slots(study, &slots)?;
    let ground = Ground {
        comparer,
        table,
        slot_of: &slot_of,
        slots: &slots,
        names: &names,
        households: &households,
        measured: &measured,
    };
    progress.begin("compare", candidates.pairs_at_most());
    let review = log2_odds(study.linkage.review_probability);
    let (sifted, Sieve { reference, least }, mut model, mut counts) = ground.sift(&candidates, review);
    let (mut rules, candidates_in_blocks) = candidates.into_rules();
    let Sifted { kept: mut compared, mut rest, waiting, marks, pairs: candidates, new_pairs, .. } = sifted;
    rules.iter_mut().zip(new_pairs).for_each(|(rule, new)| rule.new_pairs += new);
    progress.finish(&format!("{} of {candidates} pairs may matter", compared.pairs.len()));
    check_pairs(study, &compared)?;
    let added = decided.missing_from(&compared.pairs);
    compared.add(&added.iter().map(|pair| ground.compared(*pair)).collect::<Vec<_>>());
    progress.begin("fit and resolve", 0);
    let mut scores = ground.scorer(&model).score_all(&compared, &counts);
    let mut resolver = Resolver { study, decided, support: None };
    // What households say, and what follows from it, is by the model alone: clerks' decisions have no say in scores.
    let mut resolution = resolver.alone(&ground.scorer(&model), &compared.pairs, &scores);
    let mut let_go = rest.clone();
    let first = resolution.person_of.clone();
    let mut unblocked = 0;
    if let Some(comparison) = comparer.of(Variable::Household) {
        let support = Support { households: &households, comparison, person_of: &first };
        let among = (&candidates_in_blocks, &marks);
        let mut supported = supported(&ground.sifter(&reference), among, &resolution, support, least);
        drop((candidates_in_blocks, marks));
        for pairs in [&mut supported.waited, &mut supported.unblocked] {
            pairs.retain(|(pair, ..)| added.binary_search(pair).is_err());
            compared.add(pairs);
        }
        unblocked = supported.unblocked.len() as u64;
        // Of the pairs that waited, the others have shown to have no support.
        let waited = supported.waited.iter().map(|(_, class, pattern)| (*class, *pattern));
        let apart = em::subtract_counts(&waiting, waited);
        let_go = em::add_counts(&rest, &em::change_patterns(&apart, |pattern| comparison.set(pattern, SUPPORT_NONE)));
        rest = em::add_counts(&rest, &apart);
        support.fill(&compared.pairs, &mut compared.patterns);
        resolver.support = Some(support);
        counts = em::add_counts(&let_go, &compared.counts_without(&added));
        model = ground.fit(&counts);
        drop(scores);
        scores = ground.scorer(&model).score_all(&compared, &counts);
        resolution = resolver.alone(&ground.scorer(&model), &compared.pairs, &scores);
    }
    if study.linkage.refit && !decided.is_empty() {
        let lesson = lesson::draw(decided, &compared, &scores, (&resolution, review), &added, &let_go);
        model = em::fit_to(comparer, measured.clone(), slots.clone(), &lesson.counts, &lesson.labels);
        let scorer = ground.scorer(&model);
        scores = scorer.score_all(&compared, &counts);
        resolution = resolver.alone(&scorer, &compared.pairs, &scores);
    }
    if let Some(mark) = comparer.of(Variable::LeftOver) {
        left_over::mark(mark, &resolution, &slot_of, &mut compared);
        model.left_over = {
            let scorer = ground.scorer(&model);
            let minimum = threshold::minimum(study, &scores);
            left_over::fit(&scorer, mark, &resolution, &compared, (minimum, study.linkage.seed))
        };
        let is_left_over = |at: &usize| model.is_left_over(compared.classes[*at] as usize, compared.patterns[*at]);
        let changed: Vec<usize> = (0..compared.pairs.len()).into_par_iter().filter(is_left_over).collect();
        resolution = resolver.score_again(&ground.scorer(&model), resolution, &compared, &mut scores, &changed);
    }
    resolution = resolver.hear_housemates(&ground.scorer(&model), resolution, &mut compared, &mut scores);
    let (resolution, undecided) = resolver.impose(&ground.scorer(&model), resolution, &compared.pairs, &scores);
    let threshold = model::probability(threshold::minimum(study, &scores));
    progress.finish(&format!("{} persons", resolution.persons()));
    let ComparedPairs { pairs, patterns, .. } = compared;
    Ok(Linked {
        resolution,
        undecided,
        candidates,
        unblocked,
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

/// Resolves scored pairs on the study's terms.
struct Resolver<'a> {
    study: &'a Study,
    decided: &'a Decided,
    /// What a first resolution says of households.
    support: Option<Support<'a>>,
}

impl Resolver<'_> {
    /// With the clerks' decisions, if there are any; beside it what was found by the model alone.
    fn impose(
        &self,
        scorer: &Scorer<'_>,
        alone: Resolution,
        pairs: &[Pair],
        scores: &[Score],
    ) -> (Resolution, Option<Resolution>) {
        let Some(imposed) = self.decided.imposed(pairs, scores) else { return (alone, None) };
        let minimum = threshold::minimum(self.study, scores);
        (resolution::resolve(scorer, pairs, &imposed, minimum, self.support), Some(alone))
    }

    /// Resolves once more if the others of a dwelling have something to say.
    fn hear_housemates(
        &self,
        scorer: &Scorer<'_>,
        resolution: Resolution,
        compared: &mut ComparedPairs,
        scores: &mut [Score],
    ) -> Resolution {
        let marked = housemates::mark(scorer, &resolution, compared, scores, self.study.reference.day);
        self.score_again(scorer, resolution, compared, scores, &marked)
    }

    /// Scores the pairs at some positions once more, and resolves what they have to do with.
    fn score_again(
        &self,
        scorer: &Scorer<'_>,
        resolution: Resolution,
        compared: &ComparedPairs,
        scores: &mut [Score],
        changed: &[usize],
    ) -> Resolution {
        if changed.is_empty() {
            return resolution;
        }
        let minimum = threshold::minimum(self.study, scores);
        let score = |at: &usize| scorer.score(compared.patterns[*at], compared.pairs[*at].0, compared.pairs[*at].1);
        let anew: Vec<Score> = changed.par_iter().map(score).collect();
        changed.iter().zip(anew).for_each(|(at, score)| scores[*at] = score);
        let (pairs, now) = (&compared.pairs, threshold::minimum(self.study, scores));
        // Where the threshold follows from all scores, it may have moved for all.
        if now.total_cmp(&minimum).is_ne() {
            return resolution::resolve(scorer, pairs, scores, now, self.support);
        }
        resolution::resolve_again(scorer, pairs, scores, now, self.support, (&resolution, changed))
    }

    /// By the model alone.
    fn alone(&self, scorer: &Scorer<'_>, pairs: &[Pair], scores: &[Score]) -> Resolution {
        resolution::resolve(scorer, pairs, scores, threshold::minimum(self.study, scores), self.support)
    }
}

/// What all models of a linkage stand on.
struct Ground<'a> {
    comparer: &'a Comparer<'a>,
    table: &'a PersonTable,
    slot_of: &'a [u8],
    slots: &'a [Slot],
    names: &'a NameFrequencies,
    households: &'a Households,
    measured: &'a [Shares],
}

/// What pairs were sifted by.
struct Sieve {
    reference: Model,
    least: f64,
}

impl Ground<'_> {
    fn scorer<'m>(&'m self, model: &'m Model) -> Scorer<'m> {
        Scorer::new(self.comparer, self.table, model, self.slot_of, self.names)
    }

    fn sifter<'m>(&'m self, model: &'m Model) -> Sifter<'m> {
        Sifter { scorer: self.scorer(model), households: self.households }
    }

    fn fit(&self, counts: &PatternCounts) -> Model {
        em::fit(self.comparer, self.measured.to_vec(), self.slots.to_vec(), counts)
    }

    fn compared(&self, pair: Pair) -> (Pair, u32, Pattern) {
        let slot = |record: RecordId| self.slot_of[record as usize];
        let class = em::class_of(self.slots.len(), slot(pair.0), slot(pair.1));
        (pair, class, self.comparer.compare(pair.0, pair.1))
    }

    /// Sifts all pairs, fits a model to what they showed, and gives both, what was sifted by, and the counts.
    fn sift(&self, candidates: &CandidatePairs, review: f64) -> (Sifted, Sieve, Model, PatternCounts) {
        let mut sieve = Sieve {
            reference: em::expected(self.comparer, self.measured.to_vec(), self.slots.to_vec()),
            least: review - SLACK,
        };
        if let Some(counts) = self.sifter(&sieve.reference).glance(candidates) {
            // Where there are many pairs, a sample of them says beforehand what the fit will be like.
            let slack = if self.table.text_fields.is_empty() { SLACK_FITTED } else { SLACK_ASKED };
            sieve = Sieve { reference: self.fit(&counts), least: review - slack };
        }
        let sift = |sieve: &Sieve| {
            let sifted = self.sifter(&sieve.reference).sift(candidates, sieve.least);
            let kept = em::count_patterns(&sifted.kept.classes, &sifted.kept.patterns);
            let counts = em::add_counts(&em::add_counts(&sifted.rest, &sifted.waiting), &kept);
            let model = self.fit(&counts);
            (sifted, model, counts)
        };
        let (sifted, model, counts) = sift(&sieve);
        let again = self.sifter(&model).misses(&sifted, &self.sifter(&sieve.reference), review);
        tracing::debug!(kept = sifted.kept.pairs.len(), again, "sifted");
        if !again {
            return (sifted, sieve, model, counts);
        }
        // The fit went further from what was expected than the slack allows: once more, by what was fitted.
        drop(sifted);
        let sieve = Sieve { reference: model, least: review - SLACK_FITTED };
        let (sifted, model, counts) = sift(&sieve);
        (sifted, sieve, model, counts)
    }
}

/// What blocks do not bear on, and what can be found while they are made.
fn beside_blocks(
    study: &Study,
    table: &PersonTable,
    comparer: &Comparer<'_>,
) -> (NameFrequencies, Households, Vec<Shares>) {
    let of_households = || {
        let households = Households::of(table);
        let measured = em::measure(comparer, table, &households, study.linkage.seed);
        (households, measured)
    };
    let (names, (households, measured)) = rayon::join(|| NameFrequencies::of(table), of_households);
    (names, households, measured)
}

/// By how many bits the fitted model may value a pair higher than the expected one before pairs are sifted again.
const SLACK: f64 = 12.0;
/// Like [`SLACK`], where what pairs are sifted by was fitted to some of them.
const SLACK_FITTED: f64 = 6.0;
/// Like [`SLACK`], where pairs are asked about text after text: what is still open may rise with every weight.
const SLACK_ASKED: f64 = 8.0;

/// Slots have numbers of one byte.
const SLOTS_MAX: usize = 1 << 8;

fn check_slots(study: &Study, slots: &[Slot]) -> Result<()> {
    if slots.len() <= SLOTS_MAX {
        return Ok(());
    }
    let what = format!("the sources have {} kinds of rows in all, more than the {SLOTS_MAX} allowed", slots.len());
    Err(Error::new(Kind::Study, what).at_file(&study.file).hint("join sources of one department"))
}

/// Pairs have numbers of four bytes once they are compared.
fn check_pairs(study: &Study, compared: &ComparedPairs) -> Result<()> {
    if u32::try_from(compared.pairs.len()).is_ok() {
        return Ok(());
    }
    let what = format!("{} pairs may matter, more than can be resolved", compared.pairs.len());
    let hint = "raise linkage.review_probability, or name blocking rules that give fewer pairs";
    Err(Error::new(Kind::Study, what).at_file(&study.file).hint(hint))
}

fn log2_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}
