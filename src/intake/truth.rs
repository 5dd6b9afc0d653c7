//! Who is who, by somebody who knows?
//!
//! Takes tables of truth from this or any other maker (Parquet, CSV or a workbook), gives what they say of records, of
//! persons, or of pairs, to judge a run against.

use std::path::Path;

use rustc_hash::FxHashMap;

use crate::error::{Error, Result};
use crate::intake::extract::table;

/// What a record of truth may call its person.
const PERSON: &[&str] = &["person", "uid", "cluster"];

/// What a person is to the census.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonTruth {
    /// The person, as the records name it.
    pub person: String,
    /// Counted here by the rules of the census.
    pub resident: bool,
    /// There is a row of the roll by which the person is counted.
    pub enumerated: bool,
}

/// Which person each record is: source, record id, person (columns `source`, `record_id`, and `person` or `uid` or
/// `cluster`).
///
/// # Errors
/// The file cannot be read, or a column is missing or empty in some row.
pub fn records(path: &Path) -> Result<Vec<(String, String, String)>> {
    let rows = table::texts(path, [&["source"], &["record_id"], PERSON])?;
    if let Some(at) = rows.iter().position(|row| row.iter().any(String::is_empty)) {
        let error = Error::input("a truth record needs source, record and person");
        return Err(error.at_file(path).at_row(at as u64 + 1));
    }
    if let Some((row, rows)) = contradictions(&rows) {
        tracing::warn!(row, rows, "rows of the table of truth give a record to another person than a row before does");
    }
    Ok(rows.into_iter().map(|[source, record, person]| (source, record, person)).collect())
}

/// The first row, from 1, that gives a record to another person than a row before it, and how many do.
fn contradictions(rows: &[[String; 3]]) -> Option<(u64, u64)> {
    let mut persons: FxHashMap<(&str, &str), &str> = FxHashMap::default();
    let mut found = None;
    for ([source, record, person], row) in rows.iter().zip(1..) {
        if *persons.entry((source, record)).or_insert(person) != person {
            let (_, count) = found.get_or_insert((row, 0));
            *count += 1;
        }
    }
    found
}

/// What each person is to the census (columns `person` or `uid` or `cluster`, and `resident`, `enumerated`: `true` or
/// not).
///
/// # Errors
/// The file cannot be read, or a column is missing, or a person has no number.
pub fn persons(path: &Path) -> Result<Vec<PersonTruth>> {
    let rows = table::texts(path, [PERSON, &["resident"], &["enumerated"]])?;
    if let Some(at) = rows.iter().position(|[person, ..]| person.is_empty()) {
        return Err(Error::input("a true person needs a number").at_file(path).at_row(at as u64 + 1));
    }
    let says = |cell: &str| cell.eq_ignore_ascii_case("true") || cell == "1";
    let person = |[person, resident, enumerated]: [String; 3]| PersonTruth {
        person,
        resident: says(&resident),
        enumerated: says(&enumerated),
    };
    Ok(rows.into_iter().map(person).collect())
}

/// Pairs of records that are one person (columns `id_l`, `id_r` or `id_a`, `id_b`).
///
/// # Errors
/// The file cannot be read, or a column is missing.
pub fn pairs(path: &Path) -> Result<Vec<[String; 2]>> {
    table::texts(path, [&["id_l", "id_a"], &["id_r", "id_b"]])
}

#[cfg(test)]
mod tests {
    use super::{contradictions, persons, records};

    #[test]
    fn a_csv_may_call_the_person_uid_or_cluster() {
        for name in ["person", "uid", "cluster"] {
            let folder = tempfile::tempdir().expect("folder");
            let path = folder.path().join("truth.csv");
            std::fs::write(&path, format!("note,source,{name},record_id\nx,roll,17,R1\n,health,17,M3\n"))
                .expect("written");
            let found = records(&path).expect("readable");
            assert_eq!(found[1], ("health".to_owned(), "M3".to_owned(), "17".to_owned()));
            std::fs::write(&path, "source,record_id,human\nroll,R1,17\n").expect("written");
            assert!(records(&path).is_err());
            std::fs::write(&path, format!("source,record_id,{name}\nroll,,17\n")).expect("written");
            assert_eq!(records(&path).expect_err("no record id").place().row, Some(1));
        }
    }

    #[test]
    fn a_record_of_two_persons_is_noticed() {
        let rows = |persons: &[&str]| -> Vec<[String; 3]> {
            persons.iter().map(|person| ["roll", "R1", person].map(str::to_owned)).collect()
        };
        assert_eq!(contradictions(&rows(&["7", "7"])), None);
        assert_eq!(contradictions(&rows(&["7", "7", "8", "7", "9"])), Some((3, 2)));
    }

    #[test]
    fn a_person_is_a_resident_only_where_it_says_so() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("persons.csv");
        std::fs::write(&path, "uid,resident,enumerated\n1,true,false\n2,TRUE,1\n3,,no\n").expect("written");
        let found: Vec<(bool, bool)> =
            persons(&path).expect("readable").iter().map(|person| (person.resident, person.enumerated)).collect();
        assert_eq!(found, [(true, false), (true, true), (false, false)]);
        std::fs::write(&path, "uid,resident,enumerated\n,true,false\n").expect("written");
        assert_eq!(persons(&path).expect_err("no number").place().row, Some(1));
    }
}
