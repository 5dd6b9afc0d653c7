//! How accurate are the defaults where the truth is known?
//!
//! Takes a folder of data sets, each a folder with its extracts and `truth.parquet` (the pairs of records that are one
//! person: `id_l`, `id_r` within the one file, `id_a`, `id_b` between two), drafts a study of each, runs it untouched
//! and prints the table of docs/accuracy.md. The data stay where they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::Accuracy;
use super::screen::{Table, count, show};
use crate::error::{Error, Result};
use crate::intake::{study, survey, truth};
use crate::outcome::files::{self, PersonRow};
use crate::outcome::quality::{self, Counts, Truth};
use crate::progress::Progress;
use crate::run::{self, Options};

/// Name of the table of true pairs.
const TRUTH: &str = "truth.parquet";

/// What the best of other systems reach on public data sets: the best F1 of any of their settings (a threshold chosen
/// with the truth, clusters, one to one), and precision and recall of Splink 5.0.0 at probability 0.5. Sources and
/// settings: docs/accuracy.md.
const PEERS: [(&str, f64, (f64, f64)); 5] = [
    ("febrl3", 0.9972, (0.9997, 0.9856)),
    ("febrl4", 0.9996, (1.0, 0.9982)),
    ("febrl_C10k", 0.9767, (0.9975, 0.8266)),
    ("fake_1000", 0.9160, (0.9985, 0.6741)),
    ("pseudo_census_w2", 0.9802, (0.8767, 0.9744)),
];

/// Runs every data set and prints the table.
pub(super) fn accuracy(asked: &Accuracy, progress: &dyn Progress) -> Result<ExitCode> {
    let mut table = Table::new(&[
        "data set",
        "records",
        "true pairs",
        "precision",
        "recall",
        "F1",
        "errors",
        "calibration error",
        "best peer F1",
        "Splink errors",
    ]);
    for folder in data_sets(&asked.folder)? {
        let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let (records, pairs, calibration) = judge(&folder, &asked.out.join(&name), progress)?;
        let peer = PEERS.iter().find(|(set, ..)| *set == name);
        let errors_of = |(precision, recall): (f64, f64)| {
            let right = recall * pairs.truth as f64;
            format!("{:.0}", right / precision - right + pairs.truth as f64 - right)
        };
        let dash = || String::from("-");
        let four = |share: Option<f64>| share.map_or_else(dash, |share| format!("{share:.4}"));
        table.row(vec![
            name,
            count(records),
            count(pairs.truth),
            four(pairs.precision()),
            four(pairs.recall()),
            four(pairs.f1()),
            count(pairs.truth + pairs.found - 2 * pairs.right),
            four(calibration),
            four(peer.map(|(_, best, _)| *best)),
            peer.map_or_else(dash, |(.., splink)| errors_of(*splink)),
        ]);
    }
    show(&table.text())?;
    Ok(ExitCode::SUCCESS)
}

/// The folders that hold a data set, by name.
fn data_sets(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |error: std::io::Error| Error::io(folder, &error);
    let mut sets = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.join(TRUTH).is_file() {
            sets.push(path);
        }
    }
    sets.sort();
    if sets.is_empty() {
        let error = Error::input("holds no data set: a folder with extracts and truth.parquet").at_file(folder);
        return Err(error.hint("name the folder that holds the folders of the data sets"));
    }
    Ok(sets)
}

/// Drafts, runs and judges one data set: records, pairs, calibration error.
fn judge(folder: &Path, out: &Path, progress: &dyn Progress) -> Result<(u64, Counts, Option<f64>)> {
    std::fs::create_dir_all(out).map_err(|error| Error::io(out, &error))?;
    let file = out.join("study.toml");
    std::fs::write(&file, survey::draft(folder, out)?.text).map_err(|error| Error::io(&file, &error))?;
    let results = out.join("results");
    run::run(&study::file::read(&file)?, &results, &Options::default(), progress)?;
    let persons = files::read_persons(&results)?;
    let mut sources: Vec<&str> = persons.iter().map(|row| row.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    let truth = read_truth(&folder.join(TRUTH), &persons, &sources)?;
    let mut links = files::read_links(&results)?;
    // A truth of pairs between two files does not know which records of one file are one person.
    links.retain(|link| (link.one.0 == link.other.0) == (sources.len() == 1));
    let quality = quality::evaluate(&persons, &links, &[], &truth);
    let counted = quality.by_sources.iter().filter(|pair| (pair.one == pair.other) == (sources.len() == 1));
    let pairs = quality::sum(counted.map(|pair| pair.pairs));
    Ok((persons.len() as u64, pairs, quality.calibration_error))
}

/// Who is who, from pairs: records that a chain of pairs connects are one person, all others persons of their own.
fn read_truth(path: &Path, persons: &[PersonRow], sources: &[&str]) -> Result<Truth> {
    let place: BTreeMap<(&str, &str), usize> =
        persons.iter().enumerate().map(|(at, row)| ((row.source.as_str(), row.record_id.as_str()), at)).collect();
    let mut root: Vec<usize> = (0..persons.len()).collect();
    let (first, last) = (sources.first().copied().unwrap_or(""), sources.last().copied().unwrap_or(""));
    for [one, other] in truth::pairs(path)? {
        let (one, other) = (place.get(&(first, one.as_str())), place.get(&(last, other.as_str())));
        if let (Some(one), Some(other)) = (one, other) {
            let (one, other) = (find(&mut root, *one), find(&mut root, *other));
            if let Some(above) = root.get_mut(one.max(other)) {
                *above = one.min(other);
            }
        }
    }
    let person =
        |(at, row): (usize, &PersonRow)| (row.source.clone(), row.record_id.clone(), find(&mut root, at).to_string());
    Ok(Truth { records: persons.iter().enumerate().map(person).collect(), ..Truth::default() })
}

fn find(root: &mut [usize], at: usize) -> usize {
    let mut at = at;
    while let Some(above) = root.get(at).copied().filter(|above| *above != at) {
        let next = root.get(above).copied().unwrap_or(above);
        if let Some(here) = root.get_mut(at) {
            *here = next;
        }
        at = above;
    }
    at
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;

    use super::{TRUTH, data_sets, judge};
    use crate::progress::Silent;

    fn write(path: &std::path::Path, columns: &[(&str, Vec<&str>)]) {
        let arrays =
            columns.iter().map(|(name, values)| (*name, Arc::new(StringArray::from(values.clone())) as ArrayRef));
        let batch = RecordBatch::try_from_iter(arrays).expect("batch");
        let file = std::fs::File::create(path).expect("file");
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("writer");
        writer.write(&batch).expect("written");
        writer.close().expect("closed");
    }

    #[test]
    fn a_data_set_is_run_and_judged_by_its_pairs() {
        let folder = tempfile::tempdir().expect("folder");
        let set = folder.path().join("small");
        std::fs::create_dir(&set).expect("set");
        let first = ["anna", "bertram", "cecilia", "dietrich", "eleonora", "friedrich"];
        let last = ["quist", "richardson", "sandoval", "thornbury", "underhill", "vasquez"];
        let born = ["1951-02-03", "1962-11-12", "1973-07-21", "1984-05-30", "1995-09-17", "1946-12-08"];
        let twice = |values: [&'static str; 6]| values.iter().chain(&values).copied().collect::<Vec<_>>();
        let ids = vec!["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
        write(
            &set.join("a.parquet"),
            &[("rec_id", ids), ("first_name", twice(first)), ("surname", twice(last)), ("dob", twice(born))],
        );
        let (one, other) = (vec!["0", "1", "2", "3", "4"], vec!["6", "7", "8", "9", "10"]);
        write(&set.join(TRUTH), &[("id_l", one), ("id_r", other)]);
        assert_eq!(data_sets(folder.path()).expect("sets"), std::slice::from_ref(&set));
        let out = tempfile::tempdir().expect("out");
        let (records, pairs, _) = judge(&set, out.path(), &Silent).expect("judged");
        assert_eq!((records, pairs.truth, pairs.found, pairs.right), (12, 5, 6, 5));
    }
}
