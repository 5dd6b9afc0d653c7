//! What is said of areas, and what of columns that were taken for their codes?

use std::fmt::Write;
use std::path::Path;

use crate::cli::{argument, check};

/// An ID number of the region that is none, with its right check character.
fn id_number(person: usize) -> String {
    const WEIGHTS: [usize; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let body = format!("999999{}{:02}{:02}{:03}", 1940 + person % 70, person % 12 + 1, person % 28 + 1, person % 1000);
    let sum: usize = body.bytes().zip(WEIGHTS).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{body}{}", char::from(b"10X98765432"[sum % 11]))
}

/// By household: the code of its area, and whether it is enumerated and registered.
type Area = fn(usize) -> (&'static str, bool, bool);

/// Areas of all kinds: 1,100 persons in an ordinary one, few or all of others in others.
fn of_all_kinds(household: usize) -> (&'static str, bool, bool) {
    match household {
        0 => ("王建国", true, true),
        1 => ("120106198001010014", true, true),
        2..=21 => ("120106003001", true, !household.is_multiple_of(4)),
        22..=41 => ("120106004001", false, true),
        _ => ("120106001001", !household.is_multiple_of(19), !household.is_multiple_of(11)),
    }
}

/// A study of two text tables; the register knows divisions, if there are any.
fn write(folder: &Path, area: Area, with_divisions: bool, with_ids: bool, backward: bool) {
    let (mut roll, mut register) = (Vec::new(), Vec::new());
    let surnames = ["王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周"];
    let given = ["伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇"];
    for person in 0..1300 {
        let household = person / 3;
        let (area, enumerated, registered) = area(household);
        let name = format!("{}{}{}", surnames[person % 10], given[person / 10 % 11], given[person / 110 % 11]);
        let row = |letter: char| {
            let id = if with_ids { format!("{letter}{person},") } else { String::new() };
            let address = format!("幸福里{}号楼{}单元{}", household / 60 + 1, household % 3 + 1, 101 + household);
            format!("{id}{name},{},{address},{area}\n", id_number(person))
        };
        roll.extend(enumerated.then(|| row('R')));
        register.extend(registered.then(|| row('P')));
    }
    let mut study = String::from("[study]\nname = \"areas\"\nlanguage = \"en\"\n");
    let mut sources = [("roll", "roll", "enumeration_area", roll), ("people", "register", "division", register)];
    if backward {
        sources.reverse();
    }
    for (name, role, area, mut rows) in sources {
        if backward {
            rows.reverse();
        }
        let id = if with_ids { "id," } else { "" };
        let table = format!("{id}name,number,address,area\n{}", rows.concat());
        std::fs::write(folder.join(format!("{name}.csv")), table).expect("written");
        let _ = write!(
            study,
            "[[source]]\nname = \"{name}\"\nrole = \"{role}\"\nkind = \"{name}\"\npath = \"{name}.csv\"\n"
        );
        study += if with_ids { "record_id = \"id\"\n" } else { "" };
        let _ = write!(study, "[source.columns]\nname = \"name\"\nid_number = \"number\"\naddress = \"address\"\n");
        if with_divisions || role == "roll" {
            let _ = writeln!(study, "{area} = \"area\"");
        }
    }
    std::fs::write(folder.join("study.toml"), study).expect("written");
}

fn released(with_ids: bool, backward: bool, key: &Path) -> String {
    let folder = tempfile::tempdir().expect("folder");
    write(folder.path(), of_all_kinds, true, with_ids, backward);
    let (results, out) = (folder.path().join("results"), folder.path().join("published.json"));
    check(&["-q", "run", argument(&folder.path().join("study.toml")), "--out", argument(&results)], 0);
    let publish = ["publish", argument(&results), "--key", argument(key), "--out", argument(&out)];
    let new_key: &[&str] = if key.exists() { &[] } else { &["--new-key"] };
    check(&[&publish[..], new_key].concat(), 0);
    std::fs::read_to_string(out).expect("a release")
}

#[test]
fn noise_hangs_on_who_persons_are_and_areas_of_few_or_of_all_are_not_named() {
    let folder = tempfile::tempdir().expect("folder");
    let key = folder.path().join("key");
    for with_ids in [true, false] {
        let text = released(with_ids, false, &key);
        assert_eq!(released(with_ids, true, &key), text, "the same persons in another order, with ids: {with_ids}");
        for hidden in ["王建国", "120106198", "120106003", "120106004", "whole_area", "few_households"] {
            assert!(!text.contains(hidden), "{hidden}: {text}");
        }
        let release: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let named: Vec<&str> = release["areas"]
            .as_array()
            .expect("areas")
            .iter()
            .map(|area| area["area"].as_str().expect("code"))
            .collect();
        assert_eq!(named, ["120106", "120106001", "120106001001"]);
        // Those of the households of 王建国 and of the ID number are told their division by their estate.
        assert_eq!(release["areas_left_out"], 4, "{text}");
    }
}

#[test]
fn an_area_is_not_the_beginning_of_another() {
    let folder = tempfile::tempdir().expect("folder");
    let of = |household: usize| (["EA-1", "EA-10", "EA-2"][household % 3], true, !household.is_multiple_of(7));
    write(folder.path(), of, false, true, false);
    let results = folder.path().join("results");
    check(&["-q", "run", argument(&folder.path().join("study.toml")), "--out", argument(&results)], 0);
    let (said, _) = check(&["coverage", argument(&results), "--area", "EA-1"], 0);
    assert!(said.contains("EA-1 ") && !said.contains("EA-10"), "{said}");
    let (said, _) = check(&["trace", argument(&results), "--persons", "roll_present", "--area", "EA-1"], 0);
    assert!(said.starts_with("435 "), "145 households of three: {}", said.lines().next().unwrap_or_default());
}

#[test]
fn an_area_without_a_discrepancy_is_not_taken_for_one_that_nobody_knows() {
    let folder = tempfile::tempdir().expect("folder");
    let of = |household: usize| match household {
        0..20 => ("120106001001002", true, true),
        _ => ("120106001001001", true, !household.is_multiple_of(7)),
    };
    write(folder.path(), of, false, true, false);
    let results = folder.path().join("results");
    check(&["-q", "run", argument(&folder.path().join("study.toml")), "--out", argument(&results)], 0);
    let trace = |area: &str, status: i32| check(&["trace", argument(&results), "--area", area], status);
    let (said, _) = trace("120106001001002", 0);
    assert!(said.starts_with("0 discrepancies, of which 0.0 are expected to be real\n"), "{said}");
    assert!(said.contains("the area has 60 records, of 60 persons"), "{said}");
    assert!(trace("120106001001009", 2).1.contains("no such area"));
}

#[test]
fn what_was_taken_for_a_code_stands_on_no_screen_and_no_page() {
    let folder = tempfile::tempdir().expect("folder");
    let of = |household: usize| (["王建国", "甲片-07", "EA-2"][household % 3], true, !household.is_multiple_of(7));
    write(folder.path(), of, false, true, false);
    // Somebody of two of the areas is enumerated twice.
    let roll = folder.path().join("roll.csv");
    let text = std::fs::read_to_string(&roll).expect("a roll");
    let of_two = text.lines().filter(|line| line.starts_with("R9,") || line.starts_with("R12,"));
    let twice: String = of_two.map(|line| format!("T{line}\n")).collect();
    std::fs::write(&roll, text.clone() + &twice).expect("written");
    let results = folder.path().join("results");
    let run = argument(&results);
    check(&["-q", "run", argument(&folder.path().join("study.toml")), "--out", run], 0);
    let page = std::fs::read_to_string(results.join("report.html")).expect("a page");
    for text in [
        page.clone(),
        check(&["coverage", run], 0).0,
        check(&["follow-up", "status", run], 0).0,
        check(&["trace", run, "--persons", "roll_present"], 0).0,
        check(&["trace", run], 0).0,
        check(&["coverage", run, "--area", "nowhere"], 2).1,
    ] {
        assert!(!text.contains("王建国") && text.contains("area-"), "{text}");
        assert!(text.contains("甲片-07"), "{text}");
    }
    let (status, _) = check(&["follow-up", "status", run], 0);
    assert!(status.lines().nth(1).is_some_and(|line| line.starts_with("all ")), "{status}");
    // The name that is shown leads to the rows, as the command on the page says.
    let command = page.split("<code>--persons roll_present --area=area-").nth(1).expect("a command");
    let area = format!("area-{}", &command[..8]);
    let (said, _) = check(&["trace", run, "--persons", "roll_present", "--area", &area], 0);
    assert!(said.starts_with("435 "), "{}", said.lines().next().unwrap_or_default());
    check(&["coverage", run, "--area", &area], 0);
    // And to its lists.
    let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let recipients = folder.path().join("recipients");
    std::fs::write(&recipients, format!("{area} {key}\n")).expect("written");
    let lists = |name: &str, more: &[&str]| {
        let out = folder.path().join(name);
        check(&[&["follow-up", "export", run, "--team", "east", "--out", argument(&out)], more].concat(), 0);
        let names = std::fs::read_dir(out).expect("lists").map(|entry| entry.expect("entry").file_name());
        names.map(|name| name.to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    let is_its_own = |name: &String| name.starts_with(&area);
    let others = lists("others", &["--except", &area]);
    assert!(!others.is_empty() && !others.iter().any(is_its_own), "{others:?}");
    let own = lists("own", &["--area", &area]);
    assert!(!own.is_empty() && own.iter().all(is_its_own), "{own:?}");
    let (_, err) = check(&["follow-up", "export", run, "--team", "east", "--except", "EA-3"], 2);
    assert!(err.contains("no case lies in area EA-3"), "{err}");
    if cfg!(feature = "encryption") {
        let again = folder.path().join("again");
        let rekey = ["follow-up", "rekey", run, "--team", "east", "--out", argument(&again)];
        check(&[&rekey[..], &["--area", &area, "--recipients", argument(&recipients)]].concat(), 0);
    }
    check(&["follow-up", "recall", run, "--team", "east", "--area", &area], 0);
}

#[test]
fn numbers_and_names_of_persons_in_the_column_of_areas_name_no_file_and_stand_in_no_log() {
    // The telephone number of somebody, an ID number with a slip, a name.
    const PERSONAL: [&str; 3] = ["13912345678", "999999198503189831", "ZhangWei"];
    let folder = tempfile::tempdir().expect("folder");
    let of = |household: usize| {
        let area = PERSONAL.get(household % 4).copied().unwrap_or("120106001001");
        (area, !household.is_multiple_of(19), !household.is_multiple_of(7))
    };
    write(folder.path(), of, true, true, false);
    let results = folder.path().join("results");
    let study = folder.path().join("study.toml");
    // Where no area is named, divisions of other countries may look like telephone numbers.
    let text =
        std::fs::read_to_string(&study).expect("a study").replacen("[study]\n", "[study]\narea = \"120106\"\n", 1);
    std::fs::write(&study, text).expect("written");
    let (_, warned) = check(&["run", argument(&study), "--out", argument(&results)], 0);
    assert!(warned.contains("codes of places have the form of ID numbers"), "{warned}");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(results.join("follow-up")).expect("lists") {
        names.push(entry.expect("entry").file_name().to_string_lossy().into_owned());
    }
    assert!(names.iter().filter(|name| name.starts_with("area-")).count() >= 6, "{names:?}");
    let read = |file: &str| std::fs::read_to_string(results.join(file)).expect(file);
    let said = [check(&["profile", argument(&study)], 0).0, check(&["trace", argument(&results)], 0).0];
    let files = ["manifest.json", "audit.jsonl", "report.html", "coverage.json"];
    for (what, text) in files.into_iter().map(|file| (file, read(file))).chain(said.map(|text| ("screen", text))) {
        for personal in PERSONAL {
            // Of words only tables know whether they are codes.
            let is_looked_for = what != "coverage.json" || personal != "ZhangWei";
            assert!(!is_looked_for || !text.contains(&personal[..8]), "{personal} in {what}");
        }
    }
    assert!(names.iter().all(|name| PERSONAL.iter().all(|personal| !name.contains(&personal[..8]))), "{names:?}");
}
