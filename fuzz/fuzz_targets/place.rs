//! Where does what the fuzzer made up stand?
//!
//! Takes bytes and a name, gives the path of a file with these bytes: what is fuzzed reads files, as in life.

use std::path::PathBuf;
use std::sync::OnceLock;

/// Panics of libraries are caught by what is fuzzed; one that is not caught still ends the fuzzer.
pub fn put(name: &str, bytes: &[u8]) -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        std::panic::set_hook(Box::new(|_| {}));
        tempfile::tempdir().expect("a folder")
    });
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    path
}
