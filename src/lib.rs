//! rollcall.
pub mod error;
pub mod intake;
pub mod linkage;
pub mod outcome;
pub mod person;
pub mod privacy;
pub mod progress;
pub mod tally;
