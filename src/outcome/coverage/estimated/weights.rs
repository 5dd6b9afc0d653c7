//! What does each person weigh in the estimates?
//!
//! Takes what the estimates are made of, gives for every person what it adds to each part of the estimates of its
//! areas, and can estimate any selection of persons anew. `trace` shows this to an auditor; a run keeps none of it.

use std::ops::Add;

use super::{Draws, Estimate, Population, Sum, mended, products, variance};
use crate::intake::study::Study;
use crate::linkage::Linked;
use crate::linkage::scoring::Score;
use crate::outcome::coverage::by_lists::Lists;
use crate::outcome::coverage::{AgeGroup, Census};
use crate::outcome::discrepancy::Findings;
use crate::outcome::residence::Residence;
use crate::person::table::PersonTable;

/// What one person adds to the estimates.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed {
    /// The person.
    pub person: u32,
    /// Code of where it stands.
    pub place: String,
    /// 1 male, 2 female, 0 unknown.
    pub sex: u8,
    /// Age at the reference time.
    pub age: AgeGroup,
    /// The household, or the person alone.
    pub household: u64,
    /// Step of merging at which the unseen of its kind are estimated: index into [`STEPS`](super::STEPS).
    pub step: usize,
    /// What it adds to each part; `standard_error`, `low`, `high`, `uncorrected`, `learnt_variance` and
    /// `household_variance` are not sums over persons and stay 0.
    pub parts: Estimate,
    /// What it adds to the variance by itself.
    pub variance: f64,
    /// Its uncertainty that it shares with other members of its household: the products of different members come on
    /// top.
    pub shared: f64,
}

/// All persons who weigh anything.
pub struct Weights<'a> {
    population: Population<'a>,
    residence: &'a Residence,
    draws: Draws,
    /// The persons.
    pub persons: Vec<Weighed>,
}

impl std::fmt::Debug for Weights<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Weights").field("persons", &self.persons.len()).finish_non_exhaustive()
    }
}

/// The estimate of a selection of persons, and how its variance comes about.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    /// The estimate; without the uncorrected one, which is no sum over persons.
    pub estimate: Estimate,
    /// Variance of single persons.
    pub alone: f64,
    /// What each drawing of the households says of the persons who are not enumerated.
    pub replicates: Vec<f64>,
}

impl<'a> Weights<'a> {
    /// Weighs all persons, as [`estimate`](super::estimate) does.
    #[must_use]
    pub fn of(
        study: &Study,
        table: &'a PersonTable,
        linked: &Linked,
        scores: &[Score],
        residence: &'a Residence,
        findings: &Findings,
    ) -> Weights<'a> {
        let census = Census::of(study, table);
        let lists = Lists::of(&census);
        let population =
            Population::of(table, mended::mend(&census, linked, scores, residence, findings, lists.as_ref()));
        let weighed = population.masses.iter().zip(population.weigh(residence)).enumerate();
        let persons = weighed.map(|(at, (mass, (sum, shared)))| Weighed {
            person: mass.person,
            place: table.divisions.text(mass.place).to_owned(),
            sex: mass.sex,
            age: mass.age,
            household: mass.household,
            step: population.pools.step_of_mass(at),
            parts: parts(&sum),
            variance: sum.variance,
            shared,
        });
        let persons = persons.collect();
        Weights { population, residence, draws: Draws::new(study.linkage.seed), persons }
    }

    /// The estimate of the persons that are wanted.
    #[must_use]
    pub fn select(&self, wanted: impl Fn(&Weighed) -> bool) -> Selected {
        let chosen: Vec<bool> = self.persons.iter().map(wanted).collect();
        let (mut sum, mut shared) = (Sum::default(), Vec::new());
        let weighed = self.persons.iter().zip(self.population.weigh(self.residence));
        for (_, (person, (own, together))) in chosen.iter().zip(weighed).filter(|(chosen, _)| **chosen) {
            sum.add(&own);
            shared.push((person.household, together));
        }
        shared.sort_by_key(|(household, _)| *household);
        let of_household = |members: &[(u64, f64)]| products(members.iter().map(|(_, shared)| *shared));
        sum.together = shared.chunk_by(|one, other| one.0 == other.0).map(of_household).fold(0.0, f64::add);
        let alone = sum.variance;
        let wanted = |at: usize| u32::from(chosen[at]);
        let replicates = self.population.replicates(self.residence, &self.draws, 2, wanted);
        let replicates: Vec<f64> = replicates.into_iter().map(|persons| persons[1]).collect();
        sum.learnt = variance(&replicates);
        sum.variance += sum.together + sum.learnt;
        Selected { estimate: sum.estimate(0.0), alone, replicates }
    }
}

/// The parts of an estimate that are sums over persons.
fn parts(sum: &Sum) -> Estimate {
    let [both, only_roll, only_register] = sum.parts;
    Estimate {
        persons: both + only_roll + only_register + sum.unseen,
        enumerated: both + only_roll,
        both,
        only_roll,
        only_register,
        unseen: sum.unseen,
        erroneous: sum.erroneous,
        guests: sum.guests,
        duplicates: sum.duplicates,
        ..Estimate::default()
    }
}
