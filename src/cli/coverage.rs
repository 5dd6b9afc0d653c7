//! How complete is the census, area by area, and how well do such estimates fare where the truth is known?

use std::fmt::Write;
use std::process::ExitCode;

use super::args::{Coverage, CoverageTrial, ResultFormat};
use super::screen::{Table, show, show_json};
use super::truth;
use crate::error::{Error, Result};
use crate::intake::study;
use crate::outcome::coverage::estimated::{Estimate, Summary};
use crate::progress::Silent;
use crate::run::{self, ESTIMATES, Options};
use crate::synthetic::{self, Plan};

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

/// Estimates many synthetic districts, of which the number of residents is known.
pub(super) fn trial(asked: &CoverageTrial) -> Result<ExitCode> {
    let (mut truths, mut covered) = (Vec::new(), 0u64);
    let (mut sums, mut enumerated) = ([0.0; 2], 0.0);
    for seed in (asked.seed..).take(usize::try_from(asked.districts).unwrap_or(usize::MAX)) {
        let folder = tempfile::tempdir().map_err(|error| Error::io(&std::env::temp_dir(), &error))?;
        let plan = Plan { persons: asked.persons, seed, errors: 1.0, uneven: 0.0, progress: &Silent };
        let made = synthetic::write_district(&folder.path().join("district"), &plan)?;
        let study = study::file::read(&made.study)?;
        let summary = run::run(&study, &folder.path().join("results"), &Options::default(), &Silent)?;
        let persons = truth::read_persons(&folder.path().join("district").join(synthetic::PERSONS_FILE))?;
        let truth = persons.iter().filter(|person| person.resident).count() as f64;
        let total = summary.coverage.summary.total;
        covered += u64::from(total.low <= truth && truth <= total.high);
        sums[0] += total.persons / truth - 1.0;
        sums[1] += total.uncorrected / truth - 1.0;
        enumerated += (total.enumerated + total.erroneous) / truth - 1.0;
        truths.push((seed, truth, total));
    }
    let mut table =
        Table::new(&["seed", "truth", "estimate", "from", "to", "uncorrected", "right", "wrong", "register"]);
    for (seed, truth, total) in &truths {
        let figures = [
            *truth,
            total.persons,
            total.low,
            total.high,
            total.uncorrected,
            total.enumerated,
            total.erroneous,
            total.only_register,
        ];
        let mut cells = vec![seed.to_string()];
        cells.extend(figures.map(|figure| format!("{figure:.1}")));
        table.row(cells);
    }
    let districts = truths.len().max(1) as f64;
    let per_cent = |sum: f64| format!("{:+.3} %", 100.0 * sum / districts);
    let text = format!(
        "{}\ndistricts {districts}, intervals that hold the truth {covered} ({:.1} %)\nrelative bias: corrected {}, \
         uncorrected {}, roll alone {}\n",
        table.text(),
        100.0 * covered as f64 / districts,
        per_cent(sums[0]),
        per_cent(sums[1]),
        per_cent(enumerated),
    );
    show(&text)?;
    Ok(ExitCode::SUCCESS)
}
