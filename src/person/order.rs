//! In which order do the records of a source stand?
//!
//! In that of their ids, whatever the order of files and rows in which they were sent: everything behind this room goes
//! by the order of records, down to the last bit of a sum. Takes the table when all is taken over, brings the records
//! of each source into order and renumbers what they say by first appearance, so that the table is the one that sorted
//! files would have given. Where they are sorted, it only looks.

use std::ops::Range;

use rayon::prelude::*;

use super::lexicon::{Lexicon, Symbol};
use super::table::{Parent, PersonTable, RecordId, field_columns};

/// By what records of a source are ordered: numbers count up by length first.
pub(super) fn by_id(id: &str) -> (usize, &str) {
    (id.len(), id)
}

/// Brings the records of these sources into the order of their ids.
pub(super) fn bring_about(table: &mut PersonTable, sources: impl Iterator<Item = usize>) {
    for source in sources {
        let records = table.records(source);
        if !is_in_order(table, &records) {
            let order = order_of(table, &records);
            rearrange(table, records, &order);
        }
    }
    renumber(table);
}

fn is_in_order(table: &PersonTable, records: &Range<RecordId>) -> bool {
    let later = records.start.saturating_add(1)..records.end;
    later.into_par_iter().all(|record| by_id(table.record_id(record - 1)) < by_id(table.record_id(record)))
}

/// What an id is compared by before it is looked at itself: ids lie all over the memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    length: u32,
    /// The bytes behind those with which all ids of the source begin.
    first_bytes: [u8; 8],
}

/// The records of a source in the order of their ids, counted from its first one.
fn order_of(table: &PersonTable, records: &Range<RecordId>) -> Vec<RecordId> {
    let id = |at: RecordId| table.record_id(records.start + at).as_bytes();
    let count = records.end - records.start;
    let alike = |at: RecordId| id(0).iter().zip(id(at)).take_while(|(one, other)| one == other).count();
    let common = (0..count).into_par_iter().map(alike).min().unwrap_or(0);
    let key = |at: RecordId| {
        let rest = id(at).get(common..).unwrap_or_default();
        let mut first_bytes = [0; 8];
        first_bytes.iter_mut().zip(rest).for_each(|(byte, of_id)| *byte = *of_id);
        Key { length: u32::try_from(id(at).len()).unwrap_or(u32::MAX), first_bytes }
    };
    let mut keyed: Vec<(Key, RecordId)> = (0..count).into_par_iter().map(|at| (key(at), at)).collect();
    keyed.par_sort_unstable_by(|(one, at), (other, of_other)| one.cmp(other).then_with(|| id(*at).cmp(id(*of_other))));
    keyed.into_par_iter().map(|(_, at)| at).collect()
}

/// Puts the records of a source into this order, a column at a time: no more than one of them is there twice.
fn rearrange(table: &mut PersonTable, records: Range<RecordId>, order: &[RecordId]) {
    let first = records.start as usize;
    let rows = &mut table.row[first..records.end as usize];
    let moved: Vec<u32> = order.par_iter().map(|from| rows[*from as usize]).collect();
    rows.copy_from_slice(&moved);
    macro_rules! rearrange {
        ($($column:ident),*) => { $( table.$column.rearrange(first, order); )* };
    }
    rearrange!(kind);
    field_columns!(rearrange);
    table.texts.rearrange(first, order);
    rearrange_ids(table, &records, order);
    let mut places: Vec<RecordId> = vec![0; order.len()];
    (0..).zip(order).for_each(|(place, from)| places[*from as usize] = place);
    table.written.rearrange(records.start, &places);
}

fn rearrange_ids(table: &mut PersonTable, records: &Range<RecordId>, order: &[RecordId]) {
    let end_before = |record: RecordId| record.checked_sub(1).map_or(0, |before| table.id_ends[before as usize]);
    let (start, end) = (end_before(records.start), end_before(records.end));
    let bytes = |end: u64| usize::try_from(end).unwrap_or(usize::MAX);
    let mut text = String::with_capacity(bytes(end - start));
    let mut ends: Vec<u64> = Vec::with_capacity(order.len());
    for from in order {
        text.push_str(table.record_id(records.start + from));
        ends.push(start + text.len() as u64);
    }
    table.id_text.replace_range(bytes(start)..bytes(end), &text);
    table.id_ends[records.start as usize..records.end as usize].copy_from_slice(&ends);
}

/// Numbers by first appearance.
struct Appearance {
    /// By old number; 0 of what no record says.
    new: Vec<Symbol>,
    /// The old numbers, in their new order.
    old: Vec<Symbol>,
}

impl Appearance {
    /// Of numbers below `count` (0 is nothing), as records say them; nothing if that is how they are numbered.
    fn of<S: Iterator<Item = Symbol>>(said: impl Fn() -> S, count: usize) -> Option<Appearance> {
        let mut next = 1;
        let is_in_order = said().all(|symbol| {
            next += Symbol::from(symbol == next);
            symbol < next
        });
        if is_in_order && next as usize == count.max(1) {
            return None;
        }
        let (mut new, mut old) = (vec![0; count], Vec::new());
        for symbol in said().filter(|symbol| *symbol != 0) {
            let number = &mut new[symbol as usize];
            if *number == 0 {
                old.push(symbol);
                *number = Symbol::try_from(old.len()).unwrap_or(0);
            }
        }
        Some(Appearance { new, old })
    }

    fn number(&self, old: Symbol) -> Symbol {
        self.new.get(old as usize).copied().unwrap_or(0)
    }

    fn lexicon(&self, lexicon: &Lexicon) -> Lexicon {
        let mut renumbered = Lexicon::default();
        renumbered.intern_all(self.old.iter().map(|symbol| lexicon.text(*symbol)));
        renumbered
    }
}

/// Numbers all that records say in the order in which they say it; what only rows set aside have said is forgotten.
fn renumber(table: &mut PersonTable) {
    let households = table.household.iter().max().map_or(0, |last| *last as usize) + 1;
    if let Some(households) = Appearance::of(|| table.household.iter().copied(), households) {
        table.household.translate(|household| households.number(household));
    }
    if let Some(estates) = Appearance::of(|| table.estate.iter().copied(), table.estates.len()) {
        table.estate.translate(|estate| estates.number(estate));
        table.estates = estates.lexicon(&table.estates);
    }
    let divisions = || table.division.iter().zip(table.area.iter()).flat_map(|(division, area)| [*division, *area]);
    if let Some(divisions) = Appearance::of(divisions, table.divisions.len()) {
        table.division.translate(|division| divisions.number(division));
        table.area.translate(|area| divisions.number(area));
        table.divisions = divisions.lexicon(&table.divisions);
    }
    renumber_names(table);
    for at in 0..table.text_fields.len() {
        let values = &mut table.text_fields[at].values;
        if let Some(texts) = Appearance::of(|| table.texts.rows().map(|row| row[at]), values.len()) {
            *values = texts.lexicon(values);
            table.texts.translate(at, &texts.new);
        }
    }
}

/// Mothers are numbered by their children, names by who bears them or names them.
fn renumber_names(table: &mut PersonTable) {
    if let Some(parents) = Appearance::of(|| table.parent.iter().copied(), table.parents.len()) {
        table.parent.translate(|parent| parents.number(parent));
        let kept = parents.old.iter().map(|parent| table.parents[*parent as usize]);
        table.parents = std::iter::once(Parent::default()).chain(kept).collect();
    }
    let parents = &table.parents;
    let columns = || table.name.iter().zip(table.former_name.iter()).zip(table.parent.iter());
    let names = || columns().flat_map(|((name, former), parent)| [*name, *former, parents[*parent as usize].name]);
    if let Some(names) = Appearance::of(names, table.names.texts.len()) {
        table.names.renumber(&names.old);
        table.name.translate(|name| names.number(name));
        table.former_name.translate(|name| names.number(name));
        table.parents.iter_mut().for_each(|parent| parent.name = names.number(parent.name));
    }
}

#[cfg(test)]
mod tests {
    use super::super::practice::{HEAD, Practice, field, source};
    use super::super::table::PersonTable;

    /// A register: id, name, former name, mother, birth, address, household, division, shop.
    const ROWS: [&str; 12] = [
        "7,王宝宝,,李娜,2020-08-01,幸福小区３号楼1单元101,h1,120106001001,North",
        "8,李娜,李那,,1990-01-02,幸福小區3号楼1单元101,h1,120106001001,north ",
        "9,王丽之女,,,2020-09-01,和平里2号楼1单元201,h2,120106001002,",
        "10,王丽,,,1991-02-03,和平里2号楼1单元201,h2,,South",
        "11,阿依·古丽,,,1985-03-04,龍門里5号楼401,,120106001002,East",
        "100,阿依古丽,,,1985-03-05,龙門里5号楼401,,120106001001,East",
        "101,,,,,众安里1号楼101,h9,120106001009,",
        "102,張偉,,王丽,2011-05-06,37 Marina Road,h3,120106001001,West",
        "103,张伟,,,1970-05-06,37 MARINA Road,h3,,",
        "104,欧阳宝宝,,张敏,2020-10-01,和平里3号楼1单元101,h4,120106001003,South",
        "105,张敏,,,1993-01-01,龍门里5号楼401,h4,120106001003,Centre",
        "1000,孙悦,孙月,,1994-01-01,天津市红桥区幸福小区3号楼,h0,120106001001,North",
    ];

    /// A study of this register, in these orders in two files, and of one without ids.
    fn study(files: [&[usize]; 2]) -> Practice {
        let text = |rows: &[usize]| {
            let rows = rows.iter().map(|row| format!("{}\n", ROWS[*row]));
            rows.fold(String::from("id,name,former,mother,birth,address,household,division,shop\n"), |all, row| {
                all + &row
            })
        };
        let all = [
            ("name", "name"),
            ("former_name", "former"),
            ("mother_name", "mother"),
            ("birth_date", "birth"),
            ("address", "address"),
            ("household", "household"),
            ("division", "division"),
            ("shop", "shop"),
        ];
        let with_ids = source("a", "roll", true, &all).replace("a.csv", "a*.csv");
        let without = source("b", "register", false, &all[..1]);
        let study = format!(
            "{HEAD}reference_time = \"2020-11-01T00:00:00+08:00\"\n{}{with_ids}{without}",
            field("shop", "exact")
        );
        let files = files.map(text);
        Practice::of(&[("a1.csv", &files[0]), ("a2.csv", &files[1]), ("b.csv", "name\n周三\n王丽\n吴一\n")], &study)
    }

    /// All that a table says, but for the rows.
    fn said(table: &PersonTable) -> Vec<String> {
        let records = 0..u32::try_from(table.len()).unwrap();
        let of_record = |record: u32| {
            let at = record as usize;
            let id = table.record_id(record);
            let names = (table.name[at], table.former_name[at], table.parent[at], table.birth[at]);
            let place = (table.estate[at], table.building[at], table.division[at], table.household[at]);
            let written = (table.written_name(record), table.written_numbers(record), table.written_address(record));
            format!("{id} {names:?} {place:?} {:?} {:?} {written:?}", table.texts.row(at), table.flags[at])
        };
        let of_name = |at: usize| {
            let (name, text) = (&table.names.forms[at], table.names.texts.text(at as u32 + 1));
            format!("{text} {} {} {:?}", name.text, name.family, table.names.counts)
        };
        let estate = |at: usize| format!("{} {}", table.estates.text(at as u32), table.written_estate(at as u32));
        let field = &table.text_fields[0];
        let value = |at: usize| format!("{} {}", field.values.text(at as u32), field.counts[at]);
        let mut said: Vec<String> = records.map(of_record).collect();
        said.extend((0..table.names.forms.len()).map(of_name));
        said.extend((0..table.estates.len()).map(estate));
        said.extend((0..table.divisions.len()).map(|at| table.divisions.text(at as u32).to_owned()));
        said.extend((0..field.values.len()).map(value));
        said.extend(table.parents.iter().map(|parent| parent.name.to_string()));
        said
    }

    #[test]
    fn the_order_of_rows_and_files_says_nothing() {
        let sorted = study([&[0, 1, 2, 3, 4, 5, 6], &[7, 8, 9, 10, 11]]).standardised();
        let expected = said(&sorted.table);
        for files in [
            [&[11, 10, 9, 8, 7, 6][..], &[5, 4, 3, 2, 1, 0][..]],
            [&[7, 8, 9, 10, 11], &[0, 1, 2, 3, 4, 5, 6]],
            [&[5, 0, 7, 3, 11, 1, 9, 2], &[10, 4, 8, 6]],
            [&[8], &[6, 3, 10, 2, 5, 0, 4, 11, 7, 1, 9]],
        ] {
            let found = study(files).standardised();
            assert_eq!(said(&found.table), expected, "{files:?}");
            assert_eq!(found.tallies, sorted.tallies);
            // Each row is still that of its record.
            let all: Vec<usize> = files.concat();
            let ids = found.table.records(0).map(|record| found.table.record_id(record));
            for (id, row) in ids.zip(&found.table.row) {
                assert_eq!(ROWS[all[*row as usize]].split(',').next(), Some(id));
            }
        }
    }

    #[test]
    fn records_without_ids_stay_as_they_stand_and_numbers_count_up() {
        let table = study([&[11, 2, 5], &[0]]).table();
        let ids: Vec<&str> = (0..7).map(|record| table.record_id(record)).collect();
        assert_eq!(ids, ["7", "9", "100", "1000", "1", "2", "3"]);
        let names: Vec<&str> = table.records(1).map(|record| table.name_text(record)).collect();
        assert_eq!(names, ["周三", "王丽", "吴一"]);
    }
}
