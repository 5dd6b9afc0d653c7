//! What did a finished run leave, as tables?
//!
//! Takes the folder of a run, gives the rows of its tables; a file that no run wrote is an input error.

use std::path::Path;

use arrow::array::{Array, Float64Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{DISCREPANCIES, DiscrepancyRow, LINKS, LinkRow, PERSONS, PersonRow, REJECTED, RejectedRow};
use crate::error::{Error, Result};

/// Reads `persons.parquet` of a run.
///
/// # Errors
/// An input error if the file is missing or is not what a run writes.
pub fn read_persons(folder: &Path) -> Result<Vec<PersonRow>> {
    let mut rows = Vec::new();
    for batch in batches(folder, PERSONS)? {
        let batch = batch?;
        let (person, source, record) =
            (column::<UInt64Array>(&batch, "person")?, text(&batch, "source")?, text(&batch, "record_id")?);
        for at in 0..batch.num_rows() {
            rows.push(PersonRow {
                person: person.value(at),
                source: source.value(at).to_owned(),
                record_id: record.value(at).to_owned(),
            });
        }
    }
    Ok(rows)
}

/// Reads `links.parquet` of a run.
///
/// # Errors
/// An input error if the file is missing or is not what a run writes.
pub fn read_links(folder: &Path) -> Result<Vec<LinkRow>> {
    let mut rows = Vec::new();
    for batch in batches(folder, LINKS)? {
        let batch = batch?;
        let texts: Vec<&StringArray> = ["source_l", "record_l", "source_r", "record_r", "decision"]
            .iter()
            .map(|name| text(&batch, name))
            .collect::<Result<_>>()?;
        let weight = column::<Float64Array>(&batch, "match_weight")?;
        let probability = column::<Float64Array>(&batch, "match_probability")?;
        for at in 0..batch.num_rows() {
            let cell = |column: usize| texts[column].value(at).to_owned();
            rows.push(LinkRow {
                one: (cell(0), cell(1)),
                other: (cell(2), cell(3)),
                match_weight: weight.value(at),
                match_probability: probability.value(at),
                decision: cell(4),
            });
        }
    }
    Ok(rows)
}

/// Reads `discrepancies.parquet` of a run.
///
/// # Errors
/// An input error if the file is missing or is not what a run writes.
pub fn read_discrepancies(folder: &Path) -> Result<Vec<DiscrepancyRow>> {
    let mut rows = Vec::new();
    for batch in batches(folder, DISCREPANCIES)? {
        let batch = batch?;
        let (id, kind, roll) = (text(&batch, "discrepancy")?, text(&batch, "kind")?, text(&batch, "roll_record")?);
        let (area, evidence) = (text(&batch, "area")?, text(&batch, "evidence")?);
        let person = column::<UInt64Array>(&batch, "person")?;
        let probability = column::<Float64Array>(&batch, "probability")?;
        let priority = column::<UInt32Array>(&batch, "priority")?;
        for at in 0..batch.num_rows() {
            rows.push(DiscrepancyRow {
                discrepancy: id.value(at).to_owned(),
                kind: kind.value(at).to_owned(),
                person: person.value(at),
                roll_record: (!roll.is_null(at)).then(|| roll.value(at).to_owned()),
                area: area.value(at).to_owned(),
                probability: probability.value(at),
                priority: priority.value(at),
                evidence: evidence.value(at).to_owned(),
            });
        }
    }
    Ok(rows)
}

/// Reads `rejected.parquet` of a run.
///
/// # Errors
/// An input error if the file is missing or is not what a run writes.
pub fn read_rejected(folder: &Path) -> Result<Vec<RejectedRow>> {
    let mut rows = Vec::new();
    for batch in batches(folder, REJECTED)? {
        let batch = batch?;
        let (source, file, reason) = (text(&batch, "source")?, text(&batch, "file")?, text(&batch, "reason")?);
        let (column_of, row) = (text(&batch, "column")?, column::<UInt64Array>(&batch, "row")?);
        for at in 0..batch.num_rows() {
            rows.push(RejectedRow {
                source: source.value(at).to_owned(),
                file: file.value(at).to_owned(),
                row: row.value(at),
                column: (!column_of.is_null(at)).then(|| column_of.value(at).to_owned()),
                reason: reason.value(at).to_owned(),
            });
        }
    }
    Ok(rows)
}

/// Reads a file of a run as a whole, before anything is made of it: a read that the disk fails would be called a fault
/// of the file by the library that decodes it.
///
/// # Errors
/// As the system says.
pub fn content(path: &Path) -> Result<Bytes> {
    std::fs::read(path).map(Bytes::from).map_err(|error| Error::io(path, &error))
}

/// The rows of a table of a run, batch by batch.
///
/// # Errors
/// An input error if the file is missing or is not what a run writes.
pub fn batches(folder: &Path, name: &str) -> Result<impl Iterator<Item = Result<RecordBatch>>> {
    let path = folder.join(name);
    let file = content(&path)?;
    let unusable = move || Error::input("this is not a file that a run wrote").at_file(&path);
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|_| unusable())?;
    let reader = builder.build().map_err(|_| unusable())?;
    Ok(reader.map(move |batch| batch.map_err(|_| unusable())))
}

/// A column of a batch.
///
/// # Errors
/// An input error if there is none, or it is of another type than a run writes.
pub fn column<'a, T: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a T> {
    let column = batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref::<T>());
    column.ok_or_else(|| Error::input("the column is missing, or of another type than a run writes").at_column(name))
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    column::<StringArray>(batch, name)
}
