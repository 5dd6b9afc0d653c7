//! What do clinics and hospitals have on file?
//!
//! Residents' files with the last visit, birth certificates (under a stand-in name if the child has none yet, with the
//! mother's name and number), death certificates.

use super::{Offices, relatives, stand_in, written};
use crate::synthetic::address::Habits;
use crate::synthetic::calendar::{EXTRACT, age, day};
use crate::synthetic::chance::{between, happens, waiting_days};
use crate::synthetic::damage::{Care, Clerk};
use crate::synthetic::person::{Person, Status};
use crate::synthetic::sheet::{Cell, Row};

const HEALTH: Care = Care {
    name: 0.032,
    number_missing: 0.115,
    number_wrong: 0.012,
    number_of_relative: 0.003,
    birth: 0.011,
    birth_missing: 0.0015,
    sex: 0.003,
    ethnicity: 0.01,
    telephone_missing: 0.28,
    telephone_wrong: 0.05,
    former_name: 0.35,
};
// Weights: official, complete, postal, deed, short, road, no building, no unit, numerals.
const HEALTH_ADDRESS: Habits =
    Habits { forms: [6.0, 1.0, 3.0, 5.0, 66.0, 4.0, 8.0, 5.0, 2.0], slip: 0.022, missing: 0.009 };
const BIRTH_ADDRESS: Habits =
    Habits { forms: [10.0, 2.0, 8.0, 60.0, 8.0, 4.0, 4.0, 3.0, 1.0], slip: 0.015, missing: 0.006 };

impl Offices<'_> {
    /// A resident's file, and now and then a second one.
    pub(super) fn clinic(&mut self, position: usize, person: &Person) {
        let years = age(person.birth);
        let by_age = match years {
            ..=6 => 0.88,
            7..=17 => 0.76,
            18..=34 => {
                if person.male {
                    0.60
                } else {
                    0.72
                }
            }
            35..=59 => 0.74,
            _ => 0.86,
        };
        let share = match person.status {
            Status::Local | Status::Mover => by_age,
            Status::Away => by_age * 0.9,
            Status::Migrant => by_age * 0.64,
            Status::Left => 0.20,
            Status::Gone => 0.30,
            Status::Dead => 0.62,
            Status::Arrived => 0.12,
            Status::Visitor => 0.03,
            Status::Landlord => 0.02,
            Status::Unborn => 0.0,
        };
        if share <= 0.0 || !self.knows(share, person) {
            return;
        }
        self.file(position, person);
        if happens(&mut self.dice, 0.013) {
            self.file(position, person);
        }
    }

    fn file(&mut self, position: usize, person: &Person) {
        let dice = &mut self.dice;
        let years = age(person.birth);
        let usual = if (7..50).contains(&years) { 480.0 } else { 260.0 };
        let seen = match person.status {
            Status::Left if happens(dice, 0.13) => EXTRACT - waiting_days(dice, 500.0),
            Status::Left | Status::Gone => person.since - waiting_days(dice, 420.0),
            Status::Dead => person.death.unwrap_or(EXTRACT) - waiting_days(dice, 300.0),
            Status::Arrived | Status::Visitor => person.since + between(dice, 0, 60),
            _ => EXTRACT - waiting_days(dice, usual),
        };
        let last = person.death.unwrap_or(EXTRACT).min(EXTRACT);
        let seen = seen.clamp(person.birth.max(day(2012, 1, 1)).min(last), last);
        let world = self.world;
        let dwelling = match person.hukou_dwelling() {
            Some(hukou) if hukou != person.home && happens(dice, 0.22) => hukou,
            _ if happens(dice, 0.055) => world.district.elsewhere(dice, person.home),
            _ => person.home,
        };
        let relatives = relatives(self.block, position, person);
        let mut clerk = Clerk::new(&mut self.dice, &world.names, &world.errata, &HEALTH, world.errors);
        let coded = !happens(clerk.dice(), 0.095);
        let cells = vec![
            Cell::Empty,
            Cell::Code("居民健康档案"),
            Cell::Text(clerk.name(person)),
            Cell::text(clerk.number(person, &relatives)),
            Cell::Code(clerk.sex(person)),
            Cell::day(clerk.birth(person)),
            Cell::Empty,
            Cell::Empty,
            Cell::text(written(&mut clerk, world, dwelling, &HEALTH_ADDRESS)),
            Cell::text(coded.then(|| world.district.community(dwelling).code.clone())),
            Cell::text(clerk.telephone(person)),
            Cell::Empty,
            Cell::Day(seen),
        ];
        self.files.health.push(Row { person: position as u64, cells });
    }

    /// Certificates of birth and death.
    pub(super) fn births_and_deaths(&mut self, position: usize, person: &Person) {
        let share = match person.status {
            Status::Migrant | Status::Gone | Status::Left => 0.68,
            Status::Visitor | Status::Arrived | Status::Landlord => 0.0,
            _ => 0.94,
        };
        let mother = person.mother.and_then(|mother| self.block.persons.get(mother as usize));
        if person.birth >= day(2018, 1, 1)
            && happens(&mut self.dice, share)
            && let Some(mother) = mother
        {
            self.birth(position, person, mother);
        }
        if let Some(death) = person.death
            && happens(&mut self.dice, 0.93)
        {
            self.death(position, person, death);
        }
    }

    fn birth(&mut self, position: usize, person: &Person, mother: &Person) {
        let world = self.world;
        let stand_in = happens(&mut self.dice, 0.45).then(|| stand_in(&mut self.dice, person, mother));
        self.files.placeholders += u64::from(stand_in.is_some());
        let moved = happens(&mut self.dice, 0.08);
        let dwelling = if moved { world.district.elsewhere(&mut self.dice, person.home) } else { person.home };
        let mut clerk = Clerk::new(&mut self.dice, &world.names, &world.errata, &HEALTH, world.errors);
        let coded = !happens(clerk.dice(), 0.095);
        let telephone = clerk.telephone(mother);
        let cells = vec![
            Cell::Empty,
            Cell::Code("出生医学证明"),
            Cell::Text(stand_in.unwrap_or_else(|| clerk.name(person))),
            Cell::Empty,
            Cell::Code(clerk.sex(person)),
            Cell::Day(person.birth),
            Cell::Text(clerk.name(mother)),
            Cell::text(clerk.number(mother, &[])),
            Cell::text(written(&mut clerk, world, dwelling, &BIRTH_ADDRESS)),
            Cell::text(coded.then(|| world.district.community(dwelling).code.clone())),
            Cell::text(telephone),
            Cell::Empty,
            Cell::Day(person.birth),
        ];
        self.files.health.push(Row { person: position as u64, cells });
    }

    fn death(&mut self, position: usize, person: &Person, death: i32) {
        let world = self.world;
        let mut clerk = Clerk::new(&mut self.dice, &world.names, &world.errata, &HEALTH, world.errors);
        let coded = !happens(clerk.dice(), 0.095);
        let cells = vec![
            Cell::Empty,
            Cell::Code("死亡医学证明"),
            Cell::Text(clerk.name(person)),
            Cell::text(clerk.number(person, &[])),
            Cell::Code(clerk.sex(person)),
            Cell::day(clerk.birth(person)),
            Cell::Empty,
            Cell::Empty,
            Cell::text(written(&mut clerk, world, person.home, &HEALTH_ADDRESS)),
            Cell::text(coded.then(|| world.district.community(person.home).code.clone())),
            Cell::Empty,
            Cell::Day(death),
            Cell::Day(death),
        ];
        self.files.health.push(Row { person: position as u64, cells });
    }
}
