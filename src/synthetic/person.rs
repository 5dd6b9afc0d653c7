//! Who is a person of the district, in truth?
//!
//! The nouns that pass from `population` to `registers`, `roll` and `truth`: a [`Person`] with everything that is true
//! of it, a [`Household`], and a [`Block`]: all persons of one community. No source ever sees these; each sees a
//! clerk's copy.

use super::names::{Name, People};
use super::place::Dwelling;

/// What somebody is to the census of this district.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Lives where the household registration is.
    Local,
    /// Lives in the district, registered at another address of it: two rightful rows of the roll.
    Mover,
    /// Lives in the district for half a year or more, registered outside.
    Migrant,
    /// Registered and resident here, gone for less than half a year: counted here by the row of the registration.
    Away,
    /// Registered here, lives outside for half a year or more.
    Left,
    /// Lived here without registration and went away again.
    Gone,
    /// Came less than half a year ago: rightly written on the roll, counted elsewhere.
    Arrived,
    /// Guest of the night, lives and is registered elsewhere.
    Visitor,
    /// Died before the reference time.
    Dead,
    /// Born after the reference time and before the extracts.
    Unborn,
    /// Owns a dwelling here and has never lived in it.
    Landlord,
}

impl Status {
    /// The word in the table of truth.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Local => "local",
            Status::Mover => "mover",
            Status::Migrant => "migrant",
            Status::Away => "away",
            Status::Left => "left",
            Status::Gone => "gone",
            Status::Arrived => "arrived",
            Status::Visitor => "visitor",
            Status::Dead => "dead",
            Status::Unborn => "unborn",
            Status::Landlord => "landlord",
        }
    }

    /// Is the person counted as a usual resident of the district?
    #[must_use]
    pub fn is_resident(self) -> bool {
        matches!(self, Status::Local | Status::Mover | Status::Migrant | Status::Away)
    }
}

/// Where the household registration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hukou {
    /// At this dwelling of the district.
    At(Dwelling),
    /// Outside the district.
    Outside,
    /// Not yet settled: newborns, people without papers.
    Pending,
    /// None: foreigners.
    None,
}

/// What somebody is to the head of the household.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The head.
    Head,
    /// Husband or wife of the head.
    Spouse,
    /// Son or daughter.
    Child,
    /// Father or mother.
    Parent,
    /// Father or mother of the spouse.
    ParentInLaw,
    /// Child of a child.
    Grandchild,
    /// Anybody else, flatmates among them.
    Other,
    /// Member of a collective household.
    Collective,
}

impl Relation {
    /// As the forms write it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Relation::Head => "户主",
            Relation::Spouse => "配偶",
            Relation::Child => "子女",
            Relation::Parent => "父母",
            Relation::ParentInLaw => "岳父母或公婆",
            Relation::Grandchild => "孙子女",
            Relation::Other => "其他",
            Relation::Collective => "集体",
        }
    }
}

/// Everything that is true of a person.
#[derive(Debug, Clone)]
pub struct Person {
    /// Name.
    pub name: Name,
    /// The name borne before a change, still found in older records.
    pub former_name: Option<Name>,
    /// Sex.
    pub male: bool,
    /// Day of birth.
    pub birth: i32,
    /// Nationality.
    pub people: People,
    /// Citizen ID number, or passport number of a foreigner.
    pub number: String,
    /// What the person is to the census.
    pub status: Status,
    /// The dwelling the person lives in, lived in, or owns.
    pub home: Dwelling,
    /// Since when the person lives there; for those who went away, since when not.
    pub since: i32,
    /// Household registration.
    pub hukou: Hukou,
    /// Has the birth been entered in the population register, so that there is a number?
    pub numbered: bool,
    /// Position of the household in the block.
    pub household: u32,
    /// Relation to its head.
    pub relation: Relation,
    /// Position of the mother in the block.
    pub mother: Option<u32>,
    /// Day of death.
    pub death: Option<i32>,
    /// Telephone number; children have a parent's.
    pub telephone: String,
    /// How much harder than others the person is to find for anybody: 1 is usual.
    pub elusive: f64,
}

impl Person {
    /// The registration's dwelling, if it is in the district.
    #[must_use]
    pub fn hukou_dwelling(&self) -> Option<Dwelling> {
        match self.hukou {
            Hukou::At(dwelling) => Some(dwelling),
            Hukou::Outside | Hukou::Pending | Hukou::None => None,
        }
    }
}

/// People who keep house together, or a room of a collective household.
#[derive(Debug, Clone)]
pub struct Household {
    /// Where.
    pub dwelling: Dwelling,
    /// Rented, or a collective household's room.
    pub rented: bool,
    /// No family: a dormitory, a work site, a home.
    pub collective: bool,
    /// Number of the household among those of its dwelling; decides its household numbers in roll and registers.
    pub rank: u32,
    /// How much harder than others the household is to find: 1 is usual.
    pub elusive: f64,
    /// Positions of its persons in the block.
    pub members: Vec<u32>,
}

/// All persons of one community, whatever they are to it.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// Persons; their position is their number within the block.
    pub persons: Vec<Person>,
    /// Households.
    pub households: Vec<Household>,
}

impl Block {
    /// The household of a person.
    #[must_use]
    pub fn household(&self, person: &Person) -> &Household {
        &self.households[person.household as usize]
    }
}
