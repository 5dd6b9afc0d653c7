//! How complete is the census, area by area, and what have visits said of it since?

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::args::{Coverage, ResultFormat};
use super::follow_up;
use super::screen::{Table, show, show_json};
use crate::audit::manifest::Manifest;
use crate::casework::recount::{self, Recounted};
use crate::casework::settled;
use crate::casework::store::Store;
use crate::error::{Error, Kind, Result};
use crate::intake::study::Language;
use crate::outcome::coverage::estimated::{Estimate, Summary, Warning, WarningKind};
use crate::outcome::coverage::{ESTIMATES, UNKNOWN_AREA};
use crate::outcome::report::cases::{is_area, shown_area, table};
use crate::outcome::report::words::completeness;
use crate::provenance::held;

/// Prints the estimates of a run.
pub(super) fn coverage(asked: &Coverage) -> Result<ExitCode> {
    held::check_outputs(&asked.run, &Manifest::read(&asked.run)?, &[ESTIMATES])?;
    let mut summary = read(&asked.run)?;
    if let Some(area) = &asked.area {
        let known = std::mem::take(&mut summary.areas);
        summary.areas = known.iter().filter(|row| is_area(&row.area, area)).cloned().collect();
        if summary.areas.is_empty() {
            return Err(no_such_area(known.iter().map(|row| row.area.as_str())));
        }
    }
    let visited = visited(asked, &summary)?;
    match asked.format {
        ResultFormat::Json => show_json(&Shown { summary: &summary, visited: &visited })?,
        ResultFormat::Text => show(&(describe(&summary) + &describe_visited(&visited)))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The estimates of a run.
///
/// # Errors
/// If there are none, or they are not what a run writes.
pub(super) fn read(run: &Path) -> Result<Summary> {
    let path = run.join(ESTIMATES);
    let text = std::fs::read_to_string(&path).map_err(|error| Error::io(&path, &error))?;
    serde_json::from_str(&text).map_err(|_| Error::input("this is not a file that a run wrote").at_file(&path))
}

/// The warning that no expectation of the run rests on anything; nothing where they do.
///
/// # Errors
/// As [`read`].
pub(super) fn unlinked(run: &Path) -> Result<Option<Warning>> {
    Ok(read(run)?.warnings.into_iter().find(|warning| warning.kind == WarningKind::Unlinked))
}

/// Does the run have this area, of which nothing was found? What is unknown every run may have.
///
/// # Errors
/// A usage error if it has estimates of areas, and none of this one.
pub(super) fn check_area(run: &Path, area: &str) -> Result<()> {
    if area.starts_with("unknown") {
        return Ok(());
    }
    let known = read(run)?.areas;
    if known.is_empty() || known.iter().any(|row| is_area(&row.area, area)) {
        return Ok(());
    }
    Err(no_such_area(known.iter().map(|row| row.area.as_str())))
}

/// Codes that are named where an area is asked for that the run does not have.
const CODES_SHOWN: usize = 10;

/// What the areas are of which the run has estimates, the widest first.
fn no_such_area<'a>(known: impl Iterator<Item = &'a str>) -> Error {
    let mut codes: Vec<&str> = known.collect();
    codes.sort_unstable_by_key(|code| (code.len(), *code));
    codes.dedup();
    let error = Error::new(Kind::Usage, "the run has no such area, and none within it");
    if codes.is_empty() {
        return error.hint("it has estimates of no area at all");
    }
    let few: Vec<String> = codes.iter().take(CODES_SHOWN).map(|code| shown_area(code)).collect();
    let more = match codes.len() - few.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    error.hint(format!("its areas are {}{more}", few.join(", ")))
}

/// What is shown as JSON: the run's estimates, and beside them what visits make of them.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    #[serde(skip_serializing_if = "<[Recounted]>::is_empty")]
    visited: &'a [Recounted],
}

/// The estimates with what visits found, where visits were made (and the run's personal data have not been purged).
fn visited(asked: &Coverage, summary: &Summary) -> Result<Vec<Recounted>> {
    // Where nothing is estimated there is nothing to change.
    if !summary.is_made() || !Store::exists(&asked.run) || !asked.run.join(table::CASES).is_file() {
        return Ok(Vec::new());
    }
    let cases = follow_up::store_to_read(&asked.run)?.cases()?;
    let has_outcomes = settled::has_outcomes(&asked.run)?;
    Ok(recount::recount(summary, &table::read(&asked.run)?.rows, &cases, has_outcomes))
}

fn describe_visited(visited: &[Recounted]) -> String {
    if visited.is_empty() {
        return String::new();
    }
    let mut table =
        Table::new(&["area", "settled", "found", "expected", "run alone", "with visits", "95 % from", "to"]);
    for row in visited {
        let mut cells = vec![area_name(&row.level, &row.area), row.settled.to_string(), row.found.to_string()];
        cells.extend([row.expected, row.before, row.persons, row.low, row.high].map(|number| format!("{number:.1}")));
        table.row(cells);
    }
    format!(
        "\nwith what visits have found (docs/coverage.md); the figures above and coverage.json are the run's own\n{}",
        table.text()
    )
}

/// The code of an area, as it may stand on a screen; of persons whose area is not known, at which level it is not. All
/// areas together are a level of their own.
fn area_name(level: &str, code: &str) -> String {
    match (level, code) {
        ("all", _) => String::from("all"),
        (_, UNKNOWN_AREA) => format!("{level} unknown"),
        _ => shown_area(code),
    }
}

/// A warning for the screen.
pub(super) fn in_words(warning: &Warning) -> String {
    completeness::warning(Language::En, warning)
}

fn describe(summary: &Summary) -> String {
    if !summary.is_made() {
        return summary.warnings.iter().map(|warning| format!("{}\n", in_words(warning))).collect();
    }
    let mut table = Table::new(&["area", "rightly", "wrongly", "twice", "estimated", "95 % from", "to", "omitted"]);
    let mut row = |name: String, estimate: &Estimate| {
        let counts = [
            estimate.enumerated,
            estimate.erroneous,
            estimate.duplicates,
            estimate.persons,
            estimate.low,
            estimate.high,
        ];
        let mut cells = vec![name];
        cells.extend(counts.map(|number| format!("{number:.1}")));
        // A share of nothing says nothing; that of persons whom the roll has nowhere is no omission of an area.
        let has_share = estimate.persons > 0.0 && estimate.enumerated > 0.0;
        cells.push(if has_share { format!("{:.2} %", 100.0 * estimate.omission()) } else { String::from("-") });
        table.row(cells);
    };
    // An area that lies in no division is the same at each level.
    let mut named = BTreeSet::new();
    for area in &summary.areas {
        let name = area_name(&area.level, &area.area);
        if named.insert(name.clone()) {
            row(name, &area.estimate);
        }
    }
    let total = summary.total.unwrap_or_default();
    row(String::from("all"), &total);
    let mut text = table.text();
    let _ = writeln!(text, "\nwithout the corrections, all: {:.1}", total.uncorrected);
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
    summary.warnings.iter().for_each(|warning| text += &format!("warning: {}\n", in_words(warning)));
    text
}

#[cfg(test)]
mod tests {
    use super::{describe, describe_visited};
    use crate::casework::recount::Recounted;
    use crate::outcome::coverage::estimated::{AreaEstimate, Estimate, Summary};

    /// The screen has the figures of `coverage.json`, and what is omitted follows from them.
    #[test]
    fn who_is_enumerated_rightly_is_the_figure_that_the_share_follows_from() {
        let total = Estimate { persons: 100.0, enumerated: 90.0, erroneous: 5.0, ..Estimate::default() };
        let assumptions = vec![String::from("independence")];
        let text = describe(&Summary { total: Some(total), assumptions, ..Summary::default() });
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].contains("rightly") && !lines[0].contains("enumerated"), "{text}");
        let all: Vec<&str> =
            lines.iter().find(|line| line.starts_with("all")).expect("a line").split_whitespace().collect();
        assert_eq!((all[1], all[2], &all[7..]), ("90.0", "5.0", &["10.00", "%"][..]), "{text}");
    }

    #[test]
    fn all_areas_together_are_called_so() {
        let row = |level: &str, area: &str| Recounted {
            level: level.to_owned(),
            area: area.to_owned(),
            ..Recounted::default()
        };
        let text = describe_visited(&[row("community", "999999001002"), row("all", "all")]);
        let lines: Vec<&str> = text.lines().rev().take(2).collect();
        assert!(lines[0].starts_with("all ") && lines[1].starts_with("999999001002 "), "{text}");
    }

    #[test]
    fn unknown_areas_say_their_level_and_nothing_has_no_share() {
        let some = Estimate { persons: 100.0, enumerated: 90.0, ..Estimate::default() };
        let area = |level: &str, area: &str, estimate: Estimate| AreaEstimate {
            level: level.to_owned(),
            area: area.to_owned(),
            estimate,
        };
        let areas = vec![
            area("district", "unknown", Estimate::default()),
            area("district", "甲片-01", some),
            area("township", "unknown", Estimate { persons: 3.0, ..Estimate::default() }),
            area("township", "甲片-01", some),
            area("community", "unknown", Estimate::default()),
        ];
        let assumptions = vec![String::from("independence")];
        let text = describe(&Summary { total: Some(some), areas, assumptions, ..Summary::default() });
        for level in ["district", "township", "community"] {
            assert_eq!(text.matches(&format!("{level} unknown")).count(), 1, "{text}");
        }
        assert!(text.contains("10.00 %") && !text.contains("100.00 %") && !text.contains(" 0.00 %"), "{text}");
        assert_eq!(text.matches("甲片-01").count(), 1, "an area in no division stands there once");
    }
}
