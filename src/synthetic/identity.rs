//! Which number does a person carry?
//!
//! Citizen ID numbers after GB 11643: six digits of the place of first issue, the birth date, a sequence number that is
//! odd for men, and the check character of ISO 7064 MOD 11-2. The numbers are drawn at random when a district is made
//! and are never stored with the program; that one of them is a living person's number would be chance and says nothing
//! about that person.
//!
//! No two persons of a district get the same number: the pairs (region, sequence) are dealt out to the communities, and
//! within a community a used one is not used again. The dealing is turned by the birth date, so that neighbours'
//! numbers look no more alike than strangers' do.

use rustc_hash::FxHashSet;

use super::calendar::compact;
use super::chance::{Dice, between, mix, pick, position};

/// Regions of the city; the first is the district under study.
const CITY: [&str; 16] = [
    "120106", "120101", "120102", "120103", "120104", "120105", "120110", "120111", "120112", "120113", "120114",
    "120115", "120116", "120117", "120118", "120119",
];

/// Provinces and how many prefectures of each send people here: near ones more than far ones.
const PROVINCES: [(u32, u32); 28] = [
    (13, 11),
    (37, 13),
    (41, 12),
    (14, 7),
    (23, 8),
    (34, 9),
    (15, 6),
    (21, 6),
    (22, 5),
    (51, 5),
    (42, 4),
    (62, 4),
    (32, 4),
    (61, 4),
    (36, 3),
    (43, 3),
    (50, 2),
    (35, 2),
    (33, 2),
    (52, 2),
    (45, 2),
    (53, 2),
    (44, 2),
    (11, 1),
    (64, 1),
    (65, 2),
    (63, 1),
    (54, 1),
];

/// Sequence numbers of one sex for one region and day.
const SEQUENCES: usize = 500;

/// Where a number was first issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issued {
    /// In the district under study.
    Here,
    /// In another district of the city.
    City,
    /// In another province.
    Outside,
}

/// All regions that issue numbers, for the whole district.
#[derive(Debug)]
pub struct Regions {
    here: Vec<String>,
    city: Vec<String>,
    outside: Vec<String>,
}

impl Regions {
    /// The regions, for a district of so many communities. A large one needs more numbers than one region has.
    #[must_use]
    pub fn new(communities: usize) -> Regions {
        let split = if communities <= 200 { 1 } else { 12 };
        let city = CITY.map(str::to_owned);
        let mut outside = Vec::new();
        for (province, prefectures) in PROVINCES {
            for prefecture in 1..=prefectures {
                outside.extend((1..=12).map(|county| {
                    let county = if county <= 4 { county + 1 } else { county + 16 };
                    format!("{province}{prefecture:02}{county:02}")
                }));
            }
        }
        Regions { here: city[..split].to_vec(), city: city[split..].to_vec(), outside }
    }

    fn of(&self, issued: Issued) -> &[String] {
        match issued {
            Issued::Here => &self.here,
            Issued::City => &self.city,
            Issued::Outside => &self.outside,
        }
    }
}

/// Gives out the numbers of one community.
#[derive(Debug)]
pub struct Numbers<'a> {
    regions: &'a Regions,
    community: usize,
    communities: usize,
    used: FxHashSet<(u8, usize, i32, bool)>,
}

impl<'a> Numbers<'a> {
    /// The numbers that may be given out in this community.
    #[must_use]
    pub fn new(regions: &'a Regions, community: usize, communities: usize) -> Numbers<'a> {
        Numbers { regions, community, communities, used: FxHashSet::default() }
    }

    /// A new number. Moves the birth by a few days in the rare case that all numbers of that day are taken.
    pub fn issue(&mut self, dice: &mut Dice, issued: Issued, birth: &mut i32, male: bool) -> String {
        let regions = self.regions.of(issued);
        let slots = (regions.len() * SEQUENCES - self.community.min(regions.len() * SEQUENCES - 1))
            .div_ceil(self.communities)
            .max(1);
        loop {
            for _ in 0..6 {
                let slot = self.community + position(dice, slots) * self.communities;
                if self.used.insert((issued as u8, slot, *birth, male)) {
                    let region = &regions[slot % regions.len()];
                    let turn = mix(*birth as u64, (slot % regions.len()) as u64 + 1) % SEQUENCES as u64;
                    let sequence = (slot / regions.len() + turn as usize) % SEQUENCES * 2 + usize::from(male);
                    return with_check(&format!("{region}{}{sequence:03}", compact(*birth)));
                }
            }
            *birth -= 1;
        }
    }
}

/// A passport number of a foreigner.
pub fn passport(dice: &mut Dice) -> String {
    let letter = pick(dice, &["E", "N", "P", "K", "C"]);
    format!("{letter}{:08}", between(dice, 0, 99_999_999))
}

/// Seventeen digits with their check character.
#[must_use]
pub fn with_check(seventeen: &str) -> String {
    let mut number = seventeen.to_owned();
    number.push(check_character(seventeen));
    number
}

/// The check character of the first seventeen digits: ISO 7064 MOD 11-2.
fn check_character(digits: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = digits.bytes().map(|digit| u32::from(digit.wrapping_sub(b'0')));
    let sum: u32 = digits.zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    char::from(b"10X98765432"[(sum % 11) as usize])
}

/// Is this a whole number with the right check character?
#[cfg(test)]
pub fn is_valid(number: &str) -> bool {
    number.len() == 18
        && number.bytes().take(17).all(|digit| digit.is_ascii_digit())
        && number.ends_with(check_character(&number[..17]))
}

#[cfg(test)]
mod tests {
    use super::{Issued, Numbers, Regions, is_valid};
    use crate::synthetic::chance::dice;

    #[test]
    fn the_standards_own_examples_are_valid() {
        assert!(is_valid("11010519491231002X") && is_valid("440524188001010014"));
        assert!(!is_valid("110105194912310021") && !is_valid("110105491231002"));
    }

    #[test]
    fn numbers_are_never_given_twice() {
        for communities in [1, 7, 120, 3_500] {
            let regions = Regions::new(communities);
            let mut all = std::collections::BTreeSet::new();
            for community in [0, communities / 2, communities - 1].into_iter().take(communities) {
                let (mut dice, mut numbers) =
                    (dice(1, community as u64), Numbers::new(&regions, community, communities));
                for turn in 0..900 {
                    let issued = [Issued::Here, Issued::City, Issued::Outside][turn % 3];
                    let mut birth = 5_000 + turn as i32 / 100;
                    let number = numbers.issue(&mut dice, issued, &mut birth, turn % 2 == 0);
                    assert!(is_valid(&number));
                    assert!(all.insert(number), "community {community} of {communities}");
                }
            }
        }
    }
}
