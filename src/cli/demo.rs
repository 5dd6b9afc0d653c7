//! What does a newcomer see first?
//!
//! A synthetic district with known truth in `DIR/district`, its cross-check in `DIR/results`, and what was found held
//! against the truth. A folder that is not a demo's is left alone.

use std::path::Path;
use std::process::ExitCode;

use super::args::{Demo, Evaluate, ResultFormat};
use super::screen::{Table, count, show};
use super::{evaluate, run, synth};
use crate::audit::publication;
use crate::error::{Error, Kind, Result};
use crate::intake::study;
use crate::memory::plan::Allowance;
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::quality::Quality;
use crate::progress::Progress;
use crate::run::Options;
use crate::synthetic::{self, Made, Plan};

/// Makes a district, cross-checks it, and holds what was found against the truth.
pub(super) fn demo(asked: &Demo, memory: Allowance, progress: &dyn Progress) -> Result<ExitCode> {
    let (district, results) = (asked.out.join("district"), asked.out.join("results"));
    publication::refuse_inside_any(&asked.out)?;
    refuse_unsaid(&asked.out)?;
    may_hold_demo(&asked.out, &district)?;
    // An earlier demo may have been of another district, whose run the corridor would rightly not replace; what came of
    // its cases is of no use to the new one.
    crate::run::forget(&district.join("study.toml"), &results)?;
    let plan = Plan { persons: asked.persons, seed: asked.seed, errors: 1.0, uneven: 0.0, progress };
    let made = synthetic::write_district(&district, &plan)?;
    let study = study::file::read(&made.study)?;
    let summary = crate::run::run(&study, &results, &Options { memory, ..Options::default() }, progress)?;
    let truth = district.join(synthetic::RECORDS_FILE);
    let held = Evaluate { run: results.clone(), truth, truth_persons: None, format: ResultFormat::Text };
    let quality = evaluate::judge(&held)?;
    show(&format!(
        "{}\n{}\n{}\n{}\n{}",
        synth::describe(&made),
        run::describe(&summary),
        evaluate::describe(&quality),
        planted(&made, &quality),
        run::places(&results)
    ))?;
    Ok(run::verdict(&summary))
}

/// What is made there is read at once, and files are read by names that can be said.
fn refuse_unsaid(out: &Path) -> Result<()> {
    if publication::resolved(out).is_none_or(|place| place.to_str().is_some()) {
        return Ok(());
    }
    let error = Error::new(Kind::Usage, "it, or a folder that it lies in, has a name that is not UTF-8").at_file(out);
    Err(error.hint("name another folder with --out"))
}

fn may_hold_demo(out: &Path, district: &Path) -> Result<()> {
    if synth::is_empty(out)? || synth::is_district(district) {
        return Ok(());
    }
    // A demo that was stopped while it made its district leaves that folder alone, with nothing whole in it.
    let mut entries = std::fs::read_dir(out).map_err(|error| Error::io(out, &error))?;
    let is_district = |entry: std::io::Result<std::fs::DirEntry>| entry.is_ok_and(|entry| entry.path() == district);
    if entries.all(is_district) && synth::is_empty(district)? {
        return Ok(());
    }
    let what = "the folder is not empty and holds no demo";
    Err(Error::new(Kind::Usage, what).at_file(out).hint("name a new or empty folder with --out"))
}

/// Kinds of discrepancies, and what was planted that should be found as such.
const PLANTED: [(&str, &[&str]); 3] = [
    ("duplicate_enumeration", &["duplicate_person", "duplicate_household_member"]),
    ("dead_before_reference", &["dead_enumerated"]),
    ("born_after_reference", &["unborn_enumerated"]),
];

/// What was planted in the district, beside what was listed of that kind.
fn planted(made: &Made, quality: &Quality) -> String {
    let listed = |kind: &str| quality.discrepancies.get(kind).map_or(0, |number| number.listed);
    let mut table = Table::new(&["planted in the district", "planted", "listed"]);
    let missed_kinds = DiscrepancyKind::ALL.into_iter().filter(|kind| kind.is_missed());
    let missed: u64 = missed_kinds.map(|kind| listed(kind.name())).sum();
    table.row(vec![String::from("missed, in a register"), count(made.missed_in_register), count(missed)]);
    for (kind, planted) in PLANTED {
        let planted: u64 = planted.iter().filter_map(|what| made.planted.get(*what)).sum();
        table.row(vec![kind.replace('_', " "), count(planted), count(listed(kind))]);
    }
    table.text()
}
