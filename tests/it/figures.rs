//! Can every count of the report be traced to rows by a documented command (docs/for-auditors.md)?

use std::path::{Path, PathBuf};

use crate::cli::{argument, check, district};

/// Cells of the rows of the tables of a section.
type Tables = Vec<Vec<Vec<String>>>;

fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).map(|rest| rest.split(to).next().unwrap_or("")).collect()
}

/// The text of a piece of markup.
fn plain(markup: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in markup.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    text.trim().to_owned()
}

fn tables(page: &str, section: &str) -> Tables {
    let section = between(page, &format!("<section id=\"{section}\">"), "</section>")[0];
    let cells = |row: &str| -> Vec<String> {
        let opened = row.replace("<th", "<td").replace("</th>", "</td>");
        between(&opened, "<td", "</td>").into_iter().map(|cell| plain(&format!("<td{cell}"))).collect()
    };
    let body = |table: &str| between(table, "<tbody>", "</tbody>").concat();
    between(section, "<table>", "</table>")
        .into_iter()
        .map(|table| between(&body(table), "<tr", "</tr>").into_iter().map(cells).collect())
        .collect()
}

fn number(cell: &str) -> f64 {
    cell.replace(',', "").trim_end_matches(" %").parse().unwrap_or_else(|_| panic!("{cell} is no figure"))
}

struct Run {
    results: PathBuf,
    page: String,
    _folder: tempfile::TempDir,
}

impl Run {
    fn new() -> Run {
        let folder = district();
        let results = folder.path().join("results");
        check(&["-q", "run", argument(&folder.path().join("study.toml")), "--out", argument(&results)], 0);
        let page = std::fs::read_to_string(results.join("report.html")).unwrap();
        Run { results, page, _folder: folder }
    }

    fn file(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(self.results.join(name)).unwrap()).unwrap()
    }

    /// The figures in the first line of what `trace` prints, and how many entries with this beginning it lists.
    fn trace(&self, asked: &[&str], entry: &str) -> (Vec<f64>, usize) {
        let (out, _) = check(&[&["trace", argument(&self.results), "--limit", "100000"], asked].concat(), 0);
        let first = out.lines().next().unwrap();
        let figures = first.split(' ').filter_map(|word| word.parse().ok()).collect();
        (figures, out.lines().filter(|line| line.starts_with(entry)).count())
    }

    /// Discrepancies of kinds in an area: how many, how many expected to be real, how many listed.
    fn discrepancies(&self, kinds: &[&str], area: &str) -> [f64; 3] {
        let mut sums = [0.0; 3];
        for kind in kinds {
            let asked = ["--kind", kind, "--area", area];
            let (all, listed) = (self.trace(&asked, "D0"), self.trace(&[&asked[..], &["--listed"]].concat(), "D0"));
            assert_eq!(all.0[0], all.1 as f64, "as many are listed as are counted");
            sums[0] += all.0[0];
            sums[1] += all.0[1];
            sums[2] += listed.0[0];
        }
        sums
    }
}

fn same(row: &[String], found: [f64; 3]) {
    let shown: Vec<f64> = row.iter().map(|cell| number(cell)).collect();
    assert_eq!((shown[0], shown[2]), (found[0], found[2]), "{row:?} {found:?}");
    // Expected numbers are printed with one decimal, by either.
    assert!((shown[1] - found[1]).abs() < 0.16, "{row:?} {found:?}");
}

const KINDS: [&str; 10] = [
    "missed_person",
    "missed_household",
    "missed_newborn",
    "duplicate_enumeration",
    "counted_elsewhere",
    "dead_before_reference",
    "born_after_reference",
    "unsupported_enumeration",
    "attribute_conflict",
    "household_mismatch",
];

const MISSED: [&str; 2] = ["missed_person", "missed_newborn"];

#[test]
fn discrepancies_and_missed_persons() {
    let run = Run::new();
    let kinds = tables(&run.page, "discrepancies").remove(0);
    assert_eq!(kinds.len(), KINDS.len());
    let mut counted = 0.0;
    // In the order of the page; every kind of the page is one that `trace` knows.
    let mut left: Vec<[f64; 3]> = KINDS.iter().map(|kind| run.discrepancies(&[kind], "")).collect();
    for row in &kinds {
        counted += number(&row[2]);
        let shown = (number(&row[2]), number(&row[4]));
        let at =
            left.iter().position(|found| (found[0], found[2]) == shown && (found[1] - number(&row[3])).abs() < 0.16);
        left.remove(at.unwrap_or_else(|| panic!("{row:?} is none of {left:?}")));
    }
    assert!(counted > 5.0 && left.is_empty());
    let missed = tables(&run.page, "missed");
    assert_eq!(missed.len(), 2, "streets and communities");
    for row in missed.concat().iter().filter(|row| row[0].starts_with(|letter: char| letter.is_ascii_digit())) {
        same(&row[1..4], run.discrepancies(&MISSED, &row[0]));
    }
    let summary = between(&run.page, "<section id=\"summary\">", "</section>")[0];
    let figures: Vec<f64> = between(summary, "<b>", "</b>").into_iter().map(number).collect();
    let all = run.discrepancies(&MISSED, "");
    assert_eq!((figures[2], figures[4]), (all[0], all[2]));
    assert!((figures[3] - all[1]).abs() < 0.16);
    let persons = |count: &str| run.trace(&["--persons", count], "person ").0[0];
    let (present, both) = (persons("roll_present"), persons("in_both"));
    assert_eq!(figures[0], present);
    assert!((figures[1] - 100.0 * both / present).abs() < 0.051, "{figures:?}");
    let expected: f64 = MISSED.iter().map(|kind| run.trace(&["--kind", kind, "--listed"], "D0").0[1]).sum();
    assert!((figures[5] - expected).abs() < 0.16, "{figures:?} {expected}");
}

#[test]
fn persons_pairs_and_rows() {
    let run = Run::new();
    let by_sources = tables(&run.page, "persons").remove(0);
    let (last, rows) = by_sources.split_last().unwrap();
    let mut all = 0.0;
    for row in rows {
        let (found, listed) = run.trace(&["--in-sources", &row[0]], "person ");
        assert_eq!((number(&row[1]), found[0]), (found[0], listed as f64), "{row:?}");
        all += found[0];
    }
    assert_eq!(number(&last[1]), all);
    let manifest = run.file("manifest.json");
    let sources: Vec<&str> =
        manifest["sources"].as_array().unwrap().iter().map(|entry| entry["source"].as_str().unwrap()).collect();
    // Pairs in the order of the page: links, possible links.
    let mut shown = tables(&run.page, "links").remove(0).into_iter();
    for (at, &one) in sources.iter().enumerate() {
        for &other in &sources[at..] {
            let (links, listed) = run.trace(&["--links", one, other], &format!("{one}:"));
            let (possible, _) = run.trace(&["--links", one, other, "--possible"], "");
            if links[0] + possible[0] > 0.0 {
                let row = shown.next().unwrap();
                assert!(row[0].contains(one) && row[0].contains(other), "{row:?}");
                assert_eq!((number(&row[1]), number(&row[2])), (links[0], possible[0]), "{row:?}");
                assert!(one == other || listed > 0 || links[0] == 0.0);
            }
        }
    }
    assert!(shown.next().is_none());
    let read = tables(&run.page, "read");
    for (row, source) in read[0].iter().zip(&sources) {
        assert!(row[0].starts_with(source), "{row:?}");
        let entry = manifest["sources"].as_array().unwrap().iter().find(|entry| entry["source"] == **source).unwrap();
        assert_eq!(number(&row[3]), entry["rows_in"].as_f64().unwrap(), "{entry}");
        assert_eq!(number(&row[5]), run.trace(&["--set-aside", source], "").0[0]);
    }
    check(&["trace", argument(&run.results), "--set-aside", "nobody"], 2);
    check(&["trace", argument(&run.results), "--links", sources[0], "nobody"], 2);
    check(&["trace", argument(&run.results), "--persons", "in_both", "--kind", "missed_person"], 2);
}

#[test]
fn counts_and_estimates_by_area() {
    let run = Run::new();
    let coverage = tables(&run.page, "coverage");
    let counts = coverage.last().unwrap();
    let names = ["roll_present", "roll_elsewhere", "register_persons", "in_both", "only_roll", "only_register"];
    let mut looked_at = 0;
    for row in counts.iter().filter(|row| row[0].starts_with(|letter: char| letter.is_ascii_digit())) {
        for (cell, name) in row[1..].iter().zip(names) {
            let (found, listed) = run.trace(&["--persons", name, "--area", &row[0]], "person ");
            assert_eq!((number(cell), found[0]), (found[0], listed as f64), "{row:?} {name}");
            looked_at += 1;
        }
    }
    assert!(looked_at >= 12, "{looked_at}");
    let estimates = run.file("coverage.json");
    for row in coverage[0].iter().filter(|row| row[0].len() == 12) {
        let areas = estimates["areas"].as_array().unwrap();
        let area = areas.iter().find(|area| area["area"] == row[0].as_str()).unwrap();
        assert!((number(&row[4]) - area["persons"].as_f64().unwrap()).abs() < 0.51, "{row:?}");
        let parts: f64 =
            ["both", "only_roll", "only_register", "unseen"].iter().map(|part| area[part].as_f64().unwrap()).sum();
        assert!((parts - area["persons"].as_f64().unwrap()).abs() < 1e-6);
    }
    assert!(Path::new(&run.results).join("report.html").is_file());
}
