//! Is every bit that changes in a sealed delivery found before a record is linked?

use std::path::Path;

use crate::bad_inputs::STUDY;
use crate::cli::{argument, check};
use crate::parquet_file::{file, people};

/// The study of the bad inputs, with two registers.
fn study() -> String {
    let source =
        |name: &str, role: &str, path: &str| format!("name = \"{name}\"\nrole = \"{role}\"\npath = \"{path}\"");
    STUDY
        .replace(&source("roll", "roll", "roll.csv"), &source("police", "register", "*.parquet"))
        .replace(&source("register", "register", "register.csv"), &source("health", "register", "health.csv"))
}

/// A small sealed delivery and its study; the sender's public key.
fn delivery(folder: &Path) -> String {
    std::fs::write(folder.join("police.parquet"), file(people(40))).expect("written");
    std::fs::write(folder.join("health.csv"), crate::bad_inputs::rows()).expect("written");
    let key = folder.join("sender.key");
    let public = check(&["key", "new", argument(&key)], 0).0.trim().to_owned();
    let (said, _) = check(&["seal", argument(folder), "--sign-key", argument(&key)], 0);
    assert!(said.contains(&public) && said.contains("police.parquet"), "{said}");
    let study = study().replace("record_id", &format!("sealed_by = \"{public}\"\nrecord_id"));
    std::fs::write(folder.join("study.toml"), study).expect("written");
    public
}

/// Flips every `step`-th bit of the delivery; each must be found.
fn flip(step: usize) -> usize {
    let place = tempfile::tempdir().expect("folder");
    delivery(place.path());
    let study = rollcall::intake::study::file::read(&place.path().join("study.toml")).expect("study");
    rollcall::run::take_in(&study).expect("as it was sent");
    let mut flips = 0;
    for name in ["police.parquet", "health.csv", "delivery.json"] {
        let path = place.path().join(name);
        let bytes = std::fs::read(&path).expect("read");
        for bit in (0..bytes.len() * 8).step_by(step) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &flipped).expect("written");
            let error = rollcall::run::take_in(&study).map(drop).expect_err(&format!("bit {bit} of {name}"));
            let status = error.kind().exit_status();
            assert!(matches!(status, 4 | 7), "bit {bit} of {name}: {error}");
            flips += 1;
        }
        std::fs::write(&path, &bytes).expect("written");
    }
    rollcall::run::take_in(&study).expect("as it was sent");
    flips
}

#[test]
fn flipped_bits_of_a_sealed_delivery_are_found() {
    assert!(flip(41) > 500);
}

#[test]
#[ignore = "takes minutes: cargo test --release --test it every_bit -- --ignored --nocapture"]
fn every_bit_of_a_sealed_delivery_is_found() {
    println!("{} flips, all found", flip(1));
}

#[test]
fn each_fault_of_a_delivery_is_status_7_and_said() {
    let run = |place: &Path, words: &str| {
        let out = place.join("out");
        let (_, said) = check(&["run", argument(&place.join("study.toml")), "--out", argument(&out)], 7);
        assert!(said.contains(words), "{said}");
        assert!(!out.exists(), "{words}");
        // What the run would refuse a profile refuses, too.
        let (_, said) = check(&["profile", argument(&place.join("study.toml"))], 7);
        assert!(said.contains(words), "{said}");
    };
    let place = tempfile::tempdir().expect("folder");
    let place = place.path();
    let public = delivery(place);
    check(&["-q", "run", argument(&place.join("study.toml")), "--out", argument(&place.join("first"))], 0);
    check(&["seal", argument(place), "--check", "--public-key", &public], 0);
    // Another value, which would be read without a word.
    let csv = std::fs::read_to_string(place.join("health.csv")).expect("read");
    std::fs::write(place.join("health.csv"), csv.replacen("1980", "1990", 1)).expect("written");
    run(place, "health.csv: was altered since it was sealed");
    check(&["seal", argument(place), "--check"], 7);
    // So is what was altered so that it is no extract any more.
    let police = std::fs::read(place.join("police.parquet")).expect("read");
    std::fs::write(place.join("police.parquet"), [&police[..], b"x"].concat()).expect("written");
    let (_, said) = check(&["seal", argument(place), "--check"], 7);
    assert!(said.contains("altered"), "{said}");
    std::fs::write(place.join("police.parquet"), police).expect("written");
    std::fs::write(place.join("health.csv"), format!("{csv}3,x,1990-01-01\n")).expect("written");
    run(place, "bytes");
    std::fs::write(place.join("health.csv"), &csv).expect("written");
    std::fs::write(place.join("second.parquet"), file(people(41))).expect("written");
    run(place, "second.parquet: is not in the seal");
    std::fs::rename(place.join("second.parquet"), place.join("second.txt")).expect("moved");
    std::fs::rename(place.join("delivery.json"), place.join("kept")).expect("moved");
    run(place, "not sealed");
    check(&["seal", argument(place)], 0);
    run(place, "not signed");
    let other = place.join("other.key");
    check(&["key", "new", argument(&other)], 0);
    check(&["seal", argument(place), "--sign-key", argument(&other)], 0);
    run(place, "another key");
    std::fs::rename(place.join("kept"), place.join("delivery.json")).expect("moved");
    std::fs::rename(place.join("police.parquet"), place.join("gone")).expect("moved");
    std::fs::write(place.join("renamed.parquet"), std::fs::read(place.join("gone")).expect("read")).expect("written");
    run(place, "police.parquet: the seal names this file");
}

/// Whatever does not hold its seal is not sealed over.
#[test]
fn a_seal_that_does_not_hold_is_not_replaced() {
    let place = tempfile::tempdir().expect("folder");
    let place = place.path();
    let public = delivery(place);
    let (sender, other) = (place.join("sender.key"), place.join("other.key"));
    check(&["key", "new", argument(&other)], 0);
    let seal = std::fs::read(place.join("delivery.json")).expect("read");
    let refused = |key: &Path, status: i32, words: &str| {
        let (_, said) = check(&["seal", argument(place), "--sign-key", argument(key)], status);
        assert!(said.contains(words) && said.contains("remove the seal first"), "{said}");
    };
    refused(&other, 2, "another key");
    check(&["seal", argument(place), "--sign-key", argument(&sender)], 0);
    let csv = std::fs::read_to_string(place.join("health.csv")).expect("read");
    for (altered, words) in [
        (csv.replacen("1980", "1990", 1), "health.csv: was altered"),
        (format!("{csv}3,x,1990-01-01\n"), "bytes"),
        (String::new(), "health.csv: was altered"),
    ] {
        std::fs::write(place.join("health.csv"), altered).expect("written");
        refused(&sender, 7, words);
    }
    std::fs::write(place.join("health.csv"), &csv).expect("written");
    std::fs::write(place.join("second.csv"), &csv).expect("written");
    refused(&sender, 7, "second.csv: is not in the seal");
    assert_eq!(std::fs::read(place.join("delivery.json")).expect("read"), seal);
    std::fs::write(place.join("delivery.json"), "{}").expect("written");
    refused(&sender, 7, "no seal");
    // The sender's own new files are sealed once the sender says so.
    std::fs::remove_file(place.join("delivery.json")).expect("removed");
    check(&["seal", argument(place), "--sign-key", argument(&sender)], 0);
    check(&["seal", argument(place), "--check", "--public-key", &public], 0);
}

/// A table of this program lies where the sender has sealed: it is refused as any other, and said what it may be.
#[test]
fn a_table_of_this_program_in_a_sealed_folder_is_named_and_not_trusted() {
    let place = tempfile::tempdir().expect("folder");
    delivery(place.path());
    for heading in ["case,kind,outcome,visited_on,records", "source_l,record_l,source_r,record_r,mark_l,mark_r,same"] {
        let table = place.path().join("outcomes.csv");
        std::fs::write(&table, format!("{heading}\na,b,c,d,e,f,1\n")).expect("written");
        let (_, said) = check(&["seal", argument(place.path()), "--check"], 7);
        assert!(said.contains("outcomes.csv: is not in the seal") && said.contains("another folder"), "{said}");
        std::fs::remove_file(&table).expect("removed");
    }
    std::fs::write(place.path().join("second.csv"), "name\nx\n").expect("written");
    let (_, said) = check(&["seal", argument(place.path()), "--check"], 7);
    assert!(said.contains("second.csv: is not in the seal") && !said.contains("another folder"), "{said}");
}

/// Files that changed places have the wrong columns, and no word of the study file is at fault.
#[test]
fn sealed_files_that_changed_places_are_status_7() {
    let place = tempfile::tempdir().expect("folder");
    let place = place.path();
    delivery(place);
    let rename = |from: &str, to: &str| std::fs::rename(place.join(from), place.join(to)).expect("moved");
    let csv = |name: &str, text: &str| std::fs::write(place.join(name), text).expect("written");
    csv("roll.csv", "a,b\n1,2\n");
    check(&["seal", argument(place), "--sign-key", argument(&place.join("sender.key"))], 7);
    std::fs::remove_file(place.join("delivery.json")).expect("removed");
    check(&["seal", argument(place), "--sign-key", argument(&place.join("sender.key"))], 0);
    rename("roll.csv", "kept");
    rename("health.csv", "roll.csv");
    rename("kept", "health.csv");
    let run = ["run", argument(&place.join("study.toml")), "--out", argument(&place.join("out"))].map(str::to_owned);
    let (_, said) = check(&run.iter().map(String::as_str).collect::<Vec<_>>(), 7);
    assert!(said.contains("health.csv: was altered since it was sealed"), "{said}");
}

#[test]
fn folders_below_are_not_left_unsealed_in_silence() {
    let place = tempfile::tempdir().expect("folder");
    let place = place.path();
    let below = place.join("police/2020");
    std::fs::create_dir_all(&below).expect("folder");
    std::fs::write(below.join("part.parquet"), file(people(40))).expect("written");
    std::fs::write(place.join("health.csv"), crate::bad_inputs::rows()).expect("written");
    let (_, said) = check(&["seal", argument(place)], 2);
    assert!(said.contains("police/2020") && said.contains("each of them"), "{said}");
    assert!(!place.join("delivery.json").exists());
    // What the study can read there is read; a seal of the upper folder alone is said.
    std::fs::write(place.join("study.toml"), study().replace("*.parquet", "police/*/*.parquet")).expect("written");
    let run = || check(&["run", argument(&place.join("study.toml")), "--out", argument(&place.join("out"))], 0).1;
    assert!(!run().contains("not sealed"), "nobody seals");
    std::fs::rename(place.join("police"), place.join(".police")).expect("moved");
    // The results of the run stand in this folder, too, and are no extracts.
    check(&["seal", argument(place)], 0);
    std::fs::rename(place.join(".police"), place.join("police")).expect("moved");
    let said = run();
    assert!(said.contains("not sealed, and others are") && said.contains("police"), "{said}");
    let (_, said) = check(&["seal", argument(place), "--check"], 0);
    assert!(said.contains("police/2020") && said.contains("not covered"), "{said}");
    check(&["seal", argument(&below)], 0);
    assert!(!run().contains("not sealed"));
    std::fs::write(below.join("part.parquet"), file(people(39))).expect("written");
    check(&["run", argument(&place.join("study.toml")), "--out", argument(&place.join("out"))], 7);
}

#[test]
fn whatever_a_study_can_name_is_sealed_too() {
    let place = tempfile::tempdir().expect("folder");
    let place = place.path();
    std::fs::write(place.join("people.pq"), file(people(40))).expect("written");
    std::fs::write(place.join("health.txt"), crate::bad_inputs::rows()).expect("written");
    std::fs::write(place.join("letter.txt"), "id,id\n").expect("written");
    let text = study().replace("*.parquet", "people.pq").replace("health.csv", "health.txt");
    std::fs::write(place.join("study.toml"), text).expect("written");
    let (_, said) = check(&["seal", argument(place)], 0);
    assert!(said.contains("not sealed") && said.contains("letter.txt"), "{said}");
    let (study, out) = (place.join("study.toml"), place.join("out"));
    let run = ["run", argument(&study), "--out", argument(&out)];
    check(&run, 0);
    // A letter that comes along is no fault of the delivery.
    std::fs::write(place.join("note.txt"), "thank you\n").expect("written");
    check(&["seal", argument(place), "--check"], 0);
    std::fs::write(place.join("health.txt"), crate::bad_inputs::rows() + "\n").expect("written");
    check(&["seal", argument(place), "--check"], 7);
    check(&run, 7);
}

#[test]
#[cfg(unix)]
fn a_key_that_others_may_read_signs_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().expect("folder");
    delivery(place.path());
    let key = place.path().join("sender.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("set");
    let (_, said) = check(&["seal", argument(place.path()), "--sign-key", argument(&key)], 2);
    assert!(said.contains("others may read this key"), "{said}");
    std::fs::write(&key, "rollcall signing key, Ed25519, keep secret\nQvxsecretq\n").expect("written");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("set");
    let (_, said) = check(&["seal", argument(place.path()), "--sign-key", argument(&key)], 2);
    assert!(said.contains("no signing key") && !said.contains("Qvxsecretq"), "{said}");
}

#[test]
fn what_cannot_be_read_is_not_sealed() {
    let place = tempfile::tempdir().expect("folder");
    check(&["seal", argument(place.path())], 4);
    std::fs::write(place.path().join("a.parquet"), "PAR1 and no more PAR1").expect("written");
    check(&["seal", argument(place.path())], 4);
    assert!(!place.path().join("delivery.json").exists());
}

/// Processor time of this process and the children it has waited for, in seconds.
#[cfg(target_os = "linux")]
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("read");
    let after = stat.rsplit(')').next().expect("a name").split_whitespace().skip(11).take(4);
    after.map(|ticks| ticks.parse::<f64>().expect("a number")).sum::<f64>() / 100.0
}

/// Not a test: what decoding in children costs a whole run, and reading alone.
#[test]
#[ignore = "measures: ROLLCALL_PERSONS=100000 cargo test --release --test it decoding_apart_costs -- --ignored --nocapture"]
#[cfg(target_os = "linux")]
fn decoding_apart_costs() {
    use rayon::prelude::*;
    use rollcall::intake::extract::decoder;
    let place = tempfile::tempdir().expect("folder");
    let persons = std::env::var("ROLLCALL_PERSONS").unwrap_or_else(|_| String::from("100000"));
    check(&["-q", "synth", argument(place.path()), "--persons", &persons], 0);
    let study = rollcall::intake::study::file::read(&place.path().join("study.toml")).expect("study");
    let out = place.path().join("out");
    let read = || {
        let extracts = rollcall::run::take_in(&study).expect("read");
        let chunks: Vec<_> = extracts.iter().flat_map(|e| (0..e.chunk_count()).map(move |chunk| (e, chunk))).collect();
        chunks.par_iter().for_each(|(extract, chunk)| drop(extract.read(&study, *chunk).expect("read")));
        decoder::finish();
    };
    let run = || {
        let options = rollcall::run::Options::default();
        rollcall::run::run(&study, &out, &options, &rollcall::progress::Silent).expect("run");
        decoder::finish();
    };
    let measured = |what: &str, work: &dyn Fn()| {
        let mut seconds: Vec<(f64, f64)> = (0..3)
            .map(|_| {
                let (begin, clock) = (processor_seconds(), std::time::Instant::now());
                work();
                (processor_seconds() - begin, clock.elapsed().as_secs_f64())
            })
            .collect();
        seconds.sort_by(|one, other| one.0.total_cmp(&other.0));
        println!("{what}: processor {:.2} s (wall {:.2} s), median of 3", seconds[1].0, seconds[1].1);
        seconds[1].0
    };
    let (reading_here, whole_here) = (measured("reading, here", &read), measured("a run, here", &run));
    decoder::use_program(env!("CARGO_BIN_EXE_rollcall").into());
    let (reading_apart, whole_apart) = (measured("reading, apart", &read), measured("a run, apart", &run));
    println!(
        "{persons} persons: reading costs {:+.2} s, {:.1} % of a run; the runs differ by {:+.1} %",
        reading_apart - reading_here,
        100.0 * (reading_apart - reading_here) / whole_here,
        100.0 * (whole_apart / whole_here - 1.0),
    );
}
