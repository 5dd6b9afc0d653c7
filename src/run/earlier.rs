//! May this folder hold the run's results?
//!
//! Takes a study and a folder, refuses one that holds a run of another study or somebody else's files.

use std::path::{Path, PathBuf};

use crate::audit::checkpoint::CHECKPOINT;
use crate::audit::log::{self, LOG};
use crate::audit::manifest::{MANIFEST, Manifest};
use crate::audit::publication::{BESIDE, Publication};
use crate::audit::stage;
use crate::error::{Error, Kind, Result};
use crate::intake::study::Study;
use crate::linkage::model::file::MODEL;
use crate::outcome::coverage::{COVERAGE, ESTIMATES};
use crate::outcome::files;
use crate::outcome::report::{self, cases::table as case_table};

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

/// Removes the run of this study file from a folder, with its log and all that came of it.
///
/// # Errors
/// A usage error if the folder holds anything else: then nothing is removed. An environment error if a file cannot be
/// removed.
pub fn forget(study: &Path, out: &Path) -> Result<()> {
    let io = |error: std::io::Error| Error::io(out, &error);
    if out.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Ok(());
    }
    // Nobody writes into the folder meanwhile.
    let publication = Publication::begin(out)?;
    let names = std::fs::read_dir(out).map_err(io)?.filter_map(std::result::Result::ok);
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    let is_own = |name: &String| name == MANIFEST || OWN_FILES.contains(&name.as_str());
    if !names.iter().all(is_own) || (!names.is_empty() && !is_run_of(study, out)) {
        let what = "the folder holds something else than the results of this study";
        return Err(Error::new(Kind::Usage, what).at_file(out).hint("name another folder with --out"));
    }
    publication.forget_stages()?;
    // Without the manifest it is no finished run, and without the log it is none at all: they go first and last.
    for name in [MANIFEST].into_iter().chain(OWN_FILES.into_iter().filter(|name| *name != LOG)).chain([LOG]) {
        let path = out.join(name);
        stage::remove(&path).map_err(|error| Error::io(&path, &error))?;
    }
    Ok(())
}

/// Does the log say that the last run in the folder was begun of this study file?
fn is_run_of(study: &Path, out: &Path) -> bool {
    let entries = log::read(out).unwrap_or_default();
    let Some(begin) = entries.iter().rfind(|entry| entry.action == "begin") else { return false };
    let path = |key: &str| begin.object[key].as_str().map(Path::new);
    let places = [path("study_from_results").map(|way| out.join(way)), path("study_file").map(Path::to_path_buf)];
    let is_it = |place: &PathBuf| {
        place.canonicalize().ok().is_some_and(|place| study.canonicalize().is_ok_and(|study| study == place))
    };
    places.iter().flatten().any(is_it)
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
    // Whoever forgot the area, or gave one by mistake, mends the study.
    if earlier.study.area != study.area && !earlier.study.area.is_empty() && !study.area.is_empty() {
        return Some(format!("its area is {}", earlier.study.area));
    }
    let lacks_roll = study.roll().is_some_and(|roll| !sources.contains(&study.sources[roll].name.as_str()));
    lacks_roll.then(|| format!("its sources are {}", sources.join(", ")))
}

/// A study that is named by its file or, as drafts are, by its folder alone is known by where that is, too: other
/// folders are called so.
fn other_nameless(out: &Path, study: &Study) -> Option<String> {
    let file = std::fs::canonicalize(&study.file).ok()?;
    let names = [file.file_stem(), file.parent().and_then(Path::file_name)];
    let is_named = !names.into_iter().flatten().any(|name| name.to_string_lossy() == study.name);
    if is_named || is_run_of(&file, out) {
        return None;
    }
    let entries = log::read_so_far(out).ok()?;
    let begin = entries.iter().rfind(|entry| entry.action == "begin")?;
    let earlier = Path::new(begin.object["study_file"].as_str()?);
    let other = std::fs::canonicalize(earlier).ok()? != file;
    other.then(|| format!("that of {}; a `name` of its own in [study] would tell them apart", earlier.display()))
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
    report::PAGE,
    report::follow_up::FOLDER,
    LOG,
    CHECKPOINT,
    // What came back from the field stays beside the run.
    BESIDE,
];
