//! What may be asked of `trace`?

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `trace`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("figure").multiple(false))]
#[command(after_help = "\
Every figure of report.html has its command: rest the pointer on it, or see docs/for-auditors.md. The first line has the figure, \
then come the entries that it counts or sums up.")]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct Trace {
    /// The run's folder; the study file and the extracts must still be what they were.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// Code of an area, or of a division around areas (all by default); `unknown`: no street is known,
    /// `unknown_community`: no community.
    #[arg(long, value_name = "CODE")]
    pub area: Option<String>,
    /// Discrepancies of these kinds, as in `discrepancies.parquet` (all kinds by default).
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub kind: Vec<String>,
    /// Only discrepancies that stand on follow-up lists.
    #[arg(long)]
    pub listed: bool,
    /// Only discrepancies that no visit has settled of which the run had heard (`outcomes` in the study file).
    #[arg(long)]
    pub open: bool,
    /// The persons that a count of the report holds.
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["kind", "listed", "open"], group = "figure")]
    pub persons: Option<PersonCount>,
    /// The persons who occur in just so many sources.
    #[arg(long, value_name = "N", conflicts_with_all = ["kind", "listed", "open", "area"], group = "figure")]
    pub in_sources: Option<usize>,
    /// What every person adds to this part of the estimates.
    #[arg(long, value_name = "PART", conflicts_with_all = ["kind", "listed", "open"], group = "figure")]
    pub estimate: Option<EstimatePart>,
    /// With --estimate: only persons of this sex.
    #[arg(long, requires = "estimate")]
    pub sex: Option<Sex>,
    /// With --estimate: only persons of this age group, as in `coverage.parquet`.
    #[arg(long, value_name = "GROUP", requires = "estimate")]
    pub age_group: Option<String>,
    /// With --estimate: only persons whose post-stratum was merged just so far (1: not at all).
    #[arg(long, value_name = "N", requires = "estimate")]
    pub step: Option<usize>,
    /// The pairs of these two sources (the same one twice: within it) that are links.
    #[arg(long, value_names = ["SOURCE", "SOURCE"], num_args = 2, conflicts_with_all = ["kind", "listed", "open", "area"], group = "figure")]
    pub links: Option<Vec<String>>,
    /// With --links: those that are possible links.
    #[arg(long, requires = "links")]
    pub possible: bool,
    /// All links, the most doubtful first, and how many are expected to be false.
    #[arg(long, conflicts_with_all = ["kind", "listed", "open", "area"], group = "figure")]
    pub false_links: bool,
    /// The pairs at or above the review probability in the band of this probability.
    #[arg(long, value_name = "PROBABILITY", conflicts_with_all = ["kind", "listed", "open", "area"], group = "figure")]
    pub band: Option<f64>,
    /// The candidate pairs in the bar of the chart of weights that holds this weight, in bits.
    #[arg(long, value_name = "BITS", allow_negative_numbers = true, conflicts_with_all = ["kind", "listed", "open", "area"], group = "figure")]
    pub weight: Option<f64>,
    /// What each level of each comparison weighs, and how many candidate pairs are at it; with both names, those pairs.
    #[arg(long, value_names = ["COMPARISON", "LEVEL"], num_args = 0..=2, conflicts_with_all = ["kind", "listed", "open", "area"], group = "figure")]
    pub level: Option<Vec<String>>,
    /// The pairs of the pattern whose weights the report adds up.
    #[arg(long, conflicts_with_all = ["kind", "listed", "open", "area"], group = "figure")]
    pub example: Option<Example>,
    /// The keys of a blocking rule with their records.
    #[arg(long, value_name = "RULE", conflicts_with_all = ["kind", "listed", "open", "area"], group = "figure")]
    pub blocks: Option<String>,
    /// The pairs of a blocking rule.
    #[arg(long, value_name = "RULE", conflicts_with_all = ["kind", "listed", "open", "area"], group = "figure")]
    pub pairs: Option<String>,
    /// With --pairs: those that no other rule had given before.
    #[arg(long, requires = "pairs")]
    pub new: bool,
    /// The rows of a source that were used (of all sources, if none is named).
    #[arg(long, value_name = "SOURCE", num_args = 0..=1, default_missing_value = "",
          conflicts_with_all = ["kind", "listed", "open", "area"], group = "figure")]
    pub used: Option<String>,
    /// The rows of a source that were set aside.
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["kind", "listed", "open", "area"], groups = ["figure", "of_reason"])]
    pub set_aside: Option<String>,
    /// The rows of a source of which something was noted.
    #[arg(long, value_name = "SOURCE", requires = "reason", conflicts_with_all = ["kind", "listed", "open", "area"], groups = ["figure", "of_reason"])]
    pub noted: Option<String>,
    /// With --set-aside, --noted: only those for this reason, as `rejected.parquet` and `manifest.json` have it.
    #[arg(long, value_name = "REASON", requires = "of_reason")]
    pub reason: Option<String>,
    /// The rows of a source that have a value of a field.
    #[arg(long, value_names = ["SOURCE", "FIELD"], num_args = 2, conflicts_with_all = ["kind", "listed", "open", "area"], group = "figure")]
    pub filled: Option<Vec<String>>,
    /// Most entries to list in full; all are counted.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
}

/// Counts of persons by area, as `coverage.parquet` has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum PersonCount {
    /// Whoever has a record at all.
    All,
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

/// Parts of the estimates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum EstimatePart {
    /// Persons who lived here: both, only_roll, only_register and unseen.
    Persons,
    /// Those on any list: both, only_roll and only_register.
    Listed,
    /// Enumerated here rightly: both and only_roll.
    Enumerated,
    /// Enumerated here rightly, and in a register.
    Both,
    /// Enumerated here rightly, and in no register.
    OnlyRoll,
    /// Lived here, and only registers know.
    OnlyRegister,
    /// The unseen whom a person stands for.
    Unseen,
    /// Enumerated here wrongly.
    Erroneous,
    /// Enumerated here, and counted elsewhere by the roll's own items.
    Guests,
    /// Rows that enumerate a person once more.
    Duplicates,
    /// The variance, from which the interval is made.
    Variance,
}

/// Which example of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Example {
    /// The most frequent link.
    Link,
    /// The most frequent possible link.
    Possible,
}

/// Sex of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sex {
    /// Male.
    Male,
    /// Female.
    Female,
    /// Not known.
    Unknown,
}
