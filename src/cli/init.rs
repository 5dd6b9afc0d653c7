//! What would a study of these extracts look like?
//!
//! Writes the draft that the survey makes. An existing study file is never touched; where the folder cannot be written
//! to, the draft is printed instead, with paths from the current folder.

use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

use super::args::Init;
use super::screen::show;
use crate::audit::publication;
use crate::error::{Error, Kind, Result, inert};
use crate::intake::survey::{self, Drafted};
use crate::whole_file;

/// Drafts a study file.
pub(super) fn init(asked: &Init) -> Result<ExitCode> {
    let path = match &asked.out {
        Some(out) if out.as_os_str() == "-" => return print(&asked.folder),
        Some(out) => out.clone(),
        None => asked.folder.join("study.toml"),
    };
    if path.symlink_metadata().is_ok() {
        return Err(exists(&path));
    }
    publication::refuse_inside_any(&path)?;
    let drafted = survey::draft(&asked.folder, folder_of(&path))?;
    match whole_file::create(&path, drafted.text.as_bytes()) {
        Ok(()) => {
            show(&format!("{}\nread and correct it, then: rollcall run {0} --out RESULTS\n", path.display()))?;
            warn(&drafted);
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(exists(&path)),
        Err(error) if asked.out.is_none() && is_forbidden(&error) => {
            tracing::warn!("the folder cannot be written to; the study is printed instead");
            print(&asked.folder)
        }
        Err(error) => Err(Error::io(&path, &error).hint("`--out -` prints the study instead")),
    }
}

fn print(folder: &Path) -> Result<ExitCode> {
    let drafted = survey::draft(folder, Path::new("."))?;
    show(&drafted.text)?;
    warn(&drafted);
    Ok(ExitCode::SUCCESS)
}

/// What would else be noticed only when the study is run, and then looks like a fault of the study file.
fn warn(drafted: &Drafted) {
    for (file, why) in &drafted.left_out {
        tracing::warn!("{}: left out of the study: {why}\n（未列入研究文件，原因见上）", inert(file));
    }
    for remark in &drafted.remarks {
        tracing::warn!("{}: {}\n（{}）", remark.of, remark.what, remark.in_chinese);
    }
    if !drafted.has_roll {
        tracing::warn!(
            "no file of this draft is the roll: without it nobody can be found missing\n\
             （研究文件中没有普查登记，无法查找漏登人员）"
        );
    }
    for file in &drafted.unrecognised {
        tracing::warn!(
            "{}: no header was recognised; if a title row stands above the header, remove it and draft again\n\
             （未识别到表头；若表头上方有标题行，请删去后重新起草研究文件）",
            inert(file)
        );
    }
}

fn is_forbidden(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

fn exists(path: &Path) -> Error {
    let error = Error::new(Kind::Usage, "exists already, and is left as it is").at_file(path);
    error.hint("name another file with --out, or `--out -` to print the draft")
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
