//! What in the data speaks against the estimates?
//!
//! Takes what was estimated and what it rests on, gives [`Warning`]s.

use serde::{Deserialize, Serialize};

use super::Counts;
use super::estimated::Estimate;
use crate::outcome::discrepancy::Support;
use crate::outcome::residence::Residence;

/// Share of the enumerated from which on it is said that registers do not tell of them.
const SHARE_WARNED: f64 = 0.05;

/// The warnings of an estimate; `merged` are the persons estimated at each step of merging.
pub(super) fn all(merged: &[f64], residence: &Residence, total: &Estimate, support: &Support) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |kind: WarningKind, share: f64, detail: &str| {
        warnings.push(Warning { kind, share, detail: detail.to_owned() });
    };
    let all: f64 = merged.iter().sum();
    let coarse = merged.iter().skip(3).sum::<f64>() / all.max(1.0);
    if coarse > 0.05 {
        warn(WarningKind::Merged, coarse, "");
    }
    let codes: std::collections::BTreeSet<&str> =
        residence.strata.iter().flat_map(|fit| &fit.warnings).map(String::as_str).collect();
    codes.into_iter().for_each(|code| warn(WarningKind::Residence, 0.0, code));
    let erroneous = total.erroneous / (total.enumerated + total.erroneous).max(1.0);
    if erroneous > 0.02 {
        warn(WarningKind::Erroneous, erroneous, "");
    }
    warnings.extend(of_support(support));
    warnings
}

/// Share of the shorter of roll and registers that the other has, below which they are hardly of one population: a
/// judgement. Whatever a register holds (births of a year, migrants), most of it is on the roll, or most of the roll
/// in it.
const IN_BOTH_MIN: f64 = 0.05;

/// Persons on the shorter list below which nothing is made of that.
const PERSONS_MIN: u64 = 20;

/// Is hardly anybody of the one list on the other?
pub(super) fn of_lists(total: &Counts) -> Option<Warning> {
    let shorter = total.roll_present.min(total.register_persons);
    let in_both = total.in_both as f64 / shorter.max(1) as f64;
    let is_odd = shorter >= PERSONS_MIN && in_both < IN_BOTH_MIN;
    is_odd.then(|| Warning { kind: WarningKind::Unlinked, share: 1.0 - in_both, detail: String::new() })
}

/// What registers cannot tell of the enumerated, and which areas stand out by rows that no register supports.
pub(super) fn of_support(support: &Support) -> Vec<Warning> {
    let of = |kind: WarningKind, share: f64, detail: String| Warning { kind, share, detail };
    if !support.is_enough() {
        return vec![of(WarningKind::Unknowable, support.unknown, String::new())];
    }
    let shares = [
        (WarningKind::UnknownKinds, support.unknown, String::new(), SHARE_WARNED),
        (WarningKind::OneRegister, support.one_register, String::new(), SHARE_WARNED),
        (WarningKind::UnsupportedAreas, support.areas_share, support.areas.join(", "), 0.0),
    ];
    let warned = shares.into_iter().filter(|(_, share, _, least)| share > least);
    warned.map(|(kind, share, detail, _)| of(kind, share, detail)).collect()
}

/// What in the data speaks against an assumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// Post-strata too small for their own district.
    Merged,
    /// The residence evidence is doubtful; the detail is its code.
    Residence,
    /// Many enumerations are expected to be wrong.
    Erroneous,
    /// There is no roll, or no register: nothing is estimated.
    OneList,
    /// Hardly anybody of the shorter of roll and registers is on the other: what follows from who is on both means
    /// nothing; the share is one of the shorter list.
    Unlinked,
    /// Registers can know too few of the enumerated: nothing is estimated.
    Unknowable,
    /// Some kinds of persons no register can know: who was missed of them is estimated from the others.
    UnknownKinds,
    /// Of some kinds of persons one register alone can know: whether a row in no register is wrong is not to be told.
    OneRegister,
    /// Enumeration areas with far more rows in no register than others; the detail are their codes, the share is one of
    /// all such rows.
    UnsupportedAreas,
    /// Of some communities the roll has nobody; the detail are their codes, the share is one of the persons in
    /// registers.
    Absent,
    /// Of buildings or institutions the roll has hardly anybody of those in registers; the detail are the codes of
    /// their communities, the share is one of the persons in registers.
    AbsentPlaces,
    /// Registers end months before the reference time; the detail are their names with the months, the share is one of
    /// the records in registers.
    Stale,
    /// Of some ages registers have hardly anybody: whom no list has is not estimated; the share is one of those
    /// enumerated.
    Unjudged,
    /// No log-linear model has an estimate for persons of some ages: there is none of each register as a list of its
    /// own; the share is one of the persons.
    NoModel,
    /// No list says who has died: they look like residents whom the roll missed; the share is that of persons of 65 and
    /// more of the records in registers.
    NoDeaths,
}

/// A warning. Codes of areas are as they are in the data: pages and screens show them by the report's words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// Share of the persons it concerns.
    pub share: f64,
    /// A code, where the kind has several.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::{Counts, Estimate, Residence, WarningKind, all, of_lists, of_support};
    use crate::outcome::discrepancy::Support;

    #[test]
    fn lists_of_two_populations_are_told_from_a_small_register() {
        let share = |roll_present: u64, register_persons: u64, in_both: u64| {
            let counts = Counts { roll_present, register_persons, in_both, ..Counts::default() };
            of_lists(&counts).map(|warning| warning.share)
        };
        assert_eq!(share(5_000, 3_000, 0), Some(1.0));
        assert_eq!(share(5_000, 3_000, 150), None);
        // The births of a year; a register of a whole city; no roll; no register; a handful.
        for (roll, register, both) in [(5_000, 60, 50), (500, 900_000, 450), (0, 3_000, 0), (5_000, 0, 0), (19, 19, 0)]
        {
            assert_eq!(share(roll, register, both), None, "{roll} {register} {both}");
        }
    }

    #[test]
    fn no_more_than_all_enumerations_are_wrong() {
        let of = |enumerated: f64, erroneous: f64| {
            let total = Estimate { enumerated, erroneous, ..Estimate::default() };
            let warnings = all(&[1.0], &Residence::default(), &total, &Support::default());
            warnings.iter().find(|warning| warning.kind == WarningKind::Erroneous).map(|warning| warning.share)
        };
        assert_eq!(of(10.0, 90.0), Some(0.9));
        assert_eq!(of(99.0, 1.0), None);
    }

    /// `docs/outputs.md` lists them all, for whoever switches by them.
    #[test]
    fn every_kind_is_in_the_documents() {
        use WarningKind as Kind;
        let all = [
            Kind::Merged,
            Kind::Residence,
            Kind::Erroneous,
            Kind::OneList,
            Kind::Unlinked,
            Kind::Unknowable,
            Kind::UnknownKinds,
            Kind::OneRegister,
            Kind::UnsupportedAreas,
            Kind::Absent,
            Kind::AbsentPlaces,
            Kind::Stale,
            Kind::Unjudged,
            Kind::NoModel,
            Kind::NoDeaths,
        ];
        assert!((0..).zip(all).all(|(at, kind)| kind as usize == at) && all.len() == Kind::NoDeaths as usize + 1);
        let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/outputs.md"));
        let list = page.split("speaks against an assumption: `kind` (").nth(1).and_then(|rest| rest.split(')').next());
        let named: Vec<String> =
            all.iter().map(|kind| serde_json::to_string(kind).unwrap().replace('"', "`")).collect();
        assert_eq!(list.expect("a list"), named.join(", "));
    }

    #[test]
    fn what_registers_cannot_tell_is_said() {
        let kinds = |unknown: f64, one_register: f64, areas: &[&str]| -> Vec<WarningKind> {
            let areas: Vec<String> = areas.iter().map(|area| (*area).to_owned()).collect();
            let areas_share = if areas.is_empty() { 0.0 } else { 0.3 };
            let support = Support { unknown, one_register, areas, areas_share };
            of_support(&support).into_iter().map(|warning| warning.kind).collect()
        };
        assert_eq!(kinds(0.9, 0.1, &[]), [WarningKind::Unknowable]);
        assert_eq!(kinds(0.2, 0.8, &[]), [WarningKind::UnknownKinds, WarningKind::OneRegister]);
        assert_eq!(kinds(0.0, 0.04, &["A01"]), [WarningKind::UnsupportedAreas]);
        assert_eq!(kinds(0.0, 0.0, &[]), []);
    }
}
