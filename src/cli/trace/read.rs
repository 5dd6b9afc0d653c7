//! Which rows were used, set aside, noted, and which have a value of a field?
//!
//! Takes a run's folder and what is asked for, gives the count and the rows: source, file, row.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::entries::{Entries, known, more};
use crate::audit::manifest::Manifest;
use crate::cli::args;
use crate::cli::explain::evidence;
use crate::error::{Error, Kind, Result, inert};
use crate::outcome::files;
use crate::outcome::report::sources::{FIELDS, has_value};
use crate::person;
use crate::person::table::RecordId;
use crate::progress::Progress;
use crate::provenance::held;

/// The text, if rows are asked for.
pub(super) fn trace(asked: &args::Trace, manifest: &Manifest, progress: &dyn Progress) -> Result<Option<String>> {
    if let Some(source) = &asked.set_aside {
        return set_aside(asked, manifest, source).map(Some);
    }
    if let Some(source) = &asked.used {
        return used(asked, manifest, source, progress).map(Some);
    }
    if let (Some(source), Some(reason)) = (&asked.noted, &asked.reason) {
        return noted(asked, manifest, source, reason).map(Some);
    }
    match asked.filled.as_deref() {
        Some([source, field]) => filled(asked, manifest, (source, field), progress).map(Some),
        _ => Ok(None),
    }
}

fn used(asked: &args::Trace, manifest: &Manifest, source: &str, progress: &dyn Progress) -> Result<String> {
    let wanted = if source.is_empty() { None } else { Some(known(manifest, source)?) };
    let gathered = evidence::gather(&asked.run, manifest, &[], progress)?;
    let entries = Entries { study: &gathered.study, table: &gathered.table, manifest };
    let all = 0..u32::try_from(gathered.table.len()).unwrap_or(u32::MAX);
    let records: Vec<RecordId> =
        all.filter(|record| wanted.is_none_or(|wanted| gathered.table.source(*record) == wanted)).collect();
    let of = |of: fn(&crate::audit::manifest::SourceEntry) -> u64| -> u64 {
        let sources = manifest.sources.iter().enumerate();
        sources.filter(|(at, _)| wanted.is_none_or(|wanted| wanted == *at)).map(|(_, entry)| of(entry)).sum()
    };
    let rows = of(|entry| entry.rows_in);
    let files = manifest.inputs.iter().filter(|input| source.is_empty() || input.source == source).count();
    let sources = if source.is_empty() { manifest.sources.len() } else { 1 };
    let mut text = format!(
        "{rows} rows, of which {} used and {} set aside, in {files} files of {sources} sources\n\n",
        records.len(),
        rows - records.len() as u64
    );
    records.iter().take(asked.limit).for_each(|record| text += &format!("record    {}\n", entries.record(*record)));
    more(&mut text, records.len(), asked.limit);
    Ok(text)
}

fn filled(
    asked: &args::Trace,
    manifest: &Manifest,
    (source, field): (&str, &str),
    progress: &dyn Progress,
) -> Result<String> {
    let wanted = known(manifest, source)?;
    let Some(field) = FIELDS.into_iter().find(|known| known.name() == field) else {
        let names: Vec<&str> = FIELDS.iter().map(|field| field.name()).collect();
        let error = Error::new(Kind::Usage, "the report does not count this field");
        return Err(error.hint(format!("it counts {}", names.join(", "))));
    };
    let gathered = evidence::gather(&asked.run, manifest, &[], progress)?;
    let entries = Entries { study: &gathered.study, table: &gathered.table, manifest };
    let all = gathered.table.records(wanted);
    let filled: Vec<RecordId> = all.clone().filter(|record| has_value(&gathered.table, field, *record)).collect();
    let mut text = format!("{} rows of {} have a value\n\n", filled.len(), all.len());
    filled.iter().take(asked.limit).for_each(|record| text += &format!("record    {}\n", entries.record(*record)));
    more(&mut text, filled.len(), asked.limit);
    Ok(text)
}

fn noted(asked: &args::Trace, manifest: &Manifest, source: &str, reason: &str) -> Result<String> {
    let wanted = known(manifest, source)?;
    known_reason(reason, manifest.sources.iter().map(|entry| &entry.noted))?;
    let (study, extracts) = held::take_up(&asked.run, manifest, &evidence::outputs(&[]))?;
    let rows = person::noted(&study, &extracts, wanted, reason)?;
    let mut text = format!("{} rows\n\n", rows.len());
    let files: Vec<_> = manifest.inputs.iter().filter(|input| input.source == source).collect();
    for (file, row) in rows.iter().take(asked.limit) {
        let file = files.get(*file).map(|input| input.file.display().to_string()).unwrap_or_default();
        let _ = writeln!(text, "row       {} row {row}", inert(&file));
    }
    more(&mut text, rows.len(), asked.limit);
    Ok(text)
}

fn set_aside(asked: &args::Trace, manifest: &Manifest, source: &str) -> Result<String> {
    known(manifest, source)?;
    if let Some(reason) = &asked.reason {
        known_reason(reason, manifest.sources.iter().map(|entry| &entry.set_aside))?;
    }
    held::check(&asked.run, manifest, &evidence::outputs(&[files::REJECTED]))?;
    let mut rows = files::read_rejected(&asked.run)?;
    rows.retain(|row| row.source == source && asked.reason.as_ref().is_none_or(|reason| *reason == row.reason));
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    rows.iter().for_each(|row| *reasons.entry(&row.reason).or_default() += 1);
    let mut text = format!("{} rows\n", rows.len());
    reasons.iter().for_each(|(reason, count)| text += &format!("  {reason}: {count}\n"));
    text += "\n";
    for row in rows.iter().take(asked.limit) {
        let column = row.column.as_deref().map_or(String::new(), |column| format!("  column {}", inert(column)));
        let _ = writeln!(text, "row       {} row {}{column}  {}", inert(&row.file), row.row, row.reason);
    }
    more(&mut text, rows.len(), asked.limit);
    Ok(text)
}

/// Is it a reason that the run gave for rows of any source? A misspelt one would look like none.
fn known_reason<'m>(reason: &str, counts: impl Iterator<Item = &'m BTreeMap<String, u64>>) -> Result<()> {
    let reasons: BTreeSet<&str> = counts.flat_map(|counts| counts.keys().map(String::as_str)).collect();
    if reasons.contains(reason) {
        return Ok(());
    }
    let error = Error::new(Kind::Usage, "the run gives no such reason");
    let all: Vec<&str> = reasons.into_iter().collect();
    Err(if all.is_empty() { error.hint("it gives none") } else { error.hint(format!("it gives {}", all.join(", "))) })
}
