//! How alike are two birth dates?

use super::id_number::{DIFFERENT as ID_DIFFERENT, EQUAL as ID_EQUAL, implies_birth};
use super::level::{Level, MISSING};
use crate::person::date::Date;

/// The same day.
pub const EQUAL: u8 = 1;
/// The same month, where one of them has no day.
pub const EQUAL_MONTH: u8 = 2;
/// A usual confusion: day and month swapped, one digit, a neighbouring day, lunar for solar.
pub const CONFUSED: u8 = 3;
/// The same month, another day.
pub const SAME_MONTH: u8 = 4;
/// The same year, or one that is one off in the same month.
pub const SAME_YEAR: u8 = 5;
/// Different.
pub const DIFFERENT: u8 = 6;
/// Contradicts although the ID numbers agree (a relative's number on the wrong line).
pub const AGAINST_ID: u8 = 7;
/// The same year, where one of them has no month.
pub const EQUAL_YEAR: u8 = 8;
/// So many years apart that they are of two generations.
pub const GENERATION_APART: u8 = 9;
/// The ID numbers agree, and so do the dates that both records have of their own: that no relative's number stands on a
/// wrong line is news.
pub const WITH_ID: u8 = 10;

/// Years between parents and children, at least.
const GENERATION_YEARS: u16 = 15;

/// Levels of birth dates.
pub(super) fn levels() -> Vec<Level> {
    vec![
        Level::missing(),
        Level::new("equal", 0.62, 0.002),
        Level::new("equal to the month", 0.32, 0.002),
        Level::new("confused (swap, digit, lunar)", 0.03, 0.01),
        Level::new("same month", 0.005, 0.004),
        Level::new("same year", 0.005, 0.05),
        // Of the worst files a third is so: what a fit would take for more are strangers who agree on all else.
        Level::new("different", 0.008, 0.42).at_most(0.4),
        Level::new("different though the numbers agree", 0.003, 0.95).given_id(),
        Level::new("equal to the year", 0.005, 0.001),
        // Of a hundred slips one is as great: what a fit would take for more are parents and children.
        Level::new("a generation apart", 0.002, 0.502).at_most(0.01),
        Level::new("equal as the numbers are", 0.997, 0.05).given_id(),
    ]
}

/// Compares birth dates in the light of the ID numbers: where those agree, the dates inside them do, too. All that
/// dates of the records' own can still tell is whether a relative's number stands on a wrong line.
///
/// Numbers that differ say already that what is inside them does: a date that only they tell is no further news.
pub(super) fn compare_given_id(one: Date, other: Date, id_level: u8, from_id: [bool; 2]) -> u8 {
    let both_from_id = from_id == [true, true];
    if id_level == ID_DIFFERENT && from_id != [false, false] {
        return MISSING;
    }
    let level = compare(one, other);
    if !implies_birth(id_level) {
        return level;
    }
    match level {
        MISSING => MISSING,
        SAME_YEAR | DIFFERENT | GENERATION_APART if id_level == ID_EQUAL && !both_from_id => AGAINST_ID,
        EQUAL | EQUAL_MONTH if id_level == ID_EQUAL && from_id == [false, false] => WITH_ID,
        _ => MISSING,
    }
}

/// Do dates of this level contradict each other? Those that agree as far as the coarser one goes do not.
#[must_use]
pub fn contradict(level: u8) -> bool {
    level >= CONFUSED && !matches!(level, EQUAL_YEAR | WITH_ID)
}

/// Could these be the dates of one person, a slip or two allowed?
pub(in crate::linkage) fn may_be_one(one: Date, other: Date) -> bool {
    !matches!(compare(one, other), DIFFERENT | GENERATION_APART)
}

/// Compares two dates of any precision.
#[must_use]
pub fn compare(one: Date, other: Date) -> u8 {
    if !one.is_some() || !other.is_some() {
        return MISSING;
    }
    if !one.has_month() || !other.has_month() {
        return if one.year() == other.year() { EQUAL_YEAR } else { years_apart(one, other) };
    }
    if one == other {
        return if one.has_day() { EQUAL } else { EQUAL_MONTH };
    }
    if !(one.has_day() && other.has_day()) {
        return compare_months(one, other);
    }
    if is_confused(one, other) {
        CONFUSED
    } else if one.month() == other.month() {
        SAME_MONTH
    } else if one.year() == other.year() || is_year_off(one, other) {
        SAME_YEAR
    } else {
        years_apart(one, other)
    }
}

/// The level of dates that have nothing in common.
fn years_apart(one: Date, other: Date) -> u8 {
    if one.year().abs_diff(other.year()) < GENERATION_YEARS { DIFFERENT } else { GENERATION_APART }
}

fn compare_months(one: Date, other: Date) -> u8 {
    if one.month() == other.month() {
        return EQUAL_MONTH;
    }
    let ((year_a, month_a, day_a), (year_b, month_b, day_b)) = (one.parts(), other.parts());
    let swapped = year_a == year_b && (day_a == month_b || day_b == month_a);
    let lunar = [(one, other), (other, one)].iter().any(|(solar, written)| {
        let is_month = |(lunar, _): (u8, u8)| lunar == written.parts().1;
        solar.has_day() && LUNAR_MONTHS.contains(&months_after(*solar, *written)) && solar.lunar().is_some_and(is_month)
    });
    if swapped || lunar || (one_digit_apart(u32::from(year_a), u32::from(year_b)) && month_a == month_b) {
        CONFUSED
    } else if year_a == year_b || (month_a == month_b && year_a.abs_diff(year_b) == 1) {
        SAME_YEAR
    } else {
        years_apart(one, other)
    }
}

fn is_confused(one: Date, other: Date) -> bool {
    let ((year_a, month_a, day_a), (year_b, month_b, day_b)) = (one.parts(), other.parts());
    let same_year = year_a == year_b;
    if same_year && month_a == day_b && day_a == month_b {
        return true;
    }
    if same_year
        && month_a == month_b
        && (day_a.abs_diff(day_b) == 1 || one_digit_apart(u32::from(day_a), u32::from(day_b)))
    {
        return true;
    }
    if same_year && day_a == day_b && one_digit_apart(u32::from(month_a), u32::from(month_b)) {
        return true;
    }
    if month_a == month_b && day_a == day_b && one_digit_apart(u32::from(year_a), u32::from(year_b)) {
        return true;
    }
    is_lunar(one, other) || is_lunar(other, one)
}

fn is_year_off(one: Date, other: Date) -> bool {
    let ((year_a, month_a, day_a), (year_b, month_b, day_b)) = (one.parts(), other.parts());
    year_a.abs_diff(year_b) == 1 && month_a == month_b && day_a == day_b
}

/// By how many months a solar date may be later than its lunar reading: the lag crosses the ends of two months at most.
const LUNAR_MONTHS: std::ops::RangeInclusive<i32> = 0..=2;

/// By how many months the one date is later than the other.
fn months_after(one: Date, other: Date) -> i32 {
    let month = |date: Date| 12 * i32::from(date.year()) + i32::from(date.parts().1);
    month(one) - month(other)
}

/// Is `written` the lunar reading of the solar date? The lunar calendar lags by 17 to 53 days.
fn is_lunar(solar: Date, written: Date) -> bool {
    if !LUNAR_MONTHS.contains(&months_after(solar, written)) {
        return false;
    }
    let lag = match (solar.first_day(), written.first_day()) {
        (Some(solar), Some(written)) => solar - written,
        _ => return false,
    };
    (15..=60).contains(&lag) && solar.lunar() == Some((written.parts().1, written.parts().2))
}

/// Same number of digits in two-digit (or four-digit) writing, one of them different.
fn one_digit_apart(one: u32, other: u32) -> bool {
    let (mut a, mut b, mut differing) = (one, other, 0);
    while a != 0 || b != 0 {
        differing += u32::from(a % 10 != b % 10);
        a /= 10;
        b /= 10;
    }
    differing == 1
}

#[cfg(test)]
mod tests {
    use super::{
        AGAINST_ID, CONFUSED, DIFFERENT, EQUAL, EQUAL_MONTH, EQUAL_YEAR, GENERATION_APART, MISSING, SAME_MONTH,
        SAME_YEAR, WITH_ID, compare, compare_given_id,
    };
    use crate::linkage::comparison::id_number;
    use crate::person::date::read;

    fn check(one: &str, other: &str, expected: u8) {
        let date = |text: &str| read(text).unwrap_or_default();
        assert_eq!(compare(date(one), date(other)), expected, "{one} / {other}");
        assert_eq!(compare(date(other), date(one)), expected, "{other} / {one}");
    }

    #[test]
    fn dates_of_which_one_is_coarser_do_not_contradict() {
        let date = |text: &str| read(text).unwrap_or_default();
        for (one, other, expected) in [
            ("1990", "1990-03-05", false),
            ("1990-03", "1990-03-05", false),
            ("1990-03-05", "1990-03-05", false),
            ("", "1990-03-05", false),
            ("1991", "1990-03-05", true),
            ("1990-05-03", "1990-03-05", true),
        ] {
            assert_eq!(super::contradict(compare(date(one), date(other))), expected, "{one} {other}");
        }
    }

    #[test]
    fn dates_fall_into_levels() {
        check("1990-03-05", "1990-03-05", EQUAL);
        check("199003", "1990-03-05", EQUAL_MONTH);
        check("1990-03-05", "1990-05-03", CONFUSED);
        check("1990-03-05", "1990-03-06", CONFUSED);
        check("1990-03-05", "1980-03-05", CONFUSED);
        check("1990-03-05", "1990-03-17", SAME_MONTH);
        check("1990-03-05", "1990-07-21", SAME_YEAR);
        check("1990-03-05", "1991-03-05", CONFUSED);
        check("1999-03-05", "2000-03-05", SAME_YEAR);
        check("1990-03-05", "1981-07-21", DIFFERENT);
        check("1990-03-05", "1972-07-21", GENERATION_APART);
        check("1990", "1972-07-21", GENERATION_APART);
        check("1990", "1988", DIFFERENT);
        check("1990-03-05", "", MISSING);
        check("1990", "1990-03-05", EQUAL_YEAR);
        // 1990-02-10 was the 15th day of the first lunar month.
        check("1990-02-10", "1990-01-15", CONFUSED);
        check("1990-02-10", "1990-01-16", SAME_YEAR);
        check("199001", "1990-02-10", CONFUSED);
        // The lunar calendar never leads, and lags by less than three months.
        check("199001", "1991-02-20", DIFFERENT);
        check("199101", "1990-02-10", DIFFERENT);
    }

    #[test]
    fn beside_equal_numbers_only_dates_of_both_records_own_are_news() {
        let (a, b) = (read("1990-03-05").unwrap(), read("1972-07-21").unwrap());
        let (month, confused) = (read("1990-03").unwrap(), read("1990-05-03").unwrap());
        for (level, other, from_id) in [
            (WITH_ID, a, [false; 2]),
            (WITH_ID, month, [false; 2]),
            (MISSING, a, [true, false]),
            (MISSING, a, [true; 2]),
            (MISSING, confused, [false; 2]),
        ] {
            assert_eq!(compare_given_id(a, other, id_number::EQUAL, from_id), level, "{other:?} {from_id:?}");
        }
        assert!(!super::contradict(WITH_ID));
        assert_eq!(compare_given_id(a, a, id_number::ONE_SLIP, [false; 2]), MISSING);
        assert_eq!(compare_given_id(a, b, id_number::EQUAL, [false; 2]), AGAINST_ID);
        assert_eq!(compare_given_id(a, b, id_number::EQUAL, [true, false]), AGAINST_ID);
        assert_eq!(compare_given_id(a, a, id_number::FITS_MASK, [false; 2]), EQUAL);
    }

    #[test]
    fn a_difference_that_the_numbers_imply_is_no_news() {
        let (a, b) = (read("1990-03-05").unwrap(), read("1972-07-21").unwrap());
        assert_eq!(compare_given_id(a, b, id_number::DIFFERENT, [true, false]), MISSING);
        assert_eq!(compare_given_id(a, b, id_number::DIFFERENT, [true, true]), MISSING);
        assert_eq!(compare_given_id(a, b, id_number::DIFFERENT, [false; 2]), GENERATION_APART);
        assert_eq!(compare_given_id(a, a, id_number::DIFFERENT, [false; 2]), EQUAL);
    }
}
