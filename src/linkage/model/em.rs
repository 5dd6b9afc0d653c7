//! Which shares of the levels make the patterns that were seen most likely?
//!
//! Expectation–maximisation (Dempster, Laird, Rubin 1977; for linkage Winkler 1988) on pattern counts: the cost is that
//! of the patterns, not of the pairs. All pairs of a class count, compared or not: a pair that no blocking rule gave is
//! taken as no match, so m is not biased towards what a rule requires (a rule on places does not teach *same place*).
//!
//! u is measured on random pairs and by the collision of values (Σf² is exact where a random sample sees nothing), r on
//! pairs within households. m starts from the expectation written beside each level, which also acts as a Dirichlet
//! prior: a level that is never seen keeps a finite weight.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

pub use super::counts::{
    PatternCounts, PatternWeights, add_counts, add_weights, change_patterns, count_patterns, subtract_counts,
};
use super::{Likelihoods, Model, PairClass, Shares, Slot, class_index};
use super::{dependence, frequency};
use crate::linkage::comparison::date;
use crate::linkage::comparison::household::Households;
use crate::linkage::comparison::id_number::EQUAL as ID_EQUAL;
use crate::linkage::comparison::level::Level;
use crate::linkage::comparison::{Comparer, Pattern, Variable};
use crate::person::table::{PersonTable, RecordId};

/// Pairs of which it is known what they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Label {
    /// Their class.
    pub class: u32,
    /// Their pattern.
    pub pattern: Pattern,
    /// Are they matches?
    pub same: bool,
    /// For how many pairs they stand.
    pub weight: f64,
}

/// Random pairs drawn to measure u.
const RANDOM_PAIRS: usize = 160_000;
/// Pairs within households used to measure r.
const RELATIVE_PAIRS: usize = 80_000;
/// Weight of the expected m, in matches.
const PRIOR_MATCHES: f64 = 30.0;
/// Expected share of matches that live where they lived.
const STAY: f64 = 0.85;
/// Expected share of relatives that are a family.
const FAMILY: f64 = 0.8;
/// Weight of the expected r, in pairs.
const PRIOR_RELATIVES: f64 = 200.0;
const ITERATIONS_MAX: u32 = 200;

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
    for (shares, given) in shares.iter_mut().zip(dependence::measure(&before, &random)) {
        shares.given = given;
    }
    shares
}

/// The model before any pair is looked at: what the levels lead one to expect.
#[must_use]
pub fn expected(comparer: &Comparer<'_>, shares: Vec<Shares>, slots: Vec<Slot>) -> Model {
    let classes = starting_classes(&slots);
    let comparisons = comparer.comparisons.clone();
    let has_places = comparisons.iter().any(|comparison| comparison.place);
    let (stay, family) = if has_places { (STAY, FAMILY) } else { (1.0, 1.0) };
    let (left_over, log_likelihood) = (Vec::new(), Vec::new());
    Model { slots, classes, shares, stay, family, left_over, iterations: 0, log_likelihood, comparisons }
}

/// Fits m and the shares of matches and relatives to the pattern counts.
#[must_use]
pub fn fit(comparer: &Comparer<'_>, shares: Vec<Shares>, slots: Vec<Slot>, counts: &PatternCounts) -> Model {
    let weights: PatternWeights = counts.iter().map(|(key, count)| (*key, *count as f64)).collect();
    fit_to(comparer, shares, slots, &weights, &[])
}

/// Like [`fit`], with labels: pairs known to be matches or none, whose posterior is what they are.
#[must_use]
pub fn fit_to(
    comparer: &Comparer<'_>,
    shares: Vec<Shares>,
    slots: Vec<Slot>,
    counts: &PatternWeights,
    labels: &[Label],
) -> Model {
    let mut model = expected(comparer, shares, slots);
    iterate(&mut model, counts, labels);
    // Random pairs hold matches, too: in a small file in which persons have many records, most pairs that agree on a
    // telling field are matches. What the fit takes for matches is no part of u.
    if model.comparisons.iter().any(|comparison| matches!(comparison.variable, Variable::Text(_))) {
        let mixed: Vec<Vec<f64>> = model.shares.iter().map(|shares| shares.u.clone()).collect();
        for _ in 0..UNMIXING_ROUNDS {
            unmix(&mut model, &mixed);
            iterate(&mut model, counts, labels);
        }
    }
    model
}

/// Rounds in which u is freed of the matches among random pairs.
const UNMIXING_ROUNDS: u32 = 2;

pub(super) fn iterate(model: &mut Model, counts: &PatternWeights, labels: &[Label]) {
    let mut before = f64::NEG_INFINITY;
    for turn in 0..ITERATIONS_MAX {
        let after = step(model, counts, labels);
        model.iterations += 1;
        model.log_likelihood.push(after);
        if after - before < 1e-7 * after.abs() && turn > 5 {
            break;
        }
        before = after;
    }
}

/// u among strangers from the shares among random pairs, of which the fit says how many are matches.
fn unmix(model: &mut Model, mixed: &[Vec<f64>]) {
    const LEAST: f64 = 0.02;
    let pairs: f64 = model.classes.iter().map(|class| class.pairs).sum();
    let matches: f64 = model.classes.iter().map(|class| class.pairs * class.matches).sum();
    let share = (matches / pairs.max(1.0)).min(0.5);
    let relatives: f64 = model.classes.iter().map(|class| class.pairs * class.relatives).sum();
    let has_places = model.comparisons.iter().any(|comparison| comparison.place);
    let relatives = if has_places { (relatives / pairs.max(1.0)).min(0.3) } else { 0.0 };
    let (stay, family) = (model.stay, model.family);
    for ((comparison, shares), mixed) in model.comparisons.iter().zip(&mut model.shares).zip(mixed) {
        if !matches!(comparison.variable, Variable::Text(_) | Variable::BirthDate) {
            continue;
        }
        for (level, mixed) in mixed.iter().enumerate().skip(1) {
            if !comparison.levels[level].given_id {
                let m = if comparison.place {
                    stay * shares.m[level] + (1.0 - stay) * shares.u[level]
                } else {
                    shares.m[level]
                };
                let r = if comparison.place {
                    shares.r[level]
                } else {
                    family * shares.r[level] + (1.0 - family) * shares.u[level]
                };
                let strangers = (mixed - share * m - relatives * r) / (1.0 - share - relatives);
                shares.u[level] = strangers.max(LEAST * mixed);
            }
        }
        if comparison.variable == Variable::BirthDate {
            // What is left is the difference of two figures that are nearly the same; the months, which strangers share
            // more often, say at least how often they share a day.
            let months: f64 = [date::EQUAL, date::EQUAL_MONTH, date::SAME_MONTH]
                .iter()
                .map(|level| mixed[usize::from(*level)] - share * shares.m[usize::from(*level)])
                .sum();
            let level = usize::from(date::EQUAL);
            shares.u[level] = shares.u[level].max(months / frequency::DAYS_OF_MONTH);
        }
        normalise(&mut shares.u, &comparison.levels);
    }
}

/// Every record of the smaller slot may have a match in the larger one; within a slot, few have.
fn starting_classes(slots: &[Slot]) -> Vec<PairClass> {
    let mut classes = Vec::with_capacity(slots.len() * (slots.len() + 1) / 2);
    for one in 0..slots.len() {
        for other in one..slots.len() {
            let (n, k) = (slots[one].records as f64, slots[other].records as f64);
            let pairs = if one == other { n * (n - 1.0) / 2.0 } else { n * k };
            let matches = if one == other { 0.02 * n } else { 0.5 * n.min(k) };
            let pairs = pairs.max(1.0);
            classes.push(PairClass {
                one,
                other,
                pairs,
                matches: (matches / pairs).min(0.5),
                relatives: (2.0 * n.min(k) / pairs).min(0.3),
            });
        }
    }
    classes
}

/// One iteration: posterior of every pattern, then new shares. Gives the log-likelihood before the step.
fn step(model: &mut Model, counts: &PatternWeights, labels: &[Label]) -> f64 {
    let mut likelihood = 0.0;
    let mut matches = vec![0.0; model.classes.len()];
    let mut relatives = vec![0.0; model.classes.len()];
    let mut compared = vec![0.0; model.classes.len()];
    let id_at = model.comparisons.iter().position(|comparison| comparison.variable == Variable::IdNumber);
    let mut equal_ids = 0.0;
    let mut sums: Vec<Vec<f64>> = model.shares.iter().map(|shares| vec![0.0; shares.m.len()]).collect();
    let mut sums_of_relatives = sums.clone();
    let (mut stayed, mut stayed_or_moved) = (PRIOR_MATCHES * STAY, PRIOR_MATCHES);
    let (mut families, mut all_relatives) = (PRIOR_RELATIVES * FAMILY, PRIOR_RELATIVES);
    let unlabelled = counts.iter().map(|((class, pattern), count)| (*class, *pattern, *count, None));
    let labelled = labels.iter().map(|label| (label.class, label.pattern, label.weight, Some(label.same)));
    for (class, pattern, count, same) in unlabelled.chain(labelled) {
        let (at, pattern) = (class as usize, &pattern);
        let Likelihoods { m, u, r } = model.likelihoods(*pattern, 1.0);
        let shares = &model.classes[at];
        let parts = (shares.matches * m, shares.relatives * r, (1.0 - shares.matches - shares.relatives) * u);
        let parts = match same {
            None => parts,
            Some(true) => (parts.0, 0.0, 0.0),
            Some(false) => (0.0, parts.1, parts.2),
        };
        let total = (parts.0 + parts.1 + parts.2).max(1e-300);
        likelihood += count * total.ln();
        compared[at] += count;
        matches[at] += count * parts.0 / total;
        relatives[at] += count * parts.1 / total;
        let weight = count * parts.0 / total;
        if id_at.is_some_and(|at| model.comparisons[at].level(*pattern) == usize::from(ID_EQUAL)) {
            equal_ids += weight;
        }
        let relative = count * parts.1 / total;
        let (here, elsewhere) = model.places(*pattern);
        let here = weight * here / (here + elsewhere).max(1e-300);
        stayed += here;
        stayed_or_moved += weight;
        let (family, others) = model.relatives(*pattern);
        let family = relative * family / (family + others).max(1e-300);
        families += family;
        all_relatives += relative;
        for ((comparison, sums), relatives) in model.comparisons.iter().zip(&mut sums).zip(&mut sums_of_relatives) {
            sums[comparison.level(*pattern)] += if comparison.place { here } else { weight };
            relatives[comparison.level(*pattern)] += if comparison.place { relative } else { family };
        }
    }
    for (at, class) in model.classes.iter_mut().enumerate() {
        let rest = (class.pairs - compared[at]).max(0.0);
        likelihood += rest * (1.0 - class.matches - class.relatives).max(1e-12).ln();
        let pairs = class.pairs.max(compared[at]);
        class.matches = ((matches[at] + 0.5) / (pairs + 1.0)).clamp(1e-12, 0.9);
        class.relatives = ((relatives[at] + 0.5) / (pairs + 1.0)).clamp(1e-12, 0.5);
    }
    if model.comparisons.iter().any(|comparison| comparison.place) {
        model.stay = stayed / stayed_or_moved;
        model.family = families / all_relatives;
        fit_relatives(model, &mut sums, &sums_of_relatives);
    }
    for ((comparison, shares), sums) in model.comparisons.iter().zip(&mut model.shares).zip(&sums) {
        let own = |level: usize| !comparison.levels[level].given_id;
        let total: f64 = (1..sums.len()).filter(|level| own(*level)).map(|level| sums[level]).sum();
        for (level, share) in shares.m.iter_mut().enumerate().skip(1) {
            let total = if own(level) { total } else { equal_ids };
            *share = (sums[level] + PRIOR_MATCHES * comparison.levels[level].m) / (total + PRIOR_MATCHES);
        }
        bound(&mut shares.m, &comparison.levels);
        if comparison.place {
            shares.r.clone_from(&shares.m);
        }
    }
    likelihood
}

/// Keeps the bounded levels within their bounds; the others share the rest as before.
fn bound(m: &mut [f64], levels: &[Level]) {
    let over = |share: f64, level: &Level| !level.given_id && share > level.most;
    if !m.iter().zip(levels).any(|(share, level)| over(*share, level)) {
        return;
    }
    let (mut bounded, mut free) = (0.0, 0.0);
    for (share, level) in m.iter().zip(levels).filter(|(_, level)| !level.given_id) {
        if over(*share, level) { bounded += level.most } else { free += share }
    }
    let scale = (1.0 - bounded) / free.max(f64::MIN_POSITIVE);
    for (share, level) in m.iter_mut().zip(levels).filter(|(_, level)| !level.given_id) {
        *share = if over(*share, level) { level.most } else { *share * scale };
    }
}

/// Relatives are those that share a place: the parts of it agree among them as among matches that have not moved, so
/// both teach the same shares. Where no household column lets r be measured, the other shares of relatives are fitted,
/// too.
fn fit_relatives(model: &mut Model, sums: &mut [Vec<f64>], relatives: &[Vec<f64>]) {
    let measured = model.comparisons.iter().any(|comparison| comparison.variable == Variable::Household);
    for (((comparison, shares), sums), relatives) in
        model.comparisons.iter().zip(&mut model.shares).zip(sums).zip(relatives)
    {
        if comparison.place {
            sums.iter_mut().zip(relatives).for_each(|(sum, relatives)| *sum += relatives);
            continue;
        }
        if measured || !comparison.fitted {
            continue;
        }
        let own = |level: &usize| !comparison.levels[*level].given_id;
        let total: f64 = (1..relatives.len()).filter(own).map(|level| relatives[level]).sum();
        for level in (1..relatives.len()).filter(own) {
            let expected = PRIOR_RELATIVES * comparison.levels[level].relatives.max(1e-6);
            shares.r[level] = (relatives[level] + expected) / (total + PRIOR_RELATIVES);
        }
    }
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
            u = vec![0.0, 1e-6, 1e-5, 0.999_988, 1e-6];
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

/// Makes the shares of a comparison sum to 1. Levels conditional on equal ID numbers stand outside the sum: what
/// strangers or relatives with the same number show there is the expectation, there are too few to measure.
fn normalise(shares: &mut [f64], levels: &[Level]) {
    shares[0] = 0.0;
    let total: f64 = shares.iter().zip(levels).filter(|(_, level)| !level.given_id).map(|(share, _)| share).sum();
    for (share, level) in shares.iter_mut().zip(levels).skip(1) {
        *share = if level.given_id { level.relatives } else { *share / total };
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

/// The slots of a table in a fixed order, and each record's slot.
#[must_use]
pub fn slots(table: &PersonTable) -> (Vec<Slot>, Vec<u8>) {
    let mut slots: Vec<Slot> = Vec::new();
    let mut of_record = vec![0u8; table.len()];
    for source in 0..table.source_count() {
        let mut known = [None; 16];
        for record in table.records(source) {
            let kind = table.kind[record as usize];
            let slot = *known[kind as usize].get_or_insert_with(|| {
                slots.push(Slot { source, kind, records: 0 });
                slots.len() - 1
            });
            slots[slot].records += 1;
            of_record[record as usize] = u8::try_from(slot).unwrap_or(u8::MAX);
        }
    }
    (slots, of_record)
}

/// The class of a pair of records, given the slots of both.
#[must_use]
pub fn class_of(slots: usize, one: u8, other: u8) -> u32 {
    u32::try_from(class_index(slots, usize::from(one), usize::from(other))).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Label, PatternWeights, iterate};
    use crate::linkage::comparison::level::Level;
    use crate::linkage::comparison::{Comparison, Pattern, Variable};
    use crate::linkage::model::{Model, PairClass, Shares};

    /// A name (equal, similar, different) and a date (equal, different), where too many strangers are thought to have
    /// similar names.
    fn model() -> Model {
        let name = ["equal", "similar", "different"].map(|level| Level::new(level, 1.0 / 3.0, 0.3));
        let date = ["equal", "different"].map(|level| Level::new(level, 0.5, 0.3));
        let comparison = |at: u16, levels: &[Level]| Comparison {
            variable: Variable::Text(at),
            name: at.to_string(),
            levels: std::iter::once(Level::missing()).chain(levels.iter().cloned()).collect(),
            shift: 4 * u32::from(at),
            place: false,
            own: false,
            fitted: false,
        };
        let comparisons = vec![comparison(0, &name), comparison(1, &date)];
        let shares = |comparison: &Comparison, m: &[f64], u: &[f64]| Shares {
            comparison: comparison.name.clone(),
            levels: comparison.levels.iter().map(|level| level.name.clone()).collect(),
            m: m.to_vec(),
            u: u.to_vec(),
            r: u.to_vec(),
            given: None,
        };
        Model {
            slots: Vec::new(),
            classes: vec![PairClass { one: 0, other: 1, pairs: 100_000.0, matches: 0.005, relatives: 0.0 }],
            shares: vec![
                shares(&comparisons[0], &[0.0, 0.96, 0.01, 0.03], &[0.0, 0.002, 0.2, 0.798]),
                shares(&comparisons[1], &[0.0, 0.9, 0.1], &[0.0, 0.01, 0.99]),
            ],
            stay: 1.0,
            family: 1.0,
            left_over: Vec::new(),
            iterations: 0,
            log_likelihood: Vec::new(),
            comparisons,
        }
    }

    /// By pattern (date, name), pairs of which nothing is known.
    fn pairs(similar: f64) -> PatternWeights {
        let of = |pattern: Pattern, count: f64| ((0, pattern), count);
        vec![
            of(0x11, 700.0),
            of(0x12, similar),
            of(0x13, 950.0),
            of(0x21, 250.0),
            of(0x22, 19_000.0),
            of(0x23, 78_900.0),
        ]
    }

    #[test]
    fn a_bounded_level_gives_what_is_over_to_the_others() {
        let levels = [
            Level::missing(),
            Level::new("equal", 0.8, 0.1),
            Level::new("slip", 0.19, 0.1),
            Level::new("far", 0.01, 0.8).at_most(0.01),
            Level::new("far though the numbers agree", 0.01, 0.8).given_id(),
        ];
        let (mut over, mut within) = ([0.0, 0.6, 0.3, 0.1, 0.5], [0.0, 0.6, 0.395, 0.005, 0.5]);
        super::bound(&mut over, &levels);
        super::bound(&mut within, &levels);
        for (share, expected) in over.iter().zip([0.0, 0.66, 0.33, 0.01, 0.5]) {
            assert!((share - expected).abs() < 1e-12, "{over:?}");
        }
        assert_eq!(within, [0.0, 0.6, 0.395, 0.005, 0.5]);
    }

    #[test]
    fn labels_move_a_wrong_share_and_a_wrong_prior_the_right_way() {
        let mut alone = model();
        iterate(&mut alone, &pairs(200.0), &[]);
        // Clerks judged 40 of the 200 pairs with equal dates and similar names: 36 are one person. By α = 2/3 each
        // stands for 10/3.
        let label = |same: bool| Label { class: 0, pattern: 0x12, same, weight: 10.0 / 3.0 };
        let labels: Vec<Label> = (0..40).map(|at| label(at < 36)).collect();
        let mut taught = model();
        iterate(&mut taught, &pairs(200.0 / 3.0), &labels);
        let similar = |model: &Model| model.shares[0].m[2];
        assert!(similar(&taught) > similar(&alone) + 0.05, "{} {}", similar(&taught), similar(&alone));
        assert!(taught.classes[0].matches > alone.classes[0].matches, "{:?} {:?}", taught.classes, alone.classes);
        // Labels that say the contrary move them the other way.
        let labels: Vec<Label> = (0..40).map(|at| label(at < 1)).collect();
        let mut warned = model();
        iterate(&mut warned, &pairs(200.0 / 3.0), &labels);
        assert!(similar(&warned) < similar(&taught) && warned.classes[0].matches < taught.classes[0].matches);
        // The same labels teach the same.
        let mut again = model();
        iterate(&mut again, &pairs(200.0 / 3.0), &labels);
        assert_eq!(again, warned);
    }
}
