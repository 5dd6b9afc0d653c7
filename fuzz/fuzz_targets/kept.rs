//! Is anything that an interrupted run may have kept read or left aside?

#![no_main]

mod place;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    place::quiet();
    let _ = rollcall::linkage::kept::read(bytes);
});
