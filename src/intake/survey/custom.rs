//! Which further columns help to tell persons apart, and how are they compared?
//!
//! Takes the columns that are no built-in field, gives declarations (`[[field]]`). A column serves if at least two
//! sources have it and share some values, or if the only source has it and some value occurs twice. The comparator
//! follows from what the values are: codes are equal or not; digits differ by edits; dates by days; longer text by
//! similarity.

use std::collections::BTreeMap;

use super::profile::{Profile, Shape};
use super::{Planned, fields, headers};
use crate::intake::study::Field;

/// A declared field and the columns that hold it.
pub(super) struct Custom {
    /// Its name in the study.
    pub(super) name: String,
    /// Comparator and levels, as the study file writes them.
    pub(super) comparator: &'static str,
    pub(super) levels: &'static [f64],
    /// Does agreement on a rare value weigh more?
    pub(super) frequency: bool,
    /// Does it say where somebody lives?
    pub(super) dwelling: bool,
    /// Column by position of the source.
    pub(super) columns: BTreeMap<usize, String>,
}

/// Declares the further fields of a study.
pub(super) fn declare(planned: &[Planned]) -> Vec<Custom> {
    let mut names: Vec<String> = Vec::new();
    let mut columns: BTreeMap<String, BTreeMap<usize, &Profile>> = BTreeMap::new();
    for (source, plan) in planned.iter().enumerate() {
        for profile in plan.guess.others.iter().filter_map(|index| plan.surveyed.profiles.get(*index)) {
            let name = headers::custom_name(&profile.name);
            if !names.contains(&name) {
                names.push(name.clone());
            }
            columns.entry(name).or_default().entry(source).or_insert(profile);
        }
    }
    let least = planned.len().min(2);
    let has_birth_date = planned.iter().all(|plan| plan.guess.bound(Field::BirthDate).is_some());
    let serves = names.iter().filter_map(|name| columns.get(name).map(|found| (name, found)));
    let fields = serves.filter(|(name, found)| found.len() >= least && !(has_birth_date && name.as_str() == "age"));
    let fields = fields.filter(|(_, found)| share_values(planned, found));
    let mut customs: Vec<Custom> =
        fields.filter_map(|(name, found)| declared(name, found, planned.len() == 1)).collect();
    // The first column that is headed as an address is the whole of it.
    let is_address = |column: &String| fields::field_of(column).is_some_and(|(field, _)| field == Field::Address);
    if let Some(address) = customs.iter_mut().find(|custom| custom.columns.values().any(is_address)) {
        address.dwelling = true;
    }
    customs
}

/// Numbers that each office gives for itself have no values in common. This can only be told of files that were looked
/// at as a whole.
fn share_values(planned: &[Planned], found: &BTreeMap<usize, &Profile>) -> bool {
    const OVERLAP_MIN: f64 = 0.01;
    let whole = |(source, profile): (&usize, &&Profile)| {
        planned.get(*source).is_some_and(|plan| plan.surveyed.rows == profile.rows)
    };
    let pairs = || found.iter().enumerate().flat_map(|(n, one)| found.iter().skip(n + 1).map(move |two| (one, two)));
    found.len() < 2
        || found.iter().any(|one| !whole(one))
        || pairs().any(|((_, one), (_, two))| one.overlap(two) >= OVERLAP_MIN)
}

/// A unique value never tells that two records of one file are the same person.
fn declared(name: &str, found: &BTreeMap<usize, &Profile>, only_one: bool) -> Option<Custom> {
    let profile = found.values().max_by_key(|profile| profile.filled)?;
    if only_one && profile.distinct() == profile.filled {
        return None;
    }
    let (comparator, levels) = comparator(name, profile);
    let repeats = profile.distinct_share() < 0.95;
    let frequency = repeats && comparator != "date" && comparator != "numeric" && profile.distinct() > 2;
    let columns = found.iter().map(|(source, profile)| (*source, profile.name.clone())).collect();
    Some(Custom { name: name.to_owned(), comparator, levels, frequency, dwelling: false, columns })
}

fn comparator(name: &str, profile: &Profile) -> (&'static str, &'static [f64]) {
    if name == "age" {
        return ("numeric", &[1.0, 3.0]);
    }
    if profile.has_days || profile.share(Shape::Date) >= 0.9 && profile.distinct() > 100 {
        return ("date", &[]);
    }
    let is_code = profile.mean_length() <= 1.5 || profile.codes.is_some();
    let few = profile.distinct() <= 500 && profile.distinct_share() <= 0.1 && profile.mean_length() <= 4.0;
    let mostly_digits = profile.share(Shape::Number) >= 0.8;
    if is_code || (few && !mostly_digits) {
        return ("exact", &[]);
    }
    if mostly_digits {
        return if profile.mean_length() < 4.5 {
            ("damerau_levenshtein", &[1.0])
        } else {
            ("damerau_levenshtein", &[1.0, 2.0])
        };
    }
    ("jaro_winkler", &[0.92, 0.85, 0.7])
}
