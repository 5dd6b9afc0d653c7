//! How does a case wait until somebody is sent?
//!
//! Writes and reads back `cases.parquet`: every discrepancy as a case, with what a field worker may see and no more.
//! All lists after those of the run are made from it, by the same code. It holds names of missed persons, as the lists
//! do, and is to be kept like them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;

use super::CaseRow;
use crate::error::{Error, Kind, Result};
use crate::intake::study::Language;
use crate::outcome::files;
use crate::whole_file;

/// Name of the file.
pub const CASES: &str = "cases.parquet";
/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 14;

/// The cases of a run as read back.
#[derive(Debug, Clone)]
pub struct CaseTable {
    /// Language of the lists.
    pub language: Language,
    /// Name of the roll's source.
    pub roll: String,
    /// The cases.
    pub rows: Vec<CaseRow>,
}

/// Writes the table of so many cases, asked for a part at a time, with the language of the lists and the name of the
/// roll's source; gives its number of rows.
///
/// # Errors
/// An environment error if it cannot be written.
pub fn write(
    folder: &Path,
    count: usize,
    cases: impl Fn(Range<usize>) -> Vec<CaseRow>,
    roll: &str,
    language: Language,
) -> Result<u64> {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let language = if language == Language::En { "en" } else { "zh" };
    let batches = (0..count).step_by(BATCH_ROWS).map(|first| {
        let rows = cases(first..(first + BATCH_ROWS).min(count));
        let column = |of: &dyn for<'a> Fn(&'a CaseRow) -> &'a str| {
            let mut builder = StringBuilder::new();
            rows.iter().for_each(|row| builder.append_value(of(row)));
            Arc::new(builder.finish()) as ArrayRef
        };
        let same = |value: &str| Arc::new(StringArray::from_iter_values(rows.iter().map(|_| value))) as ArrayRef;
        let contents: Vec<String> = rows.par_iter().map(|row| serde_json::to_string(row).unwrap_or_default()).collect();
        vec![
            column(&|row| &row.case.number),
            column(&|row| &row.kind),
            column(&|row| &row.area),
            Arc::new(StringArray::from_iter_values(contents)),
            same(language),
            same(roll),
        ]
    });
    let fields = vec![text("case"), text("kind"), text("area"), text("content"), text("language"), text("roll")];
    let rows = files::write(folder, CASES, fields, batches)?;
    // It has the names that all later lists have.
    whole_file::for_owner(&folder.join(CASES))?;
    Ok(rows)
}

/// Reads the table of a run.
///
/// # Errors
/// An input error if it is missing or is not what a run writes.
pub fn read(folder: &Path) -> Result<CaseTable> {
    let path = folder.join(CASES);
    let unusable = || Error::input("this is not a file that a run wrote").at_file(&path);
    let hint = "the folder must hold a finished run of this version: run the study again";
    let file =
        files::content(&path).map_err(|error| if error.kind() == Kind::Input { error.hint(hint) } else { error })?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(ParquetRecordBatchReaderBuilder::build);
    let mut table = CaseTable { language: Language::Zh, roll: String::new(), rows: Vec::new() };
    for batch in reader.map_err(|_| unusable())? {
        let batch = batch.map_err(|_| unusable())?;
        let columns: BTreeMap<&str, &StringArray> =
            ["content", "language", "roll"].into_iter().filter_map(|name| Some((name, texts(&batch, name)?))).collect();
        let [Some(content), Some(language), Some(roll)] =
            ["content", "language", "roll"].map(|name| columns.get(name).copied())
        else {
            return Err(unusable());
        };
        for at in 0..batch.num_rows() {
            table.rows.push(serde_json::from_str(content.value(at)).map_err(|_| unusable())?);
        }
        if batch.num_rows() > 0 {
            table.language = if language.value(0) == "en" { Language::En } else { Language::Zh };
            table.roll = roll.value(0).to_owned();
        }
    }
    Ok(table)
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}
