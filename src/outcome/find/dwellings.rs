//! Do two records name one dwelling, or two?
//!
//! Takes two records whose addresses were compared, gives whether they name different dwellings, as far as they
//! say. What a dwelling is depends on the place: a room where an estate has rooms, a house where it has none, as
//! villages and lanes. Who is in another village needs neither.

use crate::linkage::comparison::{Comparer, Variable, address};
use crate::person::address::MARKS;
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

    /// Does the record name a house of a place without rooms?
    pub fn is_house(&self, table: &PersonTable, record: RecordId) -> bool {
        let at = record as usize;
        let has_rooms = self.has_rooms.get(table.estate[at] as usize).copied().unwrap_or(true);
        table.estate[at] != 0 && table.building[at] != 0 && !has_rooms
    }

    /// Does the record name such a house by its number alone (大王村3组17号)? Behind the number of a building (3号楼) there
    /// may be many doors, though nobody names them.
    pub fn is_house_door(&self, table: &PersonTable, record: RecordId) -> bool {
        let behind = table.written_numbers(record).and_then(|written| written.strip_prefix(MARKS[0]));
        behind.is_some_and(|behind| matches!(behind, "号" | "号院")) && self.is_house(table, record)
    }

    /// Do the records name different dwellings, by more than a slip in one part? Nothing where they do not say enough.
    pub fn differ(&self, table: &PersonTable, comparer: &Comparer<'_>, one: RecordId, other: RecordId) -> Option<bool> {
        let (a, b) = (one as usize, other as usize);
        // A division alone is no address.
        if table.estate[a] == 0 || table.estate[b] == 0 {
            return None;
        }
        comparer.of(Variable::Address)?;
        let level = comparer.level(Variable::Address, one, other, &mut 0);
        if level == 0 {
            return None;
        }
        if table.estate[a] != table.estate[b] {
            let may_be_one = !divisions_differ(table, a, b) && is_part_of_name(table, a, b);
            return if may_be_one {
                numbers_apart(table, a, b).then_some(true)
            } else {
                Some(level >= address::SAME_BUILDING)
            };
        }
        if table.dwelling(one).is_some() && table.dwelling(other).is_some() {
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

/// Do both records name a division, and not the same one?
fn divisions_differ(table: &PersonTable, one: usize, other: usize) -> bool {
    let (one, other) = (table.division[one], table.division[other]);
    one != 0 && other != 0 && one != other
}

/// May one name be the other with less said: 大王村 and 大王村四组, 红旗 and 红旗新村, 红桥风采里 and 风采里?
fn is_part_of_name(table: &PersonTable, one: usize, other: usize) -> bool {
    let [one, other] = [one, other].map(|at| table.estates.text(table.estate[at]));
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    // Estates of one name in several counties are told apart by a number in brackets behind it.
    let begins = long.strip_prefix(short).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('（'));
    short.chars().nth(1).is_some() && (begins || (long.len() > short.len() && long.ends_with(short)))
}

/// Are the numbers of the buildings or of the rooms further apart than a slip?
fn numbers_apart(table: &PersonTable, one: usize, other: usize) -> bool {
    let apart = |one: u16, other: u16| one != 0 && other != 0 && address::digits_apart(one, other) > 1;
    apart(table.building[one], table.building[other]) || apart(table.room[one], table.room[other])
}
