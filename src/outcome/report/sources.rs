//! What was read of each source?

use std::collections::BTreeMap;

use super::ReportInput;
use crate::intake::study::{Field, Role, Source};
use crate::person::date::Date;
use crate::person::table::{NO_DAY, PersonTable, RecordId, flag};
use crate::privacy::mask;
use crate::tally::Tally;

/// One source as the reader sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRead {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Roll or register.
    pub role: Role,
    /// File names (without folders) and their rows.
    pub files: Vec<(String, u64)>,
    /// Rows in, out and set aside by reason; what was noticed.
    pub tally: Tally,
    /// Records with a value of their own, for each field that the source has.
    pub filled: BTreeMap<Field, u64>,
}

/// The fields whose filling is shown, in this order.
pub const FIELDS: [Field; 14] = [
    Field::Name,
    Field::IdNumber,
    Field::Sex,
    Field::BirthDate,
    Field::Ethnicity,
    Field::Address,
    Field::Division,
    Field::EnumerationArea,
    Field::Household,
    Field::Relationship,
    Field::Telephone,
    Field::MotherName,
    Field::DeathDate,
    Field::LastSeen,
];

/// The sources in the order of the study.
#[must_use]
pub fn compose(input: &ReportInput<'_>) -> Vec<SourceRead> {
    let sources = input.study.sources.iter().enumerate();
    sources
        .map(|(at, source)| {
            let files = input.extracts.iter().find(|extract| extract.source == at).map_or(&[][..], |e| &e.files);
            let name = |path: &std::path::Path| path.file_name().map(|name| mask::plain(&name.to_string_lossy()));
            SourceRead {
                name: mask::plain(&source.name),
                kind: mask::plain(&source.kind),
                role: source.role,
                files: files.iter().map(|file| (name(&file.path).unwrap_or_default(), file.rows)).collect(),
                tally: input.tallies.get(at).cloned().unwrap_or_default(),
                filled: filled(input.table, at, source),
            }
        })
        .collect()
}

fn filled(table: &PersonTable, at: usize, source: &Source) -> BTreeMap<Field, u64> {
    let bound = |field: Field| match field {
        Field::Name => [Field::Name, Field::FamilyName, Field::GivenName].iter().any(|f| source.binding(*f).is_some()),
        Field::MotherName => source.binding(field).or_else(|| source.binding(Field::MotherIdNumber)).is_some(),
        field => source.binding(field).is_some(),
    };
    let count = |field: Field| table.records(at).filter(|record| has_value(table, field, *record)).count() as u64;
    FIELDS.into_iter().filter(|field| bound(*field)).map(|field| (field, count(field))).collect()
}

/// Has the record a value of its own in the field, one of [`FIELDS`]? What was told from other fields of it, or from
/// other records, is not in the column.
#[must_use]
pub fn has_value(table: &PersonTable, field: Field, record: RecordId) -> bool {
    let at = record as usize;
    let own = |told: u8| table.flags[at] & told == 0;
    match field {
        Field::Name => table.name[at] != 0,
        Field::IdNumber => table.id_number[at].is_some(),
        Field::Sex => table.sex[at] != 0 && own(flag::SEX_FROM_ID),
        Field::BirthDate => table.birth[at].is_some() && own(flag::BIRTH_FROM_ID),
        Field::Ethnicity => table.ethnicity[at] != 0,
        Field::Address => table.estate[at] != 0,
        Field::Division => table.division[at] != 0 && own(flag::DIVISION_TOLD),
        Field::EnumerationArea => table.area[at] != 0,
        Field::Household => table.household[at] != 0,
        Field::Relationship => table.relationship[at] as u8 != 0,
        Field::Telephone => table.telephone[at] != 0,
        Field::MotherName => table.parent[at] != 0 && own(flag::MOTHER_FROM_NAME),
        Field::DeathDate => table.death[at] != Date::NONE,
        Field::LastSeen => table.last_seen[at] != NO_DAY,
        _ => false,
    }
}
