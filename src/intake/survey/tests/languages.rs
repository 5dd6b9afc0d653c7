//! Files of other lands, and of several makers.

use super::{column, custom, drafted, folder, given, table};
use crate::intake::study::{Comparator, Field, Role};

/// A word that is different in every row.
fn word(row: u32) -> String {
    const SYLLABLES: [&str; 10] = ["ka", "lo", "mi", "ne", "ru", "so", "ta", "vi", "zu", "pe"];
    [1, 10, 100].map(|place| SYLLABLES[(row / place % 10) as usize]).concat()
}

#[test]
fn two_files_in_german_with_headers_of_their_own_are_linked_by_all_they_have() {
    let first = table("Versichertennr;Vorname;Name;geb_datum;Geschlecht;Strasse;Hausnr;PLZ;Wohnort", 200, |row| {
        let sex = ["m", "w"][row as usize % 2];
        let (born, place) = (format!("{:02}.03.19{:02}", row % 28 + 1, row % 80), row % 10);
        format!(
            "K{row};{};{};{born};{sex};{} weg;{};3{place}000;ort {place}",
            given(row),
            word(row),
            word(row + 500),
            row % 90
        )
    });
    let second =
        table("lfd_nr;Nachname;Vorname;Geburtsname;Geburtsdatum;Geschlecht;Straße;Hausnummer;PLZ;Ort", 200, |row| {
            let sex = ["männlich", "weiblich"][row as usize % 2];
            let (born, place) = (format!("{:02}.03.19{:02}", row % 28 + 1, row % 80), row % 10);
            let (name, street) = (word(row), word(row + 500));
            format!(
                "M{row};{name};{};{name};{born};{sex};{street} weg;{};3{place}000;ort {place}",
                given(row),
                row % 90
            )
        });
    let folder = folder(&[("a.csv", first), ("b.csv", second)]);
    let (text, study) = drafted(folder.path());
    for (field, columns) in [
        (Field::FamilyName, ["Name", "Nachname"]),
        (Field::GivenName, ["Vorname", "Vorname"]),
        (Field::BirthDate, ["geb_datum", "Geburtsdatum"]),
        (Field::Sex, ["Geschlecht", "Geschlecht"]),
    ] {
        assert_eq!([0, 1].map(|source| column(&study, source, field)), columns.map(Some), "{text}");
    }
    let names: Vec<&str> = study.custom_fields.iter().map(|custom| custom.name.as_str()).collect();
    assert_eq!(names, ["street_name", "street_number", "postcode", "city"], "{text}");
}

#[test]
fn a_name_beside_one_of_its_parts_is_the_other_part_unless_it_holds_it() {
    let check =
        |header: &str, row: fn(u32) -> String, name: Option<&str>, family: Option<&str>, given: Option<&str>| {
            let folder = folder(&[("x.csv", table(header, 100, row))]);
            let (text, study) = drafted(folder.path());
            let found = [Field::Name, Field::FamilyName, Field::GivenName].map(|field| column(&study, 0, field));
            assert_eq!(found, [name, family, given], "{text}");
        };
    let parts = |row| format!("{row},{},{}", given(row), word(row));
    check("id,nombre,apellidos", parts, None, Some("apellidos"), Some("nombre"));
    check("id,prénom,nom", parts, None, Some("nom"), Some("prénom"));
    check("id,name,surname", parts, None, Some("surname"), Some("name"));
    let whole = |row| format!("{row},{},{} {}", given(row), given(row), word(row));
    check("id,prénom,nom", whole, Some("nom"), None, Some("prénom"));
    check("id,note,nombre", |row| format!("{row},n{},{}", row % 9, word(row)), Some("nombre"), None, None);
}

#[test]
fn year_month_and_day_of_birth_are_joined() {
    let header = |parts: &str| format!("id,name,{parts}");
    let rows = |row: u32| format!("{row},{},{},{},{}", word(row), 1930 + row % 70, row % 12 + 1, row % 28 + 1);
    for parts in [
        "birth_year,birth_month,birth_day",
        "yob,mob,dob",
        "Geburtsjahr,Geburtsmonat,Geburtstag",
        "dobYear,dobMonth,dobDay",
    ] {
        let folder = folder(&[("x.csv", table(&header(parts), 100, rows))]);
        let (text, study) = drafted(folder.path());
        let birth = study.sources[0].binding(Field::BirthDate).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((birth.columns.join(","), birth.joiner.as_str()), (parts.to_owned(), "-"), "{text}");
    }
    let folder = folder(&[(
        "x.csv",
        table(&header("birth_year,birth_month,date_of_birth"), 100, |row| {
            let (year, month) = (1930 + row % 70, row % 12 + 1);
            format!("{row},{},{year},{month},{year}-{month:02}-{:02}", word(row), row % 28 + 1)
        }),
    )]);
    let (text, study) = drafted(folder.path());
    assert_eq!(column(&study, 0, Field::BirthDate), Some("date_of_birth"), "{text}");
}

#[test]
fn dates_in_eight_digits_with_the_year_last_have_a_format_and_files_agree_on_it() {
    let with = |date: fn(u32) -> String| {
        table("id,name,date_of_birth", 100, move |row| format!("{row},{},{}", word(row), date(row)))
    };
    let check = |files: &[fn(u32) -> String], formats: &[Option<&str>]| {
        let names = ["a.csv", "b.csv"];
        let files: Vec<(&str, String)> = names.into_iter().zip(files.iter().map(|date| with(*date))).collect();
        let folder = folder(&files);
        let (text, study) = drafted(folder.path());
        for (source, format) in study.sources.iter().zip(formats) {
            let bound = source.binding(Field::BirthDate).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(bound.format.as_deref(), *format, "{text}");
        }
    };
    let month_first = |row: u32| format!("{:02}{:02}1990", row % 12 + 1, row % 28 + 1);
    let day_first = |row: u32| format!("{:02}{:02}1990", row % 28 + 1, row % 12 + 1);
    let with_slips = |row: u32| match row {
        7 => String::from("25/01/1990"),
        row => format!("{:02}/{:02}/1990", row % 12 + 1, row % 28 + 1),
    };
    let open = |row: u32| format!("{:02}{:02}1990", row % 12 + 1, row % 9 + 1);
    let dashes = |row: u32| format!("{:02}-{:02}-1990 00:00:00", row % 12 + 1, row % 28 + 1);
    check(&[month_first], &[Some("%m%d%Y")]);
    check(&[day_first], &[Some("%d%m%Y")]);
    check(&[with_slips], &[Some("%m/%d/%Y")]);
    check(&[dashes], &[Some("%m-%d-%Y %H:%M:%S")]);
    check(&[with_slips, open], &[Some("%m/%d/%Y"), Some("%m%d%Y")]);
    check(&[day_first, open], &[Some("%d%m%Y"), Some("%d%m%Y")]);
}

#[test]
fn a_column_of_which_no_value_is_a_date_is_no_date() {
    let file = table("id,name,birth_date", 100, |row| format!("{row},{},about {}", word(row), word(row / 2)));
    let folder = folder(&[("x.csv", file)]);
    let (text, study) = drafted(folder.path());
    assert_eq!(column(&study, 0, Field::BirthDate), None, "{text}");
    assert!(study.custom_fields.iter().any(|custom| custom.name == "birth_date_text"), "{text}");
}

#[test]
fn rows_that_only_registers_have_make_no_roll() {
    let file = table("id,first_name,last_name,event_type,event_date", 100, |row| {
        let kind = ["creation", "death"][row as usize % 2];
        format!("{row},{},{},{kind},2001-02-{:02}", given(row), word(row), row % 28 + 1)
    });
    let folder = folder(&[("ssa.csv", file)]);
    let (text, study) = drafted(folder.path());
    assert_eq!(study.sources[0].role, Role::Register, "{text}");
    assert!(text.contains("# left out: event_date: it is the date of the record"), "{text}");
}

#[test]
fn more_columns_than_can_be_compared_are_named_by_what_they_tell() {
    let others: Vec<String> = (0..25).map(|number| format!("note_{number}")).collect();
    let header = format!("id,first_name,last_name,ssn,spouse_ssn,{}", others.join(","));
    let file = table(&header, 200, |row| {
        let own = row / 2;
        let notes: Vec<String> = (0..25).map(|number| format!("v{}", (own + number) % (number + 2))).collect();
        format!("r{row},{},{},{:03}-11-{:04},{:03}-22-1111,{}", given(own), word(own), own, own, own, notes.join(","))
    });
    let folder = folder(&[("x.csv", file)]);
    let (text, study) = drafted(folder.path());
    let compared: Vec<&str> = study.linkage.comparisons.iter().map(|field| study.field_name(*field)).collect();
    assert_eq!(compared.len(), 16, "{text}");
    assert_eq!(compared[..3], ["family_name", "given_name", "soc_sec_id"], "{text}");
    assert!(!compared.contains(&"spouse_ssn") && compared.contains(&"note_24"), "{text}");
}

#[test]
fn columns_under_longer_headers_and_of_the_same_values_are_matched() {
    let first = table("id,first_name,last_name,street_number,street_name,city,pin,member_no", 300, |row| {
        let (name, street, place) = (word(row), word(row + 500), row % 30);
        format!(
            "a{row},{},{name},{},{street} road,town {place},8000{:02},X{:07}",
            given(row),
            row % 90,
            row % 10,
            row * 31
        )
    });
    let header = "id,first_name,last_name,employer_city,mailing_address_street_number,mailing_address_street_name,\
                  mailing_address_city,pin,reference";
    let second = table(header, 300, |row| {
        let (name, street, place) = (word(row), word(row + 500), row % 30);
        format!(
            "b{row},{},{name},town {},{},{street} road,town {place},8000{:02},X{:07}",
            given(row),
            row % 3,
            row % 90,
            row % 10,
            row * 31
        )
    });
    let folder = folder(&[("a.csv", first), ("b.csv", second)]);
    let (text, study) = drafted(folder.path());
    let column = |name: &str, source: usize| {
        let at = study.custom_fields.iter().position(|custom| custom.name == name).unwrap_or_else(|| panic!("{text}"));
        study.sources[source].binding(Field::Custom(u16::try_from(at).unwrap())).map(|bound| bound.columns[0].clone())
    };
    for (name, longer) in [
        ("street_number", "mailing_address_street_number"),
        ("street_name", "mailing_address_street_name"),
        ("city", "mailing_address_city"),
    ] {
        assert_eq!((column(name, 0).as_deref(), column(name, 1).as_deref()), (Some(name), Some(longer)), "{text}");
    }
    assert_eq!(column("postcode", 0).as_deref(), Some("pin"), "{text}");
    let numbers = study.custom_fields.iter().filter(|custom| custom.comparator == Comparator::DamerauLevenshtein);
    let mut names = numbers.map(|custom| custom.name.as_str());
    assert_eq!(names.next_back(), Some("member_no"), "{text}");
    assert!(text.contains("# ? its values are those of this field in another file"), "{text}");
    assert!(text.contains("# left out: employer_city: no other source has such a column"), "{text}");
}

#[test]
fn an_initial_is_compared_with_the_name_of_another_file_by_similarity() {
    let file = |prefix: &'static str, header: &str, whole: bool| {
        table(header, 200, move |row| {
            let middle = word(row * 3);
            format!("{prefix}{row},{},{},{}", given(row), word(row), if whole { &middle } else { &middle[..1] })
        })
    };
    let files = [
        ("a.csv", file("a", "id,first_name,last_name,middle_initial", false)),
        ("b.csv", file("b", "id,first_name,last_name,middle_name", true)),
    ];
    let folder = folder(&files);
    let (text, study) = drafted(folder.path());
    assert_eq!(custom(&study, "middle_name").comparator, Comparator::JaroWinkler, "{text}");
    assert!(text.contains("middle_name = \"middle_initial\"   # ?"), "{text}");
}

#[test]
fn codes_of_the_sex_are_said_where_letters_have_two_meanings() {
    let check = |one: &str, other: &str, codes: &[(&str, &str)], is_sure: bool| {
        let file = table("id,name,sexo", 100, |row| format!("{row},{},{}", word(row), [one, other][row as usize % 2]));
        let folder = folder(&[("x.csv", file)]);
        let (text, study) = drafted(folder.path());
        let bound = study.sources[0].binding(Field::Sex).unwrap_or_else(|| panic!("{text}"));
        let found: Vec<(&str, &str)> = bound.codes.iter().map(|(code, sex)| (code.as_str(), sex.as_str())).collect();
        assert_eq!(found, codes, "{text}");
        assert_eq!(text.contains("# ? which of the two is male"), !is_sure, "{text}");
    };
    check("M", "H", &[("H", "1"), ("M", "2")], true);
    check("M", "F", &[], true);
    check("karl", "kona", &[], true);
    check("Nam", "Nữ", &[], true);
    check("hombre", "mujer", &[], true);
    check("zul", "zar", &[("zar", "1"), ("zul", "2")], false);
}

#[test]
fn numbers_with_marks_are_compared_by_edits() {
    let file = |prefix: &'static str| {
        table("id,name,kennitala,national_id", 100, move |row| {
            format!(
                "{prefix}{row},{},{:06}-{:04},{:08}K",
                word(row),
                row * 7919 % 1_000_000,
                row * 31,
                row * 104_729 % 100_000_000
            )
        })
    };
    let folder = folder(&[("x.csv", file("x")), ("y.csv", file("y"))]);
    let (text, study) = drafted(folder.path());
    for name in ["kennitala", "national_id"] {
        let custom = custom(&study, name);
        assert_eq!(
            (custom.comparator, custom.levels.as_slice()),
            (Comparator::DamerauLevenshtein, [1.0, 2.0].as_slice()),
            "{text}"
        );
    }
}

/// Whatever the columns hold, the draft is a study: [`drafted`] reads it.
#[test]
fn a_draft_of_any_columns_is_a_study() {
    let headers = [
        "decision,source_l,match_weight,x y,ä,2020,name,name_text,event_type",
        "性别,出生日期,身份证号,登记类型,姓名,decision,housemates,left_over,k",
        "sex,dob,birth_year,birth_month,phone,last_seen,address,address_text,type",
        "geschlecht,geburtstag,plz,ort,strasse,anschrift,adresse,name,vorname",
    ];
    let values = ["a", "12/25/1990", "death", "1", "x \"y\"", "2", "1990", "未婚", "31012019", "户籍", ""];
    for (number, header) in headers.into_iter().enumerate() {
        let rows = |turn: usize| {
            table(&format!("id,{header}"), 60, move |row| {
                let cells = (0..9_usize).map(|at| {
                    let value = values[(at * (turn + 1) + row as usize * number) % values.len()];
                    if value.contains('"') { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_owned() }
                });
                format!("{turn}-{row},{}", cells.collect::<Vec<_>>().join(","))
            })
        };
        for files in [vec![("a.csv", rows(0))], vec![("census.csv", rows(1)), ("b.csv", rows(2)), ("c.csv", rows(3))]] {
            drafted(folder(&files).path());
        }
    }
}
