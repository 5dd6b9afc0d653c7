//! What came of each of several files?
//!
//! Takes what was done with one file after the other, gives a table on the screen and the exit status: a file that
//! cannot be read keeps none of the others waiting, and is still not forgotten.

use std::path::Path;
use std::process::ExitCode;

use super::log::complain;
use super::screen::{Table, count, named, show};
use super::status;
use crate::error::{Error, Kind, Result};

/// The files that were gone through so far.
pub(super) struct Files {
    table: Table,
    numbers: usize,
    /// What is to be said below the table.
    pub(super) lines: String,
    rejected: bool,
    failed: Vec<Error>,
}

impl Files {
    /// `numbers` are the columns of counts.
    pub(super) fn new(numbers: &[&str]) -> Files {
        let table = Table::new(&[&["file"], numbers].concat());
        Files { table, numbers: numbers.len(), lines: String::new(), rejected: false, failed: Vec::new() }
    }

    /// A file that was gone through; gives its name as people read it.
    pub(super) fn add(&mut self, file: &Path, numbers: &[u64]) -> String {
        let name = named(file);
        self.table.row(std::iter::once(name.clone()).chain(numbers.iter().copied().map(count)).collect());
        name
    }

    /// A line about a row that cannot be used.
    pub(super) fn reject(&mut self, line: String) {
        self.rejected = true;
        self.lines += &line;
    }

    /// A file of which nothing could be taken.
    pub(super) fn fail(&mut self, file: &Path, error: Error) {
        let dashes = std::iter::repeat_n(String::from("-"), self.numbers);
        self.table.row(std::iter::once(named(file)).chain(dashes).collect());
        self.failed.push(error);
    }

    /// Shows all of it. A file that could not be taken at all decides the status before rows that could not.
    pub(super) fn end(mut self) -> Result<ExitCode> {
        show(&format!("{}{}", self.table.text(), self.lines))?;
        let worst = self.failed.iter().enumerate().max_by_key(|(at, error)| (error.kind().exit_status(), *at));
        let Some(worst) = worst.map(|(at, _)| at) else {
            return Ok(if self.rejected { status(Kind::Rejected) } else { ExitCode::SUCCESS });
        };
        let worst = self.failed.remove(worst);
        for error in &self.failed {
            complain(error.kind(), &error.to_string());
        }
        Err(worst)
    }
}
