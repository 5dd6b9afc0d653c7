//! How large are the pages that the system gives at a time?
//!
//! Takes whether a run is small. Linux gives pages of 2 MiB where a program's allocator asks for them, and clears each
//! as a whole: a city's tables are found faster in them, and a small run uses little of many.

/// From now on, the system gives pages as small as it has. Elsewhere than on Linux it goes by its own lights.
pub fn use_small_ones() {
    #[cfg(target_os = "linux")]
    // SAFETY: sets a flag of this process; what is refused changes nothing. The unused arguments must be 0.
    unsafe {
        libc::prctl(libc::PR_SET_THP_DISABLE, 1_u64, 0_u64, 0_u64, 0_u64);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn the_system_takes_the_wish() {
        super::use_small_ones();
        // SAFETY: reads the flag.
        let said = unsafe { libc::prctl(libc::PR_GET_THP_DISABLE, 0_u64, 0_u64, 0_u64, 0_u64) };
        assert_eq!(said, 1);
    }
}
