//! How is a first study file written for people?
//!
//! Takes what was guessed, gives commented TOML. `# ?` marks what a person should look at.

use std::fmt::Write;
use std::path::Path;

use rustc_hash::FxHashMap;

use super::custom::{self, Custom};
use super::guess::Bound;
use super::profile::{Profile, Shape, is_han};
use super::{Planned, Surveyed};
use super::{dates, fields, guess, headers, remarks};
use crate::error::inert;
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
        writeln!(text, "language = \"{}\"", if self.is_han() { "zh" } else { "en" })
    }

    fn has_roll(&self) -> bool {
        self.planned.iter().any(|plan| plan.role == Role::Roll)
    }

    fn is_han(&self) -> bool {
        self.planned.iter().any(|plan| is_chinese(&plan.surveyed))
    }

    fn source(&self, text: &mut String, source: usize, plan: &Planned, relative_to: &Path) -> std::fmt::Result {
        let is_roll = plan.role == Role::Roll;
        writeln!(text, "\n# {} rows\n[[source]]\nname = {}", plan.surveyed.rows, quoted(&plan.name))?;
        let role_doubt = match (is_roll, self.roll_is_sure) {
            (true, false) => doubt("no file looks like a census roll: the first one is taken"),
            (false, _) if remarks::is_headed_like_a_roll(plan) && self.has_roll() => {
                doubt("headed like a roll, and another file is the roll: is it a part of that, or another delivery?")
            }
            _ => String::new(),
        };
        writeln!(text, "role = \"{}\"{role_doubt}", if is_roll { "roll" } else { "register" })?;
        writeln!(text, "kind = {}", quoted(&plan.kind))?;
        writeln!(text, "path = {}", paths(plan, relative_to))?;
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
                let is_whole = plan.surveyed.parts.is_empty();
                let why =
                    if is_whole { "is there one?" } else { "is there one that does not begin anew in each part?" };
                writeln!(text, "# no column identifies a record: the row number is used{}", doubt(why))?;
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
        let lacks_last_seen = (self.roll_is_sure || self.is_han()) && lacks_last_seen(plan);
        let mut is_asked = false;
        let mut asked_of = |profile: Option<&Profile>| {
            let is_date = profile.is_some_and(|profile| lacks_last_seen && may_date_a_sign_of_life(profile));
            is_asked |= is_date;
            is_date.then_some("does it date a last sign of life? then write last_seen = \"…\"")
        };
        for custom in self.customs {
            if let Some(column) = custom.columns.get(&source) {
                used.push(column);
                let index = plan.surveyed.profiles.iter().position(|profile| profile.name == *column);
                let profile = index.and_then(|index| plan.surveyed.profiles.get(index));
                let renamed = index.and_then(|index| plan.guess.renamed.get(&index)).map(|(_, why)| *why);
                let headed = || profile.and_then(|profile| field_headed(profile, plan)).map(|_| HEADED);
                let why = asked_of(profile).or(renamed).or_else(headed).map(doubt).unwrap_or_default();
                writeln!(text, "{} = {}{why}", key(&custom.name), quoted(column))?;
            }
        }
        if used.is_empty() {
            let why =
                "name at least one field, such as name = \"…\"; if a title stands above the header, remove it first";
            writeln!(text, "# no column was recognised{}", doubt(why))?;
        }
        for (column, why) in &plan.guess.left_out {
            let profile = plan.surveyed.profiles.iter().find(|profile| profile.name == *column);
            let of_person = (*why == guess::FEW_DAYS).then_some("is it a date of the person? then declare a [[field]]");
            let may_mean = asked_of(profile).or(of_person).map(doubt).unwrap_or_default();
            writeln!(text, "# left out: {}: {why}{may_mean}", one_line(column))?;
        }
        for index in &plan.guess.others {
            let Some(profile) = plan.surveyed.profiles.get(*index) else { continue };
            if !used.contains(&profile.name.as_str()) {
                let (why, headed) = self.why_unused(source, plan, *index, profile);
                let may_mean = asked_of(Some(profile)).or(headed).or_else(|| may_say_what_rows_are(profile, plan));
                let may_mean = may_mean.map(doubt).unwrap_or_default();
                writeln!(text, "# left out: {}: {why}{may_mean}", one_line(&profile.name))?;
            }
        }
        if lacks_last_seen && !is_asked {
            let why = "who moved away is told by it from who was missed: ask the sender for such a date";
            writeln!(text, "# no column dates the last sign of life{}", doubt(why))?;
        }
        if remarks::lacks_death_date(plan) {
            let why = "who died before the reference time is found by it alone: write death_date = \"…\"";
            writeln!(text, "# no column dates the deaths{}", doubt(why))?;
        }
        Ok(())
    }

    /// Why a column is neither a built-in field nor one of the study's own, and what is to be asked of it.
    fn why_unused(
        &self,
        source: usize,
        plan: &Planned,
        index: usize,
        profile: &Profile,
    ) -> (String, Option<&'static str>) {
        let is_bound = |field: Field| plan.guess.bound(field).is_some();
        let has_birth_date = self.planned.iter().all(|plan| plan.guess.bound(Field::BirthDate).is_some());
        if guess::field_by_values(profile).is_some_and(|(field, _)| is_bound(field)) {
            return (guess::ANOTHER.to_owned(), None);
        }
        if fields::plain(&profile.name) == "age" && has_birth_date {
            return (String::from("the birth date says more"), None);
        }
        match field_headed(profile, plan) {
            Some(field) => (format!("too few of its values can be read as `{}`", field.name()), Some(HEADED)),
            None => (custom::why_none(self.planned, self.customs, source, index).to_owned(), None),
        }
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

/// Is the extract Chinese?
pub(super) fn is_chinese(file: &Surveyed) -> bool {
    file.headers.iter().any(|header| header.chars().any(is_han))
        || file.profiles.iter().any(|profile| profile.share(Shape::Han) > 0.5)
}

/// What is asked of a column whose values are not those of the field that its header names.
const HEADED: &str = "it is headed as a built-in field: how are its values written?";

/// The built-in field that a column's header names, and that nothing in its file is bound to. Addresses and numbers of
/// other countries are fields of the study's own, and registers have none of the roll's places of registration.
fn field_headed(profile: &Profile, plan: &Planned) -> Option<Field> {
    let (field, _) = fields::field_of(&profile.name)?;
    let is_foreign = profile.name.is_ascii() && matches!(field, Field::Address | Field::IdNumber);
    let is_of_roll = matches!(field, Field::Registration | Field::LeftRegistration);
    let is_field = plan.guess.bound(field).is_none() && !is_foreign && !(is_of_roll && plan.role != Role::Roll);
    is_field.then_some(field)
}

/// Is it a register of which no column says when somebody was last seen? Births and deaths say it themselves.
pub(super) fn lacks_last_seen(plan: &Planned) -> bool {
    let rows = &plan.guess.rows;
    let mut kinds = rows.kinds.keys().chain(&rows.otherwise).peekable();
    let are_events = kinds.peek().is_some() && kinds.all(|kind| matches!(kind, RowKind::Birth | RowKind::Death));
    let is_of_events = are_events && !rows.is_mostly_unknown;
    plan.role == Role::Register && plan.guess.bound(Field::LastSeen).is_none() && !is_of_events
}

/// Does a column that is bound to nothing hold days on which its persons may have been seen?
pub(super) fn may_date_a_sign_of_life(profile: &Profile) -> bool {
    let is_other = fields::field_of(&profile.name).is_some_and(|(field, _)| field != Field::LastSeen);
    let is_date = dates::readable(profile) >= guess::READABLE_MIN && profile.distinct() > 1;
    is_date && !is_other && !fields::is_of_another(&profile.name)
}

/// Could a column that is left out say what its rows are?
fn may_say_what_rows_are(profile: &Profile, plan: &Planned) -> Option<&'static str> {
    let codes = profile.codes.as_ref()?;
    if plan.role == Role::Roll {
        let is_open = plan.guess.rows.column.is_none() && codes.len() > 1;
        return is_open.then_some("does it say who lived here? then [source.rows] must name it");
    }
    let is_kind = codes.len() > 1 && headers::is_kind_header(&profile.name) && plan.guess.rows.column.is_none();
    if codes.keys().any(|value| headers::speaks_of_leaving(value)) {
        let why = "its values speak of persons who left or died: should [source.rows] name it? Their rows count as persons here";
        return Some(why);
    }
    is_kind.then_some("do its codes say what the rows are? then [source.rows] must name it")
}

fn rows(text: &mut String, plan: &Planned) -> std::fmt::Result {
    let rows = &plan.guess.rows;
    let Some(column) = &rows.column else {
        if plan.role == Role::Roll {
            let why = doubt("nothing says who lived here at the reference time: every row counts as `present`");
            return writeln!(text, "# no [source.rows]{why}");
        }
        if let Some(kind) = rows.otherwise {
            let why = doubt(rows.doubt.unwrap_or("guessed from the name of the file or of its folder"));
            writeln!(text, "[source.rows]\notherwise = \"{}\"{why}", kind.name())?;
        }
        return Ok(());
    };
    let is_open = rows.kinds.is_empty();
    let is_unknown = is_open.then_some("its values are not understood; see the lines below");
    let why = is_unknown.or(rows.doubt).map(doubt).unwrap_or_default();
    writeln!(text, "[source.rows]\ncolumn = {}{why}", quoted(column))?;
    for (kind, values) in &rows.kinds {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        writeln!(text, "{} = [{}]", kind.name(), values.join(", "))?;
    }
    let usual = if plan.role == Role::Roll { RowKind::Present } else { RowKind::Other };
    if !rows.unknown.is_empty() {
        let values: Vec<String> = rows.unknown.iter().map(|value| quoted(value)).collect();
        let has_residents = rows.kinds.contains_key(&RowKind::Residence);
        let may_be_residents = rows.is_mostly_unknown && plan.role == Role::Register && !has_residents;
        // Where no value is understood, or few, rows count as they would without the column.
        let kind = match () {
            () if is_open => usual,
            () if may_be_residents => RowKind::Residence,
            () => RowKind::Other,
        };
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

/// The file of a source, or the files of one that came in parts.
fn paths(plan: &Planned, relative_to: &Path) -> String {
    let whole = quoted(&relative(&plan.surveyed.path, relative_to));
    let mut doubts: Vec<String> = Vec::new();
    if !plan.surveyed.parts.is_empty() {
        doubts.push("parts of one extract? they have the same columns, and hardly an ID number in common".to_owned());
    }
    if let Some(like) = &plan.surveyed.like {
        let like = relative(like, relative_to);
        doubts.push(format!("headed like {}: parts of one table? then list both in one path", one_line(&like)));
    }
    if let Some(other) = &plan.surveyed.copy_of {
        let other = one_line(&relative(other, relative_to));
        doubts.push(format!("has the columns and most persons of {other}: is it one list? then leave one of them out"));
    }
    if plan.surveyed.is_below {
        doubts.push("found in a folder below: does it belong to the study?".to_owned());
    }
    let why = if doubts.is_empty() { String::new() } else { doubt(&doubts.join("; ")) };
    if plan.surveyed.parts.is_empty() {
        return format!("{whole}{why}");
    }
    let parts = plan.surveyed.parts.iter().map(|part| quoted(&relative(part, relative_to)));
    let all: Vec<String> = std::iter::once(whole).chain(parts).collect();
    format!("[{}]{why}", all.join(", "))
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
    inert(text).replace("\\n", "; ")
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
