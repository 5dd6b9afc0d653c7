//! Is any workbook read or refused, as an extract and as a filled list?

#![no_main]

mod place;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = place::put("extract.xlsx", bytes);
    let _ = rollcall::intake::extract::describe::describe(&path);
    let _ = rollcall::intake::extract::filled::sheets(&path);
});
