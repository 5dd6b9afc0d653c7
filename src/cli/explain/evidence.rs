//! Is everything still what the run had?
//!
//! Study file, extracts and the outputs that an explanation rests on must have the digests of the manifest; all that
//! differs is said at once. Then the extracts are standardised again, which gives the same table as in the run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::{Array, Float64Array, RecordBatch, StringArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::audit::manifest::{self, Manifest};
use crate::audit::purge;
use crate::error::{Error, Kind, Result};
use crate::intake::extract;
use crate::intake::study::{self, Study};
use crate::linkage::comparison::Comparer;
use crate::linkage::model::{Model, em, file as model_file};
use crate::linkage::resolution::Resolution;
use crate::outcome::files;
use crate::person;
use crate::person::table::PersonTable;
use crate::progress::Progress;

/// What an explanation rests on.
pub(in crate::cli) struct Evidence {
    pub(in crate::cli) study: Study,
    pub(in crate::cli) table: PersonTable,
    pub(in crate::cli) resolution: Resolution,
    pub(in crate::cli) slot_of: Vec<u8>,
}

/// A pair of `links.parquet`.
pub(super) struct WrittenPair {
    pub(super) weight: f64,
    /// That the two are one person, in the light of the person's other pairs.
    pub(super) probability: f64,
    /// Level by comparison.
    pub(super) levels: BTreeMap<String, String>,
}

/// Checks and reads everything.
///
/// # Errors
/// A verification error that names all that differs.
pub(in crate::cli) fn gather(run: &Path, manifest: &Manifest, progress: &dyn Progress) -> Result<Evidence> {
    gather_with(run, manifest, &[], progress)
}

/// The same with further outputs that a figure is taken from.
///
/// # Errors
/// As [`gather`].
pub(in crate::cli) fn gather_with(
    run: &Path,
    manifest: &Manifest,
    outputs: &[&str],
    progress: &dyn Progress,
) -> Result<Evidence> {
    check_with(run, manifest, outputs)?;
    let study = study::file::read(&manifest.study.file)?;
    let extracts = extract::open_all(&study)?;
    let files: usize = extracts.iter().map(|extract| extract.files.len()).sum();
    let extracts_then = manifest
        .inputs
        .iter()
        .filter(|input| ![manifest::DECISIONS, manifest::OUTCOMES].contains(&input.source.as_str()))
        .count();
    if files != extracts_then {
        let what = format!("the study now finds {files} extracts, the run had {extracts_then}");
        return Err(Error::new(Kind::Verification, what).at_file(&manifest.study.file));
    }
    let table = person::standardise(&study, &extracts, progress)?.table;
    let resolution = resolution(run, &study, &table)?;
    let (_, slot_of) = em::slots(&table);
    Ok(Evidence { study, table, resolution, slot_of })
}

/// Do study, inputs and outputs have the digests of the manifest?
///
/// # Errors
/// A verification error that names all that differs.
pub(in crate::cli) fn check(run: &Path, manifest: &Manifest) -> Result<()> {
    check_with(run, manifest, &[])
}

/// The same with further outputs that a figure is taken from.
///
/// # Errors
/// As [`check`].
pub(in crate::cli) fn check_with(run: &Path, manifest: &Manifest, outputs: &[&str]) -> Result<()> {
    // What was removed rightly is no difference.
    for name in [files::PERSONS, files::LINKS].iter().chain(outputs) {
        purge::check_not_purged(run, name)?;
    }
    let (mut differing, mut failed) = (Vec::new(), None);
    let mut hold = |path: PathBuf, expected: &str| {
        let shown = path.display().to_string();
        match manifest::digest_of(&path) {
            Ok(digest) if digest == expected => {}
            Ok(_) => differing.push(format!("{} has changed", shown.escape_debug())),
            // That the disk fails says nothing of the file.
            Err(error) if error.kind() == Kind::Environment => failed = failed.take().or(Some(error)),
            Err(_) => differing.push(format!("{} cannot be read", shown.escape_debug())),
        }
    };
    hold(manifest.study.file.clone(), &manifest.study.digest);
    for input in &manifest.inputs {
        hold(input.file.clone(), &input.digest);
    }
    for name in [files::PERSONS, files::LINKS, model_file::MODEL].iter().chain(outputs) {
        let entry = manifest.outputs.iter().find(|output| output.file == *name);
        hold(run.join(name), entry.map_or("", |output| output.digest.as_str()));
    }
    if let Some(error) = failed {
        return Err(error);
    }
    if differing.is_empty() {
        return Ok(());
    }
    let what = format!("what the run was made of is not what it was: {}", differing.join("; "));
    Err(Error::new(Kind::Verification, what).at_file(&run.join(manifest::MANIFEST)).hint("run the study again"))
}

/// Who is who, from `persons.parquet`, which has the records in the order of the table.
fn resolution(run: &Path, study: &Study, table: &PersonTable) -> Result<Resolution> {
    let rows = files::read_persons(run)?;
    let same = |(record, row): (u32, &files::PersonRow)| {
        let source = study.sources.get(table.source(record)).map(|source| source.name.as_str());
        source == Some(row.source.as_str()) && table.record_id(record) == row.record_id
    };
    if rows.len() != table.len() || !(0u32..).zip(&rows).all(same) {
        let what = "the records are not those that this version reads from the extracts";
        let error = Error::new(Kind::Verification, what).at_file(&run.join(files::PERSONS));
        return Err(error.hint("run the study again with this version"));
    }
    let labels: Vec<u32> = rows.iter().map(|row| u32::try_from(row.person).unwrap_or(u32::MAX)).collect();
    Ok(Resolution::from_labels(&labels))
}

/// The slots of the model must be those of the table.
///
/// # Errors
/// A verification error if they are not.
pub(super) fn check_slots(model: &Model, table: &PersonTable) -> Result<()> {
    if model.slots == em::slots(table).0 {
        return Ok(());
    }
    Err(Error::new(Kind::Verification, "this model was fitted on other records than those of the extracts"))
}

/// The text of an output.
///
/// # Errors
/// If it cannot be read.
pub(in crate::cli) fn text(run: &Path, name: &str) -> Result<String> {
    let path = run.join(name);
    std::fs::read_to_string(&path).map_err(|error| Error::io(&path, &error))
}

/// What `links.parquet` says of a pair, if it is in it.
///
/// # Errors
/// If the file is not what a run writes.
pub(super) fn written(
    run: &Path,
    comparer: &Comparer<'_>,
    one: (&str, &str),
    other: (&str, &str),
) -> Result<Option<WrittenPair>> {
    let path = run.join(files::LINKS);
    let foreign = || Error::input("this is not a file that a run wrote").at_file(&path);
    let file = files::content(&path)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|_| foreign())?;
    for batch in builder.build().map_err(|_| foreign())? {
        let batch = batch.map_err(|_| foreign())?;
        let (source_l, record_l) = (column(&batch, "source_l")?, column(&batch, "record_l")?);
        let (source_r, record_r) = (column(&batch, "source_r")?, column(&batch, "record_r")?);
        let is_pair = |row: usize| {
            (source_l.value(row), record_l.value(row)) == one && (source_r.value(row), record_r.value(row)) == other
        };
        let Some(row) = (0..batch.num_rows()).find(|row| is_pair(*row)) else { continue };
        let weight = column_of::<Float64Array>(&batch, "match_weight")?.value(row);
        let probability = column_of::<Float64Array>(&batch, "match_probability")?.value(row);
        let levels = comparer.comparisons.iter().map(|comparison| {
            let level = column(&batch, &comparison.name)?.value(row);
            Ok((comparison.name.clone(), level.to_owned()))
        });
        return Ok(Some(WrittenPair { weight, probability, levels: levels.collect::<Result<_>>()? }));
    }
    Ok(None)
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    column_of::<StringArray>(batch, name)
}

fn column_of<'a, T: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a T> {
    let column = batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref::<T>());
    column.ok_or_else(|| Error::input("the column is missing, or of another type than a run writes").at_column(name))
}
