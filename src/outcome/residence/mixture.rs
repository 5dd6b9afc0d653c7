//! Of the unlinked persons, who looks like a resident whom the roll missed, and who like somebody who does not live
//! here?
//!
//! Residents on the roll show what a missed resident would look like: their own present row hidden (*one was missed*),
//! or those of their whole household (*all were missed*). Persons listed as living elsewhere show the opposite, in the
//! same two views, where there are enough of them. Who of the unlinked is which is learnt by expectation and
//! maximisation.
//!
//! Steps: 1. the two views of residents are told apart by a classifier of their own, so that the share of whole
//! households among the missed can be learnt; 2. residents against everybody else; 3. each unlinked person counts as
//! resident with its probability and as the opposite with the rest; where a visit has answered, as what was found; 4.
//! fit again, until no probability moves. If visits have answered, the log odds of all are shifted to where the answers
//! are likeliest (normal prior about no shift).
//!
//! Sources: C. Elkan, K. Noto, KDD 2008; G. Ward et al., *Presence-only data and the EM algorithm*, Biometrics 2009;
//! K. Nigam et al., *Text classification from labeled and unlabeled documents using EM*, Machine Learning 2000
//! (labelled rows weighted down to the size of the unlabelled).

use super::logistic::{self, Effort, Follower, Rows, counts, sigmoid, weighed};
use super::prior::{self, Expected, Share};

pub(super) const ROUNDS_MAX: u32 = 40;

/// The rounds end when no probability has moved by more. From households drawn again it may be more: what they say
/// moves far more from draw to draw.
const TOLERANCE: f64 = 2e-3;
const TOLERANCE_REDRAWN: f64 = 6e-3;

/// A step of the first fit that moves no coefficient by more is the last one; from households drawn again, which start
/// from what was found.
const STEP_MIN: f64 = 1e-6;
const STEP_REDRAWN_MIN: f64 = 1e-2;

/// Ridge of the fit; of the classifier of the two views.
const RIDGE: f64 = 0.3;
const RIDGE_VIEWS: f64 = 5.0;

/// Most steps of the classifier of the two views, and the length of its last one.
const STEPS_VIEWS: u32 = 25;
const TOLERANCE_VIEWS: f64 = 1e-3;

/// How far the answers of visits may shift the log odds, as a variance.
const SHIFT_VARIANCE: f64 = 1.0;

/// Most steps to the shift that gives a mean, and the length of its last one.
const SHIFT_STEPS_MAX: u32 = 100;
const SHIFT_STEP_MIN: f64 = 1e-10;

/// Least share of either view.
const SHARE_LEAST: f64 = 0.02;

/// Greatest share of residents among the unlinked by the density ratio.
const SHARE_MAX: f64 = 0.95;

/// Known negatives are few below this number, or below this share of the unlabelled.
pub(super) const NEGATIVES_MIN: usize = 30;
pub(super) const NEGATIVES_SHARE_MIN: f64 = 0.25;

/// Persons of whom the roll says something, seen as if it did not.
#[derive(Debug)]
pub(super) struct Views {
    /// Only the own row hidden.
    pub alone: Rows,
    /// The rows of their whole household hidden.
    pub together: Rows,
}

/// The rows of one stratum, one-hot.
#[derive(Debug)]
pub(super) struct Sample {
    /// Residents.
    pub positives: Views,
    /// Residents with their household hidden, or with all of their door.
    pub houses: Rows,
    /// Persons known to live elsewhere.
    pub negatives: Views,
    /// Unlinked persons.
    pub unlabelled: Rows,
    /// How often the folds are drawn for scores by fits that have not seen a person.
    pub fold_draws: u64,
    /// For each unlinked person the probability of not being somebody on the roll under another record.
    pub distinct: Vec<f64>,
    /// For each unlinked person what a visit found: was the person missed?
    pub visited: Vec<Option<bool>>,
    /// Unlinked persons who are not among these, as there are too many, and what visits found of them.
    pub answers: Rows,
    pub answered: Vec<bool>,
    /// Households of the residents and of the unlinked persons, for scores by fits that have not seen them.
    pub households: [Vec<u64>; 2],
    /// Number of coefficients, the intercept included.
    pub columns: usize,
    /// Is this one of the columns that being enumerated cannot change?
    pub is_trace: Vec<bool>,
    /// May the known negatives stand for all unlinked persons who do not live here?
    pub negatives_usable: bool,
    /// What is known beforehand of the share of the missed, for where they may not.
    pub expected: Expected,
    /// Does what is seen tell those who have left? Without dates of a last sign of life they look like residents, and
    /// so do members of a collective household who live elsewhere: the density ratio is then no more than a bound.
    pub tells_leavers: bool,
}

/// What was learnt: natural log odds = linear predictor + `offset`.
#[derive(Debug, Clone, Default)]
pub(super) struct Mixture {
    /// One per column, the intercept last.
    pub coefficients: Vec<f64>,
    /// Added to the linear predictor.
    pub offset: f64,
    /// Share of missed residents among the unlinked.
    pub prior: f64,
    /// Rounds until nothing moved.
    pub rounds: u32,
    /// How the two views of the missed are told apart, and those of persons who live elsewhere.
    pub views: [Together; 2],
    /// Is the share that of the density ratio, as the known negatives cannot stand for the others?
    pub by_density: bool,
    /// Does the share rest on what is stated beforehand, as there are too few persons to bound it?
    pub is_stated: bool,
}

impl Mixture {
    /// Nothing learnt, of so many columns.
    pub fn none(columns: usize) -> Mixture {
        let none = || Together { coefficients: vec![0.0; columns], share: 0.5 };
        Mixture { coefficients: vec![0.0; columns], views: [none(), none()], ..Mixture::default() }
    }
}

/// How many of a group of unlinked persons are there with their whole household.
#[derive(Debug, Clone, Default)]
pub(super) struct Together {
    /// Of the classifier of the two views.
    coefficients: Vec<f64>,
    /// The share of those with their whole household.
    pub share: f64,
}

/// Learns [`Together`] from the unlinked persons.
struct TogetherLearner {
    scores: Vec<f64>,
    found: Together,
}

impl TogetherLearner {
    /// Learns to tell the two views apart, starting from what a similar sample gave.
    fn begin(views: &Views, sample: &Sample, mut found: Together) -> TogetherLearner {
        if views.alone.len() == 0 {
            found.share = 0.0;
            return TogetherLearner { scores: Vec::new(), found };
        }
        let (rows, of) = Rows::distinct([&views.alone, &views.together]);
        let [alone, together] = of.map(|of| counts(&of, rows.len()));
        let (outcome, weight) = weighed(&together, &alone);
        let effort = Effort { ridge: RIDGE_VIEWS, steps: STEPS_VIEWS, tolerance: TOLERANCE_VIEWS };
        Follower::default().fit(&rows, &outcome, &weight, effort, &mut found.coefficients);
        found.share = found.share.clamp(SHARE_LEAST, 1.0 - SHARE_LEAST);
        TogetherLearner { scores: sample.unlabelled.predict(&found.coefficients), found }
    }

    /// One step on, the unlinked persons belonging to the group with this probability.
    fn learn(&mut self, probability: impl Iterator<Item = f64>) {
        let shift = (self.found.share / (1.0 - self.found.share)).ln();
        let (mut together, mut all) = (0.0, 0.0);
        for (score, probability) in self.scores.iter().zip(probability) {
            together += probability * sigmoid(score + shift);
            all += probability;
        }
        if all > 0.0 {
            self.found.share = (together / all).clamp(SHARE_LEAST, 1.0 - SHARE_LEAST);
        }
    }

    /// The weights of the two views of a person.
    fn weights(&self, weight: f64) -> [f64; 2] {
        [weight * (1.0 - self.found.share), weight * self.found.share]
    }
}

/// What the regression of a sample is made of: rows that differ, and how many of each group look like each.
struct Looks {
    rows: Rows,
    /// Residents in either view.
    residents: [Vec<f64>; 2],
    /// Persons known to live elsewhere in either view.
    elsewhere: [Vec<f64>; 2],
    /// Of each unlinked person the row.
    unlabelled: Vec<usize>,
}

impl Looks {
    fn of(sample: &Sample) -> Looks {
        let Views { alone: resident, together: residents } = &sample.positives;
        let Views { alone: leaver, together: leavers } = &sample.negatives;
        let (rows, of) = Rows::distinct([resident, residents, leaver, leavers, &sample.unlabelled]);
        let [resident, residents, leaver, leavers, unlabelled] = of;
        let views = |alone: &[usize], together: &[usize]| [alone, together].map(|of| counts(of, rows.len()));
        let (residents, elsewhere) = (views(&resident, &residents), views(&leaver, &leavers));
        Looks { rows, residents, elsewhere, unlabelled }
    }

    /// How much of each row is a resident, and how much is not: the labelled persons weigh so much in either view, and
    /// the unlinked are residents with these probabilities.
    fn ones_and_zeros(&self, missed: [f64; 2], away: [f64; 2], probability: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let sum = |[alone, together]: &[Vec<f64>; 2], weights: [f64; 2]| -> Vec<f64> {
            let views = alone.iter().zip(together);
            views.map(|(alone, together)| alone * weights[0] + together * weights[1]).collect()
        };
        let (mut ones, mut zeros) = (sum(&self.residents, missed), sum(&self.elsewhere, away));
        for (row, probability) in self.unlabelled.iter().zip(probability) {
            ones[*row] += probability;
            zeros[*row] += 1.0 - probability;
        }
        (ones, zeros)
    }
}

/// How often each positive, negative and unlinked person is drawn.
pub(super) type Times = [Vec<u8>; 3];

impl Sample {
    /// The sample with every person as often as drawn, and what is then known beforehand.
    pub fn redrawn(&self, times: &Times, expected: Expected) -> Sample {
        let views = |views: &Views, times: &[u8]| Views {
            alone: views.alone.repeated(times),
            together: views.together.repeated(times),
        };
        let [positives, negatives, unlabelled] = times;
        Sample {
            households: [repeated(&self.households[0], positives), repeated(&self.households[1], unlabelled)],
            positives: views(&self.positives, positives),
            houses: self.houses.repeated(positives),
            fold_draws: prior::FOLD_DRAWS_REDRAWN,
            negatives: views(&self.negatives, negatives),
            unlabelled: self.unlabelled.repeated(unlabelled),
            distinct: repeated(&self.distinct, unlabelled),
            visited: repeated(&self.visited, unlabelled),
            answers: self.answers.clone(),
            answered: self.answered.clone(),
            columns: self.columns,
            is_trace: self.is_trace.clone(),
            negatives_usable: self.negatives_usable,
            expected,
            tells_leavers: self.tells_leavers,
        }
    }

    /// The sample, its negatives usable only if as many of the unlinked look like them as would have to be known.
    /// Where a register has many persons whom nobody knows, most of the others are like no listed leaver. The rounds
    /// would take all of them for the others by their own labels, and of the missed next to none would be left.
    pub fn judged(mut self, households: &[u64]) -> Sample {
        let greatest = || self.greatest_share(&self.negatives.alone, households);
        // Nothing bounds the share from above where there is nothing by which to tell them apart.
        self.negatives_usable =
            self.negatives_usable && greatest().is_none_or(|share| share.found >= NEGATIVES_SHARE_MIN);
        self
    }

    /// Learns from the sample.
    pub fn fit(&self) -> Mixture {
        self.fit_with(Effort { ridge: RIDGE, steps: 25, tolerance: STEP_MIN }, None)
    }

    /// Learns from the sample, starting from what a similar one gave.
    pub fn fit_from(&self, similar: &Mixture) -> Mixture {
        self.fit_with(Effort { ridge: RIDGE, steps: 8, tolerance: STEP_REDRAWN_MIN }, Some(similar))
    }

    fn fit_with(&self, first_effort: Effort, similar: Option<&Mixture>) -> Mixture {
        let (positives, negatives) = (self.positives.alone.len(), self.negatives.alone.len());
        let unlabelled = self.unlabelled.len() as f64;
        let tolerance = if similar.is_none() { TOLERANCE } else { TOLERANCE_REDRAWN };
        let start = similar.cloned().unwrap_or_else(|| Mixture { prior: 0.3, ..Mixture::none(self.columns) });
        let mut probability = similar.map_or_else(|| vec![0.0; self.unlabelled.len()], |similar| self.predict(similar));
        let [residents, elsewhere] = start.views;
        let mut missed = TogetherLearner::begin(&self.positives, self, residents);
        let mut away = TogetherLearner::begin(&self.negatives, self, elsewhere);
        let looks = Looks::of(self);
        let (prior, is_stated) = if self.negatives_usable { (start.prior, false) } else { self.prior() };
        let mut found = Mixture { coefficients: start.coefficients, prior, ..Mixture::default() };
        let mut follower = Follower::default();
        while found.rounds < ROUNDS_MAX {
            let first = found.rounds == 0;
            let missed_weights = missed.weights((found.prior * unlabelled / positives.max(1) as f64).min(1.0));
            let away_weights = away.weights(((1.0 - found.prior) * unlabelled / negatives.max(1) as f64).min(1.0));
            let (ones, zeros) = looks.ones_and_zeros(missed_weights, away_weights, &probability);
            let (outcome, weight) = weighed(&ones, &zeros);
            if first {
                follower.fit(&looks.rows, &outcome, &weight, first_effort, &mut found.coefficients);
            } else {
                follower.step(&looks.rows, &outcome, &weight, first_effort.ridge, &mut found.coefficients);
            }
            let [ones, zeros] = [ones, zeros].map(|persons| persons.iter().sum::<f64>().max(1e-9));
            let balance = (ones / zeros).ln();
            let predicted = looks.rows.predict(&found.coefficients);
            let evidence: Vec<f64> = looks.unlabelled.iter().map(|row| predicted[*row] - balance).collect();
            let of_answers = self.answers.predict(&found.coefficients);
            let of_answers: Vec<f64> = of_answers.iter().map(|value| value - balance).collect();
            let before = probability;
            let shift;
            (probability, found.prior, shift) =
                self.expect((&evidence, &of_answers), found.prior, first && similar.is_none());
            found.offset = shift - balance;
            missed.learn(probability.iter().copied());
            away.learn(probability.iter().map(|probability| 1.0 - probability));
            found.rounds += 1;
            let moved = probability.iter().zip(&before).fold(0.0f64, |most, (now, then)| most.max((now - then).abs()));
            if moved < tolerance {
                break;
            }
        }
        Mixture { views: [missed.found, away.found], by_density: !self.negatives_usable, is_stated, ..found }
    }

    /// Probabilities of the unlinked by what a similar sample gave.
    fn predict(&self, similar: &Mixture) -> Vec<f64> {
        self.distinct_share(&self.unlabelled.predict(&similar.coefficients), |value| sigmoid(value + similar.offset))
    }

    /// Probabilities of the unlinked, their prior, and what was added to the evidence: that of the unlinked, and that
    /// of the others who answered.
    fn expect(&self, evidence: (&[f64], &[f64]), prior: f64, first: bool) -> (Vec<f64>, f64, f64) {
        let (evidence, of_answers) = evidence;
        if self.negatives_usable {
            let (mut prior, mut shift) = (prior, 0.0);
            let mut probability = Vec::new();
            for _ in 0..if first { 50 } else { 1 } {
                shift = self.answered(evidence, of_answers, (prior / (1.0 - prior)).ln());
                probability = self.distinct_share(evidence, |value| sigmoid(value + shift));
                prior = mean(&probability).clamp(0.002, 0.95);
            }
            return (probability, prior, shift);
        }
        if first {
            // Residents against unlinked: the odds are a density ratio, p = prior · f(resident) / f(unlinked).
            let probability = self.distinct_share(evidence, |value| (prior * value.clamp(-20.0, 20.0).exp()).min(0.98));
            return (probability, prior, prior.ln());
        }
        let shift = self.answered(evidence, of_answers, shift_to(evidence, prior));
        (self.distinct_share(evidence, |value| sigmoid(value + shift)), prior, shift)
    }

    /// Probabilities of the evidence, less what is somebody on the roll under another record; what a visit found is
    /// certain.
    fn distinct_share(&self, evidence: &[f64], probability: impl Fn(f64) -> f64) -> Vec<f64> {
        let of = |((value, distinct), visited): ((&f64, &f64), &Option<bool>)| {
            visited.map_or_else(|| distinct * probability(*value), |missed| f64::from(u8::from(missed)))
        };
        evidence.iter().zip(&self.distinct).zip(&self.visited).map(of).collect()
    }

    /// The shift, moved to where the answers of visits are likeliest: Newton steps on their log likelihood, with a
    /// normal prior about the shift that is given.
    fn answered(&self, evidence: &[f64], of_answers: &[f64], given: f64) -> f64 {
        let sampled = evidence.iter().zip(&self.visited).filter_map(|(value, missed)| Some((*value, (*missed)?)));
        let answers: Vec<(f64, bool)> =
            sampled.chain(of_answers.iter().copied().zip(self.answered.iter().copied())).collect();
        let mut shift = given;
        for _ in 0..20 {
            let (mut slope, mut curve) = ((given - shift) / SHIFT_VARIANCE, 1.0 / SHIFT_VARIANCE);
            for (value, missed) in &answers {
                let probability = sigmoid(value + shift);
                slope += f64::from(u8::from(*missed)) - probability;
                curve += probability * (1.0 - probability);
            }
            let step = (slope / curve).clamp(-1.0, 1.0);
            shift += step;
            if step.abs() < 1e-6 {
                break;
            }
        }
        shift
    }

    /// The share of residents among the unlinked by the density ratio, the lesser of that by traces alone and that by
    /// all that is seen; or does it rest on what is stated? So it does where they are too few for it (a bound that
    /// allows for everybody would make residents of everybody), and where nothing tells who has left, as far as the
    /// bound allows for it.
    fn prior(&self) -> (f64, bool) {
        if self.positives.alone.len() == 0 || self.unlabelled.len() == 0 {
            return (0.3, false);
        }
        let traces = self.greatest_share(&self.positives.alone, &self.households[0]);
        let is_bound = |share: &Share| !share.is_stated;
        let seen = traces.filter(is_bound).and_then(|_| self.greatest_share_seen());
        let greatest = traces.map(|traces| seen.map_or(traces, |seen| traces.or_less(seen)));
        let share = match greatest {
            Some(share) if self.tells_leavers => share.stated,
            Some(share) => self.expected.share_within(share.found),
            None => self.expected.stated_share(),
        };
        (share.clamp(0.01, SHARE_MAX), !self.tells_leavers || greatest.is_none_or(|share| share.is_stated))
    }

    /// How many of the unlinked may be like persons of this kind, by the columns that being enumerated cannot change.
    /// Nothing if there is none.
    fn greatest_share(&self, known: &Rows, of_known: &[u64]) -> Option<Share> {
        // The columns that being enumerated cannot change, numbered anew: the fits are the cheaper the fewer there are.
        let mut number = vec![logistic::BASE; self.is_trace.len()];
        let mut columns: u16 = 0;
        for (number, _) in number.iter_mut().zip(&self.is_trace).filter(|(_, is_trace)| **is_trace) {
            *number = columns;
            columns += 1;
        }
        let number = |column: u16| number.get(usize::from(column)).copied().unwrap_or(logistic::BASE);
        self.greatest_share_by(&[known], of_known, usize::from(columns), number)
    }

    /// How many of the unlinked may be residents, by all that is seen of residents once they are hidden, alone or with
    /// their household or house: who has left is told from them by the dwelling, too, where the traces are as fresh.
    fn greatest_share_seen(&self) -> Option<Share> {
        let views = [&self.positives.alone, &self.houses];
        self.greatest_share_by(&views, &self.households[0], self.columns - 1, |column| column)
    }

    /// The same by some columns, with these numbers; in each view stand the same persons.
    fn greatest_share_by(
        &self,
        views: &[&Rows],
        of_known: &[u64],
        columns: usize,
        number: impl Fn(u16) -> u16,
    ) -> Option<Share> {
        let steps = [of_known.len() / 6_000, self.unlabelled.len() / 12_000].map(|step| step.max(1));
        let is_wanted = |column: u16| number(column) != logistic::BASE;
        let mut features = self.unlabelled.features_with(is_wanted);
        views.iter().for_each(|view| features.extend(view.features_with(is_wanted)));
        features.sort_unstable();
        features.dedup();
        if features.is_empty() {
            return None;
        }
        let mut known = Rows::new(features.len());
        views.iter().for_each(|view| known.extend(&view.renumbered(steps[0], &features, &number)));
        let unlabelled = self.unlabelled.renumbered(steps[1], &features, &number);
        let every = |of: &[u64], step: usize| -> Vec<u64> { of.iter().copied().step_by(step).collect() };
        let (ones, zeros) = (every(of_known, steps[0]), every(&self.households[1], steps[1]));
        let of_views = ones.repeat(views.len());
        let households = [of_views.as_slice(), &zeros];
        let (known, unlabelled) = prior::cross_fitted(&known, &unlabelled, households, columns + 1, self.fold_draws);
        let known: Vec<&[f64]> = known.chunks(ones.len().max(1)).collect();
        Some(prior::share(&known, &unlabelled, self.expected))
    }
}

/// Each value so many times.
fn repeated<T: Copy>(values: &[T], times: &[u8]) -> Vec<T> {
    values.iter().zip(times).flat_map(|(value, times)| std::iter::repeat_n(*value, usize::from(*times))).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// What must be added to the evidence so that the probabilities have this mean.
fn shift_to(evidence: &[f64], target: f64) -> f64 {
    let (mut low, mut high) = (-30.0, 30.0);
    let mut shift = 0.0;
    for _ in 0..SHIFT_STEPS_MAX {
        let (mut sum, mut slope) = (0.0, 0.0);
        for value in evidence {
            let probability = sigmoid(value + shift);
            sum += probability;
            slope += probability * (1.0 - probability);
        }
        let missing = target * evidence.len() as f64 - sum;
        (low, high) = if missing > 0.0 { (shift, high) } else { (low, shift) };
        // A step of Newton's, or where it would leave what is still possible, half the way.
        let next = shift + missing / slope;
        let next = if next > low && next < high { next } else { f64::midpoint(low, high) };
        let moved = (next - shift).abs();
        shift = next;
        if moved < SHIFT_STEP_MIN {
            break;
        }
    }
    shift
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::{Expected, Sample, Views, shift_to};
    use crate::outcome::estimate::bootstrap::{Draws, REPLICATES};
    use crate::outcome::residence::logistic::{BASE, Rows, sigmoid};

    #[test]
    fn households_drawn_again_do_not_tell_residents_apart_better() {
        // Few unlinked persons and many columns that say nothing: where a copy of a person stood in another fold, the
        // fit knew the copy, and the share of residents came out at half of what it is.
        let draws = Draws::new(5);
        let (mut drawn, mut found) = (0.0, 0.0);
        for seed in 11..17 {
            let sample = of_many_columns(&mut ChaCha8Rng::seed_from_u64(seed));
            found += sample.prior().0 * REPLICATES as f64;
            let times = |from: u64, count: u64, replicate: usize| -> Vec<u8> {
                (from..from + count).map(|at| draws.times(at, replicate)).collect()
            };
            let priors = (0..REPLICATES).map(|replicate| {
                let times = [times(0, 450, replicate), Vec::new(), times(1000, 120, replicate)];
                sample.redrawn(&times, sample.expected).prior().0
            });
            drawn += priors.sum::<f64>();
        }
        assert!((0.8..1.25).contains(&(drawn / found)), "{drawn} for {found}");
    }

    /// Residents and unlinked persons, a sixth of them residents, seen in twenty-one features of which only one says
    /// something.
    fn of_many_columns(random: &mut ChaCha8Rng) -> Sample {
        let mut rows = |count: usize, resident: f64| {
            let mut rows = Rows::new(21);
            for _ in 0..count {
                let seen = if random.random::<f64>() < resident { 0 } else { BASE };
                let noise = (0..20u16).map(|feature| {
                    let level: u16 = random.random_range(0..3);
                    if level == 2 { BASE } else { 1 + 2 * feature + level }
                });
                rows.push(&std::iter::once(seen).chain(noise).collect::<Vec<u16>>());
            }
            rows
        };
        let (alone, mut unlabelled) = (rows(450, 0.8), rows(20, 0.8));
        unlabelled.extend(&rows(100, 0.2));
        sample_of(alone, Rows::new(21), unlabelled, [42, 42])
    }

    /// Residents, persons who live elsewhere, and unlinked ones, of whom nobody was visited; so many columns, and so
    /// many of them that being enumerated cannot change.
    fn sample_of(alone: Rows, away: Rows, unlabelled: Rows, [columns, traces]: [usize; 2]) -> Sample {
        Sample {
            fold_draws: 4,
            households: [alone.len(), unlabelled.len()].map(|rows| (0..rows as u64).collect()),
            negatives_usable: away.len() > 0,
            houses: alone.clone(),
            positives: Views { together: alone.clone(), alone },
            negatives: Views { together: away.clone(), alone: away },
            distinct: vec![1.0; unlabelled.len()],
            visited: vec![None; unlabelled.len()],
            answers: Rows::new(0),
            answered: Vec::new(),
            unlabelled,
            columns,
            is_trace: vec![true; traces],
            expected: Expected::beside_registered(None, 0, 0),
            tells_leavers: true,
        }
    }

    #[test]
    fn the_shift_gives_the_mean_that_was_asked_for() {
        let mut random = ChaCha8Rng::seed_from_u64(9);
        for spread in [0.1, 4.0, 40.0] {
            let evidence: Vec<f64> = (0..500).map(|_| spread * (random.random::<f64>() - 0.5)).collect();
            for target in [0.002, 0.1, 0.5, 0.95] {
                let shift = shift_to(&evidence, target);
                let mean = evidence.iter().map(|value| sigmoid(value + shift)).sum::<f64>() / 500.0;
                assert!((mean - target).abs() < 1e-9, "{mean} should be {target}");
            }
        }
    }

    /// So many persons, of whom this share shows the one column.
    fn drawn(random: &mut ChaCha8Rng, count: usize, shown: f64) -> Rows {
        let mut rows = Rows::new(1);
        (0..count).for_each(|_| rows.push(&[if random.random::<f64>() < shown { 0 } else { BASE }]));
        rows
    }

    #[test]
    fn few_known_negatives_give_the_prior_by_density_ratio() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let mut rows = |count: usize, shown: f64| drawn(&mut random, count, shown);
        let (alone, mut unlabelled) = (rows(3000, 0.9), rows(600, 0.9));
        unlabelled.extend(&rows(1400, 0.02));
        let found = sample_of(alone, Rows::new(1), unlabelled, [2, 1]).fit();
        assert!((found.prior - 0.3).abs() < 0.05, "{}", found.prior);
    }

    #[test]
    fn who_has_left_of_late_is_told_by_the_dwelling() {
        let mut random = ChaCha8Rng::seed_from_u64(4);
        // Of those who have left two in five have fresh traces, and nine in ten somebody else at the dwelling.
        let mut rows = |count: usize, fresh: f64, strangers: f64| {
            let mut rows = Rows::new(2);
            for _ in 0..count {
                let show = |(column, share): (u16, f64)| if random.random::<f64>() < share { column } else { BASE };
                rows.push(&[(0, fresh), (1, strangers)].map(show));
            }
            rows
        };
        let (alone, mut unlabelled) = (rows(3000, 0.9, 0.0), rows(300, 0.9, 0.0));
        unlabelled.extend(&rows(700, 0.4, 0.9));
        let found = sample_of(alone, Rows::new(2), unlabelled, [3, 1]).fit();
        // By the traces alone it would be (0.27 + 0.28) / 0.9.
        assert!((0.29..0.38).contains(&found.prior), "{}", found.prior);
    }

    #[test]
    fn unlinked_persons_unlike_all_known_ones_do_not_make_the_missed_vanish() {
        let mut random = ChaCha8Rng::seed_from_u64(8);
        // Residents show the first column, those who left the second, and others none.
        let mut rows = |count: usize, shown: [f64; 2]| {
            let mut rows = Rows::new(2);
            for _ in 0..count {
                let show = |(column, share): (u16, f64)| if random.random::<f64>() < share { column } else { BASE };
                rows.push(&[(0, shown[0]), (1, shown[1])].map(show));
            }
            rows
        };
        let mut sample = |unknown: usize| {
            let (alone, away) = (rows(3000, [0.9, 0.1]), rows(1000, [0.05, 0.9]));
            let mut unlabelled = rows(100, [0.9, 0.1]);
            unlabelled.extend(&rows(300, [0.05, 0.9]));
            unlabelled.extend(&rows(unknown, [0.01, 0.01]));
            let households: Vec<u64> = (0..away.len() as u64).map(|at| 10_000 + at).collect();
            sample_of(alone, away, unlabelled, [3, 2]).judged(&households)
        };
        let (known, unknown) = (sample(0), sample(2600));
        assert!(known.negatives_usable && !unknown.negatives_usable);
        let found = [known, unknown].map(|sample| sample.fit().prior * sample.unlabelled.len() as f64);
        assert!(found.iter().all(|missed| (70.0..140.0).contains(missed)), "{found:?} for a hundred");
    }

    #[test]
    fn without_dates_the_density_ratio_is_no_more_than_a_bound() {
        let mut random = ChaCha8Rng::seed_from_u64(6);
        let mut rows = |count: usize, shown: f64| drawn(&mut random, count, shown);
        // A tenth are residents, of whom nine in ten are in the second register; so are four in ten of those who left.
        let (alone, mut unlabelled) = (rows(3000, 0.9), rows(60, 0.9));
        unlabelled.extend(&rows(540, 0.4));
        let mut sample = sample_of(alone, Rows::new(1), unlabelled, [2, 1]);
        sample.expected = Expected::beside_registered(Some(0.01), 3000, 600);
        assert!(sample.fit().prior > 0.4);
        sample.tells_leavers = false;
        let found = sample.fit();
        assert!(found.is_stated && (found.prior - 0.1).abs() < 1e-9, "{}", found.prior);
        // What is stated gives way to a bound below it.
        sample.expected = Expected::beside_registered(Some(0.1), 3000, 600);
        assert!(sample.fit().prior < 0.7, "{}", sample.fit().prior);
    }

    #[test]
    fn where_nothing_tells_residents_apart_not_everybody_was_missed() {
        let rows = |count: usize| {
            let mut rows = Rows::new(1);
            (0..count).for_each(|_| rows.push(&[BASE]));
            rows
        };
        // Two in a hundred missed are two of these twenty; in one draw more are expected, in another fewer.
        let mut sample = sample_of(rows(100), Rows::new(1), rows(20), [1, 0]);
        sample.expected = Expected::beside_registered(None, 100, 20);
        let found = sample.fit();
        assert!(found.is_stated && (found.prior - 0.1).abs() < 1e-9, "{}", found.prior);
        let draws = [1u8, 3].map(|times| sample.expected.redrawn(1.0, |_| times).stated_share());
        assert!((draws[0] - 0.1).abs() < 1e-9 && (draws[1] - 0.3).abs() < 1e-9, "{draws:?}");
    }
}
