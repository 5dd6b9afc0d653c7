//! Who is who as far as it is known, and what does each step add?
//!
//! Takes the pairs that were kept, gives a [`Draft`]: a model, what it makes of the pairs, and who is one person then.
//! The steps are taken in the order in which they stand here, each on what the ones before have found.

use rayon::prelude::*;

use super::blocking::{Pair, PairsInBlocks};
use super::comparison::Comparison;
use super::comparison::level::SUPPORT_NONE;
use super::ground::{Criterion, Ground};
use super::lesson;
use super::model::Model;
use super::model::em::{self, PatternCounts};
use super::resolution::household::{Support, supported};
use super::resolution::{Resolution, left_over, rivals};
use super::resolver::Resolver;
use super::scoring::{ComparedPairs, Marks, Score};

/// Who is who as far as it is known.
pub(super) struct Draft {
    /// The pairs that may matter.
    pub compared: ComparedPairs,
    /// What the levels are worth.
    pub model: Model,
    /// What the model makes of each pair.
    pub scores: Vec<Score>,
    /// Who is one person then.
    pub resolution: Resolution,
    /// Patterns of the pairs that were let go, counted.
    pub rest: PatternCounts,
    /// Pairs that no rule gave.
    pub unblocked: u64,
    /// Patterns of the pairs that a fit learns from, counted.
    counts: PatternCounts,
    /// Patterns of the pairs that were let go, as a fit learns from them: with the support that they do not have.
    let_go: PatternCounts,
    /// Pairs that were compared only because clerks have decided on them, sorted.
    added: Vec<Pair>,
}

/// Where pairs of the blocks are found that waited for their households.
pub(super) struct Waiting {
    /// Their patterns, counted.
    pub patterns: PatternCounts,
    pub in_blocks: PairsInBlocks,
    pub marks: Marks,
}

impl Draft {
    /// The first draft, by a model that was fitted to these counts.
    pub fn first(
        (ground, resolver): (&Ground<'_>, &Resolver<'_>),
        mut compared: ComparedPairs,
        rest: PatternCounts,
        model: Model,
        counts: PatternCounts,
    ) -> Draft {
        let added = resolver.decided.missing_from(&compared.pairs);
        compared.add(&added.iter().map(|pair| ground.compared(*pair)).collect::<Vec<_>>());
        let (scores, resolution, let_go) = (Vec::new(), Resolution::default(), rest.clone());
        let mut draft = Draft { compared, model, scores, resolution, rest, unblocked: 0, counts, let_go, added };
        draft.score_and_resolve(ground, resolver);
        draft
    }

    /// Once more with what the first draft says of households: it supports pairs, finds some that waited, and others
    /// that no rule gave.
    pub fn hear_households<'a>(
        &mut self,
        (ground, resolver): (&Ground<'_>, &mut Resolver<'a>),
        support: Support<'a>,
        criterion: Criterion,
        waiting: Waiting,
    ) {
        let comparison = support.comparison;
        let among = (&waiting.in_blocks, &waiting.marks);
        let sifter = ground.sifter(&criterion.reference);
        let mut supported = supported(&sifter, among, &self.resolution, support, criterion.least);
        let Waiting { patterns: waiting, in_blocks, marks } = waiting;
        drop((in_blocks, marks));
        for pairs in [&mut supported.waited, &mut supported.unblocked] {
            pairs.retain(|(pair, ..)| self.added.binary_search(pair).is_err());
            self.compared.add(pairs);
        }
        self.unblocked = supported.unblocked.len() as u64;
        // Of the pairs that waited, the others have shown to have no support.
        let waited = supported.waited.iter().map(|(_, class, pattern)| (*class, *pattern));
        let apart = em::subtract_counts(&waiting, waited);
        let unsupported = em::change_patterns(&apart, |pattern| comparison.set(pattern, SUPPORT_NONE));
        self.let_go = em::add_counts(&self.rest, &unsupported);
        self.rest = em::add_counts(&self.rest, &apart);
        support.fill(&self.compared.pairs, &mut self.compared.patterns);
        resolver.support = Some(support);
        self.counts = em::add_counts(&self.let_go, &self.compared.counts_without(&self.added));
        self.model = ground.fit(&self.counts);
        self.score_and_resolve(ground, resolver);
    }

    /// Once more with a model that clerks' decisions have taught; pairs of at least these log2 odds were shown to them.
    pub fn learn(&mut self, ground: &Ground<'_>, resolver: &Resolver<'_>, least: f64) {
        let (pairs, minimum) = (&self.compared.pairs, resolver.minimum(&self.scores));
        let (of_persons, scorer) = ((&self.resolution, resolver.support), ground.scorer(&self.model));
        let apart = rivals::beside(&scorer, (pairs, &self.scores), of_persons, (minimum, least));
        let level = rivals::level(&scorer, (pairs, &self.scores), &self.resolution, least);
        let of = (&self.resolution, &level, apart.as_slice(), least);
        let lesson = lesson::draw(resolver.decided, &self.compared, &self.scores, of, &self.added, &self.let_go);
        self.model = ground.fit_to(&lesson);
        self.score_and_resolve(ground, resolver);
    }

    /// Once more with what it says that both records of a pair found nobody else.
    pub fn hear_left_over(&mut self, ground: &Ground<'_>, resolver: &Resolver<'_>, mark: &Comparison) {
        let (compared, seed) = (&mut self.compared, resolver.study.linkage.seed);
        left_over::mark(mark, &self.resolution, ground.slot_of, compared);
        let steering = (resolver.minimum(&self.scores), seed);
        let found = left_over::fit(&ground.scorer(&self.model), mark, &self.resolution, compared, steering);
        self.model.left_over = found;
        let model = &self.model;
        let is_left_over = |at: &usize| model.is_left_over(compared.classes[*at] as usize, compared.patterns[*at]);
        let changed: Vec<usize> = (0..compared.pairs.len()).into_par_iter().filter(is_left_over).collect();
        let resolution = std::mem::take(&mut self.resolution);
        self.resolution = resolver.score_again(&ground.scorer(model), resolution, compared, &mut self.scores, &changed);
    }

    /// Once more if the others of a dwelling have something to say.
    pub fn hear_housemates(&mut self, ground: &Ground<'_>, resolver: &Resolver<'_>) {
        let resolution = std::mem::take(&mut self.resolution);
        let scorer = ground.scorer(&self.model);
        self.resolution = resolver.hear_housemates(&scorer, resolution, &mut self.compared, &mut self.scores);
    }

    /// What households say, and what follows from it, is by the model alone: clerks' decisions have no say in scores.
    fn score_and_resolve(&mut self, ground: &Ground<'_>, resolver: &Resolver<'_>) {
        // Those of before need not lie beside the new ones.
        self.scores = Vec::new();
        let scorer = ground.scorer(&self.model);
        self.scores = scorer.score_all(&self.compared, &self.counts);
        self.resolution = resolver.alone(&scorer, &self.compared.pairs, &self.scores);
    }
}
