//! In which encoding is a text written, and what do its bytes say?
//!
//! Counts, while a file is read once, what is valid UTF-8, what is not, and what looks like an encoding of one byte for
//! each character; decodes what is written in any encoding that a study file can declare.

use std::borrow::Cow;

use encoding_rs::{BIG5, GB18030, UTF_8, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252};

use crate::intake::study::Encoding;

/// How much of the text beyond ASCII is valid UTF-8.
#[derive(Default)]
pub(super) struct TextCount {
    valid: u64,
    invalid: u64,
    lines: u64,
    /// Single bytes beyond ASCII behind an ASCII letter and before another ASCII character, as `é` in Latin-1.
    alone: u64,
    /// Line of the first byte that is no UTF-8, from 1.
    pub(super) first_invalid_line: u64,
    /// The beginning of a character that the last buffer cut off.
    cut: Vec<u8>,
}

impl TextCount {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        if self.cut.is_empty() && bytes.is_ascii() {
            self.lines += lines;
            return;
        }
        let mut joined = std::mem::take(&mut self.cut);
        joined.extend_from_slice(bytes);
        let mut passed = 0;
        let mut chunks = joined.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.valid += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count() as u64;
            let incomplete = chunks.peek().is_none() && chunk.invalid().len() < 4 && is_start(chunk.invalid());
            if incomplete {
                self.cut = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                if self.invalid == 0 {
                    let valid = joined.iter().take(passed + chunk.valid().len());
                    self.first_invalid_line = self.lines + 1 + valid.filter(|byte| **byte == b'\n').count() as u64;
                }
                self.invalid += 1;
                let is_before_ascii =
                    chunks.peek().is_some_and(|next| next.valid().starts_with(|c: char| c.is_ascii()));
                let is_after_letter = chunk.valid().ends_with(|c: char| c.is_ascii_alphabetic());
                self.alone += u64::from(is_after_letter && chunk.invalid().len() == 1 && is_before_ascii);
            }
            passed += chunk.valid().len() + chunk.invalid().len();
        }
        self.lines += lines;
    }

    /// Most of it is no UTF-8: single broken rows are another matter.
    pub(super) fn is_hardly_utf8(&self) -> bool {
        self.invalid > self.valid.max(10)
    }

    /// Text that as anything else would be no text: several characters, none broken.
    pub(super) fn is_surely_utf8(&self) -> bool {
        self.valid > 10 && self.invalid == 0
    }

    pub(super) fn is_mostly_utf8(&self) -> bool {
        let invalid = self.invalid + u64::from(!self.cut.is_empty());
        invalid == 0 || self.valid > 10 * invalid
    }

    /// So few bytes are no UTF-8 that they are damaged ones, whose rows are set aside.
    pub(super) fn is_utf8_but_for_a_few(&self) -> bool {
        self.invalid <= 2 && self.cut.is_empty()
    }

    /// Most of what is no UTF-8 are accented letters of one byte each among others. In GB18030 nearly every byte
    /// beyond ASCII has another one beside it; read so, each such letter and the next would become a Han character.
    pub(super) fn is_of_single_bytes(&self) -> bool {
        self.alone * 2 > self.invalid + self.valid
    }

    /// The same beyond what a few damaged bytes can be.
    pub(super) fn is_surely_of_single_bytes(&self) -> bool {
        self.alone > 10 && self.is_of_single_bytes()
    }
}

/// Could more bytes make these a character?
fn is_start(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// The table by which the bytes of an encoding are read; none for UTF-8.
fn table_of(encoding: Encoding) -> Option<&'static encoding_rs::Encoding> {
    match encoding {
        Encoding::Detect | Encoding::Utf8 => None,
        Encoding::Gb18030 => Some(GB18030),
        Encoding::Big5 => Some(BIG5),
        Encoding::Windows1250 => Some(WINDOWS_1250),
        Encoding::Windows1251 => Some(WINDOWS_1251),
        Encoding::Windows1252 => Some(WINDOWS_1252),
    }
}

/// May the second byte of a character be an ASCII one, and `|` among them?
pub(super) fn has_second_bytes(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::Gb18030 | Encoding::Big5)
}

/// The text of some bytes; `None` if they are none in this encoding.
pub(super) fn decoded(bytes: &[u8], encoding: Encoding) -> Option<Cow<'_, str>> {
    match table_of(encoding) {
        Some(table) if !bytes.is_ascii() => table.decode_without_bom_handling_and_without_replacement(bytes),
        _ => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    }
}

/// The text of some bytes, with a sign of replacement for each that is none.
pub(super) fn decoded_as_far_as_it_goes(bytes: &[u8], encoding: Encoding) -> Cow<'_, str> {
    match table_of(encoding) {
        Some(table) => table.decode_without_bom_handling(bytes).0,
        None => String::from_utf8_lossy(bytes),
    }
}

/// Is the beginning of a character the last of some bytes?
pub(super) fn ends_within_character(bytes: &[u8], encoding: Encoding) -> bool {
    let mut decoder = table_of(encoding).unwrap_or(UTF_8).new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(0));
    let _ = decoder.decode_to_string(bytes, &mut text, false);
    text.reserve(decoder.max_utf8_buffer_length(0).unwrap_or(0));
    let (_, _, was_begun) = decoder.decode_to_string(&[], &mut text, true);
    was_begun
}
