//! Which files are parts of one extract?
//!
//! Takes the files of a folder, gives those together that have the same columns and hardly an ID number in common,
//! unless their names say that they are of different things. Taken for registers of their own, the parts of one would
//! be lists that know nobody in common, and an estimate would hold as many persons as missed by all of them; of a roll,
//! one part would be the whole. Yearly copies of one register have most numbers in common and stay apart, as do files
//! without numbers, of which nobody can tell unless they have enumeration areas of their own.

use super::profile::{Profile, Shape};
use super::{Surveyed, fields, headers};
use crate::intake::study::Field;

/// Share of the ID numbers, or of the enumeration areas, of the smaller part that the other one may have, too. A
/// judgement: some persons move from one part to another, two registers of a district share far more.
const SHARED_MAX: f64 = 0.1;

/// The same of ID numbers where the enumeration areas are others: who lives in one and is registered in another is on
/// both lists. Two deliveries of one roll share nearly all.
const SHARED_BY_AREAS_MAX: f64 = 0.5;

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
    let have_other_persons = |shared_max| have_others(one, other, holds_numbers, shared_max);
    if one.headers != other.headers {
        return false;
    }
    if have_others(one, other, holds_areas, SHARED_MAX) == Some(true) {
        return have_other_persons(SHARED_BY_AREAS_MAX) != Some(false);
    }
    say_the_same(&one.stem, &other.stem) && have_other_persons(SHARED_MAX) == Some(true)
}

fn holds_numbers(profile: &Profile) -> bool {
    profile.share(Shape::IdNumber) >= NUMBERS_MIN
}

fn holds_areas(profile: &Profile) -> bool {
    profile.filled > 0 && fields::field_of(&profile.name).is_some_and(|(field, _)| field == Field::EnumerationArea)
}

/// Have both hardly a value in common in such columns? `None` if they have no such column.
fn have_others(one: &Surveyed, other: &Surveyed, is_such: fn(&Profile) -> bool, shared_max: f64) -> Option<bool> {
    let seen = |file: &Surveyed, profile: &Profile| profile.rows as f64 / file.rows.max(1) as f64;
    let pairs = one.profiles.iter().zip(&other.profiles);
    let mut such = pairs.filter(|(one, other)| is_such(one) && is_such(other)).peekable();
    // Of files that were looked at in part, fewer of the common values were seen.
    let is_apart = |(own, others): (&Profile, &Profile)| {
        own.overlap(others) <= shared_max * seen(one, own).min(seen(other, others))
    };
    such.peek().is_some().then(|| such.all(is_apart))
}

/// Do the names of two files say nothing that would tell them apart? Births and deaths in one form are no parts of one
/// register, nor are those who live here and those who left.
fn say_the_same(one: &str, other: &str) -> bool {
    let says = |stem: &str| {
        let (kind, department) = (headers::row_kind(stem), headers::kind_of(stem, &[]));
        (kind, department, headers::speaks_of_leaving(stem), headers::roll_score(stem, &[]))
    };
    says(one) == says(other)
}

fn absorb(extract: &mut Surveyed, part: Surveyed) {
    extract.stem = common_name(&extract.stem, &part.stem);
    extract.parts.push(part.path);
    extract.is_below |= part.is_below;
    extract.rows += part.rows;
    extract.repeating.retain(|column| part.repeating.contains(column));
    for (profile, other) in extract.profiles.iter_mut().zip(part.profiles) {
        profile.absorb(other);
    }
}

/// What the names of two files have in common at their beginning or at their end, without numbers and the marks around:
/// `czrk` of `czrk_1` and `czrk(2)`, 派出所 of 东街派出所 and 西市派出所. May be nothing.
fn common_name(one: &str, other: &str) -> String {
    let letters = |stem: &str| stem.chars().filter(|c| !c.is_numeric()).collect::<Vec<char>>();
    let backwards = |name: &[char]| name.iter().rev().copied().collect::<Vec<char>>();
    let (one, other) = (letters(one), letters(other));
    let begin = common_begin(&one, &other);
    let end = backwards(&common_begin(&backwards(&one), &backwards(&other)));
    let longest: String = if end.len() > begin.len() { end } else { begin }.into_iter().collect();
    longest.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
}

/// What both begin with, up to the last whole word.
fn common_begin(one: &[char], other: &[char]) -> Vec<char> {
    let mut length = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let cuts_word = |name: &[char], at: usize| {
        let (before, after) = (at.checked_sub(1).and_then(|at| name.get(at)), name.get(at));
        before.zip(after).is_some_and(|(before, after)| before.is_ascii_alphabetic() && after.is_ascii_alphabetic())
    };
    while cuts_word(one, length) || cuts_word(other, length) {
        length -= 1;
    }
    one.iter().take(length).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_called_by_what_their_names_have_in_common() {
        for (one, other, common) in [
            ("czrk_1", "czrk_2", "czrk"),
            ("常住人口（3）", "常住人口", "常住人口"),
            ("第1部分", "第12部分", "第部分"),
            ("东街派出所", "西市派出所", "派出所"),
            ("police_north", "police_south", "police"),
            ("police_east", "police_elm", "police"),
            ("north", "south", ""),
            ("东街", "西市", ""),
        ] {
            assert_eq!(common_name(one, other), common, "{one}");
        }
    }

    #[test]
    fn names_of_different_things_are_told_apart() {
        for (one, other, same) in [
            ("东街", "西街", true),
            ("公安_东街", "公安_西街", true),
            ("births", "deaths", false),
            ("户籍人口", "流动人口", false),
            ("常住", "迁出", false),
            ("普查登记", "东街", false),
            ("公安", "卫健", false),
        ] {
            assert_eq!(say_the_same(one, other), same, "{one} {other}");
        }
    }
}
