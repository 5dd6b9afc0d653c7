//! Who lives in the district, who has left it, and who only seems to be there?
//!
//! Takes the frame of places, gives the [`Block`] of one community: its resident households first, then the people
//! around them who are in some register and must not be counted: those who left, those who went away again, guests,
//! the dead, those born too late, owners who never lived here. Everything is drawn from the community's own dice.

mod around;

use rustc_hash::FxHashMap;

use super::calendar::{REFERENCE, YEAR, age};
use super::chance::{Dice, bell, between, dice, happens, pick, waiting_days, weighted};
use super::family::{Member, collective, family};
use super::identity::{Issued, Numbers, passport};
use super::names::People;
use super::person::{Block, Household, Hukou, Person, Relation, Status};
use super::place::Dwelling;
use super::{World, shuffle, stream};

/// Share of resident households that came from outside.
const MIGRANT_HOUSEHOLDS: f64 = 0.245;
/// Share of resident households that moved within the district.
const MOVED_HOUSEHOLDS: f64 = 0.085;
/// Persons who left with their whole household, for each resident.
const LEFT_PER_RESIDENT: f64 = 0.140;
/// Persons who came and went again, for each resident.
const GONE_PER_RESIDENT: f64 = 0.050;

/// What a household is to the district.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Residency {
    Local,
    Moved,
    Migrant,
}

/// A community while it is being peopled.
struct Peopling<'a> {
    world: &'a World,
    community: u32,
    dice: Dice,
    numbers: Numbers<'a>,
    block: Block,
    ranks: FxHashMap<Dwelling, u32>,
    /// Dwellings in the order in which they are taken.
    order: Vec<u32>,
    taken: usize,
    residents: usize,
}

/// What a household's members have in common.
struct Common {
    people: People,
    status: Status,
    hukou: Hukou,
    since: i32,
    dwelling: Dwelling,
}

/// All persons of a community.
#[must_use]
pub fn people(world: &World, community: usize) -> Block {
    let communities = world.district.communities.len();
    // Taken one after another, the last buildings of a community would hold hardly anybody but those who left.
    let mut order: Vec<u32> = (0..world.district.communities[community].dwellings).collect();
    shuffle(&mut order, world.seed, stream(community, 3));
    let mut peopling = Peopling {
        world,
        community: community as u32,
        dice: dice(world.seed, stream(community, 0)),
        numbers: Numbers::new(&world.regions, community, communities),
        block: Block::default(),
        ranks: FxHashMap::default(),
        order,
        taken: 0,
        residents: 0,
    };
    let quota = world.district.communities[community].residents;
    while peopling.residents < quota {
        peopling.resident_household(quota);
    }
    peopling.left_households(quota as f64 * LEFT_PER_RESIDENT);
    peopling.gone_households(quota as f64 * GONE_PER_RESIDENT);
    peopling.landlords(quota as f64 * 0.008);
    peopling.block
}

impl Peopling<'_> {
    fn resident_household(&mut self, quota: usize) {
        let dwelling = self.free_dwelling();
        let room = quota - self.residents;
        if happens(&mut self.dice, 0.003) {
            let mut members = collective(&mut self.dice);
            members.truncate(room);
            return self.settle_collective(&members, dwelling);
        }
        let residency = match weighted(
            &mut self.dice,
            &[1.0 - MIGRANT_HOUSEHOLDS - MOVED_HOUSEHOLDS, MOVED_HOUSEHOLDS, MIGRANT_HOUSEHOLDS],
        ) {
            0 => Residency::Local,
            1 => Residency::Moved,
            _ => Residency::Migrant,
        };
        let mut members = family(&mut self.dice, residency == Residency::Migrant);
        members.truncate(room);
        self.settle_family(&members, dwelling, residency);
    }

    /// A dwelling that nobody has taken yet, as long as there is one; those left over stand empty.
    fn free_dwelling(&mut self) -> Dwelling {
        let index = self.order[self.taken % self.order.len()];
        self.taken += 1;
        Dwelling { community: self.community, index }
    }

    fn settle_family(&mut self, members: &[Member], dwelling: Dwelling, residency: Residency) {
        let dice = &mut self.dice;
        let people = People::draw(dice);
        let (status, hukou, mean_years, owned) = match residency {
            Residency::Local => (Status::Local, Hukou::At(dwelling), 14.0, 0.82),
            Residency::Moved => (Status::Mover, Hukou::At(self.world.district.elsewhere(dice, dwelling)), 6.0, 0.62),
            Residency::Migrant => (Status::Migrant, Hukou::Outside, 4.0, 0.17),
        };
        let since = REFERENCE - 190 - waiting_days(dice, mean_years * YEAR);
        let rented = !happens(dice, owned);
        let household = self.household(dwelling, rented, false);
        let common = Common { people, status, hukou, since, dwelling };
        let first = self.settle(members, &common, household);
        self.single_out(first, residency);
        if residency != Residency::Migrant {
            self.absent_members(first, household, &common);
        }
        self.guests(household, &common);
        self.late_births(first, household, &common);
    }

    fn settle_collective(&mut self, members: &[Member], dwelling: Dwelling) {
        let household = self.household(dwelling, true, true);
        for member in members {
            let people = People::draw(&mut self.dice);
            let local = happens(&mut self.dice, 0.3);
            let (status, hukou) =
                if local { (Status::Local, Hukou::At(dwelling)) } else { (Status::Migrant, Hukou::Outside) };
            let since = REFERENCE - 190 - waiting_days(&mut self.dice, 500.0);
            self.settle(std::slice::from_ref(member), &Common { people, status, hukou, since, dwelling }, household);
        }
    }

    fn household(&mut self, dwelling: Dwelling, rented: bool, collective: bool) -> u32 {
        let usual = bell(&mut self.dice, 0.8, 0.35).max(0.15);
        let elusive = usual * [1.0, 3.0][weighted(&mut self.dice, &[0.93, 0.07])];
        let ranks = self.ranks.entry(dwelling).or_default();
        let rank = *ranks;
        *ranks += 1;
        self.block.households.push(Household { dwelling, rented, collective, rank, elusive, members: Vec::new() });
        self.block.households.len() as u32 - 1
    }

    /// Gives the members of a household names and papers; returns the position of the first.
    fn settle(&mut self, members: &[Member], common: &Common, household: u32) -> usize {
        let first = self.block.persons.len();
        let lines = members.iter().map(|member| member.line + 1).max().unwrap_or_default();
        let families: Vec<&'static str> =
            (0..lines).map(|_| self.world.names.draw_family(&mut self.dice, common.people)).collect();
        let telephone = self.telephone();
        for member in members {
            let mother = member.mother.and_then(|mother| u32::try_from(first + mother).ok());
            // A few children bear the mother's family name.
            let family = match member.mother.and_then(|mother| members.get(mother)) {
                Some(mother) if happens(&mut self.dice, 0.06) => families.get(mother.line),
                _ => families.get(member.line),
            };
            let family = family.copied().unwrap_or("王");
            let mut person = self.person(member, common, household, family);
            person.mother = mother.filter(|&mother| (mother as usize) < first + members.len());
            person.telephone = if age(person.birth) < 16 { telephone.clone() } else { self.telephone() };
            if person.status.is_resident() {
                self.residents += 1;
            }
            self.enter(person);
        }
        first
    }

    fn person(&mut self, member: &Member, common: &Common, household: u32, family: &str) -> Person {
        let dice = &mut self.dice;
        let mut birth = member.birth;
        let people = if happens(dice, 0.06) { People::draw(dice) } else { common.people };
        let years = age(birth);
        let issued = issued(dice, common.status, years);
        let number = if people.is_foreign() {
            passport(dice)
        } else {
            self.numbers.issue(dice, issued, &mut birth, member.male)
        };
        let young = if years < 16 { common.since.max(birth) } else { common.since };
        let numbered = years >= 1 || happens(dice, 0.35 + 0.6 * f64::from(REFERENCE - birth) / YEAR);
        let hukou = match common.hukou {
            _ if people.is_foreign() => Hukou::None,
            _ if !numbered || happens(dice, 0.000_6) => Hukou::Pending,
            other => other,
        };
        let names = &self.world.names;
        let name = names.draw(dice, people, family, birth, member.male);
        let former_name = happens(dice, 0.004).then(|| names.draw(dice, people, family, birth, member.male));
        Person {
            name,
            former_name,
            male: member.male,
            birth,
            people,
            number,
            status: status_of(common.status, hukou),
            home: common.dwelling,
            since: young.max(birth),
            hukou,
            numbered,
            household,
            relation: member.relation,
            mother: None,
            death: None,
            telephone: String::new(),
            elusive: bell(dice, 1.0, 0.3).max(0.2),
        }
    }

    fn enter(&mut self, person: Person) {
        let at = self.block.persons.len() as u32;
        if let Some(household) = self.block.households.get_mut(person.household as usize) {
            household.members.push(at);
        }
        self.block.persons.push(person);
    }

    fn telephone(&mut self) -> String {
        let second = pick(&mut self.dice, &['3', '3', '5', '5', '7', '8', '8', '9']);
        format!("1{second}{:09}", between(&mut self.dice, 0, 999_999_999))
    }

    /// Single members whose papers differ from the household's: a spouse registered elsewhere, one just gone.
    fn single_out(&mut self, first: usize, residency: Residency) {
        let dice = &mut self.dice;
        for person in self.block.persons.iter_mut().skip(first) {
            if person.relation == Relation::Head || person.hukou == Hukou::Pending || person.people.is_foreign() {
                continue;
            }
            let home = person.home;
            match residency {
                Residency::Local if happens(dice, 0.035) => {
                    (person.status, person.hukou) = (Status::Migrant, Hukou::Outside);
                }
                Residency::Local if happens(dice, 0.025) => {
                    let elsewhere = self.world.district.elsewhere(dice, home);
                    (person.status, person.hukou) = (Status::Mover, Hukou::At(elsewhere));
                }
                Residency::Local if age(person.birth) >= 18 && happens(dice, 0.008) => {
                    person.status = Status::Away;
                    person.since = REFERENCE - between(dice, 5, 170);
                }
                Residency::Migrant if happens(dice, 0.02) => {
                    (person.status, person.hukou) = (Status::Local, Hukou::At(home));
                }
                _ => {}
            }
        }
    }
}

fn status_of(status: Status, hukou: Hukou) -> Status {
    match (status, hukou) {
        (Status::Local | Status::Mover, Hukou::None) => Status::Migrant,
        (Status::Mover, Hukou::Pending) => Status::Local,
        _ => status,
    }
}

/// Where somebody's number was first issued.
fn issued(dice: &mut Dice, status: Status, years: i32) -> Issued {
    match status {
        Status::Migrant | Status::Gone | Status::Arrived | Status::Visitor | Status::Landlord => {
            if happens(dice, 0.12) { Issued::City } else { Issued::Outside }
        }
        _ => {
            let here = if years < 20 { 0.93 } else { 0.72 };
            match weighted(dice, &[here, (1.0 - here) * 0.6, (1.0 - here) * 0.4]) {
                0 => Issued::Here,
                1 => Issued::City,
                _ => Issued::Outside,
            }
        }
    }
}
