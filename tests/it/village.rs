//! Is a hand-written village understood as a person would understand it? `testdata/village` has fifteen people, each a
//! way that records go wrong; `truth.csv` says who is who.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rollcall::intake::{study, truth};
use rollcall::outcome::files;
use rollcall::progress::Silent;
use rollcall::run::{self, Options};

fn village() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/village")
}

/// Runs the village; gives the folder of the outputs.
fn run() -> tempfile::TempDir {
    let out = tempfile::tempdir().unwrap();
    let study = study::file::read(&village().join("study.toml")).unwrap();
    run::run(&study, out.path(), &Options::default(), &Silent).unwrap();
    out
}

#[test]
fn who_is_who() {
    let out = run();
    let mut found: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for row in files::read_persons(out.path()).unwrap() {
        found.entry(row.person).or_default().insert(row.record_id);
    }
    let mut truth: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, record, person) in truth::records(&village().join("truth.csv")).unwrap() {
        truth.entry(person).or_default().insert(record);
    }
    let groups = |groups: Vec<BTreeSet<String>>| groups.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(groups(found.into_values().collect()), groups(truth.into_values().collect()));
}

#[test]
fn what_disagrees() {
    let out = run();
    let records: BTreeMap<u64, BTreeSet<String>> =
        files::read_persons(out.path()).unwrap().into_iter().fold(BTreeMap::new(), |mut all, row| {
            all.entry(row.person).or_default().insert(row.record_id);
            all
        });
    let found: BTreeSet<(String, String)> = files::read_discrepancies(out.path())
        .unwrap()
        .into_iter()
        .map(|row| (row.kind, records[&row.person].first().cloned().unwrap()))
        .collect();
    let expected = [
        ("missed_person", "G09"),         // Liu Yang: health contact in October 2020, not on the roll
        ("missed_newborn", "J04"),        // the daughter of Sun Li
        ("duplicate_enumeration", "G11"), // Hou Xia, in two dwellings
        ("dead_before_reference", "G10"), // Zhou Fu, died in August 2020
        ("attribute_conflict", "G02"),    // Li Na: a digit of the ID number
        ("attribute_conflict", "G03"),    // Wang Xiaoming: a homophone
    ];
    let expected = expected.iter().map(|(kind, record)| ((*kind).to_owned(), (*record).to_owned())).collect();
    assert_eq!(found, expected);
}

#[test]
fn no_full_id_number_leaves_the_office() {
    let out = run();
    let pages = std::fs::read_dir(out.path().join("follow-up")).unwrap().map(|entry| entry.unwrap().path());
    let pages: Vec<PathBuf> = pages.filter(|path| path.extension().is_some_and(|e| e == "html")).collect();
    assert!(!pages.is_empty());
    for page in pages.into_iter().chain([out.path().join("report.html")]) {
        let text = std::fs::read_to_string(&page).unwrap();
        let longest =
            text.split(|c: char| !c.is_ascii_digit() && c != 'X').map(str::len).filter(|n| *n == 17 || *n == 18);
        assert_eq!(longest.count(), 0, "{} shows something like an ID number", page.display());
    }
}

/// A row without an address is looked for where its household is.
#[test]
fn a_list_says_where_to_go_although_the_row_does_not() {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(village()).unwrap().flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let (own, mates) = (
            "Hzhou,户主,周福,999999193101010016,1,193101,1,某区某街道风采社区风采里8栋1单元102室",
            "Hchen,父亲,周福,999999193101010016,1,193101,1,",
        );
        std::fs::write(folder.path().join(entry.file_name()), text.replace(own, mates)).unwrap();
    }
    let study = study::file::read(&folder.path().join("study.toml")).unwrap();
    let out = tempfile::tempdir().unwrap();
    run::run(&study, out.path(), &Options::default(), &Silent).unwrap();
    let cases = rollcall::outcome::report::cases::table::read(out.path()).unwrap();
    let dead = cases.rows.iter().find(|row| row.kind == "dead_before_reference").expect("the case of R11");
    let door = &dead.door;
    assert_eq!((door.estate.as_str(), door.building, door.unit, door.room), ("风采里", 2, 4, 502));
}
