//! What is written to the log, and what when the program itself is at fault?
//!
//! Only our own messages are logged, never those of libraries, which may repeat a value. Without `-v`, a terminal shows
//! a progress bar and warnings; where nobody watches, each stage leaves a line.

use std::ffi::OsStr;
use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use super::args::{Global, LogFormat};
use super::screen;
use crate::error::Kind;

/// Has a log of JSON been asked for? Then nothing but JSON comes to stderr.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// Are only results and errors wanted?
static IS_QUIET: AtomicBool = AtomicBool::new(false);

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
    IS_JSON.store(global.log_format == LogFormat::Json, Ordering::Relaxed);
    IS_QUIET.store(global.quiet, Ordering::Relaxed);
    // A second start (in a test) is no failure: the first log goes on.
    let _ = match global.log_format {
        LogFormat::Json => log.with(lines.json().with_filter(ours)).try_init(),
        LogFormat::Text => log.with(lines.with_ansi(is_coloured()).with_filter(ours)).try_init(),
    };
}

/// Do colours come to a terminal that shows them, and to a person who wants them?
fn is_coloured() -> bool {
    let variable = |name: &str| std::env::var_os(name);
    stderr().is_terminal() && wants_colours(variable("NO_COLOR").as_deref(), variable("TERM").as_deref())
}

/// By the usual variables: see <https://no-color.org>.
fn wants_colours(no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    no_color.is_none_or(OsStr::is_empty) && term.is_none_or(|term| term != "dumb")
}

/// Says what decides the exit status: to a person as plain text, to a machine as a line of the log.
pub(super) fn complain(kind: Kind, what: &str) {
    if IS_JSON.load(Ordering::Relaxed) {
        tracing::error!(exit_status = kind.exit_status(), "{what}");
    } else {
        screen::complain(&format!("rollcall: {what}"));
    }
}

/// Says beside a result what was done on the way to it: to a person as plain text, also where no log is shown.
pub(super) fn tell(what: &str) {
    if IS_JSON.load(Ordering::Relaxed) {
        tracing::info!("{what}");
    } else if !IS_QUIET.load(Ordering::Relaxed) {
        screen::complain(what);
    }
}

/// What no log can be asked to say any more: it may be what failed.
fn complain_at_last(what: &str) {
    let line = format!("rollcall: {what}");
    if IS_JSON.load(Ordering::Relaxed) {
        let fields = serde_json::json!({ "message": line });
        screen::complain(&serde_json::json!({ "level": "ERROR", "fields": fields }).to_string());
    } else {
        screen::complain(&line);
    }
}

/// A panic's payload may hold a value; only its place is printed.
pub(super) fn hide_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let of_library = |part: &str| panic.location().is_some_and(|place| place.file().contains(part));
        if of_library("library/std/src/thread/") {
            complain_at_last("the system gives no more threads");
            return;
        }
        if of_library("/stack_overflow.rs") {
            // A thread that was begun found no memory for the stack of its signal handlers; the language aborts.
            crate::memory::note_refusal();
            return;
        }
        let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        complain_at_last(&format!("a fault of the program{place}; please report it"));
    }));
}

#[cfg(test)]
mod tests {
    use super::wants_colours;
    use std::ffi::OsStr;

    #[test]
    fn who_wants_no_colours_gets_none() {
        let wants =
            |no_color: Option<&str>, term: Option<&str>| wants_colours(no_color.map(OsStr::new), term.map(OsStr::new));
        assert!(wants(None, None) && wants(None, Some("xterm-256color")) && wants(Some(""), Some("xterm")));
        assert!(!wants(Some("1"), Some("xterm")) && !wants(None, Some("dumb")) && !wants(Some("0"), None));
    }
}
