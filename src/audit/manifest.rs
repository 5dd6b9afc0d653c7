//! What went in, what came out, and do the counts add up?
//!
//! `manifest.json` is written last: a folder without it is not a finished run. Keys are in a fixed order; no clock and
//! no machine name is in it, so the same run is the same bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::digest;
use crate::error::{Error, Kind, Result, inert};
use crate::tally::Tally;

/// Name of the manifest file.
pub const MANIFEST: &str = "manifest.json";

/// The run itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Program name and version.
    pub program: String,
    /// Version of the layout of this file.
    pub format: u32,
    /// The study.
    pub study: StudyEntry,
    /// Every input file.
    pub inputs: Vec<InputEntry>,
    /// Rows by source: in = out + set aside.
    pub sources: Vec<SourceEntry>,
    /// Sources of which more rows were set aside than the study allows: the outputs are whole, and lack persons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected_too_many: Vec<String>,
    /// Counts by stage; see [`Manifest::check`] for what must add up.
    pub counts: BTreeMap<String, u64>,
    /// Every output file but the manifest.
    pub outputs: Vec<OutputEntry>,
}

/// The study of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyEntry {
    /// Its name.
    pub name: String,
    /// The study file.
    pub file: PathBuf,
    /// SHA-256 of the study file.
    pub digest: String,
    /// Reference time.
    pub reference_time: String,
    /// Division code of the area under study; empty if there is none.
    #[serde(default)]
    pub area: String,
    /// Seed of everything random.
    pub seed: u64,
}

/// What stands for the source of clerks' decisions among the inputs.
pub const DECISIONS: &str = "linkage.decisions";

/// What stands for the source of what visits found among the inputs.
pub const OUTCOMES: &str = "follow_up.outcomes";

/// An input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputEntry {
    /// The source it belongs to.
    pub source: String,
    /// Where it was.
    pub file: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
    /// Data rows.
    pub rows: u64,
    /// Number of the last one, if blank rows lie between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_row: Option<u64>,
    /// SHA-256.
    pub digest: String,
}

/// The rows of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEntry {
    /// The source.
    pub source: String,
    /// Is it the roll? (Versions before did not say so.)
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub roll: bool,
    /// Rows read.
    pub rows_in: u64,
    /// Rows that became records.
    pub rows_out: u64,
    /// Rows set aside, by reason.
    pub set_aside: BTreeMap<String, u64>,
    /// What was mended or noticed.
    pub noted: BTreeMap<String, u64>,
}

impl SourceEntry {
    /// A source's tally by name.
    #[must_use]
    pub fn of(source: &str, roll: bool, tally: &Tally) -> SourceEntry {
        SourceEntry {
            source: source.to_owned(),
            roll,
            rows_in: tally.rows_in,
            rows_out: tally.rows_out,
            set_aside: tally.set_aside.clone(),
            noted: tally.noted.clone(),
        }
    }
}

/// An output file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputEntry {
    /// Its path below the run's folder, with `/`.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Rows, for tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// SHA-256.
    pub digest: String,
}

impl Manifest {
    /// The file that a row of a source (from 0) is in, and the row within the file (from 1).
    #[must_use]
    pub fn place(&self, source: &str, mut row: u64) -> (String, u64) {
        for input in self.inputs.iter().filter(|input| input.source == source) {
            let last_row = input.last_row.unwrap_or(input.rows);
            if row < last_row {
                return (inert(&input.file.display().to_string()), row + 1);
            }
            row -= last_row;
        }
        (String::from("?"), row + 1)
    }

    /// Do the counts add up? Gives a sentence for each that does not.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for source in &self.sources {
            let aside: u64 = source.set_aside.values().sum();
            if source.rows_in != source.rows_out + aside {
                wrong.push(format!(
                    "{}: {} rows in, {} out and {aside} set aside",
                    source.source, source.rows_in, source.rows_out
                ));
            }
            let files: u64 =
                self.inputs.iter().filter(|input| input.source == source.source).map(|input| input.rows).sum();
            if files != source.rows_in {
                wrong.push(format!("{}: its files have {files} rows, {} were read", source.source, source.rows_in));
            }
        }
        let count = |name: &str| self.counts.get(name).copied().unwrap_or(0);
        let records: u64 = self.sources.iter().map(|source| source.rows_out).sum();
        let rows_of =
            |name: &str| self.outputs.iter().find(|output| output.file == name).and_then(|output| output.rows);
        let aside: u64 = self.sources.iter().map(|source| source.set_aside.values().sum::<u64>()).sum();
        let equal = [
            ("records of persons.parquet and of the sources", rows_of("persons.parquet"), records),
            ("rows of rejected.parquet and rows set aside", rows_of("rejected.parquet"), aside),
            (
                "rows of links.parquet and links plus possible links",
                rows_of("links.parquet"),
                count("links") + count("possible_links"),
            ),
            (
                "rows of discrepancies.parquet and discrepancies",
                rows_of("discrepancies.parquet"),
                count("discrepancies"),
            ),
        ];
        for (what, rows, expected) in equal {
            if rows != Some(expected) {
                wrong.push(format!(
                    "{what}: {} and {expected}",
                    rows.map_or_else(|| "none".to_owned(), |rows| rows.to_string())
                ));
            }
        }
        wrong
    }

    /// The text of its file.
    ///
    /// # Errors
    /// An environment error if it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self);
        text.map(|text| text + "\n")
            .map_err(|_| Error::new(Kind::Environment, "the manifest cannot be written as JSON"))
    }

    /// Reads the manifest of a run.
    ///
    /// # Errors
    /// An input error if there is none or it is not a manifest.
    pub fn read(folder: &Path) -> Result<Manifest> {
        let path = folder.join(MANIFEST);
        let facts = std::fs::metadata(&path).map_err(|error| {
            Error::io(&path, &error).also(String::from(
                "a run writes its manifest last: without one the run did not finish, or this is not a run's folder",
            ))
        })?;
        if !facts.is_file() {
            return Err(no_file(&path));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| Error::io(&path, &error))?;
        serde_json::from_str(&text).map_err(|error| {
            Error::new(Kind::Verification, "this is not a manifest that a run wrote")
                .at_file(&path)
                .at_row(error.line() as u64)
        })
    }
}

/// Describes an output file: size and digest.
///
/// # Errors
/// An environment error if it cannot be read back; a verification error if it is no file.
pub fn describe(folder: &Path, name: &str, rows: Option<u64>) -> Result<OutputEntry> {
    let path = folder.join(name);
    check_file(&path)?;
    let (bytes, digest) = content(&path)?;
    Ok(OutputEntry { file: name.to_owned(), bytes, rows, digest })
}

/// Is it a file that a run can have written? A link leads elsewhere, and a pipe would be waited for without end.
///
/// # Errors
/// A verification error if it is not; an input error if there is nothing.
pub fn check_file(path: &Path) -> Result<()> {
    let facts = std::fs::symlink_metadata(path).map_err(|error| Error::io(path, &error))?;
    if facts.is_file() { Ok(()) } else { Err(no_file(path)) }
}

fn no_file(path: &Path) -> Error {
    Error::new(Kind::Verification, "this is no file: a link, a folder or a pipe stands in its place").at_file(path)
}

/// SHA-256 of a file.
///
/// # Errors
/// As [`describe`].
pub fn digest_of(path: &Path) -> Result<String> {
    Ok(content(path)?.1)
}

/// Size and digest of a file.
fn content(path: &Path) -> Result<(u64, String)> {
    let mut file = File::open(path).map_err(|error| Error::io(path, &error))?;
    digest::of_reader(&mut file).map_err(|error| Error::io(path, &error))
}
