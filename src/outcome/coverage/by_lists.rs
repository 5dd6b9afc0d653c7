//! What do three and more lists say, each register a list of its own?
//!
//! Takes masses with the lists that each person is on, gives a log-linear estimate of all persons: within each age
//! group all models with pairwise dependence, averaged by BIC. It needs no independence of roll and registers, only
//! that no three lists go together beyond their pairs; it stands beside the estimate from two lists, which is the finer
//! one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Census;
use super::mended::Mass;
use super::post_strata::broad;
use crate::intake::study::{Role, RowKind};
use crate::outcome::estimate::log_linear::{Fit, average, choose};
use crate::outcome::estimate::two_list::log_normal;
use crate::person::table::RecordId;

/// Most lists: of more, all models are too many, and the smallest registers are left out.
const LISTS_MAX: usize = 4;

/// Fewer persons on two lists that a model takes to go together are nobody: its estimate does not exist (masses are
/// parts of persons, and a thousandth of one would give millions).
const TOGETHER_MIN: f64 = 0.5;

/// Age groups of which no model is left are counted as seen, unless more than this share of the persons are in them:
/// then there is no estimate. A judgement.
const UNESTIMATED_MAX: f64 = 0.01;

/// The estimate from three and more lists.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ByLists {
    /// The lists, the roll first.
    pub lists: Vec<String>,
    /// Persons who lived here.
    pub persons: f64,
    /// Standard error, the choice of the model and the doubt of residence, links and enumerations included.
    pub standard_error: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Which lists there are, and which of them each record belongs to.
pub(super) struct Lists {
    names: Vec<String>,
    bit_of_source: Vec<u32>,
}

impl Lists {
    /// The roll and the largest registers; nothing if there are fewer than three lists.
    pub fn of(census: &Census<'_>) -> Option<Lists> {
        let roll = census.study.roll()?;
        let mut registers: Vec<usize> = (0..census.study.sources.len())
            .filter(|source| census.study.sources[*source].role == Role::Register)
            // Deaths alone are no list of the living.
            .filter(|source| {
                let records = census.table.records(*source);
                records.into_iter().any(|record| census.table.kind[record as usize] != RowKind::Death)
            })
            .collect();
        registers.sort_by_key(|source| (std::cmp::Reverse(census.table.records(*source).len()), *source));
        registers.truncate(LISTS_MAX - 1);
        registers.sort_unstable();
        if registers.len() < 2 {
            return None;
        }
        let mut bit_of_source = vec![0; census.study.sources.len()];
        let lists: Vec<usize> = std::iter::once(roll).chain(registers).collect();
        lists.iter().enumerate().for_each(|(bit, source)| bit_of_source[*source] = 1 << bit);
        let names = lists.iter().map(|source| census.study.sources[*source].name.clone()).collect();
        Some(Lists { names, bit_of_source })
    }

    /// The registers that these records are in, as bits; the roll is bit 0 and left out.
    pub fn registers(&self, census: &Census<'_>, records: &[RecordId]) -> u8 {
        let bits = records.iter().fold(0, |bits, record| bits | self.bit_of_source[census.table.source(*record)]);
        (bits & !1) as u8
    }

    /// The estimate; `doubt` is the variance of the masses themselves, which the models take to be counted.
    ///
    /// # Errors
    /// With the share of the persons in age groups of which no model has an estimate, if that is too great.
    pub fn estimate(&self, masses: &[Mass], doubt: f64) -> Result<ByLists, f64> {
        let lists = self.names.len() as u32;
        let mut groups: BTreeMap<u8, BTreeMap<u32, f64>> = BTreeMap::new();
        for mass in masses {
            let cells = groups
                .entry(broad(mass.age))
                .or_insert_with(|| (1..1 << lists).map(|pattern| (pattern, 0.0)).collect());
            let registers = u32::from(mass.registers);
            let mut add = |pattern: u32, weight: f64| {
                cells.get_mut(&pattern).into_iter().for_each(|cell| *cell += weight);
            };
            if registers != 0 {
                add(registers | 1, mass.both);
                add(registers, mass.only_register);
            } else {
                // Only registers beyond the most lists know this person: among these lists, the roll alone.
                add(1, mass.both);
            }
            add(1, mass.only_roll);
        }
        let (mut persons, mut variance, mut enumerated) = (0.0, doubt, 0.0);
        let (mut all, mut unestimated) = (0.0, 0.0);
        for cells in groups.into_values() {
            // A list that nobody of this age is on is no list for them.
            let empty = (0..lists)
                .filter(|list| cells.iter().all(|(pattern, count)| pattern >> list & 1 == 0 || *count <= 0.0));
            let mask = empty.fold(0, |mask, list| mask | 1 << list);
            let packed = pack(&cells, mask, lists);
            let seen: f64 = packed.iter().map(|cell| cell.1).sum();
            enumerated +=
                cells.iter().filter(|(pattern, _)| *pattern & 1 == 1).map(|cell| cell.1.max(0.0)).sum::<f64>();
            all += seen;
            match average(&identified(choose(&packed, lists - mask.count_ones()), &packed)) {
                Some((found, error)) => {
                    persons += found;
                    variance += error * error;
                }
                None => {
                    persons += seen;
                    unestimated += seen;
                }
            }
        }
        if unestimated > UNESTIMATED_MAX * all {
            return Err(unestimated / all);
        }
        let interval = log_normal(persons, variance, enumerated);
        let (low, high) = (interval.low, interval.high);
        Ok(ByLists { lists: self.names.clone(), persons, standard_error: variance.sqrt(), low, high })
    }
}

/// The models whose estimate exists: somebody is on every two lists that they take to go together, and the error is no
/// greater than the estimate.
fn identified(models: Vec<Fit>, cells: &[(u32, f64)]) -> Vec<Fit> {
    let is_shown = |together: &u32| {
        let margin: f64 = cells.iter().filter(|cell| cell.0 & together == *together).map(|cell| cell.1).sum();
        margin >= TOGETHER_MIN
    };
    let exists = |fit: &Fit| fit.standard_error <= fit.persons && fit.together.iter().all(is_shown);
    models.into_iter().filter(exists).collect()
}

/// The cells without the masked lists, their bits moved together.
fn pack(cells: &BTreeMap<u32, f64>, mask: u32, lists: u32) -> Vec<(u32, f64)> {
    let kept = |pattern: &u32| pattern & mask == 0;
    let moved = |pattern: u32| {
        let bits = (0..lists).filter(|list| mask >> list & 1 == 0).enumerate();
        bits.fold(0, |moved, (to, from)| moved | (pattern >> from & 1) << to)
    };
    cells
        .iter()
        .filter(|(pattern, _)| kept(pattern))
        .map(|(pattern, count)| (moved(*pattern), count.max(0.0)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Lists, pack};
    use crate::outcome::coverage::AgeGroup;
    use crate::outcome::coverage::mended::Mass;

    fn masses(cells: &[(u32, u32)], age: i32) -> Vec<Mass> {
        let mass = |(pattern, count): &(u32, u32)| {
            let (roll, registers) = (pattern & 1 == 1, (pattern & !1) as u8);
            let share = |holds: bool| f64::from(*count) * f64::from(u8::from(holds));
            Mass {
                both: share(roll && registers != 0),
                only_roll: share(roll && registers == 0),
                only_register: share(!roll),
                registers,
                ..Mass::of_nobody(AgeGroup::of(Some(age)))
            }
        };
        cells.iter().map(mass).collect()
    }

    #[test]
    fn published_lists_come_out_age_by_age() {
        let lists = Lists { names: ["roll", "one", "two"].map(str::to_owned).to_vec(), bit_of_source: vec![1, 2, 4] };
        let spina_bifida =
            [(0b100, 60), (0b010, 49), (0b110, 4), (0b001, 247), (0b101, 112), (0b011, 142), (0b111, 12)];
        let one = lists.estimate(&masses(&spina_bifida, 3), 0.0).unwrap();
        assert!((725.0..740.0).contains(&one.persons) && one.low > 626.0 - 113.0, "{one:?}");
        // At an age at which nobody is on the third list, two remain: 100 · 80 / 40 without dependence.
        let two = lists.estimate(&masses(&[(0b001, 600), (0b010, 400), (0b011, 400)], 40), 0.0).unwrap();
        assert!((two.persons - 2000.0).abs() < 1e-3, "{two:?}");
        let both = [masses(&spina_bifida, 3), masses(&[(0b001, 600), (0b010, 400), (0b011, 400)], 40)].concat();
        let sum = lists.estimate(&both, 0.0).unwrap();
        assert!((sum.persons - one.persons - two.persons).abs() < 1e-6);
        // What is not sure of the masses comes on top.
        let wider = lists.estimate(&both, 400.0).unwrap();
        assert!(
            (wider.standard_error.powi(2) - sum.standard_error.powi(2) - 400.0).abs() < 1e-6 && wider.low < sum.low
        );
    }

    #[test]
    fn whom_only_a_list_beyond_the_most_knows_is_on_the_roll_alone() {
        let lists = Lists { names: ["roll", "one", "two"].map(str::to_owned).to_vec(), bit_of_source: vec![1, 2, 4] };
        let cells = [(0b001, 200), (0b010, 60), (0b011, 500), (0b100, 40), (0b101, 300), (0b111, 400)];
        let mut masses = masses(&cells, 40);
        let before = lists.estimate(&masses, 0.0).unwrap();
        // A register that is none of these lists knows those of the roll's own, too.
        let alone = &mut masses[0];
        (alone.both, alone.only_roll) = (alone.only_roll, 0.0);
        assert_eq!(lists.estimate(&masses, 0.0).unwrap(), before);
    }

    #[test]
    fn models_that_nobody_shows_are_left_out() {
        let lists = Lists { names: ["roll", "one", "two"].map(str::to_owned).to_vec(), bit_of_source: vec![1, 2, 4] };
        // Both registers know the same persons but for next to nobody.
        let some = [(0b001, 400), (0b010, 30), (0b011, 500), (0b100, 40), (0b101, 300), (0b111, 200)];
        let mut part = masses(&some, 40);
        let mut few = masses(&[(0b110, 1)], 40);
        few[0].only_register = 1e-7;
        part.extend(few);
        let found = lists.estimate(&part, 0.0).unwrap();
        assert!(found.persons < 3000.0 && found.standard_error < found.persons, "{found:?}");
        // Of ages that no register has, nothing can be said, and no total is given.
        let adults = masses(&[(0b001, 5000)], 40);
        let share = lists.estimate(&[masses(&some, 3), adults].concat(), 0.0).unwrap_err();
        assert!((0.7..0.8).contains(&share), "{share}");
        let few = masses(&[(0b001, 3)], 40);
        assert!(lists.estimate(&[masses(&some, 3), few].concat(), 0.0).is_ok(), "three persons are no reason");
    }

    #[test]
    fn lists_are_left_out() {
        let cells = [(0b001, 1.0), (0b101, 2.0), (0b100, 3.0), (0b010, 0.0), (0b111, 0.0)].into_iter().collect();
        assert_eq!(pack(&cells, 0b010, 3), [(0b01, 1.0), (0b10, 3.0), (0b11, 2.0)]);
    }
}
