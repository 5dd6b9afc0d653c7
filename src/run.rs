//! What happens, in which order?
//!
//! The corridor: read → standardise → link → estimate residence → find → count → report → seal. Each line is a stage's
//! one verb; nothing is computed here. What is [`written`] and [`sealed`] stands in rooms beside it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::audit::checkpoint;
use crate::audit::delivery;
use crate::audit::log::{self, Beginning};
use crate::audit::manifest::Manifest;
use crate::audit::publication::Publication;
use crate::audit::stage::Stage;
use crate::audit::{verify, vouched};
use crate::error::{Error, Result};
use crate::intake::decisions::{self, Decisions};
use crate::intake::extract::{self, Extract};
use crate::intake::outcomes::{self, Outcomes};
use crate::intake::study::{Source, Study};
use crate::linkage::comparison::Comparer;
use crate::linkage::decided::Decided;
use crate::linkage::kept;
use crate::linkage::{self, Linked};
use crate::memory::freed;
use crate::memory::plan::{self, Allowance, Provided};
use crate::outcome::coverage::Coverage;
use crate::outcome::coverage::estimated;
use crate::outcome::discrepancy::Findings;
use crate::outcome::links::{self, Link};
use crate::outcome::reliability::Reliability;
use crate::outcome::report::ReportInput;
use crate::outcome::settled::Settled;
use crate::outcome::{coverage, find, reliability, residence};
use crate::person::{self, Standardised, table::PersonTable};
use crate::progress::Progress;
use moved::Moved;
use sealed::Facts;

mod earlier;
mod moved;
mod sealed;
mod written;

pub use self::earlier::forget;

/// What the command line may add to a study.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Visits the office can pay for; the study's own number otherwise.
    pub visits: Option<u64>,
    /// Who runs it, for the audit log.
    pub actor: Option<String>,
    /// The key file that signs the end of the audit log.
    pub sign_key: Option<PathBuf>,
    /// Memory that the run may hold: where it needs more, it works over a file, or is refused before it begins.
    pub memory: Allowance,
}

/// What a run did.
#[derive(Debug)]
pub struct Summary {
    /// The manifest as written.
    pub manifest: Manifest,
    /// The discrepancies.
    pub findings: Findings,
    /// The counts and estimates of persons.
    pub coverage: Coverage,
    /// What the link probabilities are worth.
    pub reliability: Reliability,
}

/// What a run stood on and nobody needs any more. A program that ends with the run need not give it back piece by
/// piece.
#[derive(Debug)]
pub struct Spent {
    _standardised: Standardised,
    _linked: Linked,
    _links: Vec<Link>,
    _to_the_end: Option<freed::Kept>,
}

/// Runs a study from extracts to outputs.
///
/// # Errors
/// Says whose move it is: the study's, an input's, or the machine's.
pub fn run(study: &Study, folder: &Path, options: &Options, progress: &dyn Progress) -> Result<Summary> {
    run_keeping(study, folder, options, progress).map(|(summary, _)| summary)
}

/// The same, and what the run stood on, for a program that ends with it.
///
/// # Errors
/// As [`run`].
pub fn run_keeping(
    study: &Study,
    folder: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<(Summary, Spent)> {
    options.sign_key.as_deref().map(checkpoint::check_key).transpose()?;
    let publication = Publication::begin(folder)?;
    if publication.is_open_to_others() {
        tracing::warn!(
            folder = %folder.display(),
            "others may look into this folder: lists and cases are readable by you alone, record ids and counts by them, \
             too; take their rights away (chmod go-rwx), or name a new folder with --out"
        );
    }
    earlier::prepare(study, folder)?;
    checkpoint::check_renewal(folder, options.sign_key.as_deref())?;
    verify::refuse_returned(folder)?;
    let (extracts, program_digest) = rayon::join(|| take_in(study), log::program_digest);
    let extracts = extracts?;
    let Provided { in_file, freed, to_the_end } = plan::provide(rows(&extracts), options.memory, folder)?;
    let (decisions, outcomes) = (decisions::read(study)?, outcomes::read(study)?);
    let actor = options.actor.as_deref().unwrap_or(log::NOBODY_NAMED);
    let mut log = vouched::renew(&publication, actor, options.sign_key.as_deref())?;
    let stage = stage(&publication, study, &extracts, decisions.as_ref(), program_digest.as_deref());
    let kept = stage.as_ref().and_then(Stage::take_up).as_deref().and_then(kept::read);
    log.begin(&Beginning {
        study_file: &from_anywhere(&study.file),
        results: &from_anywhere(folder),
        study_digest: &study.digest,
        program_digest: program_digest.as_deref(),
        visits: options.visits,
        taken_up: kept.as_ref().map(|_| LINKED),
    })?;
    let standardised = person::standardise(study, &extracts, progress)?;
    person::plausibility::check(study, &extracts, &standardised)?;
    let table = &standardised.table;
    let comparer = Comparer::new(study, table);
    let decided = decisions.as_ref().map(|decisions| Decided::of(decisions, study, table)).unwrap_or_default();
    let restored = kept.and_then(|kept| kept.restore(table, &comparer));
    let to_keep = stage.filter(|_| restored.is_none());
    let linked = match restored {
        Some(linked) => taken_up(linked, freed, progress),
        None => linkage::link(study, table, &comparer, &decided, || drop(freed), progress)?,
    };
    let settled = settled(outcomes.as_ref(), study, table, &linked)?;
    let believed = residence::believed(&decided, &linked);
    let estimate = || residence::estimate(study, table, &linked, &believed, &settled);
    let residence = keep_beside(to_keep.as_ref(), &linked, estimate, progress);
    let (findings, mut coverage) = rayon::join(
        || find::find(study, table, &comparer, &linked, &residence, &settled, options.visits),
        || coverage::count(study, table, &linked),
    );
    let ((), (links, reliability)) = rayon::join(
        || estimated::estimate(&mut coverage, study, table, &linked, &believed, &residence, &findings),
        || appraised_links(study, table, &comparer, &linked, &decided),
    );
    drop(believed);
    progress.begin("write", 0);
    let out = publication.work()?;
    let input = ReportInput {
        study,
        extracts: &extracts,
        table,
        tallies: &standardised.tallies,
        linked: &linked,
        links: &links,
        residence: &residence,
        findings: &findings,
        coverage: &coverage,
        reliability: &reliability,
    };
    let written = written::write_all(out, &input, &comparer, &standardised.rejected)?;
    let facts = Facts {
        found: &input,
        decisions: decisions.as_ref().map(|decisions| (decisions, &decided)),
        outcomes: outcomes.as_ref().map(|outcomes| (outcomes, &settled)),
    };
    let manifest = sealed::seal(&facts, out, &written, &mut log)?;
    publication.publish()?;
    log.published()?;
    log.sign(options.sign_key.as_deref())?;
    progress.finish("all outputs");
    in_file.into_iter().for_each(|file| tracing::info!(bytes = file.most(), "lay in the file at its height"));
    let spent = Spent { _standardised: standardised, _linked: linked, _links: links, _to_the_end: to_the_end };
    Ok((Summary { manifest, findings, coverage, reliability }, spent))
}

/// The stage that takes a run longest; what it gives is kept until the run is whole.
const LINKED: &str = "linked";

/// Where the linkage of these inputs by this program is kept, or lies already. What it does not depend on (visits,
/// threads, who runs it) may change between an interrupted run and the next.
fn stage(
    publication: &Publication,
    study: &Study,
    extracts: &[Extract],
    decisions: Option<&Decisions>,
    program_digest: Option<&str>,
) -> Option<Stage> {
    let files = extracts.iter().flat_map(|extract| {
        extract.files.iter().map(|file| (extract.source, file.bytes, file.rows, file.digest.as_str()))
    });
    let files: Vec<_> = files.collect();
    let decisions = decisions.map(|decisions| decisions.table.digest.as_str());
    let depends_on = (program_digest?, env!("CARGO_PKG_VERSION"), &study.digest, files, decisions);
    Some(publication.stage(LINKED, &serde_json::to_string(&depends_on).ok()?))
}

/// Opens what the departments sent, and holds it against their seals.
///
/// # Errors
/// An input error if a file cannot be used, a verification error if a delivery is not what was sealed.
pub fn take_in(study: &Study) -> Result<Vec<Extract>> {
    let extracts = extract::open_all(study).map_err(|error| altered(study).unwrap_or(error))?;
    let (mut is_any_sealed, mut unsealed) = (false, Vec::new());
    for extract in &extracts {
        let key = study.sources[extract.source].sealed_by.as_deref();
        let folders: BTreeSet<&Path> = extract.files.iter().filter_map(|file| file.path.parent()).collect();
        for folder in folders {
            let Some(sealed) = delivery::read(folder, key)? else {
                unsealed.push((&study.sources[extract.source].name, folder));
                continue;
            };
            is_any_sealed = true;
            let files = extract.files.iter().filter(|file| file.path.parent() == Some(folder));
            let facts = files.filter_map(|file| {
                let name = file.path.file_name()?.to_str()?;
                Some((name, file.bytes, file.rows, file.digest.as_str()))
            });
            delivery::check(folder, &sealed, facts)?;
            tracing::info!(source = study.sources[extract.source].name, signed = sealed.public_key.is_some(), "sealed");
        }
    }
    // Where senders seal, a folder without a seal may have lost it; `sealed_by` would refuse that.
    for (source, folder) in unsealed.into_iter().filter(|_| is_any_sealed) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder }.display();
        tracing::warn!(source, %folder, "not sealed, and others are: no change of these files would be found");
    }
    refuse_empty(study, &extracts)?;
    Ok(extracts)
}

/// Where files cannot be used: are they not those that were sealed? Then nothing in the study file would mend it.
fn altered(study: &Study) -> Option<Error> {
    let altered = |source: &Source| {
        source.files.iter().find_map(|file| match delivery::read(file.parent()?, source.sealed_by.as_deref()) {
            Ok(sealed) => delivery::altered(&sealed?, file),
            Err(error) => Some(error),
        })
    };
    study.sources.iter().find_map(altered)
}

/// A source without a row is a delivery that went wrong: everybody would look missed, or unsupported.
fn refuse_empty(study: &Study, extracts: &[Extract]) -> Result<()> {
    let Some(empty) = extracts.iter().find(|extract| extract.rows == 0) else { return Ok(()) };
    let source = &study.sources[empty.source];
    let error = Error::input(format!("the source '{}' has no rows", source.name));
    let error = empty.files.first().into_iter().fold(error, |error, file| error.at_file(&file.path));
    Err(error.hint("ask the sender for the file again, or take the source out of the study"))
}

fn rows(extracts: &[Extract]) -> u64 {
    extracts.iter().map(|extract| extract.rows).sum()
}

/// A path that holds wherever somebody asks for it later.
fn from_anywhere(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn taken_up(linked: Linked, freed: Option<freed::Kept>, progress: &dyn Progress) -> Linked {
    drop(freed);
    progress.begin("link", 0);
    progress.finish("taken up from an interrupted run");
    linked
}

/// Estimates who lived here; beside it, what was linked is kept until the run is whole.
fn keep_beside(
    stage: Option<&Stage>,
    linked: &Linked,
    estimate: impl FnOnce() -> residence::Residence + Send,
    progress: &dyn Progress,
) -> residence::Residence {
    progress.begin("residence evidence", 0);
    let keep = || stage.into_iter().for_each(|stage| stage.keep(|to| kept::write(linked, to)));
    let (residence, ()) = rayon::join(estimate, keep);
    progress.finish(&format!("{} candidates", residence.candidates.len()));
    residence
}

/// The links and possible links, and what their probabilities are worth.
fn appraised_links(
    study: &Study,
    table: &PersonTable,
    comparer: &Comparer<'_>,
    linked: &Linked,
    decided: &Decided,
) -> (Vec<Link>, Reliability) {
    let links = links::gather(study, table, comparer, linked, decided);
    let reliability = reliability::appraise(study, &linked.scorer(comparer, table), linked, &links, decided);
    (links, reliability)
}

/// What visits have settled of the persons of this run.
fn settled(outcomes: Option<&Outcomes>, study: &Study, table: &PersonTable, linked: &Linked) -> Result<Settled> {
    let Some(outcomes) = outcomes else { return Ok(Settled::default()) };
    let settled = Settled::of(outcomes, study, table, &linked.resolution)?;
    if settled.unknown > 0 {
        let unknown = settled.unknown;
        tracing::warn!(unknown, "outcomes of visits on records that the extracts do not have as the same persons'");
    }
    let Settled { of_others, by_row_number, .. } = settled;
    let written_by = "`rollcall follow-up outcomes`";
    Moved { what: "outcomes of visits", written_by, of_others, by_row_number }.warn(study);
    Ok(settled)
}
