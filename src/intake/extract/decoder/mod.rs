//! How is a file decoded so that it can end nothing but its own decoder?
//!
//! Takes a file that nobody has looked into yet, gives what is in it, decoded by a child process: this same program,
//! started again as `rollcall decode-apart` with limits on memory, processor time and open files. A file that makes a
//! decoding library abort, hang or ask for all memory ends the child; here it is an input error that names the file.
//!
//! A child is for one file, which it is handed open in place of its stderr; beside it and its pipes it has nothing and
//! can get at nothing ([`confinement`]). So whatever a file makes of its decoder, it can tell nobody, and can spoil no
//! other file.
//!
//! Requests and replies are JSON lines over the child's pipes; rows follow their reply as an Arrow IPC stream, whose
//! texts and offsets are checked when they are read. One child serves one request at a time and is kept for the next on
//! the same file.
//! A program that uses this crate as a library has no such command: there, files are decoded in its own process.

mod child;
mod confinement;
mod pool;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::filled::FilledSheet;
use super::{ChunkPlace, FormatName, LostCells, Terms, csv};
use crate::error::Error;

pub use child::serve;
pub use pool::Pool;

/// The hidden command that a child is started with.
pub const COMMAND: &str = "decode-apart";

static POOL: OnceLock<Pool> = OnceLock::new();

/// From now on, files are decoded by children that run this program.
pub fn use_program(program: PathBuf) {
    POOL.get_or_init(|| Pool::of(program, vec![COMMAND.to_owned()]));
}

/// Ends the children and waits for them; the next file starts new ones.
pub fn finish() {
    if let Some(pool) = POOL.get() {
        pool.finish();
    }
}

/// The children, if this process is a program that can start them.
pub(super) fn pool() -> Option<&'static Pool> {
    POOL.get()
}

/// What a child is asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) path: PathBuf,
    pub(super) work: Work,
}

/// What is to be done with the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Work {
    /// Open an extract: names, rows, places of chunks; the rows themselves of a workbook.
    Open { terms: Terms, format: FormatName, columns: Vec<String> },
    /// Decode a chunk of a CSV file (with what was learnt when it was opened) or of a Parquet file.
    Read { terms: Terms, layout: Option<csv::Layout>, place: ChunkPlace, columns: Vec<String> },
    /// Read a list that people filled in.
    Fill,
}

/// What a child says, and whether it is confined as it should be.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) confined: bool,
    pub(super) reply: Reply,
}

/// The reply to a request. Rows follow [`Reply::Opened`] of a workbook and [`Reply::Chunk`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    Opened {
        names: Vec<String>,
        chunks: Vec<ChunkPlace>,
        rows: u64,
        classes: Vec<Option<String>>,
        digest: String,
        layout: Option<csv::Layout>,
        /// Of a workbook: the data row of each row.
        numbers: Option<Vec<u64>>,
        /// Of a workbook: cells that look empty and are not.
        lost: Vec<LostCells>,
    },
    Chunk {
        rows: usize,
        rejected: Vec<(u64, Option<String>, Fault)>,
        row_numbers: Option<Vec<u64>>,
    },
    Filled(Vec<FilledSheet>),
    Refused(Error),
}

/// Why a row cannot be read: the reason codes of [`RowFault`](super::RowFault).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Fault {
    RaggedRow,
    UndecodableText,
}

impl Fault {
    fn reason(self) -> &'static str {
        match self {
            Fault::RaggedRow => "ragged_row",
            Fault::UndecodableText => "undecodable_text",
        }
    }

    fn of(reason: &str) -> Fault {
        if reason == Fault::RaggedRow.reason() { Fault::RaggedRow } else { Fault::UndecodableText }
    }
}

/// A child that answers what it was not asked.
pub(super) fn nonsense(path: &Path) -> Error {
    let error = Error::input("was refused: its decoder gave no sensible answer").at_file(path);
    error.hint("the file is damaged or hostile: ask the sender for it again")
}
