//! Which records are one human being?
//!
//! Takes scored pairs, gives a [`Resolution`]: every record belongs to exactly one person. Within each connected
//! component of pairs that could be links, persons are built so that the total evidence is greatest:
//!
//! * evidence *for* a person of n records are its n−1 best pairs that hold it together (maximum spanning tree, log2 odds);
//! * evidence *against* is every pair of its records whose comparison speaks against a match (negative log2 Bayes factor),
//!   and every pair of records of one slot: a register holds a person once, and how often it does not is estimated.
//!
//! A pair that merely says nothing (everything missing) is neither. Start: join greedily, best evidence first. Where
//! anything speaks against the result, a small component is then resolved exactly, and in a larger one single records
//! move between persons as long as the total grows, so that a first choice that blocks two better ones is undone.

pub mod household;

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::blocking::Pair;
use super::scoring::{Score, Scorer};
use crate::person::table::RecordId;

/// Which person each record belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolution {
    /// Person of each record, dense from 0, numbered by their first record.
    pub person_of: Vec<u32>,
    /// Where each person's records begin in `records`; one more entry than persons.
    pub starts: Vec<u32>,
    /// Records grouped by person, ascending within.
    pub records: Vec<RecordId>,
}

impl Resolution {
    /// Number of persons.
    #[must_use]
    pub fn persons(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The records of a person.
    #[must_use]
    pub fn records_of(&self, person: u32) -> &[RecordId] {
        let at = person as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(&start), Some(&end)) => self.records.get(start as usize..end as usize).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// From any labelling of the records.
    #[must_use]
    pub fn from_labels(labels: &[u32]) -> Resolution {
        let mut persons = 0u32;
        let mut next = || {
            persons += 1;
            persons - 1
        };
        // Labels are mostly records, and a table is quicker than a map.
        let most = labels.iter().max().map_or(0, |label| *label as usize + 1);
        let person_of: Vec<u32> = if most <= 2 * labels.len() {
            let mut numbers = vec![u32::MAX; most];
            let mut number = |label: &u32| {
                let number = &mut numbers[*label as usize];
                if *number == u32::MAX {
                    *number = next();
                }
                *number
            };
            labels.iter().map(&mut number).collect()
        } else {
            let mut numbers: FxHashMap<u32, u32> = FxHashMap::default();
            labels.iter().map(|label| *numbers.entry(*label).or_insert_with(&mut next)).collect()
        };
        let mut starts = vec![0u32; persons as usize + 1];
        for person in &person_of {
            starts[*person as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut records = vec![0; person_of.len()];
        for (record, person) in (0..).zip(&person_of) {
            let place = &mut next[*person as usize];
            records[*place as usize] = record;
            *place += 1;
        }
        Resolution { person_of, starts, records }
    }
}

/// A pair of records inside a component with its score.
type Edges = FxHashMap<(u32, u32), Score>;

/// Components of at most so many records are resolved exactly.
const EXACT_RECORDS_MAX: usize = 10;

/// Components larger than this are joined greedily without the second step.
const IMPROVED_RECORDS_MAX: usize = 400;

/// Resolves scored pairs into persons. Only pairs at or above `log2_odds_min` hold records together.
#[must_use]
pub fn resolve(scorer: &Scorer<'_>, pairs: &[Pair], scores: &[Score], log2_odds_min: f64) -> Resolution {
    let records = scorer.table.len();
    let mut root: Vec<u32> = (0..u32::try_from(records).unwrap_or(u32::MAX)).collect();
    for ((one, other), score) in pairs.iter().zip(scores) {
        if score.log2_odds >= log2_odds_min {
            join(&mut root, *one, *other);
        }
    }
    let labels: Vec<u32> =
        (0..u32::try_from(records).unwrap_or(u32::MAX)).map(|record| find(&mut root, record)).collect();
    let inside = |(at, (one, other)): (u32, &Pair)| {
        let label = labels[*one as usize];
        (label == labels[*other as usize]).then_some((label, at))
    };
    let mut edges: Vec<(u32, u32)> = (0u32..).zip(pairs).filter_map(inside).collect();
    edges.par_sort_unstable();
    let components: Vec<&[(u32, u32)]> = edges.chunk_by(|(a, _), (b, _)| a == b).collect();
    let duplicates = duplicate_weights(scorer);
    let resolved: Vec<(RecordId, RecordId)> = components
        .par_iter()
        .fold(Vec::new, |mut labels, edges| {
            if let [(_, at)] = edges {
                labels.extend(resolve_pair(
                    scorer,
                    pairs[*at as usize],
                    scores[*at as usize],
                    log2_odds_min,
                    &duplicates,
                ));
            } else {
                labels.extend(resolve_component(scorer, pairs, scores, edges, log2_odds_min, &duplicates));
            }
            labels
        })
        .reduce(Vec::new, |mut all, mut more| {
            all.append(&mut more);
            all
        });
    let mut labels: Vec<u32> = (0..u32::try_from(records).unwrap_or(u32::MAX)).collect();
    for (record, label) in resolved {
        labels[record as usize] = label;
    }
    Resolution::from_labels(&labels)
}

/// Two records that have nobody else: one person, if more speaks for it than against it.
fn resolve_pair(
    scorer: &Scorer<'_>,
    (one, other): Pair,
    score: Score,
    minimum: f64,
    duplicates: &[f64],
) -> Option<(RecordId, RecordId)> {
    let against = against(scorer, (one, other), score, duplicates);
    (score.log2_odds - minimum + against > 0.0).then_some((other, one))
}

/// What speaks against two records being one person, at most 0.
fn against(scorer: &Scorer<'_>, (one, other): Pair, score: Score, duplicates: &[f64]) -> f64 {
    let slots = (scorer.slot_of[one as usize], scorer.slot_of[other as usize]);
    let duplicate = if slots.0 == slots.1 { duplicates[usize::from(slots.0)] } else { 0.0 };
    (score.weight + duplicate).min(0.0)
}

fn find(root: &mut [u32], mut record: u32) -> u32 {
    while root[record as usize] != record {
        root[record as usize] = root[root[record as usize] as usize];
        record = root[record as usize];
    }
    record
}

fn join(root: &mut [u32], one: u32, other: u32) {
    let (one, other) = (find(root, one), find(root, other));
    root[one.max(other) as usize] = one.min(other);
}

/// For each slot, log2 of the odds that a person who is in it once is in it twice, as the fit found it.
fn duplicate_weights(scorer: &Scorer<'_>) -> Vec<f64> {
    (0..scorer.model.slots.len())
        .map(|slot| {
            if scorer.comparer.one_to_one {
                return -1000.0;
            }
            let class = &scorer.model.classes[scorer.model.class(slot, slot)];
            let records = scorer.model.slots[slot].records as f64;
            let rate = (2.0 * class.matches * class.pairs / records.max(1.0)).clamp(1e-6, 0.5);
            (rate / (1.0 - rate)).log2()
        })
        .collect()
}

/// A component being resolved: its records, and what every pair of them says.
struct Component<'a> {
    scorer: &'a Scorer<'a>,
    records: Vec<RecordId>,
    edges: Edges,
    duplicates: &'a [f64],
    minimum: f64,
}

fn resolve_component(
    scorer: &Scorer<'_>,
    pairs: &[Pair],
    scores: &[Score],
    edges: &[(u32, u32)],
    minimum: f64,
    duplicates: &[f64],
) -> Vec<(RecordId, RecordId)> {
    let edges = || edges.iter().map(|(_, at)| (pairs[*at as usize], scores[*at as usize]));
    let mut records: Vec<RecordId> = edges().flat_map(|((one, other), _)| [one, other]).collect();
    records.sort_unstable();
    records.dedup();
    let place = |record: RecordId| u32::try_from(records.partition_point(|other| *other < record)).unwrap_or(u32::MAX);
    let edges: Edges = edges().map(|((one, other), score)| ((place(one), place(other)), score)).collect();
    let mut component = Component { scorer, records: Vec::new(), edges, duplicates, minimum };
    component.records = records;
    let mut persons = component.join_greedily();
    component.settle(&mut persons);
    persons
        .iter()
        .flat_map(|person| {
            let label = person.iter().copied().min().unwrap_or(0);
            person.iter().map(move |at| (*at, label))
        })
        .map(|(at, label)| (component.records[at as usize], component.records[label as usize]))
        .collect()
}

/// Persons as they would be after a record has moved: position and members; a position past the end is a new person.
type Exchange = Vec<(usize, Vec<u32>)>;

/// Two persons that may be one, in the queue of the greedy join.
#[derive(PartialEq)]
struct Merge {
    gain: f64,
    one: u32,
    other: u32,
    versions: (u32, u32),
}

impl Eq for Merge {}

impl Ord for Merge {
    fn cmp(&self, other: &Merge) -> Ordering {
        self.gain.total_cmp(&other.gain).then_with(|| (other.one, other.other).cmp(&(self.one, self.other)))
    }
}

impl PartialOrd for Merge {
    fn partial_cmp(&self, other: &Merge) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Component<'_> {
    /// The score of two of the component's records; a pair that no blocking rule gave is compared now.
    fn score(&mut self, one: u32, other: u32) -> Score {
        let key = (one.min(other), one.max(other));
        if let Some(score) = self.edges.get(&key) {
            return *score;
        }
        let (a, b) = (self.records[key.0 as usize], self.records[key.1 as usize]);
        let score = self.scorer.score(self.scorer.comparer.compare(a, b), a, b);
        self.edges.insert(key, score);
        score
    }

    /// What speaks against two records being one person, at most 0.
    fn against(&mut self, one: u32, other: u32) -> f64 {
        let score = self.score(one, other);
        let pair = (self.records[one as usize], self.records[other as usize]);
        against(self.scorer, pair, score, self.duplicates)
    }

    /// Evidence gained by making one person of two.
    fn gain(&mut self, one: &[u32], other: &[u32]) -> f64 {
        let mut best = f64::NEG_INFINITY;
        let mut against = 0.0;
        for a in one {
            for b in other {
                best = best.max(self.score(*a, *b).log2_odds);
                against += self.against(*a, *b);
            }
        }
        best - self.minimum + against
    }

    fn join_greedily(&mut self) -> Vec<Vec<u32>> {
        let count = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        let mut persons: Vec<Vec<u32>> = (0..count).map(|at| vec![at]).collect();
        let mut versions = vec![0u32; persons.len()];
        let mut neighbours: Vec<Vec<u32>> = vec![Vec::new(); persons.len()];
        let mut queue = BinaryHeap::new();
        let mut edges: Vec<(u32, u32)> =
            self.edges.iter().filter(|(_, score)| score.log2_odds >= self.minimum).map(|(pair, _)| *pair).collect();
        edges.sort_unstable();
        for (one, other) in edges {
            neighbours[one as usize].push(other);
            neighbours[other as usize].push(one);
            let gain = self.gain(&[one], &[other]);
            queue.push(Merge { gain, one, other, versions: (0, 0) });
        }
        while let Some(Merge { gain, one, other, versions: made }) = queue.pop() {
            if gain <= 0.0 {
                break;
            }
            let (a, b) = (one as usize, other as usize);
            if made != (versions[a], versions[b]) || persons[a].is_empty() || persons[b].is_empty() {
                continue;
            }
            let moved = std::mem::take(&mut persons[b]);
            persons[a].extend(moved);
            persons[a].sort_unstable();
            versions[a] += 1;
            versions[b] += 1;
            let mut around: Vec<u32> = std::mem::take(&mut neighbours[b]);
            around.extend_from_slice(&neighbours[a]);
            around.retain(|next| *next != one && *next != other && !persons[*next as usize].is_empty());
            around.sort_unstable();
            around.dedup();
            for next in &around {
                let (members, others) = (persons[a].clone(), persons[*next as usize].clone());
                let gain = self.gain(&members, &others);
                neighbours[*next as usize].push(one);
                queue.push(Merge { gain, one, other: *next, versions: (versions[a], versions[*next as usize]) });
            }
            neighbours[a] = around;
        }
        persons.retain(|person| !person.is_empty());
        persons
    }

    /// The evidence of a person: its best spanning tree, less what speaks against its pairs.
    fn evidence(&mut self, person: &[u32]) -> f64 {
        if person.len() < 2 {
            return 0.0;
        }
        let mut total = 0.0;
        for (at, one) in person.iter().enumerate() {
            for other in &person[at + 1..] {
                total += self.against(*one, *other);
            }
        }
        // Prim's tree: persons are small.
        let mut best: Vec<f64> = person
            .iter()
            .map(|other| if *other == person[0] { 0.0 } else { self.score(person[0], *other).log2_odds })
            .collect();
        let mut outside: Vec<usize> = (1..person.len()).collect();
        while !outside.is_empty() {
            let Some(nearest) = outside.iter().copied().max_by(|a, b| best[*a].total_cmp(&best[*b]).then(b.cmp(a)))
            else {
                break;
            };
            total += best[nearest] - self.minimum;
            outside.retain(|at| *at != nearest);
            for at in &outside {
                best[*at] = best[*at].max(self.score(person[nearest], person[*at]).log2_odds);
            }
        }
        total
    }

    /// The second step, where the greedy join may have been wrong: exactly if the component is small, else by exchanges.
    fn settle(&mut self, persons: &mut Vec<Vec<u32>>) {
        let count = self.records.len();
        if count <= 2 || count > IMPROVED_RECORDS_MAX || self.is_undisputed(persons) {
            return;
        }
        if count <= EXACT_RECORDS_MAX {
            *persons = self.resolve_exactly();
        } else {
            self.improve(persons);
        }
    }

    /// Is it all one person, and nothing speaks against it?
    fn is_undisputed(&mut self, persons: &[Vec<u32>]) -> bool {
        let [person] = persons else { return false };
        let disputed = |component: &mut Self, at: usize| {
            person[at + 1..].iter().any(|other| component.against(person[at], *other) < 0.0)
        };
        (0..person.len()).all(|at| !disputed(self, at))
    }

    /// The partition of greatest total evidence, by dynamic programming over subsets: the person of the first record
    /// left is one of the subsets that hold it. 3ⁿ steps for n records.
    fn resolve_exactly(&mut self) -> Vec<Vec<u32>> {
        let count = self.records.len();
        let members = |set: usize| (0..count as u32).filter(|at| set >> at & 1 == 1).collect::<Vec<u32>>();
        let evidence: Vec<f64> = (0..1usize << count).map(|set| self.evidence(&members(set))).collect();
        let mut best = vec![(0.0, 0usize); 1 << count];
        for set in 1..1usize << count {
            let first = set & set.wrapping_neg();
            let rest = set ^ first;
            let mut others = rest;
            let mut greatest = (f64::NEG_INFINITY, first);
            loop {
                let person = others | first;
                let total = evidence[person] + best[set ^ person].0;
                if total > greatest.0 + 1e-9 {
                    greatest = (total, person);
                }
                if others == 0 {
                    break;
                }
                others = (others - 1) & rest;
            }
            best[set] = greatest;
        }
        let mut persons = Vec::new();
        let mut set = (1usize << count) - 1;
        while set != 0 {
            persons.push(members(best[set].1));
            set ^= best[set].1;
        }
        persons
    }

    /// Moves single records between persons while the total evidence grows.
    fn improve(&mut self, persons: &mut Vec<Vec<u32>>) {
        let held = self.edges.iter().filter(|(_, score)| score.log2_odds >= self.minimum);
        let mut links: Vec<(u32, u32)> = held.map(|(pair, _)| *pair).collect();
        links.sort_unstable();
        let mut neighbours: Vec<Vec<u32>> = vec![Vec::new(); self.records.len()];
        for (one, other) in &links {
            neighbours[*one as usize].push(*other);
            neighbours[*other as usize].push(*one);
        }
        let mut person_of = vec![0usize; self.records.len()];
        for (at, person) in persons.iter().enumerate() {
            person.iter().for_each(|record| person_of[*record as usize] = at);
        }
        for _ in 0..IMPROVEMENT_ROUNDS_MAX {
            let mut changed = false;
            for (one, other) in &links {
                if person_of[*one as usize] != person_of[*other as usize] {
                    changed |= self.bring_together(persons, &mut person_of, &neighbours, *one, *other);
                }
            }
            if !changed {
                break;
            }
        }
        persons.retain(|person| !person.is_empty());
    }

    /// Tries the rearrangements that bring two records of different persons together; carries out the one that gains
    /// most, if any does.
    fn bring_together(
        &mut self,
        persons: &mut Vec<Vec<u32>>,
        person_of: &mut [usize],
        neighbours: &[Vec<u32>],
        one: u32,
        other: u32,
    ) -> bool {
        let mut exchanges = self.exchanges(persons, person_of, neighbours, one, person_of[other as usize]);
        exchanges.extend(self.exchanges(persons, person_of, neighbours, other, person_of[one as usize]));
        let mut best: Option<(f64, Exchange)> = None;
        for exchange in exchanges {
            let gain: f64 = exchange
                .iter()
                .map(|(at, after)| self.evidence(after) - persons.get(*at).map_or(0.0, |before| self.evidence(before)))
                .sum();
            if gain > 1e-9 && best.as_ref().is_none_or(|(most, _)| gain > *most) {
                best = Some((gain, exchange));
            }
        }
        let Some((_, exchange)) = best else { return false };
        for (at, person) in exchange {
            if at == persons.len() {
                persons.push(Vec::new());
            }
            person.iter().for_each(|record| person_of[*record as usize] = at);
            persons[at] = person;
        }
        true
    }

    /// The ways a record may join a person: it comes alone, or drives out the one record of its slot, which then takes
    /// its place, stands alone, or joins a third person that it has a link to.
    fn exchanges(
        &self,
        persons: &[Vec<u32>],
        person_of: &[usize],
        neighbours: &[Vec<u32>],
        mover: u32,
        target: usize,
    ) -> Vec<Exchange> {
        let source = person_of[mover as usize];
        let slot = |at: u32| self.scorer.slot_of[self.records[at as usize] as usize];
        let without = |person: usize, record: u32| -> Vec<u32> {
            persons[person].iter().copied().filter(|at| *at != record).collect()
        };
        let with = |mut person: Vec<u32>, record: u32| {
            person.push(record);
            person.sort_unstable();
            person
        };
        let left = without(source, mover);
        let mut exchanges = vec![vec![(source, left.clone()), (target, with(persons[target].clone(), mover))]];
        let rivals: Vec<u32> = persons[target].iter().copied().filter(|rival| slot(*rival) == slot(mover)).collect();
        let &[rival] = rivals.as_slice() else { return exchanges };
        let joined = with(without(target, rival), mover);
        exchanges.push(vec![(source, with(left.clone(), rival)), (target, joined.clone())]);
        let left_and_joined = vec![(source, left), (target, joined)];
        let mut thirds: Vec<usize> =
            neighbours[rival as usize].iter().map(|record| person_of[*record as usize]).collect();
        thirds.sort_unstable();
        thirds.dedup();
        for third in thirds.into_iter().filter(|third| *third != source && *third != target) {
            let mut exchange = left_and_joined.clone();
            exchange.push((third, with(persons[third].clone(), rival)));
            exchanges.push(exchange);
        }
        let mut alone = left_and_joined;
        alone.push((persons.len(), vec![rival]));
        exchanges.push(alone);
        exchanges
    }
}

/// Rounds of improvement after which a component is left as it is.
const IMPROVEMENT_ROUNDS_MAX: u32 = 8;

#[cfg(test)]
mod tests;
