//! Which cases does a fresh run go on with?
//!
//! Takes a finished run, gives the store what is new in it. A case is known again by its question and by the records it
//! rests on: of the earlier cases of the same kind (a newborn and any other missed person are one), the one that shares
//! most records; of missed persons first one that visits have settled or dispute, as two cases may turn out to be one
//! person. A record that is another person's by now ([`bearer`]) is not shared. What no case matches is opened; an
//! unsettled case that the run does not raise any more is closed, with the reason; one that comes back is reopened.
//! The run that was taken over last changes nothing; an earlier one that is back counts as a fresh one.

use std::path::Path;

use rusqlite::{OptionalExtension, Transaction, params};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::history::{State, outlasts_new_data, standing};
use super::store::{self, Event, EventKind, Store, now};
use crate::audit::manifest;
use crate::digest;
use crate::error::{Error, Kind, Result};
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::files;
use crate::outcome::report::cases::table::{self, CASES, CaseTable};
use crate::outcome::report::cases::{CaseRow, digest_and_mark, record_digest, spoken_number};
use crate::outcome::visit::{self, one_question};
use crate::person::bearer;

/// What taking over a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Absorbed {
    /// Cases that are new.
    pub opened: u64,
    /// Cases that go on.
    pub carried: u64,
    /// Cases that had been closed and are raised again.
    pub reopened: u64,
    /// Cases that the run does not raise any more.
    pub closed: u64,
    /// Cases that visits have settled, dispute, or answer and leave to a supervisor, and that the run does not raise
    /// any more.
    pub settled: u64,
    /// Records of earlier cases that cases of the run rest on, too, as those of other persons.
    pub of_others: u64,
}

/// Is the run of a folder the one that was taken over last?
///
/// # Errors
/// If the run or the store cannot be read.
pub fn is_absorbed(store: &Store, run: &Path) -> Result<bool> {
    let digest = manifest::digest_of(&run.join(CASES))?;
    store.read(|transaction| is_latest(transaction, &digest))
}

/// Takes over the run of a folder, unless that is done.
///
/// # Errors
/// If the run or the store cannot be read or written.
pub fn absorb(store: &mut Store, run: &Path) -> Result<Absorbed> {
    let path = run.join(CASES);
    let bytes = std::fs::read(&path).map_err(|error| {
        Error::io(&path, &error).hint("DIR must be the folder of a finished run: `rollcall run STUDY --out DIR`")
    })?;
    let digest = digest::of(&bytes);
    if store.read(|transaction| is_latest(transaction, &digest))? {
        return Ok(Absorbed::default());
    }
    let cases = table::read(run)?;
    let records = Records::of(run, &cases)?;
    if manifest::digest_of(&path)? != digest {
        let error = Error::new(Kind::Environment, "another run was put in place at this moment").at_file(&path);
        return Err(error.hint("the same command again takes it over"));
    }
    let at = now();
    store.write(|transaction| {
        // Another program may have been faster.
        if is_latest(transaction, &digest)? {
            return Ok(Absorbed::default());
        }
        let name = name_of_run(transaction, &digest)?;
        transaction.execute("INSERT INTO run(digest, at) VALUES (?1, ?2)", params![name, at])?;
        let run = transaction.last_insert_rowid();
        let work = Work { transaction, run, at: &at, visited: by_visits(transaction)? };
        let mut done = Absorbed::default();
        let mut raised: FxHashSet<i64> = FxHashSet::default();
        let mut seen = Seen::default();
        let closed = work.last_closed()?;
        for row in &cases.rows {
            let id = match work.known(row, &raised, &mut seen)? {
                Some(id) => {
                    let again = closed.contains(&id);
                    work.event(id, if again { EventKind::Reopened } else { EventKind::Carried }, None)?;
                    if again {
                        done.reopened += 1;
                    } else {
                        done.carried += 1;
                    }
                    id
                }
                None => {
                    done.opened += 1;
                    work.open(row)?
                }
            };
            raised.insert(id);
            work.appear(id, row)?;
        }
        done.of_others = seen.of_others.len() as u64;
        let records = Records { moved: records.moved(&seen), seen, raised: raised_by(&cases.rows), ..records };
        (done.closed, done.settled) = work.close_the_rest(&raised, &closed, &records)?;
        Ok(done)
    })
}

/// Cases that visits have settled, or dispute.
fn by_visits(transaction: &Transaction<'_>) -> rusqlite::Result<FxHashSet<i64>> {
    let is_it = |events: &Vec<Event>| matches!(standing(events).0, State::Resolved | State::Disputed);
    Ok(store::events(transaction)?.into_iter().filter(|(_, events)| is_it(events)).map(|(id, _)| id).collect())
}

/// Is this the run that was taken over last? An earlier one may come back, and what a run between has closed is then
/// open.
fn is_latest(transaction: &Transaction<'_>, digest: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT digest FROM run ORDER BY run DESC LIMIT 1";
    let latest: Option<String> = transaction.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(latest.is_some_and(|latest| latest.split(AGAIN).next() == Some(digest)))
}

/// Between the digest of a run that comes back and how often it has been there: the table takes no digest twice, and
/// its rows cannot be changed.
const AGAIN: char = '#';

fn name_of_run(transaction: &Transaction<'_>, digest: &str) -> rusqlite::Result<String> {
    let sql = "SELECT count(*) FROM run WHERE digest = ?1 OR digest LIKE ?1 || '#%'";
    let before: i64 = transaction.query_row(sql, [digest], |row| row.get(0))?;
    Ok(if before == 0 { digest.to_owned() } else { format!("{digest}{AGAIN}{}", before + 1) })
}

struct Work<'a> {
    transaction: &'a Transaction<'a>,
    run: i64,
    at: &'a str,
    /// Cases that visits have settled, or dispute.
    visited: FxHashSet<i64>,
}

impl Work<'_> {
    fn event(&self, id: i64, what: EventKind, note: Option<&str>) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached("INSERT INTO event(id, what, at, role, note) VALUES (?1, ?2, ?3, 'run', ?4)")?
            .execute(params![id, what.name(), self.at, note])
            .map(|_| ())
    }

    /// Cases of which the last thing that a run said is that they are closed.
    fn last_closed(&self) -> rusqlite::Result<FxHashSet<i64>> {
        let sql = "SELECT id FROM event e WHERE what = 'closed' AND event = (SELECT max(event) FROM event l WHERE \
                   l.id = e.id AND l.role = 'run')";
        let mut statement = self.transaction.prepare(sql)?;
        statement.query_map([], |row| row.get(0))?.collect()
    }

    /// The earlier case of the same question that shares most records, and is not taken; of two the one of this very
    /// kind. Notes of the records of earlier cases whether they were another person's then.
    fn known(&self, row: &CaseRow, taken: &FxHashSet<i64>, seen: &mut Seen) -> rusqlite::Result<Option<i64>> {
        let question = |kind: &str| DiscrepancyKind::of_name(kind).map(one_question);
        let mut shared: FxHashMap<(i64, bool), u32> = FxHashMap::default();
        let mut statement = self
            .transaction
            .prepare_cached("SELECT r.id, c.kind FROM record r JOIN cases c ON c.id = r.id WHERE r.digest = ?1")?;
        for (digest, mark) in row.records.iter().map(|name| digest_and_mark(name)) {
            let mut found = statement.query([digest])?;
            while let Some(found) = found.next()? {
                let (id, kind): (i64, String) = (found.get(0)?, found.get(1)?);
                if question(&kind) != question(&row.kind) {
                    continue;
                }
                if self.is_of_same(id, digest, mark)? {
                    *shared.entry((id, kind == row.kind)).or_default() += 1;
                    seen.of_same.insert(digest.to_owned());
                } else {
                    seen.of_others.insert(digest.to_owned());
                }
            }
        }
        let best = shared.into_iter().filter(|((id, _), _)| !taken.contains(id));
        let is_person = DiscrepancyKind::of_name(&row.kind).is_some_and(DiscrepancyKind::is_missed);
        let mut candidates = Vec::new();
        for ((id, is_of_kind), count) in best {
            let holds = is_person && self.visited.contains(&id) && self.are_most(id, count)?;
            candidates.push((holds, count, is_of_kind, std::cmp::Reverse(id)));
        }
        Ok(candidates.into_iter().max().map(|(.., std::cmp::Reverse(id))| id))
    }

    /// Are so many records at least half of those that a case rests on? If they are fewer, its person is another one.
    fn are_most(&self, id: i64, count: u32) -> rusqlite::Result<bool> {
        let mut statement = self.transaction.prepare_cached("SELECT count(*) FROM record WHERE id = ?1")?;
        let all: u32 = statement.query_row([id], |row| row.get(0))?;
        Ok(2 * count >= all)
    }

    /// Is a record that a case rested on still that of the same person, as the last run said that had it in the case?
    fn is_of_same(&self, id: i64, digest: &str, mark: &str) -> rusqlite::Result<bool> {
        let sql = "SELECT content FROM appearance WHERE id = ?1 ORDER BY run DESC";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let mut contents = statement.query([id])?;
        while let Some(content) = contents.next()? {
            let then = store::case_of(&content.get::<_, String>(0)?, 0)?;
            let mut names = then.records.iter().map(|name| digest_and_mark(name));
            if let Some((_, then)) = names.find(|(of, _)| *of == digest) {
                return Ok(bearer::is_same(then, mark));
            }
        }
        Ok(true)
    }

    fn open(&self, row: &CaseRow) -> rusqlite::Result<i64> {
        let mut number = row.case.number.clone();
        // Two cases of different runs may by chance have been given one number.
        while self
            .transaction
            .prepare_cached("SELECT 1 FROM cases WHERE number = ?1")?
            .query_row([&number], |_| Ok(()))
            .optional()?
            .is_some()
        {
            number = spoken_number(&number);
        }
        self.transaction
            .prepare_cached("INSERT INTO cases(number, kind) VALUES (?1, ?2)")?
            .execute(params![number, row.kind])?;
        let id = self.transaction.last_insert_rowid();
        self.event(id, EventKind::Opened, None)?;
        Ok(id)
    }

    fn appear(&self, id: i64, row: &CaseRow) -> rusqlite::Result<()> {
        let content = serde_json::to_string(row).unwrap_or_default();
        self.transaction
            .prepare_cached("INSERT INTO appearance(id, run, probability, content) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![id, self.run, row.probability, content])?;
        let mut record = self.transaction.prepare_cached("INSERT OR IGNORE INTO record(id, digest) VALUES (?1, ?2)")?;
        for name in &row.records {
            record.execute(params![id, digest_and_mark(name).0])?;
        }
        Ok(())
    }

    /// Notes of all cases that the run does not raise, and of which that is not noted yet, why. Gives how many it
    /// closes, and how many visits had settled.
    fn close_the_rest(
        &self,
        raised: &FxHashSet<i64>,
        closed: &FxHashSet<i64>,
        records: &Records,
    ) -> rusqlite::Result<(u64, u64)> {
        let mut statement = self.transaction.prepare("SELECT id, kind FROM cases")?;
        let all = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let all: Vec<(i64, String)> = all.collect::<rusqlite::Result<_>>()?;
        let events = store::events(self.transaction)?;
        let (mut by_data, mut by_visits) = (0, 0);
        let mut of_case = self.transaction.prepare("SELECT digest FROM record WHERE id = ?1")?;
        for (id, kind) in all.into_iter().filter(|(id, _)| !raised.contains(id)) {
            let events = events.get(&id).map_or(&[][..], Vec::as_slice);
            let state = standing(events).0;
            // Closed already, unless a supervisor has taken back since what had settled it.
            if closed.contains(&id) && !matches!(state, State::Open | State::Assigned | State::Visited) {
                continue;
            }
            let digests: Vec<String> = of_case.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            let stays = outlasts_new_data(events);
            let why = match state {
                State::Resolved => "a visit has settled it",
                State::Disputed => "visits contradict each other about it",
                State::Referred if stays => "a supervisor must decide what visits say of it",
                _ => records.reason(&kind, &digests),
            };
            *if stays { &mut by_visits } else { &mut by_data } += 1;
            self.event(id, EventKind::Closed, Some(why))?;
        }
        Ok((by_data, by_visits))
    }
}

/// Does a case of this kind ask whether a person was missed?
fn is_of_person(kind: &str) -> bool {
    DiscrepancyKind::of_name(kind).map(one_question) == Some(DiscrepancyKind::MissedPerson)
}

/// Does a case of this kind ask whether somebody is not on the roll? All others are about a row of it.
fn is_omission(kind: &str) -> bool {
    DiscrepancyKind::of_name(kind).is_some_and(visit::is_omission)
}

/// The records of the missed persons that a run raises.
fn raised_by(rows: &[CaseRow]) -> FxHashSet<String> {
    let names = rows.iter().filter(|row| is_of_person(&row.kind)).flat_map(|row| &row.records);
    names.map(|name| digest_and_mark(name).0.to_owned()).collect()
}

/// The digests of records on which cases of the run rest, and earlier ones did.
#[derive(Default)]
struct Seen {
    /// Those that are still the same person's.
    of_same: FxHashSet<String>,
    /// Those that were another person's in an earlier case.
    of_others: FxHashSet<String>,
}

/// What the new run says of the records of a case.
struct Records {
    /// Records that are in the run: the position of their source, and whether their person is on the roll.
    in_run: FxHashMap<String, (usize, bool)>,
    /// The position of the roll, if a row of it is in the run.
    roll: Option<usize>,
    /// Those of which is known whose they were.
    seen: Seen,
    /// Sources that most likely number their rows anew: what is known of their records is mostly that they are other
    /// persons'.
    moved: FxHashSet<usize>,
    /// Records of the missed persons that the run raises.
    raised: FxHashSet<String>,
}

const OF_OTHERS: &str = "its records are other persons' now";
const MAYBE_OF_OTHERS: &str = "its records may be other persons' now";
const NOT_RAISED: &str = "the new data no longer raise it";

impl Records {
    fn of(run: &Path, cases: &CaseTable) -> Result<Records> {
        let persons = files::read_persons(run)?;
        let enumerated: FxHashSet<u64> =
            persons.iter().filter(|row| row.source == cases.roll).map(|row| row.person).collect();
        let mut sources: FxHashMap<&str, usize> = FxHashMap::default();
        let mut in_run = FxHashMap::default();
        for row in &persons {
            let next = sources.len();
            let source = *sources.entry(&row.source).or_insert(next);
            in_run.insert(record_digest(&row.source, &row.record_id), (source, enumerated.contains(&row.person)));
        }
        let (seen, moved, raised) = (Seen::default(), FxHashSet::default(), FxHashSet::default());
        let roll = sources.get(cases.roll.as_str()).copied();
        Ok(Records { in_run, roll, seen, moved, raised })
    }

    /// Sources of which more records are other persons' than are the same persons' still.
    fn moved(&self, seen: &Seen) -> FxHashSet<usize> {
        let mut excess: FxHashMap<usize, i64> = FxHashMap::default();
        for (digests, of_others) in [(&seen.of_others, 1), (&seen.of_same, -1)] {
            for (source, _) in digests.iter().filter_map(|digest| self.in_run.get(digest)) {
                *excess.entry(*source).or_default() += of_others;
            }
        }
        excess.into_iter().filter(|(_, excess)| *excess > 0).map(|(source, _)| source).collect()
    }

    /// Why a case is not raised any more.
    fn reason(&self, kind: &str, digests: &[String]) -> &'static str {
        let own: Vec<&String> = digests.iter().filter(|digest| !self.seen.of_others.contains(*digest)).collect();
        let is_raised = |digest: &str| is_of_person(kind) && self.raised.contains(digest);
        let in_run = own.iter().filter_map(|digest| Some((digest, self.in_run.get(*digest)?)));
        let (sure, doubtful): (Vec<_>, Vec<_>) =
            in_run.partition(|(digest, (source, _))| !self.moved.contains(source) || is_raised(digest));
        if sure.is_empty() && own.len() < digests.len() {
            OF_OTHERS
        } else if sure.is_empty() && !doubtful.is_empty() {
            MAYBE_OF_OTHERS
        } else if sure.is_empty() {
            "its records are no longer in the extracts"
        } else if !is_omission(kind) {
            // It is about a row of the roll, with which records of registers were compared.
            let is_of_roll =
                |digest: &&String| self.in_run.get(*digest).is_some_and(|(source, _)| Some(*source) == self.roll);
            if sure.iter().any(|(digest, _)| is_of_roll(digest)) {
                NOT_RAISED
            } else if doubtful.iter().any(|(digest, _)| is_of_roll(digest)) {
                MAYBE_OF_OTHERS
            } else if digests.iter().any(|digest| is_of_roll(&digest)) {
                OF_OTHERS
            } else {
                "its row of the roll is no longer in the extracts"
            }
        } else if sure.iter().any(|(_, (_, on_roll))| *on_roll) {
            "the new data link its person to a row of the roll"
        } else if own.into_iter().any(|digest| is_raised(digest)) {
            "the new data have it as one person with another case"
        } else {
            NOT_RAISED
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
