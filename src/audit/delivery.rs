//! Is a delivery what its sender sent?
//!
//! Takes the facts of the files in a folder, gives `delivery.json`, the sender's seal: size, rows, digest and columns
//! of every file, a digest of all that, and the sender's signature if there is a key; and holds a delivery against its
//! seal. A Parquet file without checksums may be read with a wrong bit in it as other values: with a seal, no bit can
//! change unseen. Without a key the seal finds accidents only: whoever can change a file can seal it again.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::checkpoint;
use crate::digest;
use crate::error::{Error, Kind, Result};
use crate::whole_file;

/// Name of the seal.
pub const DELIVERY: &str = "delivery.json";

/// Largest seal that is read, in bytes.
const BYTES_MAX: u64 = 16 << 20;

/// A file of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivered {
    /// Its name in the folder.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Data rows.
    pub rows: u64,
    /// SHA-256, lower-case hexadecimal.
    pub digest: String,
    /// Its columns: the name, and what it holds.
    pub columns: Vec<(String, String)>,
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    format: u32,
    files: Vec<Delivered>,
}

/// The seal as it stands in the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seal {
    sealed: Body,
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

impl Seal {
    fn text(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self).map(|text| text + "\n");
        text.map_err(|_| Error::new(Kind::Environment, "the seal cannot be written as JSON"))
    }
}

/// What a seal says, once it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The files, in the order of their names.
    pub files: Vec<Delivered>,
    /// Who signed it, if somebody did.
    pub public_key: Option<String>,
}

fn digest_of(body: &Body) -> Result<String> {
    let text = serde_json::to_vec(body).map_err(|_| Error::new(Kind::Environment, "the seal is no JSON"))?;
    Ok(digest::of(text))
}

fn message(digest: &str) -> String {
    format!("rollcall delivery\n{digest}\n")
}

/// What to do where a seal that is to be replaced does not hold.
pub const SEAL_ANEW: &str = "if these are new files of your own, remove the seal first; if somebody else sent them, do \
                             not use them: ask for them again, sealed";

/// Seals a folder; gives the public key if a key signed it. A seal that is there already must hold: a new one would
/// hide that it does not.
///
/// # Errors
/// If the key cannot be used or the seal not be written; a verification error if the seal that is there does not hold;
/// a usage error if it would lose its signature, or have another's.
pub fn seal(folder: &Path, mut files: Vec<Delivered>, key: Option<&Path>) -> Result<Option<String>> {
    let path = folder.join(DELIVERY);
    let key = key.map(checkpoint::read_key).transpose()?;
    let public_key = key.as_ref().map(|key| digest::hex(key.verifying_key().as_bytes()));
    if let Some(earlier) = read(folder, None).map_err(|error| error.hint(SEAL_ANEW))? {
        let facts = files.iter().map(|file| (file.file.as_str(), file.bytes, file.rows, file.digest.as_str()));
        check(folder, &earlier, facts).map_err(|error| error.hint(SEAL_ANEW))?;
        let refused = |what: &str| Error::new(Kind::Usage, what).at_file(&path);
        if earlier.public_key.is_some() && public_key.is_none() {
            let error = refused("the delivery has a signed seal, and one without a signature would replace it");
            return Err(error.hint("name the key with --sign-key, or remove the seal first"));
        }
        if earlier.public_key.is_some() && earlier.public_key != public_key {
            let error =
                refused("the delivery has a seal that was signed with another key, and this one would replace it");
            return Err(error.hint("leave a sender's seal as it is; if both keys are your own, remove the seal first"));
        }
    }
    files.sort_by(|one, other| one.file.cmp(&other.file));
    let sealed = Body { format: 1, files };
    let digest = digest_of(&sealed)?;
    let signature = key.map(|key| checkpoint::signature(&key, &message(&digest)));
    let text = Seal { sealed, digest, public_key: public_key.clone(), signature }.text()?;
    whole_file::replace(&path, text)?;
    Ok(public_key)
}

fn wrong(path: &Path, what: impl Into<String>) -> Error {
    let error = Error::new(Kind::Verification, what).at_file(path);
    error.hint("do not use this delivery: ask the sender for it again, sealed")
}

/// Reads the seal of a folder and checks it; `None` if there is none.
///
/// # Errors
/// A verification error if the seal was altered, its signature does not hold, or it is another's than `public_key`.
pub fn read(folder: &Path, public_key: Option<&str>) -> Result<Option<Sealed>> {
    let path = folder.join(DELIVERY);
    let facts = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return match public_key {
                None => Ok(None),
                Some(_) => Err(wrong(&path, "the delivery is not sealed: there is no such file")),
            };
        }
        facts => facts.map_err(|error| Error::io(&path, &error))?,
    };
    if !facts.is_file() || facts.len() > BYTES_MAX {
        return Err(wrong(&path, "this is no seal"));
    }
    let bytes = fs::read(&path).map_err(|error| Error::io(&path, &error))?;
    let seal: Seal = serde_json::from_slice(&bytes).map_err(|_| wrong(&path, "this is no seal"))?;
    if seal.text()?.as_bytes() != bytes || digest_of(&seal.sealed)? != seal.digest || seal.sealed.format != 1 {
        return Err(wrong(&path, "the seal was altered"));
    }
    match (&seal.public_key, &seal.signature) {
        (None, None) => {}
        (Some(key), Some(signature)) => {
            if !checkpoint::holds(key, signature, &message(&seal.digest)) {
                return Err(wrong(&path, "the seal's signature does not hold"));
            }
        }
        _ => return Err(wrong(&path, "the seal was altered")),
    }
    match (public_key, &seal.public_key) {
        (Some(_), None) => Err(wrong(&path, "the seal is not signed, and the study asks for a signature")),
        (Some(expected), Some(found)) if !expected.eq_ignore_ascii_case(found) => {
            Err(wrong(&path, "the seal was signed with another key"))
        }
        _ => Ok(Some(Sealed { files: seal.sealed.files, public_key: seal.public_key })),
    }
}

/// Holds files of a folder against its seal: each must be in it and be what it says, and every file that it names must
/// be there. `files` are name, size, rows and digest.
///
/// # Errors
/// A verification error that names the first file at fault.
pub fn check<'a>(
    folder: &Path,
    sealed: &Sealed,
    files: impl IntoIterator<Item = (&'a str, u64, u64, &'a str)>,
) -> Result<()> {
    if let Some(missing) = sealed.files.iter().find(|known| !folder.join(&known.file).is_file()) {
        return Err(wrong(&folder.join(&missing.file), "the seal names this file, and it is not there"));
    }
    for (name, bytes, rows, digest) in files {
        let path = folder.join(name);
        let Some(known) = sealed.files.iter().find(|known| known.file == name) else {
            return Err(wrong(&path, "is not in the seal of its folder"));
        };
        if known.bytes != bytes {
            return Err(wrong(&path, format!("has {bytes} bytes, and {} were sealed", known.bytes)));
        }
        if known.digest != digest {
            return Err(wrong(&path, "was altered since it was sealed"));
        }
        if known.rows != rows {
            return Err(wrong(&path, format!("has {rows} rows, and {} were sealed", known.rows)));
        }
    }
    Ok(())
}

/// What is wrong with a file that cannot be read as an extract, by its bytes alone; nothing if they are those that were
/// sealed, or the seal does not name it.
#[must_use]
pub fn altered(sealed: &Sealed, path: &Path) -> Option<Error> {
    let known = sealed.files.iter().find(|known| path.file_name().is_some_and(|name| name == known.file.as_str()))?;
    let (_, digest) = digest::of_reader(&mut fs::File::open(path).ok()?).ok()?;
    (known.digest != digest).then(|| wrong(path, "was altered since it was sealed"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{DELIVERY, Delivered, Sealed, check, read, seal};
    use crate::audit::checkpoint::new_key;
    use crate::error::Kind;

    fn delivered() -> Vec<Delivered> {
        let columns = vec![(String::from("姓名"), String::from("text"))];
        vec![Delivered { file: String::from("a.csv"), bytes: 3, rows: 1, digest: "d".repeat(64), columns }]
    }

    #[test]
    fn no_bit_of_a_seal_can_change_unseen() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        let public = new_key(&key).unwrap();
        for signed in [None, Some(key.as_path())] {
            let signer = seal(folder.path(), delivered(), signed).unwrap();
            assert_eq!(signer, signed.map(|_| public.clone()));
            let capitals = signer.as_deref().map(str::to_uppercase);
            let found = read(folder.path(), capitals.as_deref()).unwrap().unwrap();
            assert_eq!(found, Sealed { files: delivered(), public_key: signer });
            let path = folder.path().join(DELIVERY);
            let bytes = fs::read(&path).unwrap();
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                fs::write(&path, flipped).unwrap();
                assert_eq!(read(folder.path(), None).unwrap_err().kind(), Kind::Verification, "bit {bit}");
            }
            assert_eq!(seal(folder.path(), delivered(), signed).unwrap_err().kind(), Kind::Verification);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn each_way_in_which_a_delivery_differs_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        let said = |result: crate::error::Result<()>| result.unwrap_err().to_string();
        assert_eq!(read(place, None).unwrap(), None);
        assert!(read(place, Some("x")).unwrap_err().to_string().contains("not sealed"));
        seal(place, delivered(), None).unwrap();
        assert!(read(place, Some("x")).unwrap_err().to_string().contains("not signed"));
        let sealed = read(place, None).unwrap().unwrap();
        assert!(said(check(place, &sealed, [])).contains("it is not there"));
        fs::write(place.join("a.csv"), "x\n1").unwrap();
        let digest = "d".repeat(64);
        let check = |facts: (&str, u64, u64, &str)| check(place, &sealed, [facts]);
        check(("a.csv", 3, 1, &digest)).unwrap();
        assert!(said(check(("b.csv", 3, 1, &digest))).contains("not in the seal"));
        assert!(said(check(("a.csv", 4, 1, &digest))).contains("4 bytes"));
        assert!(said(check(("a.csv", 3, 2, &digest))).contains("2 rows"));
        assert!(said(check(("a.csv", 3, 1, "e"))).contains("altered"));
        let key = place.join("key");
        new_key(&key).unwrap();
        seal(place, delivered(), Some(&key)).unwrap();
        assert!(read(place, Some("x")).unwrap_err().to_string().contains("another key"));
        // It does not lose its signature in passing.
        let signed = fs::read(place.join(DELIVERY)).unwrap();
        assert_eq!(seal(place, delivered(), None).unwrap_err().kind(), Kind::Usage);
        assert_eq!(fs::read(place.join(DELIVERY)).unwrap(), signed);
        seal(place, delivered(), Some(&key)).unwrap();
        // Nor does it become another's, or hide that it does not hold any more.
        let other = place.join("other");
        new_key(&other).unwrap();
        assert_eq!(seal(place, delivered(), Some(&other)).unwrap_err().kind(), Kind::Usage);
        let mut altered = delivered();
        altered[0].digest = "e".repeat(64);
        assert_eq!(seal(place, altered, Some(&key)).unwrap_err().kind(), Kind::Verification);
        assert_eq!(fs::read(place.join(DELIVERY)).unwrap(), signed);
    }
}
