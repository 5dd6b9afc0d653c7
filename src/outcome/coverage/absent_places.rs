//! Which buildings and institutions does the roll not have, though registers know many persons there?
//!
//! Takes the census and who is who, gives how many there are, their persons and their communities. Where elsewhere most
//! of those in registers are on the roll, a dormitory or a building of which it has nobody was left out as a whole, or is
//! gone, or lies outside the area: a visit or a look at the map tells which. That single communities are absent is
//! [`absent`](super::absent)'s to say.

use std::collections::BTreeMap;

use super::{Census, Counts, Level, UNKNOWN_AREA, is_within};
use crate::linkage::resolution::Resolution;
use crate::person::lexicon::Symbol;

/// So many persons of a place in registers make it one that a roll must have. A judgement.
const REGISTER_PERSONS_MIN: u64 = 20;
/// A roll that has fewer than this share of them does not have the place: some stand in a wrong one.
const ROLL_SHARE_MIN: f64 = 0.05;
/// Of all persons in registers the roll must have this share, or it says nothing of places.
const ELSEWHERE_SHARE_MIN: f64 = 0.5;

/// Places that the roll does not have.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct AbsentPlaces {
    /// How many there are.
    pub places: u64,
    /// Their persons in registers.
    pub persons: u64,
    /// Codes of the communities where they stand, each once, in order.
    pub communities: Vec<String>,
}

/// Persons of one place in registers, those of them whom the roll has anywhere, and their commonest area last seen.
#[derive(Default)]
struct Known {
    register: u64,
    roll: u64,
    area: Symbol,
}

/// The buildings (institutions and villages without buildings as a whole) within the study's area that the roll does
/// not have, those in communities that are absent themselves left out.
pub(super) fn places(census: &Census<'_>, resolution: &Resolution, absent: &[String]) -> AbsentPlaces {
    let table = census.table;
    let mut known: BTreeMap<(Symbol, u16), Known> = BTreeMap::new();
    let (mut register, mut roll) = (0u64, 0u64);
    let mut at: Vec<(Symbol, u16)> = Vec::new();
    for person in 0..u32::try_from(resolution.persons()).unwrap_or(u32::MAX) {
        let records = resolution.records_of(person);
        let Counts { register_persons: 1, roll_present, roll_elsewhere, .. } = census.counts(records) else { continue };
        let on_roll = roll_present + roll_elsewhere;
        let area = census.place(records);
        let code = Level::Community.area(table.divisions.text(area));
        if code != UNKNOWN_AREA && (!is_within(code, &census.study.area) || absent.iter().any(|one| one == code)) {
            continue;
        }
        (register, roll) = (register + 1, roll + on_roll);
        at.clear();
        let of_registers = records.iter().filter(|record| !census.is_roll(**record)).map(|record| *record as usize);
        at.extend(of_registers.map(|record| (table.estate[record], table.building[record])));
        at.sort_unstable();
        at.dedup();
        for place in at.iter().filter(|(estate, _)| *estate != 0) {
            let known = known.entry(*place).or_default();
            known.register += 1;
            known.roll += on_roll;
            if area != 0 {
                known.area = area;
            }
        }
    }
    if (roll as f64) < ELSEWHERE_SHARE_MIN * register as f64 {
        return AbsentPlaces::default();
    }
    let is_absent = |known: &&Known| {
        known.register >= REGISTER_PERSONS_MIN && (known.roll as f64) < ROLL_SHARE_MIN * known.register as f64
    };
    let mut found = AbsentPlaces::default();
    for place in known.values().filter(is_absent) {
        found.places += 1;
        found.persons += place.register;
        found.communities.push(Level::Community.area(table.divisions.text(place.area)).to_owned());
    }
    found.communities.sort_unstable();
    found.communities.dedup();
    found
}
