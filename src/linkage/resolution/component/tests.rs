//! The resolution against a slow twin that tries every partition.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Component, Edges};
use crate::intake::study::Study;
use crate::linkage::comparison::Comparer;
use crate::linkage::comparison::household::Households;
use crate::linkage::model::frequency::NameFrequencies;
use crate::linkage::model::{em, measured};
use crate::linkage::resolution::Terms;
use crate::linkage::scoring::{Score, Scorer};
use crate::person::practice::{HEAD, Practice, source};
use crate::person::table::PersonTable;

/// Pairs of records, and their log2 odds.
type Odds = [((u32, u32), f64)];

/// Runs a check on a component of `slots.len()` records in these slots, all of whose pairs have the scores given.
fn with_component(slots: &[u8], scores: &Odds, check: impl FnOnce(&mut Component<'_>)) {
    with_duplicates(-8.0, slots, scores, check);
}

/// Like [`with_component`], where records of one slot are so likely one person's.
fn with_duplicates(duplicate: f64, slots: &[u8], scores: &Odds, check: impl FnOnce(&mut Component<'_>)) {
    let study = format!("{HEAD}{}", source("a", "roll", true, &[("name", "name")]));
    let study = Practice::of(&[("a.csv", "id,name\n1,x\n")], &study).study;
    with_table(&study, &PersonTable::default(), duplicate, (slots, scores), check);
}

/// Like [`with_duplicates`], where the records say something.
fn with_table(
    study: &Study,
    table: &PersonTable,
    duplicate: f64,
    (slots, scores): (&[u8], &Odds),
    check: impl FnOnce(&mut Component<'_>),
) {
    let comparer = Comparer::new(study, table);
    let model =
        em::fit(&comparer, measured::measure(&comparer, table, &Households::of(table), 1), Vec::new(), &Vec::new());
    let names = NameFrequencies::of(table);
    let scorer = Scorer::new(&comparer, table, &model, slots, &names);
    let edges: Edges =
        scores.iter().map(|(pair, odds)| (*pair, Score { weight: odds + 10.0, log2_odds: *odds })).collect();
    let duplicates = vec![duplicate; slots.iter().copied().max().map_or(0, usize::from) + 1];
    let records = (0..u32::try_from(slots.len()).unwrap()).collect();
    let terms = Terms { scorer: &scorer, minimum: 0.0, duplicates, support: None };
    check(&mut Component { terms: &terms, records, edges });
}

fn total(component: &mut Component<'_>, persons: &[Vec<u32>]) -> f64 {
    persons.iter().map(|person| component.evidence(person)).sum()
}

/// The greatest total over all partitions: record by record into an old person or a new one.
fn best(component: &mut Component<'_>, next: u32, persons: &mut Vec<Vec<u32>>) -> f64 {
    if next as usize == component.records.len() {
        return total(component, persons);
    }
    let mut greatest = f64::NEG_INFINITY;
    for at in 0..=persons.len() {
        if at == persons.len() {
            persons.push(vec![next]);
            greatest = greatest.max(best(component, next + 1, persons));
            persons.pop();
        } else {
            persons[at].push(next);
            greatest = greatest.max(best(component, next + 1, persons));
            persons[at].pop();
        }
    }
    greatest
}

fn resolved(component: &mut Component<'_>) -> Vec<Vec<u32>> {
    let mut persons = component.join_greedily();
    component.settle(&mut persons);
    persons.iter_mut().for_each(|person| person.sort_unstable());
    persons.sort();
    persons
}

#[test]
fn a_first_choice_that_blocks_two_better_ones_is_undone() {
    // Records 0 and 1 of one register, 2 and 3 of another: 0–2 is the best single pair, 0–3 with 1–2 the better two.
    let scores = [((0, 2), 10.0), ((0, 3), 9.0), ((1, 2), 9.0), ((1, 3), -25.0), ((0, 1), -30.0), ((2, 3), -30.0)];
    with_component(&[0, 0, 1, 1], &scores, |component| {
        assert_eq!(component.join_greedily(), [vec![0, 2], vec![1], vec![3]], "greedy alone is caught");
        let mut exchanged = component.join_greedily();
        component.improve(&mut exchanged, 2);
        assert_eq!(exchanged, component.join_greedily(), "it has more links than are looked at");
        component.improve(&mut exchanged, 3);
        exchanged.sort();
        assert_eq!(exchanged, [vec![0, 3], vec![1, 2]], "by exchanges, as in a large component");
        assert_eq!(resolved(component), [vec![0, 3], vec![1, 2]], "exactly");
    });
}

#[test]
fn one_pair_does_not_hold_two_persons_together_whose_other_records_are_unlike() {
    // Four records of each of two persons; 3–4 look alike, no other pair across does, though none speaks against it.
    let mut scores = Vec::new();
    for one in 0..8u32 {
        for other in one + 1..8 {
            let odds = if one / 4 == other / 4 { 12.0 } else { -6.0 };
            scores.push(((one, other), if (one, other) == (3, 4) { 3.0 } else { odds }));
        }
    }
    with_duplicates(0.0, &[0; 8], &scores, |component| {
        assert_eq!(resolved(component), [vec![0, 1, 2, 3], vec![4, 5, 6, 7]]);
    });
    // In different slots the same pairs are records of different registers, of which each knows something else.
    with_component(&[0, 1, 2, 3, 4, 5, 6, 7], &scores, |component| {
        assert_eq!(resolved(component).len(), 1);
    });
}

#[test]
fn a_pair_that_says_nothing_does_not_keep_two_records_apart() {
    let scores = [((0, 1), 12.0), ((1, 2), 12.0), ((0, 2), -9.0)];
    with_component(&[0, 1, 2], &scores, |component| assert_eq!(resolved(component), [vec![0, 1, 2]]));
}

#[test]
fn a_register_holds_a_person_once_unless_the_evidence_is_strong() {
    with_component(&[0, 1, 0], &[((0, 1), 12.0), ((1, 2), 6.0), ((0, 2), -20.0)], |component| {
        assert_eq!(resolved(component), [vec![0, 1], vec![2]]);
    });
    with_component(&[0, 1, 0], &[((0, 1), 12.0), ((1, 2), 12.0), ((0, 2), 15.0)], |component| {
        assert_eq!(resolved(component), [vec![0, 1, 2]]);
    });
}

#[test]
fn what_twins_share_makes_up_for_one_register_and_not_for_the_next() {
    // Two children of one dwelling: the pairs of one register weigh a bit more than a duplicate takes (weights are ten
    // bits above the odds), and what is one child's in two registers weighs much more.
    for (registers, persons) in [(1, 1), (2, 2), (3, 2)] {
        let records = 2 * registers;
        let pairs = (0..records).flat_map(|one| (one + 1..records).map(move |other| (one, other)));
        let odds = |(one, other): (u32, u32)| if one % 2 == other % 2 { 20.0 } else { 2.0 };
        let scores: Vec<((u32, u32), f64)> = pairs.map(|pair| (pair, odds(pair))).collect();
        let slots: Vec<u8> = (0..registers as u8).flat_map(|register| [register, register]).collect();
        with_duplicates(-11.0, &slots, &scores, |component| {
            assert_eq!(component.join_greedily().len(), persons, "{registers} registers, greedily");
            assert_eq!(resolved(component).len(), persons, "{registers} registers, exactly");
        });
    }
}

#[test]
fn two_rows_of_one_register_with_two_names_and_two_right_numbers_of_one_day_are_twins() {
    let columns = [("name", "name"), ("id_number", "number")];
    let study = ["a", "b"].map(|name| source(name, "register", true, &columns)).concat();
    // A register with both numbers, and one with none.
    let persons = |numbers: [&str; 2], other: &str| {
        let with = format!("id,name,number\n1,许文斌,{}\n2,{other},{}\n", numbers[0], numbers[1]);
        let without = format!("id,name,number\n1,许文斌,\n2,{other},\n");
        let practice = Practice::of(&[("a.csv", &with), ("b.csv", &without)], &format!("{HEAD}{study}"));
        // All are alike, as twins are; that the register has both is unlikely, and the weight (ten bits above the odds)
        // makes up for it.
        let scores = [((0, 2), 20.0), ((1, 3), 20.0), ((0, 3), 19.0), ((1, 2), 19.0), ((2, 3), 15.0), ((0, 1), -5.0)];
        let mut persons = 0;
        with_table(&practice.study, &practice.table(), -3.0, (&[0, 0, 1, 1], &scores), |component| {
            assert!(component.join_greedily().len() <= 2);
            let found = resolved(component);
            assert!(found.len() == 1 || found == [vec![0, 2], vec![1, 3]], "{found:?}");
            persons = found.len();
        });
        persons
    };
    assert_eq!(persons(["120106201503050010", "120106201503050037"], "许文宇"), 2);
    assert_eq!(
        persons(["120106201503050010", "120106201503050037"], "许文斌"),
        1,
        "who has one name may have two numbers"
    );
    assert_eq!(persons(["120106201503050010", "120106201503050010"], "许文宇"), 1, "one number");
    assert_eq!(
        persons(["120106201503050010", "120106201103050011"], "许文宇"),
        1,
        "another day, a slip perhaps: the score knows"
    );
}

#[test]
fn two_rows_of_one_household_of_a_register_with_two_names_are_two_persons() {
    let columns = [("name", "name"), ("household", "household")];
    let study = format!("{HEAD}{}", source("a", "register", true, &columns));
    let persons = |other: &str, household: &str, both: f64| {
        let rows = format!("id,name,household\n1,彭建辉,h1\n2,{other},{household}\n3,彭建辉,\n");
        let practice = Practice::of(&[("a.csv", &rows)], &study);
        let scores = [((0, 2), 20.0), ((1, 2), 3.0), ((0, 1), both)];
        let mut persons = 0;
        with_table(&practice.study, &practice.table(), -3.0, (&[0, 0, 1], &scores), |component| {
            persons = resolved(component).len();
        });
        persons
    };
    assert_eq!(persons("曾杰", "h1", -5.0), 2);
    assert_eq!(persons("曾杰", "h2", -5.0), 1, "each entered by somebody else");
    assert_eq!(persons("彭建飞", "h1", -5.0), 1, "a slip of the pen");
    assert_eq!(persons("曾杰", "h1", 5.0), 1, "there are reasons enough");
}

#[test]
fn two_rows_of_one_form_of_the_roll_with_names_of_siblings_are_two_persons() {
    let columns = [("name", "name"), ("id_number", "number"), ("household", "household"), ("relationship", "relation")];
    let persons = |role: &str, one: &str, other: &str| {
        let study = ["a", "b"].map(|name| source(name, if name == "a" { role } else { "register" }, true, &columns));
        let rows = format!("id,name,number,household,relation\n1,{one}\n2,{other}\n");
        let certificate = "id,name,number,household,relation\n3,,,,\n";
        let practice = Practice::of(&[("a.csv", &rows), ("b.csv", certificate)], &format!("{HEAD}{}", study.concat()));
        // A nameless certificate is as likely of the one as of the other, and what twins share makes them likely one.
        let scores = [((0, 2), 20.0), ((1, 2), 20.0), ((0, 1), 2.0)];
        let mut persons = 0;
        with_table(&practice.study, &practice.table(), -3.0, (&[0, 0, 1], &scores), |component| {
            persons = resolved(component).len();
        });
        persons
    };
    let number = "120106201503050010";
    let girl = format!("王阳淑,{number},h1,子女");
    assert_eq!(persons("roll", &girl, "王阳雨,,h1,子女"), 2, "the number of one is missing");
    assert_eq!(persons("roll", "王阳淑,,h1,子女", "王阳雨,,h1,子女"), 2, "both");
    assert_eq!(persons("roll", &girl, "王阳雨,12010620150305003,h1,子女"), 2, "it is too short");
    assert_eq!(persons("roll", &girl, "王阳雨,,h2,子女"), 1, "another form, filled in by somebody else");
    assert_eq!(persons("register", &girl, "王阳雨,,h1,子女"), 1, "a row for every visit");
    assert_eq!(persons("roll", &girl, &format!("王阳雨,{number},h1,子女")), 1, "copied twice");
    assert_eq!(
        persons("roll", &girl, "王阳雨,120106201503050011,h1,子女"),
        1,
        "copied twice with a slip in the number"
    );
    assert_eq!(persons("roll", &girl, "王阳淑,,h1,子女"), 1, "one name");
    assert_eq!(persons("roll", &girl, "王杨淑,,h1,子女"), 1, "it sounds the same");
    for relation in ["户主", "配偶"] {
        let [one, other] = ["王阳淑", "王阳雨"].map(|name| format!("{name},,h1,{relation}"));
        assert_eq!(persons("roll", &one, &other), 1, "a form has one {relation}");
    }
}

#[test]
fn small_components_are_resolved_as_well_as_trying_every_partition() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..200 {
        let slots: Vec<u8> = (0..6).map(|_| rng.random_range(0..3)).collect();
        let mut scores = Vec::new();
        for one in 0..6u32 {
            for other in one + 1..6 {
                let positive = rng.random_range(0..100) < 45;
                let odds = if positive { rng.random_range(1.0..20.0) } else { rng.random_range(-40.0..-1.0) };
                scores.push(((one, other), odds));
            }
        }
        with_component(&slots, &scores, |component| {
            let persons = resolved(component);
            let (found, greatest) = (total(component, &persons), best(component, 0, &mut Vec::new()));
            assert!((found - greatest).abs() < 1e-6, "{found} of {greatest}");
        });
    }
}

#[test]
fn sums_that_are_kept_join_the_same_persons_as_sums_made_anew() {
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let (mut persons, mut of_many) = (0, 0);
    for _ in 0..20 {
        let slots: Vec<u8> = (0..40).map(|_| rng.random_range(0..4)).collect();
        // Whole numbers: their sums are the same in any order.
        let mut scores = Vec::new();
        for one in 0..40u32 {
            for other in one + 1..40 {
                let is_likely = rng.random_range(0..100) < if one % 5 == other % 5 { 80 } else { 10 };
                let odds = if is_likely { rng.random_range(1..20) } else { rng.random_range(-12..0) };
                scores.push(((one, other), f64::from(odds)));
            }
        }
        with_duplicates(-8.0, &slots, &scores, |component| {
            let joined = component.join_summing(true);
            assert_eq!(joined, component.join_summing(false));
            persons += joined.len();
            of_many += joined.iter().filter(|person| person.len() > 4).count();
        });
    }
    assert!(persons > of_many && of_many > 20, "{of_many} of {persons}");
}

#[test]
fn exchanges_never_lose_and_mostly_reach_the_greatest_total() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (mut reached, mut greedy_reached) = (0, 0);
    for _ in 0..200 {
        let slots: Vec<u8> = (0..6).map(|at| at % 3).collect();
        let mut scores = Vec::new();
        for one in 0..6u32 {
            for other in one + 1..6 {
                let odds =
                    if slots[one as usize] == slots[other as usize] { -30.0 } else { rng.random_range(-20.0..20.0) };
                scores.push(((one, other), odds));
            }
        }
        with_component(&slots, &scores, |component| {
            let mut persons = component.join_greedily();
            let greedy = total(component, &persons);
            component.improve(&mut persons, usize::MAX);
            let (found, greatest) = (total(component, &persons), best(component, 0, &mut Vec::new()));
            assert!(greedy <= found + 1e-9 && found <= greatest + 1e-9);
            reached += u32::from(found > greatest - 1e-6);
            greedy_reached += u32::from(greedy > greatest - 1e-6);
        });
    }
    assert!(reached > greedy_reached, "exchanges bring something: {reached} against {greedy_reached} of 200");
}
