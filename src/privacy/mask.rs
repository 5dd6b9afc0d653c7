//! What does a reader see of an ID number, a name or a telephone number?
//!
//! Enough to know the person at the door again, not enough to use elsewhere: `**************0014`, `王○○`,
//! `138****5678`. [`plain`] makes any text that came from data safe to print: one line, no control or direction
//! characters, no long run of digits, of bounded length.

/// Longest text that [`plain`] lets through, in characters.
pub const PLAIN_CHARACTERS_MAX: usize = 80;

/// From this many digits on a number in free text may be an ID number.
const LONG_NUMBER_DIGITS: usize = 11;

/// Fewest digits of a part of a number that is written in parts: those of dwellings (12-3-401) and dates are shorter.
const GROUP_DIGITS: usize = 3;

/// An ID number with its middle masked: the first six and the last four characters stay if there are at least eight
/// between or around them to hide; of a shorter one only the last two. With the birth date beside it this is the whole
/// number: for the data office alone, which has the extracts.
#[must_use]
pub fn id_number(text: &str) -> String {
    let characters = id_characters(text);
    let length = characters.len();
    let (first, last) = match length {
        0 => return String::new(),
        1..=4 => (0, 0),
        5..=13 => (0, 2),
        _ => (6, 4),
    };
    masked(&characters, first, last)
}

/// In how many places two ID numbers differ, a slip in one or another person's in most; nothing if they are not of one
/// length.
#[must_use]
pub fn id_places_differing(one: &str, other: &str) -> Option<usize> {
    let [one, other] = [one, other].map(id_characters);
    (one.len() == other.len()).then(|| one.iter().zip(&other).filter(|(one, other)| one != other).count())
}

/// The last two characters of an ID number, all others masked: `****************14`. So it may stand beside a birth
/// date: with four characters of the end, the date and the code of a district the number would be whole.
#[must_use]
pub fn id_end(text: &str) -> String {
    let characters = id_characters(text);
    masked(&characters, 0, if characters.len() >= 5 { 2 } else { 0 })
}

/// The last four characters of an ID number, all others masked: `**************0014`.
#[must_use]
pub fn id_tail(text: &str) -> String {
    let characters = id_characters(text);
    masked(&characters, 0, if characters.len() >= 15 { 4 } else { 0 })
}

fn id_characters(text: &str) -> Vec<char> {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// A telephone number: `138****5678`; of a short one only the last two digits.
#[must_use]
pub fn telephone(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let (first, last) = match digits.len() {
        0..=4 => (0, 0),
        5..=9 => (0, 2),
        length => (length.saturating_sub(8).min(3), 4),
    };
    masked(&digits, first, last)
}

/// A name of which the first `family` characters are the family name: `王○○`. Without a family name (`family` = 0)
/// nothing but the length is left; words in Latin letters keep the first letter each.
#[must_use]
pub fn name(text: &str, family: usize) -> String {
    let text = plain(text);
    if !text.is_empty() && text.chars().all(|c| c.is_ascii() || !is_han(c)) {
        return initials(&text);
    }
    let length = text.chars().count();
    let family = if family < length { family } else { 0 };
    text.chars().enumerate().map(|(at, c)| if at < family { c } else { '○' }).collect()
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

fn initials(text: &str) -> String {
    let initials: Vec<String> = text
        .split_whitespace()
        .filter_map(|word| word.chars().find(|c| c.is_alphabetic()))
        .map(|first| first.to_uppercase().chain(['.']).collect())
        .collect();
    if initials.is_empty() { String::from("○") } else { initials.join(" ") }
}

/// Text from data as it may stand on a page: one line, control and direction characters out, long numbers masked, cut
/// at [`PLAIN_CHARACTERS_MAX`].
#[must_use]
pub fn plain(text: &str) -> String {
    plain_within(text, PLAIN_CHARACTERS_MAX)
}

/// Like [`plain`], cut at so many characters.
#[must_use]
pub fn plain_within(text: &str, characters_max: usize) -> String {
    let spaced = |c: char| if c.is_whitespace() { ' ' } else { c };
    let characters: Vec<char> = text.chars().filter(|c| !is_invisible(*c)).map(spaced).collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let end = number_end(&characters, at);
        mask_long(&characters[at..end], &mut out);
        // What no number begins with stands for itself.
        out.extend((end == at).then(|| characters[at]));
        at = end.max(at + 1);
    }
    let out = out.trim();
    match out.char_indices().nth(characters_max) {
        Some((at, _)) => format!("{}…", &out[..at]),
        None => out.to_owned(),
    }
}

fn is_digit(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '０'..='９')
}

/// Where the number ends that begins at a place: groups of three digits or more go on over single blanks, dashes and
/// points, as telephone and ID numbers are written (138 1234 5678, 120106-19800101-0014), and an ID number may end with
/// X.
fn number_end(characters: &[char], start: usize) -> usize {
    let group = |from: usize| characters.iter().skip(from).take_while(|c| is_digit(**c)).count();
    let mut digits = group(start);
    let mut end = start + digits;
    let mut last = digits;
    while last >= GROUP_DIGITS && characters.get(end).is_some_and(|c| joins(*c)) {
        last = group(end + 1);
        if last < GROUP_DIGITS {
            break;
        }
        digits += last;
        end += 1 + last;
    }
    let is_check = |c: &char| matches!(c, 'x' | 'X' | 'Ｘ' | 'ｘ');
    end + usize::from(digits >= LONG_NUMBER_DIGITS && characters.get(end).is_some_and(is_check))
}

/// May this stand between the digits of one number?
fn joins(character: char) -> bool {
    matches!(character, ' ' | '-' | '－' | '.' | '–')
}

/// Writes a number, masked but for its last four characters if it is a long one.
fn mask_long(number: &[char], out: &mut String) {
    let digits = number.iter().filter(|c| !joins(**c)).count();
    let mut hidden = if number.iter().filter(|c| is_digit(**c)).count() >= LONG_NUMBER_DIGITS { digits - 4 } else { 0 };
    for character in number {
        let hides = hidden > 0 && !joins(*character);
        hidden -= usize::from(hides);
        out.push(if hides { '*' } else { *character });
    }
}

/// Control characters, and those that only turn the direction of writing or join what stands around them.
fn is_invisible(character: char) -> bool {
    (character.is_control() && !matches!(character, '\t' | '\n' | '\r'))
        || matches!(
            character,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}' | '\u{fffe}' | '\u{ffff}'
        )
}

fn masked(characters: &[char], first: usize, last: usize) -> String {
    let length = characters.len();
    let hidden = length.saturating_sub(first + last);
    characters.iter().enumerate().map(|(at, c)| if at < first || at >= first + hidden { *c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::{id_end, id_number, id_places_differing, id_tail, name, plain, telephone};

    #[test]
    fn it_may_be_said_in_how_many_places_two_numbers_differ() {
        for (other, places) in [
            ("120106199001020014", Some(0)),
            ("120106199001030014", Some(1)),
            ("12010619900102001X", Some(1)),
            ("", None),
        ] {
            assert_eq!(id_places_differing("120106-19900102-0014", other), places);
        }
    }

    #[test]
    fn id_numbers() {
        for (text, expected) in [
            ("120106198001010014", "120106********0014"),
            ("12010619800101001X", "120106********001X"),
            ("12010619800101014", "120106*******1014"),
            ("120106800101001", "120106*****1001"),
            ("E12345678", "*******78"),
            ("1234", "****"),
            ("", ""),
        ] {
            assert_eq!(id_number(text), expected);
        }
        assert_eq!(id_tail("120106198001010014"), "**************0014");
        assert_eq!(id_tail("E12345678"), "*********");
        let ends = ["12010619800101001X", "E12345678", "1234", ""].map(id_end);
        assert_eq!(ends, ["****************1X", "*******78", "****", ""]);
    }

    #[test]
    fn names() {
        for (text, family, expected) in [
            ("王小明", 1, "王○○"),
            ("王丽", 1, "王○"),
            ("欧阳修文", 2, "欧阳○○"),
            ("买买提", 0, "○○○"),
            ("王", 1, "○"),
            ("john smith", 1, "J. S."),
            ("", 0, ""),
            ("王<script>", 1, "王○○○○○○○○"),
        ] {
            assert_eq!(name(text, family), expected, "{expected}");
        }
    }

    #[test]
    fn telephones() {
        for (text, expected) in [
            ("13812345678", "138****5678"),
            ("02226351234", "022****1234"),
            ("26351234", "******34"),
            ("123", "***"),
            ("", ""),
        ] {
            assert_eq!(telephone(text), expected);
        }
    }

    #[test]
    fn free_text_holds_no_number_that_could_be_an_id_and_no_hidden_characters() {
        for (text, expected) in [
            ("幸福里 12号楼", "幸福里 12号楼"),
            ("幸福里120106198001010014", "幸福里**************0014"),
            ("１２０１０６１９８００１０１００１Ｘ", "**************００１Ｘ"),
            ("电话13812345678", "电话*******5678"),
            ("138 1234 5678 王", "*** **** 5678 王"),
            ("138-1234-5678", "***-****-5678"),
            ("0571.8765.4321", "****.****.4321"),
            ("120106-19800101-0014", "******-********-0014"),
            ("120106 19800101 001X", "****** ******** 001X"),
            ("12-3-401 2020-11-01 1101-1102", "12-3-401 2020-11-01 1101-1102"),
            ("138  1234  5678", "138  1234  5678"),
            ("a\u{202e}b\u{0}c\nd\u{200b}", "abc d"),
        ] {
            assert_eq!(plain(text), expected);
        }
        assert_eq!(plain(&"长".repeat(100)).chars().count(), 81);
        assert_eq!(super::plain_within(&"长".repeat(100), 100).chars().count(), 100);
        let name = "Maria Magdalena de la Concepción Hernández-Villanueva y Fernández de Córdoba Gil";
        assert_eq!(plain(name), name, "{} characters", name.chars().count());
    }
}
