//! What may an auditor ask for?

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ResultFormat;

/// Arguments of `coverage`.
#[derive(Debug, Args)]
pub struct Coverage {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// Only areas whose code begins so.
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
    #[arg(long, value_name = "HEX")]
    pub public_key: Option<String>,
    /// Leave out the study file and the inputs: the folder was handed on without them.
    #[arg(long, conflicts_with = "rerun")]
    pub outputs_only: bool,
    /// Run the study again, in a temporary folder, and compare every byte.
    #[arg(long)]
    pub rerun: bool,
}

/// Arguments of `trace`.
#[derive(Debug, Args)]
pub struct Trace {
    /// The run's folder; the study file and the extracts must still be what they were.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// Area code or its beginning (all areas by default).
    #[arg(long, value_name = "CODE")]
    pub area: Option<String>,
    /// Kind of discrepancy, as in `discrepancies.parquet` (all kinds by default).
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Only discrepancies that stand on follow-up lists.
    #[arg(long)]
    pub listed: bool,
    /// Instead of discrepancies, the persons that a count of the report holds.
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["kind", "listed"])]
    pub persons: Option<PersonCount>,
    /// Instead of discrepancies, the persons who occur in just so many sources.
    #[arg(long, value_name = "N", conflicts_with_all = ["kind", "listed", "persons", "area"])]
    pub in_sources: Option<usize>,
    /// Instead of discrepancies, the pairs of these two sources (the same one twice: within it) that are links.
    #[arg(long, value_names = ["SOURCE", "SOURCE"], num_args = 2,
          conflicts_with_all = ["kind", "listed", "persons", "in_sources", "area"])]
    pub links: Option<Vec<String>>,
    /// With --links: those that are possible links.
    #[arg(long, requires = "links")]
    pub possible: bool,
    /// Instead of discrepancies, the rows of a source that were set aside.
    #[arg(long, value_name = "SOURCE",
          conflicts_with_all = ["kind", "listed", "persons", "in_sources", "links", "area"])]
    pub set_aside: Option<String>,
    /// With --set-aside: only those for this reason, as `rejected.parquet` has it.
    #[arg(long, requires = "set_aside")]
    pub reason: Option<String>,
    /// Most entries to list in full; all are counted.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
}

/// Counts of persons by area, as `coverage.parquet` has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum PersonCount {
    /// Enumerated on the roll as living here.
    RollPresent,
    /// Listed on the roll only as living elsewhere.
    RollElsewhere,
    /// In a register, and not known to be dead before or born after the reference time.
    RegisterPersons,
    /// Enumerated here and in a register.
    InBoth,
    /// Enumerated here and in no register.
    OnlyRoll,
    /// In a register and not enumerated here.
    OnlyRegister,
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
    /// Seed of the draw; the same seed draws the same units.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folder for selection and sheet (by default `casework/sample-SEED` in the run's folder).
    #[arg(long, value_name = "FOLDER")]
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
    /// The secret key that decides the noise: one for a whole census round, kept by whoever is responsible for disclosure.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Make the key first, in a new file that only its owner may read.
    #[arg(long)]
    pub new_key: bool,
    /// File to write (JSON).
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
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
