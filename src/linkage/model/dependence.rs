//! Which fields agree together among strangers?
//!
//! Takes the patterns of random pairs, gives for some comparisons the comparison they depend on, and their shares of
//! levels given its level. A postcode and a birth place, a team and a league say one thing twice: whoever agrees on the
//! one by chance agrees on the other, too. If they were taken as independent, agreement of two neighbours would look so
//! unlikely that a fit takes *same place* for *same person*. The dependences form a forest (Chow and Liu 1968), so that
//! the shares of a pattern stay a product.
//!
//! Some random pairs are matches, who agree on everything. So each pair counts by the probability that it is no match,
//! under the model that is expected before the fit.

use super::{Given, Model};
use crate::linkage::comparison::{Comparison, Pattern, Variable};

/// By how much more often than usual a field must be alike where the other one is equal.
const LIFT_MIN: f64 = 4.0;
/// Random pairs that must show both.
const SEEN_MIN: f64 = 30.0;
/// Weight, in pairs, of the usual shares of a level's row.
const PRIOR_PAIRS: f64 = 20.0;

/// A possible edge of the forest: two comparisons, and how much knowing the one tells of the other.
struct Edge {
    one: usize,
    other: usize,
    information: f64,
}

/// For each comparison what it depends on, measured on random pairs; `model` says which of them are hardly matches.
pub(super) fn measure(model: &Model, patterns: &[Pattern]) -> Vec<Option<Given>> {
    let comparisons = &model.comparisons;
    let mut found: Vec<Option<Given>> = vec![None; comparisons.len()];
    // Where a place has several parts, relatives share what else members of a household share.
    let has_places = comparisons.iter().any(|comparison| comparison.place);
    let may_depend = |at: &usize| {
        let comparison = &comparisons[*at];
        let is_text = matches!(comparison.variable, Variable::Text(_));
        is_text && if has_places { comparison.place } else { comparison.fitted && !comparison.own }
    };
    let eligible: Vec<usize> = (0..comparisons.len()).filter(may_depend).collect();
    if eligible.len() < 2 {
        return found;
    }
    let weights = strangers(model, patterns);
    let table = |one: usize, other: usize| joint(comparisons, (one, other), patterns, &weights);
    let mut edges = Vec::new();
    for (place, one) in eligible.iter().enumerate() {
        for other in &eligible[place + 1..] {
            let joint = table(*one, *other);
            if is_telling(&joint) || is_telling(&transposed(&joint)) {
                edges.push(Edge { one: *one, other: *other, information: information(&joint) });
            }
        }
    }
    edges.sort_by(|a, b| b.information.total_cmp(&a.information).then((a.one, a.other).cmp(&(b.one, b.other))));
    let mut tree: Vec<usize> = (0..comparisons.len()).collect();
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); comparisons.len()];
    for Edge { one, other, .. } in edges {
        let (a, b) = (tree[one], tree[other]);
        if a != b {
            tree.iter_mut().filter(|root| **root == b).for_each(|root| *root = a);
            neighbours[one].push(other);
            neighbours[other].push(one);
        }
    }
    // From what strangers share most often to what tells more.
    let coarse = |one: &usize, other: &usize| model.shares[*other].u[1].total_cmp(&model.shares[*one].u[1]);
    let mut roots = eligible;
    roots.sort_by(coarse);
    let mut reached = vec![false; comparisons.len()];
    for root in roots {
        let mut waiting = vec![root];
        while let Some(parent) = waiting.pop() {
            reached[parent] = true;
            for child in neighbours[parent].iter().copied().filter(|child| !reached[*child]) {
                found[child] = Some(given(model, parent, child, &table(parent, child)));
                waiting.push(child);
            }
        }
    }
    found
}

/// How likely each random pair is no match.
fn strangers(model: &Model, patterns: &[Pattern]) -> Vec<f64> {
    let class = model.classes.iter().max_by(|a, b| a.matches.total_cmp(&b.matches));
    let prior = class.map_or(0.0, |class| class.matches);
    let of = |pattern: &Pattern| {
        let likelihoods = model.likelihoods(*pattern, 1.0);
        let (matches, others) = (prior * likelihoods.m, (1.0 - prior) * likelihoods.u);
        others / (matches + others).max(1e-300)
    };
    patterns.iter().map(of).collect()
}

/// Pairs by level of the one and of the other comparison; those that miss either are left out.
fn joint(
    comparisons: &[Comparison],
    (one, other): (usize, usize),
    patterns: &[Pattern],
    weights: &[f64],
) -> Vec<Vec<f64>> {
    let (one, other) = (&comparisons[one], &comparisons[other]);
    let mut joint = vec![vec![0.0; other.levels.len()]; one.levels.len()];
    for (pattern, weight) in patterns.iter().zip(weights) {
        let levels = (one.level(*pattern), other.level(*pattern));
        if levels.0 != 0 && levels.1 != 0 {
            joint[levels.0][levels.1] += weight;
        }
    }
    joint
}

fn transposed(joint: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let columns = joint.first().map_or(0, Vec::len);
    (0..columns).map(|column| joint.iter().map(|row| row[column]).collect()).collect()
}

/// Are values of the second comparison much more often alike where the first one's are equal?
fn is_telling(joint: &[Vec<f64>]) -> bool {
    let alike = |row: &Vec<f64>| row[1..row.len() - 1].iter().sum::<f64>();
    let all = |row: &Vec<f64>| row.iter().sum::<f64>();
    let equal = &joint[1];
    let usual = joint.iter().map(alike).sum::<f64>() / joint.iter().map(all).sum::<f64>().max(1.0);
    alike(equal) >= SEEN_MIN && alike(equal) / all(equal).max(1.0) >= LIFT_MIN * usual
}

/// Mutual information times the number of pairs, in nats.
fn information(joint: &[Vec<f64>]) -> f64 {
    let rows: Vec<f64> = joint.iter().map(|row| row.iter().sum()).collect();
    let columns: Vec<f64> = transposed(joint).iter().map(|column| column.iter().sum()).collect();
    let total = rows.iter().sum::<f64>().max(1.0);
    let mut information = 0.0;
    for (row, of_row) in joint.iter().zip(&rows) {
        for (count, of_column) in row.iter().zip(&columns).filter(|(count, _)| **count > 0.0) {
            information += count * (count * total / (of_row * of_column)).ln();
        }
    }
    information
}

/// The shares of the child's levels by level of its parent: what was seen, smoothed by the usual shares.
fn given(model: &Model, parent: usize, child: usize, joint: &[Vec<f64>]) -> Given {
    let usual = &model.shares[child].u;
    let of_row = |row: &Vec<f64>| {
        let total: f64 = row.iter().sum::<f64>() + PRIOR_PAIRS;
        let share = |(count, usual): (&f64, &f64)| (count + PRIOR_PAIRS * usual) / total;
        row.iter().zip(usual).map(share).collect::<Vec<f64>>()
    };
    let mut u: Vec<Vec<f64>> = joint.iter().map(of_row).collect();
    // A parent that is missing says nothing.
    u[0].clear();
    Given { parent, u }
}

#[cfg(test)]
mod tests {
    use super::measure;
    use crate::linkage::comparison::level::Level;
    use crate::linkage::comparison::{Comparison, Pattern, Variable};
    use crate::linkage::model::{Model, PairClass, Shares};

    /// A name, a town, a postcode and a trade.
    fn model() -> Model {
        let levels = || vec![Level::missing(), Level::new("equal", 0.9, 0.1), Level::new("different", 0.1, 0.9)];
        let comparison = |at: u16| Comparison {
            variable: Variable::Text(at),
            name: at.to_string(),
            levels: levels(),
            shift: 4 * u32::from(at),
            place: false,
            own: false,
            fitted: at > 0,
        };
        let comparisons: Vec<Comparison> = (0..4).map(comparison).collect();
        let shares = |(comparison, u): (&Comparison, f64)| Shares {
            comparison: comparison.name.clone(),
            levels: levels().into_iter().map(|level| level.name).collect(),
            m: vec![0.0, 0.9, 0.1],
            u: vec![0.0, u, 1.0 - u],
            r: vec![0.0, 0.5, 0.5],
            given: None,
        };
        Model {
            slots: Vec::new(),
            classes: vec![PairClass { one: 0, other: 0, pairs: 1e6, matches: 1e-3, relatives: 0.0 }],
            shares: comparisons.iter().zip([0.005, 0.02, 0.01, 0.1]).map(shares).collect(),
            stay: 1.0,
            family: 1.0,
            left_over: Vec::new(),
            iterations: 0,
            log_likelihood: Vec::new(),
            comparisons,
        }
    }

    /// Random pairs: of those of one town (one in fifty) half share the postcode, of the others one in 400; trades are
    /// shared by chance. Some matches are among them.
    fn random_pairs() -> Vec<Pattern> {
        let level = |equal: bool| if equal { 1 } else { 2 };
        let stranger = |at: u64| {
            let town = at.is_multiple_of(50);
            let postcode = if town { at.is_multiple_of(100) } else { at % 400 == 1 };
            let trade = at % 10 == at / 1000 % 10;
            2 | level(town) << 4 | level(postcode) << 8 | level(trade) << 12
        };
        (0..100_000).map(stranger).chain(std::iter::repeat_n(0x1111, 100)).collect()
    }

    #[test]
    fn a_postcode_depends_on_its_town_and_a_trade_on_nothing() {
        let mut model = model();
        let found = measure(&model, &random_pairs());
        assert_eq!(
            found.iter().map(|given| given.as_ref().map(|given| given.parent)).collect::<Vec<_>>(),
            [None, None, Some(1), None]
        );
        let weight = |model: &Model| model.weight(0, model.likelihoods(0x0112, 1.0));
        let before = weight(&model);
        for (shares, given) in model.shares.iter_mut().zip(found) {
            shares.given = given;
        }
        // Same town, same postcode, another name: hardly more than the same town alone.
        let town = model.weight(0, model.likelihoods(0x0012, 1.0));
        let after = weight(&model);
        assert!(before > town + 6.0 && after < town + 1.0, "{before} {after} {town}");
        // Half of those who share a town share a postcode; the matches among random pairs, who all do, are no part of
        // it, and some strangers who agree by chance are taken for matches.
        let given = model.shares[2].given.clone().expect("found");
        assert!((given.u[1][1] - 0.48).abs() < 0.03, "{:?}", given.u);
        assert!(model.is_implied(1, 0x0110) && !model.is_implied(1, 0x0210));
    }

    #[test]
    fn the_steps_of_a_waterfall_know_the_dependence() {
        let mut model = model();
        let found = measure(&model, &random_pairs());
        for (shares, given) in model.shares.iter_mut().zip(found) {
            shares.given = given;
        }
        for pattern in [0x1112, 0x0111, 0x2112, 0x0101, 0x1211] {
            let steps: f64 = model.waterfall(pattern, &[], 0).iter().map(|(_, step)| step).sum();
            let weight = model.weight(0, model.likelihoods(pattern, 1.0));
            assert!((steps - weight).abs() < 1e-9, "{pattern:x}: {steps} {weight}");
        }
    }
}
