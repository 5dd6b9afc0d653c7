//! Which command leads from a figure to its rows?
//!
//! Every figure of the page carries, in a `code`, what to write after `rollcall trace DIR`: the page shows it while the
//! pointer or the keyboard is there, and it can be copied. A test goes through all figures of a page with these
//! commands, and fails for a figure without one.

use maud::{Markup, PreEscaped, Render, html};

use super::cases::shown_area;
use super::words::Words;
use super::words::words;
use crate::outcome::coverage::UNKNOWN_AREA;

/// Kinds that count as missed.
pub const MISSED: &str = "--kind missed_person,missed_newborn --open";

/// A figure with the command that leads to its rows.
#[must_use]
pub fn traced(figure: &str, command: &str) -> Markup {
    html! { data tabindex="0" { (leads(command)) (figure) } }
}

/// What an element that the keyboard reaches leads to: it stands first in the element.
#[must_use]
pub fn leads(command: &str) -> Markup {
    html! { code { (command) } }
}

/// A figure in a cell of its own.
#[must_use]
pub fn cell(figure: impl Render, command: &str) -> Markup {
    html! { td.n tabindex="0" { (leads(command)) (figure) } }
}

/// Like [`traced`], as text for a sentence.
#[must_use]
pub fn within(figure: &str, command: &str) -> String {
    traced(figure, command).into_string()
}

/// A chart with its caption, and the command that leads to its rows.
#[must_use]
pub fn figure(command: &str, caption: &str, svg: &str) -> Markup {
    html! { figure tabindex="0" { figcaption { (leads(command)) (caption) } div.chart { (PreEscaped(svg)) } } }
}

/// A name as a shell takes it for one word. Within single quotes a shell obeys nothing, and of the names some are what
/// somebody typed into a column.
#[must_use]
pub fn word(name: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | ':');
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

/// A command, narrowed to an area, which may be called like an option.
#[must_use]
pub fn in_area(command: &str, area: &str) -> String {
    format!("{command} --area={}", word(&shown_area(area)))
}

/// A command, narrowed to a community, which may be unknown.
#[must_use]
pub fn in_community(command: &str, area: &str) -> String {
    // It is no code, and would be shown as what stands for a word.
    if area == UNKNOWN_AREA { format!("{command} --area=unknown_community") } else { in_area(command, area) }
}

/// Under the title.
pub const HOW: Words = words(
    "每个数字都能追到记录：指针停在数字上（或点按、用 Tab 键移到），窗口底部显示 rollcall trace 命令\
     （DIR 为结果文件夹）；点按后，DIR 之后的部分可选中复制。",
    "Every figure leads to its rows: rest the pointer on it, tap it, or go to it with the tab key, and the command of rollcall \
     trace stands at the foot of the window (DIR: the folder of results). After a click, what stands behind DIR can be selected and copied.",
);

#[cfg(test)]
mod tests {
    use super::{in_area, in_community, word};

    #[test]
    fn a_shell_takes_any_name_for_one_word_and_obeys_none() {
        for (name, expected) in [
            ("120106001", "120106001"),
            ("甲片-01", "甲片-01"),
            ("", "''"),
            ("two words", "'two words'"),
            ("甲片3'区$(touch pwned)`x`", r"'甲片3'\''区$(touch pwned)`x`'"),
            ("a\"b\\", "'a\"b\\'"),
        ] {
            assert_eq!(word(name), expected);
        }
        assert_eq!(in_area("--persons all", "--h1"), "--persons all --area=--h1");
        assert!(!in_area("--persons all", "王建国").contains("王建国"), "what was taken for a code may be a name");
    }

    #[test]
    fn a_community_that_is_unknown_is_asked_for_by_its_word() {
        for (area, expected) in [("unknown", "unknown_community"), ("120106001001", "120106001001")] {
            assert_eq!(in_community("--open", area), format!("--open --area={expected}"));
        }
    }
}
