//! What has an interrupted run already worked out?
//!
//! Takes a key that stands for everything a stage's result depends on, gives a [`Stage`]: a file that nobody else may
//! read, in a hidden folder of the run's own, with a digest over key and content. The next run takes the content up if
//! it has the same key; whatever else is found there, of other inputs, another program, cut off or damaged, is left
//! aside with a word in the log, and costs the stage once more. It need not be brought to the disk: what the disk did
//! not get in time is found by the digest.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Hidden folder of what an unfinished run worked out.
pub const STAGES: &str = ".rollcall-stages";

/// Stands at the beginning of every file; changes when the form of what follows does.
const HEADING: &[u8] = b"rollcall stage 1\n";

/// Bytes of a key and of a digest.
const DIGEST_BYTES: usize = 32;

/// Where the result of one stage is kept until the run is whole.
#[derive(Debug)]
pub struct Stage {
    path: PathBuf,
    key: [u8; DIGEST_BYTES],
}

impl Stage {
    /// The place of a stage of a run into this folder. `depends_on` is all that its result depends on, as a text.
    #[must_use]
    pub fn new(folder: &Path, name: &str, depends_on: &str) -> Stage {
        Stage { path: folder.join(STAGES).join(name), key: Sha256::digest(depends_on.as_bytes()).into() }
    }

    /// What an interrupted run kept under the same key; what cannot be taken up is removed.
    #[must_use]
    pub fn take_up(&self) -> Option<Vec<u8>> {
        if fs::symlink_metadata(&self.path).is_err() {
            return None;
        }
        match self.read() {
            Ok(content) => {
                tracing::info!(bytes = content.len(), "an interrupted run had come further: its work is taken up");
                Some(content)
            }
            Err(why) => {
                tracing::warn!(why, "what an interrupted run had worked out is not used: this run begins at the start");
                self.forget();
                None
            }
        }
    }

    fn read(&self) -> Result<Vec<u8>, &'static str> {
        let mut bytes = open(&self.path)?;
        let end = bytes.len().checked_sub(DIGEST_BYTES).ok_or("it is cut off")?;
        let digest = Sha256::digest(bytes.get(..end).unwrap_or_default());
        if bytes.get(end..) != Some(&digest[..]) {
            return Err("it is damaged or cut off");
        }
        let key = bytes.strip_prefix(HEADING).and_then(|rest| rest.get(..DIGEST_BYTES)).ok_or("it has another form")?;
        if *key != self.key {
            return Err("it is of other inputs, another study or another program");
        }
        bytes.truncate(end);
        bytes.drain(..HEADING.len() + DIGEST_BYTES);
        Ok(bytes)
    }

    /// Keeps what `write` writes. That it cannot be kept is no reason to end the run.
    pub fn keep(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        match self.write(write) {
            Ok(bytes) => tracing::debug!(bytes, "kept, should the run be interrupted"),
            Err(error) => {
                tracing::warn!(
                    "the work so far cannot be kept ({}): if interrupted, the run begins again",
                    error.kind()
                );
                self.forget();
            }
        }
    }

    fn write(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<u64> {
        let (Some(folder), hidden) = (self.path.parent(), self.path.with_extension("part")) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        // Whatever stands there is left over; what is not a folder of ours goes, too.
        remove(folder)?;
        super::publication::private(false).create(folder)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = BufWriter::with_capacity(1 << 20, options.open(&hidden)?);
        let mut digested = Digested { inner: file, digest: Sha256::new(), bytes: 0 };
        digested.write_all(HEADING)?;
        digested.write_all(&self.key)?;
        write(&mut digested)?;
        let Digested { inner: mut file, digest, bytes } = digested;
        file.write_all(&digest.finalize())?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?;
        fs::rename(&hidden, &self.path)?;
        Ok(bytes)
    }

    /// Removes what is kept. A failure is no news: it is tried again when the run is whole, and at the latest by the
    /// next.
    pub fn forget(&self) {
        if let Some(folder) = self.path.parent() {
            let _ = remove(folder);
        }
    }
}

/// Removes a folder, a file or a link, if there is one.
///
/// # Errors
/// If it is there and cannot be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(facts) if facts.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The bytes of a file that nobody else can have made or changed: whoever could, could say who is who.
fn open(path: &Path) -> Result<Vec<u8>, &'static str> {
    let unreadable = |_| "it cannot be read";
    let folder = path.parent().ok_or("it cannot be read")?;
    for part in [folder, path] {
        let facts = fs::symlink_metadata(part).map_err(unreadable)?;
        if facts.is_symlink() {
            return Err("it is a symbolic link");
        }
        if !is_private(&facts) {
            return Err("others may have written it");
        }
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let facts = file.metadata().map_err(unreadable)?;
    if !facts.is_file() || !is_private(&facts) {
        return Err("others may have written it");
    }
    let mut bytes = Vec::new();
    // A file of which the size is not to be believed is no reason to end for want of memory.
    bytes.try_reserve_exact(usize::try_from(facts.len()).unwrap_or(usize::MAX)).map_err(|_| "it is too large")?;
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

#[cfg(unix)]
fn is_private(facts: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    /// The permissions of the group and of all others.
    const OTHERS: u32 = 0o077;
    facts.uid() == rustix::process::geteuid().as_raw() && facts.mode() & OTHERS == 0
}

#[cfg(not(unix))]
fn is_private(_: &fs::Metadata) -> bool {
    true
}

/// Writes, and digests what is written.
struct Digested<W> {
    inner: W,
    digest: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Digested<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        self.inner.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::{STAGES, Stage};

    fn kept(folder: &Path, depends_on: &str, content: &[u8]) -> Stage {
        let stage = Stage::new(folder, "linked", depends_on);
        stage.keep(|to| to.write_all(content));
        stage
    }

    #[test]
    fn what_was_kept_is_taken_up_by_the_same_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let stage = kept(folder.path(), "these inputs", b"who is who");
        assert_eq!(stage.take_up().as_deref(), Some(&b"who is who"[..]));
        assert_eq!(stage.take_up().as_deref(), Some(&b"who is who"[..]), "as often as it takes");
        assert_eq!(Stage::new(folder.path(), "linked", "other inputs").take_up(), None);
        assert!(!folder.path().join(STAGES).exists(), "what cannot be used does not lie about");
        assert_eq!(stage.take_up(), None);
    }

    #[test]
    fn no_change_and_no_cut_is_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let stage = kept(folder.path(), "these inputs", b"who is who");
        let path = folder.path().join(STAGES).join("linked");
        let whole = std::fs::read(&path).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, changed).unwrap();
            assert_eq!(stage.read().ok(), None, "bit {bit}");
        }
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(stage.read().ok(), None, "{length} bytes");
        }
        std::fs::write(&path, [&whole[..], b"more"].concat()).unwrap();
        assert_eq!(stage.read().ok(), None);
        std::fs::write(&path, whole).unwrap();
        assert!(stage.read().is_ok());
    }

    #[test]
    #[cfg(unix)]
    fn it_is_private_and_nothing_of_others_is_taken_up() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let stage = kept(folder.path(), "these inputs", b"who is who");
        let path = folder.path().join(STAGES).join("linked");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder.path().join(STAGES)), mode(&path)), (0o700, 0o600));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o660)).unwrap();
        assert_eq!(stage.take_up(), None);
        let elsewhere = kept(&folder.path().join("elsewhere"), "these inputs", b"planted");
        assert_eq!(elsewhere.take_up(), None, "a folder that is not there is not made");
        std::fs::create_dir(folder.path().join("elsewhere")).unwrap();
        let elsewhere = kept(&folder.path().join("elsewhere"), "these inputs", b"planted");
        assert!(elsewhere.take_up().is_some());
        std::os::unix::fs::symlink(folder.path().join("elsewhere").join(STAGES), folder.path().join(STAGES)).unwrap();
        assert_eq!(stage.take_up(), None);
        assert!(elsewhere.take_up().is_some(), "a link is removed, not what it points to");
    }

    #[test]
    fn what_cannot_be_written_is_not_kept_in_part() {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage::new(folder.path(), "linked", "these inputs");
        stage.keep(|to| to.write_all(b"half").and(Err(io::ErrorKind::StorageFull.into())));
        assert!(!folder.path().join(STAGES).exists());
    }
}
