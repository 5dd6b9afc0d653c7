//! What is a door?
//!
//! Takes cases, gives what tells their doors apart, and the cases of each door.

use std::collections::BTreeMap;

use super::history::StoredCase;
use crate::outcome::report::cases::{CaseRow, Door};

/// What tells doors apart: area, place, and the case's number where it has no door of its own.
pub(super) type DoorKey<'a> = (&'a str, &'a Door, &'a str);

/// The door of a case; a case without a door of its own stands for itself.
pub(super) fn door_key<'a>(row: &'a CaseRow, number: &'a str) -> DoorKey<'a> {
    (&row.area, &row.door, if row.door.is_one() { "" } else { number })
}

/// The door of a case of the store.
pub(super) fn door_of(case: &StoredCase) -> DoorKey<'_> {
    door_key(&case.row, &case.number)
}

/// The positions of cases by their doors.
pub(super) fn by_door(
    cases: &[StoredCase],
    positions: impl Iterator<Item = usize>,
) -> BTreeMap<DoorKey<'_>, Vec<usize>> {
    let mut doors: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for at in positions {
        doors.entry(door_of(&cases[at])).or_default().push(at);
    }
    doors
}
