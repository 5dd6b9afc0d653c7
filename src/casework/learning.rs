//! What do visits teach about the cases still open?
//!
//! Takes cases with the probability that the run gave them and, where somebody has been, a label; gives each case a new
//! probability. The run cannot know that one enumerator left out a staircase or that a community's register is stale;
//! the first visits show it.
//!
//! Model: log odds = log odds of the run + kind + area + community + building + building where nobody was enumerated at
//! the dwelling + traits (the levels of the residence evidence) + surroundings, each effect normal about zero: a
//! logistic regression with an offset and crossed random effects. Omissions and all other kinds are fitted apart.
//!
//! Surroundings are what the run itself expects elsewhere in the building and in the area ([`super::surroundings`]):
//! the effects of places must be learnt place by place, those of surroundings are few and learnt on the first days. No
//! effect is a multiple of the case's own log odds: unlikely cases have labels only where a likely housemate drew the
//! visit, and would teach of all.
//!
//! A building that was left out loses whole households: its effect is another one for dwellings that are empty on the
//! roll than for those where somebody was enumerated and one more person may be missing.
//!
//! What a run has heard of visits stands in its probabilities. Such visits teach of places alone, as the run knows
//! nothing of them; what they say of kinds and traits has effects of its own, which reach no open case.
//!
//! Steps: 1. each case is written as a short row of effects; 2. `fit` finds the most probable effects by Newton steps,
//! one effect at a time, and 3. re-estimates the variance of each group of effects from them: their squares, by the
//! number of effects that the labels have a say in (empirical Bayes), held near its first value while those are few; 4.
//! every open case is scored.
//!
//! Sources: Y. Mundlak, *On the pooling of time series and cross section data*, Econometrica 46 (1978) (what is known
//! of a group beside its random intercept); D. MacKay, *Bayesian interpolation*, Neural Computation 4 (1992) (variance
//! by the effective number of parameters; the EM step moves from a wrong first value only over many rounds where each
//! effect has few labels); A. Gelman, J.
//! Hill, *Data Analysis Using Regression and Multilevel Models*, 2007, ch. 14.

use rustc_hash::FxHashMap;

use super::surroundings::{Surroundings, building, community};
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::report::cases::CaseRow;
use crate::outcome::visit::is_omission;

/// Sweeps over all effects within a fit.
const SWEEPS_MAX: usize = 60;
/// Sweeps from effects that are nearly right.
const SWEEPS_REDRAWN: usize = 15;
/// Rounds of variances.
const ROUNDS: usize = 8;
/// How many effects the first value of a variance counts for.
const PRIOR_EFFECTS: f64 = 6.0;
/// Probabilities are kept this far from 0 and 1.
const PROBABILITY_MIN: f64 = 1e-4;

/// Groups of effects with the first value of their variance; the first two are not re-estimated. Visits go to the best
/// doors, and what they say of all omissions alike is least true of the unlikely ones, where nobody has been: this
/// effect is held as near to nothing as those of places. What the run gave other kinds is a guess.
const VARIANCES: [(&str, f64); 8] = [
    ("kind", 1.0),
    ("omission", 0.05),
    ("area", 0.05),
    ("community", 0.05),
    ("building", 0.05),
    ("trait", 0.01),
    ("left out", 0.1),
    ("surroundings", 0.3),
];
const KIND: usize = 0;
const OMISSION: usize = 1;
const AREA: usize = 2;
const COMMUNITY: usize = 3;
const BUILDING: usize = 4;
const TRAIT: usize = 5;
const LEFT_OUT: usize = 6;
const SURROUNDINGS: usize = 7;

/// A case to learn from, or to learn about.
#[derive(Debug, Clone, Copy)]
pub struct Lesson<'a> {
    /// What it is.
    pub kind: DiscrepancyKind,
    /// What the run knows of it.
    pub row: &'a CaseRow,
    /// Was it real, if somebody has been there?
    pub label: Option<bool>,
    /// Has the run that gave the others their probabilities heard the answer?
    pub is_heard: bool,
}

/// Effects of a row: index and value.
type Effects = Vec<(u32, f64)>;

/// The effects that are known, by name.
#[derive(Debug, Default)]
struct Index {
    number: FxHashMap<String, u32>,
    group: Vec<usize>,
}

impl Index {
    fn of(&mut self, group: usize, name: &str) -> u32 {
        let next = u32::try_from(self.group.len()).unwrap_or(u32::MAX);
        let key = format!("{}\u{1f}{name}", VARIANCES[group].0);
        *self.number.entry(key).or_insert_with(|| {
            self.group.push(group);
            next
        })
    }
}

/// The cases as rows of effects; made once, refitted as often as visits come in.
#[derive(Debug)]
pub struct Lessons {
    offset: Vec<f64>,
    effects: Vec<Effects>,
    group: Vec<usize>,
}

fn log_odds(probability: f64) -> f64 {
    let probability = probability.clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN);
    (probability / (1.0 - probability)).ln()
}

fn sigmoid(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

impl Lessons {
    /// Writes cases as rows of effects.
    #[must_use]
    pub fn of<'a>(cases: impl Iterator<Item = (DiscrepancyKind, &'a CaseRow)>) -> Lessons {
        let cases: Vec<(DiscrepancyKind, &CaseRow)> = cases.collect();
        Lessons::of_heard(&cases, |_| false)
    }

    /// The same where the run has heard some of the answers already. These teach of places, of which the run knows
    /// nothing; what they say of all omissions and of traits stands in the run's probabilities, and has effects of its
    /// own here.
    fn of_heard(cases: &[(DiscrepancyKind, &CaseRow)], is_heard: impl Fn(usize) -> bool) -> Lessons {
        let surroundings = Surroundings::of(cases);
        let mut index = Index::default();
        let (mut offset, mut effects) = (Vec::new(), Vec::new());
        for (at, (kind, row)) in cases.iter().enumerate() {
            let family = if is_omission(*kind) { "omission" } else { kind.name() };
            // What the run has heard may be as far from what was expected before as it likes.
            let is_apart = is_omission(*kind) && is_heard(at);
            let level = if is_omission(*kind) && !is_apart { OMISSION } else { KIND };
            let known = if is_apart { "heard" } else { family };
            let name = if is_apart { format!("heard {}", kind.name()) } else { kind.name().to_owned() };
            let mut of: Effects =
                vec![(index.of(level, &name), 1.0), (index.of(AREA, &format!("{family} {}", row.area)), 1.0)];
            if let Some(community) = community(row) {
                of.push((index.of(COMMUNITY, &format!("{family} {community}")), 1.0));
            }
            if let Some((estate, number)) = building(row) {
                let building = format!("{family} {estate} {number}");
                of.push((index.of(BUILDING, &building), 1.0));
                if row.is_empty_dwelling() {
                    of.push((index.of(LEFT_OUT, &building), 1.0));
                }
            }
            of.extend(row.traits.iter().map(|seen| (index.of(TRAIT, &format!("{known} {seen}")), 1.0)));
            if is_omission(*kind) {
                let around = surroundings.around(row);
                of.extend(around.into_iter().map(|(what, value)| (index.of(SURROUNDINGS, &what), value)));
            }
            offset.push(log_odds(row.probability));
            effects.push(of);
        }
        Lessons { offset, effects, group: index.group }
    }

    /// The probability of every case, given the labels of some (in the order of the cases).
    #[must_use]
    pub fn learn(&self, labels: &[Option<bool>]) -> Vec<f64> {
        self.probabilities(&self.fit(labels).coefficients)
    }

    /// What the labels of some cases teach.
    #[must_use]
    pub fn fit(&self, labels: &[Option<bool>]) -> Taught {
        let labelled: Vec<(usize, f64)> = labels
            .iter()
            .enumerate()
            .filter_map(|(at, label)| label.map(|label| (at, f64::from(u8::from(label)))))
            .collect();
        let mut of_effect: Vec<Vec<(u32, f64)>> = vec![Vec::new(); self.group.len()];
        for (at, (case, _)) in labelled.iter().enumerate() {
            for (effect, value) in &self.effects[*case] {
                of_effect[*effect as usize].push((at as u32, *value));
            }
        }
        let seen = (0..self.group.len()).filter(|effect| !of_effect[*effect].is_empty()).collect();
        let variance = VARIANCES.map(|(_, first)| first);
        let mut taught = Taught { labelled, of_effect, seen, variance, coefficients: vec![0.0; self.group.len()] };
        let once = vec![1.0; taught.labelled.len()];
        for _ in 0..ROUNDS {
            let (coefficients, curvature) = self.solve(&taught, &once, SWEEPS_MAX);
            taught.coefficients = coefficients;
            for (group, (_, first)) in VARIANCES.iter().enumerate().skip(AREA) {
                let (mut sum, mut count) = (PRIOR_EFFECTS * first, PRIOR_EFFECTS);
                for effect in taught.seen.iter().filter(|effect| self.group[**effect] == group) {
                    sum += taught.coefficients[*effect].powi(2);
                    // How far the labels, and not the prior, say what the effect is: between 0 and 1.
                    count += (1.0 - 1.0 / (curvature[*effect] * taught.variance[group])).max(0.0);
                }
                taught.variance[group] = (sum / count).clamp(0.005, 6.0);
            }
        }
        taught
    }

    /// The probability of every case, had each label been there so many times: the same variances, and effects found
    /// again from those of the whole.
    #[must_use]
    pub fn redrawn(&self, taught: &Taught, times: impl Fn(usize) -> u8) -> Vec<f64> {
        let weights: Vec<f64> = taught.labelled.iter().map(|(case, _)| f64::from(times(*case))).collect();
        self.probabilities(&self.solve(taught, &weights, SWEEPS_REDRAWN).0)
    }

    /// The probability of every case with these effects.
    #[must_use]
    pub fn probabilities(&self, coefficients: &[f64]) -> Vec<f64> {
        let rows = self.offset.iter().zip(&self.effects);
        rows.map(|(offset, row)| sigmoid(predict(*offset, row, coefficients))).collect()
    }

    /// The most probable effects and the curvature there, with these variances, each label counting as often as its
    /// weight.
    fn solve(&self, taught: &Taught, weights: &[f64], sweeps: usize) -> (Vec<f64>, Vec<f64>) {
        let mut coefficients = taught.coefficients.clone();
        let mut curvature = vec![0.0; self.group.len()];
        let of = |(case, _): &(usize, f64)| predict(self.offset[*case], &self.effects[*case], &coefficients);
        let mut linear: Vec<f64> = taught.labelled.iter().map(of).collect();
        for _ in 0..sweeps {
            let mut longest: f64 = 0.0;
            for effect in &taught.seen {
                let precision = 1.0 / taught.variance[self.group[*effect]];
                let (mut slope, mut curve) = (-coefficients[*effect] * precision, precision);
                for (at, value) in &taught.of_effect[*effect] {
                    let (probability, weight) = (sigmoid(linear[*at as usize]), weights[*at as usize]);
                    slope += weight * value * (taught.labelled[*at as usize].1 - probability);
                    curve += weight * value * value * probability * (1.0 - probability);
                }
                let step = (slope / curve).clamp(-1.0, 1.0);
                coefficients[*effect] += step;
                curvature[*effect] = curve;
                taught.of_effect[*effect].iter().for_each(|(at, value)| linear[*at as usize] += step * value);
                longest = longest.max(step.abs());
            }
            if longest < 1e-4 {
                break;
            }
        }
        (coefficients, curvature)
    }
}

/// What was taught, and by what.
#[derive(Debug)]
pub struct Taught {
    /// One for each effect.
    pub coefficients: Vec<f64>,
    variance: [f64; VARIANCES.len()],
    /// Cases with a label, and the label.
    labelled: Vec<(usize, f64)>,
    /// By effect: the labelled cases that show it, and the value.
    of_effect: Vec<Vec<(u32, f64)>>,
    seen: Vec<usize>,
}

fn predict(offset: f64, row: &Effects, coefficients: &[f64]) -> f64 {
    row.iter().fold(offset, |sum, (effect, value)| sum + coefficients[*effect as usize] * value)
}

/// The probability of every case after all visits.
#[must_use]
pub fn learn(lessons: &[Lesson<'_>]) -> Vec<f64> {
    let labels: Vec<Option<bool>> = lessons.iter().map(|lesson| lesson.label).collect();
    let cases: Vec<(DiscrepancyKind, &CaseRow)> = lessons.iter().map(|lesson| (lesson.kind, lesson.row)).collect();
    Lessons::of_heard(&cases, |at| lessons[at].is_heard).learn(&labels)
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Lesson, Lessons, learn};
    use crate::intake::study::Language;
    use crate::outcome::discrepancy::DiscrepancyKind;
    use crate::outcome::report::cases::{Around, Case, CaseRow, Door};
    use crate::outcome::report::words::field::Matter;

    /// A missed person who does not exist.
    pub fn row(number: usize, building: u16, probability: f64) -> CaseRow {
        CaseRow {
            case: Case {
                discrepancy: number,
                number: format!("{building:04}-{number:04}"),
                matter: Matter::Person,
                language: Language::Zh,
                name: format!("某{number}"),
                sex: String::from("女"),
                birth: String::from("1980年5月"),
                relationship: String::new(),
                id_number: String::new(),
                ask: String::from("问"),
            },
            kind: DiscrepancyKind::MissedPerson.name().to_owned(),
            area: format!("120106001001{:03}", building % 10 + 1),
            door: Door {
                unplaced: false,
                estate: String::from("甲苑"),
                building,
                unit: 1,
                room: number as u16 + 101,
                is_whole: false,
                is_house: false,
            },
            dwelling: String::new(),
            probability,
            listed: true,
            by_visit: None,
            persons: 1,
            records: vec![format!("record-{number}")],
            traits: Vec::new(),
            around: None,
        }
    }

    #[test]
    fn a_building_that_was_left_out_teaches_of_empty_dwellings_there() {
        // In building 1 all empty dwellings were missed, and nobody of the households that were enumerated.
        let empty = |at: usize| at.is_multiple_of(2);
        let seen = |at: usize| if empty(at) { "nobody enumerated" } else { "mates enumerated" };
        let rows: Vec<CaseRow> = (0..80)
            .map(|at| CaseRow {
                traits: vec![format!("dwelling={}, companions not on the roll: 1", seen(at))],
                ..row(at, 1 + (at / 2 % 2) as u16, 0.3)
            })
            .collect();
        let lessons = Lessons::of(rows.iter().map(|row| (DiscrepancyKind::MissedPerson, row)));
        let label = |at: usize| (at < 60).then_some(if (at / 2).is_multiple_of(2) { empty(at) } else { at % 10 < 3 });
        let learnt = lessons.learn(&(0..80).map(label).collect::<Vec<_>>());
        let gap = |first: usize| learnt[first] - learnt[first + 1];
        // Cases 60 and 61 stand in building 1, 62 and 63 in building 2; the first of each pair is of an empty dwelling.
        assert!(gap(60) > gap(62) + 0.3, "{:?}", &learnt[60..64]);
    }

    #[test]
    fn housemates_of_likely_cases_do_not_speak_for_all_unlikely_ones() {
        // Forty doors with somebody likely, and a housemate who is missed more often than expected, because the
        // household was.
        let mut rows: Vec<CaseRow> = (0..40).map(|at| row(at, 0, 0.6)).collect();
        rows.extend((40..80).map(|at| row(at, 0, 0.05)));
        rows.extend((80..180).map(|at| row(at, 0, 0.05)));
        let lessons = Lessons::of(rows.iter().map(|row| (DiscrepancyKind::MissedPerson, row)));
        let label = |at: usize| (at < 80).then_some(at % 5 < [3, 1][at / 40 % 2]);
        let learnt = lessons.learn(&(0..180).map(label).collect::<Vec<_>>());
        let expected: f64 = learnt[80..].iter().sum();
        assert!((5.0..9.5).contains(&expected), "{expected}");
    }

    #[test]
    fn likely_doors_say_little_of_unlikely_ones_elsewhere() {
        // Of sixty likely persons fewer were found than expected, in five buildings; elsewhere fifteen are expected
        // among three hundred unlikely ones. Had all been learnt for granted, seven would be.
        let mut rows: Vec<CaseRow> = (0..60).map(|at| row(at, 1 + (at % 5) as u16, 0.8)).collect();
        rows.extend((60..360).map(|at| row(at, 6 + (at % 5) as u16, 0.05)));
        let lessons = Lessons::of(rows.iter().map(|row| (DiscrepancyKind::MissedPerson, row)));
        let label = |at: usize| (at < 60).then_some(at / 5 % 5 < 3);
        let learnt = lessons.learn(&(0..360).map(label).collect::<Vec<_>>());
        let expected: f64 = learnt[60..].iter().sum();
        assert!((9.0..14.0).contains(&expected), "{expected}");
    }

    #[test]
    fn what_the_run_has_heard_teaches_of_places_and_no_second_time_of_all() {
        // Three in ten were expected at two hundred doors, and six found: eight in every second building, and four in
        // the others. The run that heard this expects six in ten at the hundred other doors.
        let is_visited = |at: usize| at < 200;
        let rows: Vec<CaseRow> = (0..300)
            .map(|at| CaseRow {
                traits: vec![String::from("stratum=0")],
                ..row(at, 1 + (at % 10) as u16, if is_visited(at) { 0.3 } else { 0.6 })
            })
            .collect();
        let learnt = |is_heard: bool| {
            let lesson = |at: usize| Lesson {
                kind: DiscrepancyKind::MissedPerson,
                row: &rows[at],
                label: is_visited(at).then_some(at / 10 % 5 < [4, 2][at % 2]),
                is_heard: is_heard && is_visited(at),
            };
            learn(&(0..300).map(lesson).collect::<Vec<_>>())
        };
        let mean = |learnt: &[f64]| learnt[200..].iter().sum::<f64>() / 100.0;
        let (once, twice) = (learnt(true), learnt(false));
        assert!((mean(&once) - 0.6).abs() < 0.04, "{}", mean(&once));
        assert!(mean(&twice) > mean(&once) + 0.1, "{} {}", mean(&once), mean(&twice));
        assert!(once[200] > once[201] + 0.1, "{} {}", once[200], once[201]);
    }

    #[test]
    fn what_is_expected_around_teaches_of_buildings_where_nobody_has_been() {
        // In every second building many are expected and few were enumerated; there they were missed.
        let bad = |at: usize| (at / 8).is_multiple_of(2);
        let rows: Vec<CaseRow> = (0..96)
            .map(|at| CaseRow {
                area: String::from("120106001001001"),
                traits: vec![String::from("dwelling=nobody enumerated, companions not on the roll: 1")],
                around: Some(Around {
                    enumerated_in_building: if bad(at) { 20 } else { 200 },
                    enumerated_in_area: 1_000,
                    listed_elsewhere: 0,
                }),
                ..row(at, 1 + (at / 8) as u16, 0.3)
            })
            .collect();
        let lessons = Lessons::of(rows.iter().map(|row| (DiscrepancyKind::MissedPerson, row)));
        let label = |at: usize| (at < 80).then_some(at % 8 < if bad(at) { 6 } else { 1 });
        let learnt = lessons.learn(&(0..96).map(label).collect::<Vec<_>>());
        assert!(learnt[80] > learnt[88] + 0.2, "{} {}", learnt[80], learnt[88]);
    }

    #[test]
    fn a_building_of_finds_raises_its_neighbours_and_no_others() {
        let rows: Vec<CaseRow> = (0..160).map(|at| row(at, 1 + (at % 4) as u16, 0.2)).collect();
        let lessons = Lessons::of(rows.iter().map(|row| (DiscrepancyKind::MissedPerson, row)));
        let nothing = lessons.learn(&[None; 160]);
        assert!(nothing.iter().all(|probability| (probability - 0.2).abs() < 1e-9));
        // Building 1 all real, building 2 none, buildings 3 and 4 not visited; half of each left open.
        let label = |at: usize| (at < 80 && at % 4 < 2).then_some(at.is_multiple_of(4));
        let learnt = lessons.learn(&(0..160).map(label).collect::<Vec<_>>());
        assert!(learnt[156] > 0.4 && learnt[157] < 0.2, "{} {}", learnt[156], learnt[157]);
        assert!((learnt[158] - learnt[159]).abs() < 1e-9);
        assert!(learnt[158] > learnt[157] && learnt[158] < learnt[156]);
    }
}
