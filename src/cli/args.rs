//! Which arguments are there?

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Cross-matches a census roll with administrative registers: who is missed, counted twice or counted wrongly.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Start with `rollcall demo`, or with your own extracts:\n  rollcall init DIR\n  rollcall run DIR/study.toml --out RESULTS"
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Threads to use (all cores by default); results do not depend on it.
    #[arg(long, global = true)]
    pub threads: Option<usize>,
    /// Form of the log on stderr.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Say nothing but results and errors.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more (twice: still more).
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines of text.
    Text,
    /// A JSON object per line.
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a synthetic district, cross-check it, and hold what was found against the truth.
    Demo {
        /// Residents of the district.
        #[arg(long, default_value_t = 20_000)]
        persons: usize,
        /// Seed; the same seed makes the same district.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Where to put district and results.
        #[arg(long, default_value = "demo")]
        out: PathBuf,
    },
    /// Look at the extracts in a folder and write a commented study file.
    Init {
        /// The folder.
        folder: PathBuf,
        /// The study file (FOLDER/study.toml by default; `-` prints it).
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Run the cross-check.
    Run {
        /// The study file.
        study: PathBuf,
        /// Where to put the outputs.
        #[arg(long)]
        out: PathBuf,
        /// Visits that the office can pay for.
        #[arg(long)]
        visits: Option<u64>,
    },
    /// Hold a run against a truth table (columns source, record_id, person).
    Evaluate {
        /// The run's folder.
        run: PathBuf,
        /// The truth table, Parquet or CSV.
        #[arg(long)]
        truth: PathBuf,
    },
    /// Make a synthetic district: extracts, study file and truth.
    Synth {
        /// Where to put it.
        folder: PathBuf,
        /// Residents.
        #[arg(long, default_value_t = 20_000)]
        persons: usize,
        /// Seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many errors clerks make, as a multiple of the usual.
        #[arg(long, default_value_t = 1.0)]
        errors: f64,
    },
    /// Print shell completions.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}
