//! Which pairs did a rule bring, which lie in a bar or a band, and what does each person weigh in the estimates?
//!
//! Takes a run's folder and what is asked for; links the study again, holds that against the run, and gives the figure
//! and its entries.

use std::fmt::Write;

use super::entries::{Entries, lies_in, more};
use crate::audit::manifest::Manifest;
use crate::cli::args::{self, EstimatePart, Example, Sex};
use crate::cli::coverage::{self, check_area};
use crate::cli::explain::evidence;
use crate::error::{Error, Kind, Result};
use crate::memory::plan::Allowance;
use crate::outcome::coverage::estimated::weights::{Weighed, Weights};
use crate::outcome::coverage::estimated::{Estimate, STEPS};
use crate::outcome::coverage::{AgeGroup, ESTIMATES};
use crate::outcome::files;
use crate::outcome::report::cases::shown_area;
use crate::outcome::weights;
use crate::progress::Progress;
use crate::provenance::{self, Known, Remade};

/// The text, if something is asked for that needs linking again.
pub(super) fn trace(
    asked: &args::Trace,
    manifest: &Manifest,
    memory: Allowance,
    progress: &dyn Progress,
) -> Result<Option<String>> {
    let of_pairs = asked.blocks.is_some() || asked.pairs.is_some() || asked.weight.is_some() || asked.band.is_some();
    let of_model = asked.level.is_some() || asked.example.is_some() || asked.false_links;
    if !of_pairs && !of_model && asked.estimate.is_none() {
        return Ok(None);
    }
    check_asked(asked)?;
    let outputs = evidence::outputs(if asked.estimate.is_some() { &[ESTIMATES] } else { &[] });
    let remade = provenance::remake(&asked.run, manifest, &outputs, memory, progress)?;
    hold_against(asked, &remade)?;
    let entries = Entries { study: &remade.study, table: &remade.table, manifest };
    if let Some(part) = asked.estimate {
        return estimate(asked, &remade, &entries, part).map(Some);
    }
    if let Some(rule) = &asked.blocks {
        return blocks(asked, &remade, &entries, rule).map(Some);
    }
    if let Some(rule) = &asked.pairs {
        return pairs(asked, &remade, &entries, rule).map(Some);
    }
    let mut text = String::new();
    if let Some(weight) = asked.weight {
        let bin = weights::bin_of(weight);
        let found = remade.weighing(&bin)?;
        let together = found.iter().filter(|known| known.together).count();
        let apart = found.len() - together;
        let (from, to) = (bin.start, bin.end);
        let _ = writeln!(text, "{together} pairs of one person and {apart} of two, of weights from {from} to {to}\n");
        entries.pairs(&mut text, &found, asked.limit);
    } else if let Some(probability) = asked.band {
        let found = remade.in_band(probability);
        let expected = found.iter().fold(0.0, |sum, known| sum + known.probability);
        let judged = found.iter().filter(|known| known.judged.is_some()).count();
        let same = found.iter().filter(|known| known.judged == Some(true)).count();
        let all = found.len();
        let _ = writeln!(
            text,
            "{all} pairs, of which {expected:.1} are expected to be one person; {judged} judged, {same} of them one person\n"
        );
        entries.pairs(&mut text, &found, asked.limit);
    } else if let Some(named) = &asked.level {
        levels(asked, &remade, &entries, named, &mut text)?;
    } else if let Some(example) = asked.example {
        self::example(asked, &remade, &entries, example, &mut text);
    } else {
        false_links(asked, &remade, &entries, &mut text);
    }
    Ok(Some(text))
}

/// What no person and no pair can have is a slip, and not a figure of 0.
fn check_asked(asked: &args::Trace) -> Result<()> {
    let refused = |what: &str, hint: String| Err(Error::new(Kind::Usage, what).hint(hint));
    if asked.band.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
        return refused(
            "there is no band of this probability",
            String::from("the bands of the report lie between 0 and 1"),
        );
    }
    let groups: Vec<String> = AgeGroup::all().map(AgeGroup::name).collect();
    if asked.age_group.as_ref().is_some_and(|group| !groups.contains(group)) {
        return refused("there is no such age group", format!("the groups are {}", groups.join(", ")));
    }
    if asked.step.is_some_and(|step| !(1..=STEPS.len()).contains(&step)) {
        return refused("post-strata are not merged so far", format!("name a step from 1 to {}", STEPS.len()));
    }
    Ok(())
}

fn differs(asked: &args::Trace, file: &str) -> Error {
    let what = "linked again, the study does not give what the run has";
    Error::new(Kind::Verification, what).at_file(&asked.run.join(file)).hint("run the study again with this version")
}

/// The persons must be those of the run.
fn hold_against(asked: &args::Trace, remade: &Remade) -> Result<()> {
    let rows = files::read_persons(&asked.run)?;
    let owner = &remade.linked.resolution.person_of;
    if rows.len() == owner.len() && rows.iter().zip(owner).all(|(row, person)| row.person == u64::from(*person)) {
        return Ok(());
    }
    Err(differs(asked, files::PERSONS))
}

fn unknown_rule(remade: &Remade) -> Error {
    // Names of rules have commas of their own.
    let names: Vec<String> = remade.linked.rules.iter().map(|rule| format!("\"{}\"", rule.rule)).collect();
    Error::new(Kind::Usage, "the study has no such blocking rule").hint(format!("its rules are {}", names.join(", ")))
}

fn blocks(asked: &args::Trace, remade: &Remade, entries: &Entries<'_>, rule: &str) -> Result<String> {
    let blocks = remade.blocks(rule).ok_or_else(|| unknown_rule(remade))?;
    let keys: usize = blocks.iter().map(|block| block.records.len()).sum();
    let of_two = blocks.iter().filter(|block| block.records.len() > 1).count();
    let largest = blocks.iter().map(|block| block.records.len()).max().filter(|most| *most > 1).unwrap_or(0);
    let left_out: u64 = blocks.iter().map(|block| block.pairs_left_out).sum();
    let mut text = format!(
        "{keys} keys, {of_two} blocks of two records or more, the largest of {largest}; {left_out} pairs left out\n"
    );
    for block in blocks.iter().take(asked.limit) {
        let _ = writeln!(text, "\nblock     {} records, {} pairs left out", block.records.len(), block.pairs_left_out);
        block.records.iter().for_each(|record| text += &format!("  record    {}\n", entries.record(*record)));
    }
    more(&mut text, blocks.len(), asked.limit);
    Ok(text)
}

fn pairs(asked: &args::Trace, remade: &Remade, entries: &Entries<'_>, rule: &str) -> Result<String> {
    let (mut count, mut first) = (0usize, Vec::new());
    let found = remade.each_pair(rule, asked.new, &mut |pair| {
        count += 1;
        if first.len() < asked.limit {
            first.push(pair);
        }
    })?;
    if !found {
        return Err(unknown_rule(remade));
    }
    let mut text = format!("{count} pairs\n\n");
    first.iter().for_each(|pair| text += &format!("pair      {} {}\n", entries.name(pair.0), entries.name(pair.1)));
    more(&mut text, count, asked.limit);
    text += "\n`rollcall explain DIR A B` opens a pair, comparison by comparison.\n";
    Ok(text)
}

fn levels(
    asked: &args::Trace,
    remade: &Remade,
    entries: &Entries<'_>,
    named: &[String],
    text: &mut String,
) -> Result<()> {
    let shares = &remade.linked.model.shares;
    let wanted = |at: usize, given: &str| named.get(at).is_none_or(|name| name == given);
    let mut listed: Vec<Known> = Vec::new();
    for (at, shares) in shares.iter().enumerate().filter(|(_, shares)| wanted(0, &shares.comparison)) {
        for (level, name) in shares.levels.iter().enumerate().skip(1).filter(|(_, name)| wanted(1, name)) {
            let (kept, rest) = remade.at_level(at, level);
            let (m, u) = (shares.m.get(level).copied().unwrap_or(0.0), shares.u.get(level).copied().unwrap_or(0.0));
            let bits = weights::of_level(m, u);
            let expected = kept.iter().fold(0.0, |sum, known| sum + known.probability);
            let _ = writeln!(
                text,
                "{}: {name}  {bits:+.1} bits = log2({m:.6} / {u:.6}); {} pairs kept, {expected:.1} of them expected to \
                 be one person, and {rest} let go",
                shares.comparison,
                kept.len()
            );
            listed = kept;
        }
    }
    if text.is_empty() {
        let names: Vec<&str> = shares.iter().map(|shares| shares.comparison.as_str()).collect();
        let error = Error::new(Kind::Usage, "the model has no such comparison or level");
        return Err(
            error.hint(format!("its comparisons are {}; `--level COMPARISON` names the levels", names.join(", ")))
        );
    }
    if named.len() == 2 {
        *text += "\n";
        entries.pairs(text, &listed, asked.limit);
    }
    Ok(())
}

fn example(asked: &args::Trace, remade: &Remade, entries: &Entries<'_>, which: Example, text: &mut String) {
    let [link, possible] = weights::examples(&remade.study, &remade.linked);
    let (link, found) = if which == Example::Link { (true, link) } else { (false, possible) };
    let Some((pattern, class)) = found else {
        *text += "0 pairs\n";
        return;
    };
    let waterfall = weights::waterfall(&remade.linked.model, link, pattern, class);
    let mut pairs = remade.of_pattern(pattern, class);
    pairs.retain(|known| known.together == link);
    let total = waterfall.steps.iter().fold(waterfall.prior, |sum, step| sum + step.2);
    let _ = writeln!(text, "{} pairs, {:+.1} bits", pairs.len(), total);
    let _ = writeln!(text, "step      {:+.1}  any two records", waterfall.prior);
    for (comparison, level, bits) in &waterfall.steps {
        let _ = writeln!(text, "step      {bits:+.1}  {comparison}: {level}");
    }
    *text += "\n";
    entries.pairs(text, &pairs, asked.limit);
}

fn false_links(asked: &args::Trace, remade: &Remade, entries: &Entries<'_>, text: &mut String) {
    let mut found = remade.doubts();
    found.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let expected = found.iter().fold(0.0, |sum, (_, doubt)| sum + doubt);
    let threshold = 100.0 * remade.linked.threshold;
    let _ = writeln!(
        text,
        "{} pairs, of which {expected:.1} are expected to be false; pairs from {threshold:.2} % on may be links\n",
        found.len()
    );
    for (pair, doubt) in found.iter().take(asked.limit) {
        let _ = writeln!(text, "{} {}  false {doubt:.6}", entries.name(pair.0), entries.name(pair.1));
    }
    more(text, found.len(), asked.limit);
}

fn part_of(part: EstimatePart, person: &Weighed) -> f64 {
    let parts = &person.parts;
    match part {
        EstimatePart::Persons => parts.persons,
        EstimatePart::Listed => parts.persons - parts.unseen,
        EstimatePart::Enumerated => parts.enumerated,
        EstimatePart::Both => parts.both,
        EstimatePart::OnlyRoll => parts.only_roll,
        EstimatePart::OnlyRegister => parts.only_register,
        EstimatePart::Unseen => parts.unseen,
        EstimatePart::Erroneous => parts.erroneous,
        EstimatePart::Guests => parts.guests,
        EstimatePart::Duplicates => parts.duplicates,
        EstimatePart::Variance => person.variance,
    }
}

fn estimate(asked: &args::Trace, remade: &Remade, entries: &Entries<'_>, part: EstimatePart) -> Result<String> {
    if !remade.study.has_two_lists() {
        let error = Error::new(Kind::Usage, "the run estimates nothing: that takes a roll and a register at least");
        return Err(error.at_file(&asked.run));
    }
    let (residence, findings) = remade.evidence();
    if !findings.support.is_enough() {
        let error = Error::new(Kind::Usage, "the run estimates nothing: registers know too few of those on the roll");
        return Err(error.at_file(&asked.run));
    }
    let weights = Weights::of(&remade.study, &remade.table, &remade.linked, &remade.believed(), &residence, &findings);
    hold_total(asked, &weights)?;
    let is_there = |area: &str| weights.persons.iter().any(|person| lies_in(&person.place, Some(area)));
    if let Some(area) = asked.area.as_ref().filter(|area| !is_there(area)) {
        check_area(&asked.run, area)?;
    }
    let sex = asked.sex.map(|sex| match sex {
        Sex::Unknown => 0,
        Sex::Male => 1,
        Sex::Female => 2,
    });
    let wanted = |person: &Weighed| {
        lies_in(&person.place, asked.area.as_deref())
            && sex.is_none_or(|sex| person.sex == sex)
            && asked.age_group.as_ref().is_none_or(|group| person.age.name() == *group)
            && asked.step.is_none_or(|step| person.step + 1 == step)
    };
    let selected = weights.select(wanted);
    let persons: Vec<&Weighed> =
        weights.persons.iter().filter(|person| wanted(person) && part_of(part, person) != 0.0).collect();
    let sum = persons.iter().fold(0.0, |sum, person| sum + part_of(part, person));
    let name = clap::ValueEnum::to_possible_value(&part).map_or(String::new(), |value| value.get_name().to_owned());
    let Estimate { learnt_variance: learnt, household_variance: together, .. } = selected.estimate;
    // The only part that is no sum over persons.
    let figure = if part == EstimatePart::Variance { sum + together + learnt } else { sum };
    let mut text = format!("{name} {figure:.6} of {} persons\n\n", persons.len());
    describe(&mut text, &selected.estimate);
    if part == EstimatePart::Variance {
        let _ = writeln!(
            text,
            "variance {figure:.6} = {sum:.6} of single persons + {together:.6} of members of households together"
        );
        let _ =
            writeln!(text, "  + {learnt:.6} of what was learnt, households drawn {} times:", selected.replicates.len());
        selected.replicates.iter().for_each(|persons| text += &format!("  drawn {persons:.3}\n"));
    }
    for person in persons.iter().take(asked.limit) {
        let (number, weight) = (person.person, part_of(part, person));
        let (place, age, step) =
            (shown_area(&person.place), person.age.name(), STEPS.get(person.step).copied().unwrap_or(""));
        let _ = writeln!(text, "\nperson {number}  weight {weight:.9}  area {place}  age {age}  stratum {step}");
        for record in remade.linked.resolution.records_of(person.person) {
            let _ = writeln!(text, "  record    {}", entries.record(*record));
        }
    }
    more(&mut text, persons.len(), asked.limit);
    Ok(text)
}

/// What all persons weigh must be the run's total.
fn hold_total(asked: &args::Trace, weights: &Weights<'_>) -> Result<()> {
    let written = coverage::read(&asked.run)?;
    let sum: f64 = weights.persons.iter().map(|person| person.parts.persons).sum();
    let is_it = written.total.is_some_and(|total| (sum - total.persons).abs() < 1e-6 * sum.max(1.0));
    if is_it { Ok(()) } else { Err(differs(asked, ESTIMATES)) }
}

fn describe(text: &mut String, found: &Estimate) {
    let parts = [
        ("persons", found.persons),
        ("low", found.low),
        ("high", found.high),
        ("enumerated", found.enumerated),
        ("both", found.both),
        ("only_roll", found.only_roll),
        ("only_register", found.only_register),
        ("unseen", found.unseen),
        ("erroneous", found.erroneous),
        ("guests", found.guests),
        ("duplicates", found.duplicates),
        ("omitted %", 100.0 * found.omission()),
        ("net %", 100.0 * found.net()),
    ];
    parts.iter().for_each(|(name, value)| text.push_str(&format!("{name:<14}{value:.6}\n")));
}
