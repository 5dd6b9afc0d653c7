//! How is a choice made, so that the same seed always makes the same one?
//!
//! Takes a seed and the number of a piece of work, gives a [`Dice`]: a ChaCha8 generator with a stream of its own, so
//! that no piece depends on which thread did another. All choices of the room `synthetic` go through these functions.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The one source of chance of a piece of work.
pub type Dice = ChaCha8Rng;

/// The dice of one piece of work: a stream of the seed's generator.
#[must_use]
pub fn dice(seed: u64, stream: u64) -> Dice {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    dice.set_stream(stream);
    dice
}

/// Does something happen that has this probability?
pub fn happens(dice: &mut Dice, probability: f64) -> bool {
    dice.random::<f64>() < probability
}

/// A whole number from `low` to `high`, both included; `low` if the range is empty.
pub fn between(dice: &mut Dice, low: i32, high: i32) -> i32 {
    if high <= low { low } else { dice.random_range(low..=high) }
}

/// A position in a list of this length; 0 for an empty list.
pub fn position(dice: &mut Dice, length: usize) -> usize {
    if length < 2 { 0 } else { dice.random_range(0..length) }
}

/// One of the items, each with the same probability. The list must not be empty.
pub fn pick<'a, T>(dice: &mut Dice, items: &'a [T]) -> &'a T {
    &items[position(dice, items.len())]
}

/// A position with probability proportional to its weight; for short lists written at the place of use.
pub fn weighted(dice: &mut Dice, weights: &[f64]) -> usize {
    let mut rest = dice.random::<f64>() * weights.iter().sum::<f64>();
    for (index, weight) in weights.iter().enumerate() {
        rest -= weight;
        if rest < 0.0 {
            return index;
        }
    }
    weights.len().saturating_sub(1)
}

/// A bell-shaped number: the mean of four even ones, scaled to this spread (standard deviation).
pub fn bell(dice: &mut Dice, mean: f64, spread: f64) -> f64 {
    let sum: f64 = (0..4).map(|_| dice.random::<f64>()).sum();
    mean + (sum - 2.0) * spread * 3f64.sqrt()
}

/// Days until something that happens at a constant rate, with this mean.
pub fn waiting_days(dice: &mut Dice, mean: f64) -> i32 {
    let even: f64 = dice.random();
    let days = -(1.0 - even).max(1e-12).ln() * mean;
    days.min(40_000.0) as i32
}

/// A number that mixes two others well: the same for the same two, for choices that many places must make alike.
#[must_use]
pub fn mix(one: u64, other: u64) -> u64 {
    let mut word = one ^ other.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9), (27, 0x94d0_49bb_1331_11eb)] {
        word = (word ^ (word >> shift)).wrapping_mul(factor);
    }
    word ^ (word >> 31)
}

/// Items with weights, for long lists that are drawn from often.
#[derive(Debug, Clone, Default)]
pub struct Urn<T> {
    items: Vec<T>,
    cumulative: Vec<f64>,
}

impl<T> Urn<T> {
    /// An urn of items with their weights.
    pub fn new(weighted: impl IntoIterator<Item = (T, f64)>) -> Urn<T> {
        let (mut items, mut cumulative, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for (item, weight) in weighted {
            sum += weight;
            items.push(item);
            cumulative.push(sum);
        }
        Urn { items, cumulative }
    }

    /// Items in order of frequency, whose weights fall off as those of names do.
    pub fn by_rank(items: impl IntoIterator<Item = T>, head: f64) -> Urn<T> {
        Urn::new(items.into_iter().enumerate().map(|(rank, item)| (item, (rank as f64 + head).powf(-0.85))))
    }

    /// Draws an item; the urn must not be empty.
    pub fn draw(&self, dice: &mut Dice) -> &T {
        let at = dice.random::<f64>() * self.cumulative.last().copied().unwrap_or_default();
        let index = self.cumulative.partition_point(|&bound| bound <= at);
        &self.items[index.min(self.items.len() - 1)]
    }
}
