//! What have clerks decided of single pairs?
//!
//! Takes the table that the study names under `linkage.decisions` (CSV, UTF-8: `source_l`, `record_l`, `source_r`, `record_r`,
//! `same` as 1 or 0), gives [`Decisions`]. `rollcall review decisions` writes such a table; anybody may.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::intake::study::Study;
use crate::intake::study::file::hex;

/// Largest table, in bytes.
const BYTES_MAX: u64 = 1 << 30;

/// The columns, in any order among others.
const COLUMNS: [&str; 5] = ["source_l", "record_l", "source_r", "record_r", "same"];

/// Source and record id.
pub type RecordName = (String, String);

/// A table of decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decisions {
    /// The file.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub digest: String,
    /// The pairs, and whether they are one person.
    pub rows: Vec<([RecordName; 2], bool)>,
}

/// Reads the decisions that a study names, if it does.
///
/// # Errors
/// With file and row, if the table is not what is expected. Every row must be right: a decision that is left out in
/// silence would be worse than none.
pub fn read(study: &Study) -> Result<Option<Decisions>> {
    study.linkage.decisions.as_deref().map(read_file).transpose()
}

fn read_file(path: &Path) -> Result<Decisions> {
    let io = |error: std::io::Error| Error::io(path, &error);
    if std::fs::metadata(path).map_err(io)?.len() > BYTES_MAX {
        return Err(Error::input("is too large for a table of decisions").at_file(path));
    }
    let bytes = std::fs::read(path).map_err(io)?;
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let heading = reader.byte_headers().map_err(|_| Error::input("has no heading row").at_file(path))?;
    let mut columns = [0; 5];
    for (name, at) in COLUMNS.iter().zip(&mut columns) {
        let found = heading.iter().position(|cell| cell == name.as_bytes());
        let missing = || {
            let error = Error::input("the column is missing").at_file(path).at_column(*name);
            error.hint("`rollcall review decisions DIR --out FILE` writes a table of decisions")
        };
        *at = found.ok_or_else(missing)?;
    }
    let mut rows = Vec::new();
    for (row, record) in (2u64..).zip(reader.byte_records()) {
        let wrong = |column: &str, what: &str| Error::input(what).at_file(path).at_row(row).at_column(column);
        let record = record.map_err(|_| wrong("", "expected a row of a CSV table"))?;
        let cell = |at: usize| {
            let text = record.get(columns[at]).and_then(|cell| std::str::from_utf8(cell).ok()).map(str::trim);
            let known = text.filter(|text| !text.is_empty());
            known
                .map(str::to_owned)
                .ok_or_else(|| wrong(COLUMNS[at], "expected UTF-8 text, found nothing or other bytes"))
        };
        let same = match cell(4)?.as_str() {
            "1" | "true" => true,
            "0" | "false" => false,
            _ => return Err(wrong(COLUMNS[4], "expected 1 (one person) or 0 (two persons)")),
        };
        rows.push(([(cell(0)?, cell(1)?), (cell(2)?, cell(3)?)], same));
    }
    let digest = hex(&Sha256::digest(&bytes));
    Ok(Decisions { file: path.to_path_buf(), bytes: bytes.len() as u64, digest, rows })
}

#[cfg(test)]
mod tests {
    use super::read_file;

    fn read(text: &str) -> crate::error::Result<super::Decisions> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("decisions.csv");
        std::fs::write(&path, text).expect("written");
        read_file(&path)
    }

    #[test]
    fn columns_are_found_by_name() {
        let read = read("\u{feff}same,record_l,source_l,source_r,record_r,x\n1,a,roll,health,b,\n0,c,roll,roll,d,\n");
        let name = |source: &str, record: &str| (source.to_owned(), record.to_owned());
        assert_eq!(
            read.expect("table").rows,
            [([name("roll", "a"), name("health", "b")], true), ([name("roll", "c"), name("roll", "d")], false)]
        );
    }

    #[test]
    fn a_wrong_row_is_named_without_its_value() {
        let error = read("source_l,record_l,source_r,record_r,same\nroll,a,health,b,1\nroll,a,health,b,SECRET\n");
        let text = error.expect_err("wrong").to_string();
        assert!(text.contains(":3: same") && !text.contains("SECRET"), "{text}");
        assert!(read("source_l,record_l,source_r,same\n").expect_err("column").to_string().contains("record_r"));
        assert!(read("source_l,record_l,source_r,record_r,same\n,a,health,b,1\n").is_err());
    }
}
