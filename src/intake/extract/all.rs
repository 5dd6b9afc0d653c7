//! Which sources cannot be opened, and why?
//!
//! Opens all sources of a study. Every one that cannot be opened is told of at once, with the line of the study file
//! that asks for a column which is not there.

use rayon::prelude::*;

use super::{Extract, open};
use crate::error::{Error, Kind, Result};
use crate::intake::study::Study;

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
            warn_of_the_roll_as_register(study, &extracts);
            Ok(extracts)
        }
        1 => Err(errors.remove(0)),
        count => {
            let each: Vec<String> = errors.iter().map(|error| error.to_string().replace('\n', "\n  ")).collect();
            Err(Error::input(format!("{count} sources cannot be used:\n  {}", each.join("\n  "))))
        }
    }
}

/// A register that holds the roll's own file would say of everybody that registers know them.
fn warn_of_the_roll_as_register(study: &Study, extracts: &[Extract]) {
    let Some(roll) = study.roll().and_then(|roll| extracts.iter().find(|extract| extract.source == roll)) else {
        return;
    };
    let files = extracts.iter().filter(|extract| extract.source != roll.source).flat_map(|extract| &extract.files);
    for file in files {
        if roll.files.iter().any(|own| own.digest == file.digest) {
            let file = file.path.display();
            tracing::warn!(%file, "a register has the same file as the roll: is its `path` in the study file right?");
        }
    }
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
            let file = study.file.display().to_string();
            error.also(format!("{}:{} asks for this one", file.escape_debug(), begin + at + 2))
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
        write("register.csv", "id,name,birth\n1,a,1980-01-01\n");
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
}
