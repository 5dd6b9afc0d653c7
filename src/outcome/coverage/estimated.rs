//! How many persons lived here, the unseen included, and how sure is that?
//!
//! Takes the table, who is who, residence evidence and findings, gives an estimate with a 95 % interval for every stratum
//! and area. Both lists are first mended, person by person: a link counts as far as the model believes it, a register
//! person as far as the residence evidence says *resident*, a roll person as far as nothing says that the enumeration is
//! wrong. Then Chapman's estimator is applied in post-strata, merged along [`STEPS`] until [`BOTH_MIN`] persons are on
//! both lists. The variance sums residuals by household, which is what a bootstrap over households tends to, and adds
//! that of the mending. Formulas and assumptions: `docs/coverage.md`.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{AgeGroup, Census, Coverage, Level, roles};
use crate::intake::study::Study;
use crate::linkage::Linked;
use crate::outcome::discrepancy::{DiscrepancyKind, Findings};
use crate::outcome::estimate::two_list::{TwoLists, log_normal};
use crate::outcome::residence::Residence;
use crate::person::lexicon::Symbol;
use crate::person::table::PersonTable;

/// Fewest persons on both lists of a post-stratum; with fewer it is merged with others.
const BOTH_MIN: f64 = 10.0;

/// Post-strata, finest first.
pub const STEPS: [&str; 7] = [
    "community × sex × age × registration",
    "township × sex × age × registration",
    "district × sex × age × registration",
    "sex × age × registration",
    "age × registration",
    "age",
    "all together",
];

/// An estimate.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Estimate {
    /// Persons who lived here.
    pub persons: f64,
    /// Standard error.
    pub standard_error: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Expected persons enumerated here rightly.
    pub enumerated: f64,
    /// Expected persons enumerated here wrongly.
    pub erroneous: f64,
    /// Rows that enumerate a person once more.
    pub duplicates: f64,
    /// Expected residents whom only registers have.
    pub only_register: f64,
    /// Chapman's estimate from the counts as they are.
    pub uncorrected: f64,
}

impl Estimate {
    /// Share of the persons whom the roll does not have.
    #[must_use]
    pub fn omission(&self) -> f64 {
        if self.persons > 0.0 { (self.persons - self.enumerated) / self.persons } else { 0.0 }
    }
}

/// A person, mended.
struct Mass {
    place: Symbol,
    sex: u8,
    age: AgeGroup,
    registration: u8,
    household: u64,
    both: f64,
    only_roll: f64,
    only_register: f64,
    erroneous: f64,
    duplicates: f64,
    /// Variance of the register person's being a resident, and of the roll person's being rightly enumerated.
    spread: [f64; 2],
}

/// What is known of single persons.
#[derive(Default)]
struct Doubts {
    certainty: FxHashMap<u32, f64>,
    erroneous: FxHashMap<u32, f64>,
    resident: FxHashMap<u32, f64>,
    held_apart: FxHashMap<u32, f64>,
}

fn raise(map: &mut FxHashMap<u32, f64>, person: u32, probability: f64) {
    let known = map.entry(person).or_default();
    *known = known.max(probability.clamp(0.0, 1.0));
}

impl Doubts {
    fn of(census: &Census<'_>, linked: &Linked, residence: &Residence, findings: &Findings) -> Doubts {
        let mut doubts = Doubts::default();
        let owner = &linked.resolution.person_of;
        for (pair, score) in linked.pairs.iter().zip(&linked.scores) {
            let person = owner[pair.0 as usize];
            let across = census.is_roll(pair.0) != census.is_roll(pair.1);
            if across && person == owner[pair.1 as usize] {
                raise(&mut doubts.certainty, person, score.probability());
            }
        }
        for candidate in &residence.candidates {
            raise(&mut doubts.resident, candidate.person, candidate.probability);
            raise(&mut doubts.held_apart, candidate.person, candidate.linked);
        }
        for found in &findings.discrepancies {
            let present = found.roll_record.is_some_and(|record| census.table.is_present(record));
            match found.kind {
                DiscrepancyKind::DeadBeforeReference
                | DiscrepancyKind::BornAfterReference
                | DiscrepancyKind::UnsupportedEnumeration => {
                    raise(&mut doubts.erroneous, found.person, found.probability);
                }
                DiscrepancyKind::CountedElsewhere if present => {
                    raise(&mut doubts.erroneous, found.person, found.probability);
                }
                DiscrepancyKind::MissedPerson | DiscrepancyKind::MissedNewborn | DiscrepancyKind::CountedElsewhere => {
                    raise(&mut doubts.resident, found.person, found.probability);
                }
                _ => {}
            }
        }
        doubts
    }
}

fn masses(census: &Census<'_>, linked: &Linked, doubts: &Doubts) -> Vec<Mass> {
    let mut masses = Vec::new();
    for person in 0..u32::try_from(linked.resolution.persons()).unwrap_or(u32::MAX) {
        let records = linked.resolution.records_of(person);
        let counts = census.counts(records);
        let known = |map: &FxHashMap<u32, f64>, otherwise: f64| map.get(&person).copied().unwrap_or(otherwise);
        let (present, register) = (counts.roll_present as f64, counts.register_persons as f64);
        let erroneous = if present > 0.0 { known(&doubts.erroneous, 0.0) } else { 0.0 };
        let resident = if present > 0.0 { 0.0 } else { known(&doubts.resident, 0.0) };
        if present + resident <= 0.0 {
            continue;
        }
        let certainty = known(&doubts.certainty, 1.0);
        let right = present - erroneous;
        // A register person whom the linker held apart from a roll person turns one *only roll* into *both*.
        let apart = if present > 0.0 { 0.0 } else { known(&doubts.held_apart, 0.0).min(1.0 - resident) };
        let both = right * register * certainty + apart;
        let rows = records.iter().filter(|record| census.table.is_present(**record)).count() as f64;
        let home = records.iter().copied().find(|record| census.table.is_present(*record)).or(records.first().copied());
        let household = home.map_or(0, |record| linked.households.household(record));
        let age = census.birth(records).age_on(census.study.reference.day);
        let digit = |record: &u32| census.table.registration[*record as usize];
        masses.push(Mass {
            place: census.place(records),
            sex: census.sex(records),
            age: AgeGroup::of(age),
            registration: records.iter().map(digit).find(|digit| *digit != 0).unwrap_or(0),
            household: if household == 0 { (1 << 32) | u64::from(person) } else { u64::from(household) },
            both,
            only_roll: right - both,
            only_register: resident,
            erroneous,
            duplicates: (rows - 1.0).max(0.0),
            spread: [resident * (1.0 - resident), erroneous * (1.0 - erroneous)],
        });
    }
    masses
}

/// Children, young adults, adults, old people, unknown.
fn broad(age: AgeGroup) -> u8 {
    match age.0 {
        0..=3 => 0,
        4..=7 => 1,
        8..=12 => 2,
        13..=18 => 3,
        _ => 4,
    }
}

type Cell = (Symbol, u8, u8, u8);

fn key(step: usize, place: &str, cell: Cell) -> (usize, &str, u8, u8, u8) {
    let (_, sex, age, registration) = cell;
    let area = |level: Level| level.area(place);
    match step {
        0 => (step, area(Level::Community), sex, age, registration),
        1 => (step, area(Level::Township), sex, age, registration),
        2 => (step, area(Level::District), sex, age, registration),
        3 => (step, "", sex, age, registration),
        4 => (step, "", 0, age, registration),
        5 => (step, "", 0, age, 0),
        _ => (step, "", 0, 0, 0),
    }
}

/// Both, only roll, only register.
type Parts = [f64; 3];

/// The post-stratum of each cell: its parts and its step.
fn pools(table: &PersonTable, masses: &[Mass]) -> FxHashMap<Cell, (Parts, usize)> {
    let mut cells: FxHashMap<Cell, Parts> = FxHashMap::default();
    for mass in masses {
        let parts = cells.entry((mass.place, mass.sex, broad(mass.age), mass.registration)).or_default();
        let own = [mass.both, mass.only_roll, mass.only_register];
        parts.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
    }
    let mut ordered: Vec<(Cell, Parts)> = cells.into_iter().collect();
    ordered.sort_unstable_by_key(|(cell, _)| *cell);
    let mut merged: BTreeMap<(usize, &str, u8, u8, u8), Parts> = BTreeMap::new();
    for (cell, parts) in &ordered {
        for step in 0..STEPS.len() {
            let sum = merged.entry(key(step, table.divisions.text(cell.0), *cell)).or_default();
            sum.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        }
    }
    let pool = |cell: Cell| {
        let of = |step: usize| merged.get(&key(step, table.divisions.text(cell.0), cell)).copied().unwrap_or_default();
        let last = STEPS.len() - 1;
        let step = (0..last).find(|step| of(*step)[0] >= BOTH_MIN).unwrap_or(last);
        (of(step), step)
    };
    ordered.into_iter().map(|(cell, _)| (cell, pool(cell))).collect()
}

#[derive(Default, Clone, Copy)]
struct Sum {
    parts: Parts,
    unseen: f64,
    erroneous: f64,
    duplicates: f64,
    variance: f64,
}

impl Sum {
    fn estimate(&self, uncorrected: f64) -> Estimate {
        let [both, only_roll, only_register] = self.parts;
        let enumerated = both + only_roll;
        let persons = enumerated + only_register + self.unseen;
        let interval = log_normal(persons, self.variance, enumerated);
        Estimate {
            persons,
            standard_error: self.variance.max(0.0).sqrt(),
            low: interval.low,
            high: interval.high,
            enumerated,
            erroneous: self.erroneous,
            duplicates: self.duplicates,
            only_register,
            uncorrected,
        }
    }
}

/// The targets of one place, sex and age: stratum and area at each level, and all areas.
fn targets<'a>(
    known: &mut BTreeMap<(u8, &'a str, u8, AgeGroup), u32>,
    place: &'a str,
    sex: u8,
    age: AgeGroup,
) -> Vec<u32> {
    let mut keys = vec![(WHOLE, "", 0, AgeGroup::UNKNOWN)];
    for level in Level::ALL {
        keys.push((level as u8, level.area(place), sex, age));
        keys.push((AREAS + level as u8, level.area(place), 0, AgeGroup::UNKNOWN));
    }
    let mut number = |key| {
        let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        *known.entry(key).or_insert(next)
    };
    keys.into_iter().map(&mut number).collect()
}

/// First parts of keys: areas as a whole, everything.
const AREAS: u8 = 8;
const WHOLE: u8 = 16;

/// Estimates the persons of every stratum and area of a count.
pub fn estimate(
    coverage: &mut Coverage,
    study: &Study,
    table: &PersonTable,
    linked: &Linked,
    residence: &Residence,
    findings: &Findings,
) {
    let census = Census { study, table, roles: roles(study, table) };
    let masses = masses(&census, linked, &Doubts::of(&census, linked, residence, findings));
    let pools = pools(table, &masses);
    let mut numbers = BTreeMap::new();
    let mut of_place: FxHashMap<(Symbol, u8, AgeGroup), Vec<u32>> = FxHashMap::default();
    let mut sums: Vec<Sum> = Vec::new();
    let mut residuals: Vec<(u32, u64, f64)> = Vec::new();
    let mut merged = [0.0; STEPS.len()];
    for mass in &masses {
        let cell = (mass.place, mass.sex, broad(mass.age), mass.registration);
        let ([both, only_roll, only_register], step) = pools.get(&cell).copied().unwrap_or_default();
        let (odds_register, odds_roll) = (only_register / (both + 1.0), only_roll / (both + 1.0));
        let unseen = mass.only_roll * odds_register;
        merged[step] += mass.both + mass.only_roll + mass.only_register;
        // q1/p1 is only_register/both, q2/p2 is only_roll/both: the influence of a person in each part.
        let influence =
            mass.only_roll * odds_register + mass.only_register * odds_roll - mass.both * odds_register * odds_roll;
        let spread = mass.spread[0] * (1.0 + odds_roll).powi(2) + mass.spread[1] * (1.0 + odds_register).powi(2);
        let place = of_place
            .entry((mass.place, mass.sex, mass.age))
            .or_insert_with(|| targets(&mut numbers, table.divisions.text(mass.place), mass.sex, mass.age));
        for target in place.iter() {
            let at = *target as usize;
            if sums.len() <= at {
                sums.resize(at + 1, Sum::default());
            }
            let sum = &mut sums[at];
            let own = [mass.both, mass.only_roll, mass.only_register];
            sum.parts.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            sum.unseen += unseen;
            sum.erroneous += mass.erroneous;
            sum.duplicates += mass.duplicates;
            sum.variance += unseen + spread;
            residuals.push((*target, mass.household, influence));
        }
    }
    residuals.sort_by_key(|(target, household, _)| (*target, *household));
    for household in residuals.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        let sum: f64 = household.iter().map(|(_, _, influence)| influence).sum();
        sums[household[0].0 as usize].variance += sum * sum;
    }
    let of = |key: (u8, &str, u8, AgeGroup), counts: &super::Counts| {
        let lists = TwoLists {
            first: counts.roll_present as f64,
            second: counts.register_persons as f64,
            both: counts.in_both as f64,
        };
        let sum = numbers.get(&key).and_then(|number| sums.get(*number as usize)).copied().unwrap_or_default();
        sum.estimate(lists.chapman())
    };
    let strata = coverage.strata.iter();
    let estimates =
        strata.map(|stratum| of((stratum.level as u8, &stratum.area, stratum.sex, stratum.age_group), &stratum.counts));
    coverage.estimates = estimates.collect();
    let areas = Level::ALL
        .into_iter()
        .flat_map(|level| coverage.areas(level).into_iter().map(move |(area, counts)| (level, area, counts)));
    let areas: Vec<AreaEstimate> = areas
        .map(|(level, area, counts)| {
            let estimate = of((AREAS + level as u8, &area, 0, AgeGroup::UNKNOWN), &counts);
            AreaEstimate { level: level.name().to_owned(), area, estimate }
        })
        .collect();
    let total = of((WHOLE, "", 0, AgeGroup::UNKNOWN), &coverage.total());
    let steps = STEPS.iter().zip(merged).filter(|(_, persons)| *persons > 0.0);
    coverage.summary = Summary {
        total,
        areas,
        post_strata: steps.map(|(step, persons)| ((*step).to_owned(), persons)).collect(),
        assumptions: ASSUMPTIONS.map(str::to_owned).to_vec(),
        if_dependent: dependent(total, &sums, &numbers),
        warnings: warnings(&merged, residence, &total),
    };
}

fn dependent(total: Estimate, sums: &[Sum], numbers: &BTreeMap<(u8, &str, u8, AgeGroup), u32>) -> Vec<(f64, f64)> {
    let whole = numbers.get(&(WHOLE, "", 0, AgeGroup::UNKNOWN)).and_then(|number| sums.get(*number as usize));
    let unseen = whole.map_or(0.0, |sum| sum.unseen);
    [0.5, 1.0, 2.0, 5.0].into_iter().map(|odds| (odds, total.persons + (odds - 1.0) * unseen)).collect()
}

fn warnings(merged: &[f64], residence: &Residence, total: &Estimate) -> Vec<String> {
    let mut warnings = Vec::new();
    let all: f64 = merged.iter().sum();
    let coarse: f64 = merged.iter().skip(3).sum();
    if coarse > 0.05 * all {
        warnings.push(format!(
            "{:.0} % of the persons are in post-strata too small for their own district: areas borrow from one another",
            100.0 * coarse / all
        ));
    }
    for fit in &residence.strata {
        for warning in &fit.warnings {
            warnings.push(format!("the residence evidence is doubtful ({}: {warning})", fit.name));
        }
    }
    if total.erroneous > 0.02 * total.enumerated {
        warnings.push(String::from("more than 2 % of the enumerations are expected to be wrong"));
    }
    warnings
}

/// Estimates of areas and what they rest on, for people and programs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// All areas together.
    pub total: Estimate,
    /// By area, coarse to fine.
    pub areas: Vec<AreaEstimate>,
    /// How far post-strata were merged: persons estimated at each step.
    pub post_strata: Vec<(String, f64)>,
    /// What must hold.
    pub assumptions: Vec<String>,
    /// The total if being on the roll goes with being in registers: odds ratio and persons.
    pub if_dependent: Vec<(f64, f64)>,
    /// What in the data speaks against an assumption.
    pub warnings: Vec<String>,
}

/// The estimate of an area.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AreaEstimate {
    /// `district`, `township` or `community`.
    pub level: String,
    /// Its code.
    pub area: String,
    /// The estimate.
    #[serde(flatten)]
    pub estimate: Estimate,
}

const ASSUMPTIONS: [&str; 4] = [
    "within a post-stratum being on the roll and being in a register are independent (see if_dependent: enumerators who \
     carried a register's list make the estimate too low)",
    "within a post-stratum all persons are equally likely to be on the roll, or equally likely to be in a register",
    "the residence evidence gives right probabilities that a person of the registers lived here",
    "the model gives right probabilities that linked records are one person",
];
