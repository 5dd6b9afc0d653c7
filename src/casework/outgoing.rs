//! Who is sent where?
//!
//! Takes the store's cases, gives lists for a team: the doors that are worth most per visit, as many as can be visited,
//! with all cases of a door together, in walking order (`ranking`). First the store and the audit log note who has the
//! cases, and only if nobody else has them; then the lists are written, by the same code as those of the run.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::door::{DoorKey, by_door, door_of};
use super::encryption::{self, Recipients};
use super::history::SUPERVISOR;
use super::ranking::{probabilities, ranked};
use super::store::{Claim, State, Store, StoredCase};
use super::{FOLDER, held, progress, settled};
use crate::audit::log::{Log, NOBODY_NAMED};
use crate::audit::manifest::Manifest;
use crate::audit::publication::{self, Publication};
use crate::audit::vouched;
use crate::error::{Error, Kind, Result};
use crate::intake::study::Language;
use crate::outcome::report::cases::{self, AreaList, is_area, shown_area};
use crate::outcome::report::follow_up::{self, Heading};
use crate::outcome::report::words;
use crate::whole_file;

/// What is wanted.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// This area, or those of this division; all if empty.
    pub area: String,
    /// Areas, or divisions of which all areas are left out.
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
    /// The key file that signs the log's new end.
    pub sign_key: Option<PathBuf>,
    /// Is it for a supervisor, who decides what waits for one?
    pub for_supervisor: bool,
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

impl Order {
    pub(super) fn actor(&self) -> &str {
        self.actor.as_deref().unwrap_or(NOBODY_NAMED)
    }
}

/// What is to go out, before anybody has it.
struct Choice {
    cases: Vec<StoredCase>,
    probability: Vec<f64>,
    /// Positions of the cases.
    chosen: Vec<usize>,
    /// Those of them that were drawn at random.
    random: Vec<usize>,
    lists: Vec<AreaList>,
}

impl Choice {
    fn of(cases: Vec<StoredCase>, order: &Order, language: Language, has_outcomes: bool) -> Result<Choice> {
        check_excepted(&cases, order)?;
        let probability = probabilities(&cases, has_outcomes);
        let mut chosen = choose(&cases, &probability, order, has_outcomes);
        let mut random = choose_at_random(&cases, &chosen, order, has_outcomes);
        chosen.extend(&random);
        random.retain(|at| cases[*at].kind.is_missed());
        if chosen.is_empty() {
            return Err(nothing_to_send(&cases, order, has_outcomes));
        }
        Choice { cases, probability, chosen, random, lists: Vec::new() }.arranged(order, language)
    }

    /// With its lists; an area that nobody may read is said before anything happens.
    fn arranged(mut self, order: &Order, language: Language) -> Result<Choice> {
        let placed = |at: &usize| self.cases[*at].row.placed(language);
        self.lists = cases::arrange(self.chosen.iter().map(placed).collect());
        if let Some(recipients) = &order.recipients {
            self.lists.iter().try_for_each(|list| recipients.of(&list.area).map(|_| ()))?;
        }
        Ok(self)
    }

    fn claim(&self, order: &Order) -> Claim {
        let doors: BTreeSet<_> = self.chosen.iter().map(|at| door_of(&self.cases[*at])).collect();
        let is_beside = |case: &&StoredCase| doors.contains(&door_of(case));
        Claim {
            doors: self.cases.iter().filter(is_beside).map(|case| case.id).collect(),
            team: order.team.clone(),
            cases: self.chosen.iter().map(|at| self.cases[*at].id).collect(),
            drawn: self.random.iter().map(|at| (self.cases[*at].id, self.probability[*at])).collect(),
        }
    }
}

/// Why there is nothing to send, and what to do.
fn nothing_to_send(cases: &[StoredCase], order: &Order, has_outcomes: bool) -> Error {
    let waiting = may_all_go(cases, order, has_outcomes).len();
    let mut what = String::from("no case is waiting there for a visit");
    let mut hint = vec!["`rollcall follow-up status DIR` shows where cases are waiting"];
    if waiting > 0 {
        what = format!(
            "all cases that are waiting there ({waiting}) are less likely than the study's `probability_min`, or beyond \
             the visits that the run planned"
        );
        hint = vec!["`--visits N` takes the best N doors of them"];
    }
    let of = |team: progress::TeamCases| format!("{} with team {}", words::count(team.cases), team.team);
    let asked = cases.iter().filter(|case| is_asked_for(case, order));
    let teams: Vec<String> = progress::teams(asked).into_iter().map(of).collect();
    if !teams.is_empty() {
        what += &format!("; not brought back: {}", teams.join(", "));
        hint.push("`rollcall follow-up recall DIR --team TEAM` takes back what a team has");
    }
    Error::new(Kind::Usage, what).hint(hint.join("; "))
}

/// How often cases are chosen again that another program was faster to send out, before others have to wait meanwhile.
const TRIES: u32 = 3;

/// Notes which cases a team gets, then writes its lists.
///
/// # Errors
/// If there is nothing to send, the lists may not be put where they should be, or lists, log or store cannot be
/// written.
pub fn send(store: &mut Store, run: &Path, order: &Order, language: Language) -> Result<Sent> {
    check(run, order)?;
    let heading = heading(run, language, order)?;
    let (choice, _held) = claim(store, run, order, language)?;
    write(run, order, &heading, &choice).map_err(|error| without_lists(error, order))
}

fn without_lists(error: Error, order: &Order) -> Error {
    error.also(format!("team {} has these cases now; the same command again writes its lists", order.team))
}

/// What is known to be wrong before anything is asked of the store.
fn check(run: &Path, order: &Order) -> Result<()> {
    let Some(out) = &order.out else { return Ok(()) };
    publication::refuse_inside(run, out)?;
    check_empty(out)
}

/// The log, if it may be added to.
fn open_log(held: &Publication, order: &Order) -> Result<Log> {
    vouched::open(held, order.actor(), order.sign_key.as_deref(), "what is sent")
}

/// Chooses cases that nobody else has chosen meanwhile, notes whose they are, and says so in the audit log; gives the
/// folder, held until the lists are in it.
fn claim(store: &mut Store, run: &Path, order: &Order, language: Language) -> Result<(Choice, Publication)> {
    let has_outcomes = settled::has_outcomes(run)?;
    for _ in 0..TRIES {
        let (cases, seen) = store.cases_so_far()?;
        let choice = Choice::of(cases, order, language, has_outcomes)?;
        // The log is opened first: what it cannot be told must not happen.
        let held = held::hold(run)?;
        let mut log = open_log(&held, order)?;
        if store.claim(&choice.claim(order), seen)? {
            announce(&mut log, order, "send", &choice).map_err(|error| without_lists(error, order))?;
            return Ok((choice, held));
        }
    }
    let held = held::hold(run)?;
    let mut log = open_log(&held, order)?;
    let choice = store.claim_alone(|cases| {
        let choice = Choice::of(cases, order, language, has_outcomes)?;
        Ok((choice.claim(order), choice))
    })?;
    announce(&mut log, order, "send", &choice).map_err(|error| without_lists(error, order))?;
    Ok((choice, held))
}

/// Writes what a team has once more, for other recipients: the same cases, as they are now. Nothing else changes, and
/// what went out before can still be read by whom it was sent to.
///
/// # Errors
/// If the team has nothing, or lists cannot be written.
pub fn send_again(store: &Store, run: &Path, order: &Order, language: Language) -> Result<Sent> {
    let cases = store.cases()?;
    let has = |case: &StoredCase| {
        case.state() == State::Assigned && is_asked_for(case, order) && case.team() == Some(order.team.as_str())
    };
    let chosen: Vec<usize> = (0..cases.len()).filter(|at| has(&cases[*at])).collect();
    if chosen.is_empty() {
        let error = Error::new(Kind::Usage, "this team has no case that is still to be visited");
        return Err(error.hint("name the team that the lists were exported for (--team)"));
    }
    send_as_they_are(run, order, "rekey", (cases, chosen), language)
}

/// Writes lists of cases of which these are chosen, and says so in the audit log; whose the cases are stays as it is.
pub(super) fn send_as_they_are(
    run: &Path,
    order: &Order,
    action: &str,
    (cases, chosen): (Vec<StoredCase>, Vec<usize>),
    language: Language,
) -> Result<Sent> {
    check(run, order)?;
    let probability = probabilities(&cases, settled::has_outcomes(run)?);
    let choice = Choice { cases, probability, chosen, random: Vec::new(), lists: Vec::new() };
    let choice = choice.arranged(order, language)?;
    let heading = heading(run, language, order)?;
    let held = held::hold(run)?;
    announce(&mut open_log(&held, order)?, order, action, &choice)?;
    write(run, order, &heading, &choice)
}

/// Writes the lists of some cases.
fn write(run: &Path, order: &Order, heading: &Heading, choice: &Choice) -> Result<Sent> {
    let Choice { cases, probability, chosen, random, lists } = choice;
    let folder = match &order.out {
        Some(out) => {
            // One that is there already was made by somebody, for whomever.
            publication::private(true).create(out).map_err(|error| Error::io(out, &error))?;
            out.clone()
        }
        None => fresh_folder(&run.join(FOLDER).join("outgoing"), &order.team)?,
    };
    let paths = match &order.recipients {
        Some(recipients) => {
            let lock = |area: &str, list: Vec<u8>| recipients.encrypt(area, &list);
            follow_up::write_as(heading, lists, &folder, &format!(".{}", encryption::ENDING), whole_file::put, &lock)?
        }
        None => follow_up::write(heading, lists, &folder, whole_file::put)?,
    };
    // Who is told that they are written takes them out; what the store says of them lies on the disk already.
    whole_file::settle(&paths).map_err(|error| Error::io(&folder, &error))?;
    Ok(Sent {
        folder,
        areas: lists.len() as u64,
        doors: by_door(cases, chosen.iter().copied()).len() as u64,
        cases: chosen.len() as u64,
        random_doors: by_door(cases, random.iter().copied()).len() as u64,
        expected: chosen.iter().filter(|at| cases[**at].kind.is_missed()).fold(0.0, |sum, at| sum + probability[*at]),
    })
}

/// Says in the audit log what goes out, and to which public keys, before any list is written; signs it where it is
/// signed.
fn announce(log: &mut Log, order: &Order, action: &str, choice: &Choice) -> Result<()> {
    let mut said = serde_json::json!({ "team": order.team, "cases": choice.chosen.len() });
    if order.for_supervisor {
        said["role"] = SUPERVISOR.into();
    }
    match &order.recipients {
        None => said["areas"] = choice.lists.len().into(),
        Some(recipients) => {
            let mut lists_of: BTreeMap<&str, u64> = BTreeMap::new();
            for list in &choice.lists {
                for key in recipients.of(&list.area)? {
                    *lists_of.entry(key).or_default() += 1;
                }
            }
            said["areas_by_recipient"] = serde_json::json!(lists_of);
        }
    }
    log.add(action, said)?;
    log.sign(order.sign_key.as_deref())
}

/// A folder for lists must be empty or not there yet: lists of one area have one name whoever carries them, and must
/// lie neither over those of another team nor among extracts.
fn check_empty(folder: &Path) -> Result<()> {
    let refused = |what: &str| {
        let error = Error::new(Kind::Usage, what).at_file(folder);
        Err(error.hint(
            "name an empty folder or a new one with --out; without it, lists go to a new one in casework/outgoing",
        ))
    };
    match std::fs::read_dir(folder).map(Iterator::count) {
        Ok(1..) => refused("this folder is not empty"),
        Err(error) if error.kind() == ErrorKind::NotADirectory => refused("this is no folder"),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(folder, &error)),
        _ => Ok(()),
    }
}

fn heading(run: &Path, language: Language, order: &Order) -> Result<Heading> {
    let manifest = Manifest::read(run)?;
    let mut parts = manifest.study.reference_time.get(..10).unwrap_or_default().split('-');
    let mut next = || parts.next().and_then(|part| part.parse::<u16>().ok()).unwrap_or(0);
    let (year, month, day) = (next(), next(), next());
    let reference = (year, u8::try_from(month).unwrap_or(0), u8::try_from(day).unwrap_or(0));
    let team = match order.team.as_str() {
        NO_TEAM => String::new(),
        // By the cover the list is known for a supervisor's when it comes back, whatever has become of its columns.
        name if order.for_supervisor && name != SUPERVISOR => format!("{SUPERVISOR} {name}"),
        name => name.to_owned(),
    };
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
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io(&folder, &error)),
        }
    }
    Err(Error::new(Kind::Environment, "there are too many lists of this team").at_file(within))
}

/// Is the case one that may go out with this order, as far as the case itself says?
fn may_go(case: &StoredCase, order: &Order, has_outcomes: bool) -> bool {
    let is_theirs = case.state() != State::Assigned || case.team() == Some(order.team.as_str());
    case.is_waiting(has_outcomes) && is_theirs && is_asked_for(case, order)
}

/// Is the case in the areas that are asked for?
pub(super) fn is_asked_for(case: &StoredCase, order: &Order) -> bool {
    let excepted = order.except.iter().any(|except| is_area(&case.row.area, except));
    !excepted && is_area(&case.row.area, &order.area)
}

/// Lists of areas that somebody means to leave out must not go out for a slip in the code.
pub(super) fn check_excepted(cases: &[StoredCase], order: &Order) -> Result<()> {
    let hits = |except: &&String| cases.iter().any(|case| is_area(&case.row.area, except));
    let Some(except) = order.except.iter().find(|except| !hits(except)) else { return Ok(()) };
    let what = format!("no case lies in area {}, which is to be left out", shown_area(except));
    let hint = "`rollcall follow-up status DIR` shows the areas; is the code right, then there is nothing to leave out";
    Err(Error::new(Kind::Usage, what).hint(hint))
}

/// Positions of the cases that may go out with this order. Where another team is sent already, everything at the door
/// is left to that team: two would call at one door. So it is where new data have closed the case since: the team goes
/// there by the list that it has.
fn may_all_go(cases: &[StoredCase], order: &Order, has_outcomes: bool) -> Vec<usize> {
    let key = |case| door_of(case);
    let is_others = |case: &&StoredCase| case.is_on_a_list() && case.team() != Some(order.team.as_str());
    let taken: BTreeSet<_> = cases.iter().filter(is_others).map(key).collect();
    (0..cases.len())
        .filter(|at| may_go(&cases[*at], order, has_outcomes) && !taken.contains(&key(&cases[*at])))
        .collect()
}

/// Doors at random among those with a perhaps missed person to which the ranking sends nobody, now or before, with all
/// such cases there and what the run listed beside them. The ranking has no say in it: what they find measures the
/// ranking. Doors that were drawn before and are not brought back come first: whoever asks for lists once more gets the
/// same. Each draw goes on with other dice than those before it, or the same places would come up every day; the same
/// seed over the same history gives the same doors.
fn choose_at_random(cases: &[StoredCase], chosen: &[usize], order: &Order, has_outcomes: bool) -> Vec<usize> {
    use rand::SeedableRng;
    let taken: BTreeSet<_> = chosen.iter().map(|at| door_of(&cases[*at])).collect();
    let is_out = |case: &&StoredCase| case.state() == State::Assigned;
    let sent: BTreeSet<_> = cases.iter().filter(|case| case.is_on_a_list()).map(door_of).collect();
    let drawn_before: BTreeSet<_> =
        cases.iter().filter(is_out).filter(|case| case.went_out_as_drawn()).map(door_of).collect();
    let asked = |at: &usize| cases[*at].kind.is_missed() || cases[*at].row.listed;
    let mut doors = by_door(cases, may_all_go(cases, order, has_outcomes).into_iter().filter(asked));
    doors.retain(|door, at| !taken.contains(door) && at.iter().any(|at| cases[*at].kind.is_missed()));
    let wanted = usize::try_from(order.random.0).unwrap_or(usize::MAX);
    let of = |doors: &BTreeMap<_, Vec<usize>>, is_it: &dyn Fn(&DoorKey<'_>) -> bool| -> Vec<Vec<usize>> {
        doors.iter().filter(|(door, _)| is_it(door)).map(|(_, at)| at.clone()).collect()
    };
    let mut drawn = of(&doors, &|door| drawn_before.contains(door));
    drawn.truncate(wanted);
    let left = of(&doors, &|door| !sent.contains(door));
    let mut dice = rand_chacha::ChaCha8Rng::seed_from_u64(order.random.1);
    dice.set_stream(cases.iter().filter(|case| case.drawn().is_some()).count() as u64);
    let more = (wanted - drawn.len()).min(left.len());
    drawn.extend(rand::seq::index::sample(&mut dice, left.len(), more).into_iter().map(|at| left[at].clone()));
    let mut drawn = drawn.concat();
    drawn.sort_unstable();
    drawn
}

/// The cases to send, by position.
fn choose(cases: &[StoredCase], probability: &[f64], order: &Order, has_outcomes: bool) -> Vec<usize> {
    let waiting = may_all_go(cases, order, has_outcomes);
    let Some(visits) = order.visits else {
        return waiting.into_iter().filter(|at| cases[*at].row.listed).collect();
    };
    let visits = usize::try_from(visits).unwrap_or(usize::MAX);
    ranked(cases, probability, waiting).into_iter().take(visits).flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{NO_TEAM, Order, send};
    use crate::audit::log::{self, Log};
    use crate::audit::manifest::MANIFEST;
    use crate::audit::publication::Publication;
    use crate::casework::absorb::absorb;
    use crate::casework::absorb::tests::{order, run, run_of, say, store, store_over};
    use crate::casework::learning::tests::row;
    use crate::casework::progress;
    use crate::casework::ranking::next_doors;
    use crate::casework::recall::recall;
    use crate::casework::store::{Claim, EventKind, State, Store, StoredCase, Visit};
    use crate::error::Kind;
    use crate::intake::study::Language;
    use crate::outcome::discrepancy::DiscrepancyKind;
    use crate::outcome::report::cases::record_digest;
    use crate::outcome::visit::Outcome;

    #[test]
    fn exports_at_once_give_no_case_to_two_teams() {
        let folder = tempfile::tempdir().unwrap();
        drop(store(folder.path(), 40));
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for team in 0..8 {
                let (start, run) = (&start, folder.path());
                scope.spawn(move || {
                    let mut store = Store::open(run).unwrap();
                    start.wait();
                    let sent = send(&mut store, run, &order(&format!("team-{team}"), Some(5)), Language::Zh).unwrap();
                    assert_eq!((sent.doors, sent.cases), (5, 5));
                });
            }
        });
        let cases = Store::open(folder.path()).unwrap().cases().unwrap();
        let mut of_team: BTreeMap<&str, usize> = BTreeMap::new();
        for case in &cases {
            let sent = case.events.iter().filter(|event| event.what == EventKind::Assigned).count();
            assert_eq!(sent, 1, "{}: with one team", case.number);
            *of_team.entry(case.team().unwrap()).or_default() += 1;
        }
        assert!(of_team.len() == 8 && of_team.values().all(|count| *count == 5), "{of_team:?}");
        // Each has said so in the audit log.
        let entries = log::read(folder.path()).unwrap();
        assert_eq!(entries.iter().filter(|entry| entry.action == "send").count(), 8);
    }

    #[test]
    fn a_plain_export_says_in_the_audit_log_who_sent_what_to_which_team() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 3);
        let asked = Order { actor: Some(String::from("LIU")), ..order("西区", None) };
        send(&mut store, folder.path(), &asked, Language::Zh).unwrap();
        let entries = log::read(folder.path()).unwrap();
        let entry = entries.last().unwrap();
        assert_eq!((entry.action.as_str(), entry.actor.as_str()), ("send", "LIU"));
        assert_eq!(entry.object, serde_json::json!({"team": "西区", "cases": 3, "areas": 1}));
    }

    #[test]
    fn who_met_nobody_gives_the_case_to_one_next_team_and_a_supervisors_case_goes_to_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 2);
        let sent = |store: &mut Store, team: &str| {
            send(store, folder.path(), &order(team, None), Language::Zh).map_or(0, |sent| sent.cases)
        };
        assert_eq!(sent(&mut store, "east"), 2);
        say(&mut store, 0, Outcome::NoContact, "2020-12-01", "field");
        say(&mut store, 1, Outcome::Supervisor, "2020-12-01", "field");
        assert_eq!((sent(&mut store, "west"), sent(&mut store, "north")), (1, 0));
        assert_eq!(
            store.cases().unwrap().iter().map(StoredCase::state).collect::<Vec<_>>(),
            [State::Assigned, State::Referred]
        );
        // The same team once more has it anew, too, and so nobody else.
        say(&mut store, 0, Outcome::NoContact, "2020-12-02", "field");
        assert_eq!((sent(&mut store, "west"), sent(&mut store, "east")), (1, 0));
        say(&mut store, 0, Outcome::NoContact, "2020-12-03", "field");
        assert_eq!(sent(&mut store, "east"), 1);
    }

    #[test]
    fn a_team_that_has_a_case_has_it_still_when_the_list_of_another_comes_late() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 1);
        let id = store.cases().unwrap()[0].id;
        let late = |team: &str| Visit {
            id,
            outcome: Outcome::NoContact,
            visited_on: String::from("2020-12-01"),
            note: String::new(),
            team: Some(team.to_owned()),
        };
        let sent = |store: &mut Store, team: &str| {
            send(store, folder.path(), &order(team, None), Language::Zh).map_or(0, |sent| sent.cases)
        };
        assert_eq!(sent(&mut store, "east"), 1);
        recall(&mut store, folder.path(), &order("east", None)).unwrap();
        assert_eq!(sent(&mut store, "west"), 1);
        store.note_visits(&[late("east")], "field").unwrap();
        assert_eq!((sent(&mut store, "north"), sent(&mut store, "west")), (0, 1));
        let events = &store.cases().unwrap()[0].events;
        assert_eq!(events.iter().filter(|event| event.what == EventKind::Assigned).count(), 2, "west has it already");
        store.note_visits(&[late("west")], "field").unwrap();
        assert_eq!(sent(&mut store, "north"), 1);
    }

    #[test]
    fn lists_for_other_keys_hold_what_the_team_has_not_brought_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 2);
        send(&mut store, folder.path(), &order("east", None), Language::Zh).unwrap();
        say(&mut store, 0, Outcome::NoContact, "2020-12-01", "field");
        let sent = super::send_again(&store, folder.path(), &order("east", None), Language::Zh).unwrap();
        assert_eq!((sent.cases, progress::teams(store.cases().unwrap().iter())[0].cases), (1, 1));
    }

    #[test]
    fn no_two_teams_are_sent_to_one_door() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 1);
        send(&mut store, folder.path(), &order("east", None), Language::Zh).unwrap();
        // A fresh run raises two more cases: one at the door to which a team has been sent, one at another.
        let at = |number: usize, room: u16| {
            let mut case = row(number, 1, 0.5);
            case.records = vec![record_digest("register", &number.to_string())];
            case.door.room = room;
            case
        };
        run_of(folder.path(), &[at(1, 102), at(2, 102), at(3, 909)], &[1, 2, 3], &[]);
        absorb(&mut store, folder.path()).unwrap();
        let mut sent = |team: &str, visits| {
            send(&mut store, folder.path(), &order(team, visits), Language::Zh).unwrap();
            let cases = store.cases().unwrap();
            cases.iter().map(|case| case.team().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(sent("west", Some(5)), ["east", "", "west"]);
        assert_eq!(
            sent("east", Some(1)),
            ["east", "east", "west"],
            "the newcomer goes with the team that has the door"
        );
    }

    #[test]
    fn a_delivery_that_was_halved_and_repaired_sends_no_second_team() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 4);
        send(&mut store, folder.path(), &order("north", Some(2)), Language::Zh).unwrap();
        let teams = |store: &Store| -> Vec<Option<String>> {
            store.cases().unwrap().iter().map(|case| case.team().map(ToOwned::to_owned)).collect()
        };
        let before = teams(&store);
        assert_eq!(before.iter().flatten().count(), 2);
        for cases in [&[4][..], &[1, 2, 3, 4]] {
            run(folder.path(), cases, cases, &[]);
            absorb(&mut store, folder.path()).unwrap();
        }
        let has = |store: &Store| progress::teams(store.cases().unwrap().iter()).iter().map(|team| team.cases).sum();
        assert_eq!((teams(&store), has(&store)), (before, 2u64), "north has its lists still");
        assert_eq!(send(&mut store, folder.path(), &order("south", None), Language::Zh).unwrap().cases, 2);
        let cases = store.cases().unwrap();
        let sent = |case: &StoredCase| case.events.iter().filter(|event| event.what == EventKind::Assigned).count();
        assert!(cases.iter().all(|case| sent(case) == 1), "one team each");
    }

    #[test]
    fn the_next_visits_are_those_that_an_export_makes() {
        let folder = tempfile::tempdir().unwrap();
        // Sixty rows that are surely counted twice, and sixty persons perhaps missed: these find somebody, those mend
        // more of the count for each visit.
        let of = |at: usize| {
            let mut case = row(at, 1, if at < 60 { 0.98 } else { 0.3 });
            case.records = vec![record_digest("register", &at.to_string())];
            if at < 60 {
                DiscrepancyKind::DuplicateEnumeration.name().clone_into(&mut case.kind);
            }
            case
        };
        run_of(folder.path(), &(0..120).map(of).collect::<Vec<_>>(), &[], &[]);
        let mut store = Store::open(folder.path()).unwrap();
        absorb(&mut store, folder.path()).unwrap();
        let cases = store.cases().unwrap();
        let probability = super::probabilities(&cases, false);
        let chosen = super::choose(&cases, &probability, &order("east", Some(70)), false);
        let missed = chosen.iter().filter(|at| cases[**at].kind.is_missed()).count();
        let next = next_doors(&cases, &probability, false);
        let expected: f64 = next.iter().take(70).map(|(_, expected)| expected).sum();
        assert_eq!((chosen.len(), missed, next.len()), (70, 10, 120));
        assert!((expected - 3.0).abs() < 1e-9, "{expected}");
    }

    #[test]
    fn visits_at_random_go_to_other_places_every_day() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 200);
        let asked = Order { random: (3, 1), ..order("east", None) };
        let mut draw = || {
            let cases = store.cases().unwrap();
            let drawn = super::choose_at_random(&cases, &[], &asked, false);
            assert_eq!(
                drawn,
                super::choose_at_random(&cases, &[], &asked, false),
                "the same seed over the same history"
            );
            let drawn_now = drawn.iter().map(|at| (cases[*at].id, 0.5)).collect();
            store.claim(&Claim { team: asked.team.clone(), drawn: drawn_now, ..Claim::default() }, i64::MAX).unwrap();
            drawn
        };
        // Nobody has been sent there yet: the same doors are left every day.
        let days: BTreeSet<Vec<usize>> = (0..5).map(|_| draw()).collect();
        assert_eq!(days.len(), 5, "{days:?}");
    }

    #[test]
    fn lists_that_could_not_be_written_hold_the_same_doors_the_next_time_also_those_drawn_at_random() {
        let folder = tempfile::tempdir().unwrap();
        // Each second door has a matter beside the person, which the run has listed.
        let of = |at: usize| {
            let mut case = row(at, 1, 0.5);
            case.records = vec![record_digest("register", &at.to_string())];
            if at >= 40 {
                DiscrepancyKind::AttributeConflict.name().clone_into(&mut case.kind);
                case.door = row(2 * (at - 40), 1, 0.5).door;
            }
            case
        };
        run_of(folder.path(), &(0..60).map(of).collect::<Vec<_>>(), &[], &[]);
        let mut store = store_over(folder.path());
        let asked = |visits, random| Order { random: (random, 9), ..order("south", Some(visits)) };
        let sent = |store: &mut Store, order: &Order| {
            let sent = send(store, folder.path(), order, Language::Zh).unwrap();
            let cases = store.cases().unwrap();
            let with_team = cases.iter().filter(|case| case.state() == State::Assigned).count() as u64;
            (sent.doors, sent.random_doors, sent.cases, with_team)
        };
        let with_team = |store: &Store| -> BTreeSet<i64> {
            let cases = store.cases().unwrap();
            cases.iter().filter(|case| case.state() == State::Assigned).map(|case| case.id).collect()
        };
        let first = sent(&mut store, &asked(5, 5));
        assert_eq!((first.0, first.1, first.2), (10, 5, first.3));
        let cases = store.cases().unwrap();
        let (sent_out, left): (Vec<_>, Vec<_>) = cases.iter().partition(|case| case.state() == State::Assigned);
        let doors: BTreeSet<_> = sent_out.into_iter().map(super::door_of).collect();
        assert!(left.into_iter().all(|case| !doors.contains(&super::door_of(case))), "all of a door go together");
        assert_eq!(sent(&mut store, &asked(5, 5)), first);
        let drawn = |store: &Store| store.cases().unwrap().iter().filter(|case| case.drawn().is_some()).count();
        assert_eq!(drawn(&store), 5);
        // Nor is a door drawn to which the ranking has sent the team: all that wait are drawn, and no others.
        assert_eq!(sent(&mut store, &asked(1, 100)).1, 35);
        assert_eq!(drawn(&store), 35);
        // What was drawn once and goes out by the ranking now is drawn no more.
        for at in 0..40 {
            say(&mut store, at, Outcome::NoContact, "2020-12-01", "field");
        }
        let by_ranking = sent(&mut store, &asked(20, 0));
        assert_eq!((by_ranking.0, by_ranking.1), (20, 0));
        let before: BTreeSet<i64> = with_team(&store);
        assert_eq!(sent(&mut store, &asked(1, 5)).1, 5);
        // And what is drawn for the second time is on the same list again.
        let after = with_team(&store);
        assert_eq!(sent(&mut store, &asked(1, 5)).1, 5);
        assert_eq!((after.len() > before.len(), with_team(&store)), (true, after));
    }

    #[test]
    fn who_waited_for_the_folder_sends_nothing_once_it_was_purged() {
        use crate::audit::purge;
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 2);
        purge::purge(folder.path(), |_| false, &[crate::casework::FOLDER], &purge::Order::default()).unwrap();
        // The table of cases is an output, which this run's manifest does not name.
        std::fs::remove_file(folder.path().join(crate::outcome::report::cases::table::CASES)).unwrap();
        let mut log = Log::open(&Publication::begin(folder.path()).unwrap(), "office").unwrap();
        log.add("purge", serde_json::json!({"files": [{"file": crate::outcome::report::cases::table::CASES}]}))
            .unwrap();
        assert!(send(&mut store, folder.path(), &order("east", None), Language::Zh).is_err());
        assert!(!folder.path().join(crate::casework::FOLDER).exists(), "no list with names in a purged folder");
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_that_is_made_for_lists_is_for_nobody_else() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 2);
        let elsewhere = tempfile::tempdir().unwrap();
        let out = elsewhere.path().join("to-the-east");
        send(&mut store, folder.path(), &Order { out: Some(out.clone()), ..order("east", None) }, Language::Zh)
            .unwrap();
        assert_eq!(std::fs::metadata(out).unwrap().permissions().mode() & 0o077, 0);
    }

    #[test]
    fn lists_are_not_put_among_others_and_nobody_gets_cases_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 2);
        let out = tempfile::tempdir().unwrap();
        let asked = |team: &str| Order { out: Some(out.path().to_path_buf()), ..order(team, Some(1)) };
        send(&mut store, folder.path(), &asked("east"), Language::Zh).unwrap();
        let before = std::fs::read_dir(out.path()).unwrap().count();
        let error = send(&mut store, folder.path(), &asked("west"), Language::Zh).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.to_string().contains("not empty"), "{error}");
        assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), before);
        assert!(store.cases().unwrap().iter().all(|case| case.team() != Some("west")));
        let file = folder.path().join(MANIFEST);
        let error = send(&mut store, folder.path(), &Order { out: Some(file), ..order("west", None) }, Language::Zh);
        assert_eq!(error.unwrap_err().kind(), Kind::Usage);
    }

    #[test]
    fn where_all_that_wait_are_unlikely_the_export_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 2);
        let cases = store.cases().unwrap();
        let mut unlikely = cases.clone();
        unlikely.iter_mut().for_each(|case| case.row.listed = false);
        let said = super::nothing_to_send(&unlikely, &order(NO_TEAM, None), false).to_string();
        assert!(said.contains("(2)") && said.contains("probability_min") && said.contains("--visits N"), "{said}");
        send(&mut store, folder.path(), &order("east", None), Language::Zh).unwrap();
        let error = send(&mut store, folder.path(), &order("west", None), Language::Zh).unwrap_err();
        assert!(error.to_string().contains("no case is waiting"), "{error}");
        assert!(error.to_string().contains("2 with team east") && error.to_string().contains("recall"), "{error}");
    }
}
