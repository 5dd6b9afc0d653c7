use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::Path;

use calamine::{Reader, Xlsx};

use super::practice::{District, REGISTERS, VISITS};
use super::words::field::Matter;
use super::{Report, follow_up, html, words, write};
use crate::intake::study::Language;
use crate::linkage::comparison::Comparer;
use crate::linkage::model::log2_odds;
use crate::outcome::coverage::Level;
use crate::outcome::discrepancy::{Discrepancy, DiscrepancyKind, Evidence, VISIT};
use crate::whole_file;

/// All texts of a workbook, and how many formulas it has.
fn read_workbook(bytes: Vec<u8>) -> (Vec<String>, usize) {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let mut texts = Vec::new();
    let mut formulas = 0;
    for name in book.sheet_names() {
        let sheet = book.worksheet_range(&name).unwrap();
        texts.extend(sheet.used_cells().map(|(_, _, cell)| cell.to_string()));
        formulas += book.worksheet_formula(&name).unwrap().used_cells().count();
    }
    (texts, formulas)
}

/// Everything that field teams are given, as one text per file.
fn follow_up_texts(report: &Report) -> Vec<String> {
    let workbook = |list| read_workbook(follow_up::xlsx::workbook(&report.heading(), list).unwrap()).0.join("\n");
    report.lists.iter().flat_map(|list| [follow_up::html::page(&report.heading(), list), workbook(list)]).collect()
}

fn is_han(character: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&character)
}

fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_of(&entry.path()).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            files.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    files
}

#[test]
fn every_case_that_needs_a_visit_stands_on_exactly_one_list() {
    let district = District::new(Language::Zh);
    let report = district.report();
    let mut listed: Vec<usize> =
        report.lists.iter().flat_map(|l| l.cases().map(|(_, case)| case.discrepancy)).collect();
    listed.sort_unstable();
    let wanted: Vec<usize> = district
        .findings
        .discrepancies
        .iter()
        .enumerate()
        .filter(|(_, d)| d.kind != DiscrepancyKind::MissedPerson || u64::from(d.priority) <= VISITS)
        .map(|(at, _)| at)
        .collect();
    assert_eq!(listed, wanted);
    let mut numbers: Vec<&String> = report.lists.iter().flat_map(|l| l.cases().map(|(_, case)| &case.number)).collect();
    let cases = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), cases);
    let stated: u64 = report.kinds.iter().map(|kind| kind.listed).sum();
    assert_eq!(stated, cases as u64);
    // And each of them is really on both files of its list.
    for list in &report.lists {
        let page = follow_up::html::page(&report.heading(), list);
        let (cells, _) = read_workbook(follow_up::xlsx::workbook(&report.heading(), list).unwrap());
        for (_, case) in list.cases() {
            assert_eq!(page.matches(&case.number).count(), 1);
            assert_eq!(cells.iter().filter(|cell| **cell == case.number).count(), 1);
        }
        // As many as the cover says, in all and of each matter.
        let numbers: BTreeSet<&str> = list.cases().map(|(_, case)| case.number.as_str()).collect();
        let said = |label: &str| {
            let at = cells.iter().position(|cell| cell.trim() == label);
            cells[at.unwrap() + 1].parse::<usize>().unwrap()
        };
        let label = words::field::CASES_COUNT.zh;
        assert_eq!(said(label), cells.iter().filter(|cell| numbers.contains(cell.as_str())).count());
        assert!(page.contains(&format!("{label} <b>{}</b>", numbers.len())));
        assert_eq!(said(words::field::DWELLINGS_COUNT.zh), list.doors());
        for matter in Matter::ALL {
            let name = matter.words().zh;
            let stand = cells.iter().filter(|cell| *cell == name).count();
            assert!(stand == 0 || said(name) == stand, "{name}");
        }
    }
    assert!(report.lists.iter().any(|list| list.area == "unknown"));
    assert!(report.lists.iter().any(|list| list.area.len() == 12));
    assert!(report.lists.iter().any(|list| list.area.len() == 15));
}

#[test]
fn a_door_stands_on_the_list_of_one_area() {
    let mut district = District::new(Language::Zh);
    let discrepancies = &mut district.findings.discrepancies;
    let of_roll = |at: &usize| discrepancies[*at].roll_record.is_some() && discrepancies[*at].area.len() == 15;
    let chosen: Vec<usize> = (0..discrepancies.len()).filter(of_roll).take(3).collect();
    let (record, area) = (discrepancies[chosen[0]].shown_record, discrepancies[chosen[0]].area.clone());
    let other = format!("{}998", &area[..12]);
    for at in &chosen {
        let found = &mut discrepancies[*at];
        (found.roll_record, found.shown_record, found.addressed_record) = (Some(record), record, record);
        found.area.clone_from(if *at == chosen[2] { &other } else { &area });
    }
    let report = district.report();
    assert!(report.lists.iter().all(|list| list.area != other), "the miswritten area has a list of its own");
}

#[test]
fn a_list_holds_no_full_id_number_no_source_and_no_full_name_but_of_missed_persons() {
    let district = District::new(Language::Zh);
    let report = district.report();
    let missed: Vec<String> = report
        .lists
        .iter()
        .flat_map(super::cases::AreaList::cases)
        .filter(|(_, case)| case.matter == Matter::Person)
        .map(|(_, case)| case.name.clone())
        .collect();
    assert_eq!(missed.len() as u64, VISITS);
    let texts = follow_up_texts(&report);
    assert!(!texts.is_empty());
    for name in &missed {
        assert!(texts.iter().any(|text| text.contains(name.as_str())));
    }
    for text in &texts {
        for resident in &district.residents {
            assert!(!text.contains(&resident.number), "a full number");
            assert!(missed.contains(&resident.name) || !text.contains(&resident.name), "a full name");
        }
        for word in REGISTERS.iter().chain(&["police", "hospital", "公安", "医院", "卫生", "死亡证", "不动产", "户籍"])
        {
            assert!(!text.contains(word), "{word}");
        }
    }
    assert!(texts.iter().any(|text| text.contains("**************")), "numbers to be read again are masked");
    assert!(!texts.iter().any(|text| text.contains("999999*")), "all but the last four characters");
}

#[test]
fn a_list_shows_names_and_dwellings_as_they_are_written() {
    let district = District::new(Language::Zh);
    let report = district.report();
    let cases: Vec<_> = report.lists.iter().flat_map(super::cases::AreaList::cases).collect();
    let with = |family: char| cases.iter().filter(|(_, case)| case.name.starts_with(family)).count();
    assert!(with('黃') > 0 && with('黄') == 0, "the form that is compared is on a list");
    assert!(cases.iter().all(|(dwelling, _)| dwelling.dwelling.starts_with("幸福小区")));
}

#[test]
fn who_was_found_by_a_visit_is_no_longer_to_be_found() {
    use crate::outcome::discrepancy::DiscrepancyKind::MissedPerson;
    let mut district = District::new(Language::Zh);
    for found in district.findings.discrepancies.iter_mut().filter(|d| d.kind == MissedPerson && d.priority > 6) {
        found.probability = 1.0;
        found.listed = false;
        found.evidence.push(Evidence { what: VISIT.into(), found: "outcome 01".into(), bits: None });
    }
    let report = district.report();
    assert_eq!((report.missed.count, report.missed.settled), (9, 2));
    let (persons, finds) = *report.missed.curve.last().unwrap();
    assert!(persons == 9 && finds < 9.0 * 0.9, "{finds}");
    assert_eq!(report.missed.communities.iter().map(|area| area.count).sum::<u64>(), 9);
    assert!(html::page(&report).contains("走访已确认漏登 2 人"));
}

#[test]
fn doors_are_counted_as_they_are_for_visits() {
    use super::cases::{Door, Placed, arrange};
    let report = District::new(Language::Zh).report();
    let (_, case) = report.lists.iter().flat_map(super::cases::AreaList::cases).next().unwrap();
    let door = |estate: &str, room: u16| Door {
        unplaced: estate.is_empty(),
        estate: estate.to_owned(),
        building: 0,
        unit: 0,
        room,
        is_whole: false,
        is_house: false,
    };
    let house = |building: u16| Door { building, is_house: true, ..door("丙村", 0) };
    let placed = |(door, dwelling): (Door, &str)| Placed {
        area: String::from("a"),
        door,
        dwelling: dwelling.to_owned(),
        case: case.clone(),
    };
    let places = [
        (door("", 0), "?"),
        (door("", 0), "?"),
        (door("甲里", 5), "甲里5室"),
        (door("甲里", 5), "甲里5号"),
        (door("乙村", 0), "乙村"),
        (door("乙村", 0), "乙村东头"),
        (house(12), "丙村12号"),
        (house(12), "丙村12号"),
        (house(13), "丙村13号"),
    ];
    let lists = arrange(places.map(placed).into());
    let shown: Vec<&str> = lists[0].dwellings.iter().map(|dwelling| dwelling.dwelling.as_str()).collect();
    assert_eq!(shown, ["丙村12号", "丙村13号", "乙村", "乙村东头", "甲里5室", "?"], "in walking order");
    assert_eq!(lists[0].doors(), 7, "cases without a door are a visit each");
}

#[test]
fn a_case_takes_one_outcome_on_a_telephone() {
    let report = District::new(Language::En).report();
    for list in &report.lists {
        let page = follow_up::html::page(&report.heading(), list);
        let cases = list.cases().count();
        assert!(!page.contains("checkbox") && page.matches("<fieldset").count() == cases);
        assert_eq!((page.matches("<legend").count(), page.matches("type=\"reset\"").count()), (cases, cases));
        assert!(!page.contains('：'), "a colon of another language");
    }
}

#[test]
fn an_area_in_no_division_is_an_area_at_every_level() {
    for (code, township) in [
        ("120106001004005", "120106001"),
        ("120106001004005-A", "120106001"),
        ("120106", "unknown"),
        ("", "unknown"),
        ("unknown", "unknown"),
        ("甲片-01", "甲片-01"),
        ("EA01", "EA01"),
        ("第一普查小区", "第一普查小区"),
    ] {
        assert_eq!(Level::Township.area(code), township);
    }
}

#[test]
fn areas_whose_codes_differ_in_case_only_have_files_of_their_own() {
    let report = District::new(Language::Zh).report();
    let mut lists = vec![report.lists[0].clone(), report.lists[0].clone(), report.lists[0].clone()];
    ["ea01", "EA01", "甲片-01"].into_iter().zip(&mut lists).for_each(|(area, list)| area.clone_into(&mut list.area));
    let folder = tempfile::tempdir().unwrap();
    let written = follow_up::write(&report.heading(), &lists, folder.path(), whole_file::write_for_owner).unwrap();
    let names: BTreeSet<String> =
        written.iter().map(|path| path.file_name().unwrap().to_string_lossy().to_lowercase()).collect();
    assert_eq!(names.len(), 6);
    assert!(names.contains(&format!("{}.html", super::cases::file_name("甲片-01"))));
}

#[test]
fn a_list_tells_no_cause() {
    let district = District::new(Language::Zh);
    let report = district.report();
    let ask = |kind: DiscrepancyKind| {
        let at = district.findings.discrepancies.iter().position(|d| d.kind == kind).unwrap();
        let mut cases = report.lists.iter().flat_map(super::cases::AreaList::cases);
        let (_, case) = cases.find(|(_, case)| case.discrepancy == at).unwrap();
        (case.matter, case.ask.clone(), case.id_number.clone())
    };
    let dead = ask(DiscrepancyKind::DeadBeforeReference);
    assert_eq!(dead, ask(DiscrepancyKind::UnsupportedEnumeration));
    assert_eq!(dead, ask(DiscrepancyKind::BornAfterReference));
    assert!(!dead.1.contains('死'));
    let items = ask(DiscrepancyKind::AttributeConflict).1;
    assert!(items.contains("身份号码") && !items.contains("姓名"), "only what conflicts is checked again: {items}");
    // Every item that the evidence names is checked again, and a visit is none.
    let conflict = |found: &&mut Discrepancy| found.kind == DiscrepancyKind::AttributeConflict;
    let mut district = District::new(Language::Zh);
    let conflict = district.findings.discrepancies.iter_mut().find(conflict).unwrap();
    let evidence = |what: &'static str| Evidence { what: what.into(), found: "1 of 1".into(), bits: None };
    conflict.evidence = [VISIT, "name", "birth_date"].map(evidence).into();
    let report = district.report();
    let mut cases = report.lists.iter().flat_map(super::cases::AreaList::cases);
    assert!(cases.any(|(_, case)| case.ask.contains("重新核对：出生日期、姓名。")));
}

#[test]
fn a_hostile_text_stays_a_text() {
    let district = District::new(Language::Zh);
    let mut report = district.report();
    report.study = "<script>alert(1)</script>&P".to_owned();
    let list = &mut report.lists[0];
    list.dwellings[0].dwelling = "＝1+1 <img src=x onerror=alert(1)>".to_owned();
    list.dwellings[0].cases[0].name = "=CMD|'/C calc'!A0".to_owned();
    let list = report.lists[0].clone();
    for page in [follow_up::html::page(&report.heading(), &list), html::page(&report)] {
        assert!(!page.contains("<script") && !page.contains("<img"), "markup came through");
        assert!(page.contains("&lt;script&gt;"));
    }
    let (cells, formulas) = read_workbook(follow_up::xlsx::workbook(&report.heading(), &list).unwrap());
    assert_eq!(formulas, 0);
    assert!(cells.iter().any(|cell| cell.starts_with("=CMD|'/C calc'!A0")));
}

#[test]
fn two_runs_give_the_same_bytes_and_leave_nothing_behind() {
    let district = District::new(Language::Zh);
    let report = district.report();
    let (one, other) = (district.out("one"), district.out("other"));
    let written = write(&report, &one).unwrap();
    // Long enough for a clock in a file to tell.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| write(&district.report(), &other)).unwrap();
    let (one, other) = (files_of(&one), files_of(&other));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(other[name] == *bytes, "{name} differs");
        assert!(!name.contains(".tmp"), "{name}");
    }
    assert_eq!(one.len(), written.len());
    assert_eq!(one.len(), 1 + 2 * report.lists.len());
}

#[test]
fn the_page_is_whole_without_a_network_and_names_nobody() {
    let district = District::new(Language::En);
    let page = html::page(&district.report());
    for reference in ["http", "src=", "url(", "@import", "<script", "<link"] {
        assert!(!page.contains(reference), "{reference}");
    }
    for resident in &district.residents {
        assert!(!page.contains(&resident.number) && !page.contains(&resident.name), "somebody is named");
    }
    assert!(page.contains("practice &amp; drill"));
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    assert!(page.matches("<svg").count() >= 5);
    let head = page.find("</style>").unwrap();
    assert!(!page[head..].contains(is_han), "a text is not translated");
}

#[test]
fn what_the_page_says_is_what_was_found() {
    let district = District::new(Language::Zh);
    let report = district.report();
    let missed = report.kinds.iter().find(|kind| kind.kind == DiscrepancyKind::MissedPerson).unwrap();
    assert_eq!((missed.count, missed.listed), (8, VISITS));
    let curve = &report.missed.curve;
    let newborns = report.kinds.iter().find(|kind| kind.kind == DiscrepancyKind::MissedNewborn).unwrap();
    assert_eq!((curve.first().unwrap().0, curve.last().unwrap().0), (0, 11), "persons and newborns");
    assert!((curve.last().unwrap().1 - missed.expected - newborns.expected).abs() < 1e-9);
    assert!(curve.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1));
    for areas in [&report.missed.townships, &report.missed.communities] {
        assert_eq!(areas.iter().map(|area| area.count).sum::<u64>(), 11);
    }
    let pairs: u64 = report.links.weights.iter().map(|bin| bin.0 + bin.1).sum();
    assert_eq!(pairs, district.linked.candidates + district.linked.unblocked);
    // The table of reliability: every pair worth a look stands in one band, with what the model expects of it.
    let least = district.study.linkage.review_probability;
    let comparer = Comparer::new(&district.study, &district.table);
    let scorer = district.linked.scorer(&comparer, &district.table);
    let listed = district.linked.at_least(&scorer, log2_odds(least)).len() as u64;
    let bands = &report.reliability.bands;
    assert_eq!(bands.iter().map(|band| band.pairs).sum::<u64>(), listed);
    assert!(bands.iter().all(|band| {
        let pairs = band.pairs as f64;
        band.expected >= band.low * pairs - 1e-9 && band.expected <= band.high * pairs + 1e-9 && band.share.is_none()
    }));
    assert_eq!(bands[0].low.to_bits(), least.to_bits(), "no pair is known below it");
    assert!(bands.windows(2).all(|two| two[0].high.to_bits() == two[1].low.to_bits()));
    let persons: u64 = report.persons.by_sources.iter().map(|(_, persons)| persons).sum();
    assert_eq!(persons, report.persons.persons);
}

#[test]
fn every_rule_and_every_level_has_chinese_words() {
    let district = District::new(Language::Zh);
    let rules = district.linked.rules.iter().map(|rule| words::code::rule(Language::Zh, &rule.rule));
    let shares = &district.linked.model.shares;
    let fields = shares.iter().map(|shares| words::code::field(Language::Zh, &shares.comparison));
    let levels = shares.iter().flat_map(|shares| &shares.levels).map(|level| words::code::level(Language::Zh, level));
    let without: Vec<String> = rules.chain(fields).chain(levels).filter(|words| !words.chars().any(is_han)).collect();
    assert_eq!(without, Vec::<String>::new());
}

#[test]
fn coverage_adds_up_at_every_level() {
    let district = District::new(Language::Zh);
    let coverage = &district.coverage;
    let (table, linked) = (&district.table, &district.linked);
    let present = |person: u32| linked.resolution.records_of(person).iter().any(|r| table.is_present(*r));
    let persons = 0..u32::try_from(linked.resolution.persons()).unwrap();
    let total = coverage.total();
    assert_eq!(total.roll_present, persons.filter(|person| present(*person)).count() as u64);
    assert!(total.only_roll > 0 && total.only_register > 0 && total.in_both > 0 && total.roll_elsewhere > 0);
    assert!(coverage.strata.iter().all(|stratum| stratum.counts.balances()));
    for level in Level::ALL {
        let mut sum = crate::outcome::coverage::Counts::default();
        coverage.areas(level).iter().for_each(|(_, counts)| sum.add(counts));
        assert_eq!(sum, total, "{}", level.name());
    }
    assert_eq!(coverage.areas(Level::Community).len(), 2);
    let key = |s: &crate::outcome::coverage::Stratum| (s.level, s.area.clone(), s.sex, s.age_group);
    assert!(coverage.strata.is_sorted_by(|a, b| key(a) < key(b)));
}
