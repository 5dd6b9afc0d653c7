//! What may be asked of `follow-up`?

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ResultFormat, team};

/// Commands of `follow-up`.
#[derive(Debug, Subcommand)]
pub enum FollowUp {
    /// Write the lists for a team: the doors that are worth most, per enumeration area (XLSX to fill in, HTML for paper
    /// and telephone).
    Export(Export),
    /// Take filled lists back (XLSX, or CSV in UTF-8 or GB18030); the same list twice changes nothing.
    Import(Import),
    /// Write the lists that a team has once more, encrypted to other recipients: somebody left, or a key was lost. What
    /// was sent before can still be read by whom it was sent to.
    Rekey(Rekey),
    /// Take back what a team has and has not brought back, so that others can be sent: a team dissolved, or lists were
    /// lost.
    Recall(Recall),
    /// Say by area: cases that wait for a supervisor, visits made, persons found, still expected, and what the next 100
    /// visits would find.
    Status(Status),
    /// Write what visits have settled as a table that the next run takes into account (`outcomes` in the study file).
    Outcomes(Outcomes),
    /// Play a whole follow-up against a truth, with and without learning from visits.
    #[command(hide = true)]
    Campaign(Campaign),
}

/// Arguments of `follow-up export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// Only this area, or all areas of the division with this code.
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub area: String,
    /// Areas or divisions to leave out, for instance those of the post-enumeration survey until it is finished (may be
    /// repeated).
    #[arg(long, value_name = "CODE")]
    pub except: Vec<String>,
    /// For whom: a field team, or a supervisor, who gets all cases that are disputed or that the field leaves to one,
    /// with what has come back of them; they go to no team.
    #[arg(long, value_enum, default_value_t = Role::Field)]
    pub role: Role,
    /// The team that gets the lists: letters of any script, digits, `-`; a case goes out with one team at a time.
    #[arg(long, value_name = "TEAM", default_value = "all", value_parser = team)]
    pub team: String,
    /// Doors that can be visited, however many cases are behind each (`run --visits` counts persons); the best ones are
    /// chosen as of now. Without it, all cases that the run listed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub visits: Option<u64>,
    /// Further doors at random among those that the ranking leaves out: what they find measures the ranking, and what
    /// it misses. They are not marked on the list.
    #[arg(long, value_name = "N")]
    pub random_visits: Option<u64>,
    /// Seed of the draw of those doors (1 by default).
    #[arg(long, value_name = "S", requires = "random_visits")]
    pub seed: Option<u64>,
    /// Where to put the lists: a new or empty folder (DIR/casework/outgoing/TEAM-001 and so on by default).
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Who may read them.
    #[command(flatten)]
    pub readers: Readers,
}

/// Who may read lists.
#[derive(Debug, Args)]
pub struct Readers {
    /// Encrypt the lists to this public key (age1…, made with `age-keygen`); may be repeated.
    #[arg(long, value_name = "KEY")]
    pub recipient: Vec<String>,
    /// Encrypt the lists to the public keys in this file. A line is a key, or the code of an area or division and the
    /// key of somebody who may read the lists of those areas alone.
    #[arg(long, value_name = "FILE")]
    pub recipients: Option<PathBuf>,
    /// Who sends them, for the audit log, which says to which team or keys lists went.
    #[arg(long, value_name = "WHO")]
    pub actor: Option<String>,
    /// The key that signs the audit log, if it is signed.
    #[arg(long, value_name = "FILE")]
    pub sign_key: Option<PathBuf>,
}

/// Arguments of `follow-up rekey`.
#[derive(Debug, Args)]
pub struct Rekey {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// The team whose lists they are.
    #[arg(long, value_name = "TEAM", default_value = "all", value_parser = team)]
    pub team: String,
    /// Only this area, or all areas of the division with this code.
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub area: String,
    /// Where to put the lists: a new or empty folder (one in DIR/casework/outgoing by default).
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Who may read them.
    #[command(flatten)]
    pub readers: Readers,
}

/// Arguments of `follow-up recall`.
#[derive(Debug, Args)]
pub struct Recall {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// The team that has the cases (`all` if none was named).
    #[arg(long, value_name = "TEAM", value_parser = team)]
    pub team: String,
    /// Only this area, or all areas of the division with this code.
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub area: String,
    /// Who takes them back, for the audit log.
    #[arg(long, value_name = "WHO")]
    pub actor: Option<String>,
    /// The key that signs the audit log, if it is signed.
    #[arg(long, value_name = "FILE")]
    pub sign_key: Option<PathBuf>,
}

/// Arguments of `follow-up import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// The filled lists.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Whose outcomes they are (a field team's by default); a supervisor's settle what is disputed.
    #[arg(long, value_enum)]
    pub role: Option<Role>,
    /// Who takes them back, for the audit log.
    #[arg(long, value_name = "WHO")]
    pub actor: Option<String>,
    /// The key that signs the audit log, if it is signed.
    #[arg(long, value_name = "FILE")]
    pub sign_key: Option<PathBuf>,
}

/// For whom a list is, and whose outcomes it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// A field team's.
    Field,
    /// A supervisor's.
    Supervisor,
}

/// Arguments of `follow-up status`.
#[derive(Debug, Args)]
pub struct Status {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// Form of the result.
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

/// Arguments of `follow-up outcomes`.
#[derive(Debug, Args)]
pub struct Outcomes {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// The table to write (CSV: `case`, `kind`, `outcome`, `visited_on`, `records` as digests with marks).
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Arguments of `follow-up campaign`.
#[derive(Debug, Args)]
pub struct Campaign {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// The folder of the synthetic district, with its truth.
    #[arg(long, value_name = "DISTRICT")]
    pub truth: PathBuf,
    /// Teams.
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub teams: usize,
    /// Calls a day and team.
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub visits_a_day: usize,
    /// Share of calls that meet nobody.
    #[arg(long, value_name = "X", default_value_t = 0.15, value_parser = nobody_met)]
    pub nobody_met: f64,
    /// Form of the result.
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

/// A share of calls that meet nobody: were it all of them, no campaign would end.
fn nobody_met(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=0.95).contains(share));
    share.ok_or_else(|| String::from("expected a share from 0 to 0.95"))
}
