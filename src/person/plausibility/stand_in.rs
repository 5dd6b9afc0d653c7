//! Does one text stand for an empty cell?
//!
//! Takes a column of which most cells cannot be read, says whether nearly all of these have one text, beside others
//! that can be read: 未死亡, where somebody is alive. Of a column that is shifted against its header, hardly a cell can
//! be read, or those that cannot are of all sorts. The text itself is not shown: it may be a value.

use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::intake::extract::{Chunk, Extract};
use crate::intake::study::{Field, Study};
use crate::person::cell::BoundField;
use crate::person::id_number::{self, Fault};

/// Share of the cells that cannot be read which must have one text.
const SHARE_MIN: f64 = 0.95;

/// Most different texts that are counted: one that nearly all cells have is among the first.
const TEXTS_MAX: usize = 1_000;

/// How the cells of a column can be read.
#[derive(Default)]
struct Cells {
    readable: u64,
    unreadable: u64,
    by_text: FxHashMap<String, u64>,
}

/// Is there such a text among the cells of a field of which this was noted? If so, that is said, and they count as
/// empty. The source is read once more: only what would be refused otherwise comes here.
///
/// # Errors
/// Only what the reader says of a file that cannot be used.
pub(super) fn is_one(study: &Study, extract: &Extract, note: &str, field: Field) -> Result<bool> {
    // Numbers that a spreadsheet has rounded are one text as well, and each was another.
    if note.ends_with("float_damage") {
        return Ok(false);
    }
    let Some(source) = study.sources.get(extract.source) else { return Ok(false) };
    let Some(binding) = source.binding(field) else { return Ok(false) };
    let bound = BoundField::new(study, binding, &extract.columns);
    let mut cells = Cells::default();
    for at in 0..extract.chunk_count() {
        let chunk = extract.read(study, at)?;
        (0..chunk.rows).for_each(|row| cells.add(&bound, &chunk, row));
    }
    let rows = cells.of_one_text();
    let others = cells.unreadable - rows;
    let is_one = rows as f64 >= SHARE_MIN * cells.unreadable as f64 && cells.readable > others;
    if is_one {
        tracing::warn!(
            source = source.name,
            column = binding.columns.join(", "),
            rows,
            share = format!("{:.3}", rows as f64 / (cells.readable + cells.unreadable) as f64),
            "cells of this column that cannot be read have one text, and count as empty: ask the sender whether it \
             stands for that"
        );
    }
    Ok(is_one)
}

impl Cells {
    fn add(&mut self, bound: &BoundField<'_>, chunk: &Chunk, row: usize) {
        let text = bound.text(chunk, row);
        let is_readable = match bound.field() {
            Field::IdNumber => text.as_ref().and_then(|text| match id_number::read(text) {
                (_, Fault::Words) => Some(false),
                (id, _) => id.is_some().then_some(true),
            }),
            _ => bound.date(chunk, row).map(|date| date.is_ok()),
        };
        match is_readable {
            Some(true) => self.readable += 1,
            Some(false) => {
                self.unreadable += 1;
                let text = text.as_deref().unwrap_or_default();
                if let Some(count) = self.by_text.get_mut(text) {
                    *count += 1;
                } else if self.by_text.len() < TEXTS_MAX {
                    self.by_text.insert(text.to_owned(), 1);
                }
            }
            None => {}
        }
    }

    /// Cells that have the most frequent text.
    fn of_one_text(&self) -> u64 {
        self.by_text.values().copied().max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::person::plausibility::check;
    use crate::person::practice::{HEAD, Practice, source};

    /// What a run says of a register whose cells are these, of `others` rows and of as many as say something else.
    fn said_of(field: &str, cells: [&dyn Fn(usize) -> String; 2]) -> Result<u64, String> {
        let columns = source("a", "register", false, &[("name", "n"), (field, "c")]);
        let study = format!("{HEAD}reference_time = \"2020-11-01T00:00:00+08:00\"\n{columns}");
        let row = |at: usize| format!("王丽{at},{}\n", cells[usize::from(at.is_multiple_of(5))](at));
        let text = (0..200).map(row).fold(String::from("n,c\n"), |text, row| text + &row);
        let practice = Practice::of(&[("a.csv", &text)], &study);
        let found = practice.standardised();
        let noted =
            found.tallies[0].noted.iter().filter(|(what, _)| what.starts_with(field) || what.ends_with("ahead"));
        let noted = noted.map(|(_, rows)| rows).sum();
        check(&practice.study, &practice.extracts, &found).map(|()| noted).map_err(|error| error.to_string())
    }

    #[test]
    fn one_text_beside_others_that_can_be_read_stands_for_nothing() {
        let day = |at: usize| format!("20{:02}-0{}-1{}", at % 20, at % 9 + 1, at % 10);
        let no_day = |_: usize| String::from("红桥未办");
        let kind = |_: usize| String::from("居民健康档案");
        let number = |at: usize| format!("1101011950030400{}", at % 89 + 10);
        let refused = |field: &str, cells| said_of(field, cells).unwrap_err().contains("most cells of this column");
        for field in ["death_date", "last_seen", "birth_date"] {
            assert_eq!(said_of(field, [&no_day, &day]), Ok(160), "they are still counted: {field}");
            // Shifted columns: of all sorts, or no day at all.
            assert!(refused(field, [&|at| format!("光明里{at}号"), &day]), "{field}");
            assert!(refused(field, [&|at| String::from(["甲", "乙"][at % 2]), &day]), "{field}");
            assert!(refused(field, [&kind, &kind]), "{field}");
        }
        assert!(said_of("id_number", [&no_day, &number]).is_ok());
        assert!(refused("id_number", [&|at| format!("光明里{}", ["甲", "乙"][at % 2]), &number]));
        let rounded = said_of("id_number", [&|_| String::from("1.20106E+17"), &number]);
        assert!(rounded.unwrap_err().contains("rounded"), "each was another number");
    }

    #[test]
    fn a_day_decades_ahead_is_no_death_and_no_sign_of_life() {
        for (field, cell, noted) in [
            ("death_date", "2099-12-31", 160),
            ("last_seen", "2199-12-31", 160),
            ("death_date", "2030-12-31", 0),
            ("death_date", "9999-12-31", 0),
            ("death_date", "0000-00-00 00:00:00", 0),
            ("last_seen", "NULL", 0),
            ("birth_date", "0", 0),
        ] {
            assert_eq!(said_of(field, [&|_| String::from(cell), &|_| String::from("2019-05-06")]), Ok(noted), "{cell}");
        }
    }
}
