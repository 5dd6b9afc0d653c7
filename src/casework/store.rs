//! What is known of each case, and since when?
//!
//! An embedded SQLite database. Takes events, gives cases with their state. Nothing is updated or deleted: triggers
//! refuse it. A case's state is read off its events; what a case looks like is its latest appearance in a run.
//!
//! Many programs may use the store at once: writers wait for each other (write-ahead log, immediate transactions), and
//! one that is killed leaves nothing half done.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use rustc_hash::{FxHashMap, FxHashSet};

use super::fault::{damaged, sqlite_error};
pub use super::history::{Event, EventKind, State, StoredCase};
use super::{history, opening};
use crate::digest;
use crate::error::Result;
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::report::cases::CaseRow;
use crate::outcome::visit::Outcome;

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
    /// The team whose list tells of it, if the list says it.
    pub team: Option<String>,
}

impl Visit {
    /// What a visit is known again by. What another team has noted in just these words is another visit; a list that
    /// names no team is of the one that has the case.
    fn digest(&self, role: &str, events: &[Event], transaction: &Transaction<'_>) -> rusqlite::Result<String> {
        let Visit { id, outcome, visited_on, note, team } = self;
        let same = format!("{id}\u{1f}{role}\u{1f}{}\u{1f}{visited_on}\u{1f}{note}", outcome.code());
        let known = digest::of(&same);
        let noted_by: Option<Option<String>> = transaction
            .prepare_cached("SELECT team FROM event WHERE digest = ?1")?
            .query_row([&known], |row| row.get(0))
            .optional()?;
        let Some(other) = noted_by.flatten() else { return Ok(known) };
        let is_anothers = match team {
            Some(team) => *team != other,
            None => history::with_team(events).is_some_and(|team| team != other),
        };
        let team = team.as_deref().unwrap_or_default();
        Ok(if is_anothers { digest::of(format!("{same}\u{1f}{team}")) } else { known })
    }
}

/// Cases that are to go out with a team.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Claim {
    /// The team.
    pub team: String,
    /// The cases.
    pub cases: Vec<i64>,
    /// Those of them that were drawn at random, and the probability that each has now.
    pub drawn: Vec<(i64, f64)>,
    /// All cases at their doors: where another team has been sent meanwhile, none may go out.
    pub doors: Vec<i64>,
}

impl Claim {
    /// A case that the team has already is not noted again, nor is a draw for which it has it.
    fn note(&self, transaction: &Transaction<'_>, at: &str) -> rusqlite::Result<()> {
        // What was with the team before a visit is so no longer, unless another team's list tells of the visit.
        let [assigned, unassigned, visited, drawn] =
            [EventKind::Assigned, EventKind::Unassigned, EventKind::Visited, EventKind::Drawn].map(EventKind::name);
        let mut has = transaction.prepare(
            "SELECT what, team FROM event WHERE id = ?1 \
             AND (what IN (?2, ?3) OR (what = ?4 AND coalesce(team, ?5) = ?5)) ORDER BY event DESC LIMIT 1",
        )?;
        for id in &self.cases {
            let last: Option<(String, Option<String>)> = has
                .query_row(params![id, assigned, unassigned, visited, self.team], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let is_theirs = last.is_some_and(|(what, team)| what == assigned && team.as_ref() == Some(&self.team));
            if !is_theirs {
                transaction.execute(
                    "INSERT INTO event(id, what, at, role, team) VALUES (?1, ?2, ?3, 'office', ?4)",
                    params![id, assigned, at, self.team],
                )?;
            }
        }
        for (id, probability) in &self.drawn {
            transaction.execute(
                "INSERT INTO event(id, what, at, role, team, note) SELECT ?1, ?2, ?3, 'office', ?4, ?5 \
                 WHERE NOT EXISTS (SELECT 1 FROM event WHERE id = ?1 AND what = ?2 AND event > \
                 (SELECT coalesce(max(event), 0) FROM event WHERE id = ?1 AND what = ?6))",
                params![id, drawn, at, self.team, probability.to_string(), assigned],
            )?;
        }
        Ok(())
    }
}

impl Store {
    /// Is there a store in a run's folder?
    #[must_use]
    pub fn exists(run: &Path) -> bool {
        opening::path_of(run).is_file()
    }

    /// Opens the store of a run's folder, making it if there is none; checks the library and the whole file.
    ///
    /// # Errors
    /// If the SQLite library is too old, or the file is damaged, lost, of another version, or cannot be used.
    pub fn open(run: &Path) -> Result<Store> {
        let (connection, path) = opening::open(run)?;
        let store = Store { connection, path };
        store.check()?;
        Ok(store)
    }

    /// Opens the store of a run's folder to read it: where nobody may write, as it is.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_to_read(run: &Path) -> Result<Store> {
        if !opening::is_protected(run) {
            return Store::open(run);
        }
        let (connection, path) = opening::open_protected(run)?;
        let store = Store { connection, path };
        store.check()?;
        Ok(store)
    }

    /// May nobody write it?
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.connection.is_readonly(rusqlite::MAIN_DB).unwrap_or(false)
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
        opening::in_one(&mut self.connection, &self.path, work)
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
        self.read(cases)
    }

    /// The case as every run had it that raised it, oldest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(super) fn appearances(&self, id: i64) -> Result<Vec<CaseRow>> {
        self.read(|transaction| appearances(transaction, id))
    }

    /// All cases, and the number of the last event that they hold.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn cases_so_far(&self) -> Result<(Vec<StoredCase>, i64)> {
        self.read(|transaction| {
            let last = "SELECT coalesce(max(event), 0) FROM event";
            Ok((cases(transaction)?, transaction.query_row(last, [], |row| row.get(0))?))
        })
    }

    /// Notes that cases go out with a team, and of those drawn at random the probability that each had then. Nothing is
    /// noted if something has happened to one of the cases, or of others at their doors, since the event up to which
    /// they were looked at: another program may have sent it out. Gives whether it was noted.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn claim(&mut self, claim: &Claim, seen: i64) -> Result<bool> {
        let at = now();
        self.write(|transaction| {
            let mut newer = transaction.prepare("SELECT DISTINCT id FROM event WHERE event > ?1")?;
            let newer = newer.query_map([seen], |row| row.get(0))?.collect::<rusqlite::Result<FxHashSet<i64>>>()?;
            let is_free = claim.cases.iter().chain(&claim.doors).all(|id| !newer.contains(id));
            if is_free {
                claim.note(transaction, &at)?;
            }
            Ok(is_free)
        })
    }

    /// Chooses cases and notes that they go out while no other program can write.
    ///
    /// # Errors
    /// What choosing fails with; if the store cannot be written.
    pub(super) fn claim_alone<T>(&mut self, choose: impl FnOnce(Vec<StoredCase>) -> Result<(Claim, T)>) -> Result<T> {
        let at = now();
        self.write(|transaction| {
            Ok(match choose(cases(transaction)?) {
                Ok((claim, chosen)) => {
                    claim.note(transaction, &at)?;
                    Ok(chosen)
                }
                Err(error) => Err(error),
            })
        })?
    }

    /// Notes that cases are taken back from a team, chosen and announced while no other program can write. Gives how
    /// many.
    ///
    /// # Errors
    /// What announcing so many fails with: then nothing is noted. If the store cannot be written.
    pub(super) fn take_from(
        &mut self,
        team: &str,
        is_meant: impl Fn(&StoredCase) -> bool,
        announce: impl FnOnce(u64) -> Result<()>,
    ) -> Result<u64> {
        let at = now();
        self.write(|transaction| {
            let mut meant = cases(transaction)?;
            meant.retain(is_meant);
            let taken = meant.len() as u64;
            if let Err(error) = announce(taken) {
                return Ok(Err(error));
            }
            for case in &meant {
                transaction.execute(
                    "INSERT INTO event(id, what, at, role, team) VALUES (?1, ?2, ?3, 'office', ?4)",
                    params![case.id, EventKind::Unassigned.name(), at, team],
                )?;
            }
            Ok(Ok(taken))
        })?
    }

    /// Notes visits; one that is noted already, word for word, changes nothing. Gives how many were new.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn note_visits(&mut self, visits: &[Visit], role: &str) -> Result<u64> {
        let at = now();
        self.write(|transaction| {
            let (mut new, events) = (0, events(transaction)?);
            for visit in visits {
                let events = events.get(&visit.id).map_or(&[][..], Vec::as_slice);
                let digest = visit.digest(role, events, transaction)?;
                new += transaction.execute(
                    "INSERT OR IGNORE INTO event(id, what, at, role, outcome, visited_on, note, team, digest) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                    params![
                        visit.id,
                        EventKind::Visited.name(),
                        at,
                        role,
                        visit.outcome.code(),
                        visit.visited_on,
                        visit.note,
                        visit.team,
                        digest
                    ],
                )?;
            }
            Ok(new as u64)
        })
    }
}

/// What happened to each case, oldest first. Something of an unknown kind is not passed over: the case would stand
/// where it does not.
pub(super) fn events(transaction: &Transaction<'_>) -> rusqlite::Result<FxHashMap<i64, Vec<Event>>> {
    let mut events: FxHashMap<i64, Vec<Event>> = FxHashMap::default();
    let sql = "SELECT id, what, at, role, outcome, visited_on, team, note FROM event ORDER BY event";
    let mut statement = transaction.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (what, outcome): (String, Option<String>) = (row.get(1)?, row.get(4)?);
        events.entry(row.get(0)?).or_default().push(Event {
            what: EventKind::of_name(&what).ok_or_else(|| unreadable(1))?,
            at: row.get(2)?,
            role: row.get(3)?,
            outcome: outcome.and_then(|code| Outcome::of_code(&code)),
            visited_on: row.get(5)?,
            team: row.get(6)?,
            note: row.get(7)?,
        });
    }
    Ok(events)
}

fn cases(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<StoredCase>> {
    let mut events = events(transaction)?;
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
        let kind = DiscrepancyKind::of_name(&kind).ok_or_else(|| unreadable(2))?;
        let mut content = case_of(&content, 3)?;
        // A missed person may be a newborn by now: the latest run knows.
        let kind = DiscrepancyKind::of_name(&content.kind).unwrap_or(kind);
        content.case.number.clone_from(&number);
        cases.push(StoredCase {
            id,
            number,
            other_numbers: numbers.remove(&id).unwrap_or_default(),
            kind,
            row: content,
            earlier: Vec::new(),
            events: events.remove(&id).unwrap_or_default(),
        });
    }
    for case in cases.iter_mut().filter(|case| case.visits().next().is_some()) {
        case.earlier = appearances(transaction, case.id)?;
        case.earlier.pop();
    }
    Ok(cases)
}

fn appearances(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<Vec<CaseRow>> {
    let mut statement = transaction.prepare_cached("SELECT content FROM appearance WHERE id = ?1 ORDER BY run")?;
    let contents = statement.query_map([id], |row| row.get::<_, String>(0))?;
    contents.map(|content| case_of(&content?, 0)).collect()
}

/// A case as it was written. One that cannot be read is not left out: it would be a case that nobody is sent to.
pub(super) fn case_of(content: &str, column: usize) -> rusqlite::Result<CaseRow> {
    serde_json::from_str(content).map_err(|_| unreadable(column))
}

fn unreadable(column: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, String::from("case"), rusqlite::types::Type::Text)
}

/// The time, UTC, to the second.
pub(super) fn now() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Claim, State, Store, Visit};
    use crate::casework::absorb::tests::store;
    use crate::error::Kind;
    use crate::outcome::visit::Outcome;

    #[test]
    fn a_list_in_just_the_words_of_another_teams_is_noted_once_for_each_team() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 1);
        let id = store.cases().unwrap()[0].id;
        let mut noted = |team: Option<&str>| {
            let (visited_on, note) = (String::from("2020-12-01"), String::new());
            let visit = Visit { id, outcome: Outcome::NoContact, visited_on, note, team: team.map(str::to_owned) };
            store.note_visits(&[visit], "field").unwrap()
        };
        assert_eq!(
            [Some("east"), Some("east"), None, Some("west"), Some("west"), None].map(&mut noted),
            [1, 0, 0, 1, 0, 0]
        );
    }

    #[test]
    fn a_list_that_names_no_team_is_of_the_one_that_has_the_case() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 1);
        let id = store.cases().unwrap()[0].id;
        let send = |store: &mut Store, team: &str| {
            let claim = Claim { team: team.to_owned(), cases: vec![id], ..Claim::default() };
            assert!(store.claim(&claim, i64::MAX).unwrap());
        };
        let note = |store: &mut Store, team: Option<&str>| {
            let (visited_on, note) = (String::from("2020-12-01"), String::new());
            let visit = Visit { id, outcome: Outcome::NoContact, visited_on, note, team: team.map(str::to_owned) };
            store.note_visits(&[visit], "field").unwrap()
        };
        send(&mut store, "west");
        assert_eq!([Some("east"), None, None].map(|team| note(&mut store, team)), [1, 1, 0]);
        assert_eq!(store.cases().unwrap()[0].state(), State::Visited);
        // The same list once more tells nothing of the team that has the case by now.
        send(&mut store, "north");
        assert_eq!(note(&mut store, None), 0);
        assert_eq!(store.cases().unwrap()[0].state(), State::Assigned);
    }

    #[test]
    fn something_of_an_unknown_kind_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 1);
        assert_eq!(store.cases().unwrap().len(), 1);
        let add = "INSERT INTO event(id, what, at, role) SELECT id, 'visit', '', 'field' FROM cases";
        store.write(|transaction| transaction.execute(add, [])).unwrap();
        let error = store.cases().unwrap_err();
        assert!(error.kind() == Kind::Verification && error.to_string().contains("another version"), "{error}");
    }
}
