//! Where do people live?
//!
//! Takes a seed and a number of residents, gives a [`District`]: townships (streets), communities with 12-digit
//! division codes, estates with buildings, units and rooms, and enumeration areas of eighty dwellings with 15-digit
//! codes. A dwelling is two numbers; its door is computed, so a city of millions of dwellings needs little memory.
//! All names of streets, roads and estates are invented.

use super::chance::{Dice, between, dice, mix, pick, position};
use super::names::line;

const PLACES: &str = include_str!("tables/places.txt");

/// The county-level division.
pub const AREA: &str = "120106";
/// Dwellings in an enumeration area.
pub const DWELLINGS_PER_AREA: u32 = 80;
/// Communities in a township.
const COMMUNITIES_PER_TOWNSHIP: usize = 14;
/// Dwellings for each resident, vacant ones included.
const DWELLINGS_PER_RESIDENT: f64 = 0.50;

/// One dwelling, or a room of a collective one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dwelling {
    /// Position of its community.
    pub community: u32,
    /// Its number within the community, in the order of buildings, units and floors.
    pub index: u32,
}

/// A community and its estates.
#[derive(Debug)]
pub struct Community {
    /// Twelve digits.
    pub code: String,
    /// Name without 社区.
    pub name: String,
    /// Position of its township.
    pub township: usize,
    /// Residents to be made.
    pub residents: usize,
    /// Dwellings there are.
    pub dwellings: u32,
    estates: Vec<Estate>,
}

#[derive(Debug)]
struct Estate {
    name: String,
    road: String,
    road_number: i32,
    first: u32,
    first_building: u32,
    units: u32,
    floors: u32,
    doors: u32,
}

/// A door as a postman finds it.
#[derive(Debug, Clone, Copy)]
pub struct Door<'a> {
    /// Township without 街道.
    pub township: &'a str,
    /// Community without 社区.
    pub community: &'a str,
    /// Estate.
    pub estate: &'a str,
    /// Road on which the estate lies.
    pub road: &'a str,
    /// Number on that road.
    pub road_number: i32,
    /// Building within the estate.
    pub building: u32,
    /// Unit (entrance) of the building.
    pub unit: u32,
    /// Floor.
    pub floor: u32,
    /// Room number: floor and door.
    pub room: u32,
}

/// The whole frame.
#[derive(Debug)]
pub struct District {
    /// Communities in the order of their codes.
    pub communities: Vec<Community>,
    townships: Vec<String>,
}

impl District {
    /// A district for so many residents.
    #[must_use]
    pub fn new(seed: u64, residents: usize) -> District {
        let mut dice = dice(seed, u64::MAX);
        let size = (residents / 60).clamp(400, 4_000).max(residents.div_ceil(6_000));
        let count = residents.div_ceil(size).max(1);
        let stems: Vec<&str> = line(PLACES, "street").collect();
        let turn = position(&mut dice, stems.len());
        let townships = (0..count.div_ceil(COMMUNITIES_PER_TOWNSHIP)).map(|index| {
            let stem = stems[(turn + index * 7) % stems.len()];
            let round = index / stems.len();
            if round == 0 { stem.to_owned() } else { format!("{stem}{}", ["东", "西", "南", "北"][round % 4]) }
        });
        let mut district = District { communities: Vec::with_capacity(count), townships: townships.collect() };
        let mut estates = EstateNames::new(&mut dice);
        for index in 0..count {
            let share = residents * (index + 1) / count - residents * index / count;
            district.communities.push(Community::new(&mut dice, &mut estates, index, share));
        }
        district
    }

    /// The community of a dwelling.
    #[must_use]
    pub fn community(&self, dwelling: Dwelling) -> &Community {
        &self.communities[dwelling.community as usize]
    }

    /// The door of a dwelling.
    #[must_use]
    pub fn door(&self, dwelling: Dwelling) -> Door<'_> {
        let community = self.community(dwelling);
        let estate = community.estates.iter().rev().find(|estate| estate.first <= dwelling.index);
        let estate = estate.unwrap_or(&community.estates[0]);
        let within = dwelling.index - estate.first.min(dwelling.index);
        let (staircase, door) = (within / (estate.floors * estate.doors), within % (estate.floors * estate.doors));
        let floor = door / estate.doors + 1;
        Door {
            township: &self.townships[community.township],
            community: &community.name,
            estate: &estate.name,
            road: &estate.road,
            road_number: estate.road_number,
            building: estate.first_building + staircase / estate.units,
            unit: staircase % estate.units + 1,
            floor,
            room: floor * 100 + door % estate.doors + 1,
        }
    }

    /// Fifteen digits: the enumeration area of a dwelling.
    #[must_use]
    pub fn enumeration_area(&self, dwelling: Dwelling) -> String {
        format!("{}{:03}", self.community(dwelling).code, dwelling.index / DWELLINGS_PER_AREA + 1)
    }

    /// A dwelling anywhere else, near ones more often: the same community, the same township, or beyond.
    pub fn elsewhere(&self, dice: &mut Dice, from: Dwelling) -> Dwelling {
        let (here, last) = (from.community as i32, self.communities.len() as i32 - 1);
        let near = COMMUNITIES_PER_TOWNSHIP as i32;
        let first = here / near * near;
        let community = match between(dice, 1, 100) {
            1..=15 => here,
            16..=45 => between(dice, first, (first + near - 1).min(last)),
            _ => between(dice, 0, last),
        };
        self.any_in(dice, community as u32, from)
    }

    /// A dwelling of this community that is not the given one.
    pub fn any_in(&self, dice: &mut Dice, community: u32, but: Dwelling) -> Dwelling {
        let dwellings = self.communities[community as usize].dwellings;
        let found = Dwelling { community, index: between(dice, 0, dwellings as i32 - 1) as u32 };
        if found == but { Dwelling { community, index: (found.index + 1) % dwellings } } else { found }
    }
}

impl Community {
    fn new(dice: &mut Dice, names: &mut EstateNames, index: usize, residents: usize) -> Community {
        let (township, within) = (index / COMMUNITIES_PER_TOWNSHIP, index % COMMUNITIES_PER_TOWNSHIP);
        let wanted = ((residents as f64 * DWELLINGS_PER_RESIDENT) as u32).max(40);
        let (mut estates, mut dwellings) = (Vec::new(), 0);
        while dwellings < wanted {
            let (units, floors, doors) = *pick(
                dice,
                &[(3, 6, 2), (4, 6, 3), (5, 6, 2), (2, 11, 2), (2, 18, 4), (1, 26, 6), (3, 7, 2), (6, 5, 3)],
            );
            let share = f64::from(wanted) * f64::from(between(dice, 25, 60)) / 100.0;
            let per_building = units * floors * doors;
            let buildings = (share.min(f64::from(wanted - dwellings)) as u32).div_ceil(per_building).max(1);
            let (road, road_number) = names.road(dice, township);
            estates.push(Estate {
                name: names.draw(),
                road,
                road_number,
                first: dwellings,
                first_building: between(dice, 1, 3) as u32,
                units,
                floors,
                doors,
            });
            dwellings += buildings * per_building;
        }
        let name = names.stem_of(&estates[0].name, within);
        let code = format!("{AREA}{:03}{:03}", township + 1, within + 1);
        Community { code, name, township, residents, dwellings, estates }
    }
}

/// Gives each estate of a district a name of its own.
struct EstateNames {
    stems: Vec<&'static str>,
    suffixes: Vec<&'static str>,
    roads: Vec<&'static str>,
    turn: u64,
    given: usize,
}

impl EstateNames {
    fn new(dice: &mut Dice) -> EstateNames {
        EstateNames {
            stems: line(PLACES, "estate").collect(),
            suffixes: line(PLACES, "suffix").collect(),
            roads: line(PLACES, "road").collect(),
            turn: position(dice, 100_000) as u64,
            given: 0,
        }
    }

    fn draw(&mut self) -> String {
        let round = self.given / self.stems.len();
        let at = self.given % self.stems.len();
        // Within a round every stem is used once, each with another suffix; later rounds are phases of the estates.
        let suffix = (mix(self.turn, at as u64) as usize + round) % self.suffixes.len();
        self.given += 1;
        let name =
            format!("{}{}", self.stems[(at * 29 + self.turn as usize) % self.stems.len()], self.suffixes[suffix]);
        match round / self.suffixes.len() {
            0 => name,
            phase => format!("{name}{}期", numeral(phase + 1)),
        }
    }

    fn road(&self, dice: &mut Dice, township: usize) -> (String, i32) {
        let road = self.roads[(township * 3 + position(dice, 6)) % self.roads.len()];
        (road.to_owned(), between(dice, 1, 240))
    }

    fn stem_of(&self, estate: &str, within: usize) -> String {
        let stem: String = estate.chars().take(2).collect();
        if within.is_multiple_of(5) { format!("{stem}第{}", numeral(within % 3 + 1)) } else { stem }
    }
}

/// A number from 1 to 99 in Chinese.
#[must_use]
pub fn numeral(number: usize) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let (tens, ones) = (number / 10 % 10, number % 10);
    match tens {
        0 => DIGITS[ones].to_owned(),
        1 => format!("十{}", DIGITS[ones]),
        _ => format!("{}十{}", DIGITS[tens], DIGITS[ones]),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{District, Dwelling, numeral};

    #[test]
    fn every_dwelling_has_a_door_of_its_own() {
        let district = District::new(3, 60_000);
        let mut doors = BTreeSet::new();
        for (position, community) in district.communities.iter().enumerate() {
            assert_eq!(community.code.len(), 12);
            for index in 0..community.dwellings {
                let dwelling = Dwelling { community: position as u32, index };
                let door = district.door(dwelling);
                assert!(doors.insert((door.estate.to_owned(), door.building, door.unit, door.room)));
                assert_eq!(district.enumeration_area(dwelling).len(), 15);
            }
        }
        assert_eq!(district.communities.iter().map(|community| community.residents).sum::<usize>(), 60_000);
    }

    #[test]
    fn numerals_read_as_written() {
        assert_eq!([1, 10, 12, 20, 35].map(numeral), ["一", "十", "十二", "二十", "三十五"]);
    }
}
