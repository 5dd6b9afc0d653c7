//! Do the laws of the house hold on a synthetic district? Same bytes whatever the threads, the order of rows and
//! of files; counts add up; every pair that a rule asks for is found, and a further rule takes none away.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;
use rollcall::audit::manifest::Manifest;
use rollcall::intake::study::{BlockingRule, Field, KeyPart, Study, Transform};
use rollcall::intake::{extract, study};
use rollcall::linkage::blocking::{self, Pair};
use rollcall::linkage::comparison::Comparer;
use rollcall::linkage::decided::Decided;
use rollcall::person::table::PersonTable;
use rollcall::person::{self};
use rollcall::progress::Silent;
use rollcall::run::{self, Options};
use rollcall::synthetic::{self, Plan};

fn district(folder: &Path, persons: usize) -> Study {
    let made =
        synthetic::write_district(folder, &Plan { persons, seed: 5, errors: 2.0, uneven: 0.0, progress: &Silent })
            .unwrap();
    study::file::read(&made.study).unwrap()
}

fn table(study: &Study) -> PersonTable {
    let extracts: Vec<_> = (0..study.sources.len()).map(|source| extract::open(study, source).unwrap()).collect();
    person::standardise(study, &extracts, &Silent).unwrap().table
}

fn run_with(threads: usize, study: &Study) -> Manifest {
    let out = tempfile::tempdir().unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| run::run(study, out.path(), &Options::default(), &Silent)).unwrap().manifest
}

#[test]
fn threads_never_change_a_byte_and_counts_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let study = district(folder.path(), 1_500);
    let one = run_with(1, &study);
    assert_eq!(one.check(), Vec::<String>::new());
    assert!(one.outputs.len() > 10);
    assert_eq!(one, run_with(3, &study), "the digest of every output is in the manifest");
}

/// Writes rows of an extract into files: of each file, the rows by their numbers, a few in a group.
fn write_rows(extract: &RecordBatch, files: &[(PathBuf, &[u32])]) {
    for (path, rows) in files {
        let rows = take_record_batch(extract, &UInt32Array::from(rows.to_vec())).unwrap();
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(211)).build();
        let file = std::fs::File::create(path).unwrap();
        let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(properties)).unwrap();
        writer.write(&rows).unwrap();
        writer.close().unwrap();
    }
}

fn rows_of(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path).unwrap()).unwrap();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

#[test]
fn the_order_of_rows_and_of_files_never_changes_a_byte() {
    let folder = tempfile::tempdir().unwrap();
    let study = district(folder.path(), 1_500).file;
    // One source comes in two files.
    let text = std::fs::read_to_string(&study).unwrap().replace("health.parquet", "health_*.parquet");
    std::fs::write(&study, text).unwrap();
    let path = |name: &str| folder.path().join(name).with_extension("parquet");
    let extracts = ["roll", "public_security", "housing", "health"].map(|name| (name, rows_of(&path(name))));
    let run = |order: &dyn Fn(&mut Vec<u32>)| {
        for (name, extract) in &extracts {
            let mut rows: Vec<u32> = (0..u32::try_from(extract.num_rows()).unwrap()).collect();
            order(&mut rows);
            let (first, second) = rows.split_at(rows.len() / 3);
            match *name {
                "health" => write_rows(extract, &[(path("health_1"), first), (path("health_2"), second)]),
                name => write_rows(extract, &[(path(name), &rows)]),
            }
        }
        run_with(2, &study::file::read(&study).unwrap())
    };
    let sorted = run(&|_| {});
    // Neighbours are far apart, and in other files.
    let mixed = run(&|rows| rows.sort_by_key(|row| (row + 1).wrapping_mul(0x9e37_79b9)));
    let digests =
        |manifest: &Manifest| manifest.inputs.iter().map(|input| input.digest.clone()).collect::<BTreeSet<_>>();
    assert_eq!((digests(&sorted).len(), digests(&sorted).intersection(&digests(&mixed)).count()), (5, 0));
    // Rows that are set aside are named by their places in the files.
    let outputs = |manifest: &Manifest| -> BTreeMap<String, String> {
        let same = manifest.outputs.iter().filter(|output| output.file != "rejected.parquet");
        same.map(|output| (output.file.clone(), output.digest.clone())).collect()
    };
    let (expected, found) = (outputs(&sorted), outputs(&mixed));
    assert!(expected.len() > 10 && expected.keys().any(|file| file.starts_with("follow-up/")));
    let differing: Vec<&String> = expected.keys().filter(|file| expected.get(*file) != found.get(*file)).collect();
    assert_eq!((differing, found.len()), (Vec::new(), expected.len()));
    assert_eq!(sorted.counts, mixed.counts);
}

fn rule(keys: &[(Field, Transform)]) -> BlockingRule {
    let keys = keys.iter().map(|(field, transform)| KeyPart { field: *field, transform: *transform }).collect();
    BlockingRule { name: format!("{keys:?}"), keys }
}

fn pairs(study: &Study, table: &PersonTable) -> Vec<Pair> {
    let comparer = Comparer::new(study, table);
    blocking::block(study, table, &comparer).unwrap().all()
}

#[test]
fn blocking_finds_what_comparing_all_pairs_finds_and_a_further_rule_takes_none_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut study = district(folder.path(), 300);
    let table = table(&study);
    study.linkage.blocking = vec![rule(&[(Field::Name, Transform::Whole), (Field::BirthDate, Transform::Month)])];
    let by_name = pairs(&study, &table);
    study.linkage.blocking.push(rule(&[(Field::Telephone, Transform::Whole)]));
    let by_both = pairs(&study, &table);
    let count = u32::try_from(table.len()).unwrap();
    let mut expected = BTreeSet::new();
    for one in 0..count {
        for other in one + 1..count {
            let (a, b) = (one as usize, other as usize);
            let same_name = table.name[a] != 0 && table.name[a] == table.name[b];
            let same_month = table.birth[a].has_month()
                && table.birth[b].has_month()
                && table.birth[a].month() == table.birth[b].month();
            let same_telephone = table.telephone[a] != 0 && table.telephone[a] == table.telephone[b];
            if (same_name && same_month) || same_telephone {
                expected.insert((one, other));
            }
        }
    }
    assert!(expected.len() > 300);
    assert_eq!(by_both, expected.into_iter().collect::<Vec<_>>(), "each pair once, sorted");
    let by_both: BTreeSet<Pair> = by_both.into_iter().collect();
    assert!(by_name.iter().all(|pair| by_both.contains(pair)) && by_name.len() < by_both.len());
}

#[test]
fn every_record_is_exactly_one_persons() {
    let folder = tempfile::tempdir().unwrap();
    let study = district(folder.path(), 800);
    let table = table(&study);
    let comparer = Comparer::new(&study, &table);
    let linked = rollcall::linkage::link(&study, &table, &comparer, &Decided::default(), || {}, &Silent).unwrap();
    let resolution = &linked.resolution;
    let mut seen = vec![false; table.len()];
    for person in 0..u32::try_from(resolution.persons()).unwrap() {
        for record in resolution.records_of(person) {
            assert!(!std::mem::replace(&mut seen[*record as usize], true), "a record of two persons");
            assert_eq!(resolution.person_of[*record as usize], person);
        }
    }
    assert!(seen.into_iter().all(|seen| seen));
}

#[test]
fn shares_of_levels_sum_to_one_and_the_likelihood_never_falls() {
    let folder = tempfile::tempdir().unwrap();
    let study = district(folder.path(), 800);
    let table = table(&study);
    let comparer = Comparer::new(&study, &table);
    let model = rollcall::linkage::link(&study, &table, &comparer, &Decided::default(), || (), &Silent).unwrap().model;
    let likelihood = &model.log_likelihood;
    assert!(likelihood.len() > 2);
    let falls = |step: &[f64]| step[1] < step[0] - 1e-9 * step[0].abs();
    assert!(!likelihood.windows(2).any(falls), "{likelihood:?}");
    let mut wrong = Vec::new();
    for (comparison, shares) in model.comparisons().iter().zip(&model.shares) {
        // Levels that only pairs with equal ID numbers can have are shares of those pairs: they stand outside the sum.
        let sum = |parts: &[f64]| -> f64 {
            parts.iter().zip(&comparison.levels).filter(|(_, level)| !level.given_id).map(|(share, _)| share).sum()
        };
        // What is expected of m stays in it as a prior, and need not sum to one to the last digit.
        let expected = sum(&comparison.levels.iter().map(|level| level.m).collect::<Vec<f64>>());
        for (kind, parts, near) in [("m", &shares.m, expected), ("u", &shares.u, 1.0), ("r", &shares.r, 1.0)] {
            let sums = near.min(1.0) - 1e-9..=near.max(1.0) + 1e-9;
            if !sums.contains(&sum(parts)) || !parts.iter().all(|share| (0.0..=1.0).contains(share)) {
                wrong.push(format!("{kind} of {} sums to {}", shares.comparison, sum(parts)));
            }
        }
        assert!((expected - 1.0).abs() < 0.01, "expected m of {} sums to {expected}", shares.comparison);
    }
    assert_eq!(wrong, Vec::<String>::new());
}
