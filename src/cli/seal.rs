//! How does a sender seal a delivery?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::custody::Seal;
use super::screen::{self, Table, count, show};
use super::{destination, review};
use crate::audit::delivery::{self, Delivered};
use crate::audit::log::LOG;
use crate::audit::publication;
use crate::casework::settled;
use crate::error::{Error, Kind, Result};
use crate::intake::extract::{self, describe::describe};
use crate::intake::study;
use crate::progress::Progress;

/// Seals the extracts in a folder, or holds them against their seal.
pub(super) fn seal(asked: &Seal, progress: &dyn Progress) -> Result<ExitCode> {
    let folder = &asked.folder;
    if !asked.check {
        publication::refuse_inside_any(&folder.join(delivery::DELIVERY))?;
    }
    let mut paths = extracts_in(folder)?;
    let below = folders_below(folder)?;
    if !below.is_empty() && !asked.check {
        let what = format!("extracts lie in folders below, which a seal of this one does not cover: {}", named(&below));
        let error = Error::new(Kind::Usage, what).at_file(folder);
        return Err(error.hint("seal each of them by itself, or put all files into one folder"));
    }
    // A seal that is there is looked at before it is replaced, too.
    let hinted = |error: Error| if asked.check { error } else { error.hint(delivery::SEAL_ANEW) };
    let earlier = delivery::read(folder, asked.public_key.as_deref()).map_err(hinted)?;
    let is_sealed = |path: &Path| {
        let names = |file: &Delivered| path.file_name().is_some_and(|name| name == file.file.as_str());
        earlier.as_ref().is_some_and(|earlier| earlier.files.iter().any(names))
    };
    // A text may be a letter, which comes along or not, and is no table.
    let may_be_left_out = |path: &Path| !study::file::is_extract_name(path) && !is_sealed(path);
    paths.retain(|path| !asked.check || !may_be_left_out(path));
    progress.begin("look through", paths.len() as u64);
    let (mut files, mut left_out) = (Vec::new(), Vec::new());
    for path in &paths {
        // A file that was altered may be no extract any more: that it was altered is what matters.
        let altered = || Some(hinted(delivery::altered(earlier.as_ref()?, path)?));
        match delivered(path) {
            Ok(file) => files.push(file),
            Err(error) if error.kind() == Kind::Input && may_be_left_out(path) => {
                left_out.extend(path.file_name().map(PathBuf::from));
            }
            Err(error) => return Err(altered().unwrap_or(error)),
        }
        progress.advance(1);
    }
    if files.is_empty() && !asked.check {
        return Err(nothing_to_seal(folder));
    }
    progress.finish(&format!("{} files", files.len()));
    let signer = match earlier {
        _ if !asked.check => delivery::seal(folder, files.clone(), asked.sign_key.as_deref())?,
        None => {
            let error = Error::new(Kind::Verification, "the delivery is not sealed").at_file(folder);
            return Err(error.hint("ask the sender to run `rollcall seal` on it"));
        }
        Some(sealed) => {
            let facts = files.iter().map(|file| (file.file.as_str(), file.bytes, file.rows, file.digest.as_str()));
            let unsealed = files.iter().filter(|file| sealed.files.iter().all(|known| known.file != file.file));
            let own = unsealed.map(|file| folder.join(&file.file)).find(|path| is_own_table(path));
            delivery::check(folder, &sealed, facts).map_err(|error| match own {
                Some(path) => error.also(own_table(&path)),
                None => error,
            })?;
            sealed.public_key
        }
    };
    let mut table = Table::new(&["file", "rows", "columns"]);
    for file in &files {
        table.row(vec![file.file.clone(), count(file.rows), count(file.columns.len() as u64)]);
    }
    let whose = match signer {
        Some(key) => format!("signed with {key}"),
        None => String::from("not signed: accidents will be found, alterations on purpose will not (--sign-key)"),
    };
    show(&format!("{}\n{}: {whose}\n", table.text(), folder.join(delivery::DELIVERY).display()))?;
    if !left_out.is_empty() {
        tracing::warn!(
            "not sealed, as no table can be read from it: {}; a study that names such a file is refused\n\
             （无法作为表格读取，未列入封条）",
            named(&left_out)
        );
    }
    if !below.is_empty() {
        tracing::warn!(
            "extracts in folders below are not covered by this seal: {}; check each of them by itself\n\
             （下级文件夹中的数据文件不在本封条之内，请逐个核对）",
            named(&below)
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Does it begin as the tables that this program writes for the next run? That is no reason to let it pass: anybody can
/// write such a heading.
fn is_own_table(path: &Path) -> bool {
    [settled::COLUMNS.join(","), review::COLUMNS.join(",")]
        .iter()
        .any(|heading| destination::begins_with(path, heading))
}

fn own_table(path: &Path) -> String {
    format!(
        "{} looks like a table that this program writes (`follow-up outcomes`, `review decisions`): if you have put it there, \
         keep it in another folder, and check the delivery again",
        named(&[path.file_name().map(PathBuf::from).unwrap_or_default()])
    )
}

/// The folders below in which extracts lie, relative. A study can read them by a pattern (`*/part.parquet`), so what is
/// in them must not go for sealed. The results of a run that stand there are no extracts; links are not followed.
fn folders_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(next) = open.pop() {
        let io = |error: std::io::Error| Error::io(&next, &error);
        let mut has_extracts = false;
        for entry in std::fs::read_dir(&next).map_err(io)? {
            let entry = entry.map_err(io)?;
            let (path, is_hidden) = (entry.path(), entry.file_name().to_string_lossy().starts_with('.'));
            if !entry.file_type().map_err(io)?.is_dir() {
                has_extracts |= study::file::is_extract_name(&path);
            } else if !is_hidden && !path.join(LOG).is_file() {
                open.push(path);
            }
        }
        let below = next.strip_prefix(folder).unwrap_or(&next);
        if has_extracts && next != folder {
            found.push(below.to_path_buf());
        }
    }
    found.sort();
    Ok(found)
}

/// Some of the paths, for people.
fn named(paths: &[PathBuf]) -> String {
    const SHOWN: usize = 3;
    let shown = paths.iter().take(SHOWN).map(|path| screen::named(path));
    let more = if paths.len() > SHOWN { format!(" and {} more", paths.len() - SHOWN) } else { String::new() };
    shown.collect::<Vec<_>>().join(", ") + &more
}

/// The files that a study can read by their names.
fn extracts_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |error: std::io::Error| Error::io(folder, &error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if extract::can_be_named(&path) && !path.is_dir() {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() { Err(nothing_to_seal(folder)) } else { Ok(paths) }
}

fn nothing_to_seal(folder: &Path) -> Error {
    let error = Error::input("there is no Parquet, CSV or XLSX file in this folder").at_file(folder);
    error.hint("name the folder that is to be sent")
}

fn delivered(path: &Path) -> Result<Delivered> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name =
        name.ok_or_else(|| Error::input("has a name that is not UTF-8").at_file(path).hint("rename the file"))?;
    let found = describe(path)?;
    let (bytes, rows, digest) = (found.file.bytes, found.file.rows, found.file.digest);
    Ok(Delivered { file: name.to_owned(), bytes, rows, digest, columns: found.columns })
}
