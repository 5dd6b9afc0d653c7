//! Is everything still what the run had?
//!
//! Takes a run's folder and its manifest. Study file, inputs and the outputs that something rests on must have the
//! digests of the manifest; all that differs is said at once. Gives the study with its extracts, opened once more.

use std::path::Path;

use crate::audit::manifest::{self, MANIFEST, Manifest};
use crate::audit::purge;
use crate::error::{Error, Kind, Result, inert};
use crate::intake::extract::{self, Extract};
use crate::intake::study::{self, Study};

/// The study of a run and its extracts, which are what they were, as these outputs are.
///
/// # Errors
/// As [`check`], and as a run would if a file cannot be used.
pub fn take_up(run: &Path, manifest: &Manifest, outputs: &[&str]) -> Result<(Study, Vec<Extract>)> {
    check(run, manifest, outputs)?;
    let study = study::file::read(&manifest.study.file)?;
    let extracts = extract::open_all(&study)?;
    let files: usize = extracts.iter().map(|extract| extract.files.len()).sum();
    let no_extracts = [manifest::DECISIONS, manifest::OUTCOMES];
    let then = manifest.inputs.iter().filter(|input| !no_extracts.contains(&input.source.as_str())).count();
    if files == then {
        return Ok((study, extracts));
    }
    let what = format!("the study now finds {files} extracts, the run had {then}");
    Err(Error::new(Kind::Verification, what).at_file(&manifest.study.file))
}

/// Do study, inputs and these outputs have the digests of the manifest?
///
/// # Errors
/// A verification error that names all that differs; an input error if an output was rightly removed by a purge.
pub fn check(run: &Path, manifest: &Manifest, outputs: &[&str]) -> Result<()> {
    check_not_purged(run, outputs)?;
    let mut compared = Compared::default();
    compared.compare(&manifest.study.file, &manifest.study.digest);
    manifest.inputs.iter().for_each(|input| compared.compare(&input.file, &input.digest));
    compared.compare_outputs(run, manifest, outputs);
    compared.judge(run)
}

/// Have these outputs the digests of the manifest?
///
/// # Errors
/// As [`check`].
pub fn check_outputs(run: &Path, manifest: &Manifest, outputs: &[&str]) -> Result<()> {
    check_not_purged(run, outputs)?;
    let mut compared = Compared::default();
    compared.compare_outputs(run, manifest, outputs);
    compared.judge(run)
}

fn check_not_purged(run: &Path, outputs: &[&str]) -> Result<()> {
    outputs.iter().try_for_each(|name| purge::check_not_purged(run, name))
}

/// What was found of the files so far.
#[derive(Default)]
struct Compared {
    differing: Vec<String>,
    failed: Option<Error>,
}

impl Compared {
    fn compare(&mut self, path: &Path, expected: &str) {
        self.compare_by(manifest::digest_of, path, expected);
    }

    fn compare_by(&mut self, digest_of: impl FnOnce(&Path) -> Result<String>, path: &Path, expected: &str) {
        let shown = inert(&path.display().to_string());
        match digest_of(path) {
            Ok(digest) if digest == expected => {}
            Ok(_) => self.differing.push(format!("{shown} has changed")),
            // That the disk fails says nothing of the file.
            Err(error) if error.kind() == Kind::Environment => self.failed = self.failed.take().or(Some(error)),
            Err(_) => self.differing.push(format!("{shown} cannot be read")),
        }
    }

    fn compare_outputs(&mut self, run: &Path, manifest: &Manifest, outputs: &[&str]) {
        for name in outputs {
            let entry = manifest.outputs.iter().find(|output| output.file == *name);
            let found = |path: &Path| manifest::check_file(path).and_then(|()| manifest::digest_of(path));
            self.compare_by(found, &run.join(name), entry.map_or("", |output| output.digest.as_str()));
        }
    }

    fn judge(self, run: &Path) -> Result<()> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.differing.is_empty() {
            return Ok(());
        }
        let what = format!("what the run was made of is not what it was: {}", self.differing.join("; "));
        Err(Error::new(Kind::Verification, what).at_file(&run.join(MANIFEST)).hint("run the study again"))
    }
}
