//! What are the columns that are headed as labels?
//!
//! Takes the files of a folder, gives what each such column (`person_id`, `household_id`) is in its file. The same
//! words head the labels of a truth, which must never be compared, and the numbers that an office gives to its records
//! and households. A label of persons comes again: in its file, or in another one.

use std::collections::BTreeMap;

use super::profile::Profile;
use super::{Surveyed, areas, fields, headers};
use crate::intake::study::Field;

/// What a column is that is headed as a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// Somebody's linkage made it.
    WhoIsWho,
    /// The office's number of a record.
    Record,
    /// The office's number of a household.
    Household,
}

/// Those of one file, by header.
pub(super) type Labels = BTreeMap<String, Label>;

/// Share of its values from which a column has those of another file's label. Numbers of two offices have hardly any
/// in common, or begin at 1 in both: then it cannot be told, and nothing is compared.
const SHARED_MIN: f64 = 0.05;

/// What each column is that is headed as a label, file by file.
pub(super) fn of_files(files: &[Surveyed]) -> Vec<Labels> {
    let of_file = |(at, file): (usize, &Surveyed)| {
        let areas =
            file.profiles.iter().filter(|profile| may_be_area(profile)).map(Profile::distinct).max().unwrap_or(1);
        let others = || files.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other);
        let is_shared = |profile: &Profile| others().any(|other| shares(file, profile, other));
        let label = |profile: &Profile| match () {
            () if is_shared(profile) => Label::WhoIsWho,
            () if headers::may_number_records(&profile.name) && profile.is_key() => Label::Record,
            () if headers::may_number_households(&profile.name) && numbers_households(profile, areas) => {
                Label::Household
            }
            () => Label::WhoIsWho,
        };
        let labels = file.profiles.iter().filter(|profile| headers::is_label(&profile.name));
        labels.map(|profile| (profile.name.clone(), label(profile))).collect()
    };
    files.iter().enumerate().map(of_file).collect()
}

/// Has the other file a label with values of this one? Of files that were looked at in part, fewer are seen.
fn shares(file: &Surveyed, profile: &Profile, other: &Surveyed) -> bool {
    let seen = |file: &Surveyed, profile: &Profile| profile.rows as f64 / file.rows.max(1) as f64;
    let mut labels = other.profiles.iter().filter(|label| headers::is_label(&label.name));
    labels.any(|label| {
        label.filled > 0 && profile.overlap(label) >= SHARED_MIN * seen(file, profile).min(seen(other, label))
    })
}

fn may_be_area(profile: &Profile) -> bool {
    let is_headed = || fields::field_of(&profile.name).is_some_and(|(field, _)| field == Field::EnumerationArea);
    is_headed() || areas::is_headed(&profile.name) || areas::holds_codes(profile)
}

/// Has it as many rows for each value as households have members? They may begin at 1 in each of so many areas.
pub(super) fn numbers_households(profile: &Profile, areas: u64) -> bool {
    const MEMBERS_MIN: f64 = 1.2;
    const MEMBERS_MAX: f64 = 8.0;
    let members = profile.filled as f64 / profile.distinct().max(1) as f64;
    // Persons of residence permits belong to none.
    let is_filled = profile.filled * 3 >= profile.rows;
    is_filled && profile.distinct() > 1 && members >= MEMBERS_MIN && members <= MEMBERS_MAX * areas.max(1) as f64
}
