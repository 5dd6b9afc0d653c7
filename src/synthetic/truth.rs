//! Who is who, in truth?
//!
//! Writes the two tables of truth of a district, `truth_records.parquet` (source, record, person) and
//! `truth_persons.parquet` (what each person is to the census); reads the first one back, from this or any other
//! maker, as Parquet or CSV, to judge a run against it.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::person::{Block, Person};
use super::place::District;
use super::sheet::{Cell, Column, Row};
use crate::error::{Error, Result};

/// File of records and persons.
pub const RECORDS_FILE: &str = "truth_records.parquet";
/// File of persons.
pub const PERSONS_FILE: &str = "truth_persons.parquet";

/// Columns of the table of records.
pub const RECORDS: &[(&str, Column)] =
    &[("source", Column::Text), ("record_id", Column::Key), ("person", Column::Count)];

/// Columns of the table of persons. `resident`: counted here by the rules of the census; `enumerated`: there is a row
/// of the roll by which the person is counted (item D7 says it lives there, or it has only just left); a resident who is
/// not enumerated is missed, and can be found if `in_register`.
pub const PERSONS: &[(&str, Column)] = &[
    ("person", Column::Count),
    ("name", Column::Text),
    ("id_number", Column::Key),
    ("sex", Column::Text),
    ("birth_date", Column::Day),
    ("status", Column::Text),
    ("resident", Column::Flag),
    ("enumerated", Column::Flag),
    ("in_register", Column::Flag),
    ("roll_rows", Column::Count),
    ("register_rows", Column::Count),
    ("community", Column::Text),
    ("enumeration_area", Column::Text),
    ("death_date", Column::Day),
];

/// How many rows there are about somebody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traces {
    /// Rows of the roll.
    pub roll: u64,
    /// Rows of the registers.
    pub registers: u64,
    /// Is there a row of the roll by which the person is counted here?
    pub counted: bool,
}

impl Traces {
    /// Is this a missed person: a resident without a row by which it is counted?
    #[must_use]
    pub fn is_missed(&self, person: &Person) -> bool {
        person.status.is_resident() && !self.counted
    }
}

/// The rows of the table of persons for one block.
#[must_use]
pub fn persons(district: &District, block: &Block, traces: &[Traces]) -> Vec<Row> {
    let row = |(position, (person, traces)): (usize, (&Person, &Traces))| Row {
        person: position as u64,
        cells: vec![
            Cell::Empty,
            Cell::Text(person.name.text.clone()),
            Cell::Text(person.number.clone()),
            Cell::Code(if person.male { "1" } else { "2" }),
            Cell::Day(person.birth),
            Cell::Code(person.status.name()),
            Cell::Flag(person.status.is_resident()),
            Cell::Flag(traces.counted),
            Cell::Flag(traces.registers > 0),
            Cell::Count(traces.roll),
            Cell::Count(traces.registers),
            Cell::Text(district.community(person.home).code.clone()),
            Cell::Text(district.enumeration_area(person.home)),
            Cell::day(person.death),
        ],
    };
    block.persons.iter().zip(traces).enumerate().map(row).collect()
}

/// One line of a table of truth: source, record id, person.
pub type TruthRecord = (String, String, String);

/// Reads a table of truth: Parquet, or CSV if the name ends so. Columns `source`, `record_id` and `person` (or `uid`,
/// or `cluster`); others are ignored.
///
/// # Errors
/// The file cannot be read, or a column is missing or empty in some row.
pub fn read_truth(path: &Path) -> Result<Vec<TruthRecord>> {
    let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    if is_csv { read_csv(path) } else { read_parquet(path) }
}

/// Positions of the three columns among these names.
fn find_columns<'a>(path: &Path, names: impl Iterator<Item = &'a str>) -> Result<[usize; 3]> {
    let names: Vec<&str> = names.map(|name| name.trim_start_matches('\u{feff}')).collect();
    let find = |accepted: &[&str]| {
        accepted.iter().find_map(|wanted| names.iter().position(|name| name == wanted)).ok_or_else(|| {
            Error::input(format!("a truth table needs a column `{}`", accepted.join("` or `"))).at_file(path)
        })
    };
    Ok([find(&["source"])?, find(&["record_id"])?, find(&["person", "uid", "cluster"])?])
}

fn read_csv(path: &Path) -> Result<Vec<TruthRecord>> {
    let unreadable = |error: csv::Error| match error.position() {
        Some(position) => Error::input("not a readable CSV line").at_file(path).at_row(position.line()),
        None => Error::input("not a readable CSV file").at_file(path),
    };
    let file = File::open(path).map_err(|error| Error::io(path, &error))?;
    let mut reader = csv::Reader::from_reader(file);
    let headers = reader.headers().map_err(unreadable)?.clone();
    let columns = find_columns(path, headers.iter())?;
    let mut records = Vec::new();
    for (row, line) in reader.records().enumerate() {
        let line = line.map_err(unreadable)?;
        let [source, record, person] = columns.map(|column| line.get(column).unwrap_or_default().to_owned());
        if source.is_empty() || record.is_empty() || person.is_empty() {
            return Err(incomplete(path, row));
        }
        records.push((source, record, person));
    }
    Ok(records)
}

fn incomplete(path: &Path, row: usize) -> Error {
    Error::input("a truth record needs source, record and person").at_file(path).at_row(row as u64 + 1)
}

fn read_parquet(path: &Path) -> Result<Vec<TruthRecord>> {
    let unreadable = |_: &dyn std::error::Error| Error::input("this is not a readable Parquet file").at_file(path);
    let file = File::open(path).map_err(|error| Error::io(path, &error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(&error))?;
    let schema = builder.schema().clone();
    let columns = find_columns(path, schema.fields().iter().map(|field| field.name().as_str()))?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), columns);
    let names = columns.map(|column| schema.field(column).name().clone());
    let reader = builder.with_projection(mask).build().map_err(|error| unreadable(&error))?;
    let mut records = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|error| unreadable(&error))?;
        append(path, &batch, &names, &mut records)?;
    }
    Ok(records)
}

fn append(path: &Path, batch: &RecordBatch, names: &[String; 3], records: &mut Vec<TruthRecord>) -> Result<()> {
    let mut texts = Vec::with_capacity(3);
    for name in names {
        let column = batch.column_by_name(name).ok_or_else(|| Error::input("column lost in reading").at_file(path))?;
        let text = cast(column, &DataType::Utf8)
            .map_err(|_| Error::input("cannot be read as text").at_file(path).at_column(name.as_str()))?;
        texts.push(text);
    }
    let columns: Vec<_> = texts.iter().map(arrow::array::AsArray::as_string::<i32>).collect();
    for row in 0..batch.num_rows() {
        if columns.iter().any(|column| column.is_null(row)) {
            return Err(incomplete(path, records.len()));
        }
        if let [source, record, person] = columns.as_slice() {
            records.push((source.value(row).to_owned(), record.value(row).to_owned(), person.value(row).to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::read_truth;

    #[test]
    fn a_csv_may_call_the_person_uid_or_cluster() {
        for name in ["person", "uid", "cluster"] {
            let folder = tempfile::tempdir().expect("folder");
            let path = folder.path().join("truth.csv");
            std::fs::write(&path, format!("note,source,{name},record_id\nx,roll,17,R1\n,health,17,M3\n"))
                .expect("written");
            let records = read_truth(&path).expect("readable");
            assert_eq!(records[1], ("health".to_owned(), "M3".to_owned(), "17".to_owned()));
            std::fs::write(&path, "source,record_id,human\nroll,R1,17\n").expect("written");
            assert!(read_truth(&path).is_err());
            std::fs::write(&path, format!("source,record_id,{name}\nroll,,17\n")).expect("written");
            assert_eq!(read_truth(&path).expect_err("no record id").place().row, Some(1));
        }
    }
}
