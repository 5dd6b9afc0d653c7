//! Of which cells of a workbook was the value lost?
//!
//! Takes, cell by cell, where a formula was saved without what it comes to, or came to an error (`#N/A`), gives these
//! cells by column. They are read as empty ones, which is what they look like: half of all ID numbers may be missing
//! so. Each is noted, and each column warned of; one by which records or persons are known, and of which most is lost,
//! is an error.

use std::path::Path;

use arrow::array::Array;
use serde::{Deserialize, Serialize};

use super::Column;
use crate::error::{Error, Result};
use crate::intake::study::{Field, Source};

/// Rows that a sheet can have.
const ROWS_MAX: u64 = 1 << 20;

/// How a value was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Loss {
    /// A formula was saved without its value.
    Formula,
    /// What a formula comes to is an error.
    Error,
}

impl Loss {
    /// The code by which it is noted.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Loss::Formula => "formula_without_value",
            Loss::Error => "error_value",
        }
    }
}

/// Cells of a column whose values were lost in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostCells {
    /// Index of the column among those that are read.
    pub column: usize,
    /// How they were lost.
    pub loss: Loss,
    /// Stretches of data rows, from 1, first and last.
    stretches: Vec<(u64, u64)>,
}

impl LostCells {
    /// How many they are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.stretches.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Their data rows, from 1.
    pub fn rows(&self) -> impl Iterator<Item = u64> {
        self.stretches.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// Are these rows that a sheet can have, in order? A decoder may have been made to say anything.
    pub(super) fn is_sound(&self) -> bool {
        let mut before = 0;
        self.stretches.iter().all(|(first, last)| {
            let is_behind = before < *first && first <= last && *last <= ROWS_MAX;
            before = *last;
            is_behind
        })
    }

    /// Those within some rows; `None` if there are none.
    pub(super) fn within(&self, (from, to): (u64, u64)) -> Option<LostCells> {
        let cut = |(first, last): &(u64, u64)| ((*first).max(from), (*last).min(to));
        let stretches = self.stretches.iter().map(cut).filter(|(first, last)| first <= last);
        let within = LostCells { stretches: stretches.collect(), ..*self };
        (!within.stretches.is_empty()).then_some(within)
    }
}

/// One more lost cell; rows come in order.
pub(super) fn add(lost: &mut Vec<LostCells>, column: usize, loss: Loss, row: u64) {
    let known = lost.iter_mut().find(|cells| cells.column == column && cells.loss == loss);
    match known.map(|cells| &mut cells.stretches) {
        None => lost.push(LostCells { column, loss, stretches: vec![(row, row)] }),
        Some(stretches) => match stretches.last_mut() {
            // A second time the same cell.
            Some((_, last)) if row <= *last => {}
            Some((_, last)) if *last + 1 == row => *last = row,
            _ => stretches.push((row, row)),
        },
    }
}

/// Refuses a column by which records or persons are known if most of it was lost; warns of any other.
pub(super) fn check(
    source: &Source,
    names: &[String],
    path: &Path,
    (columns, lost): (&[Column], &[LostCells]),
) -> Result<()> {
    for (at, (name, column)) in names.iter().zip(columns).enumerate() {
        let of = |loss: Loss| lost.iter().filter(move |cells| cells.column == at && cells.loss == loss);
        let [formulas, errors] = [Loss::Formula, Loss::Error].map(|loss| of(loss).map(LostCells::count).sum::<u64>());
        if formulas + errors == 0 {
            continue;
        }
        let filled = match column {
            Column::Null => 0,
            Column::Text(array) => array.len() - array.null_count(),
            Column::Day(array) => array.len() - array.null_count(),
        };
        if says_who(source, name) && formulas + errors > filled as u64 {
            let (what, hint) = if formulas >= errors {
                (
                    "most cells of this column are formulas that were saved without their values",
                    "open the workbook in a spreadsheet program, which computes them, and save it again; or ask the \
                     sender for values in place of formulas",
                )
            } else {
                (
                    "most cells of this column are errors of formulas, such as #N/A",
                    "ask the sender for the values in place of the formulas; cells that have none must be empty",
                )
            };
            let first = lost.iter().filter(|cells| cells.column == at).filter_map(|cells| cells.rows().next()).min();
            let error = Error::input(what).at_file(path).at_column(name);
            return Err(first.into_iter().fold(error, Error::at_row).hint(hint));
        }
        tracing::warn!(
            source = source.name,
            file = %path.display(),
            column = name,
            formulas,
            errors,
            "cells of this column are formulas that were saved without their values, or errors such as #N/A, and are read \
             as empty: ask the sender for the values"
        );
    }
    Ok(())
}

/// Are records or persons known by this column?
fn says_who(source: &Source, name: &String) -> bool {
    let of_persons = |field| matches!(field, Field::Name | Field::FamilyName | Field::GivenName | Field::IdNumber);
    let mut bound = source.bindings.iter().filter(|binding| of_persons(binding.field));
    source.record_id.as_ref() == Some(name) || bound.any(|binding| binding.columns.contains(name))
}

#[cfg(test)]
mod tests {
    use super::{Loss, LostCells, add};

    #[test]
    fn stretches_of_rows_are_cut_and_those_that_cannot_be_are_told() {
        let mut lost = Vec::new();
        for row in [2, 3, 3, 4, 9, 8] {
            add(&mut lost, 1, Loss::Formula, row);
        }
        add(&mut lost, 1, Loss::Error, 5);
        let [formulas, _] = &lost[..] else { panic!("{lost:?}") };
        assert_eq!((formulas.rows().collect::<Vec<_>>(), formulas.count()), (vec![2, 3, 4, 9], 4));
        let within = |from, to| formulas.within((from, to)).map(|cells| cells.rows().collect::<Vec<_>>());
        assert_eq!([within(3, 8), within(5, 8), within(4, u64::MAX)], [Some(vec![3, 4]), None, Some(vec![4, 9])]);
        let is_sound = |stretches: &[(u64, u64)]| {
            LostCells { column: 0, loss: Loss::Error, stretches: stretches.to_vec() }.is_sound()
        };
        assert!(formulas.is_sound() && is_sound(&[(1, 1 << 20)]));
        for stretches in [&[(0, 1)][..], &[(2, 1)], &[(1, 5), (5, 6)], &[(1, u64::MAX)]] {
            assert!(!is_sound(stretches), "{stretches:?}");
        }
    }
}
