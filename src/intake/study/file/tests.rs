use std::path::Path;

use super::{instant, read};
use crate::error::{Error, Kind};
use crate::intake::study::{Comparator, Encoding, Field, Language, Role, RowKind, Study, Transform};

/// A folder with some extracts and this study file.
fn study_of(text: &str) -> (tempfile::TempDir, Result<Study, Error>) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["roll.parquet", "a.csv", "many/2.parquet", "many/1.parquet"] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "x").unwrap();
    }
    let file = folder.path().join("study.toml");
    std::fs::write(&file, text).unwrap();
    let study = read(&file);
    (folder, study)
}

/// The study file must be refused with this kind, at this line, for this key, with these words.
fn refused(text: &str, kind: Kind, row: u64, key: &str, words: &[&str]) {
    let error = study_of(text).1.expect_err(text);
    let shown = error.to_string();
    assert_eq!(error.kind(), kind, "{shown}");
    assert_eq!(error.place().row, Some(row), "{shown}");
    assert_eq!(error.place().column.as_deref(), Some(key), "{shown}");
    for word in words {
        assert!(shown.contains(word), "{word} is not in: {shown}");
    }
}

const SMALL: &str =
    "[[source]]\nname = \"roll\"\nrole = \"roll\"\npath = \"roll.parquet\"\n[source.columns]\nname = \"n\"\n";

#[test]
fn a_study_of_sources_and_columns_alone_is_complete() {
    let (folder, study) = study_of(SMALL);
    let study = study.unwrap();
    assert_eq!((study.name.as_str(), study.language, study.area.as_str()), ("study", Language::Zh, ""));
    assert_eq!((study.reference.day, study.reference.offset_seconds), (18_567, 28_800));
    assert_eq!(study.linkage, crate::intake::study::Linkage::default());
    assert_eq!(study.limits, crate::intake::study::Limits::default());
    assert_eq!(study.follow_up, crate::intake::study::FollowUp::default());
    let roll = &study.sources[0];
    assert_eq!((roll.role, roll.kind.as_str(), roll.rows.otherwise), (Role::Roll, "census", RowKind::Present));
    assert_eq!(roll.files, [folder.path().join("roll.parquet")]);
    assert_eq!((roll.record_id.as_ref(), roll.encoding), (None, Encoding::Detect));
}

#[test]
fn every_key_is_understood() {
    let text = r#"
language = "en"
[study]
name = "District"
reference_time = 2020-11-01T00:00:00+08:00
area = "120106"
[[source]]
name = "roll"
role = "roll"
path = ["roll.parquet", "many"]
[source.columns]
name = ["姓", "名"]
given_name = ["first", "middle"]
birth_date = { column = "出生年月", format = "%Y%m" }
sex = { column = "性别", codes = { "男" = "1", "女" = 2 } }
address = { columns = ["street", "no"], joiner = ", " }
postcode = "plz"
[source.rows]
column = "普查时点居住地"
present = 1
elsewhere_in_area = ["2", "3"]
elsewhere = ["5"]
otherwise = "other"
[[source]]
name = "births"
role = "register"
kind = "health"
path = "*.csv"
encoding = "GBK"
record_id = "no"
columns = { mother_name = "m" }
rows = { otherwise = "birth" }
[[field]]
name = "postcode"
comparator = "damerau_levenshtein"
levels = [1, 2]
frequency = true
dwelling = true
[linkage]
link_probability = 0.9
review_probability = 0.2
comparisons = ["name", "postcode"]
seed = 7
pairs_max = 1_000
block_pairs_max = 10
[[linkage.blocking]]
keys = ["sound(name)", "prefix(postcode, 3)"]
[[linkage.blocking]]
name = "second"
keys = "birth_date"
[follow_up]
visits = 100
probability_min = 0.3
[limits]
rejected_share_max = 0.1
rows_max = 5
"#;
    let (folder, study) = study_of(text);
    let study = study.unwrap();
    assert_eq!((study.name.as_str(), study.language, study.area.as_str()), ("District", Language::En, "120106"));
    assert_eq!(study.reference.day, 18_567);
    let [roll, births] = &study.sources[..] else { panic!("two sources") };
    let files = ["many/1.parquet", "many/2.parquet", "roll.parquet"].map(|name| folder.path().join(name));
    assert_eq!(roll.files, files);
    let joined = |field| roll.binding(field).map(|binding| (binding.columns.join("|"), binding.joiner.clone()));
    assert_eq!(joined(Field::Name), Some(("姓|名".to_owned(), String::new())));
    assert_eq!(joined(Field::GivenName), Some(("first|middle".to_owned(), " ".to_owned())));
    assert_eq!(joined(Field::Address), Some(("street|no".to_owned(), ", ".to_owned())));
    assert_eq!(joined(Field::Custom(0)), Some(("plz".to_owned(), " ".to_owned())));
    assert_eq!(roll.binding(Field::BirthDate).unwrap().format.as_deref(), Some("%Y%m"));
    assert_eq!(roll.binding(Field::Sex).unwrap().codes.get("女").map(String::as_str), Some("2"));
    assert_eq!(roll.rows.values.get("1"), Some(&RowKind::Present));
    assert_eq!(roll.rows.values.get("3"), Some(&RowKind::ElsewhereInArea));
    assert_eq!(roll.rows.otherwise, RowKind::Other);
    assert_eq!((births.kind.as_str(), births.encoding), ("health", Encoding::Gb18030));
    assert_eq!(births.rows.otherwise, RowKind::Birth);
    assert_eq!(study.custom_fields[0].comparator, Comparator::DamerauLevenshtein);
    assert_eq!(
        (study.custom_fields[0].levels.as_slice(), study.custom_fields[0].frequency && study.custom_fields[0].dwelling),
        ([1.0, 2.0].as_slice(), true)
    );
    assert_eq!(study.linkage.comparisons, [Field::Name, Field::Custom(0)]);
    assert_eq!((study.linkage.seed, study.linkage.pairs_max, study.linkage.block_pairs_max), (7, 1000, 10));
    assert_eq!(study.linkage.blocking[0].name, "sound(name) and prefix(postcode, 3)");
    assert_eq!(study.linkage.blocking[0].keys[1].transform, Transform::Prefix(3));
    assert_eq!(study.linkage.blocking[1].name, "second");
    assert_eq!((study.follow_up.visits, study.follow_up.probability_min), (Some(100), 0.3));
    assert_eq!((study.limits.rejected_share_max, study.limits.rows_max), (0.1, 5));
}

#[test]
fn a_wrong_word_is_found_with_line_key_and_nearest_name() {
    let study = |line: &str| format!("{line}\n{SMALL}");
    refused(&study("[studdy]"), Kind::Study, 1, "studdy", &["no such key", "`study`"]);
    refused(&study("language = \"zhh\""), Kind::Study, 1, "language", &["`zh`"]);
    refused(&study("[linkage]\nlink_treshold = 1"), Kind::Study, 2, "linkage.link_treshold", &["no such key"]);
    let field = "[[field]]\nname = \"x\"\ncomparator = \"jaro_wincler\"";
    refused(&study(field), Kind::Study, 3, "field.comparator", &["no such comparator", "`jaro_winkler`"]);
    let small = |line: &str| format!("{SMALL}{line}\n");
    refused(&small("brith_date = \"b\""), Kind::Study, 7, "source.columns.brith_date", &["`birth_date`"]);
    refused(&small("xyzzy = \"b\""), Kind::Study, 7, "source.columns.xyzzy", &["[[field]]"]);
    refused(&small("sex = { colum = \"b\" }"), Kind::Study, 7, "source.columns.sex.colum", &["`column`"]);
    refused(&small("[source.rows]\npresnt = [\"1\"]"), Kind::Study, 8, "source.rows.presnt", &["`present`"]);
    refused(&small("[source.rows]\notherwise = \"presnt\""), Kind::Study, 8, "source.rows.otherwise", &["`present`"]);
    refused(&small("[source.rows]\nbirth = [\"1\"]"), Kind::Study, 8, "source.rows.birth", &["rows of a roll"]);
    let role = SMALL.replace("role = \"roll\"", "role = \"regster\"");
    refused(&role, Kind::Study, 3, "source.role", &["`register`"]);
    let blocking = "[[linkage.blocking]]\nkeys = [\"nmae\"]";
    refused(&study(blocking), Kind::Study, 2, "linkage.blocking.keys", &["no such field", "`name`"]);
    let encoding = SMALL.replace("[source.columns]", "encoding = \"utf-9\"\n[source.columns]");
    refused(&encoding, Kind::Study, 5, "source.encoding", &["`utf-8`"]);
}

#[test]
fn a_key_of_another_table_and_a_field_by_another_word_are_known() {
    let study = |line: &str| format!("{line}\n{SMALL}");
    let check = |line: &str, key: &str, hint: &str| refused(&study(line), Kind::Study, 2, key, &["no such key", hint]);
    check("[linkage]\nprobability_min = 0.2", "linkage.probability_min", "belongs in [follow_up]");
    check("[linkage]\nvisits = 10", "linkage.visits", "belongs in [follow_up]");
    check("[follow_up]\nlink_probability = 0.9", "follow_up.link_probability", "belongs in [linkage]");
    check("[study]\nlink_probability = 0.9", "study.link_probability", "belongs in [linkage]");
    let source = SMALL.replace("[source.columns]", "sex = \"s\"\n[source.columns]");
    refused(&source, Kind::Study, 5, "source.sex", &["belongs in [source.columns]"]);
    for (field, hint) in [
        ("record_id", "belongs in [[source]]"),
        ("gender", "`sex`"),
        ("\"姓名\"", "`name`"),
        ("phone", "`telephone`"),
        ("dob", "`birth_date`"),
    ] {
        let key = format!("source.columns.{}", field.trim_matches('"'));
        refused(&format!("{SMALL}{field} = \"b\"\n"), Kind::Study, 7, &key, &["no such field", hint]);
    }
}

#[test]
fn what_is_declared_is_bound_to_a_column_and_has_a_column_of_its_own_in_the_links() {
    let field = |name: &str| format!("[[field]]\nname = \"{name}\"\ncomparator = \"exact\"\n{SMALL}");
    let refused_for = |name: &str, what: &str| refused(&field(name), Kind::Study, 2, "field.name", &[what]);
    refused_for("blood_type", "no source has a column for this field");
    let bound = |name: &str| study_of(&format!("{}{name} = \"b\"\n", field(name))).1;
    assert!(bound("blood_type").is_ok());
    for name in ["decision", "match_weight", "source_l", "record_r", "mother", "housemates", "left_over"] {
        let error = bound(name).unwrap_err();
        assert!(error.kind() == Kind::Study && error.to_string().contains("links.parquet"), "{error}");
    }
}

#[test]
fn a_table_that_is_not_there_is_an_input_that_cannot_be_used() {
    let study = |lines: &str| format!("{lines}\n{SMALL}");
    for (lines, key) in [("[linkage]\ndecisions", "linkage.decisions"), ("[follow_up]\noutcomes", "follow_up.outcomes")]
    {
        refused(&study(&format!("{lines} = \"nowhere.csv\"")), Kind::Input, 2, key, &["no such file", "rollcall"]);
    }
}

#[test]
fn any_pair_may_be_reviewed_where_the_threshold_is_found_later() {
    let text = format!("[linkage]\nfalse_links = 0.001\nreview_probability = 0.9\n{SMALL}");
    let linkage = study_of(&text).1.unwrap().linkage;
    assert_eq!((linkage.false_links, linkage.review_probability), (Some(0.001), 0.9));
}

#[test]
fn an_instant_has_one_form_for_all_who_read_it() {
    for (typed, form) in [
        ("2020-11-01T00:00:00+08:00", "2020-11-01T00:00:00+08:00"),
        ("2020-11-01T00:00:00Z", "2020-11-01T00:00:00Z"),
        ("20201101T000000+08", "2020-11-01T00:00:00+08:00"),
        ("2020-11-01 00:00:00+08:00", "2020-11-01T00:00:00+08:00"),
    ] {
        let reference = instant(typed).unwrap();
        assert_eq!((reference.text.as_str(), reference.day), (form, 18_567), "{typed}");
    }
}

#[test]
fn a_wrong_value_is_found_with_line_and_key() {
    let study = |line: &str| format!("{line}\n{SMALL}");
    let check = |line: &str, row: u64, key: &str, word: &str| refused(&study(line), Kind::Study, row, key, &[word]);
    check("[linkage]\nlink_probability = 1.2", 2, "linkage.link_probability", "from 0 to 1");
    check("[linkage]\nlink_probability = nan", 2, "linkage.link_probability", "expected a number");
    check("[linkage]\nlink_probability = \"high\"", 2, "linkage.link_probability", "found a text");
    check("[linkage]\nlink_probability = 0.1\nreview_probability = 0.2", 3, "linkage.review_probability", "at most");
    check("[linkage]\nlink_probability = 1", 2, "linkage.link_probability", "below 1");
    check("[linkage]\nfalse_links = 0.0", 2, "linkage.false_links", "above 0");
    check("[linkage]\nfalse_links = 2", 2, "linkage.false_links", "from 0 to 1");
    check("[linkage]\nlink_probability = 0.9\nfalse_links = 0.01", 3, "linkage.false_links", "either");
    check("[linkage]\nrefit = true", 2, "linkage.refit", "decisions");
    check("[linkage]\nseed = -1", 2, "linkage.seed", "whole number of at least 0");
    check("[linkage]\npairs_max = 0", 2, "linkage.pairs_max", "at least 1");
    check("[linkage]\npairs_max = 99999999999999999999999", 2, "linkage.pairs_max", "whole number");
    check("[linkage]\ncomparisons = [\"name\", \"name\"]", 2, "linkage.comparisons", "twice");
    check("[linkage]\ncomparisons = [\"telephone\"]", 2, "linkage.comparisons", "no source has");
    check("[linkage]\nblocking = 3", 2, "linkage.blocking", "[[linkage.blocking]]");
    check("[[linkage.blocking]]\nname = \"x\"", 1, "linkage.blocking.keys", "is missing");
    check("[study]\nreference_time = \"2020-11-01\"", 2, "study.reference_time", "offset");
    check("[study]\nreference_time = 2020-11-01T00:00:00", 2, "study.reference_time", "offset");
    check("[study]\narea = \"12O106\"", 2, "study.area", "digits");
    check("[study]\nname = \"\"", 2, "study.name", "is empty");
    check("[study]\nname = 1", 2, "study.name", "a text in quotes");
    check("study = 1", 1, "study", "begins with [study]");
    check("[follow_up]\nprobability_min = -0.5", 2, "follow_up.probability_min", "from 0 to 1");
    check("[limits]\nrejected_share_max = 5", 2, "limits.rejected_share_max", "from 0 to 1");
    let levels = |comparator: &str, levels: &str| {
        check(
            &format!("[[field]]\nname = \"x\"\ncomparator = \"{comparator}\"\nlevels = {levels}"),
            4,
            "field.levels",
            "expected",
        );
    };
    levels("exact", "[1]");
    levels("jaro_winkler", "[0.8, 0.9]");
    levels("jaro_winkler", "[1.5]");
    levels("levenshtein", "[2, 1]");
    levels("levenshtein", "[0.5]");
    levels("date", "[\"a\"]");
    levels("numeric", "[0]");
    levels("numeric", "[1,2,3,4,5,6,7,8,9]");
    check("[[field]]\nname = \"sex\"\ncomparator = \"exact\"", 2, "field.name", "built in");
    check("[[field]]\nname = \"x\"", 1, "field.comparator", "is missing");
    let small = |line: &str| format!("{SMALL}{line}\n");
    let check = |line: &str, row: u64, key: &str, word: &str| refused(&small(line), Kind::Study, row, key, &[word]);
    check("sex = 1", 7, "source.columns.sex", "a text in quotes");
    check("sex = []", 7, "source.columns.sex", "is empty");
    check("sex = { codes = { a = \"1\" } }", 7, "source.columns.sex.column", "is missing");
    check("sex = { column = \"s\", columns = [\"s\"] }", 7, "source.columns.sex.columns", "found both");
    check("sex = { column = \"s\", format = \"%Y\" }", 7, "source.columns.sex.format", "only dates");
    check("birth_date = { column = \"s\", format = \"%d\" }", 7, "source.columns.birth_date.format", "year");
    check("birth_date = { column = \"s\", format = \"%Y%Q\" }", 7, "source.columns.birth_date.format", "%Q");
    check("[source.rows]\npresent = [\"1\"]", 7, "source.rows.column", "is missing");
    check(
        "[source.rows]\ncolumn = \"c\"\npresent = [\"1\"]\nelsewhere = [\"1\"]",
        10,
        "source.rows.elsewhere",
        "before",
    );
}

#[test]
fn a_field_bound_twice_and_broken_syntax_are_explained_without_values() {
    refused(&format!("{SMALL}name = \"SECRET\"\n"), Kind::Study, 7, "syntax", &["given twice"]);
    for (broken, word) in [("x = SECRET", ""), ("x = \"SECRET", "quotation"), ("x = [\"SECRET\"", ""), ("SECRET", "")] {
        let error = study_of(&format!("{SMALL}{broken}\n")).1.unwrap_err().to_string();
        assert!(!error.contains("SECRET") && error.contains(word), "{error}");
    }
    let error = study_of(&format!("{SMALL}sex = {{ column = \"a\", format = \"SECRET\" }}\n")).1.unwrap_err();
    assert!(!error.to_string().contains("SECRET"));
}

#[test]
fn backslashes_and_what_is_no_number_are_said_to_be_that() {
    for path in [r"D:\data\SECRET.parquet", r"C:\Users\SECRET.parquet"] {
        let text = SMALL.replace("roll.parquet", path);
        refused(&text, Kind::Study, 4, "syntax", &["backslash", "'…'"]);
        assert!(!study_of(&text).1.unwrap_err().to_string().contains("SECRET"));
    }
    // Here the backslashes are those of a tab and a line feed.
    refused(&SMALL.replace("roll.parquet", r"\table\new.csv"), Kind::Input, 4, "source.path", &["no such file", "'…'"]);
    for number in ["nan", "inf", "-inf"] {
        let text = format!("{SMALL}[linkage]\nlink_probability = {number}\n");
        refused(&text, Kind::Study, 8, "linkage.link_probability", &["expected a number, found no number"]);
    }
}

#[test]
fn a_field_is_known_as_part_of_an_address_by_its_name() {
    let field = |name: &str, more: &str| format!("[[field]]\nname = \"{name}\"\ncomparator = \"exact\"\n{more}");
    let dwelling = |name: &str, more: &str| {
        let text = format!("{SMALL}{name} = \"c\"\n{}", field(name, more));
        study_of(&text).1.unwrap().custom_fields[0].dwelling
    };
    assert!(dwelling("house_number", "") && !dwelling("house_number", "dwelling = false\n"));
    assert!(!dwelling("work_address", "") && dwelling("work_address", "dwelling = true\n"));
    let date = field("street", "").replace("exact", "date");
    assert!(!study_of(&format!("{SMALL}street = \"c\"\n{date}")).1.unwrap().custom_fields[0].dwelling);
}

#[test]
fn missing_keys_are_named() {
    refused("", Kind::Study, 1, "source", &["at least one [[source]]"]);
    for (line, key) in [("name = \"roll\"", "name"), ("role = \"roll\"", "role"), ("path = \"roll.parquet\"", "path")] {
        refused(&SMALL.replace(line, ""), Kind::Study, 1, &format!("source.{key}"), &["is missing"]);
    }
    let without_columns = SMALL.split("[source.columns]").next().unwrap();
    refused(without_columns, Kind::Study, 1, "source.columns", &["is missing"]);
}

#[test]
fn sources_have_different_names_and_one_roll() {
    refused(
        &format!("{SMALL}{SMALL}"),
        Kind::Study,
        8,
        "source.name",
        &["another source has this name", "second roll"],
    );
    let second = SMALL.replace("name = \"roll\"", "name = \"other\"");
    refused(&format!("{SMALL}{second}"), Kind::Study, 9, "source.role", &["second roll"]);
}

#[test]
fn all_complaints_come_at_once_in_the_order_of_the_lines() {
    let text = format!("[linkage]\nseed = \"x\"\n{}", SMALL.replace("role = \"roll\"", "role = \"rol\"\nkidn = \"x\""));
    let error = study_of(&text).1.unwrap_err();
    let shown = error.to_string();
    assert_eq!(error.place().row, Some(2));
    let places: Vec<_> = ["linkage.seed", "line 5: source.role", "line 6: source.kidn"].map(|p| shown.find(p)).to_vec();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{shown}");
}

#[test]
fn all_missing_files_are_named_at_once_as_an_input_error() {
    let other = SMALL.replace("\"roll\"", "\"register\"").replace("roll.parquet", "*.none");
    let text = format!("{}{other}", SMALL.replace("roll.parquet", "gone.parquet"));
    refused(&text, Kind::Input, 4, "source.path", &["gone.parquet", "line 10", "*.none"]);
    // A wrong key is the first thing to mend, so it decides the kind.
    refused(&format!("[x]\n{text}"), Kind::Study, 1, "x", &["gone.parquet"]);
}

#[test]
fn a_study_file_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read(&folder.path().join("none.toml")).unwrap_err().kind(), Kind::Study);
    assert_eq!(read(folder.path()).unwrap_err().kind(), Kind::Study);
    let latin = folder.path().join("latin.toml");
    std::fs::write(&latin, b"a = 1\nb = \"\xff\"\n").unwrap();
    let error = read(&latin).unwrap_err();
    assert_eq!((error.kind(), error.place().row), (Kind::Study, Some(2)));
}

#[test]
fn a_byte_order_mark_is_ignored_and_the_digest_is_of_the_bytes() {
    let (_folder, study) = study_of(&format!("\u{feff}{SMALL}"));
    let (_other, plain) = study_of(SMALL);
    let (study, plain) = (study.unwrap(), plain.unwrap());
    assert_eq!(study.sources[0].name, "roll");
    assert_eq!(study.digest.len(), 64);
    assert_ne!(study.digest, plain.digest);
}

#[test]
fn the_local_day_of_an_instant_is_the_day_as_written() {
    let check = |text: &str, day: i32, offset: i32| {
        let time = instant(text).unwrap();
        assert_eq!((time.day, time.offset_seconds), (day, offset), "{text}");
    };
    check("2020-11-01T00:00:00+08:00", 18_567, 28_800);
    check("2020-10-31T23:59:59-05:00", 18_566, -18_000);
    check("1969-12-31T12:00:00Z", -1, 0);
    for wrong in ["2020-11-01", "2020-11-01T00:00:00", "yesterday", "2020-13-01T00:00:00+08:00", ""] {
        assert!(instant(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn a_path_is_relative_to_the_study_file() {
    let (folder, study) = study_of(&SMALL.replace("roll.parquet", "many"));
    assert_eq!(study.unwrap().sources[0].path, folder.path().join("many"));
    assert!(Path::new("many").is_relative());
}

#[test]
fn the_example_of_the_documentation_is_right() {
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/study-file.md"));
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("police")).unwrap();
    std::fs::write(folder.path().join("roll.parquet"), "x").unwrap();
    std::fs::write(folder.path().join("police/1.csv"), "x").unwrap();
    let file = folder.path().join("study.toml");
    std::fs::write(&file, example).unwrap();
    let study = read(&file).unwrap_or_else(|error| panic!("{error}"));
    // What the example calls a default is one.
    let (usual, limits) = (crate::intake::study::Linkage::default(), crate::intake::study::Limits::default());
    assert_eq!(study.linkage.link_probability, usual.link_probability);
    assert_eq!(study.linkage.review_probability, usual.review_probability);
    assert_eq!((study.linkage.pairs_max, study.linkage.block_pairs_max), (usual.pairs_max, usual.block_pairs_max));
    assert_eq!((study.linkage.seed, study.limits), (usual.seed, limits));
    assert_eq!(study.reference.text, super::DEFAULT_REFERENCE_TIME);
}

#[test]
fn a_number_is_another_one_only_where_one_was_asked_for() {
    let with = |more: &str| format!("{SMALL}{more}\n");
    let text = ["expected a text in quotes, found a number"];
    refused(&with("[study]\nname = 2020"), Kind::Study, 8, "study.name", &text);
    let count = ["expected a whole number of at least", "found another number"];
    refused(&with("[linkage]\npairs_max = -1"), Kind::Study, 8, "linkage.pairs_max", &count);
}
