//! Does a run, seen from outside, keep the contract?

use std::path::{Path, PathBuf};

use crate::cli::{argument, check, district, personal_values};

/// A district and its run.
struct Ran {
    folder: tempfile::TempDir,
    results: PathBuf,
    out: String,
    err: String,
}

fn ran() -> Ran {
    let folder = district();
    let results = folder.path().join("results");
    let study = folder.path().join("study.toml");
    let (out, err) = check(&["-vv", "run", argument(&study), "--out", argument(&results), "--visits", "20"], 0);
    Ran { folder, results, out, err }
}

fn truth(ran: &Ran) -> PathBuf {
    ran.folder.path().join("truth_records.parquet")
}

#[test]
fn a_run_leaves_what_the_contract_names() {
    let ran = ran();
    for name in [
        "links.parquet",
        "persons.parquet",
        "discrepancies.parquet",
        "rejected.parquet",
        "coverage.parquet",
        "model.json",
        "report.html",
        "follow-up",
        "manifest.json",
    ] {
        assert!(ran.results.join(name).exists(), "{name}");
    }
    assert!(ran.out.contains("candidate pairs") && ran.out.contains("report.html"), "{}", ran.out);
    let manifest = std::fs::read_to_string(ran.results.join("manifest.json")).expect("manifest");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    for output in manifest["outputs"].as_array().expect("outputs") {
        let table = output["file"].as_str().is_some_and(|file| file.ends_with(".parquet"));
        assert_eq!(output["rows"].is_u64(), table, "tables have their rows counted: {output}");
    }
    let rolls = manifest["sources"].as_array().expect("sources").iter().filter(|source| source["roll"] == true);
    assert_eq!(rolls.map(|source| source["source"].as_str()).collect::<Vec<_>>(), [Some("roll")]);
    let study = ran.folder.path().join("study.toml");
    // Nothing to expect is 0, not -0.
    let (out, _) = check(&["run", argument(&study), "--out", argument(&ran.results), "--visits", "0"], 0);
    assert!(out.contains("expected found") && !out.contains("-0"), "{out}");
    let (out, _) =
        check(&["trace", argument(&ran.results), "--area", "120106001001", "--kind", "counted_elsewhere"], 0);
    assert!(out.starts_with("0 discrepancies, of which 0.0 "), "{out}");
    // What no person can have is a slip.
    for filter in [&["--estimate", "persons", "--age-group", "5-99"][..], &["--estimate", "persons", "--step", "99"]] {
        check(&[&["trace", argument(&ran.results)][..], filter].concat(), 2);
    }
    check(&["trace", argument(&ran.results), "--persons", "all", "--area", "12"], 2);
    let other = tempfile::tempdir().expect("folder");
    check(&["synth", argument(other.path()), "--persons", "100"], 0);
    let other = other.path().join("study.toml");
    check(&["run", argument(&other), "--out", argument(&ran.results)], 2);
}

#[test]
fn a_run_whose_registers_date_no_sign_of_life_says_so_once() {
    let folder = district();
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    let said = |study: &Path| check(&["run", argument(study), "--out", argument(&results)], 0).1;
    let warning = "no register has dates of a last sign of life";
    assert_eq!(said(&study).matches(warning).count(), 0);
    let text = std::fs::read_to_string(&study).expect("study");
    let without: Vec<&str> = text.lines().filter(|line| !line.starts_with("last_seen")).collect();
    assert!(without.len() < text.lines().count(), "{text}");
    std::fs::write(&study, without.join("\n")).expect("written");
    let err = said(&study);
    assert_eq!(err.matches(warning).count(), 1, "{err}");
}

#[test]
fn a_file_where_the_outputs_should_go_is_wrong_usage() {
    let folder = district();
    let (study, out) = (folder.path().join("study.toml"), folder.path().join("out"));
    std::fs::write(&out, "mine").expect("written");
    let (_, err) = check(&["run", argument(&study), "--out", argument(&out)], 2);
    assert!(err.contains("expected a folder"), "{err}");
    assert_eq!(std::fs::read_to_string(&out).expect("file"), "mine");
}

/// Two drafts are named alike by nobody but the folders they were drafted in.
#[test]
fn a_run_of_another_study_is_not_overwritten() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| folder.path().join(name);
    for (name, seed) in [("south", "1"), ("north", "2")] {
        check(&["-q", "synth", argument(&at(name)), "--persons", "100", "--seed", seed], 0);
        for file in ["study.toml", "truth_records.parquet", "truth_persons.parquet"] {
            std::fs::remove_file(at(name).join(file)).expect("removed");
        }
        check(&["init", argument(&at(name))], 0);
    }
    let (south, north, results) = (at("south/study.toml"), at("north/study.toml"), at("results"));
    // Somebody else's files, though they have our names.
    std::fs::create_dir(&results).expect("folder");
    std::fs::write(results.join("report.html"), "mine").expect("written");
    check(&["-q", "run", argument(&south), "--out", argument(&results)], 2);
    assert_eq!(std::fs::read_to_string(results.join("report.html")).expect("file"), "mine");
    std::fs::remove_file(results.join("report.html")).expect("removed");
    check(&["-q", "run", argument(&south), "--out", argument(&results)], 0);
    let (_, said) = check(&["-q", "run", argument(&north), "--out", argument(&results)], 2);
    assert!(said.contains("another study") && said.contains("south"), "{said}");
    // Nor under the same name, if it is of another area or another time.
    let text = std::fs::read_to_string(&south).expect("study");
    for (from, to) in [("\narea = \"", "\narea = \"9"), ("reference_time = \"2020", "reference_time = \"2010")] {
        assert!(text.contains(from), "{text}");
        std::fs::write(&south, text.replace(from, to)).expect("written");
        check(&["-q", "run", argument(&south), "--out", argument(&results)], 2);
    }
    // Other rules are no other study, nor is one whose area was forgotten.
    let (_, area) = text.split_once("\narea = ").expect("an area");
    let area = format!("\narea = {}", area.lines().next().expect("a line"));
    for mended in [format!("{text}\n[linkage]\nlink_probability = 0.9\n"), text.replace(&area, ""), text.clone()] {
        std::fs::write(&south, mended).expect("written");
        check(&["-q", "run", argument(&south), "--out", argument(&results)], 0);
    }
    // Two studies without a name of their own are two.
    let results = at("nameless");
    for (study, status) in [(&south, 0), (&south, 0), (&north, 2)] {
        let text = std::fs::read_to_string(study).expect("study");
        let (head, rest) = text.split_once("name = ").expect("a name");
        let (_, rest) = rest.split_once('\n').expect("more");
        std::fs::write(study, if head.contains("[[source]]") { text.clone() } else { format!("{head}{rest}") })
            .expect("written");
        check(&["-q", "run", argument(study), "--out", argument(&results)], status);
    }
}

/// Folders of one name, as offices call them, are drafted alike.
#[test]
fn a_draft_of_a_folder_of_the_same_name_is_another_study() {
    let folder = tempfile::tempdir().expect("folder");
    let results = folder.path().join("results");
    for (office, seed, status) in [("east", "1", 0), ("east", "1", 0), ("west", "2", 2)] {
        let extracts = folder.path().join(office).join("extracts");
        if !extracts.exists() {
            check(&["-q", "synth", argument(&extracts), "--persons", "100", "--seed", seed], 0);
            std::fs::remove_file(extracts.join("study.toml")).expect("removed");
            check(&["init", argument(&extracts)], 0);
        }
        let study = extracts.join("study.toml");
        assert!(std::fs::read_to_string(&study).expect("study").contains("name = \"extracts\""));
        let (_, said) = check(&["-q", "run", argument(&study), "--out", argument(&results)], status);
        assert!(status == 0 || (said.contains("another study") && said.contains("of its own")), "{said}");
    }
    // Moved together, they are what they were.
    let moved = folder.path().join("moved");
    std::fs::create_dir(&moved).expect("folder");
    for part in ["east", "results"] {
        std::fs::rename(folder.path().join(part), moved.join(part)).expect("moved");
    }
    check(
        &["-q", "run", argument(&moved.join("east/extracts/study.toml")), "--out", argument(&moved.join("results"))],
        0,
    );
}

/// What the study says of the data and nothing in them bears out.
#[test]
fn an_area_without_anybody_and_a_meaning_without_rows_are_said() {
    let folder = district();
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    let text = std::fs::read_to_string(&study).expect("study");
    let run = |from: &str, to: &str, status: i32| {
        assert!(text.contains(from), "{from}");
        std::fs::write(&study, text.replace(from, to)).expect("written");
        check(&["run", argument(&study), "--out", argument(&results)], status).1
    };
    let said = run("area = \"120106\"", "area = \"310101\"", 3);
    assert!(said.contains("study.toml:6: study.area") && said.contains("begin with 120106"), "{said}");
    // A column of names in place of areas: none of them is shown.
    let names = text.replace("enumeration_area = \"普查小区\"", "enumeration_area = \"姓名\"");
    std::fs::write(&study, names.replace("area = \"120106\"", "area = \"120\"")).expect("written");
    let out = folder.path().join("by name");
    let said = check(&["-vv", "run", argument(&study), "--out", argument(&out)], 0).1;
    assert!(!said.contains("begin with"), "{said}");
    let said = run("elsewhere = [\"5\"]", "elsewhere = [\"no such code\"]", 0);
    assert!(said.contains("no row has a value") && said.contains("elsewhere"), "{said}");
    let said = run("elsewhere = [\"5\"]", "elsewhere = [\"5\"]", 0);
    assert!(!said.contains("no row has a value") && !said.contains("no column dates the deaths"), "{said}");
    let undated = text.lines().filter(|line| !line.starts_with("death_date")).collect::<Vec<_>>().join("\n");
    std::fs::write(&study, undated).expect("written");
    let out = folder.path().join("undated");
    let said = check(&["run", argument(&study), "--out", argument(&out)], 0).1;
    assert!(said.contains("no column dates the deaths"), "{said}");
}

/// Columns of something else than the study says, of which a run goes on.
#[test]
fn columns_that_cannot_be_read_are_said() {
    let folder = district();
    let study = folder.path().join("study.toml");
    let text = std::fs::read_to_string(&study).expect("study");
    let warned = |from: &str, to: &str, name: &str| {
        assert!(text.contains(from), "{from}");
        std::fs::write(&study, text.replacen(from, to, 1)).expect("written");
        let (_, said) = check(&["run", argument(&study), "--out", argument(&folder.path().join(name))], 0);
        ["telephone numbers", "ethnicities", "division codes", "hardly more than one row"]
            .map(|what| said.contains(what))
    };
    assert_eq!(warned("\n", "\n", "right"), [false; 4]);
    assert_eq!(warned("telephone = \"联系电话\"", "telephone = \"姓名\"", "telephone"), [true, false, false, false]);
    assert_eq!(warned("ethnicity = \"民族\"", "ethnicity = \"姓名\"", "ethnicity"), [false, true, false, false]);
    let places = warned("division = \"居委会代码\"", "division = \"住址\"", "division");
    assert_eq!(places, [false, false, true, false]);
    let areas = warned("enumeration_area = \"普查小区\"", "enumeration_area = \"登记编号\"", "areas");
    assert_eq!(areas, [false, false, false, true]);
}

/// The registers of another district, as a wrong delivery has them: an answer that rests on nothing is none.
#[test]
fn registers_of_another_population_are_said_and_nothing_is_expected() {
    let folder = district();
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    let other = tempfile::tempdir().expect("folder");
    check(&["-q", "synth", argument(other.path()), "--persons", "300", "--seed", "99"], 0);
    for register in ["public_security", "housing", "health"].map(|name| format!("{name}.parquet")) {
        std::fs::copy(other.path().join(&register), folder.path().join(&register)).expect("copied");
    }
    let (out, said) = check(&["run", argument(&study), "--out", argument(&results)], 0);
    assert!(said.contains("hardly anybody on the roll is linked to a register"), "{said}");
    let expected = out.lines().find(|line| line.contains("expected found by visits")).expect("a line");
    assert!(expected.ends_with("unknown"), "{expected}");
    let estimates = std::fs::read_to_string(results.join("coverage.json")).expect("estimates");
    let estimates: serde_json::Value = serde_json::from_str(&estimates).expect("JSON");
    assert!(estimates["total"].is_null(), "{estimates}");
    assert_eq!(estimates["warnings"][0]["kind"], "unlinked");
    let report = std::fs::read_to_string(results.join("report.html")).expect("report");
    assert!(report.matches("不在另一方").count() == 2, "above the figures and among the warnings");
    let shown = check(&["coverage", argument(&results)], 0).0;
    let why = "the shorter of roll and registers";
    assert!(shown.contains(why), "{shown}");
    // Nor does the field expect anything.
    let sent = check(&["follow-up", "export", argument(&results), "--visits", "3", "--random-visits", "3"], 0).0;
    let expected = sent.lines().find(|line| line.starts_with("expected finds")).expect("a line");
    assert!(expected.ends_with("unknown") && sent.contains(why), "{sent}");
    let status = check(&["follow-up", "status", argument(&results)], 0).0;
    let all = status.lines().find(|line| line.starts_with("all ")).expect("a line");
    assert!(all.matches("unknown").count() == 2 && all.ends_with("unknown"), "{status}");
    assert!(status.contains("unknown expected of them\n") && status.contains(why), "{status}");
    let status = check(&["follow-up", "status", argument(&results), "--format", "json"], 0).0;
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["warnings"][0], estimates["warnings"][0]);
    check(&["verify", argument(&results)], 0);
}

/// From wherever the commands are given, and after a move of everything together.
#[test]
fn a_run_is_the_same_and_found_again_from_any_folder() {
    let folder = district();
    let here = |arguments: &[&str], at: &Path| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_rollcall"));
        let done = command.args(arguments).current_dir(at).output().expect("the program runs");
        assert!(done.status.success(), "{arguments:?} {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    let (above, whole) = (folder.path().parent().expect("folder"), folder.path().join("study.toml"));
    let below = Path::new(folder.path().file_name().expect("name")).join("study.toml");
    let runs = ["one", "two", "three"].map(|name| folder.path().join("runs").join(name));
    std::fs::create_dir(folder.path().join("runs")).expect("folder");
    here(&["-q", "run", argument(&whole), "--out", argument(&runs[0])], Path::new("/"));
    here(&["-q", "run", argument(&below), "--out", argument(&runs[1])], above);
    here(&["-q", "run", "study.toml", "--out", "runs/three"], folder.path());
    let manifest = |at: &Path| std::fs::read_to_string(at.join("manifest.json")).expect("manifest");
    assert_eq!(manifest(&runs[0]), manifest(&runs[1]));
    assert_eq!(manifest(&runs[0]), manifest(&runs[2]));
    let (key, counts) = (folder.path().join("disclosure.key"), folder.path().join("counts.csv"));
    let looked_at = |run: &Path, at: &Path| {
        here(&["verify", argument(run), "--rerun"], at);
        let traced = here(&["trace", argument(run), "--used", "roll", "--limit", "1"], at);
        assert!(traced.contains("roll.parquet row 1"), "{traced}");
        here(&["explain", argument(run), "roll:R000000001", "roll:R000000002"], at);
    };
    runs.iter().for_each(|run| looked_at(run, Path::new("/")));
    here(
        &["publish", argument(&runs[1]), "--key", argument(&key), "--new-key", "--out", argument(&counts)],
        Path::new("/"),
    );
    let moved = tempfile::tempdir().expect("folder");
    for entry in std::fs::read_dir(folder.path()).expect("district").flatten() {
        std::fs::rename(entry.path(), moved.path().join(entry.file_name())).expect("moved");
    }
    std::fs::rename(moved.path().join("runs/one"), moved.path().join("one")).expect("moved");
    looked_at(&moved.path().join("one"), Path::new("/"));
}

/// A roll alone is not held against anything: nobody on it lacks support, and whom it has not nobody knows.
#[test]
fn a_roll_without_a_register_is_not_judged() {
    let folder = district();
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    let text = std::fs::read_to_string(&study).expect("study");
    let roll = text.match_indices("[[source]]").nth(1).map(|(at, _)| &text[..at]);
    std::fs::write(&study, roll.expect("the roll comes first")).expect("written");
    check(&["-q", "run", argument(&study), "--out", argument(&results)], 0);
    let found = rollcall::outcome::files::read_discrepancies(&results).expect("discrepancies");
    assert!(found.iter().all(|row| row.kind != "unsupported_enumeration"), "{}", found.len());
    let said = check(&["coverage", argument(&results)], 0).0;
    assert!(said.contains("nothing is estimated"), "{said}");
    let report = std::fs::read_to_string(results.join("report.html")).expect("report");
    assert!(report.contains("未作估计") && !report.contains("NaN"));
    check(&["trace", argument(&results), "--estimate", "persons"], 2);
    // What the warning's figure leads to.
    assert!(report.contains("--persons roll_present"), "{report}");
    check(&["trace", argument(&results), "--persons", "roll_present"], 0);
    check(&["verify", argument(&results)], 0);
}

/// Rows of a source of several files have the numbers that they would have in one.
#[test]
fn records_of_several_files_are_told_apart_and_found_again() {
    let folder = tempfile::tempdir().expect("folder");
    let header = "name,birth\n";
    let row = |at: u32| format!("Person Number{at},1980-{:02}-{:02}\n", at % 12 + 1, at % 28 + 1);
    let rows = |rows: std::ops::Range<u32>| rows.fold(String::from(header), |text, at| text + &row(at));
    std::fs::create_dir(folder.path().join("register")).expect("folder");
    for (name, rows) in [("roll.csv", rows(0..40)), ("register/a.csv", rows(0..30)), ("register/b.csv", rows(30..60))] {
        std::fs::write(folder.path().join(name), rows).expect("written");
    }
    let source = |name: &str, role: &str, path: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nrole = \"{role}\"\npath = \"{path}\"\n\
             [source.columns]\nname = \"name\"\nbirth_date = \"birth\"\n\n"
        )
    };
    let sources = source("roll", "roll", "roll.csv") + &source("register", "register", "register/*.csv");
    let study = folder.path().join("study.toml");
    std::fs::write(&study, format!("[study]\nname = \"files\"\n\n{sources}")).expect("written");
    let results = folder.path().join("results");
    check(&["-q", "run", argument(&study), "--out", argument(&results)], 0);
    let persons = rollcall::outcome::files::read_persons(&results).expect("persons");
    assert_eq!(persons.iter().filter(|row| row.source == "register").count(), 60, "no row is set aside");
    for (record, file, row) in [("30", "a.csv", "row 30"), ("31", "b.csv", "row 1"), ("60", "b.csv", "row 30")] {
        let found = check(&["trace", argument(&results), "--used", "register", "--limit", "1000"], 0).0;
        let line = found.lines().find(|line| line.contains(&format!(" register:{record} ")));
        let line = line.unwrap_or_else(|| panic!("{record}: {found}"));
        assert!(line.contains(file) && line.ends_with(row), "{line}");
    }
    let (explained, _) = check(&["explain", argument(&results), "roll:1", "register:31"], 0);
    assert!(explained.contains("b.csv") && explained.contains("roll.csv"), "{explained}");
}

/// A study of small text tables: name and role of a source, its `path` as a list, and the files with their rows.
type Small<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, String)]);

fn small(sources: &[Small<'_>]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    let mut study = String::from("[study]\nname = \"small\"\n[limits]\nrejected_share_max = 0.5\n");
    for (name, role, path, files) in sources {
        study += &format!(
            "[[source]]\nname = \"{name}\"\nrole = \"{role}\"\npath = {path}\nrecord_id = \"id\"\n\
             [source.columns]\nname = \"name\"\nbirth_date = \"birth\"\n"
        );
        for (file, rows) in *files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().expect("folder")).expect("folder");
            std::fs::write(path, format!("id,name,birth\n{rows}")).expect("written");
        }
    }
    std::fs::write(folder.path().join("study.toml"), study).expect("written");
    folder
}

fn small_rows(rows: std::ops::Range<u32>, id: &str) -> String {
    let row = |at: u32| format!("{id}{at},Person Number{at},1980-{:02}-{:02}\n", at % 12 + 1, at % 28 + 1);
    rows.map(row).collect()
}

#[test]
fn a_pair_that_no_rule_gave_is_explained_so() {
    let register = small_rows(0..40, "P").replace("P6,Person Number6,1980-07-07", "P6,Person Number6,1980-07-08");
    let folder = small(&[
        ("roll", "roll", "[\"roll.csv\"]", &[("roll.csv", small_rows(0..40, "R"))]),
        ("register", "register", "[\"register.csv\"]", &[("register.csv", register)]),
    ]);
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    let text = std::fs::read_to_string(&study).expect("study");
    for (key, said) in [("birth_date", true), ("month(birth_date)", false)] {
        let rule = format!(
            "[linkage]\nlink_probability = 0.999999\nreview_probability = 0.001\n[[linkage.blocking]]\nkeys = [\"{key}\"]\n"
        );
        std::fs::write(&study, format!("{text}{rule}")).expect("written");
        check(&["-q", "run", argument(&study), "--out", argument(&results)], 0);
        let explained = check(&["explain", argument(&results), "R6", "P6"], 0).0;
        assert_eq!(explained.contains("no blocking rule gives this pair"), said, "{key}: {explained}");
        std::fs::remove_dir_all(&results).expect("removed");
    }
}

#[test]
fn chinese_names_that_are_compared_in_parts_are_warned_of() {
    for (family, given, warned) in [("王", "小芳", true), ("smith", "anna", false)] {
        let rows: String = (0..40).map(|at| format!("{at},{family},{given},1980-{:02}-01\n", at % 12 + 1)).collect();
        let files = [("roll", "roll"), ("police", "register")].map(|(name, role)| {
            let file = format!("{name}.csv");
            (name, role, format!("[\"{file}\"]"), [(file, rows.clone())])
        });
        let sources = files
            .each_ref()
            .map(|(name, role, path, [(file, rows)])| (*name, *role, path.as_str(), [(file.as_str(), rows.clone())]));
        let folder = small(&sources.each_ref().map(|(name, role, path, files)| (*name, *role, *path, &files[..])));
        let study = folder.path().join("study.toml");
        for file in ["roll.csv", "police.csv"] {
            let path = folder.path().join(file);
            let text = std::fs::read_to_string(&path).expect("file").replacen("name", "family,given", 1);
            std::fs::write(&path, text).expect("written");
        }
        let text = std::fs::read_to_string(&study).expect("study");
        let parts = text.replace("name = \"name\"", "family_name = \"family\"\ngiven_name = \"given\"");
        std::fs::write(&study, parts).expect("written");
        let log = check(&["run", argument(&study), "--out", argument(&folder.path().join("results"))], 0).1;
        assert_eq!(log.contains("in place of family_name and given_name"), warned, "{log}");
    }
}

#[test]
fn records_are_found_whatever_their_source_is_called_and_do_nothing_to_a_terminal() {
    let folder = small(&[
        ("a", "roll", "[\"roll.csv\"]", &[("roll.csv", small_rows(0..40, "\u{1b}[31m"))]),
        ("a:b", "register", "[\"register.csv\"]", &[("register.csv", small_rows(0..40, "P"))]),
    ]);
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    check(&["-q", "run", argument(&study), "--out", argument(&results)], 0);
    let said = check(&["trace", argument(&results), "--false-links"], 0).0;
    assert!(said.contains("a:b:P") && said.contains("31m") && !said.contains('\u{1b}'), "{said}");
    check(&["explain", argument(&results), "a:b:P1", "a:b:P2"], 0);
}

#[test]
fn a_row_that_was_set_aside_is_found_in_its_file() {
    let ragged = |rows: std::ops::Range<u32>| small_rows(rows, "P") + "P99,Person\n";
    let files = [("2019/part.csv", ragged(0..20)), ("2020/part.csv", ragged(20..40))];
    let folder = small(&[
        ("roll", "roll", "[\"roll.csv\"]", &[("roll.csv", small_rows(0..40, "R"))]),
        ("register", "register", "[\"2019/part.csv\", \"2020/part.csv\"]", &files),
    ]);
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    check(&["-q", "run", argument(&study), "--out", argument(&results)], 0);
    let rejected = rollcall::outcome::files::read_rejected(&results).expect("rejected");
    let places: Vec<(&str, u64)> = rejected.iter().map(|row| (row.file.as_str(), row.row)).collect();
    assert_eq!(places, [("2019/part.csv", 21), ("2020/part.csv", 21)]);
    let said = check(&["trace", argument(&results), "--set-aside", "register"], 0).0;
    assert!(said.contains("2019/part.csv row 21") && said.contains("2020/part.csv row 21"), "{said}");
}

#[test]
fn a_profile_names_every_missing_column_with_its_line() {
    let folder = district();
    let study = folder.path().join("study.toml");
    let text = std::fs::read_to_string(&study).expect("study");
    assert!(text.matches("\"姓名\"").count() > 1, "{text}");
    std::fs::write(&study, text.replace("\"姓名\"", "\"姓名名\"")).expect("written");
    let (_, said) = check(&["profile", argument(&study)], 4);
    assert!(said.contains("sources cannot be used") && said.matches("asks for this one").count() > 1, "{said}");
}

#[test]
fn no_personal_value_is_said_on_the_way() {
    let ran = ran();
    let (explained, log) = check(&["-vv", "explain", argument(&ran.results), "roll:R000000001", "R000000002"], 0);
    for value in personal_values(ran.folder.path()) {
        for text in [&ran.out, &ran.err, &explained, &log] {
            assert!(!text.contains(&value), "a value was said");
        }
    }
}

#[test]
fn a_run_of_a_small_district_is_right() {
    let ran = ran();
    let truth = truth(&ran);
    let judge = ["evaluate", argument(&ran.results), "--truth", argument(&truth), "--format", "json"];
    let quality: serde_json::Value = serde_json::from_str(&check(&judge, 0).0).expect("JSON");
    assert!(quality["links"]["f1"].as_f64() > Some(0.99), "{quality}");
    assert!(quality["persons"]["f1"].as_f64() > Some(0.99), "{quality}");
    assert!(quality["missed"]["missed"].as_u64() > Some(0), "{quality}");
    let (text, _) = check(&["evaluate", argument(&ran.results), "--truth", argument(&truth)], 0);
    assert!(text.contains("average precision") && text.contains("precision"), "{text}");
    // A truth of other records judges nothing.
    let foreign = ran.folder.path().join("foreign.csv");
    std::fs::write(&foreign, "source,record_id,person\nroll,nobody,1\n").expect("written");
    check(&["evaluate", argument(&ran.results), "--truth", argument(&foreign)], 4);
}

/// The pairs of `links.parquet`, as arguments, with the probability that stands there.
fn pairs(results: &Path) -> Vec<(String, String, f64, String)> {
    let links = rollcall::outcome::files::read_links(results).expect("links");
    let name = |(source, id): &(String, String)| format!("{source}:{id}");
    let pair = |link: &rollcall::outcome::files::LinkRow| {
        (name(&link.one), name(&link.other), link.match_probability, link.decision.clone())
    };
    links.iter().map(pair).collect()
}

#[test]
fn an_explanation_ends_where_the_run_did() {
    let ran = ran();
    let pairs = pairs(&ran.results);
    let possible = pairs.iter().filter(|pair| pair.3 == "possible").take(3);
    let spread = pairs.iter().step_by(pairs.len() / 12);
    for (one, other, probability, decision) in possible.chain(spread) {
        // The order in which the records are named does not matter.
        for (one, other) in [(one, other), (other, one)] {
            let (text, _) = check(&["-q", "explain", argument(&ran.results), one, other], 0);
            assert!(text.contains(&format!("probability  {probability:.6}")), "{text}");
            let expected = if decision == "link" { "one person" } else { "possible" };
            assert!(text.contains(&format!("decision     {expected}")), "{decision}: {text}");
        }
    }
    check(&["explain", argument(&ran.results), "roll:R000000001", "roll:R000000001"], 2);
    let (_, err) = check(&["explain", argument(&ran.results), "roll:110101199001011234", "roll:R000000001"], 2);
    assert!(!err.contains("110101199001011234"), "what was typed is not repeated");
}

#[test]
fn nothing_is_explained_from_altered_files() {
    let ran = ran();
    let explain = ["explain", argument(&ran.results), "roll:R000000001", "roll:R000000002"];
    for name in ["study.toml", "health.parquet", "results/model.json", "results/persons.parquet"] {
        let path = ran.folder.path().join(name);
        let bytes = std::fs::read(&path).expect("file");
        std::fs::write(&path, [&bytes[..], b"\n"].concat()).expect("written");
        let (_, err) = check(&explain, 7);
        assert!(err.contains("has changed") && err.contains(name.rsplit('/').next().expect("name")), "{err}");
        std::fs::write(&path, bytes).expect("written back");
    }
    std::fs::remove_file(ran.folder.path().join("housing.parquet")).expect("removed");
    check(&explain, 7);
}

#[test]
fn a_drafted_study_runs() {
    let folder = district();
    for name in ["study.toml", "truth_records.parquet", "truth_persons.parquet"] {
        std::fs::remove_file(folder.path().join(name)).expect("removed");
    }
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    let (printed, _) = check(&["init", argument(folder.path()), "--out", "-"], 0);
    assert!(printed.contains("[[source]]") && !study.exists());
    check(&["init", argument(folder.path())], 0);
    check(&["init", argument(folder.path())], 2);
    check(&["run", argument(&study), "--out", argument(&results)], 0);
}

/// What stands in files of other makers: each had a draft that its run refused.
#[test]
fn drafts_of_files_of_other_lands_run() {
    let many = (0..25).map(|number| format!("note_{number}")).collect::<Vec<_>>().join(",");
    let name =
        |row: u32| format!("{}{}", ["ka", "lo", "mi", "ne"][row as usize % 4], ["ru", "so", "ta"][row as usize % 3]);
    let cells: [(&str, &dyn Fn(u32) -> String); 4] = [
        ("date_of_birth", &|row| format!("{:02}{:02}1990", row % 12 + 1, row % 28 + 1)),
        ("birth_year,birth_month,birth_day", &|row| format!("{},{},{}", 1930 + row % 70, row % 12 + 1, row % 28 + 1)),
        ("event_type,event_date", &|row| format!("{},20010203", ["creation", "death"][row as usize % 2])),
        (&many, &|row| (0..25).map(|note| format!("v{}", (row + note) % (note + 2))).collect::<Vec<_>>().join(",")),
    ];
    for (header, cell) in cells {
        let folder = tempfile::tempdir().expect("folder");
        let mut text = format!("id,first_name,last_name,{header}\n");
        for row in 0..60 {
            text.push_str(&format!("{row},{},{},{}\n", name(row / 2), name(row / 2 + 5), cell(row / 2)));
        }
        std::fs::write(folder.path().join("persons.csv"), text).expect("written");
        check(&["init", argument(folder.path())], 0);
        let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
        check(&["run", argument(&study), "--out", argument(&results)], 0);
    }
}

#[test]
fn a_demo_tells_what_was_found_and_may_be_repeated() {
    let folder = tempfile::tempdir().expect("folder");
    let place = folder.path().join("demo");
    for (persons, seed) in [("300", "1"), ("250", "2")] {
        let (out, _) = check(&["demo", "--persons", persons, "--seed", seed, "--out", argument(&place)], 0);
        for word in ["F1", "truly missed", "expected", "report.html", "follow-up", "planted"] {
            assert!(out.contains(word), "{word}: {out}");
        }
        let results = place.join("results");
        check(&["verify", argument(&results)], 0);
        assert!(!results.join("casework").exists(), "what came of the cases of another district");
        check(&["follow-up", "export", argument(&results), "--visits", "3"], 0);
    }
    // Nothing goes that may be somebody's own.
    let (note, study) = (place.join("results/note.txt"), place.join("district/study.toml"));
    std::fs::write(&note, "mine").expect("written");
    std::fs::write(&study, std::fs::read_to_string(&study).expect("study") + "# mine\n").expect("written");
    let again = ["demo", "--persons", "100", "--out", argument(&place)];
    let (_, said) = check(&again, 2);
    assert!(said.contains("something else"), "{said}");
    assert!(note.exists() && place.join("results/manifest.json").exists());
    assert!(std::fs::read_to_string(&study).expect("study").ends_with("# mine\n"), "the district stays, too");
    std::fs::remove_file(&note).expect("removed");
    std::fs::rename(place.join("results/audit.jsonl"), folder.path().join("log")).expect("moved");
    check(&again, 2);
    std::fs::rename(folder.path().join("log"), place.join("results/audit.jsonl")).expect("moved");
    check(&again, 0);
}

#[test]
fn more_rejected_rows_than_allowed_is_status_5() {
    let folder = tempfile::tempdir().expect("folder");
    let mut roll = String::from("id,name,birth\n");
    let mut register = roll.clone();
    for at in 0..40 {
        roll += &format!("R{at},Person Number{at},1980-01-{:02}\n", at % 28 + 1);
        register += &format!("R{},Person Number{at},1980-01-{:02}\n", at % 20, at % 28 + 1);
    }
    std::fs::write(folder.path().join("roll.csv"), roll).expect("written");
    std::fs::write(folder.path().join("register.csv"), register).expect("written");
    let source = |name: &str, role: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nrole = \"{role}\"\npath = \"{name}.csv\"\nrecord_id = \"id\"\n\
             [source.columns]\nname = \"name\"\nbirth_date = \"birth\"\n\n"
        )
    };
    let study = folder.path().join("study.toml");
    let text = format!("[study]\nname = \"small\"\n\n{}{}", source("roll", "roll"), source("register", "register"));
    std::fs::write(&study, text).expect("written");
    let (out, err) = check(&["run", argument(&study), "--out", argument(&folder.path().join("out"))], 5);
    assert!(out.contains("manifest.json") && err.contains("register"), "{out}\n{err}");
}

/// The village of `testdata/`, with a roll of one's own; gives its folder.
fn village_with_roll(roll: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    let village = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/village");
    for entry in std::fs::read_dir(village).expect("village").flatten() {
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copy");
    }
    std::fs::write(folder.path().join("roll.csv"), roll).expect("roll");
    folder
}

#[test]
fn a_roll_that_is_no_roll_is_refused_without_showing_it() {
    let village = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/village/roll.csv"));
    let village = village.expect("roll");
    let (header, people) = village.split_once('\n').expect("header");
    for (roll, said) in [(header, "has no rows"), (people, "none of the study's columns is there")] {
        let folder = village_with_roll(roll);
        let (study, out) = (folder.path().join("study.toml"), folder.path().join("results"));
        let (_, err) = check(&["run", argument(&study), "--out", argument(&out)], 4);
        assert!(err.contains(said), "{err}");
        assert!(!err.contains("王伟") && !err.contains("999999197003120017"), "{err}");
    }
}

#[test]
fn a_repeated_record_id_is_set_aside_with_its_column() {
    let village = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/village/roll.csv"));
    let roll = village.expect("roll");
    let last = roll.trim_end().lines().last().expect("row").to_owned();
    let folder = village_with_roll(&format!("{}\n{last}\n", roll.trim_end()));
    let study = rollcall::intake::study::file::read(&folder.path().join("study.toml")).expect("study");
    let extracts = rollcall::run::take_in(&study).expect("extracts");
    let standard = rollcall::person::standardise(&study, &extracts, &rollcall::progress::Silent).expect("records");
    let said: Vec<_> = standard.rejected.iter().map(|row| (row.reason, row.column.clone())).collect();
    assert_eq!(said, [("record_id_repeated", study.sources[0].record_id.clone())]);
    assert!(study.sources[0].record_id.is_some());
}

#[test]
fn a_text_of_megabytes_holds_up_nobody_and_its_row_is_set_aside() {
    let village = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/village/roll.csv"));
    let roll = village.expect("roll").replacen("王伟", &"王".repeat(2_000_000), 1);
    let folder = village_with_roll(&roll);
    let (study, out) = (folder.path().join("study.toml"), folder.path().join("results"));
    check(&["run", argument(&study), "--out", argument(&out)], 5);
    // The results say so, too, as long as they last.
    let manifest = std::fs::read_to_string(out.join("manifest.json")).expect("manifest");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    assert_eq!(manifest["rejected_too_many"], serde_json::json!(["roll"]));
    assert!(check(&["verify", argument(&out)], 0).0.contains("more than the study allows: roll"));
    let persons = rollcall::outcome::files::read_persons(&out).expect("persons");
    assert!(persons.iter().all(|row| row.record_id != "R01"));
    assert!(persons.iter().any(|row| row.record_id == "R02"));
}
