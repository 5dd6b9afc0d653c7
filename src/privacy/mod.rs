//! What may be shown, stored or sent?
//!
//! [`Pii`] holds a personal value that no log, error or panic can print by accident; [`mask`] turns ID numbers, names
//! and telephone numbers into what a reader may see of them; [`code`] tells codes of places from what persons are
//! called by. Nothing here knows where a value came from.

pub mod code;
pub mod mask;

use std::fmt;

/// A personal value. `Debug` and `Display` print `[personal]`; only [`Pii::reveal`] gives the value away.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    /// Closes the value in.
    pub const fn new(value: T) -> Pii<T> {
        Pii(value)
    }

    /// The value itself: only for outputs that are meant to carry it.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Pii<T> {
    fn from(value: T) -> Pii<T> {
        Pii(value)
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl<T> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

/// `Debug` of types that hold personal values: their names and nothing else, so that no log, error or panic that prints
/// one, or anything that holds one, can give a value away.
macro_rules! personal {
    ($($name:ident),+) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), " [personal]"))
            }
        })+
    };
}

pub(crate) use personal;

#[cfg(test)]
mod tests {
    use super::Pii;

    #[test]
    fn a_personal_value_is_never_printed() {
        let name = Pii::new("王小明");
        assert_eq!(format!("{name} {name:?} {:?}", Some(name)), "[personal] [personal] Some([personal])");
        assert_eq!(*name.reveal(), "王小明");
    }
}
