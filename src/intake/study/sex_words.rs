//! Which sex does a word or a code mean?

use std::borrow::Cow;

use super::plain_letters::in_plain_letters;

/// What departments write for male and for female, in plain lower-case letters.
#[rustfmt::skip]
const WORDS: [&[&str]; 2] = [
    &[
        "1", "01", "男", "男性", "m", "male", "man", "boy", "masculine", "mann", "mannlich", "maennlich", "homme", "masculin",
        "hombre", "masculino", "varon", "uomo", "maschio", "maschile", "homem", "karl", "karlkyn", "nam", "mand", "mies",
        "mezczyzna", "erkek", "laki-laki",
    ],
    &[
        "2", "02", "女", "女性", "f", "female", "woman", "girl", "feminine", "w", "frau", "weiblich", "femme", "feminin",
        "mujer", "femenino", "feminino", "donna", "femmina", "femminile", "mulher", "kona", "kvenkyn", "kvenkyns", "nu",
        "kvinde", "kvinne", "kvinna", "nainen", "kobieta", "kadin", "perempuan",
    ],
];

/// Sex: 1 male, 2 female, 0 unknown or unspecified.
#[must_use]
pub fn sex_of(text: &str) -> u8 {
    // Nearly all cells are so.
    match text {
        "男" | "1" => return 1,
        "女" | "2" => return 2,
        _ => {}
    }
    let is_plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    let known = |text: &str| WORDS.iter().zip(1..).find(|(words, _)| words.contains(&text)).map_or(0, |(_, sex)| sex);
    let text = text.trim();
    let plain = if text.bytes().all(is_plain) { Cow::Borrowed(text) } else { Cow::Owned(in_plain_letters(text)) };
    match known(&plain) {
        0 => sex_of_words(&plain, known),
        sex => sex,
    }
}

/// The sex that all words of a text mean, where a code stands beside its word: 1-男, 2.女性, 男(1). The word counts, as
/// some write 0-男 and 1-女.
fn sex_of_words(plain: &str, known: impl Fn(&str) -> u8) -> u8 {
    let words = plain.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    let mut sexes = words.map(known);
    let first = sexes.next().unwrap_or(0);
    if sexes.all(|sex| sex == first) { first } else { 0 }
}

/// Is it `M`, which beside [`is_beside_mujer`]'s letters may be *mujer* as well as *male*?
#[must_use]
pub fn is_m(text: &str) -> bool {
    matches!(text.trim(), "m" | "M")
}

/// Is it a letter of men beside which `M` means women: *hombre* and *varón*? That of *vrouw* looks the same.
#[must_use]
pub fn is_beside_mujer(text: &str) -> bool {
    matches!(text.trim(), "h" | "H" | "v" | "V")
}

/// Is it `F`, beside which `M` is a man?
#[must_use]
pub fn is_f(text: &str) -> bool {
    matches!(text.trim(), "f" | "F")
}

#[cfg(test)]
mod tests {
    use super::sex_of;

    #[test]
    fn words_of_many_languages_are_known_and_letters_of_two_meanings_are_not() {
        for male in ["男", "M", "Masculino", "HOMME", "männlich", "maennlich", "karl", "Nam", "varón"] {
            assert_eq!(sex_of(male), 1, "{male}");
        }
        for female in ["女", "F", "w", "Féminin", "weiblich", "kona", "Nữ", "NỮ", "mujer"] {
            assert_eq!(sex_of(female), 2, "{female}");
        }
        for (text, sex) in
            [("1-男", 1), ("2.女性", 2), ("男(1)", 1), ("女（2）", 2), ("1女", 2), ("0-男", 1), ("M - male", 1)]
        {
            assert_eq!(sex_of(text), sex, "{text}");
        }
        for unknown in ["", "0", "9", "d", "h", "divers", "未知", "1-2", "男/女", "9-未说明", "1-", "m/f", "not male"]
        {
            assert_eq!(sex_of(unknown), 0, "{unknown}");
        }
    }
}
