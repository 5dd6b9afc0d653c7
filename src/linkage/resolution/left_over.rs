//! Who has found nobody?
//!
//! Takes a first [`Resolution`] and the compared pairs, marks the pairs that are *left over on both sides*, and has the
//! model fitted to them. A pair between two slots is left over on both sides if neither record is in one person with
//! any record of the other's slot.

use rayon::prelude::*;

use super::Resolution;
use crate::linkage::comparison::Comparison;
use crate::linkage::comparison::level::LEFT_OVER;
use crate::linkage::model::em;
use crate::linkage::model::left_over::{self, LeftOver, LeftOverPair};
use crate::linkage::scoring::{ComparedPairs, Scorer};
use crate::person::table::RecordId;

/// Is the person of this record in the slot?
fn is_in(resolution: &Resolution, slot_of: &[u8], record: RecordId, slot: u8) -> bool {
    let person = resolution.person_of[record as usize];
    resolution.records_of(person).iter().any(|record| slot_of[*record as usize] == slot)
}

/// Marks the pairs that are left over on both sides.
pub fn mark(mark: &Comparison, resolution: &Resolution, slot_of: &[u8], compared: &mut ComparedPairs) {
    let is_in = |record: RecordId, slot: u8| is_in(resolution, slot_of, record, slot);
    let pairs = compared.pairs.par_iter().zip(&mut compared.patterns);
    pairs.for_each(|((one, other), pattern)| {
        let slots = (slot_of[*one as usize], slot_of[*other as usize]);
        let left = slots.0 != slots.1 && !is_in(*one, slots.1) && !is_in(*other, slots.0);
        *pattern = mark.set(*pattern, if left { LEFT_OVER } else { 0 });
    });
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
    let slots = scorer.model.slots.len();
    let (mut left, mut seen) = (vec![0u64; slots * slots], vec![false; slots]);
    for person in 0..u32::try_from(resolution.persons()).unwrap_or(u32::MAX) {
        let of_person =
            resolution.records_of(person).iter().map(|record| usize::from(scorer.slot_of[*record as usize]));
        seen.fill(false);
        of_person.clone().for_each(|slot| seen[slot] = true);
        for slot in of_person {
            (0..slots).filter(|other| !seen[*other]).for_each(|other| left[slot * slots + other] += 1);
        }
    }
    let possible = left_over::possible(scorer.model, &left);
    left_over::fit(scorer.model, &pairs, &em::count_patterns(&classes, &patterns), &possible, steering)
}
