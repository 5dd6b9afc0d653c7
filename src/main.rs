//! The command door: arguments in, exit status out.

use std::process::ExitCode;

fn main() -> ExitCode {
    rollcall::cli::main()
}
