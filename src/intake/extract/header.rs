//! Which column is the one that the study means?
//!
//! Takes the names that are wanted and those that a file has, gives positions. Names are compared as they are, then
//! without surrounding blanks and in compatibility form (full-width letters, ideographic blanks).

use std::path::Path;

use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Result, inert};

/// Most columns of a file.
const COLUMNS_MAX: usize = 20_000;

/// Two names are alike enough to be taken for slips of one another: 身份证号 is none of 业务编号.
const LIKENESS_MIN: f64 = 0.7;

/// A column name without surrounding blanks, byte-order mark and differences of width.
pub(super) fn normal(name: &str) -> String {
    name.nfkc().collect::<String>().trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').to_owned()
}

/// The position of each wanted column.
pub(super) fn locate(path: &Path, wanted: &[String], present: &[String]) -> Result<Vec<usize>> {
    if present.len() > COLUMNS_MAX {
        let error = Error::input(format!("has {} columns, more than {COLUMNS_MAX}", present.len())).at_file(path);
        return Err(error.hint("ask the sender what this file is"));
    }
    let normals: Vec<String> = present.iter().map(|name| normal(name)).collect();
    let mut positions = Vec::new();
    let mut missing: Vec<&String> = Vec::new();
    for name in wanted {
        let exact = present.iter().position(|other| other == name);
        match exact.or_else(|| normals.iter().position(|other| *other == normal(name))) {
            Some(position) => positions.push(position),
            None => missing.push(name),
        }
    }
    if positions.is_empty() && !wanted.is_empty() {
        // Perhaps the first line is no header but a person: none of it may be shown.
        let what = "none of the study's columns is there: expected a first line of column names";
        let hint = "if a title, or a line such as `sep=,`, stands above the column names, remove it; else ask the \
                    sender for the file with column names, or correct the names in the study file";
        return Err(Error::input(what).at_file(path).hint(hint));
    }
    let is_a_person = |name: &String| wanted.is_empty() && is_said_of_a_person(name);
    if normals.iter().any(|name| is_a_number_of_a_person(name) || is_a_person(name)) {
        // The first line is no header but a person: none of it may be shown.
        let what =
            "the first line holds a person's number, sex, date or address: expected a first line of column names";
        return Err(Error::input(what).at_file(path).hint("ask the sender for the file with column names"));
    }
    let mut sorted: Vec<(&String, usize)> = normals.iter().zip(1..).filter(|(name, _)| !name.is_empty()).collect();
    sorted.sort();
    let are_twins = |pair: &&[(&String, usize)]| matches!(pair, [(one, _), (other, _)] if one == other);
    if let Some([(name, first), (_, second)]) = sorted.windows(2).find(are_twins) {
        let error = Error::input(format!("columns {first} and {second} have the same name")).at_file(path);
        // One that the study does not want may be a value: of a file without a header the first line is a person.
        let named = wanted.iter().find(|wanted| normal(wanted) == **name);
        return Err(named.into_iter().fold(error, Error::at_column).hint("rename or remove one of them"));
    }
    let Some((first, others)) = missing.split_first() else { return Ok(positions) };
    let mut what = String::from("there is no such column");
    if !others.is_empty() {
        let others: Vec<String> = others.iter().map(|name| inert(name)).collect();
        what.push_str(&format!("; also missing: {}", others.join(", ")));
    }
    Err(Error::input(what).at_file(path).at_column(first.as_str()).hint(nearest(first, &normals)))
}

/// An ID number, or so many digits as no column's name has.
fn is_a_number_of_a_person(name: &str) -> bool {
    const DIGITS: usize = 11;
    let (mut run, mut longest) = (0, 0);
    for character in name.chars() {
        run = if character.is_ascii_digit() { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest >= DIGITS
}

/// A sex, a day, or an address with its numbers: no column is called so. An example in brackets is none.
fn is_said_of_a_person(name: &str) -> bool {
    let parts: Vec<&str> = name.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let is_of_dates = name.chars().all(|c| c.is_ascii_digit() || "年月日-/.: TZ".contains(c));
    let is_day = match lengths.as_slice() {
        [8] => name.len() == 8 && ["18", "19", "20"].iter().any(|century| name.starts_with(century)),
        [4, 1 | 2, 1 | 2, ..] | [1 | 2, 1 | 2, 4, ..] => is_of_dates,
        _ => false,
    };
    let is_number =
        |(at, _): (usize, &str)| name.get(..at).is_some_and(|front| front.ends_with(|c: char| c.is_ascii_digit()));
    let has_number = ["号", "室", "楼", "栋", "幢"].iter().any(|sign| name.match_indices(sign).any(is_number));
    let is_address = has_number && name.chars().count() >= 8 && !name.contains(['(', '[', '例', '如', ':']);
    is_day || is_address || matches!(name, "男" | "女" | "男性" | "女性")
}

fn nearest(name: &str, present: &[String]) -> String {
    let likeness = |other: &String| {
        let (name, other) = (normal(name).to_lowercase(), other.to_lowercase());
        strsim::jaro_winkler(&name, &other).max(strsim::normalized_damerau_levenshtein(&name, &other))
    };
    let best = present.iter().map(|other| (likeness(other), other)).max_by(|one, other| one.0.total_cmp(&other.0));
    match best {
        Some((near, other)) if near >= LIKENESS_MIN => format!("the nearest column is `{}`", inert(other)),
        Some(_) => {
            let names: Vec<_> = present.iter().take(30).map(|name| inert(name)).collect();
            format!("the file has: {}", names.join(", "))
        }
        None => String::from("the file has no columns"),
    }
}

#[cfg(test)]
mod tests {
    use super::locate;
    use std::path::Path;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_are_found_despite_blanks_and_width() {
        let check = |wanted: &[&str], present: &[&str], expected: &[usize]| {
            assert_eq!(locate(Path::new("f"), &names(wanted), &names(present)).unwrap(), expected);
        };
        check(&["姓名", "id"], &["id", "姓名"], &[1, 0]);
        check(&["ID"], &["\u{feff}ＩＤ　"], &[0]);
        check(&[" a"], &["b", "a "], &[1]);
        check(&["a"], &["", "", "a"], &[2]);
    }

    #[test]
    fn a_missing_column_is_named_with_the_nearest_one() {
        let check = |wanted: &[&str], present: &[&str], words: &[&str]| {
            let error = locate(Path::new("f"), &names(wanted), &names(present)).unwrap_err().to_string();
            for word in words {
                assert!(error.contains(word), "{error}");
            }
        };
        check(
            &["birth_date", "name"],
            &["name", "birthdate"],
            &["f: birth_date: there is no such column", "`birthdate`"],
        );
        check(&["公民身份号码", "x", "q"], &["公民身份证号码", "q"], &["`公民身份证号码`", "also missing: x"]);
        check(&["zzz", "abc"], &["abc", "def"], &["the file has: abc, def"]);
        check(&["身份证号", "姓名"], &["业务编号", "姓名"], &["the file has: 业务编号, 姓名"]);
        check(&["zzz"], &["表一 常住人口"], &["if a title"]);
        check(&["zzz"], &["abc", "def"], &["none of the study's columns is there"]);
        check(&["zzz"], &[], &["none of the study's columns is there"]);
        check(&["a"], &["a", "b", " a "], &["f: a: columns 1 and 3 have the same name"]);
        check(&["b"], &["a", "b", " a "], &["f: columns 1 and 3 have the same name"]);
    }

    #[test]
    fn a_first_line_that_is_a_person_is_not_shown() {
        let present = names(&["王小明", "999999197003120017", "男", "男"]);
        let error = locate(Path::new("f"), &names(&["姓名", "性别"]), &present).unwrap_err().to_string();
        assert!(error.contains("none of the study's columns is there"), "{error}");
        assert!(present.iter().all(|value| !error.contains(value)), "{error}");
        // Not either where one column is asked for, or none.
        let present = names(&["R0", "王小明", "女", "1984-11-25"]);
        for wanted in [&["姓名"][..], &[]] {
            let error = locate(Path::new("f"), &names(wanted), &present).unwrap_err().to_string();
            assert!(present.iter().all(|value| !error.contains(value)), "{error}");
        }
        for said in ["19841125", "1984年11月25日", "1984/11/5", "5/11/1984", "男", "风采里12号楼3门401"] {
            assert!(locate(Path::new("f"), &[], &names(&["R0", said])).is_err(), "{said}");
        }
        let twice = names(&["1", "王小明", "2", "王小明"]);
        let error = locate(Path::new("f"), &[], &twice).unwrap_err().to_string();
        assert!(error.contains("columns 2 and 4") && !error.contains("王小明"), "{error}");
        let headers =
            ["2020", "2020-11", "男性人数", "11月1日人口", "address_1", "2020年11月1日居住地", "住址(如3号楼501室)"];
        assert!(locate(Path::new("f"), &[], &names(&headers)).is_ok());
        let present = names(&["王小明", "999999197003120017", "男", "男"]);
        // Not either where a name is right by chance, or two cells are the same.
        let error = locate(Path::new("f"), &names(&["男"]), &present).unwrap_err().to_string();
        assert!(present.iter().all(|value| !error.contains(value)), "{error}");
    }
}
