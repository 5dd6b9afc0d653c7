//! What of a Rust file is code, and which paths stand in it?
//!
//! Not a parser: [`code`] blanks comments, texts and tests; [`tokens`] cuts the rest into words and signs;
//! [`paths`] collects every path of two names or more, with groups (`a::{b, c}`) written out.

/// A file that holds tests only.
pub fn is_test_file(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/")
}

/// The text with comments and the contents of texts replaced by blanks; line ends stay.
pub fn without_comments(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_token(&chars, at);
        let is_code = end == at + 1;
        kept.extend(chars[at..end].iter().map(|c| if is_code || *c == '\n' { *c } else { ' ' }));
        at = end;
    }
    kept
}

/// Where the comment, text or character that begins here ends; the next place if none begins.
fn end_of_token(chars: &[char], at: usize) -> usize {
    let starts = |text: &str| text.chars().enumerate().all(|(n, c)| chars.get(at + n) == Some(&c));
    let find =
        |from: usize, is_end: &dyn Fn(usize) -> bool| (from..chars.len()).find(|n| is_end(*n)).unwrap_or(chars.len());
    if starts("//") {
        return find(at, &|n| chars[n] == '\n');
    }
    if starts("/*") {
        let (mut depth, mut n) = (0, at);
        while n < chars.len() {
            match (chars[n], chars.get(n + 1)) {
                ('/', Some('*')) => (depth, n) = (depth + 1, n + 1),
                ('*', Some('/')) => (depth, n) = (depth - 1, n + 1),
                _ => {}
            }
            n += 1;
            if depth == 0 {
                break;
            }
        }
        return n;
    }
    let in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_') && chars[at - 1] != 'b';
    if chars[at] == 'r' && !in_word {
        let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
        if chars.get(at + 1 + hashes) == Some(&'"') {
            let closes = |n: usize| chars[n] == '"' && (1..=hashes).all(|h| chars.get(n + h) == Some(&'#'));
            return (find(at + 2 + hashes, &closes) + 1 + hashes).min(chars.len());
        }
    }
    if chars[at] == '"' {
        let mut n = at + 1;
        while n < chars.len() && chars[n] != '"' {
            n += 1 + usize::from(chars[n] == '\\');
        }
        return (n + 1).min(chars.len());
    }
    if chars[at] == '\'' {
        // A character, not a lifetime: closed after one sign, or after an escape.
        if chars.get(at + 1) == Some(&'\\') {
            return (find(at + 3, &|n| chars[n] == '\'') + 1).min(chars.len());
        }
        if chars.get(at + 2) == Some(&'\'') {
            return at + 3;
        }
    }
    at + 1
}

/// The text without comments, texts and everything under `#[cfg(test)]`.
pub fn code(text: &str) -> String {
    let mut code = without_comments(text);
    while let Some(start) = code.find("#[cfg(test)]") {
        let end = end_of_item(&code, start + "#[cfg(test)]".len());
        let blank: String = code[start..end].chars().filter(|c| *c == '\n').collect();
        code.replace_range(start..end, &blank);
    }
    code
}

/// Where the item ends that begins here: at its `;`, or at the brace that closes its first one.
fn end_of_item(code: &str, start: usize) -> usize {
    let mut depth = 0;
    for (at, c) in code[start..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return start + at + 1,
            _ => continue,
        }
        if depth == 0 && c == '}' {
            return start + at + 1;
        }
    }
    code.len()
}

/// Lines of a file up to its tests.
pub fn lines_without_tests(text: &str) -> usize {
    let lines = text.lines().collect::<Vec<_>>();
    let tests = lines.iter().position(|line| line.trim() == "#[cfg(test)]");
    match tests {
        Some(at) if lines.get(at + 1).is_some_and(|line| line.starts_with("mod ") && line.ends_with('{')) => at,
        _ => lines.len(),
    }
}

/// Words (names, keywords, numbers) and signs; `::` is one sign.
pub fn tokens(code: &str) -> Vec<String> {
    let chars: Vec<char> = code.chars().collect();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        let length = match c {
            _ if c.is_whitespace() => 0,
            _ if is_word(c) => chars[at..].iter().take_while(|c| is_word(**c)).count(),
            ':' if chars.get(at + 1) == Some(&':') => 2,
            _ => 1,
        };
        if length > 0 {
            tokens.push(chars[at..at + length].iter().collect());
        }
        at += length.max(1);
    }
    tokens
}

/// A path and the name it is bound to, if it stands in a `use`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Its names.
    pub names: Vec<String>,
    /// What a `use` calls it.
    pub bound: Option<String>,
}

/// Every path of the tokens, groups written out; `pub(in …)` left out.
pub fn paths(tokens: &[String]) -> Vec<Path> {
    let is = |at: usize, sign: &str| tokens.get(at).is_some_and(|token| token == sign);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let in_use = is(at, "use");
        let start = at + usize::from(in_use);
        let visibility = at > 1 && is(at - 1, "in") && is(at - 2, "(");
        let end = tree(tokens, start, &[], in_use, &mut found);
        if visibility {
            found.pop();
        }
        at = end.max(at + 1);
    }
    found
}

/// One path or group from here on; gives where it ends.
fn tree(tokens: &[String], start: usize, before: &[String], in_use: bool, found: &mut Vec<Path>) -> usize {
    let is = |at: usize, sign: &str| tokens.get(at).is_some_and(|token| token == sign);
    let is_name = |at: usize| {
        tokens.get(at).and_then(|token| token.chars().next()).is_some_and(|c| c.is_alphabetic() || c == '_')
    };
    let mut names = before.to_vec();
    let mut at = start;
    loop {
        if is_name(at) {
            names.push(tokens[at].clone());
            at += 1;
        } else if is(at, "{") && (!before.is_empty() || at > start) {
            at += 1;
            while at < tokens.len() && !is(at, "}") {
                at = tree(tokens, at, &names, in_use, found).max(at + 1);
                at += usize::from(is(at, ","));
            }
            return at + 1;
        } else if is(at, "*") && at > start {
            names.push(String::from("*"));
            at += 1;
            break;
        } else {
            break;
        }
        if !is(at, "::") {
            break;
        }
        at += 1;
    }
    if names.last().is_some_and(|name| name == "self") && names.len() > 1 {
        names.pop();
    }
    let renamed = in_use && is(at, "as");
    let bound = if renamed { tokens.get(at + 1).cloned() } else { names.last().cloned().filter(|_| in_use) };
    if names.len() > 1 || (in_use && names.len() == 1) {
        found.push(Path { names, bound });
    }
    at + if renamed { 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::{code, lines_without_tests, paths, tokens};

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = paths(&tokens(&code(text))).iter().map(|path| path.names.join("::")).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        check("use crate::a::b;", &["crate::a::b"]);
        check(
            "use crate::a::{self, b::C, d::{E, F}};",
            &["crate::a", "crate::a::b::C", "crate::a::d::E", "crate::a::d::F"],
        );
        check("use super::super::a::*;", &["super::super::a::*"]);
        check(
            "fn f(x: &crate::a::B) -> super::C { crate::d::e::<u8>(x) }",
            &["crate::a::B", "super::C", "crate::d::e"],
        );
        check("if x == crate::a::B { y } else { z }", &["crate::a::B"]);
        check("pub(crate) fn f() {} pub(in crate::a) fn g() {}", &[]);
        check("use crate::a::b as c; pub use self::d::E;", &["crate::a::b", "self::d::E"]);
    }

    #[test]
    fn comments_texts_and_tests_are_no_code() {
        check("// crate::a::b\n/* crate::a /* nested */ crate::b */ use crate::c;", &["crate::c"]);
        check(r##"let x = "crate::a::b \" crate::c::d"; let y = r#"crate::e::f " "#; use crate::g;"##, &["crate::g"]);
        check(
            "let quote = '\"'; use crate::a; let other = '\\''; let b = b'\"'; use crate::b;",
            &["crate::a", "crate::b"],
        );
        check("fn f<'a>(x: &'a str) -> crate::a::B<'a> {}", &["crate::a::B"]);
        check("#[cfg(test)]\nmod tests { use crate::a; fn f() { {} } }\nuse crate::b;", &["crate::b"]);
        check("#[cfg(test)]\nmod tests;\nuse crate::b;", &["crate::b"]);
    }

    #[test]
    fn names_bound_by_a_use_are_known() {
        let found = paths(&tokens("use crate::a::{self, B as C, d};"));
        let bound: Vec<_> = found.iter().map(|path| path.bound.as_deref().unwrap_or("")).collect();
        assert_eq!(bound, ["a", "C", "d"]);
    }

    #[test]
    fn lines_are_counted_up_to_the_tests() {
        assert_eq!(lines_without_tests("a\nb\n#[cfg(test)]\nmod tests {\nc\n}\n"), 2);
        assert_eq!(lines_without_tests("a\n#[cfg(test)]\nmod tests;\nb\n"), 4);
    }
}
