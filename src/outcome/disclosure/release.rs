//! Which figures go out, and with what beside them?
//!
//! Takes the persons of a run with their areas and keys, gives a [`Release`]: counts by area moved by
//! [`noise`](super::noise), rates made of moved counts, and what was withheld and why. Areas with too few persons or
//! households, and those whose counts would say something of everybody in them, are left to the area above, and not
//! even named: what was taken for their code may be a person's name.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::noise::{Cell, NoiseTable};
use crate::privacy::code::is_number_of_a_person;

/// Fewest persons of an area for a rate.
const BASE_PERSONS: u64 = 100;
/// Fewest households of an area for a rate.
const BASE_HOUSEHOLDS: usize = 30;
/// Fewest published persons that a rate may be divided by.
const PUBLISHED_BASE: u64 = 50;
/// Fewest households and persons of an area that is named.
const HOUSEHOLDS_MIN: usize = 3;
const PERSONS_MIN: u64 = 20;
/// Longest code of an area that is named, in characters.
const CODE_CHARACTERS_MAX: usize = 40;
/// Fewest persons of an area finer than a township.
const FINE_AREA_PERSONS: u64 = 1_000;
/// Digits of a township's code; longer codes are finer.
const TOWNSHIP_DIGITS: usize = 9;
/// Digits of the codes of areas that hold others.
const COARSER_DIGITS: [usize; 2] = [6, TOWNSHIP_DIGITS];

/// The sentence that goes with every release.
pub const STATEMENT: &str = "Counts were altered slightly to protect persons: totals need not be the sums of their parts, and small counts are not exact.";

/// A person as a release needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// The person's key.
    pub key: u32,
    /// Codes of the areas that the person lies in.
    pub areas: Vec<String>,
    /// The household; of a person without a known home nothing.
    pub household: Option<u64>,
    /// Enumerated here.
    pub enumerated: bool,
    /// In a register.
    pub registered: bool,
}

/// One area's figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleasedArea {
    /// The area.
    pub area: String,
    /// Persons enumerated here, altered.
    pub enumerated: Option<u64>,
    /// Persons in registers, altered.
    pub registered: Option<u64>,
    /// Persons in both, altered.
    pub both: Option<u64>,
    /// Of those in registers, how many in a thousand are enumerated: from the altered counts.
    pub enumerated_per_thousand: Option<u64>,
    /// Why something is missing: `fine_area`, `small_base`.
    pub withheld: Option<&'static str>,
}

/// What goes out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Release {
    /// That the figures are altered, for programs.
    pub disclosure_control: &'static str,
    /// That the figures are altered, for readers.
    pub statement: &'static str,
    /// Areas that are not named: too few persons or households, everybody or nobody of a group, or no code of an area.
    pub areas_left_out: usize,
    /// The areas.
    pub areas: Vec<ReleasedArea>,
}

#[derive(Default)]
struct Area {
    persons: u64,
    households: BTreeSet<u64>,
    enumerated: Cell,
    registered: Cell,
    both: Cell,
}

/// Makes a release of persons.
#[must_use]
pub fn release(persons: &[Counted], noise: &NoiseTable) -> Release {
    let mut areas: BTreeMap<&str, Area> = BTreeMap::new();
    for person in persons {
        for (at, code) in person.areas.iter().enumerate() {
            if person.areas[..at].contains(code) {
                continue;
            }
            let area = areas.entry(code).or_default();
            area.persons += 1;
            area.households.extend(person.household);
            let cells = [
                (person.enumerated, &mut area.enumerated),
                (person.registered, &mut area.registered),
                (person.enumerated && person.registered, &mut area.both),
            ];
            cells.into_iter().filter(|cell| cell.0).for_each(|(_, cell)| cell.add(person.key));
        }
    }
    let mut left_out: BTreeSet<&str> = BTreeSet::new();
    let mut released = Vec::new();
    // The coarse ones come first: where one is left out, those within would tell why.
    for (code, area) in &areas {
        let is_within_one =
            COARSER_DIGITS.iter().filter_map(|digits| code.get(..*digits)).any(|code| left_out.contains(code));
        match area.released(code, noise).filter(|_| !is_within_one) {
            Some(area) => released.push(area),
            None => _ = left_out.insert(code),
        }
    }
    Release { disclosure_control: "cell_key", statement: STATEMENT, areas_left_out: left_out.len(), areas: released }
}

/// Is it the code of an area, by the looks of it? Names of persons are written otherwise: without digits. No code of an
/// area holds a number of a person.
fn is_code(text: &str) -> bool {
    text.chars().count() <= CODE_CHARACTERS_MAX
        && !is_number_of_a_person(text)
        && text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.'))
        && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Is the area finer than a township? So is every one whose code is that of no division.
fn is_fine(code: &str) -> bool {
    code.len() > TOWNSHIP_DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit())
}

impl Area {
    /// What goes out of the area; nothing if it is not named. That an area is left out must not say why.
    fn released(&self, code: &str, noise: &NoiseTable) -> Option<ReleasedArea> {
        if !is_code(code) || self.households.len() < HOUSEHOLDS_MIN || self.persons < PERSONS_MIN {
            return None;
        }
        if is_fine(code) && self.persons < FINE_AREA_PERSONS {
            // A remark may have letters and digits, too, and then it is of few.
            return code.is_ascii().then(|| ReleasedArea {
                area: code.to_owned(),
                enumerated: None,
                registered: None,
                both: None,
                enumerated_per_thousand: None,
                withheld: Some("fine_area"),
            });
        }
        // Everybody, or nobody, of a group: the count would say so of each of them.
        let says_all = |part: Cell, whole: Cell| whole.count > 0 && (part.count == whole.count || part.count == 0);
        if says_all(self.both, self.registered) || says_all(self.both, self.enumerated) {
            return None;
        }
        let [enumerated, registered, both] =
            [self.enumerated, self.registered, self.both].map(|cell| noise.published(cell));
        let based =
            self.persons >= BASE_PERSONS && self.households.len() >= BASE_HOUSEHOLDS && registered >= PUBLISHED_BASE;
        // Altered counts may be a little out of step; a share is none above one.
        let rate = based.then(|| (1_000 * both.min(registered) + registered / 2) / registered.max(1));
        Some(ReleasedArea {
            area: code.to_owned(),
            enumerated: Some(enumerated),
            registered: Some(registered),
            both: Some(both),
            enumerated_per_thousand: rate,
            withheld: rate.is_none().then_some("small_base"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Counted, Release, release};
    use crate::outcome::disclosure::noise::{Design, NoiseTable, person_key};

    fn persons(area: &str, count: u64, per_household: u64, missed_every: u64) -> Vec<Counted> {
        let person = |number: u64| Counted {
            key: person_key(&[3; 32], &format!("{area} {number}")),
            areas: vec![area[..6].to_owned(), area[..9].to_owned(), area.to_owned()],
            household: Some(number / per_household + area.bytes().map(u64::from).sum::<u64>() * 100_000),
            enumerated: missed_every == 0 || !number.is_multiple_of(missed_every),
            registered: number % 7 != 3,
        };
        (0..count).map(person).collect()
    }

    fn released(persons: &[Counted]) -> Release {
        release(persons, &NoiseTable::new(Design::USUAL).unwrap())
    }

    #[test]
    fn small_bases_are_left_to_the_area_above() {
        let all = [
            persons("120106001001", 1200, 3, 20),
            persons("120106001002", 400, 3, 20),
            persons("120106002001", 40, 2, 9),
            persons("120106003001", 8, 4, 3),
            persons("120106004001", 60, 3, 0),
        ]
        .concat();
        let found = released(&all);
        let of = |code: &str| found.areas.iter().find(|area| area.area == code).unwrap();
        assert_eq!(of("120106001001").withheld, None);
        assert!((of("120106001001").enumerated_per_thousand.unwrap()).abs_diff(950) < 15);
        assert_eq!((of("120106001002").withheld, of("120106001002").enumerated), (Some("fine_area"), None));
        assert_eq!((of("120106002").withheld, of("120106002").enumerated_per_thousand), (Some("small_base"), None));
        assert!(of("120106002").enumerated.is_some());
        assert!(of("120106").enumerated_per_thousand.is_some());
        assert_eq!(found.disclosure_control, "cell_key");
        // Few households, and everybody enumerated: not named, and not told apart.
        let named = |code: &str| found.areas.iter().any(|area| area.area == code);
        assert!(!named("120106003") && !named("120106003001") && !named("120106004") && !named("120106004001"));
        assert_eq!(found.areas_left_out, 4);
    }

    #[test]
    fn persons_without_a_known_home_are_no_households() {
        let mut all = persons("120106002001", 40, 2, 9);
        assert!(released(&all).areas.iter().any(|area| area.area == "120106002"));
        all.iter_mut().skip(4).for_each(|person| person.household = None);
        let found = released(&all);
        assert_eq!((found.areas.len(), found.areas_left_out), (0, 3));
    }

    #[test]
    fn what_is_no_code_of_an_area_is_not_named_however_many_have_it() {
        for (code, is_named) in [
            ("王建国", false),
            ("Anna Maria", false),
            ("Anna", false),
            ("EA-01-ZhangWei-13912345678", false),
            ("EA-01.2_b", true),
            ("甲片-01", true),
        ] {
            let mut all = persons("120106001001", 1500, 3, 20);
            all.iter_mut().for_each(|person| person.areas = vec![code.to_owned()]);
            let found = released(&all);
            assert_eq!((found.areas.len() == 1, found.areas_left_out), (is_named, usize::from(!is_named)), "{code}");
        }
    }

    #[test]
    fn an_area_of_no_division_is_fine_and_its_persons_count_once() {
        let mut all = persons("120106001001", 1500, 3, 20);
        all.iter_mut().for_each(|person| person.areas = vec![String::from("EA-01"); 3]);
        let found = released(&all);
        let exact = all.iter().filter(|person| person.enumerated).count() as u64;
        assert!(found.areas.len() == 1 && found.areas[0].enumerated.unwrap().abs_diff(exact) <= 5);
        all.truncate(900);
        assert_eq!(released(&all).areas[0].withheld, Some("fine_area"));
    }

    #[test]
    fn the_same_persons_are_the_same_figures_in_any_order() {
        let mut all = [persons("120106001001", 1500, 3, 20), persons("120106002001", 1100, 2, 9)].concat();
        let found = released(&all);
        all.reverse();
        assert_eq!(released(&all), found);
        let exact = all.iter().filter(|person| person.enumerated).count() as u64;
        let whole = found.areas[0].enumerated.unwrap();
        assert!(whole.abs_diff(exact) <= 5);
    }
}
