//! May a command write the file that `--out` names?
//!
//! Takes the path and what an earlier file of the same command looks like; refuses to write over anything else. A slip
//! of the keyboard must not cost a key, an extract or an output of the run.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::audit::publication;
use crate::error::{Error, Kind, Result};

/// Refuses a path at which something lies that is no earlier file of this kind.
///
/// # Errors
/// A usage error that names the path.
pub(super) fn check(out: &Path, kind: &str, is_earlier: impl FnOnce(&Path) -> bool) -> Result<()> {
    match std::fs::metadata(out) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io(out, &error)),
        Ok(facts) if facts.is_file() && is_earlier(out) => Ok(()),
        Ok(_) => {
            let what = format!("something else than an earlier {kind} lies there, and would be lost");
            Err(Error::new(Kind::Usage, what).at_file(out).hint("name a new file with --out"))
        }
    }
}

/// Refuses a path in a folder that is not there, before anything else is done for it.
///
/// # Errors
/// A usage error that names the folder.
pub(super) fn check_folder(out: &Path) -> Result<()> {
    match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            let error = Error::new(Kind::Usage, "there is no such folder").at_file(folder);
            Err(error.hint("make it first, or name another place"))
        }
        _ => Ok(()),
    }
}

/// Does the file begin with this line?
pub(super) fn begins_with(path: &Path, line: &str) -> bool {
    let mut start = String::new();
    let read = File::open(path).and_then(|file| file.take(line.len() as u64 + 1).read_to_string(&mut start));
    read.is_ok() && start.strip_prefix(line).is_some_and(|rest| rest.is_empty() || rest == "\n" || rest == "\r")
}

/// Does the file lie, or would it, in this folder or one below it?
pub(super) fn lies_in(out: &Path, folder: &Path) -> bool {
    folder.canonicalize().is_ok_and(|folder| whole(out).starts_with(folder))
}

/// Are these one file, there or not yet?
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    whole(one) == whole(other)
}

fn whole(path: &Path) -> PathBuf {
    publication::resolved(path).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{begins_with, check, check_folder, is_same, lies_in};
    use crate::error::Kind;

    #[test]
    fn only_a_file_of_the_same_kind_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let check = |name: &str| check(&at(name), "table", |path| begins_with(path, "a,b"));
        for (name, text) in
            [("own", "a,b\n1,2\n"), ("bare", "a,b"), ("longer", "a,bc\n"), ("key", "secret"), ("none", "")]
        {
            std::fs::write(at(name), text).unwrap();
        }
        for may in ["own", "bare", "not there yet"] {
            assert!(check(may).is_ok(), "{may}");
        }
        for kept in ["longer", "key", "none", "."] {
            assert_eq!(check(kept).unwrap_err().kind(), Kind::Usage, "{kept}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for (place, is_there) in [("new", true), ("none/new", false)] {
            assert_eq!(check_folder(&folder.path().join(place)).is_ok(), is_there, "{place}");
        }
        assert!(check_folder(std::path::Path::new("new")).is_ok());
    }

    #[test]
    fn a_path_is_known_however_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (run, new) = (folder.path().join("run"), folder.path().join("run/../run/new"));
        std::fs::create_dir(&run).unwrap();
        assert!(lies_in(&new, &run) && !lies_in(&folder.path().join("new"), &run));
        assert!(is_same(&new, &run.join("new")) && !is_same(&new, &run.join("old")));
    }
}
