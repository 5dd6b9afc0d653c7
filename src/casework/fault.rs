//! What went wrong in the store of cases?
//!
//! Takes what SQLite says, gives an error without SQLite's own texts, which could hold a value. SQLite also calls it
//! damage if the disk could not read a page; so the file is read once more before the store is said to be damaged.

use std::fs::File;
use std::io;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::{Error, Kind};

/// What an error of SQLite means.
pub(super) fn sqlite_error(path: &Path, error: &rusqlite::Error) -> Error {
    if matches!(error, rusqlite::Error::InvalidColumnType(..)) {
        let what =
            "the store holds a case that this version cannot read: it was made by another version, or is damaged";
        return Error::new(Kind::Verification, what).at_file(path);
    }
    let what = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "no space left for the store of cases",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program has kept the store of cases busy for two minutes"
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => return damaged(path),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            "the store of cases cannot be opened for writing"
        }
        _ => "the store of cases cannot be used",
    };
    Error::new(Kind::Environment, what).at_file(path)
}

/// A store that seems damaged: it is, unless the disk does not give it, or did not a moment ago.
pub(super) fn damaged(path: &Path) -> Error {
    if let Err(error) = read_through(path) {
        return Error::io(path, &error);
    }
    let again = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|store| store.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0)));
    if again.is_ok_and(|answer| answer == "ok") {
        let error = Error::new(Kind::Environment, "the store of cases could not be read").at_file(path);
        return error.hint("try again; if it happens again, have the disk looked at");
    }
    let error = Error::new(Kind::Verification, "the store of cases is damaged").at_file(path);
    error.hint("take the file back from a safe copy, then import the lists that came back since")
}

/// Reads a file to its end, place by place as SQLite does where it can be told.
fn read_through(path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    let (mut piece, mut at) = (vec![0; 1 << 16], 0);
    loop {
        match read_at(&mut file, &mut piece, at)? {
            0 => return Ok(()),
            count => at += count as u64,
        }
    }
}

#[cfg(unix)]
fn read_at(file: &mut File, piece: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, piece, at)
}

#[cfg(not(unix))]
fn read_at(file: &mut File, piece: &mut [u8], _: u64) -> io::Result<usize> {
    io::Read::read(file, piece)
}
