//! What is known of each case, and since when?
//!
//! An embedded SQLite database. Takes events, gives cases with their state. Nothing is updated or deleted: triggers
//! refuse it. A case's state is read off its events; what a case looks like is its latest appearance in a run.
//!
//! Many programs may use the store at once: writers wait for each other (write-ahead log, immediate transactions), and one
//! that is killed leaves nothing half done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use rustc_hash::FxHashMap;

use super::FOLDER;
use super::fault::{damaged, sqlite_error};
use crate::error::{Error, Kind, Result};
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::report::cases::CaseRow;
use crate::outcome::visit::Outcome;

/// Oldest SQLite that is trusted: earlier ones could damage a database in WAL mode that several programs use.
const SQLITE_MIN: i32 = 3_051_003;

/// Longest wait for another program.
const WAIT: Duration = Duration::from_mins(2);

/// Name of the database.
const DATABASE: &str = "cases.sqlite";

/// Version of the tables.
const LAYOUT: i64 = 2;

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

/// A case as it stands.
#[derive(Debug, Clone)]
pub struct StoredCase {
    /// Its number in the store.
    pub id: i64,
    /// The number by which office and field speak of it.
    pub number: String,
    /// Other numbers that it has on the own lists of later runs, which do not know this one.
    pub other_numbers: Vec<String>,
    /// What kind of discrepancy it is.
    pub kind: DiscrepancyKind,
    /// As it appeared in the latest run that raised it.
    pub row: CaseRow,
    /// As it appeared before it was settled, if a run since has raised it again: that one may know the outcome.
    pub before_outcome: Option<CaseRow>,
    /// Its history, oldest first.
    pub events: Vec<Event>,
}

/// Something that happened to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `opened`, `carried`, `assigned`, `drawn`, `visited`, `closed`, `reopened`.
    pub what: String,
    /// When, UTC.
    pub at: String,
    /// Who, as a role: `run`, `office`, `field`, `supervisor`.
    pub role: String,
    /// How a visit ended.
    pub outcome: Option<Outcome>,
    /// The day of the visit.
    pub visited_on: Option<String>,
    /// The team.
    pub team: Option<String>,
    /// A reason or remark.
    pub note: Option<String>,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nobody has been sent.
    Open,
    /// It is on a list that went out.
    Assigned,
    /// Somebody was there, and nothing is settled yet.
    Visited,
    /// Settled by an outcome.
    Resolved,
    /// Two outcomes that contradict each other: a supervisor must decide.
    Disputed,
    /// A later run does not raise it any more.
    Closed,
}

impl State {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Assigned => "assigned",
            State::Visited => "visited",
            State::Resolved => "resolved",
            State::Disputed => "disputed",
            State::Closed => "closed",
        }
    }
}

impl StoredCase {
    /// Where it stands, from its history. A supervisor's outcome stands against all earlier ones.
    #[must_use]
    pub fn state(&self) -> State {
        let (mut state, mut settled): (State, Option<Outcome>) = (State::Open, None);
        for event in &self.events {
            state = match (event.what.as_str(), event.outcome) {
                ("closed", _) if settled.is_none() => State::Closed,
                ("reopened", _) if state == State::Closed => State::Open,
                ("assigned", _) if state == State::Open => State::Assigned,
                ("visited", Some(outcome)) if event.role == "supervisor" && outcome.is_final() => {
                    settled = Some(outcome);
                    State::Resolved
                }
                ("visited", Some(outcome)) if outcome.is_final() => match settled {
                    Some(earlier) if earlier != outcome => State::Disputed,
                    _ => {
                        settled = Some(outcome);
                        if state == State::Disputed { state } else { State::Resolved }
                    }
                },
                ("visited", _) if settled.is_none() => State::Visited,
                _ => state,
            };
        }
        state
    }

    /// The outcome that settled it, unless that is disputed.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        let last = || self.events.iter().rev().filter_map(|event| event.outcome).find(|outcome| outcome.is_final());
        (self.state() == State::Resolved).then(last).flatten()
    }

    /// The probability that the case had when it was drawn for a visit at random; `None` if it was not.
    #[must_use]
    pub fn drawn(&self) -> Option<f64> {
        let event = self.events.iter().find(|event| event.what == "drawn");
        event.and_then(|event| event.note.as_deref()).and_then(|note| note.parse().ok())
    }

    /// Was the discrepancy real, as far as visits say?
    #[must_use]
    pub fn label(&self) -> Option<bool> {
        self.outcome().and_then(|outcome| outcome.label(self.kind))
    }

    /// The case as those knew it who were sent.
    #[must_use]
    pub fn as_visited(&self) -> &CaseRow {
        self.before_outcome.as_ref().unwrap_or(&self.row)
    }

    /// Visits made.
    pub fn visits(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.what == "visited")
    }

    /// Is somebody still to be sent?
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.state(), State::Open | State::Assigned | State::Visited)
    }
}

/// The store of a run.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

/// A visit to be noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The case.
    pub id: i64,
    /// How it ended.
    pub outcome: Outcome,
    /// The day, `YYYY-MM-DD`; empty if it was not said.
    pub visited_on: String,
    /// Remarks.
    pub note: String,
}

impl Store {
    /// Is there a store in a run's folder?
    #[must_use]
    pub fn exists(run: &Path) -> bool {
        run.join(FOLDER).join(DATABASE).is_file()
    }

    /// Opens the store of a run's folder, making it if there is none; checks the library and the whole file.
    ///
    /// # Errors
    /// If the SQLite library is too old, or the file is damaged, of another version, or cannot be used.
    pub fn open(run: &Path) -> Result<Store> {
        let folder = run.join(FOLDER);
        std::fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, &error))?;
        let path = folder.join(DATABASE);
        if rusqlite::version_number() < SQLITE_MIN {
            let what = format!("SQLite {} is too old, 3.51.3 or later is needed", rusqlite::version());
            return Err(Error::new(Kind::Environment, what));
        }
        let failed = |error: rusqlite::Error| sqlite_error(&path, &error);
        let connection = Connection::open(&path).map_err(failed)?;
        connection.busy_timeout(WAIT).map_err(failed)?;
        // Another program may be turning the log on at this moment.
        connection.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(())).map_err(failed)?;
        connection.execute_batch("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;").map_err(failed)?;
        let mut store = Store { connection, path };
        store.prepare()?;
        store.check()?;
        Ok(store)
    }

    fn prepare(&mut self) -> Result<()> {
        let path = self.path.clone();
        self.write(|transaction| {
            let layout: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            let mut added: Vec<&str> = Vec::new();
            if layout < 1 {
                transaction.execute_batch(TABLES)?;
                added.extend(["run", "cases", "record", "appearance", "event"]);
            }
            if layout < 2 {
                transaction.execute_batch(REVIEW_TABLES)?;
                added.extend(["draw", "stratum", "pair", "drawn", "judgement"]);
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
        })
        .and_then(|layout| match layout {
            0..=LAYOUT => Ok(()),
            _ => Err(Error::input("the store was made by a later version").at_file(&path).hint("use that version")),
        })
    }

    /// Checks that the file is whole and that every event belongs to a case.
    ///
    /// # Errors
    /// A verification error if it is not.
    pub fn check(&self) -> Result<()> {
        let one = |sql: &str| {
            let answer = self.connection.query_row(sql, [], |row| row.get::<_, String>(0)).optional();
            answer.map_err(|error| sqlite_error(&self.path, &error))
        };
        let whole = one("PRAGMA integrity_check(1)")?.as_deref() == Some("ok");
        let broken = self
            .connection
            .query_row("PRAGMA foreign_key_check", [], |_| Ok(()))
            .optional()
            .map_err(|error| sqlite_error(&self.path, &error))?;
        if whole && broken.is_none() {
            return Ok(());
        }
        Err(damaged(&self.path))
    }

    /// Everything within is done together or not at all.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub(super) fn write<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let path = self.path.clone();
        let all = || {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        all().map_err(|error: rusqlite::Error| sqlite_error(&path, &error))
    }

    /// Reads the store as it is at one moment.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let all = || work(&self.connection.unchecked_transaction()?);
        all().map_err(|error: rusqlite::Error| sqlite_error(&self.path, &error))
    }

    /// All cases with their histories, by number in the store.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn cases(&self) -> Result<Vec<StoredCase>> {
        self.read(|transaction| {
            let mut events: FxHashMap<i64, Vec<Event>> = FxHashMap::default();
            let sql = "SELECT id, what, at, role, outcome, visited_on, team, note FROM event ORDER BY event";
            let mut statement = transaction.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let outcome: Option<String> = row.get(4)?;
                events.entry(row.get(0)?).or_default().push(Event {
                    what: row.get(1)?,
                    at: row.get(2)?,
                    role: row.get(3)?,
                    outcome: outcome.and_then(|code| Outcome::of_code(&code)),
                    visited_on: row.get(5)?,
                    team: row.get(6)?,
                    note: row.get(7)?,
                });
            }
            let mut numbers: FxHashMap<i64, Vec<String>> = FxHashMap::default();
            let sql = "SELECT DISTINCT c.id, json_extract(a.content, '$.case.number') AS other FROM cases c \
                       JOIN appearance a ON a.id = c.id WHERE other IS NOT NULL AND other != c.number ORDER BY c.id, other";
            let mut statement = transaction.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                numbers.entry(row.get(0)?).or_default().push(row.get(1)?);
            }
            let sql = "SELECT c.id, c.number, c.kind, a.content FROM cases c JOIN appearance a ON a.id = c.id \
                       WHERE a.run = (SELECT max(run) FROM appearance b WHERE b.id = c.id) ORDER BY c.id";
            let mut statement = transaction.prepare(sql)?;
            let mut rows = statement.query([])?;
            let mut cases = Vec::new();
            while let Some(row) = rows.next()? {
                let (id, number, kind, content): (i64, String, String, String) =
                    (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                let (Some(kind), Ok(mut content)) =
                    (DiscrepancyKind::of_name(&kind), serde_json::from_str::<CaseRow>(&content))
                else {
                    continue;
                };
                content.case.number.clone_from(&number);
                cases.push(StoredCase {
                    id,
                    number,
                    other_numbers: numbers.remove(&id).unwrap_or_default(),
                    kind,
                    row: content,
                    before_outcome: None,
                    events: events.remove(&id).unwrap_or_default(),
                });
            }
            let sql = "SELECT a.content FROM appearance a JOIN run r ON r.run = a.run WHERE a.id = ?1 AND r.at <= ?2 \
                       AND a.run < (SELECT max(run) FROM appearance b WHERE b.id = a.id) ORDER BY a.run DESC LIMIT 1";
            let mut before = transaction.prepare(sql)?;
            for case in &mut cases {
                let mut events = case.events.iter().skip_while(|event| !event.outcome.is_some_and(Outcome::is_final));
                let Some(at) = events.next().map(|event| event.at.clone()) else { continue };
                let since = events.any(|event| event.what == "carried");
                let content: Option<String> =
                    if since { before.query_row(params![case.id, at], |row| row.get(0)).optional()? } else { None };
                case.before_outcome = content.and_then(|content| serde_json::from_str(&content).ok());
            }
            Ok(cases)
        })
    }

    /// Notes that cases go out with a team; a case that this team has already is not noted again.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn assign(&mut self, ids: &[i64], team: &str) -> Result<()> {
        let at = now();
        self.write(|transaction| {
            let mut has = transaction
                .prepare("SELECT team FROM event WHERE id = ?1 AND what = 'assigned' ORDER BY event DESC LIMIT 1")?;
            for id in ids {
                let last: Option<Option<String>> = has.query_row([id], |row| row.get(0)).optional()?;
                if last.flatten().as_deref() != Some(team) {
                    transaction.execute(
                        "INSERT INTO event(id, what, at, role, team) VALUES (?1, 'assigned', ?2, 'office', ?3)",
                        params![id, at, team],
                    )?;
                }
            }
            Ok(())
        })
    }

    /// Notes that cases were drawn at random, and the probability that each had then; a case is drawn once.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn note_drawn(&mut self, drawn: &[(i64, f64)], team: &str) -> Result<()> {
        let at = now();
        self.write(|transaction| {
            for (id, probability) in drawn {
                transaction.execute(
                    "INSERT INTO event(id, what, at, role, team, note) SELECT ?1, 'drawn', ?2, 'office', ?3, ?4 \
                     WHERE NOT EXISTS (SELECT 1 FROM event WHERE id = ?1 AND what = 'drawn')",
                    params![id, at, team, probability.to_string()],
                )?;
            }
            Ok(())
        })
    }

    /// Notes visits; one that is noted already, word for word, changes nothing. Gives how many were new.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn note_visits(&mut self, visits: &[Visit], role: &str) -> Result<u64> {
        use sha2::{Digest, Sha256};

        use crate::intake::study::file::hex;
        let at = now();
        self.write(|transaction| {
            let mut new = 0;
            for visit in visits {
                let same = format!(
                    "{}\u{1f}{role}\u{1f}{}\u{1f}{}\u{1f}{}",
                    visit.id,
                    visit.outcome.code(),
                    visit.visited_on,
                    visit.note
                );
                new += transaction.execute(
                    "INSERT OR IGNORE INTO event(id, what, at, role, outcome, visited_on, note, digest) \
                     VALUES (?1, 'visited', ?2, ?3, ?4, ?5, ?6, ?7)",
                    params![
                        visit.id,
                        at,
                        role,
                        visit.outcome.code(),
                        visit.visited_on,
                        visit.note,
                        hex(&Sha256::digest(same))
                    ],
                )?;
            }
            Ok(new as u64)
        })
    }

    /// How many events of each kind there are.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn event_counts(&self) -> Result<BTreeMap<String, u64>> {
        let read = || {
            let mut statement = self.connection.prepare("SELECT what, count(*) FROM event GROUP BY what")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
            rows.collect::<rusqlite::Result<BTreeMap<String, u64>>>()
        };
        read().map_err(|error: rusqlite::Error| sqlite_error(&self.path, &error))
    }
}

/// The time, UTC, to the second.
pub(super) fn now() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}
