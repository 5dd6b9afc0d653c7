//! How many visits does it save to learn from visits?
//!
//! Plays a follow-up against a truth: teams call at so many doors a day, the best first; what they find is known in the
//! evening. Once with the run's ranking to the end, once with a ranking that is learnt anew every evening; and, to say
//! what can be gained at all, once with a ranking that knows from the first day what all *other* doors teach, and once
//! with one that knows who was missed. Takes the cases of a run and who was truly missed, gives for each how many
//! visits it took to find a share of those that can be found.
//!
//! All play by the same rules: a visit is one call at one door and settles all its cases; some calls meet nobody, the
//! same doors and the same number of times in both, and the door is called at again later.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::door::door_key;
use super::learning::Lessons;
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::report::cases::{CaseRow, digest_and_mark, record_digest};

/// How the campaign is played.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Teams.
    pub teams: usize,
    /// Calls a day and team.
    pub visits_a_day: usize,
    /// Share of calls that meet nobody.
    pub nobody_met: f64,
}

/// How a campaign went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Course {
    /// Visits after which so many per cent were found: (per cent, visits).
    pub visits_to_find: Vec<(u32, u64)>,
    /// Visits made and persons found at the end of each day.
    pub days: Vec<(u64, u64)>,
    /// Persons still expected at the end of each day where nobody was met yet, and how many there truly were.
    pub left: Vec<(f64, u64)>,
}

/// The campaigns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Campaign {
    /// Missed persons with a case.
    pub findable: u64,
    /// Doors at which there is a case of a missed person.
    pub doors: u64,
    /// With the first ranking.
    pub first: Course,
    /// With learning.
    pub learnt: Course,
    /// With everything that the other doors teach known from the first day: what learning can hope for.
    pub taught: Course,
    /// With those missed known by name: no ranking can be better.
    pub perfect: Course,
    /// By how much learning lowers the visits to find nine in ten.
    pub saved_at_90: f64,
    /// By how much it would if everything that other doors teach were known from the first day.
    pub savable_at_90: f64,
}

/// Parts into which the doors fall where each is judged by the others.
const PARTS: usize = 10;

/// How the doors are ranked.
#[derive(Debug, Clone, Copy)]
enum Ranking<'a> {
    /// By what the run gave, to the end.
    First,
    /// Anew every evening.
    Learnt,
    /// By these probabilities, to the end.
    Given(&'a [f64]),
}

/// Plays the campaigns. `missed` are the digests of records of truly missed persons.
#[must_use]
pub fn play(rows: &[CaseRow], missed: &BTreeSet<String>, rules: &Rules) -> Campaign {
    let cases: Vec<(DiscrepancyKind, &CaseRow)> = rows
        .iter()
        .filter_map(|row| Some((DiscrepancyKind::of_name(&row.kind)?, row)))
        .filter(|(kind, _)| kind.is_missed())
        .collect();
    let is_missed = |name: &String| missed.contains(digest_and_mark(name).0);
    let truth: Vec<bool> = cases.iter().map(|(_, row)| row.records.iter().any(is_missed)).collect();
    let mut numbers: FxHashMap<_, usize> = FxHashMap::default();
    let mut doors: Vec<Vec<usize>> = Vec::new();
    for (at, (_, row)) in cases.iter().enumerate() {
        let door = *numbers.entry(door_key(row, &row.case.number)).or_insert_with(|| {
            doors.push(Vec::new());
            doors.len() - 1
        });
        doors[door].push(at);
    }
    let lessons = Lessons::of(cases.iter().copied());
    let world = World { cases: &cases, truth: &truth, doors: &doors, lessons: &lessons, rules };
    let (first, learnt) = (world.play(Ranking::First), world.play(Ranking::Learnt));
    let taught = world.play(Ranking::Given(&world.taught()));
    let known: Vec<f64> = truth.iter().map(|missed| f64::from(u8::from(*missed))).collect();
    let perfect = world.play(Ranking::Given(&known));
    let visits = |course: &Course| course.visits_to_find.iter().find(|(share, _)| *share == 90).map_or(0, |at| at.1);
    let saved = |course: &Course| 1.0 - visits(course) as f64 / (visits(&first) as f64).max(1.0);
    let (saved_at_90, savable_at_90) = (saved(&learnt), saved(&taught));
    let findable = truth.iter().filter(|missed| **missed).count() as u64;
    Campaign { findable, doors: doors.len() as u64, first, learnt, taught, perfect, saved_at_90, savable_at_90 }
}

struct World<'a> {
    cases: &'a [(DiscrepancyKind, &'a CaseRow)],
    truth: &'a [bool],
    doors: &'a [Vec<usize>],
    lessons: &'a Lessons,
    rules: &'a Rules,
}

impl World<'_> {
    /// Each case's probability, learnt from the outcomes at the doors of the other parts.
    fn taught(&self) -> Vec<f64> {
        let mut part = vec![0; self.cases.len()];
        for (door, cases) in self.doors.iter().enumerate() {
            let drawn = (self.drawn(door, "part") * PARTS as f64) as usize;
            cases.iter().for_each(|case| part[*case] = drawn);
        }
        let mut probability = vec![0.0; self.cases.len()];
        for left_out in 0..PARTS {
            let label = |case: usize| (part[case] != left_out).then_some(self.truth[case]);
            let learnt = self.lessons.learn(&(0..self.cases.len()).map(label).collect::<Vec<_>>());
            for case in (0..self.cases.len()).filter(|case| part[*case] == left_out) {
                probability[case] = learnt[case];
            }
        }
        probability
    }

    fn play(&self, ranking: Ranking<'_>) -> Course {
        let findable = self.truth.iter().filter(|missed| **missed).count() as u64;
        let mut probability: Vec<f64> = match ranking {
            Ranking::Given(given) => given.to_vec(),
            Ranking::First | Ranking::Learnt => self.cases.iter().map(|(_, row)| row.probability).collect(),
        };
        let mut labels: Vec<Option<bool>> = vec![None; self.cases.len()];
        let mut calls = vec![0u32; self.doors.len()];
        let mut open: Vec<usize> = (0..self.doors.len()).collect();
        let (mut visits, mut found) = (0u64, 0u64);
        let mut course = Course { visits_to_find: Vec::new(), days: Vec::new(), left: Vec::new() };
        let shares = [25u32, 50, 75, 90, 95];
        while !open.is_empty() && course.visits_to_find.len() < shares.len() {
            let worth = |door: usize| self.doors[door].iter().map(|case| probability[*case]).sum::<f64>();
            let mut ranked: Vec<(f64, usize)> = open.iter().map(|door| (worth(*door), *door)).collect();
            ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            for (_, door) in ranked.into_iter().take(self.rules.teams * self.rules.visits_a_day) {
                visits += 1;
                calls[door] += 1;
                if self.nobody(door, calls[door]) {
                    continue;
                }
                for case in &self.doors[door] {
                    labels[*case] = Some(self.truth[*case]);
                    found += u64::from(self.truth[*case]);
                }
                for share in shares.iter().skip(course.visits_to_find.len()).copied() {
                    if found as f64 >= f64::from(share) / 100.0 * findable as f64 {
                        course.visits_to_find.push((share, visits));
                    }
                }
            }
            open.retain(|door| self.doors[*door].iter().any(|case| labels[*case].is_none()));
            course.days.push((visits, found));
            if matches!(ranking, Ranking::Learnt) {
                probability = self.lessons.learn(&labels);
            }
            course.left.push(self.left(&labels, &probability));
        }
        course
    }

    /// How many are expected among the cases that nobody has answered, and how many are there.
    fn left(&self, labels: &[Option<bool>], probability: &[f64]) -> (f64, u64) {
        let open = (0..self.cases.len()).filter(|case| labels[*case].is_none());
        open.fold((0.0, 0), |sum, case| (sum.0 + probability[case], sum.1 + u64::from(self.truth[case])))
    }

    /// Is nobody met at this call? Drawn from the door and the number of the call, so that it is the same in all plays.
    fn nobody(&self, door: usize, call: u32) -> bool {
        self.drawn(door, &call.to_string()) < self.rules.nobody_met
    }

    /// A number from 0 to below 1 that belongs to a door and what it is drawn for.
    fn drawn(&self, door: usize, what: &str) -> f64 {
        let first = self.doors[door].first().map_or("", |case| self.cases[*case].1.case.number.as_str());
        let digest = Sha256::digest(format!("{first} {what}"));
        let drawn = digest.iter().take(4).fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
        f64::from(drawn) / (f64::from(u32::MAX) + 1.0)
    }
}

/// Digests of the records of those who were truly missed.
pub fn missed_records<'a>(records: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeSet<String> {
    records.map(|(source, record)| record_digest(source, record)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Rules, missed_records, play};
    use crate::casework::learning::tests::row;
    use crate::outcome::report::cases::{CaseRow, record_digest};

    #[test]
    fn where_a_ranking_cannot_tell_buildings_apart_learning_saves_visits() {
        // Twenty buildings alike on paper; in five of them two thirds were missed, elsewhere one in forty.
        let real = |at: usize| if at % 20 < 5 { !(at / 20).is_multiple_of(3) } else { at / 20 % 40 == 7 };
        let rows: Vec<CaseRow> = (0..800)
            .map(|at| {
                let digest = record_digest("register", &at.to_string());
                CaseRow { records: vec![digest], ..row(at, 1 + (at % 20) as u16, 0.1 + (at * 7 % 13) as f64 / 100.0) }
            })
            .collect();
        let names: Vec<String> = (0..800).filter(|at| real(*at)).map(|at| at.to_string()).collect();
        let missed = missed_records(names.iter().map(|name| ("register", name.as_str())));
        let rules = Rules { teams: 1, visits_a_day: 30, nobody_met: 0.1 };
        let campaign = play(&rows, &missed, &rules);
        assert_eq!(campaign.findable, names.len() as u64);
        assert_eq!(campaign.doors, 800);
        assert!(campaign.saved_at_90 > 0.15, "{}", campaign.saved_at_90);
        // Nothing is quicker than to know what there is to know. (Nine in ten are just more than the five buildings
        // hold.)
        let most = |course: &super::Course| course.visits_to_find.iter().find(|at| at.0 == 75).map(|at| at.1);
        let [perfect, taught, learnt] = [&campaign.perfect, &campaign.taught, &campaign.learnt].map(most);
        assert!(perfect < taught && taught < learnt, "{campaign:?}");
        assert_eq!(campaign, play(&rows, &missed, &rules));
        // Where nothing tells cases apart, nothing is lost either.
        let even = missed_records(names.iter().map(|name| ("nowhere", name.as_str())));
        assert_eq!(play(&rows, &even, &rules).findable, 0);
    }
}
