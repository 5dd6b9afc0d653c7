//! How sure is a pair across two persons, beside what its records have already?
//!
//! A match probability weighs a pair by itself. But a record belongs to one person, and a person is in a slot once: an
//! owner without an ID number agrees with the father as with every son of the dwelling, and is one of them at most.
//! Takes a [`Resolution`], gives for each pair across two of its persons the odds that its rivals leave it:
//!
//! * *What holds its own records.* If both were one, and each as sure of its person as it is, that person would be in
//!   a slot twice. With `p` and `q` the probabilities that the records belong to the two records of that slot, and `d`
//!   (at most 1) what these two leave of the odds that all are one person, `1 − (1 − d)·p·q` of the odds are left.
//! * *What else it may belong to.* A record is one of the persons that are in a slot of the other one's person, one of
//!   that person, or none: the odds are divided by 1 and the odds of those others, for each of the two records.
//!
//! And how sure is a pair within a person whose rivals stand [`level`] with it?

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::chain::{place, strengthen};
use super::household::Support;
use super::{Resolution, Terms};
use crate::linkage::blocking::Pair;
use crate::linkage::scoring::{Score, Scorer};
use crate::person::table::RecordId;

/// What is known of the persons whose pairs are weighed.
struct Rivals<'a> {
    terms: Terms<'a>,
    pairs: &'a [Pair],
    scores: &'a [Score],
    resolution: &'a Resolution,
}

/// The pairs across two persons that by themselves have at least the `least` log2 odds: where each stands among the
/// (sorted) pairs, and the log2 odds that its rivals leave it. Pairs that are not among these are compared with the
/// support of households; records are held together by pairs of at least the `minimum` log2 odds.
#[must_use]
pub fn beside(
    scorer: &Scorer<'_>,
    (pairs, scores): (&[Pair], &[Score]),
    (resolution, support): (&Resolution, Option<Support<'_>>),
    (minimum, least): (f64, f64),
) -> Vec<(usize, f64)> {
    Rivals { terms: Terms::of(scorer, minimum, support), pairs, scores, resolution }.weigh(least)
}

/// By so many bits a rival may be behind and stand level.
const LEVEL: f64 = 1.0;

/// The pairs within a person with which pairs of the one record and another person stand level, as those of a nameless
/// certificate with either of two twins: where each stands among the (sorted) pairs, and the log2 odds that these
/// rivals leave it. They are in the slot of the other record, and by themselves have at least the `least` log2 odds.
#[must_use]
pub fn level(
    scorer: &Scorer<'_>,
    (pairs, scores): (&[Pair], &[Score]),
    resolution: &Resolution,
    least: f64,
) -> FxHashMap<usize, f64> {
    let person = |record: RecordId| resolution.person_of[record as usize];
    let slot = |record: RecordId| scorer.slot_of[record as usize];
    let place = |one: RecordId, other: RecordId| pairs.binary_search(&(one.min(other), one.max(other))).ok();
    let is_apart = |at: &usize| scores[*at].log2_odds >= least && person(pairs[*at].0) != person(pairs[*at].1);
    let apart: Vec<usize> = (0..pairs.len()).into_par_iter().filter(is_apart).collect();
    let mut odds: FxHashMap<usize, f64> = FxHashMap::default();
    for at in apart {
        let rival_odds = scores[at].log2_odds;
        for (record, rival) in [pairs[at], (pairs[at].1, pairs[at].0)] {
            let others = resolution.records_of(person(record)).iter().filter(|other| slot(**other) == slot(rival));
            for other in others {
                let Some(link) = place(record, *other).filter(|link| scores[*link].log2_odds <= rival_odds + LEVEL)
                else {
                    continue;
                };
                // Who may be the same person is no rival.
                let same = place(*other, rival).map_or(0.0, |both| scores[both].probability());
                *odds.entry(link).or_default() += rival_odds.exp2() * (1.0 - same);
            }
        }
    }
    odds.into_iter().map(|(link, rivals)| (link, scores[link].log2_odds - (1.0 + rivals).log2())).collect()
}

impl Rivals<'_> {
    fn weigh(&self, least: f64) -> Vec<(usize, f64)> {
        let is_apart = |at: &usize| {
            let [one, other] = self.persons(self.pairs[*at]);
            self.scores[*at].log2_odds >= least && one != other
        };
        let apart = (0..self.pairs.len()).into_par_iter().filter(is_apart);
        let mut apart: Vec<([u32; 2], usize)> = apart.map(|at| (self.both(self.pairs[at]), at)).collect();
        apart.par_sort_unstable();
        let mut persons: Vec<u32> = apart.iter().flat_map(|(both, _)| *both).collect();
        persons.par_sort_unstable();
        persons.dedup();
        let chains: FxHashMap<u32, Vec<f64>> = persons.into_par_iter().map(|own| (own, self.chains(own))).collect();
        let of_two = |pairs: &[([u32; 2], usize)]| -> Vec<(usize, f64)> {
            let doubled = pairs.first().map_or_else(Vec::new, |(both, _)| self.doubled(*both));
            let left = |at: usize| self.scores[at].log2_odds.exp2() * self.unheld(self.pairs[at], &doubled, &chains);
            pairs.iter().map(|(_, at)| (*at, left(*at))).collect()
        };
        let mut left: Vec<(usize, f64)> =
            apart.par_chunk_by(|one, next| one.0 == next.0).flat_map_iter(of_two).collect();
        left.par_sort_unstable_by_key(|(at, _)| *at);
        self.divided(&left)
    }

    fn persons(&self, (one, other): Pair) -> [u32; 2] {
        [one, other].map(|record| self.resolution.person_of[record as usize])
    }

    /// The same, the lesser number first.
    fn both(&self, pair: Pair) -> [u32; 2] {
        let [one, other] = self.persons(pair);
        [one.min(other), one.max(other)]
    }

    fn slot(&self, record: RecordId) -> u8 {
        self.terms.scorer.slot_of[record as usize]
    }

    fn score(&self, one: RecordId, other: RecordId) -> Score {
        let pair = (one.min(other), one.max(other));
        if let Ok(at) = self.pairs.binary_search(&pair) {
            return self.scores[at];
        }
        let scorer = self.terms.scorer;
        let pattern = scorer.comparer.compare(pair.0, pair.1);
        let pattern = self.terms.support.map_or(pattern, |support| support.filled(pattern, pair));
        scorer.score(pattern, pair.0, pair.1)
    }

    /// How sure each pair of a person's records is, by the chains that hold it, row by row.
    fn chains(&self, person: u32) -> Vec<f64> {
        let records = self.resolution.records_of(person);
        let behind = |(at, one): (usize, &RecordId)| {
            let one = *one;
            records[at + 1..].iter().map(move |other| self.score(one, *other).probability())
        };
        let mut pairs: Vec<f64> = records.iter().enumerate().flat_map(behind).collect();
        strengthen(records.len(), &mut pairs, |probability| probability);
        pairs
    }

    /// The slots that two persons share, by the records of each, and what is left of the odds if somebody is in one
    /// twice: their own odds say how likely that is.
    fn doubled(&self, [first, second]: [u32; 2]) -> Vec<(RecordId, RecordId, f64)> {
        let mut doubled = Vec::new();
        for one in self.resolution.records_of(first).iter().copied() {
            let others = self.resolution.records_of(second).iter().copied();
            for other in others.filter(|other| self.slot(*other) == self.slot(one)) {
                let twice = self.terms.against((one.min(other), one.max(other)), self.score(one, other)).exp2();
                doubled.push((one, other, twice));
            }
        }
        doubled
    }

    /// The share of a pair's odds that is left by what holds its records in their persons, by their [`Self::doubled`]
    /// slots.
    fn unheld(&self, pair: Pair, doubled: &[(RecordId, RecordId, f64)], chains: &FxHashMap<u32, Vec<f64>>) -> f64 {
        let held = |record: RecordId, by: RecordId| {
            if record == by {
                return 1.0;
            }
            let person = self.resolution.person_of[record as usize];
            let records = self.resolution.records_of(person);
            let place_of = |record: RecordId| records.partition_point(|own| *own < record);
            let at = place(records.len(), place_of(record), place_of(by));
            chains.get(&person).and_then(|chains| chains.get(at)).copied().unwrap_or(0.0)
        };
        let [one, other] = self.persons(pair);
        let (first, second) = if one < other { pair } else { (pair.1, pair.0) };
        let rivals = doubled.iter().filter(|(one, other, _)| (*one, *other) != (first, second));
        rivals.fold(1.0, |left, (one, other, twice)| {
            left.min(1.0 - (1.0 - twice) * held(first, *one) * held(second, *other))
        })
    }

    /// The pairs with their odds, divided among the persons that each record may belong to, as log2.
    fn divided(&self, left: &[(usize, f64)]) -> Vec<(usize, f64)> {
        // By record the persons that it may belong to, and by person those that may be the same one, at their best.
        let mut of_records: Vec<(u32, u32, f64)> = Vec::with_capacity(2 * left.len());
        let mut of_persons: Vec<(u32, u32, f64)> = Vec::with_capacity(2 * left.len());
        for (at, odds) in left {
            let (pair, [one, other]) = (self.pairs[*at], self.persons(self.pairs[*at]));
            of_records.extend([(pair.0, other, *odds), (pair.1, one, *odds)]);
            of_persons.extend([(one, other, *odds), (other, one, *odds)]);
        }
        let [of_records, of_persons] = [best(of_records), best(of_persons)];
        let same = |one: u32, other: u32| {
            let known = of_persons.binary_search_by_key(&(one, other), |(own, rival, _)| (*own, *rival));
            known.map_or(0.0, |at| of_persons[at].2 / (1.0 + of_persons[at].2))
        };
        let others = |record: RecordId, wanted: u32| {
            let from = of_records.partition_point(|(own, ..)| *own < record);
            let of_record = of_records[from..].iter().take_while(|(own, ..)| *own == record);
            let rivals = of_record.filter(|(_, rival, _)| *rival != wanted && self.share_a_slot(*rival, wanted));
            rivals.map(|(_, rival, odds)| odds * (1.0 - same(*rival, wanted))).sum::<f64>()
        };
        let divided = |(at, odds): &(usize, f64)| {
            let (pair, [one, other]) = (self.pairs[*at], self.persons(self.pairs[*at]));
            (*at, (odds / (1.0 + others(pair.0, other)) / (1.0 + others(pair.1, one))).log2())
        };
        left.par_iter().map(divided).collect()
    }

    fn share_a_slot(&self, one: u32, other: u32) -> bool {
        let [one, other] = [one, other].map(|person| self.resolution.records_of(person));
        one.iter().any(|record| other.iter().any(|rival| self.slot(*record) == self.slot(*rival)))
    }
}

/// Sorted, the greatest odds of each two.
fn best(mut odds: Vec<(u32, u32, f64)>) -> Vec<(u32, u32, f64)> {
    odds.par_sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(b.2.total_cmp(&a.2)));
    odds.dedup_by_key(|(one, other, _)| (*one, *other));
    odds
}

#[cfg(test)]
mod tests {
    use super::{Rivals, level};
    use crate::intake::study::Study;
    use crate::linkage::comparison::Comparer;
    use crate::linkage::comparison::household::Households;
    use crate::linkage::model::frequency::NameFrequencies;
    use crate::linkage::model::{em, measured, probability};
    use crate::linkage::resolution::{Resolution, Terms};
    use crate::linkage::scoring::{Score, Scorer};
    use crate::person::practice::{HEAD, Practice, source};
    use crate::person::table::PersonTable;

    /// A pair and its probability.
    type Left = ((u32, u32), f64);

    /// What is left of the probabilities of a deed (record 0) and the rows of a father (1) and a son (2), of whom such
    /// records are one person, with these log2 odds: across persons, and of links with which others stand level.
    fn left(study: &Study, persons: [u32; 3], [father, son, both]: [f64; 3]) -> Vec<Left> {
        let (table, slots) = (PersonTable::default(), [0, 1, 1]);
        let comparer = Comparer::new(study, &table);
        let shares = measured::measure(&comparer, &table, &Households::of(&table), 1);
        let model = em::fit(&comparer, shares, Vec::new(), &Vec::new());
        let names = NameFrequencies::of(&table);
        let scorer = Scorer::new(&comparer, &table, &model, &slots, &names);
        let pairs = [(0, 1), (0, 2), (1, 2)];
        let scores = [father, son, both].map(|log2_odds| Score { weight: log2_odds + 10.0, log2_odds });
        let terms = Terms { scorer: &scorer, minimum: 0.0, duplicates: vec![-8.0; 2], support: None };
        let resolution = Resolution::from_labels(&persons);
        let rivals = Rivals { terms, pairs: &pairs, scores: &scores, resolution: &resolution };
        let level = level(&scorer, (&pairs, &scores), &resolution, -4.0);
        rivals.weigh(-4.0).into_iter().chain(level).map(|(at, odds)| (pairs[at], probability(odds))).collect()
    }

    #[test]
    fn a_record_is_divided_among_those_whom_it_may_belong_to() {
        let study = format!("{HEAD}{}", source("a", "roll", true, &[("name", "name")]));
        let study = Practice::of(&[("a.csv", "id,name\n1,x\n")], &study).study;
        let check = |persons, odds, expected: &[Left]| {
            let found = left(&study, persons, odds);
            let is_near = |(one, other): (&Left, &Left)| one.0 == other.0 && (one.1 - other.1).abs() < 1e-6;
            assert!(found.len() == expected.len() && found.iter().zip(expected).all(is_near), "{found:?}");
        };
        // The father's by 64 to 1: the son has the half of the rest, not a third of the whole.
        check([0, 0, 1], [6.0, -1.0, -30.0], &[((0, 2), 0.5 / 65.0 / (1.0 + 0.5 / 65.0))]);
        // Nobody's yet, and as likely the one's as the other's.
        check([0, 1, 2], [-1.0, -1.0, -30.0], &[((0, 1), 0.25), ((0, 2), 0.25)]);
        // The one's as well as the other's: each has the half, whoever it was given to.
        check([0, 0, 1], [6.0, 6.0, -30.0], &[((0, 2), 64.0 / 129.0), ((0, 1), 64.0 / 129.0)]);
        // Two rows of one person are no rivals.
        check([0, 0, 1], [6.0, -1.0, 20.0], &[((0, 2), 1.0 / 3.0), ((1, 2), probability(20.0))]);
    }
}
