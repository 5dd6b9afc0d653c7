//! Who vouches for the log up to here?
//!
//! Takes a log and a key file, gives `audit.checkpoint.json`: the number of entries and the last hash, signed with
//! Ed25519. Whoever can write the folder can write a new log with new hashes; without the key nobody can sign it. An
//! older log with its older checkpoint and outputs is found only by somebody who keeps the newer checkpoint elsewhere.

use std::path::Path;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::key_file::{self, KeyKind};
use super::log::{self, Entry};
use super::manifest;
use crate::digest::{hex, unhex};
use crate::error::{Error, Kind, Result};
use crate::whole_file;

/// Name of the checkpoint.
pub const CHECKPOINT: &str = "audit.checkpoint.json";

/// The keys that sign.
const KEY: KeyKind = KeyKind {
    heading: "rollcall signing key, Ed25519, keep secret",
    not_one: "this is no signing key",
    making: "`rollcall key new` makes one",
    kept: "a key is never replaced: name another",
};

/// The signed end of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Entries of the log.
    pub entries: u64,
    /// Hash of the last entry.
    pub hash: String,
    /// The public key, 64 hexadecimal digits.
    pub public_key: String,
    /// Signature over the two above, 128 hexadecimal digits.
    pub signature: String,
}

impl Checkpoint {
    fn message(entries: u64, hash: &str) -> String {
        format!("rollcall audit log\n{entries}\n{hash}\n")
    }

    fn text(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self).map(|text| text + "\n");
        text.map_err(|_| Error::new(Kind::Environment, "the checkpoint cannot be written as JSON"))
    }
}

/// Makes a key in a new file that only its owner may read; gives the public key.
///
/// # Errors
/// A usage error if there is such a file, an environment error if it cannot be written.
pub fn new_key(path: &Path) -> Result<String> {
    let seed = key_file::create(path, KEY)?;
    Ok(hex(SigningKey::from_bytes(&seed).verifying_key().as_bytes()))
}

/// Reads a key file that nobody else may read; the key is wiped from memory when it is dropped.
pub(super) fn read_key(path: &Path) -> Result<SigningKey> {
    key_file::read(path, KEY).map(|seed| SigningKey::from_bytes(&seed))
}

/// The signature over a message, in hexadecimal digits.
pub(super) fn signature(key: &SigningKey, message: &str) -> String {
    hex(&key.sign(message.as_bytes()).to_bytes())
}

/// Is this the key's signature over this message?
pub(super) fn holds(public_key: &str, signature: &str, message: &str) -> bool {
    let key = unhex::<32>(public_key).and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
    let signature = unhex::<64>(signature).map(|bytes| Signature::from_bytes(&bytes));
    key.zip(signature).is_some_and(|(key, signature)| key.verify_strict(message.as_bytes(), &signature).is_ok())
}

/// Fails early if a key file cannot be used.
///
/// # Errors
/// A usage or input error that names the file.
pub fn check_key(path: &Path) -> Result<()> {
    read_key(path).map(|_| ())
}

/// The public key of a key file.
///
/// # Errors
/// As [`check_key`].
pub(super) fn public_key(path: &Path) -> Result<String> {
    Ok(hex(read_key(path)?.verifying_key().as_bytes()))
}

/// May a run go into this folder with this key, or without one? Where the log is signed, what a run adds must be, too:
/// a run without a key would take the signature away in passing, and `verify` would call the folder unsigned. Another
/// key than before may sign, as keys are replaced; it is said, as auditors hold the earlier one.
///
/// # Errors
/// A usage error if the log is signed and no key is named, a verification error if it lacks entries that were signed,
/// or as [`check_key`].
pub fn check_renewal(folder: &Path, key: Option<&Path>) -> Result<()> {
    let path = folder.join(CHECKPOINT);
    if std::fs::symlink_metadata(&path).is_err() {
        return Ok(());
    }
    let Some(key) = key else {
        // Where the log lacks what was signed, a key would not help.
        log::check_goes_on(folder)?;
        let error = Error::new(Kind::Usage, "the log of this folder is signed, and a run adds to it").at_file(&path);
        return Err(error.hint("name the key with --sign-key, or another folder with --out"));
    };
    let public_key = public_key(key)?;
    let earlier = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Checkpoint>(&text).ok());
    if earlier.is_some_and(|earlier| earlier.public_key != public_key) {
        tracing::warn!(public_key, "the log was signed with another key before: give auditors the new public key");
    }
    Ok(())
}

/// Signs the end of a log.
///
/// # Errors
/// If the key cannot be read or the checkpoint not written.
pub fn sign(folder: &Path, key: &Path, head: (u64, &str)) -> Result<()> {
    let key = read_key(key)?;
    let checkpoint = Checkpoint {
        entries: head.0,
        hash: head.1.to_owned(),
        public_key: hex(key.verifying_key().as_bytes()),
        signature: signature(&key, &Checkpoint::message(head.0, head.1)),
    };
    whole_file::replace(&folder.join(CHECKPOINT), checkpoint.text()?)
}

/// Checks the checkpoint of a folder against its log, and its key against the one that the auditor holds; nothing if
/// there is no checkpoint and no key was asked for.
///
/// # Errors
/// A verification error that says what does not hold.
pub fn check(folder: &Path, entries: &[Entry], public_key: Option<&str>) -> Result<Option<Checkpoint>> {
    let path = folder.join(CHECKPOINT);
    let wrong = |what: &str| Error::new(Kind::Verification, what.to_owned()).at_file(&path);
    if std::fs::symlink_metadata(&path).is_err() {
        return match public_key {
            None => Ok(None),
            Some(_) => Err(wrong("the log is not signed")),
        };
    }
    manifest::check_file(&path)?;
    let text = std::fs::read(&path).map_err(|error| Error::io(&path, &error))?;
    let checkpoint: Checkpoint = serde_json::from_slice(&text).map_err(|_| wrong("this is no checkpoint"))?;
    if checkpoint.text()?.as_bytes() != text {
        return Err(wrong("the checkpoint is not written as the program writes it"));
    }
    if public_key.is_some_and(|key| !key.eq_ignore_ascii_case(&checkpoint.public_key)) {
        return Err(wrong("the checkpoint was signed with another key"));
    }
    let message = Checkpoint::message(checkpoint.entries, &checkpoint.hash);
    if !holds(&checkpoint.public_key, &checkpoint.signature, &message) {
        return Err(wrong("the signature does not hold"));
    }
    let last = usize::try_from(checkpoint.entries).ok().and_then(|entries| entries.checked_sub(1));
    if last.and_then(|last| entries.get(last)).is_none_or(|entry| entry.hash != checkpoint.hash) {
        return Err(wrong("the log is not the one that was signed"));
    }
    Ok(Some(checkpoint))
}
