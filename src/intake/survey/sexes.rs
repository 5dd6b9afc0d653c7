//! Which codes of a column are male and which female?
//!
//! Takes the [`Profile`] of a column that is headed as the sex, gives the codes that the study must name: `M` is
//! *mujer* beside `H`, and *male* beside `F`.

use super::Planned;
use super::profile::{Profile, Shape};
use crate::intake::study::Field;
use crate::intake::study::plain_letters::in_plain_letters;
use crate::intake::study::sex_words::sex_of;

/// Letters that mean a sex only beside the other one, male first, and whether one pair has two meanings: hombre and
/// mujer, homme and femme, mand and kvinde, erkek and kadın, laki-laki and perempuan, man and vrouw (or varón and
/// mujer).
const PAIRS: [([&str; 2], bool); 6] = [
    (["h", "m"], false),
    (["h", "f"], false),
    (["m", "k"], false),
    (["e", "k"], false),
    (["l", "p"], false),
    (["m", "v"], true),
];

/// Share of the values from which one counts as a code of the column, and not as a slip.
const CODE_SHARE_MIN: f64 = 0.02;

/// What the codes of a column mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Codes {
    /// All that count are known words.
    Known,
    /// These mean male (1) and female (2), for this reason if it is not sure.
    Said(Vec<(String, &'static str)>, Option<&'static str>),
    /// Nobody knows.
    Unclear,
}

/// Why two codes that nobody knows are told apart all the same.
const GUESSED: &str = "which of the two is male (1)?";

/// Reads the codes of a column.
pub(super) fn codes_of(profile: &Profile) -> Codes {
    let Some(codes) = &profile.codes else { return Codes::Unclear };
    let counts = |count: u64| count as f64 >= CODE_SHARE_MIN * profile.filled as f64;
    let mut usual: Vec<String> =
        codes.iter().filter(|(_, count)| counts(**count)).map(|(code, _)| in_plain_letters(code.trim())).collect();
    usual.sort();
    usual.dedup();
    let [one, other] = usual.as_slice() else {
        return if profile.share(Shape::Sex) >= 0.5 { Codes::Known } else { Codes::Unclear };
    };
    let said = |[male, female]: [&str; 2], doubt: Option<&'static str>| {
        let meaning = |code: &String| match in_plain_letters(code.trim()) {
            code if code == male => Some("1"),
            code if code == female => Some("2"),
            _ => None,
        };
        let list = codes.keys().filter_map(|code| meaning(code).map(|meaning| (code.clone(), meaning))).collect();
        Codes::Said(list, doubt)
    };
    let is_pair = |pair: &[&str; 2]| pair.iter().all(|code| usual.iter().any(|usual| usual == code));
    match PAIRS.iter().find(|(pair, _)| is_pair(pair)) {
        Some((pair, is_open)) => said(*pair, is_open.then_some(GUESSED)),
        None if sex_of(one) != sex_of(other) && sex_of(one) * sex_of(other) > 0 => Codes::Known,
        // One is known, the other says that the sex is not.
        None if profile.share(Shape::Sex) >= 0.5 && !(one == "0" && other == "1") => Codes::Known,
        None => said([one.as_str(), other.as_str()], Some(GUESSED)),
    }
}

/// A guess must be the same for all files: where the codes of one file are not those of another, it is none.
pub(super) fn agree(planned: &mut [Planned]) {
    let sex = |plan: &Planned| plan.guess.bound(Field::Sex).cloned();
    let all: Vec<_> = planned.iter().filter_map(sex).collect();
    let is_guessed = |doubt: Option<&str>| doubt == Some(GUESSED);
    if all.windows(2).all(|two| two[0].codes == two[1].codes) || !all.iter().any(|bound| is_guessed(bound.doubt)) {
        return;
    }
    for plan in planned {
        let Some(bound) = sex(plan).filter(|bound| is_guessed(bound.doubt)) else { continue };
        plan.guess.fields.retain(|(field, _)| *field != Field::Sex);
        plan.guess.others.extend(plan.surveyed.profiles.iter().position(|profile| profile.name == bound.column));
        plan.guess.others.sort_unstable();
    }
}
