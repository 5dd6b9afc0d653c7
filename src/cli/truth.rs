//! What does the truth say of persons?
//!
//! Takes tables of truth, puts the truth of a run together.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use super::args::Evaluate;
use crate::audit::manifest::Manifest;
use crate::casework::campaign;
use crate::error::Result;
use crate::intake::study::{self, Study};
use crate::intake::truth::{self, PersonTruth};
use crate::outcome::quality::{TruePerson, Truth};
use crate::synthetic;

/// The truth that a run is to be held against.
pub(super) fn read(asked: &Evaluate, manifest: &Manifest) -> Result<Truth> {
    let beside = asked.truth.with_file_name(synthetic::PERSONS_FILE);
    let persons: Option<PathBuf> = asked.truth_persons.clone().or_else(|| beside.is_file().then_some(beside));
    let mut records = truth::records(&asked.truth)?;
    let sources_left_out = leave_out(&mut records, manifest);
    let persons = persons.map(|path| read_persons(&path)).transpose()?;
    Ok(Truth { records, persons, roll: roll(manifest), sources_left_out })
}

/// Leaves out the records of sources that the run does not have, which it cannot find; gives the sources.
fn leave_out(records: &mut Vec<(String, String, String)>, manifest: &Manifest) -> Vec<String> {
    let known: FxHashSet<&str> = manifest.sources.iter().map(|source| source.source.as_str()).collect();
    let mut left_out = BTreeSet::new();
    records.retain(|(source, _, _)| {
        let is_known = known.contains(source.as_str());
        if !is_known && !left_out.contains(source) {
            left_out.insert(source.clone());
        }
        is_known
    });
    left_out.into_iter().collect()
}

/// Digests of the records of persons who were truly missed, from the truth of a synthetic district.
pub(super) fn missed_records(district: &Path) -> Result<BTreeSet<String>> {
    let persons = read_persons(&district.join(synthetic::PERSONS_FILE))?;
    let missed: FxHashSet<&str> = persons
        .iter()
        .filter(|person| person.resident && !person.enumerated)
        .map(|person| person.person.as_str())
        .collect();
    let records = truth::records(&district.join(synthetic::RECORDS_FILE))?;
    let of_missed = records.iter().filter(|record| missed.contains(record.2.as_str()));
    Ok(campaign::missed_records(of_missed.map(|record| (record.0.as_str(), record.1.as_str()))))
}

/// The study of a run, where the manifest says that it can be opened; nothing if it is there no more or has changed.
fn study_of(manifest: &Manifest) -> Option<Study> {
    study::file::read(&manifest.study.file).ok().filter(|study| study.digest == manifest.study.digest)
}

/// The roll as the manifest names it; one that names none is of an earlier version, or of a study without a roll: then
/// by the study, and without the study the source that is called so.
fn roll(manifest: &Manifest) -> Option<String> {
    if let Some(roll) = manifest.sources.iter().find(|source| source.roll) {
        return Some(roll.source.clone());
    }
    if let Some(study) = study_of(manifest) {
        return study.roll().and_then(|at| study.sources.get(at)).map(|source| source.name.clone());
    }
    let called_so = manifest.sources.iter().map(|source| &source.source).find(|name| *name == "roll").cloned();
    if called_so.is_none() {
        tracing::warn!(
            "the study of this run is not found, and the manifest does not say which source is the roll: links between all \
             sources are judged, and no list of missed persons"
        );
    }
    called_so
}

/// The table of true persons.
pub(super) fn read_persons(path: &Path) -> Result<Vec<TruePerson>> {
    let person = |truth: PersonTruth| TruePerson {
        person: truth.person,
        resident: truth.resident,
        enumerated: truth.enumerated,
    };
    Ok(truth::persons(path)?.into_iter().map(person).collect())
}

#[cfg(test)]
mod tests {
    use super::{leave_out, read_persons, roll};
    use crate::audit::manifest::Manifest;
    use crate::progress::Silent;
    use crate::synthetic::{PERSONS_FILE, Plan, write_district};

    #[test]
    fn the_roll_is_known_without_the_study() {
        let roll_of = |sources: &[(&str, &str)]| roll(&manifest_of(sources));
        assert_eq!(roll_of(&[("roll", ""), ("名册", r#", "roll": true"#)]).as_deref(), Some("名册"));
        assert_eq!(roll_of(&[("health", ""), ("roll", "")]).as_deref(), Some("roll"), "of an earlier version");
        assert_eq!(roll_of(&[("health", ""), ("名册", "")]), None);
    }

    #[test]
    fn records_of_sources_that_the_run_does_not_have_are_left_out() {
        let record = |source: &str| (source.to_owned(), String::from("1"), String::from("a"));
        let mut records = ["police", "roll", "health", "roll"].map(record).to_vec();
        assert_eq!(leave_out(&mut records, &manifest_of(&[("health", ""), ("police", "")])), ["roll"]);
        assert_eq!(records, ["police", "health"].map(record));
    }

    /// A manifest with these sources, and what it says of them besides.
    fn manifest_of(sources: &[(&str, &str)]) -> Manifest {
        let source = |(name, roll): &(&str, &str)| {
            format!(r#"{{"source": "{name}"{roll}, "rows_in": 0, "rows_out": 0, "set_aside": {{}}, "noted": {{}}}}"#)
        };
        let sources: Vec<String> = sources.iter().map(source).collect();
        let study = r#"{"name": "s", "file": "no such study.toml", "digest": "", "reference_time": "", "seed": 1}"#;
        let text = format!(
            r#"{{"program": "", "format": 1, "study": {study}, "inputs": [], "sources": [{}], "counts": {{}}, "outputs": []}}"#,
            sources.join(", ")
        );
        serde_json::from_str(&text).expect("manifest")
    }

    #[test]
    fn the_missed_of_a_district_are_read() {
        let folder = tempfile::tempdir().expect("folder");
        let plan = Plan { persons: 400, seed: 5, errors: 1.0, uneven: 0.0, progress: &Silent };
        let made = write_district(folder.path(), &plan).expect("made");
        let persons = read_persons(&folder.path().join(PERSONS_FILE)).expect("read");
        assert_eq!(persons.len() as u64, made.persons);
        let missed = persons.iter().filter(|person| person.resident && !person.enumerated).count();
        assert_eq!(missed as u64, made.missed);
        assert!(read_persons(&made.study).is_err());
    }
}
