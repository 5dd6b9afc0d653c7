//! Where do large pieces of memory lie when a run may hold less than it needs?
//!
//! Takes requests for memory, gives pieces of a nameless file that the system maps in: what is not in use can be let
//! go, and comes back from the disk when it is touched again. The same program works over it, so the same bytes come
//! out.
//!
//! A piece keeps its place in the file for good, and room behind it to grow; places are never given twice (the file is
//! mostly holes), so a piece begins with zeros. What is given back becomes a hole again.

use std::alloc::Layout;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ptr::{null_mut, without_provenance_mut};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::fs::{FallocateFlags, fallocate, ftruncate};
use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, MremapFlags, ProtFlags, madvise, mmap, mremap, munmap};

/// The file, once there is one.
static SCRATCH: OnceLock<Scratch> = OnceLock::new();

/// Least piece that lies in the file, in bytes: smaller ones would cost more requests than they spare memory.
const LARGE: usize = 1 << 20;
/// Pieces are let go so many bytes at a time, so that nobody waits long for a piece meanwhile.
const AT_A_TIME: usize = 16 << 20;
/// A page of any system that this is for: places and lengths are multiples of it.
const PAGE: usize = 64 << 10;
/// Pieces begin at a page of the system: no page is smaller.
const ALIGNMENT_MAX: usize = 4 << 10;
/// Room that a piece may grow to before it has to be copied, in lengths.
const ROOM: u64 = 4;

/// The file, and what lies in it.
pub(super) struct Scratch {
    file: File,
    pieces: Mutex<Pieces>,
}

#[derive(Default)]
struct Pieces {
    /// By address.
    live: BTreeMap<usize, Piece>,
    /// Where the file's next place begins.
    free: u64,
    /// Where the file ends.
    end: u64,
    /// Address up to which pieces have been let go in this round.
    hand: usize,
    /// Bytes that lie in the file, and most that ever did.
    lying: u64,
    most: u64,
}

impl Pieces {
    fn count(&mut self, more: usize, less: usize) {
        self.lying = self.lying + more as u64 - less as u64;
        self.most = self.most.max(self.lying);
    }
}

#[derive(Clone, Copy)]
struct Piece {
    length: usize,
    place: u64,
    room: u64,
}

/// The file, if there is one and pieces of this size belong there.
pub(super) fn of(size: usize) -> Option<&'static Scratch> {
    if size < LARGE { None } else { SCRATCH.get() }
}

/// From now on, large pieces lie in this file, which is empty and nobody else's; or still in an earlier one.
///
/// # Errors
/// If the system does not let the program notice that the disk is full.
pub(super) fn lie_in(file: File) -> io::Result<&'static Scratch> {
    let handler: extern "C" fn(libc::c_int) -> ! = on_full_disk;
    // Not beside the handler that the language has for this signal: that one gives it back to the system, and a second
    // thread that finds the disk full at the same time would end the program without a word.
    // SAFETY: the handler writes to stderr and ends (see the module).
    if unsafe { libc::signal(libc::SIGBUS, handler as libc::sighandler_t) } == libc::SIG_ERR {
        return Err(io::Error::last_os_error());
    }
    Ok(SCRATCH.get_or_init(|| Scratch { file, pieces: Mutex::default() }))
}

/// A piece was touched for which the disk has no room, or which it cannot read any more.
extern "C" fn on_full_disk(_: libc::c_int) -> ! {
    end_full()
}

fn end_full() -> ! {
    super::end(
        b"rollcall: the disk has no room for what does not fit into the memory that is allowed\n  \
        hint: free some where --out is, or allow more memory (--memory)\n",
    );
}

fn whole_pages(size: usize) -> Option<usize> {
    size.checked_next_multiple_of(PAGE)
}

impl Scratch {
    fn pieces(&self) -> MutexGuard<'_, Pieces> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A piece of zeros; null if there is none to be had.
    pub(super) fn take(&self, layout: Layout) -> *mut u8 {
        if layout.align() > ALIGNMENT_MAX {
            return null_mut();
        }
        whole_pages(layout.size()).and_then(|length| self.map(length)).unwrap_or(null_mut())
    }

    fn map(&self, length: usize) -> Option<*mut u8> {
        let mut pieces = self.pieces();
        let (place, room) = (pieces.free, (length as u64).checked_mul(ROOM)?);
        self.reach(&mut pieces, place, length as u64)?;
        let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: the system chooses the addresses, and the place in the file is nobody else's.
        let address = unsafe { mmap(null_mut(), length, protection, flags, &self.file, place) }.ok()?;
        // What is touched again is asked for page by page: to read on behind it would push out what is in use (in a
        // container of half of what a district of 480,000 needs, blocking took 27 s instead of more than three
        // minutes). SAFETY: it says how the piece will be read, no more.
        let _ = unsafe { madvise(address, length, Advice::Random) };
        pieces.free = place.checked_add(room)?;
        pieces.live.insert(address as usize, Piece { length, place, room });
        pieces.count(length, 0);
        Some(address.cast())
    }

    /// Makes the file reach as far, and the disk set room aside: where a page finds none only when it is touched, the
    /// program can but end, and the system's own reading into it fails without that word.
    fn reach(&self, pieces: &mut Pieces, place: u64, length: u64) -> Option<()> {
        let end = place.checked_add(length)?;
        if end > pieces.end {
            ftruncate(&self.file, end).ok()?;
            pieces.end = end;
        }
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, place, length) {
            // Nobody can go on without, and a library that is only told of want of memory would make something else of
            // it.
            Err(Errno::NOSPC | Errno::DQUOT) => end_full(),
            // Not every file system can.
            _ => Some(()),
        }
    }

    /// Gives a piece back; says whether it was one of this file's.
    ///
    /// # Safety
    /// If it is, nobody may use it any more.
    pub(super) unsafe fn give_back(&self, memory: *mut u8) -> bool {
        let mut pieces = self.pieces();
        let Some(piece) = pieces.live.remove(&(memory as usize)) else { return false };
        pieces.count(0, piece.length);
        // SAFETY: the piece was mapped with this length, and the caller promises that it is out of use.
        let _ = unsafe { munmap(memory.cast(), piece.length) };
        drop(pieces);
        self.make_hole(piece.place, piece.length as u64);
        true
    }

    /// Where the system cannot, the file only stays as large as it was.
    fn make_hole(&self, place: u64, length: u64) {
        let _ = fallocate(&self.file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, place, length);
    }

    /// Makes a piece longer or shorter in its room; none if it is not one of this file's, or its room does not do.
    ///
    /// # Safety
    /// Nobody may use the piece at its former address if it got another one.
    pub(super) unsafe fn resize(&self, memory: *mut u8, size: usize) -> Option<*mut u8> {
        let length = whole_pages(size)?;
        let mut pieces = self.pieces();
        let piece = *pieces.live.get(&(memory as usize))?;
        if length as u64 > piece.room {
            return None;
        }
        self.reach(&mut pieces, piece.place, length as u64)?;
        if length != piece.length {
            // SAFETY: the piece was mapped with this length; the place behind it is in its own room.
            let moved = unsafe { mremap(memory.cast(), piece.length, length, MremapFlags::MAYMOVE) }.ok()?;
            pieces.live.remove(&(memory as usize));
            pieces.live.insert(moved as usize, Piece { length, ..piece });
            pieces.count(length, piece.length);
            drop(pieces);
            if length < piece.length {
                self.make_hole(piece.place + length as u64, (piece.length - length) as u64);
            }
            return Some(moved.cast());
        }
        Some(memory)
    }

    /// Most bytes that lay in the file at any time.
    pub(super) fn most(&self) -> u64 {
        self.pieces().most
    }

    /// Lets go of the next part of what lies in the file: it stays in the file, and comes back when it is touched.
    /// Gives how many bytes it was; none at the end of a round.
    pub(super) fn let_go(&self) -> usize {
        let mut pieces = self.pieces();
        let hand = pieces.hand;
        let here = pieces.live.range(..=hand).next_back().filter(|(start, piece)| *start + piece.length > hand);
        let next = here.or_else(|| pieces.live.range(hand..).next()).map(|(start, piece)| (*start, piece.length));
        let Some((start, length)) = next else {
            pieces.hand = 0;
            return 0;
        };
        let from = hand.max(start);
        let bytes = AT_A_TIME.min(start + length - from);
        // SAFETY: the part is mapped as long as the pieces are locked, and it is the file's: what is let go is read
        // again from there. Its pages are the system's multiples, as the hand moves by whole ones.
        let _ = unsafe { madvise(without_provenance_mut(from), bytes, Advice::LinuxDontNeed) };
        pieces.hand = from + bytes;
        bytes
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::Layout;
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::super::keeper;
    use super::{ALIGNMENT_MAX, LARGE, PAGE, Scratch};

    fn scratch() -> Scratch {
        Scratch { file: tempfile::tempfile().unwrap(), pieces: Mutex::default() }
    }

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap()
    }

    /// One number for each page of a piece, and one at its end.
    fn places(size: usize) -> impl Iterator<Item = usize> {
        (0..size).step_by(PAGE).chain([size - 1])
    }

    fn write(memory: *mut u8, size: usize, mark: u8) {
        // SAFETY: the piece has this size.
        places(size).for_each(|place| unsafe { memory.add(place).write(mark) });
    }

    fn holds(memory: *mut u8, size: usize, mark: u8) -> bool {
        // SAFETY: the piece has this size, and began with zeros.
        places(size).all(|place| unsafe { memory.add(place).read() } == mark)
    }

    /// Kibibytes of the mapping at this address that are in memory.
    fn in_memory(memory: *mut u8) -> u64 {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let start = format!("{:x}-", memory as usize);
        let facts = maps.split_once(&start).expect("mapped").1;
        let line = facts.lines().find_map(|line| line.strip_prefix("Rss:")).expect("a fact");
        line.trim().trim_end_matches("kB").trim().parse().unwrap()
    }

    fn let_go_of_all(scratch: &Scratch) {
        while scratch.let_go() > 0 {}
    }

    #[test]
    fn what_was_let_go_is_out_of_memory_and_comes_back() {
        let scratch = scratch();
        let size = 40 << 20;
        let memory = scratch.take(layout(size));
        assert!(holds(memory, size, 0));
        write(memory, size, 7);
        assert!(in_memory(memory) > 600, "{}", in_memory(memory));
        let_go_of_all(&scratch);
        assert_eq!(in_memory(memory), 0);
        assert!(holds(memory, size, 7));
        // SAFETY: nobody uses it any more.
        assert!(unsafe { scratch.give_back(memory) });
    }

    #[test]
    fn the_keeper_lets_go_of_no_more_than_it_must() {
        let scratch = scratch();
        let size = 40 << 20;
        let memory = scratch.take(layout(size));
        write(memory, size, 7);
        let before = in_memory(memory);
        keeper::lower(&scratch, u64::MAX);
        assert_eq!(in_memory(memory), before);
        keeper::lower(&scratch, 0);
        assert_eq!(in_memory(memory), 0);
        assert!(holds(memory, size, 7));
    }

    #[test]
    fn pieces_keep_what_is_in_them_whatever_becomes_of_others() {
        let scratch = scratch();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut pieces: VecDeque<(*mut u8, usize, u8)> = VecDeque::new();
        for turn in 0..400_u32 {
            match random.random_range(0..4) {
                0 => {
                    let (size, mark) = (random.random_range(LARGE..8 * LARGE), turn.to_le_bytes()[0]);
                    let memory = scratch.take(layout(size));
                    assert!(holds(memory, size, 0), "a place was given twice");
                    write(memory, size, mark);
                    pieces.push_back((memory, size, mark));
                }
                1 => {
                    let Some((memory, size, mark)) = pieces.pop_front() else { continue };
                    let new = random.random_range(LARGE..8 * LARGE);
                    // SAFETY: the former address is forgotten.
                    let Some(moved) = (unsafe { scratch.resize(memory, new) }) else {
                        assert!(new > 3 * size, "{new} for {size}");
                        pieces.push_back((memory, size, mark));
                        continue;
                    };
                    let kept = size.min(new) / PAGE * PAGE;
                    assert!(holds(moved, kept - PAGE + 1, mark), "changed its size from {size} to {new}");
                    write(moved, new, mark);
                    pieces.push_back((moved, new, mark));
                }
                2 if pieces.len() > 8 => {
                    let (memory, ..) = pieces.pop_front().unwrap();
                    // SAFETY: nobody uses it any more.
                    assert!(unsafe { scratch.give_back(memory) });
                }
                _ => {
                    scratch.let_go();
                }
            }
        }
        assert!(pieces.len() > 8);
        assert!(pieces.iter().all(|(memory, size, mark)| holds(*memory, *size, *mark)));
    }

    #[test]
    fn what_lies_elsewhere_is_not_touched() {
        let scratch = scratch();
        let mut elsewhere = vec![1_u8; 2 * LARGE];
        // SAFETY: it is not this file's, so nothing becomes of it.
        let (given_back, resized) =
            unsafe { (scratch.give_back(elsewhere.as_mut_ptr()), scratch.resize(elsewhere.as_mut_ptr(), 3 * LARGE)) };
        assert!(!given_back && resized.is_none());
        let_go_of_all(&scratch);
        assert!(elsewhere.iter().all(|byte| *byte == 1));
        assert!(scratch.take(Layout::from_size_align(LARGE, 2 * ALIGNMENT_MAX).unwrap()).is_null());
    }

    #[test]
    fn what_is_given_back_leaves_the_disk() {
        use std::os::unix::fs::MetadataExt;
        let scratch = scratch();
        let size = 16 << 20;
        let memory = scratch.take(layout(size));
        // SAFETY: the piece has this size.
        unsafe { memory.write_bytes(1, size) };
        scratch.file.sync_all().unwrap();
        let on_disk = || scratch.file.metadata().unwrap().blocks() * 512;
        assert!(on_disk() >= size as u64);
        // SAFETY: nobody uses it any more.
        assert!(unsafe { scratch.give_back(memory) });
        assert!(on_disk() < 1 << 20, "{}", on_disk());
    }
}
