//! Which columns does a returned list have?
//!
//! Takes a sheet, gives the heading row with the places of the columns that matter. People change headings, translate
//! them, and put columns of their own beside; the heading that went out counts before a word that means the same, and a
//! column that is filled in before an empty one. What is missing is said: days and notes would be lost without anybody
//! noticing.

use super::row::{BESIDE, CASE, COLUMNS, Column, OUTCOME, normal};
use crate::intake::extract::filled::FilledSheet;
use crate::outcome::report::words::{Words, field};
use crate::privacy::mask;

/// Rows above the heading that are looked through for it.
const HEADING_ROWS_MAX: usize = 30;

/// Longest heading that is repeated on the screen, in characters.
const SHOWN_CHARACTERS_MAX: usize = 24;

/// Where each of the columns that matter is.
pub(super) type Places = [Option<usize>; COLUMNS.len()];

/// The heading of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heading {
    /// Which of the sheet's rows it is.
    pub(super) at: usize,
    /// Where the columns are.
    pub(super) places: Places,
    /// Columns that are not there.
    pub(super) missing: Vec<Words>,
    /// Headings that nobody knows, as they may be shown.
    pub(super) unknown: Vec<String>,
}

/// Two columns that are filled in and mean the same.
pub(super) struct Twice {
    /// What they mean.
    pub(super) title: Words,
    /// Which columns they are, from 1.
    pub(super) columns: [usize; 2],
}

/// The heading of a sheet; `None` if the sheet is no list.
pub(super) fn heading(sheet: &FilledSheet) -> Result<Option<Heading>, Twice> {
    let has = |cells: &[String], column: usize| cells.iter().any(|cell| COLUMNS[column].is_called(cell));
    let mut rows = sheet.rows.iter().take(HEADING_ROWS_MAX).enumerate();
    let Some((at, (_, cells))) = rows.find(|(_, (_, cells))| has(cells, CASE) && has(cells, OUTCOME)) else {
        return Ok(None);
    };
    let below: Vec<&[String]> =
        sheet.rows.iter().skip(at + 1).map(|(_, row)| row.as_slice()).filter(|row| *row != cells.as_slice()).collect();
    let mut places: Places = [None; COLUMNS.len()];
    for (place, column) in places.iter_mut().zip(&COLUMNS) {
        *place = column_of(column, cells, &below)?;
    }
    let lacking = places.iter().zip(&COLUMNS).filter(|(place, _)| place.is_none());
    Ok(Some(Heading {
        at,
        places,
        missing: lacking.map(|(_, column)| column.title).collect(),
        unknown: unknown(cells),
    }))
}

/// The heading of a sheet that would be a list if it had the column of outcomes: case numbers, and what stands beside
/// them.
pub(super) fn without_outcome(sheet: &FilledSheet) -> Option<(&[String], Vec<String>)> {
    let has = |cells: &[String], column: &Column| cells.iter().any(|cell| column.is_called(cell));
    let is_list = |cells: &[String]| {
        has(cells, &COLUMNS[CASE])
            && !has(cells, &COLUMNS[OUTCOME])
            && BESIDE.into_iter().any(|column| has(cells, &COLUMNS[column]))
    };
    let mut rows = sheet.rows.iter().take(HEADING_ROWS_MAX).map(|(_, cells)| cells.as_slice());
    rows.find(|cells| is_list(cells)).map(|cells| (cells, unknown(cells)))
}

/// The column of a meaning: of several the only one that is filled in, or else the one that went out so.
fn column_of(column: &Column, heading: &[String], below: &[&[String]]) -> Result<Option<usize>, Twice> {
    let called = (0..heading.len()).filter(|at| column.is_called(&heading[*at])).collect::<Vec<_>>();
    let is_filled = |at: &usize| below.iter().any(|row| row.get(*at).is_some_and(|cell| !normal(cell).is_empty()));
    let filled: Vec<usize> = called.iter().copied().filter(is_filled).collect();
    let candidates = if filled.is_empty() { called } else { filled };
    let sent: Vec<usize> = candidates.iter().copied().filter(|at| column.is_sent_as(&heading[*at])).collect();
    match (candidates.as_slice(), sent.as_slice()) {
        ([], _) => Ok(None),
        ([one], _) | (_, [one]) => Ok(Some(*one)),
        // Empty ones say nothing, whichever is taken.
        ([one, ..], _) if !is_filled(one) => Ok(Some(*one)),
        (_, [one, other, ..]) | ([one, other, ..], _) => {
            Err(Twice { title: column.title, columns: [one + 1, other + 1] })
        }
    }
}

/// Does the column say what is asked?
pub(super) fn is_what_is_asked(cell: &str) -> bool {
    let title = &field::COLUMNS[field::ASK];
    [title.zh, title.en].iter().any(|title| normal(title).eq_ignore_ascii_case(&normal(cell)))
}

/// Headings that neither went out nor mean what one of them does.
fn unknown(heading: &[String]) -> Vec<String> {
    let is_known = |cell: &str| {
        let cell = normal(cell).to_lowercase();
        // The last is what earlier versions called the number.
        let went_out = field::COLUMNS.iter().flat_map(|title| [title.zh, title.en]).chain(["证件号码（部分）"]);
        cell.is_empty()
            || COLUMNS.iter().any(|column| column.is_called(&cell))
            || went_out.into_iter().any(|title| title.to_lowercase() == cell || normal(title).to_lowercase() == cell)
    };
    let strange = heading.iter().filter(|cell| !is_known(cell));
    // Somebody typed it: no long number, nothing that a terminal would obey.
    strange.map(|cell| mask::plain_within(cell, SHOWN_CHARACTERS_MAX).escape_debug().to_string()).collect()
}
