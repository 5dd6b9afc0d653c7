//! How alike are two texts of a field that the study declares itself?
//!
//! The standard comparators: exact, Levenshtein, Damerau-Levenshtein, Jaro-Winkler, date, numeric. Distances are
//! `strsim`'s, on characters (not bytes).

use super::first_sight::FirstSight;
use super::level::{Level, MISSING};
use super::short::{JaroWinklerBound, NO_DAY, Sketch, damerau_levenshtein, jaro_winkler};
use super::{TextValue, UNSETTLED};
use crate::intake::study::field_words::{self, Owner};
use crate::intake::study::{Comparator, Field, Study};
use crate::person::date;

/// Do the members of a household share a field? Without this expectation a fit on places learns *same place* instead of
/// *same person*: two members agree on every part of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Each has a value of their own.
    Person,
    /// Many of them share it.
    Family,
    /// It is where they live.
    Place,
    /// Nothing is known.
    Unknown,
}

impl Sharing {
    /// By the field; of one that the study declares, by what it says of dwellings, else by the words in its name.
    pub(super) fn of(field: Field, study: &Study, comparator: Comparator) -> Sharing {
        match field {
            Field::GivenName => Sharing::Person,
            Field::FamilyName => Sharing::Family,
            _ if study.says_dwelling(field) => Sharing::Place,
            // Two members of a household seldom have a date in common: twins, and those married on one day.
            _ if comparator == Comparator::Date => Sharing::Person,
            _ => Sharing::by_name(study.field_name(field)),
        }
    }

    fn by_name(name: &str) -> Sharing {
        match field_words::owner_of(name) {
            Owner::Person => Sharing::Person,
            Owner::Family => Sharing::Family,
            Owner::Household => Sharing::Place,
            Owner::Unknown => Sharing::Unknown,
        }
    }

    /// Expected shares of equal and of similar values among pairs of members.
    fn expected(self) -> (f64, f64) {
        match self {
            Sharing::Person => (0.02, 0.06),
            Sharing::Family => (0.60, 0.06),
            Sharing::Place => (0.90, 0.04),
            Sharing::Unknown => (0.30, 0.10),
        }
    }
}

/// A comparator with its thresholds.
#[derive(Debug, Clone)]
pub(super) struct TextComparer {
    comparator: Comparator,
    thresholds: Vec<f64>,
    pub(super) frequency: bool,
    /// Of the loosest threshold.
    bound: JaroWinklerBound,
}

impl TextComparer {
    pub(super) fn new(comparator: Comparator, thresholds: &[f64], frequency: bool) -> TextComparer {
        let thresholds = if thresholds.is_empty() { default_thresholds(comparator) } else { thresholds.to_vec() };
        let bound = JaroWinklerBound::new(thresholds.last().copied().unwrap_or(0.0));
        TextComparer { comparator, thresholds, frequency, bound }
    }

    /// Levels: missing, equal, one per threshold, different; with what is expected of members of one household.
    pub(super) fn levels(&self, sharing: Sharing) -> Vec<Level> {
        let near = self.thresholds.len();
        let (same, similar) = sharing.expected();
        let mut equal = Level::new("equal", 0.80, same);
        equal.frequency = self.frequency;
        let mut levels = vec![Level::missing(), equal];
        for threshold in &self.thresholds {
            let name = match self.comparator {
                Comparator::JaroWinkler => format!("similarity at least {threshold}"),
                Comparator::Exact => String::from("equal"),
                Comparator::Date => format!("at most {threshold} days apart, or one digit"),
                _ => format!("distance at most {threshold}"),
            };
            levels.push(Level::new(&name, 0.15 / near as f64, similar / near as f64));
        }
        let similar = if near == 0 { 0.0 } else { similar };
        levels.push(Level::new("different", if near == 0 { 0.20 } else { 0.05 }, 1.0 - same - similar));
        levels
    }

    /// How many levels there are, *missing* included.
    pub(super) fn usual_levels(&self) -> usize {
        self.thresholds.len() + 3
    }

    /// What can be known of a text before it is compared.
    pub(super) fn sketch(&self, text: &str) -> Sketch {
        match self.comparator {
            Comparator::Levenshtein | Comparator::DamerauLevenshtein => Sketch::of_edited(text),
            Comparator::Date => {
                Sketch::of(text).with_day(date::read(text).and_then(date::Date::first_day).unwrap_or(NO_DAY))
            }
            _ => Sketch::of(text),
        }
    }

    /// What sketches tell of many values at a time.
    pub(super) fn first_sight(&self) -> FirstSight {
        let loosest = self.thresholds.last().copied();
        match (self.comparator, loosest) {
            (Comparator::Exact, _) => FirstSight::Exact,
            (Comparator::JaroWinkler, Some(least)) => FirstSight::similar(least),
            (Comparator::Levenshtein | Comparator::DamerauLevenshtein, Some(most)) => FirstSight::Within(most as f32),
            (Comparator::Date, Some(days)) => FirstSight::Days(days as f32),
            _ => FirstSight::Unknown,
        }
    }

    /// The levels of pairs of values as far as sketches settle them, as [`settle`](Self::settle) does: else
    /// [`UNSETTLED`]. The comparator is looked at once for all of them.
    #[inline]
    pub(super) fn settle_all<'v>(
        &self,
        pairs: impl Iterator<Item = (&'v TextValue, &'v TextValue)>,
        levels: &mut Vec<u8>,
    ) {
        let worst = self.level(None);
        let of = |unequal: &dyn Fn(Sketch, Sketch) -> u8, one: &TextValue, other: &TextValue| match () {
            () if one.symbol == 0 || other.symbol == 0 => MISSING,
            () if one.symbol == other.symbol => 1,
            () => unequal(one.sketch, other.sketch),
        };
        match self.comparator {
            Comparator::Exact => levels.extend(pairs.map(|(one, other)| of(&|_, _| worst, one, other))),
            Comparator::JaroWinkler => levels.extend(pairs.map(|(one, other)| {
                let unequal = |a, b| if self.bound.may_be_reached(a, b) { UNSETTLED } else { worst };
                of(&unequal, one, other)
            })),
            Comparator::Levenshtein | Comparator::DamerauLevenshtein => {
                let most = self.thresholds.last().copied().unwrap_or(0.0) as u32;
                let unequal = |a: Sketch, b| if a.may_be_within(b, most) { UNSETTLED } else { worst };
                levels.extend(pairs.map(|(one, other)| of(&unequal, one, other)));
            }
            _ => {
                let unequal = |a, b| self.settle(a, b).unwrap_or(UNSETTLED);
                levels.extend(pairs.map(|(one, other)| of(&unequal, one, other)));
            }
        }
    }

    /// The level of two different texts, if their sketches settle it.
    #[inline]
    pub(super) fn settle(&self, one: Sketch, other: Sketch) -> Option<u8> {
        let loosest = self.thresholds.last().copied().unwrap_or(0.0);
        let position = match self.comparator {
            Comparator::Exact => None,
            Comparator::JaroWinkler if !self.bound.may_be_reached(one, other) => None,
            Comparator::Levenshtein | Comparator::DamerauLevenshtein if !one.may_be_within(other, loosest as u32) => {
                None
            }
            Comparator::Date if !one.may_be_within(other, 1) => self.days_apart(one, other),
            _ => return None,
        };
        Some(self.level(position))
    }

    fn days_apart(&self, one: Sketch, other: Sketch) -> Option<usize> {
        one.day().zip(other.day()).and_then(|(a, b)| self.within(f64::from(a.abs_diff(b))))
    }

    fn level(&self, position: Option<usize>) -> u8 {
        let worst = self.thresholds.len() + 2;
        u8::try_from(position.map_or(worst, |position| position + 2)).unwrap_or(15)
    }

    /// The level of two different texts, which are looked at only if their sketches do not settle it.
    pub(super) fn compare<'t>(&self, one: Sketch, other: Sketch, texts: impl Fn() -> (&'t str, &'t str)) -> u8 {
        if let Some(level) = self.settle(one, other) {
            return level;
        }
        let (text, other_text) = texts();
        let loosest = self.thresholds.last().copied().unwrap_or(0.0);
        let position = match self.comparator {
            Comparator::Exact => None,
            Comparator::JaroWinkler => {
                let similarity = jaro_winkler(text, other_text, loosest);
                self.thresholds.iter().position(|threshold| similarity >= *threshold)
            }
            Comparator::Levenshtein => self.within(strsim::levenshtein(text, other_text) as f64),
            Comparator::DamerauLevenshtein => {
                self.within(damerau_levenshtein(text, other_text, loosest as usize) as f64)
            }
            Comparator::Date if damerau_levenshtein(text, other_text, 1) <= 1 => Some(0),
            Comparator::Date => self.days_apart(one, other),
            Comparator::Numeric => match (text.parse::<f64>(), other_text.parse::<f64>()) {
                (Ok(a), Ok(b)) => self.within((a - b).abs()),
                _ => None,
            },
        };
        self.level(position)
    }

    fn within(&self, distance: f64) -> Option<usize> {
        self.thresholds.iter().position(|threshold| distance <= *threshold)
    }
}

fn default_thresholds(comparator: Comparator) -> Vec<f64> {
    match comparator {
        Comparator::Exact => Vec::new(),
        Comparator::Levenshtein | Comparator::DamerauLevenshtein => vec![1.0, 2.0],
        Comparator::JaroWinkler => vec![0.94, 0.88, 0.80],
        Comparator::Date => vec![31.0, 366.0],
        Comparator::Numeric => vec![1.0, 5.0],
    }
}

#[cfg(test)]
mod tests {
    use super::{Sharing, TextComparer};
    use crate::intake::study::{Comparator, Field};
    use crate::person::practice::{HEAD, Practice, field, source};

    #[test]
    fn levels_follow_the_thresholds() {
        for (comparator, thresholds, one, other, expected) in [
            (Comparator::Exact, &[][..], "a", "b", 2),
            (Comparator::Levenshtein, &[1.0, 2.0][..], "smith", "smyth", 2),
            (Comparator::Levenshtein, &[1.0, 2.0][..], "smith", "smiht", 3),
            (Comparator::DamerauLevenshtein, &[1.0, 2.0][..], "smith", "smiht", 2),
            (Comparator::DamerauLevenshtein, &[1.0, 2.0][..], "smith", "jones", 4),
            (Comparator::Levenshtein, &[1.0][..], "王伟", "王芳", 2),
            (Comparator::JaroWinkler, &[0.9][..], "martha", "marhta", 2),
            (Comparator::Numeric, &[1.0, 5.0][..], "10", "14", 3),
            (Comparator::Date, &[31.0][..], "1990-03-05", "1990-03-25", 2),
        ] {
            let comparer = TextComparer::new(comparator, thresholds, false);
            let (a, b) = (comparer.sketch(one), comparer.sketch(other));
            assert_eq!(comparer.compare(a, b, || (one, other)), expected, "{comparator:?} {one} {other}");
            assert_eq!(comparer.levels(Sharing::Unknown).len(), comparer.thresholds.len() + 3);
        }
    }

    #[test]
    fn what_a_household_shares_is_told_by_the_study_first() {
        let columns = [("given_name", "who"), ("lieu", "where"), ("moved", "when")];
        let source = source("a", "register", false, &columns);
        let fields = field("lieu", "jaro_winkler") + "dwelling = true\n" + &field("moved", "date");
        let practice =
            Practice::of(&[("a.csv", "id,who,where,when\n1,x,y,2020-01-02\n")], &format!("{HEAD}{source}{fields}"));
        let sharing = |field: Field, comparator: Comparator| Sharing::of(field, &practice.study, comparator);
        assert_eq!(sharing(Field::GivenName, Comparator::JaroWinkler), Sharing::Person);
        assert_eq!(sharing(Field::Custom(0), Comparator::JaroWinkler), Sharing::Place);
        assert_eq!(sharing(Field::Custom(1), Comparator::Date), Sharing::Person);
    }
}
