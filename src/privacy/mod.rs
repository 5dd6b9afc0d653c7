//! What may be shown, stored or sent?
//!
//! [`Pii`] holds a personal value that no log, error or panic can print by accident; [`mask`] turns ID numbers, names
//! and telephone numbers into what a reader may see of them. Nothing here knows where a value came from.

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
