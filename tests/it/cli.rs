//! Does the command door keep the contract: exit statuses, streams, nothing overwritten, nothing personal said?

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs the program.
pub fn rollcall(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command.args(arguments).stdin(Stdio::null()).env("RUST_BACKTRACE", "full");
    command.output().expect("the program starts")
}

/// Runs the program and holds its exit status against what is expected; gives stdout and stderr.
pub fn check(arguments: &[&str], expected: i32) -> (String, String) {
    let output = rollcall(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(expected), "{arguments:?}\n{out}\n{err}");
    (out, err)
}

/// A path as an argument.
pub fn argument(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A synthetic district of 300 persons in a folder of its own.
pub fn district() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    check(&["synth", argument(folder.path()), "--persons", "300", "--seed", "7"], 0);
    folder
}

#[test]
fn wrong_usage_is_status_2_and_says_so_on_stderr() {
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["run", "study.toml"],
        &["run", "study.toml", "--out"],
        &["evaluate", "somewhere"],
        &["explain", "somewhere", "one"],
        &["--threads", "0", "synth", "x"],
        &["--threads", "-1", "synth", "x"],
        &["--memory", "1MB", "synth", "x"],
        &["--memory", "lots", "synth", "x"],
        &["--log-format", "xml", "synth", "x"],
        &["-q", "-v", "synth", "x"],
        &["completions", "cmd"],
    ] {
        let (out, err) = check(arguments, 2);
        assert!(out.is_empty() && !err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_district_that_cannot_be_is_wrong_usage() {
    let folder = tempfile::tempdir().expect("folder");
    let place = folder.path().join("district");
    for wrong in [&["--persons", "0"][..], &["--errors", "11"], &["--errors", "NaN"]] {
        check(&[&["synth", argument(&place)][..], wrong].concat(), 2);
    }
}

#[test]
fn help_teaches_on_stdout() {
    let (out, err) = check(&["--help"], 0);
    assert!(err.is_empty());
    for word in ["What a study is", "report.html", "manifest.json", "Examples", "Exit status", "rollcall init"] {
        assert!(out.contains(word), "{word}");
    }
    for command in
        ["demo", "init", "profile", "run", "explain", "evaluate", "verify", "trace", "key", "synth", "completions"]
    {
        assert!(out.contains(command));
        let (out, _) = check(&[command, "--help"], 0);
        assert!(out.contains("Usage: rollcall"), "{command}");
    }
    assert!(check(&["sample", "--help"], 0).0.starts_with("Draw a sample"));
    assert!(check(&["key", "--help"], 0).0.starts_with("Make a key"));
    assert!(check(&["--version"], 0).0.starts_with("rollcall "));
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(check(&["completions", shell], 0).0.contains("rollcall"), "{shell}");
    }
}

#[test]
fn a_wrong_study_is_status_3() {
    let folder = tempfile::tempdir().expect("folder");
    let (study, out) = (folder.path().join("study.toml"), folder.path().join("out"));
    check(&["run", argument(&study), "--out", argument(&out)], 3);
    std::fs::write(&study, "[study]\nnam = \"x\"\n").expect("written");
    for command in [&["run", argument(&study), "--out", argument(&out)][..], &["profile", argument(&study)]] {
        let (_, err) = check(command, 3);
        assert!(err.contains("study.toml") && err.contains("nam"), "{err}");
    }
    assert!(!out.exists(), "a wrong study leaves nothing behind");
}

#[test]
fn an_unusable_input_is_status_4() {
    let folder = district();
    let study = folder.path().join("study.toml");
    let roll = folder.path().join("roll.parquet");
    let bytes = std::fs::read(&roll).expect("roll");
    let half = bytes.get(..bytes.len() / 2).expect("half");
    for content in [half, b"", b"not a parquet file"] {
        std::fs::write(&roll, content).expect("written");
        let (_, err) = check(&["profile", argument(&study)], 4);
        assert!(err.contains("roll.parquet"), "{err}");
    }
    std::fs::remove_file(&roll).expect("removed");
    check(&["profile", argument(&study)], 4);
    check(&["evaluate", argument(folder.path()), "--truth", "nowhere.csv"], 4);
    check(&["explain", argument(folder.path()), "roll:R1", "roll:R2"], 4);
    let file = argument(&study);
    for command in [
        &["init", file][..],
        &["seal", file],
        &["coverage", file],
        &["trace", file],
        &["explain", file, "roll:R1", "roll:R2"],
        &["evaluate", file, "--truth", argument(&folder.path().join("truth_records.parquet"))],
        &["follow-up", "status", file],
        &["review", "status", file],
    ] {
        let (_, err) = check(command, 4);
        assert!(err.contains("name the folder"), "{command:?}: {err}");
    }
}

#[test]
fn synth_writes_the_same_bytes_and_nothing_over_other_files() {
    let (one, other) = (district(), district());
    for file in ["roll.parquet", "health.parquet", "truth_records.parquet", "study.toml"] {
        let read = |folder: &tempfile::TempDir| std::fs::read(folder.path().join(file)).expect("file");
        assert!(read(&one) == read(&other), "{file}");
    }
    check(&["synth", argument(one.path()), "--persons", "200"], 0);
    let foreign = tempfile::tempdir().expect("folder");
    let roll = foreign.path().join("roll.parquet");
    std::fs::write(&roll, "an office's own").expect("written");
    for command in [&["synth", argument(foreign.path())][..], &["demo", "--out", argument(foreign.path())]] {
        let (_, err) = check(command, 2);
        assert!(err.contains("not empty"), "{err}");
    }
    assert_eq!(std::fs::read_to_string(&roll).expect("there"), "an office's own");
    check(&["synth", argument(&roll)], 2);
}

#[test]
fn what_was_stopped_on_the_way_is_in_nobodys_way() {
    let place = tempfile::tempdir().expect("folder");
    let (demo, district) = (place.path().join("demo"), place.path().join("demo/district"));
    let begun = [".roll.parquet.tmp", ".truth_persons.parquet.tmp", ".study.toml.tmp"];
    let stop = || {
        std::fs::create_dir_all(&district).expect("folder");
        begun.iter().for_each(|name| std::fs::write(district.join(name), "PAR1").expect("written"));
    };
    stop();
    check(&["synth", argument(&district), "--persons", "100"], 0);
    assert!(!begun.iter().any(|name| district.join(name).exists()));
    std::fs::remove_dir_all(&demo).expect("removed");
    stop();
    check(&["demo", "--out", argument(&demo), "--persons", "100"], 0);
    // Anything else that lies beside is somebody's own.
    std::fs::remove_dir_all(&demo).expect("removed");
    for own in [district.join(".notes.tmp"), demo.join("notes")] {
        stop();
        std::fs::write(&own, "mine").expect("written");
        check(&["demo", "--out", argument(&demo), "--persons", "100"], 2);
        std::fs::remove_file(&own).expect("it is there");
    }
}

/// The system lets no file grow, as a full disk would.
#[test]
#[cfg(target_os = "linux")]
fn what_cannot_be_written_leaves_nothing_in_the_way() {
    let place = district();
    let place = place.path();
    let (study, results) = (place.join("study.toml"), place.join("results"));
    check(&["run", argument(&study), "--out", argument(&results)], 0);
    let full_from = |blocks: u64, arguments: &[&str], left: &Path, named: &str| {
        // The signal by which the system says so ends no command half-way.
        let script = &format!("ulimit -c 0; ulimit -f {blocks}; exec \"$0\" -q \"$@\"");
        let mut command = Command::new("sh");
        let output = command.args(["-c", script, env!("CARGO_BIN_EXE_rollcall")]).args(arguments).output();
        let output = output.expect("starts");
        let err = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(6), "{err}");
        assert!(err.contains(named) && !err.contains(".parquet.tmp") && !err.contains("External"), "{err}");
        let is_empty = || std::fs::read_dir(left).is_ok_and(|mut entries| entries.next().is_none());
        assert!(!left.exists() || is_empty(), "{left:?} is left");
    };
    let full = |arguments: &[&str], left: &Path, named: &str| full_from(0, arguments, left, named);
    let (key, secret, other) = (place.join("key"), place.join("secret"), place.join("other.toml"));
    full(&["key", "new", argument(&key)], &key, "key");
    let publish = ["publish", argument(&results), "--key", argument(&secret), "--new-key", "--out"];
    full(&[&publish[..], &[argument(&place.join("out.json"))]].concat(), &secret, "secret");
    full(&["init", argument(place), "--out", argument(&other)], &other, "other.toml");
    let synth = place.join("another");
    full(&["synth", argument(&synth), "--persons", "100"], &synth, "another/");
    // The first files fit, a later one does not.
    let (whole, plan) = (place.join("whole"), ["--persons", "1500", "--seed", "3"]);
    check(&[&["synth", argument(&whole)][..], &plan].concat(), 0);
    let bytes = |name: &str| std::fs::metadata(whole.join(name)).expect("written").len();
    let blocks = bytes("roll.parquet") / 512 + 1;
    assert!(blocks * 512 < bytes("public_security.parquet"));
    full_from(blocks, &[&["synth", argument(&synth)][..], &plan].concat(), &synth, "public_security.parquet");
    check(&["key", "new", argument(&key)], 0);
    check(&["synth", argument(&synth), "--persons", "100"], 0);
}

#[test]
fn profile_counts_every_column_and_shows_no_value() {
    let folder = district();
    let study = folder.path().join("study.toml");
    let (out, _) = check(&["profile", argument(&study)], 0);
    assert!(out.contains("id_number") && out.contains("公民身份号码") && out.contains("distinct"), "{out}");
    let (json, err) = check(&["profile", argument(&study), "--format", "json", "-vv"], 0);
    let columns: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert!(
        columns.as_array().expect("list").iter().all(|column| column["filled"].as_u64() <= column["rows"].as_u64())
    );
    for value in personal_values(folder.path()) {
        assert!(!out.contains(&value) && !json.contains(&value) && !err.contains(&value), "a value was shown");
    }
}

#[test]
fn a_log_of_json_is_json_line_by_line() {
    let folder = district();
    let study = folder.path().join("study.toml");
    let (_, err) = check(&["--log-format", "json", "-vv", "profile", argument(&study)], 0);
    assert!(err.lines().count() > 0);
    let (_, wrong) = check(&["--log-format", "json", "profile", "nowhere.toml"], 3);
    for line in err.lines().chain(wrong.lines()) {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        assert!(line["level"].is_string());
    }
    let (_, quiet) = check(&["-q", "profile", argument(&study)], 0);
    assert!(quiet.is_empty(), "{quiet}");
}

#[test]
fn what_is_said_beside_a_result_is_json_where_the_log_is() {
    let folder = tempfile::tempdir().expect("folder");
    let (study, out) = (folder.path().join("study.toml"), folder.path().join("out"));
    let json = ["--log-format", "json"];
    // Ids stand twice in the register: more rows are rejected than may be. Its other half is on no roll.
    let row = |id: usize, at: usize| format!("R{id},Person Number{at},19{:02}-01-{:02}\n", at % 90, at % 28 + 1);
    let mut text = String::from("[study]\nname = \"small\"\n");
    for (name, role, ids) in [("roll", "roll", 0..40_usize), ("register", "register", 20..80)] {
        let rows: String = ids.map(|at| row(if role == "roll" { at } else { at % 50 }, at)).collect();
        std::fs::write(folder.path().join(format!("{name}.csv")), format!("id,name,birth\n{rows}")).expect("written");
        text += &format!(
            "[[source]]\nname = \"{name}\"\nrole = \"{role}\"\npath = \"{name}.csv\"\nrecord_id = \"id\"\n\
             [source.columns]\nname = \"name\"\nbirth_date = \"birth\"\n"
        );
    }
    std::fs::write(&study, text).expect("written");
    let mut said = vec![check(&[&json[..], &["run", argument(&study), "--out", argument(&out)]].concat(), 5).1];
    let status = [&["follow-up", "status", argument(&out)][..], &json].concat();
    said.push(check(&status, 0).1);
    let drafts = folder.path().join("drafts");
    std::fs::create_dir(&drafts).expect("folder");
    std::fs::write(drafts.join("roll.csv"), "id,name\n1,Ada Young\n2,Bo Zeller\n").expect("written");
    std::fs::write(drafts.join("roll (1).csv"), "id,name\n1,Ada Young\n2,Bo Zeller\n").expect("written");
    std::fs::write(drafts.join("x.parquet"), "no Parquet").expect("written");
    said.push(check(&[&json[..], &["init", argument(&drafts)]].concat(), 0).1);
    let said = said.concat();
    let lines: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect();
    for (level, words) in [
        ("ERROR", "more rows were rejected than the study allows"),
        ("INFO", "taken over from the run"),
        ("WARN", "roll (1).csv: left out of the study: it has the same content as roll.csv"),
        ("WARN", "x.parquet: left out of the study: cannot be used"),
    ] {
        let is_it = |line: &&serde_json::Value| line["fields"]["message"].as_str().is_some_and(|m| m.contains(words));
        let line = lines.iter().find(is_it).unwrap_or_else(|| panic!("{words} is not in: {said}"));
        assert_eq!(line["level"], level);
        assert!(level != "ERROR" || line["fields"]["exit_status"] == 5, "{line}");
    }
    // The same once more for people, from a store that is made anew.
    for (more, is_told) in [(&[][..], true), (&["-q"], false)] {
        let store = out.join("casework");
        std::fs::remove_dir_all(&store).expect("the store of cases");
        let (_, told) = check(&[more, &["follow-up", "status", argument(&out)]].concat(), 0);
        assert_eq!(told.contains("taken over from the run"), is_told, "{told}");
    }
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_is_no_panic() {
    let folder = district();
    let study = folder.path().join("study.toml");
    let mut child = Command::new(env!("CARGO_BIN_EXE_rollcall"))
        .args(["-q", "profile", argument(&study)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

/// Every name, ID number, telephone number and address of the synthetic roll.
pub fn personal_values(folder: &Path) -> Vec<String> {
    use arrow::array::AsArray;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let file = std::fs::File::open(folder.join("roll.parquet")).expect("roll");
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("Parquet");
    let mut values = Vec::new();
    for batch in batches {
        let batch = batch.expect("rows");
        for name in ["姓名", "公民身份号码", "联系电话", "住址"] {
            let column =
                arrow::compute::cast(batch.column_by_name(name).expect("column"), &arrow::datatypes::DataType::Utf8);
            let column = column.expect("text");
            values.extend(
                column.as_string::<i32>().iter().flatten().filter(|text| text.chars().count() > 1).map(str::to_owned),
            );
        }
    }
    assert!(values.len() > 300);
    values
}

/// A process that dies leaves no image of its memory, with everybody in it.
#[test]
#[cfg(target_os = "linux")]
fn no_memory_image_is_left() {
    let folder = tempfile::tempdir().expect("folder");
    let place = folder.path().join("district");
    let script = "ulimit -S -c $(ulimit -H -c); exec \"$0\" -q synth \"$1\" --persons 200000";
    let mut child = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_rollcall"), argument(&place)])
        .spawn()
        .expect("starts");
    // Once it has made its folder it is at work.
    let begun = std::time::Instant::now();
    while !place.exists() && begun.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("limits");
    child.kill().expect("killed");
    child.wait().expect("ended");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
}
