//! What do the formulas of coverage estimation give?
//!
//! Pure functions from counts to estimates: [`two_list`] with and without errors of linkage and overcoverage,
//! [`log_linear`], [`graphical`] and [`latent_class`] for three and more lists, [`interval`] for proportions,
//! [`stratified`] for links judged by a sample of pairs, [`neighbour`] for the pairs that blocking never showed,
//! [`bootstrap`] for how often a household is drawn. What they mean and whence they are: `docs/coverage.md`.

pub mod bootstrap;
pub mod graphical;
pub mod interval;
pub mod latent_class;
pub mod log_linear;
pub mod neighbour;
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
