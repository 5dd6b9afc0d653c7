//! How does the log of a run hear of what a command is about to do with its results?
//!
//! Takes the command and who gives it; adds an entry to the log, gives the folder, held until it is done. What the log
//! cannot be told does not happen.

use std::path::Path;

use serde_json::{Value, json};

use super::args::Signing;
use crate::audit::log::{Log, NOBODY_NAMED};
use crate::audit::manifest::{self, MANIFEST, Manifest};
use crate::audit::publication::Publication;
use crate::audit::vouched;
use crate::casework::held;
use crate::error::{Error, Kind, Result};

/// What is about to be done.
#[derive(Clone, Copy)]
pub(super) struct Act<'a> {
    /// Folder of the run.
    pub run: &'a Path,
    /// By whom.
    pub by: &'a Signing,
    /// What the log calls it.
    pub action: &'static str,
    /// Of which output of the run; once that is purged, it is refused.
    pub of: &'static str,
    /// What is told to people of it: something that adds to the log.
    pub what: &'static str,
}

impl Act<'_> {
    /// Refuses, before anything long is done for it, what the log could not be told at its end; gives the digest by
    /// which the run is known.
    ///
    /// # Errors
    /// If there is no run, what is needed of it was purged, or its log may not be added to or not with this key.
    pub(super) fn check(&self) -> Result<String> {
        Manifest::read(self.run)?;
        let (_held, _) = self.open()?;
        self.digest()
    }

    /// Says it in the log, which has it on the disk then.
    ///
    /// # Errors
    /// As [`Act::check`]; if another run has taken the place of the one that was looked at, or the log cannot be
    /// written.
    pub(super) fn note(&self, run_digest: &str, object: Value) -> Result<Publication> {
        let (held, mut log) = self.open()?;
        if self.digest()? != run_digest {
            let error = Error::new(Kind::Usage, "another run has taken the place of this one meanwhile");
            return Err(error.at_file(self.run).hint("give the command again"));
        }
        let mut said = json!({ "manifest_digest": run_digest });
        if let (Some(said), Value::Object(object)) = (said.as_object_mut(), object) {
            said.extend(object);
        }
        log.add(self.action, said)?;
        log.sign(self.by.sign_key.as_deref())?;
        Ok(held)
    }

    fn open(&self) -> Result<(Publication, Log)> {
        let held = held::hold_with(self.run, self.of)?;
        let actor = self.by.actor.as_deref().unwrap_or(NOBODY_NAMED);
        let log = vouched::open(&held, actor, self.by.sign_key.as_deref(), self.what)?;
        Ok((held, log))
    }

    fn digest(&self) -> Result<String> {
        manifest::digest_of(&self.run.join(MANIFEST))
    }
}

/// The name of a file, without the folders that lead to it.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
