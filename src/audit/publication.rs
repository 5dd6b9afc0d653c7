//! How do all outputs of a run appear together, or not at all?
//!
//! Takes the run's folder, gives a [`Publication`]: a private hidden folder to write into, which becomes the folder's
//! content in three steps, each of which may be interrupted at any point:
//!
//! 1. everything is written below [`WORK`]; what the folder held before is not touched;
//! 2. when all of it is on the disk, one rename to [`READY`] decides: from here on the new run counts;
//! 3. the files are moved to their names, the manifest last. Whoever opens the folder next for a run finishes this.
//!
//! So a folder with a manifest is one whole run, the old or the new one. Two runs never write into one folder: it is
//! locked, and the system takes the lock back when the process ends, however it ends.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::manifest::{MANIFEST, Manifest};
use super::stage::{self, STAGES, Stage};
use crate::error::{Error, Kind, Result};
use crate::whole_file;

/// Hidden folder that an unfinished run writes into.
pub const WORK: &str = ".rollcall-work";
/// Hidden folder of a run that is whole and not yet in place.
pub const READY: &str = ".rollcall-ready";
/// The manifest of the run that is being replaced.
const REPLACED: &str = ".rollcall-replaced.json";

/// Folder, within that of a run, of what is no output of it: lists that went out, what came back, auditors' samples.
pub const BESIDE: &str = "casework";

/// What an auditor's sample is made of: the selection, and the sheet for reviewers.
pub const SAMPLE_FILES: [&str; 2] = ["selection.json", "sheet.csv"];

/// Beginning of the name of a hidden folder in which a run is repeated, to be compared.
pub const AGAIN: &str = ".rollcall-again-";

/// What the last step asks of the disk: a seam, so that a test can make each request fail.
trait Disk {
    fn sync(&self, path: &Path) -> io::Result<()>;
    fn sync_all(&self, paths: &[PathBuf]) -> Result<()> {
        paths.iter().try_for_each(|path| ask(path, self.sync(path)))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    fn create_folder(&self, path: &Path) -> io::Result<()>;
}

struct Real;

impl Disk for Real {
    fn sync(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    /// A list for every area makes thousands of files.
    #[cfg(target_os = "linux")]
    fn sync_all(&self, paths: &[PathBuf]) -> Result<()> {
        paths.first().map_or(Ok(()), |path| ask(path, whole_file::settle(paths)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        stage::remove(path)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }
}

/// A run's outputs on their way into its folder. Dropped before [`Publication::publish`], it leaves no trace.
#[derive(Debug)]
pub struct Publication {
    folder: PathBuf,
    work: PathBuf,
    made: bool,
    /// Holds the lock.
    _lock: File,
}

impl Publication {
    /// Makes the folder if there is none, for nobody but this user, locks it, and finishes or clears what an
    /// interrupted run left.
    ///
    /// # Errors
    /// An environment error if another run writes into the folder, or if it cannot be written; a usage error if links
    /// or a file lie there.
    pub fn begin(folder: &Path) -> Result<Publication> {
        Publication::begin_within(folder, LOCK_WAIT)
    }

    /// Like [`begin`](Self::begin), waiting so long for others who only hold the folder for a moment.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn begin_within(folder: &Path, wait: Duration) -> Result<Publication> {
        let made = !folder.exists();
        if folder.is_file() {
            let error = Error::new(Kind::Usage, "is a file; expected a folder for the outputs").at_file(folder);
            return Err(error.hint("name a folder with --out; it is made if there is none"));
        }
        ask(folder, private(true).create(folder))?;
        let lock = locked(folder, wait)?;
        refuse_links(folder)?;
        if folder.join(READY).is_dir() {
            tracing::info!("an interrupted run was whole: its files are put in place");
            put_in_place(&Real, folder)?;
        }
        let work = folder.join(WORK);
        let is_left = |name: &OsString| name == WORK || name.to_string_lossy().starts_with(AGAIN);
        for left in entries(folder)?.iter().filter(|name| is_left(name)).map(|name| folder.join(name)) {
            fs::remove_dir_all(&left).map_err(|error| Error::io(&left, &error))?;
        }
        Ok(Publication { folder: folder.to_path_buf(), work, made, _lock: lock })
    }

    /// May others than this user look into the folder, as into one that was made before the run?
    #[must_use]
    pub fn is_open_to_others(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::metadata(&self.folder).is_ok_and(|facts| facts.permissions().mode() & 0o077 != 0)
        }
        #[cfg(not(unix))]
        false
    }

    /// The folder of the run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder to write into, made for nobody but this user.
    ///
    /// # Errors
    /// An environment error if it cannot be made.
    pub fn work(&self) -> Result<&Path> {
        match private(false).create(&self.work) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(Error::io(&self.work, &error)),
            _ => Ok(&self.work),
        }
    }

    /// The place where the result of a stage is kept until the run is whole; left when the run fails, for the next one.
    #[must_use]
    pub fn stage(&self, name: &str, depends_on: &str) -> Stage {
        Stage::new(&self.folder, name, depends_on)
    }

    /// Removes what an interrupted run kept of its stages.
    ///
    /// # Errors
    /// An environment error if it cannot be removed.
    pub fn forget_stages(&self) -> Result<()> {
        let stages = self.folder.join(STAGES);
        stage::remove(&stages).map_err(|error| Error::io(&stages, &error))
    }

    /// Puts everything that was written in place of what the folder held.
    ///
    /// # Errors
    /// An environment error; the folder then holds the old run, or will hold the new one when it is next opened.
    pub fn publish(&self) -> Result<()> {
        publish(&Real, &self.folder)
    }
}

impl Drop for Publication {
    fn drop(&mut self) {
        // A failure here is no news: the next run clears what is left.
        let _ = fs::remove_dir_all(&self.work);
        if self.made {
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

/// What is written under our names must stay in this folder: no link may stand in it, nor in what lies beside the run.
///
/// # Errors
/// A usage error that names the link.
pub fn refuse_links(folder: &Path) -> Result<()> {
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).map_err(|error| Error::io(&next, &error))? {
            let entry = entry.map_err(|error| Error::io(&next, &error))?;
            let kind = entry.file_type().map_err(|error| Error::io(&next, &error))?;
            if kind.is_symlink() {
                let error = Error::new(Kind::Usage, "a symbolic link stands in the folder of results");
                return Err(error.at_file(&entry.path()).hint("remove it, or name another folder"));
            }
            if kind.is_dir() && (next != *folder || entry.file_name() == BESIDE) {
                open.push(entry.path());
            }
        }
    }
    Ok(())
}

/// May a command write there? Not into the folder of this run or any other but beside what the run wrote: `verify`
/// finds a file that no run wrote, and `purge` does not know of it.
///
/// # Errors
/// A usage error if the place is in the folder of a run and not in its [`BESIDE`].
pub fn refuse_inside(run: &Path, out: &Path) -> Result<()> {
    refuse_among(run, out)?;
    refuse_inside_any(out)
}

/// May a command that knows of no run write there? The folder itself may be one of a run.
///
/// # Errors
/// As [`refuse_inside`].
pub fn refuse_inside_any(out: &Path) -> Result<()> {
    let place = resolved(out).unwrap_or_default();
    // Other programs have files of this name, too.
    let is_run = |folder: &&Path| folder.join(MANIFEST).is_file() && Manifest::read(folder).is_ok();
    place.ancestors().skip(1).filter(is_run).try_for_each(|run| refuse_among(run, out))
}

fn refuse_among(run: &Path, out: &Path) -> Result<()> {
    let (Ok(run), Some(place)) = (run.canonicalize(), resolved(out)) else { return Ok(()) };
    if !place.starts_with(&run) || (place != run.join(BESIDE) && place.starts_with(run.join(BESIDE))) {
        return Ok(());
    }
    let error =
        Error::new(Kind::Usage, "this lies among the outputs of the run, to which nothing is added").at_file(out);
    Err(error.hint(format!("name a place elsewhere, or one in the run's `{BESIDE}`")))
}

/// A place that perhaps is not there yet, with links resolved as far as it is.
#[must_use]
pub fn resolved(path: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    let there = whole.ancestors().find(|above| above.exists())?;
    Some(there.canonicalize().ok()?.join(whole.strip_prefix(there).ok()?))
}

/// Makes folders that nobody but this user may enter: what is in them names persons.
#[must_use]
pub fn private(recursive: bool) -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(recursive);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// How long and after how long a lock that is held is tried again: a run that is killed while it starts a process of
/// its own leaves one that holds the lock for a moment longer.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(2);
pub(super) const BETWEEN_TRIES: Duration = Duration::from_millis(100);

fn locked(folder: &Path, wait: Duration) -> Result<File> {
    let file = File::open(folder).map_err(|error| Error::io(folder, &error))?;
    let held = |answer: &std::result::Result<(), TryLockError>| matches!(answer, Err(TryLockError::WouldBlock));
    let mut answer = file.try_lock();
    for _ in 1..wait.as_millis() / BETWEEN_TRIES.as_millis() {
        if !held(&answer) {
            break;
        }
        std::thread::sleep(BETWEEN_TRIES);
        answer = file.try_lock();
    }
    match answer {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let error = Error::new(Kind::Environment, "another run is writing into this folder").at_file(folder);
            Err(error.hint("wait until it ends, or name another folder with --out"))
        }
        // Some network shares know no locks; a run there is not refused for it.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(error)) => Err(Error::io(folder, &error)),
    }
}

/// Does somebody write into this folder, or is just about to put a run in place? Where a network share knows no locks,
/// nobody can tell.
#[must_use]
pub fn is_held(folder: &Path) -> bool {
    let answer = File::open(folder).map(|file| file.try_lock_shared());
    matches!(answer, Ok(Err(TryLockError::WouldBlock)))
}

/// The names in a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<OsString>> {
    let names: io::Result<Vec<OsString>> =
        fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
    let mut names = names.map_err(|error| Error::io(folder, &error))?;
    names.sort();
    Ok(names)
}

/// The files below a folder, relative, sorted.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).map_err(|error| Error::io(&next, &error))? {
            let entry = entry.map_err(|error| Error::io(&next, &error))?;
            if entry.file_type().map_err(|error| Error::io(&next, &error))?.is_dir() {
                open.push(entry.path());
            } else if let Ok(relative) = entry.path().strip_prefix(folder) {
                files.push(relative.to_path_buf());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn publish(disk: &dyn Disk, folder: &Path) -> Result<()> {
    let (work, ready) = (folder.join(WORK), folder.join(READY));
    let files: Vec<PathBuf> = files_below(&work)?.iter().map(|file| work.join(file)).collect();
    disk.sync_all(&files)?;
    let mut folders = BTreeSet::from([work.clone()]);
    folders.extend(files.iter().filter_map(|path| path.parent().map(Path::to_path_buf)));
    for folder in folders {
        ask(&folder, disk.sync(&folder))?;
    }
    ask(&ready, disk.rename(&work, &ready))?;
    ask(folder, disk.sync(folder))?;
    put_in_place(disk, folder)
}

fn ask(path: &Path, answer: io::Result<()>) -> Result<()> {
    answer.map_err(|error| {
        // Whatever the system says here, it is the disk's move, not the sender's.
        let error = Error::io(path, &error);
        let gone = || Error::new(Kind::Environment, "cannot be made there, or vanished").at_file(path);
        if error.kind() == Kind::Environment { error } else { gone() }
    })
}

/// The last step; begun again, it goes on where it was.
fn put_in_place(disk: &dyn Disk, folder: &Path) -> Result<()> {
    let (ready, manifest, replaced) = (folder.join(READY), folder.join(MANIFEST), folder.join(REPLACED));
    // No manifest while files of two runs stand side by side.
    if manifest.exists() && ready.join(MANIFEST).exists() {
        ask(&manifest, disk.rename(&manifest, &replaced))?;
        ask(folder, disk.sync(folder))?;
    }
    for name in entries(&ready)?.iter().filter(|name| ready.join(name).is_dir() && !folder.join(name).exists()) {
        // A folder that is new is moved whole.
        ask(&folder.join(name), disk.rename(&ready.join(name), &folder.join(name)))?;
    }
    let mut folders = BTreeSet::from([folder.to_path_buf()]);
    for file in files_below(&ready)?.iter().filter(|file| *file != Path::new(MANIFEST)) {
        let to = folder.join(file);
        if let Some(parent) = to.parent()
            && folders.insert(parent.to_path_buf())
        {
            ask(parent, disk.create_folder(parent))?;
        }
        ask(&to, disk.rename(&ready.join(file), &to))?;
    }
    for changed in folders {
        ask(&changed, disk.sync(&changed))?;
    }
    if ready.join(MANIFEST).exists() {
        for stale in stale(&replaced, &ready.join(MANIFEST)) {
            let path = folder.join(stale);
            if path.is_file() {
                ask(&path, disk.remove(&path))?;
            }
        }
        ask(&manifest, disk.rename(&ready.join(MANIFEST), &manifest))?;
        ask(folder, disk.sync(folder))?;
    }
    // What led here has served.
    for left in [replaced, folder.join(STAGES), ready] {
        if left.symlink_metadata().is_ok() {
            ask(&left, disk.remove(&left))?;
        }
    }
    Ok(())
}

/// Outputs of the replaced run that the new one does not have. A file that no manifest names is somebody's own, and
/// stays; so does whatever a manifest names outside of the folder.
fn stale(replaced: &Path, new: &Path) -> Vec<PathBuf> {
    let outputs = |path: &Path| -> Option<BTreeSet<PathBuf>> {
        let manifest: Manifest = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        Some(manifest.outputs.into_iter().map(|output| PathBuf::from(output.file)).collect())
    };
    let (Some(old), Some(new)) = (outputs(replaced), outputs(new)) else { return Vec::new() };
    let inside = |path: &&PathBuf| path.components().all(|part| matches!(part, Component::Normal(_)));
    old.difference(&new).filter(inside).cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeMap;
    use std::io;
    use std::path::Path;

    use super::{BETWEEN_TRIES, Disk, Publication, READY, Real, WORK, files_below, publish};
    use crate::audit::manifest::{self, MANIFEST, Manifest, StudyEntry};
    use crate::error::Kind;

    /// Every request from the n-th on fails, as if the process or the disk had died there.
    struct Dying {
        left: Cell<u64>,
        code: i32,
        only_once: bool,
    }

    impl Dying {
        fn step(&self, act: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
            match self.left.get() {
                0 if self.only_once => act(),
                0 => Err(io::Error::from_raw_os_error(self.code)),
                left => {
                    self.left.set(left - 1);
                    if left == 1 { Err(io::Error::from_raw_os_error(self.code)) } else { act() }
                }
            }
        }
    }

    impl Disk for Dying {
        fn sync(&self, path: &Path) -> io::Result<()> {
            self.step(|| Real.sync(path))
        }
        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            self.step(|| Real.rename(from, to))
        }
        fn remove(&self, path: &Path) -> io::Result<()> {
            self.step(|| Real.remove(path))
        }
        fn create_folder(&self, path: &Path) -> io::Result<()> {
            self.step(|| Real.create_folder(path))
        }
    }

    /// A whole small run: some tables, some lists, the manifest.
    fn write_run(place: &Path, mark: &str, lists: &[&str]) {
        std::fs::create_dir_all(place.join("follow-up")).unwrap();
        let mut outputs = Vec::new();
        let names = ["links.parquet", "report.html"].map(str::to_owned).into_iter();
        for name in names.chain(lists.iter().map(|list| format!("follow-up/{list}.html"))) {
            std::fs::write(place.join(&name), format!("{mark} {name}")).unwrap();
            outputs.push(manifest::describe(place, &name, None).unwrap());
        }
        let manifest = Manifest {
            program: mark.to_owned(),
            format: 1,
            study: StudyEntry {
                name: String::from("s"),
                file: "study.toml".into(),
                digest: String::new(),
                reference_time: String::new(),
                area: String::new(),
                seed: 1,
            },
            inputs: Vec::new(),
            sources: Vec::new(),
            rejected_too_many: Vec::new(),
            counts: BTreeMap::new(),
            outputs,
        };
        std::fs::write(place.join(MANIFEST), manifest.to_json().unwrap()).unwrap();
    }

    /// The run that the folder shows, after holding every file against its manifest; `None` if it shows none.
    fn shown(folder: &Path) -> Option<String> {
        if !folder.join(MANIFEST).exists() {
            return None;
        }
        let manifest = Manifest::read(folder).unwrap();
        for output in &manifest.outputs {
            assert_eq!(&manifest::describe(folder, &output.file, None).unwrap(), output, "mixed");
        }
        Some(manifest.program)
    }

    #[test]
    fn whichever_request_fails_the_folder_shows_one_whole_run() {
        for code in [5, 28] {
            for only_once in [false, true] {
                let mut failed = 0;
                for at in 1.. {
                    let outer = tempfile::tempdir().unwrap();
                    let folder = outer.path().join("out");
                    write_run(&folder, "old", &["1", "2"]);
                    std::fs::write(folder.join("follow-up/own.txt"), "somebody's own").unwrap();
                    write_run(&folder.join(WORK), "new", &["2", "3"]);
                    let disk = Dying { left: Cell::new(at), code, only_once };
                    let result = publish(&disk, &folder);
                    let seen = shown(&folder);
                    assert!(seen.is_some() || folder.join(READY).is_dir(), "neither the old nor the new run");
                    let decided = folder.join(READY).is_dir() || seen.as_deref() == Some("new");
                    if let Err(error) = &result {
                        assert_eq!(error.kind(), Kind::Environment);
                        failed += 1;
                    }
                    drop(Publication::begin(&folder).unwrap());
                    let expected = if decided { "new" } else { "old" };
                    assert_eq!(shown(&folder).as_deref(), Some(expected), "request {at}");
                    let mut files = vec!["follow-up/2.html", "follow-up/own.txt", "links.parquet", "manifest.json"];
                    files.push("report.html");
                    files.insert(usize::from(decided), if decided { "follow-up/3.html" } else { "follow-up/1.html" });
                    let left = files_below(&folder).unwrap();
                    let left: Vec<String> = left.iter().map(|path| path.display().to_string()).collect();
                    assert_eq!(left, files, "request {at}");
                    if result.is_ok() {
                        break;
                    }
                }
                assert!(failed > 15, "{failed}");
            }
        }
    }

    #[test]
    fn a_folder_takes_one_run_at_a_time_and_an_abandoned_one_leaves_no_trace() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("out");
        let first = Publication::begin(&folder).unwrap();
        std::fs::write(first.work().unwrap().join("half"), "half").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            for private in [first.work().unwrap(), folder.as_path()] {
                assert_eq!(std::fs::metadata(private).unwrap().permissions().mode() & 0o777, 0o700);
            }
        }
        assert_eq!(Publication::begin(&folder).unwrap_err().kind(), Kind::Environment);
        assert!(!first.is_open_to_others());
        drop(first);
        assert!(!folder.exists());
        #[cfg(unix)]
        {
            std::fs::create_dir(&folder).unwrap();
            std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            assert!(Publication::begin(&folder).unwrap().is_open_to_others());
        }
    }

    #[test]
    fn a_lock_that_a_dying_run_holds_for_a_moment_is_waited_for() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("out");
        let dying = Publication::begin(&folder).unwrap();
        // The run's folder is there already, as after any run.
        std::fs::write(folder.join("own.txt"), "somebody's own").unwrap();
        let ends = std::thread::spawn(move || {
            std::thread::sleep(BETWEEN_TRIES * 2);
            drop(dying);
        });
        assert!(Publication::begin(&folder).is_ok());
        ends.join().unwrap();
    }

    #[test]
    fn a_manifest_cannot_have_files_outside_the_folder_removed() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("out");
        write_run(&folder, "old", &[]);
        let precious = outer.path().join("precious.html");
        std::fs::write(&precious, "keep").unwrap();
        let forged = std::fs::read_to_string(folder.join(MANIFEST)).unwrap();
        std::fs::write(folder.join(MANIFEST), forged.replace("\"links.parquet\"", "\"../precious.html\"")).unwrap();
        write_run(&folder.join(WORK), "new", &[]);
        publish(&Real, &folder).unwrap();
        assert!(precious.exists());
    }
}
