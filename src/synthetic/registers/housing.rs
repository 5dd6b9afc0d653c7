//! What does the housing office have on file?
//!
//! Owners, some of them without a number, some dead, some who never lived there; tenants whose landlord registered
//! them.

use super::{Offices, written};
use crate::synthetic::address::Habits;
use crate::synthetic::calendar::{EXTRACT, REFERENCE, YEAR, age, day};
use crate::synthetic::chance::{between, happens, pick, waiting_days};
use crate::synthetic::damage::{Care, Clerk};
use crate::synthetic::person::{Person, Relation, Status};
use crate::synthetic::place::Dwelling;
use crate::synthetic::sheet::{Cell, Row};

const DEEDS: Care = Care {
    name: 0.022,
    number_missing: 0.095,
    number_wrong: 0.008,
    number_of_relative: 0.004,
    birth: 0.0,
    birth_missing: 0.0,
    sex: 0.0,
    ethnicity: 0.0,
    telephone_missing: 1.0,
    telephone_wrong: 0.0,
    former_name: 0.5,
};
// Weights: official, complete, postal, deed, short, road, no building, no unit, numerals.
const DEED_ADDRESS: Habits =
    Habits { forms: [7.0, 4.0, 7.0, 68.0, 4.0, 3.0, 3.0, 2.0, 2.0], slip: 0.009, missing: 0.007 };

impl Offices<'_> {
    /// Deeds and tenancies of a person.
    pub(super) fn deeds(&mut self, position: usize, person: &Person) {
        let household = self.block.household(person);
        if household.collective || age(person.birth) < 18 {
            return;
        }
        let dice = &mut self.dice;
        let (share, kind) = match (household.rented, person.status, person.relation) {
            (_, Status::Visitor | Status::Arrived | Status::Unborn, _) => (0.0, ""),
            (false, Status::Dead, _) => (0.30, "不动产"),
            (false, _, Relation::Head) => (0.86, "不动产"),
            (false, _, Relation::Spouse) => (0.36, "不动产"),
            (false, _, _) => (0.05, "不动产"),
            (true, Status::Migrant, Relation::Head | Relation::Other) => (0.20, "租赁备案"),
            (true, Status::Gone, Relation::Head) => (0.20, "租赁备案"),
            (true, Status::Local | Status::Mover, Relation::Head) => (0.10, "租赁备案"),
            _ => (0.0, ""),
        };
        if happens(dice, share) {
            self.deed(position, person, kind, person.home);
        }
        // Second dwellings, lived in by others or by nobody.
        if kind == "不动产" && person.relation == Relation::Head && happens(&mut self.dice, 0.02) {
            let second = self.world.district.elsewhere(&mut self.dice, person.home);
            self.deed(position, person, kind, second);
        }
    }

    fn deed(&mut self, position: usize, person: &Person, kind: &'static str, dwelling: Dwelling) {
        let dice = &mut self.dice;
        let signed = match (kind, person.status) {
            ("租赁备案", Status::Gone) => person.since - between(dice, 60, 700),
            ("租赁备案", _) => (EXTRACT - between(dice, 10, 800)).max(person.since),
            (_, Status::Left) => person.since - waiting_days(dice, 6.0 * YEAR),
            _ => person.since + between(dice, -200, 200),
        };
        let signed = signed.clamp(day(1999, 1, 4), REFERENCE + 30);
        let square_metres = f64::from(between(dice, 300, 1_400)) / 10.0;
        let document = if person.people.is_foreign() {
            "护照"
        } else {
            *pick(dice, &["身份证", "身份证", "居民身份证"])
        };
        let world = self.world;
        let mut clerk = Clerk::new(&mut self.dice, &world.names, &world.errata, &DEEDS, world.errors);
        let coded = !happens(clerk.dice(), 0.20);
        let cells = vec![
            Cell::Empty,
            Cell::Code(kind),
            Cell::Text(clerk.name(person)),
            Cell::Code(document),
            Cell::text(clerk.number(person, &[])),
            Cell::text(written(&mut clerk, world, dwelling, &DEED_ADDRESS)),
            Cell::text(coded.then(|| world.district.community(dwelling).code.clone())),
            Cell::Number(square_metres),
            Cell::Day(signed),
        ];
        self.files.housing.push(Row { person: position as u64, cells });
    }
}
