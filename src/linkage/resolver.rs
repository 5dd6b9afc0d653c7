//! Which records are one person, on this study's terms?
//!
//! Takes a scorer and scored pairs, gives a [`Resolution`] at the threshold that follows from the study and all scores;
//! and again, where some scores have changed, housemates are heard, or clerks have decided.

use rayon::prelude::*;

use super::blocking::Pair;
use super::decided::Decided;
use super::resolution::household::Support;
use super::resolution::{self, Resolution, housemates};
use super::scoring::{ComparedPairs, Score, Scorer};
use super::threshold;
use crate::intake::study::Study;

/// Resolves scored pairs on the study's terms.
pub(super) struct Resolver<'a> {
    pub study: &'a Study,
    pub decided: &'a Decided,
    /// What a first resolution says of households.
    pub support: Option<Support<'a>>,
}

impl Resolver<'_> {
    /// The least log2 odds of a pair that holds records together.
    pub fn minimum(&self, scores: &[Score]) -> f64 {
        threshold::minimum(self.study, scores)
    }

    /// With the clerks' decisions, if there are any; beside it what was found by the model alone.
    pub fn impose(
        &self,
        scorer: &Scorer<'_>,
        alone: Resolution,
        pairs: &[Pair],
        scores: &[Score],
    ) -> (Resolution, Option<Resolution>) {
        let Some(imposed) = self.decided.imposed(pairs, scores) else { return (alone, None) };
        let minimum = self.minimum(scores);
        (resolution::resolve(scorer, pairs, &imposed, minimum, self.support), Some(alone))
    }

    /// Resolves once more if the others of a dwelling have something to say.
    pub fn hear_housemates(
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
    pub fn score_again(
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
        let minimum = self.minimum(scores);
        let score = |at: &usize| scorer.score(compared.patterns[*at], compared.pairs[*at].0, compared.pairs[*at].1);
        let anew: Vec<Score> = changed.par_iter().map(score).collect();
        changed.iter().zip(anew).for_each(|(at, score)| scores[*at] = score);
        let (pairs, now) = (&compared.pairs, self.minimum(scores));
        // Where the threshold follows from all scores, it may have moved for all.
        if now.total_cmp(&minimum).is_ne() {
            return resolution::resolve(scorer, pairs, scores, now, self.support);
        }
        resolution::resolve_again(scorer, pairs, scores, now, self.support, (&resolution, changed))
    }

    /// By the model alone.
    pub fn alone(&self, scorer: &Scorer<'_>, pairs: &[Pair], scores: &[Score]) -> Resolution {
        resolution::resolve(scorer, pairs, scores, self.minimum(scores), self.support)
    }
}
