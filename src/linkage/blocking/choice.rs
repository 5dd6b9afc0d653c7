//! Which rules suit the text fields of this study?
//!
//! Takes the records' keys, gives [`Rule`]s chosen from the data: two fields agree, each in whole or in part (first or
//! last letters, month or year of birth), so that a record with an error anywhere still meets its other half by two
//! fields that have none. What a rule would cost is counted on a sample of the records; the cheapest rules are taken
//! until the pair budget is spent, and a rule that another one includes is dropped.

use rayon::prelude::*;

use super::key::{Keyer, hash};
use super::rules::{Keys, Rule, part};
use crate::intake::study::{Field, KeyPart, Study, Transform};

/// Records on which the cost of a rule is counted.
const SAMPLE_RECORDS: usize = 20_000;
/// All chosen rules together may give so many pairs, however few the records.
const PAIRS_ALWAYS: f64 = 5_000_000.0;
/// Else so many for each record.
const PAIRS_PER_RECORD: f64 = 12.0;
/// A single field serves as a rule if it gives at most so many pairs for each record.
const LONE_PAIRS_PER_RECORD: f64 = 5.0;
/// The rule on places is taken if it gives at most so many pairs for each record.
const PLACE_PAIRS_PER_RECORD: f64 = 12.0;
/// Pairs that a block of a chosen rule may give: the residents of a home or a hostel at one address are compared, too.
const BLOCK_PAIRS: u64 = 200_000;
/// Most rules for small studies, and for large ones, where each rule costs a sort of all records.
const RULES_MAX: (usize, usize) = (60, 20);
/// From this many records on a study is large.
const LARGE: usize = 200_000;
/// Share of the budget that rules on whole values may spend.
const WHOLE_SHARE: f64 = 0.5;
/// Letters of a partial key, and the least mean length of values that are cut to it.
const LETTERS: u8 = 3;
const LENGTH_MIN: f64 = 4.5;

/// A rule that may be taken, and the pairs that it is expected to give.
struct Candidate {
    parts: Vec<KeyPart>,
    pairs: f64,
}

/// Rules for the declared text fields (and names in two columns), with the birth date, name and telephone number.
pub(super) fn text_rules(study: &Study, keyer: &Keyer<'_>) -> Vec<Rule> {
    let table = keyer.table;
    if table.text_fields.is_empty() || table.len() < 2 {
        return Vec::new();
    }
    let step = table.len().div_ceil(SAMPLE_RECORDS);
    let sample: Vec<usize> = (0..table.len()).step_by(step).collect();
    let keys_of = |part: KeyPart| sample.iter().map(|at| keyer.part(part, *at).unwrap_or(0)).collect::<Vec<u64>>();
    let parts: Vec<(KeyPart, Vec<u64>)> = parts(keyer)
        .into_par_iter()
        .map(|part| (part, keys_of(part)))
        .filter(|(_, keys)| keys.iter().any(|key| *key != 0))
        .collect();
    let scale = (table.len() as f64 / sample.len() as f64).powi(2);
    let mut pairings: Vec<Vec<usize>> = (0..parts.len()).map(|at| vec![at]).collect();
    for one in 0..parts.len() {
        pairings.extend(
            (one + 1..parts.len())
                .filter(|other| parts[one].0.field != parts[*other].0.field)
                .map(|other| vec![one, other]),
        );
    }
    let candidates: Vec<Candidate> = pairings
        .into_par_iter()
        .map(|chosen| Candidate {
            pairs: scale * pairs_among(&chosen.iter().map(|at| parts[*at].1.as_slice()).collect::<Vec<_>>()),
            parts: chosen.iter().map(|at| parts[*at].0).collect(),
        })
        .collect();
    let is_place = |candidate: &&Candidate| {
        let whole = |part: &KeyPart| part.transform == Transform::Whole && keyer.places.contains(&part.field);
        candidate.parts.len() > 1 && candidate.parts.iter().all(whole)
    };
    // All who share a place, the relatives among them: of pairs that agree on more than the place alone one would learn
    // that relatives are more alike than they are.
    let place = candidates.iter().filter(is_place).min_by(|a, b| a.pairs.total_cmp(&b.pairs));
    let place = place.filter(|place| place.pairs <= PLACE_PAIRS_PER_RECORD * table.len() as f64);
    let place = place.map(|place| place.parts.clone());
    let mut chosen: Vec<Vec<KeyPart>> = choose(candidates, table.len()).into_iter().map(|one| one.parts).collect();
    if let Some(place) = place.filter(|place| !chosen.iter().any(|other| includes(other, place))) {
        chosen.push(place);
    }
    chosen.into_iter().map(|parts| named(study, parts)).collect()
}

/// The parts that keys may be made of.
fn parts(keyer: &Keyer<'_>) -> Vec<KeyPart> {
    let mut parts = Vec::new();
    for text in &keyer.table.text_fields {
        parts.push(part(text.field, Transform::Whole));
        let (mut characters, mut values) = (0.0, 0.0);
        for (symbol, count) in (0u32..).zip(&text.counts).skip(1) {
            characters += text.values.text(symbol).chars().count() as f64 * f64::from(*count);
            values += f64::from(*count);
        }
        if characters > LENGTH_MIN * values {
            parts.push(part(text.field, Transform::Prefix(LETTERS)));
            parts.push(part(text.field, Transform::Suffix(LETTERS)));
        }
    }
    parts.extend([Transform::Whole, Transform::Month, Transform::Year].map(|by| part(Field::BirthDate, by)));
    parts.extend([Transform::Whole, Transform::Sound].map(|by| part(Field::Name, by)));
    parts.push(part(Field::Telephone, Transform::Whole));
    parts
}

/// Pairs of records of the sample that have all keys and agree on them.
fn pairs_among(columns: &[&[u64]]) -> f64 {
    let rows = columns.first().map_or(0, |column| column.len());
    let all = (0..rows).map(|row| columns.iter().map(move |column| column[row]));
    let keyed = all.filter(|keys| keys.clone().all(|key| key != 0));
    let mut keys: Vec<u64> = keyed.map(|keys| keys.fold(0, |so_far, key| hash((so_far, key)))).collect();
    keys.sort_unstable();
    keys.chunk_by(|a, b| a == b).map(|run| run.len() as f64 * (run.len() as f64 - 1.0) / 2.0).sum()
}

/// The cheapest rules first, until the budget is spent.
fn choose(mut candidates: Vec<Candidate>, records: usize) -> Vec<Candidate> {
    let records_f = records as f64;
    let budget = f64::max(PAIRS_ALWAYS, PAIRS_PER_RECORD * records_f);
    let most = if records < LARGE { RULES_MAX.0 } else { RULES_MAX.1 };
    candidates.retain(|one| one.parts.len() > 1 || one.pairs <= LONE_PAIRS_PER_RECORD * records_f);
    // Whole values first: a cheap partial rule must not take the place of a rule on two other fields. The order of
    // fields breaks ties: the sort is stable.
    let is_partial = |one: &Candidate| one.parts.iter().any(|part| part.transform != Transform::Whole);
    candidates.sort_by(|a, b| is_partial(a).cmp(&is_partial(b)).then(a.pairs.total_cmp(&b.pairs)));
    let (mut chosen, mut spent): (Vec<Candidate>, f64) = (Vec::new(), 0.0);
    for candidate in candidates {
        if chosen.iter().any(|other| includes(&other.parts, &candidate.parts)) {
            continue;
        }
        let saved: f64 =
            chosen.iter().filter(|other| includes(&candidate.parts, &other.parts)).map(|other| other.pairs).sum();
        let replaced = chosen.iter().filter(|other| includes(&candidate.parts, &other.parts)).count();
        let share = if is_partial(&candidate) { 1.0 } else { WHOLE_SHARE };
        if spent - saved + candidate.pairs > share * budget || chosen.len() - replaced >= most {
            continue;
        }
        chosen.retain(|other| !includes(&candidate.parts, &other.parts));
        spent += candidate.pairs - saved;
        chosen.push(candidate);
    }
    chosen
}

/// Does the first rule give every pair that the second one gives?
fn includes(wide: &[KeyPart], narrow: &[KeyPart]) -> bool {
    wide.iter().all(|one| narrow.iter().any(|other| is_wider(*one, *other)))
}

fn is_wider(wide: KeyPart, narrow: KeyPart) -> bool {
    let of_transform = wide.transform == narrow.transform
        || narrow.transform == Transform::Whole
        || (narrow.transform == Transform::Month && wide.transform == Transform::Year);
    wide.field == narrow.field && of_transform
}

fn named(study: &Study, parts: Vec<KeyPart>) -> Rule {
    let name = |part: &KeyPart| {
        let field = study.field_name(part.field);
        match part.transform {
            Transform::Prefix(letters) => format!("prefix({field}, {letters})"),
            Transform::Suffix(letters) => format!("suffix({field}, {letters})"),
            Transform::Month => format!("month({field})"),
            Transform::Year => format!("year({field})"),
            Transform::Sound => format!("sound({field})"),
            _ => field.to_owned(),
        }
    };
    let name = parts.iter().map(name).collect::<Vec<_>>().join(" and ");
    Rule { name, keys: Keys::Parts(parts), across_sources: false, block_pairs: BLOCK_PAIRS }
}

#[cfg(test)]
mod tests {
    use super::{Candidate, PAIRS_ALWAYS, choose, includes, pairs_among, part};
    use crate::intake::study::{Field, KeyPart, Transform};

    fn rule(fields: &[(u16, Transform)], pairs: f64) -> Candidate {
        let parts = fields.iter().map(|(field, by)| part(Field::Custom(*field), *by)).collect::<Vec<KeyPart>>();
        Candidate { parts, pairs }
    }

    #[test]
    fn a_rule_that_another_one_includes_is_dropped_and_the_budget_is_kept() {
        let (whole, prefix) = (Transform::Whole, Transform::Prefix(3));
        let candidates = vec![
            rule(&[(0, whole), (1, whole)], 10.0),
            rule(&[(0, prefix), (1, whole)], 40.0),
            rule(&[(2, whole), (1, whole)], 30.0),
            rule(&[(2, prefix), (0, prefix)], PAIRS_ALWAYS),
            rule(&[(3, whole)], 1e9),
        ];
        let chosen = choose(candidates, 1_000);
        let pairs: Vec<f64> = chosen.iter().map(|candidate| candidate.pairs).collect();
        assert_eq!(pairs, [30.0, 40.0]);
        assert!(!includes(&chosen[0].parts, &chosen[1].parts));
    }

    #[test]
    fn a_missing_key_gives_no_pairs() {
        assert_eq!(pairs_among(&[&[7, 7, 7, 0, 0], &[1, 1, 0, 1, 1]]), 1.0);
    }
}
