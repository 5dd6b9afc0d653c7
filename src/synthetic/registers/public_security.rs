//! What do the police have on file?
//!
//! Household registrations, touched now and then while somebody lives here and hardly ever after; residence permits,
//! renewed every year or left to lapse. The dead are struck off sooner or later.

use super::{Offices, relatives, written};
use crate::synthetic::address::Habits;
use crate::synthetic::calendar::{EXTRACT, YEAR, age, day};
use crate::synthetic::chance::{between, happens, mix, waiting_days};
use crate::synthetic::damage::{Care, Clerk};
use crate::synthetic::person::{Hukou, Person, Status};
use crate::synthetic::place::Dwelling;
use crate::synthetic::sheet::{Cell, Row};

const POLICE: Care = Care {
    name: 0.013,
    number_missing: 0.004,
    number_wrong: 0.0038,
    number_of_relative: 0.0005,
    birth: 0.0034,
    birth_missing: 0.0006,
    sex: 0.0007,
    ethnicity: 0.004,
    telephone_missing: 0.60,
    telephone_wrong: 0.02,
    former_name: 0.02,
};
// Weights: official, complete, postal, deed, short, road, no building, no unit, numerals.
const POLICE_ADDRESS: Habits =
    Habits { forms: [24.0, 4.0, 52.0, 4.0, 6.0, 3.0, 4.0, 2.0, 1.0], slip: 0.008, missing: 0.004 };
const PERMIT_ADDRESS: Habits =
    Habits { forms: [50.0, 4.0, 20.0, 4.0, 10.0, 3.0, 4.0, 3.0, 2.0], slip: 0.015, missing: 0.004 };

impl Offices<'_> {
    /// Registrations and permits of a person.
    pub(super) fn police(&mut self, position: usize, person: &Person) {
        let dead_for = person.death.map(|death| EXTRACT - death);
        match (person.hukou, person.status) {
            (Hukou::At(dwelling), status) => {
                let share = match (status, dead_for) {
                    (_, Some(0..=60)) => 0.9,
                    (_, Some(61..=300)) => 0.35,
                    (_, Some(_)) => 0.10,
                    (Status::Unborn, _) => 0.9,
                    _ => 0.985,
                };
                if happens(&mut self.dice, share) {
                    self.registration(position, person, dwelling);
                }
                // Double registrations that no clearing has found.
                if happens(&mut self.dice, 0.0015) {
                    let second = self.world.district.elsewhere(&mut self.dice, dwelling);
                    self.registration(position, person, second);
                }
            }
            (Hukou::Outside | Hukou::None, status) => {
                let share = match status {
                    Status::Migrant if age(person.birth) < 16 => 0.42,
                    Status::Migrant => 0.70,
                    Status::Gone => 0.78,
                    Status::Arrived => 0.16,
                    _ => 0.0,
                };
                if share > 0.0 && self.knows(share, person) {
                    self.permit(position, person);
                }
            }
            (Hukou::Pending, _) => {}
        }
    }

    fn registration(&mut self, position: usize, person: &Person, dwelling: Dwelling) {
        let dice = &mut self.dice;
        let seen = match person.status {
            Status::Left if happens(dice, 0.62) => person.since - waiting_days(dice, 2.5 * YEAR),
            Status::Left => EXTRACT - waiting_days(dice, 5.0 * YEAR),
            Status::Dead => person.death.unwrap_or(EXTRACT) - waiting_days(dice, 3.0 * YEAR),
            Status::Unborn => person.birth + between(dice, 3, 30),
            _ if happens(dice, 0.5) => EXTRACT - waiting_days(dice, 420.0),
            _ => EXTRACT - waiting_days(dice, 6.0 * YEAR),
        };
        let seen = seen.clamp(person.birth.max(day(2003, 5, 1)).min(EXTRACT), EXTRACT);
        let relatives = relatives(self.block, position, person);
        let book = mix(u64::from(dwelling.community) << 32 | u64::from(dwelling.index), u64::from(person.household));
        let household = format!("{:09}", book % 1_000_000_000);
        let world = self.world;
        let mut clerk = Clerk::new(&mut self.dice, &world.names, &world.errata, &POLICE, world.errors);
        let cells = vec![
            Cell::Empty,
            Cell::Code("户籍"),
            Cell::Text(household),
            Cell::Code(person.relation.text()),
            Cell::Text(clerk.name(person)),
            Cell::Empty,
            Cell::text(clerk.number(person, &relatives)),
            Cell::Code(clerk.sex(person)),
            Cell::Code(clerk.ethnicity(person)),
            Cell::day(clerk.birth(person)),
            Cell::Text(world.district.community(dwelling).code.clone()),
            Cell::text(written(&mut clerk, world, dwelling, &POLICE_ADDRESS)),
            Cell::text(clerk.telephone(person)),
            Cell::Day(seen),
        ];
        self.files.public_security.push(Row { person: position as u64, cells });
    }

    fn permit(&mut self, position: usize, person: &Person) {
        let dice = &mut self.dice;
        let seen = match person.status {
            Status::Gone => person.since - between(dice, 0, 420),
            Status::Arrived => person.since + between(dice, 2, 40),
            _ if happens(dice, 0.78) => EXTRACT - between(dice, 5, 380),
            _ => (EXTRACT - 380 - waiting_days(dice, 420.0)).max(person.since),
        };
        let relatives = relatives(self.block, position, person);
        let world = self.world;
        // Some permits still say where the person lived before.
        let stale = person.status != Status::Gone && happens(&mut self.dice, 0.07);
        let dwelling = if stale { world.district.elsewhere(&mut self.dice, person.home) } else { person.home };
        let mut clerk = Clerk::new(&mut self.dice, &world.names, &world.errata, &POLICE, world.errors);
        let cells = vec![
            Cell::Empty,
            Cell::Code("居住证"),
            Cell::Empty,
            Cell::Empty,
            Cell::Text(clerk.name(person)),
            Cell::Empty,
            Cell::text(clerk.number(person, &relatives)),
            Cell::Code(clerk.sex(person)),
            Cell::Code(clerk.ethnicity(person)),
            Cell::day(clerk.birth(person)),
            Cell::Text(world.district.community(dwelling).code.clone()),
            Cell::text(written(&mut clerk, world, dwelling, &PERMIT_ADDRESS)),
            Cell::text(clerk.telephone(person)),
            Cell::Day(seen.clamp(person.birth.min(EXTRACT), EXTRACT)),
        ];
        self.files.public_security.push(Row { person: position as u64, cells });
    }
}
