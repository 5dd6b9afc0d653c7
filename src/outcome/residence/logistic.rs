//! Which columns tell two groups of persons apart, and how much?
//!
//! A weighted logistic regression with a ridge penalty on one-hot rows: a row is the list of its columns that are one.
//!
//! Steps: 1. a [`Follower`] takes Newton steps (iteratively reweighted least squares), each bounded, with a curvature
//! that it keeps for as long as it serves: until the last step is short enough, or one a round; 2. the normal equations
//! are summed over stretches of rows of fixed length, and the stretches in their order, so that the number of threads
//! never changes a bit; 3. they are solved by Cholesky's method, which the ridge keeps positive definite.
//!
//! Source: T. Hastie, R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2nd ed. 2009, 4.4.1 and
//! 3.4.1.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

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

    /// The rows of several groups, each that differs once, and for every row of each group which of them it is.
    pub fn distinct<const GROUPS: usize>(groups: [&Rows; GROUPS]) -> (Rows, [Vec<usize>; GROUPS]) {
        let mut distinct = Rows::new(groups.first().map_or(1, |rows| rows.features));
        let mut places: FxHashMap<&[u16], usize> = FxHashMap::default();
        let which = groups.map(|rows| {
            let place = |row| {
                let next = places.len();
                *places.entry(row).or_insert_with(|| {
                    distinct.push(row);
                    next
                })
            };
            rows.cells.chunks_exact(rows.features.max(1)).map(place).collect()
        });
        (distinct, which)
    }

    /// Each row so many times.
    pub fn repeated(&self, times: &[u8]) -> Rows {
        let mut drawn = Rows::new(self.features);
        for (at, times) in times.iter().enumerate().take(self.len()) {
            (0..*times).for_each(|_| drawn.push(self.row(at)));
        }
        drawn
    }

    /// The features of which some row has a column for which this holds.
    pub fn features_with(&self, holds: impl Fn(u16) -> bool) -> Vec<usize> {
        let some = |feature: &usize| self.cells.iter().skip(*feature).step_by(self.features).any(|cell| holds(*cell));
        (0..self.features).filter(some).collect()
    }

    /// Every so many-th row, of these features alone, its columns with other numbers.
    pub fn renumbered(&self, step: usize, features: &[usize], number: impl Fn(u16) -> u16) -> Rows {
        let mut chosen = Rows::new(features.len());
        let rows = self.cells.chunks_exact(self.features).step_by(step.max(1));
        let cells = |row: &[u16]| features.iter().map(|feature| number(row[*feature])).collect::<Vec<u16>>();
        rows.for_each(|row| chosen.push(&cells(row)));
        chosen
    }

    /// The linear predictor of each row; the last coefficient is the intercept.
    pub fn predict(&self, coefficients: &[f64]) -> Vec<f64> {
        let coefficients = with_base(coefficients);
        let stretches = self.cells.par_chunks(STRETCH * self.features.max(1));
        stretches.flat_map_iter(|cells| predictors(cells, self.features, &coefficients)).collect()
    }
}

/// How many of a group are each of so many rows (see [`Rows::distinct`]).
pub(super) fn counts(of: &[usize], rows: usize) -> Vec<f64> {
    let mut counts = vec![0.0; rows];
    of.iter().for_each(|row| counts[*row] += 1.0);
    counts
}

/// The outcome and the weight of each row, of which so much is one and so much is zero.
pub(super) fn weighed(ones: &[f64], zeros: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let weight: Vec<f64> = ones.iter().zip(zeros).map(|(ones, zeros)| ones + zeros).collect();
    // A row without weight is passed over.
    let outcome = ones.iter().zip(&weight).map(|(ones, weight)| ones / weight).collect();
    (outcome, weight)
}

/// The coefficients, and behind the intercept the nothing that [`BASE`] adds.
fn with_base(coefficients: &[f64]) -> Vec<f64> {
    [if coefficients.is_empty() { &[0.0] } else { coefficients }, &[0.0]].concat()
}

/// The linear predictors of some rows. Each sum waits for its last addition, so four of them are under way.
fn predictors(cells: &[u16], features: usize, coefficients: &[f64]) -> Vec<f64> {
    const LANES: usize = 4;
    let features = features.max(1);
    let mut found = Vec::with_capacity(cells.len() / features);
    let mut four = cells.chunks_exact(LANES * features);
    for rows in &mut four {
        let rows: [&[u16]; LANES] = std::array::from_fn(|lane| &rows[lane * features..][..features]);
        found.extend(linear(rows, coefficients));
    }
    found.extend(four.remainder().chunks_exact(features).flat_map(|row| linear([row], coefficients)));
    found
}

/// The linear predictors of rows, by coefficients [`with_base`].
fn linear<const ROWS: usize>(rows: [&[u16]; ROWS], coefficients: &[f64]) -> [f64; ROWS] {
    let base = coefficients.len() - 1;
    let mut sums = [coefficients[base - 1]; ROWS];
    for feature in 0..rows[0].len() {
        for (sum, row) in sums.iter_mut().zip(rows) {
            *sum += coefficients[usize::from(row[feature]).min(base)];
        }
    }
    sums
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
    /// The steps end with one that moves no coefficient by more.
    pub tolerance: f64,
}

/// Steps that are taken with the same curvature.
const STEPS_ALIKE: u32 = 8;

/// A step with an old curvature that is longer than this share of the one before calls for a new one.
const STEP_SHRINKS: f64 = 0.5;

/// Follows outcomes and weights, or rows, that change a little from time to time. The curvature, which costs nearly all
/// of a Newton step, is taken anew only now and then: where the steps end is the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Follower {
    factor: Option<Cholesky<f64, Dyn>>,
    steps: u32,
}

impl Follower {
    /// Takes a step; gives how far it would have moved the coefficient that it would have moved most.
    pub fn step(&mut self, rows: &Rows, outcome: &[f64], weight: &[f64], ridge: f64, coefficients: &mut [f64]) -> f64 {
        if self.factor.is_none() || self.steps == STEPS_ALIKE {
            let equations = Equations::of(rows, outcome, weight, ridge, coefficients, true);
            self.steps = 1;
            advance(coefficients, equations.solve(&mut self.factor))
        } else {
            let equations = Equations::of(rows, outcome, weight, ridge, coefficients, false);
            self.steps += 1;
            advance(coefficients, equations.solve_with(self.factor.as_ref()))
        }
    }

    /// Takes steps until one is short enough, with a new curvature as soon as they stop getting shorter. The curvature
    /// of similar rows will do to begin with.
    pub fn fit(&mut self, rows: &Rows, outcome: &[f64], weight: &[f64], effort: Effort, coefficients: &mut [f64]) {
        let mut before = f64::INFINITY;
        for _ in 0..effort.steps {
            let longest = self.step(rows, outcome, weight, effort.ridge, coefficients);
            if longest < effort.tolerance {
                break;
            }
            if longest > before * STEP_SHRINKS {
                self.factor = None;
            }
            before = longest;
        }
    }
}

/// Moves the coefficients, the longest by at most [`STEP_MAX`]; gives how far it would have moved.
fn advance(coefficients: &mut [f64], mut step: Vec<f64>) -> f64 {
    let longest = step.iter().fold(0.0f64, |longest, value| longest.max(value.abs()));
    if longest > STEP_MAX {
        step.iter_mut().for_each(|value| *value *= STEP_MAX / longest);
    }
    coefficients.iter_mut().zip(&step).for_each(|(value, step)| *value += step);
    longest
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

impl Equations {
    /// The equations at these coefficients, with or without the Hessian.
    fn of(rows: &Rows, outcome: &[f64], weight: &[f64], ridge: f64, coefficients: &[f64], curved: bool) -> Equations {
        let (padded, features) = (with_base(coefficients), rows.features.max(1));
        let sum = |(stretch, cells): (usize, &[u16])| {
            let mut sums = Equations::zero(coefficients.len(), curved);
            let mut active = vec![0; features];
            let rows = (stretch * STRETCH..).zip(cells.chunks_exact(features));
            let rows = rows.zip(predictors(cells, features, &padded));
            for ((at, row), predictor) in rows.filter(|((at, _), _)| weight[*at] != 0.0) {
                // Which cells are base levels cannot be foreseen: a branch would be missed at every other one.
                let mut count = 0;
                for column in row {
                    active[count] = usize::from(*column);
                    count += usize::from(*column != BASE);
                }
                sums.add(&active[..count], outcome[at], weight[at], predictor);
            }
            sums
        };
        let stretches = rows.cells.par_chunks(STRETCH * features).enumerate();
        let stretches: Vec<Equations> = stretches.map(sum).collect();
        let mut total = Equations::zero(coefficients.len(), curved);
        for stretch in &stretches {
            total.gradient.iter_mut().zip(&stretch.gradient).for_each(|(sum, value)| *sum += value);
            total.hessian.iter_mut().zip(&stretch.hessian).for_each(|(sum, value)| *sum += value);
        }
        let last = coefficients.len().saturating_sub(1);
        for (at, value) in coefficients.iter().enumerate() {
            let ridge = if at == last { 1e-6 } else { ridge };
            total.gradient[at] -= ridge * value;
            if curved {
                total.hessian[triangle(at, at)] += ridge;
            }
        }
        total
    }

    fn zero(columns: usize, curved: bool) -> Equations {
        let cells = if curved { triangle(columns, 0) } else { 0 };
        Equations { gradient: vec![0.0; columns], hessian: vec![0.0; cells] }
    }

    /// Adds a row with these columns.
    fn add(&mut self, active: &[usize], outcome: f64, weight: f64, predictor: f64) {
        let mean = sigmoid(predictor);
        let slope = weight * (outcome - mean);
        let last = self.gradient.len() - 1;
        self.gradient[last] += slope;
        for column in active {
            self.gradient[*column] += slope;
        }
        if self.hessian.is_empty() {
            return;
        }
        let curve = weight * mean * (1.0 - mean);
        for (at, column) in active.iter().enumerate() {
            let row = &mut self.hessian[triangle(*column, 0)..][..=*column];
            active[..=at].iter().for_each(|other| row[*other] += curve);
        }
        let row = &mut self.hessian[triangle(last, 0)..][..=last];
        active.iter().for_each(|column| row[*column] += curve);
        row[last] += curve;
    }

    /// Solves the equations by Cholesky's decomposition, which is kept; a pivot that rounding has eaten becomes a tiny
    /// one.
    fn solve(self, factor: &mut Option<Cholesky<f64, Dyn>>) -> Vec<f64> {
        let size = self.gradient.len();
        let cell = |row: usize, column: usize| self.hessian[triangle(row.max(column), row.min(column))];
        *factor = Cholesky::new_with_substitute(DMatrix::from_fn(size, size, cell), 1e-12);
        self.solve_with(factor.as_ref())
    }

    /// Solves the equations with the curvature of others.
    fn solve_with(self, factor: Option<&Cholesky<f64, Dyn>>) -> Vec<f64> {
        let size = self.gradient.len();
        let gradient = DVector::from_vec(self.gradient);
        factor.map_or_else(|| vec![0.0; size], |factor| factor.solve(&gradient).data.into())
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::{BASE, Effort, Equations, Follower, Rows, advance, sigmoid};

    /// Newton steps, each with its own curvature.
    fn fit(rows: &Rows, outcome: &[f64], weight: &[f64], effort: Effort, start: Vec<f64>) -> Vec<f64> {
        let mut coefficients = start;
        for _ in 0..effort.steps {
            let equations = Equations::of(rows, outcome, weight, effort.ridge, &coefficients, true);
            if advance(&mut coefficients, equations.solve(&mut None)) < effort.tolerance {
                break;
            }
        }
        coefficients
    }

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
        let predictors = rows.predict(&truth).into_iter();
        let outcome: Vec<f64> =
            predictors.map(|value| f64::from(u8::from(random.random::<f64>() < sigmoid(value)))).collect();
        let effort = Effort { ridge: 1.0, steps: 25, tolerance: 1e-6 };
        let found = fit(&rows, &outcome, &vec![1.0; rows.len()], effort, vec![0.0; 4]);
        for (found, truth) in found.iter().zip(truth) {
            assert!((found - truth).abs() < 0.08, "{found} should be {truth}");
        }
    }

    #[test]
    fn who_follows_ends_where_the_fit_ends() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let rows = random_rows(3_000, &mut random);
        let outcome: Vec<f64> = (0..rows.len()).map(|_| random.random::<f64>()).collect();
        let weight: Vec<f64> = (0..rows.len()).map(|_| random.random::<f64>()).collect();
        let effort = Effort { ridge: 1.0, steps: 50, tolerance: 1e-9 };
        let fitted = fit(&rows, &outcome, &weight, effort, vec![0.0; 4]);
        let (mut follower, mut found) = (Follower::default(), vec![0.5, -0.5, 0.3, 0.0]);
        (0..12).for_each(|_| {
            follower.step(&rows, &outcome, &weight, 1.0, &mut found);
        });
        assert!(found.iter().zip(&fitted).all(|(found, fitted)| (found - fitted).abs() < 1e-5), "{found:?} {fitted:?}");
    }

    #[test]
    fn a_fit_with_the_curvature_of_other_rows_ends_where_the_fit_ends() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let (rows, others) = (random_rows(2_000, &mut random), random_rows(500, &mut random));
        let mut numbers = |count: usize| (0..count).map(|_| random.random::<f64>()).collect::<Vec<f64>>();
        let ((outcome, weight), (other, light)) = ((numbers(2_000), numbers(2_000)), (numbers(500), numbers(500)));
        let effort = Effort { ridge: 1.0, steps: 60, tolerance: 1e-9 };
        let fitted = fit(&rows, &outcome, &weight, effort, vec![0.0; 4]);
        let (mut follower, mut found) = (Follower::default(), vec![3.0, -2.0, 1.0, 0.5]);
        follower.fit(&others, &other, &light, effort, &mut found);
        follower.fit(&rows, &outcome, &weight, effort, &mut found);
        assert!(found.iter().zip(&fitted).all(|(found, fitted)| (found - fitted).abs() < 1e-7), "{found:?} {fitted:?}");
    }

    #[test]
    fn a_predictor_adds_what_a_row_has() {
        let mut rows = Rows::new(2);
        [[0, 2], [BASE, 2], [1, BASE], [BASE, BASE], [1, 2]].iter().for_each(|row| rows.push(row));
        assert_eq!(rows.predict(&[1.0, 2.0, 4.0, 8.0]), [13.0, 12.0, 10.0, 8.0, 14.0]);
        assert_eq!(rows.predict(&[]), [0.0; 5]);
        assert!(Rows::default().predict(&[1.0]).is_empty());
    }

    #[test]
    fn weights_count_like_repeated_rows() {
        let mut rows = Rows::new(1);
        [[0], [0], [BASE], [BASE]].iter().for_each(|row| rows.push(row));
        let effort = Effort { ridge: 1e-9, steps: 50, tolerance: 1e-6 };
        let found = fit(&rows, &[1.0, 0.0, 1.0, 0.0], &[3.0, 1.0, 1.0, 2.0], effort, vec![0.0; 2]);
        assert!((sigmoid(found[0] + found[1]) - 0.75).abs() < 1e-6);
        assert!((sigmoid(found[1]) - 1.0 / 3.0).abs() < 1e-6);
    }
}
