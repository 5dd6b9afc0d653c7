//! How is a dwelling written down?
//!
//! Takes a [`Door`], gives one of the ways in which clerks of a department write it: with township and community, by
//! road and number, as three numbers with dashes; with the unit or the building left out; in full-width digits or
//! Chinese numerals; with the estate called by half its name.

use super::chance::{Dice, happens, weighted};
use super::place::{Door, numeral};

/// A way of writing an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// District, township, community, estate, building, unit, room.
    Official,
    /// The whole hierarchy with city and floor.
    Complete,
    /// City, road, estate, building, entrance, room.
    Postal,
    /// City, district, estate, building, unit, room without its last word.
    Deed,
    /// Estate and three numbers.
    Short,
    /// Road and its number in place of the estate.
    Road,
    /// Without the building.
    NoBuilding,
    /// Without the unit.
    NoUnit,
    /// Building as a Chinese numeral.
    Numerals,
}

/// The forms in a fixed order, as [`Habits`] weighs them.
const FORMS: [Form; 9] = [
    Form::Official,
    Form::Complete,
    Form::Postal,
    Form::Deed,
    Form::Short,
    Form::Road,
    Form::NoBuilding,
    Form::NoUnit,
    Form::Numerals,
];

/// How often a department uses each form, and how often it spoils one.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Weights of the forms, in the order of [`Form`].
    pub forms: [f64; 9],
    /// Probability that an address is written with a slip.
    pub slip: f64,
    /// Probability that it is missing.
    pub missing: f64,
}

/// An address as this department writes it, or nothing.
pub fn write(dice: &mut Dice, door: &Door<'_>, habits: &Habits, errors: f64) -> Option<String> {
    if happens(dice, habits.missing * errors) {
        return None;
    }
    let form = FORMS[weighted(dice, &habits.forms)];
    let mut door = *door;
    let half_name: String;
    if happens(dice, habits.slip * errors) {
        match weighted(dice, &[0.3, 0.2, 0.2, 0.15, 0.15]) {
            0 => door.building = off_by_one(dice, door.building),
            1 => door.unit = off_by_one(dice, door.unit),
            2 => door.room = transposed(door.room),
            3 => door.room = off_by_one(dice, door.room),
            _ => {
                half_name = door.estate.chars().take(2).collect();
                door.estate = &half_name;
            }
        }
    }
    let text = written(&door, form);
    Some(match weighted(dice, &[0.955, 0.02, 0.015, 0.01]) {
        0 => text,
        1 => full_width(&text),
        2 => spaced(&text),
        _ => format!("{text}（{}）", if happens(dice, 0.5) { "租" } else { "原址" }),
    })
}

fn written(door: &Door<'_>, form: Form) -> String {
    let Door { township, community, estate, road, road_number, building, unit, floor, room } = *door;
    match form {
        Form::Official => format!("红桥区{township}街道{community}社区{estate}{building}栋{unit}单元{room}室"),
        Form::Complete => {
            format!("天津市市辖区红桥区{township}街道{community}居委会{estate}{building}幢{unit}单元{floor}层{room}室")
        }
        Form::Postal => format!("天津市红桥区{road}{estate}{building}号楼{unit}门{room}号"),
        Form::Deed => format!("天津市红桥区{estate}小区{building}号楼{unit}单元{room}"),
        Form::Short => format!("{estate}{building}-{unit}-{room}"),
        Form::Road => format!("天津市红桥区{road}{road_number}号{building}栋{unit}门{room}室"),
        Form::NoBuilding => format!("红桥区{road}{estate}{unit}门{room}"),
        Form::NoUnit => format!("{estate}{building}号楼{room}室"),
        Form::Numerals => {
            let (building, unit) = (numeral(building as usize), numeral(unit as usize));
            format!("红桥区{estate}{building}号楼{unit}单元{room}室")
        }
    }
}

/// A text with full-width digits.
#[must_use]
pub fn full_width(text: &str) -> String {
    let wide = |character: char| match character {
        '0'..='9' => char::from_u32(character as u32 - '0' as u32 + 0xff10).unwrap_or(character),
        other => other,
    };
    text.chars().map(wide).collect()
}

fn spaced(text: &str) -> String {
    text.replace("街道", "街道 ").replace("号楼", "号楼 ").replace('-', " - ")
}

fn off_by_one(dice: &mut Dice, number: u32) -> u32 {
    if number > 1 && happens(dice, 0.5) { number - 1 } else { number + 1 }
}

fn transposed(room: u32) -> u32 {
    let (rest, tens, ones) = (room / 100, room / 10 % 10, room % 10);
    if ones == 0 || tens == ones { room + 1 } else { rest * 100 + ones * 10 + tens }
}

#[cfg(test)]
mod tests {
    use super::{FORMS, full_width, written};
    use crate::synthetic::place::{District, Dwelling};

    #[test]
    fn every_form_names_the_room() {
        let district = District::new(1, 5_000);
        let door = district.door(Dwelling { community: 0, index: 77 });
        for form in FORMS {
            assert!(written(&door, form).contains(&door.room.to_string()), "{form:?}");
        }
        assert_eq!(full_width("12号"), "１２号");
    }
}
