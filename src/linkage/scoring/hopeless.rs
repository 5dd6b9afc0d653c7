//! What was known of the pairs that were let go?
//!
//! Takes partial patterns as pairs are let go, gives each of them once, with the greatest part that the rarity of values
//! had in the odds of one of its pairs: so that another model can say whether any of them was let go wrongly.

use rustc_hash::FxHashMap;

use crate::linkage::comparison::Pattern;

/// Partial patterns of pairs that were let go.
#[derive(Default)]
pub(super) struct Hopeless {
    pub(super) most: FxHashMap<(u32, Pattern), f64>,
    /// The last ones seen, by hash: most pairs show one of few.
    recent: Vec<((u32, Pattern), f64)>,
}

impl Hopeless {
    /// Remembers the greatest part that rarity had.
    pub(super) fn add(&mut self, key: (u32, Pattern), rare: f64) {
        const RECENT: usize = 1 << 12;
        if self.recent.is_empty() {
            self.recent.resize(RECENT, ((u32::MAX, 0), 0.0));
        }
        let place = key.1.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52;
        let recent = &mut self.recent[place as usize];
        if recent.0 == key && rare <= recent.1 {
            return;
        }
        let most = self.most.entry(key).or_insert(rare);
        *most = most.max(rare);
        *recent = (key, *most);
    }
}
