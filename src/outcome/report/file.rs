//! How does a file appear whole or not at all?
//!
//! The bytes are written under a temporary name beside the final one (`.NAME.tmp`), then renamed; in the folder of a run
//! that is not published yet, which appears as a whole, under their own name at once. Those of a workbook come from
//! [`workbook`].

use std::fs;
use std::io::{ErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rust_xlsxwriter::{Workbook, XlsxError};

use crate::error::{Error, Result};

/// Writes a whole file, replacing one of the same name. It holds personal data, and may lie anywhere: nobody but this user may
/// read it.
///
/// # Errors
/// If the file cannot be written or renamed.
pub fn publish(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let temporary = path.with_file_name(format!(".{name}.tmp"));
    // What an earlier try left may be open to others.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io(&temporary, &error)),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&temporary).and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| Error::io(&temporary, &error))?;
    fs::rename(&temporary, path).map_err(|error| Error::io(path, &error))
}

/// How hard a workbook is compressed, of 1 to 9: a run writes thousands of small ones, and takes half as long for them
/// with the least.
const COMPRESSION: u8 = 1;

/// The bytes of a workbook. The library starts threads to write it, and panics if the system gives none.
///
/// # Errors
/// If it cannot be put together.
pub fn workbook(workbook: &mut Workbook) -> std::result::Result<Vec<u8>, XlsxError> {
    let none = |_| Err(XlsxError::IoError(ErrorKind::OutOfMemory.into()));
    workbook.set_zip_compression_level(COMPRESSION);
    catch_unwind(AssertUnwindSafe(|| workbook.save_to_buffer())).unwrap_or_else(none)
}

/// Writes a file into a folder that nobody looks into yet.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|error| Error::io(path, &error))
}

/// Makes a folder and those it lies in.
///
/// # Errors
/// If it cannot be made.
pub fn folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| Error::io(path, &error))
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(unix)]
    fn what_is_put_anywhere_is_for_nobody_else() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.xlsx");
        for bytes in [b"one", b"two"] {
            // As a try that was killed leaves it.
            std::fs::write(folder.path().join(".pairs.xlsx.tmp"), "old").unwrap();
            super::publish(&path, bytes).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
