//! Can it be proved later?
//!
//! [`manifest`] says what went in, what came out, and that the counts add up; [`log`] who did what and when, each entry
//! holding the digest of the one before; [`checkpoint`] signs the end of the log with a key of [`key_file`]; [`verify`]
//! recomputes all of it; [`located`] finds the study and the inputs of a run again;
//! [`publication`] puts a run's outputs in place together or not at all; [`delivery`] is the seal of what senders
//! send; [`stage`] keeps what an unfinished run has worked out; [`purge`] ends the personal data of a run.

pub mod checkpoint;
pub mod delivery;
pub mod key_file;
pub mod located;
pub mod log;
pub mod manifest;
pub mod publication;
pub mod purge;
pub mod stage;
pub mod verify;

use std::fmt::Write;

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of exactly `N` pairs of lower-case hexadecimal digits.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N || !digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
