//! How is a Parquet file read without trusting it?
//!
//! Takes a file and the wanted columns, gives its [`Layout`] (footer, positions of columns) and chunks of at most
//! [`CHUNK_ROWS`] rows within a row group. What the footer declares is checked before anything is decoded: sizes, row
//! counts, places within the file. Types are taken from the Parquet schema alone, never from an embedded Arrow schema.
//! A panic of the library becomes an error. Pages with checksums are verified.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, FieldRef, Schema, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ConvertedType, LogicalType, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{FileMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::schema::types::{SchemaDescriptor, Type};

use super::input::{self, Input};
use super::{Chunk, ChunkPlace, Column, Form, Opened, RowFault, Terms, cell, guarded, header, thrift};
use crate::error::{Error, Kind, Result};

/// Most rows of one chunk: bounds memory, and lets threads share a large row group.
const CHUNK_ROWS: u64 = 131_072;

/// Largest footer that is read, in bytes.
const FOOTER_BYTES_MAX: u64 = 256 << 20;

/// Content up to this size may be compressed to any degree, in bytes of a column of a row group.
const INFLATED_BYTES_HARMLESS: u64 = 64 << 20;

/// Beyond that, the content may be so many times its compressed size.
const INFLATION_MAX: u64 = 200;

/// Largest chunk after decoding, in bytes: some thousand for each row.
const CHUNK_BYTES_MAX: usize = 512 << 20;

/// Rows up to this number may stand in a file of any size; beyond it each needs a byte: persons differ.
const ROWS_HARMLESS: u64 = 4_000_000;

/// Stack of the thread that reads a footer: its schema is a tree that libraries walk recursively.
const FOOTER_STACK_BYTES: usize = 256 << 20;

/// What was learnt about a Parquet file when it was opened.
pub(super) struct Layout {
    metadata: ArrowReaderMetadata,
    /// The column of the file for each wanted column.
    positions: Vec<usize>,
    /// Different `positions` in the order of the file: the columns of a decoded batch.
    projected: Vec<usize>,
    /// Those of them that hold old 96-bit instants which are midnights where the study is ([`local_midnights`]).
    midnights: Vec<usize>,
}

impl Layout {
    /// Are the bytes of a column identifiers (UUID)? Only the schema of the file tells; read as text they are none.
    fn holds_identifiers(&self, position: usize) -> bool {
        let field = self.metadata.parquet_schema().root_schema().get_fields().get(position);
        field.is_some_and(|field| field.get_basic_info().logical_type_ref() == Some(&LogicalType::Uuid))
    }
}

impl std::fmt::Debug for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The metadata holds statistics, which are values: they are not shown.
        f.debug_struct("Layout").field("positions", &self.positions).finish_non_exhaustive()
    }
}

/// Reads the footer, finds the columns, checks sizes and plans the chunks.
pub(super) fn open(terms: &Terms, path: &Path, wanted: &[String]) -> Result<Opened> {
    let mut file = input::open(path)?;
    let bytes = check_ends(&mut file, path)?;
    let metadata = read_footer(file, path)?;
    let names: Vec<String> = metadata.schema().fields().iter().map(|field| field.name().clone()).collect();
    let positions = header::locate(path, wanted, &names)?;
    for (name, position) in wanted.iter().zip(&positions) {
        let field = metadata.schema().fields().get(*position);
        if !field.is_some_and(|field| cell::is_flat(field.data_type())) {
            let error = Error::input("expected a flat column of text, numbers or dates").at_file(path).at_column(name);
            return Err(error.hint("ask the sender for one row per person, without lists and structures"));
        }
    }
    let is_flat = |field: &&FieldRef| cell::is_flat(field.data_type());
    let flat = metadata.schema().fields().iter().filter(is_flat).map(|field| field.name().clone()).collect();
    let class =
        |position: &usize| Some(cell::class(metadata.schema().fields().get(*position)?.data_type())?.to_owned());
    let classes = positions.iter().map(class).collect();
    let mut projected = positions.clone();
    projected.sort_unstable();
    projected.dedup();
    let (rows, places) = check_sizes(terms, path, bytes, &metadata, &projected)?;
    check_pages(path, &places)?;
    let chunks = chunks_of(metadata.metadata());
    let midnights = local_midnights(terms, path, &metadata, &projected, &chunks)?;
    let form = Form::Parquet(Layout { metadata, positions, projected, midnights });
    Ok(Opened { names: flat, form, chunks, rows, classes })
}

fn damaged(path: &Path, what: &str) -> Error {
    Error::input(what).at_file(path).hint("the file is damaged or incomplete: ask the sender for it again")
}

/// Checks magic bytes, the footer's length and what it declares; gives the file's size.
fn check_ends(file: &mut Input, path: &Path) -> Result<u64> {
    let io = |error: std::io::Error| Error::io(path, &error);
    let bytes = file.seek(SeekFrom::End(0)).map_err(io)?;
    if bytes < 12 {
        return Err(damaged(path, "is too short for a Parquet file"));
    }
    let mut tail = [0; 8];
    file.seek(SeekFrom::End(-8)).map_err(io)?;
    file.read_exact(&mut tail).map_err(io)?;
    let [a, b, c, d, magic @ ..] = tail;
    if &magic == b"PARE" {
        let error = Error::input("is encrypted Parquet").at_file(path);
        return Err(error.hint("ask the sender for a file without encryption"));
    }
    if &magic != b"PAR1" {
        return Err(damaged(path, "is a Parquet file without its end"));
    }
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    if length + 12 > bytes || length == 0 {
        return Err(damaged(path, "the footer's length does not fit the file"));
    }
    if length > FOOTER_BYTES_MAX {
        return Err(Error::input("the footer is larger than 256 MiB").at_file(path).hint("ask for larger row groups"));
    }
    let mut content = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    file.seek(SeekFrom::End(-8 - length as i64)).map_err(io)?;
    file.read_exact(&mut content).map_err(io)?;
    if !thrift::is_bounded(&content) {
        return Err(damaged(path, "the footer of this Parquet file declares more than it holds"));
    }
    Ok(bytes)
}

fn options() -> ArrowReaderOptions {
    ArrowReaderOptions::new().with_skip_arrow_metadata(true)
}

/// Reads the footer on a thread of its own with a large stack.
fn read_footer(file: Input, path: &Path) -> Result<ArrowReaderMetadata> {
    let load = move || guarded(|| ArrowReaderMetadata::load(&file, options()).and_then(in_milliseconds));
    let thread = std::thread::Builder::new().stack_size(FOOTER_STACK_BYTES).spawn(load);
    let thread = thread.map_err(|_| {
        let error = Error::new(Kind::Environment, "there is no memory for the thread that reads the footer");
        error.at_file(path).hint("allow more memory (`ulimit -v`), or close other programs")
    })?;
    match thread.join() {
        Ok(Some(Ok(metadata))) => Ok(metadata),
        Ok(Some(Err(ParquetError::NYI(_)))) => {
            let error = Error::input("uses a Parquet feature that is not supported").at_file(path);
            Err(error.hint("ask the sender for flat columns, zstd or snappy compressed"))
        }
        Ok(Some(Err(_)) | None) | Err(_) => Err(damaged(path, "the footer of this Parquet file cannot be read")),
    }
}

/// The old 96-bit instants count nanoseconds: read so, a day beyond the year 2262 would silently become another one.
fn in_milliseconds(metadata: ArrowReaderMetadata) -> std::result::Result<ArrowReaderMetadata, ParquetError> {
    let is_old = |at: usize| is_old_instant(&metadata, at);
    let fields = metadata.schema().fields();
    if !(0..fields.len()).any(is_old) {
        return Ok(metadata);
    }
    let field = |(at, field): (usize, &FieldRef)| {
        let instant = DataType::Timestamp(TimeUnit::Millisecond, None);
        if is_old(at) { Arc::new(field.as_ref().clone().with_data_type(instant)) } else { Arc::clone(field) }
    };
    let schema = Arc::new(Schema::new(fields.iter().enumerate().map(field).collect::<Vec<FieldRef>>()));
    ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options().with_schema(schema))
}

fn is_old_instant(metadata: &ArrowReaderMetadata, position: usize) -> bool {
    let field = metadata.parquet_schema().root_schema().get_fields().get(position);
    field.is_some_and(|field| field.is_primitive() && field.get_physical_type() == PhysicalType::INT96)
}

/// The columns of old 96-bit instants that are instants in UTC. Their type does not tell: Spark writes the midnight
/// of a day so, as 16:00 of the day before for clocks that are eight hours ahead, and other programs write the clock.
/// Where all of the first rows with a value are midnights here, they are days.
fn local_midnights(
    terms: &Terms,
    path: &Path,
    metadata: &ArrowReaderMetadata,
    projected: &[usize],
    chunks: &[ChunkPlace],
) -> Result<Vec<usize>> {
    let mut midnights = Vec::new();
    for position in projected.iter().copied().filter(|position| is_old_instant(metadata, *position)) {
        for place in chunks {
            // What cannot be decoded is said when it is read.
            let Ok(batch) = batch_of(metadata, path, place, &[position])? else { break };
            let Some(column) = batch.columns().first().filter(|column| column.null_count() < column.len()) else {
                continue;
            };
            midnights.extend(cell::are_midnights(column, terms.offset_seconds).then_some(position));
            break;
        }
    }
    Ok(midnights)
}

/// Checks what the footer declares of every row group; gives the number of rows, and where columns begin and end.
fn check_sizes(
    terms: &Terms,
    path: &Path,
    file_bytes: u64,
    metadata: &ArrowReaderMetadata,
    projected: &[usize],
) -> Result<(u64, Vec<(u64, u64)>)> {
    let schema = metadata.parquet_schema();
    let mut rows = 0_u64;
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
        let misfit = || damaged(path, "row groups do not fit what the footer declares");
        let group_rows = u64::try_from(group.num_rows()).map_err(|_| misfit())?;
        rows = rows.checked_add(group_rows).ok_or_else(misfit)?;
        let mut uncompressed = 0_u64;
        for (leaf, column) in group.columns().iter().enumerate() {
            if leaf >= schema.num_columns() || !projected.contains(&schema.get_column_root_idx(leaf)) {
                continue;
            }
            let offset = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
            let (Ok(start), Ok(length)) = (u64::try_from(offset), u64::try_from(column.compressed_size())) else {
                return Err(misfit());
            };
            if start.checked_add(length).is_none_or(|end| end > file_bytes) || column.num_values() != group.num_rows() {
                return Err(misfit());
            }
            if let Some(codec) = unsupported(column.compression()) {
                let error = Error::input(format!("is compressed with {codec}, which is not supported")).at_file(path);
                return Err(error.hint("ask the sender for zstd or snappy"));
            }
            ranges.push((start, start + length));
            let size = u64::try_from(column.uncompressed_size()).map_err(|_| misfit())?;
            if size > INFLATED_BYTES_HARMLESS && size / INFLATION_MAX > length {
                let what = format!("row group {} unpacks to more than {INFLATION_MAX} times its size", number + 1);
                return Err(Error::input(what).at_file(path).hint("ask the sender what this file is"));
            }
            uncompressed = uncompressed.checked_add(size).ok_or_else(misfit)?;
        }
        if uncompressed > terms.limits.row_group_bytes_max {
            let most = terms.limits.row_group_bytes_max;
            let what = format!("row group {} declares {uncompressed} bytes, more than {most}", number + 1);
            let hint = "ask for row groups of at most a million rows, or raise `row_group_bytes_max` in [limits]";
            return Err(Error::input(what).at_file(path).hint(hint));
        }
    }
    ranges.sort_unstable();
    if ranges.windows(2).any(|pair| matches!(pair, [one, next] if next.0 < one.1)) {
        return Err(damaged(path, "two columns lie in the same place of the file"));
    }
    if u64::try_from(metadata.metadata().file_metadata().num_rows()) != Ok(rows) {
        return Err(damaged(path, "the row groups have another number of rows than the footer declares"));
    }
    if rows > ROWS_HARMLESS.max(file_bytes) {
        let what = format!("declares {rows} rows in {file_bytes} bytes, which cannot be persons");
        return Err(Error::input(what).at_file(path).hint("ask the sender what this file is"));
    }
    if rows > terms.limits.rows_max {
        let what = format!("declares {rows} rows, more than the {} allowed", terms.limits.rows_max);
        return Err(Error::input(what).at_file(path).hint("raise `rows_max` in [limits] if this is right"));
    }
    Ok((rows, ranges))
}

/// Checks what the headers of pages declare, before a library follows them.
fn check_pages(path: &Path, places: &[(u64, u64)]) -> Result<()> {
    let mut file = input::open(path)?;
    for (start, end) in places {
        if !thrift::are_pages_bounded(&mut file, *start, *end).map_err(|error| Error::io(path, &error))? {
            return Err(damaged(path, "a page of this Parquet file declares more than it holds"));
        }
    }
    Ok(())
}

/// The name of a codec that no reader knows, or that this one leaves out.
fn unsupported(codec: Compression) -> Option<&'static str> {
    (codec == Compression::LZO).then_some("LZO")
}

/// Each row group in stretches; `place` is the row group, `length` the first row within it.
fn chunks_of(metadata: &ParquetMetaData) -> Vec<ChunkPlace> {
    let mut chunks = Vec::new();
    let mut first_row = 1;
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let group_rows = u64::try_from(group.num_rows()).unwrap_or(0);
        let mut offset = 0;
        while offset < group_rows {
            let rows = CHUNK_ROWS.min(group_rows - offset);
            chunks.push(ChunkPlace { file: 0, first_row, rows, place: number as u64, length: offset });
            first_row += rows;
            offset += rows;
        }
    }
    chunks
}

/// Decodes one chunk.
pub(super) fn read(
    terms: &Terms,
    layout: &Layout,
    path: &Path,
    place: &ChunkPlace,
    wanted: &[String],
) -> Result<Chunk> {
    let batch = input::blame(path, decoded(layout, path, place, wanted))?;
    if batch.get_array_memory_size() > CHUNK_BYTES_MAX {
        let error = Error::input("the rows from here on are far larger than persons are").at_file(path);
        return Err(error.at_row(place.first_row).hint("ask the sender what this file is"));
    }
    let mut columns = Vec::new();
    let mut faults: Vec<(usize, &String)> = Vec::new();
    for (name, position) in wanted.iter().zip(&layout.positions) {
        let array = layout.projected.binary_search(position).ok().and_then(|index| batch.columns().get(index));
        let is_identifier = layout.holds_identifiers(*position);
        let is_midnight = layout.midnights.contains(position);
        let whole = |column| (column, Vec::new());
        let column = |array| match (is_identifier, is_midnight) {
            (true, _) => cell::identifiers(array).map(whole),
            (_, true) => cell::local_days(array, terms.offset_seconds).map(whole),
            _ => cell::column(array, terms.offset_seconds),
        };
        let read = array.and_then(|array| guarded(|| column(array)).flatten());
        let Some((column, undecodable)) = read else {
            return Err(damaged(path, "this column cannot be read").at_column(name));
        };
        columns.push(column);
        faults.extend(undecodable.into_iter().map(|row| (row, name)));
    }
    let (file, first_row) = (place.file, place.first_row);
    let (rows, rejected, lost) = (batch.num_rows(), Vec::new(), Vec::new());
    let chunk = Chunk { file, first_row, rows, columns, rejected, row_numbers: None, lost };
    Ok(if faults.is_empty() { chunk } else { without(chunk, &faults).unwrap_or_else(|chunk| chunk) })
}

/// The chunk without the rows that have a fault.
fn without(mut chunk: Chunk, faults: &[(usize, &String)]) -> std::result::Result<Chunk, Chunk> {
    let mut keep = vec![true; chunk.rows];
    for (row, name) in faults {
        if let Some(kept) = keep.get_mut(*row).filter(|kept| **kept) {
            *kept = false;
            let row = chunk.first_row + *row as u64;
            chunk.rejected.push(RowFault { row, column: Some((*name).clone()), reason: "undecodable_text" });
        }
    }
    chunk.rejected.sort_by_key(|fault| fault.row);
    let numbers = keep.iter().enumerate().filter(|(_, kept)| **kept).map(|(row, _)| chunk.first_row + row as u64);
    chunk.row_numbers = Some(numbers.collect());
    chunk.rows = keep.iter().filter(|kept| **kept).count();
    let mask = BooleanArray::from(keep);
    for column in &mut chunk.columns {
        let filtered = match column {
            Column::Null => Some(Column::Null),
            Column::Text(array) => {
                kept(array, &mask).and_then(|array| array.as_string_opt::<i32>().cloned().map(Column::Text))
            }
            Column::Day(array) => {
                kept(array, &mask).and_then(|array| array.as_primitive_opt().cloned().map(Column::Day))
            }
        };
        match filtered {
            Some(filtered) => *column = filtered,
            None => return Err(chunk),
        }
    }
    Ok(chunk)
}

fn kept(array: &dyn Array, mask: &BooleanArray) -> Option<ArrayRef> {
    arrow::compute::filter(array, mask).ok()
}

/// One batch with all rows of the chunk. Text that is not UTF-8 makes the library fail: then it is read as bytes.
fn decoded(layout: &Layout, path: &Path, place: &ChunkPlace, wanted: &[String]) -> Result<RecordBatch> {
    if let Ok(batch) = batch_of(&layout.metadata, path, place, &layout.projected)? {
        return Ok(batch);
    }
    if let Some(Ok(as_bytes)) = guarded(|| without_text(layout.metadata.metadata()))
        && let Ok(batch) = batch_of(&as_bytes, path, place, &layout.projected)?
    {
        return Ok(batch);
    }
    // Which column is it? Decoded one by one, since only now it matters.
    for (name, position) in wanted.iter().zip(&layout.positions) {
        if let Err(why) = batch_of(&layout.metadata, path, place, &[*position])? {
            return Err(damaged(path, why).at_column(name).at_row(place.first_row));
        }
    }
    Err(damaged(path, "these rows cannot be decoded").at_row(place.first_row))
}

/// The outer error is of the disk; the inner one says why the bytes cannot be decoded.
fn batch_of(
    metadata: &ArrowReaderMetadata,
    path: &Path,
    place: &ChunkPlace,
    projected: &[usize],
) -> Result<std::result::Result<RecordBatch, &'static str>> {
    let file = input::open(path)?;
    let counts = (usize::try_from(place.place), usize::try_from(place.length), usize::try_from(place.rows));
    let (Ok(group), Ok(offset), Ok(rows)) = counts else { return Ok(Err("has too many rows for this machine")) };
    let decode = || -> std::result::Result<RecordBatch, &'static str> {
        let words = |error: ParquetError| match error {
            ParquetError::NYI(_) => "uses a Parquet feature or codec that is not supported",
            ParquetError::EOF(_) => "ends too early",
            _ => "cannot be decoded",
        };
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
        let mask = ProjectionMask::roots(metadata.parquet_schema(), projected.iter().copied());
        let builder = builder.with_row_groups(vec![group]).with_projection(mask).with_batch_size(rows);
        let reader = builder.with_offset(offset).with_limit(rows).build().map_err(words)?;
        let schema = arrow::array::RecordBatchReader::schema(&reader);
        let mut batches = Vec::new();
        for batch in reader {
            batches.push(batch.map_err(|_| "cannot be decoded")?);
        }
        let batch = match (batches.pop(), batches.is_empty()) {
            (Some(only), true) => only,
            (last, _) => concat_batches(&schema, batches.iter().chain(last.iter())).map_err(|_| "is too large")?,
        };
        if batch.num_rows() == rows { Ok(batch) } else { Err("has fewer rows than the footer declares") }
    };
    Ok(guarded(decode).unwrap_or(Err("cannot be decoded")))
}

/// The footer, with texts declared as mere bytes.
fn without_text(metadata: &ParquetMetaData) -> std::result::Result<ArrowReaderMetadata, ParquetError> {
    let facts = metadata.file_metadata();
    let root = facts.schema_descr().root_schema();
    let mut fields = Vec::new();
    for field in root.get_fields() {
        let info = field.get_basic_info();
        let is_text =
            info.converted_type() == ConvertedType::UTF8 || info.logical_type_ref() == Some(&LogicalType::String);
        if field.is_primitive() && is_text {
            let plain = Type::primitive_type_builder(field.name(), PhysicalType::BYTE_ARRAY);
            fields.push(Arc::new(plain.with_repetition(info.repetition()).build()?));
        } else {
            fields.push(Arc::clone(field));
        }
    }
    let root = Type::group_type_builder(root.name()).with_fields(fields).build()?;
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(root)));
    let groups: Vec<RowGroupMetaData> = metadata.row_groups().to_vec();
    let facts = FileMetaData::new(facts.version(), facts.num_rows(), None, None, schema, None);
    ArrowReaderMetadata::try_new(Arc::new(ParquetMetaData::new(facts, groups)), options())
}
