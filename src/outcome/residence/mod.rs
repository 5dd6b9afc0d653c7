//! Did this person, whom only registers know, live here at the reference time, and did the roll miss the person?
//!
//! Nobody is told who was missed: it is learnt from the district's own records. Residents whom the roll has *are* what
//! missed residents look like once their present row, or that of their whole household, is hidden; persons whom the
//! roll lists as living elsewhere, hidden in the same two ways, are what the others look like; the unlinked are a
//! mixture of both. A third kind is somebody on the roll whose records the linker wrongly held apart: each candidate
//! loses the probability of the best rejected link to a present row whose owner has no such register record.
//!
//! Steps: 1. [`standing`]: how each person stands to the roll; 2. [`surroundings`]: who is around whom; 3.
//! [`features`]: what is seen of a person, in levels; 4. [`stratum`]: for persons of registered households, of
//! collective ones and for the rest (but not for those known by a deed alone) a [`mixture`], a logistic regression
//! inside an EM, its class prior by [`prior`] where negatives are few or unlike; 5. every candidate is scored, and
//! [`Residence::contributions`] says which feature spoke for how many bits; 6. [`redrawn`]: the same from households
//! drawn again, for the error of estimates.
//!
//! Where somebody has been, nothing is left to estimate: the visit's answer is the candidate's probability, and a label
//! from which the others are learnt. Whom a visit found missing and who has been written on the roll since is no
//! candidate any more, but remains such a label, seen without the rows of those who were found: if only the answers
//! *not missed* were kept, those who look most like the missed would be taken for the opposite.
//!
//! Sources: C. Elkan, K. Noto, *Learning classifiers from only positive and unlabeled data*, KDD 2008; J. Bekker,
//! J. Davis, *Learning from positive and unlabeled data: a survey*, Machine Learning 2020; L.-C. Zhang, J. Dunne,
//! *Trimmed dual system estimation*, 2017 (signs of life in registers against over-coverage).

mod columns;
pub(crate) mod features;
mod logistic;
mod mixture;
mod prior;
mod redrawn;
mod standing;
mod stratum;
mod surroundings;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::intake::study::Study;
use crate::linkage::Linked;
use crate::linkage::blocking::Pair;
use crate::linkage::comparison::household::Households;
use crate::linkage::decided::Decided;
use crate::linkage::model::slot::Slot;
use crate::linkage::model::{log2_odds, probability};
use crate::linkage::resolution::Resolution;
use crate::linkage::scoring::Score;
use crate::outcome::settled::Settled;
use crate::person::table::{PersonTable, RecordId};
use features::Observer;
pub use redrawn::drawn_with;
use redrawn::{Redrawing, Redrawn};
use standing::{Known, Part, Status};
use stratum::Group;
use surroundings::Surroundings;

/// Most residents, persons elsewhere and unlinked persons that one stratum learns from.
const POSITIVES_MAX: usize = 6_000;
const NEGATIVES_MAX: usize = 6_000;
const UNLABELLED_MAX: usize = 12_000;

/// Fewer residents than this show nothing.
const POSITIVES_MIN: usize = 10;

/// How likely each unlinked person is a resident whom the roll missed.
#[derive(Debug, Default)]
pub struct Residence {
    /// The unlinked persons, ascending.
    pub candidates: Vec<Candidate>,
    /// Persons of registers who are on the roll since a visit found that it had missed them, ascending.
    pub found: Vec<u32>,
    /// What was learnt: persons of registered households, of none, owners of whom nothing else is known, and persons of
    /// collective households.
    pub strata: Vec<StratumFit>,
    /// Persons whom the roll does not have, and of whom registers say that they live outside the area under study.
    pub not_looked_for: u64,
}

/// An unlinked person.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The person (see [`Resolution`]).
    pub person: u32,
    /// Index into [`Residence::strata`].
    pub stratum: usize,
    /// Probability that the person is a resident whom the roll missed.
    pub probability: f64,
    /// Probability that the person is somebody on the roll whose records were wrongly held apart.
    pub linked: f64,
    /// Who that would be.
    pub linked_to: Option<u32>,
    /// Did a visit find that the roll missed the person? `None` if nobody has been there.
    pub visited: Option<bool>,
    levels: Box<[u8]>,
}

/// What one feature says of one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// The feature.
    pub feature: &'static str,
    /// What was seen, as a readable code.
    pub level: String,
    /// How much more it speaks for a missed resident than what is seen of the average candidate, in bits.
    pub bits: f64,
}

/// What was learnt from one stratum.
#[derive(Debug, Clone, Default)]
pub struct StratumFit {
    /// `registered_household`, `other`, `owner` or `collective_household`.
    pub name: &'static str,
    /// Residents on the roll who are in a register, without those whom a visit found missing.
    pub positives: u64,
    /// Persons known to live elsewhere.
    pub negatives: u64,
    /// Candidates.
    pub unlabelled: u64,
    /// Share of the candidates who are missed residents.
    pub prior: f64,
    /// Share of the missed whose whole household was missed.
    pub whole_households: f64,
    /// log2 odds of the average candidate; contributions are added to it.
    pub base_bits: f64,
    /// Rounds of the EM.
    pub iterations: u32,
    /// What makes the fit doubtful: `no_dates`, `one_date`, `few_positives`, `few_negatives`,
    /// `unlike_negatives`, `stated_share`, `no_convergence`.
    pub warnings: Vec<String>,
    features: Vec<FittedFeature>,
    redrawn: Redrawn,
}

/// A feature's levels with their weights.
#[derive(Debug, Clone)]
struct FittedFeature {
    name: &'static str,
    levels: Vec<(String, f64)>,
}

/// What the estimate is made from.
#[derive(Debug, Clone, Copy)]
struct Material<'a> {
    day: i32,
    seed: u64,
    table: &'a PersonTable,
    resolution: &'a Resolution,
    households: &'a Households,
    pairs: &'a [Pair],
    scores: &'a [Score],
    /// The slots, and that of each record.
    slots: (&'a [Slot], &'a [u8]),
    settled: &'a Settled,
}

/// Estimates for every unlinked person how likely the roll missed a resident. Without a roll nobody is missed. `scores`
/// are those that are [`believed`].
#[must_use]
pub fn estimate(study: &Study, table: &PersonTable, linked: &Linked, scores: &[Score], settled: &Settled) -> Residence {
    if study.roll().is_none() {
        return Residence::default();
    }
    let material = Material {
        day: study.reference.day,
        seed: study.linkage.seed,
        table,
        resolution: &linked.resolution,
        households: &linked.households,
        pairs: &linked.pairs,
        scores,
        slots: (&linked.model.slots, &linked.slot_of),
        settled,
    };
    let residence = estimate_from(study, &material);
    if residence.strata.iter().any(|fit| fit.warnings.iter().any(|code| code == NO_DATES)) {
        tracing::warn!(
            "no register has dates of a last sign of life that differ: who moved away is hardly told from who was missed, \
             and how many were is a stated share; bind such a column to last_seen, or ask the senders for one"
        );
    }
    residence
}

/// The scores of the linked pairs as the estimates take them: what clerks have decided is certain, the model's opinion
/// of the others.
#[must_use]
pub fn believed<'a>(decided: &Decided, linked: &'a Linked) -> Cow<'a, [Score]> {
    decided.imposed(&linked.pairs, &linked.scores).map_or(Cow::Borrowed(&linked.scores), Cow::Owned)
}

/// What is said of a fit that has no dates of a last sign of life.
const NO_DATES: &str = "no_dates";

impl Residence {
    /// Keeps what draws of the last stratum gave.
    fn keep(&mut self, redrawn: Option<Redrawn>) {
        if let (Some(redrawn), Some(fit)) = (redrawn, self.strata.last_mut()) {
            fit.redrawn = redrawn;
        }
    }

    /// Of the strata fitted so far, the missed to those on the roll; nothing if too few registered persons are on the
    /// roll to say: how many of the others were missed is itself told from how many of these.
    fn missed_odds(&self) -> Option<f64> {
        self.strata.first().filter(|registered| registered.positives >= POSITIVES_MIN as u64)?;
        let positives: u64 = self.strata.iter().map(|fit| fit.positives).sum();
        let missed: f64 = self.candidates.iter().map(|candidate| candidate.probability).sum();
        Some((missed + self.found.len() as f64) / positives as f64)
    }

    /// The probability of a candidate as learnt from households drawn again: replicate 0 to
    /// [`REPLICATES`](crate::outcome::estimate::bootstrap::REPLICATES).
    #[must_use]
    pub fn redrawn(&self, candidate: &Candidate, replicate: usize) -> f64 {
        self.strata
            .get(candidate.stratum)
            .map_or(candidate.probability, |fit| fit.redrawn.probability(candidate, replicate))
    }

    /// What speaks for and against a candidate, strongest first: `base_bits` of the stratum and all bits together are
    /// the log2 odds of the probability.
    #[must_use]
    pub fn contributions(&self, candidate: &Candidate) -> Vec<Contribution> {
        let features = self.strata.get(candidate.stratum).map_or(&[][..], |fit| fit.features.as_slice());
        let mut found: Vec<Contribution> = features
            .iter()
            .zip(&candidate.levels)
            .filter_map(|(feature, level)| {
                let (level, bits) = feature.levels.get(usize::from(*level))?;
                Some(Contribution { feature: feature.name, level: level.clone(), bits: *bits })
            })
            .collect();
        if let Some(fit) = self.strata.get(candidate.stratum).filter(|_| candidate.linked > 0.0) {
            let before = fit.log2_odds(&candidate.levels);
            let bits = log2_odds(probability(before) * (1.0 - candidate.linked)) - log2_odds(probability(before));
            let level = format!("probability {:.3}", candidate.linked);
            found.push(Contribution { feature: "rejected_link", level, bits });
        }
        found.sort_by(|a, b| b.bits.abs().total_cmp(&a.bits.abs()));
        found
    }
}

impl StratumFit {
    /// log2 odds of a resident whom the roll missed, rejected links aside.
    fn log2_odds(&self, levels: &[u8]) -> f64 {
        let bits = self.features.iter().zip(levels);
        let bits = bits.map(|(feature, level)| feature.levels.get(usize::from(*level)).map_or(0.0, |level| level.1));
        self.base_bits + bits.sum::<f64>()
    }
}

/// The record that says where a person lives: the row that has the person as present, else the first.
#[must_use]
pub fn home(table: &PersonTable, records: &[RecordId]) -> Option<RecordId> {
    records.iter().find(|record| table.is_present(**record)).or(records.first()).copied()
}

fn estimate_from(study: &Study, material: &Material<'_>) -> Residence {
    let (statuses, not_looked_for) = standing::statuses(material, study);
    let surroundings = Surroundings::of(material, &statuses);
    let locals = thinned(&persons(&statuses, Part::Positive, Known::Registered), POSITIVES_MAX);
    let mut residence = Residence { not_looked_for, ..Residence::default() };
    let mut fitted: Option<Redrawing> = None;
    for (stratum, (name, known)) in STRATA.into_iter().enumerate() {
        let was_found = |person: &u32| material.settled.missed(*person) == Some(true);
        let (found, positives) = persons(&statuses, Part::Positive, known).into_iter().partition(was_found);
        let group = Group {
            stratum,
            name,
            known,
            positives,
            found,
            negatives: persons(&statuses, Part::Negative, known),
            unlabelled: persons(&statuses, Part::Candidate, known),
        };
        let residents = thinned(&group.positives, POSITIVES_MAX);
        let observer = Observer::learn(study, material, &surroundings, &residents, &locals);
        let missed_odds =
            (known != Known::Registered).then(|| residence.missed_odds().unwrap_or(prior::MISSED_ODDS_STATED));
        // Fitting is in part one step after another: meanwhile the stratum before is drawn again.
        let estimate = || group.estimate(material, &observer, &surroundings, missed_odds);
        let (redrawn, (fit, candidates, redrawing)) =
            rayon::join(|| fitted.as_ref().map(|fitted| fitted.learn(material.seed)), estimate);
        residence.keep(redrawn);
        residence.strata.push(fit);
        residence.found.extend(&group.found);
        residence.candidates.extend(candidates);
        fitted = redrawing;
    }
    residence.keep(fitted.map(|fitted| fitted.learn(material.seed)));
    residence.candidates.sort_unstable_by_key(|candidate| candidate.person);
    residence.found.sort_unstable();
    residence
}

/// The strata with their names, in the order in which they are fitted. Cases of earlier runs name them by their place.
const STRATA: [(&str, Known); 4] = [
    ("registered_household", Known::Registered),
    ("other", Known::Other),
    ("owner", Known::Owner),
    ("collective_household", Known::Collective),
];

/// The persons of a stratum who play a part.
fn persons(statuses: &[Status], part: Part, known: Known) -> Vec<u32> {
    let plays = |status: &Status| status.part == part && status.known == known;
    (0..).zip(statuses).filter(|(_, status)| plays(status)).map(|(person, _)| person).collect()
}

/// So many of them, evenly by order; all, if they are no more.
fn thinned(persons: &[u32], most: usize) -> Vec<u32> {
    let wanted = persons.len().min(most);
    (0..wanted).map(|at| persons[at * persons.len() / wanted]).collect()
}
