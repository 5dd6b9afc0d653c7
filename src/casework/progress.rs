//! How far has the follow-up got, and is it worth going on?
//!
//! Takes the store's cases, gives by area: cases, visits made, persons found, still expected, finds per visit, and what
//! the next hundred visits would find. Expected and confirmed are kept apart. A visit is one call at one door, however
//! many cases it settles.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use statrs::distribution::{DiscreteCDF, Poisson};

use super::door::{door_key, door_of};
use super::history::Call;
use super::ranking::{next_doors, probabilities};
use super::store::{State, StoredCase};

/// Visits whose worth is shown.
const NEXT_VISITS: usize = 100;

/// Progress of one area.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AreaProgress {
    /// Area code; `all` for all of them.
    pub area: String,
    /// Cases of all kinds.
    pub cases: u64,
    /// Cases with a team, and nobody back yet.
    pub assigned: u64,
    /// Cases that the field leaves to a supervisor, who has not decided yet.
    pub waiting_for_supervisor: u64,
    /// Cases settled by visits.
    pub resolved: u64,
    /// Cases with contradicting outcomes.
    pub disputed: u64,
    /// Cases that later data closed.
    pub closed: u64,
    /// Calls at doors.
    pub visits: u64,
    /// Missed persons who were found.
    pub found: u64,
    /// Missed persons still expected among the waiting cases.
    pub expected: f64,
    /// Found per visit; nothing without visits.
    pub finds_per_visit: Option<f64>,
    /// Missed persons that the next hundred visits (or as many as there are doors) are expected to find.
    pub next_hundred: f64,
}

/// What visits at random found, held against what was expected of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct RandomVisits {
    /// Cases of perhaps missed persons that were drawn at random.
    pub drawn: u64,
    /// Of those, settled by a visit.
    pub settled: u64,
    /// Missed persons who were expected among the settled ones when they were drawn.
    pub expected: f64,
    /// Missed persons who were found among them.
    pub found: u64,
    /// The chance that as many or more, or else as few or fewer (whichever is less likely), are found if what was
    /// expected is right (Poisson), doubled; `None` without a settled case.
    pub chance: Option<f64>,
}

/// What visits at random say of the ranking's tail.
#[must_use]
pub fn random_visits(cases: &[StoredCase]) -> RandomVisits {
    let mut random = RandomVisits::default();
    for (case, expected) in cases.iter().filter_map(|case| Some((case, case.drawn()?))) {
        random.drawn += 1;
        if let Some(found) = case.label() {
            random.settled += 1;
            random.expected += expected;
            random.found += u64::from(found);
        }
    }
    let poisson = Poisson::new(random.expected).ok();
    random.chance = poisson.filter(|_| random.settled > 0).map(|poisson| {
        let at_most = poisson.cdf(random.found);
        let at_least = random.found.checked_sub(1).map_or(1.0, |fewer| poisson.sf(fewer));
        (2.0 * at_most.min(at_least)).min(1.0)
    });
    random
}

/// What a team has and has not brought back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TeamCases {
    /// The team.
    pub team: String,
    /// Cases.
    pub cases: u64,
    /// Doors.
    pub doors: u64,
}

/// What the teams have on their lists, by name.
pub fn teams<'a>(cases: impl Iterator<Item = &'a StoredCase>) -> Vec<TeamCases> {
    let mut teams: BTreeMap<&str, (u64, BTreeSet<_>)> = BTreeMap::new();
    for case in cases.filter(|case| case.is_on_a_list()) {
        if let Some(team) = case.team() {
            let (cases, doors) = teams.entry(team).or_default();
            *cases += 1;
            doors.insert(door_of(case));
        }
    }
    let of = |(team, (cases, doors)): (&str, (u64, BTreeSet<_>))| TeamCases {
        team: team.to_owned(),
        cases,
        doors: doors.len() as u64,
    };
    teams.into_iter().map(of).collect()
}

/// The calls at one door, as its cases tell of them.
#[derive(Default)]
struct DoorCalls<'a> {
    days: BTreeSet<&'a str>,
    /// When lists came back that give a day.
    with_day: BTreeSet<&'a str>,
    /// When lists came back that tell of calls without a day: for each case of the door, of each call.
    without_day: BTreeMap<&'a str, Vec<Vec<&'a str>>>,
}

impl<'a> DoorCalls<'a> {
    fn add(&mut self, case: &'a StoredCase, call: &Call<'a>) {
        if call.day.is_empty() {
            self.without_day.entry(&case.number).or_default().push(call.noted.clone());
        } else {
            self.days.insert(call.day);
            self.with_day.extend(&call.noted);
        }
    }

    /// How many calls they are. People write the day into the first row of a household and leave the others empty: a
    /// call without a day is one of its own only if nothing that came back with it has a day. Such calls are as many as
    /// any one case tells of: rows of a household may come back one after the other, as they are put right.
    fn count(&self) -> u64 {
        let is_told = |noted: &Vec<&str>| noted.iter().any(|at| self.with_day.contains(at));
        let untold = |calls: &Vec<Vec<&str>>| calls.iter().filter(|noted| !is_told(noted)).count();
        (self.days.len() + self.without_day.values().map(untold).max().unwrap_or(0)) as u64
    }
}

/// Progress of all areas together, then of each. `has_outcomes`: has the latest run heard what visits had found by
/// then?
#[must_use]
pub fn progress(cases: &[StoredCase], has_outcomes: bool) -> Vec<AreaProgress> {
    let probability = probabilities(cases, has_outcomes);
    let mut areas: BTreeMap<&str, (AreaProgress, BTreeMap<_, DoorCalls<'_>>)> = BTreeMap::new();
    for (case, probability) in cases.iter().zip(&probability) {
        let (area, _) = areas.entry(&case.row.area).or_default();
        area.cases += 1;
        match case.state() {
            State::Assigned => area.assigned += 1,
            State::Referred => area.waiting_for_supervisor += 1,
            State::Resolved => area.resolved += 1,
            State::Disputed => area.disputed += 1,
            State::Closed => area.closed += 1,
            State::Open | State::Visited => {}
        }
        if case.kind.is_missed() {
            area.expected += if case.is_waiting(has_outcomes) { *probability } else { 0.0 };
        }
        // Visits and what they found count where they were made: new data may have moved some cases of the door since.
        for call in case.calls() {
            let (_, doors) = areas.entry(&call.case.area).or_default();
            doors.entry(door_key(call.case, &case.number)).or_default().add(case, &call);
        }
        if case.kind.is_missed() && case.label() == Some(true) {
            areas.entry(&case.as_visited().area).or_default().0.found += 1;
        }
    }
    let doors = next_doors(cases, &probability, has_outcomes);
    let mut all = AreaProgress { area: String::from("all"), ..AreaProgress::default() };
    let mut rows = Vec::with_capacity(areas.len() + 1);
    for (code, (mut area, calls_of)) in areas {
        code.clone_into(&mut area.area);
        area.visits = calls_of.values().map(DoorCalls::count).sum();
        area.next_hundred = worth_of_next(doors.iter().filter(|(of, _)| of == code));
        all.cases += area.cases;
        all.assigned += area.assigned;
        all.waiting_for_supervisor += area.waiting_for_supervisor;
        all.resolved += area.resolved;
        all.disputed += area.disputed;
        all.closed += area.closed;
        all.visits += area.visits;
        all.found += area.found;
        all.expected += area.expected;
        rows.push(area);
    }
    all.next_hundred = worth_of_next(doors.iter());
    rows.insert(0, all);
    for row in &mut rows {
        row.finds_per_visit = (row.visits > 0).then(|| row.found as f64 / row.visits as f64);
    }
    rows
}

/// What the next visits are expected to find. Added up from 0: `sum` makes -0 of no doors, and that would be shown.
fn worth_of_next<'d, D: 'd>(doors: impl Iterator<Item = &'d (D, f64)>) -> f64 {
    doors.take(NEXT_VISITS).fold(0.0, |sum, (_, worth)| sum + worth)
}

#[cfg(test)]
mod tests {
    use super::{progress, random_visits};
    use crate::casework::store::{Event, EventKind, StoredCase};
    use crate::outcome::discrepancy::DiscrepancyKind;
    use crate::outcome::visit::Outcome;

    fn case(id: i64, drawn: Option<f64>, outcome: Option<Outcome>) -> StoredCase {
        let event = |what: EventKind, outcome: Option<Outcome>, note: Option<String>| Event {
            what,
            at: String::new(),
            role: String::from("field"),
            outcome,
            visited_on: None,
            team: None,
            note,
        };
        let drawn = drawn.map(|probability| event(EventKind::Drawn, None, Some(probability.to_string())));
        let visited = outcome.map(|outcome| event(EventKind::Visited, Some(outcome), None));
        let row = serde_json::json!({
            "case": {"discrepancy": 0, "number": "", "matter": "person", "language": "zh", "name": "", "sex": "", "birth": "",
                     "relationship": "", "id_number": "", "ask": ""},
            "kind": "missed_person", "area": "1",
            "door": {"unplaced": false, "estate": "", "building": 0, "unit": 0, "room": 0},
            "probability": 0.1, "listed": false, "persons": 1, "records": [], "traits": []
        });
        StoredCase {
            id,
            number: id.to_string(),
            other_numbers: Vec::new(),
            kind: DiscrepancyKind::MissedPerson,
            row: serde_json::from_value(row).expect("row"),
            earlier: Vec::new(),
            events: drawn.into_iter().chain(visited).collect(),
        }
    }

    #[test]
    fn only_drawn_and_settled_cases_count() {
        let found = Some(Outcome::Added);
        let cases = [
            case(1, Some(0.5), found),
            case(2, Some(0.25), Some(Outcome::NeverLivedHere)),
            case(3, Some(0.25), None),
            case(4, None, found),
        ];
        let random = random_visits(&cases);
        assert_eq!((random.drawn, random.settled, random.found), (3, 2, 1));
        assert!((random.expected - 0.75).abs() < 1e-12);
        // At least one of 0.75: 1 − exp(−0.75) = 0.5276; at most one: exp(−0.75)(1 + 0.75) = 0.8266.
        assert_eq!(random.chance, Some(1.0));
        let many: Vec<StoredCase> = (0..10).map(|id| case(id, Some(0.1), found)).collect();
        assert!(random_visits(&many).chance.expect("chance") < 1e-5, "ten found where one was expected");
        assert_eq!(random_visits(&[]).chance, None);
    }

    #[test]
    fn a_household_with_the_day_in_its_first_row_was_called_on_once() {
        let told = |id: i64, noted: &[(&str, &str)]| {
            let mut case = case(id, None, Some(Outcome::NoContact));
            case.row.door.room = 101;
            let visit = case.events.remove(0);
            case.events.extend(noted.iter().map(|(at, day)| Event {
                at: (*at).to_owned(),
                visited_on: Some((*day).to_owned()),
                ..visit.clone()
            }));
            case
        };
        let visits = |cases: &[StoredCase]| progress(cases, false)[0].visits;
        let first_row = [told(1, &[("t1", "2020-12-03")]), told(2, &[("t1", "")]), told(3, &[("t1", "")])];
        assert_eq!(visits(&first_row), 1);
        assert_eq!(visits(&first_row[1..]), 1, "without any day it is a call all the same");
        // The day was written in later, and again in the first row only.
        assert_eq!(visits(&[told(1, &[("t1", ""), ("t2", "2020-12-03")]), told(2, &[("t1", "")])]), 1);
        // Another list came back, without a day.
        assert_eq!(visits(&[told(1, &[("t1", "2020-12-03")]), told(2, &[("t2", "")])]), 2);
        // No list has a day: three teams were there one after the other, and met nobody; a row was put right later.
        let thrice = |id: i64| {
            let mut case = told(id, &[("t1", ""), ("t2", ""), ("t3", "")]);
            let sent = Event { what: EventKind::Assigned, ..case.events[0].clone() };
            [2, 1, 0].into_iter().for_each(|at| case.events.insert(at, sent.clone()));
            case
        };
        assert_eq!(visits(&[thrice(1), thrice(2), told(3, &[("t2", "")])]), 3);
        assert_eq!(visits(&[told(1, &[("t1", "")]), told(2, &[("t2", "")])]), 1);
    }

    #[test]
    fn nothing_to_expect_is_no_negative_zero() {
        let settled = [case(1, None, Some(Outcome::Added))];
        for row in progress(&settled, false).iter().chain(&progress(&[], false)) {
            assert!(row.next_hundred.is_sign_positive() && row.expected.is_sign_positive(), "{row:?}");
        }
    }
}
