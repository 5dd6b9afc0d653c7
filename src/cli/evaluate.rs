//! How good was the run, against a truth table?
//!
//! Precision, recall and F1 of the pairs that `persons.parquet` implies: all pairs, and the pairs of a roll row with a
//! register record. Counted by group sizes, so a city is no harder than a village.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use rustc_hash::FxHashMap;

use crate::audit::manifest::Manifest;
use crate::error::{Error, Result};
use crate::intake::study;
use crate::outcome::files;
use crate::synthetic;

/// Pairs: true, implied by the run, and both.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Pairs {
    truth: u64,
    found: u64,
    both: u64,
}

impl Pairs {
    fn line(&self, name: &str) -> String {
        let share = |of: u64| if of == 0 { 1.0 } else { self.both as f64 / of as f64 };
        let f1 = 2.0 * self.both as f64 / (self.truth + self.found).max(1) as f64;
        format!(
            "{name:<26}{:>10}{:>10}{:>11.5}{:>11.5}{f1:>11.5}\n",
            self.truth,
            self.found,
            share(self.found),
            share(self.truth)
        )
    }
}

/// Counts of records by source within a group.
type Group = BTreeMap<usize, u64>;

fn pairs(group: &Group) -> u64 {
    let total: u64 = group.values().sum();
    total * total.saturating_sub(1) / 2
}

fn pairs_with_roll(group: &Group, roll: usize) -> u64 {
    let on_roll = group.get(&roll).copied().unwrap_or(0);
    on_roll * (group.values().sum::<u64>() - on_roll)
}

/// Compares a run's folder with a truth table; gives the table to print.
pub(super) fn evaluate(run: &Path, truth: &Path) -> Result<String> {
    let manifest = Manifest::read(run)?;
    let roll = study::file::read(&manifest.study.file)
        .ok()
        .and_then(|study| Some(study.sources.get(study.roll()?)?.name.clone()));
    let mut sources: FxHashMap<String, usize> = FxHashMap::default();
    let mut number = |name: &str| {
        let next = sources.len();
        *sources.entry(name.to_owned()).or_insert(next)
    };
    let roll = number(roll.as_deref().unwrap_or("roll"));
    let mut people: FxHashMap<String, u64> = FxHashMap::default();
    let mut true_person: FxHashMap<(usize, String), u64> = FxHashMap::default();
    for (source, record, person) in synthetic::read_truth(truth)? {
        let next = people.len() as u64;
        let person = *people.entry(person).or_insert(next);
        true_person.insert((number(&source), record), person);
    }
    let mut by_truth: FxHashMap<u64, Group> = FxHashMap::default();
    let mut by_run: FxHashMap<u64, Group> = FxHashMap::default();
    let mut by_both: FxHashMap<(u64, u64), Group> = FxHashMap::default();
    let mut judged = 0u64;
    for row in files::read_persons(run)? {
        let source = number(&row.source);
        let Some(&person) = true_person.get(&(source, row.record_id)) else { continue };
        judged += 1;
        for group in [
            by_truth.entry(person).or_default(),
            by_run.entry(row.person).or_default(),
            by_both.entry((person, row.person)).or_default(),
        ] {
            *group.entry(source).or_default() += 1;
        }
    }
    if judged == 0 {
        return Err(Error::input("no record of the run is in the truth table").at_file(truth));
    }
    let total = |count: &dyn Fn(&Group) -> u64| Pairs {
        truth: by_truth.values().map(count).sum(),
        found: by_run.values().map(count).sum(),
        both: by_both.values().map(count).sum(),
    };
    let mut text = format!(
        "{:<26}{:>10}{:>10}{:>11}{:>11}{:>11}\n",
        "against the truth", "true", "found", "precision", "recall", "F1"
    );
    text += &total(&|group| pairs_with_roll(group, roll)).line("links register-roll");
    text += &total(&pairs).line("persons, pairwise");
    let _ = writeln!(text, "records judged: {judged}");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{Group, Pairs, pairs, pairs_with_roll};

    #[test]
    fn pairs_are_counted_by_group_sizes() {
        let group: Group = [(0, 2), (1, 1), (2, 3)].into_iter().collect();
        assert_eq!((pairs(&group), pairs_with_roll(&group, 0)), (15, 8));
    }

    #[test]
    fn shares_are_of_the_right_whole() {
        let line = Pairs { truth: 10, found: 8, both: 6 }.line("x");
        assert!(line.contains("0.75000") && line.contains("0.60000") && line.contains("0.66667"));
    }
}
