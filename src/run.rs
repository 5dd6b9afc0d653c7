//! What happens, in which order?
//!
//! The corridor: read → standardise → link → estimate residence → find → count → report → seal. Each line is a stage's
//! one verb; nothing is computed here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::audit::checkpoint;
use crate::audit::delivery;
use crate::audit::log::{self, Beginning, Log};
use crate::audit::manifest::{self, InputEntry, MANIFEST, Manifest, SourceEntry, StudyEntry};
use crate::audit::publication::Publication;
use crate::audit::stage::Stage;
use crate::error::{Error, Kind, Result};
use crate::intake::decisions::{self, Decisions};
use crate::intake::extract::{self, Extract};
use crate::intake::named_table::TableFile;
use crate::intake::outcomes::{self, Outcomes};
use crate::intake::study::{Role, Study};
use crate::linkage::comparison::Comparer;
use crate::linkage::decided::Decided;
use crate::linkage::kept;
use crate::linkage::model::file::{self as model_file, MODEL};
use crate::linkage::{self, Linked};
use crate::memory::freed;
use crate::memory::plan::{self, Allowance, Provided};
use crate::outcome::coverage::Coverage;
use crate::outcome::coverage::estimated;
use crate::outcome::discrepancy::Findings;
use crate::outcome::reliability::Reliability;
use crate::outcome::report::cases::{CaseBook, table as case_table};
use crate::outcome::report::{self, ReportInput, file};
use crate::outcome::settled::Settled;
use crate::outcome::{coverage, files, find, reliability, residence};
use crate::person::{self, Standardised, table::PersonTable};
use crate::progress::Progress;
use crate::tally::Tally;

mod earlier;

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
    /// What the run stood on.
    pub spent: Spent,
}

/// What a run stood on and nobody needs any more. A program that ends with the run need not give it back piece by piece.
#[derive(Debug)]
pub struct Spent {
    _standardised: Standardised,
    _linked: Linked,
    _links: Vec<files::Link>,
    _to_the_end: Option<freed::Kept>,
}

/// Runs a study from extracts to outputs.
///
/// # Errors
/// Says whose move it is: the study's, an input's, or the machine's.
pub fn run(study: &Study, folder: &Path, options: &Options, progress: &dyn Progress) -> Result<Summary> {
    options.sign_key.as_deref().map(checkpoint::check_key).transpose()?;
    let publication = Publication::begin(folder)?;
    earlier::prepare(study, folder)?;
    let (extracts, program_digest) = rayon::join(|| take_in(study), log::program_digest);
    let extracts = extracts?;
    let Provided { in_file, freed, to_the_end } = plan::provide(rows(&extracts), options.memory, folder)?;
    let (decisions, outcomes) = (decisions::read(study)?, outcomes::read(study)?);
    let mut log = Log::open(&publication, options.actor.as_deref().unwrap_or("unspecified"))?;
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
        None => linkage::link(study, table, &comparer, &decided, freed, progress)?,
    };
    let settled = settled(outcomes.as_ref(), study, table, &linked)?;
    let residence = keep_and_estimate(to_keep.as_ref(), study, table, &linked, &settled, progress);
    let (findings, mut coverage) = rayon::join(
        || find::find(study, table, &comparer, &linked, &residence, &settled, options.visits),
        || coverage::count(study, table, &linked),
    );
    let ((), (links, reliability)) = rayon::join(
        || estimated::estimate(&mut coverage, study, table, &linked, &residence, &findings),
        || appraised_links(study, table, &comparer, &linked, &decided),
    );
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
    let case_book = CaseBook::of(&input);
    let tables: [&(dyn Fn() -> Result<Written> + Sync); 9] = [
        &|| files::write_links(out, study, table, &comparer, &links).map(|rows| Written::table(files::LINKS, rows)),
        &|| report::write(&report::compose(&input, &case_book), out).map(Written::pages),
        &|| {
            let rows = files::write_persons(out, study, table, &linked.resolution.person_of)?;
            Ok(Written::table(files::PERSONS, rows))
        },
        &|| files::write_discrepancies(out, table, &findings).map(|rows| Written::table(files::DISCREPANCIES, rows)),
        &|| {
            let roll = study.roll().map_or("", |roll| study.sources[roll].name.as_str());
            let rows = case_table::write(out, case_book.len(), |part| case_book.rows(part), roll, study.language)?;
            Ok(Written::table(case_table::CASES, rows))
        },
        &|| files::write_rejected(out, study, &standardised.rejected).map(|rows| Written::table(files::REJECTED, rows)),
        &|| {
            let text = serde_json::to_string_pretty(&coverage.summary)
                .map_err(|_| Error::new(Kind::Environment, "the estimates cannot be written as JSON"))?;
            file::write(&out.join(ESTIMATES), (text + "\n").as_bytes())?;
            Ok(Written::pages(vec![out.join(ESTIMATES)]))
        },
        &|| coverage.write_parquet(&out.join(COVERAGE)).map(|rows| Written::table(COVERAGE, rows)),
        &|| {
            file::write(&out.join(MODEL), model_file::to_json(&linked.model)?.as_bytes())?;
            Ok(Written::pages(vec![out.join(MODEL)]))
        },
    ];
    let written = tables.par_iter().with_max_len(1).map(|write| write()).collect::<Result<Vec<Written>>>()?;
    let mut counts = count(&linked, &links, &findings);
    let mut inputs = inputs(study, &extracts);
    if let Some(decisions) = &decisions {
        count_decisions(&decided, &linked, &mut counts);
        inputs.push(table_entry(study, manifest::DECISIONS, &decisions.table));
    }
    if let Some(outcomes) = &outcomes {
        counts.insert(String::from("outcomes"), settled.used);
        counts.insert(String::from("outcomes_on_unknown_records"), settled.unknown);
        inputs.push(table_entry(study, manifest::OUTCOMES, &outcomes.table));
    }
    let manifest = seal(study, out, inputs, &standardised.tallies, &written, counts, &mut log)?;
    publication.publish()?;
    log.published()?;
    checkpoint::renew(folder, options.sign_key.as_deref(), log.head())?;
    progress.finish("all outputs");
    in_file.into_iter().for_each(|file| tracing::info!(bytes = file.most(), "lay in the file at its height"));
    let spent = Spent { _standardised: standardised, _linked: linked, _links: links, _to_the_end: to_the_end };
    Ok(Summary { manifest, findings, coverage, reliability, spent })
}

/// The stage that takes a run longest; what it gives is kept until the run is whole.
const LINKED: &str = "linked";

/// Where the linkage of these inputs by this program is kept, or lies already. What it does not depend on (visits, threads,
/// who runs it) may change between an interrupted run and the next.
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
    let extracts = extract::open_all(study)?;
    for extract in &extracts {
        let key = study.sources[extract.source].sealed_by.as_deref();
        let folders: BTreeSet<&Path> = extract.files.iter().filter_map(|file| file.path.parent()).collect();
        for folder in folders {
            let Some(sealed) = delivery::read(folder, key)? else { continue };
            let files = extract.files.iter().filter(|file| file.path.parent() == Some(folder));
            let facts = files.filter_map(|file| {
                let name = file.path.file_name()?.to_str()?;
                Some((name, file.bytes, file.rows, file.digest.as_str()))
            });
            delivery::check(folder, &sealed, facts)?;
            tracing::info!(source = study.sources[extract.source].name, signed = sealed.public_key.is_some(), "sealed");
        }
    }
    refuse_empty(study, &extracts)?;
    Ok(extracts)
}

/// A source without a row is a delivery that went wrong: everybody would look missed, or unsupported.
fn refuse_empty(study: &Study, extracts: &[Extract]) -> Result<()> {
    let Some(empty) = extracts.iter().find(|extract| extract.rows == 0) else { return Ok(()) };
    let source = &study.sources[empty.source];
    let error = Error::input(format!("the source '{}' has no rows", source.name));
    let error = empty.files.first().into_iter().fold(error, |error, file| error.at_file(&file.path));
    Err(error.hint("ask the sender for the file again, or take the source out of the study"))
}

/// What one of the writers wrote.
#[derive(Debug, Default)]
struct Written {
    table: Option<(&'static str, u64)>,
    pages: Vec<PathBuf>,
}

impl Written {
    fn table(name: &'static str, rows: u64) -> Written {
        Written { table: Some((name, rows)), pages: Vec::new() }
    }

    fn pages(pages: Vec<PathBuf>) -> Written {
        Written { table: None, pages }
    }
}

/// Name of the coverage table.
const COVERAGE: &str = "coverage.parquet";
/// Name of the estimates of areas.
pub const ESTIMATES: &str = "coverage.json";

fn rows(extracts: &[Extract]) -> u64 {
    extracts.iter().map(|extract| extract.rows).sum()
}

/// A path that holds wherever somebody asks for it later.
fn from_anywhere(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn count(linked: &Linked, links: &[files::Link], findings: &Findings) -> BTreeMap<String, u64> {
    let certain = links.iter().filter(|link| link.linked).count() as u64;
    BTreeMap::from([
        (String::from("candidate_pairs"), linked.candidates),
        (String::from("pairs_of_linked_households"), linked.unblocked),
        (String::from("links"), certain),
        (String::from("possible_links"), links.len() as u64 - certain),
        (String::from("persons"), linked.resolution.persons() as u64),
        (String::from("discrepancies"), findings.discrepancies.len() as u64),
        (String::from("visits"), findings.visits),
    ])
}

/// Decisions that contradict each other cannot all be followed: how many were not is counted and said.
fn count_decisions(decided: &Decided, linked: &Linked, counts: &mut BTreeMap<String, u64>) {
    let not_followed = decided.not_followed(&linked.resolution);
    counts.insert(String::from("decisions"), decided.len() as u64);
    counts.insert(String::from("decisions_not_followed"), not_followed);
    counts.insert(String::from("decisions_on_unknown_records"), decided.unknown);
    if not_followed + decided.unknown > 0 {
        tracing::warn!(
            not_followed,
            unknown = decided.unknown,
            "decisions of clerks that contradict others, or are on records that the extracts do not have"
        );
    }
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

fn taken_up(linked: Linked, freed: Option<freed::Kept>, progress: &dyn Progress) -> Linked {
    drop(freed);
    progress.begin("link", 0);
    progress.finish("taken up from an interrupted run");
    linked
}

/// Estimates who lived here; beside it, what was linked is kept until the run is whole.
fn keep_and_estimate(
    stage: Option<&Stage>,
    study: &Study,
    table: &PersonTable,
    linked: &Linked,
    settled: &Settled,
    progress: &dyn Progress,
) -> residence::Residence {
    progress.begin("residence evidence", 0);
    let keep = || stage.into_iter().for_each(|stage| stage.keep(|to| kept::write(linked, to)));
    let (residence, ()) = rayon::join(|| residence::estimate(study, table, linked, settled), keep);
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
) -> (Vec<files::Link>, Reliability) {
    let links = files::links(study, table, comparer, linked, decided);
    let reliability = reliability::appraise(study, linked, &links, decided);
    (links, reliability)
}

/// What visits have settled of the persons of this run.
fn settled(outcomes: Option<&Outcomes>, study: &Study, table: &PersonTable, linked: &Linked) -> Result<Settled> {
    let Some(outcomes) = outcomes else { return Ok(Settled::default()) };
    let settled = Settled::of(outcomes, study, table, &linked.resolution)?;
    if settled.unknown > 0 {
        tracing::warn!(unknown = settled.unknown, "outcomes of visits on records that the extracts do not have");
    }
    Ok(settled)
}

fn inputs(study: &Study, extracts: &[Extract]) -> Vec<InputEntry> {
    let entries = extracts.iter().flat_map(|extract| {
        extract.files.iter().map(|file| InputEntry {
            source: study.sources[extract.source].name.clone(),
            file: study.relative(&file.path),
            bytes: file.bytes,
            rows: file.rows,
            last_row: (file.last_row != file.rows).then_some(file.last_row),
            digest: file.digest.clone(),
        })
    });
    entries.collect()
}

fn seal(
    study: &Study,
    out: &Path,
    inputs: Vec<InputEntry>,
    tallies: &[Tally],
    written: &[Written],
    counts: BTreeMap<String, u64>,
    log: &mut Log,
) -> Result<Manifest> {
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
        inputs,
        sources: study
            .sources
            .iter()
            .zip(tallies)
            .map(|(source, tally)| SourceEntry::of(&source.name, source.role == Role::Roll, tally))
            .collect(),
        rejected_too_many: too_many(study, tallies),
        counts,
        outputs,
    };
    let wrong = manifest.check();
    if !wrong.is_empty() {
        return Err(Error::new(
            Kind::Verification,
            format!("the counts of this run do not add up: {}", wrong.join("; ")),
        ));
    }
    let text = manifest.to_json()?;
    log.close(&manifest, &text)?;
    file::write(&out.join(MANIFEST), text.as_bytes())?;
    Ok(manifest)
}

fn too_many(study: &Study, tallies: &[Tally]) -> Vec<String> {
    let over =
        study.sources.iter().zip(tallies).filter(|(_, tally)| {
            tally.rows_set_aside() as f64 > study.limits.rejected_share_max * tally.rows_in as f64
        });
    over.map(|(source, _)| source.name.clone()).collect()
}
