//! What does one part of a blocking key mean?
//!
//! Takes a word such as `family_name`, `sound(name)` or `prefix(postcode, 3)`, gives a [`KeyPart`], or says what is
//! wrong with it.

use super::keys::{field_meant, place_of};
use super::section::{nearest, one_of};
use crate::intake::study::{Comparator, CustomField, Field, KeyPart, Transform};

const TRANSFORMS: [&str; 8] = ["sound", "year", "month", "prefix", "suffix", "family_name", "dwelling", "estate_room"];

/// Why a key part is not one: what is wrong, and a hint.
pub(super) type Wrong = (String, Option<String>);

/// The field of this name: built in, or declared by the study.
pub(super) fn field_named(name: &str, custom_fields: &[CustomField]) -> Option<Field> {
    let custom = || custom_fields.iter().position(|custom| custom.name == name);
    let built_in = Field::BUILT_IN.into_iter().find(|field| field.name() == name);
    built_in.or_else(|| custom().and_then(|index| u16::try_from(index).ok()).map(Field::Custom))
}

/// The nearest field name, as a hint.
pub(super) fn nearest_field(name: &str, custom_fields: &[CustomField]) -> Option<String> {
    let built_in = Field::BUILT_IN.iter().map(|field| field.name());
    let names = built_in.chain(custom_fields.iter().map(|custom| custom.name.as_str()));
    let declared = || Some(String::from("a field that is not built in is declared with [[field]]"));
    place_of(name).or_else(|| field_meant(name)).or_else(|| nearest(name, names)).or_else(declared)
}

/// Reads one key part.
pub(super) fn read(written: &str, custom_fields: &[CustomField]) -> Result<KeyPart, Wrong> {
    let named = |name: &str| {
        field_named(name, custom_fields)
            .ok_or_else(|| (String::from("there is no such field"), nearest_field(name, custom_fields)))
    };
    let Some((function, rest)) = written.trim().split_once('(') else {
        let field = named(written.trim())?;
        if fits(Transform::Whole, field, custom_fields) {
            return Ok(KeyPart { field, transform: Transform::Whole });
        }
        return Err((String::from("this field cannot be a key"), Some(fitting(Transform::Whole))));
    };
    let function = function.trim();
    let Some(inside) = rest.trim_end().strip_suffix(')') else {
        return Err((String::from("a bracket is not closed"), Some(String::from("for example \"sound(name)\""))));
    };
    let (name, length) = match inside.split_once(',') {
        Some((name, length)) => (name.trim(), Some(length.trim())),
        None => (inside.trim(), None),
    };
    let transform = transform(function, length)?;
    let field = named(name)?;
    if fits(transform, field, custom_fields) {
        Ok(KeyPart { field, transform })
    } else {
        Err((format!("`{function}` cannot be taken of this field"), Some(fitting(transform))))
    }
}

fn transform(function: &str, length: Option<&str>) -> Result<Transform, Wrong> {
    let characters = || {
        let length = length.and_then(|length| length.parse::<u8>().ok()).filter(|length| (1..=64).contains(length));
        let example = Some(format!("for example \"{function}(id_number, 6)\""));
        length.ok_or_else(|| (format!("`{function}` needs a number of characters from 1 to 64"), example))
    };
    let transform = match function {
        "prefix" => return Ok(Transform::Prefix(characters()?)),
        "suffix" => return Ok(Transform::Suffix(characters()?)),
        "sound" => Transform::Sound,
        "year" => Transform::Year,
        "month" => Transform::Month,
        "family_name" => Transform::FamilyName,
        "dwelling" => Transform::Dwelling,
        "estate_room" => Transform::EstateRoom,
        other => return Err((String::from("there is no such transform"), one_of(other, &TRANSFORMS))),
    };
    match length {
        Some(_) => Err((format!("`{function}` takes a field and nothing else"), None)),
        None => Ok(transform),
    }
}

fn fits(transform: Transform, field: Field, custom_fields: &[CustomField]) -> bool {
    let custom_is_date =
        |index: u16| custom_fields.get(usize::from(index)).is_some_and(|custom| custom.comparator == Comparator::Date);
    let is_custom_text = matches!(field, Field::Custom(index) if !custom_is_date(index));
    match transform {
        // The others say something of a record, and are not kept in a form that two records could share as a key.
        Transform::Whole => !matches!(
            field,
            Field::FormerName
                | Field::Relationship
                | Field::MotherName
                | Field::MotherIdNumber
                | Field::LastSeen
                | Field::Registration
                | Field::LeftRegistration
        ),
        Transform::Prefix(_) | Transform::Suffix(_) => {
            is_custom_text
                || matches!(
                    field,
                    Field::Name
                        | Field::FamilyName
                        | Field::GivenName
                        | Field::IdNumber
                        | Field::Telephone
                        | Field::Division
                        | Field::EnumerationArea
                )
        }
        Transform::Sound => matches!(field, Field::Name | Field::FamilyName | Field::GivenName) || is_custom_text,
        Transform::Year | Transform::Month => match field {
            Field::BirthDate | Field::DeathDate => true,
            Field::Custom(index) => custom_is_date(index),
            _ => false,
        },
        Transform::FamilyName => field == Field::Name,
        Transform::Dwelling | Transform::EstateRoom => field == Field::Address,
    }
}

fn fitting(transform: Transform) -> String {
    let fields = match transform {
        Transform::Sound => "names and declared text fields",
        Transform::Year | Transform::Month => "dates",
        Transform::FamilyName => "full names",
        Transform::Dwelling | Transform::EstateRoom => "`address`",
        Transform::Whole => "fields that say who or where somebody is",
        Transform::Prefix(_) | Transform::Suffix(_) => {
            "names, ID numbers, telephone numbers, divisions, enumeration areas and declared text fields"
        }
    };
    format!("it is for {fields}")
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::intake::study::{Comparator, CustomField, Field, KeyPart, Transform};

    fn custom_fields() -> Vec<CustomField> {
        let custom = |name: &str, comparator| CustomField {
            name: name.to_owned(),
            comparator,
            levels: Vec::new(),
            frequency: false,
            dwelling: false,
        };
        vec![custom("postcode", Comparator::Exact), custom("moved_in", Comparator::Date)]
    }

    #[test]
    fn a_key_part_is_a_field_or_a_transform_of_one() {
        let check = |written: &str, field: Field, transform: Transform| {
            assert_eq!(read(written, &custom_fields()), Ok(KeyPart { field, transform }), "{written}");
        };
        check("id_number", Field::IdNumber, Transform::Whole);
        check(" postcode ", Field::Custom(0), Transform::Whole);
        check("sound(name)", Field::Name, Transform::Sound);
        check("year(birth_date)", Field::BirthDate, Transform::Year);
        check("month( moved_in )", Field::Custom(1), Transform::Month);
        check("prefix(postcode,3)", Field::Custom(0), Transform::Prefix(3));
        check("suffix(id_number, 4)", Field::IdNumber, Transform::Suffix(4));
        check("family_name", Field::FamilyName, Transform::Whole);
        check("family_name(name)", Field::Name, Transform::FamilyName);
        check("dwelling(address)", Field::Address, Transform::Dwelling);
        check("estate_room(address)", Field::Address, Transform::EstateRoom);
        check("prefix(division, 9)", Field::Division, Transform::Prefix(9));
    }

    #[test]
    fn a_wrong_key_part_is_explained() {
        let check = |written: &str, what: &str, hint: &str| {
            let (is, hinted) = read(written, &custom_fields()).unwrap_err();
            assert!(is.contains(what), "{written}: {is}");
            assert!(hinted.unwrap_or_default().contains(hint), "{written}");
        };
        check("id_numbr", "no such field", "`id_number`");
        check("qqqq", "no such field", "[[field]]");
        check("soud(name)", "no such transform", "`sound`");
        check("sound(name", "not closed", "sound(name)");
        check("prefix(postcode)", "number of characters", "prefix(id_number, 6)");
        check("prefix(postcode,0)", "number of characters", "");
        check("prefix(postcode,300)", "number of characters", "");
        check("sound(name,2)", "nothing else", "");
        check("year(name)", "cannot be taken", "dates");
        check("year(postcode)", "cannot be taken", "dates");
        check("dwelling(name)", "cannot be taken", "`address`");
        check("sound(birth_date)", "cannot be taken", "names");
        check("deletions(id_number)", "no such transform", "");
        check("former_name", "cannot be a key", "who or where");
        check("sound(mother_name)", "cannot be taken", "names");
        check("prefix(sex, 1)", "cannot be taken", "ID numbers");
        check("prefix(address, 3)", "cannot be taken", "divisions");
        check("month(last_seen)", "cannot be taken", "dates");
        check("suffix(moved_in, 2)", "cannot be taken", "declared text");
        check("family_name(sex)", "cannot be taken", "full names");
        check("", "no such field", "");
        check("()", "no such transform", "");
    }
}
