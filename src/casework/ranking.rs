//! Which door is worth a visit most?
//!
//! Takes the store's cases, gives the probability that each is real after what visits have taught, and the doors in the
//! order in which they are visited.
//!
//! Worth of a door: the sum over its cases of the probability that the case is real, times what it changes in the
//! count.

use std::collections::BTreeSet;

use super::door::{DoorKey, by_door, door_of};
use super::learning::{self, Lesson};
use super::store::{State, StoredCase};
use crate::outcome::discrepancy::DiscrepancyKind;

/// A case less likely than this does not come along to a door that is visited anyway.
const ON_THE_WAY_MIN: f64 = 0.02;

/// What one case changes in the count if it is real. A missed household counts through its members, who are cases
/// themselves; what changes no count is worth a look on the way.
fn effect(kind: DiscrepancyKind) -> f64 {
    match kind {
        kind if kind.is_missed() => 1.0,
        DiscrepancyKind::MissedHousehold => 0.0,
        DiscrepancyKind::AttributeConflict | DiscrepancyKind::HouseholdMismatch => 0.05,
        _ => 0.5,
    }
}

/// The probability of every case as of now. `has_outcomes`: has the latest run heard what visits had found by then?
pub(super) fn probabilities(cases: &[StoredCase], has_outcomes: bool) -> Vec<f64> {
    learning::learn(&cases.iter().map(|case| lesson_of(case, has_outcomes)).collect::<Vec<_>>())
}

fn lesson_of(case: &StoredCase, has_outcomes: bool) -> Lesson<'_> {
    let is_heard = has_outcomes && case.is_known_to_run();
    Lesson { kind: case.kind, row: case.as_visited(), label: case.label(), is_heard }
}

/// The doors of these cases in the order in which they are visited, each with what is asked there.
pub(super) fn ranked(cases: &[StoredCase], probability: &[f64], waiting: Vec<usize>) -> Vec<Vec<usize>> {
    let wanted = |at: &usize| cases[*at].row.listed || cases[*at].kind.is_missed();
    let doors = by_door(cases, waiting.into_iter().filter(wanted));
    let out: BTreeSet<DoorKey<'_>> = cases.iter().filter(|case| case.is_on_a_list()).map(door_of).collect();
    let worth = |door: &[usize]| door.iter().map(|at| probability[*at] * effect(cases[*at].kind)).sum::<f64>();
    let mut ranked: Vec<(bool, f64, Vec<usize>)> = doors
        .into_iter()
        .map(|(key, door)| (out.contains(&key) && has_grown(cases, &door), worth(&door), door))
        .collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
    // At a door that is visited for a likely case, the unlikely ones are not asked about.
    let worth = |at: &usize| cases[*at].row.listed || probability[*at] >= ON_THE_WAY_MIN;
    let asked = |(.., door): (bool, f64, Vec<usize>)| {
        let worthy: Vec<usize> = door.iter().copied().filter(worth).collect();
        if worthy.is_empty() { door } else { worthy }
    };
    ranked.into_iter().map(asked).collect()
}

/// Has something new come up at a door to which a team is sent already? It goes there anyway, and nobody else may.
fn has_grown(cases: &[StoredCase], door: &[usize]) -> bool {
    door.iter().any(|at| cases[*at].state() != State::Assigned && cases[*at].row.listed)
}

/// What each of the next visits is expected to find, with the area: doors in the order in which they are sent out, and
/// the missed persons alone of all that is asked there. Doors that stand on a list already count as visits to come.
pub(super) fn next_doors(cases: &[StoredCase], probability: &[f64], has_outcomes: bool) -> Vec<(String, f64)> {
    let waiting = (0..cases.len()).filter(|at| cases[*at].is_waiting(has_outcomes)).collect();
    let missed = |sum: f64, at: &usize| sum + if cases[*at].kind.is_missed() { probability[*at] } else { 0.0 };
    let of = |door: Vec<usize>| Some((cases[*door.first()?].row.area.clone(), door.iter().fold(0.0, missed)));
    ranked(cases, probability, waiting).into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::probabilities;
    use crate::casework::absorb::absorb;
    use crate::casework::absorb::tests::{run_of, say, store};
    use crate::casework::learning::tests::row;
    use crate::outcome::report::cases::record_digest;
    use crate::outcome::visit::Outcome;

    #[test]
    fn a_run_that_heard_of_visits_is_not_taught_by_them_again() {
        let folder = tempfile::tempdir().unwrap();
        // At twenty doors everybody was missed where half of them were expected.
        let mut store = store(folder.path(), 40);
        (0..20).for_each(|at| say(&mut store, at, Outcome::Added, "2020-12-01", "field"));
        let of = |at: usize| {
            let mut case = row(at, 1, if at <= 20 { 1.0 } else { 0.9 });
            case.records = vec![record_digest("register", &at.to_string())];
            // The others live elsewhere: what is learnt of them is not learnt of their building.
            (case.area, case.door.building) = (String::from("1"), if at <= 20 { 1 } else { 2 });
            case
        };
        run_of(folder.path(), &(1..=40).map(of).collect::<Vec<_>>(), &[], &[]);
        absorb(&mut store, folder.path()).unwrap();
        let cases = store.cases().unwrap();
        assert_eq!(cases.iter().filter(|case| case.is_known_to_run()).count(), 20);
        let of_others = |has_outcomes: bool| probabilities(&cases, has_outcomes)[30];
        assert!((of_others(true) - 0.9).abs() < 1e-9, "{}", of_others(true));
        assert!(of_others(false) > 0.91, "{}", of_others(false));
        // One visit since is news.
        say(&mut store, 25, Outcome::MovedOutBefore, "2020-12-09", "field");
        let cases = store.cases().unwrap();
        assert!(!cases[25].is_known_to_run());
        assert!(probabilities(&cases, true)[30] < 0.9);
        // What turned out otherwise is known once it is not raised any more.
        let left = (1..=40).filter(|at| *at != 26).map(of).collect::<Vec<_>>();
        run_of(folder.path(), &left, &[], &[]);
        absorb(&mut store, folder.path()).unwrap();
        assert!(store.cases().unwrap()[25].is_known_to_run());
    }
}
