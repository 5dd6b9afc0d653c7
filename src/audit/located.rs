//! Where are the study and the inputs of a run?
//!
//! A manifest names the study file, and its inputs from the folder of that, so that it is the same bytes wherever they
//! lie and however the command was typed. Where they lay the log says. Takes the folder of a run, gives its
//! [`Manifest`] with the paths under which they can be opened.

use std::path::{Path, PathBuf};

use super::log;
use super::manifest::{self, Manifest};
use crate::error::{Kind, Result};

/// The manifest of a run with paths that can be opened.
///
/// # Errors
/// As [`Manifest::read`].
pub fn read(folder: &Path) -> Result<Manifest> {
    locate(folder, Manifest::read(folder)?)
}

/// Like [`read`], of a manifest that was read already.
///
/// # Errors
/// If the system cannot read the log; one that is not there, or is none, only says nothing.
pub fn locate(folder: &Path, mut manifest: Manifest) -> Result<Manifest> {
    let name = manifest.study.file.clone();
    let (near, logged) = logged(folder, &manifest.study.digest)?;
    let beside = [folder.join("..").join(&name), folder.join(&name)];
    let is_it = |file: &&PathBuf| manifest::digest_of(file).is_ok_and(|digest| digest == manifest.study.digest);
    // What was copied or moved with the results is what they are held against, altered or not, and not what it was
    // copied from: of another place the file must be the very one.
    let near = near.filter(|file| file.try_exists().unwrap_or(true));
    let elsewhere = || logged.iter().chain(&beside).find(is_it).or(logged.as_ref()).cloned();
    let Some(study) = near.or_else(elsewhere) else { return Ok(manifest) };
    let place = study.parent().unwrap_or(Path::new("")).to_owned();
    manifest.study.file = study;
    manifest.inputs.iter_mut().for_each(|input| input.file = place.join(&input.file));
    Ok(manifest)
}

/// Where the study file was when the run was made: from the results, and anyhow.
fn logged(folder: &Path, digest: &str) -> Result<(Option<PathBuf>, Option<PathBuf>)> {
    let entries = match log::read_so_far(folder) {
        Err(error) if error.kind() == Kind::Environment => return Err(error),
        entries => entries.unwrap_or_default(),
    };
    let is_it = |entry: &&log::Entry| entry.action == "begin" && entry.object["study_digest"] == digest;
    let Some(begin) = entries.iter().rfind(is_it) else { return Ok((None, None)) };
    let path = |key: &str| begin.object[key].as_str().map(PathBuf::from);
    Ok((path("study_from_results").map(|way| folder.join(way)), path("study_file")))
}
