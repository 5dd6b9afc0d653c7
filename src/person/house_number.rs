//! Which estate has this number of the road?
//!
//! 望河路93号2栋2门301室 and 晨光里2栋2门301室 may be one dwelling: some write the road and the number, some the
//! estate. Takes the table, gives numbers of a road the estate that others name for the same persons in the same
//! building, unit and room.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::address::ROAD_ENDINGS;
use super::id_number::IdNumber;
use super::lexicon::Symbol;
use super::table::PersonTable;

/// So many records must name the estate, and this share of all that name one for this number.
const VOTES_MIN: u32 = 2;
const SHARE_MIN: f64 = 0.8;

/// A person's dwelling within an estate.
type Door = (IdNumber, (u16, u16, u16));

/// Gives house numbers of roads their estates.
pub(super) fn resolve(table: &mut PersonTable) {
    let symbols = 0..u32::try_from(table.estates.len()).unwrap_or(u32::MAX);
    let numbered: Vec<bool> = symbols.map(|symbol| is_numbered(table.estates.text(symbol))).collect();
    if !numbered.contains(&true) {
        return;
    }
    let door = |at: usize| -> Option<Door> {
        let (id, room) = (table.id_number[at], table.room[at]);
        (id.is_valid() && room != 0).then(|| (id, (table.building[at], table.unit[at], room)))
    };
    let mut asked: FxHashMap<Door, Vec<Symbol>> = FxHashMap::default();
    for at in (0..table.len()).filter(|at| numbered[table.estate[*at] as usize]) {
        if let Some(door) = door(at) {
            asked.entry(door).or_default().push(table.estate[at]);
        }
    }
    type Votes = FxHashMap<Symbol, FxHashMap<Symbol, u32>>;
    let count = |mut votes: Votes, at: usize| {
        let estate = table.estate[at];
        if estate != 0 && !numbered[estate as usize] {
            for number in door(at).and_then(|door| asked.get(&door)).into_iter().flatten() {
                *votes.entry(*number).or_default().entry(estate).or_default() += 1;
            }
        }
        votes
    };
    let both = |mut all: Votes, more: Votes| {
        for (number, estates) in more {
            let known = all.entry(number).or_default();
            estates.into_iter().for_each(|(estate, count)| *known.entry(estate).or_default() += count);
        }
        all
    };
    let votes = (0..table.len()).into_par_iter().fold(Votes::default, count).reduce(Votes::default, both);
    let chosen = |estates: FxHashMap<Symbol, u32>| {
        let all: u32 = estates.values().sum();
        let is_clear = |count: u32| count >= VOTES_MIN && f64::from(count) >= SHARE_MIN * f64::from(all);
        estates.into_iter().find(|(_, count)| is_clear(*count)).map(|(estate, _)| estate)
    };
    let known: FxHashMap<Symbol, Symbol> =
        votes.into_iter().filter_map(|(number, estates)| Some((number, chosen(estates)?))).collect();
    table.estate.translate(|estate| known.get(&estate).copied().unwrap_or(estate));
}

/// Is it a number of a road: of a house, a lane or a compound?
fn is_numbered(estate: &str) -> bool {
    let number = ["号院", "号", "弄"].into_iter().find_map(|ending| estate.strip_suffix(ending)).unwrap_or_default();
    let road = number.trim_end_matches(|c: char| c.is_ascii_digit());
    road.len() < number.len() && road.ends_with(ROAD_ENDINGS)
}

#[cfg(test)]
mod tests {
    use super::is_numbered;
    use crate::person::practice::{HEAD, Practice, source};

    #[test]
    fn houses_lanes_and_compounds_are_numbers_of_a_road() {
        assert!(["望河路93号", "望河路163弄", "望河路93号院"].into_iter().all(is_numbered));
        assert!(
            ["晨光里", "望河路", "望河路号", "望河路93号5号院", "望河路88弄5支弄"]
                .into_iter()
                .all(|estate| !is_numbered(estate))
        );
    }

    #[test]
    fn a_number_of_a_road_is_the_estate_that_others_name() {
        let ids = ["999999199003070012", "999999199003070020", "999999199003070039"];
        let rows = |addresses: [&str; 3]| {
            let rows = ids.iter().zip(addresses).map(|(id, address)| format!("某人,{id},{address}\n"));
            format!("name,id,address\n{}", rows.collect::<String>())
        };
        let roll = rows(["晨光里2栋2门301室", "晨光里2栋1门101室", "新园里5栋1门101室"]);
        let register = rows(["望河路93号2栋2门301室", "望河路93号2栋1门101室", "望河路95号5栋1门101室"]);
        let columns = [("name", "name"), ("id_number", "id"), ("address", "address")];
        let source = |name: &str, role: &str| source(name, role, false, &columns);
        let study = format!("{HEAD}{}{}", source("roll", "roll"), source("register", "register"));
        let table = Practice::of(&[("roll.csv", &roll), ("register.csv", &register)], &study).table();
        let estates: Vec<&str> = (0..6).map(|at| table.estates.text(table.estate[at])).collect();
        let expected = ["晨光里", "晨光里", "新园里", "晨光里", "晨光里", "望河路95号"];
        assert!(table.id_number.iter().all(|id| id.is_valid()));
        assert_eq!(estates, expected, "one record is not enough");
    }
}
