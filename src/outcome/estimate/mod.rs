//! What do the formulas of coverage estimation give?
//!
//! Pure functions from counts to estimates: [`two_list`] for roll and registers as one list, [`log_linear`] for three
//! and four lists, [`interval`] for proportions, [`stratified`] for links judged by a sample of pairs, [`bootstrap`]
//! for how often a household is drawn. What they mean and whence they are: `docs/coverage.md`.

pub mod bootstrap;
pub mod interval;
pub mod log_linear;
pub mod stratified;
pub mod two_list;

/// A lower and an upper bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// 97.5 % point of the normal distribution, for intervals of 95 %.
pub const NORMAL_95: f64 = 1.959_963_984_540_054;
