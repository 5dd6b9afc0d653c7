//! How is a key made that signs audit logs?

use std::process::ExitCode;

use super::args::{Key, KeyCommand};
use super::screen::show;
use crate::audit::checkpoint;
use crate::error::Result;

/// Makes a key; prints the public one, which auditors keep.
pub(super) fn key(asked: &Key) -> Result<ExitCode> {
    let KeyCommand::New { file } = &asked.what;
    let public = checkpoint::new_key(file)?;
    show(&format!("{public}\n"))?;
    Ok(ExitCode::SUCCESS)
}
