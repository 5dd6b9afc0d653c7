//! How does casework write beside a run?
//!
//! Takes the folder of a run, of which the cases are still there, and holds it, so that its log may be added to.

use std::path::Path;
use std::time::Duration;

use crate::audit::publication::Publication;
use crate::audit::purge;
use crate::error::Result;
use crate::outcome::report::cases::table::CASES;

/// How long the audit log is waited for, to which others write at the same moment.
const LOG_WAIT: Duration = Duration::from_mins(2);

/// Holds the folder of a run, of which the cases have not been purged while it was waited for.
pub(super) fn hold(run: &Path) -> Result<Publication> {
    hold_with(run, CASES)
}

/// The same, of which another output has not been purged.
///
/// # Errors
/// If another program keeps the folder too long, or the output has been purged.
pub fn hold_with(run: &Path, output: &str) -> Result<Publication> {
    let held = Publication::begin_within(run, LOG_WAIT)?;
    purge::check_not_purged(run, output)?;
    Ok(held)
}
