//! Which pairs were seen, without keeping them?
//!
//! Takes pairs as they come, from any thread, gives [`Marks`]. A pair that was seen is always recognised; a pair that
//! was not seen is sometimes taken for one that was. (A Bloom filter of one hash, which all threads fill at once.)

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

    /// Marks these pairs. A write waits for its memory and nothing goes on meanwhile, so that all of it is fetched
    /// first.
    pub(super) fn set(&self, pairs: &[Pair]) {
        self.fetch(pairs);
        for pair in pairs {
            let (word, bit) = self.place(*pair);
            self.words[word].fetch_or(bit, Relaxed);
        }
    }

    /// Leaves the pairs that may have been seen.
    pub fn retain(&self, pairs: &mut Vec<Pair>) {
        if self.words.is_empty() {
            return pairs.clear();
        }
        self.fetch(pairs);
        pairs.retain(|pair| {
            let (word, bit) = self.place(*pair);
            self.words[word].load(Relaxed) & bit != 0
        });
    }

    /// Fetches the marks of these pairs into the cache: loads of which none waits for another.
    fn fetch(&self, pairs: &[Pair]) {
        let load = |all: u64, pair: &Pair| all ^ self.words[self.place(*pair).0].load(Relaxed);
        std::hint::black_box(pairs.iter().fold(0, load));
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
    use super::{Marks, Pair};

    #[test]
    fn what_was_seen_is_known_and_little_else() {
        let marks = Marks::with_room(4_000);
        let seen: Vec<Pair> = (0..400).map(|one| (one, 7 * one + 1)).collect();
        marks.set(&seen);
        let (mut left, mut others) = (seen.clone(), (0..4_000).map(|one| (one, 7 * one + 2)).collect());
        marks.retain(&mut left);
        assert_eq!(left, seen);
        marks.retain(&mut others);
        assert!((200..800).contains(&others.len()), "about a tenth: {} of 4000", others.len());
        Marks::default().retain(&mut left);
        assert!(left.is_empty());
    }
}
