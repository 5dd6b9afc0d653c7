//! Do lists survive the way out to the field and back?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use calamine::{Reader, Xlsx, open_workbook};
use rust_xlsxwriter::Workbook;

use crate::cli::{argument, check, rollcall};

/// A district of 3000 persons, cross-checked once for all tests.
pub fn run() -> &'static Path {
    static RUN: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    RUN.get_or_init(|| {
        let folder = tempfile::tempdir().expect("folder").keep();
        let district = folder.join("district");
        check(&["-q", "synth", argument(&district), "--persons", "3000", "--seed", "7"], 0);
        check(&["-q", "run", argument(&district.join("study.toml")), "--out", argument(&folder.join("run"))], 0);
        folder.join("run")
    })
}

/// A copy of the run without any casework.
pub fn fresh() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    for entry in std::fs::read_dir(run()).expect("run").map(Result::unwrap) {
        if entry.file_type().expect("type").is_file() {
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copied");
        }
    }
    folder
}

pub type Rows = Vec<Vec<String>>;

/// Sends lists out and gives the rows of the longest one, with its file.
pub fn sent(run: &Path, more: &[&str]) -> (PathBuf, Rows) {
    let out = run.join("casework/lists");
    check(&[&["follow-up", "export", argument(run), "--out", argument(&out)][..], more].concat(), 0);
    let lists = std::fs::read_dir(&out).expect("lists").map(|entry| entry.unwrap().path());
    let lists = lists.filter(|path| path.extension().is_some_and(|extension| extension == "xlsx"));
    let longest =
        lists.map(|path| (path.clone(), rows_of(&path))).max_by_key(|(path, rows)| (rows.len(), path.clone()));
    longest.expect("a list")
}

pub fn rows_of(path: &Path) -> Rows {
    let mut book: Xlsx<_> = open_workbook(path).expect("workbook");
    let range = book.worksheet_range("核查清单").expect("sheet of cases");
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

fn column(rows: &Rows, name: &str) -> usize {
    rows[0].iter().position(|cell| cell == name).expect("column")
}

/// Fills every row with one of some outcomes; gives what was filled in, by case number.
fn fill(rows: &mut Rows) -> BTreeMap<String, &'static str> {
    let (case, outcome, date) = (column(rows, "编号"), column(rows, "核查结果"), column(rows, "走访日期"));
    let mut filled = BTreeMap::new();
    for (at, row) in rows.iter_mut().enumerate().skip(1) {
        let code = ["03 从未在此居住", "4", "12", "06"][at % 4];
        row[outcome] = code.to_owned();
        row[date] = ["2020-12-03", "2020/12/4", "2020年12月5日", "20201206"][at % 4].to_owned();
        filled.insert(row[case].clone(), ["03", "04", "12", "06"][at % 4]);
    }
    filled
}

fn save_workbook(path: &Path, rows: &Rows) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0u32..).zip(rows) {
        for (column, cell) in (0u16..).zip(cells) {
            // As a program does that takes codes for numbers.
            match cell.parse::<f64>() {
                Ok(number) if cell.len() < 3 => sheet.write_number(row, column, number).expect("number"),
                _ => sheet.write_string(row, column, cell).expect("text"),
            };
        }
    }
    book.save(path).expect("saved");
}

pub fn save_text(path: &Path, rows: &Rows, encoding: &'static encoding_rs::Encoding) {
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let lines: Vec<String> = rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",")).collect();
    let text = lines.join("\r\n");
    let (bytes, _, lossy) = encoding.encode(&text);
    assert!(!lossy);
    std::fs::write(path, bytes).expect("written");
}

/// The outcomes that the store has, by case number.
fn outcomes(run: &Path) -> BTreeMap<String, String> {
    let store = rollcall::casework::store::Store::open(run).expect("store");
    let cases = store.cases().expect("cases");
    let of = |case: &rollcall::casework::store::StoredCase| {
        Some((case.number.clone(), case.visits().last()?.outcome?.code().to_owned()))
    };
    cases.iter().filter_map(of).collect()
}

#[test]
fn visits_change_the_estimate_of_coverage_beside_that_of_the_run() {
    let folder = fresh();
    let run = folder.path();
    let estimates = || -> serde_json::Value {
        serde_json::from_str(&check(&["coverage", argument(run), "--format", "json"], 0).0).expect("JSON")
    };
    let before = estimates();
    let (_, mut rows) = sent(run, &[]);
    assert_eq!(estimates(), before, "lists have gone out and nothing has come back");
    let (outcome, matter) = (column(&rows, "核查结果"), column(&rows, "事项"));
    let mut found = 0u64;
    for row in rows.iter_mut().skip(1) {
        // Whoever may have been missed was missed.
        let missed = row[matter].contains("漏登") && !row[matter].contains("住户");
        row[outcome] = if missed { "01" } else { "12" }.to_owned();
        found += u64::from(missed);
    }
    assert!(found > 1, "{found}");
    let book = run.join("filled.xlsx");
    save_workbook(&book, &rows);
    check(&["follow-up", "import", argument(run), argument(&book)], 0);
    let after = estimates();
    assert_eq!(after["total"], before["total"], "the run's own figure stays");
    let visited = after["visited"].as_array().expect("areas");
    let all = visited.last().expect("all areas");
    assert_eq!((all["area"].as_str(), all["found"].as_u64()), (Some("all"), all["settled"].as_u64()), "{all}");
    let figure = |row: &serde_json::Value, name: &str| row[name].as_f64().expect("figure");
    assert!((figure(all, "before") - figure(&before["total"], "persons")).abs() < 1e-9);
    assert!(figure(all, "persons") > figure(all, "before"), "more were found than expected: {all}");
    // A case whose area no estimate has counts in the total alone.
    let settled: u64 =
        visited.iter().filter(|row| row["level"] == "district").filter_map(|row| row["settled"].as_u64()).sum();
    assert!(settled > 0 && Some(settled) <= all["settled"].as_u64(), "{settled} of {all}");
    let (_, err) = check(&["coverage", argument(run), "--area", "999"], 2);
    assert!(err.contains("its areas are 120106"), "{err}");
    let (text, _) = check(&["coverage", argument(run)], 0);
    assert!(text.contains("with what visits have found"), "{text}");
    let whole = |folder: &Path| std::fs::read(folder.join("coverage.json")).expect("estimates");
    assert_eq!(whole(run), whole(self::run()), "the run's own file stays");
}

fn outcomes_take_the_place_of_no_other_file(run: &Path, extracts: &Path) {
    let write =
        |out: &Path, status: i32| check(&["follow-up", "outcomes", argument(run), "--out", argument(out)], status);
    // An earlier table of outcomes is no other file.
    write(&extracts.join("outcomes.csv"), 0);
    for taken in [extracts.join("study.toml"), extracts.join("roll.parquet"), run.join("manifest.json")] {
        let before = std::fs::read(&taken).expect("file");
        write(&taken, 2);
        assert!(std::fs::read(&taken).expect("file") == before, "{}", taken.display());
    }
}

/// The folder of a run that heard of visits, without their casework.
fn a_new_folder_goes_on_from_the_table(run: &Path, file: &Path) {
    use rollcall::outcome::report::cases::table;
    let cases = table::read(run).expect("cases").rows;
    let missed = cases.iter().filter(|row| row.kind == "missed_person" || row.kind == "missed_newborn");
    let (found, open): (Vec<_>, Vec<_>) = missed.partition(|row| row.by_visit == Some(true));
    assert!(found.len() > 3 && found.iter().all(|row| row.probability == 1.0 && !row.listed));
    let expected: f64 = open.iter().map(|row| row.probability).sum();
    let (status, _) = check(&["follow-up", "status", argument(run), "--format", "json"], 0);
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    let said = status["areas"][0]["expected"].as_f64().expect("number");
    assert!((said - expected).abs() < 0.01 * expected, "{said} {expected}");
    let (list, mut rows) = sent(run, &["--visits", "100000", "--team", "south"]);
    let case = column(&rows, "编号");
    for list in std::fs::read_dir(list.with_file_name("")).expect("lists").map(|entry| entry.unwrap().path()) {
        if list.extension().is_some_and(|extension| extension == "xlsx") {
            let went_out = rows_of(&list);
            assert!(went_out.iter().all(|row| found.iter().all(|found| found.case.number != row[case])));
        }
    }
    // One visit more: the table has what it had, and that.
    let outcome = column(&rows, "核查结果");
    rows.truncate(2);
    rows[1][outcome] = String::from("06");
    let book = run.with_file_name("one-more.xlsx");
    save_workbook(&book, &rows);
    check(&["follow-up", "import", argument(run), argument(&book)], 0);
    let before = std::fs::read_to_string(file).expect("table");
    let (elsewhere, hidden) = (file.with_file_name("elsewhere.csv"), file.with_file_name("hidden.csv"));
    let write =
        |out: &Path, status: i32| check(&["follow-up", "outcomes", argument(run), "--out", argument(out)], status);
    std::fs::rename(file, &hidden).expect("renamed");
    let (_, err) = write(&elsewhere, 2);
    assert!(err.contains("would not hear of the others") && !elsewhere.exists(), "{err}");
    std::fs::rename(&hidden, file).expect("renamed");
    // Once for this run, and once more before the next, over what was written the first time.
    for out in [&elsewhere, file, file] {
        let (said, _) = write(out, 0);
        let table = std::fs::read_to_string(out).expect("table");
        let more = table.strip_prefix(&before).unwrap_or_else(|| panic!("{before}\n{table}"));
        assert_eq!((more.lines().count(), more.contains(",06,")), (1, true), "{more}");
        assert!(said.contains("kept from earlier tables"), "{said}");
    }
}

fn digest_of(path: &Path) -> String {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(std::fs::read(path).expect("file"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_next_run_takes_what_visits_found_into_account() {
    use rollcall::casework::store::{State, Store};
    use rollcall::outcome::report::cases::table;
    let folder = fresh();
    let first = folder.path();
    let none_yet = first.join("none.csv");
    check(&["follow-up", "outcomes", argument(first), "--out", argument(&none_yet)], 2);
    let (_, mut rows) = sent(first, &[]);
    let (outcome, case) = (column(&rows, "核查结果"), column(&rows, "编号"));
    let mut said: BTreeMap<String, bool> = BTreeMap::new();
    for (at, row) in rows.iter_mut().enumerate().skip(1) {
        // Found, gone, and nobody met, by turns; whoever is dead or gone may be so whatever was asked.
        let person = row[2] == "可能漏登的人员";
        row[outcome] = if at % 4 == 3 {
            "13"
        } else if person && at % 2 == 0 {
            "01"
        } else {
            "06"
        }
        .to_owned();
        if at % 4 != 3 {
            said.insert(row[case].clone(), row[outcome] == "01");
        }
    }
    let book = first.join("filled.xlsx");
    save_workbook(&book, &rows);
    check(&["follow-up", "import", argument(first), argument(&book)], 0);
    // The extracts once more, and what was found beside them.
    let extracts = tempfile::tempdir().expect("folder");
    for entry in std::fs::read_dir(run().with_file_name("district")).expect("district").map(Result::unwrap) {
        std::fs::copy(entry.path(), extracts.path().join(entry.file_name())).expect("copied");
    }
    let outcomes_file = extracts.path().join("outcomes.csv");
    check(&["follow-up", "outcomes", argument(first), "--out", argument(&outcomes_file)], 0);
    let study = extracts.path().join("study.toml");
    let text = std::fs::read_to_string(&study).expect("study");
    outcomes_take_the_place_of_no_other_file(first, extracts.path());
    assert!(!text.contains("[follow_up]"), "the study says nothing of a follow-up yet");
    std::fs::write(&study, text + "\n[follow_up]\noutcomes = \"outcomes.csv\"\n").expect("written");
    let manifest = |threads: &str, out: &Path| {
        check(&["-q", "--threads", threads, "run", argument(&study), "--out", argument(out)], 0);
        std::fs::read_to_string(out.join("manifest.json")).expect("manifest")
    };
    let (one, again) = (extracts.path().join("one"), extracts.path().join("again"));
    let bytes = manifest("1", &one);
    assert_eq!(bytes, manifest("2", &again), "the same bytes, whatever the threads");
    check(&["verify", argument(&one)], 0);
    let manifest: serde_json::Value = serde_json::from_str(&bytes).expect("JSON");
    let input =
        manifest["inputs"].as_array().expect("inputs").iter().find(|input| input["source"] == "follow_up.outcomes");
    assert_eq!(input.expect("the outcomes")["digest"].as_str(), Some(digest_of(&outcomes_file).as_str()));
    assert_eq!(manifest["counts"]["outcomes"].as_u64(), Some(said.len() as u64));
    assert_eq!(manifest["counts"]["outcomes_on_unknown_records"].as_u64(), Some(0));
    // Who was found is certain and on no list; who was not is not raised again; the others are still there.
    let then = Store::open(first).expect("store").cases().expect("cases");
    let now = table::read(&one).expect("cases").rows;
    let mut found = 0;
    for case in &then {
        let row = now.iter().find(|row| row.kind == case.row.kind && row.records == case.row.records);
        match said.get(&case.number) {
            Some(true) => {
                let row = row.expect("a found person is raised");
                assert!(row.probability == 1.0 && !row.listed, "{}", row.probability);
                found += 1;
            }
            Some(false) if case.label() == Some(false) => assert!(row.is_none(), "{}: raised again", case.row.kind),
            _ => {}
        }
    }
    assert!(found > 3, "{found}");
    // The casework goes on with the fresh run, and forgets nothing.
    std::fs::create_dir(one.join("casework")).expect("folder");
    std::fs::copy(first.join("casework/cases.sqlite"), one.join("casework/cases.sqlite")).expect("copied");
    check(&["follow-up", "status", argument(&one)], 0);
    let cases = Store::open(&one).expect("store").cases().expect("cases");
    let resolved = cases.iter().filter(|case| case.state() == State::Resolved).count();
    assert_eq!(resolved, said.len());
    // Found persons are certain now; what they teach is what was thought of them when somebody went there.
    for case in cases.iter().filter(|case| said.get(&case.number) == Some(&true)) {
        assert_eq!(case.row.probability.to_bits(), 1.0f64.to_bits());
        assert!(case.as_visited().probability < 1.0, "{}", case.number);
    }
    // The fresh run's own lists speak of old cases by numbers of their own: what comes back on them is understood.
    let old: Vec<&str> = then.iter().map(|case| case.number.as_str()).collect();
    let mut lists: Vec<PathBuf> =
        std::fs::read_dir(one.join("follow-up")).expect("lists").map(|e| e.unwrap().path()).collect();
    lists.retain(|path| path.extension().is_some_and(|extension| extension == "xlsx"));
    let mut renumbered = 0;
    for list in lists {
        let mut rows = rows_of(&list);
        let (case, outcome) = (column(&rows, "编号"), column(&rows, "核查结果"));
        renumbered += rows.iter().skip(1).filter(|row| !old.contains(&row[case].as_str())).count();
        rows.iter_mut().skip(1).for_each(|row| row[outcome] = String::from("13"));
        let book = extracts.path().join("again.xlsx");
        save_workbook(&book, &rows);
        check(&["follow-up", "import", argument(&one), argument(&book)], 0);
    }
    assert!(renumbered > 3, "{renumbered}");
    a_new_folder_goes_on_from_the_table(&again, &outcomes_file);
    // A table that says nonsense stops the run with its row.
    std::fs::write(&outcomes_file, "kind,outcome,records\nmissed_person,13,aa\n").expect("written");
    let (_, wrong) = check(&["-q", "run", argument(&study), "--out", argument(&again)], 4);
    assert!(wrong.contains("outcomes.csv:2: outcome"), "{wrong}");
}

#[test]
fn no_outcome_is_lost_or_misplaced_on_the_way() {
    let folder = fresh();
    let run = folder.path();
    let (_, mut rows) = sent(run, &[]);
    assert!(rows.len() > 4, "{}", rows.len());
    let filled = fill(&mut rows);
    // Columns moved, rows sorted, a column of notes and a title above.
    let mut changed: Rows = rows.iter().map(|row| row.iter().rev().cloned().collect()).collect();
    changed[1..].sort();
    changed.iter_mut().for_each(|row| row.insert(3, String::from("我的笔记")));
    changed.insert(0, vec![String::from("第三小组")]);
    let (book, text) = (run.join("filled.xlsx"), run.join("filled.csv"));
    save_workbook(&book, &changed);
    save_text(&text, &rows, encoding_rs::GB18030);
    let (out, _) = check(&["follow-up", "import", argument(run), argument(&book)], 0);
    assert!(out.contains(&filled.len().to_string()), "{out}");
    let known: BTreeMap<String, String> =
        filled.iter().map(|(case, code)| (case.clone(), (*code).to_owned())).collect();
    assert_eq!(outcomes(run), known);
    // The same outcomes once more, and in another form: nothing is added.
    for path in [&book, &text] {
        check(&["follow-up", "import", argument(run), argument(path)], 0);
    }
    assert_eq!(outcomes(run), known);
    let cases = rollcall::casework::store::Store::open(run).expect("store").cases().expect("cases");
    assert_eq!(cases.iter().map(|case| case.visits().count()).sum::<usize>(), filled.len());
    let (status, _) = check(&["follow-up", "status", argument(run), "--format", "json"], 0);
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    let settled = filled.values().filter(|code| **code != "12").count() as u64;
    assert_eq!(status["areas"][0]["resolved"].as_u64(), Some(settled));
}

/// One kind of damage: a name, what it does to the rows, and a word of the message.
type Damage = (&'static str, fn(&mut Rows), &'static str);

#[test]
fn each_damage_is_said_row_by_row() {
    let folder = fresh();
    let run = folder.path();
    let (_, rows) = sent(run, &[]);
    let damages: [Damage; 21] = [
        ("no such case", |rows| rows[1][1] = String::from("ZZZZ-ZZZZ"), "没有此编号"),
        ("half a number", |rows| rows[1][1].truncate(4), "编号格式不对"),
        ("no number", |rows| rows[1][1].clear(), "缺少编号"),
        ("unknown code", |rows| rows[1][9] = String::from("17"), "结果代码不认识"),
        ("free words", |rows| rows[1][9] = String::from("人不在"), "结果代码不认识"),
        ("two codes", |rows| rows[1][9] = String::from("03/04"), "不止一个结果"),
        ("code against words", |rows| rows[1][9] = String::from("03 普查时点前已死亡"), "不一致"),
        ("words of no outcome", |rows| rows[1][9] = String::from("03 人已死亡"), "不是该代码的说明"),
        ("only a date", |rows| rows[1][9].clear(), "没有结果"),
        ("a cell in error", |rows| rows[1][9] = String::from("#?"), "结果代码不认识"),
        ("no such day", |rows| rows[1][10] = String::from("2020-02-31"), "日期看不懂"),
        ("no year", |rows| rows[1][10] = String::from("12月1日"), "缺少年份"),
        ("words for a date", |rows| rows[1][10] = String::from("昨天"), "日期看不懂"),
        ("before the census", |rows| rows[1][10] = String::from("1999-12-01"), "早于"),
        ("in the future", |rows| rows[1][10] = String::from("2999-12-01"), "未来"),
        ("another name", |rows| rows[1][4] = String::from("不是此人"), "错行"),
        ("another birth", |rows| rows[1][6] = String::from("1801年1月"), "错行"),
        (
            "no answer to this question",
            |rows| {
                let form = rows.iter().position(|row| row[2].contains("登记项目")).expect("a form to be checked");
                rows.swap(1, form);
                rows[1][9] = String::from("01");
            },
            "不适用",
        ),
        ("letters for a code", |rows| rows[1][9] = String::from("O3"), "结果代码不认识"),
        (
            "twice, and differently",
            |rows| {
                let mut again = rows[1].clone();
                again[9] = String::from("06");
                rows.push(again);
            },
            "两次",
        ),
        (
            "one column sorted alone",
            |rows| {
                let mut names: Vec<String> = rows[1..].iter().map(|row| row[1].clone()).collect();
                names.rotate_left(1);
                rows[1..].iter_mut().zip(names).for_each(|(row, name)| row[1] = name);
            },
            "错行",
        ),
    ];
    for (name, damage, word) in damages {
        let mut damaged = rows.clone();
        // Somebody with a name, so that there is something to be mixed up.
        let named = (1..damaged.len()).find(|at| !damaged[*at][4].is_empty() && !damaged[*at][6].is_empty());
        damaged.swap(1, named.expect("a case with a name"));
        damaged.iter_mut().skip(1).for_each(|row| {
            row[9] = String::from("03");
            row[10] = String::from("2020-12-03");
        });
        damage(&mut damaged);
        let file = run.join("damaged.csv");
        save_text(&file, &damaged, encoding_rs::UTF_8);
        let (out, _) = check(&["follow-up", "import", argument(run), argument(&file)], 5);
        assert!(out.contains(word) && out.contains("damaged.csv, row 2"), "{name}: {out}");
        let wrong: Vec<_> = std::fs::read_dir(run.join("casework/returned")).expect("returned").collect();
        assert!(!wrong.is_empty(), "{name}");
    }
    // What is no list at all is said of the whole file.
    for (name, bytes, word) in [
        ("empty", &b""[..], "is empty"),
        ("old or with a password", &b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], ".xls"),
        ("a picture of it", &b"%PDF-1.7 x"[..], "PDF"),
        ("cut off", &b"PK\x03\x04\x14\x00"[..], "cannot be read"),
        ("another table", "姓名,电话\n甲,1\n".as_bytes(), "核查结果"),
        ("no text", &b"\x00\x01\x02\xff\xfe\x00"[..], "neither"),
    ] {
        let file = run.join("damaged.bin");
        std::fs::write(&file, bytes).expect("written");
        let (_, err) = check(&["follow-up", "import", argument(run), argument(&file)], 4);
        assert!(err.contains(word), "{name}: {err}");
    }
}

#[test]
fn a_damaged_file_keeps_none_of_the_others_waiting() {
    let folder = fresh();
    let run = folder.path();
    let (_, rows) = sent(run, &[]);
    let part = |name: &str, at: usize| {
        let mut list = vec![rows[0].clone(), rows[at].clone()];
        fill(&mut list);
        let path = run.join(name);
        save_text(&path, &list, encoding_rs::UTF_8);
        path
    };
    let (one, damaged, other) = (part("one.csv", 1), run.join("damaged.xlsx"), part("other.csv", 2));
    std::fs::write(&damaged, b"PK\x03\x04\x14\x00").expect("written");
    let lost = run.join("lost.csv");
    let all =
        ["follow-up", "import", argument(run), argument(&one), argument(&damaged), argument(&lost), argument(&other)];
    let (out, err) = check(&all, 4);
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().skip(1).collect()).collect();
    assert_eq!(lines[1..], [vec!["1", "1", "0", "0"], vec!["-"; 4], vec!["-"; 4], vec!["1", "1", "0", "0"]], "{out}");
    assert!(err.contains("damaged.xlsx: ") && err.contains("lost.csv: "), "{err}");
    assert_eq!(outcomes(run).len(), 2);
}

#[test]
fn visits_go_to_the_best_doors_and_one_team_at_a_time() {
    let folder = fresh();
    let run = folder.path();
    let (_, one) = sent(run, &["--team", "east", "--visits", "10"]);
    let numbers = |rows: &Rows| rows[1..].iter().map(|row| row[1].clone()).collect::<Vec<_>>();
    let again = run.join("casework/again");
    check(&["follow-up", "export", argument(run), "--team", "west", "--visits", "10", "--out", argument(&again)], 0);
    for entry in std::fs::read_dir(&again).expect("lists").map(|entry| entry.unwrap().path()) {
        if entry.extension().is_some_and(|extension| extension == "xlsx") {
            let other = numbers(&rows_of(&entry));
            assert!(numbers(&one).iter().all(|number| !other.contains(number)), "one case, two teams");
        }
    }
    let random = run.join("casework/random");
    let more = ["--team", "north", "--visits", "5", "--random-visits", "8", "--out", argument(&random)];
    let (said, _) = check(&[&["follow-up", "export", argument(run)][..], &more].concat(), 0);
    assert!(said.lines().any(|line| line.starts_with("of these at random") && line.ends_with(" 8")), "{said}");
    let (status, _) = check(&["follow-up", "status", argument(run), "--format", "json"], 0);
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert!(status["random_visits"]["drawn"].as_u64().expect("count") >= 8);
    check(&["follow-up", "export", argument(run), "--area", "999"], 2);
    check(&["follow-up", "export", argument(run), "--team", "south", "--seed", "3"], 2);
    check(&["follow-up", "export", argument(run), "--team", "../x"], 2);
    // Lists of other teams, and extracts, are not written over.
    for taken in [&run.join("casework/lists"), &self::run().with_file_name("district")] {
        let (_, err) = check(&["follow-up", "export", argument(run), "--team", "south", "--out", argument(taken)], 2);
        assert!(err.contains("this folder is not empty"), "{err}");
    }
    // Nor among the outputs of the run, where no run wrote them and no purge finds them.
    for inside in ["", "lists", "follow-up/lists", "casework", "casework/../lists"].map(|name| run.join(name)) {
        let (_, err) = check(&["follow-up", "export", argument(run), "--team", "south", "--out", argument(&inside)], 2);
        assert!(err.contains("among the outputs of the run"), "{err}");
        for command in [["review", "export"], ["review", "decisions"], ["follow-up", "outcomes"]] {
            let (_, err) = check(&[&command[..], &[argument(run), "--out", argument(&inside)]].concat(), 2);
            assert!(err.contains("among the outputs of the run"), "{err}");
        }
    }
    // Nor by a command that knows of no run, nor among the outputs of another one.
    let [key, outputs] = ["key", "follow-up"].map(|name| run.join(name));
    let study = self::run().with_file_name("district").join("study.toml");
    for command in [
        &["key", "new", argument(&key)][..],
        &["init", argument(run)],
        &["seal", argument(run)],
        &["synth", argument(&outputs.join("new"))],
        &["demo", "--out", argument(&outputs.join("new"))],
        &["run", argument(&study), "--out", argument(&outputs)],
        &["follow-up", "outcomes", argument(self::run()), "--out", argument(&key)],
    ] {
        let (_, err) = check(command, 2);
        assert!(err.contains("among the outputs of the run"), "{command:?}: {err}");
    }
    check(&["key", "new", argument(&run.join("casework/sign.key"))], 0);
    let log = rollcall::audit::log::read(run).expect("log");
    let teams: Vec<_> = log.iter().filter(|e| e.action == "send").map(|e| e.object["team"].as_str().unwrap()).collect();
    assert_eq!(teams, ["east", "west", "north"]);
    let empty = tempfile::tempdir().expect("folder");
    check(&["follow-up", "status", argument(empty.path())], 4);
    assert!(!empty.path().join("casework").exists());
}

#[test]
fn programs_that_are_killed_leave_the_store_whole() {
    let folder = fresh();
    let run = folder.path();
    let (_, rows) = sent(run, &[]);
    let mut files = Vec::new();
    for (at, row) in rows[1..].iter().enumerate() {
        let mut list = vec![rows[0].clone(), row.clone()];
        fill(&mut list);
        let path = run.join(format!("part-{at}.csv"));
        save_text(&path, &list, encoding_rs::UTF_8);
        files.push(path);
    }
    let start = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("starts")
    };
    let mut whole = std::collections::BTreeSet::new();
    for turn in 0..10 {
        let mut children = Vec::new();
        for at in 0..10 {
            let file = (turn * 10 + at) % files.len();
            let child = if at % 5 == 4 {
                // A folder that another export has filled is refused.
                start(&[
                    "follow-up",
                    "export",
                    argument(run),
                    "--out",
                    argument(&run.join(format!("casework/out-{turn}-{at}"))),
                ])
            } else {
                start(&["follow-up", "import", argument(run), argument(&files[file])])
            };
            children.push((at, file, child));
        }
        for (at, file, mut child) in children {
            if at % 3 == 0 {
                std::thread::sleep(std::time::Duration::from_millis(turn as u64 * 3));
                child.kill().expect("killed");
            }
            if child.wait().expect("ended").success() && at % 5 != 4 {
                whole.insert(file);
            }
        }
    }
    assert!(!whole.is_empty());
    // Opening checks the integrity; what a program said was done is there.
    let known = outcomes(run);
    for file in whole {
        assert!(known.contains_key(&rows[file + 1][1]), "an outcome was lost");
    }
    for file in &files {
        assert!(rollcall(&["follow-up", "import", argument(run), argument(file)]).status.success());
    }
    assert_eq!(outcomes(run).len(), files.len());
}

/// A pipe would be waited for without end.
#[test]
#[cfg(target_os = "linux")]
fn a_pipe_is_no_list_and_no_key() {
    let folder = fresh();
    let (pipe, out) = (folder.path().join("casework.pipe"), folder.path().with_extension("json"));
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let run = argument(folder.path());
    check(&["follow-up", "import", run, argument(&pipe)], 4);
    for command in [
        &["publish", run, "--key", argument(&pipe), "--out", argument(&out)][..],
        &["purge", run, "--reason", "x", "--sign-key", argument(&pipe)],
    ] {
        let (_, said) = check(command, 2);
        assert!(said.contains("casework.pipe"), "{said}");
    }
}

#[test]
fn a_list_shows_no_more_than_the_end_of_an_id_number() {
    let cases = rollcall::outcome::report::cases::table::read(run()).expect("cases").rows;
    let numbers: Vec<&str> =
        cases.iter().map(|row| row.case.id_number.as_str()).filter(|number| !number.is_empty()).collect();
    let to_check = cases.iter().filter(|row| row.kind == "attribute_conflict" && !row.case.id_number.is_empty());
    assert!(to_check.count() > 0, "some numbers are to be checked");
    for number in numbers {
        let shown = number.trim_start_matches('*');
        assert!(shown.len() <= 4 && !shown.contains('*'), "{} characters are shown", shown.len());
    }
}

#[cfg(unix)]
#[test]
fn files_with_names_are_for_their_owner_even_in_an_open_folder() {
    use std::os::unix::fs::PermissionsExt;

    let folder = crate::cli::district();
    let results = folder.path().join("results");
    std::fs::create_dir(&results).expect("folder");
    std::fs::set_permissions(&results, PermissionsExt::from_mode(0o755)).expect("permissions");
    let study = folder.path().join("study.toml");
    let (_, warned) = check(&["run", argument(&study), "--out", argument(&results)], 0);
    assert!(warned.contains("others may look into this folder"), "{warned}");
    check(&["follow-up", "status", argument(&results)], 0);
    let mode = |path: &Path| std::fs::metadata(path).expect("file").permissions().mode() & 0o777;
    assert_eq!(mode(&results), 0o755, "the folder is its owner's");
    let lists = std::fs::read_dir(results.join("follow-up")).expect("lists").map(|entry| entry.unwrap().path());
    let named = [results.join("cases.parquet"), results.join("casework/cases.sqlite")];
    for file in lists.chain(named) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    let own = folder.path().join("own");
    let (_, warned) = check(&["run", argument(&study), "--out", argument(&own)], 0);
    assert!(!warned.contains("others may look"), "{warned}");
}
