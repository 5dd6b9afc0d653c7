//! Who is around the residents, and must not be counted?
//!
//! Grown children and whole households still registered here, the dead, guests and newcomers, children born too late,
//! households that came and went, owners who never lived here. Each is in some register, so each may be taken for a
//! missed person.

use super::{Common, Peopling};
use crate::synthetic::calendar::{EXTRACT, REFERENCE, YEAR, age};
use crate::synthetic::chance::{between, happens, position, waiting_days};
use crate::synthetic::family::{Member, born, family};
use crate::synthetic::names::People;
use crate::synthetic::person::{Hukou, Person, Relation, Status};
use crate::synthetic::place::Dwelling;

impl Peopling<'_> {
    /// Those still registered with the household who are not there: grown children, the dead.
    pub(super) fn absent_members(&mut self, first: usize, household: u32, common: &Common) {
        let Some(head) = self.block.persons.get(first).cloned() else { return };
        let family = head.name.family().unwrap_or_else(|| "李".to_owned());
        let years = age(head.birth);
        let hukou = Hukou::At(common.dwelling);
        if (44..82).contains(&years) && happens(&mut self.dice, 0.22) {
            let child_age = (years - between(&mut self.dice, 23, 33)).max(17);
            let birth = born(&mut self.dice, child_age);
            let member =
                Member { relation: Relation::Child, birth, male: happens(&mut self.dice, 0.5), mother: None, line: 0 };
            let since = REFERENCE - 190 - waiting_days(&mut self.dice, 4.0 * YEAR);
            let common = Common { people: head.people, status: Status::Left, hukou, since, dwelling: common.dwelling };
            let mut person = self.person(&member, &common, household, &family);
            person.telephone = self.telephone();
            person.mother = (!head.male).then_some(first as u32);
            self.enter(person);
        }
        if happens(&mut self.dice, if years > 55 { 0.034 } else { 0.006 }) {
            self.dead_member(&head, household, common.dwelling, &family);
        }
    }

    fn dead_member(&mut self, head: &Person, household: u32, dwelling: Dwelling, family: &str) {
        let dice = &mut self.dice;
        let own = happens(dice, 0.5);
        let relation = if own { Relation::Spouse } else { Relation::Parent };
        let years = age(head.birth) + if own { between(dice, 0, 6) } else { between(dice, 22, 30) };
        let male = if own { !head.male } else { happens(dice, 0.5) };
        let birth = born(dice, years.clamp(25, 99));
        let line = self.world.names.draw_family(dice, head.people);
        let family = if own { line } else { family };
        let member = Member { relation, birth, male, mother: None, line: 0 };
        // The last deaths of these two years fall after the reference time: such a person is a resident.
        let death = EXTRACT - between(dice, 1, 760);
        let status = if death < REFERENCE { Status::Dead } else { Status::Local };
        if status == Status::Local {
            self.residents += 1;
        }
        let hukou = Hukou::At(dwelling);
        let since = REFERENCE - 2_000 - waiting_days(dice, 10.0 * YEAR);
        let common = Common { people: head.people, status, hukou, since, dwelling };
        let mut person = self.person(&member, &common, household, family);
        person.death = Some(death);
        person.telephone = self.telephone();
        self.enter(person);
    }

    /// Guests of the night and people who have just come.
    pub(super) fn guests(&mut self, household: u32, common: &Common) {
        for (probability, status) in [(0.013, Status::Visitor), (0.014, Status::Arrived)] {
            if !happens(&mut self.dice, probability) {
                continue;
            }
            let days = if status == Status::Visitor {
                between(&mut self.dice, 0, 20)
            } else {
                between(&mut self.dice, 20, 170)
            };
            let years = if status == Status::Visitor {
                between(&mut self.dice, 3, 78)
            } else {
                between(&mut self.dice, 18, 50)
            };
            let member = Member {
                relation: Relation::Other,
                birth: born(&mut self.dice, years),
                male: happens(&mut self.dice, 0.5),
                mother: None,
                line: 0,
            };
            let people = People::draw(&mut self.dice);
            let guest = Common { people, status, hukou: Hukou::Outside, since: REFERENCE - days, ..*common };
            let family = self.world.names.draw_family(&mut self.dice, people);
            let mut person = self.person(&member, &guest, household, family);
            person.telephone = self.telephone();
            self.enter(person);
        }
    }

    /// Children born between the reference time and the day of the extracts.
    pub(super) fn late_births(&mut self, first: usize, household: u32, common: &Common) {
        let mother =
            self.block.persons.iter().skip(first).position(|person| {
                !person.male && (22..40).contains(&age(person.birth)) && person.status.is_resident()
            });
        let Some(mother) = mother.map(|position| position + first) else { return };
        if !happens(&mut self.dice, 0.011) {
            return;
        }
        let birth = between(&mut self.dice, REFERENCE, EXTRACT - 2);
        let family = self.block.persons[first].name.family().unwrap_or_else(|| "张".to_owned());
        let relation = Relation::Child;
        let member = Member { relation, birth, male: happens(&mut self.dice, 0.52), mother: None, line: 0 };
        let child = Common { status: Status::Unborn, since: birth, ..*common };
        let mut person = self.person(&member, &child, household, &family);
        person.mother = Some(mother as u32);
        person.telephone = self.telephone();
        person.numbered = happens(&mut self.dice, 0.4);
        person.hukou = if person.numbered { common.hukou } else { Hukou::Pending };
        self.enter(person);
    }

    /// Households that are registered here and live elsewhere, their dwelling let or empty.
    pub(super) fn left_households(&mut self, persons: f64) {
        let target = self.block.persons.len() + persons as usize;
        while self.block.persons.len() < target {
            let dwelling = self.let_dwelling(0.6);
            let mut members = family(&mut self.dice, false);
            members.truncate(target - self.block.persons.len());
            let since = REFERENCE - 190 - waiting_days(&mut self.dice, 5.0 * YEAR);
            let rented = !happens(&mut self.dice, 0.55);
            let people = People::draw(&mut self.dice);
            let household = self.household(dwelling, rented, false);
            let common = Common { people, status: Status::Left, hukou: Hukou::At(dwelling), since, dwelling };
            self.settle(&members, &common, household);
        }
    }

    /// Households that came, were written into registers, and went away again.
    pub(super) fn gone_households(&mut self, persons: f64) {
        let target = self.block.persons.len() + persons as usize;
        while self.block.persons.len() < target {
            let dwelling = self.let_dwelling(0.9);
            let mut members = family(&mut self.dice, true);
            members.truncate(target - self.block.persons.len());
            let since = REFERENCE - 20 - waiting_days(&mut self.dice, 1.3 * YEAR);
            let people = People::draw(&mut self.dice);
            let household = self.household(dwelling, true, false);
            let common = Common { people, status: Status::Gone, hukou: Hukou::Outside, since, dwelling };
            self.settle(&members, &common, household);
        }
    }

    /// People who own a dwelling here and have never lived in it.
    pub(super) fn landlords(&mut self, persons: f64) {
        for _ in 0..persons.round() as usize {
            let dwelling = self.let_dwelling(0.7);
            let years = between(&mut self.dice, 28, 75);
            let (birth, male) = (born(&mut self.dice, years), happens(&mut self.dice, 0.6));
            let member = Member { relation: Relation::Head, birth, male, mother: None, line: 0 };
            let since = REFERENCE - waiting_days(&mut self.dice, 7.0 * YEAR);
            let people = People::draw(&mut self.dice);
            let household = self.household(dwelling, false, false);
            let common = Common { people, status: Status::Landlord, hukou: Hukou::Outside, since, dwelling };
            self.settle(&[member], &common, household);
        }
    }

    /// A dwelling that others live in now (with this probability a let one), or any.
    fn let_dwelling(&mut self, occupied: f64) -> Dwelling {
        if happens(&mut self.dice, occupied) && !self.block.households.is_empty() {
            for _ in 0..8 {
                let at = position(&mut self.dice, self.block.households.len());
                let household = &self.block.households[at];
                if household.rented && !household.collective {
                    return household.dwelling;
                }
            }
        }
        self.free_dwelling()
    }
}
