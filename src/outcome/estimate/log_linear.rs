//! How many are there, if three or more lists each have some?
//!
//! Takes the count of every pattern of lists, gives Poisson log-linear estimates: main effects and chosen interactions;
//! choice and averaging by BIC (Fienberg 1972; Bishop, Fienberg and Holland 1975).
//!
//! A pattern is a set of lists (bit i: on list i), and so is a term of a model: its effect holds for whoever is on all
//! lists of the set. One list is a main effect, two are an interaction.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use statrs::function::gamma::ln_gamma;

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Estimated number of persons, the unseen included.
    pub persons: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// −2 log likelihood plus parameters times the logarithm of the persons seen.
    pub bic: f64,
    /// The sets of lists that it takes to go together.
    pub together: Vec<u32>,
}

/// Rounds of the scoring at most.
const ROUNDS_MAX: usize = 200;

/// Is somebody of this pattern on all lists of the term?
fn is_on(pattern: u32, term: u32) -> bool {
    pattern & term == term
}

/// Fits a model to the counts of the patterns, by scoring. Patterns that cannot occur are left out of `cells`; those
/// that can and did not are in it with 0. Nothing if the estimate does not exist: an interaction that nobody shows, or
/// columns that say the same.
fn fit(cells: &[(u32, f64)], terms: &[u32]) -> Option<Fit> {
    let size = terms.len() + 1;
    let shown = |term: &u32| cells.iter().any(|(pattern, count)| *count > 0.0 && is_on(*pattern, *term));
    if cells.iter().any(|cell| cell.0 == 0) || cells.len() < size || !terms.iter().all(shown) {
        return None;
    }
    let counts: Vec<f64> = cells.iter().map(|cell| cell.1).collect();
    let row = |cell: &(u32, f64)| -> Vec<f64> {
        std::iter::once(1.0).chain(terms.iter().map(|term| f64::from(u8::from(is_on(cell.0, *term))))).collect()
    };
    let design = DMatrix::from_row_iterator(counts.len(), size, cells.iter().flat_map(row));
    let mut linear: DVector<f64> = DVector::from_iterator(counts.len(), counts.iter().map(|count| (count + 0.5).ln()));
    let mut deviance = f64::INFINITY;
    for _ in 0..ROUNDS_MAX {
        let means: Vec<f64> = linear.iter().map(|linear| linear.exp()).collect();
        let working =
            means.iter().zip(&linear).zip(&counts).map(|((mean, linear), count)| linear + (count - mean) / mean);
        let working = DVector::from_iterator(counts.len(), working);
        let mut weighted = design.clone();
        weighted.row_iter_mut().zip(&means).for_each(|(mut row, mean)| row *= *mean);
        let normal = design.tr_mul(&weighted);
        let factor = positive_definite(normal)?;
        let effects = factor.solve(&weighted.tr_mul(&working));
        linear = &design * &effects;
        let means: Vec<f64> = linear.iter().map(|linear: &f64| linear.exp()).collect();
        let now = 2.0 * counts.iter().zip(&means).map(|(count, mean)| difference(*count, *mean)).sum::<f64>();
        if (now - deviance).abs() < 1e-11 * (1.0 + now.abs()) {
            let mut first = DVector::zeros(size);
            first[0] = 1.0;
            let variance = factor.solve(&first)[0];
            return finish(&counts, &means, effects[0], variance, terms);
        }
        deviance = now;
    }
    None
}

/// The Cholesky factor; nothing if columns say the same, which rounding may hide from the decomposition itself.
fn positive_definite(matrix: DMatrix<f64>) -> Option<Cholesky<f64, Dyn>> {
    let diagonal = matrix.diagonal();
    let factor = Cholesky::new(matrix)?;
    let rest = factor.l_dirty().diagonal();
    rest.iter().zip(&diagonal).all(|(rest, whole)| rest * rest > 1e-12 * whole.abs()).then_some(factor)
}

fn difference(count: f64, mean: f64) -> f64 {
    if count > 0.0 { count * (count / mean).ln() - count + mean } else { mean }
}

fn finish(counts: &[f64], means: &[f64], intercept: f64, variance: f64, terms: &[u32]) -> Option<Fit> {
    let (seen, unseen) = (counts.iter().sum::<f64>(), intercept.exp());
    let likelihood: f64 =
        counts.iter().zip(means).map(|(count, mean)| count * mean.ln() - mean - ln_gamma(count + 1.0)).sum();
    let fit = Fit {
        persons: seen + unseen,
        standard_error: (unseen + unseen * unseen * variance).sqrt(),
        bic: -2.0 * likelihood + (terms.len() + 1) as f64 * seen.ln(),
        together: terms.iter().copied().filter(|term| term.count_ones() > 1).collect(),
    };
    (fit.persons.is_finite() && fit.standard_error.is_finite()).then_some(fit)
}

/// All models with main effects and any set of two-list interactions, those whose estimate exists, best BIC first.
/// Nothing for more than four lists, where such models are too many to try one by one.
#[must_use]
pub fn choose(cells: &[(u32, f64)], lists: u32) -> Vec<Fit> {
    if !(2..=4).contains(&lists) {
        return Vec::new();
    }
    let pairs: Vec<u32> = (0..lists).flat_map(|one| (0..one).map(move |other| 1 << one | 1 << other)).collect();
    let of_set = |set: u32| {
        let chosen = pairs.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, pair)| *pair);
        fit(cells, &(0..lists).map(|list| 1 << list).chain(chosen).collect::<Vec<u32>>())
    };
    let mut fitted: Vec<Fit> = (0..1 << pairs.len()).filter_map(of_set).collect();
    fitted.sort_by(|one, other| one.bic.total_cmp(&other.bic));
    fitted
}

/// Average over models, weighted by exp(−BIC/2), and its standard error, which holds the spread between models too.
#[must_use]
pub fn average(fits: &[Fit]) -> Option<(f64, f64)> {
    let best = fits.iter().map(|fit| fit.bic).min_by(f64::total_cmp)?;
    let weight = |fit: &Fit| ((best - fit.bic) / 2.0).exp();
    let total: f64 = fits.iter().map(weight).sum();
    let mean = fits.iter().map(|fit| weight(fit) * fit.persons).sum::<f64>() / total;
    let square = |fit: &Fit| fit.standard_error.powi(2) + (fit.persons - mean).powi(2);
    Some((mean, (fits.iter().map(|fit| weight(fit) * square(fit)).sum::<f64>() / total).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::{average, choose, fit};
    use crate::outcome::estimate::two_list::log_normal;

    /// Lists 1, 2, 3 are bits 0, 1, 2.
    const SPINA_BIFIDA: [(u32, f64); 7] =
        [(0b100, 60.0), (0b010, 49.0), (0b110, 4.0), (0b001, 247.0), (0b101, 112.0), (0b011, 142.0), (0b111, 12.0)];

    const PAIRS_OF_FOUR: [u32; 6] = [0b11, 0b101, 0b110, 0b1001, 0b1010, 0b1100];

    fn terms(lists: u32, together: &[u32]) -> Vec<u32> {
        (0..lists).map(|list| 1 << list).chain(together.iter().copied()).collect()
    }

    /// Counts in the order 1111, 1110, … 0001, list 1 first.
    fn four(counts: [u32; 15]) -> Vec<(u32, f64)> {
        (1..16).rev().zip(counts).map(|(pattern, count): (u32, u32)| (pattern, f64::from(count))).collect()
    }

    #[test]
    fn spina_bifida() {
        // Interactions, persons, standard error, BIC.
        let (one_two, one_three, two_three) = (0b011, 0b101, 0b110);
        let models: [(&[u32], [f64; 3]); 6] = [
            (&[], [763.887_932, 20.6176, 124.076]),
            (&[two_three], [730.928_571, 16.9802, 76.028]),
            (&[one_two, two_three], [758.321_429, 25.5216, 78.611]),
            (&[one_three, two_three], [711.232_394, 17.7217, 79.275]),
            (&[one_two, one_three], [1361.0, 394.7404, 116.103]),
            (&[one_two, one_three, two_three], [762.980_634, 86.3878, 85.047]),
        ];
        for (together, expected) in models {
            let fit = fit(&SPINA_BIFIDA, &terms(3, together)).unwrap();
            let found = [fit.persons, fit.standard_error, fit.bic];
            for ((found, expected), digits) in found.iter().zip(expected).zip([1e-5, 1e-4, 6e-4]) {
                assert!((found - expected).abs() < digits, "{together:?}: {found} for {expected}");
            }
        }
        for (together, expected) in [(one_three, 755.943_038), (one_two, 831.3125)] {
            assert!((fit(&SPINA_BIFIDA, &terms(3, &[together])).unwrap().persons - expected).abs() < 1e-5);
        }
        let chosen = choose(&SPINA_BIFIDA, 3);
        assert_eq!((chosen.len(), Some(&chosen[0])), (8, fit(&SPINA_BIFIDA, &terms(3, &[two_three])).as_ref()));
        let (mean, error) = average(&chosen).unwrap();
        assert!((725.0..740.0).contains(&mean) && error > chosen[0].standard_error, "{mean} {error}");
    }

    #[test]
    fn hiv_in_rome_and_four_lists_of_lesbians() {
        let hiv = four([0, 3, 1, 33, 0, 20, 6, 403, 3, 35, 10, 545, 11, 621, 205]);
        let four_lists = four([23, 27, 48, 104, 19, 44, 143, 589, 20, 64, 53, 534, 28, 281, 208]);
        let near = |cells: &[(u32, f64)], together: &[u32], expected: [f64; 2]| {
            let fit = fit(cells, &terms(4, together)).unwrap();
            let found = [fit.persons, fit.standard_error];
            assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-3), "{together:?} {found:?}");
        };
        near(&hiv, &[], [11124.5785, 904.753]);
        near(&hiv, &[0b1100], [12318.4677, 1188.7227]);
        near(&hiv, &PAIRS_OF_FOUR, [23443.5357, 9594.8794]);
        near(&four_lists, &[], [3738.4685, 95.2463]);
    }

    #[test]
    fn killings_in_kosovo() {
        // Lists EXH, ABA, OSCE, HRW. P. Ball and others (2002) give 10,356 persons (9,002 to 12,122): the model of
        // least BIC among all hierarchical ones, EXH × ABA × OSCE with EXH × HRW and OSCE × HRW. Their interval is
        // another way's than the log-normal one, which is some persons shorter.
        let kosovo = four([27, 181, 18, 177, 42, 228, 106, 1131, 32, 217, 31, 845, 123, 936, 306]);
        assert_eq!(kosovo.iter().map(|cell| cell.1).sum::<f64>(), 4400.0);
        let chosen = terms(4, &[0b1100, 0b1010, 0b1001, 0b0110, 0b0011, 0b1110]);
        let best = fit(&kosovo, &chosen).unwrap();
        assert_eq!(best.persons.floor(), 10_356.0);
        assert!((best.persons - 10_356.519).abs() < 6e-4 && (best.standard_error - 785.902).abs() < 6e-4, "{best:?}");
        let interval = log_normal(best.persons, best.standard_error.powi(2), 4400.0);
        assert_eq!((interval.low.floor(), interval.high.floor()), (9_004.0, 12_105.0));
        let triples = [0b1110, 0b1101, 0b1011, 0b0111];
        let hierarchical = (0u32..1 << 10).filter_map(|chosen| {
            let pick = |all: &[u32], shift: u32| -> Vec<u32> {
                let picked = all.iter().enumerate().filter(|(at, _)| chosen >> (shift + *at as u32) & 1 == 1);
                picked.map(|(_, together)| *together).collect()
            };
            let (pairs, triples) = (pick(&PAIRS_OF_FOUR, 0), pick(&triples, 6));
            let within =
                |triple: &u32| PAIRS_OF_FOUR.iter().filter(|pair| *pair & triple == **pair).all(|p| pairs.contains(p));
            triples.iter().all(within).then(|| terms(4, &[pairs, triples].concat()))
        });
        let all: Vec<Vec<u32>> = hierarchical.collect();
        assert_eq!(all.len(), 113);
        let least = all.iter().filter_map(|terms| fit(&kosovo, terms)).map(|fit| fit.bic).fold(f64::INFINITY, f64::min);
        assert!((least - best.bic).abs() < 1e-6, "{least} {}", best.bic);
    }

    #[test]
    fn what_does_not_exist_is_not_estimated() {
        let never_together = [(0b01, 10.0), (0b10, 5.0), (0b11, 0.0)];
        assert!(fit(&never_together, &terms(2, &[0b11])).is_none(), "as many parameters as cells");
        let mut cells = SPINA_BIFIDA;
        (cells[2].1, cells[6].1) = (0.0, 0.0);
        assert!(fit(&cells, &terms(3, &[0b110])).is_none(), "nobody is on lists 2 and 3");
        // If lists 2 and 3 cannot meet, their cells are no cells.
        let possible: Vec<(u32, f64)> = cells.into_iter().filter(|cell| cell.0 & 0b110 != 0b110).collect();
        assert!(fit(&possible, &terms(3, &[])).is_some());
    }
}
