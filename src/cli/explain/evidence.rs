//! What does an explanation rest on?
//!
//! Takes a run's folder; study file, extracts and outputs must be [what the run had](held). Then the extracts are
//! standardised again, which gives the same table as in the run.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::{Float64Array, StringArray};

use crate::audit::manifest::Manifest;
use crate::error::{Error, Kind, Result};
use crate::intake::study::Study;
use crate::linkage::comparison::Comparer;
use crate::linkage::comparison::household::Households;
use crate::linkage::model::{Model, file as model_file, slot};
use crate::linkage::resolution::Resolution;
use crate::outcome::files::{self, column};
use crate::person;
use crate::person::table::PersonTable;
use crate::progress::Progress;
use crate::provenance::held;

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

/// The outputs that every explanation rests on.
const RESTS_ON: [&str; 3] = [files::PERSONS, files::LINKS, model_file::MODEL];

/// The outputs that every explanation rests on, and others that a figure is taken from.
pub(in crate::cli) fn outputs<'a>(others: &[&'a str]) -> Vec<&'a str> {
    RESTS_ON.iter().chain(others).copied().collect()
}

/// Checks and reads everything; other outputs are those that a figure is taken from.
///
/// # Errors
/// A verification error that names all that differs.
pub(in crate::cli) fn gather(
    run: &Path,
    manifest: &Manifest,
    others: &[&str],
    progress: &dyn Progress,
) -> Result<Evidence> {
    let (study, extracts) = held::take_up(run, manifest, &outputs(others))?;
    let table = person::standardise(&study, &extracts, progress)?.table;
    let resolution = resolution(run, &study, &table)?;
    let (_, slot_of) = slot::slots(&table, &Households::of(&table));
    Ok(Evidence { study, table, resolution, slot_of })
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

/// The slots of the model must be those of the table. Earlier versions did not say how many pairs are of one household.
///
/// # Errors
/// A verification error if they are not.
pub(super) fn check_slots(model: &Model, table: &PersonTable) -> Result<()> {
    let (slots, _) = slot::slots(table, &Households::of(table));
    let is_same = |(own, of_table): (&slot::Slot, &slot::Slot)| {
        let unsaid = slot::Slot { household_pairs: 0, ..*of_table };
        *own == *of_table || *own == unsaid
    };
    if model.slots.len() == slots.len() && model.slots.iter().zip(&slots).all(is_same) {
        return Ok(());
    }
    Err(Error::new(Kind::Verification, "this model was fitted on other records than those of the extracts"))
}

/// The text of an output.
///
/// # Errors
/// If it cannot be read.
pub(super) fn text(run: &Path, name: &str) -> Result<String> {
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
    for batch in files::batches(run, files::LINKS)? {
        let batch = batch?;
        let text = |name: &str| column::<StringArray>(&batch, name);
        let (source_l, record_l) = (text("source_l")?, text("record_l")?);
        let (source_r, record_r) = (text("source_r")?, text("record_r")?);
        let is_pair = |row: usize| {
            (source_l.value(row), record_l.value(row)) == one && (source_r.value(row), record_r.value(row)) == other
        };
        let Some(row) = (0..batch.num_rows()).find(|row| is_pair(*row)) else { continue };
        let weight = column::<Float64Array>(&batch, "match_weight")?.value(row);
        let probability = column::<Float64Array>(&batch, "match_probability")?.value(row);
        let levels = comparer.comparisons.iter().map(|comparison| {
            let level = text(&comparison.name)?.value(row);
            Ok((comparison.name.clone(), level.to_owned()))
        });
        return Ok(Some(WrittenPair { weight, probability, levels: levels.collect::<Result<_>>()? }));
    }
    Ok(None)
}
