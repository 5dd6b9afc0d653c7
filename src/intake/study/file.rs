//! What was typed, and what does it mean?
//!
//! Takes the path of a study file (TOML), gives a [`Study`]: every default filled in, every path resolved. Whatever
//! is wrong is said at once, each complaint with its line, its key, what was expected and the nearest right name; a
//! complaint never repeats a typed value. All keys, with an annotated example: `docs/study-file.md`.
//!
//! ```toml
//! [study]
//! name = "Practice district"
//! reference_time = "2020-11-01T00:00:00+08:00"
//! area = "120106"
//! language = "zh"
//!
//! [[source]]
//! name = "roll"
//! role = "roll"
//! path = "roll.parquet"
//! record_id = "登记编号"
//! [source.columns]
//! name = "姓名"
//! birth_date = { column = "出生年月", format = "%Y%m" }
//! sex = { column = "性别", codes = { "男" = "1", "女" = "2" } }
//! address = { columns = ["街道", "门牌"], joiner = "" }
//! [source.rows]
//! column = "普查时点居住地"
//! present = ["1"]
//! elsewhere_in_area = ["2", "3", "4"]
//! elsewhere = ["5"]
//!
//! [[linkage.blocking]]
//! keys = ["sound(name)", "year(birth_date)"]
//! ```

mod key_part;
mod keys;
mod paths;
mod rules;
pub(crate) mod section;
mod source;
pub(crate) mod syntax;

use std::path::Path;

use super::{Language, ReferenceTime, Role, Source, Study};
use crate::digest;
use crate::error::{Error, Result};
use section::{Complaints, Section, one_of};

pub(crate) use paths::{is_extract_name, is_hidden, may_be_an_extract};
pub(crate) use rules::LINK_COLUMNS;

/// Longest study file, in bytes.
const STUDY_BYTES_MAX: u64 = 16 << 20;

/// The reference time of a study that names none: that of the 2020 census.
pub const DEFAULT_REFERENCE_TIME: &str = "2020-11-01T00:00:00+08:00";

/// Reads a study file.
///
/// # Errors
/// A study error lists everything that is wrong, with lines and keys. If only paths lead nowhere, it is an input
/// error that names them all.
pub fn read(path: &Path) -> Result<Study> {
    let bytes = bytes_of(path)?;
    let digest = digest::of(&bytes);
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() as u64 + 1;
        Error::study("expected UTF-8 text").at_file(path).at_row(line).hint("save the study file as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut complaints = Complaints::about(text);
    let study = syntax::table_of(text, &keys::TOP, &mut complaints).and_then(|table| {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut study = whole(&Section::whole(&table), path, folder, &mut complaints)?;
        study.digest = digest;
        Some(study)
    });
    match (complaints.into_error(path), study) {
        (Some(error), _) => Err(error),
        (None, Some(study)) => Ok(study),
        (None, None) => Err(Error::study("this study file cannot be read").at_file(path)),
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    let no_such = |error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::study("there is no such study file").at_file(path),
        _ => Error::io(path, error),
    };
    let facts = std::fs::metadata(path).map_err(|error| no_such(&error))?;
    if !facts.is_file() {
        return Err(Error::study("expected a study file, found something else")
            .at_file(path)
            .hint("name a .toml file"));
    }
    if facts.len() > STUDY_BYTES_MAX {
        return Err(Error::study("is too large for a study file").at_file(path).hint("name a .toml file"));
    }
    std::fs::read(path).map_err(|error| no_such(&error))
}

fn whole(top: &Section<'_>, file: &Path, folder: &Path, complaints: &mut Complaints) -> Option<Study> {
    top.know(&keys::TOP, complaints);
    let head = top.section("study", complaints);
    if let Some(head) = &head {
        head.know(&keys::STUDY, complaints);
    }
    let custom_fields = rules::custom_fields(top, complaints);
    let sources = source::sources(top, folder, &custom_fields, complaints);
    check_together(top, &sources, complaints);
    let linkage = rules::linkage(top, folder, &custom_fields, &sources, complaints);
    let follow_up = rules::follow_up(top, folder, complaints);
    let limits = rules::limits(top, complaints);
    let stem = || file.file_stem().map_or_else(|| String::from("study"), |stem| stem.to_string_lossy().into_owned());
    let name = head.as_ref().and_then(|head| head.text("name", complaints)).unwrap_or_else(stem);
    let area = head.as_ref().and_then(|head| area(head, complaints)).unwrap_or_default();
    let area_line = head.as_ref().and_then(|head| head.item("area")).map(|item| complaints.line(item.at.start));
    let reference = head.as_ref().and_then(|head| reference_time(head, complaints)).or_else(default_reference_time)?;
    let language = language(top, head.as_ref(), complaints);
    // Where something else is wrong, that may be why a field looks unbound.
    if complaints.is_empty() {
        rules::check_bound(top, &custom_fields, &sources, complaints);
    }
    let (file, digest) = (file.to_path_buf(), String::new());
    Some(Study {
        name,
        reference,
        area,
        area_line,
        language,
        file,
        digest,
        sources,
        custom_fields,
        linkage,
        follow_up,
        limits,
    })
}

/// What holds between sources: there is one, at most one is the roll, and no two have one name.
fn check_together(top: &Section<'_>, sources: &[Source], complaints: &mut Complaints) {
    let sections = top.sections("source", complaints);
    if sections.is_empty() && top.item("source").is_none() {
        top.missing("source", "at least one [[source]]", complaints);
    }
    let mut names: Vec<String> = Vec::new();
    let mut silent = Complaints::about("");
    for section in &sections {
        let Some(name) = section.text("name", &mut silent) else { continue };
        if names.contains(&name) {
            let hint = Some(String::from("give each source a name of its own"));
            let at = section.item("name").map_or_else(|| section.at().clone(), |item| item.at);
            complaints.add(&at, "source.name", "another source has this name", hint);
        }
        names.push(name);
    }
    let rolls: Vec<_> = sources.iter().filter(|source| source.role == Role::Roll).collect();
    if rolls.len() > 1 {
        let second = sections.iter().filter_map(|section| section.item("role"));
        let at = second.filter(|item| item.value.as_str() == Some("roll")).nth(1).map_or(0..0, |item| item.at);
        let hint = Some(String::from("a study has at most one source with role \"roll\"; list its files in `path`"));
        complaints.add(&at, "source.role", "this is the second roll", hint);
    }
}

fn language(top: &Section<'_>, head: Option<&Section<'_>>, complaints: &mut Complaints) -> Language {
    let mut language = None;
    for section in [Some(top), head].into_iter().flatten() {
        let Some(item) = section.item("language") else { continue };
        if language.is_some() {
            complaints.add(&item.at, &item.key, "the language is given twice", None);
        }
        let Some(word) = item.text(complaints) else { continue };
        language = match word.as_str() {
            "zh" => Some(Language::Zh),
            "en" => Some(Language::En),
            other => {
                complaints.add(&item.at, &item.key, "there is no such language", one_of(other, &["zh", "en"]));
                None
            }
        };
    }
    language.unwrap_or(Language::Zh)
}

fn area(head: &Section<'_>, complaints: &mut Complaints) -> Option<String> {
    let item = head.item("area")?;
    if item.value.as_str() == Some("") {
        return None;
    }
    let area = item.data_text(complaints)?;
    if area.len() > 15 || !area.bytes().all(|byte| byte.is_ascii_digit()) {
        let hint = Some(String::from("for example \"120106\" for a district, \"12\" for a province"));
        complaints.add(&item.at, &item.key, "expected the leading digits of a division code", hint);
        return None;
    }
    Some(area)
}

fn reference_time(head: &Section<'_>, complaints: &mut Complaints) -> Option<ReferenceTime> {
    let item = head.item("reference_time")?;
    let text = match item.value {
        toml::de::DeValue::Datetime(written) => written.to_string(),
        _ => item.text(complaints)?,
    };
    let time = instant(&text);
    if time.is_none() {
        let hint = Some(format!("for example \"{DEFAULT_REFERENCE_TIME}\""));
        let what = "expected a date, a time and an offset from UTC (RFC 3339)";
        complaints.add(&item.at, &item.key, what, hint);
    }
    time
}

fn default_reference_time() -> Option<ReferenceTime> {
    instant(DEFAULT_REFERENCE_TIME)
}

/// An instant with its offset; the day is that of the calendar of the offset.
fn instant(text: &str) -> Option<ReferenceTime> {
    let pieces = jiff::fmt::temporal::Pieces::parse(text.trim()).ok()?;
    if pieces.time().is_none() || pieces.time_zone_annotation().is_some() {
        return None;
    }
    let offset = pieces.to_numeric_offset()?;
    let seconds = pieces.date().duration_since(jiff::civil::date(1970, 1, 1)).as_secs();
    let day = i32::try_from(seconds.div_euclid(86_400)).ok()?;
    // One form for all who read it later: `2020-11-01T…`, however it was typed (`20201101T000000+08`).
    let typed = text.trim();
    let text = if typed.starts_with(&format!("{}T", pieces.date())) {
        typed.to_owned()
    } else {
        let instant = pieces.date().to_datetime(pieces.time()?);
        offset.to_timestamp(instant).ok()?.display_with_offset(offset).to_string()
    };
    Some(ReferenceTime { day, text, offset_seconds: offset.seconds() })
}

#[cfg(test)]
mod tests;
