//! Does an area lie within the one that was asked for?

/// Fewest digits of a division code; shorter numbers are names of areas, of which 1 is not the beginning of 10.
const DIVISION_DIGITS_MIN: usize = 4;

/// Is this the area that was asked for, or within it? Codes of divisions (digits) begin with those of the divisions
/// around them; the areas of an office's own (EA-1, EA-10) do not, and are what they are called. Nothing asked for is
/// everywhere.
#[must_use]
pub fn is_within(code: &str, asked: &str) -> bool {
    let is_division = |code: &str| code.bytes().all(|byte| byte.is_ascii_digit());
    asked.is_empty()
        || code == asked
        || (code.len() >= DIVISION_DIGITS_MIN && is_division(code) && is_division(asked) && code.starts_with(asked))
}
