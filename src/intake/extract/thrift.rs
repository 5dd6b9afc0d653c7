//! Does a Parquet file declare more than it can hold?
//!
//! Takes the bytes of a footer or of page headers (Thrift, compact protocol), says whether lists, sets and maps have
//! together no more elements than there are bytes. The Parquet library skips fields that it does not know element by
//! element, and reads nothing for a boolean, nor, beyond the end of the file, for a number: a few bytes can declare two
//! thousand million of them, and a list of such lists keeps it busy for hours. Elements are passed over here exactly as
//! the library does; what they say is its business.

use std::io::{Read, Seek, SeekFrom};

/// Deepest nesting: a footer that means anything has a third of it.
const DEPTH_MAX: u32 = 32;

/// Bytes that are read first for a page header; it is longer where statistics hold long texts.
const HEADER_BYTES: u64 = 256;

/// Longest page header.
const HEADER_BYTES_MAX: u64 = 16 << 20;

/// The field of a page header that says how many bytes follow it.
const COMPRESSED_PAGE_SIZE: i64 = 3;

/// No more elements than bytes, and every field within the footer?
pub(super) fn is_bounded(footer: &[u8]) -> bool {
    Walk::over(footer).value(Kind::STRUCT, DEPTH_MAX).is_some()
}

/// Like [`is_bounded`], of every page header of a column of a row group, from `start` to `end`.
///
/// # Errors
/// As the system says.
pub(super) fn are_pages_bounded(file: &mut (impl Read + Seek), start: u64, end: u64) -> std::io::Result<bool> {
    let mut at = start;
    let mut bytes = Vec::new();
    while at < end {
        let mut length = HEADER_BYTES;
        let (header, page) = loop {
            bytes.clear();
            file.seek(SeekFrom::Start(at))?;
            file.by_ref().take(length.min(end - at)).read_to_end(&mut bytes)?;
            if let Some(found) = Walk::over(&bytes).page_header() {
                break found;
            }
            if length >= (end - at).min(HEADER_BYTES_MAX) {
                return Ok(false);
            }
            length *= 8;
        };
        at = at.saturating_add(header).saturating_add(page);
    }
    Ok(true)
}

/// Kinds of values, as the compact protocol numbers them.
struct Kind;

impl Kind {
    const STOP: u8 = 0;
    const TRUE: u8 = 1;
    const FALSE: u8 = 2;
    const BYTE: u8 = 3;
    const I16: u8 = 4;
    const I32: u8 = 5;
    const I64: u8 = 6;
    const DOUBLE: u8 = 7;
    const BINARY: u8 = 8;
    const LIST: u8 = 9;
    const SET: u8 = 10;
    const MAP: u8 = 11;
    const STRUCT: u8 = 12;
    const UUID: u8 = 13;
}

struct Walk<'a> {
    rest: &'a [u8],
    elements_left: u64,
}

impl<'a> Walk<'a> {
    fn over(bytes: &'a [u8]) -> Walk<'a> {
        Walk { rest: bytes, elements_left: bytes.len() as u64 }
    }

    /// Lengths of the page header and of the page that follows it.
    fn page_header(mut self) -> Option<(u64, u64)> {
        let (before, mut page, mut id) = (self.rest.len(), None, 0_i64);
        loop {
            let header = self.byte()?;
            if header & 15 == Kind::STOP {
                break;
            }
            id = if header >> 4 == 0 { signed(self.number()?) } else { id + i64::from(header >> 4) };
            if id == COMPRESSED_PAGE_SIZE && header & 15 == Kind::I32 {
                page = Some(u64::try_from(signed(self.number()?)).ok()?);
            } else {
                self.value(header & 15, DEPTH_MAX)?;
            }
        }
        Some(((before - self.rest.len()) as u64, page?))
    }

    /// Passes over one value; `None` if it does not end within the footer, is of no known kind, or declares too much.
    fn value(&mut self, kind: u8, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            Kind::TRUE | Kind::FALSE => Some(()),
            Kind::BYTE => self.bytes(1),
            Kind::I16 | Kind::I32 | Kind::I64 => self.number().map(drop),
            Kind::DOUBLE => self.bytes(8),
            Kind::UUID => self.bytes(16),
            Kind::BINARY => {
                let length = self.number()?;
                self.bytes(length)
            }
            Kind::LIST | Kind::SET => {
                let header = self.byte()?;
                let count = if header >> 4 == 15 { self.number()? } else { u64::from(header >> 4) };
                self.elements(count, &[header & 15], depth)
            }
            Kind::MAP => {
                let count = self.number()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                self.elements(count, &[kinds >> 4, kinds & 15], depth)
            }
            Kind::STRUCT => loop {
                let header = self.byte()?;
                let kind = header & 15;
                if kind == Kind::STOP {
                    break Some(());
                }
                if header >> 4 == 0 {
                    // The field's number stands apart.
                    self.number()?;
                }
                self.value(kind, depth)?;
            },
            _ => None,
        }
    }

    fn elements(&mut self, count: u64, kinds: &[u8], depth: u32) -> Option<()> {
        self.elements_left = self.elements_left.checked_sub(count)?;
        (0..count).try_for_each(|_| kinds.iter().try_for_each(|kind| self.value(*kind, depth)))
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn bytes(&mut self, count: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    /// A number of seven bits to the byte, least first.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

/// A signed number as it is written: 0, -1, 1, -2, ...
fn signed(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::{Kind, are_pages_bounded, is_bounded};

    /// A struct with one field of this kind and content.
    fn one(kind: u8, content: &[u8]) -> Vec<u8> {
        [&[0x10 | kind], content, &[Kind::STOP]].concat()
    }

    #[test]
    fn what_fits_passes() {
        for (kind, content) in [
            (Kind::TRUE, &[][..]),
            (Kind::I64, &[0xff, 0x7f]),
            (Kind::BINARY, &[3, b'a', b'b', b'c']),
            (Kind::LIST, &[0x35, 1, 2, 3]),
            (Kind::LIST, &[0]),
            (Kind::MAP, &[0]),
            (Kind::MAP, &[1, 0x58, 7, 1, b'x']),
            (Kind::STRUCT, &[0x05, 0x50, 1, Kind::STOP]),
            (Kind::UUID, &[7; 16]),
        ] {
            assert!(is_bounded(&one(kind, content)), "{kind} {content:?}");
        }
    }

    /// A page of three bytes whose header has one more field.
    fn page(kind: u8, content: &[u8]) -> Vec<u8> {
        [&[0x15, 0, 0x15, 6, 0x15, 6, 0x20 | kind], content, &[Kind::STOP, 1, 2, 3]].concat()
    }

    #[test]
    fn page_headers_are_followed_to_the_end() {
        let bounded = |pages: &[Vec<u8>]| {
            let bytes = [b"PAR1".to_vec(), pages.concat()].concat();
            are_pages_bounded(&mut Cursor::new(&bytes), 4, bytes.len() as u64).unwrap()
        };
        let long = [&[0xff, 0x27][..], &[b'x'; 5119]].concat();
        let (good, wide) = (page(Kind::I32, &[0]), page(Kind::BINARY, &long));
        assert!(bounded(&[good.clone(), wide.clone(), good.clone()]));
        // Two thousand million numbers of which the first lies beyond the end.
        let endless = page(Kind::LIST, &[0xf7, 0xff, 0xff, 0xff, 0xff, 0x07]);
        assert!(!bounded(&[good.clone(), wide, endless]));
        assert!(!bounded(&[good.clone(), vec![0x15, 0, 0]]), "no size");
        assert!(!bounded(&[good, vec![0x15, 0, 0x15, 6, 0x15, 5, 0]]), "a negative size");
    }

    #[test]
    fn what_declares_more_than_it_holds_does_not() {
        // Two thousand million booleans, which take no byte; as many in a map; a thousand lists of them; a set.
        let many = [0xff, 0xff, 0xff, 0xff, 0x07];
        let list = [&[0xf1][..], &many].concat();
        assert!(!is_bounded(&one(Kind::LIST, &list)));
        assert!(!is_bounded(&one(Kind::SET, &list)));
        assert!(!is_bounded(&one(Kind::MAP, &[&many[..], &[0x11]].concat())));
        // Each list no longer than the footer, but all together.
        let lists: Vec<u8> = (0..14).flat_map(|_| [0xf1, 60]).collect();
        assert!(!is_bounded(&one(Kind::LIST, &[&[0xe9][..], &lists].concat())));
        for (kind, content) in [
            (Kind::BINARY, &[90, b'a'][..]),
            (Kind::DOUBLE, &[1]),
            (Kind::I64, &[0xff; 12]),
            (14, &[]),
            (Kind::STRUCT, &[0x1c; 40]),
        ] {
            assert!(!is_bounded(&one(kind, content)), "{kind} {content:?}");
        }
        assert!(!is_bounded(&[]));
    }
}
