//! Is a text the code of a place, or may it be a number or a name of a person?
//!
//! Takes what stands in a column of codes, gives whether it may be shown, and what is shown in its place. Columns are
//! shifted against their headers, and what names an area names files and stands in manifest and log, which no purge
//! empties.

use sha2::{Digest, Sha256};

/// May this be somebody's ID number or mobile telephone number, or hold one, whatever the column is called?
#[must_use]
pub fn is_number_of_a_person(code: &str) -> bool {
    numbers(code).any(|number| is_id_number(number) || is_mobile(number))
}

/// The whole text, and the numbers within it, with what parts their digits and without: a name and a telephone number
/// may stand behind the code of an area.
pub fn numbers(code: &str) -> impl Iterator<Item = &str> {
    let with = |more: &'static [char]| code.split(move |c: char| !c.is_ascii_digit() && !more.contains(&c));
    let within = [&['x', 'X', '-', '_', ' '][..], &['x', 'X', '-', '_'], &['x', 'X'], &[]];
    std::iter::once(code).chain(within.into_iter().flat_map(with)).chain(in_groups(code))
}

/// How long the groups are in which people write mobile telephone numbers (138 1234 5678) and ID numbers.
const GROUPS: [[usize; 3]; 2] = [[3, 4, 4], [6, 8, 4]];

/// What is parted as such a number within the text: other digits may stand before it, parted from it likewise.
fn in_groups(code: &str) -> impl Iterator<Item = &str> {
    let is_digit = |c: char| c.is_ascii_digit();
    let starts = code.char_indices().map(|(start, _)| start).filter(move |start| !code[..*start].ends_with(is_digit));
    let from = move |start: usize| {
        GROUPS.into_iter().filter_map(move |groups| {
            let (text, behind) = code.get(start..)?.split_at_checked(groups.iter().sum::<usize>() + 2)?;
            let is_it = !behind.starts_with(is_digit) && text.split([' ', '-', '_']).map(str::len).eq(groups);
            is_it.then_some(text)
        })
    };
    starts.flat_map(from)
}

fn bare(code: &str) -> Vec<u8> {
    code.bytes().filter(|byte| !matches!(byte, b'-' | b'_' | b' ')).collect()
}

/// Seventeen digits with a day of birth, and a check character, which need not be right: numbers have slips. (Fifteen
/// digits are the usual code of an enumeration area, and no number here.)
#[must_use]
pub fn is_id_number(code: &str) -> bool {
    let bare = bare(code);
    let [.., check] = bare.as_slice() else { return false };
    let number = |from: usize, to: usize| -> u32 {
        let digits = bare.get(from..to).unwrap_or_default();
        digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit.wrapping_sub(b'0')))
    };
    bare.len() == 18
        && bare.iter().take(17).all(u8::is_ascii_digit)
        && (check.is_ascii_digit() || check.eq_ignore_ascii_case(&b'x'))
        && (18..=20).contains(&number(6, 8))
        && (1..=12).contains(&number(10, 12))
        && (1..=31).contains(&number(12, 14))
}

/// Eleven digits, the first two of which are 13 to 19; or that with the country before it.
#[must_use]
pub fn is_mobile(code: &str) -> bool {
    let bare = bare(code);
    let number = bare.strip_prefix(b"86").filter(|rest| rest.len() == 11).unwrap_or(&bare);
    number.len() == 11 && matches!(number, [b'1', b'3'..=b'9', ..]) && number.iter().all(u8::is_ascii_digit)
}

/// Letters up to which a word is no name.
const ABBREVIATION_LETTERS_MAX: usize = 2;

/// Is this a word without a digit, as names of persons are?
#[must_use]
pub fn is_word(code: &str) -> bool {
    let letters = code.chars().filter(|c| c.is_alphabetic()).count();
    letters > ABBREVIATION_LETTERS_MAX && !code.chars().any(char::is_numeric)
}

/// How a stand-in begins.
const STAND_IN: &str = "area-";

/// What is shown in place of a code that may not be: the same for the same code, and another one for any other.
#[must_use]
pub fn stand_in(code: &str) -> String {
    format!("{STAND_IN}{}", short_digest(code))
}

/// Is this what [`stand_in`] gives?
#[must_use]
pub fn is_stand_in(code: &str) -> bool {
    let digest = code.strip_prefix(STAND_IN).unwrap_or_default();
    digest.len() == 8 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What tells two codes apart whose names would be one.
#[must_use]
pub fn short_digest(code: &str) -> String {
    Sha256::digest(code).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{is_number_of_a_person, is_stand_in, is_word, stand_in};

    #[test]
    fn numbers_of_persons_are_told_from_codes_of_places() {
        for number in [
            "999999198001010014",
            // Without a right check character, and as people write it.
            "999999198503189831",
            "99999919850318983X",
            "99999919850318983x",
            "999999-19850318-9831",
            "13912345678",
            "139-1234-5678",
            "8613912345678",
            // Beside a code, a name or another number.
            "EA001001-ZhangWei-13912345678",
            "EA001-13912345678",
            "片3王芳139 1234 5678",
            "第1小区 李丽 99999919850318983X",
            "120106001004005 999999-19850318-9831",
            // Behind digits that are parted from it as its own are from each other.
            "120106001004 138 1234 5678",
            "120106001004-138-1234-5678",
            "120106_001_139_1234_5678x",
            "1 86 138 1234 5678 2",
            "120106001004-999999-19850318-983X",
            "tel.13912345678x",
        ] {
            assert!(is_number_of_a_person(number), "{number}");
        }
        for code in [
            "120106",
            "120106001",
            "120106001004",
            "120106001004005",
            "120106001004005001",
            "12010600100",
            "06037101110",
            "EA-01",
            "甲片-01",
            "120106001004005A",
            "120106001004-005",
            "JK-120106001004005001-2",
            "EA 139123456789",
            "120106 001 004 005",
            "120106-139-0011",
            "120106 139 1234 56789",
            "120106 1139 1234 5678",
            "",
        ] {
            assert!(!is_number_of_a_person(code), "{code}");
        }
    }

    #[test]
    fn words_are_told_from_codes() {
        for word in ["ZhangWei", "zhang-wei", "王小芳", "Anna Maria"] {
            assert!(is_word(word), "{word}");
        }
        for code in ["EA", "A", "EA-01", "1", "片3区甲", "", "120106001"] {
            assert!(!is_word(code), "{code}");
        }
        let shown = stand_in("ZhangWei");
        assert!(is_stand_in(&shown) && !is_stand_in("area-1") && !is_stand_in("area-North001"), "{shown}");
    }
}
