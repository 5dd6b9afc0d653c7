//! How does a file appear whole or not at all?
//!
//! The bytes are written under a hidden name beside the final one (`.NAME.tmp`), then renamed. [`replace`] and
//! [`replace_for_owner`] have them on the disk when they return; [`put`] leaves that to [`settle`], for lists by the
//! thousand. What must not take the place of anything, a key or a study file, is made under its own name and goes
//! again if it cannot be written ([`create`], [`create_for_owner`]). Into the folder of a run that is not published
//! yet, which is brought to the disk and appears as a whole, files are written under their own names at once
//! ([`write()`], [`write_for_owner`]).

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Puts a file in place of what has its name; it is on the disk then.
///
/// # Errors
/// If the file cannot be written or renamed.
pub fn replace(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    appear(path, bytes.as_ref(), Readers::All, publish)
}

/// Like [`replace`], for a file with personal data that may lie anywhere: nobody but this user may read it.
///
/// # Errors
/// If the file cannot be written or renamed.
pub fn replace_for_owner(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    appear(path, bytes.as_ref(), Readers::Owner, publish)
}

/// Like [`replace_for_owner`], but leaves it to [`settle`] to bring the file to the disk.
///
/// # Errors
/// If the file cannot be written or renamed.
pub fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    appear(path, bytes, Readers::Owner, |_, hidden, path| fs::rename(hidden, path))
}

/// Brings files of one folder to the disk, with their names. Where the system can bring a whole file system there, one
/// request does for all of them, and the disk orders its work as it likes.
///
/// # Errors
/// As the system says; a failed synchronisation is never retried.
#[cfg(target_os = "linux")]
pub fn settle(paths: &[PathBuf]) -> io::Result<()> {
    let Some(path) = paths.first() else { return Ok(()) };
    Ok(rustix::fs::syncfs(&File::open(path)?)?)
}

/// Brings files of one folder to the disk, with their names.
///
/// # Errors
/// As the system says; a failed synchronisation is never retried.
#[cfg(not(target_os = "linux"))]
pub fn settle(paths: &[PathBuf]) -> io::Result<()> {
    paths.iter().try_for_each(|path| File::open(path)?.sync_all())?;
    paths.first().map_or(Ok(()), |path| synchronise_folder(folder_of(path)))
}

/// Makes a file that is not there yet; it is on the disk then. What could be written of it in part goes again: it would
/// be in the way of the next try.
///
/// # Errors
/// As the system says; that there is such a file already, which then stays as it is.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create_by(path, bytes, Readers::All)
}

/// Like [`create`], for a secret: nobody but this user may read it.
///
/// # Errors
/// As [`create`].
pub fn create_for_owner(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create_by(path, bytes, Readers::Owner)
}

/// Writes a file into a folder that nobody looks into yet.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|error| Error::io(path, &error))
}

/// Like [`write()`], for a file that names persons: the folder in which it will lie may be open to others.
///
/// # Errors
/// If the file cannot be written.
pub fn write_for_owner(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, bytes)?;
    for_owner(path)
}

/// Lets nobody but this user read a file that nobody sees yet.
///
/// # Errors
/// If the system refuses.
pub fn for_owner(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        let owner = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(path, owner).map_err(|error| Error::io(path, &error))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Makes a folder and those it lies in.
///
/// # Errors
/// If it cannot be made.
pub fn folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| Error::io(path, &error))
}

/// The name under which a file lies until it is whole.
#[must_use]
pub fn hidden(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.tmp"))
}

/// Gives a hidden file, which is whole, its name; it is on the disk then.
///
/// # Errors
/// As the system says; a failed synchronisation is never retried.
pub fn publish(file: &File, hidden: &Path, path: &Path) -> io::Result<()> {
    file.sync_all()?;
    fs::rename(hidden, path)?;
    synchronise_folder(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(unix)]
fn synchronise_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems of a network know no such thing.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        done => done,
    }
}

/// Elsewhere a folder cannot be opened as a file is.
#[cfg(not(unix))]
fn synchronise_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Who may read a file.
#[derive(Clone, Copy, PartialEq)]
enum Readers {
    /// Whoever the system lets by default.
    All,
    /// This user.
    Owner,
}

/// Opens a file that is not there yet; a link that stands there is not followed.
fn opened(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    options.open(path)
}

fn create_by(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let mut file = opened(path, readers)?;
    let written =
        file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| synchronise_folder(folder_of(path)));
    written.inspect_err(|_| {
        // What failed is said; that this fails, too, would be no news.
        let _ = fs::remove_file(path);
    })
}

/// Opens the hidden file under which another lies until it is whole. What an earlier try left behind goes.
///
/// # Errors
/// As the system says.
pub fn begin(hidden: &Path) -> io::Result<File> {
    begin_for(hidden, Readers::All)
}

fn begin_for(hidden: &Path, readers: Readers) -> io::Result<File> {
    match fs::remove_file(hidden) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => opened(hidden, readers),
    }
}

fn appear(
    path: &Path,
    bytes: &[u8],
    readers: Readers,
    publish: fn(&File, &Path, &Path) -> io::Result<()>,
) -> Result<()> {
    let hidden = hidden(path);
    let all = || {
        let mut file = begin_for(&hidden, readers)?;
        file.write_all(bytes)?;
        publish(&file, &hidden, path)
    };
    all().map_err(|error| {
        // What failed is said; that this fails, too, would be no news.
        let _ = fs::remove_file(&hidden);
        Error::io(path, &error)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{create, create_for_owner, hidden, put, replace, replace_for_owner, write_for_owner};

    #[test]
    #[cfg(unix)]
    fn what_holds_personal_data_is_for_nobody_else() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.xlsx");
        for write in [put, |path: &_, bytes: &_| replace_for_owner(path, bytes)] {
            // As a try that was killed leaves it.
            fs::write(hidden(&path), "old").unwrap();
            write(&path, b"pairs").unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let list = folder.path().join("list.html");
        write_for_owner(&list, b"list").unwrap();
        assert_eq!(fs::metadata(&list).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_is_replaced_and_nothing_hidden_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.html");
        for (at, write) in [put, |path: &_, bytes: &_| replace(path, bytes)].iter().enumerate() {
            fs::write(hidden(&path), "left behind").unwrap();
            write(&path, format!("{at}").as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{at}"));
            assert!(!hidden(&path).exists());
        }
    }

    #[test]
    fn what_is_there_already_is_not_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create_for_owner(&path, b"first").unwrap();
        for create in [create, create_for_owner] {
            assert_eq!(create(&path, b"second").unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
    }

    #[test]
    fn what_cannot_take_its_name_is_said_with_that_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.html");
        fs::create_dir_all(path.join("of another")).unwrap();
        for error in [put(&path, b"x"), replace(&path, b"x"), put(&folder.path().join("no/such/list.html"), b"x")] {
            assert!(error.unwrap_err().place().file.is_some());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    #[cfg(unix)]
    fn a_link_in_the_way_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, precious) = (folder.path().join("list.html"), folder.path().join("precious"));
        fs::write(&precious, "keep").unwrap();
        std::os::unix::fs::symlink(&precious, hidden(&path)).unwrap();
        replace(&path, "list").unwrap();
        assert_eq!(
            (fs::read_to_string(&precious).unwrap(), fs::read_to_string(&path).unwrap()),
            ("keep".into(), "list".into())
        );
        assert!(!path.is_symlink());
    }
}
