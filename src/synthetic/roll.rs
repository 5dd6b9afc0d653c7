//! What does the enumerator write on the roll?
//!
//! Takes the persons of a community, gives the rows of the roll: everybody is written where found on the night and
//! again where registered (items D7 to D9), so people who live away from their registration rightly have two rows.
//! On top of that the enumerator errs: misses households and persons, those hard to find more often; writes people
//! twice; writes guests, the dead, the newly born and those who have left as living here.

use std::collections::BTreeMap;

use super::address::Habits;
use super::calendar::{EXTRACT, REFERENCE, age};
use super::chance::{Dice, between, dice, happens, mix, weighted};
use super::damage::{Care, Clerk};
use super::person::{Block, Hukou, Person, Relation, Status};
use super::place::{DWELLINGS_PER_AREA, Dwelling};
use super::registers::{relatives, stand_in, written};
use super::sheet::{Cell, Row};
use super::{World, stream, uneven};

const FACE_TO_FACE: Care = Care {
    name: 0.028,
    number_missing: 0.024,
    number_wrong: 0.0105,
    number_of_relative: 0.0012,
    birth: 0.0065,
    birth_missing: 0.0,
    sex: 0.002,
    ethnicity: 0.006,
    telephone_missing: 0.45,
    telephone_wrong: 0.02,
    former_name: 0.08,
};
const BY_HEARSAY: Care = Care {
    name: 0.045,
    number_missing: 0.060,
    number_wrong: 0.013,
    number_of_relative: 0.002,
    birth: 0.018,
    birth_missing: 0.0,
    sex: 0.003,
    ethnicity: 0.008,
    telephone_missing: 0.80,
    telephone_wrong: 0.05,
    former_name: 0.20,
};
// Weights: official, complete, postal, deed, short, road, no building, no unit, numerals.
const ADDRESS: Habits = Habits { forms: [80.0, 4.0, 5.0, 3.0, 3.0, 1.5, 1.5, 1.5, 0.5], slip: 0.008, missing: 0.005 };

/// Probability that a usual household is missed altogether.
const HOUSEHOLD_MISSED: f64 = 0.0108;
/// Probability that a usual person of an enumerated household is missed.
const PERSON_MISSED: f64 = 0.0074;

/// The rows of a community's persons, and what of them is wrong.
#[derive(Debug, Default)]
pub struct Enumeration {
    /// Rows, those at addresses in other communities included.
    pub rows: Vec<Row>,
    /// For each person: is there a row by which it is counted here?
    pub counted: Vec<bool>,
    /// How many of each kind were planted.
    pub planted: BTreeMap<&'static str, u64>,
}

/// A row that is to be written: where, and what it says of the place.
struct Entry {
    dwelling: Dwelling,
    rank: u32,
    relation: Relation,
    lives: &'static str,
    registered: Option<&'static str>,
    hearsay: bool,
}

/// The roll of a community's persons.
#[must_use]
pub fn enumerate(world: &World, block: &Block, community: usize) -> Enumeration {
    let roll = Enumeration { counted: vec![false; block.persons.len()], ..Enumeration::default() };
    let dice = dice(world.seed, stream(community, 2));
    let mut enumerator = Enumerator { world, block, dice, roll };
    for household in 0..block.households.len() {
        enumerator.visit(household);
    }
    enumerator.roll
}

struct Enumerator<'a> {
    world: &'a World,
    block: &'a Block,
    dice: Dice,
    roll: Enumeration,
}

impl Enumerator<'_> {
    fn visit(&mut self, at: usize) {
        let block = self.block;
        let household = &block.households[at];
        let people = household.members.iter().filter_map(|&member| Some((member, block.persons.get(member as usize)?)));
        let residents = people.clone().filter(|(_, person)| lives_here(person)).count();
        let missed = residents > 0 && self.misses_household(at, residents);
        let twice = !missed && residents > 0 && !household.collective && happens(&mut self.dice, 0.0032);
        let second = twice.then(|| self.world.district.elsewhere(&mut self.dice, household.dwelling));
        for (position, person) in people {
            match person.status {
                Status::Local | Status::Mover | Status::Migrant => {
                    if missed {
                        self.plant("missed_with_household");
                    }
                    self.resident(position, person, missed, second);
                }
                _ => self.other(position, person, missed),
            }
        }
    }

    fn plant(&mut self, kind: &'static str) {
        *self.roll.planted.entry(kind).or_default() += 1;
    }

    fn misses_household(&mut self, at: usize, residents: usize) -> bool {
        let household = &self.block.households[at];
        let mut probability =
            HOUSEHOLD_MISSED * household.elusive * uneven::household_missed(self.world, household.dwelling);
        if household.rented {
            probability *= 1.8;
        }
        if residents == 1 {
            probability *= 1.6;
        }
        if household.collective {
            probability *= 0.4;
        }
        happens(&mut self.dice, probability.min(0.5))
    }

    fn misses(&mut self, person: &Person) -> bool {
        let household = self.block.household(person);
        let years = age(person.birth);
        let mut probability = PERSON_MISSED * person.elusive * household.elusive.sqrt();
        probability *= uneven::person_missed(self.world, household.dwelling);
        if person.male && (20..35).contains(&years) {
            probability *= 2.2;
        }
        if person.birth > REFERENCE - 180 {
            probability *= 6.0;
        } else if years < 4 {
            probability *= 2.5;
        }
        if person.status == Status::Migrant {
            probability *= 1.7;
        }
        if matches!(person.relation, Relation::Other | Relation::Parent | Relation::ParentInLaw) {
            probability *= 2.0;
        }
        happens(&mut self.dice, probability.min(0.5))
    }

    /// Somebody who sleeps and lives here: a row here, and one at the registration if that is elsewhere.
    fn resident(&mut self, position: u32, person: &Person, missed: bool, second: Option<Dwelling>) {
        let household = self.block.household(person);
        let missed_alone = !missed && self.misses(person);
        if missed_alone {
            self.plant("missed_alone");
        }
        let here = Entry {
            dwelling: household.dwelling,
            rank: household.rank,
            relation: person.relation,
            lives: "1",
            registered: self.registered_from(person, household.dwelling),
            hearsay: false,
        };
        let mut claimed = false;
        if !missed && !missed_alone {
            self.write(position, person, &here);
            claimed = self.duplicate(position, person, here, second);
        }
        if let Some(hukou) = person.hukou_dwelling()
            && hukou != person.home
            && !claimed
            && happens(&mut self.dice, 0.82)
        {
            self.second_row(position, person, hukou);
        }
    }

    /// The row at the registration of somebody who lives elsewhere in the district: rightful, and no duplicate.
    fn second_row(&mut self, position: u32, person: &Person, hukou: Dwelling) {
        let (areas, district) = ((self.area(hukou), self.area(person.home)), &self.world.district);
        let lives = if areas.0 == areas.1 {
            return;
        } else if hukou.community == person.home.community {
            "2"
        } else if district.community(hukou).township == district.community(person.home).township {
            "3"
        } else {
            "4"
        };
        self.plant(match lives {
            "2" => "second_row_same_community",
            "3" => "second_row_same_township",
            _ => "second_row_same_district",
        });
        let rank = 4 + (mix(u64::from(position), u64::from(hukou.index)) % 3) as u32;
        let relation = if happens(&mut self.dice, 0.4) { Relation::Other } else { person.relation };
        self.write(
            position,
            person,
            &Entry { dwelling: hukou, rank, relation, lives, registered: Some("1"), hearsay: true },
        );
    }

    /// Writes somebody a second time as living here; true if that was done at the registration's address.
    fn duplicate(&mut self, position: u32, person: &Person, here: Entry, second: Option<Dwelling>) -> bool {
        let alone = happens(&mut self.dice, 0.0052);
        let dwelling = match second {
            Some(second) if happens(&mut self.dice, 0.93) => second,
            _ if !alone => return false,
            _ => match (person.hukou_dwelling(), weighted(&mut self.dice, &[0.15, 0.35, 0.5])) {
                (_, 0) => here.dwelling,
                (Some(hukou), 1) => hukou,
                _ => self.world.district.elsewhere(&mut self.dice, here.dwelling),
            },
        };
        let same = dwelling == here.dwelling;
        let relation =
            if same || second.is_some() || happens(&mut self.dice, 0.5) { here.relation } else { Relation::Child };
        let rank = if same { here.rank } else { 7 };
        let registered = self.registered_from(person, dwelling);
        let hearsay = happens(&mut self.dice, 0.4);
        self.plant(if second.is_some() { "duplicate_household_member" } else { "duplicate_person" });
        self.write(position, person, &Entry { dwelling, rank, relation, registered, hearsay, ..here });
        person.hukou_dwelling() == Some(dwelling)
    }

    /// Everybody else who may get onto the roll, rightly or wrongly.
    fn other(&mut self, position: u32, person: &Person, missed: bool) {
        let household = self.block.household(person);
        let at = |lives, registered, hearsay| Entry {
            dwelling: household.dwelling,
            rank: household.rank,
            relation: person.relation,
            lives,
            registered,
            hearsay,
        };
        let listed = uneven::away_listed(self.world, household.dwelling);
        let dice = &mut self.dice;
        match person.status {
            Status::Left | Status::Away => {
                let wrongly = person.status == Status::Left && happens(dice, 0.014);
                if wrongly {
                    self.plant("left_enumerated");
                    self.write(position, person, &at("1", Some("1"), true));
                } else if happens(
                    dice,
                    match (missed, person.status) {
                        (true, _) => 0.15,
                        (_, Status::Away) => 0.94,
                        _ => 0.74 * listed,
                    },
                ) {
                    self.plant("registered_and_away");
                    self.write(position, person, &at("5", Some("1"), true));
                }
            }
            Status::Arrived if !missed && happens(dice, 0.75) => {
                self.plant("arrived_enumerated");
                self.write(position, person, &at("1", Some("4"), false));
            }
            Status::Visitor if !missed && happens(dice, 0.085) => {
                self.plant("visitor_enumerated");
                self.write(position, person, &at("1", Some("4"), false));
            }
            Status::Dead if !missed && happens(dice, 0.035) => {
                self.plant("dead_enumerated");
                self.write(position, person, &at("1", Some("1"), true));
            }
            Status::Unborn if !missed && happens(dice, 0.15) => {
                self.plant("unborn_enumerated");
                let registered = self.registered_from(person, household.dwelling);
                self.write(position, person, &at("1", registered, false));
            }
            Status::Gone if happens(dice, 0.002) => {
                self.plant("gone_enumerated");
                self.write(position, person, &at("1", Some("4"), true));
            }
            _ => {}
        }
    }

    fn area(&self, dwelling: Dwelling) -> (u32, u32) {
        (dwelling.community, dwelling.index / DWELLINGS_PER_AREA)
    }

    /// Item D8 as seen from an address.
    fn registered_from(&self, person: &Person, dwelling: Dwelling) -> Option<&'static str> {
        let district = &self.world.district;
        match person.hukou {
            Hukou::At(hukou) if hukou.community == dwelling.community => Some("1"),
            Hukou::At(hukou) if district.community(hukou).township == district.community(dwelling).township => {
                Some("2")
            }
            Hukou::At(_) => Some("3"),
            Hukou::Outside => Some("4"),
            Hukou::Pending => Some("5"),
            Hukou::None => None,
        }
    }

    fn write(&mut self, position: u32, person: &Person, entry: &Entry) {
        let counts = entry.lives == "1" || person.status == Status::Away;
        if let Some(counted) = self.roll.counted.get_mut(position as usize) {
            *counted |= counts;
        }
        let world = self.world;
        let area = world.district.enumeration_area(entry.dwelling);
        let number = entry.dwelling.index % DWELLINGS_PER_AREA + 1 + 100 * entry.rank.min(9);
        let household = format!("{}-{number:03}", &area[6..]);
        let day = visit_day(mix(u64::from(entry.dwelling.index), u64::from(entry.dwelling.community)));
        let nameless = person.birth > REFERENCE - 60 && happens(&mut self.dice, 0.12);
        let mother = person.mother.and_then(|mother| self.block.persons.get(mother as usize));
        let stand_in = mother.filter(|_| nameless).map(|mother| stand_in(&mut self.dice, person, mother));
        let relatives = relatives(self.block, position as usize, person);
        let care = if entry.hearsay { &BY_HEARSAY } else { &FACE_TO_FACE };
        let mut clerk = Clerk::new(&mut self.dice, &world.names, &world.errata, care, world.errors);
        let cells = vec![
            Cell::Empty,
            Cell::Text(area),
            Cell::Text(household),
            Cell::Code(entry.relation.text()),
            Cell::Text(stand_in.unwrap_or_else(|| clerk.name(person))),
            Cell::text(clerk.number(person, &relatives)),
            Cell::Code(clerk.sex(person)),
            Cell::Text(clerk.birth_month(person)),
            Cell::Code(clerk.ethnicity(person)),
            Cell::Code(entry.lives),
            Cell::text(written(&mut clerk, world, entry.dwelling, &ADDRESS)),
            entry.registered.map_or(Cell::Empty, Cell::Code),
            left_since(person, entry, clerk.dice()).map_or(Cell::Empty, Cell::Code),
            Cell::text(clerk.telephone(person)),
            Cell::Day(day),
        ];
        self.roll.rows.push(Row { person: u64::from(position), cells });
    }
}

fn lives_here(person: &Person) -> bool {
    matches!(person.status, Status::Local | Status::Mover | Status::Migrant)
}

/// Most households are visited in the first fortnight, some on later rounds.
fn visit_day(turn: u64) -> i32 {
    let late = turn % 100 < 6;
    let days = (turn / 100 % if late { 25 } else { 15 }) as i32;
    (REFERENCE + days + if late { 15 } else { 0 }).min(EXTRACT)
}

/// Item D9: how long ago the person left the place of registration; now and then one class off.
fn left_since(person: &Person, entry: &Entry, dice: &mut Dice) -> Option<&'static str> {
    const CLASSES: [&str; 8] = ["2", "3", "4", "5", "6", "7", "8", "9"];
    const DAYS: [i32; 7] = [184, 366, 731, 1_096, 1_461, 1_826, 3_652];
    match (person.hukou, entry.registered) {
        (Hukou::None | Hukou::Pending, _) | (_, None | Some("5")) => return None,
        (Hukou::At(hukou), _) if entry.lives == "1" && hukou == person.home && entry.dwelling == hukou => {
            return Some("1");
        }
        _ => {}
    }
    let away = REFERENCE - person.since;
    let class = DAYS.iter().filter(|&&days| away >= days).count() as i32;
    let slip = if class > 1 && happens(dice, 0.04) { between(dice, -1, 1) } else { 0 };
    // A slip never crosses the half year, which decides who is counted.
    let class = if class >= 1 { (class + slip).max(1) } else { class };
    CLASSES.get(class as usize).or(CLASSES.last()).copied()
}
