//! What have visits found?
//!
//! Takes the table that the study names under `follow_up.outcomes` (CSV, UTF-8: `kind`, `outcome`, `records`), gives
//! [`Outcomes`]: texts, of which a later room knows the meaning. `rollcall follow-up outcomes` writes such a table; records
//! stand in it as digests, several separated by a space.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::intake::study::Study;
use crate::intake::study::file::hex;

/// Largest table, in bytes.
const BYTES_MAX: u64 = 1 << 30;

/// The columns, in any order among others.
pub const COLUMNS: [&str; 3] = ["kind", "outcome", "records"];

/// How a visit ended, as the table says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeRow {
    /// Row of the table, as a spreadsheet shows it.
    pub row: u64,
    /// Name of the kind of discrepancy.
    pub kind: String,
    /// Code of the outcome.
    pub outcome: String,
    /// Digests of the records that the case rests on.
    pub records: Vec<String>,
}

/// A table of outcomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcomes {
    /// The file.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub digest: String,
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

fn read_file(path: &Path) -> Result<Outcomes> {
    let io = |error: std::io::Error| Error::io(path, &error);
    if std::fs::metadata(path).map_err(io)?.len() > BYTES_MAX {
        return Err(Error::input("is too large for a table of outcomes").at_file(path));
    }
    let bytes = std::fs::read(path).map_err(io)?;
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let heading = reader.byte_headers().map_err(|_| Error::input("has no heading row").at_file(path))?;
    let mut columns = [0; 3];
    for (name, at) in COLUMNS.iter().zip(&mut columns) {
        let missing = || {
            let error = Error::input("the column is missing").at_file(path).at_column(*name);
            error.hint("`rollcall follow-up outcomes DIR --out FILE` writes a table of outcomes")
        };
        *at = heading.iter().position(|cell| cell == name.as_bytes()).ok_or_else(missing)?;
    }
    let mut rows = Vec::new();
    for (row, record) in (2u64..).zip(reader.byte_records()) {
        let wrong = |column: &str, what: &str| Error::input(what).at_file(path).at_row(row).at_column(column);
        let record = record.map_err(|_| wrong("", "expected a row of a CSV table"))?;
        let cell = |at: usize| {
            let text = record.get(columns[at]).and_then(|cell| std::str::from_utf8(cell).ok()).map(str::trim);
            text.filter(|text| !text.is_empty())
                .ok_or_else(|| wrong(COLUMNS[at], "expected UTF-8 text, found nothing or other bytes"))
        };
        let records = cell(2)?.split_ascii_whitespace().map(str::to_owned).collect();
        rows.push(OutcomeRow { row, kind: cell(0)?.to_owned(), outcome: cell(1)?.to_owned(), records });
    }
    let digest = hex(&Sha256::digest(&bytes));
    Ok(Outcomes { file: path.to_path_buf(), bytes: bytes.len() as u64, digest, rows })
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
        assert_eq!(rows, [OutcomeRow { row: 2, kind, outcome, records }]);
    }

    #[test]
    fn a_wrong_row_is_named_without_its_value() {
        let text = read("kind,outcome,records\nmissed_person,01,aa\nSECRET,,bb\n").expect_err("wrong").to_string();
        assert!(text.contains(":3: outcome") && !text.contains("SECRET"), "{text}");
        assert!(read("kind,outcome\n").expect_err("column").to_string().contains("records"));
    }
}
