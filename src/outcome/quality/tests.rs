//! Does the judge count as one does by hand?

use super::{Counts, Quality, TruePerson, Truth, evaluate};
use crate::outcome::files::{DiscrepancyRow, LinkRow, PersonRow};

fn record(source: &str, id: &str, person: &str) -> (String, String, String) {
    (source.to_owned(), id.to_owned(), person.to_owned())
}

fn member(person: u64, source: &str, id: &str) -> PersonRow {
    PersonRow { person, source: source.to_owned(), record_id: id.to_owned() }
}

fn link(one: (&str, &str), other: (&str, &str), probability: f64, decision: &str) -> LinkRow {
    let own = |(source, id): (&str, &str)| (source.to_owned(), id.to_owned());
    LinkRow {
        one: own(one),
        other: own(other),
        match_weight: 0.0,
        match_probability: probability,
        decision: decision.to_owned(),
    }
}

fn visit(id: u32, kind: &str, person: u64, probability: f64) -> DiscrepancyRow {
    DiscrepancyRow {
        discrepancy: format!("D{id:08}"),
        kind: kind.to_owned(),
        person,
        roll_record: None,
        area: String::new(),
        probability,
        priority: id,
        evidence: String::new(),
    }
}

/// True persons: a {roll 1, health 1, police 1}, b {roll 2, police 2}, c {health 2, health 3}, d {police 3}.
fn truth() -> Truth {
    let person = |name: &str, enumerated| TruePerson { person: name.to_owned(), resident: true, enumerated };
    Truth {
        records: vec![
            record("roll", "1", "a"),
            record("health", "1", "a"),
            record("police", "1", "a"),
            record("roll", "2", "b"),
            record("police", "2", "b"),
            record("health", "2", "c"),
            record("health", "3", "c"),
            record("police", "3", "d"),
        ],
        persons: Some(vec![
            person("a", true),
            person("b", true),
            person("c", false),
            person("d", false),
            person("e", false),
        ]),
        roll: Some(String::from("roll")),
        ..Truth::default()
    }
}

/// The run: 0 {roll 1, health 1}, 1 {roll 2, police 2, police 3}, 2 {health 2, health 3}, 3 {police 1}.
fn run() -> Vec<PersonRow> {
    vec![
        member(0, "roll", "1"),
        member(1, "roll", "2"),
        member(0, "health", "1"),
        member(2, "health", "2"),
        member(2, "health", "3"),
        member(3, "police", "1"),
        member(1, "police", "2"),
        member(1, "police", "3"),
    ]
}

fn judge(links: &[LinkRow], visits: &[DiscrepancyRow]) -> Quality {
    evaluate(&run(), links, visits, &truth())
}

#[test]
fn pairs_of_persons_are_counted_by_group_sizes() {
    let quality = judge(&[], &[]);
    // True: a 3, b 1, c 1. Found: person 0 has 1, person 1 has 3, person 2 has 1. Right: 1 + 1 + 1.
    assert_eq!(quality.persons, Counts { truth: 5, found: 5, right: 3 });
    assert_eq!(quality.persons.precision(), Some(0.6));
    assert_eq!(quality.persons.f1(), Some(0.6));
    // Only c is whole and alone.
    assert_eq!((quality.persons_exact, quality.persons_run, quality.persons_true), (1, 4, 4));
    let of = |one: &str, other: &str| {
        quality.by_sources.iter().find(|pair| pair.one == one && pair.other == other).map(|pair| pair.pairs)
    };
    assert_eq!(of("police", "roll"), Some(Counts { truth: 2, found: 2, right: 1 }));
    assert_eq!(of("health", "health"), Some(Counts { truth: 1, found: 1, right: 1 }));
    assert_eq!(of("police", "police"), Some(Counts { truth: 0, found: 1, right: 0 }));
    assert_eq!(of("roll", "roll"), None);
}

#[test]
fn links_are_those_between_roll_and_registers() {
    let links = [
        link(("roll", "1"), ("health", "1"), 0.99, "link"),
        link(("roll", "2"), ("police", "2"), 0.9, "link"),
        link(("roll", "2"), ("police", "3"), 0.6, "link"),
        link(("roll", "1"), ("police", "1"), 0.3, "possible"),
        link(("health", "2"), ("health", "3"), 0.95, "link"),
        link(("roll", "1"), ("health", "99"), 0.9, "link"),
    ];
    let quality = judge(&links, &[]);
    assert_eq!(quality.links, Counts { truth: 3, found: 3, right: 2 });
    let bands: Vec<(f64, u64, u64)> =
        quality.reliability.iter().map(|band| (band.from, band.pairs, band.matches)).collect();
    assert_eq!(bands, [(0.2, 1, 1), (0.5, 1, 0), (0.8, 1, 1), (0.95, 1, 1), (0.99, 1, 1)]);
    assert!((quality.reliability[1].expected - 0.6).abs() < 1e-12);
    // Tenths: 0.3 → +0.7; 0.6 → −0.6; 0.99, 0.9 and 0.95 together → +0.16, of five pairs that the truth knows.
    let error = quality.calibration_error.expect("there are links");
    assert!((error - 1.46 / 5.0).abs() < 1e-12, "{error}");
    assert_eq!(judge(&[], &[]).calibration_error, None);
}

#[test]
fn each_missed_person_is_found_once() {
    // c and d are missed and registered; e is in no register. Person 1's register records are b's and d's: of equals
    // the first true person, b, who was enumerated.
    let visits = [
        visit(1, "missed_person", 2, 0.9),
        visit(2, "missed_household", 2, 0.8),
        visit(3, "missed_newborn", 1, 0.5),
        visit(4, "unsupported_enumeration", 0, 0.99),
    ];
    let quality = judge(&[], &visits);
    let missed = quality.missed.expect("the truth knows who was missed");
    assert_eq!((missed.missed, missed.listed), (2, 2));
    assert!((missed.average_precision - 0.5).abs() < 1e-12);
    let found: Vec<(u64, u64)> = missed.visits.iter().map(|visits| (visits.visits, visits.found)).collect();
    assert_eq!(found, [(2, 1), (2, 1), (2, 1)], "the household is its members a second time");
    assert!((missed.visits[0].expected - 1.4).abs() < 1e-12);
    assert_eq!(quality.discrepancies["unsupported_enumeration"].listed, 1);
}

#[test]
fn a_late_find_is_worth_its_rank() {
    let visits =
        [visit(1, "missed_person", 0, 0.9), visit(2, "missed_person", 2, 0.8), visit(3, "missed_person", 2, 0.7)];
    let missed = judge(&[], &visits).missed.expect("known");
    // The only find is at rank 2, of two missed: (1/2) / 2.
    assert!((missed.average_precision - 0.25).abs() < 1e-12);
}

#[test]
fn records_that_one_side_lacks_are_counted() {
    let mut persons = run();
    persons.truncate(7);
    persons.push(member(9, "police", "no such"));
    let visits = [visit(1, "missed_person", 9, 0.9), visit(2, "missed_person", 2, 0.8)];
    let quality = evaluate(&persons, &[], &visits, &truth());
    assert_eq!((quality.records, quality.records_unknown, quality.records_absent), (7, 1, 1));
    let missed = quality.missed.expect("the truth knows who was missed");
    assert_eq!((missed.listed, missed.unknown, missed.visits[0].expected), (1, 1, 0.8), "nobody can tell of person 9");
    let nothing = evaluate(&[], &[], &[], &Truth::default());
    assert_eq!(nothing.persons.precision(), None);
    assert!(nothing.missed.is_none());
}

#[test]
fn half_a_million_records_take_no_pair_lists() {
    let names: Vec<String> = (0..500_000u32).map(|at| at.to_string()).collect();
    let source = |at: usize| ["roll", "police", "health", "housing"][at % 4];
    let truth = Truth {
        records: names.iter().enumerate().map(|(at, name)| record(source(at), name, &(at / 4).to_string())).collect(),
        persons: None,
        roll: Some(String::from("roll")),
        ..Truth::default()
    };
    let persons: Vec<PersonRow> =
        names.iter().enumerate().map(|(at, name)| member((at / 4) as u64, source(at), name)).collect();
    let quality = evaluate(&persons, &[], &[], &truth);
    assert_eq!(quality.persons, Counts { truth: 750_000, found: 750_000, right: 750_000 });
    assert_eq!(quality.persons_exact, 125_000);
    // One person with everything: 10^11 pairs, counted, not listed.
    let one: Vec<PersonRow> = persons.into_iter().map(|row| PersonRow { person: 0, ..row }).collect();
    assert_eq!(evaluate(&one, &[], &[], &truth).persons.found, 500_000 * 499_999 / 2);
}
