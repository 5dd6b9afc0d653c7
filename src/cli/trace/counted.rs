//! Which persons and pairs does a count of the report hold?
//!
//! Takes a run's folder and what is asked for, gives the count and its entries: persons with their records (source,
//! file, row), pairs of records with weight and probability.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::entries::{Entries, known, lies_in, more, named};
use crate::audit::manifest::Manifest;
use crate::cli::args::{self, PersonCount};
use crate::cli::coverage::check_area;
use crate::cli::explain::evidence::{self, Evidence};
use crate::error::{Error, Kind, Result};
use crate::outcome::coverage::{self, CountedPerson, Counts};
use crate::outcome::files;
use crate::outcome::report::cases::shown_area;
use crate::person::lexicon::Symbol;
use crate::progress::Progress;
use crate::provenance::held;

/// The text, if something other than discrepancies is asked for.
pub(super) fn trace(asked: &args::Trace, manifest: &Manifest, progress: &dyn Progress) -> Result<Option<String>> {
    if let Some(sources) = &asked.links {
        return links(asked, manifest, sources).map(Some);
    }
    if asked.persons.is_none() && asked.in_sources.is_none() {
        return Ok(None);
    }
    if asked.persons == Some(PersonCount::All) && asked.area.is_some() {
        let error = Error::new(Kind::Usage, "`--persons all` counts whoever has a record, wherever that is");
        return Err(error.hint("leave out --area, or name a count of coverage.parquet such as register_persons"));
    }
    let gathered = evidence::gather(&asked.run, manifest, &[], progress)?;
    let all = coverage::persons(&gathered.study, &gathered.table, &gathered.resolution);
    let places: BTreeMap<u32, Symbol> = all.iter().map(|counted| (counted.person, counted.place)).collect();
    let persons = match (asked.persons, asked.in_sources) {
        (Some(count), _) => counted(asked, &gathered, &all, count)?,
        (None, wanted) => in_sources(&gathered, wanted.unwrap_or(0)),
    };
    let entries = Entries { study: &gathered.study, table: &gathered.table, manifest };
    let mut text = format!("{} persons\n", persons.len());
    for person in persons.iter().take(asked.limit) {
        let place = places.get(person).map_or("", |place| gathered.table.divisions.text(*place));
        let _ = writeln!(text, "\nperson {person}  area {}", shown_area(place));
        for record in gathered.resolution.records_of(*person) {
            let _ = writeln!(text, "  record    {}", entries.record(*record));
        }
    }
    more(&mut text, persons.len(), asked.limit);
    Ok(Some(text))
}

fn counted(asked: &args::Trace, gathered: &Evidence, all: &[CountedPerson], count: PersonCount) -> Result<Vec<u32>> {
    let of: fn(&Counts) -> u64 = match count {
        PersonCount::All => return Ok(everybody(gathered).collect()),
        PersonCount::RollPresent => |counts| counts.roll_present,
        PersonCount::RollElsewhere => |counts| counts.roll_elsewhere,
        PersonCount::RegisterPersons => |counts| counts.register_persons,
        PersonCount::InBoth => |counts| counts.in_both,
        PersonCount::OnlyRoll => |counts| counts.only_roll,
        PersonCount::OnlyRegister => |counts| counts.only_register,
    };
    let (table, area) = (&gathered.table, asked.area.as_deref());
    let mut wanted = all.iter().filter(|person| lies_in(table.divisions.text(person.place), area)).peekable();
    if let Some(area) = area.filter(|_| wanted.peek().is_none()) {
        check_area(&asked.run, area)?;
    }
    Ok(wanted.filter(|person| of(&person.counts) > 0).map(|person| person.person).collect())
}

fn everybody(gathered: &Evidence) -> std::ops::Range<u32> {
    0..u32::try_from(gathered.resolution.persons()).unwrap_or(u32::MAX)
}

fn in_sources(gathered: &Evidence, wanted: usize) -> Vec<u32> {
    let sources = |person: &u32| gathered.table.sources_of(gathered.resolution.records_of(*person).iter().copied());
    everybody(gathered).filter(|person| sources(person) == wanted).collect()
}

fn links(asked: &args::Trace, manifest: &Manifest, sources: &[String]) -> Result<String> {
    let (Some(one), Some(other)) = (sources.first(), sources.get(1)) else { return Ok(String::new()) };
    known(manifest, one)?;
    known(manifest, other)?;
    let decision = if asked.possible { "possible" } else { "link" };
    held::check(&asked.run, manifest, &evidence::outputs(&[]))?;
    let mut found = files::read_links(&asked.run)?;
    found.retain(|link| {
        let ends = (&link.one.0, &link.other.0);
        link.decision == decision && (ends == (one, other) || ends == (other, one))
    });
    let mut text = format!("{} pairs\n\n", found.len());
    for link in found.iter().take(asked.limit) {
        let (one, other) = (named(&link.one), named(&link.other));
        let (weight, probability) = (link.match_weight, link.match_probability);
        let _ = writeln!(text, "{one} {other}  weight {weight:.2}  probability {probability:.6}");
    }
    more(&mut text, found.len(), asked.limit);
    text += "\n`rollcall explain DIR A B` opens a pair, comparison by comparison.\n";
    Ok(text)
}
