//! Laws of a synthetic district, each of which a wrong maker would break.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Date32Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest, Sha256};

use super::study::EXTRACTS;
use super::{Made, PERSONS_FILE, Plan, RECORDS_FILE, calendar, identity, write_district};
use crate::intake::truth;
use crate::progress::Silent;

const PERSONS: usize = 12_000;

fn make(folder: &Path, persons: usize, seed: u64, errors: f64) -> Made {
    write_district(folder, &Plan { persons, seed, errors, uneven: 0.0, progress: &Silent }).expect("made")
}

fn digests(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).expect("folder");
    let digest = |path: &Path| Sha256::digest(std::fs::read(path).expect("file")).to_vec();
    files
        .map(|file| file.expect("entry").path())
        .map(|path| (path.display().to_string(), path))
        .map(|(name, path)| (name.rsplit('/').next().expect("name").to_owned(), digest(&path)))
        .collect()
}

fn batches(path: &Path) -> Vec<RecordBatch> {
    let file = std::fs::File::open(path).expect("file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("parquet").build().expect("reader");
    reader.map(|batch| batch.expect("batch")).collect()
}

/// A column of text, empty where null.
fn texts(path: &Path, column: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for batch in batches(path) {
        let values = batch.column_by_name(column).expect("column").as_string::<i32>().clone();
        texts.extend((0..values.len()).map(|row| if values.is_null(row) { "" } else { values.value(row) }.to_owned()));
    }
    texts
}

fn flags(path: &Path, column: &str) -> Vec<bool> {
    let of = |batch: RecordBatch| batch.column_by_name(column).expect("column").as_boolean().values().iter().collect();
    batches(path).into_iter().flat_map(|batch| -> Vec<bool> { of(batch) }).collect()
}

fn days(path: &Path, column: &str) -> Vec<Option<i32>> {
    let mut days = Vec::new();
    for batch in batches(path) {
        let values = batch.column_by_name(column).expect("column").as_primitive::<Date32Type>().clone();
        days.extend(values.iter());
    }
    days
}

#[test]
fn the_same_plan_gives_the_same_bytes_on_any_number_of_threads() {
    let mut all = Vec::new();
    for threads in [1, 2] {
        let folder = tempfile::tempdir().expect("folder");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("pool");
        pool.install(|| make(folder.path(), 30_000, 11, 1.0));
        all.push(digests(folder.path()));
    }
    assert_eq!(all[0].len(), 7, "four extracts, two tables of truth, one study file and nothing left over");
    assert_eq!(all[0], all[1]);
    let other = tempfile::tempdir().expect("folder");
    make(other.path(), 30_000, 12, 1.0);
    let other = digests(other.path());
    assert!(all[0].iter().all(|(name, digest)| other[name] != *digest), "another seed is another district");
}

#[test]
fn every_record_has_its_truth_and_every_truth_its_record() {
    let folder = tempfile::tempdir().expect("folder");
    let made = make(folder.path(), PERSONS, 3, 1.0);
    let truth = truth::records(&folder.path().join(RECORDS_FILE)).expect("truth");
    let said: BTreeSet<(String, String)> =
        truth.iter().map(|(source, record, _)| (source.clone(), record.clone())).collect();
    assert_eq!(said.len(), truth.len(), "no record twice");
    let mut written = BTreeSet::new();
    for extract in &EXTRACTS {
        let records = texts(&folder.path().join(extract.file), extract.columns[0].0);
        assert_eq!(records.len() as u64, made.rows[extract.source]);
        written.extend(records.into_iter().map(|record| (extract.source.to_owned(), record)));
    }
    assert_eq!(said, written);
    let persons = texts(&folder.path().join(PERSONS_FILE), "status").len();
    assert_eq!(persons as u64, made.persons);
    assert!(truth.iter().all(|(_, _, person)| person.parse::<usize>().expect("number") < persons));
}

#[test]
fn no_corner_of_a_community_gives_away_who_has_left() {
    let folder = tempfile::tempdir().expect("folder");
    make(folder.path(), PERSONS, 3, 1.0);
    let persons = folder.path().join(PERSONS_FILE);
    let mut of_area: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for (area, status) in texts(&persons, "enumeration_area").into_iter().zip(texts(&persons, "status")) {
        let (all, left) = of_area.entry(area).or_default();
        *all += 1;
        *left += u32::from(status == "left" || status == "gone");
    }
    let large: Vec<_> = of_area.into_iter().filter(|(_, (all, _))| *all >= 60).collect();
    assert!(large.len() > 40, "{}", large.len());
    // One in seven of all.
    let given_away = large.iter().find(|(_, (all, left))| *left * 5 > *all * 2);
    assert_eq!(given_away, None);
}

#[test]
fn sizes_and_shares_are_those_of_a_district() {
    let folder = tempfile::tempdir().expect("folder");
    let made = make(folder.path(), 60_000, 5, 1.0);
    let share = |count: u64| count as f64 / made.residents as f64;
    assert!((59_900..60_100).contains(&made.residents), "{}", made.residents);
    for (source, low, high) in
        [("roll", 1.12, 1.27), ("public_security", 1.02, 1.18), ("housing", 0.28, 0.42), ("health", 0.72, 0.88)]
    {
        assert!((low..high).contains(&share(made.rows[source])), "{source} {}", share(made.rows[source]));
    }
    assert!((0.018..0.034).contains(&share(made.missed)), "missed {}", share(made.missed));
    assert!(made.missed_in_register as f64 > 0.75 * made.missed as f64);
    assert!(made.missed_in_register < made.missed, "some missed persons are in no register");
    let count = |kinds: &[&str]| kinds.iter().map(|kind| made.planted.get(*kind).copied().unwrap_or(0)).sum::<u64>();
    let twice = share(count(&["duplicate_person", "duplicate_household_member"]));
    assert!((0.005..0.011).contains(&twice), "duplicates {twice}");
    let wrongly = share(count(&[
        "left_enumerated",
        "visitor_enumerated",
        "dead_enumerated",
        "unborn_enumerated",
        "gone_enumerated",
    ]));
    assert!((0.0015..0.005).contains(&wrongly), "wrong inclusions {wrongly}");
    for kind in [
        "missed_with_household",
        "missed_alone",
        "duplicate_person",
        "duplicate_household_member",
        "left_enumerated",
        "visitor_enumerated",
        "dead_enumerated",
        "unborn_enumerated",
        "gone_enumerated",
        "arrived_enumerated",
        "registered_and_away",
        "newborn_placeholder",
        "second_row_same_community",
        "second_row_same_township",
        "second_row_same_district",
    ] {
        assert!(count(&[kind]) > 0, "{kind}");
    }
}

#[test]
fn without_errors_the_papers_say_the_truth() {
    let folder = tempfile::tempdir().expect("folder");
    make(folder.path(), 4_000, 8, 0.0);
    let roll = folder.path().join("roll.parquet");
    let (numbers, months) = (texts(&roll, "公民身份号码"), texts(&roll, "出生年月"));
    let sexes = texts(&roll, "性别");
    let mut checked = 0;
    for ((number, month), sex) in numbers.iter().zip(&months).zip(&sexes).filter(|((number, _), _)| number.len() == 18)
    {
        assert!(identity::is_valid(number));
        assert_eq!(number[6..12], **month);
        assert_eq!(number.as_bytes()[16] % 2 == 1, sex == "1");
        checked += 1;
    }
    assert!(checked > 4_000);
    let persons = folder.path().join(PERSONS_FILE);
    let all = texts(&persons, "id_number");
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "no number is given twice");
}

#[test]
fn every_kind_of_damage_reaches_the_extracts() {
    let folder = tempfile::tempdir().expect("folder");
    make(folder.path(), PERSONS, 9, 2.0);
    let roll = folder.path().join("roll.parquet");
    let (names, numbers) = (texts(&roll, "姓名"), texts(&roll, "公民身份号码"));
    let has = |values: &[String], test: &dyn Fn(&str) -> bool, what: &str| {
        assert!(values.iter().any(|value| test(value)), "{what}");
    };
    has(&names, &|name| name.contains('?') || name.contains('□'), "unreadable");
    has(&names, &|name| name.chars().any(|character| ('\u{e000}'..'\u{f8ff}').contains(&character)), "private use");
    has(&names, &|name| name.contains(' ') && !name.is_ascii(), "spaces");
    has(&numbers, &|number| number.contains("****"), "masked");
    has(&numbers, &|number| number.len() == 15, "fifteen digits");
    has(&numbers, &|number| number.ends_with('x'), "lower-case x");
    has(&numbers, &str::is_empty, "missing");
    has(&numbers, &|number| number.len() == 18 && !identity::is_valid(number), "slips");
    let health = folder.path().join("health.parquet");
    has(&texts(&health, "姓名"), &|name| name.contains('之'), "newborn placeholder");
    let addresses = texts(&health, "居住地址");
    has(&addresses, &|address| address.contains('１'), "full-width digits");
    has(&addresses, &|address| address.matches('-').count() == 2, "short form");
    has(&texts(&folder.path().join("housing.parquet"), "居委会代码"), &str::is_empty, "missing community");
    assert!(
        batches(&folder.path().join("public_security.parquet"))[0]
            .column_by_name("曾用名")
            .expect("column")
            .data_type()
            .is_null()
    );
}

#[test]
fn signs_of_life_are_fresh_for_residents_and_stale_for_those_who_left() {
    let folder = tempfile::tempdir().expect("folder");
    make(folder.path(), PERSONS, 21, 1.0);
    let status = texts(&folder.path().join(PERSONS_FILE), "status");
    let counted = flags(&folder.path().join(PERSONS_FILE), "enumerated");
    let health = folder.path().join("health.parquet");
    let (records, seen) = (texts(&health, "业务编号"), days(&health, "最近就诊日期"));
    let person: BTreeMap<String, usize> = truth::records(&folder.path().join(RECORDS_FILE))
        .expect("truth")
        .into_iter()
        .map(|(_, record, person)| (record, person.parse().expect("number")))
        .collect();
    let median = |wanted: &dyn Fn(&str) -> bool| {
        let mut found: Vec<i32> = records
            .iter()
            .zip(&seen)
            .filter(|(record, _)| wanted(&status[person[*record]]))
            .filter_map(|(_, day)| *day)
            .collect();
        found.sort_unstable();
        found[found.len() / 2]
    };
    let (resident, left) = (median(&|status| status == "local"), median(&|status| status == "left"));
    assert!(resident > left + 365, "resident {resident}, left {left}");
    assert!(seen.iter().flatten().all(|&day| day <= calendar::EXTRACT));
    assert!(status.iter().zip(&counted).any(|(status, counted)| status == "migrant" && !counted));
}

#[test]
fn the_dead_and_the_unborn_are_judged_at_the_reference_time() {
    let folder = tempfile::tempdir().expect("folder");
    make(folder.path(), PERSONS, 22, 1.0);
    let persons = folder.path().join(PERSONS_FILE);
    let (status, births, deaths) =
        (texts(&persons, "status"), days(&persons, "birth_date"), days(&persons, "death_date"));
    let resident = flags(&persons, "resident");
    let mut after = 0;
    for row in 0..status.len() {
        let born = births[row].expect("birth");
        assert_eq!(status[row] == "unborn", born >= calendar::REFERENCE);
        assert_eq!(status[row] == "dead", deaths[row].is_some_and(|death| death < calendar::REFERENCE));
        after += usize::from(resident[row] && deaths[row].is_some());
    }
    assert!(after > 0, "somebody who died after the reference time is a resident");
}

#[test]
fn a_plan_that_makes_no_sense_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    for (persons, errors) in [(0, 1.0), (10, -1.0), (10, f64::NAN)] {
        assert!(
            write_district(folder.path(), &Plan { persons, seed: 1, errors, uneven: 0.0, progress: &Silent }).is_err()
        );
    }
    let made = make(folder.path(), 1, 1, 1.0);
    assert!(made.residents >= 1);
}
