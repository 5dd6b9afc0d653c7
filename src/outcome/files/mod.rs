//! What does a run leave behind, as tables?
//!
//! Writes and reads back the Parquet files of the contract: `links`, `persons`, `discrepancies`, `rejected`. They go
//! into the folder of a run that is not published yet, which appears as a whole when all of it is on the disk. Row
//! order, row groups and compression are fixed: the same results are the same bytes.

mod read;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, RecordBatch, StringBuilder, UInt32Builder, UInt64Builder};
use arrow::datatypes::{DataType, Field as ArrowField, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

pub use self::read::{batches, column, content, read_discrepancies, read_links, read_persons, read_rejected};
use super::discrepancy::{Discrepancy, Findings, VISIT};
use super::links::Link;
use crate::error::{Error, Kind, Result};
use crate::intake::study::Study;
use crate::linkage::comparison::Comparer;
use crate::person::Rejected;
use crate::person::table::PersonTable;

/// Columns of values that hardly repeat.
const UNIQUE_COLUMNS: [&str; 5] = ["record_l", "record_r", "record_id", "discrepancy", "roll_record"];

/// Rows of a row group in files that we write.
const ROW_GROUP_ROWS: usize = 1 << 17;

/// Name of the links file.
pub const LINKS: &str = "links.parquet";
/// Name of the persons file.
pub const PERSONS: &str = "persons.parquet";
/// Name of the discrepancies file.
pub const DISCREPANCIES: &str = "discrepancies.parquet";
/// Name of the file of rejected rows.
pub const REJECTED: &str = "rejected.parquet";

/// A link or possible link as written.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkRow {
    /// Source and record id of the one record.
    pub one: (String, String),
    /// Source and record id of the other record.
    pub other: (String, String),
    /// log2 Bayes factor.
    pub match_weight: f64,
    /// Match probability.
    pub match_probability: f64,
    /// `link` or `possible`.
    pub decision: String,
}

/// A record and the person it belongs to, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// The person.
    pub person: u64,
    /// The source.
    pub source: String,
    /// The record id.
    pub record_id: String,
}

/// A row that could not be used, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// The source.
    pub source: String,
    /// The file, from the folder of the study file where it lies there.
    pub file: String,
    /// The row within the file.
    pub row: u64,
    /// The column at fault, if it is one.
    pub column: Option<String>,
    /// Why.
    pub reason: String,
}

/// A discrepancy as written.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscrepancyRow {
    /// Its id.
    pub discrepancy: String,
    /// Its kind.
    pub kind: String,
    /// The person.
    pub person: u64,
    /// The roll row at issue.
    pub roll_record: Option<String>,
    /// Area code.
    pub area: String,
    /// Probability that it is real.
    pub probability: f64,
    /// Rank within its kind.
    pub priority: u32,
    /// Evidence, JSON.
    pub evidence: String,
}

impl DiscrepancyRow {
    /// Has a visit answered it?
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.evidence.contains(&format!("\"what\":\"{VISIT}\""))
    }
}

/// Writes `links.parquet`.
///
/// # Errors
/// An environment error if the file cannot be written.
pub fn write_links(
    folder: &Path,
    study: &Study,
    table: &PersonTable,
    comparer: &Comparer<'_>,
    links: &[Link],
) -> Result<u64> {
    let mut fields = vec![
        utf8("source_l"),
        utf8("record_l"),
        utf8("source_r"),
        utf8("record_r"),
        ArrowField::new("match_weight", DataType::Float64, false),
        ArrowField::new("match_probability", DataType::Float64, false),
        utf8("decision"),
    ];
    fields.extend(comparer.comparisons.iter().map(|comparison| utf8(&comparison.name)));
    let batches = links.chunks(ROW_GROUP_ROWS).map(|links| {
        let number = |of: &dyn Fn(&Link) -> f64| {
            let mut builder = Float64Builder::with_capacity(links.len());
            links.iter().for_each(|link| builder.append_value(of(link)));
            Arc::new(builder.finish()) as ArrayRef
        };
        let source = |record: u32| study.sources[table.source(record)].name.as_str();
        let mut columns = vec![
            text_column(links, |link| source(link.pair.0)),
            text_column(links, |link| table.record_id(link.pair.0)),
            text_column(links, |link| source(link.pair.1)),
            text_column(links, |link| table.record_id(link.pair.1)),
            number(&|link| link.weight),
            number(&|link| link.probability),
            text_column(links, |link| if link.linked { "link" } else { "possible" }),
        ];
        for comparison in &comparer.comparisons {
            columns.push(text_column(links, |link| comparison.levels[comparison.level(link.pattern)].name.as_str()));
        }
        columns
    });
    write(folder, LINKS, fields, batches)
}

fn text_column<'a>(links: &[Link], of: impl Fn(&Link) -> &'a str) -> ArrayRef {
    let mut builder = StringBuilder::new();
    links.iter().for_each(|link| builder.append_value(of(link)));
    Arc::new(builder.finish())
}

/// Writes `persons.parquet`: every record of every source with its person, in the order of sources and rows.
///
/// # Errors
/// An environment error if the file cannot be written.
pub fn write_persons(folder: &Path, study: &Study, table: &PersonTable, person_of: &[u32]) -> Result<u64> {
    let fields = vec![ArrowField::new("person", DataType::UInt64, false), utf8("source"), utf8("record_id")];
    let batches = person_of.chunks(ROW_GROUP_ROWS).enumerate().map(|(chunk, persons)| {
        let first = chunk * ROW_GROUP_ROWS;
        let mut ids = UInt64Builder::with_capacity(persons.len());
        let (mut sources, mut records) = (StringBuilder::new(), StringBuilder::new());
        for (at, person) in persons.iter().enumerate() {
            let record = u32::try_from(first + at).unwrap_or(u32::MAX);
            ids.append_value(u64::from(*person));
            sources.append_value(&study.sources[table.source(record)].name);
            records.append_value(table.record_id(record));
        }
        vec![Arc::new(ids.finish()) as ArrayRef, Arc::new(sources.finish()), Arc::new(records.finish())]
    });
    write(folder, PERSONS, fields, batches)
}

/// The id of a discrepancy: its place in the findings, from 1, as `D00000001`.
#[must_use]
pub fn discrepancy_id(at: usize) -> String {
    format!("D{:08}", at + 1)
}

/// Writes `discrepancies.parquet`.
///
/// # Errors
/// An environment error if the file cannot be written.
pub fn write_discrepancies(folder: &Path, table: &PersonTable, findings: &Findings) -> Result<u64> {
    let fields = vec![
        utf8("discrepancy"),
        utf8("kind"),
        ArrowField::new("person", DataType::UInt64, false),
        ArrowField::new("roll_record", DataType::Utf8, true),
        utf8("area"),
        ArrowField::new("probability", DataType::Float64, false),
        ArrowField::new("priority", DataType::UInt32, false),
        utf8("evidence"),
    ];
    let batches = findings
        .discrepancies
        .chunks(ROW_GROUP_ROWS)
        .enumerate()
        .map(|(chunk, rows)| discrepancy_columns(table, rows, chunk * ROW_GROUP_ROWS));
    write(folder, DISCREPANCIES, fields, batches)
}

fn discrepancy_columns(table: &PersonTable, rows: &[Discrepancy], first: usize) -> Vec<ArrayRef> {
    let (mut ids, mut kinds, mut rolls) = (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let (mut areas, mut evidence) = (StringBuilder::new(), StringBuilder::new());
    let mut persons = UInt64Builder::with_capacity(rows.len());
    let mut probabilities = Float64Builder::with_capacity(rows.len());
    let mut priorities = UInt32Builder::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        ids.append_value(discrepancy_id(first + at));
        kinds.append_value(row.kind.name());
        persons.append_value(u64::from(row.person));
        rolls.append_option(row.roll_record.map(|record| table.record_id(record)));
        areas.append_value(&row.area);
        probabilities.append_value(row.probability);
        priorities.append_value(row.priority);
        evidence.append_value(serde_json::to_string(&row.evidence).unwrap_or_default());
    }
    vec![
        Arc::new(ids.finish()),
        Arc::new(kinds.finish()),
        Arc::new(persons.finish()),
        Arc::new(rolls.finish()),
        Arc::new(areas.finish()),
        Arc::new(probabilities.finish()),
        Arc::new(priorities.finish()),
        Arc::new(evidence.finish()),
    ]
}

/// Writes `rejected.parquet`: the rows that could not be used, never their values.
///
/// # Errors
/// An environment error if the file cannot be written.
pub fn write_rejected(folder: &Path, study: &Study, rejected: &[Rejected]) -> Result<u64> {
    let fields = vec![
        utf8("source"),
        utf8("file"),
        ArrowField::new("row", DataType::UInt64, false),
        ArrowField::new("column", DataType::Utf8, true),
        utf8("reason"),
    ];
    let batches = rejected.chunks(ROW_GROUP_ROWS).map(|rows| {
        let (mut sources, mut files, mut columns, mut reasons) =
            (StringBuilder::new(), StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
        let mut numbers = UInt64Builder::with_capacity(rows.len());
        for row in rows {
            let source = &study.sources[row.source];
            sources.append_value(&source.name);
            let file = source.files.get(row.file).map(|file| study.relative(file));
            files.append_value(file.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
            numbers.append_value(row.row);
            columns.append_option(row.column.as_deref());
            reasons.append_value(row.reason);
        }
        vec![
            Arc::new(sources.finish()) as ArrayRef,
            Arc::new(files.finish()),
            Arc::new(numbers.finish()),
            Arc::new(columns.finish()),
            Arc::new(reasons.finish()),
        ]
    });
    write(folder, REJECTED, fields, batches)
}

fn utf8(name: &str) -> ArrowField {
    ArrowField::new(name, DataType::Utf8, false)
}

/// Writes a Parquet file into a folder that nobody looks into yet; gives its number of rows.
///
/// # Errors
/// An environment error if the file cannot be written.
pub fn write(
    folder: &Path,
    name: &str,
    fields: Vec<ArrowField>,
    batches: impl Iterator<Item = Vec<ArrayRef>>,
) -> Result<u64> {
    let schema = Arc::new(Schema::new(fields));
    let path = folder.join(name);
    let file = File::create(&path).map_err(|error| Error::io(&path, &error))?;
    let failed = |what: &str| Error::new(Kind::Environment, format!("cannot write: {what}")).at_file(&path);
    let level = ZstdLevel::try_new(1).map_err(|_| failed("compression level"))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_created_by(String::from("rollcall"));
    // Ids hardly repeat: a dictionary of them costs time and saves nothing.
    let properties = UNIQUE_COLUMNS
        .iter()
        .fold(properties, |all, name| all.set_column_dictionary_enabled(ColumnPath::from(*name), false))
        .build();
    let mut writer =
        ArrowWriter::try_new(&file, Arc::clone(&schema), Some(properties)).map_err(|e| Error::unwritten(&path, &e))?;
    let mut rows = 0;
    for columns in batches {
        let batch =
            RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|_| failed("columns of different lengths"))?;
        rows += batch.num_rows() as u64;
        writer.write(&batch).map_err(|error| Error::unwritten(&path, &error))?;
    }
    writer.close().map_err(|error| Error::unwritten(&path, &error))?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::DiscrepancyRow;
    use crate::outcome::discrepancy::{Evidence, VISIT};

    #[test]
    fn a_row_that_a_visit_has_answered_is_known_by_its_evidence() {
        let row = |what: &'static str| {
            let evidence = [Evidence { what: what.into(), found: "outcome 01".into(), bits: None }];
            DiscrepancyRow {
                discrepancy: String::new(),
                kind: String::new(),
                person: 0,
                roll_record: None,
                area: String::new(),
                probability: 1.0,
                priority: 1,
                evidence: serde_json::to_string(&evidence).unwrap(),
            }
        };
        assert!(row(VISIT).is_settled() && !row("register").is_settled());
    }
}
