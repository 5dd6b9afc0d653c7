//! What has been handed in, and how could a study of it begin?
//!
//! Takes a folder of extracts, gives the text of a first study file: roles, columns, row kinds, guessed from headers
//! and from what values look like. Every guess that a person should look at is marked with `# ?`. Tables of who is who
//! and labels made by somebody's linkage are never used.
//!
//! 1. each file of the folder and of those below ([`found`]) is read in part ([`profile`]); truth tables, unreadable
//!    files and copies ([`copies`]) are left out, with a comment, and the parts of one extract are put together
//!    ([`parts`]);
//! 2. [`guess`] says what each column is; the roll is the file that looks most like one;
//!    the others tell of a column headed as a label (`person_id`) whether it is one ([`labels`]); what is left under
//!    headers that nobody knows is bound where the values are plain ([`unbound`]);
//! 3. what one file does not say for itself follows from the others: the order of day and month ([`dates`]), and which
//!    columns are the same under different headers ([`matching`]);
//! 4. columns that are no built-in field are declared with a comparator that fits their values ([`custom`]), and if
//!    there are more than a study can compare, the most telling ones are named ([`telling`]);
//! 5. [`draft`](mod@draft) writes it all down.

mod areas;
mod birth_parts;
mod copies;
mod custom;
mod dates;
mod draft;
mod fields;
mod foreign;
mod found;
mod guess;
mod headers;
mod labels;
mod matching;
mod name_parts;
mod parts;
mod profile;
mod remarks;
mod row_kinds;
mod sexes;
mod signs;
mod telling;
mod unbound;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::error::{Error, Result, inert};
use crate::intake::extract::{self, Chunk, Extract};
use crate::intake::study::nothing::is_nothing;
use crate::intake::study::{
    Binding, Encoding, Field, FollowUp, Language, Limits, Linkage, ReferenceTime, Role, RowMeaning, Source, Study,
};
use found::name_in;
use guess::Guess;
use labels::Labels;
use profile::Profile;
pub use remarks::Remark;

/// Most chunks of a file that are looked at, evenly spread.
const CHUNKS_MAX: usize = 8;

/// Rows of which whole cells are kept for a moment, to see which columns repeat others.
const SAMPLE_ROWS: usize = 2_000;

/// What is said of a table that is no extract.
const TRUTH: &str = "a table of who is who, to judge results with";

/// What is said of a table that a run, a review or a follow-up has written.
const OF_THIS_PROGRAM: &str = "a table of this program, no extract";

/// What is said of a file that is nothing but a header: a department without deaths this month sends such.
const NO_ROWS: &str = "it has no rows: if there should be some, ask the sender for the file again";

/// What is said of a file below that has mostly the persons of one in the folder itself, which is named behind it.
const OLDER: &str =
    "if it is a list of its own, write a source for it: it has the name, the columns and most persons of";

/// An extract that was looked at.
struct Surveyed {
    path: PathBuf,
    /// Its further files, if it came in parts.
    parts: Vec<PathBuf>,
    /// Does any of them lie in a folder below?
    is_below: bool,
    /// The name of its file, of the first of its parts.
    stem: String,
    /// The name of the folder below in which it lies, if it does.
    folder: String,
    /// What the names of all its files have in common.
    name: String,
    /// Another extract that may be a part of the same table.
    like: Option<PathBuf>,
    /// Another extract that may be the same list.
    copy_of: Option<PathBuf>,
    headers: Vec<String>,
    profiles: Vec<Profile>,
    /// Columns whose values hold those of several other columns.
    repeating: Vec<String>,
    /// Some cells of the columns of names, in lower case; nothing of the others.
    sample: Vec<Vec<String>>,
    rows: u64,
    digest: String,
}

impl Surveyed {
    /// What the name of the file says, else that of the folder below in which it lies.
    fn says<T>(&self, of: impl Fn(&str) -> Option<T>) -> Option<T> {
        of(&self.stem).or_else(|| of(&self.folder))
    }

    /// The name of the file behind that of the folder below.
    fn full_name(&self) -> String {
        if self.folder.is_empty() { self.stem.clone() } else { format!("{}_{}", self.folder, self.stem) }
    }
}

/// A source as the study file will have it.
struct Planned {
    surveyed: Surveyed,
    guess: Guess,
    role: Role,
    name: String,
    kind: String,
}

/// A first study file, and what a person should know of it at once.
#[derive(Debug)]
pub struct Drafted {
    /// The text of the study file.
    pub text: String,
    /// Is one of the sources taken for the roll?
    pub has_roll: bool,
    /// Names of the files of which no header was recognised: above it may stand a title, which was taken for it.
    pub unrecognised: Vec<String>,
    /// Names of files that cannot be used or that came twice, and why they are no source of the study.
    pub left_out: Vec<(String, String)>,
    /// What was guessed of whole sources.
    pub remarks: Vec<Remark>,
}

/// Drafts a study file for the extracts of a folder; its paths are relative to `relative_to`.
///
/// # Errors
/// An input error if the folder cannot be read or holds no extract that can be used.
pub fn draft(folder: &Path, relative_to: &Path) -> Result<Drafted> {
    let found = found::extracts(folder)?;
    let looked: Vec<(PathBuf, Result<Looked>)> =
        found.extracts.into_par_iter().map(|path| (path.clone(), survey(folder, &path))).collect();
    let mut left_out: Vec<(String, String)> = Vec::new();
    let mut surveyed = Vec::new();
    let mut first_error = None;
    for (path, look) in looked {
        let name = name_in(folder, &path);
        match look {
            Ok(Ok(file)) => surveyed.push(file),
            Ok(Err(why)) => left_out.push((name, why.to_owned())),
            Err(error) => {
                left_out.push((name, format!("cannot be used: {error}")));
                first_error.get_or_insert(error);
            }
        }
    }
    if surveyed.is_empty() {
        let nothing = || {
            let error = Error::input("there is no extract in this folder that can be linked").at_file(folder);
            match left_out.first() {
                Some((name, why)) => error.hint(format!("{} is left out: {why}", inert(name))),
                None => error.hint("put .parquet, .csv or .xlsx files into it"),
            }
        };
        return Err(first_error.unwrap_or_else(nothing));
    }
    let (surveyed, twins) = copies::without_twins(surveyed);
    let (surveyed, older) = copies::without_older(surveyed);
    let with = |why: &'static str| {
        move |(path, kept): (PathBuf, PathBuf)| (name_in(folder, &path), format!("{why} {}", name_in(folder, &kept)))
    };
    left_out.extend(twins.into_iter().map(with("it has the same content as")));
    left_out.extend(older.into_iter().map(with(OLDER)));
    left_out.extend(found.left_out.into_iter().map(|(path, why)| (name_in(folder, &path), why)));
    let mut extracts = parts::together(surveyed);
    copies::note_copies(&mut extracts);
    let (planned, roll_is_sure) = plan(extracts);
    let customs = custom::declare(&planned);
    let comparisons = telling::comparisons(&planned, &customs);
    let recognised = |(source, plan): &(usize, &Planned)| has_columns(*source, plan, &customs);
    let unrecognised = planned.iter().enumerate().filter(|plan| !recognised(plan));
    let unrecognised = unrecognised.map(|(_, plan)| name_in(folder, &plan.surveyed.path)).collect();
    let remarks = remarks::remarks(folder, &planned);
    let name = name_of_folder(folder);
    let text = draft::Draft {
        name: &name,
        planned: &planned,
        customs: &customs,
        left_out: &left_out,
        roll_is_sure,
        comparisons: &comparisons,
    };
    let text = text.write(relative_to);
    // That a table of who is who is no extract surprises nobody.
    left_out.retain(|(_, why)| why != TRUTH);
    let has_roll = planned.iter().any(|plan| plan.role == Role::Roll);
    Ok(Drafted { text, has_roll, unrecognised, left_out, remarks })
}

/// Is anything of this file compared? Of a single column only what its header says counts: a title stands over one
/// column, and what that holds may still look like names.
fn has_columns(source: usize, plan: &Planned, customs: &[custom::Custom]) -> bool {
    let is_one_column = plan.surveyed.headers.len() < 2;
    let by_name = plan.guess.fields.iter().any(|(_, bound)| bound.doubt.is_none() || !is_one_column);
    by_name || (!is_one_column && customs.iter().any(|custom| custom.columns.contains_key(&source)))
}

/// A study is named after the folder of its extracts, so that each has a name of its own.
fn name_of_folder(folder: &Path) -> String {
    let whole = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    whole.file_name().map_or_else(|| String::from("Cross-check"), |name| name.to_string_lossy().into_owned())
}

/// A file that was looked at, or why it is no extract.
type Looked = std::result::Result<Surveyed, &'static str>;

/// Looks at one file.
fn survey(folder: &Path, path: &Path) -> Result<Looked> {
    let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let mut study = study_of(path);
    let headers = extract::names(&study, 0, path)?;
    let headers: Vec<String> = headers.into_iter().filter(|name| !name.trim().is_empty()).collect();
    if headers::is_truth(&stem, &headers) {
        return Ok(Err(TRUTH));
    }
    if headers::is_of_this_program(&headers) {
        return Ok(Err(OF_THIS_PROGRAM));
    }
    let binding = |(index, name): (usize, &String)| Binding {
        field: Field::Custom(u16::try_from(index).unwrap_or(u16::MAX)),
        columns: vec![name.clone()],
        joiner: String::new(),
        format: None,
        codes: std::collections::BTreeMap::new(),
    };
    if let Some(source) = study.sources.first_mut() {
        source.bindings = headers.iter().enumerate().map(binding).collect();
    }
    let extract = extract::open(&study, 0)?;
    if extract.rows == 0 {
        return Ok(Err(NO_ROWS));
    }
    let mut profiles: Vec<Profile> = headers.iter().map(|name| Profile::new(name)).collect();
    let (mut repeating, mut sample) = (Vec::new(), Vec::new());
    for (turn, chunk) in looked_at(&extract).into_iter().enumerate() {
        let chunk = extract.read(&study, chunk)?;
        profiles.par_iter_mut().zip(&chunk.columns).for_each(|(profile, column)| profile.add(&chunk, column));
        if turn == 0 {
            let cells = lower_cells(&chunk);
            repeating = repeating_columns(&headers, &cells);
            sample = cells_of_names(&headers, cells);
        }
    }
    profiles.iter_mut().for_each(Profile::settle);
    let digest = extract.files.first().map_or_else(String::new, |file| file.digest.clone());
    let below = path.parent().filter(|parent| *parent != folder);
    let name_below =
        below.and_then(Path::file_name).map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(Ok(Surveyed {
        path: path.to_path_buf(),
        parts: Vec::new(),
        is_below: below.is_some(),
        name: if stem.chars().any(char::is_alphabetic) { stem.clone() } else { format!("{name_below} {stem}") },
        stem,
        folder: name_below,
        like: None,
        copy_of: None,
        headers,
        profiles,
        repeating,
        sample,
        rows: extract.rows,
        digest,
    }))
}

/// The chunks to look at: all, or some evenly spread ones.
fn looked_at(extract: &Extract) -> Vec<usize> {
    let count = extract.chunk_count();
    let few = count.min(CHUNKS_MAX);
    (0..few).map(|turn| turn * count / few).collect()
}

/// A study of nothing but this file.
fn study_of(path: &Path) -> Study {
    let source = Source {
        name: String::from("file"),
        role: Role::Register,
        kind: String::new(),
        files: vec![path.to_path_buf()],
        path: path.to_path_buf(),
        encoding: Encoding::Detect,
        sealed_by: None,
        record_id: None,
        bindings: Vec::new(),
        rows: RowMeaning::default(),
    };
    Study {
        name: String::new(),
        reference: ReferenceTime { day: 0, text: String::new(), offset_seconds: 8 * 3600 },
        area: String::new(),
        area_line: None,
        language: Language::En,
        file: PathBuf::new(),
        digest: String::new(),
        sources: vec![source],
        custom_fields: Vec::new(),
        linkage: Linkage::default(),
        follow_up: FollowUp::default(),
        limits: Limits::default(),
    }
}

/// Columns in which, nearly always, the values of at least two other columns stand: they say nothing new.
fn repeating_columns(headers: &[String], cells: &[Vec<String>]) -> Vec<String> {
    let holds = |whole: &[String], part: &[String]| {
        let (all, held) = share_held(whole.iter().zip(part).filter(|(_, part)| part.len() > 1));
        all >= 10 && held >= 0.8
    };
    let has_other_text = |index: &usize| {
        let whole = cells.get(*index).map_or(&[][..], Vec::as_slice);
        let others = cells.iter().enumerate().filter(|(other, part)| other != index && holds(whole, part));
        others.count() >= 2
    };
    (0..headers.len()).filter(has_other_text).filter_map(|index| headers.get(index).cloned()).collect()
}

/// Rows that have both values, and the share of them in which the one holds the other and more.
fn share_held<'c>(cells: impl Iterator<Item = (&'c String, &'c String)>) -> (u32, f64) {
    let (mut all, mut held) = (0_u32, 0_u32);
    for (whole, part) in cells.filter(|(whole, part)| !whole.is_empty() && !part.is_empty()) {
        all += 1;
        held += u32::from(whole.len() > part.len() && whole.contains(part.as_str()));
    }
    (all, f64::from(held) / f64::from(all.max(1)))
}

/// The cells of the columns that are headed as names; none of the others.
fn cells_of_names(headers: &[String], cells: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let names = [Field::Name, Field::FamilyName, Field::GivenName, Field::FormerName];
    let is_name = |header: &String| fields::field_of(header).is_some_and(|(field, _)| names.contains(&field));
    headers.iter().zip(cells).map(|(header, cells)| if is_name(header) { cells } else { Vec::new() }).collect()
}

/// Some cells of each column, in lower case.
fn lower_cells(chunk: &Chunk) -> Vec<Vec<String>> {
    let rows = chunk.rows.min(SAMPLE_ROWS);
    let lower = |column: &extract::Column, row: usize| {
        column.text(row).filter(|text| !is_nothing(text)).unwrap_or_default().to_lowercase()
    };
    chunk.columns.iter().map(|column| (0..rows).map(|row| lower(column, row)).collect()).collect()
}

/// Which file is the roll, and what are the others? The second value says whether one of them looks like a roll. Where
/// none does, the first is taken for it, unless its rows say what only those of a register can: then there is none.
fn plan(surveyed: Vec<Surveyed>) -> (Vec<Planned>, bool) {
    let scores: Vec<u32> = surveyed.iter().map(roll_score).collect();
    let best = scores.iter().copied().max().unwrap_or(0);
    let is_sure = best >= 2;
    let roll = if is_sure { scores.iter().position(|score| *score == best).unwrap_or(0) } else { 0 };
    let labels = labels::of_files(&surveyed);
    let is_register = |file: &Surveyed| {
        let rows = guess::guess(None, &file.profiles, &Labels::new(), false).rows;
        !rows.kinds.is_empty() || rows.otherwise.is_some()
    };
    let has_roll = is_sure || surveyed.first().is_some_and(|file| !is_register(file));
    let mut names: Vec<String> = Vec::new();
    let mut planned = Vec::new();
    let needs_last_seen = is_sure || surveyed.iter().any(draft::is_chinese);
    for (index, (file, labels)) in surveyed.into_iter().zip(labels).enumerate() {
        let role = if has_roll && index == roll { Role::Roll } else { Role::Register };
        let is_roll = role == Role::Roll && is_sure;
        let mut guess = guess::guess(file.says(headers::row_kind), &file.profiles, &labels, is_roll);
        leave_repeating(&mut guess, &file);
        name_parts::complete(&mut guess, &file);
        let kind = kind_of(&file, &guess, role);
        // Parts may have no name in common.
        let name = name_of(if file.name.is_empty() { &kind } else { &file.name }, &mut names);
        let mut plan = Planned { surveyed: file, guess, role, name, kind };
        matching::bind_by_endings(&mut plan);
        unbound::complete(&mut plan, &labels, needs_last_seen);
        planned.push(plan);
    }
    sexes::agree(&mut planned);
    dates::agree(&mut planned);
    matching::match_columns(&mut planned);
    (planned, is_sure)
}

/// How much a file looks like a census roll. The number of an item says it if its column holds the item's codes.
fn roll_score(file: &Surveyed) -> u32 {
    let has_item = file.profiles.iter().any(row_kinds::holds_the_item);
    headers::roll_score(&file.stem, &file.headers) + if has_item { headers::OF_A_ROLL } else { 0 }
}

/// Columns that repeat others are left out; built-in fields of Chinese registers are not such.
fn leave_repeating(guess: &mut Guess, file: &Surveyed) {
    let name = |index: &usize| file.profiles.get(*index).map(|profile| profile.name.clone());
    let repeats = |index: &usize| name(index).is_some_and(|name| file.repeating.contains(&name));
    let (repeating, others): (Vec<usize>, Vec<usize>) = guess.others.iter().partition(|index| repeats(index));
    guess.others = others;
    guess.left_out.extend(repeating.iter().filter_map(name).map(|name| (name, "it repeats other columns")));
}

fn name_of(stem: &str, names: &mut Vec<String>) -> String {
    let clean: String = stem.chars().filter(|c| !c.is_control() && !['/', '\\'].contains(c)).collect();
    let base = if clean.trim().is_empty() { String::from("source") } else { clean.trim().to_owned() };
    let mut name = base.clone();
    let mut number = 2;
    while names.contains(&name) {
        name = format!("{base}_{number}");
        number += 1;
    }
    names.push(name.clone());
    name
}

fn kind_of(file: &Surveyed, guess: &Guess, role: Role) -> String {
    if role == Role::Roll {
        return String::from("census");
    }
    let values = guess.rows.kinds.values().flatten().cloned();
    // Where somebody is registered stands in the lists of every department.
    let is_place = |header: &&String| {
        let field = fields::field_of(header).map(|(field, _)| field);
        matches!(field, Some(Field::Address | Field::Registration)) && header.contains("户籍")
    };
    let headers = file.headers.iter().filter(|header| !is_place(header));
    let words: Vec<String> = values.chain(headers.cloned()).collect();
    let kind = file.says(|name| headers::kind_of(name, &[])).or_else(|| headers::kind_of("", &words));
    kind.map_or_else(|| name_of(&file.name, &mut Vec::new()), str::to_owned)
}

#[cfg(test)]
mod tests;
