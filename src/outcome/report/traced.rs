//! Which command leads from a figure to its rows?
//!
//! Every figure of the page carries, as `data-trace`, what to write after `rollcall trace DIR`: the page shows it where
//! the pointer rests. A test goes through all figures of a page with these commands, and fails for a figure without
//! one.

use maud::{Markup, PreEscaped, html};

use super::words::Words;
use super::words::words;
use crate::outcome::coverage::UNKNOWN_AREA;

/// Kinds that count as missed.
pub const MISSED: &str = "--kind missed_person,missed_newborn --open";

/// A figure with the command that leads to its rows.
#[must_use]
pub fn traced(figure: &str, command: &str) -> Markup {
    html! { data data-trace=(command) { (figure) } }
}

/// Like [`traced`], as text for a sentence.
#[must_use]
pub fn within(figure: &str, command: &str) -> String {
    traced(figure, command).into_string()
}

/// A chart with its caption, and the command that leads to its rows.
#[must_use]
pub fn figure(command: &str, caption: &str, svg: &str) -> Markup {
    html! { figure data-trace=(command) { figcaption { (caption) } div.chart { (PreEscaped(svg)) } } }
}

/// A name as a shell takes it for one word.
#[must_use]
pub fn word(name: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | ':');
    match name {
        name if !name.is_empty() && name.chars().all(plain) => name.to_owned(),
        name if name.contains('\'') => format!("\"{name}\""),
        name => format!("'{name}'"),
    }
}

/// A command, narrowed to an area.
#[must_use]
pub fn in_area(command: &str, area: &str) -> String {
    format!("{command} --area {}", word(area))
}

/// A command, narrowed to a community, which may be unknown.
#[must_use]
pub fn in_community(command: &str, area: &str) -> String {
    in_area(command, if area == UNKNOWN_AREA { "unknown_community" } else { area })
}

/// Under the title.
pub const HOW: Words = words(
    "每个数字都能追到记录：指针停在数字上，显示 rollcall trace 命令（DIR 为结果文件夹）。",
    "Every figure leads to its rows: rest the pointer on it for the command of rollcall trace (DIR: the folder of results).",
);
