//! How alike are two texts of a field that the study declares itself?
//!
//! The standard comparators: exact, Levenshtein, Damerau-Levenshtein, Jaro-Winkler, date, numeric. Distances are
//! `strsim`'s, on characters (not bytes).

use super::level::Level;
use super::short::{Sketch, damerau_levenshtein, jaro_winkler};
use crate::intake::study::Comparator;
use crate::person::date;

/// A comparator with its thresholds.
#[derive(Debug, Clone)]
pub(super) struct TextComparer {
    comparator: Comparator,
    thresholds: Vec<f64>,
    pub(super) frequency: bool,
}

impl TextComparer {
    pub(super) fn new(comparator: Comparator, thresholds: &[f64], frequency: bool) -> TextComparer {
        let thresholds = if thresholds.is_empty() { default_thresholds(comparator) } else { thresholds.to_vec() };
        TextComparer { comparator, thresholds, frequency }
    }

    /// Levels: missing, equal, one per threshold, different.
    pub(super) fn levels(&self) -> Vec<Level> {
        let near = self.thresholds.len();
        let mut equal = Level::new("equal", 0.80, 0.30);
        equal.frequency = self.frequency;
        let mut levels = vec![Level::missing(), equal];
        for threshold in &self.thresholds {
            let name = match self.comparator {
                Comparator::JaroWinkler => format!("similarity at least {threshold}"),
                Comparator::Exact => String::from("equal"),
                Comparator::Date => format!("at most {threshold} days apart, or one digit"),
                _ => format!("distance at most {threshold}"),
            };
            levels.push(Level::new(&name, 0.15 / near as f64, 0.05));
        }
        levels.push(Level::new("different", if near == 0 { 0.20 } else { 0.05 }, 0.60));
        levels
    }

    /// What can be known of a text before it is compared.
    pub(super) fn sketch(&self, text: &str) -> Sketch {
        let day = match self.comparator {
            Comparator::Date => date::read(text, None).and_then(date::Date::first_day),
            _ => None,
        };
        let mut sketch = Sketch::of(text);
        sketch.day = day;
        sketch
    }

    /// The level of two different texts, which are looked at only if their sketches do not settle it.
    pub(super) fn compare<'t>(&self, one: Sketch, other: Sketch, texts: impl Fn() -> (&'t str, &'t str)) -> u8 {
        let worst = self.thresholds.len() + 2;
        let loosest = self.thresholds.last().copied().unwrap_or(0.0);
        let position = match self.comparator {
            Comparator::Exact => None,
            Comparator::JaroWinkler if !one.may_be_similar(other, loosest) => None,
            Comparator::JaroWinkler => {
                let (one, other) = texts();
                let similarity = jaro_winkler(one, other, loosest);
                self.thresholds.iter().position(|threshold| similarity >= *threshold)
            }
            Comparator::Levenshtein | Comparator::DamerauLevenshtein if !one.may_be_within(other, loosest) => None,
            Comparator::Levenshtein => {
                let (one, other) = texts();
                self.within(strsim::levenshtein(one, other) as f64)
            }
            Comparator::DamerauLevenshtein => {
                let (one, other) = texts();
                self.within(damerau_levenshtein(one, other, loosest as usize) as f64)
            }
            Comparator::Date => {
                let (text, other_text) = texts();
                if damerau_levenshtein(text, other_text, 1) <= 1 {
                    Some(0)
                } else {
                    one.day.zip(other.day).and_then(|(a, b)| self.within(f64::from(a.abs_diff(b))))
                }
            }
            Comparator::Numeric => {
                let (one, other) = texts();
                match (one.parse::<f64>(), other.parse::<f64>()) {
                    (Ok(a), Ok(b)) => self.within((a - b).abs()),
                    _ => None,
                }
            }
        };
        u8::try_from(position.map_or(worst, |position| position + 2)).unwrap_or(15)
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
    use super::TextComparer;
    use crate::intake::study::Comparator;

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
            assert_eq!(comparer.levels().len(), comparer.thresholds.len() + 3);
        }
    }
}
