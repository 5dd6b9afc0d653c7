//! What do people read?
//!
//! Takes all that was read, linked and found, gives [`Report`]: everything a reader will see, as plain values that are
//! already masked. [`compose`] arranges and adds up, it judges nothing; the renderers turn a report into bytes and see
//! nothing else: [`html`] into the office's page, [`follow_up`] into what a field team carries.
//!
//! The office's page holds no personal value at all. A field list holds what its worker needs at the door, and never
//! which department knew the person.

pub mod cases;
pub mod chart;
pub mod completeness;
pub mod follow_up;
pub mod html;
pub mod links;
pub mod missed;
pub mod sources;
pub mod traced;
pub mod words;
pub mod workbook;

#[cfg(test)]
mod practice;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::intake::extract::Extract;
use crate::intake::study::{Language, Study};
use crate::linkage::Linked;
use crate::linkage::blocking::RuleReport;
use crate::outcome::coverage::{Counts, Coverage};
use crate::outcome::discrepancy::Findings;
use crate::outcome::links::Link;
use crate::outcome::reliability::Reliability;
use crate::outcome::residence::Residence;
use crate::person::date::Date;
use crate::person::table::PersonTable;
use crate::privacy::mask;
use crate::tally::Tally;
use crate::whole_file;
use cases::{AreaList, CaseBook};
use completeness::Completeness;
use follow_up::Heading;
use links::LinksFound;
use missed::{KindFound, Missed};
use sources::SourceRead;

/// Name of the page for the office.
pub const PAGE: &str = "report.html";

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'a> {
    /// The study.
    pub study: &'a Study,
    /// The sources as they were handed in.
    pub extracts: &'a [Extract],
    /// The records.
    pub table: &'a PersonTable,
    /// One tally per source.
    pub tallies: &'a [Tally],
    /// Who is who.
    pub linked: &'a Linked,
    /// The links and possible links, as `links.parquet` has them.
    pub links: &'a [Link],
    /// How likely each unlinked person was missed.
    pub residence: &'a Residence,
    /// The discrepancies.
    pub findings: &'a Findings,
    /// The counts by area.
    pub coverage: &'a Coverage,
    /// What the probabilities are worth.
    pub reliability: &'a Reliability,
}

/// All that a reader will see.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Language of all texts.
    pub language: Language,
    /// Name of the study.
    pub study: String,
    /// SHA-256 of the study file.
    pub digest: String,
    /// Division-code prefix of the area under study.
    pub area: String,
    /// Year, month and day of the reference time.
    pub reference: (u16, u8, u8),
    /// The sources.
    pub sources: Vec<SourceRead>,
    /// The blocking rules.
    pub rules: Vec<RuleReport>,
    /// The links.
    pub links: LinksFound,
    /// What the probabilities are worth.
    pub reliability: Reliability,
    /// The persons.
    pub persons: Persons,
    /// The discrepancies by kind.
    pub kinds: Vec<KindFound>,
    /// The missed persons.
    pub missed: Missed,
    /// All persons counted.
    pub total: Counts,
    /// The persons by area, counted and estimated.
    pub completeness: Completeness,
    /// The follow-up lists, in the order of their files' names.
    pub lists: Vec<AreaList>,
}

/// How many persons there are, and how well known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Persons {
    /// Records that were linked.
    pub records: u64,
    /// Persons they make.
    pub persons: u64,
    /// Number of sources, and how many persons occur in just so many.
    pub by_sources: Vec<(u64, u64)>,
}

impl Report {
    /// What stands at the head of every list.
    #[must_use]
    pub fn heading(&self) -> Heading {
        let (study, team) = (self.study.clone(), String::new());
        Heading { language: self.language, study, reference: self.reference, team }
    }
}

/// Arranges everything for the reader.
#[must_use]
pub fn compose(input: &ReportInput<'_>, cases: &CaseBook<'_>) -> Report {
    let study = input.study;
    let ((lists, sources), (links, (persons, missed))) = rayon::join(
        || rayon::join(|| cases.lists(), || sources::compose(input)),
        || {
            rayon::join(
                || links::compose(input),
                || rayon::join(|| persons(input), || missed::compose(input.findings, input.residence)),
            )
        },
    );
    Report {
        language: study.language,
        study: mask::plain(&study.name),
        digest: study.digest.clone(),
        area: study.area.clone(),
        reference: Date::from_day(study.reference.day).unwrap_or(Date::NONE).parts(),
        sources,
        rules: input.linked.rules.clone(),
        links,
        reliability: input.reliability.clone(),
        persons,
        kinds: missed::kinds(input.findings),
        missed,
        total: input.coverage.total(),
        completeness: completeness::compose(input.coverage),
        lists,
    }
}

fn persons(input: &ReportInput<'_>) -> Persons {
    let resolution = &input.linked.resolution;
    let mut by_sources = vec![0u64; input.table.source_count() + 1];
    for person in 0..u32::try_from(resolution.persons()).unwrap_or(u32::MAX) {
        let sources = input.table.sources_of(resolution.records_of(person).iter().copied());
        if let Some(count) = by_sources.get_mut(sources) {
            *count += 1;
        }
    }
    Persons {
        records: input.table.len() as u64,
        persons: resolution.persons() as u64,
        by_sources: (0u64..).zip(by_sources).skip(1).collect(),
    }
}

/// Writes `report.html` and `follow-up/` into the folder of a run that is not published yet; gives the paths written,
/// in a fixed order.
///
/// # Errors
/// If a file cannot be written.
pub fn write(report: &Report, folder: &Path) -> Result<Vec<PathBuf>> {
    let page = folder.join(PAGE);
    whole_file::write(&page, html::page(report).as_bytes())?;
    let mut written = vec![page];
    written.extend(follow_up::write(
        &report.heading(),
        &report.lists,
        &folder.join(follow_up::FOLDER),
        whole_file::write_for_owner,
    )?);
    Ok(written)
}
