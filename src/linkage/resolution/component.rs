//! Which records of one component are one human being?
//!
//! Takes the records of a connected component and what their pairs say, gives persons of greatest total evidence:
//! joined greedily, then exactly if they are few, else by exchanges.

mod exchange;

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use super::Terms;
use crate::linkage::blocking::Pair;
use crate::linkage::scoring::Score;
use crate::person::table::RecordId;

/// A pair of records inside a component with its score.
type Edges = FxHashMap<(u32, u32), Score>;

/// Components of at most so many records are resolved exactly.
const EXACT_RECORDS_MAX: usize = 10;

/// Components larger than this are joined greedily without the second step.
const IMPROVED_RECORDS_MAX: usize = 400;

/// So are those of more likely pairs. Each of them is held against all that their records have, in every round: where
/// nothing tells hundreds of records from one another that is minutes, and one choice is as good as another.
const IMPROVED_LINKS_MAX: usize = 2_000;

/// While components of at most so many records are joined, what two persons' pairs say is summed anew after every join:
/// of few records that is quick. Of many it would take the cube of their number, where most of their pairs are likely.
const SUMMED_ANEW_RECORDS_MAX: usize = 100;

/// Weight of the pairs that are not likely. Measured on ten sets (docs/method.md): without them noisy records chain
/// persons together, with their full weight a person's worst record is lost.
const DOUBT: f64 = 0.5;

/// The most that one pair is doubted, in bits.
const DOUBT_MAX: f64 = 10.0;

/// A component being resolved: its records, and what every pair of them says.
struct Component<'a> {
    terms: &'a Terms<'a>,
    records: Vec<RecordId>,
    edges: Edges,
}

/// What speaks against the pairs of a person, each at most 0.
///
/// That somebody is in a slot twice is unlikely, and what the two records share may make up for it. Twins share the
/// same facts in every slot: in the next one they are no news, and make up for nothing.
#[derive(Default)]
struct Against {
    /// Of pairs of different slots.
    between: f64,
    /// By slot, of its pairs: what is left when the facts make up for it, and in full.
    within: Vec<(u8, f64, f64)>,
}

impl Against {
    /// The sum; the facts make up for one of the slots `twice`, which the person is in twice already, or for one of
    /// all.
    fn total(&self, twice: &[u8]) -> f64 {
        let in_full: f64 = self.within.iter().map(|(.., in_full)| in_full).sum();
        let may_be = |slot: u8| twice.is_empty() || twice == [slot];
        let made_up = self.within.iter().filter(|(slot, ..)| may_be(*slot)).map(|(_, sum, in_full)| sum - in_full);
        self.between + in_full + made_up.fold(0.0, f64::max)
    }

    fn add_all(&mut self, other: &Against) {
        self.between += other.between;
        other.within.iter().for_each(|within| self.add_within(*within));
    }

    fn add_within(&mut self, (slot, made_up, in_full): (u8, f64, f64)) {
        match self.within.iter_mut().find(|(own, ..)| *own == slot) {
            Some((_, sum, sum_in_full)) => (*sum, *sum_in_full) = (*sum + made_up, *sum_in_full + in_full),
            None => self.within.push((slot, made_up, in_full)),
        }
    }
}

/// What the pairs between two persons say.
struct Between {
    /// The greatest log2 odds of one.
    best: f64,
    against: Against,
    doubts: f64,
}

impl Default for Between {
    fn default() -> Between {
        Between { best: f64::NEG_INFINITY, against: Against::default(), doubts: 0.0 }
    }
}

impl Between {
    /// Of a person and one that was joined of two.
    fn and(mut self, other: Between) -> Between {
        self.best = self.best.max(other.best);
        self.against.add_all(&other.against);
        self.doubts += other.doubts;
        self
    }
}

/// A person while persons are joined.
#[derive(Default)]
struct Joined {
    /// None once they belong to another person.
    records: Vec<u32>,
    /// The doubts of all pairs of the records.
    doubts: f64,
    /// Slots of which there are two records or more.
    twice: Vec<u8>,
    /// Persons with a likely pair to this one, some of them more than once.
    neighbours: Vec<u32>,
    /// How often records came or went: what was queued before is out of date.
    version: u32,
}

/// Resolves the component of these edges: their labels, with their positions among `pairs`. Gives every record its
/// person's first one.
pub(super) fn resolve_component(
    terms: &Terms<'_>,
    pairs: &[Pair],
    scores: &[Score],
    edges: &[(u32, u32)],
) -> Vec<(RecordId, RecordId)> {
    let edges = || edges.iter().map(|(_, at)| (pairs[*at as usize], scores[*at as usize]));
    let mut records: Vec<RecordId> = edges().flat_map(|((one, other), _)| [one, other]).collect();
    records.sort_unstable();
    records.dedup();
    let place = |record: RecordId| u32::try_from(records.partition_point(|other| *other < record)).unwrap_or(u32::MAX);
    let edges: Edges = edges().map(|((one, other), score)| ((place(one), place(other)), score)).collect();
    let mut component = Component { terms, records: Vec::new(), edges };
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
        let scorer = self.terms.scorer;
        let (pattern, support) = (scorer.comparer.compare(a, b), self.terms.support);
        let score = scorer.score(support.map_or(pattern, |support| support.filled(pattern, (a, b))), a, b);
        self.edges.insert(key, score);
        score
    }

    /// Adds what speaks against two records being one person.
    fn add_against(&self, against: &mut Against, score: Score, one: u32, other: u32) {
        let (a, b) = (self.slot(one), self.slot(other));
        let made_up = self.against_of(score, one, other);
        if a != b {
            against.between += made_up;
            return;
        }
        let in_full = (score.weight.min(0.0) + self.terms.duplicate(a)).min(made_up);
        against.add_within((a, made_up, in_full));
    }

    /// The slots of which a person has two records or more.
    fn held_twice(&self, person: &[u32]) -> Vec<u8> {
        let mut slots: Vec<u8> = person.iter().map(|at| self.slot(*at)).collect();
        slots.sort_unstable();
        slots.chunk_by(|a, b| a == b).filter(|run| run.len() > 1).map(|run| run[0]).collect()
    }

    fn slot(&self, at: u32) -> u8 {
        self.terms.scorer.slot_of[self.records[at as usize] as usize]
    }

    /// What speaks against two records being one person, at most 0.
    fn against(&mut self, one: u32, other: u32) -> f64 {
        let score = self.score(one, other);
        self.against_of(score, one, other)
    }

    fn against_of(&self, score: Score, one: u32, other: u32) -> f64 {
        let pair = (self.records[one as usize], self.records[other as usize]);
        self.terms.against(pair, score)
    }

    /// What the pairs of a slot that are not likely say, at most 0: the share of it that each record of a person of so
    /// many answers for.
    fn doubt(&mut self, one: u32, other: u32) -> f64 {
        let score = self.score(one, other);
        self.doubt_of(score, one, other)
    }

    fn doubt_of(&self, score: Score, one: u32, other: u32) -> f64 {
        if self.slot(one) != self.slot(other) {
            return 0.0;
        }
        (score.log2_odds - self.terms.minimum).clamp(-DOUBT_MAX, 0.0)
    }

    /// The doubts of all pairs of a person, one for each record.
    fn doubts(&mut self, person: &[u32]) -> f64 {
        let mut total = 0.0;
        for (at, one) in person.iter().enumerate() {
            for other in &person[at + 1..] {
                total += self.doubt(*one, *other);
            }
        }
        total
    }

    /// What the pairs between two persons say.
    fn between(&mut self, one: &[u32], other: &[u32]) -> Between {
        let mut between = Between::default();
        for a in one {
            for b in other {
                let score = self.score(*a, *b);
                between.best = between.best.max(score.log2_odds);
                self.add_against(&mut between.against, score, *a, *b);
                between.doubts += self.doubt_of(score, *a, *b);
            }
        }
        between
    }

    /// Evidence gained by making one person of two.
    fn gain(&self, one: &Joined, other: &Joined, between: &Between) -> f64 {
        let (n, k) = (one.records.len() as f64, other.records.len() as f64);
        let doubts = (one.doubts + other.doubts + between.doubts) / (n + k) - one.doubts / n - other.doubts / k;
        let mut twice = [one.twice.as_slice(), &other.twice].concat();
        twice.sort_unstable();
        twice.dedup();
        between.best - self.terms.minimum + between.against.total(&twice) + DOUBT * doubts
    }

    fn join_greedily(&mut self) -> Vec<Vec<u32>> {
        self.join_summing(self.records.len() > SUMMED_ANEW_RECORDS_MAX)
    }

    /// Joins greedily; what was summed between a joined person and another is kept for when these are joined to others,
    /// or summed anew.
    fn join_summing(&mut self, keeps_sums: bool) -> Vec<Vec<u32>> {
        let count = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        let alone = |at| Joined { records: vec![at], ..Joined::default() };
        let mut persons: Vec<Joined> = (0..count).map(alone).collect();
        let mut kept: FxHashMap<(u32, u32), Between> = FxHashMap::default();
        let mut queue = BinaryHeap::new();
        let mut edges: Vec<(u32, u32)> = self
            .edges
            .iter()
            .filter(|(_, score)| score.log2_odds >= self.terms.minimum)
            .map(|(pair, _)| *pair)
            .collect();
        edges.sort_unstable();
        for (one, other) in edges {
            persons[one as usize].neighbours.push(other);
            persons[other as usize].neighbours.push(one);
            let between = self.between(&[one], &[other]);
            let gain = self.gain(&persons[one as usize], &persons[other as usize], &between);
            queue.push(Merge { gain, one, other, versions: (0, 0) });
        }
        while let Some(Merge { gain, one, other, versions: made }) = queue.pop() {
            if gain <= 0.0 {
                break;
            }
            let (a, b) = (one as usize, other as usize);
            if made != (persons[a].version, persons[b].version) {
                continue;
            }
            let moved = std::mem::take(&mut persons[b]);
            persons[b].version = moved.version + 1;
            let stayed = std::mem::take(&mut persons[a]);
            persons[a] = self.joined(&stayed, &moved);
            let mut around = [stayed.neighbours.as_slice(), &moved.neighbours].concat();
            around.retain(|next| *next != one && *next != other && !persons[*next as usize].records.is_empty());
            around.sort_unstable();
            around.dedup();
            for next in &around {
                let at = *next as usize;
                let mut with = |person: u32, records: &[u32]| {
                    let sum = kept.remove(&(person.min(*next), person.max(*next)));
                    sum.unwrap_or_else(|| self.between(records, &persons[at].records))
                };
                let between = if keeps_sums {
                    with(one, &stayed.records).and(with(other, &moved.records))
                } else {
                    self.between(&persons[a].records, &persons[at].records)
                };
                let gain = self.gain(&persons[a], &persons[at], &between);
                queue.push(Merge { gain, one, other: *next, versions: (persons[a].version, persons[at].version) });
                if keeps_sums {
                    kept.insert((one.min(*next), one.max(*next)), between);
                }
                persons[at].neighbours.push(one);
            }
            persons[a].neighbours = around;
        }
        persons.into_iter().map(|person| person.records).filter(|records| !records.is_empty()).collect()
    }

    /// One person of two, whose neighbours are not yet known.
    fn joined(&mut self, stayed: &Joined, moved: &Joined) -> Joined {
        let mut between = 0.0;
        for x in &stayed.records {
            between += moved.records.iter().map(|y| self.doubt(*x, *y)).sum::<f64>();
        }
        let mut records = [stayed.records.as_slice(), &moved.records].concat();
        records.sort_unstable();
        let twice = self.held_twice(&records);
        let doubts = stayed.doubts + (moved.doubts + between);
        Joined { records, doubts, twice, neighbours: Vec::new(), version: stayed.version + 1 }
    }

    /// The evidence of a person: its best spanning tree, less what speaks against its pairs.
    fn evidence(&mut self, person: &[u32]) -> f64 {
        if person.len() < 2 {
            return 0.0;
        }
        let mut against = Against::default();
        for (at, one) in person.iter().enumerate() {
            for other in &person[at + 1..] {
                let score = self.score(*one, *other);
                self.add_against(&mut against, score, *one, *other);
            }
        }
        let mut total = against.total(&[]);
        total += DOUBT * self.doubts(person) / person.len() as f64;
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
            total += best[nearest] - self.terms.minimum;
            outside.retain(|at| *at != nearest);
            for at in &outside {
                best[*at] = best[*at].max(self.score(person[nearest], person[*at]).log2_odds);
            }
        }
        total
    }

    /// The second step, where the greedy join may have been wrong: exactly if the component is small, else by
    /// exchanges.
    fn settle(&mut self, persons: &mut Vec<Vec<u32>>) {
        let count = self.records.len();
        if count <= 2 || count > IMPROVED_RECORDS_MAX || self.is_undisputed(persons) {
            return;
        }
        if count <= EXACT_RECORDS_MAX {
            *persons = self.resolve_exactly();
        } else {
            self.improve(persons, IMPROVED_LINKS_MAX);
        }
    }

    /// Is it all one person, and nothing speaks against it?
    fn is_undisputed(&mut self, persons: &[Vec<u32>]) -> bool {
        let [person] = persons else { return false };
        if self.held_twice(person).len() > 1 {
            return false;
        }
        let disputed = |component: &mut Self, at: usize| {
            person[at + 1..]
                .iter()
                .any(|other| component.against(person[at], *other) + component.doubt(person[at], *other) < 0.0)
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
}

#[cfg(test)]
mod tests;
