//! Which fields are there under a header that nobody knows?
//!
//! Takes a source as it is planned, binds what is still unbound where the values are plain and no other column could be
//! it: the household, the birth date, the enumeration area, the last sign of life. All of them are guesses.

use super::guess::{self, Bound, Guess};
use super::labels::{self, Label, Labels};
use super::profile::{Profile, Shape};
use super::{Planned, areas, dates, draft, fields, signs};
use crate::intake::study::{Field, Role};

const HOUSEHOLD: &str = "is it the number of the household?";
const BIRTH_DATE: &str = "is it the birth of the person?";
const AREA: &str = "is it the code of the enumeration area?";
const LAST_SEEN: &str = "the only date that may be of a last sign of life: is it?";

/// Binds what only the values, or parts of a header, say.
pub(super) fn complete(plan: &mut Planned, labels: &Labels, needs_last_seen: bool) {
    let area = enumeration_area(plan);
    bind(plan, Field::EnumerationArea, area, AREA);
    let household = household(plan, labels);
    bind(plan, Field::Household, household, HOUSEHOLD);
    leave_labels(plan, labels);
    let birth_date = only(plan, |profile| {
        is_headed_as_birth(&profile.name)
            && profile.mean_length() >= MONTH_LENGTH_MIN
            && dates::readable(profile) >= guess::READABLE_MIN
    });
    bind(plan, Field::BirthDate, birth_date, BIRTH_DATE);
    if needs_last_seen && draft::lacks_last_seen(plan) {
        let last_seen = last_seen(plan);
        bind(plan, Field::LastSeen, last_seen, LAST_SEEN);
    }
    plan.guess.fields.sort_by_key(|(field, _)| *field);
}

/// Year and month in digits.
const MONTH_LENGTH_MIN: f64 = 5.5;

fn bind(plan: &mut Planned, field: Field, index: Option<usize>, why: &'static str) {
    let profile = index.and_then(|index| plan.surveyed.profiles.get(index));
    let Some((index, profile)) = index.zip(profile).filter(|_| plan.guess.bound(field).is_none()) else { return };
    let mut bound = Bound::of(field, &profile.name, Some(why));
    if matches!(field, Field::BirthDate | Field::LastSeen) {
        bound.format = dates::format_of(profile, dates::order(profile));
    }
    plan.guess.others.retain(|other| *other != index);
    plan.guess.left_out.retain(|(column, _)| *column != profile.name);
    plan.guess.fields.push((field, bound));
}

/// The only open column of which this is true.
fn only(plan: &Planned, is: impl Fn(&Profile) -> bool) -> Option<usize> {
    let is = |index: &&usize| plan.surveyed.profiles.get(**index).is_some_and(&is);
    let mut found = plan.guess.others.iter().filter(is);
    found.next().copied().filter(|_| found.next().is_none())
}

/// An office's number of households, or what is headed as one in other words and has as many rows for each value.
fn household(plan: &Planned, labels: &Labels) -> Option<usize> {
    let area = plan.guess.bound(Field::EnumerationArea).map(|bound| &bound.column);
    let area = plan.surveyed.profiles.iter().find(|profile| Some(&profile.name) == area);
    let areas = area.map_or(1, Profile::distinct);
    let headed = || {
        only(plan, |profile| {
            is_headed_as_household(&profile.name)
                && profile.share(Shape::IdNumber) < 0.5
                && profile.share(Shape::Mobile) < 0.5
                && labels::numbers_households(profile, areas)
        })
    };
    let is_label = |profile: &Profile| labels.get(&profile.name) == Some(&Label::Household);
    headed().or_else(|| plan.surveyed.profiles.iter().position(is_label))
}

/// A number of households beside another one is of no further use.
fn leave_labels(plan: &mut Planned, labels: &Labels) {
    let household = plan.guess.bound(Field::Household).map(|bound| bound.column.clone());
    let numbers =
        labels.iter().filter(|(name, label)| **label == Label::Household && Some(*name) != household.as_ref());
    plan.guess.left_out.extend(numbers.map(|(name, _)| (name.clone(), guess::ANOTHER)));
}

/// The enumeration area of a roll: the column that is headed as one, else the finest of those that hold such codes.
fn enumeration_area(plan: &Planned) -> Option<usize> {
    if plan.role != Role::Roll {
        return None;
    }
    let is_headed = |profile: &Profile| areas::is_headed(&profile.name) && areas::is_common(profile);
    only(plan, is_headed).or_else(|| {
        let open = plan.guess.others.iter().filter_map(|index| Some((*index, plan.surveyed.profiles.get(*index)?)));
        let codes = open.filter(|(_, profile)| areas::holds_codes(profile));
        codes.max_by_key(|(_, profile)| profile.distinct()).map(|(index, _)| index)
    })
}

/// The only date of the file that may be one of a sign of life: on which no event or form was, which is of no term, and
/// whose days are spread over more than a year.
fn last_seen(plan: &Planned) -> Option<usize> {
    let is_bound = |guess: &Guess, name: &String| {
        guess.fields.iter().any(|(_, bound)| bound.column == *name || bound.more.contains(name))
    };
    let may_be = |profile: &Profile| {
        draft::may_date_a_sign_of_life(profile)
            && !is_bound(&plan.guess, &profile.name)
            && !signs::is_of_no_life(&profile.name)
            && !is_headed_as_birth(&profile.name)
            && profile.mean_length() >= MONTH_LENGTH_MIN
            && !dates::is_of_few_days(profile)
            && dates::spread_over_years(profile)
    };
    let is_record = |profile: &Profile| plan.guess.record_id.as_ref().is_some_and(|(id, _)| *id == profile.name);
    let mut found =
        plan.surveyed.profiles.iter().enumerate().filter(|(_, profile)| may_be(profile) && !is_record(profile));
    found.next().map(|(index, _)| index).filter(|_| found.next().is_none())
}

/// Does a header speak of the birth of the person of the row, and of no office that registered it?
fn is_headed_as_birth(header: &str) -> bool {
    const WORDS: [&str; 4] = ["birth", "born", "dob", "birthday"];
    const OTHERS: [&str; 8] = ["登记", "签发", "证", "地", "registration", "registered", "certificate", "place"];
    let (plain, words) = (fields::plain(header), fields::words(header));
    let is_birth = plain.contains("出生") || words.iter().any(|word| WORDS.contains(&word.as_str()));
    is_birth && !OTHERS.iter().any(|word| plain.contains(word)) && !fields::is_of_another(header)
}

/// Is a header one of a number of the household, in whatever words: 本户编号, 户序号, 户口簿编号?
fn is_headed_as_household(header: &str) -> bool {
    const BEGINS: [&str; 6] = ["户", "本户", "住户", "家庭户", "所在户", "常住户"];
    #[rustfmt::skip]
    const OTHERS: [&str; 14] = [
        "户主", "人", "室", "门", "楼", "房", "址", "证", "电话", "手机", "邮", "身份", "型", "地",
    ];
    let plain = fields::plain(header);
    let has_number = plain.ends_with('号') || plain.ends_with("编码");
    has_number
        && BEGINS.iter().any(|begin| plain.starts_with(begin))
        && !OTHERS.iter().any(|word| plain.contains(word))
        && !fields::names_another(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_households_and_births_are_told_from_those_of_other_things() {
        for header in ["本户编号", "户籍户号", "户序号", "户口簿编号", "家庭户内编号"] {
            assert!(is_headed_as_household(header), "{header}");
        }
        for header in ["户主身份证号", "户主编号", "户室号", "住户联系电话号", "户口性质", "户籍人员编号", "档案编号"]
        {
            assert!(!is_headed_as_household(header), "{header}");
        }
        assert!(is_headed_as_birth("BirthYearMonth") && is_headed_as_birth("birth_month"));
        assert!(!is_headed_as_birth("出生登记日期") && !is_headed_as_birth("mother_birth_date"));
        assert!(areas::is_headed("EnumerationBlock") && areas::is_headed("census_block"));
        assert!(!areas::is_headed("census_date") && !areas::is_headed("area"));
    }
}
