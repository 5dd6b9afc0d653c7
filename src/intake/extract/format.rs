//! Which format is a file of?
//!
//! Takes a path, gives the format that its ending promises, held against its first bytes: what a file is not is said
//! with what it looks like.

use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::input;
use crate::error::{Error, Result};

/// The formats of extracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum FormatName {
    Parquet,
    Csv,
    Xlsx,
}

/// The format that the ending promises, if the first bytes agree; without a known ending, the first bytes decide.
pub(super) fn format_of(path: &Path) -> Result<FormatName> {
    let mut start = Vec::new();
    let file = input::open(path)?;
    file.take(4096).read_to_end(&mut start).map_err(|error| Error::io(path, &error))?;
    let looks = looks_like(&start);
    let Some((promised, name)) = promised_format(path) else {
        return match looks {
            "Parquet" => Ok(FormatName::Parquet),
            "a zip archive or XLSX workbook" => Ok(FormatName::Xlsx),
            "text" => Ok(FormatName::Csv),
            _ => Err(wrong_format(path, "Parquet, CSV or XLSX", looks)),
        };
    };
    let agrees = match promised {
        FormatName::Parquet => looks == "Parquet",
        FormatName::Csv => looks == "text",
        FormatName::Xlsx => looks == "a zip archive or XLSX workbook",
    };
    if agrees { Ok(promised) } else { Err(wrong_format(path, name, looks)) }
}

/// The format that the ending of a file promises, and its name.
fn promised_format(path: &Path) -> Option<(FormatName, &'static str)> {
    let ending = path.extension()?.to_string_lossy().to_lowercase();
    match ending.as_str() {
        "parquet" | "pq" => Some((FormatName::Parquet, "Parquet")),
        "csv" | "tsv" | "txt" => Some((FormatName::Csv, "CSV")),
        "xlsx" => Some((FormatName::Xlsx, "XLSX")),
        _ => None,
    }
}

/// Does a file end like one that a study can name, though perhaps not one that a folder means (.txt, .tsv, .pq)?
#[must_use]
pub fn can_be_named(path: &Path) -> bool {
    let is_hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with(['.', '~']));
    !is_hidden && promised_format(path).is_some()
}

fn wrong_format(path: &Path, expected: &str, looks: &str) -> Error {
    let hint = match looks {
        "encrypted Parquet" => "ask the sender for a file without encryption",
        "UTF-16 text" => "save it as UTF-8",
        "an old Excel or an encrypted workbook" => "save it as .xlsx without a password, or as CSV",
        "text" => "give a CSV file the ending .csv",
        "a zip archive or XLSX workbook" => "give a workbook the ending .xlsx",
        "Parquet" => "give it the ending .parquet",
        _ => "ask the sender for the file again, as Parquet or CSV",
    };
    Error::input(format!("is not {expected}: it looks like {looks}")).at_file(path).hint(hint)
}

/// What a file's first bytes look like.
fn looks_like(start: &[u8]) -> &'static str {
    const KNOWN: [(&[u8], &str); 12] = [
        (b"PAR1", "Parquet"),
        (b"PARE", "encrypted Parquet"),
        (b"PK\x03\x04", "a zip archive or XLSX workbook"),
        (b"\xd0\xcf\x11\xe0", "an old Excel or an encrypted workbook"),
        (b"\xff\xfe", "UTF-16 text"),
        (b"\xfe\xff", "UTF-16 text"),
        (b"\x1f\x8b", "a gzip file"),
        (b"\x28\xb5\x2f\xfd", "a zstd file"),
        (b"ARROW1", "an Arrow (Feather) file"),
        (b"SQLite format 3", "an SQLite database"),
        (b"%PDF", "a PDF document"),
        (b"ORC", "an ORC file"),
    ];
    match KNOWN.iter().find(|(magic, _)| start.starts_with(magic)) {
        Some((_, name)) => name,
        None if start.iter().filter(|byte| **byte == 0).count() * 8 > start.len() => "binary data",
        None => "text",
    }
}
