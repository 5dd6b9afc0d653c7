//! Whatever comes in: is it refused or set aside with its place and reason, never crashed on, never said aloud?
//!
//! The hostile files are made here. Every field of the good rows holds a text that stands nowhere else (a canary); no
//! output stream, error or temporary file of any case may hold one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::{argument, district, rollcall};

const CANARIES: [&str; 5] = ["Qvxnameq", "99999920000229", "Qvxstreetq", "Qvxrecordq", "Qvxoddq"];

/// The canaries in a text, in whatever case: names are compared in lower case, and might be said so.
pub fn canaries(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    CANARIES.into_iter().filter(|canary| text.contains(&canary.to_lowercase())).collect()
}

/// Rows of forty people who do not exist, a canary in each field.
pub fn rows() -> String {
    let mut rows = String::from("record,name,birth,number,address\n");
    for at in 0..40 {
        let day = at % 28 + 1;
        rows += &format!("Qvxrecordq{at},Qvxnameq Person{at},1980-01-{day:02},99999920000229{at:04},Qvxstreetq {at}\n");
    }
    rows
}

pub const STUDY: &str = r#"[study]
name = "small"

[limits]
rejected_share_max = 0.5

[[source]]
name = "roll"
role = "roll"
path = "roll.csv"
record_id = "record"
[source.columns]
name = "name"
birth_date = "birth"
id_number = "number"
address = "address"

[[source]]
name = "register"
role = "register"
path = "register.csv"
record_id = "record"
[source.columns]
name = "name"
birth_date = "birth"
id_number = "number"
address = "address"
"#;

/// A small study that runs.
pub struct Place {
    outer: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Place {
        let place = Place { outer: tempfile::tempdir().expect("folder") };
        place.put("roll.csv", rows());
        place.put("register.csv", rows().replace("1980-01-01", "1981-01-01"));
        place.put("study.toml", STUDY);
        std::fs::create_dir(place.path("temporary")).expect("folder");
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.outer.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("written");
    }

    /// The register is this file instead.
    pub fn register(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.put(name, bytes);
        let name = name.escape_default().to_string();
        self.put("study.toml", STUDY.replace("path = \"register.csv\"", &format!("path = \"{name}\"")));
    }

    /// Runs the study as loudly as it goes; exit status and what was said.
    pub fn run(&self) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_rollcall"))
            .args(["-vvv", "run", argument(&self.path("study.toml")), "--out", argument(&self.path("out"))])
            .env("RUST_BACKTRACE", "full")
            .env("RUST_LOG", "trace")
            .env("TMPDIR", self.path("temporary"))
            .stdin(Stdio::null())
            .output()
            .expect("starts");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(canaries(&said).is_empty(), "{:?} was said: {said}", canaries(&said));
        let left = std::fs::read_dir(self.path("temporary")).expect("folder").count();
        assert_eq!(left, 0, "temporary files were left");
        (output.status.code(), said)
    }
}

/// One case: what is done to the good study, the exit status, and what must be said.
pub type Case = (&'static str, fn(&Place), i32, &'static [&'static str]);

pub fn hold(cases: &[Case]) {
    let mut wrong = Vec::new();
    for (name, spoil, status, words) in cases {
        let place = Place::new();
        spoil(&place);
        let (code, said) = place.run();
        let missing: Vec<&&str> = words.iter().filter(|word| !said.contains(**word)).collect();
        if code != Some(*status) || !missing.is_empty() || said.contains("a fault of the program") {
            wrong.push(format!("{name}: {code:?} for {status}, not said: {missing:?}\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A row without what stands in one of its columns; the header stays.
fn empty_column(line: &str, at: usize) -> String {
    let cells: Vec<&str> = line.split(',').collect();
    let is_header = cells.first() == Some(&"record");
    let cells = cells.iter().enumerate().map(|(column, cell)| if column == at && !is_header { "" } else { cell });
    cells.collect::<Vec<&str>>().join(",")
}

/// A Parquet file of nothing but this footer.
fn footer(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("short").to_le_bytes();
    [b"PAR1", bytes, &length, b"PAR1"].concat()
}

pub fn workbook(parts: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).expect("part");
        archive.write_all(bytes).expect("written");
    }
    archive.finish().expect("archive").into_inner()
}

#[test]
fn good_rows_run() {
    let place = Place::new();
    let (code, said) = place.run();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn csv_files_without_column_names_or_with_open_quotation_marks_are_status_4() {
    hold(&[
        (
            "a quotation mark not closed",
            |p| {
                p.put("register.csv", [rows().as_bytes(), b"a,\"", &vec![b'x'; 20 << 20]].concat());
            },
            4,
            &["register.csv", "quotation mark"],
        ),
        (
            "a quotation mark that swallows rows",
            |p| {
                let more = rows();
                let (header, more) = more.split_once('\n').expect("a header");
                p.put(
                    "register.csv",
                    format!("{header}\nq,\"Qvxnameq,1970-01-01,,\n{more}q9,\"Qvxnameq\",1970-01-01,,\n"),
                );
            },
            4,
            &["register.csv", "quotation mark", "row"],
        ),
        (
            "a first line that is a person",
            |p| p.put("register.csv", "999999200002290019,Qvxnameq,Qvxnameq,name,Qvxstreetq\n2,Qvxnameq,,,\n"),
            4,
            &["register.csv", "column names"],
        ),
    ]);
}

#[test]
fn files_that_cannot_be_used_are_status_4() {
    hold(&[
        ("missing", |p| std::fs::remove_file(p.path("register.csv")).expect("removed"), 4, &["register.csv"]),
        ("empty", |p| p.put("register.csv", ""), 4, &["register.csv", "empty"]),
        ("CSV called Parquet", |p| p.register("r.parquet", rows()), 4, &["r.parquet", "looks like text"]),
        ("Parquet called CSV", |p| p.put("register.csv", footer(b"x")), 4, &["register.csv", "Parquet"]),
        ("magic alone", |p| p.register("r.parquet", b"PAR1"), 4, &["r.parquet"]),
        ("magic twice", |p| p.register("r.parquet", b"PAR1PAR1"), 4, &["r.parquet"]),
        ("no footer", |p| p.register("r.parquet", footer(b"")), 4, &["r.parquet"]),
        ("footer of noise", |p| p.register("r.parquet", footer(&[0xff; 64])), 4, &["r.parquet"]),
        ("footer longer than the file", |p| p.register("r.parquet", b"PAR1\xff\xff\xff\x7fPAR1"), 4, &["r.parquet"]),
        (
            "footer that declares two thousand million columns",
            |p| p.register("r.parquet", footer(b"\x15\x02\x19\xfc\x80\xa8\xd6\xb9\x07\x00")),
            4,
            &["r.parquet"],
        ),
        (
            "footer that declares a negative number of columns",
            |p| p.register("r.parquet", footer(b"\x15\x02\x19\xfc\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00")),
            4,
            &["r.parquet"],
        ),
        (
            "deeply nested footer",
            |p| p.register("r.parquet", footer("\u{1c}".repeat(100_000).as_bytes())),
            4,
            &["r.parquet"],
        ),
        ("encrypted Parquet", |p| p.register("r.parquet", b"PARExxxxxxxxPARE"), 4, &["encrypted"]),
        ("gzip", |p| p.put("register.csv", b"\x1f\x8b\x08\x00abc"), 4, &["gzip"]),
        ("SQLite", |p| p.put("register.csv", b"SQLite format 3\0"), 4, &["SQLite"]),
        ("UTF-16", |p| p.put("register.csv", b"\xff\xfea\0,\0b\0\n\0"), 4, &["UTF-16"]),
        ("encrypted workbook", |p| p.register("r.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), 4, &["encrypted"]),
        ("workbook that is none", |p| p.register("r.xlsx", workbook(&[("a.txt", b"x")])), 4, &["r.xlsx"]),
        ("torn archive", |p| p.register("r.xlsx", b"PK\x03\x04\x14\x00"), 4, &["r.xlsx"]),
        (
            "workbook with macros",
            |p| p.register("r.xlsx", workbook(&[("xl/workbook.xml", b"<x/>"), ("xl/vbaProject.bin", b"x")])),
            4,
            &["macros"],
        ),
        (
            "workbook that unpacks to 600 MiB",
            |p| p.register("r.xlsx", workbook(&[("xl/workbook.xml", &vec![b' '; 600 << 20])])),
            4,
            &["larger than"],
        ),
        (
            "workbook that declares thousands of millions of texts",
            |p| {
                let texts = br#"<sst uniqueCount="4294967295"></sst>"#;
                p.register("r.xlsx", workbook(&[("xl/workbook.xml", b"<x/>"), ("xl/sharedStrings.xml", texts)]));
            },
            4,
            &["r.xlsx"],
        ),
        (
            "workbook with an entity from outside",
            |p| {
                let book = br#"<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><workbook>&e;</workbook>"#;
                p.register("r.xlsx", workbook(&[("xl/workbook.xml", book)]));
            },
            4,
            &["r.xlsx"],
        ),
        ("binary data", |p| p.put("register.csv", [0; 4096]), 4, &["binary"]),
        (
            "a folder without extracts",
            |p| {
                std::fs::remove_file(p.path("register.csv")).expect("removed");
                std::fs::create_dir(p.path("register.csv")).expect("made");
            },
            4,
            &["register.csv"],
        ),
    ]);
}

#[test]
fn columns_that_do_not_fit_are_status_4() {
    hold(&[
        ("missing", |p| p.put("register.csv", rows().replacen("birth", "brith", 1)), 4, &["birth", "brith"]),
        ("twice", |p| p.put("register.csv", rows().replacen("address", "name", 1)), 4, &["columns 2 and 5", "name"]),
        ("reordered, wide", |p| p.put("register.csv", rows().replacen("name", " ｎａｍｅ ", 1)), 0, &[]),
        ("byte-order mark", |p| p.put("register.csv", format!("\u{feff}{}", rows())), 0, &[]),
        (
            "header of broken text",
            |p| {
                let text =
                    STUDY.replacen("path = \"register.csv\"", "path = \"register.csv\"\nencoding = \"utf-8\"", 1);
                p.put("study.toml", text);
                p.put("register.csv", [b"\xd0\xd5,", rows().as_bytes()].concat());
            },
            4,
            &["register.csv", "UTF-8"],
        ),
        (
            "the same file twice",
            |p| {
                p.put("again.csv", std::fs::read(p.path("register.csv")).expect("read"));
                let both = "path = [\"register.csv\", \"again.csv\"]";
                p.put("study.toml", STUDY.replace("path = \"register.csv\"", both));
            },
            4,
            &["same content"],
        ),
        (
            "one content in two registers",
            |p| {
                p.put("again.csv", std::fs::read(p.path("register.csv")).expect("read"));
                let second = STUDY.split("[[source]]").nth(2).expect("the register");
                let second =
                    second.replace("\"register\"\nrole", "\"again\"\nrole").replace("register.csv", "again.csv");
                p.put("study.toml", format!("{STUDY}\n[[source]]{second}"));
            },
            4,
            &["again.csv", "same content", "register.csv of source `register`", "hint"],
        ),
        ("one file as roll and register", |p| p.put("register.csv", rows()), 0, &["register.csv", "same content"]),
        (
            "letters of one byte each",
            |p| {
                let western = rows().replace("Person", "Pérsön");
                p.put("register.csv", encoding_rs::WINDOWS_1252.encode(&western).0);
            },
            4,
            &["register.csv:2", "neither UTF-8 nor GB18030", "windows-1252"],
        ),
        (
            "letters of one byte each, as declared",
            |p| {
                let western = rows().replace("Person", "Pérsön");
                p.put("register.csv", encoding_rs::WINDOWS_1252.encode(&western).0);
                let path = "path = \"register.csv\"";
                p.put("study.toml", STUDY.replace(path, &format!("{path}\nencoding = \"windows-1252\"")));
            },
            0,
            &[],
        ),
        (
            "a column that lost its values",
            |p| {
                let bare: String = rows().lines().map(|line| empty_column(line, 2) + "\n").collect();
                p.put("register.csv", bare);
            },
            0,
            &["no row has anything in this column", "source=\"register\"", "column=\"birth\"", "field=\"birth_date\""],
        ),
        (
            "more rows than allowed",
            |p| {
                p.put("study.toml", STUDY.replace("[limits]", "[limits]\nrows_max = 10"));
            },
            4,
            &["10 rows allowed"],
        ),
    ]);
}

/// Appended to the register, each of these is set aside or noted, and the run goes on.
#[test]
fn odd_values_stop_nothing() {
    const ODD: [&str; 22] = [
        "Qvxoddq1,,,,",
        "Qvxoddq2,Qvxoddq,1999-02-30,999999199902300019,x",
        "Qvxoddq3,Qvxoddq,0000-00-00,1.10105E+17,x",
        "Qvxoddq4,Qvxoddq,1582-10-10,000000000000000000,同上",
        "Qvxoddq5,\u{202e}Qvxoddq\u{1b}[31m,9999-12-31,无,x",
        "Qvxoddq6,=CMD|'/C calc'!A0,1800-01-01,99999920000229001x,\"a\"\"b\"",
        "Qvxoddq7,＋SUM(A1),+1,-1,@x",
        "Qvxoddq8,<script>alert(1)</script>,19800101,NULL,\\N",
        "Qvxoddq9,买买提·吐尔逊,1980年1月1日,９９９９９９２０００,x",
        "Qvxoddq10,\u{e000}\u{20000}\u{fffd}😀,1980-1-1,99999919000101,x",
        "Qvxoddq11,too,few",
        "Qvxoddq12,too,many,fields,are,here,indeed",
        ",,,,",
        "Qvxoddq13,NaN,Inf,-0,1e999",
        "Qvxoddq14,a\0b,\0,\0,\0",
        "Qvxoddq15,婴儿,1970-01-01,999999200002290019,x",
        "Qvxoddq15,twice,1970-01-01,999999200002290019,x",
        "Qvxoddq16,\"two\nlines\",1900-01-01,999999190001010007,x",
        "Qvxoddq17,x,2099-01-01,440524188001010014,x",
        "../../etc/passwd,x,1980-01-01,x,x",
        "Qvxoddq18,\u{200b}\u{feff}x\u{200d},1980-01-01,'999999200002290019,x",
        "Qvxoddq19,\"; DROP TABLE x,1980-01-01,11010519491231002X,x\"",
    ];
    let place = Place::new();
    let long = format!("Qvxoddq20,{},1980-01-01,1,{}", "长".repeat(100_000), "x".repeat(1_000_000));
    let mut bytes = rows().into_bytes();
    for row in ODD.iter().map(|row| (*row).to_owned()).chain([long]) {
        bytes.extend(row.bytes());
        bytes.push(b'\n');
    }
    bytes.extend(b"Qvxoddq21,\xff\xfe\x80,1980-01-01,1,x\n");
    place.put("register.csv", bytes);
    let (code, said) = place.run();
    assert_eq!(code, Some(0), "{said}");
    let manifest = rollcall::audit::manifest::Manifest::read(&place.path("out")).expect("manifest");
    assert_eq!(manifest.check(), Vec::<String>::new());
    assert_eq!(manifest.sources[1].rows_in, 40 + ODD.len() as u64 + 2);
    let page = std::fs::read_to_string(place.path("out/report.html")).expect("report");
    assert!(!page.contains("<script>alert") && canaries(&page).is_empty());
}

#[test]
fn a_wrong_study_file_is_status_3_and_says_what_would_be_right() {
    let swap = |from: &'static str, to: &'static str| (from, to);
    for ((from, to), words) in [
        (swap("record_id = \"record\"", "record_di = \"record\""), &["record_id"][..]),
        (swap("birth_date = ", "brith_date = "), &["birth_date"]),
        (swap("role = \"register\"", "role = \"regster\""), &["register"]),
        (swap("rejected_share_max = 0.5", "rejected_share_max = \"half\""), &["rejected_share_max"]),
        (swap("rejected_share_max = 0.5", "rejected_share_max = 1.5"), &["rejected_share_max"]),
        (swap("rejected_share_max = 0.5", "rejected_share_max = -1"), &["rejected_share_max"]),
        (swap("rejected_share_max = 0.5", "rows_max = 0"), &["rows_max"]),
        (swap("[limits]", "[limts]"), &["limits"]),
        (swap("name = \"small\"", "name = \"small"), &["study.toml"]),
        (swap("name = \"small\"", "name = 7"), &["name"]),
        (swap("name = \"register\"", "name = \"roll\""), &["another source"]),
        (swap("role = \"register\"", "role = \"roll\""), &["second roll"]),
        (swap("[study]", "\u{0}"), &["study.toml"]),
    ] {
        let place = Place::new();
        assert!(STUDY.contains(from));
        place.put("study.toml", STUDY.replacen(from, to, 1));
        let (code, said) = place.run();
        assert_eq!(code, Some(3), "{to}: {said}");
        assert!(words.iter().all(|word| said.contains(word)), "{to}: {said}");
        assert!(!place.path("out").exists(), "{to}");
    }
}

#[test]
fn folders_that_are_no_place_for_results_are_refused() {
    let place = Place::new();
    for out in ["", "study.toml"] {
        let out = place.path(out);
        let output = rollcall(&["run", argument(&place.path("study.toml")), "--out", argument(&out)]);
        assert!(matches!(output.status.code(), Some(2 | 6)), "{}: {:?}", out.display(), output.status);
    }
    assert_eq!(std::fs::read_to_string(place.path("roll.csv")).expect("there"), rows());
}

#[test]
#[cfg(unix)]
fn pipes_devices_and_names_that_bite_are_met_calmly() {
    let place = Place::new();
    std::fs::remove_file(place.path("register.csv")).expect("removed");
    assert!(Command::new("mkfifo").arg(place.path("register.csv")).status().expect("mkfifo").success());
    let (code, said) = place.run();
    assert_eq!(code, Some(4), "{said}");
    let place = Place::new();
    place.put("study.toml", STUDY.replace("\"register.csv\"", "\"/dev/zero\""));
    assert_eq!(place.run().0, Some(4));
    let place = Place::new();
    let name = "r\u{1b}[31m\u{202e}'=cmd.csv";
    place.put(name, "");
    place.put("study.toml", STUDY.replace("\"register.csv\"", "\"r\\u001b[31m\\u202e'=cmd.csv\""));
    let (code, said) = place.run();
    assert_eq!(code, Some(4), "{said}");
    assert!(!said.contains("\u{1b}[31m\u{202e}") && !said.contains('\u{202e}'), "the name is escaped: {said}");
}

#[test]
fn a_parquet_file_cut_anywhere_is_refused() {
    let folder = district();
    let (study, path) = (folder.path().join("study.toml"), folder.path().join("health.parquet"));
    let original = std::fs::read(&path).expect("register");
    let study_read = rollcall::intake::study::file::read(Path::new(&study)).expect("study");
    let place = study_read.sources.iter().position(|source| source.files.contains(&path)).expect("the register");
    for length in (0..original.len()).step_by(97) {
        std::fs::write(&path, &original[..length]).expect("written");
        let refused = rollcall::intake::extract::open(&study_read, place).map(drop).expect_err("cut");
        assert_eq!(refused.kind().exit_status(), 4, "{length}");
    }
}

/// Some hundred long texts, each compared with each other, took hours.
#[test]
fn texts_that_are_no_names_or_addresses_hold_no_run_up() {
    let folder = tempfile::tempdir().unwrap();
    let row = |at: usize| {
        let (name, address, own) = ("王".repeat(5_000 - at), "1-".repeat(7_000 - at), "x y ".repeat(3_500 - at));
        format!("{at},{name},1980-01-{:02},{address},{own}\n", at % 28 + 1)
    };
    let table = (0..300).map(row).collect::<String>();
    // Two sources of one content are refused: one of them ends with a blank line.
    for (name, end) in [("roll", ""), ("people", "\n")] {
        let text = format!("id,name,birth,address,own\n{table}{end}");
        std::fs::write(folder.path().join(format!("{name}.csv")), text).unwrap();
    }
    let source = |name: &str, role: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nrole = \"{role}\"\nkind = \"{name}\"\npath = \"{name}.csv\"\nrecord_id = \"id\"\n\
             [source.columns]\nname = \"name\"\nbirth_date = \"birth\"\naddress = \"address\"\nown = \"own\"\n"
        )
    };
    let study = format!(
        "[study]\nname = \"long\"\n{}{}[[field]]\nname = \"own\"\ncomparator = \"levenshtein\"\nlevels = [1, 2]\n",
        source("roll", "roll"),
        source("people", "register")
    );
    std::fs::write(folder.path().join("study.toml"), study).unwrap();
    let results = folder.path().join("results");
    let begun = std::time::Instant::now();
    crate::cli::check(&["-q", "run", argument(&folder.path().join("study.toml")), "--out", argument(&results)], 0);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    let manifest: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(results.join("manifest.json")).unwrap()).unwrap();
    for source in manifest["sources"].as_array().unwrap() {
        for what in ["name_too_long", "address_too_long", "field_too_long"] {
            assert_eq!(source["noted"][what], 300, "{source}");
        }
    }
    crate::cli::check(&["verify", argument(&results)], 0);
}

/// A record's id stands in outputs, also after a purge: an ID number must not.
#[test]
fn id_numbers_name_no_records() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = ["999999198001010011", "99999919800101002X", "999999198001010038", "999999198001010046"];
    let table: String = numbers
        .iter()
        .enumerate()
        .map(|(at, number)| format!("{number},Anna Person{at},{number},1980-01-01\n"))
        .collect();
    std::fs::write(folder.path().join("roll.csv"), format!("登记编号,name,number,birth\n{table}")).unwrap();
    let study = |id: &str| {
        let study = format!(
            "[study]\nname = \"numbers\"\n[[source]]\nname = \"roll\"\nrole = \"roll\"\npath = \"roll.csv\"\nrecord_id = \"{id}\"\n\
             [source.columns]\nname = \"name\"\nid_number = \"number\"\nbirth_date = \"birth\"\n"
        );
        std::fs::write(folder.path().join("study.toml"), study).unwrap();
    };
    let (study_file, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    let run = ["run", argument(&study_file), "--out", argument(&results)];
    study("number");
    let (_, said) = crate::cli::check(&run, 3);
    assert!(said.contains("record_id") && said.contains("leave record_id out"), "{said}");
    study("登记编号");
    let (_, said) = crate::cli::check(&run, 0);
    assert!(said.contains("most record ids are ID numbers"), "{said}");
    std::fs::remove_file(&study_file).unwrap();
    crate::cli::check(&["init", argument(folder.path())], 0);
    let draft = std::fs::read_to_string(&study_file).unwrap();
    assert!(!draft.contains("record_id ="), "{draft}");
}

/// What `init` binds, `run` reads: neither takes marks for "nothing" for values.
#[test]
fn marks_for_empty_cells_stop_no_run() {
    for nothing in ["NULL", "/", "无", "0", "0000-00-00 00:00:00", "9999-12-31"] {
        let place = Place::new();
        std::fs::remove_file(place.path("study.toml")).expect("removed");
        let line = |(at, line): (usize, &str)| {
            let death = match at {
                0 => "死亡日期",
                _ if at % 10 == 0 => "2019-05-06",
                _ => nothing,
            };
            format!("{line},{death}\n")
        };
        place.put("register.csv", rows().lines().enumerate().map(line).collect::<String>());
        std::fs::rename(place.path("roll.csv"), place.path("census.csv")).expect("renamed");
        let folder = argument(place.path("study.toml").parent().expect("folder")).to_owned();
        crate::cli::check(&["init", &folder], 0);
        let study = std::fs::read_to_string(place.path("study.toml")).expect("draft");
        assert!(study.contains("\ndeath_date = \"死亡日期\""), "{nothing}: {study}");
        let (code, said) = place.run();
        assert_eq!(code, Some(0), "{nothing}: {said}");
        let manifest = rollcall::audit::manifest::Manifest::read(&place.path("out")).expect("manifest");
        assert!(manifest.sources.iter().all(|source| !source.noted.contains_key("death_date_unreadable")), "{nothing}");
    }
}
