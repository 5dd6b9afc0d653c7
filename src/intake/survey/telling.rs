//! Which comparisons tell persons apart best?
//!
//! A study has room for few comparisons. Takes what is bound and declared, gives the fields to compare where there are
//! more: the built-in ones, then those that each person has alone, are filled in and differ most.

use super::Planned;
use super::custom::Custom;
use super::fields;
use crate::intake::study::field_words::{Owner, owner_of};
use crate::intake::study::{COMPARISONS_MAX, Field};

/// The built-in fields that are compared, each with the number of comparisons that it takes: an address brings that of
/// the other members of its household.
const BUILT_IN: [(Field, usize); 12] = [
    (Field::Name, 1),
    (Field::FamilyName, 1),
    (Field::GivenName, 1),
    (Field::IdNumber, 1),
    (Field::BirthDate, 1),
    (Field::Sex, 1),
    (Field::Telephone, 1),
    (Field::Address, 2),
    (Field::Ethnicity, 1),
    (Field::Household, 1),
    (Field::MotherName, 1),
    (Field::Division, 1),
];

/// Names of the fields to compare, the surest first; empty if there is room for all.
pub(super) fn comparisons(planned: &[Planned], customs: &[Custom]) -> Vec<String> {
    let is_bound = |field: &Field| planned.iter().any(|plan| plan.guess.bound(*field).is_some());
    let whole = is_bound(&Field::Name);
    let is_compared = |field: &Field| match field {
        // Compared together.
        Field::FamilyName | Field::GivenName => is_bound(field) && !whole,
        field => is_bound(field),
    };
    let built_in: Vec<(Field, usize)> = BUILT_IN.into_iter().filter(|(field, _)| is_compared(field)).collect();
    let taken: usize = built_in.iter().map(|(_, room)| room).sum();
    if taken + customs.len() <= COMPARISONS_MAX {
        return Vec::new();
    }
    let mut ranked: Vec<&Custom> = customs.iter().collect();
    ranked.sort_by(|one, other| rank(planned, other).total_cmp(&rank(planned, one)));
    ranked.truncate(COMPARISONS_MAX.saturating_sub(taken));
    let built_in = built_in.iter().map(|(field, _)| field.name().to_owned());
    built_in.chain(ranked.into_iter().map(|custom| custom.name.clone())).collect()
}

/// How much a declared field tells: a judgement. What each person has alone comes before what a household shares, and
/// that of other persons last; within these, well filled columns of many different values.
fn rank(planned: &[Planned], custom: &Custom) -> f64 {
    let profiles = custom.columns.iter().filter_map(|(source, column)| {
        planned.get(*source)?.surveyed.profiles.iter().find(|profile| profile.name == *column)
    });
    let telling = profiles.map(|profile| {
        let filled = profile.filled as f64 / profile.rows.max(1) as f64;
        filled * (profile.distinct().max(1) as f64).ln() / (profile.filled.max(2) as f64).ln()
    });
    let telling = telling.fold(0.0, f64::max);
    let owner = match owner_of(&custom.name) {
        _ if fields::is_of_another(&custom.name) => 0.0,
        Owner::Person => 3.0,
        Owner::Family | Owner::Household => 2.0,
        Owner::Unknown => 1.0,
    };
    owner + telling
}
