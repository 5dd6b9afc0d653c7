//! Do several columns together hold the date of birth?
//!
//! Takes the profiles of a file, gives the columns of year, month and day: by the words of their headers in several
//! languages, and by the ranges of their values.

use super::fields;
use super::profile::{Profile, Shape};
use crate::intake::study::plain_letters::in_plain_letters;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    Month,
    Day,
}

/// Words for birth, the longest first.
#[rustfmt::skip]
const BIRTH: [&str; 18] = [
    "dateofbirth", "birthdate", "geburtsdatum", "nacimiento", "nascimento", "naissance", "geburts", "geburt", "nascita", "birth", "naiss",
    "nasc", "born", "dob", "nac", "geb", "出生", "brth",
];

/// What may stand between or beside the two words.
const BETWEEN: [&str; 7] = ["of", "de", "del", "da", "di", "do", "der"];

/// Words for the parts; a day before a year, as `day` ends with a `y`.
#[rustfmt::skip]
const PARTS: [(Part, &[&str]); 3] = [
    (Part::Day, &["day", "dd", "d", "tag", "jour", "dia", "giorno", "日"]),
    (Part::Month, &["month", "mon", "mth", "mm", "m", "monat", "mois", "mes", "mese", "月", "月份"]),
    (Part::Year, &["year", "yr", "yyyy", "yy", "y", "jahr", "annee", "an", "ano", "anno", "年", "年份"]),
];

/// Names of the three of which each alone says little.
const TOGETHER: [[&str; 3]; 3] = [["yob", "mob", "dob"], ["byear", "bmonth", "bday"], ["year", "month", "day"]];

/// The columns of year, month and day of birth in this order, without those that the file lacks: a year and at least a
/// month. Positions in the profiles.
pub(super) fn find(profiles: &[Profile]) -> Vec<usize> {
    let one = |wanted: Part| {
        let mut found = profiles
            .iter()
            .enumerate()
            .filter(|(_, profile)| part_of(&profile.name) == Some(wanted) && is_in_range(wanted, profile));
        found.next().map(|(index, _)| index).filter(|_| found.next().is_none())
    };
    let parts: Vec<usize> = match (one(Part::Year), one(Part::Month), one(Part::Day)) {
        (Some(year), Some(month), day) => [Some(year), Some(month), day].into_iter().flatten().collect(),
        _ => Vec::new(),
    };
    if parts.is_empty() {
        TOGETHER.iter().find_map(|names| together(profiles, names)).unwrap_or_default()
    } else {
        parts
    }
}

fn together(profiles: &[Profile], names: &[&str; 3]) -> Option<Vec<usize>> {
    let parts = names.iter().zip([Part::Year, Part::Month, Part::Day]).map(|(name, part)| {
        profiles.iter().position(|profile| bare(&profile.name) == *name && is_in_range(part, profile))
    });
    parts.collect()
}

/// The header in plain letters, without marks and without the number of an item (D5出生年).
fn bare(header: &str) -> String {
    in_plain_letters(&fields::plain(header)).chars().filter(|c| c.is_alphanumeric()).collect()
}

fn part_of(header: &str) -> Option<Part> {
    let bare = bare(header);
    let birth = BIRTH.iter().find(|word| bare.contains(*word))?;
    let (before, behind) = bare.split_once(birth)?;
    let is_between = |text: &str| text.is_empty() || BETWEEN.contains(&text);
    let is_of = |word: &str| {
        let ahead = before.strip_prefix(word).is_some_and(is_between) && is_between(behind);
        let after = behind.strip_suffix(word).is_some_and(is_between) && is_between(before);
        ahead || after
    };
    PARTS.iter().find(|(_, words)| words.iter().any(|word| is_of(word))).map(|(part, _)| *part)
}

/// Nearly all values, as some are mistyped.
fn is_in_range(part: Part, profile: &Profile) -> bool {
    const SHARE_MIN: f64 = 0.8;
    let shape = match part {
        Part::Year => Shape::Year,
        Part::Month => Shape::MonthNumber,
        Part::Day => Shape::DayNumber,
    };
    profile.share(shape) >= SHARE_MIN
}

#[cfg(test)]
mod tests {
    use super::{Part, part_of};

    #[test]
    fn headers_of_parts_of_a_birth_date_are_known_in_several_languages() {
        let check = |headers: &[&str], part: Option<Part>| {
            headers.iter().for_each(|header| assert_eq!(part_of(header), part, "{header}"));
        };
        let years = [
            "birth_year",
            "BirthYear",
            "year_of_birth",
            "dob_year",
            "YearOfBirth",
            "Geburtsjahr",
            "annee_naissance",
            "anno_di_nascita",
            "año_nacimiento",
            "出生年",
            "D5出生年",
            "5.出生年份",
        ];
        check(&years, Some(Part::Year));
        check(
            &["birth_month", "dob_mon", "Geburtsmonat", "mois_de_naissance", "mes_nac", "出生月份", "D5出生月"],
            Some(Part::Month),
        );
        check(
            &["birth_day", "day_of_birth", "Geburtstag", "jour_naissance", "giorno_nascita", "出生日"],
            Some(Part::Day),
        );
        check(&["birth_place", "date_of_birth", "year", "birth_country", "newborn_year_x", "dob"], None);
    }
}
