//! How far has the follow-up got, and is it worth going on?
//!
//! Takes the store's cases, gives by area: cases, visits made, persons found, still expected, finds per visit, and what the
//! next hundred visits would find. Expected and confirmed are kept apart. A visit is one call at one door, however many
//! cases it settles.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::outgoing::{door_key, next_doors, probabilities};
use super::store::{State, StoredCase};
use crate::outcome::discrepancy::DiscrepancyKind;

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

/// Does a case of this kind stand for one missed person?
#[must_use]
pub fn is_find(kind: DiscrepancyKind) -> bool {
    matches!(kind, DiscrepancyKind::MissedPerson | DiscrepancyKind::MissedNewborn)
}

/// Progress of all areas together, then of each.
#[must_use]
pub fn progress(cases: &[StoredCase]) -> Vec<AreaProgress> {
    let probability = probabilities(cases);
    let mut areas: BTreeMap<&str, (AreaProgress, BTreeSet<_>)> = BTreeMap::new();
    for (case, probability) in cases.iter().zip(&probability) {
        let (area, calls) = areas.entry(&case.row.area).or_default();
        area.cases += 1;
        match case.state() {
            State::Assigned => area.assigned += 1,
            State::Resolved => area.resolved += 1,
            State::Disputed => area.disputed += 1,
            State::Closed => area.closed += 1,
            State::Open | State::Visited => {}
        }
        let door = door_key(&case.row, &case.number);
        calls.extend(case.visits().map(|event| (door, event.visited_on.clone().unwrap_or_default())));
        if is_find(case.kind) {
            area.found += u64::from(case.label() == Some(true));
            area.expected += if case.is_waiting() { *probability } else { 0.0 };
        }
    }
    let doors = next_doors(cases, &probability);
    let mut all = AreaProgress { area: String::from("all"), ..AreaProgress::default() };
    let mut rows = Vec::with_capacity(areas.len() + 1);
    for (code, (mut area, calls)) in areas {
        code.clone_into(&mut area.area);
        area.visits = calls.len() as u64;
        area.next_hundred = doors.iter().filter(|(of, _)| of == code).take(NEXT_VISITS).map(|(_, worth)| worth).sum();
        all.cases += area.cases;
        all.assigned += area.assigned;
        all.resolved += area.resolved;
        all.disputed += area.disputed;
        all.closed += area.closed;
        all.visits += area.visits;
        all.found += area.found;
        all.expected += area.expected;
        rows.push(area);
    }
    all.next_hundred = doors.iter().take(NEXT_VISITS).map(|(_, worth)| worth).sum();
    rows.insert(0, all);
    for row in &mut rows {
        row.finds_per_visit = (row.visits > 0).then(|| row.found as f64 / row.visits as f64);
    }
    rows
}
