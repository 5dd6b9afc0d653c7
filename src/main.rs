//! The command door: arguments in, exit status out.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A panic's payload may hold a value; only its place is printed.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        eprintln!("rollcall: a fault of the program{place}; please report it");
    }));
    rollcall::cli::main()
}
