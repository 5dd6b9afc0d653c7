//! Are extracts of departments drafted as they are usually headed?

use super::{Field, Role, column, district, drafted, folder, han_name, id_number, table};

/// The roll of the district, and one register of this header.
fn with_register(header: &str, row: impl Fn(u32) -> String) -> (String, crate::intake::study::Study) {
    let folder = folder(&[("roll.csv", district()[0].1.clone()), ("u.csv", table(header, 200, row))]);
    drafted(folder.path())
}

fn line<'t>(text: &'t str, begin: &str) -> &'t str {
    text.lines().find(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("no line {begin}: {text}"))
}

fn day(row: u32) -> String {
    format!("2019-{:02}-{:02}", row % 12 + 1, row % 28 + 1)
}

#[test]
fn the_date_of_the_last_sign_of_life_is_drafted_and_where_it_is_not_sure_asked_for() {
    let register = |date: &str, cell: fn(u32) -> String| {
        with_register(&format!("业务编号,姓名,身份证号,{date}"), move |row| {
            format!("U{row},{},{},{}", han_name(row), id_number(row), cell(row))
        })
    };
    for date in
        ["登簿时间", "签发日期", "末次随访日期", "GXSJ", "UPDATE_TIME", "最近缴费年月", "最近更新时间", "最近核查日期"]
    {
        let (text, study) = register(date, day);
        assert_eq!(column(&study, 1, Field::LastSeen), Some(date), "{text}");
        assert!(!line(&text, "last_seen").contains("# ?"), "{text}");
    }
    let (text, study) = register("录入时间", day);
    assert_eq!(column(&study, 1, Field::LastSeen), Some("录入时间"), "{text}");
    assert!(line(&text, "last_seen").contains("# ?"), "when it was typed in is a weak sign: {text}");
    let no_date = "# no column dates the last sign of life   # ?";
    for date in ["收件日期", "系统操作时间", "有效期至"] {
        let (text, study) = register(date, day);
        assert_eq!(column(&study, 1, Field::LastSeen), None, "{text}");
        assert!(line(&text, &format!("# left out: {date}: ")).contains("# ? does it date a last sign"), "{text}");
        assert!(!text.contains(no_date), "{text}");
    }
    let (text, _) = register("备注", |row| format!("第{}号", row % 50));
    assert!(text.contains(no_date) && !text.contains("does it date"), "{text}");
    let (text, _) = register("签发日期", |row| format!("x{row}"));
    assert!(line(&text, "# left out: 签发日期: few values look like dates").contains("# ?"), "{text}");
}

#[test]
fn a_date_that_two_registers_share_is_asked_about_where_it_is_compared() {
    let register = |prefix: &'static str| {
        table("业务编号,姓名,身份证号,收件日期", 200, move |row| {
            format!("{prefix}{row},{},{},{}", han_name(row), id_number(row), day(row))
        })
    };
    let folder = folder(&[("roll.csv", district()[0].1.clone()), ("u.csv", register("u")), ("v.csv", register("v"))]);
    let (text, _) = drafted(folder.path());
    assert!(line(&text, "\"收件日期\" = ").contains("# ? does it date a last sign of life"), "{text}");
}

#[test]
fn a_date_of_a_form_is_compared_with_nothing_whatever_its_header() {
    let files = |header: &str| {
        let header = format!("case_no,full_name,citizen_id,{header},wijk");
        let rows = |prefix: &'static str, days: u32| {
            let name = |row| (han_name(row), id_number(row), row % 6);
            let row = move |row: u32| {
                let (name, id, part) = name(row);
                format!("{prefix}{row},{name},{id},2020-11-{:02},{part}", row % days + 1)
            };
            (table(&header, 400, row), prefix)
        };
        let [(roll, _), (one, _)] = [rows("c", 14), rows("u", 20)];
        folder(&[("roll.csv", roll), ("housing.csv", one)])
    };
    for (header, of_roll) in [
        ("registered_on", "a date on the roll is no sign of life"),
        ("date_of_interview", "it is the date of the record"),
        ("ingevuld op", "it has few days"),
    ] {
        let (text, study) = drafted(files(header).path());
        let names: Vec<&str> = study.custom_fields.iter().map(|custom| custom.name.as_str()).collect();
        assert_eq!(names, ["wijk"], "{header}\n{text}");
        let roll = text.split("[[source]]").find(|source| source.contains("role = \"roll\"")).unwrap();
        assert!(roll.contains(&format!("# left out: {header}: {of_roll}")), "{text}");
        let register = study.sources.iter().position(|source| source.role == Role::Register).unwrap();
        let last_seen = (header == "registered_on").then_some(header);
        assert_eq!(column(&study, register, Field::LastSeen), last_seen, "{text}");
        let asked = last_seen.is_some() || text.contains("# ? does it date a last sign of life?");
        assert!(asked, "{text}");
    }
}

#[test]
fn what_clerks_did_is_compared_with_nothing() {
    let header = "业务编号,姓名,身份证号,最近就诊日期,经办人,录入时间,系统更新日期,文化程度";
    let register = |prefix: &'static str| {
        table(header, 200, move |row| {
            let (name, id, clerk) = (han_name(row), id_number(row), han_name(row % 7 + 500));
            format!("{prefix}{row},{name},{id},{0},{clerk},{0},{0},{1}", day(row), row % 6)
        })
    };
    let folder = folder(&[("roll.csv", district()[0].1.clone()), ("u.csv", register("u")), ("v.csv", register("v"))]);
    let (text, study) = drafted(folder.path());
    let names: Vec<&str> = study.custom_fields.iter().map(|custom| custom.name.as_str()).collect();
    assert_eq!(names, ["文化程度"], "{text}");
    assert!(line(&text, "# left out: 经办人: ").contains("whoever kept the record"), "{text}");
    assert!(line(&text, "# left out: 录入时间: ").contains("another column holds this field"), "{text}");
    assert!(line(&text, "# left out: 系统更新日期: ").contains("the date of the record"), "{text}");
    assert!(!text.contains("does it date"), "there is a better date: {text}");
}

#[test]
fn the_census_short_form_is_drafted_whole() {
    let header = "H1户编号,D1姓名,D3公民身份号码,D4性别,D5出生年,D5出生月,D7普查时点居住地";
    let roll = table(header, 200, |row| {
        let (name, id, sex) = (han_name(row), id_number(row), ["1-男", "2-女"][row as usize % 2]);
        format!("h{},{name},{id},{sex},{},{},{}", row / 3, 1950 + row % 60, row % 12 + 1, row % 5 + 1)
    });
    let folder = folder(&[("普查短表.csv", roll)]);
    let (text, study) = drafted(folder.path());
    let birth = study.sources[0].binding(Field::BirthDate).unwrap_or_else(|| panic!("{text}"));
    assert_eq!(birth.columns, ["D5出生年", "D5出生月"], "{text}");
    assert_eq!(column(&study, 0, Field::Sex), Some("D4性别"), "{text}");
    assert!(!line(&text, "sex = ").contains("# ?"), "{text}");
}

#[test]
fn headers_that_name_the_person_of_the_row_are_known() {
    let header = "业务编号,死者姓名,死者性别,死者出生日期,死亡日期,户籍地址,生前常住地址";
    let (text, study) = with_register(header, |row| {
        let place = format!("风采里{row}号楼1门401");
        format!(
            "U{row},{},{},1940-01-{:02},{},某省某市1号楼1门101,{place}",
            han_name(row),
            row % 2 + 1,
            row % 28 + 1,
            day(row)
        )
    });
    let check = |field: Field, name: &str| assert_eq!(column(&study, 1, field), Some(name), "{text}");
    check(Field::Name, "死者姓名");
    check(Field::Sex, "死者性别");
    check(Field::BirthDate, "死者出生日期");
    check(Field::Address, "生前常住地址");
}

#[test]
fn a_column_that_is_headed_as_a_field_and_cannot_be_read_is_asked_about() {
    let (text, study) = with_register("业务编号,姓名,身份证号,性别,手机号", |row| {
        let sex = ["甲", "乙", "丙"][row as usize % 3];
        format!("U{row},{},{},{sex},无{}", han_name(row), id_number(row), row % 9)
    });
    assert_eq!((column(&study, 1, Field::Sex), column(&study, 1, Field::Telephone)), (None, None), "{text}");
    for (begin, why) in [("# left out: 性别: ", "`sex`"), ("# left out: 手机号: ", "`telephone`")] {
        assert!(line(&text, begin).contains(why) && line(&text, begin).contains("# ?"), "{text}");
    }
}

#[test]
fn a_draft_without_a_roll_is_told_from_one_with_it() {
    let all = district();
    let has_roll = |at: &[usize]| {
        let folder = folder(&at.iter().map(|at| all[*at].clone()).collect::<Vec<_>>());
        super::draft(folder.path(), folder.path()).unwrap().has_roll
    };
    assert!(has_roll(&[0, 1]) && !has_roll(&[1, 2]));
}

#[test]
fn files_that_differ_in_a_number_and_share_nobody_are_parts_of_one_extract() {
    let part = |from: u32| {
        table("RYBH,XM,GMSFHM,XZZ,GXSJ", 100, move |row| {
            let row = from + row;
            format!("P{row},{},{},风采里{row}号楼1门401,{}", han_name(row), id_number(row), day(row))
        })
    };
    let roll = district()[0].1.clone();
    let both = folder(&[("roll.csv", roll.clone()), ("czrk_1.csv", part(0)), ("czrk_2.csv", part(100))]);
    let (text, study) = drafted(both.path());
    assert_eq!(study.sources.len(), 2, "{text}");
    let source = &study.sources[0];
    assert_eq!((source.name.as_str(), source.files.len(), source.record_id.as_deref()), ("czrk", 2, Some("RYBH")));
    assert!(line(&text, "path = [\"czrk_1.csv\", \"czrk_2.csv\"]").contains("# ?"), "{text}");
    assert!(text.contains("# 200 rows\n[[source]]\nname = \"czrk\""), "{text}");
    // Most persons of one year's copy are in the next one's: two registers.
    let years = folder(&[("roll.csv", roll), ("czrk_1.csv", part(0)), ("czrk_2.csv", part(20))]);
    let (text, study) = drafted(years.path());
    assert_eq!(study.sources.len(), 3, "{text}");
}

/// Rows of a part of the roll: its persons from this number on, in this area.
fn part_of_roll(area: &'static str, from: u32) -> String {
    table("登记编号,普查小区,姓名,公民身份号码,普查时点居住地,住址", 100, move |row| {
        let row = from + row;
        let (name, id, lives) = (han_name(row), id_number(row), row % 5 + 1);
        format!("R{area}{row},120106{area}{:03},{name},{id},{lives},风采里{row}号楼1门401", row % 7)
    })
}

#[test]
fn a_roll_or_register_in_parts_of_any_name_is_one_source_and_said() {
    let station = |from: u32| {
        table("人员编号,登记类型,姓名,身份证号,更新日期", 100, move |row| {
            let row = from + row;
            format!("P{row},户籍,{},{},{}", han_name(row), id_number(row), day(row))
        })
    };
    // Many who live in one street are registered in another, and are on both lists.
    let files = [
        ("东街.csv", part_of_roll("001001", 0)),
        ("西市.csv", part_of_roll("002001", 70)),
        ("东街派出所.csv", station(0)),
        ("西市派出所.csv", station(100)),
    ];
    let both = folder(&files);
    let remarks = super::draft(both.path(), both.path()).unwrap().remarks;
    let said: Vec<&str> = remarks.iter().filter(|said| said.what.contains("parts")).map(|said| &*said.of).collect();
    assert_eq!(said, ["东街.csv, 西市.csv", "东街派出所.csv, 西市派出所.csv"]);
    let (text, study) = drafted(both.path());
    let names: Vec<(&str, usize)> =
        study.sources.iter().map(|source| (source.name.as_str(), source.files.len())).collect();
    assert_eq!(names, [("census", 2), ("派出所", 2)], "{text}");
    assert_eq!((study.roll(), study.area.as_str()), (Some(0), "120106"), "{text}");
    assert!(line(&text, "path = [\"东街.csv\", \"西市.csv\"]").contains("# ?"), "{text}");
    // Most of a second delivery of the street is in the first.
    let again = folder(&[("a.csv", part_of_roll("001001", 0)), ("b.csv", part_of_roll("001001", 20))]);
    let (text, study) = drafted(again.path());
    assert_eq!(study.sources.len(), 2, "{text}");
    assert!(text.lines().any(|line| line.starts_with("role = \"register\"   # ? headed like a roll")), "{text}");
    // Births and deaths of one form.
    let events = folder(&[("roll.csv", files[0].1.clone()), ("出生.csv", station(0)), ("死亡.csv", station(100))]);
    assert_eq!(drafted(events.path()).1.sources.len(), 3);
}

#[test]
fn folders_below_are_drafted_and_files_of_other_forms_are_named() {
    let files = district();
    let outer = folder(&files[..1]);
    let put = |name: &str, text: &str| {
        let path = outer.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("公安/户籍.csv", &files[1].1);
    put("old/roll copy.csv", &files[0].1);
    put("health.xls", "x");
    put("住建/2020/housing.csv", &files[2].1);
    put("results/links.csv", &files[3].1);
    put("results/audit.jsonl", "");
    put(".hidden/x.csv", &files[3].1);
    let drafted = super::draft(outer.path(), outer.path()).unwrap();
    let left_out: Vec<&str> = drafted.left_out.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(left_out, ["old/roll copy.csv", "health.xls", "住建/2020"], "{}", drafted.text);
    assert!(line(&drafted.text, "path = \"公安/户籍.csv\"").contains("# ?"), "{}", drafted.text);
    assert_eq!(drafted.text.matches("[[source]]").count(), 2, "{}", drafted.text);
    assert!(drafted.remarks.iter().any(|said| said.of == "公安/户籍.csv" && said.what.contains("below")));
    let none = tempfile::tempdir().unwrap();
    std::fs::write(none.path().join("roll.xls"), "x").unwrap();
    assert!(super::draft(none.path(), none.path()).unwrap_err().to_string().contains("roll.xls: it is not"));
    put("results/persons.csv", "source,record_id\nroll,1\n");
    let error = super::draft(&outer.path().join("results"), outer.path()).unwrap_err();
    assert_eq!(error.kind(), crate::error::Kind::Usage, "{error}");
}

#[test]
fn who_lived_here_and_in_which_area_is_told_from_headers_that_say_it_in_other_words() {
    let roll = |lives: &str, area: &str, cell: fn(u32) -> String| {
        let header = format!("登记编号,{area},姓名,公民身份号码,{lives}");
        let rows = table(&header, 100, |row| {
            format!("R{row},120106001001{:03},{},{},{}", row % 7, han_name(row), id_number(row), cell(row))
        });
        let folder = folder(&[("普查登记.csv", rows)]);
        drafted(folder.path())
    };
    let code = |row: u32| (row % 5 + 1).to_string();
    for (lives, sure) in [
        ("普查标准时点居住地", true),
        ("residence_at_reference_time", false),
        ("居住地（标准时点）", false),
        ("D7", false),
    ] {
        let (text, study) = roll(lives, "普查小区", code);
        assert_eq!(study.sources[0].rows.values.get("5"), Some(&crate::intake::study::RowKind::Elsewhere), "{text}");
        assert_eq!(!line(&text, &format!("column = \"{lives}\"")).contains("# ?"), sure, "{text}");
    }
    let (text, study) = roll("D7", "普查小区", |row| format!("{}", row % 40));
    assert_eq!(study.sources[0].rows.column, None, "no code of the item: {text}");
    for lives in ["living_at_census", "persons_living_at_census"] {
        let (text, study) = roll(lives, "普查小区", |row| format!("{}", row % 9 + 1));
        assert_eq!(study.sources[0].rows.column, None, "of which some are codes of the item: {text}");
    }
    for (area, sure) in [("普查小区地址码", true), ("所在普查小区", true), ("现普查小区顺序码", false)]
    {
        let (text, study) = roll("普查时点居住地", area, code);
        assert_eq!(column(&study, 0, Field::EnumerationArea), Some(area), "{text}");
        assert_eq!(!line(&text, "enumeration_area = ").contains("# ?"), sure, "{text}");
    }
}

#[test]
fn a_roll_with_the_number_of_the_item_is_told_from_a_register_of_areas() {
    let roll = table("编号,普查小区编码,姓名,公民身份号码,D7", 100, |row| {
        format!("R{row},120106001001{:03},{},{},{}", row % 7, han_name(row), id_number(row), row % 5 + 1)
    });
    let register = table("人员编号,普查小区编码,普查小区名称,姓名,公民身份号码", 100, |row| {
        let area = row % 7;
        format!("P{row},120106001001{area:03},第{area}小区,{},{}", han_name(row), id_number(row))
    });
    let both = folder(&[("户籍人口.csv", register), ("登记.csv", roll)]);
    assert_eq!(drafted(both.path()).1.roll(), Some(1));
    let remarks = super::draft(both.path(), both.path()).unwrap().remarks;
    assert!(remarks.iter().any(|said| said.of == "登记.csv" && said.what.contains("guessed which column")));
}

#[test]
fn deaths_without_a_date_and_kinds_that_are_not_understood_are_asked_about() {
    let register = |date: &'static str| {
        with_register(&format!("业务编号,业务类型,姓名,身份证号,{date}"), |row| {
            let kind = ["居民健康档案", "死亡医学证明"][row as usize % 2];
            format!("U{row},{kind},{},{},{}", han_name(row), id_number(row), day(row))
        })
    };
    let undated = "# no column dates the deaths   # ?";
    for date in ["死亡年月日", "去世日期"] {
        let (text, study) = register(date);
        assert_eq!(column(&study, 1, Field::DeathDate), Some(date), "{text}");
        assert!(!text.contains(undated), "{text}");
    }
    assert!(register("最近就诊日期").0.contains(undated));
    let (text, _) = with_register("人员编号,登记类型,姓名,身份证号", |row| {
        format!("U{row},{},{},{}", ["H", "P"][row as usize % 2], han_name(row), id_number(row))
    });
    assert!(line(&text, "# left out: 登记类型: ").contains("# ? do its codes say what the rows are"), "{text}");
}

#[test]
fn columns_that_are_empty_but_for_a_few_rows_are_bound_whatever_stands_for_nothing() {
    for nothing in [
        "",
        "NULL",
        "\\N",
        "N/A",
        "无",
        "-",
        "/",
        "未知",
        "0",
        "00000000",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "9999-12-31",
    ] {
        let (text, study) = with_register("业务编号,姓名,身份证号,死亡日期,母亲身份证号", |row| {
            let (death, mother) = if row % 40 == 0 { (day(row), id_number(row + 1)) } else { Default::default() };
            let or_nothing = |text: String, nothing: &str| if text.is_empty() { nothing.to_owned() } else { text };
            let is_day = nothing.starts_with(['0', '9']);
            let mother = or_nothing(mother, if is_day { "" } else { nothing });
            format!("U{row},{},{},{},{mother}", han_name(row), id_number(row), or_nothing(death, nothing))
        });
        for (field, expected) in [(Field::DeathDate, "死亡日期"), (Field::MotherIdNumber, "母亲身份证号")] {
            assert_eq!(column(&study, 1, field), Some(expected), "{nothing}: {text}");
        }
    }
}
