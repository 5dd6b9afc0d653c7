//! What in the data speaks against the assumptions of the estimates?
//!
//! The closed set of warnings, each with a sentence in English; the Chinese ones are the report's.

use serde::{Deserialize, Serialize};

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
    /// Of some communities the roll has nobody; the detail are their codes, the share is one of the persons in
    /// registers.
    Absent,
    /// Of buildings or institutions the roll has hardly anybody of those in registers; the detail are the codes of their
    /// communities, the share is one of the persons in registers.
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
}

/// A warning; its display is a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// Share of the persons it concerns.
    pub share: f64,
    /// A code, where the kind has several.
    pub detail: String,
}

/// Codes of areas that a sentence names, at most.
const CODES_SHOWN: usize = 5;

impl Warning {
    /// How many codes the detail holds, and the first of them.
    #[must_use]
    pub fn codes(&self) -> (usize, String) {
        let codes: Vec<&str> = self.detail.split(", ").collect();
        let more = if codes.len() > CODES_SHOWN { " …" } else { "" };
        (codes.len(), format!("{}{more}", codes[..codes.len().min(CODES_SHOWN)].join(", ")))
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = 100.0 * self.share;
        match self.kind {
            WarningKind::Merged => write!(
                f,
                "{percent:.0} % of the persons are in post-strata too small for their own district: areas borrow from one \
                 another"
            ),
            WarningKind::Residence => {
                let why = match self.detail.as_str() {
                    "no_dates" => "no register has dates of a last sign of life",
                    "one_date" => "in a register the dates of a last sign of life are nearly all one day",
                    "few_positives" => "there are too few known residents to learn from",
                    "few_negatives" => "too few are known not to live here: the prior comes from the density ratio",
                    "unlike_negatives" => {
                        "most whom only registers know are unlike those known not to live here: the prior is a density ratio"
                    }
                    "stated_share" => "too few persons are known to registers alone: the prior is mostly a stated one",
                    "no_convergence" => "it did not converge",
                    other => other,
                };
                write!(f, "the residence evidence is doubtful: {why}")
            }
            WarningKind::Erroneous => {
                write!(f, "{percent:.1} % of the enumerations are expected to be wrong, more than 2 %")
            }
            WarningKind::Absent => {
                let (count, codes) = self.codes();
                write!(
                    f,
                    "of {count} communities with {percent:.1} % of the persons in registers the roll has nobody ({codes}): is \
                     its extract whole?"
                )
            }
            WarningKind::AbsentPlaces => {
                let (_, codes) = self.codes();
                write!(
                    f,
                    "of buildings or institutions with {percent:.1} % of the persons in registers the roll has hardly anybody, \
                     though it has most persons elsewhere (communities: {codes}): were they left out, or are they gone or \
                     elsewhere?"
                )
            }
            WarningKind::Stale => {
                let (_, registers) = self.codes();
                write!(
                    f,
                    "registers with {percent:.0} % of the records end months before the reference time ({registers}): whoever \
                     died or left since looks like a missed resident, so that too many are expected"
                )
            }
            WarningKind::Unjudged => write!(
                f,
                "registers have hardly anybody of the ages of {percent:.1} % of the persons on the roll: of these ages it is \
                 not estimated whom no list has"
            ),
            WarningKind::NoModel => write!(
                f,
                "there is no estimate with each register a list of its own: no log-linear model has one for the ages of \
                 {percent:.1} % of the persons"
            ),
            WarningKind::OneList => write!(f, "nothing is estimated: that takes a roll and a register at least"),
        }
    }
}
