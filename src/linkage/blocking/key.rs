//! Which keys does a record have under a rule?
//!
//! Takes the records of a [`PersonTable`] and a rule's [`Keys`], gives 64-bit hashes: records with the same one are a
//! block.

use std::hash::BuildHasher;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use bloomfilter::Bloom;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use super::repairs::repairs;
use super::rules::Keys;
use crate::intake::study::{Field, KeyPart, Transform};
use crate::linkage::comparison::{Comparer, MothersHouseholds, Variable};
use crate::person::date::{self, Date};
use crate::person::id_number::IdNumber;
use crate::person::lexicon::Symbol;
use crate::person::name::{self, Name, Reading, Script};
use crate::person::table::{PersonTable, RecordId};

/// Names borne by at most this many records are a key of their own.
const RARE_NAME_RECORDS_MAX: u32 = 24;

/// A record under one of its keys. A block gives only pairs with at least one seeker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) key: u64,
    pub(super) record: RecordId,
    pub(super) seeks: bool,
    /// Has it met other seekers under an earlier key of its own? Then two such are not brought together again.
    pub(super) met_seekers: bool,
}

impl Entry {
    /// Does the block of these two give them as a pair?
    pub(super) fn wants(&self, other: &Entry) -> bool {
        let met = self.met_seekers && other.met_seekers;
        self.record != other.record && if self.seeks && other.seeks { !met } else { self.seeks || other.seeks }
    }
}

/// Where a part of a key comes from.
enum PartKeys {
    /// The text field with this position; by its symbols, 0 for none.
    OfTexts { column: usize, keys: Vec<u64>, part: KeyPart },
    /// Built-in fields.
    OfRecords(KeyPart),
}

/// Makes keys for the records of one table.
pub(super) struct Keyer<'a> {
    pub(super) table: &'a PersonTable,
    sounds: Vec<u64>,
    families: Vec<u64>,
    mothers: MothersHouseholds,
    /// Does any record have a widely masked number?
    has_wide_masks: bool,
    /// Text fields that are parts of where a person lives.
    pub(super) places: Vec<Field>,
}

pub(super) fn hash(value: impl std::hash::Hash) -> u64 {
    // The low bits of the Fx hash are weak; the final mix is that of SplitMix64 (Steele et al. 2014).
    let mut x = FxBuildHasher.hash_one(value);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) | 1
}

impl<'a> Keyer<'a> {
    pub(super) fn new(table: &'a PersonTable, comparer: &Comparer<'_>) -> Keyer<'a> {
        let forms = &table.names.forms;
        let sounds = forms.par_iter().map(|form| name::sound(form).map_or(0, hash)).collect();
        let families = forms.par_iter().map(family_key).collect();
        let is_place = |at: &usize| {
            let variable = Variable::Text(u16::try_from(*at).unwrap_or(u16::MAX));
            comparer.of(variable).is_some_and(|comparison| comparison.place)
        };
        let places = (0..table.text_fields.len()).filter(is_place).map(|at| table.text_fields[at].field).collect();
        let has_wide_masks = table.id_number.iter().any(|id| id.is_widely_masked());
        Keyer { table, sounds, families, mothers: comparer.mothers_households(), has_wide_masks, places }
    }

    /// The keys of all records under a rule, into a list whose room is used again.
    pub(super) fn entries(&self, keys: &Keys, entries: &mut Vec<Entry>) {
        if let Keys::Parts(parts) = keys {
            let parts: Vec<PartKeys> = parts.iter().map(|part| self.part_keys(*part)).collect();
            return self.one_each(entries, |record| {
                parts.iter().try_fold(0, |key, part| Some(hash((key, self.value(part, record as usize)?))))
            });
        }
        if *keys == Keys::NameInAnyOrder {
            let texts = &self.table.names.texts;
            let symbols = 0..Symbol::try_from(texts.len()).unwrap_or(Symbol::MAX);
            let by_name: Vec<u64> = symbols.into_par_iter().map(|name| any_order_key(texts.text(name))).collect();
            return self.one_each(entries, |record| {
                by_name.get(self.table.name[record as usize] as usize).copied().filter(|key| *key != 0)
            });
        }
        if keys.is_single() {
            return self.one_each(entries, |record| {
                let mut found = None;
                self.seeking(keys, record, |key| found = Some(key));
                found
            });
        }
        entries.clear();
        self.gather(keys, entries, |record, give| self.seeking(keys, record, |key| give(key, true)));
        self.gather(keys, entries, |record, give| self.sought(keys, record, |key| give(key, false)));
    }

    /// Like [`entries`](Self::entries), without keys that nobody seeks, as far as a Bloom filter can tell; gives the
    /// number of all keys. Of a rule by which few records seek among many, few entries are left to be sorted.
    pub(super) fn entries_that_meet(&self, keys: &Keys, entries: &mut Vec<Entry>) -> u64 {
        if keys.is_single() {
            self.entries(keys, entries);
            return entries.len() as u64;
        }
        entries.clear();
        self.gather(keys, entries, |record, give| self.seeking(keys, record, |key| give(key, true)));
        let seeking = entries.len();
        let filter = Bloom::new_for_fp_rate_with_seed(seeking.max(1), 0.01, &[7; 32]).map(|mut filter| {
            entries.iter().for_each(|entry| filter.set(&entry.key));
            filter
        });
        let nobody = AtomicU64::new(0);
        self.gather(keys, entries, |record, give| {
            self.sought(keys, record, |key| match &filter {
                Ok(filter) if !filter.check(&key) => drop(nobody.fetch_add(1, Relaxed)),
                _ => give(key, false),
            });
        });
        entries.len() as u64 + nobody.into_inner()
    }

    /// The key of each record that has one.
    fn one_each(&self, entries: &mut Vec<Entry>, key_of: impl Fn(RecordId) -> Option<u64> + Sync) {
        /// As many entries as the nearest caches hold.
        const TOGETHER: usize = 1 << 13;
        entries.resize(self.table.len(), Entry { key: 0, record: 0, seeks: false, met_seekers: false });
        let fill = |(part, entries): (usize, &mut [Entry])| {
            let first = part * TOGETHER;
            let keyed = (first..first + entries.len()).filter_map(|at| {
                let record = u32::try_from(at).unwrap_or(u32::MAX);
                key_of(record).map(|key| Entry { key, record, seeks: true, met_seekers: false })
            });
            let mut filled = 0;
            keyed.for_each(|entry| {
                entries[filled] = entry;
                filled += 1;
            });
            filled
        };
        let filled: Vec<usize> = entries.par_chunks_mut(TOGETHER).enumerate().map(fill).collect();
        let mut length = 0;
        for (part, filled) in filled.into_iter().enumerate() {
            entries.copy_within(part * TOGETHER..part * TOGETHER + filled, length);
            length += filled;
        }
        entries.truncate(length);
    }

    fn gather(
        &self,
        keys: &Keys,
        entries: &mut Vec<Entry>,
        keys_of: impl Fn(RecordId, &mut dyn FnMut(u64, bool)) + Sync,
    ) {
        // Births that name one mother have all her households in common.
        let is_in_common = *keys == Keys::MotherHousehold;
        let records = 0..u32::try_from(self.table.len()).unwrap_or(u32::MAX);
        let parts = records.into_par_iter().fold(Vec::new, |mut part, record| {
            let first = part.len();
            keys_of(record, &mut |key, seeks| {
                let met_seekers = is_in_common && part.len() > first;
                part.push(Entry { key, record, seeks, met_seekers });
            });
            part
        });
        let parts: Vec<Vec<Entry>> = parts.collect();
        parts.into_iter().for_each(|part| entries.extend_from_slice(&part));
    }

    /// The keys under which a record seeks others, but for those made of parts.
    fn seeking(&self, keys: &Keys, record: RecordId, mut give: impl FnMut(u64)) {
        let table = self.table;
        let at = record as usize;
        match keys {
            Keys::Parts(_) | Keys::NameInAnyOrder => {}
            Keys::RepairedIdNumber => {
                let id = table.id_number[at];
                if !id.is_valid() && id.is_some() && !id.is_masked() && !id.is_document() {
                    repairs(id).into_iter().for_each(|repaired| give(hash(repaired)));
                }
            }
            Keys::MaskedIdNumber => {
                let id = table.id_number[at];
                if id.is_masked() && id.masked().is_some() {
                    give(hash(id.masked()));
                } else if id.is_widely_masked() {
                    if table.name[at] != 0 {
                        give(hash((id, table.name[at])));
                    }
                    self.beside_wide_mask(id, table.birth[at], table.name[at], give);
                }
            }
            Keys::RareName => {
                let name = table.name[at];
                if name != 0 && table.names.count(name) <= RARE_NAME_RECORDS_MAX {
                    give(hash(name));
                }
            }
            Keys::DwellingOfBare => {
                if table.is_bare(record)
                    && let Some(key) = self.dwelling(at)
                {
                    give(key);
                }
            }
            Keys::OfUnplaced(parts) => {
                if self.is_unplaced(record)
                    && let Some(key) = self.all_parts(parts, at)
                {
                    give(key);
                }
            }
            Keys::MotherHousehold => {
                // Births look for children of the same month in the households where the mother is registered.
                let birth = table.birth[at];
                if birth.has_month() {
                    let households = self.mothers.of(table, record);
                    households.iter().for_each(|household| give(hash((*household, birth.month()))));
                }
            }
        }
    }

    /// The keys under which a record is only found.
    fn sought(&self, keys: &Keys, record: RecordId, mut give: impl FnMut(u64)) {
        let table = self.table;
        let at = record as usize;
        let id = table.id_number[at];
        match keys {
            Keys::RepairedIdNumber if id.is_valid() => give(hash(id)),
            Keys::MaskedIdNumber if !id.is_masked() && id.masked().is_some() => {
                give(hash(id.masked()));
                // Where a province's digits are all that is left of the region, too many share them and the tail.
                give(hash((id.widely_masked(), table.name[at])));
                if self.has_wide_masks {
                    let birth = id.birth_date().unwrap_or(table.birth[at]);
                    self.beside_wide_mask(id.widely_masked(), birth, table.name[at], give);
                }
            }
            Keys::DwellingOfBare if table.birth[at].has_month() => {
                if let Some(key) = self.dwelling(at) {
                    give(key);
                }
            }
            Keys::OfUnplaced(parts) if !self.is_unplaced(record) => {
                if let Some(key) = self.all_parts(parts, at) {
                    give(key);
                }
            }
            Keys::MotherHousehold if table.household[at] != 0 && table.birth[at].has_month() => {
                give(hash((table.household[at], table.birth[at].month())));
            }
            _ => {}
        }
    }

    /// What is left of a widely masked number, with the year of birth, and with the sound of the first and of the last
    /// character of the name: where the number is masked the name often is, but for one of them.
    fn beside_wide_mask(&self, visible: IdNumber, birth: Date, name: Symbol, mut give: impl FnMut(u64)) {
        if birth.year() != 0 {
            give(hash((visible, "year", birth.year())));
        }
        let tokens = self.table.names.form(name).map_or(&[][..], |name| &name.tokens);
        for (end, token) in [("first", tokens.first()), ("last", tokens.last())] {
            if let Some(sound) = token.map(|token| token.sounds[0]).filter(|sound| *sound != 0) {
                give(hash((visible, end, sound)));
            }
        }
    }

    /// Has the record an estate, but no room there or no name that can be read? Few rules find such a record.
    pub(super) fn is_unplaced(&self, record: RecordId) -> bool {
        let at = record as usize;
        let sound = (self.table.name[at] as usize).checked_sub(1).and_then(|name| self.sounds.get(name));
        self.table.estate[at] != 0 && (self.table.room[at] == 0 || sound.is_none_or(|sound| *sound == 0))
    }

    /// The key of parts that must all be there.
    fn all_parts(&self, parts: &[KeyPart], at: usize) -> Option<u64> {
        parts.iter().try_fold(0, |key, part| Some(hash((key, self.part(*part, at)?))))
    }

    /// What a part of a key is for all records: that of a text is made once for each text, not for each record.
    fn part_keys(&self, part: KeyPart) -> PartKeys {
        let fields = &self.table.text_fields;
        let part = of_family(part);
        let Some(column) = fields.iter().position(|text| text.field == part.field) else {
            return PartKeys::OfRecords(part);
        };
        let values = &fields[column].values;
        let symbols = 0..u32::try_from(values.len()).unwrap_or(u32::MAX);
        let key = |symbol| self.text_key(part, values.text(symbol)).unwrap_or(0);
        PartKeys::OfTexts { column, keys: symbols.into_par_iter().map(key).collect(), part }
    }

    /// Like [`part`](Self::part), once it is known where the part comes from.
    fn value(&self, part: &PartKeys, at: usize) -> Option<u64> {
        match part {
            PartKeys::OfTexts { column, keys, part } => {
                let key = Some(keys[self.table.texts.row(at)[*column] as usize]).filter(|key| *key != 0);
                // Where a source has the whole name in one column, it is a part of that.
                key.or_else(|| self.of_name(*part, at))
            }
            PartKeys::OfRecords(part) => self.part(*part, at),
        }
    }

    /// One part of a key; `None` if the record does not have it.
    pub(super) fn part(&self, part: KeyPart, at: usize) -> Option<u64> {
        let table = self.table;
        let some = |value: u64| (value != 0).then_some(value);
        let by_name = |values: &[u64]| values.get((table.name[at] as usize).checked_sub(1)?).copied().and_then(some);
        let date = |date: Date| match part.transform {
            Transform::Year => some(u64::from(date.year())),
            Transform::Month => date.has_month().then(|| u64::from(date.month().packed())),
            _ => date.has_day().then(|| u64::from(date.packed())),
        };
        match (part.field, part.transform) {
            (Field::Name, Transform::FamilyName) | (Field::FamilyName | Field::GivenName, _) => {
                let part = of_family(part);
                let own = self.text_of(part.field, at).and_then(|text| self.text_key(part, text));
                own.or_else(|| self.of_name(part, at))
            }
            (Field::Name, Transform::Sound) => by_name(&self.sounds),
            (Field::Name, Transform::Whole) => some(u64::from(table.name[at])),
            (Field::Name, _) => self.text_part(table.names.texts.text(table.name[at]), part.transform),
            (Field::IdNumber, Transform::Prefix(_) | Transform::Suffix(_)) => {
                let mut buffer = [0; 20];
                let length = table.id_number[at].characters(&mut buffer);
                self.text_part(std::str::from_utf8(&buffer[..length]).ok()?, part.transform)
            }
            (Field::IdNumber, _) => table.id_number[at]
                .is_citizen()
                .then(|| table.id_number[at].packed())
                .or_else(|| table.id_number[at].is_document().then(|| table.id_number[at].packed())),
            (Field::BirthDate, _) => date(table.birth[at]),
            (Field::DeathDate, _) => date(table.death[at]),
            (Field::Sex, _) => some(u64::from(table.sex[at])),
            (Field::Ethnicity, _) => some(u64::from(table.ethnicity[at])),
            (Field::Telephone, Transform::Prefix(_) | Transform::Suffix(_)) => {
                let digits = some(table.telephone[at])?.to_string();
                self.text_part(&digits, part.transform)
            }
            (Field::Telephone, _) => some(table.telephone[at]),
            (Field::Address, Transform::EstateRoom) => {
                (table.estate[at] != 0 && table.room[at] != 0).then(|| hash((table.estate[at], table.room[at])))
            }
            (Field::Address, Transform::Dwelling) => self.dwelling(at),
            (Field::Address, _) => some(u64::from(table.estate[at])),
            (Field::Division, Transform::Prefix(_) | Transform::Suffix(_)) => {
                self.text_part(table.divisions.text(table.division[at]), part.transform)
            }
            (Field::EnumerationArea, Transform::Prefix(_) | Transform::Suffix(_)) => {
                self.text_part(table.divisions.text(table.area[at]), part.transform)
            }
            (Field::Division, _) => some(u64::from(table.division[at])),
            (Field::EnumerationArea, _) => some(u64::from(table.area[at])),
            (Field::Household, _) => some(u64::from(table.household[at])),
            (field, transform) => self.text_part(self.text_of(field, at)?, transform),
        }
    }

    /// What a record says in a text field.
    fn text_of(&self, field: Field, at: usize) -> Option<&str> {
        let column = self.table.text_fields.iter().position(|text| text.field == field)?;
        let symbol = self.table.texts.row(at)[column];
        (symbol != 0).then(|| self.table.text_fields[column].values.text(symbol))
    }

    /// The key of a text of a part's field.
    fn text_key(&self, part: KeyPart, text: &str) -> Option<u64> {
        if !is_family(part) {
            return self.text_part(text, part.transform);
        }
        match name::read(text) {
            Reading::Name(name, _) => Some(family_key(&name)),
            _ => None,
        }
    }

    /// The family or given name of a record's whole name.
    fn of_name(&self, part: KeyPart, at: usize) -> Option<u64> {
        let symbol = self.table.name[at];
        if symbol == 0 || !matches!(part.field, Field::FamilyName | Field::GivenName) {
            return None;
        }
        if is_family(part) {
            return self.families.get(symbol as usize - 1).copied();
        }
        let form = self.table.names.form(symbol)?;
        let (family, given) = match form.script {
            Script::Han => form.text.split_at(form.text.chars().take(form.family).map(char::len_utf8).sum()),
            Script::Latin => {
                let (given, family) = form.text.rsplit_once(' ').unwrap_or(("", &form.text));
                (family, given)
            }
        };
        self.text_part(if part.field == Field::FamilyName { family } else { given }, part.transform)
    }

    /// Estate, building and room, if all are known.
    fn dwelling(&self, at: usize) -> Option<u64> {
        let dwelling =
            self.table.dwelling(u32::try_from(at).unwrap_or(u32::MAX)).filter(|dwelling| dwelling.building != 0);
        dwelling.map(|dwelling| hash((dwelling.estate, dwelling.building, dwelling.room)))
    }

    fn text_part(&self, text: &str, transform: Transform) -> Option<u64> {
        if text.is_empty() {
            return None;
        }
        let count = text.chars().count();
        Some(match transform {
            Transform::Prefix(n) => hash(text.chars().take(usize::from(n)).collect::<String>()),
            Transform::Suffix(n) => hash(text.chars().skip(count.saturating_sub(usize::from(n))).collect::<String>()),
            Transform::Year => hash(date::read(text).map(Date::year).filter(|year| *year != 0)?),
            Transform::Month => hash(date::read(text).filter(|date| date.has_month())?.month().packed()),
            Transform::Sound => match name::read(text) {
                Reading::Name(name, _) => hash(name::sound(&name)?),
                _ => return None,
            },
            Transform::FamilyName => hash(text.rsplit(' ').next().unwrap_or(text)),
            _ => hash(text),
        })
    }
}

/// The family name of a whole name is the family name.
fn of_family(part: KeyPart) -> KeyPart {
    match (part.field, part.transform) {
        (Field::Name, Transform::FamilyName) => KeyPart { field: Field::FamilyName, ..part },
        _ => part,
    }
}

/// Is it a family name as a whole, rather than its beginning or end?
fn is_family(part: KeyPart) -> bool {
    part.field == Field::FamilyName && matches!(part.transform, Transform::Whole | Transform::FamilyName)
}

/// The sound of a Han family name, the last word of a Latin name.
fn family_key(name: &Name) -> u64 {
    match name.tokens.first() {
        Some(first) if !first.is_wild() && name.family > 0 => hash(first.sounds[0]),
        _ => name.text.rsplit(' ').next().map_or(0, hash),
    }
}

/// The words of a name, whichever comes first; 0 for a single word.
fn any_order_key(text: &str) -> u64 {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    if words.len() > 1 { hash(words) } else { 0 }
}
