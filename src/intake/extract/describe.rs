//! What is in a file, for whoever sends it?
//!
//! Takes a file without any study, gives its size, rows, digest and columns, after every row of it has been decoded
//! once: what is sealed can also be read.

use std::path::Path;

use super::{Extract, ExtractFile, Terms, cell, format_of, open_file, opened};
use crate::error::Result;
use crate::intake::study::{Encoding, Limits};

/// A file and its columns.
#[derive(Debug, Clone)]
pub struct Description {
    /// Size, rows, digest.
    pub file: ExtractFile,
    /// The flat columns: name, and what the column holds.
    pub columns: Vec<(String, String)>,
}

/// Looks through a whole file.
///
/// # Errors
/// An input error if any of it cannot be read.
pub fn describe(path: &Path) -> Result<Description> {
    let terms = Terms { limits: Limits::default(), encoding: Encoding::Detect, offset_seconds: 0 };
    super::facts(path)?;
    let names = opened(&terms, format_of(path)?, path, &[])?.0.names;
    let (file, opened) = open_file(&terms, path, &names)?;
    let holds = |at: usize| match opened.classes.get(at) {
        Some(class) => class.clone().unwrap_or_else(|| String::from("nothing")),
        None => cell::TEXT.to_owned(),
    };
    let columns = names.iter().enumerate().map(|(at, name)| (name.clone(), holds(at))).collect();
    let (rows, chunks, forms) = (opened.rows, opened.chunks, vec![opened.form]);
    let extract = Extract { source: 0, files: vec![file], columns: names, rows, chunks, forms };
    for chunk in 0..extract.chunk_count() {
        extract.read_with(&terms, chunk)?;
    }
    let [file] = <[ExtractFile; 1]>::try_from(extract.files).map_err(|_| super::changed(path))?;
    Ok(Description { file, columns })
}
