//! What follows from it?
//!
//! Takes who is who, gives what the office must do: [`residence`] is how likely each unlinked person lives here,
//! [`discrepancy`] what disagrees between roll and registers, [`coverage`] how complete the roll is,
//! [`settled`] what visits have answered already, [`disclosure`] what may be said outside, [`report`] what people read.

pub mod coverage;
pub mod disclosure;
pub mod discrepancy;
pub mod estimate;
pub mod files;
pub mod find;
pub mod links;
pub mod quality;
pub mod reliability;
pub mod report;
pub mod residence;
pub mod settled;
pub mod visit;
pub mod weights;
