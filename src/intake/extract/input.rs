//! Through which handle is a file read?
//!
//! Takes a path, gives the open file. A decoder that was handed the one file it is for gives that one, whatever path it
//! is asked for: it may open no other. A disk or a share that fails while a file is read is remembered: libraries do
//! not always pass such errors on, and call the file damaged for it, or leave out a part of it without a word.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::error::{Error, Result};

/// An open file and its size, which is asked of the system once: a confined decoder may not ask again.
#[derive(Debug)]
pub(super) struct Input {
    file: File,
    size: u64,
    path: Arc<Path>,
}

/// The file that this process is a decoder of.
static HANDED: OnceLock<(File, u64)> = OnceLock::new();

/// Files that could not be read, with the system's code.
static FAILED: Mutex<BTreeMap<PathBuf, i32>> = Mutex::new(BTreeMap::new());

/// From now on this is the only file that is read.
pub(super) fn hand_over(file: File) -> std::io::Result<()> {
    let size = file.metadata()?.len();
    HANDED.get_or_init(|| (file, size));
    Ok(())
}

/// Opens a file, from its beginning. A decoder reads its file on one thread: the handles share their place in it.
pub(super) fn open(path: &Path) -> Result<Input> {
    let opened = || -> std::io::Result<Input> {
        let path = Arc::from(path);
        if let Some((handed, size)) = HANDED.get() {
            let mut file = handed.try_clone()?;
            file.rewind()?;
            return Ok(Input { file, size: *size, path });
        }
        let file = File::open(&path)?;
        let size = file.metadata()?.len();
        Ok(Input { file, size, path })
    };
    opened().map_err(|error| Error::io(path, &error))
}

/// What a library made of a file, unless any of it could not be read: then that is the error.
pub(super) fn blame<T>(path: &Path, result: Result<T>) -> Result<T> {
    let failed = FAILED.lock().ok().and_then(|mut failed| failed.remove(path));
    failed.map_or(result, |code| Err(Error::io(path, &std::io::Error::from_raw_os_error(code))))
}

impl Input {
    /// Size of the file, in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Everything in it.
    pub(super) fn read_all(mut self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// This file, from a place in it.
    fn from(&self, start: u64) -> std::io::Result<Input> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(Input { file, size: self.size, path: Arc::clone(&self.path) })
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        #[cfg(test)]
        let count = failing::next(&self.path).and_then(|()| self.file.read(buffer));
        #[cfg(not(test))]
        let count = self.file.read(buffer);
        if let Some(code) = count.as_ref().err().and_then(std::io::Error::raw_os_error)
            && let Ok(mut failed) = FAILED.lock()
        {
            failed.insert(self.path.to_path_buf(), code);
        }
        count
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

impl Length for Input {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for Input {
    type T = BufReader<Input>;

    fn get_read(&self, start: u64) -> std::result::Result<Self::T, ParquetError> {
        Ok(BufReader::new(self.from(start)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> std::result::Result<bytes::Bytes, ParquetError> {
        // A footer may ask for more than there is: not even the room for it is made.
        if start.checked_add(length as u64).is_none_or(|end| end > self.size) {
            return Err(ParquetError::EOF(String::from("a part lies beyond the end of the file")));
        }
        let mut bytes = Vec::with_capacity(length);
        self.from(start)?.take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() == length {
            Ok(bytes.into())
        } else {
            Err(ParquetError::EOF(String::from("the file ends too early")))
        }
    }
}

#[cfg(test)]
pub(super) mod failing {
    //! A disk that fails: for a test's own file, one request to read, or all from then on.

    use std::path::{Path, PathBuf};
    use std::sync::Mutex;

    struct Plan {
        path: PathBuf,
        /// Requests that still succeed.
        good: u64,
        /// Fails the one after them alone?
        only_once: bool,
        failed: bool,
    }

    static PLAN: Mutex<Option<Plan>> = Mutex::new(None);

    pub(in super::super) fn plan(path: &Path, good: u64, only_once: bool) {
        *PLAN.lock().unwrap() = Some(Plan { path: path.to_path_buf(), good, only_once, failed: false });
    }

    /// Did a request fail? None will any more.
    pub(in super::super) fn end() -> bool {
        PLAN.lock().unwrap().take().is_some_and(|plan| plan.failed)
    }

    pub(super) fn next(path: &Path) -> std::io::Result<()> {
        let mut plan = PLAN.lock().unwrap();
        let Some(plan) = plan.as_mut().filter(|plan| plan.path == path) else { return Ok(()) };
        if plan.good > 0 || (plan.failed && plan.only_once) {
            plan.good = plan.good.saturating_sub(1);
            return Ok(());
        }
        plan.failed = true;
        Err(std::io::Error::from_raw_os_error(5))
    }
}
