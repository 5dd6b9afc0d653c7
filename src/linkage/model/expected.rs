//! What is the model before any pair is looked at?
//!
//! Takes the slots and the shares that were measured, gives the [`Model`] that the levels lead one to expect: what a
//! fit starts from.

use super::slot::Slot;
use super::{Model, PairClass, Shares};
use crate::linkage::comparison::Comparer;

/// Expected share of matches that live where they lived.
pub(super) const STAY: f64 = 0.85;
/// Expected share of relatives that are a family.
pub(super) const FAMILY: f64 = 0.8;
/// Where a fit begins, all judgements: of the records of a slot so many have another one there; of the records of the
/// smaller of two slots so many have a match in the larger; and so many relatives of a record are in a slot.
const TWICE_IN_A_SLOT: f64 = 0.02;
const IN_BOTH_SLOTS: f64 = 0.5;
const RELATIVES_OF_ONE: f64 = 2.0;
/// However small a district is, strangers are left: matches and relatives are no more than these shares of all pairs.
pub(super) const MATCHES_MAX: f64 = 0.5;
pub(super) const RELATIVES_MAX: f64 = 0.3;
/// Weight of the expected r, in pairs.
pub(super) const PRIOR_RELATIVES: f64 = 200.0;

/// The model before any pair is looked at: what the levels lead one to expect.
#[must_use]
pub fn expected(comparer: &Comparer<'_>, shares: Vec<Shares>, slots: Vec<Slot>) -> Model {
    let classes = starting_classes(&slots);
    let comparisons = comparer.comparisons.clone();
    let has_places = comparisons.iter().any(|comparison| comparison.place);
    let (stay, family) = if has_places { (STAY, FAMILY) } else { (1.0, 1.0) };
    let (left_over, log_likelihood) = (Vec::new(), Vec::new());
    Model { slots, classes, shares, stay, family, left_over, iterations: 0, log_likelihood, comparisons }
}

/// Every record of the smaller slot may have a match in the larger one; within a slot, few have.
fn starting_classes(slots: &[Slot]) -> Vec<PairClass> {
    let mut classes = Vec::with_capacity(slots.len() * (slots.len() + 1) / 2);
    for one in 0..slots.len() {
        for other in one..slots.len() {
            let (n, k) = (slots[one].records as f64, slots[other].records as f64);
            let pairs = if one == other { n * (n - 1.0) / 2.0 } else { n * k };
            let matches = if one == other { TWICE_IN_A_SLOT * n } else { IN_BOTH_SLOTS * n.min(k) };
            let pairs = pairs.max(1.0);
            classes.push(PairClass {
                one,
                other,
                pairs,
                matches: (matches / pairs).min(MATCHES_MAX),
                relatives: (RELATIVES_OF_ONE * n.min(k) / pairs).min(RELATIVES_MAX),
            });
        }
    }
    classes
}
