//! Which fields whose names say nothing are parts of where a person lives?
//!
//! Takes the records, gives whether a field goes with a known part of the place: whoever shares a village shares its
//! postcode, whatever that is called. Only pairs of different names count, or a number of each person's own would go
//! with the place, too.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::intake::study::Field;
use crate::person::lexicon::Symbol;
use crate::person::table::{PersonTable, RecordId};

/// Who shares the one shares the other, but for so many. A judgement: with slips in every tenth value four in five do.
const SHARED_MIN: f64 = 0.8;
/// Pairs that share the one without being one person.
const PAIRS_MIN: f64 = 200.0;
/// A field of which a greater share of all pairs has one value is no place, but a religion or a language.
const BY_CHANCE_MAX: f64 = 0.25;
/// Records that are looked at.
const RECORDS: usize = 100_000;

/// Does this text field go with one of the `places`, the one as good as telling the other?
pub(super) fn goes_with(table: &PersonTable, field: usize, places: &[usize]) -> bool {
    if places.is_empty() {
        return false;
    }
    let given = table.text_fields.iter().position(|text| text.field == Field::GivenName);
    let who = |record: RecordId| given.map_or(table.name[record as usize], |given| table.texts.get(record, given));
    let records = 0..u32::try_from(table.len()).unwrap_or(u32::MAX);
    let records = || records.clone().step_by(table.len() / RECORDS + 1);
    places.iter().any(|place| {
        let values = |record: RecordId| (table.texts.get(record, field), table.texts.get(record, *place), who(record));
        let known: Vec<_> = records().map(values).filter(|(a, b, who)| *a != 0 && *b != 0 && *who != 0).collect();
        let turned: Vec<_> = known.iter().map(|(a, b, who)| (*b, *a, *who)).collect();
        tells(&known) || tells(&turned)
    })
}

/// Does the first value tell the second?
fn tells(values: &[(Symbol, Symbol, Symbol)]) -> bool {
    let first = pairs(values.iter().map(|(a, ..)| *a));
    let strangers = first - pairs(values.iter().map(|(a, _, who)| (*a, *who)));
    let both = pairs(values.iter().map(|(a, b, _)| (*a, *b))) - pairs(values.iter());
    let by_chance = pairs(values.iter().map(|(_, b, _)| *b)) / pairs(values.iter().map(|_| ())).max(1.0);
    strangers >= PAIRS_MIN && strangers >= first / 2.0 && by_chance <= BY_CHANCE_MAX && both >= SHARED_MIN * strangers
}

/// Pairs of equal values.
fn pairs<T: Eq + Hash>(values: impl Iterator<Item = T>) -> f64 {
    let mut counts: FxHashMap<T, u64> = FxHashMap::default();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    counts.values().map(|count| count * (count - 1) / 2).sum::<u64>() as f64
}

#[cfg(test)]
mod tests {
    use super::goes_with;
    use crate::person::practice::{HEAD, Practice, field, source};

    #[test]
    fn a_postcode_by_another_name_goes_with_its_village_and_a_number_of_ones_own_does_not() {
        let row = |at: usize| {
            // Each person twice; of twenty postcodes one is wrong.
            let (person, village) = (at / 2, at / 2 % 40);
            let pin = if at % 20 == 7 { at % 13 } else { village };
            format!("{at},name{person},v{village},p{pin},n{person},{}\n", person % 7)
        };
        let rows: String = (0..4000).map(row).collect();
        let columns = ["given_name", "village", "pin", "badge", "trade"].map(|name| (name, name));
        let declared: String = ["village", "pin", "badge", "trade"].iter().map(|name| field(name, "exact")).collect();
        let study = format!("{HEAD}{}{declared}", source("a", "roll", true, &columns));
        let practice = Practice::of(&[("a.csv", &format!("id,given_name,village,pin,badge,trade\n{rows}"))], &study);
        let table = practice.table();
        let at = |name: &str| {
            let is_it = |field: &crate::person::table::TextField| practice.study.field_name(field.field) == name;
            table.text_fields.iter().position(is_it).expect("declared")
        };
        let place = [at("village")];
        assert!(goes_with(&table, at("pin"), &place));
        assert!(!goes_with(&table, at("badge"), &place) && !goes_with(&table, at("trade"), &place));
        assert!(!goes_with(&table, at("pin"), &[]));
    }
}
