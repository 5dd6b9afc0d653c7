//! For whose eyes is a list?
//!
//! Takes the public keys of those who may read the lists of an area, gives each list encrypted to them in the format of
//! age (age-encryption.org/v1), which `age` and `rage` open with the secret key. Encrypted in memory: a list in the
//! clear never touches the disk.
//!
//! Secret keys are made and kept by the recipients (`age-keygen`); this program never sees one.

use std::path::Path;

use crate::error::{Error, Kind, Result};
use crate::outcome::report::cases::{file_name, is_area};

/// Ending of an encrypted file.
pub const ENDING: &str = "age";

/// Most recipients of one list: each costs its readers time, and a list that so many may read is not one area's.
const RECIPIENTS_MAX: usize = 64;

/// Longest file of recipients, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Who may read the lists of which areas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipients {
    /// The code of an area, or that of a division around areas, and a public key.
    of_areas: Vec<(String, String)>,
}

impl Recipients {
    /// Recipients of all areas, and those that a file names. A line of it is a public key, or the code of an area or of
    /// a division around areas and a public key; `#` begins a remark.
    ///
    /// # Errors
    /// A usage error if a key is none, with its line; an error if the file cannot be read.
    pub fn read(of_all: &[String], file: Option<&Path>) -> Result<Recipients> {
        let mut of_areas = Vec::new();
        for key in of_all {
            lock::check(key).map_err(|what| Error::new(Kind::Usage, what).hint(KEY_HINT))?;
            of_areas.push((String::new(), key.clone()));
        }
        if let Some(path) = file {
            let io = |error: std::io::Error| Error::io(path, &error);
            if std::fs::metadata(path).map_err(io)?.len() > FILE_BYTES_MAX {
                return Err(Error::new(Kind::Usage, "is too long for a file of recipients").at_file(path));
            }
            let text = std::fs::read_to_string(path).map_err(io)?;
            for (line, content) in (1..).zip(text.lines()) {
                let content = content.split('#').next().unwrap_or_default();
                let words: Vec<&str> = content.split_whitespace().collect();
                let (area, key) = match words.as_slice() {
                    [] => continue,
                    [key] => ("", *key),
                    [area, key] if may_be_area(area) => (*area, *key),
                    _ => {
                        let what = "expected a public key, or the code of an area or division and a public key";
                        return Err(Error::new(Kind::Usage, what).at_file(path).at_row(line));
                    }
                };
                lock::check(key)
                    .map_err(|what| Error::new(Kind::Usage, what).at_file(path).at_row(line).hint(KEY_HINT))?;
                of_areas.push((area.to_owned(), key.to_owned()));
            }
        }
        if of_areas.is_empty() {
            let error = Error::new(Kind::Usage, "names no recipient");
            return Err(file.into_iter().fold(error, Error::at_file).hint(KEY_HINT));
        }
        Ok(Recipients { of_areas })
    }

    /// The public keys of those who may read the lists of an area, sorted.
    ///
    /// # Errors
    /// A usage error if nobody may, or too many.
    pub fn of(&self, area: &str) -> Result<Vec<&str>> {
        let may_read = self.of_areas.iter().filter(|(of, _)| is_area(area, of));
        let mut keys: Vec<&str> = may_read.map(|(_, key)| key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        let what = match keys.len() {
            0 => format!("nobody may read the lists of area {}", file_name(area)),
            few if few <= RECIPIENTS_MAX => return Ok(keys),
            many => format!("{many} recipients for area {}, more than {RECIPIENTS_MAX}", file_name(area)),
        };
        Err(Error::new(Kind::Usage, what).hint("give each area the public keys of those who carry its lists"))
    }

    /// A list for those who may read those of an area.
    ///
    /// # Errors
    /// As [`of`](Self::of); an environment error if the system gives no random bytes.
    pub fn encrypt(&self, area: &str, list: &[u8]) -> Result<Vec<u8>> {
        let failed = |()| Error::new(Kind::Environment, "a list could not be encrypted");
        lock::encrypt(&self.of(area)?, list).map_err(failed)
    }
}

/// Is it a code of areas, such as 110101001, EA-01 or 甲片-01, and no key?
fn may_be_area(text: &str) -> bool {
    let is_key = ["age1", "age-secret-key"].iter().any(|key| text.to_ascii_lowercase().starts_with(key));
    !is_key && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
}

const KEY_HINT: &str = "the recipient makes a key with `age-keygen` and sends the public one, which begins with age1";

#[cfg(feature = "encryption")]
mod lock {
    use std::io::Write;
    use std::str::FromStr;

    use age::x25519::Recipient;
    use age::{Encryptor, Recipient as AnyRecipient};

    /// Is it a public key? Else, what is wrong with it, without it: somebody may have given the secret one.
    pub(super) fn check(key: &str) -> Result<(), &'static str> {
        if key.to_ascii_uppercase().starts_with("AGE-SECRET-KEY") {
            return Err("this is a secret key: nobody but its owner should have it; make a new one");
        }
        Recipient::from_str(key).map(|_| ()).map_err(|_| "this is no public key of age")
    }

    pub(super) fn encrypt(keys: &[&str], list: &[u8]) -> Result<Vec<u8>, ()> {
        let recipients = keys.iter().map(|key| Recipient::from_str(key).map_err(drop));
        let recipients = recipients.collect::<Result<Vec<Recipient>, ()>>()?;
        let recipients = recipients.iter().map(|recipient| recipient as &dyn AnyRecipient);
        let mut encrypted = Vec::with_capacity(list.len() + 1024);
        let mut writer =
            Encryptor::with_recipients(recipients).map_err(drop)?.wrap_output(&mut encrypted).map_err(drop)?;
        writer.write_all(list).map_err(drop)?;
        writer.finish().map_err(drop)?;
        Ok(encrypted)
    }
}

#[cfg(not(feature = "encryption"))]
mod lock {
    /// A program without this part takes no key, so that nothing goes out in the clear that should not.
    pub(super) fn check(_: &str) -> Result<(), &'static str> {
        Err("this program was built without encryption: build it with `cargo build --release --features encryption`")
    }

    pub(super) fn encrypt(_: &[&str], _: &[u8]) -> Result<Vec<u8>, ()> {
        Err(())
    }
}

#[cfg(all(test, feature = "encryption"))]
mod tests {
    use std::io::Read;

    use age::x25519::Identity;

    use super::Recipients;
    use crate::error::Kind;

    /// What somebody with this key reads.
    fn opened(encrypted: &[u8], identity: &Identity) -> Option<Vec<u8>> {
        let decryptor = age::Decryptor::new(encrypted).ok()?;
        let mut list = Vec::new();
        decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)).ok()?.read_to_end(&mut list).ok()?;
        Some(list)
    }

    #[test]
    fn those_of_an_area_read_its_list_and_nobody_else() {
        let [office, east, west] = [(); 3].map(|()| Identity::generate());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recipients.txt");
        let text = format!("# teams\n110101001 {}\n\n110101002 {} # the west\n", east.to_public(), west.to_public());
        std::fs::write(&file, text).unwrap();
        let recipients = Recipients::read(&[office.to_public().to_string()], Some(&file)).unwrap();
        let list = b"what is in the list".repeat(10_000);
        let encrypted = recipients.encrypt("110101001001", &list).unwrap();
        assert!(!encrypted.windows(12).any(|part| part == b"what is in t"));
        assert_eq!(opened(&encrypted, &office).as_deref(), Some(&list[..]));
        assert_eq!(opened(&encrypted, &east).as_deref(), Some(&list[..]));
        assert_eq!(opened(&encrypted, &west), None);
        let mut changed = encrypted.clone();
        let at = changed.len() / 2;
        changed[at] ^= 1;
        assert_eq!(opened(&changed, &east), None, "a changed list is no list");
        for part in [encrypted.len() - 1, at] {
            assert_eq!(opened(&encrypted[..part], &east), None, "nor is a part of one");
        }
        assert_ne!(recipients.encrypt("110101001001", &list).unwrap(), encrypted, "no key is used twice");
    }

    #[test]
    fn an_area_that_nobody_may_read_is_an_error_and_so_is_what_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recipients.txt");
        let east = Identity::generate().to_public().to_string();
        std::fs::write(&file, format!("110101001 {east}\n")).unwrap();
        let recipients = Recipients::read(&[], Some(&file)).unwrap();
        assert!(recipients.of("110101001005").is_ok());
        let error = recipients.encrypt("110101002", b"list").unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.to_string().contains("110101002"), "{error}");
        let secret = "AGE-SECRET-KEY-1QQQQQQQQQQ";
        let of_roll = format!("110101001 {east}\nEA-1 {east}\nEA-01 {east}\n甲片-01 {east}\n");
        std::fs::write(&file, of_roll).unwrap();
        let recipients = Recipients::read(&[], Some(&file)).unwrap();
        assert!(recipients.of("EA-01").is_ok() && recipients.of("甲片-01").is_ok());
        // Whoever may read EA-1 may not read EA-10.
        assert!(recipients.of("EA-1").is_ok() && recipients.of("EA-10").is_err() && recipients.of("甲片-012").is_err());
        // What was taken for a code may be a name.
        let error = recipients.of("张三").unwrap_err().to_string();
        assert!(error.contains("area-") && !error.contains("张三"), "{error}");
        for (text, words) in [
            ("110101001 age1nonsense\n", "no public key"),
            ("age1x age1y\n", "expected a public key"),
            ("110101001 110101002 age1x\n", "expected a public key"),
            ("../evil age1x\n", "expected a public key"),
            ("# nobody\n", "names no recipient"),
            (secret, "secret key"),
        ] {
            std::fs::write(&file, text).unwrap();
            let error = Recipients::read(&[], Some(&file)).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("recipients.txt"), "{text}: {error}");
            assert!(!error.contains("QQQQ"), "a secret key is not shown: {error}");
        }
    }
}
