//! Which right ID numbers may have been meant by a wrong one?
//!
//! Takes a number with a slip, gives the valid ones from which it is one slip away.

use crate::person::id_number::{self, IdNumber};

/// Every valid number that is one slip away from this one: GB 11643's check character leaves about a dozen.
pub(super) fn repairs(id: IdNumber) -> Vec<IdNumber> {
    let mut buffer = [0; 20];
    let length = id.characters(&mut buffer);
    let mut found = Vec::new();
    let mut try_out = |text: [u8; 18]| {
        if let Ok(text) = std::str::from_utf8(&text) {
            let (repaired, _) = id_number::read(text);
            if repaired.is_valid() && !found.contains(&repaired) {
                found.push(repaired);
            }
        }
    };
    let mut text = [0; 18];
    if length == 18 {
        text.copy_from_slice(&buffer[..18]);
        for at in 0..length {
            for digit in b"0123456789X" {
                let mut changed = text;
                changed[at] = *digit;
                try_out(changed);
            }
            if at + 1 < length {
                let mut changed = text;
                changed.swap(at, at + 1);
                try_out(changed);
            }
        }
    }
    if length == 17 {
        for at in 0..=length {
            text[..at].copy_from_slice(&buffer[..at]);
            text[at + 1..].copy_from_slice(&buffer[at..length]);
            for digit in b"0123456789X" {
                text[at] = *digit;
                try_out(text);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::repairs;
    use crate::person::id_number::read;

    #[test]
    fn a_number_with_a_slip_is_repaired_to_the_right_one_among_few() {
        let (right, _) = read("120106198001010014");
        for slip in ["120106198001010024", "12010619800101014", "120106198001001014"] {
            let found = repairs(read(slip).0);
            assert!(found.contains(&right), "{slip}");
            assert!(found.len() < 40, "{} repairs of {slip}", found.len());
        }
    }
}
