//! The rules on districts of a few persons.

use std::path::Path;

use super::rows::may_list_others;
use super::{Case, find, plan_visits};
use crate::intake::extract;
use crate::intake::study::{Study, file};
use crate::linkage::comparison::Comparer;
use crate::linkage::decided::Decided;
use crate::linkage::{self, Linked};
use crate::outcome::discrepancy::{Discrepancy, DiscrepancyKind, Findings};
use crate::outcome::links;
use crate::outcome::residence::Residence;
use crate::outcome::settled::{Settled, record_digest};
use crate::person;
use crate::person::table::PersonTable;
use crate::progress::Silent;
use crate::synthetic::identity::with_check;

/// The columns of all three files: who, name, day of birth, household, death, and for the roll D7, D8 and D9.
const COLUMNS: &str = "id,name,number,born,address,household,died,d7,d8,d9";

/// A row of the person with this number.
fn row(id: &str, person: u32, household: &str, more: &str) -> String {
    const NAMES: [&str; 6] = ["赵建国", "钱秀英", "孙志强", "李桂兰", "周文静", "吴海涛"];
    let born = format!("{}-{:02}-{:02}", 1950 + person % 50, 1 + person % 12, 1 + person % 28);
    let number = with_check(&format!("999999{}{:03}", born.replace('-', ""), person % 900 + 11));
    let name = format!("{}{}", NAMES[person as usize % 6], ["", "明", "华", "平"][person as usize / 6 % 4]);
    let address = format!("幸福里{}号楼1单元{}01室", 1 + person / 8, 1 + person % 8);
    format!("{id},{name},{number},{born},{address},{household},{more}\n")
}

fn read(folder: &Path, sources: [(&str, &str, Vec<String>); 3]) -> Study {
    let mut study = String::from("[study]\nname = \"s\"\nreference_time = \"2020-11-01T00:00:00+08:00\"\n");
    // Others, so that it is known what strangers look like.
    let others =
        |source: &str| -> String { (100..160).map(|at| row(&format!("{source}{at}"), at, "", ",1,1,1")).collect() };
    for (name, role, rows) in sources {
        let text = format!("{COLUMNS}\n{}{}", rows.concat(), others(name));
        std::fs::write(folder.join(format!("{name}.csv")), text).unwrap();
        study += &format!(
            "[[source]]\nname = \"{name}\"\nrole = \"{role}\"\npath = \"{name}.csv\"\nrecord_id = \"id\"\n[source.columns]\nname = \"name\"\nid_number = \"number\"\nbirth_date = \"born\"\naddress = \"address\"\nhousehold = \"household\"\ndeath_date = \"died\"\n"
        );
        if role == "roll" {
            study += "registration = \"d8\"\nleft_registration = \"d9\"\n[source.rows]\ncolumn = \"d7\"\nelsewhere = [\"5\"]\nelsewhere_in_area = [\"2\"]\notherwise = \"present\"\n";
        }
    }
    std::fs::write(folder.join("study.toml"), study).unwrap();
    file::read(&folder.join("study.toml")).unwrap()
}

/// Links the district of these rows of roll, police and health, and hands everything on.
fn district([roll, police, health]: [Vec<String>; 3], look: impl FnOnce(&Study, &PersonTable, &Comparer<'_>, &Linked)) {
    let folder = tempfile::tempdir().unwrap();
    let sources = [("roll", "roll", roll), ("police", "register", police), ("health", "register", health)];
    let study = read(folder.path(), sources);
    let extracts = [0, 1, 2].map(|source| extract::open(&study, source).unwrap());
    let table = person::standardise(&study, &extracts, &Silent).unwrap().table;
    let comparer = Comparer::new(&study, &table);
    let linked = linkage::link(&study, &table, &comparer, &Decided::default(), || {}, &Silent).unwrap();
    look(&study, &table, &comparer, &linked);
}

fn of_kind(findings: &Findings, kind: DiscrepancyKind) -> Vec<&Discrepancy> {
    findings.discrepancies.iter().filter(|found| found.kind == kind).collect()
}

#[test]
fn households_are_missed_whatever_record_is_shown_of_their_members() {
    let police = |person: u32, household: &str| row(&format!("p{person}"), person, household, ",,,");
    let health = |person: u32| row(&format!("h{person}"), person, "", ",,,");
    // A: two missed, also known to health. B: one of two is on the roll. C: 24 of 25 in an institution are missed.
    let mut registered: Vec<String> = vec![police(1, "A"), police(2, "A"), police(3, "B"), police(4, "B")];
    registered.extend((10..35).map(|person| police(person, "C")));
    let enumerated = vec![row("r3", 3, "1", ",1,1,1"), row("r10", 10, "2", ",1,1,1")];
    let treated = vec![health(1), health(2), health(4)];
    district([enumerated, registered, treated], |study, table, comparer, linked| {
        let case = Case::of(study, table, comparer, linked);
        let person = |id: &str| person_of(table, linked, id);
        let missed = |id: &str| {
            let shown = case.best_record(linked.resolution.records_of(person(id))).unwrap();
            case.discrepancy(DiscrepancyKind::MissedPerson, person(id), None, shown, 0.5, Vec::new())
        };
        let mut all: Vec<Discrepancy> = ["p1", "p2", "p4", "p11", "p12"].map(missed).into();
        all.sort_by_key(|missed| missed.person);
        assert_eq!(person("p1"), person("h1"));
        let mut found = Vec::new();
        case.missed_households(&all, &mut found);
        let mut members = vec![person("p1"), person("p2")];
        members.sort_unstable();
        assert_eq!(found.iter().map(|found| found.members.clone()).collect::<Vec<_>>(), [members]);
    });
}

/// The person of the record with this id.
fn person_of(table: &PersonTable, linked: &Linked, id: &str) -> u32 {
    let records = 0..u32::try_from(table.len()).unwrap();
    linked.resolution.person_of[records.into_iter().find(|at| table.record_id(*at) == id).unwrap() as usize]
}

/// A row with another address.
fn at(id: &str, person: u32, household: &str, address: &str) -> String {
    let text = row(id, person, household, if id.starts_with('r') { ",1,1,1" } else { ",,," });
    let usual = text.split(',').nth(4).unwrap().to_owned();
    text.replace(&usual, address)
}

#[test]
fn a_house_without_rooms_is_one_door_and_a_building_is_none() {
    let places = [
        ("桃花村3组12号", true),
        ("茶店胡同12号院", true),
        ("桃花村12号楼", false),
        ("桃花村", false),
        ("西青道98号", true),
        ("杏花村12号", false),
        ("杏花村12号3室", false),
    ];
    let police = (1..).zip(places).map(|(person, (address, _))| at(&format!("p{person}"), person, "", address));
    district([Vec::new(), police.collect(), Vec::new()], |study, table, comparer, linked| {
        let case = Case::of(study, table, comparer, linked);
        for (number, (address, is_door)) in (1..).zip(places) {
            let record = (0..200).find(|at| table.record_id(*at) == format!("p{number}")).unwrap();
            let person = linked.resolution.person_of[record as usize];
            let found = case.discrepancy(DiscrepancyKind::MissedPerson, person, None, record, 0.5, Vec::new());
            assert_eq!(found.at_house, is_door, "{address}");
        }
    });
}

#[test]
fn a_case_is_where_another_record_says_more_of_its_place() {
    let whole = "幸福里3号楼1单元601室";
    let police = vec![
        // Another register names the building; another member of the household does; two buildings, most say 3.
        at("p1", 1, "A", "幸福里1单元601室"),
        at("p2", 2, "A", "幸福里601室"),
        at("p3", 3, "B", "幸福里601室"),
        at("p4", 4, "B", "幸福里5号楼1单元601室"),
        at("p5", 5, "B", whole),
        at("p6", 6, "B", whole),
        // Another room, another place, nothing more, no address.
        at("p7", 7, "C", "幸福里1单元602室"),
        at("p8", 8, "C", whole),
        at("p9", 9, "D", "桃花村12号"),
        at("p10", 10, "D", ""),
    ];
    let health = vec![at("h1", 1, "", whole), at("h7", 7, "", "桃花村3号楼1单元602室")];
    district([Vec::new(), police, health], |study, table, comparer, linked| {
        let case = Case::of(study, table, comparer, linked);
        let record = |id: &str| (0..200).find(|at| table.record_id(*at) == id).unwrap();
        for (shown, addressed) in [
            ("p1", "h1"),
            ("p2", "h1"),
            ("p3", "p5"),
            ("p4", "p4"),
            ("p5", "p5"),
            ("p7", "p7"),
            ("p9", "p9"),
            ("p10", "p9"),
        ] {
            let person = person_of(table, linked, shown);
            let kind = DiscrepancyKind::MissedPerson;
            let found = case.discrepancy(kind, person, None, record(shown), 0.5, Vec::new());
            assert_eq!(table.record_id(found.addressed_record), addressed, "{shown}");
        }
    });
}

#[test]
fn members_of_a_household_on_the_list_come_along_at_its_door() {
    let at = |id: &str, person: u32, household: &str, address: &str| {
        let text = row(id, person, household, ",,,");
        let usual = text.split(',').nth(4).unwrap().to_owned();
        text.replace(&usual, address)
    };
    let home = "幸福里3号楼1单元601室";
    let police = vec![
        at("p1", 1, "A", home),
        at("p2", 2, "A", home),
        at("p3", 3, "A", "幸福里9号楼1单元601室"),
        at("p4", 4, "B", "桃花村12号"),
        at("p5", 5, "B", "桃花村12号"),
    ];
    district([Vec::new(), police, Vec::new()], |study, table, comparer, linked| {
        use crate::outcome::visit::Outcome;
        let case = Case::of(study, table, comparer, linked);
        let record = |id: &str| (0..200).find(|at| table.record_id(*at) == id).unwrap();
        let missed = |(id, probability): (&str, f64)| {
            let (person, shown) = (person_of(table, linked, id), record(id));
            case.discrepancy(DiscrepancyKind::MissedPerson, person, None, shown, probability, Vec::new())
        };
        let plan = |visits: u64, settled: &Settled| {
            let mut all: Vec<Discrepancy> =
                [("p1", 0.9), ("p2", 0.04), ("p3", 0.03), ("p4", 0.5), ("p5", 0.02)].map(missed).into();
            all.sort_by_key(|missed| missed.person);
            let mut found = Vec::new();
            case.missed_households(&all, &mut found);
            found.extend(all);
            let (count, expected) = plan_visits(&case, settled, &mut found, Some(visits));
            let listed = found.iter().filter(|found| found.listed);
            let mut names: Vec<&str> = listed
                .map(|found| match found.kind {
                    DiscrepancyKind::MissedHousehold => "household",
                    _ => table.record_id(found.shown_record),
                })
                .collect();
            names.sort_unstable();
            (count, (expected * 100.0).round(), names.join(" "))
        };
        let none = Settled::default();
        assert_eq!(plan(0, &none), (0, 0.0, String::new()));
        // The third member's own door is another one.
        assert_eq!(plan(1, &none), (2, 94.0, String::from("household p1 p2")));
        assert_eq!(plan(2, &none), (4, 146.0, String::from("household household p1 p2 p4 p5")));
        // Whom a visit has answered is not asked about again, nor a household.
        let person = person_of(table, linked, "p2");
        let settled = |kind| Settled::of_persons([(kind, person, Outcome::Added)]);
        assert_eq!(plan(1, &settled(DiscrepancyKind::MissedPerson)), (1, 90.0, String::from("household p1")));
        let household = person_of(table, linked, "p1").min(person);
        let settled = Settled::of_persons([(DiscrepancyKind::MissedHousehold, household, Outcome::Added)]);
        assert_eq!(plan(1, &settled), (1, 90.0, String::from("p1")));
    });
}

#[test]
fn a_roll_without_meanings_that_lists_many_twice_is_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("roll.csv"), "x").unwrap();
    let roll = |columns: &str, more: &str| {
        let path = folder.path().join("study.toml");
        let source = "[[source]]\nname = \"roll\"\nrole = \"roll\"\npath = \"roll.csv\"\n[source.columns]\n";
        std::fs::write(&path, format!("[study]\nname = \"s\"\n{source}name = \"n\"\n{columns}{more}")).unwrap();
        file::read(&path).unwrap().sources.remove(0)
    };
    let area = "enumeration_area = \"a\"\n";
    assert!(may_list_others(&roll(area, ""), 1_000, 51));
    assert!(!may_list_others(&roll(area, ""), 1_000, 50));
    assert!(!may_list_others(&roll("", ""), 1_000, 500), "one file is searched for duplicates");
    let rows = "[source.rows]\ncolumn = \"d7\"\nelsewhere = [\"5\"]\n";
    assert!(!may_list_others(&roll(area, rows), 1_000, 500));
}

#[test]
fn the_dead_who_are_counted_by_a_row_that_lists_them_elsewhere_are_found() {
    // Away for less than half a year, and dead; a guest's row, and the one that counts.
    let roll = vec![row("r1", 1, "", ",5,1,2"), row("r2", 2, "", ",1,4,2"), row("r2b", 2, "", ",1,1,1")];
    let dead = |person: u32| row(&format!("h{person}"), person, "", "2020-03-04,,,");
    district([roll, Vec::new(), vec![dead(1), dead(2)]], |study, table, comparer, linked| {
        let settled = Settled::default();
        let found = find(study, table, comparer, linked, &Residence::default(), &settled, None);
        let rows: Vec<&str> = of_kind(&found, DiscrepancyKind::DeadBeforeReference)
            .into_iter()
            .map(|found| table.record_id(found.roll_record.unwrap()))
            .collect();
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert!(rows.contains(&"r1") && rows.contains(&"r2b"), "{rows:?}");
    });
}

#[test]
fn every_row_of_a_person_enumerated_three_times_is_a_question_of_its_own() {
    use crate::intake::named_table::TableFile;
    use crate::intake::outcomes::{OutcomeRow, Outcomes};
    let roll = vec![row("r1", 1, "", ",1,1,1"), row("r1b", 1, "", ",1,1,1"), row("r1c", 1, "", ",1,1,1")];
    let police = vec![row("p1", 1, "", ",,,")];
    district([roll, police, Vec::new()], |study, table, comparer, linked| {
        let look = |settled: &Settled| find(study, table, comparer, linked, &Residence::default(), settled, None);
        let first = look(&Settled::default());
        let rows: Vec<&str> = of_kind(&first, DiscrepancyKind::DuplicateEnumeration)
            .into_iter()
            .map(|found| table.record_id(found.roll_record.unwrap()))
            .collect();
        assert_eq!(rows.len(), 2);
        let settled = |outcome: &str| {
            let digests = [rows[0], "r1", rows[1]].map(|id| record_digest("roll", id));
            let row = OutcomeRow {
                row: 2,
                kind: String::from("duplicate_enumeration"),
                outcome: outcome.to_owned(),
                records: digests.to_vec(),
                case: String::new(),
                visited_on: String::new(),
            };
            let table_file = TableFile { path: "outcomes.csv".into(), digest: String::new(), bytes: 0, rows: 1 };
            let outcomes = Outcomes { table: table_file, rows: vec![row] };
            Settled::of(&outcomes, study, table, &linked.resolution).unwrap()
        };
        // Counted elsewhere: that is what a duplicate is. Another person: it is none.
        for (outcome, left) in [("09", 2), ("02", 2), ("04", 2), ("15", 1)] {
            let found = look(&settled(outcome));
            let found = of_kind(&found, DiscrepancyKind::DuplicateEnumeration);
            let answered: Vec<&str> = found
                .iter()
                .filter(|found| found.is_settled())
                .map(|found| table.record_id(found.roll_record.unwrap()))
                .collect();
            assert_eq!((found.len(), answered), (left, if left == 2 { vec![rows[0]] } else { vec![] }), "{outcome}");
        }
    });
}

#[test]
fn who_is_counted_wrongly_for_another_reason_than_asked_about_stays_so() {
    let roll = vec![row("r1", 1, "", ",1,1,1")];
    let dead = vec![row("h1", 1, "", "2020-03-04,,,")];
    district([roll, Vec::new(), dead], |study, table, comparer, linked| {
        use crate::outcome::visit::Outcome;
        let person = linked.resolution.person_of[0];
        let look = |outcome: Outcome| {
            let settled = Settled::of_persons([(DiscrepancyKind::DeadBeforeReference, person, outcome)]);
            find(study, table, comparer, linked, &Residence::default(), &settled, None).wrongly_counted
        };
        assert_eq!(table.record_id(0), "r1");
        assert_eq!(look(Outcome::MovedOutBefore), [person]);
        assert!(look(Outcome::DiedBefore).is_empty() && look(Outcome::Corrected).is_empty());
    });
}

#[test]
fn a_register_that_has_somebody_twice_is_one_register() {
    // On the roll a building away from where the registers have the person, by as many records of each as are said.
    let mismatches = |police: u32, health: u32| {
        let moved = |text: String| text.replace("1号楼1单元201室", "9号楼3单元904室");
        let records = |source: &str, count: u32| -> Vec<String> {
            (0..count).map(|at| row(&format!("{source}{at}"), 1, "", ",,,")).collect()
        };
        let rows = [vec![moved(row("r1", 1, "", ",1,1,1"))], records("p", police), records("h", health)];
        let mut found = Vec::new();
        district(rows, |study, table, comparer, linked| {
            let findings = find(study, table, comparer, linked, &Residence::default(), &Settled::default(), None);
            let mismatches = of_kind(&findings, DiscrepancyKind::HouseholdMismatch);
            found = mismatches.iter().map(|found| found.evidence[0].found.to_string()).collect();
        });
        found
    };
    assert_eq!(mismatches(2, 0), Vec::<String>::new());
    assert_eq!(mismatches(2, 1), ["2 registers name another dwelling"]);
}

#[test]
fn who_is_in_another_village_or_house_is_in_another_dwelling_without_a_room() {
    let mismatches = |roll: &str, registers: [&str; 2]| {
        let at = |text: String, address: &str| text.replace("幸福里1号楼1单元201室", address);
        let rows = [
            vec![at(row("r1", 1, "", ",1,1,1"), roll)],
            vec![at(row("p1", 1, "", ",,,"), registers[0])],
            vec![at(row("h1", 1, "", ",,,"), registers[1])],
        ];
        let mut found = 0;
        district(rows, |study, table, comparer, linked| {
            let findings = find(study, table, comparer, linked, &Residence::default(), &Settled::default(), None);
            found = of_kind(&findings, DiscrepancyKind::HouseholdMismatch).len();
        });
        found
    };
    let found = [
        mismatches("桃花村12号", ["柳树村12号", "柳树村12号"]),
        mismatches("桃花村12号", ["桃花村87号", "桃花村87号"]),
        mismatches("桃花村12号", ["桃花村12号", "桃花村87号"]),
        // A slip in the one number that there is.
        mismatches("桃花村12号", ["桃花村13号", "桃花村13号"]),
        // In an estate with rooms a building alone is no dwelling.
        mismatches("幸福里1号楼", ["幸福里1号楼2单元304室", "幸福里1号楼2单元304室"]),
        // A name of which less or more is said may be the same place, unless the houses are others.
        mismatches("桃花村12号", ["桃花村四组12号", "桃花村四组12号"]),
        mismatches("桃花村12号", ["桃花村四组87号", "桃花村四组87号"]),
        mismatches("红桥幸福里1号楼2门301", ["幸福里1-2-301", "幸福里1-2-301"]),
        mismatches("津门学院", ["津门学院2号宿舍楼409室", "津门学院宿舍2栋409"]),
        mismatches("津门学院2-409", ["津门学院2号宿舍楼409室", "津门学院宿舍2栋409"]),
    ];
    assert_eq!(found, [1, 1, 0, 0, 0, 0, 1, 0, 0, 0]);
}

/// What is found of rows of the roll and of the same persons in both registers, by address; probability by person.
fn mismatches_of(rows: &[[&str; 3]]) -> Vec<f64> {
    let at = |(person, address): (usize, &str), source: &str| {
        let person = u32::try_from(person).unwrap();
        let more = if source == "r" { ",1,1,1" } else { ",,," };
        let text = row(&format!("{source}{person}"), person, "", more);
        let usual = text.split(',').nth(4).unwrap().to_owned();
        text.replace(&usual, address)
    };
    let all =
        |nth: usize, source: &str| rows.iter().map(|row| row[nth]).enumerate().map(|row| at(row, source)).collect();
    let mut found = Vec::new();
    district([all(0, "r"), all(1, "p"), all(2, "h")], |study, table, comparer, linked| {
        let findings = find(study, table, comparer, linked, &Residence::default(), &Settled::default(), None);
        let mismatches = of_kind(&findings, DiscrepancyKind::HouseholdMismatch);
        let person = |row: &str| row[1..].parse::<u32>().unwrap();
        let mut by_person: Vec<(u32, f64)> = mismatches
            .into_iter()
            .map(|found| (person(table.record_id(found.roll_record.unwrap())), found.probability))
            .collect();
        by_person.sort_by_key(|(person, _)| *person);
        found = by_person.into_iter().map(|(_, probability)| probability).collect();
    });
    found
}

#[test]
fn a_mismatch_is_less_likely_a_slip_where_registers_contradict_each_other_or_most_rows_of_the_place() {
    let slip = ["幸福里1号楼1单元101室", "桃花村12号", "桃花村12号"];
    let disputed = ["幸福里2号楼1单元101室", "桃花村12号", "柳树村87号"];
    let found = mismatches_of(&[slip, disputed]);
    assert!((found[0] - 0.5).abs() < 1e-9 && (found[1] - 0.25).abs() < 1e-9, "{found:?}");
    // Whom the roll has in 石舫胡同, the registers have in 和顺里: two names of one place, a quarter of the district.
    let doors: Vec<[String; 3]> = (1..=20)
        .map(|door| [format!("石舫胡同97号{door}号楼301"), format!("和顺里{door}-301"), format!("和顺里{door}-301")])
        .collect();
    let mut rows: Vec<[&str; 3]> = doors.iter().map(|row| row.each_ref().map(String::as_str)).collect();
    rows.push(slip);
    let found = mismatches_of(&rows);
    assert_eq!(found.len(), 21);
    assert!(found[..20].iter().all(|probability| *probability < 0.05), "{found:?}");
    assert!(found[20] > 0.49, "{found:?}");
}

#[test]
fn a_birth_date_is_held_against_the_number_beside_it_and_the_registers() {
    let conflicts = |roll: &str, police: &str| {
        let born = |text: String, born: &str| text.replace("1951-02-02", born);
        let rows = [
            vec![born(row("r1", 1, "", ",1,1,1"), roll)],
            vec![born(row("p1", 1, "", ",,,"), police)],
            vec![row("h1", 1, "", ",,,")],
        ];
        let mut found = Vec::new();
        district(rows, |study, table, comparer, linked| {
            let findings = find(study, table, comparer, linked, &Residence::default(), &Settled::default(), None);
            let conflicts = of_kind(&findings, DiscrepancyKind::AttributeConflict);
            found = conflicts.iter().map(|found| (found.evidence[0].found.to_string(), found.probability)).collect();
        });
        found
    };
    for wrong in ["1961-02-02", "1951-01", "1953-08"] {
        let found = conflicts(wrong, "1951-02-02");
        assert_eq!(found[0].0, "2 of 2 register records and the row's own ID number differ", "{wrong}");
        assert!(found[0].1 > 0.99, "{wrong} {found:?}");
        // A register that has it wrong as well is one against two.
        let found = conflicts(wrong, wrong);
        assert_eq!(found[0].0, "1 of 2 register records and the row's own ID number differ", "{wrong}");
        assert!(found[0].1 > 0.3, "{wrong} {found:?}");
    }
    // The register is wrong, against three.
    let found = conflicts("1951-02", "1961-02-02");
    assert_eq!(found[0].0, "1 of 2 register records differ");
    assert!(found[0].1 < 0.01, "{found:?}");
    assert_eq!(conflicts("1951-02", "1951-02-02"), []);
}

#[test]
fn a_row_is_as_surely_a_duplicate_as_the_chain_of_links_that_holds_it() {
    let roll = |id: &str, address: &str| {
        let text = row(id, 1, "", ",1,1,1");
        let number = text.split(',').nth(2).unwrap().to_owned();
        text.replace(&number, "").replace("幸福里1号楼1单元201室", address)
    };
    let elsewhere = "桃花村12号楼3单元401室";
    let health = row("h1", 1, "", ",,,").replace("幸福里1号楼1单元201室", elsewhere);
    let rows = [
        vec![roll("r1", "幸福里1号楼1单元201室"), roll("r1b", elsewhere)],
        vec![row("p1", 1, "", ",,,")],
        vec![health],
    ];
    district(rows, |study, table, comparer, linked| {
        let findings = find(study, table, comparer, linked, &Residence::default(), &Settled::default(), None);
        let duplicates = of_kind(&findings, DiscrepancyKind::DuplicateEnumeration);
        assert_eq!(duplicates.len(), 1);
        let pair = (0, 1);
        assert_eq!([table.record_id(0), table.record_id(1)], ["r1", "r1b"]);
        let links = links::gather(study, table, comparer, linked, &Decided::default());
        let link = links.iter().find(|link| link.pair == pair).unwrap();
        assert!((duplicates[0].probability - link.probability).abs() < 1e-12);
        let own = linked.scorer(comparer, table).score(link.pattern, pair.0, pair.1).probability();
        assert!(own < link.probability, "{own} {}", link.probability);
    });
}

#[test]
fn deaths_neither_support_an_enumeration_nor_make_a_register_a_list() {
    let roll = || vec![row("r1", 1, "", ",1,1,1"), row("r2", 2, "", ",1,1,1")];
    let look = |police: Vec<String>, health: Vec<String>| {
        let mut found = (0, 0);
        district([roll(), police, health], |study, table, comparer, linked| {
            let findings = find(study, table, comparer, linked, &Residence::default(), &Settled::default(), None);
            let of = |kind| of_kind(&findings, kind).len();
            found = (of(DiscrepancyKind::UnsupportedEnumeration), of(DiscrepancyKind::DeadBeforeReference));
        });
        found
    };
    let dead = row("h1", 1, "", "2020-03-04,,,");
    assert_eq!(look(Vec::new(), Vec::new()), (2, 0));
    // One question about the dead is enough.
    assert_eq!(look(Vec::new(), vec![dead]), (1, 1));
}

#[test]
fn a_name_in_pinyin_contradicts_none_that_sounds_so() {
    let conflicts = |name: &str| {
        let health = row("h1", 1, "", ",,,").replace("钱秀英", name);
        let mut found = 0;
        district([vec![row("r1", 1, "", ",1,1,1")], vec![], vec![health]], |study, table, comparer, linked| {
            let findings = find(study, table, comparer, linked, &Residence::default(), &Settled::default(), None);
            found = of_kind(&findings, DiscrepancyKind::AttributeConflict).len();
        });
        found
    };
    assert_eq!(["QIAN XIUYING", "钱秀瑛", "QIAN XIUYUN"].map(conflicts), [0, 1, 1]);
}
