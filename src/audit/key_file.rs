//! Where does a secret stand, and who may read it?
//!
//! A key file is a heading that says what the secret is for, and 32 random bytes as hexadecimal digits. Only its owner
//! may read it; what is read is wiped from memory when it is dropped.

use std::path::Path;

use zeroize::Zeroizing;

use crate::digest::{hex, unhex};
use crate::error::{Error, Kind, Result};
use crate::whole_file;

/// What a kind of key file is called.
#[derive(Debug, Clone, Copy)]
pub struct KeyKind {
    /// First line of the file.
    pub heading: &'static str,
    /// What it is not, if it is another file.
    pub not_one: &'static str,
    /// How to come by one.
    pub making: &'static str,
    /// Why an existing one is not replaced.
    pub kept: &'static str,
}

/// Makes a key in a new file that only its owner may read.
///
/// # Errors
/// A usage error if there is such a file, an environment error if it cannot be written.
pub fn create(path: &Path, kind: KeyKind) -> Result<Zeroizing<[u8; 32]>> {
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *secret).map_err(|_| Error::new(Kind::Environment, "the system gives no random bytes"))?;
    let digits = Zeroizing::new(hex(&*secret));
    let text = Zeroizing::new(format!("{}\n{}\n", kind.heading, *digits));
    whole_file::create_for_owner(path, text.as_bytes()).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Error::new(Kind::Usage, "there is such a file").at_file(path).hint(kind.kept)
        }
        _ => Error::io(path, &error),
    })?;
    Ok(secret)
}

/// Whoever has no key yet is told how to come by one.
fn unreadable(path: &Path, error: &std::io::Error, kind: KeyKind) -> Error {
    let said = Error::io(path, error);
    if error.kind() == std::io::ErrorKind::NotFound { said.hint(kind.making) } else { said }
}

/// Reads a key file that nobody else may read.
///
/// # Errors
/// A usage error if others may read it or it is no key of this kind, an environment error if it cannot be read.
pub fn read(path: &Path, kind: KeyKind) -> Result<Zeroizing<[u8; 32]>> {
    let facts = std::fs::metadata(path).map_err(|error| unreadable(path, &error, kind))?;
    // A pipe would be waited for without end.
    if !facts.is_file() {
        return Err(Error::new(Kind::Usage, kind.not_one).at_file(path).hint(kind.making));
    }
    #[cfg(unix)]
    {
        if std::os::unix::fs::PermissionsExt::mode(&facts.permissions()) & 0o077 != 0 {
            let error = Error::new(Kind::Usage, "others may read this key").at_file(path);
            return Err(error.hint("`chmod 600` it; if somebody may have read it, make a new one"));
        }
    }
    let no_key = || Error::new(Kind::Usage, kind.not_one).at_file(path).hint(kind.making);
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => no_key(),
        _ => unreadable(path, &error, kind),
    })?);
    let secret = text.strip_prefix(kind.heading).map(str::trim).and_then(unhex::<32>);
    secret.map(Zeroizing::new).ok_or_else(no_key)
}
