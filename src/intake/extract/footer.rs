//! Does a Parquet footer declare more than it can hold?
//!
//! Takes the bytes of a footer (Thrift, compact protocol), says whether its lists, sets and maps have together no more elements
//! than the footer has bytes. The Parquet library skips fields that it does not know element by element, and for booleans
//! reads nothing: a few bytes can declare two thousand million of them, and a list of such lists keeps it busy for hours.
//! Elements are passed over here exactly as the library does; what they say is its business.

/// Deepest nesting: a footer that means anything has a third of it.
const DEPTH_MAX: u32 = 32;

/// No more elements than bytes, and every field within the footer?
pub(super) fn is_bounded(footer: &[u8]) -> bool {
    let mut walk = Walk { rest: footer, elements_left: footer.len() as u64 };
    walk.value(Kind::STRUCT, DEPTH_MAX).is_some()
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

impl Walk<'_> {
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

#[cfg(test)]
mod tests {
    use super::{Kind, is_bounded};

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
