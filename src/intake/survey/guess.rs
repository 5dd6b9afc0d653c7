//! What is each file, and what are its columns?
//!
//! Takes the [`Profile`]s of a file, gives a [`Guess`]: record id, fields, row kinds, and what is left out and why.
//! Headers decide first, the look of the values confirms or denies; what only one of them says is marked as unsure.

use std::collections::{BTreeMap, BTreeSet};

use super::profile::{Profile, Shape};
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

/// What the rows of a file mean.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    /// The column that decides.
    pub(super) column: Option<String>,
    /// Values by kind.
    pub(super) kinds: BTreeMap<RowKind, Vec<String>>,
    /// Values that are not understood.
    pub(super) unknown: Vec<String>,
    /// What a row without such a column is, where the file's name tells.
    pub(super) otherwise: Option<RowKind>,
    /// Why it is not sure that this column decides, if it is not.
    pub(super) doubt: Option<&'static str>,
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
pub(super) fn guess(named: Option<RowKind>, profiles: &[Profile], is_roll: bool) -> Guess {
    let mut guess = Guess { record_id: record_id(profiles), ..Guess::default() };
    guess.rows = rows(named, profiles, is_roll);
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
        if headers::is_label(name) {
            guess.left_out.push((name.clone(), "a label that says who is who: never compared"));
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

fn record_id(profiles: &[Profile]) -> Option<(String, bool)> {
    // What names a record stands in outputs: ID numbers must not, whatever the column is called.
    let may_name = |profile: &&Profile| profile.is_key() && profile.share(Shape::IdNumber) < 0.5;
    let ranked = profiles.iter().filter(may_name).map(|profile| {
        let rank = headers::record_id_rank(&profile.name);
        (rank, profile)
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
        let unnamed = fields::field_of(&profile.name).is_none() && !headers::is_label(&profile.name);
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

/// In a column of so many rows a code may come only once.
const FEW_ROWS: u64 = 5;

/// So often nobody types of one person what nobody else has.
const USUAL: u64 = 5;

/// May a value stand in a draft? What somebody typed of a person must not: it is long and comes rarely, has a number in
/// it, or is a name, perhaps beside a word that says a kind of row (`means` then, and `is_word` if it is nothing else).
fn is_kind(value: &str, count: u64, filled: u64, means: bool, is_word: bool) -> bool {
    const CHARACTERS_MAX: usize = 12;
    const DIGITS_MAX: usize = 6;
    /// One row in so many has a name at most.
    const ONE_IN: u64 = 100;
    let digits = value.split(|c: char| !c.is_numeric()).map(|digits| digits.chars().count()).max().unwrap_or(0);
    let is_short = value.chars().count() <= CHARACTERS_MAX || count >= USUAL;
    let may_be_name = !is_word && value.chars().filter(|c| c.is_alphabetic()).count() > 1;
    let is_common = count > 1 && count * ONE_IN >= filled;
    let is_frequent = match (means, may_be_name) {
        (true, false) => true,
        (true, true) => is_common || count >= USUAL,
        (false, false) => count > 1,
        (false, true) => is_common,
    };
    digits <= DIGITS_MAX && is_short && (is_frequent || filled <= FEW_ROWS)
}

/// Is it a column of few values that says who lived here at the reference time?
pub(super) fn says_who_lived_here(profile: &Profile) -> bool {
    headers::roll_residence_rank(&profile.name) >= headers::BY_WORDS && profile.codes.is_some()
}

/// Is it headed by the number of the census's item, and holds nothing but its codes?
pub(super) fn holds_the_item(profile: &Profile) -> bool {
    (1..headers::BY_WORDS).contains(&headers::roll_residence_rank(&profile.name)) && holds_codes_alone(profile)
}

/// Are all values codes of the item *place of residence at the reference time*, and several?
fn holds_codes_alone(profile: &Profile) -> bool {
    let are_known = |codes: &BTreeMap<String, u64>| codes.keys().all(|value| headers::roll_kind(value).is_some());
    profile.codes.as_ref().is_some_and(|codes| codes.len() > 1 && are_known(codes))
}

/// The column that says what the rows of a roll mean: the likeliest of those that have its codes; else one that is
/// called so, of which somebody must say what its values mean.
fn residence_column(profiles: &[Profile]) -> Option<&Profile> {
    let rank = |profile: &Profile| headers::roll_residence_rank(&profile.name);
    let has_codes = |profile: &&&Profile| {
        let Some(codes) = &profile.codes else { return false };
        let mut known = codes.keys().map(|value| headers::roll_kind(value).is_some());
        // Of a header that only sounds like it, all of them must be such codes.
        if rank(profile) == headers::SURELY { known.any(|is| is) } else { holds_codes_alone(profile) }
    };
    // Numbers that are no codes of the item are numbers of something else: of persons who live there.
    let has_other_numbers = |profile: &Profile| {
        let is_other = |value: &String| value.parse::<f64>().is_ok() && headers::roll_kind(value).is_none();
        profile.codes.iter().flat_map(BTreeMap::keys).any(is_other)
    };
    let may_say = |profile: &Profile| says_who_lived_here(profile) && !has_other_numbers(profile);
    let mut named: Vec<&Profile> = profiles.iter().filter(|profile| rank(profile) > 0 && profile.filled > 0).collect();
    named.sort_by_key(|profile| std::cmp::Reverse(rank(profile)));
    let by_name = || named.iter().find(|profile| rank(profile) == headers::SURELY || may_say(profile));
    named.iter().find(has_codes).or_else(by_name).copied()
}

fn rows(named: Option<RowKind>, profiles: &[Profile], is_roll: bool) -> Rows {
    let mut rows = Rows::default();
    let meaning = |value: &str| if is_roll { headers::roll_kind(value) } else { headers::row_kind(value) };
    let by_header = || {
        profiles.iter().find(|profile| {
            let mut codes = profile.codes.iter().flat_map(BTreeMap::keys);
            headers::is_kind_header(&profile.name) && codes.any(|value| meaning(value).is_some())
        })
    };
    // Whatever it is called, values that are all kinds of rows, and several, say it.
    let by_values = || {
        profiles.iter().find(|profile| {
            let kinds = |codes: &BTreeMap<String, u64>| {
                codes.keys().map(|value| headers::row_kind(value)).collect::<Option<BTreeSet<RowKind>>>()
            };
            profile.codes.as_ref().and_then(kinds).is_some_and(|kinds| kinds.len() > 1)
        })
    };
    let column = if is_roll { residence_column(profiles) } else { by_header().or_else(by_values) };
    let is_sure = |profile: &Profile| !is_roll || headers::roll_residence_rank(&profile.name) == headers::SURELY;
    if column.is_some_and(|profile| !is_sure(profile)) {
        rows.doubt = Some("does it say where they lived at the reference time, in the census's codes?");
    }
    if let Some(profile) = column {
        rows.column = Some(profile.name.clone());
        for (value, count) in profile.codes.iter().flatten() {
            let means = meaning(value);
            if !is_kind(value, *count, profile.filled, means.is_some(), headers::is_kind_word(value)) {
                continue;
            }
            match means {
                Some(kind) => rows.kinds.entry(kind).or_default().push(value.clone()),
                None => rows.unknown.push(value.clone()),
            }
        }
    } else if !is_roll {
        rows.otherwise = named;
    }
    rows
}
