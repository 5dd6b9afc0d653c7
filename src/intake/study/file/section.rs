//! How is a table of the study file, or of another TOML file, read without losing the place?
//!
//! Takes a TOML table with its spans, gives typed values; whatever does not fit becomes a complaint with its line and
//! key. No complaint repeats a value that was typed: keys only.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::place_of;
use crate::error::{Error, Kind};

/// Most complaints that one error lists.
const COMPLAINTS_LISTED_MAX: usize = 20;

/// What is wrong with a study file, gathered over the whole file.
pub(crate) struct Complaints {
    line_starts: Vec<usize>,
    list: Vec<Complaint>,
}

struct Complaint {
    kind: Kind,
    line: u64,
    key: String,
    what: String,
    hint: Option<String>,
}

impl Complaints {
    /// No complaints yet about this text.
    pub(crate) fn about(text: &str) -> Complaints {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Complaints { line_starts, list: Vec::new() }
    }

    /// The line of a place in the text.
    pub(crate) fn line(&self, offset: usize) -> u64 {
        self.line_starts.partition_point(|start| *start <= offset) as u64
    }

    /// Something in the study file is wrong.
    pub(crate) fn add(&mut self, at: &Range<usize>, key: &str, what: impl Into<String>, hint: Option<String>) {
        self.add_kind(Kind::Study, at, key, what.into(), hint);
    }

    /// The study file may be right, but what it points to cannot be used.
    pub(crate) fn add_input(&mut self, at: &Range<usize>, key: &str, what: impl Into<String>, hint: Option<String>) {
        self.add_kind(Kind::Input, at, key, what.into(), hint);
    }

    /// Something is wrong of which it is said whose move it is.
    pub(crate) fn add_kind(&mut self, kind: Kind, at: &Range<usize>, key: &str, what: String, hint: Option<String>) {
        let line = self.line(at.start);
        self.list.push(Complaint { kind, line, key: key.to_owned(), what, hint });
    }

    /// True if nothing was complained about.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// One error that lists all complaints, in the order of the lines; `None` if there are none.
    pub(crate) fn into_error(mut self, file: &Path) -> Option<Error> {
        self.list.sort_by_key(|complaint| complaint.line);
        let is_there = |kind: &Kind| self.list.iter().any(|complaint| complaint.kind == *kind);
        // The study file is the first to be mended; what the system refuses may be why an input is not found.
        let kind = [Kind::Study, Kind::Environment].into_iter().find(is_there).unwrap_or(Kind::Input);
        let (first, others) = self.list.split_first()?;
        if others.is_empty() {
            let error = Error::new(kind, &first.what).at_file(file).at_row(first.line).at_column(&first.key);
            return Some(match &first.hint {
                Some(hint) => error.hint(hint),
                None => error,
            });
        }
        let mut text = with_hint(first);
        for other in others.iter().take(COMPLAINTS_LISTED_MAX - 1) {
            text.push_str(&format!("\n  line {}: {}: {}", other.line, other.key.escape_debug(), with_hint(other)));
        }
        if self.list.len() > COMPLAINTS_LISTED_MAX {
            text.push_str(&format!("\n  and {} more", self.list.len() - COMPLAINTS_LISTED_MAX));
        }
        Some(Error::new(kind, text).at_file(file).at_row(first.line).at_column(&first.key))
    }
}

fn with_hint(complaint: &Complaint) -> String {
    match &complaint.hint {
        Some(hint) => format!("{} ({hint})", complaint.what),
        None => complaint.what.clone(),
    }
}

/// "did you mean `x`?" for the nearest of these names, if one is near enough.
pub(crate) fn nearest<'n>(typed: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let typed = typed.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for name in names {
        let near = strsim::jaro_winkler(&typed, name).max(strsim::normalized_damerau_levenshtein(&typed, name));
        if best.is_none_or(|(most, _)| near > most) {
            best = Some((near, name));
        }
    }
    best.filter(|(near, _)| *near >= 0.7).map(|(_, name)| format!("did you mean `{name}`?"))
}

/// A hint for a word that is not in a list: the nearest one, else the whole list.
pub(crate) fn one_of(typed: &str, names: &[&str]) -> Option<String> {
    nearest(typed, names.iter().copied()).or_else(|| Some(format!("one of: {}", names.join(", "))))
}

/// A table of the study file and the path of keys that leads to it.
#[derive(Clone)]
pub(crate) struct Section<'t> {
    table: &'t DeTable<'t>,
    path: String,
    at: Range<usize>,
}

/// A value of the study file and where it stands.
pub(crate) struct Item<'t> {
    /// The value.
    pub(crate) value: &'t DeValue<'t>,
    /// Its place in the text.
    pub(crate) at: Range<usize>,
    /// The path of keys that leads to it.
    pub(crate) key: String,
}

impl<'t> Section<'t> {
    /// The whole file.
    pub(crate) fn whole(table: &'t DeTable<'t>) -> Section<'t> {
        Section { table, path: String::new(), at: 0..0 }
    }

    /// Where the table begins.
    pub(crate) fn at(&self) -> &Range<usize> {
        &self.at
    }

    /// The full name of a key of this table.
    pub(crate) fn key(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// All entries in the order in which they are written.
    pub(crate) fn items(&self) -> Vec<(&'t str, Item<'t>)> {
        let mut items: Vec<_> = self.table.iter().collect();
        items.sort_by_key(|(name, _)| name.span().start);
        let item = |name: &'t Spanned<_>, value| (name_text(name), self.item_of(name_text(name), name.span(), value));
        items.into_iter().map(|(name, value)| item(name, value)).collect()
    }

    fn item_of(&self, name: &str, at: Range<usize>, value: &'t Spanned<DeValue<'t>>) -> Item<'t> {
        Item { value: value.get_ref(), at, key: self.key(name) }
    }

    /// One entry, if it is there.
    pub(crate) fn item(&self, name: &str) -> Option<Item<'t>> {
        let (written, value) = self.table.get_key_value(name)?;
        Some(self.item_of(name, written.span(), value))
    }

    /// Complains about every key that is not known: it may be one of another table of a study.
    pub(super) fn know(&self, known: &[&str], complaints: &mut Complaints) {
        self.know_or(known, place_of, complaints);
    }

    /// Complains about every key that is not known, in a file that is no study.
    pub(crate) fn know_alone(&self, known: &[&str], complaints: &mut Complaints) {
        self.know_or(known, |_| None, complaints);
    }

    fn know_or(&self, known: &[&str], place_of: fn(&str) -> Option<String>, complaints: &mut Complaints) {
        for (name, item) in self.items() {
            if !known.contains(&name) {
                let hint = place_of(name).or_else(|| one_of(name, known));
                complaints.add(&item.at, &item.key, "there is no such key", hint);
            }
        }
    }

    /// Complains that a required key is missing.
    pub(crate) fn missing(&self, name: &str, expected: &str, complaints: &mut Complaints) {
        complaints.add(&self.at, &self.key(name), format!("is missing: expected {expected}"), None);
    }

    /// A text.
    pub(crate) fn text(&self, name: &str, complaints: &mut Complaints) -> Option<String> {
        self.item(name)?.text(complaints)
    }

    /// A text that must be there.
    pub(crate) fn required_text(&self, name: &str, expected: &str, complaints: &mut Complaints) -> Option<String> {
        match self.item(name) {
            Some(item) => item.text(complaints),
            None => {
                self.missing(name, expected, complaints);
                None
            }
        }
    }

    /// A number within these bounds, both included.
    pub(crate) fn number(&self, name: &str, least: f64, most: f64, complaints: &mut Complaints) -> Option<f64> {
        let item = self.item(name)?;
        let number = item.number(complaints)?;
        if (least..=most).contains(&number) {
            return Some(number);
        }
        complaints.add(&item.at, &item.key, format!("expected a number from {least} to {most}"), None);
        None
    }

    /// A whole number of at least so much.
    pub(crate) fn count(&self, name: &str, least: u64, complaints: &mut Complaints) -> Option<u64> {
        let item = self.item(name)?;
        let count = match item.value {
            DeValue::Integer(digits) => i128::from_str_radix(digits.as_str(), digits.radix()).ok(),
            _ => None,
        };
        match count.and_then(|count| u64::try_from(count).ok()).filter(|count| *count >= least) {
            Some(count) => Some(count),
            None => {
                let what = format!("expected a whole number of at least {least}, found {}", unlike_number(item.value));
                complaints.add(&item.at, &item.key, what, None);
                None
            }
        }
    }

    /// True or false.
    pub(crate) fn truth(&self, name: &str, complaints: &mut Complaints) -> Option<bool> {
        let item = self.item(name)?;
        if item.value.as_bool().is_none() {
            item.expected("true or false", complaints);
        }
        item.value.as_bool()
    }

    /// A table within this table.
    pub(crate) fn section(&self, name: &str, complaints: &mut Complaints) -> Option<Section<'t>> {
        self.item(name)?.section(complaints)
    }

    /// The tables of an array of tables (`[[name]]`).
    pub(crate) fn sections(&self, name: &str, complaints: &mut Complaints) -> Vec<Section<'t>> {
        let Some(item) = self.item(name) else { return Vec::new() };
        let mut sections = Vec::new();
        match item.value {
            DeValue::Array(values) => {
                for value in values {
                    let one = Item { value: value.get_ref(), at: value.span(), key: item.key.clone() };
                    match one.value {
                        DeValue::Table(_) => sections.extend(one.section(complaints)),
                        _ => one.expected(&format!("tables that begin with [[{}]]", item.key), complaints),
                    }
                }
            }
            _ => item.expected(&format!("tables that begin with [[{}]]", item.key), complaints),
        }
        sections
    }
}

fn name_text<'t>(name: &'t Spanned<std::borrow::Cow<'t, str>>) -> &'t str {
    name.get_ref().as_ref()
}

impl<'t> Item<'t> {
    /// Complains that something else was expected here.
    pub(crate) fn expected(&self, what: &str, complaints: &mut Complaints) {
        complaints.add(&self.at, &self.key, format!("expected {what}, found {}", kind_of(self.value)), None);
    }

    /// A text.
    pub(crate) fn text(&self, complaints: &mut Complaints) -> Option<String> {
        match self.value {
            DeValue::String(text) if text.trim().is_empty() => {
                complaints.add(&self.at, &self.key, "is empty", None);
                None
            }
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.expected("a text in quotes", complaints);
                None
            }
        }
    }

    /// A text as it is written in data: a text, possibly empty, or a whole number.
    pub(crate) fn data_text(&self, complaints: &mut Complaints) -> Option<String> {
        match self.value {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(digits) if digits.radix() == 10 => Some(digits.as_str().to_owned()),
            _ => {
                self.expected("a text in quotes", complaints);
                None
            }
        }
    }

    /// A number.
    pub(crate) fn number(&self, complaints: &mut Complaints) -> Option<f64> {
        let number = match self.value {
            DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix()).ok().map(|n| n as f64),
            DeValue::Float(float) => float.as_str().parse().ok().filter(|n: &f64| n.is_finite()),
            _ => None,
        };
        if number.is_none() {
            let what = format!("expected a number, found {}", unlike_number(self.value));
            complaints.add(&self.at, &self.key, what, None);
        }
        number
    }

    /// The members of a list; a single value is a list of one.
    pub(crate) fn members(&self) -> Vec<Item<'t>> {
        match self.value {
            DeValue::Array(values) => {
                let member = |value: &'t Spanned<DeValue<'t>>| (value.get_ref(), value.span());
                let members = values.iter().map(member);
                members.map(|(value, at)| Item { value, at, key: self.key.clone() }).collect()
            }
            value => vec![Item { value, at: self.at.clone(), key: self.key.clone() }],
        }
    }

    /// A list of texts; a single text is a list of one.
    pub(crate) fn texts(&self, complaints: &mut Complaints) -> Option<Vec<String>> {
        let members = self.members();
        if members.is_empty() {
            complaints.add(&self.at, &self.key, "is empty: expected at least one text", None);
            return None;
        }
        let texts: Vec<_> = members.iter().filter_map(|member| member.text(complaints)).collect();
        (texts.len() == members.len()).then_some(texts)
    }

    /// A table.
    pub(crate) fn section(&self, complaints: &mut Complaints) -> Option<Section<'t>> {
        match self.value {
            DeValue::Table(table) => Some(Section { table, path: self.key.clone(), at: self.at.clone() }),
            _ => {
                self.expected(&format!("a table that begins with [{}]", self.key), complaints);
                None
            }
        }
    }
}

/// What a value is where some number was asked for and it is none that will do.
fn unlike_number(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::Integer(_) => "another number",
        other => kind_of(other),
    }
}

/// What a value is, without saying which.
fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(float) if !float.as_str().contains(|c: char| c.is_ascii_digit()) => "no number (`nan` or `inf`)",
        DeValue::Float(_) => "a number with a decimal point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
