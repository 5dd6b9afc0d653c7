//! Who stands under an ID number that is somebody else's?
//!
//! Parents' numbers stand on the lines of their children, the head's on those of a whole household, and that of the row
//! above on the next one. Takes the table, takes such a number off a record, and what was only read out of it:
//! linked by it, a family would become one person.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::code::Relationship;
use super::date::Date;
use super::id_number::IdNumber;
use super::lexicon::Symbol;
use super::table::{PersonTable, RecordId, flag};

/// The note on a record whose number was taken off.
pub(super) const NOTE: &str = "id_number_of_another";

/// Years between a birth date and the one inside a number from which on neither is a slip for the other.
const YEARS_APART: u16 = 2;

/// Of a source's records with a number, the least share that stand under somebody else's for it to be a habit of the
/// office. Single ones are slips, of which the model knows what they are worth.
const HABIT_SHARE: f64 = 0.005;

/// A number under more names than this fills a column: no office copies that of one person so often.
const NAMES_MAX: usize = 1_000;

/// Takes numbers off the records to which they do not belong, where that is a habit of the source; gives these records,
/// ascending.
///
/// A number under very many names is nobody's ([`NAMES_MAX`]), and comes off all of them. It is somebody else's if the
/// head of the same household has it under another name, and the record has no birth date of its own that would not be
/// that of the number; if its source has the number under several names, other sources have it under another one, and
/// somebody near is called as the record and has another number; or if the record's own birth date, or birth date and
/// sex, say so, and another record, of another name, is born as the number says.
pub(super) fn take_off(table: &mut PersonTable) -> Vec<RecordId> {
    let (mut shared, mut taken) = Shared::of(table);
    forget_numbers(table, &taken);
    // Members first: what they have of the head is then no sign of the owner any more. So it is of the other names.
    taken.extend(take_off_where(table, &mut shared, is_member, heads, is_of_head));
    let under_several_names = shared.under_several_names(table);
    let has_several = |table: &PersonTable, at: usize| under_several_names.contains(&table.id_number[at]);
    let near = Near::of(table, &under_several_names);
    let is_of_another = |table: &PersonTable, at: usize, with_number: &[RecordId]| {
        is_of_another_elsewhere(table, at, with_number) && near.has_namesake(table, at)
    };
    taken.extend(take_off_where(table, &mut shared, has_several, names, is_of_another));
    taken.extend(take_off_where(table, &mut shared, is_contradicted, names, is_of_owner));
    taken.sort_unstable();
    taken
}

/// Takes numbers off the doubtful records whose number is another's by the records that have it and are born as it
/// says, where that is a habit of the source. `witnesses` leaves of the latter those that say something else than
/// others.
fn take_off_where(
    table: &mut PersonTable,
    shared: &mut Shared,
    is_doubtful: impl Fn(&PersonTable, usize) -> bool + Sync,
    witnesses: impl Fn(&PersonTable, &mut dyn Iterator<Item = RecordId>) -> Vec<RecordId> + Sync,
    is_of_another: impl Fn(&PersonTable, usize, &[RecordId]) -> bool + Sync,
) -> Vec<RecordId> {
    let mut found = shared.of_others(table, is_doubtful, witnesses, is_of_another);
    let sources = || 0..table.source_count();
    let is_habit: Vec<bool> = sources().map(|source| is_habit(table, source, &found)).collect();
    found.retain(|record| is_habit[table.source(*record)]);
    forget_numbers(table, &found);
    shared.forget(&found);
    found
}

/// Forgets the numbers of these records.
fn forget_numbers(table: &mut PersonTable, found: &[RecordId]) {
    let fills_in_sex: Vec<bool> = (0..table.source_count()).map(|source| fills_in_sex(table, source, found)).collect();
    for record in found {
        let source = table.source(*record);
        forget_number(table, *record as usize, fills_in_sex[source]);
    }
}

/// Does the source write the sex that the number says, whoever's it is? Then none contradicts it.
fn fills_in_sex(table: &PersonTable, source: usize, found: &[RecordId]) -> bool {
    let mut of_source = found.iter().filter(|record| table.source(**record) == source);
    of_source.all(|record| table.flags[*record as usize] & flag::SEX_CONFLICT == 0)
}

/// Do so many records of a source stand under somebody else's number that the office must mean it so?
fn is_habit(table: &PersonTable, source: usize, found: &[RecordId]) -> bool {
    let of_others = found.iter().filter(|record| table.source(**record) == source).count();
    let numbered = table.records(source).filter(|record| table.id_number[*record as usize].is_some()).count();
    of_others > 0 && of_others as f64 >= HABIT_SHARE * numbered as f64
}

/// Which records share a number that may be somebody's.
struct Shared {
    /// Sorted; a number that one record has alone is nobody else's.
    bearers: Vec<(IdNumber, RecordId)>,
}

impl Shared {
    /// The shared numbers, and the records of those that are nobody's.
    fn of(table: &PersonTable) -> (Shared, Vec<RecordId>) {
        let records = 0..RecordId::try_from(table.len()).unwrap_or(RecordId::MAX);
        let numbered = |record: RecordId| (table.id_number[record as usize], record);
        let valid = records.into_par_iter().map(numbered).filter(|(number, _)| number.is_valid());
        let mut bearers: Vec<(IdNumber, RecordId)> = valid.collect();
        bearers.par_sort_unstable();
        let is_nobodys = |group: &&[(IdNumber, RecordId)]| {
            group.len() > NAMES_MAX
                && group.iter().map(|(_, record)| table.name[*record as usize]).collect::<FxHashSet<_>>().len()
                    > NAMES_MAX
        };
        let nobodys: FxHashSet<IdNumber> =
            bearers.par_chunk_by(|one, other| one.0 == other.0).filter(is_nobodys).map(|group| group[0].0).collect();
        if nobodys.is_empty() {
            return (Shared { bearers }, Vec::new());
        }
        let (of_nobody, bearers): (Vec<_>, Vec<_>) =
            bearers.into_iter().partition(|(number, _)| nobodys.contains(number));
        (Shared { bearers }, of_nobody.into_iter().map(|(_, record)| record).collect())
    }

    /// Leaves out records whose number was taken off.
    fn forget(&mut self, taken: &[RecordId]) {
        if !taken.is_empty() {
            let taken: FxHashSet<RecordId> = taken.iter().copied().collect();
            self.bearers.retain(|(_, record)| !taken.contains(record));
        }
    }

    /// By number, the records that have it, ascending, where there are several.
    fn groups(&self) -> impl ParallelIterator<Item = &[(IdNumber, RecordId)]> {
        self.bearers.par_chunk_by(|one, other| one.0 == other.0).filter(|bearers| bearers.len() > 1)
    }

    /// The records whose number is doubtful, and another's by the records that have it and are born as it says;
    /// ascending.
    fn of_others(
        &self,
        table: &PersonTable,
        is_doubtful: impl Fn(&PersonTable, usize) -> bool + Sync,
        witnesses: impl Fn(&PersonTable, &mut dyn Iterator<Item = RecordId>) -> Vec<RecordId> + Sync,
        is_of_another: impl Fn(&PersonTable, usize, &[RecordId]) -> bool + Sync,
    ) -> Vec<RecordId> {
        let is_fitting = |record: &RecordId| table.flags[*record as usize] & flag::BIRTH_CONFLICT == 0;
        // Nearly all groups are of one person: of these nothing is put together.
        let of_group = |bearers: &[(IdNumber, RecordId)]| {
            let records = || bearers.iter().map(|(_, record)| *record);
            let doubtful = || records().filter(|record| is_doubtful(table, *record as usize));
            if doubtful().next().is_none() {
                return Vec::new();
            }
            let fitting = witnesses(table, &mut records().filter(is_fitting));
            doubtful().filter(|record| is_of_another(table, *record as usize, &fitting)).collect()
        };
        let mut found: Vec<RecordId> = self.groups().flat_map_iter(of_group).collect();
        found.sort_unstable();
        found
    }

    /// The numbers that stand under several names within one source.
    fn under_several_names(&self, table: &PersonTable) -> FxHashSet<IdNumber> {
        // Most records of a number are one of each source: there are no names to look at.
        let is_another = |one: RecordId, other: RecordId| {
            table.source(one) == table.source(other) && table.name[one as usize] != table.name[other as usize]
        };
        let is_several =
            |bearers: &&[(IdNumber, RecordId)]| bearers.windows(2).any(|two| is_another(two[0].1, two[1].1));
        self.groups().filter(is_several).map(|bearers| bearers[0].0).collect()
    }
}

/// Records by name, of names that stand under a number with others.
struct Near {
    by_name: FxHashMap<Symbol, Vec<RecordId>>,
}

impl Near {
    fn of(table: &PersonTable, numbers: &FxHashSet<IdNumber>) -> Near {
        let records = || 0..RecordId::try_from(table.len()).unwrap_or(RecordId::MAX);
        let with_number = records().filter(|record| numbers.contains(&table.id_number[*record as usize]));
        let names = with_number.map(|record| table.name[record as usize]).filter(|name| *name != 0);
        let mut by_name: FxHashMap<Symbol, Vec<RecordId>> = names.map(|name| (name, Vec::new())).collect();
        if !by_name.is_empty() {
            for record in records() {
                if let Some(of_name) = by_name.get_mut(&table.name[record as usize]) {
                    of_name.push(record);
                }
            }
        }
        Near { by_name }
    }

    /// Is somebody of its estate or community called as this record, and has not its number? Whoever has taken another
    /// name stands under the old one with the same number only. Where nothing says who is near, anybody is.
    fn has_namesake(&self, table: &PersonTable, at: usize) -> bool {
        let is_near = |other: usize| {
            let places = [&table.estate, &table.division];
            let mut told = places.iter().filter(|place| place[at] != 0 && place[other] != 0).peekable();
            told.peek().is_none() || told.any(|place| place[at] == place[other])
        };
        let is_namesake = |other: &RecordId| {
            let other = *other as usize;
            table.id_number[other] != table.id_number[at] && is_near(other)
        };
        self.by_name.get(&table.name[at]).is_some_and(|records| records.iter().any(is_namesake))
    }
}

/// Has this source the number under another name, too, and others have it under none that could be this one? A single
/// row of another name may be somebody who has changed it.
fn is_of_another_elsewhere(table: &PersonTable, at: usize, with_number: &[RecordId]) -> bool {
    let own = table.records(table.source(RecordId::try_from(at).unwrap_or(RecordId::MAX)));
    let is_other = |record: &&RecordId| are_others(table, **record as usize, at);
    let mut elsewhere = with_number.iter().filter(|record| !own.contains(*record)).peekable();
    let is_elsewhere = elsewhere.peek().is_some() && elsewhere.all(|record| is_other(&record));
    is_elsewhere && with_number.iter().filter(|record| own.contains(*record)).any(|record| is_other(&record))
}

/// Of records with one number, one for each name in each source: what is asked of them else is asked of their names.
fn names(table: &PersonTable, with_number: &mut dyn Iterator<Item = RecordId>) -> Vec<RecordId> {
    one_of_each(with_number.collect(), |record| (table.source(record), table.name[record as usize]))
}

/// Of records with one number, the heads of households, by household, one for each name.
fn heads(table: &PersonTable, with_number: &mut dyn Iterator<Item = RecordId>) -> Vec<RecordId> {
    let heads = with_number.filter(|record| table.relationship[*record as usize] == Relationship::Head);
    one_of_each(heads.collect(), |record| (table.household[record as usize], table.name[record as usize]))
}

/// Of records that say the same the first, in the order of what they say. A number may stand on a hundred thousand
/// rows, and each of them asks all that are left here.
fn one_of_each<S: Ord>(mut records: Vec<RecordId>, said: impl Fn(RecordId) -> S) -> Vec<RecordId> {
    records.sort_unstable_by_key(|record| (said(*record), *record));
    records.dedup_by_key(|record| said(*record));
    records
}

/// Is it a member of a household who is not its head, and says nothing of the birth but what this number does?
fn is_member(table: &PersonTable, at: usize) -> bool {
    let is_another = !matches!(table.relationship[at], Relationship::Head | Relationship::Unknown);
    is_another && table.household[at] != 0 && table.flags[at] & flag::BIRTH_CONFLICT == 0
}

/// Is the number that of the head of a member's household, by the [`heads`] who have it?
fn is_of_head(table: &PersonTable, at: usize, heads: &[RecordId]) -> bool {
    let household = |head: &RecordId| table.household[*head as usize];
    let first = heads.partition_point(|head| household(head) < table.household[at]);
    let last = heads.partition_point(|head| household(head) <= table.household[at]);
    let own = &heads[first..last];
    !own.is_empty() && own.iter().all(|head| are_others(table, *head as usize, at))
}

/// Does what the record says of birth and sex contradict the number by more than a slip?
fn is_contradicted(table: &PersonTable, at: usize) -> bool {
    let flags = table.flags[at];
    if flags & flag::BIRTH_CONFLICT == 0 {
        return false;
    }
    let inside = table.id_number[at].birth_date().map_or(0, Date::year);
    flags & flag::SEX_CONFLICT != 0 || table.birth[at].year().abs_diff(inside) >= YEARS_APART
}

/// Has somebody else the number, who is born as it says?
fn is_of_owner(table: &PersonTable, at: usize, with_number: &[RecordId]) -> bool {
    !with_number.is_empty() && with_number.iter().all(|owner| are_others(table, *owner as usize, at))
}

/// Do the names say that these are two persons? A newborn without a name is not who was born as the number says.
fn are_others(table: &PersonTable, owner: usize, other: usize) -> bool {
    let Some(name) = table.names.form(table.name[owner]) else { return false };
    match table.names.form(table.name[other]) {
        Some(other) => !name.is_like(other),
        None => table.flags[other] & flag::NEWBORN_NAME != 0,
    }
}

/// Forgets a record's number, and what nothing but the number told: a date that is the number's was filled in from it,
/// and so may the sex have been.
fn forget_number(table: &mut PersonTable, at: usize, fills_in_sex: bool) {
    let (flags, inside) = (table.flags[at], table.id_number[at].birth_date());
    table.id_number.set(at, IdNumber::NONE);
    // A birth date that gave way to the one inside the number is lost: of that one nothing is left.
    if Some(table.birth[at]) == inside {
        table.birth.set(at, Date::NONE);
    }
    let conflicts = flag::BIRTH_CONFLICT | flag::SEX_CONFLICT;
    let is_filled_in = fills_in_sex && flags & (conflicts | flag::BIRTH_FROM_ID) == 0;
    if flags & flag::SEX_FROM_ID != 0 || is_filled_in {
        table.sex.set(at, 0);
    }
    let of_number = flag::BIRTH_FROM_ID | flag::SEX_FROM_ID | conflicts;
    table.flags.set(at, flags & !of_number);
}

#[cfg(test)]
mod tests {
    use crate::person::practice::{HEAD, Practice, source};
    use crate::person::{self, Standardised};
    use crate::synthetic::identity::with_check;

    const PARENT: &str = "99999919800101001";

    /// The records of a roll and a register whose rows are given: id, name, number, sex, birth date, household,
    /// relationship.
    fn records_of(roll: &[&str], register: &[&str]) -> (Standardised, Vec<(usize, u64)>) {
        let columns = [
            ("name", "name"),
            ("id_number", "number"),
            ("sex", "sex"),
            ("birth_date", "birth"),
            ("household", "household"),
            ("relationship", "relation"),
        ];
        let sources = [("roll", "roll"), ("health", "register")].map(|(name, role)| source(name, role, true, &columns));
        let text = |rows: &[&str]| {
            let rows = rows.join("\n").replace("PARENT", &with_check(PARENT));
            format!("id,name,number,sex,birth,household,relation\n{rows}\n")
        };
        let files = [("roll.csv", text(roll)), ("health.csv", text(register))];
        let files = [(files[0].0, files[0].1.as_str()), (files[1].0, files[1].1.as_str())];
        let practice = Practice::of(&files, &format!("{HEAD}{}", sources.concat()));
        let noted = person::noted(&practice.study, &practice.extracts, 0, super::NOTE).unwrap();
        (practice.standardised(), noted)
    }

    fn numbered(found: &Standardised) -> Vec<bool> {
        found.table.id_number.iter().map(|number| number.is_some()).collect()
    }

    #[test]
    fn a_number_of_a_parent_comes_off_the_lines_of_children() {
        let roll = [
            "1,王建国,PARENT,男,1980-01,h1,户主",
            "2,李红梅,PARENT,女,1980-03,h1,配偶",
            "3,王小宝,PARENT,男,2012-05,h1,子女",
            "4,王建国,PARENT,男,1990-01,h2,户主",
            "5,王建军,PARENT,男,1981-01,h3,户主",
        ];
        let (found, noted) = records_of(&roll, &["1,王建国,PARENT,男,1980-01-01,,", "2,王小宝,PARENT,,2012-05-03,,"]);
        // A slip in the birth date, and a year more or less, make nobody another.
        assert_eq!(numbered(&found), [true, false, false, true, true, true, false]);
        let table = &found.table;
        assert_eq!((table.birth[2].parts(), table.sex[2], table.flags[2]), ((2012, 5, 0), 1, 0));
        assert_eq!(table.sex[6], 0, "what only the number said is forgotten with it");
        assert_eq!((found.tallies[0].noted[super::NOTE], found.tallies[1].noted[super::NOTE]), (2, 1));
        assert_eq!(noted, [(0, 2), (0, 3)]);
    }

    #[test]
    fn a_number_that_nobody_else_has_stays_whatever_the_birth_date() {
        let (found, _) = records_of(&["1,王小宝,PARENT,男,2012-05,h1,子女"], &["1,王小保,PARENT,男,1980-01-01,,"]);
        assert_eq!(numbered(&found), [true; 2]);
    }

    #[test]
    fn the_number_of_the_head_comes_off_members_of_whom_nothing_else_tells_the_birth() {
        let roll = [
            "1,王建国,PARENT,,,h1,户主",
            "2,李红梅,PARENT,,,h1,配偶",
            "3,王小宝,PARENT,男,,h1,子女",
            "4,李红梅,PARENT,,,h2,配偶",
            "5,王小妹,PARENT,,1980-01,h1,子女",
        ];
        let (found, _) = records_of(&roll, &["1,王小宝,PARENT,男,2012-05-03,,"]);
        assert_eq!(numbered(&found), [true, false, false, true, false, false]);
        assert!(!found.table.birth[1].is_some() && found.table.sex[1] == 0);
        assert!(!found.table.birth[4].is_some(), "a date that is the number's tells nothing else");
    }

    #[test]
    fn a_number_under_several_names_comes_off_those_under_which_no_other_source_has_it() {
        let head = ["1,王建国,PARENT,男,1980-01,,", "5,赵志强,,男,1990-02,,", "6,李红梅,,女,1981-02,,"];
        let copied = ["1,王建国,PARENT,男,1980-01-01,,", "2,赵志强,PARENT,男,1980-01-01,,"];
        let (found, _) = records_of(&head, &copied);
        assert_eq!(numbered(&found), [true, false, false, true, false]);
        assert_eq!((found.table.birth[4].is_some(), found.table.sex[4]), (false, 0), "both were filled in");
        // Of whom nobody else knows, that is an old name.
        assert_eq!(numbered(&records_of(&head[..1], &copied).0), [true, true, true]);
        // An office that has a sex against the number writes sexes on its own.
        let (found, _) = records_of(&head, &[copied[1], "3,李红梅,PARENT,女,1980-01-01,,"]);
        assert_eq!((numbered(&found), found.table.sex[3]), (vec![true, false, false, false, false], 1));
        // Who has another name elsewhere may have changed it; of two names of which nobody else knows, either may.
        assert_eq!(numbered(&records_of(&head[..1], &copied[1..]).0), [true, true]);
        assert_eq!(numbered(&records_of(&["9,孙一,,男,1970-01,,"], &copied).0), [false, true, true]);
        // Another source that has it under both does not tell.
        assert_eq!(numbered(&records_of(&copied, &copied).0), [true; 4]);
    }

    #[test]
    fn a_number_under_a_thousand_names_and_more_is_nobodys() {
        let (families, given) = (
            "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜",
            "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红鹏飞燕波辉兰梅",
        );
        let names = families.chars().flat_map(|family| given.chars().map(move |name| format!("{family}{name}")));
        let rows = |count: usize| -> Vec<String> {
            let rows = names.clone().take(count).enumerate();
            rows.map(|(at, name)| format!("{at},{name},PARENT,男,1980-01-01,,")).collect()
        };
        let kept = |count: usize| {
            let rows = rows(count);
            let (found, noted) = records_of(&rows.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
            (numbered(&found).into_iter().filter(|is_numbered| *is_numbered).count(), noted.len())
        };
        assert_eq!(kept(super::NAMES_MAX - 200), (super::NAMES_MAX - 200, 0), "an office that copies one row down");
        assert_eq!(kept(super::NAMES_MAX + 1), (0, super::NAMES_MAX + 1));
    }

    #[test]
    fn a_single_slip_of_an_office_is_left_to_the_model() {
        let others: Vec<String> =
            (0..250).map(|at| format!("o{at},赵某,{},,,,", with_check(&format!("99999919700101{at:03}")))).collect();
        let family = ["1,王建国,PARENT,男,1980-01-01,h1,户主", "2,王小宝,PARENT,男,2012-05-01,h1,子女"];
        let roll: Vec<&str> = others.iter().map(String::as_str).chain(family).collect();
        let (found, noted) = records_of(&roll, &["1,王建国,PARENT,男,1980-01-01,,"]);
        assert!(numbered(&found).into_iter().all(|is_numbered| is_numbered) && noted.is_empty());
        assert_eq!(
            records_of(&family, &["1,王建国,PARENT,男,1980-01-01,,"]).1,
            [(0, 2)],
            "in a small file it is a habit"
        );
    }
}
