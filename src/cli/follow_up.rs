//! How do lists go out to field teams and come back?
//!
//! Takes what was asked of a run's casework, prints counts; case numbers and codes may stand on the screen, names may not.

use std::path::Path;
use std::process::ExitCode;

use super::args::{Campaign, Export, FollowUp, Import, Outcomes, Readers, Rekey, ResultFormat, Role, Status};
use super::destination;
use super::files::Files;
use super::screen::{Table, complain, count, counted, show, show_json};
use super::truth;
use crate::audit::manifest::Manifest;
use crate::audit::purge;
use crate::casework::campaign::{self, Course, Rules};
use crate::casework::encryption::Recipients;
use crate::casework::outgoing::{self, Order, Sent};
use crate::casework::store::Store;
use crate::casework::{absorb, incoming, progress, settled};
use crate::error::{Error, Kind, Result};
use crate::outcome::report::cases::table::{self, CASES};
use crate::outcome::report::file;

/// Obeys one of the commands.
pub(super) fn follow_up(asked: &FollowUp) -> Result<ExitCode> {
    match asked {
        FollowUp::Export(export) => send(export),
        FollowUp::Import(import) => take_back(import),
        FollowUp::Rekey(rekey) => send_again(rekey),
        FollowUp::Status(status) => say(status),
        FollowUp::Outcomes(outcomes) => write_outcomes(outcomes),
        FollowUp::Campaign(campaign) => play(campaign),
    }
}

/// The store of a run, with the run taken over.
pub(super) fn store_of(run: &Path) -> Result<Store> {
    // Before anything is made there: is it a finished run at all?
    Manifest::read(run)?;
    purge::check_not_purged(run, CASES)?;
    let mut store = Store::open(run)?;
    let absorbed = absorb::absorb(&mut store, run)?;
    if absorbed != absorb::Absorbed::default() {
        complain(&format!(
            "taken over from the run: {} new cases, {} carried over, {} reopened, {} closed by new data, {} settled by visits and \
             not raised any more",
            count(absorbed.opened),
            count(absorbed.carried),
            count(absorbed.reopened),
            count(absorbed.closed),
            count(absorbed.settled)
        ));
    }
    Ok(store)
}

fn send(asked: &Export) -> Result<ExitCode> {
    let recipients = recipients(&asked.readers)?;
    let mut store = store_of(&asked.run)?;
    let order = Order {
        area: asked.area.clone(),
        except: asked.except.clone(),
        team: asked.team.clone(),
        visits: asked.visits,
        random: (asked.random_visits.unwrap_or(0), asked.seed.unwrap_or(1)),
        out: asked.out.clone(),
        recipients,
        actor: asked.readers.actor.clone(),
    };
    say_sent(&outgoing::send(&mut store, &asked.run, &order, table::read(&asked.run)?.language)?)
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
        ..Order::default()
    };
    let store = store_of(&asked.run)?;
    say_sent(&outgoing::send_again(&store, &asked.run, &order, table::read(&asked.run)?.language)?)
}

/// Whom lists are encrypted to; to nobody if none is named.
fn recipients(readers: &Readers) -> Result<Option<Recipients>> {
    let named = !readers.recipient.is_empty() || readers.recipients.is_some();
    named.then(|| Recipients::read(&readers.recipient, readers.recipients.as_deref())).transpose()
}

fn say_sent(sent: &Sent) -> Result<ExitCode> {
    let mut table = Table::new(&["went out", ""]).left(1);
    table.row(vec![String::from("lists"), sent.folder.display().to_string()]);
    table.row(vec![String::from("areas"), count(sent.areas)]);
    table.row(vec![String::from("doors"), count(sent.doors)]);
    if sent.random_doors > 0 {
        table.row(vec![String::from("of these at random"), count(sent.random_doors)]);
    }
    table.row(vec![String::from("cases"), count(sent.cases)]);
    table.row(vec![String::from("expected finds"), outgoing::expected_words(sent.expected)]);
    show(&table.text())?;
    Ok(ExitCode::SUCCESS)
}

fn take_back(asked: &Import) -> Result<ExitCode> {
    let mut store = store_of(&asked.run)?;
    let language = table::read(&asked.run)?.language;
    let reference = Manifest::read(&asked.run)?.study.reference_time;
    let reference = reference.get(..10).and_then(|day| day.parse().ok()).unwrap_or(jiff::civil::Date::MIN);
    let role = if asked.role == Role::Supervisor { "supervisor" } else { "field" };
    let mut files = Files::new(&["good rows", "new", "not filled in", "wrong"]);
    for file in &asked.files {
        let taken = match incoming::take_back(&mut store, &asked.run, file, role, language, reference) {
            Ok(taken) => taken,
            Err(error) => {
                files.fail(file, error);
                continue;
            }
        };
        let name = files.add(file, &[taken.good, taken.new, taken.blank, taken.wrong.len() as u64]);
        for (place, column, reason) in &taken.wrong {
            files.reject(format!("{name}, {place}, {column}: {}\n", reason.of(language)));
        }
        if let Some(path) = &taken.wrong_file {
            files.lines += &format!("{name}: the wrong rows with their reasons are in {}\n", path.display());
        }
        for (number, codes) in &taken.disputed {
            files.lines += &format!(
                "case {number}: outcomes {} contradict each other; a supervisor's list settles it (--role supervisor)\n",
                codes.join(", ")
            );
        }
        for number in &taken.referred {
            files.lines += &format!("case {number}: waits for a supervisor's list (--role supervisor)\n");
        }
    }
    files.end()
}

fn say(asked: &Status) -> Result<ExitCode> {
    let store = store_of(&asked.run)?;
    let cases = store.cases()?;
    let (areas, random) = (progress::progress(&cases), progress::random_visits(&cases));
    if asked.format == ResultFormat::Json {
        show_json(&serde_json::json!({ "areas": areas, "random_visits": random }))?;
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
            outgoing::expected_words(area.expected),
            area.finds_per_visit.map_or_else(|| String::from("-"), |finds| format!("{finds:.2}")),
            outgoing::expected_words(area.next_hundred),
        ]);
    }
    let mut text = table.text();
    if random.drawn > 0 {
        text += &format!(
            "visits at random: {} cases drawn, {} settled, {} found, {} expected of them{}\n",
            count(random.drawn),
            count(random.settled),
            count(random.found),
            outgoing::expected_words(random.expected),
            random.chance.map_or_else(String::new, |chance| format!(
                " (chance of being that far off if the ranking is right: {chance:.2})"
            ))
        );
    }
    show(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn write_outcomes(asked: &Outcomes) -> Result<ExitCode> {
    let heading = settled::COLUMNS.join(",");
    destination::check(&asked.out, "table of outcomes", |path| destination::begins_with(path, &heading))?;
    let cases = store_of(&asked.run)?.cases()?;
    let (bytes, rows) = settled::table(&cases)?;
    file::publish(&asked.out, &bytes)?;
    show(&format!(
        "{}; `outcomes = \"FILE\"` under [follow_up] makes the next run learn from them\n",
        counted(rows, "outcome")
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
