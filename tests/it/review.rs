//! Do clerks' judgements come back whole, and do they measure what they should?

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use calamine::{Reader, Xlsx, open_workbook};

use crate::cli::{argument, check as checked};
use crate::follow_up::fresh;

/// Runs the program; gives its stdout.
fn check(arguments: &[&str], expected: i32) -> String {
    checked(arguments, expected).0
}

pub fn rows_of(path: &Path) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook(path).expect("workbook");
    let range = book.worksheet_range("链接复核").expect("sheet of pairs");
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

/// A text table of the rows, with the judgement column filled in.
pub fn filled(rows: &[Vec<String>], judge: impl Fn(usize) -> &'static str) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (at, row) in rows.iter().enumerate() {
        let mut row = row.clone();
        if at > 0 {
            row[1] = judge(at).to_owned();
        }
        // Columns in another order.
        row.reverse();
        writer.write_record(&row).expect("row");
    }
    String::from_utf8(writer.into_inner().expect("table")).expect("text")
}

fn json(run: &Path) -> serde_json::Value {
    let text = check(&["review", "status", argument(run), "--format", "json"], 0);
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_sample_goes_out_masked_and_comes_back_as_figures() {
    let run = fresh();
    let run = run.path();
    check(&["review", "status", argument(run)], 2);
    let path = run.join("casework/pairs.xlsx");
    let said = check(&["-q", "review", "export", argument(run), "--pairs", "60", "--out", argument(&path)], 0);
    assert!(said.contains("link 0.999-1"), "{said}");
    let rows = rows_of(&path);
    assert!((50..=70).contains(&(rows.len() - 1)), "{} pairs", rows.len());
    // No number of eleven or more digits: ID numbers and telephones are masked; no source is named.
    let long = |cell: &String| cell.chars().filter(char::is_ascii_digit).count() >= 11 && !cell.contains('*');
    let divisions: BTreeSet<usize> = (0..rows[0].len()).filter(|at| rows[0][*at].contains("区划")).collect();
    for row in &rows[1..] {
        let shown = row.iter().enumerate().filter(|(at, _)| !divisions.contains(at)).map(|(_, cell)| cell);
        assert!(!shown.clone().any(long), "an unmasked number");
        assert!(!shown.into_iter().any(|cell| cell.contains("public_security")));
    }
    // Codes are shown by their names.
    let nations: Vec<usize> = (0..rows[0].len()).filter(|at| rows[0][*at].contains("民族")).collect();
    let nation = |cell: &str| cell.is_empty() || cell.ends_with('族');
    assert!(!nations.is_empty() && rows[1..].iter().all(|row| nations.iter().all(|at| nation(&row[*at]))));
    let table = run.join("anna.csv");
    std::fs::write(&table, filled(&rows, |_| "是")).expect("written");
    check(&["review", "import", argument(run), argument(&table), "--reviewer", "anna"], 0);
    let again = check(&["review", "import", argument(run), argument(&table), "--reviewer", "anna"], 0);
    let numbers: Vec<&str> = again.lines().nth(1).expect("row").split_whitespace().collect();
    assert_eq!(numbers[2], "0", "the same workbook twice: {again}");
    let quality = json(run);
    assert_eq!(quality["settled"], rows.len() - 1);
    assert_eq!(quality["precision"]["share"], 1.0);
    assert!(quality["precision"]["low"].as_f64().expect("low") > 0.8);
    // Another clerk contradicts on some: disputed, until a supervisor has spoken.
    std::fs::write(&table, filled(&rows, |at| if at <= 5 { "no" } else { "yes" })).expect("written");
    check(&["review", "import", argument(run), argument(&table), "--reviewer", "bo"], 0);
    let quality = json(run);
    assert_eq!(quality["disputed"].as_array().expect("list").len(), 5);
    assert_eq!(quality["agreement"][0]["reviewers"], serde_json::json!(["anna", "bo"]));
    std::fs::write(&table, filled(&rows, |at| if at <= 5 { "0" } else { "" })).expect("written");
    check(&["review", "import", argument(run), argument(&table), "--reviewer", "chief", "--supervisor"], 0);
    assert!(json(run)["disputed"].as_array().expect("list").is_empty());
    let decisions = run.join("casework/decisions.csv");
    check(&["review", "decisions", argument(run), "--out", argument(&decisions)], 0);
    let text = std::fs::read_to_string(&decisions).expect("decisions");
    for command in [&["review", "decisions", argument(run)][..], &["review", "export", argument(run), "--pairs", "60"]]
    {
        let links = std::fs::read(run.join("links.parquet")).expect("links");
        check(&[command, &["--out", argument(&run.join("links.parquet"))]].concat(), 2);
        assert!(std::fs::read(run.join("links.parquet")).expect("links") == links);
    }
    // What another folder has decided stands in the table alone, and is kept; of its own pairs this one has the last
    // word.
    let first = text.lines().nth(1).expect("a decision");
    let turned = match first.strip_suffix(",1") {
        Some(pair) => format!("{pair},0"),
        None => format!("{},1", first.trim_end_matches(",0")),
    };
    let of_another = "roll,of-another,register,1,,,1";
    let kept = |lines: &[&str]| {
        std::fs::write(&decisions, [&[text.lines().next().expect("heading")], lines].concat().join("\n"))
            .expect("written");
        let said = check(&["review", "decisions", argument(run), "--out", argument(&decisions)], 0);
        (said, std::fs::read_to_string(&decisions).expect("decisions"))
    };
    let (said, table_then) = kept(&[of_another, &turned]);
    assert!(said.contains("1 of them kept from earlier tables"), "{said}");
    assert_eq!(table_then.replacen(&format!("{of_another}\n"), "", 1), text);
    let (said, table_then) = kept(&[]);
    assert!(!said.contains("kept") && table_then == text, "{said}");
    check(&["-q", "review", "export", argument(run), "--pairs", "60", "--out", argument(&path)], 0);
    // What a clerk has filled in is not written over, named or in its usual place.
    let usual = run.join("casework/review/pairs.xlsx");
    check(&["-q", "review", "export", argument(run)], 0);
    check(&["-q", "review", "export", argument(run)], 0);
    std::fs::write(&usual, filled(&rows, |at| if at == 7 { "yes" } else { "" })).expect("written");
    let named = run.join("casework/anna.csv");
    std::fs::copy(&table, &named).expect("copied");
    for (path, out) in [(&usual, &[][..]), (&named, &["--out", argument(&named)])] {
        let before = std::fs::read(path).expect("sheet");
        let (_, err) = checked(&[&["-q", "review", "export", argument(run)], out].concat(), 2);
        assert!(err.contains("pairs have been judged"), "{err}");
        assert!(std::fs::read(path).expect("sheet") == before);
    }
    let same: BTreeMap<&str, usize> = ["1", "0"]
        .into_iter()
        .map(|same| (same, text.lines().skip(1).filter(|line| line.ends_with(&format!(",{same}"))).count()))
        .collect();
    assert_eq!(same["0"], 5);
    assert_eq!(same["1"], rows.len() - 6);
}

#[test]
fn an_old_workbook_that_comes_in_again_takes_no_correction_back() {
    let run = fresh();
    let run = run.path();
    let path = run.join("casework/pairs.xlsx");
    check(&["-q", "review", "export", argument(run), "--pairs", "30", "--out", argument(&path)], 0);
    let rows = rows_of(&path);
    let import = |name: &str, said: &'static str, more: &[&str]| {
        let table = run.join(name);
        std::fs::write(&table, filled(&rows, |at| if at <= 5 { said } else { "" })).expect("written");
        let screen = check(&[&["review", "import", argument(run), argument(&table)][..], more].concat(), 0);
        let new = screen.lines().nth(1).and_then(|row| row.split_whitespace().nth(2)).expect("a count").to_owned();
        (new, screen)
    };
    let decided = || {
        let decisions = run.join("casework/decisions.csv");
        check(&["review", "decisions", argument(run), "--out", argument(&decisions)], 0);
        let text = std::fs::read_to_string(&decisions).expect("decisions");
        text.lines().skip(1).filter(|line| line.ends_with(",1")).count()
    };
    let anna = ["--reviewer", "anna"];
    assert_eq!(import("first.csv", "是", &anna).0, "5");
    assert_eq!(import("corrected.csv", "否", &anna).0, "5");
    let (new, screen) = import("first.csv", "是", &anna);
    assert!(new == "0" && screen.contains("5 judgements stood in this very file"), "{screen}");
    assert_eq!(decided(), 0, "the correction stands");
    // Another clerk may bring the same file. What a supervisor ruled stands when the same name judges as a clerk.
    assert_eq!(import("first.csv", "是", &["--reviewer", "bo"]).0, "5");
    assert_eq!(import("chief.csv", "是", &["--reviewer", "chief", "--supervisor"]).0, "5");
    assert_eq!(decided(), 5);
    assert_eq!(import("as-clerk.csv", "否", &["--reviewer", "chief"]).0, "5");
    assert_eq!(decided(), 5, "the ruling stands");
}

#[test]
fn one_column_sorted_alone_is_noticed() {
    let run = fresh();
    let run = run.path();
    let path = run.join("casework/pairs.xlsx");
    check(&["-q", "review", "export", argument(run), "--pairs", "30", "--out", argument(&path)], 0);
    let mut rows = rows_of(&path);
    let numbers: Vec<String> = rows[1..].iter().rev().map(|row| row[0].clone()).collect();
    rows[1..].iter_mut().zip(numbers).for_each(|(row, number)| row[0] = number);
    let table = run.join("torn.csv");
    std::fs::write(&table, filled(&rows, |_| "是")).expect("written");
    let said = check(&["review", "import", argument(run), argument(&table), "--reviewer", "anna"], 5);
    assert!(said.contains("sorted without the others"), "{said}");
}

#[test]
fn a_clerk_is_asked_in_the_terminal_and_may_stop_at_any_time() {
    let run = fresh();
    let run = run.path();
    let ask = |typed: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rollcall"))
            .args(["-q", "review", "ask", argument(run), "--pairs", "20", "--reviewer", "cai"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        child.stdin.take().expect("stdin").write_all(typed.as_bytes()).expect("typed");
        let output = child.wait_with_output().expect("ended");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("text")
    };
    let said = ask("w\ny\nhm\nn\ns\nb\nu\nq\n");
    assert!(said.contains("prior") && said.contains("3 judgements noted"), "{said}");
    // The three are not asked again.
    let left = ask("q\n");
    let first = left.lines().find(|line| line.starts_with("1 / ")).expect("a pair");
    let waiting: usize = first.split_whitespace().nth(2).and_then(|count| count.parse().ok()).expect("count");
    let drawn = json(run)["drawn"].as_u64().expect("drawn") as usize;
    assert_eq!(waiting, drawn - 3);
}

#[test]
fn a_workbook_comes_back_whatever_has_been_drawn_since() {
    let run = fresh();
    let run = run.path();
    let path = run.join("casework/pairs.xlsx");
    check(&["-q", "review", "export", argument(run), "--pairs", "30", "--out", argument(&path)], 0);
    let rows = rows_of(&path);
    // Who says nothing of a sample goes on with the one that is there.
    let ask = ["-q", "review", "ask", argument(run), "--reviewer", "bo"];
    let said = check(&ask, 0);
    assert!(said.contains(&format!("1 / {}", rows.len() - 1)), "{said}");
    check(&[&ask[..], &["--pairs", "90", "--seed", "3"]].concat(), 0);
    assert_eq!((json(run)["pairs"].as_u64(), json(run)["seed"].as_u64()), (Some(90), Some(3)));
    let table = run.join("anna.csv");
    std::fs::write(&table, filled(&rows, |_| "是")).expect("written");
    check(&["review", "import", argument(run), argument(&table), "--reviewer", "anna"], 0);
    let status = check(&["review", "status", argument(run), "--pairs", "30", "--format", "json"], 0);
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["settled"], rows.len() - 1);
    check(&["review", "status", argument(run), "--seed", "4"], 2);
}

/// The person of each record of a run.
fn persons(run: &Path) -> BTreeMap<(String, String), u64> {
    let rows = rollcall::outcome::files::read_persons(run).expect("persons");
    rows.into_iter().map(|row| ((row.source, row.record_id), row.person)).collect()
}

#[test]
fn what_clerks_decided_holds_in_the_next_run() {
    let district = crate::cli::district();
    let study = district.path().join("study.toml");
    let first = district.path().join("first");
    check(&["-q", "run", argument(&study), "--out", argument(&first)], 0);
    let links = rollcall::outcome::files::read_links(&first).expect("links");
    let sure = links.iter().rev().find(|link| link.decision == "link" && link.match_probability > 0.9999);
    let sure = sure.expect("a sure link");
    let before = persons(&first);
    // Two records of the roll that nothing connects.
    let alone: Vec<&(String, String)> = before.keys().filter(|(source, _)| source == "roll").take(2).collect();
    let [one, other] = alone[..] else { panic!("two records") };
    assert_ne!(before[one], before[other]);
    let table = format!(
        "source_l,record_l,source_r,record_r,same\n{},{},{},{},0\n{},{},{},{},1\nroll,nobody,roll,no one,1\n",
        sure.one.0, sure.one.1, sure.other.0, sure.other.1, one.0, one.1, other.0, other.1
    );
    std::fs::write(district.path().join("decisions.csv"), table).expect("written");
    let text = std::fs::read_to_string(&study).expect("study");
    let decided = if text.contains("[linkage]") {
        text.replace("[linkage]", "[linkage]\ndecisions = \"decisions.csv\"")
    } else {
        text + "\n[linkage]\ndecisions = \"decisions.csv\"\n"
    };
    std::fs::write(&study, decided).expect("written");
    let second = district.path().join("second");
    let said = check(&["-q", "run", argument(&study), "--out", argument(&second)], 0);
    let after = persons(&second);
    assert_ne!(after[&sure.one], after[&sure.other], "kept apart");
    assert_eq!(after[one], after[other], "joined");
    // What a clerk has confirmed is no link that may be false, however little the model believes it.
    let traced = check(&["trace", argument(&second), "--false-links", "--limit", "100000"], 0);
    let expected = traced.split(" are expected").next().and_then(|text| text.rsplit(' ').next()).expect("a figure");
    assert!(said.lines().any(|line| line.starts_with("links expected to be false") && line.ends_with(expected)));
    let is_certain = |(one, other): (&(String, String), &(String, String))| {
        traced.contains(&format!("{}:{} {}:{}  false 0.000000\n", one.0, one.1, other.0, other.1))
    };
    assert!(is_certain((one, other)) || is_certain((other, one)));
    let manifest = rollcall::audit::manifest::Manifest::read(&second).expect("manifest");
    assert_eq!(manifest.counts["decisions"], 2);
    assert_eq!(manifest.counts["decisions_not_followed"], 0);
    assert_eq!(manifest.counts["decisions_on_unknown_records"], 1);
    check(&["verify", argument(&second)], 0);
    check(&["explain", argument(&second), &format!("{}:{}", one.0, one.1), &format!("{}:{}", other.0, other.1)], 0);
    let model = |run: &Path| std::fs::read(run.join("model.json")).expect("model");
    let taught = std::fs::read_to_string(&study).expect("study").replace("[linkage]", "[linkage]\nrefit = true");
    std::fs::write(&study, taught).expect("written");
    let (third, fourth) = (district.path().join("third"), district.path().join("fourth"));
    for run in [&third, &fourth] {
        check(&["-q", "run", argument(&study), "--out", argument(run)], 0);
    }
    assert_ne!(model(&second), model(&third), "the decisions taught nothing");
    assert_eq!(model(&third), model(&fourth));
    let after = persons(&third);
    assert_ne!(after[&sure.one], after[&sure.other], "kept apart");
    check(&["explain", argument(&third), &format!("{}:{}", one.0, one.1), &format!("{}:{}", other.0, other.1)], 0);
    std::fs::write(district.path().join("decisions.csv"), "source_l,record_l,source_r,record_r,same\n")
        .expect("written");
    check(&["verify", argument(&second)], 7);
}
