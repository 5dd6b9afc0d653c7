//! Changed at random, thousands of times: is whatever is read refused or read, and nothing crashed?
//!
//! Everything is read in this very process: an abort would end the tests, a panic would fail them.

use std::path::Path;

use rollcall::audit::verify::{self, Asked};
use rollcall::error::Kind;
use rollcall::intake::{extract, study};

use crate::cli::{argument, check, district};

/// Changes bytes; the same seed makes the same changes.
struct Mutator(u64);

impl Mutator {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).expect("small")
    }

    /// One to four changes; half of them near the end, where a Parquet file declares what is in it.
    fn change(&mut self, original: &[u8]) -> Vec<u8> {
        let mut bytes = original.to_vec();
        loop {
            for _ in 0..=self.below(4) {
                let from = if self.below(2) == 0 { 0 } else { bytes.len().saturating_sub(4096) };
                let at = from + self.below(bytes.len() - from);
                match self.below(5) {
                    0 => bytes[at] ^= 1 << self.below(8),
                    1 => bytes[at] = [0, 0x7f, 0x80, 0xff, b'"', b'[', b'\n', b'9'][self.below(8)],
                    2 => drop(bytes.remove(at)),
                    3 => {
                        let length = self.below(16).min(bytes.len() - at);
                        let piece = bytes[at..at + length].to_vec();
                        let to = self.below(bytes.len());
                        bytes.splice(to..to, piece);
                    }
                    _ => bytes.insert(at, 0xff),
                }
                if bytes.is_empty() {
                    bytes.push(0);
                }
            }
            if bytes != original {
                return bytes;
            }
        }
    }
}

/// How often each long loop turns.
fn times(usual: u64) -> u64 {
    std::env::var("ROLLCALL_MUTATIONS").ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}

/// Reads a changed extract; gives how many were refused.
fn extracts(name: &str, times: u64) -> u64 {
    let folder = district();
    let path = folder.path().join(name);
    let parquet = folder.path().join("health.parquet");
    if name != "health.parquet" {
        retell(&parquet, &path);
    }
    let text = std::fs::read_to_string(folder.path().join("study.toml")).expect("study");
    let study = folder.path().join("study.toml");
    std::fs::write(&study, text.replace("health.parquet", name)).expect("written");
    let study = study::file::read(&study).expect("study");
    let place = study.sources.iter().position(|source| source.files.contains(&path)).expect("the register");
    let original = std::fs::read(&path).expect("register");
    let mut mutator = Mutator(0x9e37_79b9_7f4a_7c15);
    let mut refused = 0;
    for _ in 0..times {
        std::fs::write(&path, mutator.change(&original)).expect("written");
        let read = extract::open(&study, place)
            .and_then(|extract| (0..extract.chunk_count()).try_for_each(|chunk| extract.read(&study, chunk).map(drop)));
        if let Err(error) = read {
            assert_eq!(error.kind().exit_status(), 4, "{error}");
            refused += 1;
        }
    }
    refused
}

/// A Parquet table as CSV or as a workbook.
pub fn retell(parquet: &Path, to: &Path) {
    let file = std::fs::File::open(parquet).expect("register");
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("register");
    let mut rows: Vec<Vec<String>> = vec![reader.schema().fields().iter().map(|field| field.name().clone()).collect()];
    for batch in reader.build().expect("register") {
        let batch = batch.expect("register");
        let options = arrow::util::display::FormatOptions::default();
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| arrow::util::display::ArrayFormatter::try_new(column, &options).expect("shown"))
            .collect();
        rows.extend(
            (0..batch.num_rows()).map(|row| columns.iter().map(|column| column.value(row).to_string()).collect()),
        );
    }
    if to.extension().is_some_and(|ending| ending == "csv") {
        let text: String = rows.iter().map(|row| row.join(",") + "\n").collect();
        std::fs::write(to, text).expect("written");
        return;
    }
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (at, row) in (0..).zip(&rows) {
        for (column, cell) in (0..).zip(row) {
            sheet.write_string(at, column, cell).expect("written");
        }
    }
    workbook.save(to).expect("saved");
}

fn parquet_files(times: u64) {
    let refused = extracts("health.parquet", times);
    assert!(refused * 2 > times, "{refused} of {times} were refused");
}

/// Every change of a study file is read or refused; a complaint is about the study or a path in it.
fn study_files(times: u64) {
    let folder = district();
    let path = folder.path().join("study.toml");
    let original = std::fs::read(&path).expect("study");
    let mut mutator = Mutator(0x2545_f491_4f6c_dd1d);
    let mut refused = 0;
    for _ in 0..times {
        std::fs::write(&path, mutator.change(&original)).expect("written");
        if let Err(error) = study::file::read(&path) {
            assert!(matches!(error.kind(), Kind::Study | Kind::Input | Kind::Environment), "{error}");
            refused += 1;
        }
    }
    assert!(refused * 4 > times, "{refused} of {times} were refused");
}

/// No change of any file of a run passes `verify`.
fn runs(times: u64) {
    let folder = district();
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    let key = folder.path().join("key");
    let public = check(&["key", "new", argument(&key)], 0).0.trim().to_owned();
    check(&["-q", "run", argument(&study), "--out", argument(&results), "--sign-key", argument(&key)], 0);
    let asked = Asked { public_key: Some(&public), outputs_only: true };
    verify::verify(&results, &asked).expect("as it was written");
    let mut mutator = Mutator(0x1234_5678_9abc_def1);
    for name in ["manifest.json", "audit.jsonl", "audit.checkpoint.json", "links.parquet", "report.html"] {
        let path = results.join(name);
        let original = std::fs::read(&path).expect("an output");
        for turn in 0..times {
            std::fs::write(&path, mutator.change(&original)).expect("written");
            let error = verify::verify(&results, &asked).map(drop).expect_err(&format!("{name}, turn {turn}"));
            assert_eq!(error.kind(), Kind::Verification, "{name}, turn {turn}: {error}");
        }
        std::fs::write(&path, &original).expect("written");
    }
    verify::verify(&results, &asked).expect("as it was written");
}

#[test]
fn changed_parquet_files_are_refused_or_read_and_crash_nothing() {
    parquet_files(300);
}

#[test]
fn changed_text_tables_and_workbooks_are_refused_or_read_and_crash_nothing() {
    extracts("health.csv", 100);
    assert!(extracts("health.xlsx", 100) > 10);
}

#[test]
fn changed_study_files_are_refused_or_read_and_crash_nothing() {
    study_files(300);
}

#[test]
fn no_changed_file_of_a_run_passes() {
    runs(40);
}

#[test]
#[ignore = "takes minutes: ROLLCALL_MUTATIONS=200000 cargo test --release --test it many_changed -- --ignored --nocapture"]
fn many_changed_parquet_files() {
    let times = times(200_000);
    println!("{} of {times} changed Parquet files refused, no crash", extracts("health.parquet", times));
}

#[test]
#[ignore = "takes minutes: ROLLCALL_MUTATIONS=200000 cargo test --release --test it many_changed -- --ignored --nocapture"]
fn many_changed_text_tables() {
    let times = times(50_000);
    println!("{} of {times} changed CSV files refused, no crash", extracts("health.csv", times));
}

#[test]
#[ignore = "takes minutes: ROLLCALL_MUTATIONS=200000 cargo test --release --test it many_changed -- --ignored --nocapture"]
fn many_changed_workbooks() {
    let times = times(20_000);
    println!("{} of {times} changed workbooks refused, no crash", extracts("health.xlsx", times));
}

#[test]
#[ignore = "takes minutes: ROLLCALL_MUTATIONS=200000 cargo test --release --test it many_changed -- --ignored --nocapture"]
fn many_changed_study_files() {
    let times = times(50_000);
    study_files(times);
    println!("{times} changed study files read or refused, no crash");
}

#[test]
#[ignore = "takes minutes: ROLLCALL_MUTATIONS=200000 cargo test --release --test it many_changed -- --ignored --nocapture"]
fn many_changed_files_of_runs() {
    let times = times(4_000);
    runs(times);
    println!("{times} changes of each of five files of a run, all found");
}
