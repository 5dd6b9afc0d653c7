//! What does the next run get to know of visits?
//!
//! Takes the store's cases, gives a table of those that visits settled: kind, outcome, and the records as digests, by case
//! number. No name and no ID number is in it.

use super::store::StoredCase;
use crate::error::{Error, Kind, Result};

/// Its columns.
pub const COLUMNS: [&str; 5] = ["case", "kind", "outcome", "visited_on", "records"];

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
    settled.sort_by(|a, b| a.0.number.cmp(&b.0.number));
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
