//! What is written to the log, and what when the program itself is at fault?
//!
//! Only our own messages are logged, never those of libraries, which may repeat a value. Without `-v`, a terminal shows
//! a progress bar and warnings; where nobody watches, each stage leaves a line.

use std::io::{IsTerminal, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use super::args::{Global, LogFormat};

/// Does a bar show the progress?
pub(super) fn shows_bar(global: &Global) -> bool {
    let plain = global.log_format == LogFormat::Text && global.verbose == 0;
    plain && !global.quiet && stderr().is_terminal()
}

/// Starts the log on stderr.
pub(super) fn begin(global: &Global) {
    let level = match global.verbose {
        _ if global.quiet => LevelFilter::ERROR,
        0 if shows_bar(global) => LevelFilter::WARN,
        0 => LevelFilter::INFO,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr).with_target(false);
    let log = tracing_subscriber::registry();
    // A second start (in a test) is no failure: the first log goes on.
    let _ = match global.log_format {
        LogFormat::Json => log.with(lines.json().with_filter(ours)).try_init(),
        LogFormat::Text => log.with(lines.with_ansi(stderr().is_terminal()).with_filter(ours)).try_init(),
    };
}

/// A panic's payload may hold a value; only its place is printed.
pub(super) fn hide_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let of_library = |part: &str| panic.location().is_some_and(|place| place.file().contains(part));
        if of_library("library/std/src/thread/") {
            super::screen::complain("rollcall: the system gives no more threads");
            return;
        }
        if of_library("/stack_overflow.rs") {
            // A thread that was begun found no memory for the stack of its signal handlers; the language aborts.
            crate::memory::note_refusal();
            return;
        }
        let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        super::screen::complain(&format!("rollcall: a fault of the program{place}; please report it"));
    }));
}
