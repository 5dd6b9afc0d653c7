//! Which shares of the levels make the patterns that were seen most likely?
//!
//! Expectation–maximisation (Dempster, Laird, Rubin 1977; for linkage Winkler 1988) on pattern counts: the cost is that
//! of the patterns, not of the pairs. All pairs of a class count, compared or not: a pair that no blocking rule gave is
//! taken as no match, so m is not biased towards what a rule requires (a rule on places does not teach *same place*).
//!
//! u and r are [`measured`](super::measured). m starts from the expectation written beside each level, which also acts
//! as a Dirichlet prior: a level that is never seen keeps a finite weight.

pub use super::counts::{
    PatternCounts, PatternWeights, add_counts, add_weights, change_patterns, count_patterns, subtract_counts,
};
use super::expected::{FAMILY, MATCHES_MAX, PRIOR_RELATIVES, RELATIVES_MAX, STAY, expected};
use super::slot::Slot;
use super::{Likelihoods, Model, PairClass, Shares, frequency, normalise};
use crate::intake::study::RowKind;
use crate::linkage::comparison::date;
use crate::linkage::comparison::id_number::EQUAL as ID_EQUAL;
use crate::linkage::comparison::level::Level;
use crate::linkage::comparison::{Comparer, Pattern, Variable};

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

/// Weight of the expected m, in matches.
pub(super) const PRIOR_MATCHES: f64 = 30.0;
const ITERATIONS_MAX: u32 = 200;
/// A fit has come to rest when a round raises the log-likelihood by less than this share of it; but not in the first
/// rounds, in which it may rise little before it rises much.
const STILL: f64 = 1e-7;
const ITERATIONS_MIN: u32 = 6;

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
    warn_of_bounds(&model);
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
        if after - before < STILL * after.abs() && turn >= ITERATIONS_MIN {
            break;
        }
        before = after;
    }
}

/// Of random pairs at a level, no fewer than this are strangers, whatever the fit takes for matches and relatives: the
/// difference of two figures that are nearly the same may be anything. A judgement.
const STRANGERS_MIN: f64 = 0.02;

/// u among strangers from the shares among random pairs, of which the fit says how many are matches.
fn unmix(model: &mut Model, mixed: &[Vec<f64>]) {
    let pairs: f64 = model.classes.iter().map(|class| class.pairs).sum();
    let matches: f64 = model.classes.iter().map(|class| class.pairs * class.matches).sum();
    let share = (matches / pairs.max(1.0)).min(MATCHES_MAX);
    let relatives: f64 = model.classes.iter().map(|class| class.pairs * class.relatives).sum();
    let has_places = model.comparisons.iter().any(|comparison| comparison.place);
    let relatives = if has_places { (relatives / pairs.max(1.0)).min(RELATIVES_MAX) } else { 0.0 };
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
                shares.u[level] = strangers.max(STRANGERS_MIN * mixed);
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
    let most: Vec<f64> = model.classes.iter().map(|class| matches_at_most(model, class)).collect();
    for (class, most) in model.classes.iter_mut().zip(most) {
        class.matches = class.matches.min(most);
    }
    if model.comparisons.iter().any(|comparison| comparison.place) {
        tie_relatives(&mut model.classes);
        model.stay = stayed / stayed_or_moved;
        model.family = families / all_relatives;
        fit_relatives(model, &mut sums, &sums_of_relatives);
    }
    for class in &mut model.classes {
        let apart = household_pairs_apart(&model.slots, class);
        // However small a district is, strangers are left.
        class.relatives = class.relatives.max(apart).min(RELATIVES_OF_OTHERS_MAX * (1.0 - class.matches));
    }
    for ((comparison, shares), sums) in model.comparisons.iter().zip(&mut model.shares).zip(&sums) {
        let own = |level: usize| !comparison.levels[level].given_id;
        let total: f64 = (1..sums.len()).filter(|level| own(*level)).map(|level| sums[level]).sum();
        for (level, share) in shares.m.iter_mut().enumerate().skip(1) {
            let total = if own(level) { total } else { equal_ids };
            *share = (sums[level] + PRIOR_MATCHES * comparison.levels[level].m) / (total + PRIOR_MATCHES);
        }
        bound(&mut shares.m, &comparison.levels);
        complete_given_id(&mut shares.m, &comparison.levels);
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

/// Of several levels conditional on equal numbers the last one, agreement, takes what the others leave: where a record
/// has no value of its own nobody contradicts, and it must not look as if agreement were rare.
fn complete_given_id(m: &mut [f64], levels: &[Level]) {
    let given = || (1..levels.len()).filter(|level| levels[*level].given_id);
    if let Some(last) = given().skip(1).last() {
        m[last] = 1.0 - given().filter(|level| *level != last).map(|level| m[level]).sum::<f64>();
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
        if comparison.is_own() {
            keep_as_equal_as_strangers(shares, &comparison.levels);
        }
    }
}

/// Relatives do not agree on a text of their own less often than strangers: what a fit would find so are those whom it
/// took for one person.
fn keep_as_equal_as_strangers(shares: &mut Shares, levels: &[Level]) {
    let (least, found) = (shares.u[1], shares.r[1]);
    if found >= least || found >= 1.0 {
        return;
    }
    let scale = (1.0 - least) / (1.0 - found);
    for (share, _) in shares.r.iter_mut().zip(levels).skip(2).filter(|(_, level)| !level.given_id) {
        *share *= scale;
    }
    shares.r[1] = least;
}

/// Members of one place are as dense between two slots as within one: where a fit finds hardly any, it took them for
/// matches. So each class has at least half of what all classes together have.
fn tie_relatives(classes: &mut [PairClass]) {
    let pairs: f64 = classes.iter().map(|class| class.pairs).sum();
    let relatives: f64 = classes.iter().map(|class| class.pairs * class.relatives).sum();
    let usual = relatives / pairs.max(1.0);
    for class in classes {
        class.relatives = class.relatives.midpoint(usual);
    }
}

/// Of pairs that are no matches, relatives are no more than this share.
const RELATIVES_OF_OTHERS_MAX: f64 = 0.9;

/// The least share of relatives of a class: within a slot hardly any pairs of one household are compared, but their
/// number is known, and no more of them are matches than there are. A roll is meant to have everybody once; a register
/// may have a row for each visit, and pairs of one household that are one person.
fn household_pairs_apart(slots: &[Slot], class: &PairClass) -> f64 {
    match slots.get(class.one) {
        Some(slot) if class.one == class.other && slot.kind == RowKind::Present => {
            ((slot.household_pairs as f64 / class.pairs.max(1.0)) - class.matches).clamp(0.0, RELATIVES_MAX)
        }
        _ => 0.0,
    }
}

/// The share of matches that a class has at most: a record has no more others in a slot than a person has records
/// there.
fn matches_at_most(model: &Model, class: &PairClass) -> f64 {
    let (Some(one), Some(other)) = (model.slots.get(class.one), model.slots.get(class.other)) else { return 1.0 };
    let (one_records, other_records) = (one.records as f64, other.records as f64);
    if class.one == class.other {
        return RECORDS_OF_PERSON_MAX / 2.0 * one_records / class.pairs;
    }
    let of_person = |slot: usize, records: f64| {
        let within = &model.classes[model.class(slot, slot)];
        (1.0 + 2.0 * within.matches * within.pairs / records.max(1.0)).min(RECORDS_OF_PERSON_MAX)
    };
    let of_ones = one_records * of_person(class.other, other_records);
    SLACK * of_ones.min(other_records * of_person(class.one, one_records)) / class.pairs
}

/// A fit in which every record has its match may be so much too high.
const SLACK: f64 = 1.05;

/// So many records of one slot a person has on average at most: whatever a fit takes for more are strangers who agree.
/// A judgement; sets of the past have nine.
const RECORDS_OF_PERSON_MAX: f64 = 20.0;

/// Says that the fit found as many matches as there can be, and more than one for each record of the rarer kind.
fn warn_of_bounds(model: &Model) {
    for class in &model.classes {
        let (Some(one), Some(other)) = (model.slots.get(class.one), model.slots.get(class.other)) else { continue };
        let one_each = if class.one == class.other { 0.0 } else { one.records.min(other.records) as f64 };
        let is_bound = class.pairs >= MATCHES_WORTH_WORDS && class.matches >= 0.999 * matches_at_most(model, class);
        if is_bound && class.matches * class.pairs > ONE_EACH * one_each {
            let (one, other) = (one.kind.name(), other.kind.name());
            tracing::warn!(one, other, "as many matches between these kinds of rows as there can be: see model.json");
        }
    }
}

/// So many matches for each record are one for each, but for slack and rows that stand there twice.
const ONE_EACH: f64 = 1.2;

/// Of classes of fewer pairs nothing is said.
const MATCHES_WORTH_WORDS: f64 = 1e4;

#[cfg(test)]
mod tests {
    use super::{Label, PatternWeights, iterate};
    use crate::intake::study::RowKind;
    use crate::linkage::comparison::level::Level;
    use crate::linkage::comparison::{Comparison, Pattern, Variable};
    use crate::linkage::model::slot::Slot;
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
            sharing: None,
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
    fn beside_equal_numbers_those_agree_who_do_not_contradict() {
        let mut levels = vec![Level::missing(), Level::new("equal", 0.8, 0.1), Level::new("far", 0.2, 0.9)];
        levels.push(Level::new("far though the numbers agree", 0.01, 0.9).given_id());
        let mut alone = [0.0, 0.8, 0.2, 0.02];
        super::complete_given_id(&mut alone, &levels);
        assert_eq!(alone, [0.0, 0.8, 0.2, 0.02], "of one such level nothing is left");
        levels.push(Level::new("equal as the numbers are", 0.99, 0.1).given_id());
        let mut shares = [0.0, 0.8, 0.2, 0.02, 0.3];
        super::complete_given_id(&mut shares, &levels);
        assert_eq!(shares, [0.0, 0.8, 0.2, 0.02, 0.98]);
    }

    #[test]
    fn relatives_agree_on_their_own_texts_no_less_often_than_strangers() {
        let mut model = model();
        model.shares[0].r = vec![0.0, 0.001, 0.4, 0.599];
        super::keep_as_equal_as_strangers(&mut model.shares[0], &model.comparisons[0].levels);
        let r = &model.shares[0].r;
        assert!((r[1] - 0.002).abs() < 1e-12 && r[2] < 0.4 && (r.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{r:?}");
        // Who agrees more often than strangers does so.
        let before = model.shares[1].clone();
        super::keep_as_equal_as_strangers(&mut model.shares[1], &model.comparisons[1].levels);
        assert_eq!(model.shares[1], before);
    }

    #[test]
    fn a_class_in_which_a_fit_finds_no_relatives_has_half_as_many_as_all_classes() {
        let class = |pairs: f64, relatives: f64| PairClass { one: 0, other: 0, pairs, matches: 0.0, relatives };
        let mut classes = [class(3e6, 1e-3), class(1e6, 0.0)];
        super::tie_relatives(&mut classes);
        let relatives = classes.map(|class| class.relatives);
        assert!((relatives[0] - 8.75e-4).abs() < 1e-12 && (relatives[1] - 3.75e-4).abs() < 1e-12, "{relatives:?}");
    }

    #[test]
    fn there_are_no_more_matches_between_two_slots_than_records() {
        let mut model = model();
        let slot = |records: u64| Slot { source: 0, kind: RowKind::ALL[0], records, household_pairs: 0 };
        model.slots = vec![slot(200), slot(500)];
        let class =
            |one: usize, other: usize, pairs: f64| PairClass { one, other, pairs, matches: 1e-9, relatives: 0.0 };
        model.classes = vec![class(0, 0, 19_900.0), class(0, 1, 100_000.0), class(1, 1, 124_750.0)];
        // A thousand pairs that agree, between them.
        let of = |pattern: Pattern, count: f64| ((1, pattern), count);
        let counts = vec![of(0x11, 1000.0), of(0x22, 20_000.0), of(0x23, 79_000.0)];
        iterate(&mut model, &counts, &[]);
        let matches = model.classes[1].matches * model.classes[1].pairs;
        assert!(matches > 150.0 && matches < 211.0, "{matches}");
        // Unless the records of the larger one are four for each person.
        model.classes[2].matches = 750.0 / 124_750.0;
        assert!((super::matches_at_most(&model, &model.classes[1]) - 525.0 / 100_000.0).abs() < 1e-4);
    }

    #[test]
    fn a_roll_has_no_fewer_relatives_than_pairs_of_one_household_and_a_register_may_have() {
        for kind in [RowKind::Present, RowKind::Residence] {
            let mut model = model();
            model.slots = vec![Slot { source: 0, kind, records: 448, household_pairs: 2_000 }];
            model.classes = vec![PairClass { one: 0, other: 0, pairs: 100_000.0, matches: 0.005, relatives: 0.0 }];
            iterate(&mut model, &pairs(200.0), &[]);
            let PairClass { matches, relatives, .. } = model.classes[0];
            let is_bound = relatives >= 0.02 - matches && relatives > 0.005;
            assert_eq!(is_bound, kind == RowKind::Present, "{kind:?}: {matches} {relatives}");
        }
    }

    #[test]
    fn however_few_pairs_there_are_some_are_strangers() {
        // Two records against eight of one household: nearly all agree, and what relatives there are is taken from the
        // pairs within the household.
        let mut model = model();
        model.comparisons[1].place = true;
        let class = |one, other, pairs| PairClass { one, other, pairs, matches: 0.5, relatives: 0.3 };
        model.classes = vec![class(0, 1, 16.0), class(1, 1, 28.0)];
        let counts = vec![((0, 0x11), 15.0), ((0, 0x13), 1.0), ((1, 0x13), 28.0)];
        for _ in 0..20 {
            super::step(&mut model, &counts, &[]);
            let left = model.classes.iter().map(|class| 1.0 - class.matches - class.relatives);
            assert!(left.clone().all(|strangers| strangers > 0.0), "{:?}", model.classes);
        }
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
