//! How are the columns of the extracts shown?

use std::fmt::Write;
use std::process::ExitCode;

use serde::Serialize;

use super::args::{Profile, ResultFormat};
use super::screen::{Table, count, per_cent, show, show_json};
use crate::error::Result;
use crate::intake::study::{self, Study};
use crate::person::profile::{self, ColumnProfile};
use crate::progress::Progress;

/// A column as JSON.
#[derive(Serialize)]
struct Entry<'a> {
    source: &'a str,
    field: &'a str,
    columns: &'a [String],
    rows: u64,
    filled: u64,
    valid: u64,
    distinct: u64,
    notes: &'a std::collections::BTreeMap<String, u64>,
    year_first: Option<u16>,
    year_last: Option<u16>,
}

/// Prints the quality of every bound column.
pub(super) fn profile(asked: &Profile, progress: &dyn Progress) -> Result<ExitCode> {
    let study = study::file::read(&asked.study)?;
    let extracts = crate::run::take_in(&study)?;
    let profiles = profile::profile(&study, &extracts, progress)?;
    match asked.format {
        ResultFormat::Text => show(&tables(&study, &profiles))?,
        ResultFormat::Json => {
            show_json(&profiles.iter().map(|profile| entry(&study, profile)).collect::<Vec<Entry<'_>>>())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn name(study: &Study, source: usize) -> &str {
    study.sources.get(source).map_or("", |source| source.name.as_str())
}

fn entry<'a>(study: &'a Study, profile: &'a ColumnProfile) -> Entry<'a> {
    Entry {
        source: name(study, profile.source),
        field: &profile.field,
        columns: &profile.columns,
        rows: profile.rows,
        filled: profile.filled,
        valid: profile.valid,
        distinct: profile.distinct,
        notes: &profile.notes,
        year_first: profile.years.map(|(first, _)| first),
        year_last: profile.years.map(|(_, last)| last),
    }
}

fn tables(study: &Study, profiles: &[ColumnProfile]) -> String {
    let mut text = String::new();
    for source in profiles.chunk_by(|one, other| one.source == other.source) {
        let Some(first) = source.first() else { continue };
        let mut table = Table::new(&["field", "column", "filled", "valid", "distinct", "years", "odd"]).left(1).left(6);
        for profile in source {
            let notes: Vec<String> = profile.notes.iter().map(|(what, number)| format!("{what} {number}")).collect();
            table.row(vec![
                profile.field.clone(),
                profile.columns.join(" + "),
                per_cent(profile.filled, profile.rows),
                per_cent(profile.valid, profile.filled),
                count(profile.distinct),
                profile.years.map_or_else(String::new, |(first, last)| format!("{first}-{last}")),
                notes.join(", "),
            ]);
        }
        let _ = writeln!(text, "{}: {} rows", name(study, first.source), count(first.rows));
        text += &table.text();
        text.push('\n');
    }
    text += "filled: of the rows; valid: of the filled; odd: what was found or mended, by code\n";
    text
}
