//! What is each file, and what are its columns?
//!
//! Takes the [`Profile`]s of a file, gives a [`Guess`]: record id, fields, row kinds, and what is left out and why.
//! Headers decide first, the look of the values confirms or denies; what only one of them says is marked as unsure.

use std::collections::BTreeMap;

use super::labels::{Label, Labels};
use super::profile::{Profile, Shape};
use super::row_kinds::{self, Rows};
use super::sexes::{self, Codes};
use super::{birth_parts, dates, fields, headers, signs};
use crate::intake::study::{Field, RowKind};

/// A column bound to a field.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    /// The field as the study file names it.
    pub(super) field: String,
    /// The column, or the first of several that are joined.
    pub(super) column: String,
    /// The others that are joined behind it: month and day of a birth year, the given name of a Chinese name.
    pub(super) more: Vec<String>,
    /// A date format that must be said, since the usual reading would be another one.
    pub(super) format: Option<String>,
    /// Codes and what they mean, where they are not known.
    pub(super) codes: Vec<(String, &'static str)>,
    /// Why this is not sure, if it is not.
    pub(super) doubt: Option<&'static str>,
}

impl Bound {
    /// A column for a built-in field.
    pub(super) fn of(field: Field, column: &str, doubt: Option<&'static str>) -> Bound {
        let (field, column) = (field.name().to_owned(), column.to_owned());
        Bound { field, column, more: Vec::new(), format: None, codes: Vec::new(), doubt }
    }
}

/// What a file seems to be.
#[derive(Debug, Clone, Default)]
pub(super) struct Guess {
    /// The column that identifies a record, and whether its name says so.
    pub(super) record_id: Option<(String, bool)>,
    /// Built-in fields.
    pub(super) fields: Vec<(Field, Bound)>,
    /// Columns that may serve as fields of the study's own: position in the profiles.
    pub(super) others: Vec<usize>,
    /// Names that some of them have by their counterparts in other files, and why.
    pub(super) renamed: BTreeMap<usize, (String, &'static str)>,
    /// What the rows mean.
    pub(super) rows: Rows,
    /// Columns left out, and why.
    pub(super) left_out: Vec<(String, &'static str)>,
}

impl Guess {
    /// The binding of a field.
    pub(super) fn bound(&self, field: Field) -> Option<&Bound> {
        self.fields.iter().find(|(bound, _)| *bound == field).map(|(_, bound)| bound)
    }
}

/// Share of the values that must be readable as dates.
pub(super) const READABLE_MIN: f64 = 0.6;

/// Least mean length of the codes of enumeration areas whose header only has their word in it.
pub(super) const AREA_LENGTH_MIN: f64 = 9.0;

/// Longest mean length of a text that can be compared, in characters.
const TEXT_CHARACTERS_MAX: f64 = 200.0;

/// Guesses what a file is; `named` is the kind of rows that its name says.
pub(super) fn guess(named: Option<RowKind>, profiles: &[Profile], labels: &Labels, is_roll: bool) -> Guess {
    let mut guess = Guess { record_id: record_id(profiles, labels), ..Guess::default() };
    guess.rows = row_kinds::rows(named, profiles, is_roll);
    let mut candidates: Vec<(Field, usize, usize, Option<&'static str>)> = Vec::new();
    let parts = birth_parts::find(profiles);
    let is_whole = |profile: &Profile| {
        fields::field_of(&profile.name).is_some_and(|(field, _)| field == Field::BirthDate)
            && dates::readable(profile) >= READABLE_MIN
    };
    let has_whole = profiles.iter().enumerate().any(|(index, profile)| !parts.contains(&index) && is_whole(profile));
    for (index, profile) in profiles.iter().enumerate() {
        let name = &profile.name;
        let is_id = guess.record_id.as_ref().is_some_and(|(id, _)| id == name);
        if is_id || guess.rows.column.as_ref() == Some(name) {
            continue;
        }
        if let Some(label) = labels.get(name) {
            match label {
                Label::WhoIsWho => guess.left_out.push((name.clone(), "a label that says who is who: never compared")),
                Label::Record => guess.left_out.push((name.clone(), "another column identifies a record")),
                // It is looked at when all other columns are bound.
                Label::Household => {}
            }
        } else if profile.filled == 0 {
            guess.left_out.push((name.clone(), "it is empty"));
        } else if parts.contains(&index) {
            if has_whole {
                guess.left_out.push((name.clone(), ANOTHER));
            }
        } else if let Some((field, rank)) = fields::field_of(name) {
            match fit(field, profile, is_roll) {
                Fit::Doubt(_) if rank == fields::BY_ENDING => guess.others.push(index),
                Fit::Yes if rank == fields::BY_WORD && is_roll && profile.mean_length() >= AREA_LENGTH_MIN => {
                    candidates.push((field, rank, index, Some("is it the code of the enumeration area?")));
                }
                _ if rank == fields::BY_WORD => guess.others.push(index),
                Fit::Yes => candidates.push((field, rank, index, None)),
                Fit::Doubt(why) => candidates.push((field, rank, index, Some(why))),
                Fit::No(why) => guess.left_out.push((name.clone(), why)),
                Fit::Other => guess.others.push(index),
            }
        } else if signs::is_of_clerk(name) {
            guess.left_out.push((name.clone(), "it is of whoever kept the record, not of the person"));
        } else if let Some((field, why)) = field_by_values(profile) {
            if fields::names_another(name) {
                guess.left_out.push((name.clone(), "it is of another person than that of the row"));
            } else {
                candidates.push((field, BY_VALUES, index, Some(why)));
            }
        } else if profile.mean_length() > TEXT_CHARACTERS_MAX {
            guess.left_out.push((name.clone(), "it is long free text"));
        } else if dates::is_of_record(profile) {
            guess.left_out.push((name.clone(), "it is the date of the record, not of the person"));
        } else if dates::is_of_few_days(profile) {
            guess.left_out.push((name.clone(), FEW_DAYS));
        } else if profile.distinct() == 1 {
            guess.left_out.push((name.clone(), "it has one value only"));
        } else {
            guess.others.push(index);
        }
    }
    bind(&mut guess, profiles, candidates);
    let mut parts = parts.iter().filter_map(|index| profiles.get(*index)).map(|profile| profile.name.clone());
    if let Some(column) = parts.next().filter(|_| !has_whole) {
        // A header that names no birth may be of another date.
        let doubt = (fields::plain(&column) == "year").then_some("is it the birth?");
        let bound = Bound { more: parts.collect(), ..Bound::of(Field::BirthDate, &column, doubt) };
        guess.fields.push((Field::BirthDate, bound));
    }
    let column_of = |field| guess.bound(field).map(|bound| bound.column.as_str());
    if let Some((kind, why)) = row_kinds::of_all(&guess.rows, profiles, column_of).filter(|_| !is_roll) {
        (guess.rows.otherwise, guess.rows.doubt) = (Some(kind), Some(why));
    }
    drop_doubles(&mut guess, profiles);
    join_han_names(&mut guess, profiles);
    guess
}

/// The rank of a column of which only the values say what it is.
const BY_VALUES: usize = usize::MAX;

/// Gives each field its best column: none, if no name is sure and several columns could be it.
fn bind(guess: &mut Guess, profiles: &[Profile], mut candidates: Vec<(Field, usize, usize, Option<&'static str>)>) {
    candidates.sort_by_key(|(field, rank, index, _)| (*field, *rank, *index));
    for of_field in candidates.chunk_by(|one, other| one.0 == other.0) {
        let ranks = of_field.iter().map(|(_, rank, ..)| *rank);
        let best = ranks.clone().min().unwrap_or(BY_VALUES);
        let is_open = best >= fields::BY_ENDING && ranks.filter(|rank| *rank == best).count() > 1;
        for (field, rank, index, doubt) in of_field {
            let Some(profile) = profiles.get(*index) else { continue };
            let column = profile.name.clone();
            match () {
                () if is_open && *rank == best => guess.left_out.push((column, several(*field))),
                () if guess.bound(*field).is_none() && !is_open => {
                    let mut bound = Bound::of(*field, &column, *doubt);
                    match field {
                        Field::BirthDate | Field::DeathDate | Field::LastSeen => {
                            bound.format = dates::format_of(profile, dates::order(profile));
                        }
                        Field::Sex => {
                            if let Codes::Said(codes, why) = sexes::codes_of(profile) {
                                (bound.codes, bound.doubt) = (codes, why);
                            }
                        }
                        _ => {}
                    }
                    guess.fields.push((*field, bound));
                }
                () if *rank == BY_VALUES => guess.others.push(*index),
                () => guess.left_out.push((column, ANOTHER)),
            }
        }
    }
    guess.others.sort_unstable();
}

/// Why a column of dates is left out that many rows have in common.
pub(super) const FEW_DAYS: &str = "it has few days, as an event or a form has, and tells no person from another";

/// Why a column is left out for which its field has no room.
pub(super) const ANOTHER: &str = "another column holds this field";

/// Why a column is left out where several could be the field.
fn several(field: Field) -> &'static str {
    match field {
        Field::IdNumber => {
            "several columns look like ID numbers   # ? which is the person's own? write id_number = \"…\""
        }
        Field::Telephone => "several columns look like telephone numbers   # ? write telephone = \"…\"",
        Field::Address => "several columns look like addresses   # ? where do they live? write address = \"…\"",
        _ => "several columns look like names   # ? which is the person's own? write name = \"…\"",
    }
}

/// A name in one column and in parts: the parts of Latin names, the whole of Chinese ones.
fn drop_doubles(guess: &mut Guess, profiles: &[Profile]) {
    let in_parts = guess.bound(Field::FamilyName).is_some() && guess.bound(Field::GivenName).is_some();
    let Some(whole) = guess.bound(Field::Name).map(|bound| bound.column.clone()) else { return };
    if !in_parts {
        return;
    }
    let is_han = profiles.iter().any(|profile| profile.name == whole && profile.share(Shape::Han) > 0.5);
    let (kept, dropped): (Vec<_>, Vec<_>) = guess.fields.drain(..).partition(|(field, _)| match field {
        Field::Name => is_han,
        Field::FamilyName | Field::GivenName => !is_han,
        _ => true,
    });
    guess.fields = kept;
    let why = "the name is given by other columns";
    guess.left_out.extend(dropped.into_iter().map(|(_, bound)| (bound.column, why)));
}

/// A Chinese name in two columns is one name: what is said of a newborn (王丽之女), masks and homophones are told from the
/// whole, and of a single character hardly anything can be told.
fn join_han_names(guess: &mut Guess, profiles: &[Profile]) {
    let is_han =
        |bound: &&Bound| profiles.iter().any(|profile| profile.name == bound.column && profile.share(Shape::Han) > 0.5);
    let part = |field: Field| guess.bound(field).filter(is_han).map(|bound| bound.column.clone());
    let (Some(family), Some(given)) = (part(Field::FamilyName), part(Field::GivenName)) else { return };
    guess.fields.retain(|(field, _)| !matches!(field, Field::FamilyName | Field::GivenName));
    guess.fields.push((Field::Name, Bound { more: vec![given], ..Bound::of(Field::Name, &family, None) }));
    guess.fields.sort_by_key(|(field, _)| *field);
}

fn record_id(profiles: &[Profile], labels: &Labels) -> Option<(String, bool)> {
    // What names a record stands in outputs: ID numbers must not, whatever the column is called.
    let may_name = |profile: &&Profile| profile.is_key() && profile.share(Shape::IdNumber) < 0.5;
    let ranked = profiles.iter().filter(may_name).map(|profile| {
        let is_number = labels.get(&profile.name) == Some(&Label::Record);
        (if is_number { headers::OF_PERSON } else { headers::record_id_rank(&profile.name) }, profile)
    });
    // The first of the best.
    let mut best: Option<(u32, &Profile)> = None;
    for (rank, profile) in ranked {
        if rank > 0 && best.is_none_or(|(most, _)| rank > most) {
            best = Some((rank, profile));
        }
    }
    if let Some((_, profile)) = best {
        return Some((profile.name.clone(), true));
    }
    let is_nothing_else = |profile: &&Profile| {
        let unnamed = fields::field_of(&profile.name).is_none() && !labels.contains_key(&profile.name);
        profile.is_key()
            && unnamed
            && profile.rows > 1
            && profile.mean_length() <= 40.0
            && field_by_values(profile).is_none()
    };
    profiles.iter().find(is_nothing_else).map(|profile| (profile.name.clone(), false))
}

enum Fit {
    Yes,
    Doubt(&'static str),
    /// It is of no use.
    No(&'static str),
    /// It is some other field.
    Other,
}

/// Do the values look like the field that the header names?
fn fit(field: Field, profile: &Profile, is_roll: bool) -> Fit {
    let is_han_header = !profile.name.is_ascii();
    let is_number = profile.share(Shape::Number) >= 0.5;
    match field {
        Field::IdNumber | Field::MotherIdNumber => match profile.share(Shape::IdNumber) {
            share if share >= 0.5 => Fit::Yes,
            _ if is_han_header && profile.digit_share() >= 0.5 => Fit::Doubt("few values look like ID numbers"),
            _ => Fit::Other,
        },
        Field::LastSeen if is_roll => Fit::No("a date on the roll is no sign of life"),
        Field::LastSeen if dates::readable(profile) >= READABLE_MIN && signs::is_of_making(&profile.name) => {
            Fit::Doubt("when a record was made: is there a date of a later sign of life?")
        }
        // A run refuses dates of which most cannot be read.
        Field::BirthDate | Field::DeathDate | Field::LastSeen if dates::readable(profile) >= READABLE_MIN => Fit::Yes,
        Field::BirthDate | Field::DeathDate => Fit::Other,
        Field::LastSeen => Fit::No(
            "few values look like dates   # ? how is it written? last_seen = { column = \"…\", format = \"…\" }",
        ),
        Field::Sex if sexes::codes_of(profile) == Codes::Unclear => Fit::Other,
        Field::Name | Field::FamilyName | Field::GivenName | Field::FormerName if is_number => Fit::Other,
        Field::Telephone if profile.digit_share() < 0.5 || profile.mean_length() < 5.0 => Fit::Other,
        Field::Address if profile.share(Shape::Han) < 0.5 => Fit::Other,
        Field::Division | Field::EnumerationArea => match profile.share(Shape::Digits) {
            share if share >= 0.5 => Fit::Yes,
            // Whoever maps the areas may name them as they like.
            _ if field == Field::EnumerationArea && is_roll => Fit::Doubt("its codes are no digits"),
            // 社区 may hold names, which are no codes.
            _ if profile.name.contains('码') || profile.name.contains("区划") => {
                Fit::Doubt("few values look like codes")
            }
            _ => Fit::Other,
        },
        Field::Registration | Field::LeftRegistration if !is_roll => Fit::Other,
        _ => Fit::Yes,
    }
}

/// The field that the values look like, where the header says nothing.
pub(super) fn field_by_values(profile: &Profile) -> Option<(Field, &'static str)> {
    if profile.share(Shape::IdNumber) >= 0.8 {
        return Some((Field::IdNumber, "its values look like ID numbers"));
    }
    if profile.share(Shape::Mobile) >= 0.8 {
        return Some((Field::Telephone, "its values look like telephone numbers"));
    }
    if profile.share(Shape::HanAddress) >= 0.8 && profile.mean_length() >= 8.0 {
        return Some((Field::Address, "its values look like addresses"));
    }
    if profile.share(Shape::HanName) >= 0.95 && profile.distinct() > 50 && profile.distinct_share() > 0.3 {
        return Some((Field::Name, "its values look like names"));
    }
    None
}
