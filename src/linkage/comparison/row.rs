//! What of a record is compared, lying together.
//!
//! Takes the columns of the [`PersonTable`], gives [`Rows`]: all that the built-in variables compare of a record in one line of
//! the processor's cache. Where records are met at random, as pairs of blocks meet them, a comparison then waits for memory
//! once for a record rather than once for a column. A [`Side`] is either, so that both are compared by the same words.

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
    record: RecordId,
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
}

macro_rules! in_row {
    ($($name:ident: $of:ty),*) => {
        $(#[inline]
        fn $name(self) -> $of {
            self.$name
        })*
    };
}

impl Side for &Row {
    in_row!(
        record: RecordId, name: Symbol, former_name: Symbol, id_number: IdNumber, birth: Date, sex: u8, ethnicity: u8,
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
    pub fn of(table: &PersonTable) -> Rows {
        let row = |record: RecordId| {
            let side = InTable { table, record };
            Row {
                id_number: side.id_number(),
                telephone: side.telephone(),
                record,
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
            }
        };
        Rows((0..u32::try_from(table.len()).unwrap_or(u32::MAX)).into_par_iter().map(row).collect())
    }

    /// The row of a record.
    #[must_use]
    #[inline]
    pub fn get(&self, record: RecordId) -> &Row {
        &self.0[record as usize]
    }

    /// Fetches the rows of these records into the cache: loads of which none waits for another.
    pub fn fetch(&self, records: impl Iterator<Item = RecordId>) {
        std::hint::black_box(records.fold(0, |all, record| all ^ self.get(record).record));
    }
}
