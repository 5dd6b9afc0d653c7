//! Which buildings and institutions does the roll not have, though registers know many persons there?
//!
//! Takes the census and who is who, gives how many there are, their persons and their communities. Where elsewhere most
//! of those in registers are on the roll, a dormitory or a building of which it has nobody was left out as a whole, or
//! is gone, or lies outside the area: a visit or a look at the map tells which. That single communities are absent is
//! [`absent`](super::absent)'s to say.

use std::collections::BTreeMap;

use super::{Census, Counts, Level, UNKNOWN_AREA, is_within};
use crate::linkage::resolution::Resolution;
use crate::person::lexicon::Symbol;
use crate::person::table::RecordId;

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
    /// Whom registers have there and the roll has nowhere.
    pub persons: u64,
    /// Codes of the communities where they stand, each once, in order.
    pub communities: Vec<String>,
}

/// Estate and building (0: none).
type Place = (Symbol, u16);

/// Persons of one place in registers, those of them whom the roll has anywhere as present, and their area last seen.
#[derive(Default)]
struct Known {
    register: u64,
    roll: u64,
    /// Listed by the roll as living elsewhere, and not among the others.
    elsewhere: u64,
    area: Symbol,
}

/// The buildings (institutions and villages without buildings as a whole) within the study's area that the roll does
/// not have, those in communities that are absent themselves left out.
pub(super) fn places(census: &Census<'_>, resolution: &Resolution, absent: &[String]) -> AbsentPlaces {
    let table = census.table;
    let mut known: BTreeMap<Place, Known> = BTreeMap::new();
    let mut of_persons: Vec<Vec<Place>> = Vec::new();
    let (mut register, mut roll) = (0u64, 0u64);
    for person in 0..u32::try_from(resolution.persons()).unwrap_or(u32::MAX) {
        let records = resolution.records_of(person);
        let Counts { register_persons: 1, roll_present, roll_elsewhere, .. } = census.counts(records) else { continue };
        let area = census.place(records);
        let code = Level::Community.area(table.divisions.text(area));
        if code != UNKNOWN_AREA && (!is_within(code, &census.study.area) || absent.iter().any(|one| one == code)) {
            continue;
        }
        let at = registered_at(census, records);
        // Whom the roll only has as living elsewhere it has from lists: nobody need have been there.
        if roll_present == 0 && roll_elsewhere > 0 {
            at.iter().for_each(|place| known.entry(*place).or_default().elsewhere += 1);
            continue;
        }
        (register, roll) = (register + 1, roll + roll_present);
        for place in &at {
            let known = known.entry(*place).or_default();
            known.register += 1;
            known.roll += roll_present;
            if area != 0 {
                known.area = area;
            }
        }
        if roll_present == 0 {
            of_persons.push(at);
        }
    }
    if (roll as f64) < ELSEWHERE_SHARE_MIN * register as f64 {
        return AbsentPlaces::default();
    }
    // Where most are listed as living elsewhere, people are registered and do not live.
    known.retain(|_, known| {
        known.register >= REGISTER_PERSONS_MIN.max(known.elsewhere)
            && (known.roll as f64) < ROLL_SHARE_MIN * known.register as f64
    });
    // Two registers may write one institution in two ways: nobody counts twice.
    let persons = of_persons.iter().filter(|at| at.iter().any(|place| known.contains_key(place))).count() as u64;
    let code = |place: &Known| Level::Community.area(table.divisions.text(place.area)).to_owned();
    let mut communities: Vec<String> = known.values().map(code).collect();
    communities.sort_unstable();
    communities.dedup();
    AbsentPlaces { places: known.len() as u64, persons, communities }
}

/// Where registers have a person, each place once.
fn registered_at(census: &Census<'_>, records: &[RecordId]) -> Vec<Place> {
    let table = census.table;
    let of_registers = records.iter().filter(|record| !census.is_roll(**record)).map(|record| *record as usize);
    let mut at: Vec<Place> = of_registers.map(|record| (table.estate[record], table.building[record])).collect();
    at.retain(|(estate, _)| *estate != 0);
    at.sort_unstable();
    at.dedup();
    at
}
