//! Is any study file read or refused?

#![no_main]

mod place;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = place::put("study.toml", bytes);
    let _ = rollcall::intake::study::file::read(&path);
});
