//! The long catalogue of bad inputs, beyond [`bad_inputs`](crate::bad_inputs): typed files whose footers lie, columns
//! of wrong types, sources that are not what they are said to be, places where files should not be.

#![allow(clippy::too_many_lines, reason = "a table of cases is read line by line")]

use std::process::Command;
use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Int32Type};
use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;

use crate::bad_inputs::{Place, STUDY, canaries, hold, rows, workbook};
use crate::cli::argument;
use crate::parquet_file::{
    Columns, file, groups, people, people_with, texts, with_checksums, with_columns, with_footer,
};

/// The register is this Parquet file.
fn parquet(place: &Place, columns: Columns) {
    place.register("r.parquet", file(columns));
}

fn dates() -> Date32Array {
    (0..40).map(|row| Some(3_652 + row)).collect()
}

/// The register is a folder of these files.
fn folder(place: &Place, files: &[(&str, Vec<u8>)]) {
    std::fs::create_dir(place.path("registers")).expect("folder");
    for (name, bytes) in files {
        place.put(&format!("registers/{name}"), bytes);
    }
    place.put("study.toml", STUDY.replace("path = \"register.csv\"", "path = \"registers\""));
}

/// A second batch of people with other record ids.
fn more_people() -> Columns {
    let mut columns = people(40);
    columns[0].1 = texts(|row| format!("Qvxrecordq9{row}"), 40);
    columns
}

#[test]
fn good_columns_of_every_flat_type_run() {
    let name = |row: usize| format!("Qvxnameq Person{row}");
    let large: LargeStringArray = (0..40).map(|row| Some(name(row))).collect();
    let view: StringViewArray = (0..40).map(|row| Some(name(row))).collect();
    let binary: BinaryArray = (0..40).map(|row| Some(name(row).into_bytes())).collect();
    let names: Vec<String> = (0..40).map(name).collect();
    let dictionary: DictionaryArray<Int32Type> = names.iter().map(|name| Some(name.as_str())).collect();
    let arrays: [ArrayRef; 4] = [Arc::new(large), Arc::new(view), Arc::new(binary), Arc::new(dictionary)];
    for array in arrays {
        let place = Place::new();
        parquet(&place, people_with("name", Arc::clone(&array)));
        let (code, said) = place.run();
        assert_eq!(code, Some(0), "{:?}: {said}", array.data_type());
    }
    let place = Place::new();
    folder(&place, &[("1.parquet", file(people(40))), ("2.parquet", file(more_people()))]);
    let (code, said) = place.run();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn footers_that_lie_are_status_4() {
    hold(&[
        (
            "a codec that nobody reads",
            |p| p.register("r.parquet", with_columns(&file(people(40)), |c| c.set_compression(Compression::LZO))),
            4,
            &["r.parquet", "LZO"],
        ),
        (
            "declares another codec",
            |p| p.register("r.parquet", with_columns(&file(people(40)), |c| c.set_compression(Compression::SNAPPY))),
            4,
            &["r.parquet"],
        ),
        (
            "more bytes than a row group may have",
            |p| p.register("r.parquet", with_columns(&file(people(40)), |c| c.set_total_uncompressed_size(20 << 30))),
            4,
            &["r.parquet", "row group 1"],
        ),
        (
            "a negative size",
            |p| p.register("r.parquet", with_columns(&file(people(40)), |c| c.set_total_uncompressed_size(-5))),
            4,
            &["r.parquet"],
        ),
        (
            "a column beyond the end of the file",
            |p| {
                p.register(
                    "r.parquet",
                    with_columns(&file(people(40)), |c| {
                        c.set_dictionary_page_offset(None).set_data_page_offset(1 << 40)
                    }),
                );
            },
            4,
            &["r.parquet"],
        ),
        (
            "every column is the same bytes",
            |p| {
                p.register(
                    "r.parquet",
                    with_columns(&file(people(40)), |c| c.set_dictionary_page_offset(None).set_data_page_offset(4)),
                );
            },
            4,
            &["r.parquet"],
        ),
        (
            "as many rows as nobody has",
            |p| p.register("r.parquet", declares_rows(i64::MAX)),
            4,
            &["r.parquet", "row groups"],
        ),
        ("a negative number of rows", |p| p.register("r.parquet", declares_rows(-1)), 4, &["r.parquet"]),
        ("no rows", |p| parquet(p, people(0)), 4, &["r.parquet", "no rows"]),
        (
            "no row groups",
            |p| p.register("r.parquet", with_footer(&file(people(40)), without_groups)),
            4,
            &["r.parquet"],
        ),
        ("no columns", |p| parquet(p, vec![("other", Arc::new(dates()))]), 4, &["r.parquet"]),
        (
            "a column twice",
            |p| {
                let mut columns = people(40);
                columns.push(columns[1].clone());
                parquet(p, columns);
            },
            4,
            &["r.parquet", "have the same name", "name"],
        ),
        (
            "4,100,000 rows in some thousand bytes",
            |p| {
                let columns: Columns =
                    people(1).into_iter().map(|(name, _)| (name, texts(|_| String::from("x"), 100_000))).collect();
                p.register("r.parquet", groups(&vec![columns; 41], Compression::UNCOMPRESSED));
            },
            4,
            &["r.parquet", "cannot be persons"],
        ),
        ("96 MiB in some kilobytes", |p| p.register("r.parquet", bomb()), 4, &["r.parquet", "200 times"]),
        (
            "600 MiB in some kilobytes, declared as nothing",
            |p| p.register("r.parquet", with_columns(&bomb(), |c| c.set_total_uncompressed_size(1))),
            4,
            &["r.parquet"],
        ),
        (
            "a page header that declares 2 GiB",
            |p| {
                let mut bytes = file(people(40));
                // Type 0, then both sizes as the largest number of 32 bits.
                bytes[4..16].copy_from_slice(b"\x15\x00\x15\xfe\xff\xff\xff\x0f\x15\xfe\xff\xff");
                p.register("r.parquet", bytes);
            },
            4,
            &["r.parquet"],
        ),
        ("a schema ten thousand levels deep", |p| p.register("r.parquet", deep(10_000)), 4, &["r.parquet"]),
        (
            "two hundred lists of two thousand million booleans, of which each takes no byte",
            |p| p.register("r.parquet", endless(&file(people(40)))),
            4,
            &["r.parquet", "declares more than it holds"],
        ),
    ]);
}

/// A footer with this number of rows in its one row group.
fn declares_rows(rows: i64) -> Vec<u8> {
    with_footer(&file(people(40)), |footer| {
        let groups = footer.row_groups().iter();
        let groups = groups.map(|group| group.clone().into_builder().set_num_rows(rows).build().expect("group"));
        let groups = groups.collect();
        footer.into_builder().set_row_groups(groups).build()
    })
}

fn without_groups(footer: ParquetMetaData) -> ParquetMetaData {
    footer.into_builder().set_row_groups(Vec::new()).build()
}

/// A name of 12 MiB in each of 50 rows.
fn bomb() -> Vec<u8> {
    let long = "x".repeat(12 << 20);
    let column = texts(|_| long.clone(), 50);
    groups(&[people_with("name", column)], Compression::ZSTD(parquet::basic::ZstdLevel::default()))
}

/// A good file, but for a field of its footer that nobody knows: hours pass before a reader has passed over it.
fn endless(good: &[u8]) -> Vec<u8> {
    let end = good.len() - 8;
    let length = u32::from_le_bytes(good[end..end + 4].try_into().expect("four bytes")) as usize;
    let (before, footer) = good[..end].split_at(end - length);
    let mut footer = footer[..length - 1].to_vec();
    // Field 50: a list of 200 lists.
    footer.extend([0x09, 100, 0xf9, 200, 1]);
    (0..200).for_each(|_| footer.extend([0xf1, 0xff, 0xff, 0xff, 0xff, 0x07]));
    footer.push(0);
    let length = u32::try_from(footer.len()).expect("short").to_le_bytes();
    [before, &footer, &length, b"PAR1"].concat()
}

/// A footer whose schema is a chain of groups.
fn deep(levels: usize) -> Vec<u8> {
    // Version 1; a list of schema elements, each a group named `a` with one child, the last one a leaf.
    let mut footer = vec![0x15, 0x02, 0x19, 0xfc];
    let mut count = levels + 1;
    while count > 127 {
        footer.push(0x80 | (count & 127) as u8);
        count >>= 7;
    }
    footer.push(count as u8);
    for _ in 0..levels {
        footer.extend(b"\x48\x01a\x15\x02\x00");
    }
    footer.extend(b"\x15\x0c\x38\x01a\x00\x16\x00\x19\x0c\x00");
    let length = u32::try_from(footer.len()).expect("short").to_le_bytes();
    [b"PAR1".as_slice(), &footer, &length, b"PAR1"].concat()
}

#[test]
fn columns_of_wrong_types_are_status_4() {
    hold(&[
        (
            "ID numbers as whole numbers",
            |p| parquet(p, people_with("number", Arc::new((0..40).map(Some).collect::<Int64Array>()))),
            4,
            &["r.parquet", "number", "as text", "whole numbers"],
        ),
        (
            "ID numbers as floating-point numbers",
            |p| {
                parquet(
                    p,
                    people_with("number", Arc::new((0..40).map(|n| Some(f64::from(n))).collect::<Float64Array>())),
                );
            },
            4,
            &["r.parquet", "number", "as text", "floating-point numbers"],
        ),
        (
            "a list in a cell",
            |p| {
                let item = Arc::new(Field::new("item", DataType::Utf8, true));
                let lists =
                    ListArray::new(item, OffsetBuffer::from_lengths(vec![1; 40]), people(40)[1].1.clone(), None);
                parquet(p, people_with("name", Arc::new(lists)));
            },
            4,
            &["r.parquet", "name", "flat"],
        ),
        (
            "a structure in a cell",
            |p| {
                let field = Arc::new(Field::new("given", DataType::Utf8, true));
                let group = StructArray::from(vec![(field, people(40)[1].1.clone())]);
                parquet(p, people_with("name", Arc::new(group)));
            },
            4,
            &["r.parquet", "name", "flat"],
        ),
        (
            "record ids that are all missing",
            |p| parquet(p, people_with("record", Arc::new(StringArray::new_null(40)))),
            4,
            &["r.parquet", "none of the 40 rows", "record_id_missing"],
        ),
        (
            "times in other units from file to file",
            |p| {
                let micros: TimestampMicrosecondArray = (0..40).map(|row| Some(86_400_000_000 * row)).collect();
                let millis: TimestampMillisecondArray = (0..40).map(|row| Some(86_400_000 * row)).collect();
                let mut other = more_people();
                other[2].1 = Arc::new(millis);
                folder(p, &[("1.parquet", file(people_with("birth", Arc::new(micros)))), ("2.parquet", file(other))]);
            },
            4,
            &["1.parquet", "2.parquet", "birth", "times in microseconds", "times in milliseconds"],
        ),
        (
            "dates here and texts there",
            |p| {
                let mut other = more_people();
                other[2].1 = texts(|_| String::from("1980-01-01"), 40);
                folder(p, &[("1.parquet", file(people(40))), ("2.parquet", file(other))]);
            },
            4,
            &["2.parquet", "birth", "holds text here and dates in"],
        ),
        (
            "a column that only the first file has",
            |p| {
                let mut other = more_people();
                other.remove(4);
                folder(p, &[("1.parquet", file(people(40))), ("2.parquet", file(other))]);
            },
            4,
            &["2.parquet", "address", "no such column"],
        ),
    ]);
}

/// Instants out of any calendar: noted, never another date.
#[test]
fn instants_that_no_calendar_has_are_noted() {
    let extremes: [ArrayRef; 4] = [
        Arc::new(Date32Array::from(vec![i32::MAX; 40])),
        Arc::new(TimestampSecondArray::from(vec![i64::MIN; 40])),
        Arc::new(TimestampMicrosecondArray::from(vec![i64::MAX; 40]).with_timezone("UTC")),
        Arc::new(TimestampMillisecondArray::from(vec![i64::MIN; 40])),
    ];
    for array in extremes {
        let place = Place::new();
        parquet(&place, people_with("birth", Arc::clone(&array)));
        let (code, said) = place.run();
        let kind = array.data_type();
        // A column of nothing but impossible dates is a mistake of the sender; a few would be noted.
        assert_eq!(code, Some(4), "{kind:?}: {said}");
        assert!(said.contains("birth") && said.contains("cannot be read as dates"), "{kind:?}: {said}");
    }
}

#[test]
fn sources_that_are_not_what_they_are_said_to_be_are_status_4() {
    hold(&[
        (
            "columns shifted by one",
            |p| {
                p.put(
                    "register.csv",
                    rows().replacen("record,name,birth,number,address", "record,number,name,birth,address", 1),
                );
            },
            4,
            &["register.csv", "birth", "shifted"],
        ),
        (
            "dates of another form",
            |p| {
                p.put("register.csv", rows().replace("1980-", "1980/"));
                p.put(
                    "study.toml",
                    STUDY.replace(
                        "birth_date = \"birth\"",
                        "birth_date = { column = \"birth\", format = \"%d/%m/%Y\" }",
                    ),
                );
            },
            4,
            &["birth", "cannot be read as dates"],
        ),
        (
            "ID numbers that a spreadsheet rounded",
            |p| {
                let good = rows();
                let damaged = good.lines().map(|line| {
                    let mut cells: Vec<&str> = line.split(',').collect();
                    if cells[3] != "number" {
                        cells[3] = "9.99999E+17";
                    }
                    cells.join(",") + "\n"
                });
                p.put("register.csv", damaged.collect::<String>());
            },
            4,
            &["number", "rounded"],
        ),
        (
            "births that are deaths",
            |p| {
                let old = rows().replace("1980-", "1940-");
                p.put("register.csv", old.clone());
                p.put("study.toml", format!("{STUDY}[source.rows]\notherwise = \"birth\"\n"));
            },
            4,
            &["birth", "death"],
        ),
        (
            "deaths that are births",
            |p| {
                p.put("register.csv", rows().replace("1980-", "2019-"));
                p.put("study.toml", format!("{STUDY}[source.rows]\notherwise = \"death\"\n"));
            },
            4,
            &["birth", "death"],
        ),
        (
            "a header of a million columns",
            |p| p.put("register.csv", format!("{}\n1\n", "x,".repeat(1_000_000))),
            4,
            &["register.csv", "columns"],
        ),
        ("a header and nothing else", |p| p.put("register.csv", "record,name,birth,number,address\n"), 4, &["no rows"]),
        (
            "no row that could be a person",
            |p| p.put("register.csv", format!("record,name,birth,number,address\n{}", "a,,,,\n".repeat(40))),
            4,
            &["none of the 40 rows"],
        ),
        (
            "GBK declared as UTF-8",
            |p| {
                p.put(
                    "study.toml",
                    STUDY.replacen("path = \"register.csv\"", "path = \"register.csv\"\nencoding = \"utf-8\"", 1),
                );
                p.put(
                    "register.csv",
                    [rows().as_bytes(), &b"r,\xcd\xf5\xd0\xa1\xc3\xf7,1980-01-01,1,x\n".repeat(50)].concat(),
                );
            },
            4,
            &["register.csv:42", "is not UTF-8", "encoding"],
        ),
        (
            "UTF-8 declared as GB18030",
            |p| {
                p.put(
                    "study.toml",
                    STUDY.replacen("path = \"register.csv\"", "path = \"register.csv\"\nencoding = \"gbk\"", 1),
                );
                p.put("register.csv", rows().replace("Person", "王小明"));
            },
            4,
            &["register.csv", "is not GB18030", "encoding"],
        ),
        (
            "all record ids the same",
            |p| {
                p.put(
                    "register.csv",
                    format!("record,name,birth,number,address\n{}", "a,x,1980-01-01,1,x\n".repeat(40)),
                );
            },
            5,
            &["more rows were rejected"],
        ),
    ]);
}

/// A sheet with these cells, as `A1`-style references and texts.
fn sheet(cells: &[(&str, &str)]) -> String {
    let mut rows = String::new();
    let mut last = String::new();
    for (reference, text) in cells {
        let row: String = reference.chars().filter(char::is_ascii_digit).collect();
        if row != last {
            rows += &format!("{}<row r=\"{row}\">", if last.is_empty() { "" } else { "</row>" });
            last = row;
        }
        rows += &format!("<c r=\"{reference}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    }
    rows += if last.is_empty() { "" } else { "</row>" };
    let space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    format!("<worksheet xmlns=\"{space}\"><sheetData>{rows}</sheetData></worksheet>")
}

/// A workbook of these sheets.
fn book(sheets: &[String]) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let numbers = 1..=sheets.len();
    let list: String =
        numbers.clone().map(|n| format!("<sheet name=\"s{n}\" sheetId=\"{n}\" r:id=\"r{n}\"/>")).collect();
    let targets: String = numbers
        .map(|n| format!("<Relationship Id=\"r{n}\" Type=\"{office}/worksheet\" Target=\"worksheets/s{n}.xml\"/>"))
        .collect();
    let workbook_part = format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{list}</sheets></workbook>");
    let relations = format!("<Relationships xmlns=\"{package}\">{targets}</Relationships>");
    let names: Vec<String> = (1..=sheets.len()).map(|n| format!("xl/worksheets/s{n}.xml")).collect();
    let root = format!("<Relationship Id=\"r1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/>");
    let root = format!("<Relationships xmlns=\"{package}\">{root}</Relationships>");
    let mut parts: Vec<(&str, &[u8])> =
        vec![("xl/workbook.xml", workbook_part.as_bytes()), ("xl/_rels/workbook.xml.rels", relations.as_bytes())];
    parts.push(("_rels/.rels", root.as_bytes()));
    parts.extend(names.iter().map(String::as_str).zip(sheets.iter().map(String::as_bytes)));
    workbook(&parts)
}

fn header() -> Vec<(&'static str, &'static str)> {
    vec![("A1", "record"), ("B1", "name"), ("C1", "birth"), ("D1", "number"), ("E1", "address")]
}

fn with(mut cells: Vec<(&'static str, &'static str)>, more: &[(&'static str, &'static str)]) -> String {
    cells.extend(more);
    sheet(&cells)
}

#[test]
fn workbooks_that_are_no_tables_are_status_4() {
    hold(&[
        (
            "rows on two sheets",
            |p| p.register("r.xlsx", book(&[with(header(), &[("A2", "1"), ("B2", "x")]), sheet(&[("A1", "more")])])),
            4,
            &["r.xlsx", "more than one sheet"],
        ),
        (
            "an empty second sheet",
            |p| p.register("r.xlsx", book(&[with(header(), &[("A2", "1"), ("B2", "Ann Lee")]), sheet(&[])])),
            0,
            &[],
        ),
        (
            "a header whose cells were merged",
            |p| {
                p.register(
                    "r.xlsx",
                    book(&[sheet(&[("A1", "record"), ("B1", "name"), ("A2", "1"), ("C2", "1980-01-01")])]),
                );
            },
            4,
            &["r.xlsx", "birth"],
        ),
        (
            "a cell in the farthest corner",
            |p| p.register("r.xlsx", book(&[with(header(), &[("A2", "1"), ("B2", "Ann Lee"), ("XFD1048576", "x")])])),
            0,
            &[],
        ),
        (
            "rows that run backwards",
            |p| p.register("r.xlsx", book(&[with(header(), &[("A3", "1"), ("A2", "1")])])),
            4,
            &["r.xlsx"],
        ),
        ("an empty sheet", |p| p.register("r.xlsx", book(&[sheet(&[])])), 4, &["r.xlsx", "empty"]),
        ("no sheet", |p| p.register("r.xlsx", book(&[])), 4, &["r.xlsx"]),
        (
            "a cell where no column is",
            |p| p.register("r.xlsx", book(&[with(header(), &[("ZZZZZZZZ2", "x")])])),
            4,
            &["r.xlsx"],
        ),
    ]);
}

#[test]
#[cfg(unix)]
fn links_and_paths_lead_nowhere_else() {
    use std::os::unix::fs::symlink;
    hold(&[
        (
            "a link in place of the file",
            |p| {
                std::fs::rename(p.path("register.csv"), p.path("real.csv")).expect("moved");
                symlink(p.path("real.csv"), p.path("register.csv")).expect("link");
            },
            4,
            &["register.csv", "symbolic link"],
        ),
        (
            "a link in a folder of extracts",
            |p| {
                folder(p, &[("1.csv", rows().into_bytes())]);
                symlink("/etc/passwd", p.path("registers/2.csv")).expect("link");
            },
            4,
            &["2.csv", "symbolic link"],
        ),
        (
            "a link that matches a pattern",
            |p| {
                p.put("study.toml", STUDY.replace("\"register.csv\"", "\"reg*.csv\""));
                symlink("/etc/passwd", p.path("regi.csv")).expect("link");
            },
            4,
            &["regi.csv", "symbolic link"],
        ),
        (
            "a link to nothing",
            |p| {
                std::fs::remove_file(p.path("register.csv")).expect("removed");
                symlink(p.path("nothing"), p.path("register.csv")).expect("link");
            },
            4,
            &["register.csv"],
        ),
        (
            "a file of the system",
            |p| p.put("study.toml", STUDY.replace("\"register.csv\"", "\"../../../../../../etc/passwd\"")),
            4,
            &["passwd"],
        ),
        (
            "a pattern over everything",
            |p| p.put("study.toml", STUDY.replace("\"register.csv\"", "\"/dev/n*ll\"")),
            4,
            &["null"],
        ),
    ]);
    // Nothing is written through links that stand in the folder of results.
    for name in ["audit.jsonl", "follow-up", "links.parquet", "manifest.json", ".audit.checkpoint.json.tmp", "casework"]
    {
        let place = Place::new();
        let precious = place.path("precious");
        std::fs::create_dir(place.path("out")).expect("folder");
        std::fs::create_dir(&precious).expect("folder");
        symlink(&precious, place.path("out").join(name)).expect("link");
        let (code, said) = place.run();
        assert_eq!(code, Some(2), "{name}: {said}");
        assert_eq!(std::fs::read_dir(&precious).expect("folder").count(), 0, "{name}");
    }
}

#[test]
#[cfg(unix)]
fn areas_in_the_data_name_no_files_elsewhere() {
    let place = Place::new();
    let study = STUDY.replace("address = \"address\"", "address = \"address\"\nenumeration_area = \"address\"");
    place.put("study.toml", study);
    place.put("roll.csv", rows().replace("Qvxstreetq", "../../../evil"));
    let (code, said) = place.run();
    assert_eq!(code, Some(0), "{said}");
    for entry in std::fs::read_dir(place.path("out/follow-up")).expect("folder") {
        let name = entry.expect("entry").file_name().into_string().expect("UTF-8");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')), "{name}");
        assert!(!name.starts_with('.') && !name.contains(".."), "{name}");
    }
    assert!(!place.path("evil.xlsx").exists() && !place.path("../evil.xlsx").exists());
}

#[test]
#[cfg(unix)]
fn arguments_and_surroundings_that_are_odd_are_met_calmly() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let odd = std::ffi::OsStr::from_bytes(b"\xff\xfe.toml");
    let status = |arguments: &[&std::ffi::OsStr]| {
        Command::new(env!("CARGO_BIN_EXE_rollcall")).args(arguments).output().expect("starts").status.code()
    };
    assert_eq!(status(&["run".as_ref(), odd, "--out".as_ref(), "x".as_ref()]), Some(3));
    let out = place.path("out").join(odd);
    assert_eq!(status(&["demo".as_ref(), "--out".as_ref(), out.as_os_str()]), Some(2));
    assert!(!out.exists(), "nothing is made first");
    for setting in
        ["ulimit -n 32", "ulimit -n 5", "unset HOME TMPDIR", "umask 777", "ulimit -c unlimited", "ulimit -s 256"]
    {
        let out = place.path(&format!("out {}", setting.replace(|c: char| !c.is_alphanumeric(), "_")));
        let script = format!("{setting}; exec \"$0\" -q run \"$1\" --out \"$2\"");
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_rollcall"), argument(&place.path("study.toml")), argument(&out)])
            .output()
            .expect("starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 6)), "{setting}: {:?} {said}", output.status);
    }
}

/// Tables and pages for the office, the audit and the statistics: what stands in a register stands in none of them, nor
/// in what any command says of a study. (Record ids stand in the tables by purpose.)
#[test]
fn what_is_not_for_field_teams_holds_no_personal_value() {
    let place = Place::new();
    assert_eq!(place.run().0, Some(0));
    let personal = |text: &str| canaries(text).into_iter().find(|canary| *canary != "Qvxrecordq");
    for name in ["manifest.json", "audit.jsonl", "model.json", "coverage.json", "report.html"] {
        let text = std::fs::read_to_string(place.path("out").join(name)).expect(name);
        assert_eq!(personal(&text), None, "{name}");
    }
    for name in ["links", "persons", "discrepancies", "rejected", "coverage"] {
        let file = std::fs::File::open(place.path("out").join(name).with_extension("parquet")).expect(name);
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect(name);
        for batch in reader.build().expect(name) {
            for column in batch.expect(name).columns() {
                let text = arrow::compute::cast(column, &DataType::Utf8).expect(name);
                let leaked = text.as_string::<i32>().iter().flatten().find_map(personal);
                assert_eq!(leaked, None, "{name}");
            }
        }
    }
    let (study, out, folder) = (place.path("study.toml"), place.path("out"), place.path("extracts"));
    std::fs::create_dir(&folder).expect("folder");
    place.put("extracts/roll.csv", rows());
    place.put("extracts/register.parquet", file(people(40)));
    let record = |source: &str| format!("{source}:Qvxrecordq1");
    for arguments in [
        &["profile", argument(&study)][..],
        &["init", argument(&folder)],
        &["seal", argument(&folder)],
        &["explain", argument(&out), &record("roll"), &record("register")],
        &["trace", argument(&out)],
        &["verify", argument(&out)],
        &["coverage", argument(&out)],
        &["follow-up", "status", argument(&out)],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_rollcall"))
            .arg("-vvv")
            .args(arguments)
            .envs([("RUST_BACKTRACE", "full"), ("RUST_LOG", "trace")])
            .output()
            .expect("starts");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        assert_eq!(personal(&said), None, "{arguments:?}: {said}");
    }
    let drafted = std::fs::read_to_string(folder.join("study.toml")).expect("drafted");
    assert_eq!(personal(&drafted), None);
}

/// A study file as nobody means it: said what is wrong with it (3) or that its paths lead nowhere (4), and no more.
#[test]
fn hostile_study_files_are_refused() {
    let deep = format!("x = {}", "[".repeat(200_000));
    let tables = format!("[{}]", vec!["a"; 50_000].join("."));
    let many = "[[source]]\nname = \"x\"\nrole = \"register\"\n".repeat(3_000);
    let long = format!("name = \"{}\"", "x".repeat(17 << 20));
    for (from, to) in [
        ("[limits]", "[limits]\nrows_max = 99999999999999999999999"),
        ("[limits]", "[limits]\nrow_group_bytes_max = -1"),
        ("rejected_share_max = 0.5", "rejected_share_max = nan"),
        ("rejected_share_max = 0.5", "rejected_share_max = inf"),
        ("[study]", "[study]\nreference_time = \"99999-01-01T00:00:00+08:00\""),
        ("[study]", "[study]\nreference_time = \"2020-02-30T00:00:00+08:00\""),
        ("[study]", "[study]\nreference_time = \"2020-11-01T00:00:00+99:00\""),
        ("[study]", "[study]\narea = \"../../../../etc\""),
        ("[study]", "[linkage]\nseed = -1\n[study]"),
        ("[study]", "[follow_up]\nvisits = -5\n[study]"),
        ("path = \"register.csv\"", "path = \"\""),
        ("path = \"register.csv\"", "path = \"\\u0000\""),
        ("path = \"register.csv\"", "path = []"),
        ("path = \"register.csv\"", "path = \"~root/register.csv\""),
        ("path = \"register.csv\"", "path = \"\\\\\\\\server\\\\share\\\\register.csv\""),
        ("path = \"register.csv\"", "path = \"***\""),
        ("record_id = \"record\"", "record_id = \"\""),
        ("name = \"name\"", "name = []"),
        ("name = \"name\"", "name = { columns = [\"name\", 1] }"),
        ("name = \"register\"", "name = \"../register\""),
        ("[study]", deep.as_str()),
        ("[study]", tables.as_str()),
        ("[study]", many.as_str()),
        ("name = \"small\"", long.as_str()),
    ] {
        let place = Place::new();
        assert!(STUDY.contains(from), "{from}");
        place.put("study.toml", STUDY.replacen(from, to, 1));
        let (code, said) = place.run();
        let to: String = to.chars().take(80).collect();
        let said: String = said.chars().take(2_000).collect();
        assert!(matches!(code, Some(3 | 4)), "{to}: {code:?} {said}");
        assert!(said.contains("study.toml") || said.contains("register.csv"), "{to}: {said}");
        assert!(!place.path("out").exists(), "{to}");
    }
}

/// Where senders write page checksums, no flipped bit of a page is read as another value.
#[test]
fn flipped_bits_in_pages_with_checksums_are_found() {
    let place = Place::new();
    let original = with_checksums(people(40));
    place.register("r.parquet", &original);
    let study = rollcall::intake::study::file::read(&place.path("study.toml")).expect("study");
    let read = |bytes: &[u8]| -> rollcall::error::Result<Vec<Option<String>>> {
        std::fs::write(place.path("r.parquet"), bytes).expect("written");
        let extract = rollcall::intake::extract::open(&study, 1)?;
        let mut cells = Vec::new();
        for chunk in 0..extract.chunk_count() {
            let chunk = extract.read(&study, chunk)?;
            let rows = (0..chunk.rows).flat_map(|row| chunk.columns.iter().map(move |column| column.text(row)));
            cells.extend(rows.map(|cell| cell.map(std::borrow::Cow::into_owned)));
        }
        Ok(cells)
    };
    let expected = read(&original).expect("a good file");
    assert_eq!(expected.len(), 40 * 5);
    let footer = u32::from_le_bytes(original[original.len() - 8..original.len() - 4].try_into().expect("four"));
    let pages = original.len() - 8 - footer as usize;
    let mut found = 0;
    for bit in (4 * 8..pages * 8).step_by(19) {
        let mut flipped = original.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match read(&flipped) {
            // Some bits of a page's header say nothing that is used.
            Ok(cells) => assert!(cells == expected, "bit {bit} is another value"),
            Err(error) => {
                assert_eq!(error.kind().exit_status(), 4);
                found += 1;
            }
        }
    }
    assert!(found > 1_000, "{found}");
}

/// A handful of rows, with hardly anything in common: little to find, and no reason to fail.
#[test]
fn the_smallest_of_studies_run() {
    let study = STUDY.replacen(
        "birth_date = \"birth\"\nid_number = \"number\"\naddress = \"address\"\n",
        "id_number = \"number\"\n",
        1,
    );
    let study = study.replacen("id_number = \"number\"\naddress = \"address\"\n", "", 2);
    let header = "record,name,birth,number,address\n";
    for (roll, register) in [
        ("1,Ann Lee,1980-01-01,,\n", "1,Ann Lee,1980-01-01,,\n"),
        ("1,Ann Lee,,,\n", "1,Zed Qux,1980-01-01,,\n"),
        ("1,王小明,,999999200002290019,\n2,王小明,,,\n", "1,王小明,1980-01-01,,\n"),
        ("1,Ann Lee,,,\n2,Ann Lee,,,\n3,Ann Lee,,,\n", "1,Ann Lee,,,\n2,Ann Lee,,,\n3,Ann Lee,,,\n"),
    ] {
        for study in [study.as_str(), STUDY] {
            let place = Place::new();
            place.put("study.toml", study);
            place.put("roll.csv", format!("{header}{roll}"));
            // Ended by a blank line, a register that says the same as the roll is still no copy of it.
            place.put("register.csv", format!("{header}{register}\n"));
            let (code, said) = place.run();
            assert_eq!(code, Some(0), "{roll} {register}: {said}");
        }
    }
}

/// One person ten thousand times, under as many record ids: an end in bounded time, and every row counted.
#[test]
fn one_value_repeated_everywhere_is_bounded() {
    let place = Place::new();
    let mut same = String::from("record,name,birth,number,address\n");
    for row in 0..10_000 {
        same += &format!("Qvxrecordq{row},Qvxnameq Person,1980-01-01,999999200002290019,Qvxstreetq 1\n");
    }
    place.put("register.csv", same);
    let (code, said) = place.run();
    assert_eq!(code, Some(0), "{said}");
    let manifest = rollcall::audit::manifest::Manifest::read(&place.path("out")).expect("manifest");
    assert_eq!(manifest.sources[1].rows_in, 10_000);
}
