//! Is any text table read or refused?

#![no_main]

mod place;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = place::put("extract.csv", bytes);
    let _ = rollcall::intake::extract::describe::describe(&path);
});
