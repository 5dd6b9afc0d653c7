//! How well do the estimates of coverage fare where the truth is known?
//!
//! Makes synthetic districts, runs each, and holds every part of the estimate against the truth: persons on both lists,
//! on the roll only, in registers only, on no list.

use std::path::Path;
use std::process::ExitCode;

use rustc_hash::FxHashSet;

use super::args::CoverageTrial;
use super::screen::{Table, show};
use super::truth;
use crate::error::{Error, Result};
use crate::intake::{study, truth as intake_truth};
use crate::outcome::coverage::estimated::Estimate;
use crate::progress::Silent;
use crate::run::{self, Options};
use crate::synthetic::{self, Plan};

/// What is compared, each as a difference from the truth.
const PARTS: [&str; 8] = [
    "the roll alone",
    "two lists, uncorrected",
    "two lists, corrected",
    "  on both lists",
    "  on the roll only",
    "  in registers only",
    "  on no list",
    "  counted wrongly",
];

/// Residents by the lists they are on, and others whom the roll counts.
#[derive(Debug, Clone, Copy, Default)]
struct TrueParts {
    both: f64,
    only_roll: f64,
    only_register: f64,
    unseen: f64,
    wrongly: f64,
}

impl TrueParts {
    fn of(district: &Path) -> Result<TrueParts> {
        let records = intake_truth::records(&district.join(synthetic::RECORDS_FILE))?;
        let in_register: FxHashSet<&str> =
            records.iter().filter(|record| record.0 != "roll").map(|record| record.2.as_str()).collect();
        let mut parts = TrueParts::default();
        for person in truth::read_persons(&district.join(synthetic::PERSONS_FILE))? {
            let part = match (person.resident, person.enumerated, in_register.contains(person.person.as_str())) {
                (true, true, true) => &mut parts.both,
                (true, true, false) => &mut parts.only_roll,
                (true, false, true) => &mut parts.only_register,
                (true, false, false) => &mut parts.unseen,
                (false, true, _) => &mut parts.wrongly,
                (false, false, _) => continue,
            };
            *part += 1.0;
        }
        Ok(parts)
    }

    fn residents(&self) -> f64 {
        self.both + self.only_roll + self.only_register + self.unseen
    }

    /// How far an estimate is from it, as shares of the residents, in the order of [`PARTS`].
    fn errors(&self, estimate: &Estimate) -> [f64; PARTS.len()] {
        let residents = self.residents();
        // Whom the roll itself counts here, so without its guests.
        let roll = estimate.enumerated + estimate.erroneous;
        // Whom the roll has and the census counts elsewhere counts as wrong in the truth and as a guest in the
        // estimate.
        let wrongly = estimate.erroneous + estimate.guests - self.wrongly;
        [
            roll - residents,
            estimate.uncorrected - residents,
            estimate.persons - residents,
            estimate.both - self.both,
            estimate.only_roll - self.only_roll,
            estimate.only_register - self.only_register,
            estimate.unseen - self.unseen,
            wrongly,
        ]
        .map(|difference| difference / residents.max(1.0))
    }
}

/// Estimates many synthetic districts, of which the number of residents is known.
pub(super) fn trial(asked: &CoverageTrial) -> Result<ExitCode> {
    let mut table =
        Table::new(&["seed", "truth", "estimate", "from", "to", "error", "uncorrected", "register", "its truth"]);
    let mut errors: Vec<[f64; PARTS.len()]> = Vec::new();
    let (mut covered, mut widths, mut expected) = (0u64, 0.0, 0.0);
    for seed in (asked.seed..).take(usize::try_from(asked.districts).unwrap_or(usize::MAX)) {
        let folder = tempfile::tempdir().map_err(|error| Error::io(&std::env::temp_dir(), &error))?;
        let district = folder.path().join("district");
        let plan = Plan { persons: asked.persons, seed, errors: asked.errors, uneven: asked.uneven, progress: &Silent };
        let made = synthetic::write_district(&district, &plan)?;
        let study = study::file::read(&made.study)?;
        let summary = run::run(&study, &folder.path().join("results"), &Options::default(), &Silent)?;
        let truth = TrueParts::of(&district)?;
        let (residents, total) = (truth.residents(), summary.coverage.summary.total.unwrap_or_default());
        covered += u64::from(total.low <= residents && residents <= total.high);
        widths += (total.high - total.low) / residents;
        expected += total.standard_error / residents;
        let error = truth.errors(&total);
        errors.push(error);
        let figures = [
            residents,
            total.persons,
            total.low,
            total.high,
            total.persons - residents,
            total.uncorrected,
            total.only_register,
            truth.only_register,
        ];
        let mut cells = vec![seed.to_string()];
        cells.extend(figures.map(|figure| format!("{figure:.1}")));
        table.row(cells);
    }
    let mut text = if asked.each { table.text() + "\n" } else { String::new() };
    let districts = errors.len().max(1) as f64;
    let mut parts = Table::new(&["share of the residents", "mean error", "its spread"]);
    for (at, part) in PARTS.iter().enumerate() {
        let mean = errors.iter().map(|error| error[at]).sum::<f64>() / districts;
        let square = errors.iter().map(|error| (error[at] - mean).powi(2)).sum::<f64>() / districts;
        parts.row(vec![
            (*part).to_owned(),
            format!("{:+.3} %", 100.0 * mean),
            format!("{:.3} %", 100.0 * square.sqrt()),
        ]);
    }
    text += &parts.text();
    text += &format!(
        "\n{districts} districts of {} residents; the 95 % interval holds the truth in {covered} ({:.1} %), is {:.2} % \
         wide on average, and expects a spread of {:.3} %\n",
        asked.persons,
        100.0 * covered as f64 / districts,
        100.0 * widths / districts,
        100.0 * expected / districts,
    );
    show(&text)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::TrueParts;
    use crate::outcome::coverage::estimated::Estimate;

    #[test]
    fn the_roll_alone_is_whom_it_counts_here() {
        let truth = TrueParts { both: 80.0, only_roll: 10.0, only_register: 10.0, unseen: 0.0, wrongly: 6.0 };
        let estimate = Estimate { enumerated: 88.0, erroneous: 3.0, guests: 4.0, ..Estimate::default() };
        let errors = truth.errors(&estimate);
        assert!((errors[0] + 0.09).abs() < 1e-12 && (errors[7] - 0.01).abs() < 1e-12, "{errors:?}");
    }
}
