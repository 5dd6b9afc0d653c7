//! On the list of which area is a door?
//!
//! The rows that cases rest on may name two areas for one door, because an address or a code was miswritten. A door
//! that stands on two lists is called at twice: all its cases follow the area of most of them. Areas of other
//! communities are left alone:
//! there may be an estate of the same name.

use rustc_hash::FxHashMap;

use super::ReportInput;
use crate::outcome::coverage::Level;
use crate::outcome::discrepancy::Discrepancy;
use crate::person::table::Dwelling;

/// The cases that do not have the area of their door, by position, and that area.
pub(super) fn differing<'a>(input: &ReportInput<'a>) -> FxHashMap<usize, &'a str> {
    let place = |discrepancy: &'a Discrepancy| {
        let at = discrepancy.addressed_record as usize;
        let house =
            || Dwelling { estate: input.table.estate[at], building: input.table.building[at], unit: 0, room: 0 };
        let dwelling = input.table.dwelling(discrepancy.addressed_record);
        let dwelling = dwelling.or_else(|| discrepancy.at_house.then(house))?;
        let community = Level::Community.beginning(&discrepancy.area)?;
        community.bytes().all(|byte| byte.is_ascii_digit()).then_some((dwelling, community))
    };
    let mut by_door: FxHashMap<(Dwelling, &str), Vec<usize>> = FxHashMap::default();
    let discrepancies: &'a [Discrepancy] = &input.findings.discrepancies;
    for (at, discrepancy) in discrepancies.iter().enumerate() {
        if let Some(place) = place(discrepancy) {
            by_door.entry(place).or_default().push(at);
        }
    }
    let mut differing = FxHashMap::default();
    for cases in by_door.values() {
        let area = of_most(cases.iter().map(|at| discrepancies[*at].area.as_str()).collect());
        let others = cases.iter().filter(|at| discrepancies[**at].area != area);
        differing.extend(others.map(|at| (*at, area)));
    }
    differing
}

/// The commonest of these; of as common ones the finest, then the first.
fn of_most(mut areas: Vec<&str>) -> &str {
    areas.sort_unstable();
    let runs = areas.chunk_by(|a, b| a == b);
    // The last of those that are equal is taken by `max_by_key`, so from the end.
    runs.rev().max_by_key(|run| (run.len(), run[0].len())).map_or("", |run| run[0])
}

#[cfg(test)]
mod tests {
    use super::of_most;

    #[test]
    fn a_door_is_in_the_area_of_most_of_its_cases() {
        let of = |areas: &[&str]| of_most(areas.to_vec()).to_owned();
        assert_eq!(of(&["120106001001002", "120106001001001", "120106001001002"]), "120106001001002");
        assert_eq!(of(&["120106001001", "120106001001003"]), "120106001001003");
        assert_eq!(of(&["120106001001002", "120106001001001"]), "120106001001001");
    }
}
