//! How alike are two identity numbers?

use super::level::{Level, MISSING};
use crate::person::id_number::{self, IdNumber, Relation};

/// The same number.
pub const EQUAL: u8 = 1;
/// One is masked and the other fits it.
pub const FITS_MASK: u8 = 2;
/// One slip of the pen apart.
pub const ONE_SLIP: u8 = 3;
/// Different, and at least one of them fails its check or is too short for one.
pub const DIFFERENT_INVALID: u8 = 4;
/// Different.
pub const DIFFERENT: u8 = 5;
/// Different and both right, but of one birth date and sex: twins have such numbers, and strangers of one day; hardly
/// anybody has two.
pub const OF_ONE_DAY: u8 = 6;

/// Levels of identity numbers.
pub(super) fn levels() -> Vec<Level> {
    vec![
        Level::missing(),
        Level::new("equal", 0.95, 0.002),
        Level::new("fits the mask", 0.01, 0.0005),
        Level::new("one slip apart", 0.02, 0.0005),
        Level::new("different, one invalid", 0.005, 0.02),
        Level::new("different", 0.0149, 0.975),
        Level::new("different, of one day and sex", 1e-4, 0.002).at_most(2e-4),
    ]
}

/// Compares two numbers.
pub(in crate::linkage) fn compare(one: IdNumber, other: IdNumber) -> u8 {
    match id_number::compare(one, other) {
        Relation::Unknown => MISSING,
        Relation::Equal => EQUAL,
        Relation::FitsMask => FITS_MASK,
        Relation::OneSlip => ONE_SLIP,
        Relation::Different if is_wrong(one) || is_wrong(other) => DIFFERENT_INVALID,
        Relation::Different if one.is_of_one_day(other) => OF_ONE_DAY,
        Relation::Different => DIFFERENT,
    }
}

/// Does a number fail its check, or is it too short for one?
fn is_wrong(id: IdNumber) -> bool {
    !id.is_valid() && !id.is_masked() && !id.is_document()
}

/// Are the numbers those of two persons, as far as they tell?
#[must_use]
pub fn are_two(level: u8) -> bool {
    matches!(level, DIFFERENT | OF_ONE_DAY)
}

/// Does this level leave the birth date and sex inside the numbers no news of their own?
#[must_use]
pub fn implies_birth(level: u8) -> bool {
    matches!(level, EQUAL | ONE_SLIP | OF_ONE_DAY)
}

#[cfg(test)]
mod tests {
    use super::{DIFFERENT, DIFFERENT_INVALID, EQUAL, FITS_MASK, MISSING, OF_ONE_DAY, ONE_SLIP, are_two, compare};
    use crate::person::id_number::read;
    use crate::synthetic::identity::with_check;

    #[test]
    fn numbers_of_twins_are_told_from_those_of_a_relative() {
        let number = |body: &str| read(&with_check(body)).0;
        let one = number("99999919900307001");
        for (other, level) in [
            ("99999919900307001", EQUAL),
            ("99999919900307003", OF_ONE_DAY),
            ("99999819900307021", OF_ONE_DAY),
            ("99999919900307002", DIFFERENT),
            ("99999919900308001", DIFFERENT),
        ] {
            assert_eq!(compare(one, number(other)), level, "{other}");
        }
    }

    #[test]
    fn a_number_that_is_short_or_fails_its_check_is_no_other_right_one() {
        let one = read("999999199003070012").0;
        for (other, level) in [
            ("99999919900307001", ONE_SLIP),
            ("9999991990030700", DIFFERENT_INVALID),
            ("99999919850412002", DIFFERENT_INVALID),
            ("999999198504120021", DIFFERENT_INVALID),
            ("999999********0012", FITS_MASK),
            ("999999********0023", DIFFERENT),
            ("999999198504120028", DIFFERENT),
        ] {
            let found = compare(one, read(other).0);
            assert_eq!((found, are_two(found)), (level, level == DIFFERENT), "{other}");
        }
        let documents = ["E57896865", "E12345678"].map(|text| read(text).0);
        assert_eq!(compare(documents[0], documents[1]), DIFFERENT);
        assert_eq!(compare(documents[0], read("H12345678").0), DIFFERENT);
        for (another, level) in [("12345678", MISSING), ("E-5789 6865", EQUAL)] {
            assert_eq!(compare(documents[0], read(another).0), level, "{another}");
        }
    }
}
