//! How far would the evidence differ if other households had been there to learn from?
//!
//! Takes what one stratum was learnt from, draws its households again ([`bootstrap`]), learns anew from each draw, and
//! gives for every candidate its probability in each draw. Of large strata fewer households are drawn, and the
//! deviations are scaled.

use rayon::prelude::*;

use super::Candidate;
use super::columns::Columns;
use super::mixture::{Mixture, Sample};
use crate::linkage::comparison::household::Households;
use crate::linkage::resolution::Resolution;
use crate::outcome::estimate::bootstrap::{Draws, REPLICATES};
use crate::outcome::residence::logistic::{BASE, sigmoid};
use crate::person::table::{PersonTable, RecordId};

/// Rows from which each replicate learns at most.
const ROWS_MAX: f64 = 1_500.0;

/// What was learnt from every draw.
#[derive(Debug, Clone, Default)]
pub(super) struct Redrawn {
    replicates: Vec<Weights>,
    /// What deviations are multiplied with.
    scale: f64,
}

/// Natural log odds: of the base, and by feature and level.
#[derive(Debug, Clone)]
struct Weights {
    base: f64,
    /// One feature after the other, each as wide as the one of the most levels.
    levels: Vec<f64>,
    width: usize,
}

impl Weights {
    fn of(mixture: &Mixture, columns: &Columns) -> Weights {
        let of = |column: Option<&u16>| {
            let known = column.filter(|column| **column != BASE);
            known.and_then(|column| mixture.coefficients.get(usize::from(*column))).copied().unwrap_or(0.0)
        };
        let width = columns.of.iter().map(Vec::len).max().unwrap_or(0);
        Weights {
            base: mixture.coefficients.last().copied().unwrap_or(0.0) + mixture.offset,
            levels: columns.of.iter().flat_map(|columns| (0..width).map(|level| of(columns.get(level)))).collect(),
            width,
        }
    }

    fn probability(&self, levels: &[u8]) -> f64 {
        let weights = self.levels.chunks_exact(self.width.max(1)).zip(levels);
        let of = |(weights, level): (&[f64], &u8)| weights.get(usize::from(*level)).copied().unwrap_or(0.0);
        sigmoid(self.base + weights.map(of).sum::<f64>())
    }
}

/// What one stratum was learnt from, and what was found.
pub(super) struct Redrawing {
    pub sample: Sample,
    pub found: Mixture,
    pub columns: Columns,
    /// With whom each positive, negative and unlinked person is drawn.
    pub households: [Vec<u64>; 3],
}

/// With whom a person is drawn when households are drawn again: the household of the row that has the person as
/// present, else of the first record that numbers one, whichever source stands first, else of the first record; without
/// one, the person alone.
#[must_use]
pub fn drawn_with(table: &PersonTable, households: &Households, resolution: &Resolution, person: u32) -> u64 {
    let records = resolution.records_of(person);
    let is_numbered = |record: &&RecordId| table.household[**record as usize] != 0;
    let present = records.iter().find(|record| table.is_present(**record));
    let record = present.or_else(|| records.iter().find(is_numbered)).or(records.first());
    match record.map_or(0, |record| households.household(*record)) {
        0 => (1 << 32) | u64::from(person),
        household => u64::from(household),
    }
}

impl Redrawing {
    /// Learns from draws of the sample.
    pub fn learn(&self, seed: u64) -> Redrawn {
        let households = &self.households;
        let rows = 2 * (households[0].len() + households[1].len()) + households[2].len();
        let share = (ROWS_MAX / rows.max(1) as f64).min(1.0);
        let draws = Draws::of_share(seed, share);
        let learn = |replicate: usize| {
            let times = households
                .each_ref()
                .map(|group| group.iter().map(|household| draws.times(*household, replicate)).collect());
            // No household has such a number.
            let expected = self.sample.expected.redrawn(share, |seen| draws.times(u64::MAX - seen, replicate));
            Weights::of(&self.sample.redrawn(&times, expected).fit_from(&self.found), &self.columns)
        };
        Redrawn { replicates: (0..REPLICATES).into_par_iter().map(learn).collect(), scale: share.sqrt() }
    }
}

impl Redrawn {
    /// The candidate's probability by one replicate; the one that was found if nothing was learnt.
    pub fn probability(&self, candidate: &Candidate, replicate: usize) -> f64 {
        let Some(weights) = self.replicates.get(replicate).filter(|_| candidate.visited.is_none()) else {
            return candidate.probability;
        };
        let drawn = weights.probability(&candidate.levels) * (1.0 - candidate.linked);
        (candidate.probability + self.scale * (drawn - candidate.probability)).clamp(0.0, 1.0)
    }
}
