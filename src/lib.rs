//! rollcall cross-matches a census roll with administrative registers: who is who, who was missed, who is counted twice
//! or wrongly, and where a field team should go.
//!
//! The whole in a minute. Data walks through four halls once; between the stages stand the nouns that pass:
//!
//! ```text
//!   study.toml            extracts (Parquet, CSV, XLSX)
//!       │                     │
//!  ┌────▼────────── intake ───▼──────────────────────────────────────────────────────────────────┐
//!  │ study::file::read          extract::open_all              survey::draft: a first study file │
//!  └────┬─────────────────────┬──────────────────────────────────────────────────────────────────┘
//!     Study                [Extract]           what was asked, and what was handed in
//!  ┌────▼────────── person ──────────────────────────────────────────────────────────────────────┐
//!  │ person::standardise: text as it was typed ends here; what is dirty is noted, not refused    │
//!  └────┬────────────────────────────────────────────────────────────────────────────────────────┘
//!     PersonTable                              one row per record, columns of symbols and numbers
//!  ┌────▼────────── linkage ─────────────────────────────────────────────────────────────────────┐
//!  │ blocking::block ──CandidatePairs──▶ Sifter::sift ──ComparedPairs──▶ em::fit ──Model──┐      │
//!  │                              (comparison: a Pattern per pair)                       │       │
//!  │ resolution::resolve ◀──────[Score]────── Scorer::score_all ◀─────────────────────────┘      │
//!  └────┬─────────────────────────────── twice: then households are known ───────────────────────┘
//!     Linked { Resolution, .. }                who is who: every record is one person's
//!  ┌────▼────────── outcome ─────────────────────────────────────────────────────────────────────┐
//!  │ residence::estimate ──Residence──▶ find::find ──Findings──▶ report::compose ──▶ Report      │
//!  │ coverage::count ──Coverage──▶ estimated::estimate ───────────────▲                          │
//!  └────┬────────────────────────────────────────────────────────────────────────────────────────┘
//!     links, persons, discrepancies, cases, rejected, coverage (.parquet), coverage.json, model.json,
//!       │                                        report.html, follow-up/
//!     audit: Manifest ◀── Tally of every source: rows in = rows out + rows set aside; written last
//!
//!  corridor  run: all of the above as one function     door    cli: one file per command
//!  beside    privacy: what may be shown                beside  synthetic: people who do not exist, with truth
//!  after     casework: visits and what they found; sampling: an auditor's sample; provenance: what is behind a figure
//!  below     error, digest, whole_file, tally, progress, memory
//! ```
//!
//! Begin with [`run::run`], then go where a noun comes from: [`Study`](intake::study::Study),
//! [`Extract`](intake::extract::Extract), [`PersonTable`](person::table::PersonTable),
//! [`Pattern`](linkage::comparison::Pattern), [`CandidatePairs`](linkage::blocking::CandidatePairs),
//! [`Model`](linkage::model::Model), [`Score`](linkage::scoring::Score),
//! [`Resolution`](linkage::resolution::Resolution), [`Residence`](outcome::residence::Residence),
//! [`Findings`](outcome::discrepancy::Findings), [`Coverage`](outcome::coverage::Coverage),
//! [`Report`](outcome::report::Report), [`Manifest`](audit::manifest::Manifest).
//!
//! Which room may use which is a table in `docs/architecture.md`, and a test reads it. The statistics are in
//! `docs/method.md`. Three rules hold everywhere: *missing is never disagreement*; *rows in are rows out plus rows set
//! aside*; *the same inputs give the same bytes*, whatever the threads.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use rollcall::intake::study;
//! use rollcall::progress::Silent;
//! use rollcall::run::{self, Options};
//!
//! # fn main() -> rollcall::error::Result<()> {
//! let study = study::file::read(Path::new("extracts/study.toml"))?;
//! let summary = run::run(&study, Path::new("results"), &Options::default(), &Silent)?;
//! println!("{} discrepancies", summary.findings.discrepancies.len());
//! # Ok(())
//! # }
//! ```

pub mod audit;
pub mod casework;
pub mod cli;
pub mod digest;
pub mod error;
pub mod intake;
pub mod linkage;
pub mod memory;
pub mod outcome;
pub mod person;
pub mod privacy;
pub mod progress;
pub mod provenance;
pub mod run;
pub mod sampling;
pub mod synthetic;
pub mod tally;
pub mod whole_file;
