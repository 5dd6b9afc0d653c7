//! Does a row hold something that no column takes?
//!
//! Takes the rows of a list one after another, gives what is at fault with the row as a whole: a text table that was
//! not put into quotation marks breaks a row in two where a cell holds a line end, and a note where it holds a comma;
//! people write beside the columns. What stands there must not be lost without a word.

use jiff::civil::Date;

use super::heading::{Heading, Places, is_what_is_asked};
use super::row::{CASE, DATE, DWELLING, FILLED_IN, MATTER, NOTE, OUTCOME, case_number, normal, outcome_of, visit_day};
use crate::intake::extract::filled::FilledSheet;
use crate::outcome::report::words::{Words, words};

/// Some programs leave out the last columns of a text table where so many rows, counted from the first of the sheet,
/// have nothing in them.
const ROWS_SAVED_TOGETHER: u64 = 16;

/// Most rows below it that a row may be broken into.
const PIECES_MAX: usize = 8;

/// What is wrong with a row as a whole.
pub(super) struct Torn {
    /// The column at fault.
    pub(super) column: Words,
    /// The place of its cell, if it stands under no heading.
    pub(super) cell: Option<usize>,
    /// Why.
    pub(super) reason: Words,
}

const ROW: Words = words("整行", "whole row");
const WITHOUT_HEADING: Words = words("无标题的列", "column without a heading");

const CUT: Words = words(
    "此行不完整（被断行？），未登记：请与下面的部分合成一行，并删去多余的行",
    "the row is cut, perhaps by a line end within a cell, so nothing was noted: put it together with the part below it, and \
     remove that one",
);
const PIECE: Words = words(
    "此行没有编号，像是上一行被断开的部分，未登记：请并入有编号的一行，并删去此行；若只是说明，请移出清单或删去",
    "there is no case number, and this looks like a part of the row above, so nothing was noted: put it back into the row \
     with the number, and remove this one; if it is a mere remark, take it out of the list",
);
const BESIDE_THE_COLUMNS: Words = words(
    "此格没有列标题，其内容会丢失，此行未登记：结果、日期、备注请写入相应的列（备注中的逗号会把一格分成几格）；自用的列请加标题",
    "this cell stands under no heading and would be lost, so nothing was noted: write outcome, day and notes into their \
     columns (a comma in a note may have cut it in two), and give columns of your own a heading",
);

/// The rows of a list.
pub(super) struct Rows<'a> {
    rows: &'a [(u64, Vec<String>)],
    heading: &'a [String],
    places: &'a Places,
    is_text: bool,
    reference: Date,
    /// Columns up to the last with a heading.
    width: usize,
    /// The column of what is asked: no list goes out with an empty cell there.
    asked: Option<usize>,
    /// The last row with a case number, as a spreadsheet shows it.
    last: u64,
    /// Are there rows that lack nothing but their last fields?
    leaves_out: bool,
    /// The last row that is known to be a part of one above it.
    pieces_to: u64,
}

impl<'a> Rows<'a> {
    /// The rows of a sheet; nobody called long before the reference time.
    pub(super) fn of(sheet: &'a FilledSheet, heading: &'a Heading, reference: Date) -> Rows<'a> {
        // A sheet of a workbook has a name.
        let (rows, is_text, places) = (&sheet.rows, sheet.name.is_empty(), &heading.places);
        let heading = rows.get(heading.at).map_or(&[][..], |(_, cells)| cells);
        let width = heading.iter().rposition(|cell| !normal(cell).is_empty()).map_or(0, |at| at + 1);
        let asked = heading.iter().position(|cell| is_what_is_asked(cell));
        let (last, leaves_out, pieces_to) = (0, false, 0);
        let mut of = Rows { rows, heading, places, is_text, reference, width, asked, last, leaves_out, pieces_to };
        let mut numbered = rows.iter().filter(|(_, cells)| of.has_number(cells));
        let leaves_out = numbered.clone().any(|(_, cells)| of.is_short(cells) && !of.ends_early(cells));
        let last = numbered.next_back().map_or(0, |(number, _)| *number);
        (of.leaves_out, of.last) = (leaves_out, last);
        of
    }

    /// What is wrong with a row as a whole; they are asked for in their order.
    pub(super) fn fault(&mut self, at: usize) -> Option<Torn> {
        let (number, cells) = self.rows.get(at)?;
        let of_row = |reason| Some(Torn { column: ROW, cell: None, reason });
        if !self.has_number(cells) {
            let is_piece = *number <= self.pieces_to || self.tells_elsewhere(*number, cells);
            return if is_piece { of_row(PIECE) } else { None };
        }
        let pieces = self.pieces(at);
        if !pieces.is_empty() {
            // A row that was broken and not filled in says nothing.
            let tells = self.is_filled_in(cells) || pieces.iter().any(|(_, piece)| self.tells(piece));
            if let Some((last, _)) = pieces.last().filter(|_| tells) {
                self.pieces_to = *last;
                return of_row(CUT);
            }
            return None;
        }
        if self.ends_early(cells) {
            return of_row(CUT);
        }
        let cell = self.beside_the_columns(cells)?;
        Some(Torn { column: WITHOUT_HEADING, cell: Some(cell), reason: BESIDE_THE_COLUMNS })
    }

    fn has_number(&self, cells: &[String]) -> bool {
        case_number(&normal(self.cell(cells, CASE))).is_some()
    }

    fn cell<'c>(&self, cells: &'c [String], column: usize) -> &'c str {
        self.places[column].and_then(|at| cells.get(at)).map_or("", String::as_str)
    }

    fn is_empty(&self, cells: &[String], column: usize) -> bool {
        normal(self.cell(cells, column)).is_empty()
    }

    /// Has a team written into a row?
    fn is_filled_in(&self, cells: &[String]) -> bool {
        FILLED_IN.into_iter().any(|column| !self.is_empty(cells, column))
    }

    /// Has this row of a text table fewer fields than the heading?
    fn is_short(&self, cells: &[String]) -> bool {
        self.is_text && cells.len() < self.width
    }

    /// Does a row with a case number end before what every list has that goes out?
    fn ends_early(&self, cells: &[String]) -> bool {
        let sent = [CASE, MATTER, DWELLING].into_iter().filter_map(|column| self.places[column]);
        self.is_short(cells) && sent.chain(self.asked).any(|at| at >= cells.len())
    }

    /// The rows without a case number at once below a row with one in which it seems to go on. Where a whole sheet was
    /// saved again after a row was broken, all have all their fields.
    fn pieces(&self, at: usize) -> &'a [(u64, Vec<String>)] {
        let (number, cells) = &self.rows[at];
        let below = &self.rows[at + 1..];
        let lacks_question = self.asked.is_some_and(|at| cells.get(at).is_none_or(|cell| normal(cell).is_empty()));
        let is_below = |(offset, (below, piece)): (u64, &(u64, Vec<String>))| {
            *below == number + offset && !self.has_number(piece) && (lacks_question || self.is_short(piece))
        };
        let count = (1..).zip(below).take(PIECES_MAX).take_while(|pair| is_below(*pair)).count();
        let pieces = &below[..count];
        let Some((_, first)) = pieces.first() else { return &[] };
        if lacks_question {
            return pieces;
        }
        // A sum below the list may be short because the program has left out what is empty in these rows.
        let may_be_left_out = number.is_multiple_of(ROWS_SAVED_TOGETHER) && (*number >= self.last || self.leaves_out);
        let goes_on = if self.is_short(cells) {
            let fields: usize = pieces.iter().map(|(_, piece)| piece.len()).sum();
            cells.len() + fields == self.width + count && (*number < self.last || self.tells(first))
        } else {
            !self.is_empty(cells, NOTE)
        };
        if goes_on && !may_be_left_out { pieces } else { &[] }
    }

    /// Does a part of a row say what a team has written? It may hold the row's last fields.
    fn tells(&self, piece: &[String]) -> bool {
        let columns = FILLED_IN.into_iter().filter_map(|column| self.places[column]);
        let from_end = |at: usize| (at + piece.len()).checked_sub(self.width).and_then(|at| piece.get(at));
        piece.iter().any(|cell| is_code(cell) || self.is_day(cell))
            || (self.is_short(piece) && columns.filter_map(from_end).any(|cell| !normal(cell).is_empty()))
    }

    /// Is this a day on which somebody may have called?
    fn is_day(&self, cell: &str) -> bool {
        visit_day(&normal(cell), self.reference).is_ok_and(|day| !day.is_empty())
    }

    /// Does a row without a case number tell of a visit, in other columns than those of visits?
    fn tells_elsewhere(&self, number: u64, cells: &[String]) -> bool {
        if [OUTCOME, DATE].into_iter().any(|column| !self.is_empty(cells, column)) {
            return false;
        }
        let is_within = number < self.last && self.is_short(cells);
        if is_within && cells.iter().any(|cell| is_code(cell) || self.is_day(cell)) {
            return true;
        }
        let (Some(outcome), Some(date)) = (self.places[OUTCOME], self.places[DATE]) else { return false };
        let day_of = |at: usize| (at + date).checked_sub(outcome).and_then(|at| cells.get(at));
        (0..cells.len()).any(|at| is_code(&cells[at]) && day_of(at).is_some_and(|day| self.is_day(day)))
    }

    /// The cell of a row that stands under no heading and would be missed: always where a text table has more fields
    /// than its heading; elsewhere where outcome or notes are not filled in, or just behind the notes.
    fn beside_the_columns(&self, cells: &[String]) -> Option<usize> {
        let is_filled_in = !self.is_empty(cells, OUTCOME) && !self.is_empty(cells, NOTE);
        let behind_notes = self.places[NOTE].map(|at| at + 1);
        let would_be_missed =
            |at: &usize| (self.is_text && *at >= self.heading.len()) || !is_filled_in || Some(*at) == behind_notes;
        let is_headed = |at: usize| self.heading.get(at).is_some_and(|cell| !normal(cell).is_empty());
        let mut beside = (0..cells.len()).filter(|at| !is_headed(*at) && !normal(&cells[*at]).is_empty());
        beside.find(would_be_missed)
    }
}

/// Is this a code of an outcome, or its words? A single digit may count anything.
fn is_code(cell: &str) -> bool {
    let cell = normal(cell);
    cell.len() > 1 && outcome_of(&cell).is_ok()
}
