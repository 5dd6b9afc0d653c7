//! What was found of each kind, and what would visits to missed persons bring?

use std::collections::BTreeMap;

use crate::outcome::coverage::{Level, UNKNOWN_AREA};
use crate::outcome::discrepancy::{Discrepancy, DiscrepancyKind, Findings};
use crate::outcome::residence::Residence;

/// Points of the curve at most: more cannot be told apart on paper.
const CURVE_POINTS_MAX: usize = 240;

/// The discrepancies of one kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KindFound {
    /// The kind.
    pub kind: DiscrepancyKind,
    /// How many there are.
    pub count: u64,
    /// How many are expected to be real: the sum of their probabilities.
    pub expected: f64,
    /// How many stand on a follow-up list.
    pub listed: u64,
}

/// Missed persons of an area.
#[derive(Debug, Clone, PartialEq)]
pub struct MissedInArea {
    /// Code of the area.
    pub area: String,
    /// How many there may be.
    pub count: u64,
    /// Sum of their probabilities.
    pub expected: f64,
    /// How many stand on a follow-up list.
    pub listed: u64,
}

/// The missed persons as a whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Missed {
    /// Persons in registers only, who live outside the area by these and are not looked for.
    pub not_looked_for: u64,
    /// Persons who may have been missed, and of whom no visit has said yet whether they were.
    pub count: u64,
    /// Persons who were missed, as a visit has found: nobody is sent to them again.
    pub settled: u64,
    /// Visits, and finds expected of them, most probable first; from (0, 0).
    pub curve: Vec<(u64, f64)>,
    /// Visits planned.
    pub visits: u64,
    /// Finds expected of them.
    pub expected_found: f64,
    /// By street or township.
    pub townships: Vec<MissedInArea>,
    /// By community.
    pub communities: Vec<MissedInArea>,
}

/// The kinds in their fixed order.
#[must_use]
pub fn kinds(findings: &Findings) -> Vec<KindFound> {
    let of = |kind: DiscrepancyKind| {
        let mut found = KindFound { kind, count: 0, expected: 0.0, listed: 0 };
        for discrepancy in findings.discrepancies.iter().filter(|discrepancy| discrepancy.kind == kind) {
            found.count += 1;
            found.expected += discrepancy.probability;
            found.listed += u64::from(discrepancy.listed);
        }
        found
    };
    DiscrepancyKind::ALL.into_iter().map(of).collect()
}

/// Curve and tables of the missed persons.
#[must_use]
pub fn compose(findings: &Findings, residence: &Residence) -> Missed {
    let (settled, mut missed): (Vec<&Discrepancy>, Vec<&Discrepancy>) = findings
        .discrepancies
        .iter()
        .filter(|discrepancy| discrepancy.kind.is_missed())
        .partition(|found| found.is_settled());
    missed.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.person.cmp(&b.person)));
    Missed {
        not_looked_for: residence.not_looked_for,
        count: missed.len() as u64,
        settled: settled.len() as u64,
        curve: curve(&missed),
        visits: findings.visits.min(missed.len() as u64),
        expected_found: findings.expected_found,
        townships: by_area(&missed, Level::Township),
        communities: by_area(&missed, Level::Community),
    }
}

fn curve(missed: &[&Discrepancy]) -> Vec<(u64, f64)> {
    let step = missed.len().div_ceil(CURVE_POINTS_MAX).max(1);
    let mut points = vec![(0, 0.0)];
    let mut sum = 0.0;
    for (visits, discrepancy) in (1u64..).zip(missed) {
        sum += discrepancy.probability;
        if visits % step as u64 == 0 || visits == missed.len() as u64 {
            points.push((visits, sum));
        }
    }
    points
}

fn by_area(missed: &[&Discrepancy], level: Level) -> Vec<MissedInArea> {
    let mut areas: BTreeMap<&str, MissedInArea> = BTreeMap::new();
    for discrepancy in missed {
        let code = level.area(&discrepancy.area);
        let code = if code.is_empty() { UNKNOWN_AREA } else { code };
        let area = areas.entry(code).or_insert_with(|| MissedInArea {
            area: code.to_owned(),
            count: 0,
            expected: 0.0,
            listed: 0,
        });
        area.count += 1;
        area.expected += discrepancy.probability;
        area.listed += u64::from(discrepancy.listed);
    }
    areas.into_values().collect()
}
