//! What waits for a supervisor?
//!
//! Takes the store's cases, gives those of which outcomes contradict each other (disputed) and those that the field
//! leaves to a supervisor (referred), with what has come back of them; and lists of them, by the same hand as those of
//! teams, to write the decision into. Such a list changes nothing in the store: the cases go to no team.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use super::outgoing::{self, Order, Sent};
use super::store::{Event, State, Store, StoredCase};
use crate::error::{Error, Kind, Result};
use crate::intake::study::Language;
use crate::outcome::report::words::{Words, field, words};
use crate::privacy::mask;

/// Longest remark of the field that is repeated, in characters.
const NOTE_CHARACTERS_MAX: usize = 120;

/// A case that waits for a supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Its number.
    pub case: String,
    /// `disputed` or `referred`.
    pub state: &'static str,
    /// The codes that have come back: of a disputed case those that contradict each other.
    pub outcomes: Vec<&'static str>,
}

/// The cases that wait for a supervisor, in the order of the store.
pub fn waiting<'a>(cases: impl Iterator<Item = &'a StoredCase>) -> Vec<Waiting> {
    cases.filter_map(of_case).collect()
}

fn of_case(case: &StoredCase) -> Option<Waiting> {
    let state = case.state();
    if !is_waiting(state) {
        return None;
    }
    let said = case.visits().filter_map(|event| event.outcome);
    let mut outcomes = Vec::new();
    for outcome in said.filter(|outcome| state == State::Referred || outcome.is_final()) {
        if !outcomes.contains(&outcome.code()) {
            outcomes.push(outcome.code());
        }
    }
    Some(Waiting { case: case.number.clone(), state: state.name(), outcomes })
}

pub(super) fn is_waiting(state: State) -> bool {
    matches!(state, State::Disputed | State::Referred)
}

/// Writes lists of all cases that wait for a supervisor, with what has come back of them.
///
/// # Errors
/// If none waits, or lists cannot be written.
pub fn send(store: &Store, run: &Path, order: &Order, language: Language) -> Result<Sent> {
    let mut cases = store.cases()?;
    outgoing::check_excepted(&cases, order)?;
    let is_meant = |case: &StoredCase| is_waiting(case.state()) && outgoing::is_asked_for(case, order);
    let chosen: Vec<usize> = (0..cases.len()).filter(|at| is_meant(&cases[*at])).collect();
    if chosen.is_empty() {
        let error = Error::new(Kind::Usage, "no case is waiting there for a supervisor");
        return Err(error.hint("`rollcall follow-up status DIR` shows where cases are waiting"));
    }
    for at in &chosen {
        let said = so_far(&cases[*at], language);
        cases[*at].row.case.ask += &said;
    }
    outgoing::send_as_they_are(run, order, "send", (cases, chosen), language)
}

const SO_FAR: Words = words("已有结果：", " Outcomes so far: ");
const AND: Words = words("；", "; ");
const DECIDE: Words = words("。请核定，只填一个结果代码。", ". Decide, and write one code.");

/// Is a cell what a supervisor is asked?
pub(super) fn asks_supervisor(cell: &str) -> bool {
    let said = |language: Language| [SO_FAR, DECIDE].iter().all(|words| cell.contains(words.of(language).trim()));
    said(Language::Zh) || said(Language::En)
}

/// What has come back of a case, for whom must decide: outcomes with their days and remarks. What was told once more,
/// with the day or a remark, stands there once.
fn so_far(case: &StoredCase, language: Language) -> String {
    let said: Vec<String> = case.visits_as_told().iter().filter_map(|told| one_visit(told, language)).collect();
    format!("{}{}{}", SO_FAR.of(language), said.join(AND.of(language)), DECIDE.of(language))
}

fn one_visit(told: &[&Event], language: Language) -> Option<String> {
    let last = told.last()?;
    let choice = field::choice(last.outcome?, language);
    let mut beside = vec![last.day().to_owned()];
    for event in told {
        beside.push(mask::plain_within(event.note.as_deref().unwrap_or_default(), NOTE_CHARACTERS_MAX));
    }
    let mut seen = BTreeSet::new();
    beside.retain(|text| !text.is_empty() && seen.insert(text.clone()));
    Some(if beside.is_empty() { choice } else { format!("{choice} ({})", beside.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::{send, so_far, waiting};
    use crate::audit::log;
    use crate::casework::absorb::tests::{order, say, store};
    use crate::casework::outgoing::Order;
    use crate::casework::store::{State, StoredCase, Visit};
    use crate::intake::extract::filled;
    use crate::intake::study::Language;
    use crate::outcome::visit::Outcome;

    #[test]
    fn what_waits_for_a_supervisor_can_be_listed_and_sent_with_what_came_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 4);
        let asked = Order { for_supervisor: true, ..order("supervisor", None) };
        assert!(send(&store, folder.path(), &asked, Language::En).is_err(), "nothing waits");
        say(&mut store, 0, Outcome::Added, "", "field");
        say(&mut store, 0, Outcome::Added, "2020-12-01", "field");
        say(&mut store, 0, Outcome::Added, "2020-12-01", "field");
        let (id, outcome) = (store.cases().unwrap()[0].id, Outcome::Added);
        for note in ["husband at home", "registered"] {
            let (visited_on, note) = (String::from("2020-12-01"), note.to_owned());
            store.note_visits(&[Visit { id, outcome, visited_on, note, team: None }], "field").unwrap();
        }
        say(&mut store, 0, Outcome::MovedOutBefore, "2020-12-05", "field");
        say(&mut store, 1, Outcome::Supervisor, "2020-12-02", "field");
        say(&mut store, 2, Outcome::Added, "2020-12-02", "field");
        let cases = store.cases().unwrap();
        let found = waiting(cases.iter());
        let said: Vec<_> = found.iter().map(|one| (one.state, one.outcomes.join(" "))).collect();
        assert_eq!(said, [("disputed", String::from("01 04")), ("referred", String::from("19"))]);
        assert_eq!(found[0].case, cases[0].number);
        let text = so_far(&cases[0], Language::En);
        assert_eq!(
            text,
            " Outcomes so far: 01 omitted, registered now (2020-12-01, husband at home, registered); 04 moved out before \
             the reference time (2020-12-05). Decide, and write one code."
        );

        let sent = send(&store, folder.path(), &asked, Language::Zh).unwrap();
        assert_eq!(sent.cases, 2);
        let list = std::fs::read_dir(&sent.folder).unwrap().map(|entry| entry.unwrap().path());
        let list = list.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "xlsx")).unwrap();
        let rows: Vec<String> =
            filled::sheets(&list).unwrap()[1].rows.iter().map(|(_, cells)| cells.join(" ")).collect();
        assert!(rows[1].contains(&cases[0].number) && rows[1].contains("04 普查时点前已搬走"), "{rows:?}");
        // It is with no team for that, and the log has it.
        let states: Vec<State> = store.cases().unwrap().iter().map(StoredCase::state).collect();
        assert_eq!(states, [State::Disputed, State::Referred, State::Resolved, State::Open]);
        let entry = log::read(folder.path()).unwrap().pop().unwrap();
        assert_eq!((entry.action.as_str(), &entry.object["role"]), ("send", &serde_json::json!("supervisor")));
    }
}
