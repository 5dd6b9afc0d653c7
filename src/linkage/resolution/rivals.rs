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
use serde::{Deserialize, Serialize};

use super::chain::{place, strengthen};
use super::form::are_siblings;
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

/// What rivals that stand [`level`] with pairs within persons leave of these: where each stands, and the log2 odds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Level(pub(in crate::linkage) Vec<(usize, f64)>);

impl Level {
    /// The log2 odds that are left of the pair at this place, which has this score: its own, if nobody stands level
    /// with it.
    #[must_use]
    pub fn left(&self, at: usize, score: Score) -> f64 {
        self.0.binary_search_by_key(&at, |(at, _)| *at).map_or(score.log2_odds, |found| self.0[found].1)
    }
}

/// The pairs within a person with which pairs of the one record and another person stand level, as those of a nameless
/// certificate with either of two twins: where each stands among the (sorted) pairs, and the log2 odds that these
/// rivals leave it. They are in the slot of the other record, and by themselves have at least the `least` log2 odds.
#[must_use]
pub fn level(scorer: &Scorer<'_>, (pairs, scores): (&[Pair], &[Score]), resolution: &Resolution, least: f64) -> Level {
    let person = |record: RecordId| resolution.person_of[record as usize];
    let slot = |record: RecordId| scorer.slot_of[record as usize];
    let place = |one: RecordId, other: RecordId| pairs.binary_search(&(one.min(other), one.max(other))).ok();
    let is_apart = |at: &usize| scores[*at].log2_odds >= least && person(pairs[*at].0) != person(pairs[*at].1);
    let apart = (0..pairs.len()).into_par_iter().filter(is_apart);
    // By record the pairs with others that it may belong to.
    let mut apart: Vec<(RecordId, usize)> = apart.flat_map_iter(|at| [(pairs[at].0, at), (pairs[at].1, at)]).collect();
    apart.par_sort_unstable();
    let links = |apart: &[(RecordId, usize)]| {
        let record = apart[0].0;
        resolution.records_of(person(record)).iter().filter_map(move |other| place(record, *other))
    };
    let mut links: Vec<usize> = apart.par_chunk_by(|one, next| one.0 == next.0).flat_map_iter(links).collect();
    links.par_sort_unstable();
    links.dedup();
    let rivals_of = |link: usize, (record, other): Pair| {
        let from = apart.partition_point(|(own, _)| *own < record);
        let of_record = apart[from..].iter().take_while(move |(own, _)| *own == record).map(|(_, at)| *at);
        let rivals = of_record.map(move |at| (at, if pairs[at].0 == record { pairs[at].1 } else { pairs[at].0 }));
        let is_level = move |at: usize| scores[link].log2_odds <= scores[at].log2_odds + LEVEL;
        let rivals = rivals.filter(move |(at, rival)| slot(*rival) == slot(other) && is_level(*at));
        rivals.map(move |(at, rival)| {
            // Who may be the same person is no rival.
            let may_be_same = place(other, rival).filter(|_| !are_siblings(scorer, other, rival));
            let same = may_be_same.map_or(0.0, |both| scores[both].probability());
            (at, scores[at].log2_odds.exp2() * (1.0 - same))
        })
    };
    let left = |link: usize| {
        let (one, other) = pairs[link];
        let mut rivals: Vec<(usize, f64)> =
            rivals_of(link, (one, other)).chain(rivals_of(link, (other, one))).collect();
        rivals.sort_unstable_by_key(|(at, _)| *at);
        let odds: f64 = rivals.iter().map(|(_, odds)| odds).sum();
        (!rivals.is_empty()).then(|| (link, scores[link].log2_odds - (1.0 + odds).log2()))
    };
    Level(links.into_par_iter().filter_map(left).collect())
}

/// A set of slots, one bit each.
type Slots = [u64; 4];

impl Rivals<'_> {
    fn weigh(&self, least: f64) -> Vec<(usize, f64)> {
        let is_apart = |at: &usize| {
            let (pair, [one, other]) = (self.pairs[*at], self.persons(self.pairs[*at]));
            // What their form says of siblings is more than a pair shows.
            self.scores[*at].log2_odds >= least && one != other && !are_siblings(self.terms.scorer, pair.0, pair.1)
        };
        let apart = (0..self.pairs.len()).into_par_iter().filter(is_apart);
        let mut apart: Vec<([u32; 2], usize)> = apart.map(|at| (self.both(self.pairs[at]), at)).collect();
        apart.par_sort_unstable();
        let mut persons: Vec<u32> = apart.iter().flat_map(|(both, _)| *both).collect();
        persons.par_sort_unstable();
        persons.dedup();
        let chains: FxHashMap<u32, Vec<f64>> = persons.into_par_iter().map(|own| (own, self.chains(own))).collect();
        let mut left: Vec<(usize, f64)> = apart
            .par_chunk_by(|one, next| one.0 == next.0)
            .flat_map_iter(|pairs| self.of_two(pairs, &chains))
            .collect();
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

    /// The pairs across two persons, and the odds that are left of each by what holds its records in these.
    fn of_two(&self, pairs: &[([u32; 2], usize)], chains: &FxHashMap<u32, Vec<f64>>) -> Vec<(usize, f64)> {
        let Some((both, _)) = pairs.first() else { return Vec::new() };
        let [first, second] = both.map(|person| self.resolution.records_of(person));
        let [of_first, of_second] = both.map(|person| chains.get(&person).map_or(&[][..], Vec::as_slice));
        let held = |count: usize, chains: &[f64], record: usize, by: usize| {
            if record == by { 1.0 } else { chains.get(place(count, record, by)).copied().unwrap_or(0.0) }
        };
        let once = self.once(first, second);
        let places = |(_, at): &([u32; 2], usize)| {
            let (one, other) = self.pairs[*at];
            let (one, other) = if self.persons((one, other))[0] == both[0] { (one, other) } else { (other, one) };
            (first.partition_point(|own| *own < one), second.partition_point(|own| *own < other), *at)
        };
        let mut pairs: Vec<(usize, usize, usize)> = pairs.iter().map(places).collect();
        pairs.sort_unstable();
        let mut left = Vec::with_capacity(pairs.len());
        for of_record in pairs.chunk_by(|(one, ..), (next, ..)| one == next) {
            let record = of_record[0].0;
            // The most that another record of the first person takes off, by each record of the second one.
            let mut others = vec![0.0f64; second.len()];
            for by in (0..first.len()).filter(|by| *by != record) {
                let held = held(first.len(), of_first, record, by);
                let once = &once[by * second.len()..];
                others.iter_mut().zip(once).for_each(|(most, once)| *most = most.max(once * held));
            }
            for (_, rival, at) in of_record {
                let own = |other: usize| if other == *rival { 0.0 } else { once[record * second.len() + other] };
                let held = |other: usize| others[other].max(own(other)) * held(second.len(), of_second, *rival, other);
                let unheld = 1.0 - (0..second.len()).map(held).fold(0.0, f64::max);
                left.push((*at, self.scores[*at].log2_odds.exp2() * unheld));
            }
        }
        left
    }

    /// For each record of the one person by each of the other, if both are in one slot, what is taken off the odds of a
    /// pair whose records surely are these persons': their own odds say how likely somebody is in the slot twice.
    fn once(&self, first: &[RecordId], second: &[RecordId]) -> Vec<f64> {
        let of_both = |one: RecordId, other: RecordId| {
            if self.slot(one) != self.slot(other) {
                return 0.0;
            }
            1.0 - self.terms.against((one.min(other), one.max(other)), self.score(one, other)).exp2()
        };
        first.iter().flat_map(|one| second.iter().map(move |other| of_both(*one, *other))).collect()
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
        let of_each = of_records.par_chunk_by(|one, next| one.0 == next.0);
        let others: Vec<f64> = of_each.flat_map_iter(|rivals| self.others(rivals, &of_persons)).collect();
        let others = |record: RecordId, person: u32| {
            let known = of_records.binary_search_by_key(&(record, person), |(own, rival, _)| (*own, *rival));
            known.map_or(0.0, |at| others[at])
        };
        let divided = |(at, odds): &(usize, f64)| {
            let (pair, [one, other]) = (self.pairs[*at], self.persons(self.pairs[*at]));
            (*at, (odds / (1.0 + others(pair.0, other)) / (1.0 + others(pair.1, one))).log2())
        };
        left.par_iter().map(divided).collect()
    }

    /// For each of the persons that a record may belong to, the odds of those among the others that are in a slot of
    /// it and are not the same one.
    fn others(&self, rivals: &[(u32, u32, f64)], of_persons: &[(u32, u32, f64)]) -> Vec<f64> {
        let slots: Vec<Slots> = rivals.iter().map(|(_, person, _)| self.slots(*person)).collect();
        let beside = |(at, (_, wanted, _)): (usize, &(u32, u32, f64))| {
            let from = of_persons.partition_point(|(own, ..)| own < wanted);
            let to = from + of_persons[from..].partition_point(|(own, ..)| own == wanted);
            let mut known = &of_persons[from..to];
            let mut same = |rival: u32| {
                known = &known[known.partition_point(|(_, other, _)| *other < rival)..];
                known.first().filter(|(_, other, _)| *other == rival).map_or(0.0, |(.., odds)| odds / (1.0 + odds))
            };
            let share_a_slot = |other: usize| slots[at].iter().zip(&slots[other]).any(|(own, other)| own & other != 0);
            let others = rivals.iter().enumerate().filter(|(other, _)| *other != at && share_a_slot(*other));
            others.map(|(_, (_, rival, odds))| odds * (1.0 - same(*rival))).sum()
        };
        rivals.iter().enumerate().map(beside).collect()
    }

    fn slots(&self, person: u32) -> Slots {
        let mut slots = Slots::default();
        for record in self.resolution.records_of(person) {
            let slot = usize::from(self.slot(*record));
            slots[slot / 64] |= 1 << (slot % 64);
        }
        slots
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
    use super::{LEVEL, Rivals, level};
    use crate::intake::study::Study;
    use crate::linkage::blocking::Pair;
    use crate::linkage::comparison::Comparer;
    use crate::linkage::comparison::household::Households;
    use crate::linkage::model::frequency::NameFrequencies;
    use crate::linkage::model::{em, measured, probability};
    use crate::linkage::resolution::{Resolution, Terms};
    use crate::linkage::scoring::{Score, Scorer};
    use crate::person::practice::{HEAD, Practice, source};
    use crate::person::table::PersonTable;

    /// A pair and its probability.
    type Left = (Pair, f64);

    /// What is left of the log2 odds of pairs of records, each with its person and slot: across persons, and of links
    /// with which others stand level.
    fn weighed(study: &Study, (persons, slots): (&[u32], &[u8]), pairs: &[(Pair, f64)]) -> Vec<(Pair, f64)> {
        let table = PersonTable::default();
        let comparer = Comparer::new(study, &table);
        let shares = measured::measure(&comparer, &table, &Households::of(&table), 1);
        let model = em::fit(&comparer, shares, Vec::new(), &Vec::new());
        let names = NameFrequencies::of(&table);
        let scorer = Scorer::new(&comparer, &table, &model, slots, &names);
        let (pairs, scores): (Vec<Pair>, Vec<Score>) = pairs.iter().map(|(pair, odds)| (*pair, score(*odds))).unzip();
        let terms = Terms { scorer: &scorer, minimum: 0.0, duplicates: vec![DUPLICATE; 3], support: None };
        let resolution = Resolution::from_labels(persons);
        let rivals = Rivals { terms, pairs: &pairs, scores: &scores, resolution: &resolution };
        let level = level(&scorer, (&pairs, &scores), &resolution, LEAST);
        rivals.weigh(LEAST).into_iter().chain(level.0).map(|(at, odds)| (pairs[at], odds)).collect()
    }

    const LEAST: f64 = -4.0;
    const DUPLICATE: f64 = -8.0;

    fn score(log2_odds: f64) -> Score {
        Score { weight: log2_odds + 10.0, log2_odds }
    }

    /// The same as probabilities, of a deed (record 0) and the rows of a father (1) and a son (2), of whom such records
    /// are one person, with these log2 odds.
    fn left(study: &Study, persons: [u32; 3], [father, son, both]: [f64; 3]) -> Vec<Left> {
        let left = weighed(study, (&persons, &[0, 1, 1]), &[((0, 1), father), ((0, 2), son), ((1, 2), both)]);
        left.into_iter().map(|(pair, odds)| (pair, probability(odds))).collect()
    }

    fn study() -> Study {
        let study = format!("{HEAD}{}", source("a", "roll", true, &[("name", "name")]));
        Practice::of(&[("a.csv", "id,name\n1,x\n")], &study).study
    }

    #[test]
    fn a_record_is_divided_among_those_whom_it_may_belong_to() {
        let study = study();
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

    #[test]
    fn what_is_left_of_many_pairs_is_what_each_by_itself_says() {
        let (persons, slots) = ([0, 0, 1, 1, 2, 2, 3, 4, 4], [0, 1, 0, 1, 1, 2, 2, 0, 2]);
        let records = 0..persons.len();
        let odds = |one: usize, other: usize| ((37 * one.min(other) + 11 * one.max(other)) % 23) as f64 / 2.0 - 6.0;
        let known = |own: usize, other: usize| probability(odds(own, other));
        let held = |own: usize, by: usize| if own == by { 1.0 } else { known(own, by) };
        let of = |person: u32| records.clone().filter(move |record| persons[*record] == person);
        let share = |one: u32, other: u32| of(one).any(|own| of(other).any(|other| slots[own] == slots[other]));
        let unheld = |one: usize, other: usize| {
            let both = of(persons[one]).flat_map(|own| of(persons[other]).map(move |rival| (own, rival)));
            let both = both.filter(|(own, rival)| slots[*own] == slots[*rival] && (*own, *rival) != (one, other));
            let left = |(own, rival): (usize, usize)| {
                let twice = (score(odds(own, rival)).weight + DUPLICATE).min(0.0).exp2();
                1.0 - (1.0 - twice) * held(one, own) * held(other, rival)
            };
            odds(one, other).exp2() * both.map(left).fold(1.0, f64::min)
        };
        let is_apart = |one: usize, other: usize| persons[one] != persons[other] && odds(one, other) >= LEAST;
        let best = |own: &dyn Fn(usize) -> bool, person: u32| {
            let pairs =
                records.clone().filter(|one| own(*one)).flat_map(|one| of(person).map(move |rival| (one, rival)));
            pairs
                .filter(|(one, rival)| is_apart(*one, *rival))
                .map(|(one, rival)| unheld(one, rival))
                .fold(0.0, f64::max)
        };
        let others = |record: usize, wanted: u32| -> f64 {
            let rivals = (0..5).filter(|rival| ![wanted, persons[record]].contains(rival) && share(*rival, wanted));
            let odds = rivals.map(|rival| {
                let same = best(&|one| persons[one] == rival, wanted);
                best(&|one| one == record, rival) * (1.0 - same / (1.0 + same))
            });
            odds.sum()
        };
        let pairs = records.clone().flat_map(|one| (one + 1..persons.len()).map(move |other| (one, other)));
        let pairs: Vec<(usize, usize)> = pairs.collect();
        let across = pairs.iter().filter(|(one, other)| is_apart(*one, *other)).map(|(one, other)| {
            let rivals = (1.0 + others(*one, persons[*other])) * (1.0 + others(*other, persons[*one]));
            (unheld(*one, *other) / rivals).log2()
        });
        let within = pairs.iter().filter(|(one, other)| persons[*one] == persons[*other]).filter_map(|(one, other)| {
            let level = [(*one, *other), (*other, *one)].into_iter().flat_map(|(own, other)| {
                let rivals =
                    records.clone().filter(move |rival| is_apart(own, *rival) && slots[*rival] == slots[other]);
                let rivals = rivals.filter(move |rival| odds(own, other) <= odds(own, *rival) + LEVEL);
                rivals.map(move |rival| odds(own, rival).exp2() * (1.0 - known(other, rival)))
            });
            let level: Vec<f64> = level.collect();
            (!level.is_empty()).then(|| odds(*one, *other) - (1.0 + level.iter().sum::<f64>()).log2())
        });
        let mut expected: Vec<f64> = across.chain(within).collect();
        let known: Vec<(Pair, f64)> =
            pairs.iter().map(|(one, other)| ((*one as u32, *other as u32), odds(*one, *other))).collect();
        let mut found: Vec<f64> = weighed(&study(), (&persons, &slots), &known).iter().map(|(_, odds)| *odds).collect();
        [&mut expected, &mut found].into_iter().for_each(|odds| odds.sort_by(f64::total_cmp));
        let is_near = |(one, other): (&f64, &f64)| (one - other).abs() < 1e-9;
        assert!(found.len() > 20 && found.len() == expected.len(), "{found:?}");
        assert!(found.iter().zip(&expected).all(is_near), "{found:?}, not {expected:?}");
    }
}
