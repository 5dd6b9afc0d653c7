//! How is an entry of a trace written?
//!
//! Takes records, persons and pairs, gives lines with source, file and row: never a value of a record.

use std::fmt::Write;

use crate::audit::manifest::Manifest;
use crate::error::{Error, Kind, Result, inert};
use crate::intake::study::Study;
use crate::outcome::coverage::{Level, UNKNOWN_AREA};
use crate::outcome::report::cases::is_area;
use crate::person::table::{PersonTable, RecordId};
use crate::provenance::Known;

/// What lines are made from.
pub(super) struct Entries<'a> {
    pub(super) study: &'a Study,
    pub(super) table: &'a PersonTable,
    pub(super) manifest: &'a Manifest,
}

impl Entries<'_> {
    fn source(&self, record: RecordId) -> &str {
        self.study.sources.get(self.table.source(record)).map_or("", |source| source.name.as_str())
    }

    /// `source:record`.
    pub(super) fn name(&self, record: RecordId) -> String {
        format!("{}:{}", self.source(record), inert(self.table.record_id(record)))
    }

    /// `source:record  file row N`.
    pub(super) fn record(&self, record: RecordId) -> String {
        let number = self.table.row.get(record as usize).copied().unwrap_or(0);
        let (file, within) = self.manifest.place(self.source(record), u64::from(number));
        format!("{}  {file} row {within}", self.name(record))
    }

    /// The pairs, at most so many.
    pub(super) fn pairs(&self, text: &mut String, pairs: &[Known], limit: usize) {
        for known in pairs.iter().take(limit) {
            let (one, other) = (self.name(known.pair.0), self.name(known.pair.1));
            let (weight, probability) = (known.weight, known.probability);
            let person = if known.together { "one person" } else { "two persons" };
            let judged = match known.judged {
                Some(true) => "  judged one person",
                Some(false) => "  judged two persons",
                None => "",
            };
            let _ = writeln!(text, "{one} {other}  weight {weight:.2}  probability {probability:.6}  {person}{judged}");
        }
        more(text, pairs.len(), limit);
    }
}

/// `source:record` of an end of a pair: what somebody typed as a record's id does nothing to a terminal.
pub(super) fn named(end: &(String, String)) -> String {
    format!("{}:{}", end.0, inert(&end.1))
}

/// That there are more entries than were listed.
pub(super) fn more(text: &mut String, all: usize, limit: usize) {
    if all > limit {
        let _ = writeln!(text, "\n{} more; --limit lists them, too", all - limit);
    }
}

/// A source of the run by this name: its position.
pub(super) fn known(manifest: &Manifest, source: &str) -> Result<usize> {
    let names: Vec<&str> = manifest.sources.iter().map(|entry| entry.source.as_str()).collect();
    names.iter().position(|name| *name == source).ok_or_else(|| {
        let error = Error::new(Kind::Usage, "the run has no such source");
        error.hint(format!("its sources are {}", names.join(", ")))
    })
}

/// Does a place lie in the area that is asked for?
pub(super) fn lies_in(place: &str, area: Option<&str>) -> bool {
    let known = |level: Level| !matches!(level.area(place), "" | UNKNOWN_AREA);
    match area {
        None => true,
        Some("unknown") => !known(Level::Township),
        Some("unknown_community") => !known(Level::Community),
        Some(area) => is_area(place, area),
    }
}
