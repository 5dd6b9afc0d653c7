//! Is it a way of writing where registers name another dwelling than the roll?
//!
//! Takes the rows of which two registers or more name a dwelling, gives for a row how much rarer other dwellings are
//! outside its place than there. A row at a wrong dwelling is a slip, and slips are rare everywhere. Where most
//! rows of an estate or building are somewhere else by the registers, one place has two names or its houses have two
//! numbers, and the row is no wronger than the others.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Case;
use crate::person::lexicon::Symbol;
use crate::person::table::{PersonTable, RecordId};

/// An estate, or a building of it; the whole estate is building 0.
type Place = (Symbol, u16);

/// Estate, building, unit and room; where only the estate is known, the record.
type Door = (Symbol, u16, u16, u32);

/// Doors of which registers name a dwelling, and those where they name another one.
#[derive(Debug, Clone, Copy, Default)]
struct Doors {
    heard: u32,
    differ: u32,
}

/// Where registers name another dwelling than the roll.
#[derive(Debug, Default)]
pub(super) struct Places {
    by_place: FxHashMap<Place, Doors>,
    /// At which doors they name another one.
    by_door: FxHashMap<Door, bool>,
    all: Doors,
}

impl Places {
    /// Counts doors: members of one household are written at one door, rightly or wrongly.
    pub(super) fn of(case: &Case<'_>) -> Places {
        let persons = u32::try_from(case.linked.resolution.persons()).unwrap_or(u32::MAX);
        let heard = |person: u32| {
            let heard = case.heard(case.linked.resolution.records_of(person))?;
            Some((door(case.table, heard.row), heard.differs))
        };
        let heard: Vec<(Door, bool)> = (0..persons).into_par_iter().filter_map(heard).collect();
        let mut places = Places::default();
        for (door, differs) in heard {
            *places.by_door.entry(door).or_default() |= differs;
        }
        for (&(estate, building, ..), &differs) in &places.by_door {
            let of_building = (building != 0).then_some((estate, building));
            for place in of_building.into_iter().chain([(estate, 0)]) {
                places.by_place.entry(place).or_default().add(differs);
            }
            places.all.add(differs);
        }
        places
    }

    /// How much of what registers say of a row's place they would say if its rows were at wrong dwellings no more often
    /// than those outside: 1 where no more of the other doors differ there than elsewhere, as good as nothing where all
    /// do. A large place of two names would speak for itself if it were among those that it is held against.
    pub(super) fn slips(&self, table: &PersonTable, row: RecordId) -> f64 {
        let own = door(table, row);
        let own_differs = self.by_door.get(&own).copied();
        let at = |building: u16| {
            let Doors { heard, differ } = self.by_place.get(&(own.0, building)).copied().unwrap_or_default();
            // Jeffreys's prior: few doors outside say little, and none nothing.
            let outside = f64::from(self.all.heard - heard) + 1.0;
            let share = (f64::from(self.all.differ - differ) + 0.5) / outside;
            let others = heard - u32::from(own_differs.is_some()).min(heard);
            let differ = differ - u32::from(own_differs == Some(true)).min(differ);
            ((share * f64::from(others) + 1.0) / (f64::from(differ) + 1.0)).min(1.0)
        };
        at(own.1).min(at(0))
    }
}

impl Doors {
    fn add(&mut self, differs: bool) {
        self.heard += 1;
        self.differ += u32::from(differs);
    }
}

fn door(table: &PersonTable, row: RecordId) -> Door {
    let at = row as usize;
    let (building, unit, room) = (table.building[at], table.unit[at], table.room[at]);
    let last = if (building, unit, room) == (0, 0, 0) { row } else { u32::from(room) };
    (table.estate[at], building, unit, last)
}
