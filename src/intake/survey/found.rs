//! Which files of a folder are extracts?
//!
//! Takes a folder, gives the extracts in it and in the folders directly below, and what else may hold persons: files of
//! other forms, folders further below. Departments send folders of their own, and a register that is passed over in
//! silence is missing from every result. Results of a run that lie there are no extracts.

use std::path::{Path, PathBuf};

use crate::audit::log::LOG;
use crate::error::{Error, Kind, Result, inert};
use crate::intake::study::file::{is_extract_name, is_hidden, may_be_an_extract};

const OTHER_FORM: &str = "it is not .parquet, .csv or .xlsx: if it is an extract, save it as one of these";
const FURTHER_BELOW: &str = "there are extracts in it, too far below: put them into the folder above";
const UNREADABLE: &str = "the folder cannot be looked into";

/// What a folder holds.
#[derive(Default)]
pub(super) struct Found {
    pub(super) extracts: Vec<PathBuf>,
    /// What may hold persons and is no extract, and why it is not used.
    pub(super) left_out: Vec<(PathBuf, String)>,
}

/// The extracts of a folder.
pub(super) fn extracts(folder: &Path) -> Result<Found> {
    if folder.join(LOG).is_file() {
        let error = Error::new(Kind::Usage, "these are results of a run, which are no extracts").at_file(folder);
        return Err(error.hint("name the folder that holds the extracts"));
    }
    let mut found = Found::default();
    for path in entries(folder).map_err(|error| Error::io(folder, &error))? {
        if !path.is_dir() {
            found.sort_in(path, OTHER_FORM);
        } else if !is_hidden(&path) && !path.join(LOG).is_file() {
            match entries(&path) {
                Ok(below) => below.into_iter().for_each(|below| {
                    let why = if below.is_dir() { FURTHER_BELOW } else { OTHER_FORM };
                    found.sort_in(below, why);
                }),
                Err(_) => found.left_out.push((path, UNREADABLE.to_owned())),
            }
        }
    }
    // Those of the folder itself come first: a copy below is not taken for the roll.
    found.extracts.sort_by_cached_key(|path| (path.parent() != Some(folder), path.clone()));
    if found.extracts.is_empty() {
        let error = Error::input("there is no .parquet, .csv or .xlsx file in this folder").at_file(folder);
        let names: Vec<String> = found.left_out.iter().map(|(path, _)| name_in(folder, path)).collect();
        return Err(match names.first() {
            Some(first) if names.len() == 1 => error.hint(format!("{}: {OTHER_FORM}", inert(first))),
            Some(first) => error.hint(format!("{} and {} more: {OTHER_FORM}", inert(first), names.len() - 1)),
            None => error.hint("name the folder that holds the extracts themselves"),
        });
    }
    Ok(found)
}

impl Found {
    fn sort_in(&mut self, path: PathBuf, otherwise: &str) {
        if is_extract_name(&path) && path.is_file() {
            self.extracts.push(path);
        } else if may_be_an_extract(&path) && !path.join(LOG).is_file() {
            self.left_out.push((path, otherwise.to_owned()));
        }
    }
}

/// Its name as seen from the folder, with `/` between names.
pub(super) fn name_in(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned()
}

/// In a fixed order.
fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let paths: std::io::Result<Vec<PathBuf>> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}
