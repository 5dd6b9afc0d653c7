//! Does a day name its month?
//!
//! Takes a day as it is written in English (3 December 2020, Dec. 3rd, 2020, Thu 3-Dec-20), gives it in numbers, year
//! first, with whatever stands behind it.

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// They say nothing that counts.
const OTHER_WORDS: &str = "st nd rd th of the on mon tue tues wed thu thur thurs fri sat sun \
                           monday tuesday wednesday thursday friday saturday sunday";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Number(&'a str),
    Month(usize),
}

/// The day in numbers (`2020-12-03 8 pm`), without what is missing of it (`12-3`); `None` if the text does not begin
/// with a day that names its month.
pub(super) fn in_numbers(text: &str) -> Option<String> {
    use Part::{Month, Number};
    let text = text.to_lowercase();
    let (mut parts, mut rest, mut between) = (Vec::new(), text.as_str(), "");
    while parts.len() < 3 {
        let from = rest.trim_start_matches([' ', ',', '.', '-', '/', '(', ')']);
        let Some((part, behind)) = first_part(from) else { break };
        between = &rest[..rest.len() - from.len()];
        parts.extend(part);
        rest = behind;
    }
    let is_year = |number: &str| number.len() == 4;
    let day = match *parts.as_slice() {
        [Number(day), Month(month), Number(year)]
        | [Month(month), Number(day), Number(year)]
        | [Number(year), Month(month), Number(day)]
            if is_year(year) && !is_year(day) =>
        {
            format!("{year}-{month:02}-{day}")
        }
        // As spreadsheets shorten it; behind a blank the number may be an hour.
        [Number(day), Month(month), Number(year)] if year.len() == 2 && between == "-" => {
            format!("20{year}-{month:02}-{day}")
        }
        [Month(month), Number(year)] if is_year(year) => format!("{year}-{month:02}"),
        [Number(day), Month(month)] | [Month(month), Number(day)] => format!("{month:02}-{day}"),
        _ => return None,
    };
    let rest = rest.trim_start_matches([' ', ',', '.']);
    Some(if rest.is_empty() { day } else { format!("{day} {rest}") })
}

/// The number or the month at the beginning, or neither if another word of a day stands there; and what is behind it.
fn first_part(text: &str) -> Option<(Option<Part<'_>>, &str)> {
    let run = |is_of: fn(char) -> bool| text.split_at(text.find(|c: char| !is_of(c)).unwrap_or(text.len()));
    let (number, behind) = run(|c| c.is_ascii_digit());
    if !number.is_empty() {
        return Some((Some(Part::Number(number)), behind));
    }
    let (word, behind) = run(|c| c.is_ascii_alphabetic());
    let is_short_for = |month: &&str| word.len() >= 3 && month.starts_with(word);
    if let Some(at) = MONTHS.iter().position(is_short_for) {
        return Some((Some(Part::Month(at + 1)), behind));
    }
    OTHER_WORDS.split(' ').any(|other| other == word).then_some((None, behind))
}

#[cfg(test)]
mod tests {
    use super::in_numbers;

    #[test]
    fn a_day_that_names_its_month_is_read_and_no_other() {
        for (text, day) in [
            ("3 December 2020", "2020-12-3"),
            ("3 Dec 2020", "2020-12-3"),
            ("Dec 3, 2020", "2020-12-3"),
            ("Dec. 3rd 2020", "2020-12-3"),
            ("3rd of December, 2020", "2020-12-3"),
            ("Thursday, 3 December 2020", "2020-12-3"),
            ("(Thu) 03-DEC-2020", "2020-12-03"),
            ("3-Dec-20", "2020-12-3"),
            ("3dec2020", "2020-12-3"),
            ("2020-Sept-03", "2020-09-03"),
            ("3 Dec 2020, 8:30 PM", "2020-12-3 8:30 pm"),
            ("3 Dec 2020 and 5 Dec 2020", "2020-12-3 and 5 dec 2020"),
            ("3rd Dec", "12-3"),
            ("May 3", "05-3"),
            ("Dec 2020", "2020-12"),
        ] {
            assert_eq!(in_numbers(text).as_deref(), Some(day), "{text}");
        }
        for other in [
            "2020-12-03",
            "03/12/2020",
            "44168",
            "3 and 4 December 2020",
            "3, 4 December 2020",
            "3 Dec-5 Dec 2020",
            "3 Dec 20",
            "3 Decade 2020",
            "3 D 2020",
            "2020年12月3日",
            "",
        ] {
            assert_eq!(in_numbers(other), None, "{other}");
        }
    }
}
