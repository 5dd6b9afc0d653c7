//! How is an ID number written wrongly?

use crate::synthetic::address::full_width;
use crate::synthetic::chance::{Dice, between, happens, position, weighted};

/// The number as written by a clerk who erred: slips, transpositions, old and masked forms.
pub fn spoil(dice: &mut Dice, number: &str) -> String {
    if number.len() != 18 {
        return slip(dice, number);
    }
    if number.ends_with('X') && happens(dice, 0.35) {
        return number.replace('X', "x");
    }
    match weighted(dice, &[0.33, 0.18, 0.11, 0.09, 0.18, 0.06, 0.03, 0.02]) {
        0 => slip(dice, number),
        1 => transposed(dice, number),
        2 => without(dice, number),
        // The form of before 1999, where it can stand for this number.
        3 if number.get(6..8) == Some("19") => format!("{}{}", &number[..6], &number[8..17]),
        4 => format!("{}********{}", &number[..6], &number[14..]),
        5 => full_width(number),
        6 => format!("{} {} {}", &number[..6], &number[6..14], &number[14..]),
        7 => format!("{number} "),
        _ => slip(dice, number),
    }
}

/// One digit typed for another.
pub fn slip(dice: &mut Dice, number: &str) -> String {
    let digits: Vec<usize> =
        number.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()).map(|(at, _)| at).collect();
    let Some(&at) = digits.get(position(dice, digits.len())) else { return number.to_owned() };
    let mut bytes = number.as_bytes().to_vec();
    let shift = between(dice, 1, 9) as u8;
    if let Some(byte) = bytes.get_mut(at) {
        *byte = b'0' + (*byte - b'0' + shift) % 10;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn transposed(dice: &mut Dice, number: &str) -> String {
    let mut bytes = number.as_bytes().to_vec();
    let unequal: Vec<usize> = (0..bytes.len() - 1).filter(|&at| bytes[at] != bytes[at + 1]).collect();
    if let Some(&at) = unequal.get(position(dice, unequal.len())) {
        bytes.swap(at, at + 1);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn without(dice: &mut Dice, number: &str) -> String {
    let out = position(dice, number.len());
    number.chars().enumerate().filter(|&(at, _)| at != out).map(|(_, character)| character).collect()
}

#[cfg(test)]
mod tests {
    use super::spoil;
    use crate::synthetic::chance::dice;

    #[test]
    fn spoilt_numbers_differ_and_every_form_occurs() {
        let mut dice = dice(1, 0);
        // A made-up number of a made-up region.
        let spoilt: Vec<String> = (0..500).map(|_| spoil(&mut dice, "99999919800101001X")).collect();
        assert!(spoilt.iter().all(|number| number != "99999919800101001X"));
        assert!(spoilt.iter().any(|number| number.contains("********")));
        assert!(spoilt.iter().any(|number| number.len() == 15));
        assert!(spoilt.iter().any(|number| number.ends_with('x')));
        assert!(spoilt.iter().any(|number| number.contains('９')));
    }
}
