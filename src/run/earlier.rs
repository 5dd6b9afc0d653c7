//! May this folder hold the run's results?
//!
//! Takes a study and a folder, refuses one that holds a run of another study or somebody else's files.

use std::path::Path;

use crate::audit::checkpoint::CHECKPOINT;
use crate::audit::log::{self, LOG};
use crate::audit::manifest::{MANIFEST, Manifest};
use crate::error::{Error, Kind, Result};
use crate::intake::study::Study;
use crate::linkage::model::file::MODEL;
use crate::outcome::coverage::{COVERAGE, ESTIMATES};
use crate::outcome::files;
use crate::outcome::report::cases::table as case_table;

/// Checks that what is in the folder, if anything, is an earlier run of the same study.
pub(super) fn prepare(study: &Study, out: &Path) -> Result<()> {
    let io = |error: std::io::Error| Error::io(out, &error);
    if out.join(MANIFEST).exists() {
        let earlier = Manifest::read(out)?;
        if let Some(what) = other_study(&earlier, study).or_else(|| other_nameless(out, study)) {
            let what = format!("the folder holds a run of another study: {what}");
            return Err(Error::new(Kind::Usage, what).at_file(out).hint("name another folder with --out"));
        }
        return Ok(());
    }
    // A run that was interrupted has begun its log; without one, files of our names are somebody else's.
    let has_log = log::read_so_far(out).is_ok_and(|entries| !entries.is_empty());
    let own = |name: &str| if has_log { OWN_FILES.contains(&name) } else { name == LOG };
    let foreign = std::fs::read_dir(out).map_err(io)?.filter_map(std::result::Result::ok).any(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        !own(&name) && !name.starts_with('.')
    });
    if foreign {
        let what = "the folder is not empty and holds no run";
        return Err(Error::new(Kind::Usage, what).at_file(out).hint("name a new or empty folder with --out"));
    }
    Ok(())
}

/// By what a run is of another study, if it is: fresh extracts of the same sources, other rules and decisions are not.
fn other_study(earlier: &Manifest, study: &Study) -> Option<String> {
    let sources: Vec<&str> = earlier.sources.iter().map(|source| source.source.as_str()).collect();
    if earlier.study.name != study.name {
        return Some(format!("its name is '{}'", earlier.study.name));
    }
    if earlier.study.reference_time != study.reference.text {
        return Some(format!("its reference time is {}", earlier.study.reference_time));
    }
    if earlier.study.area != study.area && !earlier.study.area.is_empty() && !study.area.is_empty() {
        return Some(format!("its area is {}", earlier.study.area));
    }
    let lacks_roll = study.roll().is_some_and(|roll| !sources.contains(&study.sources[roll].name.as_str()));
    lacks_roll.then(|| format!("its sources are {}", sources.join(", ")))
}

/// A study that is named by its file alone is known by where that is, too.
fn other_nameless(out: &Path, study: &Study) -> Option<String> {
    let is_named = study.file.file_stem().is_none_or(|stem| stem.to_string_lossy() != study.name);
    if is_named {
        return None;
    }
    let entries = log::read_so_far(out).ok()?;
    let begin = entries.iter().rfind(|entry| entry.action == "begin")?;
    let earlier = Path::new(begin.object["study_file"].as_str()?);
    let other = std::fs::canonicalize(earlier).ok()? != std::fs::canonicalize(&study.file).ok()?;
    other.then(|| format!("that of {}; a `name` in [study] would tell them apart", earlier.display()))
}

/// What an interrupted run may have left.
const OWN_FILES: [&str; 13] = [
    ESTIMATES,
    files::LINKS,
    files::PERSONS,
    files::DISCREPANCIES,
    files::REJECTED,
    case_table::CASES,
    COVERAGE,
    MODEL,
    "report.html",
    "follow-up",
    LOG,
    CHECKPOINT,
    // What came back from the field stays beside the run.
    "casework",
];
