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

/// Ages of which registers have hardly anybody, in place of a broad age group.
const UNJUDGED: u8 = 5;

/// Registers that have less than this share of the enumerated persons of an age, of so many at least, say nothing of
/// it: of the ages that they have, others cannot be told. Judgements (of thirty persons whom registers might have by
/// one in ten, there are two or more on both lists in eight of ten cases).
const COVERED_SHARE_MIN: f64 = 0.05;
const COVERED_ROLL_MIN: f64 = 30.0;

/// By age group: can the unseen be told from its persons on both lists?
fn judged(masses: &[Mass]) -> [bool; AgeGroup::UNKNOWN.0 as usize + 1] {
    let mut sums = [(0.0, 0.0); AgeGroup::UNKNOWN.0 as usize + 1];
    for mass in masses {
        let (both, roll) = &mut sums[usize::from(mass.age.0)];
        *both += mass.both;
        *roll += mass.both + mass.only_roll;
    }
    sums.map(|(both, roll)| roll < COVERED_ROLL_MIN || both >= COVERED_SHARE_MIN * roll)
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
        // What cannot be judged is no part of the whole.
        _ => (step, "", 0, if age == UNJUDGED { age } else { 0 }, 0),
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
    /// Of each pool: does it hold ages of which the registers say nothing?
    is_unjudged: Vec<bool>,
}

impl Pools {
    pub fn of(table: &PersonTable, masses: &[Mass]) -> Pools {
        let mut numbers: FxHashMap<Cell, u32> = FxHashMap::default();
        let mut known: BTreeMap<(usize, &str, u8, u8, u8), u32> = BTreeMap::new();
        let mut pools =
            Pools { cell: Vec::with_capacity(masses.len()), pool_at: vec![], step: vec![], is_unjudged: vec![] };
        let judged = judged(masses);
        for mass in masses {
            let age = if judged[usize::from(mass.age.0)] { broad(mass.age) } else { UNJUDGED };
            let cell = (mass.place, mass.sex, age, mass.registration);
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
        pools.is_unjudged = vec![false; known.len()];
        let unjudged = known.iter().filter(|((_, _, _, age, _), _)| *age == UNJUDGED);
        unjudged.for_each(|(_, number)| pools.is_unjudged[*number as usize] = true);
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
        let mut pools = vec![Parts::default(); self.is_unjudged.len()];
        for (parts, numbers) in cells.iter().zip(&self.pool_at) {
            for number in numbers {
                pools[*number as usize].iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
            }
        }
        pools
    }

    /// In each pool, only register to both and only roll to both.
    pub fn ratios(&self, parts: impl Iterator<Item = Parts>) -> Vec<[f64; 2]> {
        self.ratios_of_sums(self.sums(parts))
    }

    /// Like [`ratios`](Self::ratios), from the sums of the cells.
    pub fn ratios_of_cells(&self, cells: &[Parts]) -> Vec<[f64; 2]> {
        self.ratios_of_sums(self.sums_of_cells(cells))
    }

    fn ratios_of_sums(&self, sums: Vec<Parts>) -> Vec<[f64; 2]> {
        let of = |(sum, is_unjudged): (Parts, &bool)| if *is_unjudged { [0.0; 2] } else { ratio(sum) };
        sums.into_iter().zip(&self.is_unjudged).map(of).collect()
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
        for (mass, cell) in masses.iter().zip(&self.cell).filter(|(_, cell)| !self.is_cell_unjudged(**cell)) {
            persons[self.step[*cell as usize]] += mass.both + mass.only_roll + mass.only_register;
        }
        persons
    }

    /// Share of those enumerated of whose ages the registers say nothing.
    pub fn unjudged(&self, masses: &[Mass]) -> f64 {
        let (mut unjudged, mut all) = (0.0, 0.0);
        for (mass, cell) in masses.iter().zip(&self.cell) {
            all += mass.both + mass.only_roll;
            unjudged += f64::from(u8::from(self.is_cell_unjudged(*cell))) * (mass.both + mass.only_roll);
        }
        if all > 0.0 { unjudged / all } else { 0.0 }
    }

    fn is_cell_unjudged(&self, cell: u32) -> bool {
        self.is_unjudged[self.pool_of_cell(cell)]
    }
}

#[cfg(test)]
mod tests {
    use super::{AgeGroup, Pools};
    use crate::outcome::coverage::mended::Mass;
    use crate::person::table::PersonTable;

    /// Masses of persons of one age on both lists, on the roll only, in registers only.
    fn masses(age: i32, counts: [u32; 3]) -> Vec<Mass> {
        let mass = |list: usize| Mass {
            both: f64::from(u8::from(list == 0)),
            only_roll: f64::from(u8::from(list == 1)),
            only_register: f64::from(u8::from(list == 2)),
            ..Mass::of_nobody(AgeGroup::of(Some(age)))
        };
        (0..3).flat_map(|list| (0..counts[list]).map(move |_| list)).map(mass).collect()
    }

    #[test]
    fn of_ages_that_no_register_has_nothing_is_taken_from_others() {
        let table = PersonTable::default();
        let parts = |masses: &[Mass]| -> Vec<[f64; 3]> {
            masses.iter().map(|mass| [mass.both, mass.only_roll, mass.only_register]).collect()
        };
        let children = masses(2, [90, 10, 20]);
        // Two of a thousand adults stand in the register by slips of the pen; of the old there are few.
        let all = [children.clone(), masses(40, [2, 998, 1]), masses(70, [0, 8, 0])].concat();
        let pools = Pools::of(&table, &all);
        let ratios = pools.ratios(parts(&all).into_iter());
        let of = |at: usize| ratios[pools.pool_of_mass(at)];
        let alone = Pools::of(&table, &children);
        assert_eq!(of(0), alone.ratios(parts(&children).into_iter())[alone.pool_of_mass(0)]);
        assert_eq!(of(children.len()), [0.0; 2], "adults are not taken from children");
        assert!(of(all.len() - 1)[0] > 0.0, "few persons are merged as before");
        let unjudged = pools.unjudged(&all);
        assert!((unjudged - 1000.0 / 1108.0).abs() < 1e-9, "{unjudged}");
        assert!((pools.persons(&all).iter().sum::<f64>() - 128.0).abs() < 1e-9);
    }
}
