//! Do the rows that mean deaths have the dates of death?
//!
//! Takes the records of a source, gives an input error if others have the dates: kinds of rows were exchanged in the
//! study file, everybody alive would count as dead and hardly anybody could be missed. That deaths have none, and
//! nobody else either, is said: without their days nobody is found who died before the reference time.

use rayon::prelude::*;

use super::ROWS_MIN;
use crate::error::{Error, Result};
use crate::intake::study::{Field, Role, RowKind, Source};
use crate::person::table::{PersonTable, RecordId};

/// Rows with a date of death below which a kind of rows is not taken for deaths.
const DATES_MIN: u64 = 3;

/// Rows of a kind.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Rows {
    all: u64,
    dated: u64,
}

impl Rows {
    fn are_mostly_dated(self) -> bool {
        self.dated * 2 > self.all
    }
}

/// What there is to say of the rows that mean deaths.
#[derive(Debug, PartialEq, Eq)]
enum Finding {
    /// Other rows have the dates.
    Exchanged,
    /// So many have none.
    Undated(u64),
}

/// Stops where kinds of rows look exchanged; warns where most deaths are undated, or no column dates them.
pub(super) fn check(source: &Source, number: usize, table: &PersonTable) -> Result<()> {
    if source.binding(Field::DeathDate).is_none() {
        warn_of_unbound(source, number, table);
        return Ok(());
    }
    let column = source.columns_of(Field::DeathDate);
    match finding(number, table) {
        None => Ok(()),
        Some(Finding::Exchanged) => {
            let what = format!(
                "most rows of source `{}` that mean `death` have no date of death, and other rows have one",
                source.name
            );
            let hint = match &source.rows.column {
                Some(kinds) => format!(
                    "the values of column `{kinds}` under [source.rows] are most likely exchanged: give `death` those of \
                     the rows that have a date of death"
                ),
                None => String::from("look at [source.rows], and at which file was sent"),
            };
            Err(Error::input(what).at_column(column).hint(hint))
        }
        Some(Finding::Undated(rows)) => {
            tracing::warn!(
                source = source.name,
                column,
                rows,
                "most rows that mean deaths have no date of death: who died before the reference time is not found by \
                 them; ask the sender, or look at which values [source.rows] takes for deaths"
            );
            Ok(())
        }
    }
}

/// Without their days the list of those who died before the reference time is empty, as if there were none.
fn warn_of_unbound(source: &Source, number: usize, table: &PersonTable) {
    let is_death = |record: &RecordId| table.kind[*record as usize] == RowKind::Death;
    let rows = table.records(number).into_par_iter().filter(is_death).count() as u64;
    if rows > 0 && source.role == Role::Register {
        tracing::warn!(
            source = source.name,
            rows,
            "no column dates the deaths of these rows: who died before the reference time is not found; bind it to \
             death_date"
        );
    }
}

fn finding(number: usize, table: &PersonTable) -> Option<Finding> {
    let mut kinds = [Rows::default(); RowKind::ALL.len()];
    for record in table.records(number) {
        let at = record as usize;
        let rows = &mut kinds[table.kind[at] as usize];
        rows.all += 1;
        rows.dated += u64::from(table.death[at].is_some());
    }
    let deaths = std::mem::take(&mut kinds[RowKind::Death as usize]);
    if deaths.all < ROWS_MIN || deaths.dated * 2 >= deaths.all {
        return None;
    }
    // A few residents who have died since are no deaths of another kind.
    let dated = kinds.iter().map(|rows| rows.dated).sum::<u64>();
    let are_deaths = |rows: &Rows| rows.dated >= DATES_MIN && rows.are_mostly_dated();
    let have_others_the_dates = dated > deaths.dated && (dated >= ROWS_MIN || kinds.iter().any(are_deaths));
    Some(if have_others_the_dates { Finding::Exchanged } else { Finding::Undated(deaths.all - deaths.dated) })
}

#[cfg(test)]
mod tests {
    use super::{Finding, check, finding};
    use crate::error::Kind;
    use crate::person::practice::{HEAD, Practice, source};

    /// A register in which rows of each kind (all, dated) stand below each other, and births, which have no such date.
    fn register(deaths: (usize, usize), others: (usize, usize)) -> Practice {
        let rows = |kind: &str, (all, dated): (usize, usize)| -> String {
            let day = |row: usize| if row < dated { "2020-03-04" } else { "" };
            (0..all).map(|row| format!("王丽{row},{},{kind}\n", day(row))).collect()
        };
        let text = format!("n,d,k\n{}{}{}", rows("death", deaths), rows("here", others), rows("birth", (70, 0)));
        let columns = &[("name", "n"), ("death_date", "d")][..];
        let kinds = "[source.rows]\ncolumn = \"k\"\ndeath = [\"death\"]\nbirth = [\"birth\"]\n";
        Practice::of(&[("a.csv", &text)], &format!("{HEAD}{}{kinds}", source("a", "register", false, columns)))
    }

    #[test]
    fn deaths_whose_dates_others_have_are_none() {
        for (deaths, others, expected) in [
            ((60, 0), (30, 30), Some(Finding::Exchanged)),
            ((60, 0), (3, 3), Some(Finding::Exchanged)),
            ((60, 0), (2, 2), Some(Finding::Undated(60))),
            ((60, 10), (500, 30), Some(Finding::Exchanged)),
            // Nobody else has any, or a few who have died since.
            ((60, 10), (500, 0), Some(Finding::Undated(50))),
            ((60, 0), (500, 5), Some(Finding::Undated(60))),
            ((60, 25), (500, 25), Some(Finding::Undated(35))),
            // Half of them have one; too few to judge by.
            ((60, 30), (500, 60), None),
            ((19, 0), (30, 30), None),
        ] {
            assert_eq!(finding(0, &register(deaths, others).table()), expected, "{deaths:?} {others:?}");
        }
    }

    #[test]
    fn exchanged_kinds_stop_a_run_with_the_column_and_what_to_do() {
        let check = |practice: &Practice| check(&practice.study.sources[0], 0, &practice.table());
        let error = check(&register((60, 0), (30, 30))).unwrap_err();
        let text = error.to_string();
        assert_eq!((error.kind(), error.place().column.as_deref()), (Kind::Input, Some("d")));
        for said in ["source `a`", "mean `death`", "column `k` under [source.rows]"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(check(&register((60, 10), (500, 0))).is_ok());
    }
}
