//! How good are links and discrepancies, by the eyes of people who did not make them?
//!
//! Takes a finished run and a [`design`], gives a stratified random [`selection`] of linked pairs, non-links (those
//! that were let go early, too) and discrepancies, sealed in the log before anybody looks, and a sheet that shows
//! neither stratum nor decision; takes the sheet back and gives, as an [`appraisal`], precision, recall and the rate of
//! falsely missed persons with intervals. How: `docs/sample.md`.

pub mod appraisal;
pub mod design;
mod frame;
mod let_go;
pub mod selection;
pub mod sheet;
