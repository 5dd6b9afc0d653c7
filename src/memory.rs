//! What becomes of the program when the system gives no memory?
//!
//! Takes the allocator (mimalloc), gives the same, but it remembers that memory was refused. The language ends a program
//! that cannot go on without by SIGABRT; where that is why, the signal becomes exit status 6, with a word on what can be
//! done. Any other abort stays one.
//!
//! The only code of this program that the compiler cannot check (`unsafe`): an allocator and a signal handler cannot be had
//! without. The handler does no more than the system allows in one: it reads a flag, writes to stderr, and ends.

#![allow(unsafe_code, reason = "an allocator and a signal handler cannot be had without")]

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, Ordering};

use mimalloc::MiMalloc;

/// Was memory ever refused?
static REFUSED: AtomicBool = AtomicBool::new(false);

/// The allocator that remembers.
pub struct Watched;

fn watched(memory: *mut u8) -> *mut u8 {
    if memory.is_null() {
        REFUSED.store(true, Ordering::Relaxed);
    }
    memory
}

// SAFETY: every request goes to mimalloc as it comes, and its answer goes back as it is.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are mimalloc's terms.
        watched(unsafe { MiMalloc.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        watched(unsafe { MiMalloc.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        watched(unsafe { MiMalloc.realloc(memory, layout, size) })
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { MiMalloc.dealloc(memory, layout) }
    }
}

/// From now on, an abort for want of memory is exit status 6. Where signals cannot be caught, it stays an abort.
pub fn end_in_order() {
    #[cfg(unix)]
    {
        // SAFETY: the handler does nothing but what may be done in one (see above).
        let _ = unsafe { signal_hook::low_level::register(signal_hook::consts::SIGABRT, on_abort) };
    }
}

#[cfg(unix)]
fn on_abort() {
    const SAID: &[u8] = b"rollcall: the system gives no more memory\n  \
        hint: allow more (`ulimit -v`, the container's limit), take fewer threads (--threads), or use a larger machine\n";
    /// Out of space, memory, or an I/O failure.
    const STATUS: i32 = 6;
    if REFUSED.load(Ordering::Relaxed) {
        // Nobody to tell is no reason to stay.
        let _ = rustix::io::write(rustix::stdio::stderr(), SAID);
        signal_hook::low_level::exit(STATUS);
    }
}
