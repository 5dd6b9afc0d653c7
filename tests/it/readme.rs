//! Does the session in README.md run as it is written?

use std::path::Path;
use std::process::{Command, Stdio};

/// How the session begins.
const FIRST: &str = "    rollcall synth extracts ";

/// The commands of the session: the indented lines from the first one on, without what is said of them.
fn session(page: &str) -> Vec<Vec<&str>> {
    let lines = page.lines().skip_while(|line| !line.starts_with(FIRST)).take_while(|line| line.starts_with("    "));
    lines.map(|line| line.split(" #").next().unwrap_or_default().split_whitespace().collect()).collect()
}

fn run(command: &[&str], folder: &Path) {
    assert_eq!(command.first(), Some(&"rollcall"), "{command:?}");
    let mut program = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    program.args(&command[1..]).current_dir(folder).stdin(Stdio::null());
    let output = program.output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {:?}\n{said}", command.join(" "), output.status.code());
}

#[test]
fn the_session_of_the_readme_runs_as_it_is_written() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README.md");
    let session = session(&page);
    assert!(session.len() > 8, "{session:?}");
    let folder = tempfile::tempdir().expect("folder");
    session.iter().for_each(|command| run(command, folder.path()));
    let lists = folder.path().join("results/follow-up");
    assert!(std::fs::read_dir(lists).expect("lists").count() > 10);
}
