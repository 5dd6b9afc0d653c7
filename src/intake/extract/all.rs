//! Which sources cannot be opened, and why?
//!
//! Opens all sources of a study. Every one that cannot be opened is told of at once, with the line of the study file
//! that asks for a column which is not there. No two may tell of the same persons by one content.

use rayon::prelude::*;

use super::{Extract, open};
use crate::error::{Error, Kind, Result, inert};
use crate::intake::study::{Field, Source, Study};

/// Opens all sources, in the order of the study.
///
/// # Errors
/// As [`open`], of all sources that fail.
pub fn open_all(study: &Study) -> Result<Vec<Extract>> {
    let opened: Vec<Result<Extract>> =
        (0..study.sources.len()).into_par_iter().map(|source| open(study, source)).collect();
    let (mut extracts, mut errors) = (Vec::new(), Vec::new());
    for (source, result) in opened.into_iter().enumerate() {
        match result {
            Ok(extract) => extracts.push(extract),
            // That the disk fails says nothing of what it holds.
            Err(error) if error.kind() == Kind::Environment => return Err(error),
            Err(error) => errors.push(asked_for(study, source, error)),
        }
    }
    match errors.len() {
        0 => {
            look_for_twins(study, &extracts)?;
            Ok(extracts)
        }
        1 => Err(errors.remove(0)),
        count => {
            let each: Vec<String> = errors.iter().map(|error| error.to_string().replace('\n', "\n  ")).collect();
            Err(Error::input(format!("{count} sources cannot be used:\n  {}", each.join("\n  "))))
        }
    }
}

/// One delivery under two names, or one path in two sources, makes of everybody in it a person whom two sources found
/// independently: no estimate of coverage survives that. Where nothing is estimated (there is no roll), or where it is
/// the roll that somebody holds against itself, it is said.
fn look_for_twins(study: &Study, extracts: &[Extract]) -> Result<()> {
    for (at, extract) in extracts.iter().enumerate() {
        for other in extracts.iter().take(at) {
            let (Some(one), Some(two)) = (study.sources.get(other.source), study.sources.get(extract.source)) else {
                continue;
            };
            if !tell_of_the_same(one, two) {
                continue;
            }
            // Files without rows are alike by nature.
            for file in extract.files.iter().filter(|file| file.rows > 0) {
                let Some(twin) = other.files.iter().find(|known| known.digest == file.digest) else { continue };
                let twin = inert(&twin.path.display().to_string());
                let what = format!(
                    "source `{}` has the same content as {twin} of source `{}`: everybody in it would be found twice",
                    two.name, one.name
                );
                if study.roll().is_none_or(|roll| [other.source, extract.source].contains(&roll)) {
                    let file = file.path.display();
                    tracing::warn!(%file, "{what}: is its `path` in the study file right?");
                    continue;
                }
                let hint = "take one of the two sources out of the study file, or give this one the right file; two \
                            sources may share a file if they read other persons from its rows (other columns for name \
                            and ID number)";
                return Err(Error::input(what).at_file(&file.path).hint(hint));
            }
        }
    }
    Ok(())
}

/// Do two sources take the same persons out of a row? Of owner and tenant, or child and mother, each may be a source
/// of one file.
fn tell_of_the_same(one: &Source, two: &Source) -> bool {
    let columns = |source: &Source, of_persons_alone: bool| -> Vec<String> {
        let says_who = |field: Field| matches!(field, Field::Name | Field::GivenName | Field::IdNumber);
        let bound = source.bindings.iter().filter(|binding| !of_persons_alone || says_who(binding.field));
        bound.flat_map(|binding| binding.columns.clone()).collect()
    };
    let (first, second) = (columns(one, true), columns(two, true));
    // Where nothing names a person, any column of both may stand for one.
    let is_bare = first.is_empty() || second.is_empty();
    let (first, second) = if is_bare { (columns(one, false), columns(two, false)) } else { (first, second) };
    first.iter().any(|column| second.contains(column))
}

/// The error with the line of the study file that asks for its column, if that can be found.
fn asked_for(study: &Study, source: usize, error: Error) -> Error {
    let Some(column) = error.place().column.as_deref() else { return error };
    let Ok(text) = std::fs::read_to_string(&study.file) else { return error };
    let is_source = |line: &str| line.trim_start().starts_with("[[source]]");
    let lines: Vec<&str> = text.lines().collect();
    let Some((begin, _)) = lines.iter().enumerate().filter(|(_, line)| is_source(line)).nth(source) else {
        return error;
    };
    let quoted = [format!("\"{column}\""), format!("'{column}'")];
    let names = |line: &&str| !line.trim_start().starts_with('#') && quoted.iter().any(|name| line.contains(name));
    let of_source = lines.iter().skip(begin + 1).take_while(|line| !is_source(line));
    match of_source.enumerate().find(|(_, line)| names(line)) {
        Some((at, _)) => {
            let file = inert(&study.file.display().to_string());
            error.also(format!("{file}:{} asks for this one", begin + at + 2))
        }
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::open_all;
    use crate::error::Kind;
    use crate::intake::study;

    #[test]
    fn every_wrong_column_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("roll.csv", "id,name,birth\n1,a,1980-01-01\n");
        write("register.csv", "id,name,birth\n1,b,1980-01-01\n");
        let source = |name: &str, column: &str| {
            format!(
                "[[source]]\nname = \"{name}\"\nrole = \"{}\"\npath = \"{name}.csv\"\nrecord_id = \"id\"\n# \"{column}\"\n[source.columns]\nname = \"name\"\nbirth_date = \"{column}\"\n",
                if name == "roll" { "roll" } else { "register" }
            )
        };
        let study = |roll: &str, register: &str| {
            write(
                "study.toml",
                &format!("[study]\nname = \"s\"\n{}{}", source("roll", roll), source("register", register)),
            );
            study::file::read(&folder.path().join("study.toml")).unwrap()
        };
        assert_eq!(open_all(&study("birth", "birth")).unwrap().len(), 2);
        let error = open_all(&study("birth", "brith")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("register.csv: brith: there is no such column"), "{text}");
        assert!(text.contains("the nearest column is `birth`; ") && text.contains("study.toml:20 asks for"), "{text}");
        let error = open_all(&study("birht", "brith")).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.kind(), Kind::Input);
        for said in ["2 sources", "study.toml:11 asks", "study.toml:20 asks", "roll.csv: birht", "register.csv: brith"]
        {
            assert!(text.contains(said), "{said}: {text}");
        }
    }

    #[test]
    fn one_content_in_two_sources_is_refused_unless_they_read_other_persons() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("births.csv", "id,child,mother,born\n1,a,b,1980-01-01\n");
        write("copy.csv", "id,child,mother,born\n1,a,b,1980-01-01\n");
        write("none.csv", "id,child,mother,born\n");
        write("none2.csv", "id,child,mother,born\n");
        let source = |name: &str, path: &str, who: &str| {
            format!(
                "[[source]]\nname = \"{name}\"\nrole = \"register\"\npath = \"{path}\"\n[source.columns]\n{who}\nbirth_date = \"born\"\n"
            )
        };
        write("roll.csv", "id,child,mother,born\n1,c,d,1980-01-01\n");
        let roll = source("roll", "roll.csv", "name = \"child\"").replace("\"register\"", "\"roll\"");
        let open_beside = |roll: &str, first: &str, second: &str, who: &str| {
            let text = roll.to_owned() + &source("one", first, "name = \"child\"") + &source("two", second, who);
            write("study.toml", &format!("[study]\nname = \"s\"\n{text}"));
            open_all(&study::file::read(&folder.path().join("study.toml")).unwrap())
        };
        let open = |first: &str, second: &str, who: &str| open_beside(&roll, first, second, who);
        for second in ["copy.csv", "births.csv"] {
            let error = open("births.csv", second, "name = \"child\"").unwrap_err();
            let text = error.to_string();
            assert_eq!(error.kind(), Kind::Input);
            for said in [second, "same content", "births.csv of source `one`", "source `two`"] {
                assert!(text.contains(said), "{said}: {text}");
            }
            assert!(open("births.csv", second, "name = \"mother\"").is_ok(), "other persons of the same rows");
            assert!(open("births.csv", second, "sex = \"mother\"").is_err(), "nothing names the persons");
        }
        assert!(open("none.csv", "none2.csv", "name = \"child\"").is_ok(), "no row is alike by nature");
        assert!(
            open("births.csv", "roll.csv", "name = \"child\"").is_ok(),
            "the roll held against itself is warned of"
        );
        assert!(open_beside("", "births.csv", "copy.csv", "name = \"child\"").is_ok(), "nothing is estimated");
    }
}
