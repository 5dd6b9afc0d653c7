//! Who stands under an ID number that is somebody else's?
//!
//! Parents' numbers stand on the lines of their children, and the head's on those of a whole household. Takes the
//! table, takes such a number off a record, and what was only read out of it: linked by it, a family would become one
//! person.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::code::Relationship;
use super::date::Date;
use super::id_number::IdNumber;
use super::table::{PersonTable, RecordId, flag};

/// The note on a record whose number was taken off.
pub(super) const NOTE: &str = "id_number_of_another";

/// Years between a birth date and the one inside a number from which on neither is a slip for the other.
const YEARS_APART: u16 = 2;

/// Of a source's records with a number, the least share that stand under somebody else's for it to be a habit of the
/// office. Single ones are slips, of which the model knows what they are worth.
const HABIT_SHARE: f64 = 0.005;

/// Takes numbers off the records to which they do not belong, where that is a habit of the source; gives these records,
/// ascending.
///
/// A number is somebody else's if the record's own birth date, or birth date and sex, say so, and another record, of
/// another name, is born as the number says; or if the head of the same household has it under another name, and the
/// record has no birth date of its own that would be that of the number.
pub(super) fn take_off(table: &mut PersonTable) -> Vec<RecordId> {
    // Members first: what they have of the head is then no sign of the owner any more.
    let mut taken = Vec::new();
    for (is_doubtful, is_of_another) in [
        (is_member as fn(&PersonTable, usize) -> bool, is_of_head as fn(&PersonTable, usize, &[RecordId]) -> bool),
        (is_contradicted, is_of_owner),
    ] {
        let mut found = of_others(table, is_doubtful, is_of_another);
        let is_habit: Vec<bool> = (0..table.source_count()).map(|source| is_habit(table, source, &found)).collect();
        found.retain(|record| is_habit[table.source(*record)]);
        found.iter().for_each(|record| forget_number(table, *record as usize));
        taken.extend(found);
    }
    taken.sort_unstable();
    taken
}

/// Do so many records of a source stand under somebody else's number that the office must mean it so?
fn is_habit(table: &PersonTable, source: usize, found: &[RecordId]) -> bool {
    let of_others = found.iter().filter(|record| table.source(**record) == source).count();
    let numbered = table.records(source).filter(|record| table.id_number[*record as usize].is_some()).count();
    of_others > 0 && of_others as f64 >= HABIT_SHARE * numbered as f64
}

/// The records whose number is doubtful, and another's by the records that have it and are born as it says.
fn of_others(
    table: &PersonTable,
    is_doubtful: fn(&PersonTable, usize) -> bool,
    is_of_another: fn(&PersonTable, usize, &[RecordId]) -> bool,
) -> Vec<RecordId> {
    let records = 0..RecordId::try_from(table.len()).unwrap_or(RecordId::MAX);
    let number = |record: RecordId| table.id_number[record as usize];
    let is_doubtful = |record: &RecordId| number(*record).is_valid() && is_doubtful(table, *record as usize);
    let doubtful: Vec<RecordId> = records.clone().into_par_iter().filter(is_doubtful).collect();
    let numbers: FxHashSet<IdNumber> = doubtful.iter().map(|record| number(*record)).collect();
    if numbers.is_empty() {
        return Vec::new();
    }
    let is_fitting = |record: &RecordId| {
        table.flags[*record as usize] & flag::BIRTH_CONFLICT == 0 && numbers.contains(&number(*record))
    };
    let mut fitting: Vec<RecordId> = records.into_par_iter().filter(is_fitting).collect();
    fitting.par_sort_unstable_by_key(|record| (number(*record), *record));
    let with = |wanted: IdNumber| {
        let from = fitting.partition_point(|record| number(*record) < wanted);
        let to = fitting.partition_point(|record| number(*record) <= wanted);
        &fitting[from..to]
    };
    let is_of_another = |record: &RecordId| is_of_another(table, *record as usize, with(number(*record)));
    doubtful.into_par_iter().filter(is_of_another).collect()
}

/// Is it a member of a household who is not its head, and says nothing of the birth but this number?
fn is_member(table: &PersonTable, at: usize) -> bool {
    let is_another = !matches!(table.relationship[at], Relationship::Head | Relationship::Unknown);
    is_another && table.household[at] != 0 && table.flags[at] & flag::BIRTH_FROM_ID != 0
}

/// Is the number that of the head of a member's household?
fn is_of_head(table: &PersonTable, at: usize, with_number: &[RecordId]) -> bool {
    let is_head = |record: &usize| {
        table.relationship[*record] == Relationship::Head && table.household[*record] == table.household[at]
    };
    let mut heads = with_number.iter().map(|record| *record as usize).filter(is_head).peekable();
    heads.peek().is_some() && heads.all(|head| are_others(table, head, at))
}

/// Does what the record says of birth and sex contradict the number by more than a slip?
fn is_contradicted(table: &PersonTable, at: usize) -> bool {
    let flags = table.flags[at];
    if flags & flag::BIRTH_CONFLICT == 0 {
        return false;
    }
    let inside = table.id_number[at].birth_date().map_or(0, Date::year);
    flags & flag::SEX_CONFLICT != 0 || table.birth[at].year().abs_diff(inside) >= YEARS_APART
}

/// Has somebody else the number, who is born as it says?
fn is_of_owner(table: &PersonTable, at: usize, with_number: &[RecordId]) -> bool {
    !with_number.is_empty() && with_number.iter().all(|owner| are_others(table, *owner as usize, at))
}

/// Do the names say that these are two persons? A newborn without a name is not who was born as the number says.
fn are_others(table: &PersonTable, owner: usize, other: usize) -> bool {
    let Some(name) = table.names.form(table.name[owner]) else { return false };
    match table.names.form(table.name[other]) {
        Some(other) => !name.is_like(other),
        None => table.flags[other] & flag::NEWBORN_NAME != 0,
    }
}

/// Forgets a record's number, and what nothing but the number told.
fn forget_number(table: &mut PersonTable, at: usize) {
    let (flags, inside) = (table.flags[at], table.id_number[at].birth_date());
    table.id_number.set(at, IdNumber::NONE);
    // A birth date that gave way to the one inside the number is lost: of that one nothing is left.
    if Some(table.birth[at]) == inside {
        table.birth.set(at, Date::NONE);
    }
    if flags & flag::SEX_FROM_ID != 0 {
        table.sex.set(at, 0);
    }
    let of_number = flag::BIRTH_FROM_ID | flag::SEX_FROM_ID | flag::BIRTH_CONFLICT | flag::SEX_CONFLICT;
    table.flags.set(at, flags & !of_number);
}

#[cfg(test)]
mod tests {
    use crate::person::practice::{HEAD, Practice, source};
    use crate::person::{self, Standardised};
    use crate::synthetic::identity::with_check;

    const PARENT: &str = "99999919800101001";

    /// The records of a roll and a register whose rows are given: id, name, number, sex, birth date, household,
    /// relationship.
    fn records_of(roll: &[&str], register: &[&str]) -> (Standardised, Vec<(usize, u64)>) {
        let columns = [
            ("name", "name"),
            ("id_number", "number"),
            ("sex", "sex"),
            ("birth_date", "birth"),
            ("household", "household"),
            ("relationship", "relation"),
        ];
        let sources = [("roll", "roll"), ("health", "register")].map(|(name, role)| source(name, role, true, &columns));
        let text = |rows: &[&str]| {
            let rows = rows.join("\n").replace("PARENT", &with_check(PARENT));
            format!("id,name,number,sex,birth,household,relation\n{rows}\n")
        };
        let files = [("roll.csv", text(roll)), ("health.csv", text(register))];
        let files = [(files[0].0, files[0].1.as_str()), (files[1].0, files[1].1.as_str())];
        let practice = Practice::of(&files, &format!("{HEAD}{}", sources.concat()));
        let noted = person::noted(&practice.study, &practice.extracts, 0, super::NOTE).unwrap();
        (practice.standardised(), noted)
    }

    fn numbered(found: &Standardised) -> Vec<bool> {
        found.table.id_number.iter().map(|number| number.is_some()).collect()
    }

    #[test]
    fn a_number_of_a_parent_comes_off_the_lines_of_children() {
        let roll = [
            "1,王建国,PARENT,男,1980-01,h1,户主",
            "2,李红梅,PARENT,女,1980-03,h1,配偶",
            "3,王小宝,PARENT,男,2012-05,h1,子女",
            "4,王建国,PARENT,男,1990-01,h2,户主",
            "5,王建军,PARENT,男,1981-01,h3,户主",
        ];
        let (found, noted) = records_of(&roll, &["1,王建国,PARENT,男,1980-01-01,,", "2,王小宝,PARENT,,2012-05-03,,"]);
        // A slip in the birth date, and a year more or less, make nobody another.
        assert_eq!(numbered(&found), [true, false, false, true, true, true, false]);
        let table = &found.table;
        assert_eq!((table.birth[2].parts(), table.sex[2], table.flags[2]), ((2012, 5, 0), 1, 0));
        assert_eq!(table.sex[6], 0, "what only the number said is forgotten with it");
        assert_eq!((found.tallies[0].noted[super::NOTE], found.tallies[1].noted[super::NOTE]), (2, 1));
        assert_eq!(noted, [(0, 2), (0, 3)]);
    }

    #[test]
    fn a_number_that_nobody_else_has_stays_whatever_the_birth_date() {
        let (found, _) = records_of(&["1,王小宝,PARENT,男,2012-05,h1,子女"], &["1,王小保,PARENT,男,1980-01-01,,"]);
        assert_eq!(numbered(&found), [true; 2]);
    }

    #[test]
    fn the_number_of_the_head_comes_off_members_of_whom_nothing_else_tells_the_birth() {
        let roll = [
            "1,王建国,PARENT,,,h1,户主",
            "2,李红梅,PARENT,,,h1,配偶",
            "3,王小宝,PARENT,男,,h1,子女",
            "4,李红梅,PARENT,,,h2,配偶",
        ];
        let (found, _) = records_of(&roll, &["1,王小宝,PARENT,男,2012-05-03,,"]);
        assert_eq!(numbered(&found), [true, false, false, true, false]);
        assert!(!found.table.birth[1].is_some() && found.table.sex[1] == 0);
    }

    #[test]
    fn a_single_slip_of_an_office_is_left_to_the_model() {
        let others: Vec<String> =
            (0..250).map(|at| format!("o{at},赵某,{},,,,", with_check(&format!("99999919700101{at:03}")))).collect();
        let family = ["1,王建国,PARENT,男,1980-01-01,h1,户主", "2,王小宝,PARENT,男,2012-05-01,h1,子女"];
        let roll: Vec<&str> = others.iter().map(String::as_str).chain(family).collect();
        let (found, noted) = records_of(&roll, &["1,王建国,PARENT,男,1980-01-01,,"]);
        assert!(numbered(&found).into_iter().all(|is_numbered| is_numbered) && noted.is_empty());
        assert_eq!(
            records_of(&family, &["1,王建国,PARENT,男,1980-01-01,,"]).1,
            [(0, 2)],
            "in a small file it is a habit"
        );
    }
}
