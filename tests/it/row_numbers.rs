//! Does what was said of a row stay with its person where rows are known by their numbers?

use std::path::Path;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rollcall::casework::history::State;
use rollcall::casework::store::{Store, Visit};
use rollcall::outcome::visit::Outcome;

use crate::cli::{argument, check, district};
use crate::review::{filled, rows_of};

/// Takes the first row out of a file: all others have other numbers then.
fn take_first_row_out(path: &Path) {
    let file = std::fs::File::open(path).expect("extract");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("reader").build().expect("reader");
    let batches: Vec<_> = reader.map(|batch| batch.expect("batch")).collect();
    let file = std::fs::File::create(path).expect("extract");
    let mut writer = ArrowWriter::try_new(file, batches[0].schema(), None).expect("writer");
    for (at, batch) in batches.iter().enumerate() {
        let first = usize::from(at == 0);
        writer.write(&batch.slice(first, batch.num_rows() - first)).expect("written");
    }
    writer.close().expect("closed");
}

fn counts(run: &Path) -> impl Fn(&str) -> u64 {
    let manifest = rollcall::audit::manifest::Manifest::read(run).expect("manifest");
    move |name| manifest.counts[name]
}

/// Says of every case of a missed person that the person had left.
fn visit_all(run: &Path) -> u64 {
    check(&["follow-up", "status", argument(run)], 0);
    let mut store = Store::open(run).expect("store");
    let missed = store.cases().expect("cases").into_iter().filter(|case| case.kind.is_missed());
    let visit = |id| Visit {
        id,
        outcome: Outcome::MovedOutBefore,
        visited_on: String::from("2020-12-01"),
        note: String::new(),
        team: None,
    };
    let visits: Vec<Visit> = missed.map(|case| visit(case.id)).collect();
    store.note_visits(&visits, "field").expect("noted")
}

#[test]
fn what_was_said_of_a_row_is_not_heard_of_whoever_has_its_number_now() {
    let district = district();
    let folder = district.path();
    let study = folder.join("study.toml");
    let text = std::fs::read_to_string(&study).expect("study");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("record_id")).collect();
    std::fs::write(&study, lines.join("\n")).expect("written");
    let [first, same, next] = ["first", "same", "next"].map(|name| folder.join(name));
    check(&["-q", "run", argument(&study), "--out", argument(&first)], 0);
    let visits = visit_all(&first);
    assert!(visits > 3, "{visits}");
    let book = first.join("casework/pairs.xlsx");
    check(&["-q", "review", "export", argument(&first), "--pairs", "40", "--out", argument(&book)], 0);
    let pairs = rows_of(&book);
    let judged = folder.join("judged.csv");
    std::fs::write(&judged, filled(&pairs, |_| "是")).expect("written");
    check(&["review", "import", argument(&first), argument(&judged), "--reviewer", "anna"], 0);
    let [outcomes, decisions] = ["outcomes.csv", "decisions.csv"].map(|name| folder.join(name));
    check(&["follow-up", "outcomes", argument(&first), "--out", argument(&outcomes)], 0);
    check(&["review", "decisions", argument(&first), "--out", argument(&decisions)], 0);
    let heard = "\n[linkage]\ndecisions = \"decisions.csv\"\n[follow_up]\noutcomes = \"outcomes.csv\"\n";
    std::fs::write(&study, lines.join("\n") + heard).expect("written");

    // The same files: everything is heard.
    check(&["-q", "run", argument(&study), "--out", argument(&same)], 0);
    let of = counts(&same);
    assert_eq!((of("outcomes"), of("outcomes_on_unknown_records")), (visits, 0));
    assert_eq!((of("decisions"), of("decisions_on_unknown_records")), (pairs.len() as u64 - 1, 0));
    // A workbook that was out meanwhile comes back, and what it says counts as a decision for the next run.
    std::fs::create_dir(same.join("casework")).expect("folder");
    std::fs::copy(first.join("casework/cases.sqlite"), same.join("casework/cases.sqlite")).expect("copied");
    check(&["review", "import", argument(&same), argument(&judged), "--reviewer", "bo"], 0);
    let (_, said) = check(&["review", "status", argument(&same)], 2);
    assert!(said.contains("of earlier runs judged and kept"), "{said}");

    // The next delivery without its first rows: hardly anybody is where the numbers say.
    for name in ["roll", "public_security", "housing", "health"] {
        take_first_row_out(&folder.join(format!("{name}.parquet")));
    }
    let (_, said) = check(&["run", argument(&study), "--out", argument(&next)], 0);
    for what in ["outcomes of visits are not followed", "decisions of clerks are not followed", "has no record_id"] {
        assert!(said.contains(what), "{what}: {said}");
    }
    let of = counts(&next);
    assert!(10 * of("outcomes") <= visits, "{} of {visits}", of("outcomes"));
    assert_eq!(of("outcomes") + of("outcomes_on_unknown_records"), visits);
    assert!(of("outcomes_on_records_of_others") > 0 && of("decisions_on_records_of_others") > 0);
    assert!(10 * of("decisions") <= pairs.len() as u64, "{}", of("decisions"));
    std::fs::create_dir(next.join("casework")).expect("folder");
    std::fs::copy(first.join("casework/cases.sqlite"), next.join("casework/cases.sqlite")).expect("copied");
    let (_, said) = check(&["follow-up", "status", argument(&next)], 0);
    assert!(said.contains("other persons' now"), "{said}");
    // Who was visited stays settled, and nobody else is taken for one of them.
    let cases = Store::open(&next).expect("store").cases().expect("cases");
    let settled = cases.iter().filter(|case| case.state() == State::Resolved);
    let went_on = settled.filter(|case| case.earlier.iter().any(|then| then.case.name != case.row.case.name)).count();
    assert_eq!(went_on, 0);
}
