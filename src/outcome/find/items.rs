//! Where roll and registers disagree on an item, how likely is it that the roll is wrong?
//!
//! Takes the linked persons, gives [`ItemErrors`]: how often each source has an item wrong, estimated without a truth
//! from how often each two sources disagree, and from that the probability that the roll's value is the wrong one.
//!
//! With error rates `e` that are small and independent, two sources disagree on about `e_i + e_j` of the persons that
//! both know; three or more sources determine the rates (least squares, each pair weighed by its persons). With two
//! sources only the sum is known, and the blame is shared. Of birth dates the ID number of the roll's row is a source
//! by itself.

use rayon::prelude::*;

use crate::linkage::Linked;
use crate::linkage::comparison::{Comparer, Variable, date, id_number, name};
use crate::person::table::{PersonTable, RecordId, flag};

/// The items that are compared, by the names they have in outputs.
pub(super) const ITEMS: [&str; 4] = ["id_number", "birth_date", "name", "sex"];
/// The places among them of items that are more than equal or different.
pub(super) const BIRTH_DATE: usize = 1;
const NAME: usize = 2;

/// For each item: do the two records contradict each other? `None` where one of them says nothing of its own.
pub(super) type Contradictions = [Option<bool>; 4];

/// Persons that the rates are estimated from, at most (evenly spread).
const PERSONS_MAX: usize = 100_000;
/// No source is taken as better than this, whatever a small district shows.
const RATE_MIN: f64 = 1e-4;
/// Chance that two sources that are both wrong have the same wrong value …
const SAME_ERROR: f64 = 0.05;
/// … and where the wrong one is a usual confusion of the right one: of homophones two or three are usual, and a solar
/// date has one lunar reading. Both are judgements.
const SAME_CONFUSION: f64 = 0.3;
/// Rounds of the least-squares search; it has long come to rest then.
const ROUNDS: usize = 500;

/// How two records contradict each other.
pub(super) fn contradictions(
    comparer: &Comparer<'_>,
    table: &PersonTable,
    one: RecordId,
    other: RecordId,
) -> Contradictions {
    let pattern = comparer.compare(one, other);
    let level = |variable| comparer.of(variable).map_or(0, |c| u8::try_from(c.level(pattern)).unwrap_or(0));
    let (id_level, name) = (level(Variable::IdNumber), level(Variable::Name));
    let both = |present: &dyn Fn(usize) -> bool| present(one as usize) && present(other as usize);
    // What was read out of the ID number is no value of the record's own. In linking, equal numbers leave most that
    // dates say unsaid: here the dates speak by themselves.
    let dates = || [one, other].map(|record| table.birth[record as usize]);
    let sexes = || [one, other].map(|record| table.sex[record as usize]);
    let own_birth = both(&|at| has_own_birth(table, at)).then(dates);
    let own_sex = both(&|at| table.sex[at] != 0 && table.flags[at] & flag::SEX_FROM_ID == 0).then(sexes);
    [
        (id_level != 0).then_some(id_level >= id_number::ONE_SLIP),
        own_birth.map(|[one, other]| date::contradict(date::compare(one, other))),
        (name != 0)
            .then_some(name::contradict(name) && !(name == name::HOMOPHONE && in_two_scripts(table, one, other))),
        own_sex.map(|[one, other]| one != other),
    ]
}

/// Is what two records say of an item a usual confusion: a name that sounds so, a lunar date, a digit?
pub(super) fn is_confusion(
    comparer: &Comparer<'_>,
    table: &PersonTable,
    item: usize,
    [one, other]: [RecordId; 2],
) -> bool {
    match item {
        BIRTH_DATE => date::compare(table.birth[one as usize], table.birth[other as usize]) == date::CONFUSED,
        NAME => comparer.level(Variable::Name, one, other, &mut 0) == name::HOMOPHONE,
        _ => false,
    }
}

/// Does the birth date inside a record's ID number contradict what it says itself? `None` where one of them is missing.
pub(super) fn number_contradicts(table: &PersonTable, record: RecordId, said_by: RecordId) -> Option<bool> {
    let (at, number) = (said_by as usize, table.id_number[record as usize]);
    let inside = number.is_valid().then(|| number.birth_date()).flatten()?;
    has_own_birth(table, at).then(|| date::contradict(date::compare(inside, table.birth[at])))
}

fn has_own_birth(table: &PersonTable, at: usize) -> bool {
    table.birth[at].is_some() && table.flags[at] & flag::BIRTH_FROM_ID == 0
}

/// Is one of the names in Han and the other in pinyin? Then they can agree no further than in how they sound.
fn in_two_scripts(table: &PersonTable, one: RecordId, other: RecordId) -> bool {
    let script = |record: RecordId| table.names.form(table.name[record as usize]).map(|name| name.script);
    matches!((script(one), script(other)), (Some(one), Some(other)) if one != other)
}

/// How often each source has each item wrong.
#[derive(Debug, Clone)]
pub(super) struct ItemErrors {
    /// By source, then by item; behind the sources the ID numbers of the roll's rows, of birth dates.
    rates: Vec<[f64; 4]>,
}

/// Persons that two sources both know, and on how many of them they disagree; by item.
type Disagreement = [(u64, u64); 4];

impl ItemErrors {
    /// Estimates the rates from the disagreements of each two sources.
    pub(super) fn estimate(
        roll: Option<usize>,
        table: &PersonTable,
        comparer: &Comparer<'_>,
        linked: &Linked,
    ) -> ItemErrors {
        let sources = table.source_count();
        let witnesses = sources + 1;
        let persons = linked.resolution.persons();
        let step = persons.div_ceil(PERSONS_MAX).max(1);
        let count = |mut sums: Vec<Disagreement>, person: usize| {
            let records = linked.resolution.records_of(u32::try_from(person).unwrap_or(u32::MAX));
            let mut first: Vec<Option<RecordId>> = vec![None; sources];
            for record in records {
                first[table.source(*record)].get_or_insert(*record);
            }
            let add = |sum: &mut (u64, u64), differs: Option<bool>| {
                sum.0 += u64::from(differs.is_some());
                sum.1 += u64::from(differs == Some(true));
            };
            for one in 0..sources {
                let Some(a) = first[one] else { continue };
                for other in one + 1..sources {
                    let Some(b) = first[other] else { continue };
                    let differ = contradictions(comparer, table, a, b);
                    sums[one * witnesses + other].iter_mut().zip(differ).for_each(|(sum, differs)| add(sum, differs));
                }
                if let Some(row) = roll.and_then(|roll| first[roll]) {
                    add(&mut sums[one * witnesses + sources][BIRTH_DATE], number_contradicts(table, row, a));
                }
            }
            sums
        };
        let nothing = || vec![[(0, 0); 4]; witnesses * witnesses];
        let sums = (0..persons.div_ceil(step)).into_par_iter().map(|at| at * step).fold(nothing, count).reduce(
            nothing,
            |mut all, part| {
                for (sum, more) in all.iter_mut().flatten().zip(part.into_iter().flatten()) {
                    *sum = (sum.0 + more.0, sum.1 + more.1);
                }
                all
            },
        );
        let mut rates = vec![[RATE_MIN; 4]; witnesses];
        for item in 0..ITEMS.len() {
            let found = solve(witnesses, |one, other| sums[one.min(other) * witnesses + one.max(other)][item]);
            rates.iter_mut().zip(found).for_each(|(rates, rate)| rates[item] = rate);
        }
        ItemErrors { rates }
    }

    /// The ID numbers of the roll's rows among the sources.
    pub(super) fn own_number(&self) -> usize {
        self.rates.len() - 1
    }

    /// Probability that the roll is wrong on an item. `camps` are the sources by the value they have, that of the roll
    /// first; each source once. One of the camps is right; the members of each other camp made the same error, which is
    /// likelier where two camps' values are usually confused.
    pub(super) fn roll_wrong(
        &self,
        item: usize,
        camps: &[Vec<usize>],
        is_confusion: impl Fn(usize, usize) -> bool,
    ) -> f64 {
        let likelihood = |right: usize| -> f64 {
            let of_camp = |(at, camp): (usize, &Vec<usize>)| -> f64 {
                let rates = camp.iter().map(|source| self.rates[*source][item]);
                if at == right {
                    rates.map(|rate| 1.0 - rate).product()
                } else {
                    let same = i32::try_from(camp.len()).unwrap_or(i32::MAX) - 1;
                    let same_error = if same > 0 && is_confusion(at, right) { SAME_CONFUSION } else { SAME_ERROR };
                    rates.product::<f64>() * same_error.powi(same)
                }
            };
            camps.iter().enumerate().map(of_camp).product()
        };
        let all: f64 = (0..camps.len()).map(likelihood).sum();
        1.0 - likelihood(0) / all
    }
}

/// The rates that fit the shares of disagreement best, by coordinate descent.
fn solve(sources: usize, disagreement: impl Fn(usize, usize) -> (u64, u64)) -> Vec<f64> {
    let share = |(both, differ): (u64, u64)| differ as f64 / both.max(1) as f64;
    let others = |one: usize| (0..sources).filter(move |other| *other != one);
    let mean = |one: usize, value: &dyn Fn(usize) -> f64| {
        let weight: f64 = others(one).map(|other| disagreement(one, other).0 as f64).sum();
        let sum: f64 = others(one).map(|other| disagreement(one, other).0 as f64 * value(other)).sum();
        if weight > 0.0 { sum / weight } else { RATE_MIN }
    };
    let mut rates: Vec<f64> =
        (0..sources).map(|one| mean(one, &|other| 0.5 * share(disagreement(one, other)))).collect();
    for _ in 0..ROUNDS {
        for one in 0..sources {
            rates[one] = mean(one, &|other| share(disagreement(one, other)) - rates[other]).clamp(RATE_MIN, 0.5);
        }
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::{ItemErrors, contradictions, solve};
    use crate::linkage::comparison::Comparer;
    use crate::person::practice::{HEAD, Practice, source};

    #[test]
    fn names_of_which_all_that_can_be_read_agrees_do_not_contradict_each_other() {
        let sources = ["a", "b"].map(|name| source(name, "register", true, &[("name", "name")])).concat();
        for (one, other, expected) in [
            ("刘**", "刘福庆", false),
            ("刘*", "刘福庆", false),
            ("刘**", "刘**", false),
            ("刘女士", "刘福庆", false),
            ("刘*庆", "刘福庆", false),
            ("刘*安", "刘福庆", true),
            ("刘福", "刘庆", true),
        ] {
            let files = [one, other].map(|name| format!("id,name\n1,{name}\n"));
            let practice = Practice::of(&[("a.csv", &files[0]), ("b.csv", &files[1])], &format!("{HEAD}{sources}"));
            let table = practice.table();
            let found = contradictions(&Comparer::new(&practice.study, &table), &table, 0, 1);
            assert_eq!(found[2], Some(expected), "{one} {other}");
        }
    }

    #[test]
    fn three_sources_betray_which_of_them_errs() {
        let rates = [0.05, 0.01, 0.02];
        let found = solve(3, |one, other| (100_000, ((rates[one] + rates[other]) * 1e5) as u64));
        for (found, rate) in found.iter().zip(rates) {
            assert!((found - rate).abs() < 1e-3, "{found} for {rate}");
        }
    }

    #[test]
    fn two_sources_share_the_blame() {
        let found = solve(2, |_, _| (1000, 40));
        assert!(found.iter().all(|rate| (rate - 0.02).abs() < 1e-6), "{found:?}");
    }

    #[test]
    fn whoever_errs_more_is_likelier_wrong_and_company_helps() {
        let errors = ItemErrors { rates: vec![[0.03; 4], [0.01; 4], [0.01; 4]] };
        let none = |_, _| false;
        let alone = errors.roll_wrong(0, &[vec![0], vec![1]], none);
        // 0.03 × 0.99 against 0.97 × 0.01.
        assert!((alone - 0.0297 / (0.0297 + 0.0097)).abs() < 1e-9, "{alone}");
        let against_two = errors.roll_wrong(0, &[vec![0], vec![1, 2]], none);
        let with_one = errors.roll_wrong(0, &[vec![0, 1], vec![2]], none);
        assert!(against_two > 0.98 && with_one < 0.2, "{against_two} {with_one}");
        // Who confuse the same characters are likelier both wrong.
        let confused = errors.roll_wrong(0, &[vec![0, 1], vec![2]], |_, _| true);
        assert!(confused > 4.0 * with_one, "{confused} {with_one}");
    }
}
