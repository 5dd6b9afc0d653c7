//! Whichever request to the disk the system fails, once or from then on, is the end orderly and what stands whole?
//!
//! `strace` fails the n-th request of the program itself, for every n: no seam in the program is needed. Where there is
//! no `strace`, or it may not trace, these tests say so and pass.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cli::{argument, check};
use crate::durability::{contents, holds_one_run};

/// Requests that read.
const READS: &str = "read,pread64,preadv";
/// Requests that change something.
const WRITES: &str =
    "write,pwrite64,writev,fsync,fdatasync,syncfs,rename,renameat,renameat2,mkdir,unlink,unlinkat,rmdir,ftruncate";

/// What a test says that cannot do its work.
const SKIPPED: &str = "skipped: there is no strace here, or it may not trace";

fn can_trace() -> bool {
    let traced = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    traced.is_ok_and(|status| status.success())
}

/// A command of the program, on one thread, so that requests come in the same order.
struct Traced<'a> {
    /// The folder that is asked of.
    folder: &'a Path,
    arguments: Vec<&'a str>,
    calls: &'static str,
}

impl Traced<'_> {
    fn command(&self, trace: &Path, more: &[&str]) -> std::process::Output {
        let mut command = Command::new("strace");
        command.args(["-f", "-y", "-qq", "-o", argument(trace), "-e", &format!("trace={}", self.calls)]).args(more);
        command.args([env!("CARGO_BIN_EXE_rollcall"), "-q", "--threads", "1"]).args(&self.arguments);
        command.stdin(Stdio::null()).output().expect("strace")
    }

    /// The files and folders below the folder that the command asks anything of.
    fn paths(&self, trace: &Path) -> BTreeSet<String> {
        let output = self.command(trace, &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&std::fs::read(trace).expect("a trace")).into_owned();
        let pieces = text.split(['"', '<', '>']).filter(|piece| piece.starts_with(argument(self.folder)));
        pieces.map(|piece| piece.trim_end_matches(" (deleted)").to_owned()).collect()
    }

    /// Fails every `step`-th request in turn, and lets `look` see how the command ended. Gives how many were failed.
    fn fail(&self, error: &str, step: usize, prepare: &dyn Fn(), look: &dyn Fn(&str, Option<i32>, &str)) -> usize {
        let scratch = tempfile::tempdir().expect("folder");
        let trace = scratch.path().join("trace");
        prepare();
        let paths = self.paths(&trace);
        let mut failed = 0;
        for suffix in ["", "+"] {
            for at in (1..).step_by(step) {
                prepare();
                let inject = format!("inject={}:error={error}:when={at}{suffix}", self.calls);
                let mut more = vec!["-e", &inject];
                paths.iter().for_each(|path| more.extend(["-P", path]));
                let output = self.command(&trace, &more);
                let text = String::from_utf8_lossy(&std::fs::read(&trace).expect("a trace")).into_owned();
                let Some(request) = text.lines().find(|line| line.ends_with("(INJECTED)")) else { break };
                failed += 1;
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                look(&format!("{error}, request {at}{suffix}: {request}"), output.status.code(), &said);
            }
        }
        failed
    }
}

/// A small district, run, with lists given out.
fn finished(folder: &Path) {
    check(&["-q", "synth", argument(folder), "--persons", "150", "--seed", "7"], 0);
    check(&["-q", "run", argument(&folder.join("study.toml")), "--out", argument(&folder.join("results"))], 0);
    check(&["-q", "follow-up", "export", argument(&folder.join("results")), "--team", "a", "--visits", "5"], 0);
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    let copied = Command::new("cp").args(["-a", argument(from), argument(to)]).status().expect("starts");
    assert!(copied.success());
}

/// Every read of what the program itself wrote: status 6, and nothing is changed.
fn reads_fail(step: usize) -> usize {
    let folder = tempfile::tempdir().expect("folder");
    finished(folder.path());
    let (results, again) = (folder.path().join("results"), folder.path().join("again"));
    let commands: [&[&str]; 7] = [
        &["follow-up", "status", argument(&again)],
        &["follow-up", "export", argument(&again), "--team", "b", "--visits", "5"],
        &["verify", argument(&again), "--outputs-only"],
        &["trace", argument(&again)],
        &["coverage", argument(&again)],
        &["review", "export", argument(&again)],
        &["purge", argument(&again), "--reason", "a test"],
    ];
    let before = contents(&results);
    let failed = commands.iter().map(|arguments| {
        let traced = Traced { folder: &again, arguments: arguments.to_vec(), calls: READS };
        let failed = traced.fail("EIO", step, &|| copy(&results, &again), &|what, code, said| {
            // What closing the store would move from its write-ahead log stays there, and nothing is lost.
            let is_in_time = code == Some(0) && what.contains("cases.sqlite-wal>");
            assert!(code == Some(6) || is_in_time, "{arguments:?}, {what}: {code:?} {said}");
            assert!(is_in_time || said.contains("again"), "{arguments:?}, {what}: no file is named: {said}");
            let now = contents(&again);
            let changed =
                before.iter().find(|(path, bytes)| !path.starts_with("casework") && now.get(*path) != Some(bytes));
            assert!(changed.is_none(), "{arguments:?}, {what}: {:?}", changed.map(|(path, _)| path));
        });
        assert!(failed > 0, "{arguments:?}");
        failed
    });
    failed.sum()
}

/// Every request by which a run changes anything: it ends with status 6, or, where that did not matter, is done; a
/// folder that shows a run shows one whole run; and the next run gives the bytes of one that was left alone.
fn writes_fail(step: usize) -> usize {
    let folder = tempfile::tempdir().expect("folder");
    finished(folder.path());
    let (results, again) = (folder.path().join("results"), folder.path().join("again"));
    let study = folder.path().join("study.toml");
    let arguments = vec!["run", argument(&study), "--out", argument(&again), "--visits", "3"];
    copy(&results, &again);
    check(&arguments, 0);
    let expected = contents(&again);
    let traced = Traced { folder: &again, arguments: arguments.clone(), calls: WRITES };
    let look = |what: &str, code: Option<i32>, said: &str| {
        assert!(matches!(code, Some(0 | 6)), "{what}: {code:?} {said}");
        assert!(code == Some(0) || said.contains("again"), "{what}: no file is named: {said}");
        holds_one_run(&again);
        check(&arguments, 0);
        let now = contents(&again);
        let differs = now.keys().chain(expected.keys()).find(|path| now.get(*path) != expected.get(*path));
        assert!(differs.is_none(), "{what}: {differs:?}");
    };
    ["EIO", "ENOSPC"].map(|error| traced.fail(error, step, &|| copy(&results, &again), &look)).iter().sum()
}

#[test]
fn a_read_of_its_own_that_fails_is_status_6() {
    if !can_trace() {
        println!("{SKIPPED}");
        return;
    }
    assert!(reads_fail(13) > 0);
}

#[test]
fn whichever_request_of_a_run_fails_what_stands_is_whole() {
    if !can_trace() {
        println!("{SKIPPED}");
        return;
    }
    assert!(writes_fail(61) > 0);
}

#[test]
#[ignore = "takes minutes: cargo test --release --test it many_faults -- --ignored --nocapture"]
fn many_faults() {
    assert!(can_trace(), "{SKIPPED}");
    println!("{} failed reads, {} failed requests that write", reads_fail(1), writes_fail(1));
}
