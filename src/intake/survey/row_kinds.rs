//! What do the rows of a file mean?
//!
//! Takes the [`Profile`]s of a file, gives the column that says it with its values by kind, or what all rows are. The
//! values decide before the header does: kinds of rows are few words that everybody knows, under headers that nobody
//! does. What only sounds like it is marked as unsure.

use std::collections::{BTreeMap, BTreeSet};

use super::profile::Profile;
use super::{fields, headers};
use crate::intake::study::{Field, RowKind};

/// What the rows of a file mean.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    /// The column that decides.
    pub(super) column: Option<String>,
    /// Values by kind.
    pub(super) kinds: BTreeMap<RowKind, Vec<String>>,
    /// Values that are not understood.
    pub(super) unknown: Vec<String>,
    /// Are these most of the rows? Then they are what the register is about.
    pub(super) is_mostly_unknown: bool,
    /// What a row without such a column is, where the file's name tells.
    pub(super) otherwise: Option<RowKind>,
    /// Why it is not sure that this column decides, if it is not.
    pub(super) doubt: Option<&'static str>,
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
    headers::roll_residence_rank(&profile.name) == headers::BY_ITEM && holds_codes_alone(profile)
}

/// Are all values codes of the item *place of residence at the reference time*, and several?
fn holds_codes_alone(profile: &Profile) -> bool {
    let are_known = |codes: &BTreeMap<String, u64>| codes.keys().all(|value| headers::roll_kind(value).is_some());
    profile.codes.as_ref().is_some_and(|codes| codes.len() > 1 && are_known(codes))
}

/// Under a header that speaks of living somewhere: are its values those of the item, and no other scale of few steps?
/// Most persons on a roll are present, and bare codes are three at least.
fn holds_the_items_codes(profile: &Profile) -> bool {
    const STEPS_MIN: usize = 3;
    let Some(codes) = profile.codes.as_ref().filter(|_| holds_codes_alone(profile)) else { return false };
    let present = |(value, count): (&String, &u64)| {
        if headers::roll_kind(value) == Some(RowKind::Present) { *count } else { 0 }
    };
    let is_bare = codes.keys().all(|value| headers::roll_kind_in_words(value).is_none());
    !is_bare || codes.len() >= STEPS_MIN && codes.iter().map(present).sum::<u64>() * 2 >= profile.filled
}

/// Do the values say in the census's words who lived here, whatever the header? A plain *other* is one of any list.
fn says_it_in_words(profile: &Profile) -> bool {
    const CATCH_ALL: [&str; 3] = ["其他", "其它", "other"];
    let Some(codes) = &profile.codes else { return false };
    let Some(kinds) = codes.keys().map(|value| headers::roll_kind_in_words(value)).collect::<Option<Vec<_>>>() else {
        return false;
    };
    let is_elsewhere = |(value, kind): (&String, &RowKind)| {
        *kind != RowKind::Present && !CATCH_ALL.contains(&fields::plain(value).as_str())
    };
    let field = fields::field_of(&profile.name).map(|(field, _)| field);
    kinds.contains(&RowKind::Present)
        && codes.keys().zip(&kinds).any(is_elsewhere)
        && matches!(field, None | Some(Field::Address | Field::Division))
        && !headers::is_of_another_place(&profile.name)
}

/// The column that says what the rows of a roll mean: the likeliest of those that have its codes; else one that is
/// called so, of which somebody must say what its values mean; else the only one whose values are the census's words.
fn residence_column(profiles: &[Profile]) -> Option<&Profile> {
    let rank = |profile: &Profile| headers::roll_residence_rank(&profile.name);
    let has_codes = |profile: &&&Profile| {
        let Some(codes) = &profile.codes else { return false };
        let mut known = codes.keys().map(|value| headers::roll_kind(value).is_some());
        match rank(profile) {
            headers::SURELY => known.any(|is| is),
            headers::BY_LIVING => holds_the_items_codes(profile),
            // Of a header that only sounds like it, all of them must be such codes.
            _ => holds_codes_alone(profile),
        }
    };
    // Numbers that are no codes of the item are numbers of something else: of persons who live there.
    let has_other_numbers = |profile: &Profile| {
        let is_other = |value: &String| value.parse::<f64>().is_ok() && headers::roll_kind(value).is_none();
        profile.codes.iter().flat_map(BTreeMap::keys).any(is_other)
    };
    let may_say = |profile: &Profile| says_who_lived_here(profile) && !has_other_numbers(profile);
    let mut named: Vec<&Profile> = profiles.iter().filter(|profile| rank(profile) > 0 && profile.filled > 0).collect();
    named.sort_by_key(|profile| std::cmp::Reverse(rank(profile)));
    let by_name = || named.iter().find(|profile| rank(profile) == headers::SURELY || may_say(profile)).copied();
    let by_values = || {
        let mut said = profiles.iter().filter(|profile| says_it_in_words(profile));
        said.next().filter(|_| said.next().is_none())
    };
    named.iter().find(has_codes).copied().or_else(by_name).or_else(by_values)
}

/// Why it is not sure what the rows of a register are.
const SOME_KNOWN: &str = "some of its values are kinds of rows: does it say what each row is?";
const BY_BIRTHS: &str = "guessed from the columns: is each row a birth?";
const BY_DEATHS: &str = "guessed from the columns: is each row a death?";

/// The column that says what the rows of a register are, and whether that is sure: one that is headed so, or whatever
/// it is called, one whose values are all kinds of rows, and several; else one whose values are such in most rows.
fn kinds_column(profiles: &[Profile]) -> Option<(&Profile, bool)> {
    let kinds = |profile: &Profile| {
        let known =
            profile.codes.iter().flatten().filter_map(|(value, count)| Some((headers::row_kind(value)?, *count)));
        known.fold((BTreeSet::new(), 0, 0), |(mut kinds, values, rows), (kind, count)| {
            kinds.insert(kind);
            (kinds, values + 1, rows + count)
        })
    };
    let is_headed = |profile: &&Profile| headers::is_kind_header(&profile.name) && kinds(profile).1 > 0;
    let says_all = |profile: &&Profile| {
        let (kinds, values, _) = kinds(profile);
        kinds.len() > 1 && profile.codes.as_ref().is_some_and(|codes| codes.len() == values)
    };
    let says_most = |profile: &&Profile| {
        let (kinds, _, rows) = kinds(profile);
        let is_filled = profile.filled * 10 >= profile.rows * 9;
        kinds.len() > 1 && rows * 2 >= profile.filled && is_filled && !headers::is_of_state(&profile.name)
    };
    let sure = profiles.iter().find(is_headed).or_else(|| profiles.iter().find(says_all));
    let unsure = || profiles.iter().find(says_most).map(|profile| (profile, false));
    sure.map(|profile| (profile, true)).or_else(unsure)
}

/// What the rows of a file mean, as one of its columns says it; `named` is the kind that its name says.
pub(super) fn rows(named: Option<RowKind>, profiles: &[Profile], is_roll: bool) -> Rows {
    let mut rows = Rows::default();
    let meaning = |value: &str| if is_roll { headers::roll_kind(value) } else { headers::row_kind(value) };
    let column = if is_roll {
        let is_sure = |profile: &Profile| headers::roll_residence_rank(&profile.name) == headers::SURELY;
        residence_column(profiles).map(|profile| (profile, is_sure(profile)))
    } else {
        kinds_column(profiles)
    };
    let Some((profile, is_sure)) = column else {
        rows.otherwise = named.filter(|_| !is_roll);
        return rows;
    };
    let why =
        if is_roll { "does it say where they lived at the reference time, in the census's codes?" } else { SOME_KNOWN };
    rows.doubt = Some(why).filter(|_| !is_sure);
    rows.column = Some(profile.name.clone());
    let known = profile.codes.iter().flatten().filter(|(value, _)| meaning(value).is_some());
    rows.is_mostly_unknown = known.map(|(_, count)| count).sum::<u64>() * 2 < profile.filled;
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
    rows
}

/// Of a register of which neither a column nor the file's name says what the rows are: all are births or deaths if each
/// has what only those have. Gives what they are and why; `column_of` says which column a field is in.
pub(super) fn of_all<'a>(
    rows: &Rows,
    profiles: &[Profile],
    column_of: impl Fn(Field) -> Option<&'a str>,
) -> Option<(RowKind, &'static str)> {
    if rows.column.is_some() || rows.otherwise.is_some() {
        return None;
    }
    let is_nearly_full = |profile: &Profile| profile.filled * 10 >= profile.rows * 9 && profile.filled > 0;
    let has_full = |is: &dyn Fn(&str) -> bool| {
        let mut full = profiles.iter().filter(|profile| is_nearly_full(profile));
        full.any(|profile| is(&profile.name))
    };
    let is_of = |kind: RowKind| has_full(&|name| headers::kind_of_all(name) == Some(kind));
    let filled = |field: Field| {
        let column = column_of(field)?;
        profiles.iter().find(|profile| profile.name == column)
    };
    // One day in most rows fills the column, and nobody's death.
    let is_day_of_many = |profile: &Profile| {
        let most = profile.codes.iter().flat_map(BTreeMap::values).max();
        most.is_some_and(|most| most * 2 > profile.filled)
    };
    let is_dead = filled(Field::DeathDate).is_some_and(|profile| is_nearly_full(profile) && !is_day_of_many(profile));
    // A child that has a number of its own is in many lists beside its mother.
    let is_mostly = |field: Field| filled(field).is_some_and(|profile| profile.filled * 2 >= profile.rows);
    let is_older = profiles.iter().any(|profile| headers::is_of_older_children(&profile.name));
    let has_mother = is_mostly(Field::MotherIdNumber) || has_full(&headers::is_of_birth_certificate);
    let is_born = has_mother && !is_mostly(Field::IdNumber);
    match () {
        () if is_of(RowKind::Death) || is_dead => Some((RowKind::Death, BY_DEATHS)),
        () if !is_older && (is_of(RowKind::Birth) || is_born) => Some((RowKind::Birth, BY_BIRTHS)),
        () => None,
    }
}
