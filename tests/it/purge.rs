//! When the personal data of a run end: are they gone, is it proved, and does the rest still hold?

use std::path::Path;

use rollcall::audit::log::LOG;
use rollcall::audit::publication::{READY, WORK};
use rollcall::audit::stage::STAGES;

use crate::cli::{argument, check, district};

#[test]
fn purged_data_are_gone_and_the_rest_is_verified() {
    let folder = district();
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    let key = folder.path().join("key");
    let public = check(&["key", "new", argument(&key)], 0).0.trim().to_owned();
    let run = argument(&results);
    check(&["-q", "run", argument(&study), "--out", run, "--sign-key", argument(&key), "--visits", "20"], 0);
    check(&["follow-up", "export", run, "--team", "east", "--sign-key", argument(&key)], 0);
    let report = std::fs::read(results.join("report.html")).expect("report");
    let (said, _) = check(&["purge", run, "--reason", "the round has ended", "--older-than", "3"], 0);
    assert!(said.contains("0 days old") && results.join("cases.parquet").exists(), "{said}");
    // Whatever lies among the lists goes with them; what lies elsewhere is named.
    std::fs::write(results.join("follow-up").join("copy.html"), "names").expect("written");
    std::fs::write(results.join("list.xlsx"), "names").expect("written");
    // What an interrupted later run has worked out goes with them.
    std::fs::create_dir(results.join(STAGES)).expect("made");
    std::fs::write(results.join(STAGES).join("linked"), "who is who").expect("written");
    let purge = ["purge", run, "--reason", "the round has ended", "--actor", "archive", "--sign-key", argument(&key)];
    let (said, _) = check(&purge, 0);
    assert!(said.contains("no run wrote list.xlsx") && !said.contains("copy.html"), "{said}");
    std::fs::remove_file(results.join("list.xlsx")).expect("removed");
    for gone in ["cases.parquet", "follow-up", "casework", STAGES] {
        assert!(!results.join(gone).exists(), "{gone}");
    }
    for kept in ["links.parquet", "persons.parquet", "coverage.parquet", "manifest.json"] {
        assert!(results.join(kept).exists(), "{kept}");
    }
    assert_eq!(std::fs::read(results.join("report.html")).expect("report"), report);
    let log = std::fs::read_to_string(results.join("audit.jsonl")).expect("log");
    assert!(log.contains("\"action\":\"purge\"") && log.contains("the round has ended") && log.contains("archive"));
    let (said, _) = check(&["verify", run, "--public-key", &public], 0);
    assert!(said.contains("removed by purge"), "{said}");
    let (_, said) = check(&["follow-up", "status", run], 4);
    assert!(said.contains("were removed on 2") && said.contains("purge"), "{said}");
    assert!(!results.join("casework").exists(), "no store is made of nothing");
    for review in ["export", "status"] {
        let (_, said) = check(&["review", review, run], 4);
        assert!(said.contains("were removed on 2"), "{said}");
    }
    let (_, said) = check(&["trace", run, "--listed"], 4);
    assert!(said.contains("were removed on 2"), "{said}");
    assert!(!results.join("casework").exists(), "no store is made of nothing");
    // The store that comes back is found, as an output is.
    std::fs::create_dir(results.join("casework")).expect("made");
    std::fs::write(results.join("casework/cases.sqlite"), "names").expect("written");
    let (_, said) = check(&["verify", run], 7);
    assert!(said.contains("cases.sqlite") && said.contains("removed"), "{said}");
    // Nor does a new run take it for its own.
    let (_, said) = check(&["-q", "run", argument(&study), "--out", run, "--sign-key", argument(&key)], 7);
    assert!(said.contains("cases.sqlite") && said.contains("purge"), "{said}");
    std::fs::remove_dir_all(results.join("casework")).expect("removed");
    // A sample that is drawn once more lies where the first one lay.
    let design = folder.path().join("design.toml");
    std::fs::write(&design, "[links]\nsample = 20\n").expect("written");
    let sample = ["sample", run, "--design", argument(&design), "--seed", "3", "--sign-key", argument(&key)];
    let (place, kept) = (results.join("casework/sample-3"), folder.path().join("kept"));
    let copy = |from: &Path, to: &Path| {
        std::fs::create_dir_all(to).expect("made");
        for name in ["selection.json", "sheet.csv"] {
            std::fs::copy(from.join(name), to.join(name)).expect("copied");
        }
    };
    for _ in 0..2 {
        check(&sample, 0);
        check(&["verify", run], 0);
        copy(&place, &kept);
        check(&purge, 0);
    }
    // The first one that comes back is found, also where another one has been drawn since, or its sheet been read.
    let elsewhere = folder.path().join("elsewhere");
    let other = ["--design", argument(&design), "--seed", "4", "--sign-key", argument(&key)];
    check(&[&["sample", run][..], &other, &["--out", argument(&elsewhere)]].concat(), 0);
    check(&["sample", run, "--results", argument(&kept.join("sheet.csv")), "--sign-key", argument(&key)], 0);
    check(&["verify", run], 0);
    copy(&kept, &place);
    for name in ["selection.json", "sheet.csv"] {
        let (_, said) = check(&["verify", run], 7);
        assert!(said.contains(&format!("sample-3/{name}")) && said.contains("removed"), "{said}");
        std::fs::remove_file(place.join(name)).expect("removed");
    }
    check(&["verify", run], 0);
    // Once more removes nothing; record ids go when asked for.
    check(&["purge", run, "--reason", "again"], 0);
    let (_, said) = check(&["purge", run, "--reason", "the archive's rule", "--tables"], 2);
    assert!(said.contains("--sign-key") && results.join("links.parquet").exists(), "{said}");
    check(&["purge", run, "--reason", "the archive's rule", "--tables", "--sign-key", argument(&key)], 0);
    assert!(!results.join("links.parquet").exists() && results.join("report.html").exists());
    check(&["verify", run], 0);
    // Nobody is told that something was altered.
    let (truth, out) = (folder.path().join("truth_records.parquet"), folder.path().join("out.json"));
    for needs_tables in [
        &["explain", run, "roll:R000000001", "roll:R000000002"][..],
        &["trace", run, "--kind", "missed_person"],
        &["evaluate", run, "--truth", argument(&truth)],
        &["publish", run, "--key", argument(&out.with_extension("key")), "--new-key", "--out", argument(&out)],
    ] {
        let (_, said) = check(needs_tables, 4);
        assert!(said.contains("were removed on 2"), "{said}");
    }
    // What was removed does not come back unseen, and what was not removed is still missed.
    std::fs::write(results.join("links.parquet"), "back").expect("written");
    let (_, said) = check(&["verify", run], 7);
    assert!(said.contains("links.parquet") && said.contains("removed"), "{said}");
    std::fs::remove_file(results.join("links.parquet")).expect("removed");
    std::fs::remove_file(results.join("coverage.parquet")).expect("removed");
    check(&["verify", run], 7);
    check(&["purge", argument(folder.path()), "--reason", "x"], 4);
    check(&["purge", run], 2);
    // The folder can be used again.
    check(&["-q", "run", argument(&study), "--out", run, "--sign-key", argument(&key)], 0);
    check(&["verify", run], 0);
}

/// Killed after the log spoke and before the files went: the next purge goes on.
#[test]
fn an_interrupted_purge_is_finished_by_the_next() {
    let folder = district();
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    let run = argument(&results);
    check(&["-q", "run", argument(&study), "--out", run], 0);
    let cases = std::fs::read(results.join("cases.parquet")).expect("cases");
    check(&["purge", run, "--reason", "x"], 0);
    std::fs::write(results.join("cases.parquet"), cases).expect("written");
    check(&["verify", run], 7);
    check(&["purge", run, "--reason", "x"], 0);
    assert!(!results.join("cases.parquet").exists());
    check(&["verify", run], 0);
}

/// A first run that was killed leaves lists and cases, and no manifest.
#[test]
fn what_a_run_left_that_never_was_whole_is_removed() {
    let folder = district();
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    let (run, key) = (argument(&results), folder.path().join("key"));
    check(&["-q", "run", argument(&study), "--out", run], 0);
    let log = std::fs::read_to_string(results.join(LOG)).expect("log");
    // As one leaves it that is killed while it writes: its log has begun.
    let (work, moved) = (results.join(WORK), folder.path().join("moved"));
    let leave = |hidden: &str| {
        std::fs::rename(&results, &moved).expect("moved");
        std::fs::create_dir(&results).expect("made");
        std::fs::rename(&moved, results.join(hidden)).expect("moved");
        std::fs::create_dir(results.join(STAGES)).expect("made");
        std::fs::write(results.join(STAGES).join("linked"), "who is who").expect("written");
    };
    leave(WORK);
    std::fs::write(results.join(LOG), log.lines().next().expect("begin").to_owned() + "\n").expect("written");
    assert!(work.join("cases.parquet").exists());
    let (said, _) = check(&["purge", run, "--reason", "the round has ended", "--older-than", "3"], 0);
    assert!(said.contains("0 days old") && results.join(STAGES).exists(), "{said}");
    let (said, _) = check(&["purge", run, "--reason", "the round has ended"], 0);
    assert!(said.contains(STAGES) && said.contains("never was whole"), "{said}");
    let left: Vec<_> = std::fs::read_dir(&results).expect("read").map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [LOG], "nothing else is left");
    let log = std::fs::read_to_string(results.join(LOG)).expect("log");
    assert!(log.contains("\"action\":\"purge\"") && log.contains("the round has ended") && log.contains(STAGES));
    let (said, _) = check(&["purge", run, "--reason", "again"], 0);
    assert!(said.contains("nothing is left"), "{said}");
    // The folder can be used again, and what was whole already is put in place and purged as any run.
    check(&["key", "new", argument(&key)], 0);
    check(&["-q", "run", argument(&study), "--out", run, "--sign-key", argument(&key)], 0);
    check(&["verify", run], 0);
    std::fs::remove_dir_all(&results).expect("removed");
    check(&["-q", "run", argument(&study), "--out", run], 0);
    let log = std::fs::read(results.join(LOG)).expect("log");
    std::fs::remove_file(results.join(LOG)).expect("removed");
    leave(READY);
    std::fs::write(results.join(LOG), log).expect("written");
    check(&["purge", run, "--reason", "x"], 0);
    assert!(results.join("report.html").exists() && !results.join("cases.parquet").exists());
    check(&["verify", run], 0);
    // Of a manifest that somebody removed nothing is made.
    std::fs::remove_file(results.join("manifest.json")).expect("removed");
    let (_, said) = check(&["purge", run, "--reason", "x", "--tables"], 4);
    assert!(said.contains("manifest") && results.join("links.parquet").exists(), "{said}");
}
