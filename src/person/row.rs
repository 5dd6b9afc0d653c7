//! What does one row say?
//!
//! Reads the rows of a [`Chunk`] into a [`ChunkTable`]: the columns of a [`PersonTable`] with symbols of the chunk's
//! own lexicons, so that threads need not meet. [`PersonTable::append`] then gives every local symbol its global one,
//! in the order of the chunks.

mod texts;
mod usable;
mod vital;

use std::borrow::Cow;
use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::before::{self, Before, CodeCell, CodesBefore, Known, PlaceCell};
use super::cell::{BoundField, RowKinds};
use super::code::{self, Relationship};
use super::column;
use super::date::{Date, Form};
use super::id_number::{self, Fault, IdNumber};
use super::lexicon::{Lexicon, Room, Symbol};
use super::name::{self, Reading};
use super::name_table::NameTable;
use super::table::{NO_DAY, Parent, PersonTable, TextField, TextRows, field_columns, flag};
use super::written::Written;
use super::{Rejected, text_field};
use crate::intake::extract::{Chunk, Extract, ExtractFile};
use crate::intake::study::nothing::is_nothing;
use crate::intake::study::{Field, RowKind, Study};
use crate::privacy::code::stand_in;
use crate::tally::ORGANISATION;
use texts::Texts;
pub(super) use texts::text_fields;

/// Rows that one thread reads at a time.
const ROWS_AT_A_TIME: usize = 1 << 15;

/// One source's columns, found in its chunks.
pub(super) struct RowReader<'a> {
    study: &'a Study,
    source: usize,
    columns: Vec<String>,
    /// By file, the rows of those before it.
    rows_before: Vec<u64>,
    record_id: Option<usize>,
    row_kind: Option<usize>,
    kinds: RowKinds<'a>,
    /// By [`Field::place`].
    fields: Vec<Option<BoundField<'a>>>,
    texts: Vec<Field>,
    /// What the texts of some rows have taken.
    rooms: Vec<Room>,
    /// Of those that say where somebody lives: at which door?
    says_dwelling: Vec<Option<bool>>,
}

/// Some of a chunk's records, with symbols of their own lexicons.
#[derive(Default)]
pub(super) struct ChunkTable {
    pub(super) table: PersonTable,
    pub(super) households: Lexicon,
    pub(super) tally_notes: FxHashMap<&'static str, u64>,
    /// What was noted of which row, if anybody asks.
    pub(super) noted: Option<Vec<(&'static str, u64)>>,
    /// The row that is being read, and what it is marked with (see [`flag`]).
    reading: u64,
    flags: u8,
    /// The dates of columns that have a format.
    dates: FxHashMap<Field, Known<Option<Date>>>,
    pub(super) rejected: Vec<Rejected>,
    pub(super) source: usize,
    pub(super) file: usize,
    /// Rows of the source's files before this one.
    pub(super) rows_before: u64,
    /// The column of record ids, if there is one.
    pub(super) record_id: Option<String>,
}

/// By file, the rows of the files before it, blank ones among them: no two rows of a source have one number.
fn rows_before(extract: &Extract) -> Vec<u64> {
    let before = |rows: &mut u64, file: &ExtractFile| Some(std::mem::replace(rows, *rows + file.last_row));
    extract.files.iter().scan(0, before).collect()
}

impl<'a> RowReader<'a> {
    pub(super) fn new(study: &'a Study, extract: &Extract, texts: &[TextField]) -> RowReader<'a> {
        let source = &study.sources[extract.source];
        let column = |name: &str| extract.columns.iter().position(|known| known == name);
        let mut fields = Vec::new();
        for binding in &source.bindings {
            let place = binding.field.place();
            if fields.len() <= place {
                fields.resize_with(place + 1, || None);
            }
            fields[place] = Some(BoundField::new(study, binding, &extract.columns));
        }
        RowReader {
            study,
            source: extract.source,
            columns: extract.columns.clone(),
            rows_before: rows_before(extract),
            record_id: source.record_id.as_deref().and_then(column),
            row_kind: source.rows.column.as_deref().and_then(column),
            kinds: RowKinds::new(&source.rows),
            fields,
            texts: texts.iter().map(|text| text.field).collect(),
            rooms: texts.iter().map(|_| Room::default()).collect(),
            says_dwelling: texts
                .iter()
                .map(|text| study.says_dwelling(text.field).then(|| study.names_door(text.field)))
                .collect(),
        }
    }

    /// The text of a field in a row.
    fn text<'c>(&self, chunk: &'c Chunk, row: usize, field: Field) -> Option<Cow<'c, str>>
    where
        'a: 'c,
    {
        self.bound(field)?.text(chunk, row)
    }

    /// The text of a field; nothing where a spreadsheet has rounded it, or where it is longer than any such text.
    fn code<'c>(&self, chunk: &'c Chunk, row: usize, field: Field, out: &mut ChunkTable) -> Option<Cow<'c, str>>
    where
        'a: 'c,
    {
        let bound = self.bound(field)?;
        let text = bound.text(chunk, row)?;
        let unusable = bound.rounded(&text).or_else(|| bound.overlong(&text));
        out.note(unusable);
        unusable.is_none().then_some(text)
    }

    fn bound(&self, field: Field) -> Option<&BoundField<'a>> {
        self.fields.get(field.place())?.as_ref()
    }

    /// What a row means, and what is to be noted of that.
    fn kind(&self, chunk: &Chunk, row: usize) -> (RowKind, Option<&'static str>) {
        let value = self.row_kind.and_then(|column| chunk.columns.get(column)?.text(row));
        let kind = value.as_ref().and_then(|value| self.kinds.of(value));
        let says_something = value.is_some_and(|value| !is_nothing(&value));
        let note = (kind.is_none() && says_something && self.kinds.are_all_listed()).then_some("other_value");
        (kind.unwrap_or(self.kinds.otherwise()), note)
    }

    /// The rows of a chunk as tables of few rows each, in their order: threads share a large chunk.
    pub(super) fn read(&self, chunk: &Chunk) -> Vec<ChunkTable> {
        let starts: Vec<usize> = (0..chunk.rows.max(1)).step_by(ROWS_AT_A_TIME).collect();
        let rows = |start: &usize| *start..chunk.rows.min(start + ROWS_AT_A_TIME);
        starts
            .par_iter()
            .with_max_len(1)
            .map(|start| self.read_into(chunk, rows(start), ChunkTable::default()))
            .collect()
    }

    /// The file and the data row in it (from 1) of a row of the source (from 0).
    pub(super) fn place(&self, row: u64) -> (usize, u64) {
        let file = self.rows_before.partition_point(|before| *before <= row).saturating_sub(1);
        (file, row - self.rows_before.get(file).copied().unwrap_or(0) + 1)
    }

    /// What is noted of which row of a chunk.
    pub(super) fn noted(&self, chunk: &Chunk) -> Vec<(&'static str, u64)> {
        let out = ChunkTable { noted: Some(Vec::new()), ..ChunkTable::default() };
        self.read_into(chunk, 0..chunk.rows, out).noted.unwrap_or_default()
    }

    fn read_into(&self, chunk: &Chunk, rows: Range<usize>, mut out: ChunkTable) -> ChunkTable {
        (out.source, out.file) = (self.source, chunk.file);
        out.rows_before = self.rows_before.get(chunk.file).copied().unwrap_or(0);
        out.record_id.clone_from(&self.study.sources[self.source].record_id);
        out.table.texts = TextRows::new(self.texts.len(), rows.len());
        let fields = self.texts.iter().zip(&self.rooms);
        out.table.text_fields = fields.map(|(field, room)| text_field(*field, Lexicon::with_room(room))).collect();
        out.table.reserve(rows.len() as u64);
        out.table.parents.push(Parent::default());
        out.table.written = Written::keeping(self.study);
        let mut before = Before::default();
        for fault in chunk.rejected.iter().filter(|_| rows.start == 0) {
            out.rejected.push(Rejected {
                source: self.source,
                file: chunk.file,
                row: fault.row,
                column: fault.column.clone(),
                reason: fault.reason,
            });
        }
        for cells in chunk.lost.iter().filter(|_| rows.start == 0) {
            cells.rows().for_each(|row| out.note_of(row, cells.loss.code()));
        }
        let has_overlong = chunk.has_overlong(rows.clone());
        let rows: Vec<usize> = rows.filter(|row| self.is_usable(chunk, *row, has_overlong, &mut out)).collect();
        let texts = self.read_texts(chunk, &rows, &mut out);
        for (at, row) in rows.into_iter().enumerate() {
            self.read_row(chunk, (row, at), &texts, &mut before, &mut out);
        }
        out.dates = FxHashMap::default();
        if let Some(noted) = &mut out.noted {
            noted.sort_by_key(|(_, row)| *row);
        }
        out.table.text_fields.iter().zip(&self.rooms).for_each(|(field, room)| field.values.note_room(room));
        out
    }

    fn read_row(
        &self,
        chunk: &Chunk,
        (row, at): (usize, usize),
        texts: &Texts,
        before: &mut Before,
        out: &mut ChunkTable,
    ) {
        let number = chunk.row_number(row);
        let Some(id) = self.record_id(chunk, row, out.rows_before) else { return };
        if self.is_of_organisation(chunk, row) {
            self.set_aside(chunk, row, (None, ORGANISATION), out);
            return;
        }
        let length = out.table.len();
        (out.reading, out.flags) = (number, 0);
        self.read_fields(chunk, (row, at), texts, before, out);
        if !out.table.says_something(length) {
            out.table.truncate(length);
            self.set_aside(chunk, row, (None, "nothing_to_find_a_person_by"), out);
            return;
        }
        out.table.row.push(u32::try_from(out.rows_before + number - 1).unwrap_or(u32::MAX));
        out.table.id_text.push_str(&id);
        out.table.id_ends.push(out.table.id_text.len() as u64);
        let (kind, note) = self.kind(chunk, row);
        out.note(note);
        out.table.kind.push(kind);
    }

    /// Everything but row number, record id and kind.
    fn read_fields(
        &self,
        chunk: &Chunk,
        (row, at): (usize, usize),
        texts: &Texts,
        before: &mut Before,
        out: &mut ChunkTable,
    ) {
        let (name, parent_name, written_name) = self.read_name(chunk, row, before, out);
        let former = self.code(chunk, row, Field::FormerName, out);
        let former = former.and_then(|text| intern_name(&text, &mut out.table.names));
        let (id, fault) =
            self.text(chunk, row, Field::IdNumber).map_or((IdNumber::NONE, Fault::None), |text| id_number::read(&text));
        out.note(fault.code());
        if matches!(fault, Fault::Check | Fault::Length) {
            out.flags |= flag::ID_INVALID;
        }
        let birth = self.read_birth(chunk, row, id, out);
        let sex = self.read_sex(chunk, row, id, out);
        let born = (birth, self.study.reference.day);
        let (name, written_name) = before::name_of_child((name, written_name), born, &mut out.table);
        let [numbers, place] = self.read_place(chunk, row, before, out);
        let last_seen = self.read_last_seen(chunk, row, out);
        let death = self.read_death(chunk, row, birth, out);
        let mother_name = self.code(chunk, row, Field::MotherName, out);
        let mother_name = mother_name.and_then(|text| intern_name(&text, &mut out.table.names));
        let mother_id = self.text(chunk, row, Field::MotherIdNumber).map(|text| id_number::read(&text).0);
        let mother_id = mother_id.filter(|id| !id.is_tail_masked()).unwrap_or(IdNumber::NONE);
        let mother = Parent { name: mother_name.or(parent_name).unwrap_or(0), id_number: mother_id };
        if mother_name.is_none() && !mother_id.is_some() && parent_name.is_some() {
            out.flags |= flag::MOTHER_FROM_NAME;
        }
        texts.symbols.iter().for_each(|symbols| out.table.texts.push(symbols[at]));
        // All of a city would be one door.
        let address = texts.addresses.get(at).filter(|(_, has_door)| *has_door);
        let address = address.map_or(0, |(address, _)| out.table.written.text(address));
        out.table.written.push(out.table.name.len(), [written_name, numbers, address, place]);
        let registration = self.read_item(chunk, row, Field::Registration, "registration_unknown", out);
        let left = self.read_item(chunk, row, Field::LeftRegistration, "left_registration_unknown", out);
        let household = self.code(chunk, row, Field::Household, out);
        let telephone = self.code(chunk, row, Field::Telephone, out).map(|text| code::telephone(&text));
        out.note((telephone == Some(0)).then_some("telephone_unusable"));
        let ethnicity = self.text(chunk, row, Field::Ethnicity).map(|text| code::ethnicity(&text));
        out.note((ethnicity == Some(0)).then_some("ethnicity_unknown"));
        let table = &mut out.table;
        let household = household.map_or(0, |text| out.households.intern_after(table.household.last(), &text));
        table.household.push(household);
        table.relationship.push(
            self.text(chunk, row, Field::Relationship).map_or(Relationship::Unknown, |text| code::relationship(&text)),
        );
        table.telephone.push(telephone.unwrap_or(0));
        table.ethnicity.push(ethnicity.unwrap_or(0));
        table.parent.push(if mother == Parent::default() {
            0
        } else {
            table.parents.push(mother);
            u32::try_from(table.parents.len() - 1).unwrap_or(0)
        });
        table.name.push(name);
        table.former_name.push(former.unwrap_or(0));
        table.id_number.push(id);
        table.birth.push(birth);
        table.sex.push(sex);
        table.last_seen.push(last_seen.unwrap_or(NO_DAY));
        table.death.push(death);
        table.registration.push(registration);
        table.left_registration.push(left);
        table.flags.push(out.flags);
    }

    fn read_name(
        &self,
        chunk: &Chunk,
        row: usize,
        before: &mut Before,
        out: &mut ChunkTable,
    ) -> (Symbol, Option<Symbol>, Symbol) {
        let text = self.code(chunk, row, Field::Name, out).or_else(|| {
            // Family and given name, where another source has the full name.
            let family = self.code(chunk, row, Field::FamilyName, out);
            let given = self.code(chunk, row, Field::GivenName, out);
            match (family, given) {
                (Some(family), Some(given)) => Some(Cow::Owned(format!("{family} {given}"))),
                (family, given) => family.or(given),
            }
        });
        let Some(mut text) = text else { return (0, None, 0) };
        if let Some(mother) = self.text(chunk, row, Field::MotherName) {
            // 王丽女 and 王丽宝, if 王丽 is the mother, are no names.
            let rest = text.strip_prefix(mother.as_ref()).map_or(0, |rest| rest.chars().count());
            if (1..=3).contains(&rest) && mother.chars().count() >= 2 {
                text = Cow::Owned(format!("{mother}之婴"));
            }
        }
        let cell = before.name(&text, &mut out.table.names, &mut out.table.written);
        if cell.newborn {
            out.flags |= flag::NEWBORN_NAME;
            out.note(Some("name_placeholder"));
        }
        for (bit, what) in NAME_NOTES {
            out.note((cell.notes & bit != 0).then_some(what));
        }
        (cell.name, (cell.parent != 0).then_some(cell.parent), cell.written)
    }

    fn read_date(
        &self,
        chunk: &Chunk,
        row: usize,
        field: Field,
        unreadable: &'static str,
        out: &mut ChunkTable,
    ) -> Date {
        let dates = &mut out.dates;
        let read = |form: &Form<'_>, text: &str| {
            if !form.has_format() {
                return form.read(text);
            }
            *dates.entry(field).or_default().of(text, |text| form.read(text))
        };
        match self.bound(field).and_then(|bound| bound.date_as(chunk, row, read)) {
            Some(Ok(date)) => date,
            Some(Err(())) => {
                out.note(Some(unreadable));
                Date::NONE
            }
            None => Date::NONE,
        }
    }

    /// The code of a census item; 0 where there is none that can be read.
    fn read_item(&self, chunk: &Chunk, row: usize, field: Field, unknown: &'static str, out: &mut ChunkTable) -> u8 {
        let Some(text) = self.text(chunk, row, field) else { return 0 };
        let code = code::item(&text);
        out.note(code.is_none().then_some(unknown));
        code.unwrap_or(0)
    }

    /// Enumeration area and division, which the code of the area may tell. A number of a person is no division, and as
    /// an area goes by a stand-in: what areas are called names files, and stands in the log.
    fn read_codes<'b>(
        &self,
        chunk: &Chunk,
        row: usize,
        before: &'b mut CodesBefore,
        out: &mut ChunkTable,
    ) -> (Option<&'b str>, Option<&'b str>) {
        let is_of_a_person = |text: &str, field| code::is_of_a_person(text, field, &self.study.area);
        let as_area = |text: &str| {
            let code = code::area(text);
            let of_a_person = code.as_deref().filter(|area| is_of_a_person(area, Field::EnumerationArea)).map(stand_in);
            let note = of_a_person.is_some().then_some("area_number_of_a_person");
            CodeCell { code: of_a_person.or(code), note }
        };
        let as_division = |text: &str| {
            if is_of_a_person(text, Field::Division) {
                return CodeCell { code: None, note: Some("division_number_of_a_person") };
            }
            let code = code::division(text);
            CodeCell { note: code.is_none().then_some("division_unusable"), code }
        };
        let as_told = |area: &str| CodeCell { code: code::division_of_area(area), note: None };
        let area = self.code(chunk, row, Field::EnumerationArea, out).map(|text| before.area.of(&text, as_area));
        out.note(area.and_then(|area| area.note));
        let division = self.code(chunk, row, Field::Division, out).map(|text| before.division.of(&text, as_division));
        out.note(division.and_then(|division| division.note));
        let area = area.and_then(|area| area.code.as_deref());
        let own = division.and_then(|division| division.code.as_deref());
        let told = area.filter(|_| own.is_none()).and_then(|area| before.told.of(area, as_told).code.as_deref());
        if told.is_some() {
            out.flags |= flag::DIVISION_TOLD;
        }
        (area, own.or(told))
    }

    /// Reads the address and its codes; gives how its numbers were written, if not plainly, and its place, if not as it
    /// is compared.
    fn read_place(&self, chunk: &Chunk, row: usize, before: &mut Before, out: &mut ChunkTable) -> [Symbol; 2] {
        let place = self.code(chunk, row, Field::Address, out);
        let (estates, written) = (&mut out.table.estates, &mut out.table.written);
        let place = place.map_or_else(PlaceCell::default, |text| before.place(&text, estates, written));
        let (area, division) = self.read_codes(chunk, row, &mut before.codes, out);
        if place.estate != 0 && place.room == 0 {
            out.note(Some("address_without_room"));
        }
        let table = &mut out.table;
        table.estate.push(place.estate);
        table.building.push(place.building);
        table.unit.push(place.unit);
        table.room.push(place.room);
        let divisions = &mut table.divisions;
        table.division.push(division.map_or(0, |text| divisions.intern_after(table.division.last(), text)));
        table.area.push(area.map_or(0, |text| divisions.intern_after(table.area.last(), text)));
        place.written
    }
}

/// What is mended in a name, by the bit that says so.
pub(super) const NAME_NOTES: [(u8, &str); 7] = [
    (name::note::SPACING, "name_spacing"),
    (name::note::FOLDED, "name_variant_characters"),
    (name::note::UNREADABLE, "name_unreadable_character"),
    (name::note::PINYIN, "name_pinyin_for_character"),
    (name::note::TITLE, "name_title"),
    (name::note::REMARK, "name_remark"),
    (name::note::SEVERAL, "name_of_several"),
];

fn intern_name(text: &str, names: &mut NameTable) -> Option<Symbol> {
    match name::read(text) {
        Reading::Name(name, _) => Some(names.intern(name)),
        _ => None,
    }
}

impl ChunkTable {
    fn note_of(&mut self, row: u64, what: &'static str) {
        self.reading = row;
        self.note(Some(what));
    }

    fn note(&mut self, what: Option<&'static str>) {
        if let Some(what) = what {
            *self.tally_notes.entry(what).or_default() += 1;
            if let Some(noted) = &mut self.noted {
                noted.push((what, self.reading));
            }
        }
    }
}

impl PersonTable {
    /// Could anybody be found by this record: a name, a number, a birth date, or any text field?
    fn says_something(&self, at: usize) -> bool {
        let some = |column: &column::Column<Symbol>| column.get(at).is_some_and(|symbol| *symbol != 0);
        some(&self.name)
            || self.id_number.get(at).is_some_and(|id| id.is_some())
            || self.birth.get(at).is_some_and(|birth| birth.is_some())
            || some(&self.parent)
            || self.texts.row(at).iter().any(|symbol| *symbol != 0)
    }

    /// Forgets the fields of the record after the first `length`.
    fn truncate(&mut self, length: usize) {
        macro_rules! cut {
            ($($column:ident),*) => { $( self.$column.truncate(length); )* };
        }
        field_columns!(cut);
        self.texts.truncate(length);
        self.written.truncate(length);
    }
}
