//! What do earlier tables say that a new one must not forget?
//!
//! Takes a run and the path of a table that is written for the next one, gives the rows of the table that the run read,
//! and of the one that is to be replaced. The store of a folder of results knows what was settled there; what was
//! settled in another folder stands in these tables alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::log;
use super::screen::{count, counted};
use crate::audit::delivery::DELIVERY;
use crate::audit::{located, manifest};
use crate::error::{Error, Kind, Result};

/// What earlier tables say.
pub(super) struct Earlier<R> {
    /// Their rows, oldest first.
    pub rows: Vec<R>,
    /// The table that the run read, and how many rows it had then, if it is not there as it was.
    lost: Option<(PathBuf, u64)>,
}

/// What is said by the table that the run of a folder read under this name, and by the one that is to be replaced. Rows
/// with the same key are one.
///
/// # Errors
/// If one of them is no such table.
pub(super) fn earlier<R, K: Ord>(
    run: &Path,
    input: &str,
    replaced: &Path,
    read: impl Fn(&Path) -> Result<Vec<R>>,
    key: impl Fn(&R) -> K,
) -> Result<Earlier<R>> {
    let mut earlier = Earlier { rows: Vec::new(), lost: None };
    let manifest = located::read(run)?;
    if let Some(heard) = manifest.inputs.iter().find(|entry| entry.source == input) {
        if manifest::digest_of(&heard.file).is_ok_and(|digest| digest == heard.digest) {
            earlier.rows = read(&heard.file)?;
        } else {
            earlier.lost = Some((heard.file.clone(), heard.rows));
        }
    }
    if replaced.exists() {
        let known: BTreeSet<K> = earlier.rows.iter().map(&key).collect();
        earlier.rows.extend(read(replaced)?.into_iter().filter(|row| !known.contains(&key(row))));
        // It was made from what the run read, and is newer.
        earlier.lost = None;
    }
    Ok(earlier)
}

impl<R> Earlier<R> {
    /// Refuses to write a table that would lack what the run read: `own` rows are known here.
    ///
    /// # Errors
    /// A usage error that names the table that is lost.
    pub fn check_whole(&self, own: u64, noun: &str) -> Result<()> {
        let Some((file, rows)) = self.lost.as_ref().filter(|(_, rows)| *rows > own) else { return Ok(()) };
        let what = format!(
            "the run heard of {} by this table, which is not there as it was, and this folder knows {}: the next run would \
             not hear of the others",
            counted(*rows, noun),
            count(own)
        );
        let error = Error::new(Kind::Usage, what).at_file(file);
        Err(error.hint(
            "put the table back, or name a copy of it with --out: what it says of others is kept; is it lost, run the study \
             without it first",
        ))
    }
}

/// How many rows were kept, for people; nothing if none was.
pub(super) fn kept(rows: u64) -> String {
    if rows == 0 { String::new() } else { format!(" ({} of them kept from earlier tables)", count(rows)) }
}

/// Says that the table does not belong where it was written, if a sealed delivery lies there.
pub(super) fn warn_beside_seal(out: &Path) {
    if out.with_file_name(DELIVERY).exists() {
        log::tell(
            "warning: the table lies in a sealed delivery, and is not in its seal: `rollcall seal --check` refuses the folder; \
             keep it in another one",
        );
    }
}
