//! Which files are parts of one extract?
//!
//! Takes the files of a folder, gives those together that have the same columns, names that differ in a number only,
//! and hardly an ID number in common. Taken for registers of their own, the halves of one would be lists that know
//! nobody in common, and an estimate would hold as many persons as missed by all of them. Yearly copies of one register
//! have most numbers in common and stay apart, as do files without numbers, of which nobody can tell.

use super::Surveyed;
use super::profile::{Profile, Shape};

/// Share of the ID numbers of the smaller part that the other one may have, too. A judgement: some persons move from
/// one part to another, two registers of a district share far more.
const SHARED_MAX: f64 = 0.1;

/// Share of the values from which a column holds ID numbers.
const NUMBERS_MIN: f64 = 0.5;

/// Puts the parts of an extract together, each with the first of them.
pub(super) fn together(files: Vec<Surveyed>) -> Vec<Surveyed> {
    let mut extracts: Vec<Surveyed> = Vec::new();
    for file in files {
        match extracts.iter_mut().find(|extract| are_parts(extract, &file)) {
            Some(extract) => absorb(extract, file),
            None => extracts.push(file),
        }
    }
    extracts
}

fn are_parts(one: &Surveyed, other: &Surveyed) -> bool {
    one.headers == other.headers
        && without_numbers(&one.stem) == without_numbers(&other.stem)
        && have_other_persons(one, other)
}

/// The name of a file without numbers and the marks around them: `czrk` of `czrk_1`, `czrk(2)` and `czrk`.
fn without_numbers(stem: &str) -> String {
    let letters: String = stem.chars().filter(|c| !c.is_numeric()).collect();
    letters.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
}

fn have_other_persons(one: &Surveyed, other: &Surveyed) -> bool {
    let seen = |file: &Surveyed, profile: &Profile| profile.rows as f64 / file.rows.max(1) as f64;
    let is_of_numbers = |profile: &Profile| profile.share(Shape::IdNumber) >= NUMBERS_MIN;
    let pairs = one.profiles.iter().zip(&other.profiles);
    let mut numbers = pairs.filter(|(one, other)| is_of_numbers(one) && is_of_numbers(other)).peekable();
    // Of files that were looked at in part, fewer of the common numbers were seen.
    let is_apart = |(own, others): (&Profile, &Profile)| {
        own.overlap(others) <= SHARED_MAX * seen(one, own).min(seen(other, others))
    };
    numbers.peek().is_some() && numbers.all(is_apart)
}

fn absorb(extract: &mut Surveyed, part: Surveyed) {
    let common = without_numbers(&extract.stem);
    if !common.is_empty() {
        extract.stem = common;
    }
    extract.parts.push(part.path);
    extract.rows += part.rows;
    extract.repeating.retain(|column| part.repeating.contains(column));
    for (profile, other) in extract.profiles.iter_mut().zip(part.profiles) {
        profile.absorb(other);
    }
}

#[cfg(test)]
mod tests {
    use super::without_numbers;

    #[test]
    fn names_that_differ_in_a_number_are_alike() {
        for (one, other) in [("czrk_1", "czrk_2"), ("常住人口（3）", "常住人口"), ("第1部分", "第12部分")]
        {
            assert_eq!(without_numbers(one), without_numbers(other), "{one}");
        }
        assert_ne!(without_numbers("czrk_a"), without_numbers("czrk_b"));
    }
}
