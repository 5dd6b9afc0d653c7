//! How good is it, held against the truth?
//!
//! Takes the tables of a run and a [`Truth`], gives a [`Quality`]: precision, recall and F1 of links and persons, the
//! calibration of match probabilities, and what the ranked list of missed persons is worth.
//!
//! Pairs are counted by the sizes of groups and never listed: with nₐ records of source a in a group there are
//! `nₐ·n_b` pairs between a and b, and nₐ(nₐ−1)/2 within a. Groups by person of the run give the pairs it implies,
//! groups by true person the true ones, groups by both the right ones. A record that the truth does not know is left
//! out; a true record that the run set aside counts as missed.

mod missed;

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;

use rayon::prelude::*;
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::files::{DiscrepancyRow, LinkRow, PersonRow};

/// Lower ends of the bands of match probability.
const BANDS: [f64; 9] = [0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999, 0.9999];

/// Who is who, in truth.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Truth {
    /// Source, record id and person of every record.
    pub records: Vec<(String, String, String)>,
    /// What the persons are to the census, if that is known.
    pub persons: Option<Vec<TruePerson>>,
    /// Name of the roll's source, if there is a roll.
    pub roll: Option<String>,
    /// Sources that it knows and the run does not have, in order; `records` has none of theirs.
    pub sources_left_out: Vec<String>,
}

/// What a person is to the census.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruePerson {
    /// The person, as the records name it.
    pub person: String,
    /// Counted here by the rules of the census.
    pub resident: bool,
    /// There is a row of the roll by which the person is counted.
    pub enumerated: bool,
}

/// What a run is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// Records of the run that the truth knows.
    pub records: u64,
    /// Records of the run that it does not know; they are left out.
    pub records_unknown: u64,
    /// Records of the truth that the run does not have: set aside, or read from another file.
    pub records_absent: u64,
    /// Sources of the truth that the run does not have: their records are left out.
    pub sources_left_out: Vec<String>,
    /// Does the truth have records of a roll of the run?
    pub has_roll: bool,
    /// Pairs with decision `link` between the roll and registers, against all true ones; without a roll, between
    /// different sources.
    pub links: Counts,
    /// Pairs of records of one person in `persons.parquet`, against all true ones.
    pub persons: Counts,
    /// Persons of the run whose records are exactly those of a true person.
    pub persons_exact: u64,
    /// Persons of the run.
    pub persons_run: u64,
    /// Persons of the truth with at least one record.
    pub persons_true: u64,
    /// As `persons`, by pair of sources.
    pub by_sources: Vec<SourcePair>,
    /// Calibration of the match probability.
    pub reliability: Vec<Band>,
    /// Expected calibration error: over ten bands of equal width, the matches that are more or fewer than their
    /// probabilities promise, as a share of the listed pairs; `None` if no pair is listed.
    pub calibration_error: Option<f64>,
    /// Discrepancies by kind, and how many of them are expected to be real.
    pub discrepancies: BTreeMap<String, Expected>,
    /// The list of missed persons, if the truth says who was missed.
    pub missed: Option<MissedList>,
}

/// How many pairs there are, were found, and were found rightly. Written with what follows: precision, recall, F1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// True pairs.
    pub truth: u64,
    /// Pairs found.
    pub found: u64,
    /// Pairs found that are true.
    pub right: u64,
}

impl Counts {
    /// Share of what was found that is true; `None` if nothing was found.
    #[must_use]
    pub fn precision(self) -> Option<f64> {
        share(self.right, self.found)
    }

    /// Share of what is true that was found; `None` if there is nothing to find.
    #[must_use]
    pub fn recall(self) -> Option<f64> {
        share(self.right, self.truth)
    }

    /// Harmonic mean of precision and recall.
    #[must_use]
    pub fn f1(self) -> Option<f64> {
        share(2 * self.right, self.truth + self.found)
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut counts = serializer.serialize_struct("Counts", 6)?;
        counts.serialize_field("truth", &self.truth)?;
        counts.serialize_field("found", &self.found)?;
        counts.serialize_field("right", &self.right)?;
        counts.serialize_field("precision", &self.precision())?;
        counts.serialize_field("recall", &self.recall())?;
        counts.serialize_field("f1", &self.f1())?;
        counts.end()
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The pairs between two sources, or within one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourcePair {
    /// The one source.
    pub one: String,
    /// The other; the same one for pairs within it.
    pub other: String,
    /// The counts.
    pub pairs: Counts,
}

/// Pairs of a band of match probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Band {
    /// Its lower end; it ends where the next one begins.
    pub from: f64,
    /// Pairs in it, links and possible links.
    pub pairs: u64,
    /// Matches expected: the sum of their probabilities.
    pub expected: f64,
    /// Matches in truth.
    pub matches: u64,
}

/// How many there are, and how many are expected to be real.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Expected {
    /// Number listed.
    pub listed: u64,
    /// Sum of their probabilities.
    pub expected: f64,
}

/// What the ranked list of missed persons is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MissedList {
    /// Persons truly missed who are in a register: residents who were not enumerated.
    pub missed: u64,
    /// Length of the list.
    pub listed: u64,
    /// What else is listed: persons of whom the truth knows no record in a register.
    pub unknown: u64,
    /// Mean, over the truly missed, of the precision of the list down to each; 0 for one that is not on it.
    pub average_precision: f64,
    /// What visits to the first so many would find: as many as are missed, twice as many, all.
    pub visits: Vec<Visits>,
}

/// Visits to the head of the list.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Visits {
    /// How many.
    pub visits: u64,
    /// Truly missed persons found, each counted once.
    pub found: u64,
    /// What the probabilities promised.
    pub expected: f64,
}

/// Holds the tables of a run against the truth.
#[must_use]
pub fn evaluate(persons: &[PersonRow], links: &[LinkRow], discrepancies: &[DiscrepancyRow], truth: &Truth) -> Quality {
    let known = Known::of(truth);
    let judged = known.judge(persons);
    let true_pairs = pairs_by_sources(known.records.iter().map(|record| (record.person, record.source)).collect());
    let found = pairs_by_sources(judged.iter().map(|record| (record.cluster, record.source)).collect());
    let both = judged.iter().map(|record| ((record.cluster, record.person), record.source)).collect();
    let right = pairs_by_sources(both);
    let by_sources = known.by_sources(&true_pairs, &found, &right);
    let (persons_exact, persons_run) = exact_persons(&known, &judged);
    let mut of_kinds: BTreeMap<String, Expected> = BTreeMap::new();
    for row in discrepancies {
        let kind = of_kinds.entry(row.kind.clone()).or_default();
        kind.listed += 1;
        kind.expected += row.probability;
    }
    Quality {
        records: judged.len() as u64,
        records_unknown: (persons.len() - judged.len()) as u64,
        records_absent: (known.records.len() as u64).saturating_sub(judged.len() as u64),
        sources_left_out: truth.sources_left_out.clone(),
        has_roll: known.roll.is_some(),
        links: known.links(links, &true_pairs),
        persons: sum(by_sources.iter().map(|pair| pair.pairs)),
        persons_exact,
        persons_run,
        persons_true: known.persons as u64,
        by_sources,
        reliability: known.reliability(links),
        calibration_error: known.calibration_error(links),
        discrepancies: of_kinds,
        missed: known.missed(&judged, discrepancies),
    }
}

/// All counts together.
pub fn sum(all: impl Iterator<Item = Counts>) -> Counts {
    all.fold(Counts::default(), |sum, one| Counts {
        truth: sum.truth + one.truth,
        found: sum.found + one.found,
        right: sum.right + one.right,
    })
}

/// A record of the truth in numbers.
#[derive(Debug, Clone, Copy)]
struct TrueRecord {
    source: u32,
    person: u64,
}

/// A record of the run that the truth knows.
#[derive(Debug, Clone, Copy)]
struct Judged {
    source: u32,
    person: u64,
    cluster: u64,
}

/// The truth with everything numbered.
struct Known<'t> {
    truth: &'t Truth,
    /// Names of the sources, sorted.
    sources: Vec<&'t str>,
    roll: Option<u32>,
    records: Vec<TrueRecord>,
    place: FxHashMap<(&'t str, &'t str), u32>,
    number: FxHashMap<&'t str, u64>,
    persons: usize,
}

impl<'t> Known<'t> {
    fn of(truth: &'t Truth) -> Known<'t> {
        let mut sources: Vec<&str> = truth.records.iter().map(|(source, _, _)| source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        let source_at = |name: &str| sources.binary_search(&name).ok().and_then(|at| u32::try_from(at).ok());
        let roll = truth.roll.as_deref().and_then(source_at);
        let mut number: FxHashMap<&str, u64> = FxHashMap::default();
        let mut place: FxHashMap<(&str, &str), u32> =
            FxHashMap::with_capacity_and_hasher(truth.records.len(), FxBuildHasher);
        let mut records = Vec::with_capacity(truth.records.len());
        for (source, record, person) in &truth.records {
            let next = number.len() as u64;
            let person = *number.entry(person).or_insert(next);
            let at = u32::try_from(records.len()).unwrap_or(u32::MAX);
            // A record that is listed twice counts once.
            if let Entry::Vacant(free) = place.entry((source.as_str(), record.as_str())) {
                free.insert(at);
                records.push(TrueRecord { source: source_at(source).unwrap_or(0), person });
            }
        }
        let persons = number.len();
        Known { truth, sources, roll, records, place, number, persons }
    }

    fn find(&self, source: &str, record: &str) -> Option<TrueRecord> {
        self.place.get(&(source, record)).and_then(|at| self.records.get(*at as usize)).copied()
    }

    fn judge(&self, persons: &[PersonRow]) -> Vec<Judged> {
        let judge = |row: &PersonRow| {
            let TrueRecord { source, person } = self.find(&row.source, &row.record_id)?;
            Some(Judged { source, person, cluster: row.person })
        };
        persons.iter().filter_map(judge).collect()
    }

    /// Links between roll and registers, or between different sources where there is no roll.
    fn links(&self, links: &[LinkRow], true_pairs: &PairCounts) -> Counts {
        let counts = |one: u32, other: u32| match self.roll {
            Some(roll) => (one == roll) != (other == roll),
            None => one != other,
        };
        let truth = true_pairs.iter().filter(|((one, other), _)| counts(*one, *other)).map(|(_, pairs)| pairs).sum();
        let mut result = Counts { truth, ..Counts::default() };
        for link in links.iter().filter(|link| link.decision == "link") {
            if let Some((one, other)) = self.both(link)
                && counts(one.source, other.source)
            {
                result.found += 1;
                result.right += u64::from(one.person == other.person);
            }
        }
        result
    }

    fn both(&self, link: &LinkRow) -> Option<(TrueRecord, TrueRecord)> {
        Some((self.find(&link.one.0, &link.one.1)?, self.find(&link.other.0, &link.other.1)?))
    }

    fn reliability(&self, links: &[LinkRow]) -> Vec<Band> {
        let mut bands = BANDS.map(|from| Band { from, pairs: 0, expected: 0.0, matches: 0 });
        for link in links {
            let Some((one, other)) = self.both(link) else { continue };
            if let Some(band) = bands.iter_mut().rev().find(|band| link.match_probability >= band.from) {
                band.pairs += 1;
                band.expected += link.match_probability;
                band.matches += u64::from(one.person == other.person);
            }
        }
        bands.into_iter().filter(|band| band.pairs > 0).collect()
    }

    fn calibration_error(&self, links: &[LinkRow]) -> Option<f64> {
        let (mut surplus, mut pairs) = ([0.0; 10], 0u32);
        for link in links {
            let Some((one, other)) = self.both(link) else { continue };
            let band = (link.match_probability * 10.0) as usize;
            if let Some(surplus) = surplus.get_mut(band.min(9)) {
                *surplus += f64::from(u8::from(one.person == other.person)) - link.match_probability;
                pairs += 1;
            }
        }
        (pairs > 0).then(|| surplus.iter().map(|surplus: &f64| surplus.abs()).sum::<f64>() / f64::from(pairs))
    }

    fn by_sources(&self, truth: &PairCounts, found: &PairCounts, right: &PairCounts) -> Vec<SourcePair> {
        let mut pairs = Vec::new();
        for (one, first) in (0u32..).zip(&self.sources) {
            for (other, second) in (0u32..).zip(&self.sources).skip(one as usize) {
                let of = |counts: &PairCounts| counts.get(&(one, other)).copied().unwrap_or(0);
                let counts = Counts { truth: of(truth), found: of(found), right: of(right) };
                if counts != Counts::default() {
                    pairs.push(SourcePair { one: (*first).to_owned(), other: (*second).to_owned(), pairs: counts });
                }
            }
        }
        pairs
    }
}

/// Number of pairs within groups, by their sources; the lower source first.
type PairCounts = BTreeMap<(u32, u32), u64>;

fn pairs_by_sources<G: Ord + Copy + Send>(mut members: Vec<(G, u32)>) -> PairCounts {
    members.par_sort_unstable();
    let mut pairs = PairCounts::new();
    for group in members.chunk_by(|one, other| one.0 == other.0).filter(|group| group.len() > 1) {
        let sizes: Vec<(u32, u64)> = group.chunk_by(|one, other| one.1 == other.1).filter_map(size_of_run).collect();
        for (at, (one, size)) in sizes.iter().enumerate() {
            if *size > 1 {
                *pairs.entry((*one, *one)).or_default() += size * (size - 1) / 2;
            }
            for (other, others) in sizes.iter().skip(at + 1) {
                *pairs.entry((*one, *other)).or_default() += size * others;
            }
        }
    }
    pairs
}

fn size_of_run<G>(run: &[(G, u32)]) -> Option<(u32, u64)> {
    run.first().map(|(_, source)| (*source, run.len() as u64))
}

/// Persons of the run whose records are exactly a true person's, and all persons of the run.
fn exact_persons(known: &Known<'_>, judged: &[Judged]) -> (u64, u64) {
    let mut sizes = vec![0u64; known.persons];
    for record in &known.records {
        if let Some(size) = usize::try_from(record.person).ok().and_then(|person| sizes.get_mut(person)) {
            *size += 1;
        }
    }
    let mut members: Vec<(u64, u64)> = judged.iter().map(|record| (record.cluster, record.person)).collect();
    members.par_sort_unstable();
    let (mut exact, mut all) = (0, 0);
    for cluster in members.chunk_by(|one, other| one.0 == other.0) {
        all += 1;
        let Some((_, person)) = cluster.first() else { continue };
        let whole = usize::try_from(*person).ok().and_then(|person| sizes.get(person)) == Some(&(cluster.len() as u64));
        exact += u64::from(whole && cluster.iter().all(|(_, other)| other == person));
    }
    (exact, all)
}

#[cfg(test)]
mod tests;
