use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{Field as ArrowField, Schema};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::{Chunk, Column, Extract, open};
use crate::error::{Error, Kind};
use crate::intake::study::{Study, file};

/// Writes a Parquet file with these columns.
fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>, group_rows: usize) {
    let fields: Vec<_> =
        columns.iter().map(|(name, array)| ArrowField::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group_rows)).build();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(path).unwrap(), schema, Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// A study of one source in this folder, with columns `id` and `name`; `more` goes below `[[source]]`.
fn study_with(folder: &Path, path: &str, more: &str) -> Study {
    let study = format!(
        "[[source]]\nname = \"s\"\nrole = \"register\"\npath = \"{path}\"\nrecord_id = \"id\"\n{more}\n\
         [source.columns]\nname = \"name\"\n"
    );
    let file = folder.join("study.toml");
    std::fs::write(&file, study).unwrap();
    file::read(&file).unwrap()
}

fn study(folder: &Path, path: &str) -> Study {
    study_with(folder, path, "")
}

fn chunks(study: &Study, extract: &Extract) -> Vec<Chunk> {
    (0..extract.chunk_count()).map(|chunk| extract.read(study, chunk).unwrap()).collect()
}

/// Every row as `number:id|name`, in order.
fn rows(study: &Study) -> Vec<String> {
    let extract = open(study, 0).unwrap();
    let mut rows = Vec::new();
    for chunk in chunks(study, &extract) {
        for row in 0..chunk.rows {
            let cells: Vec<_> =
                chunk.columns.iter().map(|column| column.text(row).unwrap_or("∅".into()).into_owned()).collect();
            rows.push(format!("{}:{}", chunk.row_number(row), cells.join("|")));
        }
    }
    rows
}

fn refused(study: &Study) -> Error {
    let refused = open(study, 0)
        .and_then(|extract| (0..extract.chunk_count()).try_for_each(|chunk| extract.read(study, chunk).map(|_| ())));
    let error = refused.expect_err("must be refused");
    assert_eq!(error.kind(), Kind::Input, "{error}");
    error
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    (folder, path)
}

#[test]
fn row_groups_are_chunks_and_row_numbers_are_unbroken() {
    let (folder, path) = folder();
    let ids: Vec<String> = (0..25).map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    write_parquet(&path, vec![("other", text(&ids)), ("name", text(&ids)), ("id", text(&ids))], 10);
    let study = study(folder.path(), "a.parquet");
    let extract = open(&study, 0).unwrap();
    assert_eq!((extract.rows, extract.chunk_count(), extract.columns.join("|")), (25, 3, "id|name".to_owned()));
    assert_eq!((extract.files[0].rows, extract.files[0].digest.len()), (25, 64));
    let expected: Vec<String> = (0..25).map(|id| format!("{}:{id}|{id}", id + 1)).collect();
    assert_eq!(rows(&study), expected);
    // Any order, any chunk: the place of the rows is known.
    let last = extract.read(&study, 2).unwrap();
    assert_eq!((last.first_row, last.rows, last.columns.len()), (21, 5, 2));
}

#[test]
fn a_large_row_group_is_read_in_stretches() {
    let (folder, path) = folder();
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..300_000));
    let names: ArrayRef = Arc::new(StringArray::from_iter_values((0..300_000).map(|row| format!("n{}", row % 1000))));
    write_parquet(&path, vec![("id", numbers), ("name", names)], 1_000_000);
    let study = study(folder.path(), "a.parquet");
    let extract = open(&study, 0).unwrap();
    assert_eq!(extract.chunk_count(), 3);
    for chunk in chunks(&study, &extract) {
        for row in [0, chunk.rows / 2, chunk.rows - 1] {
            let number = chunk.row_number(row) - 1;
            assert_eq!(chunk.columns[0].text(row).unwrap(), number.to_string());
            assert_eq!(chunk.columns[1].text(row).unwrap(), format!("n{}", number % 1000));
        }
    }
}

#[test]
fn types_become_text_days_or_nothing() {
    let (folder, path) = folder();
    let ids: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.5]));
    write_parquet(&path, vec![("id", ids), ("name", Arc::new(NullArray::new(2)))], 10);
    let nulls = study(folder.path(), "a.parquet");
    assert_eq!(rows(&nulls), ["1:1|∅", "2:2.5|∅"]);
    let extract = open(&nulls, 0).unwrap();
    assert!(matches!(extract.read(&nulls, 0).unwrap().columns[1], Column::Null));
    let zoned = TimestampMillisecondArray::from(vec![18_566 * 86_400_000 + 16 * 3_600_000]);
    let zoned: ArrayRef = Arc::new(zoned.with_timezone("UTC"));
    let dictionary: ArrayRef = Arc::new(DictionaryArray::<arrow::datatypes::Int32Type>::from_iter(["中"]));
    write_parquet(&path, vec![("id", zoned), ("name", dictionary)], 10);
    assert_eq!(rows(&study(folder.path(), "a.parquet")), ["1:2020-11-01|中"]);
}

#[test]
fn identifiers_of_sixteen_bytes_are_written_as_people_know_them() {
    use parquet::data_type::{FixedLenByteArray, FixedLenByteArrayType};
    use parquet::file::writer::SerializedFileWriter;
    let (folder, path) = folder();
    let write = |kind: &str| {
        let schema =
            format!("message m {{ optional fixed_len_byte_array(16) id {kind}; optional binary name (UTF8); }}");
        let schema = Arc::new(parquet::schema::parser::parse_message_type(&schema).unwrap());
        let file = std::fs::File::create(&path).unwrap();
        let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let bytes: Vec<u8> = (0xf0..=0xff).collect();
        let ids = [FixedLenByteArray::from(bytes), FixedLenByteArray::from(b"0123456789abcdef".to_vec())];
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<FixedLenByteArrayType>().write_batch(&ids, Some(&[1, 0, 1]), None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<parquet::data_type::ByteArrayType>().write_batch(&["n".into()], Some(&[0, 0, 1]), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
    };
    write("(UUID)");
    let identified = study(folder.path(), "a.parquet");
    let expected = ["1:f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff|∅", "2:∅|∅", "3:30313233-3435-3637-3839-616263646566|n"];
    assert_eq!(rows(&identified), expected);
    // Without being told what they are, bytes are text or nothing.
    write("");
    assert_eq!(rows(&identified), ["2:∅|∅", "3:0123456789abcdef|n"]);
}

#[test]
fn old_instants_are_days_where_all_are_midnights_here_and_the_clock_otherwise() {
    use parquet::data_type::{Int96, Int96Type};
    use parquet::file::writer::SerializedFileWriter;
    const DAY: u64 = 86_400_000_000_000;
    const HOUR: u64 = DAY / 24;
    let (folder, path) = folder();
    // Julian days; 1 January 1970 is 2440588.
    let instant = |(day, nanoseconds): &(u32, u64)| {
        let mut instant = Int96::new();
        instant.set_data(*nanoseconds as u32, (nanoseconds >> 32) as u32, 2_440_588 + day);
        instant
    };
    let read = |instants: &[(u32, u64)]| {
        let schema = "message m { optional int96 id; optional binary name (UTF8); }";
        let schema = Arc::new(parquet::schema::parser::parse_message_type(schema).unwrap());
        let mut writer =
            SerializedFileWriter::new(std::fs::File::create(&path).unwrap(), schema, Arc::default()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let levels: Vec<i16> = std::iter::once(0).chain(instants.iter().map(|_| 1)).collect();
        let instants: Vec<Int96> = instants.iter().map(instant).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int96Type>().write_batch(&instants, Some(&levels), None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let none = vec![0; levels.len()];
        column.typed::<parquet::data_type::ByteArrayType>().write_batch(&[], Some(&none), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        rows(&study(folder.path(), "a.parquet"))
    };
    // 1 November 2020 and 15 July 1988, when clocks here were nine hours ahead.
    assert_eq!(read(&[(18_566, 16 * HOUR), (6769, 15 * HOUR)]), ["1:∅|∅", "2:2020-11-01|∅", "3:1988-07-15|∅"]);
    assert_eq!(read(&[(18_567, 0), (18_567, 0)])[1..], ["2:2020-11-01|∅", "3:2020-11-01|∅"]);
    assert_eq!(read(&[(18_566, 16 * HOUR), (18_566, 17 * HOUR)])[1..], ["2:2020-10-31|∅", "3:2020-10-31|∅"]);
    assert_eq!(read(&[]), ["1:∅|∅"]);
}

#[test]
fn text_that_is_not_utf8_sets_its_row_aside() {
    let (folder, path) = folder();
    // A writer that does not check its text: bytes declared UTF-8 in the file are none.
    write_parquet(&path, vec![("id", text(&["1", "2", "3"])), ("name", text(&["a", "MARKED", "c"]))], 10);
    patch(&path, b"MARKED", b"\xff\xfeRKED");
    let broken = study(folder.path(), "a.parquet");
    assert_eq!(rows(&broken), ["1:1|a", "3:3|c"]);
    let chunk = open(&broken, 0).unwrap().read(&broken, 0).unwrap();
    let fault = &chunk.rejected[0];
    assert_eq!((fault.row, fault.column.as_deref(), fault.reason), (2, Some("name"), "undecodable_text"));
    assert_eq!((chunk.rows, chunk.rejected.len()), (2, 1));
    // The same, declared as bytes.
    let names: ArrayRef = Arc::new(BinaryArray::from(vec![b"a".as_slice(), b"\xff", b"c"]));
    write_parquet(&path, vec![("id", text(&["1", "2", "3"])), ("name", names)], 10);
    assert_eq!(rows(&study(folder.path(), "a.parquet")), ["1:1|a", "3:3|c"]);
}

/// Replaces all of these bytes in a file.
fn patch(path: &Path, from: &[u8], to: &[u8]) {
    let mut bytes = std::fs::read(path).unwrap();
    let places: Vec<usize> =
        bytes.windows(from.len()).enumerate().filter(|(_, window)| *window == from).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn columns_that_cannot_serve_are_named() {
    let (folder, path) = folder();
    let check = |columns: Vec<(&str, ArrayRef)>, column: &str, words: &str| {
        write_parquet(&path, columns, 10);
        let error = refused(&study(folder.path(), "a.parquet"));
        assert_eq!(
            (error.place().file.as_deref(), error.place().column.as_deref()),
            (Some(path.as_path()), Some(column))
        );
        assert!(error.to_string().contains(words), "{error}");
    };
    check(vec![("id", text(&["1"])), ("nmae", text(&["a"]))], "name", "`nmae`");
    check(
        vec![("id", text(&["1"])), ("name", text(&["a"])), ("x", text(&["a"])), ("name ", text(&["a"]))],
        "name",
        "columns 2 and 4",
    );
    let list: ArrayRef =
        Arc::new(ListArray::from_iter_primitive::<arrow::datatypes::Int32Type, _, _>([Some([Some(1)])]));
    check(vec![("id", text(&["1"])), ("name", Arc::clone(&list))], "name", "flat column");
    // A nested column that nobody needs does no harm.
    write_parquet(&path, vec![("members", list), ("id", text(&["1"])), ("name", text(&["a"]))], 10);
    assert_eq!(rows(&study(folder.path(), "a.parquet")), ["1:1|a"]);
}

#[test]
fn what_is_no_parquet_file_is_said_to_be_what_it_looks_like() {
    let (folder, path) = folder();
    let check = |bytes: &[u8], words: &str| {
        std::fs::write(&path, bytes).unwrap();
        let error = refused(&study(folder.path(), "a.parquet")).to_string();
        assert!(error.contains(words), "{error}");
    };
    check(b"", "is empty (0 bytes)");
    check(b"id,name\n1,a\n", "looks like text");
    check(b"PK\x03\x04rest of an archive", "zip archive");
    check(b"\x1f\x8b\x08 compressed", "gzip");
    check(b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel");
    check(b"PARE123456789012", "encrypted");
    check(b"PAR1", "too short");
    check(b"PAR1 and nothing else", "without its end");
    check(b"PAR1\xff\xff\xff\x7fPAR1", "length does not fit");
    // A list of two thousand million elements in a footer of 17 bytes.
    let footer = b"\x15\x02\x19\xfc\x80\xd0\xac\xf3\x0e\x00\x00\x00\x00\x00\x00\x00\x00";
    check(&[b"PAR1".as_slice(), footer, &17_u32.to_le_bytes(), b"PAR1"].concat(), "footer of this Parquet file");
}

#[test]
fn a_truncated_file_is_refused_at_every_length() {
    let (folder, path) = folder();
    write_parquet(&path, vec![("id", text(&["1", "2"])), ("name", text(&["a", "b"]))], 10);
    let study = study(folder.path(), "a.parquet");
    let bytes = std::fs::read(&path).unwrap();
    for length in 0..bytes.len() {
        std::fs::write(&path, &bytes[..length]).unwrap();
        refused(&study);
    }
}

#[test]
fn a_damaged_byte_never_ends_in_a_panic_or_an_unnamed_file() {
    let (folder, path) = folder();
    write_parquet(&path, vec![("id", text(&["1", "2"])), ("name", text(&["a", "b"]))], 10);
    let study = study(folder.path(), "a.parquet");
    let bytes = std::fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        std::fs::write(&path, damaged).unwrap();
        let result = open(&study, 0).and_then(|extract| extract.read(&study, 0));
        if let Err(error) = result {
            assert!(error.place().file.is_some() || error.to_string().contains("no chunk"), "{error}");
        }
    }
}

#[test]
fn a_deeply_nested_schema_does_not_overflow_the_stack() {
    let (folder, path) = folder();
    let levels = 10_000;
    // Thrift compact: version 1; schema: a list of groups with one child each, at last a leaf; num_rows 0; no row
    // groups.
    let mut footer = vec![0x15, 0x02, 0x19, 0xfc];
    let mut count = levels + 1;
    while count >= 0x80 {
        footer.push((count as u8 & 0x7f) | 0x80);
        count >>= 7;
    }
    footer.push(count as u8);
    for _ in 0..levels {
        footer.extend([0x35, 0x02, 0x18, 0x01, b'g', 0x15, 0x02, 0x00]);
    }
    footer.extend([0x15, 0x02, 0x25, 0x02, 0x18, 0x01, b'x', 0x00]);
    footer.extend([0x16, 0x00, 0x19, 0x0c, 0x00]);
    let bytes = [b"PAR1".as_slice(), &footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat();
    std::fs::write(&path, bytes).unwrap();
    refused(&study(folder.path(), "a.parquet"));
}

#[test]
fn limits_are_checked_before_decoding() {
    let (folder, path) = folder();
    let names: Vec<String> = (0..1000).map(|row| format!("a long name with the number {row}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    write_parquet(&path, vec![("id", text(&names)), ("name", text(&names))], 10_000);
    let mut small = study(folder.path(), "a.parquet");
    small.limits.row_group_bytes_max = 10_000;
    assert!(refused(&small).to_string().contains("row group 1 declares"));
    let mut few = study(folder.path(), "a.parquet");
    few.limits.rows_max = 999;
    assert!(refused(&few).to_string().contains("1000 rows"));
}

#[test]
fn a_folder_is_read_in_the_order_of_its_names() {
    let (folder, _) = folder();
    for (name, value) in [("b.parquet", "2"), ("a.parquet", "1")] {
        write_parquet(&folder.path().join(name), vec![("id", text(&[value])), ("name", text(&["n"]))], 10);
    }
    let both = study(folder.path(), ".");
    assert_eq!(rows(&both), ["1:1|n", "1:2|n"]);
    let extract = open(&both, 0).unwrap();
    assert_eq!(chunks(&both, &extract).iter().map(|chunk| chunk.file).collect::<Vec<_>>(), [0, 1]);
    std::fs::copy(folder.path().join("a.parquet"), folder.path().join("c.parquet")).unwrap();
    assert!(refused(&study(folder.path(), ".")).to_string().contains("the same content as"));
    // Parts without rows are alike by nature.
    for name in ["c.parquet", "d.parquet"] {
        write_parquet(&folder.path().join(name), vec![("id", text(&[])), ("name", text(&[]))], 10);
    }
    assert_eq!(open(&study(folder.path(), "."), 0).unwrap().rows, 2);
}

#[test]
fn a_file_that_changes_between_opening_and_reading_is_refused() {
    let (folder, path) = folder();
    write_parquet(&path, vec![("id", text(&["1"])), ("name", text(&["a"]))], 10);
    let study = study(folder.path(), "a.parquet");
    let extract = open(&study, 0).unwrap();
    write_parquet(&path, vec![("id", text(&["1", "2"])), ("name", text(&["a", "b"]))], 10);
    assert!(extract.read(&study, 0).unwrap_err().to_string().contains("changed while"));
}

#[cfg(unix)]
#[test]
fn a_link_a_folder_and_a_device_are_no_files() {
    let (folder, path) = folder();
    write_parquet(&path, vec![("id", text(&["1"])), ("name", text(&["a"]))], 10);
    std::os::unix::fs::symlink(&path, folder.path().join("link.parquet")).unwrap();
    assert!(refused(&study(folder.path(), "link.parquet")).to_string().contains("symbolic link"));
    let mut study = study(folder.path(), "a.parquet");
    study.sources[0].files = vec![PathBuf::from("/dev/null")];
    assert!(refused(&study).to_string().contains("pipe or device"));
    study.sources[0].files = vec![folder.path().to_path_buf()];
    assert!(refused(&study).to_string().contains("found a folder"));
    study.sources[0].files = vec![folder.path().join("none.parquet")];
    refused(&study);
}

#[test]
fn a_file_without_rows_is_read_as_such() {
    let (folder, path) = folder();
    write_parquet(&path, vec![("id", text(&[])), ("name", text(&[]))], 10);
    let empty = study(folder.path(), "a.parquet");
    let extract = open(&empty, 0).unwrap();
    assert_eq!((extract.rows, extract.chunk_count()), (0, 0));
    let _ = study_with(folder.path(), "a.parquet", "");
}

/// A CSV file and its rows, as `number:id|name`, and the rows set aside, as `number reason`.
fn csv(bytes: &[u8], more: &str) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), bytes).unwrap();
    let study = study_with(folder.path(), "a.csv", more);
    let extract = open(&study, 0).unwrap();
    let read = chunks(&study, &extract);
    let total: u64 = read.iter().map(|chunk| chunk.rows as u64 + chunk.rejected.len() as u64).sum();
    assert_eq!((total, extract.files[0].rows), (extract.rows, extract.rows));
    let faults = read.iter().flat_map(|chunk| &chunk.rejected);
    let shown =
        |fault: &super::RowFault| format!("{} {} {}", fault.row, fault.column.as_deref().unwrap_or("-"), fault.reason);
    (rows(&study), faults.map(shown).collect())
}

fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

#[test]
fn csv_of_any_dialect_is_read() {
    let check = |bytes: &[u8], expected: &[&str]| {
        assert_eq!(csv(bytes, ""), (expected.iter().map(|row| (*row).to_owned()).collect(), vec![]));
    };
    check(b"id,name\n1,a\n2,b\n", &["1:1|a", "2:2|b"]);
    check(b"id;name;x\r\n1;\"a;b\";\r\n\r\n2;b,c,d,e;3\r\n", &["1:1|a;b", "2:2|b,c,d,e"]);
    check(b"name\tid\na\t1", &["1:1|a"]);
    check(b"id|name\n1|a\n", &["1:1|a"]);
    check(b"\"id\",\"name, or what\",name\n1,,\"say \"\"a\"\"\nand b\"\n", &["1:1|say \"a\"\nand b"]);
    check("\u{feff}id,name\n1,王\n".as_bytes(), &["1:1|王"]);
    check(" ＩＤ ,id, name\n7,1,李\n".replace("ＩＤ", "x").as_bytes(), &["1:1|李"]);
    check(&gb18030("id,name\n1,王小明\n2,㐂\n"), &["1:1|王小明", "2:2|㐂"]);
    check(b"id,name\n1,\n2,a,,\n", &["1:1|∅", "2:2|a"]);
    // The second byte of 亅 in GB18030 is the delimiter itself.
    check(&gb18030("id|name|x\n1|亅|y\n"), &["1:1|亅"]);
    check(b"id,name\n", &[]);
}

#[test]
fn text_of_single_bytes_is_read_as_declared_and_never_guessed() {
    let western = encoding_rs::WINDOWS_1252.encode("id,name\n1,Jürgen Müller\n2,Käthe Größmann\n3,Éva Lévy\n").0;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), &western).unwrap();
    let error = refused(&study(folder.path(), "a.csv")).to_string();
    assert!(error.contains("a.csv:2: is neither UTF-8 nor GB18030") && error.contains("windows-1252"), "{error}");
    assert!(!error.contains("rgen"), "{error}");
    for word in ["windows-1252", "Latin1", "ISO-8859-1"] {
        let (rows, faults) = csv(&western, &format!("encoding = \"{word}\""));
        assert_eq!((rows.join(" "), faults.len()), ("1:1|Jürgen Müller 2:2|Käthe Größmann 3:3|Éva Lévy".into(), 0));
    }
    let of = |table: &'static encoding_rs::Encoding, text: &str, word: &str| {
        csv(&table.encode(text).0, &format!("encoding = \"{word}\"")).0.join(" ")
    };
    assert_eq!(of(encoding_rs::WINDOWS_1250, "id,name\n1,Łódź\n", "windows-1250"), "1:1|Łódź");
    assert_eq!(of(encoding_rs::WINDOWS_1251, "id,name\n1,Юрий\n", "cp1251"), "1:1|Юрий");
    // The second byte of 功 in Big5 is the delimiter itself.
    assert_eq!(of(encoding_rs::BIG5, "id|name\n1|張功許\n", "big5"), "1:1|張功許");
    let declared = study_with(folder.path(), "a.csv", "encoding = \"gb18030\"");
    assert!(open(&declared, 0).is_ok(), "a few bytes may be damage, and the study says what they are");
    std::fs::write(folder.path().join("a.csv"), western.repeat(3)).unwrap();
    assert!(refused(&declared).to_string().contains("is not GB18030, as the study file says"));
    let damaged: Vec<u8> =
        "id,name\n1,J\u{1}rgen\n2,Anne\n".bytes().map(|byte| if byte == 1 { 0xfc } else { byte }).collect();
    let (rows, faults) = csv(&damaged, "");
    assert_eq!((rows.join(" "), faults.len()), (String::from("2:2|Anne"), 1), "one damaged byte costs its row");
    // Characters of which the second byte is a letter are no single bytes.
    let rare = "id,name\n1,丂亄侤\n2,張嫟x侤\n";
    assert_eq!(csv(&gb18030(rare), "").0, ["1:1|丂亄侤", "2:2|張嫟x侤"]);
}

#[test]
fn csv_rows_that_cannot_be_read_are_set_aside_by_number() {
    let check = |bytes: &[u8], more: &str, expected: &[&str], faults: &[&str]| {
        let (rows, set_aside) = csv(bytes, more);
        assert_eq!(rows, expected);
        assert_eq!(set_aside, faults);
    };
    check(b"id,name\n1,a\n2\n3,c,d\n4,e\n", "", &["1:1|a", "4:4|e"], &["2 - ragged_row", "3 - ragged_row"]);
    let damaged = [b"id,name\n1,\xff\n".as_slice(), "2,王\n".repeat(20).as_bytes()].concat();
    let (rows, faults) = csv(&damaged, "");
    assert_eq!((rows.len(), rows[0].as_str(), faults), (20, "2:2|王", vec!["1 name undecodable_text".to_owned()]));
    check(b"id,name\n1,\xcd\xf5\n", "encoding = \"gb18030\"", &["1:1|王"], &[]);
    check(b"id,name\n1,\xcd\xf5\n", "encoding = \"utf-8\"", &[], &["1 name undecodable_text"]);
    // A damaged field that nobody needs does no harm.
    check(b"id,name,x\n1,a,\xff\n", "encoding = \"utf-8\"", &["1:1|a"], &[]);
}

#[test]
fn a_csv_file_that_was_cut_off_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let is_cut = |bytes: &[u8], more: &str, row: u64| {
        std::fs::write(folder.path().join("a.csv"), bytes).unwrap();
        let study = study_with(folder.path(), "a.csv", more);
        let Err(error) = open(&study, 0) else { return false };
        let text = error.to_string();
        assert!(text.contains("the file ends in the middle of a row") && text.contains("again"), "{text}");
        assert_eq!((error.kind(), error.place().row), (Kind::Input, Some(row)), "{text}");
        true
    };
    let whole = "id,name,x\n1,王小明,\"a\nb\"\n2,李,c\n";
    let declared = ["", "encoding = \"utf-8\"", "encoding = \"gb18030\""];
    for (bytes, more) in [(whole.as_bytes().to_vec(), declared[0]), (gb18030(whole), declared[2])] {
        let starts: Vec<usize> = [b"\n1,".as_slice(), b"\n2,"].map(|start| find(&bytes, start) + 1).to_vec();
        // Nobody can tell the beginning of the last field from a whole one.
        let last_fields = [find(&bytes, b"\"a"), find(&bytes, b"c\n")];
        for length in starts[0] + 1..=bytes.len() {
            let row = if length > starts[1] { 2 } else { 1 };
            let is_whole = [last_fields[0], starts[1] - 1, starts[1]].contains(&length) || length >= last_fields[1];
            assert_eq!(is_cut(&bytes[..length], more, row), !is_whole, "{length} {more}");
        }
    }
    // Within the last character of the last field, and within quotation marks behind it.
    let name_last = "id,name\n1,王\n2,李";
    assert!(is_cut(&name_last.as_bytes()[..name_last.len() - 1], declared[1], 2));
    assert!(is_cut(&gb18030(name_last)[..gb18030(name_last).len() - 1], declared[2], 2));
    assert!(is_cut(b"id,name\n1,a\n2,\"b\n", "", 2));
    assert!(is_cut(&gb18030("id|name|x\n1|亅|y\n2|亅"), "", 2), "the second byte of 亅 is the delimiter itself");
    for whole in
        ["id,name\n1,a\n2,\"b\"", "id,name\n1,a\n2\n", "id,name\n1,a\n\u{1a}", "id,name\r1,a\r2\r", "id,name\n1,a\n  "]
    {
        assert!(!is_cut(whole.as_bytes(), "", 0), "{whole:?}");
    }
}

fn find(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).unwrap()
}

#[test]
fn a_long_csv_file_is_read_in_stretches() {
    let (folder, _) = folder();
    let mut text = String::from("id,name,note\n");
    for row in 1..=150_000 {
        text.push_str(&format!("{row},\"王\n{}\",x\n", row % 7));
    }
    std::fs::write(folder.path().join("a.csv"), &text).unwrap();
    let study = study(folder.path(), "a.csv");
    let extract = open(&study, 0).unwrap();
    assert_eq!((extract.rows, extract.chunk_count()), (150_000, 3));
    for chunk in chunks(&study, &extract) {
        for row in 0..chunk.rows {
            let number = chunk.row_number(row);
            assert_eq!(chunk.columns[0].text(row).unwrap(), number.to_string());
            assert_eq!(chunk.columns[1].text(row).unwrap(), format!("王\n{}", number % 7));
        }
    }
    let digest = super::digest_of(&folder.path().join("a.csv")).unwrap();
    assert_eq!(extract.files[0].digest, digest);
}

#[test]
fn a_text_of_several_lines_may_have_as_many_commas_as_the_header() {
    let check = |text: &str, is_sound: bool| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), text).unwrap();
        let opened = open(&study_with(folder.path(), "a.csv", ""), 0);
        assert_eq!(opened.is_ok(), is_sound, "{text}");
    };
    let address = "\"Flat 1\n12 Main Street, Leeds, UK\"";
    check(&format!("id,name,address\nR1,ada,{address}\nR2,bo,x\n"), true);
    check(&format!("id,name,address\n1,ada,x\n2,bo,{address}\n3,carl,{address}\n"), true);
    check("id,name,address\n1,ada,x\n2,bo,\"Flat 1\n12, Main Street, Leeds\"\n", true);
    // A mark that is closed by another one's opening, or far behind by one that was to close another.
    check("id,name,address\nR1,\"ada,x\nR2,bo,y\nR3,\"carl\",z\n", false);
    check("id,name,address\nR0,a,b\nR1,\"ada,x\nR2,bo,y\nR3,bo,y\nR4,carl\",z\n", false);
    check("id,name,a,b\nR0,a,b,c\nR1,\"ada,x,\nR2,bo,y,\nR4,carl\",z,\n", false);
}

#[test]
fn csv_files_that_cannot_serve_are_refused() {
    let check = |bytes: &[u8], more: &str, words: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), bytes).unwrap();
        let error = refused(&study_with(folder.path(), "a.csv", more)).to_string();
        assert!(error.contains(words), "{error}");
    };
    check(b"id,nane\n1,a\n", "", "`nane`");
    check(b"id,name,name\n1,a,b\n", "", "columns 2 and 3");
    check(b"\xff\xfei\x00d\x00", "", "UTF-16");
    check(b"PAR1....", "", "looks like Parquet");
    check(b"PK\x03\x04rest of a workbook", "", "give a workbook the ending .xlsx");
    check(b"\n\n\n", "", "no header");
    check(b"id,name,\xcd\xf5\n1,a,b\n", "encoding = \"utf-8\"", "header is not UTF-8");
    let unclosed = [b"id,name\n1,a\n2,\"".as_slice(), &vec![b'x'; 18 << 20]].concat();
    check(&unclosed, "", "a.csv:2: this row is longer than 16 MiB");
}

#[test]
fn a_formula_without_its_value_is_no_empty_cell_and_an_empty_text_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.xlsx");
    let cells = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>x</t></is></c><c r=\"B1\"><f>1+1</f><v/></c>\
                 <c r=\"C1\" t=\"str\"><f>T(1)</f><v></v></c><c r=\"D1\"><f>1+1</f><v>2</v></c><c r=\"E1\"/></row>";
    workbook(&path, cells, "count=\"0\" uniqueCount=\"0\">", &[]);
    let sheets = super::filled::read(&path).unwrap();
    let cells: Vec<&str> = sheets[0].rows[0].1.iter().map(String::as_str).collect();
    assert_eq!(cells, ["x", super::filled::NOT_COMPUTED, "", "2"]);
}

/// A workbook with the columns `id` and `name` and these cells as names, in rows that have an id.
fn workbook_of(path: &Path, names: &[&str]) {
    let text = |cell: &str, text: &str| format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let row = |(at, name): (usize, &&str)| {
        format!(
            "<row r=\"{0}\">{1}{2}</row>",
            at + 2,
            text(&format!("A{}", at + 2), "i"),
            name.replace('$', &(at + 2).to_string())
        )
    };
    let cells: String = names.iter().enumerate().map(row).collect();
    workbook(path, &(HEADER.to_owned() + &cells), "count=\"0\" uniqueCount=\"0\">", &[]);
}

const SAID: &str = "<c r=\"B$\" t=\"str\"><v>a</v></c>";
const FORMULA: &str = "<c r=\"B$\"><f>A1</f><v/></c>";
const ERROR: &str = "<c r=\"B$\" t=\"e\"><f>A1</f><v>#N/A</v></c>";
const EMPTY: &str = "<c r=\"B$\"/>";
const COMPUTED: &str = "<c r=\"B$\" t=\"str\"><f>A1</f><v>a</v></c>";

#[test]
fn cells_that_lost_their_values_are_told_by_row_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let names = [SAID, FORMULA, ERROR, EMPTY, COMPUTED, "<c r=\"B$\" t=\"str\"><f>A1</f><v></v></c>", SAID, FORMULA];
    workbook_of(&folder.path().join("a.xlsx"), &names);
    let study = study_with(folder.path(), "a.xlsx", "");
    let read = chunks(&study, &open(&study, 0).unwrap());
    let lost = read[0].lost.iter().flat_map(|cells| cells.rows().map(|row| (cells.column, cells.loss.code(), row)));
    let expected = [(1, "formula_without_value", 2), (1, "formula_without_value", 8), (1, "error_value", 3)];
    assert_eq!(lost.collect::<Vec<_>>(), expected);
    let filled: Vec<bool> = (0..8).map(|row| read[0].columns[1].text(row).is_some()).collect();
    assert_eq!(filled, [true, false, false, false, true, false, true, false]);
}

#[test]
fn a_needed_column_of_which_most_lost_its_values_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let opened = |names: &[&str], bound: &str| {
        workbook_of(&folder.path().join("a.xlsx"), names);
        let study = study_with(folder.path(), "a.xlsx", "");
        let text = std::fs::read_to_string(&study.file).unwrap().replace("name = \"name\"", bound);
        std::fs::write(&study.file, text).unwrap();
        open(&file::read(&study.file).unwrap(), 0)
    };
    for (names, what) in [
        ([EMPTY, FORMULA, FORMULA, SAID], Some("saved without their values")),
        ([EMPTY, ERROR, ERROR, SAID], Some("such as #N/A")),
        ([EMPTY, EMPTY, EMPTY, FORMULA], Some("saved without their values")),
        ([FORMULA, ERROR, SAID, SAID], None),
    ] {
        for bound in ["name = \"name\"", "id_number = \"name\""] {
            let error = opened(&names, bound).err();
            assert_eq!(error.is_some(), what.is_some(), "{names:?}");
            let Some(error) = error else { continue };
            let text = error.to_string();
            assert!(text.contains(what.unwrap()) && text.contains("hint"), "{text}");
            assert_eq!((error.kind(), error.place().column.as_deref()), (Kind::Input, Some("name")));
        }
        assert!(opened(&names, "name = \"id\"\naddress = \"name\"").is_ok(), "{names:?}");
    }
}

#[test]
fn an_open_document_sheet_is_named_with_what_to_do() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.ods");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, text) in [("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", "<x/>")] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    let error = super::filled::read(&path).err().unwrap().to_string();
    assert!(error.contains("OpenDocument") && error.contains("save it as .xlsx"), "{error}");
}

/// The parts of a small workbook, to be made hostile.
fn workbook(path: &Path, sheet: &str, shared: &str, more: &[(&str, &[u8])]) {
    use std::io::Write;
    let mut archive = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let types = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";
    let book = "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
        xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">\
        <sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>";
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let links = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"r1\" Type=\"{kind}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
         <Relationship Id=\"r2\" Type=\"{kind}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
    );
    let space = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    let sheet = format!("<worksheet {space}><sheetData>{sheet}</sheetData></worksheet>");
    let shared = format!("<sst {space} {shared}</sst>");
    let root = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"r1\" Type=\"{kind}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let parts: [(&str, &[u8]); 6] = [
        ("_rels/.rels", root.as_bytes()),
        ("[Content_Types].xml", types.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", links.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/sharedStrings.xml", shared.as_bytes()),
    ];
    for (name, bytes) in parts.iter().chain(more) {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
}

const HEADER: &str = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>id</t></is></c>\
    <c r=\"B1\" t=\"inlineStr\"><is><t>name</t></is></c></row>";

#[test]
fn a_workbook_is_read_from_its_one_sheet() {
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
    let (folder, _) = folder();
    let mut book = Workbook::new();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let sheet = book.add_worksheet();
    for (column, name) in ["note", " 姓名 ", "编号"].into_iter().enumerate() {
        sheet.write_string(1, column as u16, name).unwrap();
    }
    sheet.write_string(2, 1, "王小明").unwrap();
    sheet.write_number(2, 2, 7.0).unwrap();
    sheet.write_string(4, 0, "a row with nothing else").unwrap();
    sheet.write_number(5, 1, 110_105_194_912_310_000.0).unwrap();
    sheet.write_datetime_with_format(5, 2, ExcelDateTime::from_ymd(2020, 11, 1).unwrap(), &date).unwrap();
    book.add_worksheet();
    book.save(folder.path().join("a.xlsx")).unwrap();
    let text = "[[source]]\nname = \"s\"\nrole = \"register\"\npath = \"a.xlsx\"\nrecord_id = \"编号\"\n\
                [source.columns]\nname = \"姓名\"\n";
    let file = folder.path().join("study.toml");
    std::fs::write(&file, text).unwrap();
    let study = file::read(&file).unwrap();
    assert_eq!(rows(&study), ["1:7|王小明", "3:∅|∅", "4:2020-11-01|1.1010519491231E+17"]);
    book.worksheet_from_index(1).unwrap().write_string(9, 9, "rows that would be left out").unwrap();
    book.save(folder.path().join("a.xlsx")).unwrap();
    let refused_of_two = refused(&study).to_string();
    assert!(refused_of_two.contains("more than one sheet with content: sheets 1, 2"), "{refused_of_two}");
    // Whatever its place, the only one that is filled is the one.
    let mut book = Workbook::new();
    book.add_worksheet();
    let sheet = book.add_worksheet();
    for (at, text) in [(0, "姓名"), (1, "王小明")] {
        sheet.write_string(at, 0, text).unwrap();
        sheet.write_string(at, 1, if at == 0 { "编号" } else { "8" }).unwrap();
    }
    book.save(folder.path().join("a.xlsx")).unwrap();
    assert_eq!(rows(&study), ["1:8|王小明"]);
}

#[test]
fn columns_that_are_missing_because_of_a_merged_header_are_said_to_be() {
    use rust_xlsxwriter::{Format, Workbook};
    let (folder, _) = folder();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    // What is missing stands below a word over two columns.
    sheet.merge_range(0, 0, 1, 0, "编号", &Format::new()).unwrap();
    sheet.merge_range(0, 1, 0, 2, "person", &Format::new()).unwrap();
    for (column, name) in [(1, "id"), (2, "name")] {
        sheet.write_string(1, column, name).unwrap();
    }
    book.save(folder.path().join("a.xlsx")).unwrap();
    let error = refused(&study(folder.path(), "a.xlsx")).to_string();
    assert!(error.contains("the header is merged with the row below it"), "{error}");
}

#[test]
fn what_is_merged_downwards_holds_for_every_row_and_nothing_else_may_be_merged() {
    use rust_xlsxwriter::{Format, Workbook};
    let (folder, _) = folder();
    let merged = |regions: &[(u32, u16, u32, u16)]| {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (row, cells) in [["id", "name", "x"], ["1", "a", "x"], ["2", "b", ""], ["3", "", ""], ["4", "d", "y"]]
            .into_iter()
            .enumerate()
        {
            for (column, cell) in cells.into_iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                sheet.write_string(row as u32 + 2, column as u16, cell).unwrap();
            }
        }
        for (top, left, bottom, right) in regions {
            let above = ["", "", "id", "1", "2", "3", "4"][*top as usize];
            let texts = [above, ["", "", "name", "a", "b", "", "d"][*top as usize], "x"];
            sheet.merge_range(*top, *left, *bottom, *right, texts[*left as usize], &Format::new()).unwrap();
        }
        book.save(folder.path().join("a.xlsx")).unwrap();
        study(folder.path(), "a.xlsx")
    };
    assert_eq!(rows(&merged(&[])), ["1:1|a", "2:2|b", "3:3|∅", "4:4|d"]);
    assert_eq!(rows(&merged(&[(3, 1, 5, 1)])), ["1:1|a", "2:2|a", "3:3|a", "4:4|d"]);
    // A column that nobody asks for, and what is merged within the header, tell nothing of the others.
    assert_eq!(rows(&merged(&[(3, 2, 5, 2)])), ["1:1|a", "2:2|b", "3:3|∅", "4:4|d"]);
    for (region, words) in [
        ((4, 1, 4, 2), "a.xlsx:2: name: cells of several columns are merged"),
        ((2, 1, 3, 1), "a.xlsx: name: the header is merged with the row below it"),
    ] {
        let error = refused(&merged(&[region])).to_string();
        assert!(error.contains(words), "{error}");
    }
    let sheet = |merged: &str| {
        let sheet = format!("{HEADER}<row r=\"2\"><c r=\"A2\"><v>1</v></c></row></sheetData>{merged}<sheetData>");
        workbook(&folder.path().join("a.xlsx"), &sheet, "uniqueCount=\"0\">", &[]);
        study(folder.path(), "a.xlsx")
    };
    let over = "<mergeCells><mergeCell ref=\"B2:B4\"/><mergeCell ref=\"B3:B1048576\"/></mergeCells>";
    assert!(refused(&sheet(over)).to_string().contains("lie over one another"));
    let whole = "<mergeCells count=\"4294967295\"><mergeCell ref=\"A2:A1048576\"/></mergeCells>";
    assert_eq!(rows(&sheet(whole)), ["1:1|∅"]);
}

#[test]
fn a_date_column_of_a_workbook_is_one_of_days() {
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
    let (folder, _) = folder();
    let mut book = Workbook::new();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "id").unwrap();
    sheet.write_string(0, 1, "name").unwrap();
    for (row, (year, month, day)) in [(1949, 10, 1), (2020, 11, 1), (1900, 3, 1)].into_iter().enumerate() {
        let row = row as u32 + 1;
        sheet.write_number(row, 0, f64::from(row)).unwrap();
        sheet.write_datetime_with_format(row, 1, ExcelDateTime::from_ymd(year, month, day).unwrap(), &date).unwrap();
    }
    book.save(folder.path().join("a.xlsx")).unwrap();
    let study = study(folder.path(), "a.xlsx");
    assert_eq!(rows(&study), ["1:1|1949-10-01", "2:2|2020-11-01", "3:3|1900-03-01"]);
    let chunk = open(&study, 0).unwrap().read(&study, 0).unwrap();
    assert_eq!((chunk.columns[1].day(1), chunk.row_numbers), (Some(18_567), None));
}

#[test]
fn hostile_workbooks_are_refused_or_read_without_a_grid() {
    let (folder, _) = folder();
    let path = folder.path().join("a.xlsx");
    let study = |sheet: &str, shared: &str, more: &[(&str, &[u8])]| {
        workbook(&path, sheet, shared, more);
        study(folder.path(), "a.xlsx")
    };
    let sparse = format!("{HEADER}<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>");
    assert_eq!(rows(&study(&sparse, ">", &[])), ["1048575:∅|∅"]);
    let one = format!("{HEADER}<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c></row>");
    let shared = "uniqueCount=\"1\"><si><t>7</t></si>";
    assert_eq!(rows(&study(&one, shared, &[])), ["1:7|∅"]);
    let check = |study: Study, words: &str| {
        let error = refused(&study).to_string();
        assert!(error.contains(words) && error.contains("a.xlsx"), "{error}");
    };
    check(study(&one, "uniqueCount=\"4000000000\"><si><t>7</t></si>", &[]), "cannot be read");
    check(study(&one, "uniqueCount=\"99999999999999999999999\">", &[]), "cannot be read");
    check(study("", ">", &[]), "no sheet has any content");
    check(study(&one, shared, &[("xl/vbaProject.bin", b"x")]), "macros");
    let many: Vec<String> = (0..1_001).map(|part| format!("xl/{part}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    check(study(&one, shared, &many), "parts");
    let zeros = vec![0; 70 << 20];
    check(study(&one, shared, &[("xl/media/zeros", &zeros)]), "when it is unpacked");
    let backwards =
        format!("{HEADER}<row r=\"3\"><c r=\"A3\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\"><v>1</v></c></row>");
    check(study(&backwards, ">", &[]), "cannot be read");
    let good = std::fs::read(&path).unwrap();
    std::fs::write(&path, &good[..good.len() / 2]).unwrap();
    check(super::tests::study(folder.path(), "a.xlsx"), "cannot be read");
}

#[test]
fn what_is_printed_of_rows_holds_no_value() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "id,name\nQvxone,Qvxtwo\n").unwrap();
    let study = study(folder.path(), "a.csv");
    let extract = open(&study, 0).unwrap();
    let printed = format!("{extract:?} {:?} {:#?}", chunks(&study, &extract), extract.read(&study, 0));
    assert!(printed.contains("[personal]") && !printed.contains("Qvx"), "{printed}");
    let standardised = crate::person::standardise(&study, &[extract], &crate::progress::Silent).unwrap();
    let printed = format!("{standardised:?} {:?}", standardised.table);
    assert!(printed.contains("[personal]") && !printed.to_lowercase().contains("qvx"), "{printed}");
}

/// Everything that can be read of a file, or why not.
fn read_all(study: &Study) -> crate::error::Result<Vec<String>> {
    let extract = open(study, 0)?;
    let mut rows = Vec::new();
    for chunk in 0..extract.chunk_count() {
        let chunk = extract.read(study, chunk)?;
        rows.extend((0..chunk.rows).map(|row| {
            let texts = chunk.columns.iter().map(|column| column.text(row).unwrap_or_default().into_owned());
            texts.collect::<Vec<String>>().join("|")
        }));
    }
    Ok(rows)
}

#[test]
fn a_disk_that_fails_while_a_file_is_read_is_not_the_files_fault() {
    use super::input::failing;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let names: Vec<String> = (0..3_000).map(|row| format!("Wang{row}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    write_parquet(&folder.join("a.parquet"), vec![("id", text(&names)), ("name", text(&names))], 1_000);
    let lines: String = names.iter().map(|name| format!("{name},{name}\n")).collect();
    std::fs::write(folder.join("a.csv"), format!("id,name\n{lines}")).unwrap();
    let row = "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>R1</t></is></c><c r=\"B2\"><v>2</v></c></row>";
    workbook(&folder.join("a.xlsx"), &format!("{HEADER}{row}"), "count=\"0\" uniqueCount=\"0\">", &[]);
    let mut failures = 0;
    let mut hold = |file: &str, only_once: bool, read: &dyn Fn() -> crate::error::Result<Vec<String>>| {
        let expected = read().unwrap();
        for good in 0.. {
            failing::plan(&folder.join(file), good, only_once);
            let found = read();
            if !failing::end() {
                assert!(found.unwrap() == expected, "{file}");
                assert!(good > 1, "{file}: nothing was read through the disk that fails");
                break;
            }
            failures += 1;
            let error = found.expect_err("what a disk could not give is not made up");
            assert_eq!(error.kind(), Kind::Environment, "{file}, request {good}: {error}");
            assert!(error.to_string().contains(file), "{error}");
        }
    };
    for only_once in [false, true] {
        for file in ["a.parquet", "a.csv", "a.xlsx"] {
            let study = study(folder, file);
            hold(file, only_once, &|| read_all(&study));
        }
        hold("a.xlsx", only_once, &|| {
            let sheets = super::filled::read(&folder.join("a.xlsx"))?;
            Ok(sheets.into_iter().flat_map(|sheet| sheet.rows).map(|row| row.1.join("|")).collect())
        });
    }
    assert!(failures > 40, "{failures}");
}
