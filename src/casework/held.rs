//! How does casework write beside a run, and into its audit log?
//!
//! Takes the folder of a run, which is held meanwhile, and gives its log; where the log is signed, so is what is added.

use std::path::Path;
use std::time::Duration;

use crate::audit::checkpoint;
use crate::audit::log::Log;
use crate::audit::publication::Publication;
use crate::audit::{purge, verify};
use crate::error::Result;
use crate::outcome::report::cases::table::CASES;

/// How long the audit log is waited for, to which others write at the same moment.
const LOG_WAIT: Duration = Duration::from_mins(2);

/// Holds the folder of a run, of which the cases have not been purged while it was waited for.
pub(super) fn hold(run: &Path) -> Result<Publication> {
    let held = Publication::begin_within(run, LOG_WAIT)?;
    purge::check_not_purged(run, CASES)?;
    Ok(held)
}

/// The log of a run that `what` adds to: where it is signed, a key must be named, and a key that is named must be one
/// before anything is added.
pub(super) fn open_log(
    held: &Publication,
    run: &Path,
    actor: &str,
    sign_key: Option<&Path>,
    what: &str,
) -> Result<Log> {
    sign_key.map_or(Ok(()), checkpoint::check_key)?;
    let log = Log::open(held, actor)?;
    verify::check_signed(run, sign_key, what)?;
    Ok(log)
}

/// Signs the log's new end, if a key is named.
pub(super) fn sign(run: &Path, log: &Log, sign_key: Option<&Path>) -> Result<()> {
    sign_key.map_or(Ok(()), |key| checkpoint::sign(run, key, log.head()))
}
