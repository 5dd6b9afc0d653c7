mod torn;

use std::io::Read;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::Workbook;

use super::row::is_born;
use super::{Known, Returned, read};
use crate::casework::learning::tests::row;
use crate::casework::store::StoredCase;
use crate::intake::study::Language;
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::report::cases::CaseRow;
use crate::outcome::report::words::field::{self, Matter};
use crate::outcome::visit::Outcome;

/// A missed person, and a missed household, which has no name on a list.
fn cases() -> Vec<StoredCase> {
    (0..4)
        .map(|at| {
            let mut row = row(at, 1, 0.5);
            if at >= 2 {
                row.case.matter = Matter::Household;
                row.case.name.clear();
                row.case.birth.clear();
            }
            StoredCase {
                id: at as i64,
                number: row.case.number.clone(),
                other_numbers: Vec::new(),
                kind: if at < 2 { DiscrepancyKind::MissedPerson } else { DiscrepancyKind::MissedHousehold },
                row,
                earlier: Vec::new(),
                events: Vec::new(),
            }
        })
        .collect()
}

const HEADING: [&str; 7] = ["编号", "事项", "住所", "姓名", "出生年月", "核查结果", "走访日期"];

/// The rows of these cases as they come back with an outcome.
fn rows(cases: &[StoredCase], outcome: &str) -> Vec<Vec<String>> {
    let of = |case: &StoredCase| {
        let sent = &case.row.case;
        let matter = sent.matter.words().of(Language::Zh);
        let dwelling = case.row.placed(Language::Zh).dwelling;
        [&case.number, matter, &dwelling, &sent.name, &sent.birth, outcome, "2020-12-03"].map(str::to_owned).to_vec()
    };
    cases.iter().map(of).collect()
}

fn workbook(folder: &Path, sheets: &[(&str, Vec<Vec<String>>)]) -> PathBuf {
    let path = folder.join("filled.xlsx");
    let mut book = Workbook::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(*name).unwrap();
        sheet.write_row(0, 0, HEADING).unwrap();
        sheet.write_row_matrix(1, 0, rows).unwrap();
    }
    book.save(&path).unwrap();
    path
}

fn read_back(path: &Path, cases: &[StoredCase], appearances: &dyn Fn(i64) -> Vec<CaseRow>) -> Returned {
    read(path, &Known { cases, appearances, reference: jiff::civil::date(2020, 11, 1), role: "field" }).unwrap()
}

/// What one sheet with these rows gives: good rows, rows that are not filled in, and of the wrong ones column and
/// reason.
fn read_rows(rows: Vec<Vec<String>>) -> (usize, u64, Vec<(&'static str, &'static str)>) {
    let folder = tempfile::tempdir().unwrap();
    let returned = read_back(&workbook(folder.path(), &[("清单", rows)]), &cases(), &|_| Vec::new());
    let wrong = returned.wrong.iter().map(|wrong| (wrong.column.zh, wrong.reason.en)).collect();
    (returned.visits.len(), returned.blank, wrong)
}

#[test]
fn every_sheet_that_is_a_list_counts() {
    let (folder, cases) = (tempfile::tempdir().unwrap(), cases());
    let mut west = rows(&cases[1..3], "03");
    west[1][5] = String::from("77");
    let sheets = [("东区", rows(&cases[..1], "01")), ("西区", west), ("北区", rows(&cases[..1], "03"))];
    let path = workbook(folder.path(), &sheets);
    let returned = read_back(&path, &cases, &|_| Vec::new());
    assert_eq!(returned.visits.iter().map(|(_, visit)| visit.id).collect::<Vec<_>>(), [1]);
    let places: Vec<String> = returned.wrong.iter().map(|wrong| returned.place(wrong.spot)).collect();
    assert_eq!(places, ["sheet 东区, row 2", "sheet 西区, row 3", "sheet 北区, row 2"], "also a case on two sheets");
    let alone = read_back(&workbook(folder.path(), &sheets[2..]), &cases, &|_| Vec::new());
    assert_eq!(alone.place(alone.visits[0].0), "row 2");
    let target = super::write_wrong(folder.path(), "0123456789abcdef", &returned, Language::Zh).unwrap();
    let written = crate::intake::extract::filled::sheets(&target).unwrap();
    assert_eq!(written.iter().map(|sheet| sheet.name.as_str()).collect::<Vec<_>>(), ["东区", "西区", "北区"]);
    let mut sheet = String::new();
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&target).unwrap()).unwrap();
    archive.by_name("xl/worksheets/sheet2.xml").unwrap().read_to_string(&mut sheet).unwrap();
    for printed in ["orientation=\"landscape\"", "fitToHeight=\"0\"", field::CONFIDENTIAL.zh, "<formula1>\"01,02,"] {
        assert!(sheet.contains(printed), "{printed}: {sheet}");
    }
}

#[test]
fn exchanged_numbers_are_noticed_where_there_is_no_name() {
    let cases = cases();
    assert_eq!(read_rows(rows(&cases, "03")), (4, 0, Vec::new()));
    // Households of two dwellings, then two matters of one.
    let mut exchanged = rows(&cases, "03");
    let number = exchanged[2][0].clone();
    exchanged[2][0] = exchanged[3][0].clone();
    exchanged[3][0] = number;
    let (good, _, wrong) = read_rows(exchanged);
    assert_eq!((good, wrong.iter().map(|wrong| wrong.0).collect::<Vec<_>>()), (2, vec!["住所", "住所"]));
    let mut other = rows(&cases, "03");
    other[2][1] = other[0][1].clone();
    assert_eq!(read_rows(other).2[0].0, "事项");
    let mut month = rows(&cases, "03");
    month[0][4] = String::from("1980年6月");
    assert_eq!(read_rows(month).2[0].0, "出生年月");
}

#[test]
fn what_programs_do_to_texts_changes_nothing_and_what_people_add_comes_back() {
    let mut rewritten = rows(&cases(), "03");
    rewritten[0][2] = rewritten[0][2].replace('1', "１").replace("号楼", "号楼\n ");
    rewritten[1][1] = format!("'{}", rewritten[1][1]);
    rewritten[1][4] = String::from("1980-05-01 00:00:00");
    rewritten[2][2].clear();
    assert_eq!(read_rows(rewritten), (4, 0, Vec::new()));
    // Chinese spreadsheet programs save text tables in GBK, which lacks two of these characters.
    let (folder, mut rare) = (tempfile::tempdir().unwrap(), cases());
    rare[0].row.case.name = String::from("㛃丽𬱖");
    for (name, good) in [("?丽?", 4), ("?丽??", 4), ("\u{fffd}丽??", 4), ("?丽", 3), ("??𬱖", 3)] {
        let mut list = rows(&rare, "03");
        list[0][3] = name.to_owned();
        let path = workbook(folder.path(), &[("清单", list)]);
        assert_eq!(read_back(&path, &rare, &|_| Vec::new()).visits.len(), good, "{name}");
    }
    let mut added = rows(&cases(), "03");
    added[2][2] += "（门口有狗）";
    let (good, _, wrong) = read_rows(added);
    assert_eq!((good, wrong.len(), wrong[0].0), (3, 1, "住所"));
    assert!(wrong[0].1.contains("into the notes"), "{wrong:?}");
}

#[test]
fn a_list_that_went_out_before_a_fresh_run_may_come_back_after_it() {
    let (folder, mut cases) = (tempfile::tempdir().unwrap(), cases());
    let path = workbook(folder.path(), &[("清单", rows(&cases, "03"))]);
    let before = cases[2].row.clone();
    cases[2].row.door.room = 909;
    let none = read_back(&path, &cases, &|_| Vec::new());
    assert_eq!(none.wrong.len(), 1);
    let known = read_back(&path, &cases, &|id| if id == 2 { vec![before.clone()] } else { Vec::new() });
    assert_eq!((known.visits.len(), known.wrong.len()), (4, 0));
}

#[test]
fn the_same_outcome_without_a_day_comes_back_once_the_case_has_gone_out_again() {
    use crate::casework::history::{Event, EventKind};
    let (folder, mut cases) = (tempfile::tempdir().unwrap(), cases());
    let mut list = rows(&cases[..1], "13");
    list[0][6].clear();
    let event = |what: EventKind, outcome: Option<Outcome>| Event {
        what,
        at: String::new(),
        role: String::from("field"),
        outcome,
        visited_on: outcome.map(|_| String::new()),
        team: None,
        note: outcome.map(|_| String::new()),
    };
    cases[0].events = vec![event(EventKind::Assigned, None), event(EventKind::Visited, Some(Outcome::NoContact))];
    let path = workbook(folder.path(), &[("清单", list.clone())]);
    assert_eq!(read_back(&path, &cases, &|_| Vec::new()).visits.len(), 1, "the list came in twice");
    cases[0].events.push(event(EventKind::Assigned, None));
    let returned = read_back(&path, &cases, &|_| Vec::new());
    assert_eq!((returned.visits.len(), returned.wrong[0].column), (0, field::VISITED_ON));
    assert!(returned.wrong[0].reason.en.contains("write the day"));
    list[0][6] = String::from("2020-12-09");
    let path = workbook(folder.path(), &[("清单", list)]);
    assert_eq!(read_back(&path, &cases, &|_| Vec::new()).visits.len(), 1);
}

#[test]
fn a_code_may_have_its_own_words_beside_it_and_no_others() {
    for good in ["03", "3", "3.0", "3.00", "03.000", "03 从未在此居住", "03：从未在此居住", "03.", "从未在此居住"]
    {
        assert_eq!(read_rows(rows(&cases()[..1], good)).0, 1, "{good}");
    }
    for (wrong, what) in [
        ("03 人已死亡", "into the notes"),
        ("01 没有此人", "into the notes"),
        ("03 普查时点前已死亡", "different things"),
    ] {
        let (good, _, why) = read_rows(rows(&cases()[..1], wrong));
        assert!(good == 0 && why[0].1.contains(what), "{wrong}: {why:?}");
    }
}

#[test]
fn births_are_the_same_by_year_and_month() {
    for same in ["1980年5月", "1980-05-01", "1980/5/1", "1980", "198005", "19800501"] {
        assert!(is_born(same, "1980年5月"), "{same}");
    }
    for other in ["1980年6月", "1981年5月", "1980-06-01", "198006", "5月"] {
        assert!(!is_born(other, "1980年5月"), "{other}");
    }
    assert!(is_born("1980年6月", "1980年") && is_born("1980年", "1980年"));
}

/// A household whose outcome and day were merged over its rows, and a case of another door below it.
#[test]
fn a_cell_that_is_merged_over_rows_counts_for_each_of_them() {
    let (folder, cases) = (tempfile::tempdir().unwrap(), cases());
    let path = folder.path().join("filled.xlsx");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let format = rust_xlsxwriter::Format::new();
    // A title over rows is not taken for anything.
    sheet.merge_range(0, 5, 1, 5, "第三小组", &format).unwrap();
    sheet.write_row(2, 0, HEADING).unwrap();
    let mut list = rows(&cases, "");
    // The last row is not filled in.
    list[3][6].clear();
    sheet.write_row_matrix(3, 0, list).unwrap();
    for (column, text) in [(5, "03"), (6, "2020-12-09")] {
        sheet.merge_range(3, column, 5, column, text, &format).unwrap();
    }
    book.save(&path).unwrap();
    let returned = read_back(&path, &cases, &|_| Vec::new());
    let told: Vec<_> = returned.visits.iter().map(|(spot, visit)| (spot.row, visit.id, visit.outcome)).collect();
    let outcome = Outcome::of_code("03").unwrap();
    assert_eq!(told, [(4, 0, outcome), (5, 1, outcome), (6, 2, outcome)]);
    assert!(returned.visits.iter().all(|(_, visit)| visit.visited_on == "2020-12-09"));
    assert_eq!((returned.blank, returned.wrong.len()), (1, 0));
}

#[test]
fn remarks_below_a_list_are_no_rows() {
    let mut with_remarks = rows(&cases(), "03");
    for remark in ["共4项", "备注：以上均已核实"] {
        with_remarks.push(vec![remark.to_owned()]);
    }
    assert_eq!(read_rows(with_remarks), (4, 2, Vec::new()));
    // A person whom somebody has added, with a remark, is not dropped.
    let heading = [&HEADING[..], &["备注"]].concat();
    for (number, name, dwelling) in [("", "某甲", ""), ("", "", "1号楼"), ("补充", "某甲", "1号楼")] {
        let row = [number, "", dwelling, name, "", "", "", "1980年生，已补登"].map(str::to_owned).to_vec();
        let returned = read_headed(&heading, &[row]).unwrap();
        assert_eq!((returned.blank, returned.wrong.len()), (0, 1), "{number} {name} {dwelling}");
        assert!(returned.wrong[0].reason.en.contains("no case number"));
    }
    // With an outcome beside it, it is a number that somebody has damaged.
    let mut damaged = rows(&cases(), "03");
    damaged[0][0] = String::from("共4项");
    assert_eq!(read_rows(damaged).2[0].0, "编号");
}

#[test]
fn a_remark_without_an_outcome_comes_back_and_so_does_a_formula_without_its_value() {
    let mut rows: Vec<Vec<String>> = rows(&cases(), "");
    rows.iter_mut().for_each(|row| row[6].clear());
    let heading = [&HEADING[..], &["备注"]].concat();
    let noted = |note: &str| {
        let rows: Vec<Vec<String>> = rows.iter().map(|row| [&row[..], &[note.to_owned()]].concat()).collect();
        read_headed(&heading, &rows).unwrap()
    };
    let returned = noted("nobody at home, moved away");
    assert_eq!((returned.blank, returned.wrong.len()), (0, 4));
    assert!(returned.wrong[0].column == field::OUTCOME && returned.wrong[0].reason.en.contains("a remark"));
    assert_eq!((noted(" ").blank, noted(" ").wrong.len()), (4, 0));
    let mut formula = rows.clone();
    formula[0][5] = String::from("=?");
    let (_, blank, wrong) = read_rows(formula);
    assert!(blank == 3 && wrong[0].0 == "核查结果" && wrong[0].1.contains("formula"), "{wrong:?}");
}

#[test]
fn who_settles_a_case_and_calls_for_a_supervisor_in_one_list_contradicts_himself() {
    for outcomes in [["01", "19"], ["19", "01"]] {
        let twice: Vec<Vec<String>> = outcomes.into_iter().flat_map(|outcome| rows(&cases()[..1], outcome)).collect();
        let (good, _, wrong) = read_rows(twice);
        assert!(good == 0 && wrong.len() == 2 && wrong[0].1.contains("twice"), "{wrong:?}");
    }
}

#[test]
fn a_list_is_not_taken_for_that_of_another_role() {
    use super::role::check;
    use crate::casework::history::{Event, EventKind};
    let (path, mut cases) = (Path::new("list.xlsx"), cases());
    let read = |cases: &[StoredCase], ask: &str| {
        let rows: Vec<_> =
            rows(&cases[..1], "01").into_iter().map(|row| [&row[..], &[ask.to_owned()]].concat()).collect();
        read_headed(&[&HEADING[..], &["询问内容"]].concat(), &rows).unwrap()
    };
    let plain = read(&cases, "是否住在这里");
    assert!(check(path, ("field", false), &plain, &cases).is_ok());
    let error = check(path, ("supervisor", true), &plain, &cases).unwrap_err().to_string();
    assert!(error.contains("no case on this list was to be decided"), "{error}");
    for ask in ["问？已有结果：01。请核定，只填一个结果代码。", "Ask. Outcomes so far: 01. Decide, and write one code."]
    {
        let asked = read(&cases, ask);
        assert!(check(path, ("supervisor", true), &asked, &cases).is_ok(), "{ask}");
        assert!(check(path, ("field", true), &asked, &cases).unwrap_err().to_string().contains("--role supervisor"));
    }
    // A table of the office's own about a case that waits for one: nobody can tell whose it is, unless it is said.
    let visit = |outcome: Outcome, day: &str| Event {
        what: EventKind::Visited,
        at: String::new(),
        role: String::from("field"),
        outcome: Some(outcome),
        visited_on: Some(day.to_owned()),
        team: None,
        note: None,
    };
    cases[0].events.push(visit(Outcome::Supervisor, "2020-12-02"));
    assert!(check(path, ("supervisor", true), &plain, &cases).is_ok());
    assert!(check(path, ("field", true), &plain, &cases).is_ok());
    let bare = read_headed(&HEADING, &rows(&cases[..1], "01")).unwrap();
    let error = check(path, ("field", false), &bare, &cases).unwrap_err().to_string();
    assert!(error.contains("does not say whose it is") && error.contains("--role field"), "{error}");
    assert!(check(path, ("field", false), &plain, &cases).is_ok(), "what is asked is the field's question");
    // A team's list says more: another case, its own visits once more, or on its cover which team's it is.
    let both = read_headed(&HEADING, &rows(&cases[..2], "01")).unwrap();
    assert!(check(path, ("field", false), &both, &cases).is_ok());
    let mut of_team = bare.clone();
    of_team.visits.iter_mut().for_each(|(_, visit)| visit.team = Some(String::from("east")));
    assert!(check(path, ("field", false), &of_team, &cases).is_ok());
    let noted = visit(bare.visits[0].1.outcome, &bare.visits[0].1.visited_on);
    cases[0].events.push(noted);
    assert!(check(path, ("field", false), &bare, &cases).is_ok());
}

#[test]
fn the_cover_says_whose_list_it_is() {
    use super::role::check;
    use crate::casework::history::{Event, EventKind};
    let (folder, mut cases) = (tempfile::tempdir().unwrap(), cases());
    cases[0].events.push(Event {
        what: EventKind::Assigned,
        at: String::new(),
        role: String::from("office"),
        outcome: None,
        visited_on: None,
        team: Some(String::from("east")),
        note: None,
    });
    // The column of what is asked has been taken out.
    for (covers, team, for_supervisor) in [
        (&["east"][..], Some("east"), false),
        (&[" east "], Some("east"), false),
        (&["nobody-knows"], None, false),
        (&["east", "west"], None, false),
        (&["supervisor"], None, true),
        (&["supervisor LIU"], None, true),
        (&[], None, false),
    ] {
        let path = folder.path().join("filled.xlsx");
        let mut book = Workbook::new();
        for (at, cover) in covers.iter().enumerate() {
            let label = [field::TEAM.zh, field::TEAM.en][at];
            book.add_worksheet().write_row(4, 0, [label, cover]).unwrap();
        }
        let sheet = book.add_worksheet();
        sheet.write_row(0, 0, HEADING).unwrap();
        sheet.write_row_matrix(1, 0, rows(&cases[..1], "01")).unwrap();
        book.save(&path).unwrap();
        let returned = read_back(&path, &cases, &|_| Vec::new());
        assert_eq!(returned.visits[0].1.team.as_deref(), team, "{covers:?}");
        assert_eq!(check(&path, ("field", false), &returned, &cases).is_err(), for_supervisor, "{covers:?}");
        // Nor is that forgotten where a row comes back wrong, and is put right in the file that says so.
        let mut book = Workbook::new();
        covers.iter().for_each(|cover| {
            book.add_worksheet().write_row(4, 0, [field::TEAM.en, cover]).unwrap();
        });
        let sheet = book.add_worksheet();
        sheet.write_row(0, 0, HEADING).unwrap();
        sheet.write_row_matrix(1, 0, rows(&cases[..1], "77")).unwrap();
        book.save(&path).unwrap();
        let wrong = read_back(&path, &cases, &|_| Vec::new());
        assert_eq!(wrong.wrong.len(), 1);
        for language in [Language::Zh, Language::En] {
            let target = super::write_wrong(folder.path(), "0123456789abcdef", &wrong, language).unwrap();
            let again = read_back(&target, &cases, &|_| Vec::new());
            assert_eq!((&again.team, again.asks_supervisor), (&wrong.team, for_supervisor), "{covers:?}");
            assert_eq!(wrong.team == team.unwrap_or_default(), !for_supervisor, "{covers:?}");
            assert_eq!(again.lists.len(), 1, "a cover is no list");
        }
    }
}

#[test]
fn a_wrong_day_is_told_from_a_missing_one() {
    for (day, what) in [
        ("2020-12", "the day is missing"),
        ("2020年12月", "the day is missing"),
        ("2020.12", "the day is missing"),
        ("12月3日", "the year is missing"),
        ("2020-01-05", "before the reference time"),
        ("2020-10-24", "before the reference time"),
        ("2020-12-01 2020-12-03 2020-12-05", "behind the day"),
        ("2020-12-01 03 05", "behind the day"),
        ("2020-12-01 nobody met", "behind the day"),
        ("2020-12-01nobody met", "behind the day"),
        ("2020-12-01家中无人", "behind the day"),
        ("2020年12月1日家中无人", "behind the day"),
        ("2020-12-01 12-05 10:00", "behind the day"),
        ("2020年12月1日、3日", "no date"),
        ("3rd Dec", "the year is missing"),
        ("Dec 2020", "the day is missing"),
        ("03/12/2020", "which the month"),
        ("3 Dec 2020 and 5 Dec 2020", "behind the day"),
        ("3 and 5 Dec 2020", "no date"),
    ] {
        let mut rows = rows(&cases()[..1], "03");
        rows[0][6] = day.to_owned();
        let (_, _, wrong) = read_rows(rows);
        assert!(wrong[0].0 == "走访日期" && wrong[0].1.contains(what), "{day}: {wrong:?}");
    }
    // A spreadsheet counts days, and other programs write them with decimals.
    for day in [
        "2020-10-25",
        "2020-11-01",
        "20201203",
        "44167",
        "44167.0",
        "44167.5",
        "",
        "2020-12-03 00:00:00",
        "2020-12-03T00:00:00.000Z",
        "2020-12-03 8:30 PM",
        "2020-12-03 下午3点半",
        "2020年12月3日 (星期四) 上午",
        "2020年12月3日 晚",
        "2020年12月3日晚8点",
        "2020-12-03 10:00-11:00",
        "2020-12-03Thu",
        "2020-12-03Tue 8:30 PM",
        "2020-12-03周四",
        "2020/12/3(星期四)上午10点",
        "2020年12月3號",
        "3 December 2020, 8:30 pm",
        "Dec 3, 2020",
        "25/11/2020",
        "11/25/2020 10:00",
        "12.12.2020",
    ] {
        let mut rows = rows(&cases()[..1], "03");
        rows[0][6] = day.to_owned();
        assert_eq!(read_rows(rows).0, 1, "{day}");
    }
}

/// What a sheet with this heading and these rows below it gives.
fn read_headed(heading: &[&str], rows: &[Vec<String>]) -> crate::error::Result<Returned> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("filled.csv");
    let mut writer = csv::Writer::from_path(&path).unwrap();
    writer.write_record(heading).unwrap();
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.flush().unwrap();
    let cases = cases();
    let known =
        Known { cases: &cases, appearances: &|_| Vec::new(), reference: jiff::civil::date(2020, 11, 1), role: "field" };
    read(&path, &known)
}

#[test]
fn columns_that_are_missing_are_said_with_the_headings_that_nobody_knows() {
    let rows = rows(&cases(), "03");
    let with = |heading: [&str; 7]| read_headed(&heading, &rows).unwrap();
    let days = |returned: &Returned| returned.visits.iter().filter(|(_, visit)| !visit.visited_on.is_empty()).count();
    for day in ["走访时间", "访问日期", "Visit date", "visited", "核查日期"] {
        let heading = ["编号", "事项", "住所", "姓名", "出生年月", "核查结果", day];
        let returned = with(heading);
        assert_eq!(days(&returned), 4, "{day}");
        let missing: Vec<_> = returned.incomplete.iter().flat_map(|list| &list.missing).map(|title| title.zh).collect();
        assert_eq!(missing, ["备注"], "{day}");
    }
    let renamed = with(["编号", "类别", "地址", "名字", "出生年月", "核查结果", "何时去的13800138000"]);
    let list = &renamed.incomplete[0];
    let missing: Vec<_> = list.missing.iter().map(|title| title.en).collect();
    assert_eq!(missing, ["Visited on", "Notes", "Name", "Kind", "Dwelling"]);
    assert_eq!(list.unknown[..3], ["类别", "地址", "名字"]);
    assert!(list.unknown.len() == 4 && !list.unknown[3].contains("13800138000"), "{:?}", list.unknown);
}

#[test]
fn a_sheet_whose_outcomes_have_another_heading_is_not_lost_beside_one_that_can_be_read() {
    let (folder, cases) = (tempfile::tempdir().unwrap(), cases());
    let path = folder.path().join("filled.xlsx");
    let mut book = Workbook::new();
    for (name, outcome, list) in [("东区", "核查结果", &cases[..1]), ("西区", "走访结果如何", &cases[1..])]
    {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        let heading = HEADING.map(|title| if title == "核查结果" { outcome } else { title });
        sheet.write_row(0, 0, heading).unwrap();
        sheet.write_row_matrix(1, 0, rows(list, "03")).unwrap();
    }
    book.save(&path).unwrap();
    let returned = read_back(&path, &cases, &|_| Vec::new());
    assert_eq!(returned.visits.len(), 1);
    let west = returned.incomplete.iter().find(|list| returned.sheet(list.list).as_deref() == Some("sheet 西区"));
    let west = west.expect("the other sheet is said");
    assert_eq!((west.missing[0].zh, west.unknown[0].as_str()), ("核查结果", "走访结果如何"));
}

#[test]
fn the_heading_that_went_out_counts_before_others_and_a_filled_column_before_an_empty_one() {
    let rows: Vec<Vec<String>> = rows(&cases(), "03")
        .into_iter()
        .map(|row| [&[String::new()][..], &row, &[String::from("no lift")]].concat())
        .collect();
    let day_of = |heading: [&str; 9], rows: &[Vec<String>]| {
        let visit = read_headed(&heading, rows).unwrap().visits[0].1.clone();
        (visit.visited_on, visit.note)
    };
    let told = (String::from("2020-12-03"), String::from("no lift"));
    let sent = ["编号", "事项", "住所", "姓名", "出生年月", "核查结果"];
    let headed = |first: &'static str, day: &'static str, note: &'static str| {
        let mut heading = [first; 9];
        heading[1..7].copy_from_slice(&sent);
        (heading[7], heading[8]) = (day, note);
        heading
    };
    // An empty column of the office's own before the real one.
    assert_eq!(day_of(headed("日期", "走访日期", "备注"), &rows), told);
    assert_eq!(day_of(headed("说明", "走访日期", "备注"), &rows), told);
    assert_eq!(day_of(headed("走访日期", "日期", "备注"), &rows), told, "the one that is filled in");
    // The office's own is filled in, too: what went out counts. Of two others nobody can tell.
    let mut filled = rows.clone();
    filled.iter_mut().for_each(|row| row[0] = String::from("2020-12-09"));
    assert_eq!(day_of(headed("日期", "走访日期", "备注"), &filled), told);
    let error = read_headed(&headed("日期", "访问日期", "备注"), &filled).unwrap_err().to_string();
    assert!(error.contains("columns 1 and 8") && error.contains("走访日期"), "{error}");
}

#[test]
fn a_title_above_a_text_table_is_no_heading() {
    let (folder, cases) = (tempfile::tempdir().unwrap(), cases());
    let path = folder.path().join("filled.csv");
    for (title, mark) in [("第三小组", ","), ("第三小组,十二月,补充", ";"), ("Team 3; east", "\t"), ("Team 3", "\t")]
    {
        let all = std::iter::once(HEADING.map(str::to_owned).to_vec()).chain(rows(&cases, "03"));
        let lines: Vec<String> = std::iter::once(title.to_owned()).chain(all.map(|row| row.join(mark))).collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
        let returned = read_back(&path, &cases, &|_| Vec::new());
        assert_eq!((returned.visits.len(), returned.wrong.len(), returned.lists.len()), (4, 0, 1), "{title}");
        assert_eq!(returned.place(returned.visits[0].0), "row 3", "{title}");
    }
}
