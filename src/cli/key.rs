//! How is a key made that signs audit logs?

use std::process::ExitCode;

use super::args::{Key, KeyCommand};
use super::destination;
use super::screen::show;
use crate::audit::{checkpoint, publication};
use crate::error::Result;

/// Makes a key; prints the public one, which auditors keep.
pub(super) fn key(asked: &Key) -> Result<ExitCode> {
    let KeyCommand::New { file } = &asked.what;
    publication::refuse_inside_any(file)?;
    destination::check_folder(file)?;
    let public = checkpoint::new_key(file)?;
    show(&format!("{public}\n"))?;
    Ok(ExitCode::SUCCESS)
}
