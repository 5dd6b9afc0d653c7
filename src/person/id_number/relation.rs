//! How do two identity numbers relate?
//!
//! Takes two numbers, gives their [`Relation`]: of masked ones, whether what both still show agrees.

use super::IdNumber;

/// How two numbers relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// One of them says nothing, or they are of kinds that cannot be compared.
    Unknown,
    /// The same number.
    Equal,
    /// One is masked, and the other fits it.
    FitsMask,
    /// One slip of the pen apart: a digit changed, left out or added, two neighbours swapped. Two numbers that both
    /// pass the check never are.
    OneSlip,
    /// Different.
    Different,
}

/// Compares two numbers.
#[must_use]
pub fn compare(one: IdNumber, other: IdNumber) -> Relation {
    // What a birth date says is compared as one.
    if !one.is_some() || !other.is_some() || one.is_tail_masked() || other.is_tail_masked() {
        return Relation::Unknown;
    }
    if one.is_document() != other.is_document() {
        return Relation::Unknown;
    }
    if one == other {
        return if one.is_masked() { Relation::FitsMask } else { Relation::Equal };
    }
    // Who has a passport may have a permit besides.
    if one.is_document() {
        let is_of_one_form = one.document_form() == other.document_form();
        return if is_of_one_form { Relation::Different } else { Relation::Unknown };
    }
    if one.is_masked() || other.is_masked() {
        let is_wide = one.is_widely_masked() || other.is_widely_masked();
        let [one, other] = [one, other].map(|id| if is_wide { id.widely_masked() } else { id.masked() });
        return match (one.is_some() && other.is_some(), one == other) {
            (false, _) => Relation::Unknown,
            (true, true) => Relation::FitsMask,
            (true, false) => Relation::Different,
        };
    }
    if one.is_valid() && other.is_valid() {
        return Relation::Different;
    }
    let (mut a, mut b) = ([0; 20], [0; 20]);
    let (la, lb) = (one.characters(&mut a), other.characters(&mut b));
    if la > 0 && lb > 0 && one_slip(&a[..la], &b[..lb]) { Relation::OneSlip } else { Relation::Different }
}

/// One substitution, insertion, deletion or swap of neighbours apart (and not equal).
fn one_slip(one: &[u8], other: &[u8]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let start = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[start..], &long[start..]);
    if short.len() != long.len() {
        return short == &long[1..];
    }
    match (short, long) {
        ([_, rest_a @ ..], [_, rest_b @ ..]) if rest_a == rest_b => true,
        ([a0, a1, rest_a @ ..], [b0, b1, rest_b @ ..]) => a0 == b1 && a1 == b0 && rest_a == rest_b,
        _ => false,
    }
}
