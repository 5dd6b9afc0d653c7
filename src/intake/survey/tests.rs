mod departments;
mod languages;
mod parts;
mod unusual;

use std::fmt::Write;
use std::path::Path;

use super::draft;
use crate::error::Kind;
use crate::intake::study::{Comparator, Field, Role, RowKind, Study, file};

/// A folder with these CSV files.
fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The draft for a folder, and the study that it makes.
fn drafted(folder: &Path) -> (String, Study) {
    let text = draft(folder, folder).unwrap().text;
    let path = folder.join("study.toml");
    std::fs::write(&path, &text).unwrap();
    let study = file::read(&path).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (text, study)
}

/// A table of this header and so many rows.
fn table(header: &str, rows: u32, row: impl Fn(u32) -> String) -> String {
    let mut text = format!("{header}\n");
    for number in 0..rows {
        writeln!(text, "{}", row(number)).unwrap();
    }
    text
}

fn column(study: &Study, source: usize, field: Field) -> Option<&str> {
    study.sources[source].binding(field).map(|binding| binding.columns[0].as_str())
}

fn custom<'s>(study: &'s Study, name: &str) -> &'s crate::intake::study::CustomField {
    study.custom_fields.iter().find(|custom| custom.name == name).unwrap_or_else(|| panic!("no field {name}"))
}

const GIVEN: [&str; 7] = ["ada", "bo", "carl", "dora", "emil", "frieda", "gus"];
const FAMILY: [&str; 11] =
    ["young", "zeller", "adams", "brown", "cole", "dean", "evans", "ford", "green", "hall", "irving"];
const HAN: [&str; 9] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周"];

fn given(row: u32) -> &'static str {
    GIVEN[row as usize % GIVEN.len()]
}

fn family(row: u32) -> &'static str {
    FAMILY[row as usize % FAMILY.len()]
}

/// A name of three characters; the rows differ.
fn han_name(row: u32) -> String {
    let pick = |at: u32| HAN[at as usize % HAN.len()];
    format!("{}{}{}", pick(row), pick(row / 9), pick(row / 81))
}

/// An ID number of the unassigned region 999999.
fn id_number(row: u32) -> String {
    format!("999999{}{:02}{:02}{:03}X", 1950 + row % 60, row % 12 + 1, row % 28 + 1, row % 1000)
}

fn district() -> Vec<(&'static str, String)> {
    let roll = table(
        "登记编号,普查小区,户编号,与户主关系,姓名,公民身份号码,性别,出生年月,民族,普查时点居住地,住址,登记日期",
        200,
        |row| {
            let division = format!("120106012{:03}{:03}", row % 4, row % 9);
            let (name, id, kind) = (han_name(row), id_number(row), row % 5 + 1);
            format!(
                "R{row},{division},h{},户主,{name},{id},{},1980{:02},01,{kind},风采里{row}号楼1门401,2020-11-03",
                row / 3,
                row % 2 + 1,
                row % 12 + 1
            )
        },
    );
    let police = table(
        "人员编号,登记类型,姓名,曾用名,身份证号,性别,出生日期,居委会代码,现住址,手机,更新日期",
        200,
        |row| {
            let kind = ["户籍", "居住证"][row as usize % 2];
            let (name, id) = (han_name(row), id_number(row));
            format!(
                "P{row},{kind},{name},,{id},男,1980-01-{:02},120106012004,风采里{row}号楼1门401,1380000{:04},2019-05-06",
                row % 28 + 1,
                row
            )
        },
    );
    let housing =
        table("合同编号,登记类别,权利人姓名,证件号码,坐落,建筑面积,登记日期", 200, |row| {
            let kind = ["不动产", "租赁备案", "其它"][row as usize % 3];
            format!(
                "H{row},{kind},{},{},风采里{row}号楼1单元401,{}.5,2015-01-02",
                han_name(row),
                id_number(row),
                row % 77
            )
        });
    let health = table(
        "业务编号,业务类型,姓名,身份证号,母亲姓名,母亲身份证号,死亡日期,最近就诊日期",
        200,
        |row| {
            let kind = ["居民健康档案", "出生医学证明", "死亡医学证明"][row as usize % 3];
            format!(
                "W{row},{kind},{},{},{},{},2020-01-02,2020-03-04",
                han_name(row),
                id_number(row),
                han_name(row + 5),
                id_number(row + 5)
            )
        },
    );
    let truth = table("source,record_id,uid", 3, |row| format!("roll,R{row},{row}"));
    vec![
        ("roll.csv", roll),
        ("公安.csv", police),
        ("housing.csv", housing),
        ("health.csv", health),
        ("truth_records.csv", truth),
    ]
}

#[test]
fn a_district_is_recognised() {
    let folder = folder(&district());
    let (text, study) = drafted(folder.path());
    let names: Vec<&str> = study.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["health", "housing", "roll", "公安"]);
    let kinds: Vec<&str> = study.sources.iter().map(|source| source.kind.as_str()).collect();
    assert_eq!(kinds, ["health", "housing", "census", "public_security"]);
    assert_eq!((study.roll(), study.area.as_str()), (Some(2), "120106012"));
    let records: Vec<_> = study.sources.iter().map(|source| source.record_id.as_deref().unwrap()).collect();
    assert_eq!(records, ["业务编号", "合同编号", "登记编号", "人员编号"]);
    let check =
        |source: usize, field: Field, name: Option<&str>| assert_eq!(column(&study, source, field), name, "{field:?}");
    check(0, Field::MotherName, Some("母亲姓名"));
    check(0, Field::MotherIdNumber, Some("母亲身份证号"));
    check(0, Field::DeathDate, Some("死亡日期"));
    check(0, Field::LastSeen, Some("最近就诊日期"));
    check(1, Field::Name, Some("权利人姓名"));
    check(1, Field::IdNumber, Some("证件号码"));
    check(1, Field::Address, Some("坐落"));
    check(1, Field::LastSeen, Some("登记日期"));
    check(2, Field::EnumerationArea, Some("普查小区"));
    check(2, Field::Household, Some("户编号"));
    check(2, Field::BirthDate, Some("出生年月"));
    check(2, Field::LastSeen, None);
    check(3, Field::Telephone, Some("手机"));
    check(3, Field::Division, Some("居委会代码"));
    check(3, Field::FormerName, None);
    assert!(study.custom_fields.is_empty() && text.contains("# left out: 建筑面积"), "{text}");
    assert!(text.contains("# left out: truth_records.csv"), "{text}");
}

#[test]
fn rows_mean_what_their_codes_say() {
    let folder = folder(&district());
    let (text, study) = drafted(folder.path());
    let check = |source: usize, value: &str, kind: RowKind| {
        assert_eq!(study.sources[source].rows.values.get(value), Some(&kind), "{value}\n{text}");
    };
    check(0, "居民健康档案", RowKind::Residence);
    check(0, "出生医学证明", RowKind::Birth);
    check(0, "死亡医学证明", RowKind::Death);
    check(1, "不动产", RowKind::Ownership);
    check(1, "租赁备案", RowKind::Tenancy);
    check(1, "其它", RowKind::Other);
    check(2, "1", RowKind::Present);
    check(2, "4", RowKind::ElsewhereInArea);
    check(2, "5", RowKind::Elsewhere);
    check(3, "户籍", RowKind::HouseholdRegistration);
    check(3, "居住证", RowKind::Permit);
    assert!(text.contains("other = [\"其它\"]   # ?"), "{text}");
}

#[test]
fn codes_with_a_point_are_those_without_and_what_is_not_understood_is_asked_for() {
    let roll = |of_row: fn(u32) -> String| {
        let mut files = district();
        let mut lines = files[0].1.lines();
        let mut text = format!("{}\n", lines.next().unwrap());
        for (row, line) in (0u32..).zip(lines) {
            let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            (cells[6], cells[9]) = (format!("{}.0", cells[6]), of_row(row));
            writeln!(text, "{}", cells.join(",")).unwrap();
        }
        files[0].1 = text;
        let folder = folder(&files);
        drafted(folder.path())
    };
    let (text, study) = roll(|row| format!("{}.0", row % 5 + 1));
    assert_eq!(study.sources[2].rows.values.get("1"), Some(&RowKind::Present), "{text}");
    assert_eq!(study.sources[2].rows.values.get("5"), Some(&RowKind::Elsewhere), "{text}");
    assert!(text.lines().any(|line| line == "sex = \"性别\""), "no doubt of it: {text}");
    let (text, study) = roll(|row| String::from(["甲", "乙"][row as usize % 2]));
    let rows = &study.sources[2].rows;
    assert_eq!((rows.column.as_deref(), rows.values.get("甲")), (Some("普查时点居住地"), Some(&RowKind::Present)));
    let asked = |begin: &str| text.lines().any(|line| line.starts_with(begin) && line.contains("# ?"));
    assert!(asked("column = \"普查时点居住地\"") && asked("present = ["), "{text}");
}

#[test]
fn a_roll_of_which_no_column_says_who_lives_here_and_a_register_of_persons_who_left_are_asked_about() {
    let mut files = district();
    files[0].1 = files[0].1.replace("普查时点居住地", "甲乙");
    for (row, line) in files[2].1.clone().lines().enumerate() {
        let state = ["人员状态", "正常", "迁出注销"][if row == 0 { 0 } else { 1 + row % 2 }];
        let text = if row == 0 { String::new() } else { std::mem::take(&mut files[2].1) };
        files[2].1 = format!("{text}{line},{state}\n");
    }
    let folder = folder(&files);
    let (text, _) = drafted(folder.path());
    let asked = |begin: &str| text.lines().any(|line| line.starts_with(begin) && line.contains("# ?"));
    assert!(asked("# left out: 甲乙: ") && asked("# no [source.rows]"), "{text}");
    assert!(asked("# left out: 人员状态: "), "{text}");
}

#[test]
fn a_register_of_more_than_the_district_under_other_headings_is_recognised() {
    let mut files = district();
    files.retain(|(name, _)| *name == "roll.csv" || *name == "公安.csv");
    let police = &mut files[1].1;
    *police = police.replacen("登记类型", "性质", 1).replacen("居委会代码", "社区编码", 1).replacen(
        "更新日期",
        "末次就诊时间",
        1,
    );
    // Most of it lives in the next district.
    *police = police.replace(",120106012004,", ",120104001004,");
    let folder = folder(&files);
    let (text, study) = drafted(folder.path());
    assert_eq!(study.area, "120106012", "{text}");
    let police = &study.sources[1];
    assert_eq!(police.rows.values.get("居住证"), Some(&RowKind::Permit), "{text}");
    assert_eq!(column(&study, 1, Field::Division), Some("社区编码"));
    assert_eq!(column(&study, 1, Field::LastSeen), Some("末次就诊时间"));
}

#[test]
fn chinese_names_in_two_columns_are_one_name() {
    for headers in ["id,姓,名,dob", "id,surname,given_name,dob"] {
        let persons = |prefix: &'static str| {
            table(headers, 100, move |row| {
                let (name, day) = (han_name(row), row % 28 + 1);
                let (family, given) = name.split_at('王'.len_utf8());
                format!("{prefix}{row},{family},{given},1980-02-{day:02}")
            })
        };
        let folder = folder(&[("roll.csv", persons("r")), ("police.csv", persons("p"))]);
        let (text, study) = drafted(folder.path());
        let names: Vec<&str> = headers.split(',').skip(1).take(2).collect();
        for source in &study.sources {
            let name = source.binding(Field::Name).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((name.columns.join(","), name.joiner.as_str()), (names.join(","), ""), "{text}");
            assert!(source.binding(Field::FamilyName).is_none() && source.binding(Field::GivenName).is_none());
        }
        assert!(!text.contains("left out"), "{text}");
    }
}

#[test]
fn two_files_of_another_country_are_linked_with_declared_fields() {
    let persons = |prefix: &'static str| {
        let header =
            "rec_id,first_name,surname,full_name,house_no,street,address,zip,state,phone,ssn,seq,age,dob,cluster";
        table(header, 300, move |row| {
            let (given, family) = (given(row), family(row));
            let (house, street) = (row % 97, format!("{family} lane {}", row % 40));
            let state = ["nsw", "vic", "qld"][row as usize % 3];
            format!(
                "{prefix}{row},{given},{family},{given} {family},{house},{street},{house} {street},{:05},{state},\
                 07 81{:06},{:07},{prefix}{:05},{},19{:02}0{}1{},c{row}",
                row % 120,
                row * 3,
                row * 31,
                row * 7,
                row % 90,
                row % 100,
                row % 9 + 1,
                row % 9
            )
        })
    };
    let folder = folder(&[("b.csv", persons("b")), ("a.csv", persons("a"))]);
    let (text, study) = drafted(folder.path());
    assert_eq!((study.sources[0].role, study.sources[1].role), (Role::Roll, Role::Register));
    assert_eq!(study.sources[0].name, "a");
    assert!(text.contains("no file looks like a census roll"), "{text}");
    for source in 0..2 {
        assert_eq!(study.sources[source].record_id.as_deref(), Some("rec_id"));
        let check = |field: Field, name: &str| assert_eq!(column(&study, source, field), Some(name), "{text}");
        check(Field::GivenName, "first_name");
        check(Field::FamilyName, "surname");
        check(Field::BirthDate, "dob");
        check(Field::Telephone, "phone");
        assert_eq!(column(&study, source, Field::Name), None);
    }
    let names: Vec<&str> = study.custom_fields.iter().map(|custom| custom.name.as_str()).collect();
    assert_eq!(names, ["street_number", "street_name", "postcode", "state", "soc_sec_id"], "{text}");
    assert_eq!(custom(&study, "state").comparator, Comparator::Exact);
    assert_eq!(custom(&study, "street_name").comparator, Comparator::JaroWinkler);
    let postcode = custom(&study, "postcode");
    assert_eq!(
        (postcode.comparator, postcode.levels.as_slice(), postcode.frequency),
        (Comparator::DamerauLevenshtein, [1.0, 2.0].as_slice(), true)
    );
    assert!(!custom(&study, "soc_sec_id").frequency);
    let shown: Vec<bool> = study.custom_fields.iter().map(|custom| custom.dwelling).collect();
    assert_eq!(shown, [true, true, true, true, false], "parts of an address are shown on lists");
    for (left_out, why) in [
        ("cluster", "label"),
        ("address", "repeats"),
        ("seq", "no other source"),
        ("age", "birth date"),
        ("full_name", ""),
    ] {
        let line = text.lines().find(|line| line.starts_with(&format!("# left out: {left_out}: ")));
        assert!(line.is_some_and(|line| line.contains(why)), "{left_out}\n{text}");
    }
}

#[test]
fn one_file_is_searched_for_duplicates() {
    let one = table("unique_id,first_name,surname,dob,birth_place,occupation,postcode_fake,note", 200, |row| {
        let row = row / 2;
        format!(
            "{},{},{},1971-06-{:02},town {},{},ab{} {}cd,",
            row,
            given(row),
            family(row),
            row % 28 + 1,
            row % 50,
            "clerk",
            row % 30,
            row % 9
        )
    });
    // Every second row repeats the one before, but for its number.
    let mut number = 0;
    let one: String = one
        .lines()
        .map(|line| {
            number += 1;
            if number == 1 { format!("{line}\n") } else { format!("u{number},{}\n", line.split_once(',').unwrap().1) }
        })
        .collect();
    let folder =
        folder(&[("persons.csv", one), ("pairs.csv", table("id_l,id_r", 5, |row| format!("u{row},u{}", row + 1)))]);
    let (text, study) = drafted(folder.path());
    assert_eq!((study.sources.len(), study.sources[0].role), (1, Role::Roll), "{text}");
    assert_eq!(study.sources[0].record_id.as_deref(), Some("unique_id"));
    let names: Vec<&str> = study.custom_fields.iter().map(|custom| custom.name.as_str()).collect();
    assert_eq!(names, ["birth_place", "postcode_fake"], "{text}");
    assert!(text.contains("# left out: occupation: it has one value only"), "{text}");
    assert!(text.contains("# left out: note: it is empty"), "{text}");
    assert!(text.contains("# left out: pairs.csv"), "{text}");
}

#[test]
fn values_speak_where_headers_are_silent() {
    let file = table("k1,k2,k3,k4", 120, |row| {
        format!("{},{},风采里{row}号楼1门401,138000{:05}", han_name(row), id_number(row), row)
    });
    let folder = folder(&[("x.csv", file)]);
    let (text, study) = drafted(folder.path());
    assert_eq!(column(&study, 0, Field::Name), Some("k1"), "{text}");
    assert_eq!(column(&study, 0, Field::IdNumber), Some("k2"), "{text}");
    assert_eq!(column(&study, 0, Field::Address), Some("k3"), "{text}");
    assert_eq!(column(&study, 0, Field::Telephone), Some("k4"), "{text}");
    assert_eq!(text.matches("its values look like").count(), 4, "{text}");
}

#[test]
fn the_number_of_another_person_is_not_taken_for_the_persons_own() {
    let police = |own: &str| {
        table(
            &format!("户号,户主姓名,户主身份证号,与户主关系,姓名*,{own},性别（1男2女）,监护人电话"),
            200,
            |row| {
                let (head, name) = (han_name(row / 3), han_name(row));
                format!("h{},{head},{},子,{name},{},1,138000{row:05}", row / 3, id_number(row / 3), id_number(row))
            },
        )
    };
    let folder = folder(&[("roll.csv", district()[0].1.clone()), ("公安.csv", police("居民身份证号码"))]);
    let (text, study) = drafted(folder.path());
    let column = |field: Field| column(&study, 1, field);
    assert_eq!(column(Field::IdNumber), Some("居民身份证号码"), "{text}");
    assert_eq!((column(Field::Name), column(Field::Sex)), (Some("姓名*"), Some("性别（1男2女）")), "{text}");
    assert_eq!(column(Field::Telephone), None, "{text}");
    assert!(text.contains("# left out: 户主身份证号: it is of another person"), "{text}");
}

#[test]
fn of_several_columns_that_could_be_a_field_none_is_taken() {
    let file = table("k1,k2,k3", 120, |row| format!("{},{},{}", han_name(row), id_number(row), id_number(row + 1)));
    let folder = folder(&[("x.csv", file)]);
    let (text, study) = drafted(folder.path());
    assert_eq!((column(&study, 0, Field::Name), column(&study, 0, Field::IdNumber)), (Some("k1"), None), "{text}");
    for left_out in ["k2", "k3"] {
        assert!(text.contains(&format!("# left out: {left_out}: several columns look like ID numbers")), "{text}");
    }
}

#[test]
fn a_format_is_said_only_where_the_usual_reading_errs() {
    let check = |date: fn(u32) -> String, format: Option<&str>| {
        let file = table("id,name,dob", 100, |row| format!("{row},{} {},{}", given(row), family(row), date(row)));
        let folder = folder(&[("x.csv", file)]);
        let (text, study) = drafted(folder.path());
        assert_eq!(study.sources[0].binding(Field::BirthDate).unwrap().format.as_deref(), format, "{text}");
    };
    check(|row| format!("{:02}/{:02}/1990", row % 12 + 1, row % 28 + 1), Some("%m/%d/%Y"));
    check(|row| format!("{:02}/{:02}/1990", row % 28 + 1, row % 12 + 1), None);
    check(|row| format!("{:02}/{:02}/90", row % 12 + 1, row % 28 + 1), Some("%m/%d/%y"));
    check(|row| format!("1990-{:02}-{:02}", row % 12 + 1, row % 28 + 1), None);
    check(|row| format!("1990{:02}", row % 12 + 1), None);
}

#[test]
fn a_national_number_that_is_no_citizen_id_is_declared() {
    let file = |prefix: &'static str| {
        table("id,name,national_id", 100, move |row| {
            format!("{prefix}{row},{} {},{:09}", given(row), family(row), row * 7919)
        })
    };
    let folder = folder(&[("x.csv", file("x")), ("y.csv", file("y"))]);
    let (text, study) = drafted(folder.path());
    assert_eq!(column(&study, 0, Field::IdNumber), None, "{text}");
    assert_eq!(custom(&study, "national_id").comparator, Comparator::DamerauLevenshtein);
}

#[test]
fn a_folder_without_extracts_is_refused_and_a_broken_file_is_named() {
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(draft(empty.path(), empty.path()).unwrap_err().kind(), Kind::Input);
    assert_eq!(draft(&empty.path().join("none"), empty.path()).unwrap_err().kind(), Kind::Input);
    std::fs::write(empty.path().join("a.parquet"), "no Parquet").unwrap();
    assert!(draft(empty.path(), empty.path()).unwrap_err().to_string().contains("it looks like text"));
    std::fs::write(empty.path().join("b.csv"), "id,name\n1,ada young\n2,bo zeller\n").unwrap();
    let (text, study) = drafted(empty.path());
    assert_eq!(study.sources.len(), 1);
    assert!(text.lines().any(|line| line.starts_with("# left out: a.parquet: cannot be used: ")), "{text}");
}

#[test]
fn a_delivery_that_came_twice_is_one_source() {
    let files = district();
    let copy = |at: usize, name: &'static str| (name, files[at].1.clone());
    let folder =
        folder(&[files[0].clone(), copy(1, "register.csv"), copy(1, "register (1).csv"), copy(0, "a copy.csv")]);
    let drafted = draft(folder.path(), folder.path()).unwrap();
    let twin = |name: &str, kept: &str| (name.to_owned(), format!("it has the same content as {kept}"));
    let twins = [twin("a copy.csv", files[0].0), twin("register (1).csv", "register.csv")];
    assert_eq!(drafted.left_out, twins, "{}", drafted.text);
    assert_eq!(drafted.text.matches("[[source]]").count(), 2, "{}", drafted.text);
    let said = "# left out: register (1).csv: it has the same content as register.csv";
    assert!(drafted.text.contains(said), "{}", drafted.text);
}

#[test]
fn a_title_above_the_header_is_said_to_stand_there() {
    let with_title = |first: &str| {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.merge_range(0, 0, 0, 2, "某区常住人口登记表", &rust_xlsxwriter::Format::new()).unwrap();
        for row in 1..200u32 {
            let cells = match row {
                1 => [first, "姓名", "公民身份号码"].map(String::from),
                row => [format!("M{row}"), han_name(row), id_number(row)],
            };
            for (column, cell) in (0u16..).zip(if first.is_empty() { [1, 2, 0] } else { [0, 1, 2] }) {
                sheet.write_string(row, column, &cells[cell]).unwrap();
            }
        }
        workbook.save_to_buffer().unwrap()
    };
    let folder = folder(&[("roll.csv", district()[0].1.clone()), ("one.csv", String::from("姓名\n王小明\n李小红\n"))]);
    assert_eq!(draft(folder.path(), folder.path()).unwrap().unrecognised, [""; 0]);
    // Numbers or names in the column under the title.
    std::fs::write(folder.path().join("a.xlsx"), with_title("编号")).unwrap();
    std::fs::write(folder.path().join("b.xlsx"), with_title("")).unwrap();
    assert_eq!(draft(folder.path(), folder.path()).unwrap().unrecognised, ["a.xlsx", "b.xlsx"]);
}

#[test]
fn paths_are_relative_to_where_the_study_file_will_be() {
    let folder = folder(&[("sub \"a\".csv", String::from("id,name\n1,ada young\n2,bo zeller\n"))]);
    let text = draft(folder.path(), folder.path()).unwrap().text;
    assert!(text.contains("path = \"sub \\\"a\\\".csv\""), "{text}");
    let elsewhere = tempfile::tempdir().unwrap();
    let text = draft(folder.path(), elsewhere.path()).unwrap().text;
    let path = elsewhere.path().join("study.toml");
    std::fs::write(&path, text).unwrap();
    assert_eq!(file::read(&path).unwrap().sources[0].files.len(), 1);
}

#[test]
fn no_value_of_a_person_stands_in_the_draft() {
    let folder = folder(&district());
    let text = draft(folder.path(), folder.path()).unwrap().text;
    for row in 0..200 {
        assert!(!text.contains(&han_name(row)) && !text.contains(&id_number(row)));
    }
}

#[test]
fn what_somebody_typed_of_a_person_is_no_kind_of_rows() {
    let register = table("编号,登记类型,姓名,证件号码", 400, |row| {
        let kind = match row {
            7 => "王芳死亡",
            8 => "李小芳 户籍",
            9..12 => "欧阳修文",
            20 => "死亡",
            30..33 => "7",
            40..46 => "流动人口登记",
            46..52 => "其它情况",
            _ => "户籍",
        };
        format!("P{row},{kind},{},{}", han_name(row), id_number(row))
    });
    let folder = folder(&[("roll.csv", district()[0].1.clone()), ("公安.csv", register)]);
    let (text, study) = drafted(folder.path());
    for typed in ["王芳", "李小芳", "欧阳修文"] {
        assert!(!text.contains(typed), "{typed}\n{text}");
    }
    let police = study.sources.iter().find(|source| source.name != "roll").unwrap();
    for (value, kind) in [
        ("死亡", RowKind::Death),
        ("7", RowKind::Other),
        ("流动人口登记", RowKind::Permit),
        ("其它情况", RowKind::Other),
        ("户籍", RowKind::HouseholdRegistration),
    ] {
        assert_eq!(police.rows.values.get(value), Some(&kind), "{value}\n{text}");
    }
}

#[test]
fn a_file_without_column_names_is_left_out_and_shows_nobody() {
    let persons = table("R,name,sex", 30, |row| format!("R{row},{},女,1984-11-{:02}", han_name(row), row % 28 + 1));
    let (_, persons) = persons.split_once('\n').unwrap();
    let folder = folder(&[("roll.csv", district()[0].1.clone()), ("x.csv", persons.to_owned())]);
    let text = draft(folder.path(), folder.path()).unwrap().text;
    assert!(text.contains("# left out: x.csv: cannot be used: ") && text.contains("column names"), "{text}");
    assert!(!text.contains(&han_name(0)) && !text.contains("1984-11-01"), "{text}");
}

#[test]
fn addresses_of_another_script_are_shown_and_areas_may_have_any_code() {
    let header = "id,given name,family name,born,address";
    let row = |row: u32| format!("{row},{},{},{},{} Main Street", given(row), family(row), 1950 + row % 60, row / 3);
    let roll = |number: u32| format!("{},EA{:02}", row(number), number % 7);
    let files = [
        ("census.csv", table(&format!("{header},Enumeration area"), 200, roll)),
        ("register.csv", table(header, 200, row)),
    ];
    let folder = folder(&files);
    let (text, study) = drafted(folder.path());
    assert!(custom(&study, "address_text").dwelling, "{text}");
    assert_eq!(study.custom_fields.iter().filter(|field| field.dwelling).count(), 1);
    let roll = study.roll().unwrap();
    assert_eq!(column(&study, roll, Field::EnumerationArea), Some("Enumeration area"), "{text}");
}

#[test]
fn what_somebody_typed_of_a_person_is_in_no_draft() {
    let row = |row: u32| {
        let kind = match row {
            7 => "搬到李明家",
            9 => "已随其子李强迁往外地居住多年了",
            _ => ["居民健康档案", "出生医学证明", "死亡医学证明", "电话1381234567", "复查"][row as usize % 5],
        };
        format!("{row},{kind},{},19900{}0{}", han_name(row), row % 9 + 1, row % 8 + 1)
    };
    let folder = folder(&[("health.csv", table("业务编号,业务类型,姓名,出生日期", 60, row))]);
    let text = draft(folder.path(), folder.path()).unwrap().text;
    assert!(text.contains("出生医学证明"), "{text}");
    assert!(text.contains("复查"), "a code that nobody understands is asked about: {text}");
    for typed in ["李明", "李强", "1381234567"] {
        assert!(!text.contains(typed), "{text}");
    }
}
