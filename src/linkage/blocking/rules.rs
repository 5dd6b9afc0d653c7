//! Which rules find the pairs of a study?
//!
//! Takes a [`Study`] and the fields its table has, gives the [`Rule`]s it names, or the usual ones. Each usual rule
//! covers one way a record goes wrong.

use rayon::prelude::*;

use super::choice;
use super::key::Keyer;
use crate::intake::study::{BlockingRule, Field, KeyPart, Study, Transform};
use crate::person::table::{PersonTable, RecordId};

/// How a rule makes keys.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Keys {
    /// One key made of parts that must all be there.
    Parts(Vec<KeyPart>),
    /// The number itself, and for a number with a slip every valid number one slip away.
    RepairedIdNumber,
    /// Region and last four characters; only pairs with a masked number. Where only a province can be seen of the
    /// region, the name, the year of birth, or one end of the name besides.
    MaskedIdNumber,
    /// The words of a name, whichever comes first.
    NameInAnyOrder,
    /// Names that few bear.
    RareName,
    /// Estate, building and room, of records without birth date and number among those with a birth date.
    DwellingOfBare,
    /// Parts that must all be there, of records without a room or a name that can be read among all others.
    OfUnplaced(Vec<KeyPart>),
    /// Household in which the named mother is registered, with the birth month.
    MotherHousehold,
}

impl Keys {
    /// Has a record one key at most, under which any two records are a pair?
    pub(super) fn is_single(&self) -> bool {
        matches!(self, Keys::Parts(_) | Keys::RareName | Keys::NameInAnyOrder)
    }

    /// The fields whose values records with the same key share.
    pub(super) fn shared(&self) -> Vec<Field> {
        let Keys::Parts(parts) = self else { return Vec::new() };
        parts.iter().filter(|part| part.transform == Transform::Whole).map(|part| part.field).collect()
    }
}

/// A blocking rule ready to use.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) keys: Keys,
    /// Only pairs of two sources (rules by which every household would give pairs within a source).
    pub(super) across_sources: bool,
    /// Pairs that a block may give without being divided, whatever the study says: the cost has been counted.
    pub(super) block_pairs: u64,
}

pub(super) fn part(field: Field, transform: Transform) -> KeyPart {
    KeyPart { field, transform }
}

/// The study's rules, or the default ones for the fields there are.
pub(super) fn rules(study: &Study, keyer: &Keyer<'_>) -> Vec<Rule> {
    let table = keyer.table;
    if !study.linkage.blocking.is_empty() {
        return study.linkage.blocking.iter().map(given_rule).collect();
    }
    use Transform::{Dwelling, EstateRoom, FamilyName, Month, Sound, Whole};
    let name = part(Field::Name, Whole);
    let sound = part(Field::Name, Sound);
    let month = part(Field::BirthDate, Month);
    let sex = part(Field::Sex, Whole);
    let mut rules = Vec::new();
    let mut add = |name: &str, keys: Keys, across_sources: bool| {
        rules.push(Rule { name: name.to_owned(), keys, across_sources, block_pairs: 0 });
    };
    add("id number", Keys::Parts(vec![part(Field::IdNumber, Whole)]), false);
    add("id number, one slip", Keys::RepairedIdNumber, false);
    add("id number, masked", Keys::MaskedIdNumber, false);
    add("name and birth month", Keys::Parts(vec![name, month]), false);
    add("sound of name and birth month", Keys::Parts(vec![sound, month]), false);
    add("name and estate", Keys::Parts(vec![name, part(Field::Address, Whole)]), false);
    add("name and community", Keys::Parts(vec![name, part(Field::Division, Whole)]), false);
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
    add("dwelling, without birth date and number", Keys::DwellingOfBare, true);
    add("telephone", Keys::Parts(vec![part(Field::Telephone, Whole)]), true);
    add(
        "birth date, sex and family name",
        Keys::Parts(vec![part(Field::BirthDate, Whole), sex, part(Field::Name, FamilyName)]),
        true,
    );
    if table.parents.len() > 1 {
        add("mother's household and birth month", Keys::MotherHousehold, false);
    }
    if !table.text_fields.is_empty() {
        add("name in any order", Keys::NameInAnyOrder, false);
    }
    rules.extend(rules_of_estates(keyer));
    rules.extend(choice::text_rules(study, keyer));
    rules
}

/// If a greater share than this of the records have no place or name to be found by, all are compared with each other.
const UNPLACED_MANY: f64 = 0.25;

/// Rules for addresses that end at the estate and births that end at the year. Where most records of a source say no
/// more of these, nothing else brings homophones or other names together.
fn rules_of_estates(keyer: &Keyer<'_>) -> Vec<Rule> {
    use Transform::{Month, Sound, Whole, Year};
    let table = keyer.table;
    let [sex, estate] = [Field::Sex, Field::Address].map(|field| part(field, Whole));
    let [sound, year] = [part(Field::Name, Sound), part(Field::BirthDate, Year)];
    let mut rules = Vec::new();
    let mut add = |name: &str, keys: Keys| {
        rules.push(Rule { name: name.to_owned(), keys, across_sources: true, block_pairs: 0 });
    };
    let records = 0..RecordId::try_from(table.len()).unwrap_or(RecordId::MAX);
    let unplaced = records.into_par_iter().filter(|record| keyer.is_unplaced(*record)).count();
    let by_month = vec![part(Field::BirthDate, Month), sex, estate];
    let many = unplaced as f64 > UNPLACED_MANY * table.len() as f64;
    add("birth month, sex and estate", if many { Keys::Parts(by_month) } else { Keys::OfUnplaced(by_month) });
    let without_month = mostly(table, &|at| table.birth[at].is_some(), &|at| !table.birth[at].has_month());
    let without_room = mostly(table, &|at| table.estate[at] != 0, &|at| table.room[at] == 0);
    if without_month {
        add("sound of name and birth year", Keys::Parts(vec![sound, year]));
    }
    if without_room {
        add("estate and sound of name", Keys::Parts(vec![estate, sound]));
    }
    if without_month && without_room {
        add("birth year, sex and estate", Keys::Parts(vec![year, sex, estate]));
    }
    rules
}

/// Is there a source of which most of these records are so?
fn mostly(
    table: &PersonTable,
    counts: &(dyn Fn(usize) -> bool + Sync),
    is_so: &(dyn Fn(usize) -> bool + Sync),
) -> bool {
    (0..table.source_count()).any(|source| {
        let records = table.records(source).into_par_iter().map(|record| record as usize).filter(|at| counts(*at));
        let (all, so) = records.map(|at| (1, usize::from(is_so(at)))).reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        2 * so > all
    })
}

fn given_rule(rule: &BlockingRule) -> Rule {
    Rule { name: rule.name.clone(), keys: Keys::Parts(rule.keys.clone()), across_sources: false, block_pairs: 0 }
}
