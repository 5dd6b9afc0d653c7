//! Who did what, and when, and can an entry be changed unseen?
//!
//! Takes the events of a run, gives `audit.jsonl`: one JSON object per line, each with the SHA-256 of the entry before
//! it (a plain hash chain, not a tree: a log has some ten entries per run and is always read whole, so that short
//! proofs of inclusion buy nothing, and one line is checked by eye and `sha256sum`). The log of a folder grows with
//! every run in it. This file alone holds the clock, the person and the program's digest; all others are free of them.
//!
//! An entry is synchronised to disk before what it announces happens: if the log cannot be written, the run stops.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::checkpoint;
use super::manifest::{self, MANIFEST, Manifest};
use super::publication::Publication;
use crate::digest;
use crate::error::{Error, Kind, Result};

/// Name of the log.
pub const LOG: &str = "audit.jsonl";

/// The entry that takes entries before it out of what the signature vouches for.
pub const DISOWN: &str = "disown";

/// Who did something, if nobody said.
pub const NOBODY_NAMED: &str = "unspecified";

/// What the first entry holds in place of an earlier entry's hash.
pub const NOTHING_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One entry. Its fields are written in this order and in no other form: a line is right only byte by byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its place in the log, from 0.
    pub entry: u64,
    /// When, in UTC.
    pub time: String,
    /// Who, as the command line said.
    pub actor: String,
    /// What: `begin`, `read`, `count`, `write`, `seal`, `publish`, `recover`, `sample`, `purge`, `send`, `rekey`,
    /// `recall`, `import`, `release`, `review-export`, `review-ask`, `review-import`, `review-decisions`, `disown`.
    pub action: String,
    /// With what: digests and counts; no personal value.
    pub object: Value,
    /// The hash of the entry before.
    pub previous: String,
    /// SHA-256 of a zero byte and this entry as JSON without this field.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hash: String,
}

impl Entry {
    /// The hash that its other fields give.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn own_hash(&self) -> Result<String> {
        let bare = Entry { hash: String::new(), ..self.clone() };
        Ok(digest::of(["\0", bare.line()?.as_str()].concat()))
    }

    /// As a line, without the line end.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn line(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|_| Error::new(Kind::Environment, "an entry of the log is no JSON"))
    }
}

/// Reads a log and checks every entry: its form, place, hash and the hash of the one before.
///
/// # Errors
/// A verification error at the first line that is not what was written; an input error if there is no log.
pub fn read(folder: &Path) -> Result<Vec<Entry>> {
    let path = folder.join(LOG);
    manifest::check_file(&path)?;
    let bytes = std::fs::read(&path).map_err(|error| Error::io(&path, &error))?;
    entries(&path, &bytes)
}

/// The same for whoever asks what became of the results: an entry at the end whose writing was cut off announced
/// nothing, and is left aside. The next one who writes drops it.
///
/// # Errors
/// As [`read`].
pub fn read_so_far(folder: &Path) -> Result<Vec<Entry>> {
    let path = folder.join(LOG);
    manifest::check_file(&path)?;
    let bytes = std::fs::read(&path).map_err(|error| Error::io(&path, &error))?;
    Ok(without_torn(&path, &bytes)?.0)
}

/// The entries that the bytes of a log hold, and what was torn off behind them.
fn without_torn<'b>(path: &Path, bytes: &'b [u8]) -> Result<(Vec<Entry>, &'b [u8])> {
    // Nothing is left aside before all before it is known to be a log.
    let (whole, torn) = bytes.split_at(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
    let entries = entries(path, whole)?;
    if is_torn_entry(torn, entries.len()) {
        return Ok((entries, torn));
    }
    let error = Error::new(Kind::Verification, "this is no entry of a log").at_file(path);
    Err(error.at_row(entries.len() as u64 + 1))
}

/// The entries that the bytes of a log hold.
fn entries(path: &Path, bytes: &[u8]) -> Result<Vec<Entry>> {
    let wrong =
        |line: usize, what: &str| Error::new(Kind::Verification, what.to_owned()).at_file(path).at_row(line as u64 + 1);
    let Ok(text) = std::str::from_utf8(bytes) else {
        let good = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        return Err(wrong(good.matches('\n').count(), "the entry is not text"));
    };
    let mut entries: Vec<Entry> = Vec::new();
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let Some(line) = line.strip_suffix('\n') else {
            return Err(wrong(at, "the entry is cut off"));
        };
        let entry: Entry = serde_json::from_str(line).map_err(|_| wrong(at, "this is no entry of a log"))?;
        if entry.line()? != line {
            return Err(wrong(at, "the entry is not written as the program writes it"));
        }
        if entry.own_hash()? != entry.hash {
            return Err(wrong(at, "the entry was changed: its hash is another"));
        }
        let before = entries.last().map_or(NOTHING_BEFORE, |before| before.hash.as_str());
        if entry.previous != before || entry.entry != at as u64 {
            return Err(wrong(at, "an entry before this one was removed, added or moved"));
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// SHA-256 of the program that runs; `None` if it cannot be read any more (replaced while it runs).
#[must_use]
pub fn program_digest() -> Option<String> {
    manifest::digest_of(&std::env::current_exe().ok()?).ok()
}

/// What the first entry of a run says.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// The study file.
    pub study_file: &'a Path,
    /// The folder of the results.
    pub results: &'a Path,
    /// The study file's digest.
    pub study_digest: &'a str,
    /// The program's digest, if it can be read.
    pub program_digest: Option<&'a str>,
    /// Visits that the command line asked for.
    pub visits: Option<u64>,
    /// The stage up to which an interrupted run's work is taken up.
    pub taken_up: Option<&'a str>,
}

/// The way from a folder to a file, both absolute; `None` if they have no root in common.
fn from(folder: &Path, file: &Path) -> Option<std::path::PathBuf> {
    let common = folder.components().zip(file.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(common).map(|_| std::path::Component::ParentDir);
    (common > 0).then(|| up.chain(file.components().skip(common)).collect())
}

/// A log that is being written.
#[derive(Debug)]
pub struct Log {
    file: File,
    path: std::path::PathBuf,
    actor: String,
    next: u64,
    previous: String,
    /// The first entry that nobody vouches for, until an entry says so.
    unvouched: Option<u64>,
}

impl Log {
    /// Opens the log of a folder, or begins one. A log that was altered is not continued, nor one that lacks what was
    /// signed, or the seal of the results that stand there: what follows would hide the loss. Only who holds the folder
    /// may write into its log: two at once would each chain entries to the same one.
    ///
    /// # Errors
    /// A verification error if the log was altered, cut off or removed, an environment error if it cannot be written.
    pub fn open(held: &Publication, actor: &str) -> Result<Log> {
        let folder = held.folder();
        let path = folder.join(LOG);
        let failed = |error: std::io::Error| Error::new(Kind::Environment, error.kind().to_string()).at_file(&path);
        let bytes = if std::fs::symlink_metadata(&path).is_ok() {
            manifest::check_file(&path)?;
            std::fs::read(&path).map_err(failed)?
        } else {
            Vec::new()
        };
        let (entries, torn) = without_torn(&path, &bytes)?;
        goes_on(folder, &entries)?;
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        let cut_off = torn.len();
        if cut_off > 0 {
            file.set_len((bytes.len() - cut_off) as u64).and_then(|()| file.sync_data()).map_err(failed)?;
        }
        let previous = entries.last().map_or(NOTHING_BEFORE, |entry| entry.hash.as_str()).to_owned();
        let (actor, next) = (actor.to_owned(), entries.len() as u64);
        let mut log = Log { file, path, actor, next, previous, unvouched: None };
        if cut_off > 0 {
            tracing::warn!("the last entry of the audit log was cut off when a run was ended; it is dropped");
            log.add("recover", json!({ "bytes_dropped": cut_off }))?;
        }
        Ok(log)
    }

    /// Takes all entries from this one on out of what the next signature vouches for: an entry says so before the next
    /// is added.
    pub(super) fn disown_from(&mut self, first: u64) {
        self.unvouched = (first < self.next).then_some(first);
    }

    fn disown(&mut self) -> Result<()> {
        let Some(first) = self.unvouched else { return Ok(()) };
        let last = self.next - 1;
        self.write(DISOWN, json!({ "first": first, "last": last }))?;
        self.unvouched = None;
        tracing::warn!(
            entries = last - first + 1,
            "entries of the audit log that this key has not signed, of a command that was stopped or of somebody else, are \
             disowned: its signature does not vouch for them"
        );
        Ok(())
    }

    /// Adds an entry; it is on disk when this returns.
    ///
    /// # Errors
    /// An environment error if it cannot be written: then what it announces must not happen.
    pub fn add(&mut self, action: &str, object: Value) -> Result<()> {
        self.disown()?;
        self.write(action, object)
    }

    /// Signs the end of the log, if a key is named.
    ///
    /// # Errors
    /// As [`Log::add`] and [`checkpoint::sign`].
    pub fn sign(&mut self, key: Option<&Path>) -> Result<()> {
        let Some(key) = key else { return Ok(()) };
        self.disown()?;
        checkpoint::sign(self.path.parent().unwrap_or(Path::new("")), key, self.head())
    }

    fn write(&mut self, action: &str, object: Value) -> Result<()> {
        let mut entry = Entry {
            entry: self.next,
            time: jiff::Timestamp::now().to_string(),
            actor: self.actor.clone(),
            action: action.to_owned(),
            object,
            previous: self.previous.clone(),
            hash: String::new(),
        };
        entry.hash = entry.own_hash()?;
        let line = entry.line()? + "\n";
        let failed =
            |error: std::io::Error| Error::new(Kind::Environment, error.kind().to_string()).at_file(&self.path);
        let before = self.file.metadata().map_err(failed)?.len();
        if let Err(error) = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data()) {
            // A part of an entry that a full disk took makes no sound log look altered.
            let _ = self.file.set_len(before).and_then(|()| self.file.sync_data());
            return Err(failed(error));
        }
        self.next += 1;
        self.previous = entry.hash;
        Ok(())
    }

    /// How many entries there are, and the hash of the last.
    #[must_use]
    pub fn head(&self) -> (u64, &str) {
        (self.next, &self.previous)
    }

    /// The beginning of a run: by which program, of which study, with which options.
    ///
    /// # Errors
    /// As [`Log::add`].
    pub fn begin(&mut self, beginning: &Beginning<'_>) -> Result<()> {
        let Beginning { study_file, results, study_digest, program_digest, visits, taken_up } = *beginning;
        let mut object = json!({
            "program": concat!("rollcall ", env!("CARGO_PKG_VERSION")),
            "program_digest": program_digest,
            "study_file": study_file,
            "study_from_results": from(results, study_file),
            "study_digest": study_digest,
            "visits": visits,
        });
        if let Some(stage) = taken_up {
            object["taken_up"] = json!(stage);
        }
        self.add("begin", object)
    }

    /// The outputs of the run that was sealed last are in place.
    ///
    /// # Errors
    /// As [`Log::add`].
    pub fn published(&mut self) -> Result<()> {
        self.add("publish", json!({}))
    }

    /// The end of a run: what was read, counted and written, and the digest of the manifest that is about to be
    /// written.
    ///
    /// # Errors
    /// As [`Log::add`].
    pub fn close(&mut self, manifest: &Manifest, text: &str) -> Result<()> {
        self.add("read", json!({ "inputs": manifest.inputs, "sources": manifest.sources }))?;
        self.add("count", json!(manifest.counts))?;
        self.add("write", json!({ "outputs": manifest.outputs }))?;
        self.add("seal", json!({ "manifest_digest": digest::of(text) }))
    }
}

/// Is what stands after the last line end the beginning of the next entry, whose writing was cut off? Some file systems
/// leave zeros where the power failed.
fn is_torn_entry(torn: &[u8], next: usize) -> bool {
    let beginning = format!("{{\"entry\":{next},");
    let written = torn.strip_suffix(&[0]).map_or(torn, |_| torn.split(|byte| *byte == 0).next().unwrap_or_default());
    written.starts_with(beginning.as_bytes()) || beginning.as_bytes().starts_with(written)
}

/// Could [`Log::open`] go on with the log of this folder?
pub(super) fn check_goes_on(folder: &Path) -> Result<()> {
    let is_there = std::fs::symlink_metadata(folder.join(LOG)).is_ok();
    goes_on(folder, &if is_there { read_so_far(folder)? } else { Vec::new() })
}

/// May the log of a folder be gone on with, or does it lack entries that it had?
fn goes_on(folder: &Path, entries: &[Entry]) -> Result<()> {
    let hint =
        "put back the log that belongs to these results, or use a new folder: what comes next would hide the loss";
    checkpoint::check(folder, entries, None).map_err(|error| error.hint(hint))?;
    if !folder.join(MANIFEST).exists() || entries.iter().any(|entry| entry.action == "seal") {
        return Ok(());
    }
    let error = Error::new(Kind::Verification, "the log of these results was removed, or entries of it");
    Err(error.at_file(&folder.join(LOG)).hint(hint))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{LOG, Log, Publication, read};
    use crate::error::Kind;

    /// A log of six entries in a folder of its own.
    fn log() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for run in 0..2 {
            let mut log = Log::open(&Publication::begin(folder.path()).unwrap(), "auditor").unwrap();
            for number in 0..3 {
                log.add("count", json!({ "run": run, "number": number })).unwrap();
            }
        }
        folder
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = log();
        let entries = read(folder.path()).unwrap();
        assert_eq!(entries.len(), 6);
        assert_eq!(entries[5].object, json!({ "run": 1, "number": 2 }));
    }

    #[test]
    fn an_entry_that_was_torn_off_hides_none_before_it_and_verify_sees_it() {
        let folder = log();
        let path = folder.path().join(LOG);
        let bytes = std::fs::read(&path).unwrap();
        for cut in [1, 50] {
            std::fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
            assert_eq!(read(folder.path()).unwrap_err().kind(), Kind::Verification);
            assert_eq!(super::read_so_far(folder.path()).unwrap().len(), 5);
        }
        std::fs::write(&path, [&bytes[..], b"no entry"].concat()).unwrap();
        assert_eq!(super::read_so_far(folder.path()).unwrap_err().kind(), Kind::Verification);
    }

    #[test]
    fn any_flipped_byte_is_found_in_its_line() {
        let folder = log();
        let path = folder.path().join(LOG);
        let bytes = std::fs::read(&path).unwrap();
        let mut line = 1;
        for at in 0..bytes.len() {
            for bit in [0, 3, 7] {
                let mut altered = bytes.clone();
                altered[at] ^= 1 << bit;
                std::fs::write(&path, &altered).unwrap();
                let error = read(folder.path()).unwrap_err();
                assert_eq!(error.kind(), Kind::Verification);
                assert_eq!(error.place().row, Some(line), "byte {at}, bit {bit}");
            }
            line += u64::from(bytes[at] == b'\n');
        }
    }

    #[test]
    fn removed_repeated_and_moved_entries_are_found() {
        let folder = log();
        let path = folder.path().join(LOG);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let first_wrong = |lines: &[&str]| {
            std::fs::write(&path, lines.join("\n") + "\n").unwrap();
            read(folder.path()).err().and_then(|error| error.place().row)
        };
        for at in 0..lines.len() {
            let mut removed = lines.clone();
            removed.remove(at);
            // A log cut at its end is a right log: that the manifest has no seal then is found by `verify`.
            assert_eq!(first_wrong(&removed), (at + 1 < lines.len()).then_some(at as u64 + 1));
            let mut repeated = lines.clone();
            repeated.insert(at, lines[at]);
            assert_eq!(first_wrong(&repeated), Some(at as u64 + 2));
            for other in at + 1..lines.len() {
                let mut moved = lines.clone();
                moved.swap(at, other);
                assert_eq!(first_wrong(&moved), Some(at as u64 + 1));
            }
        }
        let altered = Log::open(&Publication::begin(folder.path()).unwrap(), "auditor");
        assert_eq!(altered.unwrap_err().kind(), Kind::Verification, "an altered log is not continued");
    }
}
