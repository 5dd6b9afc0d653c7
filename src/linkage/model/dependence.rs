//! Which fields agree together among strangers?
//!
//! Takes the patterns of random pairs, and of pairs that share a value, gives for some comparisons the comparison they
//! depend on, and their shares of levels given its level. A postcode and a birth place, a team and a league say one
//! thing twice: whoever agrees on the one by chance agrees on the other, too; a given name goes with a sex, and a
//! middle name with a given name. If they were taken as independent, agreement of two strangers would look so unlikely
//! that a fit takes *same place* or *same given name* for *same person*. The dependences form a forest (as the trees of
//! Chow and Liu 1968), so that the shares of a pattern stay a product.
//!
//! Some of these pairs are matches, who agree on everything. So each pair counts by the probability that it is no
//! match, under the model that is expected before the fit.

use super::{Given, Model, normalise};
use crate::linkage::comparison::level::Level;
use crate::linkage::comparison::{Comparison, Pattern, Variable};

/// By how much more often than usual a field that many share must be alike where another such field is equal.
const LIFT_MIN: f64 = 4.0;
/// Random pairs that must show both.
const SEEN_MIN: f64 = 30.0;
/// By how much more often than usual a person's own text, or sex, must be equal, or alike, where another one is equal.
/// A judgement: what is less is worth half a bit at most.
const OWN_LIFT_MIN: f64 = 1.5;
/// How sure that must be, in nats: by chance, one of so many e-folds of samples shows as much.
const SURE_MIN: f64 = 12.0;
/// Of the pairs that show that a person's own text depends on another, so many must be strangers: where most are
/// matches (they share an e-mail address), so are some of those that a model takes for strangers. A judgement.
const STRANGERS_MIN: f64 = 0.7;
/// Weight, in pairs, of the usual shares of a level's row.
const PRIOR_PAIRS: f64 = 20.0;

/// A possible edge of the forest.
struct Edge {
    one: usize,
    other: usize,
    /// Is one of the two a person's own, or of unknown owner beside a place?
    own: bool,
    /// How much knowing the one tells of the other; of own ones, how many times as often as by chance both are equal.
    strength: f64,
}

/// Pairs of strangers: random ones, and by comparison some that share its value, of which random pairs have few.
pub(super) struct Samples {
    pub(super) random: Vec<Pattern>,
    pub(super) sharing: Vec<Vec<Pattern>>,
}

/// Samples with how likely each pair is no match.
struct Weighed<'a> {
    comparisons: &'a [Comparison],
    samples: &'a Samples,
    random: Vec<f64>,
    sharing: Vec<Vec<f64>>,
}

/// For each comparison what it depends on, as samples show it; `model` says which of their pairs are hardly matches.
pub(super) fn measure(model: &Model, samples: &Samples) -> Vec<Option<Given>> {
    let comparisons = &model.comparisons;
    let mut found: Vec<Option<Given>> = vec![None; comparisons.len()];
    let may_depend = |at: &usize| matches!(comparisons[*at].variable, Variable::Text(_) | Variable::Sex);
    let eligible: Vec<usize> = (0..comparisons.len()).filter(may_depend).collect();
    if eligible.len() < 2 {
        return found;
    }
    let sharing = samples.sharing.iter().map(|patterns| strangers(model, patterns)).collect();
    let weighed = Weighed { comparisons, samples, random: strangers(model, &samples.random), sharing };
    // Where a place has several parts, relatives share what else members of a household share.
    let has_places = comparisons.iter().any(|comparison| comparison.place);
    let is_shared = |at: usize| {
        let comparison = &comparisons[at];
        let is_text = matches!(comparison.variable, Variable::Text(_));
        is_text && if has_places { comparison.place } else { comparison.fitted && !comparison.is_own() }
    };
    let is_own = |one: usize, other: usize| !(is_shared(one) && is_shared(other));
    let mut edges = Vec::new();
    for (place, one) in eligible.iter().enumerate() {
        for other in eligible[place + 1..].iter().filter(|other| !is_of_household(comparisons, *one, **other)) {
            let own = is_own(*one, *other);
            let strength = if own {
                weighed.lift(*one, *other).max(weighed.lift(*other, *one))
            } else {
                weighed.information(*one, *other)
            };
            if strength > if own { 1.0 } else { 0.0 } {
                edges.push(Edge { one: *one, other: *other, own, strength });
            }
        }
    }
    let before = |a: &Edge, b: &Edge| a.own.cmp(&b.own).then(b.strength.total_cmp(&a.strength));
    edges.sort_by(|a, b| before(a, b).then((a.one, a.other).cmp(&(b.one, b.other))));
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
                let table = weighed.table((parent, child), is_own(parent, child));
                found[child] = Some(given(model, parent, child, &table));
                waiting.push(child);
            }
        }
    }
    found
}

impl Weighed<'_> {
    /// The pairs that were drawn to share a comparison's value; random ones, if none were.
    fn sharing(&self, at: usize) -> (&[Pattern], &[f64]) {
        let drawn = self.samples.sharing.get(at).zip(self.sharing.get(at)).filter(|(patterns, _)| !patterns.is_empty());
        drawn.map_or((&self.samples.random, &self.random), |(patterns, weights)| (patterns, weights))
    }

    /// Pairs by level of the parent and of the child; those that miss either are left out. Of own ones, those
    /// that were drawn to share the parent's value are the first row.
    fn table(&self, (parent, child): (usize, usize), own: bool) -> Vec<Vec<f64>> {
        let of = |(patterns, weights): (&[Pattern], &[f64])| {
            joint(self.comparisons, (parent, child), patterns, weights.iter().copied())
        };
        let mut table = of((&self.samples.random, &self.random));
        if own {
            table[1] = of(self.sharing(parent)).swap_remove(1);
        }
        table
    }

    /// By how much more often than usual the child's values are equal, or alike, where the parent's are equal; 1 if it
    /// is too little or not sure.
    fn lift(&self, parent: usize, child: usize) -> f64 {
        let of = |patterns: &[Pattern], weights: &mut dyn Iterator<Item = f64>| {
            joint(self.comparisons, (parent, child), patterns, weights)
        };
        let random = of(&self.samples.random, &mut self.random.iter().copied());
        let (patterns, weights) = self.sharing(parent);
        let equal = of(patterns, &mut weights.iter().copied()).swap_remove(1);
        let all = of(patterns, &mut std::iter::repeat(1.0)).swap_remove(1);
        let levels = self.comparisons[child].levels.iter().filter(|level| !level.given_id).count();
        let usual: Vec<f64> = (0..levels).map(|level| random.iter().map(|row| row[level]).sum()).collect();
        lift(&usual, &equal[..levels], &all[..levels])
    }

    /// Mutual information of two fields that many share, times the number of random pairs, in nats; 0 if neither tells
    /// of the other.
    fn information(&self, one: usize, other: usize) -> f64 {
        let joint = joint(self.comparisons, (one, other), &self.samples.random, self.random.iter().copied());
        if is_telling(&joint) || is_telling(&transposed(&joint)) { information(&joint) } else { 0.0 }
    }
}

/// Is what the two have in common what members of a household share? Where a place has several parts, relatives are
/// kinds of pairs of their own, and what a field has to do with the place is theirs.
fn is_of_household(comparisons: &[Comparison], one: usize, other: usize) -> bool {
    let (one, other) = (&comparisons[one], &comparisons[other]);
    one.place != other.place && !(one.is_unknown() || other.is_unknown())
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
    weights: impl Iterator<Item = f64>,
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

/// The greatest lift of a range of levels, from equal to alike. `usual` are pairs by the child's level; `equal` those
/// whose parent is equal, `all` with those that are likely matches, of which there may not be too many.
fn lift(usual: &[f64], equal: &[f64], all: &[f64]) -> f64 {
    let sum = |counts: &[f64]| counts.iter().sum::<f64>();
    let lift_to = |end: usize| {
        let by_chance = (sum(&usual[1..end]) / sum(usual).max(1.0) * sum(equal)).max(1e-9);
        let seen = sum(&equal[1..end]);
        let is_sure = seen * (seen / by_chance).ln() - seen + by_chance >= SURE_MIN;
        let is_of_strangers = seen >= STRANGERS_MIN * sum(&all[1..end]);
        let lift = seen / by_chance;
        if seen > 0.0 && is_sure && is_of_strangers && lift >= OWN_LIFT_MIN { lift } else { 1.0 }
    };
    (2..usual.len()).map(lift_to).fold(1.0, f64::max)
}

/// The shares of the child's levels by level of its parent: the usual ones, each times its lift. Lifts are smoothed by
/// pairs of the usual shares, and by one pair of the level: one that is hardly ever seen is not rarer yet where it is
/// not seen.
fn given(model: &Model, parent: usize, child: usize, joint: &[Vec<f64>]) -> Given {
    let usual = &model.shares[child].u;
    let levels = &model.comparisons[child].levels;
    let of_row = |row: &Vec<f64>| {
        let total: f64 = row.iter().zip(levels).filter(|(_, level)| !level.given_id).map(|(count, _)| count).sum();
        let share = |((count, usual), level): ((&f64, &f64), &Level)| {
            let prior = PRIOR_PAIRS * usual + 1.0;
            if level.given_id { *usual } else { usual * (count + prior) / (total * usual + prior) }
        };
        let mut shares: Vec<f64> = row.iter().zip(usual).zip(levels).map(share).collect();
        normalise(&mut shares, levels);
        shares
    };
    let mut u: Vec<Vec<f64>> = joint.iter().map(of_row).collect();
    // A parent that is missing says nothing.
    u[0].clear();
    Given { parent, u }
}

#[cfg(test)]
mod tests {
    use super::{Samples, measure};
    use crate::linkage::comparison::level::Level;
    use crate::linkage::comparison::{Comparison, Pattern, Sharing, Variable};
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
            sharing: None,
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

    fn random(random: Vec<Pattern>) -> Samples {
        Samples { random, sharing: Vec::new() }
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
        let found = measure(&model, &random(random_pairs()));
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
    fn a_given_name_depends_on_sex_and_a_middle_name_on_the_given_name() {
        let mut model = model();
        let variables = [Variable::Text(0), Variable::Sex, Variable::Text(1), Variable::Text(2)];
        for ((comparison, shares), (variable, u)) in
            model.comparisons.iter_mut().zip(&mut model.shares).zip(variables.into_iter().zip([0.01, 0.5, 0.005, 0.02]))
        {
            comparison.variable = variable;
            comparison.sharing = (variable != Variable::Sex).then_some(Sharing::Person);
            shares.u = vec![0.0, u, 1.0 - u];
        }
        model.classes[0].matches = 1e-6;
        // Given names are shared by one pair in fifty of those of one sex, hardly by others; middle names by one in
        // twelve of those who share the given name; the last text by chance.
        let level = |equal: bool| if equal { 1 } else { 2 };
        let stranger = |at: u64| {
            let sex = at.is_multiple_of(2);
            let given = if sex { at % 100 == 4 } else { at % 1000 == 7 };
            let middle = if given { at / 1000 % 12 == 3 } else { at % 250 == 9 };
            let other = at / 1000 % 50 == 1;
            level(given) | level(sex) << 4 | level(middle) << 8 | level(other) << 12
        };
        let found = measure(&model, &random((0..100_000).map(stranger).collect()));
        let parents: Vec<_> = found.iter().map(|given| given.as_ref().map(|given| given.parent)).collect();
        assert_eq!(parents, [Some(1), None, Some(0), None]);
        for (shares, given) in model.shares.iter_mut().zip(found) {
            shares.given = given;
        }
        // A middle name does not tell the given name: how rare that is counts still.
        assert!(!model.is_implied(0, 0x2111) && !model.is_told(0));
    }

    #[test]
    fn what_is_hardly_ever_seen_is_not_rarer_where_it_is_not_seen_and_matches_show_no_dependence() {
        let usual = [0.0, 0.01, 1e-6, 0.989_999];
        let mut model = model();
        model.comparisons[1].levels.insert(2, Level::new("crossed", 0.01, 0.01));
        model.shares[1].u = usual.to_vec();
        let found = super::given(&model, 2, 1, &[vec![0.0; 4], vec![0.0, 2000.0, 0.0, 10_000.0], vec![0.0; 4]]);
        let row = &found.u[1];
        assert!((row[1] - 1.0 / 6.0).abs() < 2e-3 && row[2] > 0.5e-6 && row[2] < 2e-6, "{row:?}");
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9 && found.u[0].is_empty());
        let lift = |all: f64| super::lift(&[0.0, 100.0, 9900.0], &[0.0, 50.0, 950.0], &[0.0, all, 950.0]);
        assert!((lift(60.0) - 5.0).abs() < 1e-9 && (lift(500.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_steps_of_a_waterfall_know_the_dependence() {
        let mut model = model();
        let found = measure(&model, &random(random_pairs()));
        assert!(found.iter().any(Option::is_some));
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
