//! How does a workbook become bytes?
//!
//! Takes a workbook that is put together, gives the bytes of its file.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rust_xlsxwriter::{Workbook, XlsxError};

/// How hard a workbook is compressed, of 1 to 9: a run writes thousands of small ones, and takes half as long for them
/// with the least.
const COMPRESSION: u8 = 1;

/// The bytes of a workbook. The library starts threads to write it, and panics if the system gives none.
///
/// # Errors
/// If it cannot be put together.
pub fn bytes(workbook: &mut Workbook) -> Result<Vec<u8>, XlsxError> {
    let none = |_| Err(XlsxError::IoError(std::io::ErrorKind::OutOfMemory.into()));
    workbook.set_zip_compression_level(COMPRESSION);
    catch_unwind(AssertUnwindSafe(|| workbook.save_to_buffer())).unwrap_or_else(none)
}
