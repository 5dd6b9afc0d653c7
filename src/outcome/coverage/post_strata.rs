//! In which stratum are the unseen of a person's kind estimated?
//!
//! Takes the masses of persons, gives for each its post-stratum: the finest of [`STEPS`] that has [`BOTH_MIN`] persons
//! on both lists.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::mended::Mass;
use super::{AgeGroup, Level};
use crate::person::lexicon::Symbol;
use crate::person::table::PersonTable;

/// Fewest persons on both lists of a post-stratum; with fewer it is merged with others.
const BOTH_MIN: f64 = 10.0;

/// Post-strata, finest first.
pub const STEPS: [&str; 7] = [
    "community × sex × age × registration",
    "township × sex × age × registration",
    "district × sex × age × registration",
    "sex × age × registration",
    "age × registration",
    "age",
    "all together",
];

/// Children, young adults, adults, old people, unknown.
pub(super) fn broad(age: AgeGroup) -> u8 {
    match age.0 {
        0..=3 => 0,
        4..=7 => 1,
        8..=12 => 2,
        13..=18 => 3,
        _ => 4,
    }
}

type Cell = (Symbol, u8, u8, u8);

fn key(step: usize, place: &str, cell: Cell) -> (usize, &str, u8, u8, u8) {
    let (_, sex, age, registration) = cell;
    let area = |level: Level| level.area(place);
    match step {
        0 => (step, area(Level::Community), sex, age, registration),
        1 => (step, area(Level::Township), sex, age, registration),
        2 => (step, area(Level::District), sex, age, registration),
        3 => (step, "", sex, age, registration),
        4 => (step, "", 0, age, registration),
        5 => (step, "", 0, age, 0),
        _ => (step, "", 0, 0, 0),
    }
}

/// Both, only roll, only register.
pub(super) type Parts = [f64; 3];

fn ratio([both, only_roll, only_register]: Parts) -> [f64; 2] {
    let both = both.max(0.0) + 1.0;
    [only_register.max(0.0) / both, only_roll.max(0.0) / both]
}

/// The post-stratum of each mass.
pub(super) struct Pools {
    /// Cell of each mass.
    cell: Vec<u32>,
    /// Number of the pool, at every step, of each cell.
    pool_at: Vec<[u32; STEPS.len()]>,
    /// Step at which each cell is estimated.
    step: Vec<usize>,
    pools: usize,
}

impl Pools {
    pub fn of(table: &PersonTable, masses: &[Mass]) -> Pools {
        let mut numbers: FxHashMap<Cell, u32> = FxHashMap::default();
        let mut known: BTreeMap<(usize, &str, u8, u8, u8), u32> = BTreeMap::new();
        let mut pools = Pools { cell: Vec::with_capacity(masses.len()), pool_at: vec![], step: vec![], pools: 0 };
        for mass in masses {
            let cell = (mass.place, mass.sex, broad(mass.age), mass.registration);
            let next = u32::try_from(pools.pool_at.len()).unwrap_or(u32::MAX);
            let number = *numbers.entry(cell).or_insert(next);
            if number == next {
                let place = table.divisions.text(cell.0);
                let mut numbered = |step: usize| {
                    let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
                    *known.entry(key(step, place, cell)).or_insert(next)
                };
                pools.pool_at.push(std::array::from_fn(&mut numbered));
            }
            pools.cell.push(number);
        }
        pools.pools = known.len();
        let sums = pools.sums(masses.iter().map(|mass| [mass.both, mass.only_roll, mass.only_register]));
        let last = STEPS.len() - 1;
        let step = |pool_at: &[u32; STEPS.len()]| {
            (0..last).find(|step| sums[pool_at[*step] as usize][0] >= BOTH_MIN).unwrap_or(last)
        };
        pools.step = pools.pool_at.iter().map(step).collect();
        pools
    }

    fn sums(&self, parts: impl Iterator<Item = Parts>) -> Vec<Parts> {
        let mut cells = vec![Parts::default(); self.pool_at.len()];
        for (parts, cell) in parts.zip(&self.cell) {
            cells[*cell as usize].iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        }
        self.sums_of_cells(&cells)
    }

    fn sums_of_cells(&self, cells: &[Parts]) -> Vec<Parts> {
        let mut pools = vec![Parts::default(); self.pools];
        for (parts, numbers) in cells.iter().zip(&self.pool_at) {
            for number in numbers {
                pools[*number as usize].iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
            }
        }
        pools
    }

    /// In each pool, only register to both and only roll to both.
    pub fn ratios(&self, parts: impl Iterator<Item = Parts>) -> Vec<[f64; 2]> {
        self.sums(parts).into_iter().map(ratio).collect()
    }

    /// Like [`ratios`](Self::ratios), from the sums of the cells.
    pub fn ratios_of_cells(&self, cells: &[Parts]) -> Vec<[f64; 2]> {
        self.sums_of_cells(cells).into_iter().map(ratio).collect()
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.pool_at.len()
    }

    /// The cell of a mass.
    pub fn cell_of_mass(&self, at: usize) -> u32 {
        self.cell[at]
    }

    /// The pool by which the masses of a cell are estimated.
    pub fn pool_of_cell(&self, cell: u32) -> usize {
        self.pool_at[cell as usize][self.step[cell as usize]] as usize
    }

    /// The pool by which a mass is estimated.
    pub fn pool_of_mass(&self, at: usize) -> usize {
        self.pool_of_cell(self.cell[at])
    }

    /// The step at which a mass is estimated.
    pub fn step_of_mass(&self, at: usize) -> usize {
        self.step[self.cell[at] as usize]
    }

    /// Persons on any list estimated at each step.
    pub fn persons(&self, masses: &[Mass]) -> [f64; STEPS.len()] {
        let mut persons = [0.0; STEPS.len()];
        for (mass, cell) in masses.iter().zip(&self.cell) {
            persons[self.step[*cell as usize]] += mass.both + mass.only_roll + mass.only_register;
        }
        persons
    }
}
