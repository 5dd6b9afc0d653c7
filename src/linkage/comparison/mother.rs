//! Is the mother whom one record names found in the household of the other, or is the other she herself?
//!
//! Takes the table's named mothers and households, gives the level of a pair; a child's certificate is never the mother's own
//! record, though it stands at her dwelling with her telephone number.

use std::collections::{BTreeMap, BTreeSet};

use super::level::{MISSING, MOTHER_ABSENT, MOTHER_BY_NAME, MOTHER_BY_NUMBER, MOTHER_HERSELF};
use super::row::Side;
use super::{HOUSEHOLD_MEMBERS_MAX, id_number};
use crate::person::id_number::IdNumber;
use crate::person::lexicon::Symbol;
use crate::person::members::Members;
use crate::person::table::{Parent, PersonTable, RecordId};

/// Who lives with whom within a source, to look for a named mother.
#[derive(Debug, Default)]
pub(super) struct Families {
    members: Members,
}

impl Families {
    pub(super) fn of(table: &PersonTable) -> Families {
        let members =
            if table.parents.len() > 1 { Members::of(table.household.iter().copied()) } else { Members::default() };
        Families { members }
    }

    /// The level of a pair.
    pub(super) fn compare<S: Side>(&self, table: &PersonTable, one: S, other: S) -> u8 {
        match (one.parent(), other.parent()) {
            (0, 0) => MISSING,
            (mother, 0) => self.in_household(table, mother, other),
            (0, mother) => self.in_household(table, mother, one),
            (a, b) => {
                let (a, b) = (table.parents[a as usize], table.parents[b as usize]);
                if a.id_number.is_some() && b.id_number.is_some() {
                    return if a.id_number == b.id_number { MOTHER_BY_NUMBER } else { MOTHER_ABSENT };
                }
                if a.name == 0 || b.name == 0 {
                    return MISSING;
                }
                if a.name == b.name { MOTHER_BY_NAME } else { MOTHER_ABSENT }
            }
        }
    }

    fn in_household<S: Side>(&self, table: &PersonTable, mother: u32, side: S) -> u8 {
        let mother = table.parents[mother as usize];
        if is_hers(table, mother, side.record()) {
            return MOTHER_HERSELF;
        }
        let Some(members) = self.members(side.household()) else { return MISSING };
        let mut level = MOTHER_ABSENT;
        for &member in members.iter().filter(|member| **member != side.record()) {
            if mother.id_number.is_some() && mother.id_number == table.id_number[member as usize] {
                return MOTHER_BY_NUMBER;
            }
            if is_hers(table, mother, member) {
                level = MOTHER_BY_NAME;
            }
        }
        level
    }

    /// The household of a record, if it has one and it is no institution.
    fn members(&self, household: Symbol) -> Option<&[RecordId]> {
        let members = self.members.get(household);
        (!members.is_empty() && members.len() <= HOUSEHOLD_MEMBERS_MAX).then_some(members)
    }
}

/// Is this a record of the mother who is named?
fn is_hers(table: &PersonTable, mother: Parent, record: RecordId) -> bool {
    let at = record as usize;
    if mother.id_number.is_some() && mother.id_number == table.id_number[at] {
        return true;
    }
    let same_name = mother.name != 0 && mother.name == table.name[at] && table.sex[at] != 1;
    let may_be = !mother.id_number.is_some()
        || id_number::compare(mother.id_number, table.id_number[at]) != id_number::DIFFERENT;
    same_name && may_be
}

/// The households in which named mothers live.
#[derive(Debug, Default)]
pub struct MothersHouseholds {
    households: BTreeMap<IdNumber, Vec<Symbol>>,
}

impl MothersHouseholds {
    pub(super) fn of_all(table: &PersonTable) -> MothersHouseholds {
        let wanted: BTreeSet<IdNumber> =
            table.parents.iter().map(|parent| parent.id_number).filter(|id| id.is_some()).collect();
        let mut households: BTreeMap<IdNumber, Vec<Symbol>> = BTreeMap::new();
        if !wanted.is_empty() {
            for (id, &household) in table.id_number.iter().zip(table.household.iter()) {
                if household != 0 && wanted.contains(id) {
                    households.entry(*id).or_default().push(household);
                }
            }
        }
        MothersHouseholds { households }
    }

    /// Households of the woman with this number.
    #[must_use]
    pub fn of(&self, mother: IdNumber) -> &[Symbol] {
        self.households.get(&mother).map_or(&[], Vec::as_slice)
    }
}
