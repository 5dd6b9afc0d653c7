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
use crate::linkage::comparison::{Comparer, Comparison, Pattern, Variable, id_number, name};
use crate::person::lexicon::Symbol;
use crate::person::table::{PersonTable, RecordId};

/// Random pairs drawn to measure u.
const RANDOM_PAIRS: usize = 160_000;
/// Pairs drawn for each text of those that share its value.
const SHARING_PAIRS: u64 = 20_000;
/// Pairs within households used to measure r.
const RELATIVE_PAIRS: usize = 80_000;
/// Weight of the expectation beside equal numbers, in numbers on a wrong line: a source has few of these.
const PRIOR_WRONG_LINES: f64 = 30.0;

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
    let before = expected(comparer, shares.clone(), slots(table, households).0);
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
    // By symbol, its place among those drawn, from 1.
    let mut places = vec![0u32; table.text_fields[text].counts.len()];
    let mut groups: Vec<Vec<RecordId>> = vec![Vec::new()];
    for (_, symbol) in &drawn {
        let place = &mut places[*symbol as usize];
        if *place == 0 {
            *place = u32::try_from(groups.len()).unwrap_or(0);
            groups.push(Vec::new());
        }
    }
    for (record, row) in (0..).zip(table.texts.rows()) {
        let place = places[row[text] as usize];
        if place != 0 {
            groups[place as usize].push(record);
        }
    }
    let records = |(at, symbol): &(u64, Symbol)| {
        let group = &groups[places[*symbol as usize] as usize];
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
        for (u, level) in u.iter_mut().zip(&comparison.levels).filter(|(_, level)| level.given_id) {
            *u = level.relatives;
        }
        normalise(&mut u, &comparison.levels);
        shares.u = u;
    }
}

/// r: levels among pairs of different members of one household, from the households of each source.
fn measure_relatives(comparer: &Comparer<'_>, households: &Households, shares: &mut [Shares]) {
    let patterns: Vec<Pattern> =
        household_pairs(households).par_iter().map(|(one, other)| comparer.compare(*one, *other)).collect();
    for (comparison, shares) in comparer.comparisons.iter().zip(shares.iter_mut()) {
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
        let own = |(level, _): &(usize, &mut f64)| !comparison.levels[*level].given_id;
        for (level, share) in shares.r.iter_mut().enumerate().skip(1).filter(own) {
            *share = (counts[level] + PRIOR_RELATIVES * comparison.levels[level].relatives.max(1e-6))
                / (total + PRIOR_RELATIVES);
        }
        normalise(&mut shares.r, &comparison.levels);
    }
    measure_beside_numbers(comparer, &patterns, shares);
}

/// The levels conditional on equal numbers where agreement is one of them: how often do dates agree of two members of a
/// household who have one number, as where a program fills in the date from the number? Names that have no more in
/// common than the family's tell them from one person entered twice.
fn measure_beside_numbers(comparer: &Comparer<'_>, patterns: &[Pattern], shares: &mut [Shares]) {
    let Some(names) = comparer.of(Variable::Name) else { return };
    let two_names = [name::SAME_FAMILY, name::DIFFERENT].map(usize::from);
    for (comparison, shares) in comparer.comparisons.iter().zip(shares) {
        let given: Vec<usize> = (1..comparison.levels.len()).filter(|at| comparison.levels[*at].given_id).collect();
        if given.len() < 2 {
            continue;
        }
        let mut counts = vec![0.0; comparison.levels.len()];
        for pattern in patterns.iter().filter(|pattern| two_names.contains(&names.level(**pattern))) {
            counts[comparison.level(*pattern)] += 1.0;
        }
        let total: f64 = given.iter().map(|at| counts[*at]).sum();
        for at in given {
            let expected = PRIOR_WRONG_LINES * comparison.levels[at].relatives;
            shares.r[at] = (counts[at] + expected) / (total + PRIOR_WRONG_LINES);
            shares.u[at] = shares.r[at];
        }
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

#[cfg(test)]
mod tests {
    use super::measure;
    use crate::linkage::comparison::household::Households;
    use crate::linkage::comparison::{Comparer, Variable, date};
    use crate::person::practice::{HEAD, Practice, source};

    /// r of written dates that agree beside equal numbers, where ten children stand on the roll with the number of a
    /// parent, and so many of them with the parent's birth date, too.
    fn agree_beside_numbers(filled_in: usize) -> f64 {
        let rows = (0..10).map(|at| {
            let child = if at < filled_in { "1980-01-01" } else { "2010-05-06" };
            format!("p{at},王伟,E1234567{at},1980-01-01,h{at}\nc{at},李宝,E1234567{at},{child},h{at}\n")
        });
        let rows = format!("id,name,number,birth,household\n{}", rows.collect::<String>());
        let columns = [("name", "name"), ("id_number", "number"), ("birth_date", "birth"), ("household", "household")];
        let study = format!("{HEAD}{}", source("roll", "roll", true, &columns));
        let practice = Practice::of(&[("roll.csv", &rows)], &study);
        let table = practice.table();
        let comparer = Comparer::new(&practice.study, &table);
        let shares = measure(&comparer, &table, &Households::of(&table), 1);
        let at = comparer.comparisons.iter().position(|comparison| comparison.variable == Variable::BirthDate);
        let shares = &shares[at.unwrap()];
        let [with, against] = [date::WITH_ID, date::AGAINST_ID].map(usize::from);
        assert!((shares.r[with] + shares.r[against] - 1.0).abs() < 1e-12, "{:?}", shares.r);
        assert!((shares.r[1..].iter().sum::<f64>() - 2.0).abs() < 1e-9, "the others sum to 1: {:?}", shares.r);
        assert!((shares.u[with] - shares.r[with]).abs() < 1e-12);
        shares.r[with]
    }

    #[test]
    fn where_dates_are_filled_in_from_the_number_their_agreement_says_little() {
        // The expectation, a twentieth, counts for thirty.
        assert!((agree_beside_numbers(0) - 1.5 / 40.0).abs() < 1e-12);
        assert!((agree_beside_numbers(10) - 11.5 / 40.0).abs() < 1e-12);
    }
}
