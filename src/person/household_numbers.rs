//! Of which households are the numbers of a source?
//!
//! Offices number households through the whole district, or anew in each enumeration area or community. Takes the
//! table, gives the households of a source that numbers them anew a number for each place: else strangers would be one
//! household, and too many to be one.

use rustc_hash::FxHashMap;

use super::code::Relationship;
use super::column::Column;
use super::lexicon::Symbol;
use super::table::{HOUSEHOLD_MEMBERS_MAX, PersonTable, RecordId};

/// A source numbers anew if of at least so many numbers that several rows have, a greater share than this is of several
/// places.
const NUMBERS_MIN: usize = 10;
const SEVERAL_PLACES_MIN: f64 = 0.5;

/// With their places, numbers must be of several for this share of the rows: else members of one household have
/// different codes.
const TOGETHER_MIN: f64 = 0.5;

/// What is known of the rows of one number.
#[derive(Clone, Copy, Default)]
struct Numbered {
    rows: u32,
    heads: u32,
    place: Symbol,
    is_of_several_places: bool,
}

/// Gives each household a number of its own, where a source's numbers are those of its places. `names` are those of the
/// sources.
pub(super) fn tell_apart(table: &mut PersonTable, names: &[&str]) {
    let mut last = table.household.iter().copied().max().unwrap_or(0);
    for (source, name) in names.iter().enumerate() {
        let has_area = |record: &RecordId| table.area[*record as usize] != 0;
        let rows = table.records(source).len();
        let by_area = 2 * table.records(source).filter(has_area).count() > rows;
        let places = if by_area { &table.area } else { &table.division };
        let mut numbers = numbers(table, source, places);
        if are_numbered_anew(&numbers) {
            let (households, last_of_source) = by_place(table, source, places, last);
            let mut sizes = vec![Numbered::default(); (last_of_source - last) as usize];
            let numbered = households.iter().filter_map(|household| household.checked_sub(last + 1));
            numbered.for_each(|household| sizes[household as usize].rows += 1);
            if share(&sizes, |rows| rows > 1) > TOGETHER_MIN {
                tracing::info!(source = name, "household numbers begin anew in each place: its code is part of them");
                let renumbered = table.records(source).zip(households);
                renumbered.for_each(|(record, household)| table.household.set(record as usize, household));
                (last, numbers) = (last_of_source, sizes);
            }
        }
        // Numbers that more rows have than a household has members are used by nobody: somebody should know.
        if share(&numbers, |rows| rows as usize > HOUSEHOLD_MEMBERS_MAX) > 0.5 {
            tracing::warn!(
                source = name,
                "most rows have a household number of more than {HOUSEHOLD_MEMBERS_MAX} rows: such are not used"
            );
        }
    }
}

/// The numbers of a source, from its first one on.
fn numbers(table: &PersonTable, source: usize, places: &Column<Symbol>) -> Vec<Numbered> {
    let records = table.records(source).map(|record| record as usize).filter(|at| table.household[*at] != 0);
    let first = records.clone().map(|at| table.household[at]).min().unwrap_or(0);
    let mut numbers: Vec<Numbered> = Vec::new();
    for at in records {
        let symbol = (table.household[at] - first) as usize;
        if numbers.len() <= symbol {
            numbers.resize(symbol + 1, Numbered::default());
        }
        let number = &mut numbers[symbol];
        number.rows += 1;
        number.heads += u32::from(table.relationship[at] == Relationship::Head);
        if places[at] != 0 {
            number.is_of_several_places |= number.place != 0 && number.place != places[at];
            number.place = places[at];
        }
    }
    numbers
}

/// Are most numbers that several rows have of several places, and of several heads where heads are named?
fn are_numbered_anew(numbers: &[Numbered]) -> bool {
    let names_heads = numbers.iter().any(|number| number.heads > 0);
    let repeated = numbers.iter().filter(|number| number.rows > 1 && number.place != 0);
    let of_several = |number: &&Numbered| number.is_of_several_places && (number.heads > 1 || !names_heads);
    let (repeated, several) = (repeated.clone().count(), repeated.filter(of_several).count());
    repeated >= NUMBERS_MIN && several as f64 > SEVERAL_PLACES_MIN * repeated as f64
}

/// The households of a source's records by number and place, numbered from the one after `last`; and the last of them.
fn by_place(table: &PersonTable, source: usize, places: &Column<Symbol>, mut last: Symbol) -> (Vec<Symbol>, Symbol) {
    let mut known: FxHashMap<(Symbol, Symbol), Symbol> = FxHashMap::default();
    let household = |record: RecordId| {
        let at = record as usize;
        if table.household[at] == 0 {
            return 0;
        }
        *known.entry((table.household[at], places[at])).or_insert_with(|| {
            last += 1;
            last
        })
    };
    let households = table.records(source).map(household).collect();
    (households, last)
}

/// Share of the rows whose number is of so many rows.
fn share(numbers: &[Numbered], is_meant: impl Fn(u32) -> bool) -> f64 {
    let rows = |number: &Numbered| u64::from(number.rows);
    let meant: u64 = numbers.iter().filter(|number| is_meant(number.rows)).map(rows).sum();
    meant as f64 / numbers.iter().map(rows).sum::<u64>().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::code::Relationship;
    use super::super::table::PersonTable;
    use super::tell_apart;

    /// A roll of rows with area, household number, relationship.
    fn table(rows: impl Iterator<Item = (u32, u32, Relationship)>) -> PersonTable {
        let mut table = PersonTable::default();
        for (area, household, relationship) in rows {
            table.row.push(0);
            table.area.push(area);
            table.division.push(1);
            table.household.push(household);
            table.relationship.push(relationship);
        }
        table.starts = vec![0, u32::try_from(table.len()).unwrap()];
        table
    }

    /// Households of four areas, each with a head and two members, by a number of area and household.
    fn households(number: impl Fn(u32, u32) -> u32) -> Vec<(u32, u32, Relationship)> {
        use Relationship::{Child, Head, Spouse};
        let of_area = |area: u32| (1..=20).map(move |household| (area, household));
        let number = &number;
        let members = (1..=4).flat_map(of_area).flat_map(move |(area, household)| {
            [Head, Spouse, Child].map(|relationship| (area, number(area, household), relationship))
        });
        members.collect()
    }

    #[test]
    fn numbers_that_begin_anew_in_each_area_are_as_many_households() {
        let mut anew = table(households(|_, household| household).into_iter());
        tell_apart(&mut anew, &["roll"]);
        let found: Vec<u32> = anew.household.iter().copied().collect();
        let expected: Vec<u32> = (0..240).map(|row| 21 + row / 3).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn numbers_of_the_whole_district_stay_though_members_have_other_codes() {
        let whole = households(|area, household| 20 * area + household);
        let with_codes = |code: &dyn Fn(u32, usize) -> u32| {
            let rows = whole.iter().enumerate().map(|(at, row)| (code(row.0, at), row.1, row.2));
            let mut found = table(rows);
            tell_apart(&mut found, &["roll"]);
            found.household.iter().copied().eq(whole.iter().map(|row| row.1))
        };
        assert!(with_codes(&|area, _| area));
        assert!(with_codes(&|area, at| if at % 3 == 2 { area % 4 + 1 } else { area }), "children of other areas");
        assert!(with_codes(&|_, at| u32::try_from(at).unwrap() % 3 + 1), "each member of another area");
    }
}
