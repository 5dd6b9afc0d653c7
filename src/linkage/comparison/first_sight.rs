//! How alike can one text be to many others, as far as their sketches tell?
//!
//! Takes the values of a text field that a block's records have, side by side ([`Sketches`]), and how they are compared
//! ([`FirstSight`]); gives for [`LANES`] of them at once whether they are missing, equal, open or different. The loops
//! are plain: compiled for a processor that compares many numbers at a time, they do.

use super::short::{JaroWinklerBound, PREFIXES};
use super::{Comparer, TextValue};
use crate::person::lexicon::Symbol;

/// Values that are looked at together.
pub const LANES: usize = 16;

/// What is seen of two values, in two bits: one of them is missing.
pub const MISSING: u32 = 0;
/// They are equal.
pub const EQUAL: u32 = 1;
/// They differ; how much is open.
pub const OPEN: u32 = 2;
/// They are different, as far as the comparison goes.
pub const DIFFERENT: u32 = 3;

/// The inverse of a length that cannot be told, or is 0.
const LARGE: f32 = 1e9;

/// What two different values of a field must have to be [`OPEN`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FirstSight {
    /// Whatever is not equal is different.
    Exact,
    /// By the first characters that two texts share: so many characters must they share, times the sum of the inverses
    /// of their lengths.
    Similar([f32; PREFIXES]),
    /// At most so many edits.
    Within(f32),
    /// At most one edit, or so many days.
    Days(f32),
    /// Nothing can be told.
    Unknown,
}

impl FirstSight {
    /// Where a Jaro-Winkler similarity can reach a bound.
    pub(super) fn similar(least: f64) -> FirstSight {
        // So much less than the rounding of what it is held against.
        FirstSight::Similar(std::array::from_fn(|prefix| JaroWinklerBound::shares(least, prefix) as f32 - 1e-4))
    }
}

impl Comparer<'_> {
    /// What sketches tell of many values of a text field at a time.
    #[must_use]
    pub fn first_sight(&self, text: u16) -> FirstSight {
        self.texts[usize::from(text)].first_sight()
    }
}

/// Sketches of the values of a text field, side by side.
#[derive(Debug, Default)]
pub struct Sketches {
    length: usize,
    symbols: Vec<Symbol>,
    kinds: Vec<u64>,
    further: Vec<u32>,
    /// Length in characters; not a number if the text is too long to tell.
    lengths: Vec<f32>,
    /// Its inverse; a large number if the text is too long to tell.
    inverses: Vec<f32>,
    /// The first characters, and the bits of them that are known.
    starts: Vec<u32>,
    known: Vec<u32>,
    /// Of dates; not a number if there is none.
    days: Vec<f32>,
}

impl Sketches {
    pub(crate) fn clear(&mut self) {
        self.truncate(0);
    }

    /// Adds values.
    pub(crate) fn extend(&mut self, values: &[TextValue]) {
        self.truncate(self.length);
        self.symbols.extend(values.iter().map(|value| value.symbol));
        self.kinds.extend(values.iter().map(|value| value.sketch.kinds()));
        self.further.extend(values.iter().map(|value| value.sketch.further()));
        let length = |value: &TextValue| value.sketch.length().map(f32::from);
        self.lengths.extend(values.iter().map(|value| length(value).unwrap_or(f32::NAN)));
        self.inverses
            .extend(values.iter().map(|value| length(value).map_or(LARGE, |length| length.recip().min(LARGE))));
        self.starts.extend(values.iter().map(|value| value.sketch.start()));
        self.known.extend(values.iter().map(|value| if value.sketch.is_ascii() { u32::MAX } else { 0 }));
        self.days.extend(values.iter().map(|value| value.sketch.day().map_or(f32::NAN, |day| day as f32)));
        self.length = self.symbols.len();
        // Lanes beyond the last value say nothing.
        self.truncate_to(self.length + LANES);
    }

    fn truncate(&mut self, length: usize) {
        self.length = length;
        self.truncate_to(length);
    }

    /// Cuts the columns, or fills them up with missing values.
    fn truncate_to(&mut self, length: usize) {
        self.symbols.resize(length, 0);
        self.kinds.resize(length, 0);
        self.further.resize(length, 0);
        self.lengths.resize(length, 0.0);
        self.inverses.resize(length, 0.0);
        self.starts.resize(length, 0);
        self.known.resize(length, 0);
        self.days.resize(length, f32::NAN);
    }

    /// What is seen of the value at `one` beside those from `first` on.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled for the processor of the caller")]
    pub(crate) fn see(&self, how: FirstSight, one: usize, first: usize) -> [u32; LANES] {
        let mut seen = Sketches::across(how, (self, one), (self, first));
        let symbols = lanes(&self.symbols, first);
        let own = self.symbols[one];
        for lane in 0..LANES {
            let unequal = if symbols[lane] == 0 || own == 0 { MISSING } else { seen[lane] };
            seen[lane] = if symbols[lane] == own && own != 0 { EQUAL } else { unequal };
        }
        seen
    }

    /// Like [`see`](Self::see), of a value of one field beside those of another field: whether both are the same is not
    /// asked, and one that is missing may be anything.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled for the processor of the caller")]
    pub(crate) fn see_across(how: FirstSight, one: (&Sketches, usize), others: (&Sketches, usize)) -> [u32; LANES] {
        let mut seen = Sketches::across(how, one, others);
        let symbols = lanes(&others.0.symbols, others.1);
        let own = one.0.symbols[one.1];
        for lane in 0..LANES {
            seen[lane] = if symbols[lane] == 0 || own == 0 { OPEN } else { seen[lane] };
        }
        seen
    }

    /// Whether two different texts are open or different.
    #[inline(always)]
    #[expect(clippy::verbose_bit_mask, reason = "masks are compared in many lanes at once, trailing zeros are not")]
    #[expect(clippy::inline_always, reason = "it is compiled for the processor of the caller")]
    fn across(how: FirstSight, (one, at): (&Sketches, usize), (others, first): (&Sketches, usize)) -> [u32; LANES] {
        let mut seen = [DIFFERENT; LANES];
        let is_open = |open: bool| if open { OPEN } else { DIFFERENT };
        match how {
            FirstSight::Exact => {}
            FirstSight::Unknown => seen = [OPEN; LANES],
            FirstSight::Similar(needed) => {
                let shared = Sketches::shared((one, at), (others, first));
                let (starts, known) = (lanes(&others.starts, first), lanes(&others.known, first));
                let inverses = lanes(&others.inverses, first);
                let (start, own_known, inverse) = (one.starts[at], one.known[at], one.inverses[at]);
                for lane in 0..LANES {
                    let unlike = (starts[lane] ^ start) & known[lane] & own_known;
                    let mut least = needed[0];
                    least = if unlike & 0xff == 0 { needed[1] } else { least };
                    least = if unlike & 0xffff == 0 { needed[2] } else { least };
                    least = if unlike & 0xff_ffff == 0 { needed[3] } else { least };
                    least = if unlike == 0 { needed[4] } else { least };
                    seen[lane] = is_open(shared[lane] * (inverses[lane] + inverse) >= least);
                }
            }
            FirstSight::Within(most) => {
                let edits = Sketches::edits((one, at), (others, first));
                for lane in 0..LANES {
                    // What cannot be told is open.
                    seen[lane] = if edits[lane] > most { DIFFERENT } else { OPEN };
                }
            }
            FirstSight::Days(most) => {
                let edits = Sketches::edits((one, at), (others, first));
                let (days, day) = (lanes(&others.days, first), one.days[at]);
                for lane in 0..LANES {
                    let is_near = (days[lane] - day).abs() <= most;
                    let unedited = is_open(is_near);
                    seen[lane] = if edits[lane] > 1.0 { unedited } else { OPEN };
                }
            }
        }
        seen
    }

    /// The most characters that texts share.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled for the processor of the caller")]
    fn shared((one, at): (&Sketches, usize), (others, first): (&Sketches, usize)) -> [f32; LANES] {
        let (kinds, further) = (lanes(&others.kinds, first), lanes(&others.further, first));
        let (own, own_further) = (one.kinds[at], one.further[at]);
        let mut alike = [0; LANES];
        for lane in 0..LANES {
            alike[lane] = (kinds[lane] & own).count_ones();
        }
        let mut shared = [0.0; LANES];
        for lane in 0..LANES {
            shared[lane] = (alike[lane] + further[lane].min(own_further)) as f32;
        }
        shared
    }

    /// The least edits that texts are apart; not a number where that cannot be told.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled for the processor of the caller")]
    fn edits(one: (&Sketches, usize), others: (&Sketches, usize)) -> [f32; LANES] {
        let mut edits = Sketches::shared(one, others);
        let (lengths, length) = (lanes(&others.0.lengths, others.1), one.0.lengths[one.1]);
        for lane in 0..LANES {
            // The longer one; a sum keeps what is not a number.
            let longer = 0.5 * (lengths[lane] + length + (lengths[lane] - length).abs());
            edits[lane] = longer - edits[lane];
        }
        edits
    }
}

/// So many of a column, from a place on.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it is compiled for the processor of the caller")]
fn lanes<T: Copy + Default>(column: &[T], first: usize) -> [T; LANES] {
    column[first..].first_chunk().copied().unwrap_or([T::default(); LANES])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::TextValue;
    use super::super::text::TextComparer;
    use super::{DIFFERENT, EQUAL, LANES, MISSING, OPEN, Sketches};
    use crate::intake::study::Comparator;

    /// The texts side by side; an empty one is missing, and equal ones have equal symbols.
    fn sketched(comparer: &TextComparer, texts: &[String]) -> (Sketches, Vec<TextValue>) {
        let value = |text: &String| {
            let same = texts.iter().position(|other| other == text).map_or(0, |at| at + 1);
            let symbol = if text.is_empty() { 0 } else { same as u32 };
            TextValue { symbol, sketch: comparer.sketch(text) }
        };
        let values: Vec<TextValue> = texts.iter().map(value).collect();
        let mut sketches = Sketches::default();
        // As they come: some, and then more.
        sketches.extend(&values[..values.len() / 2]);
        sketches.extend(&values[values.len() / 2..]);
        (sketches, values)
    }

    /// What is seen of the first of two texts beside the second.
    fn seen(comparator: Comparator, thresholds: &[f64], one: &str, other: &str) -> u32 {
        let comparer = TextComparer::new(comparator, thresholds, false);
        let (sketches, _) = sketched(&comparer, &[one.to_owned(), other.to_owned()]);
        sketches.see(comparer.first_sight(), 0, 1)[0]
    }

    #[test]
    fn strangers_are_different_at_first_sight() {
        for (comparator, thresholds, one, other, expected) in [
            (Comparator::Exact, &[][..], "smith", "smyth", DIFFERENT),
            (Comparator::JaroWinkler, &[0.92, 0.7][..], "smith", "kowal", DIFFERENT),
            (Comparator::JaroWinkler, &[0.92, 0.7][..], "smith", "smyth", OPEN),
            (Comparator::JaroWinkler, &[0.7][..], "", "smyth", MISSING),
            (Comparator::JaroWinkler, &[0.7][..], "smyth", "smyth", EQUAL),
            (Comparator::Levenshtein, &[1.0, 2.0][..], "112233445", "998877665", DIFFERENT),
            (Comparator::Levenshtein, &[1.0, 2.0][..], "112233445", "112233454", OPEN),
            (Comparator::Date, &[31.0][..], "1990-03-05", "1990-03-25", OPEN),
            (Comparator::Date, &[31.0][..], "1990-03-05", "1972-08-16", DIFFERENT),
            (Comparator::Numeric, &[1.0][..], "10", "2000", OPEN),
        ] {
            assert_eq!(seen(comparator, thresholds, one, other), expected, "{comparator:?} {one} {other}");
        }
    }

    #[test]
    fn what_is_too_long_to_tell_is_open() {
        let long = |end: &str| "0123456789".repeat(30) + end;
        for (comparator, threshold) in [(Comparator::Levenshtein, 1.0), (Comparator::JaroWinkler, 0.9)] {
            assert_eq!(seen(comparator, &[threshold], &long("a"), &long("b")), OPEN, "{comparator:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        #[test]
        fn what_is_different_at_first_sight_is_different(
            texts in proptest::collection::vec("[ab1]{0,5}|[a-d]{0,12}|[0-9]{9}|.{0,6}|19[0-9]{2}-0[1-9]-1[0-9]", 1..40)
        ) {
            for (comparator, thresholds) in [
                (Comparator::Exact, &[][..]),
                (Comparator::JaroWinkler, &[0.92, 0.88, 0.7][..]),
                (Comparator::JaroWinkler, &[0.94, 0.8][..]),
                (Comparator::JaroWinkler, &[0.5][..]),
                (Comparator::Levenshtein, &[1.0, 2.0][..]),
                (Comparator::DamerauLevenshtein, &[1.0][..]),
                (Comparator::Date, &[31.0, 366.0][..]),
                (Comparator::Numeric, &[1.0, 5.0][..]),
            ] {
                let comparer = TextComparer::new(comparator, thresholds, false);
                let (sketches, values) = sketched(&comparer, &texts);
                let worst = u8::try_from(comparer.usual_levels() - 1).unwrap();
                for one in 0..texts.len() {
                    for first in (0..texts.len()).step_by(LANES) {
                        let lanes = sketches.see(comparer.first_sight(), one, first);
                        let across = Sketches::see_across(comparer.first_sight(), (&sketches, one), (&sketches, first));
                        for (other, (seen, across)) in (first..texts.len()).zip(lanes.into_iter().zip(across)) {
                            let (a, b) = (values[one], values[other]);
                            let level = comparer.compare(a.sketch, b.sketch, || (&texts[one], &texts[other]));
                            let expected = match (a.symbol, b.symbol) {
                                (0, _) | (_, 0) => seen == MISSING && across == OPEN,
                                (a, b) if a == b => seen == EQUAL,
                                _ => seen == across && (seen == OPEN || (seen == DIFFERENT && level == worst)),
                            };
                            prop_assert!(expected, "{:?} {} {} {}", comparator, texts[one], texts[other], seen);
                        }
                    }
                }
            }
        }
    }
}
