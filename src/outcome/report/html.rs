//! How does the office read it?
//!
//! One page that opens offline and prints on A4: texts, tables and charts in one file, no script, nothing fetched from
//! elsewhere, no personal value.

use std::collections::{BTreeMap, BTreeSet};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::bars::area_name;
use super::chart::{bars, curve};
use super::missed::MissedInArea;
use super::sources::{FIELDS, SourceRead};
use super::traced::{HOW, MISSED, cell, figure, in_area, in_community, leads, traced, word};
use super::words::completeness::{warned_of, warning as warned};
use super::words::{self, Words, bits, code, count, expected, page, share};
use super::{Report, completeness};
use crate::intake::study::{Field, Language};
use crate::outcome::coverage::estimated::WarningKind;

const STYLE: &str = include_str!("page.css");

/// The whole page.
#[must_use]
pub fn page(report: &Report) -> String {
    let language = report.language;
    let say = |words: Words| words.of(language);
    let sections = [
        summary(report),
        read(report),
        blocking(report),
        links(report),
        persons(report),
        discrepancies(report),
        missed(report),
        completeness::section(language, &report.completeness),
        limits(language),
    ];
    let page = html! {
        (DOCTYPE)
        html lang=(if language == Language::Zh { "zh-CN" } else { "en" }) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="robots" content="noindex";
                title { (say(page::TITLE)) " · " (report.study) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    div.stamp { (say(page::INTERNAL)) }
                    h1 { (say(page::TITLE)) }
                    p.facts {
                        (report.study) " · " (say(page::REFERENCE)) " " (words::day(language, report.reference))
                        @if !report.area.is_empty() { " · " (say(page::AREA)) " " (report.area) }
                    }
                    p.note { (HOW.of(language)) }
                    nav aria-label=(say(page::CONTENTS)) {
                        @for (title, anchor) in page::SECTIONS.into_iter().zip(page::ANCHORS) {
                            a href={ "#" (anchor) } { (say(title)) }
                        }
                    }
                }
                main {
                    @for ((title, anchor), content) in page::SECTIONS.into_iter().zip(page::ANCHORS).zip(sections) {
                        section id=(anchor) { h2 { (say(title)) } (content) }
                    }
                }
                footer { "rollcall " (env!("CARGO_PKG_VERSION")) " · " (say(page::DIGEST)) " " (report.digest) }
            }
        }
    };
    page.into_string()
}

fn summary(report: &Report) -> Markup {
    let language = report.language;
    let found: u64 = report.kinds.iter().map(|kind| kind.count).sum();
    let real = report.missed.curve.last().map_or(0.0, |point| point.1);
    let missed = &report.missed;
    let listed = format!("{MISSED} --listed");
    let figures = [
        (count(report.total.roll_present), "--persons roll_present"),
        (share(report.total.in_both, report.total.roll_present), "--persons in_both"),
        (count(missed.count), MISSED),
        (expected(real), MISSED),
        (count(missed.visits), &listed),
        (expected(missed.expected_found), &listed),
    ];
    // It takes the worth from the figures above it.
    let unlinked = report.completeness.summary.warnings.iter().filter(|warning| warning.kind == WarningKind::Unlinked);
    html! {
        p { (PreEscaped(page::summary(language, report.persons.records, report.sources.len() as u64, report.persons.persons, found))) }
        div.figures {
            @for ((figure, command), label) in figures.iter().zip(page::FIGURES) {
                div.figure { b { (traced(figure, command)) } span { (label.of(language)) } }
            }
        }
        p { (PreEscaped(page::agreement(language, report.total.roll_present, report.total.in_both))) }
        p { (PreEscaped(page::visits(language, missed, real, report.lists.len() as u64))) }
        @for warning in unlinked { div.warnings { p tabindex="0" { (leads(warned_of(warning))) (warned(language, warning)) } } }
        p.note { (page::LISTS.of(language)) }
    }
}

fn head(language: Language, columns: &[Words], figures_from: usize) -> Markup {
    html! {
        thead { tr {
            @for (at, column) in columns.iter().enumerate() {
                @if at >= figures_from { th.n { (column.of(language)) } } @else { th { (column.of(language)) } }
            }
        } }
    }
}

fn read(report: &Report) -> Markup {
    let language = report.language;
    let columns = [page::SOURCE, page::ROLE, page::FILES, page::ROWS, page::USED, page::SET_ASIDE];
    html! {
        div.wide.sources { table {
            (head(language, &columns, 3))
            tbody { @for source in &report.sources { @let used = format!("--used {}", word(&source.name)); tr {
                th { (source.name) @if code::source_kind(language, &source.kind) != source.name {
                    br; span.quiet { (code::source_kind(language, &source.kind)) }
                } }
                td { (code::role(source.role).of(language)) }
                td.files { @for (at, (file, _)) in source.files.iter().take(6).enumerate() { @if at > 0 { br; } (file) }
                    @if source.files.len() > 6 { br; "… (" (traced(&source.files.len().to_string(), &used)) ")" } }
                (cell(count(source.tally.rows_in), &used))
                (cell(count(source.tally.rows_out), &used))
                (cell(count(source.tally.rows_set_aside()), &format!("--set-aside {}", word(&source.name))))
            } } }
        } }
        h3 { (page::SET_ASIDE.of(language)) }
        (reasons(language, &report.sources, "--set-aside", |source| &source.tally.set_aside))
        h3 { (page::NOTED.of(language)) }
        (reasons(language, &report.sources, "--noted", |source| &source.tally.noted))
        h3 { (page::FILLED.of(language)) }
        (filled(language, &report.sources))
    }
}

/// Sources that a sheet of paper has room for, side by side.
const SOURCES_ABREAST_MAX: usize = 8;

/// The sources table by table, as many in each as in the others.
fn abreast<S>(sources: &[S]) -> impl Iterator<Item = &[S]> {
    let tables = sources.len().div_ceil(SOURCES_ABREAST_MAX).max(1);
    sources.chunks(sources.len().div_ceil(tables).max(1))
}

type Reasons = BTreeMap<String, u64>;

fn reasons(language: Language, sources: &[SourceRead], command: &str, of: fn(&SourceRead) -> &Reasons) -> Markup {
    if sources.iter().all(|source| of(source).is_empty()) {
        return html! { p { (page::NOTHING.of(language)) } };
    }
    let all = |sources: &[SourceRead]| sources.iter().flat_map(|source| of(source).keys().cloned()).collect();
    let groups = abreast(sources).map(|sources| (sources, all(sources)));
    let told = groups.filter(|(_, all): &(_, BTreeSet<String>)| !all.is_empty());
    html! { @for (sources, all) in told { div.wide.abreast { table {
        thead { tr { th { (page::REASON.of(language)) } @for source in sources { th.n { (source.name) } } } }
        tbody { @for reason in &all { tr {
            td { (code::reason(language, reason)) }
            @for source in sources {
                td.n { @match of(source).get(reason) {
                    Some(rows) => (traced(&count(*rows), &format!("{command} {} --reason {}", word(&source.name), word(reason)))),
                    None => span.quiet { "–" },
                } }
            }
        } } }
    } } } }
}

fn filled(language: Language, sources: &[SourceRead]) -> Markup {
    let is_bound =
        |sources: &[SourceRead], field: Field| sources.iter().any(|source| source.filled.contains_key(&field));
    html! { @for sources in abreast(sources) { div.wide.abreast { table {
        thead { tr { th { (page::FIELD.of(language)) } @for source in sources { th.n { (source.name) } } } }
        tbody { @for field in FIELDS.into_iter().filter(|field| is_bound(sources, *field)) { tr {
            td { (code::field(language, field.name())) }
            @for source in sources {
                td.n { @match source.filled.get(&field) {
                    Some(rows) => (traced(
                        &share(*rows, source.tally.rows_out),
                        &format!("--filled {} {}", word(&source.name), field.name()),
                    )),
                    None => span.quiet title=(page::NOT_THERE.of(language)) { "–" },
                } }
            }
        } } }
    } } } }
}

fn blocking(report: &Report) -> Markup {
    let language = report.language;
    html! {
        p.note { (page::BLOCKING_NOTE.of(language)) }
        div.wide { table {
            (head(language, &page::BLOCKING, 1))
            tbody { @for rule in &report.rules { tr {
                td { (code::rule(language, &rule.rule)) }
                @let blocks = format!("--blocks {}", word(&rule.rule));
                @let pairs = format!("--pairs {}", word(&rule.rule));
                @let new = format!("{pairs} --new");
                @for (figure, command) in [
                    (rule.keys, &blocks),
                    (rule.blocks, &blocks),
                    (rule.largest_block, &blocks),
                    (rule.pairs, &pairs),
                    (rule.new_pairs, &new),
                    (rule.pairs_left_out, &blocks),
                ] { (cell(count(figure), command)) }
            } } }
        } }
    }
}

fn links(report: &Report) -> Markup {
    let (language, links) = (report.language, &report.links);
    html! {
        p.note { (page::LINKS_NOTE.of(language)) }
        div.wide { table {
            (head(language, &page::LINKS, 1))
            tbody { @for (one, other, links, possible) in &links.by_sources { tr {
                @let command = format!("--links {} {}", word(one), word(other));
                td { @if one == other { (one) (page::WITHIN.of(language)) } @else { (one) " – " (other) } }
                (cell(count(*links), &command))
                (cell(count(*possible), &format!("{command} --possible")))
            } } }
        } }
        h3 { (page::RELIABILITY_TITLE.of(language)) }
        p.note { (page::RELIABILITY_NOTE.of(language)) }
        (reliability(report))
        (figure("--weight 0", page::WEIGHTS_CHART.of(language), &curve::weights(language, &links.weights)))
        (figure("--level", page::LEVELS_CHART.of(language), &bars::levels(language, &links.comparisons)))
        p.note { (page::LEVELS_NOTE.of(language)) }
        h3 { (page::WATERFALL_CHART.of(language)) }
        p.note { (page::WATERFALL_NOTE.of(language)) }
        @for example in &links.examples {
            @let name = if example.link { page::EXAMPLE_LINK } else { page::EXAMPLE_POSSIBLE }.of(language);
            @let total = example.steps.iter().fold(example.prior, |sum, step| sum + step.2);
            @let caption = format!("{name} · {} · {}", bits(total), page::probability(language, example.probability));
            @let command = if example.link { "--example link" } else { "--example possible" };
            (figure(command, &caption, &bars::waterfall(language, example)))
        }
    }
}

fn reliability(report: &Report) -> Markup {
    let (language, reliability) = (report.language, &report.reliability);
    html! {
        div.wide { table {
            (head(language, &page::RELIABILITY, 1))
            tbody { @for band in reliability.bands.iter().filter(|band| band.pairs > 0) { tr {
                @let command = format!("--band {}", band.low);
                td { (page::band(band.low, band.high)) }
                (cell(count(band.pairs), &command))
                (cell(expected(band.expected), &command))
                (cell(count(band.judged), &command))
                (cell(html! { @if band.judged == 0 { span.quiet { "–" } } @else { (count(band.same)) } }, &command))
                (cell(html! { @match band.share {
                    Some(share) => (page::estimated(language, band.pairs, share)),
                    None => span.quiet { "–" },
                } }, &command))
            } } }
        } }
        p { (PreEscaped(page::threshold(language, reliability.threshold, reliability.false_links))) }
    }
}

fn persons(report: &Report) -> Markup {
    let language = report.language;
    html! { div.wide { table {
        (head(language, &page::PERSONS, 1))
        tbody {
            @for (sources, persons) in &report.persons.by_sources { tr {
                td { (sources) } (cell(count(*persons), &format!("--in-sources {sources}")))
            } }
            tr.all { td { (page::ALL_PERSONS.of(language)) } (cell(count(report.persons.persons), "--persons all")) }
        }
    } } }
}

fn discrepancies(report: &Report) -> Markup {
    let language = report.language;
    html! { div.wide { table {
        thead { tr { @for (at, column) in page::DISCREPANCIES.iter().enumerate() {
            @if (2..5).contains(&at) { th.n { (column.of(language)) } } @else { th { (column.of(language)) } }
        } } }
        tbody { @for found in &report.kinds {
            @let [name, definition, action] = code::discrepancy(found.kind);
            @let command = format!("--kind {}", found.kind.name());
            tr {
                td.kind { (name.of(language)) }
                td { (definition.of(language)) }
                (cell(count(found.count), &command))
                (cell(expected(found.expected), &command))
                (cell(count(found.listed), &format!("{command} --listed")))
                td { (action.of(language)) }
            }
        } }
    } } }
}

fn missed(report: &Report) -> Markup {
    let (language, missed) = (report.language, &report.missed);
    if missed.count == 0 {
        return html! { p { (page::NOTHING.of(language)) } };
    }
    let curve = curve::expected_finds(language, &missed.curve, missed.visits, missed.expected_found);
    html! {
        (figure(&format!("{MISSED} --listed"), page::CURVE.of(language), &curve))
        h3 { (page::BY_TOWNSHIP.of(language)) }
        (missed_table(language, &missed.townships, in_area))
        h3 { (page::BY_COMMUNITY.of(language)) }
        (missed_table(language, &missed.communities, in_community))
    }
}

fn missed_table(language: Language, areas: &[MissedInArea], narrowed: fn(&str, &str) -> String) -> Markup {
    html! { div.wide { table {
        (head(language, &page::BY_AREA, 1))
        tbody { @for area in areas { tr {
            @let command = narrowed(MISSED, &area.area);
            td { (area_name(language, &area.area)) }
            (cell(count(area.count), &command))
            (cell(expected(area.expected), &command))
            (cell(count(area.listed), &format!("{command} --listed")))
        } } }
    } } }
}

fn limits(language: Language) -> Markup {
    html! { ul { @for line in page::LIMITS { li { (line.of(language)) } } } }
}

#[cfg(test)]
mod tests {
    use super::abreast;

    #[test]
    fn sources_are_shared_out_to_tables_that_paper_has_room_for() {
        for (sources, tables) in [(0, vec![]), (1, vec![1]), (8, vec![8]), (10, vec![5, 5]), (17, vec![6, 6, 5])] {
            let shared: Vec<usize> = abreast(&vec![(); sources]).map(<[()]>::len).collect();
            assert_eq!(shared, tables);
        }
    }
}
