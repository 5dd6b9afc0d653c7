//! In which enumeration area does a record live?
//!
//! The rows of the roll say where areas lie: what is enumerated next door is the best guide to the area of a dwelling
//! where nobody was. A building may belong to several areas. Of buildings of one name (of a 和平里 in each of two
//! communities) that in the record's own division counts.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::intake::study::RowKind;
use crate::person::lexicon::Symbol;
use crate::person::table::{PersonTable, RecordId};

/// Room numbers are floor and door: 1203 is on floor 12.
const DOORS_OF_A_FLOOR: u16 = 100;

/// Least share of a building's rows in one division for it to be another building of the name, and no slip of a code.
const NAMESAKE_SHARE_MIN: f64 = 0.1;

/// A dwelling with present rows of one area. A place with its number (37 Marina Road) is a building by itself.
#[derive(Debug, Clone, Copy)]
struct Enumerated {
    building: (Symbol, u16),
    unit: u16,
    room: u16,
    area: Symbol,
    division: Symbol,
    rows: u32,
}

/// The enumeration areas of dwellings, learned from the roll.
pub(super) struct Areas {
    /// Ascending by building, unit, room and area.
    dwellings: Vec<Enumerated>,
    /// Of addresses that are a text as a whole, with the division.
    addresses: FxHashMap<String, (Symbol, Symbol)>,
    /// Of those that stand in another division, too.
    namesakes: FxHashMap<(String, Symbol), Symbol>,
}

impl Areas {
    pub fn of(table: &PersonTable) -> Areas {
        let mut dwellings: Vec<Enumerated> = Vec::new();
        let (mut addresses, mut namesakes) = (FxHashMap::default(), FxHashMap::default());
        for (record, at) in (0..).zip(0..table.len()) {
            let (area, estate, building) = (table.area[at], table.estate[at], table.building[at]);
            let division = table.division[at];
            if area == 0 || table.kind[at] != RowKind::Present {
                continue;
            }
            if estate != 0 && (building != 0 || table.is_numbered_place(estate)) {
                let (unit, room) = (table.unit[at], table.room[at]);
                dwellings.push(Enumerated { building: (estate, building), unit, room, area, division, rows: 1 });
            }
            if let Some(address) = table.whole_address(record) {
                let address = address.to_lowercase();
                let (_, of) = *addresses.entry(address.clone()).or_insert((area, division));
                if of != division {
                    namesakes.entry((address, division)).or_insert(area);
                }
            }
        }
        dwellings.par_sort_unstable_by_key(|at| (at.building, at.unit, at.room, at.area, at.division));
        dwellings.dedup_by(|next, kept| {
            let of = |at: &Enumerated| (at.building, at.unit, at.room, at.area, at.division);
            let is_same = of(next) == of(kept);
            kept.rows += if is_same { next.rows } else { 0 };
            is_same
        });
        dwellings.shrink_to_fit();
        Areas { dwellings, addresses, namesakes }
    }

    /// The finest area code known for a record.
    pub fn area(&self, table: &PersonTable, record: RecordId) -> Option<String> {
        let at = record as usize;
        let near = || self.nearest(table, at);
        let address = || {
            let address = table.whole_address(record)?.to_lowercase();
            let (area, _) = *self.addresses.get(&address)?;
            Some(self.namesakes.get(&(address, table.division[at])).copied().unwrap_or(area))
        };
        let own = Some(table.area[at]).filter(|symbol| *symbol != 0);
        let division = Some(table.division[at]).filter(|symbol| *symbol != 0);
        let symbol = own.or_else(near).or_else(address).or(division)?;
        Some(table.divisions.text(symbol).to_owned())
    }

    /// The area of the nearest dwelling of the building where somebody was enumerated: by unit, then floor, then room,
    /// as far as the record says them. Of several as near, that of most rows; of as many, the first. Of buildings of
    /// one name in several communities, that in the record's division counts.
    fn nearest(&self, table: &PersonTable, at: usize) -> Option<Symbol> {
        let (building, unit, room) = ((table.estate[at], table.building[at]), table.unit[at], table.room[at]);
        let division = table.division[at];
        let start = self.dwellings.partition_point(|at| at.building < building);
        let length = self.dwellings[start..].partition_point(|at| at.building == building);
        let rows = |within: &[Enumerated]| within.iter().map(|at| at.rows).sum::<u32>();
        let within = &self.dwellings[start..start + length];
        let own: Vec<Enumerated> = within.iter().filter(|at| at.division == division).copied().collect();
        let is_told = division != 0 && f64::from(rows(&own)) >= NAMESAKE_SHARE_MIN * f64::from(rows(within));
        let within = if is_told { &own } else { within };
        let apart = |known: u16, other: u16| if known == 0 { 0 } else { known.abs_diff(other) };
        let distance = |at: &Enumerated| {
            let floors = apart(room / DOORS_OF_A_FLOOR, at.room / DOORS_OF_A_FLOOR);
            (apart(unit, at.unit), floors, apart(room, at.room))
        };
        let shortest = within.iter().map(distance).min()?;
        let mut rows: Vec<(Symbol, u32)> = Vec::new();
        for near in within.iter().filter(|at| distance(at) == shortest) {
            match rows.iter_mut().find(|(area, _)| *area == near.area) {
                Some((_, sum)) => *sum += near.rows,
                None => rows.push((near.area, near.rows)),
            }
        }
        // The last of those that are equal is taken by `max_by_key`, so from the end.
        rows.into_iter().rev().max_by_key(|(_, sum)| *sum).map(|(area, _)| area)
    }
}

#[cfg(test)]
mod tests {
    use super::Areas;
    use crate::person::practice::{HEAD, Practice, source};

    #[test]
    fn of_two_estates_of_a_name_that_in_the_records_own_division_counts() {
        const TWO: [&str; 2] = ["120106001001", "120106001002"];
        let roll = [(TWO[0], "和平里1号楼101室"), (TWO[0], "和平里2号楼101室"), (TWO[1], "和平里1号楼401室")];
        let register = [
            (TWO[1], "和平里1号楼101室", "120106001002009"),
            (TWO[0], "和平里1号楼401室", "120106001001009"),
            // The roll has no such building in this division, or none is known.
            (TWO[1], "和平里2号楼101室", "120106001001009"),
            ("120106001003", "和平里2号楼101室", "120106001001009"),
            ("", "和平里2号楼201室", "120106001001009"),
        ];
        let roll = roll.map(|(division, address)| format!("王,{division}009,{address}\n")).concat();
        let rows = register.map(|(division, address, _)| format!("王,{division},{address}\n")).concat();
        let columns = |code| [("name", "name"), (code, "code"), ("address", "address")];
        let study = source("roll", "roll", false, &columns("enumeration_area"))
            + &source("police", "register", false, &columns("division"));
        let head = "name,code,address\n";
        let files = [("roll.csv", &*format!("{head}{roll}")), ("police.csv", &*format!("{head}{rows}"))];
        let table = Practice::of(&files, &format!("{HEAD}{study}")).table();
        let areas = Areas::of(&table);
        let found: Vec<Option<String>> = (3..8).map(|record| areas.area(&table, record)).collect();
        assert_eq!(found, register.map(|(.., area)| Some(area.to_owned())));
    }

    #[test]
    fn an_empty_dwelling_is_in_the_area_of_the_nearest_one() {
        let rows = [
            ("A01", "幸福里1号楼1单元101室"),
            ("A01", "幸福里1号楼1单元301室"),
            ("A01", "幸福里1号楼1单元302室"),
            ("A02", "幸福里1号楼1单元601室"),
            ("A02", "幸福里1号楼2单元101室"),
            ("A02", "幸福里1号楼2单元102室"),
            ("A03", "幸福里1号楼2单元102室"),
            ("A03", "幸福里1号楼2单元102室"),
            ("", "幸福里1号楼1单元502室"),
            ("", "幸福里1号楼1单元303室"),
            ("", "幸福里1号楼2单元102室"),
            ("", "幸福里1号楼3单元101室"),
            ("", "幸福里1号楼1单元"),
            ("", "幸福里2号楼1单元101室"),
            ("A04", "37 Marina Road"),
            ("", "37 MARINA ROAD"),
            ("", "38 Marina Road"),
        ];
        let lines = rows.iter().enumerate().map(|(at, (area, address))| format!("王{at},{area},{address}\n"));
        let text = format!("name,area,address\n{}", lines.collect::<String>());
        let columns = [("name", "name"), ("enumeration_area", "area"), ("address", "address")];
        let study = format!("{HEAD}{}", source("roll", "roll", false, &columns));
        let table = Practice::of(&[("roll.csv", &text)], &study).table();
        let areas = Areas::of(&table);
        let found: Vec<Option<String>> = (8..17).map(|record| areas.area(&table, record)).collect();
        let expected =
            [Some("A02"), Some("A01"), Some("A03"), Some("A02"), Some("A01"), None, Some("A04"), Some("A04"), None];
        assert_eq!(found, expected.map(|area| area.map(str::to_owned)));
    }
}
