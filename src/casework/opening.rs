//! Is the store of cases where it should be?
//!
//! Takes a run's folder, gives an open database of the newest layout. A new store is made only where there never was
//! one: if it took the place of a lost store, every visit would be forgotten, and nobody would notice.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::FOLDER;
use super::fault::sqlite_error;
use crate::audit::publication;
use crate::error::{Error, Kind, Result};
use crate::whole_file;

/// Oldest SQLite that is trusted: earlier ones could damage a database in WAL mode that several programs use.
const SQLITE_MIN: i32 = 3_051_003;

/// Longest wait for another program.
const WAIT: Duration = Duration::from_mins(2);

/// Name of the database.
const DATABASE: &str = "cases.sqlite";

/// Version of the tables.
const LAYOUT: i64 = 3;

const TABLES: &str = "
CREATE TABLE run(run INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, at TEXT NOT NULL) STRICT;
CREATE TABLE cases(id INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, kind TEXT NOT NULL) STRICT;
CREATE TABLE record(id INTEGER NOT NULL REFERENCES cases, digest TEXT NOT NULL, PRIMARY KEY(id, digest)) STRICT, WITHOUT ROWID;
CREATE INDEX record_digest ON record(digest);
CREATE TABLE appearance(id INTEGER NOT NULL REFERENCES cases, run INTEGER NOT NULL REFERENCES run,
  probability REAL NOT NULL, content TEXT NOT NULL, PRIMARY KEY(id, run)) STRICT, WITHOUT ROWID;
CREATE TABLE event(event INTEGER PRIMARY KEY, id INTEGER NOT NULL REFERENCES cases, what TEXT NOT NULL, at TEXT NOT NULL,
  role TEXT NOT NULL, outcome TEXT, visited_on TEXT, team TEXT, note TEXT, digest TEXT UNIQUE) STRICT;
CREATE INDEX event_of ON event(id);
";

/// What the second version added: pairs drawn for clerical review, and what clerks said of them.
const REVIEW_TABLES: &str = "
CREATE TABLE draw(draw INTEGER PRIMARY KEY, digest TEXT NOT NULL, seed INTEGER NOT NULL, wanted INTEGER NOT NULL,
  at TEXT NOT NULL) STRICT;
CREATE TABLE stratum(draw INTEGER NOT NULL REFERENCES draw, stratum TEXT NOT NULL, pairs INTEGER NOT NULL,
  PRIMARY KEY(draw, stratum)) STRICT, WITHOUT ROWID;
CREATE TABLE pair(id INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, source_l TEXT NOT NULL, record_l TEXT NOT NULL,
  source_r TEXT NOT NULL, record_r TEXT NOT NULL, UNIQUE(source_l, record_l, source_r, record_r)) STRICT;
CREATE TABLE drawn(draw INTEGER NOT NULL REFERENCES draw, position INTEGER NOT NULL, id INTEGER NOT NULL REFERENCES pair,
  stratum TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY(draw, position)) STRICT, WITHOUT ROWID;
CREATE TABLE judgement(judgement INTEGER PRIMARY KEY, id INTEGER NOT NULL REFERENCES pair, reviewer TEXT NOT NULL,
  role TEXT NOT NULL, said TEXT NOT NULL, at TEXT NOT NULL, note TEXT) STRICT;
CREATE INDEX judgement_of ON judgement(id);
";

/// What the third version added: which judgements a clerk's file has brought, whether they were news or not.
const FILE_TABLES: &str = "
CREATE TABLE brought(file TEXT NOT NULL, reviewer TEXT NOT NULL, role TEXT NOT NULL, id INTEGER NOT NULL REFERENCES pair,
  at TEXT NOT NULL, PRIMARY KEY(file, reviewer, role, id)) STRICT, WITHOUT ROWID;
";

/// Folders that are not made before there is a store.
const MADE_LATER: [&str; 3] = ["outgoing", "returned", "review"];

/// Where a run's store is.
pub(super) fn path_of(run: &Path) -> PathBuf {
    run.join(FOLDER).join(DATABASE)
}

/// Opens the store of a run's folder, making it if there has never been one.
pub(super) fn open(run: &Path) -> Result<(Connection, PathBuf)> {
    publication::refuse_links(run)?;
    let folder = run.join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, &error))?;
    let path = path_of(run);
    if rusqlite::version_number() < SQLITE_MIN {
        let what = format!("SQLite {} is too old, 3.51.3 or later is needed", rusqlite::version());
        return Err(Error::new(Kind::Environment, what));
    }
    // Traces first: whoever made them had a store by then.
    let has_traces = has_traces(&folder);
    match std::fs::metadata(&path) {
        Ok(facts) if facts.len() == 0 => return Err(lost(&path, "the store of cases is empty")),
        Ok(_) => {}
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io(&path, &error)),
        Err(_) if has_traces => {
            return Err(lost(&path, "the store of cases is missing, although lists went out or came back here"));
        }
        Err(_) => make(&folder, &path)?,
    }
    let failed = |error: rusqlite::Error| sqlite_error(&path, &error);
    let mut connection = Connection::open(&path).map_err(failed)?;
    connection.busy_timeout(WAIT).map_err(failed)?;
    // Another program may be turning the log on at this moment.
    connection.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(())).map_err(failed)?;
    connection.execute_batch("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;").map_err(failed)?;
    match in_one(&mut connection, &path, |transaction| bring_up(transaction, false))? {
        0 => Err(lost(&path, "the store of cases has no tables")),
        1..=LAYOUT => Ok((connection, path)),
        _ => Err(Error::input("the store was made by a later version").at_file(&path).hint("use that version")),
    }
}

/// Is there a store that nobody may write, as on a medium that is protected?
pub(super) fn is_protected(run: &Path) -> bool {
    let forbidden =
        |error: std::io::Error| matches!(error.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied);
    File::options().append(true).open(path_of(run)).is_err_and(forbidden)
}

/// Opens a store that nobody may write, to read it as it is.
pub(super) fn open_protected(run: &Path) -> Result<(Connection, PathBuf)> {
    let path = path_of(run);
    let failed = |error: rusqlite::Error| sqlite_error(&path, &error);
    let beside = |ending: &str| run.join(FOLDER).join(format!("{DATABASE}-{ending}"));
    // What a program that was killed left in the log belongs to the store: it is read with that, or not at all.
    let has_log = std::fs::metadata(beside("wal")).is_ok_and(|log| log.len() > 0);
    // Whoever has the store open keeps an index of the log beside it. Where there is none, as in a copy, and none can
    // be made, the log is indexed in memory, which takes a lock that nobody may have on a file that is only read.
    let is_alone = has_log && cfg!(unix) && !beside("shm").exists();
    let how = match (has_log, is_alone) {
        (false, _) => "immutable=1",
        (true, false) => "",
        (true, true) => "vfs=unix-none",
    };
    let name = in_uri(&path);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(format!("file:{name}?{how}"), flags).map_err(failed)?;
    if is_alone {
        connection.query_row("PRAGMA locking_mode=EXCLUSIVE", [], |_| Ok(())).map_err(failed)?;
    }
    match connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).map_err(failed)? {
        LAYOUT => Ok((connection, path)),
        _ => {
            let error = Error::new(Kind::Environment, "the store was made by another version, and cannot be written");
            Err(error.at_file(&path).hint("copy the folder of results to where it can be"))
        }
    }
}

/// A path within a URI; its names may be of any bytes.
#[cfg(unix)]
fn in_uri(path: &Path) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/.-_".contains(byte);
    let byte = |byte: &u8| if is_plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02x}") };
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).iter().map(byte).collect()
}

#[cfg(not(unix))]
fn in_uri(path: &Path) -> String {
    let name = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("///{}", name.replace('\\', "/"))
}

fn has_traces(folder: &Path) -> bool {
    let holds = |name: &&str| std::fs::read_dir(folder.join(name)).is_ok_and(|mut entries| entries.next().is_some());
    MADE_LATER.iter().any(holds) || folder.join(format!("{DATABASE}-wal")).exists()
}

fn lost(path: &Path, what: &str) -> Error {
    Error::new(Kind::Verification, what).at_file(path).hint(format!(
        "put the file back from a safe copy, then import the lists that came back since; to begin anew without its \
         history, remove the folder {FOLDER}"
    ))
}

/// Makes a store under another name first: a program that is killed meanwhile, or is just as far, leaves no half of
/// one.
fn make(folder: &Path, path: &Path) -> Result<()> {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let own = format!(".{DATABASE}.{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let fresh = folder.join(own);
    // What a program with this number left when it was killed.
    let _ = std::fs::remove_file(&fresh);
    let made = fill(&fresh).and_then(|()| put_in_place(&fresh, path));
    let _ = std::fs::remove_file(&fresh);
    made
}

fn fill(fresh: &Path) -> Result<()> {
    let failed = |error: rusqlite::Error| sqlite_error(fresh, &error);
    // It names persons, and the folder may be open to others; the files beside it get the permissions of this one.
    whole_file::create_for_owner(fresh, b"").map_err(|error| Error::io(fresh, &error))?;
    let mut connection = Connection::open(fresh).map_err(failed)?;
    connection.execute_batch("PRAGMA synchronous=FULL;").map_err(failed)?;
    in_one(&mut connection, fresh, |transaction| bring_up(transaction, true)).map(|_| ())
}

/// Gives the store its name, unless another program has been faster.
fn put_in_place(fresh: &Path, path: &Path) -> Result<()> {
    match std::fs::hard_link(fresh, path) {
        Ok(()) => Ok(()),
        Err(_) if path.exists() => Ok(()),
        // Some shares and sticks know no second name of a file.
        Err(_) => std::fs::rename(fresh, path).map_err(|error| Error::io(path, &error)),
    }
}

/// Everything within is done together or not at all.
pub(super) fn in_one<T>(
    connection: &mut Connection,
    path: &Path,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> Result<T> {
    let all = || {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    };
    all().map_err(|error: rusqlite::Error| sqlite_error(path, &error))
}

/// Adds the tables that an older layout lacks; all of them only if the store is new. Gives the layout that was found.
fn bring_up(transaction: &Transaction<'_>, is_new: bool) -> rusqlite::Result<i64> {
    let layout: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let mut added: Vec<&str> = Vec::new();
    if layout < 1 {
        if !is_new {
            return Ok(layout);
        }
        transaction.execute_batch(TABLES)?;
        added.extend(["run", "cases", "record", "appearance", "event"]);
    }
    if layout < 2 {
        transaction.execute_batch(REVIEW_TABLES)?;
        added.extend(["draw", "stratum", "pair", "drawn", "judgement"]);
    }
    if layout < 3 {
        transaction.execute_batch(FILE_TABLES)?;
        added.push("brought");
    }
    if layout < LAYOUT {
        for table in added {
            for change in ["UPDATE", "DELETE"] {
                transaction.execute_batch(&format!(
                    "CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table} \
                     BEGIN SELECT RAISE(ABORT, 'history is only added to'); END;"
                ))?;
            }
        }
        transaction.execute_batch(&format!("PRAGMA user_version={LAYOUT}"))?;
    }
    Ok(layout)
}

#[cfg(test)]
mod tests {
    use crate::casework::store::Store;
    use crate::error::Kind;

    #[test]
    #[cfg(unix)]
    fn a_store_is_for_its_owner_alone_in_whatever_folder() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let _store = Store::open(folder.path()).unwrap();
        for entry in std::fs::read_dir(folder.path().join("casework")).unwrap().flatten() {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
        }
    }

    #[test]
    fn a_store_that_nobody_may_write_is_read() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path()).unwrap());
        assert!(!super::is_protected(folder.path()) && !super::is_protected(&folder.path().join("none")));
        let before = std::fs::read_dir(folder.path().join("casework")).unwrap().count();
        let (connection, _) = super::open_protected(folder.path()).unwrap();
        let cases = connection.query_row("SELECT count(*) FROM cases", [], |row| row.get::<_, i64>(0));
        assert_eq!(cases, Ok(0));
        assert!(connection.execute("INSERT INTO cases(number, kind) VALUES ('A', 'b')", []).is_err());
        assert_eq!(std::fs::read_dir(folder.path().join("casework")).unwrap().count(), before, "nothing is made there");
    }

    #[test]
    fn what_a_killed_program_left_in_the_log_of_a_store_that_nobody_may_write_is_read() {
        let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (connection, _) = super::open(folder.path()).unwrap();
        connection.execute("INSERT INTO cases(number, kind) VALUES ('A', 'b')", []).unwrap();
        std::fs::create_dir(copy.path().join("casework")).unwrap();
        for name in ["casework/cases.sqlite", "casework/cases.sqlite-wal"] {
            std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
        }
        // With the index of the log beside it, and in a copy without.
        for (run, files) in [(folder.path(), 3), (copy.path(), 2)] {
            let (connection, _) = super::open_protected(run).unwrap();
            let cases = connection.query_row("SELECT count(*) FROM cases", [], |row| row.get::<_, i64>(0));
            assert_eq!(cases, Ok(1));
            drop(connection);
            assert_eq!(
                std::fs::read_dir(run.join("casework")).unwrap().count(),
                files,
                "nothing is made or taken away"
            );
        }
    }

    #[test]
    fn a_store_that_was_lost_is_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (run, casework) = (folder.path(), folder.path().join("casework"));
        Store::open(run).unwrap();
        let path = casework.join("cases.sqlite");
        let refused = |what: &str| {
            let error = Store::open(run).expect_err(what);
            assert_eq!(error.kind(), Kind::Verification, "{what}");
            assert!(error.to_string().contains("remove the folder casework"), "{what}: {error}");
        };
        std::fs::write(&path, "").unwrap();
        refused("empty");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir_all(casework.join("outgoing")).unwrap();
        Store::open(run).expect("an empty folder is no trace");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(casework.join("outgoing/east-001")).unwrap();
        refused("missing");
        let bare = rusqlite::Connection::open(&path).unwrap();
        bare.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE other(x); DROP TABLE other;").unwrap();
        drop(bare);
        refused("without tables");
    }

    #[test]
    fn a_store_of_an_earlier_layout_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("casework/cases.sqlite");
        std::fs::create_dir(folder.path().join("casework")).unwrap();
        let mut connection = rusqlite::Connection::open(&path).unwrap();
        let transaction = connection.transaction().unwrap();
        transaction.execute_batch(super::TABLES).unwrap();
        transaction.execute_batch(super::REVIEW_TABLES).unwrap();
        transaction.execute_batch("PRAGMA user_version=2; INSERT INTO cases(number, kind) VALUES ('A', 'b')").unwrap();
        transaction.commit().unwrap();
        drop(connection);
        drop(Store::open(folder.path()).unwrap());
        let connection = rusqlite::Connection::open(&path).unwrap();
        let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!((one("PRAGMA user_version"), one("SELECT count(*) FROM cases")), (3, 1));
        let pair =
            "INSERT INTO pair(id, number, source_l, record_l, source_r, record_r) VALUES (1, 'P', 'a', '1', 'b', '2')";
        connection.execute(pair, []).unwrap();
        connection.execute("INSERT INTO brought VALUES ('f', 'anna', 'reviewer', 1, 't')", []).unwrap();
        assert!(connection.execute("DELETE FROM brought", []).is_err(), "history is only added to");
    }

    #[test]
    fn programs_that_begin_at_once_make_one_store() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| Store::open(folder.path()).map(|_| ()))).collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
        });
        let left: Vec<_> = std::fs::read_dir(folder.path().join("casework")).unwrap().map(|e| e.unwrap()).collect();
        assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')), "{left:?}");
    }
}
