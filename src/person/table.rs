//! Where is everything that is known of each record?
//!
//! [`PersonTable`]: the records of all sources, one after the other, as columns side by side; a record is a dense
//! [`RecordId`]. Repeating values are symbols of a lexicon shared by all sources, so equal values are equal numbers.
//! A record takes 90 bytes at most. Immutable once built.

use std::ops::Range;

use rayon::prelude::*;

use super::code::Relationship;
use super::column::Column;
use super::date::Date;
use super::han::is_han;
use super::id_number::IdNumber;
use super::lexicon::{Lexicon, Symbol};
use super::name_table::NameTable;
use super::written::Written;
use crate::intake::study::{Field, RowKind};
use crate::privacy::personal;

/// A record: its position in the columns of the [`PersonTable`].
pub type RecordId = u32;

/// A day that is not known.
pub const NO_DAY: i32 = i32::MIN;

/// A household with more members is an institution, not a family.
pub const HOUSEHOLD_MEMBERS_MAX: usize = 20;

/// Bits of [`PersonTable::flags`].
pub mod flag {
    /// The birth date was read out of the ID number, there was none beside it.
    pub const BIRTH_FROM_ID: u8 = 1;
    /// The sex was read out of the ID number.
    pub const SEX_FROM_ID: u8 = 2;
    /// The name was a description of a newborn (王丽之女).
    pub const NEWBORN_NAME: u8 = 4;
    /// The birth date beside the ID number contradicts it.
    pub const BIRTH_CONFLICT: u8 = 8;
    /// The sex beside the ID number contradicts it.
    pub const SEX_CONFLICT: u8 = 16;
    /// The ID number fails its check.
    pub const ID_INVALID: u8 = 32;
    /// The division code was told from the enumeration area or from the estate, the record has none of its own.
    pub const DIVISION_TOLD: u8 = 64;
    /// The mother was read out of a newborn's description (王丽之女), no column names her.
    pub const MOTHER_FROM_NAME: u8 = 128;
}

/// Hands the names of all columns that a record's fields are in to another macro: `row`, `kind` and the record's id are
/// not.
macro_rules! field_columns {
    ($act:ident) => {
        $act!(flags, name, former_name, id_number, birth, sex, ethnicity, estate, building, unit, room, division, area);
        $act!(household, relationship, telephone, last_seen, death, parent, registration, left_registration);
    };
}
pub(super) use field_columns;

/// The records of all sources in comparable form.
#[derive(Default)]
pub struct PersonTable {
    /// Where each source's records begin; one more entry than there are sources.
    pub(super) starts: Vec<RecordId>,
    /// Row of the record within its source, from 0, rows set aside included.
    pub row: Vec<u32>,
    pub(super) id_text: String,
    pub(super) id_ends: Vec<u64>,
    /// What the row is.
    pub kind: Column<RowKind>,
    /// Bits of [`flag`].
    pub flags: Column<u8>,
    /// Name: symbol of [`PersonTable::names`].
    pub name: Column<Symbol>,
    /// Former name.
    pub former_name: Column<Symbol>,
    /// Identity number.
    pub id_number: Column<IdNumber>,
    /// Birth date.
    pub birth: Column<Date>,
    /// 1 male, 2 female, 0 unknown.
    pub sex: Column<u8>,
    /// Nationality, GB/T 3304; 0 unknown.
    pub ethnicity: Column<u8>,
    /// Estate of the address: symbol of [`PersonTable::estates`].
    pub estate: Column<Symbol>,
    /// Building; 0 unknown.
    pub building: Column<u16>,
    /// Unit; 0 unknown.
    pub unit: Column<u16>,
    /// Room; 0 unknown.
    pub room: Column<u16>,
    /// Division code of the address (community): symbol of [`PersonTable::divisions`].
    pub division: Column<Symbol>,
    /// Enumeration area of a roll row: symbol of [`PersonTable::divisions`].
    pub area: Column<Symbol>,
    /// Household within its source, qualified by it; 0 unknown. Equal numbers are one household.
    pub household: Column<Symbol>,
    /// Relationship to the head.
    pub relationship: Column<Relationship>,
    /// Telephone number; 0 none.
    pub telephone: Column<u64>,
    /// Day of the last sign of life; [`NO_DAY`] unknown.
    pub last_seen: Column<i32>,
    /// Date of death.
    pub death: Column<Date>,
    /// Position in [`PersonTable::parents`]; 0 none.
    pub parent: Column<u32>,
    /// Census item D8 (place of registration), first digit of its code; 0 unknown.
    pub registration: Column<u8>,
    /// Census item D9 (time since leaving), first digit of its code; 0 unknown.
    pub left_registration: Column<u8>,
    /// Values of the text fields.
    pub texts: TextRows,
    /// What the text columns hold.
    pub text_fields: Vec<TextField>,
    /// Mothers named on records.
    pub parents: Vec<Parent>,
    /// Names.
    pub names: NameTable,
    /// Estates (and, before resolution, place texts).
    pub estates: Lexicon,
    /// Division codes and enumeration areas.
    pub divisions: Lexicon,
    /// What was written otherwise than it is compared.
    pub(super) written: Written,
}

/// The mother that a record names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parent {
    /// Her name.
    pub name: Symbol,
    /// Her identity number.
    pub id_number: IdNumber,
}

/// The text fields of all records, record after record: what one comparison needs lies together.
#[derive(Debug, Default)]
pub struct TextRows {
    /// Number of fields.
    width: usize,
    symbols: Vec<Symbol>,
}

impl TextRows {
    /// No records yet, with so many fields each.
    #[must_use]
    pub(super) fn new(width: usize, records: usize) -> TextRows {
        TextRows { width, symbols: Vec::with_capacity(width * records) }
    }

    /// Symbol of a field of a record, by position in [`PersonTable::text_fields`]; 0 missing.
    #[must_use]
    pub fn get(&self, record: RecordId, field: usize) -> Symbol {
        self.symbols[record as usize * self.width + field]
    }

    /// The fields of a record.
    #[must_use]
    pub fn row(&self, at: usize) -> &[Symbol] {
        &self.symbols[at * self.width..][..self.width]
    }

    /// All rows, in the order of the records.
    pub fn rows(&self) -> impl Iterator<Item = &[Symbol]> {
        self.symbols.chunks_exact(self.width.max(1))
    }

    pub(super) fn push(&mut self, symbol: Symbol) {
        self.symbols.push(symbol);
    }

    pub(super) fn truncate(&mut self, records: usize) {
        self.symbols.truncate(records * self.width);
    }

    /// Makes room for so many records.
    pub(super) fn reserve(&mut self, records: usize) {
        let _ = self.symbols.try_reserve_exact(records * self.width);
    }

    /// Keeps the records at these positions.
    pub(super) fn keep(&mut self, kept: &[usize]) {
        self.symbols = kept.iter().flat_map(|at| self.row(*at)).copied().collect();
    }

    /// Puts the records from `first` on into another order, in which they are counted from there.
    pub(super) fn rearrange(&mut self, first: usize, order: &[RecordId]) {
        let width = self.width;
        let rows = &mut self.symbols[first * width..][..order.len() * width];
        for field in 0..width {
            let moved: Vec<Symbol> = order.par_iter().map(|from| rows[*from as usize * width + field]).collect();
            rows.par_chunks_exact_mut(width).zip(moved).for_each(|(row, symbol)| row[field] = symbol);
        }
    }

    /// Translates the symbols of a field.
    pub(super) fn translate(&mut self, field: usize, map: &[Symbol]) {
        let rows = self.symbols.par_chunks_exact_mut(self.width.max(1));
        rows.for_each(|row| row[field] = map[row[field] as usize]);
    }

    /// Adds records whose symbols are translated, field by field.
    pub(super) fn extend(&mut self, other: &TextRows, maps: &[Vec<Symbol>]) {
        // Row by row, each of a known length: an iterator over all symbols would not know how many there are.
        for row in other.rows() {
            self.symbols.extend(row.iter().zip(maps).map(|(symbol, map)| map[*symbol as usize]));
        }
    }
}

/// A column of text that is compared by a general comparator.
#[derive(Debug)]
pub struct TextField {
    /// The field it holds.
    pub field: Field,
    /// Its values.
    pub values: Lexicon,
    /// How many records have each value.
    pub counts: Vec<u32>,
}

impl PersonTable {
    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.row.len()
    }

    /// Are there no records at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    /// Number of sources.
    #[must_use]
    pub fn source_count(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The records of a source.
    #[must_use]
    pub fn records(&self, source: usize) -> Range<RecordId> {
        let start = self.starts.get(source).copied().unwrap_or(0);
        start..self.starts.get(source + 1).copied().unwrap_or(start)
    }

    /// Has the record neither birth date nor ID number? Then only name and dwelling tell who it is.
    #[must_use]
    pub fn is_bare(&self, record: RecordId) -> bool {
        !self.birth[record as usize].has_month() && !self.id_number[record as usize].is_some()
    }

    /// The source of a record.
    #[must_use]
    pub fn source(&self, record: RecordId) -> usize {
        self.starts.partition_point(|start| *start <= record).saturating_sub(1)
    }

    /// In how many sources are these records, which ascend?
    #[must_use]
    pub fn sources_of(&self, records: impl IntoIterator<Item = RecordId>) -> usize {
        let (mut sources, mut end) = (0, 0);
        for record in records {
            // The records of a source lie together, so that only one beyond its end is of another source.
            if record >= end {
                sources += 1;
                end = self.records(self.source(record)).end;
            }
        }
        sources
    }

    /// The record's own id within its source.
    #[must_use]
    pub fn record_id(&self, record: RecordId) -> &str {
        let at = record as usize;
        let start = at.checked_sub(1).and_then(|before| self.id_ends.get(before)).copied().unwrap_or(0);
        let end = self.id_ends.get(at).copied().unwrap_or(start);
        usize::try_from(start)
            .ok()
            .zip(usize::try_from(end).ok())
            .and_then(|(s, e)| self.id_text.get(s..e))
            .unwrap_or("")
    }

    /// The canonical name text of a record; empty if it has none.
    #[must_use]
    pub fn name_text(&self, record: RecordId) -> &str {
        self.names.texts.text(self.name[record as usize])
    }

    /// The name of a record as it was written; empty if it has none. Only a study that has a roll keeps it: others
    /// write no list, and get the canonical text.
    #[must_use]
    pub fn written_name(&self, record: RecordId) -> &str {
        self.written.name_of(record).unwrap_or_else(|| self.name_text(record))
    }

    /// An estate as it is usually written.
    #[must_use]
    pub fn written_estate(&self, estate: Symbol) -> &str {
        self.written.estate(estate).unwrap_or_else(|| self.estates.text(estate))
    }

    /// What stands behind the place in a record's address, where it is no plain 号楼, 单元 and 室; with
    /// [`super::address::MARKS`] for building, unit and room.
    #[must_use]
    pub fn written_numbers(&self, record: RecordId) -> Option<&str> {
        self.written.numbers_of(record)
    }

    /// The whole address of a record, as written, where a text field holds it.
    #[must_use]
    pub fn written_address(&self, record: RecordId) -> Option<&str> {
        self.written.address_of(record)
    }

    /// Does an estate's name alone say which house it is? What is written without characters is a whole address, if it
    /// has a number (37 Marina Road).
    #[must_use]
    pub fn is_numbered_place(&self, estate: Symbol) -> bool {
        let name = self.estates.text(estate);
        !name.chars().any(is_han)
            && name.contains(|c: char| c.is_ascii_digit())
            && name.contains(|c: char| c.is_alphabetic())
    }

    /// The whole address of a record that has none in parts: what a text field holds, or a place with its number.
    #[must_use]
    pub fn whole_address(&self, record: RecordId) -> Option<&str> {
        let at = record as usize;
        if self.building[at] != 0 || self.room[at] != 0 {
            return None;
        }
        match self.estate[at] {
            0 => self.written_address(record),
            estate => self.is_numbered_place(estate).then(|| self.written_estate(estate)),
        }
    }

    /// The dwelling of a record, if its address names estate, building and room.
    #[must_use]
    pub fn dwelling(&self, record: RecordId) -> Option<Dwelling> {
        let at = record as usize;
        let dwelling =
            Dwelling { estate: self.estate[at], building: self.building[at], unit: self.unit[at], room: self.room[at] };
        (dwelling.estate != 0 && dwelling.room != 0 && (dwelling.building != 0 || dwelling.unit != 0))
            .then_some(dwelling)
    }

    /// Does the record stand for a person listed on the roll as living here at the reference time?
    #[must_use]
    pub fn is_present(&self, record: RecordId) -> bool {
        self.kind[record as usize] == RowKind::Present
    }

    /// Does this row of the roll count its person here as a usual resident?
    ///
    /// By the census's rule whoever left the place of registration less than half a year ago (item D9, code 2) is
    /// counted there: not by a row that has the person as present and registered in another county (item D8, code 4),
    /// and here by a row that lists somebody registered here as living elsewhere. Of an infant who is younger than that
    /// at the reference time the item says nothing, as nobody can have left before being born: it counts where it
    /// lives. Without these items every present row counts.
    #[must_use]
    pub fn is_counted(&self, record: RecordId, reference: i32) -> bool {
        let at = record as usize;
        let is_older = || self.birth[at].is_before(reference - HALF_A_YEAR) != Some(false);
        let only_just_left = self.left_registration[at] == LEFT_LESS_THAN_HALF_A_YEAR && is_older();
        match self.kind[at] {
            RowKind::Present => !(only_just_left && self.registration[at] == REGISTERED_IN_ANOTHER_COUNTY),
            RowKind::Elsewhere => only_just_left && self.registration[at] < REGISTERED_IN_ANOTHER_COUNTY,
            _ => false,
        }
    }
}

/// Code of item D8.
const REGISTERED_IN_ANOTHER_COUNTY: u8 = 4;
/// Code of item D9.
const LEFT_LESS_THAN_HALF_A_YEAR: u8 = 2;
/// Days from 1 May to 1 November: so old is whoever was born in the month that begins half a year before.
const HALF_A_YEAR: i32 = 184;

/// A dwelling: estate, building, unit, room; 0 for what is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dwelling {
    /// Estate.
    pub estate: Symbol,
    /// Building.
    pub building: u16,
    /// Unit.
    pub unit: u16,
    /// Room.
    pub room: u16,
}

personal!(PersonTable);

#[cfg(test)]
mod tests {
    use crate::person::practice::{HEAD, Practice, source};

    #[test]
    fn what_a_source_says_twice_is_of_one_source() {
        let text = "name\n赵建国\n钱秀英\n";
        let columns = [("name", "name")];
        let study = ["a", "b", "c"].map(|name| source(name, "register", false, &columns)).concat();
        let table =
            Practice::of(&[("a.csv", text), ("b.csv", text), ("c.csv", text)], &(HEAD.to_owned() + &study)).table();
        let of = |records: &[u32]| table.sources_of(records.iter().copied());
        assert_eq!(
            [of(&[]), of(&[1]), of(&[0, 1]), of(&[1, 2]), of(&[0, 1, 4, 5]), of(&[0, 2, 3, 5])],
            [0, 1, 1, 2, 2, 3]
        );
    }
}
