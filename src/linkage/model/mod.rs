//! What is each level of agreement worth?
//!
//! A Fellegi–Sunter model with three kinds of pairs: *matches*, *relatives* (different members of one household, who
//! share dwelling, telephone and often a family name) and *strangers*. A level's m is its share among matches, u among
//! strangers, r among relatives. u and r are [`measured`] (on random pairs and on pairs within households); m and the
//! share of matches among the pairs of each pair of [slots](slot) are fitted by EM on pattern counts, without labels
//! ([`em`]), starting from what is [`expected`].
//!
//! The weight of a pattern is log2 of P(pattern | match) / P(pattern | no match), where *no match* mixes relatives and
//! strangers as the fit found them in the slots at hand.

mod counts;
mod dependence;
pub mod em;
pub mod expected;
pub mod file;
pub mod frequency;
pub mod left_over;
pub mod measured;
pub mod slot;

use super::comparison::level::Level;
use super::comparison::{Comparison, Pattern, Variable};
use left_over::LeftOver;
use slot::{Slot, class_index};

/// The pairs between two slots (or within one): how many there are and what they are.
#[derive(Debug, Clone, PartialEq)]
pub struct PairClass {
    /// Index of the one slot.
    pub one: usize,
    /// Index of the other slot; the same one for pairs within a slot.
    pub other: usize,
    /// All pairs between them, compared or not.
    pub pairs: f64,
    /// Share of matches among all pairs.
    pub matches: f64,
    /// Share of relatives among all pairs.
    pub relatives: f64,
}

/// Share of each level of a comparison among the three kinds of pairs, given that it is not missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares {
    /// Name of the comparison.
    pub comparison: String,
    /// Names of the levels; index 0 is *missing* and has no shares.
    pub levels: Vec<String>,
    /// Among matches.
    pub m: Vec<f64>,
    /// Among strangers.
    pub u: Vec<f64>,
    /// Among relatives.
    pub r: Vec<f64>,
    /// What u depends on, if anything.
    pub given: Option<Given>,
}

/// How the level of one comparison depends on that of another among strangers.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// Position of the other comparison.
    pub parent: usize,
    /// Shares of the levels by the other one's level; where that is missing, the usual u holds.
    pub u: Vec<Vec<f64>>,
}

impl Shares {
    /// The least share that a level has among strangers, whatever it depends on.
    #[must_use]
    pub fn least_u(&self, level: usize) -> f64 {
        let given = self.given.iter().flat_map(|given| &given.u);
        given.filter_map(|row| row.get(level)).fold(self.u[level], |least, share| least.min(*share))
    }
}

/// The fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Slots of records.
    pub slots: Vec<Slot>,
    /// Classes of pairs, by slots.
    pub classes: Vec<PairClass>,
    /// Shares by comparison.
    pub shares: Vec<Shares>,
    /// Share of the matches of which both records name one place of living, where it has several parts; 1 if it has
    /// not.
    pub stay: f64,
    /// Share of the relatives that are a family, where a place has several parts; the others, in a home or a hostel,
    /// have no more than the place in common. 1 if it has not.
    pub family: f64,
    /// By class, what it says that both records of a pair found nobody else; empty where that is not asked.
    pub left_over: Vec<Option<LeftOver>>,
    /// Iterations of the fit.
    pub iterations: u32,
    /// Log-likelihood (natural) after each iteration.
    pub log_likelihood: Vec<f64>,
    pub(super) comparisons: Vec<Comparison>,
}

/// The likelihoods of one pattern under the three kinds of pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likelihoods {
    /// P(pattern | match).
    pub m: f64,
    /// P(pattern | strangers).
    pub u: f64,
    /// P(pattern | relatives).
    pub r: f64,
}

/// The most a pair's weight may be, either way, in bits: beyond it nothing changes and figures overflow.
pub const WEIGHT_MAX: f64 = 200.0;

/// By how much more often than usual a text is equal, where the other one is, that tells the other one's value. A
/// judgement.
const TELLING_LIFT: f64 = 4.0;

impl Model {
    /// The class of pairs between two slots.
    #[must_use]
    pub fn class(&self, one: usize, other: usize) -> usize {
        class_index(self.slots.len(), one, other)
    }

    /// The comparisons in the order of a pattern.
    #[must_use]
    pub fn comparisons(&self) -> &[Comparison] {
        &self.comparisons
    }

    /// Share of a comparison's level in this pattern among strangers, given what it depends on.
    fn among_strangers(&self, shares: &Shares, level: usize, pattern: Pattern) -> f64 {
        let row = shares.given.as_ref().and_then(|given| given.u.get(self.comparisons[given.parent].level(pattern)));
        row.and_then(|row| row.get(level)).map_or(shares.u[level], |share| *share)
    }

    /// Share of a comparison's level in this pattern among members of a family. Who shares what a person's own value
    /// depends on (Anna, of Anna Maria) is equal in it no less often than strangers who do.
    fn among_family(&self, at: usize, level: usize, pattern: Pattern) -> f64 {
        let (comparison, shares) = (&self.comparisons[at], &self.shares[at]);
        let is_own = comparison.is_own() || comparison.variable == Variable::Sex;
        if level == 1 && is_own && shares.given.is_some() {
            shares.r[level].max(self.among_strangers(shares, level, pattern))
        } else {
            shares.r[level]
        }
    }

    /// Does the value of a comparison tell that of another one: can its value go with few of the other's? So a
    /// postcode tells its town, and a middle name no given name.
    fn tells(&self, at: usize, parent: usize) -> bool {
        let (comparison, shares) = (&self.comparisons[at], &self.shares[at]);
        let is_text = matches!(comparison.variable, Variable::Text(_)) && !comparison.is_own();
        let equal =
            shares.given.as_ref().filter(|given| given.parent == parent).and_then(|given| given.u.get(1)?.get(1));
        is_text && !self.comparisons[parent].is_own() && equal.is_some_and(|equal| *equal >= TELLING_LIFT * shares.u[1])
    }

    /// Does any comparison tell the value of this one?
    #[must_use]
    pub fn is_told(&self, at: usize) -> bool {
        (0..self.shares.len()).any(|other| self.tells(other, at))
    }

    /// Does another comparison that is equal in this pattern, too, tell the value of this one? Then its value is the
    /// rarer fact.
    #[must_use]
    pub fn is_implied(&self, at: usize, pattern: Pattern) -> bool {
        let is_equal =
            |(other, comparison): (usize, &Comparison)| comparison.level(pattern) == 1 && self.tells(other, at);
        self.comparisons.iter().enumerate().any(is_equal)
    }

    /// The likelihoods of a pattern. `ratio` is by how much more (or less) common the value that both records share is
    /// than the average one: it multiplies u.
    #[must_use]
    pub fn likelihoods(&self, pattern: Pattern, ratio: f64) -> Likelihoods {
        self.likelihoods_with(None, pattern, ratio)
    }

    /// Like [`likelihoods`](Self::likelihoods), with other shares among matches (by comparison) where some are given.
    fn likelihoods_with(&self, m: Option<&[Vec<f64>]>, pattern: Pattern, ratio: f64) -> Likelihoods {
        let mut likelihoods = Likelihoods { m: 1.0, u: 1.0, r: 1.0 };
        for (at, (comparison, shares)) in self.comparisons.iter().zip(&self.shares).enumerate() {
            let level = comparison.level(pattern);
            if level != 0 {
                if !comparison.place {
                    likelihoods.m *= m.and_then(|m| m.get(at)).unwrap_or(&shares.m)[level];
                }
                likelihoods.u *= self.among_strangers(shares, level, pattern);
            }
        }
        let (stayed, moved) = self.places(pattern);
        likelihoods.m *= stayed + moved;
        // Last: those of a pattern are the same to the last bit whether its pairs are scored together or one by one.
        likelihoods.u *= ratio;
        let (family, others) = self.relatives(pattern);
        likelihoods.r = family + others;
        likelihoods
    }

    /// P(pattern, of one family | relatives) and P(pattern, only living at one place | relatives).
    fn relatives(&self, pattern: Pattern) -> (f64, f64) {
        let (mut family, mut others) = (self.family, 1.0 - self.family);
        for (at, (comparison, shares)) in self.comparisons.iter().zip(&self.shares).enumerate() {
            let level = comparison.level(pattern);
            if level != 0 {
                family *= self.among_family(at, level, pattern);
                others *= if comparison.place { shares.r[level] } else { self.among_strangers(shares, level, pattern) };
            }
        }
        (family, others)
    }

    /// P(parts of the place, still living there | match) and P(parts of the place, living elsewhere | match): who has
    /// moved agrees with the former self no more than strangers do. One fact is counted once: the parts differ
    /// together.
    fn places(&self, pattern: Pattern) -> (f64, f64) {
        let (mut stayed, mut moved) = (self.stay, 1.0 - self.stay);
        for (comparison, shares) in self.comparisons.iter().zip(&self.shares).filter(|(one, _)| one.place) {
            let level = comparison.level(pattern);
            if level != 0 {
                stayed *= shares.m[level];
                moved *= self.among_strangers(shares, level, pattern);
            }
        }
        (stayed, moved)
    }

    /// The match weight (log2 Bayes factor) of a pattern between pairs of a class.
    #[must_use]
    pub fn weight(&self, class: usize, likelihoods: Likelihoods) -> f64 {
        let class = &self.classes[class];
        let relatives = class.relatives / (1.0 - class.matches).max(1e-12);
        let no_match = relatives * likelihoods.r + (1.0 - relatives) * likelihoods.u;
        (likelihoods.m.max(1e-280) / no_match.max(1e-280)).log2().clamp(-WEIGHT_MAX, WEIGHT_MAX)
    }

    /// log2 of the odds that a random pair of the class is a match.
    #[must_use]
    pub fn prior_weight(&self, class: usize) -> f64 {
        log2_odds(self.classes[class].matches)
    }

    /// The weights of the single comparisons of a pattern, each given what the class and the other comparisons make of
    /// *no match*: they sum to the pattern's weight. `ratios` are by how much more common than the average the shared
    /// values of the comparisons are; none means that all are average.
    #[must_use]
    pub fn waterfall(&self, pattern: Pattern, ratios: &[f64], class: usize) -> Vec<(usize, f64)> {
        let class_shares = &self.classes[class];
        let relatives = class_shares.relatives / (1.0 - class_shares.matches).max(1e-12);
        let (mut m, mut u, mut family, mut others) = (1.0, 1.0, self.family, 1.0 - self.family);
        let (mut stayed, mut moved) = (self.stay, 1.0 - self.stay);
        let mut steps = Vec::new();
        let mut before = 0.0;
        for (at, (comparison, shares)) in self.comparisons.iter().zip(&self.shares).enumerate() {
            let level = comparison.level(pattern);
            if level != 0 {
                let stranger = self.among_strangers(shares, level, pattern);
                if comparison.place {
                    stayed *= shares.m[level];
                    moved *= stranger;
                } else {
                    m *= shares.m[level];
                }
                u *= stranger;
                family *= self.among_family(at, level, pattern);
                others *= if comparison.place { shares.r[level] } else { stranger };
                u *= ratios.get(at).unwrap_or(&1.0);
            }
            let marked = comparison.variable == Variable::LeftOver && self.is_left_over(class, pattern);
            let after = if marked {
                self.weight(class, self.likelihoods_in(class, pattern, ratios.iter().product()))
            } else {
                ((m * (stayed + moved)).max(1e-280)
                    / (relatives * (family + others) + (1.0 - relatives) * u).max(1e-280))
                .log2()
            };
            steps.push((at, after - before));
            before = after;
        }
        steps
    }
}

/// Makes the shares of a comparison sum to 1. Levels conditional on equal ID numbers stand outside the sum, and stay as
/// they are.
fn normalise(shares: &mut [f64], levels: &[Level]) {
    shares[0] = 0.0;
    let total: f64 = shares.iter().zip(levels).filter(|(_, level)| !level.given_id).map(|(share, _)| share).sum();
    for (share, _) in shares.iter_mut().zip(levels).skip(1).filter(|(_, level)| !level.given_id) {
        *share /= total;
    }
}

/// Weight in bits (log2 odds) of a probability.
#[must_use]
pub fn log2_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}

/// Probability of a weight in bits (log2 odds).
#[must_use]
pub fn probability(log2_odds: f64) -> f64 {
    1.0 / (1.0 + (-log2_odds * std::f64::consts::LN_2).exp())
}

#[cfg(test)]
mod tests {
    use super::{Model, PairClass, Shares};
    use crate::linkage::comparison::level::Level;
    use crate::linkage::comparison::{Comparison, Variable};

    /// A name and two parts of a place; matches live where they lived in nine of ten cases.
    fn with_places() -> Model {
        let levels = || vec![Level::missing(), Level::new("equal", 0.9, 0.9), Level::new("different", 0.1, 0.1)];
        let comparison = |at: u16, place: bool| Comparison {
            variable: Variable::Text(at),
            name: at.to_string(),
            levels: levels(),
            shift: 4 * u32::from(at),
            place,
            sharing: None,
            fitted: false,
        };
        let comparisons: Vec<Comparison> = [(0, false), (1, true), (2, true)].map(|(at, is)| comparison(at, is)).into();
        let shares = |comparison: &Comparison| Shares {
            comparison: comparison.name.clone(),
            levels: levels().into_iter().map(|level| level.name).collect(),
            m: vec![0.0, 0.98, 0.02],
            u: vec![0.0, 0.01, 0.99],
            r: if comparison.place { vec![0.0, 0.98, 0.02] } else { vec![0.0, 0.05, 0.95] },
            given: None,
        };
        Model {
            slots: Vec::new(),
            classes: vec![PairClass { one: 0, other: 0, pairs: 1e6, matches: 1e-4, relatives: 1e-3 }],
            shares: comparisons.iter().map(shares).collect(),
            stay: 0.9,
            family: 0.8,
            left_over: Vec::new(),
            iterations: 0,
            log_likelihood: Vec::new(),
            comparisons,
        }
    }

    #[test]
    fn who_has_moved_loses_no_more_than_the_move_is_unlikely() {
        let model = with_places();
        let weight = |pattern: u64| model.weight(0, model.likelihoods(pattern, 1.0));
        // The same name; the place missing, and different in both parts.
        let (unknown, moved) = (weight(0x001), weight(0x221));
        assert!(moved < unknown && moved > unknown - 3.5, "{moved} {unknown}");
        // Members of a household: the same place, another name. Far likelier two persons than one.
        let odds = weight(0x112) + model.prior_weight(0);
        assert!(odds < -5.0, "{odds}");
        assert!(weight(0x111) > unknown);
    }

    #[test]
    fn the_steps_of_a_waterfall_sum_to_the_weight() {
        let model = with_places();
        for pattern in [0x111, 0x221, 0x121, 0x012, 0x200, 0] {
            let steps: f64 = model.waterfall(pattern, &[0.3], 0).iter().map(|(_, step)| step).sum();
            let ratio = if pattern.trailing_zeros() >= 4 { 1.0 } else { 0.3 };
            let weight = model.weight(0, model.likelihoods(pattern, ratio));
            assert!((steps - weight).abs() < 1e-9, "{pattern:x}: {steps} {weight}");
        }
    }
}
