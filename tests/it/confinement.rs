//! What could the process do that decodes a file, if the file took it over?

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

/// A decoder of this file, as the program starts one.
fn decoder(file: &std::path::Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_rollcall"))
        .arg(rollcall::intake::extract::decoder::COMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::from(std::fs::File::open(file).expect("file")))
        .spawn()
        .expect("starts")
}

/// The reply to one request: read this file as a filled list.
fn asked(child: &mut Child, path: &std::path::Path) -> String {
    let request = serde_json::json!({ "path": path, "work": "Fill" });
    let mut requests = child.stdin.as_ref().expect("pipe");
    writeln!(requests, "{request}").expect("asked");
    let mut reply = String::new();
    BufReader::new(child.stdout.as_mut().expect("pipe")).read_line(&mut reply).expect("answered");
    reply
}

/// Two lists: the first is the decoder's own.
fn lists() -> (tempfile::TempDir, std::path::PathBuf, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let (own, other) = (folder.path().join("own.csv"), folder.path().join("other.csv"));
    std::fs::write(&own, "case\nof-its-own\n").expect("written");
    std::fs::write(&other, "case\nof-another\n").expect("written");
    (folder, own, other)
}

#[test]
fn a_decoder_gives_the_file_that_it_was_handed_whatever_it_is_asked_for() {
    let (_folder, own, other) = lists();
    let mut child = decoder(&own);
    for path in [&own, &other, &own] {
        let reply = asked(&mut child, path);
        assert!(reply.contains("of-its-own") && !reply.contains("of-another"), "{reply}");
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
}

/// It tries itself to open a file and a socket, and says whether it could; and the system says what it filters.
#[test]
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn a_decoder_can_open_no_file_and_no_connection() {
    let facts_of = |process: &str| std::fs::read_to_string(format!("/proc/{process}/status")).expect("facts");
    if !facts_of("self").contains("Seccomp:") {
        eprintln!("skipped: this kernel filters no calls");
        return;
    }
    let (_folder, own, _) = lists();
    let mut child = decoder(&own);
    let reply = asked(&mut child, &own);
    let facts = facts_of(&child.id().to_string());
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(reply.starts_with("{\"confined\":true"), "{reply}");
    for line in ["Seccomp:\t2", "NoNewPrivs:\t1"] {
        assert!(facts.lines().any(|fact| fact == line), "{line}: {facts}");
    }
}

/// Tables of truth come from elsewhere, too.
#[test]
fn a_table_of_truth_is_trusted_no_more_than_an_extract() {
    use crate::bad_inputs::{Place, canaries};
    let place = Place::new();
    assert_eq!(place.run().0, Some(0));
    let good = crate::parquet_file::file(crate::parquet_file::people(40));
    let footer =
        [&b"PAR1"[..], &[0x15, 0x04, 0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f], &[9, 0, 0, 0], b"PAR1"].concat();
    for (name, bytes) in [
        ("lies.parquet", footer),
        ("cut.parquet", good[..good.len() / 2].to_vec()),
        ("other.parquet", good.clone()),
        ("text.parquet", b"source,record_id,person".to_vec()),
        ("other.csv", b"source,record_id,human\nroll,Qvxrecordq1,Qvxnameq\n".to_vec()),
        ("ragged.csv", b"source,record_id,person\nroll,Qvxrecordq1,1\nroll\n".to_vec()),
    ] {
        place.put(name, bytes);
        let output = Command::new(env!("CARGO_BIN_EXE_rollcall"))
            .arg("-vvv")
            .arg("evaluate")
            .arg(place.path("out"))
            .arg("--truth")
            .arg(place.path(name))
            .envs([("RUST_BACKTRACE", "full"), ("RUST_LOG", "trace")])
            .output()
            .expect("starts");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(4), "{name}: {said}");
        assert!(said.contains(name), "{name}: {said}");
        assert!(canaries(&said).is_empty(), "{name}: {said}");
    }
}
