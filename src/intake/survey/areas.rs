//! Does a column say the enumeration area, under a header that nobody knows?
//!
//! Takes a header, or the [`Profile`] of a column, gives whether it is one of an area of the census.

use std::collections::BTreeMap;

use super::fields;
use super::profile::{Profile, Shape};

/// Rows for each enumeration area, at least: some eighty households.
const ROWS_MIN: f64 = 20.0;

/// Do the words of a header say an area of the census?
pub(super) fn is_headed(header: &str) -> bool {
    const CENSUS: [&str; 3] = ["enumeration", "census", "ea"];
    const AREAS: [&str; 7] = ["block", "area", "district", "tract", "zone", "unit", "section"];
    let words = fields::words(header);
    let has = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    has(&CENSUS) && has(&AREAS) && !has(&["name", "size"])
}

/// Has each of its values as many rows as an area?
pub(super) fn is_common(profile: &Profile) -> bool {
    profile.distinct_share() <= 1.0 / ROWS_MIN
}

/// Are its values codes of 12 to 18 digits of one county, each in many rows?
pub(super) fn holds_codes(profile: &Profile) -> bool {
    const SHARE_MIN: f64 = 0.95;
    const COUNTY_DIGITS: usize = 6;
    let is_long = (11.5..=18.0).contains(&profile.mean_length()) && profile.share(Shape::Digits) >= SHARE_MIN;
    let counties = || {
        let few = profile.codes.iter().flatten();
        let many = profile.prefixes.iter().filter(|_| profile.codes.is_none());
        let mut counts = BTreeMap::<&str, u64>::new();
        for (code, count) in few.chain(many) {
            *counts.entry(code.get(..COUNTY_DIGITS).unwrap_or_default()).or_default() += count;
        }
        (counts.values().copied().max().unwrap_or(0), counts.values().sum::<u64>())
    };
    is_long && profile.distinct() > 1 && is_common(profile) && {
        let (most, all) = counties();
        all > 0 && most as f64 >= SHARE_MIN * all as f64
    }
}
