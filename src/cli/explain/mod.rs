//! Why were two records linked, or not?
//!
//! Takes a run's folder and two records, prints the waterfall of match weights: the prior of such pairs, then what each
//! comparison adds, then the sum as a probability and what the run made of it. Levels are named, values are not; of an
//! ID number the middle is masked.
//!
//! 1. [`evidence`] checks that study, extracts and outputs are what the run had, and reads them again.
//! 2. The two records are compared again; the support of the households, which rests on the run's first resolution, is
//!    taken from `links.parquet` where the pair is in it.
//! 3. The weight must be the one that `links.parquet` has, to the last bit.

pub(super) mod evidence;

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use super::args;
use super::screen::{Table, show};
use crate::audit::located;
use crate::audit::manifest::Manifest;
use crate::error::{Error, Kind, Result};
use crate::intake::study::Study;
use crate::linkage::blocking;
use crate::linkage::comparison::household::Households;
use crate::linkage::comparison::{Comparer, Comparison, Pattern, Variable};
use crate::linkage::model::frequency::NameFrequencies;
use crate::linkage::model::{Model, file as model_file};
use crate::linkage::resolution::Resolution;
use crate::linkage::resolution::household::Support;
use crate::linkage::scoring::Scorer;
use crate::outcome::files;
use crate::person::table::{PersonTable, RecordId};
use crate::privacy::mask;
use crate::progress::Progress;
use evidence::{Evidence, WrittenPair};

/// Prints the waterfall of a pair.
pub(super) fn explain(asked: &args::Explain, progress: &dyn Progress) -> Result<ExitCode> {
    let manifest = located::read(&asked.run)?;
    let gathered = evidence::gather(&asked.run, &manifest, &[], progress)?;
    let Evidence { study, table, .. } = &gathered;
    let (one, other) = (find(study, table, &asked.one, "first")?, find(study, table, &asked.other, "second")?);
    if one == other {
        return Err(Error::new(Kind::Usage, "both are the same record"));
    }
    let text = header(&gathered, &manifest, [one, other]) + &weights(&asked.run, &gathered, [one, other])?;
    show(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The waterfall of a pair, its probability and what the run made of it.
///
/// # Errors
/// If the run's outputs do not belong together.
pub(super) fn weights(run: &Path, gathered: &Evidence, [one, other]: [RecordId; 2]) -> Result<String> {
    let Evidence { study, table, resolution, slot_of } = gathered;
    let pair = (one.min(other), one.max(other));
    let comparer = Comparer::new(study, table);
    let text = evidence::text(run, model_file::MODEL)?;
    let path = run.join(model_file::MODEL);
    let model = model_file::from_json(&text, &comparer.comparisons).map_err(|error| error.at_file(&path))?;
    evidence::check_slots(&model, table).map_err(|error| error.at_file(&path))?;
    let names = NameFrequencies::of(table);
    let scorer = Scorer::new(&comparer, table, &model, slot_of, &names);
    let record = |record: RecordId| {
        let source = study.sources.get(table.source(record)).map_or("", |source| source.name.as_str());
        (source, table.record_id(record))
    };
    let written = evidence::written(run, &comparer, record(pair.0), record(pair.1))?;
    let pattern = pattern(&comparer, table, resolution, pair, written.as_ref())?;
    let score = scorer.score(pattern, pair.0, pair.1);
    if let Some(written) = &written
        && written.weight.to_bits() != score.weight.to_bits()
    {
        let what = "the model does not give this pair the weight that it has here";
        return Err(Error::new(Kind::Verification, what).at_file(&run.join(files::LINKS)));
    }
    let decision = if resolution.person_of.get(pair.0 as usize) == resolution.person_of.get(pair.1 as usize) {
        "one person"
    } else if score.probability() >= study.linkage.review_probability {
        "possible"
    } else {
        "not linked"
    };
    let mut text = waterfall(&scorer, pattern, pair);
    let own = score.probability();
    let probability = written.as_ref().map_or(own, |written| written.probability);
    let through = if probability > own + 1e-9 {
        format!(" (of this pair alone {own:.6}; the rest is through other records of the person)")
    } else if probability < own - 1e-9 {
        format!(" (of this pair alone {own:.6}; the rest is other persons', to whom a record of it may belong)")
    } else {
        String::new()
    };
    let _ = writeln!(text, "\nprobability  {probability:.6}{through}\ndecision     {decision}");
    // What is written was compared, and what was not may never have been.
    let is_candidate =
        || -> Result<bool> { Ok(blocking::block(study, table, &comparer)?.into_rules().1.contains(pair)) };
    if decision == "possible" && written.is_none() && !is_candidate()? {
        text += "             (no blocking rule gives this pair: the run never compared the two)\n";
    } else if decision == "possible" && written.is_none() {
        text +=
            "             (not in links.parquet: clerks decided so, its records are likelier other persons', or one\n";
        text += "             form of the roll has them under two names)\n";
    } else if decision == "possible" {
        text += "             (the run keeps apart what it links better otherwise, or what is below the threshold)\n";
    }
    Ok(text)
}

/// The record that `SOURCE:RECORD_ID`, or a record id that only one source has, names. What was typed is not repeated.
fn find(study: &Study, table: &PersonTable, typed: &str, which: &str) -> Result<RecordId> {
    let usage = |what: String| Error::new(Kind::Usage, what);
    // A colon may also be part of a source's name: every source with which the text begins may be meant.
    let in_source = study.sources.iter().enumerate().filter_map(|(source, described)| {
        let id = typed.strip_prefix(described.name.as_str())?.strip_prefix(':')?;
        table.records(source).find(|record| table.record_id(*record) == id)
    });
    match in_source.collect::<Vec<RecordId>>()[..] {
        [record] => return Ok(record),
        [] => {}
        _ => {
            let error = usage(format!("several sources have what is typed as the {which} record"));
            return Err(error.hint("give sources names of which none is the beginning of another up to a colon"));
        }
    }
    let records = u32::try_from(table.len()).unwrap_or(u32::MAX);
    let mut everywhere = (0..records).filter(|record| table.record_id(*record) == typed);
    match (everywhere.next(), everywhere.next()) {
        (Some(record), None) => Ok(record),
        (Some(_), Some(_)) => {
            let error = usage(format!("several sources have the {which} record id"));
            Err(error.hint("write it as SOURCE:RECORD_ID"))
        }
        (None, _) => {
            let all: Vec<&str> = study.sources.iter().map(|source| source.name.as_str()).collect();
            let error = usage(format!("the run has no such record as the {which} one"));
            Err(error.hint(format!("write it as SOURCE:RECORD_ID; the sources are {}", all.join(", "))))
        }
    }
}

/// The pattern of the pair as the run saw it.
fn pattern(
    comparer: &Comparer<'_>,
    table: &PersonTable,
    resolution: &Resolution,
    pair: (RecordId, RecordId),
    written: Option<&WrittenPair>,
) -> Result<Pattern> {
    let mut pattern = comparer.compare(pair.0, pair.1);
    // Both are known only after a first resolution.
    let mut found_later =
        [Variable::Household, Variable::LeftOver, Variable::Housemates].into_iter().filter_map(|one| comparer.of(one));
    let Some(written) = written else {
        if let Some(comparison) = comparer.of(Variable::Household) {
            let (households, person_of) = (&Households::of(table), &resolution.person_of);
            pattern = Support { households, comparison, person_of }.filled(pattern, pair);
        }
        return Ok(pattern);
    };
    let level = |comparison: &Comparison| {
        let name = written.levels.get(&comparison.name)?;
        u8::try_from(comparison.levels.iter().position(|level| level.name == *name)?).ok()
    };
    let lost = || Error::new(Kind::Verification, "links.parquet has a level that the study's comparison has not");
    found_later.try_fold(pattern, |pattern, one| Ok(one.set(pattern, level(one).ok_or_else(lost)?)))
}

/// Which records they are.
fn header(Evidence { study, table, .. }: &Evidence, manifest: &Manifest, records: [RecordId; 2]) -> String {
    let head = ["record", "source", "file", "row", "row kind", "ID number"];
    let mut lines = Table::new(&head).left(1).left(2).left(4).left(5);
    for (letter, record) in ["A", "B"].into_iter().zip(records) {
        let at = record as usize;
        let source = study.sources.get(table.source(record)).map_or("", |source| source.name.as_str());
        let (file, row) = manifest.place(source, table.row.get(at).copied().map_or(0, u64::from));
        lines.row(vec![
            letter.to_owned(),
            source.to_owned(),
            file,
            row.to_string(),
            table.kind.get(at).map_or("", |kind| kind.name()).to_owned(),
            masked_number(table, at),
        ]);
    }
    lines.text() + "\n"
}

fn masked_number(table: &PersonTable, at: usize) -> String {
    let Some(number) = table.id_number.get(at).copied().filter(|number| number.is_some()) else {
        return String::from("none");
    };
    let mut characters = [0; 20];
    let length = number.characters(&mut characters);
    let text: String = characters.iter().take(length).map(|byte| char::from(*byte)).collect();
    match text.is_empty() {
        false => mask::id_number(&text),
        true if number.is_masked() => String::from("masked in the extract"),
        true => String::from("another document's"),
    }
}

/// Prior, comparisons, sum.
fn waterfall(scorer: &Scorer<'_>, pattern: Pattern, (one, other): (RecordId, RecordId)) -> String {
    let model: &Model = scorer.model;
    let class = scorer.class(one, other) as usize;
    let ratios = scorer.ratios(pattern, one);
    let mut sum = model.prior_weight(class);
    let mut lines = Table::new(&["step", "level", "bits", "sum"]).left(1);
    let bits = |number: f64| format!("{number:+.2}");
    lines.row(vec![String::from("prior"), String::from("any pair of these kinds of rows"), bits(sum), bits(sum)]);
    for (at, weight) in model.waterfall(pattern, &ratios, class) {
        let Some(comparison) = model.comparisons().get(at) else { continue };
        let level = comparison.levels.get(comparison.level(pattern)).map_or("", |level| level.name.as_str());
        let rarity = match ratios[at] {
            1.0 => String::new(),
            ratio if ratio < 1.0 => format!(" (value {ratio:.3} times as common as the average)"),
            ratio => format!(" (value {ratio:.1} times as common as the average)"),
        };
        sum += weight;
        lines.row(vec![comparison.name.clone(), format!("{level}{rarity}"), bits(weight), bits(sum)]);
    }
    let total = scorer.score(pattern, one, other);
    let cap = if (sum - total.log2_odds).abs() > 1e-6 {
        "all together, held to the most a weight may be"
    } else {
        "all together"
    };
    lines.row(vec![String::from("sum"), cap.to_owned(), bits(total.log2_odds), bits(total.log2_odds)]);
    lines.text()
}
