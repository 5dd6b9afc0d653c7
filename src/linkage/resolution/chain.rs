//! How sure is it that two records of a person are one?
//!
//! Takes the match probabilities of all pairs of a person's records, gives for each the best product along a chain of
//! them: a pair that by itself says little is as sure as the pairs that hold it.

/// Persons of more records keep the probabilities of the pairs as they are; two records are a chain by themselves.
const CHAINED_RECORDS: std::ops::RangeInclusive<usize> = 3..=32;

/// How sure it is that two of `count` records of one person are one: the best product of probabilities along a chain of
/// its pairs, of each of which `own` tells the probability by itself.
#[must_use]
pub fn best_chain(count: usize, (one, other): (usize, usize), own: impl Fn(usize, usize) -> f64) -> f64 {
    if !CHAINED_RECORDS.contains(&count) {
        return own(one.min(other), one.max(other));
    }
    let mut pairs: Vec<f64> = (0..count)
        .flat_map(|low| (low + 1..count).map(move |high| (low, high)))
        .map(|(low, high)| own(low, high))
        .collect();
    strengthen(count, &mut pairs, |probability| probability);
    pairs[place(count, one, other)]
}

/// Raises each pair of a person to the best product of probabilities along a chain of its pairs (Floyd–Warshall). These
/// are all pairs of `count` records, row by row.
pub fn strengthen<P>(count: usize, pairs: &mut [P], probability: impl Fn(&mut P) -> &mut f64) {
    if !CHAINED_RECORDS.contains(&count) {
        return;
    }
    for via in 0..count {
        for one in (0..count).filter(|one| *one != via) {
            for other in (one + 1..count).filter(|other| *other != via) {
                let [first, second] = [(one, via), (via, other)].map(|(from, to)| place(count, from, to));
                let chain = *probability(&mut pairs[first]) * *probability(&mut pairs[second]);
                let direct = probability(&mut pairs[place(count, one, other)]);
                *direct = direct.max(chain);
            }
        }
    }
}

/// Where a pair of `count` records stands among all their pairs, row by row.
pub(super) fn place(count: usize, one: usize, other: usize) -> usize {
    let (low, high) = (one.min(other), one.max(other));
    low * (2 * count - low - 1) / 2 + high - low - 1
}

#[cfg(test)]
mod tests {
    use super::{best_chain, place, strengthen};

    #[test]
    fn a_pair_is_as_sure_as_the_chain_that_holds_it() {
        // Of the records 0 and 1, 0 and 2, 0 and 3, 1 and 2, 1 and 3, 2 and 3.
        let own = [0.9, 0.1, 0.2, 0.8, 0.3, 0.99];
        let mut pairs = own;
        strengthen(4, &mut pairs, |probability| probability);
        assert_eq!(pairs.map(|probability| (probability * 1e4).round() / 1e4), [0.9, 0.72, 0.7128, 0.8, 0.792, 0.99]);
        let of = |pair| best_chain(4, pair, |one, other| own[place(4, one, other)]);
        for (one, other) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            assert_eq!(of((one, other)).to_bits(), pairs[place(4, one, other)].to_bits());
        }
        assert!((of((3, 0)) - 0.7128).abs() < 1e-9);
        assert!((best_chain(2, (1, 0), |_, _| 0.3) - 0.3).abs() < 1e-9);
    }
}
