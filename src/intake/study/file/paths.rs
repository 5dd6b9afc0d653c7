//! Which files does a path of the study file mean?
//!
//! Takes a file, a folder or a glob, relative to the study file; gives the files in a fixed order. A folder means the
//! extracts directly in it (`.parquet`, `.csv`, `.xlsx`), also where a pattern matches it.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::error::{Kind, inert};

/// The endings of files that can be read as extracts.
pub(crate) const EXTRACT_ENDINGS: [&str; 3] = ["parquet", "csv", "xlsx"];

/// True for a file name that ends like an extract and is not hidden.
pub(crate) fn is_extract_name(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    !is_hidden(path) && ending.is_some_and(|ending| EXTRACT_ENDINGS.contains(&ending.as_str()))
}

/// True for a file or folder that programs keep for themselves.
pub(crate) fn is_hidden(path: &Path) -> bool {
    path.file_name().is_none_or(|name| name.to_string_lossy().starts_with(['.', '~']))
}

/// Why a path gives no files.
#[derive(Debug)]
pub(super) struct Unfound {
    /// Whose move it is: nothing lies there, or the system does not let us look.
    pub(super) kind: Kind,
    /// In words.
    pub(super) why: String,
}

impl Unfound {
    fn new(why: &str) -> Unfound {
        Unfound { kind: Kind::Input, why: why.to_owned() }
    }

    /// What lies in this folder is not known, and may be extracts.
    fn unreadable(folder: &Path, error: &std::io::Error) -> Unfound {
        let folder = folder.display().to_string();
        let why = format!("the folder {} cannot be read: {}", inert(&folder), error.kind());
        Unfound { kind: Kind::Environment, why }
    }
}

/// The files that a path means, sorted; `Err` says why there are none.
pub(super) fn files(folder: &Path, written: &str) -> Result<Vec<PathBuf>, Unfound> {
    let path = folder.join(written);
    let mut files = if path.is_dir() {
        extracts_in(&path)?
    } else if std::fs::symlink_metadata(&path).is_ok() {
        vec![path]
    } else if written.contains(['*', '?', '[']) {
        matches_of(folder, written)?
    } else {
        return Err(Unfound::new("there is no such file or folder"));
    };
    files.sort();
    files.dedup();
    Ok(files)
}

fn extracts_in(folder: &Path) -> Result<Vec<PathBuf>, Unfound> {
    let unreadable = |error: std::io::Error| Unfound::unreadable(folder, &error);
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let (mut files, mut left_out) = (Vec::new(), Vec::new());
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if is_extract_name(&path) && !path.is_dir() {
            files.push(path);
        } else if may_be_an_extract(&path) {
            left_out.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    if !left_out.is_empty() {
        left_out.sort();
        let folder = folder.display();
        tracing::warn!(%folder, left_out = left_out.join(", "), "not read: not .parquet, .csv or .xlsx, or in a folder below");
    }
    if files.is_empty() {
        return Err(Unfound::new("there is no .parquet, .csv or .xlsx file in this folder"));
    }
    Ok(files)
}

/// Something in a folder of extracts that may be one in another form, or hold some.
pub(crate) fn may_be_an_extract(path: &Path) -> bool {
    const ENDINGS: [&str; 17] = [
        "", "xls", "xlsb", "xlsm", "ods", "et", "txt", "tsv", "dat", "dbf", "gz", "zip", "7z", "rar", "zst", "parq",
        "pq",
    ];
    if is_hidden(path) {
        return false;
    }
    if path.is_dir() {
        let inside = std::fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
        return inside.map(|entry| entry.path()).any(|path| is_extract_name(&path) && !path.is_dir());
    }
    let ending = path.extension().map_or_else(String::new, |ending| ending.to_string_lossy().to_lowercase());
    ENDINGS.contains(&ending.as_str())
}

/// The files that match a pattern, and the extracts in the folders that do.
fn matches_of(folder: &Path, written: &str) -> Result<Vec<PathBuf>, Unfound> {
    let parts: Vec<Component<'_>> = Path::new(written).components().collect();
    let mut matched = Vec::new();
    walk(folder.to_owned(), &parts, &mut matched)?;
    let mut files = Vec::new();
    for path in matched {
        if !path.is_dir() {
            files.push(path);
            continue;
        }
        match extracts_in(&path) {
            Ok(extracts) => files.extend(extracts),
            // A folder of something else matches as well.
            Err(why) if why.kind == Kind::Input => {}
            Err(why) => return Err(why),
        }
    }
    if files.is_empty() {
        return Err(Unfound::new("no file matches this pattern"));
    }
    Ok(files)
}

/// Goes down the parts of a pattern. It is walked here and not by a library: those pass over folders that they may not
/// enter, and the rows in them would be missing without a word.
fn walk(place: PathBuf, parts: &[Component<'_>], matched: &mut Vec<PathBuf>) -> Result<(), Unfound> {
    let Some((first, rest)) = parts.split_first() else {
        matched.push(place);
        return Ok(());
    };
    let text = first.as_os_str().to_string_lossy();
    if !matches!(first, Component::Normal(_)) || !text.contains(['*', '?', '[']) {
        let next = place.join(first);
        return match std::fs::symlink_metadata(&next) {
            Ok(_) => walk(next, rest, matched),
            Err(error) if is_nothing(&error) => Ok(()),
            Err(error) => Err(Unfound::unreadable(&place, &error)),
        };
    }
    let pattern = glob::Pattern::new(&text)
        .map_err(|_| Unfound::new("expected a file, a folder or a pattern such as \"2020/*.parquet\""))?;
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let is_any_depth = text == "**";
    if is_any_depth {
        walk(place.clone(), rest, matched)?;
    }
    let start = if place.as_os_str().is_empty() { Path::new(".") } else { place.as_path() };
    let entries = match std::fs::read_dir(start) {
        Err(error) if is_nothing(&error) => return Ok(()),
        entries => entries.map_err(|error| Unfound::unreadable(start, &error))?,
    };
    for entry in entries {
        let entry = entry.map_err(|error| Unfound::unreadable(start, &error))?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        // Excel's lock file of an open workbook is none.
        if text.starts_with("~$") || !pattern.matches_with(&text, options) {
            continue;
        }
        let next = place.join(&name);
        if !is_any_depth {
            walk(next, rest, matched)?;
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            // Links are not followed here: they may lead in a circle.
            walk(next, parts, matched)?;
        }
    }
    Ok(())
}

/// Nothing is there, or a file where a folder would have to be.
fn is_nothing(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::{Unfound, files, is_extract_name};
    use std::path::Path;

    fn names(folder: &Path, written: &str) -> Result<Vec<String>, Unfound> {
        let name = |path: &std::path::PathBuf| path.strip_prefix(folder).unwrap().display().to_string();
        files(folder, written).map(|files| files.iter().map(name).collect())
    }

    #[test]
    fn a_path_is_a_file_a_folder_or_a_pattern() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("a [1]");
        std::fs::create_dir_all(folder.join("sub/deep.parquet")).unwrap();
        for name in
            ["b.parquet", "a.PARQUET", "c.csv", ".hidden.csv", "~$d.xlsx", "notes.txt", "sub/z.xlsx", "sub/~$z.xlsx"]
        {
            std::fs::write(folder.join(name), "x").unwrap();
        }
        let check =
            |written: &str, expected: &[&str]| assert_eq!(names(&folder, written).unwrap(), expected, "{written}");
        check("notes.txt", &["notes.txt"]);
        check(".", &["a.PARQUET", "b.parquet", "c.csv"]);
        check("sub", &["sub/z.xlsx"]);
        check("*.parquet", &["b.parquet"]);
        check("*/*.xlsx", &["sub/z.xlsx"]);
        for nothing in ["none.csv", "*.none", "sub/deep.parquet", "[", "a/**b"] {
            assert!(files(&folder, nothing).is_err(), "{nothing}");
        }
    }

    #[test]
    fn a_pattern_gives_the_extracts_of_folders_that_match_and_those_of_any_depth() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path();
        for name in ["ps-1.parquet", "ps-2/a.parquet", "ps-2/b.csv", "ps-3/notes.doc", "deep/er/ps.csv", ".no/ps.csv"] {
            std::fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
            std::fs::write(folder.join(name), "x").unwrap();
        }
        let check =
            |written: &str, expected: &[&str]| assert_eq!(names(folder, written).unwrap(), expected, "{written}");
        check("ps*", &["ps-1.parquet", "ps-2/a.parquet", "ps-2/b.csv"]);
        check("ps-[23]", &["ps-2/a.parquet", "ps-2/b.csv"]);
        check("**/*.csv", &["deep/er/ps.csv", "ps-2/b.csv"]);
        check("*/er/../er/p?.csv", &["deep/er/../er/ps.csv"]);
        let absolute = format!("{}/ps-?/b.csv", folder.display());
        check(&absolute, &["ps-2/b.csv"]);
        assert!(files(folder, "ps-3*").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_cannot_be_looked_into_is_no_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/x.csv"), "x").unwrap();
        // A link to itself cannot be followed by anybody, the superuser among them.
        std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
        for pattern in ["*/x.csv", "*/*.csv", "[al]*/x*"] {
            let unfound = files(folder.path(), pattern).expect_err(pattern);
            assert_eq!(unfound.kind, crate::error::Kind::Environment, "{pattern}");
            assert!(unfound.why.contains("loop"), "{pattern}: {}", unfound.why);
        }
    }

    #[test]
    fn hidden_and_lock_files_are_no_extracts() {
        for (name, expected) in [("a.csv", true), ("a.CSV", true), (".a.csv", false), ("~$a.xlsx", false), ("a", false)]
        {
            assert_eq!(is_extract_name(Path::new(name)), expected, "{name}");
        }
    }
}
