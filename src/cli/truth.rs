//! What does the truth say of persons?
//!
//! Reads a table of true persons (Parquet: `person` or `uid`, `resident`, `enumerated`), and puts the truth of a run
//! together.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::args::Evaluate;
use rustc_hash::FxHashSet;

use crate::audit::manifest::Manifest;
use crate::casework::campaign;
use crate::error::{Error, Result};
use crate::intake::study::{self, Study};
use crate::outcome::quality::{TruePerson, Truth};
use crate::synthetic;

/// The truth that a run is to be held against.
pub(super) fn read(asked: &Evaluate, manifest: &Manifest) -> Result<Truth> {
    let beside = asked.truth.with_file_name(synthetic::PERSONS_FILE);
    let persons: Option<PathBuf> = asked.truth_persons.clone().or_else(|| beside.is_file().then_some(beside));
    Ok(Truth {
        records: synthetic::read_truth(&asked.truth)?,
        persons: persons.map(|path| read_persons(&path)).transpose()?,
        roll: roll(manifest),
    })
}

/// Digests of the records of persons who were truly missed, from the truth of a synthetic district.
pub(super) fn missed_records(district: &Path) -> Result<BTreeSet<String>> {
    let persons = read_persons(&district.join(synthetic::PERSONS_FILE))?;
    let missed: FxHashSet<&str> = persons
        .iter()
        .filter(|person| person.resident && !person.enumerated)
        .map(|person| person.person.as_str())
        .collect();
    let records = synthetic::read_truth(&district.join(synthetic::RECORDS_FILE))?;
    let of_missed = records.iter().filter(|record| missed.contains(record.2.as_str()));
    Ok(campaign::missed_records(of_missed.map(|record| (record.0.as_str(), record.1.as_str()))))
}

/// The study of a run, where it was; nothing if it is there no more or has changed.
pub(super) fn study_of(manifest: &Manifest) -> Option<Study> {
    study::file::read(&manifest.study.file).ok().filter(|study| study.digest == manifest.study.digest)
}

/// The roll by the study; without the study, the source that is called so.
fn roll(manifest: &Manifest) -> Option<String> {
    match study_of(manifest) {
        Some(study) => study.roll().and_then(|at| study.sources.get(at)).map(|source| source.name.clone()),
        None => manifest.sources.iter().map(|source| &source.source).find(|name| *name == "roll").cloned(),
    }
}

pub(super) fn read_persons(path: &Path) -> Result<Vec<TruePerson>> {
    let unreadable = || Error::input("is not a Parquet file that can be read").at_file(path);
    let file = File::open(path).map_err(|error| Error::io(path, &error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|_| unreadable())?;
    let mut persons = Vec::new();
    for batch in builder.build().map_err(|_| unreadable())? {
        let batch = batch.map_err(|_| unreadable())?;
        append(path, &batch, &mut persons)?;
    }
    Ok(persons)
}

fn append(path: &Path, batch: &RecordBatch, persons: &mut Vec<TruePerson>) -> Result<()> {
    let column = |names: &[&str], form: &DataType| -> Result<ArrayRef> {
        let found = names.iter().find_map(|name| batch.column_by_name(name));
        let what = format!("a table of true persons needs a column `{}`", names.join("` or `"));
        let found = found.ok_or_else(|| Error::input(what).at_file(path))?;
        cast(found, form)
            .map_err(|_| Error::input("is of a type that does not fit").at_file(path).at_column(names.join("/")))
    };
    let person = column(&["person", "uid"], &DataType::Utf8)?;
    let resident = column(&["resident"], &DataType::Boolean)?;
    let enumerated = column(&["enumerated"], &DataType::Boolean)?;
    let (person, resident, enumerated) = (person.as_string::<i32>(), resident.as_boolean(), enumerated.as_boolean());
    for row in 0..batch.num_rows() {
        if person.is_null(row) {
            return Err(Error::input("a true person needs a number").at_file(path).at_row(persons.len() as u64 + 1));
        }
        let says = |column: &arrow::array::BooleanArray| !column.is_null(row) && column.value(row);
        let (resident, enumerated) = (says(resident), says(enumerated));
        persons.push(TruePerson { person: person.value(row).to_owned(), resident, enumerated });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::read_persons;
    use crate::progress::Silent;
    use crate::synthetic::{PERSONS_FILE, Plan, write_district};

    #[test]
    fn the_missed_of_a_district_are_read() {
        let folder = tempfile::tempdir().expect("folder");
        let plan = Plan { persons: 400, seed: 5, errors: 1.0, uneven: 0.0, progress: &Silent };
        let made = write_district(folder.path(), &plan).expect("made");
        let persons = read_persons(&folder.path().join(PERSONS_FILE)).expect("read");
        assert_eq!(persons.len() as u64, made.persons);
        let missed = persons.iter().filter(|person| person.resident && !person.enumerated).count();
        assert_eq!(missed as u64, made.missed);
        assert!(read_persons(&made.study).is_err());
    }
}
