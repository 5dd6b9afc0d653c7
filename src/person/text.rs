//! How is a text tidied that is no name and no address?

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// A text for the general comparators: compatibility forms folded, lower case, single spaces.
pub(super) fn plain_text(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte == b' ' || (byte.is_ascii_graphic() && !byte.is_ascii_uppercase());
    let single_spaced = || text.as_bytes().windows(2).all(|two| two != b"  ") && text.trim().len() == text.len();
    if text.bytes().all(plain) && single_spaced() {
        return Cow::Borrowed(text);
    }
    let folded = text.nfkc().collect::<String>().to_lowercase();
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
