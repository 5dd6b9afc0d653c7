//! How do lists go out to field teams and come back?
//!
//! Takes what was asked of a run's casework, prints counts; case numbers and codes may stand on the screen, names may
//! not.

use std::path::Path;
use std::process::ExitCode;

use super::args::ResultFormat;
use super::args::follow_up::{Campaign, Export, FollowUp, Import, Outcomes, Readers, Recall, Rekey, Role, Status};
use super::coverage::{in_words, unlinked};
use super::destination;
use super::earlier;
use super::files::Files;
use super::log;
use super::screen::{Table, count, counted, show, show_json};
use super::truth;
use crate::audit::manifest::{Manifest, OUTCOMES};
use crate::audit::publication;
use crate::casework::campaign::{self, Course, Rules};
use crate::casework::decision::{self, Waiting};
use crate::casework::encryption::Recipients;
use crate::casework::history::SUPERVISOR;
use crate::casework::incoming::{self, Incomplete, Taking};
use crate::casework::outgoing::{self, Order, Sent};
use crate::casework::progress::TeamCases;
use crate::casework::store::{State, Store};
use crate::casework::{absorb, progress, recall, settled};
use crate::error::{Error, Kind, Result};
use crate::intake::outcomes::{self, OutcomeRow};
use crate::outcome::coverage::ESTIMATES;
use crate::outcome::coverage::estimated::Warning;
use crate::outcome::report::cases::shown_area;
use crate::outcome::report::cases::table::{self, CASES};
use crate::outcome::report::words;
use crate::provenance::held;
use crate::whole_file;

/// Obeys one of the commands.
pub(super) fn follow_up(asked: &FollowUp) -> Result<ExitCode> {
    match asked {
        FollowUp::Export(export) => send(export),
        FollowUp::Import(import) => take_back(import),
        FollowUp::Rekey(rekey) => send_again(rekey),
        FollowUp::Recall(recall) => recall_from(recall),
        FollowUp::Status(status) => say(status),
        FollowUp::Outcomes(outcomes) => write_outcomes(outcomes),
        FollowUp::Campaign(campaign) => play(campaign),
    }
}

/// The store of a run, to be read alone. Where nobody may write, the run cannot be taken over.
pub(super) fn store_to_read(run: &Path) -> Result<Store> {
    check_run(run)?;
    let store = Store::open_to_read(run)?;
    if !store.is_protected() {
        return take_over(store, run);
    }
    if !absorb::is_absorbed(&store, run)? {
        log::tell(
            "warning: cases are those of an earlier run: nobody may write here, so that the run of this folder is not taken \
             over; copy the folder to where it can be",
        );
    }
    Ok(store)
}

/// The store of a run, with the run taken over.
fn store_of(run: &Path) -> Result<Store> {
    check_run(run)?;
    take_over(Store::open(run)?, run)
}

/// Before anything is made there: is it a finished run at all?
fn check_run(run: &Path) -> Result<()> {
    let manifest = Manifest::read(run)?;
    held::check_outputs(run, &manifest, &[CASES, ESTIMATES])
}

fn take_over(mut store: Store, run: &Path) -> Result<Store> {
    let absorbed = absorb::absorb(&mut store, run)?;
    if absorbed != absorb::Absorbed::default() {
        log::tell(&format!(
            "taken over from the run: {} new cases, {} carried over, {} reopened, {} closed by new data, {} settled by visits and \
             not raised any more",
            count(absorbed.opened),
            count(absorbed.carried),
            count(absorbed.reopened),
            count(absorbed.closed),
            count(absorbed.settled)
        ));
    }
    if absorbed.of_others > 0 {
        log::tell(&format!(
            "warning: at least {} of earlier cases are other persons' now, and no case goes on by them: a source that has no `record_id` \
             in the study file is known by the numbers of its rows, which are others in another delivery",
            counted(absorbed.of_others, "record")
        ));
    }
    Ok(store)
}

fn send(asked: &Export) -> Result<ExitCode> {
    let for_supervisor = asked.role == Role::Supervisor;
    if for_supervisor && (asked.visits.is_some() || asked.random_visits.is_some()) {
        let error = Error::new(Kind::Usage, "a supervisor gets all cases that wait for one");
        return Err(error.hint("leave out --visits and --random-visits, or name areas: --area, --except"));
    }
    let recipients = recipients(&asked.readers)?;
    let mut store = store_of(&asked.run)?;
    let is_unnamed = for_supervisor && asked.team == outgoing::NO_TEAM;
    let order = Order {
        area: asked.area.clone(),
        except: asked.except.clone(),
        team: if is_unnamed { SUPERVISOR.to_owned() } else { asked.team.clone() },
        visits: asked.visits,
        random: (asked.random_visits.unwrap_or(0), asked.seed.unwrap_or(1)),
        out: asked.out.clone(),
        recipients,
        actor: asked.readers.actor.clone(),
        sign_key: asked.readers.sign_key.clone(),
        for_supervisor,
    };
    let language = table::read(&asked.run)?.language;
    let sent = if for_supervisor {
        decision::send(&store, &asked.run, &order, language)?
    } else {
        outgoing::send(&mut store, &asked.run, &order, language)?
    };
    say_sent(&sent, unlinked(&asked.run)?.as_ref())
}

fn send_again(asked: &Rekey) -> Result<ExitCode> {
    let recipients = recipients(&asked.readers)?;
    if recipients.is_none() {
        let error = Error::new(Kind::Usage, "for whom?");
        return Err(error.hint("name the public keys of those who may read the lists: --recipient, --recipients"));
    }
    let order = Order {
        area: asked.area.clone(),
        team: asked.team.clone(),
        out: asked.out.clone(),
        recipients,
        actor: asked.readers.actor.clone(),
        sign_key: asked.readers.sign_key.clone(),
        ..Order::default()
    };
    let store = store_of(&asked.run)?;
    let sent = outgoing::send_again(&store, &asked.run, &order, table::read(&asked.run)?.language)?;
    say_sent(&sent, unlinked(&asked.run)?.as_ref())
}

fn recall_from(asked: &Recall) -> Result<ExitCode> {
    let mut store = store_of(&asked.run)?;
    let order = Order {
        area: asked.area.clone(),
        team: asked.team.clone(),
        actor: asked.actor.clone(),
        sign_key: asked.sign_key.clone(),
        ..Order::default()
    };
    let cases = recall::recall(&mut store, &asked.run, &order)?;
    show(&format!("{} taken back from team {}\n", counted(cases, "case"), asked.team))?;
    Ok(ExitCode::SUCCESS)
}

/// Whom lists are encrypted to; to nobody if none is named.
fn recipients(readers: &Readers) -> Result<Option<Recipients>> {
    let named = !readers.recipient.is_empty() || readers.recipients.is_some();
    named.then(|| Recipients::read(&readers.recipient, readers.recipients.as_deref())).transpose()
}

/// How many are expected; unknown where a warning says that no expectation rests on anything.
fn expected(number: f64, unlinked: Option<&Warning>) -> String {
    if unlinked.is_some() { String::from("unknown") } else { words::expected(number) }
}

/// The warning's line; nothing without one.
fn warned(unlinked: Option<&Warning>) -> String {
    unlinked.map_or_else(String::new, |warning| format!("warning: {}\n", in_words(warning)))
}

fn say_sent(sent: &Sent, unlinked: Option<&Warning>) -> Result<ExitCode> {
    let mut table = Table::new(&["went out", ""]).left(1);
    table.row(vec![String::from("lists"), sent.folder.display().to_string()]);
    table.row(vec![String::from("areas"), count(sent.areas)]);
    table.row(vec![String::from("doors"), count(sent.doors)]);
    if sent.random_doors > 0 {
        table.row(vec![String::from("of these at random"), count(sent.random_doors)]);
    }
    table.row(vec![String::from("cases"), count(sent.cases)]);
    table.row(vec![String::from("expected finds"), expected(sent.expected, unlinked)]);
    show(&(table.text() + &warned(unlinked)))?;
    Ok(ExitCode::SUCCESS)
}

fn take_back(asked: &Import) -> Result<ExitCode> {
    let mut store = store_of(&asked.run)?;
    let language = table::read(&asked.run)?.language;
    let reference = Manifest::read(&asked.run)?.study.reference_time;
    let reference = reference.get(..10).and_then(|day| day.parse().ok()).unwrap_or(jiff::civil::Date::MIN);
    let role = if asked.role == Some(Role::Supervisor) { SUPERVISOR } else { "field" };
    let (actor, sign_key) = (asked.actor.as_deref(), asked.sign_key.as_deref());
    let taking = Taking { role, is_role_said: asked.role.is_some(), language, reference, actor, sign_key };
    let mut files = Files::new(&["good rows", "new", "not filled in", "wrong"]);
    for file in &asked.files {
        let taken = match incoming::take_back(&mut store, &asked.run, file, &taking) {
            Ok(taken) => taken,
            Err(error) => {
                files.fail(file, error);
                continue;
            }
        };
        let name = files.add(file, &[taken.good, taken.new, taken.blank, taken.wrong.len() as u64]);
        for (sheet, list) in &taken.incomplete {
            let sheet = sheet.as_ref().map_or_else(String::new, |sheet| format!(", {sheet}"));
            files.reject(format!("{name}{sheet}: {}", lacking(list)));
        }
        for (place, column, reason) in &taken.wrong {
            files.reject(format!("{name}, {place}, {column}: {}\n", reason.of(language)));
        }
        if let Some(path) = &taken.wrong_file {
            files.lines += &format!("{name}: the wrong rows with their reasons are in {}\n", path.display());
        }
        files.lines += &waiting_lines(&taken.waiting);
    }
    files.end()
}

/// A line for each case that waits for a supervisor.
fn waiting_lines(waiting: &[Waiting]) -> String {
    let line = |Waiting { case, state, outcomes }: &Waiting| {
        if *state == State::Disputed.name() {
            format!(
                "case {case}: outcomes {} contradict each other; a supervisor's list settles it (--role supervisor)\n",
                outcomes.join(", ")
            )
        } else {
            format!("case {case}: waits for a supervisor's list (--role supervisor)\n")
        }
    };
    waiting.iter().map(line).collect()
}

/// What a list lacks, and what to do.
fn lacking(list: &Incomplete) -> String {
    let missing: Vec<String> = list.missing.iter().map(|title| format!("{} ({})", title.zh, title.en)).collect();
    let unknown = if list.unknown.is_empty() {
        String::new()
    } else {
        format!("; headings that nobody knows: {}", list.unknown.join(", "))
    };
    format!(
        "no column {}: what stands there was not taken, nor could rows be checked by it{unknown}; put the headings back as they \
         went out, and import the list again\n",
        missing.join(", ")
    )
}

fn say(asked: &Status) -> Result<ExitCode> {
    let store = store_to_read(&asked.run)?;
    let cases = store.cases()?;
    let mut areas = progress::progress(&cases, settled::has_outcomes(&asked.run)?);
    // The first sums up all of them, and is no area.
    areas.iter_mut().skip(1).for_each(|area| area.area = shown_area(&area.area));
    let random = progress::random_visits(&cases);
    let (teams, waiting) = (progress::teams(cases.iter()), decision::waiting(cases.iter()));
    let unlinked = unlinked(&asked.run)?;
    let unlinked = unlinked.as_ref();
    if asked.format == ResultFormat::Json {
        show_json(&serde_json::json!({
            "areas": areas, "teams": teams, "for_supervisor": waiting, "random_visits": random,
            "warnings": unlinked.as_slice()
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&[
        "area",
        "cases",
        "with a team",
        "waiting for a supervisor",
        "settled",
        "disputed",
        "closed",
        "visits",
        "found",
        "still expected",
        "found per visit",
        "next 100 visits",
    ]);
    for area in &areas {
        table.row(vec![
            area.area.clone(),
            count(area.cases),
            count(area.assigned),
            count(area.waiting_for_supervisor),
            count(area.resolved),
            count(area.disputed),
            count(area.closed),
            count(area.visits),
            count(area.found),
            expected(area.expected, unlinked),
            area.finds_per_visit.map_or_else(|| String::from("-"), |finds| format!("{finds:.2}")),
            expected(area.next_hundred, unlinked),
        ]);
    }
    let mut text = table.text();
    text += &with_teams(&teams);
    text += &for_supervisor(&waiting);
    if random.drawn > 0 {
        text += &format!(
            "visits at random: {} cases drawn, {} settled, {} found, {} expected of them{}\n",
            count(random.drawn),
            count(random.settled),
            count(random.found),
            expected(random.expected, unlinked),
            random.chance.filter(|_| unlinked.is_none()).map_or_else(String::new, |chance| format!(
                " (chance of being that far off if the ranking is right: {chance:.2})"
            ))
        );
    }
    text += &warned(unlinked);
    show(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What each team has; nothing if none has anything.
fn with_teams(teams: &[TeamCases]) -> String {
    let mut table = Table::new(&["team", "cases not brought back", "doors"]);
    for team in teams {
        table.row(vec![team.team.clone(), count(team.cases), count(team.doors)]);
    }
    if teams.is_empty() { String::new() } else { format!("\n{}", table.text()) }
}

/// Cases that wait for a supervisor which are named on the screen.
const WAITING_SHOWN: usize = 20;

/// Which cases wait for a supervisor; nothing if none does.
fn for_supervisor(waiting: &[Waiting]) -> String {
    if waiting.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["waits for a supervisor", "", "outcomes"]).left(1).left(2);
    for Waiting { case, state, outcomes } in waiting.iter().take(WAITING_SHOWN) {
        table.row(vec![case.clone(), (*state).to_owned(), outcomes.join(", ")]);
    }
    let more = match waiting.len().saturating_sub(WAITING_SHOWN) {
        0 => String::new(),
        more => format!("and {} more (--format json names all)\n", count(more as u64)),
    };
    format!("\n{}{more}`rollcall follow-up export DIR --role supervisor` writes lists of them\n", table.text())
}

fn write_outcomes(asked: &Outcomes) -> Result<ExitCode> {
    publication::refuse_inside(&asked.run, &asked.out)?;
    destination::check_folder(&asked.out)?;
    let heading = settled::COLUMNS.join(",");
    destination::check(&asked.out, "table of outcomes", |path| destination::begins_with(path, &heading))?;
    let cases = store_to_read(&asked.run)?.cases()?;
    let read = |path: &Path| Ok(outcomes::read_file(path)?.rows);
    let key = |row: &OutcomeRow| (row.kind.clone(), row.outcome.clone(), row.records.clone());
    let earlier = earlier::earlier(&asked.run, OUTCOMES, &asked.out, read, key)?;
    let table = settled::table(&cases, &earlier.rows)?;
    earlier.check_whole(table.rows - table.kept, "outcome")?;
    whole_file::replace_for_owner(&asked.out, table.bytes)?;
    earlier::warn_beside_seal(&asked.out);
    show(&format!(
        "{}{}; `outcomes = \"FILE\"` under [follow_up] makes the next run learn from them\n",
        counted(table.rows, "outcome"),
        earlier::kept(table.kept)
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn play(asked: &Campaign) -> Result<ExitCode> {
    let cases = table::read(&asked.run)?;
    let missed = truth::missed_records(&asked.truth)?;
    let rules =
        Rules { teams: asked.teams.max(1), visits_a_day: asked.visits_a_day.max(1), nobody_met: asked.nobody_met };
    let campaign = campaign::play(&cases.rows, &missed, &rules);
    if asked.format == ResultFormat::Json {
        show_json(&campaign)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&[
        "visits to find",
        "first ranking",
        "with learning",
        "saved",
        "all lessons known from the start",
        "could be saved",
        "who was missed known",
    ]);
    let courses = [&campaign.first, &campaign.learnt, &campaign.taught, &campaign.perfect];
    for (at, (share, first)) in campaign.first.visits_to_find.iter().enumerate() {
        let visits = courses.map(|course| course.visits_to_find.get(at).map_or(0, |found| found.1));
        let saved = |visits: u64| format!("{:.1} %", 100.0 * (1.0 - visits as f64 / *first as f64));
        table.row(vec![
            format!("{share} %"),
            count(visits[0]),
            count(visits[1]),
            saved(visits[1]),
            count(visits[2]),
            saved(visits[2]),
            count(visits[3]),
        ]);
    }
    let days = |course: &Course| count(course.days.len() as u64);
    show(&format!(
        "{} missed persons can be found at {} doors; {} and {} days were played\n{}",
        count(campaign.findable),
        count(campaign.doors),
        days(&campaign.first),
        days(&campaign.learnt),
        table.text()
    ))?;
    Ok(ExitCode::SUCCESS)
}
