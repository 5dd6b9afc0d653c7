//! How many of the persons whom no register knows should not be on the roll?
//!
//! Takes how many registers know each enumerated person, gives the probability that an enumeration without support is
//! wrong. A rightful person may well be in no register. How many such there are at least follows from how many are in
//! just one (`f1`) and in just two (`f2`): Chao's lower bound `f1 (f1 − 1) / 2 (f2 + 1)` (Chao 1987), which holds when
//! persons differ in how likely registers are to know them. Only what exceeds it speaks against the roll.

/// Share of wrong ones among enumerations without support that the bound cannot rule out: a judgement, of the order of
/// the erroneous enumerations other than duplicates in published post-enumeration surveys (0.5 % of all persons in the
/// United States in 2010 and 2020), as the persons without support are fewer than all.
const SHARE_MIN: f64 = 0.01;

/// Probability that an enumeration without support is wrong, from the numbers of enumerated persons in no, one and two
/// registers.
pub(super) fn probability(in_none: u64, in_one: u64, in_two: u64) -> f64 {
    let rightful = in_one as f64 * (in_one as f64 - 1.0).max(0.0) / (2.0 * (in_two as f64 + 1.0));
    let excess = (in_none as f64 - rightful).max(0.0);
    (excess / (in_none as f64).max(1.0)).max(SHARE_MIN)
}

#[cfg(test)]
mod tests {
    use super::probability;

    #[test]
    fn only_an_excess_over_what_registers_leave_out_speaks_against_the_roll() {
        // Chao's bound is 500 · 499 / (2 · 501) = 249.0 persons.
        assert!((probability(200, 500, 500) - 0.01).abs() < 1e-12);
        assert!((probability(500, 500, 500) - 251.0 / 500.0).abs() < 1e-3);
        assert!((probability(0, 0, 0) - 0.01).abs() < 1e-12);
    }
}
