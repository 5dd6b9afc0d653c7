//! What is cross-checked with what?
//!
//! Takes a study file (TOML), gives a [`Study`]: sources, what their columns and rows mean, how records are blocked
//! and compared, thresholds and limits, with every default filled in and every path resolved. Only a `Study` is
//! passed on and hashed; the file as typed ([`mod@file`]) stays in this room.

mod encoding;
pub mod field_words;
pub mod file;
pub mod nothing;
pub mod plain_letters;
mod row_kind;
pub mod sex_words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use self::encoding::Encoding;
use self::field_words::AddressPart;
pub use self::row_kind::{RowKind, RowMeaning};

/// Most variables that a study compares: so many levels fit into one number.
pub const COMPARISONS_MAX: usize = 16;

/// The question, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Name of the study, printed on every output.
    pub name: String,
    /// The instant everything is judged at.
    pub reference: ReferenceTime,
    /// Division-code prefix of the area under study (empty: no limit).
    pub area: String,
    /// Line of the study file where it stands.
    pub area_line: Option<u64>,
    /// Language of outputs that people read.
    pub language: Language,
    /// The study file itself.
    pub file: PathBuf,
    /// SHA-256 of the study file, lower-case hexadecimal.
    pub digest: String,
    /// The sources in the order of the file; at most one roll, any number of registers.
    pub sources: Vec<Source>,
    /// Fields that are not built in, in order of declaration; [`Field::Custom`] is an index into this list.
    pub custom_fields: Vec<CustomField>,
    /// How records are linked.
    pub linkage: Linkage,
    /// What follows for the field.
    pub follow_up: FollowUp,
    /// Limits that stop a run.
    pub limits: Limits,
}

impl Study {
    /// The roll, if this study has one.
    #[must_use]
    pub fn roll(&self) -> Option<usize> {
        self.sources.iter().position(|source| source.role == Role::Roll)
    }

    /// A path as seen from the folder of the study file, if it lies there.
    #[must_use]
    pub fn relative(&self, path: &Path) -> PathBuf {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        path.strip_prefix(folder).unwrap_or(path).to_owned()
    }

    /// What the study says of a field of its own; nothing of one that is built in.
    #[must_use]
    pub fn custom_field(&self, field: Field) -> Option<&CustomField> {
        let Field::Custom(index) = field else { return None };
        self.custom_fields.get(usize::from(index))
    }

    /// Is it a field of the study's own that says where somebody lives?
    #[must_use]
    pub fn says_dwelling(&self, field: Field) -> bool {
        self.custom_field(field).is_some_and(|own| own.dwelling)
    }

    /// Does it say so of a door, or only of a city or a postcode, where many live?
    #[must_use]
    pub fn names_door(&self, field: Field) -> bool {
        let part = field_words::address_part(self.field_name(field));
        self.says_dwelling(field) && part != Some(AddressPart::Region)
    }

    /// Is there a roll, and a register to hold against it?
    #[must_use]
    pub fn has_two_lists(&self) -> bool {
        self.roll().is_some() && self.sources.iter().any(|source| source.role == Role::Register)
    }

    /// The name of a field as the study file writes it.
    #[must_use]
    pub fn field_name(&self, field: Field) -> &str {
        match field {
            Field::Custom(_) => self.custom_field(field).map_or("custom", |custom| &custom.name),
            built_in => built_in.name(),
        }
    }
}

/// An instant on the civil calendar of the study's own time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceTime {
    /// Days since 1970-01-01 of the local calendar day on which the instant falls.
    pub day: i32,
    /// RFC 3339, as written in the study file.
    pub text: String,
    /// Offset from UTC in seconds, to read timestamps with a zone.
    pub offset_seconds: i32,
}

/// Language of what people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// What a source is to the study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The enumerated roll.
    Roll,
    /// An administrative register.
    Register,
}

/// One source: where it is, what its columns are and what its rows mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Name used in every output (`source` columns).
    pub name: String,
    /// Roll or register.
    pub role: Role,
    /// `census`, `public_security`, `housing`, `health`, or any other name.
    pub kind: String,
    /// Files in a fixed (sorted) order; a folder or glob has been expanded.
    pub files: Vec<PathBuf>,
    /// The path as written in the study file, resolved against its folder.
    pub path: PathBuf,
    /// Text encoding of CSV files.
    pub encoding: Encoding,
    /// The public key that must have sealed the files (64 hexadecimal digits); `None`: a seal is checked if there is
    /// one.
    pub sealed_by: Option<String>,
    /// Column that identifies a record within the source. `None`: the row number is used.
    pub record_id: Option<String>,
    /// Which columns hold which field.
    pub bindings: Vec<Binding>,
    /// What the rows mean.
    pub rows: RowMeaning,
}

impl Source {
    /// The binding of a field, if the source has it.
    #[must_use]
    pub fn binding(&self, field: Field) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.field == field)
    }

    /// The columns of a field, for people; empty if the source does not have it.
    #[must_use]
    pub fn columns_of(&self, field: Field) -> String {
        self.binding(field).map_or_else(String::new, |binding| binding.columns.join(", "))
    }
}

/// The columns that make up one field of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The field they hold.
    pub field: Field,
    /// Column names; several are joined in this order.
    pub columns: Vec<String>,
    /// What is put between joined columns (empty for Chinese names, a space for Latin ones).
    pub joiner: String,
    /// `strftime` format of a date written as text; `None`: the usual forms are recognised.
    pub format: Option<String>,
    /// Code list: what is written → what it means (`M` → `1`).
    pub codes: BTreeMap<String, String>,
}

/// A field of a person's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// Full name.
    Name,
    /// Family name, where it stands in a column of its own.
    FamilyName,
    /// Given name(s), where they stand in a column of their own.
    GivenName,
    /// A former name.
    FormerName,
    /// Citizen ID number, or another document's number.
    IdNumber,
    /// Sex.
    Sex,
    /// Birth date, of whatever precision.
    BirthDate,
    /// Nationality (民族), GB/T 3304 code or name.
    Ethnicity,
    /// Address as one text.
    Address,
    /// Division code of the address (community, 12 digits, or any prefix).
    Division,
    /// Enumeration area (普查小区) of a roll row.
    EnumerationArea,
    /// Household number, meaningful within the source.
    Household,
    /// Relationship to the head of the household.
    Relationship,
    /// Mother's name (birth records).
    MotherName,
    /// Mother's citizen ID number (birth records).
    MotherIdNumber,
    /// Telephone number.
    Telephone,
    /// Date of death.
    DeathDate,
    /// Date of the last sign of life, or of the record's last change.
    LastSeen,
    /// Place of household registration (census item D8).
    Registration,
    /// Time since the person left the place of registration (census item D9).
    LeftRegistration,
    /// A field that the study declares itself: index into [`Study::custom_fields`].
    Custom(u16),
}

impl Field {
    /// The built-in fields in a fixed order.
    pub const BUILT_IN: [Field; 20] = [
        Field::Name,
        Field::FamilyName,
        Field::GivenName,
        Field::FormerName,
        Field::IdNumber,
        Field::Sex,
        Field::BirthDate,
        Field::Ethnicity,
        Field::Address,
        Field::Division,
        Field::EnumerationArea,
        Field::Household,
        Field::Relationship,
        Field::MotherName,
        Field::MotherIdNumber,
        Field::Telephone,
        Field::DeathDate,
        Field::LastSeen,
        Field::Registration,
        Field::LeftRegistration,
    ];

    /// The field's place among all fields: the built-in ones, then the study's own.
    #[must_use]
    pub fn place(self) -> usize {
        match self {
            Field::Name => 0,
            Field::FamilyName => 1,
            Field::GivenName => 2,
            Field::FormerName => 3,
            Field::IdNumber => 4,
            Field::Sex => 5,
            Field::BirthDate => 6,
            Field::Ethnicity => 7,
            Field::Address => 8,
            Field::Division => 9,
            Field::EnumerationArea => 10,
            Field::Household => 11,
            Field::Relationship => 12,
            Field::MotherName => 13,
            Field::MotherIdNumber => 14,
            Field::Telephone => 15,
            Field::DeathDate => 16,
            Field::LastSeen => 17,
            Field::Registration => 18,
            Field::LeftRegistration => 19,
            Field::Custom(index) => Field::BUILT_IN.len() + usize::from(index),
        }
    }

    /// Is it a name of a person, or a part of one?
    #[must_use]
    pub fn is_name(self) -> bool {
        matches!(self, Field::Name | Field::FamilyName | Field::GivenName | Field::FormerName | Field::MotherName)
    }

    /// The name of a built-in field in a study file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Field::Name => "name",
            Field::FamilyName => "family_name",
            Field::GivenName => "given_name",
            Field::FormerName => "former_name",
            Field::IdNumber => "id_number",
            Field::Sex => "sex",
            Field::BirthDate => "birth_date",
            Field::Ethnicity => "ethnicity",
            Field::Address => "address",
            Field::Division => "division",
            Field::EnumerationArea => "enumeration_area",
            Field::Household => "household",
            Field::Relationship => "relationship",
            Field::MotherName => "mother_name",
            Field::MotherIdNumber => "mother_id_number",
            Field::Telephone => "telephone",
            Field::DeathDate => "death_date",
            Field::LastSeen => "last_seen",
            Field::Registration => "registration",
            Field::LeftRegistration => "left_registration",
            Field::Custom(_) => "custom",
        }
    }
}

/// A field that the study declares itself.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomField {
    /// Its name: a key of `[source.columns]`.
    pub name: String,
    /// How two values are compared.
    pub comparator: Comparator,
    /// Thresholds of the levels between *equal* and *different*, best first: similarities (Jaro-Winkler), distances
    /// (Levenshtein), days (date) or absolute differences (numeric). Empty: the comparator's own defaults.
    pub levels: Vec<f64>,
    /// Does agreement on a rare value weigh more?
    pub frequency: bool,
    /// Does it say where somebody lives, by the study or by its name ([`field_words::address_part`])? Follow-up lists
    /// then show it where there is no address in parts.
    pub dwelling: bool,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparator {
    /// Equal or not.
    Exact,
    /// Edits (insert, delete, substitute).
    Levenshtein,
    /// Edits and transpositions of neighbours.
    DamerauLevenshtein,
    /// Jaro-Winkler similarity.
    JaroWinkler,
    /// Dates: equal, one digit or swap apart, near in days.
    Date,
    /// Numbers: absolute difference.
    Numeric,
}

/// How records are linked.
#[derive(Debug, Clone, PartialEq)]
pub struct Linkage {
    /// Named blocking rules; empty: chosen from the fields there are.
    pub blocking: Vec<BlockingRule>,
    /// Comparisons to use by field; empty: one for each field that can tell persons apart.
    pub comparisons: Vec<Field>,
    /// Pairs at or above this match probability are links if resolution keeps them.
    pub link_probability: f64,
    /// Tolerated share of false links among the pairs that may be links; the threshold follows from it.
    pub false_links: Option<f64>,
    /// Pairs at or above this match probability are worth a clerk's look.
    pub review_probability: f64,
    /// Most pairs that one block may give before it is divided by a further key.
    pub block_pairs_max: u64,
    /// Most pairs in all.
    pub pairs_max: u64,
    /// Has no source two records of one person? Then only records of different sources are compared.
    pub one_to_one: bool,
    /// Table of pairs that clerks have decided.
    pub decisions: Option<PathBuf>,
    /// Is the model fitted once more with the decided pairs as labels?
    pub refit: bool,
    /// Seed of everything random (the sample of random pairs).
    pub seed: u64,
}

impl Default for Linkage {
    fn default() -> Linkage {
        Linkage {
            blocking: Vec::new(),
            comparisons: Vec::new(),
            link_probability: 0.5,
            false_links: None,
            review_probability: 0.05,
            block_pairs_max: 20_000,
            pairs_max: 4_000_000_000,
            one_to_one: false,
            decisions: None,
            refit: false,
            seed: 20_201_101,
        }
    }
}

/// A blocking rule: records that agree on every key part are a candidate pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockingRule {
    /// Its name in reports.
    pub name: String,
    /// The key parts.
    pub keys: Vec<KeyPart>,
}

/// One part of a blocking key: a field, seen through a transform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPart {
    /// The field.
    pub field: Field,
    /// What of the field.
    pub transform: Transform,
}

/// What of a field goes into a blocking key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transform {
    /// The standardised value itself.
    Whole,
    /// Sound of a name: toneless pinyin of Han names, the words of Latin ones in alphabetical order.
    Sound,
    /// The year of a date.
    Year,
    /// Year and month of a date.
    Month,
    /// The first so many characters.
    Prefix(u8),
    /// The last so many characters.
    Suffix(u8),
    /// Family name of a full name.
    FamilyName,
    /// The dwelling of an address: estate, building, unit, room.
    Dwelling,
    /// Estate and room of an address, for addresses whose building or unit was left out.
    EstateRoom,
}

/// What follows for the field.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowUp {
    /// Visits that the office can pay for; `None`: every discrepancy at or above `probability_min`.
    pub visits: Option<u64>,
    /// Least probability that a missed-person visit finds somebody.
    pub probability_min: f64,
    /// Table of what earlier visits found.
    pub outcomes: Option<PathBuf>,
}

impl Default for FollowUp {
    fn default() -> FollowUp {
        FollowUp { visits: None, probability_min: 0.10, outcomes: None }
    }
}

/// Limits that stop a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Share of rejected rows in a source above which the run ends with exit status 5.
    pub rejected_share_max: f64,
    /// Largest uncompressed row group that is decoded, in bytes.
    pub row_group_bytes_max: u64,
    /// Most rows in one file.
    pub rows_max: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { rejected_share_max: 0.05, row_group_bytes_max: 2 << 30, rows_max: 4_000_000_000 }
    }
}
