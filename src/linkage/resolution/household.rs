//! Do the other members of the two households support the pair?
//!
//! After a first resolution, a pair whose records live in households of which *other* members are linked to one another
//! is more likely a match (or a pair of relatives: the model knows both). ONS calls it associative matching.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Resolution;
use crate::linkage::blocking::Pair;
use crate::linkage::comparison::level::{MISSING, SUPPORT_MANY, SUPPORT_NONE, SUPPORT_ONE};
use crate::linkage::comparison::{Comparison, HOUSEHOLD_MEMBERS_MAX, Pattern};
use crate::person::members::Members;
use crate::person::table::{Dwelling, PersonTable, RecordId};

/// Who shares a household with whom within a source: by household number, else by dwelling.
#[derive(Debug)]
pub struct Households {
    of_record: Vec<u32>,
    members: Members,
}

impl Households {
    /// Groups the records of each source. Groups of more than [`HOUSEHOLD_MEMBERS_MAX`] are institutions and left out.
    #[must_use]
    pub fn of(table: &PersonTable) -> Households {
        let mut of_record = vec![0u32; table.len()];
        let mut last = 0u32;
        let mut new = || {
            last += 1;
            last
        };
        // Numbers of households are their source's own; 0 where none is known yet.
        let symbols = table.household.iter().max().map_or(0, |symbol| *symbol as usize + 1);
        let mut by_number = vec![0u32; symbols];
        let mut by_dwelling: FxHashMap<Dwelling, u32> = FxHashMap::default();
        for source in 0..table.source_count() {
            by_dwelling.clear();
            for record in table.records(source) {
                let symbol = table.household[record as usize];
                of_record[record as usize] = if symbol != 0 {
                    let known = &mut by_number[symbol as usize];
                    if *known == 0 {
                        *known = new();
                    }
                    *known
                } else {
                    table.dwelling(record).map_or(0, |dwelling| *by_dwelling.entry(dwelling).or_insert_with(&mut new))
                };
            }
        }
        let members = Members::of(&of_record);
        of_record.iter_mut().for_each(|household| {
            if members.get(*household).len() > HOUSEHOLD_MEMBERS_MAX {
                *household = 0;
            }
        });
        Households { of_record, members }
    }

    /// The members of a record's household, itself included; empty if it has none.
    #[must_use]
    pub fn members(&self, record: RecordId) -> &[RecordId] {
        self.members.get(self.of_record[record as usize])
    }

    /// Number of a record's household; 0 for none.
    #[must_use]
    pub fn household(&self, record: RecordId) -> u32 {
        self.of_record[record as usize]
    }
}

/// Fills the household level into the patterns of pairs.
pub fn fill_support(
    households: &Households,
    comparison: &Comparison,
    resolution: &Resolution,
    pairs: &[Pair],
    patterns: &mut [Pattern],
) {
    patterns.par_iter_mut().zip(pairs).for_each(|(pattern, (one, other))| {
        *pattern = comparison.set(*pattern, support(households, resolution, *one, *other));
    });
}

fn support(households: &Households, resolution: &Resolution, one: RecordId, other: RecordId) -> u8 {
    if households.household(one) == households.household(other) {
        return MISSING;
    }
    let (members, others) = (households.members(one), households.members(other));
    if members.len() < 2 || others.len() < 2 {
        return MISSING;
    }
    let mine = (resolution.person_of[one as usize], resolution.person_of[other as usize]);
    let mut linked = 0;
    for member in members.iter().filter(|member| **member != one) {
        let person = resolution.person_of[*member as usize];
        if person == mine.0 || person == mine.1 {
            continue;
        }
        linked += u32::from(others.iter().any(|o| *o != other && resolution.person_of[*o as usize] == person));
    }
    match linked {
        0 => SUPPORT_NONE,
        1 => SUPPORT_ONE,
        _ => SUPPORT_MANY,
    }
}
