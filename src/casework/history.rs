//! Where does a case stand?
//!
//! Takes all that happened to a case, oldest first, gives its state, the outcome that settled it, and the visits that
//! were made. None of it is stored: a stored state could contradict the history.

use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::report::cases::CaseRow;
use crate::outcome::visit::Outcome;

/// The role whose outcomes settle what is disputed; and what stands where a team would stand.
pub const SUPERVISOR: &str = "supervisor";

/// A case as it stands.
#[derive(Debug, Clone)]
pub struct StoredCase {
    /// Its number in the store.
    pub id: i64,
    /// The number by which office and field speak of it.
    pub number: String,
    /// Other numbers that it has on the own lists of later runs, which do not know this one.
    pub other_numbers: Vec<String>,
    /// What kind of discrepancy it is.
    pub kind: DiscrepancyKind,
    /// As it appeared in the latest run that raised it.
    pub row: CaseRow,
    /// As it appeared in the runs before that one, oldest first, if somebody has visited it: they went there on what
    /// was known then. Empty otherwise.
    pub earlier: Vec<CaseRow>,
    /// Its history, oldest first.
    pub events: Vec<Event>,
}

/// Something that happened to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it was.
    pub what: EventKind,
    /// When, UTC.
    pub at: String,
    /// Who, as a role: `run`, `office`, `field`, `supervisor`.
    pub role: String,
    /// How a visit ended.
    pub outcome: Option<Outcome>,
    /// The day of the visit.
    pub visited_on: Option<String>,
    /// The team: whose the case is, or whose list tells of a visit, if the list says it.
    pub team: Option<String>,
    /// A reason or remark.
    pub note: Option<String>,
}

/// What can happen to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A run raised it that no earlier one had raised.
    Opened,
    /// A later run raised it, too.
    Carried,
    /// It went out with a team.
    Assigned,
    /// It was taken back from a team.
    Unassigned,
    /// It was drawn for a visit at random.
    Drawn,
    /// Somebody said how a visit ended.
    Visited,
    /// A later run did not raise it any more.
    Closed,
    /// A run after that one raised it again.
    Reopened,
}

impl EventKind {
    /// All of them.
    pub const ALL: [EventKind; 8] = [
        EventKind::Opened,
        EventKind::Carried,
        EventKind::Assigned,
        EventKind::Unassigned,
        EventKind::Drawn,
        EventKind::Visited,
        EventKind::Closed,
        EventKind::Reopened,
    ];

    /// Its name, as it is stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            EventKind::Opened => "opened",
            EventKind::Carried => "carried",
            EventKind::Assigned => "assigned",
            EventKind::Unassigned => "unassigned",
            EventKind::Drawn => "drawn",
            EventKind::Visited => "visited",
            EventKind::Closed => "closed",
            EventKind::Reopened => "reopened",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<EventKind> {
        EventKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A call at a door, as one of its cases tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call<'a> {
    /// The day; empty if it was not said.
    pub day: &'a str,
    /// When lists were taken back that tell of it.
    pub noted: Vec<&'a str>,
    /// The case as it was known then.
    pub case: &'a CaseRow,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nobody has been sent.
    Open,
    /// It is on a list that went out.
    Assigned,
    /// Somebody was there, and nothing is settled yet.
    Visited,
    /// Somebody was there who leaves it to a supervisor: nobody is sent before one has said something.
    Referred,
    /// Settled by an outcome.
    Resolved,
    /// Two outcomes that contradict each other: a supervisor must decide.
    Disputed,
    /// A later run does not raise it any more.
    Closed,
}

impl State {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Assigned => "assigned",
            State::Visited => "visited",
            State::Referred => "referred",
            State::Resolved => "resolved",
            State::Disputed => "disputed",
            State::Closed => "closed",
        }
    }
}

impl Event {
    /// The day of a visit; empty if it was not said.
    #[must_use]
    pub fn day(&self) -> &str {
        self.visited_on.as_deref().unwrap_or_default()
    }

    fn is_visit(&self) -> bool {
        self.what == EventKind::Visited
    }

    /// Was the case given to a team, or taken from one?
    fn is_of_a_team(&self) -> bool {
        matches!(self.what, EventKind::Assigned | EventKind::Unassigned)
    }

    /// Is it a list that another team brings back than the one that has the case? Where one of the two is not said,
    /// nobody can tell.
    fn is_of_another_team(&self, team: Option<&str>) -> bool {
        self.team.as_deref().zip(team).is_some_and(|(one, other)| one != other)
    }

    /// Did a run raise the case?
    fn is_raised(&self) -> bool {
        matches!(self.what, EventKind::Opened | EventKind::Carried | EventKind::Reopened)
    }

    /// Did somebody settle something, or try to?
    pub(super) fn is_final(&self) -> bool {
        self.is_visit() && self.outcome.is_some_and(Outcome::is_final)
    }
}

/// The state that a history leads to, and the outcome that settled the case, unless that is disputed.
pub(super) fn standing(events: &[Event]) -> (State, Option<Outcome>) {
    let standing = Standing::after(events);
    (standing.state, standing.settled.filter(|_| standing.state == State::Resolved))
}

/// Does what visits said of a case stay as it is, although a run does not raise it any more?
pub(super) fn outlasts_new_data(events: &[Event]) -> bool {
    Standing::after(events).outlasts_new_data()
}

/// Where a case stands while its history is gone through.
struct Standing<'a> {
    state: State,
    /// The outcome that settled it.
    settled: Option<Outcome>,
    /// Has a supervisor settled it?
    is_ruled: bool,
    /// Does it wait for a supervisor?
    is_referred: bool,
    /// What the field has said of how it is, since a supervisor gave it back.
    answer: Option<Outcome>,
    /// Does the latest run not raise it, for another reason than that visits have settled it?
    is_closed: bool,
    /// As it was before it went out last.
    before_assigned: State,
    /// The team that it went out with last.
    team: Option<&'a str>,
}

impl<'a> Standing<'a> {
    fn after(events: &'a [Event]) -> Standing<'a> {
        let mut standing = Standing {
            state: State::Open,
            settled: None,
            is_ruled: false,
            is_referred: false,
            answer: None,
            is_closed: false,
            before_assigned: State::Open,
            team: None,
        };
        for (at, event) in events.iter().enumerate() {
            standing.hear(&events[..at], event);
        }
        standing
    }

    /// Somebody has settled it, or said how it is and left it to a supervisor: nobody but one may take that back.
    fn outlasts_new_data(&self) -> bool {
        self.settled.is_some() || (self.is_referred && self.answer.is_some())
    }

    fn hear(&mut self, earlier: &[Event], event: &'a Event) {
        match event.what {
            EventKind::Closed => {
                self.is_closed = self.state != State::Resolved;
                if !self.outlasts_new_data() {
                    self.state = State::Closed;
                }
            }
            EventKind::Carried => self.is_closed = false,
            EventKind::Reopened => {
                self.is_closed = false;
                if self.state == State::Closed {
                    let otherwise = if is_out(earlier) { State::Assigned } else { State::Open };
                    self.state = if self.is_referred { State::Referred } else { otherwise };
                }
            }
            EventKind::Assigned => {
                self.team = event.team.as_deref();
                // Whoever is sent after a visit that settled nothing has the case alone, as the first team had.
                if matches!(self.state, State::Open | State::Visited) {
                    (self.before_assigned, self.state) = (self.state, State::Assigned);
                }
            }
            EventKind::Unassigned if self.state == State::Assigned => self.state = self.before_assigned,
            EventKind::Visited => match event.outcome {
                Some(outcome) if event.role == SUPERVISOR => self.hear_supervisor(outcome),
                // Where a supervisor has decided, or a list was sent again, it is nothing new about the case.
                Some(outcome) if !self.is_ruled && completed(earlier, event).is_none() => {
                    self.hear_field(outcome, event.is_of_another_team(self.team));
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// A supervisor decides, takes a case up, or gives back to the field what waited for one; what the field has or has
    /// settled by itself stays as it is. There is nothing to give back of what new data have closed.
    fn hear_supervisor(&mut self, outcome: Outcome) {
        let waits = matches!(self.state, State::Disputed | State::Referred | State::Closed);
        if outcome.is_final() {
            (self.settled, self.is_ruled, self.is_referred) = (Some(outcome), true, false);
            self.state = State::Resolved;
        } else if outcome == Outcome::Supervisor || self.is_ruled || waits {
            (self.settled, self.is_ruled, self.is_referred) = (None, false, outcome == Outcome::Supervisor);
            self.answer = self.answer.filter(|_| self.is_referred);
            if self.is_closed && !self.is_referred {
                self.state = State::Closed;
            }
            self.wait();
        }
    }

    /// `of_another_team`: has one been sent that is not back yet, and this is the list of another?
    fn hear_field(&mut self, outcome: Outcome, of_another_team: bool) {
        self.answer = Some(outcome).filter(|outcome| outcome.is_final()).or(self.answer);
        if !outcome.is_final() {
            let is_referred = outcome == Outcome::Supervisor;
            if is_referred && self.state == State::Resolved {
                // Settled by the field, which finds a mistake: as if it had asked before.
                (self.settled, self.is_referred) = (None, true);
                self.wait();
            } else if self.state == State::Assigned && of_another_team && !is_referred {
                self.before_assigned = State::Visited;
            } else if self.settled.is_none() {
                self.is_referred |= is_referred;
                self.wait();
            }
        } else if self.is_referred {
            // A supervisor hears of it, also where new data have closed the case: the visit contradicts them.
            self.state = State::Referred;
        } else if self.settled.is_some_and(|earlier| earlier != outcome) {
            self.state = State::Disputed;
        } else {
            self.settled = Some(outcome);
            if self.state != State::Disputed {
                self.state = State::Resolved;
            }
        }
    }

    /// Somebody was there, or a supervisor spoke, and nothing is settled; what new data have closed stays so.
    fn wait(&mut self) {
        if self.state != State::Closed {
            self.state = if self.is_referred { State::Referred } else { State::Visited };
        }
    }
}

/// Has a team been sent that neither came back nor was called back? A list on paper knows nothing of runs since.
pub(super) fn is_out(events: &[Event]) -> bool {
    let Some(last) = events.iter().rposition(Event::is_of_a_team) else { return false };
    let team = events[last].team.as_deref();
    let is_back = |(at, event): (usize, &Event)| {
        event.is_visit()
            && event.role != SUPERVISOR
            && !event.is_of_another_team(team)
            && completed(&events[..at], event).is_none()
    };
    events[last].what == EventKind::Assigned && !events.iter().enumerate().skip(last + 1).any(is_back)
}

/// The team that has the case.
pub(super) fn with_team(events: &[Event]) -> Option<&str> {
    let last = events.iter().rev().find(|event| event.is_of_a_team());
    last.filter(|event| event.what == EventKind::Assigned).and_then(|event| event.team.as_deref())
}

/// The visit that a later note only tells once more, now with its day or a remark: the same outcome by the same role on
/// the same day, or on a day that had not been said. Without a day it is another visit if the case has gone out since;
/// what another team tells is one in any case. A list that names no team is of the one that has the case.
fn completed(earlier: &[Event], event: &Event) -> Option<usize> {
    let team = event.team.as_deref().or_else(|| with_team(earlier));
    let sent = earlier.iter().rposition(|event| event.what == EventKind::Assigned).unwrap_or(0);
    let is_it = |(at, before): &(usize, &Event)| {
        let day = before.day();
        before.is_visit()
            && (&before.role, before.outcome) == (&event.role, event.outcome)
            && !before.is_of_another_team(team)
            && if day.is_empty() { *at >= sent } else { day == event.day() }
    };
    earlier.iter().enumerate().rev().find(is_it).map(|(at, _)| at)
}

impl StoredCase {
    /// Where it stands, from its history. A supervisor's outcome stands against all of the field, whenever those come.
    #[must_use]
    pub fn state(&self) -> State {
        standing(&self.events).0
    }

    /// The outcome that settled it, unless that is disputed.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        standing(&self.events).1
    }

    /// The team that it was last sent out with, unless it was taken back from that team.
    #[must_use]
    pub fn team(&self) -> Option<&str> {
        with_team(&self.events)
    }

    /// The probability that the case had when it was drawn for a visit at random; `None` if it was not.
    #[must_use]
    pub fn drawn(&self) -> Option<f64> {
        let event = self.events.iter().find(|event| event.what == EventKind::Drawn);
        event.and_then(|event| event.note.as_deref()).and_then(|note| note.parse().ok())
    }

    /// Was it drawn when it went out last? The ranking may have sent a team there since an earlier draw.
    #[must_use]
    pub fn went_out_as_drawn(&self) -> bool {
        let is_it = |event: &&Event| matches!(event.what, EventKind::Assigned | EventKind::Drawn);
        self.events.iter().rev().find(is_it).is_some_and(|event| event.what == EventKind::Drawn)
    }

    /// Was the discrepancy real, as far as visits say?
    #[must_use]
    pub fn label(&self) -> Option<bool> {
        self.outcome().and_then(|outcome| outcome.label(self.kind))
    }

    /// The case as those knew it who settled it: a run since may know the outcome.
    #[must_use]
    pub fn as_visited(&self) -> &CaseRow {
        self.events.iter().position(Event::is_final).map_or(&self.row, |at| self.as_of(at))
    }

    /// Does the latest run know how visits settled it, if it has heard of visits at all, and of these before it? Whom
    /// they found is certain then, and what turned out otherwise is not raised any more.
    #[must_use]
    pub fn is_known_to_run(&self) -> bool {
        let is_closed = |event: &Event| event.what == EventKind::Closed;
        let Some(said) = self.events.iter().rposition(|event| event.is_raised() || is_closed(event)) else {
            return false;
        };
        let outcome = self.outcome();
        let is_it = |event: &Event| event.is_visit() && event.outcome == outcome;
        let is_heard = self.events[..said].iter().any(is_it);
        is_heard && self.label().is_some() && (self.row.is_settled(true) || is_closed(&self.events[said]))
    }

    /// The case as those knew it of whom an event tells: as the last run had it before they were sent, or before the
    /// event if nobody was out. Their list is the same, whatever runs have said since.
    fn as_of(&self, event: usize) -> &CaseRow {
        let before = self.events.get(..event).unwrap_or(&self.events);
        let sent = before.iter().rposition(|event| event.what == EventKind::Assigned).filter(|_| is_out(before));
        let raised = before.iter().take(sent.unwrap_or(event)).filter(|event| event.is_raised()).count();
        raised.checked_sub(1).and_then(|run| self.earlier.get(run)).unwrap_or(&self.row)
    }

    /// Is a visit without a day noted already in just these words, and would it change where the case stands if it were
    /// another one? Then nobody can tell whether it is: the case may have gone out since, or a list came in a second
    /// time.
    #[must_use]
    pub fn may_be_another(&self, role: &str, outcome: Outcome, note: &str, team: Option<&str>) -> bool {
        let is_same = |event: &&Event| {
            event.is_visit()
                && !event.is_of_another_team(team)
                && (event.role.as_str(), event.outcome) == (role, Some(outcome))
                && (event.day(), event.note.as_deref().unwrap_or_default()) == ("", note)
        };
        self.events.iter().find(is_same).is_some_and(|same| {
            let again = Event { team: team.map(str::to_owned), ..same.clone() };
            let with_it = [&self.events[..], &[again]].concat();
            standing(&with_it) != standing(&self.events)
        })
    }

    /// The calls of the field at the door of the case. A supervisor decides at a desk.
    #[must_use]
    pub fn calls(&self) -> Vec<Call<'_>> {
        let of_call = |told: Vec<usize>| {
            let (first, last) = (*told.first()?, self.events.get(*told.last()?)?);
            let noted = told.into_iter().map(|at| self.events[at].at.as_str()).collect();
            (last.role != SUPERVISOR).then(|| Call { day: last.day(), noted, case: self.as_of(first) })
        };
        self.told().into_iter().filter_map(of_call).collect()
    }

    /// What came back, visit by visit: all notes that tell of the same one.
    #[must_use]
    pub fn visits_as_told(&self) -> Vec<Vec<&Event>> {
        self.told().into_iter().map(|told| told.into_iter().map(|at| &self.events[at]).collect()).collect()
    }

    /// The positions of the notes of each visit. A note completes a visit, or one that has completed it already.
    fn told(&self) -> Vec<Vec<usize>> {
        let mut told: Vec<Vec<usize>> = Vec::new();
        for (at, event) in self.events.iter().enumerate().filter(|(_, event)| event.is_visit()) {
            let before = completed(&self.events[..at], event);
            match told.iter_mut().find(|visit| before.is_some() && visit.last().copied() == before) {
                Some(visit) => visit.push(at),
                None => told.push(vec![at]),
            }
        }
        told
    }

    /// The day of the visit that settled the case, if it was said.
    #[must_use]
    pub fn settled_on(&self) -> Option<&str> {
        let outcome = self.outcome()?;
        let mut days = self.events.iter().rev().filter(|event| event.is_visit() && event.outcome == Some(outcome));
        days.find_map(|event| event.visited_on.as_deref().filter(|day| !day.is_empty()))
    }

    /// All that came back of visits, as it was noted.
    pub fn visits(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.is_visit())
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, EventKind, State, StoredCase, standing};
    use crate::casework::learning::tests::row;
    use crate::outcome::discrepancy::DiscrepancyKind;
    use crate::outcome::visit::Outcome;

    fn event(what: &str) -> Event {
        Event {
            what: EventKind::of_name(what).unwrap(),
            at: String::new(),
            role: String::from("run"),
            outcome: None,
            visited_on: None,
            team: None,
            note: None,
        }
    }

    fn visit(role: &str, outcome: Outcome, day: &str) -> Event {
        Event { role: role.to_owned(), outcome: Some(outcome), visited_on: Some(day.to_owned()), ..event("visited") }
    }

    fn field(outcome: Outcome) -> Event {
        visit("field", outcome, "2020-12-01")
    }

    #[test]
    fn a_case_that_met_nobody_is_with_the_next_team_until_they_are_back() {
        let mut events = vec![event("opened"), event("assigned"), field(Outcome::NoContact)];
        assert_eq!(standing(&events).0, State::Visited);
        events.push(event("assigned"));
        assert_eq!(standing(&events).0, State::Assigned);
        // The first list once more, with a note: the second team has the case still.
        events.push(field(Outcome::NoContact));
        assert_eq!(standing(&events).0, State::Assigned);
        events.push(visit("field", Outcome::NoContact, "2020-12-09"));
        assert_eq!(standing(&events).0, State::Visited);
        events.push(event("closed"));
        events.push(visit("field", Outcome::NoContact, "2020-12-10"));
        assert_eq!(standing(&events).0, State::Closed, "nobody is sent to what new data have closed");
    }

    #[test]
    fn what_is_taken_back_from_a_team_is_as_it_was_before() {
        let mut events = vec![event("opened"), event("assigned"), event("unassigned")];
        assert_eq!(standing(&events).0, State::Open);
        events.extend([event("assigned"), field(Outcome::NoContact), event("assigned"), event("unassigned")]);
        assert_eq!(standing(&events).0, State::Visited);
        let team = |what: &str, team: &str| Event { team: Some(team.to_owned()), ..event(what) };
        let mut case = StoredCase { events: vec![team("assigned", "east")], ..case() };
        assert_eq!(case.team(), Some("east"));
        case.events.push(team("unassigned", "east"));
        assert_eq!(case.team(), None);
        // A list that comes back all the same is heard; what visits have settled stays.
        case.events.push(field(Outcome::Added));
        case.events.push(event("unassigned"));
        assert_eq!(case.state(), State::Resolved);
    }

    #[test]
    fn what_new_data_closed_and_raise_again_is_with_the_team_that_has_it_on_its_list() {
        let mut events = vec![event("opened"), event("assigned"), event("closed"), event("reopened")];
        assert_eq!(standing(&events).0, State::Assigned);
        events.push(event("unassigned"));
        assert_eq!(standing(&events).0, State::Open);
        events.extend([event("closed"), event("reopened")]);
        assert_eq!(standing(&events).0, State::Open, "nobody has it");
        // The team came back meanwhile, or before.
        events.extend([event("assigned"), event("closed"), field(Outcome::NoContact), event("reopened")]);
        assert_eq!(standing(&events).0, State::Open);
        // A list that is told once more is no team that came back.
        events.extend([event("assigned"), field(Outcome::NoContact), event("closed"), event("reopened")]);
        assert_eq!(standing(&events).0, State::Assigned);
    }

    #[test]
    fn a_supervisors_word_stands_whatever_the_field_says_later() {
        let mut events = vec![field(Outcome::Added), field(Outcome::MovedOutBefore)];
        assert_eq!(standing(&events), (State::Disputed, None));
        events.push(visit("supervisor", Outcome::MovedOutBefore, ""));
        assert_eq!(standing(&events), (State::Resolved, Some(Outcome::MovedOutBefore)));
        events.push(Event { note: Some(String::from("again")), ..field(Outcome::Added) });
        events.push(visit("field", Outcome::DiedBefore, "2020-12-20"));
        assert_eq!(standing(&events), (State::Resolved, Some(Outcome::MovedOutBefore)));
        events.push(visit("supervisor", Outcome::Added, ""));
        assert_eq!(standing(&events), (State::Resolved, Some(Outcome::Added)));
    }

    #[test]
    fn what_is_left_to_a_supervisor_waits_for_one() {
        let mut events = vec![event("opened"), event("assigned"), field(Outcome::Supervisor)];
        assert_eq!(standing(&events).0, State::Referred);
        for later in [event("assigned"), field(Outcome::NoContact), event("closed"), event("reopened")] {
            events.push(later);
        }
        assert_eq!(standing(&events).0, State::Referred);
        let sent_back = [&events[..], &[visit("supervisor", Outcome::NoContact, "")]].concat();
        assert_eq!(standing(&sent_back).0, State::Visited);
        // Nor does the field settle it by itself meanwhile.
        events.push(visit("field", Outcome::MovedOutBefore, "2020-12-05"));
        assert_eq!(standing(&events), (State::Referred, None));
        events.push(visit("supervisor", Outcome::Added, ""));
        assert_eq!(standing(&events), (State::Resolved, Some(Outcome::Added)));
    }

    #[test]
    fn a_supervisor_gives_a_disputed_case_back_to_the_field() {
        let mut events = vec![event("assigned"), field(Outcome::Added), field(Outcome::MovedOutBefore)];
        assert_eq!(standing(&events).0, State::Disputed);
        events.push(visit("supervisor", Outcome::NoContact, ""));
        assert_eq!(standing(&events), (State::Visited, None));
        events.extend([event("assigned"), visit("field", Outcome::Added, "2020-12-09")]);
        assert_eq!(standing(&events), (State::Resolved, Some(Outcome::Added)));
        // What the field has settled undisputed needs no supervisor, and one who has ruled may take that back.
        events.push(visit("supervisor", Outcome::NoContact, ""));
        assert_eq!(standing(&events), (State::Resolved, Some(Outcome::Added)));
        events.push(visit("supervisor", Outcome::MovedOutBefore, ""));
        events.push(visit("supervisor", Outcome::Refused, ""));
        assert_eq!(standing(&events), (State::Visited, None));
        events.push(visit("supervisor", Outcome::Supervisor, ""));
        assert_eq!(standing(&events), (State::Referred, None));
    }

    #[test]
    fn the_same_words_without_a_day_may_be_another_visit_only_if_something_has_happened_since() {
        let mut events = vec![event("opened"), event("assigned"), visit("field", Outcome::NoContact, "")];
        let may_be = |events: &[Event], role: &str| {
            let case = StoredCase { events: events.to_vec(), ..case() };
            case.may_be_another(role, Outcome::NoContact, "", None)
        };
        assert!(!may_be(&events, "field"), "the list came in twice");
        assert!(!may_be(&events, "supervisor"), "nobody has said it");
        events.push(event("assigned"));
        assert!(may_be(&events, "field"), "the second team may have met nobody, too");
        events.push(visit("field", Outcome::Supervisor, "2020-12-01"));
        events.push(visit("supervisor", Outcome::NoContact, ""));
        assert!(!may_be(&events, "supervisor"));
        events.extend([event("assigned"), visit("field", Outcome::Supervisor, "2020-12-08")]);
        assert!(may_be(&events, "supervisor"), "it may be given back once more");
    }

    fn case() -> StoredCase {
        StoredCase {
            id: 1,
            number: String::from("1"),
            other_numbers: Vec::new(),
            kind: DiscrepancyKind::MissedPerson,
            row: row(1, 2, 0.5),
            earlier: vec![row(1, 1, 0.5)],
            events: Vec::new(),
        }
    }

    #[test]
    fn a_visit_that_is_told_again_is_one_visit_and_stays_where_it_was_made() {
        let events = vec![event("opened"), event("assigned"), visit("field", Outcome::NoContact, "")];
        let mut case = StoredCase { events, ..case() };
        let days = |case: &StoredCase| case.calls().iter().map(|call| call.day.to_owned()).collect::<Vec<_>>();
        assert_eq!(days(&case), [""]);
        case.events.push(event("carried"));
        case.events.push(field(Outcome::NoContact));
        case.events.push(Event { note: Some(String::from("nobody")), ..field(Outcome::NoContact) });
        assert_eq!(days(&case), ["2020-12-01"]);
        case.events.push(event("assigned"));
        case.events.push(visit("field", Outcome::NoContact, "2020-12-08"));
        assert_eq!(days(&case), ["2020-12-01", "2020-12-08"]);
        case.events.push(visit("supervisor", Outcome::Added, "2020-12-09"));
        assert_eq!(days(&case).len(), 2, "who decides at a desk was at no door");
        let (before, now) = (case.earlier[0].area.clone(), case.row.area.clone());
        case.events.truncate(3);
        case.events.push(event("carried"));
        assert!(before != now && case.calls()[0].case.area == before, "the visit was made in the area of then");
        // The list was out when the run was made, and comes back after it; then its days.
        case.events = vec![event("opened"), event("assigned"), event("carried"), visit("field", Outcome::Added, "")];
        assert!(case.calls()[0].case.area == before && case.as_visited().area == before, "it is the same list");
        case.events.push(field(Outcome::Added));
        assert!(case.calls().len() == 1 && case.calls()[0].case.area == before, "and the same visit");
        // Sent once more, by what the later run says.
        case.events = vec![event("opened"), event("assigned"), field(Outcome::NoContact), event("carried")];
        case.events.extend([event("assigned"), visit("field", Outcome::Added, "2020-12-09")]);
        let areas: Vec<&str> = case.calls().iter().map(|call| call.case.area.as_str()).collect();
        assert_eq!(areas, [before.as_str(), now.as_str()]);
    }

    #[test]
    fn a_supervisor_who_is_called_for_after_an_outcome_is_heard() {
        for (first, then) in [(Outcome::Added, Outcome::Supervisor), (Outcome::Supervisor, Outcome::Added)] {
            let events = [event("opened"), field(first), visit("field", then, "2020-12-05")];
            assert_eq!(standing(&events), (State::Referred, None), "{first:?}, then {then:?}");
        }
        let mut events = vec![event("opened"), field(Outcome::Added), field(Outcome::MovedOutBefore)];
        events.push(field(Outcome::Supervisor));
        assert_eq!(standing(&events).0, State::Disputed, "it waits for one already");
        let mut events = vec![event("opened"), field(Outcome::Added), visit("supervisor", Outcome::Added, "")];
        events.push(field(Outcome::Supervisor));
        assert_eq!(standing(&events), (State::Resolved, Some(Outcome::Added)), "a supervisor has spoken");
    }

    #[test]
    fn what_the_field_leaves_to_a_supervisor_is_heard_whatever_new_data_say_meanwhile() {
        let (found, asks) = (visit("field", Outcome::Added, "2020-12-05"), field(Outcome::Supervisor));
        let after = |events: &[&Event]| {
            let events: Vec<Event> = [&event("opened")].into_iter().chain(events.iter().copied()).cloned().collect();
            standing(&events).0
        };
        let [closed, again] = [&event("closed"), &event("reopened")];
        // What nobody has answered is over with it, until it is raised again.
        assert_eq!(after(&[&asks, closed]), State::Closed);
        assert_eq!(after(&[closed, &asks]), State::Closed);
        assert_eq!(after(&[closed, &asks, again]), State::Referred);
        // An answer is not lost, whichever of the three came first, nor when a second run closes the case.
        for (one, two) in [(&asks, &found), (&found, &asks)] {
            for events in [[closed, one, two], [one, closed, two], [one, two, closed]] {
                assert_eq!(after(&events), State::Referred, "{events:?}");
                let unsettled = field(Outcome::NoContact);
                let later = [&events[..], &[&unsettled, again, closed]].concat();
                assert_eq!(after(&later), State::Referred, "{events:?}");
                let decided = visit("supervisor", Outcome::Added, "");
                assert_eq!(after(&[&later[..], &[&decided]].concat()), State::Resolved);
            }
        }
    }

    #[test]
    fn nothing_that_new_data_have_closed_is_given_back_to_the_field() {
        let back = visit("supervisor", Outcome::NoContact, "");
        let disputed = vec![field(Outcome::Added), field(Outcome::MovedOutBefore)];
        for before in [disputed, vec![field(Outcome::Added), field(Outcome::Supervisor)]] {
            let mut events = [&before[..], &[event("closed"), back.clone()]].concat();
            assert_eq!(standing(&events).0, State::Closed);
            events.push(event("reopened"));
            assert_eq!(standing(&events).0, State::Open);
            let raised = [&before[..], &[event("closed"), event("reopened"), back.clone()]].concat();
            assert_eq!(standing(&raised).0, State::Visited);
        }
        // Where a run does not raise it because visits had settled it, that is over with what they said.
        let decided = visit("supervisor", Outcome::MovedOutBefore, "");
        assert_eq!(standing(&[decided, event("closed"), back]).0, State::Visited);
    }

    #[test]
    fn a_late_list_of_another_team_leaves_a_case_with_the_team_that_has_it() {
        let of = |event: Event, team: &str| Event { team: Some(team.to_owned()), ..event };
        let assigned = |team: &str| of(event("assigned"), team);
        let nobody = |team: &str| of(field(Outcome::NoContact), team);
        let sent = [assigned("east"), of(event("unassigned"), "east"), assigned("west")];
        let after = |events: &[Event]| StoredCase { events: [&sent[..], events].concat(), ..case() };
        assert_eq!(after(&[nobody("east")]).state(), State::Assigned);
        assert_eq!(after(&[nobody("east"), nobody("west")]).state(), State::Visited, "two visits of one day");
        assert_eq!(
            after(&[nobody("east"), field(Outcome::NoContact)]).state(),
            State::Visited,
            "the list of who has it"
        );
        assert_eq!(after(&[nobody("west"), field(Outcome::NoContact)]).calls().len(), 1, "west's visit told once more");
        assert_eq!(after(&[nobody("east"), event("closed"), event("reopened")]).state(), State::Assigned);
        assert_eq!(after(&[nobody("east"), event("unassigned")]).state(), State::Visited, "somebody was there");
        assert_eq!(after(&[field(Outcome::NoContact)]).state(), State::Visited, "nobody knows whose list it is");
        // What the late list settles, or leaves to a supervisor, is heard.
        assert_eq!(after(&[of(field(Outcome::Added), "east")]).state(), State::Resolved);
        assert_eq!(after(&[of(field(Outcome::Supervisor), "east")]).state(), State::Referred);
        // Without a day: the same team's list came in again, and of another it is another visit.
        let undated = |team| of(visit("field", Outcome::NoContact, ""), team);
        let may_be = |team| after(&[undated("east")]).may_be_another("field", Outcome::NoContact, "", team);
        assert!(!may_be(Some("east")) && !may_be(Some("west")));
    }

    #[test]
    fn what_a_run_closed_before_a_visit_is_news_to_it() {
        let known = |events: Vec<Event>| StoredCase { events, ..case() }.is_known_to_run();
        let found = || field(Outcome::Added);
        assert!(known(vec![event("opened"), found(), event("closed")]));
        assert!(!known(vec![event("opened"), event("closed"), found()]), "the visit contradicts the run");
        assert!(!known(vec![event("opened"), found(), event("carried")]));
        let certain = |events: Vec<Event>| StoredCase { events, row: row(1, 2, 1.0), ..case() }.is_known_to_run();
        assert!(certain(vec![event("opened"), found(), event("carried")]));
        assert!(!certain(vec![event("opened"), event("carried"), found()]));
    }
}
