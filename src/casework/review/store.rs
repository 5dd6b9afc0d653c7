//! Where are drawn pairs and judgements kept?
//!
//! In the store of cases, in tables of their own that are only added to. A pair is two records of two persons: whoever
//! has a record's id in another delivery is another pair (see [`bearer`](crate::person::bearer)).

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::sample::Sample;
use super::{Judged, Judgement, RecordName, ReviewPair};
use crate::casework::history::SUPERVISOR;
use crate::casework::store::{Store, now};
use crate::error::Result;
use crate::outcome::report::cases::spoken_number;

/// A sample as the store has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// How many pairs each stratum has.
    pub strata: BTreeMap<String, u64>,
    /// The drawn pairs in the order in which they are shown.
    pub pairs: Vec<ReviewPair>,
    /// How many were asked for.
    pub wanted: u64,
    /// The seed of the draw.
    pub seed: u64,
}

/// What is shown of a drawn pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// A digest of it.
    pub content: String,
    /// Marks of the persons whose records they are.
    pub marks: [String; 2],
}

/// A judgement to be noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The pair.
    pub id: i64,
    /// What was said.
    pub judgement: Judgement,
    /// A remark.
    pub note: String,
}

/// Who judges.
#[derive(Debug, Clone, Copy)]
pub struct Clerk<'a> {
    /// The name or number by which the clerk is known.
    pub name: &'a str,
    /// Does the clerk settle what others dispute?
    pub is_supervisor: bool,
}

/// What noting judgements did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Noted {
    /// Judgements that were new.
    pub new: u64,
    /// Judgements that the same file had brought before, and on which the clerk has said something else since.
    pub outdated: u64,
}

impl Store {
    /// Notes a sample of a run (its manifest's digest), and gives it as the store has it; `shown` is what is shown of
    /// each pair. The same sample, shown alike, is not noted twice.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn note_draw(&mut self, run: &str, seed: u64, wanted: u64, sample: &Sample, shown: &[Shown]) -> Result<Draw> {
        let at = now();
        let (seed, wanted) = (seed.cast_signed(), wanted.cast_signed());
        self.write(|transaction| {
            let latest: Option<(i64, String, i64, i64)> = transaction
                .query_row("SELECT draw, digest, seed, wanted FROM draw ORDER BY draw DESC LIMIT 1", [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
                .optional()?;
            if let Some((draw, ..)) = latest
                .filter(|(_, of, its_seed, its_pairs)| (of.as_str(), *its_seed, *its_pairs) == (run, seed, wanted))
            {
                let noted = numbered(transaction, draw)?;
                // Another version of the program may show them otherwise, and workbooks of both come back.
                let contents = noted.pairs.iter().map(|pair| &pair.content);
                if contents.eq(shown.iter().map(|shown| &shown.content)) {
                    return Ok(noted);
                }
            }
            transaction.execute(
                "INSERT INTO draw(digest, seed, wanted, at) VALUES (?1, ?2, ?3, ?4)",
                params![run, seed, wanted, at],
            )?;
            let draw = transaction.last_insert_rowid();
            for (stratum, pairs) in &sample.strata {
                transaction
                    .execute("INSERT INTO stratum VALUES (?1, ?2, ?3)", params![draw, stratum, pairs.cast_signed()])?;
            }
            for ((position, (ends, stratum)), Shown { content, marks }) in (0i64..).zip(&sample.pairs).zip(shown) {
                let id = pair_id(transaction, ends, marks)?;
                transaction.execute(
                    "INSERT INTO drawn(draw, position, id, stratum, content) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![draw, position, id, stratum, content],
                )?;
            }
            numbered(transaction, draw)
        })
    }

    /// The latest sample of a run, of so many pairs and with such a seed if these are said; nothing if there is none.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn draw_of(&self, run: &str, wanted: Option<u64>, seed: Option<u64>) -> Result<Option<Draw>> {
        self.read(|transaction| {
            let sql = "SELECT draw FROM draw WHERE digest = ?1 AND wanted = ifnull(?2, wanted) AND seed = ifnull(?3, seed) \
                       ORDER BY draw DESC LIMIT 1";
            let said = params![run, wanted.map(u64::cast_signed), seed.map(u64::cast_signed)];
            let latest: Option<i64> = transaction.query_row(sql, said, |row| row.get(0)).optional()?;
            latest.map(|draw| numbered(transaction, draw)).transpose()
        })
    }

    /// The pairs of all samples of a run, or of whatever run, each as it was shown.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn drawn_of(&self, run: Option<&str>) -> Result<Vec<ReviewPair>> {
        self.read(|transaction| {
            let sql = "SELECT DISTINCT p.id, p.number, p.source_l, p.record_l, p.source_r, p.record_r, d.stratum, d.content \
                       FROM drawn d JOIN pair p ON p.id = d.id JOIN draw w ON w.draw = d.draw WHERE w.digest = ifnull(?1, w.digest) \
                       ORDER BY p.id";
            transaction.prepare(sql)?.query_map([run], drawn_pair)?.collect()
        })
    }

    /// All pairs of which clerks have said anything, whatever the run: in the order of their records.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn judged_pairs(&self) -> Result<Vec<ReviewPair>> {
        self.read(|transaction| {
            let mut judged = judgements(transaction)?;
            let mut statement =
                transaction.prepare("SELECT id, number, source_l, record_l, source_r, record_r FROM pair")?;
            let mut rows = statement.query([])?;
            let mut pairs = Vec::new();
            while let Some(row) = rows.next()? {
                let Some(judged) = judged.remove(&row.get(0)?) else { continue };
                let (ends, marks) = ends_of(row)?;
                pairs.push(ReviewPair {
                    id: row.get(0)?,
                    number: row.get(1)?,
                    ends,
                    marks,
                    stratum: String::new(),
                    content: String::new(),
                    judged,
                });
            }
            // Of one pair of ids the pair that was drawn last has the last word.
            pairs.sort_by(|one, other| (&one.ends, one.id).cmp(&(&other.ends, other.id)));
            Ok(pairs)
        })
    }

    /// Notes what a clerk said; what the clerk has said of a pair already is not noted again. What this very file has
    /// brought before (its digest; none if it was typed) is no later word than what the clerk has said since.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn note_judgements(&mut self, said: &[Said], clerk: Clerk<'_>, file: Option<&str>) -> Result<Noted> {
        let at = now();
        let role = if clerk.is_supervisor { SUPERVISOR } else { "reviewer" };
        self.write(|transaction| {
            let mut noted = Noted::default();
            let mut last = transaction.prepare(
                "SELECT said, role FROM judgement WHERE id = ?1 AND reviewer = ?2 ORDER BY judgement DESC LIMIT 1",
            )?;
            for one in said {
                let before: Option<(String, String)> =
                    last.query_row(params![one.id, clerk.name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
                let is_news = before != Some((one.judgement.name().to_owned(), role.to_owned()));
                if let Some(file) = file {
                    let is_first = transaction.execute(
                        "INSERT OR IGNORE INTO brought(file, reviewer, role, id, at) VALUES (?1, ?2, ?3, ?4, ?5)",
                        params![file, clerk.name, role, one.id, at],
                    )?;
                    if is_first == 0 {
                        noted.outdated += u64::from(is_news);
                        continue;
                    }
                }
                if is_news {
                    transaction.execute(
                        "INSERT INTO judgement(id, reviewer, role, said, at, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                        params![one.id, clerk.name, role, one.judgement.name(), at, one.note],
                    )?;
                    noted.new += 1;
                }
            }
            Ok(noted)
        })
    }
}

/// A sample by its number in the store.
fn numbered(transaction: &Transaction<'_>, draw: i64) -> rusqlite::Result<Draw> {
    let asked = "SELECT wanted, seed FROM draw WHERE draw = ?1";
    let (wanted, seed): (i64, i64) = transaction.query_row(asked, [draw], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let strata = transaction
        .prepare("SELECT stratum, pairs FROM stratum WHERE draw = ?1")?
        .query_map([draw], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?
        .collect::<rusqlite::Result<BTreeMap<String, u64>>>()?;
    let mut pairs = transaction
        .prepare(
            "SELECT p.id, p.number, p.source_l, p.record_l, p.source_r, p.record_r, d.stratum, d.content \
             FROM drawn d JOIN pair p ON p.id = d.id WHERE d.draw = ?1 ORDER BY d.position",
        )?
        .query_map([draw], drawn_pair)?
        .collect::<rusqlite::Result<Vec<ReviewPair>>>()?;
    let mut judged = judgements(transaction)?;
    pairs.iter_mut().for_each(|pair| pair.judged = judged.remove(&pair.id).unwrap_or_default());
    Ok(Draw { strata, pairs, wanted: wanted.cast_unsigned(), seed: seed.cast_unsigned() })
}

/// A pair of a sample, without what was judged.
fn drawn_pair(row: &Row<'_>) -> rusqlite::Result<ReviewPair> {
    let (ends, marks) = ends_of(row)?;
    Ok(ReviewPair {
        id: row.get(0)?,
        number: row.get(1)?,
        ends,
        marks,
        stratum: row.get(6)?,
        content: row.get(7)?,
        judged: Vec::new(),
    })
}

/// Stands in the store between a record's id and the mark of its person.
const MARKED: char = '\u{1f}';

/// The records of a pair, and the marks of their persons, from the columns behind id and number.
fn ends_of(row: &Row<'_>) -> rusqlite::Result<([RecordName; 2], [String; 2])> {
    let end = |at: usize| -> rusqlite::Result<(RecordName, String)> {
        let record: String = row.get(at + 1)?;
        let (record, mark) = record.split_once(MARKED).unwrap_or((&record, ""));
        Ok(((row.get(at)?, record.to_owned()), mark.to_owned()))
    };
    let ((one, mark), (other, other_mark)) = (end(2)?, end(4)?);
    Ok(([one, other], [mark, other_mark]))
}

fn judgements(transaction: &Transaction<'_>) -> rusqlite::Result<BTreeMap<i64, Vec<Judged>>> {
    let mut statement = transaction.prepare("SELECT id, reviewer, role, said FROM judgement ORDER BY judgement")?;
    let mut rows = statement.query([])?;
    let mut judged: BTreeMap<i64, Vec<Judged>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let said: String = row.get(3)?;
        let Some(judgement) = Judgement::of_name(&said) else { continue };
        let role: String = row.get(2)?;
        judged.entry(row.get(0)?).or_default().push(Judged {
            reviewer: row.get(1)?,
            supervisor: role == SUPERVISOR,
            judgement,
        });
    }
    Ok(judged)
}

/// The pair's number in the store; a new pair gets one, and a number to speak of it.
fn pair_id(
    transaction: &Transaction<'_>,
    [one, other]: &[RecordName; 2],
    [mark, other_mark]: &[String; 2],
) -> rusqlite::Result<i64> {
    let records = [format!("{}{MARKED}{mark}", one.1), format!("{}{MARKED}{other_mark}", other.1)];
    let names = params![one.0, records[0], other.0, records[1]];
    let found = transaction
        .query_row(
            "SELECT id FROM pair WHERE source_l = ?1 AND record_l = ?2 AND source_r = ?3 AND record_r = ?4",
            names,
            |row| row.get(0),
        )
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    for attempt in 0u32.. {
        let about = ["pair", &one.0, &records[0], &other.0, &records[1], &attempt.to_string()].join("\u{1f}");
        let new = transaction.execute(
            "INSERT OR IGNORE INTO pair(number, source_l, record_l, source_r, record_r) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![spoken_number(&about), one.0, records[0], other.0, records[1]],
        )?;
        if new == 1 {
            break;
        }
    }
    Ok(transaction.last_insert_rowid())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Sample, Shown};
    use crate::casework::absorb::tests::store;

    #[test]
    fn a_sample_that_is_shown_otherwise_is_known_by_both() {
        let folder = tempfile::tempdir().expect("folder");
        let mut store = store(folder.path(), 1);
        let end = |record: &str| (String::from("roll"), record.to_owned());
        let strata = BTreeMap::from([(String::from("link"), 1)]);
        let sample = Sample { strata, pairs: vec![([end("1"), end("2")], String::from("link"))] };
        for (content, known) in [("before", 1), ("before", 1), ("after", 2), ("after", 2)] {
            let shown = Shown { content: content.to_owned(), marks: [String::new(), String::new()] };
            let draw = store.note_draw("run", 1, 1, &sample, &[shown]).expect("noted");
            assert_eq!((draw.pairs.len(), draw.pairs[0].content.as_str()), (1, content));
            assert_eq!(store.drawn_of(Some("run")).expect("drawn").len(), known);
        }
    }
}
