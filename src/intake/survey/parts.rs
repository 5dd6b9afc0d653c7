//! Which files are parts of one extract?
//!
//! Takes the files of a folder, gives those together that have the same columns and hardly an ID number in common, and
//! names that are alike or enumeration areas of their own. Taken for registers of their own, the parts of one would be
//! lists that know nobody in common, and an estimate would hold as many persons as missed by all of them; of a roll,
//! one part would be the whole. Files of different things in one form are worse put together: the dead would live here.
//! So are strangers of one number. Where it is not plain, files stay apart, and somebody is asked.

use std::cmp::Reverse;

use super::profile::{Profile, Shape};
use super::{Surveyed, fields, guess, headers};
use crate::intake::study::Field;

/// Share of the ID numbers, or of the enumeration areas, of the smaller part that the other one may have, too. A
/// judgement: some persons move from one part to another, two registers of a district share far more.
const SHARED_MAX: f64 = 0.1;

/// The same of ID numbers where the enumeration areas are others: who lives in one and is registered in another is on
/// both lists. Two deliveries of one roll share nearly all.
const SHARED_BY_AREAS_MAX: f64 = 0.5;

/// Share of the values from which a column holds ID numbers.
const NUMBERS_MIN: f64 = 0.5;

/// Puts the parts of an extract together, each with the first of those that are called most like it.
pub(super) fn together(files: Vec<Surveyed>) -> Vec<Surveyed> {
    let mut extracts: Vec<Surveyed> = Vec::new();
    for file in files {
        let fitting = extracts.iter_mut().enumerate().filter(|(_, extract)| are_parts(extract, &file));
        let nearest = fitting.max_by_key(|(at, extract)| {
            let common = common_name(&extract.full_name(), &file.full_name());
            (common.chars().count(), Reverse(*at))
        });
        match nearest {
            Some((_, extract)) => absorb(extract, file),
            None => extracts.push(file),
        }
    }
    let like = |at: usize| {
        let (before, rest) = extracts.split_at(at);
        let file = rest.first()?;
        before.iter().find(|extract| may_be_parts(extract, file)).map(|extract| extract.path.clone())
    };
    let likes: Vec<_> = (0..extracts.len()).map(like).collect();
    extracts.iter_mut().zip(likes).for_each(|(extract, like)| extract.like = like);
    extracts
}

/// Are both plainly parts of one extract?
fn are_parts(one: &Surveyed, other: &Surveyed) -> bool {
    if !may_be_parts(one, other) {
        return false;
    }
    if have_others(one, other, holds_areas, SHARED_MAX) == Some(true) {
        return have_others(one, other, holds_numbers, SHARED_BY_AREAS_MAX).is_some() || live_elsewhere(one, other);
    }
    let have_places = || have_others(one, other, holds_divisions, SHARED_MAX) == Some(true);
    are_called_alike(&one.full_name(), &other.full_name()) && (have_places() || !begins_anew(one, other))
}

/// Could both be parts of one extract?
fn may_be_parts(one: &Surveyed, other: &Surveyed) -> bool {
    let have_other_persons = |shared_max| have_others(one, other, holds_numbers, shared_max);
    let have_other_areas = || {
        have_others(one, other, holds_areas, SHARED_MAX) == Some(true)
            && have_other_persons(SHARED_BY_AREAS_MAX) != Some(false)
    };
    one.headers == other.headers
        && say_the_same(one, other)
        && (have_other_persons(SHARED_MAX) == Some(true) || have_other_areas())
}

pub(super) fn holds_numbers(profile: &Profile) -> bool {
    profile.share(Shape::IdNumber) >= NUMBERS_MIN
}

pub(super) fn holds_record_ids(profile: &Profile) -> bool {
    let is_headed = headers::record_id_rank(&profile.name) > 0 || headers::may_number_records(&profile.name);
    profile.is_key() && is_headed
}

fn holds_areas(profile: &Profile) -> bool {
    is_field(profile, &[Field::EnumerationArea])
}

fn holds_divisions(profile: &Profile) -> bool {
    is_field(profile, &[Field::Division])
}

fn is_field(profile: &Profile, of: &[Field]) -> bool {
    profile.filled > 0 && fields::field_of(&profile.name).is_some_and(|(field, _)| of.contains(&field))
}

/// Have both hardly a value in common in such columns? `None` if they have no such column.
pub(super) fn have_others(
    one: &Surveyed,
    other: &Surveyed,
    is_such: fn(&Profile) -> bool,
    shared_max: f64,
) -> Option<bool> {
    let seen = |file: &Surveyed, profile: &Profile| profile.rows as f64 / file.rows.max(1) as f64;
    let pairs = one.profiles.iter().zip(&other.profiles);
    let mut such = pairs.filter(|(one, other)| is_such(one) && is_such(other)).peekable();
    // Of files that were looked at in part, fewer of the common values were seen.
    let is_apart = |(own, others): (&Profile, &Profile)| {
        own.overlap(others) <= shared_max * seen(one, own).min(seen(other, others))
    };
    such.peek().is_some().then(|| such.all(is_apart))
}

/// Of files without ID numbers: are their areas codes of one kind, and other names and addresses in them? Areas in the
/// codes of two offices differ, too, and the persons are the same.
fn live_elsewhere(one: &Surveyed, other: &Surveyed) -> bool {
    let is_code =
        |profile: &Profile| profile.share(Shape::Digits) >= 1.0 && profile.mean_length() >= guess::AREA_LENGTH_MIN;
    let mut areas = one.profiles.iter().zip(&other.profiles).filter(|(one, _)| holds_areas(one));
    let are_codes = areas.all(|(one, other)| {
        is_code(one) && is_code(other) && (one.mean_length() - other.mean_length()).abs() < f64::EPSILON
    });
    let names = |profile: &Profile| is_field(profile, &[Field::Name, Field::FamilyName, Field::GivenName]);
    let addresses = |profile: &Profile| is_field(profile, &[Field::Address]);
    let have_other_addresses = have_others(one, other, addresses, SHARED_MAX);
    // Strangers are called alike: of a second delivery, nearly all names are in the first.
    let have_other_names = have_others(one, other, names, SHARED_BY_AREAS_MAX);
    are_codes && have_other_addresses == Some(true) && have_other_names != Some(false)
}

/// Do the numbers of records or of households begin anew in each? Together, no number would name one record, and
/// strangers would be one household.
fn begins_anew(one: &Surveyed, other: &Surveyed) -> bool {
    let mut pairs = one.profiles.iter().zip(&other.profiles);
    pairs.any(|(one, other)| holds_record_ids(one) && holds_record_ids(other) && one.overlap(other) > 0.0)
        || have_others(one, other, holds_households, SHARED_MAX) == Some(false)
}

fn holds_households(profile: &Profile) -> bool {
    is_field(profile, &[Field::Household]) || headers::may_number_households(&profile.name)
}

/// Do the names of two files say nothing that would tell them apart? Births and deaths in one form are no parts of one
/// register, nor are those who live here and those who left.
fn say_the_same(one: &Surveyed, other: &Surveyed) -> bool {
    let says = |file: &Surveyed| {
        let (kind, department) = (file.says(headers::row_kind), file.says(|name| headers::kind_of(name, &[])));
        let name = file.full_name();
        (kind, department, headers::speaks_of_leaving(&name), headers::roll_score(&name, &[]))
    };
    says(one) == says(other)
}

fn absorb(extract: &mut Surveyed, part: Surveyed) {
    extract.name = common_name(&extract.name, &part.name);
    extract.parts.push(part.path);
    extract.is_below |= part.is_below;
    extract.rows += part.rows;
    extract.repeating.retain(|column| part.repeating.contains(column));
    for (profile, other) in extract.profiles.iter_mut().zip(part.profiles) {
        profile.absorb(other);
    }
}

/// Do two names differ in numbers only, or share a word at one end that says what the files are?
pub(super) fn are_called_alike(one: &str, other: &str) -> bool {
    letters(one) == letters(other) || common_ends(one, other).iter().any(|(common, is_begin)| tells(common, *is_begin))
}

/// Does what two names share say of what their files are? Many are lists of data, and of one district.
fn tells(common: &str, is_begin: bool) -> bool {
    const OF_ANY: [&str; 20] = [
        "数据", "信息", "名单", "名册", "登记", "人员", "汇总", "明细", "导出", "台账", "清单", "表", "局", "list",
        "data", "extract", "export", "file", "table", "register",
    ];
    const PLACES: [&str; 9] = ["省", "市", "区", "县", "镇", "乡", "村", "街", "街道"];
    let rest = OF_ANY.iter().fold(common.to_lowercase(), |rest, word| rest.replace(word, ""));
    let is_place = is_begin && PLACES.iter().any(|place| rest.ends_with(place));
    !is_place && rest.chars().filter(|c| c.is_alphanumeric()).count() > 1
}

/// What the names of two files have in common at their beginning or at their end, without numbers and the marks around:
/// `czrk` of `czrk_1` and `czrk(2)`, 派出所 of 东街派出所 and 西市派出所. May be nothing.
fn common_name(one: &str, other: &str) -> String {
    let ends = common_ends(one, other).into_iter();
    let longest = ends.max_by_key(|(common, is_begin)| (tells(common, *is_begin), common.chars().count()));
    longest.map_or_else(String::new, |(common, _)| common)
}

/// What both end with and what both begin with, and whether it is the beginning.
fn common_ends(one: &str, other: &str) -> [(String, bool); 2] {
    let backwards = |name: &[char]| name.iter().rev().copied().collect::<Vec<char>>();
    let (one, other) = (letters(one), letters(other));
    let begin = common_begin(&one, &other);
    let end = backwards(&common_begin(&backwards(&one), &backwards(&other)));
    [(end, false), (begin, true)].map(|(common, is_begin)| {
        let common: String = common.into_iter().collect();
        (common.trim_matches(|c: char| !c.is_alphanumeric()).to_owned(), is_begin)
    })
}

fn letters(name: &str) -> Vec<char> {
    name.chars().filter(|c| !c.is_numeric()).collect()
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
            ("deaths_north_extract", "deaths_west_extract", "deaths"),
            ("north", "south", ""),
            ("东街", "西市", ""),
        ] {
            assert_eq!(common_name(one, other), common, "{one}");
        }
    }

    #[test]
    fn names_that_differ_in_a_number_or_share_a_word_that_tells_are_alike() {
        for (one, other, alike) in [
            ("czrk_1", "czrk_2", true),
            ("1", "2", true),
            ("东街派出所", "西市派出所", true),
            ("deaths_north_extract", "deaths_west_extract", true),
            ("东街_公安", "西市_公安", true),
            ("教育", "民政", false),
            ("教育局数据", "民政局数据", false),
            ("南桥区教育", "南桥区民政", false),
            ("education_list", "welfare_list", false),
            ("东街", "西街", false),
        ] {
            assert_eq!(are_called_alike(one, other), alike, "{one} {other}");
        }
    }
}
