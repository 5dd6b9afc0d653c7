//! How did a visit end?
//!
//! A closed set of seventeen codes. Takes a code, gives whether it settles a case, and what it says of the discrepancy
//! that sent somebody there: a visit labels a case. The wording for field teams is in `report/words/field.rs`.

use super::discrepancy::DiscrepancyKind;

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// 01: omitted indeed, and registered now.
    Added,
    /// 02: counted elsewhere.
    CountedElsewhere,
    /// 03: never lived here.
    NeverLivedHere,
    /// 04: moved out before the reference time.
    MovedOutBefore,
    /// 05: moved in after the reference time.
    MovedInAfter,
    /// 06: died before the reference time.
    DiedBefore,
    /// 07: born after the reference time.
    BornAfter,
    /// 08: abroad.
    Abroad,
    /// 09: counted twice; one row kept, one removed.
    Duplicate,
    /// 10: the dwelling is vacant.
    Vacant,
    /// 11: the dwelling is demolished or cannot be found.
    NotFound,
    /// 12: refused.
    Refused,
    /// 13: nobody met.
    NoContact,
    /// 14: the same person, data corrected.
    Corrected,
    /// 15: another person.
    DifferentPerson,
    /// 16: out of scope of the census.
    OutOfScope,
    /// 19: a supervisor must decide.
    Supervisor,
}

impl Outcome {
    /// All outcomes, by code.
    pub const ALL: [Outcome; 17] = [
        Outcome::Added,
        Outcome::CountedElsewhere,
        Outcome::NeverLivedHere,
        Outcome::MovedOutBefore,
        Outcome::MovedInAfter,
        Outcome::DiedBefore,
        Outcome::BornAfter,
        Outcome::Abroad,
        Outcome::Duplicate,
        Outcome::Vacant,
        Outcome::NotFound,
        Outcome::Refused,
        Outcome::NoContact,
        Outcome::Corrected,
        Outcome::DifferentPerson,
        Outcome::OutOfScope,
        Outcome::Supervisor,
    ];

    /// Its code of two digits.
    #[must_use]
    pub fn code(self) -> &'static str {
        const CODES: [&str; 17] =
            ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16", "19"];
        CODES[self as usize]
    }

    /// The outcome of a code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.code() == code)
    }

    /// Does it settle the case? A refusal, nobody met, and what a supervisor must decide do not.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Outcome::Refused | Outcome::NoContact | Outcome::Supervisor)
    }

    /// May a discrepancy of this kind end so? (Nobody is *omitted* where the question was how a form is filled in.)
    #[must_use]
    pub fn fits(self, kind: DiscrepancyKind) -> bool {
        match self {
            Outcome::Added => is_omission(kind) || kind == DiscrepancyKind::CountedElsewhere,
            Outcome::Duplicate => kind != DiscrepancyKind::MissedHousehold,
            _ => true,
        }
    }

    /// Did the person live elsewhere at the reference time?
    fn says_elsewhere(self) -> bool {
        matches!(
            self,
            Outcome::CountedElsewhere | Outcome::NeverLivedHere | Outcome::MovedOutBefore | Outcome::MovedInAfter
        )
    }

    /// Does it say of somebody whom the roll has, and who was asked about for this reason, that the roll counts them
    /// wrongly?
    #[must_use]
    pub fn says_counted_wrongly(self, kind: DiscrepancyKind) -> bool {
        let is_gone = matches!(self, Outcome::DiedBefore | Outcome::BornAfter | Outcome::Abroad | Outcome::OutOfScope);
        !is_omission(kind) && kind != DiscrepancyKind::DuplicateEnumeration && (is_gone || self.says_elsewhere())
    }

    /// Was the discrepancy real? `None` while it is not known.
    #[must_use]
    pub fn label(self, kind: DiscrepancyKind) -> Option<bool> {
        if !self.is_final() {
            return None;
        }
        if is_omission(kind) {
            return Some(self == Outcome::Added);
        }
        Some(match kind {
            // Asked at the row that registers support least: whoever did not live there is counted rightly by the
            // other.
            DiscrepancyKind::DuplicateEnumeration => self == Outcome::Duplicate || self.says_elsewhere(),
            DiscrepancyKind::CountedElsewhere => {
                matches!(self, Outcome::Added | Outcome::CountedElsewhere | Outcome::Duplicate)
            }
            DiscrepancyKind::DeadBeforeReference => self == Outcome::DiedBefore,
            DiscrepancyKind::BornAfterReference => self == Outcome::BornAfter,
            DiscrepancyKind::AttributeConflict | DiscrepancyKind::HouseholdMismatch => self == Outcome::Corrected,
            // On the roll without support: whatever says that the person was rightly not to be counted here.
            _ => !matches!(self, Outcome::Added | Outcome::Corrected | Outcome::DifferentPerson),
        })
    }
}

/// The question that a case of this kind asks, as its first kind: a child whose birth was registered meanwhile is still
/// the person who was asked about.
#[must_use]
pub fn one_question(kind: DiscrepancyKind) -> DiscrepancyKind {
    if is_omission(kind) && kind != DiscrepancyKind::MissedHousehold { DiscrepancyKind::MissedPerson } else { kind }
}

/// Is it about somebody whom the roll does not have?
#[must_use]
pub fn is_omission(kind: DiscrepancyKind) -> bool {
    matches!(kind, DiscrepancyKind::MissedPerson | DiscrepancyKind::MissedNewborn | DiscrepancyKind::MissedHousehold)
}

#[cfg(test)]
mod tests {
    use super::Outcome;
    use crate::outcome::discrepancy::DiscrepancyKind;

    #[test]
    fn codes_go_both_ways_and_the_set_is_closed() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::of_code(outcome.code()), Some(outcome));
        }
        for code in ["00", "17", "18", "20", "1", ""] {
            assert_eq!(Outcome::of_code(code), None, "{code}");
        }
    }

    #[test]
    fn a_visit_that_met_nobody_is_no_label() {
        let kind = DiscrepancyKind::MissedPerson;
        for (outcome, label) in [
            (Outcome::Added, Some(true)),
            (Outcome::CountedElsewhere, Some(false)),
            (Outcome::Vacant, Some(false)),
            (Outcome::NoContact, None),
            (Outcome::Refused, None),
            (Outcome::Supervisor, None),
        ] {
            assert_eq!(outcome.label(kind), label, "{outcome:?}");
        }
        assert_eq!(Outcome::DiedBefore.label(DiscrepancyKind::DeadBeforeReference), Some(true));
        assert!(!Outcome::Added.fits(DiscrepancyKind::AttributeConflict));
    }
}
