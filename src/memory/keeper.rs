//! How does a process hold no more memory than it may?
//!
//! Takes a bound and the scratch file, gives a thread that looks at what the process holds and lets go of parts of the
//! file, in turn, when that comes near to the bound. A part that is in use is back at once: as a rule it still lies in
//! the system's own cache, which shrinks when others need the room.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use std::{fs, io};

use super::scratch::Scratch;

/// What may be held, in bytes; the last that was asked for.
static BOUND: AtomicU64 = AtomicU64::new(u64::MAX);
/// How long the process is left alone when it holds little, and when it holds much: a thread maps hundreds of mebibytes
/// of what is in the system's cache in a hundredth of a second.
const SELDOM: Duration = Duration::from_millis(10);
const OFTEN: Duration = Duration::from_micros(500);

/// Keeps what this process holds below so many bytes, as far as the file bears on it.
///
/// # Errors
/// If the system gives no thread.
pub(super) fn keep(scratch: &'static Scratch, bytes: u64) -> io::Result<()> {
    if BOUND.swap(bytes, Ordering::Relaxed) == u64::MAX {
        thread::Builder::new().name(String::from("memory")).spawn(move || watch(scratch))?;
    }
    Ok(())
}

fn watch(scratch: &Scratch) -> ! {
    loop {
        let bound = BOUND.load(Ordering::Relaxed);
        let before = held();
        if before > bound / 8 * 7 {
            lower(scratch, bound / 4 * 3);
        }
        thread::sleep(if before > bound / 2 { OFTEN } else { SELDOM });
    }
}

/// Lets go until no more than this is held, or the round is done.
pub(super) fn lower(scratch: &Scratch, to: u64) {
    let mut rounds = 0;
    while rounds < 2 && held() > to {
        if scratch.let_go() == 0 {
            rounds += 1;
        }
    }
}

/// What this process has in memory, in bytes; none where the system does not say.
fn held() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * page()
}

#[cfg(unix)]
fn page() -> u64 {
    rustix::param::page_size() as u64
}

#[cfg(not(unix))]
fn page() -> u64 {
    0
}
