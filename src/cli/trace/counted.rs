//! Which persons, pairs and rows does a count of the report hold?
//!
//! Takes a run's folder and what is asked for, gives the count and its entries: persons with their records (source, file,
//! row), pairs of records with weight and probability, rows that were set aside.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::place;
use crate::audit::manifest::Manifest;
use crate::cli::args::{self, PersonCount};
use crate::cli::explain::evidence::{self, Evidence};
use crate::error::{Error, Kind, Result};
use crate::linkage::resolution::household::Households;
use crate::outcome::coverage::{self, Counts};
use crate::outcome::files;
use crate::progress::Progress;

/// The text, if something other than discrepancies is asked for.
pub(super) fn trace(asked: &args::Trace, manifest: &Manifest, progress: &dyn Progress) -> Result<Option<String>> {
    if let Some(source) = &asked.set_aside {
        return set_aside(asked, manifest, source).map(Some);
    }
    if let Some(sources) = &asked.links {
        return links(asked, manifest, sources).map(Some);
    }
    if asked.persons.is_none() && asked.in_sources.is_none() {
        return Ok(None);
    }
    let gathered = evidence::gather(&asked.run, manifest, progress)?;
    let persons = match (asked.persons, asked.in_sources) {
        (Some(count), _) => counted(asked, &gathered, count),
        (None, wanted) => in_sources(&gathered, wanted.unwrap_or(0)),
    };
    let mut text = format!("{} persons\n", persons.len());
    for person in persons.iter().take(asked.limit) {
        let _ = writeln!(text, "\nperson {person}");
        for record in gathered.resolution.records_of(*person) {
            let source = gathered.study.sources.get(gathered.table.source(*record));
            let source = source.map_or("", |source| source.name.as_str());
            let number = gathered.table.row.get(*record as usize).copied().unwrap_or(0);
            let (file, within) = place(manifest, source, u64::from(number));
            let _ = writeln!(text, "  record    {source}:{}  {file} row {within}", gathered.table.record_id(*record));
        }
    }
    more(&mut text, persons.len(), asked.limit);
    Ok(Some(text))
}

fn more(text: &mut String, all: usize, limit: usize) {
    if all > limit {
        let _ = writeln!(text, "\n{} more; --limit lists them, too", all - limit);
    }
}

fn counted(asked: &args::Trace, gathered: &Evidence, count: PersonCount) -> Vec<u32> {
    let of: fn(&Counts) -> u64 = match count {
        PersonCount::RollPresent => |counts| counts.roll_present,
        PersonCount::RollElsewhere => |counts| counts.roll_elsewhere,
        PersonCount::RegisterPersons => |counts| counts.register_persons,
        PersonCount::InBoth => |counts| counts.in_both,
        PersonCount::OnlyRoll => |counts| counts.only_roll,
        PersonCount::OnlyRegister => |counts| counts.only_register,
    };
    let (table, area) = (&gathered.table, asked.area.as_deref().unwrap_or(""));
    let all = coverage::persons(&gathered.study, table, &gathered.resolution, &Households::of(table));
    let wanted = all.iter().filter(|person| table.divisions.text(person.place).starts_with(area));
    wanted.filter(|person| of(&person.counts) > 0).map(|person| person.person).collect()
}

fn in_sources(gathered: &Evidence, wanted: usize) -> Vec<u32> {
    let persons = 0..u32::try_from(gathered.resolution.persons()).unwrap_or(u32::MAX);
    let sources = |person: &u32| {
        let records = gathered.resolution.records_of(*person).iter();
        records.map(|record| gathered.table.source(*record)).collect::<BTreeSet<usize>>().len()
    };
    persons.filter(|person| sources(person) == wanted).collect()
}

/// A source of the run by this name.
fn known(manifest: &Manifest, source: &str) -> Result<()> {
    let names: Vec<&str> = manifest.sources.iter().map(|entry| entry.source.as_str()).collect();
    if names.contains(&source) {
        return Ok(());
    }
    let error = Error::new(Kind::Usage, "the run has no such source");
    Err(error.hint(format!("its sources are {}", names.join(", "))))
}

fn links(asked: &args::Trace, manifest: &Manifest, sources: &[String]) -> Result<String> {
    let (Some(one), Some(other)) = (sources.first(), sources.get(1)) else { return Ok(String::new()) };
    known(manifest, one)?;
    known(manifest, other)?;
    let decision = if asked.possible { "possible" } else { "link" };
    let mut found = files::read_links(&asked.run)?;
    found.retain(|link| {
        let ends = (&link.one.0, &link.other.0);
        link.decision == decision && (ends == (one, other) || ends == (other, one))
    });
    let mut text = format!("{} pairs\n\n", found.len());
    for link in found.iter().take(asked.limit) {
        let (one, other) = (&link.one, &link.other);
        let (weight, probability) = (link.match_weight, link.match_probability);
        let _ = writeln!(
            text,
            "{}:{} {}:{}  weight {weight:.2}  probability {probability:.6}",
            one.0, one.1, other.0, other.1
        );
    }
    more(&mut text, found.len(), asked.limit);
    text += "\n`rollcall explain DIR A B` opens a pair, comparison by comparison.\n";
    Ok(text)
}

fn set_aside(asked: &args::Trace, manifest: &Manifest, source: &str) -> Result<String> {
    known(manifest, source)?;
    let mut rows = files::read_rejected(&asked.run)?;
    rows.retain(|row| row.source == source && asked.reason.as_ref().is_none_or(|reason| *reason == row.reason));
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    rows.iter().for_each(|row| *reasons.entry(&row.reason).or_default() += 1);
    let mut text = format!("{} rows\n", rows.len());
    reasons.iter().for_each(|(reason, count)| text += &format!("  {reason}: {count}\n"));
    text += "\n";
    for row in rows.iter().take(asked.limit) {
        let column =
            row.column.as_deref().map_or(String::new(), |column| format!("  column {}", column.escape_debug()));
        let _ = writeln!(text, "{} row {}{column}  {}", row.file.escape_debug(), row.row, row.reason);
    }
    more(&mut text, rows.len(), asked.limit);
    Ok(text)
}
