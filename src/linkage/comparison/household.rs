//! Who lives with whom, by one source?
//!
//! Takes the [`PersonTable`], gives [`Households`]. Once it is known which records are one person, a pair is asked
//! whether other members of its two households are one person, too.

use rustc_hash::FxHashMap;

use crate::person::members::Members;
use crate::person::table::{Dwelling, HOUSEHOLD_MEMBERS_MAX, PersonTable, RecordId};

/// Set of a record that has others in its household.
const OTHERS: u32 = 1 << 31;

/// Who shares a household with whom within a source: by household number, else by dwelling.
#[derive(Debug)]
pub struct Households {
    /// With the bit [`OTHERS`].
    of_record: Vec<u32>,
    members: Members,
    last: u32,
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
        let members = Members::of(of_record.iter().copied());
        of_record.iter_mut().for_each(|household| match members.get(*household).len() {
            2..=HOUSEHOLD_MEMBERS_MAX => *household |= OTHERS,
            0 | 1 => {}
            _ => *household = 0,
        });
        Households { of_record, members, last }
    }

    /// The members of a record's household, itself included; empty if it has none.
    #[must_use]
    pub fn members(&self, record: RecordId) -> &[RecordId] {
        self.members.get(self.household(record))
    }

    /// Number of a record's household; 0 for none.
    #[must_use]
    pub fn household(&self, record: RecordId) -> u32 {
        self.of_record[record as usize] & !OTHERS
    }

    /// The members of a household; empty for 0 and for institutions.
    #[must_use]
    pub fn get(&self, household: u32) -> &[RecordId] {
        let members = self.members.get(household);
        if members.len() > HOUSEHOLD_MEMBERS_MAX { &[] } else { members }
    }

    /// The greatest number of a household.
    #[must_use]
    pub fn last(&self) -> u32 {
        self.last
    }

    /// Are there other members who could support that these records are one person's?
    #[must_use]
    pub fn may_support(&self, one: RecordId, other: RecordId) -> bool {
        Households::marks_may_support(self.mark(one), self.mark(other))
    }

    /// Number of a record's household, marked if it has others in it.
    #[must_use]
    pub fn mark(&self, record: RecordId) -> u32 {
        self.of_record[record as usize]
    }

    /// Like [`may_support`](Self::may_support), from the marks of two households.
    #[must_use]
    pub fn marks_may_support(one: u32, other: u32) -> bool {
        one & other & OTHERS != 0 && one != other
    }
}
