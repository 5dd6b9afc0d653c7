//! How are records linked, and where does it stop?
//!
//! Takes the tables `[[field]]`, `[linkage]`, `[follow_up]` and `[limits]`, gives their typed forms.

use std::path::{Path, PathBuf};

use super::key_part::{field_named, nearest_field, read};
use super::keys;
use super::section::{Complaints, Section, one_of};
use crate::intake::study::field_words::address_part;
use crate::intake::study::{BlockingRule, Comparator, CustomField, Field, FollowUp, Limits, Linkage, Source};

/// Most fields that a study may declare.
const CUSTOM_FIELDS_MAX: usize = 1_000;

/// Columns of `links.parquet` that are no built-in field: a declared field has a column there under its own name.
pub(crate) const LINK_COLUMNS: [&str; 10] = [
    "source_l",
    "record_l",
    "source_r",
    "record_r",
    "match_weight",
    "match_probability",
    "decision",
    "mother",
    "housemates",
    "left_over",
];

const COMPARATORS: [(&str, Comparator); 6] = [
    ("exact", Comparator::Exact),
    ("levenshtein", Comparator::Levenshtein),
    ("damerau_levenshtein", Comparator::DamerauLevenshtein),
    ("jaro_winkler", Comparator::JaroWinkler),
    ("date", Comparator::Date),
    ("numeric", Comparator::Numeric),
];

/// The fields that the study declares itself.
pub(super) fn custom_fields(top: &Section<'_>, complaints: &mut Complaints) -> Vec<CustomField> {
    let mut fields: Vec<CustomField> = Vec::new();
    for section in top.sections("field", complaints) {
        section.know(&keys::FIELD, complaints);
        let Some(name) = section.required_text("name", "the field's name", complaints) else { continue };
        let at = section.item("name").map_or_else(|| section.at().clone(), |item| item.at);
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        if !name.chars().all(word) {
            complaints.add(&at, "field.name", "expected letters, digits and underscores only", None);
        } else if Field::BUILT_IN.iter().any(|field| field.name() == name) {
            complaints.add(&at, "field.name", "this field is built in and need not be declared", None);
        } else if LINK_COLUMNS.contains(&name.as_str()) {
            let hint = Some(format!("another name than {}", LINK_COLUMNS.join(", ")));
            complaints.add(&at, "field.name", "links.parquet has a column of this name", hint);
        } else if fields.iter().any(|field| field.name == name) {
            complaints.add(&at, "field.name", "this field is declared twice", None);
        } else if fields.len() == CUSTOM_FIELDS_MAX {
            complaints.add(&at, "field", format!("more than {CUSTOM_FIELDS_MAX} fields are declared"), None);
        }
        // A wrong field is kept, so that the columns bound to it do not raise complaints of their own.
        let comparator = comparator(&section, complaints).unwrap_or(Comparator::Exact);
        let levels = levels(&section, comparator, complaints);
        let frequency = section.truth("frequency", complaints).unwrap_or(false);
        let by_name = || comparator != Comparator::Date && address_part(&name).is_some();
        let dwelling = section.truth("dwelling", complaints).unwrap_or_else(by_name);
        fields.push(CustomField { name, comparator, levels, frequency, dwelling });
    }
    fields.truncate(CUSTOM_FIELDS_MAX);
    fields
}

/// Complains of declared fields that no source binds: whoever declares one means it to be compared.
pub(super) fn check_bound(
    top: &Section<'_>,
    custom_fields: &[CustomField],
    sources: &[Source],
    complaints: &mut Complaints,
) {
    let mut silent = Complaints::about("");
    let declared = top.sections("field", &mut silent);
    for (index, field) in (0u16..).zip(custom_fields) {
        if sources.iter().any(|source| source.binding(Field::Custom(index)).is_some()) {
            continue;
        }
        let mut items = declared.iter().filter_map(|section| section.item("name"));
        let Some(item) = items.find(|item| item.value.as_str() == Some(&field.name)) else { continue };
        let hint = Some(String::from("name its column under [source.columns], or take the field out"));
        complaints.add(&item.at, "field.name", "no source has a column for this field", hint);
    }
}

fn comparator(section: &Section<'_>, complaints: &mut Complaints) -> Option<Comparator> {
    let names = COMPARATORS.map(|(name, _)| name);
    let word = section.required_text("comparator", &format!("one of {}", names.join(", ")), complaints)?;
    let found = COMPARATORS.iter().find(|(name, _)| *name == word).map(|(_, comparator)| *comparator);
    if let (None, Some(item)) = (found, section.item("comparator")) {
        complaints.add(&item.at, &item.key, "there is no such comparator", one_of(&word, &names));
    }
    found
}

fn levels(section: &Section<'_>, comparator: Comparator, complaints: &mut Complaints) -> Vec<f64> {
    let Some(item) = section.item("levels") else { return Vec::new() };
    let members = item.members();
    let levels: Vec<f64> = members.iter().filter_map(|member| member.number(complaints)).collect();
    if levels.len() < members.len() {
        return Vec::new();
    }
    let ascending = levels.is_sorted_by(|a, b| a < b);
    let descending = levels.is_sorted_by(|a, b| a > b);
    let (right, expected) = match comparator {
        Comparator::Exact => (levels.is_empty(), "no levels: exact values are equal or not"),
        Comparator::JaroWinkler => (
            descending && levels.iter().all(|level| (0.0..1.0).contains(level)),
            "similarities from 0 to below 1, greatest first, such as [0.92, 0.8]",
        ),
        Comparator::Levenshtein | Comparator::DamerauLevenshtein => (
            ascending && levels.iter().all(|level| *level >= 1.0 && *level <= 64.0 && level.fract() == 0.0),
            "numbers of edits from 1, least first, such as [1, 2]",
        ),
        Comparator::Date => {
            (ascending && levels.iter().all(|level| *level > 0.0), "numbers of days, least first, such as [31, 366]")
        }
        Comparator::Numeric => {
            (ascending && levels.iter().all(|level| *level > 0.0), "differences above 0, least first, such as [1, 5]")
        }
    };
    if !right || levels.len() > 8 {
        let expected = if right { "at most 8 levels" } else { expected };
        complaints.add(&item.at, &item.key, format!("expected {expected}"), None);
        return Vec::new();
    }
    levels
}

/// `[linkage]`.
pub(super) fn linkage(
    top: &Section<'_>,
    folder: &Path,
    custom_fields: &[CustomField],
    sources: &[Source],
    complaints: &mut Complaints,
) -> Linkage {
    let mut linkage = Linkage::default();
    let Some(section) = top.section("linkage", complaints) else { return linkage };
    section.know(&keys::LINKAGE, complaints);
    let link = section.number("link_probability", 0.0, 1.0, complaints);
    let review = section.number("review_probability", 0.0, 1.0, complaints);
    linkage.link_probability = link.unwrap_or(linkage.link_probability);
    linkage.review_probability = review.unwrap_or(linkage.review_probability.min(linkage.link_probability));
    linkage.false_links = section.number("false_links", 0.0, 1.0, complaints);
    for (key, number, end, side) in
        [("link_probability", link, 1.0, "below"), ("false_links", linkage.false_links, 0.0, "above")]
    {
        if let Some(item) = section.item(key).filter(|_| number == Some(end)) {
            let hint = Some(String::from("no pair is beyond doubt, and nobody would be linked"));
            complaints.add(&item.at, &item.key, format!("expected a number {side} {end}"), hint);
        }
    }
    // With a tolerated share of false links the threshold is found later, and never below the review probability.
    if linkage.review_probability > linkage.link_probability && linkage.false_links.is_none() {
        let item = section.item("review_probability").or_else(|| section.item("link_probability"));
        let at = item.map_or_else(|| section.at().clone(), |item| item.at);
        let what = "expected at most `link_probability`: links are worth a look, too";
        complaints.add(&at, "linkage.review_probability", what, None);
    }
    if let Some(item) = section.item("false_links").filter(|_| link.is_some()) {
        let what = "expected either this or `link_probability`: each sets the threshold";
        complaints.add(&item.at, "linkage.false_links", what, None);
    }
    linkage.seed = section.count("seed", 0, complaints).unwrap_or(linkage.seed);
    linkage.pairs_max = section.count("pairs_max", 1, complaints).unwrap_or(linkage.pairs_max);
    linkage.block_pairs_max = section.count("block_pairs_max", 1, complaints).unwrap_or(linkage.block_pairs_max);
    linkage.one_to_one = section.truth("one_to_one", complaints).unwrap_or(linkage.one_to_one);
    let how = "`rollcall review decisions DIR --out FILE` writes such a table";
    linkage.decisions = table(&section, "decisions", folder, how, complaints);
    linkage.refit = section.truth("refit", complaints).unwrap_or(linkage.refit);
    if let Some(item) = section.item("refit").filter(|_| linkage.refit && section.item("decisions").is_none()) {
        let what = "expected `decisions`, too: without decided pairs there is nothing to learn from";
        complaints.add(&item.at, "linkage.refit", what, None);
    }
    linkage.comparisons = comparisons(&section, custom_fields, sources, complaints);
    linkage.blocking = blocking(&section, custom_fields, sources, complaints);
    linkage
}

/// The file that a key names, if it is there; `how` says what writes such a file.
fn table(section: &Section<'_>, key: &str, folder: &Path, how: &str, complaints: &mut Complaints) -> Option<PathBuf> {
    let item = section.item(key)?;
    let path = folder.join(item.text(complaints)?);
    if !path.is_file() {
        complaints.add_input(&item.at, &item.key, "there is no such file", Some(how.to_owned()));
        return None;
    }
    Some(path)
}

fn comparisons(
    section: &Section<'_>,
    custom_fields: &[CustomField],
    sources: &[Source],
    complaints: &mut Complaints,
) -> Vec<Field> {
    let Some(item) = section.item("comparisons") else { return Vec::new() };
    let mut fields = Vec::new();
    for member in item.members() {
        let Some(name) = member.text(complaints) else { continue };
        match field_named(&name, custom_fields) {
            None => {
                let hint = nearest_field(&name, custom_fields);
                complaints.add(&member.at, &member.key, "there is no such field", hint);
            }
            Some(field) if fields.contains(&field) => {
                complaints.add(&member.at, &member.key, "this field is listed twice", None);
            }
            Some(field) if !is_available(field, sources) => {
                complaints.add(&member.at, &member.key, "no source has a column for this field", None);
            }
            Some(Field::FamilyName | Field::GivenName) if has_whole_names(sources) => {
                let hint = Some(String::from("a source has whole names: write `name`"));
                complaints.add(&member.at, &member.key, "family and given names are compared together", hint);
            }
            Some(field) if !is_compared(field) => {
                complaints.add(&member.at, &member.key, "this field is read, and not compared", None);
            }
            Some(field) => fields.push(field),
        }
    }
    fields
}

fn has_whole_names(sources: &[Source]) -> bool {
    sources.iter().any(|source| source.binding(Field::Name).is_some())
}

/// Is there a comparison of this field?
fn is_compared(field: Field) -> bool {
    !matches!(
        field,
        Field::FormerName
            | Field::EnumerationArea
            | Field::Relationship
            | Field::DeathDate
            | Field::LastSeen
            | Field::Registration
            | Field::LeftRegistration
    )
}

fn blocking(
    linkage: &Section<'_>,
    custom_fields: &[CustomField],
    sources: &[Source],
    complaints: &mut Complaints,
) -> Vec<BlockingRule> {
    let mut rules: Vec<BlockingRule> = Vec::new();
    for section in linkage.sections("blocking", complaints) {
        section.know(&keys::BLOCKING, complaints);
        let Some(item) = section.item("keys") else {
            section.missing("keys", "a list such as [\"sound(name)\", \"year(birth_date)\"]", complaints);
            continue;
        };
        let Some(texts) = item.texts(complaints) else { continue };
        let mut keys = Vec::new();
        for (member, written) in item.members().iter().zip(&texts) {
            match read(written, custom_fields) {
                Ok(part) if keys.contains(&part) => {
                    complaints.add(&member.at, &member.key, "this part is listed twice", None);
                }
                Ok(part) if !is_available(part.field, sources) => {
                    complaints.add(&member.at, &member.key, "no source has a column for this field", None);
                }
                Ok(part) => keys.push(part),
                Err((what, hint)) => complaints.add(&member.at, &member.key, what, hint),
            }
        }
        let name = section.text("name", complaints).unwrap_or_else(|| texts.join(" and "));
        if rules.iter().any(|rule| rule.name == name) {
            let at = section.item("name").map_or_else(|| item.at.clone(), |item| item.at);
            complaints.add(&at, "linkage.blocking.name", "another blocking rule has this name", None);
        }
        rules.push(BlockingRule { name, keys });
    }
    rules
}

/// Does some source hold this field, or another one that it can be taken from?
fn is_available(field: Field, sources: &[Source]) -> bool {
    let from: &[Field] = match field {
        Field::Name => &[Field::FamilyName, Field::GivenName],
        Field::FamilyName | Field::GivenName => &[Field::Name],
        Field::Sex | Field::BirthDate => &[Field::IdNumber],
        Field::Division => &[Field::EnumerationArea, Field::Address],
        _ => &[],
    };
    // Without any source there is a complaint already.
    let bound = |field: &Field| sources.iter().any(|source| source.binding(*field).is_some());
    sources.is_empty() || bound(&field) || from.iter().any(bound)
}

/// `[follow_up]`.
pub(super) fn follow_up(top: &Section<'_>, folder: &Path, complaints: &mut Complaints) -> FollowUp {
    let mut follow_up = FollowUp::default();
    let Some(section) = top.section("follow_up", complaints) else { return follow_up };
    section.know(&keys::FOLLOW_UP, complaints);
    follow_up.visits = section.count("visits", 0, complaints);
    let least = section.number("probability_min", 0.0, 1.0, complaints);
    follow_up.probability_min = least.unwrap_or(follow_up.probability_min);
    let how = "`rollcall follow-up outcomes DIR --out FILE` writes such a table";
    follow_up.outcomes = table(&section, "outcomes", folder, how, complaints);
    follow_up
}

/// `[limits]`.
pub(super) fn limits(top: &Section<'_>, complaints: &mut Complaints) -> Limits {
    let mut limits = Limits::default();
    let Some(section) = top.section("limits", complaints) else { return limits };
    section.know(&keys::LIMITS, complaints);
    let share = section.number("rejected_share_max", 0.0, 1.0, complaints);
    limits.rejected_share_max = share.unwrap_or(limits.rejected_share_max);
    let bytes = section.count("row_group_bytes_max", 1, complaints);
    limits.row_group_bytes_max = bytes.unwrap_or(limits.row_group_bytes_max);
    limits.rows_max = section.count("rows_max", 1, complaints).unwrap_or(limits.rows_max);
    limits
}
