//! How do clerks judge links?
//!
//! Takes what was asked of a run's review; draws pairs, shows them masked, keeps what was said, and sums it up. Values
//! of records stand on the screen only where a clerk is asked about them.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use serde_json::json;

use super::args::ResultFormat;
use super::args::review::{Ask, Decisions, Drawing, Export, Import, Review, Status};
use super::destination;
use super::earlier;
use super::explain::{self, evidence};
use super::files::Files;
use super::noted::{Act, name_of};
use super::screen::{Table, count, counted, show, show_json};
use crate::audit::located;
use crate::audit::manifest::{self, Manifest};
use crate::audit::publication;
use crate::audit::purge;
use crate::casework::FOLDER;
use crate::casework::history::SUPERVISOR;
use crate::casework::review::quality::{self, Quality};
use crate::casework::review::record::{Row, side_by_side};
use crate::casework::review::{Clerk, Draw, Judgement, RecordName, ReviewPair, Said, Shown, sample, sheet};
use crate::casework::store::Store;
use crate::digest;
use crate::error::{Error, Kind, Result};
use crate::intake::decisions::{self, Decision};
use crate::intake::study::Language;
use crate::outcome::estimate::stratified::Share;
use crate::outcome::files;
use crate::outcome::report::cases::table::CASES;
use crate::person::bearer;
use crate::person::table::RecordId;
use crate::progress::Progress;
use crate::whole_file;
use evidence::Evidence;

/// Obeys one of the commands.
pub(super) fn review(asked: &Review, progress: &dyn Progress) -> Result<ExitCode> {
    match asked {
        Review::Export(export) => send(export, progress),
        Review::Ask(ask) => judge(ask, progress),
        Review::Import(import) => take_back(import),
        Review::Status(status) => say(status),
        Review::Decisions(decisions) => write_decisions(decisions),
    }
}

/// A drawn sample with what is shown of each pair.
struct Drawn {
    store: Store,
    draw: Draw,
    gathered: Evidence,
    records: Vec<[RecordId; 2]>,
}

/// Pairs that are drawn, and the seed, where nothing is said.
const PAIRS: u64 = 200;
const SEED: u64 = 1;

/// The store of a finished run that was not purged, and the digest by which the run is known.
fn store_of(run: &Path) -> Result<(Store, String)> {
    opened(run, Store::open)
}

/// The same, to be read alone.
fn store_to_read(run: &Path) -> Result<(Store, String)> {
    opened(run, Store::open_to_read)
}

fn opened(run: &Path, open: fn(&Path) -> Result<Store>) -> Result<(Store, String)> {
    Manifest::read(run)?;
    purge::check_not_purged(run, CASES)?;
    Ok((open(run)?, manifest::digest_of(&run.join(manifest::MANIFEST))?))
}

fn draw(asked: &Drawing, progress: &dyn Progress) -> Result<Drawn> {
    let manifest = located::read(&asked.run)?;
    let (mut store, run) = store_of(&asked.run)?;
    // Who says nothing of a sample means the one that was drawn, if there is one.
    let drawn_last =
        if asked.pairs.is_none() && asked.seed.is_none() { store.draw_of(&run, None, None)? } else { None };
    let (pairs, seed) =
        drawn_last.map_or((asked.pairs.unwrap_or(PAIRS), asked.seed.unwrap_or(SEED)), |last| (last.wanted, last.seed));
    let gathered = evidence::gather(&asked.run, &manifest, &[], progress)?;
    let sample = sample::draw(&files::read_links(&asked.run)?, pairs, seed);
    if sample.pairs.is_empty() {
        return Err(Error::new(Kind::Usage, "the run has no pair to review"));
    }
    let wanted: BTreeSet<&RecordName> = sample.pairs.iter().flat_map(|(ends, _)| ends).collect();
    let mut record_of: FxHashMap<RecordName, RecordId> = FxHashMap::default();
    for (source, described) in gathered.study.sources.iter().enumerate() {
        for record in gathered.table.records(source) {
            let name = (described.name.clone(), gathered.table.record_id(record).to_owned());
            if wanted.contains(&name) {
                record_of.insert(name, record);
            }
        }
    }
    let lost = || Error::new(Kind::Verification, "links.parquet has a record that the extracts have not");
    let find = |end: &RecordName| record_of.get(end).copied().ok_or_else(lost);
    let records = sample.pairs.iter().map(|(ends, _)| Ok([find(&ends[0])?, find(&ends[1])?]));
    let records = records.collect::<Result<Vec<[RecordId; 2]>>>()?;
    let shown = |records: &[RecordId; 2]| Shown {
        content: sheet::content(&side_by_side(&gathered.study, &gathered.table, *records), gathered.study.language),
        marks: records.map(|record| bearer::mark(&gathered.table, record)),
    };
    let shown: Vec<Shown> = records.iter().map(shown).collect();
    let draw = store.note_draw(&run, seed, pairs, &sample, &shown)?;
    Ok(Drawn { store, draw, gathered, records })
}

fn send(asked: &Export, progress: &dyn Progress) -> Result<ExitCode> {
    let path = asked.out.clone().unwrap_or_else(|| asked.drawing.run.join(FOLDER).join("review").join("pairs.xlsx"));
    publication::refuse_inside(&asked.drawing.run, &path)?;
    check_not_filled_in(&path)?;
    let (run, by) = (asked.drawing.run.as_path(), &asked.by);
    let act = Act { run, by, action: "review-export", of: CASES, what: "what clerks are given" };
    let run_digest = act.check()?;
    let Drawn { draw, gathered, records, .. } = draw(&asked.drawing, progress)?;
    let shown = |(pair, records): (&ReviewPair, &[RecordId; 2])| {
        (pair.number.clone(), side_by_side(&gathered.study, &gathered.table, *records))
    };
    let rows: Vec<(String, Vec<Row>)> = draw.pairs.iter().zip(&records).map(shown).collect();
    let (year, month, day) = crate::person::date::Date::from_day(gathered.study.reference.day)
        .map_or((0, 0, 0), crate::person::date::Date::parts);
    let bytes = sheet::workbook(&rows, gathered.study.language, (year, month, day))?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        whole_file::folder(folder)?;
    }
    let (pairs, seed) = (draw.pairs.len(), draw.seed);
    let said = json!({ "file": name_of(&path), "digest": digest::of(&bytes), "pairs": pairs, "seed": seed });
    let _held = act.note(&run_digest, said)?;
    whole_file::replace_for_owner(&path, bytes)?;
    let mut table = Table::new(&["drawn for review", "pairs", "of"]);
    for (stratum, size) in &draw.strata {
        let drawn = draw.pairs.iter().filter(|pair| pair.stratum == *stratum).count();
        table.row(vec![stratum.clone(), count(drawn as u64), count(*size)]);
    }
    show(&format!(
        "{}the workbook is {}\nit holds personal data; take it back with `rollcall review import DIR FILE --reviewer CLERK`\n",
        table.text(),
        path.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Only a workbook of pairs in which nobody has judged anything may be written over: it can be made again.
fn check_not_filled_in(path: &Path) -> Result<()> {
    let mut is_filled_in = false;
    let is_earlier = |path: &Path| {
        let earlier = sheet::read(path, &[]);
        // Of no pairs, whatever is said is wrong.
        is_filled_in = earlier.as_ref().is_ok_and(|earlier| !earlier.wrong.is_empty());
        earlier.is_ok()
    };
    destination::check(path, "workbook of pairs", is_earlier)?;
    if is_filled_in {
        let error =
            Error::new(Kind::Usage, "in this workbook pairs have been judged, which would be lost").at_file(path);
        return Err(
            error.hint("take it back with `rollcall review import`, then move it; or name a new file with --out")
        );
    }
    Ok(())
}

/// What a clerk typed.
enum Typed {
    Judged(Judgement),
    Back,
    Skip,
    Weights,
    Quit,
    Unknown,
}

fn typed(line: &str) -> Typed {
    match line.trim() {
        "b" => Typed::Back,
        "s" | "" => Typed::Skip,
        "w" => Typed::Weights,
        "q" => Typed::Quit,
        // Who asks what the keys are has not judged anything; in a workbook it stands for unsure.
        "?" | "？" => Typed::Unknown,
        other => sheet::judgement_of(other).map_or(Typed::Unknown, Typed::Judged),
    }
}

fn judge(asked: &Ask, progress: &dyn Progress) -> Result<ExitCode> {
    let (run, by) = (asked.drawing.run.as_path(), &asked.by);
    let act = Act { run, by, action: "review-ask", of: CASES, what: "what clerks are shown" };
    let run_digest = act.check()?;
    let Drawn { mut store, draw, gathered, records } = draw(&asked.drawing, progress)?;
    let language = gathered.study.language;
    let waiting: Vec<usize> =
        (0..draw.pairs.len()).filter(|at| draw.pairs[*at].last_of(&asked.reviewer).is_none()).collect();
    let keys = match language {
        Language::Zh => "是同一人 y · 不是 n · 不能确定 u · 跳过 s · 上一对 b · 权重 w · 退出 q",
        Language::En => "same y · different n · unsure u · skip s · back b · weights w · quit q",
    };
    let clerk = Clerk { name: &asked.reviewer, is_supervisor: asked.supervisor };
    // Nobody waits for a clerk who thinks: the folder is held for the entry alone.
    act.note(&run_digest, json!({ "reviewer": asked.reviewer, "pairs": waiting.len(), "seed": draw.seed }))?;
    let mut lines = std::io::stdin().lock().lines();
    let (mut at, mut judged) = (0, 0);
    'pairs: while let Some(pair) = waiting.get(at) {
        let rows = side_by_side(&gathered.study, &gathered.table, records[*pair]);
        show(&format!("\n{} / {}   {}\n{}{keys}\n", at + 1, waiting.len(), draw.pairs[*pair].number, shown(&rows)))?;
        loop {
            let Some(line) = lines.next() else { break 'pairs };
            let Ok(line) = line else { break 'pairs };
            match typed(&line) {
                Typed::Judged(judgement) => {
                    // Noted at once: nothing is lost if the clerk just closes the window.
                    let said = Said { id: draw.pairs[*pair].id, judgement, note: String::new() };
                    judged += store.note_judgements(&[said], clerk, None)?.new;
                    at += 1;
                }
                Typed::Skip => at += 1,
                Typed::Back => at = at.saturating_sub(1),
                Typed::Weights => {
                    show(&explain::weights(&asked.drawing.run, &gathered, records[*pair])?)?;
                    continue;
                }
                Typed::Quit => break 'pairs,
                Typed::Unknown => {
                    show(&format!("{keys}\n"))?;
                    continue;
                }
            }
            break;
        }
    }
    show(&format!("\n{} noted; `rollcall review status DIR` sums them up\n", counted(judged, "judgement")))?;
    Ok(ExitCode::SUCCESS)
}

/// Two records side by side; a mark where they differ.
fn shown(rows: &[Row]) -> String {
    let mut table = Table::new(&["", "A", "", "B"]).left(1).left(2).left(3);
    for row in rows {
        let mark = if row.differs { "≠" } else { "" };
        table.row(vec![row.label.clone(), row.one.clone(), mark.to_owned(), row.other.clone()]);
    }
    table.text()
}

/// `elsewhere`: how many pairs of other samples are judged.
fn none_drawn(elsewhere: u64) -> Error {
    let error = Error::new(Kind::Usage, "no such pairs of this run have been drawn for review yet");
    let draw = "`rollcall review export DIR` or `rollcall review ask DIR --reviewer CLERK` draws them";
    if elsewhere == 0 { error.hint(draw) } else { error.hint(format!("{draw}; {}", judged_elsewhere(elsewhere))) }
}

fn judged_elsewhere(pairs: u64) -> String {
    format!(
        "{} of earlier runs judged and kept: `rollcall review decisions DIR --out FILE` hands them to the next run",
        counted(pairs, "pair")
    )
}

fn take_back(asked: &Import) -> Result<ExitCode> {
    let (mut store, _) = store_of(&asked.run)?;
    // Whatever has been drawn or run since: a workbook that went out may come back. What was shown proves the pair.
    let pairs = store.drawn_of(None)?;
    if pairs.is_empty() {
        return Err(none_drawn(0));
    }
    let act = Act { run: &asked.run, by: &asked.by, action: "review-import", of: CASES, what: "what clerks judged" };
    let run_digest = act.check()?;
    let mut files = Files::new(&["judged", "new", "not filled in", "wrong"]);
    let clerk = Clerk { name: &asked.reviewer, is_supervisor: asked.supervisor };
    for path in &asked.files {
        let taken = sheet::read(path, &pairs).and_then(|returned| {
            let file_digest = manifest::digest_of(path)?;
            let said = json!({
                "digest": file_digest,
                "reviewer": asked.reviewer,
                "role": if asked.supervisor { SUPERVISOR } else { "clerk" },
                "judged": returned.said.len(),
                "wrong": returned.wrong.len(),
            });
            let _held = act.note(&run_digest, said)?;
            let noted = store.note_judgements(&returned.said, clerk, Some(&file_digest))?;
            Ok((returned, noted))
        });
        match taken {
            Ok((returned, noted)) => {
                let numbers = [returned.said.len() as u64, noted.new, returned.blank, returned.wrong.len() as u64];
                let name = files.add(path, &numbers);
                if noted.outdated > 0 {
                    files.lines += &format!(
                        "{name}: {} stood in this very file when it was taken before, and {} has said something else since: that \
                         stands; who means it anew judges it in the newest workbook\n",
                        counted(noted.outdated, "judgement"),
                        asked.reviewer
                    );
                }
                for (place, why) in &returned.wrong {
                    files.reject(format!("{name}, {place}: {} ({})\n", why.en, why.zh));
                }
            }
            Err(error) => files.fail(path, error),
        }
    }
    files.end()
}

fn say(asked: &Status) -> Result<ExitCode> {
    let (store, run) = store_to_read(&asked.run)?;
    let of_run: FxHashSet<i64> = store.drawn_of(Some(&run))?.iter().map(|pair| pair.id).collect();
    let elsewhere = store.judged_pairs()?.iter().filter(|pair| !of_run.contains(&pair.id)).count() as u64;
    let draw = store.draw_of(&run, asked.pairs, asked.seed)?.ok_or_else(|| none_drawn(elsewhere))?;
    let quality = quality::judge(&draw.pairs, &draw.strata, draw.seed);
    if asked.format == ResultFormat::Json {
        let (pairs, seed) = (draw.wanted, draw.seed);
        show_json(&SummedUp { pairs, seed, judged_of_earlier_runs: elsewhere, quality: &quality })?;
    } else {
        let more = if elsewhere == 0 { String::new() } else { format!("{}\n", judged_elsewhere(elsewhere)) };
        show(&format!("the sample of --pairs {} --seed {}\n{}{more}", draw.wanted, draw.seed, summary(&quality)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is shown as JSON: which sample, and what it says.
#[derive(Serialize)]
struct SummedUp<'a> {
    pairs: u64,
    seed: u64,
    judged_of_earlier_runs: u64,
    #[serde(flatten)]
    quality: &'a Quality,
}

fn summary(quality: &Quality) -> String {
    let mut table = Table::new(&["stratum", "pairs", "drawn", "settled", "one person"]);
    for stratum in &quality.strata {
        let numbers = [stratum.pairs, stratum.drawn, stratum.settled, stratum.same];
        table.row(std::iter::once(stratum.stratum.clone()).chain(numbers.map(count)).collect());
    }
    let share = |share: Option<Share>| {
        share.map_or_else(
            || String::from("not yet: a stratum has no settled pair"),
            |Share { share, low, high, .. }| format!("{share:.4}  (95 %: {low:.4} to {high:.4})"),
        )
    };
    let mut text = table.text();
    let _ = write!(
        text,
        "\nprecision of links  {}\nrecall of links     {}  (of matches at or above the review threshold)\n",
        share(quality.precision),
        share(quality.recall)
    );
    for agreement in &quality.agreement {
        let [one, other] = &agreement.reviewers;
        let kappa = agreement.kappa.map_or_else(|| String::from("-"), |kappa| format!("{kappa:.3}"));
        let _ = writeln!(
            text,
            "{one} and {other}: {}, agreed on {:.1} %, Cohen's kappa {kappa}",
            counted(agreement.pairs, "pair"),
            100.0 * agreement.agreed
        );
    }
    if !quality.disputed.is_empty() {
        let _ = writeln!(text, "disputed: {}; a supervisor settles them (--supervisor)", quality.disputed.join(", "));
    }
    text
}

/// The columns of a table of decisions.
pub(super) const COLUMNS: [&str; 7] = ["source_l", "record_l", "source_r", "record_r", "mark_l", "mark_r", "same"];
/// The heading of one that was written before there were marks.
const UNMARKED: &str = "source_l,record_l,source_r,record_r,same";

fn write_decisions(asked: &Decisions) -> Result<ExitCode> {
    publication::refuse_inside(&asked.run, &asked.out)?;
    destination::check_folder(&asked.out)?;
    let headings = [COLUMNS.join(","), UNMARKED.to_owned()];
    let is_table = |path: &Path| headings.iter().any(|heading| destination::begins_with(path, heading));
    destination::check(&asked.out, "table of decisions", is_table)?;
    let pairs = store_to_read(&asked.run)?.0.judged_pairs()?;
    let settled: Vec<(&ReviewPair, bool)> = pairs.iter().filter_map(|pair| Some((pair, pair.settled()?))).collect();
    if settled.is_empty() {
        return Err(Error::new(Kind::Usage, "no pair is settled yet"));
    }
    let read = |path: &Path| Ok(decisions::read_file(path)?.rows);
    let earlier = earlier::earlier(&asked.run, manifest::DECISIONS, &asked.out, read, |row| {
        (row.ends.clone(), row.marks.clone(), row.same)
    })?;
    earlier.check_whole(settled.len() as u64, "decision")?;
    // Of pairs that were judged here this folder has the last word, also where it has none yet.
    let sorted = |[one, other]: &'_ [RecordName; 2]| [one.min(other).clone(), one.max(other).clone()];
    let judged: BTreeSet<[RecordName; 2]> = pairs.iter().map(|pair| sorted(&pair.ends)).collect();
    let kept: Vec<&Decision> = earlier.rows.iter().filter(|row| !judged.contains(&sorted(&row.ends))).collect();
    let of_store = settled.iter().map(|(pair, same)| (&pair.ends, &pair.marks, *same));
    let rows = kept.iter().map(|row| (&row.ends, &row.marks, row.same)).chain(of_store);
    let failed = |_| Error::new(Kind::Environment, "the table of decisions cannot be written").at_file(&asked.out);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(failed)?;
    for ([one, other], [mark, other_mark], same) in rows {
        let same = if same { "1" } else { "0" };
        let cells = [&one.0, &one.1, &other.0, &other.1].map(|cell| decisions::guarded(cell));
        writer.write_record(cells.iter().map(AsRef::as_ref).chain([mark, other_mark, same])).map_err(failed)?;
    }
    let bytes = writer.into_inner();
    let bytes = bytes.map_err(|_| Error::new(Kind::Environment, "the table of decisions cannot be put together"))?;
    let act =
        Act { run: &asked.run, by: &asked.by, action: "review-decisions", of: CASES, what: "the table of decisions" };
    let said = json!({ "file": name_of(&asked.out), "digest": digest::of(&bytes), "decisions": settled.len() });
    let _held = act.note(&act.check()?, said)?;
    whole_file::replace_for_owner(&asked.out, bytes)?;
    earlier::warn_beside_seal(&asked.out);
    show(&format!(
        "{}{}; `decisions = \"FILE\"` under [linkage] makes the next run hold to them\n",
        counted((kept.len() + settled.len()) as u64, "decision"),
        earlier::kept(kept.len() as u64)
    ))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::{Typed, typed};

    #[test]
    fn who_asks_for_the_keys_has_not_judged() {
        for line in ["?", " ？ ", "help"] {
            assert!(matches!(typed(line), Typed::Unknown), "{line}");
        }
        assert!(matches!(typed("u"), Typed::Judged(_)) && matches!(typed(""), Typed::Skip));
    }
}
