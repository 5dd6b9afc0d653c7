//! How do the personal data of a run end, and what proves it?
//!
//! Takes the folder of a run and which of its files are personal, gives what was removed. The log says it first, with
//! the digest of every file; then the files go. Killed in between, the next purge goes on. A digest proves which file
//! it was and gives nothing of it away. Nothing is overwritten: on a solid-state disk that would prove nothing; keep
//! results on an encrypted disk, and see to copies and backups, of which this program knows nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::json;

use super::checkpoint::{self, CHECKPOINT};
use super::log::{self, LOG};
use super::manifest::{self, MANIFEST, Manifest, OutputEntry};
use super::publication::{AGAIN, Publication, READY, WORK};
use super::stage::STAGES;
use super::{verify, vouched};
use crate::error::{Error, Kind, Result};

/// Who asks for it, and why.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Who, for the log.
    pub actor: Option<String>,
    /// Why, for the log.
    pub reason: String,
    /// Only if the run is at least so many days old.
    pub older_than: Option<u32>,
    /// The key file that signs the log's new end.
    pub sign_key: Option<PathBuf>,
}

impl Order {
    fn actor(&self) -> &str {
        self.actor.as_deref().unwrap_or(log::NOBODY_NAMED)
    }
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purged {
    /// These files; and the names of those in the folder that no run wrote, which stay.
    Removed(Vec<OutputEntry>, Vec<String>),
    /// What a run that never was whole had left: these hidden folders.
    Leftovers(Vec<String>),
    /// Nothing: the run is only so many days old.
    TooYoung(i64),
}

/// Removes files of a run: the outputs that `is_personal` names, and all that lies in `folders`. Of a run that never
/// was whole, all that it left.
///
/// # Errors
/// An input error if there is no run, or files without their manifest; a usage error if its log is signed and no key is
/// named; a verification error if its log was altered or the results are not those that the key has signed; an
/// environment error if the log cannot be written (then nothing is removed) or a file not be removed (then the next
/// purge goes on).
pub fn purge(folder: &Path, is_personal: impl Fn(&str) -> bool, folders: &[&str], order: &Order) -> Result<Purged> {
    let left = leftovers(folder)?;
    if let Some(key) = &order.sign_key {
        checkpoint::check_key(key)?;
    }
    // Nobody writes into the folder meanwhile.
    let publication = Publication::begin(folder)?;
    if let Some(days) = order.older_than {
        let age = age_in_days(folder)?;
        if age < i64::from(days) {
            return Ok(Purged::TooYoung(age));
        }
    }
    publication.forget_stages()?;
    // One that was whole has been put in place just now.
    if !folder.join(MANIFEST).is_file() {
        return end_unfinished(&publication, left, order);
    }
    let manifest = Manifest::read(folder)?;
    let outputs = manifest.outputs.iter().map(|output| output.file.clone());
    let mut names: BTreeSet<String> = outputs.filter(|name| is_inside(name) && is_personal(name)).collect();
    folders.iter().try_for_each(|name| below(folder, name, &mut names))?;
    let there = names.iter().filter(|name| folder.join(name).is_file());
    let files = there.map(|name| manifest::describe(folder, name, None)).collect::<Result<Vec<OutputEntry>>>()?;
    if !files.is_empty() || order.sign_key.is_some() {
        let mut log = vouched::open(&publication, order.actor(), order.sign_key.as_deref(), "the purge")?;
        if !files.is_empty() {
            log.add("purge", json!({ "reason": order.reason, "files": files }))?;
        }
        log.sign(order.sign_key.as_deref())?;
    }
    let mut folders = BTreeSet::new();
    for file in &files {
        let path = folder.join(&file.file);
        fs::remove_file(&path).map_err(|error| Error::io(&path, &error))?;
        folders.extend(path.ancestors().skip(1).take_while(|above| *above != folder).map(Path::to_path_buf));
    }
    // The deepest first; one that still holds something stays.
    for emptied in folders.iter().rev() {
        let _ = fs::remove_dir(emptied);
    }
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Error::io(folder, &error))?;
    Ok(Purged::Removed(files, verify::strangers(folder, &manifest)?))
}

/// The hidden folders that a run left which was killed or failed.
///
/// # Errors
/// An input error if there is no run in the folder, finished or not.
fn leftovers(folder: &Path) -> Result<Vec<String>> {
    let none = || Error::input("there is no run in this folder").at_file(folder);
    let entries = fs::read_dir(folder).map_err(|_| none())?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_left = |name: &String| [WORK, READY, STAGES].contains(&name.as_str()) || name.starts_with(AGAIN);
    let mut left: Vec<String> = names.filter(is_left).collect();
    left.sort();
    if left.is_empty() && !folder.join(MANIFEST).is_file() && !folder.join(LOG).is_file() {
        return Err(none().hint("name the folder that `rollcall run` was given with --out"));
    }
    Ok(left)
}

/// Ends a run that never was whole. Whoever holds the folder clears what such a run was writing; the log says that it
/// was done, and why.
fn end_unfinished(held: &Publication, left: Vec<String>, order: &Order) -> Result<Purged> {
    let folder = held.folder();
    let names = fs::read_dir(folder).map_err(|error| Error::io(folder, &error))?;
    let is_file_of_run = |name: &std::ffi::OsString| {
        !name.to_string_lossy().starts_with('.') && ![LOG, CHECKPOINT].iter().any(|own| name == own)
    };
    if names.filter_map(|entry| Some(entry.ok()?.file_name())).any(|name| is_file_of_run(&name)) {
        let error = Error::input("the manifest is missing: which of the files here a run wrote is not known");
        let hint = "put the manifest back, or remove the files by hand; what an unfinished run had left is gone";
        return Err(error.at_file(&folder.join(MANIFEST)).hint(hint));
    }
    if !left.is_empty() {
        let mut log = vouched::renew(held, order.actor(), order.sign_key.as_deref())?;
        log.add("purge", json!({ "reason": order.reason, "files": [], "unfinished": left }))?;
        log.sign(order.sign_key.as_deref())?;
    }
    Ok(Purged::Leftovers(left))
}

/// Says so if an output is not there because it was removed with the personal data of the run.
///
/// # Errors
/// An input error if it was, with the day; a verification error if the log was altered.
pub fn check_not_purged(folder: &Path, output: &str) -> Result<()> {
    if folder.join(output).exists() || !folder.join(LOG).exists() {
        return Ok(());
    }
    let is_it = |file: &serde_json::Value| file["file"].as_str() == Some(output);
    let went = |entry: &&log::Entry| {
        entry.action == "purge" && entry.object["files"].as_array().is_some_and(|files| files.iter().any(is_it))
    };
    let entries = vouched::entries(folder)?;
    let Some(entry) = entries.iter().rfind(went) else { return Ok(()) };
    let day = entry.time.get(..10).unwrap_or_default();
    let what = format!("the personal data of this run were removed on {day} (`rollcall purge`), {output} with them");
    Err(Error::input(what).at_file(folder).hint("run the study again to have it anew: `rollcall run STUDY --out DIR`"))
}

/// Does the name lead to a file below the folder, whatever a forged manifest says?
fn is_inside(name: &str) -> bool {
    Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Days since the last run in this folder was sealed, or was seen at work if none ever was.
///
/// # Errors
/// A verification error if the log does not say it; an environment error if that day is still to come.
fn age_in_days(folder: &Path) -> Result<i64> {
    let entries = vouched::entries(folder)?;
    let unknown = || {
        let error = Error::new(Kind::Verification, "the log does not say when the run was sealed");
        error.at_file(&folder.join(LOG))
    };
    let sealed = entries.iter().rfind(|entry| entry.action == "seal");
    let last = sealed.or_else(|| entries.last().filter(|_| !folder.join(MANIFEST).exists())).ok_or_else(unknown)?;
    let time: jiff::Timestamp = last.time.parse().map_err(|_| unknown())?;
    days_between(time, jiff::Timestamp::now())
}

fn days_between(sealed: jiff::Timestamp, now: jiff::Timestamp) -> Result<i64> {
    // Less than a day is the difference of two machines' clocks.
    let days = now.duration_since(sealed).as_secs() / 86_400;
    if days < 0 {
        let what = format!("the run is dated {} days after today: how old it is cannot be told", -days);
        return Err(Error::new(Kind::Environment, what).hint("set the clock of this machine right"));
    }
    Ok(days)
}

/// The files below a folder of the run, with `/`.
fn below(run: &Path, name: &str, names: &mut BTreeSet<String>) -> Result<()> {
    let folder = run.join(name);
    if !fs::symlink_metadata(&folder).is_ok_and(|facts| facts.is_dir()) {
        return Ok(());
    }
    for entry in fs::read_dir(&folder).map_err(|error| Error::io(&folder, &error))? {
        let entry = entry.map_err(|error| Error::io(&folder, &error))?;
        let Ok(last) = entry.file_name().into_string() else {
            let error = Error::input("the name of this file is no text, so that the log cannot hold it");
            return Err(error.at_file(&entry.path()).hint("remove it by hand, then purge again"));
        };
        let name = format!("{name}/{last}");
        if entry.file_type().map_err(|error| Error::io(&folder, &error))?.is_dir() {
            below(run, &name, names)?;
        } else {
            names.insert(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::days_between;
    use crate::error::Kind;

    #[test]
    fn a_run_of_a_day_to_come_has_no_age() {
        let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        let sealed = time("2020-11-03T12:00:00Z");
        for (now, days) in [
            ("2020-11-03T12:00:00Z", Some(0)),
            ("2020-12-03T11:59:59Z", Some(29)),
            ("2020-12-03T12:00:00Z", Some(30)),
            ("2020-11-03T11:50:00Z", Some(0)),
            ("2020-11-02T11:00:00Z", None),
            ("2010-11-06T00:00:00Z", None),
        ] {
            let found = days_between(sealed, time(now));
            assert_eq!(found.as_ref().ok().copied(), days, "{now}");
            assert!(found.err().is_none_or(|error| error.kind() == Kind::Environment), "{now}");
        }
    }
}
