//! Is any manifest read or refused, and counted up?

#![no_main]

mod place;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = place::put("manifest.json", bytes);
    let folder = path.parent().expect("a folder");
    let _ = rollcall::audit::manifest::Manifest::read(folder).map(|manifest| manifest.check());
});
