//! Which arguments are there, and what does `--help` teach?

pub mod custody;
pub mod follow_up;
mod proof;
pub mod review;
mod trace;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use follow_up::FollowUp;
pub use proof::{Coverage, CoverageTrial, Key, KeyCommand, Publish, Sample, Verify};
pub use trace::{EstimatePart, Example, PersonCount, Sex, Trace};

/// Least memory that a run may be given.
const MEMORY_MIN: u64 = 256 << 20;

const LESSON: &str = "\
What a study is:
  One TOML file (study.toml) says which extract is the roll and which are registers, which column holds which field, and
  what the rows mean. `rollcall init DIR` writes a first one, with comments, from the extracts in DIR.

Where the outputs are (run STUDY --out DIR):
  DIR/report.html            what was read, linked and found, for people
  DIR/follow-up/             one list per enumeration area for field teams (XLSX and HTML)
  DIR/discrepancies.parquet  everything that roll and registers disagree on, ranked
  DIR/links.parquet, persons.parquet, rejected.parquet, coverage.parquet, model.json
  DIR/audit.jsonl            who ran what and when, each entry chained to the one before
  DIR/manifest.json          what went in and what came out, written last
  DIR/casework/              what went out to field teams and what came back (rollcall follow-up)

Examples:
  rollcall demo                                        everything at once, on people who do not exist
  rollcall init extracts/                              draft extracts/study.toml; read and correct it
  rollcall profile extracts/study.toml                 can the columns be read?
  rollcall run extracts/study.toml --out results/      the cross-check
  rollcall explain results/ roll:R000000017 health:M000000093
  rollcall evaluate results/ --truth truth.parquet
  rollcall verify results/                             was anything altered since the run?
  rollcall trace results/ --kind missed_person         the rows behind a figure
  rollcall seal extracts/ --sign-key sender.key        before extracts are sent: any change will be found
  rollcall sample results/ --design design.toml        a sealed sample for independent review
  rollcall follow-up export results/ --team east --visits 30
  rollcall follow-up import results/ filled/*.xlsx
  rollcall review ask results/ --reviewer anna         are the links right? Two records side by side

Exit status: 0 done; 2 wrong usage; 3 the study file is wrong; 4 an input cannot be used; 5 done, but more rows were
rejected than the study allows; 6 out of space, memory, or an I/O failure; 7 verification failed.";

/// Cross-matches a census roll with administrative registers: who is missed, counted twice or counted wrongly.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version, after_long_help = LESSON, after_help = "Start with `rollcall demo`; `rollcall --help` says more.")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
}

/// What holds for every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Threads to use (all cores by default); results do not depend on it.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub threads: Option<u16>,
    /// Memory that a run may hold, at least 256MiB (6GiB, 800MiB, 2G, bytes); else what the system allows. What a run
    /// needs is planned from the number of records. A run that may hold less works over a nameless file in its folder,
    /// and takes longer. If even that is not enough, the run is refused before it starts (exit status 6).
    #[arg(long, global = true, value_name = "SIZE", value_parser = memory)]
    pub memory: Option<u64>,
    /// Form of the log on stderr.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Say nothing but results and errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more (-v what each stage does, -vv still more); no progress bar then.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// Who does something that the audit log of a run is told.
#[derive(Debug, Clone, Args)]
pub struct Signing {
    /// Who does it, for the audit log.
    #[arg(long, value_name = "WHO")]
    pub actor: Option<String>,
    /// The key that signs the audit log, if it is signed.
    #[arg(long, value_name = "FILE")]
    pub sign_key: Option<PathBuf>,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines of text.
    Text,
    /// A JSON object per line.
    Json,
}

/// Form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ResultFormat {
    /// Tables for people.
    Text,
    /// One JSON document.
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a synthetic district, cross-check it, and hold what was found against the truth.
    Demo(Demo),
    /// Look at the extracts in a folder and write a commented study file.
    Init(Init),
    /// Say how well each column of each extract is filled and how much of it can be read; prints no value.
    Profile(Profile),
    /// Run the cross-check of a study.
    Run(Run),
    /// Say why two records were linked or not: the match weights, comparison by comparison.
    Explain(Explain),
    /// Hold a run against a truth table (columns source, `record_id`, person).
    Evaluate(Evaluate),
    /// How accurate the defaults are on data sets of which the truth is known (the table in docs/accuracy.md).
    #[command(hide = true)]
    Accuracy(Accuracy),
    /// Print how many persons lived in each area, the unseen included, with 95 % intervals and what they rest on.
    Coverage(Coverage),
    /// How estimates fare on many synthetic districts (the table in docs/coverage.md).
    #[command(hide = true)]
    CoverageTrial(CoverageTrial),
    /// Check that outputs, inputs, study file and log of a run belong together and nothing was altered.
    Verify(Verify),
    /// List what stands behind a figure of the report: discrepancies, each with its records (source, file, row) and
    /// what was compared; or persons, pairs, rows set aside (docs/for-auditors.md).
    Trace(Trace),
    /// Seal the extracts in a folder before they are sent, so that a changed bit is found when they are read.
    Seal(custody::Seal),
    /// Remove the personal data of a run, and say so in its log.
    Purge(custody::Purge),
    /// Draw a sample of links, non-links and discrepancies for independent review, sealed before anybody looks; read
    /// the verdicts back.
    Sample(Sample),
    /// Write counts by area that may leave the office: altered by cell keys, small bases withheld.
    Publish(Publish),
    /// Make a key that signs audit logs and deliveries.
    Key(Key),
    /// Send lists to field teams, take them back, and say how far it has got.
    #[command(name = "follow-up", subcommand)]
    FollowUp(FollowUp),
    /// Have clerks judge a sample of links: precision and recall with intervals, agreement of two clerks.
    #[command(subcommand)]
    Review(review::Review),
    /// Make a synthetic district: extracts, study file and truth.
    Synth(Synth),
    /// Decode files for another process, which asks on stdin.
    #[command(name = crate::intake::extract::decoder::COMMAND, hide = true)]
    DecodeApart,
    /// Print completions for a shell: source them in its start-up file.
    Completions(Completions),
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Residents of the district.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub persons: usize,
    /// Seed; the same seed makes the same district.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where to put district and results: a new or empty folder, or that of an earlier demo.
    #[arg(long, value_name = "DIR", default_value = "demo")]
    pub out: PathBuf,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The folder with the extracts (Parquet, CSV, XLSX).
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The study file (DIR/study.toml by default; `-` prints it, with paths from the current folder).
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Arguments of `profile`.
#[derive(Debug, Args)]
pub struct Profile {
    /// The study file.
    pub study: PathBuf,
    /// Form of the result.
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The study file.
    pub study: PathBuf,
    /// Where to put the outputs: a new or empty folder, or that of an earlier run of this study.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Perhaps missed persons whom the office can pay to visit, counted by the person, not by the door as in `follow-up
    /// export` (the study's `follow_up.visits` by default). The rest of their households at the same door come along.
    #[arg(long, value_name = "N")]
    pub visits: Option<u64>,
    /// Who runs it, for the audit log: a name or a role.
    #[arg(long, value_name = "WHO")]
    pub actor: Option<String>,
    /// Sign the end of the audit log with the key in this file (`rollcall key new` makes one). Needed where the log of
    /// the folder is signed.
    #[arg(long, value_name = "FILE")]
    pub sign_key: Option<PathBuf>,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The run's folder; the study file and the extracts must still be what they were.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// The one record, as `SOURCE:RECORD_ID`, or its id alone if no other source has it.
    #[arg(value_name = "A")]
    pub one: String,
    /// The other record.
    #[arg(value_name = "B")]
    pub other: String,
}

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
pub struct Evaluate {
    /// The run's folder.
    #[arg(value_name = "DIR")]
    pub run: PathBuf,
    /// The truth: a table (Parquet or CSV) with columns source, `record_id` and person (or uid, cluster).
    #[arg(long, value_name = "FILE")]
    pub truth: PathBuf,
    /// What the true persons are to the census: a Parquet table with columns person (or uid), resident, enumerated.
    /// By default `truth_persons.parquet` beside the truth, if there is one.
    #[arg(long, value_name = "FILE")]
    pub truth_persons: Option<PathBuf>,
    /// Form of the result.
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

/// Arguments of `accuracy`.
#[derive(Debug, Args)]
pub struct Accuracy {
    /// The folder that holds a folder per data set: extracts and truth.parquet.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Where studies and results are put.
    #[arg(long, value_name = "DIR", default_value = "accuracy")]
    pub out: PathBuf,
}

/// The name of a team: it becomes part of a folder's name. Letters of all scripts are safe there; separators, dots and
/// control characters are none.
fn team(text: &str) -> Result<String, String> {
    let right = (1..=32).contains(&text.chars().count()) && text.chars().all(|c| c.is_alphanumeric() || c == '-');
    if right { Ok(text.to_owned()) } else { Err(String::from("expected at most 32 letters, digits and `-`")) }
}

/// Arguments of `synth`.
#[derive(Debug, Args)]
pub struct Synth {
    /// Where to put it: a new or empty folder, or that of an earlier synthetic district.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Residents.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub persons: usize,
    /// Seed; the same seed makes the same district.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many errors clerks make, as a multiple of the usual.
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub errors: f64,
    /// How unevenly enumerators and clerks work: 0 alike everywhere; 1 with buildings left out, areas done badly, and
    /// communities whose registers were never compared.
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    pub uneven: f64,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// A public key as `rollcall key new` prints it.
fn public_key(text: &str) -> Result<String, String> {
    let is_one = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_one {
        Ok(text.to_owned())
    } else {
        Err(String::from("expected 64 hexadecimal digits, as `key new` prints them"))
    }
}

/// A size in bytes: a whole number with an optional unit (KiB, MiB, GiB, TiB, or K, M, G, T, all powers of 1024).
fn memory(text: &str) -> Result<u64, String> {
    let expected = || String::from("expected a size such as 800MiB or 6GiB");
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| expected())?;
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err(expected()),
    };
    let bytes = number.checked_mul(1 << shift).ok_or_else(expected)?;
    if bytes < MEMORY_MIN { Err(String::from("at least 256MiB are needed")) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Arguments, memory, team};

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn sizes_have_units_of_1024() {
        for (text, expected) in
            [("6GiB", Some(6 << 30)), ("256M", Some(256 << 20)), ("1 gb", Some(1 << 30)), ("268435456", Some(1 << 28))]
        {
            assert_eq!(memory(text).ok(), expected, "{text}");
        }
        for text in ["255MiB", "", "GiB", "6 parsecs", "-1", "99999999999TiB", "1.5GiB"] {
            assert!(memory(text).is_err(), "{text}");
        }
    }

    #[test]
    fn teams_may_be_called_what_people_call_them_if_a_folder_may() {
        for name in ["east", "西区", "三组-2", "Équipe"] {
            assert_eq!(team(name).as_deref(), Ok(name));
        }
        for name in ["", "../x", "a/b", "a\\b", "东.区", "东 区", "a\u{202e}b", "a\n", &"东".repeat(33)] {
            assert!(team(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_run_needs_a_study_and_a_folder() {
        assert!(Arguments::try_parse_from(["rollcall", "run", "study.toml"]).is_err());
        assert!(Arguments::try_parse_from(["rollcall", "run", "study.toml", "--out", "x", "--threads", "0"]).is_err());
        assert!(Arguments::try_parse_from(["rollcall", "-q", "run", "study.toml", "--out", "x"]).is_ok());
    }
}
