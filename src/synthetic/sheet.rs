//! How do rows become an extract?
//!
//! Takes [`Row`]s of cells, gives a Parquet file: written batch by batch under a hidden name and renamed when it is
//! whole, with fixed writer properties, so that the same rows give the same bytes. Rows get their record ids here, in
//! the order in which they stand in the file. (Page checksums are left out: the writer cannot make them yet.)

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, NullArray, StringBuilder, UInt64Builder};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use crate::error::{Error, Kind, Result};
use crate::whole_file;

/// Rows in a row group.
const ROW_GROUP_ROWS: usize = 131_072;
/// Rows that are turned into columns together.
const CACHED_ROWS: usize = 1_024;

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A word that never varies: a code.
    Code(&'static str),
    /// Text.
    Text(String),
    /// Days since 1970-01-01.
    Day(i32),
    /// A measure.
    Number(f64),
    /// A count or an identifier.
    Count(u64),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    /// Text, or nothing.
    #[must_use]
    pub fn text(text: Option<String>) -> Cell {
        text.map_or(Cell::Empty, Cell::Text)
    }

    /// A day, or nothing.
    #[must_use]
    pub fn day(day: Option<i32>) -> Cell {
        day.map_or(Cell::Empty, Cell::Day)
    }
}

/// One row: whose it is, in truth, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The person's position in its block, later its number in the district.
    pub person: u64,
    /// Cells in the order of the columns; of an extract, the first is the record id and stays empty until writing.
    pub cells: Vec<Cell>,
}

/// What is written in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Text and codes.
    Text,
    /// Text that hardly repeats, so that a dictionary of it would only cost time.
    Key,
    /// Dates.
    Day,
    /// Measures.
    Number,
    /// Counts and identifiers.
    Count,
    /// Yes or no.
    Flag,
    /// A column that the department never fills.
    Void,
}

/// An extract that is being written.
pub struct Sheet {
    path: PathBuf,
    columns: &'static [(&'static str, Column)],
    schema: Arc<Schema>,
    writer: ArrowWriter<File>,
    rows: u64,
    /// The last to be dropped, when the file is closed.
    hidden: Unfinished,
}

/// A file under its hidden name, which is gone when this is dropped: a district that cannot be made leaves nothing of
/// itself. Once the file has its own name, there is nothing here to remove.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // What failed is said; that this fails, too, would be no news.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Sheet {
    /// Begins the file.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(folder: &Path, file: &str, columns: &'static [(&'static str, Column)]) -> Result<Sheet> {
        let path = folder.join(file);
        let hidden = Unfinished(whole_file::hidden(&path));
        let fields: Vec<Field> =
            columns.iter().map(|&(name, column)| Field::new(name, data_type(column), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let target = whole_file::begin(&hidden.0).map_err(|error| Error::io(&path, &error))?;
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_created_by(format!("rollcall {}", env!("CARGO_PKG_VERSION")));
        for &(name, _) in columns.iter().filter(|(_, column)| *column == Column::Key) {
            let path = ColumnPath::new(vec![name.to_owned()]);
            properties = properties.set_column_dictionary_enabled(path, false);
        }
        let properties = properties.build();
        let writer = ArrowWriter::try_new(target, schema.clone(), Some(properties))
            .map_err(|error| Error::unwritten(&path, &error))?;
        Ok(Sheet { path, columns, schema, writer, rows: 0, hidden })
    }

    /// Rows written so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes rows whose cells are all the columns.
    ///
    /// # Errors
    /// The disk is full, or the rows do not fit the columns.
    pub fn write(&mut self, rows: &[Row]) -> Result<()> {
        // Rows lie in memory one by one and are read column by column: a few at a time stay in the cache.
        for rows in rows.chunks(CACHED_ROWS) {
            let arrays: Vec<ArrayRef> = (0..self.columns.len())
                .map(|column| array(self.columns[column].1, rows.iter().map(|row| row.cells.get(column))))
                .collect();
            let batch = RecordBatch::try_new(self.schema.clone(), arrays)
                .map_err(|error| Error::new(Kind::Environment, error.to_string()).at_file(&self.path))?;
            self.writer.write(&batch).map_err(|error| Error::unwritten(&self.path, &error))?;
        }
        self.rows += rows.len() as u64;
        Ok(())
    }

    /// Writes the end of the file, which is on the disk then; what is left is its name.
    ///
    /// # Errors
    /// The disk is full.
    pub fn close(self) -> Result<Closed> {
        let file = self.writer.into_inner().map_err(|error| Error::unwritten(&self.path, &error))?;
        file.sync_all().map_err(|error| Error::io(&self.path, &error))?;
        Ok(Closed { path: self.path, file, hidden: self.hidden })
    }
}

/// An extract that is whole and has no name yet.
pub struct Closed {
    path: PathBuf,
    file: File,
    hidden: Unfinished,
}

impl Closed {
    /// Gives the file its name.
    ///
    /// # Errors
    /// The name cannot be taken.
    pub fn publish(self) -> Result<PathBuf> {
        whole_file::publish(&self.file, &self.hidden.0, &self.path).map_err(|error| Error::io(&self.path, &error))?;
        Ok(self.path)
    }
}

fn data_type(column: Column) -> DataType {
    match column {
        Column::Text | Column::Key => DataType::Utf8,
        Column::Day => DataType::Date32,
        Column::Number => DataType::Float64,
        Column::Count => DataType::UInt64,
        Column::Flag => DataType::Boolean,
        Column::Void => DataType::Null,
    }
}

fn array<'a>(column: Column, cells: impl Iterator<Item = Option<&'a Cell>>) -> ArrayRef {
    match column {
        Column::Text | Column::Key => {
            let mut builder = StringBuilder::new();
            cells.for_each(|cell| match cell {
                Some(Cell::Text(text)) => builder.append_value(text),
                Some(Cell::Code(code)) => builder.append_value(code),
                _ => builder.append_null(),
            });
            Arc::new(builder.finish())
        }
        Column::Day => {
            let day = |cell: Option<&Cell>| if let Some(&Cell::Day(day)) = cell { Some(day) } else { None };
            let mut builder = Date32Builder::new();
            cells.for_each(|cell| builder.append_option(day(cell)));
            Arc::new(builder.finish())
        }
        Column::Number => {
            let number = |cell: Option<&Cell>| if let Some(&Cell::Number(number)) = cell { Some(number) } else { None };
            let mut builder = Float64Builder::new();
            cells.for_each(|cell| builder.append_option(number(cell)));
            Arc::new(builder.finish())
        }
        Column::Count => {
            let count = |cell: Option<&Cell>| if let Some(&Cell::Count(count)) = cell { Some(count) } else { None };
            let mut builder = UInt64Builder::new();
            cells.for_each(|cell| builder.append_option(count(cell)));
            Arc::new(builder.finish())
        }
        Column::Flag => {
            let flag = |cell: Option<&Cell>| if let Some(&Cell::Flag(flag)) = cell { Some(flag) } else { None };
            let mut builder = BooleanBuilder::new();
            cells.for_each(|cell| builder.append_option(flag(cell)));
            Arc::new(builder.finish())
        }
        Column::Void => Arc::new(NullArray::new(cells.count())),
    }
}
