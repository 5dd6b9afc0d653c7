//! Which signs stand for what could not be read or typed, or was not to be?

/// Signs of masks, and those that are written for characters that a font or an encoding does not have. 〇 is a character
/// of very few names, too, and hides one in many.
const SIGNS: &[char] =
    &['*', '∗', '?', '×', '#', '_', '□', '■', '▢', '⬜', '〓', '○', '◯', '●', '〇', '◇', '△', '☆', '★', '\u{fffd}'];

/// Is it such a sign?
#[must_use]
pub(super) fn is_sign(character: char) -> bool {
    SIGNS.contains(&character)
}
