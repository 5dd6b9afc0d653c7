//! Where does memory come from, and what becomes of the program when there is no more?
//!
//! Takes the allocator (mimalloc) and what a run may hold ([`plan`]), gives memory. A run that may hold less than it
//! needs has its large pieces in a nameless file ([`scratch`]), of which no more is in memory than it may hold
//! ([`keeper`]); one that may hold all it needs keeps what it frees for a while ([`freed`]), and a small one is given
//! small pages ([`pages`]). The allocator remembers that memory was refused: the language ends a program that cannot go
//! on without by SIGABRT; where that is why, the signal becomes exit status 6, with a word on what can be done. So it
//! does where the system has none left for anybody. Any other abort stays one.
//!
//! The only code of this program that the compiler cannot check (`unsafe`): an allocator and its options, a flag of the
//! process, memory that lies in a file, and a signal handler cannot be had without. A handler does no more than the
//! system allows in one: it reads a flag, asks the system for memory, writes to stderr, and ends.

#![allow(unsafe_code, reason = "an allocator, memory that lies in a file, and a signal handler cannot be had without")]

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, Ordering};

use mimalloc::MiMalloc;

pub mod freed;
#[deny(unsafe_code)]
mod keeper;
mod pages;
#[deny(unsafe_code)]
pub mod plan;
#[cfg_attr(not(target_os = "linux"), path = "no_scratch.rs")]
mod scratch;

use scratch::Scratch;

/// Is [`Watched`] this program's allocator?
static IN_CHARGE: AtomicBool = AtomicBool::new(false);

/// Was memory ever refused?
static REFUSED: AtomicBool = AtomicBool::new(false);

/// The allocator that remembers, and that lets large pieces lie in a file.
pub struct Watched;

/// Somebody else than the allocator was refused memory: the abort that follows is for want of it.
pub fn note_refusal() {
    REFUSED.store(true, Ordering::Relaxed);
}

fn watched(memory: *mut u8) -> *mut u8 {
    if memory.is_null() {
        note_refusal();
    }
    memory
}

// SAFETY: every request goes to mimalloc or to the scratch file, and the answer goes back as it is; what came from the
// one goes back to the one.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if let Some(scratch) = scratch::of(layout.size()) {
            return watched(scratch.take(layout));
        }
        // SAFETY: the caller's promises are mimalloc's terms.
        watched(unsafe { MiMalloc.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if let Some(scratch) = scratch::of(layout.size()) {
            return watched(scratch.take(layout));
        }
        // SAFETY: as above.
        watched(unsafe { MiMalloc.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if let Some(scratch) = scratch::of(layout.size().max(size)) {
            // SAFETY: the caller's promises.
            return watched(unsafe { resize(scratch, memory, layout, size) });
        }
        // SAFETY: as above.
        watched(unsafe { MiMalloc.realloc(memory, layout, size) })
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises.
        if scratch::of(layout.size()).is_some_and(|scratch| unsafe { scratch.give_back(memory) }) {
            return;
        }
        // SAFETY: as above.
        unsafe { MiMalloc.dealloc(memory, layout) }
    }
}

/// Changes the size of a piece that lies in the file, or will, or did.
///
/// # Safety
/// As of [`GlobalAlloc::realloc`].
unsafe fn resize(scratch: &Scratch, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
    // SAFETY: the caller's promises.
    if scratch::of(size).is_some()
        && let Some(resized) = unsafe { scratch.resize(memory, size) }
    {
        return resized;
    }
    // SAFETY: the caller promises a size that is not none and does not overflow with this alignment.
    let new = unsafe { Watched.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
    if !new.is_null() {
        // SAFETY: the pieces are two, and each is at least as long.
        unsafe { std::ptr::copy_nonoverlapping(memory, new, layout.size().min(size)) };
        // SAFETY: the caller's promises; the former piece is out of use.
        unsafe { Watched.dealloc(memory, layout) };
    }
    new
}

/// For the program of which [`Watched`] is the allocator, as it starts: an abort for want of memory is exit status 6,
/// and a file that may not grow is an error of whoever writes it, not the end of the program with half a file left.
/// Where signals cannot be caught, both stay what they are.
pub fn take_charge() {
    IN_CHARGE.store(true, Ordering::Relaxed);
    #[cfg(unix)]
    {
        // SAFETY: the handler does nothing but what may be done in one (see above).
        let _ = unsafe { signal_hook::low_level::register(signal_hook::consts::SIGABRT, on_abort) };
        // SAFETY: the handler does nothing. (A signal that is ignored would be so in the decoders, too.)
        let _ = unsafe { signal_hook::low_level::register(signal_hook::consts::SIGXFSZ, || ()) };
    }
}

#[cfg(unix)]
fn on_abort() {
    if REFUSED.load(Ordering::Relaxed) || !is_any_left() {
        end(b"rollcall: the system gives no more memory\n  \
            hint: allow more (`ulimit -v`, the container's limit), take fewer threads (--threads), or use a larger machine\n");
    }
    // Somebody else sent it, or it is a fault: then it ends the program, as it would without this handler.
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGABRT);
}

/// Does the system give any memory yet? Whoever aborts where it gives none (the C library, when a thread begins) most
/// likely does so for want of it.
#[cfg(unix)]
fn is_any_left() -> bool {
    use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
    /// As much as a thread asks for at a time.
    const BYTES: usize = 256 << 10;
    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: new memory, wherever the system likes, that nobody is told of, and that goes back at once.
    unsafe {
        let given = mmap_anonymous(std::ptr::null_mut(), BYTES, access, MapFlags::PRIVATE);
        given.is_ok_and(|memory| munmap(memory, BYTES).is_ok())
    }
}

/// Ends the program at once, from a handler or from the allocator.
#[cfg(unix)]
fn end(said: &[u8]) -> ! {
    /// Out of space, memory, or an I/O failure.
    const STATUS: i32 = 6;
    // Nobody to tell is no reason to stay.
    let _ = rustix::io::write(rustix::stdio::stderr(), said);
    signal_hook::low_level::exit(STATUS)
}
