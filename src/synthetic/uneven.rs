//! How does the quality of work differ from place to place?
//!
//! Takes a place, gives factors on the probabilities of `roll`: some buildings are left out by their enumerator, some
//! enumeration areas are done badly, and in some communities nobody compared the roll with the household register, so
//! that those who have left stand nowhere on it. No extract says where. At 0 all factors are 1, and nothing changes.

use super::World;
use super::chance::mix;
use super::place::{DWELLINGS_PER_AREA, Dwelling};

/// Share of buildings that are left out, and by how much likelier their households are missed.
const LEFT_OUT_SHARE: f64 = 0.03;
const LEFT_OUT_FACTOR: f64 = 22.0;
/// Spread of the logarithm of the areas' factors.
const AREA_SPREAD: f64 = 0.7;
/// What keeps the whole about as complete as an even district.
const ELSEWHERE: f64 = 0.65;
/// Share of communities that were not compared, and how often those who have left are listed there.
const NOT_COMPARED_SHARE: f64 = 0.25;
const NOT_COMPARED_FACTOR: f64 = 0.25;

/// An even number between 0 and 1 that belongs to a place.
fn drawn(seed: u64, work: u64, place: u64) -> f64 {
    mix(mix(seed, work), place) as f64 / u64::MAX as f64
}

/// Between no difference and the full one.
fn scaled(factor: f64, uneven: f64) -> f64 {
    factor.powf(uneven)
}

/// How much likelier than usual an enumerator misses a whole household here.
pub fn household_missed(world: &World, dwelling: Dwelling) -> f64 {
    if world.uneven == 0.0 {
        return 1.0;
    }
    let door = world.district.door(dwelling);
    let estate = door.estate.bytes().fold(0, |sum, byte| mix(sum, u64::from(byte)));
    let building = mix(mix(u64::from(dwelling.community), estate), u64::from(door.building));
    let left_out = drawn(world.seed, 11, building) < LEFT_OUT_SHARE;
    scaled(if left_out { LEFT_OUT_FACTOR } else { ELSEWHERE }, world.uneven) * area(world, dwelling)
}

/// How much likelier than usual an enumerator misses a person of a household here.
pub fn person_missed(world: &World, dwelling: Dwelling) -> f64 {
    if world.uneven == 0.0 { 1.0 } else { scaled(ELSEWHERE, world.uneven) * area(world, dwelling) }
}

/// How often, compared with the usual, those who have left are listed as living elsewhere.
pub fn away_listed(world: &World, dwelling: Dwelling) -> f64 {
    let not_compared = drawn(world.seed, 12, u64::from(dwelling.community)) < NOT_COMPARED_SHARE;
    if world.uneven > 0.0 && not_compared { scaled(NOT_COMPARED_FACTOR, world.uneven) } else { 1.0 }
}

/// The factor of an enumeration area: about log-normal, with median 1.
fn area(world: &World, dwelling: Dwelling) -> f64 {
    let area = mix(u64::from(dwelling.community), u64::from(dwelling.index / DWELLINGS_PER_AREA));
    let bell: f64 = (0..4).map(|turn| drawn(world.seed, 20 + turn, area)).sum::<f64>() - 2.0;
    (bell * 3f64.sqrt() * AREA_SPREAD * world.uneven).exp()
}
