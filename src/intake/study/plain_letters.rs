//! Which plain letters stand for those of a language?
//!
//! Takes text in Latin letters, gives it without accents and other marks: names and headers are typed with them and
//! without.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What is written for a letter that no mark can be taken from, where a keyboard has none: đ of Vietnamese, ð and þ of
/// Icelandic, ß of German.
#[must_use]
pub fn plain_letter(letter: char) -> Option<&'static str> {
    Some(match letter {
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'þ' => "th",
        'Þ' => "Th",
        'ß' => "ss",
        'ø' => "o",
        'Ø' => "O",
        'ł' => "l",
        'Ł' => "L",
        'æ' => "ae",
        'Æ' => "Ae",
        'œ' => "oe",
        'Œ' => "Oe",
        'ı' => "i",
        _ => return None,
    })
}

/// The text in lower case and in plain letters.
#[must_use]
pub fn in_plain_letters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|letter| !is_combining_mark(*letter)) {
        match plain_letter(letter) {
            Some(letters) => plain.push_str(letters),
            None => plain.push(letter),
        }
    }
    plain.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::in_plain_letters;

    #[test]
    fn marks_and_letters_of_few_languages_are_written_plainly() {
        for (text, plain) in [
            ("Straße", "strasse"),
            ("PRÉNOM", "prenom"),
            ("Giới tính", "gioi tinh"),
            ("Đặng", "dang"),
            ("Þórður", "thordur"),
            ("姓名", "姓名"),
        ] {
            assert_eq!(in_plain_letters(text), plain);
        }
    }
}
