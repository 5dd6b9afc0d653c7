//! What have clerks decided of single pairs?
//!
//! Takes the table that the study names under `linkage.decisions` (CSV, UTF-8: `source_l`, `record_l`, `source_r`,
//! `record_r`, `same` as 1 or 0; `mark_l` and `mark_r`, which may be missing or empty, say whose records they were),
//! gives [`Decisions`]. `rollcall review decisions` writes such a table; anybody may.

use std::borrow::Cow;
use std::path::Path;

use super::named_table::{self, Form, TableFile};
use crate::error::Result;
use crate::intake::study::Study;

const FORM: Form<7> = Form {
    of: "decisions",
    written_by: "`rollcall review decisions DIR --out FILE`",
    columns: ["source_l", "record_l", "source_r", "record_r", "same", "mark_l", "mark_r"],
    needed: 5,
};

/// Source and record id.
pub type RecordName = (String, String);

/// What was decided of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The two records.
    pub ends: [RecordName; 2],
    /// Marks of the persons whose records they were; empty if the table has none.
    pub marks: [String; 2],
    /// Are they one person?
    pub same: bool,
}

/// A table of decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decisions {
    /// The file.
    pub table: TableFile,
    /// The decisions.
    pub rows: Vec<Decision>,
}

/// With these characters a spreadsheet begins what it computes, and with the first a text that it does not.
const SPREADSHEET: [char; 7] = ['\'', '=', '+', '-', '@', '\t', '\r'];

/// A cell of the table as it is written: a record's id that a spreadsheet would take for a formula is marked as a text.
#[must_use]
pub fn guarded(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(SPREADSHEET) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The cell that was so written.
fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(SPREADSHEET)).unwrap_or(cell)
}

/// Reads the decisions that a study names, if it does.
///
/// # Errors
/// With file and row, if the table is not what is expected. Every row must be right: a decision that is left out in
/// silence would be worse than none.
pub fn read(study: &Study) -> Result<Option<Decisions>> {
    study.linkage.decisions.as_deref().map(read_file).transpose()
}

/// Reads such a table.
///
/// # Errors
/// As [`read`].
pub fn read_file(path: &Path) -> Result<Decisions> {
    let (table, rows) = named_table::read(path, FORM, |_, cells| {
        let [source_l, record_l, source_r, record_r, same, mark_l, mark_r] = cells;
        let same = match same {
            "1" | "true" => true,
            "0" | "false" => false,
            _ => return Err(("same", "expected 1 (one person) or 0 (two persons)")),
        };
        let name = |source: &str, record: &str| (unguarded(source).to_owned(), unguarded(record).to_owned());
        let ends = [name(source_l, record_l), name(source_r, record_r)];
        Ok(Decision { ends, marks: [mark_l, mark_r].map(str::to_owned), same })
    })?;
    Ok(Decisions { table, rows })
}

#[cfg(test)]
mod tests {
    use super::{Decision, read_file};

    fn read(text: &str) -> crate::error::Result<super::Decisions> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("decisions.csv");
        std::fs::write(&path, text).expect("written");
        read_file(&path)
    }

    #[test]
    fn columns_are_found_by_name() {
        let read = read(
            "\u{feff}same,record_l,source_l,source_r,record_r,mark_r\n1,a,roll,health,b,\n0,c,roll,roll,d,abcdefghi\n",
        );
        let decision = |ends: [(&str, &str); 2], mark: &str, same: bool| Decision {
            ends: ends.map(|(source, record)| (source.to_owned(), record.to_owned())),
            marks: [String::new(), mark.to_owned()],
            same,
        };
        assert_eq!(
            read.expect("table").rows,
            [
                decision([("roll", "a"), ("health", "b")], "", true),
                decision([("roll", "c"), ("roll", "d")], "abcdefghi", false)
            ]
        );
    }

    #[test]
    fn no_id_is_a_formula_to_a_spreadsheet_and_each_comes_back_as_it_was() {
        for id in ["=cmd|calc!r00344", "+1", "-1", "@x", "'=x", "'quoted", "plain", "\tx"] {
            let written = super::guarded(id);
            assert!(!written.starts_with(['=', '+', '-', '@', '\t', '\r']), "{written}");
            assert_eq!(super::unguarded(&written), id);
        }
        let read = read("source_l,record_l,source_r,record_r,same\nroll,'=a,health,'b,1\n").expect("table");
        assert_eq!((read.rows[0].ends[0].1.as_str(), read.rows[0].ends[1].1.as_str()), ("=a", "'b"));
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
