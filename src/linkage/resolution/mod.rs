//! Which records are one human being?
//!
//! Takes scored pairs, gives a [`Resolution`]: every record belongs to exactly one person. Within each connected
//! component of pairs that could be links, persons are built so that the total evidence is greatest:
//!
//! * evidence *for* a person of n records are its n−1 best pairs that hold it together (maximum spanning tree, log2
//!   odds);
//! * evidence *against* is every pair of its records whose comparison speaks against a match (negative log2 Bayes
//!   factor), and every pair of records of one slot: a register holds a person once, and how often it does not is
//!   estimated.
//!
//! Rows of one slot with two right numbers of one day and two names are twins, and rows of one household of a slot with
//! two names are two of its members: nothing makes up for that. So are two rows of one form of the roll whose names are
//! those of siblings, however well all else agrees.
//!
//! A pair that merely says nothing (everything missing) is neither. Start: join greedily, best evidence first. Where
//! anything speaks against the result, a small component is then resolved exactly, and in a larger one single records
//! move between persons as long as the total grows, so that a first choice that blocks two better ones is undone.

pub mod chain;
mod component;
mod form;
pub mod household;
pub mod housemates;
pub mod left_over;
mod pieces;
pub mod rivals;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::blocking::Pair;
use super::model::{WEIGHT_MAX, log2_odds};
use super::scoring::{Score, Scorer};
use crate::person::members::Members;
use crate::person::table::RecordId;
use component::resolve_component;
use household::Support;

/// Which person each record belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Resolution {
    /// Person of each record, dense from 0, numbered by their first record.
    pub person_of: Vec<u32>,
    /// Records by person.
    members: Members,
}

impl Resolution {
    /// Number of persons.
    #[must_use]
    pub fn persons(&self) -> usize {
        self.members.groups()
    }

    /// The records of a person.
    #[must_use]
    pub fn records_of(&self, person: u32) -> &[RecordId] {
        self.members.get(person)
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
        Resolution { members: Members::of_all(persons as usize, &person_of), person_of }
    }
}

/// On what terms records are one person.
struct Terms<'a> {
    scorer: &'a Scorer<'a>,
    /// Least log2 odds of a pair that holds records together.
    minimum: f64,
    /// By slot, what speaks against two records of it.
    duplicates: Vec<f64>,
    /// What households say of pairs that are compared only now.
    support: Option<Support<'a>>,
}

/// Resolves scored pairs into persons. Only pairs at or above `log2_odds_min` hold records together; pairs that are not
/// among these are compared where they matter, and have the support that a first resolution found.
#[must_use]
pub fn resolve(
    scorer: &Scorer<'_>,
    pairs: &[Pair],
    scores: &[Score],
    log2_odds_min: f64,
    support: Option<Support<'_>>,
) -> Resolution {
    let labels = labels_of_their_own(scorer.table.len());
    Terms::of(scorer, log2_odds_min, support).resolve(pairs, scores, &|_| true, labels)
}

/// Like [`resolve`], after the scores of the pairs at some positions have `changed`: what has nothing to do with these
/// stays as it was.
#[must_use]
pub fn resolve_again(
    scorer: &Scorer<'_>,
    pairs: &[Pair],
    scores: &[Score],
    log2_odds_min: f64,
    support: Option<Support<'_>>,
    (before, changed): (&Resolution, &[usize]),
) -> Resolution {
    let records = scorer.table.len();
    let mut around = labels_of_their_own(records);
    changed.iter().for_each(|at| join(&mut around, pairs[*at].0, pairs[*at].1));
    let around = joined(around, pairs, scores, log2_odds_min, &|_| true);
    let mut is_touched = vec![false; records];
    changed.iter().for_each(|at| is_touched[around[pairs[*at].0 as usize] as usize] = true);
    let touched = |record: RecordId| is_touched[around[record as usize] as usize];
    let as_before = |record: RecordId| before.records_of(before.person_of[record as usize])[0];
    let mut labels = labels_of_their_own(records);
    labels.par_iter_mut().filter(|label| !touched(**label)).for_each(|label| *label = as_before(*label));
    Terms::of(scorer, log2_odds_min, support).resolve(pairs, scores, &touched, labels)
}

fn labels_of_their_own(records: usize) -> Vec<u32> {
    (0..u32::try_from(records).unwrap_or(u32::MAX)).collect()
}

/// The component of each record: the first one that likely pairs connect it with, those pairs of which both are meant.
fn joined(
    mut root: Vec<u32>,
    pairs: &[Pair],
    scores: &[Score],
    log2_odds_min: f64,
    is_meant: &(dyn Fn(RecordId) -> bool + Sync),
) -> Vec<u32> {
    for ((one, other), score) in pairs.iter().zip(scores) {
        if score.log2_odds >= log2_odds_min && is_meant(*one) && is_meant(*other) {
            join(&mut root, *one, *other);
        }
    }
    (0..u32::try_from(root.len()).unwrap_or(u32::MAX)).map(|record| find(&mut root, record)).collect()
}

impl<'a> Terms<'a> {
    fn of(scorer: &'a Scorer<'a>, minimum: f64, support: Option<Support<'a>>) -> Terms<'a> {
        Terms { scorer, minimum, duplicates: duplicate_weights(scorer), support }
    }

    /// Resolves the records that are meant; the others keep their labels.
    fn resolve(
        &self,
        pairs: &[Pair],
        scores: &[Score],
        is_meant: &(dyn Fn(RecordId) -> bool + Sync),
        mut labels: Vec<u32>,
    ) -> Resolution {
        let components = joined(labels_of_their_own(labels.len()), pairs, scores, self.minimum, is_meant);
        let inside = |(at, (one, other)): (usize, &Pair)| {
            let component = components[*one as usize];
            let is_inside = component == components[*other as usize] && is_meant(*one);
            is_inside.then(|| (component, u32::try_from(at).unwrap_or(u32::MAX)))
        };
        let mut edges: Vec<(u32, u32)> = pairs.par_iter().enumerate().filter_map(inside).collect();
        edges.par_sort_unstable();
        let edges = pieces::of_components(edges, (pairs, scores), self.minimum);
        let components: Vec<&[(u32, u32)]> = edges.chunk_by(|(a, _), (b, _)| a == b).collect();
        let resolved: Vec<(RecordId, RecordId)> = components
            .par_iter()
            .fold(Vec::new, |mut labels, edges| {
                if let [(_, at)] = edges {
                    labels.extend(self.resolve_pair(pairs[*at as usize], scores[*at as usize]));
                } else {
                    labels.extend(resolve_component(self, pairs, scores, edges));
                }
                labels
            })
            .reduce(Vec::new, |mut all, mut more| {
                all.append(&mut more);
                all
            });
        for (record, label) in resolved {
            labels[record as usize] = label;
        }
        Resolution::from_labels(&labels)
    }

    /// Two records that have nobody else: one person, if more speaks for it than against it.
    fn resolve_pair(&self, (one, other): Pair, score: Score) -> Option<(RecordId, RecordId)> {
        let against = self.against((one, other), score);
        (score.log2_odds - self.minimum + against > 0.0).then_some((other, one))
    }

    /// log2 of the odds that a person who is in a slot once is in it twice.
    fn duplicate(&self, slot: u8) -> f64 {
        self.duplicates[usize::from(slot)]
    }

    /// What speaks against two records being one person, at most 0.
    fn against(&self, (one, other): Pair, score: Score) -> f64 {
        let slots = (self.scorer.slot_of[one as usize], self.scorer.slot_of[other as usize]);
        if slots.0 != slots.1 {
            return score.weight.min(0.0);
        }
        let is_unlikely = score.log2_odds < self.minimum;
        if form::are_siblings(self.scorer, one, other)
            || is_unlikely && (form::are_twins(self.scorer, one, other) || form::are_members(self.scorer, one, other))
        {
            return -WEIGHT_MAX;
        }
        (score.weight + self.duplicate(slots.0)).min(0.0)
    }
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
            log2_odds(rate)
        })
        .collect()
}
