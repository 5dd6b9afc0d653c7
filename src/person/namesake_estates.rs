//! Which estates only share a name?
//!
//! A city has a 阳光花园 in most of its districts. Takes the table, gives the records of an estate that lies in several
//! counties one estate for each: by their division codes, unless the same persons have codes of several counties there,
//! whose codes then say something else than where the estate is.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::lexicon::Symbol;
use super::table::PersonTable;

/// A county has an estate of the name if so many of its records say so, and this share of all.
const RECORDS_MIN: u32 = 20;
const SHARE_MIN: f64 = 0.05;

/// If of the persons with several records at an estate a greater share has codes of several counties, it is one estate.
const MIXED_MAX: f64 = 0.02;

/// Digits of a county's code.
const COUNTY_DIGITS: usize = 6;

/// Records by estate and county.
type Counts = FxHashMap<(Symbol, u32), u32>;

/// Gives estates of one name in several counties a symbol each. The county with most records keeps the old one, and so
/// do records of which no county, or one without such an estate, is known.
pub(super) fn tell_apart(table: &mut PersonTable) {
    let symbols = 0..u32::try_from(table.divisions.len()).unwrap_or(u32::MAX);
    let county_of_code = |symbol: Symbol| -> u32 {
        let county = table.divisions.text(symbol).get(..COUNTY_DIGITS);
        county.and_then(|county| county.parse().ok()).unwrap_or(0)
    };
    let counties: Vec<u32> = symbols.map(county_of_code).collect();
    let mut known: Vec<u32> = counties.iter().copied().filter(|county| *county != 0).collect();
    known.sort_unstable();
    known.dedup();
    if known.len() < 2 {
        return;
    }
    let county = |table: &PersonTable, at: usize| counties[table.division[at] as usize];
    let count = |mut counts: Counts, at: usize| {
        let (estate, county) = (table.estate[at], county(table, at));
        if estate != 0 && county != 0 {
            *counts.entry((estate, county)).or_default() += 1;
        }
        counts
    };
    let both = |mut all: Counts, more: Counts| {
        more.into_iter().for_each(|(key, count)| *all.entry(key).or_default() += count);
        all
    };
    let counts = (0..table.len()).into_par_iter().fold(Counts::default, count).reduce(Counts::default, both);
    let mut namesakes = in_several(counts);
    for estate in mixed(table, &namesakes, &|at| county(table, at)) {
        namesakes.remove(&estate);
    }
    let mut estates: Vec<(Symbol, Vec<u32>)> = namesakes.into_iter().collect();
    estates.sort_unstable();
    let mut own: FxHashMap<(Symbol, u32), Symbol> = FxHashMap::default();
    for (estate, others) in estates {
        for county in others {
            let name = format!("{}（{county}）", table.estates.text(estate));
            own.insert((estate, county), table.estates.intern(&name));
        }
    }
    if own.is_empty() {
        return;
    }
    for at in 0..table.len() {
        if let Some(estate) = own.get(&(table.estate[at], county(table, at))) {
            table.estate.set(at, *estate);
        }
    }
}

/// The estates that several counties have, with those counties but the one of most records.
fn in_several(counts: Counts) -> FxHashMap<Symbol, Vec<u32>> {
    let mut by_estate: FxHashMap<Symbol, Vec<(u32, u32)>> = FxHashMap::default();
    for ((estate, county), count) in counts {
        by_estate.entry(estate).or_default().push((count, county));
    }
    let others = |(estate, mut counties): (Symbol, Vec<(u32, u32)>)| {
        let all: u32 = counties.iter().map(|(count, _)| count).sum();
        counties.retain(|(count, _)| *count >= RECORDS_MIN && f64::from(*count) >= SHARE_MIN * f64::from(all));
        counties.sort_unstable_by_key(|(count, county)| (std::cmp::Reverse(*count), *county));
        (counties.len() > 1).then(|| (estate, counties[1..].iter().map(|(_, county)| *county).collect()))
    };
    by_estate.into_iter().filter_map(others).collect()
}

/// The estates at which the same persons have codes of several counties.
fn mixed(
    table: &PersonTable,
    namesakes: &FxHashMap<Symbol, Vec<u32>>,
    county: &(dyn Fn(usize) -> u32 + Sync),
) -> Vec<Symbol> {
    let known = |at: usize| {
        let (estate, number, county) = (table.estate[at], table.id_number[at], county(at));
        let is_known = number.is_valid() && county != 0 && namesakes.contains_key(&estate);
        is_known.then(|| (estate, number.packed(), county))
    };
    let mut known: Vec<(Symbol, u64, u32)> = (0..table.len()).into_par_iter().filter_map(known).collect();
    known.par_sort_unstable();
    let is_mixed = |of_estate: &&[(Symbol, u64, u32)]| {
        let persons = of_estate.chunk_by(|one, other| one.1 == other.1).filter(|records| records.len() > 1);
        let is_in_several = |records: &&[(Symbol, u64, u32)]| records[0].2 != records[records.len() - 1].2;
        let (several, mixed) = (persons.clone().count(), persons.filter(is_in_several).count());
        mixed as f64 > MIXED_MAX * several as f64
    };
    known.chunk_by(|one, other| one.0 == other.0).filter(is_mixed).map(|of_estate| of_estate[0].0).collect()
}

#[cfg(test)]
mod tests {
    use crate::person::practice::{HEAD, Practice, source};
    use crate::synthetic::identity::with_check;

    /// The estates of the records of two registers, in which every person has this code in the one and that in the
    /// other.
    fn estates(codes: impl Fn(u32) -> [&'static str; 2]) -> Vec<String> {
        let sources = ["police", "health"];
        let rows = |at: usize| {
            let row = |person: u32| {
                let number = with_check(&format!("9999991980010{}{:03}", person % 10 / 5 + 1, person + 11));
                let source = sources[at];
                format!("{source}{person},{number},阳光花园{}号楼1单元101室,{}\n", person % 30 + 1, codes(person)[at])
            };
            format!("id,number,address,code\n{}", (0..60).map(row).collect::<String>())
        };
        let columns = [("id_number", "number"), ("address", "address"), ("division", "code")];
        let study = sources.map(|name| source(name, "register", true, &columns)).concat();
        let files = [("police.csv", &*rows(0)), ("health.csv", &*rows(1))];
        let table = Practice::of(&files, &format!("{HEAD}{study}")).table();
        assert_eq!(table.len(), 120);
        (0..table.len()).map(|at| table.estates.text(table.estate[at]).to_owned()).collect()
    }

    #[test]
    fn estates_of_one_name_in_two_districts_are_two() {
        const CODES: [&str; 2] = ["120106001001", "120104002002"];
        let found = estates(|person| [CODES[usize::from(person >= 35)]; 2]);
        assert_ne!(found[0], found[40]);
        assert_eq!((&found[0], &found[40]), (&found[60], &found[100]));
        // Codes that differ for the same persons do not say where the estate is; a few wrong ones neither.
        let found = estates(|person| [CODES[usize::from(person % 2 == 0)], CODES[usize::from(person % 3 == 0)]]);
        assert!(found.iter().all(|estate| *estate == found[0]));
        let found = estates(|person| [CODES[usize::from(person < 3)]; 2]);
        assert!(found.iter().all(|estate| *estate == found[0]));
    }
}
