//! Killed, crowded or out of space: does a run's folder still hold one whole run, and nothing else?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rollcall::audit::manifest::{self, MANIFEST, Manifest};
use rollcall::audit::publication::Publication;
use rollcall::audit::stage::STAGES;
use rollcall::audit::verify;
use rollcall::progress::Progress;

use crate::cli::{argument, check, district, rollcall};

/// Every file below a folder, hidden ones too, with its bytes; without the audit log, which alone holds the clock.
pub fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path != folder.join(rollcall::audit::log::LOG) {
                found.insert(
                    path.strip_prefix(folder).expect("below").to_path_buf(),
                    std::fs::read(&path).expect("file"),
                );
            }
        }
    }
    found
}

/// If the folder shows a run, every output must be as its manifest says.
pub fn holds_one_run(results: &Path) {
    if !results.join(MANIFEST).exists() {
        return;
    }
    let manifest = Manifest::read(results).expect("a manifest");
    for output in &manifest.outputs {
        let there = manifest::describe(results, &output.file, output.rows).expect("an output");
        assert!(there == *output, "{} is of another run", output.file);
    }
    // Whatever a run wrote into the log before it ended.
    let asked = verify::Asked { outputs_only: true, ..verify::Asked::default() };
    verify::verify(results, &asked).expect("the run that stands is verified");
}

/// Kills so many runs at moments spread over a run's length, alternately with and without an earlier run in place.
fn kill(times: u32) {
    let folder = district();
    let study = folder.path().join("study.toml");
    let (whole, results) = (folder.path().join("whole"), folder.path().join("results"));
    let begin = Instant::now();
    check(&["-q", "run", argument(&study), "--out", argument(&whole)], 0);
    let length = begin.elapsed();
    let expected = contents(&whole);
    for at in 0..times {
        if at % 2 == 0 && results.exists() {
            std::fs::remove_dir_all(&results).expect("removed");
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_rollcall"))
            .args(["-q", "run", argument(&study), "--out", argument(&results)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        // Golden-ratio steps fill the interval evenly, whatever the number of kills.
        let share = (f64::from(at) * 0.618_033_988_75).fract() * 1.1;
        std::thread::sleep(Duration::from_secs_f64(length.as_secs_f64() * share));
        child.kill().expect("killed");
        child.wait().expect("ended");
        if results.exists() {
            holds_one_run(&results);
        }
        check(&["-q", "run", argument(&study), "--out", argument(&results)], 0);
        assert!(contents(&results) == expected, "kill {at}: not the bytes of a run that was left alone");
    }
}

#[test]
fn a_killed_run_leaves_one_whole_run_and_the_next_gives_the_same_bytes() {
    kill(12);
}

#[test]
#[ignore = "takes an hour: ROLLCALL_KILLS=1000 cargo test --release --test it many_kills -- --ignored"]
fn many_kills() {
    let times = std::env::var("ROLLCALL_KILLS").ok().and_then(|number| number.parse().ok());
    kill(times.unwrap_or(1000));
}

/// Dies at the n-th thing that a stage says, as if the machine had gone.
struct Mortal {
    left: AtomicU64,
}

impl Mortal {
    fn step(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::process::abort();
        }
    }
}

impl Progress for Mortal {
    fn begin(&self, _: &str, _: u64) {
        self.step();
    }
    fn advance(&self, _: u64) {}
    fn finish(&self, _: &str) {
        self.step();
    }
}

/// Runs a study in a process of its own that dies at its n-th step, or never (0). Gives whether it came to its end.
fn run_apart(study: &Path, results: &Path, dies_at: u64) -> bool {
    let status = Command::new("sh")
        .args(["-c", "ulimit -c 0; exec \"$0\" --exact durability::lives_apart --ignored --quiet"])
        .arg(std::env::current_exe().expect("this program"))
        .envs([("ROLLCALL_STUDY", study), ("ROLLCALL_RESULTS", results)])
        .env("ROLLCALL_DIES_AT", dies_at.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let status = status.expect("starts");
    assert!(status.success() || (status.code().is_none() && dies_at > 0), "{status}");
    status.success()
}

#[test]
#[ignore = "one life of the tests below"]
fn lives_apart() {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let (Some(study), Some(results)) = (variable("ROLLCALL_STUDY"), variable("ROLLCALL_RESULTS")) else { return };
    let dies_at = std::env::var("ROLLCALL_DIES_AT").ok().and_then(|number| number.parse().ok()).unwrap_or(0);
    let mortal = Mortal { left: AtomicU64::new(dies_at) };
    let study = rollcall::intake::study::file::read(&study).expect("study");
    rollcall::run::run(&study, &results, &rollcall::run::Options::default(), &mortal).expect("a run");
}

/// For each run that the log tells of: did it take up the work of an interrupted one?
fn taken_up(results: &Path) -> Vec<bool> {
    let entries = rollcall::audit::log::read(results).expect("a log");
    let begun = entries.iter().filter(|entry| entry.action == "begin");
    begun.map(|entry| entry.object.get("taken_up").is_some()).collect()
}

#[test]
fn a_run_that_died_after_any_stage_is_taken_up_and_gives_the_same_bytes() {
    let folder = district();
    let study = folder.path().join("study.toml");
    let whole = folder.path().join("whole");
    assert!(run_apart(&study, &whole, 0));
    let expected = contents(&whole);
    let (mut anew, mut further) = (0, 0);
    for at in 1.. {
        let results = folder.path().join(format!("at-{at}"));
        if run_apart(&study, &results, at) {
            break;
        }
        holds_one_run(&results);
        let kept = results.join(STAGES).join("linked").exists();
        // Dies once more, as far on its way; what is kept serves as often as it takes.
        if run_apart(&study, &results, at) {
            assert!(kept, "step {at}: nothing shortened the way, and it did not die");
        } else {
            run_apart(&study, &results, 0);
        }
        assert!(contents(&results) == expected, "step {at}");
        let last = taken_up(&results).last() == Some(&true);
        assert!(last || !kept, "step {at}: what was kept is taken up");
        *(if last { &mut further } else { &mut anew }) += 1;
    }
    // It is kept beside the residence evidence: from the end of that on there is something to take up.
    assert!(anew >= 4 && further >= 2, "{anew} {further}");
}

/// A run that was killed when it had linked and kept what it found.
fn interrupted(study: &Path, results: &Path) -> Vec<u8> {
    let dead = (1..100).find(|at| {
        let _ = std::fs::remove_dir_all(results);
        assert!(!run_apart(study, results, *at), "dies sooner");
        results.join(STAGES).join("linked").exists()
    });
    dead.expect("some step");
    std::fs::read(results.join(STAGES).join("linked")).expect("kept")
}

/// Copies a folder with what is hidden in it, and with its permissions.
fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    let copied = Command::new("cp").args(["-a", argument(from), argument(to)]).status().expect("starts");
    assert!(copied.success());
}

#[test]
fn what_is_of_other_inputs_or_damaged_is_not_taken_up() {
    let folder = district();
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    let (again, fresh) = (folder.path().join("again"), folder.path().join("fresh"));
    let kept = interrupted(&study, &results);
    assert!(run_apart(&study, &fresh, 0));
    let expected = contents(&fresh);
    // Neither damaged nor cut off.
    let begins_anew = |what: &str, bytes: &[u8]| {
        copy(&results, &again);
        std::fs::write(again.join(STAGES).join("linked"), bytes).expect("written");
        assert!(run_apart(&study, &again, 0));
        assert_eq!(taken_up(&again).last(), Some(&false), "{what}");
        assert!(contents(&again) == expected, "{what}");
    };
    for part in 0..4 {
        let at = part * (kept.len() - 1) / 3;
        let mut changed = kept.clone();
        changed[at] ^= 1;
        begins_anew(&format!("byte {at}"), &changed);
    }
    begins_anew("cut off", &kept[..kept.len() / 2]);
    begins_anew("empty", &[]);
    // Nor of another study, be it a comment, nor of other decisions or inputs, be they the same rows in another order.
    let begins_anew = |what: &str, path: &Path, bytes: &[u8]| {
        let before = std::fs::read(path).expect("an input");
        std::fs::write(path, bytes).expect("written");
        copy(&results, &again);
        let _ = std::fs::remove_dir_all(&fresh);
        assert!(run_apart(&study, &again, 0) && run_apart(&study, &fresh, 0));
        assert_eq!(taken_up(&again).last(), Some(&false), "{what}");
        assert!(contents(&again) == contents(&fresh), "{what}");
        std::fs::write(path, before).expect("written");
    };
    let text = std::fs::read_to_string(&study).expect("study");
    begins_anew("study", &study, (text + "\n# another\n").as_bytes());
    let (register, other) = (folder.path().join("health.parquet"), tempfile::tempdir().expect("folder"));
    check(&["-q", "synth", argument(other.path()), "--persons", "100", "--seed", "99"], 0);
    begins_anew("input", &register, &std::fs::read(other.path().join("health.parquet")).expect("register"));
    // What is kept says nothing of anybody: no cell of an extract that is long enough to be told from chance is in it.
    let table = folder.path().join("health.csv");
    crate::mutations::retell(&register, &table);
    let cells = std::fs::read_to_string(&table).expect("cells");
    let cells: Vec<&str> =
        cells.lines().skip(1).flat_map(|line| line.split(',')).filter(|cell| cell.len() > 5).collect();
    assert!(cells.len() > 100);
    let told = cells.iter().find(|cell| kept.windows(cell.len()).any(|window| window == cell.as_bytes()));
    assert!(told.is_none(), "a value of a record is kept");
    // As it was left, it is taken up.
    copy(&results, &again);
    assert!(run_apart(&study, &again, 0));
    assert_eq!(taken_up(&again).last(), Some(&true));
    assert!(contents(&again) == expected);
    // The program itself is another than this test, and does not take it up.
    copy(&results, &again);
    let (_, err) = check(&["run", argument(&study), "--out", argument(&again)], 0);
    assert!(err.contains("not used"), "{err}");
    assert_eq!(taken_up(&again).last(), Some(&false));
}

#[test]
fn a_folder_takes_one_run_at_a_time() {
    let folder = district();
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    let first = Publication::begin(&results).expect("begun");
    let (_, err) = check(&["run", argument(&study), "--out", argument(&results)], 6);
    assert!(err.contains("another run is writing into this folder"), "{err}");
    drop(first);
    check(&["run", argument(&study), "--out", argument(&results)], 0);
}

#[test]
fn an_unusable_input_leaves_the_earlier_run_as_it_was() {
    let folder = district();
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    check(&["-q", "run", argument(&study), "--out", argument(&results)], 0);
    let before = contents(&results);
    std::fs::write(folder.path().join("health.parquet"), "no longer a table").expect("written");
    check(&["-q", "run", argument(&study), "--out", argument(&results)], 4);
    assert!(contents(&results) == before);
    check(&["-q", "run", argument(&study), "--out", argument(&folder.path().join("fresh"))], 4);
    assert!(!folder.path().join("fresh").exists(), "a run that could not begin leaves no folder");
}

/// The system refuses to let any file grow beyond a size, as a full disk would: at every size the run ends with
/// status 6, and the earlier run stands.
#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_takes_no_more_is_status_6_and_the_earlier_run_stands() {
    let folder = district();
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    check(&["-q", "run", argument(&study), "--out", argument(&results)], 0);
    let before = contents(&results);
    for blocks in [0, 1, 2, 4, 8, 16] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" -q run \"$1\" --out \"$2\" --visits 3");
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_rollcall"), argument(&study), argument(&results)])
            .output()
            .expect("starts");
        let err = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(6), "{blocks}: {err}");
        assert!(err.contains("results"), "the path is named: {err}");
        assert!(contents(&results) == before, "{blocks}");
    }
}

/// Under a limit of so many KiB of addresses (`-v`) or of data (`-d`), without the plan by which most of it would be
/// refused beforehand: status 0, or 6 with what ran out; never an abort, a crash or a fault of the program. The run
/// that stood before stands, and no leftover disturbs the next. Gives how each ended.
#[cfg(target_os = "linux")]
fn starve(persons: &str, limits: impl Iterator<Item = (&'static str, u64)>) -> BTreeMap<&'static str, u64> {
    let folder = tempfile::tempdir().expect("folder");
    check(&["-q", "synth", argument(folder.path()), "--persons", persons, "--seed", "7"], 0);
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    check(&["-q", "run", argument(&study), "--out", argument(&results)], 0);
    let before = contents(&results);
    let mut ends: BTreeMap<&'static str, u64> = BTreeMap::new();
    for (kind, limit) in limits {
        let script = format!(
            "ulimit -c 0; ulimit {kind} {limit}; exec \"$0\" -q --threads 2 --memory 64G run \"$1\" --out \"$2\""
        );
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_rollcall"), argument(&study), argument(&results)])
            .output()
            .expect("starts");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        let end = match output.status.code() {
            Some(0) => "done",
            Some(6) if err.contains("no more memory") => "status 6, an allocation",
            Some(6) if !err.is_empty() => "status 6, beforehand or a thread",
            _ => panic!("{kind} {limit} KiB: {:?} {err}", output.status),
        };
        *ends.entry(end).or_default() += 1;
        let now = contents(&results);
        let left: Vec<_> = now.keys().filter(|path| !before.contains_key(*path)).collect();
        assert!(
            left.iter().all(|path| path.starts_with(".rollcall-work") || path.starts_with(STAGES)),
            "{limit}: {left:?}"
        );
        assert!(before.iter().all(|(path, bytes)| now.get(path) == Some(bytes)), "{kind} {limit} KiB: another run");
    }
    check(&["-q", "run", argument(&study), "--out", argument(&results)], 0);
    assert!(contents(&results) == before, "leftovers changed the next run");
    ends
}

#[test]
#[cfg(target_os = "linux")]
fn a_run_that_gets_no_memory_is_status_6_and_the_earlier_run_stands() {
    let sizes = [64, 128, 256, 300, 330, 360, 400, 2_000].into_iter();
    let ends = starve("300", sizes.flat_map(|mebibytes| [("-v", mebibytes << 10), ("-d", mebibytes << 10)]));
    let of_6 = ends.iter().filter(|(end, _)| end.starts_with("status 6")).map(|(_, times)| times).sum::<u64>();
    assert!(of_6 >= 3 && ends["done"] >= 2, "{ends:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_run_for_which_the_system_allows_too_little_is_refused_before_it_begins() {
    // Of text tables: for a Parquet footer a thread needs more than is allowed here.
    let folder = tempfile::tempdir().expect("folder");
    let study = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/village/study.toml");
    let results = folder.path().join("results");
    let script = "ulimit -d 131072; exec \"$0\" -q run \"$1\" --out \"$2\"";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_rollcall"), argument(&study), argument(&results)])
        .output()
        .expect("starts");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(6), "{err}");
    assert!(err.contains("128 MiB are allowed") && err.contains("--memory"), "{err}");
    assert!(!results.exists());
}

#[test]
#[ignore = "takes minutes: cargo test --release --test it many_limits -- --ignored --nocapture"]
#[cfg(target_os = "linux")]
fn many_limits_of_memory() {
    for (kind, from, to) in [("-v", 40, 600), ("-d", 8, 400)] {
        println!(
            "ulimit {kind}: {:?}",
            starve("20000", (from..to).step_by(2).map(|mebibytes| (kind, mebibytes << 10)))
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_run_that_may_hold_less_than_it_needs_works_over_a_file_and_gives_the_same_bytes() {
    let folder = tempfile::tempdir().expect("folder");
    check(&["-q", "synth", argument(folder.path()), "--persons", "8000", "--seed", "7"], 0);
    let study = folder.path().join("study.toml");
    let (free, bound) = (folder.path().join("free"), folder.path().join("bound"));
    let said = |arguments: &[&str], out: &Path| {
        let (_, err) = check(&[arguments, &["-v", "run", argument(&study), "--out", argument(out)]].concat(), 0);
        err.lines().find(|line| line.contains("lay in the file")).map(str::to_owned)
    };
    assert_eq!(said(&[], &free), None);
    for threads in ["1", "2"] {
        let in_file = said(&["--memory", "256MiB", "--threads", threads], &bound).expect("works over a file");
        let bytes = in_file.rsplit_once("bytes=").and_then(|(_, bytes)| bytes.trim().parse::<u64>().ok());
        assert!(bytes.is_some_and(|bytes| bytes > 4 << 20), "{in_file}");
        assert!(contents(&free) == contents(&bound), "another result with {threads} threads");
    }
}

/// In a space of its own, which ends with it, the folder of results is a disk of one MiB. Where the system allows no
/// such spaces, nothing is tested.
#[test]
#[cfg(target_os = "linux")]
fn a_disk_without_room_for_the_file_is_status_6() {
    if !Command::new("unshare")
        .args(["-rm", "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
    {
        println!("no spaces of their own here: not tested");
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    check(&["-q", "synth", argument(folder.path()), "--persons", "8000", "--seed", "7"], 0);
    let (study, results) = (folder.path().join("study.toml"), folder.path().join("results"));
    std::fs::create_dir(&results).expect("folder");
    let script =
        "mount -t tmpfs -o size=1m tmpfs \"$2\" && exec \"$0\" -q --threads 2 --memory 256MiB run \"$1\" --out \"$2\"";
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", script, env!("CARGO_BIN_EXE_rollcall"), argument(&study), argument(&results)])
        .output()
        .expect("starts");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(6), "{err}");
    assert!(err.contains("the disk has no room"), "{err}");
}

#[test]
fn surroundings_do_not_change_a_byte() {
    let folder = district();
    let study = folder.path().join("study.toml");
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    check(&["-q", "--threads", "1", "run", argument(&study), "--out", argument(&one)], 0);
    let status = Command::new(env!("CARGO_BIN_EXE_rollcall"))
        .args(["-q", "--threads", "7", "run", argument(&study), "--out", argument(&other)])
        .env_clear()
        .envs([("TZ", "Pacific/Apia"), ("LC_ALL", "tr_TR.UTF-8"), ("TMPDIR", "/nonexistent")])
        .stdout(Stdio::null())
        .status()
        .expect("starts");
    assert_eq!(status.code(), Some(0));
    assert!(contents(&one) == contents(&other));
    assert_eq!(rollcall(&["-q", "run", argument(&study), "--out", argument(&one)]).status.code(), Some(0));
    assert!(contents(&one) == contents(&other), "a second run into the same folder");
}

/// A full disk in the middle of an entry of the log: the command fails, and the results are as sound as before.
#[test]
#[cfg(unix)]
fn an_entry_that_the_disk_took_in_part_leaves_a_sound_log() {
    let folder = district();
    let results = folder.path().join("results");
    check(&["-q", "run", argument(&folder.path().join("study.toml")), "--out", argument(&results)], 0);
    let log = results.join(rollcall::audit::log::LOG);
    let before = std::fs::read(&log).unwrap();
    // No file may grow beyond some bytes more than the log has; the entry of a purge names a dozen files.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" -q purge \"$1\" --reason x", before.len() / 1024 + 1);
    let output = Command::new("bash")
        .args(["-c", &script, env!("CARGO_BIN_EXE_rollcall"), argument(&results)])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read(&log).unwrap(), before);
    check(&["verify", argument(&results)], 0);
}

/// An abort that is not for want of memory ends the program, also one that somebody else asks for.
#[test]
#[cfg(target_os = "linux")]
fn an_abort_from_outside_ends_the_program() {
    use std::os::unix::process::ExitStatusExt;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("district");
    let mut child = Command::new(env!("CARGO_BIN_EXE_rollcall"))
        .args(["-q", "synth", argument(&place), "--persons", "200000"])
        .spawn()
        .unwrap();
    while !place.exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-ABRT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().signal(), Some(6));
}
