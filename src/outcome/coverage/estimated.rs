//! How many persons lived here, the unseen included, and how sure is that?
//!
//! Takes the table, who is who, residence evidence and findings, gives an estimate with a 95 % interval for every
//! stratum and area. Both lists are first mended, person by person ([`mended`]). Then Chapman's estimator is applied in
//! post-strata, merged along [`STEPS`] where they are too small. The variance is that of drawing the
//! households again, the residence evidence learnt anew from every draw, and adds that of the single doubts and of the
//! unseen themselves. Formulas and assumptions: `docs/coverage.md`.

mod redrawn;
pub mod weights;

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

pub use super::by_lists::ByLists;
use super::by_lists::Lists;
use super::mended::{self, Mass};
pub use super::post_strata::STEPS;
use super::post_strata::{Parts, Pools};
use super::warning;
pub use super::warning::{Warning, WarningKind};
use super::{AgeGroup, Census, Counts, Coverage, Level};
use super::{absent, absent_places, no_deaths, stale};
use crate::error::{Error, Kind, Result};
use crate::intake::study::{Role, Study};
use crate::linkage::Linked;
use crate::linkage::resolution::Resolution;
use crate::linkage::scoring::Score;
use crate::outcome::discrepancy::Findings;
use crate::outcome::estimate::bootstrap::{Draws, variance};
use crate::outcome::estimate::two_list::{TwoLists, square_root};
use crate::outcome::residence::Residence;
use crate::person::lexicon::Symbol;
use crate::person::table::PersonTable;

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
    /// Of these, those who are in a register.
    pub both: f64,
    /// Of these, those who are in none.
    pub only_roll: f64,
    /// Expected persons enumerated here wrongly.
    pub erroneous: f64,
    /// Present on the roll, and by its own items counted where they are registered.
    pub guests: f64,
    /// Rows that enumerate a person once more.
    pub duplicates: f64,
    /// Expected residents whom only registers have.
    pub only_register: f64,
    /// Expected residents whom no list has.
    pub unseen: f64,
    /// Chapman's estimate from the counts as they are.
    pub uncorrected: f64,
    /// Of the variance (the square of the standard error), what households drawn again show: the doubt in what was
    /// learnt.
    pub learnt_variance: f64,
    /// Of the variance, what members of households share; runs of earlier versions do not say it.
    #[serde(default)]
    pub household_variance: f64,
}

impl Estimate {
    /// Share of the persons whom the roll does not have.
    #[must_use]
    pub fn omission(&self) -> f64 {
        if self.persons > 0.0 { (self.persons - self.enumerated) / self.persons } else { 0.0 }
    }

    /// Share of the persons by which the enumerations, right, wrong and repeated, fall short of them.
    #[must_use]
    pub fn net(&self) -> f64 {
        let counted = self.enumerated + self.erroneous + self.duplicates;
        if self.persons > 0.0 { (self.persons - counted) / self.persons } else { 0.0 }
    }
}

#[derive(Default, Clone, Copy)]
struct Sum {
    parts: Parts,
    unseen: f64,
    erroneous: f64,
    guests: f64,
    duplicates: f64,
    variance: f64,
    learnt: f64,
    together: f64,
}

impl Sum {
    fn add(&mut self, other: &Sum) {
        self.parts.iter_mut().zip(other.parts).for_each(|(sum, part)| *sum += part);
        self.unseen += other.unseen;
        self.erroneous += other.erroneous;
        self.guests += other.guests;
        self.duplicates += other.duplicates;
        self.variance += other.variance;
        self.learnt += other.learnt;
        self.together += other.together;
    }

    fn estimate(&self, uncorrected: f64) -> Estimate {
        let [both, only_roll, only_register] = self.parts;
        let enumerated = both + only_roll;
        let persons = enumerated + only_register + self.unseen;
        let interval = square_root(persons, self.variance, enumerated);
        Estimate {
            persons,
            standard_error: self.variance.max(0.0).sqrt(),
            low: interval.low,
            high: interval.high,
            enumerated,
            both,
            only_roll,
            only_register,
            unseen: self.unseen,
            erroneous: self.erroneous,
            guests: self.guests,
            duplicates: self.duplicates,
            uncorrected,
            learnt_variance: self.learnt,
            household_variance: self.together,
        }
    }
}

/// Months that a register ends before the reference time are counted in these.
const DAYS_OF_A_MONTH: i32 = 30;

/// First parts of the keys of targets: areas as a whole, everything.
const AREAS: u8 = 8;
const WHOLE: u8 = 16;

/// A level (or [`AREAS`] and a level, or [`WHOLE`]), an area, a sex, an age group.
type Target<'a> = (u8, &'a str, u8, AgeGroup);

/// Place, sex and age of persons, the finest that targets are made of, with the numbers of their targets.
#[derive(Default)]
struct Slots<'a> {
    targets: BTreeMap<Target<'a>, u32>,
    of: FxHashMap<(Symbol, u8, AgeGroup), u32>,
    targets_of: Vec<Vec<u32>>,
}

impl<'a> Slots<'a> {
    fn slot(&mut self, table: &'a PersonTable, mass: &Mass) -> u32 {
        let next = u32::try_from(self.targets_of.len()).unwrap_or(u32::MAX);
        let slot = *self.of.entry((mass.place, mass.sex, mass.age)).or_insert(next);
        if slot == next {
            let targets = self.targets(table.divisions.text(mass.place), mass.sex, mass.age);
            self.targets_of.push(targets);
        }
        slot
    }

    /// Stratum and area at each level, and all areas.
    fn targets(&mut self, place: &'a str, sex: u8, age: AgeGroup) -> Vec<u32> {
        let mut keys = vec![(WHOLE, "", 0, AgeGroup::UNKNOWN)];
        for level in Level::ALL {
            keys.push((level as u8, level.area(place), sex, age));
            keys.push((AREAS + level as u8, level.area(place), 0, AgeGroup::UNKNOWN));
        }
        let mut number = |key| {
            let next = u32::try_from(self.targets.len()).unwrap_or(u32::MAX);
            *self.targets.entry(key).or_insert(next)
        };
        keys.into_iter().map(&mut number).collect()
    }

    /// The sums of targets from those of slots.
    fn gather(&self, slots: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.targets.len()];
        for (value, targets) in slots.iter().zip(&self.targets_of) {
            targets.iter().for_each(|target| sums[*target as usize] += value);
        }
        sums
    }
}

/// Masses with their slots and cells.
struct Population<'a> {
    masses: Vec<Mass>,
    slot: Vec<u32>,
    slots: Slots<'a>,
    pools: Pools,
}

impl<'a> Population<'a> {
    fn of(table: &'a PersonTable, masses: Vec<Mass>) -> Population<'a> {
        let number = || {
            let mut slots = Slots::default();
            let slot = masses.iter().map(|mass| slots.slot(table, mass)).collect();
            (slot, slots)
        };
        let ((slot, slots), pools) = rayon::join(number, || Pools::of(table, &masses));
        Population { masses, slot, slots, pools }
    }

    /// What each mass comes to.
    fn weigh(&self, residence: &Residence) -> impl Iterator<Item = (Sum, f64)> {
        let ratios = self.pools.ratios(self.masses.iter().map(|mass| [mass.both, mass.only_roll, mass.only_register]));
        self.masses.iter().enumerate().map(move |(at, mass)| {
            let [register, roll] = ratios[self.pools.pool_of_mass(at)];
            let unseen = mass.only_roll * register;
            let certainty = mass.certainty * (1.0 - mass.certainty) * (register * (1.0 + roll)).powi(2);
            let erroneous = mass.erroneous * (1.0 - mass.erroneous) * (1.0 + register).powi(2);
            let resident = mass.only_register * (1.0 - mass.only_register) * (1.0 + roll).powi(2);
            let shared = if resident > 0.0 { (together(residence, mass) * resident).sqrt() } else { 0.0 };
            let sum = Sum {
                parts: [mass.both, mass.only_roll, mass.only_register],
                unseen,
                erroneous: mass.erroneous,
                guests: mass.guests,
                duplicates: mass.duplicates,
                variance: unseen + certainty + erroneous + resident,
                learnt: 0.0,
                together: 0.0,
            };
            (sum, shared)
        })
    }

    /// The sums of each target.
    fn sums(&self, residence: &Residence) -> Vec<Sum> {
        let mut sums = vec![Sum::default(); self.slots.targets_of.len()];
        let mut spreads: Vec<(u64, u32, f64)> = Vec::new();
        for (at, (sum, shared)) in self.weigh(residence).enumerate() {
            if shared > 0.0 {
                spreads.push((self.masses[at].household, self.slot[at], shared));
            }
            sums[self.slot[at] as usize].add(&sum);
        }
        let mut gathered = vec![Sum::default(); self.slots.targets.len()];
        for (sum, targets) in sums.iter().zip(&self.slots.targets_of) {
            targets.iter().for_each(|target| gathered[*target as usize].add(sum));
        }
        spreads.par_sort_by_key(|(household, ..)| *household);
        let mut of_targets: Vec<(u32, f64)> = Vec::new();
        for household in spreads.chunk_by(|one, other| one.0 == other.0).filter(|household| household.len() > 1) {
            of_targets.clear();
            for (_, slot, shared) in household {
                let targets = self.slots.targets_of[*slot as usize].iter();
                of_targets.extend(targets.map(|target| (*target, *shared)));
            }
            of_targets.sort_by_key(|(target, _)| *target);
            for members in of_targets.chunk_by(|one, other| one.0 == other.0) {
                gathered[members[0].0 as usize].together += products(members.iter().map(|(_, shared)| *shared));
            }
        }
        gathered
    }

    /// By target, the variance of what was learnt: of the residence evidence and of the unseen, households drawn again.
    fn learnt(&self, residence: &Residence, draws: &Draws) -> Vec<f64> {
        let slots = self.replicates(residence, draws, self.slots.targets_of.len(), |at| self.slot[at]);
        let replicates: Vec<Vec<f64>> = slots.par_iter().map(|slots| self.slots.gather(slots)).collect();
        let of_target = |target: usize| {
            let values: Vec<f64> = replicates.iter().map(|values| values[target]).collect();
            variance(&values)
        };
        (0..self.slots.targets.len()).map(of_target).collect()
    }
}

/// Members of a household stand or fall together: the products of different members, which come to the squares.
fn products(shared: impl Iterator<Item = f64>) -> f64 {
    let (sum, squares) = shared.fold((0.0, 0.0), |(sum, squares), one| (sum + one, squares + one * one));
    sum * sum - squares
}

/// Share of the missed whose whole household was missed: how far members of one are residents together.
fn together(residence: &Residence, mass: &Mass) -> f64 {
    let candidate = residence.candidates.get(mass.candidate as usize);
    let fit = candidate.and_then(|candidate| residence.strata.get(candidate.stratum));
    fit.map_or(1.0, |fit| fit.whole_households)
}

/// Estimates the persons of every stratum and area of a count. One list alone says nothing of whom it has not. `scores`
/// are those that are [`believed`](crate::outcome::residence::believed).
pub fn estimate(
    coverage: &mut Coverage,
    study: &Study,
    table: &PersonTable,
    linked: &Linked,
    scores: &[Score],
    residence: &Residence,
    findings: &Findings,
) {
    if !study.has_two_lists() {
        coverage.summary.warnings.push(Warning { kind: WarningKind::OneList, share: 1.0, detail: String::new() });
        return;
    }
    let unlinked = unlinked(coverage);
    // Whom registers know says nothing of the others if they know hardly anybody.
    if !findings.support.is_enough() {
        coverage.summary.warnings = unlinked.into_iter().chain(warning::of_support(&findings.support)).collect();
        return;
    }
    let census = Census::of(study, table);
    let lists = Lists::of(&census);
    let population = Population::of(table, mended::mend(&census, linked, scores, residence, findings, lists.as_ref()));
    let draws = Draws::new(study.linkage.seed);
    let (mut sums, learnt) = rayon::join(|| population.sums(residence), || population.learnt(residence, &draws));
    for (sum, learnt) in sums.iter_mut().zip(learnt) {
        sum.learnt = learnt;
        sum.variance += sum.together + learnt;
    }
    let of = |key: Target<'_>, counts: &Counts| {
        let lists = TwoLists {
            first: counts.roll_present as f64,
            second: counts.register_persons as f64,
            both: counts.in_both as f64,
        };
        let number = population.slots.targets.get(&key);
        number.and_then(|number| sums.get(*number as usize)).copied().unwrap_or_default().estimate(lists.chapman())
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
    let merged = population.pools.persons(&population.masses);
    let steps = STEPS.iter().zip(merged).filter(|(_, persons)| *persons > 0.0);
    // Residence, links and enumerations are as doubtful there: all of the variance but that of the unseen themselves.
    let doubt = (total.standard_error.powi(2) - total.unseen).max(0.0);
    let by_lists = lists.map(|lists| lists.estimate(&population.masses, doubt));
    let mut warnings: Vec<Warning> = unlinked.into_iter().collect();
    warnings.extend(warning::all(&merged, residence, &total, &findings.support));
    let mut warn = |kind: WarningKind, share: f64| warnings.push(Warning { kind, share, detail: String::new() });
    let unjudged = population.pools.unjudged(&population.masses);
    if unjudged > 0.0 {
        warn(WarningKind::Unjudged, unjudged);
    }
    if let Some(Err(unestimated)) = by_lists {
        warn(WarningKind::NoModel, unestimated);
    }
    warnings.extend(incomplete(coverage, &census, &linked.resolution));
    coverage.summary = Summary {
        total: Some(total),
        areas,
        post_strata: steps.map(|(step, persons)| ((*step).to_owned(), persons)).collect(),
        assumptions: ASSUMPTIONS.map(str::to_owned).to_vec(),
        if_dependent: [0.5, 1.0, 2.0, 5.0].map(|odds| (odds, total.persons + (odds - 1.0) * total.unseen)).to_vec(),
        by_lists: by_lists.and_then(std::result::Result::ok),
        warnings,
    };
}

/// The warning of lists that have hardly anybody in common, which goes to the log, too.
fn unlinked(coverage: &Coverage) -> Option<Warning> {
    let total = coverage.total();
    let warning = warning::of_lists(&total);
    if warning.is_some() {
        tracing::warn!(
            on_roll = total.roll_present,
            in_registers = total.register_persons,
            in_both = total.in_both,
            "hardly anybody on the roll is linked to a register: are both of one area, the columns right \
             (`rollcall profile`), link_probability not too high? Nothing found of missed persons can be relied on"
        );
    }
    warning
}

/// Warnings of extracts that do not have what they should, which go to the log, too.
fn incomplete(coverage: &Coverage, census: &Census<'_>, resolution: &Resolution) -> Vec<Warning> {
    let (study, table) = (census.study, census.table);
    let mut warnings = Vec::new();
    let of_register = |persons: u64| persons as f64 / coverage.total().register_persons.max(1) as f64;
    let (absent, persons) = absent::communities(coverage, &study.area);
    if !absent.is_empty() {
        tracing::warn!(
            communities = absent.len(),
            persons,
            "registers know communities of which the roll has nobody: is its extract whole?"
        );
        let detail = absent.join(", ");
        warnings.push(Warning { kind: WarningKind::Absent, share: of_register(persons), detail });
    }
    let places = absent_places::places(census, resolution, &absent);
    if places.places > 0 {
        tracing::warn!(
            places = places.places,
            persons = places.persons,
            "registers know buildings or institutions of which the roll has hardly anybody: were they left out?"
        );
        let (share, detail) = (of_register(places.persons), places.communities.join(", "));
        warnings.push(Warning { kind: WarningKind::AbsentPlaces, share, detail });
    }
    let stale = stale::registers(study, table);
    if !stale.is_empty() {
        let named = |(source, days): &(usize, i32)| (study.sources[*source].name.as_str(), days / DAYS_OF_A_MONTH);
        let detail: Vec<String> = stale
            .iter()
            .map(named)
            .map(|(source, months)| {
                tracing::warn!(
                    source,
                    months,
                    "a register ends before the reference time: too many missed are expected"
                );
                format!("{source} {months}")
            })
            .collect();
        let is_register = |source: &usize| study.sources[*source].role == Role::Register;
        let all: usize = (0..study.sources.len()).filter(is_register).map(|source| table.records(source).len()).sum();
        let records: usize = stale.iter().map(|(source, _)| table.records(*source).len()).sum();
        let share = records as f64 / all.max(1) as f64;
        warnings.push(Warning { kind: WarningKind::Stale, share, detail: detail.join(", ") });
    }
    warnings.extend(no_deaths::warning(study, table));
    warnings
}

/// Estimates of areas and what they rest on, for people and programs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// All areas together; nothing where nothing is estimated.
    pub total: Option<Estimate>,
    /// By area, coarse to fine.
    pub areas: Vec<AreaEstimate>,
    /// How far post-strata were merged: persons estimated at each step.
    pub post_strata: Vec<(String, f64)>,
    /// What must hold.
    pub assumptions: Vec<String>,
    /// The total if being on the roll goes with being in registers: odds ratio and persons.
    pub if_dependent: Vec<(f64, f64)>,
    /// What the roll and each register as a list of its own say of the total, where there are at least three lists.
    pub by_lists: Option<ByLists>,
    /// What in the data speaks against an assumption.
    pub warnings: Vec<Warning>,
}

impl Summary {
    /// Is anything estimated?
    #[must_use]
    pub fn is_made(&self) -> bool {
        !self.assumptions.is_empty()
    }

    /// Have roll and registers so few persons in common that no expectation rests on anything?
    #[must_use]
    pub fn is_unlinked(&self) -> bool {
        self.warnings.iter().any(|warning| warning.kind == WarningKind::Unlinked)
    }

    /// As it is written.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self).map(|text| text + "\n");
        text.map_err(|_| Error::new(Kind::Environment, "the estimates cannot be written as JSON"))
    }
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

#[cfg(test)]
mod tests {
    use super::{Census, Coverage, Warning, WarningKind, incomplete};
    use crate::intake::extract;
    use crate::intake::study::file;
    use crate::linkage::resolution::Resolution;
    use crate::person::standardise;
    use crate::progress::Silent;

    const SEEN: &str = "last_seen = \"seen\"";

    /// Warnings of a roll of sixty persons in houses and a register of these and of 45 at a school, of whom the
    /// roll has some, and others as living elsewhere; the register was last touched at this day, and has this column of
    /// dates.
    fn warnings([pupils_on_roll, elsewhere]: [u32; 2], seen: &str, dated_by: &str) -> Vec<Warning> {
        let folder = tempfile::tempdir().unwrap();
        let row = |at: u32| {
            let home = format!("人民路{}号{}号楼{}室", 1 + at / 20, 1 + at % 4, 101 + at);
            let address = if at < 60 { home } else { String::from("第一中学宿舍") };
            // One born in each month, and the youngest in the month of the register's end.
            let months = (seen[..4].parse::<u32>().unwrap() * 12 + seen[5..7].parse::<u32>().unwrap() - 1) - at;
            let is_here = u8::from(at < 60 + pupils_on_roll);
            format!("{at},赵建国,{address},{seen},{}-{:02},{is_here}\n", months / 12, months % 12 + 1)
        };
        let mut study =
            String::from("[study]\nname = \"s\"\nreference_time = \"2020-11-01T00:00:00+08:00\"\narea = \"999999\"\n");
        for (role, persons, kind) in
            [("roll", 60 + pupils_on_roll + elsewhere, "present"), ("register", 105, "residence")]
        {
            let rows: String = (0..persons).map(row).collect();
            std::fs::write(
                folder.path().join(format!("{role}.csv")),
                format!("id,name,address,seen,born,here\n{rows}"),
            )
            .unwrap();
            let dated_by = if role == "register" { dated_by } else { "" };
            let rows = if role == "roll" { "column = \"here\"\nelsewhere = [\"0\"]\n" } else { "" };
            study += &format!(
                "[[source]]\nname = \"{role}\"\nrole = \"{role}\"\npath = \"{role}.csv\"\nrecord_id = \"id\"\n\
                 [source.columns]\nname = \"name\"\naddress = \"address\"\n{dated_by}\n[source.rows]\n{rows}otherwise = \"{kind}\"\n"
            );
        }
        std::fs::write(folder.path().join("study.toml"), study).unwrap();
        let study = file::read(&folder.path().join("study.toml")).unwrap();
        let extracts = [0, 1].map(|source| extract::open(&study, source).unwrap());
        let table = standardise(&study, &extracts, &Silent).unwrap().table;
        let records = 0..u32::try_from(table.len()).unwrap();
        let persons: Vec<u32> = records.map(|record| table.record_id(record).parse().unwrap()).collect();
        incomplete(&Coverage::default(), &Census::of(&study, &table), &Resolution::from_labels(&persons))
    }

    #[test]
    fn an_institution_that_the_roll_does_not_have_is_told() {
        let kinds = |pupils, elsewhere| {
            let found = warnings([pupils, elsewhere], "2020-10-20", SEEN).into_iter();
            found.map(|warning| warning.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds(1, 0), [WarningKind::AbsentPlaces], "one of them stands in a wrong place");
        assert_eq!(kinds(3, 0), []);
        assert_eq!(kinds(0, 8), [WarningKind::AbsentPlaces], "lists say who is registered there and lives elsewhere");
        assert_eq!(kinds(0, 23), [], "most are registered there alone");
    }

    #[test]
    fn a_register_that_ends_long_before_the_reference_time_is_told() {
        let of = |seen: &str| warnings([45, 0], seen, SEEN);
        let found = of("2019-11-01");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].kind, found[0].detail.as_str(), found[0].share), (WarningKind::Stale, "register 12", 1.0));
        assert_eq!(of("2020-06-01"), []);
        // Without last signs of life births tell, the newest of which are slips; of adults alone they tell nothing.
        let of = |seen: &str| warnings([45, 0], seen, "birth_date = \"born\"");
        assert_eq!(of("2019-11-01").iter().map(|warning| warning.detail.as_str()).collect::<Vec<_>>(), ["register 14"]);
        assert_eq!([of("2020-09-01"), of("2001-11-01")], [[], []]);
    }
}
