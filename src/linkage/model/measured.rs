//! How often do the levels occur among strangers and relatives?
//!
//! Takes the records and who lives with whom, gives [`Shares`]: u is measured on random pairs and by the collision of
//! values (Σf² is exact where a random sample sees nothing), r on pairs within households; m is the expectation, which
//! a fit starts from.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::expected::{PRIOR_RELATIVES, expected};
use super::slot::slots;
use super::{Shares, dependence, frequency, normalise};
use crate::linkage::comparison::household::Households;
use crate::linkage::comparison::{Comparer, Comparison, Pattern, Variable, id_number};
use crate::person::lexicon::Symbol;
use crate::person::table::{PersonTable, RecordId};

/// Random pairs drawn to measure u.
const RANDOM_PAIRS: usize = 160_000;
/// Pairs drawn for each text of those that share its value.
const SHARING_PAIRS: u64 = 20_000;
/// Pairs within households used to measure r.
const RELATIVE_PAIRS: usize = 80_000;

/// Strangers of whom one number fits the other's mask, at most: a mask that leaves date and ending leaves about as many
/// numbers as the region has of that ending. A judgement.
const FITS_MASK_MAX: f64 = 1e-4;
/// Strangers whose numbers are a slip apart, at least: a number has some 200 that are so near, of 1e11; and not all are
/// as likely. A judgement.
const ONE_SLIP_MIN: f64 = 1e-7;

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
    for (comparison, shares) in comparer.comparisons.iter().zip(&mut shares).filter(|(one, _)| one.is_own()) {
        for level in 1..shares.r.len() {
            shares.r[level] = shares.u[level] + 0.5 * comparison.levels[level].relatives;
        }
        normalise(&mut shares.r, &comparison.levels);
    }
    let before = expected(comparer, shares.clone(), slots(table).0);
    let sharing = |comparison: &Comparison| sharing_patterns(comparer, table, comparison, seed);
    let samples = dependence::Samples { random, sharing: comparer.comparisons.par_iter().map(sharing).collect() };
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

/// Can pairs be drawn that show how often the levels occur?
fn is_measured(comparison: &Comparison) -> bool {
    comparison.levels.iter().all(|level| level.strangers.is_none())
}

/// The patterns of pairs that share the value of a text, each such pair as likely as any other: of these random pairs
/// have few.
fn sharing_patterns(comparer: &Comparer<'_>, table: &PersonTable, comparison: &Comparison, seed: u64) -> Vec<Pattern> {
    let Variable::Text(text) = comparison.variable else { return Vec::new() };
    let text = usize::from(text);
    // By symbol with two records or more, the ordered pairs up to its own.
    let mut pairs = 0;
    let mut ends: Vec<(u64, Symbol)> = Vec::new();
    for (symbol, records) in (0..).zip(&table.text_fields[text].counts).skip(1).filter(|(_, records)| **records > 1) {
        pairs += u64::from(*records) * (u64::from(*records) - 1);
        ends.push((pairs, symbol));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (text as u64 + 1) << 40);
    let draws = if pairs == 0 { 0 } else { (pairs / 2).min(SHARING_PAIRS) };
    let drawn: Vec<(u64, Symbol)> = (0..draws)
        .map(|_| {
            let pair = rng.random_range(0..pairs);
            let (end, symbol) = ends[ends.partition_point(|(end, _)| *end <= pair)];
            (end - 1 - pair, symbol)
        })
        .collect();
    let mut groups: FxHashMap<Symbol, Vec<RecordId>> = drawn.iter().map(|(_, symbol)| (*symbol, Vec::new())).collect();
    for record in 0..u32::try_from(table.len()).unwrap_or(u32::MAX) {
        if let Some(group) = groups.get_mut(&table.texts.get(record, text)) {
            group.push(record);
        }
    }
    let records = |(at, symbol): &(u64, Symbol)| {
        let group = &groups[symbol];
        let others = group.len() as u64 - 1;
        let (one, other) = ((at / others) as usize, (at % others) as usize);
        (group[one], group[if other >= one { other + 1 } else { other }])
    };
    let drawn: Vec<(RecordId, RecordId)> = drawn.iter().map(records).collect();
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
            if matches!(comparison.variable, Variable::IdNumber) {
                // Levels that need a near-equal number: no sample sees them.
                let [fits_mask, one_slip] = [id_number::FITS_MASK, id_number::ONE_SLIP].map(usize::from);
                u[fits_mask] = u[fits_mask].max(exact).min(FITS_MASK_MAX);
                u[one_slip] = exact.max(ONE_SLIP_MIN);
            }
        }
        for (u, level) in u.iter_mut().zip(&comparison.levels).filter(|_| !is_measured(comparison)) {
            *u = level.strangers.unwrap_or(0.0);
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
        if !is_measured(comparison) {
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
