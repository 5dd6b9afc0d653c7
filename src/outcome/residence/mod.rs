//! Did this person, whom only registers know, live here at the reference time, and did the roll miss the person?
//!
//! Nobody is told who was missed: it is learnt from the district's own records. Residents whom the roll has *are* what
//! missed residents look like once their present row, or that of their whole household, is hidden; persons whom the
//! roll lists as living elsewhere, hidden in the same two ways, are what the others look like; the unlinked are a
//! mixture of both. A third kind is somebody on the roll whose records the linker wrongly held apart: each candidate
//! loses the probability of the best rejected link to a present row whose owner has no such register record.
//!
//! Steps: 1. [`standing`]: how each person stands to the roll; 2. [`surroundings`]: who is around whom; 3.
//! [`features`]: what is seen of a person, in levels; 4. [`mixture`]: a logistic regression inside an EM, for persons
//! of registered households, of collective ones and for the rest (but not for those known by a deed alone), its class
//! prior by [`prior`] where negatives are few or unlike; 5. every candidate is scored, and
//! [`Residence::contributions`] says which feature spoke for how many bits; 6. [`redrawn`]: the same from households
//! drawn again, for the error of estimates.
//!
//! Where somebody has been, nothing is left to estimate: the visit's answer is the candidate's probability, and a label
//! from which the others are learnt.
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
mod surroundings;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use rayon::prelude::*;

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
use columns::Columns;
use features::Observer;
use logistic::BASE;
use mixture::{Mixture, NEGATIVES_MIN, NEGATIVES_SHARE_MIN, Sample, Views};
use prior::Expected;
pub use redrawn::drawn_with;
use redrawn::{Redrawing, Redrawn};
use standing::{Known, Part, Status};
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
    /// Residents on the roll who are in a register.
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
        Some(missed / positives as f64)
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
        let group = Group {
            stratum,
            name,
            known,
            positives: persons(&statuses, Part::Positive, known),
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
        residence.candidates.extend(candidates);
        fitted = redrawing;
    }
    residence.keep(fitted.map(|fitted| fitted.learn(material.seed)));
    residence.candidates.sort_unstable_by_key(|candidate| candidate.person);
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

/// At most so many of them, evenly by order.
fn thinned(persons: &[u32], most: usize) -> Vec<u32> {
    persons.iter().copied().step_by(persons.len().div_ceil(most.max(1)).max(1)).collect()
}

/// One stratum.
struct Group {
    stratum: usize,
    name: &'static str,
    known: Known,
    positives: Vec<u32>,
    negatives: Vec<u32>,
    unlabelled: Vec<u32>,
}

impl Group {
    fn estimate(
        &self,
        material: &Material<'_>,
        observer: &Observer<'_>,
        surroundings: &Surroundings<'_>,
        missed_odds: Option<f64>,
    ) -> (StratumFit, Vec<Candidate>, Option<Redrawing>) {
        let observe = |persons: &[u32], hidden: &(dyn Fn(u32) -> Vec<u32> + Sync)| -> Vec<Box<[u8]>> {
            let see = |levels: &mut Vec<u8>, person: &u32| {
                observer.observe(*person, &hidden(*person), levels);
                levels.as_slice().into()
            };
            persons.par_iter().map_init(Vec::new, see).collect()
        };
        let see_both = |persons: &[u32]| {
            [observe(persons, &|person| vec![person]), observe(persons, &|person| surroundings.roll_household(person))]
        };
        let residents = thinned(&self.positives, POSITIVES_MAX);
        let positives = see_both(&residents);
        let houses = residents.par_iter().zip(&positives[1]).map(|(person, together)| {
            let house = surroundings.missed_house(*person);
            house.map_or_else(|| together.clone(), |house| observer.levels(*person, &house))
        });
        let houses: Vec<Box<[u8]>> = houses.collect();
        let negatives = see_both(&thinned(&self.negatives, NEGATIVES_MAX));
        let unlabelled = observe(&self.unlabelled, &|_| Vec::new());
        let held_apart: Vec<Option<(u32, f64)>> =
            self.unlabelled.par_iter().map(|person| observer.held_apart(*person)).collect();
        let linked: Vec<f64> = held_apart.iter().map(|held| held.map_or(0.0, |(_, linked)| linked)).collect();
        let visited: Vec<Option<bool>> =
            self.unlabelled.iter().map(|person| material.settled.missed(*person)).collect();
        let step = unlabelled.len().div_ceil(UNLABELLED_MAX).max(1);
        let sampled: Vec<Box<[u8]>> = unlabelled.iter().step_by(step).cloned().collect();
        let beside = (0..).zip(unlabelled.iter().zip(&visited)).filter(|(at, _)| at % step != 0);
        let (answers, answered): (Vec<Box<[u8]>>, Vec<bool>) =
            beside.filter_map(|(_, (levels, missed))| Some((levels.clone(), (*missed)?))).unzip();
        let labelled = positives.iter().chain(&negatives).map(Vec::as_slice);
        let groups: Vec<&[Box<[u8]>]> = labelled.chain([unlabelled.as_slice()]).collect();
        let columns = Columns::of(&observer.features, &groups);
        let views = |[alone, together]: &[Vec<Box<[u8]>>; 2]| Views {
            alone: columns.rows(alone),
            together: columns.rows(together),
        };
        let drawn_with = |person: &u32| drawn_with(material.table, material.households, material.resolution, *person);
        let households: [Vec<u64>; 3] = [
            residents.iter().map(drawn_with).collect(),
            thinned(&self.negatives, NEGATIVES_MAX).iter().map(drawn_with).collect(),
            self.unlabelled.iter().step_by(step).map(drawn_with).collect(),
        ];
        let sample = Sample {
            households: [households[0].clone(), households[2].clone()],
            positives: views(&positives),
            houses: columns.rows(&houses),
            negatives: views(&negatives),
            unlabelled: columns.rows(&sampled),
            distinct: linked.iter().step_by(step).map(|linked| 1.0 - linked).collect(),
            visited: visited.iter().step_by(step).copied().collect(),
            answers: columns.rows(&answers),
            answered,
            columns: columns.count + 1,
            is_trace: columns.is_trace.clone(),
            negatives_usable: self.negatives_usable(),
            expected: Expected::beside_registered(missed_odds, self.positives.len(), self.unlabelled.len()),
            tells_leavers: observer.has_dates() && self.known != Known::Collective,
        }
        .judged(&households[1]);
        let alike = |prior: f64| {
            let offset = (prior / (1.0 - prior)).ln();
            Mixture { offset, prior, ..Mixture::none(sample.columns) }
        };
        let has_positives = self.positives.len() >= POSITIVES_MIN;
        let is_like_others = match self.known {
            Known::Owner => true,
            // Of a collective household hardly anybody of whom was enumerated, hardly anybody lives here.
            Known::Collective => !has_positives,
            Known::Registered | Known::Other => false,
        };
        let others_odds = missed_odds.filter(|_| is_like_others);
        let is_fitted = others_odds.is_none() && has_positives && !sampled.is_empty();
        let mixture = if let Some(odds) = others_odds {
            // Missed as often as persons of whom registers say that they live here.
            let missed = odds * self.positives.len() as f64;
            alike((missed / self.unlabelled.len().max(1) as f64).clamp(0.001, 0.9))
        } else if is_fitted {
            sample.fit()
        } else {
            alike(0.3)
        };
        let mut fit = self.fitted(observer, &columns, &mixture, &unlabelled);
        if others_odds.is_some() {
            fit.warnings.clear();
        }
        let seen = self.unlabelled.iter().zip(unlabelled).zip(held_apart).zip(visited);
        let candidates: Vec<Candidate> = seen
            .map(|(((person, levels), held), visited)| self.candidate(*person, levels, held, visited, &fit))
            .collect();
        if !candidates.is_empty() {
            let sum: f64 = candidates.iter().map(|candidate| candidate.probability).sum();
            fit.prior = sum / candidates.len() as f64;
        }
        let redrawing = is_fitted.then_some(Redrawing { sample, found: mixture, columns, households });
        (fit, candidates, redrawing)
    }

    /// Known negatives stand for all others only among persons the roll has reason to list: those registered here.
    fn negatives_usable(&self) -> bool {
        let enough = (self.unlabelled.len() as f64 * NEGATIVES_SHARE_MIN).max(NEGATIVES_MIN as f64);
        matches!(self.known, Known::Registered | Known::Collective) && self.negatives.len() as f64 >= enough
    }

    fn candidate(
        &self,
        person: u32,
        levels: Box<[u8]>,
        held_apart: Option<(u32, f64)>,
        visited: Option<bool>,
        fit: &StratumFit,
    ) -> Candidate {
        let (linked_to, linked) = held_apart.map_or((None, 0.0), |(owner, linked)| (Some(owner), linked));
        let estimated = || probability(fit.log2_odds(&levels)) * (1.0 - linked);
        let probability = visited.map_or_else(estimated, |missed| f64::from(u8::from(missed)));
        Candidate { person, stratum: self.stratum, probability, linked, linked_to, visited, levels }
    }

    /// The weights of all levels, about the average candidate.
    fn fitted(
        &self,
        observer: &Observer<'_>,
        columns: &Columns,
        mixture: &Mixture,
        unlabelled: &[Box<[u8]>],
    ) -> StratumFit {
        let weight = |column: u16| {
            mixture.coefficients.get(usize::from(column)).filter(|_| column != BASE).copied().unwrap_or(0.0)
        };
        let intercept = mixture.coefficients.last().copied().unwrap_or(0.0);
        let mut base_bits = (intercept + mixture.offset) / std::f64::consts::LN_2;
        let mut features = Vec::with_capacity(observer.features.len());
        for (at, feature) in observer.features.iter().enumerate() {
            let weights: Vec<f64> =
                columns.of[at].iter().map(|column| weight(*column) / std::f64::consts::LN_2).collect();
            let of = |levels: &[u8]| weights.get(usize::from(levels[at])).copied().unwrap_or(0.0);
            let mean = unlabelled.iter().map(|levels| of(levels)).sum::<f64>() / unlabelled.len().max(1) as f64;
            base_bits += mean;
            let levels = (0u8..).zip(&weights).map(|(level, bits)| (observer.level_name(*feature, level), bits - mean));
            features.push(FittedFeature { name: feature.name(), levels: levels.collect() });
        }
        StratumFit {
            name: self.name,
            positives: self.positives.len() as u64,
            negatives: self.negatives.len() as u64,
            unlabelled: self.unlabelled.len() as u64,
            prior: mixture.prior,
            whole_households: mixture.views[0].share,
            base_bits,
            iterations: mixture.rounds,
            warnings: self.warnings(observer, mixture),
            features,
            redrawn: Redrawn::default(),
        }
    }

    fn warnings(&self, observer: &Observer<'_>, mixture: &Mixture) -> Vec<String> {
        let warnings = [
            (!observer.has_dates(), NO_DATES),
            (observer.has_dates_of_one_day(), "one_date"),
            (self.positives.len() < POSITIVES_MIN, "few_positives"),
            (!self.negatives_usable(), "few_negatives"),
            (self.negatives_usable() && mixture.by_density, "unlike_negatives"),
            (mixture.is_stated, "stated_share"),
            (mixture.rounds >= mixture::ROUNDS_MAX, "no_convergence"),
        ];
        let holds = |(holds, _): &(bool, &str)| *holds && !self.unlabelled.is_empty();
        warnings.into_iter().filter(holds).map(|(_, code)| code.to_owned()).collect()
    }
}
