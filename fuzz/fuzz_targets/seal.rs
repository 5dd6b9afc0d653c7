//! Is any seal of a delivery read or refused?

#![no_main]

mod place;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = place::put("delivery.json", bytes);
    let _ = rollcall::audit::delivery::read(path.parent().expect("a folder"), None);
});
