//! Is a column headed as a name the whole of it, or a part?
//!
//! `Name` beside `Vorname` is a family name, `nombre` beside `apellidos` a given one. Takes what was guessed of a file,
//! gives it with the part; a column whose values hold those of the other one stays the whole name.

use super::guess::Guess;
use super::{Surveyed, share_held};
use crate::intake::study::Field;

/// Share of the rows in which a whole name holds its part.
const HELD_SHARE_MIN: f64 = 0.5;

/// Makes a name beside one of its parts the other part.
pub(super) fn complete(guess: &mut Guess, file: &Surveyed) {
    let has = |guess: &Guess, field: Field| guess.bound(field).is_some();
    let missing = match (has(guess, Field::FamilyName), has(guess, Field::GivenName)) {
        (true, false) => Field::GivenName,
        (false, true) => Field::FamilyName,
        _ => return,
    };
    let there = if missing == Field::GivenName { Field::FamilyName } else { Field::GivenName };
    let part = guess.bound(there).map(|bound| bound.column.clone()).unwrap_or_default();
    // The name at birth is the only family name of many a French file.
    let names: &[Field] = if missing == Field::FamilyName { &[Field::Name, Field::FormerName] } else { &[Field::Name] };
    let Some(name) = names.iter().find(|name| has(guess, **name)) else { return };
    for (field, bound) in &mut guess.fields {
        if field == name && holds(file, &bound.column, &part) < HELD_SHARE_MIN {
            (*field, bound.field) = (missing, missing.name().to_owned());
        }
    }
    guess.fields.sort_by_key(|(field, _)| *field);
}

/// Share of the rows, of those that have both, in which one column's value holds the other's.
fn holds(file: &Surveyed, whole: &str, part: &str) -> f64 {
    let cells = |name: &str| {
        let at = file.headers.iter().position(|header| header == name);
        at.and_then(|at| file.sample.get(at)).map_or(&[][..], Vec::as_slice)
    };
    share_held(cells(whole).iter().zip(cells(part))).1
}
