//! Which columns of two files hold the same under different headers?
//!
//! Takes the columns that no other file has under their header, gives them the name of the column that they belong to:
//! where one header ends with the words of the other (`mailing_address_city` and `city`), and where, of all columns,
//! these two have by far the most values in common. Each is marked as a guess.

use super::Planned;
use super::guess::Bound;
use super::profile::{CODES_MAX, Profile, Shape};
use super::{custom, dates, fields, headers};
use crate::intake::study::Field;

/// Values in common, as a share of the different values of the column with fewer of them, that two columns must have
/// whose headers have words in common.
const WORDED_OVERLAP_MIN: f64 = 0.02;

/// The same of columns of which only the values say that they are one: of texts, whose values occur by chance in
/// others, and of long numbers, whose values do not.
const TEXT_OVERLAP_MIN: f64 = 0.3;
const NUMBER_OVERLAP_MIN: f64 = 0.1;

/// So many times as much as with any other column must two have in common.
const CLEAR: f64 = 1.5;

/// Characters from which a number is long: shorter ones occur by chance.
const LONG_NUMBER: f64 = 6.0;

/// Values of one kind have mean lengths that differ by no more than this factor.
const LENGTHS_MAX: f64 = 1.5;

/// Why a column has a field that its header does not name.
pub(super) const BY_WORDS: &str = "its header ends with the words of this field";
const BY_VALUES: &str = "its values are those of this field in another file";

/// A column: position of the source, and in its profiles.
type Place = (usize, usize);

/// A possible match of a column with one that has a name.
struct Match {
    score: f64,
    is_worded: bool,
    open: Place,
    known: Place,
}

/// Names the columns that only one file has.
pub(super) fn match_columns(planned: &mut [Planned]) {
    let mut matches = possible(planned);
    matches.sort_by(|one, other| {
        other.score.total_cmp(&one.score).then_with(|| (one.open, one.known).cmp(&(other.open, other.known)))
    });
    let mut settled: Vec<(Place, Place)> = Vec::new();
    for found in &matches {
        let is_taken = settled.iter().any(|(open, known)| {
            let both = [*open, *known];
            both.contains(&found.open)
                || both.contains(&found.known) && (open.0 == found.open.0 || known.0 == found.open.0)
        });
        if !is_taken && (found.is_worded || is_clear(found, &matches)) {
            settle(planned, found);
            settled.push((found.open, found.known));
        }
    }
}

/// Does neither of the two have nearly as much in common with a third column?
fn is_clear(found: &Match, matches: &[Match]) -> bool {
    let rivals = matches.iter().filter(|other| {
        let (same_open, same_known) = (other.open == found.open, other.known == found.known);
        let same_files = other.open.0 == found.open.0 && other.known.0 == found.known.0;
        same_files && same_open != same_known
    });
    rivals.fold(0.0, |most: f64, rival| most.max(rival.score)) * CLEAR <= found.score
}

fn possible(planned: &[Planned]) -> Vec<Match> {
    let names: Vec<Vec<(usize, String)>> = planned.iter().map(custom::names).collect();
    let mut matches = Vec::new();
    for (source, own) in names.iter().enumerate() {
        let is_only_here = |name: &String| {
            !names.iter().enumerate().any(|(at, other)| at != source && other.iter().any(|(_, known)| known == name))
        };
        for (index, name) in own.iter().filter(|(_, name)| is_only_here(name)) {
            for other in (0..planned.len()).filter(|other| *other != source) {
                // Two open columns are looked at once.
                let others = names.get(other).into_iter().flatten().filter(|(_, known)| {
                    !own.iter().any(|(_, own)| own == known) && (other < source || !is_only_of(&names, other, known))
                });
                let built_in = bound_elsewhere(planned, source, other);
                for known in others.map(|(at, _)| *at).chain(built_in) {
                    matches.extend(compare(planned, (source, *index), name, (other, known)));
                }
            }
        }
    }
    matches
}

fn is_only_of(names: &[Vec<(usize, String)>], source: usize, name: &str) -> bool {
    !names.iter().enumerate().any(|(at, other)| at != source && other.iter().any(|(_, known)| known == name))
}

/// Columns of built-in fields that the other file has and this one lacks.
fn bound_elsewhere(planned: &[Planned], source: usize, other: usize) -> Vec<usize> {
    let (Some(own), Some(other)) = (planned.get(source), planned.get(other)) else { return Vec::new() };
    let bounds = other.guess.fields.iter().filter(|(field, bound)| {
        let is_name = matches!(field, Field::Name | Field::FamilyName | Field::GivenName);
        let named = own.guess.bound(Field::Name).is_some();
        let in_parts = own.guess.bound(Field::FamilyName).is_some() || own.guess.bound(Field::GivenName).is_some();
        let is_whole = *field == Field::Name && in_parts;
        let is_person = is_name || matches!(field, Field::IdNumber | Field::Telephone | Field::Address);
        is_person && own.guess.bound(*field).is_none() && bound.more.is_empty() && !(is_name && (named || is_whole))
    });
    bounds
        .filter_map(|(_, bound)| other.surveyed.profiles.iter().position(|profile| profile.name == bound.column))
        .collect()
}

fn compare(planned: &[Planned], open: Place, name: &str, known: Place) -> Option<Match> {
    let (one, other) = (profile(planned, open)?, profile(planned, known)?);
    if fields::is_of_another(&one.name) || fields::is_of_another(&other.name) {
        return None;
    }
    let known_name = custom::name_in(planned.get(known.0)?, known.1);
    let of_middle = [name, &known_name].iter().all(|name| ["middle_name", "middle_initial"].contains(name));
    let is_worded = of_middle || ends_alike(&one.name, name, &other.name, &known_name);
    let is_date = |profile: &Profile| dates::readable(profile) >= 0.5;
    let is_number = |profile: &Profile| profile.digit_share() >= 0.5;
    let has_codes = |profile: &Profile| profile.distinct() <= CODES_MAX as u64;
    let (short, long) = (one.mean_length().min(other.mean_length()), one.mean_length().max(other.mean_length()));
    let is_alike = long <= LENGTHS_MAX * short;
    let least = match () {
        // An initial is like every name that begins with it.
        () if of_middle => 0.0,
        () if is_worded => WORDED_OVERLAP_MIN,
        // Days, ages and numbers of houses have values in common whatever they are.
        () if is_date(one) || is_date(other) || has_codes(one) || has_codes(other) => return None,
        () if is_number(one) != is_number(other) || !is_alike => return None,
        () if is_number(one) && short < LONG_NUMBER => return None,
        () if is_number(one) => NUMBER_OVERLAP_MIN,
        () => TEXT_OVERLAP_MIN,
    };
    // Last, as it looks at every value.
    let overlap = one.overlap(other);
    let score = if is_worded { 1.0 + overlap } else { overlap };
    (overlap >= least).then_some(Match { score, is_worded, open, known })
}

/// Does one header end with all words of the other, or with words that mean the same?
fn ends_alike(one: &str, one_name: &str, other: &str, other_name: &str) -> bool {
    let ends = |header: &str, name: &str| {
        let words = fields::words(header);
        (1..words.len()).any(|from| {
            let ending = words.get(from..).unwrap_or_default().join("_");
            !GENERAL.contains(&ending.as_str()) && headers::custom_name(&ending, false) == name
        })
    };
    ends(one, other_name) || ends(other, one_name)
}

/// Words that many headers end with, whatever they mean.
const GENERAL: [&str; 12] =
    ["name", "number", "no", "nr", "num", "id", "code", "date", "type", "text", "value", "status"];

fn settle(planned: &mut [Planned], found: &Match) {
    let why = if found.is_worded { BY_WORDS } else { BY_VALUES };
    let column_of = |planned: &[Planned], place: Place| profile(planned, place).map(|profile| profile.name.clone());
    let (Some(column), Some(known)) = (column_of(planned, found.open), column_of(planned, found.known)) else { return };
    let built_in = planned.get(found.known.0).and_then(|plan| {
        plan.guess
            .fields
            .iter()
            .find(|(_, bound)| bound.column == known && bound.more.is_empty())
            .map(|(field, _)| *field)
    });
    let name = planned.get(found.known.0).map(|plan| custom::name_in(plan, found.known.1)).unwrap_or_default();
    let own = planned.get(found.open.0).map(|plan| custom::name_in(plan, found.open.1)).unwrap_or_default();
    // The shorter header says what is meant.
    let is_short = own.len() < name.len() && !is_shared(planned, found.known, &name);
    if is_short && built_in.is_none() {
        if let Some(plan) = planned.get_mut(found.known.0) {
            plan.guess.renamed.insert(found.known.1, (own, why));
        }
        return;
    }
    let Some(plan) = planned.get_mut(found.open.0) else { return };
    let Some(field) = built_in else {
        plan.guess.renamed.insert(found.open.1, (name, why));
        return;
    };
    plan.guess.others.retain(|index| *index != found.open.1);
    plan.guess.fields.push((field, Bound::of(field, &column, Some(why))));
    plan.guess.fields.sort_by_key(|(field, _)| *field);
}

/// Has a third file a column of this name?
fn is_shared(planned: &[Planned], known: Place, name: &str) -> bool {
    let mut others = planned.iter().enumerate().filter(|(source, _)| *source != known.0);
    others.any(|(_, plan)| custom::names(plan).iter().any(|(_, other)| other == name))
}

fn profile(planned: &[Planned], place: Place) -> Option<&Profile> {
    planned.get(place.0)?.surveyed.profiles.get(place.1)
}

/// Binds what a header says at its end (`patient_birth_date`) where the file has nothing else for the field.
pub(super) fn bind_by_endings(plan: &mut Planned) {
    let found: Vec<(usize, Field)> = plan
        .guess
        .others
        .iter()
        .filter_map(|index| {
            let profile = plan.surveyed.profiles.get(*index)?;
            let field = field_by_ending(&profile.name).filter(|_| !fields::is_of_another(&profile.name))?;
            let fits = match field {
                Field::BirthDate => dates::readable(profile) >= 0.5,
                Field::Sex => profile.share(Shape::Sex) >= 0.5,
                _ => true,
            };
            fits.then_some((*index, field))
        })
        .collect();
    let is_named =
        [Field::Name, Field::FamilyName, Field::GivenName].iter().any(|name| plan.guess.bound(*name).is_some());
    for (index, field) in &found {
        let is_only = found.iter().filter(|(_, other)| other == field).count() == 1;
        let is_open = plan.guess.bound(*field).is_none() && !(is_named && *field == Field::Name);
        let Some(profile) = plan.surveyed.profiles.get(*index).filter(|_| is_only && is_open) else { continue };
        let mut bound = Bound::of(*field, &profile.name, Some(BY_WORDS));
        bound.format = if *field == Field::BirthDate { dates::format_of(profile, dates::order(profile)) } else { None };
        plan.guess.fields.push((*field, bound));
        plan.guess.others.retain(|other| other != index);
    }
    plan.guess.fields.sort_by_key(|(field, _)| *field);
}

/// Who stands before the word *name* where it is a person's.
const PERSONS: [&str; 12] = [
    "patient",
    "person",
    "resident",
    "respondent",
    "member",
    "client",
    "applicant",
    "participant",
    "citizen",
    "student",
    "voter",
    "subject",
];

/// The field that the last words of a header name, of those that each person has.
fn field_by_ending(header: &str) -> Option<Field> {
    let words = fields::words(header);
    let endings = (1..words.len()).filter_map(|from| words.get(from..)).map(|ending| ending.join("_"));
    let mut named = endings.filter_map(|ending| fields::field_of(&ending).map(|(field, _)| (field, ending)));
    let (field, ending) = named.next()?;
    let is_person = matches!(
        field,
        Field::Name | Field::FamilyName | Field::GivenName | Field::BirthDate | Field::Sex | Field::Telephone
    );
    // `street_name` ends with this word, too.
    let is_theirs = ending != "name" || words.first().is_some_and(|first| PERSONS.contains(&first.as_str()));
    (is_person && is_theirs).then_some(field)
}
