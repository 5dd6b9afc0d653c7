//! How complete is the census, and how sure is that?
//!
//! Takes the counts and estimates by area, gives [`Completeness`], and the section of the office's page that shows it:
//! by street and community what was counted and what is estimated, intervals and age pyramid drawn, assumptions and
//! warnings beside the figures.

use maud::{Markup, PreEscaped, html};

use super::chart::bars::{self, area_name};
use super::chart::interval::{self, Pyramid};
use super::traced::{cell, figure, in_area, leads};
use super::words::completeness as say;
use super::words::{count, expected, page};
use crate::intake::study::Language;
use crate::outcome::coverage::estimated::{Estimate, STEPS, Summary};
use crate::outcome::coverage::{AgeGroup, Counts, Coverage, Level, UNKNOWN_AREA};

/// Areas that one chart can show.
const CHART_AREAS_MAX: usize = 40;

/// Counts and estimates as the page shows them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Completeness {
    /// Streets with their communities, in the order of their codes.
    pub streets: Vec<Street>,
    /// All areas, assumptions, warnings.
    pub summary: Summary,
    /// Enumerated and estimated by age and sex, young to old; persons without age or sex are left out.
    pub pyramid: Vec<Pyramid>,
}

/// A street with its communities.
#[derive(Debug, Clone, PartialEq)]
pub struct Street {
    /// The street.
    pub area: AreaFigures,
    /// Its communities.
    pub communities: Vec<AreaFigures>,
}

/// What is known of an area.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaFigures {
    /// Its code.
    pub area: String,
    /// Its counts.
    pub counts: Counts,
    /// Its estimate.
    pub estimate: Estimate,
}

/// Arranges counts and estimates.
#[must_use]
pub fn compose(coverage: &Coverage) -> Completeness {
    let estimates = |level: Level| coverage.summary.areas.iter().filter(move |area| area.level == level.name());
    let of = |level: Level| -> Vec<AreaFigures> {
        let figures = |(area, counts): (String, Counts)| {
            let found = estimates(level).find(|known| known.area == area);
            AreaFigures { estimate: found.map_or(Estimate::default(), |found| found.estimate), area, counts }
        };
        coverage.areas(level).into_iter().map(figures).collect()
    };
    let communities = of(Level::Community);
    // Persons without a street have no community either: one row says so.
    let unknown = |area: &AreaFigures| area.area == UNKNOWN_AREA;
    let street = |area: AreaFigures| Street {
        communities: communities
            .iter()
            .filter(|community| !unknown(community) && Level::Township.area(&community.area) == area.area)
            // An area that lies in no division is no part of itself.
            .filter(|community| community.area != area.area)
            .cloned()
            .collect(),
        area,
    };
    Completeness {
        streets: of(Level::Township).into_iter().map(street).collect(),
        summary: coverage.summary.clone(),
        pyramid: pyramid(coverage),
    }
}

fn pyramid(coverage: &Coverage) -> Vec<Pyramid> {
    let mut rows: std::collections::BTreeMap<AgeGroup, Pyramid> = std::collections::BTreeMap::new();
    for (stratum, estimate) in coverage.strata.iter().zip(&coverage.estimates) {
        let known = stratum.age_group != AgeGroup::UNKNOWN && (1..=2).contains(&stratum.sex);
        if stratum.level == Level::District && known {
            let row = rows.entry(stratum.age_group).or_insert_with(|| Pyramid {
                age: stratum.age_group.name(),
                enumerated: [0.0; 2],
                estimated: [0.0; 2],
            });
            let sex = usize::from(stratum.sex - 1);
            row.enumerated[sex] += estimate.enumerated;
            row.estimated[sex] += estimate.persons;
        }
    }
    rows.into_values().collect()
}

/// The section of the page.
#[must_use]
pub fn section(language: Language, found: &Completeness) -> Markup {
    let made = found.summary.is_made();
    html! {
        @if let Some(total) = found.summary.total.filter(|_| made) {
            p { (PreEscaped(say::total(language, &total))) }
            p.note { (say::NOTE.of(language)) }
        }
        @if !found.summary.warnings.is_empty() {
            div.warnings {
                h3 { (say::WARNINGS.of(language)) }
                ul { @for warning in &found.summary.warnings { li tabindex="0" { (leads(say::warned_of(warning))) (say::warning(language, warning)) } } }
            }
        }
        @if made { (estimates(language, found)) }
        h3 { (say::COUNTS.of(language)) }
        p.note { (page::COVERAGE_NOTE.of(language)) }
        (counts(language, found))
    }
}

/// What is estimated, and what it rests on.
fn estimates(language: Language, found: &Completeness) -> Markup {
    html! {
        (intervals(language, found))
        @if !found.pyramid.is_empty() {
            (figure("--estimate persons", say::PYRAMID.of(language), &interval::pyramid(language, &found.pyramid)))
        }
        h3 { (say::BY_AREA.of(language)) }
        (table(language, found))
        p.note { (say::TABLE_NOTE.of(language)) }
        h3 { (say::ASSUMPTIONS.of(language)) }
        ul { @for line in say::ASSUMED { li { (line.of(language)) } } }
        h3 { (say::DEPENDENCE.of(language)) }
        (dependence(language, &found.summary))
        h3 { (say::POST_STRATA.of(language)) }
        (post_strata(language, &found.summary))
    }
}

/// The finest level that one chart can show.
fn charted(found: &Completeness) -> Vec<&AreaFigures> {
    let communities: Vec<&AreaFigures> = found.streets.iter().flat_map(|street| &street.communities).collect();
    if (2..=CHART_AREAS_MAX).contains(&communities.len()) {
        return communities;
    }
    found.streets.iter().map(|street| &street.area).take(CHART_AREAS_MAX).collect()
}

fn intervals(language: Language, found: &Completeness) -> Markup {
    let areas: Vec<(String, Estimate)> = charted(found)
        .into_iter()
        .filter(|figures| figures.estimate.persons > 0.0 && figures.area != UNKNOWN_AREA)
        .map(|figures| (figures.area.clone(), figures.estimate))
        .collect();
    html! { @if !areas.is_empty() { (figure("--estimate variance", say::INTERVALS.of(language), &interval::omitted(language, &areas))) } }
}

fn head(language: Language, columns: &[super::words::Words]) -> Markup {
    html! { thead { tr {
        @for (at, column) in columns.iter().enumerate() {
            @if at > 0 { th.n { (column.of(language)) } } @else { th { (column.of(language)) } }
        }
    } } }
}

/// A rate of an area; none where nobody is enumerated, as among persons whose area is unknown.
fn rate(estimate: &Estimate, share: f64) -> String {
    if estimate.enumerated > 0.0 { say::percent(share) } else { String::from("–") }
}

fn table(language: Language, found: &Completeness) -> Markup {
    let row = |area: Option<&str>, estimate: &Estimate, class: &str| {
        let name = area.map_or(say::ALL.of(language).to_owned(), |area| area_name(language, area));
        let command = |part: &str| {
            let command = format!("--estimate {part}");
            area.map_or(command.clone(), |area| in_area(&command, area))
        };
        html! { tr class=(class) {
            td { (name) }
            (cell(expected(estimate.enumerated), &command("enumerated")))
            (cell(expected(estimate.erroneous), &command("erroneous")))
            (cell(expected(estimate.duplicates), &command("duplicates")))
            (cell(expected(estimate.persons), &command("persons")))
            (cell(html! { (expected(estimate.low)) " – " (expected(estimate.high)) }, &command("variance")))
            (cell(rate(estimate, estimate.omission()), &command("enumerated")))
            (cell(rate(estimate, estimate.net()), &command("enumerated")))
        } }
    };
    html! { div.wide { table {
        (head(language, &say::COLUMNS))
        tbody {
            @for street in &found.streets {
                (row(Some(&street.area.area), &street.area.estimate, "all"))
                @for community in &street.communities {
                    (row(Some(&community.area), &community.estimate, ""))
                }
            }
            @if let Some(total) = &found.summary.total { (row(None, total, "all")) }
        }
    } } }
}

fn dependence(language: Language, summary: &Summary) -> Markup {
    html! { div.wide { table {
        (head(language, &say::DEPENDENCE_COLUMNS))
        tbody { @for (odds, persons) in &summary.if_dependent { tr {
            td { (odds) } (cell(expected(*persons), "--estimate unseen"))
        } } }
    } } }
}

fn post_strata(language: Language, summary: &Summary) -> Markup {
    html! { div.wide { table {
        (head(language, &say::POST_STRATA_COLUMNS))
        tbody { @for (step, persons) in &summary.post_strata { tr {
            @let number = STEPS.iter().position(|name| name == step).unwrap_or(0) + 1;
            td { (say::step(language, step)) }
            (cell(expected(*persons), &format!("--estimate listed --step {number}")))
        } } }
    } } }
}

fn counts(language: Language, found: &Completeness) -> Markup {
    let areas: Vec<(String, Counts)> =
        charted(found).into_iter().map(|figures| (figures.area.clone(), figures.counts)).collect();
    let row = |area: &str, counts: &Counts, class: &str| {
        html! { tr class=(class) {
            td { (area_name(language, area)) }
            @for (persons, name) in [
                (counts.roll_present, "roll_present"),
                (counts.roll_elsewhere, "roll_elsewhere"),
                (counts.register_persons, "register_persons"),
                (counts.in_both, "in_both"),
                (counts.only_roll, "only_roll"),
                (counts.only_register, "only_register"),
            ] { (cell(count(persons), &in_area(&format!("--persons {name}"), area))) }
        } }
    };
    html! {
        @if !areas.is_empty() { (figure("--persons in_both", page::COVERAGE_CHART.of(language), &bars::coverage(language, &areas))) }
        div.wide { table {
            (head(language, &page::COVERAGE))
            tbody { @for street in &found.streets {
                (row(&street.area.area, &street.area.counts, "all"))
                @for community in &street.communities {
                    (row(&community.area, &community.counts, ""))
                }
            } }
        } }
    }
}
