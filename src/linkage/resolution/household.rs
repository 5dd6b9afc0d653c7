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
use crate::person::table::{PersonTable, RecordId};

/// Who shares a household with whom within a source: by household number, else by dwelling.
#[derive(Debug)]
pub struct Households {
    of_record: Vec<u32>,
    members: Vec<Vec<RecordId>>,
}

impl Households {
    /// Groups the records of each source. Groups of more than [`HOUSEHOLD_MEMBERS_MAX`] are institutions and left out.
    #[must_use]
    pub fn of(table: &PersonTable) -> Households {
        let mut number: FxHashMap<(usize, u64, u64), u32> = FxHashMap::default();
        let mut members: Vec<Vec<RecordId>> = vec![Vec::new()];
        let mut of_record = vec![0u32; table.len()];
        for source in 0..table.source_count() {
            for record in table.records(source) {
                let at = record as usize;
                let key = if table.household[at] != 0 {
                    (source, 0, u64::from(table.household[at]))
                } else if let Some(d) = table.dwelling(record) {
                    let numbers = (u64::from(d.building) << 32) | (u64::from(d.unit) << 16) | u64::from(d.room);
                    (source, u64::from(d.estate), numbers)
                } else {
                    continue;
                };
                let household = *number.entry(key).or_insert_with(|| {
                    members.push(Vec::new());
                    u32::try_from(members.len() - 1).unwrap_or(0)
                });
                members[household as usize].push(record);
                of_record[at] = household;
            }
        }
        for (household, group) in members.iter_mut().enumerate() {
            if group.len() > HOUSEHOLD_MEMBERS_MAX {
                group.iter().for_each(|record| of_record[*record as usize] = 0);
                group.clear();
            }
            let _ = household;
        }
        Households { of_record, members }
    }

    /// The members of a record's household, itself included; empty if it has none.
    #[must_use]
    pub fn members(&self, record: RecordId) -> &[RecordId] {
        self.members.get(self.of_record[record as usize] as usize).map_or(&[], Vec::as_slice)
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
