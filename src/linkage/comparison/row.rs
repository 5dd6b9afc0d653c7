//! Which values of a record are compared, kept side by side in memory?
//!
//! Takes the columns of the [`PersonTable`], gives [`Rows`]: all that the built-in variables compare of a record, and
//! what the caller knows of its [`Weighing`], in one line of the processor's cache. Pairs of blocks meet records at
//! random; a comparison then waits for memory once for each record, not once for each column. A [`Side`] is either a
//! row or a record of the table, so that the same code compares both.

use rayon::prelude::*;

use crate::person::date::Date;
use crate::person::id_number::IdNumber;
use crate::person::lexicon::Symbol;
use crate::person::table::{PersonTable, RecordId};

/// One side of a comparison.
pub trait Side: Copy {
    /// The record.
    fn record(self) -> RecordId;
    /// Its name.
    fn name(self) -> Symbol;
    /// Its former name.
    fn former_name(self) -> Symbol;
    /// Its ID number.
    fn id_number(self) -> IdNumber;
    /// Its birth date.
    fn birth(self) -> Date;
    /// Its sex.
    fn sex(self) -> u8;
    /// Its nationality.
    fn ethnicity(self) -> u8;
    /// Bits of [`flag`](crate::person::table::flag).
    fn flags(self) -> u8;
    /// Its telephone number.
    fn telephone(self) -> u64;
    /// Estate of its address.
    fn estate(self) -> Symbol;
    /// Building, unit and room.
    fn place(self) -> (u16, u16, u16);
    /// Division of its address.
    fn division(self) -> Symbol;
    /// The mother that it names.
    fn parent(self) -> u32;
    /// Its household, by number.
    fn household(self) -> Symbol;
}

/// A record where it lies in the table.
#[derive(Debug, Clone, Copy)]
pub struct InTable<'a> {
    /// The table.
    pub table: &'a PersonTable,
    /// The record.
    pub record: RecordId,
}

macro_rules! in_columns {
    ($($name:ident: $of:ty),*) => {
        $(#[inline]
        fn $name(self) -> $of {
            self.table.$name[self.record as usize]
        })*
    };
}

impl Side for InTable<'_> {
    #[inline]
    fn record(self) -> RecordId {
        self.record
    }

    #[inline]
    fn place(self) -> (u16, u16, u16) {
        let at = self.record as usize;
        (self.table.building[at], self.table.unit[at], self.table.room[at])
    }

    in_columns!(
        name: Symbol, former_name: Symbol, id_number: IdNumber, birth: Date, sex: u8, ethnicity: u8, flags: u8,
        telephone: u64, estate: Symbol, division: Symbol, parent: u32, household: Symbol
    );
}

/// A record whose values lie together.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct Row {
    id_number: IdNumber,
    telephone: u64,
    name: Symbol,
    former_name: Symbol,
    birth: Date,
    estate: Symbol,
    division: Symbol,
    parent: u32,
    household: Symbol,
    place: (u16, u16, u16),
    sex: u8,
    ethnicity: u8,
    flags: u8,
    slot: u8,
    name_ratio: f32,
    household_mark: u32,
}

impl Row {
    /// What is asked of the record when a pair that it belongs to is weighed.
    #[must_use]
    #[inline]
    pub fn weighing(&self) -> Weighing {
        Weighing { slot: self.slot, name_ratio: self.name_ratio, household_mark: self.household_mark }
    }
}

/// What is asked of a record when a pair that it belongs to is weighed.
#[derive(Debug, Clone, Copy)]
pub struct Weighing {
    /// Its slot, of which classes of pairs are made.
    pub slot: u8,
    /// By how much its name is more common than the average of what two random records share.
    pub name_ratio: f32,
    /// Its household as [`Households`](super::household::Households) marks it.
    pub household_mark: u32,
}

/// A record where its values lie together.
#[derive(Debug, Clone, Copy)]
pub struct InRow<'a> {
    /// Its values.
    pub row: &'a Row,
    /// The record.
    pub record: RecordId,
}

macro_rules! in_row {
    ($($name:ident: $of:ty),*) => {
        $(#[inline]
        fn $name(self) -> $of {
            self.row.$name
        })*
    };
}

impl Side for InRow<'_> {
    #[inline]
    fn record(self) -> RecordId {
        self.record
    }

    in_row!(
        name: Symbol, former_name: Symbol, id_number: IdNumber, birth: Date, sex: u8, ethnicity: u8,
        flags: u8, telephone: u64, estate: Symbol, place: (u16, u16, u16), division: Symbol, parent: u32,
        household: Symbol
    );
}

/// The rows of all records.
#[derive(Debug)]
pub struct Rows(Vec<Row>);

impl Rows {
    /// Lays the values of each record together: 64 bytes for each.
    #[must_use]
    pub fn of(table: &PersonTable, weighing: impl Fn(RecordId) -> Weighing + Sync) -> Rows {
        let row = |record: RecordId| {
            let side = InTable { table, record };
            let Weighing { slot, name_ratio, household_mark } = weighing(record);
            Row {
                id_number: side.id_number(),
                telephone: side.telephone(),
                name: side.name(),
                former_name: side.former_name(),
                birth: side.birth(),
                estate: side.estate(),
                division: side.division(),
                parent: side.parent(),
                household: side.household(),
                place: side.place(),
                sex: side.sex(),
                ethnicity: side.ethnicity(),
                flags: side.flags(),
                slot,
                name_ratio,
                household_mark,
            }
        };
        Rows((0..u32::try_from(table.len()).unwrap_or(u32::MAX)).into_par_iter().map(row).collect())
    }

    /// A record with its row.
    #[must_use]
    #[inline]
    pub fn get(&self, record: RecordId) -> InRow<'_> {
        InRow { row: &self.0[record as usize], record }
    }

    /// Fetches the rows of these records into the cache: loads of which none waits for another.
    pub fn fetch(&self, records: impl Iterator<Item = RecordId>) {
        std::hint::black_box(records.fold(0, |all, record| all ^ self.get(record).name()));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_row_is_a_line_of_the_cache() {
        assert_eq!(size_of::<super::Row>(), 64);
    }
}
