//! stub
use super::*;
#[derive(Debug)]
pub(super) struct Layout;
pub(super) fn open(_: &Study, _: &Source, path: &Path, _: &[String]) -> Result<(Opened, String)> {
    Err(Error::input("csv").at_file(path))
}
pub(super) fn read(_: &Layout, path: &Path, _: &ChunkPlace, _: &[String]) -> Result<Chunk> {
    Err(Error::input("csv").at_file(path))
}
