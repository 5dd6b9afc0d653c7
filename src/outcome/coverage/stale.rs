//! Which registers end months before the reference time?
//!
//! Takes study and table, gives each register with the days from its newest entry to the reference time. Whoever died
//! or left after the last entry still stands in such a register, looks like a resident and is not on the roll: nothing
//! tells these from residents whom the roll missed, and there will be too many of the latter.

use crate::intake::study::{Role, Study};
use crate::person::date::Date;
use crate::person::table::{NO_DAY, PersonTable};

/// A register that ends so many days before the reference time is stale: half a year, after which the census counts a
/// person where it has moved to. A judgement.
const STALE_DAYS: i32 = 183;

/// A register whose newest dates come less often than so many in a year says nothing: by chance half a year hardly ever
/// passes without one of twelve (e⁻⁶).
const DATES_OF_A_YEAR_MIN: usize = 12;

/// A register in which nobody was born (or died) for so many days holds adults alone rather than being so old: its
/// births say nothing.
const EVENTS_DAYS_MAX: i32 = 3 * 365;

/// Of so many last signs of life the newest one is left out, and so many of the newest births and deaths: some are
/// slips of the pen, and may lie anywhere.
const SEEN_PER_SLIP: usize = 200;
const EVENTS_SLIPS: usize = 3;

/// The registers that end more than [`STALE_DAYS`] before the reference time, and by how many days.
pub(super) fn registers(study: &Study, table: &PersonTable) -> Vec<(usize, i32)> {
    let registers = (0..study.sources.len()).filter(|source| study.sources[*source].role == Role::Register);
    let behind = |source: usize| Some((source, days_behind(table, source, study.reference.day)?));
    registers.filter_map(behind).filter(|(_, days)| *days > STALE_DAYS).collect()
}

/// The days from the newest entry to the reference day: by the last signs of life, where they say nothing by births,
/// else by deaths.
fn days_behind(table: &PersonTable, source: usize, reference: i32) -> Option<i32> {
    let records = || table.records(source).map(|record| record as usize);
    let seen: Vec<i32> = records().map(|record| table.last_seen[record]).filter(|day| *day != NO_DAY).collect();
    let slips = seen.len() / SEEN_PER_SLIP;
    let by_events = |date: &dyn Fn(usize) -> Date| {
        let days = records().map(date).filter(|date| date.has_month()).filter_map(Date::last_day).collect();
        newest_of(days, EVENTS_SLIPS).map(|newest| reference - newest).filter(|days| *days < EVENTS_DAYS_MAX)
    };
    newest_of(seen, slips)
        .map(|newest| reference - newest)
        .or_else(|| by_events(&|record| table.birth[record]))
        .or_else(|| by_events(&|record| table.death[record]))
}

/// The newest of days that come regularly, slips left out.
fn newest_of(mut days: Vec<i32>, slips: usize) -> Option<i32> {
    days.sort_unstable();
    let newest = *days.iter().rev().nth(slips)?;
    let of_a_year = days.iter().filter(|day| (newest - 365..=newest).contains(*day)).count();
    (of_a_year >= DATES_OF_A_YEAR_MIN).then_some(newest)
}

#[cfg(test)]
mod tests {
    use super::newest_of;

    #[test]
    fn a_register_ends_with_its_newest_date_slips_aside() {
        let days: Vec<i32> = (0..1000).map(|at| at * 10).collect();
        assert_eq!(newest_of(days.clone(), 0), Some(9990));
        assert_eq!(newest_of([days, vec![40_000; 3]].concat(), 3), Some(9990), "dates in the future are slips");
        // Of a few deeds the last may be old: none was to be expected since.
        let few: Vec<i32> = (0..500).map(|at| at * 40).collect();
        assert_eq!(newest_of(few, 3), None);
        assert_eq!(newest_of(vec![5; 11], 0), None);
    }
}
