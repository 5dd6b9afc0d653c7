//! Are a source's birth dates those inside the ID numbers beside them?
//!
//! Takes the records of a source, gives how many contradict, and by how many days most of these do. One day too early
//! they are moments in another time zone; where day and month are in another order no one difference is that of most.

use std::collections::BTreeMap;

use super::{ODD_SHARE, ROWS_MIN};
use crate::intake::study::{Field, Source};
use crate::person::table::{PersonTable, flag};

/// What birth dates say beside ID numbers.
#[derive(Debug, Default, PartialEq, Eq)]
struct Contradictions {
    /// Rows with a birth date and a number that tells one.
    both: u64,
    /// Those where they are not the same.
    rows: u64,
    /// The days by which most of these are later than the numbers say (before 0: earlier), if it is one difference.
    days: Option<i32>,
}

impl Contradictions {
    fn of(number: usize, table: &PersonTable) -> Contradictions {
        let mut found = Contradictions::default();
        let mut differences: BTreeMap<i32, u64> = BTreeMap::new();
        for record in table.records(number) {
            let at = record as usize;
            let (written, id, flags) = (table.birth[at], table.id_number[at], table.flags[at]);
            let inside = id.birth_date().filter(|_| id.is_valid() || id.is_tail_masked());
            let Some(inside) = inside.filter(|_| written.is_some() && flags & flag::BIRTH_FROM_ID == 0) else {
                continue;
            };
            found.both += 1;
            if flags & flag::BIRTH_CONFLICT == 0 {
                continue;
            }
            found.rows += 1;
            let days = written.first_day().zip(inside.first_day()).map(|(written, inside)| written - inside);
            // A birth after the reference time has given way to that of the number: how it was written is not known.
            if let Some(days) = days.filter(|days| written.has_day() && *days != 0) {
                *differences.entry(days).or_default() += 1;
            }
        }
        let commonest = differences.into_iter().max_by_key(|(_, rows)| *rows);
        found.days = commonest.filter(|(_, rows)| rows * 2 > found.rows).map(|(days, _)| days);
        found
    }
}

/// Warns where more than a quarter of the rows contradict: a few do in any register.
pub(super) fn warn(source: &Source, number: usize, table: &PersonTable) {
    let found = Contradictions::of(number, table);
    if found.both < ROWS_MIN || found.rows * ODD_SHARE <= found.both {
        return;
    }
    let column = source.columns_of(Field::BirthDate);
    let (source, rows, percent) = (&source.name, found.rows, found.rows * 100 / found.both);
    if let Some(days) = found.days {
        tracing::warn!(
            source,
            column,
            rows,
            percent,
            days,
            "birth dates contradict the ID numbers beside them, most by the same number of days: by one day where moments \
             were written in another time zone; ask the sender"
        );
    } else {
        tracing::warn!(
            source,
            column,
            rows,
            percent,
            "birth dates contradict the ID numbers beside them: `format` says in which order day and month are, if it is \
             not another column than the study says"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::Contradictions;
    use crate::person::practice::{HEAD, Practice, source};
    use crate::synthetic::identity::with_check;

    /// What is found where the number of row n says n % 28 + 1 March 1990, and the column what is given.
    fn found(written: impl Fn(u32) -> String) -> Contradictions {
        let row = |row: u32| {
            let number = with_check(&format!("999999199003{:02}{row:03}", row % 28 + 1));
            format!("{number},{}\n", written(row % 28 + 1))
        };
        let columns = &[("id_number", "i"), ("birth_date", "b")][..];
        let text = (0..56).map(row).fold(String::from("i,b\n"), |text, row| text + &row);
        let study = format!("{HEAD}{}", source("a", "register", false, columns));
        Contradictions::of(0, &Practice::of(&[("a.csv", &text)], &study).table())
    }

    #[test]
    fn a_day_too_early_is_told_from_day_and_month_exchanged() {
        assert_eq!(found(|day| format!("1990-03-{day:02}")), Contradictions { both: 56, rows: 0, days: None });
        assert_eq!(found(|_| String::new()), Contradictions::default(), "nothing was written");
        let early = found(|day| match day {
            1 => String::from("1990-02-28"),
            day => format!("1990-03-{:02}", day - 1),
        });
        assert_eq!(early, Contradictions { both: 56, rows: 56, days: Some(-1) });
        // Another column: all after the reference time, of which none stays.
        let later = found(|day| format!("2021-03-{day:02}"));
        assert_eq!(later, Contradictions { both: 56, rows: 56, days: None });
        // Month first, read as day first where it can be; of 3 March nobody can tell.
        let exchanged = found(|day| format!("03/{day:02}/1990"));
        assert_eq!((exchanged.both, exchanged.rows, exchanged.days), (56, 22, None));
    }
}
