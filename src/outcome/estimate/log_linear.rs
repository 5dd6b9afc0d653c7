//! How many are there, if three or more lists each have some?
//!
//! Takes the count of every pattern of lists, gives Poisson log-linear estimates: main effects and chosen interactions,
//! or effects of the number of lists; choice and averaging by BIC (Fienberg 1972; Bishop, Fienberg and Holland 1975).
//! Effects of the number of lists stand for persons who differ in how easily they are caught (Darroch and others 1993;
//! L.-P. Rivest, S. Baillargeon, *Applications and extensions of Chao's moment estimator*, Biometrics 63, 2007; the R
//! package `Rcapture`).

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use statrs::function::factorial::ln_binomial;

/// A column of the design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Term {
    /// Being on all lists of this set (bit i is list i).
    Together(u32),
    /// The number of lists: all lists catch alike.
    Number,
    /// Half the square of the number of lists: persons differ in how easily they are caught (Darroch).
    NumberSquared,
    /// The base to the power of the number of lists, less 1: persons differ, their rates being Poisson.
    NumberPower(f64),
    /// Minus the logarithm of 1 and the number of lists over the shape: persons differ, their rates being gamma.
    NumberGamma(f64),
    /// This pattern alone: what it counts says nothing of the others.
    Only(u32),
}

impl Term {
    fn of_pattern(self, pattern: u32) -> f64 {
        match self {
            Term::Together(lists) => f64::from(u8::from(pattern & lists == lists)),
            Term::Only(other) => f64::from(u8::from(pattern == other)),
            _ => self.of_number(pattern.count_ones()),
        }
    }

    /// Its value where only the number of lists is known: as for one list if it asks which.
    fn of_number(self, number: u32) -> f64 {
        let number = f64::from(number);
        match self {
            Term::Number => number,
            Term::NumberSquared => number.powi(2) / 2.0,
            Term::NumberPower(base) => base.powf(number) - 1.0,
            Term::NumberGamma(shape) => -(1.0 + number / shape).ln(),
            Term::Together(_) | Term::Only(_) => 0.0,
        }
    }
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Estimated number of persons, the unseen included.
    pub persons: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Deviance from the counts.
    pub deviance: f64,
    /// −2 log likelihood plus parameters times the logarithm of the persons seen.
    pub bic: f64,
    /// −2 log likelihood plus twice the parameters.
    pub aic: f64,
}

/// Rounds of the scoring at most.
const ROUNDS_MAX: usize = 200;

/// Fits a model to the counts of the patterns (bit i: on list i). Patterns that cannot occur are left out of `cells`;
/// those that can and did not are in it with 0. Nothing if the estimate does not exist: an interaction that nobody
/// shows, or columns that say the same.
#[must_use]
pub fn fit(cells: &[(u32, f64)], terms: &[Term]) -> Option<Fit> {
    if cells.iter().any(|cell| cell.0 == 0) {
        return None;
    }
    let design: Vec<Vec<f64>> =
        cells.iter().map(|cell| terms.iter().map(|term| term.of_pattern(cell.0)).collect()).collect();
    let counts: Vec<f64> = cells.iter().map(|cell| cell.1).collect();
    fit_design(&design, &counts, &vec![0.0; counts.len()])
}

/// Fits a model in which lists are alike to how many persons are on 1, 2, … of so many lists. Of the numbers beyond the
/// first `used` nothing is learnt (few persons who are very easily caught would bend the rest); they are counted.
/// Nothing if a term asks which lists, or the estimate does not exist.
#[must_use]
pub fn fit_numbers(frequencies: &[f64], lists: u32, used: usize, terms: &[Term]) -> Option<Fit> {
    if terms.iter().any(|term| matches!(term, Term::Together(_) | Term::Only(_))) {
        return None;
    }
    let used = used.min(lists as usize);
    let numbers: Vec<u32> = (1..=lists).take(used).collect();
    let counts: Vec<f64> = (0..used).map(|at| frequencies.get(at).copied().unwrap_or(0.0)).collect();
    let design: Vec<Vec<f64>> =
        numbers.iter().map(|number| terms.iter().map(|term| term.of_number(*number)).collect()).collect();
    let patterns: Vec<f64> = numbers.iter().map(|k| ln_binomial(u64::from(lists), u64::from(*k))).collect();
    let fit = fit_design(&design, &counts, &patterns)?;
    Some(Fit { persons: fit.persons + frequencies.iter().skip(used).sum::<f64>(), ..fit })
}

/// Fits effects by scoring; `design` has a row per count, without the intercept, and `offsets` are added to its
/// logarithm.
fn fit_design(design: &[Vec<f64>], counts: &[f64], offsets: &[f64]) -> Option<Fit> {
    let size = design.first()?.len() + 1;
    let shown = |column: usize| counts.iter().zip(design).any(|(count, row)| *count > 0.0 && row[column] != 0.0);
    if counts.len() < size || !(0..size - 1).all(shown) {
        return None;
    }
    let row = |row: &Vec<f64>| -> Vec<f64> { std::iter::once(1.0).chain(row.iter().copied()).collect() };
    let design = DMatrix::from_row_iterator(counts.len(), size, design.iter().flat_map(row));
    let offsets = DVector::from_column_slice(offsets);
    let mut linear: DVector<f64> = DVector::from_iterator(counts.len(), counts.iter().map(|count| (count + 0.5).ln()));
    let mut deviance = f64::INFINITY;
    for _ in 0..ROUNDS_MAX {
        let means: Vec<f64> = linear.iter().map(|linear| linear.exp()).collect();
        let working = means
            .iter()
            .zip(&linear)
            .zip(&offsets)
            .zip(counts)
            .map(|(((mean, linear), offset), count)| linear - offset + (count - mean) / mean);
        let working = DVector::from_iterator(counts.len(), working);
        let mut weighted = design.clone();
        weighted.row_iter_mut().zip(&means).for_each(|(mut row, mean)| row *= *mean);
        let normal = design.tr_mul(&weighted);
        let factor = positive_definite(normal)?;
        let effects = factor.solve(&weighted.tr_mul(&working));
        linear = &design * &effects + &offsets;
        let means: Vec<f64> = linear.iter().map(|linear: &f64| linear.exp()).collect();
        let now = 2.0 * counts.iter().zip(&means).map(|(count, mean)| difference(*count, *mean)).sum::<f64>();
        if (now - deviance).abs() < 1e-11 * (1.0 + now.abs()) {
            let mut first = DVector::zeros(size);
            first[0] = 1.0;
            let variance = factor.solve(&first)[0];
            return finish(counts, &means, effects[0], variance, now, size);
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

fn finish(
    counts: &[f64],
    means: &[f64],
    intercept: f64,
    variance: f64,
    deviance: f64,
    parameters: usize,
) -> Option<Fit> {
    let (seen, unseen) = (counts.iter().sum::<f64>(), intercept.exp());
    let likelihood: f64 = counts
        .iter()
        .zip(means)
        .map(|(count, mean)| count * mean.ln() - mean - statrs::function::gamma::ln_gamma(count + 1.0))
        .sum();
    let fit = Fit {
        persons: seen + unseen,
        standard_error: (unseen + unseen * unseen * variance).sqrt(),
        deviance,
        bic: -2.0 * likelihood + parameters as f64 * seen.ln(),
        aic: -2.0 * likelihood + 2.0 * parameters as f64,
    };
    (fit.persons.is_finite() && fit.standard_error.is_finite()).then_some(fit)
}

/// All models with main effects and any set of two-list interactions, those whose estimate exists, best BIC first.
/// Nothing for more than four lists, where such models are too many to try one by one.
#[must_use]
pub fn choose(cells: &[(u32, f64)], lists: u32) -> Vec<(Vec<Term>, Fit)> {
    if !(2..=4).contains(&lists) {
        return Vec::new();
    }
    let pairs: Vec<Term> =
        (0..lists).flat_map(|one| (0..one).map(move |other| Term::Together(1 << one | 1 << other))).collect();
    let mut fitted: Vec<(Vec<Term>, Fit)> = (0u32..1 << pairs.len())
        .filter_map(|set| {
            let chosen = pairs.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, term)| *term);
            let terms: Vec<Term> = (0..lists).map(|list| Term::Together(1 << list)).chain(chosen).collect();
            let fit = fit(cells, &terms)?;
            Some((terms, fit))
        })
        .collect();
    fitted.sort_by(|one, other| one.1.bic.total_cmp(&other.1.bic));
    fitted
}

/// Average over models, weighted by exp(−BIC/2), and its standard error, which holds the spread between models too.
#[must_use]
pub fn average(fits: &[(Vec<Term>, Fit)]) -> Option<(f64, f64)> {
    let best = fits.iter().map(|(_, fit)| fit.bic).min_by(f64::total_cmp)?;
    let weight = |fit: &Fit| ((best - fit.bic) / 2.0).exp();
    let total: f64 = fits.iter().map(|(_, fit)| weight(fit)).sum();
    let mean = fits.iter().map(|(_, fit)| weight(fit) * fit.persons).sum::<f64>() / total;
    let square = |fit: &Fit| fit.standard_error.powi(2) + (fit.persons - mean).powi(2);
    Some((mean, (fits.iter().map(|(_, fit)| weight(fit) * square(fit)).sum::<f64>() / total).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::{Term, average, choose, fit, fit_numbers};
    use crate::outcome::estimate::two_list::log_normal;

    /// Lists 1, 2, 3 are bits 0, 1, 2.
    const SPINA_BIFIDA: [(u32, f64); 7] =
        [(0b100, 60.0), (0b010, 49.0), (0b110, 4.0), (0b001, 247.0), (0b101, 112.0), (0b011, 142.0), (0b111, 12.0)];

    const PAIRS_OF_FOUR: [u32; 6] = [0b11, 0b101, 0b110, 0b1001, 0b1010, 0b1100];

    fn terms(lists: u32, together: &[u32]) -> Vec<Term> {
        (0..lists).map(|list| 1 << list).chain(together.iter().copied()).map(Term::Together).collect()
    }

    /// Counts in the order 1111, 1110, … 0001, list 1 first.
    fn four(counts: [u32; 15]) -> Vec<(u32, f64)> {
        (1..16).rev().zip(counts).map(|(pattern, count): (u32, u32)| (pattern, f64::from(count))).collect()
    }

    #[test]
    fn spina_bifida() {
        // Interactions, persons, standard error, deviance, BIC.
        let (one_two, one_three, two_three) = (0b011, 0b101, 0b110);
        let models: [(&[u32], [f64; 4]); 6] = [
            (&[], [763.887_932, 20.6176, 58.348, 124.076]),
            (&[two_three], [730.928_571, 16.9802, 3.860, 76.028]),
            (&[one_two, two_three], [758.321_429, 25.5216, 0.003, 78.611]),
            (&[one_three, two_three], [711.232_394, 17.7217, 0.668, 79.275]),
            (&[one_two, one_three], [1361.0, 394.7404, 37.496, 116.103]),
            (&[one_two, one_three, two_three], [762.980_634, 86.3878, 0.0, 85.047]),
        ];
        for (together, expected) in models {
            let fit = fit(&SPINA_BIFIDA, &terms(3, together)).unwrap();
            let found = [fit.persons, fit.standard_error, fit.deviance, fit.bic];
            for ((found, expected), digits) in found.iter().zip(expected).zip([1e-5, 1e-4, 6e-4, 6e-4]) {
                assert!((found - expected).abs() < digits, "{together:?}: {found} for {expected}");
            }
        }
        for (together, expected) in [(one_three, 755.943_038), (one_two, 831.3125)] {
            assert!((fit(&SPINA_BIFIDA, &terms(3, &[together])).unwrap().persons - expected).abs() < 1e-5);
        }
        let chosen = choose(&SPINA_BIFIDA, 3);
        assert_eq!((chosen.len(), chosen[0].0.clone()), (8, terms(3, &[two_three])));
        let (mean, error) = average(&chosen).unwrap();
        assert!((725.0..740.0).contains(&mean) && error > chosen[0].1.standard_error, "{mean} {error}");
    }

    #[test]
    fn hiv_in_rome_and_four_lists_of_lesbians() {
        let hiv = four([0, 3, 1, 33, 0, 20, 6, 403, 3, 35, 10, 545, 11, 621, 205]);
        let near = |cells: &[(u32, f64)], terms: &[Term], expected: [f64; 2]| {
            let fit = fit(cells, terms).unwrap();
            let found = [fit.persons, fit.standard_error];
            assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-3), "{terms:?} {found:?}");
        };
        near(&hiv, &[Term::Number], [11576.7001, 946.0681]);
        near(&hiv, &terms(4, &[]), [11124.5785, 904.753]);
        near(&hiv, &terms(4, &[0b1100]), [12318.4677, 1188.7227]);
        for (together, deviance) in [(&[][..], 13.026), (&[0b1100][..], 7.614), (&PAIRS_OF_FOUR[..], 3.037)] {
            let fit = fit(&hiv, &terms(4, together)).unwrap();
            assert!((fit.deviance - deviance).abs() < 6e-4, "{fit:?}");
        }
        assert!((fit(&hiv, &terms(4, &[0b1100])).unwrap().aic - 86.65).abs() < 6e-3);
        near(&hiv, &terms(4, &PAIRS_OF_FOUR), [23443.5357, 9594.8794]);
        let four_lists = four([23, 27, 48, 104, 19, 44, 143, 589, 20, 64, 53, 534, 28, 281, 208]);
        near(&four_lists, &[Term::Number], [3829.1968, 99.4029]);
        near(&four_lists, &terms(4, &[]), [3738.4685, 95.2463]);
        near(&four_lists, &[terms(4, &[]), vec![Term::NumberSquared]].concat(), [6963.7398, 650.0755]);
        let with_first: Vec<Term> = [terms(4, &[0b1100, 0b1010, 0b1001]), vec![Term::NumberSquared]].concat();
        near(&four_lists, &with_first, [7030.6607, 687.2069]);
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
        assert!((best.deviance - 9.323).abs() < 6e-4, "{best:?}");
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
        let all: Vec<Vec<Term>> = hierarchical.collect();
        assert_eq!(all.len(), 113);
        let least = all.iter().filter_map(|terms| fit(&kosovo, terms)).map(|fit| fit.bic).fold(f64::INFINITY, f64::min);
        assert!((least - best.bic).abs() < 1e-6, "{least} {}", best.bic);
    }

    /// Snowshoe hares by trapping occasions: rows by occasions 3, 2, 1 (bits 5 to 3), columns by 6, 5, 4 (bits 2 to 0),
    /// as in Coull and Agresti, Biometrics 55 (1999); the pattern of no occasion is no cell.
    const HARES: [[u8; 8]; 8] = [
        [0, 3, 6, 0, 5, 1, 0, 0],
        [3, 2, 3, 0, 0, 1, 0, 0],
        [4, 2, 3, 1, 0, 1, 0, 0],
        [1, 0, 0, 0, 0, 0, 0, 0],
        [4, 1, 1, 1, 2, 0, 2, 0],
        [4, 0, 3, 0, 1, 0, 2, 0],
        [2, 0, 1, 0, 1, 0, 1, 0],
        [1, 1, 1, 0, 0, 0, 1, 2],
    ];

    #[test]
    fn hares_that_differ_in_how_easily_they_are_caught() {
        let cells: Vec<(u32, f64)> =
            (0u32..).zip(HARES.as_flattened()).skip(1).map(|(at, count)| (at, f64::from(*count))).collect();
        let number = |k: u32| cells.iter().filter(|cell| cell.0.count_ones() == k).map(|cell| cell.1).sum::<f64>();
        assert_eq!((1..=6).map(number).collect::<Vec<f64>>(), [25.0, 22.0, 13.0, 5.0, 1.0, 2.0]);
        let every = |more: &[Term]| [terms(6, &[]), more.to_vec()].concat();
        // Persons, standard error, deviance, AIC: as Rcapture prints them, to its digits; two to five digits where
        // known.
        let models: [(Vec<Term>, [f64; 4]); 9] = [
            (vec![Term::Number], [75.4, 3.5, 68.516, 154.707]),
            (every(&[]), [75.1, 3.4, 58.314, 154.505]),
            (vec![Term::Number, Term::NumberPower(2.0)], [81.5, 5.7, 59.107, 147.298]),
            (vec![Term::Number, Term::NumberSquared], [90.4, 11.6, 61.600, 149.791]),
            (vec![Term::Number, Term::NumberGamma(3.5)], [100.6, 21.7, 62.771, 150.961]),
            (every(&[Term::NumberPower(2.0)]), [81.1, 5.6, 48.137, 146.327]),
            (every(&[Term::NumberSquared]), [90.5, 11.7, 50.706, 148.896]),
            (every(&[Term::NumberGamma(3.5)]), [101.6, 22.4, 51.956, 150.147]),
            (every(&[Term::Only(0b11_1111)]), [76.8, 3.9, 47.894, 146.085]),
        ];
        for (terms, expected) in models {
            let fit = fit(&cells, &terms).unwrap();
            let found = [fit.persons, fit.standard_error, fit.deviance, fit.aic];
            for ((found, expected), digits) in found.iter().zip(expected).zip([0.05, 0.05, 6e-4, 6e-4]) {
                assert!((found - expected).abs() <= digits, "{terms:?}: {found} for {expected}");
            }
        }
        let exact = |terms: &[Term], expected: [f64; 2]| {
            let fit = fit(&cells, terms).unwrap();
            assert!((fit.persons - expected[0]).abs() < 6e-4, "{terms:?} {fit:?}");
            assert!((fit.standard_error - expected[1]).abs() < 6e-4, "{terms:?} {fit:?}");
        };
        exact(&every(&[Term::NumberPower(2.0)]), [81.079, 5.574]);
        exact(&every(&[Term::Only(0b11_1111)]), [76.778, 3.911]);
        exact(&[Term::Number, Term::NumberPower(2.0)], [81.527, 5.711]);
    }

    #[test]
    fn places_with_catbirds() {
        // Of 50 places visited 11 times, how many had catbirds seen there once, twice, … (Royle, Biometrics 62, 2006).
        let seen = [6.0, 4.0, 5.0, 2.0, 0.0, 2.0];
        let gamma = [Term::Number, Term::NumberGamma(3.5)];
        // Visits used, persons, of 50 places in per cent, standard error, deviance, AIC.
        let models: [(usize, &[Term], [f64; 5]); 6] = [
            (11, &[Term::Number], [20.342, 40.7, 1.4, 8.047, 27.678]),
            (11, &[Term::Number, Term::NumberPower(2.0)], [20.461, 40.9, 1.4, 7.647, 29.278]),
            (11, &[Term::Number, Term::NumberSquared], [22.343, 44.7, 3.1, 6.062, 27.693]),
            (11, &gamma, [24.714, 49.4, 6.4, 5.912, 27.544]),
            (5, &[Term::Number], [21.280, 42.6, 2.0, 2.132, 19.150]),
            (5, &gamma, [21.2, 42.4, 3.5, 2.132, 21.149]),
        ];
        for (used, terms, expected) in models {
            let fit = fit_numbers(&seen, 11, used, terms).unwrap();
            let found = [fit.persons, 2.0 * fit.persons, fit.standard_error, fit.deviance, fit.aic];
            let digits = [if expected[0] == 21.2 { 0.05 } else { 6e-4 }, 0.1, 0.05, 6e-4, 6e-4];
            for ((found, expected), digits) in found.iter().zip(expected).zip(digits) {
                assert!((found - expected).abs() <= digits, "{used} {terms:?}: {found} for {expected}");
            }
        }
        assert!(fit_numbers(&seen, 11, 11, &[Term::Together(1)]).is_none());
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
