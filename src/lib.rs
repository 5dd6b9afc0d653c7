//! rollcall.
pub mod error;
pub mod intake;
pub mod progress;
pub mod synthetic;
pub mod tally;
