//! What does one part of a blocking key mean?
//!
//! Takes a word such as `family_name`, `sound(name)` or `prefix(postcode, 3)`, gives a [`KeyPart`], or says what is
//! wrong with it.

use super::section::{nearest, one_of};
use crate::intake::study::{Comparator, CustomField, Field, KeyPart, Transform};

const TRANSFORMS: [&str; 9] =
    ["sound", "year", "month", "prefix", "suffix", "family_name", "dwelling", "estate_room", "deletions"];

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
    nearest(name, names).or_else(|| Some(String::from("a field that is not built in is declared with [[field]]")))
}

/// Reads one key part.
pub(super) fn read(written: &str, custom_fields: &[CustomField]) -> Result<KeyPart, Wrong> {
    let named = |name: &str| {
        field_named(name, custom_fields)
            .ok_or_else(|| (String::from("there is no such field"), nearest_field(name, custom_fields)))
    };
    let Some((function, rest)) = written.trim().split_once('(') else {
        return Ok(KeyPart { field: named(written.trim())?, transform: Transform::Whole });
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
        let example = Some(format!("for example \"{function}(address, 3)\""));
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
        "deletions" => Transform::Deletions,
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
    match transform {
        Transform::Whole | Transform::Prefix(_) | Transform::Suffix(_) | Transform::Deletions => true,
        Transform::Sound => match field {
            Field::Name | Field::FamilyName | Field::GivenName | Field::FormerName | Field::MotherName => true,
            Field::Custom(index) => !custom_is_date(index),
            _ => false,
        },
        Transform::Year | Transform::Month => match field {
            Field::BirthDate | Field::DeathDate | Field::LastSeen => true,
            Field::Custom(index) => custom_is_date(index),
            _ => false,
        },
        Transform::FamilyName => matches!(field, Field::Name | Field::FormerName | Field::MotherName),
        Transform::Dwelling | Transform::EstateRoom => field == Field::Address,
    }
}

fn fitting(transform: Transform) -> String {
    let fields = match transform {
        Transform::Sound => "names and declared text fields",
        Transform::Year | Transform::Month => "dates",
        Transform::FamilyName => "full names",
        Transform::Dwelling | Transform::EstateRoom => "`address`",
        Transform::Whole | Transform::Prefix(_) | Transform::Suffix(_) | Transform::Deletions => "any field",
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
        check("deletions(id_number)", Field::IdNumber, Transform::Deletions);
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
        check("prefix(postcode)", "number of characters", "prefix(address, 3)");
        check("prefix(postcode,0)", "number of characters", "");
        check("prefix(postcode,300)", "number of characters", "");
        check("sound(name,2)", "nothing else", "");
        check("year(name)", "cannot be taken", "dates");
        check("year(postcode)", "cannot be taken", "dates");
        check("dwelling(name)", "cannot be taken", "`address`");
        check("sound(birth_date)", "cannot be taken", "names");
        check("family_name(sex)", "cannot be taken", "full names");
        check("", "no such field", "");
        check("()", "no such transform", "");
    }
}
