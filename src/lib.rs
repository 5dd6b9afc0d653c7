//! rollcall.
pub mod error;
pub mod intake;
pub mod progress;
pub mod tally;
pub mod person;
