//! Which pairs and persons stand behind figures that a run counts and does not keep?
//!
//! Takes a run whose study and extracts are [`held`] to be what they were, links it again, gives the blocks and pairs
//! of blocking rules, the pairs of a bin of match weights and of a band of probability, and the residence and findings
//! by which persons are weighed in the estimates.
//! They are the same as in the run, because the same inputs give the same results; nothing has to be kept for it.

pub mod held;

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;

use crate::audit::manifest::Manifest;
use crate::error::Result;
use crate::intake::decisions;
use crate::intake::outcomes::{self, Outcomes};
use crate::intake::study::Study;
use crate::linkage::blocking::traced::{self, Block};
use crate::linkage::blocking::{self, Pair};
use crate::linkage::comparison::{Comparer, Pattern};
use crate::linkage::decided::Decided;
use crate::linkage::lesson::band;
use crate::linkage::model::log2_odds;
use crate::linkage::scoring::Score;
use crate::linkage::{self, Linked};
use crate::memory::plan::{self, Allowance, Provided};
use crate::outcome::discrepancy::Findings;
use crate::outcome::find;
use crate::outcome::links;
use crate::outcome::residence::{self, Residence, believed};
use crate::outcome::settled::Settled;
use crate::person;
use crate::person::table::PersonTable;
use crate::progress::Progress;

/// A study that was linked again.
#[derive(Debug)]
pub struct Remade {
    /// The study.
    pub study: Study,
    /// The records.
    pub table: PersonTable,
    /// Who is who.
    pub linked: Linked,
    decided: Decided,
    settled: Settled,
}

/// A pair with what is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// The records.
    pub pair: Pair,
    /// log2 Bayes factor.
    pub weight: f64,
    /// Match probability of the pair by itself.
    pub probability: f64,
    /// Were the two put into one person?
    pub together: bool,
    /// What clerks have decided.
    pub judged: Option<bool>,
}

/// Links the study of a run again, once it is held that study, inputs and these outputs are what they were; in such
/// memory as a run would have. Where that needs a file, it lies in the run's folder.
///
/// # Errors
/// A verification error if something has changed; and as a run would, if a file cannot be used, or memory is short.
pub fn remake(
    run: &Path,
    manifest: &Manifest,
    outputs: &[&str],
    memory: Allowance,
    progress: &dyn Progress,
) -> Result<Remade> {
    let (study, extracts) = held::take_up(run, manifest, outputs)?;
    let records = extracts.iter().map(|extract| extract.rows).sum();
    let Provided { freed, .. } = plan::provide(records, memory, run)?;
    let table = person::standardise(&study, &extracts, progress)?.table;
    let decisions = decisions::read(&study)?;
    let decided = decisions.as_ref().map(|found| Decided::of(found, &study, &table)).unwrap_or_default();
    let comparer = Comparer::new(&study, &table);
    let linked = linkage::link(&study, &table, &comparer, &decided, || drop(freed), progress)?;
    drop(comparer);
    let settle = |outcomes: Outcomes| Settled::of(&outcomes, &study, &table, &linked.resolution);
    let settled = outcomes::read(&study)?.map(settle).transpose()?.unwrap_or_default();
    Ok(Remade { study, table, linked, decided, settled })
}

impl Remade {
    /// The keys of a blocking rule with their records; nothing if there is no such rule.
    #[must_use]
    pub fn blocks(&self, rule: &str) -> Option<Vec<Block>> {
        traced::blocks_of(&self.study, &self.table, &Comparer::new(&self.study, &self.table), rule)
    }

    /// Goes through all pairs of a blocking rule, or those alone that no other gave before; false if there is no such
    /// rule.
    ///
    /// # Errors
    /// As in a run, if the rules give too many pairs.
    pub fn each_pair(&self, rule: &str, new: bool, take: &mut dyn FnMut(Pair)) -> Result<bool> {
        let comparer = Comparer::new(&self.study, &self.table);
        if new {
            let candidates = blocking::block(&self.study, &self.table, &comparer)?;
            let Some(at) = candidates.rules.iter().position(|report| report.rule == rule) else { return Ok(false) };
            candidates.each_new(at, take);
            return Ok(true);
        }
        let Some(pairs) = traced::pairs_of(&self.study, &self.table, &comparer, rule) else { return Ok(false) };
        (0..pairs.stretches()).for_each(|stretch| pairs.each_pair(stretch, &mut *take));
        Ok(true)
    }

    /// The candidate pairs whose match weight lies in a range, sorted; pairs that were let go are compared now.
    ///
    /// # Errors
    /// As in a run, if the rules give too many pairs.
    pub fn weighing(&self, weights: &Range<f64>) -> Result<Vec<Known>> {
        let comparer = Comparer::new(&self.study, &self.table);
        let candidates = blocking::block(&self.study, &self.table, &comparer)?;
        let model = &self.linked.model;
        let of_stretch = |stretch: usize| {
            let mut found = Vec::new();
            candidates.each_pair(stretch, |pair| {
                if self.linked.pairs.binary_search(&pair).is_ok() {
                    return;
                }
                let class = self.linked.class_of(pair);
                let weight = model.weight(class, model.likelihoods(comparer.compare(pair.0, pair.1), 1.0));
                if weights.contains(&weight) {
                    let probability = linkage::model::probability(weight + model.prior_weight(class));
                    found.push(Known { pair, weight, probability, together: false, judged: None });
                }
            });
            found
        };
        let let_go = (0..candidates.stretches()).into_par_iter().flat_map_iter(of_stretch);
        let mut found: Vec<Known> = let_go.collect();
        found.extend(self.kept().filter(|known| weights.contains(&known.weight)));
        found.sort_by_key(|known| known.pair);
        Ok(found)
    }

    /// The pairs at or above the review probability that lie in the same band as this probability, sorted; of pairs
    /// across two persons the probability is what rivals leave.
    #[must_use]
    pub fn in_band(&self, probability: f64) -> Vec<Known> {
        let review = self.study.linkage.review_probability;
        let comparer = Comparer::new(&self.study, &self.table);
        let scorer = self.linked.scorer(&comparer, &self.table);
        let listed = self.linked.at_least(&scorer, log2_odds(review));
        let wanted = |(at, log2_odds): (usize, f64)| {
            let own = linkage::model::probability(log2_odds);
            let is_there = band(own) == band(probability.max(review));
            is_there.then(|| Known { probability: own, ..self.known(at) })
        };
        listed.into_iter().filter_map(wanted).collect()
    }

    /// The pairs that were kept.
    fn kept(&self) -> impl Iterator<Item = Known> {
        (0..self.linked.pairs.len()).map(|at| self.known(at))
    }

    fn known(&self, at: usize) -> Known {
        let (pair, score) = (self.linked.pairs[at], self.linked.scores[at]);
        let owner = &self.linked.resolution.person_of;
        Known {
            pair,
            weight: score.weight,
            probability: score.probability(),
            together: owner.get(pair.0 as usize) == owner.get(pair.1 as usize),
            judged: self.decided.of_pair(pair),
        }
    }

    /// The links, each with how likely it is false, what clerks have confirmed being certain.
    #[must_use]
    pub fn doubts(&self) -> Vec<(Pair, f64)> {
        let comparer = Comparer::new(&self.study, &self.table);
        let links = links::gather(&self.study, &self.table, &comparer, &self.linked, &self.decided);
        links::doubts(&links, &self.linked.resolution, &self.decided).collect()
    }

    /// The kept pairs of a pattern and class.
    #[must_use]
    pub fn of_pattern(&self, pattern: Pattern, class: usize) -> Vec<Known> {
        let patterns = &self.linked.patterns;
        let same = |(known, own): &(Known, &Pattern)| **own == pattern && self.linked.class_of(known.pair) == class;
        self.kept().zip(patterns).filter(same).map(|(known, _)| known).collect()
    }

    /// How many candidate pairs a comparison put at a level: those kept, and those let go.
    #[must_use]
    pub fn at_level(&self, comparison: usize, level: usize) -> (Vec<Known>, u64) {
        let Some(comparison) = self.linked.model.comparisons().get(comparison) else { return (Vec::new(), 0) };
        let patterns = &self.linked.patterns;
        let kept = self.kept().zip(patterns).filter(|(_, pattern)| comparison.level(**pattern) == level);
        let kept = kept.map(|(known, _)| known).collect();
        let rest = self.linked.rest.iter().filter(|((_, pattern), _)| comparison.level(*pattern) == level);
        (kept, rest.map(|(_, count)| count).sum())
    }

    /// The scores of the linked pairs, what clerks have decided being certain.
    #[must_use]
    pub fn believed(&self) -> Cow<'_, [Score]> {
        believed(&self.decided, &self.linked)
    }

    /// What is needed to weigh persons in the estimates.
    #[must_use]
    pub fn evidence(&self) -> (Residence, Findings) {
        let comparer = Comparer::new(&self.study, &self.table);
        let (study, table, linked) = (&self.study, &self.table, &self.linked);
        let residence = residence::estimate(study, table, linked, &self.believed(), &self.settled);
        let findings = find::find(study, table, &comparer, linked, &residence, &self.settled, None);
        (residence, findings)
    }
}
