//! What is said of a run, for ever?
//!
//! Takes the facts of a run and what was written, gives the manifest: inputs and outputs with their digests, and
//! counts, which must add up. It is written last, once the log has been closed over it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::moved::Moved;
use super::written::Written;
use crate::audit::log::Log;
use crate::audit::manifest::{self, InputEntry, MANIFEST, Manifest, SourceEntry, StudyEntry};
use crate::error::{Error, Kind, Result};
use crate::intake::decisions::Decisions;
use crate::intake::extract::{Extract, ExtractFile};
use crate::intake::named_table::TableFile;
use crate::intake::outcomes::Outcomes;
use crate::intake::study::{Role, Study};
use crate::linkage::Linked;
use crate::linkage::decided::Decided;
use crate::outcome::report::ReportInput;
use crate::outcome::settled::Settled;
use crate::tally::Tally;
use crate::whole_file;

/// What the manifest is made from.
pub(super) struct Facts<'a> {
    /// What was read, linked and found.
    pub found: &'a ReportInput<'a>,
    /// What clerks have decided, if they have, and what that is of this run's records.
    pub decisions: Option<(&'a Decisions, &'a Decided)>,
    /// What visits have found, if there were any, and what that is of this run's persons.
    pub outcomes: Option<(&'a Outcomes, &'a Settled)>,
}

impl Facts<'_> {
    fn counts(&self) -> BTreeMap<String, u64> {
        let ReportInput { linked, links, findings, residence, .. } = self.found;
        let certain = links.iter().filter(|link| link.linked).count() as u64;
        let mut counts = BTreeMap::from([
            (String::from("candidate_pairs"), linked.candidates),
            (String::from("pairs_of_linked_households"), linked.unblocked),
            (String::from("links"), certain),
            (String::from("possible_links"), links.len() as u64 - certain),
            (String::from("persons"), linked.resolution.persons() as u64),
            (String::from("persons_outside_the_area"), residence.not_looked_for),
            (String::from("discrepancies"), findings.discrepancies.len() as u64),
            (String::from("visits"), findings.visits),
        ]);
        if let Some((_, decided)) = self.decisions {
            count_decisions(self.found.study, decided, linked, &mut counts);
        }
        if let Some((_, settled)) = self.outcomes {
            counts.insert(String::from("outcomes"), settled.used);
            counts.insert(String::from("outcomes_on_unknown_records"), settled.unknown);
            counts.insert(String::from("outcomes_on_records_of_others"), settled.of_others);
        }
        counts
    }

    fn inputs(&self) -> Vec<InputEntry> {
        let study = self.found.study;
        let of_extract = |extract: &Extract| {
            let source = &study.sources[extract.source].name;
            let entry = |file: &ExtractFile| InputEntry {
                source: source.clone(),
                file: study.relative(&file.path),
                bytes: file.bytes,
                rows: file.rows,
                last_row: (file.last_row != file.rows).then_some(file.last_row),
                digest: file.digest.clone(),
            };
            extract.files.iter().map(entry).collect::<Vec<InputEntry>>()
        };
        let decisions = self.decisions.map(|(found, _)| table_entry(study, manifest::DECISIONS, &found.table));
        let outcomes = self.outcomes.map(|(found, _)| table_entry(study, manifest::OUTCOMES, &found.table));
        self.found.extracts.iter().flat_map(of_extract).chain(decisions).chain(outcomes).collect()
    }
}

/// Seals what was written: the counts must add up, and the log is closed before the manifest is there.
pub(super) fn seal(facts: &Facts<'_>, out: &Path, written: &[Written], log: &mut Log) -> Result<Manifest> {
    let ReportInput { study, tallies, coverage, .. } = *facts.found;
    let mut files: Vec<(String, Option<u64>)> = Vec::new();
    for part in written {
        let relative = |path: &PathBuf| Some(path.strip_prefix(out).ok()?.to_string_lossy().replace('\\', "/"));
        files.extend(part.pages.iter().filter_map(relative).map(|name| (name, None)));
        files.extend(part.table.map(|(name, rows)| (name.to_owned(), Some(rows))));
    }
    files.sort_unstable();
    let outputs =
        files.par_iter().map(|(name, rows)| manifest::describe(out, name, *rows)).collect::<Result<Vec<_>>>()?;
    let manifest = Manifest {
        program: format!("rollcall {}", env!("CARGO_PKG_VERSION")),
        format: 1,
        study: StudyEntry {
            name: study.name.clone(),
            file: study.file.file_name().map(PathBuf::from).unwrap_or_default(),
            digest: study.digest.clone(),
            reference_time: study.reference.text.clone(),
            area: study.area.clone(),
            seed: study.linkage.seed,
        },
        inputs: facts.inputs(),
        sources: study
            .sources
            .iter()
            .zip(tallies)
            .map(|(source, tally)| SourceEntry::of(&source.name, source.role == Role::Roll, tally))
            .collect(),
        rejected_too_many: too_many(study, tallies),
        counts: facts.counts(),
        outputs,
    };
    let wrong = [manifest.check(), coverage.check()].concat();
    if !wrong.is_empty() {
        return Err(Error::new(
            Kind::Verification,
            format!("the counts of this run do not add up: {}", wrong.join("; ")),
        ));
    }
    let text = manifest.to_json()?;
    log.close(&manifest, &text)?;
    whole_file::write(&out.join(MANIFEST), text.as_bytes())?;
    Ok(manifest)
}

fn too_many(study: &Study, tallies: &[Tally]) -> Vec<String> {
    let over = study
        .sources
        .iter()
        .zip(tallies)
        .filter(|(_, tally)| tally.rows_lost() as f64 > study.limits.rejected_share_max * tally.rows_in as f64);
    over.map(|(source, _)| source.name.clone()).collect()
}

/// Decisions that contradict each other cannot all be followed: how many were not is counted and said.
fn count_decisions(study: &Study, decided: &Decided, linked: &Linked, counts: &mut BTreeMap<String, u64>) {
    let not_followed = decided.not_followed(&linked.resolution);
    counts.insert(String::from("decisions"), decided.len() as u64);
    counts.insert(String::from("decisions_not_followed"), not_followed);
    counts.insert(String::from("decisions_on_unknown_records"), decided.unknown);
    counts.insert(String::from("decisions_on_records_of_others"), decided.of_others);
    if not_followed + decided.unknown > 0 {
        tracing::warn!(
            not_followed,
            unknown = decided.unknown,
            "decisions of clerks that contradict others, or are on records that the extracts do not have as the same persons'"
        );
    }
    let Decided { of_others, by_row_number, .. } = *decided;
    let written_by = "`rollcall review decisions`";
    Moved { what: "decisions of clerks", written_by, of_others, by_row_number }.warn(study);
}

/// A table that the study names beside its sources, among the inputs.
fn table_entry(study: &Study, source: &str, table: &TableFile) -> InputEntry {
    InputEntry {
        source: source.to_owned(),
        file: study.relative(&table.path),
        bytes: table.bytes,
        rows: table.rows,
        last_row: None,
        digest: table.digest.clone(),
    }
}
