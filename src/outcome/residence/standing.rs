//! How does each person stand to the roll, and what may be learnt from that?
//!
//! Steps: 1. each person's rows say whether the roll has the person present, elsewhere, or not at all, and whether the
//! person had died or was not yet born; 2. from that follows the [`Part`] the person plays: who is on the roll as
//! present and in a register shows what residents look like, who is only listed as living elsewhere shows what others
//! look like, and of the rest everybody in a register is a candidate.

use rayon::prelude::*;

use super::Material;
use crate::intake::study::{RowKind, Study};
use crate::person::code::Relationship;
use crate::person::table::{NO_DAY, RecordId};

/// How a person stands to the roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Listed as living here.
    Present,
    /// Listed only as living elsewhere.
    Elsewhere,
    /// Not listed, and dead before the reference time or born after it.
    Gone,
    /// Not listed.
    Unknown,
}

/// The part a person plays in learning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A resident on the roll who is in a register.
    Positive,
    /// Known to live elsewhere.
    Negative,
    /// In a register and not on the roll.
    Candidate,
    /// None: in no register, in registers of other areas only, dead, not yet born, listed as living elsewhere in the
    /// area, or counted where registered because the person left there only just.
    Outside,
}

/// What is known of a person before any surroundings are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Status {
    /// How the person stands to the roll.
    pub standing: Standing,
    /// The part in learning.
    pub part: Part,
    /// What kind of register knows the person.
    pub known: Known,
    /// Do all division codes of registers place the person outside the area? `None` without a code.
    beyond: Option<bool>,
}

/// If a register places a greater share of its records of those whom the roll has outside the area, its codes mean
/// something else.
const BEYOND_MAX: f64 = 0.2;

/// By what kind of record registers know a person: the strata of the fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// A register counts the person to a registered household.
    Registered,
    /// Registers count the person only to collective households, which have more members than any family, or are called
    /// so: of a university, a works, an employment exchange. Most who are registered so live elsewhere, or in a
    /// dormitory.
    Collective,
    /// By a permit, a resident's file, a tenancy, a birth.
    Other,
    /// By a deed alone: that somebody owns a dwelling does not say that the owner lives in it.
    Owner,
}

/// The status of every person, and how many are not looked for because only registers of places outside the area know
/// them.
/// Registers may hold persons of other areas than the one under study.
pub(super) fn statuses(material: &Material<'_>, study: &Study) -> (Vec<Status>, u64) {
    let persons = u32::try_from(material.resolution.persons()).unwrap_or(u32::MAX);
    let codes = Codes::of(material, &study.area);
    let are_told = material.table.kind.iter().any(|kind| *kind == RowKind::HouseholdRegistration);
    let estates = collective_estates(material);
    let status = |codes: &Codes, person: u32| status(material, codes, &estates, are_told, person);
    let statuses = |codes: &Codes| (0..persons).into_par_iter().map(|person| status(codes, person)).collect();
    let mut found: Vec<Status> = statuses(&codes);
    let usable = codes.without_unlike(material, study, &found);
    if usable.of_source != codes.of_source {
        found = statuses(&usable);
    }
    let is_left_out = |status: &&Status| status.standing == Standing::Unknown && status.beyond == Some(true);
    let left_out = found.iter().filter(is_left_out).count() as u64;
    if left_out > 0 {
        tracing::info!(
            persons = left_out,
            "not on the roll, and only in registers of places outside `area`: not looked for"
        );
    }
    (found, left_out)
}

/// What division codes say of the area under study.
struct Codes {
    /// By code: is it of a place outside?
    outside: Vec<bool>,
    /// By source: do its codes say where somebody lives?
    of_source: Vec<bool>,
}

impl Codes {
    fn of(material: &Material<'_>, area: &str) -> Codes {
        let divisions = &material.table.divisions;
        let codes = 0..u32::try_from(divisions.len()).unwrap_or(u32::MAX);
        let outside = codes.map(|code| code != 0 && lies_outside(divisions.text(code), area)).collect();
        Codes { outside, of_source: vec![true; material.table.source_count()] }
    }

    /// Is the record's place outside the area? `None` where no code says.
    fn is_outside(&self, material: &Material<'_>, record: RecordId) -> Option<bool> {
        let code = material.table.division[record as usize];
        (code != 0 && self.of_source[material.table.source(record)]).then(|| self.outside[code as usize])
    }

    /// The same without the codes of sources that place many of those outside whom the roll has: one register may have
    /// other codes than the rest.
    fn without_unlike(&self, material: &Material<'_>, study: &Study, found: &[Status]) -> Codes {
        let none = || vec![[0_u64; 2]; self.of_source.len()];
        let count = |mut counts: Vec<[u64; 2]>, (person, status): (usize, &Status)| {
            let records = material.resolution.records_of(u32::try_from(person).unwrap_or(u32::MAX)).iter();
            let registers = records.filter(|record| !material.table.kind[**record as usize].is_of_roll());
            for record in registers.filter(|_| status.part == Part::Positive) {
                if let Some(is_outside) = self.is_outside(material, *record) {
                    counts[material.table.source(*record)][usize::from(is_outside)] += 1;
                }
            }
            counts
        };
        let both = |mut all: Vec<[u64; 2]>, more: Vec<[u64; 2]>| {
            all.iter_mut().flatten().zip(more.iter().flatten()).for_each(|(sum, count)| *sum += count);
            all
        };
        let counts = found.par_iter().enumerate().fold(none, count).reduce(none, both);
        let is_like = |(source, [here, elsewhere]): (usize, &[u64; 2])| {
            let is_like = *elsewhere as f64 <= BEYOND_MAX * (here + elsewhere) as f64;
            if !is_like {
                let source = study.sources.get(source).map_or("", |source| source.name.as_str());
                tracing::warn!(
                    source,
                    here,
                    elsewhere,
                    "a register places many enumerated persons outside `area`: its codes are not used"
                );
            }
            is_like
        };
        Codes { outside: self.outside.clone(), of_source: counts.iter().enumerate().map(is_like).collect() }
    }
}

/// Does a division code name a place outside the area? That of a province or city which the area lies in (`120000`)
/// does not.
fn lies_outside(code: &str, area: &str) -> bool {
    let mut known = code;
    while let Some(shorter) = known.strip_suffix("00") {
        known = shorter;
    }
    !known.starts_with(area) && !area.starts_with(known)
}

/// How registers call a collective household, in an address.
const COLLECTIVE: &str = "集体户";

/// Of each estate, does its name say that whoever is registered there belongs to a collective household?
fn collective_estates(material: &Material<'_>) -> Vec<bool> {
    let estates = &material.table.estates;
    (0..u32::try_from(estates.len()).unwrap_or(u32::MAX)).map(|at| estates.text(at).contains(COLLECTIVE)).collect()
}

/// Does a registration count its person to a collective household: is that said, or has its number too many members?
fn is_collective(material: &Material<'_>, estates: &[bool], record: RecordId) -> bool {
    let (table, at) = (material.table, record as usize);
    table.relationship[at] == Relationship::Collective
        || estates[table.estate[at] as usize]
        || (table.household[at] != 0 && material.households.household(record) == 0)
}

fn status(material: &Material<'_>, codes: &Codes, estates: &[bool], are_told: bool, person: u32) -> Status {
    let table = material.table;
    let (mut has_code, mut code_in_area) = (false, false);
    let (mut present, mut in_area, mut elsewhere, mut gone) = (false, false, false, false);
    let mut counted = false;
    let (mut in_register, mut registered, mut collective, mut only_owner) = (false, false, false, true);
    for &record in material.resolution.records_of(person) {
        let kind = table.kind[record as usize];
        counted |= table.is_counted(record, material.day);
        match kind {
            RowKind::Present => present = true,
            RowKind::ElsewhereInArea => in_area = true,
            RowKind::Elsewhere => elsewhere = true,
            _ => {
                in_register = true;
                let is_outside = codes.is_outside(material, record);
                has_code |= is_outside.is_some();
                code_in_area |= is_outside == Some(false);
                let is_registration = is_registration(material, record, are_told);
                let is_collective = is_collective(material, estates, record);
                collective |= is_registration && is_collective;
                registered |= is_registration && !is_collective;
                only_owner &= kind == RowKind::Ownership;
                gone |= died_before(material, record) || born_after(material, record);
            }
        }
    }
    let standing = if present {
        Standing::Present
    } else if in_area || elsewhere {
        Standing::Elsewhere
    } else if gone {
        Standing::Gone
    } else {
        Standing::Unknown
    };
    let beyond = has_code.then_some(!code_in_area);
    let part = match standing {
        _ if gone || !in_register => Part::Outside,
        Standing::Unknown if beyond == Some(true) => Part::Outside,
        Standing::Present if counted => Part::Positive,
        Standing::Present => Part::Outside,
        // Away for less than half a year: counted here, so no example of those who live elsewhere.
        Standing::Elsewhere if in_area || counted => Part::Outside,
        Standing::Elsewhere => Part::Negative,
        Standing::Gone => Part::Outside,
        Standing::Unknown => Part::Candidate,
    };
    let known = if registered {
        Known::Registered
    } else if collective {
        Known::Collective
    } else if only_owner {
        Known::Owner
    } else {
        Known::Other
    };
    Status { standing, part, known, beyond }
}

/// Does a register record of this kind count its person to a registered household? A resident's file with the number of
/// a household does, too, where no row is said to be a registration: other numbers are of tenancies, or a clinic's own.
fn is_registration(material: &Material<'_>, record: RecordId, are_told: bool) -> bool {
    match material.table.kind[record as usize] {
        RowKind::HouseholdRegistration => true,
        RowKind::Residence => !are_told && material.table.household[record as usize] != 0,
        _ => false,
    }
}

/// Does the record say that the person had died before the reference time?
fn died_before(material: &Material<'_>, record: RecordId) -> bool {
    let at = record as usize;
    let death = material.table.death[at];
    let seen = material.table.last_seen[at];
    if death.is_some() {
        return death.is_before(material.day) == Some(true);
    }
    material.table.kind[at] == RowKind::Death && seen != NO_DAY && seen < material.day
}

/// Does the record say that the person was born at or after the reference time?
fn born_after(material: &Material<'_>, record: RecordId) -> bool {
    material.table.birth[record as usize].is_before(material.day) == Some(false)
}

#[cfg(test)]
mod tests {
    use super::lies_outside;

    #[test]
    fn a_code_that_holds_the_area_is_not_outside_it() {
        for (code, outside) in [
            ("120106001002", false),
            ("120106", false),
            ("120106000000", false),
            ("120100", false),
            ("1201", false),
            ("120000", false),
            ("12", false),
            ("120104", true),
            ("120110", true),
            ("130100", true),
        ] {
            assert_eq!(lies_outside(code, "120106"), outside, "{code}");
        }
        assert!(!lies_outside("120106010000", "120106010") && lies_outside("120106011000", "120106010"));
    }
}
