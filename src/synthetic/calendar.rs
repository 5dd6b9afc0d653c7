//! Which day is it, on the civil and on the lunar calendar?
//!
//! Days are numbers since 1970-01-01. The civil part is Hinnant's `days_from_civil`; the lunar part finds new moons and
//! the sun's longitude with the leading terms of Meeus, *Astronomical Algorithms*, chapters 25 and 49, which is right
//! for all but a handful of days in a century.

/// 2020-11-01, the day of the census reference time (00:00, so this day is the first after it).
pub const REFERENCE: i32 = 18_567;
/// 2020-12-15, the day on which the departments took their extracts.
pub const EXTRACT: i32 = 18_611;
/// Days in a year, on average.
pub const YEAR: f64 = 365.25;

/// The day number of a date.
#[must_use]
pub fn day(year: i32, month: i32, day_of_month: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day_of_month - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day number.
#[must_use]
pub fn civil(day: i32) -> (i32, i32, i32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i32::from(month <= 2), month, day_of_month)
}

/// The day of a date if there is such a date.
#[must_use]
pub fn valid_day(year: i32, month: i32, day_of_month: i32) -> Option<i32> {
    let number = day(year, month.clamp(1, 12), day_of_month);
    (civil(number) == (year, month, day_of_month)).then_some(number)
}

/// Eight digits, as in an ID number.
#[must_use]
pub fn compact(day: i32) -> String {
    let (year, month, day_of_month) = civil(day);
    format!("{year:04}{month:02}{day_of_month:02}")
}

/// Six digits: year and month.
#[must_use]
pub fn year_month(day: i32) -> String {
    let (year, month, _) = civil(day);
    format!("{year:04}{month:02}")
}

/// Whole years between a birth and the reference time.
#[must_use]
pub fn age(birth: i32) -> i32 {
    (f64::from(REFERENCE - birth) / YEAR).floor() as i32
}

/// Year, month and day of the lunar calendar; a leap month has the number of the month before it.
///
/// The eleventh month is the one with the winter solstice; if there are thirteen months from one to the next, the first
/// one in which the sun enters no sign is the leap month.
#[must_use]
pub fn lunar(day: i32) -> (i32, i32, i32) {
    let lunation = lunation_of(day);
    let mut year = civil(day).0;
    if lunation < lunation_of(solstice(year)) {
        year -= 1;
    }
    let (eleventh, next) = (lunation_of(solstice(year)), lunation_of(solstice(year + 1)));
    let leap = (eleventh + 1..next).find(|&month| solar_term(new_moon(month)) == solar_term(new_moon(month + 1)));
    let months = lunation - eleventh;
    let months = match leap {
        Some(leap) if next - eleventh == 13 && lunation >= leap => months - 1,
        _ => months,
    };
    (year + i32::from(months > 1), (10 + months) % 12 + 1, day - new_moon(lunation) + 1)
}

/// The number of the lunation in which a day falls.
fn lunation_of(day: i32) -> i32 {
    let mut lunation = (f64::from(day - 10_962) / 29.530_588).floor() as i32 + 1;
    while new_moon(lunation) > day {
        lunation -= 1;
    }
    lunation
}

/// The day of the winter solstice of a civil year.
fn solstice(year: i32) -> i32 {
    let early = day(year, 12, 19);
    (early..early + 5).find(|&day| solar_term(day + 1) == 9).unwrap_or(early + 2)
}

/// How many times thirty degrees the sun has passed at midnight (Beijing) of this day.
fn solar_term(day: i32) -> i32 {
    let centuries = (f64::from(day) - 8.0 / 24.0 - 10_957.5) / 36_525.0;
    let anomaly = (357.529_11 + 35_999.050_29 * centuries).to_radians();
    let longitude = 280.466_46 + 36_000.769_83 * centuries - 0.005_69
        + (1.914_602 - 0.004_817 * centuries) * anomaly.sin()
        + 0.019_993 * (2.0 * anomaly).sin()
        - 0.004_78 * (125.04 - 1_934.136 * centuries).to_radians().sin();
    (longitude.rem_euclid(360.0) / 30.0).floor() as i32
}

/// The Beijing day of the new moon with this number (0: 2000-01-06).
fn new_moon(lunation: i32) -> i32 {
    let k = f64::from(lunation);
    let t = k / 1_236.85;
    let sun = (2.5534 + 29.105_356_70 * k).to_radians();
    let moon = (201.5643 + 385.816_935_28 * k + 0.010_758_2 * t * t).to_radians();
    let latitude = (160.7108 + 390.670_502_84 * k).to_radians();
    let mean = 2_451_550.097_66 + 29.530_588_861 * k + 0.000_154_37 * t * t;
    let eccentricity = 1.0 - 0.002_516 * t;
    let periodic = -0.407_20 * moon.sin()
        + 0.172_41 * eccentricity * sun.sin()
        + 0.016_08 * (2.0 * moon).sin()
        + 0.010_39 * (2.0 * latitude).sin()
        + 0.007_39 * eccentricity * (moon - sun).sin()
        - 0.005_14 * eccentricity * (moon + sun).sin()
        + 0.002_08 * eccentricity * eccentricity * (2.0 * sun).sin();
    // Julian day to days since 1970, dynamical time to Beijing time.
    (mean + periodic - 2_440_587.5 + 8.0 / 24.0 - 0.000_7).floor() as i32
}

#[cfg(test)]
mod tests {
    use super::{REFERENCE, civil, compact, day, lunar, valid_day};

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        assert_eq!(day(2020, 11, 1), REFERENCE);
        for number in (-40_000..20_000).step_by(13) {
            let (year, month, day_of_month) = civil(number);
            assert_eq!(day(year, month, day_of_month), number);
        }
        assert_eq!(compact(day(1949, 12, 31)), "19491231");
        assert_eq!(valid_day(2021, 2, 29), None);
    }

    #[test]
    fn lunar_dates_agree_with_the_almanac() {
        // New year's days, mid-autumn, and a day within and after the leap fourth month of 2020.
        for (date, expected) in [
            ((2020, 1, 25), (2020, 1, 1)),
            ((1976, 1, 31), (1976, 1, 1)),
            ((1950, 2, 17), (1950, 1, 1)),
            ((2020, 10, 1), (2020, 8, 15)),
            ((2020, 5, 30), (2020, 4, 8)),
            ((2020, 6, 25), (2020, 5, 5)),
            ((1985, 1, 1), (1984, 11, 11)),
            ((1963, 12, 31), (1963, 11, 16)),
        ] {
            assert_eq!(lunar(day(date.0, date.1, date.2)), expected, "{date:?}");
        }
    }
}
