//! Runs of a few cases, taken over one after the other.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field};

use super::{Absorbed, absorb};
use crate::audit::log::Log;
use crate::audit::manifest::MANIFEST;
use crate::audit::publication::Publication;
use crate::casework::learning::tests::row;
use crate::casework::outgoing::Order;
use crate::casework::store::{EventKind, State, Store, StoredCase, Visit};
use crate::intake::study::Language;
use crate::outcome::files;
use crate::outcome::report::cases::{CaseRow, record_digest, table};
use crate::outcome::visit::Outcome;

/// A run of these cases; each rests on one record of the register, of which some persons are on the roll.
pub fn run(folder: &Path, cases: &[usize], records: &[usize], on_roll: &[usize]) {
    let case = |at: &usize| CaseRow { records: vec![record_digest("register", &at.to_string())], ..row(*at, 1, 0.5) };
    run_of(folder, &cases.iter().map(case).collect::<Vec<_>>(), records, on_roll);
}

/// The same of any cases.
pub fn run_of(folder: &Path, rows: &[CaseRow], records: &[usize], on_roll: &[usize]) {
    table::write(folder, rows.len(), |part| rows[part].to_vec(), "roll", Language::Zh).unwrap();
    let mut persons: Vec<(u64, &str, String)> =
        records.iter().map(|at| (*at as u64, "register", at.to_string())).collect();
    persons.extend(on_roll.iter().map(|at| (*at as u64, "roll", format!("R{at}"))));
    let fields = vec![
        Field::new("person", DataType::UInt64, false),
        Field::new("source", DataType::Utf8, false),
        Field::new("record_id", DataType::Utf8, false),
    ];
    let columns: Vec<ArrayRef> = vec![
        Arc::new(persons.iter().map(|row| row.0).collect::<UInt64Array>()),
        Arc::new(StringArray::from_iter_values(persons.iter().map(|row| row.1))),
        Arc::new(StringArray::from_iter_values(persons.iter().map(|row| row.2.as_str()))),
    ];
    files::write(folder, files::PERSONS, fields, std::iter::once(columns)).unwrap();
}

/// A run of so many cases, taken over.
pub fn store(folder: &Path, cases: usize) -> Store {
    let all: Vec<usize> = (1..=cases).collect();
    run(folder, &all, &all, &[]);
    store_over(folder)
}

/// A store that has taken over the run that is there.
pub fn store_over(folder: &Path) -> Store {
    let manifest = serde_json::json!({
        "program": "rollcall", "format": 1, "inputs": [], "sources": [], "counts": {}, "outputs": [],
        "study": {"name": "", "file": "", "digest": "", "reference_time": "2020-11-01T00:00:00", "seed": 1}
    });
    let mut log = Log::open(&Publication::begin(folder).unwrap(), "office").unwrap();
    log.add("seal", serde_json::json!({})).unwrap();
    std::fs::write(folder.join(MANIFEST), manifest.to_string()).unwrap();
    let mut store = Store::open(folder).unwrap();
    absorb(&mut store, folder).unwrap();
    store
}

pub fn order(team: &str, visits: Option<u64>) -> Order {
    Order { team: team.to_owned(), visits, ..Order::default() }
}

pub fn say(store: &mut Store, at: usize, outcome: Outcome, day: &str, role: &str) {
    let id = store.cases().unwrap()[at].id;
    let visit = Visit { id, outcome, visited_on: day.to_owned(), note: String::new(), team: None };
    store.note_visits(&[visit], role).unwrap();
}

/// A store that has taken over a run of one case.
fn store_of_one(folder: &Path) -> Store {
    run(folder, &[1], &[1], &[]);
    let mut store = Store::open(folder).unwrap();
    absorb(&mut store, folder).unwrap();
    store
}

#[test]
fn cases_live_on_through_fresh_runs_and_nothing_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &[1, 2, 3, 4], &[1, 2, 3, 4], &[]);
    let mut store = Store::open(folder).unwrap();
    assert_eq!(absorb(&mut store, folder).unwrap(), Absorbed { opened: 4, ..Absorbed::default() });
    assert_eq!(absorb(&mut store, folder).unwrap(), Absorbed::default(), "the same run again");
    let first = store.cases().unwrap();
    let visit = |id, outcome| Visit { id, outcome, visited_on: String::new(), note: String::new(), team: None };
    store.note_visits(&[visit(first[3].id, Outcome::Added)], "field").unwrap();

    // 1 goes on; 2 is linked now; the record of 3 is gone; 4 was settled, and is not raised any more; 5 is new.
    run(folder, &[1, 5], &[1, 2, 4, 5], &[2, 4]);
    let done = absorb(&mut store, folder).unwrap();
    assert_eq!(done, Absorbed { opened: 1, carried: 1, reopened: 0, closed: 2, settled: 1, of_others: 0 });
    let cases = store.cases().unwrap();
    let states: Vec<State> = cases.iter().map(StoredCase::state).collect();
    assert_eq!(states, [State::Open, State::Closed, State::Closed, State::Resolved, State::Open]);
    assert_eq!(cases[0].number, first[0].number);
    let reason = |at: usize| cases[at].events.last().and_then(|event| event.note.clone()).unwrap();
    assert!(reason(1).contains("link its person to a row of the roll"));
    assert!(reason(2).contains("no longer in the extracts"));
    assert!(reason(3).contains("a visit has settled it"));

    run(folder, &[1, 2, 5], &[1, 2, 4, 5], &[4]);
    assert_eq!(absorb(&mut store, folder).unwrap(), Absorbed { carried: 2, reopened: 1, ..Absorbed::default() });
    assert_eq!(store.cases().unwrap()[1].state(), State::Open);
    assert_eq!(store.cases().unwrap()[3].state(), State::Resolved);
}

#[test]
fn a_record_that_is_another_persons_now_takes_no_history_over() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let case = |at: usize, mark: &str| {
        let digest = record_digest("register", &at.to_string());
        CaseRow { records: vec![format!("{digest}.{mark}")], ..row(at, 1, 0.5) }
    };
    run_of(folder, &[case(1, "aaabbbccc"), case(2, "dddeeefff"), case(3, "")], &[1, 2, 3], &[]);
    let mut store = Store::open(folder).unwrap();
    absorb(&mut store, folder).unwrap();
    let ids: Vec<i64> = store.cases().unwrap().iter().map(|case| case.id).collect();
    say(&mut store, 1, Outcome::Added, "2020-12-01", "field");
    // The name of the first is put right; the second has the number of somebody else; the third has a mark by now.
    run_of(folder, &[case(1, "gggbbbccc"), case(2, "hhhiiifff"), case(3, "aaabbbccc")], &[1, 2, 3], &[]);
    let done = absorb(&mut store, folder).unwrap();
    assert_eq!((done.carried, done.opened, done.settled, done.of_others), (2, 1, 1, 1));
    let cases = store.cases().unwrap();
    let states: Vec<State> = cases.iter().map(StoredCase::state).collect();
    assert_eq!(states, [State::Open, State::Resolved, State::Open, State::Open]);
    assert!(ids.contains(&cases[0].id) && ids.contains(&cases[2].id));
    // The first person's number is somebody else's, too, and nobody has visited that case.
    run_of(folder, &[case(1, "jjjkkkfff")], &[1, 2, 3], &[]);
    absorb(&mut store, folder).unwrap();
    let note = store.cases().unwrap()[0].events.last().and_then(|event| event.note.clone()).unwrap();
    assert!(note.contains("other persons' now"), "{note}");
}

#[test]
fn where_rows_have_other_numbers_nobody_says_who_is_on_the_roll() {
    let case = |at: usize, mark: &str| {
        let digest = record_digest("register", &at.to_string());
        CaseRow { records: vec![format!("{digest}.{mark}")], ..row(at, 1, 0.5) }
    };
    // Of the records that the second run raises too, so many are other persons'; the last one is not raised, and the
    // person who has its number now is on the roll.
    for (moved, reason) in [(2, "may be other persons' now"), (1, "link its person to a row of the roll")] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let first: Vec<CaseRow> = (1..=4).map(|at| case(at, "aaabbbccc")).collect();
        run_of(folder, &first, &[1, 2, 3, 4], &[]);
        let mut store = Store::open(folder).unwrap();
        absorb(&mut store, folder).unwrap();
        let mark = |at| if at <= moved { "dddeeefff" } else { "aaabbbccc" };
        run_of(folder, &(1..=3).map(|at| case(at, mark(at))).collect::<Vec<_>>(), &[1, 2, 3, 4], &[4]);
        assert_eq!(absorb(&mut store, folder).unwrap().of_others, moved as u64);
        let last = store.cases().unwrap()[3].events.last().and_then(|event| event.note.clone()).unwrap();
        assert!(last.contains(reason), "{last}");
    }
}

#[test]
fn of_two_cases_that_are_one_person_the_visited_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let case = |at: usize, records: &[&str]| CaseRow {
        records: records.iter().map(|id| record_digest("register", id)).collect(),
        ..row(at, 1, 0.5)
    };
    run_of(folder, &[case(1, &["a1", "a2"]), case(2, &["b1"])], &[], &[]);
    let mut store = Store::open(folder).unwrap();
    absorb(&mut store, folder).unwrap();
    say(&mut store, 1, Outcome::Added, "2020-12-01", "field");
    run_of(folder, &[case(1, &["a1", "a2", "b1"])], &[], &[]);
    // The run has the records, so that they are not gone.
    absorb(&mut store, folder).unwrap();
    let cases = store.cases().unwrap();
    let states: Vec<State> = cases.iter().map(StoredCase::state).collect();
    assert_eq!(states, [State::Closed, State::Resolved], "nobody is sent to who is found");
    assert_eq!(crate::casework::progress::progress(&cases, false)[0].found, 1);
    // A visited case of which the person has but a small part is another person's.
    run_of(folder, &[case(1, &["a1", "a2", "b1"]), case(3, &["c1", "c2"])], &[], &[]);
    absorb(&mut store, folder).unwrap();
    run_of(folder, &[case(3, &["c1", "c2", "b1"])], &[], &[]);
    absorb(&mut store, folder).unwrap();
    assert_eq!(store.cases().unwrap()[2].state(), State::Open);
}

#[test]
fn a_child_who_was_visited_as_a_person_is_not_sent_out_again_as_a_newborn() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut store = Store::open(folder).unwrap();
    run(folder, &[1, 2], &[1, 2], &[]);
    absorb(&mut store, folder).unwrap();
    let id = store.cases().unwrap()[0].id;
    let found =
        Visit { id, outcome: Outcome::Added, visited_on: String::from("2020-12-01"), note: String::new(), team: None };
    store.note_visits(&[found], "field").unwrap();
    // Birth certificates have come in meanwhile; a household is another question.
    let of = |at: usize, kind: &str| CaseRow {
        records: vec![record_digest("register", &at.to_string())],
        kind: kind.to_owned(),
        ..row(at, 1, 0.5)
    };
    let rows = [of(1, "missed_newborn"), of(2, "missed_newborn"), of(1, "missed_household")];
    run_of(folder, &rows, &[1, 2], &[]);
    let done = absorb(&mut store, folder).unwrap();
    assert_eq!((done.carried, done.opened, done.closed), (2, 1, 0));
    let cases = store.cases().unwrap();
    assert_eq!(cases.iter().map(StoredCase::state).collect::<Vec<_>>(), [State::Resolved, State::Open, State::Open]);
    assert_eq!(cases[1].kind.name(), "missed_newborn", "as the latest run has it");
    assert_eq!(crate::casework::progress::progress(&cases, false)[0].found, 1);
}

#[test]
fn a_run_that_is_back_opens_again_what_the_one_between_closed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut store = Store::open(folder).unwrap();
    let mut take_over = |cases: &[usize]| {
        run(folder, cases, &[1, 2], &[]);
        let done = absorb(&mut store, folder).unwrap();
        (done, store.cases().unwrap()[1].state())
    };
    take_over(&[1, 2]);
    assert_eq!(take_over(&[1]).1, State::Closed);
    for _ in 0..2 {
        let (done, state) = take_over(&[1, 2]);
        assert_eq!((done.carried, done.reopened, state), (1, 1, State::Open));
        assert_eq!(take_over(&[1, 2]), (Absorbed::default(), State::Open), "the same run again");
        assert_eq!(take_over(&[1]).1, State::Closed);
    }
}

#[test]
fn what_a_supervisor_gives_back_is_closed_again_once_it_is_not_raised() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut store = store(folder, 3);
    say(&mut store, 0, Outcome::MovedOutBefore, "2020-12-01", "field");
    say(&mut store, 1, Outcome::Added, "2020-12-01", "field");
    say(&mut store, 1, Outcome::Supervisor, "2020-12-02", "field");
    let take_over = |store: &mut Store, cases: &[usize]| {
        run(folder, cases, &[1, 2, 3, 4], &[]);
        let done = absorb(store, folder).unwrap();
        let cases = store.cases().unwrap();
        let notes =
            cases.iter().map(|case| case.events.last().and_then(|event| event.note.clone()).unwrap_or_default());
        (
            (done.closed, done.settled),
            cases.iter().map(StoredCase::state).collect::<Vec<_>>(),
            notes.collect::<Vec<_>>(),
        )
    };
    let (done, states, notes) = take_over(&mut store, &[3]);
    assert_eq!((done, &states[..2]), ((0, 2), &[State::Resolved, State::Referred][..]));
    assert!(notes[0].contains("a visit has settled it") && notes[1].contains("a supervisor must decide"), "{notes:?}");
    // What had settled the first is taken back, and the run after that does not raise it either.
    say(&mut store, 0, Outcome::DiedBefore, "", "supervisor");
    say(&mut store, 0, Outcome::Refused, "", "supervisor");
    assert_eq!(store.cases().unwrap()[0].state(), State::Visited);
    for raised in [&[3, 4][..], &[3]] {
        let (_, states, _) = take_over(&mut store, raised);
        assert_eq!(states[..2], [State::Closed, State::Referred]);
        let events = &store.cases().unwrap()[0].events;
        assert_eq!(events.iter().filter(|event| event.what == EventKind::Closed).count(), 2, "once again");
    }
}

#[test]
fn contradicting_outcomes_are_shown_and_a_supervisor_settles_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store_of_one(folder.path());
    let id = store.cases().unwrap()[0].id;
    let mut say = |outcome, role| {
        let visit = Visit { id, outcome, visited_on: String::from("2020-12-01"), note: String::new(), team: None };
        let new = store.note_visits(&[visit], role).unwrap();
        (new, store.cases().unwrap()[0].state(), store.cases().unwrap()[0].label())
    };
    assert_eq!(say(Outcome::NoContact, "field"), (1, State::Visited, None));
    assert_eq!(say(Outcome::Added, "field"), (1, State::Resolved, Some(true)));
    assert_eq!(say(Outcome::Added, "field"), (0, State::Resolved, Some(true)), "the same again changes nothing");
    assert_eq!(say(Outcome::MovedOutBefore, "field"), (1, State::Disputed, None));
    assert_eq!(say(Outcome::MovedOutBefore, "supervisor"), (1, State::Resolved, Some(false)));
}

#[test]
fn history_cannot_be_changed_and_damage_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store_of_one(folder.path());
    for change in
        ["UPDATE event SET what = 'x'", "DELETE FROM event", "DELETE FROM cases", "UPDATE appearance SET run = 2"]
    {
        assert!(store.write(|transaction| transaction.execute(change, [])).is_err(), "{change}");
    }
    drop(store);
    let path = folder.path().join("casework/cases.sqlite");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.iter_mut().skip(4096).step_by(7).for_each(|byte| *byte ^= 0x5a);
    std::fs::write(&path, bytes).unwrap();
    assert!(Store::open(folder.path()).is_err());
}

#[test]
fn a_case_about_a_row_of_the_roll_is_not_closed_because_its_person_is_on_the_roll() {
    let (in_roll, in_register) = (record_digest("roll", "R1"), record_digest("register", "1"));
    let case = |kind: &str| CaseRow {
        records: vec![in_roll.clone(), in_register.clone()],
        kind: kind.to_owned(),
        ..row(1, 1, 0.5)
    };
    for kind in ["attribute_conflict", "household_mismatch", "duplicate_enumeration", "counted_elsewhere"] {
        for (records, on_roll, reason) in [
            (&[1][..], &[1][..], "the new data no longer raise it"),
            (&[1], &[], "its row of the roll is no longer in the extracts"),
            // Its person is on the roll by another row.
            (&[1, 2], &[2], "its row of the roll is no longer in the extracts"),
            (&[], &[], "its records are no longer in the extracts"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path();
            run_of(folder, &[case(kind)], &[1], &[1]);
            let mut store = Store::open(folder).unwrap();
            absorb(&mut store, folder).unwrap();
            run_of(folder, &[CaseRow { records: vec![String::from("else")], ..row(9, 1, 0.5) }], records, on_roll);
            absorb(&mut store, folder).unwrap();
            let note = store.cases().unwrap()[0].events.last().and_then(|event| event.note.clone()).unwrap();
            assert_eq!(note, reason, "{kind}");
        }
    }
}
