//! Does what was freed go back to the system, or does it wait for what comes next?
//!
//! Takes a stretch of work that frees and asks for much, and holds less than the stages after it, or a small run as a
//! whole; gives [`Kept`]: as long as one lives, freed memory stays with the program, and the system need not clear it
//! for every stage anew.

use std::ffi::c_long;
use std::sync::Mutex;

use libmimalloc_sys::{mi_collect, mi_option_set, mi_option_t};

/// `mi_option_purge_delay` of mimalloc.h: milliseconds after which freed memory goes back.
const PURGE_DELAY: mi_option_t = 15;

/// As the allocator has it of itself.
const USUAL: c_long = 1_000;

/// Longer than any stretch of work: twenty days.
const LONG: c_long = 20 * 24 * 3_600 * 1_000;

/// How many want freed memory to stay.
static WANTED: Mutex<usize> = Mutex::new(0);

/// Freed memory stays with the program until this is dropped, and every other one.
#[derive(Debug)]
pub struct Kept(());

/// From now on, freed memory stays with the program.
#[must_use]
pub fn keep() -> Kept {
    let mut wanted = WANTED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    *wanted += 1;
    // SAFETY: writes a number of the allocator, whatever thread it comes from.
    unsafe { mi_option_set(PURGE_DELAY, LONG) };
    Kept(())
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut wanted = WANTED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *wanted -= 1;
        if *wanted == 0 {
            // SAFETY: as above; what goes back is nobody's.
            unsafe {
                mi_option_set(PURGE_DELAY, USUAL);
                mi_collect(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use libmimalloc_sys::mi_option_get;

    use super::{LONG, PURGE_DELAY, USUAL, WANTED, keep};

    /// Others may want it at the same time.
    fn is_as_wanted() -> bool {
        let wanted = WANTED.lock().unwrap();
        // SAFETY: reads a number.
        let delay = unsafe { mi_option_get(PURGE_DELAY) };
        delay == if *wanted == 0 { USUAL } else { LONG }
    }

    #[test]
    fn freed_memory_is_kept_for_as_long_as_anybody_wants() {
        assert!(is_as_wanted(), "the option is not the one that it was");
        let (one, other) = (keep(), keep());
        drop(one);
        assert!(*WANTED.lock().unwrap() > 0 && is_as_wanted());
        drop(other);
        assert!(is_as_wanted());
    }
}
