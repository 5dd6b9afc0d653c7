//! Where does what the fuzzer made up stand?
//!
//! Takes bytes and a name, gives the path of a file with these bytes: what is fuzzed reads files, as in life.

use std::path::PathBuf;
use std::sync::OnceLock;

/// Panics of libraries are caught by what is fuzzed; one that is not caught still ends the fuzzer.
#[allow(dead_code, reason = "not every target needs each")]
pub fn quiet() {
    static QUIET: std::sync::Once = std::sync::Once::new();
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
}

/// Writes the bytes under this name.
#[allow(dead_code, reason = "not every target needs each")]
pub fn put(name: &str, bytes: &[u8]) -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    quiet();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().expect("a folder"));
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    path
}
