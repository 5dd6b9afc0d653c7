//! What may be shown, stored or sent?
//!
//! Types that hold personal values print nothing of them (`personal!`); [`mask`] turns ID numbers, names and telephone
//! numbers into what a reader may see of them; [`code`] tells codes of places from what persons are called by. Nothing
//! here knows where a value came from.

pub mod code;
pub mod mask;

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
