//! How are the dates of a column written?
//!
//! Takes a value, gives the shapes of dates that it has and, if its year stands last, its pattern of numbers and marks;
//! takes the [`Profile`] of a column, gives the format that the study must say. It must where the usual reading (year
//! first; day first where the year stands last; years of four digits) would be wrong.

use super::profile::{Profile, Shape};
use super::{Planned, signs};
use crate::intake::study::Field;

/// Which of the two comes first where the year stands last?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    MonthFirst,
    DayFirst,
}

/// Share of the dates that can be read in one way only from which that way is the column's: the others are slips.
const MAJORITY: f64 = 0.8;

/// Share of the values that must have a form for it to be the column's.
const FORM_SHARE_MIN: f64 = 0.5;

/// The order of a column, if its values say it. Where both are common, the usual reading tells them apart.
pub(super) fn order(profile: &Profile) -> Option<Order> {
    let (month, day) = (profile.share(Shape::MonthFirst), profile.share(Shape::DayFirst));
    match month + day {
        all if all <= 0.0 => None,
        all if month >= MAJORITY * all => Some(Order::MonthFirst),
        _ => Some(Order::DayFirst),
    }
}

/// Share of the values that can be read as dates, with the format that is said of them.
pub(super) fn readable(profile: &Profile) -> f64 {
    let year = if (profile.mean_length() - 4.0).abs() < 0.2 { profile.share(Shape::Year) } else { 0.0 };
    let shapes = [Shape::Date, Shape::ShortYear, Shape::YearLastDigits, Shape::OtherDate];
    let share = shapes.iter().map(|shape| profile.share(*shape)).sum::<f64>() + year;
    if profile.has_days { 1.0 } else { share }
}

/// Is it when something was recorded? That tells no person from another: those of one day have nothing in common, and
/// one person's records are of many days.
pub(super) fn is_of_record(profile: &Profile) -> bool {
    readable(profile) >= FORM_SHARE_MIN && signs::is_of_work(&profile.name)
}

/// Do many rows share few days? Nobody's births are so: whatever its header says, and in whatever language, the days
/// are those of an event, such as the weeks of an enumeration.
pub(super) fn is_of_few_days(profile: &Profile) -> bool {
    const DAYS_MAX: u64 = 366;
    /// Different days for each row, at most.
    const DAYS_SHARE_MAX: f64 = 0.05;
    /// Shorter values are years and months, of which there are few everywhere.
    const LENGTH_MIN: f64 = 6.5;
    let has_days = readable(profile) >= FORM_SHARE_MIN && (profile.has_days || profile.mean_length() > LENGTH_MIN);
    has_days && profile.distinct() > 1 && profile.distinct() <= DAYS_MAX && profile.distinct_share() <= DAYS_SHARE_MAX
}

/// The month of a date, counted from year 0; of a date whose year stands last, the middle of the year.
pub(super) fn month_of(text: &str) -> Option<u32> {
    let day = text.split(['T', ' ']).next().unwrap_or(text);
    let mut parts = day.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let (first, second) = (parts.next()?, parts.next());
    let (year, month) = match (first.len(), second) {
        (4, Some(month)) => (first, month.parse().ok()?),
        (6 | 8, None) => (first.get(..4)?, first.get(4..6)?.parse().ok()?),
        (1 | 2, Some(_)) => (parts.next().filter(|year| year.len() == 4)?, 6),
        _ => return None,
    };
    let year: u32 = year.parse().ok()?;
    ((1900..=2100).contains(&year) && month <= 12).then_some(year * 12 + month)
}

/// Are the dates of a column spread over more than a year, but for a few that are mistyped?
pub(super) fn spread_over_years(profile: &Profile) -> bool {
    const MONTHS_MIN: u32 = 12;
    /// One in so many is left out at either end.
    const ONE_IN: u64 = 40;
    let all: u64 = profile.months.values().sum();
    let at = |rank: u64| {
        let mut before = 0;
        profile.months.iter().find(|(_, count)| {
            before += **count;
            before > rank
        })
    };
    let ends = at(all / ONE_IN).zip(at(all.saturating_sub(1 + all / ONE_IN)));
    ends.is_some_and(|((first, _), (last, _))| last.saturating_sub(*first) > MONTHS_MIN)
}

/// A format is only said where the usual reading would be wrong.
pub(super) fn format_of(profile: &Profile, order: Option<Order>) -> Option<String> {
    let is_month_first = order == Some(Order::MonthFirst);
    if profile.share(Shape::YearLastDigits) >= FORM_SHARE_MIN {
        return Some(String::from(if is_month_first { "%m%d%Y" } else { "%d%m%Y" }));
    }
    let is_short = profile.share(Shape::ShortYear) > FORM_SHARE_MIN;
    if !is_short && !is_month_first {
        return None;
    }
    let pattern = profile.pattern(FORM_SHARE_MIN)?;
    let (first, second) = if is_month_first { ("%m", "%d") } else { ("%d", "%m") };
    let parts = [first, second, if is_short { "%y" } else { "%Y" }, "%H", "%M", "%S"];
    Some(parts.iter().fold(pattern.to_owned(), |format, part| format.replacen('n', part, 1)))
}

/// Columns that do not say their order have that of the other dates, of which a study has seldom two.
pub(super) fn agree(planned: &mut [Planned]) {
    let profile_of =
        |plan: &Planned, column: &str| plan.surveyed.profiles.iter().position(|profile| profile.name == column);
    let mut orders: Vec<Order> = Vec::new();
    let mut open: Vec<(usize, usize, usize)> = Vec::new();
    for (source, plan) in planned.iter().enumerate() {
        for (at, (field, bound)) in plan.guess.fields.iter().enumerate() {
            let Some(index) = profile_of(plan, &bound.column).filter(|_| is_date(*field)) else { continue };
            match plan.surveyed.profiles.get(index).and_then(order) {
                Some(order) => orders.push(order),
                None => open.push((source, at, index)),
            }
        }
    }
    let agreed = orders.first().copied().filter(|first| orders.iter().all(|order| order == first));
    for (source, at, index) in open {
        let Some(plan) = planned.get_mut(source) else { continue };
        let format = plan.surveyed.profiles.get(index).and_then(|profile| format_of(profile, agreed));
        if let Some((_, bound)) = plan.guess.fields.get_mut(at).filter(|(_, bound)| bound.more.is_empty()) {
            bound.doubt =
                bound.doubt.or(format.is_some().then_some("day first or month first?").filter(|_| agreed.is_none()));
            bound.format = format;
        }
    }
}

fn is_date(field: Field) -> bool {
    matches!(field, Field::BirthDate | Field::DeathDate | Field::LastSeen)
}

/// The parts of a date as it is written: `2020-11-01`, `20201101`, `202011`, `2020年11月1日`, `1/11/2020`, `01112020`.
pub(super) fn shapes_of(text: &str) -> Vec<Shape> {
    let day = text.split(['T', ' ']).next().unwrap_or(text);
    let parts: Vec<&str> = day.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let numbers: Vec<u32> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    let is_date = |year: u32, month: u32, day: u32| (1500..=2100).contains(&year) && month <= 12 && day <= 31;
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    match (numbers.as_slice(), lengths.as_slice()) {
        ([whole], [8]) if day.len() == 8 && is_date(whole / 10_000, whole / 100 % 100, whole % 100) => {
            vec![Shape::Date]
        }
        ([whole], [8]) if day.len() == 8 => {
            let (one, two, year) = (whole / 1_000_000, whole / 10_000 % 100, whole % 10_000);
            let is = is_date(year, 0, one.max(two)) && one.min(two) <= 12 && one.min(two) > 0;
            if is { with_order(Shape::YearLastDigits, one, two) } else { Vec::new() }
        }
        ([whole], [6]) if day.len() == 6 && is_date(whole / 100, whole % 100, 0) && whole % 100 > 0 => {
            vec![Shape::Date]
        }
        ([year, month], [4, ..]) if is_date(*year, *month, 0) => vec![Shape::Date],
        ([year, month, day], [4, ..]) if is_date(*year, *month, *day) => vec![Shape::Date],
        ([one, two, year], [.., last]) if is_date(*year, 0, *one.max(two)) && *last == 4 && one.min(two) <= &12 => {
            with_order(Shape::Date, *one, *two)
        }
        ([one, two, year], [.., 2])
            if *year < 100 && *one.max(two) <= 31 && one.min(two) <= &12 && day.contains(['/', '.', '-']) =>
        {
            with_order(Shape::ShortYear, *one, *two)
        }
        ([number], [5]) if text.len() == 5 && *number < 73_051 => vec![Shape::OtherDate],
        _ if matches!(text.len(), 12 | 14 | 17) && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            let begins = text.get(..8).is_some_and(|day| shapes_of(day).contains(&Shape::Date));
            if begins { vec![Shape::OtherDate] } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

fn with_order(shape: Shape, one: u32, two: u32) -> Vec<Shape> {
    let mut shapes = vec![shape];
    shapes.extend((two > 12).then_some(Shape::MonthFirst));
    shapes.extend((one > 12).then_some(Shape::DayFirst));
    shapes
}

/// A date whose year stands last, with an `n` for each number (`n/n/n`, `n.n.n n:n`); `None` for anything else.
pub(super) fn pattern_of(text: &str) -> Option<String> {
    let mut pattern = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' if pattern.ends_with('n') => {}
            '0'..='9' => pattern.push('n'),
            c => pattern.push(c),
        }
    }
    let (day, time) = pattern.split_once(' ').unwrap_or((&pattern, ""));
    let is_day = ["n/n/n", "n.n.n", "n-n-n"].contains(&day) && !text.starts_with(|c: char| !c.is_ascii_digit());
    let year_first = text.bytes().take_while(u8::is_ascii_digit).count() > 2;
    (is_day && !year_first && ["", "n:n", "n:n:n"].contains(&time)).then_some(pattern)
}
