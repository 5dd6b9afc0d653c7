//! Does an office's key vouch for what the office did, and for nothing that somebody else put into the folder?

use std::path::{Path, PathBuf};

use rollcall::audit::checkpoint::CHECKPOINT;
use rollcall::audit::log::{self, Log};
use rollcall::audit::manifest;
use rollcall::audit::publication::Publication;
use serde_json::{Value, json};

use crate::audit::{Signed, signed, unsigned};
use crate::cli::{argument, check};

const DESIGN: &str = "[links]\nsample = 10\nbands = [0.999]\nfloor = 2\n";

impl Signed {
    fn key(&self) -> PathBuf {
        self.folder.path().join("office.key")
    }

    /// Another key, and the public one.
    fn other_key(&self) -> (PathBuf, String) {
        let key = self.folder.path().join("other.key");
        let public = check(&["key", "new", argument(&key)], 0).0.trim().to_owned();
        (key, public)
    }

    /// A command on the results, with the office's key.
    fn with_key(&self, command: &[&str], expected: i32) -> (String, String) {
        with(command, &self.results, &self.key(), expected)
    }

    fn run(&self, key: &Path, visits: &str) -> String {
        let study = self.folder.path().join("study.toml");
        let run = ["run", argument(&study), "--out", argument(&self.results), "--visits", visits];
        check(&[&run[..], &["--sign-key", argument(key)]].concat(), 0).1
    }

    fn verify(&self, expected: i32) -> (String, String) {
        check(&["verify", argument(&self.results), "--public-key", &self.public_key], expected)
    }

    /// The forger, and a command that is killed before it signs, can do this much: entries with right hashes.
    fn write_unsigned(&self, entries: &[(&str, Value)]) {
        let held = Publication::begin(&self.results).unwrap();
        let mut log = Log::open(&held, "census office").unwrap();
        entries.iter().for_each(|(action, object)| log.add(action, object.clone()).unwrap());
    }

    fn actions(&self) -> Vec<String> {
        log::read(&self.results).unwrap().into_iter().map(|entry| entry.action).collect()
    }

    /// Draws a sample; gives its folder, with a sheet that is filled in.
    fn sample(&self, seed: &str) -> PathBuf {
        let (design, out) = (self.folder.path().join("design.toml"), self.folder.path().join(format!("sample-{seed}")));
        std::fs::write(&design, DESIGN).unwrap();
        self.with_key(&["sample", "--design", argument(&design), "--seed", seed, "--out", argument(&out)], 0);
        let sheet = std::fs::read_to_string(out.join("sheet.csv")).unwrap();
        std::fs::write(out.join("filled.csv"), sheet).unwrap();
        out
    }

    fn read_back(&self, sample: &Path, expected: i32) -> (String, String) {
        self.with_key(&["sample", "--results", argument(&sample.join("filled.csv"))], expected)
    }
}

/// `verb options` as `verb results options --sign-key key`.
fn with(command: &[&str], results: &Path, key: &Path, expected: i32) -> (String, String) {
    let verbs = command.iter().take_while(|word| !word.starts_with('-')).count();
    let (verb, options) = command.split_at(verbs);
    check(&[verb, &[argument(results)], options, &["--sign-key", argument(key)]].concat(), expected)
}

fn names(files: &[&str]) -> Vec<Value> {
    files.iter().map(|file| json!({ "file": file, "bytes": 1, "digest": "0".repeat(64) })).collect()
}

#[test]
fn a_forged_purge_is_not_signed_by_what_the_office_does_next() {
    let signed = signed();
    let gone = ["links.parquet", "rejected.parquet"];
    signed.write_unsigned(&[("purge", json!({ "reason": "retention rule", "files": names(&gone) }))]);
    let kept = gone.map(|name| std::fs::read(signed.results.join(name)).unwrap());
    let is_missed = || {
        gone.iter().for_each(|name| std::fs::remove_file(signed.results.join(name)).unwrap());
        let (_, err) = signed.verify(7);
        assert!(err.contains("links.parquet") && err.contains("missing"), "{err}");
    };
    is_missed();
    let (_, err) = signed.with_key(&["follow-up", "export", "--team", "east"], 0);
    assert!(err.contains("disowned"), "{err}");
    let (_, err) = signed.verify(7);
    assert!(err.contains("links.parquet") && err.contains("missing"), "{err}");
    // Nobody is told that the office removed them.
    let (_, err) = check(&["trace", argument(&signed.results), "--links", "roll", "health"], 7);
    assert!(!err.contains("were removed on"), "{err}");
    gone.iter().zip(kept).for_each(|(name, bytes)| std::fs::write(signed.results.join(name), bytes).unwrap());
    let (out, _) = signed.verify(0);
    assert!(out.contains("1 entries disowned") && !out.contains("removed by purge"), "{out}");
    // Nor does a purge of the office's own make it right, nor one that disowns what the office did.
    signed.write_unsigned(&[
        ("purge", json!({ "reason": "retention rule", "files": names(&gone) })),
        ("disown", json!({ "first": 6, "last": 8 })),
    ]);
    signed.with_key(&["purge", "--reason", "the round has ended"], 0);
    let (out, _) = signed.verify(0);
    assert!(out.contains("removed by purge") && out.contains("3 entries disowned"), "{out}");
    is_missed();
}

#[test]
fn results_that_the_key_has_not_signed_are_not_signed_with_what_is_added() {
    let signed = signed();
    let list = signed.folder.path().join("list.csv");
    std::fs::write(&list, "编号,结果\n").unwrap();
    let (design, out) = (signed.folder.path().join("design.toml"), signed.folder.path().join("sample"));
    std::fs::write(&design, DESIGN).unwrap();
    let commands = [
        &["follow-up", "export", "--team", "east"][..],
        &["follow-up", "recall", "--team", "east"],
        &["sample", "--design", argument(&design), "--seed", "1", "--out", argument(&out)],
        &["purge", "--reason", "x"],
    ];
    let (other, public) = signed.other_key();
    let before = std::fs::read(signed.results.join(CHECKPOINT)).unwrap();
    // A key is not replaced in passing.
    for command in commands {
        let (_, err) = with(command, &signed.results, &other, 7);
        assert!(err.contains("another key") && err.contains("run the study again"), "{err}");
    }
    assert!(std::fs::read(signed.results.join(CHECKPOINT)).unwrap() == before);
    assert_eq!(signed.actions().len(), 6, "what is refused adds nothing");
    // Results that somebody exchanged, signed by nobody or by somebody else.
    let study = signed.folder.path().join("study.toml");
    std::fs::remove_dir_all(&signed.results).unwrap();
    check(&["run", argument(&study), "--out", argument(&signed.results), "--visits", "3"], 0);
    for sign_with in [None, Some(&other)] {
        if let Some(key) = sign_with {
            signed.run(key, "3");
        }
        for command in commands {
            let (_, err) = signed.with_key(command, 7);
            assert!(err.contains(if sign_with.is_some() { "another key" } else { "not signed" }), "{err}");
        }
        let import = ["follow-up", "import", argument(&signed.results), argument(&list)];
        check(&[&import[..], &["--sign-key", argument(&signed.key())]].concat(), 7);
        signed.verify(7);
    }
    check(&["verify", argument(&signed.results), "--public-key", &public], 0);
    // The office may run the study itself: its key then vouches for that run, and not for what stood before it.
    let said = signed.run(&signed.key(), "20");
    assert!(said.contains("another key") && said.contains("disowned"), "{said}");
    let disowned = signed.actions().iter().rposition(|action| action == "disown").unwrap();
    let (out, _) = signed.verify(0);
    assert!(out.contains(&format!("{disowned} entries disowned")), "{out}");
    signed.with_key(commands[0], 0);
    signed.verify(0);
}

#[test]
fn a_forged_sample_is_not_taken_for_one_that_was_drawn() {
    let signed = signed();
    let sample = signed.sample("5");
    let path = sample.join("selection.json");
    let drawn = std::fs::read_to_string(&path).unwrap();
    let mut selection: Value = serde_json::from_str(&drawn).unwrap();
    selection["strata"][0]["size"] = json!(311_169);
    let altered = serde_json::to_string_pretty(&selection).unwrap() + "\n";
    let items = selection["items"].as_array().unwrap().len();
    std::fs::write(&path, &altered).unwrap();
    let entry = json!({
        "selection_digest": manifest::digest_of(&path).unwrap(),
        "design_digest": selection["design_digest"],
        "manifest_digest": selection["manifest_digest"],
        "seed": selection["seed"],
        "items": items,
    });
    signed.write_unsigned(&[("sample", entry)]);
    let (out, err) = signed.verify(0);
    assert!(out.contains("1 entries behind the signature") && err.contains("stand behind its signature"), "{out}{err}");
    signed.read_back(&sample, 7);
    // Also after a run that gives the same manifest, which the forged entry names.
    signed.run(&signed.key(), "20");
    signed.read_back(&sample, 7);
    std::fs::write(&path, drawn).unwrap();
    signed.read_back(&sample, 0);
    signed.verify(0);
}

#[test]
fn what_the_office_does_one_after_another_is_signed() {
    let signed = signed();
    signed.with_key(&["follow-up", "export", "--team", "east", "--visits", "5"], 0);
    let list = signed.folder.path().join("list.csv");
    std::fs::write(&list, "编号,结果\n").unwrap();
    let import = ["follow-up", "import", argument(&signed.results), argument(&list)];
    check(&[&import[..], &["--sign-key", argument(&signed.key())]].concat(), 5);
    signed.with_key(&["follow-up", "recall", "--team", "east"], 0);
    signed.with_key(&["follow-up", "export", "--team", "west"], 0);
    let sample = signed.sample("7");
    signed.read_back(&sample, 0);
    let (out, err) = signed.verify(0);
    assert!(!out.contains("not signed") && !err.contains("signature"), "{out}{err}");
    signed.run(&signed.key(), "10");
    signed.with_key(&["follow-up", "export", "--team", "west"], 0);
    signed.with_key(&["purge", "--reason", "x"], 0);
    signed.with_key(&["purge", "--reason", "x", "--tables"], 0);
    let (out, err) = signed.verify(0);
    assert!(!out.contains("not signed") && !err.contains("signature"), "{out}{err}");
    assert!(!signed.actions().iter().any(|action| action == "disown"));
}

#[test]
fn a_command_that_was_stopped_before_it_signed_stops_no_other() {
    let signed = signed();
    // A list that was announced, a run that had begun.
    signed.write_unsigned(&[("send", json!({ "team": "east", "cases": 3, "areas": 1 })), ("begin", json!({}))]);
    let (out, _) = signed.verify(0);
    assert!(out.contains("2 entries behind the signature"), "{out}");
    signed.with_key(&["follow-up", "export", "--team", "east"], 0);
    let (out, err) = signed.verify(0);
    assert!(out.contains("2 entries disowned") && !err.contains("behind its signature"), "{out}{err}");
    // A purge before it signed: nothing has gone, and it is gone on with.
    signed.write_unsigned(&[("purge", json!({ "reason": "x", "files": names(&["cases.parquet"]) }))]);
    let cases = std::fs::read(signed.results.join("cases.parquet")).unwrap();
    signed.with_key(&["purge", "--reason", "x"], 0);
    assert!(!signed.results.join("cases.parquet").exists());
    signed.verify(0);
    // And one that had signed, and had not removed all.
    std::fs::write(signed.results.join("cases.parquet"), cases).unwrap();
    signed.verify(7);
    signed.with_key(&["purge", "--reason", "x"], 0);
    signed.verify(0);
    // A run that was in place and had not signed: nobody vouches for it before it is made again.
    let checkpoint = std::fs::read(signed.results.join(CHECKPOINT)).unwrap();
    signed.run(&signed.key(), "5");
    std::fs::write(signed.results.join(CHECKPOINT), checkpoint).unwrap();
    signed.verify(7);
    let (_, err) = signed.with_key(&["follow-up", "export", "--team", "east"], 7);
    assert!(err.contains("sealed after the log was signed") && err.contains("run the study again"), "{err}");
    signed.run(&signed.key(), "5");
    signed.with_key(&["follow-up", "export", "--team", "east"], 0);
    signed.verify(0);
}

#[test]
fn a_later_run_that_was_taken_away_is_not_made_up_for() {
    let signed = signed();
    // As if a later run had been put in place, and these results been put back.
    let later = [("seal", json!({ "manifest_digest": "0".repeat(64) })), ("publish", json!({}))];
    signed.write_unsigned(&later);
    signed.verify(7);
    let (_, err) = signed.with_key(&["follow-up", "export", "--team", "east"], 7);
    assert!(err.contains("a later run was put in place"), "{err}");
    signed.run(&signed.key(), "20");
    signed.verify(0);
}

#[test]
fn an_office_that_replaces_its_key_goes_on_with_the_new_one() {
    let signed = signed();
    let sample = signed.sample("3");
    let (key, public) = signed.other_key();
    let said = signed.run(&key, "20");
    assert!(said.contains("another key") && said.contains(&public), "{said}");
    with(&["follow-up", "export", "--team", "east"], &signed.results, &key, 0);
    check(&["verify", argument(&signed.results), "--public-key", &public], 0);
    // The new key does not vouch for what the former signed.
    with(&["sample", "--results", argument(&sample.join("filled.csv"))], &signed.results, &key, 7);
    signed.with_key(&["follow-up", "recall", "--team", "east"], 7);
    with(&["purge", "--reason", "x"], &signed.results, &key, 0);
    check(&["verify", argument(&signed.results), "--public-key", &public], 0);
}

#[test]
fn a_first_run_that_was_stopped_is_gone_on_with_and_signed() {
    let signed = signed();
    std::fs::remove_dir_all(&signed.results).unwrap();
    signed.write_unsigned(&[("begin", json!({})), ("purge", json!({ "files": names(&["report.html"]) }))]);
    signed.run(&signed.key(), "20");
    let (out, _) = signed.verify(0);
    assert!(out.contains("2 entries disowned") && !out.contains("removed by purge"), "{out}");
}

#[test]
fn results_that_nobody_signs_are_added_to_without_a_key() {
    let (folder, results) = unsigned();
    let run = argument(&results);
    check(&["follow-up", "export", run, "--team", "east"], 0);
    check(&["follow-up", "recall", run, "--team", "east"], 0);
    let (design, out) = (folder.path().join("design.toml"), folder.path().join("sample"));
    std::fs::write(&design, DESIGN).unwrap();
    check(&["sample", run, "--design", argument(&design), "--seed", "1", "--out", argument(&out)], 0);
    check(&["sample", run, "--results", argument(&out.join("sheet.csv"))], 0);
    check(&["purge", run, "--reason", "x"], 0);
    // Not even where a run with a key was stopped before it signed.
    let held = Publication::begin(&results).unwrap();
    Log::open(&held, "office").unwrap().add("disown", json!({ "first": 0, "last": 9 })).unwrap();
    drop(held);
    let (out, err) = check(&["verify", run], 0);
    assert!(out.matches("not signed").count() == 1 && !err.contains("signature"), "{out}{err}");
}
