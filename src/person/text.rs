//! How is a text tidied that is no name and no address?

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::name::is_apostrophe;

/// A text for the general comparators: compatibility forms and apostrophes folded, lower case, single spaces.
pub(super) fn plain_text(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte == b' ' || (byte.is_ascii_graphic() && !byte.is_ascii_uppercase());
    let single_spaced = || text.as_bytes().windows(2).all(|two| two != b"  ") && text.trim().len() == text.len();
    if text.bytes().all(plain) && single_spaced() {
        return Cow::Borrowed(text);
    }
    let apostrophe = |c: char| if is_apostrophe(c) { '\'' } else { c };
    let folded = text.nfkc().map(apostrophe).collect::<String>().to_lowercase();
    Cow::Owned(folded.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The text with single spaces, none at its ends.
pub(super) fn single_spaced(text: &str) -> Cow<'_, str> {
    let spaced = text.chars().any(|c| c.is_whitespace() && c != ' ');
    if !spaced && text.trim().len() == text.len() && !text.contains("  ") {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::plain_text;

    #[test]
    fn apostrophes_of_all_kinds_are_one() {
        for text in ["O'Brien", "O’Brien", "OʼBRIEN", " o‘brien "] {
            assert_eq!(plain_text(text), "o'brien", "{text}");
        }
    }
}
