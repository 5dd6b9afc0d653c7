//! Which pairs were seen, without keeping them?
//!
//! Takes pairs as they come, from any thread, gives [`Marks`]: of a pair that was seen it always says so, of one that was
//! not, mostly. (A Bloom filter of one hash, that all threads fill at once.)

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::linkage::blocking::Pair;

/// Most bits: 128 MiB of them.
const BITS_MAX: u64 = 1 << 30;

/// A bit for each pair, which it may share with others.
#[derive(Debug, Default)]
pub struct Marks {
    words: Vec<AtomicU64>,
}

impl PartialEq for Marks {
    fn eq(&self, other: &Marks) -> bool {
        let words = |marks: &Marks| marks.words.iter().map(|word| word.load(Relaxed)).collect::<Vec<u64>>();
        words(self) == words(other)
    }
}

impl Marks {
    /// No pair yet, and room for about so many.
    pub(super) fn with_room(pairs: u64) -> Marks {
        let bits = pairs.clamp(64, BITS_MAX).next_power_of_two();
        Marks { words: (0..bits / 64).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Marks these pairs. A write waits for its memory and nothing goes on meanwhile, so that all of it is fetched first.
    pub(super) fn set(&self, pairs: &[Pair]) {
        let fetch = |all: u64, pair: &Pair| all ^ self.words[self.place(*pair).0].load(Relaxed);
        std::hint::black_box(pairs.iter().fold(0, fetch));
        for pair in pairs {
            let (word, bit) = self.place(*pair);
            self.words[word].fetch_or(bit, Relaxed);
        }
    }

    /// May this pair have been seen?
    #[must_use]
    pub fn may_have(&self, pair: Pair) -> bool {
        let (word, bit) = self.place(pair);
        self.words.get(word).is_some_and(|word| word.load(Relaxed) & bit != 0)
    }

    /// Word and bit of a pair.
    fn place(&self, (one, other): Pair) -> (usize, u64) {
        // The final mix of SplitMix64 (Steele et al. 2014).
        let mut mixed = u64::from(one) << 32 | u64::from(other);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bit = (mixed ^ (mixed >> 31)) & (self.words.len() as u64 * 64).wrapping_sub(1);
        (usize::try_from(bit / 64).unwrap_or(usize::MAX), 1 << (bit % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::Marks;

    #[test]
    fn what_was_seen_is_known_and_little_else() {
        let marks = Marks::with_room(4_000);
        marks.set(&(0..400).map(|one| (one, 7 * one + 1)).collect::<Vec<_>>());
        assert!((0..400).all(|one| marks.may_have((one, 7 * one + 1))));
        let others = (0..4_000).filter(|one| marks.may_have((*one, 7 * one + 2))).count();
        assert!((200..800).contains(&others), "about a tenth: {others} of 4000");
        assert!(!Marks::default().may_have((1, 2)));
    }
}
