//! What do the workbooks that go out have in common?
//!
//! Takes a workbook that is put together, gives the bytes of its file; and for those that are printed the heights of
//! rows and the foot of the page.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rust_xlsxwriter::{Workbook, XlsxError};

use super::words::field;
use crate::intake::study::Language;

/// Paper size A4 in the file format.
pub const A4: u8 = 9;

/// Height of a line of text, in points.
const LINE_POINTS: f64 = 16.5;

/// No row of a spreadsheet is higher, in points.
pub const ROW_POINTS_MAX: f64 = 409.0;

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

/// How wide a text is, in characters of the width of columns; a Han character is as wide as two Latin ones.
#[must_use]
pub fn width(text: &str) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 1.1 } else { 2.15 }).sum()
}

/// Lines that a text takes in a column of a width.
#[must_use]
pub fn line_count(text: &str, column: f64) -> u32 {
    text.split('\n').map(|line| (width(line) / (column - 0.7)).ceil().max(1.0) as u32).sum()
}

/// Height of a row of so many lines. Not every program fits the height of rows itself, so it is written into the file.
#[must_use]
pub fn height(lines: u32, margin: f64) -> f64 {
    (f64::from(lines) * LINE_POINTS + margin).min(ROW_POINTS_MAX)
}

/// What stands at the foot of every page.
#[must_use]
pub fn footer(language: Language) -> String {
    format!("&L&\"Microsoft YaHei\"&8{}&R&\"Microsoft YaHei\"&9&P / &N", field::CONFIDENTIAL.of(language))
}
