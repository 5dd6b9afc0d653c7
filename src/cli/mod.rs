//! What did the user ask for?
//!
//! The command door: [`args`] are the arguments, each command calls the corridor or a side room and prints its result
//! to stdout. Logs go to stderr.

pub mod args;
mod evaluate;
mod progress;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::error::{Error, Kind, Result};
use crate::intake::{study, survey};
use crate::progress::Progress;
use crate::run::{self, Options, Summary};
use crate::synthetic;
use args::{Arguments, Command};

/// Runs the command line; gives the exit status of the contract.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let level = match (arguments.quiet, arguments.verbose) {
        (true, _) => tracing::Level::ERROR,
        (_, 0) => tracing::Level::WARN,
        (_, 1) => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    let log = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr);
    match arguments.log_format {
        args::LogFormat::Json => log.json().init(),
        args::LogFormat::Text => log.init(),
    }
    if let Some(threads) = arguments.threads
        && rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().is_err()
    {
        eprintln!("rollcall: the thread pool cannot be made");
        return ExitCode::from(Kind::Environment.exit_status());
    }
    let progress = progress::Terminal::new(arguments.quiet);
    match execute(&arguments.command, &progress) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("rollcall: {error}");
            ExitCode::from(error.kind().exit_status())
        }
    }
}

fn execute(command: &Command, progress: &dyn Progress) -> Result<ExitCode> {
    match command {
        Command::Demo { persons, seed, out } => demo(*persons, *seed, out, progress),
        Command::Init { folder, out } => init(folder, out.as_deref()),
        Command::Run { study, out, visits } => {
            let study = study::file::read(study)?;
            let summary = run::run(&study, out, &Options { visits: *visits }, progress)?;
            Ok(print_summary(&summary, out))
        }
        Command::Evaluate { run, truth } => {
            print!("{}", evaluate::evaluate(run, truth)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Synth { folder, persons, seed, errors } => {
            let plan = synthetic::Plan { persons: *persons, seed: *seed, errors: *errors, progress };
            let made = synthetic::write_district(folder, &plan)?;
            println!(
                "{} residents, {} missed by the roll; study: {}",
                made.residents,
                made.missed,
                made.study.display()
            );
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => {
            let mut command = <Arguments as clap::CommandFactory>::command();
            clap_complete::generate(*shell, &mut command, "rollcall", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Makes a district, cross-checks it, and holds what was found against the truth.
fn demo(persons: usize, seed: u64, out: &Path, progress: &dyn Progress) -> Result<ExitCode> {
    let district = out.join("district");
    let results = out.join("results");
    let plan = synthetic::Plan { persons, seed, errors: 1.0, progress };
    let made = synthetic::write_district(&district, &plan)?;
    let study = study::file::read(&made.study)?;
    let summary = run::run(&study, &results, &Options::default(), progress)?;
    let status = print_summary(&summary, &results);
    println!();
    print!("{}", evaluate::evaluate(&results, &district.join(synthetic::RECORDS_FILE))?);
    println!("\nreport:          {}", results.join("report.html").display());
    println!("follow-up lists: {}", results.join("follow-up").display());
    Ok(status)
}

fn init(folder: &Path, out: Option<&Path>) -> Result<ExitCode> {
    if out.is_some_and(|out| out.as_os_str() == "-") {
        print!("{}", survey::draft(folder, folder)?);
        return Ok(ExitCode::SUCCESS);
    }
    let path = out.map_or_else(|| folder.join("study.toml"), Path::to_path_buf);
    if path.exists() {
        let error = Error::new(Kind::Usage, "the study file exists already").at_file(&path);
        return Err(error.hint("name another with --out, or `--out -` to print it"));
    }
    let beside = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let text = survey::draft(folder, beside)?;
    std::fs::write(&path, text).map_err(|error| Error::io(&path, &error).hint("`--out -` prints the study instead"))?;
    println!("{}", path.display());
    Ok(ExitCode::SUCCESS)
}

fn print_summary(summary: &Summary, out: &Path) -> ExitCode {
    println!("{:<28}{:>12}", "counts", "");
    for source in &summary.manifest.sources {
        println!("  rows of {:<18}{:>12}", source.source, source.rows_in);
    }
    for (what, count) in &summary.manifest.counts {
        println!("  {what:<26}{count:>12}");
    }
    println!("  {:<26}{:>12.0}", "expected found by visits", summary.findings.expected_found);
    println!("outputs: {}", out.display());
    if summary.rejected_too_many.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("rollcall: more rows set aside than the study allows: {}", summary.rejected_too_many.join(", "));
    ExitCode::from(Kind::Rejected.exit_status())
}
