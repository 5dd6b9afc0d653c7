//! Which levels of features get a column of their own?
//!
//! Takes the features with the levels that groups of persons show, gives [`Columns`], and the rows of persons in them.

use super::features::Feature;
use super::logistic::{BASE, Rows};

/// A level that fewer rows have gets no column.
const LEVEL_ROWS_MIN: u32 = 20;

/// Which column each level of each feature has.
pub(super) struct Columns {
    /// By feature and level, [`BASE`] for none.
    pub of: Vec<Vec<u16>>,
    /// Is this one of the columns that being enumerated cannot change?
    pub is_trace: Vec<bool>,
    /// How many there are.
    pub count: usize,
}

impl Columns {
    /// A column for every level but the commonest of its feature and the rare ones.
    pub fn of(features: &[Feature], groups: &[&[Box<[u8]>]]) -> Columns {
        let mut columns = Columns { of: Vec::new(), is_trace: Vec::new(), count: 0 };
        for (at, feature) in features.iter().enumerate() {
            let mut counts: Vec<u32> = Vec::new();
            for levels in groups.iter().flat_map(|group| group.iter()) {
                let level = usize::from(levels[at]);
                counts.resize(counts.len().max(level + 1), 0);
                counts[level] += 1;
            }
            let commonest = (0..counts.len()).max_by_key(|level| (counts[*level], std::cmp::Reverse(*level)));
            let mut column = |level: usize| {
                if counts[level] < LEVEL_ROWS_MIN || Some(level) == commonest {
                    return BASE;
                }
                columns.is_trace.push(feature.is_trace());
                columns.count += 1;
                u16::try_from(columns.count - 1).unwrap_or(BASE)
            };
            let of_feature = (0..counts.len()).map(&mut column).collect();
            columns.of.push(of_feature);
        }
        columns
    }

    /// The rows of persons with these levels.
    pub fn rows(&self, levels: &[Box<[u8]>]) -> Rows {
        let mut rows = Rows::new(self.of.len());
        for levels in levels {
            let cell = |(of, level): (&Vec<u16>, &u8)| of.get(usize::from(*level)).copied().unwrap_or(BASE);
            let row: Vec<u16> = self.of.iter().zip(levels).map(cell).collect();
            rows.push(&row);
        }
        rows
    }
}
