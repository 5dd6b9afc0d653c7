//! How is a study run?

use std::path::Path;
use std::process::ExitCode;

use super::args::Run;
use super::log::complain;
use super::screen::{Table, count, show};
use super::status;
use crate::audit::manifest::MANIFEST;
use crate::audit::publication;
use crate::error::{Kind, Result};
use crate::intake::study;
use crate::memory::plan::Allowance;
use crate::outcome::{files, report};
use crate::progress::Progress;
use crate::run::{self, Options, Summary};

/// Runs a study and prints its counts.
pub(super) fn run(asked: &Run, memory: Allowance, progress: &dyn Progress) -> Result<ExitCode> {
    let study = study::file::read(&asked.study)?;
    publication::refuse_inside_any(&asked.out)?;
    let (actor, sign_key) = (asked.actor.clone(), asked.sign_key.clone());
    let options = Options { visits: asked.visits, actor, sign_key, memory };
    let (summary, spent) = run::run_keeping(&study, &asked.out, &options, progress)?;
    show(&format!("{}\n{}", describe(&summary), places(&asked.out)))?;
    let verdict = verdict(&summary);
    // The program ends here: to give millions of findings back one by one first would take seconds.
    std::mem::forget((summary, spent));
    Ok(verdict)
}

/// The counts of a run as tables.
pub(super) fn describe(summary: &Summary) -> String {
    let mut sources = Table::new(&["source", "rows", "set aside"]);
    for source in &summary.manifest.sources {
        let aside = source.rows_in - source.rows_out.min(source.rows_in);
        sources.row(vec![source.source.clone(), count(source.rows_in), count(aside)]);
    }
    let mut counts = Table::new(&["count", ""]);
    for (what, number) in &summary.manifest.counts {
        counts.row(vec![what.replace('_', " "), count(*number)]);
    }
    // A figure that rests on nothing is none.
    let expected = if summary.coverage.summary.is_unlinked() {
        String::from("unknown")
    } else {
        format!("{:.0}", summary.findings.expected_found)
    };
    counts.row(vec![String::from("expected found by visits"), expected]);
    let reliability = &summary.reliability;
    counts.row(vec![String::from("links from probability"), threshold(reliability.threshold)]);
    counts.row(vec![String::from("links expected to be false"), format!("{:.1}", reliability.false_links)]);
    format!("{}\n{}", sources.text(), counts.text())
}

/// A threshold in four decimals; one that these would make certain, as it is.
fn threshold(probability: f64) -> String {
    let text = format!("{probability:.4}");
    if text == "1.0000" && probability < 1.0 { probability.to_string() } else { text }
}

/// Where the outputs are.
pub(super) fn places(out: &Path) -> String {
    let mut table = Table::new(&["outputs", ""]).left(1);
    for (what, name) in [
        ("report", report::PAGE),
        ("follow-up lists", report::follow_up::FOLDER),
        ("discrepancies", files::DISCREPANCIES),
        ("links", files::LINKS),
        ("persons", files::PERSONS),
        ("manifest", MANIFEST),
    ] {
        table.row(vec![what.to_owned(), out.join(name).display().to_string()]);
    }
    table.text()
}

/// Done; or done, but above the allowed share of rejected rows.
pub(super) fn verdict(summary: &Summary) -> ExitCode {
    if summary.manifest.rejected_too_many.is_empty() {
        return ExitCode::SUCCESS;
    }
    let sources = summary.manifest.rejected_too_many.join(", ");
    let hint = "rejected.parquet says which rows and why; [limits] rejected_share_max is the limit";
    let what = format!("more rows were rejected than the study allows: {sources}\n  hint: {hint}");
    complain(Kind::Rejected, &what);
    status(Kind::Rejected)
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_threshold_is_shown_as_certain_that_is_not() {
        for (probability, shown) in [(0.5, "0.5000"), (0.99994, "0.9999"), (0.999_999, "0.999999"), (1.0, "1.0000")] {
            assert_eq!(super::threshold(probability), shown);
        }
    }
}
