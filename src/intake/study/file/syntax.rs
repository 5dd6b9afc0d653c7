//! Is it TOML?
//!
//! Takes the text of a study file, gives its table; or complaints in our own words, as the parser's may hold values:
//! one for each line.

use std::collections::BTreeSet;

use toml::de::DeTable;

use super::section::{Complaints, one_of};

/// What to do about paths as Windows writes them.
pub(super) const BACKSLASH: &str = "write a path with \\ in single quotation marks, '…', or with / instead";

/// Full-width punctuation, and what it is typed for.
const FULL_WIDTH: [(char, &str); 23] = [
    ('“', "\""),
    ('”', "\""),
    ('＂', "\""),
    ('‘', "'"),
    ('’', "'"),
    ('＇', "'"),
    ('，', ","),
    ('、', ","),
    ('＝', "="),
    ('．', "."),
    ('。', "."),
    ('：', ":"),
    ('＃', "#"),
    ('【', "["),
    ('】', "]"),
    ('［', "["),
    ('］', "]"),
    ('｛', "{"),
    ('｝', "}"),
    ('（', "("),
    ('）', ")"),
    ('＿', "_"),
    ('\u{3000}', "a plain space"),
];

/// What is wrong, and what to do about it.
type Fault = (&'static str, String);

/// The TOML table of the text, of a file that has these keys at its top.
pub(crate) fn table_of<'t>(text: &'t str, top: &[&str], complaints: &mut Complaints) -> Option<DeTable<'t>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    // Under a misspelt header keys may meet those of the table before: whoever took one away would lose what it says.
    if errors.iter().any(|error| error.message().starts_with("duplicate key")) {
        misspelt_headers(text, top, complaints);
    }
    let is_misspelt = !complaints.is_empty();
    let mut lines: BTreeSet<u64> = BTreeSet::new();
    let mut is_list = false;
    for error in &errors {
        let at = error.span().unwrap_or(0..0);
        let line = complaints.line(at.start);
        let written = usize::try_from(line).ok().and_then(|line| text.lines().nth(line.saturating_sub(1)));
        let fault = fault(error.message(), written.unwrap_or_default());
        // Of a list of tables that is written as one table each key is given twice.
        if lines.contains(&line) || ((is_list || is_misspelt) && fault.0 == TWICE) {
            continue;
        }
        is_list |= fault.0 == LIST;
        lines.insert(line);
        complaints.add(&at, "syntax", fault.0, Some(fault.1));
    }
    complaints.is_empty().then(|| table.into_inner())
}

/// Complains of each header that begins with a name which nothing at the top has.
fn misspelt_headers(text: &str, top: &[&str], complaints: &mut Complaints) {
    let mut start = 0;
    for written in text.split_inclusive('\n') {
        let at = start..start + written.len();
        start = at.end;
        // Within a list that goes over several lines, what stands in brackets is quoted, or something follows them.
        let Some((inside, rest)) = written.trim_start().strip_prefix('[').and_then(|inside| inside.split_once(']'))
        else {
            continue;
        };
        let name = inside.trim_start_matches('[').split('.').next().unwrap_or_default().trim();
        let is_bare = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '-';
        let rest = rest.trim_start_matches(']').trim_start();
        let is_header = !name.is_empty() && name.chars().all(is_bare) && (rest.is_empty() || rest.starts_with('#'));
        if is_header && !top.contains(&name) {
            let in_brackets = |hint: String| match (written.trim_start().starts_with("[["), inside.contains('.')) {
                (true, false) => hint.replace("you mean `", "you mean [[").replace("`?", "]]?"),
                _ => hint,
            };
            complaints.add(&at, name, "there is no such key", one_of(name, top).map(in_brackets));
        }
    }
}

const TWICE: &str = "this key or table is given twice";
const LIST: &str = "this table is given twice";

fn fault(message: &str, written: &str) -> Fault {
    let of = |what, hint: &str| (what, hint.to_owned());
    if let Some(hint) = full_width(written) {
        return ("full-width punctuation stands where TOML has the plain one", hint);
    }
    if message.starts_with("duplicate key") {
        return match written.trim() {
            "[source]" => of(LIST, "each source begins with [[source]], in double brackets"),
            "[field]" => of(LIST, "each field begins with [[field]], in double brackets"),
            _ => of(TWICE, "keep one of them; list several columns as [\"a\", \"b\"]"),
        };
    }
    if message.contains("unquoted key") {
        let hint = "left of the = stands a field or a setting, as `name`; a name with other characters stands in \"…\"";
        of("a key has letters a to z, digits, _ and -, or stands in quotation marks", hint)
    } else if message.contains("escape") || message.contains("unicode value") {
        of("a backslash within \"…\" begins a special character, and there is none of this name", BACKSLASH)
    } else if message.contains("must be quoted") || message.contains("unquoted string") {
        let hint = "write texts as \"text\", and numbers with nothing behind them: 0.5, not 50%";
        of("this is neither a text in quotation marks nor a number, true or false", hint)
    } else if message.contains("string") || message.contains("quote") {
        of("this text does not begin and end with a quotation mark", "write texts as \"text\"")
    } else if message.contains("unclosed") {
        of("a bracket is not closed", "close it with ], ]] or }")
    } else {
        of("this is not TOML", "expected key = \"value\", [table], [[list of tables]] or # comment")
    }
}

/// What to write in place of the full-width punctuation outside of the texts of a line, if there is any.
fn full_width(written: &str) -> Option<String> {
    let mut open: Option<char> = None;
    // Of an unclosed text: it may be the mark at its end that is full-width.
    let (mut outside, mut inside): (BTreeSet<usize>, BTreeSet<usize>) = Default::default();
    for c in written.chars() {
        let known = FULL_WIDTH.iter().position(|(wide, _)| *wide == c);
        match (open, c) {
            (None, '#') => break,
            (None, '"' | '\'') => open = Some(c),
            (Some(mark), _) if mark == c => {
                open = None;
                inside.clear();
            }
            (Some(_), _) => inside.extend(known),
            (None, _) => outside.extend(known),
        }
    }
    outside.extend(inside.into_iter().filter(|at| open.is_some() && matches!(FULL_WIDTH[*at].1, "\"" | "'")));
    let list: Vec<String> =
        outside.into_iter().map(|at| format!("{} for {}", FULL_WIDTH[at].1, FULL_WIDTH[at].0)).collect();
    (!list.is_empty()).then(|| format!("write {}", list.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::{Complaints, full_width, table_of};
    use crate::intake::study::file::keys::TOP;

    /// What is said of a text, and in which lines.
    fn said(text: &str) -> String {
        let mut complaints = Complaints::about(text);
        assert!(table_of(text, &TOP, &mut complaints).is_none(), "{text}");
        let error = complaints.into_error(std::path::Path::new("study.toml")).expect("an error");
        assert!(!error.to_string().contains("SECRET"), "{error}");
        error.to_string()
    }

    #[test]
    fn full_width_punctuation_is_named_once_a_line() {
        for (text, hint) in [
            ("name = “SECRET”", "\" for “, \" for ”"),
            ("name ＝ \"SECRET\"", "= for ＝"),
            ("【source.rows】", "[ for 【, ] for 】"),
            ("keys = [\"SECRET\"，\"SECRET\"]", ", for ，"),
            ("name = \"SECRET”", "\" for ”"),
        ] {
            let said = said(&format!("a = 1\n{text}\nb = 2\n"));
            assert!(said.contains("full-width") && said.contains(hint), "{said}");
            assert_eq!(said.matches("full-width").count(), 1, "{said}");
            assert!(!said.contains("line 2: "), "{said}");
        }
        // In texts and comments it is as good as any.
        assert_eq!([full_width("name = \"（姓名），\" # “a”"), full_width("a = 'b，'")], [None, None]);
    }

    #[test]
    fn keys_and_values_without_quotation_marks_are_told_apart() {
        let bare = said("姓名 = \"SECRET\"\n");
        assert!(bare.contains("letters a to z") && !bare.contains("does not begin"), "{bare}");
        let percent = said("link_probability = 50%\n");
        assert!(percent.contains("0.5, not 50%"), "{percent}");
    }

    #[test]
    fn sources_in_single_brackets_are_one_complaint() {
        let source = "[source]\nname = \"SECRET\"\nrole = \"roll\"\n[source.columns]\nname = \"n\"\n";
        let said = said(&source.repeat(3));
        assert!(said.contains("[[source]], in double brackets"), "{said}");
        assert!(!said.contains("keep one of them"), "{said}");
    }

    #[test]
    fn a_misspelt_header_is_named_where_its_keys_meet_others() {
        let source = "[[source]]\nname = \"SECRET\"\n[source.rows]\npresent = \"SECRET\"\n";
        let [misspelt, rows] = [("[[source]]", "[[sourc]]"), ("[source.rows]", "[sources.rows]")]
            .map(|(from, to)| source.replace(from, to));
        for (text, line, name, meant) in [
            (format!("{source}{misspelt}"), 5, "sourc", "[[source]]"),
            (format!("{source}{rows}{rows}"), 7, "sources", "`source`"),
        ] {
            let said = said(&text);
            assert!(said.contains(&format!("study.toml:{line}: {name}: there is no such key")), "{said}");
            assert!(said.contains(&format!("did you mean {meant}?")), "{said}");
            assert!(!said.contains("given twice"), "{said}");
        }
        // Lists over several lines have no headers, and a comment may stand behind one.
        let lists = "[[sourc]] # SECRET\n[linkage]\nblocking = [\n[\"a\"],\n[\"b\"]\n]\nseed = 1\nseed = 1\n";
        let in_lists = said(lists);
        assert_eq!(in_lists.matches("there is no such key").count(), 1, "{in_lists}");
        // Nothing is misspelt here.
        let twice = said("[study]\nname = \"SECRET\"\nname = \"SECRET\"\n");
        assert!(twice.contains("given twice") && !twice.contains("no such key"), "{twice}");
    }
}
