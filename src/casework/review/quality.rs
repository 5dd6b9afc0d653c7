//! How good are the links, as clerks judged them?
//!
//! Takes the drawn pairs with their judgements and how many pairs each stratum has; gives precision and recall with 95
//! % intervals, by stratum what was judged, and the agreement of any two clerks (Cohen's kappa).
//!
//! Recall is that among pairs at or above the review threshold: pairs that no blocking rule gave, or that the model
//! holds for less likely, are not in the sample.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::sample::is_accepted;
use super::{Judgement, ReviewPair};
use crate::outcome::estimate::stratified::{self, Share, Stratum};

/// What review says of a run's links.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// By stratum.
    pub strata: Vec<StratumReview>,
    /// Share of links that are right; `None` while a stratum has no judged pair.
    pub precision: Option<Share>,
    /// Share of matches, of those at or above the review threshold, that are linked; `None` if there is no possible
    /// link, too.
    pub recall: Option<Share>,
    /// Pairs drawn.
    pub drawn: u64,
    /// Pairs settled.
    pub settled: u64,
    /// Numbers of pairs on which clerks contradict each other.
    pub disputed: Vec<String>,
    /// Agreement of each two clerks.
    pub agreement: Vec<Agreement>,
}

/// What was judged in a stratum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StratumReview {
    /// Its name.
    pub stratum: String,
    /// Pairs in it.
    pub pairs: u64,
    /// Pairs drawn.
    pub drawn: u64,
    /// Pairs settled.
    pub settled: u64,
    /// Of those, one person.
    pub same: u64,
}

/// How far two clerks agree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    /// The two.
    pub reviewers: [String; 2],
    /// Pairs that both judged.
    pub pairs: u64,
    /// Share on which they said the same.
    pub agreed: f64,
    /// Cohen's kappa; `None` if chance alone would make them agree on everything.
    pub kappa: Option<f64>,
}

/// Sums up the judgements; `strata` says how many pairs each has, `seed` steers the draws of the intervals.
#[must_use]
pub fn judge(pairs: &[ReviewPair], strata: &BTreeMap<String, u64>, seed: u64) -> Quality {
    let of_stratum = |(stratum, size): (&String, &u64)| {
        let drawn: Vec<&ReviewPair> = pairs.iter().filter(|pair| pair.stratum == *stratum).collect();
        let settled: Vec<bool> = drawn.iter().filter_map(|pair| pair.settled()).collect();
        StratumReview {
            stratum: stratum.clone(),
            pairs: *size,
            drawn: drawn.len() as u64,
            settled: settled.len() as u64,
            same: settled.iter().filter(|same| **same).count() as u64,
        }
    };
    let reviewed: Vec<StratumReview> = strata.iter().map(of_stratum).collect();
    let side = |accepted: bool| -> Vec<Stratum> {
        let on_side = reviewed.iter().filter(|review| is_accepted(&review.stratum) == accepted);
        on_side.map(|review| Stratum { size: review.pairs, reviewed: review.settled, right: review.same }).collect()
    };
    let possible = side(false);
    let estimate = stratified::precision_and_recall(&side(true), &possible, seed);
    Quality {
        precision: estimate.map(|(precision, _)| precision),
        // Where nothing lies between the two thresholds nothing can have been missed there: that is no finding.
        recall: estimate.filter(|_| !possible.is_empty()).and_then(|(_, recall)| recall),
        drawn: pairs.len() as u64,
        settled: pairs.iter().filter(|pair| pair.settled().is_some()).count() as u64,
        disputed: pairs.iter().filter(|pair| pair.is_disputed()).map(|pair| pair.number.clone()).collect(),
        agreement: agreement(pairs),
        strata: reviewed,
    }
}

fn agreement(pairs: &[ReviewPair]) -> Vec<Agreement> {
    let as_clerks = pairs.iter().flat_map(|pair| &pair.judged).filter(|judged| !judged.supervisor);
    let reviewers: BTreeSet<&str> = as_clerks.map(|judged| judged.reviewer.as_str()).collect();
    let reviewers: Vec<&str> = reviewers.into_iter().collect();
    let mut all = Vec::new();
    for (at, one) in reviewers.iter().enumerate() {
        for other in &reviewers[at + 1..] {
            let both: Vec<(Judgement, Judgement)> =
                pairs.iter().filter_map(|pair| Some((pair.last_as_clerk(one)?, pair.last_as_clerk(other)?))).collect();
            if both.is_empty() {
                continue;
            }
            let (agreed, kappa) = kappa(&both);
            let reviewers = [(*one).to_owned(), (*other).to_owned()];
            all.push(Agreement { reviewers, pairs: both.len() as u64, agreed, kappa });
        }
    }
    all
}

/// Share of agreement, and Cohen's kappa: agreement beyond chance as a share of what chance leaves (Cohen 1960).
fn kappa(both: &[(Judgement, Judgement)]) -> (f64, Option<f64>) {
    let count = both.len() as f64;
    let share =
        |is: &dyn Fn(&(Judgement, Judgement)) -> bool| both.iter().filter(|pair| is(pair)).count() as f64 / count;
    let agreed = share(&|(one, other)| one == other);
    let by_chance: f64 = Judgement::ALL
        .into_iter()
        .map(|judgement| share(&|(one, _)| *one == judgement) * share(&|(_, other)| *other == judgement))
        .sum();
    (agreed, (by_chance < 1.0).then(|| (agreed - by_chance) / (1.0 - by_chance)))
}

#[cfg(test)]
mod tests {
    use super::super::Judgement::{self, Different, Same};
    use super::super::{Judged, ReviewPair};
    use super::{agreement, judge, kappa};

    #[test]
    fn without_possible_links_there_is_no_recall() {
        let pair = ReviewPair {
            id: 1,
            number: String::new(),
            ends: [(String::new(), String::new()), (String::new(), String::new())],
            marks: [String::new(), String::new()],
            stratum: String::from("link 0.999 to 1"),
            content: String::new(),
            judged: vec![Judged { reviewer: String::from("anna"), supervisor: false, judgement: Same }],
        };
        let strata = [(String::from("link 0.999 to 1"), 1)].into();
        let quality = judge(&[pair], &strata, 1);
        assert!(quality.precision.is_some_and(|share| share.share == 1.0) && quality.recall.is_none(), "{quality:?}");
    }

    #[test]
    fn what_a_supervisor_rules_is_no_agreement_of_clerks() {
        let judged = |reviewer: &str, supervisor: bool, judgement: Judgement| Judged {
            reviewer: reviewer.to_owned(),
            supervisor,
            judgement,
        };
        let pair = |of_anna: Judgement, of_bo: Judgement, ruled: &[&str]| ReviewPair {
            id: 1,
            number: String::new(),
            ends: [(String::new(), String::new()), (String::new(), String::new())],
            marks: [String::new(), String::new()],
            stratum: String::new(),
            content: String::new(),
            judged: [judged("anna", false, of_anna), judged("bo", false, of_bo)]
                .into_iter()
                .chain(ruled.iter().map(|name| judged(name, true, of_bo)))
                .collect(),
        };
        let sample =
            |ruled: &[&str]| [pair(Same, Same, &[]), pair(Same, Different, ruled), pair(Different, Different, &[])];
        let before = agreement(&sample(&[]));
        assert_eq!(before.len(), 1);
        assert_eq!(agreement(&sample(&["anna"])), before, "by one of the clerks");
        assert_eq!(agreement(&sample(&["chief"])), before, "by somebody else");
    }

    #[test]
    fn kappa_of_the_textbook() {
        // Two readers, 50 proposals: both yes 20, yes/no 5, no/yes 10, both no 15. Agreement 0.70, by chance 0.50.
        let mut both = vec![(Same, Same); 20];
        both.extend(vec![(Same, Different); 5]);
        both.extend(vec![(Different, Same); 10]);
        both.extend(vec![(Different, Different); 15]);
        let (agreed, kappa_of_both) = kappa(&both);
        assert!((agreed - 0.7).abs() < 1e-12 && (kappa_of_both.expect("kappa") - 0.4).abs() < 1e-12);
        assert_eq!(kappa(&[(Same, Same); 3]), (1.0, None));
    }
}
