//! How does a file appear whole or not at all?
//!
//! The bytes are written under a temporary name beside the final one (`.NAME.tmp`), then renamed; in the folder of a run
//! that is not published yet, which appears as a whole, under their own name at once. Those of a workbook come from
//! [`workbook`].

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rust_xlsxwriter::{Workbook, XlsxError};

use crate::error::{Error, Result};

/// Writes a whole file, replacing one of the same name.
///
/// # Errors
/// If the file cannot be written or renamed.
pub fn publish(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let temporary = path.with_file_name(format!(".{name}.tmp"));
    let written = fs::write(&temporary, bytes).map_err(|error| Error::io(&temporary, &error));
    let published = written.and_then(|()| fs::rename(&temporary, path).map_err(|error| Error::io(path, &error)));
    if published.is_err() {
        // What failed is said; that this fails, too, would be no news.
        let _ = fs::remove_file(&temporary);
    }
    published
}

/// How hard a workbook is compressed, of 1 to 9: a run writes thousands of small ones, and takes half as long for them
/// with the least.
const COMPRESSION: u8 = 1;

/// The bytes of a workbook. The library starts threads to write it, and panics if the system gives none.
///
/// # Errors
/// If it cannot be put together.
pub fn workbook(workbook: &mut Workbook) -> std::result::Result<Vec<u8>, XlsxError> {
    let none = |_| Err(XlsxError::IoError(std::io::ErrorKind::OutOfMemory.into()));
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
