//! What can be asked of data before they come and after they have served?

use std::path::PathBuf;

use clap::Args;

/// Arguments of `purge`.
#[derive(Debug, Args)]
pub struct Purge {
    /// The run's folder. What names persons goes: follow-up lists, cases, and what came back from the field. Report,
    /// estimates, manifest and log stay, and `verify` still holds. Of a run that never was whole, all goes that it
    /// left.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// Why, for the audit log: "the round has ended", a rule of the archive.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub reason: String,
    /// Who, for the audit log: a name or a role.
    #[arg(long, value_name = "WHO")]
    pub actor: Option<String>,
    /// Only if the run was sealed at least so many days ago (by its log).
    #[arg(long, value_name = "DAYS")]
    pub older_than: Option<u32>,
    /// Remove the tables that name records, too: links, persons, discrepancies, rejected.
    #[arg(long)]
    pub tables: bool,
    /// Sign the end of the audit log with the key in this file.
    #[arg(long, value_name = "FILE")]
    pub sign_key: Option<PathBuf>,
}

/// Arguments of `seal`.
#[derive(Debug, Args)]
pub struct Seal {
    /// The folder that is sent: every table directly in it (.parquet, .pq, .csv, .tsv, .txt, .xlsx) is read and sealed
    /// in DIR/delivery.json. A folder with extracts in folders below is refused: each has a seal of its own. So is one
    /// that does not hold the seal that it has: remove that first if the files are your own new ones.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Sign the seal with the key in this file (`rollcall key new` makes one; the receiver writes the public key into
    /// the study file as `sealed_by`).
    #[arg(long, value_name = "FILE")]
    pub sign_key: Option<PathBuf>,
    /// Hold the folder against the seal that it has, and change nothing.
    #[arg(long, conflicts_with = "sign_key")]
    pub check: bool,
    /// With --check: the public key that must have signed the seal.
    #[arg(long, value_name = "HEX", requires = "check", value_parser = super::public_key)]
    pub public_key: Option<String>,
}
