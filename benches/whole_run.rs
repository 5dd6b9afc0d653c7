//! What does a whole run cost, and how does the cost grow?
//!
//! Takes sizes, gives records and pairs per second, processor time and peak memory of whole runs, each in a process of
//! its own: from Parquet to the last output. `cargo bench --bench whole_run -- persons 100k 1m` links two files of so
//! many made-up persons each by five loose rules (the study that peers are measured by); `-- district 60k 480k`
//! cross-checks a synthetic district of so many residents; `-- make persons 1m DIR` only makes the data. Without sizes:
//! a small one of each. Figures in docs/performance.md.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rollcall::intake::study;
use rollcall::progress::Silent;
use rollcall::run::{self, Options};
use rollcall::synthetic::{self, Plan};

mod persons;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["run", study] => measure(Path::new(study)),
        ["make", kind, size, folder] => make(kind, number(size)?, Path::new(folder)).map(|_| ()),
        [] => series("persons", &["20k"]).and_then(|()| series("district", &["6k"])),
        [kind, sizes @ ..] => series(kind, sizes),
    }
}

/// Makes data of each size, and measures a run of each in a process of its own.
fn series(kind: &str, sizes: &[&str]) -> Outcome<()> {
    say(&format!(
        "{:<10} {:>10} {:>10} {:>12} {:>8} {:>8} {:>12} {:>12} {:>9}",
        kind, "size", "records", "pairs", "wall s", "CPU s", "records/s", "pairs/s", "peak MiB"
    ));
    for size in sizes {
        let persons = number(size)?;
        let folder = tempfile::tempdir()?;
        let study = make(kind, persons, folder.path())?;
        let measured = Command::new(std::env::current_exe()?).arg("run").arg(&study).output()?;
        if !measured.status.success() {
            return Err(String::from_utf8_lossy(&measured.stderr).into_owned().into());
        }
        say(&format!("{:<10} {size:>10} {}", kind, String::from_utf8_lossy(&measured.stdout).trim_end()));
    }
    Ok(())
}

fn make(kind: &str, persons: usize, folder: &Path) -> Outcome<PathBuf> {
    std::fs::create_dir_all(folder)?;
    match kind {
        "persons" => persons::write(folder, persons, 7),
        "district" => {
            let plan = Plan { persons, seed: 7, errors: 1.0, uneven: 0.0, progress: &Silent };
            Ok(synthetic::write_district(folder, &plan)?.study)
        }
        _ => Err("first say `persons` or `district`, then sizes like 100k or 1m".into()),
    }
}

/// `100k` is a hundred thousand, `1m` a million.
fn number(text: &str) -> Outcome<usize> {
    let (digits, unit) = match text.strip_suffix('k') {
        Some(digits) => (digits, 1_000),
        None => text.strip_suffix('m').map_or((text, 1), |digits| (digits, 1_000_000)),
    };
    Ok(digits.parse::<usize>()? * unit)
}

/// Runs a study and says what it cost.
fn measure(path: &Path) -> Outcome<()> {
    let began = Instant::now();
    let study = study::file::read(path)?;
    let out = path.with_file_name("out");
    let summary = run::run(&study, &out, &Options::default(), &Silent)?;
    let wall = began.elapsed().as_secs_f64();
    let records: u64 = summary.manifest.sources.iter().map(|source| source.rows_in).sum();
    let pairs = summary.manifest.counts.get("candidate_pairs").copied().unwrap_or(0);
    let (processor, peak) = (processor_seconds().unwrap_or(f64::NAN), peak_mebibytes().unwrap_or(f64::NAN));
    say(&format!(
        "{records:>10} {pairs:>12} {wall:>8.2} {processor:>8.2} {:>12.0} {:>12.0} {peak:>9.0}",
        records as f64 / wall,
        pairs as f64 / wall
    ));
    Ok(())
}

/// User and system time of this process, as Linux counts it: in hundredths of a second.
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = text.rsplit(')').next()?.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

/// The most memory that this process has held.
fn peak_mebibytes() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

#[expect(clippy::print_stdout, reason = "what a benchmark measures is for people")]
fn say(line: &str) {
    println!("{line}");
}
