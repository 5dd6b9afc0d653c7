//! What do rows say in text fields?
//!
//! Takes some rows of a chunk, gives [`Texts`], field by field.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::{ChunkTable, RowReader};
use crate::intake::extract::Chunk;
use crate::intake::study::{Comparator, Field, Study};
use crate::person::cell;
use crate::person::date::Date;
use crate::person::lexicon::{GROUP, Lexicon, Symbol};
use crate::person::table::TextField;
use crate::person::text::{plain_text, single_spaced};
use crate::person::{joins_names, text_field};

/// The text fields of a study: those it declares, and family and given name where they are nowhere joined.
pub(in crate::person) fn text_fields(study: &Study) -> Vec<TextField> {
    let mut fields: Vec<Field> = Vec::new();
    if !joins_names(study) {
        for field in [Field::FamilyName, Field::GivenName] {
            if study.sources.iter().any(|source| source.binding(field).is_some()) {
                fields.push(field);
            }
        }
    }
    fields.extend((0..study.custom_fields.len()).map(|index| Field::Custom(u16::try_from(index).unwrap_or(u16::MAX))));
    fields.into_iter().map(|field| text_field(field, Lexicon::default())).collect()
}

/// What some rows of a chunk say in the text fields.
pub(super) struct Texts {
    /// By field, of each row.
    pub(super) symbols: Vec<Vec<Symbol>>,
    /// Of each row, where lists may need it: the parts of the address, and whether one of them says at which door.
    pub(super) addresses: Vec<(String, bool)>,
}

impl<'a> RowReader<'a> {
    /// The text fields of some rows, field by field: the texts of one field are looked for in a table that fits into
    /// the caches, many at a time.
    pub(super) fn read_texts(&self, chunk: &Chunk, rows: &[usize], out: &mut ChunkTable) -> Texts {
        let keeps = out.table.written.keeps();
        let mut texts = Texts { symbols: Vec::new(), addresses: Vec::new() };
        if keeps && self.says_dwelling.iter().any(Option::is_some) {
            texts.addresses.resize_with(rows.len(), Default::default);
        }
        for (at, field) in self.texts.iter().enumerate() {
            if cell::comparator(self.study, *field) == Some(Comparator::Date) {
                let symbols = self.read_dates(chunk, rows, at, out);
                if let Some(is_door) = self.says_dwelling[at].filter(|_| keeps) {
                    let values = &out.table.text_fields[at].values;
                    let said = symbols.iter().map(|symbol| Some(values.text(*symbol)).filter(|text| !text.is_empty()));
                    add_to_addresses(&mut texts.addresses, said, is_door);
                }
                texts.symbols.push(symbols);
                continue;
            }
            let mut symbols = Vec::with_capacity(rows.len());
            let mut values = std::mem::take(&mut out.table.text_fields[at].values);
            for (group, rows) in rows.chunks(GROUP).enumerate() {
                let said = rows.iter().map(|row| {
                    out.reading = chunk.row_number(*row);
                    self.said(chunk, *row, *field, out)
                });
                let said: Vec<Option<Cow<'_, str>>> = said.collect();
                if let Some(is_door) = self.says_dwelling[at].filter(|_| keeps) {
                    let said = said.iter().map(Option::as_deref);
                    add_to_addresses(&mut texts.addresses[group * GROUP..], said, is_door);
                }
                let plain: Vec<Option<Cow<'_, str>>> =
                    said.iter().map(|text| text.as_deref().map(plain_text)).collect();
                values.intern_group(&plain, &mut symbols);
            }
            out.table.text_fields[at].values = values;
            texts.symbols.push(symbols);
        }
        texts
    }

    /// A text field of dates: one that came before need not be written again.
    fn read_dates(&self, chunk: &Chunk, rows: &[usize], at: usize, out: &mut ChunkTable) -> Vec<Symbol> {
        let mut known: FxHashMap<Date, Symbol> = FxHashMap::default();
        known.insert(Date::NONE, 0);
        let symbol = |row: &usize| {
            out.reading = chunk.row_number(*row);
            let date = self.read_date(chunk, *row, self.texts[at], "date_unreadable", out);
            let values = &mut out.table.text_fields[at].values;
            *known.entry(date).or_insert_with(|| values.intern(&date.to_string()))
        };
        rows.iter().map(symbol).collect()
    }

    /// What a text field says that is not of dates: a number in one form, whatever the source's own.
    fn said<'c>(&self, chunk: &'c Chunk, row: usize, field: Field, out: &mut ChunkTable) -> Option<Cow<'c, str>>
    where
        'a: 'c,
    {
        if cell::comparator(self.study, field) != Some(Comparator::Numeric) {
            return self.code(chunk, row, field, out);
        }
        let number = cell::number(&self.text(chunk, row, field)?);
        out.note(number.is_none().then_some("number_unreadable"));
        Some(Cow::Owned(number?.to_string()))
    }
}

/// Adds what rows say in a field to their addresses.
fn add_to_addresses<'t>(addresses: &mut [(String, bool)], said: impl Iterator<Item = Option<&'t str>>, is_door: bool) {
    for ((address, has_door), text) in addresses.iter_mut().zip(said).filter_map(|(of, text)| Some((of, text?))) {
        *has_door |= is_door;
        address.push_str(if address.is_empty() { "" } else { ", " });
        address.push_str(&single_spaced(text));
    }
}
