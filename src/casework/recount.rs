//! What do visits say of the estimate of coverage?
//!
//! Takes the estimates of a run and its cases with all outcomes, gives by area the estimate with what was found. The
//! run's own figures stay as they are; this stands beside them.
//!
//! Per area: 1. each case of a perhaps missed person has the probability *p* of the run and *q* after all visits: 1 or
//! 0 where a visit settled it, what [`learning`](super::learning) makes of it elsewhere; 2. the residents whom only
//! registers have change by Σ(*q* − *p*); 3. the unseen are in proportion to them (Chapman's product), and change
//! alike; 4. of the variance, Σ*p*(1 − *p*) of the cases gives way to Σ*q*(1 − *q*), which is nothing where somebody
//! has been, what members of households share changes in proportion, and what the residence evidence is unsure of in
//! all persons alike shrinks with the share of the expected persons that are settled;
//! 5. how far the lesson would differ, had other doors been visited, is added: the visited doors are drawn again, it is
//! learnt anew from each draw, and the variance of Σ*q* of those not visited is taken.
//!
//! Cases that contradict each other (disputed) count as not visited. What the run itself has taken from visits stands
//! in its estimates already: such an outcome is no label here, and whom it found is neither expected nor in doubt.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::door::door_key;
use super::learning::{Lessons, Taught};
use super::store::StoredCase;
use crate::outcome::coverage::Level;
use crate::outcome::coverage::estimated::{Estimate, Summary};
use crate::outcome::estimate::bootstrap::{self, Draws, REPLICATES};
use crate::outcome::estimate::two_list::square_root;
use crate::outcome::report::cases::CaseRow;

/// The estimate of an area with what visits found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Recounted {
    /// `district`, `township`, `community`, or `all`.
    pub level: String,
    /// Its code; `all` for all areas.
    pub area: String,
    /// Cases of perhaps missed persons that visits settled.
    pub settled: u64,
    /// Of these, missed indeed.
    pub found: u64,
    /// How many of the settled the run expected to be missed.
    pub expected: f64,
    /// Persons who lived here, by the run alone.
    pub before: f64,
    /// Persons who lived here, with what visits found.
    pub persons: f64,
    /// Standard error.
    pub standard_error: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Residents whom only registers have.
    pub only_register: f64,
    /// Residents whom no list has.
    pub unseen: f64,
}

/// What the cases of an area come to.
#[derive(Debug, Clone, Copy, Default)]
struct Change {
    settled: u64,
    found: u64,
    /// Of all cases, before and after: sum of probabilities, and of their variances.
    before: (f64, f64),
    after: (f64, f64),
    /// Sum of the run's probabilities of the settled.
    expected: f64,
    /// Persons of whom the run was certain, because a visit had found them.
    certain: f64,
    /// Variance of the sum of probabilities of the open ones, had other doors been visited.
    lesson: f64,
}

/// Seed of the doors drawn again; nobody chooses it, so that the same visits give the same figures.
const SEED: u64 = 1;

impl Change {
    fn add(&mut self, before: f64, after: f64, label: Option<bool>) {
        let add = |sum: &mut (f64, f64), p: f64| *sum = (sum.0 + p, sum.1 + p * (1.0 - p));
        add(&mut self.before, before);
        add(&mut self.after, after);
        if let Some(found) = label {
            self.settled += 1;
            self.found += u64::from(found);
            self.expected += before;
        }
    }

    fn recount(&self, level: &str, area: &str, run: &Estimate) -> Recounted {
        let found = self.found as f64;
        // Whoever was found is one of them, also where the estimates hold that person in another area.
        let only_register = (run.only_register + self.after.0 - self.before.0).max(found);
        let unseen_each = if run.only_register > 0.0 { (run.unseen / run.only_register).max(0.0) } else { 0.0 };
        // Runs of earlier versions may have fewer than nobody unseen, where register persons may be some of the roll:
        // those visited are none.
        let unseen = if unseen_each > 0.0 {
            only_register * unseen_each
        } else if self.settled > 0 {
            run.unseen.max(0.0)
        } else {
            run.unseen
        };
        let persons = run.enumerated + only_register + unseen;
        let weight = (1.0 + unseen_each).powi(2);
        let in_doubt = run.only_register - self.certain;
        let open = if in_doubt > 0.0 { (1.0 - self.expected / in_doubt).clamp(0.0, 1.0) } else { 0.0 };
        let learnt = run.learnt_variance * (1.0 - open * open);
        let shared =
            if self.before.1 > 0.0 { run.household_variance * (1.0 - self.after.1 / self.before.1) } else { 0.0 };
        let variance = run.standard_error.powi(2) - learnt - shared - weight * (self.before.1 - self.after.1);
        // The unseen themselves stay open, whatever was visited.
        let variance = variance.max(unseen).max(0.0) + weight * self.lesson;
        let interval = square_root(persons, variance, run.enumerated);
        Recounted {
            level: level.to_owned(),
            area: area.to_owned(),
            settled: self.settled,
            found: self.found,
            expected: self.expected,
            before: run.persons,
            persons,
            standard_error: variance.sqrt(),
            // Whoever was found is known; how many were enumerated rightly is an estimate.
            low: interval.low.max(found),
            high: interval.high,
            only_register,
            unseen,
        }
    }
}

/// The estimates of a run with what visits found, in the order of its areas, all of them last; nothing if no visit has
/// settled a case of this run. `rows` are the cases that the run raises: others are in no estimate of it.
/// `has_outcomes`: did the run itself take into account what visits had found by then?
#[must_use]
pub fn recount(summary: &Summary, rows: &[CaseRow], cases: &[StoredCase], has_outcomes: bool) -> Vec<Recounted> {
    let raised: FxHashSet<(&str, &[String])> =
        rows.iter().map(|row| (row.kind.as_str(), row.records.as_slice())).collect();
    let lessons = Lessons::of(cases.iter().map(|case| (case.kind, case.as_visited())));
    let is_raised = |case: &StoredCase| raised.contains(&(case.row.kind.as_str(), case.row.records.as_slice()));
    let is_certain = |case: &StoredCase| is_raised(case) && case.row.is_settled(has_outcomes);
    // A run with outcomes raises nothing that a visit has settled otherwise.
    let is_new = |case: &StoredCase| !has_outcomes || (is_raised(case) && !is_certain(case));
    let labels: Vec<Option<bool>> = cases.iter().map(|case| case.label().filter(|_| is_new(case))).collect();
    let taught = lessons.fit(&labels);
    let learnt = lessons.probabilities(&taught.coefficients);
    let counts = |case: &StoredCase| case.kind.is_missed() && is_raised(case);
    let mut areas: BTreeMap<(&str, &str), Change> = BTreeMap::new();
    let mut all = Change::default();
    let mut open: Vec<usize> = Vec::new();
    for (at, case) in cases.iter().enumerate().filter(|(_, case)| counts(case)) {
        if is_certain(case) {
            all.certain += 1.0;
            for level in Level::ALL {
                areas.entry((level.name(), level.area(&case.row.area))).or_default().certain += 1.0;
            }
            continue;
        }
        let after = labels[at].map_or(learnt[at], |found| f64::from(u8::from(found)));
        all.add(case.row.probability, after, labels[at]);
        for level in Level::ALL {
            let key = (level.name(), level.area(&case.row.area));
            areas.entry(key).or_default().add(case.row.probability, after, labels[at]);
        }
        open.extend(labels[at].is_none().then_some(at));
    }
    if all.settled == 0 {
        return Vec::new();
    }
    let redrawn = redrawn(&lessons, &taught, cases, &open);
    all.lesson = bootstrap::variance(&redrawn.iter().map(|sums| sum(sums, ALL)).collect::<Vec<f64>>());
    for (key, change) in &mut areas {
        change.lesson = bootstrap::variance(&redrawn.iter().map(|sums| sum(sums, *key)).collect::<Vec<f64>>());
    }
    let of = |level: &str, area: &str| areas.get(&(level, area)).copied().unwrap_or_default();
    let areas = summary.areas.iter().map(|row| of(&row.level, &row.area).recount(&row.level, &row.area, &row.estimate));
    let total = summary.total.iter().map(|total| all.recount("all", "all", total));
    areas.chain(total).collect()
}

/// An area as the sums are kept by: level and code.
type Key<'a> = (&'a str, &'a str);

/// All areas together.
const ALL: Key<'static> = ("all", "all");

fn sum(sums: &FxHashMap<Key<'_>, f64>, key: Key<'_>) -> f64 {
    sums.get(&key).copied().unwrap_or(0.0)
}

/// By replicate and area the sum of the probabilities of the open cases, learnt from visited doors that were drawn
/// again.
fn redrawn<'a>(
    lessons: &Lessons,
    taught: &Taught,
    cases: &'a [StoredCase],
    open: &[usize],
) -> Vec<FxHashMap<Key<'a>, f64>> {
    // A door by the first of its cases.
    let mut door_of: FxHashMap<_, u64> = FxHashMap::default();
    let doors: Vec<u64> = cases
        .iter()
        .map(|case| *door_of.entry(door_key(&case.row, &case.number)).or_insert(case.id.unsigned_abs()))
        .collect();
    let draws = Draws::new(SEED);
    let replicate = |replicate: usize| {
        let probability = lessons.redrawn(taught, |case| draws.times(doors[case], replicate));
        let mut sums: FxHashMap<Key<'_>, f64> = FxHashMap::default();
        for at in open {
            *sums.entry(ALL).or_default() += probability[*at];
            for level in Level::ALL {
                *sums.entry((level.name(), level.area(&cases[*at].row.area))).or_default() += probability[*at];
            }
        }
        sums
    };
    (0..REPLICATES).into_par_iter().map(replicate).collect()
}

#[cfg(test)]
mod tests {
    use super::recount;
    use crate::casework::learning::tests::row;
    use crate::casework::store::{Event, EventKind, StoredCase};
    use crate::outcome::coverage::estimated::{AreaEstimate, Estimate, Summary};
    use crate::outcome::discrepancy::DiscrepancyKind;
    use crate::outcome::report::cases::CaseRow;
    use crate::outcome::visit::Outcome;

    const RUN: Estimate = Estimate {
        persons: 1_022.0,
        standard_error: 6.0,
        low: 1_012.0,
        high: 1_040.0,
        enumerated: 1_000.0,
        both: 900.0,
        only_roll: 100.0,
        only_register: 20.0,
        unseen: 2.0,
        erroneous: 0.0,
        guests: 0.0,
        duplicates: 0.0,
        uncorrected: 1_200.0,
        learnt_variance: 16.0,
        household_variance: 4.0,
    };

    fn cases(outcomes: &[Option<Outcome>]) -> (Vec<CaseRow>, Vec<StoredCase>) {
        // Every case in a building and an area of its own, so that visits teach little of the others.
        let rows: Vec<CaseRow> = (0..outcomes.len()).map(|at| row(at, at as u16, 0.5)).collect();
        let visited = |outcome: Outcome| Event {
            what: EventKind::Visited,
            at: String::new(),
            role: String::from("field"),
            outcome: Some(outcome),
            visited_on: None,
            team: None,
            note: None,
        };
        let stored = |(id, (row, outcome)): (usize, (&CaseRow, &Option<Outcome>))| StoredCase {
            id: id as i64,
            number: id.to_string(),
            other_numbers: Vec::new(),
            kind: DiscrepancyKind::MissedPerson,
            row: row.clone(),
            earlier: Vec::new(),
            events: outcome.map(visited).into_iter().collect(),
        };
        let cases = rows.iter().zip(outcomes).enumerate().map(stored).collect();
        (rows, cases)
    }

    fn summary() -> Summary {
        let area =
            |level: &str, area: &str| AreaEstimate { level: level.to_owned(), area: area.to_owned(), estimate: RUN };
        Summary {
            total: Some(RUN),
            areas: vec![
                area("district", "120106"),
                area("community", "120106001001"),
                area("community", "120106001002"),
            ],
            ..Summary::default()
        }
    }

    #[test]
    fn without_a_visit_there_is_nothing_to_say() {
        let (rows, stored) = cases(&[None, Some(Outcome::NoContact)]);
        assert!(recount(&summary(), &rows, &stored, false).is_empty());
    }

    #[test]
    fn what_was_found_replaces_what_was_expected() {
        let mut outcomes = vec![Some(Outcome::Added); 30];
        outcomes[..10].fill(Some(Outcome::NeverLivedHere));
        let (rows, stored) = cases(&outcomes);
        let found = recount(&summary(), &rows, &stored, false);
        let of = |area: &str| found.iter().find(|row| row.area == area).unwrap().clone();
        let all = of("all");
        assert_eq!((all.settled, all.found, all.expected, all.before), (30, 20, 15.0, 1_022.0));
        // Five more than expected, and a tenth of that unseen besides.
        assert!((all.only_register - 25.0).abs() < 1e-9 && (all.unseen - 2.5).abs() < 1e-9);
        assert!((all.persons - 1_027.5).abs() < 1e-9);
        // 36 less 16 · (1 − 1/16) less 1.21 · 30/4, and nothing is left of what members of households share.
        assert!((all.standard_error.powi(2) - (36.0 - 15.0 - 1.21 * 7.5 - 4.0)).abs() < 1e-9, "{all:?}");
        assert!(all.low < all.persons && all.persons < all.high && all.high - all.low < 14.0);
        assert!(all.low >= RUN.enumerated + 20.0, "they were found: {all:?}");
        assert_eq!((of("120106").persons, of("120106001001").settled), (all.persons, 30));
        let other = of("120106001002");
        assert_eq!((other.persons, other.settled), (1_022.0, 0));
        assert!((other.standard_error - 6.0).abs() < 1e-9, "nobody was there: as sure as before");
    }

    #[test]
    fn nobody_unseen_is_taken_from_whom_visits_found() {
        let (rows, stored) = cases(&[Some(Outcome::Added), None]);
        // Hardly anybody was expected, and of these some to be on the roll under another record.
        let unknown = Estimate {
            persons: 0.01,
            standard_error: 0.1,
            enumerated: 0.0,
            only_register: 0.03,
            unseen: -0.02,
            learnt_variance: 0.0,
            household_variance: 0.0,
            ..RUN
        };
        let mut run = summary();
        (run.total, run.areas[0].estimate) = (Some(unknown), unknown);
        let found = recount(&run, &rows, &stored, false);
        let all = found.last().unwrap();
        assert!(all.persons >= 1.0 && all.unseen == 0.0, "{all:?}");
        assert!(all.low >= 1.0 && all.low <= all.persons && all.persons <= all.high, "{all:?}");
        // Where nobody has been it stays what it was.
        run.areas[2].estimate = unknown;
        let other = recount(&run, &rows, &stored, false)[2].clone();
        assert!((other.persons - 0.01).abs() < 1e-9 && other.settled == 0, "{other:?}");
    }

    #[test]
    fn cases_that_this_run_does_not_raise_do_not_count() {
        let (rows, stored) = cases(&[Some(Outcome::Added), Some(Outcome::Added)]);
        let found = recount(&summary(), &rows[..1], &stored, false);
        assert_eq!(found.last().unwrap().settled, 1);
        assert!(recount(&summary(), &[], &stored, false).is_empty());
    }

    #[test]
    fn what_the_run_has_taken_from_visits_is_not_counted_a_second_time() {
        let mut outcomes = vec![Some(Outcome::Added); 10];
        outcomes.extend([Some(Outcome::NeverLivedHere); 10]);
        outcomes.resize(30, None);
        let (mut rows, mut stored) = cases(&outcomes);
        // The next run: whom visits found is certain, what turned out otherwise is not raised, and nobody has been
        // anywhere since.
        for at in 0..10 {
            (rows[at].probability, stored[at].row.probability) = (1.0, 1.0);
        }
        rows.drain(10..20);
        assert!(recount(&summary(), &rows, &stored, true).is_empty());
        // One visit since: what it changes is one person, and nothing is learnt from the others again.
        stored[20].events = stored[0].events.clone();
        let all = recount(&summary(), &rows, &stored, true).last().unwrap().clone();
        assert_eq!((all.settled, all.found, all.expected), (1, 1, 0.5));
        let by_one = (RUN.only_register, RUN.only_register + 2.5);
        assert!(all.only_register > by_one.0 && all.only_register < by_one.1, "{all:?}");
        // Of ten persons in doubt a twentieth is settled, and of ten cases one.
        let left = 36.0 - 16.0 * (1.0 - 0.95f64.powi(2)) - 1.21 * 0.25 - 4.0 * 0.1;
        assert!(all.standard_error.powi(2) > left - 0.1, "{all:?}");
    }

    #[test]
    fn visits_teach_of_those_not_visited_yet() {
        let mut outcomes = vec![Some(Outcome::NeverLivedHere); 30];
        outcomes.resize(60, None);
        let (rows, stored) = cases(&outcomes);
        let mut run = summary();
        run.total = Some(Estimate { only_register: 40.0, unseen: 4.0, persons: 1_044.0, ..RUN });
        let all = recount(&run, &rows, &stored, false).last().unwrap().clone();
        // Fifteen fewer because nobody was found, and more because the others look like them.
        assert!(all.only_register < 24.0 && all.only_register > 5.0, "{all:?}");
        // Nothing was found at any door: whichever are drawn, the lesson is about the same. Had half of them been
        // finds, it would hang on which.
        let mut mixed = vec![Some(Outcome::NeverLivedHere); 30];
        (0..30).step_by(2).for_each(|at| mixed[at] = Some(Outcome::Added));
        mixed.resize(60, None);
        let (rows, stored) = cases(&mixed);
        let unsure = recount(&run, &rows, &stored, false).last().unwrap().clone();
        // Without the lesson's own doubt: 36, less 16 · (1 − (1 − 15/40)²), less 1.21 · what the settled no longer
        // vary, and less half of what members of households share.
        let without = 36.0 - 16.0 * (1.0 - 0.625f64.powi(2)) - 1.21 * 7.5 - 4.0 * 0.5;
        let lesson = unsure.standard_error.powi(2) - without;
        // Thirty visits tell the share of thirty others to about √30 · √(1/4) · √2 persons at the very most.
        assert!((1.0..1.21 * 15.0).contains(&lesson), "{lesson} {unsure:?}");
    }
}
