//! The command door: arguments in, exit status out.

use std::process::ExitCode;

/// Texts of millions of rows come and go in small pieces; the allocator of the system spends a tenth of a run on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    rollcall::cli::main()
}
