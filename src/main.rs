//! The command door: arguments in, exit status out.

use std::process::ExitCode;

use rollcall::memory;

/// Texts of millions of rows come and go in small pieces; the allocator of the system spends a tenth of a run on them.
#[global_allocator]
static ALLOCATOR: memory::Watched = memory::Watched;

fn main() -> ExitCode {
    memory::take_charge();
    rollcall::cli::main()
}
