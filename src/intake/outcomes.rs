//! What have visits found?
//!
//! Takes the table that the study names under `follow_up.outcomes` (CSV, UTF-8: `kind`, `outcome`, `records`, and
//! perhaps `case` and `visited_on`), gives [`Outcomes`]: texts, of which a later room knows the meaning. `rollcall
//! follow-up outcomes` writes such a table; records stand in it as digests, several separated by a space, each with the
//! mark of its person (`digest.mark`; without marks in older tables).

use std::path::Path;

use super::named_table::{self, Form, TableFile};
use crate::error::Result;
use crate::intake::study::Study;

const FORM: Form<5> = Form {
    of: "outcomes",
    written_by: "`rollcall follow-up outcomes DIR --out FILE`",
    columns: ["kind", "outcome", "records", "case", "visited_on"],
    needed: 3,
};

/// How a visit ended, as the table says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeRow {
    /// Row of the table, as a spreadsheet shows it.
    pub row: u64,
    /// Name of the kind of discrepancy.
    pub kind: String,
    /// Code of the outcome.
    pub outcome: String,
    /// Digests of the records that the case rests on, with the marks of their persons.
    pub records: Vec<String>,
    /// Number of the case; empty if the table has none.
    pub case: String,
    /// The day of the visit; empty if it is not said.
    pub visited_on: String,
}

/// A table of outcomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcomes {
    /// The file.
    pub table: TableFile,
    /// The outcomes.
    pub rows: Vec<OutcomeRow>,
}

/// Reads the outcomes that a study names, if it does.
///
/// # Errors
/// With file and row, if the table is not what is expected.
pub fn read(study: &Study) -> Result<Option<Outcomes>> {
    study.follow_up.outcomes.as_deref().map(read_file).transpose()
}

/// Reads such a table.
///
/// # Errors
/// With file and row, if it is not what is expected.
pub fn read_file(path: &Path) -> Result<Outcomes> {
    let (table, rows) = named_table::read(path, FORM, |row, cells| {
        let [kind, outcome, records, case, visited_on] = cells.map(str::to_owned);
        let records = records.split_ascii_whitespace().map(str::to_owned).collect();
        Ok(OutcomeRow { row, kind, outcome, records, case, visited_on })
    })?;
    Ok(Outcomes { table, rows })
}

#[cfg(test)]
mod tests {
    use super::{OutcomeRow, read_file};

    fn read(text: &str) -> crate::error::Result<super::Outcomes> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("outcomes.csv");
        std::fs::write(&path, text).expect("written");
        read_file(&path)
    }

    #[test]
    fn columns_are_found_by_name() {
        let rows = read("\u{feff}case,records,kind,outcome\n7K2M-4Q9X,aa bb,missed_person,01\n").expect("table").rows;
        let records = vec![String::from("aa"), String::from("bb")];
        let (kind, outcome) = (String::from("missed_person"), String::from("01"));
        let (case, visited_on) = (String::from("7K2M-4Q9X"), String::new());
        assert_eq!(rows, [OutcomeRow { row: 2, kind, outcome, records, case, visited_on }]);
    }

    #[test]
    fn a_wrong_row_is_named_without_its_value() {
        let text = read("kind,outcome,records\nmissed_person,01,aa\nSECRET,,bb\n").expect_err("wrong").to_string();
        assert!(text.contains(":3: outcome") && !text.contains("SECRET"), "{text}");
        assert!(read("kind,outcome\n").expect_err("column").to_string().contains("records"));
    }
}
