//! What do the others of a dwelling say of a pair?
//!
//! Takes a [`Resolution`] and the scored pairs, sets the levels of
//! [`Variable::Housemates`](crate::linkage::comparison::Variable::Housemates): two facts that no pair shows by itself.
//!
//! * *Left at the dwelling.* A record without birth date and number (a tenancy, say) has found nobody. One adult of its
//!   dwelling has no record of its slot, and agrees with it clearly better than any other such person. Then a changed
//!   name is likelier than one person too many on the one side and one too few on the other.
//! * *Name of another one there.* Two records of one dwelling have equal ID numbers, but their names contradict each
//!   other, and the name of one is, in full, that of another person of the dwelling, who has another number. Then a
//!   housemate's number on the wrong line is likelier than a housemate's name.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Resolution;
use crate::linkage::blocking::Pair;
use crate::linkage::comparison::level::{LEFT_AT_DWELLING, NAME_OF_ANOTHER};
use crate::linkage::comparison::{Comparison, Pattern, Variable, address, id_number, name};
use crate::linkage::scoring::{ComparedPairs, Score, Scorer};
use crate::person::table::RecordId;

/// Nobody younger owns or rents a dwelling.
const AGE_MIN: i32 = 16;

/// By so many bits the one who is left must agree better than the next.
const LEAD_MIN: f64 = 3.0;

/// Marks the pairs of which the others of a dwelling say something, and gives their positions. `day` is that of the
/// reference time, in days since 1970.
pub fn mark(
    scorer: &Scorer<'_>,
    resolution: &Resolution,
    compared: &mut ComparedPairs,
    scores: &[Score],
    day: i32,
) -> Vec<usize> {
    let Some(seen) = Seen::of(scorer, resolution) else { return Vec::new() };
    let named = seen.named_like_another(compared);
    let left = seen.left_for_bare(compared, scores, day);
    let level = |pair: Pair, pattern: Pattern| {
        if !seen.same_dwelling(pattern) {
            return 0;
        }
        let is_left = |bare: RecordId, other: RecordId| left.get(&bare) == Some(&seen.person(other));
        if is_left(pair.0, pair.1) || is_left(pair.1, pair.0) {
            return LEFT_AT_DWELLING;
        }
        let contradicts = seen.id.level(pattern) == usize::from(id_number::EQUAL)
            && seen.name.level(pattern) >= usize::from(name::SAME_FAMILY);
        let is_another = contradicts && (named.contains(&pair.0) || named.contains(&pair.1));
        if is_another { NAME_OF_ANOTHER } else { 0 }
    };
    let mut marked = Vec::new();
    for (at, (pair, pattern)) in compared.pairs.iter().zip(&mut compared.patterns).enumerate() {
        let level = level(*pair, *pattern);
        if level != 0 {
            *pattern = seen.own.set(*pattern, level);
            marked.push(at);
        }
    }
    marked
}

/// What is looked at.
struct Seen<'a> {
    scorer: &'a Scorer<'a>,
    resolution: &'a Resolution,
    own: &'a Comparison,
    name: &'a Comparison,
    id: &'a Comparison,
    address: &'a Comparison,
}

impl<'a> Seen<'a> {
    fn of(scorer: &'a Scorer<'a>, resolution: &'a Resolution) -> Option<Seen<'a>> {
        let of = |variable| scorer.comparer.of(variable);
        let (own, name) = (of(Variable::Housemates)?, of(Variable::Name)?);
        Some(Seen { scorer, resolution, own, name, id: of(Variable::IdNumber)?, address: of(Variable::Address)? })
    }

    fn person(&self, record: RecordId) -> u32 {
        self.resolution.person_of[record as usize]
    }

    fn same_dwelling(&self, pattern: Pattern) -> bool {
        (1..=usize::from(address::COMPATIBLE)).contains(&self.address.level(pattern))
    }

    /// Records whose whole name somebody else at the dwelling has, with another number.
    fn named_like_another(&self, compared: &ComparedPairs) -> FxHashSet<RecordId> {
        let is_it = |pattern: &Pattern| {
            (1..=usize::from(name::HOMOPHONE)).contains(&self.name.level(*pattern))
                && u8::try_from(self.id.level(*pattern)).is_ok_and(id_number::are_two)
                && self.same_dwelling(*pattern)
        };
        let pairs = compared.pairs.iter().zip(&compared.patterns).filter(|(_, pattern)| is_it(pattern));
        pairs.flat_map(|((one, other), _)| [*one, *other]).collect()
    }

    /// By bare record that found nobody, the person who is left for it.
    fn left_for_bare(&self, compared: &ComparedPairs, scores: &[Score], day: i32) -> FxHashMap<RecordId, u32> {
        let table = self.scorer.table;
        let is_alone = |record: RecordId| self.resolution.records_of(self.person(record)).len() == 1;
        let is_of_age = |record: RecordId| table.birth[record as usize].age_on(day).is_none_or(|age| age >= AGE_MIN);
        let has_slot = |person: u32, slot: u8| {
            self.resolution.records_of(person).iter().any(|record| self.scorer.slot_of[*record as usize] == slot)
        };
        let mut best: FxHashMap<RecordId, Vec<(u32, f64)>> = FxHashMap::default();
        for ((pair, pattern), score) in compared.pairs.iter().zip(&compared.patterns).zip(scores) {
            if !self.same_dwelling(*pattern) {
                continue;
            }
            for (bare, other) in [*pair, (pair.1, pair.0)] {
                let is_it = table.is_bare(bare)
                    && !table.is_bare(other)
                    && is_alone(bare)
                    && is_of_age(other)
                    && !has_slot(self.person(other), self.scorer.slot_of[bare as usize]);
                if !is_it {
                    continue;
                }
                let (person, persons) = (self.person(other), best.entry(bare).or_default());
                match persons.iter_mut().find(|(known, _)| *known == person) {
                    Some((_, odds)) => *odds = odds.max(score.log2_odds),
                    None => persons.push((person, score.log2_odds)),
                }
            }
        }
        let first = |(bare, mut persons): (RecordId, Vec<(u32, f64)>)| {
            persons.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
            let lead = persons.get(1).map_or(f64::INFINITY, |next| persons[0].1 - next.1);
            (lead >= LEAD_MIN).then(|| (bare, persons[0].0))
        };
        best.into_iter().filter_map(first).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::mark;
    use crate::linkage::comparison::household::Households;
    use crate::linkage::comparison::level::{LEFT_AT_DWELLING, NAME_OF_ANOTHER};
    use crate::linkage::comparison::{Comparer, Variable};
    use crate::linkage::model::frequency::NameFrequencies;
    use crate::linkage::model::{expected, measured, slot};
    use crate::linkage::resolution::Resolution;
    use crate::linkage::scoring::{ComparedPairs, Scorer};
    use crate::person::practice::{HEAD, Practice, source};

    /// The levels of all pairs of these rows of two registers, each row a person of its own; by positions of the rows.
    fn levels(residents: &[&str], tenants: &[&str]) -> Vec<((u32, u32), usize)> {
        let text = |rows: &[&str]| format!("id,name,number,birth,address\n{}\n", rows.join("\n"));
        let columns =
            ["name", "id_number", "birth_date", "address"].into_iter().zip(["name", "number", "birth", "address"]);
        let columns: Vec<(&str, &str)> = columns.collect();
        let sources = ["police", "housing"].map(|name| source(name, "register", true, &columns)).concat();
        let study = format!("{HEAD}reference_time = \"2020-11-01T00:00:00+08:00\"\n{sources}");
        let practice = Practice::of(&[("police.csv", &text(residents)), ("housing.csv", &text(tenants))], &study);
        let (study, table) = (&practice.study, practice.table());
        let comparer = Comparer::new(study, &table);
        let (slots, slot_of) = slot::slots(&table, &Households::of(&table));
        let names = NameFrequencies::of(&table);
        let model =
            expected::expected(&comparer, measured::measure(&comparer, &table, &Households::of(&table), 1), slots);
        let scorer = Scorer::new(&comparer, &table, &model, &slot_of, &names);
        let records = u32::try_from(table.len()).unwrap();
        let pairs: Vec<(u32, u32)> =
            (0..records).flat_map(|one| (one + 1..records).map(move |other| (one, other))).collect();
        let mut compared = ComparedPairs {
            classes: pairs.iter().map(|(one, other)| scorer.class(*one, *other)).collect(),
            patterns: pairs.iter().map(|(one, other)| comparer.compare(*one, *other)).collect(),
            pairs,
        };
        let scores: Vec<_> = compared
            .pairs
            .iter()
            .zip(&compared.patterns)
            .map(|((one, other), pattern)| scorer.score(*pattern, *one, *other))
            .collect();
        let apart = Resolution::from_labels(&(0..records).collect::<Vec<_>>());
        let marked = mark(&scorer, &apart, &mut compared, &scores, study.reference.day);
        let own = comparer.of(Variable::Housemates).unwrap();
        marked.into_iter().map(|at| (compared.pairs[at], own.level(compared.patterns[at]))).collect()
    }

    const ADDRESS: &str = "幸福里3号楼2单元501室";

    #[test]
    fn what_the_others_of_a_dwelling_say_is_seen() {
        let of = |row: &str| format!("{row},{ADDRESS}");
        let residents = [
            of("p1,刘世梅,120106196002030026,1960-02-03"),
            of("p2,王强,12010619580506003X,1958-05-06"),
            of("p3,王小梅,120106201507080049,2015-07-08"),
        ];
        // Others, so that it is known what strangers look like.
        let names = "赵钱孙李周吴郑冯陈褚"
            .chars()
            .flat_map(|family| "一二三四五六七八九十".chars().map(move |given| (family, given)));
        let others = names.enumerate().map(|(at, (family, given))| {
            format!(
                "q{at},{family}{given},,19{}-0{}-1{},幸福里{}号楼1单元101室",
                40 + at % 50,
                at % 9 + 1,
                at % 7,
                10 + at
            )
        });
        let residents: Vec<String> = residents.into_iter().chain(others).collect();
        let residents: Vec<&str> = residents.iter().map(String::as_str).collect();
        let tenant = residents.len() as u32;
        // What friends call the first one: the third is no tenant, the second has another name.
        assert_eq!(levels(&residents, &[&of("h1,老梅,,")]), [((0, tenant), usize::from(LEFT_AT_DWELLING))]);
        // Nobody there agrees better than the next.
        assert_eq!(levels(&residents, &[&of("h1,赵云,,")]), []);
        // The second one's name beside the first one's number.
        let wrong_line = of("h1,王强,120106196002030026,");
        assert_eq!(levels(&residents, &[&wrong_line]), [((0, tenant), usize::from(NAME_OF_ANOTHER))]);
        // A name that nobody there has may be an earlier one of hers.
        assert_eq!(levels(&residents, &[&of("h1,赵云,120106196002030026,")]), []);
    }
}
