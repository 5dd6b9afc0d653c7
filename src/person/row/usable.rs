//! Which rows can be read?
//!
//! Takes the rows of a chunk one by one; those that cannot be used are set aside, each with its reason.

use std::borrow::Cow;

use super::{ChunkTable, RowReader};
use crate::intake::extract::{Chunk, Column};
use crate::intake::study::nothing::is_null;
use crate::intake::study::{Field, Role, RowKind};
use crate::person::Rejected;
use crate::person::name::organisation::{is_credit_code, is_organisation};
use crate::person::{code, id_number};
use crate::tally::HEADER_REPEATED;

impl RowReader<'_> {
    /// The id of a row; nothing where there is none.
    pub(super) fn record_id<'c>(&self, chunk: &'c Chunk, row: usize, rows_before: u64) -> Option<Cow<'c, str>> {
        match self.record_id {
            Some(column) => chunk.columns.get(column).and_then(|column| column.text(row)).filter(|id| !is_null(id)),
            None => Some(Cow::Owned(format!("{}", rows_before + chunk.row_number(row)))),
        }
    }

    /// Can a row be read? It is set aside otherwise.
    pub(super) fn is_usable(&self, chunk: &Chunk, row: usize, out: &mut ChunkTable) -> bool {
        if self.repeats_header(chunk, row) {
            self.set_aside(chunk, row, (None, HEADER_REPEATED), out);
            return false;
        }
        let has_id = self.record_id.is_none() || self.record_id(chunk, row, 0).is_some();
        let (column, reason) = match chunk.overlong(row) {
            _ if !has_id => (self.study.sources[self.source].record_id.clone(), "record_id_missing"),
            Some(column) => (self.columns.get(column).cloned(), "text_too_long"),
            None => return true,
        };
        self.set_aside(chunk, row, (column, reason), out);
        false
    }

    /// Files that were put one behind the other keep their headers. One cell that is called like its column says
    /// nothing.
    fn repeats_header(&self, chunk: &Chunk, row: usize) -> bool {
        let is_name = |(column, name): (&Column, &String)| match column {
            Column::Text(_) => column.text(row).is_some_and(|text| text.trim_start_matches('\u{feff}') == name.trim()),
            Column::Null | Column::Day(_) => false,
        };
        self.columns.len() > 1 && chunk.columns.iter().zip(&self.columns).all(is_name)
    }

    /// Does a row of a register stand for an organisation? A roll has none. Behind the name of a person may stand that
    /// of a school or a works: a row that tells a sex, a birth, a resident's number, a mother or a death is a person's.
    pub(super) fn is_of_organisation(&self, chunk: &Chunk, row: usize) -> bool {
        if self.study.sources[self.source].role != Role::Register {
            return false;
        }
        let Some(name) = self.text(chunk, row, Field::Name) else { return false };
        let number = self.text(chunk, row, Field::IdNumber);
        let has_code = number.as_deref().is_some_and(is_credit_code);
        let is_resident = || number.as_deref().is_some_and(|number| id_number::read(number).0.is_valid());
        let tells = |field| self.text(chunk, row, field).is_some();
        let tells_person = || {
            self.text(chunk, row, Field::Sex).is_some_and(|text| code::sex(&text) != 0)
                || [Field::BirthDate, Field::MotherName, Field::MotherIdNumber, Field::DeathDate].into_iter().any(tells)
        };
        let is_event = || matches!(self.kind(chunk, row).0, RowKind::Birth | RowKind::Death);
        is_organisation(&name, has_code) && !is_resident() && !tells_person() && !is_event()
    }

    pub(super) fn set_aside(
        &self,
        chunk: &Chunk,
        row: usize,
        (column, reason): (Option<String>, &'static str),
        out: &mut ChunkTable,
    ) {
        let (source, file, row) = (self.source, chunk.file, chunk.row_number(row));
        out.rejected.push(Rejected { source, file, row, column, reason });
    }
}

#[cfg(test)]
mod tests {
    use crate::person::practice::{HEAD, Practice, source};

    #[test]
    fn a_header_that_stands_again_is_no_person() {
        let columns = [("name", "n"), ("id_number", "i"), ("last_seen", "s")];
        let study = format!("{HEAD}{}", source("a", "register", false, &columns));
        // Put one behind the other, with the mark of its encoding and without.
        let text = "n,i,s\n王丽,,2020-05-06\nn,i,s\n李明,,\n\u{feff}n,i,s\nn,,\n";
        let found = Practice::of(&[("a.csv", text)], &study).standardised();
        let rows: Vec<u64> = found.rejected.iter().map(|rejected| rejected.row).collect();
        let tally = &found.tallies[0];
        assert_eq!((rows, tally.set_aside["header_repeated"], tally.rows_lost()), (vec![2, 4], 2, 0));
        assert_eq!((found.table.len(), tally.noted.get("last_seen_unreadable")), (3, None));
    }
}
