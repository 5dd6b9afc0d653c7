//! How is a first study file written for people?
//!
//! Takes what was guessed, gives commented TOML. `# ?` marks what a person should look at.

use std::fmt::Write;
use std::path::Path;

use rustc_hash::FxHashMap;

use super::Planned;
use super::custom::Custom;
use super::guess::Bound;
use super::profile::{Profile, Shape, is_han};
use super::{fields, guess, headers};
use crate::intake::study::{Field, Role, RowKind, file::DEFAULT_REFERENCE_TIME};

/// Everything that goes into the study file.
pub(super) struct Draft<'d> {
    /// The study's.
    pub(super) name: &'d str,
    pub(super) planned: &'d [Planned],
    pub(super) customs: &'d [Custom],
    pub(super) left_out: &'d [(String, String)],
    pub(super) roll_is_sure: bool,
    /// The fields to compare, where there is no room for all.
    pub(super) comparisons: &'d [String],
}

impl Draft<'_> {
    /// The text of the study file.
    pub(super) fn write(&self, relative_to: &Path) -> String {
        let mut text = String::from(
            "# Drafted by `rollcall init` from the extracts in a folder. Lines with `# ?` are guesses: look at them.\n",
        );
        // Writing to a String cannot fail.
        let _ = self.head(&mut text);
        for (source, plan) in self.planned.iter().enumerate() {
            let _ = self.source(&mut text, source, plan, relative_to);
        }
        let _ = self.fields(&mut text);
        let _ = self.linkage(&mut text);
        text
    }

    fn head(&self, text: &mut String) -> std::fmt::Result {
        for (file, why) in self.left_out {
            writeln!(text, "# left out: {}: {}", one_line(file), one_line(why))?;
        }
        let is_han = self.planned.iter().any(|plan| {
            plan.surveyed.headers.iter().any(|header| header.chars().any(is_han))
                || plan.surveyed.profiles.iter().any(|profile| profile.share(Shape::Han) > 0.5)
        });
        let reason = "what the outputs are headed with; results of another name are not overwritten";
        writeln!(text, "\n[study]\nname = {}{}", quoted(self.name), doubt(reason))?;
        let reason = "the instant everything is judged at; this is that of the 2020 census";
        writeln!(text, "reference_time = {}{}", quoted(DEFAULT_REFERENCE_TIME), doubt(reason))?;
        match area(self.planned) {
            Some(area) => {
                writeln!(text, "area = {}{}", quoted(&area), doubt("what nearly all division codes begin with"))?;
            }
            None => {
                writeln!(
                    text,
                    "# area = \"…\"{}",
                    doubt("the division code of the area under study, if there is one")
                )?;
            }
        }
        writeln!(text, "language = \"{}\"", if is_han { "zh" } else { "en" })
    }

    fn source(&self, text: &mut String, source: usize, plan: &Planned, relative_to: &Path) -> std::fmt::Result {
        let is_roll = plan.role == Role::Roll;
        writeln!(text, "\n# {} rows\n[[source]]\nname = {}", plan.surveyed.rows, quoted(&plan.name))?;
        let role_doubt = match (is_roll, self.roll_is_sure) {
            (true, false) => doubt("no file looks like a census roll: the first one is taken"),
            _ => String::new(),
        };
        writeln!(text, "role = \"{}\"{role_doubt}", if is_roll { "roll" } else { "register" })?;
        writeln!(text, "kind = {}", quoted(&plan.kind))?;
        writeln!(text, "path = {}", quoted(&relative(&plan.surveyed.path, relative_to)))?;
        match &plan.guess.record_id {
            Some((column, true)) => writeln!(text, "record_id = {}", quoted(column))?,
            Some((column, false)) => {
                writeln!(
                    text,
                    "record_id = {}{}",
                    quoted(column),
                    doubt("different in every row, but not named like one")
                )?;
            }
            None => {
                writeln!(text, "# no column identifies a record: the row number is used{}", doubt("is there one?"))?;
            }
        }
        self.columns(text, source, plan)?;
        rows(text, plan)
    }

    fn columns(&self, text: &mut String, source: usize, plan: &Planned) -> std::fmt::Result {
        writeln!(text, "[source.columns]")?;
        let mut used: Vec<&str> = Vec::new();
        for (_, bound) in &plan.guess.fields {
            used.push(&bound.column);
            used.extend(bound.more.iter().map(String::as_str));
            let why = bound.doubt.map(doubt).unwrap_or_default();
            writeln!(text, "{} = {}{why}", bound.field, binding(bound))?;
        }
        for custom in self.customs {
            if let Some(column) = custom.columns.get(&source) {
                used.push(column);
                let index = plan.surveyed.profiles.iter().position(|profile| profile.name == *column);
                let why = index.and_then(|index| plan.guess.renamed.get(&index)).map(|(_, why)| doubt(why));
                writeln!(text, "{} = {}{}", key(&custom.name), quoted(column), why.unwrap_or_default())?;
            }
        }
        if used.is_empty() {
            let why =
                "name at least one field, such as name = \"…\"; if a title stands above the header, remove it first";
            writeln!(text, "# no column was recognised{}", doubt(why))?;
        }
        for (column, why) in &plan.guess.left_out {
            writeln!(text, "# left out: {}: {why}", one_line(column))?;
        }
        for profile in plan.guess.others.iter().filter_map(|index| plan.surveyed.profiles.get(*index)) {
            if !used.contains(&profile.name.as_str()) {
                let why = if self.planned.len() == 1 {
                    "it does not tell persons apart"
                } else {
                    "no other source has such values"
                };
                let why = if fields::plain(&profile.name) == "age" { "the birth date says more" } else { why };
                let why = if guess::field_by_values(profile).is_some() { guess::ANOTHER } else { why };
                let may_mean = may_say_what_rows_are(profile, plan).map(doubt).unwrap_or_default();
                writeln!(text, "# left out: {}: {why}{may_mean}", one_line(&profile.name))?;
            }
        }
        Ok(())
    }

    fn fields(&self, text: &mut String) -> std::fmt::Result {
        if !self.customs.is_empty() {
            writeln!(text, "\n# Columns that are no built-in field, and how their values are compared.")?;
        }
        for custom in self.customs {
            writeln!(text, "[[field]]\nname = {}\ncomparator = \"{}\"", quoted(&custom.name), custom.comparator)?;
            if !custom.levels.is_empty() {
                let levels: Vec<String> = custom.levels.iter().map(f64::to_string).collect();
                writeln!(text, "levels = [{}]", levels.join(", "))?;
            }
            if custom.frequency {
                writeln!(text, "frequency = true")?;
            }
            if custom.dwelling {
                writeln!(text, "dwelling = true   # follow-up lists show it")?;
            }
        }
        Ok(())
    }

    fn linkage(&self, text: &mut String) -> std::fmt::Result {
        if self.comparisons.is_empty() {
            return Ok(());
        }
        let why = "there are more columns than a study has room to compare; these tell persons apart best";
        let names: Vec<String> = self.comparisons.iter().map(|name| quoted(name)).collect();
        writeln!(text, "\n[linkage]\ncomparisons = [{}]{}", names.join(", "), doubt(why))
    }
}

/// What stands behind the name of a field: a column, or a table with what must be said of it.
fn binding(bound: &Bound) -> String {
    let mut said = Vec::new();
    if !bound.more.is_empty() {
        let columns: Vec<String> =
            std::iter::once(&bound.column).chain(&bound.more).map(|column| quoted(column)).collect();
        let joiner = if bound.field == Field::BirthDate.name() { "-" } else { "" };
        said.push(format!("columns = [{}], joiner = \"{joiner}\"", columns.join(", ")));
    }
    said.extend(bound.format.as_ref().map(|format| format!("format = {}", quoted(format))));
    if !bound.codes.is_empty() {
        let codes = bound.codes.iter().map(|(code, meaning)| format!("{} = \"{meaning}\"", quoted(code)));
        said.push(format!("codes = {{ {} }}", codes.collect::<Vec<_>>().join(", ")));
    }
    match said.as_slice() {
        [] => quoted(&bound.column),
        said if bound.more.is_empty() => format!("{{ column = {}, {} }}", quoted(&bound.column), said.join(", ")),
        said => format!("{{ {} }}", said.join(", ")),
    }
}

/// Could a column that is left out say what its rows are?
fn may_say_what_rows_are(profile: &Profile, plan: &Planned) -> Option<&'static str> {
    let codes = profile.codes.as_ref()?;
    if plan.role == Role::Roll {
        let is_open = plan.guess.rows.column.is_none() && codes.len() > 1;
        return is_open.then_some("does it say who lived here? then [source.rows] must name it");
    }
    codes.keys().any(|value| headers::speaks_of_leaving(value)).then_some(
        "its values speak of persons who left or died: should [source.rows] name it? Their rows count as persons here",
    )
}

fn rows(text: &mut String, plan: &Planned) -> std::fmt::Result {
    let rows = &plan.guess.rows;
    let Some(column) = &rows.column else {
        if plan.role == Role::Roll {
            let why = doubt("nothing says who lived here at the reference time: every row counts as `present`");
            return writeln!(text, "# no [source.rows]{why}");
        }
        if let Some(kind) = rows.otherwise {
            let why = doubt("guessed from the name of the file");
            writeln!(text, "[source.rows]\notherwise = \"{}\"{why}", kind.name())?;
        }
        return Ok(());
    };
    let is_open = rows.kinds.is_empty();
    let why = if is_open { doubt("its values are not understood; see the lines below") } else { String::new() };
    writeln!(text, "[source.rows]\ncolumn = {}{why}", quoted(column))?;
    for (kind, values) in &rows.kinds {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        writeln!(text, "{} = [{}]", kind.name(), values.join(", "))?;
    }
    let usual = if plan.role == Role::Roll { RowKind::Present } else { RowKind::Other };
    if !rows.unknown.is_empty() {
        let values: Vec<String> = rows.unknown.iter().map(|value| quoted(value)).collect();
        // Where no value is understood, rows count as they would without the column.
        let kind = if is_open { usual } else { RowKind::Other };
        writeln!(text, "{} = [{}]{}", kind.name(), values.join(", "), doubt("what do these rows mean?"))?;
    }
    let why = if is_open { doubt("rows of any other value") } else { String::new() };
    writeln!(text, "otherwise = \"{}\"{why}", usual.name())
}

/// The longest usual prefix that at least nine in ten division codes share: of the roll, if it has any, as registers
/// may cover more than the district.
fn area(planned: &[Planned]) -> Option<String> {
    let (roll, registers): (Vec<&Planned>, Vec<&Planned>) = planned.iter().partition(|plan| plan.role == Role::Roll);
    shared_prefix(&roll).or_else(|| shared_prefix(&registers))
}

fn shared_prefix(planned: &[&Planned]) -> Option<String> {
    const SHARE_MIN: f64 = 0.9;
    let mut counts: FxHashMap<&str, u64> = FxHashMap::default();
    for plan in planned {
        for field in [Field::Division, Field::EnumerationArea] {
            let column = plan.guess.bound(field).map(|bound| &bound.column);
            let profile = |profile: &&Profile| Some(&profile.name) == column;
            let found = plan.surveyed.profiles.iter().find(profile);
            for (prefix, count) in found.iter().flat_map(|profile| &profile.prefixes) {
                *counts.entry(prefix.as_str()).or_default() += count;
            }
        }
    }
    let all: u64 = counts.values().sum();
    [12, 9, 6, 4, 2].into_iter().find_map(|length| {
        let mut shares: FxHashMap<&str, u64> = FxHashMap::default();
        for (prefix, count) in &counts {
            if let Some(cut) = prefix.get(..length) {
                *shares.entry(cut).or_default() += count;
            }
        }
        let most = shares.into_iter().max_by_key(|(prefix, count)| (*count, *prefix));
        most.filter(|(_, count)| all > 0 && *count as f64 >= SHARE_MIN * all as f64)
            .map(|(prefix, _)| prefix.to_owned())
    })
}

/// The file as seen from the folder of the study file, with `/` between names.
fn relative(path: &Path, relative_to: &Path) -> String {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let folder = if relative_to.as_os_str().is_empty() { whole(Path::new(".")) } else { whole(relative_to) };
    // The folder is resolved, the file itself is not: a link keeps its name.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = whole(parent).join(path.file_name().unwrap_or_default());
    file.strip_prefix(&folder).unwrap_or(&file).to_string_lossy().into_owned()
}

fn doubt(why: &str) -> String {
    format!("   # ? {why}")
}

/// Text within a comment: no line breaks, nothing that a terminal would obey.
fn one_line(text: &str) -> String {
    text.escape_debug().to_string().replace("\\n", "; ").replace("\\'", "'").replace("\\\"", "\"")
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A bare key where TOML allows one.
fn key(name: &str) -> String {
    let is_bare = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_bare { name.to_owned() } else { quoted(name) }
}
