//! What does the next run learn of visits?
//!
//! Takes the store's cases, gives a table of those that visits settled: kind, outcome, and the records as digests, in
//! the order of visits, so that of two cases about one person the later visit has the last word. No name and no ID
//! number is in it. Takes a run, says whether it learnt from such a table.

use std::path::Path;

use super::history::SUPERVISOR;
use super::store::{Event, StoredCase};
use crate::audit::manifest::{Manifest, OUTCOMES};
use crate::error::{Error, Kind, Result};

/// Its columns.
pub const COLUMNS: [&str; 5] = ["case", "kind", "outcome", "visited_on", "records"];

/// Did the run of a folder read such a table?
///
/// # Errors
/// If its manifest cannot be read.
pub fn has_outcomes(run: &Path) -> Result<bool> {
    Ok(Manifest::read(run)?.inputs.iter().any(|input| input.source == OUTCOMES))
}

/// The table as CSV, and its number of rows.
///
/// # Errors
/// If no visit has settled a case yet.
pub fn table(cases: &[StoredCase]) -> Result<(Vec<u8>, u64)> {
    let failed = |_| Error::new(Kind::Environment, "the table of outcomes cannot be put together");
    let mut settled: Vec<(&StoredCase, &str)> =
        cases.iter().filter_map(|case| Some((case, case.outcome()?.code()))).collect();
    if settled.is_empty() {
        let error = Error::new(Kind::Usage, "no visit has settled a case yet");
        return Err(error.hint("take filled lists back first: `rollcall follow-up import DIR FILE`"));
    }
    settled.sort_by_cached_key(|settled| order(settled.0));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(failed)?;
    for (case, code) in &settled {
        let day = case.settled_on().unwrap_or_default();
        let records = case.row.records.join(" ");
        writer.write_record([case.number.as_str(), case.kind.name(), code, day, &records]).map_err(failed)?;
    }
    let bytes = writer.into_inner();
    let bytes = bytes.map_err(|_| Error::new(Kind::Environment, "the table of outcomes cannot be put together"))?;
    Ok((bytes, settled.len() as u64))
}

/// Where a settled case stands among others: by the day of the visit, when it was taken back, and number. What a
/// supervisor has settled comes last, as it stands against the field in one case. A visit of which nobody said the day
/// comes first.
fn order(case: &StoredCase) -> (bool, &str, &str, &str) {
    let settling = |event: &&Event| event.outcome == case.outcome();
    let is_ruled = case.visits().filter(settling).any(|event| event.role == SUPERVISOR);
    let at = case.visits().filter(settling).last().map_or("", |event| event.at.as_str());
    (is_ruled, case.settled_on().unwrap_or_default(), at, &case.number)
}

#[cfg(test)]
mod tests {
    use super::{Event, StoredCase, table};
    use crate::casework::learning::tests::row;
    use crate::casework::store::EventKind;
    use crate::outcome::discrepancy::DiscrepancyKind;
    use crate::outcome::visit::Outcome;

    #[test]
    fn of_two_cases_about_one_person_the_later_visit_has_the_last_word() {
        let case = |number: &str, role: &str, day: &str, at: &str| StoredCase {
            id: 1,
            number: number.to_owned(),
            other_numbers: Vec::new(),
            kind: DiscrepancyKind::MissedPerson,
            row: row(1, 1, 0.5),
            earlier: Vec::new(),
            events: vec![Event {
                what: EventKind::Visited,
                at: at.to_owned(),
                role: role.to_owned(),
                outcome: Some(Outcome::Added),
                visited_on: Some(day.to_owned()),
                team: None,
                note: None,
            }],
        };
        let cases = [
            case("A", "supervisor", "", "t1"),
            case("B", "field", "2020-12-09", "t1"),
            case("C", "field", "2020-12-03", "t3"),
            case("D", "field", "2020-12-03", "t2"),
            case("F", "field", "", "t9"),
            case("E", "field", "2020-12-03", "t3"),
        ];
        let (bytes, rows) = table(&cases).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let order: String = text.lines().skip(1).filter_map(|line| line.chars().next()).collect();
        assert_eq!((order.as_str(), rows), ("FDCEBA", 6));
    }
}
