//! What does a run need of memory, and what if it may not hold that much?
//!
//! Takes the number of records and what is allowed, gives the run the memory: as it comes where there is enough, over a
//! file in the run's folder where there is less, and a refusal before the first row where even that would not do.

use std::path::Path;
use std::sync::atomic::Ordering;

use super::freed::{self, Kept};
use super::scratch::{self, Scratch};
use super::{IN_CHARGE, keeper, pages};
use crate::error::{Error, Kind, Result};

/// What a run may hold, in bytes; what is not said is not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowance {
    /// At most this lies in memory. What does not fit may lie in a file.
    pub held: Option<u64>,
    /// At most this has an address, wherever it lies: a file is no help.
    pub addressed: Option<u64>,
}

/// The file in which large pieces of memory lie.
#[derive(Clone, Copy)]
pub struct InFile(&'static Scratch);

impl InFile {
    /// Most bytes that lay in it at any time.
    #[must_use]
    pub fn most(self) -> u64 {
        self.0.most()
    }
}

/// What a run was provided with.
pub struct Provided {
    /// The file, if not all fits into memory.
    pub in_file: Option<InFile>,
    /// Where nothing is limited, freed memory stays with the program: for the first stages, which free and ask for
    /// much, and hold less than the last ones.
    pub freed: Option<Kept>,
    /// Where the whole run is small as well, the same to its end.
    pub to_the_end: Option<Kept>,
}

/// A run that needs no more than this is small, in bytes.
const SMALL: u64 = 1 << 30;

/// One that needs no more than this is served by small pages: what it uses little of is not cleared as a whole. A
/// larger one looks up values all over its tables, and waits for their addresses where pages are small.
const SMALL_PAGES: u64 = 1 << 29;

/// Bytes that a run holds at its height for each record, and besides: no less than any of the measurements in
/// docs/performance.md, but for freed memory that a small run keeps where nothing is limited.
const BYTES_PER_RECORD: u64 = 340;
const BYTES_ALWAYS: u64 = 256 << 20;

/// Of these, what cannot lie in a file, and room for what is being worked on.
const LEAST_PER_RECORD: u64 = 90;
const LEAST_ALWAYS: u64 = 192 << 20;

/// Memory that a run over so many records is planned with, in bytes.
#[must_use]
pub fn needed(records: u64) -> u64 {
    BYTES_ALWAYS + records * BYTES_PER_RECORD
}

/// Memory without which a run over so many records is not begun, in bytes.
#[must_use]
pub fn least(records: u64) -> u64 {
    LEAST_ALWAYS + records * LEAST_PER_RECORD
}

/// Provides memory for a run over so many records.
///
/// # Errors
/// An environment error if too little is allowed, or if the file cannot be made.
pub fn provide(records: u64, allowance: Allowance, folder: &Path) -> Result<Provided> {
    let (needed, least) = (needed(records), least(records));
    tracing::debug!(records, needed, least, "memory planned");
    if let Some(addressed) = allowance.addressed.filter(|addressed| *addressed < needed) {
        return Err(too_little(records, needed, addressed));
    }
    let unlimited = allowance == Allowance::default();
    // Large pages hold a twentieth more: where memory is limited, it is worth more than time.
    if needed <= if unlimited { SMALL_PAGES } else { SMALL } {
        pages::use_small_ones();
    }
    let (freed, to_the_end) = (unlimited.then(freed::keep), (unlimited && needed <= SMALL).then(freed::keep));
    let Some(held) = allowance.held.filter(|held| *held < needed) else {
        return Ok(Provided { in_file: None, freed, to_the_end });
    };
    if !(cfg!(target_os = "linux") && IN_CHARGE.load(Ordering::Relaxed)) {
        return Err(too_little(records, needed, held));
    }
    if held < least {
        return Err(too_little(records, least, held));
    }
    let io = |error: std::io::Error| Error::io(folder, &error);
    let file = tempfile::tempfile_in(folder).map_err(io)?;
    let scratch = scratch::lie_in(file).map_err(io)?;
    keeper::keep(scratch, held).map_err(io)?;
    tracing::info!(records, needed, held, "not all fits into the memory that is allowed: the rest lies in a file");
    Ok(Provided { in_file: Some(InFile(scratch)), freed, to_the_end })
}

fn too_little(records: u64, needed: u64, allowed: u64) -> Error {
    let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
    let (needed, allowed) = (mebibytes(needed), mebibytes(allowed));
    let what = format!("{records} records need about {needed} MiB of memory; {allowed} MiB are allowed");
    let hint = "allow more (--memory, else the system's own limits), run on a larger machine, or divide the area into several studies";
    Error::new(Kind::Environment, what).hint(hint)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Allowance, least, needed, provide};

    #[test]
    fn a_run_that_would_not_fit_is_refused_before_it_begins() {
        let of = |held, addressed| provide(1_000_000, Allowance { held, addressed }, Path::new("nowhere"));
        assert!(of(None, None).is_ok_and(|provided| provided.in_file.is_none() && provided.freed.is_some()));
        assert!(of(None, None).is_ok_and(|provided| provided.to_the_end.is_some()));
        let large = provide(10_000_000, Allowance::default(), Path::new("nowhere"));
        assert!(large.is_ok_and(|provided| provided.freed.is_some() && provided.to_the_end.is_none()));
        let enough = of(Some(needed(1_000_000)), Some(needed(1_000_000)));
        assert!(enough.is_ok_and(|provided| provided.in_file.is_none()
            && provided.freed.is_none()
            && provided.to_the_end.is_none()));
        for (refused, allowed) in [(of(Some(256 << 20), None), "256 MiB"), (of(None, Some(512 << 20)), "512 MiB")] {
            let refused = refused.err().unwrap();
            assert_eq!(refused.kind().exit_status(), 6);
            assert!(refused.to_string().contains(allowed), "{refused}");
        }
        assert!(of(None, Some(needed(1_000_000) - 1)).is_err());
        assert!(least(1_000_000) < needed(1_000_000));
    }

    #[test]
    fn where_memory_comes_from_elsewhere_a_file_is_no_help() {
        let allowance = Allowance { held: Some(least(1_000_000)), addressed: None };
        assert!(provide(1_000_000, allowance, Path::new("nowhere")).is_err());
    }
}
