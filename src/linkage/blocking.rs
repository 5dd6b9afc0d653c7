//! Which pairs are worth looking at?
//!
//! Takes a [`PersonTable`], gives [`CandidatePairs`]: every pair of records that agrees on the key of at least one
//! named rule, each pair once. Each rule covers one way a record goes wrong: no ID number, a slip in it, a wrong birth
//! date, a homophone, a changed name, only name and address. A block that would give too many pairs is divided by
//! further keys, never dropped in silence; [`RuleReport`] says what each rule brought and cost.
//!
//! Steps: 1. every rule gives each record its keys (64-bit hashes); 2. keys that no second record has are sieved out;
//! 3. keys are sorted and each run of equal keys is a block; 4. the pairs of all rules are sorted and made unique.

use std::hash::BuildHasher;

use bloomfilter::Bloom;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;
use serde::Serialize;

use super::comparison::{Comparer, MothersHouseholds};
use crate::error::{Error, Kind, Result};
use crate::intake::study::{BlockingRule, Field, KeyPart, RowKind, Study, Transform};
use crate::person::date::Date;
use crate::person::id_number::{self, IdNumber};
use crate::person::name;
use crate::person::table::{PersonTable, RecordId};

/// A pair of records; the first id is the smaller one.
pub type Pair = (RecordId, RecordId);

/// The pairs to compare: sorted, each once.
#[derive(Debug, Default)]
pub struct CandidatePairs {
    /// The pairs.
    pub pairs: Vec<Pair>,
    /// What each rule brought.
    pub rules: Vec<RuleReport>,
}

/// What a blocking rule brought and cost.
#[derive(Debug, Clone, Serialize, PartialEq)]
pub struct RuleReport {
    /// The rule's name.
    pub rule: String,
    /// Keys given to records.
    pub keys: u64,
    /// Blocks of two records or more.
    pub blocks: u64,
    /// Records in the largest block.
    pub largest_block: u64,
    /// Blocks that were divided by further keys because they were too large.
    pub divided: u64,
    /// Pairs in blocks that even then were too large, and were left out.
    pub pairs_left_out: u64,
    /// Pairs given.
    pub pairs: u64,
    /// Pairs that no earlier rule had given.
    pub new_pairs: u64,
}

/// How a rule makes keys.
#[derive(Debug, Clone, PartialEq)]
enum Keys {
    /// One key made of parts that must all be there.
    Parts(Vec<KeyPart>),
    /// The number itself, and for a number with a slip every valid number one slip away.
    RepairedIdNumber,
    /// Region and last four characters; only pairs with a masked number.
    MaskedIdNumber,
    /// Name together with estate, or with community where the estate is unknown.
    NameAndPlace,
    /// Names that few bear.
    RareName,
    /// Household in which the named mother is registered, with the birth month.
    MotherHousehold,
}

/// A blocking rule ready to use.
#[derive(Debug, Clone)]
struct Rule {
    name: String,
    keys: Keys,
    /// Only pairs of two sources (rules by which every household would give pairs within a source).
    across_sources: bool,
}

/// A record under one of its keys. A block gives only pairs with at least one seeker.
#[derive(Debug, Clone, Copy)]
struct Entry {
    key: u64,
    record: RecordId,
    seeks: bool,
}

/// Names borne by at most this many records are a key of their own.
const RARE_NAME_RECORDS_MAX: u32 = 24;

/// Finds the candidate pairs.
///
/// # Errors
/// If the rules would give more pairs than the study allows.
pub fn block(study: &Study, table: &PersonTable, comparer: &Comparer<'_>) -> Result<CandidatePairs> {
    let rules = rules(study, table);
    let keyer = Keyer::new(table, comparer);
    if table.len() > PACKED_RECORDS_MAX {
        let what = format!("{} records are more than one run can pair ({PACKED_RECORDS_MAX})", table.len());
        return Err(Error::new(Kind::Study, what).at_file(&study.file).hint("divide the area into several studies"));
    }
    let mut found: Vec<u64> = Vec::new();
    let mut reports = Vec::with_capacity(rules.len());
    for (at, rule) in (0u8..).zip(&rules) {
        let (pairs, report) = keyer.apply(rule, study);
        found.par_extend(pairs.into_par_iter().map(|pair| pack(pair, at)));
        if found.len() as u64 > study.linkage.pairs_max {
            let what =
                format!("the blocking rules up to '{}' give more than {} pairs", rule.name, study.linkage.pairs_max);
            let hint = "make the rule tighter, or raise linkage.pairs_max";
            return Err(Error::new(Kind::Study, what).at_file(&study.file).hint(hint));
        }
        reports.push(report);
    }
    found.par_sort_unstable();
    found.dedup_by_key(|packed| *packed >> 8);
    for packed in &found {
        reports[(packed & 0xff) as usize].new_pairs += 1;
    }
    Ok(CandidatePairs { pairs: found.into_par_iter().map(unpack).collect(), rules: reports })
}

/// Most records of which two fit into a sorted word together with the rule that found them.
const PACKED_RECORDS_MAX: usize = 1 << 28;

fn pack(pair: Pair, rule: u8) -> u64 {
    (u64::from(pair.0) << 36) | (u64::from(pair.1) << 8) | u64::from(rule)
}

fn unpack(packed: u64) -> Pair {
    ((packed >> 36) as u32, (packed >> 8 & 0x0fff_ffff) as u32)
}

fn part(field: Field, transform: Transform) -> KeyPart {
    KeyPart { field, transform }
}

/// The study's rules, or the default ones for the fields there are.
fn rules(study: &Study, table: &PersonTable) -> Vec<Rule> {
    if !study.linkage.blocking.is_empty() {
        return study.linkage.blocking.iter().map(given_rule).collect();
    }
    use Transform::{Dwelling, EstateRoom, FamilyName, Month, Sound, Whole};
    let name = part(Field::Name, Whole);
    let sound = part(Field::Name, Sound);
    let month = part(Field::BirthDate, Month);
    let sex = part(Field::Sex, Whole);
    let mut rules = Vec::new();
    let mut add =
        |name: &str, keys: Keys, across_sources: bool| rules.push(Rule { name: name.to_owned(), keys, across_sources });
    add("id number", Keys::Parts(vec![part(Field::IdNumber, Whole)]), false);
    add("id number, one slip", Keys::RepairedIdNumber, false);
    add("id number, masked", Keys::MaskedIdNumber, false);
    add("name and birth month", Keys::Parts(vec![name, month]), false);
    add("sound of name and birth month", Keys::Parts(vec![sound, month]), false);
    add("name and place", Keys::NameAndPlace, false);
    add("rare name", Keys::RareName, false);
    add("dwelling and birth month", Keys::Parts(vec![part(Field::Address, EstateRoom), month]), false);
    add(
        "dwelling, family name and sex",
        Keys::Parts(vec![part(Field::Address, Dwelling), part(Field::Name, FamilyName), sex]),
        true,
    );
    add("estate, room and sound of name", Keys::Parts(vec![part(Field::Address, EstateRoom), sound]), true);
    add(
        "dwelling and family name",
        Keys::Parts(vec![part(Field::Address, EstateRoom), part(Field::Name, FamilyName)]),
        true,
    );
    add("telephone", Keys::Parts(vec![part(Field::Telephone, Whole)]), true);
    add(
        "birth date, sex and family name",
        Keys::Parts(vec![part(Field::BirthDate, Whole), sex, part(Field::Name, FamilyName)]),
        true,
    );
    if table.parents.len() > 1 {
        add("mother's household and birth month", Keys::MotherHousehold, false);
    }
    rules.extend(text_rules(table));
    rules
}

/// Default rules for text fields: each field with the next ones, two by two.
fn text_rules(table: &PersonTable) -> Vec<Rule> {
    let telling = |at: usize| {
        let filled: u64 = table.text_fields[at].counts.iter().skip(1).map(|c| u64::from(*c)).sum();
        let pairs: f64 = table.text_fields[at].counts.iter().skip(1).map(|c| f64::from(*c) * f64::from(*c)).sum();
        if filled == 0 { 0.0 } else { (filled as f64) / pairs * filled as f64 }
    };
    let fields: Vec<(Field, f64)> =
        (0..table.text_fields.len()).map(|at| (table.text_fields[at].field, telling(at))).collect();
    let mut rules = Vec::new();
    for (at, (field, distinct)) in fields.iter().enumerate() {
        let name = |parts: &[KeyPart]| parts.iter().map(|p| format!("{:?}", p.field)).collect::<Vec<_>>().join(" and ");
        if *distinct > 0.2 * table.len() as f64 {
            let keys = vec![part(*field, Transform::Whole)];
            rules.push(Rule { name: name(&keys), keys: Keys::Parts(keys), across_sources: false });
        }
        for (other, others_distinct) in fields.iter().skip(at + 1) {
            if distinct * others_distinct > 0.3 * table.len() as f64 {
                let keys = vec![part(*field, Transform::Whole), part(*other, Transform::Whole)];
                rules.push(Rule { name: name(&keys), keys: Keys::Parts(keys), across_sources: false });
            }
        }
    }
    rules
}

fn given_rule(rule: &BlockingRule) -> Rule {
    Rule { name: rule.name.clone(), keys: Keys::Parts(rule.keys.clone()), across_sources: false }
}

/// Makes keys for the records of one table.
struct Keyer<'a> {
    table: &'a PersonTable,
    sounds: Vec<u64>,
    families: Vec<u64>,
    mothers: MothersHouseholds,
}

fn hash(value: impl std::hash::Hash) -> u64 {
    // The low bits of the Fx hash are weak; the final mix is that of SplitMix64 (Steele et al. 2014).
    let mut x = FxBuildHasher.hash_one(value);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) | 1
}

impl<'a> Keyer<'a> {
    fn new(table: &'a PersonTable, comparer: &Comparer<'_>) -> Keyer<'a> {
        let forms = &table.names.forms;
        let sounds = forms.par_iter().map(|form| name::sound(form).map_or(0, hash)).collect();
        let families = forms
            .par_iter()
            .map(|form| match form.tokens.get(..form.family.max(1)) {
                Some(family) if !family[0].is_wild() && form.family > 0 => hash(family[0].sounds[0]),
                _ => form.text.rsplit(' ').next().map_or(0, hash),
            })
            .collect();
        Keyer { table, sounds, families, mothers: comparer.mothers_households() }
    }

    /// All pairs of a rule, with duplicates where a record has several keys.
    fn apply(&self, rule: &Rule, study: &Study) -> (Vec<Pair>, RuleReport) {
        let mut entries = self.entries(&rule.keys);
        let keys = entries.len() as u64;
        sieve(&mut entries);
        entries.par_sort_unstable_by_key(|entry| (entry.key, entry.record));
        let mut report = RuleReport {
            rule: rule.name.clone(),
            keys,
            blocks: 0,
            largest_block: 0,
            divided: 0,
            pairs_left_out: 0,
            pairs: 0,
            new_pairs: 0,
        };
        let blocks: Vec<&[Entry]> = entries.chunk_by(|a, b| a.key == b.key).filter(|block| block.len() > 1).collect();
        report.blocks = blocks.len() as u64;
        report.largest_block = blocks.iter().map(|block| block.len() as u64).max().unwrap_or(0);
        let maximum = study.linkage.block_pairs_max;
        let results: Vec<(Vec<Pair>, u64, u64)> = blocks
            .par_chunks(1024)
            .map(|blocks| {
                let (mut pairs, mut divided, mut left_out) = (Vec::new(), 0, 0);
                for block in blocks {
                    if (block.len() * block.len() / 2) as u64 <= maximum {
                        self.pairs(block, rule.across_sources, &mut pairs);
                    } else {
                        divided += 1;
                        left_out += self.divide(block, rule.across_sources, maximum, &mut pairs);
                    }
                }
                (pairs, divided, left_out)
            })
            .collect();
        let mut all = Vec::with_capacity(results.iter().map(|(pairs, ..)| pairs.len()).sum());
        for (pairs, divided, left_out) in results {
            all.extend(pairs);
            report.divided += divided;
            report.pairs_left_out += left_out;
        }
        report.pairs = all.len() as u64;
        (all, report)
    }

    fn pairs(&self, block: &[Entry], across_sources: bool, pairs: &mut Vec<Pair>) {
        for (at, one) in block.iter().enumerate() {
            let source = across_sources.then(|| self.table.source(one.record));
            for other in block.iter().skip(at + 1) {
                let wanted = (one.seeks || other.seeks) && one.record != other.record;
                if wanted && source.is_none_or(|source| self.table.source(other.record) != source) {
                    pairs.push((one.record.min(other.record), one.record.max(other.record)));
                }
            }
        }
    }

    /// Divides a block that is too large by birth year and sex, by community, and by name: a pair that agrees on any
    /// of them is kept. Gives the number of pairs of divisions that are still too large.
    fn divide(&self, block: &[Entry], across_sources: bool, maximum: u64, pairs: &mut Vec<Pair>) -> u64 {
        let table = self.table;
        let mut left_out = 0;
        let dividers: [&dyn Fn(usize) -> u64; 4] = [
            &|at| if table.birth[at].has_month() { hash(table.birth[at].month()) } else { 0 },
            &|at| if table.estate[at] == 0 { 0 } else { hash(table.estate[at]) },
            &|at| if table.division[at] == 0 { 0 } else { hash((table.division[at], table.sex[at])) },
            &|at| if table.name[at] == 0 { 0 } else { hash(table.name[at]) },
        ];
        for divider in dividers {
            let mut parts: Vec<Entry> =
                block.iter().map(|entry| Entry { key: divider(entry.record as usize), ..*entry }).collect();
            parts.retain(|entry| entry.key != 0);
            parts.sort_unstable_by_key(|entry| (entry.key, entry.record));
            for part in parts.chunk_by(|a, b| a.key == b.key) {
                let count = (part.len() * part.len().saturating_sub(1) / 2) as u64;
                if count <= maximum {
                    self.pairs(part, across_sources, pairs);
                } else {
                    left_out += count;
                }
            }
        }
        left_out
    }

    fn entries(&self, keys: &Keys) -> Vec<Entry> {
        let records = 0..u32::try_from(self.table.len()).unwrap_or(u32::MAX);
        records
            .into_par_iter()
            .fold(Vec::new, |mut entries, record| {
                self.keys_of(keys, record, &mut entries);
                entries
            })
            .reduce(Vec::new, |mut all, mut more| {
                if all.is_empty() {
                    return more;
                }
                all.append(&mut more);
                all
            })
    }

    fn keys_of(&self, keys: &Keys, record: RecordId, entries: &mut Vec<Entry>) {
        let table = self.table;
        let at = record as usize;
        let mut give = |key: u64, seeks: bool| entries.push(Entry { key, record, seeks });
        match keys {
            Keys::Parts(parts) => {
                let key = parts.iter().try_fold(0u64, |key, part| self.part(*part, at).map(|value| hash((key, value))));
                if let Some(key) = key {
                    give(key, true);
                }
            }
            Keys::RepairedIdNumber => {
                let id = table.id_number[at];
                if id.is_valid() {
                    give(hash(id), false);
                } else if id.is_some() && !id.is_masked() && !id.is_document() {
                    repairs(id).into_iter().for_each(|repaired| give(hash(repaired), true));
                }
            }
            Keys::MaskedIdNumber => {
                let id = table.id_number[at];
                let masked = id.masked();
                if masked.is_some() {
                    give(hash(masked), id.is_masked());
                }
            }
            Keys::NameAndPlace => {
                let name = table.name[at];
                if name != 0 && table.estate[at] != 0 {
                    give(hash((name, table.estate[at])), true);
                }
                if name != 0 && table.division[at] != 0 {
                    give(hash((name, table.division[at], 1u8)), true);
                }
            }
            Keys::RareName => {
                let name = table.name[at];
                if name != 0 && table.names.count(name) <= RARE_NAME_RECORDS_MAX {
                    give(hash(name), true);
                }
            }
            Keys::MotherHousehold => self.mother_keys(at, &mut give),
        }
    }

    /// Births look for children of the same month in the households where the mother is registered.
    fn mother_keys(&self, at: usize, give: &mut impl FnMut(u64, bool)) {
        let table = self.table;
        let birth = table.birth[at];
        if !birth.has_month() {
            return;
        }
        let mother = table.parents.get(table.parent[at] as usize).map_or(IdNumber::NONE, |parent| parent.id_number);
        if mother.is_some() || table.kind[at] == RowKind::Birth {
            for household in self.mothers.of(mother) {
                give(hash((*household, birth.month())), true);
            }
        }
        if table.household[at] != 0 {
            give(hash((table.household[at], birth.month())), false);
        }
    }

    /// One part of a key; `None` if the record does not have it.
    fn part(&self, part: KeyPart, at: usize) -> Option<u64> {
        let table = self.table;
        let some = |value: u64| (value != 0).then_some(value);
        let by_name = |values: &[u64]| values.get((table.name[at] as usize).checked_sub(1)?).copied().and_then(some);
        let date = |date: Date| match part.transform {
            Transform::Year => some(u64::from(date.year())),
            Transform::Month => date.has_month().then(|| u64::from(date.month().packed())),
            _ => date.has_day().then(|| u64::from(date.packed())),
        };
        match (part.field, part.transform) {
            (Field::Name | Field::FamilyName, Transform::FamilyName) | (Field::FamilyName, _)
                if table.name[at] != 0 =>
            {
                by_name(&self.families)
            }
            (Field::Name, Transform::Sound) => by_name(&self.sounds),
            (Field::Name, Transform::Whole) => some(u64::from(table.name[at])),
            (Field::Name, _) => self.text_part(table.names.texts.text(table.name[at]), part.transform),
            (Field::IdNumber, _) => table.id_number[at]
                .is_citizen()
                .then(|| table.id_number[at].packed())
                .or_else(|| table.id_number[at].is_document().then(|| table.id_number[at].packed())),
            (Field::BirthDate, _) => date(table.birth[at]),
            (Field::DeathDate, _) => date(table.death[at]),
            (Field::Sex, _) => some(u64::from(table.sex[at])),
            (Field::Ethnicity, _) => some(u64::from(table.ethnicity[at])),
            (Field::Telephone, _) => some(table.telephone[at]),
            (Field::Address, Transform::EstateRoom) => {
                (table.estate[at] != 0 && table.room[at] != 0).then(|| hash((table.estate[at], table.room[at])))
            }
            (Field::Address, Transform::Dwelling) => table
                .dwelling(u32::try_from(at).unwrap_or(u32::MAX))
                .filter(|d| d.building != 0)
                .map(|d| hash((d.estate, d.building, d.room))),
            (Field::Address, _) => some(u64::from(table.estate[at])),
            (Field::Division, _) => some(u64::from(table.division[at])),
            (Field::EnumerationArea, _) => some(u64::from(table.area[at])),
            (Field::Household, _) => some(u64::from(table.household[at])),
            (field, transform) => {
                let column = table.text_fields.iter().position(|text| text.field == field)?;
                let symbol = table.texts[column][at];
                if symbol == 0 {
                    return None;
                }
                self.text_part(table.text_fields[column].values.text(symbol), transform)
            }
        }
    }

    fn text_part(&self, text: &str, transform: Transform) -> Option<u64> {
        if text.is_empty() {
            return None;
        }
        let count = text.chars().count();
        Some(match transform {
            Transform::Prefix(n) => hash(text.chars().take(usize::from(n)).collect::<String>()),
            Transform::Suffix(n) => hash(text.chars().skip(count.saturating_sub(usize::from(n))).collect::<String>()),
            Transform::Year => hash(text.chars().take(4).collect::<String>()),
            Transform::Month => hash(text.chars().filter(char::is_ascii_digit).take(6).collect::<String>()),
            Transform::FamilyName => hash(text.rsplit(' ').next().unwrap_or(text)),
            _ => hash(text),
        })
    }
}

/// Every valid number that is one slip away from this one: GB 11643's check character leaves about a dozen.
fn repairs(id: IdNumber) -> Vec<IdNumber> {
    let mut buffer = [0; 20];
    let length = id.characters(&mut buffer);
    let characters = &buffer[..length];
    let mut found = Vec::new();
    let mut try_out = |text: &[u8]| {
        if let Ok(text) = std::str::from_utf8(text) {
            let (repaired, _) = id_number::read(text);
            if repaired.is_valid() && !found.contains(&repaired) {
                found.push(repaired);
            }
        }
    };
    if length == 18 {
        for at in 0..length {
            for digit in b"0123456789X" {
                let mut text = characters.to_vec();
                text[at] = *digit;
                try_out(&text);
            }
            if at + 1 < length {
                let mut text = characters.to_vec();
                text.swap(at, at + 1);
                try_out(&text);
            }
        }
    }
    if length == 17 {
        for at in 0..=length {
            for digit in b"0123456789X" {
                let mut text = characters.to_vec();
                text.insert(at, *digit);
                try_out(&text);
            }
        }
    }
    found
}

/// From this many keys on, keys that only one record has are sieved out by two Bloom filters before sorting. The bound
/// is a judgement, not yet a measurement: a district's keys are sorted in milliseconds, a city's take gigabytes.
const SIEVE_KEYS_MIN: usize = 8_000_000;

/// Drops entries whose key no other entry has. The first filter remembers keys seen, the second keys seen again; a
/// false positive only keeps an entry that pairs with nobody.
fn sieve(entries: &mut Vec<Entry>) {
    if entries.len() < SIEVE_KEYS_MIN {
        return;
    }
    let Ok(mut seen) = Bloom::new_for_fp_rate_with_seed(entries.len(), 0.02, &[7; 32]) else { return };
    let Ok(mut again) = Bloom::new_for_fp_rate_with_seed(entries.len() / 2, 0.02, &[11; 32]) else { return };
    for entry in entries.iter() {
        if seen.check_and_set(&entry.key) {
            again.set(&entry.key);
        }
    }
    entries.retain(|entry| again.check(&entry.key));
}

#[cfg(test)]
mod tests {
    use super::repairs;
    use crate::person::id_number::read;

    #[test]
    fn a_number_with_a_slip_is_repaired_to_the_right_one_among_few() {
        let (right, _) = read("120106198001010014");
        for slip in ["120106198001010024", "12010619800101014", "120106198001001014"] {
            let found = repairs(read(slip).0);
            assert!(found.contains(&right), "{slip}");
            assert!(found.len() < 40, "{} repairs of {slip}", found.len());
        }
    }
}
