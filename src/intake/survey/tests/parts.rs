//! Files of one form: parts of one extract, lists of different things, older copies.

use super::*;

/// A source of a draft: its name, its number of files, what its rows are.
type Seen = (String, usize, Option<RowKind>);

/// The sources of the draft for these files, and how many of its remarks ask for parts to be listed together.
fn sources(files: &[(&str, String)]) -> (Vec<Seen>, usize) {
    let folder = folder(files);
    let remarks = draft(folder.path(), folder.path()).unwrap().remarks;
    let (_, study) = drafted(folder.path());
    let seen = |source: &crate::intake::study::Source| {
        let is_guessed = source.rows.column.is_none() && source.role == Role::Register;
        let otherwise = is_guessed.then_some(source.rows.otherwise).filter(|kind| *kind != RowKind::Residence);
        (source.name.clone(), source.files.len(), otherwise)
    };
    let asked = remarks.iter().filter(|remark| remark.what.contains("parts of one table?")).count();
    (study.sources.iter().map(seen).collect(), asked)
}

fn roll() -> (&'static str, String) {
    ("普查登记.csv", register(0, "001"))
}

/// Persons from this number on, in this area.
fn register(from: u32, area: &'static str) -> String {
    table("登记编号,姓名,身份证号,普查小区,登记日期", 100, move |row| {
        let row = from + row;
        format!("P{row},{},{},120106{area}001{:03},{}", han_name(row), id_number(row), row % 7, "2020-05-06")
    })
}

/// Persons from this number on; `number` is that of the record in its file.
fn list(from: u32, number: impl Fn(u32) -> u32) -> String {
    table("人员编号,姓名,身份证号,住址", 100, |row| {
        let person = from + row;
        format!("{},{},{},风采里{person}号楼1门401", number(row), han_name(person), id_number(person))
    })
}

#[test]
fn lists_of_different_things_and_strangers_of_one_number_are_no_parts() {
    let one = |from: u32| list(from, move |row| from + row);
    let anew = |from: u32| list(from, |row| row);
    let households = |from: u32| {
        table("姓名,身份证号,户号,与户主关系", 100, move |row| {
            format!("{},{},{},户主", han_name(from + row), id_number(from + row), row / 3)
        })
    };
    let without_numbers = |area: fn(u32) -> String| {
        table("rec_id,name,address,enumeration_area", 100, |row| {
            format!("r{row},{},风采里{row}号楼1门401,{}", han_name(row), area(row))
        })
    };
    for (files, asked) in [
        ([("出生.csv", register(100, "001")), ("死亡.csv", register(200, "002"))], 0),
        ([("东街_常住.csv", register(100, "001")), ("西市_死亡.csv", register(200, "002"))], 0),
        ([("东街/公安.csv", register(100, "001")), ("西市/卫健.csv", register(200, "002"))], 0),
        ([("出生/2020.csv", one(100)), ("死亡/2020.csv", one(200))], 0),
        ([("公安/东街.csv", one(100)), ("卫健/西市.csv", one(200))], 0),
        ([("教育.csv", one(100)), ("民政.csv", one(200))], 1),
        ([("东街派出所.csv", anew(100)), ("西市派出所.csv", anew(200))], 1),
        ([("东街派出所.csv", households(100)), ("西市派出所.csv", households(200))], 1),
        (
            [
                ("list_1.csv", without_numbers(|row| format!("E{}", 1000 + row % 9))),
                ("list_2.csv", without_numbers(|row| format!("{:04}", row % 9))),
            ],
            1,
        ),
    ] {
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        let files: Vec<_> = files.iter().cloned().chain([roll()]).collect();
        let (sources, said) = sources(&files);
        assert_eq!((sources.len(), said), (3, asked), "{names:?}: {sources:?}");
    }
}

#[test]
fn parts_keep_what_the_names_of_their_files_say() {
    let one = |from: u32| list(from, move |row| from + row);
    let three = |[a, b, c]: [&'static str; 3]| vec![roll(), (a, one(100)), (b, one(200)), (c, one(300))];
    for (names, name, otherwise) in [
        (["死亡东街派出所.csv", "死亡南桥派出所.csv", "死亡西市派出所.csv"], "派出所", Some(RowKind::Death)),
        (["deaths_a_extract.csv", "deaths_b_extract.csv", "deaths_c_extract.csv"], "deaths", Some(RowKind::Death)),
        (["公安东街派出所.csv", "公安南桥派出所.csv", "公安西市派出所.csv"], "派出所", None),
        (["死亡/2018.csv", "死亡/2019.csv", "死亡/2020.csv"], "死亡", Some(RowKind::Death)),
    ] {
        let (sources, _) = sources(&three(names));
        assert!(sources.contains(&(name.to_owned(), 3, otherwise)), "{names:?}: {sources:?}");
    }
    // Named beside others: each goes to those of its department, and the dead are no residents.
    let mut files = vec![roll(), ("死亡/名单.csv", one(700))];
    files.extend([("1东/公安.csv", register(100, "001")), ("1东/卫健.csv", register(105, "001"))]);
    files.extend([("2西/公安.csv", register(200, "002")), ("2西/卫健.csv", register(202, "002"))]);
    let (seen, _) = sources(&files);
    let found = |name: &str| seen.iter().find(|(seen, ..)| seen == name).map(|(_, files, rows)| (*files, *rows));
    assert_eq!((found("公安"), found("卫健")), (Some((2, None)), Some((2, None))), "{seen:?}");
    assert_eq!(found("名单"), Some((1, Some(RowKind::Death))), "{seen:?}");
    // A roll that only its name tells.
    let mut files = three(["普查东街街道办事处.csv", "普查南桥街道办事处.csv", "普查西市街道办事处.csv"]);
    files[0] = ("公安.csv", district()[1].1.clone());
    let folder = folder(&files);
    let study = drafted(folder.path()).1;
    assert_eq!((study.roll(), study.sources.len(), study.sources[1].files.len()), (Some(1), 2, 3));
}

#[test]
fn an_older_copy_in_a_folder_below_is_left_out_and_named() {
    let few = |text: String| text.lines().take(80).map(|line| format!("{line}\n")).collect::<String>();
    let left_out = |files: &[(&str, String)]| {
        let folder = folder(files);
        let drafted = draft(folder.path(), folder.path()).unwrap();
        drafted.left_out.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    let copy = [roll(), ("a/普查登记.csv", few(roll().1))];
    assert_eq!(left_out(&copy), ["a/普查登记.csv"]);
    let one = |from: u32| list(from, move |row| from + row);
    assert_eq!(left_out(&[roll(), ("公安.csv", one(0)), ("bak/公安.csv", one(20))]), ["bak/公安.csv"]);
    // Other persons; another department.
    let no_copies = [roll(), ("公安.csv", one(0)), ("a/公安.csv", one(70)), ("b/卫健.csv", one(5))];
    assert!(left_out(&no_copies).is_empty());
}

#[test]
fn lists_of_mostly_the_same_records_are_asked_about_and_those_of_two_departments_are_not() {
    let one = |from: u32| list(from, move |row| from + row);
    let others = |from: u32| list(from, |row| row + 5_000);
    let fewer = |text: String| text.lines().take(95).map(|line| format!("{line}\n")).collect::<String>();
    for (files, asked) in [
        ([("公安_10.csv", one(0)), ("公安_11.csv", one(10))], true),
        ([("公安.csv", one(0)), ("a.csv", fewer(one(0)))], true),
        ([("a.csv", one(0)), ("b.csv", one(60))], false),
        ([("教育.csv", one(0)), ("民政.csv", others(0))], false),
        ([("公安.csv", one(0)), ("卫健.csv", one(5))], false),
    ] {
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        let folder = folder(&files.clone().into_iter().chain([roll()]).collect::<Vec<_>>());
        let drafted = draft(folder.path(), folder.path()).unwrap();
        let remarks = drafted.remarks.iter().filter(|remark| remark.what.contains("mostly the same persons")).count();
        let doubts =
            drafted.text.lines().filter(|line| line.starts_with("path") && line.contains("# ? has the columns"));
        assert_eq!((remarks, doubts.count()), (usize::from(asked), usize::from(asked)), "{names:?}\n{}", drafted.text);
        assert_eq!(drafted.text.matches("[[source]]").count(), 3, "{names:?}");
    }
}

#[test]
fn tables_of_this_program_and_files_without_rows_are_left_out_and_named() {
    let tables = [
        ("outcomes.csv", "case,kind,outcome,visited_on,records\nABCD-EFGH,missed_person,found,2020-12-01,ab.cd\n"),
        ("decisions.csv", "source_l,record_l,source_r,record_r,mark_l,mark_r,same\nroll,R1,police,P1,a,b,1\n"),
        ("links copy.csv", "source_l,record_l,source_r,record_r,match_weight,name\nroll,R1,police,P1,9.5,exact\n"),
        ("found.csv", "discrepancy,kind,person,roll_record,area\nD1,missed_person,1,,120106\n"),
        ("死亡.csv", "人员编号,姓名,身份证号,死亡日期\n"),
    ];
    let tables = tables.map(|(name, text)| (name, text.to_owned()));
    let folder = folder(&[&[roll()], &tables[..]].concat());
    let drafted = draft(folder.path(), folder.path()).unwrap();
    assert_eq!(drafted.text.matches("[[source]]").count(), 1, "{}", drafted.text);
    assert!(drafted.unrecognised.is_empty() && drafted.remarks.is_empty(), "{:?}", drafted.remarks);
    for (name, _) in tables {
        let why = drafted.left_out.iter().find(|(left_out, _)| left_out == name).map(|(_, why)| why.as_str());
        let expected = if name == "死亡.csv" { "it has no rows" } else { "a table of this program" };
        assert!(why.is_some_and(|why| why.starts_with(expected)), "{name}: {why:?}");
    }
}
