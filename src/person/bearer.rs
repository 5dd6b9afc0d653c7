//! Is a record still that of the person whose it was?
//!
//! Takes a record, gives a mark of its name, birth date and sex; takes two marks of one record id, says whether they
//! may be one person's. Rows that are known by their numbers alone move when one above them is taken out, and
//! departments give numbers anew: what was said of somebody must not be heard of whoever has the number now.
//!
//! A mark is nine letters, three of each. Of one letter triple there are 4,096: no name can be read from it, and a
//! birth date only by somebody who knows the record's id, down to about nine dates; that a stranger has the same one by
//! chance is no likelier than that he has the same name.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::table::{PersonTable, RecordId};
use crate::intake::study::Field;

/// Letters of a mark that stand for one thing.
const LETTERS: usize = 3;
/// Length of a mark.
const LENGTH: usize = 3 * LETTERS;
/// What stands for a thing that the record does not say.
const UNKNOWN: &str = "zzz";

/// The mark of the person whose record it is.
#[must_use]
pub fn mark(table: &PersonTable, record: RecordId) -> String {
    let (at, id) = (record as usize, table.record_id(record));
    let birth = match table.birth[at].parts() {
        (0, ..) => String::new(),
        (year, month, day) => format!("{year}-{month}-{day}"),
    };
    let sex = match table.sex[at] {
        0 => String::new(),
        sex => sex.to_string(),
    };
    [("name", name(table, record)), ("birth", Cow::Owned(birth)), ("sex", Cow::Owned(sex))]
        .into_iter()
        .map(|(what, value)| letters(what, id, &value))
        .collect()
}

/// The name as it is compared, also where it stands in two parts.
fn name(table: &PersonTable, record: RecordId) -> Cow<'_, str> {
    let whole = table.name_text(record);
    if !whole.is_empty() {
        return Cow::Borrowed(whole);
    }
    let fields = table.text_fields.iter().enumerate();
    let parts = fields.filter(|(_, text)| matches!(text.field, Field::FamilyName | Field::GivenName));
    let texts = parts.map(|(at, text)| text.values.text(table.texts.get(record, at))).filter(|text| !text.is_empty());
    Cow::Owned(texts.collect::<Vec<_>>().join(" "))
}

/// Letters only, or else a spreadsheet would make numbers of some marks.
fn letters(what: &str, id: &str, value: &str) -> String {
    if value.is_empty() {
        return UNKNOWN.to_owned();
    }
    let digest = Sha256::digest([what, id, value].join("\u{1f}"));
    [digest[0] >> 4, digest[0] & 15, digest[1] >> 4].into_iter().map(|nibble| char::from(b'a' + nibble)).collect()
}

/// Is a text a mark?
#[must_use]
pub fn is_mark(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// May two marks of one record id be one person's? Name or birth date must be the same, and no more than one of the
/// three another: dates and names are put right, and women take other names. What is missing on one side is no
/// difference; where there is no mark (older tables), or neither tells anything, the id alone says who it is.
#[must_use]
pub fn is_same(one: &str, other: &str) -> bool {
    if !is_mark(one) || !is_mark(other) {
        return true;
    }
    let parts = one.as_bytes().chunks(LETTERS).zip(other.as_bytes().chunks(LETTERS));
    let is_unknown = |part: &[u8]| part == UNKNOWN.as_bytes();
    let said: Vec<Option<bool>> =
        parts.map(|(one, other)| (!is_unknown(one) && !is_unknown(other)).then_some(one == other)).collect();
    let (who, differing) = (&said[..2], said.iter().filter(|said| **said == Some(false)).count());
    who.iter().all(Option::is_none) || (who.contains(&Some(true)) && differing <= 1)
}

#[cfg(test)]
mod tests {
    use super::{is_mark, is_same, letters};

    fn mark(name: &str, birth: &str, sex: &str) -> String {
        [("name", name), ("birth", birth), ("sex", sex)].map(|(what, value)| letters(what, "r1", value)).concat()
    }

    #[test]
    fn a_correction_is_the_same_person_and_a_neighbour_is_another() {
        let then = mark("甲子", "1990-1-2", "1");
        assert!(is_mark(&then) && !is_mark("") && !is_mark("abcdefgh1"), "{then}");
        let same = |name: &str, birth: &str, sex: &str| is_same(&then, &mark(name, birth, sex));
        assert!(same("甲子", "1990-1-2", "1"));
        assert!(same("甲丑", "1990-1-2", "1") && same("甲子", "1990-1-3", "1") && same("甲子", "1990-1-2", "2"));
        assert!(same("甲子", "", "1") && same("", "1990-1-2", "") && same("", "", "2"), "missing is no difference");
        assert!(!same("乙丑", "1961-5-6", "1"), "sex alone says nothing");
        assert!(!same("乙丑", "1990-1-2", "2") && !same("乙丑", "", "1") && !same("", "1961-5-6", "1"));
        assert!(is_same("", &then), "tables that were written before there were marks");
    }

    #[test]
    fn one_name_on_two_records_does_not_show() {
        assert_ne!(letters("name", "r1", "甲子"), letters("name", "r2", "甲子"));
    }
}
