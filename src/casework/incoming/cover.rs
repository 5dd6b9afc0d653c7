//! Whose list is it, as its cover says?
//!
//! Takes the sheets of a returned file that are no lists, gives the team on the cover, as the store knows it: what else
//! somebody has typed there is repeated nowhere. The file of wrong rows gets a cover that says the same, or it would
//! be of the team that has the cases by the time it comes back.

use std::collections::BTreeSet;

use rust_xlsxwriter::{Workbook, XlsxError};

use super::row::normal;
use crate::casework::history::SUPERVISOR;
use crate::casework::store::StoredCase;
use crate::intake::extract::filled::FilledSheet;
use crate::intake::study::Language;
use crate::outcome::report::words::field;
use crate::outcome::report::workbook::{A4, footer};

/// Whose list a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover<'a> {
    /// A team's that has been sent.
    Team(&'a str),
    /// A supervisor's.
    Supervisor,
    /// It does not say.
    Silent,
}

impl Cover<'_> {
    /// What stands beside the word for a team.
    pub(super) fn as_written(&self) -> &str {
        match self {
            Cover::Team(team) => team,
            Cover::Supervisor => SUPERVISOR,
            Cover::Silent => "",
        }
    }
}

/// Puts a cover behind the lists of a workbook, if it is known whose they are.
pub(super) fn write(workbook: &mut Workbook, team: &str, language: Language) -> Result<(), XlsxError> {
    if team.is_empty() {
        return Ok(());
    }
    let sheet = workbook.add_worksheet();
    // A list may have the name, where somebody has given it one.
    let _ = sheet.set_name(field::COVER.of(language));
    sheet.write_string(0, 0, field::TEAM.of(language))?.write_string(0, 1, team)?;
    sheet.set_column_width(1, TEAM_WIDTH)?.set_paper_size(A4).set_footer(footer(language));
    Ok(())
}

/// Width of the column with the team, in characters.
const TEAM_WIDTH: f64 = 40.0;

/// What the cover says; several that differ (lists put together in one file) say nothing.
pub(super) fn cover<'a>(sheets: &[FilledSheet], lists: &[&FilledSheet], cases: &'a [StoredCase]) -> Cover<'a> {
    let others = sheets.iter().filter(|sheet| !lists.iter().any(|list| std::ptr::eq(*list, *sheet)));
    let said: BTreeSet<String> = others.flat_map(|sheet| &sheet.rows).filter_map(|(_, cells)| team(cells)).collect();
    let [said] = said.iter().map(String::as_str).collect::<Vec<_>>()[..] else { return Cover::Silent };
    let teams = cases.iter().flat_map(|case| &case.events).filter_map(|event| event.team.as_deref());
    match teams.into_iter().find(|team| normal(team) == said) {
        Some(team) => Cover::Team(team),
        // A name of a team has no blank in it.
        None if said.split(' ').next() == Some(SUPERVISOR) => Cover::Supervisor,
        None => Cover::Silent,
    }
}

/// What stands beside the word for a team.
fn team(cells: &[String]) -> Option<String> {
    let mut cells = cells.iter().map(|cell| normal(cell)).filter(|cell| !cell.is_empty());
    let is_label = |cell: &String| [field::TEAM.zh, field::TEAM.en].contains(&cell.as_str());
    cells.next().filter(is_label).and_then(|_| cells.next())
}
