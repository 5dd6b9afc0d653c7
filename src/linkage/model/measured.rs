//! How often do the levels occur among strangers and relatives?
//!
//! Takes the records and who lives with whom, gives [`Shares`]: u is measured on random pairs and by the collision of
//! values (Σf² is exact where a random sample sees nothing), r on pairs within households; m is the expectation, which
//! a fit starts from.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::expected::{PRIOR_RELATIVES, expected};
use super::slot::slots;
use super::{Shares, dependence, frequency, normalise};
use crate::linkage::comparison::household::Households;
use crate::linkage::comparison::{Comparer, Comparison, Pattern, Variable};
use crate::person::table::{PersonTable, RecordId};

/// Random pairs drawn to measure u.
const RANDOM_PAIRS: usize = 160_000;
/// Pairs drawn for each text of those that share its value.
const SHARING_PAIRS: u64 = 20_000;
/// Pairs within households used to measure r.
const RELATIVE_PAIRS: usize = 80_000;

/// Measures u (on random pairs) and r (on pairs within households), and sets m to its expectation. `seed` decides the
/// random pairs. Done once; every fit starts from it.
#[must_use]
pub fn measure(comparer: &Comparer<'_>, table: &PersonTable, households: &Households, seed: u64) -> Vec<Shares> {
    let mut shares: Vec<Shares> = comparer
        .comparisons
        .iter()
        .map(|comparison| Shares {
            comparison: comparison.name.clone(),
            levels: comparison.levels.iter().map(|level| level.name.clone()).collect(),
            m: comparison.levels.iter().map(|level| level.m).collect(),
            u: Vec::new(),
            r: comparison.levels.iter().map(|level| level.relatives).collect(),
            given: None,
        })
        .collect();
    let random = random_patterns(comparer, table, seed);
    measure_strangers(comparer, table, &random, &mut shares);
    measure_relatives(comparer, households, &mut shares);
    for (comparison, shares) in comparer.comparisons.iter().zip(&mut shares).filter(|(one, _)| one.own) {
        for level in 1..shares.r.len() {
            shares.r[level] = shares.u[level] + 0.5 * comparison.levels[level].relatives;
        }
        normalise(&mut shares.r, &comparison.levels);
    }
    let before = expected(comparer, shares.clone(), slots(table).0);
    let sharing = comparer.comparisons.iter().map(|comparison| sharing_patterns(comparer, table, comparison, seed));
    let samples = dependence::Samples { random, sharing: sharing.collect() };
    for (shares, given) in shares.iter_mut().zip(dependence::measure(&before, &samples)) {
        shares.given = given;
    }
    shares
}

/// The patterns of random pairs, the same for the same seed.
fn random_patterns(comparer: &Comparer<'_>, table: &PersonTable, seed: u64) -> Vec<Pattern> {
    let records = u32::try_from(table.len()).unwrap_or(u32::MAX);
    if records < 2 {
        return Vec::new();
    }
    (0..RANDOM_PAIRS as u64 / 1000)
        .into_par_iter()
        .flat_map_iter(|block| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (block << 20));
            (0..1000).map(move |_| (rng.random_range(0..records), rng.random_range(0..records))).collect::<Vec<_>>()
        })
        .filter(|(one, other)| one != other)
        .map(|(one, other)| comparer.compare(one, other))
        .collect()
}

/// The patterns of pairs that share the value of a text, each such pair as likely as any other: of these random pairs
/// have few.
fn sharing_patterns(comparer: &Comparer<'_>, table: &PersonTable, comparison: &Comparison, seed: u64) -> Vec<Pattern> {
    let Variable::Text(text) = comparison.variable else { return Vec::new() };
    let value = |record: &RecordId| table.texts.get(*record, usize::from(text));
    let mut records: Vec<RecordId> = (0..u32::try_from(table.len()).unwrap_or(u32::MAX)).collect();
    records.retain(|record| value(record) != 0);
    records.sort_by_key(value);
    let mut groups: Vec<(u64, &[RecordId])> = Vec::new();
    let mut pairs = 0;
    for group in records.chunk_by(|a, b| value(a) == value(b)).filter(|group| group.len() > 1) {
        pairs += group.len() as u64 * (group.len() as u64 - 1);
        groups.push((pairs, group));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (u64::from(text) + 1) << 40);
    let draws = if pairs == 0 { 0 } else { (pairs / 2).min(SHARING_PAIRS) };
    let drawn: Vec<(RecordId, RecordId)> = (0..draws)
        .map(|_| {
            let pair = rng.random_range(0..pairs);
            let (end, group) = groups[groups.partition_point(|(end, _)| *end <= pair)];
            let others = group.len() as u64 - 1;
            let at = end - 1 - pair;
            let (one, other) = ((at / others) as usize, (at % others) as usize);
            (group[one], group[if other >= one { other + 1 } else { other }])
        })
        .collect();
    drawn.into_par_iter().map(|(one, other)| comparer.compare(one, other)).collect()
}

/// u: levels among random pairs; where a whole value must be equal, the chance that two random values are.
fn measure_strangers(comparer: &Comparer<'_>, table: &PersonTable, patterns: &[Pattern], shares: &mut [Shares]) {
    for (comparison, shares) in comparer.comparisons.iter().zip(shares) {
        let mut counts = vec![0u64; comparison.levels.len()];
        for pattern in patterns {
            counts[comparison.level(*pattern)] += 1;
        }
        let seen: u64 = counts.iter().skip(1).sum();
        // Half a pair for a level never seen among strangers, shared out over the levels.
        let floor = 0.5 / (seen as f64 + 1.0);
        let mut u: Vec<f64> =
            counts.iter().map(|count| (*count as f64).max(floor * seen as f64) / (seen as f64 + 1.0)).collect();
        if seen == 0 {
            // No two records have both values: nothing is known of strangers, and relatives are the nearest to them.
            u = comparison.levels.iter().map(|level| level.relatives.max(1e-6)).collect();
        }
        if let Some(exact) = frequency::collision(table, comparison.variable) {
            u[1] = exact;
            if matches!(comparison.variable, Variable::IdNumber) && u.len() > 5 {
                // Levels that need a near-equal number: no sample sees them; a slip has some 200 neighbours of 1e11
                // numbers, a mask leaves about as many as the region has numbers per ending.
                u[2] = u[2].max(exact).min(1e-4);
                u[3] = exact.max(1e-7);
            }
        }
        if matches!(comparison.variable, Variable::Household) {
            u = vec![0.0, 1e-6, 2e-5, 0.999_979];
        }
        if matches!(comparison.variable, Variable::Mother) {
            u = vec![0.0, 1e-6, 1e-5, 0.999_987, 1e-6, 1e-6];
        }
        normalise(&mut u, &comparison.levels);
        shares.u = u;
    }
}

/// r: levels among pairs of different members of one household, from the households of each source.
fn measure_relatives(comparer: &Comparer<'_>, households: &Households, shares: &mut [Shares]) {
    let patterns: Vec<Pattern> =
        household_pairs(households).par_iter().map(|(one, other)| comparer.compare(*one, *other)).collect();
    for (comparison, shares) in comparer.comparisons.iter().zip(shares) {
        let mut counts = vec![0.0f64; comparison.levels.len()];
        for pattern in &patterns {
            counts[comparison.level(*pattern)] += 1.0;
        }
        // The same number twice in a household is one person entered twice, or a relative's number on the wrong line:
        // the sample cannot tell, so the expectation stands for the levels of (near) equality.
        let doubtful: usize = match comparison.variable {
            Variable::IdNumber => 3,
            Variable::Name => 2,
            _ => 0,
        };
        if matches!(comparison.variable, Variable::Household | Variable::Mother) {
            continue;
        }
        for (level, count) in counts.iter_mut().enumerate().skip(1).take(doubtful) {
            *count = count.min(comparison.levels[level].relatives * patterns.len() as f64);
        }
        let total: f64 = counts.iter().skip(1).sum();
        for (level, share) in shares.r.iter_mut().enumerate().skip(1) {
            *share = (counts[level] + PRIOR_RELATIVES * comparison.levels[level].relatives.max(1e-6))
                / (total + PRIOR_RELATIVES);
        }
        normalise(&mut shares.r, &comparison.levels);
    }
}

/// Pairs of different records of one household, evenly by order if there are many.
fn household_pairs(households: &Households) -> Vec<(RecordId, RecordId)> {
    let members = || (1..=households.last()).map(|household| households.get(household));
    let total: usize = members().map(|members| members.len() * members.len().saturating_sub(1) / 2).sum();
    let pairs = members().flat_map(|members| {
        let with_later = move |at: usize| members[at + 1..].iter().map(move |other| (members[at], *other));
        (0..members.len()).flat_map(with_later)
    });
    pairs.step_by(total / RELATIVE_PAIRS + 1).collect()
}
