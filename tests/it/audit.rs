//! Is anything that is altered after a run found, and named?

use std::path::{Path, PathBuf};

use crate::cli::{argument, check, district};

struct Signed {
    folder: tempfile::TempDir,
    results: PathBuf,
    public_key: String,
}

fn signed() -> Signed {
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
}

#[test]
fn a_figure_leads_to_its_rows() {
    let signed = signed();
    let (out, _) = check(&["trace", argument(&signed.results), "--kind", "missed_person", "--limit", "1000"], 0);
    assert!(out.contains("record    ") && out.contains(".parquet row "), "{out}");
    let listed = out.lines().filter(|line| line.contains("  missed_person  area ")).count();
    assert!(out.starts_with(&format!("{listed} discrepancies")), "{out}");
    check(&["trace", argument(&signed.results), "--kind", "missing"], 2);
    #[cfg(unix)]
    {
        let key = std::fs::metadata(signed.folder.path().join("office.key")).unwrap();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key.permissions()) & 0o777, 0o600);
    }
}
