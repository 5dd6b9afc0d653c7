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

/// Is it a number of a road?
fn is_numbered(estate: &str) -> bool {
    let Some(road) = estate.strip_suffix('号').map(|text| text.trim_end_matches(|c: char| c.is_ascii_digit())) else {
        return false;
    };
    road.len() + '号'.len_utf8() < estate.len() && road.ends_with(ROAD_ENDINGS)
}

#[cfg(test)]
mod tests {
    use crate::intake::{extract, study};
    use crate::person;
    use crate::progress::Silent;

    #[test]
    fn a_number_of_a_road_is_the_estate_that_others_name() {
        let folder = tempfile::tempdir().unwrap();
        let ids = ["999999199003070012", "999999199003070020", "999999199003070039"];
        let rows = |addresses: [&str; 3]| {
            let rows = ids.iter().zip(addresses).map(|(id, address)| format!("某人,{id},{address}\n"));
            format!("name,id,address\n{}", rows.collect::<String>())
        };
        let put = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        put("roll.csv", rows(["晨光里2栋2门301室", "晨光里2栋1门101室", "新园里5栋1门101室"]));
        put("register.csv", rows(["望河路93号2栋2门301室", "望河路93号2栋1门101室", "望河路95号5栋1门101室"]));
        let source = |name: &str, role: &str| {
            format!(
                "[[source]]\nname = \"{name}\"\nrole = \"{role}\"\npath = \"{name}.csv\"\n[source.columns]\nname = \"name\"\nid_number = \"id\"\naddress = \"address\"\n"
            )
        };
        put(
            "study.toml",
            format!("[study]\nname = \"s\"\n{}{}", source("roll", "roll"), source("register", "register")),
        );
        let study = study::file::read(&folder.path().join("study.toml")).unwrap();
        let extracts: Vec<_> = (0..2).map(|source| extract::open(&study, source).unwrap()).collect();
        let table = person::standardise(&study, &extracts, &Silent).unwrap().table;
        let estates: Vec<&str> = (0..6).map(|at| table.estates.text(table.estate[at])).collect();
        let expected = ["晨光里", "晨光里", "新园里", "晨光里", "晨光里", "望河路95号"];
        assert!(table.id_number.iter().all(|id| id.is_valid()));
        assert_eq!(estates, expected, "one record is not enough");
    }
}
