//! Does any list say who has died?
//!
//! Takes study and table, gives a warning with the share of old persons in registers where none does. Whoever died and
//! was not struck off looks like an old resident whom the roll missed, with signs of life as fresh as theirs until
//! then: only a record of the death tells them apart.

use super::warning::{Warning, WarningKind};
use crate::intake::study::{Role, RowKind, Study};
use crate::person::table::PersonTable;

/// Fewer records in registers than this may hold nobody who has died.
const RECORDS_MIN: usize = 1_000;

/// From this age on a person is old: of those, most who die.
const OLD: i32 = 65;

/// Says, in the log, too, that there are no deaths.
pub(super) fn warning(study: &Study, table: &PersonTable) -> Option<Warning> {
    let share = share_of_old(study, table)?;
    tracing::warn!("no list says who has died: too many old persons are expected to be missed");
    Some(Warning { kind: WarningKind::NoDeaths, share, detail: String::new() })
}

/// The share that old persons have of the records in registers, if no record of any list has a death.
fn share_of_old(study: &Study, table: &PersonTable) -> Option<f64> {
    let is_death = |at: usize| table.death[at].is_some() || table.kind[at] == RowKind::Death;
    if (0..table.len()).any(is_death) {
        return None;
    }
    let registers = (0..study.sources.len()).filter(|source| study.sources[*source].role == Role::Register);
    let is_old = |record: u32| table.birth[record as usize].age_on(study.reference.day).is_some_and(|age| age >= OLD);
    let count = |(records, old), record| (records + 1, old + usize::from(is_old(record)));
    let (records, old) = registers.flat_map(|source| table.records(source)).fold((0, 0), count);
    (records >= RECORDS_MIN && old > 0).then(|| old as f64 / records as f64)
}

#[cfg(test)]
mod tests {
    use super::{RECORDS_MIN, share_of_old};
    use crate::person::practice::Practice;

    #[test]
    fn one_death_is_enough_for_there_to_be_deaths() {
        let share = |rows: usize, died: &str| {
            let row = |at: usize| {
                format!("王丽,{}-03-04,{}\n", if at < 100 { 1940 } else { 1980 }, if at == 7 { died } else { "" })
            };
            let text: String = std::iter::once(String::from("n,b,d\n")).chain((0..rows).map(row)).collect();
            let study = "[study]\nname = \"s\"\nreference_time = \"2020-11-01T00:00:00+08:00\"\n[[source]]\nname = \"a\"\n\
                         role = \"register\"\npath = \"a.csv\"\n[source.columns]\nname = \"n\"\nbirth_date = \"b\"\n\
                         death_date = \"d\"\n";
            let practice = Practice::of(&[("a.csv", &text)], study);
            share_of_old(&practice.study, &practice.standardised().table)
        };
        assert_eq!(share(RECORDS_MIN, ""), Some(0.1));
        assert_eq!(share(RECORDS_MIN, "2020-01-02"), None);
        assert_eq!(share(RECORDS_MIN - 1, ""), None);
    }
}
