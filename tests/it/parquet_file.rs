//! What can stand in a Parquet file? Makes good ones, and ones whose footer lies.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::{
    ColumnChunkMetaDataBuilder, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
};
use parquet::file::properties::WriterProperties;

/// Named columns.
pub type Columns = Vec<(&'static str, ArrayRef)>;

/// Texts as a column.
pub fn texts(text: impl Fn(usize) -> String, rows: usize) -> ArrayRef {
    Arc::new((0..rows).map(|row| Some(text(row))).collect::<StringArray>())
}

/// The columns of a good register of people who do not exist, a canary in each field.
pub fn people(rows: usize) -> Columns {
    vec![
        ("record", texts(|row| format!("Qvxrecordq{row}"), rows)),
        ("name", texts(|row| format!("Qvxnameq Person{row}"), rows)),
        ("birth", Arc::new((0..rows).map(|row| Some(3_652 + row as i32 % 28)).collect::<Date32Array>())),
        ("number", texts(|row| format!("99999920000229{row:04}"), rows)),
        ("address", texts(|row| format!("Qvxstreetq {row}"), rows)),
    ]
}

/// The same with one column exchanged.
pub fn people_with(name: &'static str, column: ArrayRef) -> Columns {
    let mut columns = people(column.len());
    for (known, array) in &mut columns {
        if *known == name {
            *array = Arc::clone(&column);
        }
    }
    columns
}

/// Each batch is a row group.
pub fn groups(batches: &[Columns], compression: Compression) -> Vec<u8> {
    let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let schema = Arc::new(Schema::new(batches[0].iter().map(field).collect::<Vec<_>>()));
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties)).expect("writer");
    for columns in batches {
        let arrays = columns.iter().map(|(_, array)| Arc::clone(array)).collect();
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), arrays).expect("batch")).expect("written");
        writer.flush().expect("row group");
    }
    writer.into_inner().expect("closed")
}

/// A file of one row group.
pub fn file(columns: Columns) -> Vec<u8> {
    groups(&[columns], Compression::UNCOMPRESSED)
}

fn footer_of(bytes: &[u8]) -> ParquetMetaData {
    ParquetMetaDataReader::new().parse_and_finish(&bytes::Bytes::copy_from_slice(bytes)).expect("footer")
}

/// The same data below another footer.
pub fn with_footer(file: &[u8], change: impl FnOnce(ParquetMetaData) -> ParquetMetaData) -> Vec<u8> {
    let footer = footer_of(file);
    let length = u32::from_le_bytes(file[file.len() - 8..file.len() - 4].try_into().expect("four")) as usize;
    let mut bytes = file[..file.len() - 8 - length].to_vec();
    ParquetMetaDataWriter::new(&mut bytes, &change(footer)).finish().expect("written");
    bytes
}

/// The same data below a footer of which each column chunk lies.
pub fn with_columns(file: &[u8], change: impl Fn(ColumnChunkMetaDataBuilder) -> ColumnChunkMetaDataBuilder) -> Vec<u8> {
    with_footer(file, |footer| {
        let mut groups = Vec::new();
        for group in footer.row_groups() {
            let column = |column: &parquet::file::metadata::ColumnChunkMetaData| {
                change(column.clone().into_builder()).build().expect("column")
            };
            let columns = group.columns().iter().map(column).collect();
            groups.push(group.clone().into_builder().set_column_metadata(columns).build().expect("group"));
        }
        footer.into_builder().set_row_groups(groups).build()
    })
}

/// A plain file of one page for each column, each page with its checksum, as careful senders write them.
pub fn with_checksums(columns: Columns) -> Vec<u8> {
    let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let properties = WriterProperties::builder().set_dictionary_enabled(false).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties)).expect("writer");
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    writer.write(&RecordBatch::try_new(schema, arrays).expect("batch")).expect("written");
    let plain = writer.into_inner().expect("closed");
    let footer = footer_of(&plain);
    let mut bytes = b"PAR1".to_vec();
    let mut chunks = Vec::new();
    for column in footer.row_group(0).columns() {
        let start = usize::try_from(column.data_page_offset()).expect("an offset");
        let length = usize::try_from(column.compressed_size()).expect("a size");
        let page = &plain[start..start + length];
        // Three numbers of one tag and one varint each: the type, the size, and the size again.
        let mut at = 0;
        let mut size = 0;
        for _ in 0..3 {
            assert_eq!(page[at], 0x15, "a number of 32 bits");
            at += 1;
            (size, at) = varint(page, at);
        }
        let body = &page[length - (size >> 1)..];
        let place = bytes.len() as i64;
        bytes.extend(&page[..at]);
        bytes.push(0x15);
        let checksum = crc32fast::hash(body).cast_signed();
        put_varint(&mut bytes, ((checksum << 1) ^ (checksum >> 31)).cast_unsigned());
        assert_eq!(page[at], 0x2c, "the header of a data page follows");
        bytes.push(0x1c);
        bytes.extend(&page[at + 1..]);
        let size = bytes.len() as i64 - place;
        let chunk = column.clone().into_builder().set_data_page_offset(place);
        chunks.push(chunk.set_total_compressed_size(size).set_total_uncompressed_size(size).build().expect("column"));
    }
    let group = footer.row_group(0).clone().into_builder().set_column_metadata(chunks).build().expect("group");
    let footer = footer.into_builder().set_row_groups(vec![group]).build();
    ParquetMetaDataWriter::new(&mut bytes, &footer).finish().expect("written");
    bytes
}

fn varint(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let (mut value, mut shift) = (0, 0);
    loop {
        value |= usize::from(bytes[at] & 0x7f) << shift;
        shift += 7;
        at += 1;
        if bytes[at - 1] & 0x80 == 0 {
            return (value, at);
        }
    }
}

fn put_varint(bytes: &mut Vec<u8>, mut value: u32) {
    while value > 0x7f {
        bytes.push(0x80 | (value & 0x7f) as u8);
        value >>= 7;
    }
    bytes.push(value as u8);
}
