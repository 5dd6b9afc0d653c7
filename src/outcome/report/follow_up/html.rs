//! How is a list read on paper or on a telephone?
//!
//! One page per area that opens offline: a block per case, blocks of one dwelling under its address. No script, nothing
//! fetched from elsewhere; ticks on the screen are not kept.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::super::cases::{AreaList, Case};
use super::super::words::{self, Words, field};
use super::{Heading, area_code, area_words};
use crate::intake::study::Language;
use crate::outcome::visit::Outcome;

const STYLE: &str = include_str!("page.css");

/// The page of an area.
#[must_use]
pub fn page(heading: &Heading, list: &AreaList) -> String {
    let language = heading.language;
    let say = |words: Words| words.of(language);
    let mut number = 0;
    let page = html! {
        (DOCTYPE)
        html lang=(if language == Language::Zh { "zh-CN" } else { "en" }) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="robots" content="noindex";
                title { (say(field::TITLE)) " " (area_code(list)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (cover(heading, list))
                // Heads of tables, as browsers repeat nothing else at the top of each sheet of paper.
                table.sheet role="presentation" {
                    thead { tr { th { (running(heading, list)) } } }
                    tbody { tr { td {
                        @for dwelling in &list.dwellings {
                            table.dwelling role="presentation" {
                                thead { tr { th { h2 { (dwelling.dwelling) } } } }
                                tbody {
                                    @for found in &dwelling.cases {
                                        @let () = number += 1;
                                        tr { td { (case(language, number, found)) } }
                                    }
                                }
                            }
                        }
                    } } }
                }
            }
        }
    };
    page.into_string()
}

/// What stands at the top of each sheet of paper.
fn running(heading: &Heading, list: &AreaList) -> Markup {
    let say = |words: Words| words.of(heading.language);
    html! {
        div.running {
            span { (say(area_words(list))) " " b { (area_code(list)) } " · " (say(field::TITLE)) }
            span { (say(field::CONFIDENTIAL)) }
        }
    }
}

fn cover(heading: &Heading, list: &AreaList) -> Markup {
    let language = heading.language;
    let say = |words: Words| words.of(language);
    html! {
        h1 { (say(field::TITLE)) }
        p.confidential { (say(field::CONFIDENTIAL)) }
        p.facts {
            (say(area_words(list))) " " b { (area_code(list)) } " · " (heading.study) " · "
            (say(field::REFERENCE)) " " (words::day(language, heading.reference))
        }
        div.cover {
            p {
                (say(field::CASES_COUNT)) " " b { (list.cases().count()) } " · "
                (say(field::DWELLINGS_COUNT)) " " b { (list.doors()) }
                @for (matter, count) in list.by_matter() { " · " (say(matter.words())) " " (count) }
            }
            ol { @for line in field::PROTOCOL_LINES { li { (say(line)) } } }
            p.codes {
                (say(field::ALL_CODES)) (if language == Language::Zh { "：" } else { ":" }) " "
                @for outcome in Outcome::ALL { span { (field::choice(outcome, language)) } " " }
            }
            div.signs {
                @if !heading.team.is_empty() { span { (say(field::TEAM)) " " b { (heading.team) } } }
                @for label in [field::VISITOR, field::VISIT_DATE, field::SUPERVISOR] { span { (say(label)) " " i {} } }
            }
        }
    }
}

fn case(language: Language, number: usize, case: &Case) -> Markup {
    let say = |words: Words| words.of(language);
    let born = match (case.birth.is_empty(), language) {
        (true, _) => String::new(),
        (false, Language::Zh) => format!("{}{}", case.birth, say(field::BORN)),
        (false, Language::En) => format!("{} {}", say(field::BORN), case.birth),
    };
    let facts = [[case.sex.as_str(), case.relationship.as_str()], [born.as_str(), ""]];
    let facts = facts.map(|line| line.into_iter().filter(|fact| !fact.is_empty()).collect::<Vec<_>>().join(" · "));
    html! {
        article.case {
            div.no { (number) }
            div.who {
                @if !case.name.is_empty() { b { (case.name) } }
                @for line in facts.iter().filter(|line| !line.is_empty()) { div { (line) } }
                @if !case.id_number.is_empty() { div.id title=(say(field::ID_NUMBER)) { (case.id_number) } }
            }
            div.what {
                div.matter { (say(case.matter.words())) " " span.code { (case.number) } }
                div.ask { (case.ask) }
            }
            form { fieldset.ticks.long[language == Language::En] {
                legend { (say(field::OUTCOME)) " " (number) }
                @for outcome in case.matter.usual() {
                    @let choice = field::choice(*outcome, language);
                    label { input type="radio" name=(number) value=(outcome.code()); (choice) }
                }
                span.other { (say(field::OTHER_CODE)) " " i {} }
                button type="reset" { (say(field::CLEAR)) }
            } }
            div.note { span { (say(field::VISITED_ON)) " " i {} } (say(field::NOTE)) }
        }
    }
}
