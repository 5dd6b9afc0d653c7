//! Is what plain values say drafted under headers that nobody foresaw?

use super::{Field, RowKind, Study, column, drafted, folder, han_name, id_number, table};

fn line<'t>(text: &'t str, begin: &str) -> &'t str {
    text.lines().find(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("no line {begin}: {text}"))
}

/// A day within three years.
fn day(row: u32) -> String {
    format!("{}-{:02}-{:02}", 2017 + row % 3, row % 12 + 1, row % 28 + 1)
}

/// Areas of a roll of 200 rows, its persons in households of three.
fn area(row: u32) -> String {
    format!("120106001001{:03}", row / 60 + 1)
}

/// A roll whose residence column has this header and these values.
fn roll_of(lives: &str, cell: impl Fn(u32) -> String) -> (String, Study) {
    let header = format!("登记编号,普查小区,户编号,姓名,公民身份号码,{lives},住址");
    let roll = table(&header, 200, |row| {
        let (name, id, lives) = (han_name(row), id_number(row), cell(row));
        format!("R{row},{},h{},{name},{id},{lives},风采里{row}号楼1门401", area(row), row / 3)
    });
    let folder = folder(&[("普查登记.csv", roll)]);
    drafted(folder.path())
}

/// A roll, and one register of this name and header.
fn beside_roll(name: &str, header: &str, row: impl Fn(u32) -> String) -> (String, Study) {
    let roll = table("登记编号,普查小区,姓名,公民身份号码,普查时点居住地", 200, |row| {
        format!("R{row},{},{},{},{}", area(row), han_name(row), id_number(row), row % 5 + 1)
    });
    let folder = folder(&[("a_roll.csv", roll), (name, table(header, 200, row))]);
    drafted(folder.path())
}

fn mostly_present(codes: [&'static str; 5]) -> impl Fn(u32) -> String {
    move |row| codes[if row.is_multiple_of(10) { row as usize / 10 % 5 } else { 0 }].to_owned()
}

#[test]
fn a_number_of_a_person_or_household_is_a_label_only_where_it_comes_again() {
    let person = |prefix: &str, row: u32, household: &str| {
        format!("{prefix}{row:04},{household}{:04},{},{}", row / 3, han_name(row), id_number(row))
    };
    let header = "person_id,household_id,name,id_number";
    let roll = table("record_id,enumeration_area,household_number,name,id_number", 200, |row| {
        format!("R{row},{},{},{},{}", area(row), row / 3, han_name(row), id_number(row))
    });
    let police = table(header, 200, |row| person("P", row, "H"));
    let own = folder(&[("census.csv", roll.clone()), ("police.csv", police.clone())]);
    let (text, study) = drafted(own.path());
    assert_eq!(study.sources[1].record_id.as_deref(), Some("person_id"), "{text}");
    assert_eq!(column(&study, 1, Field::Household), Some("household_id"), "{text}");
    assert!(line(&text, "household = \"household_id\"").contains("# ?"), "{text}");
    // The same persons and households have the same numbers in another file: somebody's linkage.
    let health = table(header, 150, |row| person("P", row + 30, "H"));
    let shared = folder(&[("census.csv", roll.clone()), ("health.csv", health), ("police.csv", police)]);
    let (text, study) = drafted(shared.path());
    for source in 1..3 {
        assert_eq!(
            (study.sources[source].record_id.as_deref(), column(&study, source, Field::Household)),
            (None, None)
        );
    }
    assert_eq!(text.matches("_id: a label that says who is who").count(), 4, "{text}");
    // In its file it repeats, or is a number of each row.
    let repeats = table(header, 200, |row| format!("P{},H{row},{},{}", row / 2, han_name(row / 2), id_number(row / 2)));
    let (text, study) = drafted(folder(&[("census.csv", roll), ("police.csv", repeats)]).path());
    assert_eq!(column(&study, 1, Field::Household), None, "{text}");
    assert!(text.contains("# left out: person_id: a label") && text.contains("# left out: household_id: a label"));
    // A header that says a record comes first.
    let (text, study) = beside_roll("police.csv", "person_id,人员编号,姓名,身份证号", |row| {
        format!("P{row},{row},{},{}", han_name(row), id_number(row))
    });
    assert_eq!(study.sources[1].record_id.as_deref(), Some("人员编号"), "{text}");
    assert!(line(&text, "# left out: person_id").contains("another column identifies"), "{text}");
}

#[test]
fn the_words_of_the_census_say_who_lived_here_under_any_header() {
    let words = [
        "本普查小区",
        "本村(居)委会其他普查小区",
        "本乡(镇、街道)其他村(居)委会",
        "其他县(市、区、旗)",
        "港澳台或国外",
    ];
    let plain = ["住本户", "住本区其他地方", "外出", "不在本户", "他处"];
    for header in ["甲乙", "现居住地", "人户状态", "D7"] {
        let (text, study) = roll_of(header, mostly_present(words));
        let rows = &study.sources[0].rows;
        assert_eq!(rows.column.as_deref(), Some(header), "{text}");
        assert_eq!(rows.values.get("其他县(市、区、旗)"), Some(&RowKind::Elsewhere), "{text}");
        assert!(line(&text, &format!("column = \"{header}\"")).contains("# ?"), "{text}");
        let (text, study) = roll_of(header, mostly_present(plain));
        let rows = &study.sources[0].rows;
        let kinds = plain.map(|value| rows.values.get(value).copied());
        let (here, near, away) = (Some(RowKind::Present), Some(RowKind::ElsewhereInArea), Some(RowKind::Elsewhere));
        assert_eq!(kinds, [here, near, away, away, away], "{text}");
    }
    let is_open = |header: &str, codes: [&'static str; 5]| {
        let (text, study) = roll_of(header, mostly_present(codes));
        assert_eq!(study.sources[0].rows.column, None, "{header}\n{text}");
    };
    // Where somebody is registered, or lived before, has the same words; a plain *other* is in every list.
    for header in ["户口登记地", "户籍地类型", "五年前居住地", "birth_place_code"] {
        is_open(header, words);
    }
    is_open("甲乙", ["本户自有", "其他", "其他", "本户自有", "其他"]);
    is_open("甲乙", ["本户", "外出", "务农", "经商", "本户"]);
}

#[test]
fn bare_codes_of_the_item_need_a_header_that_speaks_of_living() {
    let codes = ["1", "2", "3", "4", "5"];
    for header in ["居住状态", "现居住地", "住在何处", "PCSDJZD", "residence_status", "PlaceOfResidence", "where_lived"]
    {
        let (text, study) = roll_of(header, mostly_present(codes));
        let rows = &study.sources[0].rows;
        assert_eq!(rows.column.as_deref(), Some(header), "{text}");
        assert_eq!(rows.values.get("5"), Some(&RowKind::Elsewhere), "{text}");
        assert!(line(&text, "column = ").contains("# ?"), "{text}");
    }
    for header in ["甲乙", "居住时间", "居住证", "living_arrangement"] {
        assert_eq!(roll_of(header, mostly_present(codes)).1.sources[0].rows.column, None, "{header}");
    }
    // Town or country, and steps of a scale.
    for steps in [["1", "2", "1", "2", "2"], ["5", "4", "3", "2", "1"]] {
        assert_eq!(roll_of("居住状态", mostly_present(steps)).1.sources[0].rows.column, None, "{steps:?}");
    }
}

#[test]
fn what_rows_are_is_told_from_values_beside_unknown_ones_and_from_what_each_row_holds() {
    let of_kinds = |header: &str, kinds: [&'static str; 4]| {
        beside_roll("x.csv", &format!("流水号,{header},姓名,身份证号"), move |row| {
            format!("U{row},{},{},{}", kinds[row as usize % 4], han_name(row), id_number(row))
        })
    };
    for header in ["记录类别", "BusinessType"] {
        let (text, study) = of_kinds(header, ["健康档案", "新生儿", "健康档案", "复查"]);
        let rows = &study.sources[1].rows;
        assert_eq!(
            (rows.column.as_deref(), rows.values.get("新生儿")),
            (Some(header), Some(&RowKind::Birth)),
            "{text}"
        );
    }
    let (text, study) = of_kinds("甲乙", ["外来人口", "本地户籍", "出租", "复查"]);
    let rows = &study.sources[1].rows;
    assert_eq!(rows.values.get("外来人口"), Some(&RowKind::Permit), "{text}");
    assert_eq!(rows.values.get("出租"), Some(&RowKind::Tenancy), "{text}");
    assert!(line(&text, "column = \"甲乙\"").contains("# ?") && line(&text, "other = [\"复查\"]").contains("# ?"));
    for (header, kinds) in
        [("落户原因", ["出生", "户口迁入", "婚迁", "出生"]), ("甲乙", ["正常", "死亡", "正常", "户籍注销中"])]
    {
        let (text, study) = of_kinds(header, kinds);
        let is_open = study.sources[1].rows.column.is_none();
        assert!(is_open || line(&text, "column = \"甲乙\"").contains("# ?"), "{text}");
        assert_eq!(is_open, header == "落户原因", "{text}");
    }
    // What most rows are is what the register is about, and not *other*.
    let (text, study) = of_kinds("数据类别", ["参保", "参保", "新生儿参保", "参保"]);
    assert_eq!(study.sources[1].rows.values.get("参保"), Some(&RowKind::Residence), "{text}");
    assert!(line(&text, "residence = [\"参保\"]").contains("# ?"), "{text}");
    let all = |name: &str, header: &str, row: fn(u32) -> String| {
        let (text, study) = beside_roll(name, header, row);
        (study.sources[1].rows.otherwise, study.sources[1].kind.clone(), text)
    };
    let (kind, department, text) = all("火化登记.csv", "编号,逝者姓名,户籍地址", |row| {
        format!("U{row},{},风采里{row}号楼1门401", han_name(row))
    });
    assert_eq!((kind, department.as_str()), (RowKind::Death, "火化登记"), "{text}");
    let (kind, _, text) =
        all("x.csv", "编号,姓名,死亡时间", |row| format!("U{row},{},{}", han_name(row), day(row)));
    assert_eq!(kind, RowKind::Death, "{text}");
    assert!(line(&text, "otherwise = \"death\"").contains("# ? guessed from the columns"), "{text}");
    let (kind, _, text) =
        all("x.csv", "编号,新生儿姓名,出生日期", |row| format!("U{row},{},{}", han_name(row), day(row)));
    assert_eq!(kind, RowKind::Birth, "{text}");
    let mother = |row: u32| format!("U{row},{},{},一年级", han_name(row), id_number(row + 300));
    assert_eq!(all("x.csv", "编号,姓名,母亲身份证,甲乙", mother).0, RowKind::Birth);
    assert_eq!(all("x.csv", "编号,姓名,母亲身份证,年级", mother).0, RowKind::Residence, "children at school");
    // Few dates of death, and one day in all rows, are no list of the dead.
    let few = |row: u32| format!("U{row},{},{}", han_name(row), if row < 20 { day(row) } else { String::new() });
    assert_eq!(all("x.csv", "编号,姓名,死亡日期", few).0, RowKind::Residence);
    let filled = |row: u32| format!("U{row},{},1900-01-01", han_name(row));
    assert_eq!(all("x.csv", "编号,姓名,死亡日期", filled).0, RowKind::Residence);
}

#[test]
fn the_only_date_that_may_be_of_a_sign_of_life_is_bound_as_a_guess() {
    let register = |header: &str, row: fn(u32) -> String| {
        beside_roll("x.csv", &format!("流水号,姓名,身份证号,{header}"), move |number| {
            format!("U{number},{},{},{}", han_name(number), id_number(number), row(number))
        })
    };
    for header in ["受理时间", "维护时间", "租赁起始日期", "数据时间", "最近结算日期", "UpdatedOn"]
    {
        let (text, study) = register(header, day);
        assert_eq!(column(&study, 1, Field::LastSeen), Some(header), "{text}");
        assert!(line(&text, "last_seen = ").contains("# ?"), "{text}");
        assert!(!text.contains(&format!("# left out: {header}")), "{text}");
    }
    for header in ["有效期至", "迁入日期", "interview_date", "结婚日期"] {
        assert_eq!(column(&register(header, day).1, 1, Field::LastSeen), None, "{header}");
    }
    // Births and deaths say it themselves, but not for the others of their list.
    let insured = |row: u32| format!("{},{}", ["参保", "参保", "新生儿参保"][row as usize % 3], day(row));
    assert_eq!(column(&register("数据类别,最近结算日期", insured).1, 1, Field::LastSeen), Some("最近结算日期"));
    // Within a year, or one of two: somebody is asked.
    let (text, study) = register("维护时间", |row| format!("2019-{:02}-{:02}", row % 12 + 1, row % 28 + 1));
    assert_eq!(column(&study, 1, Field::LastSeen), None, "{text}");
    let (text, study) = register("维护时间,受理时间", |row| format!("{0},{0}", day(row)));
    assert_eq!(column(&study, 1, Field::LastSeen), None, "{text}");
    assert_eq!(text.matches("# ? does it date a last sign of life").count(), 2, "{text}");
}

#[test]
fn household_birth_and_area_are_bound_by_parts_of_headers_and_plain_values() {
    let roll = |area_header: &str, household: &str, birth: &str| {
        let rows =
            table(&format!("登记编号,{area_header},{household},姓名,公民身份号码,{birth}"), 200, |row| {
                let birth = format!("{}{:02}", 1950 + row % 60, row % 12 + 1);
                // Households are numbered from 1 in each area.
                format!("R{row},{},{},{},{},{birth}", area(row), row % 60 / 3, han_name(row), id_number(row))
            });
        drafted(folder(&[("普查登记.csv", rows)]).path())
    };
    for household in ["本户编号", "户籍户号", "户序号", "户口簿编号", "hh_id"] {
        let (text, study) = roll("普查小区", household, "出生年月");
        assert_eq!(column(&study, 0, Field::Household), Some(household), "{text}");
        assert!(line(&text, "household = ").contains("# ?"), "{text}");
    }
    for other in ["户室号", "户主编号"] {
        assert_eq!(column(&roll("普查小区", other, "出生年月").1, 0, Field::Household), None, "{other}");
    }
    for birth in ["BirthYearMonth", "birth_month"] {
        let (text, study) = roll("普查小区", "户编号", birth);
        assert_eq!(column(&study, 0, Field::BirthDate), Some(birth), "{text}");
    }
    for header in ["EnumerationBlock", "census_block", "甲乙"] {
        let (text, study) = roll(header, "hh_id", "出生年月");
        assert_eq!(column(&study, 0, Field::EnumerationArea), Some(header), "{text}");
        assert_eq!(column(&study, 0, Field::Household), Some("hh_id"), "{text}");
        assert!(line(&text, "enumeration_area = ").contains("# ?"), "{text}");
        assert_eq!(study.area, "120106001001", "{text}");
    }
}
