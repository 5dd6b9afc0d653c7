//! How is a synthetic district made?

use std::path::Path;
use std::process::ExitCode;

use super::args::Synth;
use super::screen::{Table, count, show};
use crate::audit::publication;
use crate::error::{Error, Kind, Result};
use crate::progress::Progress;
use crate::synthetic::{self, Made, Plan};

/// Makes a district and says what is in it.
pub(super) fn synth(asked: &Synth, progress: &dyn Progress) -> Result<ExitCode> {
    publication::refuse_inside_any(&asked.folder)?;
    may_hold_district(&asked.folder)?;
    let plan = Plan { persons: asked.persons, seed: asked.seed, errors: asked.errors, uneven: asked.uneven, progress };
    let made = synthetic::write_district(&asked.folder, &plan)?;
    show(&format!("{}study: {}\n", describe(&made), made.study.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// What has been made, as a table.
pub(super) fn describe(made: &Made) -> String {
    let mut table = Table::new(&["synthetic district", ""]);
    table.row(vec![String::from("residents"), count(made.residents)]);
    table.row(vec![String::from("missed by the roll"), count(made.missed)]);
    table.row(vec![String::from("  of them in a register"), count(made.missed_in_register)]);
    for (source, rows) in &made.rows {
        table.row(vec![format!("rows of {source}"), count(*rows)]);
    }
    table.text()
}

/// May a district be written here? Only into a new or empty folder, or over another synthetic district: extracts of
/// real people have the same file names.
///
/// # Errors
/// A usage error if something else is there.
pub(super) fn may_hold_district(folder: &Path) -> Result<()> {
    if is_empty(folder)? || is_district(folder) {
        return Ok(());
    }
    let what = "the folder is not empty and holds no synthetic district";
    Err(Error::new(Kind::Usage, what).at_file(folder).hint("name a new or empty folder"))
}

/// Is there nothing in the folder but what a district was stopped from becoming, or no folder at all?
///
/// # Errors
/// If it cannot be looked into.
pub(super) fn is_empty(folder: &Path) -> Result<bool> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => {
            Ok(entries.all(|entry| entry.is_ok_and(|entry| synthetic::is_unfinished(&entry.file_name()))))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            Err(Error::new(Kind::Usage, "is not a folder").at_file(folder))
        }
        Err(error) => Err(Error::io(folder, &error)),
    }
}

/// Does the folder hold a synthetic district, by its table of truth and the first line of its study?
pub(super) fn is_district(folder: &Path) -> bool {
    let study = std::fs::read_to_string(folder.join("study.toml")).unwrap_or_default();
    study.starts_with("# The study of a synthetic district") && folder.join(synthetic::RECORDS_FILE).is_file()
}
