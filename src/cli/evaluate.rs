//! How is a run held against the truth?

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use super::args::{Evaluate, ResultFormat};
use super::screen::{Table, count, per_cent, share, show, show_json};
use super::truth;
use crate::audit::located;
use crate::error::{Error, Result, inert};
use crate::outcome::files;
use crate::outcome::quality::{self, Counts, MissedList, Quality};
use crate::provenance::held;

/// Prints what a run is worth.
pub(super) fn evaluate(asked: &Evaluate) -> Result<ExitCode> {
    let quality = judge(asked)?;
    match asked.format {
        ResultFormat::Text => show(&describe(&quality))?,
        ResultFormat::Json => show_json(&quality)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Judges the tables of a run.
pub(super) fn judge(asked: &Evaluate) -> Result<Quality> {
    let manifest = located::read(&asked.run)?;
    let run: &Path = &asked.run;
    held::check_outputs(run, &manifest, &[files::PERSONS, files::LINKS, files::DISCREPANCIES])?;
    let truth = truth::read(asked, &manifest)?;
    let (persons, links) = (files::read_persons(run)?, files::read_links(run)?);
    let quality = quality::evaluate(&persons, &links, &files::read_discrepancies(run)?, &truth);
    if quality.records == 0 {
        let error = Error::input("no record of the run is in this table of truth").at_file(&asked.truth);
        return Err(error.hint("its columns source and record_id must hold what persons.parquet holds"));
    }
    Ok(quality)
}

/// The tables for people.
pub(super) fn describe(quality: &Quality) -> String {
    let mut text = pairs(quality);
    let _ = writeln!(
        text,
        "\n{} of {} persons are exact (all their records and no other), of {} true persons\n{} records judged, {} unknown \
         to the truth, {} true records absent from the run\n",
        count(quality.persons_exact),
        count(quality.persons_run),
        count(quality.persons_true),
        count(quality.records),
        count(quality.records_unknown),
        count(quality.records_absent)
    );
    if !quality.sources_left_out.is_empty() {
        let _ = writeln!(
            text,
            "left out of the truth, as the run has no such source: {}\n",
            inert(&quality.sources_left_out.join(", "))
        );
    }
    text += &reliability(quality);
    text.push('\n');
    text += &discrepancies(quality);
    if let Some(missed) = &quality.missed {
        text.push('\n');
        text += &visits(missed);
    }
    text
}

fn pairs(quality: &Quality) -> String {
    let mut table = Table::new(&["pairs of records", "true", "found", "right", "precision", "recall", "F1"]);
    let mut row = |name: String, pairs: Counts| {
        table.row(vec![
            name,
            count(pairs.truth),
            count(pairs.found),
            count(pairs.right),
            share(pairs.precision()),
            share(pairs.recall()),
            share(pairs.f1()),
        ]);
    };
    let links = if quality.has_roll { "links, roll with registers" } else { "links, between sources" };
    row(links.to_owned(), quality.links);
    row(String::from("persons, all pairs"), quality.persons);
    for pair in &quality.by_sources {
        row(format!("  {} - {}", pair.one, pair.other), pair.pairs);
    }
    table.text()
}

fn reliability(quality: &Quality) -> String {
    let mut table = Table::new(&["match probability from", "pairs", "expected matches", "true matches"]);
    for band in &quality.reliability {
        table.row(vec![band.from.to_string(), count(band.pairs), format!("{:.1}", band.expected), count(band.matches)]);
    }
    let error = quality.calibration_error.map_or_else(|| String::from("-"), |error| format!("{error:.5}"));
    format!("{}expected calibration error (ten bands of equal width): {error}\n", table.text())
}

fn discrepancies(quality: &Quality) -> String {
    let mut table = Table::new(&["discrepancies", "listed", "expected real"]);
    for (kind, number) in &quality.discrepancies {
        table.row(vec![kind.clone(), count(number.listed), format!("{:.1}", number.expected)]);
    }
    table.text()
}

fn visits(missed: &MissedList) -> String {
    let mut table = Table::new(&["visits to missed persons", "found", "expected", "of the visits", "of the missed"]);
    for head in &missed.visits {
        table.row(vec![
            format!("first {}", count(head.visits)),
            count(head.found),
            format!("{:.1}", head.expected),
            per_cent(head.found, head.visits),
            per_cent(head.found, missed.missed),
        ]);
    }
    let unknown = match missed.unknown {
        0 => String::new(),
        unknown => format!(" (left out: {}, of whom the truth knows no record in a register)", count(unknown)),
    };
    format!(
        "{} persons truly missed and in a register, {} listed{unknown}, average precision {:.5}\n{}",
        count(missed.missed),
        count(missed.listed),
        missed.average_precision,
        table.text()
    )
}
