//! Who is around this person?
//!
//! Steps: 1. [`Surroundings`] collects once who has a record at each dwelling, who is whose mother, and which register
//! records nearly matched the present roll row of somebody else; 2. [`Surroundings::around`] gives for one person the
//! mates (of the same registered household, mother, children), who was enumerated at the person's dwellings, and who
//! else should have been and was not. Some persons can be *hidden*: then they count as if the roll did not have them.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Material;
use super::standing::{Standing, Status};
use crate::intake::study::RowKind;
use crate::person::id_number::IdNumber;
use crate::person::members::Members;
use crate::person::table::{Dwelling, HOUSEHOLD_MEMBERS_MAX, PersonTable, RecordId};

/// A dwelling with more records than this is an institution, or an address cut short.
const DWELLING_RECORDS_MAX: usize = 80;

/// A pair of a register record and somebody else's present row below these log2 odds is nothing.
pub(super) const NEAR_MIN: f64 = -10.0;

/// A register record that nearly matched the present roll row of somebody else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near {
    /// Whose register record it is.
    pub person: u32,
    /// Whose roll row it is.
    pub owner: u32,
    /// log2 odds of the pair.
    pub log2_odds: f64,
}

/// Who is around whom.
pub(super) struct Surroundings<'a> {
    material: &'a Material<'a>,
    statuses: &'a [Status],
    dwelling_of: Vec<u32>,
    at_dwelling: Members,
    mothers: FxHashMap<u32, Vec<u32>>,
    near: Vec<Near>,
}

/// The surroundings of one person; all lists are sorted and without the person.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// Registered household, mother, children.
    pub mates: Vec<u32>,
    /// Enumerated as present at one of the person's dwellings.
    pub occupants: Vec<u32>,
    /// With a register record at one of the person's dwellings.
    pub co_registered: Vec<u32>,
    /// Mates and co-registered who are not on the roll.
    pub companions: Vec<u32>,
    /// Has the person a dwelling at all?
    pub has_dwelling: bool,
    /// Is one of them an institution, or an address cut short?
    pub crowded: bool,
    /// Is somebody else listed there as living elsewhere?
    pub listed_elsewhere: bool,
}

impl<'a> Surroundings<'a> {
    /// Collects who is around whom.
    pub fn of(material: &'a Material<'a>, statuses: &'a [Status]) -> Surroundings<'a> {
        let (dwelling_of, at_dwelling) = dwellings(material.table);
        let mothers = mothers(material);
        let near = near(material);
        Surroundings { material, statuses, dwelling_of, at_dwelling, mothers, near }
    }

    /// How the person stands to the roll.
    pub fn standing(&self, person: u32) -> Standing {
        self.statuses.get(person as usize).map_or(Standing::Gone, |status| status.standing)
    }

    /// The register records of a person.
    pub fn register_records(&self, person: u32) -> impl Iterator<Item = RecordId> {
        let kinds = &self.material.table.kind;
        let is_register = |record: &RecordId| !kinds[*record as usize].is_of_roll();
        self.material.resolution.records_of(person).iter().copied().filter(is_register)
    }

    /// Near matches of a person's register records.
    pub fn near(&self, person: u32) -> &[Near] {
        let start = self.near.partition_point(|near| near.person < person);
        let length = self.near[start..].partition_point(|near| near.person == person);
        &self.near[start..start + length]
    }

    /// Everybody of the household of the person's roll row of whom the roll says the same (present, or elsewhere), the
    /// person included.
    pub fn roll_household(&self, person: u32) -> Vec<u32> {
        let kind = |record: RecordId| self.material.table.kind[record as usize];
        let wanted = if self.standing(person) == Standing::Present { RowKind::Present } else { RowKind::Elsewhere };
        let own = self.material.resolution.records_of(person).iter().find(|record| kind(**record) == wanted);
        let members = own.map_or(&[][..], |record| self.material.households.members(*record));
        let alike = members.iter().filter(|record| kind(**record) == wanted);
        let mut members: Vec<u32> = alike.map(|record| self.material.resolution.person_of[*record as usize]).collect();
        members.push(person);
        members.sort_unstable();
        members.dedup();
        members
    }

    /// The household and everybody else enumerated at the person's doors, in every other household where there is
    /// anybody else: of a door with several households one is missed by itself, or the whole house is.
    pub fn missed_house(&self, person: u32) -> Option<Vec<u32>> {
        let Material { table, resolution, households, .. } = self.material;
        let own = resolution.records_of(person).iter().find(|record| table.is_present(**record))?;
        if !households.household(*own).is_multiple_of(2) {
            return None;
        }
        let mut house = self.roll_household(person);
        let members = house.len();
        let doors = self.register_records(person).map(|record| self.dwelling_of[record as usize]);
        for at_door in doors.filter(|door| *door != 0).map(|door| self.at_dwelling.get(door)) {
            if at_door.len() <= DWELLING_RECORDS_MAX {
                let present = at_door.iter().filter(|record| table.is_present(**record));
                house.extend(present.map(|record| resolution.person_of[*record as usize]));
            }
        }
        house.sort_unstable();
        house.dedup();
        (house.len() > members).then_some(house)
    }

    /// Who is around a person when some are hidden.
    pub fn around(&self, person: u32, hidden: &[u32]) -> Around {
        let mut around = Around { mates: self.mothers.get(&person).cloned().unwrap_or_default(), ..Around::default() };
        let (table, person_of) = (self.material.table, &self.material.resolution.person_of);
        let mut at: Vec<u32> = Vec::new();
        for record in self.register_records(person) {
            if table.household[record as usize] != 0 {
                let members = self.material.households.members(record);
                around.mates.extend(members.iter().map(|member| person_of[*member as usize]));
            }
            at.push(self.dwelling_of[record as usize]);
        }
        at.sort_unstable();
        at.dedup();
        for dwelling in at.into_iter().filter(|dwelling| *dwelling != 0) {
            around.has_dwelling = true;
            let records = self.at_dwelling.get(dwelling);
            if records.len() > DWELLING_RECORDS_MAX {
                around.crowded = true;
                continue;
            }
            for &record in records {
                let other = person_of[record as usize];
                match table.kind[record as usize] {
                    RowKind::Present if !hidden.contains(&other) => around.occupants.push(other),
                    RowKind::Present | RowKind::ElsewhereInArea => {}
                    RowKind::Elsewhere => {
                        let away = other != person && self.standing(other) == Standing::Elsewhere;
                        around.listed_elsewhere |= away && !hidden.contains(&other);
                    }
                    _ => around.co_registered.push(other),
                }
            }
        }
        for list in [&mut around.mates, &mut around.occupants, &mut around.co_registered] {
            list.sort_unstable();
            list.dedup();
            list.retain(|other| *other != person);
        }
        around.companions.extend(around.mates.iter().chain(&around.co_registered));
        around.companions.sort_unstable();
        around.companions.dedup();
        around.companions.retain(|other| match self.standing(*other) {
            Standing::Present | Standing::Elsewhere => hidden.contains(other),
            Standing::Gone => false,
            Standing::Unknown => true,
        });
        around
    }
}

/// Number of each record's dwelling (0: none), and the records of each.
fn dwellings(table: &PersonTable) -> (Vec<u32>, Members) {
    let mut number: FxHashMap<Dwelling, u32> = FxHashMap::default();
    let of_record: Vec<u32> = (0..u32::try_from(table.len()).unwrap_or(u32::MAX))
        .map(|record| match table.dwelling(record) {
            Some(dwelling) => {
                let next = u32::try_from(number.len() + 1).unwrap_or(0);
                *number.entry(dwelling).or_insert(next)
            }
            None => 0,
        })
        .collect();
    let at_dwelling = Members::of(of_record.iter().copied());
    (of_record, at_dwelling)
}

/// For each person the mother and the children that records name.
fn mothers(material: &Material<'_>) -> FxHashMap<u32, Vec<u32>> {
    let table = material.table;
    let mother_of = |record: usize| table.parents.get(table.parent[record] as usize).map(|parent| parent.id_number);
    let mut bearer: FxHashMap<IdNumber, Option<u32>> = FxHashMap::default();
    for parent in table.parents.iter().filter(|parent| parent.id_number.is_some() && !parent.id_number.is_masked()) {
        bearer.insert(parent.id_number, None);
    }
    let mut around: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    if bearer.is_empty() {
        return around;
    }
    for (record, id) in table.id_number.iter().enumerate() {
        if table.parent[record] == 0
            && let Some(person) = bearer.get_mut(id)
        {
            person.get_or_insert(material.resolution.person_of[record]);
        }
    }
    for record in 0..table.len() {
        let Some(Some(mother)) = mother_of(record).and_then(|id| bearer.get(&id).copied()) else { continue };
        let child = material.resolution.person_of[record];
        if child != mother {
            around.entry(child).or_default().push(mother);
            around.entry(mother).or_default().push(child);
        }
    }
    around.retain(|_, others| others.len() <= HOUSEHOLD_MEMBERS_MAX);
    around
}

/// Pairs of a register record and the present row of another person, by person.
fn near(material: &Material<'_>) -> Vec<Near> {
    let person_of = &material.resolution.person_of;
    let mut near: Vec<Near> = material
        .pairs
        .par_iter()
        .zip(material.scores)
        .filter_map(|(&(one, other), score)| {
            let (row, record) = match (material.table.is_present(one), material.table.is_present(other)) {
                (true, false) => (one, other),
                (false, true) => (other, one),
                _ => return None,
            };
            let (owner, person) = (person_of[row as usize], person_of[record as usize]);
            let wanted = score.log2_odds >= NEAR_MIN && owner != person;
            let wanted = wanted && !material.table.kind[record as usize].is_of_roll();
            wanted.then_some(Near { person, owner, log2_odds: score.log2_odds })
        })
        .collect();
    near.par_sort_unstable_by(|a, b| {
        (a.person, a.owner).cmp(&(b.person, b.owner)).then(b.log2_odds.total_cmp(&a.log2_odds))
    });
    near.dedup_by_key(|near| (near.person, near.owner));
    near
}
