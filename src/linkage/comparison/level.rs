//! What are the levels of a comparison called, and what is expected of them before any data are seen?
//!
//! The expectation of m (share of true matches at the level) only steers the first step of the fit and keeps a level
//! that is never observed from weighing infinitely much.

/// The level of a pair in which one side says nothing.
pub const MISSING: u8 = 0;

/// One level of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Its name in outputs.
    pub name: String,
    /// Expected share of true matches at this level, before any data; the levels but *missing* sum to 1.
    pub m: f64,
    /// Expected share of pairs of relatives (different members of one household) at this level.
    pub relatives: f64,
    /// Does the rarity of the value that both share count?
    pub frequency: bool,
    /// A level that only pairs with equal ID numbers can have: its shares are conditional on that equality.
    pub given_id: bool,
    /// A level whose m grows no greater than this, whatever a fit finds.
    pub most: f64,
    /// Expected share of pairs of strangers at this level, where none can be drawn at random to measure it: the level
    /// is known only once pairs are linked, or of few records. Nor are relatives measured there.
    pub strangers: Option<f64>,
}

impl Level {
    /// A level without frequency adjustment.
    #[must_use]
    pub fn new(name: &str, m: f64, relatives: f64) -> Level {
        Level { name: name.to_owned(), m, relatives, frequency: false, given_id: false, most: 1.0, strangers: None }
    }

    /// Makes the rarity of a shared value count at this level.
    #[must_use]
    pub fn by_frequency(mut self) -> Level {
        self.frequency = true;
        self
    }

    /// Makes the level conditional on equal ID numbers.
    #[must_use]
    pub fn given_id(mut self) -> Level {
        self.given_id = true;
        self
    }

    /// Bounds the m of the level.
    #[must_use]
    pub fn at_most(mut self, most: f64) -> Level {
        self.most = most;
        self
    }

    /// Says how many strangers are at the level.
    #[must_use]
    pub fn of_strangers(mut self, share: f64) -> Level {
        self.strangers = Some(share);
        self
    }

    /// The *missing* level that every comparison begins with.
    #[must_use]
    pub fn missing() -> Level {
        Level::new("missing", 0.0, 0.0)
    }
}

/// Levels of sex.
pub(super) fn sex() -> Vec<Level> {
    vec![
        Level::missing(),
        Level::new("equal", 0.99, 0.42),
        Level::new("different", 0.01, 0.58),
        Level::new("different though the numbers agree", 0.005, 0.5).given_id(),
    ]
}

/// Compares sexes; when the ID numbers agree, the sex inside them agrees already, and only a contradiction is news.
/// When they differ, a sex that only they tell is no news.
pub(super) fn compare_sex(one: u8, other: u8, id_level: u8, from_id: bool) -> u8 {
    if from_id && id_level == super::id_number::DIFFERENT {
        return MISSING;
    }
    let implied = super::id_number::implies_birth(id_level);
    match (one, other) {
        (0, _) | (_, 0) => MISSING,
        (a, b) if a == b => u8::from(!implied),
        _ if id_level == super::id_number::EQUAL => 3,
        _ if implied => MISSING,
        _ => 2,
    }
}

/// Levels of nationality.
pub(super) fn ethnicity() -> Vec<Level> {
    vec![
        Level::missing(),
        Level::new("equal, a minority", 0.07, 0.07),
        Level::new("equal, Han", 0.92, 0.88),
        Level::new("different", 0.01, 0.05),
    ]
}

/// Compares nationalities: two Hui are more likely the same person than two Han.
pub(super) fn compare_ethnicity(one: u8, other: u8) -> u8 {
    match (one, other) {
        (0, _) | (_, 0) => MISSING,
        (1, 1) => 2,
        (a, b) if a == b => 1,
        _ => 3,
    }
}

/// Levels of telephone numbers.
pub(super) fn telephone() -> Vec<Level> {
    vec![
        Level::missing(),
        Level::new("equal", 0.6, 0.1),
        Level::new("one digit apart", 0.02, 0.001),
        Level::new("different", 0.38, 0.899),
    ]
}

/// Compares telephone numbers.
pub(super) fn compare_telephone(one: u64, other: u64) -> u8 {
    if one == 0 || other == 0 {
        return MISSING;
    }
    if one == other {
        return 1;
    }
    // One digit apart are only numbers whose difference is one digit with noughts; most pairs are settled by that.
    let mut difference = one.abs_diff(other);
    while difference.is_multiple_of(10) {
        difference /= 10;
    }
    if difference > 9 {
        return 3;
    }
    let (mut a, mut b, mut differing) = (one, other, 0);
    while a != 0 || b != 0 {
        differing += u32::from(a % 10 != b % 10);
        a /= 10;
        b /= 10;
    }
    if differing == 1 { 2 } else { 3 }
}

/// The mother's ID number stands in the other record's household.
pub(super) const MOTHER_BY_NUMBER: u8 = 1;
/// Her name does.
pub(super) const MOTHER_BY_NAME: u8 = 2;
/// She is not there.
pub(super) const MOTHER_ABSENT: u8 = 3;
/// The other record is the mother's own.
pub(super) const MOTHER_HERSELF: u8 = 4;

/// Two certificates of births that name one mother.
pub(super) const TWO_BIRTHS: u8 = 5;

/// Levels of the mother. How often strangers fit so is a judgement: hardly ever, by a name somewhat more often than by
/// a number.
pub(super) fn mother() -> Vec<Level> {
    vec![
        Level::missing(),
        Level::new("mother's number in the household", 0.75, 0.43).of_strangers(1e-6),
        Level::new("mother's name in the household", 0.15, 0.14).of_strangers(1e-5),
        Level::new("not in the household", 0.1, 0.37).of_strangers(0.999_987),
        // Nobody is the own mother: whatever else is equal must not outweigh this.
        Level::new("the mother herself", 1e-12, 0.05).at_most(1e-12).of_strangers(1e-6),
        // Whatever twins have in common must not, either.
        Level::new("two births of one mother", 1e-12, 0.01).at_most(1e-12).of_strangers(1e-6),
    ]
}

/// Two or more others of the household are linked.
pub const SUPPORT_MANY: u8 = 1;
/// One other is linked.
pub const SUPPORT_ONE: u8 = 2;
/// None is, though both households have others.
pub const SUPPORT_NONE: u8 = 3;

/// Levels of household support. How often others of two strangers' households are linked is a judgement: hardly ever.
pub(super) fn household() -> Vec<Level> {
    vec![
        Level::missing(),
        Level::new("two or more other members are linked", 0.45, 0.45).of_strangers(1e-6),
        Level::new("one other member is linked", 0.40, 0.40).of_strangers(2e-5),
        Level::new("no other member is linked", 0.15, 0.15).of_strangers(0.999_979),
    ]
}

/// Both records are left over.
pub const LEFT_OVER: u8 = 1;

/// The level of pairs that are left over on both sides; what it says depends on all others.
pub(in crate::linkage) fn left_over() -> Vec<Level> {
    vec![Level::missing(), Level::new("left over on both sides", 1.0, 1.0)]
}

/// A record of neither birth date nor number, and the only other one whom its dwelling has left for it.
pub const LEFT_AT_DWELLING: u8 = 1;
/// One ID number, but the name is that of somebody else at the dwelling, who has another number.
pub const NAME_OF_ANOTHER: u8 = 2;

/// Levels of what the others of a dwelling say, found after a resolution: no fit sees them. The shares are such that
/// the first is worth 4 bits and the second takes 8 away: judgements both.
pub(super) fn housemates() -> Vec<Level> {
    vec![
        Level::missing(),
        Level::new("left at the dwelling", 0.9963, 0.0623),
        Level::new("name of another one there", 0.0037, 0.9377),
    ]
}

#[cfg(test)]
mod tests {
    use super::{compare_sex, compare_telephone};
    use crate::linkage::comparison::id_number;

    #[test]
    fn a_sex_that_only_the_numbers_tell_is_no_news_where_they_differ() {
        for (from_id, level) in [(true, 0), (false, 2)] {
            assert_eq!(compare_sex(1, 2, id_number::DIFFERENT, from_id), level);
        }
        assert_eq!(compare_sex(1, 2, 0, true), 2);
        assert_eq!(compare_sex(1, 2, id_number::EQUAL, true), 3);
    }

    #[test]
    fn nothing_else_makes_a_certificate_the_mothers_own_record() {
        // Of relatives with one name and one number a thousandth each agree: 20 bits, and what a dwelling's last two
        // gain.
        let herself = &super::mother()[usize::from(super::MOTHER_HERSELF)];
        assert!((herself.most / herself.relatives).log2() < -35.0);
    }

    #[test]
    fn telephone_numbers_one_digit_apart_are_told_from_others() {
        for (one, other, level) in [
            (13_800_138_000, 13_800_138_000, 1),
            (13_800_138_000, 13_800_138_009, 2),
            (13_800_138_000, 13_900_138_000, 2),
            (13_800_138_019, 13_800_138_020, 3),
            (13_800_138_000, 13_800_138_011, 3),
            (13_800_138_000, 0, 0),
        ] {
            assert_eq!(compare_telephone(one, other), level, "{one} {other}");
        }
    }
}
