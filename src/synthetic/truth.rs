//! Who is who, in truth?
//!
//! Writes the two tables of truth of a district, `truth_records.parquet` (source, record, person) and
//! `truth_persons.parquet` (what each person is to the census).

use super::person::{Block, Person};
use super::place::District;
use super::sheet::{Cell, Column, Row};

/// File of records and persons.
pub const RECORDS_FILE: &str = "truth_records.parquet";
/// File of persons.
pub const PERSONS_FILE: &str = "truth_persons.parquet";

/// Columns of the table of records.
pub const RECORDS: &[(&str, Column)] =
    &[("source", Column::Text), ("record_id", Column::Key), ("person", Column::Count)];

/// Columns of the table of persons. `resident`: counted here by the rules of the census; `enumerated`: there is a row
/// of the roll by which the person is counted (item D7 says it lives there, or it has only just left); a resident who
/// is not enumerated is missed, and can be found if `in_register`.
pub const PERSONS: &[(&str, Column)] = &[
    ("person", Column::Count),
    ("name", Column::Text),
    ("id_number", Column::Key),
    ("sex", Column::Text),
    ("birth_date", Column::Day),
    ("status", Column::Text),
    ("resident", Column::Flag),
    ("enumerated", Column::Flag),
    ("in_register", Column::Flag),
    ("roll_rows", Column::Count),
    ("register_rows", Column::Count),
    ("community", Column::Text),
    ("enumeration_area", Column::Text),
    ("death_date", Column::Day),
];

/// How many rows there are about somebody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traces {
    /// Rows of the roll.
    pub roll: u64,
    /// Rows of the registers.
    pub registers: u64,
    /// Is there a row of the roll by which the person is counted here?
    pub counted: bool,
}

impl Traces {
    /// Is this a missed person: a resident without a row by which it is counted?
    #[must_use]
    pub fn is_missed(&self, person: &Person) -> bool {
        person.status.is_resident() && !self.counted
    }
}

/// The rows of the table of persons for one block.
#[must_use]
pub fn persons(district: &District, block: &Block, traces: &[Traces]) -> Vec<Row> {
    let row = |(position, (person, traces)): (usize, (&Person, &Traces))| Row {
        person: position as u64,
        cells: vec![
            Cell::Empty,
            Cell::Text(person.name.text.clone()),
            Cell::Text(person.number.clone()),
            Cell::Code(if person.male { "1" } else { "2" }),
            Cell::Day(person.birth),
            Cell::Code(person.status.name()),
            Cell::Flag(person.status.is_resident()),
            Cell::Flag(traces.counted),
            Cell::Flag(traces.registers > 0),
            Cell::Count(traces.roll),
            Cell::Count(traces.registers),
            Cell::Text(district.community(person.home).code.clone()),
            Cell::Text(district.enumeration_area(person.home)),
            Cell::day(person.death),
        ],
    };
    block.persons.iter().zip(traces).enumerate().map(row).collect()
}
