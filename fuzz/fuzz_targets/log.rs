//! Is any audit log read or refused?

#![no_main]

mod place;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = place::put("audit.jsonl", bytes);
    let _ = rollcall::audit::log::read(path.parent().expect("a folder"));
});
