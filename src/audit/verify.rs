//! Do outputs, inputs, study and log belong together, and was nothing altered?
//!
//! Takes the folder of a run, gives what was checked, or the first thing that is wrong: the log's chain, the signature,
//! the manifest against the log, every output, files that no run wrote, the counts, the study file, every input.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::checkpoint::{self, CHECKPOINT, Checkpoint};
use super::located;
use super::log::{self, LOG};
use super::manifest::{self, MANIFEST, Manifest};
use super::publication::{self, BESIDE, BETWEEN_TRIES, LOCK_WAIT, READY, SAMPLE_FILES};
use super::vouched::Vouched;
use crate::digest;
use crate::error::{Error, Kind, Result};

/// What was found in order.
#[derive(Debug)]
pub struct Verified {
    /// The manifest.
    pub manifest: Manifest,
    /// Entries of the log.
    pub entries: u64,
    /// The checkpoint, if the log is signed.
    pub checkpoint: Option<Checkpoint>,
    /// Entries behind the signature: of commands that were stopped before they signed, or of anybody.
    pub unsigned: u64,
    /// Entries that were behind a signature and that its holder has disowned since.
    pub disowned: u64,
    /// Visits that the run was asked for, to repeat it.
    pub visits: Option<u64>,
    /// Outputs that were removed by a purge.
    pub purged: u64,
    /// Were the inputs and the study file checked, too?
    pub inputs: bool,
}

/// What is to be checked.
#[derive(Debug, Clone, Default)]
pub struct Asked<'a> {
    /// The public key that must have signed the log.
    pub public_key: Option<&'a str>,
    /// Leave out the study file and the inputs: the folder was handed on without them.
    pub outputs_only: bool,
}

/// Recomputes everything.
///
/// # Errors
/// A verification error that names the first thing that is wrong.
pub fn verify(folder: &Path, asked: &Asked<'_>) -> Result<Verified> {
    let entries = log::read(folder).map_err(missing_is_wrong)?;
    let checkpoint = checkpoint::check(folder, &entries, asked.public_key)?;
    let path = folder.join(MANIFEST);
    let no_seal = || no_seal(folder, &entries);
    if !entries.iter().any(|entry| entry.action == "seal") {
        return Err(no_seal());
    }
    let vouched = Vouched::of(&entries, checkpoint.as_ref());
    let Standing { sealed, manifest } = standing(folder, &entries, &vouched)?;
    // Before the seal stand the four entries of its run.
    let actions = ["begin", "read", "count", "write", "seal"];
    let run =
        (sealed + 1).checked_sub(actions.len()).and_then(|first| entries.get(first..=sealed)).ok_or_else(no_seal)?;
    if !run.iter().zip(actions).all(|(entry, action)| entry.action == action) {
        return Err(no_seal());
    }
    let [begin, read, count, write, _] = run else { return Err(no_seal()) };
    let logged = [
        ("inputs and sources", &read.object, json!({ "inputs": manifest.inputs, "sources": manifest.sources })),
        ("counts", &count.object, json!(manifest.counts)),
        ("outputs", &write.object, json!({ "outputs": manifest.outputs })),
        ("study", &begin.object["study_digest"], json!(manifest.study.digest)),
    ];
    for (what, logged, sealed) in logged {
        if *logged != sealed {
            let what = format!("manifest and log do not have the same {what}");
            return Err(Error::new(Kind::Verification, what).at_file(&path));
        }
    }
    let removed = Removed::of(&entries, &vouched, sealed);
    outputs(folder, &manifest, &removed)?;
    if let Some(wrong) = manifest.check().first() {
        return Err(Error::new(Kind::Verification, format!("the counts do not add up: {wrong}")).at_file(&path));
    }
    if !asked.outputs_only {
        let located = located::locate(folder, manifest.clone())?;
        same(&located.study.file, &located.study.digest, "the study file")?;
        for input in &located.inputs {
            same(&input.file, &input.digest, "the input")?;
        }
    }
    let visits = begin.object.get("visits").and_then(Value::as_u64);
    let purged = manifest.outputs.iter().filter(|output| removed.holds(&output.file)).count() as u64;
    let (unsigned, disowned) = (vouched.unsigned(), vouched.disowned());
    let (entries, inputs) = (entries.len() as u64, !asked.outputs_only);
    Ok(Verified { manifest, entries, checkpoint, unsigned, disowned, visits, purged, inputs })
}

/// Like [`verify`], for whoever does not hold the folder: a run may be put in place meanwhile, and for that moment its
/// files, log and signature do not belong together. That is no finding: it is waited for, and if it takes longer, said
/// as what it is. What is wrong beside a run that still computes is wrong.
///
/// # Errors
/// As [`verify`]; an environment error if a run is being put in place.
pub fn verify_beside(folder: &Path, asked: &Asked<'_>) -> Result<Verified> {
    let facts =
        |name: &str| std::fs::metadata(folder.join(name)).ok().map(|facts| (facts.len(), facts.modified().ok()));
    let stamp = || [LOG, MANIFEST, CHECKPOINT].map(facts);
    let mut tries = LOCK_WAIT.as_millis() / BETWEEN_TRIES.as_millis();
    loop {
        let before = stamp();
        let verified = verify(folder, asked);
        let is_wrong = verified.as_ref().is_err_and(|error| matches!(error.kind(), Kind::Verification | Kind::Input));
        // A run may have been put in place, and its program have ended, while files were read.
        if !is_wrong || (stamp() == before && !publication::is_held(folder)) {
            return verified;
        }
        if tries == 0 {
            if !folder.join(READY).is_dir() {
                return verified;
            }
            let error = Error::new(Kind::Environment, "a run is being put in place in this folder").at_file(folder);
            return Err(error.hint("verify it again when that is done"));
        }
        tries -= 1;
        std::thread::sleep(BETWEEN_TRIES);
    }
}

/// The results of a folder, and the entry of the log that seals them.
pub(super) struct Standing {
    sealed: usize,
    manifest: Manifest,
}

/// Which entry seals the results that stand? The same study and inputs give the same manifest, so there may be several:
/// none before the last that was published, none that nobody has signed where the log is signed, and rather one with
/// which the folder agrees on what a purge has removed since.
///
/// # Errors
/// A verification error if there is none, or if a later run was put in place.
pub(super) fn standing(folder: &Path, entries: &[log::Entry], vouched: &Vouched) -> Result<Standing> {
    let path = folder.join(MANIFEST);
    manifest::check_file(&path).map_err(missing_is_wrong)?;
    let text = std::fs::read(&path).map_err(|error| missing_is_wrong(Error::io(&path, &error)))?;
    let this = json!({ "manifest_digest": digest::of(&text) });
    let of_this = |at: &usize| {
        !vouched.is_disowned(*at)
            && entries.get(*at).is_some_and(|entry| entry.action == "seal" && entry.object == this)
    };
    let mut seals: Vec<usize> = (0..entries.len()).filter(of_this).collect();
    if seals.is_empty() {
        return Err(Error::new(Kind::Verification, "this is not the manifest that was sealed").at_file(&path));
    }
    let is_published = |at: &usize| {
        let mut after = entries.iter().skip(at + 1).map(|entry| entry.action.as_str());
        after.find(|action| ["begin", "publish"].contains(action)) == Some("publish")
    };
    seals.drain(..seals.iter().rposition(is_published).unwrap_or(0));
    seals.retain(|at| vouched.counts(*at));
    let manifest = Manifest::read(folder)?;
    let agrees = |at: &&usize| {
        let removed = Removed::of(entries, vouched, **at);
        let is_there = |name: &str| std::fs::symlink_metadata(folder.join(name)).is_ok();
        manifest.outputs.iter().all(|output| is_there(&output.file) != removed.holds(&output.file))
    };
    match seals.iter().rfind(agrees).or(seals.last()) {
        Some(sealed) => {
            check_last(folder, entries, vouched, *sealed)?;
            Ok(Standing { sealed: *sealed, manifest })
        }
        None => {
            let what = "the results that stand here were sealed after the log was signed: nobody vouches for them";
            let error = Error::new(Kind::Verification, what).at_file(&folder.join(CHECKPOINT));
            Err(error.hint("was a run stopped before it signed? then run the study again with --sign-key"))
        }
    }
}

/// After the seal of the results that stand comes what was done with them, and runs that did not get as far as changing
/// the folder: killed or refused, some of them after their own seal.
fn check_last(folder: &Path, entries: &[log::Entry], vouched: &Vouched, sealed: usize) -> Result<()> {
    let mut is_sealed_anew = false;
    for (_, entry) in entries.iter().enumerate().skip(sealed + 1).filter(|(at, _)| !vouched.is_disowned(*at)) {
        match entry.action.as_str() {
            "sample"
            | "purge"
            | "send"
            | "rekey"
            | "recall"
            | "import"
            | "release"
            | "review-export"
            | "review-ask"
            | "review-import"
            | "review-decisions"
            | "recover"
            | log::DISOWN
            | "begin"
            | "read"
            | "count"
            | "write" => {}
            "seal" => is_sealed_anew = true,
            "publish" if is_sealed_anew => {
                let what = "a later run was put in place of this one: these are the results of an earlier run";
                return Err(Error::new(Kind::Verification, what).at_file(&folder.join(MANIFEST)));
            }
            "publish" => {}
            _ => return Err(no_seal(folder, entries)),
        }
    }
    Ok(())
}

fn no_seal(folder: &Path, entries: &[log::Entry]) -> Error {
    let what = "the log does not end with a seal: entries were removed, or a run did not finish";
    Error::new(Kind::Verification, what).at_file(&folder.join(LOG)).at_row(entries.len() as u64)
}

/// What a purge removed after this seal, as the log says in entries that count.
#[derive(Default)]
struct Removed<'e> {
    files: BTreeSet<&'e str>,
    /// The digests of the selections that were drawn since.
    drawn: BTreeSet<&'e str>,
}

impl<'e> Removed<'e> {
    fn of(entries: &'e [log::Entry], vouched: &Vouched, sealed: usize) -> Removed<'e> {
        let mut removed = Removed::default();
        for (_, entry) in entries.iter().enumerate().skip(sealed).filter(|(at, _)| vouched.counts(*at)) {
            match entry.action.as_str() {
                "purge" => {
                    let files = entry.object["files"].as_array().into_iter().flatten();
                    removed.files.extend(files.filter_map(|file| file.get("file")?.as_str()));
                    removed.drawn.clear();
                }
                // The entry of a sheet that was read back draws nothing.
                "sample" if entry.object.get("design_digest").is_some() => {
                    removed.drawn.extend(entry.object["selection_digest"].as_str());
                }
                _ => {}
            }
        }
        removed
    }

    fn holds(&self, name: &str) -> bool {
        self.files.contains(name)
    }

    /// Refuses a folder in which one of the files lies again. A sample that is drawn anew may lie where one was
    /// removed: it is known by its selection.
    fn none_returned(&self, folder: &Path) -> Result<()> {
        let beside = folder.join(BESIDE);
        let is_drawn = |path: &Path| {
            let is_of_sample = path.starts_with(&beside) && SAMPLE_FILES.iter().any(|own| path.ends_with(own));
            let digest = |path: &Path| manifest::digest_of(&path.with_file_name(SAMPLE_FILES[0]));
            is_of_sample && digest(path).is_ok_and(|digest| self.drawn.contains(digest.as_str()))
        };
        let mut paths = self.files.iter().map(|name| folder.join(name));
        let is_back = |path: &PathBuf| std::fs::symlink_metadata(path).is_ok() && !is_drawn(path);
        let Some(path) = paths.find(is_back) else { return Ok(()) };
        let error = Error::new(Kind::Verification, "the log says that this file was removed").at_file(&path);
        Err(error.hint("`rollcall purge` removes it again"))
    }
}

/// Refuses a folder in which lists or a store of cases lie again that were purged: a run replaces outputs, but not
/// these, and would pass them for its own.
///
/// # Errors
/// A verification error that names the file.
pub fn refuse_returned(folder: &Path) -> Result<()> {
    // What is wrong with the log is said when the run opens it; results that are not the log's are replaced.
    let Ok(entries) = log::read_so_far(folder) else { return Ok(()) };
    let Ok(checkpoint) = checkpoint::check(folder, &entries, None) else { return Ok(()) };
    let vouched = Vouched::of(&entries, checkpoint.as_ref());
    let Ok(Standing { sealed, .. }) = standing(folder, &entries, &vouched) else { return Ok(()) };
    let mut removed = Removed::of(&entries, &vouched, sealed);
    removed.files.retain(|name| Path::new(name).starts_with(BESIDE));
    removed.none_returned(folder)
}

/// Is every output what was written, and is there nothing else?
fn outputs(folder: &Path, manifest: &Manifest, removed: &Removed<'_>) -> Result<()> {
    // Not outputs alone: the store of cases and the lists that were made from it, too.
    removed.none_returned(folder)?;
    for output in &manifest.outputs {
        if removed.holds(&output.file) {
            continue;
        }
        let found = manifest::describe(folder, &output.file, output.rows).map_err(missing_is_wrong)?;
        if found != *output {
            let what = "the output was altered after the run";
            return Err(Error::new(Kind::Verification, what).at_file(&folder.join(&output.file)));
        }
    }
    match strangers(folder, manifest)?.first() {
        None => Ok(()),
        Some(name) => Err(Error::new(Kind::Verification, "no run wrote this file").at_file(&folder.join(name))),
    }
}

/// The files in the folder of a run that no run wrote, with `/`, sorted; casework is not looked at.
pub(super) fn strangers(folder: &Path, manifest: &Manifest) -> Result<Vec<String>> {
    let mut known: BTreeSet<&str> = manifest.outputs.iter().map(|output| output.file.as_str()).collect();
    known.extend([LOG, CHECKPOINT, MANIFEST]);
    let mut found = Vec::new();
    list(folder, "", &mut found)?;
    found.retain(|name| !known.contains(name.as_str()));
    found.sort_unstable();
    Ok(found)
}

/// All files below a folder with `/`, hidden ones left out.
fn list(folder: &Path, below: &str, found: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(|error| Error::io(folder, &error))? {
        let entry = entry.map_err(|error| Error::io(folder, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // What comes back from the field is no output of a run, and has a history of its own.
        if name.starts_with('.') || (below.is_empty() && name == BESIDE) {
            continue;
        }
        // A link is no folder of a run, wherever it leads.
        if entry.file_type().map_err(|error| Error::io(folder, &error))?.is_dir() {
            list(&entry.path(), &format!("{below}{name}/"), found)?;
        } else {
            found.push(format!("{below}{name}"));
        }
    }
    Ok(())
}

fn same(path: &Path, digest: &str, what: &str) -> Result<()> {
    if manifest::digest_of(path).map_err(missing_is_wrong)? == digest {
        return Ok(());
    }
    let error = Error::new(Kind::Verification, format!("{what} is not what the run read")).at_file(path);
    Err(error.hint("`--outputs-only` checks a folder that was handed on without its inputs"))
}

/// To the one who verifies, a file that is gone is a finding, not a mistake of the command.
fn missing_is_wrong(error: Error) -> Error {
    if error.kind() != Kind::Input {
        return error;
    }
    let wrong = Error::new(Kind::Verification, "the file is missing");
    match &error.place().file {
        Some(file) => wrong.at_file(file),
        None => wrong,
    }
}
