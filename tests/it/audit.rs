//! Is anything that is altered after a run found, and named?

use std::path::{Path, PathBuf};

use rollcall::audit::checkpoint;
use rollcall::audit::log::{self, Log};
use rollcall::audit::manifest::{self, MANIFEST, Manifest};
use rollcall::audit::publication::Publication;
use rollcall::audit::verify::{self, Asked};
use rollcall::casework::store::Store;
use rollcall::error::{Error, Kind};

use crate::cli::{argument, check, district};
use crate::follow_up::{rows_of, save_text};

/// A signed run, with the office's key beside it.
pub struct Signed {
    pub folder: tempfile::TempDir,
    pub results: PathBuf,
    pub public_key: String,
}

pub fn signed() -> Signed {
    let folder = district();
    let (results, key) = (folder.path().join("results"), folder.path().join("office.key"));
    let public_key = check(&["key", "new", argument(&key)], 0).0.trim().to_owned();
    check(&["key", "new", argument(&key)], 2);
    let study = folder.path().join("study.toml");
    let run = ["run", argument(&study), "--out", argument(&results), "--actor", "office", "--sign-key", argument(&key)];
    check(&[&run[..], &["--visits", "20"]].concat(), 0);
    Signed { folder, results, public_key }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn fails_and_names(arguments: &[&str], path: &Path) {
    let (_, err) = check(arguments, 7);
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(err.contains(name), "{name} is not named: {err}");
}

#[test]
fn whatever_is_altered_is_found_and_named() {
    let signed = signed();
    let verify = ["verify", argument(&signed.results), "--public-key", &signed.public_key];
    let (out, _) = check(&[&verify[..], &["--rerun"]].concat(), 0);
    assert!(out.contains("the same bytes"), "{out}");
    let inputs = ["roll.parquet", "study.toml"].map(|name| signed.folder.path().join(name));
    let all = files(&signed.results);
    assert!(all.len() > 9);
    for path in all.iter().chain(&inputs) {
        let bytes = std::fs::read(path).unwrap();
        for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            let mut altered = bytes.clone();
            altered[at] ^= 0x20;
            std::fs::write(path, altered).unwrap();
            fails_and_names(&verify, path);
        }
        std::fs::remove_file(path).unwrap();
        fails_and_names(&verify, path);
        std::fs::write(path, &bytes).unwrap();
    }
    let added = signed.results.join("follow-up").join("added.html");
    std::fs::write(&added, "x").unwrap();
    fails_and_names(&verify, &added);
    std::fs::remove_file(&added).unwrap();
    // Two outputs change places.
    let (links, persons) = (signed.results.join("links.parquet"), signed.results.join("persons.parquet"));
    let (one, other) = (std::fs::read(&links).unwrap(), std::fs::read(&persons).unwrap());
    std::fs::write(&links, &other).unwrap();
    std::fs::write(&persons, &one).unwrap();
    fails_and_names(&verify, &links);
    std::fs::write(&links, &one).unwrap();
    std::fs::write(&persons, &other).unwrap();
    // A log cut back to a right beginning.
    let log = signed.results.join("audit.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    for keep in 0..text.lines().count() {
        let beginning: String = text.split_inclusive('\n').take(keep).collect();
        std::fs::write(&log, beginning).unwrap();
        check(&verify, 7);
        check(&["verify", argument(&signed.results)], 7);
    }
    std::fs::write(&log, &text).unwrap();
    check(&verify, 0);
    std::fs::remove_file(&inputs[0]).unwrap();
    check(&verify, 7);
    check(&[&verify[..], &["--outputs-only"]].concat(), 0);
    check(&["verify", argument(&signed.results), "--outputs-only", "--public-key", &"0".repeat(64)], 7);
    check(&["verify", argument(&signed.results), "--public-key", "0123"], 2);
}

impl Signed {
    /// What `verify` finds wrong, in this process: as the command does, only faster.
    fn finds(&self) -> Error {
        let asked = Asked { public_key: Some(&self.public_key), ..Asked::default() };
        let error = verify::verify(&self.results, &asked).expect_err("an alteration was not found");
        assert_eq!(error.kind(), Kind::Verification, "{error}");
        assert_eq!(error.kind().exit_status(), 7);
        error
    }
}

/// Positions of a file: its ends whole, and many in between that are no multiples of anything.
fn positions(length: usize) -> Vec<usize> {
    let between = (0..48).map(|at| (at * length) / 48 + (at * 7) % 11);
    let mut all: Vec<usize> = (0..8).chain(length.saturating_sub(12)..length).chain(between).collect();
    all.retain(|at| *at < length);
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn any_flipped_byte_of_any_output_is_found_and_named() {
    let signed = signed();
    let mut flipped = 0;
    for path in files(&signed.results) {
        let bytes = std::fs::read(&path).unwrap();
        for at in positions(bytes.len()) {
            let mut altered = bytes.clone();
            altered[at] ^= 1 << (at % 8);
            std::fs::write(&path, altered).unwrap();
            let found = signed.finds();
            assert_eq!(found.place().file.as_deref(), Some(path.as_path()), "byte {at} of {}: {found}", path.display());
            flipped += 1;
        }
        std::fs::write(&path, &bytes).unwrap();
        // A log that ends early is a right log of fewer entries: what it then lacks is named by the test below.
        let is_log = path.ends_with("audit.jsonl");
        for length in [0, bytes.len() / 2, bytes.len() - 1].into_iter().filter(|_| !is_log) {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert_eq!(signed.finds().place().file.as_deref(), Some(path.as_path()), "cut to {length} bytes");
        }
        std::fs::write(&path, [bytes.as_slice(), b"\n"].concat()).unwrap();
        assert_eq!(signed.finds().place().file.as_deref(), Some(path.as_path()), "one byte longer");
        std::fs::write(&path, &bytes).unwrap();
    }
    assert!(flipped > 500, "{flipped}");
    let asked = Asked { public_key: Some(&signed.public_key), ..Asked::default() };
    verify::verify(&signed.results, &asked).expect("what was put back is right");
}

#[test]
fn any_log_entry_deleted_inserted_or_moved_is_found_and_named() {
    let signed = signed();
    // A second run in the folder, so that the log has entries of two.
    let (study, key) = (signed.folder.path().join("study.toml"), signed.folder.path().join("office.key"));
    let run = ["run", argument(&study), "--out", argument(&signed.results), "--actor", "office"];
    check(&[&run[..], &["--visits", "10", "--sign-key", argument(&key)]].concat(), 0);
    let log = signed.results.join("audit.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 12);
    let holds = |lines: &[&str], row: Option<u64>, what: &str| {
        std::fs::write(&log, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        let found = signed.finds();
        let name = found.place().file.as_ref().and_then(|file| file.file_name()).unwrap_or_default();
        assert!(name.to_string_lossy().starts_with("audit."), "{what}: {found}");
        if row.is_some() {
            assert_eq!(found.place().row, row, "{what}: {found}");
        }
    };
    for at in 0..lines.len() {
        let row = |at: usize| Some(at as u64 + 1);
        let mut deleted = lines.clone();
        deleted.remove(at);
        holds(&deleted, if at + 1 < lines.len() { row(at) } else { None }, &format!("entry {at} deleted"));
        for from in 0..lines.len() {
            let mut inserted = lines.clone();
            inserted.insert(at, lines[from]);
            // Where an entry is put before itself, the second of the two is the wrong one.
            let wrong = if from == at { at + 1 } else { at };
            holds(&inserted, row(wrong), &format!("entry {from} inserted at {at}"));
        }
        for other in at + 1..lines.len() {
            let mut moved = lines.clone();
            moved.swap(at, other);
            holds(&moved, row(at), &format!("entries {at} and {other} exchanged"));
        }
    }
    std::fs::write(&log, &text).unwrap();
    check(&["verify", argument(&signed.results), "--public-key", &signed.public_key], 0);
    // The command says so with its exit status, and names file and line.
    let mut moved = lines.clone();
    moved.swap(3, 4);
    std::fs::write(&log, moved.join("\n") + "\n").unwrap();
    let (_, err) = check(&["verify", argument(&signed.results)], 7);
    assert!(err.contains("audit.jsonl") && err.contains('4'), "{err}");
}

#[test]
fn outputs_rewritten_with_log_and_signature_are_found_by_running_again() {
    let signed = signed();
    let (results, key) = (&signed.results, signed.folder.path().join("office.key"));
    let verify = ["verify", argument(results), "--public-key", &signed.public_key];
    for name in ["report.html", "coverage.json", "model.json"] {
        let kept: Vec<(PathBuf, Vec<u8>)> =
            files(results).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        // Somebody who holds the office's key alters an output, and everything that vouches for it.
        let mut text = std::fs::read_to_string(results.join(name)).unwrap();
        let digit = text.rfind('7').expect("some figure");
        text.replace_range(digit..=digit, "8");
        std::fs::write(results.join(name), text).unwrap();
        let mut manifest = Manifest::read(results).unwrap();
        let output = manifest.outputs.iter_mut().find(|output| output.file == name).expect("an output");
        *output = manifest::describe(results, name, output.rows).unwrap();
        let begun = log::read(results).unwrap().remove(0);
        for gone in [log::LOG, checkpoint::CHECKPOINT, MANIFEST] {
            std::fs::remove_file(results.join(gone)).unwrap();
        }
        let held = Publication::begin(results).unwrap();
        let mut log = Log::open(&held, "office").unwrap();
        log.add("begin", begun.object).unwrap();
        let sealed = manifest.to_json().unwrap();
        log.close(&manifest, &sealed).unwrap();
        std::fs::write(results.join(MANIFEST), sealed).unwrap();
        checkpoint::sign(results, &key, log.head()).unwrap();
        drop(held);
        // It belongs together, and yet it is not what the inputs give.
        check(&verify, 0);
        let (_, err) = check(&[&verify[..], &["--rerun"]].concat(), 7);
        assert!(err.contains(name) && err.contains("other bytes"), "{err}");
        kept.into_iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    }
    check(&[&verify[..], &["--rerun"]].concat(), 0);
}

/// The results of a district, without a signature.
pub fn unsigned() -> (tempfile::TempDir, PathBuf) {
    let folder = district();
    let results = folder.path().join("results");
    check(&["run", argument(&folder.path().join("study.toml")), "--out", argument(&results)], 0);
    (folder, results)
}

#[test]
fn a_run_that_fails_at_its_end_leaves_the_earlier_one_verified() {
    let (folder, results) = unsigned();
    let study = folder.path().join("study.toml");
    let again = ["run", argument(&study), "--out", argument(&results), "--visits", "5"];
    // A file in the way of the rename that decides.
    let in_the_way = results.join(".rollcall-ready");
    std::fs::write(&in_the_way, "").unwrap();
    check(&again, 6);
    std::fs::remove_file(&in_the_way).unwrap();
    let log = std::fs::read_to_string(results.join("audit.jsonl")).unwrap();
    assert_eq!(log.matches("\"action\":\"seal\"").count(), 2, "it got as far as its seal");
    check(&["verify", argument(&results)], 0);
    check(&again, 0);
    check(&["verify", argument(&results)], 0);
}

#[test]
fn what_a_purge_removed_stays_removed_rightly_when_the_same_run_fails_at_its_end() {
    let (folder, results) = unsigned();
    check(&["purge", argument(&results), "--reason", "x"], 0);
    // Of the same inputs it seals the same manifest.
    let again = ["run", argument(&folder.path().join("study.toml")), "--out", argument(&results)].map(str::to_owned);
    let again: Vec<&str> = again.iter().map(String::as_str).collect();
    let in_the_way = results.join(".rollcall-ready");
    std::fs::write(&in_the_way, "").unwrap();
    check(&again, 6);
    std::fs::remove_file(&in_the_way).unwrap();
    let (out, _) = check(&["verify", argument(&results)], 0);
    assert!(out.contains("removed by purge"), "{out}");
    check(&again, 0);
    let (out, _) = check(&["verify", argument(&results)], 0);
    assert!(results.join("cases.parquet").exists() && !out.contains("removed by purge"), "{out}");
}

#[test]
fn an_earlier_run_put_back_under_the_log_of_a_later_one_is_found() {
    let (folder, results) = unsigned();
    let kept: Vec<(PathBuf, Vec<u8>)> =
        files(&results).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    let study = folder.path().join("study.toml");
    check(&["run", argument(&study), "--out", argument(&results), "--visits", "5"], 0);
    let log = results.join("audit.jsonl");
    for (path, bytes) in kept.into_iter().filter(|(path, _)| *path != log) {
        std::fs::write(path, bytes).unwrap();
    }
    let (_, err) = check(&["verify", argument(&results)], 7);
    assert!(err.contains("an earlier run"), "{err}");
}

#[test]
fn a_signature_covers_the_results_that_stand() {
    let signed = signed();
    let (results, study) = (&signed.results, signed.folder.path().join("study.toml"));
    let kept = std::fs::read(results.join(checkpoint::CHECKPOINT)).unwrap();
    // Another run by somebody without the key, or one that was killed before it signed.
    std::fs::remove_file(results.join(checkpoint::CHECKPOINT)).unwrap();
    check(&["run", argument(&study), "--out", argument(results), "--visits", "5"], 0);
    check(&["verify", argument(results)], 0);
    std::fs::write(results.join(checkpoint::CHECKPOINT), &kept).unwrap();
    let verify = ["verify", argument(results), "--public-key", &signed.public_key];
    for asked in [&verify[..], &verify[..2]] {
        let (_, err) = check(asked, 7);
        assert!(err.contains("sealed after the log was signed"), "{err}");
    }
    // The office does not sign that with a purge either.
    let key = signed.folder.path().join("office.key");
    let purge = ["purge", argument(results), "--reason", "x", "--sign-key", argument(&key)];
    check(&purge, 7);
    // It does with a run of its own.
    let run = ["run", argument(&study), "--out", argument(results), "--sign-key", argument(&key)];
    check(&run, 0);
    check(&verify, 0);
    check(&purge, 0);
    check(&verify, 0);
}

#[test]
fn a_run_does_not_take_a_signature_away_in_passing() {
    let signed = signed();
    let (results, study) = (&signed.results, signed.folder.path().join("study.toml"));
    let kept: Vec<Vec<u8>> = files(results).iter().map(|path| std::fs::read(path).unwrap()).collect();
    let run = ["run", argument(&study), "--out", argument(results), "--visits", "5"];
    let (_, err) = check(&run, 2);
    assert!(err.contains("is signed") && err.contains("--sign-key"), "{err}");
    let now: Vec<Vec<u8>> = files(results).iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert!(kept == now, "nothing has changed, the log neither");
    // Keys are replaced; it is said.
    let other = signed.folder.path().join("other.key");
    let public = check(&["key", "new", argument(&other)], 0).0.trim().to_owned();
    let with = |key: &Path| check(&[&run[..], &["--sign-key", argument(key)]].concat(), 0).1;
    let said = with(&other);
    assert!(said.contains("another key") && said.contains(&public), "{said}");
    check(&["verify", argument(results), "--public-key", &public], 0);
    check(&["verify", argument(results), "--public-key", &signed.public_key], 7);
    assert!(!with(&other).contains("another key"));
}

#[test]
fn what_is_not_in_place_yet_is_no_finding() {
    let (_folder, results) = unsigned();
    let ready = results.join(".rollcall-ready");
    std::fs::create_dir(&ready).unwrap();
    std::fs::rename(results.join(MANIFEST), ready.join(MANIFEST)).unwrap();
    // As the run that puts it in place holds the folder; once it has died, the folder holds no finished run.
    let held = std::fs::File::open(&results).unwrap();
    held.lock().unwrap();
    let (_, err) = check(&["verify", argument(&results)], 6);
    assert!(err.contains("being put in place") && err.contains("verify it again"), "{err}");
    drop(held);
    let (_, err) = check(&["verify", argument(&results)], 7);
    assert!(err.contains("manifest.json"), "{err}");
    // What is wrong beside a run that still computes is wrong.
    std::fs::rename(ready.join(MANIFEST), results.join(MANIFEST)).unwrap();
    std::fs::remove_dir(&ready).unwrap();
    let held = std::fs::File::open(&results).unwrap();
    held.lock().unwrap();
    check(&["verify", argument(&results)], 0);
    std::fs::write(results.join("links.parquet"), "").unwrap();
    let (_, err) = check(&["verify", argument(&results)], 7);
    assert!(err.contains("links.parquet"), "{err}");
}

#[test]
fn a_purge_that_nobody_signed_removes_nothing_rightly() {
    let signed = signed();
    let gone = signed.results.join("coverage.json");
    let held = Publication::begin(&signed.results).unwrap();
    let mut log = Log::open(&held, "somebody").unwrap();
    log.add("purge", serde_json::json!({ "reason": "x", "files": [{ "file": "coverage.json" }] })).unwrap();
    std::fs::remove_file(&gone).unwrap();
    assert_eq!(signed.finds().place().file.as_deref(), Some(gone.as_path()));
    drop(held);
    let (_, err) = check(&["purge", argument(&signed.results), "--reason", "x"], 2);
    assert!(err.contains("--sign-key"), "{err}");
}

#[test]
fn a_log_that_lacks_entries_is_not_gone_on_with() {
    let signed = signed();
    let (results, key) = (&signed.results, signed.folder.path().join("office.key"));
    let (study, log) = (signed.folder.path().join("study.toml"), signed.results.join(log::LOG));
    let run = ["run", argument(&study), "--out", argument(results), "--sign-key", argument(&key)];
    let purge = ["purge", argument(results), "--reason", "x"];
    let text = std::fs::read_to_string(&log).unwrap();
    let cut: String = text.split_inclusive('\n').take(5).collect();
    let refused = |what: &str| {
        for command in [&run[..], &run[..4], &purge, &["follow-up", "export", argument(results)]] {
            let (_, err) = check(command, 7);
            assert!(err.contains("put back the log"), "{what}: {err}");
        }
        assert!(results.join("cases.parquet").exists() && !results.join("casework/outgoing").exists(), "{what}");
    };
    std::fs::write(&log, cut).unwrap();
    refused("cut off");
    std::fs::remove_file(&log).unwrap();
    refused("removed");
    std::fs::remove_file(results.join(checkpoint::CHECKPOINT)).unwrap();
    refused("removed, and the signature with it");
    assert!(!log.exists(), "no new one is begun");
    std::fs::write(&log, &text).unwrap();
    check(&run, 0);
    check(&["verify", argument(results), "--public-key", &signed.public_key], 0);
}

#[test]
fn what_is_no_log_is_left_as_it_is() {
    let folder = district();
    let out = folder.path().join("out");
    let run = ["run", argument(&folder.path().join("study.toml")), "--out", argument(&out)].map(str::to_owned);
    let run: Vec<&str> = run.iter().map(String::as_str).collect();
    std::fs::create_dir(&out).unwrap();
    for text in ["{\"a\":1}\n{\"last\":2}", "{\"last\":2}", "no line end"] {
        std::fs::write(out.join(log::LOG), text).unwrap();
        let (_, err) = check(&run, 7);
        assert!(err.contains("audit.jsonl") && err.contains("no entry of a log"), "{err}");
        assert_eq!(std::fs::read_to_string(out.join(log::LOG)).unwrap(), text);
    }
    std::fs::write(out.join(log::LOG), "{\"entry\":0,\"ti").unwrap();
    check(&run, 0);
    check(&["verify", argument(&out)], 0);
}

#[test]
#[cfg(unix)]
fn links_and_pipes_in_the_folder_are_named_and_not_followed() {
    let (_folder, results) = unsigned();
    for name in ["a", "b"] {
        std::os::unix::fs::symlink(".", results.join(name)).unwrap();
    }
    let (_, err) = check(&["verify", argument(&results)], 7);
    assert!(err.contains("no run wrote this file"), "{err}");
    check(&["purge", argument(&results), "--reason", "x"], 2);
    for name in ["a", "b"] {
        std::fs::remove_file(results.join(name)).unwrap();
    }
    for name in ["links.parquet", log::LOG, MANIFEST] {
        let path = results.join(name);
        let kept = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        fails_and_names(&["verify", argument(&results)], &path);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, kept).unwrap();
    }
    check(&["verify", argument(&results)], 0);
}

#[test]
fn a_log_whose_last_entry_was_torn_is_gone_on_with() {
    let (_folder, results) = unsigned();
    let log = results.join("audit.jsonl");
    let whole = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, whole + "{\"entry\":6,\"time\":\"2026").unwrap();
    check(&["purge", argument(&results), "--reason", "the census is over"], 0);
    check(&["verify", argument(&results)], 0);
    assert!(std::fs::read_to_string(&log).unwrap().contains("\"action\":\"recover\""));
}

#[test]
fn nobody_writes_into_the_log_of_a_folder_that_somebody_holds() {
    let (folder, results) = unsigned();
    let design = folder.path().join("design.toml");
    std::fs::write(&design, "[links]\nsample = 5\nbands = [0.999]\nfloor = 1\n").unwrap();
    let log = || std::fs::read(results.join("audit.jsonl")).unwrap();
    let before = log();
    let out = folder.path().join("sample");
    let sample = ["sample", argument(&results), "--design", argument(&design), "--seed", "1", "--out", argument(&out)];
    let held = Publication::begin(&results).unwrap();
    let (_, err) = check(&sample, 6);
    assert!(err.contains("another run"), "{err}");
    assert_eq!(log(), before);
    drop(held);
    check(&sample, 0);
    check(&["verify", argument(&results)], 0);
}

#[test]
fn what_a_repeated_run_writes_lies_with_the_run_and_is_cleared_by_the_next() {
    let (folder, results) = unsigned();
    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let verify = std::process::Command::new(env!("CARGO_BIN_EXE_rollcall"))
        .args(["verify", argument(&results), "--rerun"])
        .env("TMPDIR", &elsewhere)
        .output()
        .unwrap();
    assert!(verify.status.success());
    // As one that was killed leaves it.
    let left = results.join(".rollcall-again-left");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("links.parquet"), "x").unwrap();
    check(&["verify", argument(&results)], 0);
    check(&["run", argument(&folder.path().join("study.toml")), "--out", argument(&results)], 0);
    assert!(!left.exists());
}

#[test]
fn a_figure_leads_to_its_rows() {
    let signed = signed();
    let (out, _) = check(&["trace", argument(&signed.results), "--kind", "missed_person", "--limit", "1000"], 0);
    assert!(out.contains("record    ") && out.contains(".parquet row "), "{out}");
    let listed = out.lines().filter(|line| line.contains("  missed_person  area ")).count();
    assert!(out.starts_with(&format!("{listed} discrepancies")), "{out}");
    check(&["trace", argument(&signed.results), "--kind", "missing"], 2);
    check(&["trace", argument(&signed.results), "--reason", "nonsense"], 2);
    // No figure is taken from a table that is not the run's any more.
    for (name, command) in [
        ("discrepancies.parquet", &[][..]),
        ("cases.parquet", &["--listed"]),
        ("links.parquet", &["--links", "roll", "health"]),
        ("rejected.parquet", &["--set-aside", "roll"]),
        ("coverage.json", &["--estimate", "persons"]),
    ] {
        let (path, trace) = (signed.results.join(name), ["trace", argument(&signed.results)]);
        check(&[&trace[..], command].concat(), 0);
        let kept = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&kept[..], b" "].concat()).unwrap();
        fails_and_names(&[&trace[..], command].concat(), &path);
        std::fs::write(&path, kept).unwrap();
    }
    #[cfg(unix)]
    {
        let key = std::fs::metadata(signed.folder.path().join("office.key")).unwrap();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key.permissions()) & 0o777, 0o600);
    }
}

#[test]
fn no_command_rests_on_an_output_that_was_altered() {
    let (folder, results) = unsigned();
    let run = argument(&results);
    let truth = folder.path().join("truth_records.parquet");
    let evaluate = ["evaluate", run, "--truth", argument(&truth)];
    let outcomes = folder.path().join("outcomes.csv");
    let (district, others) = (folder.path().join("district"), folder.path().join("others"));
    check(&["-q", "synth", argument(&district), "--persons", "200", "--seed", "8"], 0);
    check(&["-q", "run", argument(&district.join("study.toml")), "--out", argument(&others)], 0);
    for (name, command) in [
        ("persons.parquet", &evaluate[..]),
        ("links.parquet", &evaluate),
        ("discrepancies.parquet", &evaluate),
        ("coverage.json", &["coverage", run]),
        ("cases.parquet", &["follow-up", "status", run]),
        ("cases.parquet", &["follow-up", "export", run]),
        ("cases.parquet", &["follow-up", "outcomes", run, "--out", argument(&outcomes)]),
    ] {
        let path = results.join(name);
        let kept = std::fs::read(&path).unwrap();
        // Still a table or a text that can be read: that of a run of other persons.
        std::fs::copy(others.join(name), &path).unwrap();
        fails_and_names(command, &path);
        std::fs::write(&path, &kept).unwrap();
    }
    check(&evaluate, 0);
    check(&["follow-up", "status", run], 0);
}

#[test]
fn a_copy_is_held_against_what_lies_with_it_and_not_against_what_it_was_copied_from() {
    let (folder, results) = unsigned();
    let copied = tempfile::tempdir().unwrap();
    let (copy, copied_results) = (copied.path(), copied.path().join("results"));
    for file in files(&results) {
        let to = copied_results.join(file.strip_prefix(&results).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(file, to).unwrap();
    }
    let verify = ["verify", argument(&copied_results)];
    // Handed on alone, and said where the rest was read; then with it.
    let place = |folder: &Path| folder.canonicalize().unwrap().display().to_string();
    assert!(check(&verify, 0).0.contains(&place(folder.path())));
    for name in ["study.toml", "roll.parquet", "public_security.parquet", "housing.parquet", "health.parquet"] {
        std::fs::copy(folder.path().join(name), copy.join(name)).unwrap();
    }
    assert!(check(&verify, 0).0.contains(&place(copy)));
    for name in ["housing.parquet", "study.toml"] {
        let (path, text) = (copy.join(name), std::fs::read(copy.join(name)).unwrap());
        std::fs::write(&path, [&text[..], b"\n# x"].concat()).unwrap();
        fails_and_names(&verify, &path);
        fails_and_names(&[&verify[..], &["--rerun"]].concat(), &path);
        std::fs::write(&path, text).unwrap();
    }
    std::fs::remove_file(copy.join("housing.parquet")).unwrap();
    fails_and_names(&verify, &copy.join("housing.parquet"));
}

#[test]
fn of_a_signed_log_what_was_sent_is_signed_too() {
    let signed = signed();
    let (results, key) = (&signed.results, signed.folder.path().join("office.key"));
    let export = ["follow-up", "export", argument(results), "--team", "east"];
    let (_, err) = check(&export, 2);
    assert!(err.contains("--sign-key") && !results.join("casework/outgoing").exists(), "{err}");
    check(&[&export[..], &["--sign-key", argument(&key)]].concat(), 0);
    let verify = ["verify", argument(results), "--public-key", &signed.public_key];
    check(&verify, 0);
    // Whoever cuts the entry off hides nothing.
    let log = results.join(log::LOG);
    let text = std::fs::read_to_string(&log).unwrap();
    let cut: Vec<&str> = text.split_inclusive('\n').collect();
    assert!(cut.last().is_some_and(|entry| entry.contains("\"send\"")));
    std::fs::write(&log, cut[..cut.len() - 1].concat()).unwrap();
    fails_and_names(&verify, &results.join(checkpoint::CHECKPOINT));
}

#[test]
fn of_a_signed_log_what_comes_back_or_is_recalled_is_signed_too() {
    let signed = signed();
    let (results, key) = (&signed.results, signed.folder.path().join("office.key"));
    let with_key = |command: &[&str], key: &Path, expected: i32| {
        check(&[command, &["--sign-key", argument(key)]].concat(), expected)
    };
    let (sent, list) = (signed.folder.path().join("sent"), signed.folder.path().join("list.csv"));
    with_key(&["follow-up", "export", argument(results), "--team", "east", "--out", argument(&sent)], &key, 0);
    let mut rows = rows_of(files(&sent).iter().find(|path| path.extension().is_some_and(|is| is == "xlsx")).unwrap());
    let outcome = rows[0].iter().position(|cell| cell == "核查结果").unwrap();
    rows[1][outcome] = String::from("03");
    save_text(&list, &rows, encoding_rs::UTF_8);
    let noted = || {
        let cases = Store::open(results).unwrap().cases().unwrap();
        (log::read(results).unwrap().len(), cases.iter().map(|case| case.events.len()).sum::<usize>())
    };
    let import = ["follow-up", "import", argument(results), argument(&list)];
    let recall = ["follow-up", "recall", argument(results), "--team", "east"];
    for command in [&import[..], &recall[..]] {
        let before = noted();
        let (_, err) = check(command, 2);
        assert!(err.contains("--sign-key"), "{err}");
        with_key(command, &list, 2);
        assert_eq!(noted(), before, "what is refused adds nothing");
        with_key(command, &key, 0);
        let after = noted();
        assert!(after.0 == before.0 + 1 && after.1 > before.1, "{after:?}");
        check(&["verify", argument(results), "--public-key", &signed.public_key], 0);
    }
}

#[test]
fn a_file_that_was_added_to_the_extracts_is_found_and_named() {
    let folder = district();
    let (place, results) = (folder.path(), folder.path().join("results"));
    let (study, parts) = (place.join("study.toml"), place.join("parts"));
    std::fs::create_dir(&parts).unwrap();
    std::fs::rename(place.join("health.parquet"), parts.join("a.parquet")).unwrap();
    let text = std::fs::read_to_string(&study).unwrap();
    for path in [String::from("parts/*.parquet"), String::from("parts"), argument(&parts).to_owned()] {
        std::fs::write(&study, text.replace("health.parquet", &path)).unwrap();
        check(&["-q", "run", argument(&study), "--out", argument(&results)], 0);
        let verify = ["verify", argument(&results)];
        check(&verify, 0);
        let added = parts.join("b.parquet");
        std::fs::copy(place.join("public_security.parquet"), &added).unwrap();
        fails_and_names(&verify, &added);
        // Also where it is the same once more.
        std::fs::copy(parts.join("a.parquet"), &added).unwrap();
        fails_and_names(&verify, &added);
        check(&[&verify[..], &["--outputs-only"]].concat(), 0);
        std::fs::remove_file(&added).unwrap();
        // What lies there and is no extract of the study is nothing to it.
        std::fs::write(parts.join("notes.doc"), "x").unwrap();
        check(&verify, 0);
        std::fs::remove_dir_all(&results).unwrap();
    }
}
