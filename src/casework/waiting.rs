//! Is somebody still to be sent?
//!
//! Takes a case with its history, and whether the latest run had heard what visits found, gives whether it waits for a
//! visit, and whether it stands on a list that is out.

use super::history::{Event, State, StoredCase, is_out};

impl StoredCase {
    /// Is somebody still to be sent? `has_outcomes`: has the latest run heard what visits had found by then?
    #[must_use]
    pub fn is_waiting(&self, has_outcomes: bool) -> bool {
        matches!(self.state(), State::Open | State::Assigned | State::Visited)
            && !self.is_settled_elsewhere(has_outcomes)
    }

    /// Does the run know how it is from a visit that is not in this history, as in a new folder of results? Where this
    /// history had settled the case and a supervisor has taken that back, it knows better than the run.
    fn is_settled_elsewhere(&self, has_outcomes: bool) -> bool {
        self.row.is_settled(has_outcomes) && !self.is_answered()
    }

    /// Has somebody said here how it is, whatever became of that?
    pub(super) fn is_answered(&self) -> bool {
        self.events.iter().any(Event::is_final)
    }

    /// Is it on a list that is out with a team? New data may have closed it since, of which the list knows nothing.
    #[must_use]
    pub fn is_on_a_list(&self) -> bool {
        match self.state() {
            State::Assigned => true,
            State::Closed => is_out(&self.events),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::manifest::{MANIFEST, Manifest, OUTCOMES};
    use crate::casework::absorb::absorb;
    use crate::casework::absorb::tests::{order, run_of, say, store_over};
    use crate::casework::learning::tests::row;
    use crate::casework::outgoing::{Order, send};
    use crate::casework::progress::progress;
    use crate::casework::recall::recall;
    use crate::casework::store::{State, Store};
    use crate::error::Result;
    use crate::intake::study::Language;
    use crate::outcome::report::cases::{CaseRow, record_digest};
    use crate::outcome::visit::Outcome;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// Six persons behind six doors, all of them certain; of the first two the run says that visits found them.
    fn rows(says: bool) -> Vec<CaseRow> {
        let of = |at: usize| CaseRow {
            records: vec![record_digest("register", &at.to_string())],
            by_visit: says.then_some(at <= 2),
            listed: at > 2,
            ..row(at, 1, 1.0)
        };
        (1..=6).map(of).collect()
    }

    /// A folder of results without casework, of a run that had heard of visits or had not.
    fn store_of(folder: &Path, rows: &[CaseRow], has_outcomes: bool) -> Store {
        run_of(folder, rows, &[], &[]);
        let store = store_over(folder);
        let mut manifest: serde_json::Value =
            serde_json::from_slice(&std::fs::read(folder.join(MANIFEST)).unwrap()).unwrap();
        if has_outcomes {
            manifest["inputs"] =
                serde_json::json!([{"source": OUTCOMES, "file": "o.csv", "bytes": 1, "rows": 1, "digest": ""}]);
        }
        std::fs::write(folder.join(MANIFEST), manifest.to_string()).unwrap();
        Manifest::read(folder).unwrap();
        store
    }

    fn sent(store: &mut Store, folder: &Path, order: &Order) -> Result<u64> {
        send(store, folder, order, Language::Zh).map(|sent| sent.cases)
    }

    #[test]
    fn whom_visits_found_of_whom_this_casework_knows_nothing_nobody_is_sent_to_again() {
        for (says, has_outcomes, waiting) in [(true, true, 4), (true, false, 6), (false, false, 6)] {
            let asked = [order("east", Some(9)), Order { random: (9, 1), ..order("east", Some(0)) }];
            for asked in asked {
                let folder = tempfile::tempdir().unwrap();
                let mut store = store_of(folder.path(), &rows(says), has_outcomes);
                let all = progress(&store.cases().unwrap(), has_outcomes).remove(0);
                assert!((all.expected.round() - f64::from(waiting)).abs() < 0.1, "{all:?}");
                assert!((all.next_hundred.round() - f64::from(waiting)).abs() < 0.1, "{all:?}");
                assert_eq!(sent(&mut store, folder.path(), &asked).unwrap(), waiting as u64, "{says} {has_outcomes}");
            }
        }
        // A table of an earlier version says only that they are certain.
        let folder = tempfile::tempdir().unwrap();
        let mut store = store_of(folder.path(), &rows(false), true);
        assert!(sent(&mut store, folder.path(), &order("east", Some(9))).is_err());
    }

    #[test]
    fn what_a_supervisor_gives_back_waits_though_the_run_had_heard_that_it_was_settled() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store_of(folder.path(), &rows(true), true);
        say(&mut store, 0, Outcome::Added, "2020-12-01", "field");
        say(&mut store, 0, Outcome::DiedBefore, "", "supervisor");
        say(&mut store, 0, Outcome::Refused, "", "supervisor");
        let case = &store.cases().unwrap()[0];
        assert_eq!((case.state(), case.is_waiting(true)), (State::Visited, true));
        assert_eq!(sent(&mut store, folder.path(), &order("east", Some(9))).unwrap(), 5);
    }

    #[test]
    fn a_door_whose_case_new_data_have_closed_is_still_the_teams_that_has_the_list() {
        let folder = tempfile::tempdir().unwrap();
        let of = |record: usize, room: usize| CaseRow {
            records: vec![record_digest("register", &record.to_string())],
            ..row(room, 1, 0.5)
        };
        let mut store = store_of(folder.path(), &[of(1, 1), of(2, 2)], false);
        assert_eq!(sent(&mut store, folder.path(), &order("east", None)).unwrap(), 2);
        // The same persons under new ids of their records, and one at a door of their own.
        run_of(folder.path(), &[of(11, 1), of(12, 2), of(13, 3)], &[], &[]);
        absorb(&mut store, folder.path()).unwrap();
        let cases = store.cases().unwrap();
        assert_eq!((cases[0].state(), cases[0].is_on_a_list(), cases[2].state()), (State::Closed, true, State::Open));
        let west = Order { random: (9, 1), ..order("west", Some(9)) };
        assert_eq!(sent(&mut store, folder.path(), &west).unwrap(), 1, "the third door alone");
        assert!(
            sent(&mut store, folder.path(), &order("north", None)).unwrap_err().to_string().contains("with team east")
        );
        // East has them first of all, at its next export.
        assert_eq!(sent(&mut store, folder.path(), &order("east", Some(1))).unwrap(), 1);
        assert_eq!(sent(&mut store, folder.path(), &order("east", None)).unwrap(), 2);
        // The lists are lost: whoever is sent then has the doors alone.
        assert_eq!(recall(&mut store, folder.path(), &order("east", None)).unwrap(), 4);
        assert_eq!(sent(&mut store, folder.path(), &order("north", None)).unwrap(), 2);
        let teams: BTreeSet<String> =
            store.cases().unwrap().iter().filter_map(|case| case.team().map(str::to_owned)).collect();
        assert_eq!(teams.into_iter().collect::<Vec<_>>(), ["north", "west"]);
    }
}
