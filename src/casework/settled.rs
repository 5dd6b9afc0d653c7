//! What does the next run learn of visits?
//!
//! Takes the store's cases, gives a table of those that visits settled: kind, outcome, and the records as digests, in
//! the order of visits, so that of two cases about one person the later visit has the last word. No name and no ID
//! number is in it. Takes a run, says whether it learnt from such a table.
//!
//! What earlier tables say and this store knows nothing of is kept, before all of its own: a run in a new folder hears
//! of visits by the table alone, and the next one is to hear of them, too.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::history::SUPERVISOR;
use super::store::{Event, StoredCase};
use crate::audit::manifest::{Manifest, OUTCOMES};
use crate::error::{Error, Kind, Result};
use crate::intake::outcomes::OutcomeRow;
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::report::cases::digest_and_mark;
use crate::outcome::visit::one_question;
use crate::person::bearer;

/// Its columns.
pub const COLUMNS: [&str; 5] = ["case", "kind", "outcome", "visited_on", "records"];

/// Did the run of a folder read such a table?
///
/// # Errors
/// If its manifest cannot be read.
pub fn has_outcomes(run: &Path) -> Result<bool> {
    Ok(Manifest::read(run)?.inputs.iter().any(|input| input.source == OUTCOMES))
}

/// A table of what visits settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// As CSV.
    pub bytes: Vec<u8>,
    /// Its rows.
    pub rows: u64,
    /// Those of them that earlier tables say.
    pub kept: u64,
}

/// The table of what the store's visits settled, and of what earlier tables say of others.
///
/// # Errors
/// If no visit has settled a case yet.
pub fn table(cases: &[StoredCase], earlier: &[OutcomeRow]) -> Result<Table> {
    let failed = |_| Error::new(Kind::Environment, "the table of outcomes cannot be put together");
    let mut settled: Vec<(&StoredCase, &str)> =
        cases.iter().filter_map(|case| Some((case, case.outcome()?.code()))).collect();
    if settled.is_empty() {
        let error = Error::new(Kind::Usage, "no visit has settled a case yet");
        return Err(error.hint("take filled lists back first: `rollcall follow-up import DIR FILE`"));
    }
    settled.sort_by_cached_key(|settled| order(settled.0));
    let answered = Answered::of(cases);
    let kept: Vec<&OutcomeRow> = earlier.iter().filter(|row| !answered.holds(row)).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(failed)?;
    for row in &kept {
        let OutcomeRow { kind, outcome, records, case, visited_on, .. } = row;
        writer.write_record([case, kind, outcome, visited_on, &records.join(" ")]).map_err(failed)?;
    }
    for (case, code) in &settled {
        let day = case.settled_on().unwrap_or_default();
        let records = case.row.records.join(" ");
        writer.write_record([case.number.as_str(), case.kind.name(), code, day, &records]).map_err(failed)?;
    }
    let bytes = writer.into_inner();
    let bytes = bytes.map_err(|_| Error::new(Kind::Environment, "the table of outcomes cannot be put together"))?;
    Ok(Table { bytes, rows: (kept.len() + settled.len()) as u64, kept: kept.len() as u64 })
}

/// The records of the cases of which the store itself has been told how they are, by question: it has the last word,
/// also where it has taken that back.
struct Answered<'a>(FxHashMap<(DiscrepancyKind, &'a str), Vec<&'a str>>);

impl<'a> Answered<'a> {
    fn of(cases: &'a [StoredCase]) -> Answered<'a> {
        let mut marks: FxHashMap<(DiscrepancyKind, &str), Vec<&str>> = FxHashMap::default();
        for case in cases.iter().filter(|case| case.is_answered()) {
            for row in case.earlier.iter().chain([&case.row]) {
                for (digest, mark) in telling(case.kind, &row.records) {
                    marks.entry((one_question(case.kind), digest)).or_default().push(mark);
                }
            }
        }
        Answered(marks)
    }

    fn holds(&self, row: &OutcomeRow) -> bool {
        let Some(kind) = DiscrepancyKind::of_name(&row.kind) else { return false };
        telling(kind, &row.records).any(|(digest, then)| {
            let marks = self.0.get(&(one_question(kind), digest));
            marks.is_some_and(|marks| marks.iter().any(|mark| bearer::is_same(then, mark)))
        })
    }
}

/// The records by which a case is known, as digests with marks: of a person who was enumerated several times the row
/// that is asked about, as each of them is a question of its own.
fn telling(kind: DiscrepancyKind, records: &[String]) -> impl Iterator<Item = (&str, &str)> {
    let wanted = if kind == DiscrepancyKind::DuplicateEnumeration { 1 } else { records.len() };
    records.iter().take(wanted).map(|name| digest_and_mark(name))
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
    use super::{Event, OutcomeRow, StoredCase, Table, table};
    use crate::casework::learning::tests::row;
    use crate::casework::store::EventKind;
    use crate::outcome::discrepancy::DiscrepancyKind;
    use crate::outcome::report::cases::CaseRow;
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
        let Table { bytes, rows, kept: 0 } = table(&cases, &[]).unwrap() else { panic!("nothing is kept") };
        let text = String::from_utf8(bytes).unwrap();
        let order: String = text.lines().skip(1).filter_map(|line| line.chars().next()).collect();
        assert_eq!((order.as_str(), rows), ("FDCEBA", 6));
    }

    #[test]
    fn what_earlier_tables_say_of_others_is_kept_and_the_store_has_the_last_word_of_its_own() {
        let visit = |role: &str, outcome: Outcome| Event {
            what: EventKind::Visited,
            at: String::from("t1"),
            role: role.to_owned(),
            outcome: Some(outcome),
            visited_on: Some(String::from("2020-12-03")),
            team: None,
            note: None,
        };
        let case = |number: &str, kind: DiscrepancyKind, records: &[&str], events: Vec<Event>| StoredCase {
            id: 1,
            number: number.to_owned(),
            other_numbers: Vec::new(),
            kind,
            row: CaseRow { records: records.iter().map(|name| (*name).to_owned()).collect(), ..row(1, 1, 0.5) },
            earlier: Vec::new(),
            events,
        };
        let duplicate = DiscrepancyKind::DuplicateEnumeration;
        let found = || vec![visit("field", Outcome::Added)];
        let taken_back = [("field", Outcome::Added), ("supervisor", Outcome::Added), ("supervisor", Outcome::Refused)];
        let taken_back = taken_back.map(|(role, outcome)| visit(role, outcome)).to_vec();
        let cases = [
            case("A", DiscrepancyKind::MissedNewborn, &["a1.aaabbbccc", "a2.aaabbbccc"], found()),
            case("B", DiscrepancyKind::MissedPerson, &["b1"], taken_back),
            case("C", DiscrepancyKind::MissedPerson, &["c1"], vec![visit("field", Outcome::NoContact)]),
            case("D", duplicate, &["r1", "r2", "r3"], vec![visit("field", Outcome::Duplicate)]),
        ];
        let said = |kind: DiscrepancyKind, case: &str, records: &[&str]| OutcomeRow {
            row: 2,
            kind: kind.name().to_owned(),
            outcome: String::from("01"),
            records: records.iter().map(|name| (*name).to_owned()).collect(),
            case: case.to_owned(),
            visited_on: String::from("2020-11-30"),
        };
        let person = DiscrepancyKind::MissedPerson;
        let earlier = [
            // Settled here as well; taken back here; not settled here; of nobody here.
            said(person, "1", &["a2.aaabbbccc"]),
            said(person, "2", &["b1"]),
            said(person, "3", &["c1"]),
            said(person, "4", &["e1", "e2"]),
            // A record that was another person's then; another question; another row of a person counted three times.
            said(person, "5", &["a1.dddeeefff"]),
            said(DiscrepancyKind::MissedHousehold, "6", &["a1.aaabbbccc"]),
            said(duplicate, "7", &["r2", "r1", "r3"]),
            said(duplicate, "8", &["r1", "r3"]),
        ];
        let Table { bytes, rows, kept } = table(&cases, &earlier).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let order: String = text.lines().skip(1).filter_map(|line| line.chars().next()).collect();
        assert_eq!((order.as_str(), rows, kept), ("34567AD", 7, 5), "{text}");
        assert!(text.contains("4,missed_person,01,2020-11-30,e1 e2"), "{text}");
    }
}
