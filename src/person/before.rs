//! What were texts found to be that came before?
//!
//! Names and codes come again, and whole households have one address: [`Before`] remembers what was read of them within
//! a stretch of rows, so that the same text is not read twice.

use super::address;
use super::date::Date;
use super::lexicon::{Lexicon, Symbol};
use super::name::{self, Reading};
use super::name_table::NameTable;
use super::table::PersonTable;
use super::written::Written;

/// Texts of a column, and what each was found to be.
#[derive(Default)]
pub(super) struct Known<C> {
    texts: Lexicon,
    /// In the order of the symbols, of which the first is 1.
    cells: Vec<C>,
    /// The text that came last, which often comes again.
    last: Symbol,
}

impl<C> Known<C> {
    /// What a text is, which `read` says of one that is new.
    pub(super) fn of(&mut self, text: &str, read: impl FnOnce(&str) -> C) -> &C {
        self.last = self.texts.intern_after(Some(&self.last), text);
        let at = self.last as usize - 1;
        if at == self.cells.len() {
            self.cells.push(read(text));
        }
        &self.cells[at]
    }
}

/// The texts of a stretch of rows, and what they were found to be.
#[derive(Default)]
pub(super) struct Before {
    names: Known<NameCell>,
    /// The last address, which the next member of a household has as well.
    address: String,
    place: PlaceCell,
    pub(super) codes: CodesBefore,
}

/// The codes that say where a row belongs.
#[derive(Default)]
pub(super) struct CodesBefore {
    pub(super) area: Known<CodeCell>,
    pub(super) division: Known<CodeCell>,
    /// The division that the code of the area tells.
    pub(super) told: Known<CodeCell>,
}

/// What the text of a code was found to be.
#[derive(Clone, Default)]
pub(super) struct CodeCell {
    pub(super) code: Option<String>,
    /// What is noted of the row.
    pub(super) note: Option<&'static str>,
}

/// What a name text was found to be.
#[derive(Clone, Copy, Default)]
pub(super) struct NameCell {
    pub(super) name: Symbol,
    /// The name of the parent, where a newborn has none.
    pub(super) parent: Symbol,
    pub(super) newborn: bool,
    /// Bits of [`name::note`].
    pub(super) notes: u8,
    /// How it was written, if not so; see [`Written::name`].
    pub(super) written: Symbol,
}

/// What an address text was found to be.
#[derive(Clone, Copy, Default)]
pub(super) struct PlaceCell {
    pub(super) estate: Symbol,
    pub(super) building: u16,
    pub(super) unit: u16,
    pub(super) room: u16,
    /// How the numbers were written, if not plainly, and the place, if not as it is compared.
    pub(super) written: [Symbol; 2],
}

impl Before {
    /// What a name text is.
    pub(super) fn name(&mut self, text: &str, names: &mut NameTable, written: &mut Written) -> NameCell {
        *self.names.of(text, |text| NameCell::read(text, names, written))
    }

    /// What an address text is.
    pub(super) fn place(&mut self, text: &str, estates: &mut Lexicon, written: &mut Written) -> PlaceCell {
        if text != self.address {
            self.place = PlaceCell::read(text, estates, written);
            self.address.clear();
            self.address.push_str(text);
        }
        self.place
    }
}

/// The name of a child under one, and how it was written: what it is called that has no given name yet is none.
pub(super) fn name_of_child(
    (name, as_written): (Symbol, Symbol),
    (birth, day): (Date, i32),
    table: &mut PersonTable,
) -> (Symbol, Symbol) {
    let PersonTable { names, written, .. } = table;
    let called = names.form(name).and_then(|called| Some((name::unnamed(called)?, called.text.clone())));
    let Some((unnamed, text)) = called.filter(|_| birth.age_on(day).is_some_and(|age| age < 1)) else {
        return (name, as_written);
    };
    (names.intern(unnamed), if as_written == 0 { written.text(&text) } else { as_written })
}

impl NameCell {
    fn read(text: &str, names: &mut NameTable, written: &mut Written) -> NameCell {
        match name::read(text) {
            Reading::Missing => NameCell::default(),
            Reading::Placeholder(parent) => {
                NameCell { parent: parent.map_or(0, |name| names.intern(name)), newborn: true, ..NameCell::default() }
            }
            Reading::Name(name, notes) => {
                let written = written.name(text, &name, notes);
                NameCell { name: names.intern(name), notes, written, ..NameCell::default() }
            }
        }
    }
}

impl PlaceCell {
    fn read(text: &str, estates: &mut Lexicon, written: &mut Written) -> PlaceCell {
        let Some((parts, writing)) = address::read_written(text) else { return PlaceCell::default() };
        let estate = if parts.place.is_empty() { 0 } else { estates.intern(&parts.place) };
        let as_written = writing.place.filter(|_| estate != 0);
        let place = as_written.map_or(0, |as_written| written.place(&parts.place, &as_written));
        let numbers = writing.numbers.map_or(0, |numbers| written.text(&numbers));
        PlaceCell { estate, building: parts.building, unit: parts.unit, room: parts.room, written: [numbers, place] }
    }
}

#[cfg(test)]
mod tests {
    use crate::person::practice::{HEAD, Practice, source};

    #[test]
    fn a_child_under_one_that_is_called_baby_has_no_given_name_yet() {
        let rows = "id,name,birth\n1,罗宝宝,2020-08-01\n2,罗宝宝,2012-08-01\n3,罗小宝,2020-08-01\n";
        let roll = source("roll", "roll", true, &[("name", "name"), ("birth_date", "birth")]);
        let table = Practice::of(
            &[("roll.csv", rows)],
            &format!("{HEAD}reference_time = \"2020-11-01T00:00:00+08:00\"\n{roll}"),
        )
        .table();
        let names = [0, 1, 2].map(|at| table.names.texts.text(table.name[at]));
        assert_eq!(names, ["罗?", "罗宝宝", "罗小宝"]);
        assert_eq!(table.written_name(0), "罗宝宝", "a list shows what was written");
    }
}
