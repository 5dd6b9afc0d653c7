//! What will be asked of the records of a block?
//!
//! Takes the records of blocks as their pairs come up, gives [`Near`]: for each step the values of all these records,
//! side by side. A record takes part in as many pairs as its block has other records. Its values are looked up once,
//! and its pairs find them in the nearest cache.

use super::Scorer;
use super::bounds::Step;
use crate::linkage::blocking::Pair;
use crate::linkage::comparison::first_sight::Sketches;
use crate::linkage::comparison::{TextValue, Variable};
use crate::person::lexicon::Symbol;
use crate::person::table::RecordId;

/// Place of a record in [`Near`].
pub(super) type Place = u32;

/// Places lie side by side if no more than so many others lie between two of them.
const APART_MAX: Place = 8;

/// Records, and what they say.
#[derive(Debug, Default)]
pub(super) struct Near {
    records: Vec<RecordId>,
    slots: Vec<u8>,
    /// Where the records of the same slot end that lie behind each.
    alike_until: Vec<Place>,
    /// The texts of the records that are being looked up, record by record.
    texts: Vec<Symbol>,
    /// The bits that the rarity of its values adds to a pair which shares all of a record's, rounded up.
    rarest: Vec<f32>,
    /// By step.
    said: Vec<Said>,
}

/// What records say at one step.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Their texts, if it is one that is asked about.
    pub(super) values: Vec<TextValue>,
    /// Bits that the rarity of their values adds, where it counts.
    pub(super) rarity: Vec<f32>,
    /// What is known of their texts, if pairs are looked at first.
    pub(super) sketches: Sketches,
}

impl Near {
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn clear(&mut self) {
        self.records.clear();
        self.slots.clear();
        self.alike_until.clear();
        self.rarest.clear();
        self.said.iter_mut().for_each(|said| {
            said.values.clear();
            said.rarity.clear();
            said.sketches.clear();
        });
    }

    /// Adds records that nothing is looked up of yet; the place of the first of them.
    pub(super) fn add(&mut self, records: &[RecordId]) -> Place {
        let first = self.records.len();
        self.records.extend_from_slice(records);
        Place::try_from(first).unwrap_or(Place::MAX)
    }

    /// Looks up what is not known of the records yet: step after step, so that no look-up waits for another.
    pub(super) fn look_up(&mut self, steps: &[Step], with_sketches: bool, scorer: &Scorer<'_>) {
        let first = self.slots.len();
        if first == self.records.len() {
            return;
        }
        let records = &self.records[first..];
        self.slots.extend(records.iter().map(|record| scorer.slot_of[*record as usize]));
        let mut until = self.records.len();
        self.alike_until.resize(until, 0);
        for at in (first..self.records.len()).rev() {
            if self.slots.get(at + 1) != self.slots.get(at) {
                until = at + 1;
            }
            self.alike_until[at] = until as Place;
        }
        let (rows, width) = (&scorer.table.texts, scorer.table.text_fields.len());
        self.texts.clear();
        records.iter().for_each(|record| self.texts.extend_from_slice(rows.row(*record as usize)));
        self.rarest.resize(self.records.len(), 0.0);
        self.said.resize_with(steps.len(), Said::default);
        for (said, step) in self.said.iter_mut().zip(steps) {
            if let Variable::Text(text) = step.variable {
                let symbols = self.texts.iter().skip(usize::from(text)).step_by(width.max(1));
                said.values.extend(symbols.map(|symbol| scorer.comparer.value_of(text, *symbol)));
                if with_sketches {
                    said.sketches.extend(&said.values[first..]);
                }
            }
            if !step.weighs_rarity() {
                continue;
            }
            match step.variable {
                Variable::Text(text) => {
                    let rarity = |value: &TextValue| step.rarity_of_text(text, value, scorer);
                    said.rarity.extend(said.values[first..].iter().map(rarity));
                }
                _ => {
                    let name = |record: &RecordId| scorer.table.name[*record as usize];
                    said.rarity.extend(records.iter().map(|record| step.rarity_of_name(name(record), scorer)));
                }
            }
            let sums = self.rarest[first..].iter_mut().zip(&said.rarity[first..]);
            sums.for_each(|(sum, bits)| *sum += bits.max(0.0));
        }
        self.rarest[first..].iter_mut().for_each(|sum| *sum = sum.next_up());
    }

    #[inline]
    pub(super) fn pair(&self, (one, other): (Place, Place)) -> Pair {
        (self.records[one as usize], self.records[other as usize])
    }

    /// How many of these places, which ascend, lie side by side and have the slot of the first.
    #[inline]
    pub(super) fn side_by_side(&self, places: &[Place]) -> usize {
        let Some(first) = places.first() else { return 0 };
        let most = places.len().min((self.alike_until[*first as usize] - first) as usize);
        if places[most - 1] - first == most as Place - 1 {
            return most;
        }
        let is_apart = |pair: &[Place]| pair[1] - pair[0] > APART_MAX;
        let alike = places.partition_point(|place| *place < self.alike_until[*first as usize]);
        places[..alike].windows(2).position(is_apart).map_or(alike, |last| last + 1)
    }

    #[inline]
    pub(super) fn slot(&self, place: Place) -> u8 {
        self.slots[place as usize]
    }

    /// The bits that rarity adds at most to the pairs of this record.
    #[inline]
    pub(super) fn rarest(&self, place: Place) -> f32 {
        self.rarest[place as usize]
    }

    /// The bits that the rarity of what a record says at a step adds, where it counts.
    #[inline]
    pub(super) fn rarity(&self, step: usize, place: Place) -> f32 {
        self.said[step].rarity[place as usize]
    }

    /// What records say at a step.
    #[inline]
    pub(super) fn said(&self, step: usize) -> &Said {
        &self.said[step]
    }
}
