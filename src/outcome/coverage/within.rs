//! Does an area lie within the one that was asked for?

use super::Level;

/// Fewest digits of a division code; shorter numbers are names of areas, of which 1 is not the beginning of 10.
const DIVISION_DIGITS_MIN: usize = 4;

/// Is this the area that was asked for, or within it? Codes of divisions (digits) begin with those of the divisions
/// around them, and so do codes of an office's own behind that of a division (120106001012-001); other ones (EA-1,
/// EA-10) do not, and are what they are called. Nothing asked for is everywhere.
#[must_use]
pub fn is_within(code: &str, asked: &str) -> bool {
    let is_division = |code: &str| code.bytes().all(|byte| byte.is_ascii_digit());
    let division = if is_division(code) {
        Some(code).filter(|code| code.len() >= DIVISION_DIGITS_MIN)
    } else {
        Level::ALL.iter().rev().filter_map(|level| level.beginning(code)).find(|beginning| is_division(beginning))
    };
    asked.is_empty()
        || code == asked
        || (is_division(asked) && division.is_some_and(|division| division.starts_with(asked)))
}
