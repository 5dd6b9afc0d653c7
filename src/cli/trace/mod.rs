//! Which rows stand behind a figure?
//!
//! Takes a run's folder, an area and a kind; lists the discrepancies they count, each with its evidence, the records of
//! its person (source, file, row) and the pairs of those records that were compared. `explain` then opens a pair. What
//! else the report counts is in [`counted`] (persons, links), [`read`] (rows) and [`remade`] (what a run does not
//! keep).

mod counted;
mod entries;
mod read;
mod remade;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use super::args;
use super::coverage;
use super::explain::evidence::{self, Evidence};
use super::screen::show;
use crate::audit::located;
use crate::error::{Error, Kind, Result};
use crate::memory::plan::Allowance;
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::files::{self, DiscrepancyRow, LinkRow};
use crate::outcome::report::cases::{shown_area, table as case_table};
use crate::person::table::RecordId;
use crate::progress::Progress;
use entries::{Entries, lies_in, more, named};

/// Prints the rows behind a figure.
pub(super) fn trace(asked: &args::Trace, memory: Allowance, progress: &dyn Progress) -> Result<ExitCode> {
    let known: Vec<&str> = DiscrepancyKind::ALL.iter().map(|kind| kind.name()).collect();
    if asked.kind.iter().any(|kind| !known.contains(&kind.as_str())) {
        let error = Error::new(Kind::Usage, "there is no such kind of discrepancy");
        return Err(error.hint(format!("the kinds are {}", known.join(", "))));
    }
    let manifest = located::read(&asked.run)?;
    for trace in [counted::trace, read::trace] {
        if let Some(text) = trace(asked, &manifest, progress)? {
            show(&text)?;
            return Ok(ExitCode::SUCCESS);
        }
    }
    if let Some(text) = remade::trace(asked, &manifest, memory, progress)? {
        show(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let tables: &[&str] =
        if asked.listed { &[files::DISCREPANCIES, case_table::CASES] } else { &[files::DISCREPANCIES] };
    let gathered = evidence::gather(&asked.run, &manifest, tables, progress)?;
    let (on_lists, lists) = on_lists(asked)?;
    let mut there = files::read_discrepancies(&asked.run)?;
    there.retain(|row| lies_in(&row.area, asked.area.as_deref()));
    let area = asked.area.as_deref().filter(|_| there.is_empty());
    let what_else = area.map_or(Ok(String::new()), |area| what_else_is_there(&asked.run, &gathered, area))?;
    let behind: Vec<DiscrepancyRow> = there
        .into_iter()
        .filter(|row| asked.kind.is_empty() || asked.kind.contains(&row.kind))
        .filter(|row| !(asked.open && row.is_settled()))
        .filter(|row| on_lists.as_ref().is_none_or(|listed| listed.contains(&row.discrepancy)))
        .collect();
    // From 0: `sum` makes -0 of no rows, and that would be shown.
    let expected = behind.iter().fold(0.0, |sum, row| sum + row.probability);
    let mut text = format!("{} discrepancies, of which {expected:.1} are expected to be real", behind.len());
    text += &if asked.listed { format!("; there are {lists} lists in all\n") } else { String::from("\n") };
    text += &what_else;
    let listed = behind.get(..asked.limit.min(behind.len())).unwrap_or_default();
    let persons: BTreeSet<u64> = listed.iter().map(|row| row.person).collect();
    let mut records: BTreeMap<u64, Vec<RecordId>> = BTreeMap::new();
    for (record, row) in (0u32..).zip(files::read_persons(&asked.run)?) {
        if persons.contains(&row.person) {
            records.entry(row.person).or_default().push(record);
        }
    }
    let name = |record: RecordId| {
        let source = gathered.study.sources.get(gathered.table.source(record));
        (source.map_or("", |source| source.name.as_str()), gathered.table.record_id(record))
    };
    let owner: BTreeMap<(&str, &str), u64> =
        records.iter().flat_map(|(person, records)| records.iter().map(|record| (name(*record), *person))).collect();
    let mut pairs: BTreeMap<u64, Vec<LinkRow>> = BTreeMap::new();
    for link in files::read_links(&asked.run)? {
        let person = |end: &(String, String)| owner.get(&(end.0.as_str(), end.1.as_str())).copied();
        for person in [person(&link.one), person(&link.other)].into_iter().flatten().collect::<BTreeSet<u64>>() {
            pairs.entry(person).or_default().push(link.clone());
        }
    }
    let entries = Entries { study: &gathered.study, table: &gathered.table, manifest: &manifest };
    for row in listed {
        let _ = writeln!(
            text,
            "\n{}  {}  area {}  person {}  probability {:.4}  rank {}\n  evidence  {}",
            row.discrepancy,
            row.kind,
            shown_area(&row.area),
            row.person,
            row.probability,
            row.priority,
            row.evidence
        );
        for record in records.get(&row.person).into_iter().flatten() {
            let _ = writeln!(text, "  record    {}", entries.record(*record));
        }
        for link in pairs.get(&row.person).into_iter().flatten() {
            let _ = writeln!(
                text,
                "  compared  {} {}  weight {:.2}  probability {:.6}  {}",
                named(&link.one),
                named(&link.other),
                link.match_weight,
                link.match_probability,
                link.decision
            );
        }
    }
    more(&mut text, behind.len(), listed.len());
    text += "\n`rollcall explain DIR A B` opens a compared pair, comparison by comparison.\n";
    show(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What there is in an area without a discrepancy, by the records' own codes: the finest areas have no estimates.
fn what_else_is_there(run: &Path, gathered: &Evidence, area: &str) -> Result<String> {
    let Evidence { table, resolution, .. } = gathered;
    let is_there = |record: &RecordId| {
        let (own, division) = (table.area[*record as usize], table.division[*record as usize]);
        lies_in(table.divisions.text(if own == 0 { division } else { own }), Some(area))
    };
    let records: Vec<RecordId> = (0u32..).take(table.len()).filter(is_there).collect();
    if records.is_empty() {
        coverage::check_area(run, area)?;
    }
    let persons: BTreeSet<u32> = records.iter().map(|record| resolution.person_of[*record as usize]).collect();
    Ok(format!("the area has {} records, of {} persons\n", records.len(), persons.len()))
}

/// The discrepancies that stand on follow-up lists, if only these are asked for, and how many lists there are.
fn on_lists(asked: &args::Trace) -> Result<(Option<BTreeSet<String>>, usize)> {
    if !asked.listed {
        return Ok((None, 0));
    }
    let mut listed = case_table::read(&asked.run)?.rows;
    listed.retain(|row| row.listed);
    let lists = listed.iter().map(|row| row.area.as_str()).collect::<BTreeSet<&str>>().len();
    Ok((Some(listed.iter().map(|row| files::discrepancy_id(row.case.discrepancy)).collect()), lists))
}
