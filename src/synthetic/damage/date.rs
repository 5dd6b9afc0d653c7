//! How is a birth date written wrongly?

use crate::synthetic::calendar::{civil, day, lunar, valid_day, year_month};
use crate::synthetic::chance::{Dice, between, happens, weighted};

/// The day as written by a clerk who erred: the lunar date, swaps, defaults, one digit.
pub fn spoil(dice: &mut Dice, birth: i32) -> i32 {
    let (year, month, day_of_month) = civil(birth);
    let spoilt = match weighted(dice, &[0.30, 0.12, 0.16, 0.12, 0.14, 0.08, 0.08]) {
        0 => {
            let (year, month, day_of_month) = lunar(birth);
            valid_day(year, month, day_of_month)
        }
        1 => valid_day(year, day_of_month, month),
        2 => Some(birth + if happens(dice, 0.5) { 1 } else { -1 }),
        3 => Some(day(year, 1, 1)),
        4 => valid_day(year + [-1, 1, -10, 10][weighted(dice, &[3.0, 3.0, 1.0, 1.0])], month, day_of_month),
        5 => valid_day(year, between(dice, 1, 12), day_of_month),
        _ => valid_day(year, month, (day_of_month + [1, 10, 20][weighted(dice, &[1.0, 2.0, 1.0])]) % 31 + 1),
    };
    match spoilt {
        Some(other) if other != birth => other,
        _ => birth - 1,
    }
}

/// Year and month as written by a clerk who erred.
pub fn spoil_month(dice: &mut Dice, birth: i32) -> String {
    let (year, month, _) = civil(birth);
    let (year, month) = match weighted(dice, &[0.40, 0.25, 0.15, 0.10, 0.10]) {
        0 => {
            let (year, month, _) = lunar(birth);
            (year, month)
        }
        1 => (year + if happens(dice, 0.5) { 1 } else { -1 }, month),
        2 => (year, if happens(dice, 0.5) { month % 12 + 1 } else { (month + 10) % 12 + 1 }),
        3 => (year, 1),
        _ => (year + if happens(dice, 0.5) { 10 } else { -10 }, month),
    };
    let written = format!("{year:04}{month:02}");
    if written == year_month(birth) { format!("{:04}{month:02}", year - 1) } else { written }
}

#[cfg(test)]
mod tests {
    use super::{spoil, spoil_month};
    use crate::synthetic::calendar::{civil, day, year_month};
    use crate::synthetic::chance::dice;

    #[test]
    fn spoilt_dates_are_dates_and_differ() {
        let mut dice = dice(1, 0);
        let birth = day(1963, 5, 14);
        let spoilt: Vec<i32> = (0..400).map(|_| spoil(&mut dice, birth)).collect();
        assert!(spoilt.iter().all(|&other| other != birth));
        assert!(spoilt.contains(&day(1963, 1, 1)) && spoilt.contains(&day(1963, 4, 21)), "default and lunar");
        assert!(spoilt.iter().all(|&other| (1950..1976).contains(&civil(other).0)));
        assert!((0..200).all(|_| spoil_month(&mut dice, birth) != year_month(birth)));
    }
}
