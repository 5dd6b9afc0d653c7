//! Which files does a path of the study file mean?
//!
//! Takes a file, a folder or a glob, relative to the study file; gives the files in a fixed order. A folder means the
//! extracts directly in it (`.parquet`, `.csv`, `.xlsx`).

use std::path::{Path, PathBuf};

/// The endings of files that can be read as extracts.
pub(crate) const EXTRACT_ENDINGS: [&str; 3] = ["parquet", "csv", "xlsx"];

/// True for a file name that ends like an extract and is not hidden.
pub(crate) fn is_extract_name(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with(['.', '~']));
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    !hidden && ending.is_some_and(|ending| EXTRACT_ENDINGS.contains(&ending.as_str()))
}

/// The files that a path means, sorted; `Err` says why there are none.
pub(super) fn files(folder: &Path, written: &str) -> Result<Vec<PathBuf>, String> {
    let path = folder.join(written);
    let mut files = if path.is_dir() {
        extracts_in(&path)?
    } else if std::fs::symlink_metadata(&path).is_ok() {
        vec![path]
    } else if written.contains(['*', '?', '[']) {
        matches_of(folder, written)?
    } else {
        return Err(String::from("there is no such file or folder"));
    };
    files.sort();
    files.dedup();
    Ok(files)
}

fn extracts_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("this folder cannot be read: {}", error.kind()))?;
    let (mut files, mut left_out) = (Vec::new(), Vec::new());
    for entry in entries {
        let path = entry.map_err(|error| format!("this folder cannot be read: {}", error.kind()))?.path();
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
        return Err(String::from("there is no .parquet, .csv or .xlsx file in this folder"));
    }
    Ok(files)
}

/// Something in a folder of extracts that may be one in another form, or hold some.
fn may_be_an_extract(path: &Path) -> bool {
    const ENDINGS: [&str; 17] = [
        "", "xls", "xlsb", "xlsm", "ods", "et", "txt", "tsv", "dat", "dbf", "gz", "zip", "7z", "rar", "zst", "parq",
        "pq",
    ];
    if path.file_name().is_none_or(|name| name.to_string_lossy().starts_with(['.', '~'])) {
        return false;
    }
    if path.is_dir() {
        let inside = std::fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
        return inside.map(|entry| entry.path()).any(|path| is_extract_name(&path) && !path.is_dir());
    }
    let ending = path.extension().map_or_else(String::new, |ending| ending.to_string_lossy().to_lowercase());
    ENDINGS.contains(&ending.as_str())
}

fn matches_of(folder: &Path, written: &str) -> Result<Vec<PathBuf>, String> {
    let not_a_pattern = || String::from("expected a file, a folder or a pattern such as \"2020/*.parquet\"");
    let pattern = if Path::new(written).is_absolute() {
        written.to_owned()
    } else {
        let folder = folder.to_str().ok_or_else(not_a_pattern)?;
        let base = if folder.is_empty() { "." } else { folder };
        format!("{}/{written}", glob::Pattern::escape(base))
    };
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let paths = glob::glob_with(&pattern, options).map_err(|_| not_a_pattern())?;
    let files: Vec<_> = paths.filter_map(Result::ok).filter(|path| !path.is_dir()).collect();
    if files.is_empty() {
        return Err(String::from("no file matches this pattern"));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::{files, is_extract_name};
    use std::path::Path;

    fn names(folder: &Path, written: &str) -> Result<Vec<String>, String> {
        let name = |path: &std::path::PathBuf| path.strip_prefix(folder).unwrap().display().to_string();
        files(folder, written).map(|files| files.iter().map(name).collect())
    }

    #[test]
    fn a_path_is_a_file_a_folder_or_a_pattern() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("a [1]");
        std::fs::create_dir_all(folder.join("sub/deep.parquet")).unwrap();
        for name in ["b.parquet", "a.PARQUET", "c.csv", ".hidden.csv", "~$d.xlsx", "notes.txt", "sub/z.xlsx"] {
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
    fn hidden_and_lock_files_are_no_extracts() {
        for (name, expected) in [("a.csv", true), ("a.CSV", true), (".a.csv", false), ("~$a.xlsx", false), ("a", false)]
        {
            assert_eq!(is_extract_name(Path::new(name)), expected, "{name}");
        }
    }
}
