//! Whose list is it?
//!
//! Takes what a returned list says, the cases, and whose list it is said to be; refuses what cannot be so, before
//! anything is noted. History is only added to: a supervisor's decisions noted as visits, or a team's visits as
//! decisions, would stay.

use std::path::Path;

use rustc_hash::FxHashSet;

use super::Returned;
use crate::casework::decision;
use crate::casework::history::{SUPERVISOR, State, StoredCase};
use crate::casework::store::Visit;
use crate::error::{Error, Kind, Result};

/// Can it be a list of this role, which somebody has said or which is assumed?
///
/// # Errors
/// A usage error if a list that asks a supervisor is to be a team's, or one is assumed to be that may be a
/// supervisor's; or if one is to be a supervisor's of whose cases none was ever to be decided by one.
pub(super) fn check(
    path: &Path,
    (role, is_said): (&str, bool),
    returned: &Returned,
    cases: &[StoredCase],
) -> Result<()> {
    let ids: FxHashSet<i64> = returned.visits.iter().map(|(_, visit)| visit.id).collect();
    let said = cases.iter().filter(|case| ids.contains(&case.id));
    if role != SUPERVISOR {
        if returned.asks_supervisor {
            let error =
                Error::new(Kind::Usage, "this is a list of a supervisor, whose decisions are no visits").at_file(path);
            return Err(error.hint("import it with --role supervisor, and lists of teams without it"));
        }
        if is_said || returned.says_what_is_asked || !may_be_a_supervisors(returned, said) {
            return Ok(());
        }
        let what =
            "every case of which this list brings news waits for a supervisor, and the list does not say whose it is";
        let error = Error::new(Kind::Usage, what).at_file(path);
        return Err(error.hint("a supervisor's list is imported with --role supervisor, a team's with --role field"));
    }
    let mut said = said.peekable();
    if returned.asks_supervisor || said.peek().is_none() || said.any(is_for_supervisor) {
        return Ok(());
    }
    let error = Error::new(Kind::Usage, "no case on this list was to be decided by a supervisor").at_file(path);
    Err(error.hint(
        "a team's list is imported without --role supervisor; `rollcall follow-up export DIR --role supervisor` writes lists \
         of what waits for a supervisor",
    ))
}

/// Does a list that names no team bring something new, and only of cases that a team has brought back already and a
/// supervisor is to decide? Without its cover and the column of what is asked, a supervisor's looks like that.
fn may_be_a_supervisors<'a>(returned: &Returned, said: impl Iterator<Item = &'a StoredCase>) -> bool {
    let mut waits = false;
    for case in said {
        let mut visits = returned.visits.iter().map(|(_, visit)| visit).filter(|visit| visit.id == case.id).peekable();
        if visits.peek().is_some_and(|visit| visit.team.is_some()) {
            return false;
        }
        if visits.any(|visit| !is_noted(case, visit)) {
            if !is_for_supervisor(case) {
                return false;
            }
            waits |= decision::is_waiting(case.state());
        }
    }
    waits
}

/// Has the field said this of the case before, in these words?
fn is_noted(case: &StoredCase, visit: &Visit) -> bool {
    case.visits().any(|event| {
        event.role != SUPERVISOR
            && event.outcome == Some(visit.outcome)
            && event.visited_on.as_deref().unwrap_or_default() == visit.visited_on
            && event.note.as_deref().unwrap_or_default() == visit.note
    })
}

/// Does it wait for a supervisor, has new data closed it, or has a supervisor spoken of it already?
fn is_for_supervisor(case: &StoredCase) -> bool {
    decision::is_waiting(case.state())
        || case.state() == State::Closed
        || case.visits().any(|event| event.role == SUPERVISOR)
}
