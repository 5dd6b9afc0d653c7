//! What is kept of a passport's or permit's number?
//!
//! Takes the letters and digits of a number that is no citizen's, gives it packed as a whole: one document has one
//! number, however it is written. Where the number says its form, documents of two kinds are told from two of one.

use super::{DOCUMENT, Fault, IdNumber, KIND_SHIFT, digit};

/// Digits and letters, and one more for no character.
const BASE: u64 = 37;

/// Reads the number of a passport or permit.
pub(super) fn document(text: &[u8]) -> (IdNumber, Fault) {
    let text = without_issue(text);
    if text.len() > 11 || text.len() < 5 || !text.iter().any(u8::is_ascii_digit) {
        return (IdNumber::NONE, Fault::Placeholder);
    }
    let packed = text.iter().fold(0u64, |sum, c| {
        let value = if c.is_ascii_digit() { digit(*c) } else { u64::from(c - b'A') + 10 };
        sum * BASE + value + 1
    });
    (IdNumber((DOCUMENT << KIND_SHIFT) | packed), Fault::Document)
}

/// Permits of Hong Kong and Macao residents: a letter and eight digits are the holder's for life; behind them the older
/// permits have two digits that count how often one was issued, which some write and some do not.
fn without_issue(text: &[u8]) -> &[u8] {
    match text {
        [b'H' | b'M', digits @ ..] if digits.len() == 10 && digits.iter().all(u8::is_ascii_digit) => &text[..9],
        _ => text,
    }
}

impl IdNumber {
    /// Which characters of a document's number are letters, and how many there are: most passports are of another
    /// form than most permits.
    pub(super) fn document_form(self) -> u64 {
        let mut rest = self.0 & ((1 << KIND_SHIFT) - 1);
        let mut form = 1;
        while rest != 0 {
            form = (form << 1) | u64::from(rest % BASE > 10);
            rest /= BASE;
        }
        form
    }
}

#[cfg(test)]
mod tests {
    use crate::person::id_number::{Relation, compare, read};

    #[test]
    fn documents_are_equal_however_they_are_written_and_of_several_kinds_say_nothing() {
        for (one, other, expected) in [
            ("E57896865", "e 5789-6865", Relation::Equal),
            ("E57896865", "Ｅ５７８９６８６５", Relation::Equal),
            ("H1234567800", "H12345678", Relation::Equal),
            ("M1234567802", "M1234567801", Relation::Equal),
            ("H1234567800", "H1234567900", Relation::Different),
            ("E5789686500", "E57896865", Relation::Unknown),
            ("E57896865", "G62201101", Relation::Different),
            ("E57896865", "12345678", Relation::Unknown),
            ("E57896865", "EA7896865", Relation::Unknown),
            ("12345678", "12345679", Relation::Different),
        ] {
            let [one_read, other_read] = [one, other].map(|text| read(text).0);
            assert!(one_read.is_document() && other_read.is_document());
            assert_eq!(compare(one_read, other_read), expected, "{one} {other}");
            assert_eq!(compare(other_read, one_read), expected, "{other} {one}");
        }
    }
}
