//! Who is sent where?
//!
//! Takes the store's cases, gives lists for a team: the doors that are worth most per visit, as many as can be visited, all
//! cases of a door together, in walking order. The lists are written by the same hand as those of the run; if they are
//! encrypted, the audit log says first to whom.
//!
//! Worth of a door: the sum over its cases of the probability that the case is real, times what it changes in the count.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::encryption::{self, Recipients};
use super::learning::{self, Lesson};
use super::store::{State, Store, StoredCase};
use super::{FOLDER, progress};
use crate::audit::log::Log;
use crate::audit::manifest::Manifest;
use crate::audit::publication::Publication;
use crate::error::{Error, Kind, Result};
use crate::intake::study::Language;
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::report::cases::{self, CaseRow, Door};
use crate::outcome::report::file;
use crate::outcome::report::follow_up::{self, Heading};
use crate::outcome::report::words;

/// What is wanted.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Areas whose code begins so; all if empty.
    pub area: String,
    /// Areas whose code begins with one of these are left out.
    pub except: Vec<String>,
    /// The team.
    pub team: String,
    /// Doors that can be visited; otherwise all cases that the run listed.
    pub visits: Option<u64>,
    /// Doors to visit at random among those that the ranking leaves out, and the seed of the draw.
    pub random: (u64, u64),
    /// Where to; a new folder within the casework otherwise.
    pub out: Option<PathBuf>,
    /// Who alone may read the lists; in the clear otherwise.
    pub recipients: Option<Recipients>,
    /// Who sends them, for the audit log.
    pub actor: Option<String>,
}

/// What went out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sent {
    /// The folder with the lists.
    pub folder: PathBuf,
    /// Enumeration areas.
    pub areas: u64,
    /// Doors.
    pub doors: u64,
    /// Cases.
    pub cases: u64,
    /// Doors among them that were drawn at random.
    pub random_doors: u64,
    /// Missed persons that the visits are expected to find.
    pub expected: f64,
}

/// What one case changes in the count if it is real. A missed household counts through its members, who are cases
/// themselves; what changes no count is worth a look on the way.
#[must_use]
pub fn effect(kind: DiscrepancyKind) -> f64 {
    match kind {
        DiscrepancyKind::MissedPerson | DiscrepancyKind::MissedNewborn => 1.0,
        DiscrepancyKind::MissedHousehold => 0.0,
        DiscrepancyKind::AttributeConflict | DiscrepancyKind::HouseholdMismatch => 0.05,
        _ => 0.5,
    }
}

/// The door of a case; a case without a door of its own stands for itself.
#[must_use]
pub fn door_key<'a>(row: &'a CaseRow, number: &'a str) -> (&'a str, &'a Door, &'a str) {
    (&row.area, &row.door, if row.door.is_one() { "" } else { number })
}

/// The probability of every case as of now.
#[must_use]
pub fn probabilities(cases: &[StoredCase]) -> Vec<f64> {
    let lesson = |case| lesson_of(case);
    learning::learn(&cases.iter().map(lesson).collect::<Vec<_>>())
}

fn lesson_of(case: &StoredCase) -> Lesson<'_> {
    Lesson { kind: case.kind, row: case.as_visited(), label: case.label() }
}

/// Writes lists for a team and notes what it got.
///
/// # Errors
/// If there is nothing to send, or lists or store cannot be written.
pub fn send(store: &mut Store, run: &Path, order: &Order, language: Language) -> Result<Sent> {
    let cases = store.cases()?;
    let probability = probabilities(&cases);
    let mut chosen = choose(&cases, &probability, order);
    let random = choose_at_random(&cases, &chosen, order);
    chosen.extend(&random);
    if chosen.is_empty() {
        let error = Error::new(Kind::Usage, "no case is waiting there for a visit");
        return Err(error.hint("`rollcall follow-up status DIR` shows where cases are waiting"));
    }
    let sent = write(run, order, language, "send", &cases, &probability, &chosen)?;
    let ids: Vec<i64> = chosen.iter().map(|at| cases[*at].id).collect();
    store.assign(&ids, &order.team)?;
    let drawn: Vec<(i64, f64)> = random.iter().map(|at| (cases[*at].id, probability[*at])).collect();
    store.note_drawn(&drawn, &order.team)?;
    Ok(Sent { random_doors: by_door(&cases, random.into_iter()).len() as u64, ..sent })
}

/// Writes what a team has once more, for other recipients: the same cases, as they are now. Nothing else changes, and what
/// went out before can still be read by whom it was sent to.
///
/// # Errors
/// If the team has nothing, or lists cannot be written.
pub fn send_again(store: &Store, run: &Path, order: &Order, language: Language) -> Result<Sent> {
    let cases = store.cases()?;
    let has = |case: &StoredCase| {
        let last = case.events.iter().rev().find(|event| event.what == "assigned");
        matches!(case.state(), State::Assigned | State::Visited)
            && case.row.area.starts_with(&order.area)
            && last.is_some_and(|event| event.team.as_deref() == Some(order.team.as_str()))
    };
    let chosen: Vec<usize> = (0..cases.len()).filter(|at| has(&cases[*at])).collect();
    if chosen.is_empty() {
        let error = Error::new(Kind::Usage, "this team has no case that is still to be visited");
        return Err(error.hint("name the team that the lists were exported for (--team)"));
    }
    write(run, order, language, "rekey", &cases, &probabilities(&cases), &chosen)
}

/// Writes the lists of some cases.
fn write(
    run: &Path,
    order: &Order,
    language: Language,
    action: &str,
    cases: &[StoredCase],
    probability: &[f64],
    chosen: &[usize],
) -> Result<Sent> {
    let doors: std::collections::BTreeSet<_> =
        chosen.iter().map(|at| door_key(&cases[*at].row, &cases[*at].number)).collect();
    let placed = |at: &usize| {
        let row = &cases[*at].row;
        (row.area.clone(), row.door.clone(), row.case.clone())
    };
    let lists = cases::arrange(chosen.iter().map(placed).collect(), language);
    if let Some(recipients) = &order.recipients {
        announce(run, order, action, recipients, chosen.len(), lists.iter().map(|list| list.area.as_str()))?;
    }
    let folder = match &order.out {
        Some(out) => out.clone(),
        None => fresh_folder(&run.join(FOLDER).join("outgoing"), &order.team)?,
    };
    let heading = heading(run, language, &order.team)?;
    match &order.recipients {
        Some(recipients) => {
            let lock = |area: &str, list: Vec<u8>| recipients.encrypt(area, &list);
            follow_up::write_as(&heading, &lists, &folder, &format!(".{}", encryption::ENDING), file::publish, &lock)?
        }
        None => follow_up::write(&heading, &lists, &folder, file::publish)?,
    };
    Ok(Sent {
        folder,
        areas: lists.len() as u64,
        doors: doors.len() as u64,
        cases: chosen.len() as u64,
        random_doors: 0,
        expected: chosen
            .iter()
            .filter(|at| progress::is_find(cases[**at].kind))
            .fold(0.0, |sum, at| sum + probability[*at]),
    })
}

/// Says in the audit log to which public keys lists go, before any is written. An area that nobody may read stops it.
fn announce<'a>(
    run: &Path,
    order: &Order,
    action: &str,
    recipients: &Recipients,
    cases: usize,
    areas: impl Iterator<Item = &'a str>,
) -> Result<()> {
    let mut lists_of: BTreeMap<&str, u64> = BTreeMap::new();
    for area in areas {
        for key in recipients.of(area)? {
            *lists_of.entry(key).or_default() += 1;
        }
    }
    // Nobody else writes into the log meanwhile.
    let held = Publication::begin(run)?;
    let mut log = Log::open(&held, order.actor.as_deref().unwrap_or("unspecified"))?;
    log.add(action, serde_json::json!({ "team": order.team, "cases": cases, "areas_by_recipient": lists_of }))
}

fn heading(run: &Path, language: Language, team: &str) -> Result<Heading> {
    let manifest = Manifest::read(run)?;
    let mut parts = manifest.study.reference_time.get(..10).unwrap_or_default().split('-');
    let mut next = || parts.next().and_then(|part| part.parse::<u16>().ok()).unwrap_or(0);
    let (year, month, day) = (next(), next(), next());
    let reference = (year, u8::try_from(month).unwrap_or(0), u8::try_from(day).unwrap_or(0));
    let team = if team == NO_TEAM { String::new() } else { team.to_owned() };
    Ok(Heading { language, study: crate::privacy::mask::plain(&manifest.study.name), reference, team })
}

/// What stands for a team that was not named.
pub const NO_TEAM: &str = "all";

/// A folder that no other export has.
fn fresh_folder(within: &Path, team: &str) -> Result<PathBuf> {
    std::fs::create_dir_all(within).map_err(|error| Error::io(within, &error))?;
    for number in 1..100_000 {
        let folder = within.join(format!("{team}-{number:03}"));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io(&folder, &error)),
        }
    }
    Err(Error::new(Kind::Environment, "there are too many lists of this team").at_file(within))
}

/// Is the case one that may go out with this order?
fn may_go(case: &StoredCase, order: &Order) -> bool {
    let free = match case.state() {
        State::Open | State::Visited => true,
        State::Assigned => {
            let team = case.events.iter().rev().find(|event| event.what == "assigned");
            team.is_some_and(|event| event.team.as_deref() == Some(order.team.as_str()))
        }
        _ => false,
    };
    let excepted = order.except.iter().any(|except| case.row.area.starts_with(except.as_str()));
    free && !excepted && case.row.area.starts_with(&order.area)
}

/// Doors at random among those with a perhaps missed person that were not chosen, all such cases of a door together. The
/// ranking has no say in it: what they find measures the ranking.
fn choose_at_random(cases: &[StoredCase], chosen: &[usize], order: &Order) -> Vec<usize> {
    use rand::SeedableRng;
    let key = |at: &usize| door_key(&cases[*at].row, &cases[*at].number);
    let taken: std::collections::BTreeSet<_> = chosen.iter().map(key).collect();
    let left = (0..cases.len())
        .filter(|at| may_go(&cases[*at], order) && progress::is_find(cases[*at].kind) && !taken.contains(&key(at)));
    let doors: Vec<Vec<usize>> = by_door(cases, left).into_values().collect();
    let mut dice = rand_chacha::ChaCha8Rng::seed_from_u64(order.random.1);
    let wanted = usize::try_from(order.random.0).unwrap_or(usize::MAX).min(doors.len());
    let mut drawn: Vec<usize> =
        rand::seq::index::sample(&mut dice, doors.len(), wanted).into_iter().flat_map(|at| doors[at].clone()).collect();
    drawn.sort_unstable();
    drawn
}

/// The cases to send, by position.
fn choose(cases: &[StoredCase], probability: &[f64], order: &Order) -> Vec<usize> {
    let waiting: Vec<usize> = (0..cases.len()).filter(|at| may_go(&cases[*at], order)).collect();
    let Some(visits) = order.visits else {
        return waiting.into_iter().filter(|at| cases[*at].row.listed).collect();
    };
    let wanted = |at: &usize| cases[*at].row.listed || progress::is_find(cases[*at].kind);
    let doors = by_door(cases, waiting.into_iter().filter(wanted));
    let mut ranked: Vec<(f64, Vec<usize>)> = doors
        .into_values()
        .map(|door| (door.iter().map(|at| probability[*at] * effect(cases[*at].kind)).sum(), door))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    ranked.truncate(usize::try_from(visits).unwrap_or(usize::MAX));
    // At a door that is visited for a likely case, the unlikely ones are not asked about.
    let worth = |at: &usize| cases[*at].row.listed || probability[*at] >= ON_THE_WAY_MIN;
    ranked
        .into_iter()
        .flat_map(|(_, door)| {
            let worthy: Vec<usize> = door.iter().copied().filter(worth).collect();
            if worthy.is_empty() { door } else { worthy }
        })
        .collect()
}

/// A case less likely than this does not come along to a door that is visited anyway.
const ON_THE_WAY_MIN: f64 = 0.02;

fn by_door(cases: &[StoredCase], positions: impl Iterator<Item = usize>) -> BTreeMap<(&str, &Door, &str), Vec<usize>> {
    let mut doors: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for at in positions {
        doors.entry(door_key(&cases[at].row, &cases[at].number)).or_default().push(at);
    }
    doors
}

/// What the next visits are expected to find, by area: the best doors first.
#[must_use]
pub fn next_doors(cases: &[StoredCase], probability: &[f64]) -> Vec<(String, f64)> {
    let waiting = (0..cases.len()).filter(|at| cases[*at].is_waiting() && progress::is_find(cases[*at].kind));
    let mut worth: FxHashMap<(&str, &Door, &str), f64> = FxHashMap::default();
    for at in waiting {
        *worth.entry(door_key(&cases[at].row, &cases[at].number)).or_default() += probability[at];
    }
    let mut doors: Vec<(String, f64)> = worth.into_iter().map(|((area, ..), worth)| (area.to_owned(), worth)).collect();
    doors.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    doors
}

/// Expected finds as people read them.
#[must_use]
pub fn expected_words(expected: f64) -> String {
    words::expected(expected)
}
