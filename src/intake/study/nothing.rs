//! Does a cell say nothing?
//!
//! Takes the text of a cell, says whether it is what programs and people write where there is nothing to say. Drafts
//! and runs go by it alike: a column that is empty but for a few rows is not left out for the marks in the others.
//! What a study file gives a meaning by name is asked before.

use super::Field;

/// What programs write, in lower case and without brackets.
const OF_PROGRAMS: [&str; 7] = ["null", "\\n", "none", "nan", "nat", "#n/a", "n/a"];

/// What people write.
const OF_PEOPLE: [&str; 13] =
    ["na", "无", "未知", "不详", "不明", "空", "空白", "暂无", "未填", "未填写", "缺失", "无数据", "暂缺"];

/// Which of them may be somebody's name all the same, in a column of names.
const NAMES: [&str; 3] = ["na", "nat", "空"];

/// Longest text that is looked at, in bytes: the longest of them in brackets, with blanks between.
const LENGTH_MAX: usize = 18;

/// Longest of those in Latin letters without brackets.
const LATIN_MAX: usize = 4;

/// Longest text of an empty day, with a time and a zone behind it.
const DAY_LENGTH_MAX: usize = 40;

/// Years from which on a day is none: programs write them for *never*.
const NEVER: std::ops::RangeInclusive<u32> = 2900..=9999;

/// Is this how a program writes that there is nothing? Of a record's id no more is asked: a row without one is lost.
#[must_use]
pub fn is_null(text: &str) -> bool {
    const NULLS: [&str; 8] = ["null", "\\n", "(null)", "<null>", "none", "nan", "#n/a", "n/a"];
    // Few texts begin like one of them.
    let begins_so = matches!(text.as_bytes().first(), Some(b'n' | b'N' | b'\\' | b'(' | b'<' | b'#'));
    begins_so && text.len() <= 6 && NULLS.iter().any(|null| null.eq_ignore_ascii_case(text))
}

/// Does it say that there is nothing: a program's word, a person's, or a mark and no more?
#[must_use]
pub fn is_nothing(text: &str) -> bool {
    // Every cell of a run comes by here: nearly all are too long, or begin as none of them does.
    if text.len() > LENGTH_MAX {
        return false;
    }
    match text.chars().next() {
        Some('n' | 'N') => text.len() <= LATIN_MAX && is_word(text),
        Some(first) if first.is_ascii_alphanumeric() => false,
        Some('(' | '<' | '[' | '#' | '无' | '未' | '不' | '空' | '暂' | '缺' | '*') => says_nothing(text),
        Some(first) => (is_mark(first) || is_full_width(first)) && says_nothing(text),
        None => true,
    }
}

/// What says that there is nothing in a column of this field.
#[must_use]
pub fn nothing_of(field: Field) -> fn(&str) -> bool {
    if field.is_name() { is_no_name } else { is_nothing }
}

/// The same of a name: Na and 空 are some.
#[must_use]
pub fn is_no_name(text: &str) -> bool {
    is_nothing(text) && !NAMES.iter().any(|name| name.eq_ignore_ascii_case(text))
}

/// Does it stand for no day: noughts alone, the first of all days, or a year that nobody will see?
#[must_use]
pub fn is_no_day(text: &str) -> bool {
    if text.len() > DAY_LENGTH_MAX {
        return false;
    }
    match text.as_bytes() {
        [b'0', ..] => text.starts_with("0001-01-01") || text.chars().all(is_of_nought),
        [b'3'..=b'9', second, ..] | [b'2', second @ b'9', ..] if second.is_ascii_digit() => is_never(text),
        _ => false,
    }
}

fn is_of_nought(c: char) -> bool {
    c == '0' || !c.is_alphanumeric() || matches!(c, 'T' | 'Z' | 't' | 'z' | '年' | '月' | '日' | '时' | '分' | '秒')
}

/// `9999-12-31`, `2999/12/31 23:59:59`, `99991231`, 9999年12月31日.
fn is_never(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let part = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok());
    let is_never = |year: Option<u32>| year.is_some_and(|year| NEVER.contains(&year));
    match digits {
        // 29122012 is the 29th of a month.
        8 | 14 => is_never(part(0, 4)) && part(4, 6) <= Some(12) || text.starts_with("9999"),
        4 => is_never(part(0, 4)) && (text.len() > 4 || text == "9999"),
        _ => false,
    }
}

fn is_word(text: &str) -> bool {
    OF_PROGRAMS.iter().chain(&OF_PEOPLE).any(|word| word.eq_ignore_ascii_case(text))
}

/// Of a text that begins like one that says nothing.
#[cold]
fn says_nothing(text: &str) -> bool {
    let plain: String = text.chars().map(half_width).filter(|c| !c.is_whitespace()).collect();
    let bare = plain.trim_matches(['(', ')', '<', '>', '[', ']']);
    // Several stars hide something.
    bare.is_empty() || bare == "*" || is_word(bare) || bare.chars().all(is_mark)
}

fn is_mark(c: char) -> bool {
    matches!(
        c,
        '-' | '/'
            | '\\'
            | '.'
            | ','
            | ';'
            | ':'
            | '_'
            | '~'
            | '|'
            | '\''
            | '"'
            | '、'
            | '。'
            | '·'
            | '•'
            | '…'
            | '\u{2010}'..='\u{2015}' | '\u{2212}'
    )
}

fn is_full_width(c: char) -> bool {
    matches!(c, '\u{ff01}'..='\u{ff5e}')
}

fn half_width(c: char) -> char {
    if is_full_width(c) { char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c) } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_for_nothing_is_nothing() {
        for text in [
            "NULL",
            "\\N",
            "nan",
            "None",
            "#N/A",
            "N/A",
            "na",
            "(null)",
            "<NULL>",
            "<NA>",
            "NaT",
            "无",
            "（无）",
            "未知",
            "不详",
            "空",
            "暂无",
            "未填",
            "-",
            "--",
            "- -",
            "/",
            "\\",
            ".",
            "*",
            "＊",
            "、",
            "—",
            "——",
            "－",
            "／",
            "…",
            "Ｎ／Ａ",
            "()",
        ] {
            assert!(is_nothing(text), "{text}");
        }
        for text in [
            "0",
            "1",
            "Nan Li",
            "Nina",
            "N",
            "无名氏",
            "未婚",
            "空军",
            "不",
            "王",
            "-1",
            "/1",
            "***",
            "****1234",
            "?",
            "？",
            "#1",
            "(1)",
            "１",
            "1.",
            "－５",
            "未知道",
            "nano",
        ] {
            assert!(!is_nothing(text), "{text}");
        }
        for (text, expected) in [("Na", false), ("NA", false), ("空", false), ("无", true), ("N/A", true), ("-", true)]
        {
            assert_eq!(is_no_name(text), expected, "{text}");
        }
        for (text, expected) in [("NULL", true), ("\\N", true), ("Na", false), ("无", false), ("-", false)] {
            assert_eq!(is_null(text), expected, "{text}");
        }
    }

    #[test]
    fn a_day_of_noughts_or_at_the_end_of_time_is_none() {
        for text in [
            "0",
            "00000000",
            "0000-00-00",
            "0000/00/00 00:00:00",
            "0000-00-00T00:00:00Z",
            "0000年00月00日",
            "0-0-0",
            "0001-01-01 00:00:00",
            "9999-12-31",
            "99991231",
            "99999999",
            "99991231235959",
            "2999-12-31 23:59:59",
            "3000/1/1",
            "9999",
        ] {
            assert!(is_no_day(text), "{text}");
        }
        for text in ["2020-11-01", "29122012", "1999-99-99", "0001", "01/02/2020", "000a", "291012", "2999", "9/9/1999"]
        {
            assert!(!is_no_day(text), "{text}");
        }
    }
}
