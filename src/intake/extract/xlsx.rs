//! stub
use super::*;
#[derive(Debug)]
pub(super) struct Sheet;
pub(super) fn open(_: &Study, path: &Path, _: &[String]) -> Result<Opened> {
    Err(Error::input("xlsx").at_file(path))
}
pub(super) fn read(_: &Sheet, place: &ChunkPlace) -> Chunk {
    Chunk { file: place.file, first_row: 1, rows: 0, columns: Vec::new(), rejected: Vec::new(), row_numbers: None }
}
