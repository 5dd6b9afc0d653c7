//! What does the run expect around a case?
//!
//! Takes the cases with the probabilities that the run gave them and what the roll has around them, gives for each what
//! speaks of its surroundings, as names and values:
//!
//! - *building*: missed persons expected in dwellings of the building where nobody was enumerated, for each person
//!   enumerated in it, as the logarithm of the ratio to all buildings. A building that was left out has many of them
//!   and few enumerated. One value for cases in such dwellings, one for the others;
//! - *area*: missed persons expected in the enumeration area, for each person enumerated in it, likewise;
//! - *community*: rows of the roll that list persons as living elsewhere, for each person of a registered household who
//!   is looked for: few where nobody compared the roll with the household register, so that who has left looks like
//!   somebody missed. A value for each stratum.
//!
//! What speaks of a case comes from other doors: its own probability is counted already. A ratio of small numbers is
//! held near that of all, as if each place had some more persons of the usual kind (a gamma prior for a Poisson rate).
//! Whether and how much these values say is left to the labels.

use rustc_hash::FxHashMap;

use super::door::{DoorKey, door_key};
use crate::outcome::coverage::Level;
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::report::cases::CaseRow;

/// So many enumerated persons of the usual kind are added to each place.
const USUAL_PERSONS: f64 = 60.0;
/// So many persons who are looked for or listed elsewhere are added to each community.
const USUAL_LISTED: f64 = 5.0;

/// Estate and number of a case's building, if they are known.
pub(super) fn building(row: &CaseRow) -> Option<(&str, u16)> {
    (!row.door.unplaced && row.door.building != 0).then_some((row.door.estate.as_str(), row.door.building))
}

/// The community's code, if the area's begins with one.
pub(super) fn community(row: &CaseRow) -> Option<&str> {
    Level::Community.beginning(&row.area)
}

/// Missed persons that are expected in places, and persons enumerated there.
struct Rates<'a, Place> {
    of_place: FxHashMap<Place, (f64, u32)>,
    at_door: FxHashMap<DoorKey<'a>, f64>,
    usual: f64,
}

impl<'a, Place: std::hash::Hash + Eq + Copy> Rates<'a, Place> {
    /// Of cases with their place, how many were enumerated there, and how many missed persons are expected by the case.
    fn of(cases: impl Iterator<Item = (Place, u32, &'a CaseRow, f64)>) -> Rates<'a, Place> {
        let (mut of_place, mut at_door) = (FxHashMap::default(), FxHashMap::default());
        let (mut expected_of_all, mut enumerated_of_all) = (0.0, 0.0);
        for (place, enumerated, row, expected) in cases {
            let of = of_place.entry(place).or_insert_with(|| {
                enumerated_of_all += f64::from(enumerated);
                (0.0, enumerated)
            });
            of.0 += expected;
            expected_of_all += expected;
            *at_door.entry(door_key(row, &row.case.number)).or_insert(0.0) += expected;
        }
        Rates { of_place, at_door, usual: expected_of_all / f64::max(enumerated_of_all, 1.0) }
    }

    /// Logarithm of the place's rate by its other doors, to that of all places.
    fn ratio(&self, place: Place, row: &'a CaseRow) -> Option<f64> {
        let (expected, enumerated) = self.of_place.get(&place)?;
        let own = self.at_door.get(&door_key(row, &row.case.number)).copied().unwrap_or_default();
        let others = (expected - own).max(0.0) + USUAL_PERSONS * self.usual;
        let rate = others / (f64::from(*enumerated) + USUAL_PERSONS);
        (self.usual > 0.0).then(|| (rate / self.usual).ln())
    }
}

/// What there is around all cases.
pub(super) struct Surroundings<'a> {
    buildings: Rates<'a, (&'a str, u16)>,
    areas: Rates<'a, &'a str>,
    /// Logarithm of the odds of being listed elsewhere, to those of all.
    communities: FxHashMap<&'a str, f64>,
}

impl<'a> Surroundings<'a> {
    /// Of these cases. Only single missed persons are counted: a household is its members once more.
    pub fn of(cases: &[(DiscrepancyKind, &'a CaseRow)]) -> Surroundings<'a> {
        let persons = || cases.iter().filter(|(kind, _)| kind.is_missed()).map(|(_, row)| *row);
        let in_buildings = persons().filter_map(|row| {
            let expected = if row.is_empty_dwelling() { row.probability } else { 0.0 };
            Some((building(row)?, row.around?.enumerated_in_building, row, expected))
        });
        let in_areas =
            persons().filter_map(|row| Some((row.area.as_str(), row.around?.enumerated_in_area, row, row.probability)));
        Surroundings {
            buildings: Rates::of(in_buildings),
            areas: Rates::of(in_areas),
            communities: listed_elsewhere(persons()),
        }
    }

    /// What is around a case.
    pub fn around(&self, row: &'a CaseRow) -> Vec<(String, f64)> {
        let mut around = Vec::new();
        if let Some(ratio) = building(row).and_then(|building| self.buildings.ratio(building, row)) {
            around.push((format!("building, {}", if row.is_empty_dwelling() { "empty" } else { "lived in" }), ratio));
        }
        if let Some(ratio) = self.areas.ratio(&row.area, row) {
            around.push((String::from("area"), ratio));
        }
        let listed = community(row).and_then(|community| self.communities.get(community));
        if let (Some(stratum), Some(listed)) = (row.stratum(), listed) {
            around.push((format!("community, {stratum}"), *listed));
        }
        around
    }
}

/// Of each community, how many are listed elsewhere to how many are looked for, as the logarithm of the ratio to all.
fn listed_elsewhere<'a>(persons: impl Iterator<Item = &'a CaseRow>) -> FxHashMap<&'a str, f64> {
    let mut counts: FxHashMap<&str, (u32, u32)> = FxHashMap::default();
    for row in persons {
        let (Some(community), Some(around)) = (community(row), row.around) else { continue };
        let (listed, looked_for) = counts.entry(community).or_default();
        *listed = around.listed_elsewhere;
        *looked_for += u32::from(row.is_registered());
    }
    let (listed, looked_for) = counts.values().fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
    if listed == 0 || looked_for == 0 {
        return FxHashMap::default();
    }
    let usual = f64::from(listed) / f64::from(listed + looked_for);
    let ratio = |(listed, looked_for): (u32, u32)| {
        let odds = (f64::from(listed) + USUAL_LISTED * usual) / (f64::from(looked_for) + USUAL_LISTED * (1.0 - usual));
        (odds * (1.0 - usual) / usual).ln()
    };
    counts.into_iter().map(|(community, of)| (community, ratio(of))).collect()
}

#[cfg(test)]
mod tests {
    use super::Surroundings;
    use crate::casework::learning::tests::row;
    use crate::outcome::discrepancy::DiscrepancyKind;
    use crate::outcome::report::cases::{Around, CaseRow, trait_of};
    use crate::outcome::residence::features::{DWELLING, dwelling_words};

    #[test]
    fn what_the_residence_evidence_says_of_a_dwelling_is_understood_here() {
        let is_empty = |level: &u8| {
            let of_dwelling = trait_of(DWELLING, &dwelling_words(*level));
            CaseRow { traits: vec![trait_of("sex", "male"), of_dwelling], ..row(0, 1, 0.5) }.is_empty_dwelling()
        };
        assert_eq!((0..24).filter(is_empty).collect::<Vec<u8>>(), [4, 5, 6, 7]);
        let of = |stratum: &str| CaseRow { traits: vec![trait_of("stratum", stratum)], ..row(0, 1, 0.5) };
        assert!(of("0").is_registered() && !of("1").is_registered() && !row(0, 1, 0.5).is_registered());
        assert_eq!(of("2").stratum(), Some("stratum=2"));
    }

    fn around(enumerated_in_building: u32) -> Option<Around> {
        Some(Around { enumerated_in_building, enumerated_in_area: 200, listed_elsewhere: 4 })
    }

    #[test]
    fn a_building_with_many_expected_and_few_enumerated_stands_out_by_its_other_doors() {
        let empty = |at: usize, building: u16, probability: f64, enumerated: u32| CaseRow {
            traits: vec![String::from("dwelling=nobody enumerated, companions not on the roll: 1")],
            around: around(enumerated),
            ..row(at, building, probability)
        };
        let mut rows: Vec<CaseRow> = (0..6).map(|at| empty(at, 1, 0.5, 20)).collect();
        rows.extend((6..12).map(|at| empty(at, 2, 0.5, 200)));
        rows.push(empty(12, 3, 0.9, 200));
        let cases: Vec<_> = rows.iter().map(|row| (DiscrepancyKind::MissedPerson, row)).collect();
        let surroundings = Surroundings::of(&cases);
        let of = |at: usize| {
            let around = surroundings.around(&rows[at]);
            around.iter().find(|(what, _)| what == "building, empty").expect("a building").1
        };
        // 6.9 expected of 420: 0.01643 of each; building 1 by the others 2.5 and 0.986 more, of 80.
        assert!((of(0) - (3.4857_f64 / 80.0 / 0.016_429).ln()).abs() < 1e-3, "{}", of(0));
        assert!(of(6) < of(0) - 1.0);
        // Alone in its building, a case says nothing of itself, however likely it is.
        assert!(of(12) < of(6) && of(12) < 0.0, "{}", of(12));
        // Without what the roll has around them, nothing is said; so of tables that an earlier version wrote.
        let bare = row(0, 1, 0.5);
        assert!(Surroundings::of(&[(DiscrepancyKind::MissedPerson, &bare)]).around(&bare).is_empty());
    }

    #[test]
    fn a_community_that_lists_nobody_elsewhere_stands_out() {
        let rows: Vec<CaseRow> = (0..20)
            .map(|at| CaseRow {
                area: format!("12010600{}001001", 1 + at % 2),
                traits: vec![String::from("stratum=0")],
                around: Some(Around { listed_elsewhere: [40, 4][at % 2], ..around(0).expect("some") }),
                ..row(at, 0, 0.3)
            })
            .collect();
        let cases: Vec<_> = rows.iter().map(|row| (DiscrepancyKind::MissedPerson, row)).collect();
        let surroundings = Surroundings::of(&cases);
        let of = |at: usize| {
            let around = surroundings.around(&rows[at]);
            around.iter().find(|(what, _)| what == "community, stratum=0").expect("a community").1
        };
        assert!(of(0) > 0.3 && of(1) < -0.8, "{} {}", of(0), of(1));
    }
}
