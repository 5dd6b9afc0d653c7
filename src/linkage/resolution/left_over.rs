//! Who has found nobody?
//!
//! After a first resolution, a pair of two slots of which neither record is in one person with any record of the other's slot is
//! *left over on both sides*. Takes the [`Resolution`] and the compared pairs, marks these, and has the model fitted to them.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::Resolution;
use crate::linkage::comparison::Comparison;
use crate::linkage::comparison::level::LEFT_OVER;
use crate::linkage::model::em;
use crate::linkage::model::left_over::{self, LeftOver, LeftOverPair};
use crate::linkage::scoring::{ComparedPairs, Scorer};
use crate::person::table::RecordId;

/// The slots in which each person is.
fn present(resolution: &Resolution, slot_of: &[u8]) -> FxHashSet<(u32, u8)> {
    resolution.person_of.iter().copied().zip(slot_of.iter().copied()).collect()
}

/// Marks the pairs that are left over on both sides.
pub fn mark(mark: &Comparison, resolution: &Resolution, slot_of: &[u8], compared: &mut ComparedPairs) {
    let present = present(resolution, slot_of);
    let person = |record: RecordId| resolution.person_of[record as usize];
    let slot = |record: RecordId| slot_of[record as usize];
    for ((one, other), pattern) in compared.pairs.iter().zip(&mut compared.patterns) {
        let slots = (slot(*one), slot(*other));
        let left = slots.0 != slots.1
            && !present.contains(&(person(*one), slots.1))
            && !present.contains(&(person(*other), slots.0));
        *pattern = mark.set(*pattern, if left { LEFT_OVER } else { 0 });
    }
}

/// Fits what being left over says, from the marked pairs and from those within persons.
#[must_use]
pub fn fit(
    scorer: &Scorer<'_>,
    mark: &Comparison,
    resolution: &Resolution,
    compared: &ComparedPairs,
    steering: (f64, u64),
) -> Vec<Option<LeftOver>> {
    let (mut pairs, mut classes, mut patterns) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (one, other)) in compared.pairs.iter().enumerate() {
        let (class, pattern) = (compared.classes[at], compared.patterns[at]);
        if mark.level(pattern) != 0 {
            let pattern = mark.set(pattern, 0);
            pairs.push(LeftOverPair { class, pattern, ratio: scorer.ratio(pattern, *one) });
        } else if resolution.person_of[*one as usize] == resolution.person_of[*other as usize] {
            classes.push(class);
            patterns.push(pattern);
        }
    }
    // Records of each slot whose person is not in the other one.
    let present = present(resolution, scorer.slot_of);
    let slots = u8::try_from(scorer.model.slots.len()).unwrap_or(u8::MAX);
    let mut left: BTreeMap<(u8, u8), u64> = BTreeMap::new();
    for (person, slot) in resolution.person_of.iter().zip(scorer.slot_of) {
        for other in (0..slots).filter(|other| other != slot && !present.contains(&(*person, *other))) {
            *left.entry((*slot, other)).or_default() += 1;
        }
    }
    let possible = left_over::possible(scorer.model, &left);
    left_over::fit(scorer.model, &pairs, &em::count_patterns(&classes, &patterns), &possible, steering)
}
