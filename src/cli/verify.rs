//! How does an auditor check a run?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::Verify;
use super::screen::{Table, count, named, show};
use crate::audit::located;
use crate::audit::manifest::{MANIFEST, Manifest};
use crate::audit::publication::{AGAIN, Publication};
use crate::audit::verify::{self, Asked, Verified};
use crate::error::{Error, Kind, Result};
use crate::intake::study;
use crate::memory::plan::Allowance;
use crate::progress::Progress;
use crate::run::{self, Options};

/// Checks a run and prints what was checked; the first thing that is wrong is the error.
pub(super) fn verify(asked: &Verify, memory: Allowance, progress: &dyn Progress) -> Result<ExitCode> {
    let what = Asked { public_key: asked.public_key.as_deref(), outputs_only: asked.outputs_only };
    let verified = verify::verify_beside(&asked.run, &what)?;
    if verified.inputs {
        no_input_was_added(&asked.run, &verified.manifest)?;
    }
    if asked.rerun {
        rerun(asked, &verified, memory, progress)?;
    }
    let signed = match &verified.checkpoint {
        None => String::from("not signed"),
        Some(checkpoint) => {
            let whose =
                if asked.public_key.is_some() { "the key given" } else { "a key that was not held against yours" };
            format!("{} entries signed with {whose}: {}", checkpoint.entries, checkpoint.public_key)
        }
    };
    let mut outputs =
        format!("{} files, none altered, none added", count(verified.manifest.outputs.len() as u64 - verified.purged));
    if verified.purged > 0 {
        outputs += &format!("; {} removed by purge", count(verified.purged));
    }
    let inputs = verified.manifest.inputs.len() as u64;
    let mut table = Table::new(&["checked", ""]).left(1);
    for (what, found) in [
        ("log", format!("{} entries, the chain holds", count(verified.entries))),
        ("signature", signed),
        ("outputs", outputs),
        ("counts", String::from("add up")),
        (
            "inputs",
            if verified.inputs {
                format!(
                    "study file and {} files, in {}",
                    count(inputs),
                    place_of_inputs(&asked.run, &verified.manifest)?
                )
            } else {
                String::from("not checked")
            },
        ),
        ("run again", String::from(if asked.rerun { "the same bytes" } else { "not asked for (--rerun)" })),
    ] {
        table.row(vec![what.to_owned(), found]);
    }
    for (number, what) in [
        (verified.unsigned, "behind the signature: nobody vouches for them"),
        (verified.disowned, "disowned by whoever signed after them: nobody vouches for them"),
    ] {
        if number > 0 {
            table.row(vec![String::from("not signed"), format!("{} entries {what}", count(number))]);
        }
    }
    if verified.unsigned > 0 {
        tracing::warn!(
            entries = verified.unsigned,
            "entries of the log stand behind its signature: a command was stopped before it signed, or somebody without \
             the key added them"
        );
    }
    let too_many = &verified.manifest.rejected_too_many;
    if !too_many.is_empty() {
        table.row(vec![String::from("rows set aside"), format!("more than the study allows: {}", too_many.join(", "))]);
    }
    show(&table.text())?;
    Ok(ExitCode::SUCCESS)
}

/// The folder of the study file: results that were copied without it are held against what it was copied from.
fn place_of_inputs(run: &Path, manifest: &Manifest) -> Result<String> {
    let study = located::locate(run, manifest.clone())?.study.file;
    let folder = study.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(named(&folder.canonicalize().unwrap_or_else(|_| folder.to_owned())))
}

/// Do the paths of the study mean more files today than the run read?
fn no_input_was_added(run: &Path, manifest: &Manifest) -> Result<()> {
    let located = located::locate(run, manifest.clone())?;
    let study = match study::file::read(&located.study.file) {
        // It is the study of the run, which another version of the program may read otherwise.
        Err(error) if error.kind() == Kind::Study => {
            tracing::warn!("this version cannot read the study file: whether inputs were added is not checked");
            return Ok(());
        }
        study => study?,
    };
    let resolved = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let own = resolved(run);
    for source in &study.sources {
        let read = located.inputs.iter().filter(|input| input.source == source.name);
        let read: Vec<PathBuf> = read.map(|input| resolved(&input.file)).collect();
        // What the run wrote is nothing that it read. A study that was copied may name the files of the other place.
        let found =
            source.files.iter().map(|file| (file, resolved(file))).filter(|(_, place)| !place.starts_with(&own));
        let found: Vec<(&PathBuf, PathBuf)> = found.collect();
        if found.len() > read.len() {
            let added = found.iter().find(|(_, place)| !read.contains(place)).or(found.first());
            let what = format!("the run did not read this file, and source '{}' of the study means it", source.name);
            let error = Error::new(Kind::Verification, what);
            let error = added.into_iter().fold(error, |error, (file, _)| error.at_file(file));
            return Err(error.hint("take it out of the folder of the extracts, or run the study again"));
        }
    }
    Ok(())
}

/// Repeats the run and compares every output. What it writes names persons: it lies hidden in the folder of the run,
/// for nobody but this user, and the next run clears it should this one be killed. Nowhere else: nobody would clear it
/// there.
fn rerun(asked: &Verify, verified: &Verified, memory: Allowance, progress: &dyn Progress) -> Result<()> {
    let study = study::file::read(&located::locate(&asked.run, verified.manifest.clone())?.study.file)?;
    let _held = Publication::begin(&asked.run)?;
    let folder = private_folder(&asked.run).map_err(|error| {
        let hint = "what running again gives lies in this folder meanwhile: copy it to where you may write, and verify the copy";
        Error::io(&asked.run, &error).hint(hint)
    })?;
    let options = Options { visits: verified.visits, memory, ..Options::default() };
    let again = run::run(&study, folder.path(), &options, progress)?.manifest;
    let differ = |name: &str| {
        Error::new(Kind::Verification, "running the study again gives other bytes").at_file(&asked.run.join(name))
    };
    for output in &verified.manifest.outputs {
        if !again.outputs.contains(output) {
            return Err(differ(&output.file));
        }
    }
    if again == verified.manifest { Ok(()) } else { Err(differ(MANIFEST)) }
}

/// A hidden folder within that of a run, which is gone when it is dropped.
fn private_folder(run: &Path) -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(AGAIN);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(run)
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(unix)]
    fn what_running_again_gives_is_for_nobody_else() {
        use std::os::unix::fs::PermissionsExt;
        let run = tempfile::tempdir().unwrap();
        std::fs::set_permissions(run.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let folder = super::private_folder(run.path()).unwrap();
        assert_eq!(std::fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(super::private_folder(&run.path().join("nowhere")).is_err(), "in no other place");
    }
}
