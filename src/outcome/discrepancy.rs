//! What is a discrepancy?
//!
//! The nouns of this hall: the ten kinds, a [`Discrepancy`] with its area, the probability that it is real, its rank
//! and the evidence that raised it, and the [`Findings`] of a run. [`find`](super::find::find) makes them.

use std::borrow::Cow;

use serde::Serialize;

use crate::person::table::RecordId;

/// What kind of discrepancy it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscrepancyKind {
    /// A register knows a person who perhaps lived here, and the roll does not.
    MissedPerson,
    /// A birth within the year before the reference time, and the roll does not know the child.
    MissedNewborn,
    /// Two or more of a register's household are perhaps missed, and no member of it is on the roll.
    MissedHousehold,
    /// The roll lists one person as present twice.
    DuplicateEnumeration,
    /// The roll lists a person as living elsewhere in the area, and nowhere as present; or as present here, and by
    /// another row as living outside the area.
    CountedElsewhere,
    /// On the roll as present, died before the reference time.
    DeadBeforeReference,
    /// On the roll as present, born at or after the reference time by the roll or a register.
    BornAfterReference,
    /// On the roll as present, in no register.
    UnsupportedEnumeration,
    /// Roll and registers contradict each other on ID number, name, sex or birth.
    AttributeConflict,
    /// Two or more register records name a dwelling, and all of them another one than the roll.
    HouseholdMismatch,
}

impl DiscrepancyKind {
    /// All kinds in a fixed order.
    pub const ALL: [DiscrepancyKind; 10] = [
        DiscrepancyKind::MissedPerson,
        DiscrepancyKind::MissedNewborn,
        DiscrepancyKind::MissedHousehold,
        DiscrepancyKind::DuplicateEnumeration,
        DiscrepancyKind::CountedElsewhere,
        DiscrepancyKind::DeadBeforeReference,
        DiscrepancyKind::BornAfterReference,
        DiscrepancyKind::UnsupportedEnumeration,
        DiscrepancyKind::AttributeConflict,
        DiscrepancyKind::HouseholdMismatch,
    ];

    /// The kind of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<DiscrepancyKind> {
        DiscrepancyKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DiscrepancyKind::MissedPerson => "missed_person",
            DiscrepancyKind::MissedNewborn => "missed_newborn",
            DiscrepancyKind::MissedHousehold => "missed_household",
            DiscrepancyKind::DuplicateEnumeration => "duplicate_enumeration",
            DiscrepancyKind::CountedElsewhere => "counted_elsewhere",
            DiscrepancyKind::DeadBeforeReference => "dead_before_reference",
            DiscrepancyKind::BornAfterReference => "born_after_reference",
            DiscrepancyKind::UnsupportedEnumeration => "unsupported_enumeration",
            DiscrepancyKind::AttributeConflict => "attribute_conflict",
            DiscrepancyKind::HouseholdMismatch => "household_mismatch",
        }
    }

    /// Does it stand for one person whom the roll perhaps missed? The members of a missed household stand for
    /// themselves, each as a person: to count the household, too, would count them twice.
    #[must_use]
    pub fn is_missed(self) -> bool {
        matches!(self, DiscrepancyKind::MissedPerson | DiscrepancyKind::MissedNewborn)
    }
}

/// One disagreement between roll and registers.
#[derive(Debug, Clone, PartialEq)]
pub struct Discrepancy {
    /// What it is.
    pub kind: DiscrepancyKind,
    /// The person (see [`Resolution`](crate::linkage::resolution::Resolution)); for a household, its first member.
    pub person: u32,
    /// All persons it is about (a missed household has several), the first one included.
    pub members: Vec<u32>,
    /// The roll row at issue, if it is about one.
    pub roll_record: Option<RecordId>,
    /// The record whose name a field worker is given: the roll row, else the best register record.
    pub shown_record: RecordId,
    /// The record whose address a field worker is given: the one shown, or another one that says more of that place.
    pub addressed_record: RecordId,
    /// Is that address the number of a house where there are no rooms, which is one door?
    pub at_house: bool,
    /// The finest area code known: enumeration area, else community, else what the study covers.
    pub area: String,
    /// Probability that it is real.
    pub probability: f64,
    /// Rank within its kind, 1 first.
    pub priority: u32,
    /// Does a field team get it: within the visits the office pays for, at the door of a household that is visited, or
    /// likely enough to be worth a visit?
    pub listed: bool,
    /// What raised it: codes and figures, no names, no ID numbers.
    pub evidence: Vec<Evidence>,
}

/// What evidence of a visit is called.
pub const VISIT: &str = "visit";

impl Discrepancy {
    /// Has a visit answered it? Then it is certain, and nobody is sent again.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.evidence.iter().any(|evidence| evidence.what == VISIT)
    }
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// What was looked at (`record`, `roll`, `death`, a feature of the residence evidence, …); of an attribute conflict
    /// the item that differs (`name`, `id_number`, …), and nothing else but a visit.
    pub what: Cow<'static, str>,
    /// What was found, as a code or figure.
    pub found: Cow<'static, str>,
    /// How much it speaks for the discrepancy, in bits, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<f64>,
}

/// All discrepancies, sorted by kind and priority.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Findings {
    /// The discrepancies.
    pub discrepancies: Vec<Discrepancy>,
    /// Missed persons on the lists: as many as the office asked for (or the study's threshold gives), and who comes
    /// along as a member of their households at the same door.
    pub visits: u64,
    /// How many missed persons those visits are expected to find.
    pub expected_found: f64,
    /// Persons whom the roll has, and of whom a visit that asked about something else found that they are counted
    /// wrongly.
    pub wrongly_counted: Vec<u32>,
    /// How far registers can know the enumerated.
    pub support: Support,
}

/// How far registers can know those whom the roll enumerates, by kind of person (registered here or not, coarse age). A
/// register can know a kind of person if it has a fair share of them alive.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Support {
    /// Share of the enumerated whom no register can know.
    pub unknown: f64,
    /// Share of the enumerated whom one register can know: what speaks for and against rows in none is the second.
    pub one_register: f64,
    /// Codes of the enumeration areas with far more rows in no register than others, in their order.
    pub areas: Vec<String>,
    /// Share of these rows among all in no register.
    pub areas_share: f64,
}

impl Support {
    /// More than this share of the enumerated that no register can know, and nothing is estimated of whom the roll has
    /// not: a judgement.
    const UNKNOWN_MAX: f64 = 0.5;

    /// Can registers tell of whom the roll has not?
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.unknown <= Support::UNKNOWN_MAX
    }
}
