//! What do the rows of a source mean?
//!
//! A column's value says what a row is ([`RowMeaning`]); what it can be is [`RowKind`].

use std::collections::BTreeMap;

/// What the rows of a source mean.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowMeaning {
    /// The column whose value decides; `None`: every row is `otherwise`.
    pub column: Option<String>,
    /// Value → meaning.
    pub values: BTreeMap<String, RowKind>,
    /// Rows with any other value.
    pub otherwise: RowKind,
}

/// What one row of a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum RowKind {
    /// Roll: enumerated as living at this address at the reference time.
    Present = 0,
    /// Roll: registered here, lives elsewhere within the area under study (a rightful second row).
    ElsewhereInArea = 1,
    /// Roll: registered here, lives outside the area under study.
    Elsewhere = 2,
    /// Register: household registration (户籍).
    HouseholdRegistration = 3,
    /// Register: residence permit (居住证).
    Permit = 4,
    /// Register: a resident's record (居民健康档案), or any record of a person without further meaning.
    #[default]
    Residence = 5,
    /// Register: owner of a dwelling.
    Ownership = 6,
    /// Register: registered tenant of a dwelling.
    Tenancy = 7,
    /// Register: birth certificate.
    Birth = 8,
    /// Register: death certificate.
    Death = 9,
    /// Register: anything else.
    Other = 10,
}

impl RowKind {
    /// All kinds in a fixed order; `ALL[kind as usize] == kind`.
    pub const ALL: [RowKind; 11] = [
        RowKind::Present,
        RowKind::ElsewhereInArea,
        RowKind::Elsewhere,
        RowKind::HouseholdRegistration,
        RowKind::Permit,
        RowKind::Residence,
        RowKind::Ownership,
        RowKind::Tenancy,
        RowKind::Birth,
        RowKind::Death,
        RowKind::Other,
    ];

    /// The kind's name in a study file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            RowKind::Present => "present",
            RowKind::ElsewhereInArea => "elsewhere_in_area",
            RowKind::Elsewhere => "elsewhere",
            RowKind::HouseholdRegistration => "household_registration",
            RowKind::Permit => "permit",
            RowKind::Residence => "residence",
            RowKind::Ownership => "ownership",
            RowKind::Tenancy => "tenancy",
            RowKind::Birth => "birth",
            RowKind::Death => "death",
            RowKind::Other => "other",
        }
    }

    /// Is it what a row of the roll says of a person?
    #[must_use]
    pub fn is_of_roll(self) -> bool {
        matches!(self, RowKind::Present | RowKind::ElsewhereInArea | RowKind::Elsewhere)
    }
}
