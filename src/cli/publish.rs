//! What of a run may leave the office?

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::Publish;
use super::destination;
use super::explain::evidence::{self, Evidence};
use super::noted::{Act, name_of};
use super::screen::{named, show};
use crate::audit::key_file::{self, KeyKind};
use crate::audit::publication::Publication;
use crate::audit::{located, publication};
use crate::digest;
use crate::error::{Error, Kind, Result};
use crate::intake::study::Study;
use crate::outcome::coverage::{self, Level, UNKNOWN_AREA};
use crate::outcome::disclosure::noise::{Design, NoiseTable, person_key};
use crate::outcome::disclosure::release::{Counted, release};
use crate::outcome::files::LINKS;
use crate::person::table::{PersonTable, RecordId};
use crate::progress::Progress;
use crate::whole_file;

/// The keys of noise.
const KEY: KeyKind = KeyKind {
    heading: "rollcall disclosure key, keep secret, one for a whole census round",
    not_one: "this is no disclosure key",
    making: "--new-key makes one in a new file",
    kept: "leave out --new-key: one key serves a whole census round, or noise could be averaged away",
};

/// Writes counts that disclosure control has gone over.
pub(super) fn publish(asked: &Publish, progress: &dyn Progress) -> Result<ExitCode> {
    if !asked.new_key {
        key_file::read(&asked.key, KEY)?;
    }
    check_destination(asked)?;
    let act = Act { run: &asked.run, by: &asked.by, action: "release", of: LINKS, what: "what is published" };
    let run_digest = act.check()?;
    let manifest = located::read(&asked.run)?;
    let gathered = evidence::gather(&asked.run, &manifest, &[], progress)?;
    // A key that was made for counts that cannot be made or written would be in the way of the next try.
    if asked.new_key {
        key_file::create(&asked.key, KEY)?;
    }
    let written = write(asked, &gathered, |object| act.note(&run_digest, object));
    if asked.new_key && written.is_err() {
        std::fs::remove_file(&asked.key).map_err(|error| Error::io(&asked.key, &error))?;
    }
    show(&written?)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the release, of which the log is told first; gives what is said of it.
fn write(asked: &Publish, gathered: &Evidence, note: impl FnOnce(Value) -> Result<Publication>) -> Result<String> {
    let secret = key_file::read(&asked.key, KEY)?;
    let (study, table, resolution) = (&gathered.study, &gathered.table, &gathered.resolution);
    let persons: Vec<Counted> = coverage::persons(study, table, resolution)
        .into_iter()
        .map(|person| {
            let code = table.divisions.text(person.place);
            let areas = Level::ALL.map(|level| level.area(code).to_owned());
            Counted {
                key: person_key(&secret, &handle(study, table, resolution.records_of(person.person))),
                areas: areas.into_iter().filter(|area| area != UNKNOWN_AREA).collect(),
                household: coverage::house(table, resolution, person.person),
                enumerated: person.counts.roll_present > 0,
                registered: person.counts.register_persons > 0,
            }
        })
        .collect();
    let noise =
        NoiseTable::new(Design::USUAL).ok_or_else(|| Error::new(Kind::Environment, "there is no such noise"))?;
    let released = release(&persons, &noise);
    let text = serde_json::to_string_pretty(&released)
        .map_err(|_| Error::new(Kind::Environment, "the release cannot be written as JSON"))?
        + "\n";
    let withheld = released.areas.iter().filter(|area| area.withheld.is_some()).count();
    let _held = note(json!({
        "file": name_of(&asked.out),
        "digest": digest::of(&text),
        "areas": released.areas.len(),
        "withheld": withheld,
        "left_out": released.areas_left_out,
    }))?;
    whole_file::replace(&asked.out, text)?;
    Ok(format!(
        "{}: {} areas, {withheld} with something withheld; {} left out. Disclosure control: cell key.\n",
        named(&asked.out),
        released.areas.len(),
        released.areas_left_out
    ))
}

/// By what a person is known from run to run, however rows and sources are ordered and whatever registers come in
/// later: by its record of the roll; who has none, by its ID number; else by the first of its records' handles in the
/// order of texts. A register that is added would otherwise give whoever it knows another key, and five such runs
/// another five draws of the noise.
fn handle(study: &Study, table: &PersonTable, records: &[RecordId]) -> String {
    let least = |of: &dyn Fn(RecordId) -> Option<String>| records.iter().filter_map(|record| of(*record)).min();
    let roll = study.roll();
    least(&|record| (Some(table.source(record)) == roll).then(|| record_handle(study, table, record)))
        .or_else(|| least(&|record| id_number(table, record)))
        .or_else(|| least(&|record| Some(record_handle(study, table, record))))
        .unwrap_or_default()
}

fn record_handle(study: &Study, table: &PersonTable, record: RecordId) -> String {
    let source = study.sources.get(table.source(record));
    let name = source.map_or("", |source| source.name.as_str());
    match source.and_then(|source| source.record_id.as_ref()) {
        Some(_) => format!("{name}:{}", table.record_id(record)),
        // The number of a row is another one in the next delivery.
        None => format!("{name}:{}", content(table, record)),
    }
}

/// The characters of a record's ID number, if it has one that is not masked.
fn id_number(table: &PersonTable, record: RecordId) -> Option<String> {
    let mut characters = [0; 20];
    let length = table.id_number[record as usize].characters(&mut characters);
    (length > 0).then(|| String::from_utf8_lossy(&characters[..length]).into_owned())
}

/// What a record without an id is known by: its ID number, else name, birth date and sex.
fn content(table: &PersonTable, record: RecordId) -> String {
    id_number(table, record).unwrap_or_else(|| {
        let (birth, sex) = (table.birth[record as usize], table.sex[record as usize]);
        format!("{} {birth} {sex}", table.name_text(record))
    })
}

/// What goes out must neither take the place of something else nor lie among what must not go out.
fn check_destination(asked: &Publish) -> Result<()> {
    let refused =
        |what: &str| Err(Error::new(Kind::Usage, what).at_file(&asked.out).hint("name another file with --out"));
    if destination::is_same(&asked.out, &asked.key) {
        return refused("this is the key: what is published would take its place");
    }
    if destination::lies_in(&asked.out, &asked.run) {
        return refused("this lies in the folder of the run, which holds what may not leave the office");
    }
    for written in std::iter::once(&asked.out).chain(asked.new_key.then_some(&asked.key)) {
        publication::refuse_inside_any(written)?;
        destination::check_folder(written)?;
    }
    destination::check(&asked.out, "release", is_release)
}

fn is_release(path: &Path) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    serde_json::from_str::<Value>(&text).is_ok_and(|found| found["disclosure_control"].is_string())
}
