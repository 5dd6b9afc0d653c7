//! Through which handle is a file read?
//!
//! Takes a path, gives the open file. A decoder that was handed the one file it is for gives that one, whatever path it
//! is asked for: it may open no other.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::OnceLock;

use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::error::{Error, Result};

/// An open file and its size, which is asked of the system once: a confined decoder may not ask again.
#[derive(Debug)]
pub(super) struct Input {
    file: File,
    bytes: u64,
}

/// The file that this process is a decoder of.
static HANDED: OnceLock<Input> = OnceLock::new();

/// From now on this is the only file that is read.
pub(super) fn hand_over(file: File) -> std::io::Result<()> {
    let bytes = file.metadata()?.len();
    HANDED.get_or_init(|| Input { file, bytes });
    Ok(())
}

/// Opens a file, from its beginning. A decoder reads its file on one thread: the handles share their place in it.
pub(super) fn open(path: &Path) -> Result<Input> {
    let opened = || -> std::io::Result<Input> {
        if let Some(handed) = HANDED.get() {
            let mut file = handed.file.try_clone()?;
            file.rewind()?;
            return Ok(Input { file, bytes: handed.bytes });
        }
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Input { file, bytes })
    };
    opened().map_err(|error| Error::io(path, &error))
}

impl Input {
    /// Size of the file.
    pub(super) fn size(&self) -> u64 {
        self.bytes
    }

    /// Everything in it.
    pub(super) fn read_all(mut self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

impl Length for Input {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Input {
    type T = <File as ChunkReader>::T;

    fn get_read(&self, start: u64) -> std::result::Result<Self::T, ParquetError> {
        self.file.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> std::result::Result<bytes::Bytes, ParquetError> {
        self.file.get_bytes(start, length)
    }
}
