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
use crate::error::{Error, Kind, Result};

/// Can it be a list of this role?
///
/// # Errors
/// A usage error if a list that asks a supervisor is to be a team's; or if one is to be a supervisor's of whose cases
/// none was ever to be decided by one.
pub(super) fn check(path: &Path, role: &str, returned: &Returned, cases: &[StoredCase]) -> Result<()> {
    if role != SUPERVISOR {
        if !returned.asks_supervisor {
            return Ok(());
        }
        let error =
            Error::new(Kind::Usage, "this is a list of a supervisor, whose decisions are no visits").at_file(path);
        return Err(error.hint("import it with --role supervisor, and lists of teams without it"));
    }
    let ids: FxHashSet<i64> = returned.visits.iter().map(|(_, visit)| visit.id).collect();
    let mut said = cases.iter().filter(|case| ids.contains(&case.id)).peekable();
    if returned.asks_supervisor || said.peek().is_none() || said.any(is_for_supervisor) {
        return Ok(());
    }
    let error = Error::new(Kind::Usage, "no case on this list was to be decided by a supervisor").at_file(path);
    Err(error.hint(
        "a team's list is imported without --role supervisor; `rollcall follow-up export DIR --role supervisor` writes lists \
         of what waits for a supervisor",
    ))
}

/// Does it wait for a supervisor, has new data closed it, or has a supervisor spoken of it already?
fn is_for_supervisor(case: &StoredCase) -> bool {
    decision::is_waiting(case.state())
        || case.state() == State::Closed
        || case.visits().any(|event| event.role == SUPERVISOR)
}
