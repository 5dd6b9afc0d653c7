//! How does a test get a small study?
//!
//! Takes files that are made up and a study file over them, gives the study with its extracts, and the records in
//! comparable form.

use tempfile::TempDir;

use super::table::PersonTable;
use super::{Standardised, standardise};
use crate::intake::extract::{self, Extract};
use crate::intake::study::{self, Study};
use crate::progress::Silent;

/// How a study file begins of which nothing else matters.
pub(crate) const HEAD: &str = "[study]\nname = \"s\"\n";

/// A source of one file, `NAME.csv`, in a study file. Columns are field and name; of those with a record id, that is
/// `id`.
pub(crate) fn source(name: &str, role: &str, has_id: bool, columns: &[(&str, &str)]) -> String {
    let columns: String = columns.iter().map(|(field, column)| format!("{field} = \"{column}\"\n")).collect();
    let id = if has_id { "record_id = \"id\"\n" } else { "" };
    format!("[[source]]\nname = \"{name}\"\nrole = \"{role}\"\npath = \"{name}.csv\"\n{id}[source.columns]\n{columns}")
}

/// A field that a study file declares.
pub(crate) fn field(name: &str, comparator: &str) -> String {
    format!("[[field]]\nname = \"{name}\"\ncomparator = \"{comparator}\"\n")
}

/// A study over files that go with it.
pub(crate) struct Practice {
    pub study: Study,
    pub extracts: Vec<Extract>,
    _folder: TempDir,
}

impl Practice {
    /// Writes the files (name and text) and the study file, and opens them.
    pub fn of(files: &[(&str, &str)], study: &str) -> Practice {
        let folder = tempfile::tempdir().expect("folder");
        for (name, text) in files.iter().chain(&[("study.toml", study)]) {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        let study = study::file::read(&folder.path().join("study.toml")).expect("study");
        let extracts = extracts_of(&study);
        Practice { study, extracts, _folder: folder }
    }

    /// The records with all that was said of them.
    pub fn standardised(&self) -> Standardised {
        standardise(&self.study, &self.extracts, &Silent).expect("records")
    }

    /// The records.
    pub fn table(&self) -> PersonTable {
        self.standardised().table
    }
}

/// One by one: here two sources may have one content, which [`extract::open_all`] refuses.
fn extracts_of(study: &Study) -> Vec<Extract> {
    (0..study.sources.len()).map(|source| extract::open(study, source).expect("extracts")).collect()
}

/// The records of a study whose files lie where it says.
pub(crate) fn table_of(study: &Study) -> PersonTable {
    let extracts = extracts_of(study);
    standardise(study, &extracts, &Silent).expect("records").table
}
