//! What may an auditor ask for?

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ResultFormat, Signing};

/// Arguments of `coverage`.
#[derive(Debug, Args)]
pub struct Coverage {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// Only this area, or all areas within the division with this code.
    #[arg(long, value_name = "CODE")]
    pub area: Option<String>,
    /// Form of the result.
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

/// Arguments of `coverage-trial`.
#[derive(Debug, Args)]
pub struct CoverageTrial {
    /// Districts.
    #[arg(long, default_value_t = 200)]
    pub districts: u64,
    /// Residents of each.
    #[arg(long, default_value_t = 2_000)]
    pub persons: usize,
    /// Seed of the first; the next has the next.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How much the quality of work differs from place to place: 0 not at all, 1 much.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub uneven: f64,
    /// How many slips of writing there are: 1 as usual, 2 twice as many.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub errors: f64,
    /// Also print every district.
    #[arg(long)]
    pub each: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// The public key that must have signed the log, as `rollcall key new` printed it.
    #[arg(long, value_name = "HEX", value_parser = super::public_key)]
    pub public_key: Option<String>,
    /// Leave out the study file and the inputs: the folder was handed on without them.
    #[arg(long, conflicts_with = "rerun")]
    pub outputs_only: bool,
    /// Run the study again, in a hidden folder beside the results, and compare every byte.
    #[arg(long)]
    pub rerun: bool,
}

/// Arguments of `sample`.
#[derive(Debug, Args)]
pub struct Sample {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// What to draw: a design file (an example is in docs/sample.md).
    #[arg(long, value_name = "FILE", conflicts_with = "results")]
    pub design: Option<PathBuf>,
    /// Seed of the draw (1 by default); the same seed draws the same units.
    #[arg(long, value_name = "SEED", conflicts_with = "results")]
    pub seed: Option<u64>,
    /// Folder for selection and sheet (by default `casework/sample-SEED` in the run's folder).
    #[arg(long, value_name = "FOLDER", conflicts_with = "results")]
    pub out: Option<PathBuf>,
    /// A filled sheet, in the folder of its selection: what does it say?
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,
    /// Who draws or reads, for the audit log.
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// The key that signs the audit log, if it is signed.
    #[arg(long, value_name = "FILE")]
    pub sign_key: Option<PathBuf>,
    /// How the results are printed.
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

/// Arguments of `publish`.
#[derive(Debug, Args)]
pub struct Publish {
    /// The run's folder; the study file and the extracts must still be what they were.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// The secret key that decides the noise: one for a whole census round, kept by whoever is responsible for
    /// disclosure.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Make the key first, in a new file that only its owner may read.
    #[arg(long)]
    pub new_key: bool,
    /// File to write (JSON).
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Who publishes.
    #[command(flatten)]
    pub by: Signing,
}

/// Arguments of `key`.
#[derive(Debug, Args)]
pub struct Key {
    /// What to do with it.
    #[command(subcommand)]
    pub what: KeyCommand,
}

/// What can be done with a key.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make an Ed25519 key in a new file that only its owner may read, and print the public key.
    New {
        /// The new file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}
