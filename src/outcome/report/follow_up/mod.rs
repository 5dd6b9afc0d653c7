//! What does a field team carry?
//!
//! Two files per area, of the same cases in the same order: [`xlsx`] to fill in on a computer or print, [`html`] to
//! print or to read on a telephone. File names hold the area code and nothing else.

pub mod html;
pub mod xlsx;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use super::cases::{AreaList, file_name, short_digest};
use super::words::{Words, field};
use crate::error::Result;
use crate::intake::study::Language;
use crate::outcome::coverage::UNKNOWN_AREA;
use crate::whole_file;

/// What stands at the head of every list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Language of all texts.
    pub language: Language,
    /// Name of the study.
    pub study: String,
    /// Year, month and day of the reference time.
    pub reference: (u16, u8, u8),
    /// The team that gets the list; empty if it is not known yet.
    pub team: String,
}

/// Where the lists of a run lie, in its folder.
pub const FOLDER: &str = "follow-up";

/// How a file gets its bytes: [`whole_file::put`], or [`whole_file::write_for_owner`] where nobody looks yet.
pub type Put = fn(&Path, &[u8]) -> Result<()>;

/// Writes both files of every area into a folder; gives the paths in the order of the areas.
///
/// # Errors
/// If a file cannot be written.
pub fn write(heading: &Heading, lists: &[AreaList], folder: &Path, put: Put) -> Result<Vec<PathBuf>> {
    write_as(heading, lists, folder, "", put, &|_, list| Ok(list))
}

/// What becomes of a file of an area (its code, the bytes) before it is written.
pub type Lock<'a> = dyn Fn(&str, Vec<u8>) -> Result<Vec<u8>> + Sync + 'a;

/// Like [`write()`], through `lock`, which gives the bytes that are written; names end with `ending`. Nothing else of
/// the lists is written anywhere.
///
/// # Errors
/// If `lock` fails or a file cannot be written.
pub fn write_as(
    heading: &Heading,
    lists: &[AreaList],
    folder: &Path,
    ending: &str,
    put: Put,
    lock: &Lock<'_>,
) -> Result<Vec<PathBuf>> {
    whole_file::folder(folder)?;
    // Some file systems hold A1 and a1 to be one name.
    let mut of_name: BTreeMap<String, usize> = BTreeMap::new();
    lists.iter().for_each(|list| *of_name.entry(file_name(&list.area).to_lowercase()).or_default() += 1);
    let name = |area: &str| match file_name(area) {
        name if of_name.get(&name.to_lowercase()) == Some(&1) => name,
        name => format!("{name}-{}", short_digest(area)),
    };
    let write = |list: &AreaList| {
        let name = name(&list.area);
        let paths = ["xlsx", "html"].map(|form| folder.join(format!("{name}.{form}{ending}")));
        put(&paths[0], &lock(&list.area, xlsx::workbook(heading, list)?)?)?;
        put(&paths[1], &lock(&list.area, html::page(heading, list).into_bytes())?)?;
        Ok(paths)
    };
    let write_all = || lists.par_iter().map(write).collect::<Result<Vec<[PathBuf; 2]>>>();
    // A workbook is put together by threads of its library's own, which ours wait for: others go on meanwhile.
    let written = match ThreadPoolBuilder::new().num_threads(2 * rayon::current_num_threads()).build() {
        Ok(waiting) if lists.len() > 1 => waiting.install(write_all),
        _ => write_all(),
    };
    Ok(written?.into_iter().flatten().collect())
}

/// What the code of a list stands for.
fn area_words(list: &AreaList) -> Words {
    let is_division = list.area.bytes().all(|byte| byte.is_ascii_digit());
    match list.area.len() {
        _ if list.area == UNKNOWN_AREA => field::AREA_UNKNOWN,
        _ if !is_division => field::AREA,
        9 => field::TOWNSHIP,
        12 => field::COMMUNITY,
        _ => field::AREA,
    }
}

/// The code as a reader sees it: nothing where the area is unknown.
fn area_code(list: &AreaList) -> &str {
    if list.area == UNKNOWN_AREA { "" } else { &list.area }
}
