//! What does this identity number say?
//!
//! Citizen ID numbers of GB 11643-1999: 6 digits of region, 8 of birth date, 3 of sequence (odd = male), one check
//! character (ISO 7064 MOD 11-2). 15-digit numbers are brought to 18; masked, damaged and foreign ones keep what they
//! know. [`IdNumber`] packs any of them into 8 bytes.

mod document;
mod relation;

use super::date::Date;
use super::han;
use super::mask;
use crate::privacy::personal;
use document::document;
pub use relation::{Relation, compare};

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_CHARACTERS: &[u8; 11] = b"10X98765432";

/// What kind of number it is: the top three bits of the packed form.
const CITIZEN: u64 = 1;
const VALID: u64 = 5;
const MASKED: u64 = 2;
const DOCUMENT: u64 = 3;
const SHORT: u64 = 4;
/// Only region and birth date are known.
const TAIL_MASKED: u64 = 6;
const KIND_SHIFT: u32 = 61;

/// An identity number, packed; 0 is *none*.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct IdNumber(u64);

/// What was wrong with, or mended in, an ID number; at most one is reported per cell, the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Width, spaces, letter case or an apostrophe were normalised.
    Spelling,
    /// Fifteen digits were brought to eighteen.
    FifteenDigits,
    /// The middle is masked.
    Masked,
    /// The check character does not fit.
    Check,
    /// One digit is missing or too many.
    Length,
    /// A spreadsheet turned it into a floating-point number.
    FloatDamage,
    /// It stands for *no number*.
    Placeholder,
    /// Not a citizen's number: passport or other document.
    Document,
    /// Words instead of a number: a name, an address. Where most cells are so, the columns are shifted.
    Words,
}

/// The note on a cell with words in place of a number.
pub const WORDS: &str = "id_words";

/// What people write when there is no number.
const NO_NUMBER: [&str; 14] = [
    "无",
    "没有",
    "不详",
    "未知",
    "不知道",
    "不清楚",
    "未办",
    "未登记",
    "空",
    "缺",
    "UNKNOWN",
    "NONE",
    "NULL",
    "MISSING",
];

impl Fault {
    /// The code used in tallies; `None` for no fault.
    #[must_use]
    pub fn code(self) -> Option<&'static str> {
        Some(match self {
            Fault::None => return None,
            Fault::Spelling => "id_spelling",
            Fault::FifteenDigits => "id_fifteen_digits",
            Fault::Masked => "id_masked",
            Fault::Check => "id_check",
            Fault::Length => "id_length",
            Fault::FloatDamage => "id_float_damage",
            Fault::Placeholder => "id_placeholder",
            Fault::Document => "id_document",
            Fault::Words => WORDS,
        })
    }
}

/// Reads an identity number as typed. Never fails; an unusable one is [`IdNumber::NONE`] with the reason.
#[must_use]
pub fn read(raw: &str) -> (IdNumber, Fault) {
    // Nearly all cells are so: nothing is to be mended.
    if let ([body @ .., last], 18) = (raw.as_bytes(), raw.len())
        && body.iter().all(u8::is_ascii_digit)
        && (last.is_ascii_digit() || *last == b'X')
    {
        return read_plain(raw.as_bytes(), Fault::None);
    }
    // Of several numbers in one cell the first counts, as the first of several names does.
    let first = raw.split_once(['、', ';', '；', ',', '，', '/', '|']).map(|(first, _)| first);
    if let Some(first) = first.filter(|first| first.bytes().filter(u8::is_ascii_alphanumeric).count() >= WHOLE_MIN) {
        return read(first);
    }
    let mut text: Vec<u8> = Vec::with_capacity(18);
    for character in han::compatible(raw).chars() {
        match character {
            'x' | '×' | 'Ⅹ' | 'χ' | 'Х' | 'х' => text.push(b'X'),
            '*' | '＊' | '●' | '#' => text.push(b'*'),
            '.' | '+' => text.push(character as u8),
            c if mask::is_sign(c) => text.push(HIDDEN),
            c if c.is_ascii_alphanumeric() => text.push(c.to_ascii_uppercase() as u8),
            _ => {}
        }
    }
    if !text.iter().any(|c| c.is_ascii_digit() || *c == b'*') {
        let latin = text.iter().filter(|c| c.is_ascii_alphabetic()).count();
        return (IdNumber::NONE, if is_words(raw, latin) { Fault::Words } else { Fault::Placeholder });
    }
    mask_runs(&mut text);
    if text.contains(&b'*') {
        return read_masked(&text);
    }
    take_off_point(&mut text);
    if is_float(&text) {
        return (IdNumber::NONE, Fault::FloatDamage);
    }
    text.retain(u8::is_ascii_alphanumeric);
    let spelling = if text == raw.as_bytes() { Fault::None } else { Fault::Spelling };
    // A word before the number, as in ID:1201….
    let word = text.iter().take_while(|c| c.is_ascii_alphabetic()).count();
    if word > 0 && text.len() == word + 18 {
        text.drain(..word);
    }
    // A letter O among digits is a zero, an I or L a one.
    if text.len() >= 15 && text.iter().filter(|c| c.is_ascii_digit()).count() + 5 >= text.len() {
        let last = text.len() - 1;
        for (at, character) in text.iter_mut().enumerate() {
            match *character {
                b'O' => *character = b'0',
                b'I' | b'L' => *character = b'1',
                b'X' if at == last => {}
                _ => {}
            }
        }
    }
    read_plain(&text, spelling)
}

/// Digits and letters of the shortest whole number of a citizen.
const WHOLE_MIN: usize = 15;

/// Stands in a text for a sign that masks a digit only where it is one of several: 110105_19491231_002X is whole.
const HIDDEN: u8 = b'?';

/// Letters X in a row, more than a check character is, mask digits, and so do signs, unless a whole number stands
/// beside them: `110105____19491231____002X`.
fn mask_runs(text: &mut [u8]) {
    fill_runs(text, b'X');
    if text.iter().filter(|c| c.is_ascii_alphanumeric()).count() < WHOLE_MIN {
        fill_runs(text, HIDDEN);
    }
}

fn fill_runs(text: &mut [u8], sign: u8) {
    const RUN_MIN: usize = 4;
    for run in text.chunk_by_mut(|one, other| one == other) {
        if run.len() >= RUN_MIN && run.first() == Some(&sign) {
            run.fill(b'*');
        }
    }
}

/// Takes the `.0` off that a program wrote behind a whole number, if that has no more digits than it can have kept.
fn take_off_point(text: &mut Vec<u8>) {
    const DIGITS_KEPT: usize = 15;
    let is_whole = |digits: &&[u8]| digits.len() <= DIGITS_KEPT && digits.iter().all(u8::is_ascii_digit);
    if let Some(digits) = text.strip_suffix(b".0").filter(is_whole) {
        text.truncate(digits.len());
    }
}

/// Words that say more than that there is no number: Han, or Latin of some length.
fn is_words(raw: &str, latin: usize) -> bool {
    let said = raw.to_uppercase();
    let is_han = raw.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
    (is_han || latin >= 5) && !NO_NUMBER.iter().any(|nothing| said.contains(nothing))
}

fn read_plain(text: &[u8], spelling: Fault) -> (IdNumber, Fault) {
    let digits = text.iter().take_while(|c| c.is_ascii_digit()).count();
    let ends_in_x = digits + 1 == text.len() && text.last() == Some(&b'X');
    if digits != text.len() && !ends_in_x {
        return document(text);
    }
    if is_placeholder(text) {
        return (IdNumber::NONE, Fault::Placeholder);
    }
    match text.len() {
        18 => {
            let id = citizen(text);
            if id.is_valid() {
                (id, spelling)
            } else if text.ends_with(b"000") {
                (IdNumber::NONE, Fault::FloatDamage)
            } else {
                (id, Fault::Check)
            }
        }
        15 if digits == 15 => (upgrade(text), Fault::FifteenDigits),
        16 | 17 => (short(text), Fault::Length),
        // Nineteen characters do not fit into eight bytes, and a dozen numbers are one digit away: not used.
        19 => (IdNumber::NONE, Fault::Length),
        _ if text.len() < 5 => (IdNumber::NONE, Fault::Placeholder),
        _ => document(text),
    }
}

fn is_float(text: &[u8]) -> bool {
    text.contains(&b'+') || (text.contains(&b'.') && text.contains(&b'E')) || text.ends_with(b".0")
}

fn is_placeholder(text: &[u8]) -> bool {
    let body = text.strip_suffix(b"X").unwrap_or(text);
    let same = body.windows(2).all(|pair| pair[0] == pair[1]);
    same || text.starts_with(b"000000") || text.starts_with(b"1234567890") || text.starts_with(b"0123456789")
}

fn digit(character: u8) -> u64 {
    u64::from(character.wrapping_sub(b'0')) % 10
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum, c| sum * 10 + digit(*c))
}

fn check_value(character: u8) -> u64 {
    if character == b'X' { 10 } else { digit(character) }
}

/// A number of 17 digits and a check character (ISO 7064 MOD 11-2), which is valid if that fits and the birth date is
/// one of the calendar.
fn citizen(text: &[u8]) -> IdNumber {
    let (body, check) = text.split_at(17.min(text.len()));
    let digits = (number(body) << 4) | check.first().map_or(0, |c| check_value(*c));
    let id = IdNumber((CITIZEN << KIND_SHIFT) | digits);
    let is_valid = check == [check_character(body)] && id.birth_date().is_some();
    if is_valid { IdNumber((VALID << KIND_SHIFT) | digits) } else { id }
}

/// GB 11643-1999, annex: insert the century, append the check character. Numbers of the centenarians (sequence
/// 996–999) were given to people born in the 1800s.
fn upgrade(text: &[u8]) -> IdNumber {
    let century: &[u8] = if matches!(&text[12..], b"996" | b"997" | b"998" | b"999") { b"18" } else { b"19" };
    let mut body = text[..6].to_vec();
    body.extend_from_slice(century);
    body.extend_from_slice(&text[6..]);
    let check = check_character(&body);
    body.push(check);
    citizen(&body)
}

/// A number with a digit or two too few: kept as its digits, so that it can be one slip from the right one.
fn short(text: &[u8]) -> IdNumber {
    let body = text.strip_suffix(b"X").unwrap_or(text);
    let ends_in_x = u64::from(body.len() != text.len());
    let length = body.len() as u64;
    if !(15..=17).contains(&length) || number(body) >= 1 << 57 {
        return IdNumber::NONE;
    }
    IdNumber((SHORT << KIND_SHIFT) | (ends_in_x << 60) | ((length - 15) << 57) | number(body))
}

/// In a masked number: of the region only the first three digits are known.
const WIDE: u64 = 1 << 40;

/// `120106********1234`: six digits, a mask, four characters; or three digits and four characters; or the fourteen of
/// region and birth date.
fn read_masked(text: &[u8]) -> (IdNumber, Fault) {
    let first: Vec<u8> = text.iter().copied().take_while(u8::is_ascii_digit).collect();
    let after = text.iter().rposition(|c| *c == b'*').map_or(0, |at| at + 1);
    let last = &text[after..];
    let region = match (first.len(), last.len()) {
        (14.., ..4) => {
            let tail_masked = IdNumber((TAIL_MASKED << KIND_SHIFT) | number(&first[..14]));
            let is_a_day = tail_masked.birth_date().is_some();
            return (if is_a_day { tail_masked } else { IdNumber::NONE }, Fault::Masked);
        }
        (6.., 4..) => number(&first[..6]) << 18,
        (3.., 4..) => WIDE | (number(&first[..3]) << 18),
        _ => return (IdNumber::NONE, Fault::Masked),
    };
    let tail = &last[last.len() - 4..];
    let packed = region | (number(&tail[..3]) << 4) | check_value(tail[3]);
    (IdNumber((MASKED << KIND_SHIFT) | packed), Fault::Masked)
}

fn check_character(body: &[u8]) -> u8 {
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(c, weight)| u32::from(c - b'0') * weight).sum();
    CHECK_CHARACTERS[(sum % 11) as usize]
}

/// Numbers were given from 1984 on; nobody born before this year was alive.
const BIRTH_YEAR_MIN: u64 = 1800;

impl IdNumber {
    /// No number.
    pub const NONE: IdNumber = IdNumber(0);

    /// Is there a number at all?
    #[must_use]
    pub fn is_some(self) -> bool {
        self.0 != 0
    }

    /// The packed form, to sort and hash by.
    #[must_use]
    pub fn packed(self) -> u64 {
        self.0
    }

    fn kind(self) -> u64 {
        self.0 >> KIND_SHIFT
    }

    /// Is it a full citizen's number (valid or not)?
    #[must_use]
    pub fn is_citizen(self) -> bool {
        matches!(self.kind(), CITIZEN | VALID)
    }

    /// Is it masked?
    #[must_use]
    pub fn is_masked(self) -> bool {
        matches!(self.kind(), MASKED | TAIL_MASKED)
    }

    /// Is no more left of it than region and birth date? Many persons have the same.
    #[must_use]
    pub fn is_tail_masked(self) -> bool {
        self.kind() == TAIL_MASKED
    }

    /// Is it masked but for three digits of the region and the last four characters?
    #[must_use]
    pub fn is_widely_masked(self) -> bool {
        self.kind() == MASKED && self.0 & WIDE != 0
    }

    /// Is it another document's number?
    #[must_use]
    pub fn is_document(self) -> bool {
        self.kind() == DOCUMENT
    }

    /// The 17 digits of the body of a citizen's number.
    fn body(self) -> u64 {
        (self.0 & ((1 << KIND_SHIFT) - 1)) >> 4
    }

    /// A full citizen's number whose check character and birth date are right.
    #[must_use]
    pub fn is_valid(self) -> bool {
        self.kind() == VALID
    }

    /// The birth date inside a citizen's number, if it is a day of the calendar and not masked.
    #[must_use]
    pub fn birth_date(self) -> Option<Date> {
        let ymd = match self.kind() {
            CITIZEN | VALID => (self.body() / 1000) % 100_000_000,
            TAIL_MASKED => (self.0 & ((1 << KIND_SHIFT) - 1)) % 100_000_000,
            _ => return None,
        };
        let (year, month, day) = (ymd / 10_000, ymd / 100 % 100, ymd % 100);
        if year < BIRTH_YEAR_MIN {
            return None;
        }
        Date::from_parts(u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }

    /// Are both numbers valid, and tell the same birth date and the same sex?
    #[must_use]
    pub fn is_of_one_day(self, other: IdNumber) -> bool {
        // Nearly all pairs come here: digits, no calendar.
        let (a, b) = (self.body(), other.body());
        a % 2 == b % 2 && a / 1000 % 100_000_000 == b / 1000 % 100_000_000 && self.is_valid() && other.is_valid()
    }

    /// The sex inside a citizen's number: 1 male, 2 female.
    #[must_use]
    pub fn sex(self) -> Option<u8> {
        self.is_citizen().then(|| if self.body() % 2 == 1 { 1 } else { 2 })
    }

    /// The six-digit region where the number was first issued.
    #[must_use]
    pub fn region(self) -> Option<u32> {
        match self.kind() {
            CITIZEN | VALID => u32::try_from(self.body() / 100_000_000_000).ok(),
            MASKED if !self.is_widely_masked() => u32::try_from((self.0 & ((1 << KIND_SHIFT) - 1)) >> 18).ok(),
            TAIL_MASKED => u32::try_from((self.0 & ((1 << KIND_SHIFT) - 1)) / 100_000_000).ok(),
            _ => None,
        }
    }

    /// The characters, written into a fixed buffer; the number of characters is returned. Masked and document
    /// numbers have none.
    #[must_use]
    pub fn characters(self, buffer: &mut [u8; 20]) -> usize {
        match self.kind() {
            CITIZEN | VALID => {
                write_digits(self.body(), 17, buffer);
                buffer[17] = match self.0 & 15 {
                    10 => b'X',
                    value => b'0' + value as u8,
                };
                18
            }
            SHORT => {
                let length = (((self.0 >> 57) & 7) + 15) as usize;
                write_digits(self.0 & ((1 << 57) - 1), length.min(19), buffer);
                if (self.0 >> 60) & 1 == 1 && length < 20 {
                    buffer[length] = b'X';
                    return length + 1;
                }
                length
            }
            _ => 0,
        }
    }

    /// What is left when the middle of a number is masked: region and last four characters. For a number masked so,
    /// itself; none if less is left of it.
    #[must_use]
    pub fn masked(self) -> IdNumber {
        match self.kind() {
            CITIZEN | VALID => {
                let last = ((self.body() % 1000) << 4) | (self.0 & 15);
                let region = self.body() / 100_000_000_000;
                IdNumber((MASKED << KIND_SHIFT) | (region << 18) | last)
            }
            MASKED if !self.is_widely_masked() => self,
            _ => IdNumber::NONE,
        }
    }

    /// What is left of a number, masked or not, when only three digits of the region and the last four characters are
    /// shown.
    #[must_use]
    pub fn widely_masked(self) -> IdNumber {
        if self.is_widely_masked() {
            return self;
        }
        let masked = self.masked().0;
        let (region, tail) = ((masked & ((1 << KIND_SHIFT) - 1)) >> 18, masked & ((1 << 18) - 1));
        if masked == 0 {
            IdNumber::NONE
        } else {
            IdNumber((MASKED << KIND_SHIFT) | WIDE | ((region / 1000) << 18) | tail)
        }
    }
}

fn write_digits(mut value: u64, length: usize, buffer: &mut [u8; 20]) {
    for at in (0..length.min(20)).rev() {
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

personal!(IdNumber);

#[cfg(test)]
mod tests {
    use super::{Fault, Relation, compare, read};

    fn check(raw: &str, expected: &str, fault: Fault) {
        let (id, got) = read(raw);
        let mut buffer = [0; 20];
        let length = id.characters(&mut buffer);
        let text = if id.is_some() && length > 0 {
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        } else {
            format!("{}", id.is_some())
        };
        assert_eq!((text.as_str(), got), (expected, fault), "{raw}");
    }

    #[test]
    fn numbers_are_read_as_written() {
        check("11010519491231002X", "11010519491231002X", Fault::None);
        check("440524188001010014", "440524188001010014", Fault::None);
        check("120106198001010014", "120106198001010014", Fault::None);
        check("11010519491231002x", "11010519491231002X", Fault::Spelling);
        check("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X", Fault::Spelling);
        check(" 110105 19491231 002X", "11010519491231002X", Fault::Spelling);
        check("'11010519491231002X", "11010519491231002X", Fault::Spelling);
        for beside in ["11010519491231002X????", "110105____19491231____002X", "□□□□11010519491231002X"] {
            check(beside, "11010519491231002X", Fault::Spelling);
        }
        check("11O1O519491231OO2X", "11010519491231002X", Fault::None);
        check("110105491231002", "11010519491231002X", Fault::FifteenDigits);
        check("110105194912310021", "110105194912310021", Fault::Check);
        check("12010619791024862", "12010619791024862", Fault::Length);
        check("1201061979102486221", "false", Fault::Length);
        check("1.20106E+17", "false", Fault::FloatDamage);
        check("110105194912310000", "false", Fault::FloatDamage);
        check("111111111111111111", "false", Fault::Placeholder);
        check("000000199001010011", "false", Fault::Placeholder);
        check("无", "false", Fault::Placeholder);
        check("unknown", "false", Fault::Placeholder);
        check("-", "false", Fault::Placeholder);
        check("王小明", "false", Fault::Words);
        check("Wang Xiaoming", "false", Fault::Words);
        check("E57896865", "true", Fault::Document);
        check("110105491231002.0", "11010519491231002X", Fault::FifteenDigits);
        check("12345678.0", "true", Fault::Document);
        check("110105194912310000.0", "false", Fault::FloatDamage);
        check("110105_19491231_002X", "11010519491231002X", Fault::Spelling);
        check("11010519491231002X?", "11010519491231002X", Fault::Spelling);
        check("????????", "false", Fault::Placeholder);
        check("120106********1234", "true", Fault::Masked);
    }

    #[test]
    fn a_number_tells_birth_sex_and_region() {
        let (id, _) = read("11010519491231002X");
        assert!(id.is_valid());
        assert_eq!(id.birth_date().map(super::super::date::Date::parts), Some((1949, 12, 31)));
        assert_eq!((id.sex(), id.region()), (Some(2), Some(110_105)));
        assert!(!read("110105194912310021").0.is_valid());
        assert_eq!(read("110105194913310028").0.birth_date(), None);
    }

    #[test]
    fn a_number_without_its_tail_tells_birth_and_region() {
        let (id, fault) = read("12010619900304****");
        assert_eq!((id.is_masked(), id.is_tail_masked(), fault), (true, true, Fault::Masked));
        assert_eq!(id.birth_date().map(super::super::date::Date::parts), Some((1990, 3, 4)));
        assert_eq!((id.sex(), id.region(), id.masked().is_some()), (None, Some(120_106), false));
        assert!(!read("12010619901304****").0.is_some());
        assert_eq!(read("120***********0014").0.region(), None);
    }

    #[test]
    fn every_single_slip_is_seen_and_never_between_valid_numbers() {
        let right = "120106198001010014";
        let (id, _) = read(right);
        for at in 0..18 {
            for other in b'0'..=b'9' {
                let mut text = right.as_bytes().to_vec();
                if text[at] == other {
                    continue;
                }
                text[at] = other;
                let (slip, _) = read(std::str::from_utf8(&text).unwrap());
                assert!(!slip.is_valid(), "the check character finds every single-digit error");
                if slip.is_some() {
                    assert_eq!(compare(id, slip), Relation::OneSlip);
                }
            }
            let mut text = right.to_owned();
            text.remove(at);
            assert_eq!(compare(id, read(&text).0), Relation::OneSlip, "digit {at} left out");
        }
    }

    #[test]
    fn masks_fit_or_do_not() {
        let (id, _) = read("120106198001010014");
        assert_eq!(compare(id, read("120106********0014").0), Relation::FitsMask);
        for sign in ["x", "X", "×", "*", "＊", "#", "＃", "●", "□", "○", "◯", "■", "?", "？", "_", "☆", "★", "〇"]
        {
            let masked = format!("120106{}0014", sign.repeat(8));
            assert_eq!(compare(id, read(&masked).0), Relation::FitsMask, "{masked}");
        }
        assert_eq!(compare(id, read("120106********0015").0), Relation::Different);
        for (other, expected) in [
            ("120***********0014", Relation::FitsMask),
            ("120***********0015", Relation::Different),
            ("130***********0014", Relation::Different),
            ("12010619800101****", Relation::Unknown),
            ("12010619700101****", Relation::Unknown),
            ("12****************", Relation::Unknown),
        ] {
            assert_eq!(compare(id, read(other).0), expected, "{other}");
            assert_eq!(compare(read(other).0, id), expected, "{other}");
        }
        let wide = read("120***********0014").0;
        assert_eq!(compare(wide, wide), Relation::FitsMask);
        assert_eq!(compare(wide, read("120106********0014").0), Relation::FitsMask);
        assert_eq!(compare(wide, read("130106********0014").0), Relation::Different);
        assert_eq!(compare(id, read("E57896865").0), Relation::Unknown);
        assert_eq!(compare(id, read("").0), Relation::Unknown);
        assert_eq!(compare(id, read("120106197001010017").0), Relation::Different);
    }
}
