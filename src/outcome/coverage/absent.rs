//! Of which communities does the roll have nobody, though registers know many there?
//!
//! Takes the counts, gives their codes. Such a community was hardly missed by its enumerators: the extract of the roll
//! lacks it, or the codes of roll and registers are of different years, and everybody there is proposed for a visit.

use super::{Coverage, Level, UNKNOWN_AREA, is_within};

/// So many persons of a community in registers make it one that a roll must have.
const REGISTER_PERSONS_MIN: u64 = 50;
/// A roll of which fewer than this share of those in registers stand there does not have it: some stand in a wrong
/// place.
const ROLL_SHARE_MIN: f64 = 0.02;
/// Where fewer than this share of the roll stand in a community that is known, the roll has other codes.
const KNOWN_SHARE_MIN: f64 = 0.5;

/// The communities within `area` that the roll does not have, and the persons whom registers have there.
pub(super) fn communities(coverage: &Coverage, area: &str) -> (Vec<String>, u64) {
    let communities = coverage.areas(Level::Community);
    let total = coverage.total().roll_present;
    let unknown =
        communities.iter().find(|(code, _)| code == UNKNOWN_AREA).map_or(0, |(_, counts)| counts.roll_present);
    if total == 0 || ((total - unknown) as f64) < KNOWN_SHARE_MIN * total as f64 {
        return (Vec::new(), 0);
    }
    let absent = communities.into_iter().filter(|(code, counts)| {
        let on_roll = counts.roll_present + counts.roll_elsewhere;
        code != UNKNOWN_AREA
            && is_within(code, area)
            && counts.register_persons >= REGISTER_PERSONS_MIN
            && (on_roll as f64) < ROLL_SHARE_MIN * counts.register_persons as f64
    });
    let (codes, persons): (Vec<String>, Vec<u64>) =
        absent.map(|(code, counts)| (code, counts.register_persons)).unzip();
    (codes, persons.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::super::{AgeGroup, Counts, Stratum};
    use super::{Coverage, Level, communities};

    /// Communities with so many persons on the roll and in registers (none in both).
    fn coverage(places: &[(&str, u64, u64)]) -> Coverage {
        let stratum = |level: Level, (code, roll, register): (&str, u64, u64)| Stratum {
            level,
            area: level.area(code).to_owned(),
            sex: 1,
            age_group: AgeGroup::UNKNOWN,
            counts: Counts {
                roll_present: roll,
                only_roll: roll,
                register_persons: register,
                only_register: register,
                ..Counts::default()
            },
        };
        let strata = places.iter().flat_map(|place| Level::ALL.map(|level| stratum(level, *place)));
        Coverage { strata: strata.collect(), ..Coverage::default() }
    }

    #[test]
    fn a_community_that_only_registers_have_is_named() {
        let places = [
            ("120106001001", 900, 1000),
            ("120106001002", 0, 1000),
            ("120106001003", 3, 800),
            ("120106001004", 0, 49),
            ("120106001005", 30, 1000),
            ("120104001001", 0, 1000),
            ("120106", 100, 1000),
        ];
        let named = |area: &str| communities(&coverage(&places), area);
        assert_eq!(named("120106"), (vec![String::from("120106001002"), String::from("120106001003")], 1800));
        assert_eq!(named("").0.len(), 3);
        // A roll whose codes are no communities' says nothing of them.
        assert_eq!(communities(&coverage(&[("120106", 900, 1000), places[1]]), "").0, Vec::<String>::new());
    }
}
