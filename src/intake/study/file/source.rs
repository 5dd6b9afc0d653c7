//! What is a source, and what do its columns and rows mean?
//!
//! Takes the tables `[[source]]`, `[source.columns]` and `[source.rows]`, gives [`Source`]s with their files found.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::DeValue;

use super::key_part::{field_named, nearest_field};
use super::keys;
use super::paths;
use super::section::{Complaints, Item, Section, one_of};
use crate::error::inert;
use crate::intake::study::{Binding, Comparator, CustomField, Encoding, Field, Role, RowKind, RowMeaning, Source};

/// The row kinds that a roll can have.
const ROLL_KINDS: [RowKind; 4] = [RowKind::Present, RowKind::ElsewhereInArea, RowKind::Elsewhere, RowKind::Other];

/// All sources, in the order of the file; a source that is too wrong to be one is left out, with a complaint.
pub(super) fn sources(
    top: &Section<'_>,
    folder: &Path,
    custom_fields: &[CustomField],
    complaints: &mut Complaints,
) -> Vec<Source> {
    let sections = top.sections("source", complaints);
    sections.iter().filter_map(|section| source(section, folder, custom_fields, complaints)).collect()
}

fn source(
    section: &Section<'_>,
    folder: &Path,
    custom_fields: &[CustomField],
    complaints: &mut Complaints,
) -> Option<Source> {
    section.know(&keys::SOURCE, complaints);
    let name = section.required_text("name", "the source's name", complaints);
    if let (Some(name), Some(item)) = (&name, section.item("name"))
        && name.chars().any(|c| c.is_control() || c == '/' || c == '\\')
    {
        complaints.add(&item.at, &item.key, "expected a name without control characters and slashes", None);
    }
    let role = role(section, complaints);
    let files = files(section, folder, complaints);
    let path = section.item("path").and_then(|item| item.members().first().and_then(|first| first.value.as_str()));
    let path = folder.join(path.unwrap_or_default());
    let encoding = encoding(section, complaints);
    let sealed_by = sealed_by(section, complaints);
    let record_id = section.text("record_id", complaints);
    let bindings = columns(section, custom_fields, complaints);
    check_record_id(section, record_id.as_deref(), &bindings, complaints);
    let rows = rows(section, role.unwrap_or(Role::Register), complaints);
    let kind = section.text("kind", complaints);
    let (name, role) = (name?, role?);
    let kind = kind.unwrap_or_else(|| if role == Role::Roll { String::from("census") } else { name.clone() });
    Some(Source { name, role, kind, files, path, encoding, sealed_by, record_id, bindings, rows })
}

/// What names a record stands in outputs and on screens, also when personal data have been purged: no ID number may.
fn check_record_id(section: &Section<'_>, record_id: Option<&str>, bindings: &[Binding], complaints: &mut Complaints) {
    let (Some(column), Some(item)) = (record_id, section.item("record_id")) else { return };
    let holds_numbers = |binding: &Binding| {
        matches!(binding.field, Field::IdNumber | Field::MotherIdNumber)
            && binding.columns.iter().any(|own| own == column)
    };
    if bindings.iter().any(holds_numbers) {
        let hint =
            "leave record_id out: the number of the row is then used; or name a column of the department's own numbers";
        complaints.add(&item.at, &item.key, "an ID number must not name a record", Some(hint.to_owned()));
    }
}

fn role(section: &Section<'_>, complaints: &mut Complaints) -> Option<Role> {
    let word = section.required_text("role", "\"roll\" or \"register\"", complaints)?;
    match word.as_str() {
        "roll" => Some(Role::Roll),
        "register" => Some(Role::Register),
        other => {
            let at = section.item("role").map_or_else(|| section.at().clone(), |item| item.at);
            complaints.add(&at, "source.role", "there is no such role", one_of(other, &["roll", "register"]));
            None
        }
    }
}

fn files(section: &Section<'_>, folder: &Path, complaints: &mut Complaints) -> Vec<std::path::PathBuf> {
    let Some(item) = section.item("path") else {
        section.missing("path", "a file, a folder or a pattern such as \"2020/*.parquet\"", complaints);
        return Vec::new();
    };
    let mut files = Vec::new();
    if item.members().is_empty() {
        complaints.add(&item.at, &item.key, "is empty: expected at least one file, folder or pattern", None);
    }
    for member in item.members() {
        let Some(written) = member.text(complaints) else { continue };
        match paths::files(folder, &written) {
            Ok(found) => files.extend(found),
            Err(why) => {
                let mut hint = format!("looked for {}", inert(&folder.join(&written).display().to_string()));
                // `\t` and `\n` in the names of folders are such characters without anybody's having meant them.
                if written.contains(char::is_control) {
                    hint = format!("{hint}; {}", super::syntax::BACKSLASH);
                }
                complaints.add_kind(why.kind, &member.at, &member.key, why.why, Some(hint));
            }
        }
    }
    files.sort();
    files.dedup();
    files
}

fn encoding(section: &Section<'_>, complaints: &mut Complaints) -> Encoding {
    let Some(item) = section.item("encoding") else { return Encoding::Detect };
    let Some(word) = item.text(complaints) else { return Encoding::Detect };
    Encoding::named(&word).unwrap_or_else(|| {
        complaints.add(&item.at, &item.key, "there is no such encoding", one_of(&word, &Encoding::names()));
        Encoding::Detect
    })
}

fn sealed_by(section: &Section<'_>, complaints: &mut Complaints) -> Option<String> {
    let item = section.item("sealed_by")?;
    let key = item.text(complaints)?.to_lowercase();
    if key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(key);
    }
    let hint = Some(String::from("as the sender's `rollcall key new` printed it"));
    complaints.add(&item.at, &item.key, "expected a public key of 64 hexadecimal digits", hint);
    None
}

fn columns(section: &Section<'_>, custom_fields: &[CustomField], complaints: &mut Complaints) -> Vec<Binding> {
    let Some(columns) = section.section("columns", complaints) else {
        if section.item("columns").is_none() {
            section.missing("columns", "a table [source.columns] with lines such as name = \"column\"", complaints);
        }
        return Vec::new();
    };
    let mut bindings = Vec::new();
    for (name, item) in columns.items() {
        match field_named(name, custom_fields) {
            Some(field) => bindings.extend(binding(field, &item, custom_fields, complaints)),
            None => {
                let hint = nearest_field(name, custom_fields);
                complaints.add(&item.at, &item.key, "there is no such field", hint);
            }
        }
    }
    if columns.items().is_empty() {
        complaints.add(columns.at(), "source.columns", "is empty: expected at least one field", None);
    }
    bindings
}

/// The columns of one field: `"a"`, `["a", "b"]` or `{ column = "a", … }`.
fn binding(
    field: Field,
    item: &Item<'_>,
    custom_fields: &[CustomField],
    complaints: &mut Complaints,
) -> Option<Binding> {
    if !matches!(item.value, DeValue::Table(_)) {
        let columns = item.texts(complaints)?;
        let joiner = usual_joiner(&columns).to_owned();
        return Some(Binding { field, columns, joiner, format: None, codes: BTreeMap::new() });
    }
    let section = item.section(complaints)?;
    section.know(&["column", "columns", "joiner", "format", "codes"], complaints);
    if let (Some(_), Some(second)) = (section.item("column"), section.item("columns")) {
        complaints.add(&second.at, &second.key, "expected `column` or `columns`, found both", None);
    }
    let columns = match (section.item("columns"), section.item("column")) {
        (Some(item), _) | (None, Some(item)) => item.texts(complaints)?,
        (None, None) => {
            section.missing("column", "the column's name", complaints);
            return None;
        }
    };
    let joiner = section.item("joiner").and_then(|item| item.data_text(complaints));
    let joiner = joiner.unwrap_or_else(|| usual_joiner(&columns).to_owned());
    let format = format(field, &section, custom_fields, complaints);
    let codes = codes(&section, complaints);
    Some(Binding { field, columns, joiner, format, codes })
}

/// Nothing between columns with Chinese names, a space between others.
fn usual_joiner(columns: &[String]) -> &'static str {
    let is_han = |c: char| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}');
    if columns.iter().any(|column| column.chars().any(is_han)) { "" } else { " " }
}

fn format(
    field: Field,
    section: &Section<'_>,
    custom_fields: &[CustomField],
    complaints: &mut Complaints,
) -> Option<String> {
    let item = section.item("format")?;
    let format = item.text(complaints)?;
    let is_date = match field {
        Field::BirthDate | Field::DeathDate | Field::LastSeen => true,
        Field::Custom(index) => {
            custom_fields.get(usize::from(index)).is_some_and(|custom| custom.comparator == Comparator::Date)
        }
        _ => false,
    };
    if !is_date {
        complaints.add(&item.at, &item.key, "only dates have a format", None);
        return None;
    }
    if let Err(what) = check_date_format(&format) {
        let hint = Some(String::from("for example \"%Y%m%d\", \"%Y-%m\", \"%d/%m/%Y\", \"%Y年%m月%d日\""));
        complaints.add(&item.at, &item.key, what, hint);
        return None;
    }
    Some(format)
}

/// A `strftime` format of which every part is known and one is a year; else what is wrong with it.
fn check_date_format(format: &str) -> Result<(), String> {
    let mut has_year = false;
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            continue;
        }
        match rest.next() {
            Some('Y' | 'y' | 'F' | 'D') => has_year = true,
            Some('m' | 'd' | 'e' | 'b' | 'B' | 'h' | 'H' | 'M' | 'S' | 'T' | 'R' | 'j' | '%') => {}
            part => {
                let part = part.map(|part| part.escape_debug().to_string()).unwrap_or_default();
                return Err(format!("expected a date format, found %{part}, which no date is read by"));
            }
        }
    }
    if has_year { Ok(()) } else { Err(String::from("expected a date format with a year")) }
}

fn codes(section: &Section<'_>, complaints: &mut Complaints) -> BTreeMap<String, String> {
    let Some(codes) = section.section("codes", complaints) else { return BTreeMap::new() };
    let mut list = BTreeMap::new();
    for (written, item) in codes.items() {
        if let Some(meaning) = item.data_text(complaints) {
            list.insert(written.to_owned(), meaning);
        }
    }
    list
}

fn rows(source: &Section<'_>, role: Role, complaints: &mut Complaints) -> RowMeaning {
    let usual = if role == Role::Roll { RowKind::Present } else { RowKind::Residence };
    let mut rows = RowMeaning { column: None, values: BTreeMap::new(), otherwise: usual };
    let Some(section) = source.section("rows", complaints) else { return rows };
    let kinds = kinds_of(role);
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let known: Vec<&str> = ["column", "otherwise"].into_iter().chain(names.iter().copied()).collect();
    rows.column = section.text("column", complaints);
    for (name, item) in section.items() {
        match (name, kinds.iter().find(|kind| kind.name() == name)) {
            ("column", _) => {}
            ("otherwise", _) => rows.otherwise = otherwise(&item, &kinds, &names, complaints).unwrap_or(usual),
            (_, Some(kind)) => values(*kind, &item, &mut rows, complaints),
            (_, None) if RowKind::ALL.iter().any(|kind| kind.name() == name) => {
                let hint = Some(format!("one of: {}", names.join(", ")));
                let role = if role == Role::Roll { "a roll" } else { "a register" };
                complaints.add(&item.at, &item.key, format!("rows of {role} cannot mean this"), hint);
            }
            (_, None) => {
                let hint = keys::place_of(name).or_else(|| one_of(name, &known));
                complaints.add(&item.at, &item.key, "there is no such row kind", hint);
            }
        }
    }
    if rows.column.is_none() && section.item("column").is_none() && !rows.values.is_empty() {
        section.missing("column", "the name of the column whose values are listed", complaints);
    }
    rows
}

fn kinds_of(role: Role) -> Vec<RowKind> {
    let only_roll = |kind: &RowKind| *kind != RowKind::Other && ROLL_KINDS.contains(kind);
    match role {
        Role::Roll => ROLL_KINDS.to_vec(),
        Role::Register => RowKind::ALL.into_iter().filter(|kind| !only_roll(kind)).collect(),
    }
}

fn otherwise(item: &Item<'_>, kinds: &[RowKind], names: &[&str], complaints: &mut Complaints) -> Option<RowKind> {
    let word = item.text(complaints)?;
    let kind = kinds.iter().find(|kind| kind.name() == word).copied();
    if kind.is_none() {
        complaints.add(&item.at, &item.key, "there is no such row kind here", one_of(&word, names));
    }
    kind
}

fn values(kind: RowKind, item: &Item<'_>, rows: &mut RowMeaning, complaints: &mut Complaints) {
    for member in item.members() {
        let Some(value) = member.data_text(complaints) else { continue };
        if rows.values.insert(value.trim().to_owned(), kind).is_some() {
            complaints.add(&member.at, &member.key, "this value is listed before", None);
        }
    }
}
