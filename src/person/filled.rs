//! Which columns of a source hold nothing at all?
//!
//! Takes the chunks of a source as they are read, by whatever thread, gives the columns of which no cell was filled. A
//! column whose name is right and whose values were lost on the way (formulas of a workbook without their results, an
//! export without rights) looks like one that nobody fills in, and whoever asks it finds nobody.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::intake::extract::{Chunk, Column, Extract};

/// What has been seen of the columns of a source.
pub(super) struct Filled {
    columns: Vec<AtomicBool>,
}

impl Filled {
    /// Nothing has been seen yet.
    pub(super) fn of(extract: &Extract) -> Filled {
        Filled { columns: extract.columns.iter().map(|_| AtomicBool::new(false)).collect() }
    }

    /// Looks at a chunk, at each column only until something is found in it.
    pub(super) fn see(&self, chunk: &Chunk) {
        for (seen, column) in self.columns.iter().zip(&chunk.columns) {
            if !seen.load(Ordering::Relaxed) && is_filled(column, chunk.rows) {
                seen.store(true, Ordering::Relaxed);
            }
        }
    }

    /// The columns in which nothing was found, in the order of the extract.
    pub(super) fn empty(&self, extract: &Extract) -> Vec<String> {
        let seen = self.columns.iter().map(|seen| seen.load(Ordering::Relaxed));
        extract.columns.iter().zip(seen).filter(|(_, seen)| !seen).map(|(name, _)| name.clone()).collect()
    }
}

fn is_filled(column: &Column, rows: usize) -> bool {
    !matches!(column, Column::Null) && (0..rows).any(|row| column.text(row).is_some())
}
