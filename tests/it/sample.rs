//! Does an auditor's sample keep its promises: sealed before anybody looks, the same for the same seed, blind, and read
//! back with figures? And does what leaves the office pass disclosure control?

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;

use crate::cli::{argument, check, district};

const DESIGN: &str = "[links]\nsample = 40\nbands = [0.999, 0.9]\nfloor = 5\n\n[non_links]\nsample = 30\nbands = [0.1, 0.001]\n\
                      floor = 5\n\n[discrepancies]\nsample = 30\nkinds = [\"missed_person\", \"duplicate_enumeration\"]\nfloor = 5\n";

struct Run {
    folder: tempfile::TempDir,
    results: PathBuf,
    design: PathBuf,
}

fn run() -> Run {
    let folder = district();
    let (results, design) = (folder.path().join("results"), folder.path().join("design.toml"));
    std::fs::write(&design, DESIGN).unwrap();
    check(&["run", argument(&folder.path().join("study.toml")), "--out", argument(&results)], 0);
    Run { folder, results, design }
}

impl Run {
    fn draw(&self, seed: &str, out: &Path, status: i32) -> (String, String) {
        let to = ["--seed", seed, "--out", argument(out), "--actor", "auditor"];
        check(&[&["sample", argument(&self.results), "--design", argument(&self.design)][..], &to].concat(), status)
    }
}

#[test]
fn a_sample_is_sealed_and_read_back() {
    let run = run();
    let (one, same, other) =
        (run.folder.path().join("one"), run.folder.path().join("same"), run.folder.path().join("other"));
    run.draw("7", &one, 0);
    let (drawn, _) = {
        let to = ["--seed", "7", "--out", argument(&same), "--format", "json"];
        check(&[&["sample", argument(&run.results), "--design", argument(&run.design)][..], &to].concat(), 0)
    };
    let drawn: serde_json::Value = serde_json::from_str(&drawn).unwrap();
    assert_eq!((drawn["seed"].as_u64(), drawn["strata"][0]["group"].as_str()), (Some(7), Some("link")));
    run.draw("8", &other, 0);
    let read = |folder: &Path, name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(read(&one, "selection.json"), read(&same, "selection.json"));
    assert_ne!(read(&one, "sheet.csv"), read(&other, "sheet.csv"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let modes = [mode(&one), mode(&one.join("selection.json")), mode(&one.join("sheet.csv"))];
        assert_eq!(modes, [0o700, 0o600, 0o600]);
    }
    run.draw("7", &one, 2);
    check(&["verify", argument(&run.results)], 0);
    let log = read(&run.results, "audit.jsonl");
    assert_eq!(log.matches("\"action\":\"sample\"").count(), 3);
    // The sheet shows no decision, no probability, no stratum.
    let sheet = read(&one, "sheet.csv");
    let heading = sheet.lines().next().unwrap().trim_start_matches('\u{feff}');
    assert_eq!(heading, "item,question,records,discrepancy,verdict,reviewer,remark");
    assert!(!sheet.contains("0.9") && !sheet.contains("non_link"), "{sheet}");
    let selection: serde_json::Value = serde_json::from_str(&read(&one, "selection.json")).unwrap();
    let groups = |group: &str| {
        let strata = selection["strata"].as_array().unwrap();
        strata.iter().filter(|stratum| stratum["group"] == group).map(|s| s["drawn"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((groups("link"), groups("non_link")), (40, 30));
    // Everything a link is, nothing else: precision and recall are one.
    let strata = selection["strata"].as_array().unwrap();
    let verdict = |item: &serde_json::Value| {
        let group = &strata[item["stratum"].as_u64().unwrap() as usize]["group"];
        if group == "non_link" { "no" } else { "yes" }
    };
    let verdicts: Vec<&str> = selection["items"].as_array().unwrap().iter().map(verdict).collect();
    let fill = |sheet: &str| -> String {
        let mut lines = sheet.lines();
        let heading = lines.next().unwrap().to_owned();
        let rows = lines.zip(&verdicts).map(|(line, verdict)| {
            let sent = line.strip_suffix(",,,").expect("nobody has looked");
            format!("\n{sent},{verdict},,")
        });
        heading + &rows.collect::<String>()
    };
    let filled = fill(&sheet);
    let path = one.join("filled.csv");
    std::fs::write(&path, &filled).unwrap();
    let results = ["sample", argument(&run.results), "--results", argument(&path), "--format", "json"];
    let (out, _) = check(&results, 0);
    let last = read(&run.results, "audit.jsonl").lines().last().unwrap().to_owned();
    let sealed = read(&run.results, "audit.jsonl");
    let sealed = sealed.lines().find(|line| line.contains("\"action\":\"sample\"")).unwrap();
    let digest = |line: &str| -> String {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        entry["object"]["selection_digest"].as_str().unwrap().to_owned()
    };
    assert_eq!(digest(&last), digest(sealed), "the log says of which sample these are the results");
    check(&[&results[..], &["--seed", "99"]].concat(), 2);
    check(&[&results[..], &["--out", "nowhere"]].concat(), 2);
    let found: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((found["precision"]["share"].as_f64(), found["recall"]["share"].as_f64()), (Some(1.0), Some(1.0)));
    assert!(found["precision"]["low"].as_f64().unwrap() < 1.0, "no error seen is not no error");
    assert_eq!(found["false_missed"]["share"].as_f64(), Some(0.0));
    check(&["sample", argument(&run.results), "--results", argument(&path)], 0);
    // Verdicts of another sample, which has the same numbers.
    std::fs::write(&path, fill(&read(&other, "sheet.csv"))).unwrap();
    let (_, err) = check(&results, 4);
    assert!(err.contains("records") || err.contains("question"), "{err}");
    // A selection that is not the sealed one.
    let sealed = read(&one, "selection.json");
    std::fs::write(one.join("selection.json"), sealed.replacen("\"seed\": 7", "\"seed\": 9", 1)).unwrap();
    check(&results, 7);
    std::fs::write(one.join("selection.json"), &sealed).unwrap();
    std::fs::write(&path, filled.replacen(",yes", ",perhaps", 1)).unwrap();
    let (_, err) = check(&results, 4);
    assert!(err.contains("verdict"), "{err}");
    std::fs::write(&run.design, DESIGN.replace("bands = [0.1, 0.001]", "bands = [0.001, 0.1]")).unwrap();
    run.draw("9", &run.folder.path().join("wrong"), 3);
    check(&["sample", argument(&run.results)], 2);
    // No sample of a run that was altered.
    std::fs::write(&run.design, DESIGN).unwrap();
    let links = run.results.join("links.parquet");
    let mut bytes = std::fs::read(&links).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&links, bytes).unwrap();
    run.draw("9", &run.folder.path().join("altered"), 7);
}

#[test]
fn what_leaves_the_office_is_altered_and_says_so() {
    let run = run();
    let (key, out) = (run.folder.path().join("disclosure.key"), run.folder.path().join("published.json"));
    let publish = ["publish", argument(&run.results), "--key", argument(&key), "--out", argument(&out)];
    let (_, err) = check(&publish, 4);
    assert!(err.contains("hint: --new-key"), "{err}");
    // A release that cannot be written leaves no key behind.
    let nowhere = run.folder.path().join("none/published.json");
    check(&[&publish[..4], &["--new-key", "--out", argument(&nowhere)]].concat(), 2);
    assert!(!key.exists());
    check(&[&publish[..], &["--new-key"]].concat(), 0);
    let first = std::fs::read_to_string(&out).unwrap();
    let found: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!(found["disclosure_control"], "cell_key");
    assert!(found["statement"].as_str().unwrap().contains("altered"));
    let areas = found["areas"].as_array().unwrap();
    let whole = areas.iter().find(|area| area["area"].as_str().unwrap().len() == 6).unwrap();
    assert!(whole["enumerated"].as_u64().unwrap().abs_diff(300) < 60, "{whole}");
    // Communities of so small a district are not published.
    let fine = areas.iter().filter(|area| area["area"].as_str().unwrap().len() == 12);
    assert!(fine.clone().count() > 0 && fine.clone().all(|area| area["enumerated"].is_null()));
    check(&publish, 0);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), first, "the same key, the same noise");
    check(&[&publish[..], &["--new-key"]].concat(), 2);
    // Nothing but an earlier release is written over, and nothing is put among what must not go out.
    let own = run.results.join("published.json");
    for taken in [&key, &run.results.join("manifest.json"), &run.design, &own, &run.folder.path().join(".")] {
        let before = std::fs::read(taken).ok();
        let (_, said) = check(&[&publish[..4], &["--out", argument(taken)]].concat(), 2);
        assert!(said.contains("--out"), "{said}");
        assert_eq!(std::fs::read(taken).ok(), before, "{taken:?}");
    }
    let fresh = run.folder.path().join("fresh");
    check(&["publish", argument(&run.results), "--key", argument(&fresh), "--new-key", "--out", argument(&fresh)], 2);
    assert!(!fresh.exists());
    let hidden = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().ends_with(".tmp");
    assert!(!std::fs::read_dir(run.folder.path()).unwrap().flatten().any(hidden));
    std::fs::write(&key, "secret").unwrap();
    check(&publish, 2);
}

/// The rows of a file as another writer has them: a copy would be refused.
fn write_anew(from: &Path, to: &Path, writer: &str) {
    let rows = ParquetRecordBatchReaderBuilder::try_new(File::open(from).unwrap()).unwrap();
    let (schema, rows) = (rows.schema().clone(), rows.build().unwrap());
    let properties = WriterProperties::builder().set_created_by(writer.to_owned()).build();
    let mut anew = ArrowWriter::try_new(File::create(to).unwrap(), schema, Some(properties)).unwrap();
    rows.for_each(|batch| anew.write(&batch.unwrap()).unwrap());
    anew.close().unwrap();
}

#[test]
fn noise_stays_the_same_whatever_register_comes_in() {
    let run = run();
    let place = run.folder.path();
    let (key, out) = (place.join("disclosure.key"), place.join("published.json"));
    let study = std::fs::read_to_string(place.join("study.toml")).unwrap();
    let at = study.find("[[source]]\nname = \"health\"").unwrap();
    let enumerated = |results: &Path, more: &[&str]| -> Vec<(String, Option<u64>)> {
        let publish = ["publish", argument(results), "--key", argument(&key), "--out", argument(&out)];
        check(&[&publish[..], more].concat(), 0);
        let found: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
        let areas = found["areas"].as_array().unwrap().iter();
        areas.map(|area| (area["area"].as_str().unwrap().to_owned(), area["enumerated"].as_u64())).collect()
    };
    let first = enumerated(&run.results, &["--new-key"]);
    assert!(first.iter().any(|(_, count)| count.is_some()), "{first:?}");
    // Each stands before all others in the order of texts.
    for name in ["adult_education", "bank", "driving"] {
        write_anew(&place.join("health.parquet"), &place.join(format!("{name}.parquet")), name);
        let added = study[at..].replace("name = \"health\"", &format!("name = \"{name}\""));
        let added = added.replace("health.parquet", &format!("{name}.parquet"));
        let file = place.join(format!("{name}.toml"));
        std::fs::write(&file, format!("{study}\n{added}")).unwrap();
        let results = place.join(name);
        check(&["-q", "run", argument(&file), "--out", argument(&results)], 0);
        assert_eq!(enumerated(&results, &[]), first, "{name}");
    }
}

#[test]
fn what_lists_are_worth_is_told_from_those_on_them() {
    let run = run();
    let listed = |is_listed: bool| {
        let cases = rollcall::outcome::report::cases::table::read(&run.results).unwrap().rows;
        cases.iter().filter(|row| row.kind == "missed_person" && row.listed == is_listed).count() as u64
    };
    let kinds = "[discrepancies]\nsample = 30\nkinds = [\"missed_person\"]\nfloor = 5\n";
    let drawn = |design: &str, folder: &str| -> Vec<(String, u64)> {
        std::fs::write(&run.design, design).unwrap();
        let out = run.folder.path().join(folder);
        run.draw("3", &out, 0);
        let selection = std::fs::read(out.join("selection.json")).unwrap();
        let selection: serde_json::Value = serde_json::from_slice(&selection).unwrap();
        let strata = selection["strata"].as_array().unwrap().iter();
        strata
            .map(|stratum| (stratum["name"].as_str().unwrap().to_owned(), stratum["size"].as_u64().unwrap()))
            .collect()
    };
    let (on, off) = (listed(true), listed(false));
    assert!(on > 0 && off > 0, "{on}, {off}");
    let of = |name: &str, size: u64| (String::from(name), size);
    let both = [of("missed_person on_a_list", on), of("missed_person on_no_list", off)];
    assert_eq!(drawn(kinds, "one"), both);
    let by = drawn(&format!("{kinds}by = \"township\"\n"), "by");
    let size = |end: &str| by.iter().filter(|(name, _)| name.ends_with(end)).map(|(_, size)| size).sum::<u64>();
    assert_eq!((size(" on_a_list"), size(" on_no_list")), (on, off), "{by:?}");
    check(&["purge", argument(&run.results), "--reason", "x"], 0);
    assert_eq!(drawn(kinds, "purged"), [of("missed_person", on + off)]);
}

#[cfg(unix)]
#[test]
fn a_disclosure_key_that_others_may_read_is_refused_and_not_shown() {
    use std::os::unix::fs::PermissionsExt;

    let run = run();
    let (key, out) = (run.folder.path().join("disclosure.key"), run.folder.path().join("published.json"));
    let publish = ["publish", argument(&run.results), "--key", argument(&key), "--out", argument(&out)];
    check(&[&publish[..], &["--new-key"]].concat(), 0);
    std::fs::remove_file(&out).unwrap();
    let secret = std::fs::read_to_string(&key).unwrap().lines().nth(1).unwrap().to_owned();
    assert_eq!(secret.len(), 64);
    for mode in [0o640, 0o604, 0o620] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        let (shown, err) = check(&publish, 2);
        assert!(err.contains("others may read this key") && err.contains("chmod 600"), "{err}");
        assert!(!err.contains(&secret) && !shown.contains(&secret));
        assert!(!out.exists(), "nothing is published");
    }
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    check(&publish, 0);
}

#[test]
fn pairs_that_were_let_go_are_drawn_where_the_design_asks_for_them() {
    let run = run();
    let drawn = |design: &str, folder: &str| -> serde_json::Value {
        std::fs::write(&run.design, design).unwrap();
        let out = run.folder.path().join(folder);
        let (shown, _) = run.draw("3", &out, 0);
        assert_eq!(shown.contains("were let go early and are not drawn from"), folder == "without", "{shown}");
        serde_json::from_str(&std::fs::read_to_string(out.join("selection.json")).unwrap()).unwrap()
    };
    let without = drawn("[non_links]\nsample = 10\n", "without");
    let plain = drawn("[let_go]\nsample = 25\n", "plain");
    let banded = drawn("[let_go]\nsample = 25\nfloor = 5\nbands = [0.0001, 0.000001]\n", "banded");
    let sum = |selection: &serde_json::Value, what: &str| {
        selection["strata"].as_array().unwrap().iter().map(|stratum| stratum[what].as_u64().unwrap()).sum::<u64>()
    };
    let let_go = without["let_go"].as_u64().unwrap();
    assert!(let_go > 100, "{let_go}");
    // All that were let go and are not one person by other links: those have no stratum.
    let size = sum(&plain, "size");
    assert!(size <= let_go && size > let_go / 2, "{size} of {let_go}");
    assert_eq!(sum(&banded, "size"), size, "bands only divide");
    assert!(banded["strata"].as_array().unwrap().len() > 1, "{banded}");
    let items = banded["items"].as_array().unwrap();
    assert_eq!(items.len() as u64, sum(&banded, "drawn"));
    let mut pairs: Vec<String> = items.iter().map(|item| item["records"].to_string()).collect();
    pairs.sort_unstable();
    pairs.dedup();
    assert_eq!(pairs.len(), items.len(), "no pair twice");
}
