//! How does a shell complete our commands?

use std::process::ExitCode;

use clap::CommandFactory;

use super::args::{Arguments, Completions};
use super::screen::show;
use crate::error::Result;

/// Prints the completions of a shell.
pub(super) fn completions(asked: &Completions) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut Arguments::command(), "rollcall", &mut script);
    show(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
