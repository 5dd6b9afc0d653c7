//! Where is a case?
//!
//! Takes the record that is shown of a case, gives the one that says where to go. A record may leave out the building
//! or the unit that another one of the same person names, or another member of the household: without it a field team
//! has no door, or another one than the household's other cases.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::Case;
use crate::person::table::RecordId;

/// A place by name, and building, unit and room.
pub(super) type Door<'a> = (Cow<'a, str>, [u16; 3]);

impl Case<'_> {
    /// The record that says where to go: the one shown, or one that says more of the same place. Where it has no
    /// address, another row of its household, else another record of its person.
    pub(super) fn addressed(&self, person: u32, shown: RecordId) -> RecordId {
        let has_address = |record: &RecordId| {
            self.table.estate[*record as usize] != 0 || self.table.written_address(*record).is_some()
        };
        let own = self.linked.resolution.records_of(person);
        let households = &self.linked.households;
        let known = if has_address(&shown) {
            shown
        } else {
            let mut others = households.members(shown).iter().chain(own).copied();
            others.find(has_address).unwrap_or(shown)
        };
        let person_of = &self.linked.resolution.person_of;
        let mates = || own.iter().chain([&shown]).flat_map(|record| households.members(*record));
        let of_mates =
            || mates().flat_map(|mate| self.linked.resolution.records_of(person_of[*mate as usize])).copied();
        let says_more = self.says_more(known, own.iter().copied());
        says_more.or_else(|| self.says_more(known, of_mates())).unwrap_or(known)
    }

    /// Of these records the one that says most of the place that a record names in part: of several, what most say.
    fn says_more(&self, record: RecordId, others: impl Iterator<Item = RecordId>) -> Option<RecordId> {
        let parts = |record: RecordId| {
            let at = record as usize;
            [self.table.building[at], self.table.unit[at], self.table.room[at]]
        };
        let said = |record: RecordId| parts(record).iter().filter(|part| **part != 0).count();
        let (estate, in_part) = (self.table.estate[record as usize], parts(record));
        if estate == 0 || said(record) == in_part.len() {
            return None;
        }
        let is_there = |other: &RecordId| {
            let ([building, unit, room], said) = (in_part, parts(*other));
            let is_so = |own: u16, other: u16| own == 0 || own == other;
            self.table.estate[*other as usize] == estate
                && is_so(building, said[0])
                && (is_so(unit, said[1]) || said[1] == 0)
                && is_so(room, said[2])
        };
        // Without a building nobody finds a unit.
        let names_building = |other: RecordId| in_part[0] == 0 && parts(other)[0] != 0;
        let says_more = |other: &RecordId| said(*other) > said(record) || names_building(*other);
        let mut more: Vec<RecordId> = others.filter(|other| says_more(other) && is_there(other)).collect();
        more.sort_unstable();
        more.dedup();
        let saying_so = |one: RecordId| more.iter().filter(|other| parts(**other) == parts(one)).count();
        more.iter().copied().max_by_key(|other| (said(*other), saying_so(*other), Reverse(*other)))
    }

    /// The door that a record names: a room, a house where there are no rooms, or a whole address.
    pub(super) fn door(&self, record: RecordId) -> Option<Door<'_>> {
        let at = record as usize;
        if let Some(address) = self.table.whole_address(record) {
            return Some((Cow::Owned(address.to_lowercase()), [0; 3]));
        }
        let is_door = self.table.room[at] != 0 || self.dwellings.is_house(self.table, record);
        let estate = self.table.estates.text(self.table.estate[at]);
        is_door.then(|| (Cow::Borrowed(estate), [self.table.building[at], self.table.unit[at], self.table.room[at]]))
    }
}
