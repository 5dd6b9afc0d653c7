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
    let mut all: Vec<String> = Vec::new();
    let mut columns: BTreeMap<String, BTreeMap<usize, &Profile>> = BTreeMap::new();
    for (source, plan) in planned.iter().enumerate() {
        for (index, name) in names(plan) {
            let Some(profile) = plan.surveyed.profiles.get(index) else { continue };
            if !all.contains(&name) {
                all.push(name.clone());
            }
            columns.entry(name).or_default().entry(source).or_insert(profile);
        }
    }
    let least = planned.len().min(2);
    let has_birth_date = planned.iter().all(|plan| plan.guess.bound(Field::BirthDate).is_some());
    let serves = all.iter().filter_map(|name| columns.get(name).map(|found| (name, found)));
    let fields = serves.filter(|(name, found)| found.len() >= least && !(has_birth_date && name.as_str() == "age"));
    let fields = fields.filter(|(name, found)| has_initials(name, found) || share_values(planned, found));
    let mut customs: Vec<Custom> =
        fields.filter_map(|(name, found)| declared(name, found, planned.len() == 1)).take(DECLARED_MAX).collect();
    // The first column that is headed as an address is the whole of it.
    let is_address = |column: &String| fields::field_of(column).is_some_and(|(field, _)| field == Field::Address);
    if let Some(address) = customs.iter_mut().find(|custom| custom.columns.values().any(is_address)) {
        address.dwelling = true;
    }
    customs
}

/// Why a column that could be a field of the study's own is none.
pub(super) fn why_none(planned: &[Planned], customs: &[Custom], source: usize, index: usize) -> &'static str {
    let Some(plan) = planned.get(source) else { return "" };
    let name = name_in(plan, index);
    let header = plan.surveyed.profiles.get(index).map(|profile| fields::plain(&profile.name));
    let others = || planned.iter().enumerate().filter(|(other, _)| *other != source).map(|(_, other)| other);
    let is_open_in = |other: &Planned| names(other).iter().any(|(_, known)| *known == name);
    let is_in = |other: &Planned| other.surveyed.headers.iter().any(|known| Some(fields::plain(known)) == header);
    match () {
        () if name.is_empty() => "another column has its name",
        () if customs.len() >= DECLARED_MAX => "there are more columns than a draft declares",
        () if planned.len() == 1 => "it does not tell persons apart",
        () if others().any(is_open_in) => "no other source has such values",
        () if others().any(is_in) => "where other sources have it, it is of no use",
        () => "no other source has such a column",
    }
}

/// The columns of a source that are no built-in field, each with the name that it is declared under: that of its kind,
/// or, where another column has this, its header.
pub(super) fn names(plan: &Planned) -> Vec<(usize, String)> {
    let given = |index: &usize| plan.guess.renamed.get(index).map(|(name, _)| name.clone());
    let mut taken: Vec<String> = plan.guess.others.iter().filter_map(given).collect();
    let mut names = Vec::new();
    for index in &plan.guess.others {
        let Some(profile) = plan.surveyed.profiles.get(*index) else { continue };
        let name = given(index).or_else(|| {
            let usual = headers::custom_name(&profile.name, profile.distinct_share() < REPEATED);
            [usual, headers::name_as_written(&profile.name)].into_iter().find(|name| !taken.contains(name))
        });
        if let Some(name) = name {
            taken.push(name.clone());
            names.push((*index, name));
        }
    }
    names
}

/// The name under which one column of a source is declared; nothing if it is no field of the study's own.
pub(super) fn name_in(plan: &Planned, index: usize) -> String {
    names(plan).into_iter().find(|(at, _)| *at == index).map(|(_, name)| name).unwrap_or_default()
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

/// Most fields that a draft declares: many more than there is room to compare.
const DECLARED_MAX: usize = 100;

/// Different values for each value below which many persons share them.
const REPEATED: f64 = 0.5;

/// Share of digits among the characters of what is a number, and its least mean length. A judgement: `AB12 3CD` is
/// none, `12345678-Z` is one.
const DIGITS_OF_NUMBER: f64 = 0.65;
const NUMBER_LENGTH: f64 = 6.0;

/// Digits from which two slips leave a number recognisable.
const LONG_NUMBER_DIGITS: f64 = 7.5;

/// Are there initials in one file and names in another? They are similar at best.
fn has_initials(name: &str, found: &BTreeMap<usize, &Profile>) -> bool {
    const INITIAL_LENGTH_MAX: f64 = 1.5;
    const NAME_LENGTH_MIN: f64 = 2.5;
    let any = |is: fn(f64) -> bool| found.values().any(|profile| is(profile.mean_length()));
    name == "middle_name" && any(|length| length <= INITIAL_LENGTH_MAX) && any(|length| length > NAME_LENGTH_MIN)
}

/// A unique value never tells that two records of one file are the same person.
fn declared(name: &str, found: &BTreeMap<usize, &Profile>, only_one: bool) -> Option<Custom> {
    let profile = found.values().max_by_key(|profile| profile.filled)?;
    if only_one && profile.distinct() == profile.filled {
        return None;
    }
    let (comparator, levels) = if has_initials(name, found) { SIMILARITY } else { comparator(name, profile) };
    let repeats = profile.distinct_share() < 0.95;
    let frequency = repeats && comparator != "date" && comparator != "numeric" && profile.distinct() > 2;
    let columns = found.iter().map(|(source, profile)| (*source, profile.name.clone())).collect();
    Some(Custom { name: name.to_owned(), comparator, levels, frequency, dwelling: false, columns })
}

/// How texts are compared; its last level is that of an initial and a name.
const SIMILARITY: (&str, &[f64]) = ("jaro_winkler", &[0.92, 0.85, 0.7]);

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
    // A number with marks or a letter in it is typed as a number, too: one edit is a slip, whatever its place.
    if profile.digit_share() >= DIGITS_OF_NUMBER && profile.mean_length() >= NUMBER_LENGTH && !is_code && !mostly_digits
    {
        let digits = profile.digit_share() * profile.mean_length();
        return ("damerau_levenshtein", if digits < LONG_NUMBER_DIGITS { &[1.0] } else { &[1.0, 2.0] });
    }
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
    SIMILARITY
}
