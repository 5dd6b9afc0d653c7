//! Is a source what the study file says it is?
//!
//! Takes what was read of each source, gives nothing, or an input error where most of a source says that its columns
//! are shifted, its dates are of another form, or its births are deaths. A share of odd cells is what registers are
//! like, and is noted; most of a column is a mistake that would make everybody look missed.

mod births;
mod copies;
mod stand_in;
mod undated;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::Standardised;
use super::date::Date;
use super::id_number;
use super::lexicon::Symbol;
use super::name::Script;
use super::table::PersonTable;
use crate::error::{Error, Result};
use crate::intake::extract::Extract;
use crate::intake::study::{Field, Role, RowKind, Source, Study};
use crate::tally::Tally;

/// Rows below which a source is taken as it comes.
const ROWS_MIN: u64 = 20;

/// Median age, in years, from which births are no births.
const BIRTHS_MEDIAN_AGE_MAX: i32 = 40;

/// Median age, in years, below which deaths are no deaths.
const DEATHS_MEDIAN_AGE_MIN: i32 = 15;

/// Share of a source's rows, one in so many, from which values that cannot be read are a matter to look at.
const ODD_SHARE: u64 = 4;

/// What a spreadsheet does to a column of long codes.
const ROUNDED: &str = "most codes of this column were turned into rounded numbers by a spreadsheet";

/// What is advised where most cells of a column cannot be read.
const SHIFTED: &str =
    "the columns may be shifted against their headers, or have another form: look at the file, and ask the sender";

/// Rows of an enumeration area, on average, below which its column is a matter to look at.
const AREA_ROWS_MIN: u64 = 2;

/// Share of a source's rows, one in so many, from which births after the reference time are a matter to look at.
const UNBORN_SHARE: u64 = 100;

/// Digits of a county's code. No more of a cell is ever shown: the column may be another than the study says, and hold
/// names or numbers of persons.
const COUNTY_DIGITS: usize = 6;

/// Checks every source.
///
/// # Errors
/// An input error names the source's file, the column and what is most likely wrong.
pub fn check(study: &Study, extracts: &[Extract], standardised: &Standardised) -> Result<()> {
    for (at, (extract, tally)) in extracts.iter().zip(&standardised.tallies).enumerate() {
        let source = &study.sources[extract.source];
        let place = |error: Error| extract.files.iter().take(1).fold(error, |error, file| error.at_file(&file.path));
        for (note, field, what) in [
            (id_number::WORDS, Field::IdNumber, "most cells of this column are words, not ID numbers"),
            ("id_float_damage", Field::IdNumber, "most ID numbers were turned into rounded numbers by a spreadsheet"),
            ("division_float_damage", Field::Division, ROUNDED),
            ("area_float_damage", Field::EnumerationArea, ROUNDED),
            ("household_float_damage", Field::Household, ROUNDED),
            ("birth_date_unreadable", Field::BirthDate, "most cells of this column cannot be read as dates"),
            ("last_seen_unreadable", Field::LastSeen, "most cells of this column cannot be read as dates"),
        ] {
            let count = tally.noted.get(note).copied().unwrap_or(0);
            if tally.rows_in >= ROWS_MIN && count > tally.rows_in / 2 && !stand_in::is_one(study, extract, note, field)?
            {
                let columns = source.columns_of(field);
                return Err(place(Error::input(what)).at_column(columns).hint(SHIFTED));
            }
        }
        if tally.rows_in >= ROWS_MIN {
            warn_of_empty_columns(study, source, standardised.empty_columns.get(at).map_or(&[], Vec::as_slice));
        }
        if tally.rows_in > 0 && tally.rows_out == 0 {
            let reasons: Vec<&str> = tally.set_aside.keys().map(String::as_str).collect();
            let what = format!("none of the {} rows can be used: {}", tally.rows_in, reasons.join(", "));
            let hint = "`rollcall profile` says what is in each column; compare [source.columns] with it";
            return Err(place(Error::input(what)).hint(hint));
        }
        let median = |kind| median_age(&standardised.table, study.reference.day, extract.source, kind);
        let swapped = [
            (RowKind::Birth, "birth", "death", median(RowKind::Birth).is_some_and(|age| age >= BIRTHS_MEDIAN_AGE_MAX)),
            (RowKind::Death, "death", "birth", median(RowKind::Death).is_some_and(|age| age < DEATHS_MEDIAN_AGE_MIN)),
        ];
        if let Some((_, said, likely, _)) = swapped.into_iter().find(|swapped| swapped.3) {
            let what = format!("the ages in rows that mean `{said}` are those of `{likely}`");
            return Err(place(Error::input(what)).hint("look at [source.rows], and at which file was sent"));
        }
        if check_deaths(source, extract.source, tally, &standardised.table)
            && !stand_in::is_one(study, extract, "death_date_unreadable", Field::DeathDate)?
        {
            let column = source.columns_of(Field::DeathDate);
            let error = Error::input("most cells of this column cannot be read as dates of death");
            return Err(place(error).at_column(column).hint(SHIFTED));
        }
        warn_of_dead_residents(source, extract.source, &standardised.table);
        undated::check(source, extract.source, &standardised.table).map_err(place)?;
        warn_of_other_codes(source, tally);
        warn_of_absent_kinds(source, extract.source, &standardised.table);
        warn_of_unborn(source, extract.source, study.reference.day, &standardised.table);
        births::warn(source, extract.source, &standardised.table);
        warn_of_areas(source, extract.source, tally, &standardised.table);
        if names_records_by_id_numbers(extract.source, &standardised.table) {
            tracing::warn!(
                source = source.name,
                "most record ids are ID numbers, and stand in outputs and on screens: leave record_id out, or name another column"
            );
        }
    }
    warn_of_parted_names(&standardised.table);
    copies::warn(study, extracts, &standardised.table);
    check_area(study, &standardised.table)
}

/// Chinese names of which the study knows only parts: newborns without a name, masks and homophones are told from whole
/// names, and contradictions of names are looked for among these.
fn warn_of_parted_names(table: &PersonTable) {
    let is_part = |field: Field| table.text_fields.iter().any(|text| text.field == field);
    if !is_part(Field::FamilyName) || !is_part(Field::GivenName) {
        return;
    }
    let forms = &table.names.forms;
    let han = forms.par_iter().filter(|name| name.script == Script::Han).count();
    if han * 2 > forms.len() {
        tracing::warn!(
            "most names are Chinese, and family and given name are compared apart, which finds fewer persons: write \
             name = {{ columns = [\"…\", \"…\"], joiner = \"\" }} in place of family_name and given_name"
        );
    }
}

/// Nobody can be found by a column whose values were lost on the way, and nothing else would say so.
fn warn_of_empty_columns(study: &Study, source: &Source, empty: &[String]) {
    // Of these, a small source may have none.
    let is_rare = |field: Field| matches!(field, Field::FormerName | Field::DeathDate);
    for binding in source.bindings.iter().filter(|binding| !is_rare(binding.field)) {
        for column in binding.columns.iter().filter(|column| empty.contains(column)) {
            let field = study.field_name(binding.field);
            tracing::warn!(
                source = source.name,
                column,
                field,
                "no row has anything in this column: ask the sender whether its values were left out (formulas of a \
                 workbook must be saved with their results), or take the field out of [source.columns]"
            );
        }
    }
}

/// A meaning that no row has is most likely one whose value is misspelt in the study: its rows then mean something
/// else.
fn warn_of_absent_kinds(source: &Source, number: usize, table: &PersonTable) {
    let records = table.records(number);
    if source.rows.column.is_none() || (records.len() as u64) < ROWS_MIN {
        return;
    }
    let present = records.into_par_iter().map(|record| 1_u16 << table.kind[record as usize] as u8);
    let present = present.reduce(|| 0, |all, kind| all | kind);
    let named: BTreeSet<RowKind> = source.rows.values.values().copied().collect();
    for kind in named.into_iter().filter(|kind| present >> *kind as u8 & 1 == 0) {
        tracing::warn!(
            source = source.name,
            meaning = kind.name(),
            "no row has a value that [source.rows] names for it"
        );
    }
}

/// Can most cells not be read as dates of death? Most rows have none, so those that cannot be read are held against
/// those that can.
fn check_deaths(source: &Source, number: usize, tally: &Tally, table: &PersonTable) -> bool {
    let noted = |what| tally.noted.get(what).copied().unwrap_or(0);
    let mut days: BTreeMap<u32, u64> = BTreeMap::new();
    for record in table.records(number) {
        let death = table.death[record as usize];
        *days.entry(death.packed()).or_default() += u64::from(death.is_some());
    }
    let (read, unreadable, before_birth, far_ahead) = (
        days.values().sum::<u64>(),
        noted("death_date_unreadable"),
        noted("death_before_birth"),
        noted("death_far_ahead"),
    );
    let columns = source.columns_of(Field::DeathDate);
    for (rows, what) in [
        (
            before_birth,
            "dates of death lie before the birth and are not used: most likely they stand for an empty cell",
        ),
        (far_ahead, "dates of death lie decades ahead and are not used: most likely they stand for an empty cell"),
    ] {
        if rows >= ROWS_MIN {
            tracing::warn!(source = source.name, column = columns, rows, "{what}");
        }
    }
    let of_one_day = days.values().copied().max().unwrap_or(0);
    if of_one_day >= ROWS_MIN && of_one_day * 2 > read {
        tracing::warn!(
            source = source.name,
            column = columns,
            rows = of_one_day,
            "most dates of death are one day: if it stands for an empty cell, ask the sender, or take the field out of \
             [source.columns], as its rows count as deaths"
        );
    }
    unreadable >= ROWS_MIN && unreadable > read + before_birth + far_ahead
}

/// Everybody who is enumerated and dead is enumerated wrongly. A register keeps rows of some who have died, and is one
/// of deaths if it has hardly any others.
fn warn_of_dead_residents(source: &Source, number: usize, table: &PersonTable) {
    if let Some(rows) = dead_residents(number, table).filter(|_| !is_of_deaths(source, number, table)) {
        let column = source.columns_of(Field::DeathDate);
        tracing::warn!(
            source = source.name,
            column,
            rows,
            "most rows of residents or of registrations have a date of death: is it the column of another date? Of a \
             register of deaths [source.rows] must say so"
        );
    }
}

/// Has a source only the dead, of whom nothing is said that is said of the living? It is a register of deaths, whatever
/// its rows are taken for.
fn is_of_deaths(source: &Source, number: usize, table: &PersonTable) -> bool {
    source.rows.column.is_none()
        && [Field::LastSeen, Field::Household, Field::Registration].iter().all(|field| source.binding(*field).is_none())
        && table.records(number).all(|record| table.death[record as usize].is_some())
}

/// The rows of a source that speak of somebody here and have a date of death, if they are most of those that do.
fn dead_residents(number: usize, table: &PersonTable) -> Option<u64> {
    let is_of_living = |record: &u32| {
        let kind = table.kind[*record as usize];
        matches!(kind, RowKind::Present | RowKind::Residence | RowKind::HouseholdRegistration | RowKind::Permit)
    };
    let is_dead = |record: &u32| table.death[*record as usize].is_some();
    let of_living: Vec<u32> = table.records(number).into_par_iter().filter(is_of_living).collect();
    let rows = of_living.par_iter().filter(|record| is_dead(record)).count() as u64;
    (rows >= ROWS_MIN && rows * 2 > of_living.len() as u64).then_some(rows)
}

/// Codes that mean nothing here make everybody of whom they are said something else, and no row is set aside for them.
fn warn_of_other_codes(source: &Source, tally: &Tally) {
    let noted = |what| tally.noted.get(what).copied().unwrap_or(0);
    if let (Some(column), rows @ 1..) = (&source.rows.column, noted("other_value")) {
        let otherwise = source.rows.otherwise.name();
        tracing::warn!(
            source = source.name,
            column,
            rows,
            otherwise,
            "rows have a value that [source.rows] does not list, and count as `otherwise` says: list it"
        );
    }
    for (note, what) in [
        ("sex_contradicts_id", "sexes contradict the ID numbers"),
        ("sex_unknown", "sexes cannot be read"),
        ("registration_unknown", "codes of the registration cannot be read"),
        ("left_registration_unknown", "codes of the time since leaving the registration cannot be read"),
        ("date_unreadable", "dates of a declared field cannot be read"),
        ("number_unreadable", "numbers of a declared field cannot be read"),
        ("ethnicity_unknown", "ethnicities cannot be read"),
        ("telephone_unusable", "telephone numbers cannot be read"),
        ("division_unusable", "division codes cannot be read (names of places are none)"),
    ] {
        let rows = noted(note);
        if tally.rows_in >= ROWS_MIN && rows * ODD_SHARE > tally.rows_in {
            tracing::warn!(
                source = source.name,
                rows,
                "{what}: `rollcall profile` says what is in the column; `codes` and `format` say what it means"
            );
        }
    }
}

/// Numbers and names of persons are no areas, and each would be one, with its value in outputs as a code.
fn warn_of_areas(source: &Source, number: usize, tally: &Tally, table: &PersonTable) {
    let columns = |field| source.columns_of(field);
    for (note, field) in
        [("area_number_of_a_person", Field::EnumerationArea), ("division_number_of_a_person", Field::Division)]
    {
        if let Some(rows @ 1..) = tally.noted.get(note).copied() {
            tracing::warn!(
                source = source.name,
                column = columns(field),
                rows,
                "codes of places have the form of ID numbers or telephone numbers: the columns of these rows may be shifted \
                 against their headers; ask the sender"
            );
        }
    }
    // An enumerator's area holds dozens of households.
    let areas = table.records(number).map(|record| table.area[record as usize]).filter(|area| *area != 0);
    let areas: Vec<Symbol> = areas.collect();
    let (rows, areas) = (areas.len() as u64, areas.into_iter().collect::<FxHashSet<Symbol>>().len() as u64);
    if source.role == Role::Roll && rows >= ROWS_MIN && areas * AREA_ROWS_MIN > rows {
        tracing::warn!(
            source = source.name,
            column = columns(Field::EnumerationArea),
            areas,
            rows,
            "enumeration areas have hardly more than one row each: is this their column? Each would have a list of its own, \
             and names of persons in it would stand in outputs"
        );
    }
}

/// Are the ids of a source's records ID numbers, by those that come first?
fn names_records_by_id_numbers(number: usize, table: &PersonTable) -> bool {
    const LOOKED_AT: usize = 1_000;
    let ids: Vec<&str> = table.records(number).take(LOOKED_AT).map(|record| table.record_id(record)).collect();
    let numbers = ids.iter().filter(|id| id.len() == 18 && id_number::read(id).0.is_valid()).count();
    numbers * 2 > ids.len()
}

/// More births after the reference time than the months before an extract was drawn can have brought are most likely
/// dates that were misread.
fn warn_of_unborn(source: &Source, number: usize, reference: i32, table: &PersonTable) {
    let records = table.records(number);
    let rows = records.len() as u64;
    let reference = Date::from_day(reference).unwrap_or_default().packed();
    let is_unborn = |record: &u32| {
        let at = *record as usize;
        table.birth[at].packed() >= reference && table.kind[at] != RowKind::Birth
    };
    let unborn = records.into_par_iter().filter(is_unborn).count() as u64;
    if rows >= ROWS_MIN && unborn * UNBORN_SHARE > rows {
        tracing::warn!(source = source.name, rows = unborn, "births lie after the reference time: look at their form");
    }
}

/// Is anybody on the roll (or in the registers, where there is none) in the area under study?
fn check_area(study: &Study, table: &PersonTable) -> Result<()> {
    if study.area.is_empty() {
        return Ok(());
    }
    let records = study.roll().map_or(0..u32::try_from(table.len()).unwrap_or(u32::MAX), |roll| table.records(roll));
    let mut begins: BTreeMap<&str, u64> = BTreeMap::new();
    let mut within = 0_u64;
    for record in records {
        let at = record as usize;
        let code = if table.area[at] == 0 { table.division[at] } else { table.area[at] };
        let code = table.divisions.text(code);
        if code.starts_with(&study.area) {
            within += 1;
        } else if let Some(begin) = code.get(..COUNTY_DIGITS).filter(|begin| begin.bytes().all(|c| c.is_ascii_digit()))
        {
            *begins.entry(begin).or_default() += 1;
        }
    }
    let most = begins.iter().max_by_key(|(_, count)| **count);
    match most {
        Some((begin, count)) if within == 0 && *count >= ROWS_MIN => {
            let error = Error::study("nobody is in the area under study").at_file(&study.file).at_column("study.area");
            let error = study.area_line.into_iter().fold(error, Error::at_row);
            Err(error.hint(format!("most division codes begin with {begin}")))
        }
        _ => Ok(()),
    }
}

/// Median age in whole years at the reference time, if there are enough rows of this kind with a birth date.
fn median_age(table: &PersonTable, reference: i32, source: usize, kind: RowKind) -> Option<i32> {
    let records = *table.starts.get(source)? as usize..*table.starts.get(source + 1)? as usize;
    let mut ages: Vec<i32> = records
        .filter(|record| table.kind.get(*record) == Some(&kind))
        .filter_map(|record| table.birth.get(record)?.first_day())
        .map(|day| reference.saturating_sub(day) / 365)
        .collect();
    ages.sort_unstable();
    if (ages.len() as u64) < ROWS_MIN { None } else { ages.get(ages.len() / 2).copied() }
}

#[cfg(test)]
mod tests {
    use super::{dead_residents, is_of_deaths};
    use crate::person::practice::{HEAD, Practice, source};

    #[test]
    fn a_date_that_most_residents_have_is_not_that_of_their_death() {
        let found = |dead: usize, kind: &str| {
            let row = |row: usize| format!("王丽{row},{},{kind}\n", if row < dead { "2020-03-04" } else { "" });
            let text = (0..50).map(row).fold(String::from("n,d,k\n"), |text, row| text + &row);
            let columns = &[("name", "n"), ("death_date", "d")][..];
            let rows = "[source.rows]\ncolumn = \"k\"\ndeath = [\"death\"]\n";
            let study = format!("{HEAD}{}{rows}", source("a", "register", false, columns));
            dead_residents(0, &Practice::of(&[("a.csv", &text)], &study).table())
        };
        assert_eq!([found(26, "here"), found(25, "here"), found(50, "death")], [Some(26), None, None]);
    }

    #[test]
    fn a_register_of_the_dead_alone_is_one_of_deaths() {
        let of = |second: &str, more: &[(&str, &str)]| {
            let columns = [&[("name", "n"), ("death_date", "d")][..], more].concat();
            let study = format!("{HEAD}{}", source("a", "register", false, &columns));
            let text = format!("n,d,h\n王丽,2020-03-04,1\n李明,{second},2\n");
            let practice = Practice::of(&[("a.csv", &text)], &study);
            is_of_deaths(&practice.study.sources[0], 0, &practice.table())
        };
        let household = [("household", "h")];
        assert_eq!([of("2020-05-06", &[]), of("", &[]), of("2020-05-06", &household)], [true, false, false]);
    }
}
