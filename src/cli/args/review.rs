//! What may be asked of `review`?

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ResultFormat, Signing, team};

/// Commands of `review`.
#[derive(Debug, Subcommand)]
pub enum Review {
    /// Draw a sample of pairs and write it as a workbook for clerks, two records side by side, masked.
    Export(Export),
    /// Judge the drawn pairs here, one after the other.
    Ask(Ask),
    /// Take filled workbooks back (XLSX, or CSV in UTF-8 or GB18030); the same workbook twice changes nothing.
    Import(Import),
    /// Say what the judgements mean: precision and recall with 95 % intervals, what is disputed, how far clerks agree.
    Status(Status),
    /// Write all settled pairs as a table that the next run can hold to (`decisions` in the study file).
    Decisions(Decisions),
}

/// Which sample is meant.
#[derive(Debug, Args)]
pub struct Drawing {
    /// The run's folder; the study file and the extracts must still be what they were.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// Pairs to draw; more are taken where the model is unsure, some everywhere. Without this and a seed, the sample
    /// that was drawn last, or 200.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub pairs: Option<u64>,
    /// Seed of the draw (1 by default); the same run, number and seed give the same sample.
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
}

/// Arguments of `review export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The sample.
    #[command(flatten)]
    pub drawing: Drawing,
    /// Where to put the workbook (DIR/casework/review/pairs.xlsx by default).
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Who does it.
    #[command(flatten)]
    pub by: Signing,
}

/// Arguments of `review ask`.
#[derive(Debug, Args)]
pub struct Ask {
    /// The sample.
    #[command(flatten)]
    pub drawing: Drawing,
    /// Who judges: a name or number that says which clerk it is; letters, digits, `-`.
    #[arg(long, value_name = "CLERK", value_parser = team)]
    pub reviewer: String,
    /// The clerk settles what others dispute.
    #[arg(long)]
    pub supervisor: bool,
    /// Who does it.
    #[command(flatten)]
    pub by: Signing,
}

/// Arguments of `review import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// The filled workbooks.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Who judged: a name or number that says which clerk it was; letters, digits, `-`.
    #[arg(long, value_name = "CLERK", value_parser = team)]
    pub reviewer: String,
    /// The clerk settles what others dispute.
    #[arg(long)]
    pub supervisor: bool,
    /// Who does it.
    #[command(flatten)]
    pub by: Signing,
}

/// Arguments of `review status`.
#[derive(Debug, Args)]
pub struct Status {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// The sample of so many pairs (the one that was drawn last by default).
    #[arg(long, value_name = "N")]
    pub pairs: Option<u64>,
    /// The sample with this seed.
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Form of the result.
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

/// Arguments of `review decisions`.
#[derive(Debug, Args)]
pub struct Decisions {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// The table to write (CSV: `source_l`, `record_l`, `source_r`, `record_r`, `mark_l`, `mark_r`, `same`).
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Who does it.
    #[command(flatten)]
    pub by: Signing,
}
