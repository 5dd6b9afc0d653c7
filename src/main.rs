//! The command door: arguments in, exit status out.

mod memory;

use std::process::ExitCode;

/// Texts of millions of rows come and go in small pieces; the allocator of the system spends a tenth of a run on them.
#[global_allocator]
static ALLOCATOR: memory::Watched = memory::Watched;

fn main() -> ExitCode {
    memory::end_in_order();
    rollcall::cli::main()
}
