//! How complete is the census, area by area?

use std::fmt::Write;
use std::process::ExitCode;

use super::args::{Coverage, ResultFormat};
use super::screen::{Table, show, show_json};
use crate::error::{Error, Result};
use crate::outcome::coverage::estimated::{Estimate, Summary};
use crate::run::ESTIMATES;

/// Prints the estimates of a run.
pub(super) fn coverage(asked: &Coverage) -> Result<ExitCode> {
    let path = asked.run.join(ESTIMATES);
    let text = std::fs::read_to_string(&path).map_err(|error| Error::io(&path, &error))?;
    let foreign = |_| Error::input("this is not a file that a run wrote").at_file(&path);
    let mut summary: Summary = serde_json::from_str(&text).map_err(foreign)?;
    if let Some(area) = &asked.area {
        summary.areas.retain(|row| row.area.starts_with(area.as_str()));
    }
    match asked.format {
        ResultFormat::Json => show_json(&summary)?,
        ResultFormat::Text => show(&describe(&summary))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(summary: &Summary) -> String {
    let mut table = Table::new(&["area", "enumerated", "wrongly", "twice", "estimated", "95 % from", "to", "omitted"]);
    let mut row = |name: &str, estimate: &Estimate| {
        let counts = [
            estimate.enumerated + estimate.erroneous,
            estimate.erroneous,
            estimate.duplicates,
            estimate.persons,
            estimate.low,
            estimate.high,
        ];
        let mut cells = vec![name.to_owned()];
        cells.extend(counts.map(|number| format!("{number:.1}")));
        cells.push(format!("{:.2} %", 100.0 * estimate.omission()));
        table.row(cells);
    };
    summary.areas.iter().for_each(|area| row(&area.area, &area.estimate));
    row("all", &summary.total);
    let mut text = table.text();
    let _ = writeln!(text, "\nwithout the corrections, all: {:.1}", summary.total.uncorrected);
    if let Some(lists) = &summary.by_lists {
        let names = lists.lists.join(", ");
        let _ = writeln!(
            text,
            "each register a list of its own (log-linear; {names}), all: {:.1}, 95 % from {:.1} to {:.1}",
            lists.persons, lists.low, lists.high
        );
    }
    let _ = writeln!(text, "\nassumptions");
    summary.assumptions.iter().for_each(|line| text += &format!("  - {line}\n"));
    let _ = writeln!(text, "if being on the roll goes with being in a register");
    for (odds, persons) in &summary.if_dependent {
        let _ = writeln!(text, "  odds ratio {odds}: {persons:.1}");
    }
    let _ = writeln!(text, "post-strata (persons estimated at each)");
    summary.post_strata.iter().for_each(|(step, persons)| text += &format!("  {step}: {persons:.0}\n"));
    summary.warnings.iter().for_each(|warning| text += &format!("warning: {warning}\n"));
    text
}
