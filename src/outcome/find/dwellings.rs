//! Do two records name one dwelling, or two?
//!
//! Takes two records whose addresses were compared, gives whether they name different dwellings, as far as they
//! say. What a dwelling is depends on the place: a room where an estate has rooms, a house where it has none, as
//! villages and lanes. Who is in another village needs neither.

use crate::linkage::comparison::{Comparer, Variable, address};
use crate::person::table::{PersonTable, RecordId};

/// An estate has rooms if at least this share of the records that name a building there name a room, too: a judgement.
/// Where houses are numbered, a number is now and then taken for that of a room.
const ROOM_SHARE_MIN: f64 = 0.1;

/// Which estates have rooms.
pub(super) struct Dwellings {
    /// By estate.
    has_rooms: Vec<bool>,
}

impl Dwellings {
    pub fn of(table: &PersonTable) -> Dwellings {
        let mut named = vec![(0_u32, 0_u32); table.estates.len()];
        for at in 0..table.len() {
            let Some((buildings, rooms)) = named.get_mut(table.estate[at] as usize) else { continue };
            *buildings += u32::from(table.building[at] != 0 || table.unit[at] != 0);
            *rooms += u32::from(table.room[at] != 0);
        }
        let share = |(buildings, rooms): (u32, u32)| f64::from(rooms) >= ROOM_SHARE_MIN * f64::from(buildings.max(1));
        Dwellings { has_rooms: named.into_iter().map(share).collect() }
    }

    /// Do the records name different dwellings, by more than a slip in one part? Nothing where they do not say enough.
    pub fn differ(&self, table: &PersonTable, comparer: &Comparer<'_>, one: RecordId, other: RecordId) -> Option<bool> {
        let (a, b) = (one as usize, other as usize);
        // A division alone is no address.
        if table.estate[a] == 0 || table.estate[b] == 0 {
            return None;
        }
        let comparison = comparer.of(Variable::Address)?;
        let level = u8::try_from(comparison.level(comparer.compare(one, other))).ok().filter(|level| *level != 0)?;
        if table.estate[a] != table.estate[b] || (table.dwelling(one).is_some() && table.dwelling(other).is_some()) {
            return Some(level >= address::SAME_BUILDING);
        }
        let (house_a, house_b) = (table.building[a], table.building[b]);
        match (house_a, house_b) {
            (0, _) | (_, 0) => None,
            _ if house_a != house_b => Some(address::digits_apart(house_a, house_b) > 1),
            // The same building is the same dwelling only where nothing is smaller.
            _ => (!self.has_rooms.get(table.estate[a] as usize).copied().unwrap_or(true)).then_some(false),
        }
    }
}
