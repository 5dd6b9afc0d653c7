//! How many did the roll count around a case?
//!
//! Takes the table, gives for a place what the roll has there: what a run expects of a building or of an area is much
//! or little only beside it.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::intake::study::RowKind;
use crate::outcome::coverage::Level;
use crate::person::lexicon::Symbol;
use crate::person::table::{PersonTable, RecordId};

/// What the roll has around a case; 0 where the place is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Around {
    /// Rows that have somebody as present in the building.
    pub enumerated_in_building: u32,
    /// Rows that have somebody as present in the enumeration area.
    pub enumerated_in_area: u32,
    /// Rows of the community that list somebody as living elsewhere.
    pub listed_elsewhere: u32,
}

/// Rows of the roll, by place.
#[derive(Debug)]
pub(super) struct Enumerated<'a> {
    table: &'a PersonTable,
    of_building: FxHashMap<(Symbol, u16), u32>,
    /// By symbol of the area.
    of_area: Vec<u32>,
    listed_elsewhere: FxHashMap<&'a str, u32>,
}

impl<'a> Enumerated<'a> {
    /// Counts the rows of the roll.
    pub fn of(table: &'a PersonTable) -> Enumerated<'a> {
        let mut of_building: FxHashMap<(Symbol, u16), u32> = FxHashMap::default();
        let (mut of_area, mut elsewhere) = (vec![0; table.divisions.len()], vec![0; table.divisions.len()]);
        for at in 0..table.len() {
            match table.kind[at] {
                RowKind::Present => {
                    of_area[table.area[at] as usize] += 1;
                    if table.estate[at] != 0 && table.building[at] != 0 {
                        *of_building.entry((table.estate[at], table.building[at])).or_default() += 1;
                    }
                }
                RowKind::Elsewhere => elsewhere[table.area[at] as usize] += 1,
                _ => {}
            }
        }
        let mut listed_elsewhere: FxHashMap<&str, u32> = FxHashMap::default();
        for (symbol, rows) in (0..).zip(elsewhere) {
            if let Some(community) = Level::Community.beginning(table.divisions.text(symbol)) {
                *listed_elsewhere.entry(community).or_default() += rows;
            }
        }
        Enumerated { table, of_building, of_area, listed_elsewhere }
    }

    /// What there is around a record in this area.
    pub fn around(&self, record: RecordId, area: &str) -> Around {
        let at = record as usize;
        let building = (self.table.estate[at], self.table.building[at]);
        let symbol = self.table.divisions.find(area).unwrap_or_default();
        let community = Level::Community.beginning(area);
        Around {
            enumerated_in_building: self.of_building.get(&building).copied().unwrap_or_default(),
            enumerated_in_area: if symbol == 0 { 0 } else { self.of_area[symbol as usize] },
            listed_elsewhere: community.and_then(|code| self.listed_elsewhere.get(code)).copied().unwrap_or_default(),
        }
    }
}
