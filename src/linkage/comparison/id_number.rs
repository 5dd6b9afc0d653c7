//! How alike are two identity numbers?

use super::level::{Level, MISSING};
use crate::person::id_number::{self, IdNumber, Relation};

/// The same number.
pub const EQUAL: u8 = 1;
/// One is masked and the other fits it.
pub const FITS_MASK: u8 = 2;
/// One slip of the pen apart.
pub const ONE_SLIP: u8 = 3;
/// Different, and at least one of them fails its check.
pub const DIFFERENT_INVALID: u8 = 4;
/// Different.
pub const DIFFERENT: u8 = 5;

/// Levels of identity numbers.
pub(super) fn levels() -> Vec<Level> {
    vec![
        Level::missing(),
        Level::new("equal", 0.95, 0.002),
        Level::new("fits the mask", 0.01, 0.0005),
        Level::new("one slip apart", 0.02, 0.0005),
        Level::new("different, one invalid", 0.005, 0.02),
        Level::new("different", 0.015, 0.977),
    ]
}

/// Compares two numbers.
pub(super) fn compare(one: IdNumber, other: IdNumber) -> u8 {
    match id_number::compare(one, other) {
        Relation::Unknown => MISSING,
        Relation::Equal => EQUAL,
        Relation::FitsMask => FITS_MASK,
        Relation::OneSlip => ONE_SLIP,
        Relation::Different if one.is_citizen() && other.is_citizen() && !(one.is_valid() && other.is_valid()) => {
            DIFFERENT_INVALID
        }
        Relation::Different => DIFFERENT,
    }
}

/// Does this level leave the birth date and sex inside the numbers no news of their own?
#[must_use]
pub fn implies_birth(level: u8) -> bool {
    matches!(level, EQUAL | ONE_SLIP)
}
