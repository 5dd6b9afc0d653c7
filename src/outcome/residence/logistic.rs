//! Which columns tell two groups of persons apart, and how much?
//!
//! A weighted logistic regression with a ridge penalty on one-hot rows: a row is the list of its columns that are one.
//!
//! Steps: 1. [`fit`] takes Newton steps (iteratively reweighted least squares), each bounded; 2. the normal equations
//! are summed over stretches of rows of fixed length, and the stretches in their order, so that the number of threads
//! never changes a bit; 3. they are solved by Cholesky's method, which the ridge keeps positive definite.
//!
//! Source: T. Hastie, R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2nd ed. 2009, 4.4.1 and 3.4.1.

use nalgebra::{Cholesky, DMatrix, DVector};
use rayon::prelude::*;

/// A level that has no column: it is what the others are compared with.
pub(super) const BASE: u16 = u16::MAX;

/// Rows that are summed by one thread at a time.
const STRETCH: usize = 2048;

/// Longest step of one coefficient.
const STEP_MAX: f64 = 4.0;

/// One-hot rows: for each row and feature the column that is one, ascending within the row, or [`BASE`].
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    features: usize,
    cells: Vec<u16>,
}

impl Rows {
    /// No rows yet, of so many features.
    pub fn new(features: usize) -> Rows {
        Rows { features: features.max(1), cells: Vec::new() }
    }

    /// Adds a row; it has as many cells as there are features.
    pub fn push(&mut self, row: &[u16]) {
        debug_assert_eq!(row.len(), self.features);
        self.cells.extend_from_slice(row);
    }

    /// Adds the rows of others.
    pub fn extend(&mut self, others: &Rows) {
        self.cells.extend_from_slice(&others.cells);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.cells.len() / self.features.max(1)
    }

    /// One row.
    pub fn row(&self, at: usize) -> &[u16] {
        self.cells.get(at * self.features..(at + 1) * self.features).unwrap_or(&[])
    }

    /// Those rows of which this holds.
    pub fn select(&self, keep: impl Fn(usize) -> bool) -> Rows {
        let mut chosen = Rows::new(self.features);
        (0..self.len()).filter(|at| keep(*at)).for_each(|at| chosen.push(self.row(at)));
        chosen
    }

    /// Each row so many times.
    pub fn repeated(&self, times: &[u8]) -> Rows {
        let mut drawn = Rows::new(self.features);
        for (at, times) in times.iter().enumerate().take(self.len()) {
            (0..*times).for_each(|_| drawn.push(self.row(at)));
        }
        drawn
    }

    /// Every so many-th row, its columns with other numbers.
    pub fn renumbered(&self, step: usize, number: impl Fn(u16) -> u16) -> Rows {
        let rows = self.cells.chunks_exact(self.features.max(1)).step_by(step.max(1));
        Rows { features: self.features, cells: rows.flatten().map(|column| number(*column)).collect() }
    }

    /// The linear predictor of each row; the last coefficient is the intercept.
    pub fn predict(&self, coefficients: &[f64]) -> Vec<f64> {
        self.cells.par_chunks(self.features.max(1)).map(|row| linear(row, coefficients)).collect()
    }
}

/// The linear predictor of a row.
pub(super) fn linear(row: &[u16], coefficients: &[f64]) -> f64 {
    let intercept = coefficients.last().copied().unwrap_or(0.0);
    row.iter().filter_map(|column| coefficients.get(usize::from(*column))).fold(intercept, |sum, value| sum + value)
}

/// The probability of these log odds (natural logarithm).
pub(super) fn sigmoid(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds.clamp(-35.0, 35.0)).exp())
}

/// How far the Newton steps go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Penalty on the square of each coefficient but the intercept.
    pub ridge: f64,
    /// Most steps.
    pub steps: u32,
}

/// Fits coefficients, starting from those given (one per column, the intercept last).
pub(super) fn fit(rows: &Rows, outcome: &[f64], weight: &[f64], effort: Effort, start: Vec<f64>) -> Vec<f64> {
    let mut coefficients = start;
    for _ in 0..effort.steps {
        let mut equations = normal_equations(rows, outcome, weight, &coefficients);
        let last = coefficients.len().saturating_sub(1);
        for (at, value) in coefficients.iter().enumerate() {
            let ridge = if at == last { 1e-6 } else { effort.ridge };
            equations.gradient[at] -= ridge * value;
            equations.hessian[triangle(at, at)] += ridge;
        }
        let mut step = equations.solve();
        let longest = step.iter().fold(0.0f64, |longest, value| longest.max(value.abs()));
        if longest > STEP_MAX {
            step.iter_mut().for_each(|value| *value *= STEP_MAX / longest);
        }
        coefficients.iter_mut().zip(&step).for_each(|(value, step)| *value += step);
        if longest < 1e-6 {
            break;
        }
    }
    coefficients
}

/// Gradient and (lower triangle of the) negative Hessian of the log-likelihood.
struct Equations {
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

/// Place of a matrix cell in the packed lower triangle; `row >= column`.
fn triangle(row: usize, column: usize) -> usize {
    row * (row + 1) / 2 + column
}

fn normal_equations(rows: &Rows, outcome: &[f64], weight: &[f64], coefficients: &[f64]) -> Equations {
    let stretches: Vec<Equations> = (0..rows.len().div_ceil(STRETCH))
        .into_par_iter()
        .map(|stretch| {
            let mut sums = Equations::zero(coefficients.len());
            let end = rows.len().min((stretch + 1) * STRETCH);
            for at in stretch * STRETCH..end {
                sums.add(rows.row(at), outcome[at], weight[at], coefficients);
            }
            sums
        })
        .collect();
    let mut total = Equations::zero(coefficients.len());
    for stretch in &stretches {
        total.gradient.iter_mut().zip(&stretch.gradient).for_each(|(sum, value)| *sum += value);
        total.hessian.iter_mut().zip(&stretch.hessian).for_each(|(sum, value)| *sum += value);
    }
    total
}

impl Equations {
    fn zero(columns: usize) -> Equations {
        Equations { gradient: vec![0.0; columns], hessian: vec![0.0; triangle(columns, 0)] }
    }

    fn add(&mut self, row: &[u16], outcome: f64, weight: f64, coefficients: &[f64]) {
        if weight == 0.0 {
            return;
        }
        let mean = sigmoid(linear(row, coefficients));
        let (slope, curve) = (weight * (outcome - mean), weight * mean * (1.0 - mean));
        let last = self.gradient.len() - 1;
        for (at, &column) in row.iter().enumerate() {
            if column == BASE {
                continue;
            }
            let column = usize::from(column);
            self.gradient[column] += slope;
            for &other in &row[..=at] {
                if other != BASE {
                    self.hessian[triangle(column, usize::from(other))] += curve;
                }
            }
            self.hessian[triangle(last, column)] += curve;
        }
        self.gradient[last] += slope;
        self.hessian[triangle(last, last)] += curve;
    }

    /// Solves the equations by Cholesky's decomposition; a pivot that rounding has eaten becomes a tiny one.
    fn solve(self) -> Vec<f64> {
        let size = self.gradient.len();
        let cell = |row: usize, column: usize| self.hessian[triangle(row.max(column), row.min(column))];
        let gradient = DVector::from_vec(self.gradient.clone());
        let factor = Cholesky::new_with_substitute(DMatrix::from_fn(size, size, cell), 1e-12);
        factor.map_or_else(|| vec![0.0; size], |factor| factor.solve(&gradient).data.into())
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::{BASE, Effort, Rows, fit, linear, sigmoid};

    fn random_rows(count: usize, random: &mut ChaCha8Rng) -> Rows {
        let mut rows = Rows::new(2);
        for _ in 0..count {
            let cell = |level: u16, first: u16| if level == 0 { BASE } else { first + level - 1 };
            rows.push(&[cell(random.random_range(0..3), 0), cell(random.random_range(0..2), 2)]);
        }
        rows
    }

    #[test]
    fn the_fit_recovers_known_coefficients() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let truth = [1.5, -2.0, 0.7, -0.4];
        let rows = random_rows(40_000, &mut random);
        let outcome: Vec<f64> = (0..rows.len())
            .map(|at| f64::from(u8::from(random.random::<f64>() < sigmoid(linear(rows.row(at), &truth)))))
            .collect();
        let effort = Effort { ridge: 1.0, steps: 25 };
        let found = fit(&rows, &outcome, &vec![1.0; rows.len()], effort, vec![0.0; 4]);
        for (found, truth) in found.iter().zip(truth) {
            assert!((found - truth).abs() < 0.08, "{found} should be {truth}");
        }
    }

    #[test]
    fn weights_count_like_repeated_rows() {
        let mut rows = Rows::new(1);
        [[0], [0], [BASE], [BASE]].iter().for_each(|row| rows.push(row));
        let effort = Effort { ridge: 1e-9, steps: 50 };
        let found = fit(&rows, &[1.0, 0.0, 1.0, 0.0], &[3.0, 1.0, 1.0, 2.0], effort, vec![0.0; 2]);
        assert!((sigmoid(found[0] + found[1]) - 0.75).abs() < 1e-6);
        assert!((sigmoid(found[1]) - 1.0 / 3.0).abs() < 1e-6);
    }
}
