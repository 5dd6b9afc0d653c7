//! Does one record name a mother who lives in the household of the other record, or who is the other record?
//!
//! Takes the named mothers and the households of the table, gives the level of a pair. The birth certificate of a child
//! is never the mother's own record, although it has her dwelling and her telephone number.

use std::collections::{BTreeMap, BTreeSet};

use super::id_number;
use super::level::{MISSING, MOTHER_ABSENT, MOTHER_BY_NAME, MOTHER_BY_NUMBER, MOTHER_HERSELF};
use super::row::Side;
use crate::person::id_number::IdNumber;
use crate::person::lexicon::Symbol;
use crate::person::members::Members;
use crate::person::table::{HOUSEHOLD_MEMBERS_MAX, Parent, PersonTable, RecordId};

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

#[cfg(test)]
mod tests {
    use super::super::level::{MISSING, MOTHER_ABSENT, MOTHER_BY_NAME, MOTHER_BY_NUMBER, MOTHER_HERSELF};
    use super::super::{Comparer, Variable};
    use crate::person::practice::Practice;

    const STUDY: &str = r#"
[[source]]
name = "births"
role = "register"
path = "births.csv"
record_id = "id"
[source.columns]
name = "name"
mother_name = "mother"
mother_id_number = "number"
[[source]]
name = "roll"
role = "roll"
path = "roll.csv"
record_id = "id"
[source.columns]
name = "name"
id_number = "number"
household = "household"
sex = "sex"
"#;

    #[test]
    fn a_certificate_is_never_the_mothers_own_record() {
        // Of the second certificate the number was left out; the third names a woman of whom nothing is known.
        let births = "id,name,mother,number\n1,王丽之女,王丽,999999199003070007\n2,,王丽,\n3,,李红,\n";
        let roll = "id,name,number,household,sex\nM,王丽,999999199003070007,A,2\nF,张伟,999999198003070012,A,1\nS,刘洋,,B,1\nO,陈静,,B,2\n";
        let practice = Practice::of(&[("births.csv", births), ("roll.csv", roll)], STUDY);
        let table = practice.table();
        let comparer = Comparer::new(&practice.study, &table);
        let mother = comparer.of(Variable::Mother).unwrap();
        let (mother_herself, father, stranger) = (3, 4, 5);
        for (certificate, other, expected) in [
            (0, mother_herself, MOTHER_HERSELF),
            (1, mother_herself, MOTHER_HERSELF),
            (2, mother_herself, MOTHER_ABSENT),
            (0, father, MOTHER_BY_NUMBER),
            (1, father, MOTHER_BY_NAME),
            (0, stranger, MOTHER_ABSENT),
        ] {
            let level = mother.level(comparer.compare(certificate, other));
            assert_eq!(level, usize::from(expected), "{certificate} {other}");
        }
        assert_eq!(mother.level(comparer.compare(father, stranger)), usize::from(MISSING));
    }
}
