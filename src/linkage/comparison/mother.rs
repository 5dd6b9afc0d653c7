//! Does one record name a mother who lives in the household of the other record, or who is the other record?
//!
//! Takes the named mothers and the households of the table, gives the level of a pair. The birth certificate of a child
//! is never the mother's own record, although it has her dwelling and her telephone number. Two certificates of one
//! register that name one mother are two births, twins mostly, unless they say the same of the child.

use rustc_hash::{FxHashMap, FxHashSet};

use super::id_number;
use super::level::{MISSING, MOTHER_ABSENT, MOTHER_BY_NAME, MOTHER_BY_NUMBER, MOTHER_HERSELF, TWO_BIRTHS};
use super::row::Side;
use super::{compare_names, name};
use crate::intake::study::RowKind;
use crate::person::date::Date;
use crate::person::id_number::IdNumber;
use crate::person::lexicon::Symbol;
use crate::person::members::Members;
use crate::person::table::{HOUSEHOLD_MEMBERS_MAX, Parent, PersonTable, RecordId};

/// Who lives with whom within a source, to look for a named mother.
#[derive(Debug, Default)]
pub(super) struct Families {
    members: Members,
    /// By source: does it have births more than once?
    repeats: Vec<bool>,
}

impl Families {
    pub(super) fn of(table: &PersonTable) -> Families {
        if table.parents.len() <= 1 {
            return Families::default();
        }
        Families { members: Members::of(table.household.iter().copied()), repeats: repeats(table) }
    }

    /// The level of a pair.
    pub(super) fn compare<S: Side>(&self, table: &PersonTable, one: S, other: S) -> u8 {
        match (one.parent(), other.parent()) {
            (0, 0) => MISSING,
            (mother, 0) => self.in_household(table, mother, other),
            (0, mother) => self.in_household(table, mother, one),
            (a, b) => match same_mother(table, table.parents[a as usize], table.parents[b as usize]) {
                MOTHER_BY_NUMBER | MOTHER_BY_NAME if self.are_two_births(table, one, other) => TWO_BIRTHS,
                level => level,
            },
        }
    }

    /// Are these certificates of one register, of one mother, those of two children? Twins have the birth date, the
    /// dwelling and the telephone number in common, and often no name yet.
    fn are_two_births<S: Side>(&self, table: &PersonTable, one: S, other: S) -> bool {
        let is_birth = |side: S| table.kind[side.record() as usize] == RowKind::Birth;
        let source = table.source(one.record());
        if !is_birth(one) || !is_birth(other) || source != table.source(other.record()) {
            return false;
        }
        if id_number::compare(one.id_number(), other.id_number()) == id_number::EQUAL {
            return false;
        }
        let are_named_alike = (name::EXACT..=name::HOMOPHONE).contains(&compare_names(table, one.name(), other.name()));
        let differ_in_sex = one.sex() != 0 && other.sex() != 0 && one.sex() != other.sex();
        differ_in_sex || !(are_named_alike || self.repeats.get(source).copied().unwrap_or(false))
    }

    fn in_household<S: Side>(&self, table: &PersonTable, mother: u32, side: S) -> u8 {
        let mother = table.parents[mother as usize];
        if matches!(of_record(table, mother, side.record()), MOTHER_BY_NUMBER | MOTHER_BY_NAME) {
            return MOTHER_HERSELF;
        }
        let Some(members) = self.members(side.household()) else { return MISSING };
        let mut level = MOTHER_ABSENT;
        for &member in members.iter().filter(|member| **member != side.record()) {
            match of_record(table, mother, member) {
                MOTHER_BY_NUMBER => return MOTHER_BY_NUMBER,
                MOTHER_BY_NAME => level = MOTHER_BY_NAME,
                // Any woman whose name does not contradict may be she.
                MISSING if level == MOTHER_ABSENT && is_masked(table, mother.name) => level = MISSING,
                _ => {}
            }
        }
        level
    }

    /// The household of a record, if it has one and it is no institution.
    fn members(&self, household: Symbol) -> Option<&[RecordId]> {
        let members = self.members.get(household);
        (!members.is_empty() && members.len() <= HOUSEHOLD_MEMBERS_MAX).then_some(members)
    }
}

/// Do a named mother and another woman, named or on record, seem to be one? By their numbers, or where these cannot
/// tell, by their names.
fn same_mother(table: &PersonTable, mother: Parent, woman: Parent) -> u8 {
    match id_number::compare(mother.id_number, woman.id_number) {
        id_number::EQUAL => return MOTHER_BY_NUMBER,
        // Some of a city's women have the same digits left.
        id_number::FITS_MASK if !name::contradict(compare_names(table, mother.name, woman.name)) => {
            return MOTHER_BY_NUMBER;
        }
        level if id_number::are_two(level) => return MOTHER_ABSENT,
        _ => {}
    }
    match (mother.name, woman.name) {
        (0, _) | (_, 0) => MISSING,
        // Names masked alike may be any two.
        (a, b) if is_masked(table, a) || is_masked(table, b) => {
            if name::contradict(compare_names(table, a, b)) {
                MOTHER_ABSENT
            } else {
                MISSING
            }
        }
        (a, b) if a == b => MOTHER_BY_NAME,
        _ => MOTHER_ABSENT,
    }
}

fn is_masked(table: &PersonTable, name: Symbol) -> bool {
    table.names.is_hardly_readable(name)
}

/// Which sources have births more than once, as where a certificate is issued anew? A third of twins are brother and
/// sister; of certificates that repeat each other hardly any differ in sex.
fn repeats(table: &PersonTable) -> Vec<bool> {
    const PAIRS_MIN: u32 = 20;
    const DIFFERING_MAX: f64 = 0.1;
    let of_source = |source: usize| {
        let mut last: FxHashMap<(IdNumber, Date), u8> = FxHashMap::default();
        let (mut pairs, mut differing) = (0u32, 0u32);
        for at in table.records(source).map(|record| record as usize) {
            let mother = table.parents[table.parent[at] as usize].id_number;
            let is_known = mother.is_some() && table.birth[at].has_day() && table.sex[at] != 0;
            if is_known && table.kind[at] == RowKind::Birth {
                let before = last.insert((mother, table.birth[at]), table.sex[at]);
                pairs += u32::from(before.is_some());
                differing += u32::from(before.is_some_and(|sex| sex != table.sex[at]));
            }
        }
        pairs >= PAIRS_MIN && f64::from(differing) < DIFFERING_MAX * f64::from(pairs)
    };
    (0..table.source_count()).map(of_source).collect()
}

/// The level of a record as the named mother's own: a man's is not hers.
fn of_record(table: &PersonTable, mother: Parent, record: RecordId) -> u8 {
    let at = record as usize;
    match same_mother(table, mother, Parent { name: table.name[at], id_number: table.id_number[at] }) {
        MOTHER_BY_NAME | MISSING if table.sex[at] == 1 => MOTHER_ABSENT,
        level => level,
    }
}

/// How a named mother is looked for: by her number, and by her name and the community, for the number may be masked,
/// wrong, or left out where she lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Sought {
    Number(IdNumber),
    Name(Symbol, Symbol),
}

impl Sought {
    /// Of a woman of this name and number in the community of a record.
    fn of(table: &PersonTable, woman: Parent, at: usize) -> impl Iterator<Item = Sought> {
        let community = table.division[at];
        let number = woman.id_number.is_some().then_some(Sought::Number(woman.id_number));
        let is_telling = woman.name != 0 && !is_masked(table, woman.name);
        let name = (is_telling && community != 0).then_some(Sought::Name(woman.name, community));
        number.into_iter().chain(name)
    }

    /// Of the mother whom the record of a birth names, if it names one.
    fn of_mother(table: &PersonTable, birth: usize) -> impl Iterator<Item = Sought> {
        let mother = table.parents.get(table.parent[birth] as usize).copied().unwrap_or_default();
        Sought::of(table, mother, birth)
    }
}

/// Who is sought and would be found in more households than this is left out: she is not one woman, but a name that
/// many bear or a number put in place of many, and her births would meet the children of all of them.
const HOUSEHOLDS_MAX: usize = 50;

/// The households in which named mothers live.
#[derive(Debug, Default)]
pub struct MothersHouseholds {
    households: FxHashMap<Sought, Vec<Symbol>>,
}

impl MothersHouseholds {
    pub(super) fn of_all(table: &PersonTable) -> MothersHouseholds {
        let mut households: FxHashMap<Sought, Vec<Symbol>> = FxHashMap::default();
        if table.parents.len() <= 1 {
            return MothersHouseholds { households };
        }
        let wanted: FxHashSet<Sought> = (0..table.len()).flat_map(|at| Sought::of_mother(table, at)).collect();
        for at in (0..table.len()).filter(|at| table.household[*at] != 0) {
            let name = if table.sex[at] == 1 { 0 } else { table.name[at] };
            let woman = Parent { name, id_number: table.id_number[at] };
            for sought in Sought::of(table, woman, at).filter(|sought| wanted.contains(sought)) {
                households.entry(sought).or_default().push(table.household[at]);
            }
        }
        households.retain(|_, found| {
            found.sort_unstable();
            found.dedup();
            found.len() <= HOUSEHOLDS_MAX
        });
        MothersHouseholds { households }
    }

    /// Households of the mother whom the record of a birth names: of the woman with the number, and of all women of the
    /// name in the community, unless they are too many.
    #[must_use]
    pub fn of(&self, table: &PersonTable, birth: RecordId) -> Vec<Symbol> {
        let sought = Sought::of_mother(table, birth as usize);
        let mut found: Vec<Symbol> =
            sought.filter_map(|sought| self.households.get(&sought)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::level::{MISSING, MOTHER_ABSENT, MOTHER_BY_NAME, MOTHER_BY_NUMBER, MOTHER_HERSELF, TWO_BIRTHS};
    use super::super::{Comparer, Variable};
    use crate::person::practice::Practice;

    const STUDY: &str = r#"
[[source]]
name = "births"
role = "register"
path = "births.csv"
record_id = "id"
[source.columns]
name = "name"
mother_name = "mother"
mother_id_number = "number"
[[source]]
name = "roll"
role = "roll"
path = "roll.csv"
record_id = "id"
[source.columns]
name = "name"
id_number = "number"
household = "household"
sex = "sex"
"#;

    #[test]
    fn a_certificate_is_never_the_mothers_own_record() {
        // Of the second certificate the number was left out; the third names a woman of whom nothing is known.
        let births = "id,name,mother,number\n1,王丽之女,王丽,999999199003070007\n2,,王丽,\n3,,李红,\n";
        let roll = "id,name,number,household,sex\nA,王丽,999999199003070007,A,2\nB,张伟,999999198003070012,A,1\nC,刘洋,,B,1\nD,陈静,,B,2\n";
        let practice = Practice::of(&[("births.csv", births), ("roll.csv", roll)], STUDY);
        let table = practice.table();
        let comparer = Comparer::new(&practice.study, &table);
        let mother = comparer.of(Variable::Mother).unwrap();
        let (mother_herself, father, stranger) = (3, 4, 5);
        for (certificate, other, expected) in [
            (0, mother_herself, MOTHER_HERSELF),
            (1, mother_herself, MOTHER_HERSELF),
            (2, mother_herself, MOTHER_ABSENT),
            (0, father, MOTHER_BY_NUMBER),
            (1, father, MOTHER_BY_NAME),
            (0, stranger, MOTHER_ABSENT),
        ] {
            let level = mother.level(comparer.compare(certificate, other));
            assert_eq!(level, usize::from(expected), "{certificate} {other}");
        }
        assert_eq!(mother.level(comparer.compare(father, stranger)), usize::from(MISSING));
    }

    #[test]
    fn numbers_that_cannot_tell_leave_it_to_the_names() {
        // The mothers of the certificates, and of a child whose mother is registered beside it.
        let births = "id,name,mother,number\n\
            1,,王丽,999999********0020\n2,,,999999********0020\n3,,李红,999999********0020\n\
            4,,王丽,999999199003070030\n5,,王丽,99999919900102002X\n6,,王丽,9999991990030700\n\
            7,,王丽,999999199003070020\n8,,,999999199003070030\n";
        let roll = "id,name,number,household,sex\nA,王丽,999999199003070020,A,2\nB,张伟,,A,1\n";
        let practice = Practice::of(&[("births.csv", births), ("roll.csv", roll)], STUDY);
        let table = practice.table();
        let comparer = Comparer::new(&practice.study, &table);
        let mother = comparer.of(Variable::Mother).unwrap();
        let (whole, father) = (6, 9);
        for (certificate, of_household, of_certificate) in [
            (0, MOTHER_BY_NUMBER, MOTHER_BY_NUMBER),
            (1, MOTHER_BY_NUMBER, MOTHER_BY_NUMBER),
            (2, MOTHER_ABSENT, MOTHER_ABSENT),
            (3, MOTHER_BY_NAME, MOTHER_BY_NAME),
            (4, MOTHER_ABSENT, MOTHER_ABSENT),
            (5, MOTHER_BY_NAME, MOTHER_BY_NAME),
            (7, MOTHER_ABSENT, MISSING),
        ] {
            let level = |other| mother.level(comparer.compare(certificate, other));
            assert_eq!((level(father), level(whole)), (of_household.into(), of_certificate.into()), "{certificate}");
        }
    }

    #[test]
    fn names_masked_alike_are_no_sign_of_one_mother() {
        let place = "household = \"household\"\ndivision = \"place\"";
        let study = STUDY.replace("household = \"household\"", place);
        let study = study.replacen("mother_name =", "division = \"place\"\nmother_name =", 1);
        let births = "id,name,mother,number,place\n1,,王**,,999999001001\n2,,王**,,999999001001\n\
            3,,王丽,,999999001001\n4,,王**,999999199003070030,999999001001\n";
        let roll = "id,name,number,household,sex,place\nA,王**,,A,2,999999001001\nB,张伟,,A,1,999999001001\n\
            C,李红,,B,2,999999001001\nD,刘洋,,B,1,999999001001\nE,王丽,,C,2,999999001001\nF,陈静,,C,2,999999001001\n";
        let practice = Practice::of(&[("births.csv", births), ("roll.csv", roll)], &study);
        let table = practice.table();
        let comparer = Comparer::new(&practice.study, &table);
        let mother = comparer.of(Variable::Mother).unwrap();
        let (masked, readable, numbered) = (0, 2, 3);
        let (beside_masked, beside_other, beside_readable) = (5, 7, 9);
        for (certificate, other, expected) in [
            (masked, 1, MISSING),
            (masked, readable, MISSING),
            (masked, beside_masked, MISSING),
            (masked, beside_other, MOTHER_ABSENT),
            (masked, beside_readable, MISSING),
            (readable, beside_readable, MOTHER_BY_NAME),
            (numbered, beside_masked, MISSING),
        ] {
            let level = mother.level(comparer.compare(certificate, other));
            assert_eq!(level, usize::from(expected), "{certificate} {other}");
        }
        let households = comparer.mothers_households();
        let of = |certificate| households.of(&table, certificate);
        let of_readable = vec![table.household[beside_readable as usize]];
        assert_eq!([of(masked), of(readable), of(numbered)], [vec![], of_readable, vec![]]);
    }

    /// The level of the first two certificates of a register: name, sex and ID number of each child.
    fn of_certificates(one: [&str; 3], other: [&str; 3], more: &str) -> u8 {
        let row = |id: &str, [name, sex, number]: [&str; 3]| {
            format!("{id},{name},{sex},{number},2020-03-01,王丽,999999199003070007\n")
        };
        let births = format!("id,name,sex,own,birth,mother,number\n{}{}{more}", row("1", one), row("2", other));
        let study =
            STUDY.replace("mother_name =", "sex = \"sex\"\nid_number = \"own\"\nbirth_date = \"birth\"\nmother_name =");
        let study = study.replacen(
            "[[source]]\nname = \"roll\"",
            "[source.rows]\notherwise = \"birth\"\n[[source]]\nname = \"roll\"",
            1,
        );
        let practice = Practice::of(&[("births.csv", &births), ("roll.csv", "id,name,number,household,sex\n")], &study);
        let table = practice.table();
        let comparer = Comparer::new(&practice.study, &table);
        u8::try_from(comparer.of(Variable::Mother).unwrap().level(comparer.compare(0, 1))).unwrap()
    }

    #[test]
    fn certificates_of_one_mother_are_of_two_children_unless_they_say_the_same_of_the_child() {
        for (one, other, level) in [
            (["王丽之子", "1", ""], ["王丽之女", "2", ""], TWO_BIRTHS),
            (["王丽之子", "1", ""], ["王丽之子", "1", ""], TWO_BIRTHS),
            (["王佳蓉", "2", ""], ["王佳轩", "2", ""], TWO_BIRTHS),
            (["王佳蓉", "2", ""], ["王佳蓉", "2", ""], MOTHER_BY_NUMBER),
            (["王佳蓉", "2", ""], ["王佳蓉", "1", ""], TWO_BIRTHS),
            (["王丽之女", "2", "99999920200301002X"], ["王佳蓉", "2", "99999920200301002X"], MOTHER_BY_NUMBER),
        ] {
            assert_eq!(of_certificates(one, other, ""), level, "{one:?} {other:?}");
        }
        // A register that has most births twice.
        let again =
            |at: usize| format!("m{at},,1,,2020-04-01,李红,9999991988{:02}{:02}0006\n", at / 28 + 1, at % 28 + 1);
        let twice: String = (0..25).flat_map(|at| [again(at), again(at).replacen('m', "n", 1)]).collect();
        let unnamed = ["王丽之子", "1", ""];
        assert_eq!(of_certificates(unnamed, unnamed, &twice), MOTHER_BY_NUMBER);
        assert_eq!(of_certificates(unnamed, ["王丽之女", "2", ""], &twice), TWO_BIRTHS);
    }
}
