//! What would be estimated if other households had been drawn?
//!
//! Takes masses in groups, gives for every replicate the persons of each group who are not enumerated. The masses of
//! one group and one cell are a bundle: only their sums matter. So one pass over the masses serves several replicates,
//! and a household is drawn once for all its members.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Population;
use crate::outcome::coverage::mended::NO_CANDIDATE;
use crate::outcome::coverage::post_strata::Parts;
use crate::outcome::estimate::bootstrap::{Draws, REPLICATES};
use crate::outcome::residence::Residence;

/// Replicates that one pass over the masses serves.
const AT_ONCE: usize = 10;
const _: () = assert!(REPLICATES.is_multiple_of(AT_ONCE), "every pass is full");

/// A number for each replicate of a pass.
type Lanes = [f64; AT_ONCE];

/// The masses of one group and one cell, drawn.
#[derive(Debug, Clone, Copy, Default)]
struct Bundle {
    both: Lanes,
    only_roll: Lanes,
    only_register: Lanes,
    /// Those whom only registers have, as probable as the replicate says, not drawn: they are known, however often
    /// others are drawn.
    residents: Lanes,
}

/// Which masses are one bundle.
#[derive(Default)]
struct Bundles {
    of_mass: Vec<u32>,
    /// Group and cell of each bundle.
    of: Vec<(u32, u32)>,
}

impl Bundles {
    fn of(keys: impl Iterator<Item = (u32, u32)>) -> Bundles {
        let mut bundles = Bundles::default();
        let mut numbers: FxHashMap<(u32, u32), u32> = FxHashMap::default();
        for key in keys {
            let next = u32::try_from(bundles.of.len()).unwrap_or(u32::MAX);
            let number = *numbers.entry(key).or_insert(next);
            if number == next {
                bundles.of.push(key);
            }
            bundles.of_mass.push(number);
        }
        bundles
    }
}

fn add(sums: &mut Lanes, times: &Lanes, part: f64) {
    // Of most persons one part is all there is.
    if part != 0.0 {
        sums.iter_mut().zip(times).for_each(|(sum, times)| *sum += times * part);
    }
}

impl Population<'_> {
    /// By replicate and group, the persons whom the masses of the group stand for and who are not enumerated.
    pub(super) fn replicates(
        &self,
        residence: &Residence,
        draws: &Draws,
        groups: usize,
        group_of: impl Fn(usize) -> u32,
    ) -> Vec<Vec<f64>> {
        let keys = (0..self.masses.len()).map(|at| (group_of(at), self.pools.cell_of_mass(at)));
        let bundles = Bundles::of(keys);
        let passes = (0..REPLICATES / AT_ONCE).into_par_iter();
        passes.flat_map_iter(|pass| self.pass(residence, draws, &bundles, groups, pass * AT_ONCE)).collect()
    }

    /// The replicates from the first on that one pass serves.
    fn pass(
        &self,
        residence: &Residence,
        draws: &Draws,
        bundles: &Bundles,
        groups: usize,
        first: usize,
    ) -> Vec<Vec<f64>> {
        let drawn = self.draw(residence, draws, bundles, first);
        let replicate = |lane: usize| {
            let mut cells = vec![Parts::default(); self.pools.cells()];
            for (bundle, (_, cell)) in drawn.iter().zip(&bundles.of) {
                let parts = [bundle.both[lane], bundle.only_roll[lane], bundle.only_register[lane]];
                cells[*cell as usize].iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
            }
            let ratios = self.pools.ratios_of_cells(&cells);
            let mut persons = vec![0.0; groups];
            for (bundle, (group, cell)) in drawn.iter().zip(&bundles.of) {
                let [register, _] = ratios[self.pools.pool_of_cell(*cell)];
                persons[*group as usize] += bundle.residents[lane] + bundle.only_roll[lane] * register;
            }
            persons
        };
        (0..AT_ONCE).map(replicate).collect()
    }

    fn draw(&self, residence: &Residence, draws: &Draws, bundles: &Bundles, first: usize) -> Vec<Bundle> {
        let mut drawn = vec![Bundle::default(); bundles.of.len()];
        // Members of a household mostly follow each other.
        let (mut household, mut times) = (None, [0.0; AT_ONCE]);
        for (mass, bundle) in self.masses.iter().zip(&bundles.of_mass) {
            if household != Some(mass.household) {
                household = Some(mass.household);
                times = std::array::from_fn(|lane| f64::from(draws.times(mass.household, first + lane)));
            }
            let bundle = &mut drawn[*bundle as usize];
            add(&mut bundle.both, &times, mass.both);
            add(&mut bundle.only_roll, &times, mass.only_roll);
            if mass.candidate == NO_CANDIDATE && mass.only_register == 0.0 {
                continue;
            }
            let candidate = residence.candidates.get(mass.candidate as usize);
            for (lane, times) in times.iter().enumerate() {
                let redrawn = candidate.map(|candidate| residence.redrawn(candidate, first + lane));
                let resident = redrawn.unwrap_or(mass.only_register);
                bundle.only_register[lane] += times * resident;
                bundle.residents[lane] += resident;
            }
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::Population;
    use crate::outcome::coverage::AgeGroup;
    use crate::outcome::coverage::mended::Mass;
    use crate::outcome::estimate::bootstrap::{Draws, REPLICATES};
    use crate::outcome::residence::Residence;
    use crate::person::table::PersonTable;

    /// Persons of several strata and households, whose members do not all follow each other.
    fn mass(person: u32) -> Mass {
        let share = f64::from(person % 5) / 10.0;
        let known = !person.is_multiple_of(7);
        Mass {
            person,
            sex: 1 + (person % 2) as u8,
            registration: 1 + u8::from(person.is_multiple_of(3)),
            household: u64::from((person / 2 * 7) % 90),
            both: if known { 1.0 - share } else { 0.0 },
            only_roll: if known { share } else { 0.0 },
            only_register: if known { 0.0 } else { 0.3 },
            ..Mass::of_nobody(AgeGroup((person % 19) as u8))
        }
    }

    #[test]
    fn a_pass_gives_what_each_replicate_gives_mass_by_mass() {
        let (table, residence, draws) = (PersonTable::default(), Residence::default(), Draws::new(5));
        let population = Population::of(&table, (0..900).map(mass).collect());
        let replicates = population.replicates(&residence, &draws, 3, |at| at as u32 % 3);
        assert_eq!(replicates.len(), REPLICATES);
        for (replicate, persons) in replicates.iter().enumerate() {
            let drawn = |mass: &Mass| f64::from(draws.times(mass.household, replicate));
            let parts = |mass: &Mass| [mass.both, mass.only_roll, mass.only_register].map(|part| part * drawn(mass));
            let ratios = population.pools.ratios(population.masses.iter().map(parts));
            let mut expected = [0.0; 3];
            for (at, mass) in population.masses.iter().enumerate() {
                let [register, _] = ratios[population.pools.pool_of_mass(at)];
                expected[at % 3] += mass.only_register + drawn(mass) * mass.only_roll * register;
            }
            for (persons, expected) in persons.iter().zip(expected) {
                assert!((persons - expected).abs() < 1e-9, "replicate {replicate}: {persons} for {expected}");
            }
        }
    }
}
