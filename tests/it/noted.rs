//! Does the log of a run hear of whatever leaves with its clerks or is published, and does nothing leave otherwise?

use std::path::{Path, PathBuf};

use rollcall::audit::log::{self, Entry, LOG};
use rollcall::audit::manifest::digest_of;

use crate::audit::signed;
use crate::cli::{argument, check, district};
use crate::review::{filled, rows_of};

/// What may leave a run: the log's word for it, the command, and the file.
fn leaving(folder: &Path, results: &Path) -> [(&'static str, Vec<String>, PathBuf); 2] {
    let [book, key, counts] = ["pairs.xlsx", "disclosure.key", "published.json"].map(|name| folder.join(name));
    let command = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    let results = argument(results);
    let export = command(&["-q", "review", "export", results, "--pairs", "30", "--out", argument(&book)]);
    let publish = ["publish", results, "--key", argument(&key), "--new-key", "--out", argument(&counts)];
    [("review-export", export, book), ("release", command(&publish), counts)]
}

fn obey(command: &[String], more: &[&str], expected: i32) -> String {
    let words: Vec<&str> = command.iter().map(String::as_str).chain(more.iter().copied()).collect();
    check(&words, expected).1
}

fn last(results: &Path) -> Entry {
    log::read(results).unwrap().pop().unwrap()
}

#[test]
fn what_clerks_get_and_what_is_published_stands_in_the_log() {
    let folder = district();
    let results = folder.path().join("results");
    let run = argument(&results);
    check(&["run", argument(&folder.path().join("study.toml")), "--out", run], 0);
    for (action, command, out) in leaving(folder.path(), &results) {
        obey(&command, &["--actor", "LIU"], 0);
        let entry = last(&results);
        assert_eq!((entry.action.as_str(), entry.actor.as_str()), (action, "LIU"));
        assert_eq!(entry.object["digest"], digest_of(&out).unwrap());
        assert_eq!(entry.object["file"], out.file_name().unwrap().to_str().unwrap());
        assert_eq!(entry.object["manifest_digest"], digest_of(&results.join("manifest.json")).unwrap());
        let numbers: &[&str] =
            if action == "release" { &["areas", "withheld", "left_out"] } else { &["pairs", "seed"] };
        assert!(numbers.iter().all(|number| entry.object[*number].is_u64()), "{}", entry.object);
    }
    let (table, decisions) = (folder.path().join("anna.csv"), folder.path().join("decisions.csv"));
    let rows = rows_of(&folder.path().join("pairs.xlsx"));
    std::fs::write(&table, filled(&rows, |_| "y")).unwrap();
    check(&["review", "import", run, argument(&table), "--reviewer", "anna", "--actor", "LIU"], 0);
    let entry = last(&results);
    assert_eq!((entry.action.as_str(), entry.actor.as_str()), ("review-import", "LIU"));
    assert_eq!(entry.object["digest"], digest_of(&table).unwrap());
    assert_eq!((entry.object["reviewer"].as_str(), entry.object["role"].as_str()), (Some("anna"), Some("clerk")));
    assert_eq!(entry.object["judged"], rows.len() - 1);
    check(&["-q", "review", "ask", run, "--reviewer", "bo"], 0);
    let entry = last(&results);
    assert_eq!((entry.action.as_str(), entry.object["reviewer"].as_str()), ("review-ask", Some("bo")));
    check(&["review", "decisions", run, "--out", argument(&decisions)], 0);
    let entry = last(&results);
    assert_eq!(entry.action, "review-decisions");
    assert_eq!(entry.object["digest"], digest_of(&decisions).unwrap());
    assert_eq!(entry.object["decisions"], rows.len() - 1);
    check(&["verify", run], 0);

    // What the log cannot be told does not happen: here it was altered, and is not gone on with.
    let path = results.join(LOG);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    for (_, command, out) in leaving(folder.path(), &results) {
        std::fs::remove_file(&out).unwrap();
        let _ = std::fs::remove_file(folder.path().join("disclosure.key"));
        let said = obey(&command, &[], 7);
        assert!(said.contains(LOG), "{said}");
        assert!(!out.exists() && !folder.path().join("disclosure.key").exists());
    }
    std::fs::remove_file(&decisions).unwrap();
    check(&["review", "decisions", run, "--out", argument(&decisions)], 7);
    assert!(!decisions.exists());
    check(&["review", "import", run, argument(&table), "--reviewer", "cai"], 7);
    check(&["-q", "review", "ask", run, "--reviewer", "cai"], 7);
}

#[test]
fn from_a_run_whose_log_is_signed_nothing_leaves_without_the_key() {
    let signed = signed();
    let key = signed.folder.path().join("office.key");
    for (action, command, out) in leaving(signed.folder.path(), &signed.results) {
        let before = std::fs::read(signed.results.join(LOG)).unwrap();
        let said = obey(&command, &[], 2);
        assert!(said.contains("--sign-key"), "{said}");
        assert!(!out.exists() && !signed.folder.path().join("disclosure.key").exists());
        assert_eq!(std::fs::read(signed.results.join(LOG)).unwrap(), before);
        obey(&command, &["--sign-key", argument(&key)], 0);
        assert!(out.exists());
        assert_eq!(last(&signed.results).action, action);
        let (said, _) = check(&["verify", argument(&signed.results), "--public-key", &signed.public_key], 0);
        assert!(!said.contains("behind the signature"), "{said}");
    }
}
