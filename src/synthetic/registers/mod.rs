//! Which departments know of whom, and what do they have on file?
//!
//! Takes the persons of a community, gives the rows of the three registers: public security (household registrations
//! and residence permits), housing (ownership and tenancies), health (residents' files, births, deaths). A register
//! knows those who are hard to find less often, which is also why the census misses them; its dates of the last sign of
//! life are fresh for those who live here and stale for those who left; permits lapse; addresses go out of date.

mod health;
mod housing;
mod public_security;

use super::address::{self, Habits};
use super::chance::{Dice, between, dice, happens};
use super::damage::Clerk;
use super::person::{Block, Person};
use super::place::Dwelling;
use super::sheet::Row;
use super::{World, stream};

/// Rows of the three registers.
#[derive(Debug, Default)]
pub struct Registers {
    /// Household registrations and residence permits.
    pub public_security: Vec<Row>,
    /// Ownership and tenancies.
    pub housing: Vec<Row>,
    /// Residents' files, births and deaths.
    pub health: Vec<Row>,
    /// Births entered under a stand-in name.
    pub placeholders: u64,
}

/// What the registers have on the persons of a community.
#[must_use]
pub fn register(world: &World, block: &Block, community: usize) -> Registers {
    let mut offices =
        Offices { world, block, dice: dice(world.seed, stream(community, 1)), files: Registers::default() };
    for (position, person) in block.persons.iter().enumerate() {
        offices.police(position, person);
        offices.clinic(position, person);
        offices.births_and_deaths(position, person);
        offices.deeds(position, person);
    }
    offices.files
}

/// The departments at work on one community.
struct Offices<'a> {
    world: &'a World,
    block: &'a Block,
    dice: Dice,
    files: Registers,
}

impl Offices<'_> {
    /// Does a register that knows this share of people know this one?
    fn knows(&mut self, share: f64, person: &Person) -> bool {
        let elusive = (self.block.household(person).elusive * person.elusive).clamp(0.3, 4.0).sqrt();
        happens(&mut self.dice, 1.0 - (1.0 - share).powf(1.0 / elusive))
    }
}

/// Under what name a child without one is entered.
pub fn stand_in(dice: &mut Dice, person: &Person, mother: &Person) -> String {
    let child = if person.male { "子" } else { "女" };
    match between(dice, 1, 100) {
        1..=82 => format!("{}之{child}", mother.name.text),
        83..=90 => format!("{}之{}", mother.name.text, if person.male { "男" } else { "女婴" }),
        91..=95 => format!("{}宝宝", mother.name.text),
        _ => "未取名".to_owned(),
    }
}

/// The others of the person's household, whose papers may be mixed up with its own.
pub fn relatives<'a>(block: &'a Block, position: usize, person: &Person) -> Vec<&'a Person> {
    let members = &block.household(person).members;
    members
        .iter()
        .filter(|&&member| member as usize != position)
        .filter_map(|&member| block.persons.get(member as usize))
        .take(6)
        .collect()
}

/// The address of a dwelling in a department's own way of writing.
pub fn written(clerk: &mut Clerk<'_>, world: &World, dwelling: Dwelling, habits: &Habits) -> Option<String> {
    let errors = clerk.errors;
    address::write(clerk.dice(), &world.district.door(dwelling), habits, errors)
}
