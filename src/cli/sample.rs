//! How does an auditor draw a sample, and what did it say?

use std::fmt::Write;
use std::process::ExitCode;

use serde_json::json;

use super::args::{ResultFormat, Sample};
use super::screen::{Table, count, show, show_json};
use crate::audit::log::NOBODY_NAMED;
use crate::audit::publication::BESIDE;
use crate::error::{Error, Kind, Result};
use crate::memory::plan::Allowance;
use crate::outcome::estimate::stratified::Share;
use crate::progress::Progress;
use crate::sampling::appraisal::{self, Appraisal};
use crate::sampling::selection::{self, Request, SELECTION, SHEET, Selection};

/// What stands for a standard error that nobody can tell.
const UNKNOWN: &str = "unknown";

/// Draws a sample, or reads a filled sheet back.
pub(super) fn sample(asked: &Sample, memory: Allowance, progress: &dyn Progress) -> Result<ExitCode> {
    let actor = asked.actor.as_deref().unwrap_or(NOBODY_NAMED);
    if let Some(filled) = &asked.results {
        let appraisal = appraisal::appraise(&asked.run, filled, actor, asked.sign_key.as_deref())?;
        match asked.format {
            ResultFormat::Json => show_json(&appraisal)?,
            ResultFormat::Text => show(&describe(&appraisal))?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    let Some(design) = &asked.design else {
        let error = Error::new(Kind::Usage, "a sample needs --design to be drawn, or --results to be read back");
        return Err(error.hint("docs/sample.md has an example of a design file"));
    };
    let seed = asked.seed.unwrap_or(1);
    // Beside what comes back from the field: `verify` holds only what the run wrote.
    let usual = || asked.run.join(BESIDE).join(format!("sample-{seed}"));
    let out = asked.out.clone().unwrap_or_else(usual);
    let sign_key = asked.sign_key.as_deref();
    let request = Request { run: &asked.run, design, seed, out: &out, actor, sign_key, memory };
    let selection = selection::select(&request, progress)?;
    match asked.format {
        ResultFormat::Json => show_json(&json!({
            "out": out,
            "seed": selection.seed,
            "items": selection.items.len(),
            "strata": selection.strata,
            "let_go": selection.let_go,
        }))?,
        ResultFormat::Text => show(&drawn(&selection, &out.display().to_string()))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn drawn(selection: &Selection, out: &str) -> String {
    let mut table = Table::new(&["group", "stratum", "units", "drawn"]).left(1);
    for stratum in &selection.strata {
        table.row(vec![stratum.group.clone(), stratum.name.clone(), count(stratum.size), count(stratum.drawn)]);
    }
    let items = count(selection.items.len() as u64);
    let not_drawn = selection.let_go > 0 && !selection.strata.iter().any(|stratum| stratum.group == "let_go");
    let limit = if not_drawn {
        format!(
            "{} candidate pairs were let go early and are not drawn from: matches among them are not in recall. \
             [let_go] in the design draws from them, too.\n",
            count(selection.let_go)
        )
    } else {
        String::new()
    };
    format!(
        "{}\n{items} items. The selection is sealed in the log.\nReviewers get {out}/{SHEET} alone, not {SELECTION}; \
         filled in, it stays in that folder, and `rollcall sample DIR --results FILE` reads it.\n{limit}",
        table.text(),
    )
}

fn describe(appraisal: &Appraisal) -> String {
    let share = |value: f64| format!("{value:.5}");
    let ends = |[low, high]: [f64; 2]| format!("{low:.4} to {high:.4}");
    let mut table =
        Table::new(&["group", "stratum", "units", "reviewed", "right", "share", "Wilson 95 %", "exact 95 %"]);
    table = table.left(1);
    for stratum in &appraisal.strata {
        let right =
            if stratum.reviewed > 0 { share(stratum.right as f64 / stratum.reviewed as f64) } else { String::new() };
        table.row(vec![
            stratum.group.clone(),
            stratum.name.clone(),
            count(stratum.size),
            count(stratum.reviewed),
            count(stratum.right),
            right,
            ends(stratum.wilson),
            ends(stratum.clopper_pearson),
        ]);
    }
    let mut figures = Table::new(&["of all units", "share", "standard error", "95 % from", "to"]);
    let mut row = |name: &str, figure: &Share| {
        let error = if figure.standard_error.is_nan() { UNKNOWN.to_owned() } else { share(figure.standard_error) };
        let cells = [share(figure.share), error, share(figure.low), share(figure.high)];
        figures.row(std::iter::once(name.to_owned()).chain(cells).collect());
    };
    appraisal.precision.iter().for_each(|figure| row("precision of links", figure));
    appraisal.recall.iter().for_each(|figure| row("recall among pairs kept", figure));
    appraisal.recall_of_candidates.iter().for_each(|figure| row("recall among candidate pairs", figure));
    appraisal.let_go.iter().for_each(|figure| row("matches among pairs let go", figure));
    appraisal.real.iter().for_each(|(kind, figure)| row(&format!("real {kind}"), figure));
    appraisal.false_missed.iter().for_each(|figure| row("false-missed rate of lists", figure));
    let figures = figures.text();
    let mut text = format!("{}\n{figures}\n", table.text());
    let _ = writeln!(
        text,
        "{} unclear (they count as not reviewed), {} not looked at. A figure needs a verdict in each of its strata.",
        count(appraisal.unclear),
        count(appraisal.not_looked_at)
    );
    if figures.contains(UNKNOWN) {
        text.push_str(
            "A standard error is unknown where only one of a stratum's several units was reviewed, or none was right.\n",
        );
    }
    text
}
