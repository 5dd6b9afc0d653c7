//! How near are two addresses?

use super::level::{Level, MISSING};
use super::row::Side;
use crate::person::table::PersonTable;

/// Estate, building, unit and room are the same.
pub const SAME_DWELLING: u8 = 1;
/// The same as far as both say it: estate and room, and nothing else contradicts.
pub const COMPATIBLE: u8 = 2;
/// Estate and room the same, building or unit not; or all but the room, which is one digit apart.
pub const ONE_PART: u8 = 3;
/// The same building.
pub const SAME_BUILDING: u8 = 4;
/// The same estate.
pub const SAME_ESTATE: u8 = 5;
/// The same community.
pub const SAME_COMMUNITY: u8 = 6;
/// Different.
pub const DIFFERENT: u8 = 7;

/// Levels of addresses.
pub(super) fn levels() -> Vec<Level> {
    vec![
        Level::missing(),
        Level::new("same dwelling", 0.72, 0.85),
        Level::new("same dwelling as far as said", 0.06, 0.06),
        Level::new("one part apart", 0.02, 0.02),
        Level::new("same building", 0.01, 0.005),
        Level::new("same estate", 0.02, 0.005),
        Level::new("same community", 0.05, 0.02),
        Level::new("different", 0.12, 0.04),
    ]
}

/// Compares the addresses of two records.
pub(super) fn compare<S: Side>(table: &PersonTable, one: S, other: S) -> u8 {
    let (estate_a, estate_b) = (one.estate(), other.estate());
    if estate_a != 0 && estate_b != 0 && estate_a == estate_b {
        return within_estate(one.place(), other.place());
    }
    let (division_a, division_b) = (one.division(), other.division());
    if division_a != 0 && division_b != 0 {
        if division_a == division_b {
            return SAME_COMMUNITY;
        }
        let (code_a, code_b) = (table.divisions.text(division_a), table.divisions.text(division_b));
        if code_a.len() != code_b.len() && (code_a.starts_with(code_b) || code_b.starts_with(code_a)) {
            return MISSING;
        }
        return DIFFERENT;
    }
    if estate_a != 0 && estate_b != 0 { DIFFERENT } else { MISSING }
}

fn within_estate(one: (u16, u16, u16), other: (u16, u16, u16)) -> u8 {
    let ((building_a, unit_a, room_a), (building_b, unit_b, room_b)) = (one, other);
    if one == other && room_a != 0 {
        return SAME_DWELLING;
    }
    if room_a == 0 || room_b == 0 {
        let same = building_a != 0 && building_a == building_b;
        return if same { SAME_BUILDING } else { SAME_ESTATE };
    }
    let fits = |x: u16, y: u16| x == 0 || y == 0 || x == y;
    if room_a == room_b {
        // 18门601: the only number before the room may count buildings or entrances; where there is none, any fits.
        let lone_a = building_a == 0 && (unit_a == 0 || unit_a == building_b || unit_a == unit_b);
        let lone_b = building_b == 0 && (unit_b == 0 || unit_b == building_a || unit_b == unit_a);
        if lone_a || lone_b || (building_a != 0 && building_b != 0 && building_a == building_b && fits(unit_a, unit_b))
        {
            return COMPATIBLE;
        }
        return ONE_PART;
    }
    if building_a != 0 && building_a == building_b {
        return if unit_a == unit_b && digits_apart(room_a, room_b) == 1 { ONE_PART } else { SAME_BUILDING };
    }
    SAME_ESTATE
}

/// How many digits of two numbers differ, the last ones under one another.
#[must_use]
pub fn digits_apart(mut a: u16, mut b: u16) -> u32 {
    let mut differing = 0;
    while a != 0 || b != 0 {
        differing += u32::from(a % 10 != b % 10);
        a /= 10;
        b /= 10;
    }
    differing
}

#[cfg(test)]
mod tests {
    use super::{COMPATIBLE, ONE_PART, SAME_BUILDING, SAME_DWELLING, SAME_ESTATE, within_estate};

    #[test]
    fn dwellings_fall_into_levels() {
        for (one, other, expected) in [
            ((12, 3, 401), (12, 3, 401), SAME_DWELLING),
            ((12, 0, 401), (12, 3, 401), COMPATIBLE),
            ((0, 12, 401), (12, 3, 401), COMPATIBLE),
            ((0, 3, 401), (12, 3, 401), COMPATIBLE),
            ((0, 0, 401), (12, 3, 401), COMPATIBLE),
            ((0, 0, 401), (0, 3, 401), COMPATIBLE),
            ((0, 2, 401), (12, 3, 401), ONE_PART),
            ((12, 2, 401), (12, 3, 401), ONE_PART),
            ((11, 3, 401), (12, 3, 401), ONE_PART),
            ((12, 3, 402), (12, 3, 401), ONE_PART),
            ((12, 3, 512), (12, 3, 401), SAME_BUILDING),
            ((12, 0, 0), (12, 3, 401), SAME_BUILDING),
            ((5, 1, 512), (12, 3, 401), SAME_ESTATE),
        ] {
            assert_eq!(within_estate(one, other), expected, "{one:?} {other:?}");
            assert_eq!(within_estate(other, one), expected, "{other:?} {one:?}");
        }
    }
}
